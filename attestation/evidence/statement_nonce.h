/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATEMENT_NONCE_H
#define STATEMENT_NONCE_H

/* What a device key signs in a statement is never the question as it was asked, but SHA-256 of a label and
 * the question, made by the phone: the label says what the statement is for (EVIDENCE.md, section 3). Who
 * passes one desk's question off as another's, a clerk the SP-TSM's as his own, has a statement that is worth
 * nothing there. Each ends in a zero byte, and no question begins another's. */

#include "digest.h"

enum { STATEMENT_NONCE_SIZE = SHA256_SIZE };

/* For a shop's counter, which looks. */
void counter_nonce(slice question, uint8_t ret[STATEMENT_NONCE_SIZE]);

/* For the SP-TSM: this application, and no other, is made with this phone in somebody's hand. `session` is
 * its nonce as it was told. */
void application_nonce(slice session, slice cms, uint8_t ret[STATEMENT_NONCE_SIZE]);

/* For the SP-TSM: what is in this phone is to be revoked. */
void revocation_nonce(slice session, uint8_t ret[STATEMENT_NONCE_SIZE]);

/* For the maker: this phone is being set back. */
void reset_nonce(slice session, uint8_t ret[STATEMENT_NONCE_SIZE]);

#endif
