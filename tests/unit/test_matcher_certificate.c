/* SPDX-License-Identifier: Apache-2.0 */

/* What the station reads in the certificate of a matcher before it pairs it, and what it does not believe. */

#include "maker.h"
#include "matcher_class.h"
#include "p256.h"
#include "random_system.h"
#include "unlock_token.h"
#include "x509_build.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1800000000, YEAR = 365 * 86400 };

static struct mitome_random source;
static struct tsm_matcher matcher;
static struct maker_matcher made;

static slice view(const struct authority_der *der)
{
        return slice_of(der->bytes, der->size);
}

static void make_point(uint8_t ret[65])
{
        SECRET(scalar);
        assert_int_equal(p256_generate(&source, &scalar, ret, NULL).code, MITOME_OK);
}

static int set_up(void **state)
{
        (void)state;
        source = random_system();
        matcher = (struct tsm_matcher){ .class = MATCHER_STRONG, .modality = UNLOCK_FINGER };
        make_point(matcher.point);
        return failed(maker_certify_matcher(&source, NOW, &matcher, &made, NULL)) ? -1 : 0;
}

static mitome_code check_at(slice ca, slice certificate, slice point, int64_t now)
{
        struct tsm_matcher read, untouched;
        mitome_error error = { 0 };
        memset(&read, 0xEE, sizeof read);
        untouched = read;
        mitome_code code = tsm_check_matcher(ca, certificate, point, now, &read, &error).code;
        assert_int_equal(error.code, code);
        if (code != MITOME_OK)
                assert_memory_equal(&read, &untouched, sizeof read);
        return code;
}

static mitome_code check(slice certificate)
{
        return check_at(view(&made.ca), certificate, SLICE(matcher.point), NOW);
}

static void class_and_modality_are_read(void **state)
{
        (void)state;
        for (int class = MATCHER_SCRIPTED; class <= MATCHER_STRONG; class ++)
                for (int modality = UNLOCK_FINGER; modality <= UNLOCK_IRIS; modality++) {
                        struct tsm_matcher one = matcher, read = { 0 };
                        struct maker_matcher its;
                        one.class = (uint8_t) class;
                        one.modality = (uint8_t)modality;
                        assert_int_equal(
                                maker_certify_matcher(&source, NOW, &one, &its, NULL).code, MITOME_OK);
                        assert_true(its.certificate.size <= MATCHER_CERTIFICATE_MAX);
                        assert_int_equal(tsm_check_matcher(view(&its.ca), view(&its.certificate),
                                                 SLICE(one.point), NOW, &read, NULL)
                                                 .code,
                                MITOME_OK);
                        assert_memory_equal(&read, &one, sizeof one);
                }
        matcher.class = MATCHER_STRONG + 1;
        assert_int_equal(maker_certify_matcher(&source, NOW, &matcher, &made, NULL).code, MITOME_E_VALUE);
        matcher.class = MATCHER_STRONG;
        matcher.modality = 0;
        assert_int_equal(maker_certify_matcher(&source, NOW, &matcher, &made, NULL).code, MITOME_E_VALUE);
}

static void pairing_without_certificate(void **state)
{
        (void)state;
        static const uint8_t junk[300] = { 0x30, 0x82, 0x01, 0x28 };
        assert_int_equal(check((slice){ 0 }), MITOME_E_MATCHER_UNCERTIFIED);
        assert_int_equal(check(SLICE(junk)), MITOME_E_MATCHER_ISSUER);
        assert_int_equal(check(view(&made.ca)), MITOME_E_MATCHER_ISSUER);
        assert_int_equal(check(view(&made.certificate)), MITOME_OK);
}

static void certificate_of_another_maker(void **state)
{
        (void)state;
        struct maker_matcher other;
        assert_int_equal(maker_certify_matcher(&source, NOW, &matcher, &other, NULL).code, MITOME_OK);
        assert_int_equal(check(view(&other.certificate)), MITOME_E_MATCHER_ISSUER);
        assert_int_equal(check_at(view(&other.ca), view(&made.certificate), SLICE(matcher.point), NOW),
                MITOME_E_MATCHER_ISSUER);
        assert_int_equal(check_at((slice){ 0 }, view(&made.certificate), SLICE(matcher.point), NOW),
                MITOME_E_MATCHER_ISSUER);
        /* a matcher vouches for none: its own certificate is no CA's */
        assert_int_equal(
                check_at(view(&made.certificate), view(&made.certificate), SLICE(matcher.point), NOW),
                MITOME_E_MATCHER_ISSUER);
}

/* A good matcher's certificate is shown for another one's key. */
static void certificate_of_another_key(void **state)
{
        (void)state;
        uint8_t point[65];
        make_point(point);
        assert_int_equal(
                check_at(view(&made.ca), view(&made.certificate), SLICE(point), NOW), MITOME_E_MATCHER_POINT);
        memcpy(point, matcher.point, sizeof point);
        point[64] ^= 1;
        assert_int_equal(
                check_at(view(&made.ca), view(&made.certificate), SLICE(point), NOW), MITOME_E_MATCHER_POINT);
        assert_int_equal(check_at(view(&made.ca), view(&made.certificate), slice_of(matcher.point, 64), NOW),
                MITOME_E_MATCHER_POINT);
}

/* Every bit of it, and so that of the class. */
static void class_raised_in_the_certificate_by_a_bit(void **state)
{
        (void)state;
        uint8_t bytes[MATCHER_CERTIFICATE_MAX + 1];
        const slice whole = view(&made.certificate);
        memcpy(bytes, whole.data, whole.size);
        for (size_t bit = 0; bit < 8 * whole.size; bit++) {
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_not_equal(check(slice_of(bytes, whole.size)), MITOME_OK);
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(check(slice_of(bytes, whole.size)), MITOME_OK);
        bytes[whole.size] = 0;
        assert_int_equal(check(slice_of(bytes, whole.size + 1)), MITOME_E_MATCHER_ISSUER);
        assert_int_equal(check(slice_of(bytes, whole.size - 1)), MITOME_E_MATCHER_ISSUER);
}

static void certificate_out_of_its_time(void **state)
{
        (void)state;
        static const int64_t times[] = { NOW - 2 * 86400, NOW + 21LL * YEAR };
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(
                        check_at(view(&made.ca), view(&made.certificate), SLICE(matcher.point), times[i]),
                        MITOME_E_MATCHER_ISSUER);
}

/* ---- what a maker may write that is none of ours: certificates by a CA of the test's ---- */

struct ca {
        EVP_PKEY *key;
        X509 *certificate;
        struct authority_der der;
};

static void make_ca(struct ca *ca)
{
        static const char *const pairs[] = { "CN", "Test maker", NULL };
        static const uint8_t serial[] = { 1 };
        X509_NAME *name = x509_name(pairs);
        ca->key = EVP_EC_gen("P-256");
        const struct x509_plan plan = { .subject = name,
                .key = ca->key,
                .issuer_key = ca->key,
                .serial = SLICE(serial),
                .not_before = NOW - 10,
                .not_after = NOW + YEAR,
                .extensions = "[certificate]\nbasicConstraints = critical, CA:TRUE\n"
                              "keyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash\n" };
        assert_int_equal(x509_build(&plan, &ca->certificate, NULL).code, MITOME_OK);
        assert_int_equal(x509_der(ca->certificate, &ca->der, NULL).code, MITOME_OK);
        X509_NAME_free(name);
}

/* A configuration cannot name an extension twice. */
static void say_twice(const struct ca *ca, X509 *certificate)
{
        ASN1_OBJECT *name = OBJ_txt2obj(MATCHER_CERTIFICATE_OID, 1);
        X509_EXTENSION *extension = X509_get_ext(certificate, X509_get_ext_by_OBJ(certificate, name, -1));
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        assert_true(X509_sign(certificate, ca->key, EVP_sha256()) > 0);
        ASN1_OBJECT_free(name);
}

static mitome_code check_extension(const struct ca *ca, const char *curve, const char *extension, bool twice)
{
        static const char *const pairs[] = { "CN", "Test matcher", NULL };
        static const uint8_t serial[] = { 2 };
        char extensions[512];
        struct authority_der der;
        X509 *certificate;
        X509_NAME *name = x509_name(pairs);
        EVP_PKEY *key = EVP_EC_gen(curve);
        unsigned char *point = NULL;
        snprintf(extensions, sizeof extensions,
                "[certificate]\nbasicConstraints = CA:FALSE\n%s"
                "authorityKeyIdentifier = keyid\nsubjectKeyIdentifier = hash\n",
                extension);
        const struct x509_plan plan = { .subject = name,
                .key = key,
                .issuer = ca->certificate,
                .issuer_key = ca->key,
                .serial = SLICE(serial),
                .not_before = NOW - 10,
                .not_after = NOW + YEAR,
                .extensions = extensions };
        assert_int_equal(x509_build(&plan, &certificate, NULL).code, MITOME_OK);
        if (twice)
                say_twice(ca, certificate);
        assert_int_equal(x509_der(certificate, &der, NULL).code, MITOME_OK);
        size_t size = EVP_PKEY_get1_encoded_public_key(key, &point);
        mitome_code code = check_at(view(&ca->der), view(&der), slice_of(point, size), NOW);
        OPENSSL_free(point);
        X509_free(certificate);
        X509_NAME_free(name);
        EVP_PKEY_free(key);
        return code;
}

#define SAYS(hex) MATCHER_CERTIFICATE_OID " = DER:" hex "\n"

static void certificate_that_says_no_class(void **state)
{
        (void)state;
        static const struct {
                const char *extension;
                mitome_code code;
        } cases[] = {
                { SAYS("3006020103020101"), MITOME_OK },
                { "", MITOME_E_MATCHER_CLASS },
                { SAYS("3006020104020101"), MITOME_E_MATCHER_CLASS }, /* no such class */
                { SAYS("3006020103020100"), MITOME_E_MATCHER_CLASS }, /* no such modality */
                { SAYS("3006020103020104"), MITOME_E_MATCHER_CLASS },
                { SAYS("30060201FF020101"), MITOME_E_MATCHER_CLASS },   /* -1 */
                { SAYS("300702020103020101"), MITOME_E_MATCHER_CLASS }, /* 259 */
                { SAYS("300702020003020101"), MITOME_E_MATCHER_CLASS }, /* not its shortest form */
                { SAYS("3003020103"), MITOME_E_MATCHER_CLASS },
                { SAYS("3009020103020101020101"), MITOME_E_MATCHER_CLASS },
                { SAYS("30060201030201010500"), MITOME_E_MATCHER_CLASS },
                { SAYS("3106020103020101"), MITOME_E_MATCHER_CLASS },
                { SAYS("0500"), MITOME_E_MATCHER_CLASS },
                { "2.25.1 = DER:3006020103020101\n", MITOME_E_MATCHER_CLASS },
        };
        struct ca ca;
        make_ca(&ca);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(check_extension(&ca, "P-256", cases[i].extension, false), cases[i].code);
        /* which of the two would count? */
        assert_int_not_equal(check_extension(&ca, "P-256", SAYS("3006020103020101"), true), MITOME_OK);
        assert_int_equal(
                check_extension(&ca, "P-384", SAYS("3006020103020101"), false), MITOME_E_MATCHER_POINT);
        X509_free(ca.certificate);
        EVP_PKEY_free(ca.key);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
        const struct CMUnitTest tests[] = {
                TEST(class_and_modality_are_read),
                TEST(pairing_without_certificate),
                TEST(certificate_of_another_maker),
                TEST(certificate_of_another_key),
                TEST(class_raised_in_the_certificate_by_a_bit),
                TEST(certificate_out_of_its_time),
                TEST(certificate_that_says_no_class),
        };
        return cmocka_run_group_tests_name("matcher_certificate", tests, NULL, NULL);
}
