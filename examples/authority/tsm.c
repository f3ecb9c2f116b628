/* SPDX-License-Identifier: Apache-2.0 */
#include "tsm.h"

#include "access_rule.h"
#include "tlv.h"

enum { KEY_VERSION = 0, CHUNK = 128, WIRE_MAX = 4096 };

static const uint8_t fido_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t jpki_aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t ara_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };
static const uint8_t card_manager_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };

slice tsm_aid(enum tsm_applet applet)
{
        const slice aids[] = {
                [TSM_FIDO] = SLICE(fido_aid),
                [TSM_JPKI] = SLICE(jpki_aid),
                [TSM_ARA] = SLICE(ara_aid),
                [TSM_CARD_MANAGER] = SLICE(card_manager_aid),
        };
        return aids[applet];
}

/* What belongs to each kind of certificate: key, PIN or password, certificate, CA certificate (PROTOCOL.md).
 */
static const struct {
        uint8_t key_reference, secret_reference;
        uint16_t certificate_file, ca_file;
} places[] = {
        [AUTHORITY_USER_VERIFICATION] = { 0x97, 0x98, 0x000A, 0x000B },
        [AUTHORITY_SIGNING] = { 0x9A, 0x9B, 0x0001, 0x0002 },
};

static mitome_status status_error(uint16_t sw, mitome_error *error)
{
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

/* Sends a command on the logical channel, which its MAC does not cover (GPC_SPE_014 6.2.4). */
static mitome_status transmit(const struct tsm_channel *channel, slice command, uint8_t response[WIRE_MAX],
        size_t *ret_size, mitome_error *error)
{
        uint8_t bytes[WIRE_MAX], cla;
        reader r = reader_over(command, NULL, error);
        writer w = WRITER(bytes);
        slice numbered;
        MITOME_TRY(read_u8(&r, "command", &cla));
        write_u8(&w, cla | channel->number);
        write_slice(&w, read_rest(&r));
        MITOME_TRY(writer_finish(&w, "command", &numbered, error));
        const struct mitome_link *link = channel->link;
        return link->transmit(link->context, numbered, response, WIRE_MAX, ret_size, error);
}

/* One exchange outside the secure channel; *ret_data views `response`. */
static mitome_status exchange_plain(const struct tsm_channel *channel, slice command,
        uint8_t response[WIRE_MAX], slice *ret_data, mitome_error *error)
{
        size_t size;
        uint16_t sw;
        MITOME_TRY(transmit(channel, command, response, &size, error));
        MITOME_TRY(apdu_read_response(slice_of(response, size), ret_data, &sw, error));
        return status_error(sw, error);
}

static mitome_status open_logical_channel(struct tsm_channel *channel, mitome_error *error)
{
        static const uint8_t open[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
        uint8_t response[WIRE_MAX];
        slice data;
        MITOME_TRY(exchange_plain(channel, SLICE(open), response, &data, error));
        if (data.size != 1 || data.data[0] == 0 || data.data[0] > 3)
                return fail(error, MITOME_E_VALUE, "MANAGE CHANNEL", NULL);
        channel->number = data.data[0];
        return ok();
}

static mitome_status select_applet(const struct tsm_channel *channel, slice aid, mitome_error *error)
{
        uint8_t bytes[32], response[WIRE_MAX];
        writer w = WRITER(bytes);
        slice data;
        apdu_write_command(&w, &(struct apdu_command){ .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = aid });
        return exchange_plain(channel, writer_view(&w), response, &data, error);
}

static mitome_status open_session(struct tsm_channel *channel, const struct scp03_keys *keys, slice aid,
        const struct mitome_random *random, mitome_error *error)
{
        uint8_t bytes[64], challenge[SCP03_S8], response[WIRE_MAX];
        slice answer;
        if (random->fill(random->context, challenge, sizeof challenge) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        MITOME_TRY(open_logical_channel(channel, error));
        MITOME_TRY(select_applet(channel, aid, error));
        writer w = WRITER(bytes);
        scp03_host_initialize(KEY_VERSION, SLICE(challenge), &w);
        MITOME_TRY(exchange_plain(channel, writer_view(&w), response, &answer, error));
        w = WRITER(bytes);
        MITOME_TRY(scp03_host_authenticate(
                &channel->session, keys, SCP03_LEVEL_ALL, aid, SLICE(challenge), answer, &w, error));
        return exchange_plain(channel, writer_view(&w), response, &answer, error);
}

mitome_status tsm_open(struct tsm_channel *channel, const struct mitome_link *link,
        const struct scp03_keys *keys, enum tsm_applet applet, const struct mitome_random *random,
        mitome_error *error)
{
        *channel = (struct tsm_channel){ .link = link };
        mitome_status status = open_session(channel, keys, tsm_aid(applet), random, error);
        if (failed(status))
                tsm_close(channel);
        return status;
}

void tsm_close(struct tsm_channel *channel)
{
        const uint8_t close[] = { 0x00, 0x70, 0x80, channel->number };
        uint8_t response[WIRE_MAX];
        size_t size;
        scp03_close(&channel->session);
        if (channel->number) /* nobody is left to be told of a failure */
                (void)failed(transmit(channel, SLICE(close), response, &size, NULL));
        channel->number = 0;
}

/* One exchange inside the channel; *ret_data views `plain`. */
static mitome_status exchange_sw(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t plain[WIRE_MAX], slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[WIRE_MAX], response[WIRE_MAX];
        size_t size;
        slice wrapped;
        writer w = WRITER(bytes);
        MITOME_TRY(scp03_host_wrap(&channel->session, command, &w, error));
        MITOME_TRY(writer_finish(&w, "command", &wrapped, error));
        MITOME_TRY(transmit(channel, wrapped, response, &size, error));
        return scp03_host_unwrap(
                &channel->session, slice_of(response, size), plain, WIRE_MAX, ret_data, ret_sw, error);
}

/* One that must be answered 9000. */
static mitome_status exchange(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t plain[WIRE_MAX], slice *ret_data, mitome_error *error)
{
        uint16_t sw;
        MITOME_TRY(exchange_sw(channel, command, plain, ret_data, &sw, error));
        return status_error(sw, error);
}

/* An exchange whose answer is empty. */
static mitome_status order(
        struct tsm_channel *channel, const struct apdu_command *command, mitome_error *error)
{
        uint8_t plain[WIRE_MAX];
        slice data;
        return exchange(channel, command, plain, &data, error);
}

mitome_status tsm_store_batch_key(
        struct tsm_channel *channel, slice aaguid, slice key, slice certificate, mitome_error *error)
{
        uint8_t fields[WIRE_MAX / 2];
        writer w = WRITER(fields);
        slice data;
        tlv_write(&w, 0x80, aaguid);
        tlv_write(&w, 0x81, key);
        tlv_write(&w, 0x82, certificate);
        MITOME_TRY(writer_finish(&w, "batch key", &data, error));
        mitome_status status =
                order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x30, .data = data }, error);
        bytes_wipe(fields, sizeof fields);
        return status;
}

mitome_status tsm_make_device_key(struct tsm_channel *channel, uint8_t ret_point[65], mitome_error *error)
{
        uint8_t plain[WIRE_MAX];
        slice answer, point;
        MITOME_TRY(exchange(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x36, .expected = 256 },
                plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x80, "device key", 65, &point, error));
        return slice_copy(point, "device key", ret_point, 65, error);
}

mitome_status tsm_store_device_certificate(
        struct tsm_channel *channel, const char *identity, slice certificate, mitome_error *error)
{
        uint8_t fields[WIRE_MAX / 2];
        writer w = WRITER(fields);
        slice data;
        tlv_write(&w, 0x80, slice_text(identity));
        tlv_write(&w, 0x82, certificate);
        MITOME_TRY(writer_finish(&w, "device certificate", &data, error));
        return order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x38, .data = data }, error);
}

mitome_status tsm_pair(
        struct tsm_channel *channel, slice matcher_point, uint8_t ret_element_point[65], mitome_error *error)
{
        uint8_t fields[80], plain[WIRE_MAX];
        writer w = WRITER(fields);
        slice answer, point;
        tlv_write(&w, 0x80, matcher_point);
        MITOME_TRY(exchange(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x32, .data = writer_view(&w), .expected = 256 },
                plain, &answer, error));
        MITOME_TRY(tlv_find_fixed(answer, 0x80, "element's point", 65, &point, error));
        return slice_copy(point, "element's point", ret_element_point, 65, error);
}

mitome_status tsm_confirm_pairing(
        struct tsm_channel *channel, const uint8_t confirmation[32], mitome_error *error)
{
        uint8_t fields[40], plain[WIRE_MAX];
        writer w = WRITER(fields);
        slice answer;
        tlv_write(&w, 0x80, slice_of(confirmation, 32));
        return exchange(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0x3C, .data = writer_view(&w), .expected = 256 },
                plain, &answer, error);
}

mitome_status tsm_generate_key(struct tsm_channel *channel, enum authority_kind kind,
        struct tsm_public_key *ret, mitome_error *error)
{
        uint8_t plain[WIRE_MAX];
        slice answer, key, modulus, exponent;
        MITOME_TRY(exchange(channel,
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
        MITOME_TRY(order(channel,
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
                MITOME_TRY(order(channel, &update, error));
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
        return order(channel,
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
        return order(
                channel, &(struct apdu_command){ .cla = 0x80, .ins = 0x4A, .data = writer_view(&w) }, error);
}

/* ---- access rules ---- */

static mitome_status store_data(
        struct tsm_channel *channel, uint32_t tag, slice value, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t object[128], plain[WIRE_MAX];
        writer w = WRITER(object);
        slice data, answer;
        tlv_write(&w, tag, value);
        MITOME_TRY(writer_finish(&w, "access rule", &data, error));
        const struct apdu_command command = { .cla = 0x80, .ins = 0xE2, .p1 = 0x90, .data = data };
        return exchange_sw(channel, &command, plain, &answer, ret_sw, error);
}

mitome_status tsm_allow_app(
        struct tsm_channel *channel, enum tsm_applet applet, slice hash, mitome_error *error)
{
        static const uint8_t always[] = { 0x01 };
        const struct access_rule rule = { .reference = { .aid = tsm_aid(applet), .hash = hash },
                .apdu = SLICE(always) };
        uint8_t bytes[96];
        writer w = WRITER(bytes);
        uint16_t sw;
        access_rule_write(&w, &rule);
        MITOME_TRY(store_data(channel, ACCESS_STORE, writer_view(&w), &sw, error));
        return sw == SW_RULE_EXISTS ? ok() : status_error(sw, error);
}

mitome_status tsm_forbid_apps(struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        uint8_t bytes[32];
        writer w = WRITER(bytes);
        uint16_t sw;
        tlv_write(&w, ACCESS_AID, tsm_aid(applet));
        MITOME_TRY(store_data(channel, ACCESS_DELETE, writer_view(&w), &sw, error));
        return sw == SW_NO_REFERENCE ? ok() : status_error(sw, error);
}

/* ---- what is played ---- */

mitome_status tsm_personalise(struct tsm_channel *channel, enum tsm_personality personality,
        const char *serial, mitome_error *error)
{
        uint8_t fields[32];
        writer w = WRITER(fields);
        slice data;
        tlv_write_u8(&w, 0x80, (uint8_t)personality);
        tlv_write_u8(&w, 0x81, 0);
        if (serial[0])
                tlv_write(&w, 0x82, slice_text(serial));
        MITOME_TRY(writer_finish(&w, "serial number", &data, error));
        return order(channel, &(struct apdu_command){ .cla = 0x80, .ins = 0xDA, .data = data }, error);
}

mitome_status tsm_delete_fido(struct tsm_channel *channel, mitome_error *error)
{
        uint8_t fields[16], plain[WIRE_MAX];
        writer w = WRITER(fields);
        slice receipt;
        tlv_write(&w, 0x4F, SLICE(fido_aid));
        return exchange(channel,
                &(struct apdu_command){ .cla = 0x80, .ins = 0xE4, .data = writer_view(&w), .expected = 256 },
                plain, &receipt, error);
}
