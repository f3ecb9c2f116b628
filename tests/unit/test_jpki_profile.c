/* SPDX-License-Identifier: Apache-2.0 */

/* The profile of JPKI user-verification certificates, each rule broken once; and what the example authority
 * issues. */

#include "people.h"
#include "random_system.h"
#include "trust.h"
#include "trust_rig.h"

#include <openssl/core_names.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const ca_name[] = { "C", "JP", "O", "JPKI-TEST", "OU", "JPKI for user authentication",
        NULL };
static const char *const person_name[] = { "C", "JP", "CN", "997794E9AGCIEG13221003A", NULL };

#define POLICY "certificatePolicies = 1.2.392.200149.8.5.1.3.30\n"
#define USAGE "keyUsage = critical, digitalSignature\n"
#define PHONE "1.3.6.1.4.1.99999.1.1 = DER:0500\n"
static const char right[] =
        "[certificate]\n" USAGE POLICY PHONE "authorityKeyIdentifier = keyid\nsubjectKeyIdentifier = hash\n";

struct rig {
        struct rig_certificate ca;
        EVP_PKEY *key; /* the person's: making an RSA key is what takes time here */
        struct mitome_trust *trust;
};

/* The person's key once more, for a certificate that will free it. */
static EVP_PKEY *person_key(const struct rig *rig)
{
        assert_int_equal(EVP_PKEY_up_ref(rig->key), 1);
        return rig->key;
}

static int make_rig(void **state)
{
        static struct rig rig;
        struct authority_der crl;
        rig_make(&rig.ca,
                &(struct rig_plan){
                        .subject = ca_name, .key = EVP_RSA_gen(2048), .extensions = rig_ca_extensions });
        rig.key = EVP_RSA_gen(2048);
        rig.trust = rig_trust(NULL, &rig.ca);
        rig_crl(&crl, &(struct rig_crl_plan){
                              .issuer = &rig.ca, .issued = rig_now - 60, .next = rig_now + RIG_DAY });
        rig_add_crl(rig.trust, &crl);
        *state = &rig;
        return 0;
}

static int free_rig(void **state)
{
        struct rig *rig = *state;
        mitome_trust_free(rig->trust);
        EVP_PKEY_free(rig->key);
        rig_free(&rig->ca);
        return 0;
}

static void a_right_certificate_is_read_where_it_stands(void **state)
{
        const struct rig *rig = *state;
        struct rig_certificate person;
        struct jpki_certificate read = { 0 };
        rig_make(&person, &(struct rig_plan){ .subject = person_name,
                                  .issuer = &rig->ca,
                                  .key = person_key(rig),
                                  .extensions = right });
        slice der = rig_der(&person);
        assert_int_equal(trust_verify_jpki(rig->trust, der, rig_now, &read, NULL).code, MITOME_OK);
        const slice parts[] = { read.serial, read.issuer, read.subject_common_name, read.modulus,
                read.exponent };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
                assert_true(slice_contains(der, parts[i]));
        assert_true(slice_is(read.subject_common_name, person_name[3]));
        assert_int_equal(read.modulus.size, 256);
        assert_true(slice_equal(read.exponent, slice_of("\x01\x00\x01", 3)));
        assert_int_equal(read.serial.data[0], 0x4d);
        assert_true(read.phone);
        rig_free(&person);
}

static EVP_PKEY *rsa(unsigned bits, unsigned exponent)
{
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        OSSL_PARAM parameters[] = { OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
                OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent), OSSL_PARAM_construct_end() };
        assert_int_equal(EVP_PKEY_keygen_init(context), 1);
        assert_int_equal(EVP_PKEY_CTX_set_params(context, parameters), 1);
        assert_int_equal(EVP_PKEY_generate(context, &key), 1);
        EVP_PKEY_CTX_free(context);
        return key;
}

static void each_rule_is_asked(void **state)
{
        const struct rig *rig = *state;
        static const char *const short_name[] = { "C", "JP", "CN", "997794E9AGCIEG13221003", NULL };
        static const char *const abroad[] = { "C", "US", "CN", "997794E9AGCIEG13221003A", NULL };
        static const char *const with_place[] = { "C", "JP", "L", "Tokyo-to", "CN", "997794E9AGCIEG13221003A",
                NULL };
        static const char *const with_more[] = { "C", "JP", "CN", "997794E9AGCIEG13221003A", "OU", "x",
                NULL };
        const struct {
                const char *const *subject;
                const char *extensions;
                unsigned bits, exponent;
                const EVP_MD *digest;
                mitome_code code;
                const char *field;
        } cases[] = {
                { short_name, right, 2048, 65537, NULL, MITOME_E_JPKI_PROFILE, "subject.CN" },
                { abroad, right, 2048, 65537, NULL, MITOME_E_JPKI_PROFILE, "subject.C" },
                { with_place, right, 2048, 65537, NULL, MITOME_E_JPKI_PROFILE, "subject.CN" },
                { with_more, right, 2048, 65537, NULL, MITOME_E_TRAILING_BYTES, "subject" },
                { person_name, right, 3072, 65537, NULL, MITOME_E_JPKI_PROFILE, "subjectPublicKeyInfo" },
                { person_name, right, 2048, 3, NULL, MITOME_E_JPKI_PROFILE, "subjectPublicKeyInfo" },
                { person_name, right, 2048, 65537, EVP_sha384(), MITOME_E_JPKI_PROFILE,
                        "signatureAlgorithm" },
                { person_name, "[certificate]\n" POLICY PHONE, 2048, 65537, NULL, MITOME_E_JPKI_PROFILE,
                        "keyUsage" },
                { person_name,
                        "[certificate]\nkeyUsage = critical, digitalSignature, nonRepudiation\n" POLICY, 2048,
                        65537, NULL, MITOME_E_JPKI_PROFILE, "keyUsage" },
                { person_name, "[certificate]\nkeyUsage = critical, keyEncipherment\n" POLICY, 2048, 65537,
                        NULL, MITOME_E_JPKI_PROFILE, "keyUsage" },
                { person_name, "[certificate]\n" USAGE, 2048, 65537, NULL, MITOME_E_JPKI_PROFILE,
                        "certificatePolicies" },
                { person_name, "[certificate]\n" USAGE "certificatePolicies = 1.2.392.200149.8.5.1.1.20\n",
                        2048, 65537, NULL, MITOME_E_JPKI_PROFILE, "certificatePolicies" },
                { person_name, "[certificate]\n" USAGE POLICY "basicConstraints = critical, CA:TRUE\n", 2048,
                        65537, NULL, MITOME_E_JPKI_PROFILE, "basicConstraints" },
                { person_name, "[certificate]\n" USAGE POLICY "1.3.6.1.4.1.99999.7 = critical, DER:0500\n",
                        2048, 65537, NULL, MITOME_E_JPKI_PROFILE, "extensions" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_certificate person;
                struct jpki_certificate read = { 0 };
                mitome_error error = { 0 };
                rig_make(&person, &(struct rig_plan){ .subject = cases[i].subject,
                                          .issuer = &rig->ca,
                                          .key = cases[i].bits == 2048 && cases[i].exponent == 65537
                                                         ? person_key(rig)
                                                         : rsa(cases[i].bits, cases[i].exponent),
                                          .extensions = cases[i].extensions,
                                          .digest = cases[i].digest });
                assert_int_equal(trust_verify_jpki(rig->trust, rig_der(&person), rig_now, &read, &error).code,
                        cases[i].code);
                assert_string_equal(error.field, cases[i].field);
                assert_null(read.serial.data);
                rig_free(&person);
        }
}

/* What x509_build would not make: changed, and signed again. */
static mitome_code verify_changed(
        const struct rig *rig, long version, size_t serial_size, mitome_error *error)
{
        struct rig_certificate person;
        struct jpki_certificate read = { 0 };
        uint8_t bytes[21] = { 0x4d };
        rig_make(&person, &(struct rig_plan){ .subject = person_name,
                                  .issuer = &rig->ca,
                                  .key = person_key(rig),
                                  .extensions = right });
        BIGNUM *number = BN_bin2bn(bytes, (int)serial_size, NULL);
        ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
        assert_int_equal(X509_set_serialNumber(person.x509, serial), 1);
        assert_int_equal(X509_set_version(person.x509, version), 1);
        assert_true(X509_sign(person.x509, rig->ca.key, EVP_sha256()) > 0);
        unsigned char *der = NULL;
        int size = i2d_X509(person.x509, &der);
        assert_true(size > 0);
        mitome_code code =
                trust_verify_jpki(rig->trust, slice_of(der, (size_t)size), rig_now, &read, error).code;
        OPENSSL_free(der);
        ASN1_INTEGER_free(serial);
        BN_free(number);
        rig_free(&person);
        return code;
}

/* RFC 5280 4.1.2.1 and 4.1.2.2: version 3, a serial number of at most 20 bytes. */
static void version_and_serial_number_are_bounded(void **state)
{
        const struct rig *rig = *state;
        mitome_error error = { 0 };
        assert_int_equal(verify_changed(rig, X509_VERSION_3, 20, &error), MITOME_OK);
        assert_int_equal(verify_changed(rig, X509_VERSION_3, 21, &error), MITOME_E_JPKI_PROFILE);
        assert_string_equal(error.field, "serialNumber");
        error = (mitome_error){ 0 };
        assert_int_equal(verify_changed(rig, X509_VERSION_2, 3, &error), MITOME_E_JPKI_PROFILE);
        assert_string_equal(error.field, "version");
        error = (mitome_error){ 0 };
        assert_int_equal(verify_changed(rig, X509_VERSION_1, 3, &error), MITOME_E_DER);
        assert_string_equal(error.field, "version");
}

static void a_p256_key_is_none_of_jpki(void **state)
{
        const struct rig *rig = *state;
        struct rig_certificate person;
        struct jpki_certificate read;
        rig_make(&person,
                &(struct rig_plan){ .subject = person_name, .issuer = &rig->ca, .extensions = right });
        assert_int_not_equal(
                trust_verify_jpki(rig->trust, rig_der(&person), rig_now, &read, NULL).code, MITOME_OK);
        rig_free(&person);
}

static void issuer_time_and_marker_are_told(void **state)
{
        const struct rig *rig = *state;
        struct rig_certificate twin, foreign, old, early, card;
        struct jpki_certificate read;
        rig_make(&twin,
                &(struct rig_plan){
                        .subject = ca_name, .key = EVP_RSA_gen(2048), .extensions = rig_ca_extensions });
        rig_make(&foreign, &(struct rig_plan){ .subject = person_name,
                                   .issuer = &twin,
                                   .key = person_key(rig),
                                   .extensions = right });
        rig_make(&old, &(struct rig_plan){ .subject = person_name,
                               .issuer = &rig->ca,
                               .key = person_key(rig),
                               .extensions = right,
                               .not_after = rig_now - 1 });
        rig_make(&early, &(struct rig_plan){ .subject = person_name,
                                 .issuer = &rig->ca,
                                 .key = person_key(rig),
                                 .extensions = right,
                                 .not_before = rig_now + 1 });
        rig_make(&card, &(struct rig_plan){ .subject = person_name,
                                .issuer = &rig->ca,
                                .key = person_key(rig),
                                .extensions = "[certificate]\n" USAGE POLICY });
        assert_int_equal(trust_verify_jpki(rig->trust, rig_der(&foreign), rig_now, &read, NULL).code,
                MITOME_E_CERTIFICATE_ISSUER);
        assert_int_equal(trust_verify_jpki(rig->trust, rig_der(&old), rig_now, &read, NULL).code,
                MITOME_E_CERTIFICATE_EXPIRED);
        assert_int_equal(trust_verify_jpki(rig->trust, rig_der(&early), rig_now, &read, NULL).code,
                MITOME_E_CERTIFICATE_NOT_YET_VALID);
        assert_int_equal(trust_verify_jpki(rig->trust, rig_der(&card), rig_now, &read, NULL).code, MITOME_OK);
        assert_false(read.phone);
        assert_int_equal(
                trust_verify_jpki(rig->trust, rig_der(&card), rig_now + 2 * RIG_DAY, &read, NULL).code,
                MITOME_E_CRL_STALE);
        rig_free(&card);
        rig_free(&early);
        rig_free(&old);
        rig_free(&foreign);
        rig_free(&twin);
}

/* A CA certificate that was renewed for the same key stands beside the one that it replaces: whichever of the
 * two is in its time answers, in whatever order they were added. */
static void a_renewed_ca_certificate_takes_over(void **state)
{
        const struct rig *rig = *state;
        struct rig_certificate older, person;
        struct jpki_certificate read;
        struct authority_der crl;
        EVP_PKEY_up_ref(rig->ca.key);
        rig_make(&older, &(struct rig_plan){ .subject = ca_name,
                                 .key = rig->ca.key,
                                 .extensions = rig_ca_extensions,
                                 .not_after = rig_now - 1 });
        rig_make(&person, &(struct rig_plan){ .subject = person_name,
                                  .issuer = &rig->ca,
                                  .key = person_key(rig),
                                  .extensions = right });
        rig_crl(&crl, &(struct rig_crl_plan){
                              .issuer = &rig->ca, .issued = rig_now - 60, .next = rig_now + RIG_DAY });
        const struct rig_certificate *const orders[][2] = { { &older, &rig->ca }, { &rig->ca, &older } };
        for (size_t i = 0; i < 2; i++) {
                mitome_error error = { 0 };
                struct mitome_trust *trust = rig_trust(NULL, orders[i][0]);
                rig_add_crl(trust, &crl);
                mitome_code alone = trust_verify_jpki(trust, rig_der(&person), rig_now, &read, &error).code;
                assert_int_equal(alone, i == 0 ? MITOME_E_CERTIFICATE_EXPIRED : MITOME_OK);
                if (i == 0)
                        assert_string_equal(error.field, "issuer certificate");
                assert_int_equal(
                        mitome_trust_add_jpki_anchor(trust, rig_der(orders[i][1]), NULL).code, MITOME_OK);
                assert_int_equal(
                        trust_verify_jpki(trust, rig_der(&person), rig_now, &read, NULL).code, MITOME_OK);
                mitome_trust_free(trust);
        }
        rig_free(&person);
        rig_free(&older);
}

/* Two generations of one name with keys of their own: each one's certificates are read, and a list that only
 * one of them has signed does not answer for the other. */
static void generations_of_the_ca_are_told_apart(void **state)
{
        const struct rig *rig = *state;
        struct rig_certificate older, person;
        struct jpki_certificate read;
        struct authority_der crls[2];
        rig_make(&older,
                &(struct rig_plan){
                        .subject = ca_name, .key = EVP_RSA_gen(2048), .extensions = rig_ca_extensions });
        const struct rig_certificate *const generations[] = { &rig->ca, &older };
        for (size_t i = 0; i < 2; i++)
                rig_crl(&crls[i], &(struct rig_crl_plan){ .issuer = generations[i],
                                          .issued = rig_now - 60,
                                          .next = rig_now + RIG_DAY });
        struct mitome_trust *trust = rig_trust(NULL, &rig->ca);
        assert_int_equal(mitome_trust_add_jpki_anchor(trust, rig_der(&older), NULL).code, MITOME_OK);
        rig_add_crl(trust, &crls[0]);
        for (size_t listed = 1; listed <= 2; listed++) {
                for (size_t i = 0; i < 2; i++) {
                        rig_make(&person, &(struct rig_plan){ .subject = person_name,
                                                  .issuer = generations[i],
                                                  .key = person_key(rig),
                                                  .extensions = right });
                        assert_int_equal(
                                trust_verify_jpki(trust, rig_der(&person), rig_now, &read, NULL).code,
                                listed == 1 ? MITOME_E_CRL_SIGNATURE : MITOME_OK);
                        rig_free(&person);
                }
                rig_add_crl(trust, &crls[1]);
        }
        mitome_trust_free(trust);
        rig_free(&older);
}

/* Every truncation and every changed byte of a right certificate is refused, or is without effect on what is
 * read: never. */
static void no_byte_of_a_certificate_can_be_changed(void **state)
{
        const struct rig *rig = *state;
        struct rig_certificate person;
        struct jpki_certificate read;
        uint8_t bytes[AUTHORITY_DER_MAX + 1];
        rig_make(&person, &(struct rig_plan){ .subject = person_name,
                                  .issuer = &rig->ca,
                                  .key = person_key(rig),
                                  .extensions = right });
        size_t size = person.der.size;
        memcpy(bytes, person.der.bytes, size);
        bytes[size] = 0;
        assert_int_equal(trust_verify_jpki(rig->trust, slice_of(bytes, size + 1), rig_now, &read, NULL).code,
                MITOME_E_TRAILING_BYTES);
        for (size_t i = 0; i < size; i++)
                assert_int_not_equal(
                        trust_verify_jpki(rig->trust, slice_of(bytes, i), rig_now, &read, NULL).code,
                        MITOME_OK);
        for (size_t i = 0; i < size; i++) {
                bytes[i] ^= 0x01;
                assert_int_not_equal(
                        trust_verify_jpki(rig->trust, slice_of(bytes, size), rig_now, &read, NULL).code,
                        MITOME_OK);
                bytes[i] ^= 0x01;
        }
        rig_free(&person);
}

/* ---- the example authority ---- */

static void the_authority_issues_to_the_profile_and_revokes(void **state)
{
        (void)state;
        uint8_t modulus[PEOPLE_MODULUS], exponent[] = { 1, 0, 1 };
        struct authority *authority;
        struct authority_certificate user, signing;
        struct authority_der crl;
        struct jpki_certificate read;
        struct mitome_trust *trust;
        const struct mitome_random random = random_system();
        EVP_PKEY *key = EVP_RSA_gen(2048);
        people_modulus(key, modulus);
        assert_int_equal(authority_new(&random, rig_now, &authority, NULL).code, MITOME_OK);
        assert_int_equal(authority_issue(authority, AUTHORITY_USER_VERIFICATION, &people_hanako,
                                 SLICE(modulus), SLICE(exponent), rig_now, &user, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(authority_issue(authority, AUTHORITY_SIGNING, &people_hanako, SLICE(modulus),
                                 SLICE(exponent), rig_now, &signing, NULL)
                                 .code,
                MITOME_OK);
        slice der = slice_of(user.der.bytes, user.der.size);

        for (int revoked = 0; revoked < 2; revoked++) {
                assert_int_equal(
                        authority_crl(authority, AUTHORITY_USER_VERIFICATION, rig_now, &crl, NULL).code,
                        MITOME_OK);
                assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
                assert_int_equal(mitome_trust_add_jpki_anchor(
                                         trust, authority_ca(authority, AUTHORITY_USER_VERIFICATION), NULL)
                                         .code,
                        MITOME_OK);
                rig_add_crl(trust, &crl);
                assert_int_equal(trust_verify_jpki(trust, der, rig_now, &read, NULL).code,
                        revoked ? MITOME_E_CERTIFICATE_REVOKED : MITOME_OK);
                /* a signing certificate is no user-verification certificate */
                assert_int_equal(trust_verify_jpki(trust, slice_of(signing.der.bytes, signing.der.size),
                                         rig_now, &read, NULL)
                                         .code,
                        MITOME_E_JPKI_PROFILE);
                mitome_trust_free(trust);
                assert_int_equal(
                        authority_revoke(authority, AUTHORITY_USER_VERIFICATION, &user, rig_now, NULL).code,
                        MITOME_OK);
        }
        /* "from issue to the fifth birthday": 2027-01-15 -> 2031-04-01 23:59:59 JST */
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        time_t last = 1932821999;
        assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), last), 0);
        X509_free(x509);
        exponent[2] = 3;
        assert_int_equal(authority_issue(authority, AUTHORITY_SIGNING, &people_hanako, SLICE(modulus),
                                 SLICE(exponent), rig_now, &signing, NULL)
                                 .code,
                MITOME_E_KEY_WEAK);
        authority_free(authority);
        EVP_PKEY_free(key);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_right_certificate_is_read_where_it_stands),
                cmocka_unit_test(each_rule_is_asked),
                cmocka_unit_test(version_and_serial_number_are_bounded),
                cmocka_unit_test(a_p256_key_is_none_of_jpki),
                cmocka_unit_test(issuer_time_and_marker_are_told),
                cmocka_unit_test(a_renewed_ca_certificate_takes_over),
                cmocka_unit_test(generations_of_the_ca_are_told_apart),
                cmocka_unit_test(no_byte_of_a_certificate_can_be_changed),
                cmocka_unit_test(the_authority_issues_to_the_profile_and_revokes),
        };
        return cmocka_run_group_tests(tests, make_rig, free_rig);
}
