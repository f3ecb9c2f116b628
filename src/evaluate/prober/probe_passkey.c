/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_passkey.h"

#include "authdata.h"
#include "ctap_status.h"
#include "json.h"

#include <stdio.h>

enum { MAKE_CREDENTIAL = 0x01, GET_ASSERTION = 0x02, DELETE = 6 };

static const int64_t usual[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };

/* ---- the page and the browser ---- */

void passkey_page(
        struct platform *platform, struct passkey_ceremony *ceremony, bool registration, const char *origin)
{
        *ceremony = (struct passkey_ceremony){ 0 };
        probe_random(platform->run, ceremony->challenge, sizeof ceremony->challenge);
        writer w = WRITER(ceremony->client_data);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "type", registration ? "webauthn.create" : "webauthn.get");
        json_write_base64url(&json, "challenge", SLICE(ceremony->challenge));
        json_write_string(&json, "origin", origin);
        json_write_bool(&json, "crossOrigin", false);
        json_write_close_object(&json);
        const slice text = writer_view(&w);
        ceremony->client_data_size = text.size;
        sha256(&text, 1, ceremony->hash);
}

static void copy(uint8_t *to, size_t capacity, size_t *ret_size, slice from)
{
        writer w = writer_over(to, capacity);
        write_slice(&w, from);
        *ret_size = w.overflowed ? 0 : w.used;
}

/* ---- makeCredential ---- */

static void write_user(writer *w, uint8_t number)
{
        const uint8_t id[] = { 'p', 'r', 'o', 'b', 'e', ' ', 'u', 's', 'e', 'r', ' ', number };
        cbor_write_map(w, 3);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, SLICE(id));
        cbor_write_string(w, "name");
        cbor_write_string(w, "probe");
        cbor_write_string(w, "displayName");
        cbor_write_string(w, "Probe");
}

static void write_algorithms(writer *w, const struct passkey_wish *wish)
{
        const int64_t *list = wish->algorithms ? wish->algorithms : usual;
        const size_t count = wish->algorithms ? wish->algorithm_count : sizeof usual / sizeof *usual;
        cbor_write_array(w, count);
        for (size_t i = 0; i < count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "alg");
                cbor_write_int(w, list[i]);
                cbor_write_string(w, "type");
                cbor_write_string(w, "public-key");
        }
}

static void write_extensions(writer *w, bool told, unsigned protect)
{
        cbor_write_uint(w, 6);
        cbor_write_map(w, (size_t)told + (protect != 0));
        if (protect) {
                cbor_write_string(w, "credProtect");
                cbor_write_uint(w, protect);
        }
        if (told) {
                cbor_write_string(w, "mitome-jpki");
                cbor_write_bool(w, true);
        }
}

/* A discoverable credential can be deleted afterwards; one that cannot be listed would stay for good. */
static bool discoverable_here(const struct platform *platform)
{
        return platform->info.discoverable && platform->info.manage &&
               platform_way(platform) != PLATFORM_BY_NOTHING;
}

static writer write_make(
        struct platform *platform, const struct passkey_ceremony *ceremony, const struct passkey_wish *wish)
{
        const bool extends = wish->protect || wish->told, token = platform->token.size > 0;
        const bool discoverable = discoverable_here(platform);
        writer w = platform_begin(platform, MAKE_CREDENTIAL, (size_t)4 + extends + discoverable + 2 * token);
        platform_pair_bytes(&w, 1, SLICE(ceremony->hash));
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "id");
        cbor_write_string(&w, wish->rp_id);
        cbor_write_string(&w, "name");
        cbor_write_string(&w, "Mitome probe");
        cbor_write_uint(&w, 3);
        write_user(&w, wish->user);
        cbor_write_uint(&w, 4);
        write_algorithms(&w, wish);
        if (extends)
                write_extensions(&w, wish->told, wish->protect);
        if (discoverable) {
                cbor_write_uint(&w, 7);
                cbor_write_map(&w, 1);
                cbor_write_string(&w, "rk");
                cbor_write_bool(&w, true);
        }
        if (token) {
                platform_pair_param(&w, 8, platform, SLICE(ceremony->hash));
                platform_pair_uint(&w, 9, platform->info.protocol);
        }
        return w;
}

/* The browser's attestation object out of the authenticator's answer. */
static bool take_object(slice body, struct passkey_ceremony *ceremony)
{
        const slice format = platform_member(body, 1, NULL), auth_data = platform_member(body, 2, NULL);
        slice statement = platform_member(body, 3, NULL), bytes;
        static const uint8_t no_statement = 0xA0; /* format none may leave it out */
        writer w = WRITER(ceremony->object);
        if (statement.size == 0)
                statement = slice_of(&no_statement, 1);
        if (format.size == 0 || !platform_bytes(auth_data, &bytes))
                return false;
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "fmt");
        write_slice(&w, format);
        cbor_write_string(&w, "attStmt");
        write_slice(&w, statement);
        cbor_write_string(&w, "authData");
        write_slice(&w, auth_data);
        ceremony->object_size = w.used;
        copy(ceremony->auth_data, sizeof ceremony->auth_data, &ceremony->auth_data_size, bytes);
        return !w.overflowed && ceremony->auth_data_size > 0;
}

static bool take_passkey(
        const struct passkey_ceremony *ceremony, const struct passkey_wish *wish, struct passkey *ret)
{
        struct authdata data;
        if (failed(authdata_read(slice_of(ceremony->auth_data, ceremony->auth_data_size), &data, NULL)) ||
                !(data.flags & AUTHDATA_AT))
                return false;
        *ret = (struct passkey){
                .algorithm = data.public_key.algorithm, .flags = data.flags, .count = data.sign_count
        };
        snprintf(ret->rp_id, sizeof ret->rp_id, "%s", wish->rp_id);
        copy(ret->id, sizeof ret->id, &ret->id_size, data.credential_id);
        copy(ret->key, sizeof ret->key, &ret->key_size, data.public_key_bytes);
        return ret->id_size > 0 && ret->key_size > 0;
}

int passkey_make(struct platform *platform, struct passkey_ceremony *ceremony,
        const struct passkey_wish *wish, struct passkey *ret)
{
        const writer w = write_make(platform, ceremony, wish);
        int status = platform_go(platform, &w);
        if (status != CTAP2_OK)
                return status;
        if (!take_object(platform->body, ceremony) || !take_passkey(ceremony, wish, ret))
                return PLATFORM_MALFORMED;
        ret->discoverable = discoverable_here(platform);
        return CTAP2_OK;
}

const char *passkey_refusal(int status)
{
        static const struct {
                int status;
                const char *text;
        } reasons[] = {
                { CTAP2_ERR_PUAT_REQUIRED, "it wants a PIN that is not known here: give it with --pin-file" },
                { CTAP2_ERR_PIN_INVALID, "the PIN that was given is wrong" },
                { CTAP2_ERR_PIN_BLOCKED, "its PIN is blocked" },
                { CTAP2_ERR_PIN_AUTH_BLOCKED, "its PIN is blocked until it has been without power" },
                { CTAP2_ERR_PIN_POLICY_VIOLATION, "its PIN has to be changed first" },
                { CTAP2_ERR_UV_BLOCKED, "its biometric path is closed" },
                { CTAP2_ERR_UV_INVALID, "the user could not be verified" },
                { CTAP2_ERR_OPERATION_DENIED, "nobody consented at it" },
                { CTAP2_ERR_USER_ACTION_TIMEOUT, "nobody touched it in time" },
                { CTAP2_ERR_KEY_STORE_FULL, "it has no room for another passkey" },
                { PLATFORM_MALFORMED, "its answer cannot be read" },
        };
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
                if (reasons[i].status == status)
                        return reasons[i].text;
        return "it refuses";
}

bool passkey_new(struct platform *platform, const struct passkey_wish *wish, struct passkey *ret)
{
        char origin[PASSKEY_RP_MAX + 16];
        struct passkey_ceremony ceremony;
        snprintf(origin, sizeof origin, "https://%s", wish->rp_id);
        int status = platform_verify(platform, PLATFORM_MAKE, wish->rp_id);
        if (status == CTAP2_OK) {
                passkey_page(platform, &ceremony, true, origin);
                status = passkey_make(platform, &ceremony, wish, ret);
        }
        if (status == CTAP2_OK)
                return true;
        if (status > 0)
                probe_end(platform->run, PROBE_NOT_TESTABLE, "No passkey could be made (status %02x): %s.",
                        status, passkey_refusal(status));
        return false;
}

/* ---- getAssertion ---- */

static void write_options(writer *w, const struct passkey_ask *ask)
{
        cbor_write_uint(w, 5);
        cbor_write_map(w, (size_t)ask->no_presence + ask->by_itself);
        if (ask->no_presence) {
                cbor_write_string(w, "up");
                cbor_write_bool(w, false);
        }
        if (ask->by_itself) {
                cbor_write_string(w, "uv");
                cbor_write_bool(w, true);
        }
}

static void write_list(writer *w, const struct passkey *passkey)
{
        cbor_write_uint(w, 3);
        cbor_write_array(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, slice_of(passkey->id, passkey->id_size));
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

void passkey_write_assertion(writer *w, const struct platform *platform,
        const struct passkey_ceremony *ceremony, const struct passkey *passkey, const struct passkey_ask *ask)
{
        const bool options = ask->no_presence || ask->by_itself;
        const bool token = platform->token.size > 0 && !ask->by_itself;
        write_u8(w, GET_ASSERTION);
        cbor_write_map(w, (size_t)2 + !ask->unnamed + ask->told + options + 2 * token);
        platform_pair_text(w, 1, ask->rp_id ? ask->rp_id : passkey->rp_id);
        platform_pair_bytes(w, 2, SLICE(ceremony->hash));
        if (!ask->unnamed)
                write_list(w, passkey);
        if (ask->told) {
                cbor_write_uint(w, 4);
                cbor_write_map(w, 1);
                cbor_write_string(w, "mitome-jpki");
                cbor_write_bool(w, true);
        }
        if (options)
                write_options(w, ask);
        if (token) {
                platform_pair_param(w, 6, platform,
                        ask->verified_for ? slice_of(ask->verified_for, SHA256_SIZE) : SLICE(ceremony->hash));
                platform_pair_uint(w, 7, platform->info.protocol);
        }
}

static bool take_assertion(slice body, struct passkey_ceremony *ceremony)
{
        slice auth_data, signature, user;
        if (!platform_bytes(platform_member(body, 2, NULL), &auth_data) ||
                !platform_bytes(platform_member(body, 3, NULL), &signature))
                return false;
        copy(ceremony->auth_data, sizeof ceremony->auth_data, &ceremony->auth_data_size, auth_data);
        copy(ceremony->signature, sizeof ceremony->signature, &ceremony->signature_size, signature);
        if (platform_bytes(platform_member(platform_member(body, 4, NULL), 0, "id"), &user))
                copy(ceremony->user, sizeof ceremony->user, &ceremony->user_size, user);
        ceremony->credentials = 1;
        platform_uint(platform_member(body, 5, NULL), &ceremony->credentials);
        return ceremony->auth_data_size > 0 && ceremony->signature_size > 0;
}

int passkey_assert(struct platform *platform, struct passkey_ceremony *ceremony,
        const struct passkey *passkey, const struct passkey_ask *ask)
{
        writer w = WRITER(platform->request);
        passkey_write_assertion(&w, platform, ceremony, passkey, ask);
        ceremony->auth_data_size = ceremony->signature_size = 0;
        int status = platform_go(platform, &w);
        if (status != CTAP2_OK)
                return status;
        return take_assertion(platform->body, ceremony) ? CTAP2_OK : PLATFORM_MALFORMED;
}

int passkey_login(struct platform *platform, struct passkey_ceremony *ceremony, const struct passkey *passkey)
{
        char origin[PASSKEY_RP_MAX + 16];
        snprintf(origin, sizeof origin, "https://%s", passkey->rp_id);
        passkey_page(platform, ceremony, false, origin);
        int status = platform_verify(platform, PLATFORM_GET, passkey->rp_id);
        return status == CTAP2_OK ? passkey_assert(platform, ceremony, passkey, &(struct passkey_ask){ 0 })
                                  : status;
}

uint8_t passkey_flags(const struct passkey_ceremony *ceremony)
{
        return ceremony->auth_data_size > PASSKEY_FLAGS_AT ? ceremony->auth_data[PASSKEY_FLAGS_AT] : 0;
}

static bool read_auth_data(const struct passkey_ceremony *ceremony, struct authdata *ret)
{
        return !failed(authdata_read(slice_of(ceremony->auth_data, ceremony->auth_data_size), ret, NULL));
}

bool passkey_count(const struct passkey_ceremony *ceremony, uint32_t *ret)
{
        struct authdata data;
        const bool reads = read_auth_data(ceremony, &data);
        if (reads)
                *ret = data.sign_count;
        return reads;
}

bool passkey_reads(const struct passkey_ceremony *ceremony)
{
        struct authdata data;
        return read_auth_data(ceremony, &data);
}

bool passkey_signed(const struct passkey_ceremony *ceremony, const struct passkey *passkey)
{
        struct cbor_reader r = cbor_over(slice_of(passkey->key, passkey->key_size), NULL, NULL);
        const slice parts[] = { slice_of(ceremony->auth_data, ceremony->auth_data_size),
                SLICE(ceremony->hash) };
        struct cose_key key;
        return !failed(cose_key_parse(&r, "key", &key)) &&
               !failed(cose_verify(NULL, &key, parts, 2,
                       slice_of(ceremony->signature, ceremony->signature_size), "signature", NULL, NULL));
}

/* ---- afterwards ---- */

static int delete_passkey(struct platform *platform, const struct passkey *passkey)
{
        uint8_t message[PASSKEY_ID_MAX + 64];
        slice params;
        uint8_t subcommand;
        writer m = WRITER(message);
        int status = platform_verify(platform, PLATFORM_MANAGE, NULL);
        if (status != CTAP2_OK)
                return status;
        write_u8(&m, DELETE);
        cbor_write_map(&m, 1);
        cbor_write_uint(&m, 2);
        cbor_write_map(&m, 2);
        cbor_write_string(&m, "id");
        cbor_write_bytes(&m, slice_of(passkey->id, passkey->id_size));
        cbor_write_string(&m, "type");
        cbor_write_string(&m, "public-key");
        reader parts = reader_over(writer_view(&m), NULL, NULL);
        if (failed(read_u8(&parts, "subcommand", &subcommand)))
                return PLATFORM_MALFORMED;
        params = read_rest(&parts);
        writer w = platform_begin(platform, platform->info.manage_command, 4);
        platform_pair_uint(&w, 1, DELETE);
        cbor_write_uint(&w, 2);
        write_slice(&w, params);
        platform_pair_uint(&w, 3, platform->info.protocol);
        platform_pair_param(&w, 4, platform, writer_view(&m));
        return platform_go(platform, &w);
}

void passkey_drop(struct platform *platform, const struct passkey *passkey)
{
        if (!passkey->discoverable) {
                probe_note(platform->run,
                        "the passkey of %s cannot be listed and cannot be deleted: it is left",
                        passkey->rp_id);
                return;
        }
        probe_puts_back(platform->run);
        int status = delete_passkey(platform, passkey);
        if (status != CTAP2_OK)
                probe_note(platform->run, "the passkey of %s could not be deleted (status %02x): it is left",
                        passkey->rp_id, (unsigned)status & 0xFFFF);
}

/* ---- the relying party ---- */

static struct mitome_policy policy_of(const struct site *site)
{
        return (struct mitome_policy){
                .require_user_verification = site->wants_verification,
                .algorithms = site->algorithms,
                .algorithm_count = site->algorithm_count,
        };
}

static void take_verdict(const struct mitome_verdict *verdict, mitome_status status,
        const mitome_error *error, struct site_verdict *ret)
{
        *ret = (struct site_verdict){
                .code = status.code,
                .flags = verdict->flags,
                .count = verdict->sign_count,
                .algorithm = verdict->algorithm,
                .clone_suspected = verdict->clone_suspected,
                .verified_by = verdict->extensions.verified_by,
                .format = verdict->format,
        };
        if (failed(status))
                mitome_explain(error, ret->why, sizeof ret->why);
}

void site_registers(const struct site *site, const struct passkey_ceremony *ceremony,
        const struct passkey *passkey, struct site_verdict *ret)
{
        uint8_t buffer[16384];
        const slice origin = slice_text(site->origin);
        const struct mitome_policy policy = policy_of(site);
        const struct mitome_expectation expectation = { .rp_id = slice_text(site->rp_id),
                .origins = &origin,
                .origin_count = 1,
                .challenge = SLICE(ceremony->challenge) };
        const struct mitome_response response = { .credential_id = slice_of(passkey->id, passkey->id_size),
                .client_data = slice_of(ceremony->client_data, ceremony->client_data_size),
                .attestation_object = slice_of(ceremony->object, ceremony->object_size) };
        struct mitome_verdict verdict = { 0 };
        mitome_error error = { 0 };
        const mitome_status status = mitome_verify_registration_bytes(
                NULL, &policy, &expectation, &response, NULL, 0, buffer, sizeof buffer, &verdict, &error);
        take_verdict(&verdict, status, &error, ret);
}

void site_logs_in(const struct site *site, const struct passkey_ceremony *ceremony,
        const uint8_t challenge[32], const struct passkey *passkey, struct site_verdict *ret)
{
        uint8_t buffer[16384];
        const slice origin = slice_text(site->origin);
        const struct mitome_policy policy = policy_of(site);
        const struct mitome_expectation expectation = { .rp_id = slice_text(site->rp_id),
                .origins = &origin,
                .origin_count = 1,
                .challenge = slice_of(challenge, sizeof ceremony->challenge) };
        const struct mitome_response response = { .credential_id = slice_of(passkey->id, passkey->id_size),
                .client_data = slice_of(ceremony->client_data, ceremony->client_data_size),
                .auth_data = slice_of(ceremony->auth_data, ceremony->auth_data_size),
                .signature = slice_of(ceremony->signature, ceremony->signature_size),
                .has_user_handle = ceremony->user_size > 0,
                .user_handle = slice_of(ceremony->user, ceremony->user_size) };
        const struct mitome_credential credential = { .id = slice_of(passkey->id, passkey->id_size),
                .public_key = slice_of(passkey->key, passkey->key_size),
                .sign_count = passkey->count,
                .backup_eligible = passkey->flags & AUTHDATA_BE };
        struct mitome_verdict verdict = { 0 };
        mitome_error error = { 0 };
        const mitome_status status = mitome_verify_authentication_bytes(NULL, &policy, &expectation,
                &response, &credential, NULL, 0, buffer, sizeof buffer, &verdict, &error);
        take_verdict(&verdict, status, &error, ret);
}

bool passkey_works(struct platform *platform, const struct passkey *passkey, const struct passkey_ask *ask,
        bool *ret_works)
{
        char origin[PASSKEY_RP_MAX + 16];
        struct passkey_ceremony ceremony;
        struct site_verdict verdict = { .code = MITOME_OK };
        snprintf(origin, sizeof origin, "https://%s", passkey->rp_id);
        const struct site site = { .rp_id = passkey->rp_id, .origin = origin, .wants_verification = true };
        probe_note(platform->run, "an ordinary login at %s, verified", passkey->rp_id);
        passkey_page(platform, &ceremony, false, origin);
        int status = platform_verify(platform, PLATFORM_GET, passkey->rp_id);
        if (status == CTAP2_OK)
                status = passkey_assert(platform, &ceremony, passkey, ask);
        if (status == CTAP2_OK)
                site_logs_in(&site, &ceremony, ceremony.challenge, passkey, &verdict);
        *ret_works = status == CTAP2_OK && verdict.code == MITOME_OK;
        if (status >= 0 && !*ret_works)
                probe_note(platform->run, "it is no good: status %02x. %s", (unsigned)status, verdict.why);
        return status >= 0;
}

static unsigned rsa_strength(slice modulus)
{
        return modulus.size >= 384 ? 128 : modulus.size >= 256 ? 112 : 0;
}

unsigned passkey_strength(const struct passkey *passkey)
{
        static const unsigned strengths[] = { [COSE_FORM_P256] = 128,
                [COSE_FORM_P384] = 192,
                [COSE_FORM_P521] = 256,
                [COSE_FORM_SECP256K1] = 128,
                [COSE_FORM_ED25519] = 128,
                [COSE_FORM_ED448] = 224,
                [COSE_FORM_RSA] = 0,
                [COSE_FORM_ML_DSA_44] = 128,
                [COSE_FORM_ML_DSA_65] = 192,
                [COSE_FORM_ML_DSA_87] = 256 };
        struct cbor_reader r = cbor_over(slice_of(passkey->key, passkey->key_size), NULL, NULL);
        struct cose_key key;
        enum cose_form form;
        if (failed(cose_key_parse(&r, "key", &key)) || !cose_algorithm_form(key.algorithm, &form))
                return 0;
        return form == COSE_FORM_RSA ? rsa_strength(key.n) : strengths[form];
}
