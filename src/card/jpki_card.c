/* SPDX-License-Identifier: Apache-2.0 */
#include "jpki_card.h"

#include "apdu.h"
#include "der.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
        COMMAND_MAX = 128,
        RESPONSE_MAX = 4096,
        CHUNK = 256,
        SW_END_OF_FILE = 0x6282, /* fewer bytes than Le asked for: some cards say so */
        TRIES_MASK = 0x000F,
        SW_CLASS_MASK = 0xFFF0,
};

static const uint8_t jpki_aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };

/* ---- commands ---- */

mitome_status jpki_card_exchange(const struct mitome_link *link, slice command, uint8_t *response,
        size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        size_t size = 0;
        MITOME_TRY(link->transmit(link->context, command, response, capacity, &size, error));
        return apdu_read_response(slice_of(response, size), ret_data, ret_sw, error);
}

static mitome_status send(const struct mitome_link *link, const struct apdu_command *command,
        uint8_t response[RESPONSE_MAX], slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        uint8_t bytes[COMMAND_MAX];
        writer w = WRITER(bytes);
        slice apdu;
        apdu_write_command(&w, command);
        mitome_status status = writer_finish(&w, "command APDU", &apdu, error);
        if (!failed(status))
                status = jpki_card_exchange(link, apdu, response, RESPONSE_MAX, ret_data, ret_sw, error);
        bytes_wipe(bytes, sizeof bytes);
        return status;
}

/* A command of which only the status word matters. */
static mitome_status order(const struct mitome_link *link, const struct apdu_command *command,
        uint16_t *ret_sw, mitome_error *error)
{
        uint8_t response[RESPONSE_MAX];
        slice data;
        return send(link, command, response, &data, ret_sw, error);
}

static mitome_status refused(uint16_t sw, mitome_error *error)
{
        return fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

mitome_status jpki_card_has(const struct mitome_link *link, slice aid, bool *ret, mitome_error *error)
{
        const struct apdu_command select = { .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = aid };
        uint16_t sw;
        MITOME_TRY(order(link, &select, &sw, error));
        *ret = sw == SW_OK;
        return ok();
}

mitome_status jpki_card_open(const struct mitome_link *link, mitome_error *error)
{
        bool there;
        MITOME_TRY(jpki_card_has(link, SLICE(jpki_aid), &there, error));
        return there ? ok() : fail(error, MITOME_E_NO_JPKI, NULL, NULL);
}

/* ---- files ---- */

static mitome_status select_file(
        const struct mitome_link *link, enum jpki_file file, uint16_t *ret_sw, mitome_error *error)
{
        const uint8_t id[] = { (uint8_t)(file >> 8), (uint8_t)file };
        const struct apdu_command select = { .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(id) };
        return order(link, &select, ret_sw, error);
}

static bool is_certificate(enum jpki_file file)
{
        return file == JPKI_SIGNING_CERTIFICATE || file == JPKI_SIGNING_CA || file == JPKI_USER_CERTIFICATE ||
               file == JPKI_USER_CA;
}

/* What stands behind the certificate is filler (FF); a file without one is as it is. */
static slice without_filler(enum jpki_file file, slice content)
{
        reader r = reader_over(content, NULL, NULL);
        slice inside, whole;
        if (is_certificate(file) && !failed(der_read(&r, "certificate", DER_SEQUENCE, &inside, &whole)))
                return whole;
        return content;
}

mitome_status jpki_card_read(const struct mitome_link *link, enum jpki_file file,
        uint8_t buffer[JPKI_FILE_MAX], slice *ret, uint16_t *ret_sw, mitome_error *error)
{
        writer w = writer_over(buffer, JPKI_FILE_MAX);
        uint16_t sw;
        MITOME_TRY(select_file(link, file, &sw, error));
        while (sw == SW_OK && w.used < JPKI_FILE_MAX) {
                uint8_t response[RESPONSE_MAX];
                slice data;
                const struct apdu_command read = {
                        .ins = 0xB0, .p1 = (uint8_t)(w.used >> 8), .p2 = (uint8_t)w.used, .expected = CHUNK
                };
                MITOME_TRY(send(link, &read, response, &data, &sw, error));
                if (data.size > CHUNK)
                        return fail(error, MITOME_E_APDU_LENGTH, "the card's answer", NULL);
                write_slice(&w, data);
                if (data.size < CHUNK && (sw == SW_OK || sw == SW_END_OF_FILE))
                        break;
        }
        bool at_end = w.used > 0 && (sw == SW_OFFSET || sw == SW_END_OF_FILE);
        *ret = without_filler(file, writer_view(&w));
        *ret_sw = at_end ? SW_OK : sw;
        return ok();
}

enum jpki_kind jpki_card_kind(slice token_information, char ret_label[JPKI_LABEL_SIZE + 1])
{
        static const struct {
                const char *label;
                enum jpki_kind kind;
        } known[] = {
                { "JPKIAPICCTOKEN2", JPKI_MY_NUMBER_CARD },
                { "JPKIAPGPSETOKEN", JPKI_ANDROID },
                { "JPKIAPIOSTOKEN", JPKI_IPHONE },
        };
        size_t size = token_information.size < JPKI_LABEL_SIZE ? token_information.size : JPKI_LABEL_SIZE;
        snprintf(ret_label, JPKI_LABEL_SIZE + 1, "%.*s", (int)size, (const char *)token_information.data);
        size = strlen(ret_label);
        while (size && ret_label[size - 1] == ' ')
                ret_label[--size] = '\0';
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (strcmp(ret_label, known[i].label) == 0)
                        return known[i].kind;
        return JPKI_UNKNOWN;
}

/* ---- secrets ---- */

static bool tells_tries(uint16_t sw)
{
        return (sw & SW_CLASS_MASK) == SW_TRIES_LEFT;
}

mitome_status jpki_card_tries(
        const struct mitome_link *link, enum jpki_file secret, int *ret, mitome_error *error)
{
        const struct apdu_command query = { .ins = 0x20, .p2 = 0x80 };
        uint16_t sw;
        MITOME_TRY(select_file(link, secret, &sw, error));
        if (sw == SW_OK)
                MITOME_TRY(order(link, &query, &sw, error));
        *ret = tells_tries(sw) ? sw & TRIES_MASK : -1;
        return ok();
}

/* The card keeps capitals, and what is in its place with another form would cost a try in vain. */
static mitome_status normalise(slice password, struct secret *ret, mitome_error *error)
{
        bool letters = false, digits = false;
        if (password.size < JPKI_PASSWORD_MIN || password.size > JPKI_PASSWORD_MAX)
                return fail(error, MITOME_E_SECRET_FORM, "the signing password", NULL);
        MITOME_TRY(secret_set(ret, password, error));
        for (size_t i = 0; i < ret->size; i++) {
                uint8_t c = ret->data[i];
                if (c >= 'a' && c <= 'z')
                        c = (uint8_t)(c - 'a' + 'A');
                letters |= c >= 'A' && c <= 'Z';
                digits |= c >= '0' && c <= '9';
                if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
                        return fail(error, MITOME_E_SECRET_FORM, "the signing password", NULL);
                ret->data[i] = c;
        }
        return letters && digits ? ok() : fail(error, MITOME_E_SECRET_FORM, "the signing password", NULL);
}

mitome_status jpki_card_verify_password(
        const struct mitome_link *link, slice password, int *ret_tries, mitome_error *error)
{
        SECRET(capitals);
        uint16_t sw;
        MITOME_TRY(normalise(password, &capitals, error));
        MITOME_TRY(select_file(link, JPKI_SIGNING_PASSWORD, &sw, error));
        const struct apdu_command verify = { .ins = 0x20, .p2 = 0x80, .data = secret_view(&capitals) };
        if (sw == SW_OK)
                MITOME_TRY(order(link, &verify, &sw, error));
        if (sw == SW_UNUSABLE || sw == SW_BLOCKED || sw == SW_TRIES_LEFT)
                return fail(error, MITOME_E_SECRET_LOCKED, "the signing password", NULL);
        if (tells_tries(sw)) {
                *ret_tries = sw & TRIES_MASK;
                return fail(error, MITOME_E_SECRET_WRONG, "the signing password", NULL);
        }
        return sw == SW_OK ? ok() : refused(sw, error);
}

mitome_status jpki_card_sign(const struct mitome_link *link, const uint8_t digest[JPKI_DIGEST_SIZE],
        uint8_t ret_signature[JPKI_SIGNATURE_SIZE], mitome_error *error)
{
        /* DigestInfo of SHA-256 (RFC 8017 9.2): the card pads, it does not hash. */
        static const uint8_t head[] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
        static const uint8_t key[] = { 0x00, 0x1A };
        uint8_t input[sizeof head + JPKI_DIGEST_SIZE], response[RESPONSE_MAX];
        writer w = WRITER(input);
        uint16_t sw;
        slice data = { 0 };
        write_slice(&w, SLICE(head));
        write_slice(&w, slice_of(digest, JPKI_DIGEST_SIZE));
        const struct apdu_command select = { .ins = 0xA4, .p1 = 0x02, .p2 = 0x0C, .data = SLICE(key) };
        const struct apdu_command sign = {
                .cla = 0x80, .ins = 0x2A, .p2 = 0x80, .data = writer_view(&w), .expected = CHUNK
        };
        MITOME_TRY(order(link, &select, &sw, error));
        if (sw == SW_OK)
                MITOME_TRY(send(link, &sign, response, &data, &sw, error));
        if (sw != SW_OK)
                return refused(sw, error);
        if (data.size != JPKI_SIGNATURE_SIZE)
                return fail(error, MITOME_E_APDU_LENGTH, "the signature", NULL);
        return slice_copy(data, "the signature", ret_signature, JPKI_SIGNATURE_SIZE, error);
}
