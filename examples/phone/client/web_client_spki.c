/* SPDX-License-Identifier: Apache-2.0 */
/* getPublicKey() of WebAuthn L3 5.2.1: a COSE key as SubjectPublicKeyInfo (RFC 5280 4.1.2.7), of the
 * algorithms that the authenticator has. */
#include "cose.h"
#include "web_client_parts.h"

/* What stands before the key; all but RSA keys have one length. */
static const uint8_t p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02,
        0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
static const uint8_t p384_head[] = { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02,
        0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04 };
static const uint8_t ed25519_head[] = { 0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21,
        0x00 };
static const uint8_t rsa_algorithm[] = { 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01,
        0x01, 0x01, 0x05, 0x00 };

enum { SEQUENCE = 0x30, INTEGER = 0x02, BIT_STRING = 0x03, KEY_MAX = 1200 };

static void write_element(writer *w, uint8_t tag, slice before, slice content)
{
        size_t size = before.size + content.size;
        write_u8(w, tag);
        if (size >= 0x100) {
                write_u8(w, 0x82);
                write_u16(w, (uint16_t)size);
        } else if (size >= 0x80) {
                write_u8(w, 0x81);
                write_u8(w, (uint8_t)size);
        } else {
                write_u8(w, (uint8_t)size);
        }
        write_slice(w, before);
        write_slice(w, content);
}

static void write_integer(writer *w, slice magnitude)
{
        static const uint8_t zero[] = { 0 };
        bool high = magnitude.size && magnitude.data[0] >= 0x80;
        write_element(w, INTEGER, high ? SLICE(zero) : (slice){ 0 }, magnitude);
}

static bool write_rsa(writer *w, const struct cose_key *key)
{
        static const uint8_t no_unused_bits[] = { 0 };
        uint8_t numbers[KEY_MAX], sequence[KEY_MAX], bits[KEY_MAX];
        writer n = WRITER(numbers), s = WRITER(sequence), b = WRITER(bits);
        write_integer(&n, key->n);
        write_integer(&n, key->e);
        write_element(&s, SEQUENCE, writer_view(&n), (slice){ 0 });
        write_element(&b, BIT_STRING, SLICE(no_unused_bits), writer_view(&s));
        write_element(w, SEQUENCE, SLICE(rsa_algorithm), writer_view(&b));
        return !n.overflowed && !s.overflowed && !b.overflowed;
}

static bool write_point(writer *w, slice head, const struct cose_key *key)
{
        write_slice(w, head);
        write_slice(w, key->x);
        write_slice(w, key->y);
        return true;
}

bool client_write_spki(writer *w, slice cose_key, int64_t *ret_algorithm)
{
        struct cbor_reader r = cbor_over(cose_key, NULL, NULL);
        struct cose_key key;
        if (failed(cose_key_parse(&r, "key", &key)))
                return false;
        *ret_algorithm = key.algorithm;
        switch (key.algorithm) {
        case COSE_ES256:
                return write_point(w, SLICE(p256_head), &key);
        case COSE_ES384:
                return write_point(w, SLICE(p384_head), &key);
        case COSE_EDDSA:
                return write_point(w, SLICE(ed25519_head), &key);
        case COSE_RS256:
                return write_rsa(w, &key);
        default:
                return false;
        }
}
