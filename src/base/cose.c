/* SPDX-License-Identifier: Apache-2.0 */
#include "cose_table.h"

#include <openssl/bn.h>
#include <openssl/obj_mac.h>
#include <sodium.h>

/* Labels of RFC 9052, 7.1 and RFC 9053, 7; RFC 8230, 4; for AKP the COSE serialisation of ML-DSA. */
enum {
        LABEL_KTY = 1,
        LABEL_ALG = 3,
        LABEL_CRV = -1,
        LABEL_N = -1,
        LABEL_PUB = -1,
        LABEL_X = -2,
        LABEL_E = -2,
        LABEL_Y = -3
};
enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3, KTY_AKP = 7 };
enum { RSA_MODULUS_MIN = 256, RSA_MODULUS_MAX = 512, RSA_EXPONENT_MAX = 8 };

/* ---- the tables ---- */

static const struct cose_form_info forms[COSE_FORMS] = {
        [COSE_FORM_P256] = { COSE_KIND_EC, "P-256", NID_X9_62_prime256v1, KTY_EC2, 1, 32, 0 },
        [COSE_FORM_P384] = { COSE_KIND_EC, "P-384", NID_secp384r1, KTY_EC2, 2, 48, 0 },
        [COSE_FORM_P521] = { COSE_KIND_EC, "P-521", NID_secp521r1, KTY_EC2, 3, 66, 0 },
        [COSE_FORM_SECP256K1] = { COSE_KIND_EC, "secp256k1", NID_secp256k1, KTY_EC2, 8, 32, 0 },
        [COSE_FORM_ED25519] = { COSE_KIND_OKP, "ED25519", 0, KTY_OKP, 6, 32, 64 },
        [COSE_FORM_ED448] = { COSE_KIND_OKP, "ED448", 0, KTY_OKP, 7, 57, 114 },
        [COSE_FORM_RSA] = { COSE_KIND_RSA, "RSA", 0, KTY_RSA, 0, 0, 0 },
        [COSE_FORM_ML_DSA_44] = { COSE_KIND_AKP, "ML-DSA-44", 0, KTY_AKP, 0, 1312, 2420 },
        [COSE_FORM_ML_DSA_65] = { COSE_KIND_AKP, "ML-DSA-65", 0, KTY_AKP, 0, 1952, 3309 },
        [COSE_FORM_ML_DSA_87] = { COSE_KIND_AKP, "ML-DSA-87", 0, KTY_AKP, 0, 2592, 4627 },
};

static const struct cose_algorithm_info algorithms[] = {
        { COSE_ES256, "ES256", COSE_FORM_P256, COSE_SHA256 },
        { COSE_EDDSA, "EdDSA", COSE_FORM_ED25519, COSE_NO_DIGEST },
        { COSE_RS256, "RS256", COSE_FORM_RSA, COSE_SHA256 },
        { COSE_ESP256, "ESP256", COSE_FORM_P256, COSE_SHA256 },
        { COSE_ED25519, "Ed25519", COSE_FORM_ED25519, COSE_NO_DIGEST },
        { COSE_ES384, "ES384", COSE_FORM_P384, COSE_SHA384 },
        { COSE_ES512, "ES512", COSE_FORM_P521, COSE_SHA512 },
        { COSE_PS256, "PS256", COSE_FORM_RSA, COSE_SHA256, .pss = true },
        { COSE_PS384, "PS384", COSE_FORM_RSA, COSE_SHA384, .pss = true },
        { COSE_PS512, "PS512", COSE_FORM_RSA, COSE_SHA512, .pss = true },
        { COSE_ES256K, "ES256K", COSE_FORM_SECP256K1, COSE_SHA256 },
        { COSE_ML_DSA_44, "ML-DSA-44", COSE_FORM_ML_DSA_44, COSE_NO_DIGEST },
        { COSE_ML_DSA_65, "ML-DSA-65", COSE_FORM_ML_DSA_65, COSE_NO_DIGEST },
        { COSE_ML_DSA_87, "ML-DSA-87", COSE_FORM_ML_DSA_87, COSE_NO_DIGEST },
        { COSE_ESP384, "ESP384", COSE_FORM_P384, COSE_SHA384 },
        { COSE_ESP512, "ESP512", COSE_FORM_P521, COSE_SHA512 },
        { COSE_ED448, "Ed448", COSE_FORM_ED448, COSE_NO_DIGEST },
        { COSE_RS384, "RS384", COSE_FORM_RSA, COSE_SHA384 },
        { COSE_RS512, "RS512", COSE_FORM_RSA, COSE_SHA512 },
        { COSE_RS1, "RS1", COSE_FORM_RSA, COSE_SHA1 },
};

const struct cose_form_info *cose_form_find(enum cose_form form)
{
        return &forms[form];
}

const struct cose_algorithm_info *cose_algorithm_find(int64_t id)
{
        for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
                if (algorithms[i].id == id)
                        return &algorithms[i];
        return NULL;
}

const char *cose_digest_name(enum cose_digest digest)
{
        static const char *const names[COSE_DIGESTS] = { "SHA1", "SHA256", "SHA384", "SHA512" };
        return names[digest];
}

const char *cose_algorithm_name(int64_t id)
{
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(id);
        return algorithm ? algorithm->name : NULL;
}

bool cose_algorithm_is_broken(int64_t id)
{
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(id);
        return algorithm && algorithm->digest == COSE_SHA1;
}

bool cose_algorithm_form(int64_t id, enum cose_form *ret)
{
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(id);
        if (!algorithm)
                return false;
        *ret = algorithm->form;
        return true;
}

slice cose_point(const struct cose_key *key, uint8_t buffer[COSE_POINT_MAX])
{
        writer w = writer_over(buffer, COSE_POINT_MAX);
        write_u8(&w, 0x04);
        write_slice(&w, key->x);
        write_slice(&w, key->y);
        return writer_view(&w);
}

/* RFC 8032, 5.2.3: y is under p = 2^448 - 2^224 - 1, and (1 - y^2) / (1 + 39081 y^2) has a root, which the
 * product of the two tells as well. That is 0 for the points of order 1 and 2; y of those of order 4 is 0. */
bool cose_is_ed448_point(slice key)
{
        uint8_t bytes[57];
        if (key.size != sizeof bytes || failed(slice_copy(key, NULL, bytes, sizeof bytes, NULL)))
                return false;
        bytes[56] &= 0x7F; /* the sign of x */
        BN_CTX *context = BN_CTX_new();
        BIGNUM *p = BN_new(), *u = BN_new(), *v = BN_new(), *y = BN_lebin2bn(bytes, sizeof bytes, NULL);
        bool right = context && p && u && v && y && BN_set_bit(p, 448) == 1 && BN_set_bit(u, 224) == 1 &&
                     BN_sub(p, p, u) == 1 && BN_sub_word(p, 1) == 1 && BN_cmp(y, p) < 0 && !BN_is_zero(y) &&
                     BN_mod_sqr(y, y, p, context) == 1 && BN_copy(v, y) && BN_mul_word(v, 39081) == 1 &&
                     BN_add_word(v, 1) == 1 && BN_one(u) == 1 && BN_sub(u, u, y) == 1 &&
                     BN_mod_mul(u, u, v, p, context) == 1 && BN_kronecker(u, p, context) == 1;
        BN_free(p);
        BN_free(u);
        BN_free(v);
        BN_free(y);
        BN_CTX_free(context);
        return right;
}

/* ---- what makes a key ---- */

/* RFC 8230, 4: "the octet sequence MUST utilize the minimum number of octets"; so the size is the strength
 * (at the least size all of its bits; over it a modulus may begin with some zero bits), and an odd exponent
 * over 1 is the least that makes a key of it. */
static bool is_strong_rsa(const struct cose_key *key)
{
        const slice n = key->n, e = key->e;
        bool strong = n.size >= RSA_MODULUS_MIN && n.size <= RSA_MODULUS_MAX && n.data[0] &&
                      (n.size > RSA_MODULUS_MIN || n.data[0] >= 0x80) && (n.data[n.size - 1] & 1);
        bool exponent = e.size && e.size <= RSA_EXPONENT_MAX && e.data[0] && (e.data[e.size - 1] & 1) &&
                        (e.size > 1 || e.data[0] > 1);
        return strong && exponent;
}

mitome_code cose_judge_sizes(const struct cose_form_info *form, const struct cose_key *key)
{
        if (form->kind == COSE_KIND_RSA)
                return is_strong_rsa(key) ? MITOME_OK : MITOME_E_KEY_WEAK;
        bool right = key->x.size == form->size &&
                     (form->kind == COSE_KIND_EC ? key->y.size == form->size : key->y.size == 0);
        return right ? MITOME_OK : MITOME_E_KEY_POINT;
}

static mitome_code judge(struct cose_verifier *verifier, enum cose_form form, const struct cose_key *key)
{
        mitome_code code = cose_judge_sizes(&forms[form], key);
        if (code != MITOME_OK)
                return code;
        if (forms[form].kind == COSE_KIND_EC)
                return cose_is_on_curve(verifier, form, key) ? MITOME_OK : MITOME_E_KEY_POINT;
        /* On the curve, in its one spelling, and of the large order: what a secret key makes always is. */
        if (form == COSE_FORM_ED25519 && crypto_core_ed25519_is_valid_point(key->x.data) != 1)
                return MITOME_E_KEY_POINT;
        if (form == COSE_FORM_ED448 && !cose_is_ed448_point(key->x))
                return MITOME_E_KEY_POINT;
        return MITOME_OK;
}

mitome_status cose_key_check(struct cose_verifier *verifier, const struct cose_key *key, const char *field,
        const char *where, mitome_error *error)
{
        enum cose_form form;
        if (!cose_algorithm_form(key->algorithm, &form))
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, field, where);
        mitome_code code = judge(verifier, form, key);
        return code == MITOME_OK ? ok() : fail(error, code, field, where);
}

/* ---- reading ---- */

/* Takes the label that must come next. */
static mitome_status next_label(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t label)
{
        struct cbor_reader before = *r;
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        if (!more || key.is_text || key.number != label)
                return reader_fail(&before.bytes, MITOME_E_KEY_TYPE, field);
        return ok();
}

/* Takes the label that must come next and the integer it has. */
static mitome_status next_int(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t label, int64_t *ret)
{
        MITOME_TRY(next_label(r, map, field, label));
        return cbor_read_int(r, field, ret);
}

/* `size` 0: any. */
static mitome_status next_bytes(struct cbor_reader *r, struct cbor_members *map, const char *field,
        int64_t label, size_t size, slice *ret)
{
        struct cbor_reader before = *r;
        MITOME_TRY(next_label(r, map, field, label));
        MITOME_TRY(cbor_read_bytes(r, field, SIZE_MAX, ret));
        return size == 0 || ret->size == size ? ok() : reader_fail(&before.bytes, MITOME_E_KEY_POINT, field);
}

static mitome_status read_curve(
        struct cbor_reader *r, struct cbor_members *map, const char *field, int64_t expected)
{
        struct cbor_reader before = *r;
        int64_t curve;
        MITOME_TRY(next_int(r, map, field, LABEL_CRV, &curve));
        return curve == expected ? ok() : reader_fail(&before.bytes, MITOME_E_KEY_TYPE, field);
}

static mitome_status read_parameters(struct cbor_reader *r, struct cbor_members *map, const char *field,
        const struct cose_form_info *form, struct cose_key *key)
{
        const struct cbor_reader start = *r;
        switch (form->kind) {
        case COSE_KIND_EC:
                MITOME_TRY(next_bytes(r, map, field, LABEL_X, form->size, &key->x));
                MITOME_TRY(next_bytes(r, map, field, LABEL_Y, form->size, &key->y));
                break;
        case COSE_KIND_OKP:
                MITOME_TRY(next_bytes(r, map, field, LABEL_X, form->size, &key->x));
                break;
        case COSE_KIND_RSA:
                MITOME_TRY(next_bytes(r, map, field, LABEL_N, form->size, &key->n));
                MITOME_TRY(next_bytes(r, map, field, LABEL_E, form->size, &key->e));
                break;
        case COSE_KIND_AKP:
                MITOME_TRY(next_bytes(r, map, field, LABEL_PUB, form->size, &key->x));
                break;
        }
        mitome_code code = cose_judge_sizes(form, key);
        return code == MITOME_OK ? ok() : reader_fail(&start.bytes, code, field);
}

/* How many parameters a key has beside kty and alg: WebAuthn allows no optional ones. */
static size_t parameter_count(const struct cose_form_info *form)
{
        static const size_t counts[] = {
                [COSE_KIND_EC] = 3, [COSE_KIND_OKP] = 2, [COSE_KIND_RSA] = 2, [COSE_KIND_AKP] = 1
        };
        return counts[form->kind];
}

/* Takes the map; *ret_at is where its parameters begin. */
static mitome_status take_key(struct cbor_reader *r, const char *field, reader *ret_at, struct cose_key *ret)
{
        struct cose_key key = { 0 };
        struct cbor_members map;
        struct cbor_key label;
        int64_t key_type;
        bool more;
        struct cbor_reader before = *r;
        MITOME_TRY(cbor_open_map(r, field, 8, &map));
        MITOME_TRY(next_int(r, &map, field, LABEL_KTY, &key_type));
        struct cbor_reader before_algorithm = *r;
        MITOME_TRY(next_int(r, &map, field, LABEL_ALG, &key.algorithm));
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(key.algorithm);
        if (!algorithm)
                return reader_fail(&before_algorithm.bytes, MITOME_E_ALGORITHM_UNSUPPORTED, field);
        const struct cose_form_info *form = &forms[algorithm->form];
        if (form->key_type != key_type || map.left != parameter_count(form))
                return reader_fail(&before.bytes, MITOME_E_KEY_TYPE, field);
        if (form->curve)
                MITOME_TRY(read_curve(r, &map, field, form->curve));
        *ret_at = r->bytes;
        MITOME_TRY(read_parameters(r, &map, field, form, &key));
        MITOME_TRY(cbor_next_key(r, &map, &label, &more)); /* closes the map: its size is known to be right */
        *ret = key;
        return ok();
}

mitome_status cose_key_parse(struct cbor_reader *r, const char *field, struct cose_key *ret)
{
        reader at;
        return take_key(r, field, &at, ret);
}

mitome_status cose_key_read(
        struct cbor_reader *r, const char *field, struct cose_verifier *verifier, struct cose_key *ret)
{
        struct cose_key key;
        reader at;
        MITOME_TRY(take_key(r, field, &at, &key));
        mitome_status status = cose_key_check(verifier, &key, field, at.clause, NULL);
        if (failed(status))
                return reader_fail(&at, status.code, field);
        *ret = key;
        return ok();
}

/* ---- writing ---- */

static void write_member(writer *w, int64_t label, slice bytes)
{
        cbor_write_int(w, label);
        cbor_write_bytes(w, bytes);
}

void cose_key_write(writer *w, const struct cose_key *key)
{
        const struct cose_algorithm_info *algorithm = cose_algorithm_find(key->algorithm);
        if (!algorithm) {
                w->overflowed = true;
                return;
        }
        const struct cose_form_info *form = &forms[algorithm->form];
        cbor_write_map(w, 2 + parameter_count(form));
        cbor_write_int(w, LABEL_KTY);
        cbor_write_int(w, form->key_type);
        cbor_write_int(w, LABEL_ALG);
        cbor_write_int(w, key->algorithm);
        if (form->curve) {
                cbor_write_int(w, LABEL_CRV);
                cbor_write_int(w, form->curve);
        }
        if (form->kind == COSE_KIND_RSA) {
                write_member(w, LABEL_N, key->n);
                write_member(w, LABEL_E, key->e);
        } else {
                write_member(w, form->kind == COSE_KIND_AKP ? LABEL_PUB : LABEL_X, key->x);
        }
        if (form->kind == COSE_KIND_EC)
                write_member(w, LABEL_Y, key->y);
}
