/* SPDX-License-Identifier: Apache-2.0 */
/* INSTALL, LOAD, DELETE, STORE DATA: what a card holds, and who may change it. The quoted lines are those of
 * PROTOCOL.md. */
#include "card_rig.h"
#include "native.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

static const slice nothing = { 0 };
static const uint8_t stored[] = { 'f', 'e', 'l', 'i', 'c', 'a', ' ', 'd', 'a', 't', 'a' };

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))

static int set_up(void **state)
{
        struct card_rig *card = calloc(1, sizeof *card);
        element_rig_open(&card->rig);
        card_rig_issuer_session(card, 0);
        *state = card;
        return 0;
}

static int tear_down(void **state)
{
        struct card_rig *card = *state;
        element_rig_close(&card->rig);
        free(card);
        return 0;
}

static slice file_of(const char *name)
{
        return native_named(name)->aid;
}

static slice module_of(const char *name)
{
        return native_named(name)->module;
}

static bool is_listed(struct card_rig *card, uint8_t p1, slice aid)
{
        return card_rig_life(card, 0, p1, aid) != 0;
}

/* What the four bytes that clients look at say: nothing is written without a 9000. */
#define assert_refused(card, call, wanted)                            \
        do {                                                          \
                unsigned writes_ = (card)->rig.medium.writes;         \
                assert_sw((call), (wanted));                          \
                assert_int_equal((card)->rig.medium.writes, writes_); \
                assert_true((card)->rig.data.size == 0);              \
        } while (0)

/* ---- a new element ---- */

/* "A new element has the load files below and one instance of each, SELECTABLE, of the issuer's domain." */
static void a_new_element_has_all(void **state)
{
        struct card_rig *card = *state;
        static const char *const names[] = { "jpki", "fido", "ara", "stand-in" };
        for (size_t i = 0; i < 4; i++) {
                assert_int_equal(card_rig_life(card, 0, 0x40, module_of(names[i])), 0x07);
                assert_int_equal(card_rig_life(card, 0, 0x20, file_of(names[i])), 0x01);
                assert_int_equal(card_rig_life(card, 0, 0x10, file_of(names[i])), 0x01);
        }
        assert_int_equal(card_rig_life(card, 0, 0x20, card_rig_domain_file), 0x01);
        assert_int_equal(card_rig_life(card, 0, 0x80, card_rig_issuer), 0x01);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_issuer), 0x00);
}

/* ---- DELETE ---- */

/* "DELETE of an application ends all its objects and nothing else." */
static void deletion_is_of_the_application_alone(void **state)
{
        struct card_rig *card = *state;
        struct element_rig *rig = &card->rig;
        uint8_t buffer[4096];
        element_rig_personalise(rig);
        assert_sw(card_rig_open(card, 0, card_rig_stand_in, &(struct scp03_keys){ 0 }), 0); /* wrong keys */
        const struct scp03_keys keys = card_rig_factory();
        assert_sw(card_rig_open(card, 0, card_rig_stand_in, &keys), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E28000, SLICE(stored)), SW_OK);
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_delete(card, 0, element_rig_jpki, 0), SW_OK);
        assert_int_equal(rig->data.size, 1);
        assert_int_equal(rig->data.data[0], 0x00);
        assert_false(is_listed(card, 0x40, element_rig_jpki));
        assert_true(is_listed(card, 0x20, file_of("jpki")));
        assert_sw(card_rig_delete(card, 0, element_rig_fido, 0), SW_OK);
        for (uint32_t id = 0x0100; id <= 0x01FF; id++)
                assert_int_equal(element_rig_stored(rig, id, buffer, sizeof buffer).size, 0);
        assert_int_equal(element_rig_stored(rig, 0x0010, buffer, sizeof buffer).size, 0);
        assert_int_equal(element_rig_stored(rig, 0x0023, buffer, sizeof buffer).size, 0);
        assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_NOT_FOUND);
        assert_sw(card_rig_select(card, 0, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x00B00000, nothing), SW_OK);
        assert_true(slice_equal(rig->data, SLICE(stored)));
        element_rig_cycle(rig);
        assert_sw(card_rig_select(card, 0, element_rig_fido), SW_NOT_FOUND);
        assert_sw(card_rig_select(card, 0, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x00B00000, nothing), SW_OK);
        assert_true(slice_equal(rig->data, SLICE(stored)));
}

/* "`80` with all that is related: a load file with its instance." */
static void a_load_file_goes_with_its_instance(void **state)
{
        struct card_rig *card = *state;
        assert_refused(card, card_rig_delete(card, 0, file_of("jpki"), 0x00), SW_CONDITIONS);
        assert_sw(card_rig_delete(card, 0, file_of("jpki"), 0x80), SW_OK);
        assert_false(is_listed(card, 0x20, file_of("jpki")));
        assert_false(is_listed(card, 0x40, element_rig_jpki));
        assert_refused(card, card_rig_install_applet(card, 0, "jpki"), SW_NO_REFERENCE);
        assert_sw(card_rig_load(card, 0, "jpki", nothing, 200), SW_OK);
        assert_sw(card_rig_install_applet(card, 0, "jpki"), SW_OK);
        assert_sw(card_rig_select(card, 0, element_rig_jpki), SW_OK);
}

static void wrong_deletions_are_refused(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t short_aid[] = { 0x4F, 0x02, 0xA0, 0x00 }, twice[] = { 0x4F, 0x00, 0x4F, 0x00 },
                             token[] = { 0x4F, 0x08, 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x02, 0x9E,
                                     0x01, 0x00 };
        assert_refused(card, card_rig_delete(card, 0, card_rig_provider, 0), SW_NO_REFERENCE);
        assert_refused(card, card_rig_delete(card, 0, card_rig_issuer, 0), SW_CONDITIONS);
        assert_refused(card, card_rig_delete(card, 0, card_rig_domain_file, 0x80), SW_CONDITIONS);
        assert_refused(card, card_rig_delete(card, 0, card_rig_stand_in, 0x01), SW_WRONG_P1P2);
        assert_refused(card, card_rig_secured(card, 0, 0x80E48000, nothing), SW_WRONG_P1P2);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, nothing), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(short_aid)), SW_NO_REFERENCE);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(twice)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E40000, SLICE(token)), SW_CONDITIONS);
        for (size_t size = 1; size < sizeof token - 3; size++)
                assert_refused(
                        card, card_rig_secured(card, 0, 0x80E40000, slice_of(token, size)), SW_WRONG_DATA);
        card_rig_manage(card, 1);
        assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_OK);
        assert_refused(card, card_rig_delete(card, 0, card_rig_stand_in, 0), SW_CONDITIONS); /* in use */
        assert_sw(card_rig_send(card, 0, 0x00708001, nothing), SW_OK);
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
}

/* ---- LOAD ---- */

static slice hash_of(const EVP_MD *md, const char *name, uint8_t digest[64])
{
        uint8_t content[LOAD_FILE_MAX];
        unsigned size = 0;
        writer w = WRITER(content);
        native_write_load_file(native_named(name), &w);
        assert_int_equal(EVP_Digest(content, w.used, digest, &size, md, NULL), 1);
        return slice_of(digest, size);
}

/* "Its hash (SHA-1, -256, -384, -512, by its length) is checked", in blocks of any size. */
static void a_load_file_is_taken_by_its_hash(void **state)
{
        struct card_rig *card = *state;
        const EVP_MD *mds[] = { EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512() };
        static const size_t chunks[] = { 1, 16, 100, 240 };
        uint8_t digest[64];
        for (size_t i = 0; i < 4; i++) {
                slice hash = hash_of(mds[i], "stand-in", digest);
                assert_sw(card_rig_delete(card, 0, file_of("stand-in"), 0x80), SW_OK);
                digest[i] ^= 1;
                assert_refused(card, card_rig_load(card, 0, "stand-in", hash, chunks[i]), SW_WRONG_DATA);
                assert_false(is_listed(card, 0x20, file_of("stand-in")));
                digest[i] ^= 1;
                assert_sw(card_rig_load(card, 0, "stand-in", hash, chunks[i]), SW_OK);
                assert_int_equal(card->rig.data.size, 1);
                assert_true(is_listed(card, 0x20, file_of("stand-in")));
        }
}

static uint16_t begin_load(struct card_rig *card, slice file, slice domain, slice hash, slice parameters)
{
        return card_rig_install(card, 0, 0x0200,
                &(struct card_rig_install){
                        .first = file, .second = domain, .third = hash, .parameters = parameters });
}

static void wrong_loads_are_refused(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t hash[32] = { 0 }, token[] = { 1, 2, 3 }, bad[] = { 0xEF, 0x05, 0xC6 };
        const slice none = nothing, file = file_of("stand-in");
        assert_refused(card, card_rig_secured(card, 0, 0x80E88000, SLICE(hash)), SW_CONDITIONS);
        assert_refused(card, begin_load(card, file, none, none, none), SW_CONDITIONS); /* it is there */
        assert_sw(card_rig_delete(card, 0, file, 0x80), SW_OK);
        assert_refused(card, begin_load(card, file, card_rig_provider, none, none), SW_NO_REFERENCE);
        assert_refused(card, begin_load(card, file, element_rig_jpki, none, none), SW_NO_REFERENCE);
        assert_refused(card, begin_load(card, file, none, slice_of(hash, 31), none), SW_WRONG_DATA);
        assert_refused(card, begin_load(card, file, none, none, SLICE(bad)), SW_WRONG_DATA);
        assert_refused(card, begin_load(card, slice_of(file.data, 4), none, none, none), SW_WRONG_DATA);
        assert_refused(card,
                card_rig_install(
                        card, 0, 0x0200, &(struct card_rig_install){ .first = file, .token = SLICE(token) }),
                SW_CONDITIONS);
        assert_refused(card, card_rig_secured(card, 0, 0x80E88000, SLICE(hash)), SW_CONDITIONS);
        assert_refused(card, card_rig_install(card, 0, 0x0201, &(struct card_rig_install){ .first = file }),
                SW_WRONG_P1P2);
}

/* "A wrong one is 6A80 and nothing is kept": each byte of it, its end, another's content, another's name. */
static void only_load_files_of_this_build_are_taken(void **state)
{
        struct card_rig *card = *state;
        uint8_t content[LOAD_FILE_MAX], bytes[LOAD_FILE_MAX + 4];
        writer c = WRITER(content), w = WRITER(bytes);
        const slice file = file_of("stand-in");
        assert_sw(card_rig_delete(card, 0, file, 0x80), SW_OK);
        native_write_load_file(native_named("stand-in"), &c);
        tlv_write(&w, 0xC4, writer_view(&c));
        for (size_t at = 0; at < w.used; at++) {
                assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
                bytes[at] ^= 0x01;
                assert_refused(card, card_rig_secured(card, 0, 0x80E88000, writer_view(&w)), SW_WRONG_DATA);
                bytes[at] ^= 0x01;
                assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
                assert_refused(
                        card, card_rig_secured(card, 0, 0x80E88000, slice_of(bytes, at)), SW_WRONG_DATA);
                assert_refused(card, card_rig_secured(card, 0, 0x80E88000, writer_view(&w)), SW_CONDITIONS);
        }
        assert_sw(begin_load(card, file_of("domain"), nothing, nothing, nothing), SW_CONDITIONS);
        assert_sw(begin_load(card, card_rig_provider, nothing, nothing, nothing), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E88000, writer_view(&w)), SW_WRONG_DATA);
        assert_false(is_listed(card, 0x20, file));
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E88000, writer_view(&w)), SW_OK);
        assert_true(is_listed(card, 0x20, file));
}

static void blocks_come_in_their_order(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t block[200] = { 0xC4 };
        const slice file = file_of("stand-in");
        assert_sw(card_rig_delete(card, 0, file, 0x80), SW_OK);
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E80001, SLICE(block)), SW_WRONG_P1P2);
        assert_refused(card, card_rig_secured(card, 0, 0x80E80000, SLICE(block)), SW_CONDITIONS); /* over */
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E80100, SLICE(block)), SW_WRONG_P1P2);
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E80000, nothing), SW_WRONG_DATA);
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E80000, SLICE(block)), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E80001, SLICE(block)), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E80002, SLICE(block)), SW_WRONG_DATA); /* long */
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        card_rig_issuer_session(card, 0); /* another session */
        assert_refused(card, card_rig_secured(card, 0, 0x80E80000, SLICE(block)), SW_CONDITIONS);
}

/* A load that one channel began is not gone on with by another. */
static void a_load_is_of_one_channel(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t block[] = { 0xC4, 0x01 };
        const slice file = file_of("stand-in");
        card_rig_manage(card, 1);
        card_rig_issuer_session(card, 1);
        assert_sw(card_rig_delete(card, 0, file, 0x80), SW_OK);
        assert_sw(begin_load(card, file, nothing, nothing, nothing), SW_OK);
        assert_refused(card, card_rig_secured(card, 1, 0x80E80000, SLICE(block)), SW_CONDITIONS);
        assert_sw(card_rig_secured(card, 0, 0x80E80000, SLICE(block)), SW_OK);
}

/* A CAP file is a ZIP archive: what a client finds in it, put together, is the load file data block. */
static void the_archive_holds_the_load_file(void **state)
{
        (void)state;
        uint8_t cap[LOAD_FILE_CAP_MAX], content[LOAD_FILE_MAX];
        for (size_t i = 0; native_at(i); i++) {
                writer a = WRITER(cap), c = WRITER(content);
                native_write_cap(native_at(i), &a);
                native_write_load_file(native_at(i), &c);
                assert_false(a.overflowed || c.overflowed);
                const uint8_t *at = cap, *part = content;
                for (int entries = 0; memcmp(at, "PK\3\4", 4) == 0; entries++) {
                        size_t size = at[18] + at[19] * 256U, name = at[26] + at[27] * 256U;
                        assert_true(entries < 5);
                        assert_memory_equal(at + 30 + name - 4, ".cap", 4);
                        assert_memory_equal(at + 30 + name, part, size);
                        part += size;
                        at += 30 + name + size;
                }
                assert_ptr_equal(part, content + c.used);
                assert_memory_equal(at, "PK\1\2", 4);
                assert_memory_equal(cap + a.used - 22, "PK\5\6", 4);
        }
}

/* ---- INSTALL ---- */

static const uint8_t no_privileges[] = { 0x00 }, c9[] = { 0xC9, 0x00 };

static struct card_rig_install stand_in(void)
{
        return (struct card_rig_install){ file_of("stand-in"), module_of("stand-in"), card_rig_stand_in,
                SLICE(no_privileges), SLICE(c9), nothing };
}

/* "[for install] INSTALLED; [for make selectable] SELECTABLE." */
static void installation_in_two_steps(void **state)
{
        struct card_rig *card = *state;
        struct card_rig_install fields = stand_in();
        const struct card_rig_install selectable = { .third = card_rig_stand_in,
                .fourth = SLICE(no_privileges) };
        assert_refused(card, card_rig_install(card, 0, 0x0400, &fields), SW_CONDITIONS); /* it is there */
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
        assert_refused(card, card_rig_install(card, 0, 0x0800, &selectable), SW_NO_REFERENCE);
        assert_sw(card_rig_install(card, 0, 0x0400, &fields), SW_OK);
        assert_int_equal(card->rig.data.size, 1);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), 0x03);
        card_rig_manage(card, 1);
        assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_NOT_FOUND);
        assert_sw(card_rig_install(card, 0, 0x0800, &selectable), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), 0x07);
        assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_OK);
        assert_refused(card, card_rig_install(card, 0, 0x0800, &selectable), SW_CONDITIONS);
        fields.third = card_rig_provider; /* a second instance */
        assert_refused(card, card_rig_install(card, 0, 0x0C00, &fields), SW_CONDITIONS);
}

/* An instance may have another AID than its module, and is erased under it just as well. */
static void an_instance_has_its_own_name(void **state)
{
        struct card_rig *card = *state;
        struct card_rig_install fields = stand_in();
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
        fields.third = card_rig_provider;
        assert_sw(card_rig_install(card, 0, 0x0C00, &fields), SW_OK);
        card_rig_manage(card, 1);
        assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_NOT_FOUND);
        assert_sw(card_rig_select(card, 1, card_rig_provider), SW_OK);
        assert_sw(card_rig_send(card, 1, 0x00B00000, nothing), SW_OK);
}

static void wrong_installations_are_refused(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t unknown[] = { 0x02 }, domain[] = { 0x80 }, two[] = { 0, 0 }, token[] = { 1 },
                             management[] = { 0x00, 0x40, 0x00 }, receipts[] = { 0x00, 0x00, 0x80 },
                             bad[] = { 0xC9, 0x01 };
        const struct card_rig_install good = stand_in();
        struct card_rig_install fields;
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
#define WRONG(member, value, wanted)                                                        \
        do {                                                                                \
                fields = good;                                                              \
                fields.member = (value);                                                    \
                assert_refused(card, card_rig_install(card, 0, 0x0C00, &fields), (wanted)); \
        } while (0)
        WRONG(first, card_rig_provider, SW_NO_REFERENCE);
        WRONG(first, card_rig_issuer, SW_NO_REFERENCE); /* no load file */
        WRONG(second, element_rig_jpki, SW_NO_REFERENCE);
        WRONG(third, slice_of(card_rig_provider.data, 4), SW_WRONG_DATA);
        WRONG(third, element_rig_jpki, SW_CONDITIONS);
        WRONG(fourth, nothing, SW_WRONG_DATA);
        WRONG(fourth, SLICE(two), SW_WRONG_DATA);
        WRONG(fourth, SLICE(unknown), SW_WRONG_DATA);
        WRONG(fourth, SLICE(domain), SW_WRONG_DATA); /* an applet is no domain */
        WRONG(fourth, SLICE(management), SW_WRONG_DATA);
        WRONG(fourth, SLICE(receipts), SW_WRONG_DATA);
        WRONG(parameters, SLICE(bad), SW_WRONG_DATA);
        WRONG(token, SLICE(token), SW_CONDITIONS);
#undef WRONG
        static const uint8_t wrong_p1[] = { 0x00, 0x01, 0x03, 0x06, 0x0A, 0x18, 0x30, 0x80, 0x8C, 0xFF };
        for (size_t i = 0; i < sizeof wrong_p1; i++)
                assert_refused(
                        card, card_rig_install(card, 0, (uint16_t)(wrong_p1[i] << 8), &good), SW_WRONG_P1P2);
        assert_sw(card_rig_install(card, 0, 0x0C00, &good), SW_OK);
}

/* Every truncation of the data, and a byte too many. */
static void fields_are_read_strictly(void **state)
{
        struct card_rig *card = *state;
        static const uint16_t kinds[] = { 0x0200, 0x0400, 0x0800, 0x0C00, 0x1000, 0x2000, 0x4000, 0x0E01 };
        uint8_t bytes[64];
        const slice parts[] = { file_of("stand-in"), module_of("stand-in"), card_rig_stand_in };
        writer w = WRITER(bytes);
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
        for (size_t i = 0; i < 3; i++) {
                write_u8(&w, (uint8_t)parts[i].size);
                write_slice(&w, parts[i]);
        }
        for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
                for (size_t size = 0; size <= w.used; size++)
                        assert_refused(card,
                                card_rig_secured(card, 0, 0x80E60000 | kinds[kind], slice_of(bytes, size)),
                                SW_WRONG_DATA);
        static const uint8_t rest[] = { 1, 0, 2, 0xC9, 0, 0, 0 };
        write_slice(&w, SLICE(rest));
        assert_refused(card, card_rig_secured(card, 0, 0x80E60C00, writer_view(&w)), SW_WRONG_DATA);
        assert_sw(card_rig_secured(card, 0, 0x80E60C00, slice_of(bytes, w.used - 1)), SW_OK);
}

/* "[for load, install and make selectable], `0E`, P2 01 and 03: load file and instance in one commit." */
static void load_and_installation_in_one(void **state)
{
        struct card_rig *card = *state;
        uint8_t content[LOAD_FILE_MAX], bytes[LOAD_FILE_MAX + 4];
        writer c = WRITER(content), w = WRITER(bytes);
        const struct card_rig_install begin = { .first = file_of("stand-in") };
        const struct card_rig_install end = stand_in();
        native_write_load_file(native_named("stand-in"), &c);
        tlv_write(&w, 0xC4, writer_view(&c));
        assert_refused(card, card_rig_install(card, 0, 0x0E03, &end), SW_CONDITIONS);
        assert_sw(card_rig_delete(card, 0, file_of("stand-in"), 0x80), SW_OK);
        unsigned writes = card->rig.medium.writes;
        assert_sw(card_rig_install(card, 0, 0x0E01, &begin), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E88000, writer_view(&w)), SW_OK);
        assert_false(is_listed(card, 0x20, file_of("stand-in")));
        assert_refused(card, card_rig_secured(card, 0, 0x80E88001, writer_view(&w)), SW_WRONG_DATA);
        assert_refused(card, card_rig_install(card, 0, 0x0E03, &end), SW_CONDITIONS);
        assert_sw(card_rig_install(card, 0, 0x0E01, &begin), SW_OK);
        assert_refused(card, card_rig_install(card, 0, 0x0E03, &end), SW_CONDITIONS); /* not delivered */
        assert_sw(card_rig_install(card, 0, 0x0E01, &begin), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E88000, writer_view(&w)), SW_OK);
        assert_int_equal(card->rig.medium.writes, writes);
        assert_refused(card, card_rig_install(card, 0, 0x0E02, &end), SW_WRONG_P1P2);
        assert_sw(card_rig_install(card, 0, 0x0E03, &end), SW_OK);
        assert_int_equal(card->rig.medium.writes, writes + 1);
        assert_true(is_listed(card, 0x20, file_of("stand-in")));
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), 0x07);
}

/* ---- domains and privileges ---- */

/* "Without authorised management a domain installs, deletes and extradites nothing: 6985." */
static void a_domain_without_authority_manages_nothing(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys keys = card_rig_factory();
        static const uint32_t privileges[] = { 0x800000, 0xA00000 };
        for (size_t i = 0; i < 2; i++) {
                card_rig_issuer_session(card, 0);
                assert_sw(card_rig_make_domain(card, 0, card_rig_provider, privileges[i], nothing), SW_OK);
                assert_sw(card_rig_extradite(card, 0, element_rig_jpki, card_rig_provider), SW_OK);
                assert_sw(card_rig_open(card, 0, card_rig_provider, &keys), SW_OK);
                const struct card_rig_install extradition = { .first = card_rig_issuer,
                        .third = element_rig_jpki };
                const struct card_rig_install update = { .third = element_rig_jpki,
                        .fourth = SLICE(no_privileges) };
                const struct card_rig_install fields = stand_in();
                assert_refused(card, card_rig_delete(card, 0, element_rig_jpki, 0), SW_CONDITIONS);
                assert_refused(card, card_rig_delete(card, 0, card_rig_stand_in, 0), SW_CONDITIONS);
                assert_refused(card, card_rig_install(card, 0, 0x0C00, &fields), SW_CONDITIONS);
                assert_refused(card, card_rig_install(card, 0, 0x1000, &extradition), SW_CONDITIONS);
                assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_CONDITIONS);
                assert_refused(card, card_rig_load(card, 0, "ara", nothing, 200), SW_CONDITIONS);
                assert_refused(card, card_rig_make_domain(card, 0, card_rig_stand_in, 0x800000, nothing),
                        SW_CONDITIONS);
                assert_refused(card, card_rig_set_status(card, 0, 0x807F, nothing), SW_CONDITIONS);
                assert_refused(card, card_rig_set_status(card, 0, 0x8007, nothing), SW_CONDITIONS);
                assert_refused(card, card_rig_set_status(card, 0, 0x80FF, nothing), SW_CONDITIONS);
                assert_refused(card, card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_CONDITIONS);
                assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), 0); /* nor does it see it */
                assert_int_equal(card_rig_life(card, 0, 0x40, element_rig_jpki), 0x07);
                card_rig_issuer_session(card, 0);
                assert_refused(
                        card, card_rig_delete(card, 0, card_rig_provider, 0), SW_CONDITIONS); /* it has one */
                assert_sw(card_rig_delete(card, 0, element_rig_jpki, 0), SW_OK);
                assert_sw(card_rig_delete(card, 0, card_rig_provider, 0), SW_OK);
                assert_sw(card_rig_install_applet(card, 0, "jpki"), SW_OK);
        }
}

/* "A domain grants what it has itself, no more." */
static void nobody_grants_what_he_has_not(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys keys = card_rig_factory();
        static const uint8_t child_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x11 };
        static const uint8_t all[] = { 0x80, 0x5C, 0x00 }, own[] = { 0x80, 0x40, 0x00 };
        static const uint32_t refused[] = { 0x900000, 0x880000, 0x805000, 0x804800, 0x804400, 0x9C5C00,
                0x004000, 0xC00000, 0x808000, 0x802000, 0x800080, 0x810000, 0x820000 };
        const slice child = SLICE(child_aid);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x804000, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &keys), SW_OK);
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
                assert_refused(
                        card, card_rig_make_domain(card, 0, child, refused[i], nothing), SW_WRONG_DATA);
        assert_sw(card_rig_make_domain(card, 0, child, 0x800000, nothing), SW_OK);
        struct card_rig_install update = { .third = child, .fourth = SLICE(all) };
        assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_WRONG_DATA);
        update.fourth = SLICE(no_privileges); /* a domain stays one */
        assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_WRONG_DATA);
        update.fourth = SLICE(own);
        assert_sw(card_rig_install(card, 0, 0x4000, &update), SW_OK);
        update = (struct card_rig_install){ .third = card_rig_provider, .fourth = SLICE(all) };
        assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_CONDITIONS); /* itself */
        update.third = card_rig_issuer;
        assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_NO_REFERENCE);
        /* it manages what is below it, and nothing beside it */
        assert_refused(card, card_rig_delete(card, 0, card_rig_stand_in, 0), SW_CONDITIONS);
        assert_refused(card, card_rig_delete(card, 0, card_rig_provider, 0), SW_CONDITIONS);
        assert_refused(card, card_rig_install_applet(card, 0, "jpki"), SW_CONDITIONS);
        assert_sw(card_rig_delete(card, 0, child, 0), SW_OK);
}

/* "Global delete, lock, registry reach everything." */
static void global_privileges_reach_everything(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys keys = card_rig_factory();
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x805C00, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &keys), SW_OK);
        assert_int_equal(card_rig_life(card, 0, 0x40, card_rig_stand_in), 0x07);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
        assert_refused(card, card_rig_delete(card, 0, card_rig_issuer, 0), SW_CONDITIONS);
        assert_refused(card, card_rig_set_status(card, 0, 0x8007, nothing), SW_CONDITIONS);
}

/* "What was given away is not taken back: it can be deleted, but not opened again." */
static void extradition_is_given_not_taken(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 0x31);
        assert_refused(
                card, card_rig_extradite(card, 0, element_rig_jpki, card_rig_provider), SW_NO_REFERENCE);
        assert_refused(card, card_rig_extradite(card, 0, element_rig_jpki, element_rig_fido), SW_CONDITIONS);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_refused(
                card, card_rig_extradite(card, 0, card_rig_provider, card_rig_provider), SW_CONDITIONS);
        assert_refused(card, card_rig_extradite(card, 0, card_rig_issuer, card_rig_provider), SW_CONDITIONS);
        assert_sw(card_rig_extradite(card, 0, element_rig_jpki, card_rig_provider), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        card_rig_issuer_session(card, 0);
        assert_refused(card, card_rig_extradite(card, 0, element_rig_jpki, card_rig_issuer), SW_CONDITIONS);
        const struct card_rig_install update = { .first = card_rig_issuer, .third = element_rig_jpki };
        assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_CONDITIONS);
        /* COMMAND_PROTECTED now means the provider's keys */
        assert_sw(card_rig_open(card, 0, element_rig_jpki, &factory), 0);
        assert_sw(card_rig_open(card, 0, element_rig_jpki, &own), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x802C0098, slice_text("1234")), SW_OK);
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_delete(card, 0, element_rig_jpki, 0), SW_OK);
        assert_sw(card_rig_install_applet(card, 0, "jpki"), SW_OK);
        assert_sw(card_rig_open(card, 0, element_rig_jpki, &factory), SW_OK);
}

/* A session that was opened for the former domain of an applet, or by the keys above one that now has its
 * own, speaks for nobody. */
static void a_session_ends_with_what_it_stood_for(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(32, 0x77);
        card_rig_manage(card, 1);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_extradite(card, 0, element_rig_jpki, card_rig_provider), SW_OK);
        assert_sw(card_rig_open(card, 1, element_rig_jpki, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 1, 0x802C0098, slice_text("1234")), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        assert_refused(card, card_rig_secured(card, 1, 0x802C0098, slice_text("4321")), SW_SECURITY_STATUS);
        assert_refused(card, card_rig_put_key(card, 0, 0, 0x31, &own, &factory), SW_SECURITY_STATUS);
        assert_sw(card_rig_open(card, 1, element_rig_jpki, &own), SW_OK);
        assert_sw(card_rig_secured(card, 1, 0x802C0098, slice_text("4321")), SW_OK);
}

/* "Card reset: selected after a reset; one at a time." */
static void one_application_is_selected_after_a_reset(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t reset[] = { 0x04, 0x00, 0x00 };
        struct card_rig_install update = { .third = card_rig_stand_in, .fourth = SLICE(reset) };
        assert_sw(card_rig_install(card, 0, 0x4000, &update), SW_OK);
        update.third = element_rig_jpki;
        assert_refused(card, card_rig_install(card, 0, 0x4000, &update), SW_CONDITIONS);
        mitome_element_reset(card->rig.element);
        assert_sw(card_rig_send(card, 0, 0x00B00000, nothing), SW_OK); /* the stand-in's */
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_set_status(card, 0, 0x4080, card_rig_stand_in), SW_OK);
        mitome_element_reset(card->rig.element);
        assert_sw(card_rig_send(card, 0, 0x80CA0066, nothing), SW_OK); /* the issuer's domain */
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_delete(card, 0, card_rig_stand_in, 0), SW_OK);
        assert_sw(card_rig_install(card, 0, 0x4000, &update), SW_OK);
}

/* "16 domains, then 6A84." */
static void the_registry_has_an_end(void **state)
{
        struct card_rig *card = *state;
        uint8_t aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x20 };
        for (int i = 1; i < 16; i++, aid[7]++)
                assert_sw(card_rig_make_domain(card, 0, SLICE(aid), 0x800000, nothing), SW_OK);
        assert_refused(card, card_rig_make_domain(card, 0, SLICE(aid), 0x800000, nothing), SW_FULL);
        aid[7]--;
        assert_sw(card_rig_delete(card, 0, SLICE(aid), 0), SW_OK);
        assert_sw(card_rig_make_domain(card, 0, SLICE(aid), 0x800000, nothing), SW_OK);
}

/* A domain that takes the place of a deleted one has nothing of it: keys, data, tries. */
static void a_new_domain_is_new(void **state)
{
        struct card_rig *card = *state;
        const struct scp03_keys factory = card_rig_factory(), own = card_rig_keys(16, 0x31);
        static const uint8_t number[] = { 0x42, 0x02, 0x12, 0x34 };
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E28000, SLICE(number)), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x80CA0042, nothing), SW_OK);
        assert_sw(card_rig_put_key(card, 0, 0, 0x30, &own, &factory), SW_OK);
        card_rig_issuer_session(card, 0);
        assert_sw(card_rig_delete(card, 0, card_rig_provider, 0), SW_OK);
        assert_sw(card_rig_make_domain(card, 0, card_rig_provider, 0x800000, nothing), SW_OK);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &own), 0);
        assert_sw(card_rig_open(card, 0, card_rig_provider, &factory), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x80CA0042, nothing), SW_NO_REFERENCE);
}

/* ---- STORE DATA and personalisation ---- */

static void a_domain_keeps_its_numbers(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t both[] = { 0x42, 0x02, 0x12, 0x34, 0x45, 0x01, 0x99 },
                             other[] = { 0x44, 0x01, 0x00 }, empty[] = { 0x42, 0x00 },
                             big[] = { 0x42, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        assert_refused(card, card_rig_send(card, 0, 0x80CA0042, nothing), SW_NO_REFERENCE);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(other)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(empty)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(big)), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, nothing), SW_WRONG_DATA);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28001, SLICE(both)), SW_WRONG_P1P2);
        assert_refused(
                card, card_rig_secured(card, 0, 0x80E2E000, SLICE(both)), SW_WRONG_P1P2); /* encrypted */
        assert_refused(card, card_rig_secured(card, 0, 0x80E28800, SLICE(both)), SW_WRONG_P1P2); /* DGI */
        for (size_t size = 1; size < sizeof both; size++)
                if (size != 4)
                        assert_refused(card, card_rig_secured(card, 0, 0x80E29000, slice_of(both, size)),
                                SW_WRONG_DATA);
        assert_sw(card_rig_secured(card, 0, 0x80E21000, SLICE(both)), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E29001, SLICE(both)), SW_OK);
        assert_sw(card_rig_send(card, 0, 0x80CA0042, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, slice_of(both, 4)));
        assert_sw(card_rig_send(card, 0, 0x80CA0045, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, slice_of(both + 4, 3)));
}

/* "[for personalization]: the STORE DATA that follow go to the application." */
static void the_domain_passes_data_on(void **state)
{
        struct card_rig *card = *state;
        struct card_rig_install fields = { .third = card_rig_stand_in };
        assert_refused(card,
                card_rig_install(card, 0, 0x2000, &(struct card_rig_install){ .third = card_rig_provider }),
                SW_NO_REFERENCE);
        assert_refused(card,
                card_rig_install(card, 0, 0x2000, &(struct card_rig_install){ .third = file_of("jpki") }),
                SW_NO_REFERENCE);
        assert_refused(card,
                card_rig_install(card, 0, 0x2000, &(struct card_rig_install){ .third = card_rig_issuer }),
                SW_CONDITIONS);
        assert_refused(card,
                card_rig_install(card, 0, 0x2000,
                        &(struct card_rig_install){ .first = card_rig_issuer, .third = card_rig_stand_in }),
                SW_WRONG_DATA);
        assert_sw(card_rig_install(card, 0, 0x2000, &fields), SW_OK);
        assert_sw(card_rig_secured(card, 0, 0x80E28000, SLICE(stored)), SW_OK);
        card_rig_manage(card, 1);
        assert_sw(card_rig_select(card, 1, card_rig_stand_in), SW_OK);
        assert_sw(card_rig_send(card, 1, 0x00B00000, nothing), SW_OK);
        assert_true(slice_equal(card->rig.data, SLICE(stored)));
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(stored)),
                SW_WRONG_DATA);          /* it was the last */
        fields.third = element_rig_fido; /* which takes none */
        assert_sw(card_rig_install(card, 0, 0x2000, &fields), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(stored)), SW_CONDITIONS);
        const struct scp03_keys keys = card_rig_factory();
        assert_sw(card_rig_select(card, 0, card_rig_issuer), SW_OK);
        assert_sw(card_rig_begin(card, 0, &keys, 0, SCP03_C_MAC), SW_OK);
        fields.third = card_rig_stand_in;
        assert_sw(card_rig_install(card, 0, 0x2000, &fields), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(stored)),
                SW_SECURITY_STATUS); /* in the clear */
}

static void the_stand_in_is_checked(void **state)
{
        struct card_rig *card = *state;
        static const uint8_t long_file[1025] = { 0 };
        assert_sw(card_rig_select(card, 0, card_rig_stand_in), SW_OK);
        assert_refused(card, card_rig_send(card, 0, 0x80E28000, SLICE(stored)), SW_SECURITY_STATUS);
        assert_refused(card, card_rig_send(card, 0, 0x00B00100, nothing), SW_WRONG_P1P2);
        assert_refused(card, card_rig_send(card, 0, 0x00B00000, SLICE(stored)), SW_WRONG_LENGTH);
        const struct scp03_keys keys = card_rig_factory();
        assert_sw(card_rig_open(card, 0, card_rig_stand_in, &keys), SW_OK);
        assert_refused(card, card_rig_secured(card, 0, 0x80E20000, SLICE(stored)), SW_WRONG_P1P2);
        assert_refused(card, card_rig_secured(card, 0, 0x80E28000, SLICE(long_file)), SW_FULL);
        assert_sw(card_rig_secured(card, 0, 0x80E28000, SLICE(stored)), SW_OK);
}

/* ---- without a session ---- */

/* "A management command without a session is 6982", also with one that was opened on another channel. */
static void management_needs_a_session(void **state)
{
        struct card_rig *card = *state;
        static const uint32_t heads[] = { 0x80D80081, 0x80E28000, 0x80E40000, 0x80E60C00, 0x80E88000,
                0x80F04080, 0x80F28002 };
        card_rig_manage(card, 1);
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
                assert_refused(card, card_rig_send(card, 1, heads[i], SLICE(stored)), SW_SECURITY_STATUS);
                assert_refused(card, card_rig_send(card, 1, heads[i] | 0x04000000, SLICE(stored)),
                        SW_SECURITY_STATUS);
                assert_refused(card, card_rig_send(card, 0, heads[i], SLICE(stored)), SW_SECURITY_STATUS);
        }
        assert_int_equal(card_rig_life(card, 0, 0x80, card_rig_issuer), 0x01); /* the session goes on */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_new_element_has_all),
                TEST(deletion_is_of_the_application_alone),
                TEST(a_load_file_goes_with_its_instance),
                TEST(wrong_deletions_are_refused),
                TEST(a_load_file_is_taken_by_its_hash),
                TEST(wrong_loads_are_refused),
                TEST(only_load_files_of_this_build_are_taken),
                TEST(blocks_come_in_their_order),
                TEST(a_load_is_of_one_channel),
                TEST(the_archive_holds_the_load_file),
                TEST(installation_in_two_steps),
                TEST(an_instance_has_its_own_name),
                TEST(wrong_installations_are_refused),
                TEST(fields_are_read_strictly),
                TEST(load_and_installation_in_one),
                TEST(a_domain_without_authority_manages_nothing),
                TEST(nobody_grants_what_he_has_not),
                TEST(global_privileges_reach_everything),
                TEST(extradition_is_given_not_taken),
                TEST(a_session_ends_with_what_it_stood_for),
                TEST(one_application_is_selected_after_a_reset),
                TEST(the_registry_has_an_end),
                TEST(a_new_domain_is_new),
                TEST(a_domain_keeps_its_numbers),
                TEST(the_domain_passes_data_on),
                TEST(the_stand_in_is_checked),
                TEST(management_needs_a_session),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
