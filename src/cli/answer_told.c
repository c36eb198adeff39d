/*
 * What releases in force tell of the people of a question. They pool and never blank (answer_lineage.c refuses what
 * they suppress); a pool's count follows from its siblings and their parent. So the releases enter the attack as
 * today's true cells of which those are printed that stand alone, and the equations do the rest. That holds only while
 * what was printed is what today's records say: each printed count, pools too, is added up again.
 */
#include "cli/answer_impl.h"

typedef struct Telling {
    const AnswerAsk *ask;
    AnswerTolds *told;
    Map index; /* year, level, place, split, group -> place in told */
    Buf key;
} Telling;

Slice answer_key(Buf *key, int32_t year, Slice level, Slice unit, Slice split, Slice grp)
{
    const Slice parts[] = {level, unit, split, grp};
    buf_reset(key);
    buf_addf(key, "%d", (int)year);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_addc(key, '\x1f');
        buf_add(key, parts[i]);
    }
    return buf_slice(key);
}

/* Whether a split of single groups, or none, is part of what the question divides by. */
static bool is_part(const AnswerAsk *ask, int32_t year, Slice level, Slice split)
{
    for (size_t i = 0; i < ask->count; i++) {
        const Cell *c = &ask->cells[i];
        Slice rest = c->split;
        bool divides = slice_eq_z(split, "all");
        while (rest.ptr && rest.len > 0 && !divides)
            divides = slice_eq(slice_cut(&rest, ','), split);
        if (divides && c->year == year && told_level(level) <= told_level(c->level))
            return true;
    }
    return false;
}

static Status take_cells(Telling *t, const CellSet *all, Error *err)
{
    int32_t year = 0;
    Slice level = {0}, split = {0};
    bool part = false;
    for (size_t i = 0; i < all->count; i++) {
        const Cell *c = &all->cells[i];
        if (!slice_eq(c->measure, t->ask->people) || !c->additive)
            continue;
        if (c->year != year || !slice_eq(c->level, level) || !slice_eq(c->split, split))
            part = is_part(t->ask, c->year, c->level, c->split);
        year = c->year;
        level = c->level;
        split = c->split;
        if (!part)
            continue;
        Slice key = answer_key(&t->key, c->year, c->level, c->unit, c->split, c->grp);
        TRY(buf_status(&t->key, err));
        TRY(map_put(&t->index, key, t->told->len, NULL, err));
        TRY(vec_push(t->told, ((AnswerTold){.cell = c}), err));
    }
    return OK;
}

/* People and outcomes of a printed cell as today's records have them. */
static void add_up(Telling *t, const PublishedCell *c, int64_t *people, int64_t *hits)
{
    Slice units = c->members.len > 0 ? c->members : c->cell.unit;
    *people = *hits = 0;
    while (units.len > 0) {
        Slice unit = slice_cut(&units, ' '), groups = c->groups.len > 0 ? c->groups : c->cell.grp;
        while (groups.len > 0) {
            uint64_t at;
            Slice grp = slice_cut(&groups, ' ');
            if (!map_get(&t->index, answer_key(&t->key, c->cell.year, c->cell.level, unit, c->cell.split, grp), &at))
                continue;
            *people += t->told->at[at].cell->denominator;
            *hits += t->told->at[at].cell->numerator;
        }
    }
}

static Status take_printed(Telling *t, const PublishedCell *c, bool is_rate, Error *err)
{
    int64_t people, hits, shown;
    uint64_t at;
    if (!is_part(t->ask, c->cell.year, c->cell.level, c->cell.split))
        return OK;
    add_up(t, c, &people, &hits);
    if (parse_i64(c->shown_denominator, &shown, NULL) != OK || shown != people ||
        (is_rate && !told_same_rate(c->shown_value, people, hits))) {
        error_set(err, ERR_DENIED,
            "a release in force printed %.*s of %d, %.*s %.*s, and today's records count otherwise: beside it an "
            "answer "
            "would show who was corrected",
            SLICE_ARG(c->cell.table), (int)c->cell.year, SLICE_ARG(c->cell.level), SLICE_ARG(c->cell.unit));
        error_hint(err, "Release the corrected figures first (cairn release --replace TEXT).");
        return ERR_DENIED;
    }
    if (c->members.len == 0 && c->groups.len == 0 &&
        map_get(
            &t->index, answer_key(&t->key, c->cell.year, c->cell.level, c->cell.unit, c->cell.split, c->cell.grp), &at))
        t->told->at[at].printed = true;
    return buf_status(&t->key, err);
}

Status answer_told(
    const AnswerAsk *ask, const CellSet *all, const ReleasePrinted *printed, AnswerTolds *out, Error *err)
{
    Telling t = {.ask = ask, .told = out};
    *out = (AnswerTolds){0};
    if (printed->count == 0)
        return OK;
    buf_init(&t.key, 1 << 16);
    Status st = map_init(&t.index, err);
    if (st == OK)
        st = take_cells(&t, all, err);
    bool is_rate = ask->count > 0 && slice_eq_z(ask->cells[0].kind, "rate");
    for (size_t i = 0; i < printed->count && st == OK; i++)
        st = take_printed(&t, &printed->cells[i], is_rate, err);
    map_free(&t.index);
    buf_free(&t.key);
    return st;
}
