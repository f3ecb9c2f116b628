/* SPDX-License-Identifier: Apache-2.0 */
#include "aik_certificate.h"

#include "hex_text.h"
#include "leaf_certificate.h"

#include <mitome/rp.h>

#include <openssl/x509v3.h>

static const char clause[] = "WebAuthn L3 8.3.1";
static const char names_field[] = "attStmt.x5c[0] subjectAltName";
static const char purpose_field[] = "attStmt.x5c[0] extKeyUsage";

/* The content of an extension, whole; NULL when it is not of the type, or something follows. The caller frees
 * it with ASN1_item_free. */
static void *decode(slice der, const ASN1_ITEM *type)
{
        const unsigned char *end = der.data;
        void *value = ASN1_item_d2i(NULL, &end, (long)der.size, type);
        if (value && (size_t)(end - der.data) == der.size)
                return value;
        ASN1_item_free(value, type);
        return NULL;
}

/* ---- makers ---- */

enum { ID_DIGITS = 8 };

/* "id:" and the four bytes of a vendor ID in hexadecimal. */
static bool read_maker(slice text, uint32_t *ret)
{
        reader r = reader_over(text, NULL, NULL);
        slice mark;
        uint32_t maker = 0;
        if (failed(read_bytes(&r, NULL, 3, &mark)) || !slice_is(mark, "id:") || r.rest.size != ID_DIGITS)
                return false;
        for (size_t i = 0; i < ID_DIGITS; i++) {
                int digit = hex_text_value(r.rest.data[i]);
                if (digit < 0)
                        return false;
                maker = maker << 4 | (uint32_t)digit;
        }
        *ret = maker;
        return true;
}

/* The TCG's Vendor ID Registry of TPM makers: four characters each. */
static bool is_registered(uint32_t maker)
{
        static const uint32_t makers[] = {
                0x414D4400, /* AMD */
                0x41544D4C, /* ATML, Atmel */
                0x4252434D, /* BRCM, Broadcom */
                0x4353434F, /* CSCO, Cisco */
                0x464C5953, /* FLYS, Flyslice */
                0x474F4F47, /* GOOG, Google */
                0x48495349, /* HISI, Huawei */
                0x48504500, /* HPE */
                0x48504900, /* HPI, HP */
                0x49424D00, /* IBM */
                0x49465800, /* IFX, Infineon */
                0x494E5443, /* INTC, Intel */
                0x4C454E00, /* LEN, Lenovo */
                0x4D534654, /* MSFT, Microsoft */
                0x4E534700, /* NSG, NSING */
                0x4E534D20, /* NSM, National Semiconductor */
                0x4E544300, /* NTC, Nuvoton */
                0x4E545A00, /* NTZ, Nationz */
                0x51434F4D, /* QCOM, Qualcomm */
                0x524F4343, /* ROCC, Rockchip */
                0x53454345, /* SECE, SecEdge */
                0x534D5343, /* SMSC */
                0x534D534E, /* SMSN, Samsung */
                0x534E5300, /* SNS, Sinosun */
                0x53544D20, /* STM, STMicroelectronics */
                0x54584E00, /* TXN, Texas Instruments */
                0x57454300, /* WEC, Winbond */
        };
        for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
                if (makers[i] == maker)
                        return true;
        return false;
}

/* ---- subjectAltName ---- */

static bool is_maker(slice text, unsigned switches)
{
        uint32_t maker;
        return read_maker(text, &maker) &&
               (!(switches & MITOME_SWITCH_TPM_MANUFACTURER) || is_registered(maker));
}

static bool is_some(slice text, unsigned switches)
{
        (void)switches;
        return text.size != 0;
}

/* [TPMv2-EK-Profile] 3.2.9: "The issuer MUST include TPM manufacturer, TPM part number and TPM firmware
 * version". */
static const struct {
        const char *oid, *field;
        bool (*is_right)(slice text, unsigned switches);
} device_fields[] = {
        { "2.23.133.2.1", "attStmt.x5c[0] subjectAltName tpmManufacturer", is_maker },
        { "2.23.133.2.2", "attStmt.x5c[0] subjectAltName tpmModel", is_some },
        { "2.23.133.2.3", "attStmt.x5c[0] subjectAltName tpmVersion", is_some },
};

/* The one value of an attribute, wherever its RDN stands and whatever shares that, as UTF-8; false when there
 * is none or more than one. The caller frees *ret_text with OPENSSL_free. */
static bool device_value(const X509_NAME *name, const char *oid, unsigned char **ret_text, slice *ret)
{
        ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
        int at = type ? X509_NAME_get_index_by_OBJ(name, type, -1) : -1;
        bool once = at >= 0 && X509_NAME_get_index_by_OBJ(name, type, at) < 0;
        ASN1_OBJECT_free(type);
        if (!once)
                return false;
        int size = ASN1_STRING_to_UTF8(ret_text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
        if (size < 0)
                return false;
        *ret = slice_of(*ret_text, (size_t)size);
        return true;
}

static mitome_status check_device(const X509_NAME *name, unsigned switches, mitome_error *error)
{
        for (size_t i = 0; i < sizeof device_fields / sizeof device_fields[0]; i++) {
                unsigned char *text = NULL;
                slice value = { 0 };
                bool present = device_value(name, device_fields[i].oid, &text, &value);
                bool right = present && device_fields[i].is_right(value, switches);
                OPENSSL_free(text);
                if (!present)
                        return fail(error, MITOME_E_AIK_DEVICE, device_fields[i].field, clause);
                if (!right)
                        return fail(error, MITOME_E_AIK_DEVICE_VALUE, device_fields[i].field, clause);
        }
        return ok();
}

/* "using the directoryName-form within the GeneralName structure": the only one there is. */
static const X509_NAME *only_directory(const GENERAL_NAMES *names)
{
        const X509_NAME *found = NULL;
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
                if (name->type != GEN_DIRNAME)
                        continue;
                if (found)
                        return NULL;
                found = name->d.directoryName;
        }
        return found;
}

/* "The Subject Alternative Name extension MUST be set as defined in [TPMv2-EK-Profile] section 3.2.9." */
static mitome_status check_names(const X509 *aik, unsigned switches, mitome_error *error)
{
        struct leaf_extension extension;
        MITOME_TRY(leaf_find_extension(aik, "2.5.29.17", names_field, clause, &extension, error));
        if (!extension.present)
                return fail(error, MITOME_E_LEAF_EXTENSION_MISSING, names_field, clause);
        /* 3.2.9: "this extension MUST be critical if subject is empty", and it is. */
        if (!extension.critical)
                return fail(error, MITOME_E_LEAF_NOT_CRITICAL, names_field, clause);
        GENERAL_NAMES *names = decode(extension.value, ASN1_ITEM_rptr(GENERAL_NAMES));
        const X509_NAME *directory = names ? only_directory(names) : NULL;
        mitome_status status = !names       ? fail(error, MITOME_E_DER, names_field, clause)
                               : !directory ? fail(error, MITOME_E_AIK_DEVICE,
                                                      "attStmt.x5c[0] subjectAltName directoryName", clause)
                                            : check_device(directory, switches, error);
        GENERAL_NAMES_free(names);
        return status;
}

/* ---- extKeyUsage ---- */

static bool has_purpose(const EXTENDED_KEY_USAGE *purposes, const ASN1_OBJECT *purpose)
{
        for (int i = 0; purpose && i < sk_ASN1_OBJECT_num(purposes); i++)
                if (OBJ_cmp(sk_ASN1_OBJECT_value(purposes, i), purpose) == 0)
                        return true;
        return false;
}

/* "The Extended Key Usage extension MUST contain the OID 2.23.133.8.3" */
static mitome_status check_purpose(const X509 *aik, mitome_error *error)
{
        struct leaf_extension extension;
        MITOME_TRY(leaf_find_extension(aik, "2.5.29.37", purpose_field, clause, &extension, error));
        if (!extension.present)
                return fail(error, MITOME_E_LEAF_EXTENSION_MISSING, purpose_field, clause);
        ASN1_OBJECT *purpose = OBJ_txt2obj("2.23.133.8.3", 1); /* tcg-kp-AIKCertificate */
        EXTENDED_KEY_USAGE *purposes = decode(extension.value, ASN1_ITEM_rptr(EXTENDED_KEY_USAGE));
        mitome_code code = !purposes                        ? MITOME_E_DER
                           : has_purpose(purposes, purpose) ? MITOME_OK
                                                            : MITOME_E_AIK_PURPOSE;
        EXTENDED_KEY_USAGE_free(purposes);
        ASN1_OBJECT_free(purpose);
        return code == MITOME_OK ? ok() : fail(error, code, purpose_field, clause);
}

mitome_status aik_certificate_check(const X509 *aik, unsigned switches, mitome_error *error)
{
        /* "Version MUST be set to 3." */
        if (X509_get_version(aik) != X509_VERSION_3)
                return fail(error, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]", clause);
        /* "Subject field MUST be set to empty." */
        if (X509_NAME_entry_count(X509_get_subject_name(aik)) != 0)
                return fail(error, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject", clause);
        MITOME_TRY(check_names(aik, switches, error));
        MITOME_TRY(check_purpose(aik, error));
        /* "The Basic Constraints extension MUST have the CA component set to false." */
        return leaf_check_not_ca(aik, clause, error);
}
