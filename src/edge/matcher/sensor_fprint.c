/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_fprint.h"

#include "image_guard.h"

#include <fprint.h>
#include <stdio.h>

enum { IMPRESSIONS = 5 /* of an enrolment: libfprint's, for every reader that gives images */ };

/* The scores that were seen since the comparison began. The log writer of the process fills it (libfprint
 * compares on the main loop's thread). */
struct scores {
        bool verbose; /* pass libfprint's messages on to standard error */
        unsigned count;
        int last;
};

struct operation {
        struct sensor_watcher watcher;
        FpContext *context; /* of this one operation: it owns the device */
        FpDevice *device;
        GCancellable *cancellable;
        GPtrArray *gallery; /* what is compared with; NULL: enrol */
        guchar *enrolled;
        gsize enrolled_size;
        gulong status_handler;
        bool waits;
        enum sensor_outcome outcome;
};

struct sensor_fprint {
        struct scores *scores;     /* the process's: its log writer stays */
        struct image_guard *guard; /* NULL: real readers */
        char *sensor_path;         /* of libfprint's own socket then */
        bool runs;
        struct operation operation;
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
static void note_score(struct scores *scores, const char *message)
{
        int score, threshold, size = 0;
        /* NOLINTNEXTLINE(cert-err34-c): six digits always fit */
        if (sscanf(message, "score %6d/%6d%n", &score, &threshold, &size) != 2 || message[size] != '\0')
                return;
        scores->count++;
        scores->last = score;
}

static GLogWriterOutput write_log(
        GLogLevelFlags level, const GLogField *fields, gsize count, gpointer user_data)
{
        struct scores *scores = user_data;
        const char *domain = log_field(fields, count, "GLIB_DOMAIN");
        const char *message = log_field(fields, count, "MESSAGE");
        (void)level;
        if (g_strcmp0(domain, "libfprint-print") == 0)
                note_score(scores, message);
        if (scores->verbose)
                fprintf(stderr, "%s: %s\n", domain, message);
        return G_LOG_WRITER_HANDLED;
}

/* ---- the end of an operation ---- */

static void release(struct sensor_fprint *sensor)
{
        struct operation *operation = &sensor->operation;
        if (operation->device && operation->status_handler)
                g_signal_handler_disconnect(operation->device, operation->status_handler);
        g_clear_pointer(&operation->gallery, g_ptr_array_unref);
        g_clear_object(&operation->cancellable);
        g_clear_object(&operation->device);
        g_clear_object(&operation->context);
        *operation = (struct operation){ 0 };
        sensor->runs = false;
}

/* The watcher may begin the next operation at once: nothing is left of this one by then. */
static void end(struct sensor_fprint *sensor, enum sensor_outcome outcome)
{
        const struct sensor_watcher watcher = sensor->operation.watcher;
        guchar *enrolled = sensor->operation.enrolled;
        const gsize size = sensor->operation.enrolled_size;
        if (sensor->guard)
                image_guard_shut(sensor->guard);
        release(sensor);
        watcher.ended(watcher.context, outcome, slice_of(enrolled, size));
        if (enrolled)
                bytes_wipe(enrolled, size);
        g_free(enrolled);
}

static void on_closed(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        fp_device_close_finish(FP_DEVICE(object), result, NULL);
        end(sensor, sensor->operation.outcome);
}

static void finish(struct sensor_fprint *sensor, enum sensor_outcome outcome)
{
        sensor->operation.outcome = outcome;
        sensor->operation.waits = false;
        fp_device_close(sensor->operation.device, NULL, on_closed, sensor);
}

static enum mitome_gate_hint hint_of(const GError *error)
{
        static const enum mitome_gate_hint hints[] = {
                [FP_DEVICE_RETRY_GENERAL] = MITOME_GATE_HINT_GENERAL,
                [FP_DEVICE_RETRY_TOO_SHORT] = MITOME_GATE_HINT_TOO_SHORT,
                [FP_DEVICE_RETRY_CENTER_FINGER] = MITOME_GATE_HINT_CENTRE,
                [FP_DEVICE_RETRY_REMOVE_FINGER] = MITOME_GATE_HINT_LIFT,
        };
        return error->code >= 0 && (size_t)error->code < G_N_ELEMENTS(hints) ? hints[error->code]
                                                                             : MITOME_GATE_HINT_GENERAL;
}

/* What a failure means. Once something was compared, a cancellation comes too late: the try is spent. */
static enum sensor_outcome outcome_of(const struct sensor_fprint *sensor, const GError *error)
{
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return SENSOR_BROKEN;
        return !sensor->operation.gallery || sensor->scores->count == 0 ? SENSOR_CANCELLED : SENSOR_NO_MATCH;
}

/* ---- comparing ---- */

static void identify(struct sensor_fprint *sensor);

static void tell_retry(struct sensor_fprint *sensor, const GError *error)
{
        sensor->operation.watcher.retry(sensor->operation.watcher.context, hint_of(error));
}

static void on_identified(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        g_autoptr(FpPrint) match = NULL;
        g_autoptr(FpPrint) print = NULL;
        g_autoptr(GError) error = NULL;
        bool done = fp_device_identify_finish(FP_DEVICE(object), result, &match, &print, &error);
        if (!done && error->domain == FP_DEVICE_RETRY &&
                !g_cancellable_is_cancelled(sensor->operation.cancellable)) {
                tell_retry(sensor, error);
                identify(sensor);
                return;
        }
        const struct scores *scores = sensor->scores;
        if (!done && error->domain == FP_DEVICE_RETRY)
                finish(sensor, SENSOR_CANCELLED);
        else if (!done)
                finish(sensor, outcome_of(sensor, error));
        else if (match && scores->count > 0 && scores->last >= SENSOR_THRESHOLD)
                finish(sensor, SENSOR_MATCH);
        else
                finish(sensor, SENSOR_NO_MATCH);
}

static void identify(struct sensor_fprint *sensor)
{
        sensor->scores->count = 0;
        sensor->scores->last = 0;
        fp_device_identify(sensor->operation.device, sensor->operation.gallery, sensor->operation.cancellable,
                NULL, NULL, NULL, on_identified, sensor);
}

/* ---- enrolling ---- */

static void on_progress(FpDevice *device, gint completed, FpPrint *print, gpointer user_data, GError *error)
{
        struct sensor_fprint *sensor = user_data;
        (void)device;
        (void)print;
        if (error) {
                tell_retry(sensor, error);
                return;
        }
        unsigned taken = completed < 0 ? 0 : (unsigned)completed;
        sensor->operation.watcher.sample(
                sensor->operation.watcher.context, taken < IMPRESSIONS ? IMPRESSIONS - taken : 0);
}

static void on_enrolled(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        g_autoptr(GError) error = NULL;
        g_autoptr(FpPrint) print = fp_device_enroll_finish(FP_DEVICE(object), result, &error);
        if (!print)
                finish(sensor, outcome_of(sensor, error));
        else if (fp_print_serialize(
                         print, &sensor->operation.enrolled, &sensor->operation.enrolled_size, NULL))
                finish(sensor, SENSOR_ENROLLED);
        else
                finish(sensor, SENSOR_BROKEN);
}

static void enrol_finger(struct sensor_fprint *sensor)
{
        fp_device_enroll(sensor->operation.device, fp_print_new(sensor->operation.device),
                sensor->operation.cancellable, on_progress, sensor, NULL, on_enrolled, sensor);
}

/* ---- opening ---- */

static void ready(struct sensor_fprint *sensor)
{
        sensor->operation.watcher.ready(sensor->operation.watcher.context);
        if (sensor->guard)
                image_guard_pass(sensor->guard);
}

static void on_status(GObject *object, GParamSpec *spec, gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        bool waits = fp_device_get_finger_status(FP_DEVICE(object)) & FP_FINGER_STATUS_NEEDED;
        (void)spec;
        bool begins = waits && !sensor->operation.waits;
        sensor->operation.waits = waits;
        if (begins && !g_cancellable_is_cancelled(sensor->operation.cancellable))
                ready(sensor);
}

static void on_opened(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor_fprint *sensor = user_data;
        g_autoptr(GError) error = NULL;
        if (!fp_device_open_finish(FP_DEVICE(object), result, &error)) {
                enum sensor_outcome outcome = outcome_of(sensor, error);
                end(sensor, outcome);
        } else if (sensor->operation.gallery) {
                identify(sensor);
        } else {
                enrol_finger(sensor);
        }
}

static void open_device(struct sensor_fprint *sensor)
{
        sensor->scores->count = 0;
        fp_device_open(sensor->operation.device, sensor->operation.cancellable, on_opened, sensor);
}

/* Readers that compare on their own chip give no score, and the scripted virtual ones no minutiae. */
static FpDevice *find_imager(FpContext *context)
{
        GPtrArray *devices = fp_context_get_devices(context);
        for (guint i = 0; i < devices->len; i++) {
                FpDevice *device = g_ptr_array_index(devices, i);
                if (fp_device_has_feature(device, FP_DEVICE_FEATURE_CAPTURE) &&
                        fp_device_has_feature(device, FP_DEVICE_FEATURE_IDENTIFY) &&
                        !fp_device_has_feature(device, FP_DEVICE_FEATURE_STORAGE))
                        return device;
        }
        return NULL;
}

static mitome_status find_sensor(
        struct sensor_fprint *sensor, const struct sensor_watcher *watcher, mitome_error *error)
{
        if (sensor->runs)
                return fail(error, MITOME_E_GATE_BUSY, "sensor", NULL);
        FpContext *context = fp_context_new();
        FpDevice *device = find_imager(context);
        if (!device) {
                g_object_unref(context);
                return fail(error, MITOME_E_GATE_NO_SENSOR, "sensor", NULL);
        }
        sensor->runs = true;
        sensor->operation = (struct operation){
                .watcher = *watcher,
                .context = context,
                .device = g_object_ref(device),
                .cancellable = g_cancellable_new(),
                .status_handler =
                        g_signal_connect(device, "notify::finger-status", G_CALLBACK(on_status), sensor),
        };
        return ok();
}

static void begin(struct sensor_fprint *sensor)
{
        if (sensor->guard)
                image_guard_expect(sensor->guard);
        open_device(sensor);
}

/* ---- struct sensor ---- */

static mitome_status enrol(void *context, const struct sensor_set *set, slice id,
        const struct sensor_watcher *watcher, mitome_error *error)
{
        struct sensor_fprint *sensor = context;
        (void)set;
        (void)id;
        MITOME_TRY(find_sensor(sensor, watcher, error));
        begin(sensor);
        return ok();
}

static mitome_status verify(void *context, const struct sensor_set *set, const struct sensor_watcher *watcher,
        mitome_error *error)
{
        struct sensor_fprint *sensor = context;
        g_autoptr(GPtrArray) gallery = g_ptr_array_new_with_free_func(g_object_unref);
        for (size_t i = 0; i < set->count; i++) {
                const slice kept = set->fingers[i].kept;
                FpPrint *print = fp_print_deserialize(kept.data, kept.size, NULL);
                if (!print)
                        return fail(error, MITOME_E_VALUE, "template", NULL);
                g_ptr_array_add(gallery, g_object_take_ref(print));
        }
        MITOME_TRY(find_sensor(sensor, watcher, error));
        sensor->operation.gallery = g_steal_pointer(&gallery);
        begin(sensor);
        return ok();
}

static void cancel(void *context)
{
        struct sensor_fprint *sensor = context;
        if (sensor->runs)
                g_cancellable_cancel(sensor->operation.cancellable);
}

static void close_sensor(void *context)
{
        struct sensor_fprint *sensor = context;
        image_guard_free(sensor->guard);
        release(sensor);
        g_free(sensor->sensor_path);
        g_free(sensor);
}

/* ---- opening it ---- */

/* The guard kept an image from the sensor. */
static void on_refused(void *context)
{
        struct sensor_fprint *sensor = context;
        if (sensor->runs)
                sensor->operation.watcher.retry(sensor->operation.watcher.context, MITOME_GATE_HINT_GENERAL);
}

/* libfprint takes the path of its virtual sensor from the environment: it gets one in the private folder. The
 * scripted virtual devices compare nothing and are never used. */
static void choose_driver(const char *sensor_path)
{
        g_unsetenv("FP_VIRTUAL_DEVICE");
        g_unsetenv("FP_VIRTUAL_DEVICE_STORAGE");
        g_unsetenv("FP_DRIVERS_WHITELIST");
        g_unsetenv("FP_VIRTUAL_IMAGE");
        if (!sensor_path)
                return;
        g_setenv("FP_VIRTUAL_IMAGE", sensor_path, TRUE);
        g_setenv("FP_DRIVERS_WHITELIST", "virtual_image", TRUE);
}

static mitome_status open_guard(
        struct sensor_fprint *sensor, const struct sensor_config *config, mitome_error *error)
{
        const struct image_guard_watcher watcher = { .context = sensor, .refused = on_refused };
        sensor->sensor_path = g_build_filename(config->folder, "sensor", NULL);
        return image_guard_open(config->argument, sensor->sensor_path, &watcher, &sensor->guard, error);
}

mitome_status sensor_fprint_open(const struct sensor_config *config, struct sensor *ret, mitome_error *error)
{
        struct sensor_fprint *sensor = g_new0(struct sensor_fprint, 1);
        mitome_status status = config->argument ? open_guard(sensor, config, error) : ok();
        if (failed(status)) {
                close_sensor(sensor);
                return status;
        }
        choose_driver(sensor->sensor_path);
        sensor->scores = g_new0(struct scores, 1);
        sensor->scores->verbose = config->verbose;
        g_log_set_writer_func(write_log, sensor->scores, NULL);
        *ret = (struct sensor){
                .version = SENSOR_VERSION,
                .name = config->argument ? "virtual fingerprint reader" : "fingerprint reader",
                .modality = UNLOCK_FINGER,
                .class = MATCHER_STRONG, /* what it is built to be; whether it is, its maker says */
                .samples = IMPRESSIONS,
                .context = sensor,
                .enrol = enrol,
                .verify = verify,
                .cancel = cancel,
                .close = close_sensor,
        };
        return ok();
}
