/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_DESCRIPTION_H
#define KEY_DESCRIPTION_H

/* What an Android keystore says of a key that it holds: the KeyDescription in the extension
 * 1.3.6.1.4.1.11129.2.1.17 of the key's certificate. Its layout is the same in all versions of the schema (1,
 * 2, 3, 4, 100, 200, 300, 400); they differ in the tags of the lists, and tags that are not asked for are
 * skipped. */

#include "bytes.h"

extern const char key_description_oid[];

enum key_security_level { KEY_LEVEL_SOFTWARE, KEY_LEVEL_TEE, KEY_LEVEL_STRONGBOX };

/* Values of the schema. */
enum { KEY_PURPOSE_SIGN = 2, KEY_PURPOSE_VERIFY = 3, KEY_ORIGIN_GENERATED = 0 };

/* An AuthorizationList: what is enforced by one of the two, the keystore's software or its hardware. */
struct key_authorizations {
        bool empty;            /* it says nothing at all */
        uint32_t purposes;     /* [1] purpose, a bit (1 << purpose) each; 0: absent, or an empty set */
        bool all_applications; /* [600] is present */
        bool has_origin;
        uint32_t origin; /* [702] */
};

struct key_description {
        uint32_t attestation_version;
        enum key_security_level attestation_level; /* what the attestation itself was made in */
        uint32_t keymaster_version;
        enum key_security_level keymaster_level; /* what holds the key */
        slice challenge;
        slice unique_id;                              /* mostly empty */
        struct key_authorizations software, hardware; /* softwareEnforced; teeEnforced or hardwareEnforced */
};

/* key_description_read takes the content of the extension. Views point into `der`, and offsets of errors
 * count in it. DER, INPUT_ENDS, TRAILING_BYTES, VALUE (a number out of its range), KEY_FIELD_TWICE. */
MITOME_CHECKED mitome_status key_description_read(
        slice der, struct key_description *ret, mitome_error *error);

#endif
