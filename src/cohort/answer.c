/* Asks the measure engine: figures for everybody and each line of splits, and the funnel from a distribution. */
#include "cohort/cohort_parts.h"

MeasureQuery cohort_query(const Cohort *c, const CohortAsk *ask)
{
    MeasureQuery q = MEASURE_QUERY_INIT;
    q.name = ask->name;
    q.own = c->figures;
    q.own_count = c->version_count;
    q.level = c->level;
    q.year_from = ask->year_from;
    q.year_to = ask->year_to;
    q.pool = ask->pool;
    q.as_known_on = ask->as_known_on;
    return q;
}

Status cohort_figures(
    const MeasureContext *ctx, const Cohort *c, const CohortAsk *ask, CellSet *out, uint32_t *generation, Error *err)
{
    MeasureQuery q = cohort_query(c, ask);
    q.each = c->by;
    q.each_count = c->by_count;
    return measure_query(ctx, &q, out, generation, err);
}

/* --- funnel --- */

typedef struct Funnel {
    const CohortPlan *plan;
    const CellSet *cells;
    CohortFunnel *out;
} Funnel;

static Status find_years(Funnel *f, Error *err)
{
    CohortFunnel *out = f->out;
    TRY(arena_new(&out->arena, int32_t, f->cells->count + 1, &out->years, err));
    for (size_t i = 0; i < f->cells->count; i++)
        if (i == 0 || f->cells->cells[i].year != f->cells->cells[i - 1].year)
            out->years[out->year_count++] = f->cells->cells[i].year;
    return OK;
}

static int64_t persons(const Funnel *f, int32_t year, Slice category)
{
    int64_t n = 0;
    for (size_t i = 0; i < f->cells->count; i++)
        if (f->cells->cells[i].year == year && slice_eq(f->cells->cells[i].category, category))
            n += f->cells->cells[i].numerator;
    return n;
}

/* The next step: those of the step before without the category. */
static Status add_step(Funnel *f, uint32_t line, Slice text, Slice category, Error *err)
{
    CohortFunnel *out = f->out;
    CohortStep *step = &out->steps[out->step_count];
    int64_t *remain;
    *step = (CohortStep){.line = line, .text = text};
    TRY(arena_new(&out->arena, int64_t, out->year_count + 1, &remain, err));
    for (size_t y = 0; y < out->year_count; y++) {
        if (out->step_count == 0) {
            for (size_t i = 0; i < f->cells->count; i++)
                remain[y] += f->cells->cells[i].year == out->years[y] ? f->cells->cells[i].numerator : 0;
        } else {
            remain[y] = out->steps[out->step_count - 1].remain[y] - persons(f, out->years[y], category);
        }
        step->total += remain[y];
    }
    step->remain = remain;
    out->step_count++;
    return OK;
}

static Status line_step(Funnel *f, const PlanLine *l, Error *err)
{
    const ScriptLine *line = l->said.line;
    Slice text, category;
    TRY(arena_format(&f->out->arena, &text, err, "%.*s %.*s", SLICE_ARG(line->keyword), SLICE_ARG(line->text)));
    TRY(arena_format(&f->out->arena, &category, err, "line %" PRIu32, line->line));
    return add_step(f, line->line, text, category, err);
}

static bool has_kind(const CohortPlan *p, LineKind kind)
{
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == kind)
            return true;
    return false;
}

static Status add_steps(Funnel *f, Error *err)
{
    const CohortPlan *p = f->plan;
    TRY(arena_new(&f->out->arena, CohortStep, p->line_count + 5, &f->out->steps, err));
    TRY(line_step(f, p->who, err));
    for (size_t i = 0; i < p->who->said.block->reason_count; i++)
        if (i == 0)
            TRY(add_step(f, 0, SLICE("without those the rule of \"who\" leaves out"), SLICE(FUNNEL_OWN), err));
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].kind == LINE_AND || p->lines[i].kind == LINE_NOT)
            TRY(line_step(f, &p->lines[i], err));
    if (p->from_line != p->who)
        TRY(add_step(f, 0, SLICE("whose day to look from is known"), SLICE(FUNNEL_NO_DAY), err));
    if (p->reached->said.block->years_sql.len > 0)
        TRY(add_step(f, 0, SLICE("in years of which the outcome can speak"), SLICE(FUNNEL_YEAR), err));
    if (has_kind(p, LINE_COUNTED))
        TRY(add_step(f, 0, SLICE("counted"), SLICE(FUNNEL_UNCOUNTED), err));
    return OK;
}

/* Texts of the script live in the cohort; the funnel keeps its own. */
static Status keep_texts(CohortFunnel *out, Error *err)
{
    for (size_t i = 0; i < out->step_count; i++)
        TRY(arena_dup(&out->arena, out->steps[i].text, &out->steps[i].text, err));
    return OK;
}

Status cohort_funnel(const MeasureContext *ctx, const Cohort *c, const CohortAsk *ask, CohortFunnel *out, Error *err)
{
    CellSet cells = {0};
    MeasureQuery q = cohort_query(c, ask);
    Funnel f = {.plan = c->plan, .cells = &cells, .out = out};
    *out = (CohortFunnel){0};
    arena_init(&out->arena, 0);
    q.own = c->funnel;
    q.level = (Slice){0};
    q.pool = (MeasurePool){0};
    TRY(measure_query(ctx, &q, &cells, &out->generation, err));
    Status st = find_years(&f, err);
    if (st == OK)
        st = add_steps(&f, err);
    if (st == OK)
        st = keep_texts(out, err);
    cells_free(&cells);
    return st;
}

void cohort_funnel_free(CohortFunnel *f)
{
    arena_free(&f->arena);
    *f = (CohortFunnel){0};
}

void cohort_funnel_text(const CohortFunnel *f, Buf *out)
{
    enum { YEARS_SHOWN = 6 };
    size_t first = f->year_count > YEARS_SHOWN ? f->year_count - YEARS_SHOWN : 0;
    buf_adds(out, "     all years");
    for (size_t y = first; y < f->year_count; y++)
        buf_addf(out, " %9" PRId32, f->years[y]);
    buf_adds(out, "\n");
    for (size_t i = 0; i < f->step_count; i++) {
        buf_addf(out, "%14" PRId64, f->steps[i].total);
        for (size_t y = first; y < f->year_count; y++)
            buf_addf(out, " %9" PRId64, f->steps[i].remain[y]);
        buf_addf(out, "  %.*s\n", SLICE_ARG(f->steps[i].text));
    }
}

void cohort_funnel_json(const CohortFunnel *f, Json *j)
{
    json_key(j, "funnel");
    json_open_array(j);
    for (size_t i = 0; i < f->step_count; i++) {
        const CohortStep *s = &f->steps[i];
        json_open_object(j);
        if (s->line)
            json_kint(j, "line", s->line);
        json_kstr(j, "text", s->text);
        json_kint(j, "remain", s->total);
        json_key(j, "years");
        json_open_array(j);
        for (size_t y = 0; y < f->year_count; y++) {
            json_open_object(j);
            json_kint(j, "year", f->years[y]);
            json_kint(j, "remain", s->remain[y]);
            json_end(j);
        }
        json_end(j);
        json_end(j);
    }
    json_end(j);
}
