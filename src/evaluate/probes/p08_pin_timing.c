/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_platform.h"

#include <stdlib.h>
#include <time.h>

/* Whether the time of "wrong PIN" tells how much of it was right. Two kinds of wrong hashes, right in no byte
 * and right in all but the last, are sent in turn, each with a right PIN between them, so that no two of them
 * are one after the other. What is compared is robust: nothing is called a leak that a busy machine could
 * make. */

#define RP "p08.mitome.invalid"

enum { PAIRS = 24, PAIRS_LEAST = 12, LEAK_NS = 200 * 1000, LEAK_PERCENT = 25 };

struct timing {
        struct platform platform;
        struct secret hash;
        int64_t far[PAIRS], near[PAIRS];
        size_t pairs;
        bool owes; /* a wrong PIN was given, and not yet the right one */
};

static int64_t now_ns(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One wrong hash, timed without its key agreement, and the right PIN behind it. False: it is over. */
static bool time_wrong(struct timing *timing, bool near, int64_t *ret_ns)
{
        struct platform *platform = &timing->platform;
        SECRET(hash); /* nearly the right one's */
        for (hash.size = 0; hash.size < PIN_PROTOCOL_HASH; hash.size++)
                hash.data[hash.size] =
                        timing->hash.data[hash.size] ^ (near && hash.size + 1 < PIN_PROTOCOL_HASH ? 0 : 0x5A);
        int status = platform_agree(platform);
        if (status != CTAP2_OK)
                return false;
        timing->owes = true;
        const int64_t begin = now_ns();
        status = platform_hash_token_agreed(platform, hash.data, PLATFORM_GET, RP);
        *ret_ns = now_ns() - begin;
        if (status == CTAP2_OK)
                probe_end(platform->run, PROBE_BROKEN, "A wrong PIN was taken for the right one.");
        if (status != CTAP2_ERR_PIN_INVALID) {
                if (status > 0)
                        probe_end(platform->run, PROBE_NOT_TESTABLE, "A wrong PIN was answered with %02x.",
                                status);
                return false;
        }
        status = platform_pin_token(platform, platform->target->pin, PLATFORM_GET, RP);
        if (status > 0)
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "The PIN that was given is not taken (status %02x).", status);
        timing->owes = status != CTAP2_OK;
        return status == CTAP2_OK;
}

static bool measure(struct timing *timing)
{
        for (timing->pairs = 0; timing->pairs < PAIRS; timing->pairs++) {
                const size_t i = timing->pairs;
                const bool near_first = i % 2;
                if (!time_wrong(timing, near_first, near_first ? &timing->near[i] : &timing->far[i]) ||
                        !time_wrong(timing, !near_first, near_first ? &timing->far[i] : &timing->near[i]))
                        return false;
                if (!probe_progress(timing->platform.run, i + 1, PAIRS)) {
                        timing->pairs++;
                        return true;
                }
        }
        return true;
}

static int compare(const void *a, const void *b)
{
        const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
        return (x > y) - (x < y);
}

/* All but a few of one kind beyond all but a few of the other: the quarter of the slower ones that is fastest
 * is still slower, by much, than three quarters of the faster ones. Load that comes and goes hits both kinds,
 * which were measured in turn. */
static bool tells(const struct timing *timing, const int64_t *fast, const int64_t *slow)
{
        const size_t quarter = timing->pairs / 4;
        const int64_t upper = fast[timing->pairs - 1 - quarter], lower = slow[quarter];
        const int64_t least = upper / 100 * LEAK_PERCENT > LEAK_NS ? upper / 100 * LEAK_PERCENT : LEAK_NS;
        return lower > upper + least;
}

static void conclude(struct timing *timing)
{
        struct probe_run *run = timing->platform.run;
        if (timing->pairs < PAIRS_LEAST) {
                probe_end(
                        run, PROBE_PARTLY, "Ended after %zu pairs, too few to say anything.", timing->pairs);
                return;
        }
        qsort(timing->far, timing->pairs, sizeof *timing->far, compare);
        qsort(timing->near, timing->pairs, sizeof *timing->near, compare);
        const bool leaks =
                tells(timing, timing->far, timing->near) || tells(timing, timing->near, timing->far);
        probe_fact_bool(run, LEVEL_PIN_TIMING_TELLS, leaks, !leaks);
        if (leaks)
                probe_end(run, PROBE_BROKEN,
                        "A wrong PIN takes another time when most of its hash is right: %u pairs tell them apart.",
                        (unsigned)timing->pairs);
        else
                probe_end(run, PROBE_PARTLY,
                        "No difference that %u pairs would show; smaller ones, and other side channels, are a laboratory's to find.",
                        (unsigned)timing->pairs);
}

/* It may have ended behind a wrong one. */
static void give_tries_back(struct timing *timing)
{
        struct platform *platform = &timing->platform;
        if (!timing->owes || !platform->target->pin)
                return;
        probe_puts_back(platform->run);
        if (platform_pin_token(platform, platform->target->pin, PLATFORM_GET, RP) != CTAP2_OK)
                probe_note(platform->run, "the right PIN could not be given any more: it is a try short");
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct timing timing = { 0 };
        if (!platform_open(&timing.platform, run, target))
                return;
        if (!target->pin || !timing.platform.info.pin_set) {
                probe_end(run, PROBE_NOT_TESTABLE, "Its PIN is not known here: give it with --pin-file.");
        } else {
                pin_protocol_hash(slice_text(target->pin), timing.hash.data);
                int status = platform_pin_token(&timing.platform, target->pin, PLATFORM_GET, RP);
                if (status > 0)
                        probe_end(run, PROBE_NOT_TESTABLE,
                                "The PIN that was given is not taken (status %02x).", status);
                if (status == CTAP2_OK && measure(&timing))
                        conclude(&timing);
                give_tries_back(&timing);
        }
        secret_wipe(&timing.hash);
        platform_close(&timing.platform);
}

const struct probe probe_p08 = {
        .id = "P08",
        .title = "The time of a wrong PIN",
        .title_ja = "PIN照合の時間差",
        .attack = "Wrong PINs that are right in nothing and in nearly all are sent in turn, and timed.",
        .attack_ja = "まったく異なる値とほぼ正しい値を交互に送り、応答時間を測る。",
        .must = "The time of the answer does not tell which was which.",
        .must_ja = "応答時間から両者を区別できないこと。",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
