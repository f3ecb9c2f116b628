/* SPDX-License-Identifier: Apache-2.0 */
#include "card_rig.h"

#include "native.h"
#include "tlv.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                               \
        do {                                                                          \
                if (!(condition)) {                                                   \
                        fprintf(stderr, "card_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                      \
                }                                                                     \
        } while (0)

#define DONE(status) MUST(!failed(status))

static const uint8_t issuer[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
static const uint8_t domain_file[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 };
static const uint8_t domain_module[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 };
static const uint8_t provider[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x10 };
static const uint8_t stand_in[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x02 };
static const uint8_t ara[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };
const slice card_rig_issuer = { issuer, sizeof issuer };
const slice card_rig_domain_file = { domain_file, sizeof domain_file };
const slice card_rig_domain_module = { domain_module, sizeof domain_module };
const slice card_rig_provider = { provider, sizeof provider };
const slice card_rig_stand_in = { stand_in, sizeof stand_in };
const slice card_rig_ara = { ara, sizeof ara };

struct scp03_keys card_rig_keys(uint8_t size, uint8_t seed)
{
        struct scp03_keys keys = { .size = size };
        for (uint8_t i = 0; i < size; i++) {
                keys.enc[i] = (uint8_t)(seed + i);
                keys.mac[i] = (uint8_t)(seed ^ 0x55 ^ i);
                keys.dek[i] = (uint8_t)(seed * 3 + 7 * i);
        }
        return keys;
}

struct scp03_keys card_rig_factory(void)
{
        return element_rig_host_keys(&element_rig_keys);
}

/* ---- commands ---- */

static struct apdu_command command_of(uint32_t head, slice data)
{
        return (struct apdu_command){ .cla = (uint8_t)(head >> 24),
                .ins = (uint8_t)(head >> 16),
                .p1 = (uint8_t)(head >> 8),
                .p2 = (uint8_t)head,
                .data = data,
                .expected = 256 };
}

uint16_t card_rig_send(struct card_rig *card, uint8_t channel, uint32_t head, slice data)
{
        struct apdu_command command = command_of(head, data);
        command.cla |= channel;
        return element_rig_send(&card->rig, &command);
}

/* The MAC is over the class of the basic channel, the channel's number is put in afterwards (6.2.4). */
uint16_t card_rig_secured(struct card_rig *card, uint8_t channel, uint32_t head, slice data)
{
        struct element_rig *rig = &card->rig;
        struct scp03_session *host = &card->hosts[channel];
        const struct apdu_command command = command_of(head, data);
        uint8_t bytes[MITOME_APDU_MAX];
        writer w = WRITER(bytes);
        if (!host->open)
                return rig->sw = SW_SECURITY_STATUS;
        DONE(scp03_host_wrap(host, &command, &w, NULL));
        bytes[0] |= channel;
        element_rig_transmit(rig, writer_view(&w));
        mitome_status status = scp03_host_unwrap(host, slice_of(rig->response, rig->data.size + 2),
                rig->plain, sizeof rig->plain, &rig->data, &rig->sw, NULL);
        MUST(!failed(status) || rig->sw != SW_OK); /* a card that has ended the session answers errors only */
        return rig->sw;
}

void card_rig_manage(struct card_rig *card, uint8_t channel)
{
        MUST(element_rig_send(&card->rig, &(struct apdu_command){ .ins = 0x70, .expected = 1 }) == SW_OK);
        MUST(card->rig.data.size == 1 && card->rig.data.data[0] == channel);
}

uint16_t card_rig_select(struct card_rig *card, uint8_t channel, slice aid)
{
        scp03_close(&card->hosts[channel]);
        return card_rig_send(card, channel, 0x00A40400, aid);
}

/* ---- sessions ---- */

static slice challenge_of(const struct card_rig *card, uint8_t bytes[16])
{
        writer w = writer_over(bytes, 16);
        write_u64(&w, card->rig.drawn);
        write_u64(&w, 0x1122334455667788);
        return slice_of(bytes, scp03_size(element_rig_keys.i));
}

static uint16_t initialize(struct card_rig *card, uint8_t channel, slice challenge, uint8_t version)
{
        card->rig.drawn++;
        scp03_close(&card->hosts[channel]);
        return card_rig_send(card, channel, 0x80500000 | (uint32_t)version << 8, challenge);
}

uint16_t card_rig_begin(
        struct card_rig *card, uint8_t channel, const struct scp03_keys *keys, uint8_t version, uint8_t level)
{
        uint8_t challenge_bytes[16], bytes[64];
        slice challenge = challenge_of(card, challenge_bytes);
        writer w = WRITER(bytes);
        if (initialize(card, channel, challenge, version) != SW_OK)
                return card->rig.sw;
        if (failed(scp03_host_authenticate(
                    &card->hosts[channel], keys, level, (slice){ 0 }, challenge, card->rig.data, &w, NULL)))
                return card->rig.sw = 0;
        bytes[0] |= channel;
        if (element_rig_transmit(&card->rig, writer_view(&w)) != SW_OK)
                scp03_close(&card->hosts[channel]);
        return card->rig.sw;
}

uint16_t card_rig_open(struct card_rig *card, uint8_t channel, slice aid, const struct scp03_keys *keys)
{
        if (card_rig_select(card, channel, aid) != SW_OK && card->rig.sw != SW_CARD_LOCKED)
                return card->rig.sw;
        return card_rig_begin(card, channel, keys, 0, SCP03_LEVEL_ALL);
}

void card_rig_issuer_session(struct card_rig *card, uint8_t channel)
{
        const struct scp03_keys keys = card_rig_factory();
        MUST(card_rig_open(card, channel, card_rig_issuer, &keys) == SW_OK);
}

uint16_t card_rig_guess(struct card_rig *card, uint8_t channel, uint8_t version)
{
        static const uint8_t wrong[16] = { 0x66 };
        uint8_t challenge_bytes[16];
        if (initialize(card, channel, challenge_of(card, challenge_bytes), version) != SW_OK)
                return card->rig.sw;
        return card_rig_send(card, channel, 0x84823300, SLICE(wrong));
}

/* ---- content ---- */

static void write_field(writer *w, slice field)
{
        if (field.size >= 0x80)
                write_u8(w, 0x81);
        write_u8(w, (uint8_t)field.size);
        write_slice(w, field);
}

uint16_t card_rig_install(
        struct card_rig *card, uint8_t channel, uint16_t p1p2, const struct card_rig_install *fields)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        bool for_load = p1p2 == 0x0200 || p1p2 == 0x0E01;
        write_field(&w, fields->first);
        write_field(&w, fields->second);
        write_field(&w, fields->third);
        if (!for_load)
                write_field(&w, fields->fourth);
        write_field(&w, fields->parameters);
        write_field(&w, fields->token);
        return card_rig_secured(card, channel, 0x80E60000 | p1p2, writer_view(&w));
}

static const uint8_t no_parameters[] = { 0xC9, 0x00 }, no_privileges[] = { 0x00 };

uint16_t card_rig_install_applet(struct card_rig *card, uint8_t channel, const char *name)
{
        const struct native_file *native = native_named(name);
        MUST(native);
        return card_rig_install(card, channel, 0x0C00,
                &(struct card_rig_install){ native->aid, native->module, native->module, SLICE(no_privileges),
                        SLICE(no_parameters), (slice){ 0 } });
}

uint16_t card_rig_load(struct card_rig *card, uint8_t channel, const char *name, slice hash, size_t chunk)
{
        static const uint8_t parameters[] = { 0xEF, 0x04, 0xC6, 0x02, 0x01, 0x60 };
        const struct native_file *native = native_named(name);
        uint8_t content[LOAD_FILE_MAX], bytes[LOAD_FILE_MAX + 4];
        writer c = WRITER(content), w = WRITER(bytes);
        MUST(native);
        native_write_load_file(native, &c);
        tlv_write(&w, 0xC4, writer_view(&c));
        if (card_rig_install(card, channel, 0x0200,
                    &(struct card_rig_install){ .first = native->aid,
                            .second = card_rig_issuer,
                            .third = hash,
                            .parameters = SLICE(parameters) }) != SW_OK)
                return card->rig.sw;
        reader r = reader_over(writer_view(&w), NULL, NULL);
        for (uint32_t block = 0; r.rest.size; block++) {
                slice part;
                DONE(read_bytes(&r, "part", r.rest.size < chunk ? r.rest.size : chunk, &part));
                uint32_t last = r.rest.size ? 0 : 0x8000;
                if (card_rig_secured(card, channel, 0x80E80000 | last | block, part) != SW_OK)
                        break;
        }
        return card->rig.sw;
}

uint16_t card_rig_make_domain(
        struct card_rig *card, uint8_t channel, slice aid, uint32_t privileges, slice options)
{
        const uint8_t granted[] = { (uint8_t)(privileges >> 16), (uint8_t)(privileges >> 8),
                (uint8_t)privileges };
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, 0xC9, options);
        return card_rig_install(card, channel, 0x0C00,
                &(struct card_rig_install){ card_rig_domain_file, card_rig_domain_module, aid, SLICE(granted),
                        writer_view(&w), (slice){ 0 } });
}

uint16_t card_rig_extradite(struct card_rig *card, uint8_t channel, slice object, slice domain)
{
        return card_rig_install(
                card, channel, 0x1000, &(struct card_rig_install){ .first = domain, .third = object });
}

uint16_t card_rig_delete(struct card_rig *card, uint8_t channel, slice aid, uint8_t p2)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x4F, aid);
        return card_rig_secured(card, channel, 0x80E40000 | p2, writer_view(&w));
}

uint16_t card_rig_set_status(struct card_rig *card, uint8_t channel, uint16_t p1p2, slice aid)
{
        return card_rig_secured(card, channel, 0x80F00000 | p1p2, aid);
}

uint8_t card_rig_life(struct card_rig *card, uint8_t channel, uint8_t p1, slice aid)
{
        uint8_t bytes[32];
        slice entry, life;
        writer w = WRITER(bytes);
        tlv_write(&w, 0x4F, aid);
        uint32_t head = 0x80F20002 | (uint32_t)p1 << 8;
        if (card_rig_secured(card, channel, head, writer_view(&w)) != SW_OK)
                return 0;
        DONE(tlv_find(card->rig.data, 0xE3, "entry", &entry, NULL));
        DONE(tlv_find_fixed(entry, 0x9F70, "life", 1, &life, NULL));
        return life.data[0];
}

/* ---- keys ---- */

static void cbc(slice key, slice in, uint8_t *out)
{
        static const uint8_t zeros[16];
        const EVP_CIPHER *cipher = key.size == 16   ? EVP_aes_128_cbc()
                                   : key.size == 24 ? EVP_aes_192_cbc()
                                                    : EVP_aes_256_cbc();
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        MUST(context && EVP_EncryptInit_ex(context, cipher, NULL, key.data, zeros) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                EVP_EncryptUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
                (size_t)size == in.size);
        EVP_CIPHER_CTX_free(context);
}

static void write_key(writer *w, slice key, slice dek, bool inner)
{
        uint8_t padded[32] = { 0 }, encrypted[32], ones[16], check[16];
        size_t size = (key.size + 15) / 16 * 16;
        writer o = WRITER(ones);
        while (o.used < sizeof ones)
                write_u8(&o, 1);
        DONE(slice_copy(key, "key", padded, sizeof padded, NULL));
        cbc(dek, slice_of(padded, size), encrypted);
        cbc(key, SLICE(ones), check);
        write_u8(w, 0x88);
        write_u8(w, (uint8_t)(size + inner));
        if (inner)
                write_u8(w, (uint8_t)key.size);
        write_slice(w, slice_of(encrypted, size));
        write_u8(w, 3);
        write_slice(w, slice_of(check, 3));
}

slice card_rig_key_data(
        uint8_t version, const struct scp03_keys *keys, slice dek, bool inner, uint8_t buffer[160])
{
        writer w = writer_over(buffer, 160);
        write_u8(&w, version);
        write_key(&w, slice_of(keys->enc, keys->size), dek, inner);
        write_key(&w, slice_of(keys->mac, keys->size), dek, inner);
        write_key(&w, slice_of(keys->dek, keys->size), dek, inner);
        MUST(!w.overflowed);
        return writer_view(&w);
}

uint16_t card_rig_put_key(struct card_rig *card, uint8_t channel, uint8_t replaced, uint8_t version,
        const struct scp03_keys *keys, const struct scp03_keys *session)
{
        uint8_t bytes[160];
        slice data = card_rig_key_data(version, keys, slice_of(session->dek, session->size), true, bytes);
        return card_rig_secured(card, channel, 0x80D80081 | (uint32_t)replaced << 8, data);
}
