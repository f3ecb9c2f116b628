/* SPDX-License-Identifier: Apache-2.0 */
#include "sp_tsm.h"

#include "tlv.h"

enum { CHUNK = 128 };

/* ---- the domain ---- */

mitome_status tsm_take_over(const struct mitome_link *link, const struct tsm_key_set *first,
        const struct tsm_key_set *own, const struct mitome_random *random, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(tsm_open_set(&channel, link, first, TSM_PROVIDER, random, error));
        mitome_status status = tsm_put_keys(&channel, first->version, own, error);
        tsm_close(&channel);
        return status;
}

/* ---- FIDO applet ---- */

mitome_status tsm_store_batch_key(
        struct tsm_channel *channel, slice aaguid, slice key, slice certificate, mitome_error *error)
{
        uint8_t fields[TSM_WIRE_MAX / 2];
        writer w = WRITER(fields);
        slice data;
        tlv_write(&w, 0x80, aaguid);
        tlv_write(&w, 0x81, key);
        tlv_write(&w, 0x82, certificate);
        MITOME_TRY(writer_finish(&w, "batch key", &data, error));
        mitome_status status =
                tsm_order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x30, .data = data }, error);
        bytes_wipe(fields, sizeof fields);
        return status;
}

mitome_status tsm_make_device_key(struct tsm_channel *channel, uint8_t ret_point[65], mitome_error *error)
{
        uint8_t plain[TSM_WIRE_MAX];
        slice answer, point;
        MITOME_TRY(tsm_exchange(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x36, .expected = 256 },
                plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x80, "device key", 65, &point, error));
        return slice_copy(point, "device key", ret_point, 65, error);
}

mitome_status tsm_store_device_certificate(
        struct tsm_channel *channel, const char *identity, slice certificate, mitome_error *error)
{
        uint8_t fields[TSM_WIRE_MAX / 2];
        writer w = WRITER(fields);
        slice data;
        tlv_write(&w, 0x80, slice_text(identity));
        tlv_write(&w, 0x82, certificate);
        MITOME_TRY(writer_finish(&w, "device certificate", &data, error));
        return tsm_order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x38, .data = data }, error);
}

mitome_status tsm_pair(struct tsm_channel *channel, const struct tsm_matcher *matcher,
        uint8_t ret_element_point[65], mitome_error *error)
{
        uint8_t fields[80], plain[TSM_WIRE_MAX];
        writer w = WRITER(fields);
        slice answer, point;
        tlv_write(&w, 0x80, SLICE(matcher->point));
        tlv_write_u8(&w, 0x81, matcher->class);
        tlv_write_u8(&w, 0x82, matcher->modality);
        MITOME_TRY(tsm_exchange(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x32, .data = writer_view(&w), .expected = 256 },
                plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x80, "element's point", 65, &point, error));
        return slice_copy(point, "element's point", ret_element_point, 65, error);
}

mitome_status tsm_confirm_pairing(
        struct tsm_channel *channel, const uint8_t confirmation[32], mitome_error *error)
{
        uint8_t fields[40], plain[TSM_WIRE_MAX];
        writer w = WRITER(fields);
        slice answer;
        tlv_write(&w, 0x80, slice_of(confirmation, 32));
        return tsm_exchange(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x3C, .data = writer_view(&w), .expected = 256 },
                plain, &answer, error);
}

mitome_status tsm_set_enterprise_list(
        struct tsm_channel *channel, const char *const *rp_ids, size_t count, mitome_error *error)
{
        enum { SWITCHED_ON = 0x01 };
        uint8_t fields[TSM_WIRE_MAX / 2];
        writer w = WRITER(fields);
        slice data;
        tlv_write_u8(&w, 0x80, SWITCHED_ON);
        for (size_t i = 0; i < count; i++)
                tlv_write(&w, 0x81, slice_text(rp_ids[i]));
        MITOME_TRY(writer_finish(&w, "enterprise list", &data, error));
        return tsm_order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x3A, .data = data }, error);
}

mitome_status tsm_fetch_receipt(struct tsm_channel *channel, struct tsm_receipt *ret, mitome_error *error)
{
        slice answer;
        MITOME_TRY(
                tsm_exchange(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x40, .expected = 65536 },
                        ret->bytes, &answer, error));
        MITOME_TRY(tlv_find(answer, 0x80, "receipt", &ret->evidence, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x81, "number", 4, &ret->number, error));
        return tlv_find_fixed(answer, 0x82, "digest", 32, &ret->digest, error);
}

mitome_status tsm_acknowledge(
        struct tsm_channel *channel, const struct tsm_receipt *receipt, mitome_error *error)
{
        uint8_t fields[48];
        writer w = WRITER(fields);
        tlv_write(&w, 0x81, receipt->number);
        tlv_write(&w, 0x82, receipt->digest);
        return tsm_order(
                channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x42, .data = writer_view(&w) }, error);
}

/* ---- JPKI applet ---- */

/* What belongs to each kind of certificate: key, PIN or password, certificate, CA certificate (PROTOCOL.md).
 */
static const struct {
        uint8_t key_reference, secret_reference;
        uint16_t certificate_file, ca_file;
} places[] = {
        [AUTHORITY_USER_VERIFICATION] = { 0x97, 0x98, 0x000A, 0x000B },
        [AUTHORITY_SIGNING] = { 0x9A, 0x9B, 0x0001, 0x0002 },
};

mitome_status tsm_personalise(struct tsm_channel *channel, enum tsm_personality personality,
        const char *serial, mitome_error *error)
{
        uint8_t fields[32];
        writer w = WRITER(fields);
        slice data;
        tlv_write_u8(&w, 0x80, personality == TSM_CARD);
        tlv_write_u8(&w, 0x81, personality == TSM_AUTHENTICATOR);
        if (serial[0])
                tlv_write(&w, 0x82, slice_text(serial));
        MITOME_TRY(writer_finish(&w, "serial number", &data, error));
        return tsm_order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0xDA, .data = data }, error);
}

mitome_status tsm_generate_key(struct tsm_channel *channel, enum authority_kind kind,
        struct tsm_public_key *ret, mitome_error *error)
{
        uint8_t plain[TSM_WIRE_MAX];
        slice answer, key, modulus, exponent;
        MITOME_TRY(tsm_exchange(channel,
                &(struct apdu_command){
                        .cla = 0x80, .ins = 0x46, .p2 = places[kind].key_reference, .expected = 65536 },
                plain, &answer, error));
        MITOME_TRY(tlv_find(answer, 0x7F49, "public key", &key, error));
        MITOME_TRY(tlv_find_fixed(key, 0x81, "modulus", sizeof ret->modulus, &modulus, error));
        MITOME_TRY(tlv_find_fixed(key, 0x82, "exponent", sizeof ret->exponent, &exponent, error));
        MITOME_TRY(slice_copy(modulus, "modulus", ret->modulus, sizeof ret->modulus, error));
        return slice_copy(exponent, "exponent", ret->exponent, sizeof ret->exponent, error);
}

static mitome_status write_file(
        struct tsm_channel *channel, uint16_t file, slice content, mitome_error *error)
{
        const uint8_t id[] = { (uint8_t)(file >> 8), (uint8_t)file };
        reader r = reader_over(content, NULL, error);
        MITOME_TRY(tsm_order(channel,
                &(struct apdu_command){ .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(id) }, error));
        while (r.rest.size) {
                slice chunk;
                size_t offset = r.offset;
                MITOME_TRY(read_bytes(&r, "content", r.rest.size < CHUNK ? r.rest.size : CHUNK, &chunk));
                const struct apdu_command update = { .cla = 0x80,
                        .ins = 0xD6,
                        .p1 = (uint8_t)(offset >> 8),
                        .p2 = (uint8_t)offset,
                        .data = chunk };
                MITOME_TRY(tsm_order(channel, &update, error));
        }
        return ok();
}

mitome_status tsm_write_certificate(
        struct tsm_channel *channel, enum authority_kind kind, slice der, mitome_error *error)
{
        return write_file(channel, places[kind].certificate_file, der, error);
}

mitome_status tsm_write_ca_certificate(
        struct tsm_channel *channel, enum authority_kind kind, slice der, mitome_error *error)
{
        return write_file(channel, places[kind].ca_file, der, error);
}

mitome_status tsm_set_secret(
        struct tsm_channel *channel, enum authority_kind kind, const char *secret, mitome_error *error)
{
        return tsm_order(channel,
                &(struct apdu_command){ .cla = 0x80,
                        .ins = 0x2C,
                        .p2 = places[kind].secret_reference,
                        .data = slice_text(secret) },
                error);
}

mitome_status tsm_set_lease(struct tsm_channel *channel, slice serial, uint16_t count, mitome_error *error)
{
        uint8_t fields[32];
        const uint8_t number[] = { (uint8_t)(count >> 8), (uint8_t)count };
        writer w = WRITER(fields);
        tlv_write(&w, 0x80, serial);
        tlv_write(&w, 0x81, SLICE(number));
        return tsm_order(
                channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x4A, .data = writer_view(&w) }, error);
}

mitome_status tsm_lease_left(struct tsm_channel *channel, uint16_t *ret_count, mitome_error *error)
{
        uint8_t plain[TSM_WIRE_MAX];
        slice answer, left;
        MITOME_TRY(tsm_exchange(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x4C, .expected = 256 },
                plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x81, "lease", 2, &left, error));
        *ret_count = (uint16_t)(left.data[0] << 8 | left.data[1]);
        return ok();
}

/* GET DATA 0001 */
static mitome_status ask_state(
        struct tsm_channel *channel, uint8_t plain[TSM_WIRE_MAX], slice *ret, mitome_error *error)
{
        return tsm_exchange(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0xCA, .p2 = 0x01, .expected = 256 }, plain, ret,
                error);
}

mitome_status tsm_look(struct tsm_channel *channel, unsigned *ret_there, mitome_error *error)
{
        uint8_t plain[TSM_WIRE_MAX];
        slice answer, there;
        MITOME_TRY(ask_state(channel, plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x83, "what is there", 1, &there, error));
        *ret_there = there.data[0];
        return ok();
}

mitome_status tsm_plays(struct tsm_channel *channel, enum tsm_personality *ret, mitome_error *error)
{
        enum { NO_HOST_HASHES = 0x01 };
        uint8_t plain[TSM_WIRE_MAX];
        slice answer, personality, flags;
        MITOME_TRY(ask_state(channel, plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x80, "personality", 1, &personality, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x81, "flags", 1, &flags, error));
        *ret = personality.data[0]              ? TSM_CARD
               : flags.data[0] & NO_HOST_HASHES ? TSM_AUTHENTICATOR
                                                : TSM_PHONE;
        return ok();
}

mitome_status tsm_set_temporary(
        struct tsm_channel *channel, enum authority_kind kind, slice secret, mitome_error *error)
{
        enum { TEMPORARY = 0x01 };
        return tsm_order(channel,
                &(struct apdu_command){ .cla = 0x80,
                        .ins = 0x2C,
                        .p1 = TEMPORARY,
                        .p2 = places[kind].secret_reference,
                        .data = secret },
                error);
}

mitome_status tsm_erase_kind(struct tsm_channel *channel, enum authority_kind kind, mitome_error *error)
{
        return tsm_order(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x0E, .p2 = places[kind].key_reference }, error);
}

mitome_status tsm_erase(struct tsm_channel *channel, mitome_error *error)
{
        return tsm_order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x0E }, error);
}
