/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RATE_TEXT_H
#define RATE_TEXT_H

/* Numbers for people, the same on every machine. */

#include <stdint.h>

enum { RATE_TEXT_SIZE = 352, COUNT_TEXT_SIZE = 32 };

/* rate_text writes a rate of 0 or more as decimals with six significant digits, never with an exponent:
 * "0.000499875", "0.07". */
void rate_text(double rate, char ret[RATE_TEXT_SIZE]);

/* count_text writes a count with a comma before each three digits: "29,956". */
void count_text(uint64_t count, char ret[COUNT_TEXT_SIZE]);

/* one_in_text writes a rate as people say it, without the "1 in": "1,260". Three digits: more would promise
 * what nobody measured. */
enum { ONE_IN_TEXT_SIZE = 64 };
void one_in_text(double rate, char ret[ONE_IN_TEXT_SIZE]);

#endif
