/*
 * Logarithms of odds in fixed point.
 *
 * A Weight is rounded once, when it is made; from then on only integers are added, so that a score is the same on
 * every machine and in every order of evaluation. Two things need care: the logarithm itself, because libraries
 * differ in its last bit, and the sum of probabilities whose logarithms are at hand.
 *
 * weight_log2 takes the digits of the logarithm one by one by squaring (Knuth, The Art of Computer Programming 1,
 * section 1.2.2), in 64-bit fixed point. 24 binary digits are exact
 * enough: 1000 * 2^-24 is far below half a unit.
 *
 * log_sum looks the correction term log2(1 + 2^-d) up (Gauss's addition logarithms). No entry of the table lies
 * within 10^-6 of a rounding boundary (tests/match/test_score.c), so any sane library's log2 and exp2 fill it alike.
 */
#include <math.h>

#include "match/match_impl.h"

__extension__ typedef unsigned __int128 Wide;

#define LOG_DIGITS 24

Weight weight_log2(double x)
{
    ASSERT(x > 0 && isfinite(x));
    int exponent = 0;
    double mantissa = frexp(x, &exponent);      /* [1/2, 1) */
    uint64_t y = (uint64_t)ldexp(mantissa, 64); /* [1, 2) with 63 binary places */
    int64_t digits = 0;
    for (int i = 0; i < LOG_DIGITS; i++) {
        Wide square = (Wide)y * y; /* [1, 4) with 126 places */
        bool digit = square >> 127;
        y = (uint64_t)(square >> (digit ? 64 : 63));
        digits = digits * 2 + digit;
    }
    int64_t scaled = (int64_t)(exponent - 1) * ((int64_t)WEIGHT_BIT << LOG_DIGITS) + digits * WEIGHT_BIT;
    int64_t half = (int64_t)1 << (LOG_DIGITS - 1);
    /* an arithmetic shift is floor: gcc and clang define it so */
    return (Weight)((scaled + half) >> LOG_DIGITS);
}

Weight weight_clip(int64_t w)
{
    return w < WEIGHT_MIN ? WEIGHT_MIN : w > WEIGHT_MAX ? WEIGHT_MAX : (Weight)w;
}

/* The entries fall from 1000 to 0, by one at a time: where each begins follows from the inverse function, in a tenth of
 * the logarithms. */
void log_sum_fill(LogSum *table)
{
    uint32_t d = 0;
    for (uint32_t more = WEIGHT_BIT; more > 0; more--) {
        /* log2(1 + 2^-d) is above more - 1/2 up to here */
        double last = -WEIGHT_BIT * log2(exp2((more - 0.5) / WEIGHT_BIT) - 1);
        for (; d < LOG_SUM_SIZE && d <= last; d++)
            table->more[d] = (uint16_t)more;
    }
    for (; d < LOG_SUM_SIZE; d++)
        table->more[d] = 0;
}
