/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "ctap_status.h"
#include "probe_passkey.h"

/* Less than was asked for: a login without verification, flags that were changed, an algorithm that nobody
 * should take, a counter that goes back, backup flags that change. */

#define RP "p14.mitome.invalid"

enum { FLAGS_AT = 32, CUTS = 3 };

static const struct site strict = { .rp_id = RP, .origin = "https://" RP, .wants_verification = true };
static const struct site lax = { .rp_id = RP, .origin = "https://" RP };

struct stripped {
        struct platform platform;
        struct passkey passkey;
        struct passkey_ceremony registration;
        uint32_t last; /* the counter of the last login */
        bool checks, rolls_back, synced, cycled;
};

static void judged(struct stripped *stripped, const char *what, const struct site_verdict *verdict)
{
        struct probe_run *run = stripped->platform.run;
        const bool refused = verdict->code != MITOME_OK;
        probe_note(run, "the relying party, about %s: %s", what, refused ? verdict->why : "accepted");
        if (!refused) {
                stripped->checks = false;
                probe_end(run, PROBE_BROKEN, "The relying party accepts %s.", what);
        }
}

/* False: the attempt is over. */
static bool log_in(struct stripped *stripped, struct passkey_ceremony *ret)
{
        int status = passkey_login(&stripped->platform, ret, &stripped->passkey);
        if (status > 0)
                probe_end(stripped->platform.run, PROBE_NOT_TESTABLE, "It does not log in (status %02x).",
                        status);
        stripped->synced = stripped->synced || passkey_flags(ret) & AUTHDATA_BE;
        return status == CTAP2_OK;
}

/* ---- flags ---- */

static bool strip_flags(struct stripped *stripped)
{
        struct platform *platform = &stripped->platform;
        struct passkey_ceremony ceremony;
        struct site_verdict verdict;
        secret_wipe(&platform->token);
        passkey_page(platform, &ceremony, false, strict.origin);
        probe_note(platform->run, "a login without verification");
        int status = passkey_assert(platform, &ceremony, &stripped->passkey, &(struct passkey_ask){ 0 });
        if (status == CTAP2_OK && !(passkey_flags(&ceremony) & AUTHDATA_UV)) {
                site_logs_in(&strict, &ceremony, ceremony.challenge, &stripped->passkey, &verdict);
                judged(stripped, "a login without verification, where it is wanted", &verdict);
                ceremony.auth_data[FLAGS_AT] |= AUTHDATA_UV;
                site_logs_in(&strict, &ceremony, ceremony.challenge, &stripped->passkey, &verdict);
                judged(stripped, "the same with the flag set behind its back", &verdict);
        }
        if (status < 0 || !log_in(stripped, &ceremony))
                return false;
        ceremony.auth_data[FLAGS_AT] ^= AUTHDATA_UV;
        site_logs_in(&lax, &ceremony, ceremony.challenge, &stripped->passkey, &verdict);
        judged(stripped, "a login whose flag was changed", &verdict);
        ceremony.auth_data[FLAGS_AT] ^= AUTHDATA_UV | AUTHDATA_UP;
        site_logs_in(&lax, &ceremony, ceremony.challenge, &stripped->passkey, &verdict);
        judged(stripped, "a login that says nobody was present", &verdict);
        return true;
}

static bool change_backup(struct stripped *stripped)
{
        struct passkey_ceremony ceremony;
        struct site_verdict verdict;
        struct passkey other = stripped->passkey;
        if (!log_in(stripped, &ceremony))
                return false;
        other.flags ^= AUTHDATA_BE;
        site_logs_in(&lax, &ceremony, ceremony.challenge, &other, &verdict);
        judged(stripped, "a passkey whose backup eligibility is not what it was", &verdict);
        return true;
}

/* ---- algorithms ---- */

static bool downgrade(struct stripped *stripped)
{
        static const int64_t broken[] = { COSE_RS1 };
        const int64_t others[] = { stripped->passkey.algorithm == COSE_ES256 ? COSE_EDDSA : COSE_ES256 };
        struct platform *platform = &stripped->platform;
        struct passkey_ceremony ceremony;
        struct passkey weak;
        struct site_verdict verdict;
        struct site choosy = lax;
        const struct passkey_wish wish = {
                .rp_id = RP, .algorithms = broken, .algorithm_count = 1, .user = 1
        };
        choosy.algorithms = others;
        choosy.algorithm_count = 1;
        site_registers(&choosy, &stripped->registration, &stripped->passkey, &verdict);
        judged(stripped, "a registration with an algorithm that was not asked for", &verdict);
        int status = platform_verify(platform, PLATFORM_MAKE, RP);
        if (status != CTAP2_OK)
                return status > 0;
        passkey_page(platform, &ceremony, true, lax.origin);
        probe_note(platform->run, "a passkey with SHA-1 is asked for, and nothing else");
        status = passkey_make(platform, &ceremony, &wish, &weak);
        if (status == CTAP2_OK) {
                site_registers(&lax, &ceremony, &weak, &verdict);
                judged(stripped, "a passkey that signs with SHA-1", &verdict);
                passkey_drop(platform, &weak);
        }
        return status >= 0;
}

/* ---- counters ---- */

static void must_grow(struct stripped *stripped, const struct passkey_ceremony *ceremony, const char *when)
{
        const uint32_t now = passkey_count(ceremony);
        struct probe_run *run = stripped->platform.run;
        probe_note(run, "the counter %s: %lu", when, (unsigned long)now);
        if ((now || stripped->last) && now <= stripped->last) {
                stripped->rolls_back = true;
                probe_end(run, PROBE_BROKEN, "Its signature counter went from %lu to %lu %s.",
                        (unsigned long)stripped->last, (unsigned long)now, when);
        }
        stripped->last = now;
}

/* A power cut at the next write, before, within and after it, while it signs. */
static bool cut_counter(struct stripped *stripped, struct passkey_ceremony *ceremony)
{
        struct target *target = stripped->platform.target;
        for (unsigned torn = 0; torn < CUTS; torn++) {
                if (platform_verify(&stripped->platform, PLATFORM_GET, RP) != CTAP2_OK)
                        return false;
                passkey_page(&stripped->platform, ceremony, false, lax.origin);
                probe_note(stripped->platform.run, "the power is cut at the next write, moment %u", torn);
                target->cut(target->context, 1, torn);
                int status = passkey_assert(
                        &stripped->platform, ceremony, &stripped->passkey, &(struct passkey_ask){ 0 });
                if (status == CTAP2_OK)
                        must_grow(stripped, ceremony, "in spite of the cut");
                target->cut(target->context, 0, 0);
                if (!target->power_cycle(target->context) || !log_in(stripped, ceremony))
                        return false;
                must_grow(stripped, ceremony, "after a power cut");
        }
        return true;
}

static bool roll_back(struct stripped *stripped)
{
        struct target *target = stripped->platform.target;
        struct passkey_ceremony first, next;
        struct passkey later = stripped->passkey;
        struct site_verdict verdict;
        if (!log_in(stripped, &first))
                return false;
        stripped->last = passkey_count(&first);
        if (!log_in(stripped, &next))
                return false;
        must_grow(stripped, &next, "at the next login");
        later.count = passkey_count(&next);
        site_logs_in(&lax, &first, first.challenge, &later, &verdict);
        if (later.count && verdict.code == MITOME_OK && !verdict.clone_suspected) {
                stripped->checks = false;
                probe_end(stripped->platform.run, PROBE_BROKEN,
                        "The relying party does not notice a counter that went back.");
        }
        if (!(target->abilities & TARGET_POWER))
                return true;
        probe_note(stripped->platform.run, "the power goes off and on");
        if (!target->power_cycle(target->context) || !log_in(stripped, &next))
                return false;
        stripped->cycled = true;
        must_grow(stripped, &next, "after a power cycle");
        return !(target->abilities & TARGET_MEDIUM) || cut_counter(stripped, &next);
}

/* What is whole must be accepted: else refusals would say nothing. */
static bool is_accepted(struct stripped *stripped)
{
        struct passkey_ceremony ceremony;
        struct site_verdict verdict;
        site_registers(&lax, &stripped->registration, &stripped->passkey, &verdict);
        if (verdict.code == MITOME_OK) {
                if (!log_in(stripped, &ceremony))
                        return false;
                site_logs_in(&lax, &ceremony, ceremony.challenge, &stripped->passkey, &verdict);
        }
        if (verdict.code != MITOME_OK)
                probe_end(stripped->platform.run, PROBE_NOT_TESTABLE,
                        "The relying party refuses an ordinary login: %s", verdict.why);
        return verdict.code == MITOME_OK;
}

static void play(struct stripped *stripped)
{
        struct probe_run *run = stripped->platform.run;
        if (!is_accepted(stripped) || !strip_flags(stripped) || !change_backup(stripped) ||
                !downgrade(stripped) || !roll_back(stripped))
                return;
        probe_fact_bool(run, LEVEL_VERIFIER_CHECKS_FLAGS, stripped->checks, false);
        probe_fact_bool(run, LEVEL_KEY_COUNTER_ROLLS_BACK, stripped->rolls_back, !stripped->cycled);
        probe_fact_bool(
                run, LEVEL_KEY_SYNCABLE, stripped->synced || stripped->passkey.flags & AUTHDATA_BE, false);
        probe_end(run, stripped->cycled ? PROBE_HOLDS : PROBE_PARTLY,
                "Flags, algorithms and counters: what is less than was asked for is refused%s.",
                stripped->cycled ? "" : "; the counter was not seen across a power cycle");
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct stripped stripped = { .checks = true };
        const struct passkey_wish wish = { .rp_id = RP };
        if (!platform_open(&stripped.platform, run, target))
                return;
        int status = platform_verify(&stripped.platform, PLATFORM_MAKE, RP);
        passkey_page(&stripped.platform, &stripped.registration, true, lax.origin);
        if (status == CTAP2_OK)
                status = passkey_make(&stripped.platform, &stripped.registration, &wish, &stripped.passkey);
        if (status > 0)
                probe_end(run, PROBE_NOT_TESTABLE, "No passkey could be made (status %02x): %s.", status,
                        passkey_refusal(status));
        if (status == CTAP2_OK) {
                play(&stripped);
                passkey_drop(&stripped.platform, &stripped.passkey);
        }
        platform_close(&stripped.platform);
}

const struct probe probe_p14 = {
        .id = "P14",
        .title = "Less than was asked for",
        .title_ja = "弱められた認証",
        .attack =
                "Logins without verification, changed flags, algorithms nobody should take, and counters across power cycles and cuts.",
        .attack_ja = "検証なしの認証、フラグの改変、弱いアルゴリズム、電源断をまたぐカウンターを試す。",
        .must = "The relying party refuses what is less than it asked for, and counters only grow.",
        .must_ja = "RPが要求を満たさないものを拒否し、カウンターが増加のみすること。",
        .responsible = "relying party",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
