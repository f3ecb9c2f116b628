/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "user_pin.h"

enum { P1_SHORT_FILE_NUMBER = 0x80, TOKEN_INFO_SIZE = 160 };

static size_t offset_of(const struct apdu_command *command)
{
        return (size_t)command->p1 << 8 | command->p2;
}

static void write_padded(writer *w, const char *text, size_t size)
{
        slice view = slice_text(text);
        write_slice(w, view);
        for (size_t i = view.size; i < size; i++)
                write_u8(w, ' ');
}

/* EF 0006: a CK_TOKEN_INFO (PKCS #11), big-endian, that says which kind of token this is. */
static void write_token_info(writer *w)
{
        enum {
                /* CKF_RNG, CKF_LOGIN_REQUIRED, CKF_USER_PIN_INITIALIZED, CKF_TOKEN_INITIALIZED */
                FLAGS = 0x0000040D,
                PASSWORD_MAX = 16,
                PASSWORD_MIN = 6,
                MEMORY_FIELDS = 4,
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
        write_padded(w, "JPKIAPGPSETOKEN", 32); /* label: a GP-SE in a phone */
        write_padded(w, "", 32);                /* manufacturerID */
        write_padded(w, "", 16);                /* model */
        write_padded(w, "", 16);                /* serialNumber */
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
                write_u32(w, numbers[i]);
        for (size_t i = 0; i < MEMORY_FIELDS; i++)
                write_u32(w, UINT32_MAX); /* CK_UNAVAILABLE_INFORMATION */
        write_slice(w, slice_text("03"));
        write_slice(w, slice_text("01"));
        write_slice(w, slice_text("9999999999999999")); /* utcTime: there is no clock */
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

uint16_t jpki_read_binary(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum jpki_ef ef = element->jpki.current;
        if (command->p1 & P1_SHORT_FILE_NUMBER)
                return SW_WRONG_P1P2;
        if (command->data.size || command->expected == 0)
                return SW_WRONG_LENGTH;
        if (ef == JPKI_TOKEN_INFO) {
                uint8_t info[TOKEN_INFO_SIZE];
                writer w = WRITER(info);
                write_token_info(&w);
                return read_part(writer_view(&w), command, answer);
        }
        SW_TRY(jpki_current_is(element, JPKI_KIND_CERTIFICATE));
        if (!jpki_is_opened(&element->jpki, ef))
                return SW_SECURITY_STATUS;
        return read_part(element_object(element, OBJECT_JPKI_FILE + (uint32_t)ef), command, answer);
}

/* What the file holds when `data` stands at `offset`: offset 0 starts anew, another may not leave a gap. */
static uint16_t write_content(slice former, size_t offset, slice data, writer *content)
{
        reader r = reader_over(former, NULL, NULL);
        slice before, overwritten;
        if (failed(read_bytes(&r, "file", offset, &before)))
                return SW_OFFSET;
        write_slice(content, before);
        write_slice(content, data);
        if (offset && !failed(read_bytes(&r, "file", data.size, &overwritten)))
                write_slice(content, read_rest(&r));
        return content->overflowed ? SW_FULL : SW_OK;
}

uint16_t jpki_update_binary(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        (void)answer;
        uint8_t bytes[JPKI_FILE_MAX];
        writer content = WRITER(bytes);
        if (command->p1 & P1_SHORT_FILE_NUMBER)
                return SW_WRONG_P1P2;
        SW_TRY(jpki_current_is(element, JPKI_KIND_CERTIFICATE));
        if (command->data.size == 0)
                return SW_WRONG_LENGTH;
        uint32_t object = OBJECT_JPKI_FILE + (uint32_t)element->jpki.current;
        SW_TRY(write_content(element_object(element, object), offset_of(command), command->data, &content));
        SW_TRY(element_put(element, object, writer_view(&content)));
        if (element->jpki.current == JPKI_AUTH_CERTIFICATE && !element_is_personalised(element))
                SW_TRY(user_pin_personalise(element));
        return element_commit(element);
}
