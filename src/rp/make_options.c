/* SPDX-License-Identifier: Apache-2.0 */
/* The options of both ceremonies as JSON: checked first, then written. */
#include "cose.h"
#include "domain_name.h"
#include "json.h"
#include "record_fields.h"

#include <mitome/options.h>

enum {
        USER_ID_MAX = 64,         /* WebAuthn L3 5.4.3 */
        CHALLENGE_MIN = 16,       /* WebAuthn L3 13.4.3 */
        CREDENTIAL_ID_MAX = 1023, /* WebAuthn L3 4, Credential ID */
        FORMAT_MAX = 32,          /* WebAuthn L3 8.1 */
        APPID_MAX = 2048,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char prf_clause[] = "WebAuthn L3 10.1.4";
static const char large_blob_clause[] = "WebAuthn L3 10.1.5";

/* ---- enumerations ---- */

static const char *const user_verifications[] = {
        [MITOME_USER_VERIFICATION_PREFERRED] = "preferred",
        [MITOME_USER_VERIFICATION_REQUIRED] = "required",
        [MITOME_USER_VERIFICATION_DISCOURAGED] = "discouraged",
};

static const char *const resident_keys[] = {
        [MITOME_RESIDENT_KEY_PREFERRED] = "preferred",
        [MITOME_RESIDENT_KEY_REQUIRED] = "required",
        [MITOME_RESIDENT_KEY_DISCOURAGED] = "discouraged",
};

/* No text: the member is left out. */
static const char *const attachments[] = {
        [MITOME_ATTACHMENT_ANY] = NULL,
        [MITOME_ATTACHMENT_PLATFORM] = "platform",
        [MITOME_ATTACHMENT_CROSS_PLATFORM] = "cross-platform",
};

static const char *const conveyances[] = {
        [MITOME_CONVEYANCE_NONE] = "none",
        [MITOME_CONVEYANCE_INDIRECT] = "indirect",
        [MITOME_CONVEYANCE_DIRECT] = "direct",
        [MITOME_CONVEYANCE_ENTERPRISE] = "enterprise",
};

static const char *const hints[] = {
        [MITOME_HINT_SECURITY_KEY] = "security-key",
        [MITOME_HINT_CLIENT_DEVICE] = "client-device",
        [MITOME_HINT_HYBRID] = "hybrid",
};

static const char *const cred_protects[] = {
        [MITOME_CRED_PROTECT_NOT_ASKED] = NULL,
        [MITOME_CRED_PROTECT_UV_OPTIONAL] = "userVerificationOptional",
        [MITOME_CRED_PROTECT_UV_OPTIONAL_WITH_ID] = "userVerificationOptionalWithCredentialIDList",
        [MITOME_CRED_PROTECT_UV_REQUIRED] = "userVerificationRequired",
};

static const char *const large_blobs[] = {
        [MITOME_LARGE_BLOB_NOT_ASKED] = NULL,
        [MITOME_LARGE_BLOB_PREFERRED] = "preferred",
        [MITOME_LARGE_BLOB_REQUIRED] = "required",
};

/* ---- what is checked ---- */

static mitome_status check_choice(unsigned value, size_t choices, const char *field, mitome_error *error)
{
        return value < choices ? ok() : fail(error, MITOME_E_ARGUMENT, field, NULL);
}

static mitome_status check_rp_id(slice rp_id, mitome_error *error)
{
        /* 4, RP ID: "a valid domain string identifying the WebAuthn Relying Party" */
        if (!domain_name_is_valid(rp_id))
                return fail(error, MITOME_E_RP_ID_FORM, "options.rp.id", "WebAuthn L3 4");
        return ok();
}

static mitome_status check_challenge(slice challenge, mitome_error *error)
{
        /* 13.4.3: "Challenges SHOULD therefore be at least 16 bytes long." */
        if (challenge.size < CHALLENGE_MIN)
                return fail(error, MITOME_E_CHALLENGE_SHORT, "options.challenge", "WebAuthn L3 13.4.3");
        return ok();
}

/* 5.4.1 and 5.4.3 hold names to the profiles of RFC 8265 and 8266, in which control characters have no place.
 */
static mitome_status check_text(slice text, const char *field, const char *clause, mitome_error *error)
{
        if (!slice_is_utf8(text))
                return fail(error, MITOME_E_UTF8, field, clause);
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] == 0x7F)
                        return fail(error, MITOME_E_VALUE, field, clause);
        return ok();
}

static mitome_status check_user(const struct mitome_creation_options *options, mitome_error *error)
{
        static const char clause[] = "WebAuthn L3 5.4.3", name_clause[] = "WebAuthn L3 5.4.1";
        /* 5.4.3: "The user handle MUST NOT be empty", and has a maximum size of 64 bytes */
        if (options->user_id.size == 0)
                return fail(error, MITOME_E_MISSING, "options.user.id", clause);
        if (options->user_id.size > USER_ID_MAX)
                return fail(error, MITOME_E_TOO_LONG, "options.user.id", clause);
        /* 5.4.1 by RFC 8265, 3.4: a user name is not empty; 5.4.3: a display name may be */
        if (options->user_name.size == 0)
                return fail(error, MITOME_E_MISSING, "options.user.name", name_clause);
        MITOME_TRY(check_text(options->user_name, "options.user.name", name_clause, error));
        return check_text(options->user_display_name, "options.user.displayName", clause, error);
}

static mitome_status check_algorithms(const struct mitome_creation_options *options, mitome_error *error)
{
        static const char field[] = "options.pubKeyCredParams", clause[] = "WebAuthn L3 5.4";
        if (!options->algorithms)
                return ok();
        /* 5.1.3: a client takes an empty list for its own default, which is not what was expected */
        if (options->algorithm_count == 0)
                return fail(error, MITOME_E_MISSING, field, clause);
        for (size_t i = 0; i < options->algorithm_count; i++)
                if (!cose_algorithm_name(options->algorithms[i]) ||
                        cose_algorithm_is_broken(options->algorithms[i]))
                        return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, field, clause);
        return ok();
}

static mitome_status check_descriptors(
        const struct mitome_descriptor *list, size_t count, const char *field, mitome_error *error)
{
        static const char clause[] = "WebAuthn L3 5.8.3";
        for (size_t i = 0; i < count; i++) {
                if (list[i].id.size == 0)
                        return fail(error, MITOME_E_MISSING, field, clause);
                if (list[i].id.size > CREDENTIAL_ID_MAX)
                        return fail(error, MITOME_E_TOO_LONG, field, clause);
                if (list[i].transports & ~(uint32_t)MITOME_TRANSPORTS_ALL)
                        return fail(error, MITOME_E_ARGUMENT, field, clause);
        }
        return ok();
}

static mitome_status check_hints(const enum mitome_hint *list, size_t count, mitome_error *error)
{
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(check_choice(list[i], COUNT(hints), "options.hints", error));
        return ok();
}

/* 8.1: identifiers are at most 32 octets of printable USASCII, without backslash and double quote. */
static mitome_status check_formats(const struct mitome_creation_options *options, mitome_error *error)
{
        static const char field[] = "options.attestationFormats", clause[] = "WebAuthn L3 8.1";
        for (size_t i = 0; i < options->attestation_format_count; i++) {
                slice format = options->attestation_formats[i];
                if (format.size == 0)
                        return fail(error, MITOME_E_MISSING, field, clause);
                if (format.size > FORMAT_MAX)
                        return fail(error, MITOME_E_TOO_LONG, field, clause);
                for (size_t n = 0; n < format.size; n++)
                        if (format.data[n] <= 0x20 || format.data[n] >= 0x7F || format.data[n] == '"' ||
                                format.data[n] == '\\')
                                return fail(error, MITOME_E_VALUE, field, clause);
        }
        return ok();
}

/* An AppID is an https address: a client refuses others, and so does U2F. */
static mitome_status check_appid(slice appid, const char *field, const char *clause, mitome_error *error)
{
        static const char scheme[] = "https://";
        slice start;
        reader r = reader_over(appid, clause, NULL);
        if (appid.size == 0)
                return ok();
        if (appid.size > APPID_MAX)
                return fail(error, MITOME_E_TOO_LONG, field, clause);
        if (failed(read_bytes(&r, field, sizeof scheme - 1, &start)) || !slice_is(start, scheme) ||
                r.rest.size == 0)
                return fail(error, MITOME_E_VALUE, field, clause);
        for (size_t i = 0; i < appid.size; i++)
                if (appid.data[i] <= 0x20 || appid.data[i] >= 0x7F)
                        return fail(error, MITOME_E_VALUE, field, clause);
        return ok();
}

static mitome_status check_prf(const struct mitome_prf_values *values, mitome_error *error)
{
        /* 10.1.4: "required BufferSource first" */
        if (values && !values->first.data)
                return fail(error, MITOME_E_MISSING, "options.extensions.prf.first", prf_clause);
        return ok();
}

static mitome_status check_creation_extensions(
        const struct mitome_creation_extensions *asked, mitome_error *error)
{
        static const char protect[] = "options.extensions.credentialProtectionPolicy";
        MITOME_TRY(check_appid(
                asked->appid_exclude, "options.extensions.appidExclude", "WebAuthn L3 10.1.2", error));
        MITOME_TRY(check_choice(asked->cred_protect, COUNT(cred_protects), protect, error));
        if (asked->enforce_cred_protect && !cred_protects[asked->cred_protect])
                return fail(error, MITOME_E_OPTIONS_CONTRADICTION,
                        "options.extensions.enforceCredentialProtectionPolicy", "CTAP 2.1 12.1");
        MITOME_TRY(check_choice(
                asked->large_blob, COUNT(large_blobs), "options.extensions.largeBlob.support", error));
        return check_prf(asked->prf_eval, error);
}

static mitome_status check_creation(const struct mitome_creation_options *options, mitome_error *error)
{
        MITOME_TRY(check_rp_id(options->rp_id, error));
        MITOME_TRY(check_text(options->rp_name, "options.rp.name", "WebAuthn L3 5.4.1", error));
        MITOME_TRY(check_user(options, error));
        MITOME_TRY(check_challenge(options->challenge, error));
        MITOME_TRY(check_algorithms(options, error));
        MITOME_TRY(check_descriptors(
                options->exclude, options->exclude_count, "options.excludeCredentials[]", error));
        MITOME_TRY(check_choice(options->attachment, COUNT(attachments),
                "options.authenticatorSelection.authenticatorAttachment", error));
        MITOME_TRY(check_choice(options->resident_key, COUNT(resident_keys),
                "options.authenticatorSelection.residentKey", error));
        MITOME_TRY(check_choice(options->user_verification, COUNT(user_verifications),
                "options.authenticatorSelection.userVerification", error));
        MITOME_TRY(check_hints(options->hints, options->hint_count, error));
        MITOME_TRY(check_choice(options->attestation, COUNT(conveyances), "options.attestation", error));
        MITOME_TRY(check_formats(options, error));
        return check_creation_extensions(&options->extensions, error);
}

static bool is_allowed(const struct mitome_request_options *options, slice id)
{
        bool found = false;
        for (size_t i = 0; i < options->allow_count; i++)
                found = found || slice_equal(id, options->allow[i].id);
        return found;
}

/* 10.1.4: evalByCredential needs an allow list, and "if any key in evalByCredential [..] does not equal the
 * id of some element of allowCredentials", the client throws. A key that stands twice would be one in the
 * JSON. */
static mitome_status check_prf_by_credential(
        const struct mitome_request_options *options, mitome_error *error)
{
        static const char field[] = "options.extensions.prf.evalByCredential";
        const struct mitome_prf_by_credential *list = options->extensions.prf_by_credential;
        for (size_t i = 0; i < options->extensions.prf_by_credential_count; i++) {
                bool twice = false;
                for (size_t n = 0; n < i; n++)
                        twice = twice || slice_equal(list[i].credential_id, list[n].credential_id);
                if (twice || !is_allowed(options, list[i].credential_id))
                        return fail(error, MITOME_E_OPTIONS_CONTRADICTION, field, prf_clause);
                MITOME_TRY(check_prf(&list[i].values, error));
        }
        return ok();
}

static mitome_status check_request_extensions(
        const struct mitome_request_options *options, mitome_error *error)
{
        const struct mitome_request_extensions *asked = &options->extensions;
        MITOME_TRY(check_appid(asked->appid, "options.extensions.appid", "WebAuthn L3 10.1.1", error));
        MITOME_TRY(check_prf(asked->prf_eval, error));
        MITOME_TRY(check_prf_by_credential(options, error));
        /* 10.1.5: read and write together are an error, and so is write for any number of credentials but one
         */
        if (asked->large_blob_write.data && asked->large_blob_read)
                return fail(error, MITOME_E_OPTIONS_CONTRADICTION, "options.extensions.largeBlob.read",
                        large_blob_clause);
        if (asked->large_blob_write.data && options->allow_count != 1)
                return fail(error, MITOME_E_OPTIONS_CONTRADICTION, "options.extensions.largeBlob.write",
                        large_blob_clause);
        return ok();
}

static mitome_status check_request(const struct mitome_request_options *options, mitome_error *error)
{
        MITOME_TRY(check_rp_id(options->rp_id, error));
        MITOME_TRY(check_challenge(options->challenge, error));
        MITOME_TRY(
                check_descriptors(options->allow, options->allow_count, "options.allowCredentials[]", error));
        MITOME_TRY(check_choice(
                options->user_verification, COUNT(user_verifications), "options.userVerification", error));
        MITOME_TRY(check_hints(options->hints, options->hint_count, error));
        return check_request_extensions(options, error);
}

/* ---- what is written; of checked options only ---- */

static void write_rp(struct json_writer *w, const struct mitome_creation_options *options)
{
        json_write_open_object(w, "rp");
        json_write_text(w, "id", options->rp_id);
        /* 5.4.1: deprecated but required; the RP ID is "a safe default" */
        json_write_text(w, "name", options->rp_name.size ? options->rp_name : options->rp_id);
        json_write_close_object(w);
}

static void write_user(struct json_writer *w, const struct mitome_creation_options *options)
{
        json_write_open_object(w, "user");
        json_write_base64url(w, "id", options->user_id);
        json_write_text(w, "name", options->user_name);
        json_write_text(w, "displayName", options->user_display_name);
        json_write_close_object(w);
}

static void write_algorithms(struct json_writer *w, const struct mitome_creation_options *options)
{
        static const int64_t usual[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };
        const int64_t *list = options->algorithms ? options->algorithms : usual;
        size_t count = options->algorithms ? options->algorithm_count : COUNT(usual);
        json_write_open_array(w, "pubKeyCredParams");
        for (size_t i = 0; i < count; i++) {
                json_write_open_object(w, NULL);
                json_write_string(w, "type", "public-key");
                json_write_int(w, "alg", list[i]);
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void write_transports(struct json_writer *w, uint32_t set)
{
        json_write_open_array(w, "transports");
        for (size_t i = 0; i < RECORD_TRANSPORT_WORDS; i++)
                if (set & 1u << i)
                        json_write_string(w, NULL, record_transport_words[i]);
        json_write_close_array(w);
}

static void write_descriptors(
        struct json_writer *w, const char *name, const struct mitome_descriptor *list, size_t count)
{
        if (count == 0)
                return;
        json_write_open_array(w, name);
        for (size_t i = 0; i < count; i++) {
                json_write_open_object(w, NULL);
                json_write_string(w, "type", "public-key");
                json_write_base64url(w, "id", list[i].id);
                if (list[i].transports)
                        write_transports(w, list[i].transports);
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void write_timeout(struct json_writer *w, uint32_t milliseconds)
{
        if (milliseconds)
                json_write_int(w, "timeout", milliseconds);
}

static void write_selection(struct json_writer *w, const struct mitome_creation_options *options)
{
        json_write_open_object(w, "authenticatorSelection");
        if (attachments[options->attachment])
                json_write_string(w, "authenticatorAttachment", attachments[options->attachment]);
        json_write_string(w, "residentKey", resident_keys[options->resident_key]);
        /* 5.4.4: "set it to true if, and only if, residentKey is set to required" */
        json_write_bool(w, "requireResidentKey", options->resident_key == MITOME_RESIDENT_KEY_REQUIRED);
        json_write_string(w, "userVerification", user_verifications[options->user_verification]);
        json_write_close_object(w);
}

static void write_hints(struct json_writer *w, const enum mitome_hint *list, size_t count)
{
        if (count == 0)
                return;
        json_write_open_array(w, "hints");
        for (size_t i = 0; i < count; i++)
                json_write_string(w, NULL, hints[list[i]]);
        json_write_close_array(w);
}

static void write_formats(struct json_writer *w, const struct mitome_creation_options *options)
{
        if (options->attestation_format_count == 0)
                return;
        json_write_open_array(w, "attestationFormats");
        for (size_t i = 0; i < options->attestation_format_count; i++)
                json_write_text(w, NULL, options->attestation_formats[i]);
        json_write_close_array(w);
}

static void write_flag(struct json_writer *w, const char *name, bool asked)
{
        if (asked)
                json_write_bool(w, name, true);
}

/* Values with data NULL are not asked for; empty ones are. */
static void write_bytes(struct json_writer *w, const char *name, slice bytes)
{
        if (bytes.data)
                json_write_base64url(w, name, bytes);
}

static void write_prf_values(struct json_writer *w, const char *name, const struct mitome_prf_values *values)
{
        json_write_open_object(w, name);
        json_write_base64url(w, "first", values->first);
        write_bytes(w, "second", values->second);
        json_write_close_object(w);
}

static void write_creation_extensions(struct json_writer *w, const struct mitome_creation_extensions *asked)
{
        if (asked->appid_exclude.size)
                json_write_text(w, "appidExclude", asked->appid_exclude);
        write_flag(w, "credProps", asked->cred_props);
        if (cred_protects[asked->cred_protect]) {
                json_write_string(w, "credentialProtectionPolicy", cred_protects[asked->cred_protect]);
                json_write_bool(w, "enforceCredentialProtectionPolicy", asked->enforce_cred_protect);
        }
        write_bytes(w, "credBlob", asked->cred_blob);
        write_flag(w, "minPinLength", asked->min_pin_length);
        if (asked->prf || asked->prf_eval) {
                json_write_open_object(w, "prf");
                if (asked->prf_eval)
                        write_prf_values(w, "eval", asked->prf_eval);
                json_write_close_object(w);
        }
        write_flag(w, "hmacCreateSecret", asked->hmac_create_secret);
        if (large_blobs[asked->large_blob]) {
                json_write_open_object(w, "largeBlob");
                json_write_string(w, "support", large_blobs[asked->large_blob]);
                json_write_close_object(w);
        }
}

/* A member whose name is bytes: the writer takes names as texts. */
static void write_base64url_name(struct json_writer *w, slice name)
{
        json_write_base64url(w, NULL, name);
        write_u8(w->out, ':');
        w->comma = false;
}

static void write_request_prf(struct json_writer *w, const struct mitome_request_extensions *asked)
{
        if (!asked->prf_eval && asked->prf_by_credential_count == 0)
                return;
        json_write_open_object(w, "prf");
        if (asked->prf_eval)
                write_prf_values(w, "eval", asked->prf_eval);
        if (asked->prf_by_credential_count) {
                json_write_open_object(w, "evalByCredential");
                for (size_t i = 0; i < asked->prf_by_credential_count; i++) {
                        write_base64url_name(w, asked->prf_by_credential[i].credential_id);
                        write_prf_values(w, NULL, &asked->prf_by_credential[i].values);
                }
                json_write_close_object(w);
        }
        json_write_close_object(w);
}

static void write_request_extensions(struct json_writer *w, const struct mitome_request_extensions *asked)
{
        if (asked->appid.size)
                json_write_text(w, "appid", asked->appid);
        write_flag(w, "getCredBlob", asked->get_cred_blob);
        write_request_prf(w, asked);
        if (asked->large_blob_read || asked->large_blob_write.data) {
                json_write_open_object(w, "largeBlob");
                write_flag(w, "read", asked->large_blob_read);
                write_bytes(w, "write", asked->large_blob_write);
                json_write_close_object(w);
        }
}

mitome_status mitome_write_creation_options(const struct mitome_creation_options *options, uint8_t *buffer,
        size_t capacity, mitome_slice *ret, mitome_error *error)
{
        MITOME_TRY(check_creation(options, error));
        writer out = writer_over(buffer, capacity);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        write_rp(&w, options);
        write_user(&w, options);
        json_write_base64url(&w, "challenge", options->challenge);
        write_algorithms(&w, options);
        write_timeout(&w, options->timeout_ms);
        write_descriptors(&w, "excludeCredentials", options->exclude, options->exclude_count);
        write_selection(&w, options);
        write_hints(&w, options->hints, options->hint_count);
        json_write_string(&w, "attestation", conveyances[options->attestation]);
        write_formats(&w, options);
        json_write_open_object(&w, "extensions");
        write_creation_extensions(&w, &options->extensions);
        json_write_close_object(&w);
        json_write_close_object(&w);
        return writer_finish(&out, "options", ret, error);
}

mitome_status mitome_write_request_options(const struct mitome_request_options *options, uint8_t *buffer,
        size_t capacity, mitome_slice *ret, mitome_error *error)
{
        MITOME_TRY(check_request(options, error));
        writer out = writer_over(buffer, capacity);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        json_write_base64url(&w, "challenge", options->challenge);
        write_timeout(&w, options->timeout_ms);
        json_write_text(&w, "rpId", options->rp_id);
        write_descriptors(&w, "allowCredentials", options->allow, options->allow_count);
        json_write_string(&w, "userVerification", user_verifications[options->user_verification]);
        write_hints(&w, options->hints, options->hint_count);
        json_write_open_object(&w, "extensions");
        write_request_extensions(&w, &options->extensions);
        json_write_close_object(&w);
        json_write_close_object(&w);
        return writer_finish(&out, "options", ret, error);
}
