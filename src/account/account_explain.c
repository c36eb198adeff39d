/* A rating line by line: which rate, which years, which cut point, which points; and who was left out, and why. */
#include "account/account_parts.h"

static const SheetColumn line_columns[] = {
    {"indicator", "indicator"},
    {"part", "part"},
    {"line", "line"},
    {"status", "status"},
    {"measure", "measure"},
    {"years", "years"},
    {"hits", "with"},
    {"n", "persons"},
    {"rate", "rate %"},
    {"minimum_n", "least"},
    {"level", "level"},
    {"limit", "limit"},
    {"earned", "points"},
    {"possible", "of"},
    {"decides", "decides"},
};

static const SheetColumn reason_columns[] = {
    {"measure", "measure"},
    {"years", "years"},
    {"state", "state"},
    {"reason", "reason"},
    {"text", "why"},
    {"persons", "persons"},
};

static const SheetColumn person_columns[] = {
    {"measure", "measure"},
    {"year", "year"},
    {"person", "pseudonym"},
    {"state", "state"},
    {"reason", "reason"},
};

static void years_cell(const LineCandidate *c, Sheet *s)
{
    char text[32];
    Buf b;
    buf_init(&b, sizeof text);
    buf_add_i64(&b, c->first_year);
    if (c->last_year != c->first_year) {
        buf_addc(&b, '-');
        buf_add_i64(&b, c->last_year);
    }
    sheet_words(s, c->last_year ? buf_slice(&b) : SLICE(""));
    buf_free(&b);
}

static void limit_cell(const RatingLine *line, Sheet *s)
{
    const FrameworkMeasure *m = line->measure;
    const PointScale *scale = line->group ? &m->each : &m->all;
    char text[32];
    Buf b;
    buf_init(&b, 64);
    if (line->cut == &scale->cuts[scale->count - 1])
        buf_adds(&b, "none");
    else
        buf_addf(
            &b, "%s %s", m->better == BETTER_HIGHER ? "at least" : "at most", decimal_text(line->cut->limit, text));
    sheet_words(s, buf_slice(&b));
    buf_free(&b);
}

static void decimal_or_none(Sheet *s, int64_t v)
{
    if (v < 0)
        sheet_none(s);
    else
        sheet_millionths(s, v);
}

static void candidate_row(const Framework *f, const RatingLine *line, size_t which, Slice path, Sheet *s)
{
    const LineCandidate *c = &line->candidates[which];
    const Indicator *in = &f->indicators[line->indicator];
    bool decides = which == line->chosen && line->status == LINE_RATED;
    sheet_words(s, in->name);
    sheet_words(s, in->parts[line->part].name);
    sheet_words(s, path);
    sheet_words(s, slice_of(line_status_word(c->status)));
    sheet_words(s, line->measure->candidates[which].measure);
    years_cell(c, s);
    sheet_int(s, c->count.hits);
    sheet_int(s, c->count.n);
    decimal_or_none(s, c->rate);
    sheet_int(s, line->measure->minimum_n);
    if (decides) {
        sheet_words(s, line->cut->level);
        limit_cell(line, s);
        decimal_or_none(s, line->earned);
        decimal_or_none(s, line->possible);
    } else {
        sheet_words(s, SLICE(""));
        sheet_words(s, SLICE(""));
        sheet_none(s);
        sheet_none(s);
    }
    sheet_words(s, decides ? SLICE("yes") : SLICE(""));
}

static Status line_rows(const Framework *f, const Rating *r, Sheet *s, Error *err)
{
    Buf path;
    Status st = OK;
    buf_init(&path, 0);
    sheet_table(s, "lines", SLICE("Line by line"), line_columns, COUNT_OF(line_columns));
    for (size_t k = 0; k < r->line_count; k++) {
        TRY_OUT(line_path(&r->lines[k], &path, err));
        for (size_t c = 0; c < r->lines[k].measure->candidate_count; c++)
            candidate_row(f, &r->lines[k], c, buf_slice(&path), s);
    }
out:
    buf_free(&path);
    return st;
}

static void say_total(const Framework *f, const Rating *r, Sheet *s)
{
    char total[32], limit[32], held[32];
    for (size_t i = 0; i < f->indicator_count; i++) {
        const Points *p = &r->indicators[i];
        char earned[32], possible[32], percent[32], weight[32];
        if (p->percent < 0)
            sheet_finding(s, "%.*s: %s, it does not count.", SLICE_ARG(f->indicators[i].title),
                f->indicators[i].held ? "nothing could be rated" : "not held");
        else
            sheet_finding(s, "%.*s: %s of %s points, %s %%, with weight %s.", SLICE_ARG(f->indicators[i].title),
                decimal_text(p->earned, earned), decimal_text(p->possible, possible), decimal_text(p->percent, percent),
                decimal_text(f->indicators[i].weight, weight));
    }
    if (!r->plan) {
        sheet_finding(s, "Nothing could be rated: insufficient data.");
        return;
    }
    sheet_finding(s, "Total %s %% over %s %% of the weight: %.*s (from %s %%).", decimal_text(r->total, total),
        decimal_text(r->weight_held * 100, held), SLICE_ARG(r->by_points->title),
        decimal_text(r->by_points->at_least, limit));
    if (r->plan != r->by_points)
        sheet_finding(s, "Participation lay below %s %% in %" PRId64 " tests: the plan type falls to %.*s.",
            decimal_text(f->participation.below, limit), r->tests_below, SLICE_ARG(r->plan->title));
}

/* --- persons --- */

typedef struct Asked { /* a measure and year that some line of the rating reads */
    Slice measure;
    int32_t year;
} Asked;
typedef VEC(Asked) AskedList;

static Status list_asked(const Rating *r, AskedList *out, Error *err)
{
    for (size_t k = 0; k < r->line_count; k++) {
        const RatingLine *line = &r->lines[k];
        /* Groups read the same persons as everybody's line, only other years where they were pooled. */
        for (size_t c = 0; c < line->measure->candidate_count; c++) {
            const LineCandidate *one = &line->candidates[c];
            for (int32_t y = one->first_year; one->status != LINE_NOT_HELD && y <= one->last_year; y++) {
                Asked a = {line->measure->candidates[c].measure, y};
                bool known = false;
                for (size_t i = 0; i < out->len; i++)
                    known = known || (out->at[i].year == y && slice_eq(out->at[i].measure, a.measure));
                if (!known)
                    TRY(vec_push(out, a, err));
            }
        }
    }
    return OK;
}

/* The text that the measure's file gives for a reason. */
static Slice reason_text(const MeasureInfos *infos, Slice measure, Slice reason)
{
    for (size_t i = 0; i < infos->len; i++) {
        if (!slice_eq(infos->at[i].name, measure))
            continue;
        const Toml *list = toml_get(infos->at[i].file->toml, "exclusion");
        for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
            const Toml *code = toml_get(e, "reason"), *words = toml_get(e, "text");
            if (code && words && slice_eq(code->string, reason))
                return words->string;
        }
    }
    return SLICE("");
}

static void reason_row(Slice measure, const LineCandidate *years, const Slice words[3], int64_t persons, Sheet *s)
{
    sheet_words(s, measure);
    years_cell(years, s);
    for (size_t i = 0; i < 3; i++)
        sheet_words(s, words[i]);
    sheet_int(s, persons);
}

/* Everybody's counts, pooled as the lines pool them; those of groups are in the lines. */
static void counted_rows(const Rating *r, Sheet *s)
{
    static const Slice hit[3] = {SLICE_INIT("hit"), SLICE_INIT(""), SLICE_INIT("counted, in the numerator")};
    static const Slice missed[3] = {SLICE_INIT("missed"), SLICE_INIT(""), SLICE_INIT("counted, not in the numerator")};
    for (size_t k = 0; k < r->line_count; k++) {
        const RatingLine *line = &r->lines[k];
        for (size_t c = 0; !line->group && c < line->measure->candidate_count; c++) {
            const LineCandidate *one = &line->candidates[c];
            if (one->count.n == 0)
                continue;
            reason_row(line->measure->candidates[c].measure, one, hit, one->count.hits, s);
            reason_row(line->measure->candidates[c].measure, one, missed, one->count.n - one->count.hits, s);
        }
    }
}

static void excluded_rows(
    const Framework *f, const Rating *r, const Asked *a, const ExclusionSet *set, const MeasureInfos *infos, Sheet *s)
{
    for (size_t i = 0; i < set->count; i++) {
        const ExclusionCell *c = &set->cells[i];
        if (c->year == a->year && slice_eq_z(c->split, "all") && slice_eq(c->measure, a->measure) &&
            slice_eq(c->level, f->level) && slice_eq(c->unit, r->unit))
            reason_row(a->measure, &(const LineCandidate){.first_year = a->year, .last_year = a->year},
                (const Slice[3]){SLICE("excluded"), c->reason, reason_text(infos, a->measure, c->reason)}, c->persons,
                s);
    }
}

static Status reasons_table(
    const Framework *f, const Rating *r, Policy *policy, const ExclusionSet *exclusions, Sheet *out, Error *err)
{
    AskedList asked = {0};
    MeasureInfos infos = {0};
    Status st = OK;
    TRY_OUT(list_asked(r, &asked, err));
    TRY_OUT(measure_list(policy, &out->arena, &infos, err));
    sheet_table(out, "persons_by_state", SLICE("Who was counted, who was left out, and why"), reason_columns,
        COUNT_OF(reason_columns));
    counted_rows(r, out);
    for (size_t i = 0; i < asked.len; i++)
        excluded_rows(f, r, &asked.at[i], exclusions, &infos, out);
out:
    vec_free(&infos);
    vec_free(&asked);
    return st;
}

static bool is_of_unit(const Framework *f, const Rating *r, const MeasurePerson *p)
{
    if (slice_eq_z(f->level, "district"))
        return slice_eq(p->district, r->unit);
    size_t at = p->district.len;
    return slice_eq_z(f->level, "school") && r->unit.len == at + 1 + p->school.len &&
           slice_starts(r->unit, p->district) && r->unit.ptr[at] == '-' && slice_ends(r->unit, p->school);
}

static void person_row(Slice measure, const MeasurePerson *p, Sheet *s)
{
    Buf b;
    buf_init(&b, 32);
    buf_addf(&b, "%016" PRIx64, p->person);
    sheet_words(s, measure);
    sheet_int(s, p->year);
    sheet_words(s, buf_slice(&b));
    sheet_words(s, p->status);
    sheet_words(s, p->reason);
    buf_free(&b);
}

static bool is_asked(const AskedList *asked, Slice measure, int32_t year)
{
    for (size_t i = 0; i < asked->len; i++)
        if (asked->at[i].year == year && slice_eq(asked->at[i].measure, measure))
            return true;
    return false;
}

/* All years of a measure at once: reading its rows is what takes time. */
static Status persons_of(const Framework *f, const Rating *r, const MeasureContext *ctx, const AskedList *asked,
    Slice measure, Sheet *out, Error *err)
{
    static const char *const states[] = {"hit", "missed", "uncounted", "excluded"};
    MeasureQuery q = MEASURE_QUERY_INIT;
    q.name = measure;
    for (size_t i = 0; i < asked->len; i++) {
        const Asked *a = &asked->at[i];
        if (!slice_eq(a->measure, measure))
            continue;
        q.year_from = q.year_from == 0 || a->year < q.year_from ? a->year : q.year_from;
        q.year_to = a->year > q.year_to ? a->year : q.year_to;
    }
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        MeasurePersons persons;
        TRY(measure_who(ctx, &q, slice_of(states[i]), &persons, err));
        for (size_t k = 0; k < persons.count; k++)
            if (is_of_unit(f, r, &persons.at[k]) && is_asked(asked, measure, persons.at[k].year))
                person_row(measure, &persons.at[k], out);
        measure_persons_free(&persons);
    }
    return OK;
}

Status account_explain_persons(const Framework *f, const Rating *r, const MeasureContext *ctx, Sheet *out, Error *err)
{
    AskedList asked = {0};
    Status st = OK;
    TRY_OUT(list_asked(r, &asked, err));
    sheet_table(out, "persons", SLICE("Persons"), person_columns, COUNT_OF(person_columns));
    for (size_t i = 0; i < asked.len; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && !slice_eq(asked.at[k].measure, asked.at[i].measure);
        if (first)
            TRY_OUT(persons_of(f, r, ctx, &asked, asked.at[i].measure, out, err));
    }
    st = sheet_status(out, err);
out:
    vec_free(&asked);
    return st;
}

static bool is_pooled(const Rating *r)
{
    for (size_t k = 0; k < r->line_count; k++)
        for (size_t c = 0; c < r->lines[k].measure->candidate_count; c++)
            if (r->lines[k].candidates[c].first_year != r->lines[k].candidates[c].last_year)
                return true;
    return false;
}

Status account_explain_sheet(
    const Framework *f, const Rating *r, Policy *policy, const ExclusionSet *exclusions, Sheet *out, Error *err)
{
    const Ratings one = {.at = (Rating[1]){*r}, .len = 1};
    account_facts(f, r->year, out);
    sheet_fact(out, "unit", "%.*s", SLICE_ARG(r->unit));
    TRY(line_rows(f, r, out, err));
    say_total(f, r, out);
    TRY(reasons_table(f, r, policy, exclusions, out, err));
    if (is_pooled(r))
        sheet_note(out, "Where years were pooled, a person of several of them is counted in each: for a yearly measure "
                        "(dropouts) fewer persons than that stand behind a line.");
    account_held_note(f, &one, out);
    account_notes(f, out);
    return sheet_status(out, err);
}
