/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_RULE_H
#define ACCESS_RULE_H

/* Access rules as the ARA-M keeps them and the access control enforcer reads them: a REF-AR-DO
 * (GlobalPlatform Secure Element Access Control, GPD_SPE_013 6.1) says what one app may send to one applet.
 *
 *      E2 { E1 { 4F aid | C0, C1 hash, CA package? } E3 { D0 apdu?, D1 nfc?, DB permissions? } } */

#include "bytes.h"

enum access_tag {
        ACCESS_REF_AR = 0xE2,
        ACCESS_REF = 0xE1,
        ACCESS_AR = 0xE3,
        ACCESS_AID = 0x4F,
        ACCESS_IMPLICIT = 0xC0,
        ACCESS_HASH = 0xC1,
        ACCESS_PACKAGE = 0xCA,
        ACCESS_APDU = 0xD0,
        ACCESS_NFC = 0xD1,
        ACCESS_PERMISSIONS = 0xDB,
        /* answers of the ARA-M (4.1), and the commands of STORE DATA (5.1) */
        ACCESS_ALL = 0xFF40,
        ACCESS_ONE = 0xFF50,
        ACCESS_NEXT = 0xFF60,
        ACCESS_REFRESH = 0xDF20,
        ACCESS_STORE = 0xF0,
        ACCESS_DELETE = 0xF1,
        ACCESS_NEW_TAG = 0xF2,
};

enum {
        ACCESS_AID_MIN = 5,
        ACCESS_AID_MAX = 16,
        ACCESS_SHA1_SIZE = 20,
        ACCESS_SHA256_SIZE = 32,
        ACCESS_PACKAGE_MAX = 127,
        ACCESS_PERMISSIONS_SIZE = 8,
        ACCESS_FILTER_SIZE = 8, /* four bytes of header, four of mask */
        ACCESS_REFRESH_SIZE = 8,
        /* of the value of an E1 with everything in it */
        ACCESS_REF_MAX = 2 + ACCESS_AID_MAX + 2 + ACCESS_SHA256_SIZE + 2 + ACCESS_PACKAGE_MAX,
};

/* Whom a rule is about. */
struct access_reference {
        bool implicit; /* C0: the applet that a channel selects by itself */
        slice aid;     /* empty and not implicit: every applet */
        slice hash;    /* of the certificate that signs the app, SHA-1 or SHA-256; empty: every app */
        slice package; /* of Android's carrier rules: the app's name too; empty: any */
};

struct access_rule {
        struct access_reference reference;
        slice apdu; /* empty: not said; one byte, 00 never, 01 always; or filters */
        slice nfc;  /* empty: not said; one byte, 00 or 01 */
        slice permissions;
};

/* access_reference_read takes the value of an E1, access_rule_read that of an E2: every object once, in the
 * order above, nothing else. Views into the input. Fails with TLV, TLV_MISSING, VALUE, TRAILING_BYTES. */
MITOME_CHECKED mitome_status access_reference_read(
        slice value, struct access_reference *ret, mitome_error *error);
MITOME_CHECKED mitome_status access_rule_read(slice value, struct access_rule *ret, mitome_error *error);

/* access_rule_write writes the whole object, its tag E2 included. */
void access_rule_write(writer *w, const struct access_rule *rule);

bool access_reference_equal(const struct access_reference *a, const struct access_reference *b);

#endif
