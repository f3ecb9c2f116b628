/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_rig.h"

#include "digest.h"
#include "random_system.h"
#include "store_rig.h"

#include <ftw.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char clients_text[] =
        "{\"clients\":["
        "{\"id\":\"wiki\",\"name\":{\"en\":\"Wiki\",\"ja\":\"ウィキ\"},\"secret_sha256\":\"%s\","
        "\"redirect_uris\":[\"" RIG_WIKI_URI "\",\"https://wiki.example/second\"],"
        "\"post_logout_redirect_uris\":[\"https://wiki.example/bye\"]},"
        "{\"id\":\"shop\",\"name\":{\"en\":\"Shop\",\"ja\":\"店\"},\"secret_sha256\":\"%s\","
        "\"redirect_uris\":[\"" RIG_SHOP_URI "\"]},"
        "{\"id\":\"app\",\"name\":{\"en\":\"App\",\"ja\":\"アプリ\"},\"redirect_uris\":[\"" RIG_APP_URI
        "\"]},"
        "{\"id\":\"notes\",\"name\":{\"en\":\"Notes\",\"ja\":\"ノート\"},\"secret_sha256\":\"%s\","
        "\"redirect_uris\":[\"https://notes.example/callback\"],\"sector\":\"wiki.example\","
        "\"cross_device\":false}]}";

#define MUST(call)                                                                \
        do {                                                                      \
                mitome_error error_ = { 0 };                                      \
                mitome_error *error = &error_;                                    \
                if ((call).code != MITOME_OK) {                                   \
                        char line[512];                                           \
                        mitome_explain(error, line, sizeof line);                 \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, line); \
                        abort();                                                  \
                }                                                                 \
        } while (0)

static int64_t rig_now(void *context)
{
        const struct oidc_rig *rig = context;
        return rig->now;
}

static void write_clients(const char *path)
{
        const char *secrets[] = { "the secret of the wiki", "the secret of the shop",
                "the secret of the notes" };
        char hex[3][2 * SHA256_SIZE + 1];
        for (size_t i = 0; i < 3; i++) {
                uint8_t digest[SHA256_SIZE];
                const slice secret = slice_text(secrets[i]);
                sha256(&secret, 1, digest);
                sodium_bin2hex(hex[i], sizeof hex[i], digest, sizeof digest);
        }
        FILE *file = fopen(path, "w");
        if (!file || fprintf(file, clients_text, hex[0], hex[1], hex[2]) < 0 || fclose(file) != 0)
                abort();
}

static slice read_policy(struct oidc_rig *rig)
{
        char path[1024];
        const char *folder = getenv("MITOME_POLICIES");
        snprintf(path, sizeof path, "%s/nist-800-63b-4.json", folder ? folder : "");
        FILE *file = fopen(path, "rb");
        if (!file)
                abort();
        const size_t size = fread(rig->policy, 1, sizeof rig->policy, file);
        (void)fclose(file);
        return slice_of(rig->policy, size);
}

static void open_portal(struct oidc_rig *rig)
{
        static const struct directory nobody;
        static const char *const origins[] = { RIG_ISSUER };
        static struct sql_step steps[] = { { .version = 1 }, { .version = 2 }, { 0 } };
        const char *store = store_rig_fresh();
        steps[0].sql = portal_schema;
        steps[1].sql = oidc_schema_step;
        const struct party_config party = {
                .name = PARTY_PORTAL,
                .folder = store ? rig->folder : NULL,
                .store = store,
                .steps = steps,
                .directory = &nobody,
                .clock = { .context = rig, .now = rig_now },
                .random = random_system(),
        };
        MUST(party_open(&party, &rig->party, error));
        struct portal_config config = {
                .party = rig->party,
                .rp_id = "login.example",
                .rp_name = "portal",
                .origins = origins,
                .origin_count = 1,
                .masters = { .count = 1 },
                .attestation = PORTAL_UNATTESTED,
                .policies = { read_policy(rig) },
                .policy_count = 1,
        };
        MUST(portal_core_open(&config, &rig->portal, error));
}

static void open_oidc(struct oidc_rig *rig)
{
        char clients[128];
        snprintf(clients, sizeof clients, "%s/clients.json", rig->folder);
        write_clients(clients);
        const struct oidc_config config = { .portal = rig->portal,
                .issuer = RIG_ISSUER,
                .folder = rig->folder,
                .clients = clients,
                .pages = rig->pages };
        MUST(oidc_open(&config, &rig->oidc, error));
}

static void make_person(struct oidc_rig *rig, size_t person)
{
        uint8_t handle[ACCOUNT_HANDLE_SIZE], credential[16], key[32];
        random_system().fill(NULL, handle, sizeof handle);
        random_system().fill(NULL, credential, sizeof credential);
        random_system().fill(NULL, key, sizeof key);
        const struct account_proof proof = { .credential_id = SLICE(credential), .public_key = SLICE(key) };
        struct account_opened opened = { 0 };
        MUST(account_open(rig->party, SLICE(handle), slice_text("見本 花子"), &proof, &opened, error));
        rig->persons[person].session.account = opened.account;
        rig->persons[person].session.credential = opened.credential;
        oidc_rig_log_in(rig, person);
}

void oidc_rig_log_in(struct oidc_rig *rig, size_t person)
{
        struct oidc_person *who = &rig->persons[person];
        char cookie[SESSION_COOKIE_SIZE];
        struct session visitor = { 0 };
        const struct session_login login = {
                .account = who->session.account,
                .credential = who->session.credential,
                .authenticated = rig->now,
                .amr = SESSION_AMR_POP | SESSION_AMR_USER,
        };
        MUST(session_begin(rig->portal, &visitor, cookie, error));
        MUST(session_log_in(rig->portal, &visitor, &login, &who->session, who->cookie, error));
        MUST(session_find(rig->portal, slice_text(who->cookie), &who->session, error));
        who->login = (struct oidc_login){
                .account = who->session.account,
                .session = who->session.row,
                .authenticated = rig->now,
                .level = slice_text("AAL2"),
                .acr = slice_text("urn:mitome:nist-800-63b-4:AAL2"),
                .amr = slice_text("pop user"),
        };
}

void oidc_rig_open(struct oidc_rig *rig)
{
        uint8_t digest[SHA256_SIZE];
        const slice verifier = slice_text(RIG_VERIFIER);
        *rig = (struct oidc_rig){ .now = RIG_NOW, .folder = "/tmp/oidc-XXXXXX", .pages = rig->pages };
        if (!mkdtemp(rig->folder))
                abort();
        sha256(&verifier, 1, digest);
        sodium_bin2base64(rig->challenge, sizeof rig->challenge, digest, sizeof digest,
                sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        open_portal(rig);
        open_oidc(rig);
        for (size_t i = 0; i < RIG_PERSONS; i++)
                make_person(rig, i);
}

void oidc_rig_reopen(struct oidc_rig *rig)
{
        oidc_close(rig->oidc);
        open_oidc(rig);
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
        (void)facts, (void)kind, (void)where;
        return remove(path);
}

void oidc_rig_close(struct oidc_rig *rig)
{
        oidc_close(rig->oidc);
        portal_core_close(rig->portal);
        party_close(rig->party);
        (void)nftw(rig->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- asking ---- */

slice oidc_rig_basic(char buffer[256], const char *id, const char *secret)
{
        char both[128], text[192];
        const int size = snprintf(both, sizeof both, "%s:%s", id, secret);
        sodium_bin2base64(
                text, sizeof text, (const uint8_t *)both, (size_t)size, sodium_base64_VARIANT_ORIGINAL);
        snprintf(buffer, 256, "Basic %s", text);
        return slice_text(buffer);
}

slice oidc_rig_query(const struct oidc_rig *rig, char buffer[RIG_TEXT], const char *client, const char *uri,
        const char *more)
{
        writer w = writer_over((uint8_t *)buffer, RIG_TEXT);
        oidc_write_text(&w,
                "response_type=code&scope=openid&state=a%20state&nonce=n-1&code_challenge_method=S256&code_"
                "challenge=");
        oidc_write_text(&w, rig->challenge);
        oidc_write_text(&w, "&client_id=");
        oidc_write_text(&w, client);
        oidc_write_text(&w, "&redirect_uri=");
        oidc_write_escaped(&w, slice_text(uri));
        oidc_write_text(&w, more);
        return writer_view(&w);
}

const char *oidc_rig_ask(
        struct oidc_rig *rig, slice query, const struct oidc_login *login, char location[OIDC_LOCATION_MAX])
{
        MUST(oidc_authorize(rig->oidc, query, login, location, error));
        return location;
}

mitome_code oidc_rig_refused(struct oidc_rig *rig, slice query, const struct oidc_login *login)
{
        char location[OIDC_LOCATION_MAX] = "";
        mitome_error error = { 0 };
        const mitome_status status = oidc_authorize(rig->oidc, query, login, location, &error);
        return location[0] ? MITOME_OK : status.code; /* a refusal writes no address */
}

void oidc_rig_agree(struct oidc_rig *rig, size_t person, const char *client)
{
        MUST(oidc_keep_consent(oidc_store(rig->oidc), rig->persons[person].login.account, slice_text(client),
                rig->now, error));
}

const char *oidc_rig_parameter(const char *address, const char *name, char value[RIG_TEXT])
{
        const size_t length = strlen(name);
        value[0] = '\0';
        for (const char *at = strpbrk(address, "?&"); at; at = strpbrk(at + 1, "?&"))
                if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '=')
                        snprintf(
                                value, RIG_TEXT, "%.*s", (int)strcspn(at + 2 + length, "&"), at + 2 + length);
        return value;
}

const char *oidc_rig_code(
        struct oidc_rig *rig, size_t person, const char *client, const char *uri, char code[RIG_TEXT])
{
        char query[RIG_TEXT], location[OIDC_LOCATION_MAX];
        oidc_rig_agree(rig, person, client);
        oidc_rig_ask(rig, oidc_rig_query(rig, query, client, uri, ""), &rig->persons[person].login, location);
        if (strlen(oidc_rig_parameter(location, "code", code)) != OIDC_TOKEN_TEXT)
                abort();
        return code;
}

slice oidc_rig_form(
        char buffer[RIG_TEXT], const char *code, const char *uri, const char *verifier, const char *more)
{
        writer w = writer_over((uint8_t *)buffer, RIG_TEXT);
        oidc_write_text(&w, "grant_type=authorization_code&code=");
        oidc_write_text(&w, code);
        oidc_write_text(&w, "&redirect_uri=");
        oidc_write_escaped(&w, slice_text(uri));
        if (verifier) {
                oidc_write_text(&w, "&code_verifier=");
                oidc_write_text(&w, verifier);
        }
        oidc_write_text(&w, more);
        return writer_view(&w);
}

unsigned oidc_rig_exchange(struct oidc_rig *rig, slice authorization, slice form, struct oidc_reply *ret)
{
        *ret = (struct oidc_reply){ 0 };
        MUST(oidc_exchange(rig->oidc, authorization, form, ret, error));
        return ret->status;
}

const char *oidc_rig_member(const struct oidc_reply *reply, const char *name, char value[RIG_TEXT])
{
        json_t *json =
                json_loadb((const char *)reply->body.data, reply->body.size, JSON_REJECT_DUPLICATES, NULL);
        const char *text = json_string_value(json_object_get(json, name));
        snprintf(value, RIG_TEXT, "%s", text ? text : "");
        json_decref(json);
        return value;
}

slice oidc_rig_claims(struct oidc_rig *rig, const char *id_token, uint8_t buffer[RIG_TEXT])
{
        slice claims = { 0 };
        MUST(oidc_keys_verify(rig->oidc->keys, slice_text(id_token), buffer, RIG_TEXT, &claims, error));
        return claims;
}
