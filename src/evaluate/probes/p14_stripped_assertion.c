/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "ctap_status.h"
#include "probe_passkey.h"

/* Less than was asked for: a login without verification, flags that were changed, an algorithm that nobody
 * should take, a counter that goes back, backup flags that change. */

#define RP "p14.mitome.invalid"

enum { CUTS = 3 };

static const struct site strict = { .rp_id = RP, .origin = "https://" RP, .wants_verification = true };
static const struct site lax = { .rp_id = RP, .origin = "https://" RP };

struct stripped {
        struct platform platform;
        struct passkey passkey;
        struct passkey_ceremony registration;
        uint32_t last; /* the counter of the last login */
        bool checks, rolls_back, synced, cycled, counts;
        unsigned untold; /* cases that could not be brought before the relying party */
        unsigned unread; /* counters that could not be read */
        unsigned cuts;   /* of the power, in the midst of a write while it signed */
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

static void not_tried(struct stripped *stripped, const char *what)
{
        probe_note(stripped->platform.run, "not tried: %s", what);
        stripped->untold++;
}

/* What cannot be read is refused for that, whatever it stands for. */
static void judge_login(struct stripped *stripped, const char *what, const struct site *site,
        const struct passkey_ceremony *ceremony, const struct passkey *passkey)
{
        struct site_verdict verdict;
        if (!passkey_reads(ceremony)) {
                not_tried(stripped, what);
                return;
        }
        site_logs_in(site, ceremony, ceremony->challenge, passkey, &verdict);
        judged(stripped, what, &verdict);
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
        const struct passkey *passkey = &stripped->passkey;
        secret_wipe(&platform->token);
        passkey_page(platform, &ceremony, false, strict.origin);
        probe_note(platform->run, "a login without verification");
        int status = passkey_assert(platform, &ceremony, passkey, &(struct passkey_ask){ 0 });
        if (status == CTAP2_OK && !(passkey_flags(&ceremony) & AUTHDATA_UV)) {
                judge_login(stripped, "a login without verification, where it is wanted", &strict, &ceremony,
                        passkey);
                ceremony.auth_data[PASSKEY_FLAGS_AT] |= AUTHDATA_UV;
                judge_login(
                        stripped, "the same with the flag set behind its back", &strict, &ceremony, passkey);
        } else if (status >= 0) {
                not_tried(stripped, "a login without verification, which it does not give");
        }
        if (status < 0 || !log_in(stripped, &ceremony))
                return false;
        ceremony.auth_data[PASSKEY_FLAGS_AT] ^= AUTHDATA_UV;
        judge_login(stripped, "a login whose flag was changed", &lax, &ceremony, passkey);
        probe_fact_bool(platform->run, LEVEL_VERIFIER_CHECKS_VERIFICATION, stripped->checks,
                stripped->checks && stripped->untold);
        ceremony.auth_data[PASSKEY_FLAGS_AT] ^= AUTHDATA_UV | AUTHDATA_UP;
        judge_login(stripped, "a login that says nobody was present", &lax, &ceremony, passkey);
        return true;
}

static bool change_backup(struct stripped *stripped)
{
        struct passkey_ceremony ceremony;
        struct passkey other = stripped->passkey;
        if (!log_in(stripped, &ceremony))
                return false;
        other.flags ^= AUTHDATA_BE;
        judge_login(
                stripped, "a passkey whose backup eligibility is not what it was", &lax, &ceremony, &other);
        return true;
}

/* ---- algorithms ---- */

/* A registration without attestation, which anybody can write: of this passkey, with that key. */
static void write_registration(const struct stripped *stripped, slice key, struct passkey_ceremony *ret)
{
        static const uint8_t no_model[16];
        const slice data = slice_of(stripped->registration.auth_data, PASSKEY_FLAGS_AT);
        writer d = WRITER(ret->auth_data), w = WRITER(ret->object);
        write_slice(&d, data);
        write_u8(&d, (uint8_t)(passkey_flags(&stripped->registration) & ~AUTHDATA_ED));
        write_u32(&d, stripped->passkey.count);
        write_slice(&d, SLICE(no_model));
        write_u16(&d, (uint16_t)stripped->passkey.id_size);
        write_slice(&d, slice_of(stripped->passkey.id, stripped->passkey.id_size));
        write_slice(&d, key);
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "fmt");
        cbor_write_string(&w, "none");
        cbor_write_string(&w, "attStmt");
        cbor_write_map(&w, 0);
        cbor_write_string(&w, "authData");
        cbor_write_bytes(&w, writer_view(&d));
        ret->object_size = w.overflowed || d.overflowed ? 0 : w.used;
}

/* An RSA key, for signatures over SHA-1. */
static slice write_weak_key(struct probe_run *run, uint8_t *buffer, size_t capacity)
{
        static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
        uint8_t modulus[256];
        writer w = writer_over(buffer, capacity);
        probe_random(run, modulus, sizeof modulus);
        modulus[0] |= 0x80;
        modulus[sizeof modulus - 1] |= 1;
        const struct cose_key key = { .algorithm = COSE_RS1, .n = SLICE(modulus), .e = SLICE(exponent) };
        cose_key_write(&w, &key);
        return writer_view(&w);
}

/* What the authenticator would not make, somebody else writes: with its own key the relying party takes such
 * a registration, with a weak one it must not. */
static void forge_weak_key(struct stripped *stripped)
{
        uint8_t bytes[PASSKEY_KEY_MAX];
        struct passkey_ceremony forged = stripped->registration;
        struct passkey weak = stripped->passkey;
        struct site_verdict verdict;
        write_registration(stripped, slice_of(weak.key, weak.key_size), &forged);
        site_registers(&lax, &forged, &weak, &verdict);
        if (verdict.code != MITOME_OK) {
                not_tried(stripped,
                        "a key for SHA-1 in a registration that anybody can write, which is refused");
                return;
        }
        write_registration(stripped, write_weak_key(stripped->platform.run, bytes, sizeof bytes), &forged);
        weak.algorithm = COSE_RS1;
        site_registers(&lax, &forged, &weak, &verdict);
        judged(stripped, "a registration with a key that signs with SHA-1", &verdict);
}

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
        forge_weak_key(stripped);
        int status = platform_verify(platform, PLATFORM_MAKE, RP);
        if (status > 0)
                not_tried(stripped, "a passkey that signs with SHA-1: nobody was verified for it");
        if (status != CTAP2_OK)
                return status > 0;
        passkey_page(platform, &ceremony, true, lax.origin);
        probe_note(platform->run, "a passkey with SHA-1 is asked for, and nothing else");
        status = passkey_make(platform, &ceremony, &wish, &weak);
        if (status == CTAP2_OK) {
                site_registers(&lax, &ceremony, &weak, &verdict);
                judged(stripped, "a passkey that signs with SHA-1", &verdict);
                passkey_drop(platform, &weak);
        } else if (probe_answer_of(status) == PROBE_UNCLEAR && status >= 0) {
                not_tried(stripped, "a passkey that signs with SHA-1: the answer says nothing");
        }
        return status >= 0;
}

/* ---- counters ---- */

/* One that cannot be read is none at all: the next is compared with the last that could be. */
static void must_grow(struct stripped *stripped, const struct passkey_ceremony *ceremony, const char *when)
{
        uint32_t now;
        struct probe_run *run = stripped->platform.run;
        if (!passkey_count(ceremony, &now)) {
                probe_note(run, "the counter %s cannot be read", when);
                stripped->unread++;
                return;
        }
        if ((now || stripped->last) && now <= stripped->last) {
                probe_note(run, "the counter %s: %lu", when, (unsigned long)now);
                stripped->rolls_back = true;
                probe_end(run, PROBE_BROKEN, "Its signature counter went from %lu to %lu %s.",
                        (unsigned long)stripped->last, (unsigned long)now, when);
        }
        stripped->counts = stripped->counts || now;
        stripped->last = now;
}

/* An assertion, with the power to be cut at one of its own writes. The status byte. */
static int assert_under(
        struct stripped *stripped, unsigned write, unsigned torn, struct passkey_ceremony *ret)
{
        struct platform *platform = &stripped->platform;
        struct target *target = platform->target;
        int status = platform_verify(platform, PLATFORM_GET, RP);
        if (status != CTAP2_OK)
                return status;
        passkey_page(platform, ret, false, lax.origin);
        target->cut(target->context, write, torn);
        status = passkey_assert(platform, ret, &stripped->passkey, &(struct passkey_ask){ 0 });
        if (!target->was_cut(target->context))
                target->cut(target->context, 0, 0);
        return status;
}

/* It logs in until a login of its own writes, as many as it has: who counts in blocks writes at a block's end
 * only. *ret_cut: it did, and the power was cut there. False: the attempt is over. */
static bool cut_one(struct stripped *stripped, unsigned write, unsigned torn, unsigned most, bool *ret_cut)
{
        struct target *target = stripped->platform.target;
        struct passkey_ceremony ceremony;
        *ret_cut = false;
        for (unsigned i = 0; i < most && !*ret_cut; i++) {
                int status = assert_under(stripped, write, torn, &ceremony);
                *ret_cut = target->was_cut(target->context);
                if (status == CTAP2_OK)
                        must_grow(
                                stripped, &ceremony, *ret_cut ? "in spite of a cut" : "from login to login");
                else if (!*ret_cut)
                        return false;
        }
        if (!*ret_cut)
                return true;
        stripped->cuts++;
        probe_note(stripped->platform.run, "the power was cut at write %u of a signature, moment %u", write,
                torn);
        if (!target->power_cycle(target->context) || !log_in(stripped, &ceremony))
                return false;
        must_grow(stripped, &ceremony, "after a power cut");
        return true;
}

/* The power is cut at each write of a signature, before, within and after it: at the first signature after a
 * power cycle, and in the run of a block that comes to its end. */
static bool cut_counter(struct stripped *stripped)
{
        enum { WRITES_MAX = 8, BLOCK_MAX = 300 };
        struct target *target = stripped->platform.target;
        static const unsigned runs[] = { 1, BLOCK_MAX };
        bool cut = true;
        for (size_t run = 0; run < sizeof runs / sizeof *runs; run++) {
                for (unsigned i = 0; i < WRITES_MAX * CUTS; i++) {
                        if (runs[run] == 1 && !target->power_cycle(target->context))
                                return false;
                        if (!cut_one(stripped, 1 + i / CUTS, i % CUTS, runs[run], &cut))
                                return false;
                        if (!cut) /* it has no such write */
                                break;
                        if (!probe_progress(stripped->platform.run, stripped->cuts, 2 * WRITES_MAX * CUTS))
                                return true;
                }
        }
        probe_note(stripped->platform.run,
                "the power was cut %u times at writes of a signature; the counter is now %lu", stripped->cuts,
                (unsigned long)stripped->last);
        return true;
}

/* The relying party, which has seen a higher one, is shown an honest login. */
static void show_older(struct stripped *stripped, const struct passkey_ceremony *ceremony)
{
        struct passkey later = stripped->passkey;
        struct site_verdict verdict;
        uint32_t count;
        if (!passkey_count(ceremony, &count) || count == UINT32_MAX) {
                not_tried(stripped, "a counter that went back: that of the login leaves no room for it");
                return;
        }
        later.count = count + 1;
        site_logs_in(&lax, ceremony, ceremony->challenge, &later, &verdict);
        probe_note(stripped->platform.run, "the relying party, about a counter that went back: %s",
                verdict.code != MITOME_OK ? verdict.why
                : verdict.clone_suspected ? "it suspects a clone"
                                          : "accepted");
        if (verdict.code == MITOME_OK && !verdict.clone_suspected) {
                stripped->checks = false;
                probe_end(stripped->platform.run, PROBE_BROKEN,
                        "The relying party does not notice a counter that went back.");
        }
}

static bool roll_back(struct stripped *stripped)
{
        struct target *target = stripped->platform.target;
        struct passkey_ceremony first, next;
        if (!log_in(stripped, &first))
                return false;
        must_grow(stripped, &first, "at a login");
        if (!log_in(stripped, &next))
                return false;
        must_grow(stripped, &next, "at the next login");
        show_older(stripped, &next);
        if (!(target->abilities & TARGET_POWER))
                return true;
        probe_note(stripped->platform.run, "the power goes off and on");
        if (!target->power_cycle(target->context) || !log_in(stripped, &next))
                return false;
        stripped->cycled = true;
        must_grow(stripped, &next, "after a power cycle");
        return !(target->abilities & TARGET_MEDIUM) || cut_counter(stripped);
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

static void conclude(struct stripped *stripped)
{
        struct probe_run *run = stripped->platform.run;
        const bool whole = stripped->cycled && stripped->cuts && !stripped->unread;
        const bool synced = stripped->synced || stripped->passkey.flags & AUTHDATA_BE;
        probe_fact_bool(
                run, LEVEL_VERIFIER_CHECKS_FLAGS, stripped->checks, stripped->checks && stripped->untold);
        if (stripped->counts)
                probe_fact_bool(run, LEVEL_KEY_COUNTER_ROLLS_BACK, stripped->rolls_back,
                        !stripped->rolls_back && !whole);
        probe_fact_bool(run, LEVEL_KEY_SYNCABLE, synced, !synced); /* that it is not is its own word */
        probe_end(run, whole && !stripped->untold && stripped->counts ? PROBE_HOLDS : PROBE_PARTLY,
                "Flags, algorithms and counters: what is less than was asked for is refused%s%s%s%s.",
                stripped->untold ? "; not all of it could be asked for" : "",
                stripped->unread ? "; not every counter could be read" : "",
                !stripped->counts  ? stripped->unread ? "" : "; it has no counter"
                : stripped->cycled ? ""
                                   : "; the counter was not seen across a power cycle",
                stripped->counts && stripped->cycled && !stripped->cuts
                        ? "; the power was not cut in the midst of a signature"
                        : "");
}

static void play(struct stripped *stripped)
{
        struct probe_run *run = stripped->platform.run;
        if (is_accepted(stripped) && strip_flags(stripped) && change_backup(stripped) &&
                downgrade(stripped) && roll_back(stripped)) {
                conclude(stripped);
                return;
        }
        /* What was seen of it counts, although it came to no end. */
        if (!stripped->checks)
                probe_fact_bool(run, LEVEL_VERIFIER_CHECKS_FLAGS, false, false);
        if (stripped->rolls_back)
                probe_fact_bool(run, LEVEL_KEY_COUNTER_ROLLS_BACK, true, false);
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
