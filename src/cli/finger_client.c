/* SPDX-License-Identifier: Apache-2.0 */
#include "finger_client.h"

#include "cbor.h"
#include "digest.h"
#include "pin_protocol.h"

enum { CLIENT_PIN = 0x06, BIO_ENROLLMENT = 0x09 };
enum { GET_KEY_AGREEMENT = 0x02, GET_TOKEN_BY_PIN = 0x09, PERMISSION_BE = 0x08, PROTOCOL_TWO = 2 };
enum {
        ENROL_BEGIN = 1,
        ENROL_NEXT = 2,
        ENROL_CANCEL = 3,
        ENUMERATE = 4,
        SET_NAME = 5,
        REMOVE = 6,
        FINGERPRINT = 1
};
enum { COORDINATE_SIZE = 32, TOKEN_SIZE = 32, TIMEOUT_MS = 30000 };
enum { REQUEST_MAX = 512, PARAMS_MAX = 160, NO_FINGERS = 0x2C };

/* ---- what went wrong, in words ---- */

static const struct {
        uint8_t status;
        const char *words;
} refusals[] = {
        { 0x01, "it has no fingerprint sensor" },
        { 0x03, "the name is too long" },
        { 0x06, "it is busy" },
        { 0x17, "it has as many fingers as it can hold" },
        { 0x27, "it was declined" },
        { 0x2C, "it has no such finger" },
        { 0x2D, "it was cancelled" },
        { 0x2F, "no finger came in time" },
        { 0x31, "the PIN is wrong, or has to be changed first" },
        { 0x32, "the PIN is locked" },
        { 0x33, "it does not accept the authorisation" },
        { 0x34, "three wrong PINs in a row: power it off and on" },
        { 0x35, "it has no PIN" },
        { 0x36, "the set of fingers was changed: give the PIN once" },
        { 0x37, "the PIN has to be changed first" },
        { 0x3C, "its fingers are closed" },
        { 0x7F, "its sensor does not work, or is not there: see what the authenticator says" },
};

static mitome_status check_status(uint8_t status, mitome_error *error)
{
        if (status == 0)
                return ok();
        for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
                if (refusals[i].status == status)
                        return fail(error, MITOME_E_FINGER_REFUSED, refusals[i].words, NULL);
        return fail(error, MITOME_E_FINGER_REFUSED, "something else is wrong", NULL);
}

/* What has no row could not be read. */
static const struct {
        uint8_t status;
        enum mitome_guidance state;
} of_samples[] = {
        { 0x07, MITOME_GUIDANCE_POOR },
        { 0x08, MITOME_GUIDANCE_CENTRE },
        { 0x09, MITOME_GUIDANCE_AGAIN },
        { 0x0A, MITOME_GUIDANCE_SAME },
        { 0x0B, MITOME_GUIDANCE_KNOWN },
        { 0x0D, MITOME_GUIDANCE_TOUCH },
        { 0x0E, MITOME_GUIDANCE_LIFT },
};

enum mitome_guidance finger_sample_guidance(uint8_t status, unsigned remaining)
{
        if (status == 0)
                return remaining ? MITOME_GUIDANCE_MORE : MITOME_GUIDANCE_ENROLLED;
        for (size_t i = 0; i < sizeof of_samples / sizeof *of_samples; i++)
                if (of_samples[i].status == status)
                        return of_samples[i].state;
        return MITOME_GUIDANCE_UNCLEAR;
}

/* ---- one message ---- */

static mitome_status exchange(
        struct finger_client *client, const writer *request, uint8_t *ret_status, mitome_error *error)
{
        slice message;
        MITOME_TRY(writer_finish(request, "request", &message, error));
        size_t size = 0;
        MITOME_TRY(client->wire.exchange(
                client->wire.context, message, client->answer, sizeof client->answer, &size, error));
        if (size == 0 || size > sizeof client->answer)
                return fail(error, MITOME_E_FINGER_ANSWER, "answer", NULL);
        client->answer_size = size;
        *ret_status = client->answer[0];
        return ok();
}

static mitome_status ask(struct finger_client *client, const writer *request, mitome_error *error)
{
        uint8_t status;
        MITOME_TRY(exchange(client, request, &status, error));
        return check_status(status, error);
}

static struct cbor_reader answer_of(const struct finger_client *client, mitome_error *error)
{
        return cbor_over(slice_of(client->answer + 1, client->answer_size - 1), NULL, error);
}

/* The value of a key of the answer, which must be there. */
static mitome_status find_member(
        const struct finger_client *client, int64_t wanted, struct cbor_reader *ret, mitome_error *error)
{
        struct cbor_reader r = answer_of(client, error);
        struct cbor_members map;
        struct cbor_key key;
        slice value;
        bool more;
        MITOME_TRY(cbor_open_map(&r, "answer", CBOR_MEMBERS, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        while (more) {
                MITOME_TRY(cbor_read_item(&r, "answer", &value));
                if (!key.is_text && key.number == wanted) {
                        *ret = cbor_within(&r, value);
                        return ok();
                }
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        }
        return fail(error, MITOME_E_FINGER_ANSWER, "answer", NULL);
}

/* ---- PIN/UV auth protocol 2 (CTAP 2.1, 6.5.7) ---- */

static mitome_status read_point(struct cbor_reader *r, uint8_t ret_point[P256_POINT_SIZE])
{
        struct cbor_members map;
        struct cbor_key key;
        slice x = { 0 }, y = { 0 };
        bool more;
        MITOME_TRY(cbor_open_map(r, "keyAgreement", CBOR_MEMBERS, &map));
        MITOME_TRY(cbor_next_key(r, &map, &key, &more));
        while (more) {
                if (key.number == -2)
                        MITOME_TRY(cbor_read_fixed(r, "keyAgreement.x", COORDINATE_SIZE, &x));
                else if (key.number == -3)
                        MITOME_TRY(cbor_read_fixed(r, "keyAgreement.y", COORDINATE_SIZE, &y));
                else
                        MITOME_TRY(cbor_skip(r, "keyAgreement"));
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
        }
        writer w = writer_over(ret_point, P256_POINT_SIZE);
        write_u8(&w, 0x04);
        write_slice(&w, x);
        write_slice(&w, y);
        return w.used == P256_POINT_SIZE ? ok() : reader_fail(&r->bytes, MITOME_E_KEY_POINT, "keyAgreement");
}

static mitome_status agree(struct finger_client *client, const struct mitome_random *random,
        struct pin_protocol *ret, mitome_error *error)
{
        uint8_t bytes[REQUEST_MAX], point[P256_POINT_SIZE];
        struct cbor_reader key;
        writer w = WRITER(bytes);
        write_u8(&w, CLIENT_PIN);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, PROTOCOL_TWO);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, GET_KEY_AGREEMENT);
        MITOME_TRY(ask(client, &w, error));
        MITOME_TRY(find_member(client, 1, &key, error));
        MITOME_TRY(read_point(&key, point));
        return pin_protocol_agree(random, PROTOCOL_TWO, SLICE(point), ret, error);
}

static mitome_status encrypt_pin(const struct pin_protocol *agreement, const struct mitome_random *random,
        slice pin, writer *ret, mitome_error *error)
{
        SECRET(hash);
        hash.size = PIN_PROTOCOL_HASH;
        pin_protocol_hash(pin, hash.data);
        return pin_protocol_encrypt(agreement, random, secret_view(&hash), ret, error);
}

static void write_key(writer *w, const uint8_t point[P256_POINT_SIZE])
{
        cbor_write_map(w, 5);
        cbor_write_int(w, 1);
        cbor_write_int(w, 2); /* EC2 */
        cbor_write_int(w, 3);
        cbor_write_int(w, -25);
        cbor_write_int(w, -1);
        cbor_write_int(w, 1); /* P-256 */
        cbor_write_int(w, -2);
        cbor_write_bytes(w, slice_of(point + 1, COORDINATE_SIZE));
        cbor_write_int(w, -3);
        cbor_write_bytes(w, slice_of(point + 1 + COORDINATE_SIZE, COORDINATE_SIZE));
}

/* The first three of a token request's five members. */
static void write_token_request(writer *w, uint8_t subcommand, const struct pin_protocol *agreement)
{
        write_u8(w, CLIENT_PIN);
        cbor_write_map(w, 5);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, PROTOCOL_TWO);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, subcommand);
        cbor_write_uint(w, 3);
        write_key(w, agreement->point);
}

static mitome_status ask_token(struct finger_client *client, const struct pin_protocol *agreement,
        slice pin_hash, slice *ret_sealed, mitome_error *error)
{
        uint8_t bytes[REQUEST_MAX];
        struct cbor_reader token;
        writer w = WRITER(bytes);
        write_token_request(&w, GET_TOKEN_BY_PIN, agreement);
        cbor_write_uint(&w, 6);
        cbor_write_bytes(&w, pin_hash);
        cbor_write_uint(&w, 9);
        cbor_write_uint(&w, PERMISSION_BE);
        MITOME_TRY(ask(client, &w, error));
        MITOME_TRY(find_member(client, 2, &token, error));
        return cbor_read_fixed(&token, "pinUvAuthToken", PIN_PROTOCOL_IV + TOKEN_SIZE, ret_sealed);
}

static mitome_status get_token(struct finger_client *client, const struct mitome_random *random, slice pin,
        struct pin_protocol *agreement, mitome_error *error)
{
        uint8_t bytes[PIN_PROTOCOL_IV + PIN_PROTOCOL_HASH];
        writer pin_hash = WRITER(bytes);
        slice sealed;
        MITOME_TRY(agree(client, random, agreement, error));
        MITOME_TRY(encrypt_pin(agreement, random, pin, &pin_hash, error));
        MITOME_TRY(ask_token(client, agreement, writer_view(&pin_hash), &sealed, error));
        return pin_protocol_decrypt(agreement, sealed, &client->token, error);
}

void finger_client_begin(struct finger_client *client, const struct finger_wire *wire)
{
        *client = (struct finger_client){ .wire = *wire };
}

mitome_status finger_client_open(struct finger_client *client, const struct finger_wire *wire,
        const struct mitome_random *random, slice pin, mitome_error *error)
{
        struct pin_protocol agreement = { 0 };
        finger_client_begin(client, wire);
        mitome_status status = get_token(client, random, pin, &agreement, error);
        secret_wipe(&agreement.aes);
        secret_wipe(&agreement.hmac);
        if (failed(status))
                finger_client_close(client);
        return status;
}

void finger_client_close(struct finger_client *client)
{
        bytes_wipe(client, sizeof *client);
}

/* ---- authenticatorBioEnrollment ---- */

static mitome_status manage(struct finger_client *client, uint8_t subcommand, const writer *params,
        uint8_t *ret_status, mitome_error *error)
{
        uint8_t bytes[REQUEST_MAX], param[SHA256_SIZE];
        const uint8_t head[] = { FINGERPRINT, subcommand };
        slice covered[] = { SLICE(head), params ? writer_view(params) : (slice){ 0 } };
        writer w = WRITER(bytes);
        hmac_sha256(secret_view(&client->token), covered, 2, param);
        write_u8(&w, BIO_ENROLLMENT);
        cbor_write_map(&w, params ? 5 : 4);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, FINGERPRINT);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, subcommand);
        if (params) {
                cbor_write_uint(&w, 3);
                write_slice(&w, covered[1]);
        }
        cbor_write_uint(&w, 4);
        cbor_write_uint(&w, PROTOCOL_TWO);
        cbor_write_uint(&w, 5);
        cbor_write_bytes(&w, SLICE(param));
        return exchange(client, &w, ret_status, error);
}

static mitome_status must_manage(
        struct finger_client *client, uint8_t subcommand, const writer *params, mitome_error *error)
{
        uint8_t status;
        MITOME_TRY(manage(client, subcommand, params, &status, error));
        return check_status(status, error);
}

static mitome_status read_number(
        const struct finger_client *client, int64_t key, uint64_t *ret, mitome_error *error)
{
        struct cbor_reader r;
        MITOME_TRY(find_member(client, key, &r, error));
        return cbor_read_uint(&r, "answer", UINT8_MAX, ret);
}

/* One enrolment. */
struct samples {
        uint64_t remaining;
        unsigned known, useless;
};

enum { KNOWN_MAX = 3, USELESS_MAX = 20, SAMPLE_EXISTS = 0x0B };

static mitome_status give_up(struct finger_client *client, const char *why, mitome_error *error)
{
        uint8_t status;
        mitome_status sent = manage(client, ENROL_CANCEL, NULL, &status, NULL);
        (void)sent; /* a sensor that is gone has nothing to be told */
        return fail(error, MITOME_E_FINGER_REFUSED, why, NULL);
}

static mitome_status take_sample(struct finger_client *client, const struct finger_watcher *watcher,
        struct samples *samples, mitome_error *error)
{
        uint64_t status;
        MITOME_TRY(read_number(client, 5, &status, error));
        MITOME_TRY(read_number(client, 6, &samples->remaining, error));
        samples->known += status == SAMPLE_EXISTS;
        samples->useless += status != 0;
        if (watcher)
                watcher->sample(watcher->context, (uint8_t)status, (unsigned)samples->remaining);
        if (samples->known == KNOWN_MAX)
                return give_up(client, "this finger is enrolled already", error);
        return samples->useless == USELESS_MAX
                       ? give_up(client, "no sample could be used, again and again", error)
                       : ok();
}

static mitome_status read_id(struct cbor_reader *r, struct mitome_gate_finger *ret)
{
        slice id;
        MITOME_TRY(cbor_read_fixed(r, "templateId", sizeof ret->id, &id));
        return slice_copy(id, "templateId", ret->id, sizeof ret->id, r->bytes.error);
}

static mitome_status begin_enrolment(
        struct finger_client *client, struct mitome_gate_finger *ret, mitome_error *error)
{
        uint8_t bytes[PARAMS_MAX];
        struct cbor_reader id;
        writer params = WRITER(bytes);
        cbor_write_map(&params, 1);
        cbor_write_uint(&params, 3);
        cbor_write_uint(&params, TIMEOUT_MS);
        MITOME_TRY(must_manage(client, ENROL_BEGIN, &params, error));
        MITOME_TRY(find_member(client, 4, &id, error));
        return read_id(&id, ret);
}

static mitome_status go_on_enrolling(
        struct finger_client *client, const struct mitome_gate_finger *finger, mitome_error *error)
{
        uint8_t bytes[PARAMS_MAX];
        writer params = WRITER(bytes);
        cbor_write_map(&params, 2);
        cbor_write_uint(&params, 1);
        cbor_write_bytes(&params, SLICE(finger->id));
        cbor_write_uint(&params, 3);
        cbor_write_uint(&params, TIMEOUT_MS);
        return must_manage(client, ENROL_NEXT, &params, error);
}

mitome_status finger_client_enrol(struct finger_client *client, slice name,
        const struct finger_watcher *watcher, struct mitome_gate_finger *ret, mitome_error *error)
{
        struct mitome_gate_finger finger = { 0 };
        struct samples samples = { 0 };
        MITOME_TRY(begin_enrolment(client, &finger, error));
        MITOME_TRY(take_sample(client, watcher, &samples, error));
        while (samples.remaining) {
                MITOME_TRY(go_on_enrolling(client, &finger, error));
                MITOME_TRY(take_sample(client, watcher, &samples, error));
        }
        if (name.size) {
                MITOME_TRY(finger_client_rename(client, SLICE(finger.id), name, error));
                MITOME_TRY(slice_copy(name, "name", finger.name, sizeof finger.name, error));
                finger.name_size = (uint8_t)name.size;
        }
        *ret = finger;
        return ok();
}

static mitome_status read_finger(struct cbor_reader *r, struct mitome_gate_finger *ret)
{
        struct cbor_members map;
        struct cbor_key key;
        slice name;
        bool more, named = false;
        MITOME_TRY(cbor_open_map(r, "templateInfo", CBOR_MEMBERS, &map));
        MITOME_TRY(cbor_next_key(r, &map, &key, &more));
        while (more) {
                if (key.number == 1) {
                        MITOME_TRY(read_id(r, ret));
                        named = true;
                } else if (key.number == 2) {
                        MITOME_TRY(cbor_read_text(r, "templateFriendlyName", sizeof ret->name, &name));
                        MITOME_TRY(slice_copy(name, "name", ret->name, sizeof ret->name, r->bytes.error));
                        ret->name_size = (uint8_t)name.size;
                } else {
                        MITOME_TRY(cbor_skip(r, "templateInfo"));
                }
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
        }
        return named ? ok() : reader_fail(&r->bytes, MITOME_E_FINGER_ANSWER, "templateId");
}

mitome_status finger_client_list(struct finger_client *client,
        struct mitome_gate_finger ret[MITOME_GATE_FINGERS_MAX], size_t *ret_count, mitome_error *error)
{
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX] = { 0 };
        struct cbor_reader r;
        struct cbor_members array;
        uint8_t status;
        size_t count = 0;
        MITOME_TRY(manage(client, ENUMERATE, NULL, &status, error));
        if (status != NO_FINGERS) {
                MITOME_TRY(check_status(status, error));
                MITOME_TRY(find_member(client, 7, &r, error));
                MITOME_TRY(cbor_open_array(&r, "templateInfos", MITOME_GATE_FINGERS_MAX, &array));
                while (cbor_next_element(&r, &array))
                        MITOME_TRY(read_finger(&r, &fingers[count++]));
        }
        for (size_t i = 0; i < count; i++)
                ret[i] = fingers[i];
        *ret_count = count;
        return ok();
}

mitome_status finger_client_rename(struct finger_client *client, slice id, slice name, mitome_error *error)
{
        uint8_t bytes[PARAMS_MAX];
        writer params = WRITER(bytes);
        if (name.size > MITOME_GATE_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, "name", NULL);
        cbor_write_map(&params, 2);
        cbor_write_uint(&params, 1);
        cbor_write_bytes(&params, id);
        cbor_write_uint(&params, 2);
        cbor_write_text(&params, name);
        return must_manage(client, SET_NAME, &params, error);
}

mitome_status finger_client_remove(struct finger_client *client, slice id, mitome_error *error)
{
        uint8_t bytes[PARAMS_MAX];
        writer params = WRITER(bytes);
        cbor_write_map(&params, 1);
        cbor_write_uint(&params, 1);
        cbor_write_bytes(&params, id);
        return must_manage(client, REMOVE, &params, error);
}

/* ---- how it stands with the fingers ---- */

enum { GET_INFO = 0x04, GET_PIN_RETRIES = 0x01, GET_TOKEN_BY_FINGER = 0x06, GET_UV_RETRIES = 0x07 };
enum { SENSOR_INFO = 7, COUNT_MAX = 0x7FFFFFFF };

/* A number that need not be there: 0. */
static mitome_status read_optional(
        const struct finger_client *client, int64_t key, unsigned *ret, mitome_error *error)
{
        struct cbor_reader r;
        uint64_t number = 0;
        if (!failed(find_member(client, key, &r, NULL)) &&
                failed(cbor_read_uint(&r, "answer", COUNT_MAX, &number)))
                return fail(error, MITOME_E_FINGER_ANSWER, "answer", NULL);
        *ret = (unsigned)number;
        return ok();
}

static void take_option(struct finger_state *state, slice name, bool value)
{
        if (slice_is(name, "uv")) {
                state->sensor = true;
                state->open = value;
        } else if (slice_is(name, "bioEnroll")) {
                state->enrolled = value;
        } else if (slice_is(name, "clientPin")) {
                state->pin_set = value;
        }
}

static mitome_status read_options_of(
        const struct finger_client *client, struct finger_state *state, mitome_error *error)
{
        struct cbor_reader r;
        struct cbor_members map;
        struct cbor_key key;
        bool more, value;
        MITOME_TRY(find_member(client, 4, &r, error));
        MITOME_TRY(cbor_open_map(&r, "options", CBOR_MEMBERS, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        while (more) {
                MITOME_TRY(cbor_read_bool(&r, "options", &value));
                if (key.is_text)
                        take_option(state, key.text, value);
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        }
        return ok();
}

static mitome_status ask_info(struct finger_client *client, struct finger_state *state, mitome_error *error)
{
        uint8_t bytes[1];
        writer w = WRITER(bytes);
        write_u8(&w, GET_INFO);
        MITOME_TRY(ask(client, &w, error));
        MITOME_TRY(read_options_of(client, state, error));
        MITOME_TRY(read_optional(client, 0x12, &state->modality, error));
        return read_optional(client, 0x17, &state->uv_count, error);
}

/* getPINRetries, getUVRetries. */
static mitome_status ask_retries(
        struct finger_client *client, uint8_t subcommand, int64_t key, unsigned *ret, mitome_error *error)
{
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        write_u8(&w, CLIENT_PIN);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, subcommand);
        MITOME_TRY(ask(client, &w, error));
        return read_optional(client, key, ret, error);
}

static mitome_status ask_sensor(struct finger_client *client, struct finger_state *state, mitome_error *error)
{
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        write_u8(&w, BIO_ENROLLMENT);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, FINGERPRINT);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, SENSOR_INFO);
        MITOME_TRY(ask(client, &w, error));
        return read_optional(client, 3, &state->samples, error);
}

/* The first cause. A set that was changed from elsewhere shows itself at the next finger only. */
static enum mitome_guidance why_of(const struct finger_state *state)
{
        if (!state->sensor)
                return MITOME_GUIDANCE_NO_SENSOR;
        if (state->open)
                return MITOME_GUIDANCE_RECOGNISED;
        if (state->pin_set && state->pin_tries == 0)
                return MITOME_GUIDANCE_PIN_LOCKED;
        if (state->uv_tries == 0)
                return MITOME_GUIDANCE_CLOSED;
        return state->enrolled ? MITOME_GUIDANCE_NEW_FINGER : MITOME_GUIDANCE_NONE_ENROLLED;
}

mitome_status finger_client_state(struct finger_client *client, struct finger_state *ret, mitome_error *error)
{
        struct finger_state state = { 0 };
        MITOME_TRY(ask_info(client, &state, error));
        if (state.pin_set)
                MITOME_TRY(ask_retries(client, GET_PIN_RETRIES, 3, &state.pin_tries, error));
        if (state.sensor) {
                MITOME_TRY(ask_retries(client, GET_UV_RETRIES, 5, &state.uv_tries, error));
                MITOME_TRY(ask_sensor(client, &state, error));
        }
        state.why = why_of(&state);
        *ret = state;
        return ok();
}

/* ---- one finger, tried ---- */

static mitome_status ask_finger(struct finger_client *client, const struct pin_protocol *agreement,
        uint8_t *ret_status, mitome_error *error)
{
        enum { PERMISSION_GA = 0x02 };
        uint8_t bytes[REQUEST_MAX];
        writer w = WRITER(bytes);
        write_token_request(&w, GET_TOKEN_BY_FINGER, agreement);
        cbor_write_uint(&w, 9);
        cbor_write_uint(&w, PERMISSION_GA);
        cbor_write_uint(&w, 10);
        cbor_write_string(&w, "finger-test.invalid"); /* RFC 2606: no website is called so */
        return exchange(client, &w, ret_status, error);
}

static enum mitome_guidance judge_finger(uint8_t status, const struct finger_state *state)
{
        enum { NOT_ALLOWED = 0x30, UV_BLOCKED = 0x3C };
        static const struct {
                uint8_t status;
                enum mitome_guidance said;
        } known[] = {
                { 0x00, MITOME_GUIDANCE_RECOGNISED },
                { 0x27, MITOME_GUIDANCE_DECLINED },
                { 0x2F, MITOME_GUIDANCE_ABSENT },
                { 0x36, MITOME_GUIDANCE_NEW_FINGER },
                { 0x3E, MITOME_GUIDANCE_NO_SENSOR }, /* INVALID_SUBCOMMAND */
                { 0x3F, MITOME_GUIDANCE_NOT_RECOGNISED },
                { 0x7F, MITOME_GUIDANCE_BROKEN },
        };
        if (status == NOT_ALLOWED)
                return state->why;
        if (status == UV_BLOCKED) /* with tries left the gate wants the PIN, or time */
                return state->open ? MITOME_GUIDANCE_PIN_OR_WAIT : state->why;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (known[i].status == status)
                        return known[i].said;
        return MITOME_GUIDANCE_NONE;
}

mitome_status finger_client_verify(struct finger_client *client, const struct mitome_random *random,
        enum mitome_guidance *ret_said, struct finger_state *ret_state, mitome_error *error)
{
        struct pin_protocol agreement = { 0 };
        struct finger_state state;
        uint8_t status = 0;
        mitome_status done = agree(client, random, &agreement, error);
        if (!failed(done))
                done = ask_finger(client, &agreement, &status, error);
        secret_wipe(&agreement.aes); /* nobody decrypts the token */
        secret_wipe(&agreement.hmac);
        MITOME_TRY(done);
        MITOME_TRY(finger_client_state(client, &state, error));
        enum mitome_guidance said = judge_finger(status, &state);
        if (said == MITOME_GUIDANCE_NONE)
                return check_status(status, error);
        *ret_said = said;
        *ret_state = state;
        return ok();
}
