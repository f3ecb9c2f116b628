/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENTS_H
#define CONTENTS_H

/* What is in the element, or in a part of it, as receipts and statements list it. */

#include "evidence_form.h"

#include "digest.h"

struct mitome_element;

enum contents_scope {
        CONTENTS_SIGNING = 0x01,     /* key 001A and what is its */
        CONTENTS_USER = 0x02,        /* key 0017 and what is its */
        CONTENTS_CREDENTIALS = 0x04, /* of all relying parties */
        CONTENTS_ALL = 0x07,
};

/* A person's certificate and key; views are empty where there is none or it is not understood. */
struct contents_person {
        slice serial; /* magnitude */
        bool has_certificate, has_issuer, has_key;
        uint8_t issuer[SHA256_SIZE], certificate[SHA256_SIZE], key[SHA256_SIZE];
};

/* contents_read_person looks at the certificate and the key of a kind. Nothing in them can make it fail. */
void contents_read_person(
        const struct mitome_element *element, enum evidence_person_kind kind, struct contents_person *ret);

/* contents_write writes the members 5 to 8 of a payload (CONTENTS_MEMBERS pairs): what of `scopes` is there,
 * and of `other`, bits of enum evidence_other. It tells what there was to list. */
enum { CONTENTS_MEMBERS = 4, CONTENTS_SIZE_MAX = 512 };
struct contents_found {
        bool persons, anything;
};
struct contents_found contents_write(
        const struct mitome_element *element, unsigned scopes, unsigned other, writer *w);

/* contents_of_holder is what a reset of the FIDO applet would end: 01 PIN, 04 pairing, 08 confirmed set, 80
 * credentials. 00: nothing of a holder's is there. */
uint8_t contents_of_holder(const struct mitome_element *element);

#endif
