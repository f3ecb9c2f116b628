/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_gate.h"

#include "cbor.h"
#include "finger_client.h"
#include "sample_memory.h"
#include "steady_clock.h"
#include "storage_file.h"
#include "tlv.h"
#include "virtual_finger.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MUST(condition)                                                        \
        do {                                                                   \
                if (!(condition)) {                                            \
                        printf("bench_gate.c:%d: %s\n", __LINE__, #condition); \
                        exit(2);                                               \
                }                                                              \
        } while (0)

enum {
        MAKE_CREDENTIAL = 0x01,
        GET_ASSERTION = 0x02,
        UP_WAIT_MS = 1000,
        LAY_MS = 20000,
        SAMPLES = 5,
        FIRST_FINGER = 7000,
};

static const char rp_id[] = "login.example.go.jp";
static const uint8_t client_data_hash[SHA256_SIZE] = { 0xC0 }, app_hash[32] = { 0x5A };
static const int cose_of[GATE_CREDENTIALS] = { [GATE_ES256] = -7, [GATE_RS256] = -257 };

/* ---- time ---- */

static double microseconds(clockid_t clock)
{
        struct timespec now;
        MUST(clock_gettime(clock, &now) == 0);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double computing(const struct gate_bench *bench)
{
        clockid_t matcher;
        double own = microseconds(CLOCK_THREAD_CPUTIME_ID);
        if (clock_getcpuclockid(matcher_gate_process(bench->matcher), &matcher) != 0)
                return own;
        return own + microseconds(matcher);
}

static void start_watch(struct gate_bench *bench)
{
        bench->began_wall = microseconds(CLOCK_MONOTONIC);
        bench->began_computing = computing(bench);
}

/* What libfprint took, as the matcher says with its scores; nothing where there are none. */
static void read_scores(struct gate_bench *bench, struct gate_times *ret)
{
        static const char word[] = "libfprint ";
        char text[4096];
        if (bench->scores[0] < 0)
                return;
        ssize_t size = read(bench->scores[0], text, sizeof text - 1); /* all of it was written before */
        text[size > 0 ? size : 0] = '\0';
        const char *line = strstr(text, word);
        if (line) {
                char *next;
                ret->libfprint_wall = strtod(line + sizeof word - 1, &next);
                ret->libfprint_computing = strtod(next, NULL);
        }
}

static struct gate_times stop_watch(struct gate_bench *bench)
{
        struct gate_times times = { .wall = microseconds(CLOCK_MONOTONIC) - bench->began_wall,
                .computing = computing(bench) - bench->began_computing };
        read_scores(bench, &times);
        return times;
}

/* ---- the hand ---- */

static void press(struct gate_bench *bench, unsigned count)
{
        if (!bench->virtual_sensor)
                return;
        for (bench->pressed = bench->laid = 0; bench->pressed < count; bench->pressed++) {
                const struct finger_touch touch = finger_usual_touch(++bench->touch);
                finger_press(bench->fingers[bench->hand], &touch, bench->images[bench->pressed]);
        }
}

/* For a verification the time begins with the finger; for an enrolment it has begun. */
static void lay(struct gate_bench *bench, bool verifies)
{
        if (bench->laid == bench->pressed)
                press(bench, 1);
        const struct virtual_finger_image image = { .width = FINGER_WIDTH,
                .height = FINGER_HEIGHT,
                .grey = slice_of(bench->images[bench->laid++], FINGER_SIZE) };
        if (verifies)
                start_watch(bench);
        (void)failed(virtual_finger_present(bench->sensor, &image, LAY_MS, NULL));
}

static mitome_status start_gate(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct gate_bench *bench = context;
        bench->verifies = request->purpose == MITOME_GATE_VERIFY;
        return bench->gate.start(bench->gate.context, request, error);
}

static mitome_status poll_gate(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct gate_bench *bench = context;
        mitome_status status = bench->gate.poll(bench->gate.context, wait_ms, ret, error);
        if (!failed(status) && ret->kind == MITOME_GATE_AWAITS && bench->virtual_sensor)
                lay(bench, bench->verifies);
        return status;
}

static void cancel_gate(void *context)
{
        struct gate_bench *bench = context;
        bench->gate.cancel(bench->gate.context);
}

/* ---- the element ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct gate_bench *bench = context;
        (void)capacity;
        return mitome_element_transmit(bench->element.element, command, response, ret_size, error);
}

static enum mitome_presence_answer touch(void *context, int wait_ms)
{
        (void)context;
        (void)wait_ms;
        return MITOME_PRESENCE_TOUCHED;
}

/* What a management station does: the relying party may learn the person's certificate, and no host has a
 * hash of its own signed by its key. */
static void allow_certificate(struct element_rig *element)
{
        static const uint8_t no_host_hashes[] = { 0x80, 1, 0x00, 0x81, 1, 0x01 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write_u8(&w, 0x80, 1);
        tlv_write(&w, 0x81, slice_text(rp_id));
        MUST(element_rig_channel(element, element_rig_jpki, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(element, 0x80DA0000, SLICE(no_host_hashes)) == SW_OK);
        MUST(element_rig_channel(element, element_rig_fido, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(element, 0x803A0000, writer_view(&w)) == SW_OK);
}

/* As the maker's certificate would have it, which nobody looks at here. */
static void pair(struct gate_bench *bench)
{
        struct element_rig *element = &bench->element;
        uint8_t point[PAIRING_POINT_SIZE], mac[SHA256_SIZE], bytes[80];
        writer w = WRITER(bytes);
        MUST(!failed(matcher_gate_point(bench->matcher, point, NULL)));
        element_rig_write_matcher(element, SLICE(point), &w);
        MUST(element_rig_channel(element, element_rig_fido, &element_rig_keys) == SW_OK);
        MUST(element_rig_secured(element, 0x80320000, writer_view(&w)) == SW_OK);
        MUST(!failed(matcher_gate_pair(bench->matcher, element_rig_value(element, 0x80), mac, NULL)));
        w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(mac));
        MUST(element_rig_secured(element, 0x803C0000, writer_view(&w)) == SW_OK);
}

static void open_element(struct gate_bench *bench)
{
        struct element_rig *element = &bench->element;
        element_rig_open(element);
        element_rig_personalise(element);
        element_rig_make_device(element);
        allow_certificate(element);
        pair(bench);
        element_rig_allow(element, element_rig_fido, SLICE(app_hash));
        bench_medium_move(&bench->medium, element);
        MUST(element_rig_select(element, element_rig_manager) == SW_OK);
}

/* ---- the matcher ---- */

static void open_matcher(struct gate_bench *bench, const struct gate_bench_config *config)
{
        const char *const environment[] = { "ASAN_OPTIONS=detect_leaks=0", NULL };
        bench->scores[0] = bench->scores[1] = -1;
        MUST(!bench->virtual_sensor ||
                (pipe2(bench->scores, O_CLOEXEC) == 0 && fcntl(bench->scores[0], F_SETFL, O_NONBLOCK) == 0));
        const struct matcher_gate_config matcher = {
                .program = config->matcher,
                .state = bench->state,
                .sensor = bench->virtual_sensor ? bench->socket : "scripted",
                .environment = environment,
                .scores = bench->virtual_sensor ? bench->scores[1] : 0,
                .recycle_requests = config->recycle_requests,
        };
        MUST(!failed(matcher_gate_start(&matcher, &bench->matcher, NULL)));
        bench->gate = matcher_gate(bench->matcher);
}

/* One more print of a finger that is enrolled nowhere; false: it was not taken. */
static bool judge_print(struct gate_bench *bench, struct sample_memory *memory, const struct finger *finger,
        struct gate_times *ret)
{
        const struct finger_touch usual = finger_usual_touch(++bench->touch);
        const struct virtual_finger_image image = { .width = FINGER_WIDTH,
                .height = FINGER_HEIGHT,
                .grey = slice_of(bench->images[0], FINGER_SIZE) };
        struct sample_sketch sketch;
        finger_press(finger, &usual, bench->images[0]);
        const double wall = microseconds(CLOCK_MONOTONIC), cpu = microseconds(CLOCK_THREAD_CPUTIME_ID);
        const bool taken = sample_memory_judge(memory, &image, &sketch) == SAMPLE_FRESH &&
                           !failed(sample_memory_keep(memory, &sketch, NULL));
        *ret = (struct gate_times){ .wall = microseconds(CLOCK_MONOTONIC) - wall,
                .computing = microseconds(CLOCK_THREAD_CPUTIME_ID) - cpu };
        return taken;
}

/* The prints that a full set was enrolled with. */
static void add_set(struct gate_bench *bench, struct sample_memory *memory, const struct finger *finger)
{
        enum { SET = 10 };
        struct sample_checker *checker;
        struct finger_record record = { .sketch_count = SAMPLES };
        MUST(!failed(sample_checker_new(&checker, NULL)));
        for (unsigned i = 0; i < SET * SAMPLES; i++) {
                const struct finger_touch usual = finger_usual_touch(++bench->touch);
                const struct sample_image image = { .width = FINGER_WIDTH,
                        .height = FINGER_HEIGHT,
                        .grey = slice_of(bench->images[0], FINGER_SIZE) };
                finger_press(finger, &usual, bench->images[0]);
                (void)sample_look(checker, &image, &record.sketches[i % SAMPLES]);
                if (i % SAMPLES == SAMPLES - 1)
                        sample_memory_add_finger(memory, &record);
        }
        sample_checker_free(checker);
}

/* As many prints as a matcher remembers; then what one more costs. */
static void fill_memory(struct gate_bench *bench, struct sample_memory *memory)
{
        struct gate_times unused;
        struct finger *finger = malloc(sizeof *finger);
        MUST(finger && !failed(finger_grow(FIRST_FINGER - 1, finger, NULL)));
        for (size_t added = 0; added < SEEN_LAST;)
                added += judge_print(bench, memory, finger, &unused);
        add_set(bench, memory, finger);
        for (size_t i = 0; i < GATE_JUDGED;)
                i += judge_print(bench, memory, finger, &bench->judged[i]);
        free(finger);
}

static void fill_ring(struct gate_bench *bench)
{
        SECRET(key);
        struct storage_file *storage;
        struct sample_memory *memory;
        key.size = MITOME_STORAGE_KEY_SIZE;
        MUST(!failed(storage_file_open(bench->state, &storage, NULL)) &&
                !failed(storage_file_key(storage, key.data, NULL)) &&
                !failed(sample_memory_open(bench->state, secret_view(&key), &memory, NULL)));
        fill_memory(bench, memory);
        sample_memory_free(memory);
        storage_file_close(storage);
}

static void grow_fingers(struct gate_bench *bench)
{
        for (unsigned i = 0; i < GATE_FINGERS; i++) {
                bench->fingers[i] = malloc(sizeof *bench->fingers[i]);
                MUST(bench->fingers[i] && !failed(finger_grow(FIRST_FINGER + i, bench->fingers[i], NULL)));
        }
        for (unsigned i = 0; i < GATE_IMAGES; i++)
                MUST((bench->images[i] = malloc(FINGER_SIZE)));
}

void gate_bench_open(struct gate_bench *bench, const struct gate_bench_config *config)
{
        *bench = (struct gate_bench){ .virtual_sensor = config->virtual_sensor };
        snprintf(bench->state, sizeof bench->state, "%s/matcher", config->folder);
        snprintf(bench->sensor, sizeof bench->sensor, "%s/image", config->folder);
        snprintf(bench->socket, sizeof bench->socket, "fingerprint:%s/image", config->folder);
        if (bench->virtual_sensor) {
                grow_fingers(bench);
                fill_ring(bench);
        }
        open_matcher(bench, config);
        open_element(bench);
        const struct mitome_authenticator_config authenticator = {
                .element = { .context = bench, .transmit = transmit },
                .app = { .sha256 = { 0x5A } },
                .gate = { .version = MITOME_GATE_VERSION,
                        .context = bench,
                        .start = start_gate,
                        .poll = poll_gate,
                        .cancel = cancel_gate },
                .random = bench->element.random,
                .presence = { .poll = touch },
        };
        MUST(!failed(mitome_authenticator_new(&authenticator, &bench->authenticator, NULL)));
}

void gate_bench_close(struct gate_bench *bench)
{
        mitome_authenticator_free(bench->authenticator);
        matcher_gate_close(bench->matcher);
        element_rig_close(&bench->element);
        for (int i = 0; i < 2; i++)
                if (bench->scores[i] >= 0)
                        close(bench->scores[i]);
        for (unsigned i = 0; i < GATE_FINGERS; i++)
                free(bench->fingers[i]);
        for (unsigned i = 0; i < GATE_IMAGES; i++)
                free(bench->images[i]);
        free(bench->medium.bytes);
}

/* ---- requests ---- */

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct gate_bench *bench = context;
        (void)error;
        while (!mitome_authenticator_call(
                bench->authenticator, request, UP_WAIT_MS, steady_clock_ms(), response, capacity, ret_size))
                request = (slice){ 0 };
        return ok();
}

static bool send_request(struct gate_bench *bench, slice request)
{
        return !failed(exchange(
                       bench, request, bench->answer, sizeof bench->answer, &bench->answer_size, NULL)) &&
               bench->answer_size > 1 && bench->answer[0] == 0;
}

/* Member 2 of both answers. */
slice gate_bench_authdata(const struct gate_bench *bench)
{
        struct cbor_reader r = cbor_over(slice_of(bench->answer + 1, bench->answer_size - 1), "answer", NULL);
        struct cbor_members map;
        struct cbor_key key = { 0 };
        slice authdata = { 0 }, value;
        bool more = true;
        MUST(!failed(cbor_open_map(&r, "answer", 16, &map)));
        while (!failed(cbor_next_key(&r, &map, &key, &more)) && more)
                if (key.number == 2)
                        MUST(!failed(cbor_read_bytes(&r, "authData", sizeof bench->answer, &authdata)));
                else
                        MUST(!failed(cbor_read_item(&r, "value", &value)));
        return authdata;
}

static void write_options(writer *w, bool resident, bool verifies)
{
        cbor_write_map(w, (size_t)resident + verifies);
        if (resident) {
                cbor_write_string(w, "rk");
                cbor_write_bool(w, true);
        }
        if (verifies) {
                cbor_write_string(w, "uv");
                cbor_write_bool(w, true);
        }
}

static void write_make(writer *w, enum gate_credential credential)
{
        const bool certificate = credential == GATE_RS256;
        write_u8(w, MAKE_CREDENTIAL);
        cbor_write_map(w, 5 + certificate);
        cbor_write_uint(w, 1);
        cbor_write_bytes(w, SLICE(client_data_hash));
        cbor_write_uint(w, 2);
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_string(w, rp_id);
        cbor_write_uint(w, 3);
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, slice_text(certificate ? "certificate" : "derived"));
        cbor_write_uint(w, 4);
        cbor_write_array(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "alg");
        cbor_write_int(w, cose_of[credential]);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
        cbor_write_uint(w, 7);
        write_options(w, true, true);
        if (certificate) {
                cbor_write_uint(w, 10); /* enterprise attestation */
                cbor_write_uint(w, 1);
        }
}

static void write_get(writer *w, slice id, bool by_touch)
{
        write_u8(w, GET_ASSERTION);
        cbor_write_map(w, by_touch ? 3 : 4);
        cbor_write_uint(w, 1);
        cbor_write_string(w, rp_id);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, SLICE(client_data_hash));
        cbor_write_uint(w, 3);
        cbor_write_array(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
        if (by_touch)
                return;
        cbor_write_uint(w, 5);
        write_options(w, false, true);
}

/* In a registration's authenticatorData: 55 bytes, its size among them, then the id. */
static void keep_id(struct gate_bench *bench, enum gate_credential credential)
{
        enum { ID_AT = 55 };
        slice before, id;
        reader r = reader_over(gate_bench_authdata(bench), NULL, NULL);
        MUST(!failed(read_bytes(&r, "authData", ID_AT, &before)) &&
                !failed(read_bytes(&r, "id", ELEMENT_RIG_ID_SIZE, &id)) &&
                !failed(slice_copy(id, "id", bench->ids[credential], ELEMENT_RIG_ID_SIZE, NULL)));
}

static void make_credentials(struct gate_bench *bench)
{
        for (int i = 0; i < GATE_CREDENTIALS; i++) {
                uint8_t bytes[512];
                writer w = WRITER(bytes);
                write_make(&w, (enum gate_credential)i);
                MUST(!w.overflowed);
                press(bench, 1);
                MUST(send_request(bench, writer_view(&w)));
                keep_id(bench, (enum gate_credential)i);
        }
}

/* ---- ceremonies ---- */

struct gate_times gate_bench_enrol(struct gate_bench *bench)
{
        const struct finger_wire wire = { bench, exchange };
        struct mitome_gate_finger finger = { 0 };
        struct gate_times unused = { 0 };
        struct finger_client *client = calloc(1, sizeof *client);
        MUST(client && !failed(finger_client_open(
                               client, &wire, &bench->element.random, slice_text(ELEMENT_RIG_PIN), NULL)));
        bench->hand = bench->enrolled;
        press(bench, SAMPLES);
        start_watch(bench);
        MUST(!failed(finger_client_enrol(client, (slice){ 0 }, NULL, &finger, NULL)));
        const struct gate_times times = stop_watch(bench);
        finger_client_close(client);
        free(client);
        bench->hand = 0;
        if (bench->enrolled++ == 0)
                make_credentials(bench);
        read_scores(bench, &unused);
        return times;
}

bool gate_bench_log_in(
        struct gate_bench *bench, enum gate_credential credential, bool by_touch, struct gate_times *ret)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_get(&w, SLICE(bench->ids[credential]), by_touch);
        if (!by_touch)
                press(bench, 1);
        start_watch(bench);
        const bool good = send_request(bench, writer_view(&w));
        *ret = stop_watch(bench);
        return good;
}

bool gate_bench_ask(struct gate_bench *bench, struct gate_times *ret)
{
        struct matcher_status status;
        start_watch(bench);
        const bool good = !failed(matcher_gate_status(bench->matcher, &status, NULL));
        *ret = stop_watch(bench);
        return good;
}
