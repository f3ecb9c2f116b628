/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_CYCLE_PAGE_H
#define LIFE_CYCLE_PAGE_H

/* The tables of docs/life-cycle.md and docs/ja/life-cycle.md, from what is played. */

#include "event_table.h"
#include "residual_risk.h"

enum page_language { PAGE_ENGLISH, PAGE_JAPANESE, PAGE_LANGUAGES };

/* page_print_events prints the rows of phone_events.json. */
void page_print_events(const struct event_table *table, enum page_language language);

/* page_play plays the residual issues with and without each measure; page_print_residual prints what remains.
 */
enum { PAGE_ROWS = 9 };
MITOME_CHECKED mitome_status page_play(
        const struct mitome_random *random, struct residual_outcome ret[PAGE_ROWS], mitome_error *error);
void page_print_residual(const struct residual_outcome outcomes[PAGE_ROWS], enum page_language language);

#endif
