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
        unsigned full, cuts;
        bool holds;                       /* no guess was free, and no try came back */
        bool swept, restored, to_the_end; /* what was tried, each in whole */
        bool untried;                     /* it says that so few tries are left that none was spent */
        bool truthful;                    /* it took as many wrong PINs as it had said: its counter tells */
};

static const char *right_pin(const struct guessing *guessing)
{
        return guessing->platform.target->pin;
}

/* The hash of the right PIN, or of one of the same form that is wrong. */
static void hash_pin(const struct guessing *guessing, bool right, struct secret *ret)
{
        char pin[PIN_SIZE];
        snprintf(pin, sizeof pin, "%s", right_pin(guessing));
        char *last = pin + strlen(pin) - 1;
        if (!right)
                *last = *last == '0' ? '7' : '0';
        pin_protocol_hash(slice_text(pin), ret->data);
        ret->size = PIN_PROTOCOL_HASH;
        bytes_wipe(pin, sizeof pin);
}

/* With the key agreement that there is. */
static int give_agreed(struct guessing *guessing, bool right)
{
        SECRET(hash);
        hash_pin(guessing, right, &hash);
        return platform_hash_token_agreed(&guessing->platform, hash.data, PLATFORM_GET, RP);
}

static int give(struct guessing *guessing, bool right)
{
        if (right)
                return platform_pin_token(&guessing->platform, right_pin(guessing), PLATFORM_GET, RP);
        int status = platform_agree(&guessing->platform);
        return status == CTAP2_OK ? give_agreed(guessing, false) : status;
}

static bool give_right(struct guessing *guessing)
{
        int status = give(guessing, true);
        if (status > 0)
                probe_end(guessing->platform.run, PROBE_NOT_TESTABLE,
                        "The PIN that was given is not taken (status %02x).", status);
        return status == CTAP2_OK;
}

static void was_taken(struct guessing *guessing)
{
        probe_fact_count(guessing->platform.run, LEVEL_PIN_TRIES, 0, false);
        probe_end(guessing->platform.run, PROBE_BROKEN, "A wrong PIN was taken for the right one.");
}

/* One that is answered as a wrong PIN is. */
static bool give_wrong(struct guessing *guessing)
{
        int status = give(guessing, false);
        if (status == CTAP2_OK)
                was_taken(guessing);
        else if (status > 0 && status != CTAP2_ERR_PIN_INVALID)
                probe_end(
                        guessing->platform.run, PROBE_PARTLY, "A wrong PIN was answered with %02x.", status);
        return status == CTAP2_ERR_PIN_INVALID;
}

static bool tries_left(struct guessing *guessing, unsigned *ret)
{
        int status = platform_retries(&guessing->platform, false, ret);
        if (status > 0)
                probe_end(guessing->platform.run, PROBE_NOT_TESTABLE,
                        "It does not say how many tries are left (status %02x).", status);
        return status == CTAP2_OK;
}

/* A guess was free, or a try came back: known whatever comes afterwards. */
static void does_not_hold(struct guessing *guessing)
{
        guessing->holds = false;
        probe_fact_bool(guessing->platform.run, LEVEL_PIN_TRIES_HOLD, false, false);
}

/* ---- power cuts ---- */

struct cut_guess {
        bool right;
        unsigned write, torn; /* where the power was to be cut */
        bool cut;             /* whether it was */
        int status;           /* the answer, if there was one */
        unsigned before, after;
};

struct cut_sweep {
        unsigned writes; /* of one guess */
        bool whole;      /* up to a guess that ended without a cut, as such a guess does */
        bool spent;      /* somewhere the cut left a try less */
};

static void broken(struct guessing *guessing, const struct cut_guess *guess, const char *why)
{
        static const char *const moments[] = { "before", "within", "after" };
        does_not_hold(guessing);
        if (guess->cut)
                probe_end(guessing->platform.run, PROBE_BROKEN, "%s: the power was cut %s write %u.", why,
                        moments[guess->torn], guess->write);
        else
                probe_end(guessing->platform.run, PROBE_BROKEN, "%s: the power went off behind the answer.",
                        why);
}

/* What it has answered, and the tries behind it, must be one story: an answer costs a try, and a cut gives
 * none. */
static void judge_cut(struct guessing *guessing, const struct cut_guess *guess)
{
        if (!guess->right && guess->status == CTAP2_OK)
                was_taken(guessing);
        else if (!guess->right && guess->after > guess->before)
                broken(guessing, guess, "A try came back");
        else if (!guess->right && guess->status == CTAP2_ERR_PIN_INVALID && guess->after >= guess->before)
                broken(guessing, guess, "A wrong PIN was answered and cost nothing");
        else if (guess->right && guess->status == CTAP2_OK && guess->cut && guess->write == 1 &&
                 guess->torn == 0)
                broken(guessing, guess, "A right PIN was answered and nothing had been written");
}

/* One guess under a cut, a wrong PIN behind the right one, so that less than all tries are left: a try that
 * comes back is seen. Key agreement is over by then: what is cut are the writes of the guess. False: the
 * attempt is over. */
static bool guess_under_cut(struct guessing *guessing, struct cut_guess *guess)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        if (!give_right(guessing) || !give_wrong(guessing) || !tries_left(guessing, &guess->before) ||
                platform_agree(&guessing->platform) != CTAP2_OK)
                return false;
        probe_note(run,
                "%u tries are left; the power is cut at write %u, moment %u, while a %s PIN is looked at",
                guess->before, guess->write, guess->torn, guess->right ? "right" : "wrong");
        target->cut(target->context, guess->write, guess->torn);
        guess->status = give_agreed(guessing, guess->right);
        guess->cut = target->was_cut(target->context);
        target->cut(target->context, 0, 0);
        guessing->cuts += guess->cut;
        if (!guess->cut && guess->status < 0)
                return false;
        if (!target->power_cycle(target->context)) {
                probe_end(run, guess->cut ? PROBE_BROKEN : PROBE_TARGET_FAILED,
                        "It does not start any more after a power cut.");
                return false;
        }
        if (!tries_left(guessing, &guess->after))
                return false;
        judge_cut(guessing, guess);
        return true;
}

static bool sweep_guess(struct guessing *guessing, bool right, struct cut_sweep *ret)
{
        struct cut_sweep sweep = { 0 };
        for (unsigned i = 0; i < WRITES_MAX * TORN_WAYS; i++) {
                struct cut_guess guess = {
                        .right = right, .write = i / TORN_WAYS + 1, .torn = i % TORN_WAYS
                };
                if (!probe_progress(guessing->platform.run, guessing->cuts, 2 * WRITES_MAX))
                        break;
                if (!guess_under_cut(guessing, &guess))
                        return false;
                if (!guess.cut) {
                        sweep.whole =
                                guess.torn == 0 && guess.status == (right ? CTAP2_OK : CTAP2_ERR_PIN_INVALID);
                        break;
                }
                sweep.writes = guess.write;
                sweep.spent = sweep.spent || guess.after < guess.before;
        }
        *ret = sweep;
        return true;
}

/* A try that is written down before the PIN is looked at is gone for a while even where the PIN is right. If
 * no cut under the right PIN ever leaves a try less, it was compared first: who watches it, and cuts the
 * power where a wrong PIN is about to be written down, guesses for nothing. */
static bool sweep(struct guessing *guessing)
{
        struct cut_sweep wrong, right;
        if (!sweep_guess(guessing, false, &wrong) || !sweep_guess(guessing, true, &right))
                return false;
        if (right.whole && !right.spent && wrong.writes > 0) {
                does_not_hold(guessing);
                probe_end(guessing->platform.run, PROBE_BROKEN,
                        "A PIN is compared before its try is written down: no power cut under the right PIN leaves one try less.");
        }
        if (wrong.whole && wrong.writes == 0)
                probe_note(guessing->platform.run,
                        "a wrong PIN writes nothing of what is in our hands: where its tries are kept the power was not cut");
        guessing->swept = wrong.whole && right.whole && wrong.writes > 0;
        return give_right(guessing);
}

/* ---- an old copy ---- */

static bool put_back(struct guessing *guessing)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        unsigned full, before, after;
        if (!give_right(guessing) || !tries_left(guessing, &full))
                return false;
        if (!target->copy(target->context, 0)) {
                probe_note(run, "what it stores could not be copied");
                return true;
        }
        if (!give_wrong(guessing) || !tries_left(guessing, &before))
                return false;
        probe_note(run, "what it stored before the wrong PIN is put back");
        const bool runs = target->restore(target->context, 0);
        probe_note(run, "it %s", runs ? "starts with it" : "refuses it");
        if (!tries_left(guessing, &after))
                return false;
        guessing->restored = before < full;
        if (after > before) {
                does_not_hold(guessing);
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

struct count {
        unsigned guesses;
        unsigned seen;     /* that were looked at */
        unsigned doubtful; /* answered "not before a power cycle", and its tries stayed what they were */
        bool believed;     /* its tries went down with each that was wrong */
        int status;        /* of the last one */
};

/* It says that it takes none before a power cycle: then not the right one either. False: it is over. */
static bool is_paused(struct guessing *guessing)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        probe_note(
                run, "no more before a power cycle, it says: the right PIN, and then the power off and on");
        int status = give(guessing, true);
        if (status == CTAP2_OK) {
                probe_fact_count(run, LEVEL_PIN_TRIES, 0, false);
                probe_end(run, PROBE_BROKEN,
                        "It says that it takes no PIN before a power cycle, and takes the right one.");
        }
        return status > 0 && right_pin(guessing) && target->power_cycle(target->context);
}

/* Wrong PINs until it says anything else than "wrong". False: the attempt is over. */
static bool guess_on(struct guessing *guessing, struct count *count)
{
        unsigned before, left;
        count->status = CTAP2_ERR_PIN_INVALID;
        count->believed = true;
        for (; count->guesses < TRIES_MAX &&
                probe_progress(guessing->platform.run, count->guesses, TRIES_MAX);
                count->guesses++) {
                if (!tries_left(guessing, &before))
                        return false;
                count->status = give(guessing, false);
                if (count->status < 0 || !tries_left(guessing, &left))
                        return false;
                const bool costs = left < before;
                if (count->status == CTAP2_ERR_PIN_INVALID) {
                        count->seen++;
                        count->believed = count->believed && costs;
                } else if (count->status == CTAP2_ERR_PIN_AUTH_BLOCKED) {
                        count->seen += costs;
                        count->doubtful += !costs;
                        if (!is_paused(guessing))
                                return false;
                } else {
                        count->seen += count->status == CTAP2_ERR_PIN_BLOCKED && before > 0;
                        return true;
                }
        }
        return true;
}

/* Whether "blocked" is for good. False: the attempt is over. */
static bool judge_count(struct guessing *guessing, const struct count *count)
{
        struct target *target = guessing->platform.target;
        struct probe_run *run = guessing->platform.run;
        const unsigned tries = count->seen + (count->believed ? 0 : count->doubtful);
        probe_note(run, "after %u wrong PINs: %02x", tries, (unsigned)count->status);
        if (count->status == CTAP2_ERR_PIN_BLOCKED) {
                probe_note(run, "the power goes off and on, and the right PIN is given");
                int status = target->power_cycle(target->context) ? give(guessing, true) : -1;
                if (status < 0)
                        return false;
                guessing->to_the_end = status == CTAP2_ERR_PIN_BLOCKED;
                guessing->truthful = guessing->to_the_end && tries == guessing->full;
                if (status == CTAP2_OK) {
                        probe_fact_count(run, LEVEL_PIN_TRIES, 0, false);
                        probe_end(run, PROBE_BROKEN,
                                "Blocked after %u wrong PINs, it takes the right one after a power cycle.",
                                tries);
                        return true;
                }
        } else if (count->status == CTAP2_OK) {
                was_taken(guessing);
                return true;
        } else if (tries >= TRIES_MAX) {
                probe_fact_count(run, LEVEL_PIN_TRIES, 0, false);
                probe_end(run, PROBE_BROKEN, "%u wrong PINs in a row, and it takes more.", tries);
                return true;
        }
        probe_fact_count(
                run, LEVEL_PIN_TRIES, guessing->to_the_end ? tries : guessing->full, !guessing->to_the_end);
        if (!guessing->to_the_end)
                probe_end(run, PROBE_PARTLY, "Ended after %u wrong PINs with status %02x: no end was seen.",
                        tries, (unsigned)count->status);
        return true;
}

static bool count_tries(struct guessing *guessing)
{
        struct target *target = guessing->platform.target;
        struct count count = { 0 };
        if (!give_right(guessing))
                return false;
        const bool counted = guess_on(guessing, &count) && judge_count(guessing, &count);
        if (!target->restart || !target->restart(target->context))
                probe_note(guessing->platform.run,
                        "it may be locked now: only a reset, or its issuer, opens it again");
        return counted;
}

/* Two of them, and the right one. How many it takes in all is its own word. */
static bool count_gently(struct guessing *guessing)
{
        struct probe_run *run = guessing->platform.run;
        unsigned left;
        bool counts = true;
        const unsigned most = guessing->full > WRONG_WITHOUT_HARM ? WRONG_WITHOUT_HARM : 0;
        for (unsigned i = 1; i <= most; i++) {
                if (!give_wrong(guessing) || !tries_left(guessing, &left))
                        return false;
                counts = counts && left + i <= guessing->full;
        }
        if (!give_right(guessing))
                return false;
        if (!counts) {
                does_not_hold(guessing);
                probe_end(run, PROBE_BROKEN, "Wrong PINs cost nothing.");
        }
        guessing->untried = most == 0;
        if (most > 0)
                probe_fact_count(run, LEVEL_PIN_TRIES, guessing->full, true);
        return true;
}

/* ---- the PINs that it takes ---- */

enum choice { CHOICE_TAKEN, CHOICE_REFUSED, CHOICE_UNTOLD };

/* Whether a new PIN is taken; what was, is put back. "Against the policy" is the one answer that refuses the
 * PIN itself. False: the attempt is over. */
static bool choose(struct guessing *guessing, const char *next, enum choice *ret)
{
        struct probe_run *run = guessing->platform.run;
        int status = platform_change_pin(&guessing->platform, right_pin(guessing), next);
        if (status < 0)
                return false;
        if (status == CTAP2_ERR_PIN_INVALID || status == CTAP2_ERR_PIN_BLOCKED ||
                status == CTAP2_ERR_PIN_AUTH_BLOCKED) {
                probe_end(run, PROBE_NOT_TESTABLE, "The PIN that was given is not taken (status %02x).",
                        status);
                return false;
        }
        *ret = status == CTAP2_OK                         ? CHOICE_TAKEN
               : status == CTAP2_ERR_PIN_POLICY_VIOLATION ? CHOICE_REFUSED
                                                          : CHOICE_UNTOLD;
        if (*ret != CHOICE_TAKEN)
                return true;
        probe_puts_back(run);
        status = platform_change_pin(&guessing->platform, next, right_pin(guessing));
        if (status == CTAP2_OK)
                return true;
        platform_keeps_pin(&guessing->platform, next);
        return false;
}

/* The shortest that it takes, 0: none of these. A shorter one that was not refused for its own sake leaves it
 * open whether there is a shorter one. */
static bool choose_length(struct guessing *guessing, const char *const lengths[], size_t count, size_t *ret)
{
        enum choice choice = CHOICE_UNTOLD;
        bool untold = false;
        *ret = 0;
        for (size_t length = 1; length < count; length++) {
                if (!choose(guessing, lengths[length], &choice))
                        return false;
                untold = untold || choice == CHOICE_UNTOLD;
                if (choice == CHOICE_TAKEN) {
                        probe_fact_count(guessing->platform.run, LEVEL_PIN_LENGTH_LEAST, length, untold);
                        *ret = length;
                        return true;
                }
        }
        return true;
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
        enum choice choice;
        size_t length;
        if (!target->restart && !target->may_destroy) {
                probe_note(run,
                        "no other PIN is set (--destructive): should it lose its power then, nobody would know its PIN");
                return true;
        }
        probe_note(run,
                "new PINs are tried, and undone: should it lose its power now, its PIN may be one of these");
        if (!choose_length(guessing, lengths, sizeof lengths / sizeof *lengths, &length))
                return false;
        if (length < 4)
                return true;
        if (!choose(guessing, letters[length], &choice))
                return false;
        if (choice != CHOICE_UNTOLD) /* it may take other characters */
                probe_fact_bool(
                        run, LEVEL_PIN_DIGITS_ONLY, choice == CHOICE_REFUSED, choice == CHOICE_REFUSED);
        const char *least =
                strcmp(common[length], right_pin(guessing)) == 0 ? lengths[length] : common[length];
        if (!choose(guessing, least, &choice))
                return false;
        if (choice != CHOICE_UNTOLD) /* there are more common ones */
                probe_fact_bool(run, LEVEL_PIN_BLOCKLIST, choice == CHOICE_REFUSED, choice == CHOICE_REFUSED);
        return true;
}

/* ---- all of it ---- */

static const char *not_to_the_end(const struct guessing *guessing)
{
        static const char *const wants[2][2] = {
                { " guessing until it is locked (--destructive, power cycles);",
                        " guessing until it is locked (--destructive);" },
                { " guessing until it is locked (power cycles, which are not to be had here);",
                        " guessing until it is locked;" }
        };
        const struct target *target = guessing->platform.target;
        const bool power = target->abilities & TARGET_POWER;
        return guessing->to_the_end ? "" : wants[target->restart || target->may_destroy][power];
}

static void conclude(struct guessing *guessing)
{
        struct probe_run *run = guessing->platform.run;
        const bool whole = guessing->swept && guessing->restored && guessing->truthful;
        if (guessing->holds && (guessing->swept || guessing->restored)) /* else nothing was tried */
                probe_fact_bool(run, LEVEL_PIN_TRIES_HOLD, true, !whole);
        if (whole)
                probe_end(run, PROBE_HOLDS,
                        "Each wrong PIN cost a try, at %u power cuts and with an old copy of its storage, too.",
                        guessing->cuts);
        else if (guessing->to_the_end && !guessing->truthful)
                probe_end(run, PROBE_PARTLY,
                        "It says another number of tries than the wrong PINs that it takes: what it says of them tells little.");
        else if (guessing->untried)
                probe_end(run, PROBE_PARTLY,
                        "No wrong PIN was given: it says that %u are left, and they are its user's.",
                        guessing->full);
        else
                probe_end(run, PROBE_PARTLY, "Wrong PINs cost tries. Not tried in whole:%s%s%s.",
                        not_to_the_end(guessing),
                        guessing->swept ? "" : " power cuts at all writes of its storage;",
                        guessing->restored ? "" : " an old copy of its storage");
}

static void guess_all(struct guessing *guessing)
{
        const bool medium = guessing->platform.target->abilities & TARGET_MEDIUM &&
                            guessing->platform.target->abilities & TARGET_POWER;
        if (!tries_left(guessing, &guessing->full) || !choose_pins(guessing) || !give_right(guessing))
                return;
        /* two wrong ones in a row must not be its last */
        if (medium && guessing->full > WRONG_WITHOUT_HARM && (!sweep(guessing) || !put_back(guessing)))
                return;
        if (may_lock(guessing) ? count_tries(guessing) : count_gently(guessing))
                conclude(guessing);
}

/* Its tries are full again in the end, wherever that was. */
static void play(struct guessing *guessing)
{
        if (!give_right(guessing))
                return;
        guess_all(guessing);
        probe_puts_back(guessing->platform.run);
        if (right_pin(guessing))
                (void)give(guessing, true);
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
        .title_ja = "PINの総当たり",
        .attack =
                "Wrong PINs until it takes none, power cuts before, within and after each write of its storage, and old copies of that storage put back.",
        .attack_ja =
                "受け付けなくなるまで誤ったPINを送り、記憶への各書込みの前・途中・後で電源を断ち、古い記憶を書き戻す。",
        .must = "Each guess costs a try before it is answered, and nothing gives one back.",
        .must_ja = "応答の前に必ず試行回数が減り、戻らないこと。",
        .harm = "Other PINs are set and taken back; where its power can be turned off and on, wrong ones are given until the PIN is locked: only a reset, or its issuer, opens it again.",
        .harm_ja =
                "別のPINの設定と復元を行う。電源を切り入れできる対象ではロックするまで誤入力し、初期化又は発行者による解除が必要になる。",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
