/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzzing of the login prototype begins with: whole ceremonies for the WebAuthn client, and what reaches
 * a portal beside them. */
#include "seeds.h"

#include "authdata.h"
#include "cbor.h"

#include <stdio.h>

/* One answer of the authenticator, as fuzz_web_client reads it: behind its length, a status and a body. */
static void write_answer(writer *w, unsigned flags, uint8_t status, slice body)
{
        write_u16(w, (uint16_t)(flags | (body.size + 1)));
        write_u8(w, status);
        write_slice(w, body);
}

/* An authenticator with all that is looked at: by finger or by PIN alone. */
static void write_info(writer *w, bool finger)
{
        static const char *const extensions[] = { "credBlob", "credProtect", "minPinLength", "mitome-jpki" };
        static const struct {
                unsigned key, value;
        } sizes[] = { { 7, 8 }, { 8, 128 } };
        cbor_write_map(w, 7);
        cbor_write_uint(w, 2);
        cbor_write_array(w, 4);
        for (size_t i = 0; i < 4; i++)
                cbor_write_string(w, extensions[i]);
        cbor_write_uint(w, 4);
        cbor_write_map(w, 4);
        cbor_write_string(w, "ep");
        cbor_write_bool(w, true);
        cbor_write_string(w, "rk");
        cbor_write_bool(w, true);
        cbor_write_string(w, "uv");
        cbor_write_bool(w, finger);
        cbor_write_string(w, "clientPin");
        cbor_write_bool(w, true);
        cbor_write_uint(w, 5);
        cbor_write_uint(w, 7609);
        cbor_write_uint(w, 6);
        cbor_write_array(w, 1);
        cbor_write_uint(w, 2);
        for (size_t i = 0; i < 2; i++) {
                cbor_write_uint(w, sizes[i].key);
                cbor_write_uint(w, sizes[i].value);
        }
        cbor_write_uint(w, 9);
        cbor_write_array(w, 2);
        cbor_write_string(w, "usb");
        cbor_write_string(w, "internal");
}

/* What a PIN takes: how many tries are left, a key to agree with (the base point of P-256), a token. */
static void write_pin_answers(writer *w)
{
        static const uint8_t x[] = { 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5,
                0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39,
                0x45, 0xD8, 0x98, 0xC2, 0x96 },
                             y[] = { 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
                                     0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE,
                                     0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5 },
                             tries[] = { 0xA1, 3, 8 }, token[48] = { 1 };
        uint8_t bytes[128];
        writer key = WRITER(bytes);
        write_answer(w, 0, 0, SLICE(tries));
        cbor_write_map(&key, 1);
        cbor_write_uint(&key, 1);
        cbor_write_map(&key, 5);
        cbor_write_int(&key, 1);
        cbor_write_int(&key, 2);
        cbor_write_int(&key, 3);
        cbor_write_int(&key, -25);
        cbor_write_int(&key, -1);
        cbor_write_int(&key, 1);
        cbor_write_int(&key, -2);
        cbor_write_bytes(&key, SLICE(x));
        cbor_write_int(&key, -3);
        cbor_write_bytes(&key, SLICE(y));
        write_answer(w, 0, 0, writer_view(&key));
        key = WRITER(bytes);
        cbor_write_map(&key, 1);
        cbor_write_uint(&key, 2);
        cbor_write_bytes(&key, SLICE(token));
        write_answer(w, 0, 0, writer_view(&key));
}

static void write_client_creation(const char *folder, const struct format_rig *formats, enum rig_key key)
{
        static const uint8_t extensions[] = { 0xA1, 0x68, 'c', 'r', 'e', 'd', 'B', 'l', 'o', 'b', 0xF5 };
        static const char options[] =
                "{\"rp\":{\"id\":\"login.example\",\"name\":\"x\"},\"user\":{\"id\":\"aGFuYWtv\",\"name\":\"h\","
                "\"displayName\":\"\"},\"challenge\":\"MDEyMzQ1Njc4OWFiY2RlZg\",\"pubKeyCredParams\":[{\"type\":"
                "\"public-key\",\"alg\":-7},{\"type\":\"public-key\",\"alg\":-257}],\"excludeCredentials\":[{\"type\":"
                "\"public-key\",\"id\":\"AAAA\"}],\"authenticatorSelection\":{\"residentKey\":\"required\","
                "\"userVerification\":\"required\"},\"attestation\":\"enterprise\",\"extensions\":{\"credProps\":true,"
                "\"credBlob\":\"AAAA\",\"minPinLength\":true,\"credentialProtectionPolicy\":"
                "\"userVerificationRequired\",\"enforceCredentialProtectionPolicy\":true}}";
        static struct rig_response built;
        static uint8_t bytes[8192], body_bytes[4096];
        struct rig_plan plan = rig_registration_plan();
        plan.rp_id = "login.example";
        plan.key = key;
        plan.flags |= AUTHDATA_ED | AUTHDATA_UV;
        plan.extensions = SLICE(extensions);
        rig_build(&formats->rig, &plan, &built);
        for (int finger = 0; finger < 2; finger++) {
                char name[32];
                uint8_t info_bytes[256];
                writer w = WRITER(bytes), info = WRITER(info_bytes), body = WRITER(body_bytes);
                write_u16(&w, (uint16_t)(0xC000 | (sizeof options - 1)));
                write_slice(&w, slice_text(options));
                write_info(&info, finger);
                write_answer(&w, 0, 0, writer_view(&info));
                if (!finger)
                        write_pin_answers(&w);
                cbor_write_map(&body, 4);
                cbor_write_uint(&body, 1);
                cbor_write_string(&body, "packed");
                cbor_write_uint(&body, 2);
                cbor_write_bytes(&body, slice_of(built.auth_data, built.auth_data_size));
                cbor_write_uint(&body, 3);
                cbor_write_map(&body, 0);
                cbor_write_uint(&body, 4);
                cbor_write_bool(&body, true);
                write_answer(&w, 0, 0, writer_view(&body));
                snprintf(name, sizeof name, "create-%d-%d", (int)key, finger);
                write_seed(folder, "web_client", name, -1, writer_view(&w));
        }
}

/* By a finger that is not known twice, then by the PIN; or by one that is. */
static void write_client_login(const char *folder, const struct format_rig *formats, bool known)
{
        static const uint8_t extensions[] = { 0xA1, 0x68, 'c', 'r', 'e', 'd', 'B', 'l', 'o', 'b', 0x43, 1, 2,
                3 };
        static const char options[] =
                "{\"challenge\":\"MDEyMzQ1Njc4OWFiY2RlZg\",\"rpId\":\"login.example\",\"allowCredentials\":[{\"type\":"
                "\"public-key\",\"id\":\"AQID\"}],\"userVerification\":\"required\",\"extensions\":{\"getCredBlob\":"
                "true}}";
        static struct rig_response built;
        static uint8_t bytes[4096], body_bytes[2048];
        const slice id = SLICE(((const uint8_t[]){ 1, 2, 3 }));
        uint8_t info_bytes[256];
        writer w = WRITER(bytes), info = WRITER(info_bytes), body = WRITER(body_bytes);
        struct rig_plan plan = rig_authentication_plan();
        plan.rp_id = "login.example";
        plan.flags |= AUTHDATA_ED | AUTHDATA_UV;
        plan.extensions = SLICE(extensions);
        rig_build(&formats->rig, &plan, &built);
        write_u16(&w, (uint16_t)(0x4000 | (sizeof options - 1)));
        write_slice(&w, slice_text(options));
        write_info(&info, true);
        write_answer(&w, 0, 0, writer_view(&info));
        if (!known) {
                write_answer(&w, 0, 0x3F, (slice){ 0 });
                write_answer(&w, 0x8000, 0x3F, (slice){ 0 });
                write_pin_answers(&w);
        }
        cbor_write_map(&body, 4);
        cbor_write_uint(&body, 1);
        cbor_write_map(&body, 2);
        cbor_write_string(&body, "id");
        cbor_write_bytes(&body, id);
        cbor_write_string(&body, "type");
        cbor_write_string(&body, "public-key");
        cbor_write_uint(&body, 2);
        cbor_write_bytes(&body, slice_of(built.auth_data, built.auth_data_size));
        cbor_write_uint(&body, 3);
        cbor_write_bytes(&body, id);
        cbor_write_uint(&body, 4);
        cbor_write_map(&body, 1);
        cbor_write_string(&body, "id");
        cbor_write_bytes(&body, id);
        write_answer(&w, 0, 0, writer_view(&body));
        write_seed(folder, "web_client", known ? "get-finger" : "get-pin", -1, writer_view(&w));
}

void write_client_seeds(const char *folder, const struct format_rig *formats)
{
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256, RIG_ES384 };
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
                write_client_creation(folder, formats, keys[i]);
        write_client_login(folder, formats, true);
        write_client_login(folder, formats, false);
}

/* What reaches portal and phone beside the ceremonies: links and codes, a body, a model's statement, a
 * certificate in place of a person's. */
void write_portal_seeds(const char *folder, const struct format_rig *formats)
{
        static const char *const links[] = { "https://portal.example:8443/phone/ABCD2345",
                " http://localhost:8080/document/0123456789abcdef0123456789abcdef\n", "abcd-2345",
                "http://a.localhost/phone/ABCD 2345" };
        static const char model[] =
                "{\"aaguid\":\"00112233-4455-6677-8899-aabbccddeeff\",\"description\":\"A phone\","
                "\"icon\":\"data:image/png;base64,AAAA\",\"authenticatorVersion\":1,\"protocolFamily\":\"fido2\"}";
        for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
                char name[16];
                snprintf(name, sizeof name, "link-%zu", i);
                write_seed(folder, "phone_link", name, -1, slice_text(links[i]));
        }
        write_seed(folder, "portal_body", "all", -1,
                slice_text("{\"credential\":{\"id\":\"AA\",\"response\":{\"a\":[1,null,true]}},\"name\":"
                           "\"\\u898b\\u672c\",\"certificate\":\"AAAA\",\"more\":1}"));
        write_seed(folder, "portal_forms", "code", -1, slice_text("abcd 2345"));
        write_seed(folder, "portal_forms", "model", -1, slice_text(model));
        write_seed(folder, "portal_forms", "certificate", -1,
                slice_of(formats->rig.ca_der, formats->rig.ca_der_size));
}
