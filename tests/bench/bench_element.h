/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ELEMENT_H
#define BENCH_ELEMENT_H

/* The secure element under measurement: real elements with all that a phone's holds, on media in memory and
 * in a folder. */

#include "bench_medium.h"
#include "bench_round.h"

#include <openssl/evp.h>

/* One command APDU that is sent again and again, and must be answered 9000 each time. */
struct element_apdu {
        struct element_rig *rig;
        uint8_t bytes[64];
        size_t size;
};

/* An element with `count` credentials, each of its own relying party. */
struct element_crowd {
        struct element_rig rig;
        struct bench_medium medium;
        unsigned count;
        unsigned next; /* who logs in next */
};

/* Both ends of an open channel, and a command that the card has not seen. */
struct element_channel {
        struct scp03_session card, host;
        uint8_t bytes[64];
        struct apdu_command command;
};

struct element_bench {
        struct element_rig stencil; /* what the others are copies of */
        struct element_rig jpki, fido, manager, card, channel;
        struct element_crowd few, many;
        struct element_apdu sign, verify, select_file, get_data, get_state, select;
        struct element_channel wrapped;
        EVP_PKEY *key; /* key 0017, for OpenSSL alone */
        EVP_PKEY_CTX *raw;
};

enum { ELEMENT_FEW = 10, ELEMENT_MANY = 1000 };

/* element_bench_open makes all of them; whatever cannot be made ends the program. An element that has no room
 * for ELEMENT_MANY credentials holds as many as fit. */
void element_bench_open(struct element_bench *bench);
void element_bench_close(struct element_bench *bench);

bench_operation element_run_raw;     /* struct element_bench: OpenSSL's RSA-2048 private operation alone */
bench_operation element_run_apdu;    /* struct element_apdu */
bench_operation element_run_login;   /* struct element_crowd: BEGIN and GET ASSERTION by finger */
bench_operation element_run_commit;  /* struct element_crowd: an object of 4 bytes changed, durably */
bench_operation element_run_secured; /* struct element_rig: a command through the channel, both ends */
bench_operation element_run_unwrap;  /* struct element_channel: the card's part of one */

/* element_bench_durable measures by the wall's clock what a commit costs on a file: the middle of `count`,
 * and the least, in nanoseconds. */
void element_bench_durable(const char *folder, unsigned count, double *ret_middle, double *ret_least);

#endif
