/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_AUTHENTICATOR_H
#define MITOME_AUTHENTICATOR_H

/* The authenticator without its machine: an element behind a link, a gate beside it, and three mouths in
 * front: CTAPHID reports, command APDUs of a reader (ISO 7816, NFC), and the app that it is part of. No
 * sockets, no threads, no clock: the caller passes the time and asks for what is to be sent.
 *
 * The mouths share one authenticator, which does one request at a time: while it works for one, the others
 * are told that it is busy. Time is any clock that only goes forward, the same one in every call. */

#include <mitome/enforcer.h>
#include <mitome/gate.h>
#include <mitome/guidance.h>
#include <mitome/link.h>
#include <mitome/transport.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum { MITOME_REPORT_SIZE = 64, MITOME_MESSAGE_MAX = 7609 };

/* ---- the user ---- */

/* What a touch is wanted for. */
enum mitome_prompt_reason {
        MITOME_PROMPT_REGISTER = 1, /* a credential is to be made */
        MITOME_PROMPT_LOGIN = 2,
        MITOME_PROMPT_SELECT = 3,       /* the user shows which of several authenticators is meant */
        MITOME_PROMPT_RESET = 4,        /* everything is to be erased */
        MITOME_PROMPT_U2F_REGISTER = 5, /* U2F names no RP ID, only its hash */
        MITOME_PROMPT_U2F_LOGIN = 6,
        MITOME_PROMPT_VENDOR = 7, /* a vendor command */
        MITOME_PROMPT_PIN = 8,    /* a token is to be made */
        MITOME_PROMPT_ENROL = 9,  /* only with `finger`: one to be added */
};

struct mitome_prompt {
        enum mitome_prompt_reason why;
        bool finger;        /* a finger on the sensor is wanted, not a touch: show it, the sensor answers */
        bool contactless;   /* the request came through a contactless reader */
        mitome_slice rp_id; /* text; empty where there is none */
        mitome_slice user_name; /* text; empty where it is not known */
        uint32_t timeout_ms;
};

enum mitome_presence_answer {
        MITOME_PRESENCE_NOTHING = 0, /* nothing yet */
        MITOME_PRESENCE_TOUCHED = 1,
        MITOME_PRESENCE_DECLINED = 2,
};

/* Who asks the user for a touch. After `ask` come calls of `poll`, none of which waits longer than `wait_ms`,
 * until it has answered, the time is over or the host has cancelled; then, in every case, `end` once. Nothing
 * is asked for twice at a time. Without `poll` nobody touches, and each request for one times out. A prompt
 * with `finger` is shown and ended in the same way and never polled. `ask`, `end`, `wink` and `tell` may be
 * NULL. */
struct mitome_presence {
        void *context;
        void (*ask)(void *context, const struct mitome_prompt *prompt); /* views are good during the call */
        enum mitome_presence_answer (*poll)(void *context, int wait_ms);
        void (*end)(void *context);
        void (*wink)(void *context); /* a host wants to show its user which device this is (CTAPHID_WINK) */
        /* what became of a finger: guidance.h has the words. It comes while a prompt with `finger` stands, or
         * right after its end */
        void (*tell)(void *context, enum mitome_guidance state, unsigned number);
};

/* ---- what is kept for it outside the element ---- */

enum { MITOME_BLOBS_MAX = 8192 };

/* The large-blob array (authenticatorLargeBlobs), opaque bytes of relying parties' clients. Not secret. */
struct mitome_blobs {
        void *context;
        /* load reads what was saved last; nothing saved yet: *ret_size is 0. */
        mitome_status (*load)(
                void *context, uint8_t *blobs, size_t capacity, size_t *ret_size, mitome_error *error);
        /* save is atomic and durable. Empty `blobs` forget what was saved: the authenticator was reset. */
        mitome_status (*save)(void *context, mitome_slice blobs, mitome_error *error);
};

/* ---- the authenticator ---- */

/* Where a caller watches what goes by (`--verbose`); every member may be NULL. Views are good during the
 * call. */
struct mitome_trace {
        void *context;
        void (*ctap)(
                void *context, bool request, mitome_slice message); /* command or status byte, then CBOR */
        void (*apdu)(void *context, bool command, mitome_slice apdu);
        void (*u2f)(void *context, bool request, mitome_slice apdu);
        /* after each request: its command byte (0x03 for U2F, as CTAPHID numbers it) and how many commands
         * the element has carried out for it */
        void (*cost)(void *context, uint8_t command, unsigned element_commands);
};

/* The ways that can lead to it, for getInfo: no mouth speaks Bluetooth or the hybrid transport. */
#define MITOME_AUTHENTICATOR_TRANSPORTS                                              \
        (MITOME_TRANSPORT_USB | MITOME_TRANSPORT_NFC | MITOME_TRANSPORT_SMART_CARD | \
                MITOME_TRANSPORT_INTERNAL)

struct mitome_authenticator_config {
        struct mitome_link element;
        struct mitome_app app;   /* whom the element's access rules have to let in: the program that this is
                                    part   of, by the certificate that it is signed with */
        struct mitome_gate gate; /* version 0: no gate, no finger path */
        struct mitome_random random;
        struct mitome_trace trace;
        struct mitome_presence presence;
        struct mitome_blobs blobs; /* without load or save: no large blobs */
        unsigned transports;       /* among MITOME_AUTHENTICATOR_TRANSPORTS; 0: USB */
        bool test_touch;           /* `presence` touches by itself, for tests: getInfo says so */
};

struct mitome_authenticator;

/* mitome_authenticator_new selects the FIDO applet of the element, through the access control enforcer
 * (enforcer.h), which every later command goes through as well, and reads its state. Fails with ACCESS_DENIED
 * when no access rule lets `app` reach that applet (one that is taken away later shuts out the next
 * authenticator, not this one: GPD_SPE_013 asks when a channel is opened), NOT_AUTHENTICATOR when there is no
 * such applet, ACCESS_RULES, LINK, APDU_STATUS or NO_MEMORY. The config is copied; its contexts must outlive
 * the authenticator. A new authenticator has just been powered on: authenticatorReset's window is open from
 * the first call that has a time. */
MITOME_CHECKED mitome_status mitome_authenticator_new(const struct mitome_authenticator_config *config,
        struct mitome_authenticator **ret, mitome_error *error);

/* mitome_authenticator_power_cycle is what unplugging and plugging in again does: tokens, locks and
 * whatever is being done are gone, the element is reset (where its link can do that) and its applet selected
 * anew, and authenticatorReset's window opens. Fails as mitome_authenticator_new does; the authenticator is
 * then without an element, and answers so, until a later power cycle succeeds. */
MITOME_CHECKED mitome_status mitome_authenticator_power_cycle(
        struct mitome_authenticator *authenticator, uint64_t now_ms, mitome_error *error);

/* mitome_authenticator_restart_element resets the element alone, as above, and opens its applet anew: what a
 * reader or a host has selected, and its channels, stay. For whoever needs the element for himself between
 * two requests (mitome_authenticator_busy tells). Fails as the power cycle does. */
MITOME_CHECKED mitome_status mitome_authenticator_restart_element(
        struct mitome_authenticator *authenticator, uint64_t now_ms, mitome_error *error);

/* ---- CTAPHID ---- */

/* mitome_authenticator_receive takes one report from the host. */
void mitome_authenticator_receive(struct mitome_authenticator *authenticator,
        const uint8_t report[MITOME_REPORT_SIZE], uint64_t now_ms);

/* mitome_authenticator_send gives the next report for the host, if there is one now. While the user is
 * awaited it polls sensor or presence for at most `wait_ms` and gives the keepalives that are due. A program
 * calls it after each report that came, until it gives none, and then again and again while
 * mitome_authenticator_busy. */
bool mitome_authenticator_send(struct mitome_authenticator *authenticator, int wait_ms, uint64_t now_ms,
        uint8_t ret_report[MITOME_REPORT_SIZE]);

/* mitome_authenticator_busy: a request is being done, or part of a message has come: whoever waits for the
 * next report must not wait longer than 50 ms. */
bool mitome_authenticator_busy(const struct mitome_authenticator *authenticator);

/* mitome_authenticator_working gives the keepalive that is due, if one is. It alone may be called from within
 * config.element.transmit, by a link that waits long for its element. */
bool mitome_authenticator_working(
        struct mitome_authenticator *authenticator, uint64_t now_ms, uint8_t ret_report[MITOME_REPORT_SIZE]);

/* ---- a reader ---- */

/* mitome_authenticator_exchange takes a command APDU of a reader and gives the response, status word
 * included. False: there is none yet, since the user is awaited and the host has not said that it understands
 * keepalives; then it is called again with an empty APDU until there is one. It waits at most `wait_ms` (a
 * host that understands keepalives gets one after that long, so 100 to 500 are good values). What is longer
 * than `capacity`, which is 258 at least, comes in parts by GET RESPONSE. `contactless` tells by which kind
 * of reader it came. */
bool mitome_authenticator_exchange(struct mitome_authenticator *authenticator, mitome_slice apdu,
        bool contactless, int wait_ms, uint64_t now_ms, uint8_t *response, size_t capacity, size_t *ret_size);

/* mitome_authenticator_exchange_reset is the reader's reset or the loss of its field: what was selected,
 * begun or not yet fetched by the reader is gone. It does not reset the element:
 * mitome_authenticator_power_cycle. */
void mitome_authenticator_exchange_reset(struct mitome_authenticator *authenticator, uint64_t now_ms);

/* ---- the app ---- */

/* mitome_authenticator_call is the way of the app that it is part of, and the only one by which vendor
 * commands come: a CTAP request (command byte, CBOR) in, status byte and CBOR out. False: the user is
 * awaited; then it is called again with an empty request until there is an answer. It waits at most
 * `wait_ms`. An answer that is longer than `capacity`, which is MITOME_MESSAGE_MAX for any to fit, becomes
 * the status 7F. */
bool mitome_authenticator_call(struct mitome_authenticator *authenticator, mitome_slice request, int wait_ms,
        uint64_t now_ms, uint8_t *response, size_t capacity, size_t *ret_size);

/* mitome_authenticator_call_cancel ends the app's request: its answer, which still comes by the next
 * mitome_authenticator_call, is then KEEPALIVE_CANCEL, unless it was already done. */
void mitome_authenticator_call_cancel(struct mitome_authenticator *authenticator, uint64_t now_ms);

void mitome_authenticator_free(struct mitome_authenticator *authenticator);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
