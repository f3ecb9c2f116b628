/* SPDX-License-Identifier: Apache-2.0 */

/* All fingers are taken out. Then there is a biometric path with nobody behind it, and a set with nothing in
 * it, which nobody's finger may be like. */

#include "probe_finger.h"
#include "probe_passkey.h"

#include "ctap_status.h"

#define RP_ID "p10.probe.mitome.example"

struct emptying {
        struct platform platform;
        struct passkey passkey; /* of before */
        unsigned removed, untold;
        const char *broken; /* the first thing that went wrong */
};

/* What an answer says of a demand that it be refused: one that says nothing has not been tried. */
static void must_refuse(struct emptying *at, enum probe_answer answer, const char *what)
{
        at->untold += answer == PROBE_UNCLEAR;
        if (answer == PROBE_ACCEPTED && !at->broken)
                at->broken = what;
}

static int list_fingers(struct emptying *at, struct probe_fingers *ret)
{
        *ret = (struct probe_fingers){ 0 };
        int status = probe_finger_manage(&at->platform);
        return status == CTAP2_OK ? probe_finger_list(&at->platform, ret) : status;
}

/* Whoever has the phone in his hand takes no finger out. */
static int remove_without_pin(struct emptying *at)
{
        struct probe_fingers fingers, after;
        struct platform *platform = &at->platform;
        int listed = list_fingers(at, &fingers);
        if (listed != CTAP2_OK || fingers.count == 0)
                return listed == CTAP2_OK ? CTAP1_ERR_OTHER : listed;
        int status = platform_pin_token(platform, platform->target->pin, PLATFORM_GET, RP_ID);
        if (status == CTAP2_OK)
                status = probe_finger_remove(platform, &fingers, 0);
        if (status < 0)
                return status;
        probe_note(platform->run, "a finger is to be removed with a token for logins only: status %02x",
                (unsigned)status);
        listed = list_fingers(at, &after);
        if (listed != CTAP2_OK)
                return listed;
        must_refuse(at, after.count < fingers.count ? PROBE_ACCEPTED : probe_answer_of(status),
                "A finger was removed with a token that was not for it.");
        return CTAP2_OK;
}

/* None must be left, by its own list: else what is refused later says nothing of an empty set. */
static int remove_all(struct emptying *at)
{
        enum { MOST = 100 };
        struct probe_fingers fingers;
        struct platform *platform = &at->platform;
        int status = list_fingers(at, &fingers);
        while (status == CTAP2_OK && fingers.count && at->removed < MOST) {
                status = probe_finger_remove(platform, &fingers, 0);
                at->removed += status == CTAP2_OK;
                if (status == CTAP2_OK)
                        status = list_fingers(at, &fingers);
        }
        if (status >= 0)
                probe_note(platform->run, "%u fingers were removed by the PIN, %zu are left: status %02x",
                        at->removed, fingers.count, (unsigned)status);
        return status == CTAP2_OK && fingers.count ? CTAP1_ERR_OTHER : status;
}

/* Nobody is like nobody. Who is only not recognised may have been missed. */
static int lay_fingers(struct emptying *at)
{
        static const enum target_finger fingers[] = { TARGET_FINGER_HOLDER, TARGET_FINGER_STRANGER,
                TARGET_FINGER_OTHER };
        static const enum probe_answer answers[] = { [PROBE_FINGER_TAKEN] = PROBE_ACCEPTED,
                [PROBE_FINGER_STRANGE] = PROBE_UNCLEAR,
                [PROBE_FINGER_CLOSED] = PROBE_REFUSED,
                [PROBE_FINGER_UNTOLD] = PROBE_UNCLEAR };
        struct platform *platform = &at->platform;
        for (size_t i = 0; i < sizeof fingers / sizeof *fingers; i++) {
                int status = probe_finger_try(platform, fingers[i]);
                if (status < 0)
                        return status;
                must_refuse(at, answers[probe_finger_answer_of(status)],
                        "A finger opens it after all were removed.");
        }
        if (!platform_refresh(platform))
                return -1;
        must_refuse(at, platform->info.uv_set ? PROBE_ACCEPTED : PROBE_REFUSED,
                "It says that it knows fingers after all were removed.");
        return CTAP2_OK;
}

/* The first one would be anybody's. One that was begun and not ended was not refused. */
static int enrol_first(struct emptying *at)
{
        struct probe_fingers fingers;
        bool added = false;
        secret_wipe(&at->platform.token);
        int status = probe_finger_enrol(&at->platform, TARGET_FINGER_OTHER, &added);
        if (status < 0)
                return status;
        int listed = list_fingers(at, &fingers);
        if (listed != CTAP2_OK)
                return listed;
        const bool is_in = added || fingers.count;
        must_refuse(at,
                is_in                ? PROBE_ACCEPTED
                : status == CTAP2_OK ? PROBE_UNCLEAR
                                     : probe_answer_of(status),
                "Into an empty set a finger is enrolled without the PIN.");
        return CTAP2_OK;
}

/* The former passkey is the PIN's alone now. */
static int log_in(struct emptying *at)
{
        struct passkey_ceremony ceremony;
        const struct passkey_ask by_itself = { .by_itself = true };
        passkey_page(&at->platform, &ceremony, false, "https://" RP_ID);
        secret_wipe(&at->platform.token);
        int status = passkey_assert(&at->platform, &ceremony, &at->passkey, &by_itself);
        if (status < 0)
                return status;
        must_refuse(at, probe_answer_of(status),
                "It verifies its user although nothing is left to verify him by.");
        status = passkey_login(&at->platform, &ceremony, &at->passkey);
        if (status < 0)
                return status;
        probe_note(at->platform.run, "a login by the PIN: status %02x", (unsigned)status);
        at->untold += probe_answer_of(status) == PROBE_UNCLEAR;
        if (probe_answer_of(status) == PROBE_REFUSED && !at->broken)
                at->broken = "Without fingers the PIN does not open it either.";
        return CTAP2_OK;
}

static void attack(struct emptying *at)
{
        static int (*const steps[])(
                struct emptying *) = { remove_without_pin, remove_all, lay_fingers, enrol_first, log_in };
        const struct passkey_wish wish = { .rp_id = RP_ID };
        struct probe_run *run = at->platform.run;
        if (!passkey_new(&at->platform, &wish, &at->passkey))
                return;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                int status = steps[i](at);
                if (at->broken)
                        probe_end(run, PROBE_BROKEN, "%s", at->broken);
                if (status > 0)
                        probe_end(run, PROBE_NOT_TESTABLE,
                                "Its fingers cannot be managed here (status %02x).", (unsigned)status);
                if (status != CTAP2_OK)
                        return;
        }
        if (at->untold)
                probe_end(run, PROBE_PARTLY,
                        "With all its fingers removed (%u) none opens it, but %u answers say nothing of that: somebody was not seen, or only not recognised.",
                        at->removed, at->untold);
        probe_end(run, PROBE_HOLDS,
                "With all its fingers removed (%u) none opens it, and none is added; the PIN does.",
                at->removed);
}

/* The holder's finger is in again. */
static void tidy(struct platform *platform)
{
        struct target *target = platform->target;
        bool added;
        probe_puts_back(platform->run);
        if (target->restart)
                (void)target->restart(target->context);
        else if (probe_finger_manage(platform) == CTAP2_OK)
                (void)probe_finger_enrol(platform, TARGET_FINGER_HOLDER, &added);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct emptying at = { 0 };
        if (probe_finger_open(&at.platform, run, target)) {
                attack(&at);
                if (!target->restart && at.passkey.id_size)
                        passkey_drop(&at.platform, &at.passkey);
                tidy(&at.platform);
        }
        platform_close(&at.platform);
}

const struct probe probe_p10 = { .id = "P10",
        .title = "No finger left",
        .title_ja = "全ての指の削除",
        .attack =
                "Take out all fingers, then lay the former one, a stranger's, and enrol one without the PIN.",
        .attack_ja = "全ての指を削除し、元の指や他人の指を提示し、PINなしで指を登録する。",
        .must = "With no finger enrolled none opens it and none is added without the PIN; the PIN goes on opening it.",
        .must_ja = "登録指がない間はどの指でも開かず、PINなしでは登録できない。PINは引き続き使える。",
        .harm = "All fingers are taken out, and another one is enrolled.",
        .harm_ja = "指をすべて抹消し、別の指を登録する。",
        .responsible = "matcher",
        .needs = TARGET_CTAP | TARGET_FINGER,
        .destructive = true,
        .attempt = attempt };
