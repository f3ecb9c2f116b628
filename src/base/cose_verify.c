/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures. What OpenSSL 3 charges for a key that comes as bytes is not the key: it is making the group
 * (for P-256 a quarter of a verification), looking algorithms up, and for RSA the Montgomery numbers of the
 * modulus. So groups, digests and contexts are made once a verifier, a point is set into the key that stands
 * ready, and RSA keys are remembered. */
#include "cose_table.h"
#include "der.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>

enum { MODULUS_MAX = 512, EXPONENT_MAX = 8 };

/* The key of one curve: its point is another's with each verification. */
struct curve {
        EVP_PKEY *key;
        EVP_PKEY_CTX *context;
};

struct rsa_key {
        uint8_t n_bytes[MODULUS_MAX], e_bytes[EXPONENT_MAX];
        size_t n_size, e_size;
        bool taken;
        BIGNUM *n, *e; /* these three are used again for the next key */
        BN_MONT_CTX *mont;
        EVP_PKEY_CTX *pss;     /* ready to verify; made when first asked for */
        int64_t pss_algorithm; /* what it is ready for */
};

struct cose_verifier {
        EVP_MD_CTX *digest;
        EVP_MD *digests[COSE_DIGESTS];
        struct curve curves[COSE_FORM_SECP256K1 + 1];
        BN_CTX *numbers;
        struct rsa_key rsa[COSE_RSA_KEYS];
        OSSL_LIB_CTX *bare;
        OSSL_PROVIDER *nothing;            /* keeps the bare context from loading the default provider */
        uint8_t message[COSE_MESSAGE_MAX]; /* for algorithms that take it in one piece */
};

struct attempt {
        struct cose_verifier *verifier;
        const struct cose_key *key;
        const struct cose_algorithm_info *algorithm;
        const struct cose_form_info *form;
        const slice *parts;
        size_t count;
        slice signature;
};

mitome_status cose_verifier_new(struct cose_verifier **ret, mitome_error *error)
{
        struct cose_verifier *verifier = calloc(1, sizeof *verifier);
        if (!verifier)
                return fail(error, MITOME_E_NO_MEMORY, "verifier", NULL);
        verifier->digest = EVP_MD_CTX_new();
        verifier->numbers = BN_CTX_new();
        bool ready = verifier->digest && verifier->numbers;
        for (size_t i = 0; i < COSE_DIGESTS; i++) {
                verifier->digests[i] = EVP_MD_fetch(NULL, cose_digest_name((enum cose_digest)i), NULL);
                ready = ready && (verifier->digests[i] || i == COSE_SHA1);
        }
        if (!ready) {
                cose_verifier_free(verifier);
                return fail(error, MITOME_E_CRYPTO_FAILED, "verifier", NULL);
        }
        *ret = verifier;
        return ok();
}

static void forget_rsa_key(struct rsa_key *key)
{
        BN_free(key->n);
        BN_free(key->e);
        BN_MONT_CTX_free(key->mont);
        EVP_PKEY_CTX_free(key->pss);
        *key = (struct rsa_key){ 0 };
}

void cose_verifier_free(struct cose_verifier *verifier)
{
        if (!verifier)
                return;
        EVP_MD_CTX_free(verifier->digest);
        for (size_t i = 0; i < COSE_DIGESTS; i++)
                EVP_MD_free(verifier->digests[i]);
        for (size_t i = 0; i < sizeof verifier->curves / sizeof verifier->curves[0]; i++) {
                EVP_PKEY_CTX_free(verifier->curves[i].context);
                EVP_PKEY_free(verifier->curves[i].key);
        }
        for (size_t i = 0; i < COSE_RSA_KEYS; i++)
                forget_rsa_key(&verifier->rsa[i]);
        BN_CTX_free(verifier->numbers);
        OSSL_PROVIDER_unload(verifier->nothing);
        OSSL_LIB_CTX_free(verifier->bare);
        free(verifier);
}

struct ossl_lib_ctx_st *cose_verifier_bare(struct cose_verifier *verifier)
{
        if (!verifier)
                return NULL;
        if (!verifier->bare) {
                verifier->bare = OSSL_LIB_CTX_new();
                verifier->nothing = verifier->bare ? OSSL_PROVIDER_load(verifier->bare, "null") : NULL;
        }
        return verifier->nothing ? verifier->bare : NULL;
}

static size_t hash_parts(struct cose_verifier *verifier, enum cose_digest digest, const slice *parts,
        size_t count, uint8_t ret_digest[COSE_HASH_MAX])
{
        unsigned size = 0;
        bool right = verifier->digests[digest] &&
                     EVP_DigestInit_ex2(verifier->digest, verifier->digests[digest], NULL) == 1;
        for (size_t i = 0; right && i < count; i++)
                right = EVP_DigestUpdate(verifier->digest, parts[i].data, parts[i].size) == 1;
        right = right && EVP_DigestFinal_ex(verifier->digest, ret_digest, &size) == 1;
        return right ? size : 0;
}

size_t cose_hash(struct cose_verifier *verifier, int64_t id, const slice *parts, size_t count,
        uint8_t ret_digest[COSE_HASH_MAX])
{
        struct cose_verifier *own = NULL;
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(id);
        if (!algorithm || algorithm->digest == COSE_NO_DIGEST ||
                (!verifier && failed(cose_verifier_new(&own, NULL))))
                return 0;
        size_t size = hash_parts(verifier ? verifier : own, algorithm->digest, parts, count, ret_digest);
        cose_verifier_free(own);
        return size;
}

/* ---- ECDSA ---- */

/* DER, and nothing else: SEC 1, C.5 with the encodings that X.690 leaves no choice about, each number at most
 * as long as the curve's order. */
static bool is_strict_signature(slice signature, size_t size)
{
        reader r = reader_over(signature, NULL, NULL);
        slice numbers, first, second;
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &numbers, NULL)) || r.rest.size)
                return false;
        reader in_numbers = reader_over(numbers, NULL, NULL);
        return !failed(der_read_positive(&in_numbers, NULL, &first)) && first.size <= size &&
               !failed(der_read_positive(&in_numbers, NULL, &second)) && second.size <= size &&
               in_numbers.rest.size == 0;
}

/* A key of the group, which any of its points may be put into. */
static EVP_PKEY *make_ec_key(const char *group, slice point)
{
        EVP_PKEY *key = NULL;
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        OSSL_PARAM *parameters = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.size) == 1)
                parameters = OSSL_PARAM_BLD_to_param(build);
        if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_free(parameters);
        OSSL_PARAM_BLD_free(build);
        return key;
}

/* OpenSSL decodes the point and refuses one that is not on the curve. The context is begun anew, so that
 * nothing it may have kept of the last point is believed. */
static mitome_code set_point(struct curve *curve, const struct cose_form_info *form, slice point)
{
        if (!curve->key) {
                curve->key = make_ec_key(form->name, point);
                if (!curve->key)
                        return MITOME_E_KEY_POINT;
                curve->context = EVP_PKEY_CTX_new_from_pkey(NULL, curve->key, NULL);
        } else if (EVP_PKEY_set1_encoded_public_key(curve->key, point.data, point.size) != 1) {
                return MITOME_E_KEY_POINT;
        }
        bool ready = curve->context && EVP_PKEY_verify_init(curve->context) == 1;
        return ready ? MITOME_OK : MITOME_E_CRYPTO_FAILED;
}

/* Without a verifier to keep it in, a group of its own costs less than a key. */
static bool decodes_alone(const struct cose_form_info *form, slice point)
{
        EC_GROUP *group = EC_GROUP_new_by_curve_name(form->nid);
        EC_POINT *decoded = group ? EC_POINT_new(group) : NULL;
        bool right = decoded && EC_POINT_oct2point(group, decoded, point.data, point.size, NULL) == 1;
        EC_POINT_free(decoded);
        EC_GROUP_free(group);
        return right;
}

bool cose_is_on_curve(struct cose_verifier *verifier, enum cose_form id, const struct cose_key *key)
{
        uint8_t buffer[COSE_POINT_MAX];
        const struct cose_form_info *form = cose_form_find(id);
        const slice point = cose_point(key, buffer);
        ERR_set_mark(); /* what is refused here must not look like a failure of the caller's own OpenSSL calls
                         */
        bool right = verifier ? set_point(&verifier->curves[id], form, point) == MITOME_OK
                              : decodes_alone(form, point);
        ERR_pop_to_mark();
        return right;
}

static mitome_code verify_ec(const struct attempt *a)
{
        uint8_t buffer[COSE_POINT_MAX], digest[COSE_HASH_MAX];
        struct curve *curve = &a->verifier->curves[a->algorithm->form];
        if (!is_strict_signature(a->signature, a->form->size))
                return MITOME_E_SIGNATURE_FORM;
        mitome_code code = set_point(curve, a->form, cose_point(a->key, buffer));
        if (code != MITOME_OK)
                return code;
        size_t size = hash_parts(a->verifier, a->algorithm->digest, a->parts, a->count, digest);
        if (size == 0)
                return MITOME_E_CRYPTO_FAILED;
        bool valid = EVP_PKEY_verify(curve->context, a->signature.data, a->signature.size, digest, size) == 1;
        return valid ? MITOME_OK : MITOME_E_SIGNATURE_INVALID;
}

/* ---- RSA ---- */

static bool holds(const struct rsa_key *slot, const struct cose_key *key)
{
        return slot->taken && slice_equal(slice_of(slot->n_bytes, slot->n_size), key->n) &&
               slice_equal(slice_of(slot->e_bytes, slot->e_size), key->e);
}

/* Where a key would be: by the last bytes of its modulus, in which keys differ. Who finds keys that fall
 * together makes them slower, nothing else. */
static struct rsa_key *slot_of(struct cose_verifier *verifier, slice n)
{
        uint32_t sum = 2166136261;
        for (size_t i = n.size - 16; i < n.size; i++)
                sum = (sum ^ n.data[i]) * 16777619;
        return &verifier->rsa[sum % COSE_RSA_KEYS];
}

static bool read_number(slice bytes, BIGNUM **number)
{
        BIGNUM *read = BN_bin2bn(bytes.data, (int)bytes.size, *number);
        if (read)
                *number = read;
        return read;
}

/* Makes the slot the key's: the numbers, and those that OpenSSL computes modulo them with. */
static bool fill_slot(struct cose_verifier *verifier, struct rsa_key *slot, const struct cose_key *key)
{
        slot->taken = false;
        EVP_PKEY_CTX_free(slot->pss);
        slot->pss = NULL;
        if (!slot->mont)
                slot->mont = BN_MONT_CTX_new();
        if (!slot->mont || !read_number(key->n, &slot->n) || !read_number(key->e, &slot->e) ||
                BN_MONT_CTX_set(slot->mont, slot->n, verifier->numbers) != 1 ||
                failed(slice_copy(key->n, NULL, slot->n_bytes, sizeof slot->n_bytes, NULL)) ||
                failed(slice_copy(key->e, NULL, slot->e_bytes, sizeof slot->e_bytes, NULL)))
                return false;
        slot->n_size = key->n.size;
        slot->e_size = key->e.size;
        slot->taken = true;
        return true;
}

/* RFC 8017, 9.2: EM = 00 || 01 || FF .. FF || 00 || DigestInfo, of which there is exactly one. */
static slice encode_pkcs1(enum cose_digest digest, slice hash, uint8_t *buffer, size_t size)
{
        static const uint8_t sha1[] = { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A,
                0x05, 0x00, 0x04, 0x14 };
        static const uint8_t sha256_info[] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
        static const uint8_t sha384[] = { 0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30 };
        static const uint8_t sha512[] = { 0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40 };
        const slice infos[COSE_DIGESTS] = { SLICE(sha1), SLICE(sha256_info), SLICE(sha384), SLICE(sha512) };
        writer w = writer_over(buffer, size);
        size_t padding = size - 3 - infos[digest].size - hash.size; /* moduli have 256 bytes at least */
        write_u8(&w, 0x00);
        write_u8(&w, 0x01);
        for (size_t i = 0; i < padding; i++)
                write_u8(&w, 0xFF);
        write_u8(&w, 0x00);
        write_slice(&w, infos[digest]);
        write_slice(&w, hash);
        return writer_view(&w);
}

/* RFC 8017, 5.2.2 step 2: m = s^e mod n, by squaring from the second bit of e on. OpenSSL multiplies. Nothing
 * here is secret, and e is odd (cose.c): the last step multiplies by s as it came, which takes the product
 * out of Montgomery's form as well. BN_mod_exp_mont keeps a table of powers and leaves that form by a step of
 * its own, a seventh of the time. */
static bool raise_to_e(const struct rsa_key *key, BN_CTX *numbers, const BIGNUM *s, BIGNUM *power, BIGNUM *m)
{
        bool good = BN_to_montgomery(power, s, key->mont, numbers) == 1 && BN_copy(m, power);
        for (int bit = BN_num_bits(key->e) - 2; good && bit >= 0; bit--) {
                good = BN_mod_mul_montgomery(m, m, m, key->mont, numbers) == 1;
                if (good && BN_is_bit_set(key->e, bit))
                        good = BN_mod_mul_montgomery(m, m, bit ? power : s, key->mont, numbers) == 1;
        }
        return good;
}

/* RFC 8017, 8.2.2, RSASSA-PKCS1-V1_5-VERIFY. EVP would make the numbers of the modulus anew for a key that
 * comes as bytes, which is half of what a verification costs. What comes out is compared whole with the one
 * encoding that is right; nothing of it is parsed. */
static mitome_code verify_pkcs1(const struct attempt *a, const struct rsa_key *slot, slice hash)
{
        uint8_t found[MODULUS_MAX], wanted[MODULUS_MAX];
        struct cose_verifier *v = a->verifier;
        BN_CTX_start(v->numbers);
        BIGNUM *s = BN_CTX_get(v->numbers), *power = BN_CTX_get(v->numbers), *m = BN_CTX_get(v->numbers);
        bool ready = m && BN_bin2bn(a->signature.data, (int)a->signature.size, s);
        /* "If the signature representative s is not between 0 and n - 1": 5.2.2 step 1 */
        bool in_range = ready && BN_cmp(s, slot->n) < 0;
        bool raised = in_range && raise_to_e(slot, v->numbers, s, power, m) &&
                      BN_bn2binpad(m, found, (int)slot->n_size) == (int)slot->n_size;
        BN_CTX_end(v->numbers);
        if (!ready || (in_range && !raised))
                return MITOME_E_CRYPTO_FAILED;
        const slice encoded = encode_pkcs1(a->algorithm->digest, hash, wanted, slot->n_size);
        return raised && slice_equal(slice_of(found, slot->n_size), encoded) ? MITOME_OK
                                                                             : MITOME_E_SIGNATURE_INVALID;
}

static EVP_PKEY *make_rsa_key(const struct rsa_key *slot)
{
        EVP_PKEY *made = NULL;
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        OSSL_PARAM *parameters = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, slot->n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, slot->e) == 1)
                parameters = OSSL_PARAM_BLD_to_param(build);
        if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
                EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                made = NULL;
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_free(parameters);
        OSSL_PARAM_BLD_free(build);
        return made;
}

/* RFC 8230, 2: the salt is as long as the digest, and MGF1 uses the same one. */
static bool set_pss(EVP_PKEY_CTX *context, const EVP_MD *digest)
{
        return context && EVP_PKEY_verify_init(context) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1;
}

static bool prepare_pss(const struct attempt *a, struct rsa_key *slot)
{
        if (slot->pss && slot->pss_algorithm == a->algorithm->id)
                return true;
        if (!slot->pss) {
                EVP_PKEY *key = make_rsa_key(slot);
                slot->pss = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
                EVP_PKEY_free(key); /* the context holds it */
        }
        bool right = set_pss(slot->pss, a->verifier->digests[a->algorithm->digest]);
        slot->pss_algorithm = right ? a->algorithm->id : 0;
        return right;
}

static mitome_code verify_rsa(const struct attempt *a)
{
        uint8_t digest[COSE_HASH_MAX];
        if (a->signature.size != a->key->n.size)
                return MITOME_E_SIGNATURE_FORM;
        struct rsa_key *slot = slot_of(a->verifier, a->key->n);
        if (!holds(slot, a->key) && !fill_slot(a->verifier, slot, a->key))
                return MITOME_E_CRYPTO_FAILED;
        size_t size = hash_parts(a->verifier, a->algorithm->digest, a->parts, a->count, digest);
        if (size == 0)
                return MITOME_E_CRYPTO_FAILED;
        if (!a->algorithm->pss)
                return verify_pkcs1(a, slot, slice_of(digest, size));
        if (!prepare_pss(a, slot))
                return MITOME_E_CRYPTO_FAILED;
        bool valid = EVP_PKEY_verify(slot->pss, a->signature.data, a->signature.size, digest, size) == 1;
        return valid ? MITOME_OK : MITOME_E_SIGNATURE_INVALID;
}

/* ---- algorithms that take the message whole ---- */

static mitome_code join_parts(const struct attempt *a, slice *ret)
{
        writer w = writer_over(a->verifier->message, sizeof a->verifier->message);
        for (size_t i = 0; i < a->count; i++)
                write_slice(&w, a->parts[i]);
        return writer_finish(&w, "message", ret, NULL).code == MITOME_OK ? MITOME_OK : MITOME_E_TOO_LONG;
}

static bool is_available(const char *name)
{
        EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, name, NULL);
        EVP_SIGNATURE_free(signature);
        return signature;
}

static mitome_code verify_whole(const struct attempt *a)
{
        slice message;
        if (a->signature.size != a->form->signature)
                return MITOME_E_SIGNATURE_FORM;
        mitome_code code = join_parts(a, &message);
        if (code != MITOME_OK)
                return code;
        if (a->algorithm->form == COSE_FORM_ED25519) /* libsodium's takes half the time */
                return crypto_sign_verify_detached(
                               a->signature.data, message.data, message.size, a->key->x.data) == 0
                               ? MITOME_OK
                               : MITOME_E_SIGNATURE_INVALID;
        if (a->algorithm->form == COSE_FORM_ED448 && !cose_is_ed448_point(a->key->x))
                return MITOME_E_KEY_POINT;
        if (!is_available(a->form->name))
                return MITOME_E_ALGORITHM_UNAVAILABLE;
        EVP_PKEY *key =
                EVP_PKEY_new_raw_public_key_ex(NULL, a->form->name, NULL, a->key->x.data, a->key->x.size);
        if (!key)
                return MITOME_E_KEY_POINT;
        bool ready = EVP_DigestVerifyInit_ex(a->verifier->digest, NULL, NULL, NULL, NULL, key, NULL) == 1;
        bool valid = ready && EVP_DigestVerify(a->verifier->digest, a->signature.data, a->signature.size,
                                      message.data, message.size) == 1;
        EVP_MD_CTX_reset(a->verifier->digest);
        EVP_PKEY_free(key);
        if (!ready)
                return MITOME_E_CRYPTO_FAILED;
        return valid ? MITOME_OK : MITOME_E_SIGNATURE_INVALID;
}

/* ---- any of them ---- */

static mitome_code verify_with(const struct attempt *a)
{
        static mitome_code (*const by_kind[])(const struct attempt *) = {
                [COSE_KIND_EC] = verify_ec,
                [COSE_KIND_OKP] = verify_whole,
                [COSE_KIND_RSA] = verify_rsa,
                [COSE_KIND_AKP] = verify_whole,
        };
        ERR_set_mark(); /* what is refused here must not look like a failure of the caller's own OpenSSL calls
                         */
        mitome_code code = by_kind[a->form->kind](a);
        ERR_pop_to_mark();
        return code;
}

mitome_status cose_verify(struct cose_verifier *verifier, const struct cose_key *key, const slice *parts,
        size_t count, slice signature, const char *field, const char *where, mitome_error *error)
{
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(key->algorithm);
        struct cose_verifier *own = NULL;
        if (!algorithm)
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, field, where);
        if (count > COSE_PARTS)
                return fail(error, MITOME_E_ARGUMENT, "parts", NULL);
        const struct cose_form_info *form = cose_form_find(algorithm->form);
        mitome_code sizes = cose_judge_sizes(form, key); /* which the functions above rely on */
        if (sizes != MITOME_OK)
                return fail(error, sizes, field, where);
        if (!verifier)
                MITOME_TRY(cose_verifier_new(&own, error));
        const struct attempt attempt = { verifier ? verifier : own, key, algorithm, form, parts, count,
                signature };
        mitome_code code = verify_with(&attempt);
        cose_verifier_free(own);
        return code == MITOME_OK ? ok() : fail(error, code, field, where);
}
