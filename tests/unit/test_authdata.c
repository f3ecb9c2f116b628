/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticator data: WebAuthn L3 6.1, attested credential data: 6.5.1. */
#include "transcribe.h"

#include "authdata.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum {
        INPUT_MAX = 2048,
        HEAD = 37,                           /* rpIdHash, flags, signCount */
        ID_AT = HEAD + AUTHDATA_AAGUID_SIZE, /* credentialIdLength */
        ID_SIZE = 20,
        KEY_AT = ID_AT + 2 + ID_SIZE,
};

#define KEY                                                                        \
        "a5 01 02 03 26 20 01 21 5820"                                             \
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6 22 5820" \
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define EXTENSIONS "a2 6a6d69746f6d652d6f6e65 f5 6a6d69746f6d652d74776f 8101"

static const uint8_t rp_id_hash[32] = { 0xA1, 0xA2, [31] = 0xAF };
static const uint8_t aaguid[AUTHDATA_AAGUID_SIZE] = { 0xB1, [15] = 0xBF };
static const uint8_t ids[AUTHDATA_CREDENTIAL_ID_MAX + 1] = { 0xC1, 0xC2 };

/* Which parts an input has, whatever its flags say. */
struct parts {
        uint8_t flags;
        bool attested;
        size_t id_size;
        const char *key;
        const char *extensions; /* NULL: none */
        const char *behind;     /* NULL: nothing */
};

static void write_hex(writer *w, const char *hex)
{
        uint8_t buffer[INPUT_MAX];
        write_slice(w, hex_decode(hex ? hex : "", buffer, sizeof buffer));
}

static slice build(const struct parts *parts, uint8_t buffer[INPUT_MAX])
{
        writer w = writer_over(buffer, INPUT_MAX);
        write_slice(&w, SLICE(rp_id_hash));
        write_u8(&w, parts->flags);
        write_u32(&w, 0x01020304);
        if (parts->attested) {
                write_slice(&w, SLICE(aaguid));
                write_u16(&w, (uint16_t)parts->id_size);
                write_slice(&w, slice_of(ids, parts->id_size));
                write_hex(&w, parts->key);
        }
        write_hex(&w, parts->extensions);
        write_hex(&w, parts->behind);
        assert_false(w.overflowed);
        return writer_view(&w);
}

static mitome_code judge(slice input, struct authdata *ret, mitome_error *error)
{
        *error = (mitome_error){ 0 };
        mitome_status status = authdata_read(input, ret, error);
        assert_int_equal(error->code, status.code);
        if (failed(status)) {
                assert_non_null(error->field);
                assert_non_null(error->clause);
                assert_true(error->at <= input.size);
        }
        return status.code;
}

static void assert_written_again(const struct authdata *data, slice input)
{
        uint8_t buffer[INPUT_MAX];
        writer w = WRITER(buffer);
        slice written;
        authdata_write(&w, data);
        assert_int_equal(writer_finish(&w, "authData", &written, NULL).code, MITOME_OK);
        assert_true(slice_equal(written, input));
}

static void reads_every_part(void **state)
{
        (void)state;
        uint8_t buffer[INPUT_MAX], expected[INPUT_MAX];
        const struct parts parts = { AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT | AUTHDATA_ED, true, ID_SIZE,
                KEY, EXTENSIONS, NULL };
        slice input = build(&parts, buffer);
        struct authdata data;
        mitome_error error;
        assert_int_equal(judge(input, &data, &error), MITOME_OK);
        assert_true(slice_equal(data.rp_id_hash, SLICE(rp_id_hash)));
        assert_int_equal(data.flags, 0xC5);
        assert_int_equal(data.sign_count, 0x01020304);
        assert_true(slice_equal(data.aaguid, SLICE(aaguid)));
        assert_true(slice_equal(data.credential_id, slice_of(ids, ID_SIZE)));
        assert_true(slice_equal(data.public_key_bytes, hex_decode(KEY, expected, sizeof expected)));
        assert_int_equal(data.public_key.algorithm, COSE_ES256);
        assert_int_equal(data.public_key.x.data[0], 0x60);
        assert_true(slice_equal(data.extensions, hex_decode(EXTENSIONS, expected, sizeof expected)));
        const slice views[] = { data.rp_id_hash, data.aaguid, data.credential_id, data.public_key_bytes,
                data.public_key.x, data.public_key.y, data.extensions };
        for (size_t i = 0; i < COUNT(views); i++)
                assert_true(slice_contains(input, views[i]));
        assert_written_again(&data, input);
        data.public_key_bytes = slice_of(NULL, 0); /* the key itself gives the same bytes */
        assert_written_again(&data, input);
}

/* 6.1: AT "Indicates whether the authenticator added attested credential data", ED "Indicates if the
 * authenticator data has extensions"; 6.1.3, BS without BE must not be. Bits that are "Reserved for future
 * use" do not make data invalid. */
static void the_flags_say_what_follows(void **state)
{
        (void)state;
        for (unsigned flags = 0; flags <= 0xFF; flags++) {
                uint8_t buffer[INPUT_MAX];
                struct authdata data;
                mitome_error error;
                struct parts parts = { .flags = (uint8_t)flags,
                        .id_size = ID_SIZE,
                        .key = KEY,
                        .attested = flags & AUTHDATA_AT,
                        .extensions = flags & AUTHDATA_ED ? EXTENSIONS : NULL };
                slice input = build(&parts, buffer);
                if ((flags & AUTHDATA_BS) && !(flags & AUTHDATA_BE)) {
                        assert_int_equal(judge(input, &data, &error), MITOME_E_VALUE);
                        assert_int_equal(error.at, 32);
                        assert_string_equal(error.clause, "WebAuthn L3 6.1.3");
                        continue;
                }
                assert_int_equal(judge(input, &data, &error), MITOME_OK);
                assert_int_equal(data.flags, flags);
                assert_int_equal(data.public_key_bytes.size != 0, parts.attested);
                assert_int_equal(data.extensions.size != 0, parts.extensions != NULL);
                assert_written_again(&data, input);
                parts.behind = "00";
                input = build(&parts, buffer);
                assert_int_equal(judge(input, &data, &error), MITOME_E_TRAILING_BYTES);
                assert_int_equal(error.at, input.size - 1);
        }
}

static const struct {
        struct parts parts;
        mitome_code code;
        size_t at; /* 0: anywhere */
        const char *field;
} refused[] = {
        /* a part that no flag announces */
        { { 0x01, true, ID_SIZE, KEY, NULL, NULL }, MITOME_E_TRAILING_BYTES, HEAD, "authData" },
        { { 0x01, false, 0, NULL, EXTENSIONS, NULL }, MITOME_E_TRAILING_BYTES, HEAD, "authData" },
        { { 0x41, true, ID_SIZE, KEY, EXTENSIONS, NULL }, MITOME_E_TRAILING_BYTES, KEY_AT + 77, "authData" },
        { { 0x01, false, 0, NULL, NULL, "a0" }, MITOME_E_TRAILING_BYTES, HEAD, "authData" },
        /* a part that is announced and is not there */
        { { 0x41, false, 0, NULL, NULL, NULL }, MITOME_E_INPUT_ENDS, HEAD, "attestedCredentialData.aaguid" },
        { { 0x81, false, 0, NULL, NULL, NULL }, MITOME_E_INPUT_ENDS, HEAD, "extensions" },
        { { 0xC1, true, ID_SIZE, KEY, NULL, NULL }, MITOME_E_INPUT_ENDS, KEY_AT + 77, "extensions" },
        /* extensions where attested data is announced: they are read as that */
        { { 0xC1, false, 0, NULL, EXTENSIONS, NULL }, MITOME_E_TOO_LONG, ID_AT,
                "attestedCredentialData.credentialIdLength" },
        { { 0x41, true, ID_SIZE, "", NULL, NULL }, MITOME_E_INPUT_ENDS, KEY_AT,
                "attestedCredentialData.credentialPublicKey" },
        /* 6.5.1: "credentialIdLength ... Value MUST be <= 1023." */
        { { 0x41, true, 1024, KEY, NULL, NULL }, MITOME_E_TOO_LONG, ID_AT,
                "attestedCredentialData.credentialIdLength" },
        { { 0x41, true, 0, KEY, NULL, NULL }, MITOME_E_TOO_LONG, ID_AT,
                "attestedCredentialData.credentialIdLength" },
        /* the key is one COSE_Key, read as cose_key_read does */
        { { 0x41, true, ID_SIZE, "a0", NULL, NULL }, MITOME_E_KEY_TYPE, 0,
                "attestedCredentialData.credentialPublicKey" },
        { { 0x41, true, ID_SIZE, "f6", NULL, NULL }, MITOME_E_CBOR_TYPE, KEY_AT,
                "attestedCredentialData.credentialPublicKey" },
        { { 0x41, true, ID_SIZE, "a5 01 02 03 3822", NULL, NULL }, MITOME_E_INPUT_ENDS, 0,
                "attestedCredentialData.credentialPublicKey" },
        { { 0x41, true, ID_SIZE, "a5 01 02 03 382d 20 02 21 41 00 22 41 00", NULL, NULL },
                MITOME_E_ALGORITHM_UNSUPPORTED, KEY_AT + 3, "attestedCredentialData.credentialPublicKey" },
        { { 0x41, true, ID_SIZE, "b805" KEY, NULL, NULL }, MITOME_E_CBOR_NOT_CANONICAL, KEY_AT,
                "attestedCredentialData.credentialPublicKey" },
        { { 0x41, true, ID_SIZE, "58" KEY, NULL, NULL }, MITOME_E_INPUT_ENDS, KEY_AT,
                "attestedCredentialData.credentialPublicKey" },
        /* "extensions: Extension-defined authenticator data. This is a CBOR map" */
        { { 0x81, false, 0, NULL, "80", NULL }, MITOME_E_CBOR_TYPE, HEAD, "extensions" },
        { { 0x81, false, 0, NULL, "40", NULL }, MITOME_E_CBOR_TYPE, HEAD, "extensions" },
        { { 0x81, false, 0, NULL, "f6", NULL }, MITOME_E_CBOR_TYPE, HEAD, "extensions" },
        { { 0x81, false, 0, NULL, "bfff", NULL }, MITOME_E_CBOR_UNSUPPORTED, HEAD, "extensions" },
        { { 0x81, false, 0, NULL, "a1 6161 d8 18 00", NULL }, MITOME_E_CBOR_UNSUPPORTED, 0, "extensions" },
        { { 0x81, false, 0, NULL, "a2 6162 00 6161 00", NULL }, MITOME_E_CBOR_KEY_ORDER, HEAD + 4,
                "extensions" },
        { { 0x81, false, 0, NULL, "a2 6161 00 6161 00", NULL }, MITOME_E_CBOR_DUPLICATE_KEY, HEAD + 4,
                "extensions" },
        { { 0x81, false, 0, NULL, "a1 6161 81818180", NULL }, MITOME_E_DEPTH, 0, "extensions" },
        { { 0x81, false, 0, NULL, "a0 a0", NULL }, MITOME_E_TRAILING_BYTES, HEAD + 1, "authData" },
};

static void refuses_what_the_flags_do_not_say(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(refused); i++) {
                uint8_t buffer[INPUT_MAX];
                struct authdata data = { .sign_count = 4711 };
                mitome_error error;
                slice input = exact_copy(build(&refused[i].parts, buffer));
                mitome_code code = judge(input, &data, &error);
                if (code != refused[i].code || (refused[i].at && error.at != refused[i].at))
                        print_error("case %zu: %d %s at %zu\n", i, code, error.field, error.at);
                assert_int_equal(code, refused[i].code);
                if (refused[i].at)
                        assert_int_equal(error.at, refused[i].at);
                if (refused[i].field)
                        assert_string_equal(error.field, refused[i].field);
                assert_int_equal(data.sign_count, 4711);
                exact_free(input);
        }
}

static void credential_ids_have_1_to_1023_bytes(void **state)
{
        (void)state;
        static const size_t sizes[] = { 1, 16, 255, 256, AUTHDATA_CREDENTIAL_ID_MAX };
        for (size_t i = 0; i < COUNT(sizes); i++) {
                uint8_t buffer[INPUT_MAX];
                struct authdata data;
                mitome_error error;
                const struct parts parts = { 0x41, true, sizes[i], KEY, NULL, NULL };
                slice input = build(&parts, buffer);
                assert_int_equal(judge(input, &data, &error), MITOME_OK);
                assert_true(slice_equal(data.credential_id, slice_of(ids, sizes[i])));
                assert_written_again(&data, input);
        }
        static const uint8_t long_id[65536];
        static uint8_t room[sizeof long_id + 256];
        writer w = WRITER(room);
        slice written;
        const struct authdata data = { .rp_id_hash = SLICE(rp_id_hash),
                .flags = AUTHDATA_AT,
                .aaguid = SLICE(aaguid),
                .credential_id = SLICE(long_id),
                .public_key_bytes = SLICE(aaguid) };
        authdata_write(&w, &data);
        assert_int_equal(writer_finish(&w, "authData", &written, NULL).code, MITOME_E_BUFFER_FULL);
}

static void every_truncation_is_an_end(void **state)
{
        (void)state;
        uint8_t buffer[INPUT_MAX];
        const struct parts parts = { 0xC5, true, ID_SIZE, KEY, EXTENSIONS, NULL };
        slice input = build(&parts, buffer);
        for (size_t size = 0; size < input.size; size++) {
                struct authdata data;
                mitome_error error;
                slice cut = exact_copy(slice_of(input.data, size));
                assert_int_equal(judge(cut, &data, &error), MITOME_E_INPUT_ENDS);
                exact_free(cut);
        }
}

/* Each byte in turn takes other values: what is still accepted is written as it was read. */
static void every_change_is_refused_or_other_data(void **state)
{
        (void)state;
        uint8_t buffer[INPUT_MAX];
        const struct parts parts = { 0xC5, true, ID_SIZE, KEY, EXTENSIONS, NULL };
        slice input = build(&parts, buffer);
        for (size_t at = 0; at < input.size; at++) {
                uint8_t original = buffer[at];
                for (unsigned bit = 0; bit < 8; bit++) {
                        struct authdata data;
                        mitome_error error;
                        buffer[at] = (uint8_t)(original ^ 1u << bit);
                        if (judge(input, &data, &error) == MITOME_OK)
                                assert_written_again(&data, input);
                        else
                                assert_true(at >= 32 && (at < 33 || at >= ID_AT));
                }
                buffer[at] = original;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_every_part),
                cmocka_unit_test(the_flags_say_what_follows),
                cmocka_unit_test(refuses_what_the_flags_do_not_say),
                cmocka_unit_test(credential_ids_have_1_to_1023_bytes),
                cmocka_unit_test(every_truncation_is_an_end),
                cmocka_unit_test(every_change_is_refused_or_other_data),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
