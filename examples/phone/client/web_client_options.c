/* SPDX-License-Identifier: Apache-2.0 */
/* PublicKeyCredentialCreationOptionsJSON and PublicKeyCredentialRequestOptionsJSON (WebAuthn L3 5.1.8,
 * 5.1.9), as a client reads them: what it does not know is passed over, what it knows is strict. */
#include "cose.h"
#include "json_object.h"
#include "web_client_parts.h"

enum {
        CHALLENGE_MAX = 1024,
        NAME_MAX = 1024,
        WORD_MAX = 64, /* of an enumeration: a longer one is none that is known */
        ID_MAX = 1023, /* WebAuthn L3 4, Credential ID */
        USER_ID_MAX = 64,
        RP_ID_MAX = 253,
        ENTRIES_MAX = 128, /* of an array, those of unknown types too */
};

static const char clause[] = "WebAuthn L3 5.1.8";

/* ---- enumerations: a value that is not known stands for none (WebAuthn L3 2.1.1) ---- */

struct word {
        const char *text;
        int value;
};

struct choice {
        const struct word *words;
        size_t count;
        int *ret;
};

static mitome_status read_choice(struct json_reader *r, writer *arena, const struct json_field *field)
{
        const struct choice *choice = field->target;
        slice text;
        MITOME_TRY(arena_text(r, arena, field->field, WORD_MAX, &text));
        for (size_t i = 0; i < choice->count; i++)
                if (slice_is(text, choice->words[i].text))
                        *choice->ret = choice->words[i].value;
        return ok();
}

static const struct word wishes[] = {
        { "required", CLIENT_REQUIRED },
        { "preferred", CLIENT_PREFERRED },
        { "discouraged", CLIENT_DISCOURAGED },
};

enum conveyance { CONVEYANCE_NONE, CONVEYANCE_STATEMENT, CONVEYANCE_ENTERPRISE };

/* "indirect" leaves to the client how, and this one changes nothing. */
static const struct word conveyances[] = {
        { "none", CONVEYANCE_NONE },
        { "indirect", CONVEYANCE_STATEMENT },
        { "direct", CONVEYANCE_STATEMENT },
        { "enterprise", CONVEYANCE_ENTERPRISE },
};

/* CTAP 2.1 12.1 */
static const struct word protections[] = {
        { "userVerificationOptional", 1 },
        { "userVerificationOptionalWithCredentialIDList", 2 },
        { "userVerificationRequired", 3 },
};

#define CHOICE(table, into) (&(struct choice){ (table), sizeof(table) / sizeof((table)[0]), (into) })
#define OBJECT(name, table)    \
        ((struct json_object){ \
                .field = (name), .fields = (table), .count = sizeof(table) / sizeof((table)[0]) })

/* ---- arrays ---- */

typedef mitome_status read_entry(struct json_reader *r, writer *arena, struct client_options *into);

static mitome_status read_entries(
        struct json_reader *r, writer *arena, const struct json_field *field, read_entry *read)
{
        struct json_members array;
        MITOME_TRY(json_open_array(r, field->field, &array));
        for (size_t count = 0;; count++) {
                bool more;
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                if (count == ENTRIES_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, field->field);
                MITOME_TRY(read(r, arena, field->target));
        }
}

static mitome_status read_number(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        return json_read_int(r, field->field, field->target);
}

/* A type that is not known is one that this client has no credentials of. */
static mitome_status read_parameter(struct json_reader *r, writer *arena, struct client_options *into)
{
        slice type = { 0 };
        int64_t algorithm = 0;
        const struct json_field fields[] = {
                { "type", "pubKeyCredParams[].type", json_field_text, .required = true, .max = WORD_MAX,
                        .bytes = &type },
                { "alg", "pubKeyCredParams[].alg", read_number, .required = true, .target = &algorithm },
        };
        const struct json_object object = OBJECT("pubKeyCredParams[]", fields);
        MITOME_TRY(json_object_read(r, arena, &object));
        into->parameters_given = true;
        if (!slice_is(type, "public-key"))
                return ok();
        if (into->algorithm_count == CLIENT_ALGORITHMS)
                return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "pubKeyCredParams");
        into->algorithms[into->algorithm_count++] = algorithm;
        return ok();
}

static mitome_status read_descriptor(struct json_reader *r, writer *arena, struct client_options *into)
{
        slice type = { 0 }, id = { 0 };
        const struct json_field fields[] = {
                { "type", "credentials[].type", json_field_text, .required = true, .max = WORD_MAX,
                        .bytes = &type },
                { "id", "credentials[].id", json_field_base64url, .required = true, .max = ID_MAX,
                        .bytes = &id },
        };
        const struct json_object object = OBJECT("credentials[]", fields);
        MITOME_TRY(json_object_read(r, arena, &object));
        if (!slice_is(type, "public-key") || id.size == 0)
                return ok();
        if (into->id_count == WEB_CLIENT_LIST_MAX)
                return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "credentials");
        into->ids[into->id_count++] = id;
        return ok();
}

static mitome_status read_parameters(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_entries(r, arena, field, read_parameter);
}

static mitome_status read_descriptors(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_entries(r, arena, field, read_descriptor);
}

/* ---- what both have ---- */

static mitome_status read_all(
        slice json, writer *arena, const struct json_object *object, mitome_error *error)
{
        if (json.size > WEB_CLIENT_OPTIONS_MAX)
                return fail(error, MITOME_E_TOO_LONG, "options", clause);
        struct json_reader r = json_over(json, clause, error);
        MITOME_TRY(json_object_read(&r, arena, object));
        return json_end(&r, "options");
}

/* WebAuthn L3 13.4.3: a challenge is of at least 16 bytes. That is the relying party's to keep; an empty one
 * is a fault that a client can see. */
static mitome_status check_challenge(const struct client_options *options, mitome_error *error)
{
        return options->challenge.size ? ok() : fail(error, MITOME_E_VALUE, "challenge", clause);
}

/* ---- creation ---- */

static mitome_status read_creation_fields(
        slice json, writer *arena, struct client_options *options, mitome_error *error)
{
        int user_verification = CLIENT_PREFERRED, resident_key = -1, protection = 0, conveyance = 0;
        bool require_resident_key = false;
        const struct json_field rp[] = {
                { "id", "rp.id", json_field_text, .max = RP_ID_MAX, .bytes = &options->rp_id },
                { "name", "rp.name", json_field_text, .max = NAME_MAX, .bytes = &options->rp_name },
        };
        const struct json_field user[] = {
                { "id", "user.id", json_field_base64url, .required = true, .max = USER_ID_MAX,
                        .bytes = &options->user_id },
                { "name", "user.name", json_field_text, .required = true, .max = NAME_MAX,
                        .bytes = &options->user_name },
                { "displayName", "user.displayName", json_field_text, .required = true, .max = NAME_MAX,
                        .bytes = &options->user_display_name },
        };
        const struct json_field selection[] = {
                { "residentKey", "residentKey", read_choice, .target = CHOICE(wishes, &resident_key) },
                { "requireResidentKey", "requireResidentKey", json_field_bool,
                        .flag = &require_resident_key },
                { "userVerification", "userVerification", read_choice,
                        .target = CHOICE(wishes, &user_verification) },
        };
        const struct json_field extensions[] = {
                { "credProps", "credProps", json_field_bool, .flag = &options->cred_props },
                { "minPinLength", "minPinLength", json_field_bool, .flag = &options->min_pin_length },
                { "credentialProtectionPolicy", "credentialProtectionPolicy", read_choice,
                        .target = CHOICE(protections, &protection) },
                { "enforceCredentialProtectionPolicy", "enforceCredentialProtectionPolicy", json_field_bool,
                        .flag = &options->enforce_protection },
                { "credBlob", "credBlob", json_field_base64url, .max = NAME_MAX, .bytes = &options->blob,
                        .present = &options->has_blob },
        };
        const struct json_object rp_object = OBJECT("rp", rp), user_object = OBJECT("user", user),
                                 selection_object = OBJECT("authenticatorSelection", selection),
                                 extensions_object = OBJECT("extensions", extensions);
        const struct json_field fields[] = {
                { "rp", "rp", json_field_object, .required = true, .members = &rp_object },
                { "user", "user", json_field_object, .required = true, .members = &user_object },
                { "challenge", "challenge", json_field_base64url, .required = true, .max = CHALLENGE_MAX,
                        .bytes = &options->challenge },
                { "pubKeyCredParams", "pubKeyCredParams", read_parameters, .required = true,
                        .target = options },
                { "excludeCredentials", "excludeCredentials", read_descriptors, .target = options },
                { "authenticatorSelection", "authenticatorSelection", json_field_object,
                        .members = &selection_object },
                { "attestation", "attestation", read_choice, .target = CHOICE(conveyances, &conveyance) },
                { "extensions", "extensions", json_field_object, .members = &extensions_object },
        };
        const struct json_object object = OBJECT("options", fields);
        MITOME_TRY(read_all(json, arena, &object, error));
        /* WebAuthn L3 5.4.4: without residentKey, requireResidentKey says it. */
        if (resident_key < 0)
                resident_key = require_resident_key ? CLIENT_REQUIRED : CLIENT_DISCOURAGED;
        options->resident_key = (enum client_wish)resident_key;
        options->user_verification = (enum client_wish)user_verification;
        options->attestation = conveyance != CONVEYANCE_NONE;
        options->enterprise = conveyance == CONVEYANCE_ENTERPRISE;
        options->protection = (unsigned)protection;
        return ok();
}

/* WebAuthn L3 5.1.3 step 9: without any parameter, ES256 and RS256; with some, but none of public keys:
 * NotSupportedError. */
static mitome_status settle_algorithms(struct client_options *options, mitome_error *error)
{
        if (options->algorithm_count)
                return ok();
        if (options->parameters_given)
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "pubKeyCredParams", "WebAuthn L3 5.1.3");
        options->algorithms[options->algorithm_count++] = COSE_ES256;
        options->algorithms[options->algorithm_count++] = COSE_RS256;
        return ok();
}

mitome_status client_read_creation(slice json, writer *arena, struct client_options *ret, mitome_error *error)
{
        struct client_options options = { .creates = true };
        MITOME_TRY(read_creation_fields(json, arena, &options, error));
        MITOME_TRY(check_challenge(&options, error));
        MITOME_TRY(settle_algorithms(&options, error));
        if (options.user_id.size == 0)
                return fail(error, MITOME_E_VALUE, "user.id", clause);
        *ret = options;
        return ok();
}

/* ---- request ---- */

mitome_status client_read_request(slice json, writer *arena, struct client_options *ret, mitome_error *error)
{
        struct client_options options = { 0 };
        int user_verification = CLIENT_PREFERRED;
        const struct json_field extensions[] = {
                { "getCredBlob", "getCredBlob", json_field_bool, .flag = &options.get_blob },
        };
        const struct json_object extensions_object = OBJECT("extensions", extensions);
        const struct json_field fields[] = {
                { "challenge", "challenge", json_field_base64url, .required = true, .max = CHALLENGE_MAX,
                        .bytes = &options.challenge },
                { "rpId", "rpId", json_field_text, .max = RP_ID_MAX, .bytes = &options.rp_id },
                { "allowCredentials", "allowCredentials", read_descriptors, .target = &options },
                { "userVerification", "userVerification", read_choice,
                        .target = CHOICE(wishes, &user_verification) },
                { "extensions", "extensions", json_field_object, .members = &extensions_object },
        };
        const struct json_object object = OBJECT("options", fields);
        MITOME_TRY(read_all(json, arena, &object, error));
        MITOME_TRY(check_challenge(&options, error));
        options.user_verification = (enum client_wish)user_verification;
        *ret = options;
        return ok();
}
