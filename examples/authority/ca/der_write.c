/* SPDX-License-Identifier: Apache-2.0 */
#include "der_write.h"

#include <stdio.h>
#include <time.h>

enum { SHORT_FORM = 0x80, ONE_OCTET = 0x81, TWO_OCTETS = 0x82, LENGTH_MAX = 0xFFFF };

void der_put_head(writer *w, uint8_t tag, size_t length)
{
        write_u8(w, tag);
        if (length > LENGTH_MAX) {
                w->overflowed = true;
        } else if (length < SHORT_FORM) {
                write_u8(w, (uint8_t)length);
        } else if (length < 0x100) {
                write_u8(w, ONE_OCTET);
                write_u8(w, (uint8_t)length);
        } else {
                write_u8(w, TWO_OCTETS);
                write_u16(w, (uint16_t)length);
        }
}

void der_put(writer *w, uint8_t tag, slice content)
{
        der_put_head(w, tag, content.size);
        write_slice(w, content);
}

void der_put_time(writer *w, uint8_t tag, int64_t time)
{
        char text[32];
        time_t seconds = (time_t)time;
        struct tm tm;
        if (gmtime_r(&seconds, &tm) && tm.tm_year + 1900 <= 9999 && tm.tm_year >= 0 &&
                strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm) > 0)
                der_put(w, tag, slice_text(text));
        else
                w->overflowed = true;
}
