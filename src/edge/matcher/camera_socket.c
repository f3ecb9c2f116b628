/* SPDX-License-Identifier: Apache-2.0 */
#include "camera.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

/* A hand that is connected; one at a time. Its asynchronous calls hold a reference each. */
struct hand {
        struct camera_socket *camera; /* NULL once the camera has let go */
        GSocketConnection *connection;
        GCancellable *cancellable;
        guint timer;
        int32_t header[2];
        uint8_t *grey;
        bool whole; /* all of it is here */
        uint8_t answer;
        int references;
};

struct camera_socket {
        struct camera_watcher watcher;
        GSocketService *service;
        char *path;
        guint idle;
        bool expects, passes; /* an operation runs; it waits for an image */
        struct hand *hand;
};

static gsize grey_size(const struct hand *hand)
{
        return (gsize)hand->header[0] * (gsize)hand->header[1];
}

/* ---- the life of a hand ---- */

static void hand_unref(struct hand *hand)
{
        if (--hand->references > 0)
                return;
        g_clear_object(&hand->connection);
        g_clear_object(&hand->cancellable);
        if (hand->grey)
                bytes_wipe(hand->grey, grey_size(hand));
        g_free(hand->grey);
        g_free(hand);
}

/* The camera is free for the next hand; what still runs for this one is cancelled. */
static void let_go(struct hand *hand)
{
        if (!hand->camera)
                return;
        hand->camera->hand = NULL;
        hand->camera = NULL;
        g_clear_handle_id(&hand->timer, g_source_remove);
        g_cancellable_cancel(hand->cancellable);
        hand_unref(hand);
}

static void on_answered(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        g_output_stream_write_finish(G_OUTPUT_STREAM(object), result, NULL);
        hand_unref(hand);
}

/* One byte always fits into a socket's buffer; the connection closes when the last reference is gone. */
static void answer(struct hand *hand, uint8_t what)
{
        GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(hand->connection));
        hand->answer = what;
        hand->references++;
        g_output_stream_write_async(out, &hand->answer, 1, G_PRIORITY_DEFAULT, NULL, on_answered, hand);
        let_go(hand);
}

static void refuse(struct hand *hand)
{
        struct camera_watcher watcher = hand->camera->watcher;
        bool expected = hand->camera->expects;
        answer(hand, VIRTUAL_FINGER_REFUSED);
        if (expected)
                watcher.retry(watcher.context, MITOME_GATE_HINT_GENERAL);
}

static gboolean on_impatient(gpointer user_data)
{
        struct hand *hand = user_data;
        hand->timer = 0;
        let_go(hand);
        return G_SOURCE_REMOVE;
}

/* ---- handing an image on ---- */

/* One image each time that a finger is waited for. The camera is free for the next hand before anything is
 * made of it. */
static void pass_on(struct camera_socket *camera)
{
        struct hand *hand = camera->hand;
        if (!camera->passes || !hand || !hand->whole)
                return;
        const struct virtual_finger_image image = { .width = hand->header[0],
                .height = hand->header[1],
                .grey = slice_of(hand->grey, grey_size(hand)) };
        camera->passes = false;
        answer(hand, camera->watcher.image(camera->watcher.context, &image));
}

static gboolean on_ready(gpointer user_data)
{
        struct camera_socket *camera = user_data;
        camera->idle = 0;
        camera->passes = true;
        camera->watcher.ready(camera->watcher.context);
        pass_on(camera);
        return G_SOURCE_REMOVE;
}

/* ---- taking an image ---- */

static bool is_sensible(const int32_t header[2])
{
        for (int i = 0; i < 2; i++)
                if (header[i] < CAMERA_SIDE_MIN || header[i] > CAMERA_SIDE_MAX)
                        return false;
        return true;
}

bool camera_size_fits(const struct virtual_finger_image *image)
{
        const int32_t sides[] = { image->width, image->height };
        return is_sensible(sides) && image->grey.size == (size_t)image->width * (size_t)image->height;
}

static void on_grey(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        gsize size = 0;
        bool read = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &size, NULL);
        hand->whole = read && size == grey_size(hand);
        if (hand->camera && hand->whole)
                pass_on(hand->camera);
        else if (hand->camera)
                refuse(hand); /* less than its header says */
        hand_unref(hand);
}

static void on_header(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        gsize size = 0;
        bool read = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &size, NULL);
        if (!hand->camera || !read || size != sizeof hand->header || !is_sensible(hand->header)) {
                if (hand->camera)
                        refuse(hand);
                hand_unref(hand); /* NOLINT(clang-analyzer-unix.Malloc): the camera's reference went, this is
                                     ours */
                return;
        }
        hand->grey = g_malloc(grey_size(hand));
        g_input_stream_read_all_async(G_INPUT_STREAM(object), hand->grey, grey_size(hand), G_PRIORITY_DEFAULT,
                hand->cancellable, on_grey, hand);
}

static bool is_own_user(GSocketConnection *connection)
{
        struct ucred peer;
        socklen_t size = sizeof peer;
        int fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static struct hand *hand_new(struct camera_socket *camera, GSocketConnection *connection)
{
        struct hand *hand = g_new0(struct hand, 1);
        hand->camera = camera;
        hand->connection = g_object_ref(connection);
        hand->cancellable = g_cancellable_new();
        hand->references = 1;
        hand->timer = g_timeout_add_seconds(PATIENCE_S, on_impatient, hand);
        camera->hand = hand;
        return hand;
}

static gboolean on_incoming(
        GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
        struct camera_socket *camera = user_data;
        (void)service;
        (void)source;
        if (!is_own_user(connection) || camera->hand)
                return TRUE; /* it closes when nobody holds it */
        struct hand *hand = hand_new(camera, connection);
        if (!camera->expects) {
                answer(hand, VIRTUAL_FINGER_NOT_NOW);
                return TRUE;
        }
        hand->references++;
        g_input_stream_read_all_async(g_io_stream_get_input_stream(G_IO_STREAM(connection)), hand->header,
                sizeof hand->header, G_PRIORITY_DEFAULT, hand->cancellable, on_header, hand);
        return TRUE;
}

/* ---- the camera ---- */

static void remove_socket(const char *path)
{
        struct stat status;
        if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
                unlink(path);
}

static bool listen_at(struct camera_socket *camera)
{
        g_autoptr(GSocketAddress) address = g_unix_socket_address_new(camera->path);
        remove_socket(camera->path);
        return g_socket_listener_add_address(G_SOCKET_LISTENER(camera->service), address,
                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL);
}

/* ---- its face ---- */

static mitome_status begin(void *context, mitome_error *error)
{
        struct camera_socket *camera = context;
        (void)error;
        camera->expects = true;
        return ok();
}

static void await_image(void *context)
{
        struct camera_socket *camera = context;
        if (!camera->idle)
                camera->idle = g_idle_add(on_ready, camera);
}

static void rest(void *context)
{
        struct camera_socket *camera = context;
        camera->expects = camera->passes = false;
        g_clear_handle_id(&camera->idle, g_source_remove);
        if (camera->hand)
                answer(camera->hand, VIRTUAL_FINGER_NOT_NOW);
}

static void free_camera(void *context)
{
        struct camera_socket *camera = context;
        rest(camera);
        g_socket_service_stop(camera->service);
        g_socket_listener_close(G_SOCKET_LISTENER(camera->service));
        g_object_unref(camera->service);
        if (camera->path)
                remove_socket(camera->path);
        g_free(camera->path);
        g_free(camera);
}

mitome_status camera_socket(
        const char *path, const struct camera_watcher *watcher, struct camera *ret, mitome_error *error)
{
        struct camera_socket *camera = g_new0(struct camera_socket, 1);
        camera->watcher = *watcher;
        camera->service = g_socket_service_new();
        camera->path = g_strdup(path);
        if (!listen_at(camera)) {
                g_clear_pointer(&camera->path, g_free); /* not ours to remove */
                free_camera(camera);
                return fail(error, MITOME_E_SOCKET, "FP_VIRTUAL_IMAGE", NULL);
        }
        g_signal_connect(camera->service, "incoming", G_CALLBACK(on_incoming), camera);
        g_socket_service_start(camera->service);
        *ret = (struct camera){
                .context = camera, .begin = begin, .await = await_image, .rest = rest, .free = free_camera
        };
        return ok();
}
