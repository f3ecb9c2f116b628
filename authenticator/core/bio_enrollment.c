/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorBioEnrollment (CTAP 2.1, 6.7), and the same at the number of its preview (0x40).
 *
 * Fingers, their names and their numbers are the gate's; who may see or change them is the element's to say,
 * which checks each pinUvAuthParam. One request of the gate enrols one finger. It goes on between the
 * requests of the host, which fetch its samples one by one; the last one brings evidence, with which the
 * element confirms the new set. A removal is one request, and its evidence does the same. */

enum { FINGERPRINT = 1, TOUCH_SENSOR = 1, MESSAGE_MAX = 1024 };

enum subcommand {
        ENROL_BEGIN = 0x01,
        ENROL_CAPTURE_NEXT_SAMPLE = 0x02,
        CANCEL_CURRENT_ENROLMENT = 0x03,
        ENUMERATE_ENROLMENTS = 0x04,
        SET_FRIENDLY_NAME = 0x05,
        REMOVE_ENROLMENT = 0x06,
        GET_SENSOR_INFO = 0x07,
};

/* The keys of the answer. */
enum {
        ANSWER_MODALITY = 1,
        ANSWER_KIND = 2,
        ANSWER_SAMPLES = 3,
        ANSWER_TEMPLATE_ID = 4,
        ANSWER_SAMPLE_STATUS = 5,
        ANSWER_REMAINING = 6,
        ANSWER_TEMPLATES = 7,
        ANSWER_NAME_MAX = 8,
};

/* [6.7.4 lastEnrollSampleStatus] what became of a sample */
enum sample_status {
        SAMPLE_GOOD = 0x00,
        SAMPLE_POOR_QUALITY = 0x07,
        SAMPLE_TOO_SKEWED = 0x08,
        SAMPLE_TOO_SHORT = 0x09,
        SAMPLE_MERGE_FAILURE = 0x0A, /* it does not go together with the others */
        SAMPLE_EXISTS = 0x0B,        /* the finger is there already */
        SAMPLE_NO_USER_ACTIVITY = 0x0D,
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
        return cbor_read_bytes(r, field, CORE_MESSAGE_MAX, &((struct core_bio_request *)into)->template_id);
}

static mitome_status read_name(struct cbor_reader *r, const char *field, void *into)
{
        struct core_bio_request *bio = into;
        bio->has_name = true;
        return cbor_read_text(
                r, field, CORE_MESSAGE_MAX, &bio->name); /* its length has an answer of its own */
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
                { .number = 2, .field = "templateFriendlyName", .read = read_name },
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
        return cbor_read_bytes(r, field, CORE_MESSAGE_MAX, &bio->pin_uv_param);
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

/* What pinUvAuthParam covers: modality (fingerprint) || subCommand || subCommandParams, as they came. */
static void write_authorisation(struct core *core, writer *data)
{
        const struct core_bio_request *bio = &core->bio;
        uint8_t bytes[MESSAGE_MAX];
        writer message = WRITER(bytes);
        write_u8(&message, (uint8_t)bio->modality);
        write_u8(&message, (uint8_t)bio->subcommand);
        write_slice(&message, bio->params);
        tlv_write(data, 0x84, bio->pin_uv_param);
        tlv_write(data, 0x85, writer_view(&message));
}

/* How a request is answered that the gate refused. */
static enum ctap_status status_of_refusal(const struct mitome_gate_event *event)
{
        static const struct {
                mitome_code code;
                enum ctap_status status;
        } known[] = {
                /* [6.7.4 7] no space is left: FP_DATABASE_FULL */
                { MITOME_E_GATE_FULL, CTAP2_ERR_FP_DATABASE_FULL },
                /* [6.7.7 unknown] [6.7.8 unknown] there is no enrolment of this templateId: INVALID_OPTION */
                { MITOME_E_GATE_UNKNOWN_FINGER, CTAP2_ERR_INVALID_OPTION },
                { MITOME_E_GATE_BUSY, CTAP1_ERR_CHANNEL_BUSY },
        };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
                if (known[i].code == event->code)
                        return known[i].status;
        }
        return CTAP1_ERR_OTHER;
}

static slice evidence_of(const struct mitome_gate_event *event)
{
        return event->has_evidence ? SLICE(event->evidence) : (slice){ 0 };
}

/* How the gate's request ended that had to end otherwise. */
static void end_badly(struct core *core, const struct mitome_gate_event *event)
{
        if (event->kind == MITOME_GATE_REFUSED)
                core_close_with(core, status_of_refusal(event), evidence_of(event));
        else if (event->kind == MITOME_GATE_ABSENT || event->kind == MITOME_GATE_DISMISSED)
                core_close_with(core, core_status_of_absence(event), evidence_of(event));
        else
                core_close(core, CTAP1_ERR_OTHER);
}

static bool still_runs(const struct mitome_gate_event *event)
{
        return event->kind == MITOME_GATE_NOTHING || event->kind == MITOME_GATE_AWAITS;
}

/* ---- the new set, for the element ---- */

static void confirm(struct core *core, const struct mitome_gate_event *event, core_on_answer *on_answer)
{
        if (!event->has_evidence) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        tlv_write(core_data(core), 0x80, SLICE(event->evidence));
        core_transmit(core, INS_CONFIRM_ENROLMENT, on_answer);
}

/* Whatever the element says to it, CONFIRM ENROLMENT ends its operation. A set that it did not take opens
 * nothing until a PIN has confirmed one. */
static bool is_confirmed(struct core *core, uint16_t sw)
{
        core->begun = false;
        if (sw != SW_OK)
                core_answer(core, ctap_status_of_sw(INS_CONFIRM_ENROLMENT, sw));
        return sw == SW_OK;
}

/* ---- what a capture led to ---- */

static void tell_sample(struct core *core, enum sample_status status)
{
        const struct core_enrolment *enrolment = &core->enrolment;
        writer w = core_body(core);
        cbor_write_map(&w, enrolment->begins ? 3 : 2);
        if (enrolment->begins) {
                cbor_write_uint(&w, ANSWER_TEMPLATE_ID);
                cbor_write_bytes(&w, SLICE(enrolment->template_id));
        }
        cbor_write_uint(&w, ANSWER_SAMPLE_STATUS);
        cbor_write_uint(&w, status);
        cbor_write_uint(&w, ANSWER_REMAINING); /* [6.7.4 remainingSamples] 0: the finger is enrolled */
        cbor_write_uint(&w, enrolment->remaining);
        core_send(core, &w);
}

static void take_confirmation(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (!is_confirmed(core, sw))
                return;
        core->enrolment.remaining = 0;
        tell_sample(core, SAMPLE_GOOD);
}

static core_on_gate take_sample;

/* How many samples are still wanted is known from the gate's first word that has it. */
static void learn_remaining(struct core_enrolment *enrolment, const struct mitome_gate_event *event)
{
        if (enrolment->counted || event->remaining == 0 || event->remaining > CORE_SAMPLES_MAX)
                return;
        enrolment->counted = true;
        enrolment->remaining = event->remaining;
}

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
                [MITOME_GATE_HINT_SAME] = SAMPLE_MERGE_FAILURE,
                [MITOME_GATE_HINT_KNOWN] = SAMPLE_EXISTS,
                [MITOME_GATE_HINT_POOR] = SAMPLE_POOR_QUALITY,
        };
        struct core_enrolment *enrolment = &core->enrolment;
        bool known = (size_t)event->hint < sizeof of_hint / sizeof *of_hint;
        learn_remaining(enrolment, event);
        if (enrolment->counted && enrolment->remaining)
                tell_sample(core, known ? of_hint[event->hint] : SAMPLE_POOR_QUALITY);
        else
                core_poll_gate(core, take_sample);
}

/* [6.7.4 timeoutMilliseconds] is the host's patience with one sample. The enrolment goes on when it is over:
 * the next request waits for the same sample. A gate that has not said how many it wants cannot be answered
 * for. */
static void await_sample(struct core *core, const struct mitome_gate_event *event)
{
        struct core_enrolment *enrolment = &core->enrolment;
        learn_remaining(enrolment, event);
        bool late = enrolment->limited && core->now_ms >= enrolment->until_ms;
        if (!late)
                core_poll_gate(core, take_sample);
        else if (enrolment->counted && enrolment->remaining)
                tell_sample(core, SAMPLE_NO_USER_ACTIVITY);
        else
                core_close(core, CTAP2_ERR_USER_ACTION_TIMEOUT);
}

static void take_sample(struct core *core, const struct mitome_gate_event *event)
{
        if (still_runs(event))
                await_sample(core, event);
        else if (event->kind == MITOME_GATE_SAMPLE)
                count_sample(core, event->remaining);
        else if (event->kind == MITOME_GATE_RETRY)
                tell_retry(core, event);
        else if (event->kind == MITOME_GATE_EVIDENCE)
                confirm(core, event, take_confirmation);
        else
                end_badly(core, event);
}

/* ---- BEGIN: an enrolment or a removal is announced ---- */

static bool has_begun(struct core *core, slice data, uint16_t sw)
{
        if (sw != SW_OK) {
                /* [6.7.4 4] [6.7.8 4] the parameter does not verify, [6.7.4 5] [6.7.8 5] the token has not
                 * "be": PIN_AUTH_INVALID */
                core_answer(core, ctap_status_of_sw(INS_BEGIN, sw));
                return false;
        }
        core->begun = true;
        if (!failed(core_keep_challenge(core, data)))
                return true;
        core_close(core, CTAP1_ERR_OTHER);
        return false;
}

static void announce(struct core *core, core_on_answer *on_answer)
{
        writer *data = core_data(core);
        tlv_write_u8(data, 0x80, COMMAND_BIO_ENROLLMENT);
        tlv_write_u8(data, 0x83, 0);
        write_authorisation(core, data);
        core_transmit(core, INS_BEGIN, on_answer);
}

/* ---- enrollBegin, 6.7.4 ---- */

static void be_patient(struct core *core)
{
        struct core_enrolment *enrolment = &core->enrolment;
        enrolment->limited = core->bio.timeout_ms > 0;
        enrolment->until_ms = core->now_ms + core->bio.timeout_ms;
}

/* [6.7.4 8] a new templateId: from the element's challenge, which is never the same twice */
static mitome_status choose_template_id(struct core *core)
{
        uint8_t digest[SHA256_SIZE];
        struct core_enrolment *enrolment = &core->enrolment;
        sha256((slice[]){ slice_text("mitome template 1"), SLICE(core->challenge) }, 2, digest);
        return slice_copy(slice_of(digest, CORE_TEMPLATE_ID_SIZE), "templateId", enrolment->template_id,
                CORE_TEMPLATE_ID_SIZE, NULL);
}

/* [6.7.4 9] the first sample is captured. The gate's limit is for the whole enrolment, so that it keeps its
 * own. */
static void begin_capture(struct core *core, slice data, uint16_t sw)
{
        if (!has_begun(core, data, sw))
                return;
        core->enrolment = (struct core_enrolment){ .begins = true };
        be_patient(core);
        if (failed(choose_template_id(core))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        const struct mitome_gate_request request = {
                .purpose = MITOME_GATE_ENROL,
                .command = COMMAND_BIO_ENROLLMENT,
                .challenge = SLICE(core->challenge),
                .entry = core_entry(core),
                .finger_id = SLICE(core->enrolment.template_id),
        };
        core_start_gate(core, &request, take_sample);
}

static void announce_enrolment(struct core *core)
{
        announce(core, begin_capture);
}

static void enrol_begin(struct core *core)
{
        /* [6.7.4 6] an unfinished enrolment is cancelled; anybody may do that, so that it is done first */
        core_wind_down(core, (slice){ 0 }, announce_enrolment);
}

/* ---- enrollCaptureNextSample, 6.7.4 ---- */

static void take_check(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw == SW_OK) {
                core->enrolment.begins = false;
                be_patient(core);
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
        /* [6.7.4] an enrolment of this templateId is going on: else INVALID_OPTION, as where there is none */
        if (!core->gate_runs || !slice_equal(bio->template_id, SLICE(core->enrolment.template_id))) {
                core_answer(core, CTAP2_ERR_INVALID_OPTION);
                return;
        }
        write_authorisation(core, core_data(core));
        core_transmit(core, INS_CHECK, take_check);
}

/* ---- cancelCurrentEnrollment, 6.7.5 ---- */

static void enrol_cancel(struct core *core)
{
        core_close(
                core, CTAP2_OK); /* [6.7.5] an enrolment is cancelled by anybody; nothing to cancel is fine */
}

/* ---- what the gate does without a finger, once the element has allowed it ---- */

/* [6.7.6 4] [6.7.7 4] the parameter verifies over this subcommand, [6.7.6 5] [6.7.7 5] by a token with "be":
 * else PIN_AUTH_INVALID */
static void authorise(struct core *core, core_on_answer *on_answer)
{
        writer *data = core_data(core);
        tlv_write_u8(data, 0x83, 0x08); /* be */
        write_authorisation(core, data);
        core_transmit(core, INS_AUTHORISE, on_answer);
}

static void go_on_if(struct core *core, uint16_t sw, core_next *next)
{
        if (sw != SW_OK)
                core_answer(core, ctap_status_of_sw(INS_AUTHORISE, sw));
        else
                core_wind_down(core, (slice){ 0 }, next); /* the gate does one thing at a time */
}

/* ---- [6.7.6] enumerateEnrollments: templateId and name of each finger ---- */

static void tell_fingers(struct core *core, const struct mitome_gate_event *event)
{
        size_t count =
                event->finger_count < MITOME_GATE_FINGERS_MAX ? event->finger_count : MITOME_GATE_FINGERS_MAX;
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, ANSWER_TEMPLATES);
        cbor_write_array(&w, count);
        for (size_t i = 0; i < count; i++) {
                const struct mitome_gate_finger *finger = &event->fingers[i];
                cbor_write_map(&w, 2);
                cbor_write_uint(&w, 1);
                cbor_write_bytes(&w, SLICE(finger->id));
                cbor_write_uint(&w,
                        2); /* optional, and there are platforms that want it: empty where there is none */
                cbor_write_text(&w, slice_of(finger->name, finger->name_size));
        }
        core_send(core, &w);
}

static void take_list(struct core *core, const struct mitome_gate_event *event)
{
        if (still_runs(event))
                core_poll_gate(core, take_list);
        else if (event->kind != MITOME_GATE_DONE)
                end_badly(core, event);
        else if (event->finger_count == 0)
                core_answer(core,
                        CTAP2_ERR_INVALID_OPTION); /* [6.7.6 none] there are no enrolments: INVALID_OPTION */
        else
                tell_fingers(core, event);
}

static void ask_list(struct core *core)
{
        core_start_gate(core,
                &(struct mitome_gate_request){
                        .purpose = MITOME_GATE_LIST, .command = COMMAND_BIO_ENROLLMENT },
                take_list);
}

static void may_enumerate(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        go_on_if(core, sw, ask_list);
}

static void enumerate(struct core *core)
{
        authorise(core, may_enumerate);
}

/* ---- [6.7.7] setFriendlyName, which ends no enrolment's set ---- */

static void take_name(struct core *core, const struct mitome_gate_event *event)
{
        if (still_runs(event))
                core_poll_gate(core, take_name);
        else if (event->kind == MITOME_GATE_DONE)
                core_answer(core, CTAP2_OK);
        else
                end_badly(core, event);
}

/* What no finger is called by is not asked for. */
static bool may_be_finger(struct core *core)
{
        bool possible = core->bio.template_id.size == MITOME_GATE_FINGER_ID_SIZE;
        if (!possible)
                core_close(core, CTAP2_ERR_INVALID_OPTION);
        return possible;
}

static void ask_name(struct core *core)
{
        if (!may_be_finger(core))
                return;
        const struct mitome_gate_request request = {
                .purpose = MITOME_GATE_RENAME,
                .command = COMMAND_BIO_ENROLLMENT,
                .finger_id = core->bio.template_id,
                .name = core->bio.name,
        };
        core_start_gate(core, &request, take_name);
}

static void may_set_name(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        go_on_if(core, sw, ask_name);
}

static void set_name(struct core *core)
{
        authorise(core, may_set_name);
}

/* ---- [6.7.8] removeEnrollment: the set without the finger is confirmed by the same token ---- */

static void removal_confirmed(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (is_confirmed(core, sw))
                core_answer(core, CTAP2_OK);
}

static void take_removal(struct core *core, const struct mitome_gate_event *event)
{
        if (still_runs(event))
                core_poll_gate(core, take_removal);
        else if (event->kind == MITOME_GATE_EVIDENCE)
                confirm(core, event, removal_confirmed);
        else
                end_badly(core, event);
}

static void ask_removal(struct core *core, slice data, uint16_t sw)
{
        if (!has_begun(core, data, sw) || !may_be_finger(core))
                return;
        const struct mitome_gate_request request = {
                .purpose = MITOME_GATE_REMOVE,
                .command = COMMAND_BIO_ENROLLMENT,
                .challenge = SLICE(core->challenge),
                .finger_id = core->bio.template_id,
        };
        core_start_gate(core, &request, take_removal);
}

static void announce_removal(struct core *core)
{
        announce(core, ask_removal);
}

static void remove_enrolment(struct core *core)
{
        core_wind_down(core, (slice){ 0 }, announce_removal);
}

/* ---- what the sensor is, 6.7.2 and 6.7.3 ---- */

static void sensor_info(struct core *core)
{
        writer w = core_body(core);
        cbor_write_map(&w, 3);
        /* [6.7.3] a touch sensor, how many samples a finger takes, how long its name may be */
        cbor_write_uint(&w, ANSWER_KIND);
        cbor_write_uint(&w, TOUCH_SENSOR);
        cbor_write_uint(&w, ANSWER_SAMPLES);
        cbor_write_uint(&w, CORE_SAMPLES_MAX);
        cbor_write_uint(&w, ANSWER_NAME_MAX);
        cbor_write_uint(&w, MITOME_GATE_NAME_MAX);
        core_send(core, &w);
}

static void modality(struct core *core)
{
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, ANSWER_MODALITY); /* [6.7.2] getModality: fingerprint */
        cbor_write_uint(&w, FINGERPRINT);
        core_send(core, &w);
}

/* ---- the command ---- */

/* What a subcommand must have. */
enum { WANTS_TOKEN = 0x01, WANTS_TEMPLATE = 0x02, WANTS_NAME = 0x04 };

struct bio_subcommand {
        enum subcommand number;
        unsigned wants;
        core_next *begin;
};

static const struct bio_subcommand subcommands[] = {
        { ENROL_BEGIN, WANTS_TOKEN, enrol_begin },
        { ENROL_CAPTURE_NEXT_SAMPLE, WANTS_TOKEN | WANTS_TEMPLATE, enrol_next },
        { CANCEL_CURRENT_ENROLMENT, 0, enrol_cancel },
        { ENUMERATE_ENROLMENTS, WANTS_TOKEN, enumerate },
        { SET_FRIENDLY_NAME, WANTS_TOKEN | WANTS_TEMPLATE | WANTS_NAME, set_name },
        { REMOVE_ENROLMENT, WANTS_TOKEN | WANTS_TEMPLATE, remove_enrolment },
        { GET_SENSOR_INFO, 0, sensor_info },
};

static const struct bio_subcommand *find_subcommand(uint64_t number)
{
        for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
                if ((uint64_t)subcommands[i].number == number)
                        return &subcommands[i];
        }
        return NULL;
}

static enum ctap_status check_mandatory(const struct core_bio_request *bio, unsigned wants)
{
        bool complete = bio->has_modality && (!(wants & WANTS_TEMPLATE) || bio->template_id.data) &&
                        (!(wants & WANTS_NAME) || bio->has_name);
        if (!complete)
                return CTAP2_ERR_MISSING_PARAMETER;
        /* [6.7 modality] another than fingerprint: INVALID_PARAMETER */
        return bio->modality == FINGERPRINT ? CTAP2_OK : CTAP1_ERR_INVALID_PARAMETER;
}

/* What speaks against a request before the element is asked. The steps are those of 6.7.4; 6.7.6, 6.7.7
 * and 6.7.8 begin with the same ones. */
static enum ctap_status check_request(const struct core_bio_request *bio, unsigned wants)
{
        /* [6.7.4 1] [6.7.6 1] [6.7.7 1] [6.7.8 1] no pinUvAuthParam: PUAT_REQUIRED */
        if (wants & WANTS_TOKEN && !bio->has_pin_uv_param)
                return CTAP2_ERR_PUAT_REQUIRED;
        /* [6.7.4 2] [6.7.6 2] [6.7.7 2] [6.7.8 2] a mandatory parameter is absent: MISSING_PARAMETER */
        enum ctap_status refusal = check_mandatory(bio, wants);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.7.4 3] [6.7.6 3] [6.7.7 3] [6.7.8 3] the protocol is not supported: INVALID_PARAMETER */
        if (wants & WANTS_TOKEN)
                refusal = core_check_param(bio->has_protocol, bio->protocol, bio->pin_uv_param);
        if (refusal != CTAP2_OK)
                return refusal;
        /* [6.7.7 length] a name of more than maxTemplateFriendlyName bytes, before the parameter is verified:
         * INVALID_LENGTH */
        if (wants & WANTS_NAME && bio->name.size > MITOME_GATE_NAME_MAX)
                return CTAP1_ERR_INVALID_LENGTH;
        /* more parameters than any subcommand has, however they are called */
        return bio->params.size > MESSAGE_MAX - 2 ? CTAP2_ERR_LIMIT_EXCEEDED : CTAP2_OK;
}

static void begin_subcommand(struct core *core)
{
        const struct core_bio_request *bio = &core->bio;
        const struct bio_subcommand *subcommand = find_subcommand(bio->subcommand);
        /* [6.7 subCommand] absent: MISSING_PARAMETER, one that is not known: INVALID_SUBCOMMAND */
        enum ctap_status refusal = !bio->has_subcommand ? CTAP2_ERR_MISSING_PARAMETER
                                   : !subcommand        ? CTAP2_ERR_INVALID_SUBCOMMAND
                                                        : check_request(bio, subcommand->wants);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                subcommand->begin(core);
}

static void with_state(struct core *core)
{
        if (!core->state.paired)
                core_answer(core, CTAP1_ERR_INVALID_COMMAND); /* [6.7.1] no sensor: getInfo names no option */
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
