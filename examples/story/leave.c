/* SPDX-License-Identifier: Apache-2.0 */

/* What the story leaves behind for a reader: the messages, and the cases for `mitome verify`. */

#include "story.h"

#include "json.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CASES_MAX = 65536, PEM_SIZE_MAX = 4096 };

mitome_status story_leave_file(
        const struct story *story, const char *name, slice content, mitome_error *error)
{
        if (!story->out)
                return ok();
        char path[512];
        snprintf(path, sizeof path, "%s/%s", story->out, name);
        FILE *file = fopen(path, "we");
        bool written = file && fwrite(content.data, 1, content.size, file) == content.size;
        if (file && fclose(file) != 0)
                written = false;
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, "the folder of --out", NULL);
}

static mitome_status pem_of(slice der, char text[PEM_SIZE_MAX], size_t *ret_size, mitome_error *error)
{
        const unsigned char *at = der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
        BIO *memory = BIO_new(BIO_s_mem());
        int size = certificate && memory && PEM_write_bio_X509(memory, certificate) == 1
                           ? BIO_read(memory, text, PEM_SIZE_MAX)
                           : -1;
        BIO_free(memory);
        X509_free(certificate);
        if (size <= 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "PEM", NULL);
        *ret_size = (size_t)size;
        return ok();
}

/* The challenge is the client data's: the portal has made others since. */
static mitome_status challenge_of(
        slice client_data, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        struct json_reader r = json_over(client_data, "WebAuthn L3 5.8.1", error);
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(&r, "clientDataJSON", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        return fail(error, MITOME_E_MISSING, "challenge", NULL);
                if (json_name_is(name, "challenge"))
                        return json_read_base64url(&r, "challenge", buffer, capacity, ret);
                MITOME_TRY(json_skip(&r, "clientDataJSON"));
        }
}

static mitome_status write_case(writer *w, const char *name, const char *kind,
        const struct browser_answer *answer, slice public_key, slice root, mitome_error *error)
{
        uint8_t challenge_bytes[64];
        slice challenge;
        MITOME_TRY(challenge_of(
                answer->client_data, challenge_bytes, sizeof challenge_bytes, &challenge, error));
        struct json_writer json = json_into(w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "name", name);
        json_write_string(&json, "kind", kind);
        json_write_string(&json, "rp_id", PORTAL_RP_ID);
        json_write_string(&json, "origin", PORTAL_ORIGIN);
        json_write_base64url(&json, "challenge_b64url", challenge);
        json_write_raw(&json, "response", answer->json);
        if (public_key.size)
                json_write_base64url(&json, "credential_public_key_b64url", public_key);
        if (root.size)
                json_write_text(&json, "root_pem", root);
        json_write_open_object(&json, "policy");
        json_write_string(&json, "user_verification", "required");
        json_write_close_object(&json);
        json_write_close_object(&json);
        write_u8(w, '\n');
        return ok();
}

static mitome_status write_cases(const struct story *story, mitome_error *error)
{
        static uint8_t bytes[CASES_MAX];
        char pem[PEM_SIZE_MAX];
        size_t pem_size;
        slice cases;
        struct account_login account;
        writer w = WRITER(bytes);
        MITOME_TRY(pem_of(slice_of(story->batch.ca.bytes, story->batch.ca.size), pem, &pem_size, error));
        MITOME_TRY(write_case(&w, "the story's registration", "registration", &story->registration,
                slice_of(NULL, 0), slice_of(pem, pem_size), error));
        MITOME_TRY(story_account(story, &account, error));
        MITOME_TRY(write_case(&w, "the story's login", "authentication", &story->login,
                account.credential.public_key, slice_of(NULL, 0), error));
        MITOME_TRY(writer_finish(&w, "cases", &cases, error));
        return story_leave_file(story, "cases.jsonl", cases, error);
}

mitome_status story_leave(const struct story *story, mitome_error *error)
{
        if (mkdir(story->out, 0777) != 0 && errno != EEXIST)
                return fail(error, MITOME_E_FILE_WRITE, "the folder of --out", NULL);
        const struct authority_der *certificate = &story->certificates[AUTHORITY_USER_VERIFICATION].der;
        MITOME_TRY(story_leave_file(
                story, "attestation-object.cbor", story->registration.attestation_object, error));
        MITOME_TRY(story_leave_file(story, "auth-data.bin", story->login.auth_data, error));
        MITOME_TRY(story_leave_file(story, "registration.json", story->registration.json, error));
        MITOME_TRY(story_leave_file(story, "login.json", story->login.json, error));
        MITOME_TRY(story_leave_file(story, "user-verification-certificate.der",
                slice_of(certificate->bytes, certificate->size), error));
        MITOME_TRY(story_leave_file(story, "user-verification-ca.der",
                authority_ca(story->authority, AUTHORITY_USER_VERIFICATION), error));
        return write_cases(story, error);
}
