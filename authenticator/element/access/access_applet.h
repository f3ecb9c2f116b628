/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_APPLET_H
#define ACCESS_APPLET_H

/* The ARA-M (access rule application, master): which app may send what to which applet. It keeps the rules
 * and hands them out; who holds apps to them is the access control enforcer, outside of the element. */

#include "access_rule.h"

enum {
        ACCESS_RULES_MAX = 64,      /* rules of one element */
        ACCESS_RULE_SIZE_MAX = 512, /* bytes of one, tag and length included */
        ACCESS_CHUNK_MAX = 1024,    /* of a list that is read in chunks */
};

/* A list that a reader has begun to fetch; it ends with the selection. */
struct access_reading {
        bool begun;
        bool all;                          /* of all rules; else of those about `reference` */
        uint8_t reference[ACCESS_REF_MAX]; /* the value of an E1 */
        size_t reference_size;
        size_t offset;                        /* of the next chunk */
        uint8_t refresh[ACCESS_REFRESH_SIZE]; /* the rules' state as it was */
};

#endif
