/* SPDX-License-Identifier: Apache-2.0 */
/* Every algorithm of cose.h against signatures made by OpenSSL, and one verifier kept through good keys, bad
 * points and wrong signatures: what it has seen must never change what it answers. */
#include "cose.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SIGNATURE_MAX = 512, KEY_MAX = 1024, NUMBER_MAX = 520 };

/* ---- keys and signatures of OpenSSL's ---- */

enum kind { P256, P384, P521, K256, ED25519, ED448, RSA2048, KINDS };

static const struct {
        const char *type, *curve;
        size_t size; /* of a coordinate or a key in one piece; 0: RSA */
} kinds[KINDS] = {
        [P256] = { "EC", "P-256", 32 },
        [P384] = { "EC", "P-384", 48 },
        [P521] = { "EC", "P-521", 66 },
        [K256] = { "EC", "secp256k1", 32 },
        [ED25519] = { "ED25519", NULL, 32 },
        [ED448] = { "ED448", NULL, 57 },
        [RSA2048] = { "RSA", NULL, 0 },
};

static bool is_curve(enum kind kind)
{
        return kinds[kind].curve != NULL;
}

static const struct algorithm {
        int64_t id;
        enum kind kind;
        const char *digest; /* NULL: the message whole */
        bool pss;
} algorithms[] = {
        { COSE_ES256, P256, "SHA256" },
        { COSE_ESP256, P256, "SHA256" },
        { COSE_ES384, P384, "SHA384" },
        { COSE_ESP384, P384, "SHA384" },
        { COSE_ES512, P521, "SHA512" },
        { COSE_ESP512, P521, "SHA512" },
        { COSE_ES256K, K256, "SHA256" },
        { COSE_EDDSA, ED25519, NULL },
        { COSE_ED25519, ED25519, NULL },
        { COSE_ED448, ED448, NULL },
        { COSE_RS1, RSA2048, "SHA1" },
        { COSE_RS256, RSA2048, "SHA256" },
        { COSE_RS384, RSA2048, "SHA384" },
        { COSE_RS512, RSA2048, "SHA512" },
        { COSE_PS256, RSA2048, "SHA256", .pss = true },
        { COSE_PS384, RSA2048, "SHA384", .pss = true },
        { COSE_PS512, RSA2048, "SHA512", .pss = true },
};
enum { ALGORITHMS = COUNT(algorithms), OWNERS = 2 };

/* A public key as a credential has it, in storage of its own. */
struct public_key {
        struct cose_key key;
        uint8_t first[NUMBER_MAX], second[NUMBER_MAX];
};

struct signature {
        uint8_t bytes[SIGNATURE_MAX];
        size_t size;
};

static EVP_PKEY *pairs[KINDS][OWNERS];
static struct public_key keys[KINDS][OWNERS];
static struct signature signatures[ALGORITHMS][OWNERS]; /* over message_text */
static struct cose_verifier *kept;

static const char message_text[] = "what was signed";

static slice number_of(const EVP_PKEY *pair, const char *name, size_t size, uint8_t buffer[NUMBER_MAX])
{
        BIGNUM *number = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(pair, name, &number), 1);
        if (size == 0)
                size = (size_t)BN_num_bytes(number);
        assert_int_equal(BN_bn2binpad(number, buffer, (int)size), (int)size);
        BN_free(number);
        return slice_of(buffer, size);
}

static void take_public(const EVP_PKEY *pair, enum kind kind, struct public_key *ret)
{
        const size_t size = kinds[kind].size;
        size_t raw = sizeof ret->first;
        if (is_curve(kind)) {
                ret->key.x = number_of(pair, OSSL_PKEY_PARAM_EC_PUB_X, size, ret->first);
                ret->key.y = number_of(pair, OSSL_PKEY_PARAM_EC_PUB_Y, size, ret->second);
        } else if (kind == RSA2048) {
                ret->key.n = number_of(pair, OSSL_PKEY_PARAM_RSA_N, 0, ret->first);
                ret->key.e = number_of(pair, OSSL_PKEY_PARAM_RSA_E, 0, ret->second);
        } else {
                assert_int_equal(EVP_PKEY_get_raw_public_key(pair, ret->first, &raw), 1);
                assert_int_equal(raw, size);
                ret->key.x = slice_of(ret->first, raw);
        }
}

struct padding {
        bool pss;
        int salt;         /* RSA_PSS_SALTLEN_.. or bytes */
        const char *mgf1; /* NULL: the digest's */
};

static void sign(EVP_PKEY *pair, const char *digest, const struct padding *padding, slice message,
        struct signature *ret)
{
        EVP_PKEY_CTX *options;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        ret->size = sizeof ret->bytes;
        assert_int_equal(EVP_DigestSignInit_ex(context, &options, digest, NULL, NULL, pair, NULL), 1);
        if (padding->pss) {
                const EVP_MD *mgf1 = EVP_get_digestbyname(padding->mgf1 ? padding->mgf1 : digest);
                assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
                assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, padding->salt), 1);
                assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(options, mgf1), 1);
        }
        assert_int_equal(EVP_DigestSign(context, ret->bytes, &ret->size, message.data, message.size), 1);
        EVP_MD_CTX_free(context);
}

static void sign_as(const struct algorithm *algorithm, EVP_PKEY *pair, slice message, struct signature *ret)
{
        const struct padding padding = { .pss = algorithm->pss, .salt = RSA_PSS_SALTLEN_DIGEST };
        sign(pair, algorithm->digest, &padding, message, ret);
}

static EVP_PKEY *new_pair(enum kind kind)
{
        EVP_PKEY *pair = is_curve(kind)    ? EVP_EC_gen(kinds[kind].curve)
                         : kind == RSA2048 ? EVP_RSA_gen(2048)
                                           : EVP_PKEY_Q_keygen(NULL, NULL, kinds[kind].type);
        assert_non_null(pair);
        return pair;
}

static int make_all(void **state)
{
        (void)state;
        for (int kind = 0; kind < KINDS; kind++)
                for (int owner = 0; owner < OWNERS; owner++) {
                        pairs[kind][owner] = new_pair(kind);
                        take_public(pairs[kind][owner], kind, &keys[kind][owner]);
                }
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (int owner = 0; owner < OWNERS; owner++)
                        sign_as(&algorithms[i], pairs[algorithms[i].kind][owner], slice_text(message_text),
                                &signatures[i][owner]);
        assert_int_equal(cose_verifier_new(&kept, NULL).code, MITOME_OK);
        ERR_clear_error();
        return 0;
}

static int free_all(void **state)
{
        (void)state;
        for (int kind = 0; kind < KINDS; kind++)
                for (int owner = 0; owner < OWNERS; owner++)
                        EVP_PKEY_free(pairs[kind][owner]);
        cose_verifier_free(kept);
        return 0;
}

/* ---- asking ---- */

static struct cose_key key_of(size_t algorithm, int owner)
{
        struct cose_key key = keys[algorithms[algorithm].kind][owner].key;
        key.algorithm = algorithms[algorithm].id;
        return key;
}

static slice signature_of(size_t algorithm, int owner)
{
        return slice_of(signatures[algorithm][owner].bytes, signatures[algorithm][owner].size);
}

/* The kept verifier must say what a new one says, and leave OpenSSL's errors alone. */
static mitome_code ask(const struct cose_key *key, slice message, slice signature)
{
        mitome_error error = { 0 }, error_of_new = { 0 };
        mitome_code code = cose_verify(kept, key, &message, 1, signature, "sig", "clause", &error).code;
        assert_int_equal(
                cose_verify(NULL, key, &message, 1, signature, "sig", "clause", &error_of_new).code, code);
        assert_int_equal(error.code, code);
        assert_int_equal(error_of_new.code, code);
        if (code != MITOME_OK) {
                assert_string_equal(error.field, "sig");
                assert_string_equal(error.clause, "clause");
        }
        assert_int_equal(ERR_peek_error(), 0);
        return code;
}

/* The same, by the kept verifier alone. */
static mitome_code ask_kept(const struct cose_key *key, slice signature)
{
        const slice message = slice_text(message_text);
        return cose_verify(kept, key, &message, 1, signature, "sig", NULL, NULL).code;
}

static void expect_good(size_t algorithm, int owner)
{
        const struct cose_key key = key_of(algorithm, owner);
        mitome_code code = ask_kept(&key, signature_of(algorithm, owner));
        if (code != MITOME_OK)
                print_error("%s, owner %d: %d\n", cose_algorithm_name(key.algorithm), owner, code);
        assert_int_equal(code, MITOME_OK);
}

static mitome_code check_code(const struct cose_key *key)
{
        mitome_code code = cose_key_check(kept, key, "key", NULL, NULL).code;
        assert_int_equal(cose_key_check(NULL, key, "key", NULL, NULL).code, code);
        return code;
}

static mitome_code read_code(slice encoded, bool check)
{
        struct cose_key key = { .algorithm = 4711 };
        struct cbor_reader r = cbor_over(encoded, NULL, NULL), again = r;
        mitome_code code =
                check ? cose_key_read(&r, "key", kept, &key).code : cose_key_parse(&r, "key", &key).code;
        assert_true(code == MITOME_OK || key.algorithm == 4711);
        if (check)
                assert_int_equal(cose_key_read(&again, "key", NULL, &key).code, code);
        return code;
}

static slice write_key(const struct cose_key *key, uint8_t buffer[KEY_MAX])
{
        writer w = writer_over(buffer, KEY_MAX);
        cose_key_write(&w, key);
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* ---- what is right ---- */

/* RFC 9052, 7 and RFC 8230, 4: a key is one map of bytes; read and written again it is the same. */
static void keys_are_read_as_they_are_written(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                uint8_t first[KEY_MAX], second[KEY_MAX];
                const struct cose_key key = key_of(i, 0);
                const slice encoded = write_key(&key, first);
                struct cbor_reader r = cbor_over(encoded, NULL, NULL);
                struct cose_key again;
                assert_int_equal(cose_key_read(&r, "key", NULL, &again).code, MITOME_OK);
                assert_int_equal(cbor_end(&r, "key").code, MITOME_OK);
                assert_int_equal(again.algorithm, key.algorithm);
                assert_true(slice_equal(write_key(&again, second), encoded));
                assert_int_equal(check_code(&again), MITOME_OK);
                assert_int_equal(read_code(encoded, false), MITOME_OK);
        }
}

static void each_algorithm_verifies_what_openssl_signed(void **state)
{
        (void)state;
        const slice text = slice_text(message_text);
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (int owner = 0; owner < OWNERS; owner++) {
                        const struct cose_key key = key_of(i, owner);
                        assert_int_equal(ask(&key, text, signature_of(i, owner)), MITOME_OK);
                        const slice parts[] = { slice_of(text.data, 1), slice_of(text.data + 1, 6),
                                slice_of(NULL, 0), slice_of(text.data + 7, text.size - 7) };
                        assert_int_equal(cose_verify(kept, &key, parts, COUNT(parts), signature_of(i, owner),
                                                 "sig", NULL, NULL)
                                                 .code,
                                MITOME_OK);
                }
}

/* The empty message, and one of many blocks. */
static void messages_of_any_length_verify(void **state)
{
        (void)state;
        static uint8_t bytes[COSE_MESSAGE_MAX];
        static const size_t sizes[] = { 0, 1, 127, 128, 129, 4096, COSE_MESSAGE_MAX };
        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(i * 31);
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (size_t j = 0; j < COUNT(sizes); j++) {
                        struct signature signature;
                        const struct cose_key key = key_of(i, 0);
                        const slice message = slice_of(bytes, sizes[j]);
                        sign_as(&algorithms[i], pairs[algorithms[i].kind][0], message, &signature);
                        const slice view = slice_of(signature.bytes, signature.size);
                        assert_int_equal(ask(&key, message, view), MITOME_OK);
                        if (sizes[j])
                                assert_int_equal(ask(&key, slice_of(bytes, sizes[j] - 1), view),
                                        MITOME_E_SIGNATURE_INVALID);
                }
}

static void hashes_are_openssls(void **state)
{
        (void)state;
        const slice text = slice_text(message_text);
        const slice parts[] = { slice_of(text.data, 3), slice_of(text.data + 3, text.size - 3) };
        for (size_t i = 0; i < ALGORITHMS; i++) {
                uint8_t expected[64], digest[COSE_HASH_MAX];
                unsigned size = 0;
                if (algorithms[i].digest)
                        assert_int_equal(EVP_Digest(text.data, text.size, expected, &size,
                                                 EVP_get_digestbyname(algorithms[i].digest), NULL),
                                1);
                assert_int_equal(cose_hash(kept, algorithms[i].id, parts, 2, digest), size);
                assert_memory_equal(digest, expected, size);
        }
        uint8_t digest[COSE_HASH_MAX];
        assert_int_equal(cose_hash(NULL, -46, parts, 2, digest), 0);
}

/* ---- signatures that are not right ---- */

static void is_refusal(mitome_code code)
{
        assert_true(code == MITOME_E_SIGNATURE_INVALID || code == MITOME_E_SIGNATURE_FORM);
}

/* Every byte, and after each refusal the right one again: nothing of a refused signature stays behind. */
static void a_changed_signature_is_refused_and_the_next_good_one_is_not(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                const struct cose_key key = key_of(i, 0);
                struct signature changed = signatures[i][0];
                for (size_t at = 0; at < changed.size; at++) {
                        for (unsigned mask = 0x01; mask <= 0x80; mask *= 0x80) {
                                changed.bytes[at] ^= (uint8_t)mask;
                                is_refusal(ask_kept(&key, slice_of(changed.bytes, changed.size)));
                                changed.bytes[at] ^= (uint8_t)mask;
                        }
                        if (at % 8 == 0)
                                expect_good(i, 0);
                }
        }
}

static void a_signature_has_its_size(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                const struct cose_key key = key_of(i, 0);
                struct signature longer = signatures[i][0];
                longer.bytes[longer.size] = 0;
                for (size_t size = 0; size <= longer.size + 1; size++)
                        if (size != longer.size)
                                assert_int_equal(ask_kept(&key, slice_of(longer.bytes, size)),
                                        MITOME_E_SIGNATURE_FORM);
                expect_good(i, 0);
        }
}

static void the_others_key_does_not_verify(void **state)
{
        (void)state;
        const slice text = slice_text(message_text);
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (int owner = 0; owner < OWNERS; owner++) {
                        const struct cose_key key = key_of(i, owner);
                        assert_int_equal(
                                ask(&key, text, signature_of(i, !owner)), MITOME_E_SIGNATURE_INVALID);
                        expect_good(i, owner);
                        expect_good(i, !owner);
                }
}

static bool is_same_algorithm(const struct algorithm *a, const struct algorithm *b)
{
        return a->kind == b->kind && a->pss == b->pss &&
               (a->digest == b->digest || (a->digest && b->digest && strcmp(a->digest, b->digest) == 0));
}

/* RFC 9864: a fully specified identifier is the same algorithm by another name; any other identifier on a key
 * makes a signature wrong, or the key one of another type. */
static void another_algorithm_on_the_key_does_not_verify(void **state)
{
        (void)state;
        const slice text = slice_text(message_text);
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (size_t j = 0; j < ALGORITHMS; j++) {
                        struct cose_key key = key_of(i, 0);
                        key.algorithm = algorithms[j].id;
                        mitome_code code = ask(&key, text, signature_of(i, 0));
                        if (is_same_algorithm(&algorithms[i], &algorithms[j]))
                                assert_int_equal(code, MITOME_OK);
                        else
                                assert_true(code == MITOME_E_SIGNATURE_INVALID ||
                                            code == MITOME_E_SIGNATURE_FORM || code == MITOME_E_KEY_POINT ||
                                            code == MITOME_E_KEY_WEAK);
                        expect_good(i, 0);
                        expect_good(j, 0);
                }
}

/* The same, in the encoding: alg is changed, kty, crv and the numbers are not. */
static void another_algorithm_in_the_map_is_another_type(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (size_t j = 0; j < ALGORITHMS; j++) {
                        uint8_t encoded[KEY_MAX], edited[KEY_MAX];
                        const struct cose_key key = key_of(i, 0);
                        slice whole = write_key(&key, encoded);
                        uint8_t number[8];
                        writer old = WRITER(number), w = WRITER(edited);
                        cbor_write_int(&old, key.algorithm);
                        /* map, 1: kty, 3 */
                        write_slice(&w, slice_of(whole.data, 4));
                        cbor_write_int(&w, algorithms[j].id);
                        write_slice(&w, slice_of(whole.data + 4 + old.used, whole.size - 4 - old.used));
                        assert_int_equal(read_code(writer_view(&w), true),
                                algorithms[i].kind == algorithms[j].kind ? MITOME_OK : MITOME_E_KEY_TYPE);
                }
}

/* ---- ECDSA in DER ---- */

enum ecdsa_edit {
        AS_IT_IS,
        NEGATED, /* s is n - s: as good a signature (SEC 1, 4.1.4 knows no lower half) */
        LONG_LENGTH,
        LONGER_LENGTH,
        LONG_INNER,
        PADDED_R,
        PADDED_S,
        TRAILING,
        TRAILING_INSIDE,
        THIRD_NUMBER,
        ZERO_R,
        ZERO_S,
        NEGATIVE_R,
        SWAPPED,
        ORDER_AS_R,
        R_PLUS_ORDER,
        S_PLUS_ORDER,
        EDITS,
};

static const mitome_code ecdsa_codes[EDITS] = {
        [LONG_LENGTH] = MITOME_E_SIGNATURE_FORM,
        [LONGER_LENGTH] = MITOME_E_SIGNATURE_FORM,
        [LONG_INNER] = MITOME_E_SIGNATURE_FORM,
        [PADDED_R] = MITOME_E_SIGNATURE_FORM,
        [PADDED_S] = MITOME_E_SIGNATURE_FORM,
        [TRAILING] = MITOME_E_SIGNATURE_FORM,
        [TRAILING_INSIDE] = MITOME_E_SIGNATURE_FORM,
        [THIRD_NUMBER] = MITOME_E_SIGNATURE_FORM,
        [ZERO_R] = MITOME_E_SIGNATURE_FORM,
        [ZERO_S] = MITOME_E_SIGNATURE_FORM,
        [NEGATIVE_R] = MITOME_E_SIGNATURE_FORM,
        [SWAPPED] = MITOME_E_SIGNATURE_INVALID,
        [ORDER_AS_R] = MITOME_E_SIGNATURE_INVALID,
        [R_PLUS_ORDER] = MITOME_E_SIGNATURE_INVALID, /* or too long for the curve */
        [S_PLUS_ORDER] = MITOME_E_SIGNATURE_INVALID,
};

static void put_integer(writer *w, const BIGNUM *number, enum ecdsa_edit edit, bool padded)
{
        uint8_t bytes[80] = { 0 };
        size_t size = (size_t)BN_num_bytes(number);
        BN_bn2bin(number, bytes + 1);
        const bool high = size && bytes[1] & 0x80 && edit != NEGATIVE_R;
        size_t zeros = high + (padded ? 1U : 0U) + (size == 0);
        write_u8(w, 0x02);
        if (edit == LONG_INNER)
                write_u8(w, 0x81);
        write_u8(w, (uint8_t)(size + zeros));
        for (size_t i = 0; i < zeros; i++)
                write_u8(w, 0);
        write_slice(w, slice_of(bytes + 1, size));
}

static void edit_numbers(enum ecdsa_edit edit, const BIGNUM *order, BIGNUM *r, BIGNUM *s)
{
        switch (edit) {
        case NEGATED:
                assert_int_equal(BN_sub(s, order, s), 1);
                break;
        case ZERO_R:
                BN_zero(r);
                break;
        case ZERO_S:
                BN_zero(s);
                break;
        case SWAPPED:
                BN_swap(r, s);
                break;
        case ORDER_AS_R:
                assert_non_null(BN_copy(r, order));
                break;
        case R_PLUS_ORDER:
                assert_int_equal(BN_add(r, r, order), 1);
                break;
        case S_PLUS_ORDER:
                assert_int_equal(BN_add(s, s, order), 1);
                break;
        default:
                break;
        }
}

static slice edit_signature(const struct signature *from, const BIGNUM *order, enum ecdsa_edit edit,
        uint8_t buffer[SIGNATURE_MAX])
{
        const unsigned char *at = from->bytes;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)from->size);
        BIGNUM *r = BN_dup(ECDSA_SIG_get0_r(pair)), *s = BN_dup(ECDSA_SIG_get0_s(pair));
        uint8_t inner[240];
        writer numbers = WRITER(inner), w = writer_over(buffer, SIGNATURE_MAX);
        edit_numbers(edit, order, r, s);
        put_integer(&numbers, r, edit, edit == PADDED_R);
        put_integer(&numbers, s, AS_IT_IS, edit == PADDED_S);
        if (edit == THIRD_NUMBER)
                put_integer(&numbers, s, AS_IT_IS, false);
        if (edit == TRAILING_INSIDE)
                write_u8(&numbers, 0);
        write_u8(&w, 0x30);
        if (edit == LONGER_LENGTH)
                write_u16(&w, 0x8200);
        else if (edit == LONG_LENGTH && numbers.used > 0x7F)
                write_u16(&w, 0x8200);
        else if (edit == LONG_LENGTH || numbers.used > 0x7F)
                write_u8(&w, 0x81);
        write_u8(&w, (uint8_t)numbers.used);
        write_slice(&w, writer_view(&numbers));
        if (edit == TRAILING)
                write_u8(&w, 0);
        assert_false(numbers.overflowed || w.overflowed);
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return writer_view(&w);
}

static BIGNUM *order_of(const EVP_PKEY *pair)
{
        BIGNUM *order = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_EC_ORDER, &order), 1);
        return order;
}

/* A signature whose first number has its highest bit set, so that it has a zero to be taken away. */
static void sign_high(size_t algorithm, const struct algorithm *as, struct signature *ret)
{
        for (int i = 0; i < 4096; i++) {
                sign_as(as, pairs[as->kind][0], slice_text(message_text), ret);
                const size_t head = ret->bytes[1] == 0x81 ? 3 : 2;
                if (ret->bytes[head + 2] == 0)
                        return;
        }
        *ret = signatures[algorithm][0]; /* P-521: its numbers have 521 bits, the zero is never there */
}

/* WebAuthn L3 6.5.5: "the sig value MUST be encoded as an ASN.1 DER Ecdsa-Sig-Value"; X.690, 10.1 and 8.3. */
static void ecdsa_signatures_are_der_on_every_curve(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                if (!is_curve(algorithms[i].kind))
                        continue;
                struct signature signature;
                sign_high(i, &algorithms[i], &signature);
                BIGNUM *order = order_of(pairs[algorithms[i].kind][0]);
                for (int edit = 0; edit < EDITS; edit++) {
                        uint8_t buffer[SIGNATURE_MAX];
                        if (edit == NEGATIVE_R && algorithms[i].kind == P521)
                                continue;
                        const struct cose_key key = key_of(i, 0);
                        mitome_code code = ask(&key, slice_text(message_text),
                                edit_signature(&signature, order, edit, buffer));
                        if (edit == R_PLUS_ORDER || edit == S_PLUS_ORDER)
                                is_refusal(code);
                        else
                                assert_int_equal(code, ecdsa_codes[edit]);
                        expect_good(i, 0);
                }
                BN_free(order);
        }
}

/* ---- points ---- */

struct point_edit {
        const char *name;
        int x_size, y_size;  /* beside the right size */
        bool zero_x, zero_y; /* all zeros */
        bool ones;           /* all ones: over the field's prime */
        bool spoil_y, swap;
        bool nothing; /* no bytes at all, as the point at infinity has no coordinates */
};

static const struct point_edit point_edits[] = {
        { "y changed", .spoil_y = true },
        { "x and y swapped", .swap = true },
        { "zeros", .zero_x = true, .zero_y = true },
        { "x zero", .zero_x = true, .spoil_y = true },
        { "y zero", .zero_y = true },
        { "over the prime", .ones = true },
        { "x short", .x_size = -1 },
        { "x long", .x_size = 1 },
        { "y short", .y_size = -1 },
        { "y long", .y_size = 1 },
        { "both long", .x_size = 1, .y_size = 1 },
        { "one of the other", .x_size = 1, .y_size = -1 },
        { "infinity", .nothing = true },
};

static struct cose_key edit_point(const struct cose_key *right, const struct point_edit *edit,
        uint8_t x[NUMBER_MAX], uint8_t y[NUMBER_MAX])
{
        const size_t size = right->x.size;
        memset(x, 0, NUMBER_MAX);
        memset(y, 0, NUMBER_MAX);
        if (!edit->zero_x)
                memcpy(x, edit->swap ? right->y.data : right->x.data, size);
        if (!edit->zero_y)
                memcpy(y, edit->swap ? right->x.data : right->y.data, size);
        if (edit->ones) {
                memset(x, 0xFF, size);
                memset(y, 0xFF, size);
        }
        y[size - 1] ^= edit->spoil_y;
        return (struct cose_key){
                .algorithm = right->algorithm,
                .x = slice_of(x, edit->nothing ? 0 : (size_t)((int)size + edit->x_size)),
                .y = slice_of(y, edit->nothing ? 0 : (size_t)((int)size + edit->y_size)),
        };
}

/* SEC 1, 3.2.2.1: what is off the curve, at infinity or of another size is no public key. The point is put
 * into the very key that verified the last signature: the next good one must verify all the same. */
static void a_bad_point_is_refused_and_the_next_good_one_is_not(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (size_t j = 0; is_curve(algorithms[i].kind) && j < COUNT(point_edits); j++) {
                        uint8_t x[NUMBER_MAX], y[NUMBER_MAX], encoded[KEY_MAX];
                        const struct cose_key right = key_of(i, 0);
                        const struct cose_key key = edit_point(&right, &point_edits[j], x, y);
                        mitome_code code = ask(&key, slice_text(message_text), signature_of(i, 0));
                        if (code != MITOME_E_KEY_POINT)
                                print_error("%s\n", point_edits[j].name);
                        assert_int_equal(code, MITOME_E_KEY_POINT);
                        expect_good(i, 0);
                        assert_int_equal(check_code(&key), MITOME_E_KEY_POINT);
                        assert_int_equal(read_code(write_key(&key, encoded), true), MITOME_E_KEY_POINT);
                        /* first of all that a verifier sees */
                        assert_int_equal(
                                ask(&key, slice_text(message_text), signature_of(i, 1)), MITOME_E_KEY_POINT);
                        expect_good(i, 1);
                }
}

/* The other root: on the curve, and another's key. */
static void the_opposite_point_is_another_key(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                if (!is_curve(algorithms[i].kind))
                        continue;
                uint8_t bytes[NUMBER_MAX];
                BIGNUM *prime = NULL;
                struct cose_key key = key_of(i, 0);
                assert_int_equal(
                        EVP_PKEY_get_bn_param(pairs[algorithms[i].kind][0], OSSL_PKEY_PARAM_EC_P, &prime), 1);
                BIGNUM *y = BN_bin2bn(key.y.data, (int)key.y.size, NULL);
                assert_int_equal(BN_sub(y, prime, y), 1);
                assert_int_equal(BN_bn2binpad(y, bytes, (int)key.y.size), (int)key.y.size);
                key.y = slice_of(bytes, key.y.size);
                assert_int_equal(check_code(&key), MITOME_OK);
                assert_int_equal(
                        ask(&key, slice_text(message_text), signature_of(i, 0)), MITOME_E_SIGNATURE_INVALID);
                expect_good(i, 0);
                BN_free(y);
                BN_free(prime);
        }
}

/* RFC 8032, 5.1.3 and 5.2.3: y of no point, y over the prime, and points of small order, which sign anything
 * for anybody: R is the neutral element and S is 0. */
static const struct {
        int64_t id;
        uint8_t low, fill, middle, high; /* of y, from its lowest byte; `middle` is byte 28 of Ed448's */
        uint8_t sign;
} edwards_points[] = {
        { COSE_ED25519, 0x01, 0x00, 0x00, 0x00 }, /* the neutral element */
        { COSE_ED25519, 0x00, 0x00, 0x00, 0x00 }, /* of order 4 */
        { COSE_ED25519, 0xEC, 0xFF, 0xFF, 0x7F }, /* of order 2 */
        { COSE_ED25519, 0xEE, 0xFF, 0xFF, 0x7F }, /* y = p + 1 */
        { COSE_ED25519, 0xFF, 0xFF, 0xFF, 0xFF },
        { COSE_EDDSA, 0x01, 0x00, 0x00, 0x00 },
        { COSE_ED448, 0x01, 0x00, 0x00, 0x00, 0x00 }, /* the neutral element */
        { COSE_ED448, 0x01, 0x00, 0x00, 0x00, 0x80 }, /* and with a sign that zero has not */
        { COSE_ED448, 0x00, 0x00, 0x00, 0x00, 0x00 }, /* of order 4 */
        { COSE_ED448, 0x00, 0x00, 0x00, 0x00, 0x80 },
        { COSE_ED448, 0xFE, 0xFF, 0xFE, 0xFF, 0x00 }, /* of order 2: y = p - 1 */
        { COSE_ED448, 0xFE, 0xFF, 0xFE, 0xFF, 0x80 },
        { COSE_ED448, 0xFF, 0xFF, 0xFE, 0xFF, 0x00 }, /* y = p */
        { COSE_ED448, 0x00, 0x00, 0xFF, 0x00, 0x00 }, /* p in part */
        { COSE_ED448, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF },
};

static void edwards_points_of_small_order_sign_nothing(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(edwards_points); i++) {
                const bool large = edwards_points[i].id == COSE_ED448;
                uint8_t point[57], forged[114] = { 0 }, encoded[KEY_MAX];
                memset(point, edwards_points[i].fill, sizeof point);
                point[0] = edwards_points[i].low;
                if (large)
                        point[28] = edwards_points[i].middle;
                point[large ? 55 : 31] = edwards_points[i].high;
                point[56] = edwards_points[i].sign;
                const struct cose_key key = { .algorithm = edwards_points[i].id,
                        .x = slice_of(point, large ? 57 : 32) };
                for (int zero = 0; zero <= 1; zero++) { /* R: the neutral element, or of order 4; S: 0 */
                        forged[0] = zero ? 0 : 1;
                        mitome_code code =
                                ask(&key, slice_text(message_text), slice_of(forged, large ? 114 : 64));
                        if (code == MITOME_OK)
                                print_error("point %zu signs anything\n", i);
                        assert_true(code == MITOME_E_SIGNATURE_INVALID || code == MITOME_E_KEY_POINT);
                }
                assert_int_equal(check_code(&key), MITOME_E_KEY_POINT);
                assert_int_equal(read_code(write_key(&key, encoded), true), MITOME_E_KEY_POINT);
        }
}

/* Half of all y are of no point, and most points of Ed25519 are not of the large order. */
static void edwards_keys_are_points(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                if (algorithms[i].digest)
                        continue;
                const struct cose_key right = key_of(i, 0);
                size_t refused = 0;
                for (unsigned change = 1; change < 64; change++) {
                        uint8_t point[57];
                        struct cose_key key = right;
                        memcpy(point, right.x.data, right.x.size);
                        point[1] ^= (uint8_t)change;
                        key.x = slice_of(point, right.x.size);
                        refused += check_code(&key) == MITOME_E_KEY_POINT;
                        assert_int_not_equal(
                                ask(&key, slice_text(message_text), signature_of(i, 0)), MITOME_OK);
                }
                assert_in_range(refused, 8, 63);
                expect_good(i, 0);
        }
}

static void edwards_keys_have_one_size(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (int more = -1; !algorithms[i].digest && more <= 1; more++) {
                        uint8_t bytes[58] = { 0 }, encoded[KEY_MAX];
                        struct cose_key key = key_of(i, 0);
                        memcpy(bytes, key.x.data, key.x.size);
                        key.x = slice_of(bytes, (size_t)((int)key.x.size + more));
                        const mitome_code code = more ? MITOME_E_KEY_POINT : MITOME_OK;
                        assert_int_equal(ask(&key, slice_text(message_text), signature_of(i, 0)), code);
                        assert_int_equal(check_code(&key), code);
                        assert_int_equal(read_code(write_key(&key, encoded), false), code);
                }
}

/* RFC 8032, 5.1.7 and 5.2.7: S is a number under the order; S + L would be a second signature. */
static void edwards_numbers_are_under_the_order(void **state)
{
        (void)state;
        static const char *const orders[] = {
                [0] = "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED",
                [1] = "3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7CCA23E9C44EDB49AED63690216CC2728DC5"
                      "8F552378C292AB5844F3",
        };
        for (size_t i = 0; i < ALGORITHMS; i++) {
                if (algorithms[i].digest)
                        continue;
                struct signature longer = signatures[i][0];
                const struct cose_key key = key_of(i, 0);
                const int half = (int)longer.size / 2;
                BIGNUM *order = NULL, *number = BN_lebin2bn(longer.bytes + half, half, NULL);
                assert_true(BN_hex2bn(&order, orders[algorithms[i].kind == ED448]) > 0);
                assert_int_equal(BN_add(number, number, order), 1);
                assert_int_equal(BN_bn2lebinpad(number, longer.bytes + half, half), half);
                assert_int_equal(ask(&key, slice_text(message_text), slice_of(longer.bytes, longer.size)),
                        MITOME_E_SIGNATURE_INVALID);
                BN_free(number);
                BN_free(order);
        }
}

/* ---- RSA ---- */

static const struct {
        const char *name;
        uint8_t exponent[10];
        size_t exponent_size;
        int modulus; /* bytes, 0: the right ones */
        bool even, zero_before, low_top;
        bool right;
} rsa_edits[] = {
        { "65537", { 1, 0, 1 }, 3, .right = true },
        { "3", { 3 }, 1, .right = true },
        { "of 64 bits", { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, 8, .right = true },
        { "none", { 0 }, 0 },
        { "0", { 0 }, 1 },
        { "1", { 1 }, 1 },
        { "2", { 2 }, 1 },
        { "65536", { 1, 0, 0 }, 3 },
        { "a zero before", { 0, 1, 0, 1 }, 4 },
        { "a zero before 1", { 0, 1 }, 2 },
        { "of 65 bits", { 1, 0, 0, 0, 0, 0, 0, 0, 1 }, 9 },
        { "modulus of 1024 bits", { 1, 0, 1 }, 3, .modulus = 128 },
        { "modulus of 2040 bits", { 1, 0, 1 }, 3, .modulus = 255 },
        { "modulus of 4104 bits", { 1, 0, 1 }, 3, .modulus = 513 },
        { "modulus of no bits", { 1, 0, 1 }, 3, .modulus = -1 },
        { "even modulus", { 1, 0, 1 }, 3, .even = true },
        { "a zero before the modulus", { 1, 0, 1 }, 3, .zero_before = true },
        { "2047 bits", { 1, 0, 1 }, 3, .low_top = true },
};

static void weak_rsa_keys_are_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (size_t j = 0; algorithms[i].kind == RSA2048 && j < COUNT(rsa_edits); j++) {
                        uint8_t modulus[NUMBER_MAX] = { 0 }, encoded[KEY_MAX];
                        struct cose_key key = key_of(i, 0);
                        size_t size = key.n.size;
                        memset(modulus, 0xA5, sizeof modulus);
                        memcpy(modulus + rsa_edits[j].zero_before, key.n.data, size);
                        if (rsa_edits[j].zero_before)
                                modulus[0] = 0;
                        if (rsa_edits[j].modulus)
                                size = rsa_edits[j].modulus < 0 ? 0 : (size_t)rsa_edits[j].modulus;
                        size += rsa_edits[j].zero_before;
                        if (size)
                                modulus[size - 1] |= 1;
                        modulus[size ? size - 1 : 0] ^= rsa_edits[j].even;
                        if (rsa_edits[j].low_top)
                                modulus[0] &= 0x7F;
                        key.n = slice_of(modulus, size);
                        key.e = slice_of(rsa_edits[j].exponent, rsa_edits[j].exponent_size);
                        const mitome_code code = rsa_edits[j].right ? MITOME_OK : MITOME_E_KEY_WEAK;
                        if (check_code(&key) != code)
                                print_error("%s\n", rsa_edits[j].name);
                        assert_int_equal(check_code(&key), code);
                        assert_int_equal(read_code(write_key(&key, encoded), true), code);
                        assert_int_equal(read_code(write_key(&key, encoded), false), code);
                }
}

/* RFC 8230, 2: "The hash function used for MGF1 is the same" and "the length of the salt ... is the same as
 * the length of the hash value". */
static void pss_has_one_salt_and_one_mask(void **state)
{
        (void)state;
        static const struct padding paddings[] = {
                { true, 0, NULL }, { true, 1, NULL }, { true, 20, NULL }, { true, 31, NULL },
                { true, 33, NULL }, { true, 47, NULL }, { true, 63, NULL },
                { true, RSA_PSS_SALTLEN_MAX, NULL }, { true, RSA_PSS_SALTLEN_DIGEST, "SHA1" },
                { true, RSA_PSS_SALTLEN_DIGEST, "SHA224" }, { false, 0, NULL }, /* PKCS#1 v1.5 */
        };
        for (size_t i = 0; i < ALGORITHMS; i++)
                for (size_t j = 0; algorithms[i].pss && j < COUNT(paddings); j++) {
                        struct signature signature;
                        const struct cose_key key = key_of(i, 0);
                        sign(pairs[RSA2048][0], algorithms[i].digest, &paddings[j], slice_text(message_text),
                                &signature);
                        assert_int_equal(ask(&key, slice_text(message_text),
                                                 slice_of(signature.bytes, signature.size)),
                                MITOME_E_SIGNATURE_INVALID);
                        expect_good(i, 0);
                }
}

/* RFC 8017, 8.1.2 and 8.2.2: the number is under the modulus. */
static void rsa_signatures_are_under_the_modulus(void **state)
{
        (void)state;
        for (size_t i = 0; i < ALGORITHMS; i++) {
                if (algorithms[i].kind != RSA2048)
                        continue;
                const struct cose_key key = key_of(i, 0);
                uint8_t bytes[256];
                const slice view = SLICE(bytes);
                memcpy(bytes, key.n.data, sizeof bytes); /* the modulus itself */
                assert_int_equal(ask(&key, slice_text(message_text), view), MITOME_E_SIGNATURE_INVALID);
                memset(bytes, 0xFF, sizeof bytes);
                assert_int_equal(ask(&key, slice_text(message_text), view), MITOME_E_SIGNATURE_INVALID);
                memset(bytes, 0, sizeof bytes);
                assert_int_equal(ask(&key, slice_text(message_text), view), MITOME_E_SIGNATURE_INVALID);
                bytes[255] = 1;
                assert_int_equal(ask(&key, slice_text(message_text), view), MITOME_E_SIGNATURE_INVALID);
                expect_good(i, 0);
        }
}

/* ---- more RSA keys than a verifier keeps ---- */

enum { PRIMES = 13, RSA_KEYS = PRIMES * (PRIMES - 1) / 2, EXPONENTS = 6 };
_Static_assert(RSA_KEYS > (int)COSE_RSA_KEYS, "keys must fall together");

static struct rsa_key_of_primes {
        struct public_key public;
        struct signature signature;
} many[RSA_KEYS + EXPONENTS];

static EVP_PKEY *rsa_of(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d)
{
        EVP_PKEY *pair = NULL;
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d);
        OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
        assert_int_equal(EVP_PKEY_fromdata(context, &pair, EVP_PKEY_KEYPAIR, parameters), 1);
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_free(parameters);
        OSSL_PARAM_BLD_free(build);
        return pair;
}

/* A key of two primes and an exponent, and what it has signed. False when the exponent does not go with the
 * primes. */
static bool make_of_primes(
        const BIGNUM *p, const BIGNUM *q, unsigned exponent, BN_CTX *context, struct rsa_key_of_primes *ret)
{
        BIGNUM *n = BN_new(), *e = BN_new(), *p1 = BN_dup(p), *q1 = BN_dup(q), *phi = BN_new();
        assert_true(BN_mul(n, p, q, context) && BN_sub_word(p1, 1) && BN_sub_word(q1, 1) &&
                    BN_mul(phi, p1, q1, context) && BN_set_word(e, exponent));
        BIGNUM *d = BN_mod_inverse(NULL, e, phi, context);
        if (d) {
                EVP_PKEY *pair = rsa_of(n, e, d);
                take_public(pair, RSA2048, &ret->public);
                ret->public.key.algorithm = COSE_RS256;
                const struct padding none = { 0 };
                sign(pair, "SHA256", &none, slice_text(message_text), &ret->signature);
                EVP_PKEY_free(pair);
        }
        ERR_clear_error();
        BN_free(n);
        BN_free(e);
        BN_free(p1);
        BN_free(q1);
        BN_free(phi);
        BN_clear_free(d);
        return d != NULL;
}

static size_t make_many(void)
{
        static const unsigned exponents[EXPONENTS] = { 3, 5, 17, 257, 1033, 0xFFFFFFFB };
        BIGNUM *primes[PRIMES];
        BN_CTX *context = BN_CTX_new();
        size_t count = 0;
        for (size_t i = 0; i < PRIMES; i++) {
                primes[i] = BN_new();
                assert_int_equal(BN_generate_prime_ex(primes[i], 1024, 0, NULL, NULL, NULL), 1);
        }
        for (size_t i = 0; i < PRIMES; i++)
                for (size_t j = 0; j < i; j++)
                        count += make_of_primes(primes[i], primes[j], 65537, context, &many[count]);
        for (size_t i = 0; i < EXPONENTS; i++) /* one modulus, several exponents: they share a place */
                count += make_of_primes(primes[0], primes[1], exponents[i], context, &many[count]);
        for (size_t i = 0; i < PRIMES; i++)
                BN_clear_free(primes[i]);
        BN_CTX_free(context);
        return count;
}

static void more_rsa_keys_than_are_kept_are_told_apart(void **state)
{
        (void)state;
        const size_t count = make_many();
        assert_true(count > COSE_RSA_KEYS);
        for (size_t round = 0; round < 4; round++)
                for (size_t n = 0; n < count; n++) {
                        const size_t i = (n * 37 + round) % count, other = (i + 1) % count;
                        const slice own = slice_of(many[i].signature.bytes, many[i].signature.size);
                        const slice others =
                                slice_of(many[other].signature.bytes, many[other].signature.size);
                        struct cose_key key = many[i].public.key;
                        assert_int_equal(ask_kept(&key, own), MITOME_OK);
                        assert_int_equal(ask_kept(&key, others), MITOME_E_SIGNATURE_INVALID);
                        key.algorithm = round % 2 ? COSE_PS256 : COSE_RS384; /* the same place again */
                        assert_int_equal(ask_kept(&key, own), MITOME_E_SIGNATURE_INVALID);
                        key.algorithm = COSE_RS256;
                        key.e = many[other].public.key.e; /* the same modulus, perhaps another exponent */
                        assert_int_equal(ask_kept(&key, own), slice_equal(key.e, many[i].public.key.e)
                                                                      ? MITOME_OK
                                                                      : MITOME_E_SIGNATURE_INVALID);
                }
        assert_int_equal(ERR_peek_error(), 0);
}

/* ---- in any order ---- */

static uint32_t draw(uint32_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        return *state;
}

/* One of: right, the other's key, a changed signature, a bad point or a weak key. The answer is known. */
static void ask_anything(struct cose_verifier *verifier, uint32_t *random)
{
        const size_t i = draw(random) % ALGORITHMS;
        const int owner = (int)(draw(random) % OWNERS);
        const slice text = slice_text(message_text);
        struct cose_key key = key_of(i, owner);
        struct signature signature = signatures[i][owner];
        uint8_t bytes[NUMBER_MAX];
        mitome_code expected = MITOME_E_SIGNATURE_INVALID;
        switch (draw(random) % 4) {
        case 0:
                expected = MITOME_OK;
                break;
        case 1:
                signature = signatures[i][!owner];
                break;
        case 2:
                signature.bytes[signature.size - 1] ^= 1;
                break;
        default:
                if (!is_curve(algorithms[i].kind))
                        return;
                memcpy(bytes, key.y.data, key.y.size);
                bytes[key.y.size - 1] ^= 1;
                key.y = slice_of(bytes, key.y.size);
                expected = MITOME_E_KEY_POINT;
        }
        mitome_code code = cose_verify(
                verifier, &key, &text, 1, slice_of(signature.bytes, signature.size), "sig", NULL, NULL)
                                   .code;
        if (code != expected)
                print_error("%s: %d, not %d\n", cose_algorithm_name(key.algorithm), code, expected);
        assert_int_equal(code, expected);
}

static void one_verifier_takes_keys_and_algorithms_in_any_order(void **state)
{
        (void)state;
        uint32_t random = 20260829;
        for (int i = 0; i < 3000; i++)
                ask_anything(kept, &random);
        assert_int_equal(ERR_peek_error(), 0);
}

static void *ask_for_long(void *argument)
{
        uint32_t random = *(const uint32_t *)argument;
        struct cose_verifier *verifier;
        if (cose_verifier_new(&verifier, NULL).code != MITOME_OK)
                return argument;
        for (int i = 0; i < 400; i++)
                ask_anything(verifier, &random);
        cose_verifier_free(verifier);
        return NULL;
}

/* "One thread at a time": a verifier each, over the same keys. */
static void threads_have_a_verifier_each(void **state)
{
        (void)state;
        static const uint32_t seeds[] = { 1, 2 };
        pthread_t threads[COUNT(seeds)];
        for (size_t i = 0; i < COUNT(seeds); i++)
                assert_int_equal(
                        pthread_create(&threads[i], NULL, ask_for_long, (void *)(uintptr_t)&seeds[i]), 0);
        for (size_t i = 0; i < COUNT(seeds); i++) {
                void *failure;
                assert_int_equal(pthread_join(threads[i], &failure), 0);
                assert_null(failure);
        }
}

/* ---- ML-DSA ---- */

static const struct {
        int64_t id;
        const char *name;
        size_t key, signature;
} lattices[] = {
        { COSE_ML_DSA_44, "ML-DSA-44", 1312, 2420 },
        { COSE_ML_DSA_65, "ML-DSA-65", 1952, 3309 },
        { COSE_ML_DSA_87, "ML-DSA-87", 2592, 4627 },
};

static bool openssl_has(const char *name)
{
        EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, name, NULL);
        EVP_SIGNATURE_free(signature);
        ERR_clear_error();
        return signature != NULL;
}

/* FIPS 204, table 2: sizes. Without an OpenSSL that has it a signature is never accepted, and the reason is
 * told apart from a wrong one. */
static void ml_dsa_works_or_is_not_available(void **state)
{
        (void)state;
        static uint8_t public_key[2592 + 1], signature[4627 + 1], encoded[2700];
        for (size_t i = 0; i < COUNT(lattices); i++) {
                const slice text = slice_text(message_text);
                struct cose_key key = { .algorithm = lattices[i].id, .x = { public_key, lattices[i].key } };
                mitome_code right = MITOME_E_ALGORITHM_UNAVAILABLE;
                if (openssl_has(lattices[i].name)) {
                        size_t size = lattices[i].key, signed_size = lattices[i].signature;
                        EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, lattices[i].name);
                        EVP_MD_CTX *context = EVP_MD_CTX_new();
                        assert_int_equal(EVP_PKEY_get_raw_public_key(pair, public_key, &size), 1);
                        assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, pair), 1);
                        assert_int_equal(
                                EVP_DigestSign(context, signature, &signed_size, text.data, text.size), 1);
                        EVP_MD_CTX_free(context);
                        EVP_PKEY_free(pair);
                        right = MITOME_OK;
                }
                slice whole = slice_of(signature, lattices[i].signature);
                assert_int_equal(ask(&key, text, whole), right);
                if (right == MITOME_OK) {
                        signature[7] ^= 1;
                        assert_int_equal(ask(&key, text, whole), MITOME_E_SIGNATURE_INVALID);
                }
                whole.size--;
                assert_int_equal(ask(&key, text, whole), MITOME_E_SIGNATURE_FORM);
                whole.size += 2;
                assert_int_equal(ask(&key, text, whole), MITOME_E_SIGNATURE_FORM);
                for (int more = -1; more <= 1; more++) {
                        const mitome_code code = more ? MITOME_E_KEY_POINT : MITOME_OK;
                        writer w = WRITER(encoded);
                        key.x.size = (size_t)((int)lattices[i].key + more);
                        cose_key_write(&w, &key);
                        assert_int_equal(read_code(writer_view(&w), true), code);
                        if (more)
                                assert_int_equal(ask(&key, text, slice_of(signature, lattices[i].signature)),
                                        MITOME_E_KEY_POINT);
                }
                expect_good(0, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_are_read_as_they_are_written),
                cmocka_unit_test(each_algorithm_verifies_what_openssl_signed),
                cmocka_unit_test(messages_of_any_length_verify),
                cmocka_unit_test(hashes_are_openssls),
                cmocka_unit_test(a_changed_signature_is_refused_and_the_next_good_one_is_not),
                cmocka_unit_test(a_signature_has_its_size),
                cmocka_unit_test(the_others_key_does_not_verify),
                cmocka_unit_test(another_algorithm_on_the_key_does_not_verify),
                cmocka_unit_test(another_algorithm_in_the_map_is_another_type),
                cmocka_unit_test(ecdsa_signatures_are_der_on_every_curve),
                cmocka_unit_test(a_bad_point_is_refused_and_the_next_good_one_is_not),
                cmocka_unit_test(the_opposite_point_is_another_key),
                cmocka_unit_test(edwards_points_of_small_order_sign_nothing),
                cmocka_unit_test(edwards_keys_are_points),
                cmocka_unit_test(edwards_keys_have_one_size),
                cmocka_unit_test(edwards_numbers_are_under_the_order),
                cmocka_unit_test(weak_rsa_keys_are_refused),
                cmocka_unit_test(pss_has_one_salt_and_one_mask),
                cmocka_unit_test(rsa_signatures_are_under_the_modulus),
                cmocka_unit_test(more_rsa_keys_than_are_kept_are_told_apart),
                cmocka_unit_test(one_verifier_takes_keys_and_algorithms_in_any_order),
                cmocka_unit_test(threads_have_a_verifier_each),
                cmocka_unit_test(ml_dsa_works_or_is_not_available),
        };
        return cmocka_run_group_tests(tests, make_all, free_all);
}
