/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENFORCER_INTERNAL_H
#define ENFORCER_INTERNAL_H

#include "access_decision.h"
#include "apdu.h"

#include <mitome/element.h>
#include <mitome/enforcer.h>

enum {
        ENFORCER_RESPONSE_MAX = MITOME_APDU_MAX,
        ENFORCER_RULES_MAX = 48 * 1024, /* bytes of a list; an element that has more is not believed */
        ENFORCER_CHUNKS_MAX = 1024,     /* pieces of a list */
        ENFORCER_READINGS_MAX = 3,      /* of a list that changes while it is read */
};

struct mitome_enforcer {
        struct mitome_link element;
        struct mitome_app app; /* package NULL: it is here: */
        uint8_t package[ACCESS_PACKAGE_MAX];
        size_t package_size;

        bool opened;
        uint8_t channel; /* 0: the basic one */

        /* The element's rules as they were when it had this refresh tag. */
        bool known;
        uint8_t refresh[ACCESS_REFRESH_SIZE];
        uint8_t *rules;
        size_t rules_size;

        struct access_decision decision; /* about the applet that is selected; denied: none is */
};

/* enforcer_ask sends one of the enforcer's own; *ret_data views `response`. */
MITOME_CHECKED mitome_status enforcer_ask(struct mitome_enforcer *enforcer,
        const struct apdu_command *command, uint8_t response[ENFORCER_RESPONSE_MAX], slice *ret_data,
        uint16_t *ret_sw, mitome_error *error);

/* enforcer_refresh_rules reads what has changed, from the ARA-M that is selected on the enforcer's channel.
 */
MITOME_CHECKED mitome_status enforcer_refresh_rules(struct mitome_enforcer *enforcer, mitome_error *error);

#endif
