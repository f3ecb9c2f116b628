/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_signature.h"

#include "metadata_fields.h"
#include "trust.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const char clause[] = "FIDO Metadata Service 3.2";
static const char form_clause[] = "RFC 7515 3.1";
static const char header_clause[] = "RFC 7515 4.1";

/* ---- the parts ---- */

/* Takes the text before the next dot, and the dot. */
static bool take_part(reader *r, slice *ret)
{
        slice dot;
        for (size_t size = 0; size < r->rest.size; size++)
                if (r->rest.data[size] == '.')
                        return !failed(read_bytes(r, NULL, size, ret)) &&
                               !failed(read_bytes(r, NULL, 1, &dot));
        return false;
}

/* RFC 7515 7.1: three parts, of which alg none leaves the last empty; its header shall say so. */
mitome_status metadata_jws_split(slice blob, struct metadata_jws *ret, mitome_error *error)
{
        static const char field[] = "metadata BLOB";
        reader r = reader_over(blob, form_clause, error);
        struct metadata_jws jws;
        slice more;
        if (!take_part(&r, &jws.header) || !take_part(&r, &jws.payload))
                return reader_fail(&r, MITOME_E_METADATA_FORM, field);
        jws.signed_text = slice_of(blob.data, r.offset - 1);
        jws.signature = r.rest;
        if (jws.header.size == 0 || jws.payload.size == 0 || take_part(&r, &more))
                return reader_fail(&r, MITOME_E_METADATA_FORM, field);
        *ret = jws;
        return ok();
}

mitome_status metadata_jws_decode(
        slice text, const char *field, writer *space, slice *ret, mitome_error *error)
{
        size_t most = text.size / 4 * 3 + 3; /* the last group may be short */
        uint8_t *to = write_space(space, most);
        if (!to)
                return fail(error, MITOME_E_BUFFER_FULL, field, form_clause);
        return base64url_decode(text, field, to, most, ret, error);
}

/* ---- algorithms: RFC 7518 3.1 ---- */

static const struct algorithm {
        const char *name, *digest, *key, *group;
        size_t number_size; /* of r and of s */
        bool pss;
} algorithms[] = {
        { "ES256", "SHA256", "EC", SN_X9_62_prime256v1, 32, false },
        { "ES384", "SHA384", "EC", SN_secp384r1, 48, false },
        { "ES512", "SHA512", "EC", SN_secp521r1, 66, false },
        { "RS256", "SHA256", "RSA", NULL, 0, false },
        { "RS384", "SHA384", "RSA", NULL, 0, false },
        { "RS512", "SHA512", "RSA", NULL, 0, false },
        { "PS256", "SHA256", "RSA", NULL, 0, true },
        { "PS384", "SHA384", "RSA", NULL, 0, true },
        { "PS512", "SHA512", "RSA", NULL, 0, true },
};

/* What must not be taken for a signature, and why. */
static const struct {
        const char *name;
        mitome_code code;
} refused[] = {
        { "none", MITOME_E_METADATA_UNSIGNED },
        { "HS256", MITOME_E_METADATA_SHARED_KEY },
        { "HS384", MITOME_E_METADATA_SHARED_KEY },
        { "HS512", MITOME_E_METADATA_SHARED_KEY },
};

enum {
        ALGORITHMS = sizeof algorithms / sizeof algorithms[0],
        REFUSED = sizeof refused / sizeof refused[0],
};

/* ---- the header ---- */

struct header {
        const struct algorithm *algorithm;
        bool typed;
        slice chain[TRUST_CHAIN_MAX];
        size_t chain_size;
};

struct header_reader {
        struct json_reader json;
        writer *space, *scratch;
        struct header header;
};

static mitome_status read_alg(struct header_reader *h)
{
        struct json_reader start = h->json;
        slice raw;
        MITOME_TRY(json_read_raw(&h->json, "alg", &raw));
        for (size_t i = 0; i < ALGORITHMS; i++)
                if (json_name_is(raw, algorithms[i].name)) {
                        h->header.algorithm = &algorithms[i];
                        return ok();
                }
        for (size_t i = 0; i < REFUSED; i++)
                if (json_name_is(raw, refused[i].name))
                        return reader_fail(&start.bytes, refused[i].code, "alg");
        return reader_fail(&start.bytes, MITOME_E_ALGORITHM_UNSUPPORTED, "alg");
}

static mitome_status read_typ(struct header_reader *h)
{
        struct json_reader start = h->json;
        slice raw;
        MITOME_TRY(json_read_raw(&h->json, "typ", &raw));
        h->header.typed = json_name_is(raw, "JWT");
        return h->header.typed ? ok() : reader_fail(&start.bytes, MITOME_E_VALUE, "typ");
}

static mitome_status read_x5c(struct header_reader *h)
{
        struct header *header = &h->header;
        struct json_members array;
        MITOME_TRY(json_open_array(&h->json, "x5c", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(&h->json, &array, &more));
                if (!more)
                        return ok();
                if (header->chain_size == TRUST_CHAIN_MAX)
                        return reader_fail(&h->json.bytes, MITOME_E_TOO_MANY, "x5c");
                MITOME_TRY(metadata_read_base64(
                        &h->json, "x5c", h->scratch, h->space, &header->chain[header->chain_size]));
                header->chain_size++;
        }
}

static mitome_status refuse_x5u(struct header_reader *h)
{
        return reader_fail(&h->json.bytes, MITOME_E_METADATA_X5U, "x5u");
}

/* RFC 7515 4.1.11: what it lists must be understood, and nothing here is. */
static mitome_status refuse_crit(struct header_reader *h)
{
        return reader_fail(&h->json.bytes, MITOME_E_VALUE, "crit");
}

static const struct {
        const char *name;
        mitome_status (*read)(struct header_reader *h);
} header_members[] = {
        { "alg", read_alg },
        { "typ", read_typ },
        { "x5c", read_x5c },
        { "x5u", refuse_x5u },
        { "crit", refuse_crit },
};

enum { HEADER_MEMBERS = sizeof header_members / sizeof header_members[0] };

static mitome_status read_header_member(struct header_reader *h, slice name)
{
        for (size_t i = 0; i < HEADER_MEMBERS; i++)
                if (json_name_is(name, header_members[i].name))
                        return header_members[i].read(h);
        return json_skip(&h->json, "metadata BLOB header");
}

static mitome_status read_header(struct header_reader *h)
{
        static const char field[] = "metadata BLOB header";
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(&h->json, field, &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&h->json, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_header_member(h, name));
        }
        MITOME_TRY(json_end(&h->json, field));
        if (!h->header.algorithm)
                return fail(h->json.bytes.error, MITOME_E_MISSING, "alg", header_clause);
        if (!h->header.typed)
                return fail(h->json.bytes.error, MITOME_E_MISSING, "typ", header_clause);
        if (h->header.chain_size == 0)
                return fail(h->json.bytes.error, MITOME_E_MISSING, "x5c", header_clause);
        return ok();
}

/* ---- the signature ---- */

static mitome_status check_key(const EVP_PKEY *key, const struct algorithm *algorithm, mitome_error *error)
{
        char group[32] = "";
        bool right = key && EVP_PKEY_is_a(key, algorithm->key);
        if (right && algorithm->group)
                right = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                        slice_is(slice_text(group), algorithm->group);
        return right ? ok() : fail(error, MITOME_E_KEY_TYPE, "x5c[0]", "RFC 7518 3.1");
}

/* RFC 7518 3.4: r and s, one after the other, each as long as the curve's numbers. OpenSSL wants DER, which
 * the caller frees with OPENSSL_free. */
static mitome_status encode_numbers(
        slice numbers, size_t number_size, unsigned char **ret, slice *ret_der, mitome_error *error)
{
        reader r = reader_over(numbers, "RFC 7518 3.4", NULL);
        slice first, second;
        if (failed(read_bytes(&r, NULL, number_size, &first)) ||
                failed(read_bytes(&r, NULL, number_size, &second)) || r.rest.size)
                return fail(error, MITOME_E_SIGNATURE_FORM, "metadata BLOB", "RFC 7518 3.4");
        ECDSA_SIG *pair = ECDSA_SIG_new();
        BIGNUM *a = BN_bin2bn(first.data, (int)first.size, NULL);
        BIGNUM *b = BN_bin2bn(second.data, (int)second.size, NULL);
        int size = -1;
        if (pair && a && b && ECDSA_SIG_set0(pair, a, b) == 1) {
                a = b = NULL; /* transferred */
                size = i2d_ECDSA_SIG(pair, ret);
        }
        BN_free(a);
        BN_free(b);
        ECDSA_SIG_free(pair);
        if (size <= 0)
                return fail(error, MITOME_E_NO_MEMORY, "metadata BLOB", NULL);
        *ret_der = slice_of(*ret, (size_t)size);
        return ok();
}

static bool set_padding(EVP_PKEY_CTX *context, const struct algorithm *algorithm)
{
        if (algorithm->group)
                return true;
        if (!algorithm->pss)
                return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
        /* RFC 7518 3.5: the salt as long as the digest, MGF1 with the same digest */
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool verifies(EVP_PKEY *key, const struct algorithm *algorithm, slice text, slice signature)
{
        EVP_MD_CTX *digest = EVP_MD_CTX_new();
        EVP_PKEY_CTX *context = NULL; /* the digest's */
        bool right =
                digest &&
                EVP_DigestVerifyInit_ex(digest, &context, algorithm->digest, NULL, NULL, key, NULL) == 1 &&
                set_padding(context, algorithm) &&
                EVP_DigestVerify(digest, signature.data, signature.size, text.data, text.size) == 1;
        EVP_MD_CTX_free(digest);
        return right;
}

static mitome_status check_signature(
        EVP_PKEY *key, const struct algorithm *algorithm, slice text, slice signature, mitome_error *error)
{
        unsigned char *der = NULL;
        MITOME_TRY(check_key(key, algorithm, error));
        if (algorithm->group)
                MITOME_TRY(encode_numbers(signature, algorithm->number_size, &der, &signature, error));
        bool right = verifies(key, algorithm, text, signature);
        OPENSSL_free(der);
        return right ? ok() : fail(error, MITOME_E_SIGNATURE_INVALID, "metadata BLOB", clause);
}

/* The leaf has been parsed before, with its path. */
static mitome_status check_signed_by(
        const struct header *header, const struct metadata_jws *jws, slice signature, mitome_error *error)
{
        const unsigned char *end = header->chain[0].data;
        X509 *leaf = d2i_X509(NULL, &end, (long)header->chain[0].size);
        if (!leaf)
                return fail(error, MITOME_E_DER, "x5c[0]", "RFC 5280 4.1");
        mitome_status status = check_signature(
                X509_get0_pubkey(leaf), header->algorithm, jws->signed_text, signature, error);
        X509_free(leaf);
        return status;
}

static mitome_status check_path(
        const struct header *header, const struct mitome_trust *signers, int64_t now, mitome_error *error)
{
        bool anchored = false;
        MITOME_TRY(
                trust_verify_attestation(signers, header->chain, header->chain_size, now, &anchored, error));
        return anchored ? ok() : fail(error, MITOME_E_METADATA_SIGNER, "x5c", clause);
}

static mitome_status verify(const struct metadata_jws *jws, const struct mitome_trust *signers, int64_t now,
        writer *space, writer *scratch, slice *ret_signer, mitome_error *error)
{
        slice json, signature;
        MITOME_TRY(metadata_jws_decode(jws->header, "metadata BLOB header", space, &json, error));
        struct header_reader h = { json_over(json, header_clause, error), space, scratch, { 0 } };
        MITOME_TRY(read_header(&h));
        MITOME_TRY(metadata_jws_decode(jws->signature, "metadata BLOB signature", space, &signature, error));
        MITOME_TRY(check_path(&h.header, signers, now, error));
        MITOME_TRY(check_signed_by(&h.header, jws, signature, error));
        *ret_signer = h.header.chain[0];
        return ok();
}

mitome_status metadata_jws_verify(const struct metadata_jws *jws, const struct mitome_trust *signers,
        int64_t now, writer *space, writer *scratch, slice *ret_signer, mitome_error *error)
{
        ERR_set_mark(); /* what OpenSSL says of others' mistakes stays here */
        mitome_status status = verify(jws, signers, now, space, scratch, ret_signer, error);
        ERR_pop_to_mark();
        return status;
}
