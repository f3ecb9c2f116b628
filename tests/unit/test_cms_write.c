/* SPDX-License-Identifier: Apache-2.0 */
/* What a card signed, as CMS: OpenSSL reads and verifies it, at every length of length. */
#include "cms_write.h"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1795000000, SIGNATURE = 256 };

struct signer {
        EVP_PKEY *key;
        X509 *certificate;
        uint8_t *der;
        size_t der_size;
};

static int set_up(void **state)
{
        struct signer *signer = calloc(1, sizeof *signer);
        assert_non_null(signer);
        signer->key = EVP_RSA_gen(2048);
        signer->certificate = X509_new();
        assert_true(signer->key && signer->certificate);
        assert_int_equal(X509_set_version(signer->certificate, X509_VERSION_3), 1);
        assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(signer->certificate), UINT64_MAX), 1);
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(signer->certificate), "CN",
                                 MBSTRING_UTF8, (const unsigned char *)"見本", -1, -1, 0),
                1);
        assert_int_equal(
                X509_set_issuer_name(signer->certificate, X509_get_subject_name(signer->certificate)), 1);
        X509_gmtime_adj(X509_getm_notBefore(signer->certificate), -60);
        X509_gmtime_adj(X509_getm_notAfter(signer->certificate), 3600);
        assert_int_equal(X509_set_pubkey(signer->certificate, signer->key), 1);
        assert_true(X509_sign(signer->certificate, signer->key, EVP_sha256()) > 0);
        int size = i2d_X509(signer->certificate, &signer->der);
        assert_true(size > 0);
        signer->der_size = (size_t)size;
        *state = signer;
        return 0;
}

static int tear_down(void **state)
{
        struct signer *signer = *state;
        EVP_PKEY_free(signer->key);
        X509_free(signer->certificate);
        OPENSSL_free(signer->der);
        free(signer);
        return 0;
}

/* What the card does: RSASSA-PKCS1-v1_5 over a digest. */
static void sign(const struct signer *signer, const uint8_t *digest, uint8_t signature[SIGNATURE])
{
        size_t size = SIGNATURE;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(signer->key, NULL);
        assert_true(context && EVP_PKEY_sign_init(context) == 1 &&
                    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
        assert_int_equal(EVP_PKEY_sign(context, signature, &size, digest, CMS_DIGEST_SIZE), 1);
        assert_int_equal(size, SIGNATURE);
        EVP_PKEY_CTX_free(context);
}

static slice make(const struct signer *signer, slice content, uint8_t *buffer, size_t capacity)
{
        struct cms_plan plan = {
                .content = content, .certificate = slice_of(signer->der, signer->der_size), .now = NOW
        };
        uint8_t signature[SIGNATURE];
        writer out = writer_over(buffer, capacity);
        assert_int_equal(cms_prepare(&plan, NULL).code, MITOME_OK);
        sign(signer, plan.digest, signature);
        assert_int_equal(cms_write(&plan, SLICE(signature), &out, NULL).code, MITOME_OK);
        return writer_view(&out);
}

/* True when OpenSSL takes the signature; the content then is what was signed. */
static bool verifies(const struct signer *signer, slice der, slice content)
{
        const unsigned char *at = der.data;
        X509_STORE *store = X509_STORE_new();
        BIO *out = BIO_new(BIO_s_mem());
        CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.size);
        assert_true(store && out && X509_STORE_add_cert(store, signer->certificate) == 1);
        bool good =
                cms && at == der.data + der.size && CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY) == 1;
        if (good) {
                char *bytes;
                long size = BIO_get_mem_data(out, &bytes);
                assert_true(slice_equal(slice_of(bytes, (size_t)size), content));
        }
        CMS_ContentInfo_free(cms);
        BIO_free(out);
        X509_STORE_free(store);
        return good;
}

static void openssl_verifies_contents_of_every_size(void **state)
{
        static const size_t sizes[] = { 1, 2, 100, 127, 128, 129, 255, 256, 257, 65533, 65535, 65536, 65537,
                1 << 20 };
        const struct signer *signer = *state;
        const size_t capacity = (1 << 20) + 4096;
        uint8_t *content = calloc(1, 1 << 20), *buffer = malloc(capacity);
        assert_true(content && buffer);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                content[0] = (uint8_t)i;
                slice signed_bytes = slice_of(content, sizes[i]);
                slice der = make(signer, signed_bytes, buffer, signer->der_size + sizes[i] + CMS_OVERHEAD);
                assert_true(verifies(signer, der, signed_bytes));
        }
        free(buffer);
        free(content);
}

/* Content, signed attributes and signature: whatever bit is changed in one of them, it does not verify. (What
 * else is there, an algorithm named twice, a version, is outside every CMS signature.) */
static void what_is_signed_cannot_be_changed(void **state)
{
        static const uint8_t content[] = "an application";
        const struct signer *signer = *state;
        uint8_t buffer[4096], signature[SIGNATURE];
        struct cms_plan plan = {
                .content = SLICE(content), .certificate = slice_of(signer->der, signer->der_size), .now = NOW
        };
        writer out = WRITER(buffer);
        assert_int_equal(cms_prepare(&plan, NULL).code, MITOME_OK);
        sign(signer, plan.digest, signature);
        assert_int_equal(cms_write(&plan, SLICE(signature), &out, NULL).code, MITOME_OK);
        const slice der = writer_view(&out);
        const slice parts[] = { SLICE(content), slice_of(plan.attributes, plan.attributes_size),
                SLICE(signature) };
        for (size_t part = 0; part < 3; part++) {
                uint8_t *at = memmem(buffer, der.size, parts[part].data, parts[part].size);
                assert_non_null(at);
                for (size_t i = 0; i < parts[part].size; i++) {
                        at[i] ^= 0x01;
                        assert_false(verifies(signer, der, SLICE(content)));
                        at[i] ^= 0x01;
                }
        }
        assert_true(verifies(signer, der, SLICE(content)));
}

static void it_is_der_and_carries_the_certificate_signed(void **state)
{
        static const uint8_t content[] = "an application";
        const struct signer *signer = *state;
        uint8_t buffer[4096];
        slice der = make(signer, SLICE(content), buffer, sizeof buffer);
        const unsigned char *at = der.data;
        CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.size);
        assert_non_null(cms);
        unsigned char *again = NULL;
        int size = i2d_CMS_ContentInfo(cms, &again);
        assert_true(slice_equal(slice_of(again, (size_t)size), der));
        CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
        assert_int_equal(CMS_signed_get_attr_count(info), 4);
        static const int attributes[] = { NID_pkcs9_contentType, NID_pkcs9_signingTime,
                NID_pkcs9_messageDigest, NID_id_smime_aa_signingCertificateV2 };
        for (int i = 0; i < 4; i++)
                assert_int_equal(CMS_signed_get_attr_by_NID(info, attributes[i], -1), i);
        assert_int_equal(CMS_SignerInfo_cert_cmp(info, signer->certificate), 0);
        OPENSSL_free(again);
        CMS_ContentInfo_free(cms);
}

static void what_cannot_be_is_refused(void **state)
{
        static const uint8_t content[] = { 1 };
        static const int64_t times[] = { -631152001, 2524608000, INT64_MAX };
        const struct signer *signer = *state;
        const slice certificate = slice_of(signer->der, signer->der_size);
        uint8_t buffer[4096], signature[SIGNATURE] = { 0 };
        for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) { /* RFC 5652 11.3: 1950 to 2049 */
                struct cms_plan plan = {
                        .content = SLICE(content), .certificate = certificate, .now = times[i]
                };
                assert_int_equal(cms_prepare(&plan, NULL).code, MITOME_E_VALUE);
        }
        struct cms_plan large = {
                .content = slice_of(buffer, (1 << 20) + 1), .certificate = certificate, .now = NOW
        };
        assert_int_equal(cms_prepare(&large, NULL).code, MITOME_E_TOO_LONG);

        struct cms_plan plan = { .content = SLICE(content), .certificate = certificate, .now = NOW };
        assert_int_equal(cms_prepare(&plan, NULL).code, MITOME_OK);
        for (size_t size = 0; size < 60; size++) { /* up to the end of the issuer */
                writer out = WRITER(buffer);
                plan.certificate = slice_of(signer->der, size);
                assert_int_not_equal(cms_write(&plan, SLICE(signature), &out, NULL).code, MITOME_OK);
        }
        plan.certificate = certificate;
        writer out = writer_over(buffer, signer->der_size);
        assert_int_equal(cms_write(&plan, SLICE(signature), &out, NULL).code, MITOME_E_BUFFER_FULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(openssl_verifies_contents_of_every_size),
                cmocka_unit_test(what_is_signed_cannot_be_changed),
                cmocka_unit_test(it_is_der_and_carries_the_certificate_signed),
                cmocka_unit_test(what_cannot_be_is_refused),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
