/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of certificates: those that matter to WebAuthn, JPKI and paths. */
#include "der.h"
#include "key_description.h"
#include "print_x509.h"

enum { OID_TEXT = 128 };

static const char clause[] = "RFC 5280 4.2.1";

/* Prints lines for the value, or fails before that. */
typedef print_printer print_extension;

static mitome_status unreadable(const struct print_place *place, const char *field)
{
        return fail_at(place->error, MITOME_E_DER, place->at, field, clause);
}

/* ---- RFC 5280 4.2.1 ---- */

static mitome_status print_key_id(const struct print_place *place, slice value)
{
        slice id;
        reader r = print_reader(place, value, clause);
        MITOME_TRY(der_read(&r, "subjectKeyIdentifier", DER_OCTET_STRING, &id, NULL));
        MITOME_TRY(read_end(&r, "subjectKeyIdentifier"));
        print_hex_line(place, "key", id);
        return ok();
}

static mitome_status print_authority_key(const struct print_place *place, slice value)
{
        AUTHORITY_KEYID *authority = print_x509_decode(value, ASN1_ITEM_rptr(AUTHORITY_KEYID));
        if (!authority)
                return unreadable(place, "authorityKeyIdentifier");
        if (authority->keyid)
                print_hex_line(place, "key", print_x509_string(authority->keyid));
        if (authority->serial)
                print_x509_number(place, "serial", authority->serial);
        AUTHORITY_KEYID_free(authority);
        return ok();
}

static mitome_status print_constraints(const struct print_place *place, slice value)
{
        BASIC_CONSTRAINTS *constraints = print_x509_decode(value, ASN1_ITEM_rptr(BASIC_CONSTRAINTS));
        if (!constraints)
                return unreadable(place, "basicConstraints");
        print_line(place, "CA", constraints->ca ? "yes" : "no");
        if (constraints->pathlen)
                print_x509_number(place, "path length", constraints->pathlen);
        BASIC_CONSTRAINTS_free(constraints);
        return ok();
}

static mitome_status print_key_usage(const struct print_place *place, slice value)
{
        static const char *const uses[] = { "digitalSignature", "nonRepudiation", "keyEncipherment",
                "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly",
                "decipherOnly" };
        ASN1_BIT_STRING *bits = print_x509_decode(value, ASN1_ITEM_rptr(ASN1_BIT_STRING));
        const char *separator = "";
        if (!bits)
                return unreadable(place, "keyUsage");
        print_name(place, "for");
        for (int i = 0; i < (int)(sizeof uses / sizeof uses[0]); i++)
                if (ASN1_BIT_STRING_get_bit(bits, i)) {
                        fprintf(place->out, "%s%s", separator, uses[i]);
                        separator = ", ";
                }
        fputc('\n', place->out);
        ASN1_BIT_STRING_free(bits);
        return ok();
}

/* OIDs that OpenSSL has no name for. */
static const struct {
        const char *oid, *name;
} names[] = {
        { "2.23.133.8.1", "tcg-kp-EKCertificate" },
        { "2.23.133.8.3", "tcg-kp-AIKCertificate" },
        { "1.2.392.200149.8.5.1.3.30", "JPKI user verification" },
};

static void print_object_line(const struct print_place *place, const char *name, const ASN1_OBJECT *object)
{
        char oid[OID_TEXT];
        print_name(place, name);
        print_x509_object(place->out, object);
        OBJ_obj2txt(oid, sizeof oid, object, 1);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (slice_is(slice_text(oid), names[i].oid))
                        fprintf(place->out, " %s", names[i].name);
        fputc('\n', place->out);
}

static mitome_status print_purposes(const struct print_place *place, slice value)
{
        EXTENDED_KEY_USAGE *purposes = print_x509_decode(value, ASN1_ITEM_rptr(EXTENDED_KEY_USAGE));
        if (!purposes)
                return unreadable(place, "extKeyUsage");
        for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++)
                print_object_line(place, "for", sk_ASN1_OBJECT_value(purposes, i));
        EXTENDED_KEY_USAGE_free(purposes);
        return ok();
}

static mitome_status print_policies(const struct print_place *place, slice value)
{
        CERTIFICATEPOLICIES *policies = print_x509_decode(value, ASN1_ITEM_rptr(CERTIFICATEPOLICIES));
        if (!policies)
                return unreadable(place, "certificatePolicies");
        for (int i = 0; i < sk_POLICYINFO_num(policies); i++)
                print_object_line(place, "policy", sk_POLICYINFO_value(policies, i)->policyid);
        CERTIFICATEPOLICIES_free(policies);
        return ok();
}

static void print_names(const struct print_place *place, const char *name, const GENERAL_NAMES *list)
{
        for (int i = 0; i < sk_GENERAL_NAME_num(list); i++)
                print_x509_general_name(place, name, sk_GENERAL_NAME_value(list, i));
}

static mitome_status print_alternative_names(const struct print_place *place, slice value)
{
        GENERAL_NAMES *list = print_x509_decode(value, ASN1_ITEM_rptr(GENERAL_NAMES));
        if (!list)
                return unreadable(place, "subjectAltName");
        print_names(place, "also", list);
        GENERAL_NAMES_free(list);
        return ok();
}

static mitome_status print_list_places(const struct print_place *place, slice value)
{
        CRL_DIST_POINTS *points = print_x509_decode(value, ASN1_ITEM_rptr(CRL_DIST_POINTS));
        if (!points)
                return unreadable(place, "cRLDistributionPoints");
        for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
                const DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;
                if (name && name->type == 0)
                        print_names(place, "list at", name->name.fullname);
        }
        CRL_DIST_POINTS_free(points);
        return ok();
}

static mitome_status print_access(const struct print_place *place, slice value)
{
        AUTHORITY_INFO_ACCESS *access = print_x509_decode(value, ASN1_ITEM_rptr(AUTHORITY_INFO_ACCESS));
        if (!access)
                return unreadable(place, "authorityInfoAccess");
        for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
                const ACCESS_DESCRIPTION *entry = sk_ACCESS_DESCRIPTION_value(access, i);
                bool ocsp = OBJ_obj2nid(entry->method) == NID_ad_OCSP;
                print_x509_general_name(place, ocsp ? "OCSP at" : "issuer at", entry->location);
        }
        AUTHORITY_INFO_ACCESS_free(access);
        return ok();
}

/* ---- makers of authenticators ---- */

static mitome_status read_octets(const struct print_place *place, slice value, const char *field, slice *ret)
{
        reader r = print_reader(place, value, field);
        r.clause = "WebAuthn L3 8.2.1";
        MITOME_TRY(der_read(&r, field, DER_OCTET_STRING, ret, NULL));
        return read_end(&r, field);
}

static mitome_status print_aaguid(const struct print_place *place, slice value)
{
        slice aaguid;
        MITOME_TRY(read_octets(place, value, "id-fido-gen-ce-aaguid", &aaguid));
        print_aaguid_line(place, "AAGUID", aaguid);
        return ok();
}

static mitome_status print_device_serial(const struct print_place *place, slice value)
{
        slice serial;
        MITOME_TRY(read_octets(place, value, "id-fido-gen-ce-sernum", &serial));
        print_bytes_line(place, "device", serial);
        return ok();
}

/* FIDO U2F Authenticator Transports Extension 1.2, 3. */
static mitome_status print_transports(const struct print_place *place, slice value)
{
        static const char *const transports[] = { "Bluetooth classic", "Bluetooth low energy", "USB", "NFC",
                "USB internal" };
        ASN1_BIT_STRING *bits = print_x509_decode(value, ASN1_ITEM_rptr(ASN1_BIT_STRING));
        const char *separator = "";
        if (!bits)
                return unreadable(place, "fidoU2FTransports");
        print_name(place, "by");
        for (int i = 0; i < (int)(sizeof transports / sizeof transports[0]); i++)
                if (ASN1_BIT_STRING_get_bit(bits, i)) {
                        fprintf(place->out, "%s%s", separator, transports[i]);
                        separator = ", ";
                }
        fputc('\n', place->out);
        ASN1_BIT_STRING_free(bits);
        return ok();
}

/* WebAuthn L3 8.8: SEQUENCE { [1] EXPLICIT OCTET STRING }. */
static mitome_status print_nonce(const struct print_place *place, slice value)
{
        static const char field[] = "nonce";
        slice content;
        reader r = print_reader(place, value, "WebAuthn L3 8.8");
        MITOME_TRY(der_read(&r, field, DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, field, DER_CONTEXT_1, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, field, DER_OCTET_STRING, &content, NULL));
        MITOME_TRY(read_end(&r, field));
        print_hex_line(place, field, content);
        return ok();
}

static mitome_status print_marker(const struct print_place *place, slice value)
{
        (void)value;
        print_line(place, "", "issued into a phone's element");
        return ok();
}

/* ---- the table ---- */

static const struct extension {
        const char *oid, *name;
        print_extension *print;
} extensions[] = {
        { "2.5.29.14", "subjectKeyIdentifier", print_key_id },
        { "2.5.29.15", "keyUsage", print_key_usage },
        { "2.5.29.17", "subjectAltName", print_alternative_names },
        { "2.5.29.18", "issuerAltName", print_alternative_names },
        { "2.5.29.19", "basicConstraints", print_constraints },
        { "2.5.29.31", "cRLDistributionPoints", print_list_places },
        { "2.5.29.32", "certificatePolicies", print_policies },
        { "2.5.29.35", "authorityKeyIdentifier", print_authority_key },
        { "2.5.29.37", "extKeyUsage", print_purposes },
        { "1.3.6.1.5.5.7.1.1", "authorityInfoAccess", print_access },
        { "1.3.6.1.4.1.45724.1.1.2", "id-fido-gen-ce-sernum (WebAuthn L3 8.2.2)", print_device_serial },
        { "1.3.6.1.4.1.45724.1.1.4", "id-fido-gen-ce-aaguid (WebAuthn L3 8.2.1)", print_aaguid },
        { "1.3.6.1.4.1.45724.2.1.1", "fidoU2FTransports", print_transports },
        { key_description_oid, "KeyDescription (WebAuthn L3 8.4.1)", print_key_description },
        { "1.2.840.113635.100.8.2", "Apple anonymous attestation (WebAuthn L3 8.8)", print_nonce },
        { "1.3.6.1.4.1.99999.1.1", "phone certificate", print_marker },
};

static const struct extension *extension_of(const ASN1_OBJECT *type)
{
        char oid[OID_TEXT];
        OBJ_obj2txt(oid, sizeof oid, type, 1);
        for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
                if (slice_is(slice_text(oid), extensions[i].oid))
                        return &extensions[i];
        return NULL;
}

void print_certificate_extension(
        const struct print_place *place, const ASN1_OBJECT *type, bool critical, slice value)
{
        const struct extension *known = extension_of(type);
        fprintf(place->out, "%*s", place->indent, "");
        if (known)
                fputs(known->name, place->out);
        else
                print_x509_object(place->out, type);
        fprintf(place->out, critical ? ", critical, %zu bytes\n" : ", %zu bytes\n", value.size);
        if (known)
                print_part(place, known->print, value, place->at);
}
