/*
 * Progress on stderr. Counting is one atomic addition; only the thread that
 * wins the lock and finds the interval over looks at the clock and draws.
 */
#include "base/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define BAR_CELLS 24
#define BAR_SECONDS 0.1
#define LINE_SECONDS 5.0
#define WORTH_SECONDS 1.0 /* what took less is not worth a line of its own */

struct Progress {
    ProgressMode mode;
    uint64_t total;
    atomic_uint_fast64_t done;
    pthread_mutex_t lock; /* guards what follows, and the terminal */
    double started;
    double drawn;
    char label[60];
    char unit[24];
};

Status progress_new(ProgressMode mode, const char *label, uint64_t total, const char *unit, Progress **out, Error *err)
{
    *out = NULL;
    if (mode == PROGRESS_AUTO)
        mode = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LINES;
    if (mode == PROGRESS_OFF)
        return OK;
    Progress *p = NULL;
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    p->mode = mode;
    p->total = total;
    atomic_init(&p->done, 0);
    ASSERT(pthread_mutex_init(&p->lock, NULL) == 0);
    p->started = p->drawn = clock_monotonic();
    snprintf(p->label, sizeof p->label, "%s", label);
    snprintf(p->unit, sizeof p->unit, "%s", unit);
    *out = p;
    return OK;
}

static void put(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    UNUSED(written);
}

static void print_seconds(double s, char *out, size_t size)
{
    uint64_t whole = s > 0 && s < 1e9 ? (uint64_t)s : 0;
    if (whole >= 3600)
        snprintf(out, size, "%" PRIu64 " h %02u min", whole / 3600, (unsigned)(whole / 60 % 60));
    else if (whole >= 60)
        snprintf(out, size, "%u min %02u s", (unsigned)(whole / 60), (unsigned)(whole % 60));
    else
        snprintf(out, size, "%u s", (unsigned)whole);
}

static double part_done(const Progress *p, uint64_t done)
{
    double part = (double)done / (double)p->total;
    return part < 1 ? part : 1;
}

static void draw(const Progress *p, uint64_t done, double now)
{
    char line[256];
    char left[40] = "";
    if (p->total == 0) {
        snprintf(line, sizeof line, "%s: %" PRIu64 " %s", p->label, done, p->unit);
    } else {
        double part = part_done(p, done);
        if (done > 0)
            print_seconds((now - p->started) * (1 - part) / part, left, sizeof left);
        snprintf(line, sizeof line, "%s: %3u%%, %" PRIu64 " of %" PRIu64 " %s%s%s", p->label, (unsigned)(part * 100),
            done, p->total, p->unit, left[0] ? ", left: " : "", left);
    }
    char text[400];
    if (p->mode == PROGRESS_LINES) {
        snprintf(text, sizeof text, "%s\n", line);
    } else if (p->total == 0) {
        snprintf(text, sizeof text, "\r\033[K%s", line);
    } else {
        char bar[BAR_CELLS + 1];
        size_t full = (size_t)(part_done(p, done) * BAR_CELLS);
        memset(bar, '#', full);
        memset(bar + full, '.', BAR_CELLS - full);
        bar[BAR_CELLS] = '\0';
        snprintf(text, sizeof text, "\r\033[K[%s] %s", bar, line);
    }
    put(text);
}

void progress_add(Progress *p, uint64_t n)
{
    if (!p)
        return;
    uint64_t done = atomic_fetch_add(&p->done, n) + n;
    if (pthread_mutex_trylock(&p->lock) != 0)
        return;
    double now = clock_monotonic();
    if (now - p->drawn >= (p->mode == PROGRESS_BAR ? BAR_SECONDS : LINE_SECONDS)) {
        draw(p, done, now);
        p->drawn = now;
    }
    pthread_mutex_unlock(&p->lock);
}

void progress_done(Progress *p)
{
    if (!p)
        return;
    char took[40];
    char text[256];
    double seconds = clock_monotonic() - p->started;
    const char *wipe = p->mode == PROGRESS_BAR ? "\r\033[K" : "";
    print_seconds(seconds, took, sizeof took);
    if (seconds < WORTH_SECONDS)
        snprintf(text, sizeof text, "%s", wipe);
    else
        snprintf(text, sizeof text, "%s%s: %" PRIu64 " %s in %s\n", wipe, p->label, (uint64_t)atomic_load(&p->done),
            p->unit, took);
    put(text);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}
