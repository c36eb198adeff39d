/*
 * Which actions would raise a rating without helping any learner?
 *
 * A rating is a function of counts, so the question is answered by trying: a move takes k persons from one state to
 * another in the counts of a line, everything is decided again, and the total is compared. "Well" and "ill" are persons
 * who have and have not what is wanted (for a rate to be low, the hits are ill).
 *
 *   leave       k ill persons leave the denominator altogether (transfer on paper, another programme, not admitted)
 *   out         k ill persons are no longer reported in a group, but stay in everybody
 *   in          k well persons of everybody are newly reported in a group
 *   shrink      the group falls below minimum n: its line is no longer rated
 *   help        k ill persons become well: what the framework wants; it stands beside the others to compare
 *
 * With rate r = w / n the first derivatives are: leave + r / (n - 1), out the same within the group, in
 * + (1 - r) / (n + 1), help + 1 / n. All but help are independent of whether anybody learns more; minimum n, rounding
 * and cut points are why k matters.
 */
#include "account/account_parts.h"

typedef enum Move { MOVE_LEAVE, MOVE_OUT, MOVE_IN, MOVE_SHRINK, MOVE_HELP, MOVE_COUNT } Move;

static const char *const move_words[MOVE_COUNT] = {"leave", "out", "in", "shrink", "help"};
static const char *const move_texts[MOVE_COUNT] = {
    "persons without success leave the denominator",
    "persons without success are no longer reported in the group",
    "successful persons are newly reported in the group",
    "the group falls below minimum n",
    "persons succeed (for comparison: this helps learners)",
};

static const SheetColumn finding_columns[] = {
    {"unit", "unit"},
    {"measure", "measure"},
    {"group", "group"},
    {"move", "move"},
    {"persons", "persons"},
    {"total", "total % now"},
    {"total_after", "then"},
    {"gain", "gain"},
    {"help_gain", "gain by help"},
    {"plan", "plan type now"},
    {"plan_after", "then"},
};

static const SheetColumn move_columns[] = {
    {"measure", "measure"},
    {"move", "move"},
    {"text", NULL},
    {"derivative", "change of the rate, one person"},
    {"helps", "helps a learner"},
    {"lines", "rated lines"},
    {"rate_better", "rate better"},
    {"total_better", "total better"},
    {"plan_better", "plan better"},
};

static const SheetColumn way_columns[] = {
    {"measure", "measure"},
    {"reason", "reason"},
    {"text", "who leaves the denominator"},
};

/* --- one move on one line --- */

static Count well_of(const FrameworkMeasure *m, Count c)
{
    return m->better == BETTER_HIGHER ? c : (Count){c.n - c.hits, c.n};
}

static Count from_well(const FrameworkMeasure *m, Count well)
{
    return m->better == BETTER_HIGHER ? well : (Count){well.n - well.hits, well.n};
}

static void shift(RatingLine *line, int64_t well, int64_t persons)
{
    Count *c = &line->candidates[line->chosen].count;
    Count w = well_of(line->measure, *c);
    w.hits += well;
    w.n += persons;
    *c = from_well(line->measure, w);
}

/* A copy of a rating whose counts may be changed. */
typedef struct Trial {
    const Framework *f;
    const Rating *now;
    Rating then;
    size_t everybody; /* line of the measure at work */
    size_t line;      /* the same, or a group's */
} Trial;

static void trial_reset(Trial *t)
{
    size_t parts = 0;
    for (size_t i = 0; i < t->f->indicator_count; i++)
        parts += t->f->indicators[i].part_count;
    RatingLine *lines = t->then.lines;
    Points *own_parts = t->then.parts, *indicators = t->then.indicators;
    t->then = *t->now;
    t->then.lines = lines;
    t->then.parts = own_parts;
    t->then.indicators = indicators;
    memcpy(lines, t->now->lines, t->now->line_count * sizeof *lines);
    memcpy(own_parts, t->now->parts, parts * sizeof *own_parts);
    memcpy(indicators, t->now->indicators, t->f->indicator_count * sizeof *indicators);
}

/* False: there are not so many persons to move, or the move says nothing of this line. */
static bool try_move(Trial *t, Move move, int64_t k)
{
    trial_reset(t);
    RatingLine *own = &t->then.lines[t->line], *all = &t->then.lines[t->everybody];
    bool is_group = own->group != NULL;
    const Count w = well_of(own->measure, own->candidates[own->chosen].count);
    const Count wa = well_of(all->measure, all->candidates[all->chosen].count);
    int64_t ill = w.n - w.hits, ill_all = wa.n - wa.hits;
    /* Everybody's line may rest on another cohort or not be rated; then a person of the group is not known to be in it.
     */
    bool both = is_group && all->status == LINE_RATED && all->chosen == own->chosen;
    switch (move) {
    case MOVE_LEAVE:
    case MOVE_HELP:
        if (ill < k || (both && ill_all < k))
            return false;
        shift(own, move == MOVE_HELP ? k : 0, move == MOVE_HELP ? 0 : -k);
        if (both)
            shift(all, move == MOVE_HELP ? k : 0, move == MOVE_HELP ? 0 : -k);
        break;
    case MOVE_OUT:
        if (!is_group || ill < k)
            return false;
        shift(own, 0, -k);
        break;
    case MOVE_IN:
        if (!both || wa.hits - w.hits < k)
            return false;
        shift(own, k, k);
        break;
    default:
        /* Well persons go first: the case that a rate cannot explain. */
        if (!is_group || w.n - k >= own->measure->minimum_n || w.n - k < 0)
            return false;
        shift(own, w.hits < k ? -w.hits : -k, -k);
        break;
    }
    rating_decide(t->f, &t->then);
    return true;
}

static bool plan_is_better(const Trial *t)
{
    return t->now->plan && t->then.plan && t->then.plan < t->now->plan;
}

static int64_t rate_of(const RatingLine *line)
{
    return line->status == LINE_RATED ? line->candidates[line->chosen].rate : -1;
}

static bool rate_is_better(const Trial *t)
{
    int64_t was = rate_of(&t->now->lines[t->line]), is = rate_of(&t->then.lines[t->line]);
    if (was < 0 || is < 0)
        return false;
    return t->now->lines[t->line].measure->better == BETTER_HIGHER ? is > was : is < was;
}

/* --- all moves --- */

typedef struct MoveTally {
    Slice measure;
    uint64_t lines[MOVE_COUNT], rate[MOVE_COUNT], total[MOVE_COUNT], plan[MOVE_COUNT];
} MoveTally;
typedef VEC(MoveTally) MoveTallies;

static Status tally_of(MoveTallies *all, Slice measure, MoveTally **out, Error *err)
{
    for (size_t i = 0; i < all->len; i++)
        if (slice_eq(all->at[i].measure, measure)) {
            *out = &all->at[i];
            return OK;
        }
    TRY(vec_push(all, ((MoveTally){.measure = measure}), err));
    *out = &vec_last(all);
    return OK;
}

static void finding_row(const Trial *t, Move move, int64_t k, int64_t help, Sheet *s)
{
    const RatingLine *line = &t->now->lines[t->line];
    const int64_t decimals[] = {t->now->total, t->then.total, t->then.total - t->now->total, help};
    sheet_words(s, t->now->unit);
    sheet_words(s, line->measure->name);
    sheet_words(s, line->group ? line->group->name : SLICE(""));
    sheet_words(s, slice_of(move_words[move]));
    sheet_int(s, k);
    for (size_t i = 0; i < COUNT_OF(decimals); i++)
        sheet_millionths(s, decimals[i]);
    sheet_words(s, t->now->plan->title);
    sheet_words(s, t->then.plan ? t->then.plan->title : SLICE("insufficient data"));
}

/* The fewest persons that raise the total, at most `most`. */
static int64_t fewest(Trial *t, Move move, int64_t most)
{
    for (int64_t k = 1; k <= most; k++)
        if (try_move(t, move, k) && t->then.total > t->now->total)
            return k;
    return 0;
}

static void count_move(Trial *t, Move move, int64_t most, MoveTally *tally)
{
    bool any = false, rate = false, total = false, plan = false;
    for (int64_t k = 1; k <= most; k++) {
        if (!try_move(t, move, k))
            continue;
        any = true;
        rate = rate || rate_is_better(t);
        total = total || t->then.total > t->now->total;
        plan = plan || plan_is_better(t);
    }
    tally->lines[move] += any;
    tally->rate[move] += rate;
    tally->total[move] += total;
    tally->plan[move] += plan;
}

static void try_line(Trial *t, int64_t most, MoveTally *tally, Sheet *s)
{
    for (Move move = 0; move < MOVE_COUNT; move++) {
        count_move(t, move, most, tally);
        int64_t k = move == MOVE_HELP ? 0 : fewest(t, move, most);
        if (k == 0)
            continue;
        int64_t help = try_move(t, MOVE_HELP, k) ? t->then.total - t->now->total : 0;
        if (try_move(t, move, k))
            finding_row(t, move, k, help, s);
    }
}

static Status try_unit(const Framework *f, const Rating *r, int64_t most, MoveTallies *tallies, Sheet *s, Error *err)
{
    Trial t = {.f = f, .now = r};
    size_t parts = 0;
    if (!r->plan)
        return OK;
    for (size_t i = 0; i < f->indicator_count; i++)
        parts += f->indicators[i].part_count;
    TRY(arena_new(&s->arena, RatingLine, r->line_count, &t.then.lines, err));
    TRY(arena_new(&s->arena, Points, parts, &t.then.parts, err));
    TRY(arena_new(&s->arena, Points, f->indicator_count, &t.then.indicators, err));
    for (t.line = 0; t.line < r->line_count; t.line++) {
        MoveTally *tally;
        if (!r->lines[t.line].group)
            t.everybody = t.line;
        if (r->lines[t.line].status != LINE_RATED)
            continue;
        TRY(tally_of(tallies, r->lines[t.line].measure->name, &tally, err));
        try_line(&t, most, tally, s);
    }
    return OK;
}

/* --- sheet --- */

static void tally_rows(const MoveTallies *all, Sheet *s)
{
    static const char *const derivatives[MOVE_COUNT] = {
        "+ r / (n - 1)", "+ r / (n - 1), group only", "+ (1 - r) / (n + 1), group only", "line not rated", "+ 1 / n"};
    sheet_table(s, "moves", SLICE("What each move does, over all rated lines"), move_columns, COUNT_OF(move_columns));
    for (size_t i = 0; i < all->len; i++)
        for (Move move = 0; move < MOVE_COUNT; move++) {
            const MoveTally *t = &all->at[i];
            sheet_words(s, t->measure);
            sheet_words(s, slice_of(move_words[move]));
            sheet_words(s, slice_of(move_texts[move]));
            sheet_words(s, slice_of(derivatives[move]));
            sheet_words(s, move == MOVE_HELP ? SLICE("yes") : SLICE("no"));
            sheet_int(s, (int64_t)t->lines[move]);
            sheet_int(s, (int64_t)t->rate[move]);
            sheet_int(s, (int64_t)t->total[move]);
            sheet_int(s, (int64_t)t->plan[move]);
            if (move != MOVE_HELP && t->plan[move] > 0)
                sheet_finding(s, "%.*s: in %" PRIu64 " lines a better plan type is reached when %s.",
                    SLICE_ARG(t->measure), t->plan[move], move_texts[move]);
        }
}

/* The doors through which a person leaves the denominator: what an audit of data should look at first. */
static Status way_rows(const Framework *f, Policy *policy, Sheet *s, Error *err)
{
    MeasureInfos infos = {0};
    TRY(measure_list(policy, &s->arena, &infos, err));
    sheet_table(
        s, "ways_out", SLICE("Reasons for which persons leave the denominator"), way_columns, COUNT_OF(way_columns));
    for (size_t m = 0; m < infos.len; m++) {
        bool used = false;
        for (size_t i = 0; i < f->indicator_count; i++)
            for (size_t p = 0; p < f->indicators[i].part_count; p++)
                for (size_t k = 0; k < f->indicators[i].parts[p].measure_count; k++) {
                    const FrameworkMeasure *one = &f->indicators[i].parts[p].measures[k];
                    for (size_t c = 0; c < one->candidate_count; c++)
                        used = used || slice_eq(one->candidates[c].measure, infos.at[m].name);
                }
        const Toml *list = used ? toml_get(infos.at[m].file->toml, "exclusion") : NULL;
        for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
            const Toml *reason = toml_get(e, "reason"), *text = toml_get(e, "text");
            sheet_words(s, infos.at[m].name);
            sheet_words(s, reason ? reason->string : SLICE(""));
            sheet_words(s, text ? text->string : SLICE(""));
        }
    }
    vec_free(&infos);
    return OK;
}

static void best_of_findings(const Framework *f, const Ratings *ratings, Sheet *s)
{
    for (size_t i = 0; i < f->indicator_count; i++)
        for (size_t p = 0; p < f->indicators[i].part_count; p++)
            for (size_t m = 0; m < f->indicators[i].parts[p].measure_count; m++) {
                const FrameworkMeasure *one = &f->indicators[i].parts[p].measures[m];
                size_t rated = 0, later = 0;
                for (size_t r = 0; r < ratings->len; r++)
                    for (size_t k = 0; k < ratings->at[r].line_count; k++) {
                        const RatingLine *line = &ratings->at[r].lines[k];
                        if (line->measure != one || line->group || line->status != LINE_RATED)
                            continue;
                        rated++;
                        later += line->chosen > 0;
                    }
                if (one->candidate_count > 1)
                    sheet_finding(s,
                        "%.*s takes the best of %zu rates: in %zu of %zu units a later one decides, and there the "
                        "first "
                        "may fall without any effect.",
                        SLICE_ARG(one->title), one->candidate_count, later, rated);
            }
}

Status account_incentives_sheet(
    const Framework *f, const Ratings *ratings, Policy *policy, int64_t most, Sheet *out, Error *err)
{
    MoveTallies tallies = {0};
    Status st = OK;
    account_facts(f, ratings->len ? ratings->at[0].year : 0, out);
    sheet_fact(out, "persons_at_most", "%" PRId64, most);
    sheet_table(out, "incentives", SLICE("Moves that raise the total and help nobody"), finding_columns,
        COUNT_OF(finding_columns));
    for (size_t i = 0; i < ratings->len; i++)
        TRY_OUT(try_unit(f, &ratings->at[i], most, &tallies, out, err));
    tally_rows(&tallies, out);
    TRY_OUT(way_rows(f, policy, out, err));
    best_of_findings(f, ratings, out);
    account_held_note(f, ratings, out);
    sheet_note(out, "A move is possible in the counts; nothing here says that anybody made it.");
    account_notes(f, out);
    TRY_OUT(sheet_status(out, err));
out:
    vec_free(&tallies);
    return st;
}
