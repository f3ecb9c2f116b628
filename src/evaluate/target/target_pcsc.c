/* SPDX-License-Identifier: Apache-2.0 */
#include "target_pcsc.h"

#include "pcsc.h"
#include "steady_clock.h"

#include <stdlib.h>
#include <string.h>

enum {
        NAME_SIZE = 160,
        CHUNK = 255,     /* of a chained command */
        PARTS_MAX = 256, /* of an answer */
        CLASS_CHAINED = 0x90,
        CLASS_LAST = 0x80,
        MORE = 0x61, /* SW1: so much more is there */
        DONE = 0x9000,
        UPDATE = 0x9100, /* "not yet": what the user has to do comes with it */
};

struct card {
        char name[NAME_SIZE], pin[64];
        struct pcsc_card *pcsc; /* NULL: another link */
        struct mitome_link link;
        bool selected; /* the FIDO applet */
};

/* ---- APDUs ---- */

/* Sends one, and looks at the status word. PC/SC takes no limit: a card that never answers one keeps us. */
static enum target_trouble transmit(
        struct card *card, slice command, uint8_t *response, size_t *ret_size, unsigned *ret_sw)
{
        size_t size = 0;
        if (failed(card->link.transmit(card->link.context, command, response, MITOME_APDU_MAX, &size, NULL)))
                return TARGET_DIED;
        if (size < 2)
                return TARGET_GARBLED;
        *ret_sw = (unsigned)response[size - 2] << 8 | response[size - 1];
        *ret_size = size - 2;
        return TARGET_ANSWERED;
}

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct card *card = context;
        uint8_t answer[MITOME_APDU_MAX];
        unsigned sw;
        size_t size;
        card->selected = false; /* it may select another applet */
        enum target_trouble trouble = transmit(card, command, answer, &size, &sw);
        if (trouble != TARGET_ANSWERED)
                return trouble;
        if (failed(slice_copy(slice_of(answer, size + 2), "answer", response, capacity, NULL)))
                return TARGET_FLOODED;
        *ret_size = size + 2;
        return TARGET_ANSWERED;
}

/* ---- CTAP ---- */

static enum target_trouble select_fido(struct card *card)
{
        static const uint8_t select[] = { 0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F,
                0x00, 0x01, 0x00 };
        uint8_t answer[MITOME_APDU_MAX];
        unsigned sw = 0;
        size_t size;
        if (card->selected)
                return TARGET_ANSWERED;
        enum target_trouble trouble = transmit(card, SLICE(select), answer, &size, &sw);
        card->selected = trouble == TARGET_ANSWERED && (sw == DONE || sw >> 8 == MORE);
        return trouble == TARGET_ANSWERED && !card->selected ? TARGET_GARBLED : trouble;
}

/* One link of the chain; P1 80 says that keepalives are understood. */
static enum target_trouble send_part(
        struct card *card, slice part, bool last, uint8_t *answer, size_t *ret_size, unsigned *ret_sw)
{
        enum { MESSAGE = 0x10, UNDERSTANDS_UPDATES = 0x80 };
        uint8_t bytes[CHUNK + 6];
        writer w = WRITER(bytes);
        write_u8(&w, last ? CLASS_LAST : CLASS_CHAINED);
        write_u8(&w, MESSAGE);
        write_u8(&w, UNDERSTANDS_UPDATES);
        write_u8(&w, 0);
        write_u8(&w, (uint8_t)part.size);
        write_slice(&w, part);
        if (last)
                write_u8(&w, 0);
        return transmit(card, writer_view(&w), answer, ret_size, ret_sw);
}

static enum target_trouble send_all(struct card *card, slice request, uint64_t end_ms, uint8_t *answer,
        size_t *ret_size, unsigned *ret_sw)
{
        reader r = reader_over(request, NULL, NULL);
        enum target_trouble trouble = TARGET_GARBLED;
        while (r.rest.size) {
                slice part;
                const size_t size = r.rest.size < CHUNK ? r.rest.size : CHUNK;
                if (failed(read_bytes(&r, "request", size, &part)))
                        return TARGET_GARBLED;
                trouble = send_part(card, part, r.rest.size == 0, answer, ret_size, ret_sw);
                if (trouble != TARGET_ANSWERED || (r.rest.size && *ret_sw != DONE))
                        return trouble == TARGET_ANSWERED ? TARGET_GARBLED : trouble;
                if (r.rest.size && steady_clock_ms() >= end_ms)
                        return TARGET_SILENT;
        }
        return trouble;
}

static enum target_trouble ask_again(
        struct card *card, bool user, uint8_t *answer, size_t *ret_size, unsigned *ret_sw)
{
        static const uint8_t get_response[] = { 0x80, 0xC0, 0x00, 0x00, 0x00 };
        static const uint8_t get_user[] = { 0x80, 0x11, 0x00, 0x00, 0x00 };
        return transmit(card, user ? SLICE(get_user) : SLICE(get_response), answer, ret_size, ret_sw);
}

/* What came, and what more there is; a card that always has more floods. */
static enum target_trouble collect(
        struct card *card, uint8_t *answer, size_t size, unsigned sw, uint64_t end_ms, writer *into)
{
        unsigned parts = 0;
        while (sw == UPDATE) {
                if (steady_clock_ms() >= end_ms)
                        return TARGET_SILENT;
                enum target_trouble trouble = ask_again(card, true, answer, &size, &sw);
                if (trouble != TARGET_ANSWERED)
                        return trouble;
        }
        for (;;) {
                write_slice(into, slice_of(answer, size));
                if (sw == DONE)
                        return into->overflowed ? TARGET_FLOODED : TARGET_ANSWERED;
                if (sw >> 8 != MORE)
                        return TARGET_GARBLED;
                if (into->overflowed || ++parts > PARTS_MAX)
                        return TARGET_FLOODED;
                if (steady_clock_ms() >= end_ms)
                        return TARGET_SILENT;
                enum target_trouble trouble = ask_again(card, false, answer, &size, &sw);
                if (trouble != TARGET_ANSWERED)
                        return trouble;
        }
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct card *card = context;
        uint8_t answer[MITOME_APDU_MAX];
        unsigned sw = 0;
        size_t size = 0;
        writer w = writer_over(response, capacity);
        const uint64_t end_ms = steady_clock_ms() + limit_ms;
        enum target_trouble trouble = select_fido(card);
        if (trouble == TARGET_ANSWERED)
                trouble = send_all(card, request, end_ms, answer, &size, &sw);
        if (trouble == TARGET_ANSWERED)
                trouble = collect(card, answer, size, sw, end_ms, &w);
        if (trouble != TARGET_ANSWERED)
                card->selected = false;
        *ret_size = w.used;
        return trouble;
}

/* ---- its life ---- */

static bool power_cycle(void *context)
{
        struct card *card = context;
        card->selected = false;
        return !failed(
                card->pcsc ? pcsc_reset(card->pcsc, NULL) : card->link.reset(card->link.context, NULL));
}

static void close_card(void *context)
{
        struct card *card = context;
        pcsc_close(card->pcsc);
        bytes_wipe(card, sizeof *card);
        free(card);
}

static mitome_status make_card(const struct target_config *config, struct card **ret, mitome_error *error)
{
        const char *pin = config->pin ? config->pin : "";
        struct card *card = calloc(1, sizeof *card);
        if (!card)
                return fail(error, MITOME_E_NO_MEMORY, "target", NULL);
        mitome_status status = slice_copy(
                slice_text(config->name), "target", (uint8_t *)card->name, sizeof card->name - 1, error);
        if (!failed(status))
                status =
                        slice_copy(slice_text(pin), "PIN", (uint8_t *)card->pin, sizeof card->pin - 1, error);
        if (failed(status))
                close_card(card);
        else
                *ret = card;
        return status;
}

/* The FIDO applet of this project's element, which is software, and a reader that is. */
static bool is_simulated(struct card *card)
{
        static const uint8_t own[] = { 0x00, 0xA4, 0x04, 0x00, 0x08, 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45,
                0x01, 0x00 };
        uint8_t answer[MITOME_APDU_MAX];
        unsigned sw = 0;
        size_t size;
        if (card->pcsc && strstr(pcsc_reader_name(card->pcsc), "Virtual"))
                return true;
        return transmit(card, SLICE(own), answer, &size, &sw) == TARGET_ANSWERED &&
               (sw == DONE || sw >> 8 == MORE);
}

static struct target target_of(struct card *card, const struct target_config *config)
{
        const bool simulated = is_simulated(card); /* first: the applet of FIDO is to be selected */
        const bool ctap = select_fido(card) == TARGET_ANSWERED;
        return (struct target){ .name = card->name,
                .abilities = TARGET_ELEMENT | TARGET_POWER | (ctap ? TARGET_CTAP : 0U),
                .simulated = simulated,
                .pin = config->pin ? card->pin : NULL,
                .may_destroy = config->may_destroy,
                .context = card,
                .exchange = exchange,
                .apdu = apdu,
                .power_cycle = power_cycle,
                .close = close_card };
}

mitome_status target_card_open(const struct target_config *config, const struct mitome_link *link,
        struct target *ret, mitome_error *error)
{
        struct card *card;
        MITOME_TRY(make_card(config, &card, error));
        card->link = *link;
        *ret = target_of(card, config);
        return ok();
}

mitome_status target_pcsc_open(const struct target_config *config, struct target *ret, mitome_error *error)
{
        static const char prefix[] = "pcsc:";
        struct card *card;
        MITOME_TRY(make_card(config, &card, error));
        const char *named = card->name + sizeof prefix - 1;
        mitome_status status = pcsc_open(*named ? named : NULL, &card->pcsc, error);
        if (failed(status)) {
                close_card(card);
                return status;
        }
        card->link = pcsc_link(card->pcsc);
        *ret = target_of(card, config);
        return ok();
}
