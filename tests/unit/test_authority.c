/* SPDX-License-Identifier: Apache-2.0 */

/* The example authority, the maker and the TSM: what they issue is of the profiles, is believed by
 * attestation/trust and by OpenSSL's own program, and goes into a real element by APDU. */

#include "element_rig.h"
#include "maker_statement.h"
#include "matcher_class.h"
#include "metadata_statement.h"
#include "p256.h"
#include "people.h"
#include "random_system.h"
#include "sei_tsm.h"
#include "sp_tsm.h"
#include "trust.h"
#include "trust_rig.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A key of the person's, and an authority; made once, since RSA keys take their time. */
static struct fixture {
        struct mitome_random random;
        struct authority *authority;
        uint8_t modulus[256], exponent[3];
} all;

static int make_all(void **state)
{
        EVP_PKEY *key = EVP_RSA_gen(2048);
        static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
        (void)state;
        all.random = random_system();
        people_modulus(key, all.modulus);
        memcpy(all.exponent, f4, sizeof f4);
        EVP_PKEY_free(key);
        return authority_new(&all.random, rig_now, &all.authority, NULL).code == MITOME_OK ? 0 : -1;
}

static int free_all(void **state)
{
        (void)state;
        authority_free(all.authority);
        return 0;
}

static mitome_code try_issue(enum authority_kind kind, const struct authority_person *person, int64_t now,
        struct authority_certificate *ret, mitome_error *error)
{
        return authority_issue(
                all.authority, kind, person, SLICE(all.modulus), SLICE(all.exponent), now, ret, error)
                .code;
}

static struct authority_certificate issue(
        enum authority_kind kind, const struct authority_person *person, int64_t now)
{
        struct authority_certificate certificate;
        assert_int_equal(try_issue(kind, person, now, &certificate, NULL), MITOME_OK);
        return certificate;
}

static slice view(const struct authority_der *der)
{
        return slice_of(der->bytes, der->size);
}

static X509 *parse(slice der)
{
        const unsigned char *end = der.data;
        X509 *x509 = d2i_X509(NULL, &end, (long)der.size);
        assert_non_null(x509);
        return x509;
}

/* A time as people write it, in UTC. */
static int64_t at(const char *text)
{
        struct tm time = { 0 };
        assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &time));
        return timegm(&time);
}

/* ---- profiles ---- */

static const char *extension_name(const X509 *x509, int index, char name[64])
{
        OBJ_obj2txt(name, 64, X509_EXTENSION_get_object(X509_get_ext(x509, index)), 1);
        return name;
}

/* "SKI is the last extension". */
static void the_key_identifier_stands_last(const X509 *x509)
{
        char name[64];
        assert_string_equal(extension_name(x509, X509_get_ext_count(x509) - 1, name), "2.5.29.14");
}

static void text_of(const X509_NAME *name, char text[256])
{
        BIO *bio = BIO_new(BIO_s_mem());
        assert_true(X509_NAME_print_ex(
                            bio, name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV & ~ASN1_STRFLGS_ESC_MSB) >= 0);
        int size = BIO_read(bio, text, 255);
        text[size > 0 ? size : 0] = '\0';
        BIO_free(bio);
}

/* The one directoryName of the one distribution point. */
static void distribution_point_of(X509 *x509, char text[256])
{
        CRL_DIST_POINTS *points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
        assert_non_null(points);
        assert_int_equal(sk_DIST_POINT_num(points), 1);
        const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
        assert_int_equal(point->distpoint->type, 0);
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
        assert_int_equal(name->type, GEN_DIRNAME);
        text_of(name->d.directoryName, text);
        CRL_DIST_POINTS_free(points);
}

/* certificates.md: "issuer = subject ..; RSA-2048, e 65537, sha256WithRSA, 10 years, notAfter 14:59:59Z;
 * keyUsage critical certSign+cRLSign; basicConstraints critical CA; CRLDP directoryName = own DN; SKI". */
static void the_cas_are_of_their_profile(void **state)
{
        (void)state;
        static const char *const names[] = {
                "C=JP,O=JPKI-TEST,OU=JPKI for user authentication,OU=Japan Agency for Local Authority Information Systems",
                "C=JP,O=JPKI-TEST,OU=JPKI for digital signature,OU=Japan Agency for Local Authority Information Systems",
        };
        for (int kind = 0; kind < 2; kind++) {
                char subject[256], point[256];
                X509 *x509 = parse(authority_ca(all.authority, (enum authority_kind)kind));
                text_of(X509_get_subject_name(x509), subject);
                assert_string_equal(subject, names[kind]);
                assert_int_equal(X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)), 0);
                distribution_point_of(x509, point);
                assert_string_equal(point, names[kind]);
                assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x509)), 2048);
                assert_int_equal(X509_get_signature_nid(x509), NID_sha256WithRSAEncryption);
                assert_int_equal(X509_get_key_usage(x509), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
                assert_int_equal(X509_check_ca(x509), 1);
                /* rig_now is 2027-01-15 08:00:00Z */
                assert_int_equal(
                        ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), at("2037-01-15 14:59:59")), 0);
                the_key_identifier_stands_last(x509);
                X509_free(x509);
        }
}

static void a_user_verification_certificate_holds_no_personal_data(void **state)
{
        (void)state;
        char text[256];
        struct authority_certificate certificate =
                issue(AUTHORITY_USER_VERIFICATION, &people_hanako, rig_now);
        X509 *x509 = parse(view(&certificate.der));
        X509_NAME *subject = X509_get_subject_name(x509);
        assert_int_equal(X509_NAME_entry_count(subject), 2);
        assert_int_equal(X509_NAME_get_text_by_NID(subject, NID_commonName, text, sizeof text), 23);
        assert_int_equal(X509_get_ext_by_NID(x509, NID_subject_alt_name, -1), -1);
        assert_int_equal(X509_get_key_usage(x509), KU_DIGITAL_SIGNATURE);
        distribution_point_of(x509, text);
        assert_string_equal(text,
                "C=JP,O=JPKI-TEST,OU=JPKI for user authentication,OU=Japan Agency for Local Authority Information Systems");
        the_key_identifier_stands_last(x509);
        X509_free(x509);
        const char *const facts[] = { people_hanako.name, people_hanako.address, people_hanako.city,
                "19900401" };
        for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
                assert_null(memmem(certificate.der.bytes, certificate.der.size, facts[i], strlen(facts[i])));
}

static void other_name(const GENERAL_NAMES *names, const char *oid, char text[256])
{
        text[0] = '\0';
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                char type[64];
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
                assert_int_equal(name->type, GEN_OTHERNAME);
                OBJ_obj2txt(type, sizeof type, name->d.otherName->type_id, 1);
                if (strcmp(type, oid) != 0)
                        continue;
                assert_int_equal(name->d.otherName->value->type, V_ASN1_UTF8STRING);
                const ASN1_UTF8STRING *value = name->d.otherName->value->value.utf8string;
                snprintf(text, 256, "%.*s", ASN1_STRING_length(value), ASN1_STRING_get0_data(value));
        }
}

/* "subjectAltName otherName values (UTF8String) 1.2.392.200149.8.5.5.x: 1 name, 3 gender, 4 date of birth
 * EYYYYMMDD (E era 1 Meiji .. 5 Reiwa, Gregorian year), 5 address". */
static void a_signing_certificate_holds_the_four_facts(void **state)
{
        (void)state;
        char text[256], subject[256];
        struct authority_certificate certificate = issue(AUTHORITY_SIGNING, &people_hanako, rig_now);
        X509 *x509 = parse(view(&certificate.der));
        text_of(X509_get_subject_name(x509), subject);
        assert_non_null(strstr(subject, "C=JP,L=Tokyo-to,L=Mihon-ku,CN="));
        assert_int_equal(X509_get_key_usage(x509), KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
        GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
        assert_int_equal(sk_GENERAL_NAME_num(names), 4);
        other_name(names, "1.2.392.200149.8.5.5.1", text);
        assert_string_equal(text, people_hanako.name);
        other_name(names, "1.2.392.200149.8.5.5.3", text);
        assert_string_equal(text, people_hanako.gender);
        other_name(names, "1.2.392.200149.8.5.5.4", text);
        assert_string_equal(text, "419900401");
        other_name(names, "1.2.392.200149.8.5.5.5", text);
        assert_string_equal(text, people_hanako.address);
        GENERAL_NAMES_free(names);
        the_key_identifier_stands_last(x509);
        X509_free(x509);
}

/* An era begins on its day, not with its year. */
static void dates_of_birth_carry_their_era(void **state)
{
        (void)state;
        static const struct {
                int year, month, day;
                const char *text;
        } births[] = {
                { 1926, 12, 24, "219261224" },
                { 1926, 12, 25, "319261225" },
                { 1989, 1, 7, "319890107" },
                { 1989, 1, 8, "419890108" },
        };
        for (size_t i = 0; i < sizeof births / sizeof births[0]; i++) {
                char text[256];
                struct authority_person person = people_hanako;
                person.birth_year = births[i].year;
                person.birth_month = births[i].month;
                person.birth_day = births[i].day;
                struct authority_certificate certificate = issue(AUTHORITY_SIGNING, &person, rig_now);
                X509 *x509 = parse(view(&certificate.der));
                GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
                other_name(names, "1.2.392.200149.8.5.5.4", text);
                assert_string_equal(text, births[i].text);
                GENERAL_NAMES_free(names);
                X509_free(x509);
        }
}

/* ---- who gets what, and for how long ---- */

/* "Validity: from issue to the fifth birthday, not a flat five years". Days are those of Japan. */
static void certificates_end_with_the_fifth_birthday(void **state)
{
        (void)state;
        static const struct {
                int year, month, day;
                const char *issued, *end; /* UTC */
        } cases[] = {
                { 1990, 4, 1, "2027-01-15 08:00:00", "2031-04-01 14:59:59" },
                { 1990, 1, 14, "2027-01-15 08:00:00", "2032-01-14 14:59:59" },
                { 1990, 1, 15, "2027-01-15 08:00:00", "2032-01-15 14:59:59" },  /* on the birthday */
                { 1990, 1, 15, "2027-01-14 15:00:00", "2032-01-15 14:59:59" },  /* 00:00 of it in Japan */
                { 1990, 1, 15, "2027-01-14 14:59:59", "2031-01-15 14:59:59" },  /* a second before */
                { 1990, 12, 31, "2027-12-31 15:00:00", "2032-12-31 14:59:59" }, /* New Year in Japan */
                { 1992, 2, 29, "2027-01-15 08:00:00", "2031-02-28 14:59:59" },
                { 1992, 2, 29, "2027-03-01 08:00:00", "2032-02-29 14:59:59" }, /* a leap year */
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct authority_person person = people_hanako;
                person.birth_year = cases[i].year;
                person.birth_month = cases[i].month;
                person.birth_day = cases[i].day;
                struct authority_certificate certificate =
                        issue(AUTHORITY_USER_VERIFICATION, &person, at(cases[i].issued));
                X509 *x509 = parse(view(&certificate.der));
                assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(x509), at(cases[i].issued)), 0);
                assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), at(cases[i].end)), 0);
                X509_free(x509);
        }
}

/* "Under 15: no signing certificate." */
static void children_get_no_signing_certificate(void **state)
{
        (void)state;
        struct authority_person child = people_hanako;
        struct authority_certificate certificate;
        mitome_error error = { 0 };
        child.birth_year = 2012;
        child.birth_month = 1;
        child.birth_day = 16; /* fifteen tomorrow */
        assert_int_equal(try_issue(AUTHORITY_SIGNING, &child, rig_now, &certificate, &error), MITOME_E_VALUE);
        assert_string_equal(error.field, "date of birth");
        issue(AUTHORITY_USER_VERIFICATION, &child, rig_now);
        issue(AUTHORITY_SIGNING, &child, rig_now + RIG_DAY);
}

/* What a person says of himself becomes text of his certificate and nothing else. */
static void a_person_cannot_write_extensions(void **state)
{
        (void)state;
        static const char *const texts[] = { "A\nbasicConstraints = CA:TRUE", "A\r", "$ENV::HOME", "A\\nB",
                "#", "A\x7F", "\xFF", "", " A", "A ", "\"A\"", "A;B", "'" };
        struct authority_certificate certificate;
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                struct authority_person person = people_hanako;
                mitome_error error = { 0 };
                person.name = texts[i];
                assert_int_equal(
                        try_issue(AUTHORITY_SIGNING, &person, rig_now, &certificate, &error), MITOME_E_VALUE);
                assert_string_equal(error.field, "name");
                person = people_hanako;
                person.address = texts[i];
                assert_int_equal(
                        try_issue(AUTHORITY_SIGNING, &person, rig_now, &certificate, NULL), MITOME_E_VALUE);
        }
        static char endless[4096];
        memset(endless, 'A', sizeof endless - 1);
        struct authority_person person = people_hanako;
        person.address = endless;
        assert_int_equal(
                try_issue(AUTHORITY_SIGNING, &person, rig_now, &certificate, NULL), MITOME_E_TOO_LONG);
        person = people_hanako;
        person.birth_month = 13;
        assert_int_equal(
                try_issue(AUTHORITY_USER_VERIFICATION, &person, rig_now, &certificate, NULL), MITOME_E_VALUE);
        person.birth_month = 2;
        person.birth_day = 30;
        assert_int_equal(
                try_issue(AUTHORITY_USER_VERIFICATION, &person, rig_now, &certificate, NULL), MITOME_E_VALUE);
}

static void only_jpki_keys_are_certified(void **state)
{
        (void)state;
        static const uint8_t three[] = { 3 };
        struct authority_certificate certificate;
        uint8_t small[256];
        memcpy(small, all.modulus, sizeof small);
        small[0] &= 0x7F;
        const slice keys[][2] = {
                { SLICE(small), SLICE(all.exponent) },
                { slice_of(all.modulus, 255), SLICE(all.exponent) },
                { SLICE(all.modulus), SLICE(three) },
                { slice_of(NULL, 0), SLICE(all.exponent) },
        };
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
                assert_int_equal(authority_issue(all.authority, AUTHORITY_USER_VERIFICATION, &people_hanako,
                                         keys[i][0], keys[i][1], rig_now, &certificate, NULL)
                                         .code,
                        MITOME_E_KEY_WEAK);
}

/* ---- revoking ---- */

static struct mitome_trust *trust_now(int64_t now)
{
        struct authority_der crl;
        struct mitome_trust *trust = NULL;
        assert_int_equal(
                authority_crl(all.authority, AUTHORITY_USER_VERIFICATION, now, &crl, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_jpki_anchor(
                                 trust, authority_ca(all.authority, AUTHORITY_USER_VERIFICATION), NULL)
                                 .code,
                MITOME_OK);
        rig_add_crl(trust, &crl);
        return trust;
}

static mitome_code status_now(const struct authority_certificate *certificate, int64_t now)
{
        struct jpki_certificate read = { 0 };
        struct mitome_trust *trust = trust_now(now);
        mitome_code code = trust_verify_jpki(trust, view(&certificate->der), now, &read, NULL).code;
        if (code == MITOME_OK) {
                assert_true(read.phone);
                assert_true(slice_equal(read.serial, SLICE(certificate->serial)));
        }
        mitome_trust_free(trust);
        return code;
}

/* 一時保留: a hold is released, or becomes a revocation; a revocation is for good. */
static void a_hold_can_be_released_and_a_revocation_cannot(void **state)
{
        (void)state;
        const enum authority_kind kind = AUTHORITY_USER_VERIFICATION;
        struct authority_certificate one = issue(kind, &people_hanako, rig_now),
                                     other = issue(kind, &people_hanako, rig_now);
        assert_int_equal(status_now(&one, rig_now), MITOME_OK);
        assert_int_equal(authority_release(all.authority, kind, &one, NULL).code, MITOME_E_MISSING);
        assert_int_equal(authority_hold(all.authority, kind, &one, rig_now, NULL).code, MITOME_OK);
        assert_int_equal(status_now(&one, rig_now), MITOME_E_CERTIFICATE_ON_HOLD);
        assert_int_equal(authority_release(all.authority, kind, &one, NULL).code, MITOME_OK);
        assert_int_equal(status_now(&one, rig_now), MITOME_OK);
        assert_int_equal(authority_hold(all.authority, kind, &one, rig_now, NULL).code, MITOME_OK);
        assert_int_equal(authority_revoke(all.authority, kind, &one, rig_now, NULL).code, MITOME_OK);
        assert_int_equal(status_now(&one, rig_now), MITOME_E_CERTIFICATE_REVOKED);
        assert_int_equal(authority_release(all.authority, kind, &one, NULL).code, MITOME_E_MISSING);
        assert_int_equal(authority_hold(all.authority, kind, &one, rig_now, NULL).code, MITOME_OK);
        assert_int_equal(status_now(&one, rig_now), MITOME_E_CERTIFICATE_REVOKED);
        assert_int_equal(status_now(&other, rig_now), MITOME_OK);
}

static X509_CRL *list(enum authority_kind kind, int64_t now)
{
        struct authority_der der;
        assert_int_equal(authority_crl(all.authority, kind, now, &der, NULL).code, MITOME_OK);
        const unsigned char *end = der.bytes;
        X509_CRL *crl = d2i_X509_CRL(NULL, &end, (long)der.size);
        assert_non_null(crl);
        return crl;
}

static long number_of(const X509_CRL *crl)
{
        ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
        assert_non_null(number);
        long value = ASN1_INTEGER_get(number);
        ASN1_INTEGER_free(number);
        return value;
}

/* RFC 5280 5.2.3: numbers grow. Each certificate stands on the list once. */
static void lists_are_numbered_and_name_each_certificate_once(void **state)
{
        (void)state;
        const enum authority_kind kind = AUTHORITY_SIGNING;
        struct authority_certificate certificate = issue(kind, &people_hanako, rig_now);
        X509_CRL *former = list(kind, rig_now);
        int before = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(former));
        for (int i = 0; i < 3; i++)
                assert_int_equal(authority_revoke(all.authority, kind, &certificate, rig_now + i, NULL).code,
                        MITOME_OK);
        X509_CRL *crl = list(kind, rig_now + 60);
        assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), (before < 0 ? 0 : before) + 1);
        assert_int_equal(number_of(crl), number_of(former) + 1);
        assert_int_equal(ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(crl), rig_now + 60), 0);
        assert_int_equal(ASN1_TIME_cmp_time_t(X509_CRL_get0_nextUpdate(crl), rig_now + 60 + RIG_DAY), 0);
        const X509_REVOKED *entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
        assert_int_equal(ASN1_TIME_cmp_time_t(X509_REVOKED_get0_revocationDate(entry), rig_now), 0);
        X509_CRL_free(crl);
        X509_CRL_free(former);
}

/* A CA that gives up its key says once more whom it has revoked, for as long as it is believed itself. */
static void the_last_list_lasts_as_long_as_its_ca(void **state)
{
        (void)state;
        const enum authority_kind kind = AUTHORITY_USER_VERIFICATION;
        const slice der = authority_ca(all.authority, kind);
        struct authority_certificate certificate = issue(kind, &people_hanako, rig_now);
        struct authority_der last;
        assert_int_equal(authority_revoke(all.authority, kind, &certificate, rig_now, NULL).code, MITOME_OK);
        assert_int_equal(authority_last_crl(all.authority, kind, rig_now, &last, NULL).code, MITOME_OK);
        const unsigned char *bytes = last.bytes, *ca_bytes = der.data;
        X509_CRL *crl = d2i_X509_CRL(NULL, &bytes, (long)last.size);
        X509 *ca = d2i_X509(NULL, &ca_bytes, (long)der.size);
        assert_int_equal(ASN1_TIME_compare(X509_CRL_get0_nextUpdate(crl), X509_get0_notAfter(ca)), 0);
        assert_int_equal(ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(crl), rig_now), 0);
        assert_true(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) >= 1);
        X509_free(ca);
        X509_CRL_free(crl);
}

static void a_list_is_bounded(void **state)
{
        (void)state;
        struct authority *authority = NULL;
        struct authority_certificate certificate = { 0 };
        assert_int_equal(authority_new(&all.random, rig_now, &authority, NULL).code, MITOME_OK);
        for (unsigned i = 0; i < AUTHORITY_REVOKED_MAX; i++) {
                certificate.serial[0] = 0x40;
                certificate.serial[9] = (uint8_t)i;
                assert_int_equal(
                        authority_revoke(authority, AUTHORITY_SIGNING, &certificate, rig_now, NULL).code,
                        MITOME_OK);
        }
        struct authority_der crl;
        assert_int_equal(authority_crl(authority, AUTHORITY_SIGNING, rig_now, &crl, NULL).code, MITOME_OK);
        certificate.serial[8] = 1;
        assert_int_equal(authority_revoke(authority, AUTHORITY_SIGNING, &certificate, rig_now, NULL).code,
                MITOME_E_FULL);
        authority_free(authority);
}

static int no_randomness(void *context, uint8_t *bytes, size_t size)
{
        (void)context, (void)bytes, (void)size;
        return -1;
}

static void nothing_is_issued_without_randomness(void **state)
{
        (void)state;
        const struct mitome_random none = { .fill = no_randomness };
        struct authority *authority = NULL;
        struct maker_batch batch;
        assert_int_equal(authority_new(&none, rig_now, &authority, NULL).code, MITOME_E_NO_RANDOMNESS);
        assert_null(authority);
        assert_int_equal(maker_make_batch(&none, rig_now, &batch, NULL).code, MITOME_E_NO_RANDOMNESS);
}

/* ---- the maker ---- */

static void the_batch_certificate_is_believed_and_declared(void **state)
{
        (void)state;
        static struct maker_batch batch;
        static uint8_t json[8192], roots[AUTHORITY_DER_MAX];
        struct metadata_statement statement;
        struct mitome_trust *trust = NULL;
        bool anchored = false;
        writer w = WRITER(json);
        assert_int_equal(maker_make_batch(&all.random, rig_now, &batch, NULL).code, MITOME_OK);
        assert_int_equal(
                maker_write_statement(&maker_classes[0], view(&batch.ca), (slice){ 0 }, &w, NULL).code,
                MITOME_OK);
        assert_int_equal(metadata_statement_read(writer_view(&w), roots, sizeof roots, &statement, NULL).code,
                MITOME_OK);
        assert_memory_equal(statement.aaguid, maker_classes[0].aaguid, MAKER_AAGUID_SIZE);
        assert_int_equal(statement.key_protection, METADATA_SOFTWARE);
        assert_int_equal(statement.matcher_protection, METADATA_SOFTWARE);
        assert_int_equal(statement.weakest_path, METADATA_PATH_PASSCODE);
        assert_int_equal(statement.root_count, 1);

        /* the anchor that the statement names believes the certificate */
        const slice chain[] = { view(&batch.certificate) };
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_anchor(trust, statement.roots[0], NULL).code, MITOME_OK);
        assert_int_equal(trust_verify_attestation(trust, chain, 1, rig_now, &anchored, NULL).code, MITOME_OK);
        assert_true(anchored);
        mitome_trust_free(trust);

        uint8_t little[64];
        w = WRITER(little);
        assert_int_equal(
                maker_write_statement(&maker_classes[0], view(&batch.ca), (slice){ 0 }, &w, NULL).code,
                MITOME_E_BUFFER_FULL);
}

/* ---- OpenSSL's own program ---- */

static void write_pem(const char *folder, const char *name, slice der, char path[256], bool crl)
{
        snprintf(path, 256, "%s/%s.pem", folder, name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(PEM_write(file, crl ? PEM_STRING_X509_CRL : PEM_STRING_X509, "", der.data,
                            (long)der.size) > 0);
        fclose(file);
}

/* The program's exit status, or -1 when there is none. */
static int run(const char *const *arguments)
{
        pid_t child;
        int status = -1;
        posix_spawn_file_actions_t quiet;
        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1 /* O_WRONLY */, 0);
        posix_spawn_file_actions_adddup2(&quiet, 1, 2);
        union {
                const char *const *in;
                char *const *out;
        } list = { .in = arguments };
        int failed = posix_spawnp(&child, arguments[0], &quiet, NULL, list.out, environ);
        posix_spawn_file_actions_destroy(&quiet);
        if (failed || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
                return -1;
        return WEXITSTATUS(status);
}

static int openssl_verify(const char *ca, const char *crl, const char *certificate)
{
        char time[32];
        snprintf(time, sizeof time, "%lld", (long long)rig_now);
        const char *const arguments[] = { "openssl", "verify", "-attime", time, "-x509_strict", "-CAfile", ca,
                "-crl_check", "-CRLfile", crl, certificate, NULL };
        return run(arguments);
}

static void the_openssl_program_believes_what_is_issued(void **state)
{
        (void)state;
        static const char *const version[] = { "openssl", "version", NULL };
        char folder[] = "/tmp/mitome-authority-XXXXXX", ca[256], crl[256], leaf[256];
        if (run(version) != 0) {
                print_message("the program openssl is not here\n");
                skip();
        }
        assert_non_null(mkdtemp(folder));
        for (int i = 0; i < 2; i++) {
                enum authority_kind kind = (enum authority_kind)i;
                struct authority_certificate certificate = issue(kind, &people_hanako, rig_now);
                struct authority_der der;
                write_pem(folder, "ca", authority_ca(all.authority, kind), ca, false);
                write_pem(folder, "leaf", view(&certificate.der), leaf, false);
                for (int revoked = 0; revoked < 2; revoked++) {
                        assert_int_equal(
                                authority_crl(all.authority, kind, rig_now, &der, NULL).code, MITOME_OK);
                        write_pem(folder, "crl", view(&der), crl, true);
                        assert_int_equal(openssl_verify(ca, crl, leaf), revoked ? 2 : 0);
                        assert_int_equal(
                                authority_revoke(all.authority, kind, &certificate, rig_now, NULL).code,
                                MITOME_OK);
                }
                /* and not by the other CA */
                write_pem(folder, "ca", authority_ca(all.authority, (enum authority_kind) !i), ca, false);
                assert_int_equal(openssl_verify(ca, crl, leaf), 2);
        }
        unlink(ca);
        unlink(crl);
        unlink(leaf);
        rmdir(folder);
}

/* ---- the TSM, and a real element ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct element_rig *rig = context;
        assert_true(capacity >= MITOME_APDU_MAX);
        return mitome_element_transmit(rig->element, command, response, ret_size, error);
}

static struct scp03_keys right_keys(void)
{
        return element_rig_host_keys(&element_rig_keys);
}

/* Reads what the element keeps in a file, the certificate's length from its own head. */
static slice read_file(struct element_rig *rig, uint16_t file, size_t size, uint8_t *buffer)
{
        assert_int_equal(element_rig_select_file(rig, file), 0x9000);
        for (size_t offset = 0; offset < size;) {
                const struct apdu_command command = {
                        .ins = 0xB0, .p1 = (uint8_t)(offset >> 8), .p2 = (uint8_t)offset, .expected = 256
                };
                assert_int_equal(element_rig_send(rig, &command), 0x9000);
                assert_true(rig->data.size > 0 && offset + rig->data.size <= size);
                memcpy(buffer + offset, rig->data.data, rig->data.size);
                offset += rig->data.size;
        }
        return slice_of(buffer, size);
}

static uint16_t present(struct element_rig *rig, uint16_t file, const char *secret)
{
        assert_int_equal(element_rig_select_file(rig, file), 0x9000);
        return element_rig_command(rig, 0x00200080, slice_text(secret));
}

static void the_tsm_puts_both_certificates_into_an_element(void **state)
{
        (void)state;
        static struct element_rig rig;
        static uint8_t buffer[AUTHORITY_DER_MAX];
        static const char *const secrets[] = { "1234", "PASSWORD1" };
        static const uint16_t files[] = { 0x000A, 0x0001 }, ca_files[] = { 0x000B, 0x0002 },
                              secret_files[] = { 0x0018, 0x001B };
        const struct mitome_link link = { .context = &rig, .transmit = transmit };
        const struct scp03_keys keys = right_keys();
        struct authority_certificate certificates[2];
        element_rig_open(&rig);
        struct tsm_channel channel;
        assert_int_equal(tsm_open(&channel, &link, &keys, TSM_JPKI, &all.random, NULL).code, MITOME_OK);
        for (int i = 0; i < 2; i++) {
                enum authority_kind kind = (enum authority_kind)i;
                struct tsm_public_key key;
                assert_int_equal(tsm_generate_key(&channel, kind, &key, NULL).code, MITOME_OK);
                assert_int_equal(authority_issue(all.authority, kind, &people_hanako, SLICE(key.modulus),
                                         SLICE(key.exponent), rig_now, &certificates[i], NULL)
                                         .code,
                        MITOME_OK);
                assert_int_equal(tsm_write_certificate(&channel, kind, view(&certificates[i].der), NULL).code,
                        MITOME_OK);
                assert_int_equal(
                        tsm_write_ca_certificate(&channel, kind, authority_ca(all.authority, kind), NULL)
                                .code,
                        MITOME_OK);
                assert_int_equal(tsm_set_secret(&channel, kind, secrets[i], NULL).code, MITOME_OK);
        }
        tsm_close(&channel);

        /* as a reader sees it, each behind its own secret */
        assert_int_equal(element_rig_select(&rig, element_rig_jpki), 0x9000);
        for (int i = 0; i < 2; i++) {
                slice ca = authority_ca(all.authority, (enum authority_kind)i);
                assert_int_equal(present(&rig, secret_files[i], "9999"), i ? 0x63C4 : 0x63C2);
                assert_int_equal(present(&rig, secret_files[i], secrets[i]), 0x9000);
                assert_true(slice_equal(read_file(&rig, files[i], certificates[i].der.size, buffer),
                        view(&certificates[i].der)));
                assert_true(slice_equal(read_file(&rig, ca_files[i], ca.size, buffer), ca));
        }
        element_rig_close(&rig);
}

static void the_tsm_equips_and_pairs_a_new_element(void **state)
{
        (void)state;
        static struct element_rig rig;
        static struct maker_batch batch;
        uint8_t point[PAIRING_POINT_SIZE];
        struct tsm_matcher matcher = { .class = MATCHER_STRONG, .modality = UNLOCK_FINGER };
        const struct tsm_matcher nowhere = { { 4 }, MATCHER_STRONG, UNLOCK_FINGER };
        const struct mitome_link link = { .context = &rig, .transmit = transmit };
        const struct scp03_keys keys = right_keys();
        struct tsm_channel channel;
        element_rig_open(&rig);
        assert_int_equal(maker_make_batch(&all.random, rig_now, &batch, NULL).code, MITOME_OK);
        SECRET(scalar);
        assert_int_equal(p256_generate(&all.random, &scalar, matcher.point, NULL).code, MITOME_OK);

        assert_int_equal(tsm_open(&channel, &link, &keys, TSM_FIDO, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(tsm_store_batch_key(&channel, SLICE(maker_classes[0].aaguid), SLICE(batch.key),
                                 view(&batch.certificate), NULL)
                                 .code,
                MITOME_OK);
        mitome_error error = { 0 }; /* once */
        assert_int_equal(tsm_store_batch_key(&channel, SLICE(maker_classes[0].aaguid), SLICE(batch.key),
                                 view(&batch.certificate), &error)
                                 .code,
                MITOME_E_APDU_STATUS);
        tsm_close(&channel);
        assert_int_equal(tsm_open(&channel, &link, &keys, TSM_FIDO, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(tsm_pair(&channel, &nowhere, point, NULL).code, MITOME_E_APDU_STATUS);
        tsm_close(&channel);
        assert_int_equal(tsm_open(&channel, &link, &keys, TSM_FIDO, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(tsm_pair(&channel, &matcher, point, NULL).code, MITOME_OK);
        SECRET(key);
        uint8_t mac[SHA256_SIZE] = { 0 };
        assert_int_equal(tsm_confirm_pairing(&channel, mac, NULL).code, MITOME_E_APDU_STATUS);
        assert_int_equal(tsm_pair(&channel, &matcher, point, NULL).code, MITOME_OK);
        assert_int_equal(pairing_derive(secret_view(&scalar), SLICE(point), SLICE(point),
                                 SLICE(matcher.point), &key, NULL)
                                 .code,
                MITOME_OK);
        pairing_confirmation(secret_view(&key), PAIRING_MATCHER, SLICE(point), SLICE(matcher.point), mac);
        assert_int_equal(tsm_confirm_pairing(&channel, mac, NULL).code, MITOME_OK);
        tsm_close(&channel);
        assert_int_equal(point[0], 4);
        assert_int_equal(element_rig_select(&rig, element_rig_fido), 0x9000);
        assert_int_equal(element_rig_state(&rig).flags & 0x05, 0x05); /* batch key, a matcher is paired */
        element_rig_close(&rig);
}

/* The plan's allow-list: C1 = SHA-256 of the app's signing certificate, 4F = the applet, D0 = 01. */
static void the_tsm_allows_and_forbids_apps(void **state)
{
        (void)state;
        static struct element_rig rig;
        static const uint8_t head[] = { 0xFF, 0x40, 0x37, 0xE2, 0x35, 0xE1, 0x2E, 0x4F, 10 },
                             tail[] = { 0xE3, 3, 0xD0, 1, 1 };
        static const uint8_t app[32] = { 0x5A };
        const struct mitome_link link = { .context = &rig, .transmit = transmit };
        const struct scp03_keys keys = right_keys();
        struct tsm_channel channel;
        uint8_t expected[64];
        writer w = WRITER(expected);
        write_slice(&w, SLICE(head));
        write_slice(&w, element_rig_jpki);
        write_slice(&w, slice_of("\xC1\x20", 2));
        write_slice(&w, SLICE(app));
        write_slice(&w, SLICE(tail));
        element_rig_open(&rig);
        assert_int_equal(tsm_open(&channel, &link, &keys, TSM_ARA, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(tsm_allow_app(&channel, TSM_JPKI, SLICE(app), NULL).code, MITOME_OK);
        assert_int_equal(
                tsm_allow_app(&channel, TSM_JPKI, SLICE(app), NULL).code, MITOME_OK); /* it is there */
        assert_int_equal(element_rig_select(&rig, element_rig_ara), SW_OK);
        assert_int_equal(element_rig_command(&rig, 0x80CAFF40, (slice){ 0 }), SW_OK);
        assert_true(slice_equal(rig.data, writer_view(&w)));
        assert_int_equal(tsm_forbid_apps(&channel, TSM_FIDO, NULL).code, MITOME_OK); /* there are none */
        assert_int_equal(tsm_forbid_apps(&channel, TSM_JPKI, NULL).code, MITOME_OK);
        assert_int_equal(element_rig_command(&rig, 0x80CAFF40, (slice){ 0 }), SW_NO_REFERENCE);
        const uint8_t odd[31] = { 1 };
        assert_int_equal(tsm_allow_app(&channel, TSM_JPKI, SLICE(odd), NULL).code, MITOME_E_APDU_STATUS);
        tsm_close(&channel);
        assert_int_equal(tsm_open(&channel, &link, &keys, TSM_JPKI, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(tsm_allow_app(&channel, TSM_JPKI, SLICE(app), NULL).code, MITOME_E_APDU_STATUS);
        tsm_close(&channel);
        element_rig_close(&rig);
}

/* Who does not hold the element's keys opens no channel, and without one nothing is ordered. */
static void without_the_keys_there_is_no_channel(void **state)
{
        (void)state;
        static struct element_rig rig;
        const struct mitome_link link = { .context = &rig, .transmit = transmit };
        struct tsm_channel channel;
        struct tsm_public_key key;
        element_rig_open(&rig);
        for (int i = 0; i < 2; i++) {
                struct scp03_keys keys = right_keys();
                *(i ? keys.mac : keys.enc) ^= 1;
                mitome_error error = { 0 };
                assert_int_equal(tsm_open(&channel, &link, &keys, TSM_JPKI, &all.random, &error).code,
                        MITOME_E_CHANNEL_CRYPTOGRAM);
                assert_int_equal(error.code, MITOME_E_CHANNEL_CRYPTOGRAM);
                assert_int_equal(tsm_generate_key(&channel, AUTHORITY_SIGNING, &key, NULL).code,
                        MITOME_E_CHANNEL_CLOSED);
        }
        const struct mitome_random none = { .fill = no_randomness };
        const struct scp03_keys keys = right_keys();
        assert_int_equal(
                tsm_open(&channel, &link, &keys, TSM_JPKI, &none, NULL).code, MITOME_E_NO_RANDOMNESS);
        element_rig_close(&rig);
}

/* ---- the two TSMs ---- */

/* A new element whose applets were handed over and taken over. */
struct parted {
        struct element_rig rig;
        struct mitome_link link;
        struct tsm_key_set issuer, first, own;
};

static void hand_over(struct parted *parted)
{
        parted->link = (struct mitome_link){ .context = &parted->rig, .transmit = transmit };
        parted->issuer = (struct tsm_key_set){ TSM_KEYS_ISSUER, right_keys() };
        element_rig_open(&parted->rig);
        assert_int_equal(tsm_make_keys(&parted->first, TSM_KEYS_FIRST, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(tsm_make_keys(&parted->own, TSM_KEYS_OWN, &all.random, NULL).code, MITOME_OK);
        assert_int_equal(
                tsm_hand_over(&parted->link, &parted->issuer.keys, &parted->first, &all.random, NULL).code,
                MITOME_OK);
}

static void take_over(struct parted *parted)
{
        assert_int_equal(tsm_take_over(&parted->link, &parted->first, &parted->own, &all.random, NULL).code,
                MITOME_OK);
}

static void open_by(
        struct parted *parted, const struct tsm_key_set *set, enum tsm_applet applet, struct tsm_channel *ret)
{
        assert_int_equal(tsm_open_set(ret, &parted->link, set, applet, &all.random, NULL).code, MITOME_OK);
}

/* By version: 6A88, there is no such set. By the lowest set that there is: it is not known. */
static void opens_no_more(struct parted *parted, const struct tsm_key_set *set, enum tsm_applet applet)
{
        struct tsm_channel channel;
        assert_int_equal(tsm_open_set(&channel, &parted->link, set, applet, &all.random, NULL).code,
                MITOME_E_APDU_STATUS);
        assert_int_equal(channel.sw, SW_NO_REFERENCE);
        assert_int_equal(tsm_open(&channel, &parted->link, &set->keys, applet, &all.random, NULL).code,
                MITOME_E_CHANNEL_CRYPTOGRAM);
}

static void refused(struct tsm_channel *channel, mitome_status status, uint16_t sw)
{
        assert_int_equal(status.code, MITOME_E_APDU_STATUS);
        assert_int_equal(channel->sw, sw);
}

static const enum tsm_applet given[] = { TSM_JPKI, TSM_FIDO, TSM_PROVIDER };

/* "SP-TSM = the service provider's own domain: personalises": with keys that the issuer does not know. */
static void only_the_provider_opens_what_was_given_to_it(void **state)
{
        (void)state;
        static struct parted parted;
        struct tsm_channel channel;
        hand_over(&parted);
        for (size_t i = 0; i < 3; i++) {
                opens_no_more(&parted, &parted.issuer, given[i]);
                open_by(&parted, &parted.first, given[i], &channel);
                tsm_close(&channel);
        }
        take_over(&parted);
        for (size_t i = 0; i < 3; i++) {
                opens_no_more(&parted, &parted.issuer, given[i]);
                opens_no_more(&parted, &parted.first, given[i]);
                open_by(&parted, &parted.own, given[i], &channel);
                tsm_close(&channel);
        }
        opens_no_more(&parted, &parted.own, TSM_CARD_MANAGER);
        opens_no_more(&parted, &parted.own, TSM_ARA);
        /* and the issuer asks for nothing to be passed on */
        open_by(&parted, &parted.issuer, TSM_CARD_MANAGER, &channel);
        refused(&channel, tsm_pass_on(&channel, TSM_JPKI, NULL), SW_CONDITIONS);
        refused(&channel, tsm_pass_on(&channel, TSM_FIDO, NULL), SW_CONDITIONS);
        tsm_close(&channel);
        /* what was taken over once is not taken over by the first keys again */
        assert_int_equal(tsm_take_over(&parted.link, &parted.first, &parted.own, &all.random, NULL).code,
                MITOME_E_APDU_STATUS);
        element_rig_close(&parted.rig);
}

/* "SEI-TSM = the issuer's domain with authorised management: installs and deletes". The very same commands,
 * from either: what is refused is who asks. */
static void only_the_issuer_installs_deletes_and_leads_the_card(void **state)
{
        (void)state;
        static struct parted parted;
        static const uint8_t another[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x11 };
        struct tsm_channel channel;
        hand_over(&parted);
        take_over(&parted);
        open_by(&parted, &parted.own, TSM_PROVIDER, &channel);
        refused(&channel, tsm_install_domain(&channel, SLICE(another), NULL), SW_CONDITIONS);
        refused(&channel, tsm_delete(&channel, TSM_JPKI, NULL), SW_CONDITIONS);
        refused(&channel, tsm_delete(&channel, TSM_PROVIDER, NULL), SW_CONDITIONS);
        refused(&channel, tsm_extradite(&channel, TSM_ARA, NULL), SW_CONDITIONS);
        refused(&channel, tsm_secure_card(&channel, NULL), SW_CONDITIONS);
        refused(&channel, tsm_allow_app(&channel, TSM_JPKI, (slice){ 0 }, NULL),
                SW_WRONG_DATA); /* no rule is its data */
        tsm_close(&channel);
        open_by(&parted, &parted.issuer, TSM_CARD_MANAGER, &channel);
        assert_int_equal(tsm_install_domain(&channel, SLICE(another), NULL).code, MITOME_OK);
        refused(&channel, tsm_extradite(&channel, TSM_JPKI, NULL), SW_CONDITIONS);  /* given away */
        refused(&channel, tsm_secure_card(&channel, NULL), SW_CONDITIONS);          /* it is SECURED */
        refused(&channel, tsm_delete(&channel, TSM_PROVIDER, NULL), SW_CONDITIONS); /* it has something */
        assert_int_equal(tsm_delete(&channel, TSM_JPKI, NULL).code, MITOME_OK);
        assert_int_equal(tsm_delete(&channel, TSM_FIDO, NULL).code, MITOME_OK);
        assert_int_equal(tsm_delete(&channel, TSM_PROVIDER, NULL).code, MITOME_OK);
        tsm_close(&channel);
        element_rig_close(&parted.rig);
}

/* The DEK of another set, or none, puts no keys; nor do keys that are none of AES. */
static void keys_are_put_by_who_has_opened_the_channel(void **state)
{
        (void)state;
        static struct parted parted;
        struct tsm_channel channel;
        hand_over(&parted);
        open_by(&parted, &parted.first, TSM_PROVIDER, &channel);
        channel.dek.data[0] ^= 1;
        refused(&channel, tsm_put_keys(&channel, TSM_KEYS_FIRST, &parted.own, NULL), SW_WRONG_DATA);
        channel.dek.data[0] ^= 1;
        refused(&channel, tsm_put_keys(&channel, 0x30, &parted.own, NULL), SW_NO_REFERENCE);
        struct tsm_key_set odd = parted.own;
        odd.keys.size = 17;
        assert_int_equal(tsm_put_keys(&channel, TSM_KEYS_FIRST, &odd, NULL).code, MITOME_E_ARGUMENT);
        tsm_close(&channel);
        assert_int_equal(
                tsm_put_keys(&channel, TSM_KEYS_FIRST, &parted.own, NULL).code, MITOME_E_CHANNEL_CLOSED);
        for (uint8_t size = 16; size <= 32; size += 8) { /* AES-128, -192, -256, one after the other */
                struct tsm_key_set next = parted.own;
                next.version = (uint8_t)(0x20 + size);
                next.keys.size = size;
                open_by(&parted, &parted.first, TSM_PROVIDER, &channel);
                assert_int_equal(tsm_put_keys(&channel, parted.first.version, &next, NULL).code, MITOME_OK);
                tsm_close(&channel);
                parted.first = next;
        }
        open_by(&parted, &parted.first, TSM_JPKI, &channel);
        tsm_close(&channel);
        const struct mitome_random none = { .fill = no_randomness };
        assert_int_equal(tsm_make_keys(&parted.own, TSM_KEYS_OWN, &none, NULL).code, MITOME_E_NO_RANDOMNESS);
        element_rig_close(&parted.rig);
}

/* The provider's whole work, in the domain that it took over, and its end. */
static void the_provider_personalises_and_erases(void **state)
{
        (void)state;
        static struct parted parted;
        struct tsm_channel channel;
        struct tsm_public_key key;
        struct authority_certificate certificate;
        static const uint8_t other[] = { 0x01 };
        hand_over(&parted);
        take_over(&parted);
        open_by(&parted, &parted.own, TSM_JPKI, &channel);
        refused(&channel, tsm_erase(&channel, NULL), SW_NO_REFERENCE); /* there is nothing */
        assert_int_equal(tsm_generate_key(&channel, AUTHORITY_SIGNING, &key, NULL).code, MITOME_OK);
        assert_int_equal(authority_issue(all.authority, AUTHORITY_SIGNING, &people_hanako, SLICE(key.modulus),
                                 SLICE(key.exponent), rig_now, &certificate, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(
                tsm_write_certificate(&channel, AUTHORITY_SIGNING, view(&certificate.der), NULL).code,
                MITOME_OK);
        refused(&channel, tsm_set_lease(&channel, SLICE(other), 1, NULL), SW_NO_REFERENCE);
        refused(&channel, tsm_set_lease(&channel, SLICE(certificate.serial), 1001, NULL), SW_WRONG_DATA);
        assert_int_equal(tsm_set_lease(&channel, SLICE(certificate.serial), 1, NULL).code, MITOME_OK);
        refused(&channel, tsm_set_secret(&channel, AUTHORITY_SIGNING, "short", NULL), SW_WRONG_DATA);
        assert_int_equal(tsm_erase(&channel, NULL).code, MITOME_OK);
        refused(&channel, tsm_erase(&channel, NULL), SW_NO_REFERENCE);
        tsm_close(&channel);
        element_rig_close(&parted.rig);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_cas_are_of_their_profile),
                cmocka_unit_test(a_user_verification_certificate_holds_no_personal_data),
                cmocka_unit_test(a_signing_certificate_holds_the_four_facts),
                cmocka_unit_test(dates_of_birth_carry_their_era),
                cmocka_unit_test(certificates_end_with_the_fifth_birthday),
                cmocka_unit_test(children_get_no_signing_certificate),
                cmocka_unit_test(a_person_cannot_write_extensions),
                cmocka_unit_test(only_jpki_keys_are_certified),
                cmocka_unit_test(a_hold_can_be_released_and_a_revocation_cannot),
                cmocka_unit_test(lists_are_numbered_and_name_each_certificate_once),
                cmocka_unit_test(the_last_list_lasts_as_long_as_its_ca),
                cmocka_unit_test(a_list_is_bounded),
                cmocka_unit_test(nothing_is_issued_without_randomness),
                cmocka_unit_test(the_batch_certificate_is_believed_and_declared),
                cmocka_unit_test(the_openssl_program_believes_what_is_issued),
                cmocka_unit_test(the_tsm_puts_both_certificates_into_an_element),
                cmocka_unit_test(the_tsm_equips_and_pairs_a_new_element),
                cmocka_unit_test(the_tsm_allows_and_forbids_apps),
                cmocka_unit_test(without_the_keys_there_is_no_channel),
                cmocka_unit_test(only_the_provider_opens_what_was_given_to_it),
                cmocka_unit_test(only_the_issuer_installs_deletes_and_leads_the_card),
                cmocka_unit_test(keys_are_put_by_who_has_opened_the_channel),
                cmocka_unit_test(the_provider_personalises_and_erases),
        };
        return cmocka_run_group_tests(tests, make_all, free_all);
}
