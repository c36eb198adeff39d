/*
 * Who could have taken part, who did, and who did not. A programme is a measure whose denominator is the persons who
 * could, and whose numerator is those who did; policy/<state>/equity/participation.toml ("cairn.participation/1") says
 * which measures are such.
 */
#include "equity/equity_parts.h"

#include <math.h>

typedef struct Programme {
    Slice name, title, measure;
} Programme;

static const SheetColumn columns[] = {
    {"programme", "programme"},
    {"measure", NULL},
    {"year", "year"},
    {"unit", NULL},
    {"unit_title", "place"},
    {"split", NULL},
    {"group", NULL},
    {"group_title", "who"},
    {"eligible", "could"},
    {"participated", "did"},
    {"not_participated", "did not"},
    {"rate", "share"},
    {"low", "low"},
    {"high", "high"},
    {"gap", "gap"},
    {"gap_low", "gap low"},
    {"gap_high", "gap high"},
    {"flag", "flag"},
    {"need_parity", "to parity"},
    {"coverage", "coverage"},
};

static Status read_programme(const PolicyFile *f, const Toml *t, Programme *out, Error *err)
{
    const char *const allowed[] = {"name", "title", "measure", "note", NULL};
    TRY(toml_only(t, f->path, allowed, err));
    TRY(toml_str(t, f->path, "name", &out->name, err));
    TRY(toml_str(t, f->path, "title", &out->title, err));
    return toml_str(t, f->path, "measure", &out->measure, err);
}

static void programme_row(const Programme *p, const EquityTable *t, const EquityUnit *u, const EquityRow *r, Sheet *s)
{
    sheet_words(s, p->title);
    sheet_words(s, p->measure);
    sheet_int(s, t->query.year);
    sheet_words(s, u->unit);
    sheet_words(s, u->title);
    sheet_words(s, t->query.split);
    sheet_words(s, r->grp);
    sheet_words(s, r->title);
    sheet_int(s, r->count.n);
    sheet_int(s, r->count.hits);
    sheet_int(s, r->count.n - r->count.hits);
    sheet_num(s, r->value, 1);
    sheet_num(s, r->interval.low, 1);
    sheet_num(s, r->interval.high, 1);
    sheet_num(s, r->ppg, 2);
    sheet_num(s, r->gap_interval.low, 2);
    sheet_num(s, r->gap_interval.high, 2);
    sheet_words(s, slice_of(flag_word(r->ppg_flag)));
    sheet_int(s, r->need_parity);
    sheet_num(s, r->coverage, 4);
}

static void say_programme(const Programme *p, const EquityUnit *u, const EquityRow *r, Sheet *s)
{
    char share[32], gap[32];
    if (r->ppg_flag != FLAG_RAISED)
        return;
    sheet_finding(s,
        "%.*s, %.*s, %.*s: %" PRId64 " of %" PRId64 " who could take part did not (%s %% did, %s points below the "
        "others); %" PRId64 " more would make the shares equal.",
        SLICE_ARG(p->title), SLICE_ARG(u->title), SLICE_ARG(r->title), r->count.n - r->count.hits, r->count.n,
        number_text(r->value, 1, share), number_text(fabs(r->ppg), 1, gap), r->need_parity);
}

/* What is asked of every programme. */
typedef struct Asking {
    const MeasureContext *ask; /* NULL: stored figures only */
    const CellSet *stored;
    Policy *policy;
    const EquityQuery *query;
    Sheet *out;
    bool overlapping; /* groups of some programme's split */
} Asking;

static Status add_table(
    Asking *a, const CellSet *cells, const EquityQuery *q, const Programme *p, EquityTable *t, Error *err)
{
    Error quiet = ERROR_INIT;
    Status st = equity_table(cells, a->policy, q, t, &quiet);
    if (st == ERR_NOT_FOUND && a->query->measure.len == 0) {
        sheet_note(a->out, "%.*s: %s", SLICE_ARG(p->title), quiet.message);
        return OK;
    }
    if (st != OK && err)
        *err = quiet;
    for (size_t k = 0; st == OK && k < t->units.len; k++) {
        const EquityUnit *u = &t->units.at[k];
        a->overlapping |= u->overlapping;
        for (size_t i = u->first; i < u->first + u->count; i++) {
            programme_row(p, t, u, &t->rows.at[i], a->out);
            say_programme(p, u, &t->rows.at[i], a->out);
        }
    }
    return st;
}

static Status add_programme(Asking *a, const Programme *p, Error *err)
{
    EquityFigures figures = {.cells = {.count = 0}};
    EquityTable t;
    EquityQuery q = *a->query;
    q.measure = p->measure;
    q.reference = SLICE("others");
    if (a->ask)
        TRY(equity_figures(a->ask, a->stored, &q, &figures, err));
    Status st = add_table(a, a->ask ? &figures.cells : a->stored, &q, p, &t, err);
    equity_table_free(&t);
    equity_figures_free(&figures);
    return st;
}

static Status programmes_file(Policy *policy, Date day, const PolicyFile **out, Error *err)
{
    const char *const allowed[] = {
        "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "programme", NULL};
    TRY(policy_get(policy, "equity", SLICE("participation"), day, out, err));
    return toml_only((*out)->toml, (*out)->path, allowed, err);
}

Status equity_participation(
    const MeasureContext *ask, const CellSet *stored, Policy *policy, const EquityQuery *query, Sheet *out, Error *err)
{
    const PolicyFile *file;
    const Toml *list;
    EquityRules rules;
    Asking a = {.ask = ask, .stored = stored, .policy = policy, .query = query, .out = out};
    bool found = false;
    int32_t year = query->year ? query->year : date_school_year(clock_today());
    Date day;
    TRY(date_make(year, 6, 30, &day, err));
    TRY(programmes_file(policy, day, &file, err));
    TRY(toml_array(file->toml, file->path, "programme", &list, err));
    TRY(equity_rules(policy, year, &rules, err));
    sheet_fact(out, "policy", "%s", file->path);
    sheet_fact(out, "level", "%.*s", SLICE_ARG(query->level));
    sheet_fact(out, "split", "%.*s", SLICE_ARG(query->split));
    sheet_table(out, "participation", SLICE("Who could have taken part, and who did"), columns, COUNT_OF(columns));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        Programme p;
        TRY(read_programme(file, t, &p, err));
        if (query->measure.len > 0 && !slice_eq(query->measure, p.name))
            continue;
        found = true;
        TRY(add_programme(&a, &p, err));
    }
    if (!found)
        return error_set(err, ERR_NOT_FOUND, "%s names no programme \"%.*s\"", file->path, SLICE_ARG(query->measure));
    if (a.overlapping)
        overlap_note(out);
    equity_notes(&rules, NULL, out);
    return sheet_status(out, err);
}

static Status check_programmes(Policy *policy, uint64_t *files, Error *err)
{
    const PolicyFile *file;
    const Toml *list;
    Arena arena;
    Status st = programmes_file(policy, clock_today(), &file, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    TRY(st);
    ++*files;
    TRY(toml_array(file->toml, file->path, "programme", &list, err));
    arena_init(&arena, 0);
    for (const Toml *t = list ? list->first : NULL; t && st == OK; t = t->next) {
        Programme p;
        MeasureInfo info;
        st = read_programme(file, t, &p, err);
        if (st == OK)
            st = measure_info(policy, p.measure, &arena, &info, err);
        if (st == OK && info.kind != MEASURE_RATE)
            st = error_set(
                err, ERR_INVALID, "%s:%" PRIu32 ": %.*s is no rate", file->path, t->line, SLICE_ARG(p.measure));
        else if (st == ERR_NOT_FOUND)
            st = error_set(
                err, ERR_INVALID, "%s:%" PRIu32 ": no measure \"%.*s\"", file->path, t->line, SLICE_ARG(p.measure));
    }
    arena_free(&arena);
    return st;
}

Status equity_check(Policy *policy, uint64_t *files, Error *err)
{
    PolicyFiles list = {0};
    EquityRules rules;
    int year;
    *files = 0;
    Status st = policy_list(policy, "equity", &list, err);
    for (size_t i = 0; st == OK && i < list.len; i++) {
        if (!slice_eq_z(list.at[i]->schema, "cairn.equity/1"))
            continue;
        /* The version answers at the latest for the June after it came into force. */
        year = date_school_year(list.at[i]->effective_from);
        st = equity_rules(policy, year, &rules, err);
        ++*files;
    }
    vec_free(&list);
    return st == OK ? check_programmes(policy, files, err) : st;
}
