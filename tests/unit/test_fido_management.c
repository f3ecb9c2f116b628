/* SPDX-License-Identifier: Apache-2.0 */
/* MANAGE CREDENTIALS: what is listed, deleted and renamed, and for whom. */
#include "authdata.h"
#include "pin_rig.h"
#include "store.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MC = 0x01, GA = 0x02, CM = 0x04, BE = 0x08, LBW = 0x10, ACFG = 0x20, PCMR = 0x40 };
enum { ES256 = 0x07, EDDSA = 0x08, RS256 = 0x09, ES384 = 0x0A };
enum { DISCOVERABLE = 0x01, PRESENT = 0x02, ENTERPRISE = 0x04 };
enum { METADATA = 1, FIRST_RP, NEXT_RP, FIRST_CREDENTIAL, NEXT_CREDENTIAL, DELETE, UPDATE };

static const uint32_t manage = 0x80460000;
static const slice nothing = { 0 };
static struct element_rig stencil; /* a plain authenticator with a PIN */

static int make_stencil(void **state)
{
        (void)state;
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
        assert_int_equal(element_rig_channel(&stencil, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&stencil, 0x80340000, SLICE(pin)), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

/* An element of its own for each test, with the applet selected, and a token with cm. */
struct bench {
        struct element_rig rig;
        struct secret token;
        uint8_t protocol; /* that the token was got by, 1 or 2 */
};

static void get_token_by(struct bench *bench, uint8_t protocol, uint8_t permissions, const char *rp_id)
{
        bench->protocol = protocol;
        assert_int_equal(
                pin_rig_token(&bench->rig, protocol, ELEMENT_RIG_PIN, permissions, rp_id, &bench->token),
                SW_OK);
}

static void get_token(struct bench *bench, uint8_t permissions, const char *rp_id)
{
        get_token_by(bench, 2, permissions, rp_id);
}

static void open_bench(struct bench *bench)
{
        element_rig_clone(&stencil, &bench->rig);
        assert_int_equal(element_rig_select(&bench->rig, element_rig_fido), SW_OK);
}

static void close_bench(struct bench *bench)
{
        element_rig_close(&bench->rig);
        bytes_wipe(bench, sizeof *bench);
}

/* ---- credentials ---- */

struct made {
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        uint8_t key[400];
        size_t key_size;
};

struct wish {
        const char *rp_id, *user;
        uint8_t options, algorithm, protection;
        bool blob_key;
};

/* By touch alone, so that many are made quickly. */
static void make(struct bench *bench, const struct wish *wish, struct made *ret)
{
        uint8_t bytes[512];
        struct authdata data;
        struct element_rig_operation operation = { .command = 0x01, .rp_id = wish->rp_id, .options = 0x01 };
        assert_int_equal(element_rig_begin(&bench->rig, &operation), SW_OK);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, slice_text(wish->rp_id));
        tlv_write(&w, 0x82, slice_text(wish->user));
        tlv_write(&w, 0x83, slice_text("name"));
        tlv_write(&w, 0x84, slice_text("Display Name"));
        tlv_write_u8(&w, 0x85, wish->options | PRESENT);
        tlv_write_u8(&w, 0x86, wish->algorithm);
        if (wish->protection)
                tlv_write_u8(&w, 0x88, wish->protection);
        if (wish->blob_key)
                tlv_write_u8(&w, 0x8A, 0x02);
        assert_int_equal(element_rig_command(&bench->rig, 0x80240000, writer_view(&w)), SW_OK);
        assert_int_equal(authdata_read(element_rig_value(&bench->rig, 0x80), &data, NULL).code, MITOME_OK);
        memcpy(ret->id, data.credential_id.data, sizeof ret->id);
        assert_true(data.public_key_bytes.size <= sizeof ret->key);
        memcpy(ret->key, data.public_key_bytes.data, data.public_key_bytes.size);
        ret->key_size = data.public_key_bytes.size;
}

static struct made make_for(struct bench *bench, const char *rp_id, const char *user)
{
        struct made made;
        const struct wish wish = { rp_id, user, DISCOVERABLE, ES256, 0, false };
        make(bench, &wish, &made);
        return made;
}

/* An assertion by touch, with an allow list or (NULL) without. */
static uint16_t log_in(struct bench *bench, const char *rp_id, const struct made *allowed)
{
        struct element_rig_operation operation = { .command = 0x02, .rp_id = rp_id, .options = 0x01 };
        assert_int_equal(element_rig_begin(&bench->rig, &operation), SW_OK);
        return element_rig_get(&bench->rig, nothing, PRESENT, allowed ? SLICE(allowed->id) : nothing);
}

/* ---- messages ---- */

static void hash_of(const char *rp_id, uint8_t hash[SHA256_SIZE])
{
        const slice text = slice_text(rp_id);
        sha256(&text, 1, hash);
}

static uint16_t send_signed(struct bench *bench, slice message, slice signed_message)
{
        uint8_t bytes[4000], param[SHA256_SIZE];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x85, message);
        tlv_write(&w, 0x84, pin_rig_param(bench->protocol, &bench->token, signed_message, param));
        assert_false(w.overflowed);
        return element_rig_command(&bench->rig, manage, writer_view(&w));
}

static uint16_t send_message(struct bench *bench, slice message)
{
        return send_signed(bench, message, message);
}

static uint16_t send_bare(struct bench *bench, slice message)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x85, message);
        return element_rig_command(&bench->rig, manage, writer_view(&w));
}

static uint16_t ask(struct bench *bench, uint8_t subcommand)
{
        const slice message = slice_of(&subcommand, 1);
        bool next = subcommand == NEXT_RP || subcommand == NEXT_CREDENTIAL;
        return next ? send_bare(bench, message) : send_message(bench, message);
}

static void write_first_credential(writer *w, const char *rp_id)
{
        uint8_t hash[SHA256_SIZE];
        hash_of(rp_id, hash);
        write_u8(w, FIRST_CREDENTIAL);
        cbor_write_map(w, 1);
        cbor_write_uint(w, 1);
        cbor_write_bytes(w, SLICE(hash));
}

static uint16_t first_credential(struct bench *bench, const char *rp_id)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        write_first_credential(&w, rp_id);
        return send_message(bench, writer_view(&w));
}

static void write_descriptor(writer *w, slice id)
{
        cbor_write_uint(w, 2);
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

static void write_delete(writer *w, slice id)
{
        write_u8(w, DELETE);
        cbor_write_map(w, 1);
        write_descriptor(w, id);
}

static uint16_t delete_by_id(struct bench *bench, slice id)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        write_delete(&w, id);
        return send_message(bench, writer_view(&w));
}

static void write_update(writer *w, slice id, const char *user, const char *name, const char *display)
{
        write_u8(w, UPDATE);
        cbor_write_map(w, 2);
        write_descriptor(w, id);
        cbor_write_uint(w, 3);
        cbor_write_map(w, 1 + (name != NULL) + (display != NULL));
        cbor_write_string(w, "id");
        cbor_write_bytes(w, slice_text(user));
        if (name) {
                cbor_write_string(w, "name");
                cbor_write_text(w, slice_text(name));
        }
        if (display) {
                cbor_write_string(w, "displayName");
                cbor_write_text(w, slice_text(display));
        }
}

static uint16_t update(
        struct bench *bench, const struct made *made, const char *user, const char *name, const char *display)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        write_update(&w, SLICE(made->id), user, name, display);
        assert_false(w.overflowed);
        return send_message(bench, writer_view(&w));
}

/* ---- answers ---- */

static unsigned number(const struct bench *bench, uint32_t tag)
{
        slice value = element_rig_value(&bench->rig, tag);
        assert_int_equal(value.size, 2);
        return (unsigned)(value.data[0] << 8 | value.data[1]);
}

static bool is_absent(const struct bench *bench, uint32_t tag)
{
        slice value;
        assert_int_equal(tlv_find_optional(bench->rig.data, tag, "tag", &value, NULL).code, MITOME_OK);
        return value.data == NULL;
}

static void expect_text(const struct bench *bench, uint32_t tag, const char *text)
{
        assert_true(slice_is(element_rig_value(&bench->rig, tag), text));
}

static void expect_rp(const struct bench *bench, const char *rp_id)
{
        uint8_t hash[SHA256_SIZE];
        hash_of(rp_id, hash);
        assert_int_equal(bench->rig.sw, SW_OK);
        expect_text(bench, 0x80, rp_id);
        assert_true(slice_equal(element_rig_value(&bench->rig, 0x81), SLICE(hash)));
}

static void expect_credential(const struct bench *bench, const struct made *made)
{
        assert_int_equal(bench->rig.sw, SW_OK);
        assert_true(slice_equal(element_rig_value(&bench->rig, 0x80), SLICE(made->id)));
        assert_true(slice_equal(element_rig_value(&bench->rig, 0x81), slice_of(made->key, made->key_size)));
}

/* ---- 01 ---- */

/* [6.8.2] */
static void discoverable_credentials_are_counted(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        struct made made;
        open_bench(&bench);
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, METADATA), SW_OK);
        assert_int_equal(number(&bench, 0x80), 0);
        assert_int_equal(number(&bench, 0x81), 10000);
        make_for(&bench, "a.example", "one");
        make(&bench, &(struct wish){ "a.example", "two", 0, ES256, 0, false }, &made);
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, METADATA), SW_OK);
        assert_int_equal(number(&bench, 0x80), 1);
        assert_int_equal(number(&bench, 0x81), 9998); /* the other one takes room too */
        assert_int_equal(element_rig_state(&bench.rig).room, 9998);
        close_bench(&bench);
}

/* ---- 02, 03 ---- */

/* [6.8.3] [6.8.3 none] */
static void relying_parties_are_listed_by_age(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        struct made made;
        open_bench(&bench);
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_NO_REFERENCE);
        make(&bench, &(struct wish){ "hidden.example", "one", 0, ES256, 0, false }, &made);
        make_for(&bench, "ssh:", "one");
        make_for(&bench, "b.example", "one");
        make_for(&bench, "ssh:", "two");
        make_for(&bench, "a.example", "one");
        make_for(&bench, "b.example", "two");
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        expect_rp(&bench, "ssh:");
        assert_int_equal(number(&bench, 0x82), 3);
        ask(&bench, NEXT_RP);
        expect_rp(&bench, "b.example");
        assert_true(is_absent(&bench, 0x82));
        ask(&bench, NEXT_RP);
        expect_rp(&bench, "a.example");
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        close_bench(&bench);
}

/* solo1 listed 19 at most, from a buffer in RAM. [6.8.3] [6.8.4] */
static void nineteen_is_no_limit(void **state)
{
        (void)state;
        enum { PARTIES = 45, USERS = 41 };
        struct bench bench = { 0 };
        char text[32];
        static struct made made[USERS];
        open_bench(&bench);
        for (int i = 0; i < PARTIES; i++) {
                snprintf(text, sizeof text, "%d.example", i);
                make_for(&bench, text, "one");
        }
        for (int i = 0; i < USERS; i++) {
                snprintf(text, sizeof text, "user %d", i);
                made[i] = make_for(&bench, "many.example", text);
        }
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(number(&bench, 0x82), PARTIES + 1);
        for (int i = 1; i < PARTIES; i++) {
                ask(&bench, NEXT_RP);
                snprintf(text, sizeof text, "%d.example", i);
                expect_rp(&bench, text);
        }
        ask(&bench, NEXT_RP);
        expect_rp(&bench, "many.example");
        assert_int_equal(first_credential(&bench, "many.example"), SW_OK);
        assert_int_equal(number(&bench, 0x88), USERS);
        for (int i = USERS - 1; i >= 0; i--) {
                expect_credential(&bench, &made[i]);
                snprintf(text, sizeof text, "user %d", i);
                expect_text(&bench, 0x83, text);
                assert_int_equal(ask(&bench, NEXT_CREDENTIAL), i ? SW_OK : SW_CONDITIONS);
        }
        close_bench(&bench);
}

/* Copies of the first credential's record behind the element's back: each with an id of its own, and, where
 * they are of parties of their own, another hash. */
static void fill(struct bench *bench, uint32_t count, bool parties)
{
        enum { ID_AT = 4, HASH_AT = 36 };
        uint8_t record[512];
        struct store *store;
        slice stored = element_rig_stored(&bench->rig, 0x01000000, record, sizeof record);
        element_rig_off(&bench->rig);
        assert_int_equal(store_open(&bench->rig.config, &store, NULL).code, MITOME_OK);
        for (uint32_t i = 1; i <= count; i++) {
                writer id = writer_over(record + ID_AT, 4), hash = writer_over(record + HASH_AT, 4);
                write_u32(&id, i);
                if (parties)
                        write_u32(&hash, i * 2654435761u); /* not in order */
                assert_int_equal(store_put(store, 0x01000000 + i, slice_of(record, stored.size), NULL).code,
                        MITOME_OK);
        }
        assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
        store_close(store);
        element_rig_open(&bench->rig);
        assert_int_equal(element_rig_select(&bench->rig, element_rig_fido), SW_OK);
}

/* A full element, of one relying party and of as many as there are credentials. [6.8.3] [6.8.4] */
static void ten_thousand_are_listed(void **state)
{
        (void)state;
        enum { FULL = 10000 };
        for (int parties = 0; parties < 2; parties++) {
                struct bench bench = { 0 };
                unsigned shown = 1;
                open_bench(&bench);
                struct made made = make_for(&bench, "a.example", "one");
                fill(&bench, FULL - 1, parties);
                get_token(&bench, CM, NULL);
                assert_int_equal(ask(&bench, METADATA), SW_OK);
                assert_int_equal(number(&bench, 0x80), FULL);
                assert_int_equal(number(&bench, 0x81), 0);
                assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
                assert_int_equal(number(&bench, 0x82), parties ? FULL : 1);
                if (!parties)
                        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
                while (ask(&bench, parties ? NEXT_RP : NEXT_CREDENTIAL) == SW_OK)
                        shown++;
                assert_int_equal(shown, FULL);
                assert_int_equal(update(&bench, &made, "one", "n", "d"), SW_OK);
                assert_int_equal(delete_by_id(&bench, SLICE(made.id)), SW_OK);
                assert_int_equal(ask(&bench, METADATA), SW_OK);
                assert_int_equal(number(&bench, 0x80), FULL - 1);
                close_bench(&bench);
        }
}

/* ---- 04, 05 ---- */

/* [6.8.4] [6.8.4 none] [2.2 6.8.4] */
static void a_credential_is_shown_whole(void **state)
{
        (void)state;
        static const uint8_t algorithms[] = { ES256, EDDSA, ES384 };
        struct bench bench = { 0 };
        struct made made[3];
        open_bench(&bench);
        for (size_t i = 0; i < sizeof algorithms; i++) {
                const char user[] = { 'u', (char)('0' + i), 0 };
                make(&bench,
                        &(struct wish){
                                "a.example", user, DISCOVERABLE, algorithms[i], (uint8_t)(i + 1), false },
                        &made[i]);
        }
        get_token(&bench, CM, NULL);
        for (size_t i = sizeof algorithms; i-- > 0;) {
                const char user[] = { 'u', (char)('0' + i), 0 };
                assert_int_equal(i == sizeof algorithms - 1 ? first_credential(&bench, "a.example")
                                                            : ask(&bench, NEXT_CREDENTIAL),
                        SW_OK);
                expect_credential(&bench, &made[i]);
                assert_int_equal(element_rig_value(&bench.rig, 0x82).data[0], i + 1);
                expect_text(&bench, 0x83, user);
                expect_text(&bench, 0x84, "name");
                expect_text(&bench, 0x85, "Display Name");
                assert_true(is_absent(&bench, 0x86));
                assert_int_equal(element_rig_value(&bench.rig, 0x87).data[0], 0);
                assert_int_equal(is_absent(&bench, 0x88), i != sizeof algorithms - 1);
        }
        assert_int_equal(first_credential(&bench, "b.example"), SW_NO_REFERENCE);
        close_bench(&bench);
}

/* Platforms also list the credentials of each relying party before they ask for the next. */
static void lists_go_on_beside_each_other(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        for (int i = 0; i < 3; i++)
                for (int user = 'a'; user < 'c'; user++) {
                        const char *const rps[] = { "0.example", "1.example", "2.example" };
                        const char name[] = { (char)user, 0 };
                        make_for(&bench, rps[i], name);
                }
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        for (int i = 0; i < 3; i++) {
                char rp_id[] = "0.example";
                rp_id[0] = (char)('0' + i);
                expect_rp(&bench, rp_id);
                assert_int_equal(first_credential(&bench, rp_id), SW_OK);
                assert_int_equal(number(&bench, 0x88), 2);
                element_rig_state(&bench.rig); /* which ends nothing */
                assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_OK);
                expect_text(&bench, 0x83, "a");
                assert_int_equal(ask(&bench, NEXT_RP), i < 2 ? SW_OK : SW_CONDITIONS);
        }
        close_bench(&bench);
}

/* [6.8.3 next] [6.8.4 next] */
static void nothing_follows_what_was_not_begun(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        make_for(&bench, "a.example", "two");
        make_for(&bench, "b.example", "one");
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_CONDITIONS);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_CONDITIONS);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(first_credential(&bench, "c.example"), SW_NO_REFERENCE);
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_CONDITIONS);
        assert_int_equal(ask(&bench, NEXT_RP), SW_OK);
        /* another command, a change, a selection, a reset of the element */
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(element_rig_command(&bench.rig, 0x80120000, nothing), SW_OK);
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        assert_int_equal(delete_by_id(&bench, SLICE(made.id)), SW_OK);
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_CONDITIONS);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(element_rig_select(&bench.rig, element_rig_fido), SW_OK);
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        element_rig_cycle(&bench.rig);
        assert_int_equal(element_rig_select(&bench.rig, element_rig_fido), SW_OK);
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        close_bench(&bench);
}

/* A begin that is refused begins nothing, and ends what was. */
static void a_refused_begin_lists_nothing(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        make_for(&bench, "a.example", "one");
        make_for(&bench, "a.example", "two");
        make_for(&bench, "b.example", "one");
        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        bench.token.data[0] ^= 1;
        assert_int_equal(ask(&bench, FIRST_RP), SW_SECURITY_STATUS);
        assert_int_equal(ask(&bench, NEXT_RP), SW_CONDITIONS);
        bench.token.data[0] ^= 1;
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        bench.token.data[0] ^= 1;
        assert_int_equal(first_credential(&bench, "a.example"), SW_SECURITY_STATUS);
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_CONDITIONS);
        close_bench(&bench);
}

/* solo1's "next" subcommands gave back tries of the PIN. */
static void next_subcommands_give_no_guesses(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        SECRET(token);
        open_bench(&bench);
        make_for(&bench, "a.example", "one");
        make_for(&bench, "a.example", "two");
        make_for(&bench, "b.example", "one");
        get_token(&bench, CM, NULL);
        assert_int_equal(element_rig_pin_token(&bench.rig, "9999", &token), SW_TRIES_LEFT | 7);
        assert_int_equal(element_rig_pin_token(&bench.rig, "9999", &token), SW_TRIES_LEFT | 6);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        assert_int_equal(ask(&bench, NEXT_RP), SW_OK);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_OK);
        assert_int_equal(element_rig_state(&bench.rig).pin_tries, 6);
        assert_int_equal(element_rig_pin_token(&bench.rig, "9999", &token), SW_CONDITIONS);
        assert_int_equal(element_rig_state(&bench.rig).pin_tries, 5);
        assert_int_equal(element_rig_pin_token(&bench.rig, ELEMENT_RIG_PIN, &token), SW_CONDITIONS);
        close_bench(&bench);
}

/* ---- tokens ---- */

static uint16_t run(struct bench *bench, uint8_t subcommand, const struct made *made, const char *rp_id)
{
        switch (subcommand) {
        case FIRST_CREDENTIAL:
                return first_credential(bench, rp_id);
        case DELETE:
                return delete_by_id(bench, SLICE(made->id));
        case UPDATE:
                return update(bench, made, "one", "n", "d");
        default:
                return ask(bench, subcommand);
        }
}

static const uint8_t with_token[] = { METADATA, FIRST_RP, FIRST_CREDENTIAL, UPDATE, DELETE };

/* [6.8.2 verify] [6.8.3 verify] [6.8.4 verify] [6.8.5 verify] [6.8.6 verify] */
static void other_permissions_manage_nothing(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        for (size_t i = 0; i < sizeof with_token; i++) {
                bench.token.size = 32;
                memset(bench.token.data, 0, 32);
                assert_int_equal(run(&bench, with_token[i], &made, "a.example"), SW_SECURITY_STATUS);
                get_token(&bench, BE | LBW | ACFG, NULL);
                assert_int_equal(run(&bench, with_token[i], &made, "a.example"), SW_SECURITY_STATUS);
                get_token(&bench, MC | GA, "a.example");
                assert_int_equal(run(&bench, with_token[i], &made, "a.example"), SW_SECURITY_STATUS);
        }
        assert_int_equal(log_in(&bench, "a.example", NULL), SW_OK);
        close_bench(&bench);
}

/* [6.8 rpId] [6.8.2 rpId] [6.8.3 rpId] [6.8.4 rpId] [6.8.5 rpId] [6.8.6 rpId] one for a relying party shows
 * and changes nothing of others, nor tells what there is */
static void a_token_of_one_party_is_for_its_own(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        struct made nobody = { .id = { 0xEE } };
        open_bench(&bench);
        struct made own = make_for(&bench, "a.example", "one"), other = make_for(&bench, "b.example", "one");
        get_token(&bench, CM, "a.example");
        assert_int_equal(ask(&bench, METADATA), SW_SECURITY_STATUS);
        assert_int_equal(ask(&bench, FIRST_RP), SW_SECURITY_STATUS);
        assert_int_equal(first_credential(&bench, "b.example"), SW_SECURITY_STATUS);
        assert_int_equal(first_credential(&bench, "c.example"), SW_SECURITY_STATUS);
        assert_int_equal(delete_by_id(&bench, SLICE(other.id)), SW_SECURITY_STATUS);
        assert_int_equal(delete_by_id(&bench, SLICE(nobody.id)), SW_SECURITY_STATUS);
        assert_int_equal(update(&bench, &other, "one", "n", "d"), SW_SECURITY_STATUS);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        assert_int_equal(update(&bench, &own, "one", "n", "d"), SW_OK);
        assert_int_equal(delete_by_id(&bench, SLICE(own.id)), SW_OK);
        assert_int_equal(log_in(&bench, "b.example", NULL), SW_OK);
        close_bench(&bench);
}

/* What was signed for one subcommand or credential is not done to another, and a token is not used up. */
static void what_is_signed_is_what_is_done(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        uint8_t one[128], two[128];
        open_bench(&bench);
        struct made first = make_for(&bench, "a.example", "one"),
                    second = make_for(&bench, "a.example", "two");
        get_token(&bench, CM, NULL);
        writer w = WRITER(one), v = WRITER(two);
        write_delete(&w, SLICE(first.id));
        write_delete(&v, SLICE(second.id));
        assert_int_equal(send_signed(&bench, writer_view(&v), writer_view(&w)), SW_SECURITY_STATUS);
        const uint8_t metadata[] = { METADATA }, parties[] = { FIRST_RP };
        assert_int_equal(send_signed(&bench, SLICE(parties), SLICE(metadata)), SW_SECURITY_STATUS);
        assert_int_equal(send_message(&bench, writer_view(&w)), SW_OK);
        assert_int_equal(send_message(&bench, writer_view(&w)), SW_NO_REFERENCE); /* replayed */
        assert_int_equal(send_message(&bench, writer_view(&v)), SW_OK);
        close_bench(&bench);
}

/* A token of protocol 1 manages as well, in its own form and in no other. */
static void both_protocols_manage(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                get_token_by(&bench, protocol, CM, NULL);
                assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
                assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
                assert_int_equal(update(&bench, &made, "one", "n", "d"), SW_OK);
                bench.protocol = 3 - protocol;
                assert_int_equal(ask(&bench, FIRST_RP), SW_SECURITY_STATUS);
                assert_int_equal(delete_by_id(&bench, SLICE(made.id)), SW_SECURITY_STATUS);
        }
        close_bench(&bench);
}

/* The array of large blobs is everybody's to read: with the keys to it a token that a host keeps for years
 * would read all that relying parties will ever put there. */
static void large_blob_keys_are_not_for_the_persistent_token(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        struct made made;
        open_bench(&bench);
        for (char user = 'a'; user <= 'b'; user++) {
                const char name[] = { user, 0 };
                make(&bench, &(struct wish){ "a.example", name, DISCOVERABLE, ES256, 0, true }, &made);
        }
        for (int keys = 0; keys < 2; keys++) {
                get_token(&bench, keys ? CM : PCMR, NULL);
                assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
                assert_int_equal(is_absent(&bench, 0x86), !keys);
                assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_OK);
                assert_int_equal(is_absent(&bench, 0x86), !keys);
        }
        close_bench(&bench);
}

/* [2.2 6.8 pcmr] the persistent token reads, after a power cycle too, and changes nothing */
static void the_persistent_token_only_reads(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        make_for(&bench, "a.example", "two");
        make_for(&bench, "b.example", "one");
        get_token(&bench, PCMR, NULL);
        for (int on = 0; on < 2; on++) {
                assert_int_equal(ask(&bench, METADATA), SW_OK);
                assert_int_equal(number(&bench, 0x80), 3);
                assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
                assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
                assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_OK);
                assert_int_equal(ask(&bench, NEXT_RP), SW_OK);
                assert_int_equal(update(&bench, &made, "one", "n", "d"), SW_SECURITY_STATUS);
                assert_int_equal(delete_by_id(&bench, SLICE(made.id)), SW_SECURITY_STATUS);
                element_rig_cycle(&bench.rig);
                assert_int_equal(element_rig_select(&bench.rig, element_rig_fido), SW_OK);
        }
        assert_int_equal(log_in(&bench, "a.example", &made), SW_OK);
        close_bench(&bench);
}

static void params_of_another_size_are_wrong(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        make_for(&bench, "a.example", "one");
        get_token(&bench, CM, NULL);
        const uint8_t message[] = { METADATA };
        const slice whole = SLICE(message);
        uint8_t param[SHA256_SIZE + 1] = { 0 };
        hmac_sha256(secret_view(&bench.token), &whole, 1, param);
        for (size_t size = 1; size <= sizeof param; size++) {
                uint8_t bytes[64];
                writer w = WRITER(bytes);
                tlv_write(&w, 0x84, slice_of(param, size));
                tlv_write(&w, 0x85, whole);
                uint16_t sw = element_rig_command(&bench.rig, manage, writer_view(&w));
                assert_int_equal(sw == SW_OK, size == SHA256_SIZE); /* 16: protocol 1's, of another token */
        }
        close_bench(&bench);
}

/* ---- 06 ---- */

/* [6.8.5] [6.8.5 none] */
static void one_is_deleted_and_the_others_stay(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        struct made hidden;
        open_bench(&bench);
        struct made first = make_for(&bench, "a.example", "one"),
                    middle = make_for(&bench, "a.example", "two"),
                    last = make_for(&bench, "a.example", "three");
        make(&bench, &(struct wish){ "a.example", "four", 0, ES256, 0 }, &hidden);
        get_token(&bench, CM, NULL);
        assert_int_equal(delete_by_id(&bench, SLICE(middle.id)), SW_OK);
        assert_int_equal(bench.rig.data.size, 0);
        assert_int_equal(delete_by_id(&bench, SLICE(middle.id)), SW_NO_REFERENCE);
        assert_int_equal(delete_by_id(&bench, SLICE(hidden.id)), SW_NO_REFERENCE);
        assert_int_equal(delete_by_id(&bench, slice_of(first.id, 31)), SW_NO_REFERENCE);
        assert_int_equal(delete_by_id(&bench, nothing), SW_NO_REFERENCE);
        assert_int_equal(element_rig_state(&bench.rig).room, 9997);
        for (int on = 0; on < 2; on++) {
                assert_int_equal(log_in(&bench, "a.example", &middle), SW_NO_REFERENCE);
                assert_int_equal(log_in(&bench, "a.example", &first), SW_OK);
                assert_int_equal(log_in(&bench, "a.example", &last), SW_OK);
                assert_int_equal(log_in(&bench, "a.example", &hidden), SW_OK);
                element_rig_cycle(&bench.rig);
                assert_int_equal(element_rig_select(&bench.rig, element_rig_fido), SW_OK);
        }
        get_token(&bench, CM, NULL);
        assert_int_equal(delete_by_id(&bench, SLICE(first.id)), SW_OK);
        assert_int_equal(delete_by_id(&bench, SLICE(last.id)), SW_OK);
        assert_int_equal(ask(&bench, FIRST_RP), SW_NO_REFERENCE);
        close_bench(&bench);
}

/* ---- 07 ---- */

/* [6.8.6] [6.8.6 user] */
static void a_user_is_renamed(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made older = make_for(&bench, "a.example", "one"),
                    newer = make_for(&bench, "a.example", "two");
        assert_int_equal(log_in(&bench, "a.example", &older), SW_OK);
        get_token(&bench, CM, NULL);
        assert_int_equal(update(&bench, &older, "one", "after", "After"), SW_OK);
        assert_int_equal(update(&bench, &older, "two", "no", "No"), SW_WRONG_DATA); /* another user */
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        expect_credential(&bench, &newer); /* it has grown no younger */
        expect_text(&bench, 0x84, "name");
        assert_int_equal(ask(&bench, NEXT_CREDENTIAL), SW_OK);
        expect_credential(&bench, &older);
        expect_text(&bench, 0x83, "one");
        expect_text(&bench, 0x84, "after");
        expect_text(&bench, 0x85, "After");
        struct authdata data;
        assert_int_equal(log_in(&bench, "a.example", &older), SW_OK);
        assert_int_equal(authdata_read(element_rig_value(&bench.rig, 0x81), &data, NULL).code, MITOME_OK);
        assert_int_equal(data.sign_count, 2); /* it goes on counting */
        close_bench(&bench);
}

/* [6.8.6] what is not given is none from then on */
static void names_that_are_not_given_are_gone(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        get_token(&bench, CM, NULL);
        assert_int_equal(update(&bench, &made, "one", NULL, "Display"), SW_OK);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        expect_text(&bench, 0x84, "");
        expect_text(&bench, 0x85, "Display");
        assert_int_equal(update(&bench, &made, "one", "name", ""), SW_OK);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        expect_text(&bench, 0x84, "name");
        expect_text(&bench, 0x85, "");
        close_bench(&bench);
}

/* [6.8.6 names] */
static void long_names_are_cut_at_a_character(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        char name[80], display[400] = "";
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        memset(name, 'n', sizeof name);
        name[sizeof name - 1] = 0;
        writer w = writer_over((uint8_t *)display, sizeof display - 1);
        for (int i = 0; i < 30; i++)
                write_slice(&w, slice_text("\xE8\xAA\x8D")); /* three bytes each: 63 of 64 are whole */
        get_token(&bench, CM, NULL);
        assert_int_equal(update(&bench, &made, "one", name, display), SW_OK);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        assert_int_equal(element_rig_value(&bench.rig, 0x84).size, 64);
        assert_int_equal(element_rig_value(&bench.rig, 0x85).size, 63);
        assert_true(slice_is_utf8(element_rig_value(&bench.rig, 0x85)));
        close_bench(&bench);
}

/* ---- bad input ---- */

static void no_part_of_a_message_is_taken(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        uint8_t bytes[3][256];
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        writer list = WRITER(bytes[0]), delete = WRITER(bytes[1]), rename = WRITER(bytes[2]);
        write_first_credential(&list, "a.example");
        write_delete(&delete, SLICE(made.id));
        write_update(&rename, SLICE(made.id), "one", "after", "After");
        const slice messages[] = { writer_view(&list), writer_view(&delete), writer_view(&rename) };
        get_token(&bench, CM, NULL);
        for (size_t i = 0; i < 3; i++)
                for (size_t size = 0; size < messages[i].size; size++)
                        assert_int_equal(
                                send_message(&bench, slice_of(messages[i].data, size)), SW_WRONG_DATA);
        assert_int_equal(first_credential(&bench, "a.example"), SW_OK);
        expect_text(&bench, 0x84, "name");
        close_bench(&bench);
}

static void malformed_messages_are_refused(void **state)
{
        (void)state;
        static const struct {
                uint8_t bytes[24];
                size_t size;
        } cases[] = {
                { { 0x00 }, 1 },                                              /* no such subcommand */
                { { 0x08 }, 1 }, { { METADATA, 0xA0 }, 2 },                   /* parameters where none are */
                { { FIRST_RP, 0xA0 }, 2 }, { { FIRST_CREDENTIAL, 0xA0 }, 2 }, /* without rpIDHash */
                { { FIRST_CREDENTIAL, 0xA1, 0x01, 0x41, 0x00 }, 5 },          /* a hash of one byte */
                { { FIRST_CREDENTIAL, 0xA1, 0x01, 0x60 }, 4 },                /* a text */
                { { DELETE, 0xA0 }, 2 }, { { DELETE, 0x80 }, 2 },             /* an array */
                { { DELETE, 0xA1, 0x02, 0xA0 }, 4 },                       /* a descriptor without members */
                { { DELETE, 0xA1, 0x02, 0xA1, 0x62, 'i', 'd', 0x40 }, 8 }, /* without its type */
                { { DELETE, 0xA1, 0x02, 0xA2, 0x62, 'i', 'd', 0x40, 0x64, 't', 'y', 'p', 'e', 0x61, 'x' },
                        15 },
                { { DELETE, 0xBF, 0xFF }, 3 },                                   /* indefinite */
                { { UPDATE, 0xA1, 0x03, 0xA1, 0x62, 'i', 'd', 0x41, 0x01 }, 9 }, /* no credential */
        };
        struct bench bench = { 0 };
        open_bench(&bench);
        struct made made = make_for(&bench, "a.example", "one");
        get_token(&bench, CM, NULL);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(
                        send_message(&bench, slice_of(cases[i].bytes, cases[i].size)), SW_WRONG_DATA);
        /* no param where one is needed, one where none is taken */
        for (size_t i = 0; i < sizeof with_token; i++) {
                const uint8_t subcommand = with_token[i];
                assert_int_equal(send_bare(&bench, slice_of(&subcommand, 1)), SW_WRONG_DATA);
        }
        const uint8_t next[] = { NEXT_RP, NEXT_CREDENTIAL };
        for (size_t i = 0; i < sizeof next; i++)
                assert_int_equal(send_message(&bench, slice_of(&next[i], 1)), SW_WRONG_DATA);
        assert_int_equal(element_rig_command(&bench.rig, manage, nothing), SW_WRONG_DATA);
        assert_int_equal(log_in(&bench, "a.example", &made), SW_OK);
        close_bench(&bench);
}

/* ---- after personalisation ---- */

/* A certificate credential is listed with the certificate's key; deleting it keeps the key. */
static void a_certificate_credential_is_listed_and_deleted(void **state)
{
        (void)state;
        struct bench bench = { 0 };
        uint8_t list[64], settings[16], bytes[512];
        struct authdata data;
        SECRET(token);
        element_rig_open(&bench.rig);
        element_rig_personalise(&bench.rig);
        element_rig_make_device(&bench.rig);
        assert_int_equal(element_rig_channel(&bench.rig, element_rig_jpki, &element_rig_keys), SW_OK);
        writer s = WRITER(settings);
        tlv_write_u8(&s, 0x80, 0);
        tlv_write_u8(&s, 0x81, 1);
        assert_int_equal(element_rig_secured(&bench.rig, 0x80DA0000, writer_view(&s)), SW_OK);
        assert_int_equal(element_rig_channel(&bench.rig, element_rig_fido, &element_rig_keys), SW_OK);
        writer l = WRITER(list);
        tlv_write_u8(&l, 0x80, 1);
        tlv_write(&l, 0x81, slice_text("tax.example.go.jp"));
        assert_int_equal(element_rig_secured(&bench.rig, 0x803A0000, writer_view(&l)), SW_OK);
        assert_int_equal(element_rig_select(&bench.rig, element_rig_fido), SW_OK);

        assert_int_equal(
                pin_rig_token(&bench.rig, 2, ELEMENT_RIG_PIN, MC, "tax.example.go.jp", &token), SW_OK);
        struct element_rig_operation operation = {
                .command = 0x01, .rp_id = "tax.example.go.jp", .options = 0x01, .pin = &token
        };
        assert_int_equal(element_rig_begin(&bench.rig, &operation), SW_OK);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, slice_text("tax.example.go.jp"));
        tlv_write(&w, 0x82, slice_text("one"));
        tlv_write(&w, 0x83, nothing);
        tlv_write(&w, 0x84, nothing);
        tlv_write_u8(&w, 0x85, DISCOVERABLE | PRESENT | ENTERPRISE);
        tlv_write_u8(&w, 0x86, RS256);
        assert_int_equal(element_rig_command(&bench.rig, 0x80240000, writer_view(&w)), SW_OK);
        assert_int_equal(authdata_read(element_rig_value(&bench.rig, 0x80), &data, NULL).code, MITOME_OK);
        struct made made = { .key_size = data.public_key_bytes.size };
        memcpy(made.id, data.credential_id.data, sizeof made.id);
        memcpy(made.key, data.public_key_bytes.data, made.key_size);

        get_token(&bench, CM, NULL);
        assert_int_equal(ask(&bench, FIRST_RP), SW_OK);
        expect_rp(&bench, "tax.example.go.jp");
        assert_int_equal(first_credential(&bench, "tax.example.go.jp"), SW_OK);
        expect_credential(&bench, &made);
        assert_int_equal(element_rig_value(&bench.rig, 0x82).data[0], 3); /* always credProtect 3 */
        assert_int_equal(delete_by_id(&bench, SLICE(made.id)), SW_OK);
        uint8_t key[2048];
        assert_true(element_rig_stored(&bench.rig, 0x0117, key, sizeof key).size > 0);
        assert_true(element_rig_state(&bench.rig).flags & 0x40); /* and others can be made */
        close_bench(&bench);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(discoverable_credentials_are_counted),
                cmocka_unit_test(relying_parties_are_listed_by_age),
                cmocka_unit_test(nineteen_is_no_limit),
                cmocka_unit_test(ten_thousand_are_listed),
                cmocka_unit_test(a_credential_is_shown_whole),
                cmocka_unit_test(lists_go_on_beside_each_other),
                cmocka_unit_test(nothing_follows_what_was_not_begun),
                cmocka_unit_test(a_refused_begin_lists_nothing),
                cmocka_unit_test(next_subcommands_give_no_guesses),
                cmocka_unit_test(other_permissions_manage_nothing),
                cmocka_unit_test(a_token_of_one_party_is_for_its_own),
                cmocka_unit_test(what_is_signed_is_what_is_done),
                cmocka_unit_test(both_protocols_manage),
                cmocka_unit_test(the_persistent_token_only_reads),
                cmocka_unit_test(large_blob_keys_are_not_for_the_persistent_token),
                cmocka_unit_test(params_of_another_size_are_wrong),
                cmocka_unit_test(one_is_deleted_and_the_others_stay),
                cmocka_unit_test(a_user_is_renamed),
                cmocka_unit_test(names_that_are_not_given_are_gone),
                cmocka_unit_test(long_names_are_cut_at_a_character),
                cmocka_unit_test(no_part_of_a_message_is_taken),
                cmocka_unit_test(malformed_messages_are_refused),
                cmocka_unit_test(a_certificate_credential_is_listed_and_deleted),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
