/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_passkey.h"

#include "cbor.h"
#include "digest.h"
#include "json.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS_MADE = 0x45, FLAGS_SHOWN = 0x05, AUTH_DATA_MAX = 256, CLIENT_DATA_MAX = 1024 };

static void must(bool good, const char *what)
{
        if (good)
                return;
        (void)fprintf(stderr, "soft passkey: %s\n", what);
        abort();
}

void soft_passkey_make(struct soft_passkey *ret)
{
        uint8_t whole[1 + SOFT_POINT_SIZE];
        size_t size = 0;
        *ret = (struct soft_passkey){ .key = EVP_EC_gen("P-256") };
        must(ret->key && RAND_bytes(ret->id, sizeof ret->id) == 1, "no key");
        must(EVP_PKEY_get_octet_string_param(ret->key, OSSL_PKEY_PARAM_PUB_KEY, whole, sizeof whole, &size) ==
                                1 &&
                        size == sizeof whole,
                "no point");
        must(!failed(slice_copy(
                     slice_of(whole + 1, SOFT_POINT_SIZE), "point", ret->point, SOFT_POINT_SIZE, NULL)),
                "no point");
}

void soft_passkey_free(struct soft_passkey *passkey)
{
        EVP_PKEY_free(passkey->key);
        *passkey = (struct soft_passkey){ 0 };
}

slice soft_member(slice json, const char *name)
{
        char quoted[64];
        (void)snprintf(quoted, sizeof quoted, "\"%s\":\"", name);
        const uint8_t *at = memmem(json.data, json.size, quoted, strlen(quoted));
        if (!at)
                return slice_of(NULL, 0);
        const uint8_t *begin = at + strlen(quoted);
        const uint8_t *end = memchr(begin, '"', json.size - (size_t)(begin - json.data));
        return end ? slice_of(begin, (size_t)(end - begin)) : slice_of(NULL, 0);
}

/* ---- what is signed ---- */

static slice write_client_data(
        const char *type, const struct soft_site *site, slice challenge, uint8_t buffer[CLIENT_DATA_MAX])
{
        writer w = writer_over(buffer, CLIENT_DATA_MAX);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "type", type);
        json_write_text(&json, "challenge", challenge);
        json_write_string(&json, "origin", site->origin);
        json_write_bool(&json, "crossOrigin", false);
        json_write_close_object(&json);
        return writer_view(&w);
}

static void write_auth_data(const struct soft_site *site, uint8_t flags, uint32_t count, writer *w)
{
        uint8_t hash[SHA256_SIZE];
        const slice rp_id = slice_text(site->rp_id);
        sha256(&rp_id, 1, hash);
        write_slice(w, SLICE(hash));
        write_u8(w, flags);
        write_u32(w, count);
}

/* AAGUID of nobody, the id, and a COSE key of ES256. */
static void write_credential(const struct soft_passkey *passkey, writer *w)
{
        static const uint8_t nobody[16];
        write_slice(w, SLICE(nobody));
        write_u16(w, SOFT_ID_SIZE);
        write_slice(w, SLICE(passkey->id));
        cbor_write_map(w, 5);
        cbor_write_int(w, 1);
        cbor_write_int(w, 2);
        cbor_write_int(w, 3);
        cbor_write_int(w, -7);
        cbor_write_int(w, -1);
        cbor_write_int(w, 1);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, slice_of(passkey->point, 32));
        cbor_write_int(w, -3);
        cbor_write_bytes(w, slice_of(passkey->point + 32, 32));
}

static void sign(const struct soft_passkey *passkey, slice message, uint8_t *signature, size_t *size)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        must(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, passkey->key) == 1 &&
                        EVP_DigestSign(context, signature, size, message.data, message.size) == 1,
                "no signature");
        EVP_MD_CTX_free(context);
}

static slice write_signed(slice auth_data, slice client_data, uint8_t buffer[SOFT_SIGNED_MAX])
{
        uint8_t hash[SHA256_SIZE];
        writer w = writer_over(buffer, SOFT_SIGNED_MAX);
        sha256(&client_data, 1, hash);
        write_slice(&w, auth_data);
        write_slice(&w, SLICE(hash));
        must(!w.overflowed, "too long");
        return writer_view(&w);
}

/* ---- what is sent ---- */

static void open_response(const struct soft_passkey *passkey, struct json_writer *json)
{
        json_write_open_object(json, NULL);
        json_write_base64url(json, "id", SLICE(passkey->id));
        json_write_base64url(json, "rawId", SLICE(passkey->id));
        json_write_string(json, "type", "public-key");
        json_write_string(json, "authenticatorAttachment", "platform");
        json_write_open_object(json, "clientExtensionResults");
        json_write_close_object(json);
        json_write_open_object(json, "response");
}

static void close_response(struct json_writer *json)
{
        json_write_close_object(json);
        json_write_close_object(json);
}

static bool take_user(struct soft_passkey *passkey, slice options)
{
        /* "user":{"id":"..": an RP has an id of its own. */
        static const char user[] = "\"user\":{";
        const uint8_t *at = memmem(options.data, options.size, user, sizeof user - 1);
        slice handle;
        if (!at)
                return false;
        const slice rest = slice_of(at, options.size - (size_t)(at - options.data));
        if (failed(base64url_decode(
                    soft_member(rest, "id"), "user", passkey->user, SOFT_USER_MAX, &handle, NULL)))
                return false;
        passkey->user_size = handle.size;
        return handle.size != 0;
}

bool soft_passkey_register(
        struct soft_passkey *passkey, const struct soft_site *site, slice options, writer *ret_json)
{
        uint8_t client[CLIENT_DATA_MAX], auth[AUTH_DATA_MAX], object[AUTH_DATA_MAX + 64];
        const slice challenge = soft_member(options, "challenge");
        if (challenge.size == 0 || !take_user(passkey, options))
                return false;
        const slice client_data = write_client_data("webauthn.create", site, challenge, client);
        writer in_auth = WRITER(auth), in_object = WRITER(object);
        write_auth_data(site, FLAGS_MADE, 0, &in_auth);
        write_credential(passkey, &in_auth);
        cbor_write_map(&in_object, 3);
        cbor_write_string(&in_object, "fmt");
        cbor_write_string(&in_object, "none");
        cbor_write_string(&in_object, "attStmt");
        cbor_write_map(&in_object, 0);
        cbor_write_string(&in_object, "authData");
        cbor_write_bytes(&in_object, writer_view(&in_auth));
        struct json_writer json = json_into(ret_json);
        open_response(passkey, &json);
        json_write_base64url(&json, "clientDataJSON", client_data);
        json_write_base64url(&json, "attestationObject", writer_view(&in_object));
        close_response(&json);
        return !ret_json->overflowed;
}

bool soft_passkey_assert(const struct soft_passkey *passkey, const struct soft_site *site, slice options,
        uint32_t count, writer *ret_json)
{
        uint8_t client[CLIENT_DATA_MAX], auth[AUTH_DATA_MAX], message[SOFT_SIGNED_MAX],
                signature[SOFT_SIGNED_MAX];
        size_t size = sizeof signature;
        const slice challenge = soft_member(options, "challenge");
        if (challenge.size == 0)
                return false;
        const slice client_data = write_client_data("webauthn.get", site, challenge, client);
        writer in_auth = WRITER(auth);
        write_auth_data(site, FLAGS_SHOWN, count, &in_auth);
        sign(passkey, write_signed(writer_view(&in_auth), client_data, message), signature, &size);
        struct json_writer json = json_into(ret_json);
        open_response(passkey, &json);
        json_write_base64url(&json, "clientDataJSON", client_data);
        json_write_base64url(&json, "authenticatorData", writer_view(&in_auth));
        json_write_base64url(&json, "signature", slice_of(signature, size));
        json_write_base64url(&json, "userHandle", slice_of(passkey->user, passkey->user_size));
        close_response(&json);
        return !ret_json->overflowed;
}

void soft_passkey_sample(const struct soft_passkey *passkey, struct soft_sample *ret)
{
        *ret = (struct soft_sample){ .message_size = 37 + SHA256_SIZE, .signature_size = SOFT_SIGNED_MAX };
        must(RAND_bytes(ret->message, (int)ret->message_size) == 1, "no bytes");
        sign(passkey, slice_of(ret->message, ret->message_size), ret->signature, &ret->signature_size);
}
