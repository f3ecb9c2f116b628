/* SPDX-License-Identifier: Apache-2.0 */

/* Flows that begin with a clerk: at the telephone, or at the municipality's desk. */

#include "cut_flows.h"
#include "cut_steps.h"

/* ---- by telephone ---- */

static void telephone(struct cut_world *world, const char *what, bool told[REGISTER_KINDS])
{
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                cut_tell(world, WORLD_CALL_CENTRE, what, (enum register_kind)kind,
                        play_serial(&world->play, (enum register_kind)kind), &told[kind - 1]);
        (void)failed(world_settle(&world->play.world, 3, NULL));
}

static void hold(struct cut_world *world)
{
        telephone(world, "hold", world->told_hold);
        world->held |= cut_both_are(world, CA_HOLD);
}

static void drive_hold_and_release(struct cut_world *world)
{
        if (!world->held)
                hold(world);
        if (world->held)
                telephone(world, "release", world->told_release);
}

static bool is_released(struct cut_world *world)
{
        struct cut_content content;
        return world->held && cut_both_are(world, CA_GOOD) && cut_is_answered(world, WORLD_CALL_CENTRE) &&
               cut_world_content(world, world->play.old, &content) && content.kinds == LIFE_BOTH;
}

const struct cut_flow cut_flow_hold_and_release = { "hold and release", NULL, drive_hold_and_release,
        is_released };

/* ---- the same, where a release by telephone is not enough ---- */

static bool ask_for_reissue(struct cut_world *world)
{
        world->play.world.config.phone_release = REGISTER_REISSUE;
        world->play.world.register_config.phone_release = REGISTER_REISSUE;
        return true;
}

/* What the caller wants back is refused, and stays on hold until the card has signed for a new one. */
static void drive_hold_and_issue(struct cut_world *world)
{
        if (!world->held)
                hold(world);
        if (!world->held)
                return;
        telephone(world, "release", world->told_release);
        cut_apply_anew(world, world->play.old);
}

static bool is_issued_again(struct cut_world *world)
{
        return cut_both_are(world, CA_REVOKED) && cut_live(world) == 2 && cut_is_over(world) &&
               cut_has_others(world, world->play.old) && cut_is_answered(world, WORLD_CALL_CENTRE) &&
               cut_world_number(world, WORLD_CALL_CENTRE,
                       "SELECT count(DISTINCT subject) FROM wish WHERE kind = 'release' AND state = 2") ==
                       REGISTER_KINDS &&
               cut_is_done(world->play.old, LIFE_ISSUE, LIFE_BOTH) &&
               cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, WORLD_PIN);
}

const struct cut_flow cut_flow_hold_and_issue = { "hold and issue", ask_for_reissue, drive_hold_and_issue,
        is_issued_again };

/* ---- the card is given back ---- */

static bool see_card(struct cut_world *world)
{
        struct sql_query query = { 0 };
        bool found = false;
        if (failed(sql_ask(party_store(world->play.world.parties[WORLD_AUTHORITY]),
                    "SELECT serial FROM certificate WHERE place = 1 AND kind = 2 AND status = 0", NULL, 0,
                    &query, NULL)))
                return false;
        if (sql_next(&query)) {
                const slice serial = sql_bytes(&query, 0);
                found = !failed(slice_copy(serial, "serial", world->card, sizeof world->card, NULL));
                world->card_size = serial.size;
        }
        return !failed(sql_end(&query)) && found;
}

static void drive_card_given_back(struct cut_world *world)
{
        cut_tell(world, WORLD_MUNICIPALITY, "revoke", REGISTER_USER_VERIFICATION,
                slice_of(world->card, world->card_size), &world->told_end);
        cut_goes_on(world, world->play.old);
}

static bool card_and_phone_are_gone(struct cut_world *world)
{
        struct ca_status card;
        return cut_is_gone(world) && cut_both_are(world, CA_REVOKED) &&
               cut_is_answered(world, WORLD_MUNICIPALITY) &&
               !failed(world_status(&world->play.world, REGISTER_USER_VERIFICATION,
                       slice_of(world->card, world->card_size), &card, NULL)) &&
               card.state == CA_REVOKED;
}

const struct cut_flow cut_flow_card_given_back = { "card given back", see_card, drive_card_given_back,
        card_and_phone_are_gone };
