/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_rig.h"
#include "people.h"
#include "store_rig.h"

#include "json.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char statement[] =
        "{\"description\":\"An invented model\",\"aaguid\":\"6d69746f-6d65-2062-6174-636820303031\","
        "\"keyProtection\":[\"hardware\",\"secure_element\"],\"userVerificationDetails\":"
        "[[{\"userVerificationMethod\":\"fingerprint_internal\"}],"
        "[{\"userVerificationMethod\":\"passcode_external\"}]],\"attestationRootCertificates\":[]}";

static void must(bool right)
{
        if (!right)
                abort();
}

static void must_do(mitome_status status)
{
        if (status.code != MITOME_OK)
                fprintf(stderr, "portal_rig: %s\n", party_code_name(status.code));
        must(status.code == MITOME_OK);
}

static int draw(void *context, uint8_t *bytes, size_t size)
{
        const struct portal_rig *rig = context;
        if (rig->no_randomness)
                return -1;
        randombytes_buf(bytes, size);
        return 0;
}

static int64_t clock_of(void *context)
{
        const struct portal_rig *rig = context;
        return rig->now;
}

/* ---- the person's certificate ---- */

/* RSA keys take long to make: each is made once a process, and each test goes through them from the first. */
static EVP_PKEY *rsa_key(unsigned number)
{
        static EVP_PKEY *keys[8];
        must(number < sizeof keys / sizeof *keys);
        if (!keys[number])
                keys[number] = EVP_RSA_gen(2048);
        must(keys[number] != NULL);
        return keys[number];
}

/* The authority's, too. What one test has revoked is no other's certificate. */
static struct authority *the_authority(void)
{
        static struct portal_rig draws;
        static struct authority *made;
        const struct mitome_random random = { .context = &draws, .fill = draw };
        if (!made)
                must_do(authority_new(&random, RIG_NOW, &made, NULL));
        return made;
}

void portal_rig_new_certificate(struct portal_rig *rig)
{
        rig->person_key = rsa_key(rig->people++);
        people_certify(rig->authority, AUTHORITY_USER_VERIFICATION, rig->person_key, &people_hanako, rig->now,
                &rig->certificate);
}

slice portal_rig_sign_binding(struct portal_rig *rig, uint8_t signature[512])
{
        uint8_t hash[SHA256_SIZE], message[8192];
        const slice client_data = slice_of(rig->response.client_data, rig->response.client_data_size);
        size_t size = 512;
        sha256(&client_data, 1, hash);
        writer w = WRITER(message);
        write_slice(&w, slice_text(MITOME_BINDING_PREFIX));
        write_slice(&w, slice_of(rig->response.auth_data, rig->response.auth_data_size));
        write_slice(&w, SLICE(hash));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, rig->person_key) == 1);
        must(EVP_DigestSign(context, signature, &size, message, w.used) == 1);
        EVP_MD_CTX_free(context);
        return slice_of(signature, size);
}

/* The number 1, and the base point. */
EVP_PKEY *portal_rig_decoy(void)
{
        static const unsigned char point[] = { 0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8,
                0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0,
                0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F,
                0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31,
                0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5 };
        BIGNUM *one = BN_new();
        EVP_PKEY *key = NULL;
        OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        must(BN_one(one) == 1 &&
                OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, one) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1);
        OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
        must(EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) == 1);
        OSSL_PARAM_free(params);
        OSSL_PARAM_BLD_free(builder);
        EVP_PKEY_CTX_free(context);
        BN_free(one);
        return key;
}

/* ---- the portal ---- */

void portal_rig_list(struct portal_rig *rig)
{
        struct authority_der crl;
        must_do(authority_crl(rig->authority, AUTHORITY_USER_VERIFICATION, rig->now, &crl, NULL));
        const slice maker = slice_of(rig->passkeys.ca_der, rig->passkeys.ca_der_size);
        const slice jpki = authority_ca(rig->authority, AUTHORITY_USER_VERIFICATION);
        const slice list = slice_of(crl.bytes, crl.size), model = slice_text(statement);
        const struct portal_trust_parts parts = { .attestation = &maker,
                .attestation_count = 1,
                .jpki = &jpki,
                .jpki_count = 1,
                .lists = &list,
                .list_count = 1,
                .statements = &model,
                .statement_count = 1,
                .evaluators = &rig->evaluator,
                .evaluator_count = rig->evaluator.size > 0,
                .evaluations = &rig->evaluation,
                .evaluation_count = rig->evaluation.size > 0 };
        must_do(rig->trust ? portal_trust_replace(rig->trust, &parts, NULL)
                           : portal_trust_of(&parts, &rig->trust, NULL));
}

static slice read_policy(const char *name, char *buffer, size_t capacity)
{
        char path[512];
        const char *folder = getenv("MITOME_POLICIES");
        must(folder != NULL);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *file = fopen(path, "r");
        must(file != NULL);
        const size_t size = fread(buffer, 1, capacity, file);
        fclose(file);
        return slice_of(buffer, size);
}

static void open_party(struct portal_rig *rig)
{
        rig->store = store_rig_fresh();
        const struct party_config config = { .name = PARTY_PORTAL,
                .store = rig->store,
                .schema = portal_schema,
                .schema_version = PORTAL_SCHEMA_VERSION,
                .directory = rig->names ? rig->names : &rig->nobody,
                .post = rig->post,
                .clock = { .context = rig, .now = clock_of },
                .random = { .context = rig, .fill = draw } };
        must_do(party_open(&config, &rig->party, NULL));
}

void portal_rig_open(struct portal_rig *rig, enum portal_attestation attestation)
{
        static const char *const origins[] = { "https://example.org" };
        *rig = (struct portal_rig){ .now = RIG_NOW, .post = rig->post, .names = rig->names };
        must(sodium_init() >= 0);
        rig_open(&rig->passkeys);
        rig->authority = the_authority();
        portal_rig_new_certificate(rig);
        portal_rig_list(rig);
        open_party(rig);
        struct portal_config config = { .party = rig->party,
                .rp_id = "example.org",
                .rp_name = "An invented portal",
                .origins = origins,
                .origin_count = 1,
                .masters = { .bytes = { { 1, 2, 3 } }, .count = 1 },
                .attestation = attestation,
                .trust = rig->trust,
                .policy_count = 2 };
        config.policies[0] = read_policy("nist-800-63b-4.json", rig->policies[0], sizeof rig->policies[0]);
        config.policies[1] = read_policy("first-summary.json", rig->policies[1], sizeof rig->policies[1]);
        must_do(portal_core_open(&config, &rig->portal, NULL));
        portal_rig_passkey(rig, 0);
}

void portal_rig_close(struct portal_rig *rig)
{
        portal_core_close(rig->portal);
        party_close(rig->party);
        portal_trust_close(rig->trust);
        rig_close(&rig->passkeys);
}

static int set_up(void **state, enum portal_attestation attestation)
{
        struct portal_rig *rig = calloc(1, sizeof *rig);
        must(rig != NULL);
        portal_rig_open(rig, attestation);
        *state = rig;
        return 0;
}

int portal_rig_set_up(void **state)
{
        return set_up(state, PORTAL_ATTESTED);
}

int portal_rig_set_up_unattested(void **state)
{
        return set_up(state, PORTAL_UNATTESTED);
}

int portal_rig_tear_down(void **state)
{
        portal_rig_close(*state);
        free(*state);
        return 0;
}

int64_t portal_rig_count(struct portal_rig *rig, const char *sql)
{
        struct sql_query query = { 0 };
        must_do(sql_ask(party_store(rig->party), sql, NULL, 0, &query, NULL));
        must(sql_next(&query));
        const int64_t number = sql_integer(&query, 0);
        must_do(sql_end(&query));
        return number;
}

/* ---- browsers ---- */

void portal_rig_visit(struct portal_rig *rig, struct portal_browser *browser)
{
        if (!browser->address)
                browser->address = "192.0.2.7";
        must_do(session_begin(rig->portal, &browser->session, browser->cookie, NULL));
}

mitome_code portal_rig_return(struct portal_rig *rig, struct portal_browser *browser)
{
        mitome_error error = { 0 };
        return session_find(rig->portal, slice_text(browser->cookie), &browser->session, &error).code;
}

void portal_rig_passkey(struct portal_rig *rig, unsigned number)
{
        for (size_t i = 0; i < sizeof rig->passkeys.credential_id; i++)
                rig->passkeys.credential_id[i] = (uint8_t)(0xC0 ^ i ^ (number << 4));
}

/* A text or a base64url member of options: {"publicKey"..} has no object around it here. */
static void find_text(slice json, const char *name, char ret[256])
{
        char key[64];
        const char *at =
                memmem(json.data, json.size, key, (size_t)snprintf(key, sizeof key, "\"%s\":\"", name));
        must(at != NULL);
        at += strlen(key);
        const size_t size = strcspn(at, "\"");
        must(size < 256);
        memcpy(ret, at, size);
        ret[size] = '\0';
}

static void keep_handle(struct portal_rig *rig, slice json, unsigned number)
{
        char text[256];
        slice bytes;
        const char *user = memmem(json.data, json.size, "\"user\":", 7);
        must(user != NULL && number < PORTAL_RIG_HANDLES);
        find_text(slice_of(user, json.size - (size_t)(user - (const char *)json.data)), "id", text);
        must_do(base64url_decode(
                slice_text(text), "id", rig->handles[number], ACCOUNT_HANDLE_SIZE, &bytes, NULL));
        must(bytes.size == ACCOUNT_HANDLE_SIZE);
}

void portal_rig_begin_registration(
        struct portal_rig *rig, struct portal_browser *browser, unsigned number, struct rig_plan *plan)
{
        static uint8_t buffer[CEREMONY_OPTIONS_MAX + 1];
        char challenge[256];
        slice json;
        must_do(ceremony_creation_options(rig->portal, &browser->session, slice_text("見本 花子"), buffer,
                CEREMONY_OPTIONS_MAX, &json, NULL));
        buffer[json.size] = '\0';
        find_text(json, "challenge", challenge);
        keep_handle(rig, json, number);
        portal_rig_passkey(rig, number);
        plan->challenge = challenge;
        rig_build(&rig->passkeys, plan, &rig->response);
        plan->challenge = NULL;
}

void portal_rig_begin_login(
        struct portal_rig *rig, struct portal_browser *browser, unsigned number, struct rig_plan *plan)
{
        static uint8_t buffer[CEREMONY_OPTIONS_MAX + 1];
        char challenge[256], handle[64], quoted[80];
        slice json;
        must_do(ceremony_request_options(
                rig->portal, &browser->session, buffer, CEREMONY_OPTIONS_MAX, &json, NULL));
        buffer[json.size] = '\0';
        find_text(json, "challenge", challenge);
        sodium_bin2base64(handle, sizeof handle, rig->handles[number], ACCOUNT_HANDLE_SIZE,
                sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        snprintf(quoted, sizeof quoted, "\"%s\"", handle);
        portal_rig_passkey(rig, number);
        plan->challenge = challenge;
        if (!plan->user_handle)
                plan->user_handle = quoted;
        rig_build(&rig->passkeys, plan, &rig->response);
        plan->challenge = plan->user_handle = NULL;
}

mitome_code portal_rig_register(struct portal_rig *rig, struct portal_browser *browser, unsigned number,
        enum portal_rig_proof proof, struct ceremony_registered *ret)
{
        uint8_t signature[512];
        struct rig_plan plan = rig_registration_plan();
        struct ceremony_answer answer = { .display = slice_text("見本 花子"),
                .name = slice_text("telephone"),
                .network = slice_text(browser->address) };
        mitome_error error = { 0 };
        plan.inner_members = ",\"transports\":[\"internal\",\"hybrid\"]";
        plan.sign_count = ++rig->sign_count;
        portal_rig_begin_registration(rig, browser, number, &plan);
        answer.json = rig_json(&rig->response);
        if (proof == PORTAL_RIG_CERTIFIED) {
                answer.certificate = slice_of(rig->certificate.der.bytes, rig->certificate.der.size);
                answer.signature = portal_rig_sign_binding(rig, signature);
        }
        return ceremony_register(rig->portal, &browser->session, &answer, ret, &error).code;
}

mitome_code portal_rig_answer(
        struct portal_rig *rig, struct portal_browser *browser, struct ceremony_logged_in *ret)
{
        const struct ceremony_attempt attempt = { .json = rig_json(&rig->response),
                .device = slice_text(browser->device),
                .network = slice_text(browser->address) };
        mitome_error error = { 0 };
        const mitome_code code = ceremony_login(rig->portal, &browser->session, &attempt, ret, &error).code;
        must(error.code == code);
        return code;
}

mitome_code portal_rig_log_in(struct portal_rig *rig, struct portal_browser *browser, unsigned number,
        struct ceremony_logged_in *ret)
{
        struct rig_plan plan = rig_authentication_plan();
        plan.sign_count = ++rig->sign_count;
        portal_rig_begin_login(rig, browser, number, &plan);
        const mitome_code code = portal_rig_answer(rig, browser, ret);
        if (code != MITOME_OK)
                return code;
        snprintf(browser->cookie, sizeof browser->cookie, "%s", ret->cookie);
        snprintf(browser->device, sizeof browser->device, "%s", ret->device);
        return portal_rig_return(rig, browser);
}

void portal_rig_settle(
        struct portal_rig *rig, struct portal_browser *browser, unsigned number, enum portal_rig_proof proof)
{
        struct ceremony_registered registered;
        struct ceremony_logged_in logged_in;
        portal_rig_visit(rig, browser);
        must(portal_rig_register(rig, browser, number, proof, &registered) == MITOME_OK);
        must(portal_rig_log_in(rig, browser, number, &logged_in) == MITOME_OK);
}
