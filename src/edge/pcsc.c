/* SPDX-License-Identifier: Apache-2.0 */
#include "pcsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

_Static_assert((int)PCSC_ATR_MAX >= (int)MAX_ATR_SIZE, "an ATR does not fit");

enum { NAMES_MAX = PCSC_READERS_MAX * PCSC_NAME_MAX };

struct pcsc_card {
        SCARDCONTEXT context;
        SCARDHANDLE handle;
        bool connected, broken;
        char reader[PCSC_NAME_MAX];
        uint8_t atr[PCSC_ATR_MAX];
        size_t atr_size;
};

/* What PC/SC answers, in our words. */
static mitome_status judge(LONG answer, mitome_error *error)
{
        static const struct {
                LONG answer;
                mitome_code code;
                const char *field;
        } meanings[] = {
                { SCARD_E_NO_SERVICE, MITOME_E_PCSC_SERVICE, NULL },
                { SCARD_E_SERVICE_STOPPED, MITOME_E_PCSC_SERVICE, NULL },
                { SCARD_E_NO_READERS_AVAILABLE, MITOME_E_NO_READER, NULL },
                { SCARD_E_UNKNOWN_READER, MITOME_E_NO_READER, NULL },
                { SCARD_E_READER_UNAVAILABLE, MITOME_E_NO_READER, NULL },
                { SCARD_E_NO_SMARTCARD, MITOME_E_NO_CARD, NULL },
                { SCARD_W_REMOVED_CARD, MITOME_E_NO_CARD, NULL },
                { SCARD_E_SHARING_VIOLATION, MITOME_E_FILE_LOCKED, "the card" },
                { SCARD_W_UNRESPONSIVE_CARD, MITOME_E_CARD_REFUSED, NULL },
                { SCARD_W_UNPOWERED_CARD, MITOME_E_CARD_REFUSED, NULL },
                { SCARD_W_UNSUPPORTED_CARD, MITOME_E_CARD_REFUSED, NULL },
                { SCARD_E_PROTO_MISMATCH, MITOME_E_CARD_REFUSED, NULL },
                { SCARD_E_NO_MEMORY, MITOME_E_NO_MEMORY, "the card" },
        };
        if (answer == SCARD_S_SUCCESS)
                return ok();
        for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
                if (meanings[i].answer == answer)
                        return fail(error, meanings[i].code, meanings[i].field, NULL);
        return fail(error, MITOME_E_LINK, "the card", NULL);
}

/* ---- the readers ---- */

static bool holds_card(SCARDCONTEXT context, const char *name)
{
        SCARD_READERSTATE state = { .szReader = name, .dwCurrentState = SCARD_STATE_UNAWARE };
        return SCardGetStatusChange(context, 0, &state, 1) == SCARD_S_SUCCESS &&
               (state.dwEventState & SCARD_STATE_PRESENT);
}

static mitome_status list_in(SCARDCONTEXT context, struct pcsc_readers *ret, mitome_error *error)
{
        char names[NAMES_MAX]; /* each with its end, and one more end */
        DWORD size = sizeof names;
        struct pcsc_readers readers = { 0 };
        LONG answer = SCardListReaders(context, NULL, names, &size);
        if (answer == SCARD_E_NO_READERS_AVAILABLE)
                size = 0;
        else
                MITOME_TRY(judge(answer, error));
        reader r = reader_over(slice_of(names, size), NULL, error);
        while (r.rest.size > 1 && readers.count < PCSC_READERS_MAX) {
                const char *end = memchr(r.rest.data, '\0', r.rest.size);
                slice name;
                if (!end || end == (const char *)r.rest.data)
                        break;
                size_t length = (size_t)(end - (const char *)r.rest.data);
                struct pcsc_reader *one = &readers.list[readers.count];
                MITOME_TRY(read_bytes(&r, "reader", length + 1, &name));
                if (length >= sizeof one->name) /* nobody could name it to us */
                        continue;
                snprintf(one->name, sizeof one->name, "%s", (const char *)name.data);
                one->has_card = holds_card(context, one->name);
                readers.count++;
        }
        *ret = readers;
        return ok();
}

mitome_status pcsc_list(struct pcsc_readers *ret, mitome_error *error)
{
        SCARDCONTEXT context;
        MITOME_TRY(judge(SCardEstablishContext(SCARD_SCOPE_USER, NULL, NULL, &context), error));
        mitome_status status = list_in(context, ret, error);
        SCardReleaseContext(context);
        return status;
}

/* ---- a card ---- */

static mitome_status choose_reader(struct pcsc_card *card, const char *wanted, mitome_error *error)
{
        struct pcsc_readers readers;
        bool known = false;
        MITOME_TRY(list_in(card->context, &readers, error));
        for (size_t i = 0; i < readers.count; i++) {
                const struct pcsc_reader *one = &readers.list[i];
                if (wanted && strcmp(one->name, wanted) != 0)
                        continue;
                known = true;
                if (one->has_card) {
                        snprintf(card->reader, sizeof card->reader, "%s", one->name);
                        return ok();
                }
        }
        return fail(error, known ? MITOME_E_NO_CARD : MITOME_E_NO_READER, NULL, NULL);
}

/* Contactless readers show every card as T=1, and so do the card and the element by contact. */
static LONG connect_card(struct pcsc_card *card)
{
        DWORD protocol;
        return SCardConnect(
                card->context, card->reader, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card->handle, &protocol);
}

/* Waits for the programs before us. One of them may have reset the card, which PC/SC tells us once. */
static LONG begin(struct pcsc_card *card)
{
        enum { RESETS_MAX = 8 };
        DWORD protocol;
        LONG answer = SCARD_W_RESET_CARD;
        for (int i = 0; i < RESETS_MAX && answer == SCARD_W_RESET_CARD; i++) {
                answer = SCardBeginTransaction(card->handle);
                if (answer == SCARD_W_RESET_CARD)
                        (void)SCardReconnect(card->handle, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
                                SCARD_LEAVE_CARD, &protocol);
        }
        return answer;
}

static LONG read_atr(struct pcsc_card *card)
{
        DWORD size = sizeof card->atr;
        LONG answer = SCardStatus(card->handle, NULL, NULL, NULL, NULL, card->atr, &size);
        card->atr_size = answer == SCARD_S_SUCCESS && size <= sizeof card->atr ? size : 0;
        return answer;
}

static mitome_status take_hold(struct pcsc_card *card, const char *name, mitome_error *error)
{
        MITOME_TRY(choose_reader(card, name, error));
        MITOME_TRY(judge(connect_card(card), error));
        card->connected = true;
        MITOME_TRY(judge(begin(card), error));
        MITOME_TRY(judge(read_atr(card), error));
        /* Whatever another program has selected or verified is none of ours. */
        return pcsc_reset(card, error);
}

mitome_status pcsc_open(const char *name, struct pcsc_card **ret, mitome_error *error)
{
        struct pcsc_card *card = calloc(1, sizeof *card);
        if (!card)
                return fail(error, MITOME_E_NO_MEMORY, "the card", NULL);
        mitome_status status =
                judge(SCardEstablishContext(SCARD_SCOPE_USER, NULL, NULL, &card->context), error);
        if (failed(status)) {
                free(card);
                return status;
        }
        status = take_hold(card, name, error);
        if (failed(status))
                pcsc_close(card);
        else
                *ret = card;
        return status;
}

const char *pcsc_reader_name(const struct pcsc_card *card)
{
        return card->reader;
}

slice pcsc_atr(const struct pcsc_card *card)
{
        return slice_of(card->atr, card->atr_size);
}

mitome_status pcsc_reset(struct pcsc_card *card, mitome_error *error)
{
        DWORD protocol;
        LONG answer = SCardReconnect(
                card->handle, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_RESET_CARD, &protocol);
        card->broken = answer != SCARD_S_SUCCESS;
        return judge(answer, error);
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { COMMAND_MIN = 4, RESPONSE_MIN = 2 };
        struct pcsc_card *card = context;
        DWORD size = capacity;
        if (command.size < COMMAND_MIN || command.size > MITOME_APDU_MAX)
                return fail(error, MITOME_E_APDU_LENGTH, "command APDU", NULL);
        if (card->broken)
                return fail(error, MITOME_E_LINK, "the card", NULL);
        LONG answer =
                SCardTransmit(card->handle, SCARD_PCI_T1, command.data, command.size, NULL, response, &size);
        /* After a failure nobody knows what the card has done, or selected: the caller begins anew. */
        card->broken = answer != SCARD_S_SUCCESS || size < RESPONSE_MIN;
        if (card->broken)
                return fail(error, MITOME_E_LINK, "the card", NULL);
        *ret_size = size;
        return ok();
}

/* A card that was taken away stays gone: whoever has it open has to let it go. */
static mitome_status reset(void *context, mitome_error *error)
{
        struct pcsc_card *card = context;
        if (card->broken)
                return fail(error, MITOME_E_LINK, "the card", NULL);
        return pcsc_reset(card, error);
}

struct mitome_link pcsc_link(struct pcsc_card *card)
{
        return (struct mitome_link){ .context = card, .transmit = transmit, .reset = reset };
}

/* The card is reset and not left as it is: it might hold a verified PIN, and the next program is not ours. */
void pcsc_close(struct pcsc_card *card)
{
        if (!card)
                return;
        if (card->connected) {
                SCardEndTransaction(card->handle, SCARD_RESET_CARD);
                SCardDisconnect(card->handle, SCARD_RESET_CARD);
        }
        SCardReleaseContext(card->context);
        free(card);
}
