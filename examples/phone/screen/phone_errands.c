/* SPDX-License-Identifier: Apache-2.0 */

/* What the app's buttons do: each an errand, in the app's thread. */

#include "finger_client.h"
#include "jpki_app.h"
#include "phone_within.h"
#include "shown_text.h"

#include <stdlib.h>

const char *const phone_wish_names[PHONE_WISHES] = {
        [PHONE_WISH_FINGERS] = "fingers",
        [PHONE_WISH_ENROL] = "enrol",
        [PHONE_WISH_RENAME] = "rename-finger",
        [PHONE_WISH_REMOVE] = "remove-finger",
        [PHONE_WISH_ISSUE] = "issue",
        [PHONE_WISH_RESET_PIN] = "reset-pin",
        [PHONE_WISH_RESET_PASSWORD] = "reset-password",
        [PHONE_WISH_HOLD] = "hold",
        [PHONE_WISH_RELEASE] = "release",
        [PHONE_WISH_REVOKE] = "revoke",
        [PHONE_WISH_ERASE] = "erase",
};

struct wish {
        enum phone_wish wish;
        uint8_t id[MITOME_GATE_FINGER_ID_SIZE];
        size_t text_size;
        uint8_t text[MITOME_GATE_NAME_MAX];
        struct life_state state; /* of the life cycle, after the last step */
        unsigned kind;           /* whose secret is chosen */
        struct secret secret;
        struct finger_client client;
};

/* ---- asking ---- */

static mitome_status ask_secret(struct phone_actor *actor, enum phone_question_kind kind, const char *word,
        unsigned tries, struct secret *ret, mitome_error *error)
{
        const struct phone_question question = { .kind = kind, .word = word, .tries = tries };
        struct phone_answer answer;
        MITOME_TRY(phone_actor_ask(actor, &question, &answer, error));
        mitome_status status = answer.yes ? slice_copy(slice_of(answer.secret, answer.size), "secret",
                                                    ret->data, sizeof ret->data, error)
                                          : fail(error, MITOME_E_PHONE_DECLINED, "the question", NULL);
        ret->size = failed(status) ? 0 : answer.size;
        bytes_wipe(&answer, sizeof answer);
        return status;
}

static mitome_status ask_consent(struct phone_actor *actor, const char *word, mitome_error *error)
{
        const struct phone_question question = { .kind = PHONE_ASKS_CONSENT, .word = word };
        struct phone_answer answer;
        MITOME_TRY(phone_actor_ask(actor, &question, &answer, error));
        return answer.yes ? ok() : fail(error, MITOME_E_PHONE_DECLINED, "the question", NULL);
}

/* ---- fingers ---- */

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        bool wants_pin;
        return phone_actor_exchange(context, NULL, request, response, capacity, ret_size, &wants_pin, error);
}

static mitome_status list_fingers(struct phone_actor *actor, struct wish *wish, mitome_error *error)
{
        struct mitome_gate_finger fingers[MITOME_GATE_FINGERS_MAX];
        size_t count = 0;
        MITOME_TRY(finger_client_list(&wish->client, fingers, &count, error));
        pthread_mutex_lock(&actor->lock);
        actor->model.fingers_known = true;
        actor->model.finger_count = count;
        for (size_t i = 0; i < count; i++)
                actor->model.fingers[i] = fingers[i];
        phone_board_change(actor);
        pthread_mutex_unlock(&actor->lock);
        return ok();
}

static mitome_status do_fingers(struct phone_actor *actor, struct wish *wish, mitome_error *error)
{
        struct mitome_gate_finger enrolled;
        const slice text = slice_of(wish->text, wish->text_size);
        switch (wish->wish) {
        case PHONE_WISH_ENROL:
                MITOME_TRY(finger_client_enrol(&wish->client, text, NULL, &enrolled, error));
                break;
        case PHONE_WISH_RENAME:
                MITOME_TRY(finger_client_rename(&wish->client, SLICE(wish->id), text, error));
                break;
        case PHONE_WISH_REMOVE:
                MITOME_TRY(finger_client_remove(&wish->client, SLICE(wish->id), error));
                break;
        default:
                break;
        }
        return list_fingers(actor, wish, error);
}

static mitome_status look_again(struct phone_actor *actor, void *context, mitome_error *error)
{
        (void)actor; /* the model is looked at after every job */
        (void)context;
        (void)error;
        return ok();
}

static mitome_status with_fingers(struct phone_actor *actor, struct wish *wish, mitome_error *error)
{
        const struct finger_wire wire = { .context = actor, .exchange = exchange };
        struct phone_model model;
        struct phone_job job = { .run = look_again };
        SECRET(pin);
        phone_actor_model(actor, &model);
        MITOME_TRY(ask_secret(
                actor, PHONE_ASKS_PIN, phone_wish_names[wish->wish], model.state.pin_tries, &pin, error));
        mitome_status status = finger_client_open(
                &wish->client, &wire, &actor->life.config.random, slice_of(pin.data, pin.size), error);
        if (!failed(status))
                status = do_fingers(actor, wish, error);
        finger_client_close(&wish->client);
        mitome_status looked = phone_actor_do(actor, &job, NULL);
        return failed(status) ? status : looked;
}

/* ---- certificates ---- */

static mitome_status apply(struct phone_actor *actor, void *context, mitome_error *error)
{
        static const enum life_purpose purposes[PHONE_WISHES] = {
                [PHONE_WISH_ISSUE] = LIFE_ISSUE,
                [PHONE_WISH_RESET_PIN] = LIFE_RESET_PIN,
                [PHONE_WISH_RESET_PASSWORD] = LIFE_RESET_PASSWORD,
        };
        struct wish *wish = context;
        return phone_life_apply(&actor->life, purposes[wish->wish],
                slice_of(wish->secret.data, wish->secret.size), &wish->state, error);
}

static mitome_status choose(struct phone_actor *actor, void *context, mitome_error *error)
{
        struct wish *wish = context;
        return phone_life_choose(&actor->life, wish->kind, slice_of(wish->secret.data, wish->secret.size),
                &wish->state, error);
}

static mitome_status choose_one(
        struct phone_actor *actor, struct wish *wish, unsigned kind, mitome_error *error)
{
        const bool user = kind == LIFE_USER_VERIFICATION;
        struct phone_job job = { .run = choose, .context = wish };
        if (!(wish->state.to_choose & kind))
                return ok();
        wish->kind = kind;
        MITOME_TRY(ask_secret(actor, user ? PHONE_ASKS_PIN : PHONE_ASKS_PASSWORD,
                user ? "choose-pin" : "choose-password", 0, &wish->secret, error));
        return phone_actor_do(actor, &job, error);
}

/* The card is held to the phone: here it lies beside it, and its password is asked for. */
static mitome_status with_card(struct phone_actor *actor, struct wish *wish, mitome_error *error)
{
        struct phone_job job = { .run = apply, .context = wish };
        MITOME_TRY(ask_secret(actor, PHONE_ASKS_PASSWORD, "card-password", 0, &wish->secret, error));
        MITOME_TRY(phone_actor_do(actor, &job, error));
        MITOME_TRY(choose_one(actor, wish, LIFE_USER_VERIFICATION, error));
        return choose_one(actor, wish, LIFE_SIGNING, error);
}

static mitome_status telephone(struct phone_actor *actor, void *context, mitome_error *error)
{
        const struct wish *wish = context;
        return phone_life_hold(&actor->life, wish->wish == PHONE_WISH_HOLD, error);
}

static mitome_status revoke(struct phone_actor *actor, void *context, mitome_error *error)
{
        struct wish *wish = context;
        return phone_life_revoke(&actor->life, &wish->state, error);
}

static mitome_status erase(struct phone_actor *actor, void *context, mitome_error *error)
{
        (void)context;
        return phone_life_erase(&actor->life, error);
}

static mitome_status with_consent(struct phone_actor *actor, struct wish *wish, mitome_error *error)
{
        static mitome_status (*const works[PHONE_WISHES])(struct phone_actor *, void *, mitome_error *) = {
                [PHONE_WISH_HOLD] = telephone,
                [PHONE_WISH_RELEASE] = telephone,
                [PHONE_WISH_REVOKE] = revoke,
                [PHONE_WISH_ERASE] = erase,
        };
        struct phone_job job = { .run = works[wish->wish], .context = wish };
        MITOME_TRY(ask_consent(actor, phone_wish_names[wish->wish], error));
        return phone_actor_do(actor, &job, error);
}

/* ---- one of them ---- */

static mitome_status (*const doings[PHONE_WISHES])(struct phone_actor *, struct wish *, mitome_error *) = {
        [PHONE_WISH_FINGERS] = with_fingers,
        [PHONE_WISH_ENROL] = with_fingers,
        [PHONE_WISH_RENAME] = with_fingers,
        [PHONE_WISH_REMOVE] = with_fingers,
        [PHONE_WISH_ISSUE] = with_card,
        [PHONE_WISH_RESET_PIN] = with_card,
        [PHONE_WISH_RESET_PASSWORD] = with_card,
        [PHONE_WISH_HOLD] = with_consent,
        [PHONE_WISH_RELEASE] = with_consent,
        [PHONE_WISH_REVOKE] = with_consent,
        [PHONE_WISH_ERASE] = with_consent,
};

static mitome_status run(void *context, struct phone_actor *actor, mitome_error *error)
{
        struct wish *wish = context;
        return doings[wish->wish](actor, wish, error);
}

static void done(void *context, mitome_status status, const mitome_error *error)
{
        struct wish *wish = context;
        (void)status;
        (void)error;
        bytes_wipe(wish, sizeof *wish);
        free(wish);
}

mitome_status phone_wish(struct phone_actor *actor, enum phone_wish wish, slice id, slice text,
        uint64_t *ret_number, mitome_error *error)
{
        struct wish *made = calloc(1, sizeof *made);
        if (!made)
                return fail(error, MITOME_E_NO_MEMORY, "wish", NULL);
        made->wish = wish;
        made->text_size = text.size;
        mitome_status status = slice_copy(text, "name", made->text, sizeof made->text, error);
        if (!failed(status) && id.size && id.size != sizeof made->id)
                status = fail(error, MITOME_E_ARGUMENT, "finger", NULL);
        if (!failed(status))
                status = slice_copy(id, "finger", made->id, sizeof made->id, error);
        const struct phone_errand errand = {
                .name = phone_wish_names[wish], .context = made, .run = run, .done = done
        };
        if (!failed(status))
                status = phone_actor_begin(actor, &errand, ret_number, error);
        if (failed(status))
                done(made, status, error);
        return status;
}

/* ---- signing ---- */

struct signing {
        slice document;
        struct secret password;
        struct phone_signature *made;
        unsigned tries; /* left, after a wrong password */
};

static mitome_status sign_selected(
        const struct mitome_link *link, struct signing *signing, mitome_error *error)
{
        enum { TRIES_LEFT = 0x63C0, TRIES_MASK = 0xFFF0 };
        char password[SECRET_MAX + 1] = { 0 };
        slice certificate;
        uint16_t sw = 0;
        mitome_status status = slice_copy(slice_of(signing->password.data, signing->password.size),
                "password", (uint8_t *)password, SECRET_MAX, error);
        if (!failed(status))
                status = jpki_app_verify(link, &jpki_signing, password, &sw, NULL);
        bytes_wipe(password, sizeof password);
        if (failed(status) && (sw & TRIES_MASK) == TRIES_LEFT)
                return fail(error, MITOME_E_SECRET_WRONG, "the signing password", NULL);
        if (failed(status))
                return fail(error, status.code, "the signing password", NULL);
        MITOME_TRY(jpki_app_read_certificate(link, &jpki_signing, signing->made->certificate,
                sizeof signing->made->certificate, &certificate, &sw, error));
        signing->made->certificate_size = certificate.size;
        return jpki_app_sign(
                link, &jpki_signing, &signing->document, 1, signing->made->signature, &sw, error);
}

static mitome_status sign(struct phone_actor *actor, void *context, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        MITOME_TRY(mitome_enforcer_new(&actor->life.body.link, &actor->life.world.app, &enforcer, error));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        mitome_status status = jpki_app_select(enforcer, error);
        if (!failed(status))
                status = sign_selected(&link, context, error);
        mitome_enforcer_free(enforcer);
        return status;
}

static mitome_status check_document(slice document, mitome_error *error)
{
        if (document.size == 0 || document.size >= PHONE_DOCUMENT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "document", NULL);
        return shown_text_check(document, "document", error);
}

mitome_status phone_actor_sign(struct phone_actor *actor, const char *origin, slice document,
        struct phone_signature *ret, mitome_error *error)
{
        char text[PHONE_DOCUMENT_MAX];
        struct phone_signature made = { 0 };
        struct signing signing = { .document = document, .made = &made };
        struct phone_job job = { .run = sign, .context = &signing };
        struct phone_model model;
        MITOME_TRY(check_document(document, error));
        phone_board_text(text, sizeof text, document);
        phone_actor_model(actor, &model);
        const struct phone_question question = { .kind = PHONE_ASKS_PASSWORD,
                .origin = origin,
                .word = "sign-document",
                .text = text,
                .tries = model.state.password_tries > 0 ? (unsigned)model.state.password_tries : 0 };
        struct phone_answer answer;
        MITOME_TRY(phone_actor_ask(actor, &question, &answer, error));
        if (!answer.yes)
                return fail(error, MITOME_E_PHONE_DECLINED, "the document", NULL);
        signing.password.size = answer.size;
        mitome_status status = slice_copy(slice_of(answer.secret, answer.size), "password",
                signing.password.data, sizeof signing.password.data, error);
        bytes_wipe(&answer, sizeof answer);
        if (!failed(status))
                status = phone_actor_do(actor, &job, error);
        bytes_wipe(&signing.password, sizeof signing.password);
        if (!failed(status))
                *ret = made;
        return status;
}
