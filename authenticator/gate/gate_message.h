/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_MESSAGE_H
#define GATE_MESSAGE_H

/* What the core's process and the matcher's say to each other: one canonical CBOR map a datagram
 * (SOCK_SEQPACKET). The core's side sends requests; each is answered with one report of the kinds STATUS,
 * POINT, PAIRED, DONE, FINGERS, CERTIFICATE, REFUSED or DECLINED, REMOVE with EVIDENCE. After VERIFY or ENROL
 * was answered DONE, the matcher reports what happens (struct mitome_gate_event) until one of the final ones.
 * CANCEL is not answered: the running request ends sooner.
 *
 * Keys of a request: 1 version · 2 kind · 3 command · 4 RP ID, text · 5 clientDataHash · 6 challenge ·
 * 7 time limit, ms · 8 the element's point · 9 id of a finger · 10 its name, text · 11 the element's word on
 * its PIN (unlock_entry_seal) · 12 certificate, DER. Keys of a report: 1 version · 2 kind · 3 hint · 4
 * samples that remain · 5 unlock token · 6 the matcher's point · 7 paired · 8 how many fingers · 9 enrolment
 * set · 10 error code · 11 pairing_confirmation of the matcher · 12 the fingers, [id, name] each · 13 name of
 * the sensor, text · 14 its class (matcher_class.h) · 15 its modality · 16 certificate, DER, may be empty. A
 * message has the keys of its kind, all of them and no others. */

#include "cbor.h"
#include "matcher_class.h"
#include "unlock_token.h"

enum {
        GATE_MESSAGE_VERSION = 3,
        GATE_MESSAGE_MAX = 1024,
        GATE_RP_ID_MAX = 253,         /* of a domain name's text */
        GATE_TIMEOUT_MAX_MS = 300000, /* nobody waits longer for a finger */
        GATE_OF_TOKEN = 0x06,  /* the command of a pinUvAuthToken, which need not be for a relying party */
        GATE_SAMPLES_MAX = 20, /* of one enrolment */
        GATE_FINGERS_MAX = MITOME_GATE_FINGERS_MAX,
        GATE_FINGER_ID_SIZE = MITOME_GATE_FINGER_ID_SIZE,
        GATE_NAME_MAX = MITOME_GATE_NAME_MAX,
        GATE_SENSOR_NAME_MAX = 32,
        GATE_CERTIFICATE_MAX = 900,
};

enum gate_request_kind {
        GATE_REQUEST_STATUS = 1,
        GATE_REQUEST_POINT = 2, /* the matcher's public key */
        GATE_REQUEST_PAIR = 3,  /* here is the element's */
        GATE_REQUEST_VERIFY = 4,
        GATE_REQUEST_ENROL = 5,
        GATE_REQUEST_CANCEL = 6,
        GATE_REQUEST_LIST = 7,
        GATE_REQUEST_RENAME = 8,
        GATE_REQUEST_REMOVE = 9,
        GATE_REQUEST_FORGET = 10,
        GATE_REQUEST_CERTIFICATE = 11, /* of the matcher's key, by its maker */
        GATE_REQUEST_CERTIFY = 12,     /* at manufacture, once: here it is */
};

struct gate_request {
        enum gate_request_kind kind;
        uint8_t command;        /* VERIFY, ENROL, REMOVE: of the operation that it is for */
        slice rp_id;            /* VERIFY: text, empty for GATE_OF_TOKEN only */
        slice client_data_hash; /* VERIFY: 32 bytes */
        slice challenge;        /* VERIFY, ENROL, REMOVE: 32 bytes */
        uint32_t timeout_ms;    /* VERIFY, ENROL: 0 means the matcher's own */
        slice element_point;    /* PAIR: 65 bytes */
        slice finger_id;        /* ENROL, RENAME, REMOVE: 16 bytes */
        slice name;             /* RENAME: text, may be empty */
        slice entry;            /* VERIFY, ENROL: 40 bytes */
        slice certificate;      /* CERTIFY: 1 to 900 bytes */
};

enum gate_report_kind {
        /* 1..7 and 10 are the kinds of struct mitome_gate_event; NOTHING is never said. */
        GATE_REPORT_STATUS = 16,
        GATE_REPORT_POINT = 17,
        GATE_REPORT_DONE = 18,
        GATE_REPORT_REFUSED = 19,
        GATE_REPORT_PAIRED = 20,
        GATE_REPORT_FINGERS = 21,
        GATE_REPORT_DECLINED = 22, /* refused, and no finger was presented */
        GATE_REPORT_CERTIFICATE = 23,
};

struct gate_report {
        uint8_t kind;       /* enum mitome_gate_event_kind or enum gate_report_kind */
        uint8_t hint;       /* RETRY, NO_MATCH: enum mitome_gate_hint */
        uint8_t remaining;  /* AWAITS, SAMPLE, RETRY; 0 where one capture is compared */
        slice evidence;     /* EVIDENCE, ABSENT, DISMISSED, DECLINED: 116 bytes */
        slice point;        /* POINT: 65 bytes */
        bool paired;        /* STATUS */
        uint8_t fingers;    /* STATUS: enrolled */
        slice set;          /* STATUS: 16 bytes */
        uint16_t code;      /* REFUSED, DECLINED: of errors.def */
        slice confirmation; /* PAIRED: 32 bytes */
        slice sensor;       /* STATUS: its name, text; this and the next two are for people */
        uint8_t class;      /* STATUS: enum matcher_class */
        uint8_t modality;   /* STATUS: enum unlock_modality */
        slice certificate;  /* CERTIFICATE: empty when there is none */
        size_t listed;      /* FINGERS: how many */
        struct mitome_gate_finger list[GATE_FINGERS_MAX];
};

/* gate_request_write and gate_report_write write the members that the kind has. */
void gate_request_write(writer *w, const struct gate_request *request);
void gate_report_write(writer *w, const struct gate_report *report);

/* gate_request_read and gate_report_read take one whole datagram; views point into it. Besides CBOR's own
 * errors: TOO_LONG over GATE_MESSAGE_MAX, GATE_MESSAGE for another version, an unknown kind or key, a value
 * out of range or a member that the kind does not have, MISSING for one that it must have. */
MITOME_CHECKED mitome_status gate_request_read(slice message, struct gate_request *ret, mitome_error *error);
MITOME_CHECKED mitome_status gate_report_read(slice message, struct gate_report *ret, mitome_error *error);

/* gate_is_final tells whether a report ends a VERIFY or ENROL that was answered DONE. */
bool gate_is_final(uint8_t kind);

#endif
