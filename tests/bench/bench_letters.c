/* SPDX-License-Identifier: Apache-2.0 */
/* Letters a second between two parties, each asked, done, noted in both journals and answered: with stores in
 * memory, with stores in files (durable: three transactions a letter, two by who asks), with the one who is
 * asked behind HTTP, and with many threads on both sides, as services have them, which wait for the disk
 * together. Wall time: what waits for the disk counts. */
#include "party_rig.h"

#include "bench_round.h"
#include "post_http.h"
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEP = 20, ASKERS = 16 };

struct folders {
        char root[64], asker[96], asked[96];
};

static bool call_some(struct party_rig *rig, uint32_t *number)
{
        for (int i = 0; i < STEP; i++, (*number)++) {
                uint8_t id[LETTER_ID_SIZE] = { 0 };
                writer w = WRITER(id);
                uint64_t sum;
                write_u32(&w, *number);
                if (failed(party_rig_call(rig, "add", id, 1, &sum, NULL)))
                        return false;
        }
        return true;
}

static bool measure(struct party_rig *rig, const char *name, double seconds)
{
        uint32_t number = 0;
        const double start = bench_now();
        double now = start;
        while (now - start < seconds) {
                if (!call_some(rig, &number)) {
                        fprintf(stderr, "%s: a letter was not answered\n", name);
                        return false;
                }
                now = bench_now();
        }
        printf("%-34s %8.0f letters/s\n", name, number / (now - start));
        return party_rig_sum(rig->parties[RIG_ASKED]) == number;
}

static bool make_folders(struct folders *folders)
{
        snprintf(folders->root, sizeof folders->root, "./bench-letters-XXXXXX");
        if (!mkdtemp(folders->root))
                return false;
        snprintf(folders->asker, sizeof folders->asker, "%s/asker", folders->root);
        snprintf(folders->asked, sizeof folders->asked, "%s/asked", folders->root);
        return true;
}

static void remove_folders(const struct folders *folders)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.key" };
        const char *const both[] = { folders->asker, folders->asked };
        char path[160];
        for (size_t i = 0; i < 2; i++) {
                for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
                        snprintf(path, sizeof path, "%s/%s", both[i], names[n]);
                        (void)unlink(path);
                }
                (void)rmdir(both[i]);
        }
        (void)rmdir(folders->root);
}

/* The asker anew, with the asked behind a service. */
static bool put_behind_http(
        struct party_rig *rig, struct service_lock *lock, struct service **service, struct post_http **http)
{
        const struct post nowhere = { NULL, NULL };
        const struct service_parts parts = { .party = rig->parties[RIG_ASKED], .desks = rig->desks };
        party_rig_shut(rig, RIG_ASKER);
        if (failed(service_lock_init(lock, nowhere, NULL)) ||
                failed(service_open(&parts, lock, NULL, 0, service, NULL)) ||
                failed(post_http_open(0, http, NULL)))
                return false;
        rig->post = post_http(*http);
        if (failed(party_rig_open(rig, RIG_ASKER, NULL)))
                return false;
        for (size_t i = 0; i < rig->network.directory.count; i++)
                snprintf(rig->network.directory.entries[i].url, sizeof rig->network.directory.entries[i].url,
                        "http://127.0.0.1:%u", (unsigned)service_port(*service));
        return true;
}

static bool bench_memory(double seconds)
{
        struct party_rig rig = { 0 };
        party_rig_begin(&rig);
        bool good = measure(&rig, "stores in memory", seconds);
        party_rig_end(&rig);
        return good;
}

static bool bench_files(double seconds, bool over_http)
{
        struct party_rig rig = { 0 };
        struct folders folders;
        struct service_lock lock;
        struct service *service = NULL;
        struct post_http *http = NULL;
        if (!make_folders(&folders))
                return false;
        rig.folders[RIG_ASKER] = folders.asker;
        rig.folders[RIG_ASKED] = folders.asked;
        party_rig_begin(&rig);
        bool good = !over_http || put_behind_http(&rig, &lock, &service, &http);
        good = good && measure(&rig, over_http ? "stores in files, over HTTP" : "stores in files", seconds);
        service_close(service);
        party_rig_end(&rig);
        post_http_close(http);
        remove_folders(&folders);
        return good;
}

/* ---- many at once ---- */

struct crowd {
        struct party_rig *rig;
        struct service_lock *lock; /* the asker's */
        double end;
        uint32_t number; /* of the next letter; in the lock */
        _Atomic bool failed;
};

static void *ask_until_the_end(void *context)
{
        struct crowd *crowd = context;
        while (bench_now() < crowd->end && !crowd->failed) {
                uint8_t id[LETTER_ID_SIZE] = { 0 };
                writer w = WRITER(id);
                uint64_t sum;
                service_lock_take(crowd->lock);
                write_u32(&w, crowd->number++);
                bool failed_here = failed(party_rig_call(crowd->rig, "add", id, 1, &sum, NULL));
                failed_here = failed(service_lock_tell(crowd->lock, NULL)) || failed_here;
                if (failed_here)
                        crowd->failed = true;
        }
        return NULL;
}

/* The asker, too, as a service has it: its way lets its lock go. */
static bool measure_crowd(struct party_rig *rig, struct post_http *http, double seconds)
{
        struct service_lock lock;
        pthread_t threads[ASKERS];
        party_rig_shut(rig, RIG_ASKER);
        if (failed(service_lock_init(&lock, post_http(http), NULL)))
                return false;
        rig->post = service_lock_post(&lock);
        if (failed(party_rig_open(rig, RIG_ASKER, NULL)) ||
                failed(service_lock_ease(&lock, rig->parties[RIG_ASKER], NULL)))
                return false;
        const double start = bench_now();
        struct crowd crowd = { .rig = rig, .lock = &lock, .end = start + seconds };
        for (size_t i = 0; i < ASKERS; i++)
                if (pthread_create(&threads[i], NULL, ask_until_the_end, &crowd) != 0)
                        abort();
        for (size_t i = 0; i < ASKERS; i++)
                pthread_join(threads[i], NULL);
        const double took = bench_now() - start;
        printf("%-34s %8.0f letters/s\n", "in files, over HTTP, 16 at once", crowd.number / took);
        service_lock_ease_no_more(&lock, rig->parties[RIG_ASKER]);
        party_rig_shut(rig, RIG_ASKER);
        service_lock_end(&lock);
        return !crowd.failed && party_rig_sum(rig->parties[RIG_ASKED]) == crowd.number;
}

static bool bench_crowd(double seconds)
{
        struct party_rig rig = { 0 };
        struct folders folders;
        struct service_lock lock;
        struct service *service = NULL;
        struct post_http *http = NULL;
        if (!make_folders(&folders))
                return false;
        rig.folders[RIG_ASKER] = folders.asker;
        rig.folders[RIG_ASKED] = folders.asked;
        party_rig_begin(&rig);
        bool good = put_behind_http(&rig, &lock, &service, &http) && measure_crowd(&rig, http, seconds);
        service_close(service);
        party_rig_end(&rig);
        post_http_close(http);
        remove_folders(&folders);
        return good;
}

int main(int argc, char **argv)
{
        double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
        bool good = bench_memory(seconds) && bench_files(seconds, false) && bench_files(seconds, true) &&
                    bench_crowd(seconds);
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
