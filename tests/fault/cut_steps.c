/* SPDX-License-Identifier: Apache-2.0 */
#include "cut_steps.h"

#include "jpki_app.h"
#include "teller.h"

#include <openssl/x509.h>

/* ---- doing ---- */

static void apply(
        struct cut_world *world, struct world_phone *phone, enum life_purpose purpose, unsigned kinds)
{
        const struct world_person *person = world->person ? world->person : world->play.person;
        struct life_state state;
        (void)failed(world_apply(&world->play.world, phone, person, purpose, kinds, &state, NULL));
}

void cut_apply(struct cut_world *world, struct world_phone *phone, enum life_purpose purpose, unsigned kinds)
{
        struct life_state state;
        if (failed(life_cycle_look(phone->app, &state, NULL)))
                return;
        if (state.order == LIFE_ORDER_NONE || state.order == LIFE_ORDER_GIVEN_UP || state.purpose != purpose)
                apply(world, phone, purpose, kinds);
        else
                (void)failed(world_go_on(&world->play.world, phone, &state, NULL));
        (void)failed(world_settle(&world->play.world, 3, NULL));
}

void cut_apply_anew(struct cut_world *world, struct world_phone *phone)
{
        struct life_state state;
        if (failed(life_cycle_look(phone->app, &state, NULL)))
                return;
        if (state.order == LIFE_ORDER_DONE && !cut_has_others(world, phone))
                apply(world, phone, LIFE_ISSUE, LIFE_BOTH);
        else
                cut_apply(world, phone, LIFE_ISSUE, LIFE_BOTH);
        (void)failed(world_settle(&world->play.world, 3, NULL));
}

void cut_goes_on(struct cut_world *world, struct world_phone *phone)
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

void cut_set_back(struct cut_world *world)
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

/* A wish that could be written down is kept, also when the authority does not answer; one that could not, the
 * caller hears at once, and says again. */
void cut_tell(struct cut_world *world, enum world_party clerk, const char *what, enum register_kind kind,
        slice serial, bool *told)
{
        enum { GIVEN_BACK = 5 }; /* CRLReason cessationOfOperation */
        mitome_code refusal = MITOME_OK;
        if (*told)
                return;
        mitome_status status = teller_change(world->play.world.parties[clerk], what,
                clerk == WORLD_CALL_CENTRE ? "telephone" : "counter", (int)kind, serial, GIVEN_BACK, &refusal,
                NULL);
        *told = !failed(status) || status.code == MITOME_E_REFUSED || status.code == MITOME_E_UNREACHABLE;
}

/* ---- how it stands ---- */

bool cut_is_done(struct world_phone *phone, enum life_purpose purpose, unsigned present)
{
        struct life_state state;
        return !failed(life_cycle_look(phone->app, &state, NULL)) && state.order == LIFE_ORDER_DONE &&
               state.purpose == purpose && state.present == present && state.to_choose == 0;
}

int64_t cut_live(struct cut_world *world)
{
        return cut_world_number(
                world, WORLD_AUTHORITY, "SELECT count(*) FROM certificate WHERE place = 2 AND status = 0");
}

bool cut_is_empty(struct cut_world *world, struct world_phone *phone)
{
        struct cut_content content;
        return cut_world_content(world, phone, &content) && content.kinds == 0;
}

bool cut_is_over(struct cut_world *world)
{
        return cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM order_ WHERE state <= 3") == 0 &&
               cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM leaving") == 0 &&
               !cut_world_awaits_applet(world);
}

bool cut_is_gone(struct cut_world *world)
{
        return cut_live(world) == 0 && cut_is_empty(world, world->play.old) && cut_is_over(world) &&
               cut_world_number(
                       world, WORLD_SP_TSM, "SELECT count(*) FROM receipt WHERE taken_at IS NOT NULL") > 0;
}

bool cut_both_are(struct cut_world *world, enum ca_state wanted)
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

bool cut_has_others(struct cut_world *world, struct world_phone *phone)
{
        struct cut_content content;
        if (!cut_world_content(world, phone, &content) || content.kinds != LIFE_BOTH)
                return false;
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                const slice serial = slice_of(content.at[kind].serial, content.at[kind].size);
                if (!serial.size || slice_equal(serial, play_serial(&world->play, (enum register_kind)kind)))
                        return false;
        }
        return true;
}

bool cut_is_answered(struct cut_world *world, enum world_party clerk)
{
        return cut_world_number(world, clerk, "SELECT count(*) FROM wish WHERE state = 0") == 0 &&
               cut_world_number(world, clerk, "SELECT count(*) FROM wish WHERE state <> 0") > 0;
}

size_t cut_issuer(struct cut_world *world, uint8_t ret[ACCOUNT_ISSUER_MAX])
{
        const slice der = ca_certificate(world->play.world.user_verification);
        const unsigned char *at = der.data;
        unsigned char *to = ret;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        const X509_NAME *name = x509 ? X509_get_subject_name(x509) : NULL;
        int size = name ? i2d_X509_NAME(name, NULL) : 0;
        size = size > 0 && size <= ACCOUNT_ISSUER_MAX ? i2d_X509_NAME(name, &to) : 0;
        X509_free(x509);
        return size > 0 ? (size_t)size : 0;
}

/* ---- what the app asks of the applet ---- */

static const struct jpki_key *key_of(unsigned kind)
{
        return kind == LIFE_SIGNING ? &jpki_signing : &jpki_user_verification;
}

static struct mitome_enforcer *reach_applet(struct cut_world *world, struct world_phone *phone)
{
        struct mitome_enforcer *enforcer;
        if (failed(mitome_enforcer_new(&phone->element.link, &world->play.world.app, &enforcer, NULL)))
                return NULL;
        if (!failed(jpki_app_select(enforcer, NULL)))
                return enforcer;
        mitome_enforcer_free(enforcer);
        return NULL;
}

bool cut_opens(struct cut_world *world, struct world_phone *phone, unsigned kind, const char *secret)
{
        uint16_t sw;
        struct mitome_enforcer *enforcer = reach_applet(world, phone);
        if (!enforcer)
                return false;
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        bool good = !failed(jpki_app_verify(&link, key_of(kind), secret, &sw, NULL));
        mitome_enforcer_free(enforcer);
        return good;
}

int cut_lease(struct cut_world *world, struct world_phone *phone)
{
        static const uint8_t get_lease[] = { 0x80, 0x4C, 0x00, 0x00, 0x00 }; /* PROTOCOL.md: 81 left (2) */
        enum { ANSWER = 4 };
        uint8_t answer[64];
        size_t size;
        int left = -1;
        struct mitome_enforcer *enforcer = reach_applet(world, phone);
        if (!enforcer)
                return -1;
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        if (!failed(link.transmit(link.context, SLICE(get_lease), answer, sizeof answer, &size, NULL)) &&
                size == ANSWER + 2 && answer[0] == 0x81 && answer[1] == 2)
                left = answer[2] << 8 | answer[3];
        mitome_enforcer_free(enforcer);
        return left;
}

bool cut_sign(struct cut_world *world, struct world_phone *phone, unsigned count)
{
        const slice message[] = { slice_text("a contract") };
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        uint16_t sw;
        struct mitome_enforcer *enforcer = reach_applet(world, phone);
        if (!enforcer)
                return false;
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        bool good = true;
        for (unsigned i = 0; good && i < count; i++)
                good = !failed(jpki_app_verify(&link, &jpki_signing, WORLD_PASSWORD, &sw, NULL)) &&
                       !failed(jpki_app_sign(&link, &jpki_signing, message, 1, signature, &sw, NULL));
        mitome_enforcer_free(enforcer);
        return good;
}
