/* SPDX-License-Identifier: Apache-2.0 */
#include "print_x509.h"

#include "der.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <time.h>

enum { DER_CONSTRUCTED = 0x20, DER_HIGH_NUMBER = 0x1F, DER_DEPTH = 32, OID_TEXT = 128 };

/* ---- the outline of DER ---- */

static mitome_status read_size(reader *r, const char *field, size_t *ret)
{
        const reader start = *r;
        uint8_t first, byte;
        size_t size = 0;
        MITOME_TRY(read_u8(r, field, &first));
        if (first < 0x80) {
                *ret = first;
                return ok();
        }
        /* No indefinite lengths (X.690 10.1), and none over 4 bytes. */
        if (first == 0x80 || first > 0x84)
                return reader_fail(&start, MITOME_E_DER, field);
        for (unsigned n = first & 0x7F; n > 0; n--) {
                MITOME_TRY(read_u8(r, field, &byte));
                size = size << 8 | byte;
        }
        *ret = size;
        return ok();
}

static mitome_status walk(reader *r, const char *field, unsigned depth)
{
        while (r->rest.size) {
                uint8_t tag, more = 0x80;
                size_t size;
                slice content;
                MITOME_TRY(read_u8(r, field, &tag));
                while ((tag & DER_HIGH_NUMBER) == DER_HIGH_NUMBER && more & 0x80)
                        MITOME_TRY(read_u8(r, field, &more));
                MITOME_TRY(read_size(r, field, &size));
                MITOME_TRY(read_bytes(r, field, size, &content));
                if (!(tag & DER_CONSTRUCTED))
                        continue;
                reader within = reader_within(r, content);
                if (depth == DER_DEPTH)
                        return reader_fail(&within, MITOME_E_DEPTH, field);
                MITOME_TRY(walk(&within, field, depth + 1));
        }
        return ok();
}

mitome_status print_der_check(
        const struct print_place *place, slice der, const char *field, const char *clause)
{
        reader r = print_reader(place, der, clause);
        const reader start = r;
        uint8_t tag;
        size_t size;
        slice content;
        MITOME_TRY(read_u8(&r, field, &tag));
        if (tag != DER_SEQUENCE)
                return reader_fail(&start, MITOME_E_DER, field);
        MITOME_TRY(read_size(&r, field, &size));
        MITOME_TRY(read_bytes(&r, field, size, &content));
        reader within = reader_within(&r, content);
        MITOME_TRY(read_end(&r, field));
        return walk(&within, field, 0);
}

void *print_x509_decode(slice der, const ASN1_ITEM *type)
{
        const unsigned char *end = der.data;
        if (der.size > INT32_MAX)
                return NULL;
        void *value = ASN1_item_d2i(NULL, &end, (long)der.size, type);
        if (value && (size_t)(end - der.data) == der.size)
                return value;
        ASN1_item_free(value, type);
        return NULL;
}

/* ---- values ---- */

slice print_x509_string(const ASN1_STRING *string)
{
        return slice_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

void print_x509_object(FILE *out, const ASN1_OBJECT *object)
{
        char oid[OID_TEXT];
        int nid = OBJ_obj2nid(object);
        if (OBJ_obj2txt(oid, sizeof oid, object, 1) <= 0)
                fputs("no OID", out);
        else if (nid != NID_undef)
                fprintf(out, "%s (%s)", OBJ_nid2ln(nid), oid);
        else
                fputs(oid, out);
}

/* Attributes that OpenSSL has no name for. */
static const struct {
        const char *oid, *name;
} attributes[] = {
        { "2.23.133.2.1", "tpmManufacturer" },
        { "2.23.133.2.2", "tpmModel" },
        { "2.23.133.2.3", "tpmVersion" },
};

static void print_attribute(FILE *out, const ASN1_OBJECT *object)
{
        char oid[OID_TEXT];
        int nid = OBJ_obj2nid(object);
        if (OBJ_obj2txt(oid, sizeof oid, object, 1) <= 0)
                return;
        for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
                if (slice_is(slice_text(oid), attributes[i].oid)) {
                        fputs(attributes[i].name, out);
                        return;
                }
        fputs(nid == NID_undef ? oid : OBJ_nid2sn(nid), out);
}

static void print_attribute_value(FILE *out, const ASN1_STRING *value)
{
        unsigned char *text = NULL;
        int size = ASN1_STRING_to_UTF8(&text, value);
        if (size >= 0)
                print_text(out, slice_of(text, (size_t)size));
        else
                print_text(out, print_x509_string(value));
        OPENSSL_free(text);
}

/* In the order of RFC 2253, the last first. */
static void print_name_text(FILE *out, const X509_NAME *name)
{
        int count = X509_NAME_entry_count(name), set = -1;
        if (count == 0)
                fputs("empty", out);
        for (int i = count - 1; i >= 0; i--) {
                const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
                if (i < count - 1)
                        fputs(X509_NAME_ENTRY_set(entry) == set ? " + " : ", ", out);
                set = X509_NAME_ENTRY_set(entry);
                print_attribute(out, X509_NAME_ENTRY_get_object(entry));
                fputc('=', out);
                print_attribute_value(out, X509_NAME_ENTRY_get_data(entry));
        }
}

void print_x509_name(const struct print_place *place, const char *name, const X509_NAME *value)
{
        print_name(place, name);
        print_name_text(place->out, value);
        fputc('\n', place->out);
}

void print_x509_time(const struct print_place *place, const char *name, const ASN1_TIME *value)
{
        struct tm date;
        char text[64];
        if (value && ASN1_TIME_to_tm(value, &date) == 1 &&
                strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &date))
                print_line(place, name, "%s", text);
        else if (value)
                print_text_line(place, name, print_x509_string(value));
        else
                print_line(place, name, "none");
}

void print_x509_number(const struct print_place *place, const char *name, const ASN1_INTEGER *value)
{
        print_name(place, name);
        if (ASN1_STRING_type(value) & V_ASN1_NEG)
                fputc('-', place->out);
        print_hex(place->out, print_x509_string(value), SIZE_MAX);
        fputc('\n', place->out);
}

void print_x509_algorithm(const struct print_place *place, const char *name, const X509_ALGOR *value)
{
        const ASN1_OBJECT *object;
        X509_ALGOR_get0(&object, NULL, NULL, value);
        print_name(place, name);
        print_x509_object(place->out, object);
        fputc('\n', place->out);
}

static void print_exponent(FILE *out, const EVP_PKEY *key)
{
        BIGNUM *exponent = NULL;
        if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
                return;
        if (BN_num_bits(exponent) <= 64)
                fprintf(out, ", exponent %llu", (unsigned long long)BN_get_word(exponent));
        else
                fprintf(out, ", exponent of %d bits", BN_num_bits(exponent));
        BN_free(exponent);
}

/* NIST's name, where there is one. */
static void print_group(FILE *out, const char *group)
{
        const char *name = EC_curve_nid2nist(OBJ_sn2nid(group));
        fprintf(out, " %s", name ? name : group);
}

void print_x509_key(const struct print_place *place, const char *name, X509_PUBKEY *value)
{
        const EVP_PKEY *key = X509_PUBKEY_get0(value);
        char group[64];
        print_name(place, name);
        if (!key) {
                ASN1_OBJECT *object = NULL;
                X509_PUBKEY_get0_param(&object, NULL, NULL, NULL, value);
                print_x509_object(place->out, object);
                fputs(", which this OpenSSL cannot read\n", place->out);
                return;
        }
        fprintf(place->out, "%s", EVP_PKEY_get0_type_name(key));
        if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1)
                print_group(place->out, group);
        fprintf(place->out, ", %d bits", EVP_PKEY_get_bits(key));
        if (EVP_PKEY_is_a(key, "RSA"))
                print_exponent(place->out, key);
        fputc('\n', place->out);
}

/* ---- GeneralName, RFC 5280 4.2.1.6 ---- */

static void print_address(FILE *out, slice bytes)
{
        for (size_t i = 0; i < bytes.size; i++)
                fprintf(out, bytes.size == 4 ? "%s%u" : "%s%02x",
                        i == 0                        ? ""
                        : bytes.size == 4             ? "."
                        : (i & 1) || bytes.size != 16 ? ""
                                                      : ":",
                        bytes.data[i]);
}

static void print_other_name(FILE *out, const OTHERNAME *other)
{
        print_x509_object(out, other->type_id);
        int type = other->value->type;
        if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING && type != V_ASN1_IA5STRING)
                return;
        fputc(' ', out);
        print_text(out, print_x509_string(other->value->value.asn1_string));
}

void print_x509_general_name(const struct print_place *place, const char *name, const GENERAL_NAME *value)
{
        FILE *out = place->out;
        int type;
        const void *inner = GENERAL_NAME_get0_value(value, &type);
        print_name(place, name);
        switch (type) {
        case GEN_DNS:
        case GEN_EMAIL:
        case GEN_URI:
                fputs(type == GEN_DNS ? "DNS " : type == GEN_URI ? "URI " : "mail ", out);
                print_text(out, print_x509_string(inner));
                break;
        case GEN_IPADD:
                fputs("IP ", out);
                print_address(out, print_x509_string(inner));
                break;
        case GEN_DIRNAME:
                fputs("name ", out);
                print_name_text(out, inner);
                break;
        case GEN_RID:
                fputs("OID ", out);
                print_x509_object(out, inner);
                break;
        case GEN_OTHERNAME:
                print_other_name(out, inner);
                break;
        default:
                fputs("of another kind", out);
        }
        fputc('\n', out);
}
