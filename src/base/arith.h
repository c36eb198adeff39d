/* Checked arithmetic for sizes and money: true means the result did not fit. */
#ifndef CAIRN_BASE_ARITH_H
#define CAIRN_BASE_ARITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

#define CKD_ADD(out, a, b) __builtin_add_overflow((a), (b), (out))
#define CKD_SUB(out, a, b) __builtin_sub_overflow((a), (b), (out))
#define CKD_MUL(out, a, b) __builtin_mul_overflow((a), (b), (out))

/* Whole-slice integer readers: optional sign, ASCII digits, nothing else.
 * ERR_PARSE on anything else, ERR_LIMIT when the value does not fit. */
MUST_USE Status parse_i64(Slice s, int64_t *out, Error *err);
MUST_USE Status parse_u64(Slice s, uint64_t *out, Error *err);
/* Finite decimal with optional sign, fraction and exponent; locale-free. */
MUST_USE Status parse_f64(Slice s, double *out, Error *err);
/* A decimal without exponent as a whole number of 10^-places (places <= 18): "1.96" with 6 places is 1960000. Exact:
 * ERR_PARSE on more places than asked for, ERR_LIMIT when the value does not fit. */
MUST_USE Status parse_fixed(Slice s, unsigned places, int64_t *out, Error *err);

#endif
