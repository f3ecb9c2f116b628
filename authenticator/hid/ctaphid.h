/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTAPHID_H
#define CTAPHID_H

/* CTAPHID framing (CTAP 2.1, 11.2), sans-IO: reports in, whole messages out, and back. */

#include "bytes.h"

enum {
        CTAPHID_REPORT_SIZE = 64,
        CTAPHID_MESSAGE_MAX = 7609, /* 64 - 7 + 128 * (64 - 5) */
        CTAPHID_CHANNELS = 16,
};

enum ctaphid_command {
        CTAPHID_NOTHING = 0x00, /* no command has this number */
        CTAPHID_PING = 0x01,
        CTAPHID_MSG = 0x03,
        CTAPHID_LOCK = 0x04,
        CTAPHID_INIT = 0x06,
        CTAPHID_WINK = 0x08,
        CTAPHID_CBOR = 0x10,
        CTAPHID_CANCEL = 0x11,
        CTAPHID_KEEPALIVE = 0x3B,
        CTAPHID_ERROR = 0x3F,
};

/* What a report led to. */
enum ctaphid_outcome {
        CTAPHID_NONE,    /* nothing for the layer above */
        CTAPHID_REQUEST, /* a CBOR or U2F message is whole: see ctaphid_request */
        CTAPHID_CANCELS, /* the host cancels the message that is being worked on */
        CTAPHID_WINKS,   /* the host wants its user to see which device this is */
        CTAPHID_ABORTED, /* the host gave up (INIT on the busy channel): stop working, send nothing */
};

enum ctaphid_status {
        CTAPHID_AS_BEFORE = 0,  /* what the host was told last still holds */
        CTAPHID_PROCESSING = 1, /* [11.2.9.1.7 0x01] the request is worked on */
        CTAPHID_UP_NEEDED = 2,  /* [11.2.9.1.7 0x02] the user is awaited */
};

struct ctaphid;

/* ctaphid_new allocates one; `random` gives channel numbers. */
MITOME_CHECKED mitome_status ctaphid_new(
        const struct mitome_random *random, struct ctaphid **ret, mitome_error *error);
void ctaphid_free(struct ctaphid *hid);

/* ctaphid_receive takes one report. INIT, PING, LOCK, errors and busy answers are settled inside. */
enum ctaphid_outcome ctaphid_receive(
        struct ctaphid *hid, const uint8_t report[CTAPHID_REPORT_SIZE], uint64_t now_ms);

/* ctaphid_tick lets time pass: a message whose next packet does not come within 0.5 s is given up with an
 * error, an answer that is not fetched for 3 s is dropped, and a lock ends. ctaphid_receive does the same
 * before it looks at its report. */
void ctaphid_tick(struct ctaphid *hid, uint64_t now_ms);

/* ctaphid_request is the message that is being worked on, ctaphid_request_kind what it is: CTAPHID_CBOR,
 * CTAPHID_MSG (a U2F request APDU), or CTAPHID_NOTHING where none is. */
slice ctaphid_request(const struct ctaphid *hid);
enum ctaphid_command ctaphid_request_kind(const struct ctaphid *hid);

/* ctaphid_request_channel is the channel that it came by. */
uint32_t ctaphid_request_channel(const struct ctaphid *hid);

/* ctaphid_reply answers the message that is being worked on; the channel is free again. */
void ctaphid_reply(struct ctaphid *hid, slice message);

/* ctaphid_keepalive queues a keepalive if one is due while a CBOR message is worked on: every 100 ms, and at
 * once when `status` is not what the host was last told (it begins with PROCESSING). */
void ctaphid_keepalive(struct ctaphid *hid, enum ctaphid_status status, uint64_t now_ms);

/* ctaphid_send_keepalive takes the next report if that is a keepalive, for a device that is deep in its work
 * and can do nothing but say so. */
bool ctaphid_send_keepalive(struct ctaphid *hid, uint8_t ret_report[CTAPHID_REPORT_SIZE]);

/* ctaphid_set_elsewhere tells that the device works for somebody who does not come by CTAPHID: until it is
 * told otherwise, whoever comes with a request hears that it is busy. */
void ctaphid_set_elsewhere(struct ctaphid *hid, bool elsewhere);

/* ctaphid_busy: a message is coming, being worked on or going out. */
bool ctaphid_busy(const struct ctaphid *hid);

/* ctaphid_reset is a device that was without power: nothing is begun, locked or waits to be sent. Its
 * channels stay: where no bus tells the hosts that a device was gone, they go on with those they have. */
void ctaphid_reset(struct ctaphid *hid);

/* ctaphid_keepalive_in is how many milliseconds may pass before the next keepalive is due, 100 at most. */
unsigned ctaphid_keepalive_in(const struct ctaphid *hid, uint64_t now_ms);

/* ctaphid_send takes the next report that waits for the host. */
bool ctaphid_send(struct ctaphid *hid, uint8_t ret_report[CTAPHID_REPORT_SIZE]);

#endif
