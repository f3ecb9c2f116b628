/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges that carry their expiry and a MAC: version, id, expiry in clear, and HMAC-SHA-256 over them and
 * over what they are bound to. */
#include "client_data.h"
#include "digest.h"

#include <mitome/challenge.h>

enum {
        CHALLENGE_VERSION = 1,
        CLEAR_SIZE = 1 + MITOME_CHALLENGE_ID_SIZE + 8, /* what stands before the MAC */
        BOUND_SIZE = 1 + 8 + 8,                        /* purpose, and how long RP ID and context are */
};

_Static_assert(CLEAR_SIZE + SHA256_SIZE == MITOME_CHALLENGE_SIZE, "a challenge is what is clear and its MAC");

static const char clause[] = "WebAuthn L3 13.4.3"; /* Cryptographic Challenges */

static bool is_filled(const struct mitome_challenge_key *key)
{
        uint8_t any = 0;
        for (size_t i = 0; i < sizeof key->bytes; i++)
                any |= key->bytes[i];
        return any != 0;
}

/* A key of zeros would let everybody seal. */
static mitome_status check_keys(const struct mitome_challenge_key *keys, size_t count, mitome_error *error)
{
        if (!keys || count == 0)
                return fail(error, MITOME_E_ARGUMENT, "keys", NULL);
        for (size_t i = 0; i < count; i++)
                if (!is_filled(&keys[i]))
                        return fail(error, MITOME_E_ARGUMENT, "keys", NULL);
        return ok();
}

static mitome_status check_scope(const struct mitome_challenge_scope *scope, mitome_error *error)
{
        if (scope->rp_id.size == 0)
                return fail(error, MITOME_E_ARGUMENT, "scope.rp_id", NULL);
        if (scope->purpose != MITOME_CHALLENGE_REGISTRATION &&
                scope->purpose != MITOME_CHALLENGE_AUTHENTICATION)
                return fail(error, MITOME_E_ARGUMENT, "scope.purpose", NULL);
        return ok();
}

/* The sizes stand before the bytes, so that no RP ID and context read like others that are cut elsewhere. */
static void authenticate(const struct mitome_challenge_key *key, const struct mitome_challenge_scope *scope,
        slice clear, uint8_t ret_mac[SHA256_SIZE])
{
        static const char use[] = "mitome challenge"; /* and no other use of the same key */
        uint8_t bound[BOUND_SIZE];
        writer w = WRITER(bound);
        write_u8(&w, (uint8_t)scope->purpose);
        write_u64(&w, scope->rp_id.size);
        write_u64(&w, scope->context.size);
        const slice parts[] = { SLICE(use), clear, SLICE(bound), scope->rp_id, scope->context };
        hmac_sha256(SLICE(key->bytes), parts, sizeof parts / sizeof parts[0], ret_mac);
}

mitome_status mitome_challenge_seal(const struct mitome_challenge_key *keys, size_t count,
        const struct mitome_challenge_scope *scope, int64_t expires, const struct mitome_random *random,
        uint8_t ret[MITOME_CHALLENGE_SIZE], mitome_error *error)
{
        uint8_t id[MITOME_CHALLENGE_ID_SIZE], mac[SHA256_SIZE], sealed[MITOME_CHALLENGE_SIZE];
        MITOME_TRY(check_keys(keys, count, error));
        MITOME_TRY(check_scope(scope, error));
        if (expires <= 0)
                return fail(error, MITOME_E_ARGUMENT, "expires", NULL);
        if (random->fill(random->context, id, sizeof id) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "challenge", clause);
        writer w = WRITER(sealed);
        write_u8(&w, CHALLENGE_VERSION);
        write_slice(&w, SLICE(id));
        write_u64(&w, (uint64_t)expires);
        authenticate(&keys[0], scope, writer_view(&w), mac);
        write_slice(&w, SLICE(mac));
        return slice_copy(writer_view(&w), "challenge", ret, MITOME_CHALLENGE_SIZE, error);
}

/* What a challenge says of itself. */
struct sealed {
        uint8_t version;
        uint64_t expires;
        uint8_t id[MITOME_CHALLENGE_ID_SIZE];
        slice clear, mac;
};

/* The reader gets no error to write to: a challenge of another form is as foreign as one with another MAC. */
static mitome_status read_sealed(slice challenge, struct sealed *ret)
{
        struct sealed sealed;
        reader r = reader_over(challenge, NULL, NULL);
        MITOME_TRY(read_bytes(&r, "challenge", CLEAR_SIZE, &sealed.clear));
        MITOME_TRY(read_bytes(&r, "challenge", SHA256_SIZE, &sealed.mac));
        MITOME_TRY(read_end(&r, "challenge"));
        reader clear = reader_over(sealed.clear, NULL, NULL);
        MITOME_TRY(read_u8(&clear, "challenge", &sealed.version));
        MITOME_TRY(read_into(&clear, "challenge", sealed.id, sizeof sealed.id));
        MITOME_TRY(read_u64(&clear, "challenge", &sealed.expires));
        *ret = sealed;
        return ok();
}

/* All keys are tried, so that time does not tell which one it was. */
static bool find_key(const struct mitome_challenge_key *keys, size_t count,
        const struct mitome_challenge_scope *scope, const struct sealed *sealed, size_t *ret_key)
{
        bool found = false;
        for (size_t i = 0; i < count; i++) {
                uint8_t mac[SHA256_SIZE];
                authenticate(&keys[i], scope, sealed->clear, mac);
                bool equal = secret_equal(SLICE(mac), sealed->mac);
                bytes_wipe(mac, sizeof mac); /* of a forger's bytes it would be what the forger is after */
                if (equal && !found)
                        *ret_key = i;
                found = found || equal;
        }
        return found;
}

static mitome_status spend(
        const struct mitome_once *once, const struct mitome_challenge *challenge, mitome_error *error)
{
        int answer = once->spend(once->context, challenge->id, challenge->expires);
        if (answer == 0)
                return ok();
        /* A hook that cannot say does not let in. */
        mitome_code code = answer == 1 ? MITOME_E_CHALLENGE_SPENT : MITOME_E_CHALLENGE_UNDECIDED;
        return fail(error, code, "challenge", clause);
}

mitome_status mitome_challenge_open(const struct mitome_challenge_key *keys, size_t count,
        const struct mitome_challenge_scope *scope, mitome_slice challenge, int64_t now,
        const struct mitome_once *once, struct mitome_challenge *ret, mitome_error *error)
{
        struct sealed sealed;
        struct mitome_challenge opened = { 0 };
        MITOME_TRY(check_keys(keys, count, error));
        MITOME_TRY(check_scope(scope, error));
        if (once && !once->spend)
                return fail(error, MITOME_E_ARGUMENT, "once.spend", NULL);
        if (failed(read_sealed(challenge, &sealed)) || !find_key(keys, count, scope, &sealed, &opened.key) ||
                sealed.version != CHALLENGE_VERSION || sealed.expires > INT64_MAX)
                return fail(error, MITOME_E_CHALLENGE_FOREIGN, "challenge", clause);
        opened.expires = (int64_t)sealed.expires;
        if (now >= opened.expires)
                return fail(error, MITOME_E_CHALLENGE_EXPIRED, "challenge", clause);
        MITOME_TRY(slice_copy(SLICE(sealed.id), "challenge", opened.id, sizeof opened.id, error));
        if (once)
                MITOME_TRY(spend(once, &opened, error));
        *ret = opened;
        return ok();
}

static mitome_status read_response(slice json, writer *arena, slice *ret_client_data, mitome_error *error)
{
        static const char place[] = "WebAuthn L3 5.1";
        const struct json_field inner_fields[] = {
                { "clientDataJSON", "response.clientDataJSON", json_field_base64url, .required = true,
                        .max = CLIENT_DATA_MAX, .bytes = ret_client_data },
        };
        const struct json_object inner = { .field = "response", .fields = inner_fields, .count = 1 };
        const struct json_field fields[] = {
                { "response", "response", json_field_object, .required = true, .members = &inner },
        };
        const struct json_object object = { .field = "response JSON", .fields = fields, .count = 1 };
        struct json_reader r = json_over(json, place, error);
        MITOME_TRY(json_object_read(&r, arena, &object));
        return json_end(&r, "response JSON");
}

mitome_status mitome_challenge_from_response(mitome_slice response_json, uint8_t *buffer, size_t capacity,
        uint8_t ret[MITOME_CHALLENGE_SIZE], mitome_error *error)
{
        writer arena = writer_over(buffer, capacity);
        slice client_data = { 0 };
        struct client_data data;
        MITOME_TRY(read_response(response_json, &arena, &client_data, error));
        MITOME_TRY(client_data_read(client_data, "WebAuthn L3 5.8.1", &arena, &data, error));
        if (data.challenge.size != MITOME_CHALLENGE_SIZE)
                return fail(error, MITOME_E_CHALLENGE_FOREIGN, "clientDataJSON.challenge", clause);
        return slice_copy(data.challenge, "challenge", ret, MITOME_CHALLENGE_SIZE, error);
}
