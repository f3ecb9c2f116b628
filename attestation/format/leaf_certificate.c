/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf_certificate.h"

#include "der.h"
#include "leaf_memory.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

static const char packed_clause[] = "WebAuthn L3 8.2.1";

static mitome_status decode(struct cose_verifier *verifier, slice der, const char *field, const char *clause,
        X509 **ret, mitome_error *error)
{
        if (der.size == 0 || der.size > INT32_MAX)
                return fail(error, MITOME_E_DER, field, clause);
        const unsigned char *end = der.data;
        ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        X509 *leaf = X509_new_ex(cose_verifier_bare(verifier), NULL);
        if (leaf && !d2i_X509(&leaf, &end, (long)der.size))
                leaf = NULL; /* freed by d2i_X509 */
        ERR_pop_to_mark();
        if (!leaf)
                return fail(error, MITOME_E_DER, field, clause);
        if ((size_t)(end - der.data) != der.size) {
                X509_free(leaf);
                return fail(error, MITOME_E_TRAILING_BYTES, field, clause);
        }
        *ret = leaf;
        return ok();
}

mitome_status leaf_read(const struct attestation_input *input, slice der, const char *field,
        const char *clause, X509 **ret, mitome_error *error)
{
        *ret = leaf_memory_recall(input->leaves, der);
        if (*ret)
                return ok();
        MITOME_TRY(decode(input->verifier, der, field, clause, ret, error));
        leaf_memory_keep(input->leaves, der, *ret);
        return ok();
}

/* ---- the public key ---- */

/* The parameters of the AlgorithmIdentifier are a curve's OID. */
static bool is_curve(const X509_ALGOR *algorithm, int nid)
{
        const void *value = NULL;
        int type;
        X509_ALGOR_get0(NULL, &type, &value, algorithm);
        return type == V_ASN1_OBJECT && OBJ_obj2nid(value) == nid;
}

/* SEC 1, 2.3.3: 04 || X || Y; compressed points are no keys of WebAuthn's (L3 5.8.5). */
static bool split_point(slice point, struct cose_key *key)
{
        reader r = reader_over(point, NULL, NULL);
        uint8_t form;
        size_t size = point.size / 2;
        return point.size % 2 == 1 && !failed(read_u8(&r, NULL, &form)) && form == 0x04 &&
               !failed(read_bytes(&r, NULL, size, &key->x)) && !failed(read_bytes(&r, NULL, size, &key->y));
}

/* RSAPublicKey, RFC 8017 A.1.1. */
static bool split_rsa(slice encoded, struct cose_key *key)
{
        reader r = reader_over(encoded, NULL, NULL);
        slice numbers;
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &numbers, NULL)) || r.rest.size)
                return false;
        reader in_key = reader_over(numbers, NULL, NULL);
        return !failed(der_read_positive(&in_key, NULL, &key->n)) &&
               !failed(der_read_positive(&in_key, NULL, &key->e)) && in_key.rest.size == 0;
}

/* How SubjectPublicKeyInfo writes the keys of a COSE curve or key type. */
static const struct spki_form {
        enum cose_form form;
        int nid;   /* of the algorithm */
        int curve; /* NID of its parameters; 0: none are compared */
} spki_forms[] = {
        { COSE_FORM_P256, NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1 },
        { COSE_FORM_P384, NID_X9_62_id_ecPublicKey, NID_secp384r1 },
        { COSE_FORM_P521, NID_X9_62_id_ecPublicKey, NID_secp521r1 },
        { COSE_FORM_SECP256K1, NID_X9_62_id_ecPublicKey, NID_secp256k1 },
        { COSE_FORM_ED25519, NID_ED25519, 0 },
        { COSE_FORM_ED448, NID_ED448, 0 },
        { COSE_FORM_RSA, NID_rsaEncryption, 0 },
};

/* The numbers of the certificate's key, and what kind it is; they have not been checked yet. */
static bool take_key(const X509 *leaf, enum cose_form *ret_form, struct cose_key *ret)
{
        ASN1_OBJECT *type = NULL;
        const unsigned char *bits = NULL;
        int size = 0;
        X509_ALGOR *algorithm = NULL;
        X509_PUBKEY *spki = X509_get_X509_PUBKEY(leaf);
        if (!spki || X509_PUBKEY_get0_param(&type, &bits, &size, &algorithm, spki) != 1 || size <= 0)
                return false;
        const slice key = slice_of(bits, (size_t)size);
        for (size_t i = 0; i < sizeof spki_forms / sizeof spki_forms[0]; i++) {
                const struct spki_form *form = &spki_forms[i];
                if (OBJ_obj2nid(type) != form->nid || (form->curve && !is_curve(algorithm, form->curve)))
                        continue;
                *ret_form = form->form;
                ret->x = key;
                if (form->curve)
                        return split_point(key, ret);
                return form->form != COSE_FORM_RSA || split_rsa(key, ret);
        }
        return false;
}

mitome_status leaf_read_key(struct cose_verifier *verifier, const X509 *leaf, int64_t algorithm,
        const char *field, const char *clause, struct cose_key *ret, mitome_error *error)
{
        struct cose_key key = { .algorithm = algorithm };
        enum cose_form form, wanted;
        if (!cose_algorithm_form(algorithm, &wanted))
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, field, clause);
        if (!take_key(leaf, &form, &key) || form != wanted)
                return fail(error, MITOME_E_KEY_TYPE, field, clause);
        MITOME_TRY(cose_key_check(verifier, &key, field, clause, error));
        *ret = key;
        return ok();
}

mitome_status leaf_check_key(const X509 *leaf, const struct cose_key *credential, const char *field,
        const char *clause, mitome_error *error)
{
        struct cose_key key = { 0 };
        enum cose_form form, wanted;
        bool same = cose_algorithm_form(credential->algorithm, &wanted) && take_key(leaf, &form, &key) &&
                    form == wanted &&
                    (form == COSE_FORM_RSA
                                    ? slice_equal(key.n, credential->n) && slice_equal(key.e, credential->e)
                                    : slice_equal(key.x, credential->x) && slice_equal(key.y, credential->y));
        return same ? ok() : fail(error, MITOME_E_KEY_MISMATCH, field, clause);
}

/* ---- extensions ---- */

mitome_status leaf_find_extension(const X509 *leaf, const char *oid, const char *field, const char *clause,
        struct leaf_extension *ret, mitome_error *error)
{
        ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
        if (!object)
                return fail(error, MITOME_E_CRYPTO_FAILED, field, clause);
        int at = X509_get_ext_by_OBJ(leaf, object, -1);
        int second = at < 0 ? -1 : X509_get_ext_by_OBJ(leaf, object, at);
        ASN1_OBJECT_free(object);
        if (second >= 0)
                return fail(error, MITOME_E_LEAF_EXTENSION_TWICE, field, clause);
        struct leaf_extension found = { 0 };
        if (at >= 0) {
                X509_EXTENSION *extension = X509_get_ext(leaf, at);
                const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
                found.present = true;
                found.critical = X509_EXTENSION_get_critical(extension);
                found.value = slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
        }
        *ret = found;
        return ok();
}

bool leaf_is_ca(const X509 *leaf)
{
        BASIC_CONSTRAINTS *constraints = X509_get_ext_d2i(leaf, NID_basic_constraints, NULL, NULL);
        bool is_ca = constraints && constraints->ca;
        BASIC_CONSTRAINTS_free(constraints);
        return is_ca;
}

mitome_status leaf_check_not_ca(const X509 *leaf, const char *clause, mitome_error *error)
{
        BASIC_CONSTRAINTS *constraints = X509_get_ext_d2i(leaf, NID_basic_constraints, NULL, NULL);
        bool no_ca = constraints && !constraints->ca;
        BASIC_CONSTRAINTS_free(constraints);
        if (!no_ca)
                return fail(error, MITOME_E_LEAF_CONSTRAINTS, "attStmt.x5c[0] basicConstraints", clause);
        return ok();
}

/* An extension that does not read counts as one that says something else. */
static bool is_for_documents(const X509 *leaf)
{
        static const char any[] = "2.5.29.37.0", documents[] = "1.3.6.1.5.5.7.3.36";
        int found = -1;
        EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(leaf, NID_ext_key_usage, &found, NULL);
        bool good = !uses && found == -1; /* it is not there */
        for (int i = 0; uses && i < sk_ASN1_OBJECT_num(uses); i++) {
                char oid[64] = "";
                OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(uses, i), 1);
                good = good || strcmp(oid, any) == 0 || strcmp(oid, documents) == 0;
        }
        EXTENDED_KEY_USAGE_free(uses);
        return good;
}

mitome_status leaf_check_signs_documents(const X509 *leaf, const char *clause, mitome_error *error)
{
        int found = -1;
        ASN1_BIT_STRING *usage = X509_get_ext_d2i(leaf, NID_key_usage, &found, NULL);
        const bool signs = usage ? ASN1_BIT_STRING_get_bit(usage, 0) : found == -1;
        ASN1_BIT_STRING_free(usage);
        if (!signs)
                return fail(error, MITOME_E_LEAF_CONSTRAINTS, "x5chain[0] keyUsage", clause);
        return is_for_documents(leaf)
                       ? ok()
                       : fail(error, MITOME_E_LEAF_CONSTRAINTS, "x5chain[0] extendedKeyUsage", clause);
}

/* The AAGUID stands in two OCTET STRINGs; OpenSSL has undone the outer one. */
static bool is_wrapped_aaguid(slice value, slice aaguid)
{
        reader r = reader_over(value, NULL, NULL);
        slice inner;
        return !failed(der_read(&r, NULL, DER_OCTET_STRING, &inner, NULL)) && r.rest.size == 0 &&
               slice_equal(inner, aaguid);
}

/* "If attestnCert contains an extension with OID 1.3.6.1.4.1.45724.1.1.4 ... verify that the value of this
 * extension matches the aaguid"; it "MUST NOT be marked as critical". */
mitome_status leaf_check_aaguid(const X509 *leaf, slice aaguid, const char *clause, mitome_error *error)
{
        static const char field[] = "attStmt.x5c[0] id-fido-gen-ce-aaguid";
        struct leaf_extension extension;
        MITOME_TRY(leaf_find_extension(leaf, "1.3.6.1.4.1.45724.1.1.4", field, clause, &extension, error));
        if (!extension.present)
                return ok();
        if (!is_wrapped_aaguid(extension.value, aaguid))
                return fail(error, MITOME_E_LEAF_AAGUID, field, clause);
        if (extension.critical)
                return fail(error, MITOME_E_LEAF_AAGUID_CRITICAL, field, packed_clause);
        return ok();
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

mitome_status leaf_check_packed(const X509 *leaf, slice aaguid, mitome_error *error)
{
        /* "Version MUST be set to 3 (which is indicated by an ASN.1 INTEGER with value 2)." */
        if (X509_get_version(leaf) != X509_VERSION_3)
                return fail(error, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]", packed_clause);
        MITOME_TRY(check_subject(leaf, error));
        MITOME_TRY(leaf_check_not_ca(leaf, packed_clause, error));
        return leaf_check_aaguid(leaf, aaguid, "WebAuthn L3 8.2", error);
}
