/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_profile.h"

#include "x509_build.h"

#include <stdio.h>
#include <string.h>

enum { SIGNING_AGE = 15, NAME_PART_MAX = 56 /* of 64, and " CRLDP" follows */ };

/* O=JPKI-TEST is the name of the public test hierarchy: nothing here may be taken for the real one. */
static const char *const unit_names[] = { "JPKI for user authentication", "JPKI for digital signature" };
static const char agency[] = "Japan Agency for Local Authority Information Systems";

#define DISTRIBUTION_POINT                   \
        "[dp]\nfullname = dirName:dp_name\n" \
        "[dp_name]\nC = JP\nO = JPKI-TEST\n"

/* %s: prefecture and municipality. The list of revoked signing certificates is parted by them. */
#define PLACE                                 \
        "1.OU = JPKI for digital signature\n" \
        "2.OU = CRL Distribution Points\n"    \
        "3.OU = %s\n"                         \
        "CN = %s CRLDP\n"

/* %s: the CA's own unit; its list is found under its own name. */
static const char own_extensions[] = "[certificate]\n"
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

/* 署名用, with the four basic facts (基本4情報) as other names. */
static const char signing_extensions[] =
        "[certificate]\n"
        "keyUsage = critical, digitalSignature, nonRepudiation\n"
        "certificatePolicies = 1.2.392.200149.8.5.1.1.20\n"
        "subjectAltName = @facts\n"
        "crlDistributionPoints = dp\n"
        "%s"
        "authorityKeyIdentifier = keyid\n"
        "subjectKeyIdentifier = hash\n" DISTRIBUTION_POINT PLACE "[facts]\n"
        "otherName.1 = 1.2.392.200149.8.5.5.1;FORMAT:UTF8,UTF8:%s\n"
        "otherName.2 = 1.2.392.200149.8.5.5.3;FORMAT:UTF8,UTF8:%s\n"
        "otherName.3 = 1.2.392.200149.8.5.5.4;FORMAT:UTF8,UTF8:%d%04d%02d%02d\n"
        "otherName.4 = 1.2.392.200149.8.5.5.5;FORMAT:UTF8,UTF8:%s\n";

/* RFC 6960 4.2.2.2: who answers for the CA, and need not be asked about himself, since he is not for long. */
const char ca_responder_extensions[] = "[certificate]\n"
                                       "basicConstraints = critical, CA:FALSE\n"
                                       "keyUsage = critical, digitalSignature\n"
                                       "extendedKeyUsage = OCSPSigning\n"
                                       "noCheck = ignored\n"
                                       "authorityKeyIdentifier = keyid\n"
                                       "subjectKeyIdentifier = hash\n";

static const char list_extensions[] =
        "[list]\nissuingDistributionPoint = critical, @dp\n" DISTRIBUTION_POINT PLACE;

/* ---- persons ---- */

struct japan_date ca_birth(const struct authority_person *person)
{
        return (struct japan_date){ person->birth_year, person->birth_month, person->birth_day };
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

mitome_status ca_check_place(const struct ca_place *place, mitome_error *error)
{
        const struct {
                const char *text, *field;
        } texts[] = { { place->prefecture, "prefecture" }, { place->city, "city" } };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                if (!is_plain_text(texts[i].text) || !slice_is_ascii(slice_text(texts[i].text)))
                        return fail(error, MITOME_E_VALUE, texts[i].field, NULL);
                if (slice_text(texts[i].text).size > NAME_PART_MAX)
                        return fail(error, MITOME_E_TOO_LONG, texts[i].field, NULL);
        }
        return ok();
}

mitome_status ca_check_person(
        enum authority_kind kind, const struct authority_person *person, int64_t now, mitome_error *error)
{
        const struct {
                const char *text, *field;
        } texts[] = {
                { person->name, "name" },
                { person->address, "address" },
                { person->gender, "gender" },
        };
        const struct ca_place place = { person->prefecture, person->city };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (!is_plain_text(texts[i].text))
                        return fail(error, MITOME_E_VALUE, texts[i].field, NULL);
        MITOME_TRY(ca_check_place(&place, error));
        const struct japan_date born = ca_birth(person);
        if (!japan_date_is(born) || (kind == AUTHORITY_SIGNING && japan_age(born, now) < SIGNING_AGE))
                return fail(error, MITOME_E_VALUE, "date of birth", "JPKI: no signing certificate under 15");
        return ok();
}

mitome_status ca_fifth_birthday(
        const struct authority_person *person, int64_t now, int64_t *ret, mitome_error *error)
{
        const struct japan_date born = ca_birth(person);
        if (!japan_date_is(born))
                return fail(error, MITOME_E_VALUE, "date of birth", NULL);
        *ret = japan_date_end(japan_birthday(born, born.year + japan_age(born, now) + 5));
        return ok();
}

/* ---- names ---- */

X509_NAME *ca_own_name(enum authority_kind kind)
{
        const char *const pairs[] = { "C", "JP", "O", "JPKI-TEST", "OU", unit_names[kind], "OU", agency,
                NULL };
        return x509_name(pairs);
}

X509_NAME *ca_subject(
        enum authority_kind kind, const struct authority_person *person, const char *common_name)
{
        const char *const opaque[] = { "C", "JP", "CN", common_name, NULL };
        const char *const placed[] = { "C", "JP", "L", person->prefecture, "L", person->city, "CN",
                common_name, NULL };
        return x509_name(kind == AUTHORITY_SIGNING ? placed : opaque);
}

X509_NAME *ca_responder_name(enum authority_kind kind)
{
        const char *const pairs[] = { "C", "JP", "O", "JPKI-TEST", "OU", unit_names[kind], "CN",
                "OCSP responder", NULL };
        return x509_name(pairs);
}

/* ---- extensions ---- */

static mitome_status fits(int length, const char *field, mitome_error *error)
{
        return length > 0 && length < CA_EXTENSIONS_MAX ? ok() : fail(error, MITOME_E_TOO_LONG, field, NULL);
}

mitome_status ca_own_extensions(enum authority_kind kind, char text[CA_EXTENSIONS_MAX], mitome_error *error)
{
        return fits(snprintf(text, CA_EXTENSIONS_MAX, own_extensions, unit_names[kind]), "CA", error);
}

mitome_status ca_person_extensions(enum authority_kind kind, const struct authority_person *person,
        char text[CA_EXTENSIONS_MAX], mitome_error *error)
{
        const char *marker = person->on_card ? "" : phone_marker;
        const struct japan_date born = ca_birth(person);
        int length = kind == AUTHORITY_SIGNING
                             ? snprintf(text, CA_EXTENSIONS_MAX, signing_extensions, marker,
                                       person->prefecture, person->city, person->name, person->gender,
                                       japan_era(born), born.year, born.month, born.day, person->address)
                             : snprintf(text, CA_EXTENSIONS_MAX, user_verification_extensions, marker);
        return fits(length, "person", error);
}

mitome_status ca_list_extensions(
        const struct ca_place *place, char text[CA_EXTENSIONS_MAX], mitome_error *error)
{
        MITOME_TRY(ca_check_place(place, error));
        return fits(snprintf(text, CA_EXTENSIONS_MAX, list_extensions, place->prefecture, place->city),
                "place", error);
}
