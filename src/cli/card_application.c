/* SPDX-License-Identifier: Apache-2.0 */
#include "card_application.h"

#include "apdu.h"
#include "cms_write.h"
#include "secret_prompt.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the application ---- */

static bool is_nonce(const char *nonce)
{
        size_t size = strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        return size > 0 && size <= CARD_NONCE_MAX && nonce[size] == '\0';
}

static mitome_status compose(
        const struct card_application *application, uint8_t *buffer, slice *ret, mitome_error *error)
{
        static const struct {
                const char *kind, *list;
        } kinds[] = {
                { "user-verification", "\"user-verification\"" },
                { "signing", "\"signing\"" },
                { "both", "\"user-verification\", \"signing\"" },
        };
        char when[32];
        time_t now = (time_t)application->now;
        struct tm tm;
        const char *list = NULL;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (strcmp(application->kind, kinds[i].kind) == 0)
                        list = kinds[i].list;
        if (!list)
                return fail(error, MITOME_E_VALUE, "--kind", NULL);
        if (!is_nonce(application->nonce))
                return fail(error, MITOME_E_VALUE, "--nonce", NULL);
        if (!gmtime_r(&now, &tm) || strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                return fail(error, MITOME_E_VALUE, "the time", NULL);
        int size = snprintf((char *)buffer, CARD_APPLICATION_MAX,
                "{\"application\": \"phone-certificate\", \"version\": 1, \"kinds\": [%s], "
                "\"applied_at\": \"%s\", \"nonce\": \"%s\"}\n",
                list, when, application->nonce);
        *ret = slice_of(buffer, (size_t)size);
        return ok();
}

static mitome_status read_file(const char *path, uint8_t *buffer, slice *ret, mitome_error *error)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "the application", NULL);
        size_t size = fread(buffer, 1, CARD_APPLICATION_MAX, file);
        bool more = fgetc(file) != EOF, broken = ferror(file) != 0;
        fclose(file);
        if (broken)
                return fail(error, MITOME_E_FILE_READ, "the application", NULL);
        if (more)
                return fail(error, MITOME_E_TOO_LONG, "the application", NULL);
        if (size == 0)
                return fail(error, MITOME_E_MISSING, "the application", NULL);
        *ret = slice_of(buffer, size);
        return ok();
}

/* ---- the password ---- */

static mitome_status ask(int tries, struct secret *ret, mitome_error *error)
{
        char prompt[96];
        snprintf(prompt, sizeof prompt, "The card's signing password (署名用パスワード; %d %s left): ", tries,
                tries == 1 ? "try" : "tries");
        return secret_prompt_ask(prompt, "the signing password", MITOME_E_SECRET_FORM, ret, error);
}

static void say_tries(int tries)
{
        fprintf(stderr, "mitome card: %d %s left for the signing password\n", tries,
                tries == 1 ? "try is" : "tries are");
}

static mitome_status open_key(
        const struct mitome_link *link, const struct card_application *application, mitome_error *error)
{
        SECRET(password);
        int tries, left = -1;
        MITOME_TRY(jpki_card_tries(link, JPKI_SIGNING_PASSWORD, &tries, error));
        if (tries == 0)
                return fail(error, MITOME_E_SECRET_LOCKED, "the signing password", NULL);
        MITOME_TRY(application->password_fd >= 0
                           ? secret_prompt_line(application->password_fd, "the signing password",
                                     MITOME_E_SECRET_FORM, &password, error)
                           : ask(tries, &password, error));
        mitome_status status = jpki_card_verify_password(link, secret_view(&password), &left, error);
        if (left >= 0)
                say_tries(left);
        return status;
}

/* ---- the signature ---- */

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

static mitome_status write_out(const char *path, slice bytes, mitome_error *error)
{
        FILE *file = path ? fopen(path, "wb") : stdout;
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "the signed application", NULL);
        bool good = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
        good &= (path ? fclose(file) : fflush(file)) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "the signed application", NULL);
}

static mitome_status sign(const struct mitome_link *link, const struct card_application *application,
        struct cms_plan *plan, mitome_error *error)
{
        uint8_t signature[JPKI_SIGNATURE_SIZE];
        size_t capacity = plan->content.size + plan->certificate.size + CMS_OVERHEAD;
        MITOME_TRY(cms_prepare(plan, error));
        MITOME_TRY(jpki_card_sign(link, plan->digest, signature, error));
        MITOME_TRY(check_signature(plan, SLICE(signature), error));
        uint8_t *bytes = malloc(capacity);
        if (!bytes)
                return fail(error, MITOME_E_NO_MEMORY, "the signed application", NULL);
        writer out = writer_over(bytes, capacity);
        mitome_status status = cms_write(plan, SLICE(signature), &out, error);
        if (!failed(status))
                status = write_out(application->out, writer_view(&out), error);
        free(bytes);
        return status;
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

static mitome_status sign_content(const struct mitome_link *link, const struct card_application *application,
        slice content, mitome_error *error)
{
        uint8_t buffer[JPKI_FILE_MAX];
        uint16_t sw;
        struct cms_plan plan = { .content = content, .now = application->now };
        MITOME_TRY(check_card(link, error));
        MITOME_TRY(open_key(link, application, error));
        MITOME_TRY(jpki_card_read(link, JPKI_SIGNING_CERTIFICATE, buffer, &plan.certificate, &sw, error));
        if (sw != SW_OK)
                return fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
        return sign(link, application, &plan, error);
}

mitome_status card_application_sign(
        const struct mitome_link *link, const struct card_application *application, mitome_error *error)
{
        slice content = { 0 };
        uint8_t *buffer = malloc(CARD_APPLICATION_MAX);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "the application", NULL);
        mitome_status status = application->in ? read_file(application->in, buffer, &content, error)
                                               : compose(application, buffer, &content, error);
        if (!failed(status))
                status = sign_content(link, application, content, error);
        free(buffer);
        return status;
}
