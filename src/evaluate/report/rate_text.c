/* SPDX-License-Identifier: Apache-2.0 */
#include "rate_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGITS = 6, SCIENTIFIC_SIZE = 32 };

/* A rate as its digits and the power of ten of the first: 4.99875e-04. */
struct decimal {
        char digits[DIGITS];
        int count, power;
};

static struct decimal decimal_of(double rate)
{
        struct decimal decimal = { .count = DIGITS };
        char text[SCIENTIFIC_SIZE];
        (void)snprintf(text, sizeof text, "%.*e", DIGITS - 1, rate);
        decimal.digits[0] = text[0];
        for (int i = 1; i < DIGITS; i++)
                decimal.digits[i] = text[i + 1]; /* behind the point */
        decimal.power = (int)strtol(text + DIGITS + 2, NULL, 10);
        while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
                decimal.count--;
        return decimal;
}

void rate_text(double rate, char ret[RATE_TEXT_SIZE])
{
        const struct decimal decimal = decimal_of(rate > 0 && rate < 1e300 ? rate : 0);
        int used = 0, place = decimal.power < 0 ? 0 : decimal.power;
        /* The digit of a place is there, or before the first or behind the last one, where it is a zero. */
        for (; place >= 0 || decimal.power - place < decimal.count; place--) {
                int index = decimal.power - place;
                if (place == -1)
                        ret[used++] = '.';
                ret[used++] = '0';
                if (index >= 0 && index < decimal.count)
                        ret[used - 1] = decimal.digits[index];
        }
        ret[used] = '\0';
}

void count_text(uint64_t count, char ret[COUNT_TEXT_SIZE])
{
        char digits[COUNT_TEXT_SIZE];
        int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count), used = 0;
        for (int i = 0; i < length; i++) {
                if (i > 0 && (length - i) % 3 == 0)
                        ret[used++] = ',';
                ret[used++] = digits[i];
        }
        ret[used] = '\0';
}

void one_in_text(double rate, char ret[ONE_IN_TEXT_SIZE])
{
        const double number = rate > 0 ? 1 / rate : HUGE_VAL;
        if (number > 1e15) {
                (void)snprintf(ret, ONE_IN_TEXT_SIZE, "1,000,000,000,000,000+");
                return;
        }
        if (number < 10) {
                (void)snprintf(ret, ONE_IN_TEXT_SIZE, "%.1f", number);
                return;
        }
        const double unit = pow(10, floor(log10(number)) - 2);
        char count[COUNT_TEXT_SIZE];
        count_text((uint64_t)(unit > 1 ? round(round(number / unit) * unit) : round(number)), count);
        (void)snprintf(ret, ONE_IN_TEXT_SIZE, "%s", count);
}
