/*
 * An answer beside everything else the asker knows: other questions he was told of, and what releases in force print.
 * The audit of the answer's own tables sees figures of the same people only; here all figures that count some of them
 * are one system (told.h). What must go because of it is held back, the tables are protected once more around it, and
 * what would then be printed is attacked again.
 */
#include "cli/answer_impl.h"
#include "cli/askers.h"

static Status add_question(AnswerPeople *p, Error *err)
{
    const AnswerAsk *ask = p->ask;
    ToldSource s = {.people = ask->people, .asker = slice_of(ask->user), .origin = OVERLAP_ASKED, .count = ask->count};
    Status st = measure_members(ask->ctx, ask->query, &s.members, err);
    if (st == OK)
        st = arena_new(&s.members.arena, ToldFigure, ask->count + 1, &s.figures, err);
    for (size_t i = 0; i < ask->count && st == OK; i++) {
        const Cell *c = &ask->cells[i];
        s.figures[i] = (ToldFigure){.year = c->year,
            .level = c->level,
            .unit = c->unit,
            .split = c->split,
            .grp = c->grp,
            .people = c->denominator,
            .hits = slice_eq_z(c->kind, "rate") ? c->numerator : -1};
    }
    if (st == OK)
        st = vec_push(&p->sources, s, err);
    if (st != OK)
        told_source_free(&s);
    return st;
}

/* Answers that were given before this program kept whom they count cannot be attacked together with others, nor with
 * further ones of the same people: by the one that is kept, those before it would pass for kept too. */
static Status check_kept(AnswerPeople *p, const char *user, Error *err)
{
    PathList people = {0};
    Status st = asker_people(p->ledger, user, &p->arena, &people, err);
    for (size_t i = 0; i < people.len && st == OK; i++) {
        bool kept = false;
        for (size_t k = 0; k < p->sources.len && !kept; k++)
            kept = p->sources.at[k].origin == OVERLAP_TOLD && slice_eq_z(p->sources.at[k].people, people.at[i]) &&
                   slice_eq_z(p->sources.at[k].asker, user);
        if (!kept)
            st = error_set(err, ERR_DENIED,
                "%s was told of %s before it was kept whom answers count: what both together tell cannot be known",
                user, people.at[i]);
    }
    vec_free(&people);
    return st;
}

/* What he was told, and what those were who are taken for one with him. */
static Status add_told(AnswerPeople *p, const char *user, Error *err)
{
    TRY(told_answers(p->home, p->ledger, user, &p->sources, err));
    return check_kept(p, user, err);
}

static Status add_askers(AnswerPeople *p, Error *err)
{
    PathList others = {0};
    ProtectAsking asking;
    TRY(protect_asking(p->policy, clock_today(), &asking, err));
    TRY(add_told(p, p->ask->user, err));
    Status st = asker_others(p->ledger, asking.askers, p->ask->user, p->ask->agreement, &p->arena, &others, err);
    for (size_t i = 0; i < others.len && st == OK; i++)
        st = add_told(p, others.at[i], err);
    vec_free(&others);
    return st;
}

Status answer_people_open(const AnswerAsk *ask, const Workplace *w, AnswerPeople *out, Error *err)
{
    ProtectLeast least;
    *out = (AnswerPeople){.ask = ask, .home = w->home, .ledger = w->ledger, .policy = w->policy};
    arena_init(&out->arena, 0);
    TRY(protect_least(w->policy, clock_today(), &least, err));
    out->least = (OverlapLeast){.n = least.n, .numerator = least.numerator, .complement = least.complement};
    TRY(arena_new(&out->arena, uint8_t, ask->count + 1, &out->held, err));
    TRY(arena_new(&out->arena, uint8_t, ask->count + 1, &out->passed, err));
    TRY(arena_new(&out->arena, uint8_t, ask->count + 1, &out->known, err));
    TRY(add_question(out, err));
    TRY(add_askers(out, err));
    return told_releases(ask->ctx, w->ledger, NULL, &out->sources, err);
}

void answer_people_free(AnswerPeople *p)
{
    told_sources_free(&p->sources);
    arena_free(&p->arena);
}

/* --- the gate ---------------------------------------------------------------------------------------------------- */

static bool is_number(Slice text)
{
    double value;
    return parse_f64(text, &value, NULL) == OK;
}

/* Which of the question's figures the job would print. */
static Status read_printed(AnswerPeople *p, const ProtectJob *job, Error *err)
{
    ToldSource *question = &p->sources.at[0];
    Buf csv;
    CsvTable t;
    size_t people, value;
    uint32_t table = 0;
    while (job->set.tables[table].released || !slice_eq_z(job->set.tables[table].name, "answer"))
        table++;
    buf_init(&csv, 0);
    Status st = protect_csv(job, table, &csv, err);
    if (st == OK)
        st = csv_parse(buf_slice(&csv), "answer.csv", &p->arena, &t, err);
    if (st == OK)
        st = csv_column(&t, "people", &people, err);
    if (st == OK && t.rows != question->count)
        st = error_set(err, ERR_INTERNAL, "an answer of %zu rows for %zu figures", t.rows, question->count);
    bool is_rate = p->ask->count > 0 && slice_eq_z(p->ask->cells[0].kind, "rate");
    bool has_value = st == OK && is_rate && csv_column(&t, "value", &value, NULL) == OK;
    for (size_t i = 0; i < question->count && st == OK; i++) {
        const Slice *row = t.cells + i * t.columns;
        unsigned rate = !has_value                  ? 0u
                        : is_number(row[value])     ? OVERLAP_HITS
                        : told_is_coded(row[value]) ? TOLD_CODED
                                                    : 0u;
        question->figures[i].printed = (is_number(row[people]) ? OVERLAP_PEOPLE : 0u) | rate;
    }
    buf_free(&csv);
    return st;
}

/* Of a rate that is held back a range may be printed still: where that must go too, its people go with it. */
static Status hold_back(AnswerPeople *p, const ToldReport *r, Error *err)
{
    size_t added = 0;
    for (size_t i = 0; i < p->sources.at[0].count && r->hide; i++) {
        uint8_t held = r->hide[i];
        if (held && (held & ~p->held[i]) == 0)
            held = OVERLAP_PEOPLE | OVERLAP_HITS;
        if (held && (held & ~p->held[i]) == 0)
            return error_set(err, ERR_DENIED, "a figure that was held back would show a group of too few people");
        added += (held & ~p->held[i]) != 0;
        p->held_count += p->held[i] == 0 && held != 0;
        p->held[i] |= held;
    }
    p->again = added > 0;
    return added > 0 ? error_set(err, ERR_DENIED, "%zu figures are held back", added) : OK;
}

/* What stays open beside figures stays open beside some of them: of a round that prints no more than an earlier one let
 * pass, nothing new can be found. A range is read in two ways, which are not part of each other, and is attacked anew.
 */
static bool has_passed(const AnswerPeople *p)
{
    const ToldSource *question = &p->sources.at[0];
    for (size_t i = 0; i < question->count; i++)
        if ((question->figures[i].printed & TOLD_CODED) || (question->figures[i].printed & ~(unsigned)p->passed[i]))
            return false;
    return p->rounds > 0;
}

static void keep_passed(AnswerPeople *p)
{
    for (size_t i = 0; i < p->sources.at[0].count; i++)
        p->passed[i] = (uint8_t)(p->sources.at[0].figures[i].printed & ~p->held[i]);
}

static Status check_round(AnswerPeople *p, Error *err)
{
    ToldReport r;
    p->rounds++;
    const ToldCheck check = {
        .sources = &p->sources, .least = p->least, .threads = p->ask->threads, .released = p->ask->released};
    Status st = told_check(&check, TOLD_HIDE, &r, err);
    p->patterns = r.patterns;
    p->apart = p->apart || r.apart;
    if (st == OK)
        st = hold_back(p, &r, err);
    keep_passed(p);
    for (size_t i = 0; i < p->sources.at[0].count && r.known; i++)
        p->known[i] |= r.known[i];
    mem_free(r.hide);
    mem_free(r.known);
    return st;
}

Status answer_people_check(void *ctx, const ProtectJob *job, Error *err)
{
    AnswerPeople *p = ctx;
    p->again = false;
    TRY(read_printed(p, job, err));
    return has_passed(p) ? OK : check_round(p, err);
}

Status answer_people_note(AnswerPeople *p, Error *err)
{
    ToldSource *question = &p->sources.at[0];
    for (size_t i = 0; i < question->count; i++)
        question->figures[i].printed |= (question->figures[i].printed & p->known[i]) << TOLD_WAS_PUBLIC;
    TRY(asker_note_agreement(p->ledger, p->ask->user, p->ask->agreement, err));
    return told_add(p->home, p->ledger, p->ask->user, &p->sources.at[0], err);
}
