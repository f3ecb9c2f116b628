/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_LIFE_H
#define PHONE_LIFE_H

/* A person who does not exist, her My Number Card, her phone, and the parties around them, which keep their
 * stores in the phone's folder: certificates are applied for, issued, held, revoked and erased by them, as
 * anywhere else in the examples. One thread owns it all. While the JPKI app or a manager works in the element
 * the authenticator rests; whoever calls this wakes it afterwards (phone_body_wake). */

#include "device_state.h"
#include "phone_body.h"
#include "world.h"

#define PHONE_LIFE_PERSON "見本 花子"
#define PHONE_LIFE_PIN "1234"
#define PHONE_LIFE_PASSWORD "PASSWORD1"
#define PHONE_LIFE_CARD_PASSWORD WORLD_CARD_PASSWORD

enum { PHONE_LIFE_RP_IDS = 8 };

struct phone_life_config {
        const char *folder;            /* made when it is not there */
        const char *trust_out;         /* what a relying party believes is written there; NULL: nowhere */
        const char *program, *matcher; /* mitome, mitome-matcher */
        const char *rp_ids[PHONE_LIFE_RP_IDS]; /* which may learn whose certificate it is */
        size_t rp_id_count;
        struct party_clock clock;
        struct mitome_random random;
        struct mitome_presence presence;
        struct mitome_trace trace;
        unsigned transports;
        /* Hears what takes its time when the phone is made: a line of text; NULL. */
        void (*tell)(void *context, const char *what);
        void *tell_context;
};

struct phone_life {
        struct phone_life_config config;
        struct world world;
        struct world_phone *phone;
        struct element_process card;
        struct mitome_link card_way;
        struct phone_body body;
        char parties[PHONE_FOLDER_MAX + 64]; /* the world's folder */
        int64_t listed_at;                   /* when the lists were written last */
        bool is_new;
};

/* phone_life_open starts what is in the folder, or makes it: the person, the card, the phone, both
 * certificates (PHONE_LIFE_PIN, PHONE_LIFE_PASSWORD), two fingers; the authenticator is awake then. Do not
 * move it afterwards. PHONE_UNFINISHED when the folder's phone was never finished. */
MITOME_CHECKED mitome_status phone_life_open(
        struct phone_life *life, const struct phone_life_config *config, mitome_error *error);
void phone_life_close(struct phone_life *life);

/* One certificate of the phone, as its managers know it. */
struct phone_life_certificate {
        bool there; /* the SP-TSM has put one into this phone */
        enum register_status status;
        size_t serial_size;
        uint8_t serial[REGISTER_SERIAL_MAX];
};
MITOME_CHECKED mitome_status phone_life_certificate(struct phone_life *life, enum register_kind kind,
        struct phone_life_certificate *ret, mitome_error *error);

/* phone_life_apply: the card signs the application (SECRET_WRONG ..), and what can be done now is done; then
 * *ret says whether PIN or password are to be chosen. phone_life_choose does that. */
MITOME_CHECKED mitome_status phone_life_apply(struct phone_life *life, enum life_purpose purpose,
        slice card_password, struct life_state *ret, mitome_error *error);
MITOME_CHECKED mitome_status phone_life_choose(
        struct phone_life *life, unsigned kind, slice secret, struct life_state *ret, mitome_error *error);

/* phone_life_hold telephones: the certificates of this phone are put on hold (一時保留). That is taken back
 * by telephone, too: this authority's phone_release is REGISTER_RELEASE. */
MITOME_CHECKED mitome_status phone_life_hold(struct phone_life *life, bool hold, mitome_error *error);

/* phone_life_revoke revokes what is in this phone, and has it erased; phone_life_erase sets the whole phone
 * back (端末初期化), fingers and passkeys included. */
MITOME_CHECKED mitome_status phone_life_revoke(
        struct phone_life *life, struct life_state *ret, mitome_error *error);
MITOME_CHECKED mitome_status phone_life_erase(struct phone_life *life, mitome_error *error);

/* phone_life_fit pairs element and matcher where a reset has parted them, if there is a certificate. */
MITOME_CHECKED mitome_status phone_life_fit(struct phone_life *life, mitome_error *error);

/* phone_life_look says how it stands; the authenticator may be awake. */
MITOME_CHECKED mitome_status phone_life_look(
        struct phone_life *life, struct device_state *ret, mitome_error *error);

/* phone_life_tick lets the parties do what is due, and keeps the lists fresh: every second or so. */
MITOME_CHECKED mitome_status phone_life_tick(struct phone_life *life, mitome_error *error);

#endif
