/* Private to account. */
#ifndef CAIRN_ACCOUNT_PARTS_H
#define CAIRN_ACCOUNT_PARTS_H

#include "account/account.h"

#define PERCENT (100 * MILLION) /* the whole, in millionths of a percent */

/* numerator / denominator, rounded half up to a multiple of 10^(6 - decimals). All non-negative, denominator > 0. */
int64_t decimal_divide(int64_t numerator, int64_t denominator, int64_t scale, int64_t decimals);
/* Millionths as a decimal, trailing zeros cut; out holds 32 bytes. */
const char *decimal_text(int64_t millionths, char out[32]);

const char *line_status_word(LineStatus s);
/* "graduation" or "graduation.minority". */
MUST_USE Status line_path(const RatingLine *line, Buf *out, Error *err);
/* Points and plan words that all sheets begin with, and the flags they must not be without. */
void account_facts(const Framework *f, int32_t year, Sheet *out);
void account_notes(const Framework *f, Sheet *out);
void account_held_note(const Framework *f, const Ratings *ratings, Sheet *out);

#endif
