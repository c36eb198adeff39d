/*
 * By the words that stand in place of a number ("50 or less", "*"): how many cells bear them, and how many of those the
 * attack determines. The second question is smaller and older: each row by itself, which sizes fit all the rates that
 * are printed beside the hidden size?
 */
#include "protectfile/attack.h"

#include <stdlib.h>

#define ALONE_LIMIT 100000
#define MAX_RATES 16

static Slice text_of(const TablesTable *t, uint32_t row, uint32_t column)
{
    uint32_t position = t->columns[column].position;
    return slice_trim(t->csv.cells[(size_t)t->csv_row[row] * t->csv.columns + t->block[row] + position]);
}

/* Rates of one row whose denominator is this column. */
static size_t rates_of(
    const TablesTable *t, uint32_t row, uint32_t column, AuditPrintedRate rates[MAX_RATES], bool *exact)
{
    size_t n = 0;
    *exact = false;
    for (uint32_t c = 0; c < t->column_count && n < MAX_RATES; c++) {
        const TablesValue *v = &t->values[(size_t)row * t->column_count + c];
        if (t->columns[c].kind != TABLES_RATE || t->columns[c].denominator != column)
            continue;
        if (v->mark != TABLES_EXACT && v->mark != TABLES_RANGE)
            continue;
        *exact = *exact || v->mark == TABLES_EXACT;
        rates[n++] = (AuditPrintedRate){.low = v->low,
            .high = v->high,
            .per = 100,
            .decimals = v->decimals,
            .rounding = v->mark == TABLES_RANGE ? AUDIT_BETWEEN : AUDIT_HALF_EITHER};
    }
    return n;
}

static void ask_alone(const TablesTable *t, uint32_t row, uint32_t column, AttackMarker *m, uint8_t *possible)
{
    const TablesValue *v = &t->values[(size_t)row * t->column_count + column];
    AuditPrintedRate rates[MAX_RATES];
    bool exact;
    size_t n = rates_of(t, row, column, rates, &exact);
    if (!exact || v->mark != TABLES_RANGE || v->high > ALONE_LIMIT)
        return;
    (void)audit_rate_sizes(rates, n, (uint32_t)v->high, possible);
    uint32_t sizes = 0;
    for (int64_t i = v->low > 1 ? v->low : 1; i <= v->high; i++)
        sizes += possible[i];
    m->alone_asked++;
    m->alone_exact += sizes == 1;
    m->alone_few += sizes >= 1 && sizes <= 3;
}

static Status marker_of(AttackJob *job, Map *index, Slice text, AttackMarker **out, Error *err)
{
    uint64_t at;
    TRY(map_get_or_put(index, text, job->marker_count, &at, err));
    if (at == job->marker_count)
        job->markers[job->marker_count++] = (AttackMarker){.text = text};
    *out = &job->markers[at];
    return OK;
}

static Status count_table(AttackJob *job, const TablesTable *t, Map *index, uint8_t *possible, Error *err)
{
    for (uint32_t row = 0; row < t->row_count; row++)
        for (uint32_t c = 0; c < t->column_count; c++) {
            size_t i = (size_t)row * t->column_count + c;
            const TablesValue *v = &t->values[i];
            AttackMarker *m;
            if (t->columns[c].kind != TABLES_COUNT || t->columns[c].position == TABLES_NONE ||
                (v->mark != TABLES_HIDDEN && v->mark != TABLES_RANGE))
                continue;
            TRY(marker_of(job, index, text_of(t, row, c), &m, err));
            m->cells++;
            m->exact += job->verdict[t->cell[i]] == ATTACK_EXACT;
            m->narrow += job->verdict[t->cell[i]] == ATTACK_NARROW;
            ask_alone(t, row, c, m, possible);
        }
    return OK;
}

static int compare_markers(const void *a, const void *b)
{
    return slice_cmp(((const AttackMarker *)a)->text, ((const AttackMarker *)b)->text);
}

Status attack_markers(AttackJob *job, Error *err)
{
    Map index;
    uint8_t *possible = NULL;
    TRY(arena_new(&job->arena, AttackMarker, job->set.marker_count + 1, &job->markers, err));
    TRY(map_init(&index, err));
    Status st = mem_zalloc(ALONE_LIMIT + 1, 1, (void **)&possible, err);
    for (uint32_t t = 0; t < job->set.table_count && st == OK; t++)
        if (!job->set.tables[t].is_rounded && !job->set.tables[t].is_noisy) /* there, figures are no markers */
            st = count_table(job, &job->set.tables[t], &index, possible, err);
    if (job->marker_count > 0)
        qsort(job->markers, job->marker_count, sizeof *job->markers, compare_markers);
    mem_free(possible);
    map_free(&index);
    return st;
}
