/* SPDX-License-Identifier: Apache-2.0 */
/* CTAPHID: the input is a script of reports, of time that passes and of what the layer above does. */
#include "ctaphid.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Few channel numbers, so that the script hits them. */
static int small_numbers(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *counter = context;
        for (size_t i = 0; i + 1 < size; i++)
                bytes[i] = 0;
        bytes[size - 1] = ++*counter;
        return *counter % 16 == 15 ? -1 : 0;
}

enum { REPORT_FULL, REPORT_SHORT, TIME, REPLY, KEEPALIVE, SEND, WORK, ELSEWHERE, RESET, VERBS };

/* What was sent must be a packet of one of the two forms. */
static void drain(struct ctaphid *hid)
{
        uint8_t report[CTAPHID_REPORT_SIZE];
        for (unsigned sent = 0; ctaphid_send(hid, report); sent++) {
                if (sent > 16 + 129) /* every waiting answer and the longest message */
                        abort();
                if ((report[4] & 0x80) && (report[5] << 8 | report[6]) > CTAPHID_MESSAGE_MAX)
                        abort();
        }
}

static void take(struct ctaphid *hid, reader *r, size_t payload, uint64_t now)
{
        uint8_t report[CTAPHID_REPORT_SIZE] = { 0 };
        uint8_t channel;
        slice bytes;
        size_t most = r->rest.size < payload ? r->rest.size : payload;
        if (failed(read_u8(r, "channel", &channel)))
                return;
        most = r->rest.size < most ? r->rest.size : most;
        if (failed(read_bytes(r, "report", most, &bytes)))
                return;
        writer w = WRITER(report);
        write_u32(&w, channel == 255 ? UINT32_MAX : channel);
        write_slice(&w, bytes);
        enum ctaphid_outcome outcome = ctaphid_receive(hid, report, now);
        slice request = ctaphid_request(hid);
        if (outcome == CTAPHID_REQUEST && (request.size == 0 || request.size > CTAPHID_MESSAGE_MAX))
                abort();
        if (outcome == CTAPHID_ABORTED && request.size)
                abort();
        if ((ctaphid_request_kind(hid) == CTAPHID_NOTHING) != (request.size == 0))
                abort();
        if (ctaphid_request_kind(hid) != CTAPHID_NOTHING && !ctaphid_busy(hid))
                abort();
}

/* A device that is deep in its work sends keepalives and nothing else. */
static void work(struct ctaphid *hid)
{
        uint8_t report[CTAPHID_REPORT_SIZE];
        while (ctaphid_send_keepalive(hid, report)) {
                if (report[4] != (CTAPHID_KEEPALIVE | 0x80))
                        abort();
        }
}

static void act(struct ctaphid *hid, reader *r, uint8_t verb, uint64_t *now)
{
        static const uint8_t message[CTAPHID_MESSAGE_MAX + 1];
        uint8_t number = 0;
        switch (verb % VERBS) {
        case REPORT_FULL:
                take(hid, r, CTAPHID_REPORT_SIZE - 4, *now);
                break;
        case REPORT_SHORT: /* cheap continuation packets */
                take(hid, r, 4, *now);
                break;
        case TIME:
                (void)read_u8(r, "time", &number).code;
                *now += number * 4u;
                ctaphid_tick(hid, *now);
                break;
        case REPLY:
                (void)read_u8(r, "size", &number).code;
                ctaphid_reply(hid, slice_of(message, number == 255 ? sizeof message : number * 30u));
                break;
        case KEEPALIVE:
                ctaphid_keepalive(hid, verb & 0x80 ? CTAPHID_UP_NEEDED : CTAPHID_PROCESSING, *now);
                break;
        case WORK:
                work(hid);
                break;
        case ELSEWHERE:
                ctaphid_set_elsewhere(hid, verb & 0x80);
                break;
        case RESET:
                ctaphid_reset(hid);
                break;
        default:
                drain(hid);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t counter = 0, verb;
        uint64_t now = 0;
        struct mitome_random random = { .context = &counter, .fill = small_numbers };
        struct ctaphid *hid;
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        if (failed(ctaphid_new(&random, &hid, NULL)))
                return 0;
        while (!failed(read_u8(&r, "verb", &verb)))
                act(hid, &r, verb, &now);
        drain(hid);
        ctaphid_free(hid);
        return 0;
}
