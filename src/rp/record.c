/* SPDX-License-Identifier: Apache-2.0 */
/* A credential record in its life: made at registration (WebAuthn L3 7.1 #27), updated at each login (7.2
 * #24). */
#include "authdata.h"
#include "json_object.h"
#include "record_fields.h"
#include "record_leaf.h"
#include "refused.h"

/* ---- what the browser says beside the signed bytes ---- */

/* The response has been verified, and transports are no part of that: what has another form says nothing. */
static mitome_status read_if_object(struct json_reader *r, writer *arena, const struct json_field *field)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field->field, &kind));
        return kind == JSON_KIND_OBJECT ? json_object_read(r, arena, field->members)
                                        : json_skip(r, field->field);
}

/* "Relying Parties SHOULD accept and store unknown values": what is not known here has no bit, and no browser
 * misses a hint that is not given (WebAuthn L3 5.8.3, transports). */
static mitome_status read_transport(struct json_reader *r, uint32_t *bits)
{
        enum json_kind kind;
        slice raw;
        MITOME_TRY(json_peek(r, "transports", &kind));
        if (kind != JSON_KIND_STRING)
                return json_skip(r, "transports");
        MITOME_TRY(json_read_raw(r, "transports", &raw));
        for (size_t i = 0; i < RECORD_TRANSPORT_WORDS; i++)
                if (json_name_is(raw, record_transport_words[i]))
                        *bits |= 1u << i;
        return ok();
}

static mitome_status read_if_transports(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        struct json_members array;
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field->field, &kind));
        if (kind != JSON_KIND_ARRAY)
                return json_skip(r, field->field);
        MITOME_TRY(json_open_array(r, field->field, &array));
        for (bool more = true;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(read_transport(r, field->target));
        }
}

static mitome_status read_transports(slice response_json, uint32_t *ret, mitome_error *error)
{
        uint32_t bits = 0;
        const struct json_field transports[] = {
                { "transports", "transports", read_if_transports, .target = &bits },
        };
        const struct json_object response = { .field = "response", .fields = transports, .count = 1 };
        const struct json_field fields[] = { { "response", "response", read_if_object,
                .members = &response } };
        const struct json_object object = { .field = "response JSON", .fields = fields, .count = 1 };
        struct json_reader r = json_over(response_json, "WebAuthn L3 5.1", error);
        writer none = writer_over(NULL, 0);
        MITOME_TRY(json_object_read(&r, &none, &object));
        MITOME_TRY(json_end(&r, "response JSON"));
        *ret = bits;
        return ok();
}

/* ---- what the authenticator says ---- */

static enum mitome_answer answer_of(bool yes)
{
        return yes ? MITOME_ANSWER_YES : MITOME_ANSWER_NO;
}

/* #27: "Create and store a new credential record". */
static void take_verdict(const struct mitome_verdict *verdict, struct mitome_record *record)
{
        const struct mitome_extensions *extensions = &verdict->extensions;
        record->credential_id = verdict->credential_id;
        record->public_key = verdict->public_key;
        record->sign_count = verdict->sign_count;
        record->backup_eligible = answer_of(verdict->flags & AUTHDATA_BE);
        record->backed_up = verdict->flags & AUTHDATA_BS;
        record->uv_initialized = verdict->flags & AUTHDATA_UV;
        record->cred_protect = extensions->cred_protect;
        if (extensions->has_discoverable)
                record->discoverable = answer_of(extensions->discoverable);
        record->aaguid = verdict->aaguid;
        record->format = slice_text(verdict->format);
        record->trust = verdict->trust;
        if (verdict->metadata)
                record->model_status = slice_text(mitome_metadata_status_name(verdict->metadata->status));
}

static mitome_status take_leaf(slice certificate, struct mitome_record *record, mitome_error *error)
{
        struct record_leaf leaf;
        record_leaf_read(certificate, &leaf);
        record->attestation_serial = leaf.serial;
        record->attestation_issuer = leaf.issuer;
        if (!leaf.has_key_id)
                return ok();
        return slice_copy(SLICE(leaf.key_id), "attStmt.x5c", record->attestation_key_id,
                sizeof record->attestation_key_id, error);
}

static void take_binding(const struct mitome_binding *binding, struct mitome_record *record)
{
        record->certificate_serial = binding->serial;
        record->certificate_issuer = binding->issuer;
        record->certificate_not_after = binding->not_after;
}

static mitome_status take_facts(const struct mitome_record_facts *facts, const struct mitome_verdict *verdict,
        struct mitome_record *record, mitome_error *error)
{
        record->user_handle = facts->user_handle;
        if (facts->binding)
                take_binding(facts->binding, record);
        if (facts->keep_attestation) {
                record->attestation_object = verdict->attestation_object;
                record->client_data_hash = SLICE(verdict->client_data_hash);
        }
        if (facts->response_json.size)
                MITOME_TRY(read_transports(facts->response_json, &record->transports, error));
        return ok();
}

mitome_status mitome_record_from_registration(const struct mitome_verdict *verdict,
        const struct mitome_expectation *expectation, const struct mitome_record_facts *facts, int64_t now,
        struct mitome_record *ret, mitome_error *error)
{
        struct mitome_record record = { .rp_id = expectation->rp_id, .created = now };
        /* What a login leaves in its verdict has none of these. */
        if (verdict->attestation_object.size == 0 || verdict->public_key.size == 0 || !verdict->format ||
                verdict_is_refusal(verdict))
                return fail(error, MITOME_E_ARGUMENT, "verdict", "WebAuthn L3 7.1 #27");
        take_verdict(verdict, &record);
        if (verdict->attestation_leaf.size)
                MITOME_TRY(take_leaf(verdict->attestation_leaf, &record, error));
        if (verdict->certificate.serial.size)
                take_binding(&verdict->certificate, &record);
        if (facts)
                MITOME_TRY(take_facts(facts, verdict, &record, error));
        MITOME_TRY(record_check(&record, error));
        *ret = record;
        return ok();
}

mitome_status mitome_record_after_login(struct mitome_record *record, const struct mitome_verdict *verdict,
        enum mitome_uv_upgrade upgrade, int64_t now, mitome_error *error)
{
        if (verdict->auth_data.size == 0 || !slice_equal(verdict->credential_id, record->credential_id) ||
                verdict_is_refusal(verdict))
                return fail(error, MITOME_E_ARGUMENT, "verdict", "WebAuthn L3 7.2 #24");
        if (now <= 0 || now > record_time_max)
                return fail(error, MITOME_E_ARGUMENT, "now", NULL);
        if (verdict->sign_count > record->sign_count)
                record->sign_count = verdict->sign_count;
        record->backed_up = verdict->flags & AUTHDATA_BS;
        if (record->backup_eligible == MITOME_ANSWER_UNKNOWN)
                record->backup_eligible = answer_of(verdict->flags & AUTHDATA_BE);
        if (upgrade == MITOME_UV_AUTHORIZED && verdict->flags & AUTHDATA_UV)
                record->uv_initialized = true;
        record->last_used = now;
        return ok();
}

struct mitome_credential mitome_record_credential(const struct mitome_record *record)
{
        return (struct mitome_credential){
                .id = record->credential_id,
                .public_key = record->public_key,
                .sign_count = record->sign_count,
                .backup_eligible = record->backup_eligible == MITOME_ANSWER_YES,
                .backup_eligible_unknown = record->backup_eligible == MITOME_ANSWER_UNKNOWN,
                .user_handle = record->user_handle,
                .certificate_serial = record->certificate_serial,
                .certificate_issuer = record->certificate_issuer,
                .certificate_not_after = record->certificate_not_after,
        };
}
