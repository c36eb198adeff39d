/* A rating line by line: which rate, which years, which cut point, which points; and who was left out, and why. */
#include "account/account_parts.h"
#include "measure/persons.h"

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
    {"year", "year"},
    {"state", "state"},
    {"text", "why"},
    {"persons", "persons"},
};

static const SheetColumn person_columns[] = {
    {"measure", "measure"},
    {"year", "year"},
    {"person", "pseudonym"},
    {"state", "state"},
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
        buf_addf(&b, "%s %s", m->better == BETTER_HIGHER ? "at least" : "at most", decimal_text(line->cut->limit, text));
    sheet_words(s, buf_slice(&b));
    buf_free(&b);
}

static void decimal_or_none(Sheet *s, int64_t v)
{
    if (v < 0)
        sheet_none(s);
    else
        sheet_num(s, (double)v / (double)MILLION, 6);
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
                decimal_text(p->earned, earned), decimal_text(p->possible, possible),
                decimal_text(p->percent, percent), decimal_text(f->indicators[i].weight, weight));
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

static Slice state_of(const MeasurePerson *p)
{
    if (p->reason.len > 0)
        return p->reason;
    return !p->counted ? SLICE("not counted") : p->hit ? SLICE("with") : SLICE("without");
}

/* The text that the measure's file gives for a reason. */
static Slice reason_text(Policy *policy, Slice measure, Slice state, Arena *arena, Error *err)
{
    MeasureInfos infos = {0};
    Slice text = slice_eq_z(state, "with")   ? SLICE("counted, in the numerator")
               : slice_eq_z(state, "without") ? SLICE("counted, not in the numerator")
                                               : SLICE("in the population, not in the denominator");
    if (measure_list(policy, arena, &infos, err) != OK)
        return text;
    for (size_t i = 0; i < infos.len; i++) {
        const Toml *list = slice_eq(infos.at[i].name, measure) ? toml_get(infos.at[i].file->toml, "exclusion") : NULL;
        for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
            const Toml *reason = toml_get(e, "reason"), *words = toml_get(e, "text");
            if (reason && words && slice_eq(reason->string, state))
                text = words->string;
        }
    }
    vec_free(&infos);
    return text;
}

typedef struct PersonsPass {
    const Framework *f;
    const Rating *r;
    Db *db;
    Policy *policy;
    ExplainPersons mode;
    Sheet *sheet;
} PersonsPass;

static Status each_asked(const PersonsPass *pass, const Asked *a,
    void (*row)(const PersonsPass *, const Asked *, const MeasurePersons *), Error *err)
{
    MeasurePersons persons = {0};
    const PersonsQuery q = {
        .measure = a->measure, .level = pass->f->level, .unit = pass->r->unit, .year = a->year};
    Status st = measure_persons(pass->db, pass->policy, &q, &pass->sheet->arena, &persons, err);
    if (st == ERR_NOT_FOUND) {
        sheet_note(pass->sheet, "%.*s, %" PRId32 ": no persons to look at", SLICE_ARG(a->measure), a->year);
        error_clear(err);
        st = OK;
    } else if (st == OK) {
        row(pass, a, &persons);
    }
    vec_free(&persons);
    return st;
}

/* States in the order in which they are first met; persons are in order of pseudonym, so "with" and "without" first. */
static void reason_rows(const PersonsPass *pass, const Asked *a, const MeasurePersons *persons)
{
    Slice states[GROUPS_MAX];
    int64_t counts[GROUPS_MAX] = {0};
    size_t n = 2;
    states[0] = SLICE("with");
    states[1] = SLICE("without");
    for (size_t i = 0; i < persons->len; i++) {
        Slice s = state_of(&persons->at[i]);
        size_t at = 0;
        while (at < n && !slice_eq(states[at], s))
            at++;
        if (at == n && n < GROUPS_MAX)
            states[n++] = s;
        if (at < n)
            counts[at]++;
    }
    for (size_t i = 0; i < n; i++) {
        sheet_words(pass->sheet, a->measure);
        sheet_int(pass->sheet, a->year);
        sheet_words(pass->sheet, states[i]);
        sheet_words(pass->sheet, reason_text(pass->policy, a->measure, states[i], &pass->sheet->arena, NULL));
        sheet_int(pass->sheet, counts[i]);
    }
}

static void person_rows(const PersonsPass *pass, const Asked *a, const MeasurePersons *persons)
{
    for (size_t i = 0; i < persons->len; i++) {
        Buf b;
        buf_init(&b, 32);
        buf_addf(&b, "%016" PRIx64, persons->at[i].person);
        sheet_words(pass->sheet, a->measure);
        sheet_int(pass->sheet, a->year);
        sheet_words(pass->sheet, buf_slice(&b));
        sheet_words(pass->sheet, state_of(&persons->at[i]));
        buf_free(&b);
    }
}

static Status persons_tables(const PersonsPass *pass, Error *err)
{
    AskedList asked = {0};
    Status st = OK;
    TRY_OUT(list_asked(pass->r, &asked, err));
    sheet_table(pass->sheet, "persons_by_state", SLICE("Who was counted, who was left out, and why"), reason_columns,
        COUNT_OF(reason_columns));
    for (size_t i = 0; i < asked.len; i++)
        TRY_OUT(each_asked(pass, &asked.at[i], reason_rows, err));
    if (pass->mode == EXPLAIN_PERSONS) {
        sheet_table(pass->sheet, "persons", SLICE("Persons"), person_columns, COUNT_OF(person_columns));
        for (size_t i = 0; i < asked.len; i++)
            TRY_OUT(each_asked(pass, &asked.at[i], person_rows, err));
    }
out:
    vec_free(&asked);
    return st;
}

Status account_explain_sheet(const Framework *f, const Rating *r, Db *db, Policy *policy, ExplainPersons persons,
    Sheet *out, Error *err)
{
    const PersonsPass pass = {.f = f, .r = r, .db = db, .policy = policy, .mode = persons, .sheet = out};
    const Ratings one = {.at = (Rating[1]){*r}, .len = 1};
    account_facts(f, r->year, out);
    sheet_fact(out, "unit", "%.*s", SLICE_ARG(r->unit));
    TRY(line_rows(f, r, out, err));
    say_total(f, r, out);
    if (db)
        TRY(persons_tables(&pass, err));
    account_held_note(f, &one, out);
    account_notes(f, out);
    return sheet_status(out, err);
}
