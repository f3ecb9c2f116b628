/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_platform.h"

#include "cbor.h"
#include "ctap_status.h"

enum { GET_INFO = 0x04, CLIENT_PIN = 0x06, MANAGEMENT = 0x0A, MANAGEMENT_PREVIEW = 0x41 };
enum {
        PIN_RETRIES = 1,
        AGREEMENT,
        SET_PIN,
        CHANGE_PIN,
        PIN_TOKEN_PLAIN,
        UV_TOKEN,
        UV_RETRIES,
        PIN_TOKEN = 9,
};

/* ---- answers ---- */

static bool find_member(slice map_bytes, bool any_order, int64_t number, const char *name, slice *ret)
{
        struct cbor_reader r = cbor_over(map_bytes, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice value;
        bool more = false;
        r.any_order = any_order;
        r.deeper = 2; /* certificates within attStmt within an answer */
        if (failed(cbor_open_map(&r, "answer", CBOR_MEMBERS, &map)))
                return false;
        while (!failed(cbor_next_key(&r, &map, &key, &more)) && more &&
                !failed(cbor_read_item(&r, "member", &value))) {
                if (name ? key.is_text && slice_is(key.text, name) : !key.is_text && key.number == number) {
                        *ret = value;
                        return true;
                }
        }
        return false;
}

/* Not everybody sorts keys, and a reader that takes them in any order remembers few. */
slice platform_member(slice map_bytes, int64_t number, const char *name)
{
        slice value = { 0 };
        if (!find_member(map_bytes, false, number, name, &value))
                (void)find_member(map_bytes, true, number, name, &value);
        return value;
}

bool platform_bytes(slice item, slice *ret)
{
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        return item.size > 0 && !failed(cbor_read_bytes(&r, "member", item.size, ret));
}

bool platform_uint(slice item, uint64_t *ret)
{
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        return item.size > 0 && !failed(cbor_read_uint(&r, "member", INT64_MAX, ret));
}

bool platform_bool(slice item, bool *ret)
{
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        return item.size > 0 && !failed(cbor_read_bool(&r, "member", ret));
}

/* Whether a list of texts has this one. */
static bool has_text(slice list, const char *wanted)
{
        struct cbor_reader r = cbor_over(list, NULL, NULL);
        struct cbor_members array;
        slice text;
        if (list.size == 0 || failed(cbor_open_array(&r, "answer", CBOR_MEMBERS, &array)))
                return false;
        while (cbor_next_element(&r, &array)) {
                if (failed(cbor_read_text(&r, "answer", list.size, &text)))
                        return false;
                if (slice_is(text, wanted))
                        return true;
        }
        return false;
}

static uint8_t best_protocol(slice list)
{
        struct cbor_reader r = cbor_over(list, NULL, NULL);
        struct cbor_members array;
        uint64_t version;
        uint8_t best = 0;
        if (list.size == 0 || failed(cbor_open_array(&r, "answer", CBOR_MEMBERS, &array)))
                return 0;
        while (cbor_next_element(&r, &array) && !failed(cbor_read_uint(&r, "answer", UINT32_MAX, &version))) {
                if (version == 2 || (version == 1 && best == 0))
                        best = (uint8_t)version;
        }
        return best;
}

/* ---- requests ---- */

writer platform_begin(struct platform *platform, uint8_t command, size_t members)
{
        writer w = WRITER(platform->request);
        write_u8(&w, command);
        cbor_write_map(&w, members);
        return w;
}

int platform_go(struct platform *platform, const writer *w)
{
        platform->body = (slice){ 0 };
        if (w->overflowed) {
                probe_end(platform->run, PROBE_NOT_TESTABLE, "a request would not fit");
                return -1;
        }
        return probe_ctap(platform->run, writer_view(w), &platform->body);
}

void platform_pair_uint(writer *w, unsigned key, uint64_t value)
{
        cbor_write_uint(w, key);
        cbor_write_uint(w, value);
}

void platform_pair_bytes(writer *w, unsigned key, slice value)
{
        cbor_write_uint(w, key);
        cbor_write_bytes(w, value);
}

void platform_pair_text(writer *w, unsigned key, const char *text)
{
        cbor_write_uint(w, key);
        cbor_write_string(w, text);
}

void platform_pair_param(writer *w, unsigned key, const struct platform *platform, slice message)
{
        uint8_t param[SHA256_SIZE];
        platform_pair_bytes(
                w, key, pin_protocol_param(platform->info.protocol, &platform->token, message, param));
}

/* ---- getInfo ---- */

/* Whether the option is named; *ret_value is what it says. */
static bool option(slice options, const char *name, bool *ret_value)
{
        *ret_value = false;
        return platform_bool(platform_member(options, 0, name), ret_value);
}

static void read_info(slice body, struct platform_info *ret)
{
        struct platform_info info = { .least_pin = 4, .list_max = 1, .manage_command = MANAGEMENT };
        slice options = platform_member(body, 4, NULL), extensions = platform_member(body, 2, NULL), aaguid;
        bool preview, managed, previewed;
        info.pin_possible = option(options, "clientPin", &info.pin_set);
        info.uv_possible = option(options, "uv", &info.uv_set);
        info.fingers = option(options, "bioEnroll", &managed) ||
                       option(options, "userVerificationMgmtPreview", &preview);
        option(options, "pinUvAuthToken", &info.tokens);
        option(options, "rk", &info.discoverable);
        option(options, "alwaysUv", &info.always_uv);
        option(options, "makeCredUvNotRqd", &info.make_without_uv);
        option(options, "credMgmt", &managed);
        option(options, "credentialMgmtPreview", &previewed);
        info.manage = managed || previewed;
        if (!managed && previewed)
                info.manage_command = MANAGEMENT_PREVIEW;
        info.cred_protect = has_text(extensions, "credProtect");
        info.verification_told = has_text(extensions, "mitome-jpki");
        info.hmac_secret = has_text(extensions, "hmac-secret");
        info.protocol = best_protocol(platform_member(body, 6, NULL));
        if (info.protocol == 0 && info.pin_possible)
                info.protocol = 1; /* CTAP 2.0 may leave it out */
        platform_uint(platform_member(body, 7, NULL), &info.list_max);
        platform_uint(platform_member(body, 0x0D, NULL), &info.least_pin);
        if (platform_bytes(platform_member(body, 3, NULL), &aaguid) && aaguid.size == sizeof info.aaguid) {
                writer w = WRITER(info.aaguid);
                write_slice(&w, aaguid);
        }
        *ret = info;
}

bool platform_refresh(struct platform *platform)
{
        static const uint8_t get_info = GET_INFO;
        int status = probe_ctap(platform->run, slice_of(&get_info, 1), &platform->body);
        if (status < 0)
                return false;
        if (status != CTAP2_OK || platform_member(platform->body, 1, NULL).size == 0) {
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "it is no CTAP 2 authenticator: getInfo answers %02x", status);
                return false;
        }
        read_info(platform->body, &platform->info);
        return true;
}

bool platform_open(struct platform *platform, struct probe_run *run, struct target *target)
{
        *platform = (struct platform){ .run = run, .target = target };
        return platform_refresh(platform);
}

void platform_close(struct platform *platform)
{
        secret_wipe(&platform->token);
        secret_wipe(&platform->agreement.aes);
        secret_wipe(&platform->agreement.hmac);
}

/* ---- PINs and tokens ---- */

static bool read_point(slice key, uint8_t ret[P256_POINT_SIZE])
{
        slice x, y;
        writer w = writer_over(ret, P256_POINT_SIZE);
        if (!platform_bytes(platform_member(key, -2, NULL), &x) ||
                !platform_bytes(platform_member(key, -3, NULL), &y))
                return false;
        write_u8(&w, 0x04);
        write_slice(&w, x);
        write_slice(&w, y);
        return !w.overflowed && w.used == P256_POINT_SIZE;
}

int platform_agree(struct platform *platform)
{
        uint8_t point[P256_POINT_SIZE];
        writer w = platform_begin(platform, CLIENT_PIN, 2);
        platform_pair_uint(&w, 1, platform->info.protocol);
        platform_pair_uint(&w, 2, AGREEMENT);
        int status = platform_go(platform, &w);
        if (status != CTAP2_OK)
                return status;
        if (!read_point(platform_member(platform->body, 1, NULL), point) ||
                failed(pin_protocol_agree(&platform->target->random, platform->info.protocol, SLICE(point),
                        &platform->agreement, NULL)))
                return PLATFORM_MALFORMED;
        return CTAP2_OK;
}

/* The member 3 of clientPIN requests: our point as a COSE key. */
static void pair_key(writer *w, const struct pin_protocol *agreement)
{
        static const uint8_t head[] = { 0x03, 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21 };
        reader point = reader_over(SLICE(agreement->point), NULL, NULL);
        slice mark, x;
        if (failed(read_bytes(&point, "point", 1, &mark)) || failed(read_bytes(&point, "point", 32, &x)))
                return; /* never: it has 65 bytes */
        write_slice(w, SLICE(head));
        cbor_write_bytes(w, x);
        write_u8(w, 0x22);
        cbor_write_bytes(w, read_rest(&point));
}

void platform_forget_pin(struct platform *platform)
{
        if (platform->target->restart)
                return;
        probe_note(platform->run, "the PIN that was given is not its PIN: it is not used any more");
        platform->target->pin = NULL;
        probe_tells_refusal(platform->run);
}

void platform_keeps_pin(struct platform *platform, const char *pin)
{
        probe_note(platform->run, "its PIN may be \"%s\" now", pin); /* should it have failed before that */
        probe_end(platform->run, PROBE_TARGET_FAILED,
                "It took the PIN \"%s\" and does not take the former one again: its PIN is now that one.",
                pin);
        platform_forget_pin(platform);
}

static int heed_refusal(struct platform *platform, const char *pin, int status)
{
        if (status == CTAP2_ERR_PIN_INVALID && pin == platform->target->pin)
                platform_forget_pin(platform);
        return status;
}

static int take_token(struct platform *platform)
{
        slice sealed;
        if (!platform_bytes(platform_member(platform->body, 2, NULL), &sealed) ||
                failed(pin_protocol_decrypt(&platform->agreement, sealed, &platform->token, NULL)))
                return PLATFORM_MALFORMED;
        return CTAP2_OK;
}

int platform_hash_token_agreed(struct platform *platform, const uint8_t hash[PIN_PROTOCOL_HASH],
        uint8_t permissions, const char *rp_id)
{
        uint8_t bytes[PIN_PROTOCOL_IV + PIN_PROTOCOL_HASH];
        writer sealed = WRITER(bytes);
        const bool tokens = platform->info.tokens;
        if (failed(pin_protocol_encrypt(&platform->agreement, &platform->target->random,
                    slice_of(hash, PIN_PROTOCOL_HASH), &sealed, NULL)))
                return PLATFORM_MALFORMED;
        writer w = platform_begin(platform, CLIENT_PIN, tokens ? 5 + (rp_id != NULL) : 4);
        platform_pair_uint(&w, 1, platform->info.protocol);
        platform_pair_uint(&w, 2, tokens ? PIN_TOKEN : PIN_TOKEN_PLAIN);
        pair_key(&w, &platform->agreement);
        platform_pair_bytes(&w, 6, writer_view(&sealed));
        if (tokens)
                platform_pair_uint(&w, 9, permissions);
        if (tokens && rp_id)
                platform_pair_text(&w, 10, rp_id);
        secret_wipe(&platform->token);
        int status = platform_go(platform, &w);
        return status == CTAP2_OK ? take_token(platform) : status;
}

int platform_hash_token(struct platform *platform, const uint8_t hash[PIN_PROTOCOL_HASH], uint8_t permissions,
        const char *rp_id)
{
        int status = platform_agree(platform);
        return status == CTAP2_OK ? platform_hash_token_agreed(platform, hash, permissions, rp_id) : status;
}

int platform_pin_token(struct platform *platform, const char *pin, uint8_t permissions, const char *rp_id)
{
        uint8_t hash[PIN_PROTOCOL_HASH];
        if (!pin)
                return CTAP2_ERR_PIN_INVALID;
        pin_protocol_hash(slice_text(pin), hash);
        int status = platform_hash_token(platform, hash, permissions, rp_id);
        bytes_wipe(hash, sizeof hash);
        return heed_refusal(platform, pin, status);
}

int platform_uv_token(struct platform *platform, uint8_t permissions, const char *rp_id)
{
        int status = platform_agree(platform);
        if (status != CTAP2_OK)
                return status;
        writer w = platform_begin(platform, CLIENT_PIN, 4 + (rp_id != NULL));
        platform_pair_uint(&w, 1, platform->info.protocol);
        platform_pair_uint(&w, 2, UV_TOKEN);
        pair_key(&w, &platform->agreement);
        platform_pair_uint(&w, 9, permissions);
        if (rp_id)
                platform_pair_text(&w, 10, rp_id);
        secret_wipe(&platform->token);
        status = platform_go(platform, &w);
        return status == CTAP2_OK ? take_token(platform) : status;
}

int platform_retries(struct platform *platform, bool finger, unsigned *ret)
{
        uint64_t count;
        writer w = platform_begin(platform, CLIENT_PIN, 2);
        platform_pair_uint(&w, 1, platform->info.protocol);
        platform_pair_uint(&w, 2, finger ? UV_RETRIES : PIN_RETRIES);
        int status = platform_go(platform, &w);
        if (status != CTAP2_OK)
                return status;
        if (!platform_uint(platform_member(platform->body, finger ? 5 : 3, NULL), &count) ||
                count > UINT16_MAX)
                return PLATFORM_MALFORMED;
        *ret = (unsigned)count;
        return CTAP2_OK;
}

int platform_change_pin(struct platform *platform, const char *former, const char *next)
{
        uint8_t message[256], hash[PIN_PROTOCOL_HASH], param[SHA256_SIZE];
        SECRET(padded);
        writer both = WRITER(message);
        slice new_pin;
        int status = platform_agree(platform);
        if (status != CTAP2_OK)
                return status;
        padded.size = PIN_PROTOCOL_PADDED;
        if (failed(slice_copy(slice_text(next), "PIN", padded.data, PIN_PROTOCOL_PADDED, NULL)) ||
                failed(pin_protocol_encrypt(
                        &platform->agreement, &platform->target->random, secret_view(&padded), &both, NULL)))
                return PLATFORM_MALFORMED;
        const size_t new_size = both.used;
        if (former) {
                pin_protocol_hash(slice_text(former), hash);
                bool sealed = !failed(pin_protocol_encrypt(
                        &platform->agreement, &platform->target->random, SLICE(hash), &both, NULL));
                bytes_wipe(hash, sizeof hash);
                if (!sealed)
                        return PLATFORM_MALFORMED;
        }
        reader parts = reader_over(writer_view(&both), NULL, NULL);
        if (failed(read_bytes(&parts, "new PIN", new_size, &new_pin)))
                return PLATFORM_MALFORMED;
        writer w = platform_begin(platform, CLIENT_PIN, former ? 6 : 5);
        platform_pair_uint(&w, 1, platform->info.protocol);
        platform_pair_uint(&w, 2, former ? CHANGE_PIN : SET_PIN);
        pair_key(&w, &platform->agreement);
        platform_pair_bytes(&w, 4,
                pin_protocol_param(
                        platform->info.protocol, &platform->agreement.hmac, writer_view(&both), param));
        platform_pair_bytes(&w, 5, new_pin);
        if (former)
                platform_pair_bytes(&w, 6, read_rest(&parts));
        int answer = platform_go(platform, &w);
        return former ? heed_refusal(platform, former, answer) : answer;
}

enum platform_way platform_way(const struct platform *platform)
{
        const struct platform_info *info = &platform->info;
        if (platform->target->pin && info->pin_set && info->protocol)
                return PLATFORM_BY_PIN;
        return info->uv_set && info->tokens && info->protocol ? PLATFORM_BY_FINGER : PLATFORM_BY_NOTHING;
}

int platform_verify(struct platform *platform, uint8_t permissions, const char *rp_id)
{
        const enum platform_way way = platform_way(platform);
        secret_wipe(&platform->token);
        if (way == PLATFORM_BY_PIN)
                return platform_pin_token(platform, platform->target->pin, permissions, rp_id);
        return way == PLATFORM_BY_FINGER ? platform_uv_token(platform, permissions, rp_id) : CTAP2_OK;
}
