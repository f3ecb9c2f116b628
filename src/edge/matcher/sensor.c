/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor.h"

#include <fprint.h>
#include <stdio.h>

struct sensor {
        struct sensor_watcher watcher;
        struct sensor_scores *scores;
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

/* ---- the scores ---- */

static const char *log_field(const GLogField *fields, gsize count, const char *key)
{
        for (gsize i = 0; i < count; i++)
                if (g_strcmp0(fields[i].key, key) == 0 && fields[i].length < 0)
                        return fields[i].value;
        return "";
}

/* libfprint's line is "score N/T", T its own threshold. */
static void note_score(struct sensor_scores *scores, const char *message)
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
        struct sensor_scores *scores = user_data;
        const char *domain = log_field(fields, count, "GLIB_DOMAIN");
        const char *message = log_field(fields, count, "MESSAGE");
        (void)level;
        if (g_strcmp0(domain, "libfprint-print") == 0)
                note_score(scores, message);
        if (scores->verbose)
                fprintf(stderr, "%s: %s\n", domain, message);
        return G_LOG_WRITER_HANDLED;
}

void sensor_listen(struct sensor_scores *scores)
{
        g_log_set_writer_func(write_log, scores, NULL);
}

/* ---- the end of an operation ---- */

static void on_closed(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor *sensor = user_data;
        fp_device_close_finish(FP_DEVICE(object), result, NULL);
        sensor->watcher.ended(sensor->watcher.context, sensor->outcome); /* the sensor may be gone now */
}

static void finish(struct sensor *sensor, enum sensor_outcome outcome)
{
        sensor->outcome = outcome;
        sensor->waits = false;
        fp_device_close(sensor->device, NULL, on_closed, sensor);
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
static enum sensor_outcome outcome_of(const struct sensor *sensor, const GError *error)
{
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return SENSOR_BROKEN;
        return !sensor->gallery || sensor->scores->count == 0 ? SENSOR_CANCELLED : SENSOR_NO_MATCH;
}

/* ---- comparing ---- */

static void identify(struct sensor *sensor);

static void tell_retry(struct sensor *sensor, const GError *error)
{
        sensor->watcher.retry(sensor->watcher.context, hint_of(error));
}

static void on_identified(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor *sensor = user_data;
        g_autoptr(FpPrint) match = NULL;
        g_autoptr(FpPrint) print = NULL;
        g_autoptr(GError) error = NULL;
        bool done = fp_device_identify_finish(FP_DEVICE(object), result, &match, &print, &error);
        if (!done && error->domain == FP_DEVICE_RETRY && !g_cancellable_is_cancelled(sensor->cancellable)) {
                tell_retry(sensor, error);
                identify(sensor);
                return;
        }
        const struct sensor_scores *scores = sensor->scores;
        if (!done && error->domain == FP_DEVICE_RETRY)
                finish(sensor, SENSOR_CANCELLED);
        else if (!done)
                finish(sensor, outcome_of(sensor, error));
        else if (match && scores->count > 0 && scores->last >= SENSOR_THRESHOLD)
                finish(sensor, SENSOR_MATCH);
        else
                finish(sensor, SENSOR_NO_MATCH);
}

static void identify(struct sensor *sensor)
{
        sensor->scores->count = 0;
        sensor->scores->last = 0;
        fp_device_identify(sensor->device, sensor->gallery, sensor->cancellable, NULL, NULL, NULL,
                on_identified, sensor);
}

/* ---- enrolling ---- */

static void on_progress(FpDevice *device, gint completed, FpPrint *print, gpointer user_data, GError *error)
{
        struct sensor *sensor = user_data;
        (void)device;
        (void)print;
        if (error) {
                tell_retry(sensor, error);
                return;
        }
        unsigned stages = sensor_stages(sensor), taken = completed < 0 ? 0 : (unsigned)completed;
        sensor->watcher.sample(sensor->watcher.context, taken < stages ? stages - taken : 0);
}

static void on_enrolled(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor *sensor = user_data;
        g_autoptr(GError) error = NULL;
        g_autoptr(FpPrint) print = fp_device_enroll_finish(FP_DEVICE(object), result, &error);
        if (!print)
                finish(sensor, outcome_of(sensor, error));
        else if (fp_print_serialize(print, &sensor->enrolled, &sensor->enrolled_size, NULL))
                finish(sensor, SENSOR_ENROLLED);
        else
                finish(sensor, SENSOR_BROKEN);
}

static void enrol(struct sensor *sensor)
{
        fp_device_enroll(sensor->device, fp_print_new(sensor->device), sensor->cancellable, on_progress,
                sensor, NULL, on_enrolled, sensor);
}

/* ---- opening ---- */

static void on_status(GObject *object, GParamSpec *spec, gpointer user_data)
{
        struct sensor *sensor = user_data;
        bool waits = fp_device_get_finger_status(FP_DEVICE(object)) & FP_FINGER_STATUS_NEEDED;
        (void)spec;
        bool begins = waits && !sensor->waits;
        sensor->waits = waits;
        if (begins && !g_cancellable_is_cancelled(sensor->cancellable))
                sensor->watcher.ready(sensor->watcher.context);
}

static void on_opened(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct sensor *sensor = user_data;
        g_autoptr(GError) error = NULL;
        if (!fp_device_open_finish(FP_DEVICE(object), result, &error)) {
                enum sensor_outcome outcome = outcome_of(sensor, error);
                sensor->watcher.ended(sensor->watcher.context, outcome);
        } else if (sensor->gallery) {
                identify(sensor);
        } else {
                enrol(sensor);
        }
}

static void open_device(struct sensor *sensor)
{
        sensor->scores->count = 0;
        fp_device_open(sensor->device, sensor->cancellable, on_opened, sensor);
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

mitome_status sensor_find(const struct sensor_watcher *watcher, struct sensor_scores *scores,
        struct sensor **ret, mitome_error *error)
{
        FpContext *context = fp_context_new();
        FpDevice *device = find_imager(context);
        if (!device) {
                g_object_unref(context);
                return fail(error, MITOME_E_GATE_NO_SENSOR, "sensor", NULL);
        }
        struct sensor *sensor = g_new0(struct sensor, 1);
        sensor->watcher = *watcher;
        sensor->scores = scores;
        sensor->context = context;
        sensor->device = g_object_ref(device);
        sensor->cancellable = g_cancellable_new();
        sensor->status_handler =
                g_signal_connect(device, "notify::finger-status", G_CALLBACK(on_status), sensor);
        *ret = sensor;
        return ok();
}

mitome_status sensor_identify(
        struct sensor *sensor, const slice *templates, size_t count, mitome_error *error)
{
        g_autoptr(GPtrArray) gallery = g_ptr_array_new_with_free_func(g_object_unref);
        for (size_t i = 0; i < count; i++) {
                FpPrint *print = fp_print_deserialize(templates[i].data, templates[i].size, NULL);
                if (!print)
                        return fail(error, MITOME_E_VALUE, "template", NULL);
                g_ptr_array_add(gallery, g_object_take_ref(print));
        }
        sensor->gallery = g_steal_pointer(&gallery);
        open_device(sensor);
        return ok();
}

void sensor_enrol(struct sensor *sensor)
{
        open_device(sensor);
}

slice sensor_template(const struct sensor *sensor)
{
        return slice_of(sensor->enrolled, sensor->enrolled_size);
}

unsigned sensor_stages(const struct sensor *sensor)
{
        gint stages = fp_device_get_nr_enroll_stages(sensor->device);
        return stages < 0 ? 0 : (unsigned)stages;
}

void sensor_cancel(struct sensor *sensor)
{
        g_cancellable_cancel(sensor->cancellable);
}

void sensor_free(struct sensor *sensor)
{
        if (!sensor)
                return;
        g_signal_handler_disconnect(sensor->device, sensor->status_handler);
        if (sensor->gallery)
                g_ptr_array_unref(sensor->gallery);
        if (sensor->enrolled)
                bytes_wipe(sensor->enrolled, sensor->enrolled_size);
        g_free(sensor->enrolled);
        g_object_unref(sensor->cancellable);
        g_object_unref(sensor->device);
        g_object_unref(sensor->context);
        g_free(sensor);
}
