/* SPDX-License-Identifier: Apache-2.0 */
#include "iso7816.h"

#include "apdu.h"

#include <stdlib.h>

/* Clauses are those of CTAP 2.1, 11.3 "ISO7816, ISO14443 and Near Field Communication (NFC)". */

enum {
        CLA_ISO = 0x00,
        CLA_CTAP = 0x80,
        CLA_CHAINING = 0x10,
        CLA_CHANNEL = 0x03,
        INS_MSG = 0x10,
        INS_GET_ANSWER = 0x11, /* NFCCTAP_GETRESPONSE; GET RESPONSE is ISO's */
        INS_CONTROL = 0x12,
        INS_SELECT = 0xA4,
        INS_GET_RESPONSE = 0xC0,
        P1_BY_NAME = 0x04,
        P1_KEEPALIVES = 0x80,
        P1_CANCEL = 0x11,
        P1_END = 0x01,
        SW_REMAINING = 0x6100, /* low byte: how much, 00 for 256 and more */
        SW_NOT_YET = 0x9100,
        SHORT_ANSWER_MAX = 256,
        EXTENDED_ANSWER_MAX = 65536,
        REQUEST_TOO_LARGE = 0x39,
        /* A U2F request that came in parts is put together as one extended command. */
        EXTENDED_HEADER = 7,
        EXTENDED_END = 2,
        BRIEF_MAX = 8,
};

static const uint8_t fido_aid[] = { 0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01 };

enum phase {
        IDLE,
        CHAINING, /* parts of a message have come */
        WORKING,  /* the layer above has the message */
        READY,    /* the answer waits to be asked for */
        SENDING,  /* parts of the answer have gone */
};

/* What the parts of a message have in common. */
struct header {
        uint8_t ins, p1, p2;
};

struct iso7816 {
        bool selected;
        enum phase phase;
        bool owed;       /* the last command has no response yet */
        bool keepalives; /* the host understands them */
        bool u2f;        /* what is worked on is a U2F request */
        bool too_long;   /* and so it was not kept */
        bool cancelled;
        struct header chain;
        size_t most; /* bytes of data that the host takes in the next response */
        size_t size; /* of the message */
        size_t done; /* sent of it */
        uint16_t sw; /* at its end */

        /* A response that is settled at once. */
        bool brief;
        uint16_t brief_sw;
        size_t brief_size;
        uint8_t brief_data[BRIEF_MAX];

        uint8_t message[EXTENDED_HEADER + ISO7816_MESSAGE_MAX + EXTENDED_END];
};

mitome_status iso7816_new(struct iso7816 **ret, mitome_error *error)
{
        struct iso7816 *iso = calloc(1, sizeof *iso);
        if (!iso)
                return fail(error, MITOME_E_NO_MEMORY, "ISO 7816", NULL);
        *ret = iso;
        return ok();
}

void iso7816_reset(struct iso7816 *iso)
{
        bytes_wipe(iso, sizeof *iso);
}

void iso7816_free(struct iso7816 *iso)
{
        if (iso)
                iso7816_reset(iso);
        free(iso);
}

/* ---- answers ---- */

static enum iso7816_outcome answer(struct iso7816 *iso, slice data, uint16_t sw)
{
        writer w = WRITER(iso->brief_data);
        write_slice(&w, data);
        iso->brief = true;
        iso->brief_size = w.used;
        iso->brief_sw = sw;
        return ISO7816_NONE;
}

static enum iso7816_outcome answer_sw(struct iso7816 *iso, uint16_t sw)
{
        return answer(iso, (slice){ 0 }, sw);
}

/* What was begun is over. What went by may have been a secret. */
static void drop(struct iso7816 *iso)
{
        bytes_wipe(iso->message, sizeof iso->message);
        iso->size = iso->done = 0;
        iso->owed = iso->too_long = iso->cancelled = false;
        iso->phase = IDLE;
}

/* ---- messages ---- */

/* A U2F request needs its header, a CTAP message none. */
static void start_message(struct iso7816 *iso, const struct apdu_command *command, bool u2f)
{
        drop(iso);
        iso->u2f = u2f;
        iso->chain = (struct header){ command->ins, command->p1, command->p2 };
        iso->size = u2f ? EXTENDED_HEADER : 0;
}

/* One that is longer than any that is taken is heard to its end, or its rest would be taken for another. */
static void add_part(struct iso7816 *iso, slice part)
{
        writer w = writer_over(iso->message, EXTENDED_HEADER + ISO7816_MESSAGE_MAX);
        w.used = iso->size;
        write_slice(&w, part);
        iso->size = w.used;
        if (w.overflowed || iso->size > ISO7816_MESSAGE_MAX + (iso->u2f ? EXTENDED_HEADER : 0u))
                iso->too_long = true;
}

/* One extended command, with as long an answer as there is. */
static void finish_u2f(struct iso7816 *iso)
{
        writer w = WRITER(iso->message);
        size_t data_size = iso->size - EXTENDED_HEADER;
        write_u8(&w, CLA_ISO);
        write_u8(&w, iso->chain.ins);
        write_u8(&w, iso->chain.p1);
        write_u8(&w, iso->chain.p2);
        write_u8(&w, 0);
        write_u16(&w, (uint16_t)data_size); /* with no data this is the length of the answer */
        w.used = iso->size;
        if (data_size)
                write_u16(&w, 0);
        iso->size = w.used;
}

static enum iso7816_outcome refuse_too_long(struct iso7816 *iso)
{
        static const uint8_t too_large = REQUEST_TOO_LARGE;
        bool u2f = iso->u2f;
        drop(iso);
        return u2f ? answer_sw(iso, SW_WRONG_LENGTH) : answer(iso, slice_of(&too_large, 1), SW_OK);
}

/* [11.3.6] a message that one command cannot carry comes in several, all but the last with the chaining bit
 */
static enum iso7816_outcome take_part(struct iso7816 *iso, const struct apdu_command *command, bool u2f)
{
        if (iso->phase != CHAINING)
                start_message(iso, command, u2f);
        add_part(iso, command->data);
        if (command->cla & CLA_CHAINING) {
                iso->phase = CHAINING;
                return answer_sw(iso, SW_OK);
        }
        if (iso->too_long)
                return refuse_too_long(iso);
        if (u2f)
                finish_u2f(iso);
        iso->phase = WORKING;
        iso->owed = true;
        return ISO7816_REQUEST;
}

/* [11.3.7.1] NFCCTAP_MSG: P1 says whether the host understands keepalives, all other bits are zero */
static enum iso7816_outcome take_message(struct iso7816 *iso, const struct apdu_command *command)
{
        if ((command->p1 & ~P1_KEEPALIVES) || command->p2)
                return answer_sw(iso, SW_WRONG_P1P2);
        iso->keepalives = command->p1 & P1_KEEPALIVES;
        return take_part(iso, command, false);
}

/* [10.1] over ISO 7816 U2F requests are commands of their own */
static enum iso7816_outcome take_u2f(struct iso7816 *iso, const struct apdu_command *command)
{
        iso->keepalives = false;
        return take_part(iso, command, true);
}

/* ---- the other commands ---- */

/* [11.3.3] the application is selected by its whole name; whatever was going on with it is over */
static enum iso7816_outcome take_select(struct iso7816 *iso, const struct apdu_command *command)
{
        if (command->p1 != P1_BY_NAME || command->p2)
                return answer_sw(iso, SW_WRONG_P1P2);
        if (!slice_equal(command->data, SLICE(fido_aid)))
                return answer_sw(iso, SW_NOT_FOUND); /* readers look for others: what is selected stays */
        drop(iso);
        iso->selected = true;
        return ISO7816_SELECTED;
}

/* [11.3.4] the host ends CTAP: until it selects the application anew, nothing of it is there */
static enum iso7816_outcome take_control(struct iso7816 *iso, const struct apdu_command *command)
{
        if (command->p1 != P1_END || command->p2)
                return answer_sw(iso, SW_WRONG_P1P2);
        if (command->data.size)
                return answer_sw(iso, SW_WRONG_LENGTH);
        drop(iso);
        iso->selected = false;
        return answer_sw(iso, SW_OK);
}

/* [11.3.7.2] NFCCTAP_GETRESPONSE: the answer, or how far it is; clients cancel with P1 = 11 */
static enum iso7816_outcome take_get_answer(struct iso7816 *iso, const struct apdu_command *command)
{
        if ((command->p1 && command->p1 != P1_CANCEL) || command->p2)
                return answer_sw(iso, SW_WRONG_P1P2);
        if ((iso->phase != WORKING && iso->phase != READY) || !iso->keepalives)
                return answer_sw(iso, SW_CONDITIONS);
        iso->owed = true;
        if (iso->phase == READY)
                return ISO7816_NONE;
        if (command->p1 != P1_CANCEL)
                return ISO7816_WAITS;
        /* [11.3.7.2 cancel] P1 = 11: what is worked on ends with KEEPALIVE_CANCEL */
        iso->cancelled = true;
        return ISO7816_CANCELS;
}

/* [11.3.6 response] an answer that one response cannot carry goes in parts: the next one, ISO 7816-4 11.7.1
 */
static enum iso7816_outcome take_get_response(struct iso7816 *iso, const struct apdu_command *command)
{
        if (command->p1 || command->p2)
                return answer_sw(iso, SW_WRONG_P1P2);
        if (iso->phase != SENDING)
                return answer_sw(iso, SW_CONDITIONS);
        iso->owed = true;
        return ISO7816_NONE;
}

/* ---- commands ---- */

typedef enum iso7816_outcome take_command(struct iso7816 *iso, const struct apdu_command *command);

enum { ANY_INS = 0x100 };

/* The first row that fits. A phase's bit says that the command leaves what is going on in it as it is. */
static const struct row {
        uint8_t cla;
        uint16_t ins;
        bool unselected; /* it is taken even where nothing is selected */
        uint8_t keeps;
        take_command *take;
} rows[] = {
        { CLA_ISO, INS_SELECT, true, 1 << WORKING | 1 << READY | 1 << SENDING, take_select },
        { CLA_ISO, INS_GET_RESPONSE, false, 1 << WORKING | 1 << READY | 1 << SENDING, take_get_response },
        { CLA_CTAP, INS_GET_RESPONSE, false, 1 << WORKING | 1 << READY | 1 << SENDING, take_get_response },
        { CLA_CTAP, INS_MSG, false, 1 << CHAINING, take_message },
        { CLA_CTAP, INS_GET_ANSWER, false, 1 << WORKING | 1 << READY, take_get_answer },
        { CLA_CTAP, INS_CONTROL, false, 0, take_control },
        { CLA_ISO, ANY_INS, false, 1 << CHAINING, take_u2f },
};

static const struct row *find_row(const struct apdu_command *command)
{
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                if (rows[i].cla == (command->cla & ~CLA_CHAINING) &&
                        (rows[i].ins == ANY_INS || rows[i].ins == command->ins))
                        return &rows[i];
        }
        return NULL;
}

/* [11.3.5 class] classes of others and instructions that are none: 6E00, 6881, 6D00 */
static uint16_t sw_of_class(uint8_t cla)
{
        uint8_t class = cla & (uint8_t)~CLA_CHAINING;
        if (class != CLA_ISO && class != CLA_CTAP)
                return (class & ~CLA_CTAP & ~CLA_CHANNEL) ? SW_WRONG_CLA : SW_CHANNEL_UNSUPPORTED;
        return SW_WRONG_INS;
}

/* ISO 7816-4 5.3.3: the parts of a chain follow one another and differ in nothing but their data. */
static bool goes_on(const struct iso7816 *iso, const struct apdu_command *command)
{
        const struct header *chain = &iso->chain;
        bool u2f = (command->cla & ~CLA_CHAINING) == CLA_ISO;
        return u2f == iso->u2f && command->ins == chain->ins && command->p1 == chain->p1 &&
               command->p2 == chain->p2;
}

static bool may_chain(const struct row *row)
{
        return row->take == take_message || row->take == take_u2f;
}

/* A host that has been told "not yet" may ask again, cancel, or begin anew by selecting. */
static bool must_wait(const struct iso7816 *iso, const struct row *row)
{
        return iso->phase == WORKING && !iso->cancelled && may_chain(row);
}

static enum iso7816_outcome take(
        struct iso7816 *iso, const struct row *row, const struct apdu_command *command)
{
        /* [11.3.3 unselected] before the application is selected nothing of it is there: 6986 */
        if (!row->unselected && !iso->selected)
                return answer_sw(iso, SW_NO_CURRENT_FILE);
        if ((command->cla & CLA_CHAINING) && !may_chain(row))
                return answer_sw(iso, SW_WRONG_CLA);
        if (must_wait(iso, row))
                return answer_sw(iso, SW_CONDITIONS);
        bool keeps = row->keeps & 1u << iso->phase;
        if (!keeps || (iso->phase == CHAINING && !goes_on(iso, command)))
                drop(iso);
        iso->most = command->expected   ? command->expected
                    : command->extended ? EXTENDED_ANSWER_MAX
                                        : SHORT_ANSWER_MAX; /* some clients leave Le out and want all */
        return row->take(iso, command);
}

enum iso7816_outcome iso7816_receive(struct iso7816 *iso, slice apdu)
{
        struct apdu_command command;
        iso->brief = false;
        if (iso->owed) /* nobody waits for an answer and says something else meanwhile: he has given up */
                drop(iso);
        /* [11.3.5] short and extended lengths are both taken */
        if (failed(apdu_read_command(apdu, &command, NULL))) {
                if (iso->phase == CHAINING)
                        drop(iso);
                return answer_sw(iso, SW_WRONG_LENGTH);
        }
        const struct row *row = find_row(&command);
        if (row)
                return take(iso, row, &command);
        if (iso->phase == CHAINING)
                drop(iso);
        return answer_sw(iso, sw_of_class(command.cla));
}

/* ---- the layer above ---- */

/* [11.3.3 version] the name of the oldest protocol that is spoken, for clients that know no other */
void iso7816_selected(struct iso7816 *iso, bool u2f)
{
        answer(iso, slice_text(u2f ? "U2F_V2" : "FIDO_2_0"), SW_OK);
}

bool iso7816_working(const struct iso7816 *iso)
{
        return iso->phase == WORKING;
}

bool iso7816_request_is_u2f(const struct iso7816 *iso)
{
        return iso->u2f;
}

slice iso7816_request(const struct iso7816 *iso)
{
        return iso->phase == WORKING ? slice_of(iso->message, iso->size) : (slice){ 0 };
}

/* A host that was told "not yet" has its response: it hears of the refusal when it asks. */
void iso7816_refuse(struct iso7816 *iso, uint16_t sw)
{
        bool told = iso->phase == WORKING && !iso->owed;
        drop(iso);
        if (!told) {
                answer_sw(iso, sw);
                return;
        }
        iso->phase = READY;
        iso->sw = sw;
}

/* A U2F answer brings its status word along. */
static bool keep_answer(struct iso7816 *iso, slice message)
{
        slice data = message;
        uint16_t sw = SW_OK;
        writer w = WRITER(iso->message);
        if (iso->u2f && failed(apdu_read_response(message, &data, &sw, NULL)))
                return false;
        write_slice(&w, data);
        iso->size = w.used;
        iso->done = 0;
        iso->sw = sw;
        return !w.overflowed;
}

void iso7816_reply(struct iso7816 *iso, slice message)
{
        if (iso->phase != WORKING)
                return;
        bytes_wipe(iso->message, iso->size);
        if (keep_answer(iso, message))
                iso->phase = READY;
        else
                iso7816_refuse(iso, SW_UNKNOWN);
}

/* [11.3.7.2] "not yet" is 9100 with the status of CTAPHID's keepalive */
void iso7816_keepalive(struct iso7816 *iso, enum iso7816_status status)
{
        const uint8_t code = (uint8_t)status;
        if (iso->phase != WORKING || !iso->owed || !iso->keepalives)
                return;
        iso->owed = false;
        answer(iso, slice_of(&code, 1), SW_NOT_YET);
}

static uint16_t send_part(struct iso7816 *iso, writer *w)
{
        size_t room = w->capacity - 2;
        size_t most = iso->most < room ? iso->most : room;
        size_t left = iso->size - iso->done;
        size_t part = left < most ? left : most;
        write_slice(w, slice_of(iso->message + iso->done, part));
        iso->done += part;
        iso->owed = false;
        left -= part;
        if (left) {
                iso->phase = SENDING;
                return (uint16_t)(SW_REMAINING | (left < SHORT_ANSWER_MAX ? left : 0));
        }
        uint16_t sw = iso->sw;
        drop(iso);
        return sw;
}

size_t iso7816_send(struct iso7816 *iso, uint8_t *response, size_t capacity)
{
        writer w = writer_over(response, capacity);
        if (iso->brief) {
                iso->brief = false;
                write_slice(&w, slice_of(iso->brief_data, iso->brief_size));
                write_u16(&w, iso->brief_sw);
        } else if (iso->owed && (iso->phase == READY || iso->phase == SENDING)) {
                write_u16(&w, send_part(iso, &w));
        }
        return w.used;
}
