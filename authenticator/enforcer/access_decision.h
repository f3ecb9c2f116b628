/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_DECISION_H
#define ACCESS_DECISION_H

/* What a list of access rules says about one app and one applet. */

#include "access_rule.h"

enum { ACCESS_FILTERS_MAX = 256 };

enum access_kind {
        ACCESS_KIND_DENIED, /* the zero: what nothing has been decided about is denied */
        ACCESS_KIND_FILTERED,
        ACCESS_KIND_GRANTED,
};

/* A command passes when its header, under the mask, is the filter's. */
struct access_filter {
        uint32_t header, mask;
};

struct access_decision {
        enum access_kind kind;
        size_t filter_count;
        struct access_filter filters[ACCESS_FILTERS_MAX];
};

/* Who asks. */
struct access_app {
        slice sha256, sha1, package;
};

/* access_rules_check takes a list of REF-AR-DOs, whole and well-formed, or fails. */
MITOME_CHECKED mitome_status access_rules_check(slice rules, mitome_error *error);

/* access_decide searches rules that access_rules_check took (GPD_SPE_013 3.2): those for the app and the
 * applet, for every app and the applet, for the app and every applet, for every app and every applet; the
 * first of these that there are, merged, decide. Rules for other apps only end the search: never. No rule:
 * denied. An `aid` that is only the beginning of one that has rules is denied: which applet it would select,
 * the element knows. */
void access_decide(slice rules, const struct access_app *app, slice aid, struct access_decision *ret);

/* access_allows tells whether a command with this header (CLA INS P1 P2) may pass. */
bool access_allows(const struct access_decision *decision, uint32_t header);

#endif
