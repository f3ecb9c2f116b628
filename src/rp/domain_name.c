/* SPDX-License-Identifier: Apache-2.0 */
#include "domain_name.h"

/* A label that is being read. */
struct label {
        size_t size;
        uint8_t first, second, last;
        bool all_digits;
        bool all_hexadecimal; /* behind the first two characters */
};

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

static bool is_name_character(uint8_t c)
{
        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}

static void label_take(struct label *label, uint8_t c)
{
        if (label->size == 0)
                *label = (struct label){ .first = c, .all_digits = true, .all_hexadecimal = true };
        if (label->size == 1)
                label->second = c;
        if (label->size >= 2 && !is_digit(c) && !(c >= 'a' && c <= 'f'))
                label->all_hexadecimal = false;
        label->all_digits = label->all_digits && is_digit(c);
        label->last = c;
        label->size++;
}

static bool label_is_valid(const struct label *label)
{
        return label->size > 0 && label->size <= DOMAIN_LABEL_MAX && label->first != '-' &&
               label->last != '-';
}

/* URL standard, "ends in a number checker": "7" and "0x7f" as last labels make an IPv4 address of the host.
 */
static bool label_is_number(const struct label *label)
{
        return label->all_digits ||
               (label->size >= 2 && label->first == '0' && label->second == 'x' && label->all_hexadecimal);
}

bool domain_name_is_valid(slice name)
{
        struct label label = { 0 };
        if (name.size == 0 || name.size > DOMAIN_NAME_MAX)
                return false;
        for (size_t i = 0; i < name.size; i++) {
                uint8_t c = name.data[i];
                if (c == '.') {
                        if (!label_is_valid(&label))
                                return false;
                        label = (struct label){ 0 };
                } else if (is_name_character(c)) {
                        label_take(&label, c);
                } else {
                        return false;
                }
        }
        return label_is_valid(&label) && !label_is_number(&label);
}

/* The number, or 0 when it is none. */
static uint32_t read_port(slice digits)
{
        uint32_t value = 0;
        if (digits.size == 0 || digits.size > 5 || digits.data[0] == '0')
                return 0;
        for (size_t i = 0; i < digits.size; i++) {
                if (!is_digit(digits.data[i]))
                        return 0;
                value = value * 10 + (uint32_t)(digits.data[i] - '0');
        }
        return value <= UINT16_MAX ? value : 0;
}

bool domain_name_read_authority(slice authority, slice *ret_host, uint32_t *ret_port)
{
        reader r = reader_over(authority, NULL, NULL);
        slice host, colon;
        uint32_t port = 0;
        size_t size = 0;
        while (size < authority.size && authority.data[size] != ':')
                size++;
        if (failed(read_bytes(&r, NULL, size, &host)) || !domain_name_is_valid(host))
                return false;
        if (r.rest.size) {
                if (failed(read_bytes(&r, NULL, 1, &colon)))
                        return false;
                port = read_port(r.rest);
                if (!port)
                        return false;
        }
        *ret_host = host;
        *ret_port = port;
        return true;
}
