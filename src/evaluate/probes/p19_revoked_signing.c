/* SPDX-License-Identifier: Apache-2.0 */

/* The signing key of a revoked certificate. Nobody can take it out of a phone that is out of reach; but the
 * element itself lets it make only so many signatures as its status lease says, and the TSM gives a new lease
 * only for a certificate that lives. */

#include "probe_play.h"
#include "probe_texts.h"

#include "jpki_app.h"

enum { SIGNATURES_LIMIT = 1100 /* no lease is larger (sp_orders.h) */ };

/* Signs a document by the password, as often as the key does it, at most `limit` times. */
static mitome_status sign(struct play *play, unsigned limit, unsigned *ret_made, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        const slice document = slice_text("a contract that its signer had no right to any more");
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        uint16_t sw;
        MITOME_TRY(mitome_enforcer_new(&play->old->element.link, &play->world.app, &enforcer, error));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        *ret_made = 0;
        if (!failed(jpki_app_select(enforcer, NULL)) &&
                !failed(jpki_app_verify(&link, &jpki_signing, WORLD_PASSWORD, &sw, NULL)))
                while (*ret_made < limit &&
                        !failed(jpki_app_sign(&link, &jpki_signing, &document, 1, signature, &sw, NULL)))
                        ++*ret_made;
        mitome_enforcer_free(enforcer);
        return ok();
}

/* As somebody who is shown the contract sees it, and asks the responder. */
static mitome_status see_contract(
        struct probe_run *run, struct play *play, const char *when, struct contract *ret, mitome_error *error)
{
        MITOME_TRY(relying_party_contract(&play->world, play->old, WORLD_PASSWORD, ret, error));
        probe_note(run, "a contract, %s: %s, the responder calls the certificate %s", when,
                ret->valid ? "signed" : "not signed", ret->status == CA_GOOD ? "good" : "not good");
        return ok();
}

static mitome_status revoke(struct probe_run *run, struct play *play, mitome_error *error)
{
        mitome_code code;
        play->old->silent = true;
        MITOME_TRY(probe_play_tell(run, play, WORLD_MUNICIPALITY, "revoke", REGISTER_SIGNING,
                play_serial(play, REGISTER_SIGNING), &code, error));
        if (code != MITOME_OK)
                return fail(error, code, "revoke", NULL);
        return world_settle(&play->world, 5, error);
}

/* The phone is back, and whatever the TSM does with it is done; but the key is still tried. */
static mitome_status return_phone(
        struct probe_run *run, struct play *play, unsigned *ret_made, mitome_error *error)
{
        struct life_state state;
        bool woken;
        play->old->silent = false;
        MITOME_TRY(world_settle(&play->world, 5, error));
        MITOME_TRY(life_cycle_poll(play->old->app, &woken, error));
        MITOME_TRY(life_cycle_run(play->old->app, &state, error));
        MITOME_TRY(world_settle(&play->world, 5, error));
        MITOME_TRY(sign(play, 1, ret_made, error));
        probe_note(run, "the phone is back, and has spoken with the TSM: %s",
                *ret_made ? "the key signs again" : "the key signs no more");
        return ok();
}

static mitome_status play_signing(struct probe_run *run, struct play *play, mitome_error *error)
{
        struct contract contract;
        unsigned away, back;
        MITOME_TRY(see_contract(run, play, "at first", &contract, error));
        if (!contract.valid || contract.status != CA_GOOD)
                return fail(error, MITOME_E_VALUE, "first contract", NULL);
        MITOME_TRY(revoke(run, play, error));
        MITOME_TRY(see_contract(
                run, play, "after the revocation, which the phone has not heard of", &contract, error));
        const bool told = contract.status != CA_GOOD;
        MITOME_TRY(sign(play, SIGNATURES_LIMIT, &away, error));
        probe_note(run, "out of reach, the key made %u more signatures", away);
        const bool stops = away < SIGNATURES_LIMIT;
        MITOME_TRY(return_phone(run, play, &back, error));
        probe_fact_bool(run, LEVEL_SIGN_REVOKED_STOPS, stops && !back && told, false);
        if (!stops)
                probe_end(run, PROBE_BROKEN,
                        "the key of the revoked certificate made %u signatures and did not stop", away);
        if (back)
                probe_end(run, PROBE_BROKEN, "the key signs again after the TSM has spoken with the phone");
        if (!told)
                probe_end(run, PROBE_BROKEN, "the responder calls the revoked certificate good");
        probe_end(run, PROBE_HOLDS,
                "the key stopped by itself after %u more signatures, each of which the responder calls revoked, and got "
                "no new lease",
                away + contract.valid);
        return ok();
}

static void attempt(struct probe_run *run, struct target *target)
{
        (void)target;
        probe_play(run, REGISTER_REISSUE, play_signing);
}

const struct probe probe_p19 = { P19_TEXTS, .attempt = attempt };
