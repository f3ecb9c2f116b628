/* SPDX-License-Identifier: Apache-2.0 */
#include "phone.h"

#include "apdu.h"
#include "child_process.h"
#include "grow_finger.h"
#include "virtual_finger.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 10000, PRESENT_MS = 10000, POLL_MS = 20 };

/* ---- the way to the element, watched ---- */

static mitome_status watched_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct phone *phone = context;
        struct mitome_link card = card_link(phone->card);
        const struct mitome_trace *trace = &phone->config.trace;
        slice data;
        uint16_t sw;
        if (trace->apdu)
                trace->apdu(trace->context, true, command);
        MITOME_TRY(card.transmit(card.context, command, response, capacity, ret_size, error));
        if (trace->apdu)
                trace->apdu(trace->context, false, slice_of(response, *ret_size));
        if (!failed(apdu_read_response(slice_of(response, *ret_size), &data, &sw, NULL)) && sw != SW_OK)
                phone->last_refusal = sw;
        return ok();
}

/* ---- the gate, watched: the hand acts when the sensor lights up ---- */

static void lay_finger(struct phone *phone)
{
        if (phone->image_next >= phone->image_count)
                return;
        const uint8_t *image = phone->images[phone->image_next++];
        mitome_error error = { 0 };
        const struct virtual_finger_image laid = { FINGER_WIDTH, FINGER_HEIGHT,
                slice_of(image, FINGER_SIZE) };
        if (failed(virtual_finger_present(phone->sensor_socket, &laid, PRESENT_MS, &error)))
                phone->failure = error.code;
}

static void attack_evidence(struct phone *phone, struct mitome_gate_event *event)
{
        if (phone->attack == PHONE_REPLAYS_TOKEN && phone->has_recorded) {
                for (size_t i = 0; i < sizeof event->evidence; i++)
                        event->evidence[i] = phone->recorded[i];
        } else if (phone->attack == PHONE_BREAKS_MAC) {
                event->evidence[sizeof event->evidence - 1] ^= 1;
        }
}

static void record_evidence(struct phone *phone, const struct mitome_gate_event *event)
{
        for (size_t i = 0; i < sizeof event->evidence; i++)
                phone->recorded[i] = event->evidence[i];
        phone->has_recorded = true;
}

static mitome_status watched_start(
        void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct phone *phone = context;
        struct mitome_gate gate = matcher_gate(phone->matcher);
        struct mitome_gate_request asked = *request;
        if (phone->attack == PHONE_CHANGES_RP_ID && asked.purpose == MITOME_GATE_VERIFY)
                asked.rp_id = slice_text(phone->shown_rp_id);
        phone->last_gate_end = MITOME_GATE_NOTHING;
        phone->said = MITOME_GUIDANCE_TOUCH;
        return gate.start(gate.context, &asked, error);
}

static mitome_status watched_poll(
        void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct phone *phone = context;
        struct mitome_gate gate = matcher_gate(phone->matcher);
        MITOME_TRY(gate.poll(gate.context, wait_ms, ret, error));
        if (ret->kind == MITOME_GATE_AWAITS)
                lay_finger(phone);
        if (ret->kind >= MITOME_GATE_EVIDENCE)
                phone->last_gate_end = ret->kind;
        if (ret->kind == MITOME_GATE_EVIDENCE) {
                if (phone->attack == PHONE_HONEST)
                        record_evidence(phone, ret);
                attack_evidence(phone, ret);
        }
        return ok();
}

static void watched_cancel(void *context)
{
        struct phone *phone = context;
        struct mitome_gate gate = matcher_gate(phone->matcher);
        gate.cancel(gate.context);
}

/* ---- the screen ---- */

static void show(void *context, enum mitome_guidance state, unsigned number)
{
        struct phone *phone = context;
        phone->said = state;
        phone->said_number = number;
}

void phone_screen(const struct phone *phone, enum mitome_language language, char text[MITOME_GUIDANCE_MAX])
{
        if (failed(mitome_guidance_write(
                    phone->said, language, phone->said_number, text, MITOME_GUIDANCE_MAX, NULL)))
                text[0] = '\0';
}

void phone_finger(struct phone *phone, const uint8_t *const *images, unsigned count)
{
        phone->image_count = count < PHONE_IMAGES_MAX ? count : PHONE_IMAGES_MAX;
        phone->image_next = 0;
        for (unsigned i = 0; i < phone->image_count; i++)
                phone->images[i] = images[i];
}

/* ---- making one ---- */

static mitome_status path_in(
        const struct phone_config *config, const char *name, char path[PHONE_PATH_MAX], mitome_error *error)
{
        int size = snprintf(path, PHONE_PATH_MAX, "%s/%s", config->folder, name);
        return size > 0 && size < PHONE_PATH_MAX ? ok() : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
}

static void print_key(FILE *file, const uint8_t *key, size_t size)
{
        for (size_t i = 0; i < size; i++)
                fprintf(file, "%02x", key[i]);
        fputc('\n', file);
}

static mitome_status write_keys(const char *path, const struct scp03_keys *keys, mitome_error *error)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "key file", NULL);
        print_key(file, keys->enc, keys->size);
        print_key(file, keys->mac, keys->size);
        print_key(file, keys->dek, keys->size);
        return fclose(file) == 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, "key file", NULL);
}

static mitome_status start_element(struct phone *phone, const struct scp03_keys *keys, mitome_error *error)
{
        char state[PHONE_PATH_MAX], key_file[PHONE_PATH_MAX];
        MITOME_TRY(path_in(&phone->config, "element", state, error));
        MITOME_TRY(path_in(&phone->config, "scp03-keys", key_file, error));
        MITOME_TRY(path_in(&phone->config, "element.sock", phone->element_socket, error));
        MITOME_TRY(write_keys(key_file, keys, error));
        const char *const create[] = { phone->config.program, "element", "--state", state, "--create",
                "--scp03-keys", key_file, NULL };
        mitome_status status = child_process_run(create, error);
        unlink(key_file);
        MITOME_TRY(status);
        const char *const serve[] = { phone->config.program, "element", "--state", state, "--unix",
                phone->element_socket, NULL };
        MITOME_TRY(child_process_start(serve, &phone->element_process, error));
        return card_link_open(phone->element_socket, START_MS, &phone->card, error);
}

static mitome_status start_matcher(struct phone *phone, mitome_error *error)
{
        char state[PHONE_PATH_MAX], sensor[PHONE_PATH_MAX + 32];
        MITOME_TRY(path_in(&phone->config, "matcher", state, error));
        MITOME_TRY(path_in(&phone->config, "sensor.sock", phone->sensor_socket, error));
        snprintf(sensor, sizeof sensor, "FP_VIRTUAL_IMAGE=%s", phone->sensor_socket);
        const char *const environment[] = { sensor, NULL };
        const struct matcher_gate_config config = {
                .program = phone->config.matcher, .state = state, .environment = environment
        };
        return matcher_gate_start(&config, &phone->matcher, error);
}

mitome_status phone_make(struct phone *phone, const struct phone_config *config,
        const struct scp03_keys *keys, mitome_error *error)
{
        *phone = (struct phone){ .config = *config };
        phone->link = (struct mitome_link){ .context = phone, .transmit = watched_transmit };
        phone->gate = (struct mitome_gate){ .version = MITOME_GATE_VERSION,
                .context = phone,
                .start = watched_start,
                .poll = watched_poll,
                .cancel = watched_cancel };
        mitome_status status = start_element(phone, keys, error);
        if (!failed(status))
                status = mitome_enforcer_new(&phone->link, &config->app, &phone->jpki, error);
        if (!failed(status))
                status = start_matcher(phone, error);
        if (failed(status))
                phone_end(phone);
        return status;
}

void phone_rest(struct phone *phone)
{
        mitome_authenticator_free(phone->authenticator);
        phone->authenticator = NULL;
        if (phone->jpki)
                mitome_enforcer_close(phone->jpki);
}

void phone_end(struct phone *phone)
{
        phone_rest(phone);
        mitome_enforcer_free(phone->jpki);
        matcher_gate_close(phone->matcher);
        card_link_close(phone->card);
        child_process_stop(phone->element_process);
        phone->jpki = NULL;
        phone->matcher = NULL;
        phone->card = NULL;
        phone->element_process = 0;
}

/* ---- libfido2's transport ---- */

/* libfido2 opens a device by its path alone: this is the phone that the path means. */
static struct phone *opened;

static uint64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The authenticator goes on between openings: its channel to the element is not the JPKI applet's. */
static bool start_authenticator(void)
{
        if (opened->authenticator)
                return true;
        const struct mitome_authenticator_config config = { .element = opened->link,
                .app = opened->config.app,
                .gate = opened->gate,
                .random = opened->config.random,
                .presence = { .context = opened, .tell = show }, /* nobody touches: fingers do */
                .trace = { .context = opened->config.trace.context,
                        .ctap = opened->config.trace.ctap } }; /* the APDUs are watched below */
        mitome_error error = { 0 };
        if (failed(mitome_authenticator_new(&config, &opened->authenticator, &error))) {
                opened->failure = error.code;
                return false;
        }
        return true;
}

static void *transport_open(const char *path)
{
        (void)path;
        return start_authenticator() ? opened : NULL;
}

static void transport_close(void *handle)
{
        (void)handle;
}

static int transport_read(void *handle, unsigned char *buffer, size_t size, int timeout_ms)
{
        struct phone *phone = handle;
        uint64_t end = timeout_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)timeout_ms;
        if (size < MITOME_REPORT_SIZE)
                return -1;
        do
                if (mitome_authenticator_send(phone->authenticator, POLL_MS, now_ms(), buffer))
                        return MITOME_REPORT_SIZE;
        while (now_ms() < end);
        return -1;
}

/* libfido2 writes the number of the report before it. */
static int transport_write(void *handle, const unsigned char *buffer, size_t size)
{
        struct phone *phone = handle;
        if (size != MITOME_REPORT_SIZE + 1)
                return -1;
        mitome_authenticator_receive(phone->authenticator, buffer + 1, now_ms());
        return (int)size;
}

fido_dev_t *phone_open(struct phone *phone)
{
        static const fido_dev_io_t transport = { transport_open, transport_close, transport_read,
                transport_write };
        fido_dev_t *device = fido_dev_new();
        opened = phone;
        if (!device || fido_dev_set_io_functions(device, &transport) != FIDO_OK ||
                fido_dev_open(device, "mitome") != FIDO_OK) {
                fido_dev_free(&device);
                return NULL;
        }
        return device;
}

void phone_close(fido_dev_t *device)
{
        fido_dev_close(device);
        fido_dev_free(&device);
}
