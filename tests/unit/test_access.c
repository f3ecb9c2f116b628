/* SPDX-License-Identifier: Apache-2.0 */

/* The ARA-M of the element: what the SEI-TSM writes, what the enforcer reads (GPD_SPE_013 4.1, 5.1). */

#include "access_rule.h"
#include "element_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static const uint8_t hash_a[32] = { 0xAA }, hash_b[20] = { 0xBB };
static const uint8_t never[] = { 0 }, always[] = { 1 };
static const slice nothing;

static const uint32_t get_refresh = 0x80CADF20, get_all = 0x80CAFF40, get_one = 0x80CAFF50,
                      get_next = 0x80CAFF60, store_data = 0x80E29000;

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_open(rig);
        assert_int_equal(element_rig_channel(rig, element_rig_ara, &element_rig_keys), SW_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- orders of the SEI-TSM ---- */

static slice rule_bytes(uint8_t *buffer, size_t capacity, slice aid, slice hash, slice apdu)
{
        writer w = writer_over(buffer, capacity);
        const struct access_rule rule = { .reference = { .aid = aid, .hash = hash }, .apdu = apdu };
        access_rule_write(&w, &rule);
        assert_false(w.overflowed);
        return writer_view(&w);
}

static uint16_t order(struct element_rig *rig, uint32_t tag, slice value)
{
        uint8_t bytes[2048];
        writer w = WRITER(bytes);
        tlv_write(&w, tag, value);
        assert_false(w.overflowed);
        return element_rig_secured(rig, store_data, writer_view(&w));
}

static uint16_t store(struct element_rig *rig, slice aid, slice hash, slice apdu)
{
        uint8_t bytes[1024];
        return order(rig, ACCESS_STORE, rule_bytes(bytes, sizeof bytes, aid, hash, apdu));
}

/* ---- what the enforcer reads ---- */

static uint64_t refresh(struct element_rig *rig)
{
        uint64_t number = 0;
        slice tag;
        assert_int_equal(element_rig_command(rig, get_refresh, nothing), SW_OK);
        assert_int_equal(rig->data.size, 3 + ACCESS_REFRESH_SIZE);
        reader r = reader_over(rig->data, NULL, NULL);
        assert_false(failed(read_bytes(&r, "head", 3, &tag)));
        assert_memory_equal(tag.data, "\xDF\x20\x08", 3);
        assert_false(failed(read_u64(&r, "tag", &number)));
        return number;
}

/* The whole list, in chunks of `chunk`; its size, 0 when there is none. */
static size_t read_list(struct element_rig *rig, uint32_t first, slice data, size_t chunk, uint8_t *ret,
        size_t capacity, struct tlv *ret_list)
{
        writer w = writer_over(ret, capacity);
        struct apdu_command command = { .cla = 0x80,
                .ins = 0xCA,
                .p1 = (uint8_t)(first >> 8),
                .p2 = (uint8_t)first,
                .data = data,
                .expected = chunk };
        uint16_t sw = element_rig_send(rig, &command);
        while (sw == SW_OK) {
                assert_true(rig->data.size > 0 && rig->data.size <= chunk);
                write_slice(&w, rig->data);
                command.p2 = 0x60;
                command.data = nothing;
                sw = element_rig_send(rig, &command);
        }
        assert_int_equal(sw, SW_NO_REFERENCE);
        assert_false(w.overflowed);
        if (w.used) {
                reader r = reader_over(writer_view(&w), NULL, NULL);
                assert_false(failed(tlv_read(&r, "list", ret_list)));
                assert_false(failed(read_end(&r, "list")));
        }
        return w.used;
}

static size_t count_rules(struct element_rig *rig)
{
        static uint8_t bytes[65536];
        struct tlv list, item;
        struct access_rule rule;
        size_t count = 0;
        if (!read_list(rig, get_all, nothing, 256, bytes, sizeof bytes, &list))
                return 0;
        assert_int_equal(list.tag, ACCESS_ALL);
        reader r = reader_over(list.value, NULL, NULL);
        for (; r.rest.size; count++) {
                assert_false(failed(tlv_read(&r, "rule", &item)));
                assert_int_equal(item.tag, ACCESS_REF_AR);
                assert_false(failed(access_rule_read(item.value, &rule, NULL)));
        }
        return count;
}

/* ---- the tests ---- */

static void a_new_element_has_no_rules(void **state)
{
        struct element_rig *rig = *state;
        assert_int_equal(element_rig_select(rig, element_rig_ara), SW_OK);
        assert_int_equal(refresh(rig), 0);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_CONDITIONS);
        assert_int_equal(element_rig_command(rig, get_all, nothing), SW_NO_REFERENCE);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_NO_REFERENCE);
        assert_int_equal(element_rig_command(rig, 0x80CA0066, nothing), SW_WRONG_P1P2);
        assert_int_equal(element_rig_command(rig, get_all, SLICE(always)), SW_WRONG_DATA);
        assert_int_equal(element_rig_command(rig, get_refresh, SLICE(always)), SW_WRONG_DATA);
        assert_int_equal(element_rig_command(rig, get_next, SLICE(always)), SW_WRONG_DATA);
        /* no Le: nowhere to put the answer */
        assert_int_equal(element_rig_send(rig,
                                 &(struct apdu_command){ .cla = 0x80, .ins = 0xCA, .p1 = 0xFF, .p2 = 0x40 }),
                SW_WRONG_LENGTH);
}

/* The very bytes that real tools send and read: `E22F E128 4F10 <aid16> C114 <20> E303 D00101`. */
static void a_rule_is_kept_byte_by_byte(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[0x31 + 2], aid[16] = { 0xD3, 0x92 };
        writer w = WRITER(bytes);
        write_slice(&w, slice_of("\xF0\x31\xE2\x2F\xE1\x28\x4F\x10", 8));
        write_slice(&w, SLICE(aid));
        write_slice(&w, slice_of("\xC1\x14", 2));
        write_slice(&w, SLICE(hash_b));
        write_slice(&w, slice_of("\xE3\x03\xD0\x01\x01", 5));
        assert_int_equal(w.used, sizeof bytes);
        assert_int_equal(element_rig_secured(rig, store_data, SLICE(bytes)), SW_OK);
        element_rig_cycle(rig);
        assert_int_equal(element_rig_select(rig, element_rig_ara), SW_OK);
        assert_int_equal(element_rig_command(rig, get_all, nothing), SW_OK);
        assert_int_equal(rig->data.size, 3 + 0x31);
        assert_memory_equal(rig->data.data, "\xFF\x40\x31", 3);
        assert_memory_equal(rig->data.data + 3, bytes + 2, 0x31);
        /* and one: the REF-DO in, the AR-DO out */
        assert_int_equal(element_rig_command(rig, get_one, slice_of(bytes + 4, 0x2A)), SW_OK);
        assert_int_equal(rig->data.size, 8);
        assert_memory_equal(rig->data.data, "\xFF\x50\x05\xE3\x03\xD0\x01\x01", 8);
}

static void only_the_keys_of_the_domain_write(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[128], object[160];
        writer w = WRITER(object);
        tlv_write(&w, ACCESS_STORE,
                rule_bytes(bytes, sizeof bytes, element_rig_jpki, SLICE(hash_a), SLICE(always)));
        assert_int_equal(element_rig_select(rig, element_rig_ara), SW_OK);
        assert_int_equal(element_rig_command(rig, store_data, writer_view(&w)), SW_SECURITY_STATUS);
        assert_int_equal(element_rig_command(rig, store_data, slice_of("\xF1\x00", 2)), SW_SECURITY_STATUS);
        assert_int_equal(element_rig_command(rig, store_data, slice_of("\xF2\x00", 2)), SW_SECURITY_STATUS);
        assert_int_equal(count_rules(rig), 0);
}

static void the_refresh_tag_changes_with_every_change(void **state)
{
        struct element_rig *rig = *state;
        uint64_t former = refresh(rig);
        uint8_t bytes[128];
        const slice rule = rule_bytes(bytes, sizeof bytes, element_rig_jpki, SLICE(hash_a), SLICE(always));
#define CHANGED(expression, expected_sw)                       \
        do {                                                   \
                assert_int_equal((expression), (expected_sw)); \
                assert_int_not_equal(refresh(rig), former);    \
                former = refresh(rig);                         \
        } while (0)
#define UNCHANGED(expression, expected_sw)                     \
        do {                                                   \
                assert_int_equal((expression), (expected_sw)); \
                assert_int_equal(refresh(rig), former);        \
        } while (0)
        CHANGED(order(rig, ACCESS_STORE, rule), SW_OK);
        UNCHANGED(order(rig, ACCESS_STORE, rule), SW_RULE_EXISTS); /* it is there already */
        CHANGED(store(rig, element_rig_jpki, SLICE(hash_a), SLICE(never)), SW_RULE_EXISTS);
        CHANGED(store(rig, element_rig_jpki, SLICE(hash_b), SLICE(never)), SW_OK);
        assert_int_equal(count_rules(rig), 3);
        CHANGED(order(rig, ACCESS_DELETE, rule), SW_OK);
        UNCHANGED(order(rig, ACCESS_DELETE, rule), SW_NO_REFERENCE);
        CHANGED(order(rig, ACCESS_NEW_TAG, nothing), SW_OK);
        UNCHANGED(order(rig, ACCESS_NEW_TAG, SLICE(always)), SW_WRONG_DATA);
        CHANGED(order(rig, ACCESS_DELETE, nothing), SW_OK);
        UNCHANGED(order(rig, ACCESS_DELETE, nothing), SW_OK); /* nothing was there */
        assert_int_equal(count_rules(rig), 0);
}

/* Deleting by AID, by REF-DO, by rule, and all (table 5-4). */
static void deleting_means_what_it_names(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[128], object[128];
        writer w;
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash_a), SLICE(always)), SW_OK);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash_a), SLICE(never)), SW_RULE_EXISTS);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash_b), SLICE(always)), SW_OK);
        assert_int_equal(store(rig, element_rig_fido, SLICE(hash_a), SLICE(always)), SW_OK);
        assert_int_equal(store(rig, nothing, SLICE(hash_a), SLICE(always)), SW_OK);
        assert_int_equal(store(rig, nothing, nothing, SLICE(never)), SW_OK);
        assert_int_equal(count_rules(rig), 6);

        w = WRITER(object); /* the rule */
        assert_int_equal(
                order(rig, ACCESS_DELETE,
                        rule_bytes(bytes, sizeof bytes, element_rig_jpki, SLICE(hash_a), SLICE(never))),
                SW_OK);
        assert_int_equal(count_rules(rig), 5);
        w = WRITER(bytes); /* the REF-DO */
        tlv_write(&w, ACCESS_AID, element_rig_jpki);
        tlv_write(&w, ACCESS_HASH, SLICE(hash_b));
        writer ref = WRITER(object);
        tlv_write(&ref, ACCESS_REF, writer_view(&w));
        assert_int_equal(order(rig, ACCESS_DELETE, writer_view(&ref)), SW_OK);
        assert_int_equal(order(rig, ACCESS_DELETE, writer_view(&ref)), SW_NO_REFERENCE);
        assert_int_equal(count_rules(rig), 4);
        w = WRITER(bytes); /* every rule about every applet, and nothing else */
        tlv_write(&w, ACCESS_AID, nothing);
        assert_int_equal(order(rig, ACCESS_DELETE, writer_view(&w)), SW_OK);
        assert_int_equal(count_rules(rig), 2);
        w = WRITER(bytes);
        tlv_write(&w, ACCESS_AID, element_rig_fido);
        assert_int_equal(order(rig, ACCESS_DELETE, writer_view(&w)), SW_OK);
        assert_int_equal(order(rig, ACCESS_DELETE, writer_view(&w)), SW_NO_REFERENCE);
        w = WRITER(bytes);
        tlv_write(&w, ACCESS_IMPLICIT, nothing);
        assert_int_equal(order(rig, ACCESS_DELETE, writer_view(&w)), SW_NO_REFERENCE);
        assert_int_equal(count_rules(rig), 1);
        assert_int_equal(order(rig, ACCESS_DELETE, nothing), SW_OK);
        assert_int_equal(count_rules(rig), 0);
}

static void rules_are_bounded(void **state)
{
        struct element_rig *rig = *state;
        uint8_t hash[32] = { 1 }, filters[512] = { 0 };
        for (unsigned i = 0; i < 64; i++) {
                hash[1] = (uint8_t)i;
                assert_int_equal(store(rig, element_rig_jpki, SLICE(hash), SLICE(always)), SW_OK);
        }
        hash[1] = 64;
        uint64_t former = refresh(rig);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash), SLICE(always)), SW_FULL);
        assert_int_equal(count_rules(rig), 64);
        assert_int_equal(refresh(rig), former);
        assert_int_equal(order(rig, ACCESS_DELETE, nothing), SW_OK);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash), SLICE(always)), SW_OK);
        /* 512 bytes of a rule, tag and length included, and no more */
        const size_t head = 4 + 2 + 2 + 10 + 2 + 32 + 4 + 4;
        size_t most = (512 - head) / 8 * 8;
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash), slice_of(filters, most)), SW_RULE_EXISTS);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash), slice_of(filters, most + 8)), SW_FULL);
        assert_int_equal(count_rules(rig), 2);
}

/* The list comes in chunks of any size, and always the same bytes. */
static void chunks_of_any_size_make_the_same_list(void **state)
{
        struct element_rig *rig = *state;
        static uint8_t whole[65536], again[65536];
        uint8_t hash[32] = { 2 }, ref[64];
        struct tlv list;
        for (unsigned i = 0; i < 20; i++) {
                hash[1] = (uint8_t)i;
                assert_int_equal(store(rig, element_rig_jpki, SLICE(hash), SLICE(always)), SW_OK);
        }
        const size_t size = read_list(rig, get_all, nothing, 65536, whole, sizeof whole, &list);
        assert_int_equal(list.value.size, 20 * (2 + 2 + 12 + 34 + 5));
        const size_t chunks[] = { 1, 2, 3, 55, 200, 255, 256, 1023, 1024, 1025, size - 1, size };
        for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
                struct tlv copy;
                assert_int_equal(
                        read_list(rig, get_all, nothing, chunks[i], again, sizeof again, &copy), size);
                assert_memory_equal(again, whole, size);
        }
        /* One target's rules come in chunks as well. */
        writer w = WRITER(again), inner = WRITER(ref);
        tlv_write(&inner, ACCESS_AID, element_rig_jpki);
        tlv_write(&inner, ACCESS_HASH, SLICE(hash));
        tlv_write(&w, ACCESS_REF, writer_view(&inner));
        for (size_t chunk = 1; chunk < 10; chunk++) {
                assert_int_equal(
                        read_list(rig, get_one, writer_view(&w), chunk, whole, sizeof whole, &list), 8);
                assert_int_equal(list.tag, ACCESS_ONE);
        }
}

/* 6984: rules that change between two chunks have to be read again. */
static void a_list_that_changed_is_read_again(void **state)
{
        struct element_rig *rig = *state;
        const struct apdu_command first = {
                .cla = 0x80, .ins = 0xCA, .p1 = 0xFF, .p2 = 0x40, .expected = 10
        };
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash_a), SLICE(always)), SW_OK);
        assert_int_equal(element_rig_send(rig, &first), SW_OK);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash_b), SLICE(always)), SW_OK);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_UNUSABLE);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_CONDITIONS);
        assert_int_equal(element_rig_send(rig, &first), SW_OK);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_OK);
        /* a selection forgets how far it came */
        assert_int_equal(element_rig_send(rig, &first), SW_OK);
        assert_int_equal(element_rig_select(rig, element_rig_ara), SW_OK);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_CONDITIONS);
}

/* Selected on two logical channels, each reads its own list, and one ends without the other. */
static void each_channel_reads_its_own_list(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        assert_int_equal(store(rig, element_rig_jpki, SLICE(hash_a), SLICE(always)), SW_OK);
        assert_int_equal(element_rig_send(rig, &(struct apdu_command){ .ins = 0x70, .expected = 1 }), SW_OK);
        assert_int_equal(rig->data.data[0], 1);
        const struct apdu_command select = {
                .cla = 0x01, .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = element_rig_ara
        };
        const struct apdu_command first = {
                .cla = 0x80, .ins = 0xCA, .p1 = 0xFF, .p2 = 0x40, .expected = 20
        };
        struct apdu_command second = { .cla = 0x81, .ins = 0xCA, .p1 = 0xFF, .p2 = 0x50, .expected = 3 };
        assert_int_equal(element_rig_send(rig, &select), SW_OK);
        assert_int_equal(element_rig_send(rig, &first), SW_OK);
        assert_int_equal(element_rig_command(rig, 0x81CAFF60, nothing), SW_CONDITIONS); /* none begun there */
        tlv_write(&w, ACCESS_AID, element_rig_jpki);
        tlv_write(&w, ACCESS_HASH, SLICE(hash_a));
        uint8_t reference[80];
        writer ref = WRITER(reference);
        tlv_write(&ref, ACCESS_REF, writer_view(&w));
        second.data = writer_view(&ref);
        assert_int_equal(element_rig_send(rig, &second), SW_OK);
        assert_memory_equal(rig->data.data, "\xFF\x50\x05", 3);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_OK); /* the rest of the long one */
        assert_int_equal(rig->data.size, 3 + 2 + 2 + 12 + 34 + 5 - 20);
        assert_int_equal(element_rig_command(rig, 0x81CAFF60, nothing), SW_OK); /* and of the short one */
        assert_memory_equal(rig->data.data, "\xE3\x03\xD0\x01\x01", 5);
        assert_int_equal(element_rig_send(rig, &first), SW_OK);
        assert_int_equal(
                element_rig_send(rig, &(struct apdu_command){ .ins = 0x70, .p1 = 0x80, .p2 = 1 }), SW_OK);
        assert_int_equal(element_rig_command(rig, get_next, nothing), SW_OK);
}

/* Everything that is not one well-formed order, at every truncation. */
static void bad_orders_are_refused(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                const char *bytes;
                size_t size;
        } bad[] = {
#define BAD(text) { text, sizeof text - 1 }
                BAD("\xF3\x00"),                                             /* no such order */
                BAD("\xF0\x00"),                                             /* stores nothing */
                BAD("\xF2\x00\xF2\x00"),                                     /* two */
                BAD("\xF0\x0B\xE2\x09\xE1\x04\x4F\x00\xC1\x00\xE3\x00\x00"), /* an object without a tag */
                BAD("\xF0\x0A\xE2\x08\xE1\x04\x4F\x00\xC1\x00\xE3\x00"),     /* AR-DO says nothing */
                BAD("\xF0\x0D\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xD0\x01\x02"), /* neither 00 nor 01 */
                BAD("\xF0\x0C\xE2\x0A\xE1\x04\x4F\x00\xC1\x00\xE3\x02\xD0\x00"),     /* empty */
                BAD("\xF0\x0E\xE2\x0C\xE1\x04\x4F\x00\xC1\x00\xE3\x04\xD0\x02\x01\x01"),
                BAD("\xF0\x0D\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xD1\x01\x02"),
                BAD("\xF0\x0D\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xDB\x01\x02"),
                BAD("\xF0\x0D\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xD2\x01\x01"), /* unknown */
                BAD("\xF0\x0D\xE2\x0B\xE1\x04\xC1\x00\x4F\x00\xE3\x03\xD0\x01\x01"), /* order */
                BAD("\xF0\x0B\xE2\x09\xE1\x02\x4F\x00\xE3\x03\xD0\x01\x01"),         /* no hash */
                BAD("\xF0\x0B\xE2\x09\xE1\x02\xC1\x00\xE3\x03\xD0\x01\x01"),         /* no applet */
                BAD("\xF0\x0E\xE2\x0C\xE1\x05\xC0\x01\x00\xC1\x00\xE3\x03\xD0\x01\x01"),
                BAD("\xF0\x11\xE2\x0F\xE1\x08\x4F\x04\x01\x02\x03\x04\xC1\x00\xE3\x03\xD0\x01\x01"),
                BAD("\xF0\x0E\xE2\x0C\xE1\x05\x4F\x00\xC1\x01\x00\xE3\x03\xD0\x01\x01"),
                BAD("\xF0\x0F\xE2\x0D\xE1\x06\x4F\x00\xC1\x00\xCA\x00\xE3\x03\xD0\x01\x01"),
                BAD("\xF0\x10\xE2\x0E\xE1\x04\x4F\x00\xC1\x00\xE3\x06\xD0\x01\x01\xD0\x01\x01"), /* twice */
                BAD("\xF0\x10\xE2\x0E\xE1\x04\x4F\x00\xC1\x00\xE3\x06\xD1\x01\x01\xD0\x01\x01"), /* order */
                BAD("\xF0\x0B\xE2\x09\xE3\x03\xD0\x01\x01\xE1\x02\x4F\x00"),                     /* order */
                BAD("\xF1\x02\xC1\x00"),
                BAD("\xF1\x03\x4F\x01\x01"),
                BAD("\xF1\x03\xC0\x01\x01"),
                BAD("\xF1\x02\xE1\x00"),
                BAD("\xF1\x02\xE2\x00"),
                BAD("\xF1\x04\x4F\x00\x4F\x00"),
#undef BAD
        };
        static const char good[] = "\xF0\x0D\xE2\x0B\xE1\x04\x4F\x00\xC1\x00\xE3\x03\xD0\x01\x01";
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                if (element_rig_secured(rig, store_data, slice_of(bad[i].bytes, bad[i].size)) !=
                        SW_WRONG_DATA)
                        fail_msg("row %zu: %04X", i, rig->sw);
        for (size_t size = 0; size < sizeof good - 1; size++)
                assert_int_equal(element_rig_secured(rig, store_data, slice_of(good, size)), SW_WRONG_DATA);
        assert_int_equal(
                element_rig_secured(rig, 0x80E21000, slice_of(good, sizeof good - 1)), SW_WRONG_P1P2);
        assert_int_equal(
                element_rig_secured(rig, 0x80E29001, slice_of(good, sizeof good - 1)), SW_WRONG_P1P2);
        assert_int_equal(refresh(rig), 0);
        assert_int_equal(element_rig_secured(rig, store_data, slice_of(good, sizeof good - 1)), SW_OK);
        static const char ref[] = "\xE1\x04\x4F\x00\xC1\x00";
        for (size_t size = 0; size < sizeof ref - 1; size++)
                assert_int_equal(element_rig_command(rig, get_one, slice_of(ref, size)), SW_WRONG_DATA);
        assert_int_equal(element_rig_command(rig, get_one, slice_of("\xE1\x04\x4F\x00\xC1\x00\x80\x00", 8)),
                SW_WRONG_DATA);
        assert_int_equal(
                element_rig_command(rig, get_one, slice_of("\xE1\x04\xC0\x00\xC1\x00", 6)), SW_NO_REFERENCE);
        assert_int_equal(element_rig_command(rig, get_one, slice_of(ref, sizeof ref - 1)), SW_OK);
}

/* Every form a rule can have is written and read as the same thing. */
static void rules_of_every_form(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t filter[16] = { 0x00, 0xB0, 0, 0, 0xFF, 0xFF, 0, 0, 0x80, 0x2A },
                             permissions[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
        const struct access_rule rules[] = {
                { .reference = { .implicit = true, .hash = SLICE(hash_a) }, .apdu = SLICE(always) },
                { .reference = { .aid = element_rig_jpki }, .apdu = SLICE(filter) },
                { .reference = { .aid = element_rig_jpki, .hash = SLICE(hash_b) }, .nfc = SLICE(always) },
                { .reference = { .hash = SLICE(hash_b), .package = slice_text("example.app") },
                        .permissions = SLICE(permissions) },
                { .reference = { .hash = SLICE(hash_a), .package = slice_text("example.app") },
                        .apdu = SLICE(never),
                        .nfc = SLICE(never),
                        .permissions = SLICE(permissions) },
        };
        for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
                uint8_t bytes[256], again[256];
                struct access_rule read = { 0 };
                struct tlv tlv;
                writer w = WRITER(bytes), copy = WRITER(again);
                access_rule_write(&w, &rules[i]);
                reader r = reader_over(writer_view(&w), NULL, NULL);
                assert_false(failed(tlv_read(&r, "rule", &tlv)));
                assert_false(failed(access_rule_read(tlv.value, &read, NULL)));
                access_rule_write(&copy, &read);
                assert_true(slice_equal(writer_view(&w), writer_view(&copy)));
                assert_true(access_reference_equal(&read.reference, &rules[i].reference));
                for (size_t size = 0; size < tlv.value.size; size++)
                        assert_true(failed(access_rule_read(slice_of(tlv.value.data, size), &read, NULL)));
                assert_int_equal(order(rig, ACCESS_STORE, writer_view(&w)), SW_OK);
        }
        assert_int_equal(count_rules(rig), sizeof rules / sizeof *rules);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_new_element_has_no_rules),
                TEST(a_rule_is_kept_byte_by_byte),
                TEST(only_the_keys_of_the_domain_write),
                TEST(the_refresh_tag_changes_with_every_change),
                TEST(deleting_means_what_it_names),
                TEST(rules_are_bounded),
                TEST(chunks_of_any_size_make_the_same_list),
                TEST(a_list_that_changed_is_read_again),
                TEST(each_channel_reads_its_own_list),
                TEST(bad_orders_are_refused),
                TEST(rules_of_every_form),
        };
        return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
