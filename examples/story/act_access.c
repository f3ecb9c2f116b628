/* SPDX-License-Identifier: Apache-2.0 */

/* Which app may speak to the element: the SEI-TSM's rules, and the enforcer that holds every app to them. */

#include "story.h"
#include "x509_build.h"

#include <mitome/element.h>
#include <openssl/evp.h>

/* ---- who an app is ---- */

/* A certificate as app developers make it: their own, signed by nobody else. */
static mitome_status make_certificate(
        struct story *story, const char *developer, struct authority_der *ret, mitome_error *error)
{
        const char *const pairs[] = { "C", "JP", "O", developer, "CN", "App signing", NULL };
        uint8_t serial[8];
        X509 *certificate = NULL;
        if (story->random.fill(story->random.context, serial, sizeof serial) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        serial[0] = 0x4d;
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509_NAME *name = x509_name(pairs);
        const struct x509_plan plan = { .subject = name,
                .key = key,
                .issuer_key = key,
                .serial = SLICE(serial),
                .not_before = story->now - 86400,
                .not_after = story->now + 30LL * 365 * 86400,
                .extensions = "[certificate]\nsubjectKeyIdentifier = hash\n" };
        mitome_status status = key && name ? x509_build(&plan, &certificate, error)
                                           : fail(error, MITOME_E_CRYPTO_FAILED, "app's key", NULL);
        if (!failed(status))
                status = x509_der(certificate, ret, error);
        X509_free(certificate);
        X509_NAME_free(name);
        EVP_PKEY_free(key);
        return status;
}

mitome_status story_sign_app(
        struct story *story, const char *developer, struct mitome_app *ret, mitome_error *error)
{
        static struct authority_der certificate;
        MITOME_TRY(make_certificate(story, developer, &certificate, error));
        return mitome_enforcer_app(slice_of(certificate.bytes, certificate.size), ret, error);
}

/* ---- the SEI-TSM ---- */

mitome_status act_allow(struct story *story, mitome_error *error)
{
        struct tsm_channel channel;
        const struct mitome_app *app = &story->phone.body.config.software;
        MITOME_TRY(tsm_open(
                &channel, &story->phone.body.link, &story->issuer.keys, TSM_ARA, &story->random, error));
        mitome_status status = tsm_allow_app(&channel, TSM_JPKI, SLICE(app->sha256), error);
        if (!failed(status))
                status = tsm_allow_app(&channel, TSM_FIDO, SLICE(app->sha256), error);
        tsm_close(&channel);
        MITOME_TRY(status);
        stage_sent(&story->stage, SEI_TSM, ELEMENT,
                "access rules: both applets for the app signed by %02x%02x%02x%02x..", app->sha256[0],
                app->sha256[1], app->sha256[2], app->sha256[3]);
        return ok();
}

/* ---- the refusals ---- */

/* A link that counts what of an app's own reaches the element: all but the enforcer's reading of the rules.
 */
struct watched_link {
        const struct mitome_link *element;
        unsigned reached;
        bool at_rules;
};

static mitome_status watch(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct watched_link *watched = context;
        struct apdu_command apdu;
        MITOME_TRY(apdu_read_command(command, &apdu, error));
        bool selects = apdu.ins == 0xA4 && apdu.p1 == 0x04;
        if (selects)
                watched->at_rules = slice_equal(apdu.data, tsm_aid(TSM_ARA));
        bool enforcers = apdu.ins == 0x70 || watched->at_rules;
        watched->reached += !enforcers;
        const struct mitome_link *link = watched->element;
        return link->transmit(link->context, command, response, capacity, ret_size, error);
}

/* Another developer's app, on the same phone, asks for an authenticator and for the JPKI applet. */
static mitome_status other_app(struct story *story, mitome_error *error)
{
        struct watched_link watched = { .element = &story->phone.body.link };
        struct mitome_authenticator_config config = { .element = { .context = &watched, .transmit = watch },
                .random = story->random };
        struct mitome_authenticator *authenticator = NULL;
        struct mitome_enforcer *enforcer;
        mitome_error causes[2] = { 0 };
        char text[STAGE_TEXT_MAX];
        MITOME_TRY(story_sign_app(story, "Somebody else", &config.app, error));
        mitome_status fido = mitome_authenticator_new(&config, &authenticator, &causes[0]);
        mitome_authenticator_free(authenticator);
        MITOME_TRY(mitome_enforcer_new(&config.element, &config.app, &enforcer, error));
        mitome_status jpki = mitome_enforcer_select(enforcer, tsm_aid(TSM_JPKI), &causes[1]);
        mitome_enforcer_free(enforcer);
        bool right = fido.code == MITOME_E_ACCESS_DENIED && jpki.code == MITOME_E_ACCESS_DENIED &&
                     watched.reached == 0;
        stage_check(&story->stage, ENFORCER, right, "Another app reaches neither applet",
                "%u commands of its own reached the element: %s", watched.reached,
                story_reason(&causes[1], text));
        return ok();
}

/* The app itself, behind the enforcer's back: a SELECT of its own, hidden among its commands. */
static mitome_status own_select(struct story *story, mitome_error *error)
{
        static const uint8_t manager[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
        const struct mitome_link link = mitome_enforcer_link(story->phone.jpki);
        uint8_t bytes[32], response[MITOME_APDU_MAX];
        writer w = WRITER(bytes);
        size_t size;
        MITOME_TRY(jpki_app_select(story->phone.jpki, error));
        apdu_write_command(
                &w, &(struct apdu_command){ .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = SLICE(manager) });
        mitome_status status =
                link.transmit(link.context, writer_view(&w), response, sizeof response, &size, NULL);
        stage_check(&story->stage, ENFORCER, status.code == MITOME_E_ACCESS_DENIED,
                "The app's own SELECT of the card manager is refused", "not sent");
        return ok();
}

mitome_status story_refuse_apps(struct story *story, mitome_error *error)
{
        MITOME_TRY(other_app(story, error));
        return own_select(story, error);
}
