/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "ctap_status.h"
#include "probe_passkey.h"

/* One verification of the user, and more than it was given for: a second signature, other data, another
 * relying party, the next assertion. */

#define RP "p04.mitome.invalid"
#define OTHER_RP "p04-other.mitome.invalid"

enum { GET_NEXT_ASSERTION = 0x08 };

struct twice {
        struct platform platform;
        struct passkey passkey, other;
        bool fresh, bound;
        bool second, next, data, unnamed, elsewhere; /* what was tried, and answered */
};

static void begin(struct twice *twice, struct passkey_ceremony *ceremony)
{
        passkey_page(&twice->platform, ceremony, false, "https://" RP);
}

/* Whether the answer is a signature by the verification that was not for it: one that does not claim any is
 * none by that. *ret_tried: it was an answer, and what it claims can be read. */
static bool signs(int status, const struct passkey_ceremony *ceremony, bool *ret_tried)
{
        const enum probe_answer answer = probe_answer_of(status);
        const bool verified = answer == PROBE_ACCEPTED && passkey_flags(ceremony) & AUTHDATA_UV;
        *ret_tried =
                answer == PROBE_REFUSED || verified || (answer == PROBE_ACCEPTED && passkey_reads(ceremony));
        return verified;
}

static void not_fresh(struct twice *twice, const char *why)
{
        twice->fresh = false;
        probe_fact_bool(twice->platform.run, LEVEL_OP_FRESH_VERIFICATION, false, false);
        probe_end(twice->platform.run, PROBE_BROKEN, "%s", why);
}

static void not_bound(struct twice *twice, const char *why)
{
        twice->bound = false;
        probe_fact_bool(twice->platform.run, LEVEL_OP_BOUND_TO_DATA, false, false);
        probe_end(twice->platform.run, PROBE_BROKEN, "%s", why);
}

/* A login, and the same token for another challenge. False: the attempt is over. */
static bool sign_twice(struct twice *twice)
{
        struct platform *platform = &twice->platform;
        struct passkey_ceremony ceremony;
        const struct passkey_ask ask = { 0 };
        bool works;
        if (!passkey_works(platform, &twice->passkey, &ask, &works))
                return false;
        if (!works) {
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "The relying party gets no login where the user was verified.");
                return false;
        }
        probe_note(platform->run, "the same verification, a second challenge");
        begin(twice, &ceremony);
        int status = passkey_assert(platform, &ceremony, &twice->passkey, &ask);
        if (signs(status, &ceremony, &twice->second))
                not_fresh(twice, "One verification made two signatures.");
        return status >= 0;
}

static bool sign_next(struct twice *twice)
{
        static const uint8_t next = GET_NEXT_ASSERTION;
        struct platform *platform = &twice->platform;
        bool works;
        if (!passkey_works(platform, &twice->passkey, &(struct passkey_ask){ 0 }, &works))
                return false;
        if (!works)
                return true;
        probe_note(platform->run, "a next assertion, where one passkey was named");
        int status = probe_ctap(platform->run, slice_of(&next, 1), NULL);
        twice->next = probe_answer_of(status) != PROBE_UNCLEAR;
        if (status == CTAP2_OK)
                not_fresh(twice, "A login for one named passkey was followed by a next assertion.");
        return status >= 0;
}

/* The token's word on one challenge, before another one: with the passkey named, and without, where another
 * path of the authenticator answers. */
static bool sign_other_data(struct twice *twice, bool unnamed, bool *ret_tried)
{
        struct platform *platform = &twice->platform;
        struct passkey_ceremony asked, meant;
        struct passkey_ask ask = { .unnamed = unnamed };
        bool works;
        if (!passkey_works(platform, &twice->passkey, &ask, &works))
                return false;
        if (!works)
                return true;
        begin(twice, &asked);
        begin(twice, &meant);
        ask.verified_for = meant.hash;
        if (platform_verify(platform, PLATFORM_GET, RP) != CTAP2_OK)
                return false;
        probe_note(platform->run, "verified for one challenge, to sign another, %s",
                unnamed ? "no passkey named" : "the passkey named");
        int status = passkey_assert(platform, &asked, &twice->passkey, &ask);
        if (signs(status, &asked, ret_tried))
                not_bound(twice, "A verification for one challenge signed another.");
        return status >= 0;
}

static bool sign_elsewhere(struct twice *twice)
{
        struct platform *platform = &twice->platform;
        struct passkey_ceremony ceremony;
        const struct passkey_wish wish = { .rp_id = OTHER_RP };
        const struct passkey_ask ask = { 0 };
        bool works;
        if (!platform->info.tokens)
                return true; /* CTAP 2.0: its tokens name no relying party */
        if (!passkey_new(platform, &wish, &twice->other))
                return false;
        passkey_page(platform, &ceremony, false, "https://" OTHER_RP);
        int status = passkey_works(platform, &twice->other, &ask, &works) ? CTAP2_OK : -1;
        if (status == CTAP2_OK && works)
                status = platform_verify(platform, PLATFORM_GET, RP);
        if (status == CTAP2_OK && works) {
                probe_note(platform->run, "verified for one relying party, to sign for another");
                status = passkey_assert(platform, &ceremony, &twice->other, &ask);
                if (signs(status, &ceremony, &twice->elsewhere))
                        not_bound(twice, "A verification for one relying party signed for another.");
        }
        passkey_drop(platform, &twice->other);
        return status >= 0;
}

static void conclude(struct twice *twice)
{
        struct probe_run *run = twice->platform.run;
        const bool names_none = twice->unnamed || !twice->platform.info.discoverable;
        const bool fresh = twice->second && twice->next;
        const bool bound = twice->data && names_none && twice->elsewhere;
        if (twice->fresh && (twice->second || twice->next))
                probe_fact_bool(run, LEVEL_OP_FRESH_VERIFICATION, true, !fresh);
        if (twice->bound && (twice->data || twice->unnamed || twice->elsewhere))
                probe_fact_bool(run, LEVEL_OP_BOUND_TO_DATA, true, !bound);
        probe_end(run, fresh && bound ? PROBE_HOLDS : PROBE_PARTLY,
                "Refused, as far as it was tried:%s%s%s%s%s.", twice->second ? " a second signature;" : "",
                twice->next ? " a next assertion;" : "", twice->data ? " other data;" : "",
                twice->unnamed ? " the same, no passkey named;" : "",
                twice->elsewhere ? " another relying party" : "");
}

static void play(struct twice *twice)
{
        twice->fresh = twice->bound = true;
        if (sign_twice(twice) && sign_next(twice) && sign_other_data(twice, false, &twice->data) &&
                (!twice->passkey.discoverable || sign_other_data(twice, true, &twice->unnamed)) &&
                sign_elsewhere(twice))
                conclude(twice);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct twice twice = { 0 };
        const struct passkey_wish wish = { .rp_id = RP };
        if (!platform_open(&twice.platform, run, target))
                return;
        if (platform_way(&twice.platform) == PLATFORM_BY_NOTHING) {
                probe_end(run, PROBE_NOT_TESTABLE,
                        "The user cannot be verified here: give the PIN with --pin-file.");
        } else if (passkey_new(&twice.platform, &wish, &twice.passkey)) {
                play(&twice);
                passkey_drop(&twice.platform, &twice.passkey);
        }
        platform_close(&twice.platform);
}

const struct probe probe_p04 = {
        .id = "P04",
        .title = "Two signatures from one verification",
        .title_ja = "一度の検証で二つの署名",
        .attack =
                "One verification is used for a second signature, for other data and for another relying party.",
        .attack_ja = "一度の利用者検証で、二つ目の署名・別のデータ・別のRPへの署名を試みる。",
        .must = "Each signature wants a verification of its own, for exactly its data.",
        .must_ja = "署名ごとに、そのデータに対する利用者検証が必要であること。",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
