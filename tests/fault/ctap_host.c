/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_host.h"

#include "cbor.h"
#include "random_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                \
        do {                                                                           \
                if (!(condition)) {                                                    \
                        fprintf(stderr, "ctap_host.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                       \
                }                                                                      \
        } while (0)

enum { MAKE_CREDENTIAL = 1, GET_ASSERTION = 2, CLIENT_PIN = 6, MANAGEMENT = 0x0A, LARGE_BLOBS = 0x0C };
enum { PIN_RETRIES = 1, AGREEMENT, SET_PIN, CHANGE_PIN, UV_TOKEN = 6, UV_RETRIES, PIN_TOKEN = 9 };
enum { PROTOCOL = 2, PADDED = 64, DONE = 0 };

static const uint8_t client_data_hash[SHA256_SIZE] = { 0xCD };

bool ctap_host_open(struct ctap_host *host, const char *target)
{
        *host = (struct ctap_host){ .random = random_system() };
        return !failed(hid_host_open(target, &host->random, &host->hid, NULL));
}

void ctap_host_close(struct ctap_host *host)
{
        hid_host_close(host->hid);
        host->hid = NULL;
}

int ctap_host_request(struct ctap_host *host, uint8_t command, slice cbor)
{
        uint8_t request[1024];
        writer w = WRITER(request);
        size_t size = 0;
        write_u8(&w, command);
        write_slice(&w, cbor);
        MUST(!w.overflowed);
        if (failed(hid_host_exchange(
                    host->hid, writer_view(&w), host->answer, sizeof host->answer, &size, NULL)))
                return CTAP_HOST_SILENT;
        MUST(size > 0);
        host->body = slice_of(host->answer + 1, size - 1);
        return host->answer[0];
}

/* ---- answers ---- */

static slice find(slice map_bytes, int64_t wanted)
{
        struct cbor_reader r = cbor_over(map_bytes, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice value;
        bool more;
        MUST(!failed(cbor_open_map(&r, "answer", CBOR_MEMBERS, &map)));
        for (;;) {
                MUST(!failed(cbor_next_key(&r, &map, &key, &more)) && more);
                MUST(!failed(cbor_read_item(&r, "member", &value)));
                if (!key.is_text && key.number == wanted)
                        return value;
        }
}

slice ctap_host_member(const struct ctap_host *host, int64_t key)
{
        return find(host->body, key);
}

unsigned ctap_host_uint(const struct ctap_host *host, int64_t key)
{
        struct cbor_reader r = cbor_over(ctap_host_member(host, key), NULL, NULL);
        uint64_t value;
        MUST(!failed(cbor_read_uint(&r, "member", UINT32_MAX, &value)));
        return (unsigned)value;
}

static slice bytes_of(slice item)
{
        struct cbor_reader r = cbor_over(item, NULL, NULL);
        slice value;
        MUST(!failed(cbor_read_bytes(&r, "member", CTAP_HOST_MESSAGE_MAX, &value)));
        return value;
}

/* ---- requests ---- */

static void pair_uint(writer *w, unsigned key, uint64_t value)
{
        cbor_write_uint(w, key);
        cbor_write_uint(w, value);
}

static void pair_bytes(writer *w, unsigned key, slice value)
{
        cbor_write_uint(w, key);
        cbor_write_bytes(w, value);
}

static void pair_text(writer *w, unsigned key, const char *text)
{
        cbor_write_uint(w, key);
        cbor_write_string(w, text);
}

static int go(struct ctap_host *host, uint8_t command, const writer *w)
{
        MUST(!w->overflowed);
        return ctap_host_request(host, command, writer_view(w));
}

/* ---- PINs ---- */

static int agree(struct ctap_host *host, struct pin_rig *ret)
{
        uint8_t bytes[16], point[P256_POINT_SIZE];
        writer w = WRITER(bytes), p = WRITER(point);
        cbor_write_map(&w, 2);
        pair_uint(&w, 1, PROTOCOL);
        pair_uint(&w, 2, AGREEMENT);
        int status = go(host, CLIENT_PIN, &w);
        if (status != DONE)
                return status;
        slice key = ctap_host_member(host, 1);
        write_u8(&p, 0x04);
        write_slice(&p, bytes_of(find(key, -2)));
        write_slice(&p, bytes_of(find(key, -3)));
        pin_rig_agree_with(&host->random, PROTOCOL, SLICE(point), ret);
        return DONE;
}

static void pair_key(writer *w, const struct pin_rig *pin)
{
        static const uint8_t head[] = { 0x03, 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21 };
        write_slice(w, SLICE(head));
        cbor_write_bytes(w, slice_of(pin->point + 1, 32));
        write_u8(w, 0x22);
        cbor_write_bytes(w, slice_of(pin->point + 33, 32));
}

static slice seal_hash(const struct pin_rig *pin, const char *text, writer *w)
{
        uint8_t hash[SHA256_SIZE];
        const slice view = slice_text(text);
        const size_t before = w->used;
        sha256(&view, 1, hash);
        pin_rig_encrypt(pin, slice_of(hash, 16), w);
        return slice_of(w->data + before, w->used - before);
}

int ctap_host_change_pin(struct ctap_host *host, const char *former, const char *next)
{
        struct pin_rig pin;
        uint8_t bytes[512], message[256], padded[PADDED] = { 0 }, param[SHA256_SIZE];
        writer w = WRITER(bytes), both = WRITER(message);
        int status = agree(host, &pin);
        if (status != DONE)
                return status;
        MUST(!failed(slice_copy(slice_text(next), "PIN", padded, sizeof padded, NULL)));
        pin_rig_encrypt(&pin, SLICE(padded), &both);
        slice new_pin = writer_view(&both), hash = { 0 };
        if (former)
                hash = seal_hash(&pin, former, &both);
        cbor_write_map(&w, former ? 6 : 5);
        pair_uint(&w, 1, PROTOCOL);
        pair_uint(&w, 2, former ? CHANGE_PIN : SET_PIN);
        pair_key(&w, &pin);
        pair_bytes(&w, 4, pin_rig_param(PROTOCOL, &pin.hmac, writer_view(&both), param));
        pair_bytes(&w, 5, new_pin);
        if (former)
                pair_bytes(&w, 6, hash);
        return go(host, CLIENT_PIN, &w);
}

int ctap_host_get_token(struct ctap_host *host, const char *text, uint8_t permissions, const char *rp_id)
{
        struct pin_rig pin;
        uint8_t bytes[512], sealed[64];
        writer w = WRITER(bytes), hash = WRITER(sealed);
        int status = agree(host, &pin);
        if (status != DONE)
                return status;
        cbor_write_map(&w, 4 + (text != NULL) + (rp_id != NULL));
        pair_uint(&w, 1, PROTOCOL);
        pair_uint(&w, 2, text ? PIN_TOKEN : UV_TOKEN);
        pair_key(&w, &pin);
        if (text)
                pair_bytes(&w, 6, seal_hash(&pin, text, &hash));
        pair_uint(&w, 9, permissions);
        if (rp_id)
                pair_text(&w, 10, rp_id);
        status = go(host, CLIENT_PIN, &w);
        if (status == DONE)
                pin_rig_decrypt(&pin, bytes_of(ctap_host_member(host, 2)), &host->token);
        return status;
}

unsigned ctap_host_retries(struct ctap_host *host, bool finger)
{
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 1);
        pair_uint(&w, 2, finger ? UV_RETRIES : PIN_RETRIES);
        MUST(go(host, CLIENT_PIN, &w) == DONE);
        return ctap_host_uint(host, finger ? 5 : 3);
}

/* ---- credentials ---- */

static void pair_param(writer *w, unsigned key, const struct ctap_host *host, slice message)
{
        uint8_t param[SHA256_SIZE];
        pair_bytes(w, key, pin_rig_param(PROTOCOL, &host->token, message, param));
}

static void write_make(writer *w, const struct ctap_host *host, const char *rp_id)
{
        static const uint8_t user[] = { 0xA1, 0x62, 'i', 'd', 0x42, 'm', 'e' };
        static const uint8_t es256[] = { 0x81, 0xA2, 0x63, 'a', 'l', 'g', 0x26, 0x64, 't', 'y', 'p', 'e',
                0x6A, 'p', 'u', 'b', 'l', 'i', 'c', '-', 'k', 'e', 'y' };
        static const uint8_t resident[] = { 0xA1, 0x62, 'r', 'k', 0xF5 };
        cbor_write_map(w, host->token.size ? 7 : 5);
        pair_bytes(w, 1, SLICE(client_data_hash));
        cbor_write_uint(w, 2);
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_string(w, rp_id);
        cbor_write_uint(w, 3);
        write_slice(w, SLICE(user));
        cbor_write_uint(w, 4);
        write_slice(w, SLICE(es256));
        cbor_write_uint(w, 7);
        write_slice(w, SLICE(resident));
        if (!host->token.size)
                return;
        pair_param(w, 8, host, SLICE(client_data_hash));
        pair_uint(w, 9, PROTOCOL);
}

int ctap_host_make(struct ctap_host *host, const char *rp_id, uint8_t ret_id[CTAP_HOST_ID_SIZE])
{
        enum { ID_AT = 32 + 1 + 4 + 16 + 2 };
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        write_make(&w, host, rp_id);
        int status = go(host, MAKE_CREDENTIAL, &w);
        if (status != DONE)
                return status;
        slice authdata = bytes_of(ctap_host_member(host, 2));
        MUST(authdata.size > ID_AT + CTAP_HOST_ID_SIZE);
        MUST(!failed(slice_copy(
                slice_of(authdata.data + ID_AT, CTAP_HOST_ID_SIZE), "id", ret_id, CTAP_HOST_ID_SIZE, NULL)));
        return status;
}

static void write_descriptor(writer *w, slice id)
{
        cbor_write_map(w, 2);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, id);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
}

int ctap_host_login(struct ctap_host *host, const char *rp_id, slice id)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        cbor_write_map(&w, host->token.size ? 5 : 3);
        pair_text(&w, 1, rp_id);
        pair_bytes(&w, 2, SLICE(client_data_hash));
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, 1);
        write_descriptor(&w, id);
        if (host->token.size) {
                pair_param(&w, 6, host, SLICE(client_data_hash));
                pair_uint(&w, 7, PROTOCOL);
        }
        return go(host, GET_ASSERTION, &w);
}

int ctap_host_count(struct ctap_host *host, unsigned *ret_existing, unsigned *ret_room)
{
        static const uint8_t metadata = 1;
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 3);
        pair_uint(&w, 1, metadata);
        pair_uint(&w, 3, PROTOCOL);
        pair_param(&w, 4, host, slice_of(&metadata, 1));
        int status = go(host, MANAGEMENT, &w);
        if (status != DONE)
                return status;
        *ret_existing = ctap_host_uint(host, 1);
        *ret_room = ctap_host_uint(host, 2);
        return status;
}

int ctap_host_delete(struct ctap_host *host, slice id)
{
        enum { DELETE = 6 };
        uint8_t bytes[256], message[128];
        writer w = WRITER(bytes), m = WRITER(message);
        write_u8(&m, DELETE);
        cbor_write_map(&m, 1);
        cbor_write_uint(&m, 2);
        write_descriptor(&m, id);
        cbor_write_map(&w, 4);
        pair_uint(&w, 1, DELETE);
        cbor_write_uint(&w, 2);
        write_slice(&w, slice_of(message + 1, m.used - 1));
        pair_uint(&w, 3, PROTOCOL);
        pair_param(&w, 4, host, writer_view(&m));
        return go(host, MANAGEMENT, &w);
}

/* ---- large blobs ---- */

int ctap_host_write_blobs(struct ctap_host *host, slice array)
{
        static const uint8_t begin[] = { 0x0C, 0, 0, 0, 0, 0 };
        uint8_t bytes[256], message[80], hash[SHA256_SIZE];
        writer w = WRITER(bytes), m = WRITER(message);
        for (int i = 0; i < 32; i++)
                write_u8(&m, 0xFF);
        write_slice(&m, SLICE(begin));
        sha256(&array, 1, hash);
        write_slice(&m, SLICE(hash));
        cbor_write_map(&w, 5);
        pair_bytes(&w, 2, array);
        pair_uint(&w, 3, 0);
        pair_uint(&w, 4, array.size);
        pair_param(&w, 5, host, writer_view(&m));
        pair_uint(&w, 6, PROTOCOL);
        return go(host, LARGE_BLOBS, &w);
}

slice ctap_host_blobs(struct ctap_host *host)
{
        uint8_t bytes[16];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 2);
        pair_uint(&w, 1, 900);
        pair_uint(&w, 3, 0);
        MUST(go(host, LARGE_BLOBS, &w) == DONE);
        return bytes_of(ctap_host_member(host, 1));
}
