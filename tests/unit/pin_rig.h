/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIN_RIG_H
#define PIN_RIG_H

/* The platform's side of PIN/UV auth protocols 1 and 2 towards an element's FIDO applet, which must be
 * selected. Commands give the status word and leave it in the rig; what must not fail and does aborts. */

#include "element_rig.h"
#include "p256.h"

/* One exchange: the platform's point, and what both sides derive. */
struct pin_rig {
        uint8_t protocol; /* 1 or 2 */
        uint8_t point[P256_POINT_SIZE];
        struct secret aes, hmac;
};

uint16_t pin_rig_agree(struct element_rig *rig, uint8_t protocol, struct pin_rig *ret);

/* pin_rig_agree_with does the platform's part with the element's point: 04, x, y. */
void pin_rig_agree_with(
        const struct mitome_random *random, uint8_t protocol, slice element_point, struct pin_rig *ret);

/* pin_rig_write_agreement writes the fields 80, 81 and 88. */
void pin_rig_write_agreement(writer *w, const struct pin_rig *pin);

void pin_rig_encrypt(const struct pin_rig *pin, slice plain, writer *w);
void pin_rig_decrypt(const struct pin_rig *pin, slice sealed, struct secret *ret_plain);

/* pin_rig_param authenticates a message as the protocol has it: 16 bytes, or 32. */
slice pin_rig_param(uint8_t protocol, const struct secret *key, slice message, uint8_t buffer[SHA256_SIZE]);

/* pin_rig_token asks for a token by PIN. permissions below 0: getPinToken. */
uint16_t pin_rig_token(struct element_rig *rig, uint8_t protocol, const char *pin, int permissions,
        const char *rp_id, struct secret *ret_token);

/* pin_rig_change is changePIN, or setPIN when `former` is NULL. */
uint16_t pin_rig_change(struct element_rig *rig, uint8_t protocol, const char *former, const char *next);
uint16_t pin_rig_change_to(struct element_rig *rig, uint8_t protocol, const char *former, slice next);

/* pin_rig_compose writes the data field of CHANGE PIN, whatever is put in the place of the padded PIN. */
void pin_rig_compose(const struct pin_rig *pin, const char *former, slice padded, writer *w);

/* pin_rig_configure is authenticatorConfig with a subcommand and what follows it; without a token no
 * parameter is sent. */
uint16_t pin_rig_configure(
        struct element_rig *rig, uint8_t protocol, const struct secret *token, slice subcommand);

#endif
