/* SPDX-License-Identifier: Apache-2.0 */
/* Credential records: both forms, there and back, and everything that is not one (docs/record.md); what a
 * registration and a login leave in them (WebAuthn L3 7.1 #27, 7.2 #24). */
#include "authdata.h"
#include "ceremony_rig.h"

#include <mitome/record.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct rig rig;
static struct rig_response built;
static uint8_t buffer[MITOME_RP_BUFFER_MAX], login_buffer[MITOME_RP_BUFFER_MAX];
static uint8_t form[MITOME_RECORD_MAX], form_again[MITOME_RECORD_MAX], space[MITOME_RECORD_MAX];

static const uint8_t id[] = { 1, 2, 3, 4 }, key[] = { 0xA0 }, handle[] = { 'u' }, hash[32] = { 9 };
static const uint8_t aaguid[16] = "mitome batch 001", object[] = { 0xA0 }, serial[] = { 0x12, 0x34 };
static const uint8_t issuer[] = { 0x30, 0x00 }, padded_serial[] = { 0, 0x12 };

/* ---- records ---- */

static struct mitome_record smallest(void)
{
        return (struct mitome_record){ .credential_id = SLICE(id),
                .public_key = SLICE(key),
                .rp_id = slice_text("example.org"),
                .created = 1800000000 };
}

static struct mitome_record full(void)
{
        struct mitome_record r = smallest();
        r.user_handle = SLICE(handle);
        r.sign_count = UINT32_MAX;
        r.backup_eligible = MITOME_ANSWER_YES;
        r.backed_up = r.uv_initialized = true;
        r.transports = MITOME_TRANSPORT_USB | MITOME_TRANSPORT_SMART_CARD | MITOME_TRANSPORT_INTERNAL;
        r.discoverable = MITOME_ANSWER_NO;
        r.cred_protect = 3;
        r.aaguid = SLICE(aaguid);
        r.format = slice_text("packed");
        r.trust = MITOME_TRUST_VERIFIED;
        r.attestation_object = SLICE(object);
        r.client_data_hash = SLICE(hash);
        memset(r.attestation_key_id, 0xAB, sizeof r.attestation_key_id);
        r.attestation_serial = SLICE(serial);
        r.attestation_issuer = SLICE(issuer);
        r.model_status = slice_text("FIDO_CERTIFIED_L1");
        r.certificate_serial = SLICE(serial);
        r.certificate_issuer = SLICE(issuer);
        r.certificate_not_after = 1900000000;
        r.last_used = 1800000001;
        r.standing = MITOME_STANDING_ATTENTION;
        r.standing_code = MITOME_E_MODEL_UNKNOWN;
        r.judged = 1800000002;
        return r;
}

static void assert_slices(slice a, slice b)
{
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data ? a.data : id, b.data ? b.data : id, a.size);
}

static void assert_same(const struct mitome_record *a, const struct mitome_record *b)
{
        assert_slices(a->credential_id, b->credential_id);
        assert_slices(a->public_key, b->public_key);
        assert_slices(a->rp_id, b->rp_id);
        assert_slices(a->user_handle, b->user_handle);
        assert_int_equal(a->sign_count, b->sign_count);
        assert_int_equal(a->backup_eligible, b->backup_eligible);
        assert_int_equal(a->backed_up, b->backed_up);
        assert_int_equal(a->uv_initialized, b->uv_initialized);
        assert_int_equal(a->transports, b->transports);
        assert_int_equal(a->discoverable, b->discoverable);
        assert_int_equal(a->cred_protect, b->cred_protect);
        assert_slices(a->aaguid, b->aaguid);
        assert_slices(a->format, b->format);
        assert_int_equal(a->trust, b->trust);
        assert_slices(a->attestation_object, b->attestation_object);
        assert_slices(a->client_data_hash, b->client_data_hash);
        assert_memory_equal(a->attestation_key_id, b->attestation_key_id, MITOME_RECORD_KEY_ID_SIZE);
        assert_slices(a->attestation_serial, b->attestation_serial);
        assert_slices(a->attestation_issuer, b->attestation_issuer);
        assert_slices(a->model_status, b->model_status);
        assert_slices(a->certificate_serial, b->certificate_serial);
        assert_slices(a->certificate_issuer, b->certificate_issuer);
        assert_int_equal(a->certificate_not_after, b->certificate_not_after);
        assert_int_equal(a->created, b->created);
        assert_int_equal(a->last_used, b->last_used);
        assert_int_equal(a->standing, b->standing);
        assert_int_equal(a->standing_code, b->standing_code);
        assert_int_equal(a->judged, b->judged);
}

/* ---- the two forms behind one face ---- */

static mitome_status read_json(slice json, struct mitome_record *ret, mitome_error *error)
{
        return mitome_record_read_json(json, space, sizeof space, ret, error);
}

typedef mitome_status write_form(const struct mitome_record *record, uint8_t *out, size_t capacity,
        mitome_slice *ret, mitome_error *error);
typedef mitome_status read_form(slice in, struct mitome_record *ret, mitome_error *error);

static const struct {
        write_form *write;
        read_form *read;
} forms[] = {
        { mitome_record_write_json, read_json },
        { mitome_record_write_cbor, mitome_record_read_cbor },
};

enum { FORMS = sizeof forms / sizeof forms[0] };

static void round_trip(const struct mitome_record *record)
{
        for (size_t i = 0; i < FORMS; i++) {
                struct mitome_record back;
                slice written, again;
                mitome_error error = { 0 };
                assert_int_equal(forms[i].write(record, form, sizeof form, &written, &error).code, MITOME_OK);
                mitome_status status = forms[i].read(written, &back, &error);
                if (failed(status))
                        print_error("form %zu: %d %s at %zu\n", i, status.code, error.field, error.at);
                assert_int_equal(status.code, MITOME_OK);
                assert_same(record, &back);
                assert_int_equal(
                        forms[i].write(&back, form_again, sizeof form_again, &again, &error).code, MITOME_OK);
                assert_slices(written, again);
        }
}

static void comes_back_as_it_was(void **state)
{
        (void)state;
        struct mitome_record record = smallest();
        round_trip(&record);
        record = full();
        round_trip(&record);
        record.rp_id = slice_text("\xE4\xBE\x8B\xE3\x81\x88.\"\\\n\x01");
        record.discoverable = MITOME_ANSWER_YES;
        record.backup_eligible = MITOME_ANSWER_UNKNOWN;
        record.created = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */
        round_trip(&record);
        record.backup_eligible = MITOME_ANSWER_NO;
        record.backed_up = false;
        record.created = 0;
        round_trip(&record);
        for (unsigned trust = MITOME_TRUST_NONE; trust <= MITOME_TRUST_VERIFIED; trust++) {
                record.trust = (enum mitome_trust_result)trust;
                round_trip(&record);
        }
        for (uint32_t bits = 0; bits < 0x40; bits++) {
                record.transports = bits;
                round_trip(&record);
        }
        record.standing = MITOME_STANDING_GOOD;
        record.standing_code = 0;
        round_trip(&record);
        record.standing = MITOME_STANDING_REVOKED;
        round_trip(&record);
}

/* The largest of every member: MITOME_RECORD_MAX bytes are enough in either form, and one byte less than what
 * it takes is not. */
static void the_largest_fits(void **state)
{
        (void)state;
        static uint8_t bytes[32768], control[256];
        memset(bytes, 0xFF, sizeof bytes);
        memset(control, 0x01, sizeof control); /* six characters each in JSON */
        struct mitome_record record = full();
        record.credential_id = slice_of(bytes, 1023);
        record.public_key = slice_of(bytes, 4096);
        record.rp_id = SLICE(control);
        record.user_handle = slice_of(bytes, 64);
        record.transports = 0x3F;
        record.format = slice_of(control, 32);
        record.attestation_object = SLICE(bytes);
        record.attestation_serial = record.certificate_serial = slice_of(bytes, 20);
        record.attestation_issuer = record.certificate_issuer = slice_of(bytes, 1024);
        record.model_status = slice_of(control, 64);
        record.certificate_not_after = record.created = record.last_used = record.judged =
                INT64_C(253402300799);
        record.standing_code = UINT16_MAX;
        round_trip(&record);
        for (size_t i = 0; i < FORMS; i++) {
                slice written, none = { 0 };
                assert_int_equal(forms[i].write(&record, form, sizeof form, &written, NULL).code, MITOME_OK);
                assert_int_equal(forms[i].write(&record, form, written.size - 1, &none, NULL).code,
                        MITOME_E_BUFFER_FULL);
                assert_null(none.data);
        }
}

/* ---- what is not written, because it would not be read ---- */

#define EDIT(name, statement)                     \
        static void name(struct mitome_record *r) \
        {                                         \
                statement;                        \
        }

static const uint8_t long_bytes[33000];
EDIT(no_id, r->credential_id = slice_of(NULL, 0))
EDIT(long_id, r->credential_id = slice_of(long_bytes, 1024))
EDIT(no_key, r->public_key = slice_of(NULL, 0))
EDIT(long_key, r->public_key = slice_of(long_bytes, 4097))
EDIT(no_rp, r->rp_id = slice_of(NULL, 0))
EDIT(rp_not_utf8, r->rp_id = slice_text("\xFF"))
EDIT(long_handle, r->user_handle = slice_of(long_bytes, 65))
EDIT(transport_of_no_kind, r->transports = 0x40)
EDIT(answer_of_no_kind, r->discoverable = (enum mitome_answer)3)
EDIT(protect_4, r->cred_protect = 4)
EDIT(short_aaguid, r->aaguid = slice_of(aaguid, 15))
EDIT(long_aaguid, r->aaguid = slice_of(long_bytes, 17))
EDIT(trust_of_no_kind, r->trust = (enum mitome_trust_result)4)
EDIT(long_object, r->attestation_object = slice_of(long_bytes, 32769))
EDIT(short_hash, r->client_data_hash = slice_of(hash, 31))
EDIT(zero_first, r->attestation_serial = SLICE(padded_serial))
EDIT(long_serial, r->certificate_serial = slice_of(aaguid, 21))
EDIT(before_time, r->created = -1)
EDIT(after_time, r->last_used = INT64_C(253402300800))
EDIT(standing_of_no_kind, r->standing = (enum mitome_standing_kind)4)
EDIT(large_code, r->standing_code = 65536)
/* 6.1.3: BS is set only with BE */
EDIT(backed_up_alone, (r->backup_eligible = MITOME_ANSWER_NO, r->backed_up = true))
EDIT(no_hash, r->client_data_hash = slice_of(NULL, 0))
EDIT(no_object, r->attestation_object = slice_of(NULL, 0))
EDIT(half_leaf, r->attestation_issuer = slice_of(NULL, 0))
EDIT(no_end, r->certificate_not_after = 0)
EDIT(no_issuer, r->certificate_issuer = slice_of(NULL, 0))
EDIT(no_serial, r->certificate_serial = slice_of(NULL, 0))
EDIT(not_judged, r->judged = 0)
EDIT(no_standing, (r->standing = MITOME_STANDING_NOT_JUDGED, r->standing_code = 0))
EDIT(good_with_reason, r->standing = MITOME_STANDING_GOOD)

static void is_not_written(void **state)
{
        (void)state;
        static const struct {
                void (*edit)(struct mitome_record *r);
                mitome_code code;
                const char *field;
        } cases[] = {
                { no_id, MITOME_E_MISSING, "record.credential_id_b64url" },
                { long_id, MITOME_E_TOO_LONG, "record.credential_id_b64url" },
                { no_key, MITOME_E_MISSING, "record.public_key_b64url" },
                { long_key, MITOME_E_TOO_LONG, "record.public_key_b64url" },
                { no_rp, MITOME_E_MISSING, "record.rp_id" },
                { rp_not_utf8, MITOME_E_UTF8, "record.rp_id" },
                { long_handle, MITOME_E_TOO_LONG, "record.user_handle_b64url" },
                { transport_of_no_kind, MITOME_E_VALUE, "record.transports" },
                { answer_of_no_kind, MITOME_E_VALUE, "record.discoverable" },
                { protect_4, MITOME_E_VALUE, "record.cred_protect" },
                { short_aaguid, MITOME_E_VALUE, "record.aaguid_b64url" },
                { long_aaguid, MITOME_E_TOO_LONG, "record.aaguid_b64url" },
                { trust_of_no_kind, MITOME_E_VALUE, "record.trust" },
                { long_object, MITOME_E_TOO_LONG, "record.attestation_object_b64url" },
                { short_hash, MITOME_E_VALUE, "record.client_data_hash_b64url" },
                { zero_first, MITOME_E_VALUE, "record.attestation_serial_b64url" },
                { long_serial, MITOME_E_TOO_LONG, "record.certificate_serial_b64url" },
                { before_time, MITOME_E_VALUE, "record.created" },
                { after_time, MITOME_E_VALUE, "record.last_used" },
                { standing_of_no_kind, MITOME_E_VALUE, "record.standing" },
                { large_code, MITOME_E_VALUE, "record.standing_code" },
                { backed_up_alone, MITOME_E_RECORD_CONTRADICTION, "record.backed_up" },
                { no_hash, MITOME_E_RECORD_CONTRADICTION, "record.attestation_object_b64url" },
                { no_object, MITOME_E_RECORD_CONTRADICTION, "record.attestation_object_b64url" },
                { half_leaf, MITOME_E_RECORD_CONTRADICTION, "record.attestation_serial_b64url" },
                { no_end, MITOME_E_RECORD_CONTRADICTION, "record.certificate_serial_b64url" },
                { no_issuer, MITOME_E_RECORD_CONTRADICTION, "record.certificate_serial_b64url" },
                { no_serial, MITOME_E_RECORD_CONTRADICTION, "record.certificate_serial_b64url" },
                { not_judged, MITOME_E_RECORD_CONTRADICTION, "record.standing" },
                { no_standing, MITOME_E_RECORD_CONTRADICTION, "record.standing" },
                { good_with_reason, MITOME_E_RECORD_CONTRADICTION, "record.standing_code" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (size_t f = 0; f < FORMS; f++) {
                        struct mitome_record record = full();
                        mitome_error error = { 0 };
                        slice none = { 0 };
                        cases[i].edit(&record);
                        assert_int_equal(forms[f].write(&record, form, sizeof form, &none, &error).code,
                                cases[i].code);
                        assert_string_equal(error.field, cases[i].field);
                        assert_null(none.data);
                }
}

/* ---- what is not read ---- */

static const char json_smallest[] = "{\"version\":1,\"minor\":0,\"credential_id_b64url\":\"AQIDBA\","
                                    "\"public_key_b64url\":\"oA\",\"rp_id\":\"example.org\",\"sign_count\":0,"
                                    "\"backed_up\":false,\"uv_initialized\":false,\"trust\":\"none\","
                                    "\"created\":1800000000}";

/* The smallest record with `from` replaced by `to`, once. */
static slice json_with(const char *from, const char *to)
{
        static char text[2048];
        const char *at = strstr(json_smallest, from);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - json_smallest), json_smallest, to,
                at + strlen(from));
        return slice_text(text);
}

static void writes_the_form_of_the_page(void **state)
{
        (void)state;
        struct mitome_record record = smallest();
        slice written;
        assert_int_equal(
                mitome_record_write_json(&record, form, sizeof form, &written, NULL).code, MITOME_OK);
        assert_true(slice_is(written, json_smallest));
        static const uint8_t cbor[] = { 0xAA, 1, 1, 2, 0, 3, 0x44, 1, 2, 3, 4, 4, 0x41, 0xA0, 5, 0x6B, 'e',
                'x', 'a', 'm', 'p', 'l', 'e', '.', 'o', 'r', 'g', 7, 0, 9, 0xF4, 10, 0xF4, 16, 0, 0x18, 26,
                0x1A, 0x6B, 0x49, 0xD2, 0x00 };
        assert_int_equal(
                mitome_record_write_cbor(&record, form, sizeof form, &written, NULL).code, MITOME_OK);
        assert_slices(written, SLICE(cbor));
}

static void json_that_is_refused(void **state)
{
        (void)state;
        static const struct {
                const char *from, *to;
                mitome_code code;
                const char *field;
        } cases[] = {
                { "\"version\":1", "\"version\":2", MITOME_E_RECORD_VERSION, "record.version" },
                { "\"version\":1", "\"version\":0", MITOME_E_RECORD_VERSION, "record.version" },
                { "\"version\":1", "\"version\":\"1\"", MITOME_E_JSON_TYPE, "record.version" },
                { "\"version\":1,", "", MITOME_E_MISSING, "record.version" },
                { "\"minor\":0,", "", MITOME_E_MISSING, "record.minor" },
                { "\"minor\":0", "\"minor\":-1", MITOME_E_VALUE, "record.minor" },
                { "\"minor\":0", "\"minor\":65536", MITOME_E_VALUE, "record.minor" },
                { "\"minor\":0", "\"minor\":0,\"colour\":1", MITOME_E_RECORD_MEMBER, "record" },
                { "\"minor\":0", "\"minor\":0,\"minor\":1", MITOME_E_JSON_DUPLICATE_NAME, "record" },
                { "\"minor\":0", "\"minor\":0,\"rp_id\":\"a\"", MITOME_E_JSON_DUPLICATE_NAME, "record" },
                { "AQIDBA", "", MITOME_E_VALUE, "record.credential_id_b64url" },
                { "AQIDBA", "AQIDBA==", MITOME_E_BASE64URL, "record.credential_id_b64url" },
                { "\"AQIDBA\"", "null", MITOME_E_JSON_TYPE, "record.credential_id_b64url" },
                { "\"credential_id_b64url\":\"AQIDBA\",", "", MITOME_E_MISSING,
                        "record.credential_id_b64url" },
                { "\"public_key_b64url\":\"oA\",", "", MITOME_E_MISSING, "record.public_key_b64url" },
                { "\"rp_id\":\"example.org\",", "", MITOME_E_MISSING, "record.rp_id" },
                { "example.org", "", MITOME_E_VALUE, "record.rp_id" },
                { "\"sign_count\":0,", "", MITOME_E_MISSING, "record.sign_count" },
                { "\"sign_count\":0", "\"sign_count\":4294967296", MITOME_E_VALUE, "record.sign_count" },
                { "\"sign_count\":0", "\"sign_count\":-1", MITOME_E_VALUE, "record.sign_count" },
                { "\"sign_count\":0", "\"sign_count\":1.0", MITOME_E_JSON_NUMBER, "record.sign_count" },
                { "\"backed_up\":false,", "", MITOME_E_MISSING, "record.backed_up" },
                { "\"backed_up\":false", "\"backed_up\":0", MITOME_E_JSON_TYPE, "record.backed_up" },
                { "\"uv_initialized\":false,", "", MITOME_E_MISSING, "record.uv_initialized" },
                { "\"trust\":\"none\",", "", MITOME_E_MISSING, "record.trust" },
                { "\"none\"", "\"None\"", MITOME_E_VALUE, "record.trust" },
                { "\"none\"", "0", MITOME_E_JSON_TYPE, "record.trust" },
                { ",\"created\":1800000000", "", MITOME_E_MISSING, "record.created" },
                { "1800000000", "253402300800", MITOME_E_VALUE, "record.created" },
                { "1800000000", "\"2027-01-15T08:00:00Z\"", MITOME_E_JSON_TYPE, "record.created" },
                { "1800000000", "1800000000,\"last_used\":0", MITOME_E_VALUE, "record.last_used" },
                { "1800000000", "1800000000,\"standing_code\":0", MITOME_E_VALUE, "record.standing_code" },
                { "1800000000", "1800000000,\"standing\":\"good\"", MITOME_E_RECORD_CONTRADICTION,
                        "record.standing" },
                { "1800000000", "1800000000,\"judged\":5", MITOME_E_RECORD_CONTRADICTION, "record.standing" },
                { "1800000000", "1800000000,\"standing\":\"bad\"", MITOME_E_VALUE, "record.standing" },
                { "1800000000", "1800000000,\"cred_protect\":0", MITOME_E_VALUE, "record.cred_protect" },
                { "1800000000", "1800000000,\"user_handle_b64url\":\"\"", MITOME_E_VALUE,
                        "record.user_handle_b64url" },
                { "1800000000", "1800000000,\"transports\":[]", MITOME_E_VALUE, "record.transports" },
                { "1800000000", "1800000000,\"transports\":[\"usb\",\"usb\"]", MITOME_E_VALUE,
                        "record.transports" },
                { "1800000000", "1800000000,\"transports\":[\"infrared\"]", MITOME_E_VALUE,
                        "record.transports" },
                { "1800000000", "1800000000,\"transports\":\"usb\"", MITOME_E_JSON_TYPE,
                        "record.transports" },
                { "1800000000", "1800000000,\"discoverable\":null", MITOME_E_JSON_TYPE,
                        "record.discoverable" },
                { "1800000000", "1800000000,\"attestation_key_id_b64url\":\"AQ\"", MITOME_E_VALUE,
                        "record.attestation_key_id_b64url" },
                { "1800000000", "1800000000,\"attestation_key_id_b64url\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
                        MITOME_E_VALUE, "record.attestation_key_id_b64url" },
                { "1800000000", "1800000000,\"certificate_serial_b64url\":\"ABI\"", MITOME_E_VALUE,
                        "record.certificate_serial_b64url" },
                { "1800000000", "1800000000,\"certificate_serial_b64url\":\"Eg\"",
                        MITOME_E_RECORD_CONTRADICTION, "record.certificate_serial_b64url" },
                { "1800000000}", "1800000000,}", MITOME_E_JSON_SYNTAX, "record" },
                { "1800000000}", "1800000000}}", MITOME_E_TRAILING_BYTES, "record" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_record record = { .sign_count = 7 };
                mitome_error error = { 0 };
                mitome_status status = read_json(json_with(cases[i].from, cases[i].to), &record, &error);
                if (status.code != cases[i].code)
                        print_error("case %zu: %d %s\n", i, status.code, error.field);
                assert_int_equal(status.code, cases[i].code);
                assert_string_equal(error.field, cases[i].field);
                assert_string_equal(error.clause, "docs/record.md");
                assert_int_equal(record.sign_count, 7); /* left alone */
        }
}

/* Members come in any order in JSON, with white space around. */
static void json_in_any_order(void **state)
{
        (void)state;
        static const char text[] =
                " { \"created\" : 1800000000 ,\"trust\":\"none\", \"uv_initialized\":false,"
                "\"backed_up\":false,\n\"sign_count\":0,\"rp\\u005fid\":\"example.org\","
                "\"public_key_b64url\":\"oA\",\"credential_id_b64url\":\"AQIDBA\","
                "\"minor\":0,\"version\":1} ";
        struct mitome_record record, wanted = smallest();
        assert_int_equal(read_json(slice_text(text), &record, NULL).code, MITOME_OK);
        assert_same(&record, &wanted);
}

/* A higher minor version adds members; this reader passes over them. */
static void reads_a_higher_minor_version(void **state)
{
        (void)state;
        struct mitome_record record, wanted = smallest();
        slice json = json_with("\"minor\":0", "\"colour\":{\"a\":[1.5,null]},\"minor\":1");
        assert_int_equal(read_json(json, &record, NULL).code, MITOME_OK);
        assert_same(&record, &wanted);

        slice written;
        static uint8_t cbor[256];
        assert_int_equal(
                mitome_record_write_cbor(&wanted, cbor, sizeof cbor - 2, &written, NULL).code, MITOME_OK);
        cbor[0]++;
        cbor[written.size] = 0x18; /* key 31, value true */
        cbor[written.size + 1] = 31;
        cbor[written.size + 2] = 0xF5;
        mitome_error error = { 0 };
        assert_int_equal(mitome_record_read_cbor(slice_of(cbor, written.size + 3), &record, &error).code,
                MITOME_E_RECORD_MEMBER);
        assert_int_equal(error.at, written.size);
        cbor[4] = 1; /* minor */
        assert_int_equal(
                mitome_record_read_cbor(slice_of(cbor, written.size + 3), &record, NULL).code, MITOME_OK);
        assert_same(&record, &wanted);
        cbor[2] = 2; /* version */
        error = (mitome_error){ 0 };
        assert_int_equal(mitome_record_read_cbor(slice_of(cbor, written.size + 3), &record, &error).code,
                MITOME_E_RECORD_VERSION);
        assert_int_equal(error.at, 2);
}

static void cbor_that_is_refused(void **state)
{
        (void)state;
        static const struct {
                uint8_t bytes[40];
                size_t size;
                mitome_code code;
                const char *field;
        } cases[] = {
                { { 0x80 }, 1, MITOME_E_CBOR_TYPE, "record" },
                { { 0xA0 }, 1, MITOME_E_MISSING, "record.version" },
                { { 0xA1, 2, 0 }, 3, MITOME_E_MISSING, "record.version" },
                { { 0xA1, 1, 1 }, 3, MITOME_E_MISSING, "record.minor" },
                { { 0xA1, 1, 0x61, '1' }, 4, MITOME_E_CBOR_TYPE, "record.version" },
                { { 0xA2, 1, 1, 3, 0x41, 1 }, 6, MITOME_E_MISSING, "record.minor" },
                { { 0xA2, 1, 1, 2, 0 }, 5, MITOME_E_MISSING, "record.credential_id_b64url" },
                { { 0xA2, 2, 0, 1, 1 }, 5, MITOME_E_MISSING, "record.version" },
                { { 0xA3, 1, 1, 2, 0, 0x61, 'a', 0 }, 8, MITOME_E_RECORD_MEMBER, "record" },
                { { 0xA3, 1, 1, 2, 0, 0x20, 0 }, 7, MITOME_E_RECORD_MEMBER, "record" },
                { { 0xA3, 1, 1, 2, 0, 0, 0 }, 7, MITOME_E_CBOR_KEY_ORDER, "record" },
                { { 0xA3, 1, 1, 2, 0, 2, 0 }, 7, MITOME_E_CBOR_DUPLICATE_KEY, "record" },
                { { 0xA3, 1, 1, 2, 0, 3, 0x40 }, 7, MITOME_E_VALUE, "record.credential_id_b64url" },
                { { 0xA3, 1, 1, 2, 0, 3, 0x61, 'a' }, 8, MITOME_E_CBOR_TYPE, "record.credential_id_b64url" },
                { { 0xA3, 1, 1, 2, 0, 5, 0x61, 0xFF }, 8, MITOME_E_UTF8, "record.rp_id" },
                { { 0xA3, 1, 1, 2, 0, 8, 0xF6 }, 7, MITOME_E_CBOR_TYPE, "record.backup_eligible" },
                { { 0xA3, 1, 1, 2, 0, 11, 0 }, 7, MITOME_E_VALUE, "record.transports" },
                { { 0xA3, 1, 1, 2, 0, 11, 0x18, 0x40 }, 8, MITOME_E_VALUE, "record.transports" },
                { { 0xA3, 1, 1, 2, 0, 16, 4 }, 7, MITOME_E_VALUE, "record.trust" },
                { { 0xA3, 1, 1, 2, 0, 19, 0x41, 1 }, 8, MITOME_E_VALUE, "record.attestation_key_id_b64url" },
                { { 0xA3, 1, 1, 2, 0, 0x18, 26, 0x20 }, 8, MITOME_E_CBOR_TYPE, "record.created" },
                { { 0xA3, 1, 1, 2, 0, 0x18, 28, 0 }, 8, MITOME_E_VALUE, "record.standing" },
                { { 0xA3, 1, 1, 2, 0, 0x18, 28, 4 }, 8, MITOME_E_VALUE, "record.standing" },
                { { 0xB8, 61 }, 2, MITOME_E_TOO_MANY, "record" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct mitome_record record = { .sign_count = 7 };
                mitome_error error = { 0 };
                mitome_status status =
                        mitome_record_read_cbor(slice_of(cases[i].bytes, cases[i].size), &record, &error);
                if (status.code != cases[i].code)
                        print_error("case %zu: %d %s\n", i, status.code, error.field);
                assert_int_equal(status.code, cases[i].code);
                assert_string_equal(error.field, cases[i].field);
                assert_int_equal(record.sign_count, 7);
        }
}

/* Cut anywhere, a record is none; with a byte behind it neither. */
static void is_refused_at_every_truncation(void **state)
{
        (void)state;
        struct mitome_record record = full(), back;
        for (size_t i = 0; i < FORMS; i++) {
                slice written;
                assert_int_equal(forms[i].write(&record, form, sizeof form, &written, NULL).code, MITOME_OK);
                for (size_t size = 0; size < written.size; size++) {
                        /* on the heap, so that a reader that goes too far is seen */
                        uint8_t *cut = test_malloc(size ? size : 1);
                        memcpy(cut, written.data, size);
                        mitome_error error = { 0 };
                        assert_int_not_equal(
                                forms[i].read(slice_of(cut, size), &back, &error).code, MITOME_OK);
                        assert_int_not_equal(error.code, MITOME_OK);
                        test_free(cut);
                }
                form[written.size] = 0;
                assert_int_equal(forms[i].read(slice_of(form, written.size + 1), &back, NULL).code,
                        MITOME_E_TRAILING_BYTES);
        }
}

/* A change of one bit is refused, or makes another record, which comes back as that; only "minor" says
 * nothing of the credential. */
static void every_bit_means_something(void **state)
{
        (void)state;
        const struct mitome_record record = full();
        static uint8_t changed[MITOME_RECORD_MAX], kept[MITOME_RECORD_MAX];
        for (size_t i = 0; i < FORMS; i++) {
                slice original, again;
                size_t without_effect = 0;
                assert_int_equal(
                        forms[i].write(&record, changed, sizeof changed, &original, NULL).code, MITOME_OK);
                for (size_t at = 0; at < original.size * 8; at++) {
                        struct mitome_record back;
                        changed[at / 8] ^= (uint8_t)(1u << at % 8);
                        mitome_status status =
                                i == 0 ? mitome_record_read_json(original, kept, sizeof kept, &back, NULL)
                                       : mitome_record_read_cbor(original, &back, NULL);
                        if (!failed(status)) {
                                round_trip(&back);
                                assert_int_equal(forms[i].write(&back, form, sizeof form, &again, NULL).code,
                                        MITOME_OK);
                        }
                        changed[at / 8] ^= (uint8_t)(1u << at % 8);
                        without_effect += !failed(status) && slice_equal(again, original);
                }
                /* 0 becomes 1, 2, 4, 8 as a digit; 1, 2, 4, 8, 16 as a byte */
                assert_int_equal(without_effect, i == 0 ? 4 : 5);
        }
}

/* JSON needs no more room than it has bytes, and says so when there is less. */
static void a_small_buffer_is_refused(void **state)
{
        (void)state;
        struct mitome_record record = full(), back;
        slice written;
        assert_int_equal(
                mitome_record_write_json(&record, form, sizeof form, &written, NULL).code, MITOME_OK);
        uint8_t *exact = test_malloc(written.size);
        assert_int_equal(mitome_record_read_json(written, exact, written.size, &back, NULL).code, MITOME_OK);
        assert_same(&record, &back);
        for (size_t size = 0; size < 64; size++)
                assert_int_equal(mitome_record_read_json(written, exact, size, &back, NULL).code,
                        MITOME_E_BUFFER_FULL);
        test_free(exact);
}

/* ---- registration ---- */

static struct mitome_verdict registered(const struct rig_plan *plan, struct mitome_trust *trust)
{
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        struct mitome_verdict verdict;
        rig_build(&rig, plan, &built);
        assert_int_equal(mitome_verify_registration(NULL, &policy, &expected, rig_json(&built), trust,
                                 RIG_NOW, buffer, sizeof buffer, &verdict, NULL)
                                 .code,
                MITOME_OK);
        return verdict;
}

/* The same, with the client's extension results as given. */
static struct mitome_verdict registered_with(const struct rig_plan *plan, const char *results)
{
        static const char none[] = "\"clientExtensionResults\":{}";
        static char text[sizeof built.json + 256];
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        struct mitome_verdict verdict;
        rig_build(&rig, plan, &built);
        built.json[built.json_size] = '\0';
        const char *json = (const char *)built.json, *at = strstr(json, none);
        assert_non_null(at);
        int size = snprintf(text, sizeof text, "%.*s\"clientExtensionResults\":%s%s", (int)(at - json), json,
                results, at + sizeof none - 1);
        assert_int_equal(mitome_verify_registration(NULL, &policy, &expected, slice_of(text, (size_t)size),
                                 NULL, RIG_NOW, buffer, sizeof buffer, &verdict, NULL)
                                 .code,
                MITOME_OK);
        return verdict;
}

static struct mitome_record record_of(
        const struct mitome_verdict *verdict, const struct mitome_record_facts *facts)
{
        const struct mitome_expectation expected = rig_expectation(&rig);
        struct mitome_record record;
        mitome_error error = { 0 };
        mitome_status status =
                mitome_record_from_registration(verdict, &expected, facts, RIG_NOW, &record, &error);
        if (failed(status))
                print_error("%d %s\n", status.code, error.field);
        assert_int_equal(status.code, MITOME_OK);
        round_trip(&record);
        return record;
}

static void a_registration_leaves_its_record(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct mitome_trust *trust;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(
                mitome_trust_add_anchor(trust, slice_of(rig.ca_der, rig.ca_der_size), NULL).code, MITOME_OK);
        plan.flags |= AUTHDATA_BE;
        struct mitome_verdict verdict = registered(&plan, trust);
        struct mitome_record record = record_of(&verdict, NULL);
        assert_slices(record.credential_id, SLICE(rig.credential_id));
        assert_slices(record.public_key, slice_of(built.public_key, built.public_key_size));
        assert_true(slice_is(record.rp_id, "example.org"));
        assert_int_equal(record.user_handle.size, 0);
        assert_int_equal(record.sign_count, 1);
        assert_int_equal(record.backup_eligible, MITOME_ANSWER_YES);
        assert_false(record.backed_up);
        assert_true(record.uv_initialized);
        assert_int_equal(record.transports, 0);
        assert_int_equal(record.discoverable, MITOME_ANSWER_UNKNOWN);
        assert_int_equal(record.cred_protect, 0);
        assert_slices(record.aaguid, SLICE(aaguid));
        assert_true(slice_is(record.format, "packed"));
        assert_int_equal(record.trust, MITOME_TRUST_VERIFIED);
        assert_int_equal(record.attestation_object.size, 0);
        assert_int_equal(record.created, RIG_NOW);
        assert_int_equal(record.last_used, 0);
        assert_int_equal(record.standing, MITOME_STANDING_NOT_JUDGED);
        mitome_trust_free(trust);
}

/* RFC 5280 4.2.1.2 (1), against OpenSSL's own reading of the certificate. */
static void remembers_the_attestation_certificate(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        struct mitome_record record = record_of(&verdict, NULL);
        const unsigned char *der = built.leaf;
        X509 *leaf = d2i_X509(NULL, &der, (long)built.leaf_size);
        unsigned char digest[EVP_MAX_MD_SIZE], *name = NULL;
        unsigned size;
        assert_int_equal(X509_pubkey_digest(leaf, EVP_sha1(), digest, &size), 1);
        assert_memory_equal(record.attestation_key_id, digest, MITOME_RECORD_KEY_ID_SIZE);
        int length = i2d_X509_NAME(X509_get_issuer_name(leaf), &name);
        assert_slices(record.attestation_issuer, slice_of(name, (size_t)length));
        BIGNUM *number = BN_bin2bn(record.attestation_serial.data, (int)record.attestation_serial.size, NULL);
        BIGNUM *wanted = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf), NULL);
        assert_int_equal(BN_cmp(number, wanted), 0);
        BN_free(number);
        BN_free(wanted);
        OPENSSL_free(name);
        X509_free(leaf);

        plan.attestation = RIG_SELF;
        verdict = registered(&plan, NULL);
        record = record_of(&verdict, NULL);
        assert_int_equal(record.attestation_serial.size, 0);
        assert_int_equal(record.attestation_key_id[0] | record.attestation_key_id[19], 0);
        assert_int_equal(record.trust, MITOME_TRUST_SELF);
}

/* With both, the attestation can be verified again. */
static void keeps_the_attestation_when_asked(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        const struct mitome_record_facts facts = { .keep_attestation = true };
        struct mitome_record record = record_of(&verdict, &facts);
        uint8_t digest[SHA256_SIZE];
        slice client_data = slice_of(built.client_data, built.client_data_size);
        sha256(&client_data, 1, digest);
        assert_slices(record.attestation_object, slice_of(built.object, built.object_size));
        assert_slices(record.client_data_hash, SLICE(digest));
}

/* WebAuthn L3 5.2.1: transports; 10.1.3: credProps.rk. */
static void keeps_what_the_browser_said(void **state)
{
        (void)state;
        static const struct {
                const char *inner, *results;
                uint32_t transports;
                enum mitome_answer discoverable;
        } cases[] = {
                { "", "{}", 0, MITOME_ANSWER_UNKNOWN },
                { ",\"transports\":[\"usb\",\"hybrid\",\"infrared\",7]", "{\"credProps\":{\"rk\":true}}",
                        MITOME_TRANSPORT_USB | MITOME_TRANSPORT_HYBRID, MITOME_ANSWER_YES },
                { ",\"transports\":[\"nfc\",\"nfc\",\"ble\",\"smart-card\",\"internal\"]",
                        "{\"credProps\":{\"rk\":false,\"x\":1},\"y\":[]}",
                        MITOME_TRANSPORT_NFC | MITOME_TRANSPORT_BLE | MITOME_TRANSPORT_SMART_CARD |
                                MITOME_TRANSPORT_INTERNAL,
                        MITOME_ANSWER_NO },
                /* not of their form: they say nothing */
                { ",\"transports\":\"usb\"", "{\"credProps\":true}", 0, MITOME_ANSWER_UNKNOWN },
                { ",\"transports\":null", "{\"credProps\":{\"rk\":1}}", 0, MITOME_ANSWER_UNKNOWN },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.inner_members = cases[i].inner;
                struct mitome_verdict verdict = registered_with(&plan, cases[i].results);
                const struct mitome_record_facts facts = { .response_json = rig_json(&built),
                        .user_handle = SLICE(handle) };
                struct mitome_record record = record_of(&verdict, &facts);
                assert_int_equal(record.transports, cases[i].transports);
                assert_int_equal(record.discoverable, cases[i].discoverable);
                assert_slices(record.user_handle, SLICE(handle));
        }
}

/* FIDO Metadata Service 3.1.4: what was known of the model on that day. */
static void keeps_the_status_of_the_model(void **state)
{
        (void)state;
        const struct mitome_metadata_entry entry = { .status = MITOME_STATUS_FIDO_CERTIFIED_L2 };
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        assert_int_equal(record_of(&verdict, NULL).model_status.size, 0);
        verdict.metadata = &entry;
        assert_true(slice_is(record_of(&verdict, NULL).model_status, "FIDO_CERTIFIED_L2"));
}

static mitome_status record_with(const struct mitome_verdict *verdict,
        const struct mitome_record_facts *facts, int64_t now, mitome_error *error)
{
        const struct mitome_expectation expected = rig_expectation(&rig);
        struct mitome_record record;
        *error = (mitome_error){ 0 };
        return mitome_record_from_registration(verdict, &expected, facts, now, &record, error);
}

static void makes_no_record_of(void **state)
{
        (void)state;
        const struct mitome_verdict nothing = { 0 };
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        struct mitome_record_facts facts = { .response_json = slice_text("{") };
        mitome_error error;
        assert_int_equal(record_with(&nothing, NULL, RIG_NOW, &error).code, MITOME_E_ARGUMENT);
        assert_int_equal(record_with(&verdict, &facts, RIG_NOW, &error).code, MITOME_E_INPUT_ENDS);
        facts.response_json = slice_text("{}x");
        assert_int_equal(record_with(&verdict, &facts, RIG_NOW, &error).code, MITOME_E_TRAILING_BYTES);
        facts = (struct mitome_record_facts){ .user_handle = slice_of(long_bytes, 65) };
        assert_int_equal(record_with(&verdict, &facts, RIG_NOW, &error).code, MITOME_E_TOO_LONG);
        assert_string_equal(error.field, "record.user_handle_b64url");
        assert_int_equal(record_with(&verdict, NULL, -1, &error).code, MITOME_E_VALUE);
        assert_string_equal(error.field, "record.created");
        /* all was read, and in the end not believed */
        verdict.steps[verdict.step_count - 1].outcome = MITOME_STEP_FAILED;
        assert_int_equal(record_with(&verdict, NULL, RIG_NOW, &error).code, MITOME_E_ARGUMENT);
}

/* CTAP 2.1, 12.1: the level that the credential has. */
static void keeps_the_protection(void **state)
{
        (void)state;
        static const uint8_t extensions[] = { 0xA2, 0x61, 'x', 0x80, 0x6B, 'c', 'r', 'e', 'd', 'P', 'r', 'o',
                't', 'e', 'c', 't', 0x03 };
        struct rig_plan plan = rig_registration_plan();
        plan.flags |= AUTHDATA_ED;
        plan.extensions = SLICE(extensions);
        struct mitome_verdict verdict = registered(&plan, NULL);
        assert_int_equal(record_of(&verdict, NULL).cred_protect, 3);
}

static void keeps_the_certificate(void **state)
{
        (void)state;
        const struct mitome_binding binding = {
                .serial = SLICE(serial), .issuer = SLICE(issuer), .not_after = 1900000000
        };
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        const struct mitome_record_facts facts = { .binding = &binding };
        struct mitome_record record = record_of(&verdict, &facts);
        struct mitome_credential credential = mitome_record_credential(&record);
        assert_slices(credential.certificate_serial, SLICE(serial));
        assert_slices(credential.certificate_issuer, SLICE(issuer));
        assert_int_equal(credential.certificate_not_after, 1900000000);
        verdict.certificate = binding; /* of a mitome-jpki registration */
        record = record_of(&verdict, NULL);
        assert_slices(record.certificate_serial, SLICE(serial));
}

/* ---- logins ---- */

static mitome_status log_in(
        const struct mitome_record *record, const struct rig_plan *plan, struct mitome_verdict *verdict)
{
        static struct rig_response login;
        const struct mitome_policy policy = { 0 };
        const struct mitome_expectation expected = rig_expectation(&rig);
        const struct mitome_credential credential = mitome_record_credential(record);
        rig_build(&rig, plan, &login);
        return mitome_verify_authentication(NULL, &policy, &expected, rig_json(&login), &credential, NULL,
                RIG_NOW, login_buffer, sizeof login_buffer, verdict, NULL);
}

/* From registration through storage to a login. */
static void a_stored_record_verifies_a_login(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        plan.flags = AUTHDATA_UP | AUTHDATA_AT | AUTHDATA_BE;
        struct mitome_verdict verdict = registered(&plan, NULL);
        struct mitome_record made = record_of(&verdict, NULL), record;
        slice written;
        assert_int_equal(mitome_record_write_json(&made, form, sizeof form, &written, NULL).code, MITOME_OK);
        assert_int_equal(read_json(written, &record, NULL).code, MITOME_OK);

        plan = rig_authentication_plan();
        plan.flags |= AUTHDATA_BE | AUTHDATA_BS;
        plan.user_handle = NULL;
        assert_int_equal(log_in(&record, &plan, &verdict).code, MITOME_OK);
        assert_int_equal(mitome_record_after_login(&record, &verdict, MITOME_UV_KEEP, RIG_NOW + 1, NULL).code,
                MITOME_OK);
        assert_int_equal(record.sign_count, 7);
        assert_true(record.backed_up);
        assert_int_equal(record.last_used, RIG_NOW + 1);
        assert_int_equal(record.created, RIG_NOW);
        round_trip(&record);

        /* #24: "This change SHOULD require authorization by an additional authentication factor" */
        assert_false(record.uv_initialized);
        assert_int_equal(
                mitome_record_after_login(&record, &verdict, MITOME_UV_AUTHORIZED, RIG_NOW + 1, NULL).code,
                MITOME_OK);
        assert_true(record.uv_initialized);

        /* a copy, with an older counter and without UV: nothing goes back */
        plan.sign_count = 3;
        plan.flags = AUTHDATA_UP | AUTHDATA_BE;
        assert_int_equal(log_in(&record, &plan, &verdict).code, MITOME_OK);
        assert_true(verdict.clone_suspected);
        assert_int_equal(
                mitome_record_after_login(&record, &verdict, MITOME_UV_AUTHORIZED, RIG_NOW + 2, NULL).code,
                MITOME_OK);
        assert_int_equal(record.sign_count, 7);
        assert_true(record.uv_initialized);
        assert_false(record.backed_up);

        /* 7.2 #19: BE is what the record says it was */
        plan.flags = AUTHDATA_UP;
        assert_int_equal(log_in(&record, &plan, &verdict).code, MITOME_E_BACKUP_ELIGIBILITY);
}

static void learns_backup_eligibility_once(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        struct mitome_record record = record_of(&verdict, NULL);
        record.backup_eligible = MITOME_ANSWER_UNKNOWN; /* kept before BE was */
        plan = rig_authentication_plan();
        plan.user_handle = NULL;
        plan.flags |= AUTHDATA_BE;
        assert_int_equal(log_in(&record, &plan, &verdict).code, MITOME_OK);
        assert_int_equal(
                mitome_record_after_login(&record, &verdict, MITOME_UV_KEEP, RIG_NOW, NULL).code, MITOME_OK);
        assert_int_equal(record.backup_eligible, MITOME_ANSWER_YES);
        plan.flags &= (uint8_t)~AUTHDATA_BE;
        assert_int_equal(log_in(&record, &plan, &verdict).code, MITOME_E_BACKUP_ELIGIBILITY);
}

/* Whoever does not look at the status must not have the counter run away by a login that was refused. */
static void a_refused_login_changes_nothing(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct mitome_verdict verdict = registered(&plan, NULL);
        struct mitome_record record = record_of(&verdict, NULL), before = record;
        plan = rig_authentication_plan();
        plan.user_handle = NULL;
        plan.sign_count = UINT32_MAX;
        plan.spoil_signature = true;
        assert_int_equal(log_in(&record, &plan, &verdict).code, MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(verdict.sign_count, UINT32_MAX);
        assert_int_equal(
                mitome_record_after_login(&record, &verdict, MITOME_UV_AUTHORIZED, RIG_NOW, NULL).code,
                MITOME_E_ARGUMENT);
        assert_int_equal(record.sign_count, before.sign_count);
        assert_int_equal(record.last_used, before.last_used);
}

static void a_login_of_another_changes_nothing(void **state)
{
        (void)state;
        struct mitome_record record = full(), before = record;
        struct mitome_verdict verdict = {
                .credential_id = SLICE(id), .auth_data = SLICE(hash), .sign_count = UINT32_MAX
        };
        mitome_error error = { 0 };
        verdict.credential_id = SLICE(hash);
        assert_int_equal(mitome_record_after_login(&record, &verdict, MITOME_UV_AUTHORIZED, 5, &error).code,
                MITOME_E_ARGUMENT);
        assert_string_equal(error.clause, "WebAuthn L3 7.2 #24");
        verdict.credential_id = SLICE(id);
        assert_int_equal(mitome_record_after_login(&record, &verdict, MITOME_UV_AUTHORIZED, 0, NULL).code,
                MITOME_E_ARGUMENT);
        assert_int_equal(mitome_record_after_login(
                                 &record, &verdict, MITOME_UV_AUTHORIZED, INT64_C(253402300800), NULL)
                                 .code,
                MITOME_E_ARGUMENT);
        verdict.auth_data.size = 0;
        assert_int_equal(mitome_record_after_login(&record, &verdict, MITOME_UV_AUTHORIZED, 5, NULL).code,
                MITOME_E_ARGUMENT);
        assert_same(&record, &before);
}

static int open_rig(void **state)
{
        (void)state;
        rig_open(&rig);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(comes_back_as_it_was),
                cmocka_unit_test(the_largest_fits),
                cmocka_unit_test(is_not_written),
                cmocka_unit_test(writes_the_form_of_the_page),
                cmocka_unit_test(json_that_is_refused),
                cmocka_unit_test(json_in_any_order),
                cmocka_unit_test(reads_a_higher_minor_version),
                cmocka_unit_test(cbor_that_is_refused),
                cmocka_unit_test(is_refused_at_every_truncation),
                cmocka_unit_test(every_bit_means_something),
                cmocka_unit_test(a_small_buffer_is_refused),
                cmocka_unit_test(a_registration_leaves_its_record),
                cmocka_unit_test(remembers_the_attestation_certificate),
                cmocka_unit_test(keeps_the_attestation_when_asked),
                cmocka_unit_test(keeps_what_the_browser_said),
                cmocka_unit_test(keeps_the_status_of_the_model),
                cmocka_unit_test(makes_no_record_of),
                cmocka_unit_test(a_refused_login_changes_nothing),
                cmocka_unit_test(keeps_the_protection),
                cmocka_unit_test(keeps_the_certificate),
                cmocka_unit_test(a_stored_record_verifies_a_login),
                cmocka_unit_test(learns_backup_eligibility_once),
                cmocka_unit_test(a_login_of_another_changes_nothing),
        };
        return cmocka_run_group_tests(tests, open_rig, close_rig);
}
