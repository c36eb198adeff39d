/* What several outputs say alike: weights, reasons and decisions as words. */
#include "matchfile/run.h"

/* --- words ---------------------------------------------------------------------------------------------------------
 */

const char *run_decision(const MatchRun *r, Weight odds)
{
    return odds >= r->config.match_from ? "match" : odds >= r->config.review_from ? "review" : "below";
}

/* sign (0: none), whole part, point and `places` digits, in one piece: millions of rows hold some of these each. */
static void add_decimal(Buf *out, char sign, uint32_t value, uint32_t places)
{
    char text[16];
    size_t at = sizeof text;
    for (; places > 0; places--, value /= 10)
        text[--at] = (char)('0' + value % 10);
    text[--at] = '.';
    do
        text[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    if (sign)
        text[--at] = sign;
    buf_add(out, (Slice){text + at, sizeof text - at});
}

void add_probability(Buf *out, Weight odds)
{
    add_decimal(out, '\0', (uint32_t)(weight_probability(odds) * 1e6 + 0.5), 6);
}

_Static_assert(WEIGHT_BIT == 1000, "three decimals are a weight's own");

void add_bits(Buf *out, Weight w)
{
    add_decimal(out, w < 0 ? '-' : '\0', w < 0 ? (uint32_t)-w : (uint32_t)w, 3);
}

/* Rounded half away from zero. */
void add_tenths(Buf *out, Weight w)
{
    uint32_t size = ((w < 0 ? (uint32_t)-w : (uint32_t)w) + WEIGHT_BIT / 20) / (WEIGHT_BIT / 10);
    add_decimal(out, w < 0 && size > 0 ? '-' : '+', size, 1);
}

void add_reason(Buf *out, const FieldReason *reason)
{
    buf_add(out, reason->field);
    buf_addc(out, ' ');
    buf_add(out, reason->level);
    buf_addc(out, ' ');
    add_tenths(out, reason->weight);
    if (reason->frequency >= WEIGHT_BIT / 20 || reason->frequency <= -WEIGHT_BIT / 20) {
        buf_adds(out, " (value ");
        add_tenths(out, reason->frequency);
        buf_addc(out, ')');
    }
}

void add_passes(Buf *out, const MatchModel *m, uint32_t passes)
{
    bool any = false;
    for (uint32_t p = 0; p < match_pass_count(m); p++)
        if (passes >> p & 1) {
            buf_adds(out, any ? " " : "");
            buf_add(out, match_pass_name(m, p));
            any = true;
        }
}
