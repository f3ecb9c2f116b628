/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CTAP_H
#define BENCH_CTAP_H

/* The authenticator under measurement: the core and a real element in one process, on a medium in memory,
 * from the bytes of a CTAP request to those of its answer. Every touch is given at once. */

#include "bench_medium.h"
#include "bench_round.h"
#include "core.h"

#include <openssl/evp.h>

enum { CTAP_MIX = 11 };

enum ctap_algorithm { CTAP_ES256, CTAP_EDDSA, CTAP_ES384, CTAP_ALGORITHMS };

/* A request that is sent again and again and must be answered with `expected`. */
struct ctap_request {
        struct ctap_bench *bench;
        uint8_t bytes[CORE_MESSAGE_MAX];
        size_t size;
        uint8_t expected;
};

struct ctap_bench {
        struct element_rig rig;
        struct bench_medium medium;
        struct core *core;
        uint64_t now_ms;
        unsigned commands; /* of the element, in the last request */
        slice answer;      /* of the last request; good until the next one */
        struct ctap_request get[CTAP_ALGORITHMS], other[CTAP_ALGORITHMS], make[CTAP_ALGORITHMS];
        struct ctap_request get_info, get_by_rp, allow_64, exclude_64;
        unsigned turn;
        unsigned made; /* by ctap_run_make, since the last reset */
};

/* One operation of OpenSSL's, with a key that is ready. */
struct ctap_raw {
        EVP_PKEY *key;
        EVP_MD_CTX *context;
        const char *digest; /* NULL: Ed25519 */
        const char *type, *curve;
};

/* A registration's bare operations: a key pair of the algorithm, and the attestation's signature. */
struct ctap_raw_make {
        struct ctap_raw *pair, *attestation;
};

/* ctap_bench_open makes an authenticator with `residents` discoverable credentials, each of a relying party
 * of its own; whatever cannot be made ends the program. */
void ctap_bench_open(struct ctap_bench *bench, unsigned residents);
void ctap_bench_close(struct ctap_bench *bench);

/* ctap_bench_mix writes requests of all kinds, right and wrong, for an authenticator with at least four
 * discoverable credentials: each leaves as many of them as it found. */
void ctap_bench_mix(struct ctap_bench *bench, struct ctap_request ret[CTAP_MIX]);

void ctap_raw_open(struct ctap_raw *raw, enum ctap_algorithm algorithm);
void ctap_raw_open_rsa(struct ctap_raw *raw);
void ctap_raw_close(struct ctap_raw *raw);

bench_operation ctap_run;          /* struct ctap_request */
bench_operation ctap_run_in_turns; /* struct ctap_request[2]: the key is another one each time */
bench_operation ctap_run_mix;      /* struct ctap_request[CTAP_MIX]: the next one of them */
bench_operation ctap_run_make;     /* struct ctap_request: all is reset before the element is full */
bench_operation ctap_run_commit;   /* struct ctap_bench: one small durable change, in memory */
bench_operation ctap_raw_sign;     /* struct ctap_raw */
bench_operation ctap_raw_make;     /* struct ctap_raw_make */

/* ctap_stack gives how many bytes of stack `run` used at most in `times` calls. */
size_t ctap_stack(bench_operation *run, void *state, unsigned times);

#endif
