/* SPDX-License-Identifier: Apache-2.0 */

/* The signing key of a revoked certificate. Nobody can take it out of a phone that is out of reach; but the
 * element itself lets it make only so many signatures as its status lease says, and the TSM gives a new lease
 * only for a certificate that lives. */

#include "probe_play.h"
#include "probe_texts.h"

#include "jpki_app.h"

enum { SIGNATURES_LIMIT = 1100 /* no lease is larger (sp_orders.h) */ };

/* Signs a document by the password, as often as the key does it, at most `limit` times. *ret_open: the
 * password was taken, so that what came of it is the key's own answer. */
static mitome_status sign(
        struct play *play, unsigned limit, unsigned *ret_made, bool *ret_open, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        const slice document = slice_text("a contract that its signer had no right to any more");
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        uint16_t sw;
        MITOME_TRY(mitome_enforcer_new(&play->old->element.link, &play->world.app, &enforcer, error));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        *ret_made = 0;
        *ret_open = !failed(jpki_app_select(enforcer, NULL)) &&
                    !failed(jpki_app_verify(&link, &jpki_signing, WORLD_PASSWORD, &sw, NULL));
        while (*ret_open && *ret_made < limit &&
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

/* The phone speaks with the TSM, and whatever that does with it is done; then the key is tried. */
static mitome_status speak(struct play *play, unsigned *ret_made, mitome_error *error)
{
        struct life_state state;
        bool woken, is_open;
        play->old->silent = false;
        MITOME_TRY(world_settle(&play->world, 5, error));
        MITOME_TRY(life_cycle_poll(play->old->app, &woken, error));
        MITOME_TRY(life_cycle_run(play->old->app, &state, error));
        MITOME_TRY(world_settle(&play->world, 5, error));
        return sign(play, 1, ret_made, &is_open, error);
}

/* The key of a certificate that lives: its lease is used up, and it is given another one. Else it would say
 * nothing that a revoked one is not. */
static mitome_status use_up_lease(struct probe_run *run, struct play *play, mitome_error *error)
{
        unsigned made, again;
        bool is_open;
        MITOME_TRY(sign(play, SIGNATURES_LIMIT, &made, &is_open, error));
        probe_note(run, "the certificate lives: the key makes %u signatures", made);
        if (!is_open || !made)
                return probe_play_control("the key of a living certificate signs", error);
        MITOME_TRY(speak(play, &again, error));
        probe_note(run, "the phone has spoken with the TSM: the key %s",
                again ? "signs again" : "does not sign");
        return made < SIGNATURES_LIMIT && !again
                       ? probe_play_control("the key of a living certificate is given a new lease", error)
                       : ok();
}

/* Signs on as long as the key does it, out of reach. */
static mitome_status sign_on(
        struct probe_run *run, struct play *play, unsigned *ret_made, mitome_error *error)
{
        bool is_open;
        MITOME_TRY(sign(play, SIGNATURES_LIMIT, ret_made, &is_open, error));
        probe_note(run, "out of reach, the key made %u more signatures", *ret_made);
        return is_open ? ok() : probe_play_control("the password opens the signing key out of reach", error);
}

static mitome_status play_signing(struct probe_run *run, struct play *play, mitome_error *error)
{
        struct contract contract;
        unsigned away, back;
        MITOME_TRY(see_contract(run, play, "at first", &contract, error));
        if (!contract.valid || contract.status != CA_GOOD)
                return probe_play_control("a contract of a living certificate", error);
        MITOME_TRY(use_up_lease(run, play, error));
        MITOME_TRY(revoke(run, play, error));
        MITOME_TRY(see_contract(
                run, play, "after the revocation, which the phone has not heard of", &contract, error));
        const bool told = contract.status != CA_GOOD;
        MITOME_TRY(sign_on(run, play, &away, error));
        const bool stops = away < SIGNATURES_LIMIT;
        MITOME_TRY(speak(play, &back, error));
        probe_note(run, "the phone is back, and has spoken with the TSM: %s",
                back ? "the key signs again" : "the key signs no more");
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
