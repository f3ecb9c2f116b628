/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions changed at random, before and after they are signed, before two judges: whatever this library
 * accepts libfido2 must accept. The other way round it need not be: libfido2 looks neither at the client data
 * nor at what follows the counter. MITOME_DIFFERENTIAL in the environment says how many; the seed is always
 * the same. */
#include "ceremony_rig.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ASSERTIONS = 10000 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { ASSERTIONS = 10000 };
#else
enum { ASSERTIONS = 100000 };
#endif
#else
enum { ASSERTIONS = 100000 };
#endif

/* libcbor, to which libfido2 hands what it is given, asks for as much memory as a length says, and bears it
 * when there is none; AddressSanitizer ends the program unless told so. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
        return "allocator_may_return_null=1";
}

static struct rig rig;
static struct mitome_context *context;
static uint64_t random_state = 20260829;

static uint32_t draw(uint32_t below)
{
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return (uint32_t)(random_state >> 16) % below;
}

/* ---- who signs ---- */

enum { NUMBER_MAX = 264 };

static struct owner {
        enum rig_key key;
        int algorithm;
        EVP_PKEY *pair, *other;     /* other: another's of the kind */
        uint8_t public[NUMBER_MAX]; /* X and Y; N and E; the one number */
        size_t first, second;       /* sizes of these */
        int weight;                 /* in hundred */
} owners[] = {
        { RIG_ES256, COSE_ES256, .first = 32, .second = 32, .weight = 34 },
        { RIG_RS256, COSE_RS256, .first = 256, .second = 3, .weight = 33 },
        { RIG_EDDSA, COSE_EDDSA, .first = 32, .second = 0, .weight = 33 },
};

static void take_number(const EVP_PKEY *pair, const char *name, uint8_t *to, size_t size)
{
        BIGNUM *number = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(pair, name, &number), 1);
        assert_int_equal(BN_bn2binpad(number, to, (int)size), (int)size);
        BN_free(number);
}

static void open_owner(struct owner *owner)
{
        size_t size = 32;
        switch (owner->key) {
        case RIG_ES256:
                owner->pair = EVP_EC_gen("P-256");
                owner->other = EVP_EC_gen("P-256");
                take_number(owner->pair, OSSL_PKEY_PARAM_EC_PUB_X, owner->public, 32);
                take_number(owner->pair, OSSL_PKEY_PARAM_EC_PUB_Y, owner->public + 32, 32);
                break;
        case RIG_RS256:
                owner->pair = EVP_RSA_gen(2048);
                owner->other = EVP_RSA_gen(2048);
                take_number(owner->pair, OSSL_PKEY_PARAM_RSA_N, owner->public, 256);
                take_number(owner->pair, OSSL_PKEY_PARAM_RSA_E, owner->public + 256, 3);
                break;
        default:
                owner->pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
                owner->other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
                assert_int_equal(EVP_PKEY_get_raw_public_key(owner->pair, owner->public, &size), 1);
        }
        assert_true(owner->pair && owner->other);
}

/* ---- an assertion ---- */

struct assertion {
        const struct owner *owner;
        uint8_t auth_data[256], client_data[512], signature[600], public[NUMBER_MAX];
        size_t auth_data_size, client_data_size, signature_size;
        const char *rp_id;
        bool want_uv;
};

static const uint8_t right_extensions[] = { 0xA1, 0x61, 'x', 0x01 };

static void sign(struct assertion *a, EVP_PKEY *pair)
{
        uint8_t message[sizeof a->auth_data + SHA256_SIZE];
        const slice client_data = slice_of(a->client_data, a->client_data_size);
        memcpy(message, a->auth_data, a->auth_data_size);
        sha256(&client_data, 1, message + a->auth_data_size);
        const EVP_MD *digest = a->owner->key == RIG_EDDSA ? NULL : EVP_sha256();
        EVP_MD_CTX *context_of_one = EVP_MD_CTX_new();
        a->signature_size = sizeof a->signature;
        assert_int_equal(EVP_DigestSignInit(context_of_one, NULL, digest, NULL, pair), 1);
        assert_int_equal(EVP_DigestSign(context_of_one, a->signature, &a->signature_size, message,
                                 a->auth_data_size + SHA256_SIZE),
                1);
        EVP_MD_CTX_free(context_of_one);
}

static struct assertion right_assertion(const struct owner *owner, bool extensions)
{
        static const slice rp_id = { (const uint8_t *)"example.org", 11 };
        static const char client_data[] =
                "{\"type\":\"webauthn.get\",\"challenge\":\"AQgPFh0kKzI5QEdOVVxjanF4f4aN"
                "lJuiqbC3vsXM09o\",\"origin\":\"https://example.org\",\"crossOrigin\":"
                "false}";
        struct assertion a = { .owner = owner, .rp_id = "example.org" };
        writer w = WRITER(a.auth_data);
        sha256(&rp_id, 1, write_space(&w, SHA256_SIZE));
        write_u8(&w, extensions ? 0x85 : 0x05);
        write_u32(&w, 7);
        if (extensions)
                write_slice(&w, SLICE(right_extensions));
        a.auth_data_size = w.used;
        a.client_data_size = sizeof client_data - 1;
        memcpy(a.client_data, client_data, a.client_data_size);
        memcpy(a.public, owner->public, sizeof a.public);
        return a;
}

/* Signed once and used often: a signature of RSA costs more than all else here. */
static struct assertion ready[COUNT(owners)][2];

/* ---- edits ---- */

static void flip(uint8_t *bytes, size_t size)
{
        if (size)
                bytes[draw((uint32_t)size)] ^= (uint8_t)(1 + draw(255));
}

static void resize(uint8_t *bytes, size_t *size, size_t capacity)
{
        const bool longer = draw(2) && *size + 4 < capacity;
        const size_t by = 1 + draw(4);
        if (longer) {
                for (size_t i = 0; i < by; i++)
                        bytes[*size + i] = (uint8_t)draw(256);
                *size += by;
        } else {
                *size -= by < *size ? by : *size;
        }
}

static void exchange(uint8_t *bytes, size_t size)
{
        if (size < 2)
                return;
        const size_t i = draw((uint32_t)size), j = draw((uint32_t)size);
        const uint8_t byte = bytes[i];
        bytes[i] = bytes[j];
        bytes[j] = byte;
}

typedef void edit(struct assertion *a);

static void nothing(struct assertion *a)
{
        (void)a;
}

static void auth_data_byte(struct assertion *a)
{
        flip(a->auth_data, a->auth_data_size);
}

static void auth_data_bits_of_flags(struct assertion *a)
{
        a->auth_data[32] ^= (uint8_t)(1U << draw(8));
}

static void auth_data_size(struct assertion *a)
{
        resize(a->auth_data, &a->auth_data_size, sizeof a->auth_data);
}

static void auth_data_exchange(struct assertion *a)
{
        exchange(a->auth_data, a->auth_data_size);
}

static void client_data_byte(struct assertion *a)
{
        flip(a->client_data, a->client_data_size);
}

static void client_data_size(struct assertion *a)
{
        resize(a->client_data, &a->client_data_size, sizeof a->client_data);
}

static void client_data_white_space(struct assertion *a)
{
        a->client_data[a->client_data_size++] = ' ';
}

static void signature_byte(struct assertion *a)
{
        flip(a->signature, a->signature_size);
}

static void signature_size(struct assertion *a)
{
        resize(a->signature, &a->signature_size, sizeof a->signature);
}

static void signature_exchange(struct assertion *a)
{
        exchange(a->signature, a->signature_size);
}

static void signature_random(struct assertion *a)
{
        for (size_t i = 0; i < a->signature_size; i++)
                a->signature[i] = (uint8_t)draw(256);
}

/* The first bytes: DER's tags and lengths, R of EdDSA. */
static void signature_head(struct assertion *a)
{
        flip(a->signature, a->signature_size < 6 ? a->signature_size : 6);
}

/* ECDSA: r and s in other numbers that may be taken for the same, and in other DER. */
static void signature_numbers(struct assertion *a)
{
        static const char order[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
        if (a->owner->key != RIG_ES256)
                return;
        const unsigned char *at = a->signature;
        unsigned char *end = a->signature;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)a->signature_size);
        if (!pair)
                return;
        BIGNUM *n = NULL, *r = BN_dup(ECDSA_SIG_get0_r(pair)), *s = BN_dup(ECDSA_SIG_get0_s(pair));
        BN_hex2bn(&n, order);
        switch (draw(6)) {
        case 0: /* as good */
                BN_sub(s, n, s);
                break;
        case 1:
                BN_add(s, s, n);
                break;
        case 2:
                BN_add(r, r, n);
                break;
        case 3:
                BN_zero(s);
                break;
        case 4:
                BN_set_negative(s, 1);
                break;
        default:
                BN_swap(r, s);
        }
        ECDSA_SIG_set0(pair, r, s);
        a->signature_size = (size_t)i2d_ECDSA_SIG(pair, &end);
        ECDSA_SIG_free(pair);
        BN_free(n);
}

static void key_byte(struct assertion *a)
{
        flip(a->public, a->owner->first + a->owner->second);
}

static void key_zero(struct assertion *a)
{
        memset(a->public, 0, draw(2) ? a->owner->first : a->owner->first + a->owner->second);
}

static void key_exchange(struct assertion *a)
{
        exchange(a->public, a->owner->first + a->owner->second);
}

/* p - y, the other root */
static void key_opposite(struct assertion *a)
{
        static const char prime[] = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";
        if (a->owner->key != RIG_ES256)
                return;
        BIGNUM *p = NULL, *y = BN_bin2bn(a->public + 32, 32, NULL);
        BN_hex2bn(&p, prime);
        BN_sub(y, p, y);
        BN_bn2binpad(y, a->public + 32, 32);
        BN_free(p);
        BN_free(y);
}

static void rp_id(struct assertion *a)
{
        static const char *const ids[] = { "example.com", "Example.org", "example.org.", "www.example.org",
                "org", "example.or", "example.orgg", "https://example.org", " example.org",
                "xn--example.org" };
        a->rp_id = ids[draw(COUNT(ids))];
}

static void ask_for_uv(struct assertion *a)
{
        a->want_uv = true;
}

static void two_at_once(struct assertion *a)
{
        signature_byte(a);
        auth_data_byte(a);
}

/* Signed anew by the right key: only what is said is wrong, or it is not. */

static void again(struct assertion *a)
{
        sign(a, a->owner->pair);
}

static void by_another(struct assertion *a)
{
        sign(a, a->owner->other);
}

static void signed_flags(struct assertion *a)
{
        /* AT with ED is left out: libfido2 takes the attested data for extensions */
        a->auth_data[32] = (uint8_t)(draw(256) & (draw(2) ? 0x7F : 0xBF));
        a->want_uv = draw(2);
        again(a);
}

static void signed_count(struct assertion *a)
{
        flip(a->auth_data + 33, 4);
        again(a);
}

static void signed_rp_id_hash(struct assertion *a)
{
        flip(a->auth_data, 32);
        again(a);
}

static void signed_auth_data_size(struct assertion *a)
{
        auth_data_size(a);
        again(a);
}

static void signed_extensions(struct assertion *a)
{
        static const char *const extensions[] = { "\xA0", "\xA1\x61y\xF5", "\xA2\x61x\x01\x61y\x02",
                "\xA2\x61y\x02\x61x\x01", "\xA2\x61x\x01\x61x\x01", "\xA1\x61x", "\x80", "\xBF\xFF",
                "\xA1\x61x\x18\x01", "\xA1\x61x\xF7", "\xA1\x61x\xC1\x01", "\xF6", "\xA1\x01\x01",
                "\xA1\x61x\x01\x01", "\x61x" };
        const char *chosen = extensions[draw(COUNT(extensions))];
        writer w = writer_over(a->auth_data, sizeof a->auth_data);
        w.used = 37;
        a->auth_data[32] = 0x85;
        write_slice(&w, slice_text(chosen));
        a->auth_data_size = w.used;
        again(a);
}

static void signed_client_data(struct assertion *a)
{
        flip(a->client_data, a->client_data_size);
        again(a);
}

static void signed_mark(struct assertion *a)
{
        memmove(a->client_data + 3, a->client_data, a->client_data_size);
        memcpy(a->client_data, "\xEF\xBB\xBF", 3);
        a->client_data_size += 3;
        again(a);
}

/* How often each is drawn: those that are refused before a key is touched cost next to nothing. */
static const struct {
        const char *name;
        edit *edit;
        unsigned weight;
} edits[] = {
        { "nothing", nothing, 20 },
        { "authData: a byte", auth_data_byte, 80 },
        { "authData: a flag", auth_data_bits_of_flags, 40 },
        { "authData: size", auth_data_size, 60 },
        { "authData: exchange", auth_data_exchange, 40 },
        { "client data: a byte", client_data_byte, 80 },
        { "client data: size", client_data_size, 40 },
        { "client data: white space", client_data_white_space, 5 },
        { "signature: a byte", signature_byte, 100 },
        { "signature: size", signature_size, 80 },
        { "signature: exchange", signature_exchange, 40 },
        { "signature: random", signature_random, 30 },
        { "signature: head", signature_head, 60 },
        { "signature: numbers", signature_numbers, 60 },
        { "key: a byte", key_byte, 80 },
        { "key: zeros", key_zero, 20 },
        { "key: exchange", key_exchange, 20 },
        { "key: other root", key_opposite, 10 },
        { "RP ID", rp_id, 60 },
        { "UV", ask_for_uv, 10 },
        { "two", two_at_once, 20 },
        { "signed by another", by_another, 5 },
        { "signed: flags", signed_flags, 12 },
        { "signed: counter", signed_count, 5 },
        { "signed: rpIdHash", signed_rp_id_hash, 5 },
        { "signed: size", signed_auth_data_size, 8 },
        { "signed: extensions", signed_extensions, 12 },
        { "signed: client data", signed_client_data, 8 },
        { "signed: mark", signed_mark, 2 },
};

static size_t draw_edit(void)
{
        uint32_t sum = 0, at;
        for (size_t i = 0; i < COUNT(edits); i++)
                sum += edits[i].weight;
        at = draw(sum);
        for (size_t i = 0;; i++) {
                if (at < edits[i].weight)
                        return i;
                at -= edits[i].weight;
        }
}

/* ---- the two judges ---- */

static slice write_key(const struct assertion *a, uint8_t *to, size_t capacity)
{
        const struct cose_key key = {
                .algorithm = a->owner->algorithm,
                .x = slice_of(a->public, a->owner->first),
                .y = slice_of(a->public + a->owner->first, a->owner->second),
                .n = slice_of(a->public, a->owner->first),
                .e = slice_of(a->public + a->owner->first, a->owner->second),
        };
        writer w = writer_over(to, capacity);
        cose_key_write(&w, &key);
        assert_false(w.overflowed);
        return writer_view(&w);
}

static bool mitome_accepts(const struct assertion *a)
{
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        uint8_t key[640];
        struct mitome_expectation expected = rig_expectation(&rig);
        struct mitome_verdict verdict;
        const struct mitome_policy policy = { .require_user_verification = a->want_uv };
        const struct mitome_response response = {
                .credential_id = SLICE(rig.credential_id),
                .client_data = slice_of(a->client_data, a->client_data_size),
                .auth_data = slice_of(a->auth_data, a->auth_data_size),
                .signature = slice_of(a->signature, a->signature_size),
        };
        const struct mitome_credential record = {
                .id = SLICE(rig.credential_id),
                .public_key = write_key(a, key, sizeof key),
                .backup_eligible_unknown = true,
        };
        expected.rp_id = slice_text(a->rp_id);
        return mitome_verify_authentication_bytes(context, &policy, &expected, &response, &record, NULL,
                       RIG_NOW, buffer, sizeof buffer, &verdict, NULL)
                       .code == MITOME_OK;
}

/* NULL when libfido2 does not take the key. */
static void *libfido2_key(const struct assertion *a)
{
        const size_t size = a->owner->first + a->owner->second;
        void *key;
        int result;
        switch (a->owner->key) {
        case RIG_ES256:
                key = es256_pk_new();
                result = es256_pk_from_ptr(key, a->public, size);
                break;
        case RIG_RS256:
                key = rs256_pk_new();
                result = rs256_pk_from_ptr(key, a->public, size);
                break;
        default:
                key = eddsa_pk_new();
                result = eddsa_pk_from_ptr(key, a->public, size);
        }
        assert_non_null(key);
        if (result == FIDO_OK)
                return key;
        free(key);
        return NULL;
}

static void free_key(const struct assertion *a, void *key)
{
        es256_pk_t *es256 = key;
        rs256_pk_t *rs256 = key;
        eddsa_pk_t *eddsa = key;
        if (a->owner->key == RIG_ES256)
                es256_pk_free(&es256);
        else if (a->owner->key == RIG_RS256)
                rs256_pk_free(&rs256);
        else
                eddsa_pk_free(&eddsa);
}

static bool libfido2_accepts(const struct assertion *a)
{
        uint8_t hash[SHA256_SIZE];
        const slice client_data = slice_of(a->client_data, a->client_data_size);
        fido_assert_t *assert = fido_assert_new();
        void *key = libfido2_key(a);
        sha256(&client_data, 1, hash);
        const bool accepted =
                key && fido_assert_set_count(assert, 1) == FIDO_OK &&
                fido_assert_set_clientdata_hash(assert, hash, sizeof hash) == FIDO_OK &&
                fido_assert_set_rp(assert, a->rp_id) == FIDO_OK &&
                fido_assert_set_up(assert, FIDO_OPT_TRUE) == FIDO_OK &&
                fido_assert_set_uv(assert, a->want_uv ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
                fido_assert_set_authdata_raw(assert, 0, a->auth_data, a->auth_data_size) == FIDO_OK &&
                fido_assert_set_sig(assert, 0, a->signature, a->signature_size) == FIDO_OK &&
                fido_assert_verify(assert, 0, a->owner->algorithm, key) == FIDO_OK;
        if (key)
                free_key(a, key);
        fido_assert_free(&assert);
        return accepted;
}

/* ---- the test ---- */

struct tally {
        size_t asked, mitome, libfido2;
};

static void tell(const char *name, const struct tally *tally)
{
        print_message("  %-26s %6zu, accepted by mitome %6zu, by libfido2 %6zu\n", name, tally->asked,
                tally->mitome, tally->libfido2);
}

static size_t how_many(void)
{
        const char *text = getenv("MITOME_DIFFERENTIAL");
        const unsigned long count = text ? strtoul(text, NULL, 10) : 0;
        return count ? count : ASSERTIONS;
}

static const struct owner *draw_owner(void)
{
        int at = (int)draw(100);
        size_t i = 0;
        for (; i + 1 < COUNT(owners) && at >= owners[i].weight; i++)
                at -= owners[i].weight;
        return &owners[i];
}

static void what_is_accepted_here_libfido2_accepts(void **state)
{
        (void)state;
        struct tally tallies[COUNT(edits)] = { 0 }, sum = { 0 };
        const size_t count = how_many();
        for (size_t i = 0; i < count; i++) {
                const struct owner *owner = draw_owner();
                const size_t chosen = draw_edit();
                struct assertion a = ready[owner - owners][draw(4) == 0];
                edits[chosen].edit(&a);
                const bool here = mitome_accepts(&a), there = libfido2_accepts(&a);
                if (here && !there)
                        print_error("assertion %zu (%s, key %d) is accepted here and not by libfido2\n", i,
                                edits[chosen].name, owner->algorithm);
                assert_true(!here || there);
                assert_true(edits[chosen].edit != nothing || here);
                tallies[chosen].asked++;
                tallies[chosen].mitome += here;
                tallies[chosen].libfido2 += there;
        }
        for (size_t i = 0; i < COUNT(edits); i++) {
                tell(edits[i].name, &tallies[i]);
                sum.asked += tallies[i].asked;
                sum.mitome += tallies[i].mitome;
                sum.libfido2 += tallies[i].libfido2;
        }
        tell("all", &sum);
        assert_int_equal(sum.asked, count);
        assert_true(sum.mitome > count / 100 && sum.mitome <= sum.libfido2);
}

static int open_all(void **state)
{
        (void)state;
        fido_init(0);
        rig_open(&rig);
        for (size_t i = 0; i < COUNT(owners); i++) {
                open_owner(&owners[i]);
                for (int extensions = 0; extensions < 2; extensions++) {
                        ready[i][extensions] = right_assertion(&owners[i], extensions);
                        again(&ready[i][extensions]);
                }
        }
        return mitome_context_new(&context, NULL).code;
}

static int close_all(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(owners); i++) {
                EVP_PKEY_free(owners[i].pair);
                EVP_PKEY_free(owners[i].other);
        }
        mitome_context_free(context);
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_accepted_here_libfido2_accepts),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
