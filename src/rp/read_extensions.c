/* SPDX-License-Identifier: Apache-2.0 */
#include "read_extensions.h"

#include "cbor.h"

enum { BLOB_MAX = 16384, PRF_SIZE = 32 };

/* ---- of the client ---- */

typedef void read_result(struct json_reader *r, writer *arena, struct mitome_extensions *extensions);

struct result {
        const char *name;
        enum json_kind kind;
        read_result *read;
};

/* A copy of the reader that tells nobody about what it does not understand. */
static struct json_reader quietly(const struct json_reader *r)
{
        struct json_reader quiet = *r;
        quiet.bytes.error = NULL;
        return quiet;
}

static bool take_bool(struct json_reader *r, bool *ret)
{
        struct json_reader quiet = quietly(r);
        return !failed(json_read_bool(&quiet, NULL, ret));
}

static void take_bytes(struct json_reader *r, writer *arena, size_t least, size_t most, slice *ret)
{
        struct json_reader quiet = quietly(r);
        slice bytes;
        if (!failed(arena_base64url(&quiet, arena, NULL, most, &bytes)) && bytes.size >= least)
                *ret = bytes;
}

/* Reads the members that `results` knows and have their type, and skips the others. */
static mitome_status read_results(struct json_reader *r, writer *arena, const struct result *results,
        size_t count, struct mitome_extensions *extensions)
{
        static const char field[] = "clientExtensionResults";
        struct json_members members;
        enum json_kind kind;
        slice name;
        MITOME_TRY(json_open_object(r, field, &members));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &members, &name, &more));
                if (!more)
                        return ok();
                MITOME_TRY(json_peek(r, field, &kind));
                for (size_t i = 0; i < count; i++)
                        if (results[i].kind == kind && json_name_is(name, results[i].name))
                                results[i].read(r, arena, extensions);
                MITOME_TRY(json_skip(r, field));
        }
}

/* The members of an object within; what is wrong with it is found by the skip that follows. */
static void read_within(struct json_reader *r, writer *arena, const struct result *results, size_t count,
        struct mitome_extensions *extensions)
{
        struct json_reader quiet = quietly(r);
        (void)!failed(read_results(&quiet, arena, results, count, extensions));
}

static void read_app_id(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        (void)arena;
        extensions->has_app_id = take_bool(r, &extensions->app_id);
}

static void read_app_id_exclude(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        (void)arena;
        extensions->has_app_id_exclude = take_bool(r, &extensions->app_id_exclude);
}

static void read_rk(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        (void)arena;
        extensions->has_discoverable = take_bool(r, &extensions->discoverable);
}

static void read_cred_props(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        static const struct result members[] = { { "rk", JSON_KIND_BOOL, read_rk } };
        read_within(r, arena, members, 1, extensions);
}

static void read_prf_enabled(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        (void)arena;
        (void)take_bool(r, &extensions->prf_enabled);
}

static void read_prf_first(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        take_bytes(r, arena, PRF_SIZE, PRF_SIZE, &extensions->prf_first);
}

static void read_prf_second(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        take_bytes(r, arena, PRF_SIZE, PRF_SIZE, &extensions->prf_second);
}

static void read_prf_results(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        static const struct result members[] = {
                { "first", JSON_KIND_STRING, read_prf_first },
                { "second", JSON_KIND_STRING, read_prf_second },
        };
        read_within(r, arena, members, 2, extensions);
}

static void read_prf(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        static const struct result members[] = {
                { "enabled", JSON_KIND_BOOL, read_prf_enabled },
                { "results", JSON_KIND_OBJECT, read_prf_results },
        };
        extensions->has_prf = true;
        read_within(r, arena, members, 2, extensions);
}

static void read_supported(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        (void)arena;
        (void)take_bool(r, &extensions->large_blob_supported);
}

static void read_written(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        (void)arena;
        (void)take_bool(r, &extensions->large_blob_written);
}

static void read_blob(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        take_bytes(r, arena, 0, BLOB_MAX, &extensions->large_blob);
}

static void read_large_blob(struct json_reader *r, writer *arena, struct mitome_extensions *extensions)
{
        static const struct result members[] = {
                { "supported", JSON_KIND_BOOL, read_supported },
                { "written", JSON_KIND_BOOL, read_written },
                { "blob", JSON_KIND_STRING, read_blob },
        };
        extensions->has_large_blob = true;
        read_within(r, arena, members, 3, extensions);
}

mitome_status extensions_read_results(
        slice json, writer *arena, struct mitome_extensions *extensions, mitome_error *error)
{
        static const struct result results[] = {
                { "appid", JSON_KIND_BOOL, read_app_id },                /* WebAuthn L3 10.1.1 */
                { "appidExclude", JSON_KIND_BOOL, read_app_id_exclude }, /* 10.1.2 */
                { "credProps", JSON_KIND_OBJECT, read_cred_props },      /* 10.1.3 */
                { "prf", JSON_KIND_OBJECT, read_prf },                   /* 10.1.4 */
                { "largeBlob", JSON_KIND_OBJECT, read_large_blob },      /* 10.1.5 */
        };
        if (json.size == 0)
                return ok();
        struct json_reader r = json_over(json, "WebAuthn L3 9.4", error);
        MITOME_TRY(read_results(&r, arena, results, sizeof results / sizeof results[0], extensions));
        return json_end(&r, "clientExtensionResults");
}

/* ---- of the authenticator ---- */

typedef void read_output(struct cbor_reader *r, struct mitome_extensions *extensions);

/* CTAP 2.1 12.1: 1 userVerificationOptional to 3 userVerificationRequired. */
static void read_cred_protect(struct cbor_reader *r, struct mitome_extensions *extensions)
{
        uint64_t level;
        if (!failed(cbor_read_uint(r, NULL, 3, &level)))
                extensions->cred_protect = (unsigned)level;
}

/* 12.2: a boolean at registration, bytes at a login. */
static void read_cred_blob(struct cbor_reader *r, struct mitome_extensions *extensions)
{
        struct cbor_reader again = *r;
        slice blob;
        if (!failed(cbor_read_bytes(r, NULL, BLOB_MAX, &blob)))
                extensions->cred_blob = blob;
        else
                (void)!failed(cbor_read_bool(&again, NULL, &extensions->cred_blob_stored));
}

/* 12.4 */
static void read_min_pin_length(struct cbor_reader *r, struct mitome_extensions *extensions)
{
        uint64_t length;
        if (failed(cbor_read_uint(r, NULL, UINT32_MAX, &length)))
                return;
        extensions->has_min_pin_length = true;
        extensions->min_pin_length = (uint32_t)length;
}

/* 12.5: a boolean at registration, encrypted bytes at a login. */
static void read_hmac_secret(struct cbor_reader *r, struct mitome_extensions *extensions)
{
        struct cbor_reader again = *r;
        slice output;
        if (!failed(cbor_read_bytes(r, NULL, BLOB_MAX, &output)))
                extensions->hmac_secret_output = output;
        else
                (void)!failed(cbor_read_bool(&again, NULL, &extensions->hmac_secret));
}

/* How the user was verified: a text, at registration and at a login. */
static void read_verified_by(struct cbor_reader *r, struct mitome_extensions *extensions)
{
        enum { NAME_MAX_SIZE = 16 };
        static const char *const names[] = {
                [MITOME_VERIFIED_BY_NOTHING] = "none",
                [MITOME_VERIFIED_BY_PIN] = "pin",
                [MITOME_VERIFIED_BY_FINGER] = "finger",
                [MITOME_VERIFIED_BY_FACE] = "face",
                [MITOME_VERIFIED_BY_IRIS] = "iris",
        };
        slice name;
        if (failed(cbor_read_text(r, NULL, NAME_MAX_SIZE, &name)))
                return;
        for (size_t i = MITOME_VERIFIED_BY_NOTHING; i < sizeof names / sizeof names[0]; i++)
                if (slice_is(name, names[i]))
                        extensions->verified_by = (enum mitome_verified_by)i;
}

static const struct {
        const char *name;
        read_output *read;
} outputs[] = {
        { "credBlob", read_cred_blob },
        { "credProtect", read_cred_protect },
        { "hmac-secret", read_hmac_secret },
        { "minPinLength", read_min_pin_length },
        { "mitome-jpki", read_verified_by },
};

static void read_output_named(slice name, slice value, struct mitome_extensions *extensions)
{
        for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
                if (slice_is(name, outputs[i].name)) {
                        struct cbor_reader r = cbor_over(value, NULL, NULL);
                        outputs[i].read(&r, extensions);
                }
}

static mitome_status read_outputs(slice input, bool any_order, struct mitome_extensions *extensions)
{
        struct cbor_reader r = cbor_over(input, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice value;
        r.any_order = any_order;
        MITOME_TRY(cbor_open_map(&r, NULL, CBOR_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        return ok();
                MITOME_TRY(cbor_read_item(&r, NULL, &value));
                if (key.is_text)
                        read_output_named(key.text, value, extensions);
        }
}

/* Whether the order is right was judged before; a map in any order has few members, one in order may have
 * many.
 */
void extensions_read_outputs(slice input, struct mitome_extensions *extensions)
{
        if (input.size && failed(read_outputs(input, false, extensions)))
                (void)!failed(read_outputs(input, true, extensions));
}
