/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METADATA_STATEMENT_H
#define METADATA_STATEMENT_H

/* One FIDO metadata statement (Metadata Statements 3.0): what a maker declares about a model. Whole BLOBs of
 * them: <mitome/metadata.h>. */

#include "metadata_fields.h"

enum { METADATA_ROOTS_MAX = 8 };

/* What a path verifies about the user, the weakest first. */
enum metadata_path {
        METADATA_PATH_NONE,
        METADATA_PATH_PRESENCE,
        METADATA_PATH_PASSCODE,
        METADATA_PATH_BIOMETRIC
};

/* keyProtection and matcherProtection (FIDO registry 3.2, 3.3), as bits of our own. */
enum metadata_protection {
        METADATA_SOFTWARE = 0x01,
        METADATA_HARDWARE = 0x02, /* keyProtection only */
        METADATA_TEE = 0x04,
        METADATA_SECURE_ELEMENT = 0x08, /* keyProtection only */
        METADATA_ON_CHIP = 0x10,        /* matcherProtection only */
        METADATA_REMOTE_HANDLE = 0x20,  /* keyProtection only: the relying party keeps the key, wrapped */
};

enum metadata_modality {
        METADATA_MODALITY_UNKNOWN,
        METADATA_FINGER,
        METADATA_FACE,
        METADATA_IRIS,
        METADATA_VOICE
};

/* metadata_worst_protection gives the one of several that counts, 0 for none: a key may be in each of the
 * places that are named, so the worst; `hardware` beside what kind of hardware it is says nothing more. A
 * handle that the relying party keeps says nothing of who can open it. */
unsigned metadata_worst_protection(unsigned bits);
const char *metadata_protection_word(unsigned protection); /* "software", "hardware", ..; NULL for another */

/* metadata_worse_modality: nobody knows which of several ran. Voice is the worst, as no policy takes it, then
 * one that has no name here (a palm), then face, which has most to prove against copies. */
enum metadata_modality metadata_worse_modality(enum metadata_modality one, enum metadata_modality other);
const char *metadata_modality_word(enum metadata_modality modality); /* "finger", ..; NULL: unknown */

/* A number that a statement may leave out. */
struct metadata_number {
        bool said;
        uint32_t value;
};

/* What is declared of the methods of userVerificationDetails (caDesc, baDesc): of several of a kind the worst
 * that is said. */
struct metadata_methods {
        bool passcode, biometric;               /* there is one */
        bool digits_only;                       /* caDesc.base: 10 */
        struct metadata_number length_least;    /* caDesc.minLength */
        struct metadata_number code_tries;      /* caDesc.maxRetries; 0: it never blocks */
        enum metadata_modality modality;        /* unknown where one has no name here */
        struct metadata_number biometric_tries; /* baDesc.maxRetries; 0: it never blocks */
        struct metadata_number wait_seconds;    /* baDesc.blockSlowdown */
};

struct metadata_statement {
        uint8_t aaguid[METADATA_AAGUID_SIZE];
        slice description;               /* JSON string as it stands, escapes and all */
        slice roots[METADATA_ROOTS_MAX]; /* attestationRootCertificates, DER */
        size_t root_count;
        unsigned key_protection, matcher_protection;
        /* userVerificationDetails: alternatives (OR) of combinations (AND). A login does not tell which was
         * taken, so what counts is the weakest alternative, each as strong as the strongest of its methods.
         */
        enum metadata_path weakest_path;
        struct metadata_methods methods;
        bool key_restricted; /* isKeyRestricted: its keys sign FIDO assertions only, as is said */
};

/* metadata_statement_read reads one statement; views point into `json` and `buffer`, which receives the
 * certificates (BUFFER_FULL when they do not fit). Unknown members are skipped, and so is what caDesc, baDesc
 * and isKeyRestricted have in another form than theirs; unknown values of the other members above are refused
 * (VALUE); aaguid, keyProtection and userVerificationDetails must be there (MISSING). */
MITOME_CHECKED mitome_status metadata_statement_read(
        slice json, uint8_t *buffer, size_t capacity, struct metadata_statement *ret, mitome_error *error);

/* metadata_statement_read_in_blob reads one that stands in an entry of a BLOB: aaguid, description and
 * attestationRootCertificates are the entry's, and left empty here. */
MITOME_CHECKED mitome_status metadata_statement_read_in_blob(
        slice json, struct metadata_statement *ret, mitome_error *error);

#endif
