/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TSM_RIG_H
#define TSM_RIG_H

/* The SP-TSM among those it works with, all real: the authority's register with its CAs, the SEI-TSM, a phone
 * with an element in memory, and people with cards (their keys are OpenSSL's, made once a process). What must
 * not fail and does aborts the test. */

#include "ca.h"
#include "element_rig.h"
#include "maker_device_ca.h"
#include "post_local.h"
#include "register.h"
#include "sei_orders.h"
#include "sp_orders.h"

#include <openssl/evp.h>

#ifndef TSM_RIG_CROWD /* how many phones, and people */
#define TSM_RIG_CROWD 2
#endif
enum { TSM_RIG_PHONES = TSM_RIG_CROWD, TSM_RIG_PEOPLE = TSM_RIG_CROWD, TSM_RIG_DER_MAX = 4096 };

struct tsm_rig_phone {
        struct element_rig element;
        char identity[32];
        struct mitome_link link; /* to the element, through the cut below */
        unsigned commands;       /* that went through */
        unsigned cut;            /* the number of the command that gets no answer; 0: none */
        bool lost;               /* it is done, and its answer is lost; else it does not arrive */
};

struct tsm_rig_person {
        uint8_t id[16];
        uint8_t certificate[TSM_RIG_DER_MAX]; /* the card's signing certificate */
        size_t certificate_size;
};

enum {
        TSM_RIG_AUTHORITY,
        TSM_RIG_SEI,
        TSM_RIG_SP,
        TSM_RIG_MUNICIPALITY,
        TSM_RIG_CALL_CENTRE,
        TSM_RIG_PARTIES
};

struct tsm_rig {
        struct post posts[TSM_RIG_PARTIES]; /* a party's way, instead of the network, where there is one */
        struct post_local network;
        struct mitome_random random;
        int64_t now;
        struct party *parties[TSM_RIG_PARTIES];
        struct party_desks desks[TSM_RIG_PARTIES];
        struct ca *signing, *user_verification;
        struct mitome_trust *makers;
        struct maker_ca maker;
        struct register_config register_config;
        struct authority_register *book;
        struct sei_tsm *sei;
        struct sp_tsm_config sp_config;
        struct sp_tsm *sp;
        struct tsm_rig_phone phones[TSM_RIG_PHONES];
        struct tsm_rig_person people[TSM_RIG_PEOPLE];
        const char *sp_folder;                /* NULL: in memory */
        const char *folders[TSM_RIG_PARTIES]; /* of the others; NULL: in memory */
        const char *token; /* that phones name when they apply, but to revoke; NULL: none */
        const char *model; /* that they say they are of; NULL: MAKER_MODEL, as their certificates have it */
};

void tsm_rig_open(struct tsm_rig *rig);
void tsm_rig_close(struct tsm_rig *rig);

/* The SP-TSM's process ends, and begins again from its folder. */
void tsm_rig_restart_sp(struct tsm_rig *rig);

/* What a phone says. `ret` gets the answer's bytes; the code is what was refused, or OK. */
struct tsm_rig_answer {
        uint8_t bytes[PHONE_ANSWER_MAX];
        slice view;
};
mitome_code tsm_rig_say(struct tsm_rig *rig, const char *kind, slice body, struct tsm_rig_answer *ret);

struct tsm_rig_session {
        uint8_t id[SP_ID_SIZE];
        char nonce[SP_NONCE_SIZE + 1];
        const char *purpose;
        unsigned kinds; /* bits 1 << kind */
        unsigned phone;
};
mitome_code tsm_rig_begin(struct tsm_rig *rig, unsigned phone, const char *purpose, unsigned kinds,
        struct tsm_rig_session *ret);

/* tsm_rig_sign has a person's card sign the application of a session. */
slice tsm_rig_sign(struct tsm_rig *rig, unsigned person, const struct tsm_rig_session *session,
        uint8_t buffer[TSM_RIG_DER_MAX * 2]);

/* tsm_rig_state_to has a phone make a statement for this nonce; tsm_rig_statement for this application in
 * this session, tsm_rig_revocation for the revocation of what is in the phone. */
slice tsm_rig_state_to(struct tsm_rig *rig, unsigned phone, slice nonce, uint8_t buffer[4096]);
slice tsm_rig_statement(
        struct tsm_rig *rig, const struct tsm_rig_session *session, slice cms, uint8_t buffer[4096]);
slice tsm_rig_revocation(struct tsm_rig *rig, const struct tsm_rig_session *session, uint8_t buffer[4096]);

mitome_code tsm_rig_apply(struct tsm_rig *rig, const struct tsm_rig_session *session, slice cms,
        slice statement, uint8_t ret_order[SP_ID_SIZE]);

/* tsm_rig_order begins, signs, has the phone make a statement where one is asked for, and applies;
 * tsm_rig_order_by_card_alone does without. */
mitome_code tsm_rig_order(struct tsm_rig *rig, unsigned phone, unsigned person, const char *purpose,
        unsigned kinds, struct tsm_rig_session *ret_session, uint8_t ret_order[SP_ID_SIZE]);
mitome_code tsm_rig_order_by_card_alone(struct tsm_rig *rig, unsigned phone, unsigned person,
        const char *purpose, unsigned kinds, struct tsm_rig_session *ret_session,
        uint8_t ret_order[SP_ID_SIZE]);

/* tsm_rig_impostor makes one phone say another's identity, by a device key that another maker vouches for. */
void tsm_rig_impostor(struct tsm_rig *rig, unsigned phone, unsigned as);

/* tsm_rig_relay lets the phone relay to the SEI-TSM and then to the SP-TSM, whose status it is; and letters
 * that wait arrive. */
mitome_code tsm_rig_relay(struct tsm_rig *rig, unsigned phone);
void tsm_rig_flush(struct tsm_rig *rig);

struct tsm_rig_state {
        unsigned state;
        mitome_code code;
};
struct tsm_rig_state tsm_rig_state(struct tsm_rig *rig, const uint8_t order[SP_ID_SIZE]);

/* tsm_rig_choose has the holder replace the temporary secret of a kind; the code of what the TSM refused. It
 * is what the TSM says (tsm_rig_temporary; the secret is in `answer`) and then what the phone does by itself
 * (tsm_rig_replace). */
mitome_code tsm_rig_temporary(struct tsm_rig *rig, const struct tsm_rig_session *session, unsigned kind,
        struct tsm_rig_answer *answer, slice *ret_secret);
void tsm_rig_replace(struct tsm_rig *rig, unsigned phone, unsigned kind, slice temporary, const char *own);
mitome_code tsm_rig_choose(
        struct tsm_rig *rig, const struct tsm_rig_session *session, unsigned kind, const char *own);

/* tsm_rig_issue does all of it for both kinds, with PIN 1234 and PASSWORD1. */
void tsm_rig_issue(struct tsm_rig *rig, unsigned phone, unsigned person, uint8_t ret_order[SP_ID_SIZE]);

/* tsm_rig_there is what the JPKI applet says that it holds: enum tsm_there; 0 without the applet. */
unsigned tsm_rig_there(struct tsm_rig *rig, unsigned phone);

/* tsm_rig_number is the answer of a SELECT of one number in a party's store. */
int64_t tsm_rig_number(struct tsm_rig *rig, int party, const char *sql);

/* tsm_rig_live is how many phone certificates of a kind of a person the authority calls good. */
int64_t tsm_rig_live(struct tsm_rig *rig, unsigned person, unsigned kind);

/* tsm_rig_ask sends any letter; the code is the refusal's, or OK. */
mitome_code tsm_rig_ask(struct tsm_rig *rig, int from, const char *to, const char *kind, slice body);

/* A letter to the authority, of the call centre or the municipality. */
mitome_code tsm_rig_letter(struct tsm_rig *rig, int from, const char *kind, slice body);
void tsm_rig_body_of_serial(struct tsm_rig *rig, unsigned phone, unsigned kind, int reason, writer *w);

#endif
