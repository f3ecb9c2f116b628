/* SPDX-License-Identifier: Apache-2.0 */
#include "jpki_app.h"
#include "digest.h"

const struct jpki_key jpki_user_verification = { 0x0017, 0x0018, 0x000A };
const struct jpki_key jpki_signing = { 0x001A, 0x001B, 0x0001 };

/* One exchange; *ret_data views `response`. */
static mitome_status exchange(const struct mitome_link *link, const struct apdu_command *command,
        uint8_t *response, size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[JPKI_MESSAGE_MAX + 16];
        writer w = WRITER(bytes);
        apdu_write_command(&w, command);
        slice request;
        MITOME_TRY(writer_finish(&w, "command", &request, error));
        size_t size;
        mitome_status status = link->transmit(link->context, request, response, capacity, &size, error);
        bytes_wipe(bytes, sizeof bytes); /* a VERIFY carries the PIN */
        MITOME_TRY(status);
        MITOME_TRY(apdu_read_response(slice_of(response, size), ret_data, ret_sw, error));
        return *ret_sw == SW_OK ? ok()
                                : fail(error, MITOME_E_APDU_STATUS, "a command of the JPKI applet", NULL);
}

static mitome_status send_short(const struct mitome_link *link, const struct apdu_command *command,
        uint16_t *ret_sw, mitome_error *error)
{
        uint8_t response[300];
        slice data;
        return exchange(link, command, response, sizeof response, &data, ret_sw, error);
}

mitome_status jpki_app_select(struct mitome_enforcer *enforcer, mitome_error *error)
{
        static const uint8_t aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
        return mitome_enforcer_select(enforcer, SLICE(aid), error);
}

static mitome_status select_file(
        const struct mitome_link *link, uint16_t file, uint16_t *ret_sw, mitome_error *error)
{
        const uint8_t id[] = { (uint8_t)(file >> 8), (uint8_t)file };
        return send_short(link,
                &(struct apdu_command){ .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(id) }, ret_sw,
                error);
}

mitome_status jpki_app_verify(const struct mitome_link *link, const struct jpki_key *key, const char *secret,
        uint16_t *ret_sw, mitome_error *error)
{
        MITOME_TRY(select_file(link, key->secret_file, ret_sw, error));
        return send_short(link, &(struct apdu_command){ .ins = 0x20, .p2 = 0x80, .data = slice_text(secret) },
                ret_sw, error);
}

/* How long the DER object is that begins with `head`: certificates are SEQUENCEs with a length of one to
 * three bytes. */
static mitome_status der_size(slice head, size_t *ret, mitome_error *error)
{
        reader r = reader_over(head, "X.690 8.1.3", error);
        uint8_t tag, first;
        MITOME_TRY(read_u8(&r, "certificate", &tag));
        MITOME_TRY(read_u8(&r, "certificate", &first));
        if (first < 0x80) {
                *ret = (size_t)first + 2;
                return ok();
        }
        uint16_t length;
        if (first != 0x82)
                return reader_fail(&r, MITOME_E_DER, "certificate");
        MITOME_TRY(read_u16(&r, "certificate", &length));
        *ret = (size_t)length + 4;
        return ok();
}

mitome_status jpki_app_read_certificate(const struct mitome_link *link, const struct jpki_key *key,
        uint8_t *buffer, size_t capacity, slice *ret, uint16_t *ret_sw, mitome_error *error)
{
        MITOME_TRY(select_file(link, key->certificate_file, ret_sw, error));
        writer w = writer_over(buffer, capacity);
        size_t total = 4; /* the head first: it tells the size */
        while (w.used < total && !w.overflowed) {
                uint8_t response[300];
                slice data;
                const struct apdu_command read = {
                        .ins = 0xB0,
                        .p1 = (uint8_t)(w.used >> 8),
                        .p2 = (uint8_t)w.used,
                        .expected = total - w.used < 256 ? total - w.used : 256,
                };
                MITOME_TRY(exchange(link, &read, response, sizeof response, &data, ret_sw, error));
                if (data.size == 0)
                        return fail(error, MITOME_E_INPUT_ENDS, "certificate", NULL);
                write_slice(&w, data);
                if (total == 4 && !w.overflowed)
                        MITOME_TRY(der_size(writer_view(&w), &total, error));
        }
        return writer_finish(&w, "certificate", ret, error);
}

static mitome_status ask_signature(const struct mitome_link *link, const struct apdu_command *sign,
        uint8_t ret_signature[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw, mitome_error *error)
{
        uint8_t response[300];
        slice signature;
        MITOME_TRY(exchange(link, sign, response, sizeof response, &signature, ret_sw, error));
        if (signature.size != JPKI_SIGNATURE_SIZE)
                return fail(error, MITOME_E_VALUE, "signature", NULL);
        return slice_copy(signature, "signature", ret_signature, JPKI_SIGNATURE_SIZE, error);
}

mitome_status jpki_app_sign_message(const struct mitome_link *link, slice message,
        uint8_t ret_signature[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw, mitome_error *error)
{
        enum { HASH_THERE = 0x03, USER_VERIFICATION_KEY = 0x97 };
        return ask_signature(link,
                &(struct apdu_command){ .cla = 0x80,
                        .ins = 0x2A,
                        .p1 = HASH_THERE,
                        .p2 = USER_VERIFICATION_KEY,
                        .data = message,
                        .expected = 256 },
                ret_signature, ret_sw, error);
}

mitome_status jpki_app_sign(const struct mitome_link *link, const struct jpki_key *key, const slice *parts,
        size_t count, uint8_t ret_signature[JPKI_SIGNATURE_SIZE], uint16_t *ret_sw, mitome_error *error)
{
        /* DigestInfo of SHA-256, RFC 8017 9.2, note 1 */
        static const uint8_t prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
        uint8_t info[sizeof prefix + SHA256_SIZE], digest[SHA256_SIZE];
        writer w = WRITER(info);
        sha256(parts, count, digest);
        write_slice(&w, SLICE(prefix));
        write_slice(&w, SLICE(digest));
        MITOME_TRY(select_file(link, key->key_file, ret_sw, error));
        const struct apdu_command sign = {
                .cla = 0x80, .ins = 0x2A, .p2 = 0x80, .data = SLICE(info), .expected = 256
        };
        return ask_signature(link, &sign, ret_signature, ret_sw, error);
}
