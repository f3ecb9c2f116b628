/* SPDX-License-Identifier: Apache-2.0 */
#include "comparator.h"

#include "libfprint_context.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
        ROUND_LIMIT_S = 10, /* of one image laid on the device */
        RENEWALS_MAX = 2,   /* within one comparison */
};

/* Header and grey bytes as the device takes them; wiped with the last reference. */
struct laid {
        size_t size;
        uint8_t bytes[];
};

struct job {
        GBytes *image;
        GPtrArray *gallery;
        int limit;
        void (*done)(void *context, const struct comparator_result *result);
        void *context;
        size_t count; /* of the gallery's entries that have their score */
        int scores[COMPARATOR_SCORES_MAX];
        FpPrint *print;
        unsigned renewals;
        int64_t wall_us, cpu_us;
};

/* Each asynchronous call holds a reference. */
struct comparator {
        char *path;
        struct score_log *log;
        FpContext *libfprint; /* owns the device */
        FpDevice *device;
        GSocketConnection *hand; /* lays images on the device; NULL: it is not open */
        GCancellable *cancellable;
        guint timer;
        bool opening, runs, laid, released;
        struct job job;
};

/* ---- the scores ---- */

static const char *log_field(const GLogField *fields, gsize count, const char *key)
{
        for (gsize i = 0; i < count; i++)
                if (g_strcmp0(fields[i].key, key) == 0 && fields[i].length < 0)
                        return fields[i].value;
        return "";
}

/* libfprint's line is "score N/T", T its own threshold. */
static void note_score(struct score_log *log, const char *message)
{
        int score, threshold, size = 0;
        /* NOLINTNEXTLINE(cert-err34-c): six digits always fit */
        if (sscanf(message, "score %6d/%6d%n", &score, &threshold, &size) != 2 || message[size] != '\0')
                return;
        if (log->count < COMPARATOR_SCORES_MAX)
                log->scores[log->count] = score;
        log->count++;
}

static GLogWriterOutput write_log(
        GLogLevelFlags level, const GLogField *fields, gsize count, gpointer user_data)
{
        struct score_log *log = user_data;
        const char *domain = log_field(fields, count, "GLIB_DOMAIN");
        const char *message = log_field(fields, count, "MESSAGE");
        (void)level;
        if (g_strcmp0(domain, "libfprint-print") == 0)
                note_score(log, message);
        if (log->verbose)
                fprintf(stderr, "%s: %s\n", domain, message);
        return G_LOG_WRITER_HANDLED;
}

void score_log_listen(struct score_log *log)
{
        g_log_set_writer_func(write_log, log, NULL);
}

/* ---- the end of a comparison ---- */

static void drop_device(struct comparator *comparator)
{
        g_clear_object(&comparator->hand);
        if (comparator->device)
                g_signal_handlers_disconnect_by_data(comparator->device, comparator);
        g_clear_object(&comparator->device);
        g_clear_object(&comparator->libfprint);
}

static void release(gpointer pointer)
{
        struct comparator *comparator = pointer;
        drop_device(comparator);
        g_clear_object(&comparator->cancellable);
        unlink(comparator->path);
        g_free(comparator->path);
}

static void unref(struct comparator *comparator)
{
        g_rc_box_release_full(comparator, release);
}

static void forget_job(struct comparator *comparator)
{
        struct job *job = &comparator->job;
        g_clear_handle_id(&comparator->timer, g_source_remove);
        g_clear_pointer(&job->image, g_bytes_unref);
        g_clear_pointer(&job->gallery, g_ptr_array_unref);
        g_clear_object(&job->print);
        bytes_wipe(job, sizeof *job);
        comparator->runs = false;
}

/* The next comparison may begin from within `done`. */
static void end(struct comparator *comparator, enum comparator_outcome outcome)
{
        struct job job = comparator->job;
        comparator->job = (struct job){ 0 };
        forget_job(comparator);
        const struct comparator_result result = {
                .outcome = outcome,
                .scores = job.scores,
                .count = job.count,
                .print = job.print,
                .minutiae = job.print ? fp_image_get_minutiae(fp_print_get_image(job.print))->len : 0,
                .wall_us = job.wall_us,
                .cpu_us = job.cpu_us,
        };
        job.done(job.context, &result);
        g_bytes_unref(job.image);
        g_ptr_array_unref(job.gallery);
        g_clear_object(&job.print);
        bytes_wipe(&job, sizeof job);
}

/* ---- one round: the image is laid, and libfprint compares it with what is left ---- */

static void open_device(struct comparator *comparator);

static void on_closed(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct comparator *comparator = user_data;
        fp_device_close_finish(FP_DEVICE(object), result, NULL);
        if (!comparator->released)
                open_device(comparator);
        unref(comparator);
}

static void renew(struct comparator *comparator)
{
        if (comparator->job.renewals++ == RENEWALS_MAX) {
                end(comparator, COMPARATOR_FAILED);
                return;
        }
        g_clear_object(&comparator->hand);
        if (comparator->device && fp_device_is_open(comparator->device))
                fp_device_close(comparator->device, NULL, on_closed, g_rc_box_acquire(comparator));
        else
                open_device(comparator);
}

/* Whether there is a line for each print that libfprint looked at: up to the one that it says matches. */
static bool scores_fit(const struct score_log *log, GPtrArray *asked, const FpPrint *match)
{
        guint index;
        if (!match)
                return log->count == asked->len;
        return g_ptr_array_find(asked, match, &index) && log->count == index + 1;
}

static bool take_scores(struct comparator *comparator, GPtrArray *asked, const FpPrint *match)
{
        struct job *job = &comparator->job;
        const struct score_log *log = comparator->log;
        if (!scores_fit(log, asked, match) || job->count + log->count > job->gallery->len)
                return false;
        for (size_t i = 0; i < log->count; i++)
                job->scores[job->count++] = log->scores[i] < COMPARATOR_OVERFLOW ? log->scores[i] : 0;
        return true;
}

static void start_round(struct comparator *comparator);

static void go_on(struct comparator *comparator)
{
        const struct job *job = &comparator->job;
        if (job->count == job->gallery->len || job->scores[job->count - 1] >= job->limit)
                end(comparator, COMPARATOR_COMPARED);
        else
                start_round(comparator);
}

/* Whether libfprint looked at the image that was laid: another process of this user may have found the
 * device's socket, and libfprint listens to whoever connected last. */
static bool is_of_image(const struct job *job, FpPrint *print)
{
        FpImage *image = fp_print_get_image(print);
        gsize grey_size = 0, size;
        const guchar *grey = image ? fp_image_get_data(image, &grey_size) : NULL;
        const int32_t header[] = { image ? (int32_t)fp_image_get_width(image) : 0,
                image ? (int32_t)fp_image_get_height(image) : 0 };
        const void *laid = g_bytes_get_data(job->image, &size);
        reader r = reader_over(slice_of(laid, size), NULL, NULL);
        slice start;
        return !failed(read_bytes(&r, "image", sizeof header, &start)) && slice_equal(start, SLICE(header)) &&
               slice_equal(read_rest(&r), slice_of(grey, grey_size));
}

/* All threads': libfprint looks for minutiae in one of its own. */
static int64_t computing_time(void)
{
        struct timespec now;
        return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0 ? now.tv_sec * 1000000 + now.tv_nsec / 1000
                                                                  : 0;
}

struct round {
        struct comparator *comparator;
        GPtrArray *asked;
};

static void finish_round(struct round *round, FpPrint *match, FpPrint *print, const GError *error)
{
        struct comparator *comparator = round->comparator;
        g_clear_handle_id(&comparator->timer, g_source_remove);
        if (error && error->domain == FP_DEVICE_RETRY)
                end(comparator, COMPARATOR_UNUSABLE);
        else if (error)
                renew(comparator);
        else if (!print || !is_of_image(&comparator->job, print) ||
                 !take_scores(comparator, round->asked, match))
                end(comparator, COMPARATOR_FAILED);
        else {
                g_set_object(&comparator->job.print, print);
                go_on(comparator);
        }
}

static void on_identified(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct round *round = user_data;
        g_autoptr(FpPrint) match = NULL;
        g_autoptr(FpPrint) print = NULL;
        g_autoptr(GError) error = NULL;
        fp_device_identify_finish(FP_DEVICE(object), result, &match, &print, &error);
        round->comparator->job.wall_us += g_get_monotonic_time();
        round->comparator->job.cpu_us += computing_time();
        if (!round->comparator->released)
                finish_round(round, match, print, error);
        g_ptr_array_unref(round->asked);
        unref(round->comparator);
        g_free(round);
}

static gboolean on_time_up(gpointer user_data)
{
        struct comparator *comparator = user_data;
        comparator->timer = 0;
        g_cancellable_cancel(comparator->cancellable);
        return G_SOURCE_REMOVE;
}

static GPtrArray *rest_of(const struct job *job)
{
        GPtrArray *rest = g_ptr_array_new_with_free_func(g_object_unref);
        for (guint i = (guint)job->count; i < job->gallery->len; i++)
                g_ptr_array_add(rest, g_object_ref(g_ptr_array_index(job->gallery, i)));
        return rest;
}

static void start_round(struct comparator *comparator)
{
        struct round *round = g_new0(struct round, 1);
        round->comparator = g_rc_box_acquire(comparator);
        round->asked = rest_of(&comparator->job);
        comparator->laid = false;
        comparator->log->count = 0;
        g_clear_object(&comparator->cancellable);
        comparator->cancellable = g_cancellable_new();
        comparator->timer = g_timeout_add_seconds(ROUND_LIMIT_S, on_time_up, comparator);
        comparator->job.wall_us -= g_get_monotonic_time();
        comparator->job.cpu_us -= computing_time();
        fp_device_identify(comparator->device, round->asked, comparator->cancellable, NULL, NULL, NULL,
                on_identified, round);
}

/* ---- the image ---- */

static void free_laid(gpointer pointer)
{
        struct laid *laid = pointer;
        bytes_wipe(laid->bytes, laid->size);
        g_free(laid);
}

static GBytes *lay_out(const struct virtual_finger_image *image)
{
        const int32_t header[] = { image->width, image->height };
        const size_t size = sizeof header + image->grey.size;
        struct laid *laid = g_malloc(sizeof *laid + size);
        writer w = writer_over(laid->bytes, size);
        write_slice(&w, SLICE(header));
        write_slice(&w, image->grey);
        laid->size = size;
        return g_bytes_new_with_free_func(laid->bytes, size, free_laid, laid);
}

struct laying {
        struct comparator *comparator;
        GBytes *image;
};

static void on_laid(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct laying *laying = user_data;
        struct comparator *comparator = laying->comparator;
        bool laid = g_output_stream_write_all_finish(G_OUTPUT_STREAM(object), result, NULL, NULL);
        if (!laid && comparator->runs && comparator->job.image == laying->image)
                g_cancellable_cancel(comparator->cancellable);
        g_bytes_unref(laying->image);
        unref(comparator);
        g_free(laying);
}

/* The device wants a finger: an image that came earlier would be lost. */
static void on_status(GObject *object, GParamSpec *spec, gpointer user_data)
{
        struct comparator *comparator = user_data;
        (void)spec;
        if (!comparator->runs || comparator->laid || !comparator->hand ||
                !(fp_device_get_finger_status(FP_DEVICE(object)) & FP_FINGER_STATUS_NEEDED))
                return;
        struct laying *laying = g_new0(struct laying, 1);
        laying->comparator = g_rc_box_acquire(comparator);
        laying->image = g_bytes_ref(comparator->job.image);
        comparator->laid = true;
        gsize size;
        const void *bytes = g_bytes_get_data(laying->image, &size);
        g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(comparator->hand)), bytes,
                size, G_PRIORITY_DEFAULT, NULL, on_laid, laying);
}

/* ---- the device ---- */

/* The one that listens is this process, and not somebody who put a socket of his own in its place. */
static bool is_own_device(GSocket *socket)
{
        struct ucred peer;
        socklen_t size = sizeof peer;
        return getsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
               peer.pid == getpid();
}

/* Then the socket is gone, but for those who were quick (is_of_image). */
static bool connect_hand(struct comparator *comparator)
{
        g_autoptr(GSocketAddress) address = g_unix_socket_address_new(comparator->path);
        g_autoptr(GSocket) socket =
                g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
        bool connected = socket && g_socket_connect(socket, address, NULL, NULL) && is_own_device(socket);
        if (connected)
                comparator->hand = g_socket_connection_factory_create_connection(socket);
        unlink(comparator->path);
        return connected;
}

static void on_opened(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct comparator *comparator = user_data;
        bool opened = fp_device_open_finish(FP_DEVICE(object), result, NULL);
        comparator->opening = false;
        opened = opened && !comparator->released && connect_hand(comparator);
        if (opened && comparator->runs)
                start_round(comparator);
        else if (comparator->runs)
                renew(comparator);
        unref(comparator);
}

/* A new context, for the device's model of its temperature lives as long as the device. */
static bool find_new_device(struct comparator *comparator)
{
        drop_device(comparator);
        comparator->libfprint = libfprint_virtual(comparator->path);
        FpDevice *device = libfprint_imager(comparator->libfprint);
        if (!device)
                return false;
        comparator->device = g_object_ref(device);
        g_signal_connect(device, "notify::finger-status", G_CALLBACK(on_status), comparator);
        return true;
}

static void open_device(struct comparator *comparator)
{
        if (comparator->opening)
                return;
        if (!find_new_device(comparator)) {
                if (comparator->runs)
                        end(comparator, COMPARATOR_FAILED);
                return;
        }
        comparator->opening = true;
        fp_device_open(comparator->device, NULL, on_opened, g_rc_box_acquire(comparator));
}

/* ---- its face ---- */

mitome_status comparator_new(
        const char *path, struct score_log *log, struct comparator **ret, mitome_error *error)
{
        struct comparator *comparator = g_rc_box_new0(struct comparator);
        comparator->path = g_strdup(path);
        comparator->log = log;
        if (!find_new_device(comparator)) {
                unref(comparator);
                return fail(error, MITOME_E_GATE_NO_SENSOR, "virtual_image", NULL);
        }
        *ret = comparator;
        return ok();
}

void comparator_open(struct comparator *comparator)
{
        if (!comparator->hand)
                open_device(comparator);
}

void comparator_compare(struct comparator *comparator, const struct virtual_finger_image *image,
        GPtrArray *gallery, int limit, void (*done)(void *context, const struct comparator_result *result),
        void *context)
{
        comparator->job = (struct job){
                .image = lay_out(image),
                .gallery = g_ptr_array_ref(gallery),
                .limit = limit,
                .done = done,
                .context = context,
        };
        comparator->runs = true;
        if (comparator->hand)
                start_round(comparator);
        else
                open_device(comparator);
}

void comparator_free(struct comparator *comparator)
{
        if (!comparator)
                return;
        comparator->released = true;
        if (comparator->cancellable)
                g_cancellable_cancel(comparator->cancellable);
        if (comparator->runs)
                forget_job(comparator);
        unref(comparator);
}
