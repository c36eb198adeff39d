/* What several outputs say alike: weights, reasons and decisions as words. */
#include "matchfile/run.h"

/* --- words ---------------------------------------------------------------------------------------------------------
 */

const char *run_decision(const MatchRun *r, Weight odds)
{
    return odds >= r->config.match_from ? "match" : odds >= r->config.review_from ? "review" : "below";
}

void add_probability(Buf *out, Weight odds)
{
    uint32_t millionths = (uint32_t)(weight_probability(odds) * 1e6 + 0.5);
    buf_addc(out, (char)('0' + millionths / 1000000));
    buf_addc(out, '.');
    for (uint32_t unit = 100000; unit > 0; unit /= 10)
        buf_addc(out, (char)('0' + millionths / unit % 10));
}

void add_bits(Buf *out, Weight w)
{
    uint32_t size = w < 0 ? (uint32_t)-w : (uint32_t)w;
    if (w < 0)
        buf_addc(out, '-');
    buf_add_u64(out, size / WEIGHT_BIT);
    buf_addc(out, '.');
    buf_addc(out, (char)('0' + size / 100 % 10));
    buf_addc(out, (char)('0' + size / 10 % 10));
    buf_addc(out, (char)('0' + size % 10));
}

/* Rounded half away from zero. */
void add_tenths(Buf *out, Weight w)
{
    uint32_t size = ((w < 0 ? (uint32_t)-w : (uint32_t)w) + WEIGHT_BIT / 20) / (WEIGHT_BIT / 10);
    buf_addc(out, w < 0 && size > 0 ? '-' : '+');
    buf_add_u64(out, size / 10);
    buf_addc(out, '.');
    buf_addc(out, (char)('0' + size % 10));
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
