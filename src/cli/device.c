/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "child_process.h"
#include "device_pairing.h"
#include "provision.h"
#include "random_system.h"
#include "storage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FULL_SCP03 = 0x70 };

mitome_status device_path(
        const char *folder, const char *name, char path[DEVICE_PATH_MAX], mitome_error *error)
{
        int size = snprintf(path, DEVICE_PATH_MAX, "%s/%s", folder, name);
        return size > 0 && size < DEVICE_PATH_MAX ? ok() : fail(error, MITOME_E_TOO_LONG, "--state", NULL);
}

static const char demo_marker[] = "demonstration";

bool device_is_demo(const char *folder)
{
        char path[DEVICE_PATH_MAX];
        return !failed(device_path(folder, demo_marker, path, NULL)) && access(path, F_OK) == 0;
}

/* Whoever opens the folder again knows that its finger was a virtual one. */
static mitome_status mark_demo(const char *folder, mitome_error *error)
{
        char path[DEVICE_PATH_MAX];
        MITOME_TRY(device_path(folder, demo_marker, path, error));
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || close(fd) != 0)
                return fail(error, MITOME_E_FILE_WRITE, "--state", NULL);
        return ok();
}

/* Made in this process, before the element's own has begun: what a factory does. */
static mitome_status make_element(
        const struct mitome_element_config *config, const struct device_config *device, mitome_error *error)
{
        struct mitome_card_keys keys = { .i = FULL_SCP03 };
        const struct provision_order order = { .element = config,
                .folder = device->state,
                .personality = device->provision ? PROVISION_AUTHENTICATOR : PROVISION_PLAIN };
        mitome_status status = provision_make_keys(device->state, &keys, error);
        if (!failed(status) && device->provision)
                status = mark_demo(device->state, error);
        if (!failed(status))
                status = provision_demo(&order, &keys, error);
        bytes_wipe(&keys, sizeof keys);
        return status;
}

static mitome_status make_if_new(struct storage_file *file, struct device *device, mitome_error *error)
{
        struct mitome_element_config config = { .storage = storage_file(file), .random = random_system() };
        uint8_t *image = NULL;
        size_t size;
        MITOME_TRY(config.storage.load(config.storage.context, &image, &size, error));
        free(image);
        if (image)
                return ok();
        mitome_status status = storage_file_key(file, config.storage_key, error);
        if (!failed(status))
                status = make_element(&config, &device->config, error);
        bytes_wipe(&config, sizeof config);
        device->is_new = !failed(status);
        return status;
}

static mitome_status prepare(struct device *device, mitome_error *error)
{
        struct storage_file *file;
        MITOME_TRY(storage_file_open(device->config.state, &file, error));
        mitome_status status = make_if_new(file, device, error);
        storage_file_close(file);
        return status;
}

/* The socket is inherited: it has no name that anybody else could connect to. */
static mitome_status start_element(struct device *device, mitome_error *error)
{
        int ends[2];
        const char *const serve[] = { device->self, "element", "--state", device->config.state, "--socket",
                "3", NULL };
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return fail(error, MITOME_E_PROCESS, "the element's process", NULL);
        mitome_status status = child_process_start_with(serve, ends[1], &device->element_process, error);
        close(ends[1]);
        if (failed(status)) {
                close(ends[0]);
                return status;
        }
        device->element_ending = pidfd_open(device->element_process, 0);
        return card_link_adopt(ends[0], &device->card, error);
}

/* ---- the matcher ---- */

/* Installed it is beside this program; where it is built it has a folder of its own. */
static bool find_matcher(const struct device *device, char path[DEVICE_PATH_MAX])
{
        static const char *const places[] = { "mitome-matcher", "src/edge/matcher/mitome-matcher" };
        const char *slash = strrchr(device->self, '/');
        int folder = slash ? (int)(slash - device->self) : 0;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
                int size = snprintf(path, DEVICE_PATH_MAX, "%.*s/%s", folder, device->self, places[i]);
                if (size > 0 && size < DEVICE_PATH_MAX && access(path, X_OK) == 0)
                        return true;
        }
        return false;
}

/* fprintd is asked over the system's bus, which may be elsewhere. The rest of our environment is not the
 * matcher's business. */
static void name_bus(char *bus, size_t size)
{
        const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
        snprintf(bus, size, "DBUS_SYSTEM_BUS_ADDRESS=%s",
                address ? address : "unix:path=/run/dbus/system_bus_socket");
}

static void tell_of_matcher(void *context, const char *what)
{
        (void)context;
        fprintf(stderr, "mitome authenticator: %s\n", what);
}

static mitome_status run_matcher(struct device *device, const char *program, mitome_error *error)
{
        char state[DEVICE_PATH_MAX], image[DEVICE_PATH_MAX + 32], bus[256];
        MITOME_TRY(device_path(device->config.state, "matcher", state, error));
        MITOME_TRY(device_path(device->config.state, "sensor.sock", device->sensor, error));
        snprintf(image, sizeof image, "FP_VIRTUAL_IMAGE=%s", device->sensor);
        name_bus(bus, sizeof bus);
        const char *const virtual[] = { image, NULL }, *const real[] = { bus, NULL };
        const struct matcher_gate_config config = { .program = program,
                .state = state,
                .sensor = device->config.sensor,
                .tell = tell_of_matcher,
                .environment = device->config.virtual_sensor ? virtual : real };
        return matcher_gate_start(&config, &device->matcher, error);
}

static mitome_status start_matcher(struct device *device, mitome_error *error)
{
        char found[DEVICE_PATH_MAX];
        const char *program = device->config.matcher;
        if (!program && find_matcher(device, found))
                program = found;
        if (!program)
                return fail(error, MITOME_E_NO_MATCHER, NULL, NULL);
        return run_matcher(device, program, error);
}

static void say_no_finger(const mitome_error *cause)
{
        char text[256];
        mitome_explain(cause, text, sizeof text);
        fprintf(stderr, "mitome authenticator: no finger: %s\n", text);
}

/* One that is missing or broken does not keep the PIN from working. */
static mitome_status start_matcher_or_say(struct device *device, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = start_matcher(device, &cause);
        if (!failed(status))
                return status;
        if (device->config.needs_matcher)
                return fail(error, status.code, cause.field, cause.clause);
        say_no_finger(&cause);
        return ok();
}

/* ---- pairing ---- */

static mitome_status read_state(const struct device *device, struct device_state *ret, mitome_error *error)
{
        const struct device_apps apps = { .fido = device->config.app, .jpki = device->config.app };
        const struct mitome_link link = card_link(device->card);
        return device_state_read_as(&link, -1, &apps, ret, error);
}

/* An element that has a matcher keeps it: only the management station gives it another. One that
 * authenticatorReset has left without is paired again, as its maker would. */
mitome_status device_pair_if_alone(struct device *device, mitome_error *error)
{
        if (!device->matcher)
                return ok();
        struct device_state state;
        MITOME_TRY(read_state(device, &state, error));
        return state.has_matcher ? device_check_sensor(device, &state, error)
                                 : device_pair(device, &state, error);
}

/* ---- authenticatorReset, cut short ----
 *
 * The element erases its own at a stroke; what websites laid into the large-blob array is a file of ours,
 * which goes after it. A reset that was begun leaves a marker until it was answered: who finds it at the next
 * start finishes what the element had done. (The matcher forgets its fingers as it is paired again.) */

static const char reset_marker[] = "resetting";

void device_note_reset(const struct device *device, bool begins)
{
        char path[DEVICE_PATH_MAX];
        if (failed(device_path(device->config.state, reset_marker, path, NULL)))
                return;
        if (begins) {
                int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                if (fd >= 0)
                        close(fd);
        } else if (!card_link_is_gone(device->card)) { /* else nobody knows what it came to */
                (void)unlink(path);
        }
}

/* Erased it has neither PIN nor credentials, and where it had none before there is no blob to be missed: only
 * discoverable credentials have a key for one. */
static mitome_status finish_reset(const struct device *device, mitome_error *error)
{
        char path[DEVICE_PATH_MAX];
        struct device_state state;
        MITOME_TRY(device_path(device->config.state, reset_marker, path, error));
        if (access(path, F_OK) != 0)
                return ok();
        MITOME_TRY(read_state(device, &state, error));
        if (!state.has_pin && state.credentials == 0 && unlink(device->blobs) != 0 && errno != ENOENT)
                return fail(error, MITOME_E_FILE_WRITE, "the large blobs", NULL);
        return unlink(path) == 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, "--state", NULL);
}

/* ---- its life ---- */

/* A matcher that is none for this element does not keep the PIN from working, either. */
static mitome_status pair_or_say(struct device *device, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = device_pair_if_alone(device, &cause);
        bool unfit = status.code >= MITOME_E_MATCHER_UNCERTIFIED && status.code <= MITOME_E_MATCHER_UNTESTED;
        if (!failed(status))
                return status;
        if (!unfit || device->config.needs_matcher)
                return fail(error, status.code, cause.field, cause.clause);
        say_no_finger(&cause);
        matcher_gate_close(device->matcher);
        device->matcher = NULL;
        return ok();
}

static mitome_status start_all(struct device *device, mitome_error *error)
{
        MITOME_TRY(start_element(device, error));
        MITOME_TRY(finish_reset(device, error));
        MITOME_TRY(start_matcher_or_say(device, error));
        return pair_or_say(device, error);
}

static mitome_status name_paths(struct device *device, mitome_error *error)
{
        ssize_t size = readlink("/proc/self/exe", device->self, sizeof device->self - 1);
        if (size <= 0)
                return fail(error, MITOME_E_PROCESS, "the element's process", NULL);
        return device_path(device->config.state, "large-blobs", device->blobs, error);
}

mitome_status device_start(struct device *device, const struct device_config *config, mitome_error *error)
{
        *device = (struct device){ .config = *config, .element_ending = -1 };
        MITOME_TRY(name_paths(device, error));
        MITOME_TRY(prepare(device, error));
        return start_all(device, error);
}

mitome_status device_start_element(struct device *device, const char *state, mitome_error *error)
{
        char image[DEVICE_PATH_MAX];
        *device = (struct device){ .config = { .state = state }, .element_ending = -1 };
        MITOME_TRY(name_paths(device, error));
        MITOME_TRY(device_path(state, "state", image, error));
        if (access(image, F_OK) != 0)
                return fail(error, MITOME_E_STORE_MISSING, NULL, NULL);
        return start_element(device, error);
}

void device_stop(struct device *device)
{
        matcher_gate_close(device->matcher);
        card_link_close(device->card);
        child_process_stop(device->element_process);
        if (device->element_process && device->element_ending >= 0)
                close(device->element_ending);
        device->element_ending = -1;
        device->matcher = NULL;
        device->card = NULL;
        device->element_process = 0;
}
