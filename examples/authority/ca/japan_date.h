/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAPAN_DATE_H
#define JAPAN_DATE_H

/* Dates as certificates count them: days of Japan, whose month counts from 1. */

#include "bytes.h"

struct japan_date {
        int year, month, day;
};

struct japan_date japan_date_of(int64_t now);

/* The last second of the day. */
int64_t japan_date_end(struct japan_date date);

/* There is such a date, since 1868. */
bool japan_date_is(struct japan_date date);

/* The birthday in a year. Who was born on the 29th of February has it on the 28th in other years: the rule
 * for JPKI is not at hand, and this is the reading that gives nobody a day too many. */
struct japan_date japan_birthday(struct japan_date born, int year);

/* How many birthdays there have been, the one of this day among them. */
int japan_age(struct japan_date born, int64_t now);

/* The era of a date of birth: 1 Meiji .. 5 Reiwa, by the day on which each began. */
int japan_era(struct japan_date born);

#endif
