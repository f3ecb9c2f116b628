/* SPDX-License-Identifier: Apache-2.0 */

/* Flows of the holder: a forgotten password, the lease of the signing key, a phone that is sold, an account
 * that follows the person to a new phone. */

#include "cut_flows.h"
#include "cut_steps.h"

#include "account.h"

#include <string.h>

/* ---- a forgotten password ---- */

static bool block_password(struct cut_world *world)
{
        enum { TRIES = 5 }; /* as the plastic card's */
        for (unsigned i = 0; i < TRIES; i++)
                if (cut_opens(world, world->play.old, LIFE_SIGNING, "WRONG000"))
                        return false;
        return !cut_opens(world, world->play.old, LIFE_SIGNING, WORLD_PASSWORD);
}

static void drive_reset_password(struct cut_world *world)
{
        cut_apply(world, world->play.old, LIFE_RESET_PASSWORD, LIFE_SIGNING);
}

static bool reset_password_reached(struct cut_world *world)
{
        return cut_is_done(world->play.old, LIFE_RESET_PASSWORD, LIFE_BOTH) && cut_live(world) == 2 &&
               cut_both_are(world, CA_GOOD) &&
               cut_opens(world, world->play.old, LIFE_SIGNING, WORLD_PASSWORD) &&
               cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, WORLD_PIN);
}

const struct cut_flow cut_flow_reset_password = { "reset password", block_password, drive_reset_password,
        reset_password_reached };

/* ---- the lease ---- */

enum { LEASE = 100, SPENT = 80 };

static bool spend_lease(struct cut_world *world)
{
        return cut_lease(world, world->play.old) == LEASE && cut_sign(world, world->play.old, SPENT) &&
               cut_lease(world, world->play.old) == LEASE - SPENT;
}

static void drive_lease(struct cut_world *world)
{
        cut_goes_on(world, world->play.old);
}

static bool lease_reached(struct cut_world *world)
{
        return cut_lease(world, world->play.old) == LEASE && cut_both_are(world, CA_GOOD) &&
               cut_is_over(world);
}

const struct cut_flow cut_flow_lease = { "lease", spend_lease, drive_lease, lease_reached };

static void telephone(struct cut_world *world, const char *what, bool *told)
{
        cut_tell(world, WORLD_CALL_CENTRE, what, REGISTER_SIGNING,
                play_serial(&world->play, REGISTER_SIGNING), told);
        (void)failed(world_settle(&world->play.world, 3, NULL));
}

static bool put_on_hold(struct cut_world *world)
{
        struct ca_status status;
        telephone(world, "hold", &world->told_hold[0]);
        return !failed(world_status(&world->play.world, REGISTER_SIGNING,
                       play_serial(&world->play, REGISTER_SIGNING), &status, NULL)) &&
               status.state == CA_HOLD;
}

/* The phone is seen while the certificate is on hold: it signs nothing any more. Then it is released. */
static void drive_lease_of_held(struct cut_world *world)
{
        if (!world->held) {
                cut_goes_on(world, world->play.old);
                world->held = cut_lease(world, world->play.old) == 0;
                if (world->held && cut_sign(world, world->play.old, 1))
                        world->held = false;
        }
        if (!world->held)
                return;
        telephone(world, "release", &world->told_release[0]);
        cut_goes_on(world, world->play.old);
}

static bool lease_of_held_reached(struct cut_world *world)
{
        return world->held && lease_reached(world) && cut_is_answered(world, WORLD_CALL_CENTRE);
}

const struct cut_flow cut_flow_lease_of_held = { "lease of one on hold", put_on_hold, drive_lease_of_held,
        lease_of_held_reached };

/* ---- a used phone ---- */

static bool find_buyer(struct cut_world *world)
{
        struct world_person *buyer;
        if (failed(world_person_make(&world->play.world, 1, &buyer, NULL)))
                return false;
        world->person = buyer;
        return true;
}

/* She has it revoked by her card, while it lies in a drawer without a network; then she sells it. */
static bool sell_unerased(struct cut_world *world)
{
        world->play.old->silent = true;
        cut_apply(world, world->play.another, LIFE_REVOKE, LIFE_BOTH);
        world->play.old->silent = false;
        struct cut_content content;
        return cut_both_are(world, CA_REVOKED) && cut_world_content(world, world->play.old, &content) &&
               content.kinds == LIFE_BOTH && find_buyer(world);
}

static bool sell_after_reset(struct cut_world *world)
{
        cut_set_back(world);
        cut_goes_on(world, world->play.old);
        return world->confirmed && cut_both_are(world, CA_REVOKED) && cut_is_empty(world, world->play.old) &&
               find_buyer(world);
}

static void drive_transfer(struct cut_world *world)
{
        cut_apply_anew(world, world->play.old);
        cut_goes_on(world, world->play.old);
}

/* His certificates are in it; hers are erased, and the receipts of that are with the authority. */
static bool is_transferred(struct cut_world *world)
{
        return cut_has_others(world, world->play.old) && cut_live(world) == 2 && cut_is_over(world) &&
               cut_both_are(world, CA_REVOKED) && cut_is_done(world->play.old, LIFE_ISSUE, LIFE_BOTH) &&
               cut_world_number(world, WORLD_AUTHORITY,
                       "SELECT count(*) FROM (SELECT 1 FROM certificate WHERE place = 2 AND status = 0 AND "
                       "person = (SELECT max(number) FROM person))") == 2 &&
               cut_world_number(world, WORLD_AUTHORITY, "SELECT count(*) FROM receipt") > 0 &&
               cut_opens(world, world->play.old, LIFE_USER_VERIFICATION, WORLD_PIN);
}

const struct cut_flow cut_flow_transfer = { "transfer", sell_unerased, drive_transfer, is_transferred };
const struct cut_flow cut_flow_sold_after_reset = { "sold after a reset", sell_after_reset, drive_transfer,
        is_transferred };

/* ---- an account ---- */

#define ACCOUNT "hanako"

#define FORMER "the credential in the old phone"
#define LATER "the credential in the new phone"

/* What the portal verified when a phone was registered. `issuer` is the room that the view needs. */
static struct account_proof prove(
        struct cut_world *world, const char *credential, slice serial, uint8_t issuer[ACCOUNT_ISSUER_MAX])
{
        return (struct account_proof){
                .issuer = slice_of(issuer, cut_issuer(world, issuer)),
                .serial = serial,
                .not_after = INT64_MAX,
                .credential_id = slice_text(credential),
                .public_key = slice_text("the public key of a credential"),
        };
}

/* An account, opened with the old phone; and a new phone, with all that it needs. */
static bool open_account(struct cut_world *world)
{
        enum { VISITS = 3 };
        uint8_t issuer[ACCOUNT_ISSUER_MAX];
        const struct account_proof proof =
                prove(world, FORMER, play_serial(&world->play, REGISTER_USER_VERIFICATION), issuer);
        if (failed(account_create(
                    world->play.world.parties[WORLD_PORTAL], slice_text(ACCOUNT), &proof, NULL)) ||
                !cut_world_phone(world, WORLD_PHONES - 1, &world->play.new))
                return false;
        for (unsigned i = 0; i < VISITS; i++) {
                cut_apply(world, world->play.new, LIFE_ISSUE, LIFE_BOTH);
                cut_goes_on(world, world->play.old);
        }
        return cut_has_others(world, world->play.new) && cut_both_are(world, CA_REVOKED) &&
               cut_is_over(world);
}

static void drive_account(struct cut_world *world)
{
        uint8_t issuer[ACCOUNT_ISSUER_MAX];
        struct cut_content content;
        if (world->moved || !cut_world_content(world, world->play.new, &content))
                return;
        const struct account_proof proof = prove(world, LATER,
                slice_of(content.at[REGISTER_USER_VERIFICATION].serial,
                        content.at[REGISTER_USER_VERIFICATION].size),
                issuer);
        mitome_status status =
                account_move(world->play.world.parties[WORLD_PORTAL], slice_text(ACCOUNT), &proof, NULL);
        world->moved = !failed(status) || status.code == MITOME_E_ACCOUNT_EXISTS; /* log in, then */
        (void)failed(world_settle(&world->play.world, 1, NULL));
}

static bool account_reached(struct cut_world *world)
{
        struct account_login login;
        struct party *portal = world->play.world.parties[WORLD_PORTAL];
        return world->moved && !failed(account_find(portal, slice_text(LATER), &login, NULL)) &&
               strcmp(login.name, ACCOUNT) == 0 &&
               account_find(portal, slice_text(FORMER), &login, NULL).code == MITOME_E_ACCOUNT_ENDED &&
               cut_world_number(world, WORLD_PORTAL, "SELECT count(*) FROM account_certificate") == 2;
}

const struct cut_flow cut_flow_account = { "account", open_account, drive_account, account_reached };
