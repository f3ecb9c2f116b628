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
        USER_UV_TRIES_WEAK = 3,          /* before a matcher of a class below STRONG */
        USER_PIN_COMPLEX = 0x02,         /* a flag of OBJECT_FIDO_SETTINGS */
};

bool user_pin_is_set(const struct mitome_element *element);

/* user_pin_is_of_person: it opens the user-verification key, or a certificate says whose it is. */
bool user_pin_is_of_person(const struct mitome_element *element);
uint8_t user_pin_tries(const struct mitome_element *element);
bool user_pin_is_blocked(const struct mitome_element *element);

/* user_pin_is_four_digits tells whether `text` has the form of PIN 0018, user_pin_is_allowed whether it may
 * be the PIN of this element as it is now: where it is a person's it must have that form. */
bool user_pin_is_four_digits(slice text);
bool user_pin_is_allowed(const struct mitome_element *element, slice text);

/* user_pin_min is the least number of code points: 4, unless the holder of a plain FIDO authenticator has
 * raised it. user_pin_put_min prepares a new one. */
uint8_t user_pin_min(const struct mitome_element *element);
uint16_t user_pin_put_min(struct mitome_element *element, uint8_t points);

/* user_pin_is_complex: the holder of a plain FIDO authenticator has asked for a PIN that is no run: neither
 * one character again and again, nor each the next of the one before, up or down. */
bool user_pin_is_complex(const struct mitome_element *element);

/* user_pin_length is how many code points the PIN has; of one from a time when they were not counted as few
 * as it can have. */
uint8_t user_pin_length(const struct mitome_element *element);

/* user_pin_must_change: CTAP gives no token for the PIN until it is changed, because somebody asked for that
 * (user_pin_force_change prepares it), another than its holder has set it, or it is shorter than the minimum
 * is now. */
bool user_pin_must_change(const struct mitome_element *element);
uint16_t user_pin_force_change(struct mitome_element *element);

/* user_pin_put prepares a PIN with full tries, chosen by one who knew the former; the persistent token ends.
 * The caller commits. */
uint16_t user_pin_put(struct mitome_element *element, slice text);

/* user_pin_change does so for a new PIN by whichever path, once the former was right: 6607 one that may not
 * be, or the same as before where it has to be changed. */
uint16_t user_pin_change(struct mitome_element *element, slice text);

/* user_pin_reset prepares a PIN from one who need not know the former: besides, the finger path closes until
 * the new PIN has confirmed the fingers, and where there was a PIN its holder has to change this one first; a
 * temporary one always, also the first one ever.
 */
enum user_pin_lasts { USER_PIN_STAYS, USER_PIN_IS_TEMPORARY };
uint16_t user_pin_reset(struct mitome_element *element, slice text, enum user_pin_lasts lasts);

/* user_pin_delete prepares the end of the PIN, and of all that hangs on it but its tries. */
uint16_t user_pin_delete(struct mitome_element *element);

/* user_pin_release prepares the end of the PIN with the certificate that it came with. While there are FIDO
 * credentials that outlive it the PIN stays, with the tries it has: it is what keeps others from them. */
uint16_t user_pin_release(struct mitome_element *element);

/* user_pin_close_fido ends what the former PIN opened in the FIDO applet, which may be selected on another
 * logical channel: its token, and the operation that it authorised. */
void user_pin_close_fido(struct mitome_element *element);

/* user_pin_personalise prepares what changes when the user-verification certificate arrives: a PIN that is
 * not four digits long is no PIN of such an element, and the fingers that it confirmed go with it; so does a
 * matcher that nobody has tested. */
uint16_t user_pin_personalise(struct mitome_element *element);

void user_pin_hash(slice text, struct secret *ret_hash);

/* user_fingers_forget prepares that no set of fingers is confirmed, nor waits for it; the caller commits. */
uint16_t user_fingers_forget(struct mitome_element *element);

/* user_pin_check compares a hash: 9000, the tries of PIN and finger are full again, and a set of fingers that
 * was changed by another way than the PIN's is the confirmed one; 63Cx; 6984 none is
 * set; 6983 blocked; 6985 three wrong ones in a row, by whichever path, and no power cycle since: no try.
 * Every step is durable before the next. With the last try PIN tokens end. */
uint16_t user_pin_check(struct mitome_element *element, slice hash);

/* The tries of the finger. user_uv_full is how many there are at most, by the class of the matcher;
 * user_uv_fill prepares that many, user_uv_put any number; the caller commits. user_uv_debit takes one and
 * counts it, user_uv_refund gives it back: nothing was presented. */
uint8_t user_uv_tries(const struct mitome_element *element);
uint8_t user_uv_full(const struct mitome_element *element);
uint16_t user_uv_fill(struct mitome_element *element);
uint16_t user_uv_put(struct mitome_element *element, uint8_t tries);
uint16_t user_uv_debit(struct mitome_element *element);
uint16_t user_uv_refund(struct mitome_element *element);

/* user_challenges is how many challenges were given under this pairing; user_challenges_count prepares one
 * more, and fails with CONDITIONS when no number is left. */
uint32_t user_challenges(const struct mitome_element *element);
uint16_t user_challenges_count(struct mitome_element *element);

/* user_uv_count is how many captures were debited since the PIN was entered last. */
uint32_t user_uv_count(const struct mitome_element *element);

/* user_pin_entries is how often the PIN was entered rightly, by whichever path. It never goes down, whatever
 * is erased: who keeps time for the element (the matcher) sees by it that there was one more. */
uint32_t user_pin_entries(const struct mitome_element *element);

#endif
