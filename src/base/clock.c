/* The only place that reads a clock; see clock.h for CAIRN_NOW. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/slice.h"

#define SECONDS_PER_DAY 86400

static bool two_digits(const char *p, int limit, int *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return *out < limit;
}

static bool parse_instant(Slice s, int64_t *out)
{
    Date day;
    int h, m, sec;
    if (s.len != 20 || s.ptr[10] != 'T' || s.ptr[13] != ':' || s.ptr[16] != ':' || s.ptr[19] != 'Z')
        return false;
    if (date_parse(slice_sub(s, 0, 10), DATE_ISO, &day, NULL) != OK)
        return false;
    if (!two_digits(s.ptr + 11, 24, &h) || !two_digits(s.ptr + 14, 60, &m) || !two_digits(s.ptr + 17, 60, &sec))
        return false;
    *out = (int64_t)day * SECONDS_PER_DAY + h * 3600 + m * 60 + sec;
    return true;
}

int64_t clock_now(void)
{
    const char *fixed = getenv("CAIRN_NOW");
    if (fixed) {
        int64_t t;
        if (parse_instant(slice_of(fixed), &t))
            return t;
        /* going on with the real time would silently break the reproduction that was asked for */
        fputs("cairn: CAIRN_NOW is not an instant such as 2026-11-23T08:00:00Z\n", stderr);
        exit(status_exit_code(ERR_USAGE));
    }
    struct timespec ts;
    ASSERT(clock_gettime(CLOCK_REALTIME, &ts) == 0);
    return (int64_t)ts.tv_sec;
}

/* Days since the epoch, rounded down also before it. */
static Date day_of(int64_t seconds)
{
    int64_t day = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
    ASSERT(day > INT32_MIN && day <= INT32_MAX);
    return (Date)day;
}

Date clock_today(void)
{
    return day_of(clock_now());
}

void clock_print(int64_t seconds, char out[21])
{
    char date[11];
    Date day = day_of(seconds);
    date_print(day, date);
    int rest = (int)(seconds - (int64_t)day * SECONDS_PER_DAY);
    unsigned h = (unsigned)(rest / 3600), m = (unsigned)(rest / 60 % 60), s = (unsigned)(rest % 60);
    snprintf(out, 21, "%sT%02u:%02u:%02uZ", date, h % 24, m, s);
}

static double seconds_of(clockid_t id)
{
    struct timespec ts;
    ASSERT(clock_gettime(id, &ts) == 0);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

double clock_monotonic(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double clock_cpu(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_peak_rss(void)
{
    struct rusage usage;
    ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    return (uint64_t)usage.ru_maxrss * 1024; /* Linux counts KiB */
}
