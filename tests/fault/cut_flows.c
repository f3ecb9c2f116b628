/* SPDX-License-Identifier: Apache-2.0 */
#include "cut_flows.h"

#include "cut_steps.h"

/* ---- issue ---- */

static void drive_issue(struct cut_world *world)
{
        cut_apply(world, world->play.old, LIFE_ISSUE, LIFE_USER_VERIFICATION);
}

static bool issue_reached(struct cut_world *world)
{
        return cut_is_done(world->play.old, LIFE_ISSUE, LIFE_USER_VERIFICATION) && cut_live(world) == 1 &&
               cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, WORLD_PIN);
}

const struct cut_flow cut_flow_issue = { "issue", NULL, drive_issue, issue_reached };

/* ---- renew ---- */

static void drive_renew(struct cut_world *world)
{
        cut_apply(world, world->play.old, LIFE_RENEW, LIFE_USER_VERIFICATION);
}

static bool renew_reached(struct cut_world *world)
{
        struct ca_status former;
        struct cut_content content;
        return cut_is_done(world->play.old, LIFE_RENEW, LIFE_BOTH) && cut_live(world) == 2 &&
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
        cut_apply(world, world->play.new, LIFE_ISSUE, LIFE_BOTH);
        cut_goes_on(world, world->play.old);
}

static bool model_change_reached(struct cut_world *world)
{
        return cut_is_done(world->play.new, LIFE_ISSUE, LIFE_BOTH) && cut_live(world) == 2 &&
               cut_is_empty(world, world->play.old) && cut_is_over(world);
}

/* ---- a forgotten PIN ---- */

static bool block_pin(struct cut_world *world)
{
        enum { TRIES = 3 }; /* as the plastic card's */
        for (unsigned i = 0; i < TRIES; i++)
                if (cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, "0000"))
                        return false;
        return !cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, WORLD_PIN);
}

static void drive_reset_pin(struct cut_world *world)
{
        cut_apply(world, world->play.old, LIFE_RESET_PIN, LIFE_USER_VERIFICATION);
}

static bool reset_pin_reached(struct cut_world *world)
{
        return cut_is_done(world->play.old, LIFE_RESET_PIN, LIFE_BOTH) && cut_live(world) == 2 &&
               cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, WORLD_PIN);
}

/* ---- the phone alone ---- */

static void drive_revoke_here(struct cut_world *world)
{
        struct life_state state;
        if (cut_live(world) > 0)
                (void)failed(life_cycle_revoke_here(world->play.old->app, NULL));
        (void)failed(world_go_on(&world->play.world, world->play.old, &state, NULL));
        cut_goes_on(world, world->play.old);
}

/* ---- by the card, on somebody else's phone ---- */

static void drive_remote_erase(struct cut_world *world)
{
        if (cut_live(world) > 0)
                cut_apply(world, world->play.another, LIFE_REVOKE, LIFE_BOTH);
        cut_goes_on(world, world->play.old);
}

/* ---- factory reset ---- */

static void drive_factory_reset(struct cut_world *world)
{
        cut_set_back(world);
        cut_goes_on(world, world->play.old);
}

/* Confirmed is confirmed: what the phone was told is so. */
static bool factory_reset_reached(struct cut_world *world)
{
        return world->confirmed && cut_live(world) == 0 && cut_is_empty(world, world->play.old) &&
               cut_world_number(world, WORLD_AUTHORITY, "SELECT count(*) FROM receipt") > 0 &&
               cut_is_over(world);
}

/* ---- the shop ---- */

/* Erased, and the receipts did not get home. */
static bool erase_unheard(struct cut_world *world)
{
        world->no_receipts = true;
        cut_set_back(world);
        world->no_receipts = false;
        return !world->confirmed && cut_is_empty(world, world->play.old) && cut_live(world) == 2;
}

static void drive_counter(struct cut_world *world)
{
        (void)failed(play_look(&world->play, world->play.old, &world->report, NULL));
        (void)failed(world_settle(&world->play.world, 3, NULL));
        cut_goes_on(world, world->play.old);
}

static bool counter_reached(struct cut_world *world)
{
        return world->report.verdict == COUNTER_ERASED && cut_live(world) == 0 && cut_is_over(world);
}

static const struct cut_flow renew = { "renew", NULL, drive_renew, renew_reached };
static const struct cut_flow model_change = { "model change", buy_phone, drive_model_change,
        model_change_reached };
static const struct cut_flow reset_pin = { "reset PIN", block_pin, drive_reset_pin, reset_pin_reached };
static const struct cut_flow revoke_here = { "revoke here", NULL, drive_revoke_here, cut_is_gone };
static const struct cut_flow remote_erase = { "remote erase", NULL, drive_remote_erase, cut_is_gone };
static const struct cut_flow factory_reset = { "factory reset", NULL, drive_factory_reset,
        factory_reset_reached };
static const struct cut_flow counter = { "counter", erase_unheard, drive_counter, counter_reached };

const struct cut_flow *const cut_flows[CUT_FLOWS] = {
        [CUT_FLOW_RENEW] = &renew,
        [CUT_FLOW_MODEL_CHANGE] = &model_change,
        [CUT_FLOW_RESET_PIN] = &reset_pin,
        [CUT_FLOW_RESET_PASSWORD] = &cut_flow_reset_password,
        [CUT_FLOW_LEASE] = &cut_flow_lease,
        [CUT_FLOW_LEASE_OF_HELD] = &cut_flow_lease_of_held,
        [CUT_FLOW_REVOKE_HERE] = &revoke_here,
        [CUT_FLOW_REMOTE_ERASE] = &remote_erase,
        [CUT_FLOW_FACTORY_RESET] = &factory_reset,
        [CUT_FLOW_TRANSFER] = &cut_flow_transfer,
        [CUT_FLOW_SOLD_AFTER_RESET] = &cut_flow_sold_after_reset,
        [CUT_FLOW_HOLD_AND_RELEASE] = &cut_flow_hold_and_release,
        [CUT_FLOW_HOLD_AND_ISSUE] = &cut_flow_hold_and_issue,
        [CUT_FLOW_CARD_GIVEN_BACK] = &cut_flow_card_given_back,
        [CUT_FLOW_ACCOUNT] = &cut_flow_account,
        [CUT_FLOW_COUNTER] = &counter,
};
