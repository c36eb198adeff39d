/* Private to sdc: decimal numbers as they stand in text, without going through floating point. */
#ifndef CAIRN_SDC_JJ_NUMBER_H
#define CAIRN_SDC_JJ_NUMBER_H

#include "base/base.h"

/* mantissa * 10^exponent; the mantissa does not end in a zero, and is 0 only with exponent 0. */
typedef struct JjNumber {
    int64_t mantissa;
    int32_t exponent;
} JjNumber;

/* Optional sign, digits with an optional point, optional exponent. False when s is anything else, has more than 18
 * significant digits, or an exponent beyond +-300. */
bool jj_number_parse(Slice s, JjNumber *out);
/* Digits after the point. */
uint32_t jj_number_decimals(JjNumber n);
/* n * 10^decimals, where that is an integer of absolute value at most max; false otherwise. */
bool jj_number_scale(JjNumber n, uint32_t decimals, int64_t max, int64_t *out);
/* The same rounded; JJ_NEAREST takes halves away from zero. */
typedef enum JjRound { JJ_NEAREST, JJ_UP, JJ_DOWN } JjRound;
bool jj_number_round(JjNumber n, uint32_t decimals, JjRound how, int64_t max, int64_t *out);
/* value / 10^decimals, without needless zeros. */
void jj_number_write(Buf *out, int64_t value, uint32_t decimals);

#endif
