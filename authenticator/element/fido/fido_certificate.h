/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FIDO_CERTIFICATE_H
#define FIDO_CERTIFICATE_H

/* Certificate credentials: the user-verification key itself (JPKI key 0017) as a credential, and its part in
 * an attestation of the form "mitome-jpki". The key never leaves the JPKI applet's objects; the credential
 * keeps what it is bound to: a digest over the certificate and over what says which one in a row it is. When
 * the certificate is renewed or erased the credential has ended. */

#include "fido_applet.h"
#include "signing_key.h"

/* fido_certificate_usable tells whether the certificate can be shown and its key used: both are there, and
 * nobody has locked the JPKI applet. */
bool fido_certificate_usable(const struct mitome_element *element);

/* fido_certificate_possible tells whether a certificate credential can be made and used at all: certificate
 * and key are usable, and personalisation has ended the signing of hashes that a host supplies. */
bool fido_certificate_possible(const struct mitome_element *element);

/* fido_certificate_public_key tells the key's public half. */
uint16_t fido_certificate_public_key(struct mitome_element *element, struct public_key *ret);

void fido_certificate_binding(const struct mitome_element *element, uint8_t ret[FIDO_HASH_SIZE]);

/* fido_certificate_ended tells whether a credential is one of a certificate that is not there any more. */
bool fido_certificate_ended(const struct mitome_element *element, const struct fido_credential *credential);

#endif
