/* SPDX-License-Identifier: Apache-2.0 */
#include "ctaphid.h"

#include <stdlib.h>

/* Clauses are those of CTAP 2.1, 11.2 "USB Human Interface Device". What it numbers 11.2.9.1 are the
 * commands. */

static const uint32_t BROADCAST = 0xFFFFFFFF;

enum {
        INITIAL_PACKET = 0x80, /* bit 7 of the byte behind the channel */
        INIT_NONCE_SIZE = 8,
        INIT_ANSWER_SIZE = 17,
        PROTOCOL_VERSION = 2,
        CAPABILITY_WINK = 0x01,
        CAPABILITY_CBOR = 0x04,
        PACKET_TIMEOUT_MS = 500,
        HOST_TIMEOUT_MS = 3000, /* a host that fetches nothing for so long is gone */
        KEEPALIVE_MS = 100,
        LOCK_MAX_S = 10,
        ANSWERS_MAX = 16,
        CHANNEL_TRIES = 64,
};

enum ctaphid_error {
        ERROR_INVALID_COMMAND = 0x01,   /* [11.2.9.1.6 0x01] a command that is none of these */
        ERROR_INVALID_PARAMETER = 0x02, /* [11.2.9.1.6 0x02] LOCK for more than 10 s */
        ERROR_INVALID_LENGTH = 0x03,    /* [11.2.9.1.6 0x03] too long or too short for the command */
        ERROR_INVALID_SEQUENCE = 0x04,  /* [11.2.9.1.6 0x04] not the packet that is due */
        ERROR_MESSAGE_TIMEOUT = 0x05,   /* [11.2.9.1.6 0x05] the next packet has not come in time */
        ERROR_CHANNEL_BUSY = 0x06,      /* [11.2.9.1.6 0x06] the device does something else */
        ERROR_INVALID_CHANNEL = 0x0B,   /* [11.2.9.1.6 0x0B] nobody was given this channel */
        ERROR_OTHER = 0x7F,             /* [11.2.9.1.6 0x7F] no randomness, or an answer that is too long */
};

/* [11.2.5.1] the device does one transaction at a time */
enum phase {
        IDLE,
        RECEIVING, /* packets of a request are awaited */
        WORKING,   /* the layer above has the request */
        SENDING,   /* packets of the answer wait for the host */
};

struct channel {
        uint32_t id; /* 0: free */
        uint64_t used;
};

/* An answer of one packet: INIT, errors, keepalives. */
struct answer {
        uint32_t channel;
        uint8_t command;
        uint8_t size;
        uint8_t payload[INIT_ANSWER_SIZE];
};

struct ctaphid {
        struct mitome_random random;
        struct channel channels[CTAPHID_CHANNELS];
        uint64_t uses;
        uint32_t lock; /* the channel that has locked the device, 0: none */
        uint64_t lock_end_ms;
        bool elsewhere; /* the device works for somebody who does not come by CTAPHID */

        enum phase phase;
        uint32_t channel;
        uint8_t command;
        uint8_t sequence; /* of the next continuation packet, either way */
        size_t size;      /* of the whole message */
        size_t done;      /* bytes received or sent */
        uint64_t now_ms;
        uint64_t packet_ms; /* when a packet last came or went */
        uint64_t keepalive_ms;
        enum ctaphid_status told;
        uint8_t message[CTAPHID_MESSAGE_MAX];

        struct answer answers[ANSWERS_MAX]; /* a ring */
        size_t first_answer, answer_count;
};

struct packet {
        uint32_t channel;
        bool initial;
        uint8_t command;  /* of an initial packet */
        uint16_t size;    /* of an initial packet: of the whole message */
        uint8_t sequence; /* of a continuation packet */
        slice payload;
};

mitome_status ctaphid_new(const struct mitome_random *random, struct ctaphid **ret, mitome_error *error)
{
        struct ctaphid *hid = calloc(1, sizeof *hid);
        if (!hid)
                return fail(error, MITOME_E_NO_MEMORY, "CTAPHID", NULL);
        hid->random = *random;
        *ret = hid;
        return ok();
}

void ctaphid_free(struct ctaphid *hid)
{
        if (hid)
                bytes_wipe(hid, sizeof *hid);
        free(hid);
}

/* [11.2.9.1.6] errors, and what else one packet holds, go out before the rest of a longer answer */
/* A host that does not read loses the newest answers; it cannot make the device remember more. */
static void queue_answer(struct ctaphid *hid, uint32_t channel, uint8_t command, slice payload)
{
        if (hid->answer_count == ANSWERS_MAX)
                return;
        struct answer *answer = &hid->answers[(hid->first_answer + hid->answer_count) % ANSWERS_MAX];
        writer w = WRITER(answer->payload);
        write_slice(&w, payload);
        answer->channel = channel;
        answer->command = command;
        answer->size = (uint8_t)w.used;
        hid->answer_count++;
}

static enum ctaphid_outcome refuse(struct ctaphid *hid, uint32_t channel, enum ctaphid_error why)
{
        uint8_t code = (uint8_t)why;
        queue_answer(hid, channel, CTAPHID_ERROR, slice_of(&code, 1));
        return CTAPHID_NONE;
}

/* The transaction is over. What went by may have been a secret. */
static void finish(struct ctaphid *hid)
{
        bytes_wipe(hid->message, sizeof hid->message);
        hid->phase = IDLE;
}

static enum ctaphid_outcome refuse_message(struct ctaphid *hid, enum ctaphid_error why)
{
        finish(hid);
        return refuse(hid, hid->channel, why);
}

static struct channel *find_channel(struct ctaphid *hid, uint32_t id)
{
        for (size_t i = 0; i < CTAPHID_CHANNELS; i++) {
                if (hid->channels[i].id == id)
                        return &hid->channels[i];
        }
        return NULL;
}

/* The place that was unused longest, but never the busy or the locking channel's. */
static struct channel *oldest_channel(struct ctaphid *hid)
{
        struct channel *oldest = NULL;
        for (size_t i = 0; i < CTAPHID_CHANNELS; i++) {
                struct channel *candidate = &hid->channels[i];
                bool busy = hid->phase != IDLE && candidate->id == hid->channel;
                bool locks = candidate->id != 0 && candidate->id == hid->lock;
                if (!busy && !locks && (!oldest || candidate->used < oldest->used))
                        oldest = candidate;
        }
        return oldest;
}

/* [11.2.3] a new channel on each broadcast INIT; 0 and FFFFFFFF are reserved. Returns 0 without randomness.
 */
static uint32_t allocate_channel(struct ctaphid *hid)
{
        struct channel *place = oldest_channel(hid);
        for (unsigned tries = 0; tries < CHANNEL_TRIES; tries++) {
                uint8_t bytes[4];
                if (hid->random.fill(hid->random.context, bytes, sizeof bytes) != 0)
                        return 0;
                uint32_t id = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                              bytes[3];
                if (id == 0 || id == BROADCAST || find_channel(hid, id))
                        continue;
                *place = (struct channel){ .id = id, .used = ++hid->uses };
                return id;
        }
        return 0;
}

/* [11.2.7] the protocol's version and what the device can do: WINK and CBOR, and MSG as well */
static void queue_init_answer(struct ctaphid *hid, const struct packet *packet, uint32_t channel)
{
        uint8_t bytes[INIT_ANSWER_SIZE];
        writer w = WRITER(bytes);
        write_slice(&w, slice_of(packet->payload.data, INIT_NONCE_SIZE));
        write_u32(&w, channel);
        write_u8(&w, PROTOCOL_VERSION);
        write_u8(&w, 0); /* version of the device: major, minor, build */
        write_u8(&w, 1);
        write_u8(&w, 0);
        write_u8(&w, CAPABILITY_WINK | CAPABILITY_CBOR);
        queue_answer(hid, packet->channel, CTAPHID_INIT, writer_view(&w));
}

/* What was going to be told to a channel is of no use to whoever has just begun anew on it. */
static void drop_answers(struct ctaphid *hid, uint32_t channel)
{
        size_t kept = 0;
        for (size_t i = 0; i < hid->answer_count; i++) {
                const struct answer answer = hid->answers[(hid->first_answer + i) % ANSWERS_MAX];
                if (answer.channel != channel)
                        hid->answers[(hid->first_answer + kept++) % ANSWERS_MAX] = answer;
        }
        hid->answer_count = kept;
}

/* [11.2.5.3] INIT on a channel of its own ends what that channel was doing, lock included, at any moment. */
static enum ctaphid_outcome resynchronise(struct ctaphid *hid, const struct packet *packet)
{
        bool of_busy = hid->phase != IDLE && packet->channel == hid->channel;
        enum ctaphid_outcome outcome = of_busy && hid->phase == WORKING ? CTAPHID_ABORTED : CTAPHID_NONE;
        drop_answers(hid, packet->channel);
        if (of_busy)
                finish(hid);
        if (hid->lock == packet->channel)
                hid->lock = 0;
        queue_init_answer(hid, packet, packet->channel);
        return outcome;
}

/* A host that has a number from before the device was last without power goes on with it: nothing speaks
 * against it, and no other host is disturbed. */
static void adopt_channel(struct ctaphid *hid, uint32_t id)
{
        if (!find_channel(hid, id))
                *oldest_channel(hid) = (struct channel){ .id = id, .used = ++hid->uses };
}

/* [11.2.9.1.3] INIT: on the broadcast channel it asks for a channel, on another it begins anew there; in
 * either case it disturbs no other channel, and none has to wait for another's transaction with it. */
static enum ctaphid_outcome take_init(struct ctaphid *hid, const struct packet *packet)
{
        if (packet->size != INIT_NONCE_SIZE)
                return refuse(hid, packet->channel, ERROR_INVALID_LENGTH);
        if (packet->channel == BROADCAST) {
                uint32_t id = allocate_channel(hid);
                if (id == 0)
                        return refuse(hid, packet->channel, ERROR_OTHER);
                queue_init_answer(hid, packet, id);
                return CTAPHID_NONE;
        }
        if (hid->lock && packet->channel != hid->lock)
                return refuse(hid, packet->channel, ERROR_CHANNEL_BUSY);
        adopt_channel(hid, packet->channel);
        return resynchronise(hid, packet);
}

static void start_sending(struct ctaphid *hid)
{
        hid->phase = SENDING;
        hid->packet_ms = hid->now_ms;
        hid->done = 0;
        hid->sequence = 0;
}

/* [11.2.9.1.4] PING comes back as it is */
static enum ctaphid_outcome echo(struct ctaphid *hid)
{
        start_sending(hid);
        return CTAPHID_NONE;
}

/* [11.2.9.2.1] WINK comes back, and the device shows itself */
static enum ctaphid_outcome wink(struct ctaphid *hid)
{
        start_sending(hid);
        return CTAPHID_WINKS;
}

/* [11.2.9.2.2] LOCK: other channels are kept away for up to 10 s; 0 ends it */
static enum ctaphid_outcome lock(struct ctaphid *hid)
{
        uint8_t seconds = hid->message[0];
        if (seconds > LOCK_MAX_S)
                return refuse_message(hid, ERROR_INVALID_PARAMETER);
        hid->lock = seconds ? hid->channel : 0;
        hid->lock_end_ms = hid->now_ms + seconds * 1000u;
        hid->size = 0;
        start_sending(hid);
        return CTAPHID_NONE;
}

/* [11.2.9.1.1] MSG: a U2F request, whose answer is the layer's above */
/* [11.2.9.1.2] CBOR: a CTAP request, whose answer is the layer's above */
static enum ctaphid_outcome start_working(struct ctaphid *hid)
{
        if (hid->elsewhere)
                return refuse_message(hid, ERROR_CHANNEL_BUSY);
        hid->phase = WORKING;
        hid->keepalive_ms = hid->now_ms;
        hid->told = CTAPHID_PROCESSING;
        return CTAPHID_REQUEST;
}

/* What may be asked on a channel of one's own, and how long it may be. INIT and CANCEL are apart. */
static const struct request {
        uint8_t command;
        uint16_t least, most;
        enum ctaphid_outcome (*complete)(struct ctaphid *hid);
} requests[] = {
        { CTAPHID_PING, 0, CTAPHID_MESSAGE_MAX, echo },
        { CTAPHID_MSG, 1, CTAPHID_MESSAGE_MAX, start_working },
        { CTAPHID_LOCK, 1, 1, lock },
        { CTAPHID_WINK, 0, 0, wink },
        { CTAPHID_CBOR, 1, CTAPHID_MESSAGE_MAX, start_working },
};

static const struct request *find_request(uint8_t command)
{
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
                if (requests[i].command == command)
                        return &requests[i];
        }
        return NULL;
}

/* Takes what a packet carries of the message; bytes behind the message's end are padding. */
static enum ctaphid_outcome take_payload(struct ctaphid *hid, slice payload)
{
        size_t wanted = hid->size - hid->done;
        writer w = writer_over(hid->message, sizeof hid->message);
        w.used = hid->done;
        write_slice(&w, slice_of(payload.data, payload.size < wanted ? payload.size : wanted));
        hid->done = w.used;
        hid->packet_ms = hid->now_ms;
        return hid->done == hid->size ? find_request(hid->command)->complete(hid) : CTAPHID_NONE;
}

/* [11.2.5.1] "busy" to whoever comes while another transaction goes on, or under another's lock */
static enum ctaphid_outcome refuse_while_busy(struct ctaphid *hid, const struct packet *packet)
{
        /* [11.2.5.4] an initial packet where a continuation is due ends the transaction */
        if (hid->phase == RECEIVING && packet->channel == hid->channel)
                return refuse_message(hid, ERROR_INVALID_SEQUENCE);
        return refuse(hid, packet->channel, ERROR_CHANNEL_BUSY);
}

/* [11.2.9.1.5] CANCEL is never answered, and means nothing unless its channel's CBOR request is worked on */
static enum ctaphid_outcome take_cancel(const struct ctaphid *hid, const struct packet *packet)
{
        bool cancels =
                hid->phase == WORKING && hid->command == CTAPHID_CBOR && packet->channel == hid->channel;
        return cancels ? CTAPHID_CANCELS : CTAPHID_NONE;
}

static enum ctaphid_outcome start_message(
        struct ctaphid *hid, struct channel *channel, const struct packet *packet)
{
        channel->used = ++hid->uses;
        hid->phase = RECEIVING;
        hid->channel = packet->channel;
        hid->command = packet->command;
        hid->size = packet->size;
        hid->done = 0;
        hid->sequence = 0;
        return take_payload(hid, packet->payload);
}

static enum ctaphid_outcome take_request(struct ctaphid *hid, const struct packet *packet)
{
        /* [11.2.6] while one channel holds the lock, the others' requests wait outside */
        if (hid->phase != IDLE || (hid->lock && packet->channel != hid->lock))
                return refuse_while_busy(hid, packet);
        struct channel *channel = find_channel(hid, packet->channel);
        if (!channel)
                return refuse(hid, packet->channel, ERROR_INVALID_CHANNEL);
        const struct request *request = find_request(packet->command);
        if (!request)
                return refuse(hid, packet->channel, ERROR_INVALID_COMMAND);
        if (packet->size < request->least || packet->size > request->most)
                return refuse(hid, packet->channel, ERROR_INVALID_LENGTH);
        if (hid->elsewhere && request->complete == start_working)
                return refuse(hid, packet->channel, ERROR_CHANNEL_BUSY);
        return start_message(hid, channel, packet);
}

static enum ctaphid_outcome take_initial(struct ctaphid *hid, const struct packet *packet)
{
        /* [11.2.3] on the broadcast channel there is INIT alone, on channel 0 nothing */
        if (packet->channel == 0 || (packet->channel == BROADCAST && packet->command != CTAPHID_INIT))
                return refuse(hid, packet->channel, ERROR_INVALID_CHANNEL);
        if (packet->command == CTAPHID_INIT)
                return take_init(hid, packet);
        if (packet->command == CTAPHID_CANCEL)
                return take_cancel(hid, packet);
        return take_request(hid, packet);
}

/* [11.2.5.4] continuation packets come in order; one that belongs to nothing is ignored */
static enum ctaphid_outcome take_continuation(struct ctaphid *hid, const struct packet *packet)
{
        if (hid->phase != RECEIVING || packet->channel != hid->channel)
                return CTAPHID_NONE;
        if (packet->sequence != hid->sequence)
                return refuse_message(hid, ERROR_INVALID_SEQUENCE);
        hid->sequence++;
        return take_payload(hid, packet->payload);
}

/* [11.2.4] channel, then command and length or sequence number, then payload to the end of the report. */
static mitome_status read_packet(slice report, struct packet *ret)
{
        reader r = reader_over(report, "CTAP 2.1 11.2.4", NULL);
        struct packet p = { 0 };
        uint8_t first;
        MITOME_TRY(read_u32(&r, "CID", &p.channel));
        MITOME_TRY(read_u8(&r, "CMD", &first));
        p.initial = first & INITIAL_PACKET;
        if (p.initial) {
                p.command = (uint8_t)(first & ~INITIAL_PACKET);
                MITOME_TRY(read_u16(&r, "BCNT", &p.size));
        } else {
                p.sequence = first;
        }
        p.payload = read_rest(&r);
        *ret = p;
        return ok();
}

enum ctaphid_outcome ctaphid_receive(
        struct ctaphid *hid, const uint8_t report[CTAPHID_REPORT_SIZE], uint64_t now_ms)
{
        struct packet packet;
        ctaphid_tick(hid, now_ms);
        if (failed(read_packet(slice_of(report, CTAPHID_REPORT_SIZE), &packet)))
                return CTAPHID_NONE;
        return packet.initial ? take_initial(hid, &packet) : take_continuation(hid, &packet);
}

void ctaphid_tick(struct ctaphid *hid, uint64_t now_ms)
{
        hid->now_ms = now_ms;
        if (hid->lock && now_ms >= hid->lock_end_ms)
                hid->lock = 0;
        /* [11.2.5.2] a transaction whose packets stop coming is ended and its channel told */
        if (hid->phase == RECEIVING && now_ms - hid->packet_ms >= PACKET_TIMEOUT_MS)
                (void)refuse_message(hid, ERROR_MESSAGE_TIMEOUT);
        /* An answer that nobody fetches must not keep the device from the others. */
        if (hid->phase == SENDING && now_ms - hid->packet_ms >= HOST_TIMEOUT_MS)
                finish(hid);
}

slice ctaphid_request(const struct ctaphid *hid)
{
        return hid->phase == WORKING ? slice_of(hid->message, hid->size) : (slice){ 0 };
}

uint32_t ctaphid_request_channel(const struct ctaphid *hid)
{
        return hid->channel;
}

void ctaphid_reply(struct ctaphid *hid, slice message)
{
        if (hid->phase != WORKING)
                return;
        writer w = writer_over(hid->message, sizeof hid->message);
        write_slice(&w, message);
        if (w.overflowed) {
                (void)refuse_message(hid, ERROR_OTHER);
                return;
        }
        hid->size = w.used;
        start_sending(hid);
}

void ctaphid_keepalive(struct ctaphid *hid, enum ctaphid_status status, uint64_t now_ms)
{
        /* U2F knows none: its hosts take any other command than their own for the end. They are answered in
         * time. */
        if (hid->command != CTAPHID_CBOR)
                return;
        if (status == CTAPHID_AS_BEFORE)
                status = hid->told;
        /* [11.2.9.1.7] at least every 100 ms, and whenever the status changes */
        if (hid->phase != WORKING || (status == hid->told && now_ms - hid->keepalive_ms < KEEPALIVE_MS))
                return;
        uint8_t code = (uint8_t)status;
        queue_answer(hid, hid->channel, CTAPHID_KEEPALIVE, slice_of(&code, 1));
        hid->told = status;
        hid->keepalive_ms = now_ms;
}

unsigned ctaphid_keepalive_in(const struct ctaphid *hid, uint64_t now_ms)
{
        uint64_t since = now_ms - hid->keepalive_ms;
        if (hid->phase != WORKING)
                return KEEPALIVE_MS;
        return since < KEEPALIVE_MS ? (unsigned)(KEEPALIVE_MS - since) : 0;
}

static void write_padding(writer *w)
{
        while (w->used < w->capacity)
                write_u8(w, 0);
}

static void send_answer(struct ctaphid *hid, writer *w)
{
        const struct answer *answer = &hid->answers[hid->first_answer];
        write_u32(w, answer->channel);
        write_u8(w, (uint8_t)(answer->command | INITIAL_PACKET));
        write_u16(w, answer->size);
        write_slice(w, slice_of(answer->payload, answer->size));
        hid->first_answer = (hid->first_answer + 1) % ANSWERS_MAX;
        hid->answer_count--;
}

static void send_part(struct ctaphid *hid, writer *w)
{
        write_u32(w, hid->channel);
        if (hid->done == 0) {
                write_u8(w, hid->command | INITIAL_PACKET);
                write_u16(w, (uint16_t)hid->size);
        } else {
                write_u8(w, hid->sequence++);
        }
        size_t room = w->capacity - w->used;
        size_t left = hid->size - hid->done;
        size_t part = left < room ? left : room;
        write_slice(w, slice_of(hid->message + hid->done, part));
        hid->done += part;
        hid->packet_ms = hid->now_ms;
        if (hid->done == hid->size)
                finish(hid);
}

/* What stands before it in the queue goes first, by ctaphid_send. */
bool ctaphid_send_keepalive(struct ctaphid *hid, uint8_t ret_report[CTAPHID_REPORT_SIZE])
{
        writer w = writer_over(ret_report, CTAPHID_REPORT_SIZE);
        if (!hid->answer_count || hid->answers[hid->first_answer].command != CTAPHID_KEEPALIVE)
                return false;
        send_answer(hid, &w);
        write_padding(&w);
        return true;
}

enum ctaphid_command ctaphid_request_kind(const struct ctaphid *hid)
{
        return hid->phase == WORKING ? hid->command : CTAPHID_NOTHING;
}

void ctaphid_set_elsewhere(struct ctaphid *hid, bool elsewhere)
{
        hid->elsewhere = elsewhere;
}

bool ctaphid_busy(const struct ctaphid *hid)
{
        return hid->phase != IDLE;
}

void ctaphid_reset(struct ctaphid *hid)
{
        finish(hid);
        hid->answer_count = 0;
        hid->lock = 0;
}

bool ctaphid_send(struct ctaphid *hid, uint8_t ret_report[CTAPHID_REPORT_SIZE])
{
        writer w = writer_over(ret_report, CTAPHID_REPORT_SIZE);
        if (hid->answer_count)
                send_answer(hid, &w);
        else if (hid->phase == SENDING)
                send_part(hid, &w);
        else
                return false;
        write_padding(&w);
        return true;
}
