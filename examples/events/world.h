/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORLD_H
#define WORLD_H

/* A small country in one process: the authority, both service managers, the maker, the call centre, the
 * municipality, a shop and a portal, each with its store, its key and its journal; people with My Number
 * Cards; phones with real elements and the JPKI app. Letters and phones' messages pass through networks that
 * a test may cut (struct post_local, struct phone_way_local), and a party may be closed and opened again
 * while the others go on. The clock is whoever's who plays. */

#include "ca.h"
#include "life_cycle_app.h"
#include "phone_factory.h"
#include "phone_way_local.h"
#include "post_local.h"
#include "publish.h"
#include "push_queue.h"
#include "register.h"
#include "reset_server.h"
#include "sei_orders.h"
#include "sp_orders.h"

enum world_party {
        WORLD_MAKER,
        WORLD_AUTHORITY,
        WORLD_SEI_TSM,
        WORLD_SP_TSM,
        WORLD_CALL_CENTRE,
        WORLD_MUNICIPALITY,
        WORLD_SHOP,
        WORLD_PORTAL,
        WORLD_PARTIES
};

enum { WORLD_PEOPLE = 2, WORLD_PHONES = 3, WORLD_PIN_MAX = 16, WORLD_PATH_SIZE = 512 };

/* Somebody who does not exist, and his card. */
struct world_person {
        bool exists;
        uint8_t id[REGISTER_PERSON_SIZE]; /* as the authority calls him */
        struct factory_element card;
};

struct world_phone {
        bool exists;
        struct world *world;
        char identity[FACTORY_IDENTITY_MAX + 1];
        const char *model; /* that its maker and its software say */
        struct factory_element element;
        struct phone_way_local sei_tsm, sp_tsm, maker;
        struct life_app *app;
        char folder[WORLD_PATH_SIZE]; /* the app's, where the world has one */
        bool silent; /* off, lost, or without a network: nothing reaches it, and it reaches nobody */
};

struct world_config {
        const char *folder; /* stores, keys and the phones' memories; NULL: all in memory, nothing can be
                               opened again */
        struct mitome_random random;
        int64_t now;
        struct party_clock clock; /* the real one; without `now` the world has its own, from `now` above on */
        int phone_release;        /* struct register_config: REGISTER_REISSUE or REGISTER_RELEASE */
        /* What becomes of the phones' messages (phone_way_local.h); NULL: all pass. */
        enum phone_way_fate (*fate)(void *context, const char *kind, unsigned number);
        void *fate_context;
        /* How a party reaches the others, instead of the network: parties behind services (service.h). NULL:
         * by the network. */
        struct post (*post)(void *context, enum world_party who);
        void *post_context;
};

struct world {
        struct world_config config;
        int64_t now;
        struct post_local network;
        struct party *parties[WORLD_PARTIES];
        struct party_desks desks[WORLD_PARTIES];
        struct ca *signing, *user_verification;
        struct mitome_trust *devices; /* the maker's CA of device keys */
        struct register_config register_config;
        struct authority_register *book;
        struct publication *publication; /* what the authority shows to everybody */
        struct sei_tsm *sei_tsm;
        struct sp_tsm *sp_tsm;
        struct reset_server *reset_server;
        struct push_queue queue;
        struct push push;
        struct maker_batch batch;
        mitome_code refusal;             /* of the last letter that asked the authority something */
        struct mitome_app app, platform; /* the JPKI app, and the phone's own software */
        struct world_person people[WORLD_PEOPLE];
        struct world_phone phones[WORLD_PHONES];
};

#define WORLD_PIN "4649"
#define WORLD_PASSWORD "HANAKO12"
#define WORLD_CARD_PIN "1234"
#define WORLD_CARD_PASSWORD "PASSWORD1"

/* A model of the list of devices that has no GP-SE. */
#define WORLD_UNSUPPORTED_MODEL "NE-1"

/* world_open makes it, or opens what is in the folder. Do not move it afterwards. */
MITOME_CHECKED mitome_status world_open(
        struct world *world, const struct world_config *config, mitome_error *error);
void world_close(struct world *world);

/* world_start opens a party that world_stop has closed. */
void world_stop(struct world *world, enum world_party who);
MITOME_CHECKED mitome_status world_start(struct world *world, enum world_party who, mitome_error *error);

/* world_person_make registers somebody with the municipality, who gives him a card with both certificates. */
MITOME_CHECKED mitome_status world_person_make(
        struct world *world, unsigned number, struct world_person **ret, mitome_error *error);

/* world_phone_make has the maker make a phone, with the app on it; world_phone_make_of of another model. */
MITOME_CHECKED mitome_status world_phone_make(
        struct world *world, unsigned number, struct world_phone **ret, mitome_error *error);

MITOME_CHECKED mitome_status world_phone_make_of(struct world *world, unsigned number, const char *model,
        struct world_phone **ret, mitome_error *error);

/* Elements that are processes of their own, not of this world's: somebody's card, and a phone. `issuer` is
 * what the element was made with, and NULL when card or phone were finished in this world before. */
struct world_element {
        const struct mitome_link *link;
        const struct tsm_key_set *issuer;
};
MITOME_CHECKED mitome_status world_person_make_of(struct world *world, unsigned number,
        const struct world_element *card, struct world_person **ret, mitome_error *error);
MITOME_CHECKED mitome_status world_phone_adopt(struct world *world, unsigned number,
        const struct world_element *element, struct world_phone **ret, mitome_error *error);

/* world_phone_restart kills the app and takes the element's power away, and gives both back. */
MITOME_CHECKED mitome_status world_phone_restart(struct world_phone *phone, mitome_error *error);

/* world_settle lets everybody send what waits and do what is due, until nothing more happens or `rounds` are
 * over; the clock goes on by a second each. */
MITOME_CHECKED mitome_status world_settle(struct world *world, unsigned rounds, mitome_error *error);

/* world_apply is an application from end to end: the card signs, the phone relays until the order waits for
 * its holder, who chooses PIN and password, and goes on until it is done. */
MITOME_CHECKED mitome_status world_apply(struct world *world, struct world_phone *phone,
        const struct world_person *person, enum life_purpose purpose, unsigned kinds, struct life_state *ret,
        mitome_error *error);

/* world_go_on is the rest of it, from wherever it was cut off. */
MITOME_CHECKED mitome_status world_go_on(
        struct world *world, struct world_phone *phone, struct life_state *ret, mitome_error *error);

/* world_tell_authority has a party say something of one certificate: "hold", "release". REFUSED:
 * world->refusal says by which code. */
MITOME_CHECKED mitome_status world_tell_authority(struct world *world, enum world_party who,
        const char *kind_of_letter, enum register_kind kind, slice serial, mitome_error *error);

/* world_status asks the register. */
MITOME_CHECKED mitome_status world_status(struct world *world, enum register_kind kind, slice serial,
        struct ca_status *ret, mitome_error *error);

#endif
