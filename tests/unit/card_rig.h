/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_RIG_H
#define CARD_RIG_H

/* Management stations around the element of element_rig: one for each logical channel, each with a session of
 * its own. Commands go out as real clients send them: short, with Le. */

#include "element_rig.h"

enum { CARD_RIG_CHANNELS = 4 };

struct card_rig {
        struct element_rig rig;
        struct scp03_session hosts[CARD_RIG_CHANNELS];
};

extern const slice card_rig_issuer, card_rig_domain_file, card_rig_domain_module, card_rig_provider,
        card_rig_stand_in, card_rig_ara; /* AIDs; the provider's domain is still to be installed */

/* card_rig_keys makes a key set of 16, 24 or 32 bytes a key, all told apart by `seed`. */
struct scp03_keys card_rig_keys(uint8_t size, uint8_t seed);

/* The keys that the element was made with. */
struct scp03_keys card_rig_factory(void);

/* Each gives the status word; data and sw are in card->rig. */
uint16_t card_rig_send(struct card_rig *card, uint8_t channel, uint32_t head, slice data);
uint16_t card_rig_secured(struct card_rig *card, uint8_t channel, uint32_t head, slice data);

/* card_rig_manage opens the next logical channel, which must be `channel`. */
void card_rig_manage(struct card_rig *card, uint8_t channel);

uint16_t card_rig_select(struct card_rig *card, uint8_t channel, slice aid);

/* card_rig_begin sends INITIALIZE UPDATE to what is selected and, if that is answered and the card knows the
 * keys, EXTERNAL AUTHENTICATE. With other keys the host gives up: 0. */
uint16_t card_rig_begin(struct card_rig *card, uint8_t channel, const struct scp03_keys *keys,
        uint8_t version, uint8_t level);

/* card_rig_open selects and begins with level 33, by key version 00. */
uint16_t card_rig_open(struct card_rig *card, uint8_t channel, slice aid, const struct scp03_keys *keys);

/* card_rig_issuer_session does so with the issuer's domain, and must succeed. */
void card_rig_issuer_session(struct card_rig *card, uint8_t channel);

/* card_rig_guess sends INITIALIZE UPDATE and a wrong EXTERNAL AUTHENTICATE. */
uint16_t card_rig_guess(struct card_rig *card, uint8_t channel, uint8_t version);

/* INSTALL with up to six fields, through the session. */
struct card_rig_install {
        slice first, second, third, fourth, parameters, token;
};
uint16_t card_rig_install(
        struct card_rig *card, uint8_t channel, uint16_t p1p2, const struct card_rig_install *fields);

/* card_rig_install_applet is INSTALL [for install and make selectable] of a native one, by its name. */
uint16_t card_rig_install_applet(struct card_rig *card, uint8_t channel, const char *native);

/* card_rig_load is INSTALL [for load] with `hash` and as many LOADs as blocks of `chunk` bytes make. */
uint16_t card_rig_load(struct card_rig *card, uint8_t channel, const char *native, slice hash, size_t chunk);

/* card_rig_make_domain installs a security domain with these privileges, its C9 `options`. */
uint16_t card_rig_make_domain(
        struct card_rig *card, uint8_t channel, slice aid, uint32_t privileges, slice options);

uint16_t card_rig_extradite(struct card_rig *card, uint8_t channel, slice object, slice domain);
uint16_t card_rig_delete(struct card_rig *card, uint8_t channel, slice aid, uint8_t p2);
uint16_t card_rig_set_status(struct card_rig *card, uint8_t channel, uint16_t p1p2, slice aid);

/* card_rig_life gives the life cycle of an entry as GET STATUS tells it, 0 when it is not told. */
uint8_t card_rig_life(struct card_rig *card, uint8_t channel, uint8_t p1, slice aid);

/* card_rig_key_data is the data of PUT KEY: `keys` encrypted by `dek`; `inner` with the length in front. */
slice card_rig_key_data(
        uint8_t version, const struct scp03_keys *keys, slice dek, bool inner, uint8_t buffer[160]);
uint16_t card_rig_put_key(struct card_rig *card, uint8_t channel, uint8_t replaced, uint8_t version,
        const struct scp03_keys *keys, const struct scp03_keys *session);

#endif
