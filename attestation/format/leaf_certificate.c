/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf_certificate.h"

#include "der.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

static const char packed_clause[] = "WebAuthn L3 8.2.1";

mitome_status leaf_read(slice der, const char *field, const char *clause, X509 **ret, mitome_error *error)
{
        if (der.size == 0 || der.size > INT32_MAX)
                return fail(error, MITOME_E_DER, field, clause);
        const unsigned char *end = der.data;
        X509 *leaf = d2i_X509(NULL, &end, (long)der.size);
        if (!leaf)
                return fail(error, MITOME_E_DER, field, clause);
        if ((size_t)(end - der.data) != der.size) {
                X509_free(leaf);
                return fail(error, MITOME_E_TRAILING_BYTES, field, clause);
        }
        *ret = leaf;
        return ok();
}

/* ---- the public key ---- */

enum { COORDINATE_SIZE = 32, MODULUS_MAX = 512, EXPONENT_MAX = 8 };

/* The numbers of a key, big-endian; `size` is exact, or 0 for the shortest form. */
static bool read_number(
        const EVP_PKEY *key, const char *name, uint8_t *buffer, size_t capacity, size_t size, slice *ret)
{
        BIGNUM *number = NULL;
        bool right = EVP_PKEY_get_bn_param(key, name, &number) == 1;
        size_t shortest = right ? (size_t)BN_num_bytes(number) : 0;
        size_t wanted = size ? size : shortest;
        right = right && shortest <= wanted && wanted <= capacity &&
                BN_bn2binpad(number, buffer, (int)wanted) == (int)wanted;
        BN_free(number);
        if (right)
                *ret = slice_of(buffer, wanted);
        return right;
}

struct numbers {
        uint8_t first[MODULUS_MAX], second[COORDINATE_SIZE];
};

static bool es256_numbers(const EVP_PKEY *key, struct numbers *numbers, struct cose_key *ret)
{
        char group[32];
        return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
               slice_is(slice_text(group), SN_X9_62_prime256v1) &&
               read_number(key, OSSL_PKEY_PARAM_EC_PUB_X, numbers->first, COORDINATE_SIZE, COORDINATE_SIZE,
                       &ret->x) &&
               read_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, numbers->second, COORDINATE_SIZE, COORDINATE_SIZE,
                       &ret->y);
}

static bool eddsa_numbers(const EVP_PKEY *key, struct numbers *numbers, struct cose_key *ret)
{
        size_t size = COORDINATE_SIZE;
        if (!EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_get_raw_public_key(key, numbers->first, &size) != 1)
                return false;
        ret->x = slice_of(numbers->first, size);
        return true;
}

static bool rs256_numbers(const EVP_PKEY *key, struct numbers *numbers, struct cose_key *ret)
{
        return EVP_PKEY_is_a(key, "RSA") &&
               read_number(key, OSSL_PKEY_PARAM_RSA_N, numbers->first, MODULUS_MAX, 0, &ret->n) &&
               read_number(key, OSSL_PKEY_PARAM_RSA_E, numbers->second, EXPONENT_MAX, 0, &ret->e);
}

static const struct {
        int64_t algorithm;
        bool (*take)(const EVP_PKEY *key, struct numbers *numbers, struct cose_key *ret);
} key_types[] = {
        { COSE_ES256, es256_numbers },
        { COSE_EDDSA, eddsa_numbers },
        { COSE_RS256, rs256_numbers },
};

mitome_status leaf_read_key(const X509 *leaf, int64_t algorithm, const char *field, const char *clause,
        uint8_t buffer[LEAF_KEY_MAX], struct cose_key *ret, mitome_error *error)
{
        const EVP_PKEY *key = X509_get0_pubkey(leaf);
        struct cose_key taken = { .algorithm = algorithm };
        struct numbers numbers;
        bool right = false;
        for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++)
                if (key_types[i].algorithm == algorithm)
                        right = key && key_types[i].take(key, &numbers, &taken);
        if (!right)
                return fail(error, MITOME_E_KEY_TYPE, field, clause);

        /* Through the strict reader, so that no leaf gets by with a key that a credential could not have. */
        writer w = writer_over(buffer, LEAF_KEY_MAX);
        slice written;
        cose_key_write(&w, &taken);
        MITOME_TRY(writer_finish(&w, field, &written, error));
        struct cbor_reader r = cbor_over(written, clause, NULL);
        mitome_status status = cose_key_read(&r, field, ret);
        return failed(status) ? fail(error, status.code, field, clause) : ok();
}

/* ---- WebAuthn L3 8.2.1 ---- */

/* The one value of a subject attribute as UTF-8, whatever its string type; false when there is none or more
 * than one. The caller frees *ret_text with OPENSSL_free. */
static bool subject_value(const X509_NAME *subject, int nid, unsigned char **ret_text, slice *ret)
{
        int at = X509_NAME_get_index_by_NID(subject, nid, -1);
        if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
                return false;
        int size = ASN1_STRING_to_UTF8(ret_text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (size < 0)
                return false;
        *ret = slice_of(*ret_text, (size_t)size);
        return true;
}

static bool is_country(slice text)
{
        bool right = text.size == 2;
        for (size_t i = 0; i < text.size; i++)
                right = right && text.data[i] >= 'A' && text.data[i] <= 'Z';
        return right;
}

static bool is_unit(slice text)
{
        return slice_is(text, "Authenticator Attestation");
}

static bool is_some(slice text)
{
        return text.size != 0;
}

/* "Subject field MUST be set to": */
static const struct {
        int nid;
        const char *field;
        bool (*is_right)(slice text);
} subject_fields[] = {
        { NID_countryName, "attStmt.x5c[0] subject C", is_country }, /* "ISO 3166 code" */
        { NID_organizationName, "attStmt.x5c[0] subject O", is_some },
        { NID_organizationalUnitName, "attStmt.x5c[0] subject OU", is_unit }, /* "Literal string" */
        { NID_commonName, "attStmt.x5c[0] subject CN", is_some },
};

static mitome_status check_subject(const X509 *leaf, mitome_error *error)
{
        const X509_NAME *subject = X509_get_subject_name(leaf);
        for (size_t i = 0; i < sizeof subject_fields / sizeof subject_fields[0]; i++) {
                unsigned char *text = NULL;
                slice value = { 0 };
                bool right = subject_value(subject, subject_fields[i].nid, &text, &value) &&
                             subject_fields[i].is_right(value);
                OPENSSL_free(text);
                if (!right)
                        return fail(error, MITOME_E_LEAF_SUBJECT, subject_fields[i].field, packed_clause);
        }
        return ok();
}

/* "The Basic Constraints extension MUST have the CA component set to false." */
static mitome_status check_constraints(const X509 *leaf, mitome_error *error)
{
        BASIC_CONSTRAINTS *constraints = X509_get_ext_d2i(leaf, NID_basic_constraints, NULL, NULL);
        bool no_ca = constraints && !constraints->ca;
        BASIC_CONSTRAINTS_free(constraints);
        if (!no_ca)
                return fail(
                        error, MITOME_E_LEAF_CONSTRAINTS, "attStmt.x5c[0] basicConstraints", packed_clause);
        return ok();
}

/* The AAGUID stands in two OCTET STRINGs; OpenSSL has undone the outer one. */
static bool is_wrapped_aaguid(const ASN1_OCTET_STRING *value, slice aaguid)
{
        reader r = reader_over(
                slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), NULL, NULL);
        slice inner;
        return !failed(der_read(&r, NULL, DER_OCTET_STRING, &inner, NULL)) && r.rest.size == 0 &&
               slice_equal(inner, aaguid);
}

/* "If attestnCert contains an extension with OID 1.3.6.1.4.1.45724.1.1.4 ... verify that the value of this
 * extension matches the aaguid"; it "MUST NOT be marked as critical". */
static mitome_status check_aaguid(const X509 *leaf, slice aaguid, mitome_error *error)
{
        static const char field[] = "attStmt.x5c[0] id-fido-gen-ce-aaguid";
        ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
        if (!oid)
                return fail(error, MITOME_E_CRYPTO_FAILED, field, packed_clause);
        int at = X509_get_ext_by_OBJ(leaf, oid, -1);
        int second = at < 0 ? -1 : X509_get_ext_by_OBJ(leaf, oid, at);
        ASN1_OBJECT_free(oid);
        if (at < 0)
                return ok();
        X509_EXTENSION *extension = X509_get_ext(leaf, at);
        if (second >= 0 || !is_wrapped_aaguid(X509_EXTENSION_get_data(extension), aaguid))
                return fail(error, MITOME_E_LEAF_AAGUID, field, "WebAuthn L3 8.2");
        if (X509_EXTENSION_get_critical(extension))
                return fail(error, MITOME_E_LEAF_AAGUID_CRITICAL, field, packed_clause);
        return ok();
}

mitome_status leaf_check_packed(const X509 *leaf, slice aaguid, mitome_error *error)
{
        /* "Version MUST be set to 3 (which is indicated by an ASN.1 INTEGER with value 2)." */
        if (X509_get_version(leaf) != X509_VERSION_3)
                return fail(error, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]", packed_clause);
        MITOME_TRY(check_subject(leaf, error));
        MITOME_TRY(check_constraints(leaf, error));
        return check_aaguid(leaf, aaguid, error);
}
