/* SPDX-License-Identifier: Apache-2.0 */

/* What an issuance into a phone costs those who issue: SP-TSM, SEI-TSM and authority, each with a store in a
 * file, written durably, in one process on one thread. The phone is an element in memory; what it takes (its
 * commands, among them the making of RSA keys, and the card's signature) is not counted.
 *
 * bench_issuance --folder FOLDER [--rounds N] [--least N] */

#include "tsm_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS_MAX = 10000, PATH_SIZE = 256 };

struct bench {
        struct tsm_rig rig;
        struct mitome_link element;
        double phone_us; /* that the phone took */
        char folders[TSM_RIG_PARTIES][PATH_SIZE];
        double samples[ROUNDS_MAX];
};

static double now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench_issuance: %s\n", what);
        exit(1);
}

static mitome_status transmit_timed(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct bench *bench = context;
        double begin = now_us();
        mitome_status status =
                bench->element.transmit(bench->element.context, command, response, capacity, ret_size, error);
        bench->phone_us += now_us() - begin;
        return status;
}

static void open_rig(struct bench *bench, const char *folder)
{
        static const char *const names[TSM_RIG_PARTIES] = {
                [TSM_RIG_AUTHORITY] = "authority", [TSM_RIG_SEI] = "sei-tsm", [TSM_RIG_SP] = "sp-tsm"
        };
        for (int i = 0; i < TSM_RIG_PARTIES; i++) {
                if (!names[i])
                        continue;
                must(snprintf(bench->folders[i], PATH_SIZE, "%s/%s", folder, names[i]) < PATH_SIZE, folder);
                bench->rig.folders[i] = bench->folders[i];
        }
        bench->rig.sp_folder = bench->folders[TSM_RIG_SP];
        tsm_rig_open(&bench->rig);
        bench->element = bench->rig.phones[0].link;
        bench->rig.phones[0].link = (struct mitome_link){ bench, transmit_timed };
}

/* An application for both certificates, from its beginning to the order that is done. */
static void issue_once(struct bench *bench)
{
        struct tsm_rig *rig = &bench->rig;
        static uint8_t cms[TSM_RIG_DER_MAX * 2], statement[4096];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        slice application, presence;
        must(tsm_rig_begin(rig, 0, "issue", 6, &session) == MITOME_OK, "begin");
        double begin = now_us();
        application = tsm_rig_sign(rig, 0, &session, cms);
        presence = tsm_rig_statement(rig, &session, statement);
        bench->phone_us += now_us() - begin;
        must(tsm_rig_apply(rig, &session, application, presence, order) == MITOME_OK, "apply");
        must(tsm_rig_relay(rig, 0) == MITOME_OK, "relay");
        must(tsm_rig_choose(rig, &session, SP_SIGNING, "PASSWORD1") == MITOME_OK, "password");
        must(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234") == MITOME_OK, "PIN");
        must(tsm_rig_relay(rig, 0) == MITOME_OK, "relay");
        must(tsm_rig_state(rig, order).state == SP_ORDER_DONE, "the order is not done");
}

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;
        return (*x > *y) - (*x < *y);
}

static double measure(struct bench *bench, int64_t rounds)
{
        double sum = 0, phone = 0;
        for (int64_t i = -1; i < rounds; i++) { /* the first one makes what lasts: domain, applet, keys */
                double begin = now_us();
                bench->phone_us = 0;
                issue_once(bench);
                if (i < 0)
                        continue;
                bench->samples[i] = now_us() - begin - bench->phone_us;
                sum += bench->samples[i];
                phone += bench->phone_us;
        }
        qsort(bench->samples, (size_t)rounds, sizeof bench->samples[0], compare);
        printf("%-46s %10.0f /s  p50 %8.2f ms  p99 %8.2f ms  max %8.2f ms\n",
                "issuance into a phone, 2 certificates", (double)rounds * 1e6 / sum,
                bench->samples[rounds / 2] / 1e3, bench->samples[rounds * 99 / 100] / 1e3,
                bench->samples[rounds - 1] / 1e3);
        printf("%-46s %10.0f ms\n", "  what the phone takes meanwhile (keys made)",
                phone / (double)rounds / 1e3);
        return 2 * (double)rounds * 1e6 / sum;
}

int main(int argc, char **argv)
{
        static struct bench bench;
        const char *folder = NULL;
        int64_t rounds = 50;
        for (int i = 1; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--folder") == 0)
                        folder = argv[i + 1];
                else if (strcmp(argv[i], "--rounds") == 0)
                        rounds = strtoll(argv[i + 1], NULL, 10);
        }
        if (!folder || argc % 2 == 0 || rounds < 1 || rounds > ROUNDS_MAX) {
                fprintf(stderr, "usage: bench_issuance --folder FOLDER [--rounds N]\n");
                return 2;
        }
        open_rig(&bench, folder);
        (void)measure(&bench, rounds);
        tsm_rig_close(&bench.rig);
        return 0;
}
