/* SPDX-License-Identifier: Apache-2.0 */
/* storage_file under power cuts: before every system call that changes the medium, with everything that POSIX
 * lets a medium lose by then.
 *
 * The linker sends the calls here (--wrap). They are carried out, and written down in a model of what has
 * reached the medium: bytes count once their file was synced, names once their folder was. After a cut each
 * subset of the unsynced changes of names is joined with each class of torn content, laid out as a folder of
 * its own, and loaded. Whatever has no name then is out of every later program's reach: it must be zeros.
 */
#include "storage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES = 6, CHANGES = 6, NAME = 16, LARGEST = 70000, WRITE_AT_ONCE = 9000 };

/* ---- the model of the medium ---- */

struct content {
        uint8_t bytes[LARGEST];
        size_t size;
};

/* A file: what was written, and what of it was synced. */
struct file {
        int fd; /* while it is open, else -1 */
        size_t at;
        struct content written, synced;
};

struct name {
        char text[NAME]; /* empty: unused */
        int file;
};

/* A change of names that no sync of the folder has made last. */
struct change {
        char removed[NAME]; /* or empty */
        char set[NAME];     /* or empty */
        int file;
};

struct medium {
        bool recording;
        bool off;
        bool lies;       /* reports syncs that it does not do */
        unsigned calls;  /* since the recording began */
        unsigned cut_at; /* before this call, from 1; 0: never */
        unsigned fail_at;
        int fail_with;
        bool interrupt; /* every other write is first interrupted */
        bool interrupted;
        struct file files[FILES];
        int file_count;
        struct name names[FILES]; /* as synced */
        struct change changes[CHANGES];
        int change_count;
};

static struct medium medium;

static int file_of_name(const struct name *names, const char *text)
{
        for (int i = 0; i < FILES; i++)
                if (names[i].text[0] && strcmp(names[i].text, text) == 0)
                        return i;
        return -1;
}

static void set_name(struct name *names, const char *text, int file)
{
        int at = file_of_name(names, text);
        for (int i = 0; at < 0; i++) {
                assert_true(i < FILES);
                if (!names[i].text[0])
                        at = i;
        }
        snprintf(names[at].text, NAME, "%s", text);
        names[at].file = file;
}

static void apply(struct name *names, const struct change *change)
{
        int at = change->removed[0] ? file_of_name(names, change->removed) : -1;
        if (at >= 0)
                names[at].text[0] = 0;
        if (change->set[0])
                set_name(names, change->set, change->file);
}

static void record(const char *removed, const char *set, int file)
{
        assert_true(medium.change_count < CHANGES);
        struct change *change = &medium.changes[medium.change_count++];
        snprintf(change->removed, NAME, "%s", removed);
        snprintf(change->set, NAME, "%s", set);
        change->file = file;
}

/* The file of a name as the running system sees it, or -1. */
static int file_seen_as(const char *text)
{
        struct name names[FILES];
        memcpy(names, medium.names, sizeof names);
        for (int i = 0; i < medium.change_count; i++)
                apply(names, &medium.changes[i]);
        int at = file_of_name(names, text);
        return at < 0 ? -1 : names[at].file;
}

static struct file *open_file(int fd)
{
        for (int i = 0; i < medium.file_count; i++)
                if (medium.files[i].fd == fd)
                        return &medium.files[i];
        return NULL;
}

/* Whether the call is to fail instead of being done. */
static bool fails(void)
{
        if (!medium.recording)
                return false;
        medium.calls++;
        if (medium.calls == medium.cut_at)
                medium.off = true;
        if (medium.off || medium.calls == medium.fail_at) {
                errno = medium.off ? EIO : medium.fail_with;
                return true;
        }
        return false;
}

/* ---- the system calls ---- */

int __real_openat64(int folder, const char *name, int flags, ...);
int __real_unlinkat(int folder, const char *name, int flags);
int __real_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __real_renameat(int from_folder, const char *from, int to_folder, const char *to);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_close(int fd);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...);
int __wrap_unlinkat(int folder, const char *name, int flags);
int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_close(int fd);

/* A file that is there is opened to be written over or to be appended to. */
static int open_again(int folder, const char *name, int flags)
{
        int fd = __real_openat64(folder, name, flags);
        int at = fd < 0 || !medium.recording ? -1 : file_seen_as(name);
        if (at >= 0) {
                assert_int_equal(medium.files[at].fd, -1);
                medium.files[at].fd = fd;
                medium.files[at].at = flags & O_APPEND ? medium.files[at].written.size : 0;
        }
        return fd;
}

static int do_openat(int folder, const char *name, int flags, mode_t mode)
{
        if (!(flags & O_CREAT))
                return open_again(folder, name, flags);
        if (fails())
                return -1;
        int fd = __real_openat64(folder, name, flags, mode);
        if (fd < 0 || !medium.recording)
                return fd;
        assert_true(flags & O_EXCL);
        assert_true(medium.file_count < FILES);
        struct file *file = &medium.files[medium.file_count];
        *file = (struct file){ .fd = fd };
        record("", name, medium.file_count++);
        return fd;
}

int __wrap_openat(int folder, const char *name, int flags, ...)
{
        va_list rest;
        va_start(rest, flags);
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
        va_end(rest);
        return do_openat(folder, name, flags, mode);
}

int __wrap_openat64(int folder, const char *name, int flags, ...)
{
        va_list rest;
        va_start(rest, flags);
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
        va_end(rest);
        return do_openat(folder, name, flags, mode);
}

int __wrap_unlinkat(int folder, const char *name, int flags)
{
        if (fails())
                return -1;
        int result = __real_unlinkat(folder, name, flags);
        if (medium.recording && result == 0)
                record(name, "", -1);
        return result;
}

int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
        if (fails())
                return -1;
        int result = __real_linkat(from_folder, from, to_folder, to, flags);
        if (medium.recording && result == 0)
                record("", to, file_seen_as(from));
        return result;
}

int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
        if (fails())
                return -1;
        int result = __real_renameat(from_folder, from, to_folder, to);
        if (medium.recording && result == 0)
                record(from, to, file_seen_as(from));
        return result;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
        struct file *file = medium.recording ? open_file(fd) : NULL;
        if (!file)
                return __real_write(fd, bytes, size);
        if (fails())
                return -1;
        medium.interrupted = medium.interrupt && !medium.interrupted;
        if (medium.interrupted) {
                errno = EINTR;
                return -1;
        }
        ssize_t count = __real_write(fd, bytes, size < WRITE_AT_ONCE ? size : WRITE_AT_ONCE);
        assert_true(count > 0);
        assert_true(file->at + (size_t)count <= LARGEST);
        memcpy(file->written.bytes + file->at, bytes, (size_t)count);
        file->at += (size_t)count;
        if (file->at > file->written.size)
                file->written.size = file->at;
        return count;
}

int __wrap_fdatasync(int fd)
{
        if (fails())
                return -1;
        struct file *file = medium.recording && !medium.lies ? open_file(fd) : NULL;
        if (file)
                file->synced = file->written; /* and the size that is needed to read them */
        return 0;
}

int __wrap_fsync(int fd)
{
        if (fails())
                return -1;
        if (!medium.recording || medium.lies)
                return 0; /* the model is the medium */
        struct file *file = open_file(fd);
        if (file) {
                file->synced = file->written;
                return 0;
        }
        for (int i = 0; i < medium.change_count; i++)
                apply(medium.names, &medium.changes[i]);
        medium.change_count = 0;
        return 0;
}

int __wrap_close(int fd)
{
        struct file *file = medium.recording ? open_file(fd) : NULL;
        int result = __real_close(fd);
        if (!file)
                return result;
        file->fd = -1;
        return fails() ? -1 : result;
}

/* ---- a folder on a real file system ---- */

static char live[] = "/tmp/mitome-power-XXXXXX", after[] = "/tmp/mitome-after-XXXXXX";

static void path_of(char path[64], const char *folder, const char *name)
{
        assert_true(snprintf(path, 64, "%s/%s", folder, name) < 64);
}

static const char *const all_names[] = { "state", "state.new", "state.old", "key", "key.new", "lock" };

static void empty_folder(const char *folder)
{
        for (size_t i = 0; i < sizeof all_names / sizeof all_names[0]; i++) {
                char path[64];
                path_of(path, folder, all_names[i]);
                assert_true(unlink(path) == 0 || errno == ENOENT);
        }
}

static int make_folders(void **state)
{
        (void)state;
        return mkdtemp(live) && mkdtemp(after) ? 0 : -1;
}

static int remove_folders(void **state)
{
        (void)state;
        empty_folder(live);
        empty_folder(after);
        return rmdir(live) == 0 && rmdir(after) == 0 ? 0 : -1;
}

static void lay_out(const char *name, const uint8_t *bytes, size_t size)
{
        char path[64];
        path_of(path, after, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(fd >= 0);
        while (size) {
                ssize_t count = __real_write(fd, bytes, size);
                assert_true(count > 0);
                bytes += count;
                size -= (size_t)count;
        }
        assert_int_equal(__real_close(fd), 0);
}

/* ---- what may be left after a cut ---- */

/* How much of what was written but not synced is there: what was appended, or else what was written over. */
static const struct tear {
        enum {
                SYNCED,
                PREFIX,
                ZEROS,
                SUFFIX
        } kind; /* ZEROS: the size is there, the bytes behind the prefix are not; SUFFIX: only these are */
        unsigned part; /* of 8, of the written bytes */
        int more;      /* bytes on top */
} tears[] = {
        { SYNCED, 0, 0 },
        { PREFIX, 0, 0 },
        { PREFIX, 0, 1 },
        { PREFIX, 4, 0 },
        { PREFIX, 8, -1 },
        { PREFIX, 8, 0 },
        { ZEROS, 0, 0 },
        { ZEROS, 4, 0 },
        { ZEROS, 8, -1 },
        { SUFFIX, 4, 0 },
};

/* The bytes behind `size` are those before the write, or zeros where there were none. */
static void lose(struct content *content, const struct content *before, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++)
                content->bytes[i] = i < before->size ? before->bytes[i] : 0;
}

static void tear_content(const struct file *file, const struct tear *tear, struct content *ret)
{
        const struct content *before = &file->synced;
        size_t from = file->written.size > before->size ? before->size : 0, size = file->written.size;
        long kept = (long)from + (long)((size - from) * tear->part / 8) + tear->more;
        size_t at = kept < (long)from ? from : kept > (long)size ? size : (size_t)kept;
        *ret = file->written;
        if (tear->kind == SUFFIX)
                lose(ret, before, from, at);
        else
                lose(ret, before, at, size);
        if (tear->kind == PREFIX)
                ret->size = at > before->size ? at : before->size;
}

static bool is_settled(const struct file *file)
{
        return file->written.size == file->synced.size &&
               memcmp(file->written.bytes, file->synced.bytes, file->written.size) == 0;
}

static bool all_settled(void)
{
        for (int i = 0; i < medium.file_count; i++)
                if (!is_settled(&medium.files[i]))
                        return false;
        return true;
}

static void lay_out_torn(const char *name, const struct file *file, const struct tear *tear)
{
        static struct content content;
        if (is_settled(file) || tear->kind == SYNCED) {
                lay_out(name, file->synced.bytes, file->synced.size);
                return;
        }
        tear_content(file, tear, &content);
        lay_out(name, content.bytes, content.size);
}

/* ---- what nobody can reach any more ---- */

static bool is_zero(const struct content *content)
{
        for (size_t i = 0; i < content->size; i++)
                if (content->bytes[i])
                        return false;
        return true;
}

static int named_as(const struct name *names, int file)
{
        int count = 0;
        for (int i = 0; i < FILES; i++)
                count += names[i].text[0] && names[i].file == file;
        return count;
}

/* A file without a name holds nothing, whatever of its writes has reached the medium. */
static bool nothing_is_left_behind(const struct name *names)
{
        for (int i = 0; i < medium.file_count; i++)
                if (named_as(names, i) == 0 &&
                        !(is_zero(&medium.files[i].written) && is_zero(&medium.files[i].synced)))
                        return false;
        return true;
}

static void lay_out_names(const struct name *names, const struct tear *tear)
{
        for (int i = 0; i < FILES; i++) {
                int first = 0;
                if (!names[i].text[0])
                        continue;
                while (!names[first].text[0] || names[first].file != names[i].file)
                        first++;
                if (first == i) {
                        lay_out_torn(names[i].text, &medium.files[names[i].file], tear);
                } else { /* one file, two names */
                        char from[64], to[64];
                        path_of(from, after, names[first].text);
                        path_of(to, after, names[i].text);
                        assert_int_equal(link(from, to), 0);
                }
        }
}

/* Whether some loss of the last cut left bytes that nobody can reach. */
static bool leaves;

typedef void check_left(const void *what);

/* Calls `check` once for each state that the folder `after` may be in now. */
static unsigned after_every_loss(check_left *check, const void *what)
{
        unsigned states = 0;
        medium.recording = false;
        leaves = false;
        for (unsigned subset = 0; subset < 1u << medium.change_count; subset++) {
                struct name names[FILES];
                memcpy(names, medium.names, sizeof names);
                for (int i = 0; i < medium.change_count; i++)
                        if (subset >> i & 1)
                                apply(names, &medium.changes[i]);
                leaves |= !nothing_is_left_behind(names);
                for (size_t t = 0; t < (all_settled() ? 1 : sizeof tears / sizeof tears[0]); t++) {
                        empty_folder(after);
                        lay_out_names(names, &tears[t]);
                        check(what);
                        states++;
                }
        }
        return states;
}

/* ---- the tests ---- */

static struct content old_image, new_image;

static slice view(const struct content *content)
{
        return slice_of(content->bytes, content->size);
}

static void fill(struct content *content, size_t size, uint8_t seed)
{
        content->size = size;
        for (size_t i = 0; i < size; i++)
                content->bytes[i] = (uint8_t)(seed + i * 7 + i / 251);
}

static struct storage_file *open_storage(const char *folder)
{
        struct storage_file *file;
        medium.recording = false;
        assert_int_equal(storage_file_open(folder, &file, NULL).code, MITOME_OK);
        return file;
}

static void begin(unsigned cut_at)
{
        medium.recording = true;
        medium.calls = 0;
        medium.cut_at = cut_at;
}

/* A former life of the folder: an old state, or none; and what a cut may have left beside it. */
enum former { NOTHING, OLD, OLD_AND_REST, REST };

static void prepare(enum former former)
{
        medium = (struct medium){ 0 };
        for (int i = 0; i < FILES; i++)
                medium.files[i].fd = -1;
        empty_folder(live);
        empty_folder(after);
        static const char *const names[] = { "state", "state.new" };
        for (int i = 0; i < 2; i++) {
                bool there = i == 0 ? former == OLD || former == OLD_AND_REST : former >= OLD_AND_REST;
                if (!there)
                        continue;
                struct file *file = &medium.files[medium.file_count];
                file->written = old_image;
                file->written.size /= i + 1u; /* the rest is torn */
                file->synced = file->written;
                set_name(medium.names, names[i], medium.file_count++);
                lay_out(names[i], file->written.bytes, file->written.size);
                char from[64], to[64];
                path_of(from, after, names[i]);
                path_of(to, live, names[i]);
                assert_int_equal(rename(from, to), 0);
        }
}

struct outcome {
        bool had_old;
        bool told;  /* replace reported success */
        bool broke; /* set where the rule below does not hold, if that is only to be counted */
        bool counts;
        unsigned old_seen, new_seen;
        unsigned states;
};

/* load gives exactly the old image or exactly the new one; the new one once that was promised. */
static void check_state(const void *what)
{
        struct outcome *outcome = *(struct outcome *const *)what;
        struct storage_file *file = open_storage(after);
        struct mitome_storage storage = storage_file(file);
        uint8_t *image = NULL;
        size_t size = 0;
        mitome_status status = storage.load(storage.context, &image, &size, NULL);
        slice found = slice_of(image, size);
        bool is_new = image && slice_equal(found, view(&new_image));
        bool is_old = outcome->had_old ? image && slice_equal(found, view(&old_image)) : !image;
        bool good = !failed(status) && (is_new || (is_old && !outcome->told));
        if (outcome->counts)
                outcome->broke = outcome->broke || !good;
        else
                assert_true(good && !leaves);
        outcome->broke = outcome->broke || leaves;
        outcome->old_seen += is_old;
        outcome->new_seen += is_new;
        free(image);
        storage_file_close(file);
}

/* The same, and what was left behind does not matter. */
static void check_lost(const void *what)
{
        leaves = false;
        check_state(what);
}

static bool replace_with_cut(
        enum former former, unsigned cut_at, bool interrupt, bool lies, struct outcome *outcome)
{
        prepare(former);
        medium.interrupt = interrupt;
        medium.lies = lies;
        outcome->had_old = former == OLD || former == OLD_AND_REST;
        struct storage_file *file = open_storage(live);
        struct mitome_storage storage = storage_file(file);
        mitome_error error = { 0 };
        begin(cut_at);
        mitome_status status = storage.replace(storage.context, view(&new_image), &error);
        medium.recording = false;
        outcome->told = !failed(status);
        assert_true(outcome->told || status.code == MITOME_E_FILE_WRITE);
        assert_int_equal(error.code, status.code);
        assert_true(outcome->told || medium.off);
        outcome->states += after_every_loss(check_state, &outcome);
        storage_file_close(file);
        return medium.off;
}

static unsigned cut_everywhere(enum former former, bool interrupt)
{
        unsigned cut_at = 1;
        struct outcome outcome = { 0 };
        while (replace_with_cut(former, cut_at, interrupt, false, &outcome))
                cut_at++;
        /* openat, linkat, fsync of the folder, write.., fsync, close, renameat, fsync of the folder, then the
         * former content: fsync, write.., fsync, close, unlinkat; then it was told so */
        assert_true(cut_at > 8);
        assert_true(outcome.told);
        assert_true(outcome.old_seen > 0);
        assert_true(outcome.new_seen > 0);
        return outcome.states;
}

static const size_t sizes[] = { 1, 50, 511, 512, 513, 4096, 4097, WRITE_AT_ONCE, WRITE_AT_ONCE + 1, LARGEST };

static void every_cut_leaves_the_old_state_or_the_new_one(void **state)
{
        (void)state;
        unsigned states = 0;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                fill(&old_image, sizes[sizeof sizes / sizeof sizes[0] - 1 - i], 1);
                fill(&new_image, sizes[i], 2);
                for (int former = NOTHING; former <= REST; former++)
                        states += cut_everywhere((enum former)former, i % 2);
        }
        print_message("%u states of the medium were loaded\n", states);
}

/* Does this test see anything? On a medium that only says that it has synced, states must get lost. */
static void a_medium_that_lies_is_noticed(void **state)
{
        (void)state;
        fill(&old_image, 600, 1);
        fill(&new_image, 700, 2);
        struct outcome outcome = { .counts = true };
        for (unsigned cut_at = 1; replace_with_cut(OLD, cut_at, false, true, &outcome); cut_at++)
                ;
        assert_true(outcome.broke);
}

/* ---- appending, and what load finds ---- */

static struct content appended;

/* All that was there, and any part of the record behind it; all of it once that was promised. */
static void check_appended(const void *what)
{
        struct outcome *outcome = *(struct outcome *const *)what;
        struct storage_file *file = open_storage(after);
        struct mitome_storage storage = storage_file(file);
        uint8_t *image = NULL;
        size_t size = 0;
        assert_int_equal(storage.load(storage.context, &image, &size, NULL).code, MITOME_OK);
        assert_in_range(size, old_image.size, old_image.size + appended.size);
        assert_memory_equal(image, old_image.bytes, old_image.size);
        bool whole = size == old_image.size + appended.size &&
                     memcmp(image + old_image.size, appended.bytes, appended.size) == 0;
        assert_true(whole || !outcome->told);
        assert_false(leaves);
        outcome->old_seen += size == old_image.size;
        outcome->new_seen += whole;
        outcome->states += !whole && size > old_image.size; /* torn */
        free(image);
        storage_file_close(file);
}

static bool append_with_cut(unsigned cut_at, struct outcome *outcome)
{
        prepare(OLD);
        struct storage_file *file = open_storage(live);
        struct mitome_storage storage = storage_file(file);
        begin(cut_at);
        mitome_status status = storage.append(storage.context, old_image.size, view(&appended), NULL);
        medium.recording = false;
        outcome->told = !failed(status);
        assert_true(outcome->told || (status.code == MITOME_E_FILE_WRITE && medium.off));
        after_every_loss(check_appended, &outcome);
        storage_file_close(file);
        return medium.off;
}

static void every_cut_of_an_appending_leaves_what_was_there(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                struct outcome outcome = { 0 };
                unsigned cut_at = 1;
                fill(&old_image, 600, 1);
                fill(&appended, sizes[i] < LARGEST - 600 ? sizes[i] : LARGEST - 600, 3);
                while (append_with_cut(cut_at, &outcome))
                        cut_at++;
                assert_true(cut_at > 3); /* write.., fdatasync, close */
                assert_true(outcome.told && outcome.old_seen && outcome.new_seen);
                assert_true(outcome.states > 0 || appended.size == 1);
        }
}

/* What a cut between the names left: the former content under its second name, alone or with its first; and
 * a new content that never was finished. */
static void prepare_rest(bool replaced)
{
        prepare(replaced ? NOTHING : OLD_AND_REST);
        if (replaced) {
                struct content kept = old_image;
                old_image = new_image;
                prepare(OLD); /* the new image has the name already */
                old_image = kept;
                struct file *former = &medium.files[medium.file_count];
                former->written = former->synced = old_image;
                set_name(medium.names, "state.old", medium.file_count++);
                lay_out("state.old", old_image.bytes, old_image.size);
                char from[64], to[64];
                path_of(from, after, "state.old");
                path_of(to, live, "state.old");
                assert_int_equal(rename(from, to), 0);
                return;
        }
        set_name(medium.names, "state.old", file_seen_as("state"));
        char from[64], to[64];
        path_of(from, live, "state");
        path_of(to, live, "state.old");
        assert_int_equal(link(from, to), 0);
}

static bool load_with_cut(bool replaced, unsigned cut_at, struct outcome *outcome)
{
        prepare_rest(replaced);
        struct storage_file *file = open_storage(live);
        struct mitome_storage storage = storage_file(file);
        uint8_t *image = NULL;
        size_t size = 0;
        begin(cut_at);
        mitome_status status = storage.load(storage.context, &image, &size, NULL);
        medium.recording = false;
        assert_int_equal(status.code, medium.off ? MITOME_E_FILE_WRITE : MITOME_OK);
        if (!medium.off) {
                assert_true(slice_equal(slice_of(image, size), view(replaced ? &new_image : &old_image)));
                static const char *const rest[] = { "state.old", "state.new" };
                for (int i = 0; i < 2; i++) {
                        char path[64];
                        path_of(path, live, rest[i]);
                        assert_int_equal(access(path, F_OK), -1);
                }
        }
        free(image);
        outcome->had_old = true;
        outcome->told = replaced;
        after_every_loss(check_state, &outcome);
        storage_file_close(file);
        return medium.off;
}

static void load_destroys_what_a_cut_left(void **state)
{
        (void)state;
        fill(&old_image, 20000, 1);
        fill(&new_image, 700, 2);
        for (int replaced = 0; replaced < 2; replaced++) {
                struct outcome outcome = { 0 };
                unsigned cut_at = 1;
                while (load_with_cut(replaced, cut_at, &outcome))
                        cut_at++;
                assert_true(cut_at > 5);
                assert_int_equal(outcome.old_seen > 0, !replaced);
                assert_int_equal(outcome.new_seen > 0, replaced);
        }
}

/* "What load has given once, a power cut does not take back": a process wrote a record, or a new state, and
 * died before it could sync. */
static void what_was_loaded_stays(void **state)
{
        (void)state;
        fill(&old_image, 700, 1);
        fill(&new_image, 900, 2);
        memcpy(new_image.bytes, old_image.bytes, old_image.size);
        for (int renamed = 0; renamed < 2; renamed++) {
                struct outcome outcome = { .had_old = true, .told = true };
                struct outcome *const what = &outcome;
                struct content kept = old_image;
                old_image = new_image;
                prepare(OLD); /* the new bytes are in the folder, */
                old_image = kept;
                if (renamed) /* and the medium still has the old ones, in another file */
                        record("state.gone", "state", 0);
                medium.files[0].synced = renamed ? new_image : old_image;
                if (renamed) {
                        medium.names[0].file = 1;
                        medium.files[1].written = medium.files[1].synced = old_image;
                        medium.file_count = 2;
                }
                struct storage_file *file = open_storage(live);
                struct mitome_storage storage = storage_file(file);
                uint8_t *image = NULL;
                size_t size = 0;
                begin(0);
                assert_int_equal(storage.load(storage.context, &image, &size, NULL).code, MITOME_OK);
                medium.recording = false;
                assert_true(slice_equal(slice_of(image, size), view(&new_image)));
                free(image);
                if (renamed) /* that file is no part of this test */
                        medium.file_count = 1;
                after_every_loss(check_state, &what);
                assert_int_equal(outcome.old_seen, 0);
                storage_file_close(file);
        }
}

/* A full disk, not a cut: told so, the old state still there, and a later try goes well. */
static void every_failing_call_is_reported(void **state)
{
        (void)state;
        fill(&old_image, 600, 1);
        fill(&new_image, 20000, 2);
        unsigned reported = 0;
        for (unsigned fail_at = 1;; fail_at++) {
                prepare(OLD);
                struct storage_file *file = open_storage(live);
                struct mitome_storage storage = storage_file(file);
                begin(0);
                medium.fail_at = fail_at;
                medium.fail_with = ENOSPC;
                mitome_status status = storage.replace(storage.context, view(&new_image), NULL);
                bool done = medium.calls < fail_at;
                medium.recording = false;
                /* All but the closing of what was destroyed, after which there is nothing left to lose. */
                reported += failed(status);
                assert_true(!failed(status) || (!done && status.code == MITOME_E_FILE_WRITE));
                uint8_t *image = NULL;
                size_t size = 0;
                assert_int_equal(storage.load(storage.context, &image, &size, NULL).code, MITOME_OK);
                slice found = slice_of(image, size);
                assert_true(slice_equal(found, view(&new_image)) ||
                            (failed(status) && slice_equal(found, view(&old_image))));
                free(image);
                struct outcome outcome = { .had_old = true, .told = !failed(status), .counts = true };
                struct outcome *const what = &outcome;
                struct medium failed_at = medium; /* and the power goes right then */
                after_every_loss(check_lost, &what);
                assert_false(outcome.broke);
                medium = failed_at;
                assert_int_equal(storage.replace(storage.context, view(&new_image), NULL).code, MITOME_OK);
                char path[64];
                path_of(path, live, "state.new");
                assert_int_equal(access(path, F_OK), -1); /* nothing lies about */
                path_of(path, live, "state.old");
                assert_int_equal(access(path, F_OK), -1);
                storage_file_close(file);
                if (done)
                        break;
        }
        assert_true(reported >= 12);
}

struct key_promise {
        bool told;
        uint8_t key[MITOME_STORAGE_KEY_SIZE];
};

static void check_key(const void *what)
{
        const struct key_promise *promise = what;
        uint8_t first[MITOME_STORAGE_KEY_SIZE], second[MITOME_STORAGE_KEY_SIZE];
        struct storage_file *file = open_storage(after);
        assert_int_equal(storage_file_key(file, first, NULL).code, MITOME_OK);
        assert_int_equal(storage_file_key(file, second, NULL).code, MITOME_OK);
        assert_memory_equal(first, second, sizeof first);
        if (promise->told)
                assert_memory_equal(first, promise->key, sizeof first);
        storage_file_close(file);
}

/* Half a key would lock its owner out: either there is none yet, or it is whole and stays. */
static void every_cut_leaves_no_key_or_a_whole_one(void **state)
{
        (void)state;
        bool cut = true;
        for (unsigned cut_at = 1; cut; cut_at++) {
                prepare(NOTHING);
                struct key_promise promise = { 0 };
                struct storage_file *file = open_storage(live);
                begin(cut_at);
                promise.told = !failed(storage_file_key(file, promise.key, NULL));
                cut = medium.off;
                assert_true(promise.told != cut);
                after_every_loss(check_key, &promise);
                storage_file_close(file);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_cut_leaves_the_old_state_or_the_new_one),
                cmocka_unit_test(a_medium_that_lies_is_noticed),
                cmocka_unit_test(every_cut_of_an_appending_leaves_what_was_there),
                cmocka_unit_test(load_destroys_what_a_cut_left),
                cmocka_unit_test(what_was_loaded_stays),
                cmocka_unit_test(every_failing_call_is_reported),
                cmocka_unit_test(every_cut_leaves_no_key_or_a_whole_one),
        };
        return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
