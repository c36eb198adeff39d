/* How much a rate can be trusted: by the number of persons behind it, and by the links that made it. */
#include "equity/stats.h"

#include <math.h>

Reliability rate_reliability(Count c, const NchsRule *rule)
{
    if (c.n < rule->min_n || c.n <= 0)
        return UNRELIABLE;
    Interval i = interval_clopper_pearson(c, rule->confidence);
    double width = i.high - i.low;
    if (width >= rule->width_bad)
        return UNRELIABLE;
    if (width > rule->width_good) {
        /* Relative to the rate and to its complement: a rate of 98 % is as vague as one of 2 %. */
        double p = count_rate(c);
        if (width > rule->relative * fmin(p, 1 - p) && c.hits > 0 && c.hits < c.n)
            return UNRELIABLE;
    }
    return c.hits == 0 || c.hits == c.n ? RELIABLE_REVIEW : RELIABLE;
}

double link_precision(const LinkCounts *links)
{
    return links->pairs > 0 ? (double)links->correct / ((double)links->pairs * 1e6) : NAN;
}

double link_recall(const LinkCounts *links)
{
    double all = (double)links->correct + (double)links->missed;
    return all > 0 ? (double)links->correct / all : NAN;
}

static double error_share(double quality)
{
    return isnan(quality) ? 0 : fmax(0, 1 - quality);
}

Interval rate_link_bounds(Count c, const LinkCounts *links, MissedMeaning meaning)
{
    if (c.n <= 0)
        return (Interval){NAN, NAN};
    double hits = (double)c.hits, n = (double)c.n, wrong = error_share(link_precision(links));
    double unseen = n * error_share(link_recall(links)) + fmax(0, (double)(links->base - links->covered));
    double fewer = meaning == MISSED_IS_NO_HIT ? hits * wrong : unseen;
    double more = meaning == MISSED_IS_NO_HIT ? unseen : (n - hits) * wrong;
    return (Interval){fmax(0, hits - fewer) / n, fmin(n, hits + more) / n};
}
