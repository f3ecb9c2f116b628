/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorBioEnrollment (CTAP 2.1, 6.7), and the same at the number of its preview (0x40).
 *
 * One request of the gate enrols one finger. It goes on between the requests of the host, which fetch its
 * samples one by one; the last one brings evidence, with which the element confirms the new set. */

enum { FINGERPRINT = 1, TOUCH_SENSOR = 1, TEMPLATE_ID_MAX = 64, NAME_MAX_READ = 1024 };

/* 6.7.4.1, lastEnrollSampleStatus */
enum sample_status {
        SAMPLE_GOOD = 0x00,
        SAMPLE_POOR_QUALITY = 0x07,
        SAMPLE_TOO_SKEWED = 0x08,
        SAMPLE_TOO_SHORT = 0x09,
        SAMPLE_NO_PRESENCE_TRANSITION = 0x0E,
};

/* ---- the request ---- */

static mitome_status read_modality(struct cbor_reader *r, const char *field, void *into)
{
        struct core_bio_request *bio = into;
        bio->has_modality = true;
        return cbor_read_uint(r, field, UINT8_MAX, &bio->modality);
}

static mitome_status read_subcommand(struct cbor_reader *r, const char *field, void *into)
{
        struct core_bio_request *bio = into;
        bio->has_subcommand = true;
        return cbor_read_uint(r, field, UINT8_MAX, &bio->subcommand);
}

static mitome_status read_template_id(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bytes(r, field, TEMPLATE_ID_MAX, &((struct core_bio_request *)into)->template_id);
}

/* libfido2 writes this one integer on four bytes whatever its value is, so that its "10 s" is not in the
 * shortest form. CTAP 2.1, 8 says that a decoder *should* refuse that; here a whole client would be refused.
 * Nothing else of a request is read so. */
static mitome_status read_timeout(struct cbor_reader *r, const char *field, void *into)
{
        enum { UINT_ON_FOUR_BYTES = 0x1A };
        struct core_bio_request *bio = into;
        slice rest = r->bytes.rest;
        if (rest.size == 0 || rest.data[0] != UINT_ON_FOUR_BYTES)
                return cbor_read_uint(r, field, UINT32_MAX, &bio->timeout_ms);
        uint8_t head;
        uint32_t value;
        reader bytes = r->bytes;
        MITOME_TRY(read_u8(&bytes, field, &head));
        MITOME_TRY(read_u32(&bytes, field, &value));
        r->bytes = bytes;
        bio->timeout_ms = value;
        return ok();
}

/* subCommandParams is wanted twice: read, and as the bytes that pinUvAuthParam covers. */
static mitome_status read_params(struct cbor_reader *r, const char *field, void *into)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "templateId", .read = read_template_id },
                { .number = 3, .field = "timeoutMilliseconds", .read = read_timeout },
        };
        struct core_bio_request *bio = into;
        reader start = r->bytes;
        MITOME_TRY(core_read_map(r, field, members, sizeof members / sizeof *members, bio));
        bio->has_params = true;
        return read_bytes(&start, field, r->bytes.offset - start.offset, &bio->params);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct core_bio_request *bio = into;
        bio->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &bio->protocol);
}

static mitome_status read_pin_uv_param(struct cbor_reader *r, const char *field, void *into)
{
        struct core_bio_request *bio = into;
        bio->has_pin_uv_param = true;
        return cbor_read_bytes(r, field, NAME_MAX_READ, &bio->pin_uv_param);
}

static mitome_status read_get_modality(struct cbor_reader *r, const char *field, void *into)
{
        return cbor_read_bool(r, field, &((struct core_bio_request *)into)->get_modality);
}

static mitome_status read_request(const struct core *core, struct core_bio_request *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "modality", .read = read_modality },
                { .number = 2, .field = "subCommand", .read = read_subcommand },
                { .number = 3, .field = "subCommandParams", .read = read_params },
                { .number = 4, .field = "pinUvAuthProtocol", .read = read_protocol },
                { .number = 5, .field = "pinUvAuthParam", .read = read_pin_uv_param },
                { .number = 6, .field = "getModality", .read = read_get_modality },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.7");
        struct core_bio_request bio = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &bio));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = bio;
        return ok();
}

/* 6.7.4 and 6.7.5: pinUvAuthParam is needed, PUAT_REQUIRED without; then its protocol. */
static enum ctap_status check_authorisation(const struct core_bio_request *bio)
{
        if (!bio->has_pin_uv_param)
                return CTAP2_ERR_PUAT_REQUIRED;
        if (!bio->has_protocol)
                return CTAP2_ERR_MISSING_PARAMETER;
        if (bio->protocol != CORE_PROTOCOL_TWO)
                return CTAP1_ERR_INVALID_PARAMETER;
        return bio->pin_uv_param.size == 32 ? CTAP2_OK : CTAP2_ERR_PIN_AUTH_INVALID;
}

/* 6.7.4: authenticated is fingerprint (0x01) || subCommand || subCommandParams. */
static void write_authorisation(struct core *core, writer *data)
{
        const struct core_bio_request *bio = &core->bio;
        uint8_t bytes[CORE_MESSAGE_MAX + 2];
        writer message = WRITER(bytes);
        write_u8(&message, (uint8_t)bio->modality);
        write_u8(&message, (uint8_t)bio->subcommand);
        write_slice(&message, bio->params);
        tlv_write(data, 0x84, bio->pin_uv_param);
        tlv_write(data, 0x85, writer_view(&message));
}

/* ---- what a capture led to ---- */

static void tell_sample(struct core *core, enum sample_status status)
{
        const struct core_enrolment *enrolment = &core->enrolment;
        writer w = core_body(core);
        cbor_write_map(&w, enrolment->begins ? 3 : 2);
        if (enrolment->begins) {
                cbor_write_uint(&w, 4);
                cbor_write_bytes(&w, SLICE(enrolment->template_id));
        }
        cbor_write_uint(&w, 5);
        cbor_write_uint(&w, status);
        cbor_write_uint(&w, 6);
        cbor_write_uint(&w, enrolment->remaining);
        core_send(core, &w);
}

static void take_confirmation(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        core->begun = false;
        if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_CONFIRM_ENROLMENT, sw));
                return;
        }
        core->enrolment.remaining = 0;
        tell_sample(core, SAMPLE_GOOD);
}

static void confirm(struct core *core, const struct mitome_gate_event *event)
{
        if (!event->has_evidence) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        tlv_write(core_data(core), 0x80, SLICE(event->evidence));
        core_transmit(core, INS_CONFIRM_ENROLMENT, take_confirmation);
}

static core_on_gate take_sample;

static void count_sample(struct core *core, uint8_t remaining)
{
        struct core_enrolment *enrolment = &core->enrolment;
        if (remaining > CORE_SAMPLES_MAX) { /* more than getFingerprintSensorInfo promised */
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        enrolment->counted = true;
        enrolment->remaining = remaining;
        if (remaining == 0)
                core_poll_gate(core, take_sample); /* the evidence follows */
        else
                tell_sample(core, SAMPLE_GOOD);
}

static void tell_retry(struct core *core, const struct mitome_gate_event *event)
{
        static const enum sample_status of_hint[] = {
                [MITOME_GATE_HINT_NONE] = SAMPLE_POOR_QUALITY,
                [MITOME_GATE_HINT_TOO_SHORT] = SAMPLE_TOO_SHORT,
                [MITOME_GATE_HINT_CENTRE] = SAMPLE_TOO_SKEWED,
                [MITOME_GATE_HINT_LIFT] = SAMPLE_NO_PRESENCE_TRANSITION,
                [MITOME_GATE_HINT_GENERAL] = SAMPLE_POOR_QUALITY,
        };
        struct core_enrolment *enrolment = &core->enrolment;
        if (!enrolment->counted && event->remaining && event->remaining <= CORE_SAMPLES_MAX) {
                enrolment->counted = true;
                enrolment->remaining = event->remaining;
        }
        bool known = (size_t)event->hint < sizeof of_hint / sizeof *of_hint;
        if (enrolment->counted && enrolment->remaining)
                tell_sample(core, known ? of_hint[event->hint] : SAMPLE_POOR_QUALITY);
        else
                core_poll_gate(core, take_sample); /* how many remain is not known before the first */
}

static void take_sample(struct core *core, const struct mitome_gate_event *event)
{
        switch (event->kind) {
        case MITOME_GATE_NOTHING:
        case MITOME_GATE_AWAITS:
                core_poll_gate(core, take_sample);
                break;
        case MITOME_GATE_SAMPLE:
                count_sample(core, event->remaining);
                break;
        case MITOME_GATE_RETRY:
                tell_retry(core, event);
                break;
        case MITOME_GATE_EVIDENCE:
                confirm(core, event);
                break;
        case MITOME_GATE_ABSENT:
                core_close_with(core, CTAP2_ERR_USER_ACTION_TIMEOUT,
                        event->has_evidence ? SLICE(event->evidence) : (slice){ 0 });
                break;
        case MITOME_GATE_NO_MATCH: /* nothing is compared here */
        case MITOME_GATE_BROKEN:
        default:
                core_close(core, CTAP1_ERR_OTHER);
                break;
        }
}

/* ---- enrollBegin, 6.7.4 ---- */

static mitome_status keep_challenge(struct core *core, slice data)
{
        static const char label[] = "mitome template 1";
        slice challenge;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "challenge", sizeof core->challenge, &challenge, NULL));
        MITOME_TRY(slice_copy(challenge, "challenge", core->challenge, sizeof core->challenge, NULL));
        /* The template's name for the host: new for each enrolment, and nothing that the gate or the element
         * believes. */
        uint8_t digest[SHA256_SIZE];
        sha256((slice[]){ slice_text(label), challenge }, 2, digest);
        return slice_copy(slice_of(digest, CORE_TEMPLATE_ID_SIZE), "templateId", core->enrolment.template_id,
                CORE_TEMPLATE_ID_SIZE, NULL);
}

static void take_begun(struct core *core, slice data, uint16_t sw)
{
        if (sw != SW_OK) {
                core_answer(core, ctap_status_of_sw(INS_BEGIN, sw));
                return;
        }
        core->begun = true;
        core->enrolment = (struct core_enrolment){ .begins = true };
        if (failed(keep_challenge(core, data))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        /* The gate's limit is for the whole enrolment, timeoutMilliseconds for one sample: the gate keeps its
         * own. */
        struct mitome_gate_request request = {
                .purpose = MITOME_GATE_ENROL,
                .command = COMMAND_BIO_ENROLLMENT,
                .challenge = SLICE(core->challenge),
        };
        core_start_gate(core, &request, take_sample);
}

static void announce(struct core *core)
{
        writer *data = core_data(core);
        tlv_write_u8(data, 0x80, COMMAND_BIO_ENROLLMENT);
        tlv_write_u8(data, 0x83, 0);
        write_authorisation(core, data);
        core_transmit(core, INS_BEGIN, take_begun);
}

static void enrol_begin(struct core *core)
{
        enum ctap_status refusal = check_authorisation(&core->bio);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_wind_down(core, (slice){ 0 }, announce); /* an enrolment that runs is cancelled */
}

/* ---- enrollCaptureNextSample, 6.7.5 ---- */

static void take_check(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw == SW_OK) {
                core->enrolment.begins = false;
                core_poll_gate(core, take_sample);
        } else if (sw == SW_SECURITY_STATUS) {
                core_answer(core, CTAP2_ERR_PIN_AUTH_INVALID); /* the enrolment is not that caller's to end */
        } else {
                core_close(core, ctap_status_of_sw(INS_CHECK, sw));
        }
}

static void enrol_next(struct core *core)
{
        const struct core_bio_request *bio = &core->bio;
        enum ctap_status refusal = check_authorisation(bio);
        if (refusal == CTAP2_OK && bio->template_id.data == NULL)
                refusal = CTAP2_ERR_MISSING_PARAMETER;
        else if (refusal == CTAP2_OK && !core->gate_runs)
                refusal = CTAP2_ERR_NOT_ALLOWED; /* no enrolment is going on */
        else if (refusal == CTAP2_OK && !slice_equal(bio->template_id, SLICE(core->enrolment.template_id)))
                refusal = CTAP1_ERR_INVALID_PARAMETER;
        if (refusal != CTAP2_OK) {
                core_answer(core, refusal);
                return;
        }
        write_authorisation(core, core_data(core));
        core_transmit(core, INS_CHECK, take_check);
}

/* ---- the rest ---- */

/* 6.7.6 cancelCurrentEnrollment needs no authorisation, and nothing to cancel is fine. */
static void enrol_cancel(struct core *core)
{
        core_close(core, CTAP2_OK);
}

/* 6.7.3 getFingerprintSensorInfo */
static void sensor_info(struct core *core)
{
        writer w = core_body(core);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 2); /* fingerprintKind */
        cbor_write_uint(&w, TOUCH_SENSOR);
        cbor_write_uint(&w, 3); /* maxCaptureSamplesRequiredForEnroll */
        cbor_write_uint(&w, CORE_SAMPLES_MAX);
        core_send(core, &w);
}

/* 6.7.2 get bio modality */
static void modality(struct core *core)
{
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, FINGERPRINT);
        core_send(core, &w);
}

static const struct {
        uint64_t number;
        core_next *begin;
} subcommands[] = {
        { 0x01, enrol_begin },
        { 0x02, enrol_next },
        { 0x03, enrol_cancel },
        { 0x07, sensor_info },
};

static void begin_subcommand(struct core *core)
{
        const struct core_bio_request *bio = &core->bio;
        if (!bio->has_modality || !bio->has_subcommand) {
                core_answer(core, CTAP2_ERR_MISSING_PARAMETER);
                return;
        }
        if (bio->modality != FINGERPRINT) {
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
                return;
        }
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
                if (subcommands[i].number == bio->subcommand) {
                        subcommands[i].begin(core);
                        return;
                }
        }
        core_answer(core, CTAP2_ERR_INVALID_SUBCOMMAND);
}

static void with_state(struct core *core)
{
        if (!core->state.paired)
                core_answer(
                        core, CTAP1_ERR_INVALID_COMMAND); /* there is no sensor: getInfo names no option */
        else if (core->bio.get_modality)
                modality(core);
        else
                begin_subcommand(core);
}

void core_bio_enrollment(struct core *core)
{
        mitome_status status = read_request(core, &core->bio);
        if (failed(status))
                core_answer(core, ctap_status_of_code(status.code));
        else
                core_fetch_state(core, with_state);
}
