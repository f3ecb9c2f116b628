/* SPDX-License-Identifier: Apache-2.0 */
/* A text that is signed in the phone (document.h). The browser's side has a session, the phone's has but the
 * document's id. */
#include "portal_api.h"

#include "hex_text.h"
#include "portal_body.h"
#include "portal_limits.h"
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADDRESS_MAX = DOCUMENT_ORIGIN_MAX + 64 };

static json_t *digest_of(const uint8_t digest[32])
{
        char text[65];
        writer w = writer_over((uint8_t *)text, sizeof text);
        hex_text_write(&w, slice_of(digest, 32));
        write_u8(&w, 0);
        return json_string(text);
}

static const char *state_of(enum document_state state)
{
        static const char *const names[] = {
                [DOCUMENT_WAITS] = "waiting", [DOCUMENT_SIGNED] = "signed", [DOCUMENT_OVER] = "over"
        };
        return names[state];
}

static json_t *document_of(
        const struct visit *visit, const uint8_t id[VISIT_ID_SIZE], const struct document *document)
{
        char text[VISIT_ID_TEXT], address[ADDRESS_MAX];
        visit_id_text(id, text);
        (void)snprintf(address, sizeof address, "%s/document/%s", visit->site->desk->origin, text);
        json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s%, s:I}", "id", text, "state",
                state_of(document->state), "origin", visit->site->desk->origin, "url", address, "form",
                document->form, document->form_size, "expires", (json_int_t)document->expires);
        (void)json_object_set_new(body, "digest", digest_of(document->digest));
        (void)json_object_set_new(
                body, "signed_at", document->signed_at ? json_integer(document->signed_at) : json_null());
        return body;
}

/* The signer's name is in his certificate, and read from there for him alone. */
static json_t *signer_of(const struct visit *visit, const uint8_t id[VISIT_ID_SIZE])
{
        uint8_t buffer[2 * DOCUMENT_PROOF_MAX];
        char name[DOCUMENT_NAME_MAX + 1];
        struct document_proof proof = { 0 };
        json_t *text = json_null();
        if (!failed(document_evidence(visit->site->desk, visit->session.account, slice_of(id, VISIT_ID_SIZE),
                    buffer, sizeof buffer, &proof, NULL)) &&
                !failed(document_signer(&proof, name, NULL)))
                text = json_string(name);
        bytes_wipe(name, sizeof name);
        bytes_wipe(buffer, sizeof buffer);
        return text;
}

static mitome_status begin(struct visit *visit, mitome_error *error)
{
        uint8_t text[DOCUMENT_TEXT_MAX], id[VISIT_ID_SIZE];
        slice read;
        struct document document = { 0 };
        const struct body_field fields[] = { { "text", BODY_TEXT, true, text, sizeof text, &read } };
        MITOME_TRY(body_read(visit->request->body, fields, 1, error));
        MITOME_TRY(limits_take(visit->portal, LIMITS_DOCUMENT, visit->request->peer, error));
        MITOME_TRY(document_open(visit->site->desk, visit->session.account, read, id, error));
        MITOME_TRY(document_find(visit->site->desk, visit->session.account, SLICE(id), &document, error));
        json_t *body = document_of(visit, id, &document);
        (void)json_object_set_new(
                body, "qr", api_qr(slice_text(json_string_value(json_object_get(body, "url")))));
        web_json(visit->answer, 200, body);
        return ok();
}

/* Of somebody else's document a person is told what everybody is: nothing. Who has no session is the phone,
 * and might be guessing; a person's page asks for his own every second. */
static mitome_status tell(struct visit *visit, mitome_error *error)
{
        uint8_t id[VISIT_ID_SIZE];
        struct document document = { 0 };
        if (!visit->session.account)
                MITOME_TRY(limits_take(visit->portal, LIMITS_CODE, visit->request->peer, error));
        MITOME_TRY(visit_id(visit->request->parts[0], MITOME_E_DOCUMENT_UNKNOWN, id, error));
        MITOME_TRY(document_find(visit->site->desk, visit->session.account, SLICE(id), &document, error));
        json_t *body = document_of(visit, id, &document);
        if (visit->session.account && document.state == DOCUMENT_SIGNED)
                (void)json_object_set_new(body, "signer", signer_of(visit, id));
        web_json(visit->answer, 200, body);
        return ok();
}

struct proof_buffers {
        uint8_t certificate[DOCUMENT_PROOF_MAX], signature[1024], cms[DOCUMENT_PROOF_MAX];
};

static mitome_status read_proof(
        slice body, struct proof_buffers *buffers, struct document_proof *ret, mitome_error *error)
{
        const struct body_field fields[] = {
                { "certificate", BODY_BYTES, false, buffers->certificate, sizeof buffers->certificate,
                        &ret->certificate },
                { "signature", BODY_BYTES, false, buffers->signature, sizeof buffers->signature,
                        &ret->signature },
                { "cms", BODY_BYTES, false, buffers->cms, sizeof buffers->cms, &ret->cms },
        };
        return body_read(body, fields, 3, error);
}

static mitome_status verify(struct visit *visit, const struct document_proof *proof, mitome_error *error)
{
        uint8_t id[VISIT_ID_SIZE];
        struct document document = { 0 };
        MITOME_TRY(visit_id(visit->request->parts[0], MITOME_E_DOCUMENT_UNKNOWN, id, error));
        const struct portal_snapshot *snapshot = portal_believe(visit->portal);
        if (!snapshot)
                return fail(error, MITOME_E_CERTIFICATE_ISSUER, "certificate", NULL);
        const mitome_status status =
                document_sign(visit->site->desk, snapshot, SLICE(id), proof, &document, error);
        portal_believe_no_more(visit->portal, snapshot);
        if (failed(status))
                return status;
        web_json(visit->answer, 200, document_of(visit, id, &document));
        return ok();
}

static mitome_status sign(struct visit *visit, mitome_error *error)
{
        struct proof_buffers buffers;
        struct document_proof proof = { 0 };
        MITOME_TRY(limits_take(visit->portal, LIMITS_DOCUMENT, visit->request->peer, error));
        MITOME_TRY(read_proof(visit->request->body, &buffers, &proof, error));
        mitome_error cause = { 0 };
        const mitome_status status = verify(visit, &proof, &cause);
        if (!failed(status)) {
                tally_done(visit->portal, TALLY_DOCUMENT);
                return ok();
        }
        if (!portal_is_store_failure(status.code))
                MITOME_TRY(tally_refuse(visit->portal, TALLY_DOCUMENT, status.code, error));
        return fail(error, status.code, cause.field, cause.clause);
}

VISIT_HANDLER(api_document_begin, VISIT_PERSON | VISIT_CHANGE, begin)
VISIT_HANDLER(api_document_state, VISIT_SESSION, tell)
VISIT_HANDLER(api_document_sign, 0, sign)
