/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

/* A text that the person of an account signs with the signing certificate (署名用電子証明書): a declaration,
 * an application. What is signed is not the bare text but a form of it that names the portal, the account and
 * a number that was never used, so that a signature that was made for something else signs nothing here:
 *
 *      Document for https://portal.example          \n
 *      Account: 3f0c..                              \n   a digest, of this portal alone
 *      Number: 9a41..                               \n   16 bytes, hexadecimal
 *      \n
 *      the text
 *
 * (lines end at \n; no blanks before it). The phone shows the whole form, and the password signs it. Either
 * comes back: the certificate and an RSASSA-PKCS1-v1_5 signature with SHA-256, or a CMS SignedData with both
 * and the form inside.
 *
 * A signing certificate says who signs: name, address, date of birth. The portal keeps of that a keyed digest
 * of name and date of birth, by which it knows the person of the account again, whatever certificate comes
 * next, and whom it refuses to sign in his place. The first signature of an account sets it. What the portal
 * keeps of a signed document (text, signature, certificate) stays; the journal has the
 * document's digest, when it is drawn up and when it is signed or refused, and nothing that is in it. */

#include "party.h"
#include "portal_trust.h"

enum {
        DOCUMENT_ID_SIZE = 16,
        DOCUMENT_TEXT_MAX = 4096,
        DOCUMENT_ORIGIN_MAX = 255,
        DOCUMENT_FORM_MAX = DOCUMENT_TEXT_MAX + 512,
        DOCUMENT_PROOF_MAX = 16 * 1024, /* CMS, or certificate */
        DOCUMENT_SECONDS = 600,
        DOCUMENT_OPEN = 5,  /* unsigned ones of one account; a further one ends the oldest */
        DOCUMENT_TRIES = 5, /* proofs of one document that may be refused */
        DOCUMENT_KEY_SIZE = 32,
        DOCUMENT_NAME_MAX = 128,
};

/* The party's tables. */
extern const char document_schema[];

struct document_desk {
        struct party *portal;
        const char *origin; /* "https://portal.example" */
        const uint8_t *key; /* DOCUMENT_KEY_SIZE random bytes of this portal, used for nothing else */
};

/* document_open draws a document up for an account (its row): *ret_id is its capability, for the browser and
 * for the phone that signs. In a transaction. VALUE for a text that is empty, or that no phone would show as
 * it is (shown_text.h); TOO_LONG; NO_RANDOMNESS. */
MITOME_CHECKED mitome_status document_open(const struct document_desk *desk, int64_t account, slice text,
        uint8_t ret_id[DOCUMENT_ID_SIZE], mitome_error *error);

enum document_state { DOCUMENT_WAITS, DOCUMENT_SIGNED, DOCUMENT_OVER };

/* A document as it is kept; the receipt once it is signed. */
struct document {
        enum document_state state;
        int64_t account, opened, expires, signed_at; /* 0: not yet */
        uint8_t digest[32];                          /* SHA-256 of the form */
        uint8_t form[DOCUMENT_FORM_MAX];
        size_t form_size;
        uint8_t serial[20]; /* of the signing certificate */
        size_t serial_size;
        uint8_t signature[32]; /* SHA-256 of what came (the signature, or the CMS) */
};

/* document_find: DOCUMENT_UNKNOWN. Who asks with a session passes its account, and is told the same of the
 * document of another; 0: the phone, which has but the id. */
MITOME_CHECKED mitome_status document_find(const struct document_desk *desk, int64_t account, slice id,
        struct document *ret, mitome_error *error);

/* What the phone brings: certificate and signature, or a CMS. */
struct document_proof {
        slice certificate, signature; /* DER; 256 bytes */
        slice cms;                    /* instead */
};

/* document_sign verifies it with `snapshot` and, when everything is right, notes it in the journal and keeps
 * it, once. A try that was refused stays counted, and is in the journal: commit what is open around it.
 *
 * DOCUMENT_UNKNOWN; DOCUMENT_OVER: expired, signed, refused too often; DOCUMENT_PROOF for what is not of the
 * form; DOCUMENT_CERTIFICATE: not a signing certificate (one for user verification, above all);
 * CERTIFICATE_ISSUER, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_REVOKED,
 * CERTIFICATE_ON_HOLD, CRL_MISSING, CRL_STALE and others of trust.h; SIGNATURE_INVALID: by another key, or
 * over another form; DOCUMENT_PERSON: the account is another person's, or the person signs for another
 * account. */
MITOME_CHECKED mitome_status document_sign(const struct document_desk *desk,
        const struct portal_snapshot *snapshot, slice id, const struct document_proof *proof,
        struct document *ret, mitome_error *error);

/* document_evidence gives what a signed document rests on, to hand out: views of `buffer`
 * (2 * DOCUMENT_PROOF_MAX bytes). DOCUMENT_UNKNOWN for another account's, and before it is signed. */
MITOME_CHECKED mitome_status document_evidence(const struct document_desk *desk, int64_t account, slice id,
        uint8_t *buffer, size_t capacity, struct document_proof *ret, mitome_error *error);

/* document_signer is the name in the certificate of a signed document (what document_evidence gave), for its
 * receipt: it is in no column of the store, and in no journal. */
MITOME_CHECKED mitome_status document_signer(
        const struct document_proof *proof, char ret[DOCUMENT_NAME_MAX + 1], mitome_error *error);

/* document_sweep forgets those that were never signed. In a transaction, or not. */
MITOME_CHECKED mitome_status document_sweep(const struct document_desk *desk, mitome_error *error);

#endif
