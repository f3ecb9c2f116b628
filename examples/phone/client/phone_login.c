/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_login.h"

#include "json_object.h"
#include "phone_client.h"
#include "phone_letter.h"
#include "phone_link.h"

#include <stdlib.h>

enum { ANSWER_MAX = 65536, HTTP_OK = 200, NUMBER_SIZE = 2, FORM_MAX = 8192 };

static const char clause[] = "docs/extension.md";

/* One link that is followed. */
struct visit {
        struct phone_actor *actor;
        struct phone_link link;
        struct phone_letter letter;
        uint8_t heard[ANSWER_MAX];             /* what the portal said */
        uint8_t arena[ANSWER_MAX];             /* what was read of it */
        uint8_t buffer[WEB_CLIENT_ANSWER_MAX]; /* what goes back */
};

/* Any status but 200 is a refusal; why, the portal's page tells. */
static mitome_status send(struct visit *visit, slice body, slice *ret_answer, mitome_error *error)
{
        long status = 0;
        visit->letter.body = body;
        MITOME_TRY(phone_letter_send(
                &visit->letter, visit->heard, sizeof visit->heard, &status, ret_answer, error));
        return status == HTTP_OK ? ok() : fail(error, MITOME_E_LOGIN_REFUSED, "link", NULL);
}

/* What it says is the portal's word: whatever cannot be read of it is one failure. */
static mitome_status read_answer(
        slice answer, writer *arena, const struct json_object *object, mitome_error *error)
{
        struct json_reader r = json_over(answer, clause, NULL);
        if (failed(json_object_read(&r, arena, object)) || failed(json_end(&r, "answer")))
                return fail(error, MITOME_E_LOGIN_ANSWER, "answer", clause);
        return ok();
}

/* ---- logging in ---- */

static bool is_number(slice text)
{
        bool digits = text.size == NUMBER_SIZE;
        for (size_t i = 0; i < text.size; i++)
                digits = digits && text.data[i] >= '0' && text.data[i] <= '9';
        return digits;
}

struct request_words {
        char number[NUMBER_SIZE + 1];
        slice options;
};

static mitome_status ask_request(struct visit *visit, struct request_words *ret, mitome_error *error)
{
        struct request_words words = { 0 };
        slice answer, number = { 0 };
        const struct json_field fields[] = {
                { "number", "number", json_field_text, .required = true, .max = NUMBER_SIZE,
                        .bytes = &number },
                { "options", "options", json_field_raw, .required = true, .bytes = &words.options },
        };
        const struct json_object object = {
                .field = "answer", .fields = fields, .count = sizeof fields / sizeof *fields
        };
        writer arena = WRITER(visit->arena);
        MITOME_TRY(send(visit, (slice){ 0 }, &answer, error));
        MITOME_TRY(read_answer(answer, &arena, &object, error));
        if (!is_number(number))
                return fail(error, MITOME_E_LOGIN_ANSWER, "number", clause);
        MITOME_TRY(slice_copy(number, "number", (uint8_t *)words.number, NUMBER_SIZE, error));
        *ret = words;
        return ok();
}

static mitome_status ask_person(struct visit *visit, const char *number, mitome_error *error)
{
        const struct phone_question question = { .kind = PHONE_ASKS_CONSENT,
                .origin = visit->link.origin,
                .word = "confirm-login",
                .number = number };
        struct phone_answer answer = { 0 };
        MITOME_TRY(phone_actor_ask(visit->actor, &question, &answer, error));
        return answer.yes ? ok() : fail(error, MITOME_E_PHONE_DECLINED, "login", NULL);
}

static mitome_status log_in(struct visit *visit, mitome_error *error)
{
        const struct web_client_page page = { .origin = slice_text(visit->link.origin) };
        struct web_client_answer assertion = { 0 };
        struct request_words words;
        struct phone_client phone;
        slice answer;
        visit->letter.path = "/api/phone/code/";
        MITOME_TRY(ask_request(visit, &words, error));
        MITOME_TRY(ask_person(visit, words.number, error));
        phone_client_open(&phone, visit->actor, visit->link.origin, true);
        MITOME_TRY(web_client_get(
                &phone.client, &page, words.options, visit->buffer, sizeof visit->buffer, &assertion, error));
        return send(visit, assertion.json, &answer, error);
}

/* ---- signing ---- */

/* The form names the portal that it is for: another portal's is not signed under this one's name. */
static mitome_status check_form(const struct visit *visit, slice form, mitome_error *error)
{
        static const char start[] = "Document for ";
        reader r = reader_over(form, clause, error);
        slice before;
        if (!slice_begins_with(form, slice_text(start)))
                return fail(error, MITOME_E_LOGIN_ANSWER, "form", clause);
        MITOME_TRY(read_bytes(&r, "form", sizeof start - 1, &before));
        const slice origin = slice_text(visit->link.origin);
        if (!slice_begins_with(r.rest, origin))
                return fail(error, MITOME_E_LOGIN_ANSWER, "form", clause);
        MITOME_TRY(read_bytes(&r, "form", origin.size, &before));
        if (!slice_begins_with(r.rest, slice_text("\n")))
                return fail(error, MITOME_E_LOGIN_ANSWER, "form", clause);
        return ok();
}

static mitome_status ask_form(struct visit *visit, slice *ret, mitome_error *error)
{
        slice answer, form = { 0 };
        const struct json_field fields[] = {
                { "form", "form", json_field_text, .required = true, .max = FORM_MAX, .bytes = &form },
        };
        const struct json_object object = { .field = "answer", .fields = fields, .count = 1 };
        writer arena = WRITER(visit->arena);
        MITOME_TRY(send(visit, (slice){ 0 }, &answer, error));
        MITOME_TRY(read_answer(answer, &arena, &object, error));
        MITOME_TRY(check_form(visit, form, error));
        *ret = form;
        return ok();
}

/* What is signed is what is shown: the form itself, whole. */
static mitome_status sign(struct visit *visit, mitome_error *error)
{
        struct phone_signature signature = { 0 };
        slice form, answer, proof;
        writer w = WRITER(visit->buffer);
        struct json_writer json = json_into(&w);
        visit->letter.path = "/api/document/";
        MITOME_TRY(ask_form(visit, &form, error));
        MITOME_TRY(phone_actor_sign(visit->actor, visit->link.origin, form, &signature, error));
        json_write_open_object(&json, NULL);
        json_write_base64url(
                &json, "certificate", slice_of(signature.certificate, signature.certificate_size));
        json_write_base64url(&json, "signature", SLICE(signature.signature));
        json_write_close_object(&json);
        MITOME_TRY(writer_finish(&w, "proof", &proof, error));
        return send(visit, proof, &answer, error);
}

mitome_status phone_login_run(struct phone_actor *actor, const struct phone_login_config *config,
        const char *link_or_code, mitome_error *error)
{
        struct visit *visit = calloc(1, sizeof *visit);
        if (!visit)
                return fail(error, MITOME_E_NO_MEMORY, "login", NULL);
        visit->actor = actor;
        mitome_status status = phone_link_read(slice_text(link_or_code), config->portal, &visit->link, error);
        visit->letter = (struct phone_letter){
                .origin = visit->link.origin, .code = visit->link.code, .ca_file = config->ca_file
        };
        if (!failed(status))
                status = visit->link.kind == PHONE_LINK_LOGIN ? log_in(visit, error) : sign(visit, error);
        bytes_wipe(visit, sizeof *visit);
        free(visit);
        return status;
}
