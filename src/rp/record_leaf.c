/* SPDX-License-Identifier: Apache-2.0 */
#include "record_leaf.h"

#include "der.h"

#include <openssl/evp.h>

enum { SERIAL_MAX = 20, ISSUER_MAX = 1024 };

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
