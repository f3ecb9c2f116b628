/* SPDX-License-Identifier: Apache-2.0 */
#include "binomial.h"

#include <math.h>

/* ---- the incomplete beta function ---- */

/* ln(gamma(x)) for x >= 1, by Stirling's series; small arguments are lifted first. (The C library's lgamma
 * writes a global.) */
static double log_gamma(double x)
{
        const double half_log_two_pi = 0.91893853320467274178;
        double lifted = 0;
        while (x < 12) {
                lifted += log(x);
                x += 1;
        }
        double inverse = 1 / x, square = inverse * inverse;
        double series =
                inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680))));
        return (x - 0.5) * log(x) - x + half_log_two_pi + series - lifted;
}

/* A denominator of the continued fraction that vanishes is moved aside. */
static double not_zero(double value)
{
        const double tiny = 1e-300;
        return fabs(value) < tiny ? tiny : value;
}

/* The continued fraction of the incomplete beta function, from front to back (Lentz). It converges quickly
 * for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
        enum { STEPS_MAX = 10000 };
        const double close = 1e-15;
        double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), result = d;
        for (int m = 1; m <= STEPS_MAX; m++) {
                double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
                d = 1 / not_zero(1 + even * d);
                c = not_zero(1 + even / c);
                result *= c * d;
                double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
                d = 1 / not_zero(1 + odd * d);
                c = not_zero(1 + odd / c);
                result *= c * d;
                if (fabs(c * d - 1) < close)
                        break;
        }
        return result;
}

/* The regularised incomplete beta function I_x(a, b): the probability of `a` or more hits in a + b - 1 trials
 * of chance x. */
static double beta_part(double a, double b, double x)
{
        if (x <= 0)
                return 0;
        if (x >= 1)
                return 1;
        double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
        return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                         : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* ---- bounds ---- */

/* The x at which I_x(a, b) reaches `wanted`. It grows with x; halving 200 times is exact for a double. */
static double beta_inverse(double a, double b, double wanted)
{
        double low = 0, high = 1;
        for (int i = 0; i < 200 && low < high; i++) {
                double middle = low + (high - low) / 2;
                if (middle <= low || middle >= high)
                        break;
                if (beta_part(a, b, middle) < wanted)
                        low = middle;
                else
                        high = middle;
        }
        return high;
}

double binomial_upper(uint64_t errors, uint64_t trials, double confidence)
{
        if (errors >= trials)
                return 1;
        if (errors == 0)
                return -expm1(log1p(-confidence) / (double)trials);
        return beta_inverse((double)errors + 1, (double)(trials - errors), confidence);
}

double binomial_lower(uint64_t errors, uint64_t trials, double confidence)
{
        if (errors == 0 || trials == 0)
                return 0;
        if (errors >= trials)
                return exp(log1p(-confidence) / (double)trials);
        return beta_inverse((double)errors, (double)(trials - errors) + 1, 1 - confidence);
}

/* The bound is below the limit when at the limit so few errors are that rare. */
bool binomial_upper_is_below(uint64_t errors, uint64_t trials, double limit, double confidence)
{
        if (errors >= trials)
                return false;
        if (errors == 0)
                return limit > binomial_upper(errors, trials, confidence);
        if ((double)errors >= limit * (double)trials)
                return false;
        return beta_part((double)errors + 1, (double)(trials - errors), limit) > confidence;
}

bool binomial_lower_is_above(uint64_t errors, uint64_t trials, double limit, double confidence)
{
        if (errors == 0 || trials == 0)
                return false;
        if (errors >= trials)
                return limit < binomial_lower(errors, trials, confidence);
        if ((double)errors <= limit * (double)trials)
                return false;
        return beta_part((double)errors, (double)(trials - errors) + 1, limit) < 1 - confidence;
}

/* The bound falls as trials are added: double until it is low enough, then halve what is between. */
uint64_t binomial_trials(uint64_t errors, double rate, double confidence)
{
        const uint64_t most = UINT64_C(1) << 52;
        uint64_t enough = errors + 1, short_of = errors;
        while (enough < most && binomial_upper(errors, enough, confidence) >= rate) {
                short_of = enough;
                enough *= 2;
        }
        while (enough - short_of > 1) {
                uint64_t middle = short_of + (enough - short_of) / 2;
                if (binomial_upper(errors, middle, confidence) >= rate)
                        short_of = middle;
                else
                        enough = middle;
        }
        return enough;
}
