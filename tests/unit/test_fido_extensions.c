/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of makeCredential and getAssertion in the element, NEXT ASSERTION, and what else CTAP 2.1
 * and 2.2 ask of the two commands. */
#include "authdata.h"
#include "cbor.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAKE = 0x01, GET = 0x02, TOKEN = 0x06 };
enum { PRESENCE = 0x01, BUILT_IN = 0x02 };    /* BEGIN */
enum { DISCOVERABLE = 0x01, PRESENT = 0x02 }; /* MAKE CREDENTIAL, GET ASSERTION */
enum { ES256 = 0x07, EDDSA = 0x08, ES384 = 0x0A };
enum { MC = 0x01, GA = 0x02, LBW = 0x10, ACFG = 0x20 }; /* permissions */
enum {
        HMAC = 0x01,
        BLOB_KEY = 0x02,
        MIN_PIN = 0x04,
        PAYMENT = 0x08,
        JPKI = 0x10,
        BLOB = 0x20,
        COMPLEX = 0x40
};
enum way { BY_TOUCH, BY_PIN, BY_FINGER, BY_FINGER_TOKEN, SILENTLY, SILENTLY_BY_PIN };
enum { TOKEN_LOOKS = 16, FIRST = 0x01000000 };

static const char rp_id[] = "example.jp";
static const uint32_t make_credential = 0x80240000, get_assertion = 0x80260000, next_assertion = 0x80220000;
static const slice nothing = { 0 };
static struct element_rig stencil;

#define assert_sw(got, wanted) assert_int_equal((got), (wanted))

static int make_stencil(void **state)
{
        (void)state;
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
        assert_sw(element_rig_channel(&stencil, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(&stencil, 0x80340000, SLICE(pin)), SW_OK);
        element_rig_pair(&stencil, NULL);
        assert_sw(element_rig_select(&stencil, element_rig_fido), SW_OK);
        assert_sw(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int open_rig(void **state)
{
        static struct element_rig rig;
        element_rig_clone(&stencil, &rig);
        assert_sw(element_rig_select(&rig, element_rig_fido), SW_OK);
        *state = &rig;
        return 0;
}

static int close_rig(void **state)
{
        element_rig_close(*state);
        return 0;
}

/* ---- ceremonies ---- */

struct ceremony {
        enum way way;
        int filler; /* never named: an initialiser is never empty */
        bool undiscoverable;
        uint8_t algorithm; /* 0: ES256 */
        const char *user;  /* NULL: user-1 */
        slice extra;       /* further fields */
        slice list;        /* one id */
};

#define MAKING(...) (&(struct ceremony){ .filler = 0, __VA_ARGS__ })
#define GETTING(...) (&(struct ceremony){ .filler = 0, __VA_ARGS__ })

static uint8_t last_hash[SHA256_SIZE]; /* clientDataHash of the last ceremony */

/* A token by finger, which uv = true of CTAP's getPinUvAuthTokenUsingUvWithPermissions gives. */
static void finger_token(struct element_rig *rig, uint8_t permissions, struct secret *ret_token)
{
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[512];
        struct pin_rig pin;
        writer w = WRITER(bytes);
        struct element_rig_operation operation = {
                .command = TOKEN, .rp_id = rp_id, .options = BUILT_IN, .permissions = permissions
        };
        assert_sw(pin_rig_agree(rig, 2, &pin), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        pin_rig_write_agreement(&w, &pin);
        tlv_write(&w, 0x82, SLICE(token));
        assert_sw(element_rig_command(rig, 0x80160000, writer_view(&w)), SW_OK);
        pin_rig_decrypt(&pin, element_rig_value(rig, 0x80), ret_token);
}

static bool is_silent(enum way way)
{
        return way == SILENTLY || way == SILENTLY_BY_PIN;
}

/* BEGIN, as the way has it; a token that is given is used, else a new one is got where one is needed. */
static uint16_t begin_with(struct element_rig *rig, const struct ceremony *ceremony, uint8_t command,
        const struct secret *given, uint8_t unlock[UNLOCK_TOKEN_SIZE])
{
        static uint8_t counter;
        SECRET(token);
        enum way way = ceremony->way;
        struct element_rig_operation operation = { .command = command, .rp_id = rp_id };
        operation.client_data_hash[0] = ++counter;
        memcpy(last_hash, operation.client_data_hash, sizeof last_hash);
        operation.options = way == BY_FINGER ? PRESENCE | BUILT_IN : is_silent(way) ? 0 : PRESENCE;
        if (!given && (way == BY_PIN || way == SILENTLY_BY_PIN))
                assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, MC | GA, rp_id, &token), SW_OK);
        if (!given && way == BY_FINGER_TOKEN)
                finger_token(rig, MC | GA, &token);
        operation.pin = given ? given : token.size ? &token : NULL;
        if (element_rig_begin(rig, &operation) == SW_OK && way == BY_FINGER)
                element_rig_seal(rig, &operation, UNLOCK_VERIFIED, unlock);
        return rig->sw;
}

static uint8_t presence_of(enum way way)
{
        return way == BY_FINGER || is_silent(way) ? 0 : PRESENT;
}

static slice make_data(const struct ceremony *ceremony, const uint8_t *unlock, writer *w)
{
        if (ceremony->way == BY_FINGER)
                tlv_write(w, 0x80, slice_of(unlock, UNLOCK_TOKEN_SIZE));
        tlv_write(w, 0x81, slice_text(rp_id));
        tlv_write(w, 0x82, slice_text(ceremony->user ? ceremony->user : "user-1"));
        tlv_write(w, 0x83, slice_text("hanako"));
        tlv_write(w, 0x84, slice_text("Hanako"));
        tlv_write_u8(w, 0x85,
                (uint8_t)((ceremony->undiscoverable ? 0 : DISCOVERABLE) | presence_of(ceremony->way)));
        tlv_write_u8(w, 0x86, ceremony->algorithm ? ceremony->algorithm : ES256);
        if (ceremony->list.size)
                tlv_write(w, 0x87, ceremony->list);
        write_slice(w, ceremony->extra);
        assert_false(w->overflowed);
        return writer_view(w);
}

static uint16_t make(struct element_rig *rig, const struct ceremony *ceremony)
{
        uint8_t unlock[UNLOCK_TOKEN_SIZE], bytes[1024];
        writer w = WRITER(bytes);
        assert_sw(begin_with(rig, ceremony, MAKE, NULL, unlock), SW_OK);
        return element_rig_command(rig, make_credential, make_data(ceremony, unlock, &w));
}

static uint16_t get_by(struct element_rig *rig, const struct ceremony *ceremony, const struct secret *token)
{
        uint8_t unlock[UNLOCK_TOKEN_SIZE], bytes[1024];
        writer w = WRITER(bytes);
        if (begin_with(rig, ceremony, GET, token, unlock) != SW_OK)
                return rig->sw;
        if (ceremony->way == BY_FINGER)
                tlv_write(&w, 0x80, SLICE(unlock));
        tlv_write_u8(&w, 0x85, presence_of(ceremony->way));
        if (ceremony->list.size)
                tlv_write(&w, 0x87, ceremony->list);
        write_slice(&w, ceremony->extra);
        return element_rig_command(rig, get_assertion, writer_view(&w));
}

static uint16_t get(struct element_rig *rig, const struct ceremony *ceremony)
{
        return get_by(rig, ceremony, NULL);
}

/* What was registered: a copy that lives on. */
struct registered {
        uint8_t bytes[600];
        struct authdata data;
};

static void read_registered(struct element_rig *rig, struct registered *ret)
{
        slice authdata = element_rig_value(rig, 0x80);
        assert_true(authdata.size <= sizeof ret->bytes);
        memcpy(ret->bytes, authdata.data, authdata.size);
        /* strict: canonical CBOR and no more */
        assert_int_equal(
                authdata_read(slice_of(ret->bytes, authdata.size), &ret->data, NULL).code, MITOME_OK);
}

/* The assertion of the last answer, signed by the credential. */
static struct authdata read_assertion(struct element_rig *rig, const struct registered *of)
{
        struct authdata data;
        slice authdata = element_rig_value(rig, 0x81);
        const slice parts[] = { authdata, SLICE(last_hash) };
        assert_int_equal(authdata_read(authdata, &data, NULL).code, MITOME_OK);
        if (of)
                assert_int_equal(cose_verify(NULL, &of->data.public_key, parts, 2,
                                         element_rig_value(rig, 0x82), "sig", "", NULL)
                                         .code,
                        MITOME_OK);
        return data;
}

/* The value of an output, as it is encoded; the empty view when there is none. */
static slice output_of(slice extensions, const char *name)
{
        struct cbor_reader r = cbor_over(extensions, "", NULL);
        struct cbor_members map;
        slice found = { 0 };
        if (!extensions.size)
                return found;
        assert_int_equal(cbor_open_map(&r, "outputs", 16, &map).code, MITOME_OK);
        for (;;) {
                struct cbor_key key;
                bool more;
                slice item;
                assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
                if (!more)
                        return found;
                assert_int_equal(cbor_read_item(&r, "output", &item).code, MITOME_OK);
                if (slice_is(key.text, name))
                        found = item;
        }
}

static void expect_output(slice extensions, const char *name, const char *wanted, size_t size)
{
        slice got = output_of(extensions, name);
        assert_int_equal(got.size, size);
        if (size)
                assert_memory_equal(got.data, wanted, size);
}

#define EXPECT_OUTPUT(extensions, name, wanted) expect_output(extensions, name, wanted, sizeof(wanted) - 1)

static slice flags_field(writer *w, uint8_t flags)
{
        tlv_write_u8(w, 0x8A, flags);
        return writer_view(w);
}

static bool has_tag(struct element_rig *rig, uint32_t tag)
{
        slice value;
        assert_int_equal(tlv_find_optional(rig->data, tag, "tag", &value, NULL).code, MITOME_OK);
        return value.data != NULL;
}

/* ---- hmac-secret ---- */

static const uint8_t two_salts[64] = { 1, 2, 3, [32] = 4, 5, 6 };

/* Field 8B. */
static void salts_field(const struct pin_rig *pin, slice salts, writer *w)
{
        uint8_t sealed[96], param[SHA256_SIZE], bytes[256];
        writer encrypted = WRITER(sealed), input = WRITER(bytes);
        pin_rig_encrypt(pin, salts, &encrypted);
        pin_rig_write_agreement(&input, pin);
        tlv_write(&input, 0x82, writer_view(&encrypted));
        tlv_write(&input, 0x84, pin_rig_param(pin->protocol, &pin->hmac, writer_view(&encrypted), param));
        tlv_write(w, 0x8B, writer_view(&input));
}

/* An assertion with salts, and its secrets. */
static void get_secrets(
        struct element_rig *rig, enum way way, uint8_t protocol, size_t count, slice id, struct secret *ret)
{
        uint8_t bytes[512];
        struct pin_rig pin;
        slice sealed;
        writer w = WRITER(bytes);
        assert_sw(pin_rig_agree(rig, protocol, &pin), SW_OK);
        salts_field(&pin, slice_of(two_salts, 32 * count), &w);
        assert_sw(get(rig, GETTING(.way = way, .list = id, .extra = writer_view(&w))), SW_OK);
        slice item = output_of(read_assertion(rig, NULL).extensions, "hmac-secret");
        struct cbor_reader r = cbor_over(item, "", NULL);
        assert_int_equal(cbor_read_bytes(&r, "hmac-secret", 80, &sealed).code, MITOME_OK);
        assert_int_equal(sealed.size, 32 * count + (protocol == 1 ? 0 : 16));
        pin_rig_decrypt(&pin, sealed, ret);
}

static slice stored_seeds(struct element_rig *rig, uint8_t *record, size_t capacity)
{
        slice stored = element_rig_stored(rig, FIRST, record, capacity);
        size_t at = 4 + 32 + 32;
        for (int i = 0; i < 5; i++) /* key, RP ID, user id, names */
                at += 1 + stored.data[at];
        assert_int_equal(stored.data[at], 64);
        return slice_of(stored.data + at + 1, 64);
}

/* [12.5 makeCredential] [12.5 getAssertion] HMAC-SHA-256 of each salt by the secret for verified users, or
 * the one for others */
static void hmac_secret_is_an_hmac_by_both_protocols(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                enum way way;
                size_t seed;
        } ways[] = { { BY_TOUCH, 32 }, { BY_PIN, 0 }, { BY_FINGER, 0 } };
        uint8_t record[512], wanted[64];
        struct registered registered;
        assert_sw(make(rig, MAKING()), SW_OK); /* the secrets are made unasked, too */
        read_registered(rig, &registered);
        slice seeds = stored_seeds(rig, record, sizeof record);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                for (size_t salt = 0; salt < 2; salt++) {
                        slice view = slice_of(two_salts + 32 * salt, 32);
                        hmac_sha256(slice_of(seeds.data + ways[i].seed, 32), &view, 1, wanted + 32 * salt);
                }
                for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                        for (size_t count = 1; count <= 2; count++) {
                                SECRET(secrets);
                                get_secrets(rig, ways[i].way, protocol, count, registered.data.credential_id,
                                        &secrets);
                                assert_int_equal(secrets.size, 32 * count);
                                assert_memory_equal(secrets.data, wanted, 32 * count);
                        }
                }
        }
}

/* [2.2 12.8] the same secrets, when the credential is made */
static void hmac_secret_at_registration_is_the_same(void **state)
{
        struct element_rig *rig = *state;
        static const enum way ways[] = { BY_TOUCH, BY_PIN };
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                for (size_t i = 0; i < 2; i++) {
                        uint8_t bytes[512];
                        struct pin_rig pin;
                        struct registered registered;
                        slice sealed;
                        SECRET(first);
                        SECRET(then);
                        writer w = WRITER(bytes);
                        assert_sw(pin_rig_agree(rig, protocol, &pin), SW_OK);
                        (void)flags_field(&w, HMAC);
                        salts_field(&pin, SLICE(two_salts), &w);
                        assert_sw(make(rig, MAKING(.way = ways[i], .extra = writer_view(&w))), SW_OK);
                        read_registered(rig, &registered);
                        EXPECT_OUTPUT(registered.data.extensions, "hmac-secret", "\xF5");
                        slice item = output_of(registered.data.extensions, "hmac-secret-mc");
                        struct cbor_reader r = cbor_over(item, "", NULL);
                        assert_int_equal(cbor_read_bytes(&r, "mc", 80, &sealed).code, MITOME_OK);
                        pin_rig_decrypt(&pin, sealed, &first);
                        get_secrets(rig, ways[i], 2, 2, registered.data.credential_id, &then);
                        assert_true(secret_equal(secret_view(&first), secret_view(&then)));
                        assert_int_equal(first.size, 64);
                }
        }
}

static uint16_t get_with_input(struct element_rig *rig, enum way way, slice input)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x8B, input);
        return get(rig, GETTING(.way = way, .extra = writer_view(&w)));
}

/* What field 8B holds, with what is wrong about it. */
static slice bad_input(const struct pin_rig *pin, size_t salts, bool forged, size_t param_size, writer *w)
{
        uint8_t sealed[160], plain[128] = { 7 }, param[SHA256_SIZE] = { 0 };
        writer encrypted = WRITER(sealed);
        pin_rig_encrypt(pin, slice_of(plain, salts), &encrypted);
        (void)pin_rig_param(pin->protocol, &pin->hmac, writer_view(&encrypted), param);
        param[0] ^= forged;
        pin_rig_write_agreement(w, pin);
        tlv_write(w, 0x82, writer_view(&encrypted));
        tlv_write(w, 0x84, slice_of(param, param_size));
        return writer_view(w);
}

/* [12.5 getAssertion] a saltAuth that is another's: 6982. Salts of another size, a point off the curve,
 * another protocol, whatever is cut: 6A80. */
static void hmac_secret_is_strict(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                uint8_t protocol;
                size_t salts;
                bool forged;
                size_t param;
                uint16_t sw;
        } cases[] = {
                { 1, 32, false, 16, SW_OK },
                { 2, 64, false, 32, SW_OK },
                { 1, 32, true, 16, SW_SECURITY_STATUS },
                { 2, 32, true, 32, SW_SECURITY_STATUS },
                { 1, 32, false, 32, SW_SECURITY_STATUS }, /* the other protocol's form */
                { 2, 32, false, 16, SW_SECURITY_STATUS },
                { 2, 32, false, 31, SW_SECURITY_STATUS },
                { 1, 32, false, 15, SW_WRONG_DATA },
                { 1, 16, false, 16, SW_WRONG_DATA },
                { 1, 48, false, 16, SW_WRONG_DATA },
                { 1, 80, false, 16, SW_WRONG_DATA },
                { 2, 16, false, 32, SW_WRONG_DATA },
                { 2, 48, false, 32, SW_WRONG_DATA },
                { 2, 80, false, 32, SW_WRONG_DATA },
        };
        assert_sw(make(rig, MAKING()), SW_OK);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                uint8_t bytes[400];
                struct pin_rig pin;
                writer w = WRITER(bytes);
                assert_sw(pin_rig_agree(rig, cases[i].protocol, &pin), SW_OK);
                slice input = bad_input(&pin, cases[i].salts, cases[i].forged, cases[i].param, &w);
                assert_sw(get_with_input(rig, BY_TOUCH, input), cases[i].sw);
        }
}

static void hmac_secret_refuses_cut_input(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[400], changed[400];
        struct pin_rig pin;
        writer w = WRITER(bytes);
        assert_sw(make(rig, MAKING()), SW_OK);
        assert_sw(pin_rig_agree(rig, 2, &pin), SW_OK);
        slice input = bad_input(&pin, 32, false, 32, &w);
        for (size_t size = 1; size < input.size; size++)
                assert_sw(get_with_input(rig, BY_TOUCH, slice_of(bytes, size)), SW_WRONG_DATA);
        memcpy(changed, bytes, input.size);
        changed[2] ^= 1; /* x: off the curve, as good as always */
        assert_int_not_equal(get_with_input(rig, BY_TOUCH, slice_of(changed, input.size)), SW_OK);
        memcpy(changed, bytes, input.size);
        changed[2 + 32 + 2 + 32 + 2] = 3; /* the protocol */
        assert_sw(get_with_input(rig, BY_TOUCH, slice_of(changed, input.size)), SW_WRONG_DATA);
        /* [12.5 getAssertion] and never without presence */
        assert_sw(get_with_input(rig, SILENTLY, input), SW_WRONG_DATA);
        assert_sw(get_with_input(rig, BY_TOUCH, input), SW_OK);
        /* a new selection has no key agreement */
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(get_with_input(rig, BY_TOUCH, input), SW_SECURITY_STATUS);
}

/* ---- the others ---- */

/* [6.1.2 15] [12.1 makeCredential] */
static void outputs_are_whole_and_in_order(void **state)
{
        struct element_rig *rig = *state;
        static const char *const names[] = { "credBlob", "credProtect", "hmac-secret", "mitome-jpki",
                "hmac-secret-mc", "thirdPartyPayment" };
        uint8_t bytes[600];
        struct pin_rig pin;
        struct registered registered;
        writer w = WRITER(bytes);
        assert_sw(pin_rig_agree(rig, 2, &pin), SW_OK);
        tlv_write_u8(&w, 0x88, 2);
        tlv_write(&w, 0x89, slice_text("blob"));
        (void)flags_field(&w, 0x7F);
        salts_field(&pin, SLICE(two_salts), &w);
        assert_sw(make(rig, MAKING(.way = BY_PIN, .extra = writer_view(&w))), SW_OK);
        read_registered(rig, &registered);
        assert_true(registered.data.flags & AUTHDATA_ED);
        struct cbor_reader r = cbor_over(registered.data.extensions, "", NULL);
        struct cbor_members map;
        assert_int_equal(cbor_open_map(&r, "outputs", 16, &map).code, MITOME_OK);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                struct cbor_key key;
                bool more;
                assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
                assert_true(more && slice_is(key.text, names[i]));
                assert_int_equal(cbor_skip(&r, "output").code, MITOME_OK);
        }
        EXPECT_OUTPUT(registered.data.extensions, "credProtect", "\x02");
        EXPECT_OUTPUT(registered.data.extensions, "credBlob", "\xF5");
        /* without extensions: no map, no flag */
        assert_sw(make(rig, MAKING(.way = BY_PIN)), SW_OK);
        read_registered(rig, &registered);
        assert_false(registered.data.flags & AUTHDATA_ED);
}

/* [12.2 makeCredential] [12.2 getAssertion] */
static void cred_blob_is_kept_with_discoverable_credentials(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[128], wanted[8], blob[65] = { 9 };
        struct registered registered;
        writer w = WRITER(bytes), asked = WRITER(wanted);
        slice extra = flags_field(&asked, BLOB);
        tlv_write(&w, 0x89, slice_of(blob, 64));
        (void)flags_field(&w, BLOB);
        assert_sw(make(rig, MAKING(.extra = writer_view(&w))), SW_OK);
        read_registered(rig, &registered);
        EXPECT_OUTPUT(registered.data.extensions, "credBlob", "\xF5");
        assert_sw(get(rig, GETTING(.extra = extra)), SW_OK);
        slice got = output_of(read_assertion(rig, &registered).extensions, "credBlob");
        assert_int_equal(got.size, 66);
        assert_memory_equal(got.data + 2, blob, 64);
        assert_sw(get(rig, GETTING()), SW_OK); /* unasked: not told */
        assert_int_equal(read_assertion(rig, &registered).extensions.size, 0);

        assert_sw(
                make(rig, MAKING(.undiscoverable = true, .user = "user-2", .extra = writer_view(&w))), SW_OK);
        read_registered(rig, &registered);
        EXPECT_OUTPUT(registered.data.extensions, "credBlob", "\xF4");
        assert_sw(get(rig, GETTING(.list = registered.data.credential_id, .extra = extra)), SW_OK);
        EXPECT_OUTPUT(read_assertion(rig, &registered).extensions, "credBlob", "\x40");

        assert_sw(
                make(rig, MAKING(.user = "user-3", .extra = extra)), SW_OK); /* asked, and too long to send */
        read_registered(rig, &registered);
        EXPECT_OUTPUT(registered.data.extensions, "credBlob", "\xF4");
        w = WRITER(bytes);
        tlv_write(&w, 0x89, SLICE(blob));
        (void)flags_field(&w, BLOB);
        assert_sw(make(rig, MAKING(.extra = writer_view(&w))), SW_WRONG_DATA);
}

/* [12.3 makeCredential] [12.3 getAssertion] */
static void large_blob_keys_stay_with_their_credentials(void **state)
{
        struct element_rig *rig = *state;
        uint8_t wanted[8], first[32], id[32];
        struct registered registered;
        writer w = WRITER(wanted);
        slice extra = flags_field(&w, BLOB_KEY);
        assert_sw(make(rig, MAKING(.extra = extra)), SW_OK);
        assert_int_equal(element_rig_value(rig, 0x87).size, 32);
        memcpy(first, element_rig_value(rig, 0x87).data, 32);
        read_registered(rig, &registered);
        memcpy(id, registered.data.credential_id.data, 32);
        assert_false(registered.data.flags & AUTHDATA_ED); /* not in authData */
        assert_sw(make(rig, MAKING(.user = "user-2", .extra = extra)), SW_OK);
        assert_memory_not_equal(element_rig_value(rig, 0x87).data, first, 32);
        assert_sw(make(rig, MAKING(.user = "user-3")), SW_OK);
        assert_false(has_tag(rig, 0x87));
        assert_sw(get(rig, GETTING(.extra = extra)), SW_OK); /* user-3 has none */
        assert_false(has_tag(rig, 0x87));
        assert_sw(get(rig, GETTING(.list = SLICE(id), .extra = extra)), SW_OK);
        assert_memory_equal(element_rig_value(rig, 0x87).data, first, 32);
        assert_sw(get(rig, GETTING(.list = SLICE(id))), SW_OK);
        assert_false(has_tag(rig, 0x87));
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(get(rig, GETTING(.list = SLICE(id), .extra = extra)), SW_OK);
        assert_memory_equal(element_rig_value(rig, 0x87).data, first, 32);
        /* of a credential that is not discoverable there is none */
        assert_sw(make(rig, MAKING(.undiscoverable = true, .extra = extra)), SW_WRONG_DATA);
}

static slice configure_list(writer *w, const char *listed)
{
        write_u8(w, 0x03); /* setMinPINLength */
        cbor_write_map(w, 1);
        cbor_write_uint(w, 2);
        cbor_write_array(w, 1);
        cbor_write_string(w, listed);
        return writer_view(w);
}

/* [12.4] [2.2 12.6] whoever is on the list, and nobody else */
static void pin_policies_are_told_to_the_list_only(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                const char *listed;
                bool told;
        } cases[] = { { "other.example", false }, { "example.jp", true } };
        uint8_t wanted[8];
        writer asked = WRITER(wanted);
        slice extra = flags_field(&asked, MIN_PIN | COMPLEX);
        for (size_t i = 0; i < 2; i++) {
                uint8_t bytes[64];
                struct registered registered;
                SECRET(token);
                writer w = WRITER(bytes);
                assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, ACFG, NULL, &token), SW_OK);
                assert_sw(pin_rig_configure(rig, 2, &token, configure_list(&w, cases[i].listed)), SW_OK);
                assert_sw(make(rig, MAKING(.extra = extra)), SW_OK);
                read_registered(rig, &registered);
                expect_output(registered.data.extensions, "minPinLength", "\x04", cases[i].told);
                expect_output(registered.data.extensions, "pinComplexityPolicy", "\xF4", cases[i].told);
                assert_sw(make(rig, MAKING()), SW_OK);
                read_registered(rig, &registered);
                assert_int_equal(registered.data.extensions.size, 0); /* unasked */
        }
}

/* [2.2 12.9 makeCredential] [2.2 12.9 getAssertion] */
static void third_party_payment_is_remembered(void **state)
{
        struct element_rig *rig = *state;
        uint8_t wanted[8];
        struct registered registered;
        writer w = WRITER(wanted);
        slice extra = flags_field(&w, PAYMENT);
        assert_sw(make(rig, MAKING(.extra = extra)), SW_OK);
        read_registered(rig, &registered);
        EXPECT_OUTPUT(registered.data.extensions, "thirdPartyPayment", "\xF5");
        assert_sw(get(rig, GETTING(.extra = extra)), SW_OK);
        EXPECT_OUTPUT(read_assertion(rig, &registered).extensions, "thirdPartyPayment", "\xF5");
        assert_sw(make(rig, MAKING()), SW_OK);
        read_registered(rig, &registered);
        assert_sw(get(rig, GETTING(.extra = extra)), SW_OK);
        EXPECT_OUTPUT(read_assertion(rig, &registered).extensions, "thirdPartyPayment", "\xF4");
}

/* How the user was verified, also where a token stands between. */
static void mitome_jpki_tells_how_the_user_was_verified(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                enum way way;
                const char *wanted;
                uint8_t flags;
        } cases[] = {
                { BY_TOUCH, "\x64none", AUTHDATA_UP },
                { BY_PIN, "\x63pin", AUTHDATA_UP | AUTHDATA_UV },
                { BY_FINGER,
                        "\x66"
                        "finger",
                        AUTHDATA_UP | AUTHDATA_UV },
                { BY_FINGER_TOKEN,
                        "\x66"
                        "finger",
                        AUTHDATA_UP | AUTHDATA_UV },
        };
        uint8_t wanted[8];
        writer w = WRITER(wanted);
        slice extra = flags_field(&w, JPKI);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct registered registered;
                size_t size = strlen(cases[i].wanted);
                assert_sw(make(rig, MAKING(.way = cases[i].way, .extra = extra)), SW_OK);
                read_registered(rig, &registered);
                expect_output(registered.data.extensions, "mitome-jpki", cases[i].wanted, size);
                assert_int_equal(registered.data.flags, cases[i].flags | AUTHDATA_AT | AUTHDATA_ED);
                assert_sw(get(rig, GETTING(.way = cases[i].way, .extra = extra)), SW_OK);
                struct authdata data = read_assertion(rig, &registered);
                expect_output(data.extensions, "mitome-jpki", cases[i].wanted, size);
                assert_int_equal(data.flags, cases[i].flags | AUTHDATA_ED);
        }
}

/* ---- attestation, algorithms ---- */

/* [2.2 6.1.2 19] */
static void attestation_can_be_none(void **state)
{
        struct element_rig *rig = *state;
        const uint8_t none[] = { 0x8C, 1, 0x01 }, packed[] = { 0x8C, 1, 0x00 }, other[] = { 0x8C, 1, 0x02 };
        struct registered registered;
        assert_sw(make(rig, MAKING(.extra = SLICE(none))), SW_OK);
        read_registered(rig, &registered);
        assert_false(has_tag(rig, 0x81));
        assert_false(has_tag(rig, 0x82));
        assert_sw(get(rig, GETTING()), SW_OK);
        (void)read_assertion(rig, &registered);
        assert_sw(make(rig, MAKING(.extra = SLICE(packed))), SW_OK);
        assert_true(has_tag(rig, 0x81) && has_tag(rig, 0x82));
        assert_sw(make(rig, MAKING(.extra = SLICE(other))), SW_WRONG_DATA);
}

/* [6.1.2 16] [6.2.2 13] Each signs anew, warm and after a power cycle, and the keys that stay ready do not
 * mix. */
static void every_algorithm_signs(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t algorithms[] = { ES256, EDDSA, ES384 };
        static struct registered registered[3];
        for (size_t i = 0; i < 3; i++) {
                assert_sw(make(rig, MAKING(.algorithm = algorithms[i], .undiscoverable = true)), SW_OK);
                read_registered(rig, &registered[i]);
        }
        for (int round = 0; round < 3; round++) {
                for (size_t i = 0; i < 3; i++) {
                        for (int again = 0; again < 2; again++) {
                                assert_sw(get(rig, GETTING(.list = registered[i].data.credential_id)), SW_OK);
                                (void)read_assertion(rig, &registered[i]);
                        }
                }
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        }
}

/* ---- NEXT ASSERTION ---- */

enum { CHAIN = 5 };

static void make_several(struct element_rig *rig, struct registered *registered)
{
        static const char *const users[CHAIN] = { "user-1", "user-2", "user-3", "user-4", "user-5" };
        for (size_t i = 0; i < CHAIN; i++) {
                assert_sw(make(rig, MAKING(.way = BY_PIN, .user = users[i])), SW_OK);
                read_registered(rig, &registered[i]);
        }
}

static uint16_t next(struct element_rig *rig)
{
        return element_rig_command(rig, next_assertion, nothing);
}

static void expect_count(struct element_rig *rig, uint8_t count)
{
        slice number = element_rig_value(rig, 0x86);
        assert_int_equal(number.size, 2);
        assert_int_equal(number.data[1], count);
}

/* [6.2.2 12] [6.2.2 12.2.1] [6.2.2 13] [6.3 4] [6.3 5] [6.3 6] [6.3 8] [6.2.2 12.2] [6.3] the newest first,
 * each once, with its own secrets and counter */
static void assertions_are_streamed(void **state)
{
        struct element_rig *rig = *state;
        static struct registered registered[CHAIN];
        uint8_t bytes[512], secrets[CHAIN][32];
        struct pin_rig pin;
        writer w = WRITER(bytes);
        make_several(rig, registered);
        assert_sw(pin_rig_agree(rig, 2, &pin), SW_OK);
        salts_field(&pin, slice_of(two_salts, 32), &w);
        assert_sw(get(rig, GETTING(.way = BY_FINGER, .extra = writer_view(&w))), SW_OK);
        expect_count(rig, CHAIN);
        for (size_t i = 0; i < CHAIN; i++) {
                slice sealed;
                SECRET(plain);
                if (i > 0) {
                        assert_sw(next(rig), SW_OK);
                        assert_false(has_tag(rig, 0x86));
                }
                struct authdata data = read_assertion(rig, &registered[CHAIN - 1 - i]);
                assert_int_equal(data.flags, AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_ED);
                assert_int_equal(data.sign_count, 1);
                assert_true(has_tag(rig, 0x84)); /* names, to whoever was verified */
                slice item = output_of(data.extensions, "hmac-secret");
                struct cbor_reader r = cbor_over(item, "", NULL);
                assert_int_equal(cbor_read_bytes(&r, "hmac-secret", 80, &sealed).code, MITOME_OK);
                pin_rig_decrypt(&pin, sealed, &plain);
                memcpy(secrets[i], plain.data, 32);
                for (size_t j = 0; j < i; j++)
                        assert_memory_not_equal(secrets[i], secrets[j], 32);
                /* GET STATE does not end it */
                assert_sw(element_rig_command(rig, 0x80100000, nothing), SW_OK);
        }
        assert_sw(next(rig), SW_CONDITIONS); /* [6.3 2] */
        assert_sw(next(rig), SW_CONDITIONS);
}

/* [6.3 1] any other command ends it, and so do a selection and a power cycle. */
static void a_chain_ends_with_any_other_command(void **state)
{
        struct element_rig *rig = *state;
        static const uint32_t others[] = { 0x80120000, 0x80140000, 0x80160000, 0x80180000, 0x801A0000,
                0x801C0000, 0x801E0000, 0x80200000, 0x80240000, 0x80260000, 0x80280000, 0x802A0000,
                0x802C0000, 0x802E0000, 0x80460000, 0x80520000, 0x80540000 };
        static struct registered registered[CHAIN];
        make_several(rig, registered);
        assert_sw(next(rig), SW_CONDITIONS);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                assert_sw(get(rig, GETTING()), SW_OK);
                expect_count(rig, CHAIN);
                assert_sw(next(rig), SW_OK);
                (void)element_rig_command(rig, others[i], nothing);
                assert_sw(next(rig), SW_CONDITIONS);
        }
        assert_sw(get(rig, GETTING()), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(next(rig), SW_CONDITIONS);
        assert_sw(get(rig, GETTING()), SW_OK);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(next(rig), SW_CONDITIONS);
        assert_sw(get(rig, GETTING()), SW_OK);
        assert_sw(element_rig_command(rig, next_assertion, SLICE(last_hash)), SW_WRONG_DATA);
        assert_sw(next(rig), SW_OK); /* refused for its form, which takes nothing */
}

/* [6.2.2 7.4] [6.2.2 7.5] [6.2.2 7.7] what credProtect hides is neither counted nor given, first or next.
 * [6.2.2 11.2] named ones have no number, and no next; one alone has none either. */
static void hidden_credentials_are_in_no_chain(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t levels[] = { 1, 2, 3, 1, 3 };
        static const char *const users[] = { "a", "b", "c", "d", "e" };
        struct registered registered;
        for (size_t i = 0; i < 5; i++) {
                const uint8_t extra[] = { 0x88, 1, levels[i] };
                assert_sw(make(rig, MAKING(.way = BY_PIN, .user = users[i], .extra = SLICE(extra))), SW_OK);
                if (i == 0)
                        read_registered(rig, &registered);
        }
        assert_sw(get(rig, GETTING()), SW_OK);
        expect_count(rig, 2);
        assert_true(slice_is(element_rig_value(rig, 0x83), "d"));
        assert_false(has_tag(rig, 0x84)); /* [6.2.2 12.3] no names for who was not verified */
        assert_sw(next(rig), SW_OK);
        assert_true(slice_is(element_rig_value(rig, 0x83), "a"));
        assert_false(has_tag(rig, 0x84));
        assert_sw(next(rig), SW_CONDITIONS);
        assert_sw(get(rig, GETTING(.way = BY_PIN)), SW_OK);
        expect_count(rig, 5);
        assert_sw(get(rig, GETTING(.list = registered.data.credential_id)), SW_OK);
        assert_false(has_tag(rig, 0x86));
        assert_sw(next(rig), SW_CONDITIONS);
}

/* [6.2.2 12.1] */
static void one_alone_has_no_number(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(get(rig, GETTING()), SW_NO_REFERENCE); /* [6.2.2 7.6] */
        assert_sw(make(rig, MAKING()), SW_OK);
        assert_sw(make(rig, MAKING(.undiscoverable = true, .user = "user-2")), SW_OK);
        assert_sw(get(rig, GETTING()), SW_OK);
        assert_false(has_tag(rig, 0x86));
        assert_sw(next(rig), SW_CONDITIONS);
}

/* ---- presence and tokens ---- */

/* [6.2.2 9.4] only an assertion with presence uses the token up. There is no clock here: after 16 others it
 * is used up all the same. */
static void looking_leaves_the_token(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(make(rig, MAKING()), SW_OK);
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, MC | GA, rp_id, &token), SW_OK);
        for (int i = 0; i < 3; i++) {
                assert_sw(get_by(rig, GETTING(.way = SILENTLY_BY_PIN), &token), SW_OK);
                assert_int_equal(read_assertion(rig, NULL).flags, AUTHDATA_UV); /* and no presence */
        }
        assert_sw(get_by(rig, GETTING(.way = BY_PIN), &token), SW_OK);
        assert_sw(get_by(rig, GETTING(.way = BY_PIN), &token), SW_SECURITY_STATUS);
        assert_sw(get_by(rig, GETTING(.way = SILENTLY_BY_PIN), &token), SW_SECURITY_STATUS);
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, MC | GA, rp_id, &token), SW_OK);
        for (int i = 0; i <= TOKEN_LOOKS; i++)
                assert_sw(get_by(rig, GETTING(.way = SILENTLY_BY_PIN), &token), SW_OK);
        assert_sw(get_by(rig, GETTING(.way = SILENTLY_BY_PIN), &token), SW_SECURITY_STATUS);
}

/* Who did not ask for presence cannot claim it, or a token would sign for ever. */
static void presence_is_announced(void **state)
{
        struct element_rig *rig = *state;
        uint8_t unlock[UNLOCK_TOKEN_SIZE];
        const uint8_t present[] = { 0x85, 1, PRESENT };
        assert_sw(make(rig, MAKING()), SW_OK);
        assert_sw(begin_with(rig, GETTING(.way = SILENTLY_BY_PIN), GET, NULL, unlock), SW_OK);
        assert_sw(element_rig_command(rig, get_assertion, SLICE(present)), SW_WRONG_DATA);
}

/* [6.1.2 12.1.4] whether a credential of the list is here is told regardless of the touch */
static void excluded_is_told_without_a_touch(void **state)
{
        struct element_rig *rig = *state;
        const uint8_t hidden[] = { 0x88, 1, 3 };
        uint8_t unlock[UNLOCK_TOKEN_SIZE], bytes[512];
        struct registered shown, other;
        assert_sw(make(rig, MAKING(.way = BY_PIN)), SW_OK);
        read_registered(rig, &shown);
        assert_sw(make(rig, MAKING(.way = BY_PIN, .user = "user-2", .extra = SLICE(hidden))), SW_OK);
        read_registered(rig, &other);
        const struct {
                slice list;
                uint16_t sw;
        } cases[] = { { shown.data.credential_id, SW_EXISTS }, { nothing, SW_CONDITIONS },
                { other.data.credential_id, SW_CONDITIONS } /* [6.1.2 12.2] */ };
        for (size_t i = 0; i < 3; i++) {
                writer w = WRITER(bytes);
                struct ceremony *ceremony = MAKING(.list = cases[i].list);
                assert_sw(begin_with(rig, ceremony, MAKE, NULL, unlock), SW_OK);
                ceremony->way = SILENTLY; /* announced, and not given */
                assert_sw(element_rig_command(rig, make_credential, make_data(ceremony, unlock, &w)),
                        cases[i].sw);
        }
}

/* [6.1.2 6] [6.2.2 5] alwaysUv is kept by the element itself */
static void always_uv_is_kept(void **state)
{
        struct element_rig *rig = *state;
        const uint8_t toggle[] = { 0x02 };
        SECRET(token);
        assert_sw(make(rig, MAKING(.way = BY_TOUCH)), SW_OK);
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, ACFG, NULL, &token), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(toggle)), SW_OK);
        for (int i = 0; i < 3; i++) { /* it does not drift with registrations */
                assert_sw(make(rig, MAKING(.way = BY_TOUCH)), SW_SECURITY_STATUS);
                assert_sw(get(rig, GETTING(.way = BY_TOUCH)), SW_SECURITY_STATUS);
                assert_sw(get(rig, GETTING(.way = SILENTLY)), SW_OK); /* [6.2.2 5] "up" false */
                assert_sw(make(rig, MAKING(.way = BY_PIN)), SW_OK);
                assert_sw(get(rig, GETTING(.way = BY_PIN)), SW_OK);
                assert_sw(make(rig, MAKING(.way = BY_FINGER)), SW_OK);
                assert_sw(get(rig, GETTING(.way = BY_FINGER)), SW_OK);
        }
}

/* ---- form ---- */

/* What contradicts itself, and every truncation: 6A80, and nothing is spent. */
static void extension_fields_are_strict(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t bad[][8] = { { 3, 0x8A, 1, 0x80 }, { 3, 0x8C, 1, 2 }, { 3, 0x88, 1, 0 },
                { 3, 0x88, 1, 4 }, { 2, 0x8A, 0 }, { 3, 0x89, 1, 1 }, { 6, 0x8A, 1, 0x10, 0x8A, 1, 0x10 } };
        uint8_t unlock[UNLOCK_TOKEN_SIZE], bytes[600], extra[300];
        struct pin_rig pin;
        writer e = WRITER(extra), whole = WRITER(bytes);
        assert_sw(pin_rig_agree(rig, 2, &pin), SW_OK);
        tlv_write(&e, 0x89, slice_text("blob"));
        (void)flags_field(&e, 0x3F);
        salts_field(&pin, SLICE(two_salts), &e);
        struct ceremony *ceremony = MAKING(.extra = writer_view(&e));
        assert_sw(begin_with(rig, ceremony, MAKE, NULL, unlock), SW_OK);
        slice data = make_data(ceremony, unlock, &whole);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                uint8_t other[300];
                writer w = WRITER(other);
                struct ceremony *wrong = MAKING(.extra = slice_of(bad[i] + 1, bad[i][0]));
                assert_sw(element_rig_command(rig, make_credential, make_data(wrong, unlock, &w)),
                        SW_WRONG_DATA);
        }
        size_t required = data.size - e.used;
        for (size_t size = 0; size < data.size; size++) {
                /* whole fields are a valid command; those cuts are left out */
                slice blob = slice_of(data.data + required, 6), flags = slice_of(data.data + required + 6, 3);
                if (size == required || size == required + blob.size + flags.size)
                        continue;
                assert_sw(
                        element_rig_command(rig, make_credential, slice_of(data.data, size)), SW_WRONG_DATA);
        }
        assert_sw(element_rig_command(rig, make_credential, data), SW_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(hmac_secret_is_an_hmac_by_both_protocols),
                TEST(hmac_secret_at_registration_is_the_same),
                TEST(hmac_secret_is_strict),
                TEST(hmac_secret_refuses_cut_input),
                TEST(outputs_are_whole_and_in_order),
                TEST(cred_blob_is_kept_with_discoverable_credentials),
                TEST(large_blob_keys_stay_with_their_credentials),
                TEST(pin_policies_are_told_to_the_list_only),
                TEST(third_party_payment_is_remembered),
                TEST(mitome_jpki_tells_how_the_user_was_verified),
                TEST(attestation_can_be_none),
                TEST(every_algorithm_signs),
                TEST(assertions_are_streamed),
                TEST(a_chain_ends_with_any_other_command),
                TEST(hidden_credentials_are_in_no_chain),
                TEST(one_alone_has_no_number),
                TEST(looking_leaves_the_token),
                TEST(presence_is_announced),
                TEST(excluded_is_told_without_a_touch),
                TEST(always_uv_is_kept),
                TEST(extension_fields_are_strict),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
