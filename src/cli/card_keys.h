/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_KEYS_H
#define CARD_KEYS_H

#include <mitome/element.h>

/* card_keys_read reads a key set from a file of mode 0600: three lines of 32, 48 or 64 hexadecimal digits,
 * ENC, MAC and DEK. It leaves `i` alone; wipe the keys. Fails with FILE_READ, FILE_MODE, VALUE, INPUT_ENDS or
 * TRAILING_BYTES. */
MITOME_CHECKED mitome_status card_keys_read(
        const char *path, struct mitome_card_keys *keys, mitome_error *error);

/* card_keys_write writes such a file, anew: what lies there is of an element whose making was cut short. It
 * is on the disk when this returns. FILE_WRITE. */
MITOME_CHECKED mitome_status card_keys_write(
        const char *path, const struct mitome_card_keys *keys, mitome_error *error);

#endif
