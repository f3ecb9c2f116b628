/* SPDX-License-Identifier: Apache-2.0 */
#include "data_fields.h"
#include "element_internal.h"
#include "tlv.h"

/* Which relying parties may learn whose certificate it is: the RP ID list of enterprise attestation. The
 * management station writes it, and switches it on again after a reset; nobody else does. Stored: flags (1),
 * then the hash of each RP ID. */

enum { FLAG_ENABLED = 0x01, LIST_MAX = 64, LIST_SIZE_MAX = 1 + LIST_MAX * FIDO_HASH_SIZE };

static bool read_list(const struct mitome_element *element, uint8_t *ret_flags, reader *ret_hashes)
{
        *ret_hashes = reader_over(element_object(element, OBJECT_ENTERPRISE_LIST), NULL, NULL);
        return !failed(read_u8(ret_hashes, "enterprise.flags", ret_flags));
}

bool fido_enterprise_exists(const struct mitome_element *element)
{
        return element_has(element, OBJECT_ENTERPRISE_LIST);
}

bool fido_enterprise_enabled(const struct mitome_element *element)
{
        uint8_t flags;
        reader hashes;
        return read_list(element, &flags, &hashes) && flags & FLAG_ENABLED;
}

bool fido_enterprise_lists(const struct mitome_element *element, slice rp_id_hash)
{
        uint8_t flags;
        reader hashes;
        slice hash;
        if (!read_list(element, &flags, &hashes) || !(flags & FLAG_ENABLED))
                return false;
        while (!failed(read_bytes(&hashes, "enterprise.rpIdHash", FIDO_HASH_SIZE, &hash)))
                if (slice_equal(hash, rp_id_hash))
                        return true;
        return false;
}

uint16_t fido_disable_enterprise(struct mitome_element *element)
{
        uint8_t object[LIST_SIZE_MAX], flags;
        writer w = WRITER(object);
        reader hashes;
        if (!read_list(element, &flags, &hashes))
                return SW_OK;
        write_u8(&w, flags & (uint8_t)~FLAG_ENABLED);
        write_slice(&w, read_rest(&hashes));
        return w.overflowed ? SW_UNKNOWN : element_put(element, OBJECT_ENTERPRISE_LIST, writer_view(&w));
}

/* SET ENTERPRISE LIST: 80 flags · any number of 81 RP ID. */
uint16_t fido_set_enterprise(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        uint8_t object[LIST_SIZE_MAX];
        writer w = WRITER(object);
        slice flags, rp_id;
        const struct field fields[] = {
                { 0x80, FIELD_REQUIRED, 1, 1, &flags },
                { 0x81, FIELD_LIST, 1, FIDO_RP_ID_MAX, &rp_id },
        };
        SW_TRY(fields_read(command->data, fields, sizeof fields / sizeof *fields));
        if (flags.data[0] & ~FLAG_ENABLED)
                return SW_WRONG_DATA;
        write_u8(&w, flags.data[0]);
        reader list = reader_over(command->data, NULL, NULL);
        while (fields_next(&list, 0x81, &rp_id)) {
                uint8_t hash[SHA256_SIZE];
                if (!slice_is_utf8(rp_id))
                        return SW_WRONG_DATA;
                sha256(&rp_id, 1, hash);
                write_slice(&w, SLICE(hash));
        }
        if (w.overflowed)
                return SW_FULL;
        SW_TRY(element_put(element, OBJECT_ENTERPRISE_LIST, writer_view(&w)));
        return element_commit(element);
}
