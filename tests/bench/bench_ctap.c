/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_ctap.h"

#include "cbor.h"

#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                 \
        do {                                                                            \
                if (!(condition)) {                                                     \
                        fprintf(stderr, "bench_ctap.c:%d: %s\n", __LINE__, #condition); \
                        exit(2);                                                        \
                }                                                                       \
        } while (0)

enum { MAKE_CREDENTIAL = 0x01, GET_ASSERTION = 0x02, GET_INFO = 0x04, ID_SIZE = 32, LIST_SIZE = 64 };

static const int cose_of[CTAP_ALGORITHMS] = { [CTAP_ES256] = -7, [CTAP_EDDSA] = -8, [CTAP_ES384] = -35 };
static const uint8_t client_data_hash[SHA256_SIZE] = { 0xC0 };

/* ---- one request ---- */

static bool carry_out(struct ctap_bench *bench, struct core_event event)
{
        static const struct mitome_gate_event forgotten = { .kind = MITOME_GATE_DONE };
        struct core_action action;
        size_t size;
        bench->commands = 0;
        for (;;) {
                event.now_ms = ++bench->now_ms;
                core_step(bench->core, &event, &action);
                event = (struct core_event){ .kind = CORE_TOUCHED };
                switch (action.kind) {
                case CORE_REPLY:
                        bench->answer = action.bytes;
                        return true;
                case CORE_TRANSMIT:
                        bench->commands++;
                        if (failed(mitome_element_transmit(
                                    bench->rig.element, action.bytes, bench->rig.response, &size, NULL)))
                                return false;
                        event.kind = CORE_RESPONSE;
                        event.bytes = slice_of(bench->rig.response, size);
                        break;
                case CORE_TOUCH:
                        break;
                case CORE_GATE_START: /* a reset has the gate forget its fingers: there are none */
                case CORE_GATE_POLL:
                        event.kind = CORE_GATE;
                        event.gate = &forgotten;
                        break;
                default:
                        return false;
                }
        }
}

bool ctap_run(void *state)
{
        struct ctap_request *request = state;
        const struct core_event event = { .kind = CORE_REQUEST,
                .bytes = slice_of(request->bytes, request->size) };
        return carry_out(request->bench, event) && request->bench->answer.size > 0 &&
               request->bench->answer.data[0] == request->expected;
}

bool ctap_run_in_turns(void *state)
{
        struct ctap_request *requests = state;
        return ctap_run(&requests[requests->bench->turn++ & 1]);
}

/* authenticatorReset, just after power-on. */
static bool reset_all(struct ctap_bench *bench)
{
        static const uint8_t reset = 0x07;
        return carry_out(bench, (struct core_event){ .kind = CORE_POWER_ON }) &&
               carry_out(bench, (struct core_event){ .kind = CORE_REQUEST, .bytes = slice_of(&reset, 1) }) &&
               bench->answer.data[0] == 0;
}

bool ctap_run_make(void *state)
{
        enum { MANY = 5000 };
        struct ctap_request *request = state;
        struct ctap_bench *bench = request->bench;
        if (++bench->made % MANY == 0 && !reset_all(bench))
                return false;
        return ctap_run(request);
}

/* INITIALIZE UPDATE writes down a sequence number of 4 bytes before it answers. */
bool ctap_run_commit(void *state)
{
        static const uint8_t challenge[8] = { 1 };
        struct ctap_bench *bench = state;
        return element_rig_command(&bench->rig, 0x80500000, SLICE(challenge)) == SW_OK;
}

/* ---- requests ---- */

static void write_rp(writer *w, const char *rp_id)
{
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_string(w, rp_id);
}

static void write_user(writer *w, unsigned number)
{
        uint8_t bytes[4];
        writer id = WRITER(bytes);
        write_u32(&id, number);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, SLICE(bytes));
        cbor_write_string(w, "name");
        cbor_write_string(w, "alice@example.jp");
}

static void write_descriptor(writer *w, slice id)
{
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

/* Ids that are nobody's. */
static void write_strangers(writer *w, unsigned count)
{
        for (unsigned i = 0; i < count; i++) {
                uint8_t id[ID_SIZE] = { 0x5A, (uint8_t)i };
                write_descriptor(w, SLICE(id));
        }
}

static void finish(struct ctap_request *ret, struct ctap_bench *bench, const writer *w)
{
        MUST(!w->overflowed);
        ret->bench = bench;
        ret->size = w->used;
}

struct make_wish {
        const char *rp_id;
        unsigned user;
        enum ctap_algorithm algorithm;
        unsigned excluded;
        bool resident;
};

static void write_make(struct ctap_request *ret, struct ctap_bench *bench, const struct make_wish *wish)
{
        writer w = WRITER(ret->bytes);
        write_u8(&w, MAKE_CREDENTIAL);
        cbor_write_map(&w, 4 + (wish->excluded > 0) + wish->resident);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        cbor_write_uint(&w, 2);
        write_rp(&w, wish->rp_id);
        cbor_write_uint(&w, 3);
        write_user(&w, wish->user);
        cbor_write_uint(&w, 4);
        cbor_write_array(&w, 1);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "alg");
        cbor_write_int(&w, cose_of[wish->algorithm]);
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        if (wish->excluded) {
                cbor_write_uint(&w, 5);
                cbor_write_array(&w, wish->excluded);
                write_strangers(&w, wish->excluded);
        }
        if (wish->resident) {
                cbor_write_uint(&w, 7);
                cbor_write_map(&w, 1);
                cbor_write_string(&w, "rk");
                cbor_write_bool(&w, true);
        }
        finish(ret, bench, &w);
}

/* The credential stands behind `strangers` others; without one any discoverable credential is meant. */
static void write_get(
        struct ctap_request *ret, struct ctap_bench *bench, const char *rp_id, slice id, unsigned strangers)
{
        writer w = WRITER(ret->bytes);
        write_u8(&w, GET_ASSERTION);
        cbor_write_map(&w, id.size ? 3 : 2);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rp_id);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        if (id.size) {
                cbor_write_uint(&w, 3);
                cbor_write_array(&w, strangers + 1);
                write_strangers(&w, strangers);
                write_descriptor(&w, id);
        }
        finish(ret, bench, &w);
}

/* {1: fmt, 2: authData ..}: the id stands in authData behind rpIdHash, flags, counter, AAGUID and its length.
 */
static void find_id(slice answer, uint8_t ret_id[ID_SIZE])
{
        enum { BEHIND_LENGTH = 32 + 1 + 4 + 16 + 2 };
        struct cbor_reader r = cbor_over(slice_of(answer.data + 1, answer.size - 1), "CTAP 2.1 6.1", NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice authdata = { 0 };
        bool more;
        MUST(!failed(cbor_open_map(&r, "answer", 16, &map)));
        while (!failed(cbor_next_key(&r, &map, &key, &more)) && more) {
                if (key.number == 2) {
                        MUST(!failed(cbor_read_bytes(&r, "authData", 4096, &authdata)));
                        break;
                }
                MUST(!failed(cbor_skip(&r, "answer")));
        }
        MUST(authdata.size >= BEHIND_LENGTH + ID_SIZE);
        memcpy(ret_id, authdata.data + BEHIND_LENGTH, ID_SIZE);
}

static void make_credential(struct ctap_bench *bench, const struct make_wish *wish, uint8_t ret_id[ID_SIZE])
{
        static struct ctap_request request;
        write_make(&request, bench, wish);
        if (!ctap_run(&request)) {
                fprintf(stderr, "bench_ctap: makeCredential (%d): %02X\n", cose_of[wish->algorithm],
                        bench->answer.size ? bench->answer.data[0] : 0xFF);
                exit(2);
        }
        find_id(bench->answer, ret_id);
}

/* ---- the authenticator ---- */

static void make_residents(struct ctap_bench *bench, unsigned count)
{
        uint8_t id[ID_SIZE];
        for (unsigned i = 0; i < count; i++) {
                char name[32];
                snprintf(name, sizeof name, "rp-%u.example", i);
                make_credential(bench, &(struct make_wish){ .rp_id = name, .user = i, .resident = true }, id);
        }
}

static void prepare_requests(struct ctap_bench *bench)
{
        static const char rp_id[] = "login.example.go.jp";
        uint8_t id[ID_SIZE];
        for (int i = 0; i < CTAP_ALGORITHMS; i++) {
                struct make_wish wish = { .rp_id = rp_id, .user = 1, .algorithm = (enum ctap_algorithm)i };
                make_credential(bench, &wish, id);
                write_get(&bench->get[i], bench, rp_id, SLICE(id), 0);
                if (i == CTAP_ES256)
                        write_get(&bench->allow_64, bench, rp_id, SLICE(id), LIST_SIZE - 1);
                make_credential(bench, &wish, id);
                write_get(&bench->other[i], bench, rp_id, SLICE(id), 0);
                write_make(&bench->make[i], bench, &wish);
        }
        write_make(&bench->exclude_64, bench,
                &(struct make_wish){ .rp_id = rp_id, .user = 1, .excluded = LIST_SIZE });
        write_get(&bench->get_by_rp, bench, "rp-3.example", (slice){ 0 }, 0);
        bench->get_info.bench = bench;
        bench->get_info.bytes[0] = GET_INFO;
        bench->get_info.size = 1;
}

/* What hosts send besides logins, right and wrong. Each is answered as it was the first time. */
void ctap_bench_mix(struct ctap_bench *bench, struct ctap_request ret[CTAP_MIX])
{
        static const uint8_t agreement[] = { 0x06, 0xA2, 0x01, 0x02, 0x02, 0x02 },
                             retries[] = { 0x06, 0xA1, 0x02, 0x01 }, selection[] = { 0x0B },
                             no_chain[] = { 0x08 }, no_command[] = { 0x55 }, empty[] = { 0x01, 0xA0 },
                             garbled[] = { 0x02, 0xA1, 0x01, 0xFF },
                             unverified[] = { 0x0A, 0xA1, 0x01, 0x01 };
        const slice raw[] = { SLICE(agreement), SLICE(retries), SLICE(selection), SLICE(no_chain),
                SLICE(no_command), SLICE(empty), SLICE(garbled), SLICE(unverified) };
        const struct make_wish same_user = { .rp_id = "rp-3.example", .user = 3, .resident = true };
        ret[0] = bench->get_info;
        ret[1] = bench->get[CTAP_ES256];
        write_make(&ret[2], bench, &same_user); /* the former one goes */
        for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
                writer w = WRITER(ret[3 + i].bytes);
                write_slice(&w, raw[i]);
                finish(&ret[3 + i], bench, &w);
        }
        for (size_t i = 0; i < CTAP_MIX; i++) {
                (void)ctap_run(&ret[i]);
                MUST(bench->answer.size > 0);
                ret[i].expected = bench->answer.data[0];
        }
}

bool ctap_run_mix(void *state)
{
        struct ctap_request *mix = state;
        return ctap_run(&mix[mix->bench->turn++ % CTAP_MIX]);
}

void ctap_bench_open(struct ctap_bench *bench, unsigned residents)
{
        const struct core_config config = { .transports = MITOME_TRANSPORT_USB };
        element_rig_open(&bench->rig);
        element_rig_store_batch_key(&bench->rig);
        bench_medium_move(&bench->medium, &bench->rig);
        MUST(!failed(core_new(&config, &bench->core, NULL)));
        make_residents(bench, residents);
        prepare_requests(bench);
}

void ctap_bench_close(struct ctap_bench *bench)
{
        core_free(bench->core);
        element_rig_close(&bench->rig);
        free(bench->medium.bytes);
}

/* ---- OpenSSL alone ---- */

void ctap_raw_open(struct ctap_raw *raw, enum ctap_algorithm algorithm)
{
        static const struct ctap_raw kinds[] = {
                [CTAP_ES256] = { .digest = "SHA256", .type = "EC", .curve = "P-256" },
                [CTAP_EDDSA] = { .type = "ED25519" },
                [CTAP_ES384] = { .digest = "SHA384", .type = "EC", .curve = "P-384" },
        };
        *raw = kinds[algorithm];
        raw->key = raw->curve ? EVP_PKEY_Q_keygen(NULL, NULL, raw->type, raw->curve)
                              : EVP_PKEY_Q_keygen(NULL, NULL, raw->type);
        raw->context = EVP_MD_CTX_new();
        MUST(raw->key && raw->context);
}

void ctap_raw_open_rsa(struct ctap_raw *raw)
{
        *raw = (struct ctap_raw){ .digest = "SHA256", .type = "RSA" };
        raw->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        raw->context = EVP_MD_CTX_new();
        MUST(raw->key && raw->context);
}

void ctap_raw_close(struct ctap_raw *raw)
{
        EVP_MD_CTX_free(raw->context);
        EVP_PKEY_free(raw->key);
}

/* Over as many bytes as an assertion's: authData and clientDataHash. */
bool ctap_raw_sign(void *state)
{
        enum { MESSAGE_SIZE = 37 + SHA256_SIZE, SIGNATURE_SIZE = 256 };
        static const uint8_t message[MESSAGE_SIZE] = { 1 };
        const struct ctap_raw *raw = state;
        uint8_t signature[SIGNATURE_SIZE];
        size_t size = sizeof signature;
        return EVP_DigestSignInit_ex(raw->context, NULL, raw->digest, NULL, NULL, raw->key, NULL) == 1 &&
               EVP_DigestSign(raw->context, signature, &size, message, sizeof message) == 1;
}

bool ctap_raw_make(void *state)
{
        const struct ctap_raw_make *make = state;
        const struct ctap_raw *pair = make->pair;
        EVP_PKEY *key = pair->curve ? EVP_PKEY_Q_keygen(NULL, NULL, pair->type, pair->curve)
                                    : EVP_PKEY_Q_keygen(NULL, NULL, pair->type);
        EVP_PKEY_free(key);
        return key && ctap_raw_sign(make->attestation);
}

/* ---- stack ---- */

struct stack_run {
        bench_operation *run;
        void *state;
        unsigned times;
        bool good;
};

static void *run_on_stack(void *argument)
{
        struct stack_run *run = argument;
        run->good = true;
        for (unsigned i = 0; i < run->times; i++)
                run->good = run->run(run->state) && run->good;
        return NULL;
}

static void *run_nothing(void *argument)
{
        return argument;
}

/* Paints a stack and looks how far down the paint is gone. */
static size_t deepest(void *(*body)(void *), void *argument)
{
        enum { STACK_SIZE = 1 << 20, PAINT = 0xA5 };
        pthread_t thread;
        pthread_attr_t attributes;
        uint8_t *stack = aligned_alloc(4096, STACK_SIZE);
        size_t untouched = 0;
        MUST(stack);
        memset(stack, PAINT, STACK_SIZE);
        MUST(pthread_attr_init(&attributes) == 0);
        MUST(pthread_attr_setstack(&attributes, stack, STACK_SIZE) == 0);
        MUST(pthread_create(&thread, &attributes, body, argument) == 0);
        MUST(pthread_join(thread, NULL) == 0);
        pthread_attr_destroy(&attributes);
        while (untouched < STACK_SIZE && stack[untouched] == PAINT)
                untouched++;
        free(stack);
        return STACK_SIZE - untouched;
}

size_t ctap_stack(bench_operation *run, void *state, unsigned times)
{
        struct stack_run argument = { .run = run, .state = state, .times = times };
        size_t bare = deepest(run_nothing, &argument), used = deepest(run_on_stack, &argument);
        MUST(argument.good);
        return used - bare;
}
