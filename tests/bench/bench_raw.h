/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

/* The signature operations by themselves, over the same bytes that a ceremony verifies, with a key that was
 * made before: what a relying party cannot do without. */

#include "bench_cases.h"
#include "bench_round.h"

/* One signature, ready to be verified. */
struct raw_signature {
        EVP_PKEY *key;
        const EVP_MD *digest; /* NULL: Ed25519 */
        uint8_t message[2048];
        size_t message_size;
        uint8_t signature[1024];
        size_t signature_size;
        uint8_t public_key[32];    /* Ed25519, for libsodium */
        uint8_t hash[SHA256_SIZE]; /* of the message, for raw_kept */
        EVP_PKEY_CTX *context;
};

/* The signatures of one ceremony. */
struct raw_sum {
        struct raw_signature *list[3];
        size_t count;
};

/* raw_of_login and raw_of_statement take the signature that the key of the credential, or of the attestation
 * certificate, made over authData || clientDataHash; raw_of_u2f the one over the bytes of WebAuthn L3 8.6;
 * raw_of_certificate the one by which `issuer_key` stands for a certificate. */
struct raw_signature *raw_of_login(const struct bench_case *one, EVP_PKEY *key);
struct raw_signature *raw_of_u2f(const struct bench_case *one, EVP_PKEY *key);
struct raw_signature *raw_of_certificate(slice der, EVP_PKEY *issuer_key);
void raw_free(struct raw_signature *raw);

bench_operation raw_evp;    /* struct raw_signature: EVP_DigestVerify, a context each time */
bench_operation raw_kept;   /* struct raw_signature: EVP_PKEY_verify of a ready digest in a kept context */
bench_operation raw_sodium; /* struct raw_signature */
bench_operation raw_all;    /* struct raw_sum: raw_evp of each */

#endif
