/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_statement.h"

#include <sodium.h>

static const char clause[] = "FIDO Metadata Statements 3.0, 4";

enum { ALTERNATIVES_MAX = 16, METHODS_MAX = 8, PROTECTIONS_MAX = 8 };

struct named {
        const char *name;
        unsigned value;
};

/* FIDO registry 3.2. */
static const struct named key_protections[] = {
        { "software", METADATA_SOFTWARE },
        { "hardware", METADATA_HARDWARE },
        { "tee", METADATA_TEE },
        { "secure_element", METADATA_SECURE_ELEMENT },
        { "remote_handle", METADATA_REMOTE_HANDLE },
};

/* FIDO registry 3.3. */
static const struct named matcher_protections[] = {
        { "software", METADATA_SOFTWARE },
        { "tee", METADATA_TEE },
        { "on_chip", METADATA_ON_CHIP },
};

/* FIDO registry 3.1. */
static const struct named methods[] = {
        { "none", METADATA_PATH_NONE },
        { "presence_internal", METADATA_PATH_PRESENCE },
        { "location_internal",
                METADATA_PATH_PRESENCE }, /* where the device is says nothing of who holds it */
        { "passcode_internal", METADATA_PATH_PASSCODE },
        { "passcode_external", METADATA_PATH_PASSCODE },
        { "pattern_internal", METADATA_PATH_PASSCODE },
        { "pattern_external", METADATA_PATH_PASSCODE },
        { "fingerprint_internal", METADATA_PATH_BIOMETRIC },
        { "faceprint_internal", METADATA_PATH_BIOMETRIC },
        { "eyeprint_internal", METADATA_PATH_BIOMETRIC },
        { "voiceprint_internal", METADATA_PATH_BIOMETRIC },
        { "handprint_internal", METADATA_PATH_BIOMETRIC },
};

static const struct named modalities[] = {
        { "fingerprint_internal", METADATA_FINGER },
        { "faceprint_internal", METADATA_FACE },
        { "eyeprint_internal", METADATA_IRIS },
        { "voiceprint_internal", METADATA_VOICE },
};

enum {
        MODALITIES = sizeof modalities / sizeof modalities[0],
        KEY_PROTECTIONS = sizeof key_protections / sizeof key_protections[0],
        MATCHER_PROTECTIONS = sizeof matcher_protections / sizeof matcher_protections[0],
        METHODS = sizeof methods / sizeof methods[0]
};

/* ---- of several the worst ---- */

unsigned metadata_worst_protection(unsigned bits)
{
        static const unsigned worst_first[] = { METADATA_SOFTWARE, METADATA_TEE, METADATA_SECURE_ELEMENT,
                METADATA_ON_CHIP, METADATA_HARDWARE };
        for (size_t i = 0; i < sizeof worst_first / sizeof worst_first[0]; i++)
                if (bits & worst_first[i])
                        return worst_first[i];
        return 0;
}

const char *metadata_protection_word(unsigned protection)
{
        if (protection == METADATA_ON_CHIP)
                return "on_chip";
        for (size_t i = 0; i < KEY_PROTECTIONS; i++)
                if (key_protections[i].value == protection && protection != METADATA_REMOTE_HANDLE)
                        return key_protections[i].name;
        return NULL;
}

enum metadata_modality metadata_worse_modality(enum metadata_modality one, enum metadata_modality other)
{
        static const int badness[] = { [METADATA_IRIS] = 0,
                [METADATA_FINGER] = 1,
                [METADATA_FACE] = 2,
                [METADATA_MODALITY_UNKNOWN] = 3,
                [METADATA_VOICE] = 4 };
        return badness[other] > badness[one] ? other : one;
}

const char *metadata_modality_word(enum metadata_modality modality)
{
        static const char *const words[] = { NULL, "finger", "face", "iris", "voice" };
        return words[modality];
}

/* Everything that reading a statement needs at hand. */
struct statement_reader {
        struct json_reader json;
        writer space; /* for the certificates */
        struct metadata_statement *statement;
        bool in_blob;
};

static mitome_status read_named(
        struct json_reader *r, const char *field, const struct named *names, size_t count, unsigned *ret)
{
        slice raw;
        MITOME_TRY(json_read_raw(r, field, &raw));
        for (size_t i = 0; i < count; i++)
                if (json_name_is(raw, names[i].name)) {
                        *ret = names[i].value;
                        return ok();
                }
        return reader_fail(&r->bytes, MITOME_E_VALUE, field);
}

static mitome_status read_protection(
        struct json_reader *r, const char *field, const struct named *names, size_t name_count, unsigned *ret)
{
        struct json_members array;
        unsigned bits = 0, bit;
        size_t count = 0;
        MITOME_TRY(json_open_array(r, field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        break;
                if (count++ == PROTECTIONS_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, field);
                MITOME_TRY(read_named(r, field, names, name_count, &bit));
                bits |= bit;
        }
        *ret = bits;
        return bits ? ok() : reader_fail(&r->bytes, MITOME_E_MISSING, field);
}

static mitome_status read_key_protection(struct statement_reader *s)
{
        return read_protection(
                &s->json, "keyProtection", key_protections, KEY_PROTECTIONS, &s->statement->key_protection);
}

static mitome_status read_matcher_protection(struct statement_reader *s)
{
        return read_protection(&s->json, "matcherProtection", matcher_protections, MATCHER_PROTECTIONS,
                &s->statement->matcher_protection);
}

/* ---- what is declared of the methods ---- */

/* One of caDesc or baDesc, and what it is called here. */
struct limits {
        struct metadata_number base, length, tries, wait;
};

/* Takes any value: a number that is none here says nothing. */
static mitome_status read_number(struct json_reader *r, const char *field, struct metadata_number *ret)
{
        struct json_reader trial = *r;
        int64_t value = 0;
        trial.bytes.error = NULL;
        if (!failed(json_read_int(&trial, field, &value)) && value >= 0 && value <= UINT32_MAX)
                *ret = (struct metadata_number){ .said = true, .value = (uint32_t)value };
        return json_skip(r, field);
}

static mitome_status read_limits(struct json_reader *r, const char *field, struct limits *ret)
{
        struct json_members object;
        struct limits limits = { 0 };
        enum json_kind kind;
        slice name;
        MITOME_TRY(json_peek(r, field, &kind));
        if (kind != JSON_KIND_OBJECT)
                return json_skip(r, field);
        MITOME_TRY(json_open_object(r, field, &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                struct metadata_number *number = json_name_is(name, "base")            ? &limits.base
                                                 : json_name_is(name, "minLength")     ? &limits.length
                                                 : json_name_is(name, "maxRetries")    ? &limits.tries
                                                 : json_name_is(name, "blockSlowdown") ? &limits.wait
                                                                                       : NULL;
                MITOME_TRY(number ? read_number(r, field, number) : json_skip(r, field));
        }
        *ret = limits;
        return ok();
}

static void keep_least(struct metadata_number *kept, struct metadata_number said)
{
        if (said.said && (!kept->said || said.value < kept->value))
                *kept = said;
}

/* 0 is without end. */
static void keep_most_tries(struct metadata_number *kept, struct metadata_number said)
{
        if (said.said && (!kept->said || said.value == 0 || (kept->value && said.value > kept->value)))
                *kept = said;
}

static void keep_method(
        struct metadata_methods *all, slice name, unsigned path, const struct limits limits[2])
{
        const struct limits *code = &limits[0], *finger = &limits[1];
        if (json_name_is(name, "passcode_internal") || json_name_is(name, "passcode_external")) {
                all->passcode = true;
                all->digits_only = all->digits_only || (code->base.said && code->base.value == 10);
                keep_least(&all->length_least, code->length);
                keep_most_tries(&all->code_tries, code->tries);
        }
        if (path != METADATA_PATH_BIOMETRIC)
                return;
        enum metadata_modality modality = METADATA_MODALITY_UNKNOWN;
        for (size_t i = 0; i < MODALITIES; i++)
                if (json_name_is(name, modalities[i].name))
                        modality = (enum metadata_modality)modalities[i].value;
        all->modality = all->biometric ? metadata_worse_modality(all->modality, modality) : modality;
        all->biometric = true;
        keep_most_tries(&all->biometric_tries, finger->tries);
        keep_least(&all->wait_seconds, finger->wait);
}

/* One VerificationMethodDescriptor. */
static mitome_status read_method(struct json_reader *r, struct metadata_methods *all, unsigned *ret)
{
        struct json_members object;
        struct limits limits[2] = { 0 };
        struct json_reader method = *r;
        slice name, called;
        bool found = false;
        MITOME_TRY(json_open_object(r, "userVerificationDetails", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                if (json_name_is(name, "userVerificationMethod")) {
                        method = *r;
                        MITOME_TRY(read_named(r, "userVerificationMethod", methods, METHODS, ret));
                        found = true;
                } else if (json_name_is(name, "caDesc") || json_name_is(name, "baDesc")) {
                        MITOME_TRY(read_limits(
                                r, "userVerificationDetails", &limits[json_name_is(name, "caDesc") ? 0 : 1]));
                } else {
                        MITOME_TRY(json_skip(r, "userVerificationDetails"));
                }
        }
        if (!found)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "userVerificationMethod");
        MITOME_TRY(json_read_raw(&method, "userVerificationMethod", &called));
        keep_method(all, called, *ret, limits);
        return ok();
}

/* A combination is as strong as its strongest method. */
static mitome_status read_combination(struct json_reader *r, struct metadata_methods *all, unsigned *ret)
{
        struct json_members array;
        unsigned strongest = METADATA_PATH_NONE, method = METADATA_PATH_NONE;
        size_t count = 0;
        MITOME_TRY(json_open_array(r, "userVerificationDetails", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        break;
                if (count++ == METHODS_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "userVerificationDetails");
                MITOME_TRY(read_method(r, all, &method));
                strongest = method > strongest ? method : strongest;
        }
        *ret = strongest;
        return ok();
}

static mitome_status read_details(struct statement_reader *s)
{
        struct json_members array;
        unsigned weakest = METADATA_PATH_BIOMETRIC, path = METADATA_PATH_NONE;
        size_t count = 0;
        MITOME_TRY(json_open_array(&s->json, "userVerificationDetails", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(&s->json, &array, &more));
                if (!more)
                        break;
                if (count++ == ALTERNATIVES_MAX)
                        return reader_fail(&s->json.bytes, MITOME_E_TOO_MANY, "userVerificationDetails");
                MITOME_TRY(read_combination(&s->json, &s->statement->methods, &path));
                weakest = path < weakest ? path : weakest;
        }
        s->statement->weakest_path = count ? (enum metadata_path)weakest : METADATA_PATH_NONE;
        return ok();
}

/* How many bytes padded base64 decodes to. */
static size_t decoded_size(slice text)
{
        size_t padding = 0;
        while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=')
                padding++;
        return text.size / 4 * 3 - padding;
}

static mitome_status read_root(struct statement_reader *s, slice *ret)
{
        slice raw;
        size_t size = 0;
        MITOME_TRY(json_read_raw(&s->json, "attestationRootCertificates", &raw));
        uint8_t *space = s->space.data + s->space.used;
        size_t left = s->space.capacity - s->space.used;
        /* libsodium 1.0.18 takes bytes over 0x7F for digits. */
        if (raw.size == 0 || raw.size % 4 != 0 || !slice_is_ascii(raw))
                return reader_fail(&s->json.bytes, MITOME_E_VALUE, "attestationRootCertificates");
        if (decoded_size(raw) > left)
                return reader_fail(&s->json.bytes, MITOME_E_BUFFER_FULL, "attestationRootCertificates");
        if (sodium_base642bin(space, left, (const char *)raw.data, raw.size, NULL, &size, NULL,
                    sodium_base64_VARIANT_ORIGINAL) != 0)
                return reader_fail(&s->json.bytes, MITOME_E_VALUE, "attestationRootCertificates");
        s->space.used += size;
        *ret = slice_of(space, size);
        return ok();
}

static mitome_status read_roots(struct statement_reader *s)
{
        struct json_members array;
        MITOME_TRY(json_open_array(&s->json, "attestationRootCertificates", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(&s->json, &array, &more));
                if (!more)
                        return ok();
                if (s->statement->root_count == METADATA_ROOTS_MAX)
                        return reader_fail(&s->json.bytes, MITOME_E_TOO_MANY, "attestationRootCertificates");
                MITOME_TRY(read_root(s, &s->statement->roots[s->statement->root_count]));
                s->statement->root_count++;
        }
}

static mitome_status read_aaguid(struct statement_reader *s)
{
        return metadata_read_aaguid(&s->json, "aaguid", s->statement->aaguid);
}

static mitome_status read_description(struct statement_reader *s)
{
        return json_read_raw(&s->json, "description", &s->statement->description);
}

/* Absent, or in another form, it says nothing. */
static mitome_status read_key_restricted(struct statement_reader *s)
{
        struct json_reader trial = s->json;
        trial.bytes.error = NULL;
        bool restricted = false;
        if (!failed(json_read_bool(&trial, "isKeyRestricted", &restricted)))
                s->statement->key_restricted = restricted;
        return json_skip(&s->json, "isKeyRestricted");
}

static const struct member {
        const char *name;
        bool required;
        bool of_entry; /* in a BLOB it is its entry's to read */
        mitome_status (*read)(struct statement_reader *s);
} members[] = {
        { "aaguid", true, true, read_aaguid },
        { "description", false, true, read_description },
        { "attestationRootCertificates", false, true, read_roots },
        { "userVerificationDetails", true, false, read_details },
        { "keyProtection", true, false, read_key_protection },
        { "matcherProtection", false, false, read_matcher_protection },
        { "isKeyRestricted", false, false, read_key_restricted },
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static mitome_status read_member(struct statement_reader *s, slice name, bool seen[MEMBERS])
{
        for (size_t i = 0; i < MEMBERS; i++)
                if (json_name_is(name, members[i].name) && !(s->in_blob && members[i].of_entry)) {
                        seen[i] = true;
                        return members[i].read(s);
                }
        return json_skip(&s->json, "metadata statement");
}

static mitome_status read_statement(struct statement_reader *s)
{
        struct json_members object;
        bool seen[MEMBERS] = { false };
        slice name;
        MITOME_TRY(json_open_object(&s->json, "metadata statement", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&s->json, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(s, name, seen));
        }
        MITOME_TRY(json_end(&s->json, "metadata statement"));
        for (size_t i = 0; i < MEMBERS; i++)
                if (members[i].required && !seen[i] && !(s->in_blob && members[i].of_entry))
                        return fail(s->json.bytes.error, MITOME_E_MISSING, members[i].name, clause);
        return ok();
}

mitome_status metadata_statement_read(
        slice json, uint8_t *buffer, size_t capacity, struct metadata_statement *ret, mitome_error *error)
{
        struct metadata_statement statement = { 0 };
        struct statement_reader s = { json_over(json, clause, error), writer_over(buffer, capacity),
                &statement, false };
        MITOME_TRY(read_statement(&s));
        *ret = statement;
        return ok();
}

mitome_status metadata_statement_read_in_blob(slice json, struct metadata_statement *ret, mitome_error *error)
{
        struct metadata_statement statement = { 0 };
        struct statement_reader s = { json_over(json, clause, error), writer_over(NULL, 0), &statement,
                true };
        MITOME_TRY(read_statement(&s));
        *ret = statement;
        return ok();
}
