/* SPDX-License-Identifier: Apache-2.0 */
#include "fcm_form.h"

#include "json.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <sodium.h>
#include <string.h>

static const char sends[] = "FCM HTTP v1, messages:send";
static const char grants[] = "RFC 6749 5.1";

/* ---- the service account ---- */

static bool is_visible(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] <= ' ' || text.data[i] >= 0x7f || text.data[i] == '"' ||
                        text.data[i] == '\\')
                        return false;
        return text.size > 0;
}

/* A string that goes into headers, addresses and claims: visible ASCII, with a terminator. */
static mitome_status read_visible(struct json_reader *r, const char *field, char *buffer, size_t capacity)
{
        slice text;
        MITOME_TRY(json_read_string(r, field, (uint8_t *)buffer, capacity - 1, &text));
        if (!is_visible(text))
                return fail(r->bytes.error, MITOME_E_VALUE, field, NULL);
        buffer[text.size] = '\0';
        return ok();
}

static int no_passphrase(char *buffer, int size, int writing, void *context)
{
        (void)buffer, (void)size, (void)writing, (void)context;
        return -1;
}

static EVP_PKEY *key_of_pem(slice pem)
{
        BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
        BIO_free(bio);
        return key;
}

static mitome_status take_key(slice pem, EVP_PKEY **ret, mitome_error *error)
{
        EVP_PKEY *key = key_of_pem(pem);
        if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
                EVP_PKEY_free(key);
                return fail(error, MITOME_E_KEY_TYPE, "private_key", NULL);
        }
        if (EVP_PKEY_get_bits(key) < 2048) {
                EVP_PKEY_free(key);
                return fail(error, MITOME_E_KEY_WEAK, "private_key", NULL);
        }
        EVP_PKEY_free(*ret);
        *ret = key;
        return ok();
}

static mitome_status read_key(struct json_reader *r, EVP_PKEY **ret)
{
        uint8_t pem[FCM_PEM_MAX];
        slice text = { 0 };
        mitome_status status = json_read_string(r, "private_key", pem, sizeof pem, &text);
        if (!failed(status))
                status = take_key(text, ret, r->bytes.error);
        bytes_wipe(pem, sizeof pem);
        return status;
}

static mitome_status read_type(struct json_reader *r)
{
        char type[32];
        MITOME_TRY(read_visible(r, "type", type, sizeof type));
        return slice_is(slice_text(type), "service_account")
                       ? ok()
                       : fail(r->bytes.error, MITOME_E_VALUE, "type", NULL);
}

static mitome_status read_account_member(
        struct json_reader *r, slice name, struct fcm_account *account, bool *ret_typed)
{
        const struct {
                const char *name;
                char *text;
                size_t capacity;
        } texts[] = {
                { "project_id", account->project, sizeof account->project },
                { "client_email", account->email, sizeof account->email },
                { "private_key_id", account->key_id, sizeof account->key_id },
                { "token_uri", account->token_uri, sizeof account->token_uri },
        };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (json_name_is(name, texts[i].name))
                        return read_visible(r, texts[i].name, texts[i].text, texts[i].capacity);
        if (json_name_is(name, "private_key"))
                return read_key(r, &account->key);
        if (json_name_is(name, "type")) {
                *ret_typed = true;
                return read_type(r);
        }
        return json_skip(r, "service account");
}

/* The project is a part of an address. */
static bool is_project(const char *text)
{
        return text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static mitome_status check_account(const struct fcm_account *account, bool typed, mitome_error *error)
{
        const struct {
                const char *field;
                bool present;
        } needs[] = {
                { "type", typed },
                { "project_id", account->project[0] },
                { "client_email", account->email[0] },
                { "private_key_id", account->key_id[0] },
                { "token_uri", account->token_uri[0] },
                { "private_key", account->key },
        };
        for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
                if (!needs[i].present)
                        return fail(error, MITOME_E_MISSING, needs[i].field, NULL);
        return is_project(account->project) ? ok() : fail(error, MITOME_E_VALUE, "project_id", NULL);
}

static mitome_status read_account(slice json, struct fcm_account *account, mitome_error *error)
{
        struct json_reader r = json_over(json, "Google service account", error);
        struct json_members members;
        slice name;
        bool typed = false;
        if (json.size > FCM_ACCOUNT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "service account", NULL);
        MITOME_TRY(json_open_object(&r, "service account", &members));
        for (bool more = true; more;) {
                MITOME_TRY(json_next_member(&r, &members, &name, &more));
                if (more)
                        MITOME_TRY(read_account_member(&r, name, account, &typed));
        }
        MITOME_TRY(json_end(&r, "service account"));
        return check_account(account, typed, error);
}

mitome_status fcm_account_read(slice json, struct fcm_account *ret, mitome_error *error)
{
        struct fcm_account account = { 0 };
        mitome_status status = read_account(json, &account, error);
        if (failed(status)) {
                fcm_account_free(&account);
                return status;
        }
        *ret = account;
        return ok();
}

void fcm_account_free(struct fcm_account *account)
{
        EVP_PKEY_free(account->key);
        *account = (struct fcm_account){ 0 };
}

/* ---- the assertion ---- */

static void write_base64url(writer *out, slice bytes)
{
        const size_t size = sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        uint8_t *space = write_space(out, size); /* with a terminator, which is taken back */
        if (!space)
                return;
        sodium_bin2base64(
                (char *)space, size, bytes.data, bytes.size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        out->used--;
}

static void write_header(const struct fcm_account *account, writer *out)
{
        struct json_writer w = json_into(out);
        json_write_open_object(&w, NULL);
        json_write_string(&w, "alg", "RS256");
        json_write_string(&w, "typ", "JWT");
        json_write_string(&w, "kid", account->key_id);
        json_write_close_object(&w);
}

static void write_claims(const struct fcm_account *account, int64_t now, writer *out)
{
        struct json_writer w = json_into(out);
        json_write_open_object(&w, NULL);
        json_write_string(&w, "iss", account->email);
        json_write_string(&w, "scope", "https://www.googleapis.com/auth/firebase.messaging");
        json_write_string(&w, "aud", account->token_uri);
        json_write_int(&w, "iat", now);
        json_write_int(&w, "exp", now + FCM_ASSERTION_S);
        json_write_close_object(&w);
}

static bool sign(EVP_PKEY *key, slice text, uint8_t *signature, size_t *size)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const bool good = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                          EVP_DigestSign(context, signature, size, text.data, text.size) == 1;
        EVP_MD_CTX_free(context);
        return good;
}

static mitome_status write_part(writer *out, void (*write)(const struct fcm_account *, int64_t, writer *),
        const struct fcm_account *account, int64_t now, mitome_error *error)
{
        uint8_t json[1024];
        writer part = WRITER(json);
        slice view;
        write(account, now, &part);
        MITOME_TRY(writer_finish(&part, "assertion", &view, error));
        write_base64url(out, view);
        return ok();
}

static void write_header_at(const struct fcm_account *account, int64_t now, writer *out)
{
        (void)now;
        write_header(account, out);
}

mitome_status fcm_assertion_write(
        const struct fcm_account *account, int64_t now, writer *out, mitome_error *error)
{
        uint8_t text[FCM_ASSERTION_MAX], signature[1024];
        size_t size = sizeof signature;
        writer token = WRITER(text);
        slice input;
        MITOME_TRY(write_part(&token, write_header_at, account, now, error));
        write_u8(&token, '.');
        MITOME_TRY(write_part(&token, write_claims, account, now, error));
        MITOME_TRY(writer_finish(&token, "assertion", &input, error));
        if (EVP_PKEY_get_size(account->key) > (int)sizeof signature ||
                !sign(account->key, input, signature, &size))
                return fail(error, MITOME_E_CRYPTO_FAILED, "assertion", NULL);
        write_slice(out,
                slice_text("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
        write_slice(out, input);
        write_u8(out, '.');
        write_base64url(out, slice_of(signature, size));
        return ok();
}

/* ---- the message ---- */

mitome_status fcm_message_write(
        slice token, const struct push_message *message, writer *out, mitome_error *error)
{
        char id[2 * PUSH_ID_SIZE + 1];
        MITOME_TRY(push_token_check(token, error));
        MITOME_TRY(push_message_check(message, error));
        sodium_bin2hex(id, sizeof id, message->id, sizeof message->id);
        struct json_writer w = json_into(out);
        json_write_open_object(&w, NULL);
        json_write_open_object(&w, "message");
        json_write_text(&w, "token", token);
        json_write_open_object(&w, "data");
        json_write_string(&w, "kind", message->kind);
        json_write_string(&w, "id", id);
        json_write_close_object(&w);
        json_write_open_object(&w, "android");
        /* One that waits is as good as several: the phone asks the TSM what there is to do. */
        json_write_string(&w, "collapse_key", message->kind);
        json_write_string(&w, "priority", "HIGH");
        json_write_string(&w, "ttl", "86400s");
        json_write_close_object(&w);
        json_write_close_object(&w);
        json_write_close_object(&w);
        return ok();
}

/* ---- answers ---- */

static bool is_later(const struct fcm_answer *answer)
{
        return answer->status == 0 || answer->status == 408 || answer->status == 429 || answer->status >= 500;
}

/* next takes the next member's name, or says that the object has ended, or that this is no JSON. */
static bool next(struct json_reader *r, struct json_members *members, slice *ret_name, bool *good)
{
        bool more = false;
        *good = *good && !failed(json_next_member(r, members, ret_name, &more));
        return *good && more;
}

struct grant {
        bool has_token, is_bearer;
        int64_t expires_in;
        slice token;
};

static bool read_grant(slice body, char *token, size_t capacity, struct grant *ret)
{
        struct json_reader r = json_over(body, grants, NULL);
        struct json_members members;
        uint8_t type[16];
        slice name, text;
        bool good = !failed(json_open_object(&r, "grant", &members));
        while (good && next(&r, &members, &name, &good)) {
                if (json_name_is(name, "access_token")) {
                        ret->has_token = good = !failed(json_read_string(
                                &r, "access_token", (uint8_t *)token, capacity, &ret->token));
                } else if (json_name_is(name, "token_type")) {
                        good = !failed(json_read_string(&r, "token_type", type, sizeof type, &text));
                        ret->is_bearer = good && slice_is(text, "Bearer");
                } else if (json_name_is(name, "expires_in")) {
                        good = !failed(json_read_int(&r, "expires_in", &ret->expires_in));
                } else {
                        good = !failed(json_skip(&r, "grant"));
                }
        }
        return good && !failed(json_end(&r, "grant"));
}

enum fcm_verdict fcm_read_bearer(const struct fcm_answer *answer, int64_t now, struct fcm_bearer *ret)
{
        enum { EARLIER_S = 60, LONGEST_S = 86400 };
        struct fcm_bearer bearer = { 0 };
        struct grant grant = { 0 };
        if (is_later(answer))
                return FCM_LATER;
        if (answer->status != 200)
                return answer->status >= 400 ? FCM_REFUSED : FCM_LATER;
        const bool good = read_grant(answer->body, bearer.text, FCM_BEARER_MAX, &grant) && grant.has_token &&
                          grant.is_bearer && is_visible(grant.token) && grant.expires_in > 0;
        if (good) {
                const int64_t seconds = grant.expires_in < LONGEST_S ? grant.expires_in : LONGEST_S;
                bearer.text[grant.token.size] = '\0';
                bearer.until = now + (seconds > EARLIER_S ? seconds - EARLIER_S : 1);
                *ret = bearer;
        }
        bytes_wipe(&bearer, sizeof bearer);
        return good ? FCM_DONE : FCM_LATER;
}

/* {"name": "projects/PROJECT/messages/ID"} */
static bool names_message(slice body, const char *project)
{
        struct json_reader r = json_over(body, sends, NULL);
        struct json_members members;
        uint8_t buffer[512], wanted[FCM_PROJECT_MAX + 32];
        slice name, text = { 0 }, prefix;
        writer w = WRITER(wanted);
        bool good = !failed(json_open_object(&r, "answer", &members));
        write_slice(&w, slice_text("projects/"));
        write_slice(&w, slice_text(project));
        write_slice(&w, slice_text("/messages/"));
        prefix = writer_view(&w);
        while (good && next(&r, &members, &name, &good))
                good = json_name_is(name, "name")
                               ? !failed(json_read_string(&r, "name", buffer, sizeof buffer, &text))
                               : !failed(json_skip(&r, "answer"));
        return good && !failed(json_end(&r, "answer")) && text.size > prefix.size &&
               slice_begins_with(text, prefix);
}

/* One of error.details: {"@type": "..FcmError", "errorCode": ".."} */
static bool read_detail(struct json_reader *r, bool *ret_unregistered)
{
        static const char ours[] = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
        struct json_members members;
        uint8_t type[128], code[64];
        slice name, type_text = { 0 }, code_text = { 0 };
        bool good = !failed(json_open_object(r, "detail", &members));
        while (good && next(r, &members, &name, &good)) {
                if (json_name_is(name, "@type"))
                        good = !failed(json_read_string(r, "@type", type, sizeof type, &type_text));
                else if (json_name_is(name, "errorCode"))
                        good = !failed(json_read_string(r, "errorCode", code, sizeof code, &code_text));
                else
                        good = !failed(json_skip(r, "detail"));
        }
        if (good && slice_is(type_text, ours) && slice_is(code_text, "UNREGISTERED"))
                *ret_unregistered = true;
        return good;
}

static bool read_details(struct json_reader *r, bool *ret_unregistered)
{
        struct json_members array;
        bool more = true, good = !failed(json_open_array(r, "details", &array));
        while (good && more) {
                good = !failed(json_next_element(r, &array, &more));
                if (good && more)
                        good = read_detail(r, ret_unregistered);
        }
        return good;
}

static bool read_error_object(struct json_reader *r, bool *ret_unregistered)
{
        struct json_members members;
        slice name;
        bool good = !failed(json_open_object(r, "error", &members));
        while (good && next(r, &members, &name, &good))
                good = json_name_is(name, "details") ? read_details(r, ret_unregistered)
                                                     : !failed(json_skip(r, "error"));
        return good;
}

/* Whether this is an error in Google's form, and whether it says that the token is dead. */
static bool read_error(slice body, bool *ret_unregistered)
{
        struct json_reader r = json_over(body, sends, NULL);
        struct json_members members;
        slice name;
        bool has_error = false, unregistered = false;
        bool good = !failed(json_open_object(&r, "answer", &members));
        while (good && next(&r, &members, &name, &good)) {
                const bool is_error = json_name_is(name, "error");
                good = is_error ? read_error_object(&r, &unregistered) : !failed(json_skip(&r, "answer"));
                has_error = has_error || is_error;
        }
        good = good && has_error && !failed(json_end(&r, "answer"));
        *ret_unregistered = good && unregistered;
        return good;
}

enum fcm_verdict fcm_read_send(const struct fcm_account *account, const struct fcm_answer *answer)
{
        bool unregistered = false;
        if (is_later(answer))
                return FCM_LATER;
        if (answer->status == 200)
                return names_message(answer->body, account->project) ? FCM_DONE : FCM_LATER;
        if (answer->status == 401)
                return FCM_UNAUTHORIZED;
        if (!read_error(answer->body, &unregistered))
                return FCM_LATER;
        if (answer->status == 404 && unregistered)
                return FCM_GONE;
        return answer->status >= 400 ? FCM_REFUSED : FCM_LATER;
}
