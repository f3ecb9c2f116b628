/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

enum { P1_SHORT_FILE_NUMBER = 0x80, TOKEN_INFO_SIZE = 160 };

static size_t offset_of(const struct apdu_command *command)
{
        return (size_t)command->p1 << 8 | command->p2;
}

static void write_padded(writer *w, slice text, size_t size)
{
        write_slice(w, text);
        for (size_t i = text.size; i < size; i++)
                write_u8(w, ' ');
}

/* EF 0006: a CK_TOKEN_INFO (PKCS #11), big-endian, that says which kind of token this is. */
static void write_token_info(const struct mitome_element *element, writer *w)
{
        enum {
                /* CKF_RNG, CKF_LOGIN_REQUIRED, CKF_USER_PIN_INITIALIZED, CKF_TOKEN_INITIALIZED */
                FLAGS = 0x0000040D,
                PASSWORD_MAX = 16,
                PASSWORD_MIN = 6,
                MEMORY_FIELDS = 4,
                LABEL_SIZE = 32,
                MANUFACTURER_SIZE = 32,
                MODEL_SIZE = 16,
        };
        static const char *const labels[] = {
                [JPKI_PHONE] = "JPKIAPGPSETOKEN", /* a GP-SE in a phone */
                [JPKI_CARD] = "JPKIAPICCTOKEN2",  /* the My Number Card */
        };
        static const uint32_t numbers[] = {
                FLAGS,
                1, /* ulMaxSessionCount */
                0,
                1, /* ulMaxRwSessionCount */
                0,
                PASSWORD_MAX,
                PASSWORD_MIN,
        };
        const struct jpki_settings settings = jpki_settings(element);
        write_padded(w, slice_text(labels[settings.personality]), LABEL_SIZE);
        write_padded(w, (slice){ 0 }, MANUFACTURER_SIZE);
        write_padded(w, (slice){ 0 }, MODEL_SIZE);
        write_padded(w, settings.serial, JPKI_SERIAL_MAX);
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
                write_u32(w, numbers[i]);
        for (size_t i = 0; i < MEMORY_FIELDS; i++)
                write_u32(w, UINT32_MAX); /* CK_UNAVAILABLE_INFORMATION */
        write_slice(w, slice_text("03"));
        write_slice(w, slice_text("01"));
        write_slice(w, slice_text("9999999999999999")); /* utcTime: there is no clock */
}

/* EF 0008: on a whole card 8F 8F 00. Which byte stands for which certificate is not public: ours are the
 * signing one, then that of user verification, and 00 where there is none. */
static void write_availability(const struct mitome_element *element, writer *w)
{
        enum { AVAILABLE = 0x8F };
        write_u8(w, element_has(element, jpki_object(JPKI_SIGN_CERTIFICATE)) ? AVAILABLE : 0);
        write_u8(w, element_has(element, jpki_object(JPKI_AUTH_CERTIFICATE)) ? AVAILABLE : 0);
        write_u8(w, 0);
}

static uint16_t read_part(slice content, const struct apdu_command *command, writer *answer)
{
        reader r = reader_over(content, NULL, NULL);
        slice before, part;
        if (offset_of(command) >= content.size || failed(read_bytes(&r, "file", offset_of(command), &before)))
                return SW_OFFSET;
        size_t room = answer->capacity - answer->used;
        size_t size = r.rest.size < command->expected ? r.rest.size : command->expected;
        if (failed(read_bytes(&r, "file", size < room ? size : room, &part)))
                return SW_UNKNOWN;
        write_slice(answer, part);
        return SW_OK;
}

static uint16_t read_info(
        const struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        uint8_t info[TOKEN_INFO_SIZE];
        writer w = WRITER(info);
        if (element->jpki.current == JPKI_TOKEN_INFO)
                write_token_info(element, &w);
        else
                write_availability(element, &w);
        return read_part(writer_view(&w), command, answer);
}

uint16_t jpki_read_binary(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum jpki_ef ef = element->jpki.current;
        if (command->p1 & P1_SHORT_FILE_NUMBER)
                return SW_WRONG_P1P2;
        if (command->data.size || command->expected == 0)
                return SW_WRONG_LENGTH;
        if (jpki_current_is(element, JPKI_KIND_INFO) == SW_OK)
                return read_info(element, command, answer);
        SW_TRY(jpki_current_is(element, JPKI_KIND_CERTIFICATE));
        if (!jpki_is_opened(element, ef))
                return SW_SECURITY_STATUS;
        return read_part(element_object(element, jpki_object(ef)), command, answer);
}
