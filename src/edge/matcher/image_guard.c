/* SPDX-License-Identifier: Apache-2.0 */
#include "image_guard.h"

#include "virtual_finger.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A hand that is connected; one at a time. Its asynchronous calls hold a reference each. */
struct hand {
        struct image_guard *guard; /* NULL once the guard has let go */
        GSocketConnection *connection, *sensor;
        GCancellable *cancellable;
        guint timer;
        int32_t header[2];
        GBytes *image; /* header and grey bytes, once they are all here */
        uint8_t *grey;
        uint8_t answer;
        int references;
};

struct image_guard {
        struct image_guard_watcher watcher;
        GSocketService *service;
        char *path;
        GSocketAddress *sensor_address;
        bool expects, passes;
        struct hand *hand;
};

/* ---- the life of a hand ---- */

static void hand_unref(struct hand *hand)
{
        if (--hand->references > 0)
                return;
        g_clear_object(&hand->connection);
        g_clear_object(&hand->sensor);
        g_clear_object(&hand->cancellable);
        g_clear_pointer(&hand->image, g_bytes_unref);
        g_free(hand->grey);
        g_free(hand);
}

/* The guard is free for the next hand; what still runs for this one is cancelled. */
static void let_go(struct hand *hand)
{
        if (!hand->guard)
                return;
        hand->guard->hand = NULL;
        hand->guard = NULL;
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
        struct image_guard_watcher watcher = hand->guard->watcher;
        bool expected = hand->guard->expects;
        answer(hand, VIRTUAL_FINGER_REFUSED);
        if (expected)
                watcher.refused(watcher.context);
}

static gboolean on_impatient(gpointer user_data)
{
        struct hand *hand = user_data;
        hand->timer = 0;
        let_go(hand);
        return G_SOURCE_REMOVE;
}

/* ---- passing an image on ---- */

static void on_passed(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        bool passed = g_output_stream_write_all_finish(G_OUTPUT_STREAM(object), result, NULL, NULL);
        if (hand->guard && passed)
                answer(hand, VIRTUAL_FINGER_TAKEN);
        else
                let_go(hand);
        hand_unref(hand);
}

static void on_sensor(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        gsize size;
        hand->sensor = g_socket_client_connect_finish(G_SOCKET_CLIENT(object), result, NULL);
        if (!hand->sensor || !hand->guard) {
                let_go(hand);
                hand_unref(hand);
                return;
        }
        GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(hand->sensor));
        const void *image = g_bytes_get_data(hand->image, &size);
        g_output_stream_write_all_async(
                out, image, size, G_PRIORITY_DEFAULT, hand->cancellable, on_passed, hand);
}

/* The sensor takes one image each time that it waits for a finger. */
static void pass_on(struct image_guard *guard)
{
        struct hand *hand = guard->hand;
        if (!guard->passes || !hand || !hand->image || hand->sensor)
                return;
        guard->passes = false;
        hand->references++;
        g_autoptr(GSocketClient) client = g_socket_client_new();
        g_socket_client_connect_async(
                client, G_SOCKET_CONNECTABLE(guard->sensor_address), hand->cancellable, on_sensor, hand);
}

/* ---- taking an image ---- */

static bool is_sensible(const int32_t header[2])
{
        for (int i = 0; i < 2; i++)
                if (header[i] < IMAGE_SIDE_MIN || header[i] > IMAGE_SIDE_MAX)
                        return false;
        return true;
}

static gsize grey_size(const struct hand *hand)
{
        return (gsize)hand->header[0] * (gsize)hand->header[1];
}

static void on_grey(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        gsize size = 0;
        bool read = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &size, NULL);
        if (hand->guard && read && size == grey_size(hand)) {
                GByteArray *image = g_byte_array_new();
                g_byte_array_append(image, (const guint8 *)hand->header, sizeof hand->header);
                g_byte_array_append(image, hand->grey, (guint)size);
                hand->image = g_byte_array_free_to_bytes(image);
                pass_on(hand->guard);
        } else if (hand->guard) {
                refuse(hand); /* less than its header says */
        }
        hand_unref(hand);
}

static void on_header(GObject *object, GAsyncResult *result, gpointer user_data)
{
        struct hand *hand = user_data;
        gsize size = 0;
        bool read = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &size, NULL);
        if (!hand->guard || !read || size != sizeof hand->header || !is_sensible(hand->header)) {
                if (hand->guard)
                        refuse(hand);
                hand_unref(hand); /* NOLINT(clang-analyzer-unix.Malloc): the guard's reference went, this is
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

static struct hand *hand_new(struct image_guard *guard, GSocketConnection *connection)
{
        struct hand *hand = g_new0(struct hand, 1);
        hand->guard = guard;
        hand->connection = g_object_ref(connection);
        hand->cancellable = g_cancellable_new();
        hand->references = 1;
        hand->timer = g_timeout_add_seconds(IMAGE_PATIENCE_S, on_impatient, hand);
        guard->hand = hand;
        return hand;
}

static gboolean on_incoming(
        GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
        struct image_guard *guard = user_data;
        (void)service;
        (void)source;
        if (!is_own_user(connection) || guard->hand)
                return TRUE; /* it closes when nobody holds it */
        struct hand *hand = hand_new(guard, connection);
        if (!guard->expects) {
                answer(hand, VIRTUAL_FINGER_NOT_NOW);
                return TRUE;
        }
        hand->references++;
        g_input_stream_read_all_async(g_io_stream_get_input_stream(G_IO_STREAM(connection)), hand->header,
                sizeof hand->header, G_PRIORITY_DEFAULT, hand->cancellable, on_header, hand);
        return TRUE;
}

/* ---- the guard ---- */

static void remove_socket(const char *path)
{
        struct stat status;
        if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
                unlink(path);
}

static bool listen_at(struct image_guard *guard)
{
        g_autoptr(GSocketAddress) address = g_unix_socket_address_new(guard->path);
        remove_socket(guard->path);
        return g_socket_listener_add_address(G_SOCKET_LISTENER(guard->service), address, G_SOCKET_TYPE_STREAM,
                G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL);
}

mitome_status image_guard_open(const char *path, const char *sensor_path,
        const struct image_guard_watcher *watcher, struct image_guard **ret, mitome_error *error)
{
        struct image_guard *guard = g_new0(struct image_guard, 1);
        guard->watcher = *watcher;
        guard->service = g_socket_service_new();
        guard->path = g_strdup(path);
        guard->sensor_address = g_unix_socket_address_new(sensor_path);
        if (!listen_at(guard)) {
                g_clear_pointer(&guard->path, g_free); /* not ours to remove */
                image_guard_free(guard);
                return fail(error, MITOME_E_SOCKET, "FP_VIRTUAL_IMAGE", NULL);
        }
        g_signal_connect(guard->service, "incoming", G_CALLBACK(on_incoming), guard);
        g_socket_service_start(guard->service);
        *ret = guard;
        return ok();
}

void image_guard_expect(struct image_guard *guard)
{
        guard->expects = true;
        guard->passes = false;
}

void image_guard_pass(struct image_guard *guard)
{
        guard->passes = true;
        pass_on(guard);
}

void image_guard_shut(struct image_guard *guard)
{
        guard->expects = guard->passes = false;
        if (guard->hand)
                answer(guard->hand, VIRTUAL_FINGER_NOT_NOW);
}

void image_guard_free(struct image_guard *guard)
{
        if (!guard)
                return;
        if (guard->hand)
                let_go(guard->hand);
        g_socket_service_stop(guard->service);
        g_socket_listener_close(G_SOCKET_LISTENER(guard->service));
        g_object_unref(guard->service);
        g_object_unref(guard->sensor_address);
        if (guard->path)
                remove_socket(guard->path);
        g_free(guard->path);
        g_free(guard);
}
