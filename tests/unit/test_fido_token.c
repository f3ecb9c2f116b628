/* SPDX-License-Identifier: Apache-2.0 */
/* pinUvAuthTokens of the FIDO applet: what they are for, by PIN and by finger, how they end, and what an
 * attacker who has one, or has had one, gets. And RESET. Quotations are of PROTOCOL.md. */
#include "authdata.h"
#include "element_rig.h"
#include "fido_applet.h"
#include "p256.h"
#include "pin_rig.h"
#include "tlv.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAKE = 0x01, GET = 0x02, CLIENT_PIN = 0x06, ENROL = 0x09, PRESENCE = 0x01, BUILT_IN = 0x02 };
enum { DISCOVERABLE = 0x01, PRESENT = 0x02, ES256 = 0x07 };
enum { MC = 0x01, GA = 0x02, CM = 0x04, BE = 0x08, LBW = 0x10, ACFG = 0x20 };

static const uint32_t key_agreement = 0x80120000, get_pin_token = 0x80140000, get_uv_token = 0x80160000,
                      reset = 0x80180000, begin = 0x80200000, authorise = 0x80280000, abandon = 0x802E0000,
                      set_pin = 0x80340000, forget_token = 0x801A0000;
static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp", other_rp_id[] = "elsewhere.example";
static struct element_rig stencil; /* personalised, paired, one finger confirmed, device key */

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))
#define USER slice_text("user-1")

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_make_device(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_sw(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(&stencil, rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- the platform ---- */

struct platform {
        uint8_t point[P256_POINT_SIZE];
        struct secret key;
};

static void aes(const struct secret *key, const uint8_t *iv, int encrypt, slice in, uint8_t *out)
{
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        assert_int_equal(EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key->data, iv, encrypt), 1);
        assert_int_equal(EVP_CIPHER_CTX_set_padding(context, 0), 1);
        assert_int_equal(EVP_CipherUpdate(context, out, &size, in.data, (int)in.size), 1);
        EVP_CIPHER_CTX_free(context);
}

static void agree(struct element_rig *rig, struct platform *ret)
{
        uint8_t element_point[P256_POINT_SIZE];
        SECRET(scalar);
        SECRET(z);
        writer w = WRITER(element_point);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        write_u8(&w, 0x04);
        write_slice(&w, element_rig_value(rig, 0x80));
        write_slice(&w, element_rig_value(rig, 0x81));
        assert_int_equal(p256_generate(&rig->random, &scalar, ret->point, NULL).code, MITOME_OK);
        assert_int_equal(p256_agree(secret_view(&scalar), SLICE(element_point), &z, NULL).code, MITOME_OK);
        hkdf_sha256((slice){ 0 }, secret_view(&z), slice_text("CTAP2 AES key"), &ret->key);
}

static void write_point(writer *w, const struct platform *platform)
{
        tlv_write(w, 0x80, slice_of(platform->point + 1, 32));
        tlv_write(w, 0x81, slice_of(platform->point + 33, 32));
}

static void take_token(struct element_rig *rig, const struct platform *platform, struct secret *ret)
{
        slice sealed = element_rig_value(rig, 0x80);
        assert_int_equal(sealed.size, 48);
        ret->size = 32;
        aes(&platform->key, sealed.data, 0, slice_of(sealed.data + 16, 32), ret->data);
}

/* getPinUvAuthTokenUsingPinWithPermissions; permissions below 0: none are given. */
static uint16_t by_pin(
        struct element_rig *rig, const char *pin, int permissions, const char *rp, struct secret *ret)
{
        struct platform platform;
        uint8_t hash[SHA256_SIZE], encrypted[32] = { 0x17 }, bytes[512];
        const slice text = slice_text(pin);
        agree(rig, &platform);
        sha256(&text, 1, hash);
        aes(&platform.key, encrypted, 1, slice_of(hash, 16), encrypted + 16);
        writer w = WRITER(bytes);
        write_point(&w, &platform);
        tlv_write(&w, 0x82, SLICE(encrypted));
        if (permissions >= 0)
                tlv_write_u8(&w, 0x83, (uint8_t)permissions);
        if (rp)
                tlv_write(&w, 0x84, slice_text(rp));
        if (element_rig_command(rig, get_pin_token, writer_view(&w)) == SW_OK)
                take_token(rig, &platform, ret);
        return rig->sw;
}

static struct element_rig_operation token_operation(uint8_t permissions, const char *rp)
{
        return (struct element_rig_operation){
                .command = CLIENT_PIN, .rp_id = rp, .options = BUILT_IN, .permissions = permissions
        };
}

static uint16_t ask_uv_token(struct element_rig *rig, const struct platform *platform, slice token)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_point(&w, platform);
        tlv_write(&w, 0x82, token);
        return element_rig_command(rig, get_uv_token, writer_view(&w));
}

static uint16_t by_finger(struct element_rig *rig, uint8_t permissions, const char *rp, struct secret *ret)
{
        struct platform platform;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = token_operation(permissions, rp);
        agree(rig, &platform);
        if (element_rig_begin(rig, &operation) != SW_OK)
                return rig->sw;
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        if (ask_uv_token(rig, &platform, SLICE(token)) == SW_OK)
                take_token(rig, &platform, ret);
        return rig->sw;
}

static uint16_t begin_by(struct element_rig *rig, uint8_t command, const char *rp, const struct secret *token)
{
        struct element_rig_operation operation = { .command = command,
                .rp_id = rp,
                .client_data_hash = { 0xCD },
                .options = PRESENCE,
                .pin = token };
        if (command == ENROL)
                operation.options = 0;
        return element_rig_begin(rig, &operation);
}

static uint16_t make_by(struct element_rig *rig, const char *rp, const struct secret *token)
{
        struct element_rig_operation operation = {
                .command = MAKE, .rp_id = rp, .client_data_hash = { 0xCD }, .options = PRESENCE, .pin = token
        };
        if (element_rig_begin(rig, &operation) != SW_OK)
                return rig->sw;
        return element_rig_make(rig, &operation, nothing, PRESENT | DISCOVERABLE, ES256, USER, nothing);
}

/* ---- by PIN ---- */

/* "82 .. optionally 83 permissions and 84 RP ID (not without 83)": 6A80, and no try is spent. */
static void permissions_have_a_form(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        static const struct {
                int permissions;
                const char *rp;
        } wrong[] = { { 0, rp_id }, { 0x41, rp_id }, { 0x7F, rp_id }, { 0x80, NULL }, { -1, rp_id },
                { LBW, "" } };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                assert_sw(by_pin(rig, "0000", wrong[i].permissions, wrong[i].rp, &token), SW_WRONG_DATA);
        assert_int_equal(element_rig_state(rig).pin_tries, 3);
        for (int permissions = 1; permissions <= 0x3F; permissions++)
                assert_sw(by_pin(rig, ELEMENT_RIG_PIN, permissions, rp_id, &token), SW_OK);
        for (int permissions = 1; permissions <= 0x3F; permissions++)
                assert_sw(by_pin(rig, ELEMENT_RIG_PIN, permissions, NULL, &token), SW_OK);
}

/* "6982 pinUvAuthParam .. of a token without the permission or for another RP ID" */
static void a_token_does_what_it_is_for(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                uint8_t command, permission;
        } uses[] = { { MAKE, MC }, { GET, GA }, { ENROL, BE } };
        for (size_t i = 0; i < 3; i++)
                for (int permissions = 1; permissions <= 0x3F; permissions++) {
                        SECRET(token);
                        bool may = permissions & uses[i].permission;
                        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, permissions, rp_id, &token), SW_OK);
                        if (uses[i].command != ENROL)
                                assert_sw(begin_by(rig, uses[i].command, other_rp_id, &token),
                                        SW_SECURITY_STATUS);
                        assert_sw(begin_by(rig, uses[i].command, rp_id, &token),
                                may ? SW_OK : SW_SECURITY_STATUS);
                }
}

/* [6.1.2 11.1.7] [6.2.2 6.1.7] "Without 83 (getPinToken) they are mc, ga, cm and be"; "bound to that of the
 * first makeCredential or getAssertion it authorises": a refused one binds nothing. [6.5.5.7] */
static void a_legacy_token_is_bound_by_its_first_use(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        SECRET(wrong);
        wrong.size = 32;
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, -1, NULL, &token), SW_OK);
        assert_sw(begin_by(rig, GET, other_rp_id, &wrong), SW_SECURITY_STATUS);
        assert_sw(make_by(rig, rp_id, &token), SW_OK);
        /* so is one with permissions and no relying party */
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, NULL, &token), SW_OK);
        assert_sw(begin_by(rig, GET, rp_id, &wrong), SW_SECURITY_STATUS);
        assert_sw(begin_by(rig, GET, rp_id, &token), SW_OK);
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, -1, NULL, &token), SW_OK);
        assert_sw(begin_by(rig, ENROL, NULL, &token), SW_OK);
        assert_sw(element_rig_command(rig, abandon, nothing), SW_OK);
        assert_sw(begin_by(rig, GET, rp_id, &token), SW_OK); /* fingers take no permission */
        assert_sw(begin_by(rig, GET, rp_id, &token), SW_SECURITY_STATUS);
}

/* "the one operation it is used for takes every permission but lbw" */
static void one_operation_uses_a_token_up(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        for (int lbw = 0; lbw < 2; lbw++) {
                assert_sw(by_pin(rig, ELEMENT_RIG_PIN, MC | GA | CM | (lbw ? LBW : 0), rp_id, &token), SW_OK);
                assert_sw(make_by(rig, rp_id, &token), SW_OK);
                assert_sw(make_by(rig, rp_id, &token), SW_SECURITY_STATUS); /* replayed */
                assert_sw(begin_by(rig, GET, rp_id, &token), SW_SECURITY_STATUS);
        }
        /* a begun operation uses it too, whatever comes of it */
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
        assert_sw(begin_by(rig, GET, rp_id, &token), SW_OK);
        assert_sw(element_rig_command(rig, begin, nothing), SW_WRONG_DATA);
        assert_sw(begin_by(rig, GET, rp_id, &token), SW_SECURITY_STATUS);
}

/* [6.5.2.1] "It ends with a reset, a selection, the next token, another PIN, FORGET TOKEN and the PIN's last
 * try" */
static void what_ends_a_token(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t pin_field[] = { 0x80, 4, '1', '2', '3', '4' };
        SECRET(token);
        SECRET(other);
        for (int way = 0; way < 8; way++) {
                assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
                switch (way) {
                case 0:
                        mitome_element_reset(rig->element);
                        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                        break;
                case 1:
                        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
                        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                        break;
                case 2:
                        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &other), SW_OK);
                        break;
                case 3:
                        assert_sw(by_finger(rig, GA, rp_id, &other), SW_OK);
                        break;
                case 4:
                        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
                        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
                        assert_sw(element_rig_secured(rig, set_pin, SLICE(pin_field)), SW_OK);
                        assert_sw(begin_by(rig, GET, rp_id, &token), SW_SECURITY_STATUS);
                        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "5678"), SW_OK);
                        assert_sw(pin_rig_change(rig, 2, "5678", ELEMENT_RIG_PIN), SW_OK);
                        break;
                case 5:
                        assert_sw(element_rig_command(rig, forget_token, nothing), SW_OK);
                        break;
                case 6:
                        assert_sw(pin_rig_change(rig, 1, ELEMENT_RIG_PIN, ELEMENT_RIG_PIN), SW_OK);
                        break;
                default:
                        for (int i = 0; i < 3; i++)
                                (void)by_pin(rig, "0000", GA, rp_id, &other);
                        break;
                }
                assert_sw(begin_by(rig, GET, rp_id, &token), SW_SECURITY_STATUS);
        }
        assert_int_equal(element_rig_state(rig).pin_tries, 0);
}

/* ---- by finger ---- */

/* "be or acfg for 06: fingers are added by PIN"; "mc or ga need the RP ID"; "options are 02" */
static void a_token_by_finger_is_for_less(void **state)
{
        struct element_rig *rig = *state;
        unsigned writes = rig->medium.writes;
        for (unsigned permissions = 0; permissions <= 0xFF; permissions++) {
                bool form = permissions && (!(permissions & 0xC0) || permissions == 0x40);
                bool may = form && !(permissions & (BE | ACFG));
                struct element_rig_operation operation = token_operation((uint8_t)permissions, rp_id);
                if (may)
                        continue; /* below */
                assert_sw(element_rig_begin(rig, &operation), form ? SW_FUNCTION_UNSUPPORTED : SW_WRONG_DATA);
        }
        static const struct {
                uint8_t permissions, options;
                const char *rp;
        } wrong[] = { { MC, BUILT_IN, NULL }, { GA | LBW, BUILT_IN, NULL }, { MC, 0, rp_id },
                { MC, BUILT_IN | PRESENCE, rp_id }, { LBW, PRESENCE, NULL }, { MC, BUILT_IN, "" } };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                struct element_rig_operation operation = token_operation(wrong[i].permissions, wrong[i].rp);
                operation.options = wrong[i].options;
                assert_sw(element_rig_begin(rig, &operation), SW_WRONG_DATA);
        }
        assert_int_equal(rig->medium.writes, writes); /* no try is spent */
        SECRET(token);
        for (unsigned permissions = 1; permissions <= 0x3F; permissions++)
                if (!(permissions & (BE | ACFG)))
                        assert_sw(by_finger(rig, (uint8_t)permissions, rp_id, &token), SW_OK);
        assert_sw(by_finger(rig, CM | LBW, NULL, &token), SW_OK);
}

static void a_token_by_finger_verifies_its_user(void **state)
{
        struct element_rig *rig = *state;
        struct authdata data;
        SECRET(token);
        assert_sw(by_finger(rig, MC, rp_id, &token), SW_OK);
        assert_sw(make_by(rig, other_rp_id, &token), SW_SECURITY_STATUS);
        assert_sw(make_by(rig, rp_id, &token), SW_OK);
        assert_int_equal(authdata_read(element_rig_value(rig, 0x80), &data, NULL).code, MITOME_OK);
        assert_int_equal(data.flags, AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
        assert_sw(by_finger(rig, GA, rp_id, &token), SW_OK);
        assert_sw(begin_by(rig, MAKE, rp_id, &token), SW_SECURITY_STATUS);
}

/* The finger that was shown one purpose opens no other: the digest is over permissions and RP ID, and the
 * challenge is good once. */
static void a_fingers_token_stands_for_its_words(void **state)
{
        struct element_rig *rig = *state;
        struct platform platform;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (int attack = 0; attack < 5; attack++) {
                struct element_rig_operation operation = token_operation(GA, rp_id);
                agree(rig, &platform);
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                struct element_rig_operation shown = operation;
                if (attack == 0)
                        shown.permissions = GA | MC;
                if (attack == 1)
                        shown.rp_id = other_rp_id;
                if (attack == 2)
                        shown.command = GET; /* a login's finger makes no token */
                if (attack == 3)
                        shown.challenge[0] ^= 1;
                if (attack == 4)
                        shown.rp_id = NULL;
                element_rig_seal(rig, &shown, UNLOCK_VERIFIED, token);
                assert_sw(ask_uv_token(rig, &platform, SLICE(token)),
                        attack == 3 ? SW_TOKEN_CHALLENGE : SW_TOKEN_OPERATION);
                element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
                assert_sw(ask_uv_token(rig, &platform, SLICE(token)), SW_CONDITIONS); /* spent */
                SECRET(pin);
                assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &pin), SW_OK); /* tries are full again */
        }
        struct element_rig_operation login = {
                .command = GET, .rp_id = rp_id, .client_data_hash = { 0xCD }, .options = BUILT_IN
        };
        assert_sw(element_rig_begin(rig, &login), SW_OK);
        element_rig_seal(rig, &login, UNLOCK_VERIFIED, token);
        assert_sw(ask_uv_token(rig, &platform, SLICE(token)), SW_CONDITIONS); /* no such operation begun */
        /* nor does a token's finger log in, though the digest could be made to look alike */
        struct element_rig_operation operation = token_operation(GA, rp_id);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_CONDITIONS);
}

/* "6A80 point off the curve, and the operation stays open" */
static void a_point_off_the_curve_leaves_the_finger(void **state)
{
        struct element_rig *rig = *state;
        struct platform platform, broken;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = token_operation(GA, rp_id);
        agree(rig, &platform);
        broken = platform;
        broken.point[64] ^= 1;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_sw(ask_uv_token(rig, &broken, SLICE(token)), SW_WRONG_DATA);
        for (size_t size = 0; size < 116; size += 23)
                assert_sw(ask_uv_token(rig, &platform, slice_of(token, size)), SW_WRONG_DATA);
        assert_sw(ask_uv_token(rig, &platform, SLICE(token)), SW_OK);
}

/* Each BEGIN costs a try before its challenge is there: a storm of them drains the finger and nothing else,
 * and the PIN gives it back. */
static void storms_drain_the_finger_only(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        for (int i = 0; i < 5; i++) {
                struct element_rig_operation operation = token_operation(GA, rp_id);
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                assert_int_equal(element_rig_state(rig).uv_tries, 4 - i);
        }
        unsigned writes = rig->medium.writes;
        for (int i = 0; i < 20; i++) {
                struct element_rig_operation operation = token_operation(GA, rp_id);
                assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED);
                operation =
                        (struct element_rig_operation){ .command = GET, .rp_id = rp_id, .options = BUILT_IN };
                assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED);
        }
        assert_int_equal(rig->medium.writes, writes); /* "nothing is debited while blocked" */
        assert_int_equal(element_rig_state(rig).pin_tries, 3);
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
}

/* ---- AUTHORISE ---- */

static uint16_t ask(struct element_rig *rig, uint8_t permission, const struct secret *token, slice message)
{
        uint8_t bytes[512], param[SHA256_SIZE];
        writer w = WRITER(bytes);
        hmac_sha256(secret_view(token), &message, 1, param);
        tlv_write_u8(&w, 0x83, permission);
        tlv_write(&w, 0x84, SLICE(param));
        tlv_write(&w, 0x85, message);
        return element_rig_command(rig, authorise, writer_view(&w));
}

static void the_core_asks_for_its_commands(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t enumerate[] = { 0x01, 0x04 },
                             set_name[] = { 0x01, 0x05, 0xA1, 0x01, 0x41, 0x07 };
        uint8_t blobs[70];
        memset(blobs, 0xFF, sizeof blobs);
        blobs[32] = 0x0C;
        blobs[33] = 0x00;
        const struct {
                uint8_t permission;
                slice message;
        } right[] = { { BE, SLICE(enumerate) }, { BE, SLICE(set_name) }, { LBW, SLICE(blobs) } };
        for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                        for (int permissions = CM; permissions <= 0x3F; permissions++) {
                                SECRET(token);
                                if (permissions & (MC | GA))
                                        continue;
                                assert_sw(by_pin(rig, ELEMENT_RIG_PIN, permissions, NULL, &token), SW_OK);
                                uint16_t sw = ask(rig, right[i].permission, &token, right[j].message);
                                bool may = permissions & right[i].permission;
                                if (right[i].permission != right[j].permission)
                                        assert_sw(sw, SW_WRONG_DATA); /* another command's words */
                                else
                                        assert_sw(sw, may ? SW_OK : SW_SECURITY_STATUS);
                        }
        SECRET(token);
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, 0x3F, rp_id, &token), SW_OK);
        assert_sw(ask(rig, LBW, &token, SLICE(blobs)), SW_OK);
        token.data[0] ^= 1;
        assert_sw(ask(rig, LBW, &token, SLICE(blobs)), SW_SECURITY_STATUS);
        token.data[0] ^= 1;
        /* after an operation only lbw is left */
        assert_sw(make_by(rig, rp_id, &token), SW_OK);
        assert_sw(ask(rig, BE, &token, SLICE(enumerate)), SW_SECURITY_STATUS);
        assert_sw(ask(rig, LBW, &token, SLICE(blobs)), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(ask(rig, LBW, &token, SLICE(blobs)), SW_SECURITY_STATUS);
        assert_sw(element_rig_command(rig, authorise, nothing), SW_WRONG_DATA);
}

/* What is signed for another command is no word of these: other subcommands, parameters where there are none,
 * a clientDataHash, the configuration, the management of credentials. */
static void a_message_is_of_its_own_command(void **state)
{
        struct element_rig *rig = *state;
        uint8_t hash[32] = { 0x01, 0x04 }, config[40];
        static const uint8_t begin_enrolment[] = { 0x01, 0x01, 0xA1, 0x03, 0x01 }, next[] = { 0x01, 0x02 },
                             remove_finger[] = { 0x01, 0x06, 0xA1, 0x01, 0x41, 0x07 },
                             enumerate_more[] = { 0x01, 0x04, 0xA0 }, no_name[] = { 0x01, 0x05 },
                             modality[] = { 0x02, 0x04 }, management[] = { 0x04, 0xA1, 0x01, 0x02 },
                             one_byte[] = { 0x01 };
        const slice wrong[] = { SLICE(hash), SLICE(config), SLICE(begin_enrolment), SLICE(next),
                SLICE(remove_finger), SLICE(enumerate_more), SLICE(no_name), SLICE(modality),
                SLICE(management), SLICE(one_byte) };
        static const uint8_t permissions[] = { 0, MC, GA, CM, BE, LBW, ACFG, BE | LBW, 0x40, 0x80 };
        SECRET(token);
        memset(config, 0xFF, sizeof config);
        config[32] = 0x0D;
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, 0x3F, rp_id, &token), SW_OK);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                for (size_t j = 0; j < sizeof permissions; j++)
                        assert_sw(ask(rig, permissions[j], &token, wrong[i]), SW_WRONG_DATA);
}

/* ---- credProtect ---- */

static uint16_t make_protected(struct element_rig *rig, uint8_t level, uint8_t options, uint8_t ret_id[32])
{
        uint8_t bytes[512];
        struct authdata data;
        struct element_rig_operation operation = { .command = MAKE, .rp_id = rp_id, .options = PRESENCE };
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x81, slice_text(rp_id));
        tlv_write(&w, 0x82, USER);
        tlv_write(&w, 0x83, nothing);
        tlv_write(&w, 0x84, nothing);
        tlv_write_u8(&w, 0x85, options | PRESENT);
        tlv_write_u8(&w, 0x86, ES256);
        tlv_write_u8(&w, 0x88, level);
        if (element_rig_command(rig, 0x80240000, writer_view(&w)) != SW_OK)
                return rig->sw;
        const uint8_t extension[] = { 0xA1, 0x6B, 'c', 'r', 'e', 'd', 'P', 'r', 'o', 't', 'e', 'c', 't',
                level };
        assert_int_equal(authdata_read(element_rig_value(rig, 0x80), &data, NULL).code, MITOME_OK);
        assert_int_equal(data.flags, AUTHDATA_UP | AUTHDATA_AT | AUTHDATA_ED);
        assert_true(slice_equal(data.extensions, SLICE(extension)));
        memcpy(ret_id, data.credential_id.data, 32);
        return SW_OK;
}

static uint16_t log_in(struct element_rig *rig, bool verified, slice allowed)
{
        if (verified)
                return element_rig_log_in(rig, rp_id, allowed);
        assert_sw(begin_by(rig, GET, rp_id, NULL), SW_OK);
        return element_rig_get(rig, nothing, PRESENT, allowed);
}

/* CTAP 2.1 12.1; "6A88 .. credProtect hides it from a user who was not verified (3), or not named either (2)"
 */
static void protected_credentials_hide(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[32];
        assert_sw(make_protected(rig, 0, DISCOVERABLE, id), SW_WRONG_DATA);
        assert_sw(make_protected(rig, 4, DISCOVERABLE, id), SW_WRONG_DATA);
        for (uint8_t level = 1; level <= 3; level++) {
                assert_sw(make_protected(rig, level, DISCOVERABLE, id), SW_OK);
                assert_sw(log_in(rig, false, nothing), level < 2 ? SW_OK : SW_NO_REFERENCE);
                assert_sw(log_in(rig, false, SLICE(id)), level < 3 ? SW_OK : SW_NO_REFERENCE);
                assert_sw(log_in(rig, true, nothing), SW_OK);
                assert_sw(log_in(rig, true, SLICE(id)), SW_OK);
                /* 6.1.2 step 12: nobody unverified learns that it is there */
                struct element_rig_operation operation = {
                        .command = MAKE, .rp_id = rp_id, .options = PRESENCE
                };
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                assert_sw(element_rig_make(rig, &operation, nothing, PRESENT, ES256, USER, SLICE(id)),
                        level < 3 ? SW_EXISTS : SW_OK);
                element_rig_cycle(rig); /* it is stored */
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_sw(log_in(rig, false, SLICE(id)), level < 3 ? SW_OK : SW_NO_REFERENCE);
        }
}

enum { RECORD_HEAD = 4 + 32 + 32, RECORD_KEY = 32 };

/* The record of version 3 as an older version (1, 2) had it. */
static slice older_record(slice record, uint8_t version, writer *w)
{
        size_t end = RECORD_HEAD + 1 + RECORD_KEY;
        for (int i = 0; i < 4; i++) /* RP ID, user id and the names */
                end += 1 + record.data[end];
        write_u8(w, version);
        write_slice(w, slice_of(record.data + 1, version == 1 ? 2 : 3));
        write_slice(w, slice_of(record.data + 4, RECORD_HEAD - 4));
        write_slice(w, slice_of(record.data + RECORD_HEAD + 1, end - RECORD_HEAD - 1));
        return writer_view(w);
}

static void expect_stored(struct element_rig *rig, slice record, slice id, uint16_t sw)
{
        element_rig_off(rig);
        element_rig_store(rig, 0x01000000, record);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(log_in(rig, false, id), sw);
        assert_sw(log_in(rig, false, nothing), sw);
}

/* Records of version 1 had no credProtect and stand for level 1, those of version 2 had nothing of the
 * extensions: both go on. Of another version, cut anywhere, or with a level that is none, a record is not
 * there. */
static void former_records_are_read(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[32], record[512], former[512];
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        slice stored = element_rig_stored(rig, 0x01000000, record, sizeof record);
        assert_int_equal(record[0], 3);
        for (uint8_t version = 1; version <= 2; version++) {
                writer w = WRITER(former);
                slice older = older_record(stored, version, &w);
                expect_stored(rig, older, SLICE(id), SW_OK);
                expect_stored(rig, slice_of(former, older.size - 1), SLICE(id), SW_NO_REFERENCE);
                write_u8(&w, 0);
                expect_stored(rig, writer_view(&w), SLICE(id), SW_NO_REFERENCE);
        }
        static const struct {
                size_t at;
                uint8_t value;
        } wrong[] = { { 0, 0 }, { 0, 4 }, { 3, 0 }, { 3, 4 } };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                memcpy(former, record, stored.size);
                former[wrong[i].at] = wrong[i].value;
                expect_stored(rig, slice_of(former, stored.size), SLICE(id), SW_NO_REFERENCE);
        }
        for (size_t size = 0; size < stored.size; size += 7)
                expect_stored(rig, slice_of(record, size), SLICE(id), SW_NO_REFERENCE);
        expect_stored(rig, stored, SLICE(id), SW_OK);
}

/* ---- RESET ---- */

/* [6.6] */
static void a_reset_leaves_nothing_of_the_holder(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t touched[] = { 0x85, 1, 0x02 }, untouched[] = { 0x85, 1, 0x00 },
                             odd[] = { 0x85, 1, 0x03 };
        uint8_t id[32], bytes[64];
        static const uint32_t gone[] = { 0x0020, 0x0023, 0x0030, 0x0031, 0x0101, 0x010A, 0x010B, 0x0117,
                0x011A, 0x01000000, 0x02000000 };
        SECRET(token);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        assert_sw(by_pin(rig, "0000", GA, rp_id, &token), 0x63C2);
        assert_sw(by_pin(rig, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
        assert_sw(element_rig_command(rig, reset, nothing), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, reset, SLICE(odd)), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, reset, SLICE(untouched)), SW_CONDITIONS);
        assert_sw(begin_by(rig, GET, rp_id, &token), SW_OK); /* nothing has happened */
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, nothing), SW_CONDITIONS);
        struct element_rig_state s = element_rig_state(rig);
        assert_int_equal(s.flags, 0x01); /* the batch key */
        assert_int_equal(s.pin_tries, 8);
        assert_int_equal(s.uv_tries, 5);
        assert_int_equal(s.room, FIDO_CREDENTIALS_MAX);
        assert_sw(log_in(rig, false, SLICE(id)), SW_NO_REFERENCE);
        for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
                assert_int_equal(element_rig_stored(rig, gone[i], bytes, sizeof bytes).size, 0);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_state(rig).flags, 0x01);
        assert_sw(element_rig_command(rig, 0x80400000, SLICE(touched)), SW_OK); /* and a receipt says so */
        assert_sw(make_by(rig, rp_id, NULL), SW_OK);                            /* a plain authenticator */
}

/* "enterprise attestation is switched off (the list stays)" */
static void a_reset_switches_the_list_off(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t touched[] = { 0x85, 1, 0x02 }, list[] = { 0x80, 1, 0x01, 0x81, 1, 'a' };
        uint8_t before[64], after[64];
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x803A0000, SLICE(list)), SW_OK);
        assert_int_equal(element_rig_state(rig).flags & 0x20, 0x20);
        slice was = element_rig_stored(rig, 0x0040, before, sizeof before);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_int_equal(element_rig_state(rig).flags & 0x20, 0);
        slice is = element_rig_stored(rig, 0x0040, after, sizeof after);
        assert_int_equal(was.size, is.size);
        assert_int_equal(after[0], 0);
        assert_memory_equal(before + 1, after + 1, was.size - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(permissions_have_a_form),
                TEST(a_token_does_what_it_is_for),
                TEST(a_legacy_token_is_bound_by_its_first_use),
                TEST(one_operation_uses_a_token_up),
                TEST(what_ends_a_token),
                TEST(a_token_by_finger_is_for_less),
                TEST(a_token_by_finger_verifies_its_user),
                TEST(a_fingers_token_stands_for_its_words),
                TEST(a_point_off_the_curve_leaves_the_finger),
                TEST(storms_drain_the_finger_only),
                TEST(the_core_asks_for_its_commands),
                TEST(a_message_is_of_its_own_command),
                TEST(protected_credentials_hide),
                TEST(former_records_are_read),
                TEST(a_reset_leaves_nothing_of_the_holder),
                TEST(a_reset_switches_the_list_off),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
