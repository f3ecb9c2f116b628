/* SPDX-License-Identifier: Apache-2.0 */
#include "card_application.h"

#include "apdu.h"
#include "cms_write.h"
#include "jpki_card.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- the application ---- */

static bool is_nonce(const char *nonce)
{
        size_t size = strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        return size > 0 && size <= CARD_NONCE_MAX && nonce[size] == '\0';
}

/* What stands in a JSON string as it is. */
static bool is_device(const char *device)
{
        slice text = slice_text(device);
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] == 0x7F || text.data[i] == '"' ||
                        text.data[i] == '\\')
                        return false;
        return text.size > 0 && text.size <= CARD_DEVICE_MAX && slice_is_utf8(text);
}

static bool is_purpose(const char *purpose)
{
        static const char *const purposes[] = { "issue", "renew", "reset-pin", "reset-password", "revoke" };
        for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
                if (strcmp(purpose, purposes[i]) == 0)
                        return true;
        return false;
}

/* A device is named together with what it is for, or neither is. */
static const char *what_is_wrong(const struct card_application *application)
{
        if (application->purpose && (!application->device || !is_purpose(application->purpose)))
                return "--purpose";
        if (application->device && (!application->purpose || !is_device(application->device)))
                return "--device";
        return is_nonce(application->nonce) ? NULL : "--nonce";
}

static const char *list_of(const char *kind)
{
        static const struct {
                const char *kind, *list;
        } kinds[] = {
                { "user-verification", "\"user-verification\"" },
                { "signing", "\"signing\"" },
                { "both", "\"user-verification\", \"signing\"" },
        };
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (strcmp(kind, kinds[i].kind) == 0)
                        return kinds[i].list;
        return NULL;
}

mitome_status card_application_write(
        const struct card_application *application, uint8_t *buffer, slice *ret, mitome_error *error)
{
        char when[32];
        time_t now = (time_t)application->now;
        struct tm tm;
        bool on_device = application->device != NULL;
        const char *list = list_of(application->kind), *wrong = what_is_wrong(application);
        if (!list || wrong)
                return fail(error, MITOME_E_VALUE, list ? wrong : "--kind", NULL);
        if (!gmtime_r(&now, &tm) || strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                return fail(error, MITOME_E_VALUE, "the time", NULL);
        int size = snprintf((char *)buffer, CARD_APPLICATION_MAX,
                "{\"application\": \"%s\", \"version\": 1, \"kinds\": [%s], %s%s%s"
                "\"applied_at\": \"%s\", \"nonce\": \"%s\"}\n",
                on_device ? application->purpose : "phone-certificate", list,
                on_device ? "\"device\": \"" : "", on_device ? application->device : "",
                on_device ? "\", " : "", when, application->nonce);
        *ret = slice_of(buffer, (size_t)size);
        return ok();
}

/* ---- the signature ---- */

static mitome_status open_key(
        const struct mitome_link *link, const struct card_holder *holder, mitome_error *error)
{
        SECRET(password);
        int tries, left = -1;
        MITOME_TRY(jpki_card_tries(link, JPKI_SIGNING_PASSWORD, &tries, error));
        if (tries == 0)
                return fail(error, MITOME_E_SECRET_LOCKED, "the signing password", NULL);
        MITOME_TRY(holder->tell(holder->context, tries, &password, error));
        mitome_status status = jpki_card_verify_password(link, secret_view(&password), &left, error);
        if (left >= 0 && holder->wrong)
                holder->wrong(holder->context, left);
        return status;
}

/* The card's answer is held against its own certificate before anybody relies on it. */
static mitome_status check_signature(const struct cms_plan *plan, slice signature, mitome_error *error)
{
        const unsigned char *at = plan->certificate.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)plan->certificate.size);
        EVP_PKEY_CTX *context = x509 ? EVP_PKEY_CTX_new(X509_get0_pubkey(x509), NULL) : NULL;
        bool good = context && EVP_PKEY_verify_init(context) == 1 &&
                    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                    EVP_PKEY_verify(
                            context, signature.data, signature.size, plan->digest, sizeof plan->digest) == 1;
        EVP_PKEY_CTX_free(context);
        X509_free(x509);
        return good ? ok() : fail(error, MITOME_E_CARD_SIGNATURE, "the card's signature", NULL);
}

/* Only the card itself is proof that its holder has it: a phone's certificate does not beget another. */
static mitome_status check_card(const struct mitome_link *link, mitome_error *error)
{
        uint8_t buffer[JPKI_FILE_MAX];
        char label[JPKI_LABEL_SIZE + 1];
        slice content;
        uint16_t sw;
        MITOME_TRY(jpki_card_open(link, error));
        MITOME_TRY(jpki_card_read(link, JPKI_TOKEN_INFORMATION, buffer, &content, &sw, error));
        return jpki_card_kind(content, label) == JPKI_MY_NUMBER_CARD
                       ? ok()
                       : fail(error, MITOME_E_NOT_MY_NUMBER_CARD, NULL, NULL);
}

mitome_status card_application_sign(const struct mitome_link *link, slice content, int64_t now,
        const struct card_holder *holder, writer *out, mitome_error *error)
{
        uint8_t buffer[JPKI_FILE_MAX], signature[JPKI_SIGNATURE_SIZE];
        uint16_t sw;
        struct cms_plan plan = { .content = content, .now = now };
        MITOME_TRY(check_card(link, error));
        MITOME_TRY(open_key(link, holder, error));
        MITOME_TRY(jpki_card_read(link, JPKI_SIGNING_CERTIFICATE, buffer, &plan.certificate, &sw, error));
        if (sw != SW_OK)
                return fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
        MITOME_TRY(cms_prepare(&plan, error));
        MITOME_TRY(jpki_card_sign(link, plan.digest, signature, error));
        MITOME_TRY(check_signature(&plan, SLICE(signature), error));
        return cms_write(&plan, SLICE(signature), out, error);
}
