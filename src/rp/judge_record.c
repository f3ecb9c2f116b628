/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a credential again, from its record alone. */
#include "aaguid_word.h"
#include "record_fields.h"
#include "trust.h"

static const char metadata_clause[] = "FIDO Metadata Service 3.1.4";

struct judging {
        const struct mitome_record *record;
        const struct mitome_record_rules *rules;
        const struct mitome_trust *trust;
        const struct mitome_metadata *metadata;
        int64_t now;
        const struct mitome_metadata_entry *model;
};

/* FIDO Metadata Statement 4, attestationCertificateKeyIdentifiers: U2F authenticators have no AAGUID, and are
 * found by the key of their attestation certificate. What is broken is looked for by both; what a model is
 * credited with, by what was signed: a fido-u2f statement has no AAGUID in it (WebAuthn L3 8.6). */
static const struct mitome_metadata_entry *find_model(
        const struct mitome_record *record, const struct mitome_metadata *metadata)
{
        static const uint8_t no_model[16] = { 0 }, no_key[MITOME_RECORD_KEY_ID_SIZE] = { 0 };
        const bool names = record->aaguid.size && !slice_equal(record->aaguid, SLICE(no_model));
        const struct mitome_metadata_entry *claimed = NULL, *keyed = NULL;
        if (names)
                claimed = mitome_metadata_find(metadata, record->aaguid);
        if (!slice_equal(SLICE(record->attestation_key_id), SLICE(no_key)))
                keyed = mitome_metadata_find_key(metadata, SLICE(record->attestation_key_id));
        if (keyed && keyed->compromised)
                return keyed;
        if (claimed && claimed->compromised)
                return claimed;
        return names && aaguid_word(record->format) != AAGUID_UNSIGNED ? claimed : keyed;
}

/* ---- the questions: a failure is the finding ---- */

static const char *model_field(const struct mitome_record *record)
{
        return record->aaguid.size ? "record.aaguid_b64url" : "record.attestation_key_id_b64url";
}

static mitome_status ask_compromised(const struct judging *j, mitome_error *error)
{
        if (j->model && j->model->compromised)
                return fail(error, MITOME_E_MODEL_COMPROMISED, model_field(j->record), metadata_clause);
        return ok();
}

/* A model that was known and is no more says as little as one that never was; only the first is news. */
static mitome_status ask_model(const struct judging *j, mitome_error *error)
{
        bool wanted = j->rules->require_model || j->rules->least_certification_level;
        if (!j->metadata)
                return ok();
        if (!j->model && (wanted || j->record->model_status.size))
                return fail(error, MITOME_E_MODEL_UNKNOWN, model_field(j->record), metadata_clause);
        if (j->model && j->model->certification_level < j->rules->least_certification_level)
                return fail(error, MITOME_E_MODEL_LEVEL, model_field(j->record), metadata_clause);
        /* An AAGUID that no maker vouches for is anybody's to claim. */
        if (wanted && j->record->trust != MITOME_TRUST_VERIFIED)
                return fail(error, MITOME_E_ATTESTATION_UNTRUSTED, "record.trust", metadata_clause);
        return ok();
}

/* Expired certificates leave the lists (RFC 5280 3.3): the record knows the end itself. */
static mitome_status ask_end(const struct judging *j, mitome_error *error)
{
        if (j->record->certificate_serial.size && j->record->certificate_not_after <= j->now)
                return fail(error, MITOME_E_CERTIFICATE_EXPIRED, "record.certificate_not_after",
                        "RFC 5280 4.1.2.5");
        return ok();
}

static mitome_status ask_certificate(const struct judging *j, mitome_error *error)
{
        if (!j->record->certificate_serial.size || !j->trust || !trust_knows_jpki(j->trust))
                return ok();
        return trust_check_serial(
                j->trust, j->record->certificate_issuer, j->record->certificate_serial, j->now, error);
}

static mitome_status ask_attestation(const struct judging *j, mitome_error *error)
{
        if (!j->record->attestation_serial.size || !j->trust)
                return ok();
        return trust_check_listed(
                j->trust, j->record->attestation_issuer, j->record->attestation_serial, j->now, error);
}

static const struct question {
        mitome_status (*ask)(const struct judging *j, mitome_error *error);
        const char *field; /* for findings that name no member of the record; NULL: they do */
} questions[] = {
        { ask_compromised, NULL },
        { ask_end, NULL },
        { ask_certificate, "record.certificate_serial_b64url" },
        { ask_attestation, "record.attestation_serial_b64url" },
        { ask_model, NULL },
};

/* ---- what a finding means ---- */

static const mitome_code revoking[] = { MITOME_E_MODEL_COMPROMISED, MITOME_E_CERTIFICATE_EXPIRED,
        MITOME_E_CERTIFICATE_REVOKED, MITOME_E_CERTIFICATE_ON_HOLD, MITOME_E_ATTESTATION_REVOKED };

static enum mitome_standing_kind weigh(mitome_code code)
{
        for (size_t i = 0; i < sizeof revoking / sizeof revoking[0]; i++)
                if (revoking[i] == code)
                        return MITOME_STANDING_REVOKED;
        return code == MITOME_OK ? MITOME_STANDING_GOOD : MITOME_STANDING_ATTENTION;
}

static const struct {
        mitome_code code;
        const char *remedy;
} remedies[] = {
#define MITOME_ERROR(number, name, message, remedy) { MITOME_E_##name, remedy },
#include <mitome/errors.def>
#undef MITOME_ERROR
};

/* The registry's remedy; where it has none, what anybody does with a credential of that standing. */
static const char *remedy_of(enum mitome_standing_kind kind, mitome_code code)
{
        static const char *const by_kind[] = {
                [MITOME_STANDING_NOT_JUDGED] = "",
                [MITOME_STANDING_GOOD] = "",
                [MITOME_STANDING_ATTENTION] = "see what the record was judged by, and judge it again",
                [MITOME_STANDING_REVOKED] = "do not accept the credential; let the person register again",
        };
        for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
                if (remedies[i].code == code && remedies[i].remedy[0])
                        return remedies[i].remedy;
        return by_kind[kind];
}

static mitome_error ask_one(const struct judging *j, const struct question *question)
{
        mitome_error finding = { .at = MITOME_NOWHERE };
        mitome_status status = question->ask(j, &finding);
        if (!failed(status))
                return (mitome_error){ .at = MITOME_NOWHERE };
        /* "CRL" and "certificate" are the snapshot's words: here the record's member is what is meant. */
        if (question->field && weigh(finding.code) == MITOME_STANDING_REVOKED)
                finding.field = question->field;
        /* What ends a person's certificate is not what ends a maker's. */
        if (question->ask == ask_attestation && weigh(finding.code) == MITOME_STANDING_REVOKED)
                finding.code = MITOME_E_ATTESTATION_REVOKED;
        return finding;
}

static bool has_changed(const struct mitome_record *record, const struct mitome_standing *standing)
{
        enum mitome_standing_kind kept =
                record->standing == MITOME_STANDING_NOT_JUDGED ? MITOME_STANDING_GOOD : record->standing;
        return kept != standing->kind || record->standing_code != (uint32_t)standing->reason.code;
}

void mitome_record_judge(const struct mitome_record *record, const struct mitome_record_rules *rules,
        const struct mitome_trust *trust, const struct mitome_metadata *metadata, int64_t now,
        struct mitome_standing *ret)
{
        static const struct mitome_record_rules no_rules = { 0 };
        struct mitome_standing standing = { .kind = MITOME_STANDING_GOOD, .reason.at = MITOME_NOWHERE };
        struct judging j = {
                .record = record, .rules = rules ? rules : &no_rules, .trust = trust, .now = now
        };
        j.metadata = metadata ? metadata : trust ? trust_metadata(trust) : NULL;
        j.model = j.metadata ? find_model(record, j.metadata) : NULL;
        for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
                const mitome_error finding = ask_one(&j, &questions[i]);
                if (weigh(finding.code) <= standing.kind)
                        continue;
                standing.kind = weigh(finding.code);
                standing.reason = finding;
                if (standing.kind == MITOME_STANDING_REVOKED)
                        break;
        }
        standing.model = j.model;
        standing.what_to_do = remedy_of(standing.kind, standing.reason.code);
        standing.changed = has_changed(record, &standing);
        *ret = standing;
}

void mitome_record_keep_standing(
        struct mitome_record *record, const struct mitome_standing *standing, int64_t now)
{
        record->standing = standing->kind;
        record->standing_code = (uint32_t)standing->reason.code;
        record->judged = now;
        if (standing->model)
                record->model_status = slice_text(mitome_metadata_status_name(standing->model->status));
}
