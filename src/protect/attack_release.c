/* A whole release under attack: its suppressed lineages, year by year. */
#include "protect/attack_impl.h"

#include <stdlib.h>

typedef struct Part {
    Slice lineage;
    int32_t year;
    size_t at;
} Part;

static int compare_group(const void *a, const void *b)
{
    const Part *x = a, *y = b;
    int c = slice_cmp(x->lineage, y->lineage);
    return c != 0 ? c : x->year < y->year ? -1 : x->year > y->year;
}

static int compare_parts(const void *a, const void *b)
{
    const Part *x = a, *y = b;
    int c = compare_group(a, b);
    return c != 0 ? c : x->at < y->at ? -1 : x->at > y->at;
}

typedef struct Whole {
    Limits limits;
    const Protected *p;
    const ProtectCell *input;
    Part *inputs, *prints;
    size_t input_count, print_count;
    const ProtectCell **cells;
    PublishedCell *printed;
} Whole;

/* report NULL: only what is told is looked at. */
static Status attack_parts(Whole *w, const AttackAsk *common, ProtectAttack *report, Error *err)
{
    size_t print = 0;
    for (size_t from = 0, to; from < w->input_count; from = to) {
        const Part *part = &w->inputs[from];
        AttackAsk ask = *common;
        size_t printed = 0;
        for (to = from;
             to < w->input_count && slice_eq(w->inputs[to].lineage, part->lineage) && w->inputs[to].year == part->year;
             to++)
            w->cells[to - from] = &w->input[w->inputs[to].at];
        for (; print < w->print_count && slice_eq(w->prints[print].lineage, part->lineage) &&
               w->prints[print].year == part->year;
             print++)
            w->printed[printed++] = w->p->cells[w->prints[print].at];
        ask.lineage = part->lineage;
        ask.year = part->year;
        ask.input = w->cells;
        ask.input_count = to - from;
        ask.cells = w->printed;
        ask.cell_count = printed;
        TRY(report ? attack_lineage(&ask, NULL, report, err) : attack_told(&ask, err));
    }
    if (print < w->print_count)
        return attack_deny(&w->p->cells[w->prints[print].at].cell, "a figure stands where nobody is counted", err);
    return OK;
}

/* Told cells of a lineage and year that has nobody today. */
static Status told_of_nobody(const Whole *w, const LaneOptions *o, Error *err)
{
    unsigned tier;
    for (size_t i = 0; i < o->told_count; i++) {
        const PublishedCell *c = &o->told[i];
        Slice lineage = limits_lineage(&w->limits, c->cell.table, &tier);
        const Part key = {lineage, c->cell.year, 0};
        if (c->hiding == PROTECT_HIDDEN || !limits_suppresses(&w->limits, o->lane, lineage))
            continue;
        if (!bsearch(&key, w->inputs, w->input_count, sizeof key, compare_group))
            return attack_corrected(c, err);
    }
    return OK;
}

static Status take_parts(Whole *w, ProtectLane lane, size_t input_count, Error *err)
{
    unsigned tier;
    TRY(mem_alloc((input_count + 1) * sizeof *w->inputs, (void **)&w->inputs, err));
    TRY(mem_alloc((w->p->count + 1) * sizeof *w->prints, (void **)&w->prints, err));
    for (size_t i = 0; i < input_count; i++) {
        Slice lineage = limits_lineage(&w->limits, w->input[i].table, &tier);
        if (limits_suppresses(&w->limits, lane, lineage))
            w->inputs[w->input_count++] = (Part){lineage, w->input[i].year, i};
    }
    for (size_t i = 0; i < w->p->count; i++) {
        Slice lineage = limits_lineage(&w->limits, w->p->cells[i].cell.table, &tier);
        if (limits_suppresses(&w->limits, lane, lineage))
            w->prints[w->print_count++] = (Part){lineage, w->p->cells[i].cell.year, i};
        else if (w->p->cells[i].hiding != PROTECT_SHOWN)
            return attack_deny(&w->p->cells[i].cell, "a figure of a pooled family is hidden", err);
    }
    qsort(w->inputs, w->input_count, sizeof *w->inputs, compare_parts);
    qsort(w->prints, w->print_count, sizeof *w->prints, compare_parts);
    TRY(mem_alloc((w->input_count + 1) * sizeof *w->cells, (void **)&w->cells, err));
    return mem_alloc((w->print_count + 1) * sizeof *w->printed, (void **)&w->printed, err);
}

static Status attack_whole(Policy *policy, Date on, const ProtectCell *input, size_t input_count, const Protected *p,
    const LaneOptions *options, ProtectAttack *report, Error *err)
{
    const AttackAsk common = {.policy = policy, .on = on, .options = options};
    Whole w = {.p = p, .input = input};
    if (report)
        *report = (ProtectAttack){0};
    Status st = limits_read(policy, on, &w.limits, err);
    if (st == OK)
        st = take_parts(&w, options->lane, input_count, err);
    if (st == OK)
        st = told_of_nobody(&w, options, err);
    if (st == OK)
        st = attack_parts(&w, &common, report, err);
    mem_free(w.inputs);
    mem_free(w.prints);
    mem_free(w.cells);
    mem_free(w.printed);
    return st;
}

Status protect_attack(Policy *policy, Date on, const ProtectCell *input, size_t input_count, const Protected *p,
    const LaneOptions *options, ProtectAttack *report, Error *err)
{
    return attack_whole(policy, on, input, input_count, p, options, report, err);
}

Status protect_told_agrees(
    Policy *policy, Date on, const ProtectCell *input, size_t input_count, const LaneOptions *options, Error *err)
{
    const Protected nothing = {0};
    return attack_whole(policy, on, input, input_count, &nothing, options, NULL, err);
}
