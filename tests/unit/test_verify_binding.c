/* SPDX-License-Identifier: Apache-2.0 */
/* A person's certificate bound to a derived credential, and looked up at each login. */
#include "ceremony_rig.h"
#include "jpki_message.h"

#include <openssl/conf.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PERSON_SERIAL = 0x1234, OTHER_SERIAL = 0x1235 };

struct der {
        uint8_t data[4096];
        size_t size;
};

static struct rig rig;
static struct rig_response registered, login;
static uint8_t registration_buffer[MITOME_RP_BUFFER_MAX], buffer[MITOME_RP_BUFFER_MAX];
static struct mitome_verdict registration;
static EVP_PKEY *ca_key, *person_key, *other_key;
static X509 *ca;
static struct der ca_der, person_der, other_der;

static slice view(const struct der *der)
{
        return slice_of(der->data, der->size);
}

/* ---- an authority ---- */

static void add_extension(X509 *certificate, X509 *issuer, const char *name, const char *value)
{
        X509V3_CTX context;
        CONF *configuration = NCONF_new(NULL); /* empty, but policies want one */
        X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
        X509V3_set_nconf(&context, configuration);
        X509_EXTENSION *extension = X509V3_EXT_nconf(configuration, &context, name, value);
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
        NCONF_free(configuration);
}

static X509 *new_certificate(long serial, const char *name, EVP_PKEY *key, X509_NAME *issuer)
{
        X509 *certificate = X509_new();
        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
        ASN1_TIME_set(X509_getm_notBefore(certificate), RIG_NOW - 86400);
        ASN1_TIME_set(X509_getm_notAfter(certificate), RIG_NOW + 86400 * 365);
        X509_set_pubkey(certificate, key);
        X509_NAME *subject = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_UTF8, (const unsigned char *)"JP", -1, -1, 0);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
        X509_set_issuer_name(certificate, issuer ? issuer : subject);
        return certificate;
}

static void sign_into(X509 *certificate, struct der *ret)
{
        uint8_t *end = ret->data;
        assert_true(X509_sign(certificate, ca_key, EVP_sha256()) > 0);
        int size = i2d_X509(certificate, NULL);
        assert_in_range(size, 1, sizeof ret->data);
        ret->size = (size_t)i2d_X509(certificate, &end);
}

static void issue(long serial, EVP_PKEY *key, const char *usage, struct der *ret)
{
        X509 *certificate =
                new_certificate(serial, "00000000000000000000001", key, X509_get_subject_name(ca));
        add_extension(certificate, ca, "basicConstraints", "CA:FALSE");
        add_extension(certificate, ca, "keyUsage", usage);
        add_extension(certificate, ca, "certificatePolicies", "1.2.392.200149.8.5.1.3.30");
        add_extension(certificate, ca, "authorityKeyIdentifier", "keyid:always");
        sign_into(certificate, ret);
        X509_free(certificate);
}

enum crl_kind { CRL_EMPTY, CRL_REVOKED, CRL_HOLD, CRL_OTHER_REVOKED, CRL_STALE, CRL_FORGED };

static void make_crl(enum crl_kind kind, struct der *ret)
{
        X509_CRL *crl = X509_CRL_new();
        ASN1_TIME *time = ASN1_TIME_new();
        int64_t age = kind == CRL_STALE ? 86400 * 2 : 0;
        X509_CRL_set_version(crl, 1);
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca));
        ASN1_TIME_set(time, RIG_NOW - 60 - age);
        X509_CRL_set1_lastUpdate(crl, time);
        ASN1_TIME_set(time, RIG_NOW + 86400 - age);
        X509_CRL_set1_nextUpdate(crl, time);
        if (kind == CRL_REVOKED || kind == CRL_HOLD || kind == CRL_OTHER_REVOKED) {
                X509_REVOKED *entry = X509_REVOKED_new();
                ASN1_INTEGER *serial = ASN1_INTEGER_new();
                ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
                ASN1_INTEGER_set(serial, kind == CRL_OTHER_REVOKED ? OTHER_SERIAL : PERSON_SERIAL);
                ASN1_ENUMERATED_set(
                        reason, kind == CRL_HOLD ? CRL_REASON_CERTIFICATE_HOLD : CRL_REASON_KEY_COMPROMISE);
                X509_REVOKED_set_serialNumber(entry, serial);
                X509_REVOKED_set_revocationDate(entry, time);
                X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
                X509_CRL_add0_revoked(crl, entry);
                ASN1_ENUMERATED_free(reason);
                ASN1_INTEGER_free(serial);
        }
        assert_true(X509_CRL_sign(crl, kind == CRL_FORGED ? other_key : ca_key, EVP_sha256()) > 0);
        uint8_t *end = ret->data;
        assert_in_range(i2d_X509_CRL(crl, NULL), 1, sizeof ret->data);
        ret->size = (size_t)i2d_X509_CRL(crl, &end);
        ASN1_TIME_free(time);
        X509_CRL_free(crl);
}

static struct mitome_trust *trust_with(const enum crl_kind *kinds, size_t count)
{
        struct mitome_trust *trust = NULL;
        struct der crl;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_jpki_anchor(trust, view(&ca_der), NULL).code, MITOME_OK);
        for (size_t i = 0; i < count; i++) {
                make_crl(kinds[i], &crl);
                assert_int_equal(mitome_trust_add_crl(trust, view(&crl), NULL).code, MITOME_OK);
        }
        return trust;
}

/* A signature by a key over `prefix` || authData || clientDataHash. */
static slice sign_behind(
        EVP_PKEY *key, slice prefix, const struct mitome_verdict *verdict, uint8_t signature[512])
{
        uint8_t message[4096];
        writer w = WRITER(message);
        size_t size = 512;
        write_slice(&w, prefix);
        write_slice(&w, verdict->auth_data);
        write_slice(&w, SLICE(verdict->client_data_hash));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &size, message, w.used), 1);
        EVP_MD_CTX_free(context);
        return slice_of(signature, size);
}

static slice sign_registration(EVP_PKEY *key, const struct mitome_verdict *verdict, uint8_t signature[512])
{
        return sign_behind(key, slice_text(MITOME_BINDING_PREFIX), verdict, signature);
}

static mitome_status bind(slice certificate, slice signature, const struct mitome_trust *trust,
        struct mitome_binding *ret, mitome_error *error)
{
        *error = (mitome_error){ 0 };
        return mitome_verify_binding(&registration, certificate, signature, trust, RIG_NOW, ret, error);
}

/* ---- tests ---- */

static void binds_the_holder(void **state)
{
        (void)state;
        static const uint8_t serial[] = { 0x12, 0x34 };
        uint8_t signature[512], name[512], *end = name;
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_binding binding = { 0 };
        mitome_error error;
        slice made = sign_registration(person_key, &registration, signature);
        assert_int_equal(bind(view(&person_der), made, trust, &binding, &error).code, MITOME_OK);
        assert_true(slice_equal(binding.serial, SLICE(serial)));
        assert_true(slice_is(binding.subject_common_name, "00000000000000000000001"));
        int size = i2d_X509_NAME(X509_get_subject_name(ca), &end);
        assert_true(slice_equal(binding.issuer, slice_of(name, (size_t)size)));
        assert_true(slice_contains(view(&person_der), binding.serial));
        assert_true(slice_contains(view(&person_der), binding.issuer));
        assert_false(binding.phone);
        mitome_trust_free(trust);
}

static void refuses_other_signatures(void **state)
{
        (void)state;
        uint8_t signature[512];
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_binding binding = { .phone = true };
        mitome_error error;

        slice made = sign_registration(other_key, &registration, signature);
        assert_int_equal(
                bind(view(&person_der), made, trust, &binding, &error).code, MITOME_E_SIGNATURE_INVALID);
        assert_string_equal(error.clause, "RFC 8017 8.2.2");
        assert_string_equal(error.field, "binding signature");

        struct mitome_verdict elsewhere = registration; /* another registration's hash */
        elsewhere.client_data_hash[31] ^= 1;
        made = sign_registration(person_key, &elsewhere, signature);
        assert_int_equal(
                bind(view(&person_der), made, trust, &binding, &error).code, MITOME_E_SIGNATURE_INVALID);

        made = sign_registration(person_key, &registration, signature);
        for (size_t size = 0; size < made.size; size += 17)
                assert_int_equal(
                        bind(view(&person_der), slice_of(signature, size), trust, &binding, &error).code,
                        MITOME_E_SIGNATURE_FORM);
        for (size_t i = 0; i < made.size; i += 5) {
                signature[i] ^= 0x10;
                assert_int_equal(bind(view(&person_der), made, trust, &binding, &error).code,
                        MITOME_E_SIGNATURE_INVALID);
                signature[i] ^= 0x10;
        }
        assert_true(binding.phone); /* left alone */
        mitome_trust_free(trust);
}

/* "There is no other form": what the key signs at a login or in an attestation, what a terminal has it sign,
 * and whatever comes later, binds nothing. */
static void what_was_signed_for_something_else_binds_nothing(void **state)
{
        (void)state;
        uint8_t signature[512], prefix[33];
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_binding binding = { .phone = true };
        mitome_error error;
        writer w = WRITER(prefix);
        write_slice(&w, slice_text(MITOME_BINDING_PREFIX));
        assert_int_equal(w.used, sizeof prefix);
        assert_false(w.overflowed);
        assert_true(slice_begins_with(SLICE(prefix), slice_text(JPKI_MESSAGE_PREFIX)));
        assert_int_equal(prefix[32], JPKI_USE_BINDING);

        slice raw = sign_behind(person_key, slice_of(NULL, 0), &registration, signature);
        assert_int_equal(
                bind(view(&person_der), raw, trust, &binding, &error).code, MITOME_E_SIGNATURE_INVALID);
        assert_string_equal(error.field, "binding signature");
        slice without_use = sign_behind(person_key, slice_of(prefix, 32), &registration, signature);
        assert_int_equal(bind(view(&person_der), without_use, trust, &binding, &error).code,
                MITOME_E_SIGNATURE_INVALID);
        static const uint8_t uses[] = { 0x00, JPKI_USE_CHALLENGE, 0x03, 0x81, 0xFF };
        for (size_t i = 0; i < sizeof uses; i++) {
                prefix[32] = uses[i];
                slice other = sign_behind(person_key, SLICE(prefix), &registration, signature);
                assert_int_equal(bind(view(&person_der), other, trust, &binding, &error).code,
                        MITOME_E_SIGNATURE_INVALID);
        }
        prefix[32] = JPKI_USE_BINDING;
        for (size_t i = 0; i < 32; i += 5) {
                prefix[i] ^= 0x20;
                slice other = sign_behind(person_key, SLICE(prefix), &registration, signature);
                assert_int_equal(bind(view(&person_der), other, trust, &binding, &error).code,
                        MITOME_E_SIGNATURE_INVALID);
                prefix[i] ^= 0x20;
        }
        assert_true(binding.phone); /* left alone */
        slice made = sign_behind(person_key, SLICE(prefix), &registration, signature);
        assert_int_equal(bind(view(&person_der), made, trust, &binding, &error).code, MITOME_OK);
        mitome_trust_free(trust);
}

/* Another's certificate does not fit the signature; a signing certificate is not of the profile. */
static void refuses_other_certificates(void **state)
{
        (void)state;
        uint8_t signature[512];
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_binding binding;
        struct der signing;
        mitome_error error;
        slice made = sign_registration(person_key, &registration, signature);
        assert_int_equal(
                bind(view(&other_der), made, trust, &binding, &error).code, MITOME_E_SIGNATURE_INVALID);
        issue(PERSON_SERIAL, person_key, "digitalSignature,nonRepudiation", &signing);
        assert_int_equal(bind(view(&signing), made, trust, &binding, &error).code, MITOME_E_JPKI_PROFILE);
        assert_int_not_equal(bind(view(&ca_der), made, trust, &binding, &error).code, MITOME_OK);
        for (size_t size = 0; size < person_der.size; size += 13)
                assert_int_equal(bind(slice_of(person_der.data, size), made, trust, &binding, &error).code,
                        MITOME_E_DER);
        mitome_trust_free(trust);
}

static const struct {
        enum crl_kind kinds[2];
        size_t count;
        mitome_code code;
} statuses[] = {
        { { CRL_EMPTY }, 1, MITOME_OK },
        { { CRL_OTHER_REVOKED }, 1, MITOME_OK },
        { { CRL_REVOKED }, 1, MITOME_E_CERTIFICATE_REVOKED },
        { { CRL_HOLD }, 1, MITOME_E_CERTIFICATE_ON_HOLD },
        { { CRL_EMPTY, CRL_REVOKED }, 2, MITOME_E_CERTIFICATE_REVOKED },
        { { CRL_STALE }, 1, MITOME_E_CRL_STALE },
        { { CRL_FORGED }, 1, MITOME_E_CRL_SIGNATURE },
        { { 0 }, 0, MITOME_E_CRL_MISSING },
};

static void binds_only_certificates_that_are_alive(void **state)
{
        (void)state;
        uint8_t signature[512];
        slice made = sign_registration(person_key, &registration, signature);
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
                struct mitome_trust *trust = trust_with(statuses[i].kinds, statuses[i].count);
                struct mitome_binding binding;
                mitome_error error;
                assert_int_equal(
                        bind(view(&person_der), made, trust, &binding, &error).code, statuses[i].code);
                assert_int_equal(error.code, statuses[i].code);
                mitome_trust_free(trust);
        }
}

static mitome_status log_in(const struct mitome_credential *record, const struct mitome_trust *trust,
        struct mitome_verdict *verdict, mitome_error *error)
{
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        *error = (mitome_error){ 0 };
        return mitome_verify_authentication(NULL, &policy, &expected, rig_json(&login), record, trust,
                RIG_NOW, buffer, sizeof buffer, verdict, error);
}

/* "A derived login carries no certificate: the record keeps its serial, and each login checks its status." */
static void a_login_looks_the_certificate_up(void **state)
{
        (void)state;
        uint8_t signature[512];
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_binding binding;
        struct mitome_verdict verdict;
        mitome_error error;
        slice made = sign_registration(person_key, &registration, signature);
        assert_int_equal(bind(view(&person_der), made, trust, &binding, &error).code, MITOME_OK);
        mitome_trust_free(trust);
        struct mitome_credential record = rig_record(&rig, &login);
        record.certificate_serial = binding.serial;
        record.certificate_issuer = binding.issuer;
        record.certificate_not_after = binding.not_after;
        for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
                trust = trust_with(statuses[i].kinds, statuses[i].count);
                assert_int_equal(log_in(&record, trust, &verdict, &error).code, statuses[i].code);
                assert_int_equal(error.code, statuses[i].code);
                mitome_trust_free(trust);
        }
}

/* NIST SP 800-63B-4, 4: an authenticator that has expired is not accepted. A list says nothing of it: an
 * expired certificate stands on none (RFC 5280 3.3). */
static void a_login_ends_with_the_certificate(void **state)
{
        (void)state;
        uint8_t signature[512];
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_binding binding;
        struct mitome_verdict verdict;
        mitome_error error;
        slice made = sign_registration(person_key, &registration, signature);
        assert_int_equal(bind(view(&person_der), made, trust, &binding, &error).code, MITOME_OK);
        assert_true(binding.not_after == RIG_NOW + 86400 * 365);
        struct mitome_credential record = rig_record(&rig, &login);
        record.certificate_serial = binding.serial;
        record.certificate_issuer = binding.issuer;
        static const struct {
                int64_t not_after;
                mitome_code code;
        } ends[] = {
                { RIG_NOW + 1, MITOME_OK }, { RIG_NOW, MITOME_E_CERTIFICATE_EXPIRED },
                { RIG_NOW - 1, MITOME_E_CERTIFICATE_EXPIRED },
                { 0, MITOME_E_CERTIFICATE_EXPIRED }, /* not kept: not known to live */
        };
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
                record.certificate_not_after = ends[i].not_after;
                assert_int_equal(log_in(&record, trust, &verdict, &error).code, ends[i].code);
                assert_int_equal(error.code, ends[i].code);
        }
        mitome_trust_free(trust);
}

/* Half a record, or an issuer that no anchor has, must not pass for "none bound". */
static void a_damaged_record_is_refused(void **state)
{
        (void)state;
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        struct mitome_verdict verdict;
        mitome_error error;
        static const uint8_t serial[] = { 0x12, 0x34 }, issuer[] = { 0x30, 0x00 };
        struct mitome_credential record = rig_record(&rig, &login);
        record.certificate_serial = SLICE(serial);
        assert_int_equal(log_in(&record, trust, &verdict, &error).code, MITOME_E_ARGUMENT);
        record.certificate_issuer = SLICE(issuer);
        assert_int_equal(log_in(&record, trust, &verdict, &error).code, MITOME_E_CERTIFICATE_ISSUER);
        record.certificate_serial = slice_of(NULL, 0);
        assert_int_equal(log_in(&record, trust, &verdict, &error).code, MITOME_E_ARGUMENT);
        mitome_trust_free(trust);
}

static void refuses_what_was_no_registration(void **state)
{
        (void)state;
        struct mitome_trust *trust = trust_with((enum crl_kind[]){ CRL_EMPTY }, 1);
        const struct mitome_verdict nothing = { 0 };
        struct mitome_binding binding;
        mitome_error error = { 0 };
        uint8_t signature[512];
        slice made = sign_registration(person_key, &nothing, signature);
        assert_int_equal(
                mitome_verify_binding(&nothing, view(&person_der), made, trust, RIG_NOW, &binding, &error)
                        .code,
                MITOME_E_ARGUMENT);
        assert_int_equal(bind(view(&person_der), made, NULL, &binding, &error).code, MITOME_E_ARGUMENT);
        /* A login is signed by that key, too, where it is the credential's; it binds nothing. */
        struct mitome_credential record = rig_record(&rig, &login);
        struct mitome_verdict verdict;
        assert_int_equal(log_in(&record, trust, &verdict, &error).code, MITOME_OK);
        made = sign_registration(person_key, &verdict, signature);
        assert_int_equal(
                mitome_verify_binding(&verdict, view(&person_der), made, trust, RIG_NOW, &binding, NULL).code,
                MITOME_E_ARGUMENT);
        mitome_trust_free(trust);
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        ca_key = EVP_RSA_gen(2048);
        person_key = EVP_RSA_gen(2048);
        other_key = EVP_RSA_gen(2048);
        ca = new_certificate(1, "JPKI-TEST CA for user verification", ca_key, NULL);
        add_extension(ca, ca, "basicConstraints", "critical,CA:TRUE");
        add_extension(ca, ca, "keyUsage", "critical,keyCertSign,cRLSign");
        add_extension(ca, ca, "subjectKeyIdentifier", "hash");
        sign_into(ca, &ca_der);
        issue(PERSON_SERIAL, person_key, "digitalSignature", &person_der);
        issue(OTHER_SERIAL, other_key, "digitalSignature", &other_der);

        struct rig_plan plan = rig_registration_plan();
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        rig_build(&rig, &plan, &registered);
        mitome_status status = mitome_verify_registration(NULL, &policy, &expected, rig_json(&registered),
                NULL, RIG_NOW, registration_buffer, sizeof registration_buffer, &registration, NULL);
        plan = rig_authentication_plan();
        rig_build(&rig, &plan, &login);
        return status.code == MITOME_OK ? 0 : -1;
}

static int close_all(void **state)
{
        (void)state;
        EVP_PKEY_free(ca_key);
        EVP_PKEY_free(person_key);
        EVP_PKEY_free(other_key);
        X509_free(ca);
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(binds_the_holder),
                cmocka_unit_test(refuses_other_signatures),
                cmocka_unit_test(what_was_signed_for_something_else_binds_nothing),
                cmocka_unit_test(refuses_other_certificates),
                cmocka_unit_test(binds_only_certificates_that_are_alive),
                cmocka_unit_test(a_login_looks_the_certificate_up),
                cmocka_unit_test(a_login_ends_with_the_certificate),
                cmocka_unit_test(a_damaged_record_is_refused),
                cmocka_unit_test(refuses_what_was_no_registration),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
