/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include "x509_build.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
        DAY = 86400,
        JST = 9 * 3600,
        CA_YEARS = 10,
        SIGNING_AGE = 15,
        COMMON_NAME_SIZE = 23,
        MODULUS_SIZE = 256
};

/* One CA: its key, its certificate and what it has revoked. */
struct ca {
        EVP_PKEY *key;
        X509 *certificate;
        struct authority_der der;
        int64_t not_after;
        long crl_number;
        size_t revoked_count;
        struct listed {
                uint8_t serial[AUTHORITY_SERIAL_SIZE];
                int64_t at;
                bool hold; /* 一時保留 */
        } revoked[AUTHORITY_REVOKED_MAX];
};

struct authority {
        struct mitome_random random;
        struct ca cas[2];
};

static mitome_status crypto_failed(const char *field, mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, field, NULL);
}

/* ---- the profiles ---- */

/* O=JPKI-TEST is the name of the public test hierarchy: nothing here may be taken for the real one. */
static const char *const unit_names[] = { "JPKI for user authentication", "JPKI for digital signature" };
static const char agency[] = "Japan Agency for Local Authority Information Systems";

#define DISTRIBUTION_POINT                   \
        "[dp]\nfullname = dirName:dp_name\n" \
        "[dp_name]\nC = JP\nO = JPKI-TEST\n"

/* %s: the CA's own unit; its list is found under its own name. */
static const char ca_extensions[] = "[certificate]\n"
                                    "keyUsage = critical, keyCertSign, cRLSign\n"
                                    "basicConstraints = critical, CA:TRUE\n"
                                    "crlDistributionPoints = dp\n"
                                    "subjectKeyIdentifier = hash\n" DISTRIBUTION_POINT "1.OU = %s\n"
                                    "2.OU = Japan Agency for Local Authority Information Systems\n";

/* What marks phone certificates is this project's own: their real profile is not public. */
static const char phone_marker[] = "1.3.6.1.4.1.99999.1.1 = DER:0500\n";

/* 利用者証明用. The key identifier stands last, as in the real certificates. %s: the phone's marker, or
 * nothing. */
static const char user_verification_extensions[] =
        "[certificate]\n"
        "keyUsage = critical, digitalSignature\n"
        "certificatePolicies = 1.2.392.200149.8.5.1.3.30\n"
        "crlDistributionPoints = dp\n"
        "%s"
        "authorityKeyIdentifier = keyid\n"
        "subjectKeyIdentifier = hash\n" DISTRIBUTION_POINT "1.OU = JPKI for user authentication\n"
        "2.OU = Japan Agency for Local Authority Information Systems\n";

/* 署名用, with the four basic facts (基本4情報) as other names; the list of revoked ones is parted by
 * municipality. */
static const char signing_extensions[] =
        "[certificate]\n"
        "keyUsage = critical, digitalSignature, nonRepudiation\n"
        "certificatePolicies = 1.2.392.200149.8.5.1.1.20\n"
        "subjectAltName = @facts\n"
        "crlDistributionPoints = dp\n"
        "%s"
        "authorityKeyIdentifier = keyid\n"
        "subjectKeyIdentifier = hash\n" DISTRIBUTION_POINT "1.OU = JPKI for digital signature\n"
        "2.OU = CRL Distribution Points\n"
        "[facts]\n"
        "otherName.1 = 1.2.392.200149.8.5.5.1;FORMAT:UTF8,UTF8:%s\n"
        "otherName.2 = 1.2.392.200149.8.5.5.3;FORMAT:UTF8,UTF8:%s\n"
        "otherName.3 = 1.2.392.200149.8.5.5.4;FORMAT:UTF8,UTF8:%d%04d%02d%02d\n"
        "otherName.4 = 1.2.392.200149.8.5.5.5;FORMAT:UTF8,UTF8:%s\n";

/* ---- dates ---- */

/* The date in Japan, its month counted from 1. */
struct date {
        int year, month, day;
};

static struct date date_of(int64_t now)
{
        time_t local = (time_t)(now + JST);
        struct tm tm;
        gmtime_r(&local, &tm);
        return (struct date){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday };
}

/* The last second of a day in Japan. */
static int64_t end_of(struct date date)
{
        struct tm tm = {
                .tm_year = date.year - 1900,
                .tm_mon = date.month - 1,
                .tm_mday = date.day,
                .tm_hour = 23,
                .tm_min = 59,
                .tm_sec = 59,
        };
        return (int64_t)timegm(&tm) - JST;
}

static bool is_leap(int year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_date(struct date date)
{
        static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap_day = date.month == 2 && date.day == 29;
        return date.year >= 1868 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
               date.day >= 1 && date.day <= days[date.month - 1] && (!leap_day || is_leap(date.year));
}

/* Who was born on the 29th of February has his birthday on the 28th in other years: the rule for JPKI is not
 * at hand, and this is the reading that gives nobody a day too many. */
static struct date birthday(const struct authority_person *person, int year)
{
        bool leap_day = person->birth_month == 2 && person->birth_day == 29;
        return (struct date){ year, person->birth_month,
                leap_day && !is_leap(year) ? 28 : person->birth_day };
}

/* How many birthdays a person has had, the one of this day among them. */
static int age_of(const struct authority_person *person, int64_t now)
{
        struct date today = date_of(now), this_year = birthday(person, today.year);
        bool passed = today.month > this_year.month ||
                      (today.month == this_year.month && today.day >= this_year.day);
        return today.year - person->birth_year - !passed;
}

/* The era of a date of birth: 1 Meiji .. 5 Reiwa, by the day on which each began. */
static int era_of(const struct authority_person *person)
{
        static const int began[] = { 18680125, 19120730, 19261225, 19890108, 20190501 };
        int born = person->birth_year * 10000 + person->birth_month * 100 + person->birth_day;
        int era = 0;
        for (int i = 0; i < 5; i++)
                era += born >= began[i];
        return era;
}

/* The end of the fifth birthday after `now`. */
static int64_t fifth_birthday(const struct authority_person *person, int64_t now)
{
        return end_of(birthday(person, person->birth_year + age_of(person, now) + 5));
}

/* A CA lasts ten years and ends with a day of Japan, too. */
static int64_t end_of_ca(int64_t now)
{
        struct date date = date_of(now);
        date.year += CA_YEARS;
        return end_of(date);
}

/* ---- CAs ---- */

static mitome_status random_bytes(
        const struct mitome_random *random, uint8_t *bytes, size_t size, mitome_error *error)
{
        return random->fill(random->context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
}

/* A serial number that nobody can foresee, positive and of full length. */
static mitome_status new_serial(
        const struct mitome_random *random, uint8_t serial[AUTHORITY_SERIAL_SIZE], mitome_error *error)
{
        MITOME_TRY(random_bytes(random, serial, AUTHORITY_SERIAL_SIZE, error));
        serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40);
        return ok();
}

static mitome_status make_ca(const struct mitome_random *random, enum authority_kind kind, int64_t now,
        struct ca *ca, mitome_error *error)
{
        const char *const pairs[] = { "C", "JP", "O", "JPKI-TEST", "OU", unit_names[kind], "OU", agency,
                NULL };
        uint8_t serial[AUTHORITY_SERIAL_SIZE];
        char extensions[512];
        snprintf(extensions, sizeof extensions, ca_extensions, unit_names[kind]);
        MITOME_TRY(new_serial(random, serial, error));
        ca->key = EVP_RSA_gen(2048);
        ca->not_after = end_of_ca(now);
        X509_NAME *name = x509_name(pairs);
        mitome_status status = { MITOME_E_CRYPTO_FAILED };
        if (ca->key && name) {
                const struct x509_plan plan = {
                        .subject = name,
                        .key = ca->key,
                        .issuer_key = ca->key,
                        .serial = SLICE(serial),
                        .not_before = now - DAY,
                        .not_after = ca->not_after,
                        .extensions = extensions,
                };
                status = x509_build(&plan, &ca->certificate, error);
        }
        X509_NAME_free(name);
        MITOME_TRY(status);
        return x509_der(ca->certificate, &ca->der, error);
}

mitome_status authority_new(
        const struct mitome_random *random, int64_t now, struct authority **ret, mitome_error *error)
{
        struct authority *authority = calloc(1, sizeof *authority);
        if (!authority)
                return fail(error, MITOME_E_NO_MEMORY, "authority", NULL);
        authority->random = *random;
        mitome_status status = make_ca(random, AUTHORITY_USER_VERIFICATION, now,
                &authority->cas[AUTHORITY_USER_VERIFICATION], error);
        if (!failed(status))
                status = make_ca(random, AUTHORITY_SIGNING, now, &authority->cas[AUTHORITY_SIGNING], error);
        if (failed(status))
                authority_free(authority);
        else
                *ret = authority;
        return status;
}

void authority_free(struct authority *authority)
{
        if (!authority)
                return;
        for (size_t i = 0; i < sizeof authority->cas / sizeof authority->cas[0]; i++) {
                EVP_PKEY_free(authority->cas[i].key);
                X509_free(authority->cas[i].certificate);
        }
        free(authority);
}

slice authority_ca(const struct authority *authority, enum authority_kind kind)
{
        return slice_of(authority->cas[kind].der.bytes, authority->cas[kind].der.size);
}

/* ---- issuing ---- */

static EVP_PKEY *public_key(slice modulus, slice exponent)
{
        EVP_PKEY *key = NULL;
        BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
        BIGNUM *e = BN_bin2bn(exponent.data, (int)exponent.size, NULL);
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        OSSL_PARAM *parameters = NULL;
        if (n && e && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
                parameters = OSSL_PARAM_BLD_to_param(build);
        if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        OSSL_PARAM_free(parameters);
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_BLD_free(build);
        BN_free(e);
        BN_free(n);
        return key;
}

/* The opaque common name: 23 characters that mean nothing. */
static mitome_status opaque_name(
        const struct mitome_random *random, char name[COMMON_NAME_SIZE + 1], mitome_error *error)
{
        static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
        uint8_t bytes[COMMON_NAME_SIZE];
        MITOME_TRY(random_bytes(random, bytes, sizeof bytes, error));
        for (int i = 0; i < COMMON_NAME_SIZE; i++)
                name[i] = letters[bytes[i] % 32];
        name[COMMON_NAME_SIZE] = '\0';
        return ok();
}

/* What may stand in OpenSSL's configuration and means nothing there. */
static bool is_plain_text(const char *text)
{
        static const char special[] = "\"#$'\\`;\x7F";
        slice view = slice_text(text);
        if (view.size == 0 || text[0] == ' ' || text[view.size - 1] == ' ' || !slice_is_utf8(view))
                return false;
        for (size_t i = 0; i < view.size; i++)
                if (view.data[i] < 0x20 || strchr(special, text[i]))
                        return false;
        return true;
}

static mitome_status check_person(
        enum authority_kind kind, const struct authority_person *person, int64_t now, mitome_error *error)
{
        const struct {
                const char *text, *field;
        } texts[] = {
                { person->name, "name" },
                { person->address, "address" },
                { person->prefecture, "prefecture" },
                { person->city, "city" },
                { person->gender, "gender" },
        };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (!is_plain_text(texts[i].text))
                        return fail(error, MITOME_E_VALUE, texts[i].field, NULL);
        const struct date born = { person->birth_year, person->birth_month, person->birth_day };
        if (!is_date(born) || (kind == AUTHORITY_SIGNING && age_of(person, now) < SIGNING_AGE))
                return fail(error, MITOME_E_VALUE, "date of birth", "JPKI: no signing certificate under 15");
        return ok();
}

static X509_NAME *subject_of(
        enum authority_kind kind, const struct authority_person *person, const char *common_name)
{
        const char *const opaque[] = { "C", "JP", "CN", common_name, NULL };
        const char *const placed[] = { "C", "JP", "L", person->prefecture, "L", person->city, "CN",
                common_name, NULL };
        return x509_name(kind == AUTHORITY_SIGNING ? placed : opaque);
}

static mitome_status extensions_of(enum authority_kind kind, const struct authority_person *person,
        char *text, size_t size, mitome_error *error)
{
        const char *marker = person->on_card ? "" : phone_marker;
        int length = kind == AUTHORITY_SIGNING
                             ? snprintf(text, size, signing_extensions, marker, person->name, person->gender,
                                       era_of(person), person->birth_year, person->birth_month,
                                       person->birth_day, person->address)
                             : snprintf(text, size, user_verification_extensions, marker);
        return length > 0 && (size_t)length < size ? ok() : fail(error, MITOME_E_TOO_LONG, "person", NULL);
}

static mitome_status build(struct ca *ca, enum authority_kind kind, const struct authority_person *person,
        const char *common_name, EVP_PKEY *key, int64_t now, struct authority_certificate *ret,
        mitome_error *error)
{
        char extensions[2048];
        MITOME_TRY(extensions_of(kind, person, extensions, sizeof extensions, error));
        X509_NAME *subject = subject_of(kind, person, common_name);
        if (!subject)
                return fail(error, MITOME_E_NO_MEMORY, "subject", NULL);
        const struct x509_plan plan = {
                .subject = subject,
                .key = key,
                .issuer = ca->certificate,
                .issuer_key = ca->key,
                .serial = SLICE(ret->serial),
                .not_before = now,
                .not_after = fifth_birthday(person, now),
                .extensions = extensions,
        };
        X509 *certificate;
        mitome_status status = x509_build(&plan, &certificate, error);
        X509_NAME_free(subject);
        MITOME_TRY(status);
        status = x509_der(certificate, &ret->der, error);
        X509_free(certificate);
        return status;
}

mitome_status authority_issue(struct authority *authority, enum authority_kind kind,
        const struct authority_person *person, slice modulus, slice exponent, int64_t now,
        struct authority_certificate *ret, mitome_error *error)
{
        char common_name[COMMON_NAME_SIZE + 1];
        static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
        if (modulus.size != MODULUS_SIZE || !(modulus.data[0] & 0x80) || !slice_equal(exponent, SLICE(f4)))
                return fail(error, MITOME_E_KEY_WEAK, "public key", "JPKI certificate profile");
        MITOME_TRY(check_person(kind, person, now, error));
        MITOME_TRY(new_serial(&authority->random, ret->serial, error));
        MITOME_TRY(opaque_name(&authority->random, common_name, error));
        EVP_PKEY *key = public_key(modulus, exponent);
        if (!key)
                return crypto_failed("public key", error);
        mitome_status status = build(&authority->cas[kind], kind, person, common_name, key, now, ret, error);
        EVP_PKEY_free(key);
        return status;
}

/* ---- revoking ---- */

static struct listed *find_listed(struct ca *ca, const struct authority_certificate *certificate)
{
        for (size_t i = 0; i < ca->revoked_count; i++)
                if (slice_equal(SLICE(ca->revoked[i].serial), SLICE(certificate->serial)))
                        return &ca->revoked[i];
        return NULL;
}

/* A certificate stands on the list once, and what is revoked stays so. */
static mitome_status put_on_list(struct ca *ca, const struct authority_certificate *certificate, int64_t now,
        bool hold, mitome_error *error)
{
        struct listed *entry = find_listed(ca, certificate);
        if (entry && (hold || !entry->hold))
                return ok();
        if (!entry) {
                if (ca->revoked_count == AUTHORITY_REVOKED_MAX)
                        return fail(error, MITOME_E_FULL, "revoked certificate", NULL);
                entry = &ca->revoked[ca->revoked_count];
                MITOME_TRY(slice_copy(
                        SLICE(certificate->serial), "serial", entry->serial, sizeof entry->serial, error));
                ca->revoked_count++;
        }
        entry->at = now;
        entry->hold = hold;
        return ok();
}

mitome_status authority_revoke(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, int64_t now, mitome_error *error)
{
        return put_on_list(&authority->cas[kind], certificate, now, false, error);
}

mitome_status authority_hold(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, int64_t now, mitome_error *error)
{
        return put_on_list(&authority->cas[kind], certificate, now, true, error);
}

mitome_status authority_release(struct authority *authority, enum authority_kind kind,
        const struct authority_certificate *certificate, mitome_error *error)
{
        struct ca *ca = &authority->cas[kind];
        struct listed *entry = find_listed(ca, certificate);
        if (!entry || !entry->hold)
                return fail(error, MITOME_E_MISSING, "certificate on hold", NULL);
        *entry = ca->revoked[--ca->revoked_count];
        return ok();
}

static bool set_reason(X509_REVOKED *entry, long value)
{
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        bool set = reason && ASN1_ENUMERATED_set(reason, value) == 1 &&
                   X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1;
        ASN1_ENUMERATED_free(reason);
        return set;
}

static bool add_entry(X509_CRL *crl, const struct listed *listed)
{
        X509_REVOKED *entry = X509_REVOKED_new();
        BIGNUM *number = BN_bin2bn(listed->serial, sizeof listed->serial, NULL);
        ASN1_INTEGER *integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
        ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)listed->at);
        bool added = entry && integer && time && X509_REVOKED_set_serialNumber(entry, integer) == 1 &&
                     X509_REVOKED_set_revocationDate(entry, time) == 1 &&
                     (!listed->hold || set_reason(entry, CRL_REASON_CERTIFICATE_HOLD)) &&
                     X509_CRL_add0_revoked(crl, entry) == 1;
        if (!added)
                X509_REVOKED_free(entry);
        ASN1_TIME_free(time);
        ASN1_INTEGER_free(integer);
        BN_free(number);
        return added;
}

static bool set_times(X509_CRL *crl, int64_t now, int64_t until)
{
        ASN1_TIME *issued = ASN1_TIME_set(NULL, (time_t)now), *next = ASN1_TIME_set(NULL, (time_t)until);
        bool set = issued && next && X509_CRL_set1_lastUpdate(crl, issued) == 1 &&
                   X509_CRL_set1_nextUpdate(crl, next) == 1;
        ASN1_TIME_free(next);
        ASN1_TIME_free(issued);
        return set;
}

static bool set_number(X509_CRL *crl, long value)
{
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        bool set = number && ASN1_INTEGER_set(number, value) == 1 &&
                   X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
        ASN1_INTEGER_free(number);
        return set;
}

static bool fill_crl(X509_CRL *crl, struct ca *ca, int64_t now, int64_t until)
{
        bool filled = X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                      X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)) == 1 &&
                      set_times(crl, now, until) && set_number(crl, ca->crl_number + 1);
        for (size_t i = 0; filled && i < ca->revoked_count; i++)
                filled = add_entry(crl, &ca->revoked[i]);
        return filled && X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0;
}

static mitome_status issue_crl(
        struct ca *ca, int64_t now, int64_t until, struct authority_der *ret, mitome_error *error)
{
        X509_CRL *crl = X509_CRL_new();
        unsigned char *der = NULL;
        int size = crl && fill_crl(crl, ca, now, until) ? i2d_X509_CRL(crl, &der) : -1;
        X509_CRL_free(crl);
        if (size <= 0)
                return crypto_failed("CRL", error);
        mitome_status status =
                slice_copy(slice_of(der, (size_t)size), "CRL", ret->bytes, sizeof ret->bytes, error);
        OPENSSL_free(der);
        MITOME_TRY(status);
        ret->size = (size_t)size;
        ca->crl_number++;
        return ok();
}

mitome_status authority_crl(struct authority *authority, enum authority_kind kind, int64_t now,
        struct authority_der *ret, mitome_error *error)
{
        return issue_crl(&authority->cas[kind], now, now + DAY, ret, error);
}

mitome_status authority_last_crl(struct authority *authority, enum authority_kind kind, int64_t now,
        struct authority_der *ret, mitome_error *error)
{
        struct ca *ca = &authority->cas[kind];
        return issue_crl(ca, now, ca->not_after, ret, error);
}
