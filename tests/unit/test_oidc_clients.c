/* SPDX-License-Identifier: Apache-2.0 */

/* The clients file, and the keys that ID tokens are signed by. */

#include "digest.h"
#include "oidc_clients.h"
#include "oidc_key.h"
#include "oidc_text.h"
#include "random_system.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- clients ---- */

#define NAME "\"name\":{\"en\":\"Wiki\",\"ja\":\"ウィキ\"}"
#define URIS "\"redirect_uris\":[\"https://wiki.example/callback\"]"
#define SECRET_64 "\"secret_sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
#define GOOD "{\"id\":\"wiki\"," NAME "," SECRET_64 "," URIS "}"

static mitome_code read_text(const char *text, struct oidc_clients *clients)
{
        return oidc_clients_read(slice_text(text), clients, NULL).code;
}

static int clients_set_up(void **state)
{
        *state = calloc(1, sizeof(struct oidc_clients));
        return *state ? 0 : -1;
}

static int clients_tear_down(void **state)
{
        free(*state);
        return 0;
}

static void a_client_is_read(void **state)
{
        struct oidc_clients *clients = *state;
        assert_int_equal(
                read_text(
                        "{\"clients\":[{\"id\":\"wiki\"," NAME "," SECRET_64 "," URIS
                        ",\"cross_device\":false},{\"id\":\"app\"," NAME
                        ",\"cross_device\":true,\"redirect_uris\":[\"http://localhost:80/a\",\"http://127.0.0.1/b?c=d\"],"
                        "\"sector\":\"apps.example\"}]}",
                        clients),
                MITOME_OK);
        assert_int_equal(clients->count, 2);
        const struct oidc_client *wiki = oidc_client_find(clients, slice_text("wiki"));
        const struct oidc_client *app = oidc_client_find(clients, slice_text("app"));
        assert_true(wiki->has_secret);
        assert_int_equal(wiki->secret[1], 0x23);
        assert_true(slice_is(wiki->sector, "wiki.example"));
        assert_true(slice_is(wiki->name[OIDC_JA], "ウィキ"));
        assert_false(app->has_secret);
        assert_true(slice_is(app->sector, "apps.example"));
        assert_true(wiki->no_cross_device);
        assert_false(app->no_cross_device);
        assert_true(oidc_uri_listed(&app->redirects, slice_text("http://127.0.0.1/b?c=d")));
        assert_null(oidc_client_find(clients, slice_text("Wiki")));
        assert_null(oidc_client_find(clients, slice_text("")));
}

static void nobody_is_a_list_as_well(void **state)
{
        struct oidc_clients *clients = *state;
        assert_int_equal(read_text("{\"clients\":[]}", clients), MITOME_OK);
        assert_int_equal(clients->count, 0);
}

static void what_is_no_clients_file_is_refused(void **state)
{
        static const struct {
                const char *text;
                mitome_code code;
        } cases[] = {
                { "{}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[],\"more\":1}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"client\":[]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[" GOOD "," GOOD "]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME "," URIS ",\"colour\":\"red\"}]}",
                        MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{" NAME "," URIS "}]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," URIS "}]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME "}]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME ",\"redirect_uris\":[]}]}",
                        MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wi ki\"," NAME "," URIS "}]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"\"," NAME "," URIS "}]}", MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\",\"name\":{\"en\":\"Wiki\"}," URIS "}]}",
                        MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\",\"name\":{\"fr\":\"Wiki\"}," URIS "}]}",
                        MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME "," URIS ",\"secret_sha256\":\"00\"}]}",
                        MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME "," URIS ",\"secret_sha256\":\"secret\"}]}",
                        MITOME_E_VALUE },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME "," URIS ",\"sector\":\"Wiki/x\"}]}",
                        MITOME_E_OIDC_CLIENT_FORM },
                { "{\"clients\":[{\"id\":\"wiki\"," NAME "," URIS ",\"cross_device\":\"no\"}]}",
                        MITOME_E_JSON_TYPE },
                { "{\"clients\":[" GOOD "]} ", MITOME_OK },
                { "{\"clients\":[" GOOD "]}x", MITOME_E_TRAILING_BYTES },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                assert_int_equal(read_text(cases[i].text, *state), cases[i].code);
}

static void too_many_clients_are_refused(void **state)
{
        const size_t size = 16384;
        char *text = calloc(1, size);
        assert_non_null(text);
        for (int count = OIDC_CLIENTS_MAX; count <= OIDC_CLIENTS_MAX + 1; count++) {
                int at = snprintf(text, size, "{\"clients\":[");
                for (int i = 0; i < count; i++)
                        at += snprintf(text + at, size - (size_t)at, "%s{\"id\":\"c%d\"," NAME "," URIS "}",
                                i ? "," : "", i);
                snprintf(text + at, size - (size_t)at, "]}");
                assert_int_equal(read_text(text, *state),
                        count > OIDC_CLIENTS_MAX ? MITOME_E_OIDC_CLIENT_FORM : MITOME_OK);
        }
        free(text);
}

static void nobody_is_sent_to_an_address_that_is_none(void **state)
{
        static const char *const bad[] = {
                "http://wiki.example/callback",
                "http://localhost.wiki.example/",
                "http://localhost@wiki.example/",
                "http://127.0.0.1.wiki.example/",
                "https://wiki.example/callback#fragment",
                "https://user@wiki.example/",
                "https://wiki.example\\\\@evil.example/",
                "https://",
                "https:///callback",
                "https://wiki.example:port/",
                "https://wiki.example:/",
                "https://Wiki.example/",
                "https://wiki.example/a b",
                "javascript:alert(1)",
                "data:text/html,x",
                "//wiki.example/",
                "/callback",
                "mitome:callback",
                "https://[::2]/",
                "https://wiki.example/\\u0009",
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char text[512];
                snprintf(text, sizeof text,
                        "{\"clients\":[{\"id\":\"wiki\"," NAME ",\"redirect_uris\":[\"%s\"]}]}", bad[i]);
                assert_int_equal(read_text(text, *state), MITOME_E_OIDC_REDIRECT_FORM);
        }
}

static void addresses_of_several_hosts_need_a_sector(void **state)
{
        static const char several[] =
                "{\"clients\":[{\"id\":\"wiki\"," NAME
                ",\"redirect_uris\":[\"https://a.example/\",\"https://b.example/\"]%s}]}";
        char text[512];
        snprintf(text, sizeof text, several, "");
        assert_int_equal(read_text(text, *state), MITOME_E_OIDC_SECTOR);
        snprintf(text, sizeof text, several, ",\"sector\":\"a.example\"");
        assert_int_equal(read_text(text, *state), MITOME_OK);
}

/* ---- keys ---- */

struct key_rig {
        char folder[64];
        struct oidc_keys *keys;
};

static void open_keys(struct key_rig *rig)
{
        const struct mitome_random random = random_system();
        oidc_keys_close(rig->keys);
        rig->keys = NULL;
        assert_int_equal(oidc_keys_open(rig->folder, &random, &rig->keys, NULL).code, MITOME_OK);
}

static int keys_set_up(void **state)
{
        struct key_rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        snprintf(rig->folder, sizeof rig->folder, "/tmp/oidc-keys-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        open_keys(rig);
        *state = rig;
        return 0;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
        (void)facts, (void)kind, (void)where;
        return remove(path);
}

static int keys_tear_down(void **state)
{
        struct key_rig *rig = *state;
        oidc_keys_close(rig->keys);
        (void)nftw(rig->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(rig);
        return 0;
}

static void path_in(const struct key_rig *rig, const char *name, char path[128])
{
        snprintf(path, 128, "%s/%s", rig->folder, name);
}

static json_t *published(const struct key_rig *rig)
{
        uint8_t buffer[4096];
        writer w = WRITER(buffer);
        assert_non_null(rig->keys);
        oidc_keys_publish(rig->keys, &w);
        json_t *set = json_loadb((const char *)buffer, w.used, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(set);
        return set;
}

static void name_of(const struct key_rig *rig, size_t number, char name[64])
{
        json_t *set = published(rig);
        const json_t *key = json_array_get(json_object_get(set, "keys"), number);
        snprintf(name, 64, "%s", key ? json_string_value(json_object_get(key, "kid")) : "");
        json_decref(set);
}

static slice sign(const struct key_rig *rig, const char *claims, uint8_t buffer[OIDC_JWS_MAX])
{
        writer w = writer_over(buffer, OIDC_JWS_MAX);
        assert_int_equal(oidc_keys_sign(rig->keys, slice_text(claims), &w, NULL).code, MITOME_OK);
        return writer_view(&w);
}

static mitome_code verify(const struct key_rig *rig, slice jws)
{
        uint8_t claims[OIDC_JWS_MAX];
        slice view;
        return oidc_keys_verify(rig->keys, jws, claims, sizeof claims, &view, NULL).code;
}

static void two_keys_are_published_and_no_private_part(void **state)
{
        json_t *set = published(*state);
        const json_t *keys = json_object_get(set, "keys");
        assert_int_equal(json_array_size(keys), 2);
        for (size_t i = 0; i < 2; i++) {
                const json_t *key = json_array_get(keys, i);
                assert_int_equal(json_object_size(key), 7);
                assert_null(json_object_get(key, "d"));
                assert_string_equal(json_string_value(json_object_get(key, "alg")), "ES256");
                assert_int_equal(strlen(json_string_value(json_object_get(key, "kid"))), OIDC_KEY_ID);
        }
        json_decref(set);
}

static void the_keys_are_the_same_after_a_restart(void **state)
{
        struct key_rig *rig = *state;
        char before[64], after[64], path[128];
        struct stat facts;
        name_of(rig, 0, before);
        open_keys(rig);
        name_of(rig, 0, after);
        assert_string_equal(before, after);
        path_in(rig, "oidc.key", path);
        assert_int_equal(stat(path, &facts), 0);
        assert_int_equal(facts.st_mode & 0777, 0600);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
        struct key_rig *rig = *state;
        const struct mitome_random random = random_system();
        struct oidc_keys *keys = NULL;
        char path[128];
        path_in(rig, "oidc.key", path);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(oidc_keys_open(rig->folder, &random, &keys, NULL).code, MITOME_E_FILE_MODE);
        assert_null(keys);
}

static int only_zeros(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        memset(bytes, 0, size);
        return 0;
}

static void a_number_that_is_no_private_key_is_refused(void **state)
{
        struct key_rig *rig = *state;
        const struct mitome_random zeros = { .fill = only_zeros };
        struct oidc_keys *keys = NULL;
        char path[128];
        path_in(rig, "oidc.key", path);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(oidc_keys_open(rig->folder, &zeros, &keys, NULL).code, MITOME_E_CRYPTO_FAILED);
}

static void rotation_publishes_a_key_before_and_after_it_signs(void **state)
{
        struct key_rig *rig = *state;
        char first[64], next[64], name[64], from[128], to[128];
        uint8_t buffer[OIDC_JWS_MAX];
        name_of(rig, 0, first);
        name_of(rig, 1, next);
        const slice old = sign(rig, "{}", buffer);
        path_in(rig, "oidc.key", from);
        path_in(rig, "oidc-last.key", to);
        assert_int_equal(rename(from, to), 0);
        path_in(rig, "oidc-next.key", from);
        path_in(rig, "oidc.key", to);
        assert_int_equal(rename(from, to), 0);
        open_keys(rig);
        name_of(rig, 0, name);
        assert_string_equal(name, next);
        name_of(rig, 2, name);
        assert_string_equal(name, first);
        assert_int_equal(verify(rig, old), MITOME_OK);
}

static void what_was_signed_verifies_and_says_the_same(void **state)
{
        uint8_t buffer[OIDC_JWS_MAX], claims[OIDC_JWS_MAX];
        slice view;
        struct key_rig *rig = *state;
        const slice jws = sign(rig, "{\"sub\":\"somebody\"}", buffer);
        assert_int_equal(
                oidc_keys_verify(rig->keys, jws, claims, sizeof claims, &view, NULL).code, MITOME_OK);
        assert_true(slice_is(view, "{\"sub\":\"somebody\"}"));
}

/* A JWS with another header over the same claims, and whatever signature. */
static slice with_header(const char *header, const char *signature, uint8_t buffer[OIDC_JWS_MAX])
{
        writer w = writer_over(buffer, OIDC_JWS_MAX);
        oidc_write_base64url(&w, slice_text(header));
        write_u8(&w, '.');
        oidc_write_base64url(&w, slice_text("{}"));
        write_u8(&w, '.');
        oidc_write_text(&w, signature);
        return writer_view(&w);
}

static void alg_none_is_refused(void **state)
{
        uint8_t buffer[OIDC_JWS_MAX];
        char header[256], name[64];
        static const char *const algorithms[] = { "none", "None", "NONE", "" };
        name_of(*state, 0, name);
        for (size_t i = 0; i < 4; i++) {
                snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                        algorithms[i], name);
                assert_int_equal(verify(*state, with_header(header, "", buffer)), MITOME_E_OIDC_HINT);
        }
}

/* The public key, which everybody has, as the key of a MAC (RFC 8725 2.1). */
static void a_mac_by_the_public_key_is_refused(void **state)
{
        uint8_t buffer[OIDC_JWS_MAX], mac[SHA256_SIZE], set[4096];
        char header[256], name[64];
        writer keys = WRITER(set);
        oidc_keys_publish(((struct key_rig *)*state)->keys, &keys);
        name_of(*state, 0, name);
        snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", name);
        writer w = WRITER(buffer);
        oidc_write_base64url(&w, slice_text(header));
        write_u8(&w, '.');
        oidc_write_base64url(&w, slice_text("{}"));
        const slice input = writer_view(&w);
        hmac_sha256(writer_view(&keys), &input, 1, mac);
        write_u8(&w, '.');
        oidc_write_base64url(&w, SLICE(mac));
        assert_int_equal(verify(*state, writer_view(&w)), MITOME_E_OIDC_HINT);
}

static void a_key_that_is_sent_along_is_not_believed(void **state)
{
        uint8_t buffer[OIDC_JWS_MAX];
        assert_int_equal(
                verify(*state, with_header("{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"}}", "AA", buffer)),
                MITOME_E_OIDC_HINT);
        assert_int_equal(verify(*state, with_header("{\"alg\":\"ES256\",\"jku\":\"https://evil.example\"}",
                                                "AA", buffer)),
                MITOME_E_OIDC_HINT);
}

static void another_portals_token_is_refused(void **state)
{
        void *other = NULL;
        uint8_t buffer[OIDC_JWS_MAX];
        if (keys_set_up(&other) != 0 || !other)
                abort();
        const slice jws = sign(other, "{}", buffer);
        assert_int_equal(verify(other, jws), MITOME_OK);
        assert_int_equal(verify(*state, jws), MITOME_E_OIDC_HINT);
        keys_tear_down(&other);
}

/* Each byte of header, claims and signature counts. */
static void a_token_that_was_changed_is_refused(void **state)
{
        uint8_t buffer[OIDC_JWS_MAX], changed[OIDC_JWS_MAX];
        const slice jws = sign(*state, "{\"sub\":\"somebody\"}", buffer);
        for (size_t i = 0; i < jws.size; i++) {
                memcpy(changed, jws.data, jws.size);
                changed[i] = changed[i] == 'A' ? 'B' : 'A';
                assert_int_equal(verify(*state, slice_of(changed, jws.size)), MITOME_E_OIDC_HINT);
                assert_int_equal(verify(*state, slice_of(jws.data, i)), MITOME_E_OIDC_HINT);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_client_is_read, clients_set_up, clients_tear_down),
                cmocka_unit_test_setup_teardown(nobody_is_a_list_as_well, clients_set_up, clients_tear_down),
                cmocka_unit_test_setup_teardown(
                        what_is_no_clients_file_is_refused, clients_set_up, clients_tear_down),
                cmocka_unit_test_setup_teardown(
                        too_many_clients_are_refused, clients_set_up, clients_tear_down),
                cmocka_unit_test_setup_teardown(
                        nobody_is_sent_to_an_address_that_is_none, clients_set_up, clients_tear_down),
                cmocka_unit_test_setup_teardown(
                        addresses_of_several_hosts_need_a_sector, clients_set_up, clients_tear_down),
                cmocka_unit_test_setup_teardown(
                        two_keys_are_published_and_no_private_part, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        the_keys_are_the_same_after_a_restart, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        a_key_that_others_can_read_is_refused, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        a_number_that_is_no_private_key_is_refused, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        rotation_publishes_a_key_before_and_after_it_signs, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        what_was_signed_verifies_and_says_the_same, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(alg_none_is_refused, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        a_mac_by_the_public_key_is_refused, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        a_key_that_is_sent_along_is_not_believed, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        another_portals_token_is_refused, keys_set_up, keys_tear_down),
                cmocka_unit_test_setup_teardown(
                        a_token_that_was_changed_is_refused, keys_set_up, keys_tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
