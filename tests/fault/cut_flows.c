/* SPDX-License-Identifier: Apache-2.0 */
#include "cut_flows.h"

#include "jpki_app.h"

#include <string.h>

/* ---- what many of them do ---- */

/* An application, or what is left of it. What could not be done is done by the next call. */
static void apply_or_go_on(
        struct cut_world *world, struct world_phone *phone, enum life_purpose purpose, unsigned kinds)
{
        struct world *all = &world->play.world;
        struct life_state state;
        if (failed(life_cycle_look(phone->app, &state, NULL)))
                return;
        bool anew = state.order == LIFE_ORDER_NONE || state.order == LIFE_ORDER_GIVEN_UP ||
                    state.purpose != purpose;
        if (anew)
                (void)failed(world_apply(all, phone, world->play.person, purpose, kinds, &state, NULL));
        else
                (void)failed(world_go_on(all, phone, &state, NULL));
        (void)failed(world_settle(all, 3, NULL));
}

static bool is_done(struct world_phone *phone, enum life_purpose purpose, unsigned present)
{
        struct life_state state;
        return !failed(life_cycle_look(phone->app, &state, NULL)) && state.order == LIFE_ORDER_DONE &&
               state.purpose == purpose && state.present == present && state.to_choose == 0;
}

static int64_t live(struct cut_world *world)
{
        return cut_world_number(
                world, WORLD_AUTHORITY, "SELECT count(*) FROM certificate WHERE place = 2 AND status = 0");
}

static bool is_empty(struct cut_world *world, struct world_phone *phone)
{
        struct cut_content content;
        return cut_world_content(world, phone, &content) && content.kinds == 0;
}

static bool nothing_is_open(struct cut_world *world)
{
        return cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM order_ WHERE state <= 3") == 0;
}

/* The phone is switched on and has a network: it looks whether there is something for it. */
static void phone_goes_on(struct cut_world *world, struct world_phone *phone)
{
        struct life_state state;
        unsigned count;
        bool woken;
        (void)failed(world_settle(&world->play.world, 3, NULL));
        (void)failed(life_cycle_poll(phone->app, &woken, NULL));
        (void)failed(life_cycle_run(phone->app, &state, NULL));
        (void)failed(life_cycle_deliver(phone->app, &count, NULL));
        (void)failed(world_settle(&world->play.world, 3, NULL));
}

static bool opens(struct cut_world *world, struct world_phone *phone, const char *pin, uint16_t *ret_sw)
{
        struct mitome_enforcer *enforcer;
        *ret_sw = 0;
        if (failed(mitome_enforcer_new(&phone->element.link, &world->play.world.app, &enforcer, NULL)))
                return false;
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        bool good = !failed(jpki_app_select(enforcer, NULL)) &&
                    !failed(jpki_app_verify(&link, &jpki_user_verification, pin, ret_sw, NULL));
        mitome_enforcer_free(enforcer);
        return good;
}

/* ---- issue ---- */

static void drive_issue(struct cut_world *world)
{
        apply_or_go_on(world, world->play.old, LIFE_ISSUE, LIFE_USER_VERIFICATION);
}

static bool issue_reached(struct cut_world *world)
{
        uint16_t sw;
        return is_done(world->play.old, LIFE_ISSUE, LIFE_USER_VERIFICATION) && live(world) == 1 &&
               opens(world, world->play.old, WORLD_PIN, &sw);
}

const struct cut_flow cut_flow_issue = { "issue", NULL, drive_issue, issue_reached };

/* ---- renew ---- */

static void drive_renew(struct cut_world *world)
{
        apply_or_go_on(world, world->play.old, LIFE_RENEW, LIFE_USER_VERIFICATION);
}

static bool renew_reached(struct cut_world *world)
{
        struct ca_status former;
        struct cut_content content;
        return is_done(world->play.old, LIFE_RENEW, LIFE_BOTH) && live(world) == 2 &&
               !failed(world_status(&world->play.world, REGISTER_USER_VERIFICATION,
                       play_serial(&world->play, REGISTER_USER_VERIFICATION), &former, NULL)) &&
               former.state == CA_REVOKED && cut_world_content(world, world->play.old, &content) &&
               content.kinds == LIFE_BOTH;
}

/* ---- another phone takes the first one's place ---- */

static bool buy_phone(struct cut_world *world)
{
        return cut_world_phone(world, WORLD_PHONES - 1, &world->play.new);
}

static void drive_model_change(struct cut_world *world)
{
        apply_or_go_on(world, world->play.new, LIFE_ISSUE, LIFE_BOTH);
        phone_goes_on(world, world->play.old);
}

static bool model_change_reached(struct cut_world *world)
{
        return is_done(world->play.new, LIFE_ISSUE, LIFE_BOTH) && live(world) == 2 &&
               is_empty(world, world->play.old) && nothing_is_open(world);
}

/* ---- a forgotten PIN ---- */

static bool block_pin(struct cut_world *world)
{
        enum { TRIES = 3 }; /* as the plastic card's */
        uint16_t sw = 0;
        for (unsigned i = 0; i < TRIES; i++)
                if (opens(world, world->play.old, "0000", &sw))
                        return false;
        return !opens(world, world->play.old, WORLD_PIN, &sw);
}

static void drive_reset_pin(struct cut_world *world)
{
        apply_or_go_on(world, world->play.old, LIFE_RESET_PIN, LIFE_USER_VERIFICATION);
}

static bool reset_pin_reached(struct cut_world *world)
{
        uint16_t sw;
        return is_done(world->play.old, LIFE_RESET_PIN, LIFE_BOTH) && live(world) == 2 &&
               opens(world, world->play.old, WORLD_PIN, &sw);
}

/* ---- the phone alone ---- */

static void drive_revoke_here(struct cut_world *world)
{
        struct life_state state;
        if (live(world) > 0)
                (void)failed(life_cycle_revoke_here(world->play.old->app, NULL));
        (void)failed(world_go_on(&world->play.world, world->play.old, &state, NULL));
        phone_goes_on(world, world->play.old);
}

static bool is_gone(struct cut_world *world)
{
        return live(world) == 0 && is_empty(world, world->play.old) && nothing_is_open(world) &&
               cut_world_number(
                       world, WORLD_SP_TSM, "SELECT count(*) FROM receipt WHERE taken_at IS NOT NULL") > 0;
}

/* ---- by the card, on somebody else's phone ---- */

static void drive_remote_erase(struct cut_world *world)
{
        if (live(world) > 0)
                apply_or_go_on(world, world->play.another, LIFE_REVOKE, LIFE_BOTH);
        phone_goes_on(world, world->play.old);
}

/* ---- factory reset ---- */

static void reset_phone(struct cut_world *world)
{
        struct world_phone *phone = world->play.old;
        const struct life_reset reset = {
                .identity = phone->identity,
                .platform = phone->element.link,
                .software = world->play.world.platform,
                .maker = phone_way_local(&phone->maker),
                .sei_tsm = phone_way_local(&phone->sei_tsm),
        };
        for (unsigned i = 0; i < 3 && !world->confirmed; i++) {
                bool confirmed = false;
                (void)failed(life_cycle_reset(&reset, &confirmed, NULL));
                world->confirmed = confirmed;
                (void)failed(world_settle(&world->play.world, 3, NULL));
        }
}

static void drive_factory_reset(struct cut_world *world)
{
        reset_phone(world);
        phone_goes_on(world, world->play.old);
}

/* Confirmed is confirmed: what the phone was told is so. */
static bool factory_reset_reached(struct cut_world *world)
{
        return world->confirmed && live(world) == 0 && is_empty(world, world->play.old) &&
               cut_world_number(world, WORLD_AUTHORITY, "SELECT count(*) FROM receipt") > 0 &&
               nothing_is_open(world);
}

/* ---- by telephone ---- */

static bool both_are(struct cut_world *world, enum ca_state wanted)
{
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                struct ca_status status;
                if (failed(world_status(&world->play.world, (enum register_kind)kind,
                            play_serial(&world->play, (enum register_kind)kind), &status, NULL)) ||
                        status.state != wanted)
                        return false;
        }
        return true;
}

static void telephone(struct cut_world *world, const char *kind_of_letter)
{
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                (void)failed(world_tell_authority(&world->play.world, WORLD_CALL_CENTRE, kind_of_letter,
                        (enum register_kind)kind, play_serial(&world->play, (enum register_kind)kind), NULL));
        (void)failed(world_settle(&world->play.world, 3, NULL));
}

static void drive_hold_and_release(struct cut_world *world)
{
        if (!world->held) {
                telephone(world, "hold");
                world->held = both_are(world, CA_HOLD);
        }
        if (world->held)
                telephone(world, "release");
}

static bool is_released(struct cut_world *world)
{
        struct cut_content content;
        return world->held && both_are(world, CA_GOOD) &&
               cut_world_content(world, world->play.old, &content) && content.kinds == LIFE_BOTH;
}

/* ---- the shop ---- */

/* Erased, and the receipts did not get home. */
static bool erase_unheard(struct cut_world *world)
{
        world->no_receipts = true;
        reset_phone(world);
        world->no_receipts = false;
        return !world->confirmed && is_empty(world, world->play.old) && live(world) == 2;
}

static void drive_counter(struct cut_world *world)
{
        (void)failed(play_look(&world->play, world->play.old, &world->report, NULL));
        (void)failed(world_settle(&world->play.world, 3, NULL));
        phone_goes_on(world, world->play.old);
}

static bool counter_reached(struct cut_world *world)
{
        return world->report.verdict == COUNTER_ERASED && live(world) == 0 && nothing_is_open(world);
}

const struct cut_flow cut_flows[CUT_FLOWS] = {
        [CUT_FLOW_RENEW] = { "renew", NULL, drive_renew, renew_reached },
        [CUT_FLOW_MODEL_CHANGE] = { "model change", buy_phone, drive_model_change, model_change_reached },
        [CUT_FLOW_RESET_PIN] = { "reset PIN", block_pin, drive_reset_pin, reset_pin_reached },
        [CUT_FLOW_REVOKE_HERE] = { "revoke here", NULL, drive_revoke_here, is_gone },
        [CUT_FLOW_REMOTE_ERASE] = { "remote erase", NULL, drive_remote_erase, is_gone },
        [CUT_FLOW_FACTORY_RESET] = { "factory reset", NULL, drive_factory_reset, factory_reset_reached },
        [CUT_FLOW_HOLD_AND_RELEASE] = { "hold and release", NULL, drive_hold_and_release, is_released },
        [CUT_FLOW_COUNTER] = { "counter", erase_unheard, drive_counter, counter_reached },
};
