/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_CYCLE_APP_H
#define LIFE_CYCLE_APP_H

/* The JPKI app's part in the life of a phone's certificates: it has the card sign the application, tells the
 * SP-TSM, relays what both service managers say to the element, has its holder replace the temporary secret,
 * and brings receipts home. It sees sealed bytes, and of the TSM's orders only their state. It may be killed
 * anywhere: life_cycle_open, and then life_cycle_run, goes on where things stand.
 *
 * Phases (アプリ準備, アプレット準備, 初期設定, 利用): 1 the app is there; 2 it has been applied, and the
 * applet is being made ready; 3 certificates are there, and their holder still has to choose PIN or password;
 * 4 in use. Which it is, is read from the element each time, not remembered. */

#include "evidence_app.h"
#include "party.h"
#include "phone_way.h"

enum life_phase { LIFE_APP = 1, LIFE_APPLET, LIFE_INITIAL, LIFE_USE };

enum life_purpose { LIFE_ISSUE, LIFE_RENEW, LIFE_RESET_PIN, LIFE_RESET_PASSWORD, LIFE_REVOKE };

/* Kinds of certificate, as bits. */
enum { LIFE_SIGNING = 1, LIFE_USER_VERIFICATION = 2, LIFE_BOTH = 3 };

/* What it points to outlives the app. */
struct life_config {
        const char *folder;          /* what the app remembers (app.db, mode 0600); NULL: in memory */
        const char *identity;        /* printed on the phone */
        const char *model;           /* as the phone's software says it; NULL: MAKER_MODEL */
        struct mitome_link platform; /* to the element, for the relays */
        struct mitome_app app;       /* this app, by its signing certificate: for the enforcer */
        struct mitome_app software;  /* the phone's own, which its maker lets at the FIDO applet: it has the
                                        element make statements; another than the app (ARGUMENT) */
        struct phone_way sei_tsm, sp_tsm;
        struct party_clock clock;
        struct mitome_random random;
};

struct life_app;
MITOME_CHECKED mitome_status life_cycle_open(
        const struct life_config *config, struct life_app **ret, mitome_error *error);
void life_cycle_close(struct life_app *app);

/* How it stands with an order, as the SP-TSM says it (sp_orders.h has the same numbers). */
enum life_order {
        LIFE_ORDER_NONE,
        LIFE_ORDER_OPEN,    /* something is to be done in the element */
        LIFE_ORDER_HOLDER,  /* the holder is to choose PIN or password */
        LIFE_ORDER_RECEIPT, /* asked, not confirmed: no receipt has reached the authority */
        LIFE_ORDER_DONE,
        LIFE_ORDER_GIVEN_UP,
};

/* What the app shows. */
struct life_state {
        enum life_phase phase;
        enum life_purpose purpose; /* of the last application, where there is an order */
        enum life_order order;
        mitome_code code;    /* why it was given up */
        mitome_code trouble; /* why the last relay came to nothing: OK if it did not */
        unsigned present;    /* certificates in the element: LIFE_SIGNING .. */
        unsigned to_choose;  /* whose secret is a temporary one */
};
/* life_cycle_look asks the element, and the SP-TSM where there is an order and a way to it. */
MITOME_CHECKED mitome_status life_cycle_look(
        struct life_app *app, struct life_state *ret, mitome_error *error);

/* life_cycle_apply has the card sign, with its signing password, and hands the application in. The card comes
 * by `card`, whatever that is. Afterwards life_cycle_run. What was not handed in is begun anew. */
struct life_application {
        enum life_purpose purpose;
        unsigned kinds;                 /* LIFE_SIGNING | LIFE_USER_VERIFICATION */
        const struct mitome_link *card; /* the My Number Card */
        slice card_password;            /* its signing password */
        bool touched;                   /* the holder touches the phone: its statement for this application
                                           goes along, without which only a revocation is taken */
};
MITOME_CHECKED mitome_status life_cycle_apply(
        struct life_app *app, const struct life_application *application, mitome_error *error);

/* life_cycle_run relays until nothing more is to be done here: the order is at its end, or waits for its
 * holder, or for others. *ret as life_cycle_look. UNREACHABLE and the element's refusals end it early, and
 * running it again goes on. */
MITOME_CHECKED mitome_status life_cycle_run(
        struct life_app *app, struct life_state *ret, mitome_error *error);

/* life_cycle_choose replaces the temporary secret of a kind by the holder's: the SP-TSM tells the temporary
 * one for this session only, it is shown to nobody and kept nowhere. SECRET_FORM; SECRET_SAME when
 * chance drew the very one that was chosen; LIFE_SESSION when the session is over: then a reset of that
 * secret is applied for. */
MITOME_CHECKED mitome_status life_cycle_choose(
        struct life_app *app, unsigned kind, slice secret, mitome_error *error);

/* life_cycle_change is the holder's own change of one he knows. */
MITOME_CHECKED mitome_status life_cycle_change(
        struct life_app *app, unsigned kind, slice former, slice secret, mitome_error *error);

/* life_cycle_revoke_here asks for the revocation of what is in this phone, without the card: the device key
 * proves which phone asks, a touch that its holder does. Afterwards life_cycle_run, which erases. */
MITOME_CHECKED mitome_status life_cycle_revoke_here(struct life_app *app, mitome_error *error);

/* life_cycle_deliver brings receipts to the authority by way of the SP-TSM, one after the other, and lets the
 * element forget only what was taken; the holder touches the phone. What the app keeps in the folder
 * LIFE_KEPT of its own (kept_receipts.h), since a shop's counter said that the authority has it, goes first.
 * *ret_count is how many. */
#define LIFE_KEPT "kept"
MITOME_CHECKED mitome_status life_cycle_deliver(
        struct life_app *app, unsigned *ret_count, mitome_error *error);

/* life_cycle_poll looks whether somebody wants to wake this phone, and does what is open then. *ret_woken. */
MITOME_CHECKED mitome_status life_cycle_poll(struct life_app *app, bool *ret_woken, mitome_error *error);

/* life_cycle_reset is the platform's part of setting the phone back (端末初期化), by way of the maker's reset
 * server: asked for by the device key (the holder touches the phone), erased over the SEI-TSM's relay, and
 * the receipts handed in. *ret_confirmed: nothing is left, and the authority has taken every receipt; without
 * it, and after a failure, it is done again from the beginning. */
struct life_reset {
        const char *identity;
        struct mitome_link platform;
        struct mitome_app software; /* the phone's own, which may use the FIDO applet */
        struct phone_way maker, sei_tsm;
};
MITOME_CHECKED mitome_status life_cycle_reset(
        const struct life_reset *reset, bool *ret_confirmed, mitome_error *error);

#endif
