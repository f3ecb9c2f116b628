/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_LINK_H
#define PHONE_LINK_H

/* What a QR code holds, or somebody types: ORIGIN/phone/CODE, ORIGIN/document/ID, or a code alone. */

#include "bytes.h"

enum phone_link_kind { PHONE_LINK_LOGIN = 1, PHONE_LINK_DOCUMENT };

enum {
        PHONE_LINK_MAX = 512,
        PHONE_LINK_ORIGIN_MAX = 256, /* with terminator, as all of these */
        PHONE_LINK_CODE_SIZE = 8,    /* letters and digits of a login's code */
        PHONE_LINK_ID_SIZE = 32,     /* hexadecimal digits of a document's number */
};

struct phone_link {
        enum phone_link_kind kind;
        char origin[PHONE_LINK_ORIGIN_MAX]; /* "https://portal.example" */
        char code[PHONE_LINK_ID_SIZE + 1];  /* or the document's number */
};

/* phone_link_read takes a link apart. Blanks around it are passed over; a code may be typed in small letters
 * and with blanks or '-' inside. `portal` is the origin that a code alone is for; NULL: none. Plain http is
 * for localhost alone, and so is an address instead of a name for nobody: both could log nobody in.
 * LOGIN_LINK. */
MITOME_CHECKED mitome_status phone_link_read(
        slice text, const char *portal, struct phone_link *ret, mitome_error *error);

#endif
