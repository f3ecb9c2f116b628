/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERIFY_CASE_H
#define VERIFY_CASE_H

/* One line of `mitome verify`: a ceremony, what was expected of it and how strictly. */

#include "json_object.h"

enum { CASE_LIST_MAX = 64 };

struct case_list {
        slice items[CASE_LIST_MAX];
        size_t count;
};

struct case_numbers {
        int64_t items[CASE_LIST_MAX];
        size_t count;
};

struct verify_policy {
        bool user_verification_required;
        bool allow_cross_origin;
        bool conditional;
        bool trust_required;
        bool has_origins, has_top_origins, has_credentials, has_algorithms, has_stored_be, has_level;
        struct case_list origins, top_origins, credentials;
        struct case_list crls; /* DER */
        struct case_numbers algorithms;
        int64_t stored_sign_count;
        bool stored_be;
        slice user_handle;
        slice app_id;
        slice level;       /* the least that must be reached */
        unsigned switches; /* enum mitome_switch */
};

struct verify_case {
        slice name;
        slice kind;
        slice rp_id, origin, challenge;
        slice response; /* JSON as it stands */
        slice public_key;
        slice root_pem;
        bool has_name, has_root, has_time;
        int64_t at_time; /* seconds since 1970 */
        struct verify_policy policy;
        slice unknown; /* a member of the policy that is not known, as it stands */
};

/* verify_case_read reads one line. Views point into the line and the arena; on a failure `ret` holds what was
 * read before. */
MITOME_CHECKED mitome_status verify_case_read(
        slice line, writer *arena, struct verify_case *ret, mitome_error *error);

/* verify_case_time reads an RFC 3339 date-time; fractions of a second are passed over. */
bool verify_case_time(slice text, int64_t *ret);

#endif
