/* SPDX-License-Identifier: Apache-2.0 */
/* A credential record in its life: made at registration (WebAuthn L3 7.1 #27), updated at each login (7.2
 * #24). */
#include "authdata.h"
#include "json_object.h"
#include "record_fields.h"
#include "record_leaf.h"

/* ---- what the browser says beside the signed bytes ---- */

/* The response has been verified, and these members are no part of that: what has another form says nothing.
 */
static mitome_status read_if_object(struct json_reader *r, writer *arena, const struct json_field *field)
{
        enum json_kind kind;
        MITOME_TRY(json_peek(r, field->field, &kind));
        return kind == JSON_KIND_OBJECT ? json_object_read(r, arena, field->members)
                                        : json_skip(r, field->field);
}

static mitome_status read_if_bool(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        enum json_kind kind;
        bool value = false;
        MITOME_TRY(json_peek(r, field->field, &kind));
        if (kind != JSON_KIND_BOOL)
                return json_skip(r, field->field);
        MITOME_TRY(json_read_bool(r, field->field, &value));
        *(enum mitome_answer *)field->target = value ? MITOME_ANSWER_YES : MITOME_ANSWER_NO;
        return ok();
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

static mitome_status read_response(slice response_json, struct mitome_record *record, mitome_error *error)
{
        const struct json_field rk[] = { { "rk", "credProps.rk", read_if_bool,
                .target = &record->discoverable } };
        const struct json_object cred_props = { .field = "credProps", .fields = rk, .count = 1 };
        const struct json_field extensions[] = { { "credProps", "credProps", read_if_object,
                .members = &cred_props } };
        const struct json_object results = {
                .field = "clientExtensionResults", .fields = extensions, .count = 1
        };
        const struct json_field transports[] = { { "transports", "transports", read_if_transports,
                .target = &record->transports } };
        const struct json_object response = { .field = "response", .fields = transports, .count = 1 };
        const struct json_field fields[] = {
                { "response", "response", read_if_object, .members = &response },
                { "clientExtensionResults", "clientExtensionResults", read_if_object, .members = &results },
        };
        const struct json_object object = { .field = "response JSON", .fields = fields, .count = 2 };
        struct json_reader r = json_over(response_json, "WebAuthn L3 5.1", error);
        writer none = writer_over(NULL, 0);
        MITOME_TRY(json_object_read(&r, &none, &object));
        return json_end(&r, "response JSON");
}

/* ---- what the authenticator says ---- */

/* credProtect (CTAP 2.1, 12.1): the level that the authenticator gave the credential. */
static mitome_status read_cred_protect(slice extensions, uint32_t *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(extensions, "CTAP 2.1 12.1", error);
        struct cbor_members map;
        struct cbor_key key;
        uint64_t level = 0;
        MITOME_TRY(cbor_open_map(&r, "extensions", CBOR_MEMBERS, &map));
        for (bool more = true;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text && slice_is(key.text, "credProtect"))
                        MITOME_TRY(cbor_read_uint(&r, "credProtect", 3, &level));
                else
                        MITOME_TRY(cbor_skip(&r, "extensions"));
        }
        *ret = (uint32_t)level;
        return ok();
}

static enum mitome_answer answer_of(bool yes)
{
        return yes ? MITOME_ANSWER_YES : MITOME_ANSWER_NO;
}

/* #27: "Create and store a new credential record". */
static mitome_status take_verdict(
        const struct mitome_verdict *verdict, struct mitome_record *record, mitome_error *error)
{
        struct authdata data;
        MITOME_TRY(authdata_read(verdict->auth_data, &data, error));
        if (!(data.flags & AUTHDATA_AT))
                return fail(error, MITOME_E_ARGUMENT, "verdict", NULL);
        record->credential_id = verdict->credential_id;
        record->public_key = verdict->public_key;
        record->sign_count = data.sign_count;
        record->backup_eligible = answer_of(data.flags & AUTHDATA_BE);
        record->backed_up = data.flags & AUTHDATA_BS;
        record->uv_initialized = data.flags & AUTHDATA_UV;
        record->aaguid = verdict->aaguid;
        record->format = slice_text(verdict->format);
        record->trust = verdict->trust;
        if (data.flags & AUTHDATA_ED)
                MITOME_TRY(read_cred_protect(data.extensions, &record->cred_protect, error));
        return ok();
}

static mitome_status take_leaf(slice attestation_object, struct mitome_record *record, mitome_error *error)
{
        struct record_leaf leaf;
        record_leaf_find(attestation_object, &leaf);
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

static mitome_status take_facts(
        const struct mitome_record_facts *facts, struct mitome_record *record, mitome_error *error)
{
        record->user_handle = facts->user_handle;
        if (facts->binding)
                take_binding(facts->binding, record);
        if (facts->metadata) {
                const struct mitome_metadata_entry *entry = record_find_model(record, facts->metadata);
                if (entry)
                        record->model_status = slice_text(mitome_metadata_status_name(entry->status));
        }
        if (facts->response_json.size)
                MITOME_TRY(read_response(facts->response_json, record, error));
        return ok();
}

mitome_status mitome_record_from_registration(const struct mitome_verdict *verdict,
        const struct mitome_expectation *expectation, const struct mitome_record_facts *facts, int64_t now,
        struct mitome_record *ret, mitome_error *error)
{
        const struct mitome_record_facts nothing = { 0 };
        struct mitome_record record = { .rp_id = expectation->rp_id, .created = now };
        if (!facts)
                facts = &nothing;
        if (verdict->attestation_object.size == 0 || verdict->public_key.size == 0 || !verdict->format)
                return fail(error, MITOME_E_ARGUMENT, "verdict", NULL);
        MITOME_TRY(take_verdict(verdict, &record, error));
        MITOME_TRY(take_leaf(verdict->attestation_object, &record, error));
        if (verdict->certificate.serial.size)
                take_binding(&verdict->certificate, &record);
        MITOME_TRY(take_facts(facts, &record, error));
        if (facts->keep_attestation) {
                record.attestation_object = verdict->attestation_object;
                record.client_data_hash = SLICE(verdict->client_data_hash);
        }
        MITOME_TRY(record_check(&record, error));
        *ret = record;
        return ok();
}

mitome_status mitome_record_after_login(struct mitome_record *record, const struct mitome_verdict *verdict,
        enum mitome_uv_upgrade upgrade, int64_t now, mitome_error *error)
{
        if (verdict->auth_data.size == 0 || !slice_equal(verdict->credential_id, record->credential_id))
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
