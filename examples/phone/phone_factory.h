/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_FACTORY_H
#define PHONE_FACTORY_H

/* Where phones and cards are made, for the programs, the story and tests: an element with the issuer's keys,
 * the maker's batch key, a device key that the maker has certified, the identity that is printed on the
 * phone; and a My Number Card, which is an element with the card's personality. No certificate of a person is
 * in a new phone, and no provider's domain. */

#include "maker.h"
#include "storage_memory.h"
#include "tsm_channel.h"

#include <mitome/element.h>

enum { FACTORY_IDENTITY_MAX = 64 };

/* An element in this process, on a medium in memory. */
struct factory_element {
        struct mitome_element *element; /* NULL: off */
        struct mitome_element_config config;
        struct tsm_key_set issuer;
        struct mitome_link link;      /* to it; the platform's, not an app's */
        struct storage_memory memory; /* what it remembers, without another medium */
};

/* factory_element_make makes one and powers it on. Do not move it afterwards. `medium` NULL: its own memory;
 * else where it keeps its state (and is found again). */
MITOME_CHECKED mitome_status factory_element_make(struct factory_element *element,
        const struct mitome_random *random, const struct mitome_storage *medium, mitome_error *error);
/* factory_element_cycle takes the power away and gives it back. */
MITOME_CHECKED mitome_status factory_element_cycle(struct factory_element *element, mitome_error *error);
void factory_element_end(struct factory_element *element);

/* factory_card_keys gives the keys of a set as an element is created with them. Wipe them. */
MITOME_CHECKED mitome_status factory_card_keys(
        const struct scp03_keys *keys, struct mitome_card_keys *ret, mitome_error *error);

/* Who makes phones: the maker's CA for devices is behind `certify`. */
struct phone_factory {
        struct maker_batch batch;
        struct mitome_random random;
        const uint8_t *platform; /* SHA-256 of the certificate that signs the phone's own software, which may
                                    use the FIDO applet; NULL: nobody may, until the SEI-TSM lets an app in */
        void *context;
        mitome_status (*certify)(void *context, slice identity, const uint8_t point[MAKER_POINT_SIZE],
                struct authority_der *ret, mitome_error *error);
        /* keys tells whoever manages elements; may be NULL */
        mitome_status (*keys)(
                void *context, slice identity, const struct tsm_key_set *issuer, mitome_error *error);
};

/* phone_factory_equip does what the maker does to a new element behind `link`: batch key, device key with its
 * certificate and identity (as phone_identity_is_plain has it), an access rule for the phone's own software,
 * and something in the stand-in for FeliCa; then the keys are handed on. */
MITOME_CHECKED mitome_status phone_factory_equip(const struct phone_factory *factory,
        const struct mitome_link *link, const struct tsm_key_set *issuer, const char *identity,
        mitome_error *error);

/* ---- the card ---- */

enum { FACTORY_MODULUS_SIZE = 256 };

/* card_factory_begin makes an element a card: personality, serial number, no FIDO applet, both keys (by enum
 * authority_kind), which stay in it. */
MITOME_CHECKED mitome_status card_factory_begin(struct factory_element *card, const char *serial,
        const struct mitome_random *random, uint8_t ret_moduli[2][FACTORY_MODULUS_SIZE], mitome_error *error);

/* card_factory_finish writes the certificates, PIN and password. An empty certificate is left out with its
 * key's secret. */
struct card_content {
        slice certificates[2], cas[2];
        const char *pin, *password;
};
MITOME_CHECKED mitome_status card_factory_finish(struct factory_element *card,
        const struct card_content *content, const struct mitome_random *random, mitome_error *error);

#endif
