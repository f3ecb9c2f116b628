/* SPDX-License-Identifier: Apache-2.0 */
#include "life_cycle_app.h"

#include "card_application.h"
#include "life_words.h"
#include "maker.h"
#include "statement_nonce.h"
#include "tlv.h"

#include <stdio.h>
#include <stdlib.h>

/* What the app remembers: the session, the order, the push token. No secret, nothing of the person. */
static const char schema[] = "CREATE TABLE fact (name TEXT PRIMARY KEY, number INTEGER NOT NULL DEFAULT 0,"
                             " bytes BLOB NOT NULL DEFAULT x'') WITHOUT ROWID;";
enum { SCHEMA_VERSION = 1 };

#define FACT_SESSION "session"
#define FACT_ORDER "order"
#define FACT_PURPOSE "purpose"
#define FACT_TOKEN "token"

struct life_app {
        struct life_config config;
        struct sql_store *store;
        struct mitome_enforcer *enforcer, *software; /* the app's, and the phone's own software's */
};

static slice identity_of(const struct life_app *app)
{
        return slice_text(app->config.identity);
}

static const char *model_of(const struct life_app *app)
{
        return app->config.model ? app->config.model : MAKER_MODEL;
}

mitome_status life_cycle_open(const struct life_config *config, struct life_app **ret, mitome_error *error)
{
        char path[4096];
        writer w = writer_over((uint8_t *)path, sizeof path - 1);
        slice written;
        /* who may use the JPKI applet changes with its owner, and the SEI-TSM takes away what it gave: not
         * the way by which a next owner proves that he holds the phone */
        if (slice_equal(SLICE(config->app.sha256), SLICE(config->software.sha256)))
                return fail(error, MITOME_E_ARGUMENT, "the phone's own software", NULL);
        struct life_app *app = calloc(1, sizeof *app);
        if (!app)
                return fail(error, MITOME_E_NO_MEMORY, "the app", NULL);
        app->config = *config;
        if (config->folder) {
                write_slice(&w, slice_text(config->folder));
                write_slice(&w, slice_text("/app.db"));
        }
        mitome_status status = writer_finish(&w, "the app's folder", &written, error);
        path[w.used] = '\0';
        if (!failed(status))
                status = sql_open(
                        config->folder ? path : NULL, SQL_SCHEMA(SCHEMA_VERSION, schema), &app->store, error);
        if (!failed(status))
                status = mitome_enforcer_new(&config->platform, &config->app, &app->enforcer, error);
        if (!failed(status))
                status = mitome_enforcer_new(&config->platform, &config->software, &app->software, error);
        if (failed(status))
                life_cycle_close(app);
        else
                *ret = app;
        return status;
}

void life_cycle_close(struct life_app *app)
{
        if (!app)
                return;
        mitome_enforcer_free(app->enforcer);
        mitome_enforcer_free(app->software);
        if (app->store)
                sql_close(app->store);
        free(app);
}

/* ---- what is remembered ---- */

struct fact {
        bool exists;
        int64_t number;
        size_t size;
        uint8_t bytes[LIFE_FACT_MAX];
};

static mitome_status recall(struct life_app *app, const char *name, struct fact *ret, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        *ret = (struct fact){ 0 };
        MITOME_TRY(sql_ask(app->store, "SELECT number, bytes FROM fact WHERE name = ?",
                SQL_VALUES(SQL_STR(name)), &row, error));
        if (sql_next(&row)) {
                slice bytes = sql_bytes(&row, 1);
                ret->exists = true;
                ret->number = sql_integer(&row, 0);
                ret->size = bytes.size;
                status = slice_copy(bytes, name, ret->bytes, sizeof ret->bytes, error);
        }
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

static mitome_status remember(
        struct life_app *app, const char *name, int64_t number, slice bytes, mitome_error *error)
{
        return sql_do(app->store, "INSERT OR REPLACE INTO fact (name, number, bytes) VALUES (?, ?, ?)",
                SQL_VALUES(SQL_STR(name), SQL_INT(number), SQL_BYTES(bytes)), NULL, error);
}

static slice fact_bytes(const struct fact *fact)
{
        return slice_of(fact->bytes, fact->size);
}

/* A new session takes the place of the one before with its order, in one step: what the order before still
 * has to do is the SP-TSM's to know. */
static mitome_status begin_anew(
        struct life_app *app, enum life_purpose purpose, slice session, mitome_error *error)
{
        MITOME_TRY(sql_begin(app->store, error));
        mitome_status status =
                sql_do(app->store, "DELETE FROM fact WHERE name = 'order'", NULL, 0, NULL, error);
        if (!failed(status))
                status = remember(app, FACT_PURPOSE, purpose, (slice){ 0 }, error);
        if (!failed(status))
                status = remember(app, FACT_SESSION, 0, session, error);
        return sql_settle(app->store, status, error);
}

/* ---- what the element shows this app ---- */

/* Of GET DATA 0001: what is there. */
enum {
        THERE_KEY_0017 = 0x01,
        THERE_USER = 0x02,
        THERE_SIGNING = 0x08,
        THERE_PIN_TEMPORARY = 0x10,
        THERE_PASSWORD_TEMPORARY = 0x20,
};

static mitome_status exchange(struct life_app *app, const struct apdu_command *command, uint8_t *response,
        size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        size_t size;
        apdu_write_command(&w, command);
        mitome_status status =
                mitome_enforcer_transmit(app->enforcer, writer_view(&w), response, capacity, &size, error);
        bytes_wipe(bytes, sizeof bytes); /* PINs pass here */
        MITOME_TRY(status);
        return apdu_read_response(slice_of(response, size), ret_data, ret_sw, error);
}

static const uint8_t jpki_aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t fido_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };

/* No applet, or no rule that lets this app in: nothing of this app's is there. */
static mitome_status reach_jpki(struct life_app *app, bool *ret_there, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = mitome_enforcer_select(app->enforcer, SLICE(jpki_aid), &cause);
        *ret_there = !failed(status);
        if (!failed(status) || status.code == MITOME_E_ACCESS_DENIED || status.code == MITOME_E_APDU_STATUS)
                return ok();
        return fail(error, status.code, cause.field, cause.clause);
}

static mitome_status what_is_there(struct life_app *app, uint8_t *ret, mitome_error *error)
{
        static const struct apdu_command ask = { .cla = 0x80, .ins = 0xCA, .p2 = 0x01, .expected = 256 };
        uint8_t response[LIFE_RESPONSE_MAX];
        slice data, there;
        uint16_t sw;
        bool reached;
        *ret = 0;
        MITOME_TRY(reach_jpki(app, &reached, error));
        if (!reached)
                return ok();
        MITOME_TRY(exchange(app, &ask, response, sizeof response, &data, &sw, error));
        if (sw != SW_OK)
                return fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
        MITOME_TRY(tlv_find_fixed(data, 0x83, "what is there", 1, &there, error));
        *ret = there.data[0];
        return ok();
}

static mitome_status reach_fido(struct life_app *app, mitome_error *error)
{
        return mitome_enforcer_select(app->enforcer, SLICE(fido_aid), error);
}

/* By the phone's own software: there is a way to the FIDO applet before there is an app, and whoever may use
 * the JPKI applet. */
static mitome_status state_to(struct mitome_enforcer *software, const uint8_t nonce[STATEMENT_NONCE_SIZE],
        struct evidence_answer *ret, mitome_error *error)
{
        uint16_t sw;
        MITOME_TRY(mitome_enforcer_select(software, SLICE(fido_aid), error));
        mitome_status status = evidence_fetch(
                software, EVIDENCE_STATEMENT, slice_of(nonce, STATEMENT_NONCE_SIZE), ret, &sw, error);
        mitome_enforcer_close(software);
        return status;
}

/* ---- state ---- */

static mitome_status look_at_order(struct life_app *app, struct life_state *ret, mitome_error *error)
{
        struct fact order, purpose;
        struct life_answer answer;
        uint64_t state, code;
        MITOME_TRY(recall(app, FACT_ORDER, &order, error));
        MITOME_TRY(recall(app, FACT_PURPOSE, &purpose, error));
        if (!order.exists)
                return ok();
        MITOME_TRY(life_ask_order(&app->config.sp_tsm, fact_bytes(&order), &answer, error));
        MITOME_TRY(life_read_state(&answer, &state, &code, error));
        if (state < LIFE_ORDER_OPEN || state > LIFE_ORDER_GIVEN_UP)
                return fail(error, MITOME_E_VALUE, "the order's state", NULL);
        ret->purpose = (enum life_purpose)purpose.number;
        ret->order = (enum life_order)state;
        ret->code = (mitome_code)code;
        return ok();
}

static enum life_phase phase_of(const struct life_state *state)
{
        const bool makes = state->purpose == LIFE_ISSUE || state->purpose == LIFE_RENEW;
        if (state->to_choose)
                return LIFE_INITIAL;
        if (state->present)
                return LIFE_USE;
        return makes && state->order == LIFE_ORDER_OPEN ? LIFE_APPLET : LIFE_APP;
}

mitome_status life_cycle_look(struct life_app *app, struct life_state *ret, mitome_error *error)
{
        struct life_state state = { 0 };
        uint8_t there;
        mitome_status status = what_is_there(app, &there, error);
        mitome_enforcer_close(app->enforcer);
        MITOME_TRY(status);
        state.present = (there & THERE_SIGNING ? (unsigned)LIFE_SIGNING : 0) |
                        (there & THERE_USER ? (unsigned)LIFE_USER_VERIFICATION : 0);
        state.to_choose = (there & THERE_PASSWORD_TEMPORARY ? (unsigned)LIFE_SIGNING : 0) |
                          (there & THERE_PIN_TEMPORARY ? (unsigned)LIFE_USER_VERIFICATION : 0);
        MITOME_TRY(look_at_order(app, &state, error));
        state.phase = phase_of(&state);
        *ret = state;
        return ok();
}

/* ---- applying ---- */

static const char *const purposes[] = { [LIFE_ISSUE] = "issue",
        [LIFE_RENEW] = "renew",
        [LIFE_RESET_PIN] = "reset-pin",
        [LIFE_RESET_PASSWORD] = "reset-password",
        [LIFE_REVOKE] = "revoke" };

static const char *const kind_words[] = {
        [LIFE_SIGNING] = "signing", [LIFE_USER_VERIFICATION] = "user-verification", [LIFE_BOTH] = "both"
};

static mitome_status tell_password(void *context, int tries, struct secret *ret, mitome_error *error)
{
        const struct life_application *application = context;
        (void)tries;
        return secret_set(ret, application->card_password, error);
}

static mitome_status sign_application(struct life_app *app, const struct life_application *application,
        const struct life_session *session, writer *cms, mitome_error *error)
{
        uint8_t *content = malloc(CARD_APPLICATION_MAX);
        struct life_application copy = *application;
        const struct card_holder holder = { .context = &copy, .tell = tell_password };
        const int64_t now = app->config.clock.now(app->config.clock.context);
        const struct card_application text = { .kind = kind_words[application->kinds],
                .purpose = purposes[application->purpose],
                .device = app->config.identity,
                .nonce = session->nonce,
                .now = now };
        slice written;
        if (!content)
                return fail(error, MITOME_E_NO_MEMORY, "the application", NULL);
        mitome_status status = card_application_write(&text, content, &written, error);
        if (!failed(status))
                status = card_application_sign(application->card, written, now, &holder, cms, error);
        free(content);
        return status;
}

/* Where there is no box to be had, the app is not woken, and asks by itself. */
static mitome_status find_token(struct life_app *app, struct fact *ret, mitome_error *error)
{
        struct life_answer answer;
        mitome_error cause = { 0 };
        slice token;
        MITOME_TRY(recall(app, FACT_TOKEN, ret, error));
        if (ret->exists)
                return ok();
        mitome_status status = life_ask_token(&app->config.sp_tsm, &answer, &cause);
        if (status.code == MITOME_E_REFUSED)
                return ok();
        if (failed(status))
                return fail(error, status.code, cause.field, cause.clause);
        MITOME_TRY(life_read_token(&answer, &token, error));
        MITOME_TRY(remember(app, FACT_TOKEN, 0, token, error));
        return recall(app, FACT_TOKEN, ret, error);
}

/* The same application again is the same order: so a lost answer is asked for again. */
static mitome_status hand_in(struct life_app *app, slice body, mitome_error *error)
{
        enum { TRIES = 3 };
        struct life_answer answer;
        mitome_error cause = { 0 };
        slice order;
        mitome_status status = ok();
        for (int i = 0; i < TRIES; i++) {
                cause = (mitome_error){ 0 };
                status = life_call(&app->config.sp_tsm, "apply", body, &answer, &cause);
                if (status.code != MITOME_E_UNREACHABLE)
                        break;
        }
        if (failed(status)) {
                if (error)
                        *error = cause;
                return status;
        }
        MITOME_TRY(life_read_id(&answer, 1, &order, error));
        return remember(app, FACT_ORDER, 0, order, error);
}

/* Everything that the application consists of; too large for a stack that it shares. */
struct bundle {
        struct life_session session;
        struct evidence_answer statement;
        struct fact token;
        uint8_t cms[LIFE_CMS_MAX], body[PHONE_BODY_MAX];
};

/* A revocation says nothing of the phone that it is asked from. */
static mitome_status show_phone(struct life_app *app, const struct life_application *application,
        struct bundle *bundle, slice cms, mitome_error *error)
{
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        application_nonce(slice_text(bundle->session.nonce), cms, nonce);
        if (application->touched)
                MITOME_TRY(state_to(app->software, nonce, &bundle->statement, error));
        return find_token(app, &bundle->token, error);
}

static mitome_status apply_with(struct life_app *app, const struct life_application *application,
        struct bundle *bundle, mitome_error *error)
{
        writer cms = WRITER(bundle->cms), body = WRITER(bundle->body);
        slice whole;
        MITOME_TRY(life_begin(&app->config.sp_tsm, identity_of(app), purposes[application->purpose],
                application->kinds, model_of(app), &bundle->session, error));
        MITOME_TRY(begin_anew(app, application->purpose, SLICE(bundle->session.id), error));
        MITOME_TRY(sign_application(app, application, &bundle->session, &cms, error));
        if (application->purpose != LIFE_REVOKE)
                MITOME_TRY(show_phone(app, application, bundle, writer_view(&cms), error));
        life_write_application(&body, SLICE(bundle->session.id), writer_view(&cms),
                fact_bytes(&bundle->token), bundle->statement.evidence);
        MITOME_TRY(writer_finish(&body, "the application", &whole, error));
        return hand_in(app, whole, error);
}

mitome_status life_cycle_apply(
        struct life_app *app, const struct life_application *application, mitome_error *error)
{
        if (application->kinds < LIFE_SIGNING || application->kinds > LIFE_BOTH)
                return fail(error, MITOME_E_VALUE, "the kinds", NULL);
        struct bundle *bundle = calloc(1, sizeof *bundle);
        if (!bundle)
                return fail(error, MITOME_E_NO_MEMORY, "the application", NULL);
        mitome_status status = apply_with(app, application, bundle, error);
        bytes_wipe(bundle, sizeof *bundle); /* the signer's certificate has the person's four facts */
        free(bundle);
        return status;
}

/* ---- relaying ---- */

/* The element, as a relay reaches it: whether a manager had anything to say to it is seen by what passes. */
struct watched_link {
        const struct mitome_link *link;
        bool used;
};

static mitome_status watch(void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size,
        mitome_error *error)
{
        struct watched_link *watched = context;
        watched->used = true;
        return watched->link->transmit(watched->link->context, command, response, capacity, ret_size, error);
}

/* A manager that refuses ends a round, not the run: what the order says next is what counts. */
static mitome_status relay_once(struct life_app *app, const struct phone_way *way, bool *ret_used,
        mitome_code *ret_trouble, mitome_error *error)
{
        mitome_error cause = { 0 };
        struct watched_link watched = { .link = &app->config.platform };
        const struct mitome_link link = { .context = &watched, .transmit = watch };
        mitome_status status = way->relay(way->context, identity_of(app), &link, &cause);
        *ret_used = watched.used;
        if (status.code == MITOME_E_REFUSED) {
                const mitome_code code = phone_refusal(&cause);
                *ret_trouble = code == MITOME_OK ? MITOME_E_REFUSED : code;
                return ok();
        }
        if (failed(status) && error)
                *error = cause;
        return status;
}

/* The SEI-TSM first: what the SP-TSM has to do may wait for it. And once more behind the SP-TSM, which may
 * have asked it to delete the applet after an erasure, and waits to hear that. */
static mitome_status relay_all(
        struct life_app *app, struct life_state *state, mitome_code *ret_trouble, mitome_error *error)
{
        enum { ROUNDS = 8 }; /* begin, prepare, hand over, personalise, and as many again */
        struct life_state before;
        mitome_code trouble = MITOME_OK;
        for (int i = 0; i < ROUNDS; i++) {
                bool asked, used;
                before = *state;
                const mitome_code former = trouble;
                trouble = MITOME_OK;
                MITOME_TRY(relay_once(app, &app->config.sei_tsm, &asked, &trouble, error));
                if (i > 0 && !asked && state->order != LIFE_ORDER_OPEN) {
                        *ret_trouble = former;
                        return ok();
                }
                MITOME_TRY(relay_once(app, &app->config.sp_tsm, &used, &trouble, error));
                MITOME_TRY(life_cycle_look(app, state, error));
                *ret_trouble = trouble;
                if (trouble != MITOME_OK && i > 1 && before.order == state->order &&
                        before.present == state->present)
                        break;
        }
        return ok();
}

mitome_status life_cycle_run(struct life_app *app, struct life_state *ret, mitome_error *error)
{
        struct life_state state;
        mitome_code trouble = MITOME_OK;
        MITOME_TRY(life_cycle_look(app, &state, error));
        MITOME_TRY(relay_all(app, &state, &trouble, error));
        state.trouble = trouble;
        *ret = state;
        return ok();
}

/* ---- the holder's secrets ---- */

/* Each kind with its PIN or password, as the applet and as the SP-TSM name it. */
struct secret_place {
        uint8_t file;      /* 00xx */
        uint8_t temporary; /* bit of GET DATA */
        uint64_t word;     /* `secret`'s which */
        const char *name;
};

static const struct secret_place *place_of(unsigned kind)
{
        static const struct secret_place places[] = {
                [LIFE_SIGNING] = { 0x1B, THERE_PASSWORD_TEMPORARY, 1, "the signing password" },
                [LIFE_USER_VERIFICATION] = { 0x18, THERE_PIN_TEMPORARY, 2, "the PIN" },
        };
        return kind == LIFE_SIGNING || kind == LIFE_USER_VERIFICATION ? &places[kind] : NULL;
}

/* 4 digits; 6 to 16 letters and digits, both kinds, kept in capitals. */
static mitome_status normalise(
        const struct secret_place *place, slice text, struct secret *ret, mitome_error *error)
{
        enum { PIN_SIZE = 4, PASSWORD_MIN = 6, PASSWORD_MAX = 16 };
        const bool pin = place->file == 0x18;
        size_t letters = 0, digits = 0;
        if (text.size < (pin ? PIN_SIZE : PASSWORD_MIN) || text.size > (pin ? PIN_SIZE : PASSWORD_MAX))
                return fail(error, MITOME_E_SECRET_FORM, place->name, NULL);
        MITOME_TRY(secret_set(ret, text, error));
        for (size_t i = 0; i < ret->size; i++) {
                uint8_t c = ret->data[i];
                if (c >= 'a' && c <= 'z')
                        ret->data[i] = c = (uint8_t)(c - 'a' + 'A');
                letters += c >= 'A' && c <= 'Z';
                digits += c >= '0' && c <= '9';
        }
        const bool fits = pin ? digits == PIN_SIZE : letters && digits && letters + digits == text.size;
        return fits ? ok() : fail(error, MITOME_E_SECRET_FORM, place->name, NULL);
}

static mitome_status secret_command(struct life_app *app, const struct secret_place *place, uint8_t ins,
        uint8_t p1, slice text, mitome_error *error)
{
        enum { TRIES_MASK = 0xFFF0 };
        const uint8_t id[] = { 0x00, place->file };
        uint8_t response[LIFE_RESPONSE_MAX];
        slice data;
        uint16_t sw;
        const struct apdu_command select = { .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(id) };
        const struct apdu_command command = { .ins = ins, .p1 = p1, .p2 = 0x80, .data = text };
        MITOME_TRY(exchange(app, &select, response, sizeof response, &data, &sw, error));
        if (sw == SW_OK)
                MITOME_TRY(exchange(app, &command, response, sizeof response, &data, &sw, error));
        if (sw == SW_OK)
                return ok();
        if (sw == SW_UNUSABLE || sw == SW_BLOCKED || sw == SW_TRIES_LEFT)
                return fail(error, MITOME_E_SECRET_LOCKED, place->name, NULL);
        if ((sw & TRIES_MASK) == SW_TRIES_LEFT)
                return fail(error, MITOME_E_SECRET_WRONG, place->name, NULL);
        return fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

static mitome_status change(
        struct life_app *app, const struct secret_place *place, slice former, slice next, mitome_error *error)
{
        enum { VERIFY = 0x20, CHANGE = 0x24 };
        MITOME_TRY(secret_command(app, place, VERIFY, 0, former, error));
        return secret_command(app, place, CHANGE, 1, next, error);
}

static mitome_status ask_temporary(
        struct life_app *app, const struct secret_place *place, struct secret *ret, mitome_error *error)
{
        struct fact session;
        mitome_error cause = { 0 };
        MITOME_TRY(recall(app, FACT_SESSION, &session, error));
        if (!session.exists)
                return fail(error, MITOME_E_LIFE_SESSION, place->name, NULL);
        mitome_status status =
                life_ask_secret(&app->config.sp_tsm, fact_bytes(&session), place->word, ret, &cause);
        if (status.code == MITOME_E_REFUSED)
                return fail(error, MITOME_E_LIFE_SESSION, place->name, NULL);
        return failed(status) ? fail(error, status.code, cause.field, cause.clause) : ok();
}

/* Where the secret is the holder's already (the answer to an earlier CHANGE was lost), the temporary one is
 * wrong, and would cost a try. The holder's own may not be the temporary one, which chance makes of one PIN
 * in ten thousand: the element would refuse it and could not say why. */
static mitome_status choose(
        struct life_app *app, const struct secret_place *place, slice next, mitome_error *error)
{
        SECRET(temporary);
        uint8_t there;
        MITOME_TRY(what_is_there(app, &there, error));
        if (!(there & place->temporary))
                return ok();
        MITOME_TRY(ask_temporary(app, place, &temporary, error));
        if (secret_equal(secret_view(&temporary), next))
                return fail(error, MITOME_E_SECRET_SAME, place->name, NULL);
        return change(app, place, secret_view(&temporary), next, error);
}

mitome_status life_cycle_choose(struct life_app *app, unsigned kind, slice secret, mitome_error *error)
{
        SECRET(next);
        const struct secret_place *place = place_of(kind);
        if (!place)
                return fail(error, MITOME_E_VALUE, "the kind", NULL);
        MITOME_TRY(normalise(place, secret, &next, error));
        mitome_status status = choose(app, place, secret_view(&next), error);
        mitome_enforcer_close(app->enforcer);
        return status;
}

static mitome_status change_selected(
        struct life_app *app, const struct secret_place *place, slice former, slice next, mitome_error *error)
{
        MITOME_TRY(mitome_enforcer_select(app->enforcer, SLICE(jpki_aid), error));
        return change(app, place, former, next, error);
}

mitome_status life_cycle_change(
        struct life_app *app, unsigned kind, slice former, slice secret, mitome_error *error)
{
        SECRET(old);
        SECRET(next);
        const struct secret_place *place = place_of(kind);
        if (!place)
                return fail(error, MITOME_E_VALUE, "the kind", NULL);
        MITOME_TRY(normalise(place, former, &old, error));
        MITOME_TRY(normalise(place, secret, &next, error));
        mitome_status status = change_selected(app, place, secret_view(&old), secret_view(&next), error);
        mitome_enforcer_close(app->enforcer);
        return status;
}

/* ---- revoking from here, receipts, wakes ---- */

static mitome_status revoke_with(struct life_app *app, struct bundle *bundle, mitome_error *error)
{
        struct life_answer answer;
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        writer body = WRITER(bundle->body);
        slice whole, order;
        MITOME_TRY(life_begin(&app->config.sp_tsm, identity_of(app), purposes[LIFE_REVOKE], LIFE_BOTH,
                model_of(app), &bundle->session, error));
        revocation_nonce(slice_text(bundle->session.nonce), nonce);
        MITOME_TRY(state_to(app->software, nonce, &bundle->statement, error));
        MITOME_TRY(begin_anew(app, LIFE_REVOKE, SLICE(bundle->session.id), error));
        life_write_statement(&body, identity_of(app), bundle->statement.evidence, SLICE(bundle->session.id));
        MITOME_TRY(writer_finish(&body, "the statement", &whole, error));
        MITOME_TRY(life_call(&app->config.sp_tsm, "revoke-here", whole, &answer, error));
        MITOME_TRY(life_read_id(&answer, 1, &order, error));
        return remember(app, FACT_ORDER, 0, order, error);
}

mitome_status life_cycle_revoke_here(struct life_app *app, mitome_error *error)
{
        struct bundle *bundle = calloc(1, sizeof *bundle);
        if (!bundle)
                return fail(error, MITOME_E_NO_MEMORY, "the statement", NULL);
        mitome_status status = revoke_with(app, bundle, error);
        free(bundle);
        return status;
}

/* What a counter let the element forget goes first: for that no element is needed. */
static mitome_status deliver_kept(
        const struct life_app *app, const struct life_taker *taker, unsigned *count, mitome_error *error)
{
        char *folder = NULL;
        if (!app->config.folder)
                return ok();
        if (asprintf(&folder, "%s/" LIFE_KEPT, app->config.folder) < 0)
                return fail(error, MITOME_E_NO_MEMORY, "the receipt", NULL);
        mitome_status status = life_deliver_kept(folder, taker, count, error);
        free(folder);
        return status;
}

mitome_status life_cycle_deliver(struct life_app *app, unsigned *ret_count, mitome_error *error)
{
        const struct life_taker taker = { .way = &app->config.sp_tsm, .kind = "receipt" };
        unsigned kept = 0;
        *ret_count = 0;
        MITOME_TRY(deliver_kept(app, &taker, &kept, error));
        *ret_count = kept;
        MITOME_TRY(reach_fido(app, error));
        mitome_status status = life_deliver(app->enforcer, &taker, ret_count, error);
        mitome_enforcer_close(app->enforcer);
        *ret_count += kept;
        return status;
}

mitome_status life_cycle_poll(struct life_app *app, bool *ret_woken, mitome_error *error)
{
        struct fact token;
        struct life_wakes wakes = { 0 };
        struct life_state state;
        MITOME_TRY(recall(app, FACT_TOKEN, &token, error));
        if (token.exists)
                MITOME_TRY(life_poll(&app->config.sp_tsm, fact_bytes(&token), &wakes, error));
        if (wakes.count == 0) {
                *ret_woken = false;
                return ok();
        }
        MITOME_TRY(life_cycle_run(app, &state, error));
        MITOME_TRY(life_poll(&app->config.sp_tsm, fact_bytes(&token), &wakes, error));
        *ret_woken = true;
        return ok();
}

/* ---- setting the phone back ---- */

static mitome_status ask_for_reset(const struct life_reset *reset, struct mitome_enforcer *enforcer,
        struct bundle *bundle, uint8_t session[LIFE_ID_SIZE], mitome_error *error)
{
        struct life_answer answer;
        uint8_t to_sign[STATEMENT_NONCE_SIZE];
        writer body = WRITER(bundle->body);
        slice nonce, id, whole;
        MITOME_TRY(
                life_ask_identity(&reset->maker, "begin-reset", slice_text(reset->identity), &answer, error));
        MITOME_TRY(life_read_pair(&answer, &id, &nonce, error));
        MITOME_TRY(slice_copy(id, "the session", session, LIFE_ID_SIZE, error));
        reset_nonce(nonce, to_sign);
        MITOME_TRY(state_to(enforcer, to_sign, &bundle->statement, error));
        life_write_for_session(&body, slice_of(session, LIFE_ID_SIZE), bundle->statement.evidence);
        MITOME_TRY(writer_finish(&body, "the statement", &whole, error));
        return life_call(&reset->maker, "factory-reset", whole, &answer, error);
}

/* Asked of the element itself: the platform may select whatever it likes. What stays selected cannot be
 * deleted, so the card manager is selected last. */
static mitome_status applet_is_gone(const struct mitome_link *platform, bool *ret, mitome_error *error)
{
        static const uint8_t head[] = { 0x00, 0xA4, 0x04, 0x00, sizeof jpki_aid },
                             manager[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 }, not_found[] = { 0x6A, 0x82 };
        uint8_t command[sizeof head + sizeof jpki_aid], response[512];
        size_t size = 0;
        writer w = WRITER(command);
        write_slice(&w, SLICE(head));
        write_slice(&w, SLICE(jpki_aid));
        MITOME_TRY(platform->transmit(
                platform->context, SLICE(command), response, sizeof response, &size, error));
        *ret = slice_equal(slice_of(response, size), SLICE(not_found));
        return platform->transmit(platform->context, SLICE(manager), response, sizeof response, &size, error);
}

static mitome_status reset_with(const struct life_reset *reset, struct mitome_enforcer *enforcer,
        struct bundle *bundle, bool *ret_confirmed, mitome_error *error)
{
        uint8_t session[LIFE_ID_SIZE];
        unsigned count;
        const slice identity = slice_text(reset->identity);
        MITOME_TRY(ask_for_reset(reset, enforcer, bundle, session, error));
        MITOME_TRY(reset->sei_tsm.relay(reset->sei_tsm.context, identity, &reset->platform, error));
        struct life_taker taker = {
                .way = &reset->maker, .kind = "reset-receipt", .session = SLICE(session)
        };
        MITOME_TRY(mitome_enforcer_select(enforcer, SLICE(fido_aid), error));
        mitome_status status = life_deliver(enforcer, &taker, &count, error);
        mitome_enforcer_close(enforcer);
        MITOME_TRY(status);
        return applet_is_gone(&reset->platform, ret_confirmed, error);
}

mitome_status life_cycle_reset(const struct life_reset *reset, bool *ret_confirmed, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        struct bundle *bundle = calloc(1, sizeof *bundle);
        if (!bundle)
                return fail(error, MITOME_E_NO_MEMORY, "the statement", NULL);
        mitome_status status = mitome_enforcer_new(&reset->platform, &reset->software, &enforcer, error);
        if (!failed(status)) {
                status = reset_with(reset, enforcer, bundle, ret_confirmed, error);
                mitome_enforcer_free(enforcer);
        }
        free(bundle);
        return status;
}
