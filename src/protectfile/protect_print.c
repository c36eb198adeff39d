/*
 * What is printed of a protected table. A figure that is made of counts is printed only where all of them are: a rate
 * beside a hidden size is a leak. Rates of small groups have no decimals; rates
 * near nobody and near everybody are coded.
 */
#include "protectfile/lanes.h"
#include "protectfile/protect_impl.h"

#include <stdio.h>

#define GAP_PEOPLE (INT64_C(1) << 40) /* of more, products of counts could leave 128 bits; nobody is found by those */

static uint32_t cell_of(const ProtectJob *job, uint32_t t, uint32_t row, uint32_t column)
{
    const TablesTable *table = &job->set.tables[t];
    return column == TABLES_NONE ? TABLES_NONE : table->cell[(size_t)row * table->column_count + column];
}

bool protect_hidden(const ProtectJob *job, uint32_t cell)
{
    if (cell == TABLES_NONE)
        return false;
    SdcStatus s = job->problem.cells[cell].status;
    return s == SDC_SENSITIVE || s == SDC_SECONDARY;
}

/* n has its size printed, and k can be found again from the rate. */
static bool rate_open(const ProtectJob *job, uint32_t k, uint32_t n)
{
    return !protect_hidden(job, k) && !protect_hidden(job, n);
}

static void add_grouped(Buf *out, int64_t v, int64_t step)
{
    if (step > 1)
        v = (v + (v < 0 ? -step : step) / 2) / step * step;
    buf_add_i64(out, v);
}

static int64_t most_decimals(const ProtectionRules *r, int64_t people)
{
    return people < r->coarse_rate_below ? 0 : r->rate_decimals;
}

static void print_percent(const ProtectionRules *r, int64_t with, int64_t people, Buf *out)
{
    int64_t decimals = most_decimals(r, people), scale = 100;
    for (int64_t i = 0; i < decimals; i++)
        scale *= 10;
    int64_t v = (int64_t)(((Wide)2 * with * scale + people) / ((Wide)2 * people));
    int64_t unit = scale / 100;
    buf_add_i64(out, v / unit);
    if (decimals > 0)
        buf_addf(out, ".%0*lld", (int)decimals, (long long)(v % unit));
}

static void print_rate(const ProtectJob *job, const ProtectionRules *r, uint32_t k, uint32_t n, Slice text, Buf *out)
{
    if (k == TABLES_NONE || n == TABLES_NONE || (job->problem.cells[n].value == 0 && !rate_open(job, k, n))) {
        buf_add(out, job->policy->suppressed); /* what stands for the rate of nobody tells that nobody is there */
        return;
    }
    if (job->problem.cells[n].value == 0) {
        buf_add(out, text);
        return;
    }
    int64_t people = job->problem.cells[n].value, with = job->problem.cells[k].value;
    const ProtectionBand *band = protection_band(job->policy, people);
    /* of several denominators only some may have it coded */
    bool low = band && (Wide)with * 100 <= (Wide)people * band->percent;
    bool high = band && (Wide)(people - with) * 100 <= (Wide)people * band->percent;
    if (job->cells[k].coded && (low || high) && !protect_hidden(job, n)) {
        buf_addf(out, low ? "<%lld" : ">%lld", (long long)(low ? band->percent : 100 - band->percent));
        return;
    }
    if (!rate_open(job, k, n)) {
        buf_add(out, job->policy->suppressed);
        return;
    }
    print_percent(r, with, people, out);
}

/* A percentile stands for the people of its cell and their employers. */
static bool median_open(const ProtectJob *job, uint32_t t, uint32_t row, const TablesColumn *c)
{
    const TablesTable *table = &job->set.tables[t];
    const ProtectionRules *r = &job->rules[t];
    uint32_t n = cell_of(job, t, row, c->denominator);
    if (n == TABLES_NONE || protect_hidden(job, n))
        return false;
    const TablesValue *values = table->values + (size_t)row * table->column_count;
    const TablesValue *employers = c->employers == TABLES_NONE ? NULL : &values[c->employers];
    const TablesValue *top = c->top_employer == TABLES_NONE ? NULL : &values[c->top_employer];
    if (r->min_employers > 0 && employers &&
        (employers->mark != TABLES_EXACT || employers->low < r->min_employers * 100))
        return false;
    return !(r->top_employer_max > 0 && top &&
             (top->mark != TABLES_EXACT ||
                 (Wide)top->low * 100 > (Wide)job->problem.cells[n].value * 100 * r->top_employer_max));
}

static void print_cents(int64_t cents, Buf *out)
{
    buf_add_i64(out, cents / 100);
    if (cents % 100 != 0)
        buf_addf(out, ".%02lld", (long long)(cents % 100));
}

/* Tables whose figures were changed: counts as the lane has them, rates made of those. */
static void print_changed(const ProtectJob *job, uint32_t t, uint32_t row, uint32_t column, Buf *out)
{
    const TablesColumn *c = &job->set.tables[t].columns[column];
    int64_t n = 0, k = 0, cents;
    bool shown = false;
    if (c->kind == TABLES_COUNT) {
        shown = lanes_figure(job, cell_of(job, t, row, column), &n);
        if (shown)
            buf_add_i64(out, n);
    } else if (c->kind == TABLES_RATE) {
        shown = lanes_figure(job, cell_of(job, t, row, c->denominator), &n) && n > 0 &&
                lanes_figure(job, cell_of(job, t, row, c->numerator), &k);
        k = k < 0 ? 0 : k > n ? n : k;
        if (shown)
            print_percent(&job->rules[t], k, n, out);
    } else if (c->kind == TABLES_TOTAL) {
        int64_t step = job->rules[t].rounding;
        shown = lanes_figure(job, cell_of(job, t, row, column), &n);
        if (shown && step > 1)
            add_grouped(out, n / 100, step);
        else if (shown)
            print_cents(n, out);
    } else if (c->kind == TABLES_MEDIAN && lanes_median(job, t, row, column, &cents) == LANES_SHOWN) {
        print_cents(cents, out);
        shown = true;
    }
    if (!shown)
        buf_add(out, job->policy->suppressed);
}

static void print_amount(const TablesValue *v, int64_t step, Slice text, Buf *out)
{
    if (v->mark != TABLES_EXACT || step <= 1) {
        buf_add(out, text);
        return;
    }
    int64_t whole = v->low;
    for (unsigned i = 0; i < v->decimals; i++)
        whole /= 10;
    add_grouped(out, whole, step);
}

/* The row at the reference's code, everything else equal. */
uint32_t protect_reference_row(const ProtectJob *job, const TablesTable *table, uint32_t row, const TablesColumn *gap)
{
    uint32_t dimensions = job->set.dimension_count;
    const uint32_t *here = table->at + (size_t)row * dimensions;
    for (uint32_t other = 0; other < table->row_count; other++) {
        const uint32_t *there = table->at + (size_t)other * dimensions;
        bool same = there[gap->reference_dimension] == gap->reference_code;
        for (uint32_t d = 0; d < dimensions && same; d++)
            same = d == gap->reference_dimension || here[d] == there[d];
        if (same)
            return other;
    }
    return TABLES_NONE;
}

/* A gap is two rates: with one of them, it gives the other away. */
static bool gap_open(const ProtectJob *job, uint32_t t, uint32_t row, const TablesColumn *gap)
{
    const TablesColumn *rate = &job->set.tables[t].columns[gap->numerator];
    uint32_t other = protect_reference_row(job, &job->set.tables[t], row, gap);
    if (other == TABLES_NONE)
        return false;
    return rate_open(job, cell_of(job, t, row, rate->numerator), cell_of(job, t, row, rate->denominator)) &&
           rate_open(job, cell_of(job, t, other, rate->numerator), cell_of(job, t, other, rate->denominator));
}

static int64_t people_of(const ProtectJob *job, uint32_t t, uint32_t row, uint32_t column)
{
    return job->problem.cells[cell_of(job, t, row, column)].value;
}

/* With more decimals than the rates it is the difference of, a gap would tell one of them by the other. */
static void print_gap(const ProtectJob *job, uint32_t t, uint32_t row, const TablesColumn *gap, const TablesValue *v,
    Slice text, Buf *out)
{
    const TablesColumn *rate = &job->set.tables[t].columns[gap->numerator];
    uint32_t other = protect_reference_row(job, &job->set.tables[t], row, gap);
    int64_t n = people_of(job, t, row, rate->denominator), there = people_of(job, t, other, rate->denominator);
    int64_t one = most_decimals(&job->rules[t], n), two = most_decimals(&job->rules[t], there);
    int64_t decimals = one < two ? one : two, unit = 1;
    if (v->mark != TABLES_EXACT || v->decimals <= decimals || n == 0 || there == 0 || n > GAP_PEOPLE ||
        there > GAP_PEOPLE) {
        buf_add(out, text);
        return;
    }
    for (int64_t i = 0; i < decimals; i++)
        unit *= 10;
    Wide with = people_of(job, t, row, rate->numerator), with_there = people_of(job, t, other, rate->numerator);
    Wide off = (with * there - with_there * n) * 100 * unit, whole = (Wide)n * there;
    int64_t gap_units = (int64_t)((2 * (off < 0 ? -off : off) + whole) / (2 * whole));
    buf_addf(out, "%s%lld", off < 0 && gap_units > 0 ? "-" : "", (long long)(gap_units / unit));
    if (decimals > 0)
        buf_addf(out, ".%0*lld", (int)decimals, (long long)(gap_units % unit));
}

Status protect_print(void *ctx, uint32_t t, uint32_t row, uint32_t column, Slice *text, Error *err)
{
    PrintContext *p = ctx;
    const ProtectJob *job = p->job;
    const TablesTable *table = &job->set.tables[t];
    const TablesColumn *c = &table->columns[column];
    const TablesValue *v = &table->values[(size_t)row * table->column_count + column];
    bool open = true;
    buf_reset(&p->text);
    if (lanes_changes(job, t)) {
        if (v->mark != TABLES_STRUCTURAL && v->mark != TABLES_ABSENT) {
            print_changed(job, t, row, column, &p->text);
            *text = buf_slice(&p->text);
        }
        return buf_status(&p->text, err);
    }
    int64_t cents;
    LanesMedian median = c->kind == TABLES_MEDIAN ? lanes_median(job, t, row, column, &cents) : LANES_NO_MEDIAN;
    switch (c->kind) {
    case TABLES_COUNT:
    case TABLES_TOTAL:
        open = !protect_hidden(job, cell_of(job, t, row, column));
        break;
    case TABLES_RATE:
        print_rate(job, &job->rules[t], cell_of(job, t, row, c->numerator), cell_of(job, t, row, c->denominator), *text,
            &p->text);
        break;
    case TABLES_MEDIAN:
        open = median_open(job, t, row, c) && median != LANES_HIDDEN;
        if (open && median == LANES_SHOWN)
            print_cents(cents, &p->text);
        else if (open)
            print_amount(v, job->rules[t].rounding, *text, &p->text);
        break;
    case TABLES_MEAN:
        open = rate_open(job, cell_of(job, t, row, c->total), cell_of(job, t, row, c->denominator));
        if (open)
            print_amount(v, job->rules[t].rounding, *text, &p->text);
        break;
    case TABLES_GAP:
        open = gap_open(job, t, row, c);
        if (open)
            print_gap(job, t, row, c, v, *text, &p->text);
        break;
    case TABLES_NEEDED:
        open = gap_open(job, t, row, &table->columns[c->total]);
        break;
    case TABLES_HELPER:
        break;
    }
    if (!open)
        *text = job->policy->suppressed;
    else if (p->text.len > 0)
        *text = buf_slice(&p->text);
    return buf_status(&p->text, err);
}

/* "<5" or ">95", spelt as it would be here, where the policy has a band of 5 percent. */
static bool is_band(const ProtectionPolicy *policy, Slice text)
{
    char low[32], high[32];
    text = slice_trim(text);
    for (size_t i = 0; i < policy->band_count; i++) {
        snprintf(low, sizeof low, "<%lld", (long long)policy->bands[i].percent);
        snprintf(high, sizeof high, ">%lld", (long long)(100 - policy->bands[i].percent));
        if (slice_eq_z(text, low) || slice_eq_z(text, high))
            return true;
    }
    return false;
}

/* Somebody is there of whom an earlier release had no row: nobody knows how many, and not that it is nobody. */
static bool left_unsaid(const TablesTable *table, size_t at)
{
    const TablesValue *v = &table->values[at];
    return table->old[at] == TABLES_ABSENT && v->mark == TABLES_EXACT && v->low != 0;
}

/* What an earlier release printed, as far as the header's markers and the policy's bands have a meaning for it. */
static Status print_earlier(void *ctx, uint32_t t, uint32_t row, uint32_t column, Slice *text, Error *err)
{
    const ProtectJob *job = ((const PrintContext *)ctx)->job;
    const TablesTable *table = &job->set.tables[t];
    size_t at = (size_t)row * table->column_count + column;
    (void)err;
    bool known = table->old[at] != TABLES_HIDDEN || is_band(job->policy, table->old_text[at]);
    known = known && !left_unsaid(table, at);
    *text = known ? table->old_text[at] : job->policy->suppressed;
    return OK;
}

Status protect_csv(const ProtectJob *job, uint32_t table, Buf *out, Error *err)
{
    PrintContext p = {.job = job};
    buf_init(&p.text, 1 << 16);
    Status st = tables_write_csv(
        &job->set, table, job->set.tables[table].released ? print_earlier : protect_print, &p, out, err);
    buf_free(&p.text);
    return st;
}

typedef Status (*WriteHeader)(const TablesSet *set, const TablesMarks *marks, Buf *out, Error *err);

static Status write_header(const ProtectJob *job, WriteHeader header_of, Buf *out, Error *err)
{
    int64_t bands[PROTECTION_MAX_BANDS];
    const TablesMarks marks = {
        .suppressed = job->policy->suppressed, .bands = bands, .band_count = job->policy->band_count};
    for (size_t i = 0; i < job->policy->band_count; i++)
        bands[i] = job->policy->bands[i].percent;
    return header_of(&job->set, &marks, out, err);
}

Status protect_header(const ProtectJob *job, Buf *out, Error *err)
{
    return write_header(job, tables_write_header, out, err);
}

Status protect_header_of_all(const ProtectJob *job, Buf *out, Error *err)
{
    return write_header(job, tables_write_header_of_all, out, err);
}
