/* SPDX-License-Identifier: Apache-2.0 */
#ifndef USER_PIN_H
#define USER_PIN_H

/* The one user-verification PIN, which the JPKI applet (as PIN 0018) and the FIDO applet share, and beside it
 * the tries of the finger. What is compared is LEFT(SHA-256(PIN), 16), all that CTAP transports of it. */

#include "bytes.h"

struct mitome_element;

enum {
        USER_PIN_HASH_SIZE = 16,
        USER_PIN_MIN = 4,                /* code points */
        USER_PIN_TRIES = 8,              /* CTAP 2.1 6.5.2.1 */
        USER_PIN_TRIES_PERSONALISED = 3, /* of the user-verification PIN */
        USER_UV_TRIES = 5,               /* of the finger */
};

bool user_pin_is_set(const struct mitome_element *element);
uint8_t user_pin_tries(const struct mitome_element *element);
bool user_pin_is_blocked(const struct mitome_element *element);

/* user_pin_is_four_digits tells whether `text` has the form of PIN 0018, user_pin_is_allowed whether it may
 * be the PIN of this element as it is now. */
bool user_pin_is_four_digits(slice text);
bool user_pin_is_allowed(const struct mitome_element *element, slice text);

/* user_pin_put prepares a PIN with full tries; the caller commits. */
uint16_t user_pin_put(struct mitome_element *element, slice text);

/* user_pin_reset prepares a PIN from one who need not know the former: besides, the finger path closes until
 * the new PIN has confirmed the fingers. */
uint16_t user_pin_reset(struct mitome_element *element, slice text);

/* user_pin_release prepares the end of the PIN with the certificate that it came with. While there are FIDO
 * credentials that outlive it the PIN stays, with the tries it has: it is what keeps others from them. */
uint16_t user_pin_release(struct mitome_element *element);

/* user_pin_close_fido ends what the former PIN opened in the FIDO applet, which may be selected on another
 * logical channel: its token, and the operation that it authorised. */
void user_pin_close_fido(struct mitome_element *element);

/* user_pin_personalise prepares what changes when the user-verification certificate arrives: a PIN that is
 * not four digits long is no PIN of such an element, and the fingers that it confirmed go with it. */
uint16_t user_pin_personalise(struct mitome_element *element);

void user_pin_hash(slice text, struct secret *ret_hash);

/* user_pin_check compares a hash: 9000, and the tries of PIN and finger are full again; 63Cx; 6984 none is
 * set; 6983 blocked. Every step is durable before the next. With the last try PIN tokens end. */
uint16_t user_pin_check(struct mitome_element *element, slice hash);

/* The tries of the finger. user_uv_put prepares; the caller commits. */
uint8_t user_uv_tries(const struct mitome_element *element);
uint16_t user_uv_put(struct mitome_element *element, uint8_t tries);

#endif
