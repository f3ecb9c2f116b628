/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_message.h"

enum { KEY_VERSION = 1, KEY_KIND = 2, KEYS_MAX = 12 };

/* Which of its keys a message of a kind carries, as bits. */
#define HAS(key) (1u << (key))
#define HEAD (HAS(KEY_VERSION) | HAS(KEY_KIND))

struct shape {
        uint8_t kind;
        unsigned keys;
};

/* How the value of a key is read and written; `message` is a request or a report. */
struct member {
        const char *field;
        mitome_status (*read)(struct cbor_reader *r, const char *field, void *message);
        void (*write)(writer *w, const void *message);
};

/* One kind of message: its members by their key, and which of them each kind has. */
struct grammar {
        const struct member *members;
        int64_t last_key;
        const struct shape *shapes;
        size_t shape_count;
        uint8_t (*kind_of)(const void *message);
};

static mitome_status read_byte(struct cbor_reader *r, const char *field, uint8_t max, uint8_t *ret)
{
        uint64_t value;
        mitome_status status = cbor_read_uint(r, field, max, &value);
        if (!failed(status))
                *ret = (uint8_t)value;
        return status;
}

static const struct shape *find_shape(const struct grammar *grammar, uint8_t kind)
{
        for (size_t i = 0; i < grammar->shape_count; i++)
                if (grammar->shapes[i].kind == kind)
                        return &grammar->shapes[i];
        return NULL;
}

static void write_message(const struct grammar *grammar, writer *w, const void *message)
{
        const struct shape *shape = find_shape(grammar, grammar->kind_of(message));
        if (!shape) {
                w->overflowed = true; /* a kind that cannot be said */
                return;
        }
        cbor_write_map(w, (size_t)__builtin_popcount(shape->keys));
        cbor_write_uint(w, KEY_VERSION);
        cbor_write_uint(w, GATE_MESSAGE_VERSION);
        cbor_write_uint(w, KEY_KIND);
        cbor_write_uint(w, shape->kind);
        for (unsigned key = KEY_KIND + 1; key <= grammar->last_key; key++) {
                if (!(shape->keys & HAS(key)))
                        continue;
                cbor_write_uint(w, key);
                grammar->members[key].write(w, message);
        }
}

static mitome_status check_version(struct cbor_reader *r)
{
        uint64_t version;
        MITOME_TRY(cbor_read_uint(r, "message.version", UINT64_MAX, &version));
        return version == GATE_MESSAGE_VERSION
                       ? ok()
                       : reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, "message.version");
}

static mitome_status read_member(
        const struct grammar *grammar, struct cbor_reader *r, const struct cbor_key *key, void *message)
{
        if (key->is_text || key->number < KEY_VERSION || key->number > grammar->last_key)
                return reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, "message.key");
        if (key->number == KEY_VERSION)
                return check_version(r);
        const struct member *member = &grammar->members[key->number];
        return member->read(r, member->field, message);
}

static mitome_status check_shape(
        const struct grammar *grammar, const struct cbor_reader *r, uint8_t kind, unsigned keys)
{
        const struct shape *shape = find_shape(grammar, kind);
        if (!(keys & HAS(KEY_VERSION)) || !(keys & HAS(KEY_KIND)))
                return reader_fail(&r->bytes, MITOME_E_MISSING, "message.version");
        if (!shape || (keys & ~shape->keys))
                return reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, "message.kind");
        for (unsigned key = KEY_KIND + 1; key <= grammar->last_key; key++)
                if ((shape->keys & ~keys) & HAS(key))
                        return reader_fail(&r->bytes, MITOME_E_MISSING, grammar->members[key].field);
        return ok();
}

static mitome_status read_message(
        const struct grammar *grammar, slice bytes, void *message, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        unsigned keys = 0;
        bool more;
        if (bytes.size > GATE_MESSAGE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "message", NULL);
        MITOME_TRY(cbor_open_map(&r, "message", KEYS_MAX, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        while (more) {
                MITOME_TRY(read_member(grammar, &r, &key, message));
                keys |= HAS(key.number);
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        }
        MITOME_TRY(cbor_end(&r, "message"));
        return check_shape(grammar, &r, grammar->kind_of(message), keys);
}

/* ---- requests ---- */

static mitome_status read_request_kind(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        uint8_t kind;
        MITOME_TRY(read_byte(r, field, UINT8_MAX, &kind));
        request->kind = (enum gate_request_kind)kind;
        return ok();
}

static mitome_status read_command(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return read_byte(r, field, UINT8_MAX, &request->command);
}

static void write_command(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_uint(w, request->command);
}

static mitome_status read_rp_id(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_text(r, field, GATE_RP_ID_MAX, &request->rp_id);
}

static void write_rp_id(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_text(w, request->rp_id);
}

static mitome_status read_client_data_hash(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_fixed(r, field, SHA256_SIZE, &request->client_data_hash);
}

static void write_client_data_hash(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_bytes(w, request->client_data_hash);
}

static mitome_status read_challenge(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_fixed(r, field, UNLOCK_CHALLENGE_SIZE, &request->challenge);
}

static void write_challenge(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_bytes(w, request->challenge);
}

static mitome_status read_timeout(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        uint64_t value;
        MITOME_TRY(cbor_read_uint(r, field, GATE_TIMEOUT_MAX_MS, &value));
        request->timeout_ms = (uint32_t)value;
        return ok();
}

static void write_timeout(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_uint(w, request->timeout_ms);
}

static mitome_status read_element_point(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_fixed(r, field, PAIRING_POINT_SIZE, &request->element_point);
}

static void write_element_point(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_bytes(w, request->element_point);
}

static mitome_status read_finger_id(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_fixed(r, field, GATE_FINGER_ID_SIZE, &request->finger_id);
}

static void write_finger_id(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_bytes(w, request->finger_id);
}

static mitome_status read_name(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_text(r, field, GATE_NAME_MAX, &request->name);
}

static void write_name(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_text(w, request->name);
}

static mitome_status read_entry(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        return cbor_read_fixed(r, field, UNLOCK_ENTRY_SIZE, &request->entry);
}

static void write_entry(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_bytes(w, request->entry);
}

static mitome_status read_given_certificate(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_request *request = message;
        MITOME_TRY(cbor_read_bytes(r, field, GATE_CERTIFICATE_MAX, &request->certificate));
        return request->certificate.size ? ok() : reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, field);
}

static void write_given_certificate(writer *w, const void *message)
{
        const struct gate_request *request = message;
        cbor_write_bytes(w, request->certificate);
}

static uint8_t request_kind_of(const void *message)
{
        const struct gate_request *request = message;
        return (uint8_t)request->kind;
}

static const struct member request_members[] = {
        [KEY_KIND] = { "request.kind", read_request_kind, NULL },
        [3] = { "request.command", read_command, write_command },
        [4] = { "request.rpId", read_rp_id, write_rp_id },
        [5] = { "request.clientDataHash", read_client_data_hash, write_client_data_hash },
        [6] = { "request.challenge", read_challenge, write_challenge },
        [7] = { "request.timeout", read_timeout, write_timeout },
        [8] = { "request.elementPoint", read_element_point, write_element_point },
        [9] = { "request.fingerId", read_finger_id, write_finger_id },
        [10] = { "request.name", read_name, write_name },
        [11] = { "request.entry", read_entry, write_entry },
        [12] = { "request.certificate", read_given_certificate, write_given_certificate },
};

static const struct shape request_shapes[] = {
        { GATE_REQUEST_STATUS, HEAD },
        { GATE_REQUEST_POINT, HEAD },
        { GATE_REQUEST_PAIR, HEAD | HAS(8) },
        { GATE_REQUEST_VERIFY, HEAD | HAS(3) | HAS(4) | HAS(5) | HAS(6) | HAS(7) | HAS(11) },
        { GATE_REQUEST_ENROL, HEAD | HAS(3) | HAS(6) | HAS(7) | HAS(9) | HAS(11) },
        { GATE_REQUEST_CANCEL, HEAD },
        { GATE_REQUEST_LIST, HEAD },
        { GATE_REQUEST_RENAME, HEAD | HAS(9) | HAS(10) },
        { GATE_REQUEST_REMOVE, HEAD | HAS(3) | HAS(6) | HAS(9) },
        { GATE_REQUEST_FORGET, HEAD },
        { GATE_REQUEST_CERTIFICATE, HEAD },
        { GATE_REQUEST_CERTIFY, HEAD | HAS(12) },
};

static const struct grammar request_grammar = {
        .members = request_members,
        .last_key = 12,
        .shapes = request_shapes,
        .shape_count = sizeof request_shapes / sizeof request_shapes[0],
        .kind_of = request_kind_of,
};

/* ---- reports ---- */

static mitome_status read_report_kind(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return read_byte(r, field, UINT8_MAX, &report->kind);
}

static mitome_status read_hint(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return read_byte(r, field, MITOME_GATE_HINT_POOR, &report->hint);
}

static void write_hint(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_uint(w, report->hint);
}

static mitome_status read_remaining(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return read_byte(r, field, GATE_SAMPLES_MAX, &report->remaining);
}

static void write_remaining(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_uint(w, report->remaining);
}

static mitome_status read_evidence(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_fixed(r, field, UNLOCK_TOKEN_SIZE, &report->evidence);
}

static void write_evidence(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_bytes(w, report->evidence);
}

static mitome_status read_point(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_fixed(r, field, PAIRING_POINT_SIZE, &report->point);
}

static void write_point(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_bytes(w, report->point);
}

static mitome_status read_paired(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_bool(r, field, &report->paired);
}

static void write_paired(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_bool(w, report->paired);
}

static mitome_status read_fingers(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return read_byte(r, field, GATE_FINGERS_MAX, &report->fingers);
}

static void write_fingers(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_uint(w, report->fingers);
}

static mitome_status read_set(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_fixed(r, field, UNLOCK_SET_SIZE, &report->set);
}

static void write_set(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_bytes(w, report->set);
}

static mitome_status read_code(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        uint64_t value;
        MITOME_TRY(cbor_read_uint(r, field, UINT16_MAX, &value));
        if (value == MITOME_OK)
                return reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, field); /* no refusal */
        report->code = (uint16_t)value;
        return ok();
}

static void write_code(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_uint(w, report->code);
}

static mitome_status read_confirmation(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_fixed(r, field, SHA256_SIZE, &report->confirmation);
}

static void write_confirmation(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_bytes(w, report->confirmation);
}

static mitome_status read_finger(struct cbor_reader *r, const char *field, struct mitome_gate_finger *ret)
{
        struct cbor_members pair;
        slice id = { 0 }, name = { 0 };
        MITOME_TRY(cbor_open_array(r, field, 2, &pair));
        if (pair.left != 2)
                return reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, field);
        (void)cbor_next_element(r, &pair);
        MITOME_TRY(cbor_read_fixed(r, field, GATE_FINGER_ID_SIZE, &id));
        (void)cbor_next_element(r, &pair);
        MITOME_TRY(cbor_read_text(r, field, GATE_NAME_MAX, &name));
        (void)cbor_next_element(r, &pair);
        ret->name_size = (uint8_t)name.size;
        MITOME_TRY(slice_copy(id, field, ret->id, sizeof ret->id, r->bytes.error));
        return slice_copy(name, field, ret->name, sizeof ret->name, r->bytes.error);
}

static mitome_status read_list(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, field, GATE_FINGERS_MAX, &array));
        while (cbor_next_element(r, &array))
                MITOME_TRY(read_finger(r, field, &report->list[report->listed++]));
        return ok();
}

static void write_list(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_array(w, report->listed);
        for (size_t i = 0; i < report->listed; i++) {
                const struct mitome_gate_finger *finger = &report->list[i];
                cbor_write_array(w, 2);
                cbor_write_bytes(w, SLICE(finger->id));
                cbor_write_text(w, slice_of(finger->name, finger->name_size));
        }
}

static mitome_status read_sensor(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_text(r, field, GATE_SENSOR_NAME_MAX, &report->sensor);
}

static void write_sensor(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_text(w, report->sensor);
}

static mitome_status read_class(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return read_byte(r, field, MATCHER_STRONG, &report->class);
}

static void write_class(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_uint(w, report->class);
}

static mitome_status read_modality(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        MITOME_TRY(read_byte(r, field, UNLOCK_IRIS, &report->modality));
        return report->modality ? ok() : reader_fail(&r->bytes, MITOME_E_GATE_MESSAGE, field);
}

static void write_modality(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_uint(w, report->modality);
}

static mitome_status read_certificate(struct cbor_reader *r, const char *field, void *message)
{
        struct gate_report *report = message;
        return cbor_read_bytes(r, field, GATE_CERTIFICATE_MAX, &report->certificate);
}

static void write_certificate(writer *w, const void *message)
{
        const struct gate_report *report = message;
        cbor_write_bytes(w, report->certificate);
}

static uint8_t report_kind_of(const void *message)
{
        const struct gate_report *report = message;
        return report->kind;
}

static const struct member report_members[] = {
        [KEY_KIND] = { "report.kind", read_report_kind, NULL },
        [3] = { "report.hint", read_hint, write_hint },
        [4] = { "report.remaining", read_remaining, write_remaining },
        [5] = { "report.evidence", read_evidence, write_evidence },
        [6] = { "report.point", read_point, write_point },
        [7] = { "report.paired", read_paired, write_paired },
        [8] = { "report.fingers", read_fingers, write_fingers },
        [9] = { "report.set", read_set, write_set },
        [10] = { "report.code", read_code, write_code },
        [11] = { "report.confirmation", read_confirmation, write_confirmation },
        [12] = { "report.fingers", read_list, write_list },
        [13] = { "report.sensor", read_sensor, write_sensor },
        [14] = { "report.class", read_class, write_class },
        [15] = { "report.modality", read_modality, write_modality },
        [16] = { "report.certificate", read_certificate, write_certificate },
};

static const struct shape report_shapes[] = {
        { MITOME_GATE_AWAITS, HEAD | HAS(4) },
        { MITOME_GATE_SAMPLE, HEAD | HAS(4) },
        { MITOME_GATE_RETRY, HEAD | HAS(3) | HAS(4) },
        { MITOME_GATE_EVIDENCE, HEAD | HAS(5) },
        { MITOME_GATE_NO_MATCH, HEAD | HAS(3) },
        { MITOME_GATE_ABSENT, HEAD | HAS(5) },
        { MITOME_GATE_BROKEN, HEAD },
        { MITOME_GATE_DISMISSED, HEAD | HAS(5) },
        { GATE_REPORT_STATUS, HEAD | HAS(7) | HAS(8) | HAS(9) | HAS(13) | HAS(14) | HAS(15) },
        { GATE_REPORT_POINT, HEAD | HAS(6) },
        { GATE_REPORT_DONE, HEAD },
        { GATE_REPORT_REFUSED, HEAD | HAS(10) },
        { GATE_REPORT_PAIRED, HEAD | HAS(11) },
        { GATE_REPORT_FINGERS, HEAD | HAS(12) },
        { GATE_REPORT_DECLINED, HEAD | HAS(5) | HAS(10) },
        { GATE_REPORT_CERTIFICATE, HEAD | HAS(16) },
};

static const struct grammar report_grammar = {
        .members = report_members,
        .last_key = 16,
        .shapes = report_shapes,
        .shape_count = sizeof report_shapes / sizeof report_shapes[0],
        .kind_of = report_kind_of,
};

void gate_request_write(writer *w, const struct gate_request *request)
{
        write_message(&request_grammar, w, request);
}

void gate_report_write(writer *w, const struct gate_report *report)
{
        write_message(&report_grammar, w, report);
}

mitome_status gate_request_read(slice message, struct gate_request *ret, mitome_error *error)
{
        struct gate_request request = { 0 };
        MITOME_TRY(read_message(&request_grammar, message, &request, error));
        /* The finger is asked for in a relying party's name; only a token may be for none. */
        if (request.kind == GATE_REQUEST_VERIFY && !request.rp_id.size && request.command != GATE_OF_TOKEN)
                return fail(error, MITOME_E_GATE_MESSAGE, "request.rpId", NULL);
        *ret = request;
        return ok();
}

mitome_status gate_report_read(slice message, struct gate_report *ret, mitome_error *error)
{
        struct gate_report report = { 0 };
        MITOME_TRY(read_message(&report_grammar, message, &report, error));
        /* What did not match is one thing or the other; the other hints ask for the finger again. */
        if (report.kind == MITOME_GATE_NO_MATCH && report.hint && report.hint != MITOME_GATE_HINT_SAME)
                return fail(error, MITOME_E_GATE_MESSAGE, "report.hint", NULL);
        *ret = report;
        return ok();
}

bool gate_is_final(uint8_t kind)
{
        return (kind >= MITOME_GATE_EVIDENCE && kind <= MITOME_GATE_BROKEN) || kind == MITOME_GATE_DISMISSED;
}
