/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "ctap_status.h"
#include "probe_passkey.h"

/* No attack: a registration and a login as they should be. What cannot do this is no target for the others.
 */

#define RP "p00.mitome.invalid"

static const struct site site = { .rp_id = RP, .origin = "https://" RP };

/* What it offers, it shows; that there is nothing else is its own word. */
static void tell_model(struct probe_run *run, const struct platform_info *info)
{
        const bool uv = info->uv_possible || info->fingers;
        probe_fact_bool(run, LEVEL_PIN_OFFERED, info->pin_possible, !info->pin_possible);
        probe_fact_bool(run, LEVEL_UV_OFFERED, uv, !uv);
}

/* Of a login where the user could have been verified, and nobody here knew how, nothing is told of that. */
static void tell_login(
        struct platform *platform, const struct passkey *passkey, const struct site_verdict *login)
{
        struct probe_run *run = platform->run;
        const bool could = platform->info.pin_set || platform->info.uv_set;
        const bool syncable = (passkey->flags | login->flags) & AUTHDATA_BE;
        probe_fact_bool(run, LEVEL_LOGIN_USER_PRESENT, login->flags & AUTHDATA_UP, false);
        if (platform_way(platform) != PLATFORM_BY_NOTHING || !could) {
                probe_fact_bool(run, LEVEL_LOGIN_USER_VERIFIED, login->flags & AUTHDATA_UV, false);
                probe_fact_bool(run, LEVEL_LOGIN_VERIFICATION_TOLD,
                        login->verified_by >= MITOME_VERIFIED_BY_PIN, false);
        }
        probe_fact_count(
                run, LEVEL_LOGIN_CHALLENGE_BITS, 8 * sizeof((struct passkey_ceremony *)0)->challenge, false);
        probe_fact_bool(run, LEVEL_LOGIN_ORIGIN_BOUND, true, false);
        probe_fact_bool(run, LEVEL_LOGIN_BACKUP_ELIGIBLE, login->flags & AUTHDATA_BE, false);
        probe_fact_bool(run, LEVEL_LOGIN_CROSS_DEVICE, false, false);
        if (passkey_strength(passkey))
                probe_fact_count(run, LEVEL_KEY_STRENGTH_BITS, passkey_strength(passkey), false);
        probe_fact_bool(run, LEVEL_KEY_SYNCABLE, syncable, !syncable); /* its own word, too */
}

/* False: the verdict has been given. */
static bool log_in(
        struct platform *platform, const struct passkey *passkey, struct passkey_ceremony *ceremony)
{
        struct site_verdict login;
        const struct passkey_ask ask = { .told = platform->info.verification_told };
        const enum platform_way way = platform_way(platform);
        struct site wanting = site;
        wanting.wants_verification = way != PLATFORM_BY_NOTHING;
        passkey_page(platform, ceremony, false, site.origin);
        int status = platform_verify(platform, PLATFORM_GET, RP);
        if (status == CTAP2_OK)
                status = passkey_assert(platform, ceremony, passkey, &ask);
        if (status < 0)
                return false;
        if (status != CTAP2_OK) {
                const bool refuses = probe_answer_of(status) == PROBE_REFUSED;
                probe_end(platform->run, refuses ? PROBE_BROKEN : PROBE_NOT_TESTABLE,
                        "It registered a passkey and does not log in with it (status %02x)%s%s.", status,
                        refuses ? "" : ": ", refuses ? "" : passkey_refusal(status));
                return false;
        }
        site_logs_in(&wanting, ceremony, ceremony->challenge, passkey, &login);
        if (login.code != MITOME_OK) {
                probe_end(platform->run, PROBE_BROKEN, "The relying party refuses its login: %s", login.why);
                return false;
        }
        tell_login(platform, passkey, &login);
        probe_end(platform->run, way == PLATFORM_BY_NOTHING ? PROBE_PARTLY : PROBE_HOLDS,
                way == PLATFORM_BY_NOTHING
                        ? "Registered and logged in, by presence alone: no PIN is known here."
                        : "Registered and logged in; the relying party accepts both.");
        return true;
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct platform platform;
        struct passkey passkey;
        struct passkey_ceremony ceremony;
        struct site_verdict registered;
        if (!platform_open(&platform, run, target))
                return;
        tell_model(run, &platform.info);
        int status = platform_verify(&platform, PLATFORM_MAKE, RP);
        const struct passkey_wish wish = { .rp_id = RP, .told = platform.info.verification_told };
        passkey_page(&platform, &ceremony, true, site.origin);
        if (status == CTAP2_OK)
                status = passkey_make(&platform, &ceremony, &wish, &passkey);
        if (status > 0)
                probe_end(run, PROBE_NOT_TESTABLE, "No passkey could be made (status %02x): %s.", status,
                        passkey_refusal(status));
        if (status == CTAP2_OK) {
                site_registers(&site, &ceremony, &passkey, &registered);
                if (registered.code != MITOME_OK)
                        probe_end(run, PROBE_BROKEN, "The relying party refuses its registration: %s",
                                registered.why);
                else
                        log_in(&platform, &passkey, &ceremony);
                passkey_drop(&platform, &passkey);
        }
        platform_close(&platform);
}

const struct probe probe_p00 = {
        .id = "P00",
        .title = "An ordinary login",
        .title_ja = "通常の認証",
        .attack =
                "None: a passkey is registered and used as it is meant to be, and libmitome-rp judges both.",
        .attack_ja = "攻撃なし。パスキーを登録して通常どおり認証し、libmitome-rpが検証する。",
        .must = "The relying party accepts registration and login.",
        .must_ja = "登録と認証が受け入れられること。",
        .responsible = "element",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
