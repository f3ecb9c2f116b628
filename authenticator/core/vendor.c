/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* The vendor command of this project (VENDOR.md): certificates, document signing, receipts and statements,
 * for an app that the access control enforcer has checked. To everybody else there is no such command. */

enum {
        SECRET_MIN = 16,
        SECRET_ENC_MAX = 80,
        AUTH_MAX = 32,
        NONCE_MIN = 16,
        NONCE_MAX = 64,
        NUMBER_MAX = 0xFFFF,
};

enum subcommand {
        READ_CERTIFICATE = 0x01,
        SIGN_DOCUMENT = 0x02,
        GET_RECEIPT = 0x03,
        ACKNOWLEDGE_RECEIPT = 0x04,
        GET_STATEMENT = 0x05,
};

/* Which members a request has. */
enum given {
        HAS_PROTOCOL = 0x0001,
        HAS_KEY_AGREEMENT = 0x0002,
        HAS_SECRET = 0x0004,
        HAS_AUTH = 0x0008,
        HAS_HASH = 0x0010,
        HAS_FILE = 0x0020,
        HAS_OFFSET = 0x0040,
        HAS_NONCE = 0x0080,
        HAS_NUMBER = 0x0100,
        HAS_DIGEST = 0x0200,
        PROOF = HAS_PROTOCOL | HAS_KEY_AGREEMENT | HAS_SECRET | HAS_AUTH,
};

struct request {
        unsigned given;
        uint64_t subcommand, protocol, file, offset, number;
        struct core_point key_agreement;
        slice secret, auth, hash, nonce, digest;
};

/* ---- the request ---- */

static mitome_status read_subcommand(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_uint(r, field, UINT32_MAX, &((struct request *)into)->subcommand);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_PROTOCOL;
        return cbor_read_uint(r, field, UINT32_MAX, &request->protocol);
}

static mitome_status read_key_agreement(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_KEY_AGREEMENT;
        return core_read_key_agreement(r, field, &request->key_agreement);
}

static mitome_status read_sized(struct cbor_reader *r, const char *field, size_t min, size_t max, slice *ret)
{
        MITOME_TRY(cbor_read_bytes(r, field, max, ret));
        return ret->size >= min ? ok() : reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_secret(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_SECRET;
        return read_sized(r, field, SECRET_MIN, SECRET_ENC_MAX, &request->secret);
}

static mitome_status read_auth(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_AUTH;
        return read_sized(r, field, 1, AUTH_MAX, &request->auth);
}

static mitome_status read_hash(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_HASH;
        return cbor_read_fixed(r, field, SHA256_SIZE, &request->hash);
}

static mitome_status read_file(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_FILE;
        return cbor_read_uint(r, field, NUMBER_MAX, &request->file);
}

static mitome_status read_offset(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_OFFSET;
        return cbor_read_uint(r, field, NUMBER_MAX, &request->offset);
}

static mitome_status read_nonce(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_NONCE;
        return read_sized(r, field, NONCE_MIN, NONCE_MAX, &request->nonce);
}

static mitome_status read_number(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_NUMBER;
        return cbor_read_uint(r, field, UINT32_MAX, &request->number);
}

static mitome_status read_digest(struct cbor_reader *r, const char *field, void *into)
{
        struct request *request = into;
        request->given |= HAS_DIGEST;
        return cbor_read_fixed(r, field, SHA256_SIZE, &request->digest);
}

static mitome_status read_request(const struct core *core, struct request *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "subCommand", .required = true, .read = read_subcommand },
                { .number = 2, .field = "pinUvAuthProtocol", .read = read_protocol },
                { .number = 3, .field = "keyAgreement", .read = read_key_agreement },
                { .number = 4, .field = "secretEnc", .read = read_secret },
                { .number = 5, .field = "secretAuth", .read = read_auth },
                { .number = 6, .field = "hash", .read = read_hash },
                { .number = 7, .field = "file", .read = read_file },
                { .number = 8, .field = "offset", .read = read_offset },
                { .number = 9, .field = "nonce", .read = read_nonce },
                { .number = 10, .field = "number", .read = read_number },
                { .number = 11, .field = "digest", .read = read_digest },
        };
        struct cbor_reader r = core_cbor(core, "VENDOR.md");
        struct request request = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &request));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = request;
        return ok();
}

/* ---- what the element is told, and what it says ---- */

static void write_proof(writer *data, const struct request *request)
{
        if (!(request->given & PROOF))
                return;
        tlv_write(data, 0x80, request->key_agreement.x);
        tlv_write(data, 0x81, request->key_agreement.y);
        tlv_write(data, 0x82, request->secret);
        tlv_write(data, 0x84, request->auth);
        tlv_write_u8(data, 0x88, (uint8_t)request->protocol);
}

static void write_reading(writer *data, const struct request *request)
{
        write_proof(data, request);
        tlv_write_head(data, 0x85, 2 * sizeof(uint16_t));
        write_u16(data, (uint16_t)request->file);
        write_u16(data, (uint16_t)request->offset);
}

static void write_document(writer *data, const struct request *request)
{
        write_proof(data, request);
        tlv_write(data, 0x83, request->hash);
}

static void write_evidence(writer *data, const struct request *request)
{
        if (request->given & HAS_NONCE)
                tlv_write(data, 0x80, request->nonce);
        tlv_write_u8(data, 0x85, DO_PRESENT);
}

static void write_acknowledgement(writer *data, const struct request *request)
{
        tlv_write_head(data, 0x81, sizeof(uint32_t));
        write_u32(data, (uint32_t)request->number);
        tlv_write(data, 0x82, request->digest);
}

/* A member of the answer: the element's tag, and whether it is a number. */
struct told {
        uint32_t tag;
        bool number;
};

enum { TOLD_MAX = 4 };

static mitome_status write_told(writer *w, slice data, const struct told *told)
{
        slice value;
        MITOME_TRY(tlv_find(data, told->tag, "answer", &value, NULL));
        if (!told->number) {
                cbor_write_bytes(w, value);
                return ok();
        }
        uint64_t number = 0;
        for (size_t i = 0; i < value.size; i++)
                number = number << 8 | value.data[i];
        cbor_write_uint(w, number);
        return ok();
}

/* ---- the subcommands ---- */

static const struct vendor_subcommand {
        enum subcommand number;
        unsigned wants, takes; /* enum given: what must, and what else may be there */
        bool touch;
        enum core_ins ins;
        void (*write)(writer *data, const struct request *request);
        struct told told[TOLD_MAX]; /* members 1, 2 .. of the answer */
} subcommands[] = {
        { READ_CERTIFICATE, HAS_FILE, HAS_OFFSET | PROOF, false, INS_READ_CERTIFICATE, write_reading,
                { { 0x80, false }, { 0x81, true } } },
        { SIGN_DOCUMENT, HAS_HASH | PROOF, 0, false, INS_SIGN_DOCUMENT, write_document,
                { { 0x80, false }, { 0x81, true } } },
        { GET_RECEIPT, 0, HAS_NONCE, true, INS_GET_RECEIPT, write_evidence,
                { { 0x80, false }, { 0x81, true }, { 0x82, false }, { 0x83, true } } },
        { ACKNOWLEDGE_RECEIPT, HAS_NUMBER | HAS_DIGEST, 0, false, INS_ACKNOWLEDGE_RECEIPT,
                write_acknowledgement, { { 0 } } },
        { GET_STATEMENT, HAS_NONCE, 0, true, INS_GET_STATEMENT, write_evidence, { { 0x80, false } } },
};

enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static const struct vendor_subcommand *find_subcommand(uint64_t number)
{
        for (size_t i = 0; i < SUBCOMMANDS; i++)
                if (subcommands[i].number == number)
                        return &subcommands[i];
        return NULL;
}

static mitome_status write_answer(writer *w, slice data, const struct told *told)
{
        size_t count = 0;
        while (count < TOLD_MAX && told[count].tag)
                count++;
        cbor_write_map(w, count);
        for (size_t i = 0; i < count; i++) {
                cbor_write_uint(w, i + 1);
                MITOME_TRY(write_told(w, data, &told[i]));
        }
        return ok();
}

/* The request is read again at each step: an enrolment may have had to end in between, and a touch to come.
 */
static const struct vendor_subcommand *read_again(const struct core *core, struct request *ret)
{
        return failed(read_request(core, ret)) ? NULL : find_subcommand(ret->subcommand);
}

static void take_told(struct core *core, slice data, uint16_t sw)
{
        struct request request;
        const struct vendor_subcommand *subcommand = read_again(core, &request);
        writer w = core_body(core);
        if (!subcommand)
                core_answer(core, CTAP1_ERR_OTHER);
        else if (sw != SW_OK || !subcommand->told[0].tag)
                core_answer(core, ctap_status_of_sw((uint8_t)subcommand->ins, sw));
        else if (failed(write_answer(&w, data, subcommand->told)))
                core_answer(core, CTAP1_ERR_OTHER);
        else
                core_send(core, &w);
}

static void ask_element(struct core *core)
{
        struct request request;
        const struct vendor_subcommand *subcommand = read_again(core, &request);
        if (!subcommand) {
                core_answer(core, CTAP1_ERR_OTHER);
                return;
        }
        subcommand->write(core_data(core), &request);
        core_transmit(core, subcommand->ins, take_told);
}

/* ---- the command ---- */

static enum ctap_status check(const struct request *request)
{
        const struct vendor_subcommand *subcommand = find_subcommand(request->subcommand);
        if (!subcommand)
                return CTAP2_ERR_INVALID_SUBCOMMAND;
        if (subcommand->wants & ~request->given)
                return CTAP2_ERR_MISSING_PARAMETER;
        if (request->given & ~(subcommand->wants | subcommand->takes))
                return CTAP1_ERR_INVALID_PARAMETER;
        if (!(request->given & PROOF))
                return CTAP2_OK;
        if ((request->given & PROOF) != PROOF)
                return CTAP2_ERR_MISSING_PARAMETER;
        return core_check_param(true, request->protocol, request->auth);
}

static void take_touch(struct core *core, enum core_presence presence)
{
        if (presence == PRESENCE_GIVEN)
                ask_element(core);
        else
                core_close(core, presence == PRESENCE_DECLINED ? CTAP2_ERR_OPERATION_DENIED
                                                               : CTAP2_ERR_USER_ACTION_TIMEOUT);
}

static void ask_user(struct core *core)
{
        core_ask_touch(core, CORE_PROMPT_VENDOR, (slice){ 0 }, (slice){ 0 }, take_touch);
}

void core_vendor(struct core *core)
{
        struct request request = { 0 };
        /* To HID and NFC, where anybody speaks, this is no command at all. */
        if (core->caller != CORE_CALLER_APP) {
                core_answer(core, CTAP1_ERR_INVALID_COMMAND);
                return;
        }
        mitome_status status = read_request(core, &request);
        enum ctap_status refusal = failed(status) ? ctap_status_of_code(status.code) : check(&request);
        const struct vendor_subcommand *subcommand = find_subcommand(request.subcommand);
        if (refusal != CTAP2_OK || !subcommand)
                core_answer(core, refusal);
        else
                core_wind_down(core, (slice){ 0 }, subcommand->touch ? ask_user : ask_element);
}
