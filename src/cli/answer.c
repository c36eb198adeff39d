/* One question from cells to what may be said: answer.h draws the way. */
#include "cli/answer_impl.h"
#include "cli/asker.h"
#include "protect/protect.h"

typedef struct Giving {
    const AnswerAsk *ask;
    const Workplace *w;
    const Log *log;
    Asker asker;
    CellSet all; /* today's results: where places lie, what pools are made of */
    AnswerPlaces places;
    ReleasePrinted printed;
    AnswerTolds told;
    AnswerSplits splits;
    AnswerPeople people;
    const char *dir, *out; /* in the home's tmp/ */
    Arena arena;
} Giving;

static Status refuse(const Cell *c, const char *why, Error *err)
{
    return error_set(err, ERR_INVALID, "%.*s of %d: %s", SLICE_ARG(c->measure), (int)c->year, why);
}

static Status check_cells(const AnswerAsk *ask, Error *err)
{
    static const char *const kinds[] = {"rate", "median", "count"};
    for (size_t i = 0; i < ask->count; i++) {
        const Cell *c = &ask->cells[i];
        bool known = false;
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            known = known || slice_eq_z(c->kind, kinds[k]);
        if (!known || !slice_eq(c->kind, ask->cells[0].kind))
            return refuse(c, "only rates, medians and counts can be answered, of one kind at a time", err);
        if (c->pooled.len > 0)
            return refuse(c, "pooled figures cannot be answered: ask for those they are made of", err);
        if (!c->additive)
            return refuse(c, "its groups overlap: one would tell of another by subtraction", err);
    }
    return ask->count > 0 ? OK : error_set(err, ERR_NOT_FOUND, "the question has no figures");
}

static Status collect(Giving *g, Error *err)
{
    uint32_t generation;
    TRY(warehouse_current(g->w->home, &generation, err));
    TRY(cells_read_all(g->w->home, generation, &g->all, err));
    TRY(answer_places_new(&g->all, &g->places, err));
    if (g->ask->released)
        TRY(release_printed(&(ReleaseReading){.home = g->w->home, .ledger = g->w->ledger, .measure = g->ask->people},
            &g->printed, err));
    TRY(answer_told(g->ask, &g->all, &g->printed, &g->told, err));
    if (g->ask->released)
        TRY(answer_beside(g->ask, &(AnswerHouse){g->w->home, g->w->policy, g->w->ledger}, &g->all, &g->printed, err));
    TRY(answer_people_open(g->ask, g->w, &g->people, err));
    return answer_splits(g->ask, g->asker.history, &g->arena, &g->splits, err);
}

static Status write_policy(Giving *g, const char **path, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = protect_rule_file(g->w->policy, clock_today(),
        answer_has_employers(g->ask) ? NULL : "the question's figures have no employers", &text, err);
    if (st == OK)
        st = path_join(&g->arena, g->dir, "policy.toml", path, err);
    if (st == OK)
        st = file_write(*path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    return st;
}

static Status make_dir(Giving *g, Error *err)
{
    const char *tmp;
    TRY(home_file(g->w->home, &g->arena, "tmp", &tmp, err));
    TRY(path_join(&g->arena, tmp, "answer", &g->dir, err));
    TRY(path_join(&g->arena, g->dir, "out", &g->out, err));
    TRY(dir_remove(g->dir, err));
    return dir_make(g->dir, MODE_DIR_PRIVATE, err);
}

/* Whom it counts first: an answer that a killed run left in its history is asked for again and noted then. */
static Status note(void *ctx, Error *err)
{
    Giving *g = ctx;
    TRY(answer_people_note(&g->people, err));
    return asker_note(&g->asker, err);
}

/* The tables are made by this program: what is wrong with them is that they contradict what was told before. */
static Status run_gate(Giving *g, ProtectFileReport *report, Error *err)
{
    ProtectFileOptions o = {.history = g->asker.history,
        .out = g->out,
        .check = answer_people_check,
        .check_ctx = &g->people,
        .noted = note,
        .noted_ctx = g,
        .run = {.threads = g->ask->threads, .log = g->log, .known_allowed = true}};
    TRY(write_policy(g, &o.policy, err));
    TRY(path_join(&g->arena, g->dir, "tables.toml", &o.tables, err));
    Error why = ERROR_INIT;
    Status st = protectfile_protect(&o, report, &why);
    if (st == ERR_INVALID) {
        /* what does not add up, and by how much, is what the refusal hides */
        error_set(err, ERR_DENIED, "the answer does not go with what was told before");
        error_hint(err, "Records were corrected since, and the difference of two answers would show whose.");
        return ERR_DENIED;
    }
    if (st != OK && err)
        *err = why;
    return st;
}

/* --- the figures ------------------------------------------------------------------------------------------------- */

static Status read_figures(Giving *g, Answer *a, Error *err)
{
    const char *path;
    CsvTable t;
    size_t people, value;
    TRY(path_join(&g->arena, g->out, "answer.csv", &path, err));
    TRY(csv_read(path, &a->arena, &t, err));
    TRY(csv_column(&t, "people", &people, err));
    bool has_value = csv_column(&t, "value", &value, NULL) == OK;
    if (t.rows != g->ask->count)
        return error_set(err, ERR_INTERNAL, "an answer of %zu rows for %zu cells", t.rows, g->ask->count);
    TRY(arena_new(&a->arena, AnswerFigure, t.rows, &a->figures, err));
    for (a->count = 0; a->count < t.rows; a->count++) {
        const Slice *row = t.cells + a->count * t.columns;
        a->figures[a->count] = (AnswerFigure){
            .cell = &g->ask->cells[a->count], .people = row[people], .value = has_value ? row[value] : (Slice){"", 0}};
    }
    return OK;
}

/* Once, or twice: what the first round holds back is hidden in the second, whose outcome is attacked again. */
static Status protect(Giving *g, ProtectFileReport *report, Error *err)
{
    for (;;) {
        const AnswerTables tables = {.ask = g->ask,
            .splits = &g->splits,
            .places = &g->places,
            .told = &g->told,
            .held = g->people.held_count > 0 ? g->people.held : NULL};
        TRY(make_dir(g, err));
        TRY(answer_tables(&tables, g->dir, &g->arena, err));
        Status st = run_gate(g, report, err);
        if (!g->people.again)
            return st;
        error_clear(err);
        g->people.again = false;
    }
}

static Status give(Giving *g, Answer *out, Error *err)
{
    TRY(check_cells(g->ask, err));
    const char *people;
    TRY(arena_printf(&g->arena, &people, err, "%.*s", SLICE_ARG(g->ask->people)));
    TRY(asker_open(g->w->home, g->w->ledger, g->ask->user, people, &g->arena, &g->asker, err));
    TRY(collect(g, err));
    TRY(protect(g, &out->report, err));
    if (g->people.apart)
        log_line(
            g->log, LOG_WARN, "event=answer.in_pairs user=%s people=%.*s", g->ask->user, SLICE_ARG(g->ask->people));
    out->held = g->people.held_count;
    out->patterns = g->people.patterns;
    return read_figures(g, out, err);
}

Status answer_give(Cli *cli, const Workplace *w, const AnswerAsk *ask, Answer *out, Error *err)
{
    Giving g = {.ask = ask, .w = w, .log = &cli->log};
    *out = (Answer){0};
    arena_init(&out->arena, 0);
    arena_init(&g.arena, 0);
    Status st = give(&g, out, err);
    Status removed = g.dir ? dir_remove(g.dir, st == OK ? err : NULL) : OK;
    answer_places_free(&g.places);
    vec_free(&g.told);
    answer_people_free(&g.people);
    release_printed_free(&g.printed);
    cells_free(&g.all);
    arena_free(&g.arena);
    return st != OK ? st : removed;
}

void answer_free(Answer *a)
{
    arena_free(&a->arena);
    *a = (Answer){0};
}
