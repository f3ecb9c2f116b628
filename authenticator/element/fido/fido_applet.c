/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "fido_certificate.h"
#include "tlv.h"
#include "user_pin.h"

enum state_flag {
        STATE_BATCH_KEY = 0x01,
        STATE_PIN_SET = 0x02,
        STATE_PAIRED = 0x04,
        STATE_FINGER_OPEN = 0x08,
        STATE_PERSONALISED = 0x10,
        STATE_ENTERPRISE = 0x20,
        STATE_CERTIFICATE = 0x40,
};

enum state_flag_more {
        STATE_ALWAYS_UV = 0x01,
        STATE_MUST_CHANGE = 0x02,
        STATE_ENTERPRISE_LIST = 0x04,
        STATE_ENROLLED = 0x08,
        STATE_PERSISTENT_TOKEN = 0x10,
        STATE_POWER_CYCLE = 0x20,
        STATE_COMPLEX_PIN = 0x40,
};

void fido_forget(struct mitome_element *element)
{
        struct fido *fido = &element->fido;
        fido_end_operation(fido);
        fido->has_agreement = false;
        secret_wipe(&fido->agreement);
        fido_token_wipe(&fido->token);
        fido_listings_end(fido);
        bytes_wipe(&fido->pairing, sizeof fido->pairing);
        fido_end_chain(fido);
        fido_drop_keys(element);
        jpki_drop_keys(element); /* certificate credentials sign with key 0017 */
}

static uint16_t erase(struct mitome_element *element)
{
        static const uint32_t objects[] = { OBJECT_BATCH_KEY, OBJECT_BATCH_CERTIFICATES, OBJECT_PAIRING_KEY,
                OBJECT_PAIRING_FACTS, OBJECT_CHALLENGES, OBJECT_PIN_ENTRIES, OBJECT_ENTERPRISE_LIST };
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                SW_TRY(element_delete(element, objects[i]));
        SW_TRY(user_pin_delete(element));
        SW_TRY(fido_delete_settings(element));
        jpki_close_secret(element, JPKI_AUTH_PIN); /* which the PIN that goes had opened */
        fido_index_forget(&element->fido.index);   /* made anew from whatever is there then */
        return element_erase(element, OBJECT_CREDENTIAL, OBJECT_COUNTER_LAST);
}

/* ---- the state table, and what it asks for ---- */

/* Once a finger of another set was laid, none opens anything until the PIN was entered. */
static bool is_set_confirmed(const struct mitome_element *element)
{
        return element_has(element, OBJECT_ENROLMENT_SET) && !element_has(element, OBJECT_OTHER_SET);
}

static uint16_t facts_of(const struct mitome_element *element)
{
        const struct fido *fido = &element->fido;
        struct fido_matcher matcher;
        bool batch_key = element_has(element, OBJECT_BATCH_KEY);
        int facts = (batch_key ? FACT_BATCH_KEY : FACT_NO_BATCH_KEY) |
                    (fido_matcher(element, &matcher) ? FACT_PAIRED : 0) |
                    (is_set_confirmed(element) ? FACT_SET : 0) | (user_pin_is_set(element) ? FACT_PIN : 0) |
                    (user_pin_is_blocked(element) ? 0 : FACT_PIN_TRIES) |
                    (user_uv_tries(element) > 0 ? FACT_UV_TRIES : 0) |
                    (fido->wrong_in_a_row < FIDO_WRONG_IN_A_ROW_MAX ? FACT_ROW : 0) |
                    (fido->has_agreement ? FACT_AGREEMENT : 0) |
                    (fido->pairing.key.size > 0 ? FACT_PENDING : 0);
        return (uint16_t)facts;
}

uint16_t fido_allowed(struct mitome_element *element, uint8_t ins, enum fido_phase begins)
{
        uint16_t sw = fido_rules_ask(ins, begins, fido_phase_of(&element->fido), facts_of(element));
        if (sw == SW_BLOCKED) /* locked means locked: what was begun is over */
                fido_end_operation(&element->fido);
        return sw;
}

static bool is_finger_open(const struct mitome_element *element)
{
        enum { OPEN = FACT_PAIRED | FACT_SET | FACT_UV_TRIES | FACT_PIN_TRIES };
        return (facts_of(element) & OPEN) == OPEN;
}

/* ---- GET STATE ---- */

static uint8_t state_flags(const struct mitome_element *element)
{
        struct fido_matcher matcher;
        int flags =
                (element_has(element, OBJECT_BATCH_KEY) ? STATE_BATCH_KEY : 0) |
                (user_pin_is_set(element) ? STATE_PIN_SET : 0) |
                (fido_matcher(element, &matcher) ? STATE_PAIRED : 0) |
                (is_finger_open(element) ? STATE_FINGER_OPEN : 0) |
                (element_is_personalised(element) ? STATE_PERSONALISED : 0) |
                (fido_enterprise_enabled(element) ? STATE_ENTERPRISE : 0) |
                (fido_certificate_possible(element) && device_certificates(element).size ? STATE_CERTIFICATE
                                                                                         : 0);
        return (uint8_t)flags;
}

enum { STATE_WITH_IDENTIFIERS = 0x01 }; /* P1 */

static uint8_t state_flags_more(const struct mitome_element *element)
{
        int flags = (fido_always_uv(element) ? STATE_ALWAYS_UV : 0) |
                    (user_pin_must_change(element) ? STATE_MUST_CHANGE : 0) |
                    (fido_enterprise_exists(element) ? STATE_ENTERPRISE_LIST : 0) |
                    (element_has(element, OBJECT_ENROLMENT_SET) ? STATE_ENROLLED : 0) |
                    (fido_persistent_exists(element) ? STATE_PERSISTENT_TOKEN : 0) |
                    (element->fido.wrong_in_a_row >= FIDO_WRONG_IN_A_ROW_MAX ? STATE_POWER_CYCLE : 0) |
                    (user_pin_is_complex(element) ? STATE_COMPLEX_PIN : 0);
        return (uint8_t)flags;
}

static slice aaguid(const struct mitome_element *element)
{
        static const uint8_t none[FIDO_AAGUID_SIZE];
        slice value;
        reader r = reader_over(element_object(element, OBJECT_BATCH_KEY), NULL, NULL);
        return failed(read_bytes(&r, "AAGUID", FIDO_AAGUID_SIZE, &value)) ? SLICE(none) : value;
}

static void write_count(writer *answer, uint8_t tag, size_t count)
{
        const uint8_t bytes[] = { (uint8_t)(count >> 8), (uint8_t)count };
        tlv_write(answer, tag, SLICE(bytes));
}

static void write_uv_count(const struct mitome_element *element, writer *answer)
{
        uint8_t bytes[4];
        writer w = WRITER(bytes);
        write_u32(&w, user_uv_count(element));
        tlv_write(answer, 0x8A, SLICE(bytes));
}

static void write_matcher(const struct mitome_element *element, writer *answer)
{
        struct fido_matcher matcher;
        if (!fido_matcher(element, &matcher))
                return;
        const uint8_t bytes[] = { matcher.class, matcher.modality };
        tlv_write(answer, 0x8D, SLICE(bytes));
}

uint16_t fido_get_state(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        const struct fido_index *index;
        if (command->data.size)
                return SW_WRONG_DATA;
        (void)fido_use_index(element, &index); /* counts at once; without memory for it they take longer */
        size_t count = fido_count(element);
        tlv_write(answer, 0x80, aaguid(element));
        tlv_write_u8(answer, 0x81, state_flags(element));
        tlv_write_u8(answer, 0x82, user_pin_tries(element));
        tlv_write_u8(answer, 0x83, user_uv_tries(element));
        tlv_write_u8(answer, 0x84, user_pin_min(element));
        write_count(answer, 0x85, count < FIDO_CREDENTIALS_MAX ? FIDO_CREDENTIALS_MAX - count : 0);
        tlv_write_u8(answer, 0x86, state_flags_more(element));
        write_count(answer, 0x87, fido_count_discoverable(element));
        write_uv_count(element, answer);
        write_matcher(element, answer);
        return command->p1 == STATE_WITH_IDENTIFIERS ? fido_persistent_show(element, answer) : SW_OK;
}

/* ---- the commands ---- */

static const struct {
        uint8_t ins;
        fido_handler *run;
} handlers[] = {
        { 0x10, fido_get_state },
        { 0x12, fido_key_agreement },
        { 0x14, fido_get_pin_token },
        { 0x16, fido_get_uv_token },
        { 0x18, fido_reset },
        { 0x1A, fido_forget_token },
        { 0x1C, fido_change_pin },
        { 0x1E, fido_configure },
        { 0x20, fido_begin },
        { 0x22, fido_next_assertion },
        { 0x24, fido_make_credential },
        { 0x26, fido_get_assertion },
        { 0x28, fido_authorise },
        { 0x2A, fido_confirm },
        { 0x2C, fido_check },
        { 0x2E, fido_abandon },
        { 0x30, fido_store_batch_key },
        { 0x32, fido_pair },
        { 0x34, fido_set_pin },
        { 0x3A, fido_set_enterprise },
        { 0x3C, fido_confirm_pairing },
        { 0x46, fido_manage_credentials },
        { 0x52, fido_u2f_register },
        { 0x54, fido_u2f_authenticate },
        { 0x56, fido_sign_document },
        { 0x58, fido_read_certificate },
};

/* BEGIN asks for itself, once it has read what is announced. */
uint16_t fido_dispatch(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum { GET_STATE = 0x10, BEGIN = 0x20, NEXT_ASSERTION = 0x22, MANAGE_CREDENTIALS = 0x46 };
        if (command->ins != GET_STATE && command->ins != NEXT_ASSERTION)
                fido_end_chain(&element->fido);
        if (command->ins != GET_STATE && command->ins != MANAGE_CREDENTIALS)
                fido_listings_end(&element->fido);
        if (command->ins != BEGIN)
                SW_TRY(fido_allowed(element, command->ins, FIDO_IDLE));
        for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
                if (handlers[i].ins == command->ins)
                        return handlers[i].run(element, command, answer);
        return SW_WRONG_INS;
}

/* The state table stands before every command that is run by fido_dispatch. */
static const struct command commands[] = {
        { 0x80, 0x10, COMMAND_OPEN, fido_dispatch, .p1_max = STATE_WITH_IDENTIFIERS },
        { 0x80, 0x12, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x14, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x16, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x18, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x1A, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x1C, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x1E, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x20, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x22, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x24, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x26, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x28, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x2A, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x2C, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x2E, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x46, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x52, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x54, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x56, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x58, COMMAND_OPEN, fido_dispatch },
        { 0x80, 0x30, COMMAND_PROTECTED, fido_dispatch },
        { 0x80, 0x32, COMMAND_PROTECTED, fido_dispatch },
        { 0x80, 0x34, COMMAND_PROTECTED, fido_dispatch },
        { 0x80, 0x3A, COMMAND_PROTECTED, fido_dispatch },
        { 0x80, 0x3C, COMMAND_PROTECTED, fido_dispatch },
        /* What the element says of itself asks for nothing that the table knows. */
        { 0x80, 0x36, COMMAND_PROTECTED, evidence_make_device_key },
        { 0x80, 0x38, COMMAND_PROTECTED, evidence_store_device_certificate },
        { 0x80, 0x40, COMMAND_OPEN, evidence_get_receipt },
        { 0x80, 0x42, COMMAND_OPEN, evidence_acknowledge_receipt },
        { 0x80, 0x44, COMMAND_OPEN, evidence_get_statement },
};

static const uint8_t aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };

const struct applet fido_applet = {
        .name = "FIDO",
        .aid = { aid, sizeof aid },
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
        .zero_parameters = true,
        .forget = fido_forget,
        .erase = erase,
};
