/* SPDX-License-Identifier: Apache-2.0 */

/* A document is signed: by password, and as long as the lease lasts. */

#include "story.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

const slice story_document = { (const uint8_t *)"I apply for a certificate of residence.", 39 };

void story_check_signing(
        struct story *story, const char *what, mitome_status status, uint16_t sw, uint16_t expected)
{
        stage_check(
                &story->stage, ELEMENT, failed(status) && sw == expected, what, "%04X %s", sw, sw_text(sw));
}

/* OpenSSL, not our code, has the last word on the signature. */
static bool openssl_verifies(slice certificate_der, slice signature)
{
        const unsigned char *at = certificate_der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)certificate_der.size);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool valid =
                certificate && context &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(certificate)) == 1 &&
                EVP_DigestVerify(context, signature.data, signature.size, story_document.data,
                        story_document.size) == 1;
        EVP_MD_CTX_free(context);
        X509_free(certificate);
        return valid;
}

/* What the SP-TSM allowed after it had seen the certificate alive is used up. */
static mitome_status sign_once_more(struct story *story, const struct mitome_link *link, mitome_error *error)
{
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        uint16_t sw = 0;
        MITOME_TRY(jpki_app_verify(link, &jpki_signing, SIGNING_PASSWORD, &sw, error));
        mitome_status status = jpki_app_sign(link, &jpki_signing, &story_document, 1, signature, &sw, NULL);
        story_check_signing(
                story, "Without a lease the signing key signs nothing", status, sw, SW_CONDITIONS);
        return ok();
}

mitome_status act_sign(struct story *story, mitome_error *error)
{
        uint8_t signature[JPKI_SIGNATURE_SIZE], bytes[JPKI_CERTIFICATE_MAX];
        const struct mitome_link enforced = mitome_enforcer_link(story->phone.jpki), *link = &enforced;
        slice certificate;
        uint16_t sw = 0;
        stage_step(
                &story->stage, "A document is signed: the password, and nothing else, opens the signing key");
        MITOME_TRY(jpki_app_select(story->phone.jpki, error));
        mitome_status status = jpki_app_verify(link, &jpki_signing, "WRONG999", &sw, NULL);
        story_check_signing(story, "A wrong password is refused, and counted", status, sw, SW_TRIES_LEFT | 4);
        MITOME_TRY(jpki_app_verify(link, &jpki_signing, SIGNING_PASSWORD, &sw, error));
        MITOME_TRY(jpki_app_read_certificate(
                link, &jpki_signing, bytes, sizeof bytes, &certificate, &sw, error));
        MITOME_TRY(jpki_app_sign(link, &jpki_signing, &story_document, 1, signature, &sw, error));
        stage_sent(&story->stage, ELEMENT, APP,
                "signing certificate and RSASSA-PKCS1-v1_5 signature, %zu bytes", sizeof signature);
        stage_check(&story->stage, "OpenSSL", openssl_verifies(certificate, SLICE(signature)),
                "The signing password opens the signing key",
                "the signature verifies under the signing certificate");
        return sign_once_more(story, link, error);
}
