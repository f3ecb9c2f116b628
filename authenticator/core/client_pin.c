/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorClientPIN (CTAP 2.1, 6.5.5), PIN/UV auth protocol 2 only. The core carries: the element agrees
 * on keys, decrypts, compares and counts. */

enum { HASH_ENC_SIZE = 32, COORDINATE_SIZE = 32, FIELD_MAX = 1024 };

struct point {
        slice x, y;
};

struct pin_request {
        bool has_protocol, has_key_agreement, has_hash_enc, has_permissions;
        uint64_t subcommand, protocol;
        struct point key_agreement;
        slice hash_enc;
};

/* ---- the request ---- */

static mitome_status read_constant(struct cbor_reader *r, const char *field, int64_t wanted)
{
        int64_t value;
        MITOME_TRY(cbor_read_int(r, field, &value));
        return value == wanted ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_kty(struct cbor_reader *r, const char *field, void *into)
{
        enum { EC2 = 2 };
        (void)into;
        return read_constant(r, field, EC2);
}

/* 6.5.6: "alg" is -25 although that is not the algorithm that is used. */
static mitome_status read_alg(struct cbor_reader *r, const char *field, void *into)
{
        enum { ECDH_ES_HKDF_256 = -25 };
        (void)into;
        return read_constant(r, field, ECDH_ES_HKDF_256);
}

static mitome_status read_crv(struct cbor_reader *r, const char *field, void *into)
{
        enum { P_256 = 1 };
        (void)into;
        return read_constant(r, field, P_256);
}

static mitome_status read_x(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, COORDINATE_SIZE, &((struct point *)into)->x);
}

static mitome_status read_y(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_fixed(r, field, COORDINATE_SIZE, &((struct point *)into)->y);
}

static mitome_status read_key_agreement(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "keyAgreement.kty", .required = true, .read = read_kty },
                { .number = 3, .field = "keyAgreement.alg", .required = true, .read = read_alg },
                { .number = -1, .field = "keyAgreement.crv", .required = true, .read = read_crv },
                { .number = -2, .field = "keyAgreement.x", .required = true, .read = read_x },
                { .number = -3, .field = "keyAgreement.y", .required = true, .read = read_y },
        };
        struct pin_request *request = into;
        request->has_key_agreement = true;
        return core_read_map(r, field, members, sizeof members / sizeof *members, &request->key_agreement);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct pin_request *request = into;
        request->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &request->protocol);
}

static mitome_status read_subcommand(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct pin_request *)into)->subcommand);
}

static mitome_status read_hash_enc(struct cbor_reader *r, const char *field, void *into)
{
        struct pin_request *request = into;
        request->has_hash_enc = true;
        return cbor_read_bytes(r, field, FIELD_MAX, &request->hash_enc);
}

static mitome_status read_permissions(struct cbor_reader *r, const char *field, void *into)
{
        ((struct pin_request *)into)->has_permissions = true;
        return cbor_skip(r, field);
}

static mitome_status read_request(const struct core *core, struct pin_request *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "pinUvAuthProtocol", .read = read_protocol },
                { .number = 2, .field = "subCommand", .required = true, .read = read_subcommand },
                { .number = 3, .field = "keyAgreement", .read = read_key_agreement },
                { .number = 6, .field = "pinHashEnc", .read = read_hash_enc },
                { .number = 9, .field = "permissions", .read = read_permissions },
                { .number = 10, .field = "rpId", .read = read_permissions },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.5.5");
        struct pin_request request = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &request));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = request;
        return ok();
}

/* A protocol that is missing: MISSING_PARAMETER; one that is not supported: INVALID_PARAMETER. */
static enum ctap_status check_protocol(const struct pin_request *request)
{
        if (!request->has_protocol)
                return CTAP2_ERR_MISSING_PARAMETER;
        return request->protocol == CORE_PROTOCOL_TWO ? CTAP2_OK : CTAP1_ERR_INVALID_PARAMETER;
}

/* ---- getPINRetries, 6.5.5.2 ---- */

static void tell_retries(struct core *core)
{
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, core->state.pin_tries);
        core_send(core, &w);
}

static void get_retries(struct core *core, const struct pin_request *request)
{
        (void)request;
        core_fetch_state(core, tell_retries);
}

/* ---- getKeyAgreement, 6.5.5.4 ---- */

static mitome_status write_key_agreement(writer *w, slice data)
{
        struct point point;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "x", COORDINATE_SIZE, &point.x, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x81, "y", COORDINATE_SIZE, &point.y, NULL));
        cbor_write_map(w, 1);
        cbor_write_uint(w, 1);
        cbor_write_map(w, 5);
        cbor_write_int(w, 1); /* kty: EC2 */
        cbor_write_int(w, 2);
        cbor_write_int(w, 3); /* alg: -25, 6.5.6 */
        cbor_write_int(w, -25);
        cbor_write_int(w, -1); /* crv: P-256 */
        cbor_write_int(w, 1);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, point.x);
        cbor_write_int(w, -3);
        cbor_write_bytes(w, point.y);
        return ok();
}

static void take_key_agreement(struct core *core, slice data, uint16_t sw)
{
        writer w = core_body(core);
        if (sw != SW_OK)
                core_answer(core, ctap_status_of_sw(INS_KEY_AGREEMENT, sw));
        else if (failed(write_key_agreement(&w, data)))
                core_answer(core, CTAP1_ERR_OTHER);
        else
                core_send(core, &w);
}

static void get_key_agreement(struct core *core, const struct pin_request *request)
{
        enum ctap_status refusal = check_protocol(request);
        if (refusal != CTAP2_OK) {
                core_answer(core, refusal);
                return;
        }
        (void)core_data(core); /* no data */
        core_transmit(core, INS_KEY_AGREEMENT, take_key_agreement);
}

/* ---- getPinToken, 6.5.5.7.1 ---- */

enum { ENCRYPTED_TOKEN_SIZE = 48 }; /* protocol 2: IV and 32 bytes */

static void take_token(struct core *core, slice data, uint16_t sw)
{
        slice token;
        if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_GET_PIN_TOKEN, sw));
                return;
        }
        if (failed(tlv_find_fixed(data, 0x80, "pinUvAuthToken", ENCRYPTED_TOKEN_SIZE, &token, NULL))) {
                core_answer(core, CTAP1_ERR_OTHER);
                return;
        }
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, token);
        core_send(core, &w);
}

/* The request is read again: an enrolment may have had to end in between. */
static void ask_token(struct core *core)
{
        struct pin_request request;
        mitome_status status = read_request(core, &request);
        if (failed(status)) {
                core_answer(core, ctap_status_of_code(status.code));
                return;
        }
        writer *data = core_data(core);
        tlv_write(data, 0x80, request.key_agreement.x);
        tlv_write(data, 0x81, request.key_agreement.y);
        tlv_write(data, 0x82, request.hash_enc);
        core_transmit(core, INS_GET_PIN_TOKEN, take_token);
}

static enum ctap_status check_token_request(const struct pin_request *request)
{
        /* Mandatory parameters: pinUvAuthProtocol, keyAgreement, pinHashEnc: else MISSING_PARAMETER. */
        enum ctap_status refusal = check_protocol(request);
        if (refusal == CTAP2_ERR_MISSING_PARAMETER || !request->has_key_agreement || !request->has_hash_enc)
                return CTAP2_ERR_MISSING_PARAMETER;
        if (refusal != CTAP2_OK)
                return refusal;
        /* permissions or rpId are of the newer subcommands: INVALID_PARAMETER. */
        if (request->has_permissions)
                return CTAP1_ERR_INVALID_PARAMETER;
        /* A pinHashEnc that does not decrypt to 16 bytes is no try. */
        return request->hash_enc.size == HASH_ENC_SIZE ? CTAP2_OK : CTAP1_ERR_INVALID_PARAMETER;
}

static void get_pin_token(struct core *core, const struct pin_request *request)
{
        enum ctap_status refusal = check_token_request(request);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_wind_down(core, (slice){ 0 }, ask_token); /* a new token ends the old one's enrolment */
}

static const struct {
        uint64_t number;
        void (*begin)(struct core *core, const struct pin_request *request);
} subcommands[] = {
        { 0x01, get_retries },
        { 0x02, get_key_agreement },
        { 0x05, get_pin_token },
};

void core_client_pin(struct core *core)
{
        struct pin_request request;
        mitome_status status = read_request(core, &request);
        if (failed(status)) {
                core_answer(core, ctap_status_of_code(status.code));
                return;
        }
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
                if (subcommands[i].number == request.subcommand) {
                        subcommands[i].begin(core, &request);
                        return;
                }
        }
        core_answer(core, CTAP2_ERR_INVALID_SUBCOMMAND);
}
