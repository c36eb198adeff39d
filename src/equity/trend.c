/* A straight line through the years. */
#include "equity/stats.h"

#include <math.h>

double count_variance(Count c)
{
    double n = (double)c.n + 4, p = ((double)c.hits + 2) / n;
    return p * (1 - p) / n;
}

Estimate trend_slope(const TrendPoint *points, size_t count, double confidence)
{
    static const Estimate none = {NAN, NAN, {NAN, NAN}};
    bool known = count > 0 && !isnan(points[0].variance);
    double w = 0, wx = 0, wy = 0, sxx = 0, sxy = 0, rest = 0;
    if (count < 2 || (!known && count < 3))
        return none;
    for (size_t i = 0; i < count; i++) {
        double weight = known ? 1 / points[i].variance : 1;
        w += weight;
        wx += weight * (double)points[i].year;
        wy += weight * points[i].value;
    }
    double mean_x = wx / w, mean_y = wy / w;
    for (size_t i = 0; i < count; i++) {
        double weight = known ? 1 / points[i].variance : 1, dx = (double)points[i].year - mean_x;
        sxx += weight * dx * dx;
        sxy += weight * dx * (points[i].value - mean_y);
    }
    if (sxx <= 0)
        return none;
    Estimate e = {.value = sxy / sxx};
    for (size_t i = 0; i < count; i++) {
        double miss = points[i].value - mean_y - e.value * ((double)points[i].year - mean_x);
        rest += miss * miss;
    }
    double df = (double)count - 2, wide = known ? stats_normal_z(confidence) : stats_student_t(confidence, df);
    e.error = known ? sqrt(1 / sxx) : sqrt(rest / df / sxx);
    e.interval = (Interval){e.value - wide * e.error, e.value + wide * e.error};
    return e;
}
