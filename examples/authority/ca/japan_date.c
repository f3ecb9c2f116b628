/* SPDX-License-Identifier: Apache-2.0 */
#include "japan_date.h"

#include <time.h>

enum { JST = 9 * 3600 };

struct japan_date japan_date_of(int64_t now)
{
        time_t local = (time_t)(now + JST);
        struct tm tm;
        gmtime_r(&local, &tm);
        return (struct japan_date){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday };
}

int64_t japan_date_end(struct japan_date date)
{
        struct tm tm = {
                .tm_year = date.year - 1900,
                .tm_mon = date.month - 1,
                .tm_mday = date.day,
                .tm_hour = 23,
                .tm_min = 59,
                .tm_sec = 59,
        };
        return (int64_t)timegm(&tm) - JST;
}

static bool is_leap(int year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool japan_date_is(struct japan_date date)
{
        static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap_day = date.month == 2 && date.day == 29;
        return date.year >= 1868 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
               date.day >= 1 && date.day <= days[date.month - 1] && (!leap_day || is_leap(date.year));
}

struct japan_date japan_birthday(struct japan_date born, int year)
{
        bool leap_day = born.month == 2 && born.day == 29;
        return (struct japan_date){ year, born.month, leap_day && !is_leap(year) ? 28 : born.day };
}

int japan_age(struct japan_date born, int64_t now)
{
        struct japan_date today = japan_date_of(now), this_year = japan_birthday(born, today.year);
        bool passed = today.month > this_year.month ||
                      (today.month == this_year.month && today.day >= this_year.day);
        return today.year - born.year - !passed;
}

int japan_era(struct japan_date born)
{
        static const int began[] = { 18680125, 19120730, 19261225, 19890108, 20190501 };
        int day = born.year * 10000 + born.month * 100 + born.day;
        int era = 0;
        for (int i = 0; i < 5; i++)
                era += day >= began[i];
        return era;
}
