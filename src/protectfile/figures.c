/*
 * Figures that are made of others, as the tables to be protected give them: a rate of its counts, a mean of its total,
 * a gap of its rates, students needed of the gap. One that is not what its parts say is a wrong column or a wrong
 * header, and whoever has the tables is told in which row before anything is protected.
 *
 * How a printer rounded is not known, so the last digit may be one off; a gap may be made of rounded rates, so it may
 * be two off. Compared in whole numbers.
 */
#include "protectfile/protect_impl.h"

#define PEOPLE_MAX (INT64_C(1) << 31) /* of more, products of counts and digits could leave 128 bits: not looked at */

typedef struct Row {
    const ProtectJob *job;
    const TablesTable *table;
    uint32_t row;
} Row;

static const TablesValue *given(const Row *r, uint32_t column)
{
    return &r->table->values[(size_t)r->row * r->table->column_count + column];
}

/* The number that stands in a column of counts or money; false where none is known. */
static bool known(const Row *r, uint32_t row, uint32_t column, int64_t *out)
{
    uint32_t cell = r->table->cell[(size_t)row * r->table->column_count + column];
    if (cell == TABLES_NONE)
        return false;
    const TablesCell *c = &r->job->system.cells[cell];
    *out = c->value.low;
    return c->value.mark == TABLES_EXACT;
}

static bool rate_parts(const Row *r, uint32_t row, const TablesColumn *rate, int64_t *with, int64_t *people)
{
    return known(r, row, rate->numerator, with) && known(r, row, rate->denominator, people) && *people > 0 &&
           *people < PEOPLE_MAX && *with >= 0 && *with <= *people;
}

static Wide power(unsigned decimals)
{
    Wide p = 1;
    for (unsigned i = 0; i < decimals; i++)
        p *= 10;
    return p;
}

static Wide size_of(Wide v)
{
    return v < 0 ? -v : v;
}

static bool rate_fits(const Row *r, const TablesColumn *rate, const TablesValue *v)
{
    int64_t with, people;
    if (!rate_parts(r, r->row, rate, &with, &people))
        return true;
    return size_of((Wide)v->low * people - (Wide)100 * power(v->decimals) * with) <= people;
}

/* A total is in hundredths. */
static bool mean_fits(const Row *r, const TablesColumn *mean, const TablesValue *v)
{
    int64_t total, people;
    if (!known(r, r->row, mean->total, &total) || !known(r, r->row, mean->denominator, &people) || people <= 0 ||
        people >= PEOPLE_MAX)
        return true;
    return size_of((Wide)100 * v->low * people - power(v->decimals) * total) <= (Wide)100 * people;
}

typedef struct Pair {
    int64_t with, people, with_there, people_there;
} Pair;

/* Both rates of a gap; false where one of them is not known, or the row is that of the reference. */
static bool gap_parts(const Row *r, const TablesColumn *gap, Pair *p)
{
    const TablesColumn *rate = &r->table->columns[gap->numerator];
    uint32_t there = protect_reference_row(r->job, r->table, r->row, gap);
    return there != TABLES_NONE && there != r->row && rate_parts(r, r->row, rate, &p->with, &p->people) &&
           rate_parts(r, there, rate, &p->with_there, &p->people_there);
}

static bool gap_fits(const Row *r, const TablesColumn *gap, const TablesValue *v)
{
    Pair p;
    if (v->decimals > RATE_DIGITS || !gap_parts(r, gap, &p))
        return true;
    Wide product = (Wide)p.people * p.people_there;
    Wide off = (Wide)p.with * p.people_there - (Wide)p.with_there * p.people;
    return size_of(v->low * product - 100 * power(v->decimals) * off) <= 2 * product;
}

/* ceil(people * (rate of the reference - rate)), 0 where the gap is none. */
static bool needed_fits(const Row *r, const TablesColumn *needed, const TablesValue *v)
{
    Pair p;
    if (!gap_parts(r, &r->table->columns[needed->total], &p))
        return true;
    Wide off = (Wide)p.with_there * p.people - (Wide)p.with * p.people_there;
    Wide least = off <= 0 ? 0 : (off + p.people_there - 1) / p.people_there;
    return v->low == least * power(v->decimals);
}

static bool fits(const Row *r, const TablesColumn *c, const TablesValue *v, const char **of)
{
    if (v->mark != TABLES_EXACT || v->decimals > RATE_DIGITS)
        return true;
    switch (c->kind) {
    case TABLES_RATE:
        *of = "its numerator and denominator";
        return rate_fits(r, c, v);
    case TABLES_MEAN:
        *of = "its total and people";
        return mean_fits(r, c, v);
    case TABLES_GAP:
        *of = "its rates";
        return gap_fits(r, c, v);
    case TABLES_NEEDED:
        *of = "its gap: people times the difference of the rates, rounded up";
        return needed_fits(r, c, v);
    default:
        return true;
    }
}

Status figures_check(const ProtectJob *job, Error *err)
{
    for (uint32_t t = 0; t < job->set.table_count; t++) {
        const TablesTable *table = &job->set.tables[t];
        for (uint32_t row = 0; row < table->row_count && !table->released; row++)
            for (uint32_t c = 0; c < table->column_count; c++) {
                const Row r = {job, table, row};
                const char *of = "";
                if (fits(&r, &table->columns[c], given(&r, c), &of))
                    continue;
                error_set(err, ERR_INVALID, "is not what follows from %s", of);
                error_at(err, table->file.ptr, table->csv_row[row] + 2, table->columns[c].name.ptr);
                return ERR_INVALID;
            }
    }
    return OK;
}
