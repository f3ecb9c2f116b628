/* SPDX-License-Identifier: Apache-2.0 */
#include "camera.h"
#include "libfprint_context.h"

enum {
        TROUBLES_MAX = 4, /* of one operation: a reader that is worse than that is broken */
        PAUSE_MS = 700,   /* before a reader that failed is looked for anew */
};

/* An asynchronous call of the device runs while `busy`; it holds a reference. */
struct camera_reader {
        struct camera_watcher watcher;
        char *virtual_path; /* NULL: a reader */
        FpContext *libfprint;
        FpDevice *device;
        GCancellable *cancellable;
        guint pause;
        unsigned troubles;
        bool awaits, busy, open, told, released;
};

static void go_on(struct camera_reader *camera);

/* ---- giving the device back ---- */

static void release(gpointer pointer)
{
        struct camera_reader *camera = pointer;
        g_free(camera->virtual_path);
}

static void unref(struct camera_reader *camera)
{
        g_rc_box_release_full(camera, release);
}

static void on_closed(GObject *object, GAsyncResult *result, gpointer libfprint)
{
        fp_device_close_finish(FP_DEVICE(object), result, NULL);
        g_object_unref(libfprint);
}

/* It closes by itself, while the next operation may look for a reader already. */
static void let_go(struct camera_reader *camera)
{
        if (!camera->device)
                return;
        g_signal_handlers_disconnect_by_data(camera->device, camera);
        if (camera->open)
                fp_device_close(camera->device, NULL, on_closed, g_object_ref(camera->libfprint));
        camera->open = false;
        g_clear_object(&camera->device);
        g_clear_object(&camera->libfprint);
        g_clear_object(&camera->cancellable);
}

/* ---- trouble ---- */

static gboolean on_pause_over(gpointer user_data)
{
        struct camera_reader *camera = user_data;
        camera->pause = 0;
        go_on(camera);
        return G_SOURCE_REMOVE;
}

/* Removed, overheated, out of step: nothing was compared, so whoever waits need not notice. */
static void mend(struct camera_reader *camera)
{
        let_go(camera);
        if (++camera->troubles < TROUBLES_MAX) {
                camera->pause = g_timeout_add(PAUSE_MS, on_pause_over, camera);
                return;
        }
        camera->awaits = false;
        camera->watcher.broken(camera->watcher.context);
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

/* ---- an image ---- */

static void hand_over(struct camera_reader *camera, FpImage *captured)
{
        gsize size = 0;
        const guchar *grey = fp_image_get_data(captured, &size);
        const struct virtual_finger_image image = { .width = (int32_t)fp_image_get_width(captured),
                .height = (int32_t)fp_image_get_height(captured),
                .grey = slice_of(grey, size) };
        if (!camera_size_fits(&image)) {
                camera->watcher.retry(camera->watcher.context, MITOME_GATE_HINT_GENERAL);
                return;
        }
        camera->awaits = false;
        (void)camera->watcher.image(camera->watcher.context, &image);
}

static void on_captured(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct camera_reader *camera = user_data;
        g_autoptr(GError) error = NULL;
        g_autoptr(FpImage) captured = fp_device_capture_finish(FP_DEVICE(object), result, &error);
        camera->busy = false;
        if (camera->released || !camera->awaits) {
                let_go(camera);
        } else if (captured) {
                hand_over(camera, captured);
                go_on(camera);
        } else if (error->domain == FP_DEVICE_RETRY) {
                camera->watcher.retry(camera->watcher.context, hint_of(error));
                go_on(camera);
        } else {
                mend(camera);
        }
        unref(camera);
}

static void on_status(GObject *object, GParamSpec *spec, gpointer user_data)
{
        struct camera_reader *camera = user_data;
        (void)spec;
        if (!camera->awaits || !camera->busy || !camera->open || camera->told ||
                !(fp_device_get_finger_status(FP_DEVICE(object)) & FP_FINGER_STATUS_NEEDED))
                return;
        camera->told = true;
        camera->watcher.ready(camera->watcher.context);
}

static void capture(struct camera_reader *camera)
{
        camera->busy = true;
        camera->told = false;
        fp_device_capture(camera->device, TRUE, camera->cancellable, on_captured, g_rc_box_acquire(camera));
}

/* ---- the device ---- */

static void on_opened(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct camera_reader *camera = user_data;
        camera->busy = false;
        camera->open = fp_device_open_finish(FP_DEVICE(object), result, NULL);
        if (camera->released || !camera->awaits)
                let_go(camera);
        else if (camera->open)
                go_on(camera);
        else
                mend(camera);
        unref(camera);
}

static bool find_device(struct camera_reader *camera)
{
        camera->libfprint =
                camera->virtual_path ? libfprint_virtual(camera->virtual_path) : libfprint_readers();
        FpDevice *device = libfprint_imager(camera->libfprint);
        if (!device) {
                g_clear_object(&camera->libfprint);
                return false;
        }
        camera->device = g_object_ref(device);
        camera->cancellable = g_cancellable_new();
        g_signal_connect(device, "notify::finger-status", G_CALLBACK(on_status), camera);
        return true;
}

static void go_on(struct camera_reader *camera)
{
        if (!camera->awaits || camera->busy || camera->pause)
                return;
        if (!camera->device && !find_device(camera)) {
                mend(camera);
        } else if (camera->open) {
                capture(camera);
        } else {
                camera->busy = true;
                fp_device_open(camera->device, camera->cancellable, on_opened, g_rc_box_acquire(camera));
        }
}

/* ---- its face ---- */

static mitome_status begin(void *context, mitome_error *error)
{
        struct camera_reader *camera = context;
        camera->troubles = 0;
        return camera->device || find_device(camera) ? ok()
                                                     : fail(error, MITOME_E_GATE_NO_SENSOR, "sensor", NULL);
}

static void await_image(void *context)
{
        struct camera_reader *camera = context;
        camera->awaits = true;
        go_on(camera);
}

/* What runs is let go when it has come to its end. */
static void rest(void *context)
{
        struct camera_reader *camera = context;
        camera->awaits = false;
        g_clear_handle_id(&camera->pause, g_source_remove);
        if (camera->busy)
                g_cancellable_cancel(camera->cancellable);
        else
                let_go(camera);
}

static void free_camera(void *context)
{
        struct camera_reader *camera = context;
        camera->released = true;
        rest(camera);
        unref(camera);
}

struct camera camera_reader_virtual(const char *path, const struct camera_watcher *watcher)
{
        struct camera_reader *camera = g_rc_box_new0(struct camera_reader);
        camera->watcher = *watcher;
        camera->virtual_path = g_strdup(path);
        return (struct camera){
                .context = camera, .begin = begin, .await = await_image, .rest = rest, .free = free_camera
        };
}

struct camera camera_reader(const struct camera_watcher *watcher)
{
        return camera_reader_virtual(NULL, watcher);
}
