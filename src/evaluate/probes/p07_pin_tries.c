/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_platform.h"

#include <stdio.h>
#include <string.h>

/* How many wrong PINs it takes, and whether a try can be had back: by cutting the power at each write of its
 * storage, before, within and after it, and by putting back what it stored before. And which PINs it lets its
 * user choose. */

#define RP "p07.mitome.invalid"

enum { WRITES_MAX = 24, TRIES_MAX = 110, TORN_WAYS = 3, WRONG_WITHOUT_HARM = 2, PIN_SIZE = 64 };

struct guessing {
        struct platform platform;
        unsigned full, writes_wrong, writes_right, cuts;
        bool holds, swept, restored;
};

static const char *right_pin(const struct guessing *guessing)
{
        return guessing->platform.target->pin;
}

/* A PIN of the same form that is not the right one. */
static void wrong_pin(const struct guessing *guessing, char ret[PIN_SIZE])
{
        snprintf(ret, PIN_SIZE, "%s", right_pin(guessing));
        const size_t last = strlen(ret) - 1;
        ret[last] = ret[last] == '0' ? '7' : '0';
}

static int give(struct guessing *guessing, bool right)
{
        char wrong[PIN_SIZE];
        wrong_pin(guessing, wrong);
        return platform_pin_token(&guessing->platform, right ? right_pin(guessing) : wrong, PLATFORM_GET, RP);
}

static bool give_right(struct guessing *guessing)
{
        int status = give(guessing, true);
        if (status > 0)
                probe_end(guessing->platform.run, PROBE_NOT_TESTABLE,
                        "The PIN that was given is not taken (status %02x).", status);
        return status == CTAP2_OK;
}

static bool tries_left(struct guessing *guessing, unsigned *ret)
{
        int status = platform_retries(&guessing->platform, false, ret);
        if (status > 0)
                probe_end(guessing->platform.run, PROBE_NOT_TESTABLE,
                        "It does not say how many tries are left (status %02x).", status);
        return status == CTAP2_OK;
}

static void broken(struct guessing *guessing, const char *why, unsigned write, unsigned torn)
{
        static const char *const moments[] = { "before", "within", "after" };
        guessing->holds = false;
        probe_end(guessing->platform.run, PROBE_BROKEN, "%s: the power was cut %s write %u.", why,
                moments[torn], write);
}

/* ---- power cuts ---- */

/* One guess under a cut. What it has answered, and the tries behind it, must be one story: an answer costs a
 * try, and a cut gives none. False: the attempt is over. */
static bool cut_once(struct guessing *guessing, bool right, unsigned write, unsigned torn, bool *ret_cut)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        unsigned before, after;
        if (!give_right(guessing) || platform_agree(&guessing->platform) != CTAP2_OK ||
                give(guessing, false) < 0 || !tries_left(guessing, &before))
                return false;
        probe_note(run,
                "%u tries are left; the power is cut at write %u, moment %u, while a %s PIN is looked at",
                before, write, torn, right ? "right" : "wrong");
        target->cut(target->context, write, torn);
        int status = give(guessing, right);
        *ret_cut = target->was_cut(target->context);
        target->cut(target->context, 0, 0);
        guessing->cuts += *ret_cut;
        if (*ret_cut && !target->power_cycle(target->context)) {
                probe_end(run, PROBE_BROKEN, "It does not start any more after a power cut.");
                return false;
        }
        if (!tries_left(guessing, &after))
                return false;
        if (!right && after > before)
                broken(guessing, "A try came back", write, torn);
        if (!right && status > 0 && status == CTAP2_ERR_PIN_INVALID && after >= before)
                broken(guessing, "A wrong PIN was answered and cost nothing", write, torn);
        if (right && *ret_cut && status == CTAP2_OK && after < before)
                probe_note(run, "a right PIN was answered, and its tries did not come back");
        return true;
}

/* The first write of a guess, cut before it has happened: nothing may have been compared by then. A guess
 * that is answered, or that writes otherwise when it is right, tells more than the try that it has not paid.
 */
static bool cut_sweep(struct guessing *guessing, bool right, unsigned *ret_writes)
{
        for (unsigned write = 1; write <= WRITES_MAX; write++) {
                for (unsigned torn = 0; torn < TORN_WAYS; torn++) {
                        bool cut = false;
                        if (!cut_once(guessing, right, write, torn, &cut))
                                return false;
                        if (!cut) {
                                *ret_writes = write - 1;
                                return true;
                        }
                        if (!probe_progress(guessing->platform.run, guessing->cuts, 2 * WRITES_MAX))
                                return true;
                }
        }
        *ret_writes = WRITES_MAX;
        return true;
}

/* What is seen of a guess when its first write is cut: whether the power went at all, and the answer. */
static bool look_at_first_write(struct guessing *guessing, bool right, int *ret_status, bool *ret_cut)
{
        struct target *target = guessing->platform.target;
        if (!give_right(guessing))
                return false;
        target->cut(target->context, 1, 0);
        *ret_status = give(guessing, right);
        *ret_cut = target->was_cut(target->context);
        target->cut(target->context, 0, 0);
        return !*ret_cut || target->power_cycle(target->context);
}

static bool sweep(struct guessing *guessing)
{
        int wrong_status, right_status;
        bool wrong_cut, right_cut;
        if (!cut_sweep(guessing, false, &guessing->writes_wrong) ||
                !cut_sweep(guessing, true, &guessing->writes_right))
                return false;
        if (!look_at_first_write(guessing, false, &wrong_status, &wrong_cut) ||
                !look_at_first_write(guessing, true, &right_status, &right_cut))
                return false;
        if (!wrong_cut || wrong_cut != right_cut || (right_cut && right_status == CTAP2_OK)) {
                guessing->holds = false;
                probe_end(guessing->platform.run, PROBE_BROKEN,
                        "A PIN is compared before its try is written down: a cut at the first write tells right from wrong for nothing.");
        }
        guessing->swept = true;
        return give_right(guessing);
}

/* ---- an old copy ---- */

static bool put_back(struct guessing *guessing)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        unsigned before, after;
        if (!give_right(guessing) || !target->copy(target->context, 0) || give(guessing, false) < 0 ||
                !tries_left(guessing, &before))
                return true;
        probe_note(run, "what it stored before the wrong PIN is put back");
        const bool runs = target->restore(target->context, 0);
        probe_note(run, "it %s", runs ? "starts with it" : "refuses it");
        guessing->restored = true;
        if (!tries_left(guessing, &after))
                return false;
        if (after > before) {
                guessing->holds = false;
                probe_end(run, PROBE_BROKEN,
                        "An old copy of its storage gave a try back: %u were left, now %u.", before, after);
        }
        return give_right(guessing);
}

/* ---- until it takes none any more ---- */

static bool may_lock(const struct guessing *guessing)
{
        const struct target *target = guessing->platform.target;
        return target->abilities & TARGET_POWER && (target->restart || target->may_destroy);
}

static bool count_tries(struct guessing *guessing)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        unsigned count = 0;
        int status = CTAP2_ERR_PIN_INVALID;
        if (!give_right(guessing))
                return false;
        while (status == CTAP2_ERR_PIN_INVALID && count < TRIES_MAX &&
                probe_progress(run, count, TRIES_MAX)) {
                status = give(guessing, false);
                if (status < 0)
                        return false;
                if (status == CTAP2_ERR_PIN_AUTH_BLOCKED) { /* this one was looked at, too */
                        probe_note(run, "no more before a power cycle: the power goes off and on");
                        if (!target->power_cycle(target->context))
                                return false;
                        status = CTAP2_ERR_PIN_INVALID;
                }
                count++;
        }
        if (status == CTAP2_OK)
                probe_end(run, PROBE_BROKEN, "A wrong PIN was taken for the right one.");
        probe_note(run, "after %u wrong PINs: %02x", count, (unsigned)status);
        if (status == CTAP2_ERR_PIN_BLOCKED)
                status = give(guessing, true);
        probe_fact_count(run, LEVEL_PIN_TRIES, status == CTAP2_ERR_PIN_BLOCKED ? count : 0, false);
        if (status != CTAP2_ERR_PIN_BLOCKED)
                probe_end(run, PROBE_BROKEN, "%u wrong PINs in a row, and it takes more.", count);
        if (!target->restart || !target->restart(target->context))
                probe_note(run, "it is locked now: only a reset, or its issuer, opens it again");
        return true;
}

/* Two of them, and the right one. */
static bool count_gently(struct guessing *guessing)
{
        struct probe_run *run = guessing->platform.run;
        unsigned left;
        bool counts = true;
        for (unsigned i = 1; i <= WRONG_WITHOUT_HARM; i++) {
                int status = give(guessing, false);
                if (status < 0 || !tries_left(guessing, &left))
                        return false;
                counts = counts && left + i <= guessing->full;
        }
        if (!give_right(guessing) || !tries_left(guessing, &left))
                return false;
        if (!counts) {
                guessing->holds = false;
                probe_end(run, PROBE_BROKEN, "Wrong PINs cost nothing.");
        }
        probe_fact_count(run, LEVEL_PIN_TRIES, guessing->full, true);
        return true;
}

/* ---- the PINs that it takes ---- */

/* Whether a new PIN is taken; what was, is put back. */
static int is_taken(struct guessing *guessing, const char *next, bool *ret_taken)
{
        int status = platform_change_pin(&guessing->platform, right_pin(guessing), next);
        *ret_taken = status == CTAP2_OK;
        if (status == CTAP2_OK) {
                status = platform_change_pin(&guessing->platform, next, right_pin(guessing));
                if (status != CTAP2_OK) {
                        probe_end(guessing->platform.run, PROBE_TARGET_FAILED,
                                "It took the PIN \"%s\" and does not take the former one again: its PIN is now that one.",
                                next);
                        guessing->platform.target->pin = NULL; /* no other probe shall spend tries on it */
                        return -1;
                }
        }
        return status;
}

static bool choose_pins(struct guessing *guessing)
{
        static const char *const lengths[] = { NULL, "5", "57", "574", "5740", "57409", "574093", "5740938",
                "57409386" };
        static const char *const common[] = { NULL, NULL, NULL, NULL, "1111", "12345", "123456", "1234567",
                "12345678" };
        static const char *const letters[] = { NULL, NULL, NULL, NULL, "wkqz", "wkqzt", "wkqztm", "wkqztmv",
                "wkqztmvx" };
        struct probe_run *run = guessing->platform.run;
        const struct target *target = guessing->platform.target;
        bool taken = false;
        size_t length = 1;
        if (!target->restart && !target->may_destroy) {
                probe_note(run,
                        "no other PIN is set (--destructive): should it lose its power then, nobody would know its PIN");
                return true;
        }
        probe_note(run,
                "new PINs are tried, and undone: should it lose its power now, its PIN may be one of these");
        for (; length < sizeof lengths / sizeof *lengths; length++) {
                if (is_taken(guessing, lengths[length], &taken) < 0)
                        return false;
                if (taken)
                        break;
        }
        if (!taken)
                return true;
        probe_fact_count(run, LEVEL_PIN_LENGTH_LEAST, length, false);
        if (length < 4)
                return true;
        if (is_taken(guessing, letters[length], &taken) < 0)
                return false;
        probe_fact_bool(run, LEVEL_PIN_DIGITS_ONLY, !taken, false);
        const char *least =
                strcmp(common[length], right_pin(guessing)) == 0 ? lengths[length] : common[length];
        if (is_taken(guessing, least, &taken) < 0)
                return false;
        probe_fact_bool(run, LEVEL_PIN_BLOCKLIST, !taken, taken ? false : true);
        return true;
}

static void conclude(struct guessing *guessing, bool whole)
{
        struct probe_run *run = guessing->platform.run;
        if (!guessing->holds || guessing->swept || guessing->restored) /* else nothing was tried */
                probe_fact_bool(
                        run, LEVEL_PIN_TRIES_HOLD, guessing->holds, !guessing->swept || !guessing->restored);
        if (whole && guessing->swept && guessing->restored)
                probe_end(run, PROBE_HOLDS,
                        "Each wrong PIN cost a try, at %u power cuts and with an old copy of its storage, too.",
                        guessing->cuts);
        else
                probe_end(run, PROBE_PARTLY, "Wrong PINs cost tries; %s.",
                        whole ? "its storage is not in our hands"
                              : "it was not locked (--destructive), and its storage is not in our hands");
}

static void play(struct guessing *guessing)
{
        const bool medium = guessing->platform.target->abilities & TARGET_MEDIUM &&
                            guessing->platform.target->abilities & TARGET_POWER;
        if (!give_right(guessing) || !tries_left(guessing, &guessing->full) || !choose_pins(guessing) ||
                !give_right(guessing))
                return;
        if (medium && (!sweep(guessing) || !put_back(guessing)))
                return;
        const bool whole = may_lock(guessing);
        if (whole ? count_tries(guessing) : count_gently(guessing))
                conclude(guessing, whole);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct guessing guessing = { .holds = true };
        if (!platform_open(&guessing.platform, run, target))
                return;
        if (!target->pin || !*target->pin || strlen(target->pin) >= PIN_SIZE ||
                !guessing.platform.info.pin_set)
                probe_end(run, PROBE_NOT_TESTABLE, "Its PIN is not known here: give it with --pin-file.");
        else
                play(&guessing);
        platform_close(&guessing.platform);
}

const struct probe probe_p07 = {
        .id = "P07",
        .title = "Guessing the PIN",
        .title_ja = "暗証番号の総当たり",
        .attack =
                "Wrong PINs until it takes none, power cuts before, within and after each write of its storage, and old copies of that storage put back.",
        .attack_ja =
                "受け付けなくなるまで誤った暗証番号を送り、記憶への各書込みの前・途中・後で電源を断ち、古い記憶を書き戻す。",
        .must = "Each guess costs a try before it is answered, and nothing gives one back.",
        .must_ja = "応答の前に必ず試行回数が減り、戻らないこと。",
        .harm = "Other PINs are set and taken back, and wrong ones are given until the PIN is locked: only a reset, or its issuer, opens it again.",
        .harm_ja =
                "別の暗証番号の設定と復元、及びロックするまでの誤入力を行う。初期化又は発行者による解除が必要になる。",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
