/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COSE_H
#define COSE_H

/* COSE public keys (RFC 9052, 9053, 8230, 9864) as WebAuthn uses them, and what they verify. Signatures are
 * made in authenticator/element only. */

#include "cbor.h"

/* IANA's registry of COSE algorithms. */
enum cose_algorithm {
        COSE_ES256 = -7,
        COSE_EDDSA = -8, /* with Ed25519 only, WebAuthn L3 5.8.5 */
        COSE_ESP256 = -9,
        COSE_ED25519 = -19,
        COSE_ES384 = -35,
        COSE_ES512 = -36,
        COSE_PS256 = -37,
        COSE_PS384 = -38,
        COSE_PS512 = -39,
        COSE_ES256K = -47,
        COSE_ML_DSA_44 = -48, /* where the OpenSSL at run time has it */
        COSE_ML_DSA_65 = -49,
        COSE_ML_DSA_87 = -50,
        COSE_ESP384 = -51,
        COSE_ESP512 = -52,
        COSE_ED448 = -53,
        COSE_RS256 = -257,
        COSE_RS384 = -258,
        COSE_RS512 = -259,
        COSE_RS1 = -65535, /* SHA-1: of TPMs only, see cose_algorithm_is_broken */
};

/* What a key is made of, whatever it is used for. */
enum cose_form {
        COSE_FORM_P256,
        COSE_FORM_P384,
        COSE_FORM_P521,
        COSE_FORM_SECP256K1,
        COSE_FORM_ED25519,
        COSE_FORM_ED448,
        COSE_FORM_RSA,
        COSE_FORM_ML_DSA_44,
        COSE_FORM_ML_DSA_65,
        COSE_FORM_ML_DSA_87,
        COSE_FORMS,
};

/* A key as it stands in a credential: views into the bytes it was read from. */
struct cose_key {
        int64_t algorithm; /* enum cose_algorithm */
        slice x, y;        /* curves with points: the coordinates; Ed25519, Ed448, ML-DSA: x is the key */
        slice n, e;        /* RSA: modulus and exponent, big-endian, no leading zero */
};

/* cose_algorithm_name is "ES256" and so on, or NULL for an algorithm that is not supported. */
const char *cose_algorithm_name(int64_t algorithm);

/* cose_algorithm_is_broken tells of an algorithm whose digest is SHA-1. Old TPMs have no other: it is read
 * and verified here, and whoever uses it says where it may stand. */
bool cose_algorithm_is_broken(int64_t algorithm);

/* cose_algorithm_form tells what keys an algorithm has; false when it is not known. */
bool cose_algorithm_form(int64_t algorithm, enum cose_form *ret);

/* cose_key_parse takes one COSE_Key. Refused: an algorithm that is not in the table (ALGORITHM_UNSUPPORTED),
 * parameters that do not belong to the key type (KEY_TYPE), coordinates of another size (KEY_POINT), RSA
 * moduli that are even, under 2048 or over 4096 bits, and exponents that are even, 1 or over 64 bits
 * (KEY_WEAK). Whether a point is on its curve is left to cose_key_check or cose_verify. */
MITOME_CHECKED mitome_status cose_key_parse(struct cbor_reader *r, const char *field, struct cose_key *ret);

/* A verifier keeps what OpenSSL would make anew for each signature: digests, groups, and the RSA keys used
 * last, COSE_RSA_KEYS at most. One thread at a time. It holds no secret, and answers are the same without:
 * wherever one is taken, it may be NULL. */
struct cose_verifier;
enum { COSE_RSA_KEYS = 64 };
MITOME_CHECKED mitome_status cose_verifier_new(struct cose_verifier **ret, mitome_error *error);
void cose_verifier_free(struct cose_verifier *verifier);

/* cose_verifier_bare is an OpenSSL library context that knows no algorithm, or NULL. A certificate that is
 * decoded into it is read whole but for its key, which OpenSSL would look for decoders for: that takes longer
 * than verifying a signature. */
struct ossl_lib_ctx_st *cose_verifier_bare(struct cose_verifier *verifier);

/* cose_key_check refuses what is no public key of the algorithm: sizes, points off the curve or at infinity
 * (KEY_POINT), weak RSA keys (KEY_WEAK). */
MITOME_CHECKED mitome_status cose_key_check(struct cose_verifier *verifier, const struct cose_key *key,
        const char *field, const char *clause, mitome_error *error);

/* cose_key_read is cose_key_parse and cose_key_check. */
MITOME_CHECKED mitome_status cose_key_read(
        struct cbor_reader *r, const char *field, struct cose_verifier *verifier, struct cose_key *ret);

/* cose_key_write writes the key in canonical form. */
void cose_key_write(writer *w, const struct cose_key *key);

/* cose_verify checks `signature` over the parts, one after the other. ECDSA signatures are strict DER
 * (SIGNATURE_FORM), RSA's as long as the modulus, others of their one size. At most COSE_PARTS parts, for
 * EdDSA and ML-DSA of COSE_MESSAGE_MAX bytes together (TOO_LONG). ALGORITHM_UNAVAILABLE where the OpenSSL at
 * run time lacks it. OpenSSL's error queue is left as it was found. */
enum { COSE_PARTS = 4, COSE_MESSAGE_MAX = 12288 };
MITOME_CHECKED mitome_status cose_verify(struct cose_verifier *verifier, const struct cose_key *key,
        const slice *parts, size_t count, slice signature, const char *field, const char *clause,
        mitome_error *error);

/* cose_hash hashes the parts with the digest of an algorithm; 0 for one that has none (EdDSA, ML-DSA).
 * Returns the size of the digest. */
enum { COSE_HASH_MAX = 64 };
size_t cose_hash(struct cose_verifier *verifier, int64_t algorithm, const slice *parts, size_t count,
        uint8_t ret_digest[COSE_HASH_MAX]);

#endif
