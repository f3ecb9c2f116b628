/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_key.h"

#include "digest.h"
#include "json.h"
#include "key_file.h"
#include "oidc_text.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SCALAR = 32, POINT = 65, SIGNATURE = 64, HEADER_MAX = 256 };

struct oidc_key {
        EVP_PKEY *pair; /* NULL: there is none in this place */
        uint8_t point[POINT];
        char id[OIDC_KEY_ID + 1];
};

struct oidc_keys {
        struct oidc_key list[OIDC_KEYS];
};

static mitome_status crypto_failed(mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, "key of ID tokens", NULL);
}

/* ---- keys ---- */

struct point_work {
        EC_GROUP *group;
        EC_POINT *point;
        BIGNUM *scalar;
        BN_CTX *context;
};

static void point_work_end(struct point_work *work)
{
        BN_CTX_free(work->context);
        BN_clear_free(work->scalar);
        EC_POINT_free(work->point);
        EC_GROUP_free(work->group);
}

/* FIPS 186-5 A.2: of 32 random bytes one in 2^32 is no private key; that one is refused, not bent. */
static bool find_point(struct point_work *work, slice scalar, uint8_t ret_point[POINT])
{
        work->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        work->scalar = BN_secure_new();
        work->context = BN_CTX_secure_new();
        work->point = work->group ? EC_POINT_new(work->group) : NULL;
        if (!work->point || !work->scalar || !work->context ||
                !BN_bin2bn(scalar.data, (int)scalar.size, work->scalar))
                return false;
        BN_set_flags(work->scalar, BN_FLG_CONSTTIME);
        return !BN_is_zero(work->scalar) && BN_cmp(work->scalar, EC_GROUP_get0_order(work->group)) < 0 &&
               EC_POINT_mul(work->group, work->point, work->scalar, NULL, NULL, work->context) == 1 &&
               EC_POINT_point2oct(work->group, work->point, POINT_CONVERSION_UNCOMPRESSED, ret_point, POINT,
                       work->context) == POINT;
}

static EVP_PKEY *make_pair(const BIGNUM *scalar, const uint8_t point[POINT])
{
        EVP_PKEY *pair = NULL;
        OSSL_PARAM *parameters = NULL;
        OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        if (builder && context &&
                OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, POINT) == 1)
                parameters = OSSL_PARAM_BLD_to_param(builder);
        if (parameters && (EVP_PKEY_fromdata_init(context) != 1 ||
                                  EVP_PKEY_fromdata(context, &pair, EVP_PKEY_KEYPAIR, parameters) != 1))
                pair = NULL;
        OSSL_PARAM_free(parameters);
        OSSL_PARAM_BLD_free(builder);
        EVP_PKEY_CTX_free(context);
        return pair;
}

static void coordinates(const struct oidc_key *key, slice *ret_x, slice *ret_y)
{
        slice form;
        reader r = reader_over(SLICE(key->point), NULL, NULL);
        *ret_x = *ret_y = (slice){ 0 };
        (void)(failed(read_bytes(&r, "form", 1, &form)) || failed(read_bytes(&r, "x", SCALAR, ret_x)) ||
                failed(read_bytes(&r, "y", SCALAR, ret_y)));
}

/* RFC 7638 3.2: the members that a key needs, in the order of their names, without blanks. */
static mitome_status name_key(struct oidc_key *key, mitome_error *error)
{
        uint8_t buffer[HEADER_MAX], digest[SHA256_SIZE];
        writer w = WRITER(buffer), id = writer_over((uint8_t *)key->id, sizeof key->id);
        const char *text;
        slice form, x, y;
        coordinates(key, &x, &y);
        oidc_write_text(&w, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
        oidc_write_base64url(&w, x);
        oidc_write_text(&w, "\",\"y\":\"");
        oidc_write_base64url(&w, y);
        oidc_write_text(&w, "\"}");
        MITOME_TRY(writer_finish(&w, "JWK", &form, error));
        sha256(&form, 1, digest);
        oidc_write_base64url(&id, SLICE(digest));
        return oidc_terminate(&id, "key id", &text, error);
}

static mitome_status make_key(struct oidc_key *key, slice scalar, mitome_error *error)
{
        struct point_work work = { 0 };
        if (find_point(&work, scalar, key->point))
                key->pair = make_pair(work.scalar, key->point);
        point_work_end(&work);
        return key->pair ? name_key(key, error) : crypto_failed(error);
}

/* ---- files ---- */

static const struct {
        const char *file;
        bool made; /* when it is missing */
} places[OIDC_KEYS] = { { "oidc.key", true }, { "oidc-next.key", true }, { "oidc-last.key", false } };

static mitome_status open_key(struct oidc_key *key, const char *folder, size_t place,
        const struct mitome_random *random, mitome_error *error)
{
        char path[PATH_MAX];
        struct stat facts;
        SECRET(scalar);
        const int length = snprintf(path, sizeof path, "%s/%s", folder, places[place].file);
        if (length < 0 || length >= PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "key of ID tokens", NULL);
        if (!places[place].made && lstat(path, &facts) != 0)
                return ok();
        MITOME_TRY(key_file_keep(path, SCALAR, random, scalar.data, error));
        scalar.size = SCALAR;
        return make_key(key, secret_view(&scalar), error);
}

mitome_status oidc_keys_open(
        const char *folder, const struct mitome_random *random, struct oidc_keys **ret, mitome_error *error)
{
        struct oidc_keys *keys = calloc(1, sizeof *keys);
        mitome_status status = keys ? ok() : fail(error, MITOME_E_NO_MEMORY, "key of ID tokens", NULL);
        for (size_t i = 0; i < OIDC_KEYS && !failed(status); i++)
                status = open_key(&keys->list[i], folder, i, random, error);
        if (failed(status))
                oidc_keys_close(keys);
        else
                *ret = keys;
        return status;
}

void oidc_keys_close(struct oidc_keys *keys)
{
        for (size_t i = 0; keys && i < OIDC_KEYS; i++)
                EVP_PKEY_free(keys->list[i].pair);
        free(keys);
}

void oidc_keys_publish(const struct oidc_keys *keys, writer *w)
{
        struct json_writer json = json_into(w);
        json_write_open_object(&json, NULL);
        json_write_open_array(&json, "keys");
        for (size_t i = 0; i < OIDC_KEYS; i++) {
                const struct oidc_key *key = &keys->list[i];
                slice x, y;
                if (!key->pair)
                        continue;
                coordinates(key, &x, &y);
                json_write_open_object(&json, NULL);
                json_write_string(&json, "kty", "EC");
                json_write_string(&json, "crv", "P-256");
                json_write_string(&json, "use", "sig");
                json_write_string(&json, "alg", "ES256");
                json_write_string(&json, "kid", key->id);
                json_write_base64url(&json, "x", x);
                json_write_base64url(&json, "y", y);
                json_write_close_object(&json);
        }
        json_write_close_array(&json);
        json_write_close_object(&json);
}

/* ---- signing ---- */

/* RFC 7518 3.4: R and S one after the other, where OpenSSL has a DER sequence. */
static bool to_raw(slice der, uint8_t ret_raw[SIGNATURE])
{
        const unsigned char *at = der.data;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
        writer w = writer_over(ret_raw, SIGNATURE);
        uint8_t *r = write_space(&w, SCALAR), *s = write_space(&w, SCALAR);
        const bool done = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), r, SCALAR) == SCALAR &&
                          BN_bn2binpad(ECDSA_SIG_get0_s(pair), s, SCALAR) == SCALAR;
        ECDSA_SIG_free(pair);
        return done;
}

static mitome_status sign_raw(EVP_PKEY *pair, slice input, uint8_t ret_raw[SIGNATURE], mitome_error *error)
{
        uint8_t der[80];
        size_t size = sizeof der;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const bool done = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pair) == 1 &&
                          EVP_DigestSign(context, der, &size, input.data, input.size) == 1 &&
                          to_raw(slice_of(der, size), ret_raw);
        EVP_MD_CTX_free(context);
        return done ? ok() : crypto_failed(error);
}

mitome_status oidc_keys_sign(const struct oidc_keys *keys, slice claims, writer *w, mitome_error *error)
{
        uint8_t header_buffer[HEADER_MAX], buffer[OIDC_JWS_MAX], raw[SIGNATURE];
        writer header = WRITER(header_buffer), out = WRITER(buffer);
        struct json_writer json = json_into(&header);
        slice input;
        json_write_open_object(&json, NULL);
        json_write_string(&json, "alg", "ES256");
        json_write_string(&json, "typ", "JWT");
        json_write_string(&json, "kid", keys->list[0].id);
        json_write_close_object(&json);
        oidc_write_base64url(&out, writer_view(&header));
        write_u8(&out, '.');
        oidc_write_base64url(&out, claims);
        MITOME_TRY(writer_finish(&out, "ID token", &input, error));
        MITOME_TRY(sign_raw(keys->list[0].pair, input, raw, error));
        write_slice(w, input);
        write_u8(w, '.');
        oidc_write_base64url(w, SLICE(raw));
        return ok();
}

/* ---- verifying ---- */

static mitome_status no_hint(mitome_error *error, const char *field)
{
        return fail(error, MITOME_E_OIDC_HINT, field, "RFC 7515 5.2");
}

/* The header of our own making: these three members, and no other. "none", a MAC, or a key that is sent along
 * are other headers (RFC 8725 2.1). */
static mitome_status read_jws_header(slice json, char ret_id[OIDC_KEY_ID + 1], mitome_error *error)
{
        struct json_reader r = json_over(json, "RFC 7515 4", error);
        struct json_members object;
        slice name, value;
        uint8_t text[16];
        bool es256 = false;
        MITOME_TRY(json_open_object(&r, "header", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        break;
                if (json_name_is(name, "kid")) {
                        MITOME_TRY(json_read_string(&r, "kid", (uint8_t *)ret_id, OIDC_KEY_ID, &value));
                        continue;
                }
                if (!json_name_is(name, "alg") && !json_name_is(name, "typ"))
                        return no_hint(error, "header");
                MITOME_TRY(json_read_string(&r, "header", text, sizeof text, &value));
                es256 = es256 || (json_name_is(name, "alg") && slice_is(value, "ES256"));
        }
        MITOME_TRY(json_end(&r, "header"));
        return es256 ? ok() : no_hint(error, "alg");
}

static const struct oidc_key *find_key(const struct oidc_keys *keys, const char *id)
{
        for (size_t i = 0; i < OIDC_KEYS; i++)
                if (keys->list[i].pair && slice_is(slice_text(id), keys->list[i].id))
                        return &keys->list[i];
        return NULL;
}

static int to_der(slice raw, unsigned char **ret_der)
{
        reader halves = reader_over(raw, NULL, NULL);
        slice r = { 0 }, s = { 0 };
        if (failed(read_bytes(&halves, "r", SCALAR, &r)) || failed(read_bytes(&halves, "s", SCALAR, &s)) ||
                halves.rest.size)
                return -1;
        ECDSA_SIG *pair = ECDSA_SIG_new();
        BIGNUM *first = BN_bin2bn(r.data, SCALAR, NULL), *second = BN_bin2bn(s.data, SCALAR, NULL);
        int size = -1;
        if (pair && first && second && ECDSA_SIG_set0(pair, first, second) == 1) {
                first = second = NULL; /* transferred */
                size = i2d_ECDSA_SIG(pair, ret_der);
        }
        BN_free(first);
        BN_free(second);
        ECDSA_SIG_free(pair);
        return size;
}

static bool signed_by(const struct oidc_key *key, slice input, slice raw)
{
        unsigned char *der = NULL;
        const int size = to_der(raw, &der);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const bool is = size > 0 && context &&
                        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->pair) == 1 &&
                        EVP_DigestVerify(context, der, (size_t)size, input.data, input.size) == 1;
        EVP_MD_CTX_free(context);
        OPENSSL_free(der);
        return is;
}

/* cut_at_dot takes what stands before the next '.', and the dot. */
static bool cut_at_dot(reader *r, slice *ret)
{
        size_t size = 0;
        slice dot;
        while (size < r->rest.size && r->rest.data[size] != '.')
                size++;
        return size < r->rest.size && !failed(read_bytes(r, "part", size, ret)) &&
               !failed(read_bytes(r, "dot", 1, &dot));
}

mitome_status oidc_keys_verify(const struct oidc_keys *keys, slice jws, uint8_t *buffer, size_t capacity,
        slice *ret_claims, mitome_error *error)
{
        uint8_t header_buffer[HEADER_MAX], raw_buffer[SIGNATURE];
        char id[OIDC_KEY_ID + 1] = { 0 };
        slice head, body, header, raw, claims, input;
        reader r = reader_over(jws, NULL, NULL), again = r;
        if (!cut_at_dot(&r, &head) || !cut_at_dot(&r, &body))
                return no_hint(error, "JWS");
        if (failed(read_bytes(&again, "input", head.size + 1 + body.size, &input)) ||
                failed(base64url_decode(
                        head, "header", header_buffer, sizeof header_buffer, &header, NULL)) ||
                failed(base64url_decode(r.rest, "signature", raw_buffer, sizeof raw_buffer, &raw, NULL)) ||
                failed(read_jws_header(header, id, NULL)))
                return no_hint(error, "header");
        const struct oidc_key *key = find_key(keys, id);
        if (!key || !signed_by(key, input, raw))
                return no_hint(error, "signature");
        if (failed(base64url_decode(body, "claims", buffer, capacity, &claims, NULL)))
                return no_hint(error, "claims");
        *ret_claims = claims;
        return ok();
}
