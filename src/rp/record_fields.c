/* SPDX-License-Identifier: Apache-2.0 */
#include "record_fields.h"

#include "response_json.h"

const char record_clause[] = "docs/record.md";
const int64_t record_time_max = INT64_C(253402300799);

enum {
        PUBLIC_KEY_MAX = 4096, /* ML-DSA-87 has 2592 bytes and a head */
        RP_ID_MAX = 256,
        FORMAT_MAX = 32, /* WebAuthn L3 8.1 */
        STATUS_MAX = 64,
        SERIAL_MAX = 20, /* RFC 5280 4.1.2.2 */
        ISSUER_MAX = 1024,
        HASH = 32,
        KEY_ID = MITOME_RECORD_KEY_ID_SIZE,
};

_Static_assert(MITOME_TRANSPORTS_ALL == (1 << RECORD_TRANSPORT_WORDS) - 1, "a transport without a word");
const char *const record_transport_words[RECORD_TRANSPORT_WORDS] = { "usb", "nfc", "ble", "smart-card",
        "hybrid", "internal" };

static const char *const trusts[] = { "none", "self", "unverified", "verified" };
static const char *const standings[] = { NULL, "good", "attention", "revoked" };

#define MUST true, false
#define MAY false, false
#define SERIAL false, true
#define MEMBER(number, member, name_, shape_, kind, least_, most_)           \
        {                                                                    \
                number, name_, "record." name_, shape_, kind, least_, most_, \
                        offsetof(struct mitome_record, member), NULL         \
        }
#define WORD(number, member, name_, kind, least_, words_)                                                 \
        {                                                                                                 \
                number, name_, "record." name_, RECORD_WORD, kind, least_,                                \
                        sizeof(words_) / sizeof((words_)[0]) - 1, offsetof(struct mitome_record, member), \
                        words_                                                                            \
        }

const struct record_field record_fields[RECORD_FIELDS] = {
        MEMBER(3, credential_id, "credential_id_b64url", RECORD_BYTES, MUST, 1, RESPONSE_CREDENTIAL_ID_MAX),
        MEMBER(4, public_key, "public_key_b64url", RECORD_BYTES, MUST, 1, PUBLIC_KEY_MAX),
        MEMBER(5, rp_id, "rp_id", RECORD_TEXT, MUST, 1, RP_ID_MAX),
        MEMBER(6, user_handle, "user_handle_b64url", RECORD_BYTES, MAY, 1, RESPONSE_USER_HANDLE_MAX),
        MEMBER(7, sign_count, "sign_count", RECORD_COUNT, MUST, 0, UINT32_MAX),
        MEMBER(8, backup_eligible, "backup_eligible", RECORD_ANSWER, MAY, 0, 0),
        MEMBER(9, backed_up, "backed_up", RECORD_BOOL, MUST, 0, 0),
        MEMBER(10, uv_initialized, "uv_initialized", RECORD_BOOL, MUST, 0, 0),
        MEMBER(11, transports, "transports", RECORD_TRANSPORTS, MAY, 1, MITOME_TRANSPORTS_ALL),
        MEMBER(12, discoverable, "discoverable", RECORD_ANSWER, MAY, 0, 0),
        MEMBER(13, cred_protect, "cred_protect", RECORD_COUNT, MAY, 1, 3),
        MEMBER(14, aaguid, "aaguid_b64url", RECORD_BYTES, MAY, 16, 16),
        MEMBER(15, format, "format", RECORD_TEXT, MAY, 1, FORMAT_MAX),
        WORD(16, trust, "trust", MUST, 0, trusts),
        MEMBER(17, attestation_object, "attestation_object_b64url", RECORD_BYTES, MAY, 1,
                RESPONSE_ATTESTATION_MAX),
        MEMBER(18, client_data_hash, "client_data_hash_b64url", RECORD_BYTES, MAY, HASH, HASH),
        MEMBER(19, attestation_key_id, "attestation_key_id_b64url", RECORD_KEY_ID, MAY, KEY_ID, KEY_ID),
        MEMBER(20, attestation_serial, "attestation_serial_b64url", RECORD_BYTES, SERIAL, 1, SERIAL_MAX),
        MEMBER(21, attestation_issuer, "attestation_issuer_b64url", RECORD_BYTES, MAY, 2, ISSUER_MAX),
        MEMBER(22, model_status, "model_status", RECORD_TEXT, MAY, 1, STATUS_MAX),
        MEMBER(23, certificate_serial, "certificate_serial_b64url", RECORD_BYTES, SERIAL, 1, SERIAL_MAX),
        MEMBER(24, certificate_issuer, "certificate_issuer_b64url", RECORD_BYTES, MAY, 2, ISSUER_MAX),
        MEMBER(25, certificate_not_after, "certificate_not_after", RECORD_TIME, MAY, 1, 0),
        MEMBER(26, created, "created", RECORD_TIME, MUST, 0, 0),
        MEMBER(27, last_used, "last_used", RECORD_TIME, MAY, 1, 0),
        WORD(28, standing, "standing", MAY, 1, standings),
        MEMBER(29, standing_code, "standing_code", RECORD_COUNT, MAY, 1, UINT16_MAX),
        MEMBER(30, judged, "judged", RECORD_TIME, MAY, 1, 0),
};

void *record_at(struct mitome_record *record, const struct record_field *field)
{
        return (char *)record + field->offset;
}

const void *record_get(const struct mitome_record *record, const struct record_field *field)
{
        return (const char *)record + field->offset;
}

/* ---- limits ---- */

static slice bytes_of(const struct mitome_record *record, const struct record_field *field)
{
        if (field->shape == RECORD_KEY_ID)
                return slice_of(record_get(record, field), KEY_ID);
        return *(const slice *)record_get(record, field);
}

static bool is_zero(slice bytes)
{
        uint8_t any = 0;
        for (size_t i = 0; i < bytes.size; i++)
                any |= bytes.data[i];
        return any == 0;
}

/* What a member that is not a string says as a number. */
static int64_t number_of(const struct mitome_record *record, const struct record_field *field)
{
        const void *at = record_get(record, field);
        switch (field->shape) {
        case RECORD_TIME:
                return *(const int64_t *)at;
        case RECORD_BOOL:
                return *(const bool *)at;
        case RECORD_ANSWER:
                return *(const enum mitome_answer *)at;
        default: /* the enums of words are of this type, too */
                return *(const uint32_t *)at;
        }
}

bool record_is_absent(const struct mitome_record *record, const struct record_field *field)
{
        switch (field->shape) {
        case RECORD_BYTES:
        case RECORD_TEXT:
                return bytes_of(record, field).size == 0;
        case RECORD_KEY_ID:
                return is_zero(bytes_of(record, field));
        default:
                return !field->required && number_of(record, field) == 0;
        }
}

static mitome_status check_bytes(slice bytes, const struct record_field *field, mitome_error *error)
{
        if (bytes.size > field->most)
                return fail(error, MITOME_E_TOO_LONG, field->field, record_clause);
        if (bytes.size < field->least || (field->magnitude && bytes.data[0] == 0))
                return fail(error, MITOME_E_VALUE, field->field, record_clause);
        if (field->shape == RECORD_TEXT && !slice_is_utf8(bytes))
                return fail(error, MITOME_E_UTF8, field->field, record_clause);
        return ok();
}

mitome_status record_check_field(
        const struct mitome_record *record, const struct record_field *field, mitome_error *error)
{
        int64_t least = field->least, most = field->most;
        if (field->shape == RECORD_BYTES || field->shape == RECORD_TEXT)
                return check_bytes(bytes_of(record, field), field, error);
        if (field->shape == RECORD_KEY_ID || field->shape == RECORD_BOOL)
                return ok();
        if (field->shape == RECORD_TIME)
                most = record_time_max;
        if (field->shape == RECORD_ANSWER)
                most = MITOME_ANSWER_YES;
        int64_t number = number_of(record, field);
        if (number < least || number > most)
                return fail(error, MITOME_E_VALUE, field->field, record_clause);
        return ok();
}

mitome_status record_check_whole(const struct mitome_record *r, mitome_error *error)
{
        bool serial = r->certificate_serial.size, end = r->certificate_not_after != 0;
        const struct {
                bool agree;
                const char *field;
                const char *clause;
        } rules[] = {
                { !r->backed_up || r->backup_eligible != MITOME_ANSWER_NO, "record.backed_up",
                        "WebAuthn L3 6.1.3" },
                { !r->attestation_object.size == !r->client_data_hash.size,
                        "record.attestation_object_b64url", record_clause },
                { !r->attestation_serial.size == !r->attestation_issuer.size,
                        "record.attestation_serial_b64url", record_clause },
                { serial == (r->certificate_issuer.size != 0) && serial == end,
                        "record.certificate_serial_b64url", record_clause },
                { (r->standing == MITOME_STANDING_NOT_JUDGED) == (r->judged == 0), "record.standing",
                        record_clause },
                { !r->standing_code || r->standing > MITOME_STANDING_GOOD, "record.standing_code",
                        record_clause },
        };
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                if (!rules[i].agree)
                        return fail(error, MITOME_E_RECORD_CONTRADICTION, rules[i].field, rules[i].clause);
        return ok();
}

mitome_status record_check(const struct mitome_record *record, mitome_error *error)
{
        for (size_t i = 0; i < RECORD_FIELDS; i++) {
                const struct record_field *field = &record_fields[i];
                if (!record_is_absent(record, field))
                        MITOME_TRY(record_check_field(record, field, error));
                else if (field->required)
                        return fail(error, MITOME_E_MISSING, field->field, record_clause);
        }
        return record_check_whole(record, error);
}

mitome_status record_check_seen(uint32_t seen, mitome_error *error)
{
        _Static_assert(RECORD_FIELDS <= 32, "a bit for each");
        for (size_t i = 0; i < RECORD_FIELDS; i++)
                if (record_fields[i].required && !(seen >> i & 1))
                        return fail(error, MITOME_E_MISSING, record_fields[i].field, record_clause);
        return ok();
}
