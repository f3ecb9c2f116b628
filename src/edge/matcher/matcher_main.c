/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_file.h"
#include "command_launcher.h"
#include "harden.h"
#include "matcher_service.h"
#include "sensor_kinds.h"
#include "storage_file.h"

#include <errno.h>
#include <getopt.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { EXIT_COULD_NOT = 2, FIRST_REQUEST_MS = 2000 };

static const char usage[] =
        "usage: mitome-matcher --state DIR --socket FD|PATH [--sensor KIND[:ARGUMENT]] [--verbose]\n"
        "  Reads fingers and says, sealed for a paired element, whose they are.\n"
        "  --state DIR     folder of its state; made if there is none\n"
        "  --socket FD     a connected SOCK_SEQPACKET socket; ends with it\n"
        "  --socket PATH   listens there, for one client at a time\n"
        "  --sensor KIND   what reads fingers; without it: fingerprint\n"
        "  --scores FD     the virtual sensor: the score of each comparison is written there\n"
        "  --verbose       the sensor's messages on standard error\n"
        "  fingerprint:PATH, or FP_VIRTUAL_IMAGE=PATH in the environment: the virtual sensor, fed on that "
        "socket\n"
        "  The kinds:";

struct options {
        const char *state;
        const char *socket;
        const char *sensor;
        const char *image_path;
        const char *scores;
        bool verbose;
};

struct program {
        struct options options;
        GMainLoop *loop;
        struct storage_file *storage;
        struct blob_file *entry_file;
        struct entry_book entries;
        struct sensor sensor; /* without `close`: none is open */
        struct matcher_state *state;
        struct matcher_service *service;
        int client;   /* the socket that was given, else -1 */
        int listener; /* where clients come from, else -1 */
};

static int complain(const mitome_error *error)
{
        char text[256];
        mitome_explain(error, text, sizeof text);
        fprintf(stderr, "mitome-matcher: %s\n", text);
        return EXIT_COULD_NOT;
}

static void show_usage(void)
{
        fputs(usage, stderr);
        for (size_t i = 0; sensor_kind_name(i); i++)
                fprintf(stderr, " %s", sensor_kind_name(i));
        fputc('\n', stderr);
}

static bool is_number(const char *text)
{
        return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 8;
}

static bool read_options(int count, char **arguments, struct options *ret)
{
        static const struct option known[] = {
                { "state", required_argument, NULL, 's' },
                { "socket", required_argument, NULL, 'f' },
                { "sensor", required_argument, NULL, 'k' },
                { "scores", required_argument, NULL, 'c' },
                { "verbose", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        struct options options = { .image_path = getenv("FP_VIRTUAL_IMAGE") };
        for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
                if (option == 's')
                        options.state = optarg;
                else if (option == 'f')
                        options.socket = optarg;
                else if (option == 'k')
                        options.sensor = optarg;
                else if (option == 'c' && is_number(optarg))
                        options.scores = optarg;
                else if (option == 'v')
                        options.verbose = true;
                else
                        return false;
        }
        *ret = options;
        return options.state && options.socket && optind == count;
}

/* ---- sockets ---- */

static bool is_seqpacket(int fd)
{
        int type = 0;
        socklen_t size = sizeof type;
        return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

static mitome_status listen_at(const char *path, int *ret_fd, mitome_error *error)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct stat former;
        if (failed(slice_copy(slice_text(path), "--socket", (uint8_t *)address.sun_path,
                    sizeof address.sun_path - 1, NULL)))
                return fail(error, MITOME_E_SOCKET, "--socket", NULL);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail(error, MITOME_E_SOCKET, "--socket", NULL);
        if (lstat(path, &former) == 0 && S_ISSOCK(former.st_mode))
                unlink(path); /* left by one that was killed: the state's lock tells that none runs */
        if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0) {
                close(fd);
                return fail(error, MITOME_E_SOCKET, "--socket", NULL);
        }
        *ret_fd = fd;
        return ok();
}

static bool is_own_user(int fd)
{
        struct ucred peer;
        socklen_t size = sizeof peer;
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static gboolean on_client(gint listener, GIOCondition condition, gpointer user_data)
{
        struct program *program = user_data;
        (void)condition;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
                return G_SOURCE_CONTINUE;
        if (!is_own_user(fd)) {
                close(fd);
                return G_SOURCE_CONTINUE;
        }
        matcher_service_attach(program->service, fd);
        return G_SOURCE_REMOVE; /* until this one has gone */
}

static void await_client(struct program *program)
{
        g_unix_fd_add(program->listener, G_IO_IN, on_client, program);
}

static void on_gone(void *context)
{
        struct program *program = context;
        if (program->listener >= 0)
                await_client(program);
        else
                g_main_loop_quit(program->loop);
}

static mitome_status take_client(struct program *program, mitome_error *error)
{
        if (!is_number(program->options.socket))
                return ok();
        program->client = (int)strtol(program->options.socket, NULL, 10);
        return is_seqpacket(program->client) ? ok() : fail(error, MITOME_E_SOCKET, "--socket", NULL);
}

/* ---- what it works with ---- */

static mitome_status check_folder(const char *folder, mitome_error *error)
{
        struct stat status;
        if (stat(folder, &status) != 0 || status.st_uid != geteuid() ||
                (status.st_mode & (S_IRWXG | S_IRWXO)))
                return fail(error, MITOME_E_FILE_MODE, "the matcher's folder", NULL);
        return ok();
}

static mitome_status open_state(struct program *program, slice key, mitome_error *error)
{
        const struct mitome_storage storage = storage_file(program->storage);
        return matcher_state_open(&storage, key, &program->state, error);
}

static mitome_status open_sensor(struct program *program, slice key, mitome_error *error)
{
        const struct sensor_config config = {
                .argument = program->options.image_path,
                .folder = program->options.state,
                .key = key,
                .verbose = program->options.verbose,
                .scores = program->options.scores ? (int)strtol(program->options.scores, NULL, 10) : -1,
        };
        return sensor_open(program->options.sensor, &config, &program->sensor, error);
}

/* What was certified or paired with one sensor is not believed with another. */
static mitome_status bind_sensor(struct program *program, mitome_error *error)
{
        const struct sensor *sensor = &program->sensor;
        char identity[SENSOR_IDENTITY_MAX + 1];
        MITOME_TRY(sensor_identity(program->options.sensor, sensor, identity, error));
        return matcher_state_sensor(program->state, identity, sensor->class, sensor->modality, error);
}

static mitome_status open_entries(struct program *program, slice key, mitome_error *error)
{
        g_autofree char *path = g_build_filename(program->options.state, "entries", NULL);
        MITOME_TRY(blob_file_open(path, &program->entry_file, error));
        const struct mitome_blobs file = blob_file(program->entry_file);
        return entry_book_open(&file, key, &program->entries, error);
}

static mitome_status open_service(struct program *program, mitome_error *error)
{
        struct matcher_service_config config = {
                .state = program->state,
                .sensor = program->sensor,
                .entries = &program->entries,
                .context = program,
                .gone = on_gone,
        };
        boot_clock_id(config.boot);
        return matcher_service_new(&config, &program->service, error);
}

/* What is sealed in the folder, by whichever part, is sealed with its key. */
static mitome_status open_folder(struct program *program, mitome_error *error)
{
        SECRET(key);
        key.size = MITOME_STORAGE_KEY_SIZE;
        MITOME_TRY(storage_file_open(program->options.state, &program->storage, error));
        MITOME_TRY(check_folder(program->options.state, error));
        MITOME_TRY(storage_file_key(program->storage, key.data, error));
        MITOME_TRY(open_state(program, secret_view(&key), error));
        MITOME_TRY(open_entries(program, secret_view(&key), error));
        MITOME_TRY(open_sensor(program, secret_view(&key), error));
        MITOME_TRY(bind_sensor(program, error));
        return open_service(program, error);
}

/* ---- its life ---- */

static gboolean on_signal(gpointer user_data)
{
        struct program *program = user_data;
        g_main_loop_quit(program->loop);
        return G_SOURCE_CONTINUE;
}

static void serve(struct program *program)
{
        g_unix_signal_add(SIGTERM, on_signal, program);
        g_unix_signal_add(SIGINT, on_signal, program);
        if (program->client >= 0)
                matcher_service_attach(program->service, program->client);
        else
                await_client(program);
        g_main_loop_run(program->loop);
}

/* The one that started this process hears why there will be no matcher, as the answer to its first request.
 */
static void tell_why(int fd, const mitome_error *why)
{
        uint8_t request[GATE_MESSAGE_MAX], buffer[GATE_MESSAGE_MAX];
        struct pollfd client = { .fd = fd, .events = POLLIN };
        slice message;
        writer w = WRITER(buffer);
        gate_report_write(
                &w, &(struct gate_report){ .kind = GATE_REPORT_REFUSED, .code = (uint16_t)why->code });
        if (fd < 0 || failed(writer_finish(&w, "report", &message, NULL)))
                return;
        if (poll(&client, 1, FIRST_REQUEST_MS) == 1 && recv(fd, request, sizeof request, MSG_DONTWAIT) > 0)
                (void)!send(fd, message.data, message.size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static mitome_status open_all(struct program *program, mitome_error *error)
{
        MITOME_TRY(harden_begin(error));
        MITOME_TRY(take_client(program, error));
        MITOME_TRY(open_folder(program, error));
        if (program->client < 0)
                MITOME_TRY(listen_at(program->options.socket, &program->listener, error));
        return harden_seal(error);
}

static void close_all(struct program *program)
{
        matcher_service_free(program->service);
        if (program->sensor.close)
                program->sensor.close(program->sensor.context);
        matcher_state_free(program->state);
        entry_book_close(&program->entries);
        blob_file_close(program->entry_file);
        storage_file_close(program->storage);
        if (program->listener >= 0)
                unlink(program->options.socket);
        g_main_loop_unref(program->loop);
}

int main(int count, char **arguments)
{
        mitome_error error = { 0 };
        struct program program = { .client = -1, .listener = -1 };
        if (command_launcher_is_meant(count, arguments))
                return command_launcher_main(arguments);
        if (!read_options(count, arguments, &program.options)) {
                show_usage();
                return EXIT_COULD_NOT;
        }
        program.loop = g_main_loop_new(NULL, FALSE);
        int result = EXIT_SUCCESS;
        if (failed(open_all(&program, &error))) {
                result = complain(&error);
                tell_why(program.client, &error);
        } else {
                serve(&program);
        }
        close_all(&program);
        return result;
}
