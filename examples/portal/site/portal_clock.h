/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_CLOCK_H
#define PORTAL_CLOCK_H

/* What a portal does by itself, once a second: forgets what is over, writes its figures, and looks whether
 * whom it believes has changed. */

#include "document.h"
#include "portal_core.h"
#include "work_line.h"

struct portal_clock;

struct portal_clock_config {
        struct portal *portal;
        const struct document_desk *desk;
        struct portal_trust *trust; /* NULL: nothing to read again */
        struct work_line *line;
        /* Told when the folder of whom it believes can be read no more, for another reason, or again (code
         * 0). NULL: nobody is. From the clock's thread. */
        void (*tell)(const mitome_error *error);
};

MITOME_CHECKED mitome_status portal_clock_open(
        const struct portal_clock_config *config, struct portal_clock **ret, mitome_error *error);
/* portal_clock_close waits until what it has put into the line is done. */
void portal_clock_close(struct portal_clock *clock);

#endif
