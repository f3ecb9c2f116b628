/* SPDX-License-Identifier: Apache-2.0 */
#include "record_leaf.h"

#include "attestation_format.h"
#include "der.h"

#include <openssl/evp.h>

enum { SERIAL_MAX = 20, ISSUER_MAX = 1024, DEEPER = 2, MEMBERS_MAX = 16 };

/* ---- in the attestation object ---- */

static mitome_status find_in(struct cbor_reader *r, slice *ret);

static mitome_status find_in_map(struct cbor_reader *r, slice *ret)
{
        struct attestation_chain chain = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        slice device = { 0 };
        MITOME_TRY(cbor_open_map(r, "attStmt", MEMBERS_MAX, &map));
        for (bool more = true;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text && slice_is(key.text, "x5c"))
                        MITOME_TRY(attestation_read_chain(r, "x5c", &chain));
                else if (key.is_text && (slice_is(key.text, "device") || slice_is(key.text, "attStmt")))
                        MITOME_TRY(find_in(r, &device));
                else
                        MITOME_TRY(cbor_skip(r, "attStmt"));
        }
        slice found = device.size ? device : chain.count ? chain.certificates[0] : device;
        if (!ret->size)
                *ret = found;
        return ok();
}

/* Statement, list of statements, or the object around them. Recurses no deeper than cbor_open_* lets it. */
static mitome_status find_in(struct cbor_reader *r, slice *ret)
{
        enum cbor_kind kind;
        struct cbor_members array;
        MITOME_TRY(cbor_peek(r, "attStmt", &kind));
        if (kind == CBOR_KIND_MAP)
                return find_in_map(r, ret);
        if (kind != CBOR_KIND_ARRAY)
                return cbor_skip(r, "attStmt");
        MITOME_TRY(cbor_open_array(r, "attStmt", MEMBERS_MAX, &array));
        while (cbor_next_element(r, &array))
                MITOME_TRY(find_in(r, ret));
        return ok();
}

/* ---- in the certificate, RFC 5280 4.1 ---- */

static mitome_status hash_key(reader *r, struct record_leaf *leaf)
{
        slice info, algorithm, bits;
        uint8_t unused;
        size_t size = 0;
        MITOME_TRY(der_read(r, "subjectPublicKeyInfo", DER_SEQUENCE, &info, NULL));
        reader in_info = reader_within(r, info);
        MITOME_TRY(der_read(&in_info, "algorithm", DER_SEQUENCE, &algorithm, NULL));
        MITOME_TRY(der_read(&in_info, "subjectPublicKey", DER_BIT_STRING, &bits, NULL));
        reader in_bits = reader_within(&in_info, bits);
        MITOME_TRY(read_u8(&in_bits, "subjectPublicKey", &unused));
        /* "(excluding the tag, length, and number of unused bits)" */
        slice key = read_rest(&in_bits);
        leaf->has_key_id = EVP_Q_digest(NULL, "SHA1", NULL, key.data, key.size, leaf->key_id, &size) == 1 &&
                           size == LEAF_KEY_ID_SIZE;
        return ok();
}

/* A serial number that is negative, padded or over 20 bytes names no entry of a list that is as RFC 5280 has
 * it: left empty. */
static void take_serial(reader serial, slice issuer, struct record_leaf *leaf)
{
        slice magnitude;
        serial.error = NULL;
        if (failed(der_read_positive(&serial, "serialNumber", &magnitude)) || magnitude.size > SERIAL_MAX ||
                issuer.size > ISSUER_MAX)
                return;
        leaf->serial = magnitude;
        leaf->issuer = issuer;
}

static mitome_status read_leaf(slice der, struct record_leaf *leaf)
{
        slice whole, tbs, version, content, issuer;
        reader r = reader_over(der, NULL, NULL);
        MITOME_TRY(der_read(&r, "certificate", DER_SEQUENCE, &whole, NULL));
        reader in_whole = reader_within(&r, whole);
        MITOME_TRY(der_read(&in_whole, "tbsCertificate", DER_SEQUENCE, &tbs, NULL));
        reader in_tbs = reader_within(&in_whole, tbs);
        if (tbs.size && tbs.data[0] == DER_CONTEXT_0) /* versions 2 and 3 */
                MITOME_TRY(der_read(&in_tbs, "version", DER_CONTEXT_0, &version, NULL));
        const reader serial = in_tbs;
        MITOME_TRY(der_read(&in_tbs, "serialNumber", DER_INTEGER, &content, NULL));
        MITOME_TRY(der_read(&in_tbs, "signature", DER_SEQUENCE, &content, NULL));
        MITOME_TRY(der_read(&in_tbs, "issuer", DER_SEQUENCE, &content, &issuer));
        take_serial(serial, issuer, leaf);
        MITOME_TRY(der_read(&in_tbs, "validity", DER_SEQUENCE, &content, NULL));
        MITOME_TRY(der_read(&in_tbs, "subject", DER_SEQUENCE, &content, NULL));
        return hash_key(&in_tbs, leaf);
}

void record_leaf_read(slice der, struct record_leaf *ret)
{
        struct record_leaf leaf = { 0 };
        mitome_status status = read_leaf(der, &leaf);
        (void)status; /* as far as it could be read */
        *ret = leaf;
}

void record_leaf_find(slice attestation_object, struct record_leaf *ret)
{
        struct cbor_reader r = cbor_over(attestation_object, NULL, NULL);
        slice der = { 0 };
        *ret = (struct record_leaf){ 0 };
        r.any_order = true;
        r.deeper = DEEPER;
        if (!failed(find_in(&r, &der)) && der.size)
                record_leaf_read(der, ret);
}
