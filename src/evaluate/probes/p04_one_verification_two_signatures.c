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
};

static bool is_verified(const struct passkey_ceremony *ceremony)
{
        return passkey_flags(ceremony) & AUTHDATA_UV;
}

static void begin(struct twice *twice, struct passkey_ceremony *ceremony)
{
        passkey_page(&twice->platform, ceremony, false, "https://" RP);
}

/* A login, and the same token for another challenge. An answer that does not claim verification is none by
 * that token. False: the attempt is over. */
static bool sign_twice(struct twice *twice)
{
        struct platform *platform = &twice->platform;
        struct passkey_ceremony ceremony;
        const struct passkey_ask ask = { 0 };
        begin(twice, &ceremony);
        int status = platform_verify(platform, PLATFORM_GET, RP);
        if (status == CTAP2_OK)
                status = passkey_assert(platform, &ceremony, &twice->passkey, &ask);
        if (status != CTAP2_OK) {
                if (status > 0)
                        probe_end(platform->run, PROBE_NOT_TESTABLE, "It does not log in (status %02x).",
                                status);
                return false;
        }
        if (!is_verified(&ceremony)) {
                probe_end(
                        platform->run, PROBE_NOT_TESTABLE, "It does not say that it has verified the user.");
                return false;
        }
        probe_note(platform->run, "the same verification, a second challenge");
        begin(twice, &ceremony);
        status = passkey_assert(platform, &ceremony, &twice->passkey, &ask);
        if (status == CTAP2_OK && is_verified(&ceremony)) {
                twice->fresh = false;
                probe_end(platform->run, PROBE_BROKEN, "One verification made two signatures.");
        }
        return status >= 0;
}

static bool sign_next(struct twice *twice)
{
        static const uint8_t next = GET_NEXT_ASSERTION;
        struct platform *platform = &twice->platform;
        struct passkey_ceremony ceremony;
        if (passkey_login(platform, &ceremony, &twice->passkey) != CTAP2_OK)
                return false;
        probe_note(platform->run, "a next assertion, where one passkey was named");
        int status = probe_ctap(platform->run, slice_of(&next, 1), NULL);
        if (status == CTAP2_OK) {
                twice->fresh = false;
                probe_end(platform->run, PROBE_BROKEN,
                        "A login for one named passkey was followed by a next assertion.");
        }
        return status >= 0;
}

/* The token's word on one challenge, before another one. */
static bool sign_other_data(struct twice *twice)
{
        struct platform *platform = &twice->platform;
        struct passkey_ceremony asked, signed_for;
        begin(twice, &asked);
        begin(twice, &signed_for);
        if (platform_verify(platform, PLATFORM_GET, RP) != CTAP2_OK)
                return false;
        uint8_t param[SHA256_SIZE];
        writer w = platform_begin(platform, 0x02, 4);
        platform_pair_text(&w, 1, RP);
        platform_pair_bytes(&w, 2, SLICE(asked.hash));
        platform_pair_bytes(&w, 6,
                pin_protocol_param(platform->info.protocol, &platform->token, SLICE(signed_for.hash), param));
        platform_pair_uint(&w, 7, platform->info.protocol);
        probe_note(platform->run, "verified for one challenge, to sign another");
        int status = platform_go(platform, &w);
        if (status == CTAP2_OK) {
                twice->bound = false;
                probe_end(platform->run, PROBE_BROKEN, "A verification for one challenge signed another.");
        }
        return status >= 0;
}

static bool sign_elsewhere(struct twice *twice)
{
        struct platform *platform = &twice->platform;
        struct passkey_ceremony ceremony;
        const struct passkey_wish wish = { .rp_id = OTHER_RP };
        if (!platform->info.tokens)
                return true; /* CTAP 2.0: its tokens name no relying party */
        if (!passkey_new(platform, &wish, &twice->other))
                return false;
        passkey_page(platform, &ceremony, false, "https://" OTHER_RP);
        int status = platform_verify(platform, PLATFORM_GET, RP);
        if (status == CTAP2_OK) {
                probe_note(platform->run, "verified for one relying party, to sign for another");
                status = passkey_assert(platform, &ceremony, &twice->other, &(struct passkey_ask){ 0 });
                if (status == CTAP2_OK && is_verified(&ceremony)) {
                        twice->bound = false;
                        probe_end(platform->run, PROBE_BROKEN,
                                "A verification for one relying party signed for another.");
                }
        }
        passkey_drop(platform, &twice->other);
        return status >= 0;
}

static void play(struct twice *twice)
{
        struct probe_run *run = twice->platform.run;
        const bool permits = twice->platform.info.tokens;
        twice->fresh = twice->bound = true;
        if (!sign_twice(twice) || !sign_next(twice) || !sign_other_data(twice) || !sign_elsewhere(twice))
                return;
        probe_fact_bool(run, LEVEL_OP_FRESH_VERIFICATION, twice->fresh, false);
        probe_fact_bool(run, LEVEL_OP_BOUND_TO_DATA, twice->bound, !permits);
        probe_end(run, PROBE_HOLDS, "Refused: a second signature, a next assertion, other data%s.",
                permits ? ", another relying party" : "");
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
