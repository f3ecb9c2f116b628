/* SPDX-License-Identifier: Apache-2.0 */
/* COSE keys: WebAuthn L3 6.5.1.1 and 5.8.5, RFC 9052, RFC 9053, RFC 8230; and what they verify. */
#include "transcribe.h"

#include "cose.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { INPUT_MAX = 2048, MODULUS = 256 };

/* RFC 6979, A.2.5: a key on P-256 and its signature over "sample" with SHA-256. */
#define X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define P256_KEY "a5 01 02 03 26 20 01 21 5820" X "22 5820" Y
#define P256_SIGNATURE "30 46 02 21 00" R "02 21 00" S

/* RFC 8032, 7.1, test 2: a key and its signature over the one byte 72. */
#define ED_X "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define ED_SIGNATURE                                                       \
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" \
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
#define ED_KEY "a4 01 01 03 27 20 06 21 5820" ED_X

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static mitome_code read_key(slice input, struct cose_key *ret, mitome_error *error)
{
        *error = (mitome_error){ 0 };
        struct cbor_reader r = cbor_over(input, "WebAuthn L3 6.5.1.1", error);
        mitome_status status = cose_key_read(&r, "key", NULL, ret);
        if (!failed(status)) {
                assert_int_equal(r.depth, 0);
                status = cbor_end(&r, "key");
        }
        assert_int_equal(error->code, status.code);
        return status.code;
}

static struct cose_key key_of(const char *hex, uint8_t buffer[INPUT_MAX])
{
        struct cose_key key;
        mitome_error error;
        assert_int_equal(read_key(hex_decode(hex, buffer, INPUT_MAX), &key, &error), MITOME_OK);
        return key;
}

static void assert_written_again(const struct cose_key *key, slice input)
{
        uint8_t buffer[INPUT_MAX];
        writer w = WRITER(buffer);
        slice written;
        cose_key_write(&w, key);
        assert_int_equal(writer_finish(&w, "key", &written, NULL).code, MITOME_OK);
        assert_true(slice_equal(written, input));
}

static mitome_code verify(const struct cose_key *key, slice message, slice signature)
{
        mitome_error error = { 0 };
        mitome_status status =
                cose_verify(NULL, key, &message, 1, signature, "sig", "WebAuthn L3 7.2 #21", &error);
        assert_int_equal(error.code, status.code);
        if (failed(status)) {
                assert_string_equal(error.field, "sig");
                assert_string_equal(error.clause, "WebAuthn L3 7.2 #21");
        }
        return status.code;
}

/* ---- keys ---- */

/* WebAuthn L3 6.5.1.1: "The COSE_Key-encoded credential public key MUST contain the 'alg' parameter and MUST
 * NOT contain any other OPTIONAL parameters." 5.8.5: keys with -7 "MUST specify 1 (P-256) as the crv
 * parameter and MUST NOT use the compressed point form", with -8 "MUST specify 6 (Ed25519)". */
static const struct {
        const char *hex;
        mitome_code code;
        size_t at;
} keys[] = {
        { P256_KEY, MITOME_OK },
        { ED_KEY, MITOME_OK },
        { "a0", MITOME_E_KEY_TYPE, 1 },
        { "80", MITOME_E_CBOR_TYPE },
        { "40", MITOME_E_CBOR_TYPE },
        { "a9 01 02 03 26 20 01 21 00 22 00 23 00 24 00 25 00 26 00", MITOME_E_TOO_MANY },
        { "a4 03 26 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE, 1 },          /* no kty */
        { "a4 01 02 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE, 3 },          /* no alg */
        { "a4 01 02 03 26 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },             /* no crv */
        { "a4 01 02 03 26 20 01 22 5820" Y, MITOME_E_KEY_TYPE },                   /* no x */
        { "a4 01 02 03 26 20 01 21 5820" X, MITOME_E_KEY_TYPE },                   /* no y */
        { "a5 01 01 03 26 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },       /* OKP with ES256 */
        { "a5 01 03 03 26 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },       /* RSA with ES256 */
        { "a5 01 02 03 27 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },       /* EC2 with EdDSA */
        { "a5 01 04 03 26 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },       /* symmetric */
        { "a5 01 02 03 3822 20 02 21 5820" X "22 5820" Y, MITOME_E_KEY_POINT, 8 }, /* ES384 */
        { "a5 01 02 03 382e 20 08 21 5820" X "22 5820" Y, MITOME_E_KEY_POINT, 8 }, /* ES256K */
        { "a5 01 02 03 382d 20 01 21 5820" X "22 5820" Y, MITOME_E_ALGORITHM_UNSUPPORTED, 3 }, /* HSS-LMS */
        { "a5 01 02 03 39fffe 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },               /* RS1 */
        { "a5 01 02 03 07 20 01 21 5820" X "22 5820" Y, MITOME_E_ALGORITHM_UNSUPPORTED, 3 },
        { "a5 01 02 03 65455332353620 01 21 5820" X "22 5820" Y, MITOME_E_CBOR_TYPE, 4 }, /* "ES256" */
        { "a5 01 02 03 26 20 02 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE, 5 },           /* P-384 */
        { "a5 01 02 03 26 20 06 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE, 5 },           /* Ed25519 */
        { "a5 01 02 03 26 20 65502d323536 21 5820" X "22 5820" Y, MITOME_E_CBOR_TYPE, 6 },
        { "a5 01 02 03 26 20 01 21 40 22 40", MITOME_E_KEY_POINT, 7 }, /* nothing: infinity */
        { "a5 01 02 03 26 20 01 21 4100 22 4100", MITOME_E_KEY_POINT, 7 },
        { "a5 01 02 03 26 20 01 21 5821 00" X "22 5820" Y, MITOME_E_KEY_POINT, 7 }, /* 33 bytes */
        { "a5 01 02 03 26 20 01 21 5820" X "22 5821 00" Y, MITOME_E_KEY_POINT, 7 + 35 },
        { "a5 01 02 03 26 20 01 21 5820" X "22 f5", MITOME_E_CBOR_TYPE }, /* compressed */
        { "a5 01 02 03 26 20 01 21 6161 22 5820" Y, MITOME_E_CBOR_TYPE },
        { "a5 01 02 03 26 20 01 21 5820" ZERO "22 5820" ZERO, MITOME_E_KEY_POINT, 7 },
        { "a5 01 02 03 26 20 01 21 5820" Y "22 5820" X, MITOME_E_KEY_POINT, 7 }, /* off the curve */
        { "a5 01 02 03 26 20 01 21 5820" X "22 5820" X, MITOME_E_KEY_POINT, 7 },
        { "a6 01 02 02 4100 03 26 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE, 3 },     /* kid */
        { "a6 01 02 03 26 04 8102 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE },        /* key_ops */
        { "a6 01 02 03 26 20 01 21 5820" X "22 5820" Y "23 5820" ZERO, MITOME_E_KEY_TYPE }, /* private key */
        { "a6 01 02 03 26 20 01 21 5820" X "22 5820" Y "6161 00", MITOME_E_KEY_TYPE },
        { "a5 01 02 03 26 20 01 21 5820" X "6161 00", MITOME_E_KEY_TYPE },
        { "a5 01 02 03 26 03 26 21 5820" X "22 5820" Y, MITOME_E_CBOR_DUPLICATE_KEY, 5 },
        { "a5 03 26 01 02 20 01 21 5820" X "22 5820" Y, MITOME_E_KEY_TYPE, 1 },
        { "a5 01 02 03 26 21 5820" X "20 01 22 5820" Y, MITOME_E_KEY_TYPE, 5 },
        { "a5 01 02 03 26 20 01 22 5820" Y "21 5820" X, MITOME_E_KEY_TYPE, 7 },
        { "a5 01 02 03 26 20 01 21 5820" X "22 5820" Y "00", MITOME_E_TRAILING_BYTES, 77 },
        { "a4 01 02 03 27 20 06 21 5820" ED_X, MITOME_E_KEY_TYPE },    /* EC2 with Ed25519 */
        { "a4 01 01 03 26 20 06 21 5820" ED_X, MITOME_E_KEY_TYPE },    /* ES256 with Ed25519 */
        { "a4 01 01 03 27 20 04 21 5820" ED_X, MITOME_E_KEY_TYPE, 5 }, /* X25519 */
        { "a4 01 01 03 27 20 07 21 5820" ED_X, MITOME_E_KEY_TYPE, 5 }, /* Ed448 */
        { "a4 01 01 03 27 20 06 21 5821" ED_X "00", MITOME_E_KEY_POINT, 7 },
        { "a4 01 01 03 27 20 06 21 40", MITOME_E_KEY_POINT, 7 },
        { "a5 01 01 03 27 20 06 21 5820" ED_X "22 5820" ED_X, MITOME_E_KEY_TYPE },
};

static void takes_whole_keys_and_nothing_more(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(keys); i++) {
                uint8_t buffer[INPUT_MAX];
                mitome_error error;
                struct cose_key key = { .algorithm = 4711 };
                slice input = exact_copy(hex_decode(keys[i].hex, buffer, sizeof buffer));
                mitome_code code = read_key(input, &key, &error);
                if (code != keys[i].code || (keys[i].at && error.at != keys[i].at))
                        print_error("%s: %d at %zu\n", keys[i].hex, code, error.at);
                assert_int_equal(code, keys[i].code);
                if (keys[i].at)
                        assert_int_equal(error.at, keys[i].at);
                if (code == MITOME_E_KEY_POINT || code == MITOME_E_KEY_TYPE)
                        assert_string_equal(error.clause, "WebAuthn L3 6.5.1.1");
                if (code == MITOME_OK)
                        assert_written_again(&key, input);
                else if (code != MITOME_E_TRAILING_BYTES)
                        assert_int_equal(key.algorithm, 4711);
                exact_free(input);
        }
}

/* SEC 1, 2.3.4: a coordinate is a number under p. The point with x = 5 has a second spelling, x = p + 5, that
 * must not pass for another key. */
static void takes_one_spelling_of_a_point(void **state)
{
        (void)state;
        static const char with_5[] =
                "a5 01 02 03 26 20 01 21 5820"
                "0000000000000000000000000000000000000000000000000000000000000005 22 5820"
                "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
        static const char with_p_and_5[] =
                "a5 01 02 03 26 20 01 21 5820"
                "ffffffff00000001000000000000000000000001000000000000000000000004 22 5820"
                "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
        uint8_t buffer[INPUT_MAX];
        mitome_error error;
        struct cose_key key = key_of(with_5, buffer);
        assert_int_equal(key.x.data[31], 5);
        slice other = hex_decode(with_p_and_5, buffer, sizeof buffer);
        assert_int_equal(read_key(other, &key, &error), MITOME_E_KEY_POINT);
}

struct rsa_key {
        size_t modulus;
        uint8_t first, last;
        const char *exponent;
        mitome_code code;
};

/* RFC 8230, 4: n and e are positive integers of "the minimum number of octets". */
static const struct rsa_key rsa_keys[] = {
        { 256, 0x80, 0x01, "010001", MITOME_OK },                                       /* 2048 bits */
        { 256, 0xFF, 0x01, "03", MITOME_OK }, { 512, 0xFF, 0x01, "010001", MITOME_OK }, /* 4096 bits */
        { 257, 0x01, 0x01, "010001", MITOME_OK },                                       /* 2049 bits */
        { 128, 0x80, 0x01, "010001", MITOME_E_KEY_WEAK },                               /* 1024 bits */
        { 255, 0xFF, 0x01, "010001", MITOME_E_KEY_WEAK },
        { 256, 0x7F, 0x01, "010001", MITOME_E_KEY_WEAK }, /* 2047 bits */
        { 513, 0x01, 0x01, "010001", MITOME_E_KEY_WEAK }, /* 4097 bits */
        { 0, 0, 0, "010001", MITOME_E_KEY_WEAK },
        { 257, 0x00, 0x01, "010001", MITOME_E_KEY_WEAK }, /* a leading zero */
        { 256, 0x80, 0x02, "010001", MITOME_E_KEY_WEAK }, /* even */
        { 256, 0x80, 0x01, "01", MITOME_E_KEY_WEAK }, { 256, 0x80, 0x01, "02", MITOME_E_KEY_WEAK },
        { 256, 0x80, 0x01, "010000", MITOME_E_KEY_WEAK }, { 256, 0x80, 0x01, "00010001", MITOME_E_KEY_WEAK },
        { 256, 0x80, 0x01, "0001", MITOME_E_KEY_WEAK }, { 256, 0x80, 0x01, "00", MITOME_E_KEY_WEAK },
        { 256, 0x80, 0x01, "", MITOME_E_KEY_WEAK }, { 256, 0x80, 0x01, "8000000000000001", MITOME_OK },
        { 256, 0x80, 0x01, "010000000000000001", MITOME_E_KEY_WEAK }, /* 65 bits */
};

static slice rsa_input(const struct rsa_key *rsa, writer *w)
{
        uint8_t exponent[16], modulus[520] = { 0 };
        if (rsa->modulus) {
                modulus[rsa->modulus - 1] = rsa->last;
                modulus[0] = rsa->first;
        }
        cbor_write_map(w, 4);
        cbor_write_int(w, 1);
        cbor_write_int(w, 3);
        cbor_write_int(w, 3);
        cbor_write_int(w, COSE_RS256);
        cbor_write_int(w, -1);
        cbor_write_bytes(w, slice_of(modulus, rsa->modulus));
        cbor_write_int(w, -2);
        cbor_write_bytes(w, hex_decode(rsa->exponent, exponent, sizeof exponent));
        return writer_view(w);
}

static void takes_rsa_keys_of_2048_to_4096_bits(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(rsa_keys); i++) {
                uint8_t buffer[INPUT_MAX];
                writer w = WRITER(buffer);
                mitome_error error;
                struct cose_key key;
                slice input = rsa_input(&rsa_keys[i], &w);
                mitome_code code = read_key(input, &key, &error);
                if (code != rsa_keys[i].code)
                        print_error("RSA key %zu: %d\n", i, code);
                assert_int_equal(code, rsa_keys[i].code);
                if (code)
                        assert_int_equal(error.at, 7); /* kty and alg are as they should be */
                else
                        assert_written_again(&key, input);
        }
        uint8_t buffer[INPUT_MAX];
        mitome_error error;
        struct cose_key key;
        static const char *const others[] = {
                "a4 01 03 03 390100 21 43010001 22 43010001",             /* e in the place of n */
                "a3 01 03 03 390100 20 43010001",                         /* no e */
                "a5 01 03 03 390100 20 43010001 21 43010001 22 43010001", /* d */
                "a4 01 02 03 390100 20 43010001 21 43010001",             /* EC2 with RS256 */
        };
        for (size_t i = 0; i < COUNT(others); i++)
                assert_int_equal(read_key(hex_decode(others[i], buffer, sizeof buffer), &key, &error),
                        MITOME_E_KEY_TYPE);
}

static void every_truncation_of_a_key_is_an_end(void **state)
{
        (void)state;
        uint8_t buffers[3][INPUT_MAX];
        writer w = WRITER(buffers[2]);
        const slice inputs[] = {
                hex_decode(P256_KEY, buffers[0], INPUT_MAX),
                hex_decode(ED_KEY, buffers[1], INPUT_MAX),
                rsa_input(&rsa_keys[0], &w),
        };
        for (size_t i = 0; i < COUNT(inputs); i++)
                for (size_t size = 0; size < inputs[i].size; size++) {
                        slice cut = exact_copy(slice_of(inputs[i].data, size));
                        struct cose_key key;
                        mitome_error error;
                        assert_int_equal(read_key(cut, &key, &error), MITOME_E_INPUT_ENDS);
                        assert_true(error.at <= size);
                        exact_free(cut);
                }
}

/* Each byte in turn takes other values: what is still accepted is a key, and is written as it was read. */
static void every_change_of_a_key_is_refused_or_another_key(void **state)
{
        (void)state;
        uint8_t buffer[INPUT_MAX];
        slice input = hex_decode(P256_KEY, buffer, sizeof buffer);
        for (size_t at = 0; at < input.size; at++) {
                uint8_t original = buffer[at];
                for (unsigned change = 1; change <= 0xFF; change += at < 10 ? 1 : 31) {
                        struct cose_key key;
                        mitome_error error;
                        buffer[at] = (uint8_t)(original ^ change);
                        if (read_key(input, &key, &error) == MITOME_OK)
                                assert_written_again(&key, input);
                        else
                                assert_true(error.at <= input.size);
                }
                buffer[at] = original;
        }
}

static void names_what_it_supports(void **state)
{
        (void)state;
        assert_string_equal(cose_algorithm_name(COSE_ES256), "ES256");
        assert_string_equal(cose_algorithm_name(COSE_EDDSA), "EdDSA");
        assert_string_equal(cose_algorithm_name(COSE_RS256), "RS256");
        assert_null(cose_algorithm_name(-46));
        assert_true(cose_algorithm_is_broken(COSE_RS1));
        assert_false(cose_algorithm_is_broken(COSE_RS256));
        assert_null(cose_algorithm_name(0));
        const struct cose_key unknown = { .algorithm = -46 };
        uint8_t buffer[64];
        writer w = WRITER(buffer);
        slice written;
        cose_key_write(&w, &unknown);
        assert_int_equal(writer_finish(&w, "key", &written, NULL).code, MITOME_E_BUFFER_FULL);
}

/* ---- ES256 ---- */

/* WebAuthn L3 6.5.5: "the sig value MUST be encoded as an ASN.1 DER Ecdsa-Sig-Value"; X.690, 8.3 and 10.1. */
static const struct {
        const char *hex;
        mitome_code code;
} ecdsa_signatures[] = {
        { P256_SIGNATURE, MITOME_OK }, { "", MITOME_E_SIGNATURE_FORM },
        { R S, MITOME_E_SIGNATURE_FORM },                                /* raw */
        { "30 81 46 02 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM }, /* long lengths */
        { "30 82 00 46 02 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 47 02 81 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 47 02 21 00" R "02 81 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 80 02 21 00" R "02 21 00" S "00 00", MITOME_E_SIGNATURE_FORM }, /* indefinite length */
        { "30 46 02 21 00" R "02 21 00" S "00", MITOME_E_SIGNATURE_FORM },    /* bytes behind it */
        { "30 48 02 21 00" R "02 21 00" S "05 00", MITOME_E_SIGNATURE_FORM }, /* bytes inside it */
        { "30 49 02 21 00" R "02 21 00" S "02 01 01", MITOME_E_SIGNATURE_FORM },
        { "30 45 02 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 47 02 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "31 46 02 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM }, /* tags */
        { "30 46 03 21 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 46 02 21 00" R "04 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 45 02 20" R "02 21 00" S, MITOME_E_SIGNATURE_FORM }, /* negative */
        { "30 45 02 21 00" R "02 20" S, MITOME_E_SIGNATURE_FORM },
        { "30 44 02 20" R "02 20" S, MITOME_E_SIGNATURE_FORM },
        { "30 26 02 01 80 02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 47 02 22 00 00" R "02 21 00" S, MITOME_E_SIGNATURE_FORM }, /* not minimal */
        { "30 47 02 21 00" R "02 22 00 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 27 02 02 00 01 02 21 00" S, MITOME_E_SIGNATURE_FORM },
        { "30 46 02 21 01" R "02 21 00" S, MITOME_E_SIGNATURE_FORM }, /* 257 bits */
        { "30 26 02 01 00 02 21 00" S, MITOME_E_SIGNATURE_FORM },     /* zero */
        { "30 26 02 21 00" R "02 01 00", MITOME_E_SIGNATURE_FORM },
        { "30 25 02 00 02 21 00" S, MITOME_E_SIGNATURE_FORM }, /* empty */
        { "30 06 02 01 00 02 01 00", MITOME_E_SIGNATURE_FORM },
        { "30 23 02 21 00" R, MITOME_E_SIGNATURE_FORM }, /* s missing */
        { "30 00", MITOME_E_SIGNATURE_FORM },
        { "30 06 02 01 01 02 01 01", MITOME_E_SIGNATURE_INVALID }, /* well-formed */
        { "30 26 02 01 7f 02 21 00" S, MITOME_E_SIGNATURE_INVALID },
        { "30 46 02 21 00" S "02 21 00" R, MITOME_E_SIGNATURE_INVALID },
        { "30 46 02 21 00 ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551 02 21 00" S,
                MITOME_E_SIGNATURE_INVALID }, /* r is the order */
};

static void takes_ecdsa_signatures_in_strict_der(void **state)
{
        (void)state;
        uint8_t key_buffer[INPUT_MAX], buffer[INPUT_MAX];
        struct cose_key key = key_of(P256_KEY, key_buffer);
        for (size_t i = 0; i < COUNT(ecdsa_signatures); i++) {
                slice signature = exact_copy(hex_decode(ecdsa_signatures[i].hex, buffer, sizeof buffer));
                mitome_code code = verify(&key, slice_text("sample"), signature);
                if (code != ecdsa_signatures[i].code)
                        print_error("%s: %d\n", ecdsa_signatures[i].hex, code);
                assert_int_equal(code, ecdsa_signatures[i].code);
                exact_free(signature);
        }
        slice signature = hex_decode(P256_SIGNATURE, buffer, sizeof buffer);
        for (size_t size = 0; size < signature.size; size++) {
                slice cut = exact_copy(slice_of(buffer, size));
                assert_int_equal(verify(&key, slice_text("sample"), cut), MITOME_E_SIGNATURE_FORM);
                exact_free(cut);
        }
        assert_int_equal(verify(&key, slice_text("samplf"), signature), MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(verify(&key, slice_text(""), signature), MITOME_E_SIGNATURE_INVALID);
}

/* ---- EdDSA ---- */

/* RFC 8032, 5.1.7: S is a number under L; and a key of small order signs anything for anybody. */
static void takes_canonical_ed25519_only(void **state)
{
        (void)state;
        static const uint8_t message[] = { 0x72 };
        /* L, the order of the group, from the lowest byte (RFC 8032, 5.1) */
        static const uint8_t order[] = { 0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7,
                0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 };
        uint8_t key_buffer[INPUT_MAX], buffer[65] = { 0 };
        struct cose_key key = key_of(ED_KEY, key_buffer);
        slice signature = hex_decode(ED_SIGNATURE, buffer, sizeof buffer);
        assert_int_equal(verify(&key, SLICE(message), signature), MITOME_OK);
        assert_int_equal(verify(&key, slice_text("s"), signature), MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(verify(&key, SLICE(message), slice_of(buffer, 63)), MITOME_E_SIGNATURE_FORM);
        assert_int_equal(verify(&key, SLICE(message), SLICE(buffer)), MITOME_E_SIGNATURE_FORM);
        assert_int_equal(verify(&key, SLICE(message), slice_of(NULL, 0)), MITOME_E_SIGNATURE_FORM);
        sodium_add(buffer + 32, order, sizeof order);
        assert_int_equal(verify(&key, SLICE(message), signature), MITOME_E_SIGNATURE_INVALID);

        /* y = 1, 0 and -1: points of order 1, 4 and 2; and a second spelling of the first, y = p + 1 */
        static const char *const small[] = {
                "0100000000000000000000000000000000000000000000000000000000000000",
                ZERO,
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        };
        for (size_t i = 0; i < COUNT(small); i++) {
                uint8_t point[32], forged[64] = { 0x01 }; /* R is the neutral element, S is 0 */
                const struct cose_key weak = { .algorithm = COSE_EDDSA,
                        .x = hex_decode(small[i], point, sizeof point) };
                assert_int_equal(verify(&weak, SLICE(message), SLICE(forged)), MITOME_E_SIGNATURE_INVALID);
        }
}

/* RFC 8032, 5.1.3 decodes a point; what 5.1.5 makes of a secret key is of the large order always. */
static void ed25519_keys_are_points_of_the_large_order(void **state)
{
        (void)state;
        static const char *const none[] = {
                "0200000000000000000000000000000000000000000000000000000000000000", /* y of no point */
                "0100000000000000000000000000000000000000000000000000000000000000", /* the neutral element */
                ZERO,
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* y = p + 1 */
                "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        };
        uint8_t points[COUNT(none) + 1][32], good[32];
        for (size_t i = 0; i < COUNT(none); i++)
                (void)hex_decode(none[i], points[i], sizeof points[i]);
        /* A good point and the one of order 2 make one that is on the curve, and of twice the order. */
        (void)hex_decode(ED_X, good, sizeof good);
        assert_int_equal(crypto_core_ed25519_add(points[COUNT(none)], good, points[3]), 0);
        for (size_t i = 0; i <= COUNT(none); i++) {
                uint8_t buffer[64];
                writer w = WRITER(buffer);
                const struct cose_key weak = { .algorithm = COSE_EDDSA, .x = SLICE(points[i]) };
                struct cose_key key = { .algorithm = 4711 };
                mitome_error error = { 0 };
                cose_key_write(&w, &weak);
                struct cbor_reader r = cbor_over(writer_view(&w), NULL, &error);
                assert_int_equal(cose_key_read(&r, "key", NULL, &key).code, MITOME_E_KEY_POINT);
                assert_int_equal(error.at, 7);
                assert_int_equal(key.algorithm, 4711);
        }
}

static void ed25519_messages_have_a_limit(void **state)
{
        (void)state;
        static uint8_t message[COSE_MESSAGE_MAX + 1];
        uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES],
                signature[crypto_sign_BYTES];
        crypto_sign_keypair(public_key, secret_key);
        const struct cose_key key = { .algorithm = COSE_EDDSA, .x = SLICE(public_key) };
        crypto_sign_detached(signature, NULL, message, COSE_MESSAGE_MAX, secret_key);
        assert_int_equal(verify(&key, slice_of(message, COSE_MESSAGE_MAX), SLICE(signature)), MITOME_OK);
        crypto_sign_detached(signature, NULL, message, sizeof message, secret_key);
        assert_int_equal(verify(&key, SLICE(message), SLICE(signature)), MITOME_E_TOO_LONG);
}

/* ---- RS256, and all of them ---- */

static size_t sign(EVP_PKEY *pair, const EVP_MD *digest, int padding, slice message, uint8_t *ret)
{
        size_t size = MODULUS;
        EVP_PKEY_CTX *options;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, &options, digest, NULL, pair), 1);
        if (padding)
                assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, padding), 1);
        assert_int_equal(EVP_DigestSign(context, ret, &size, message.data, message.size), 1);
        EVP_MD_CTX_free(context);
        return size;
}

static slice number_of(EVP_PKEY *pair, const char *name, uint8_t *buffer, size_t size)
{
        BIGNUM *number = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(pair, name, &number), 1);
        size_t used = (size_t)BN_num_bytes(number);
        assert_int_equal(BN_bn2binpad(number, buffer, (int)(size ? size : used)), (int)(size ? size : used));
        BN_free(number);
        return slice_of(buffer, size ? size : used);
}

/* A fresh key of each kind and its signature over "The quick brown fox". */
struct signer {
        struct cose_key key;
        slice signature;
        EVP_PKEY *pair; /* not of EdDSA */
        uint8_t first[MODULUS], second[32], bytes[MODULUS];
};

static const char signed_text[] = "The quick brown fox";

static void sign_es256(struct signer *s)
{
        s->pair = EVP_EC_gen("P-256");
        assert_non_null(s->pair);
        s->key = (struct cose_key){ .algorithm = COSE_ES256,
                .x = number_of(s->pair, OSSL_PKEY_PARAM_EC_PUB_X, s->first, 32),
                .y = number_of(s->pair, OSSL_PKEY_PARAM_EC_PUB_Y, s->second, 32) };
        s->signature = slice_of(s->bytes, sign(s->pair, EVP_sha256(), 0, slice_text(signed_text), s->bytes));
}

static void sign_eddsa(struct signer *s)
{
        uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
        crypto_sign_keypair(s->first, secret_key);
        s->key = (struct cose_key){ .algorithm = COSE_EDDSA, .x = slice_of(s->first, 32) };
        slice text = slice_text(signed_text);
        crypto_sign_detached(s->bytes, NULL, text.data, text.size, secret_key);
        s->signature = slice_of(s->bytes, crypto_sign_BYTES);
}

static void sign_rs256(struct signer *s)
{
        s->pair = EVP_RSA_gen(MODULUS * 8);
        assert_non_null(s->pair);
        s->key = (struct cose_key){ .algorithm = COSE_RS256,
                .n = number_of(s->pair, OSSL_PKEY_PARAM_RSA_N, s->first, 0),
                .e = number_of(s->pair, OSSL_PKEY_PARAM_RSA_E, s->second, 0) };
        s->signature = slice_of(
                s->bytes, sign(s->pair, EVP_sha256(), RSA_PKCS1_PADDING, slice_text(signed_text), s->bytes));
}

static struct signer signers[3];

static int make_signers(void **state)
{
        (void)state;
        sign_es256(&signers[0]);
        sign_eddsa(&signers[1]);
        sign_rs256(&signers[2]);
        return 0;
}

static int free_signers(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(signers); i++)
                EVP_PKEY_free(signers[i].pair);
        return 0;
}

static void verifies_what_a_key_signed_in_any_parts(void **state)
{
        (void)state;
        slice text = slice_text(signed_text);
        for (size_t i = 0; i < COUNT(signers); i++) {
                const struct signer *s = &signers[i];
                uint8_t buffer[INPUT_MAX];
                writer w = WRITER(buffer);
                mitome_error error;
                struct cose_key key;
                cose_key_write(&w, &s->key);
                assert_int_equal(read_key(writer_view(&w), &key, &error), MITOME_OK);
                assert_int_equal(verify(&key, text, s->signature), MITOME_OK);
                for (size_t split = 0; split <= text.size; split++) {
                        const slice parts[] = { slice_of(text.data, split), { NULL, 0 },
                                slice_of(text.data + split, text.size - split), { NULL, 0 } };
                        assert_int_equal(
                                cose_verify(NULL, &key, parts, COSE_PARTS, s->signature, "sig", NULL, NULL)
                                        .code,
                                MITOME_OK);
                }
                const slice swapped[] = { slice_of(text.data + 1, text.size - 1), slice_of(text.data, 1) };
                assert_int_equal(cose_verify(NULL, &key, swapped, 2, s->signature, "sig", NULL, NULL).code,
                        MITOME_E_SIGNATURE_INVALID);
                assert_int_equal(cose_verify(NULL, &key, NULL, 0, s->signature, "sig", NULL, NULL).code,
                        MITOME_E_SIGNATURE_INVALID);
        }
}

static void no_changed_signature_verifies(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(signers); i++) {
                const struct signer *s = &signers[i];
                for (size_t bit = 0; bit < s->signature.size * 8; bit += 3) {
                        uint8_t changed[MODULUS];
                        assert_int_equal(
                                slice_copy(s->signature, "signature", changed, sizeof changed, NULL).code,
                                MITOME_OK);
                        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        mitome_code code = verify(
                                &s->key, slice_text(signed_text), slice_of(changed, s->signature.size));
                        assert_true(code == MITOME_E_SIGNATURE_INVALID || code == MITOME_E_SIGNATURE_FORM);
                }
        }
}

static void no_other_key_or_algorithm_verifies(void **state)
{
        (void)state;
        slice text = slice_text(signed_text);
        for (size_t i = 0; i < COUNT(signers); i++)
                for (size_t j = 0; j < COUNT(signers); j++)
                        if (i != j)
                                assert_int_equal(verify(&signers[i].key, text, signers[j].signature),
                                        MITOME_E_SIGNATURE_FORM);
        struct cose_key other = signers[0].key;
        other.algorithm = -46;
        assert_int_equal(verify(&other, text, signers[0].signature), MITOME_E_ALGORITHM_UNSUPPORTED);
        const slice parts[COSE_PARTS + 1] = { text };
        assert_int_equal(cose_verify(NULL, &signers[0].key, parts, COSE_PARTS + 1, signers[0].signature,
                                 "sig", NULL, NULL)
                                 .code,
                MITOME_E_ARGUMENT);
}

/* RFC 8812, 2: RS256 is "RSASSA-PKCS1-v1_5 using SHA-256"; RFC 8017, 8.2.2: the signature is as long as the
 * modulus and a number under it. */
static void rs256_is_pkcs1_with_sha256_only(void **state)
{
        (void)state;
        const struct signer *s = &signers[2];
        slice text = slice_text(signed_text);
        uint8_t signature[MODULUS + 1] = { 0 };
        sign(s->pair, EVP_sha256(), RSA_PKCS1_PSS_PADDING, text, signature);
        assert_int_equal(verify(&s->key, text, slice_of(signature, MODULUS)), MITOME_E_SIGNATURE_INVALID);
        sign(s->pair, EVP_sha512(), RSA_PKCS1_PADDING, text, signature);
        assert_int_equal(verify(&s->key, text, slice_of(signature, MODULUS)), MITOME_E_SIGNATURE_INVALID);
        sign(s->pair, EVP_sha1(), RSA_PKCS1_PADDING, text, signature);
        assert_int_equal(verify(&s->key, text, slice_of(signature, MODULUS)), MITOME_E_SIGNATURE_INVALID);
        /* the right one with a zero before it, and without its last byte */
        assert_int_equal(slice_copy(s->signature, "s", signature + 1, MODULUS, NULL).code, MITOME_OK);
        signature[0] = 0;
        assert_int_equal(verify(&s->key, text, slice_of(signature, MODULUS + 1)), MITOME_E_SIGNATURE_FORM);
        assert_int_equal(
                verify(&s->key, text, slice_of(s->signature.data, MODULUS - 1)), MITOME_E_SIGNATURE_FORM);
        for (size_t i = 0; i < MODULUS; i++)
                signature[i] = 0xFF;
        assert_int_equal(verify(&s->key, text, slice_of(signature, MODULUS)), MITOME_E_SIGNATURE_INVALID);
        for (size_t i = 0; i < MODULUS; i++)
                signature[i] = 0;
        assert_int_equal(verify(&s->key, text, slice_of(signature, MODULUS)), MITOME_E_SIGNATURE_INVALID);
}

/* A refusal here must not turn up as a failure of the caller's next TLS call. */
static void openssls_error_queue_is_left_alone(void **state)
{
        (void)state;
        uint8_t buffer[INPUT_MAX];
        struct cose_key key;
        mitome_error error;
        static const uint8_t one[MODULUS] = { [MODULUS - 1] = 1 };
        slice off_curve = hex_decode("a5 01 02 03 26 20 01 21 5820" X "22 5820" X, buffer, sizeof buffer);
        ERR_clear_error();
        for (int round = 0; round < 2; round++) {
                assert_int_equal(read_key(off_curve, &key, &error), MITOME_E_KEY_POINT);
                assert_int_equal(
                        verify(&signers[2].key, slice_text("x"), SLICE(one)), MITOME_E_SIGNATURE_INVALID);
                assert_int_equal(verify(&signers[0].key, slice_text("x"), signers[0].signature),
                        MITOME_E_SIGNATURE_INVALID);
                assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), round ? ERR_R_EVP_LIB : 0);
                ERR_raise(ERR_LIB_USER, ERR_R_EVP_LIB); /* the caller's own, in the second round */
        }
        ERR_clear_error();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_whole_keys_and_nothing_more),
                cmocka_unit_test(takes_one_spelling_of_a_point),
                cmocka_unit_test(takes_rsa_keys_of_2048_to_4096_bits),
                cmocka_unit_test(every_truncation_of_a_key_is_an_end),
                cmocka_unit_test(every_change_of_a_key_is_refused_or_another_key),
                cmocka_unit_test(names_what_it_supports),
                cmocka_unit_test(takes_ecdsa_signatures_in_strict_der),
                cmocka_unit_test(takes_canonical_ed25519_only),
                cmocka_unit_test(ed25519_keys_are_points_of_the_large_order),
                cmocka_unit_test(ed25519_messages_have_a_limit),
                cmocka_unit_test(verifies_what_a_key_signed_in_any_parts),
                cmocka_unit_test(no_changed_signature_verifies),
                cmocka_unit_test(no_other_key_or_algorithm_verifies),
                cmocka_unit_test(rs256_is_pkcs1_with_sha256_only),
                cmocka_unit_test(openssls_error_queue_is_left_alone),
        };
        return cmocka_run_group_tests(tests, make_signers, free_signers);
}
