/* SPDX-License-Identifier: Apache-2.0 */
#include "specimen.h"

#include "card_keys.h"
#include "child_process.h"
#include "demo_finger.h"
#include "provision.h"
#include "specimen_folder.h"
#include "steady_clock.h"
#include "storage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FULL_SCP03 = 0x70, AES_128 = 16, UNHURRIED_MS = 1000 };

uint64_t specimen_now(const struct specimen *specimen)
{
        return steady_clock_ms() + specimen->clock.seconds * 1000 + specimen->hurried_ms;
}

/* ---- its folder ---- */

static mitome_status make_folder(struct specimen *specimen, mitome_error *error)
{
        const char *above = getenv("TMPDIR");
        specimen_folder_sweep(above ? above : "/tmp");
        MITOME_TRY(specimen_folder_make(above ? above : "/tmp", specimen->folder,
                sizeof specimen->folder - 32, &specimen->lock, error));
        snprintf(specimen->medium_path, sizeof specimen->medium_path, "%s/medium", specimen->folder);
        snprintf(specimen->sensor, sizeof specimen->sensor, "%s/sensor.sock", specimen->folder);
        snprintf(specimen->matcher_folder, sizeof specimen->matcher_folder, "%s/matcher", specimen->folder);
        char log[SPECIMEN_PATH_MAX + 8];
        snprintf(log, sizeof log, "%s/log", specimen->folder);
        specimen->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        return specimen->log >= 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, log, NULL);
}

/* ---- the factory ---- */

static mitome_status make_keys(struct specimen *specimen, mitome_error *error)
{
        const struct mitome_random *random = &specimen->config.random;
        struct mitome_card_keys *keys = &specimen->keys;
        *keys = (struct mitome_card_keys){ .size = AES_128, .i = FULL_SCP03 };
        if (random->fill(random->context, keys->enc, AES_128) != 0 ||
                random->fill(random->context, keys->mac, AES_128) != 0 ||
                random->fill(random->context, keys->dek, AES_128) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        return ok();
}

/* The maker's pairing reads the keys of the domain from the device's folder: there they lie while it does. */
static mitome_status pair_with_keys(struct specimen *specimen, mitome_error *error)
{
        char path[SPECIMEN_PATH_MAX + 16];
        snprintf(path, sizeof path, "%s/scp03-keys", specimen->folder);
        MITOME_TRY(card_keys_write(path, &specimen->keys, error));
        mitome_status status = device_pair_if_alone(&specimen->device, error);
        (void)unlink(path);
        return status;
}

static mitome_status provision(
        struct specimen *specimen, struct mitome_element_config *config, mitome_error *error)
{
        struct mitome_app app;
        MITOME_TRY(mitome_enforcer_app(slice_text(SPECIMEN_APP), &app, error));
        MITOME_TRY(make_keys(specimen, error));
        const struct provision_order order = { .element = config,
                .folder = specimen->folder,
                .personality = PROVISION_AUTHENTICATOR,
                .app = SLICE(app.sha256),
                .quiet = true };
        return provision_demo(&order, &specimen->keys, error);
}

/* The key that seals the state is the folder's, as of any element. */
static mitome_status make_element(struct specimen *specimen, mitome_error *error)
{
        struct storage_file *file;
        if (specimen->config.bare)
                cut_medium_set_bare(specimen->medium);
        struct mitome_element_config config = { .storage = cut_medium_storage(specimen->medium),
                .anchor = cut_medium_anchor(specimen->medium),
                .random = specimen->config.random };
        MITOME_TRY(storage_file_open(specimen->folder, &file, error));
        mitome_status status = storage_file_key(file, config.storage_key, error);
        storage_file_close(file);
        if (!failed(status))
                status = provision(specimen, &config, error);
        bytes_wipe(&config, sizeof config);
        return status;
}

/* ---- the element's process ---- */

static mitome_status start_element(struct specimen *specimen, mitome_error *error)
{
        int ends[2];
        const char *const serve[] = { specimen->config.program, "element", "--state", specimen->folder,
                "--medium", specimen->medium_path, "--socket", "3", NULL };
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return fail(error, MITOME_E_PROCESS, "the element's process", NULL);
        mitome_status status = child_process_start_logged(
                serve, ends[1], specimen->log, &specimen->device.element_process, error);
        close(ends[1]);
        if (failed(status)) {
                close(ends[0]);
                return status;
        }
        return card_link_adopt(ends[0], &specimen->device.card, error);
}

static void kill_element(struct specimen *specimen)
{
        const pid_t process = specimen->device.element_process;
        card_link_close(specimen->device.card);
        specimen->device.card = NULL;
        specimen->device.element_process = 0;
        if (process <= 0)
                return;
        kill(process, SIGKILL);
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR)
                ;
}

/* ---- the way to it: what was cut off answers nothing any more ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct specimen *specimen = context;
        if (!specimen->device.card)
                return fail(error, MITOME_E_LINK, "element", NULL);
        const struct mitome_link link = card_link(specimen->device.card);
        mitome_status status = link.transmit(link.context, command, response, capacity, ret_size, error);
        if (!failed(status) && cut_medium_is_off(specimen->medium))
                return fail(error, MITOME_E_LINK, "element", NULL);
        return status;
}

static mitome_status reset_element(void *context, mitome_error *error)
{
        struct specimen *specimen = context;
        return specimen->device.card ? card_link_reset(specimen->device.card, error)
                                     : fail(error, MITOME_E_LINK, "element", NULL);
}

struct mitome_link specimen_link(struct specimen *specimen)
{
        return (struct mitome_link){ .context = specimen, .transmit = transmit, .reset = reset_element };
}

/* ---- the matcher, which is started when it is first needed ---- */

static mitome_status start_matcher(struct specimen *specimen, mitome_error *error)
{
        char image[SPECIMEN_PATH_MAX + 64];
        snprintf(image, sizeof image, "FP_VIRTUAL_IMAGE=%s", specimen->sensor);
        const char *const environment[] = { image, NULL };
        const struct matcher_gate_config config = { .program = specimen->config.matcher,
                .state = specimen->matcher_folder,
                .environment = environment,
                .log = specimen->log };
        MITOME_TRY(matcher_gate_start(&config, &specimen->device.matcher, error));
        specimen->to_matcher = matcher_gate(specimen->device.matcher);
        return ok();
}

static mitome_status ready(void *context, const struct mitome_gate **ret, mitome_error *error)
{
        struct specimen *specimen = context;
        if (!specimen->device.matcher)
                MITOME_TRY(start_matcher(specimen, error));
        *ret = &specimen->to_matcher;
        return ok();
}

void specimen_stop_matcher(struct specimen *specimen)
{
        matcher_gate_close(specimen->device.matcher);
        specimen->device.matcher = NULL;
        specimen->hand.gate = NULL;
}

/* ---- the user ---- */

static enum mitome_presence_answer poll_touch(void *context, int wait_ms)
{
        struct specimen *specimen = context;
        (void)wait_ms;
        if (specimen->touches)
                return MITOME_PRESENCE_TOUCHED;
        specimen->hurried_ms += UNHURRIED_MS; /* nobody comes: there is nothing to wait for */
        return MITOME_PRESENCE_NOTHING;
}

static void hear_ctap(void *context, bool request, mitome_slice message)
{
        enum { RESET = 0x07, DONE = 0x00 };
        struct specimen *specimen = context;
        if (message.size == 0)
                return;
        if (request)
                specimen->command = message.data[0];
        else if (specimen->command == RESET && message.data[0] == DONE)
                specimen->was_reset = true;
}

/* ---- on and off ---- */

mitome_status specimen_wake(struct specimen *specimen, mitome_error *error)
{
        if (specimen->authenticator)
                return ok();
        struct mitome_app app;
        MITOME_TRY(mitome_enforcer_app(slice_text(SPECIMEN_APP), &app, error));
        const struct mitome_authenticator_config config = {
                .element = specimen_link(specimen),
                .app = app,
                .gate = specimen->has_finger ? specimen->gate : (struct mitome_gate){ 0 },
                .random = specimen->config.random,
                .presence = { .context = specimen, .poll = poll_touch },
                .trace = { .context = specimen, .ctap = hear_ctap },
                .blobs = blob_file(specimen->blobs),
        };
        return mitome_authenticator_new(&config, &specimen->authenticator, error);
}

mitome_status specimen_rest(struct specimen *specimen, mitome_error *error)
{
        if (!specimen->authenticator)
                return ok();
        mitome_authenticator_free(specimen->authenticator);
        specimen->authenticator = NULL;
        return reset_element(specimen, error);
}

void specimen_power_off(struct specimen *specimen)
{
        mitome_authenticator_free(specimen->authenticator);
        specimen->authenticator = NULL;
        specimen_stop_matcher(specimen);
        kill_element(specimen);
        specimen->powered = false;
}

/* An element that was reset has no matcher any more; its maker pairs the two again. */
static mitome_status pair_again(struct specimen *specimen, mitome_error *error)
{
        const struct mitome_gate *gate;
        if (!specimen->has_finger)
                return ok();
        MITOME_TRY(ready(specimen, &gate, error));
        MITOME_TRY(mitome_enforcer_app(slice_text(SPECIMEN_APP), &specimen->device.config.app, error));
        MITOME_TRY(pair_with_keys(specimen, error));
        specimen->was_reset = false;
        return reset_element(specimen, error);
}

mitome_status specimen_power_on(struct specimen *specimen, mitome_error *error)
{
        if (specimen->powered)
                return ok();
        mitome_status status = start_element(specimen, error);
        specimen->powered = !failed(status);
        if (!failed(status) && specimen->was_reset)
                status = pair_again(specimen, error);
        if (!failed(status))
                status = specimen_wake(specimen, error);
        if (failed(status))
                specimen_power_off(specimen);
        return status;
}

/* ---- its beginning ---- */

/* One that was not built, or cannot run here, only means that there is no finger. */
static mitome_status try_matcher(struct specimen *specimen, mitome_error *error)
{
        const struct mitome_gate *gate;
        specimen->has_finger = specimen->config.matcher && !failed(ready(specimen, &gate, NULL));
        specimen->was_reset = specimen->has_finger; /* as a new one it is alone, too */
        specimen->gate = specimen_hand_gate(&specimen->hand);
        if (specimen->has_finger)
                return ok();
        specimen_stop_matcher(specimen);
        (void)error;
        return ok();
}

static mitome_status keep_pristine(struct specimen *specimen, mitome_error *error)
{
        specimen_power_off(specimen);
        MITOME_TRY(specimen_image_keep(cut_medium_image(specimen->medium), &specimen->pristine, error));
        specimen->pristine_count = cut_medium_count(specimen->medium);
        specimen->pristine_touch = specimen->hand.touch;
        MITOME_TRY(specimen_files_keep(specimen->matcher_folder, &specimen->matcher_files, error));
        return specimen_power_on(specimen, error);
}

static mitome_status build(struct specimen *specimen, mitome_error *error)
{
        char blobs[SPECIMEN_PATH_MAX + 16];
        MITOME_TRY(make_folder(specimen, error));
        MITOME_TRY(cut_medium_open(specimen->medium_path, &specimen->medium, error));
        MITOME_TRY(make_element(specimen, error));
        snprintf(blobs, sizeof blobs, "%s/large-blobs", specimen->folder);
        MITOME_TRY(blob_file_open(blobs, &specimen->blobs, error));
        if (specimen->config.matcher) /* only the matcher's time is the machine's, and it is all specimens' */
                specimen_clock_try(&specimen->clock);
        MITOME_TRY(try_matcher(specimen, error));
        MITOME_TRY(specimen_power_on(specimen, error));
        if (specimen->has_finger)
                MITOME_TRY(demo_finger_enrol(specimen->authenticator, error));
        return keep_pristine(specimen, error);
}

mitome_status specimen_open(
        struct specimen *specimen, const struct specimen_config *config, mitome_error *error)
{
        *specimen = (struct specimen){ .config = *config, .log = -1, .lock = -1, .touches = true };
        specimen->device = (struct device){
                .config = { .state = specimen->folder, .quiet = true, .virtual_sensor = true },
                .element_ending = -1,
        };
        specimen->hand = (struct specimen_hand){
                .ready = ready, .context = specimen, .sensor = specimen->sensor, .whose = TARGET_FINGER_HOLDER
        };
        mitome_status status = build(specimen, error);
        if (failed(status))
                specimen_close(specimen);
        return status;
}

mitome_status specimen_renew(struct specimen *specimen, mitome_error *error)
{
        specimen_power_off(specimen);
        cut_medium_on(specimen->medium);
        MITOME_TRY(cut_medium_put(
                specimen->medium, slice_of(specimen->pristine.bytes, specimen->pristine.size), error));
        cut_medium_set_count(specimen->medium, specimen->pristine_count);
        if (specimen->has_finger)
                MITOME_TRY(specimen_files_put(specimen->matcher_folder, &specimen->matcher_files, error));
        const struct mitome_blobs blobs = blob_file(specimen->blobs);
        MITOME_TRY(blobs.save(blobs.context, (slice){ 0 }, error));
        specimen->was_reset = false;
        specimen->touches = true;
        specimen->hand.whose = TARGET_FINGER_HOLDER;
        specimen->hand.change = NULL;
        specimen->hand.touch = specimen->pristine_touch;
        specimen->hand.stranger = 0;
        return specimen_power_on(specimen, error);
}

void specimen_close(struct specimen *specimen)
{
        specimen_power_off(specimen);
        specimen_hand_drop(&specimen->hand);
        blob_file_close(specimen->blobs);
        cut_medium_close(specimen->medium);
        specimen_files_drop(&specimen->matcher_files);
        specimen_image_drop(&specimen->pristine);
        for (size_t i = 0; i < SPECIMEN_SLOTS; i++)
                specimen_image_drop(&specimen->slots[i]);
        if (specimen->log >= 0)
                close(specimen->log);
        if (specimen->folder[0])
                specimen_files_remove(specimen->folder);
        if (specimen->lock >= 0)
                close(specimen->lock);
        bytes_wipe(&specimen->keys, sizeof specimen->keys);
        *specimen = (struct specimen){ .log = -1, .lock = -1 };
}

/* ---- what it stored ---- */

mitome_status specimen_image_keep(slice image, struct specimen_image *ret, mitome_error *error)
{
        uint8_t *copy = malloc(image.size + 1);
        if (!copy)
                return fail(error, MITOME_E_NO_MEMORY, "the medium", NULL);
        mitome_status status = slice_copy(image, "the medium", copy, image.size, error);
        if (failed(status)) {
                free(copy);
                return status;
        }
        specimen_image_drop(ret);
        *ret = (struct specimen_image){ copy, image.size };
        return ok();
}

void specimen_image_drop(struct specimen_image *image)
{
        if (image->bytes)
                bytes_wipe(image->bytes, image->size);
        free(image->bytes);
        *image = (struct specimen_image){ 0 };
}
