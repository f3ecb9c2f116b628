/* SPDX-License-Identifier: Apache-2.0 */
#include "card_inspect.h"

#include "apdu.h"
#include "print.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_MAX_SIZE = 512, TIME_SIZE = 32, SERIAL_SIZE = 64, CERTIFICATES = 4, APPLETS = 4 };

/* ---- what is found ---- */

static const uint8_t aid_jpki[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t aid_fido_mitome[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t aid_fido[] = { 0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01 };
static const uint8_t aid_isd[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };

static const struct {
        const char *key, *name;
        slice aid;
} applets[APPLETS] = {
        { "jpki", "JPKI (公的個人認証)", { aid_jpki, sizeof aid_jpki } },
        { "mitome_fido", "FIDO of Mitome", { aid_fido_mitome, sizeof aid_fido_mitome } },
        { "fido", "FIDO security key", { aid_fido, sizeof aid_fido } },
        { "issuer_security_domain", "GlobalPlatform card manager", { aid_isd, sizeof aid_isd } },
};

static const struct {
        const char *key, *name, *behind;
        enum jpki_file file;
} certificates[CERTIFICATES] = {
        { "user_verification", "user-verification certificate (利用者証明用)", "the user-verification PIN",
                JPKI_USER_CERTIFICATE },
        { "user_verification_ca", "its CA", "", JPKI_USER_CA },
        { "signing", "signing certificate (署名用)", "the signing password", JPKI_SIGNING_CERTIFICATE },
        { "signing_ca", "its CA", "", JPKI_SIGNING_CA },
};

static const struct {
        const char *key, *name;
} kinds[] = {
        [JPKI_MY_NUMBER_CARD] = { "my-number-card", "a My Number Card (マイナンバーカード)" },
        [JPKI_ANDROID] = { "android", "the element of an Android phone" },
        [JPKI_IPHONE] = { "iphone", "the element of an iPhone" },
        [JPKI_UNKNOWN] = { "unknown", "of a kind that is not known" },
};

struct certificate {
        uint16_t sw;
        bool readable; /* read, and a certificate */
        char subject[NAME_MAX_SIZE], serial[SERIAL_SIZE];
        char not_before[TIME_SIZE], not_after[TIME_SIZE];
        const char *validity;
};

struct findings {
        bool has[APPLETS];
        char label[JPKI_LABEL_SIZE + 1];
        enum jpki_kind kind;
        int pin_tries, password_tries;
        uint8_t availability[8];
        size_t availability_size;
        struct certificate certificates[CERTIFICATES];
};

/* ---- certificates ---- */

static void name_text(const X509_NAME *name, char text[NAME_MAX_SIZE])
{
        BIO *out = BIO_new(BIO_s_mem());
        int size = 0;
        if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
                size = BIO_read(out, text, NAME_MAX_SIZE - 1);
        text[size > 0 ? size : 0] = '\0';
        BIO_free(out);
}

static void time_text(const ASN1_TIME *time, char text[TIME_SIZE])
{
        struct tm tm;
        if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                text[0] = '\0';
}

static void serial_text(const ASN1_INTEGER *serial, char text[SERIAL_SIZE])
{
        const unsigned char *bytes = ASN1_STRING_get0_data(serial);
        int count = ASN1_STRING_length(serial);
        for (int i = 0; i < count && 2 * i + 2 < SERIAL_SIZE; i++)
                snprintf(text + 2 * i, 3, "%02X", bytes[i]);
}

static const char *validity_at(const X509 *x509, int64_t now)
{
        time_t at = (time_t)now;
        if (X509_cmp_time(X509_get0_notBefore(x509), &at) > 0)
                return "not yet valid";
        return X509_cmp_time(X509_get0_notAfter(x509), &at) < 0 ? "expired" : "valid by its dates";
}

static void describe(slice der, int64_t now, struct certificate *ret)
{
        const unsigned char *at = der.data;
        X509 *x509 = der.size ? d2i_X509(NULL, &at, (long)der.size) : NULL;
        if (!x509)
                return;
        ret->readable = true;
        name_text(X509_get_subject_name(x509), ret->subject);
        serial_text(X509_get0_serialNumber(x509), ret->serial);
        time_text(X509_get0_notBefore(x509), ret->not_before);
        time_text(X509_get0_notAfter(x509), ret->not_after);
        ret->validity = validity_at(x509, now);
        X509_free(x509);
}

/* ---- finding ---- */

static mitome_status find_jpki(
        const struct mitome_link *link, int64_t now, struct findings *ret, mitome_error *error)
{
        uint8_t buffer[JPKI_FILE_MAX];
        slice content;
        uint16_t sw;
        MITOME_TRY(jpki_card_open(link, error));
        MITOME_TRY(jpki_card_read(link, JPKI_TOKEN_INFORMATION, buffer, &content, &sw, error));
        ret->kind = jpki_card_kind(content, ret->label);
        MITOME_TRY(jpki_card_read(link, JPKI_AVAILABILITY, buffer, &content, &sw, error));
        if (sw == SW_OK && content.size <= sizeof ret->availability) {
                MITOME_TRY(
                        slice_copy(content, "EF 0008", ret->availability, sizeof ret->availability, error));
                ret->availability_size = content.size;
        }
        MITOME_TRY(jpki_card_tries(link, JPKI_USER_PIN, &ret->pin_tries, error));
        MITOME_TRY(jpki_card_tries(link, JPKI_SIGNING_PASSWORD, &ret->password_tries, error));
        for (size_t i = 0; i < CERTIFICATES; i++) {
                struct certificate *one = &ret->certificates[i];
                MITOME_TRY(jpki_card_read(link, certificates[i].file, buffer, &content, &one->sw, error));
                describe(content, now, one);
        }
        return ok();
}

static mitome_status find(
        const struct mitome_link *link, int64_t now, struct findings *ret, mitome_error *error)
{
        *ret = (struct findings){ .kind = JPKI_UNKNOWN, .pin_tries = -1, .password_tries = -1 };
        for (size_t i = 0; i < APPLETS; i++)
                MITOME_TRY(jpki_card_has(link, applets[i].aid, &ret->has[i], error));
        return ret->has[0] ? find_jpki(link, now, ret, error) : ok();
}

/* ---- for a person ---- */

static void tell_tries(FILE *out, const char *name, int tries)
{
        if (tries < 0)
                fprintf(out, "%-24s not set, or the card does not say\n", name);
        else if (tries == 0)
                fprintf(out, "%-24s LOCKED\n", name);
        else
                fprintf(out, "%-24s %d %s left\n", name, tries, tries == 1 ? "try" : "tries");
}

static void tell_certificate(FILE *out, size_t index, const struct certificate *found)
{
        fprintf(out, "%s: ", certificates[index].name);
        if (found->readable) {
                print_text(out, slice_text(found->subject));
                fprintf(out, ", serial %s, %s to %s, %s\n", found->serial, found->not_before,
                        found->not_after, found->validity);
        } else if (found->sw == SW_SECURITY_STATUS) {
                fprintf(out, "not shown without %s\n", certificates[index].behind);
        } else if (found->sw == SW_OK) {
                fputs("none: what is in its place is no certificate\n", out);
        } else {
                fprintf(out, "none (%s)\n", sw_text(found->sw));
        }
}

static void tell_jpki(FILE *out, const struct findings *found)
{
        fprintf(out, "%-24s %s, token ", "it is", kinds[found->kind].name);
        print_text(out, slice_text(found->label));
        fputc('\n', out);
        tell_tries(out, "user-verification PIN", found->pin_tries);
        tell_tries(out, "signing password", found->password_tries);
        if (found->availability_size) {
                fprintf(out, "%-24s ", "availability (EF 0008)");
                print_hex(out, slice_of(found->availability, found->availability_size),
                        sizeof found->availability);
                fputc('\n', out);
        }
        for (size_t i = 0; i < CERTIFICATES; i++)
                tell_certificate(out, i, &found->certificates[i]);
}

static void tell(FILE *out, const struct card_inspect *request, const struct findings *found)
{
        fprintf(out, "%-24s %s\n%-24s ", "reader", request->reader, "answer to reset");
        print_hex(out, request->atr, request->atr.size);
        fprintf(out, "\n%-24s", "applets");
        const char *separator = " ";
        for (size_t i = 0; i < APPLETS; i++)
                if (found->has[i]) {
                        fprintf(out, "%s%s", separator, applets[i].name);
                        separator = ", ";
                }
        fputs(separator[0] == ' ' ? " none that is known here\n" : "\n", out);
        if (found->has[0])
                tell_jpki(out, found);
        fprintf(out, "%-24s %s\n", "an authenticator", found->has[1] ? "yes" : "no");
}

/* ---- for a program ---- */

/* What comes from a card is text of anybody's: what JSON cannot hold becomes '?'. */
static void json_text(FILE *out, const char *text)
{
        slice rest = slice_text(text);
        fputc('"', out);
        while (rest.size) {
                size_t size = slice_utf8_first(rest);
                uint8_t c = rest.data[0];
                if (size > 1)
                        fwrite(rest.data, 1, size, out);
                else if (size == 0 || c < 0x20 || c == 0x7F)
                        fputc('?', out);
                else
                        fprintf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
                rest = slice_of(rest.data + (size ? size : 1), rest.size - (size ? size : 1));
        }
        fputc('"', out);
}

static void json_member(FILE *out, const char *name, const char *text)
{
        fprintf(out, ", \"%s\": ", name);
        json_text(out, text);
}

static void json_hex(FILE *out, const char *name, slice bytes)
{
        fprintf(out, ", \"%s\": \"", name);
        for (size_t i = 0; i < bytes.size; i++)
                fprintf(out, "%02X", bytes.data[i]);
        fputc('"', out);
}

static void json_tries(FILE *out, const char *name, int tries)
{
        if (tries < 0)
                fprintf(out, ", \"%s\": null", name);
        else
                fprintf(out, ", \"%s\": %d", name, tries);
}

static void json_certificate(FILE *out, size_t index, const struct certificate *found)
{
        fprintf(out, "%s\"%s\": {\"readable\": %s", index ? ", " : "", certificates[index].key,
                found->readable ? "true" : "false");
        if (found->readable) {
                json_member(out, "subject", found->subject);
                json_member(out, "serial", found->serial);
                json_member(out, "not_before", found->not_before);
                json_member(out, "not_after", found->not_after);
                json_member(out, "validity", found->validity);
        } else {
                fprintf(out, ", \"status_word\": \"%04X\"", found->sw);
        }
        fputc('}', out);
}

static void tell_json(FILE *out, const struct card_inspect *request, const struct findings *found)
{
        fputs("{\"reader\": ", out);
        json_text(out, request->reader);
        json_hex(out, "atr", request->atr);
        fputs(", \"applets\": {", out);
        for (size_t i = 0; i < APPLETS; i++)
                fprintf(out, "%s\"%s\": %s", i ? ", " : "", applets[i].key, found->has[i] ? "true" : "false");
        fprintf(out, "}, \"authenticator\": %s", found->has[1] ? "true" : "false");
        if (found->has[0]) {
                json_member(out, "kind", kinds[found->kind].key);
                json_member(out, "token_label", found->label);
                json_tries(out, "pin_tries_left", found->pin_tries);
                json_tries(out, "password_tries_left", found->password_tries);
                json_hex(out, "availability", slice_of(found->availability, found->availability_size));
                fputs(", \"certificates\": {", out);
                for (size_t i = 0; i < CERTIFICATES; i++)
                        json_certificate(out, i, &found->certificates[i]);
                fputc('}', out);
        }
        fputs("}\n", out);
}

mitome_status card_inspect(
        const struct mitome_link *link, const struct card_inspect *request, FILE *out, mitome_error *error)
{
        struct findings found;
        MITOME_TRY(find(link, request->now, &found, error));
        (request->json ? tell_json : tell)(out, request, &found);
        return ok();
}
