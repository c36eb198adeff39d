/*
 * Why two records are one person, or are not, in words.
 *
 * What is told: where both stand, the odds field by field under the model in
 * force, which blocking passes bring them together, hard rules, reviewers'
 * decisions, the chain of links when they are one person without a link of their
 * own, and what the two persons contradict each other in when they are not. Values
 * are left out unless a purpose is given; levels of agreement are enough to
 * understand a decision most of the time.
 */
#include "identity/identity_impl.h"

#define CHAIN_MAX 64
#define CONTRADICTIONS_MAX 5
#define RIVALS_MAX 4 /* of each record */

typedef VEC(uint32_t) RecordList;

typedef struct Why {
    LinkJob job;
    MatchLook *look;
    const WhyOptions *options;
    RecordList a, b; /* the records that each side names */
    Buf *out;
} Why;

/* --- finding the two ------------------------------------------------------------------------------------------ */

static bool cell_is(const Why *w, uint32_t record, uint32_t column, Slice value)
{
    Slice text = match_cell_text(w->job.records.table, record, column);
    if (text.len == 0 || value.len == 0)
        return false;
    /* an organisation's own id stands after the organisation */
    bool tail = slice_eq_z(w->job.linkage.match.columns[column], "local_id") && slice_ends(text, value);
    return slice_eq(text, value) || tail;
}

/* SOURCE:ID, where ID is a SASID or an organisation's own id. */
static Status find_by_id(Why *w, Slice source, Slice id, RecordList *out, Error *err)
{
    const MatchConfig *config = &w->job.linkage.match;
    for (uint32_t i = 0; i < w->job.records.in_table; i++) {
        if (!slice_eq(config->sources[match_record_source(w->job.records.table, i)].name, source))
            continue;
        for (uint32_t c = 0; c < config->column_count; c++) {
            bool is_id = slice_eq_z(config->columns[c], "sasid") || slice_eq_z(config->columns[c], "local_id");
            if (is_id && cell_is(w, i, c, id)) {
                TRY(vec_push(out, i, err));
                break;
            }
        }
    }
    return OK;
}

static Status find_side(Why *w, Slice text, RecordList *out, Error *err)
{
    const Resolved *r = &w->job.resolved;
    RecordTag tag;
    uint64_t person;
    Slice rest = text, source = slice_cut(&rest, ':');
    if (rest.ptr) {
        TRY(find_by_id(w, source, rest, out, err));
    } else if (tag_parse(text, &tag, NULL) == OK) {
        uint32_t record = tag_places_find(&w->job.tags, &tag);
        if (record != MATCH_NONE)
            TRY(vec_push(out, record, err));
    } else if (parse_u64(text, &person, NULL) == OK) {
        for (uint32_t i = 0; i < r->count; i++)
            if (r->person[r->cluster[i]] == person)
                TRY(vec_push(out, i, err));
    } else {
        return error_set(err, ERR_USAGE, "give a record tag (32 hex digits), a person's number, or SOURCE:ID");
    }
    if (out->len == 0)
        return error_set(err, ERR_NOT_FOUND, "no linked record is named so");
    return OK;
}

/* Of the pairs between the two sides the likeliest: by it a person is compared. */
static MatchPair best_between(const Why *w)
{
    MatchPair best = {.a = MATCH_NONE, .odds = INT32_MIN};
    for (size_t i = 0; i < w->a.len; i++)
        for (size_t k = 0; k < w->b.len; k++) {
            if (w->a.at[i] == w->b.at[k])
                continue;
            MatchPair p = match_look_score(w->look, w->a.at[i], w->b.at[k]);
            if (best.a == MATCH_NONE || p.odds > best.odds) {
                best = p;
                best.a = w->a.at[i];
                best.b = w->b.at[k];
            }
        }
    return best;
}

/* --- words ---------------------------------------------------------------------------------------------------- */

static void say_record(Why *w, const char *name, uint32_t record)
{
    const Resolved *r = &w->job.resolved;
    char tag[TAG_HEX_SIZE];
    tag_print(&w->job.records.tags[record], tag);
    Slice source = w->job.linkage.match.sources[match_record_source(w->job.records.table, record)].name;
    buf_addf(w->out, "%s: record %s of %.*s, person %" PRIu64 "\n", name, tag, SLICE_ARG(source),
        r->person[r->cluster[record]]);
}

static void say_odds(Buf *out, Weight odds)
{
    double p = weight_probability(odds);
    buf_addf(out, "%+.1f bits, probability %.*f", (double)odds / WEIGHT_BIT, p > 0.99 || p < 0.01 ? 6 : 3, p);
}

static void say_weight(Buf *out, Weight weight, const char *what)
{
    buf_addf(out, "  %+7.2f  %s\n", (double)weight / WEIGHT_BIT, what);
}

static void say_fields(Why *w, const Explanation *why)
{
    bool values = w->options->values == WHY_VALUES;
    say_weight(w->out, why->prior, "before looking: two records drawn at random");
    for (uint32_t f = 0; f < why->field_count; f++) {
        const FieldReason *r = &why->fields[f];
        buf_addf(
            w->out, "  %+7.2f  %-16.*s %.*s", (double)r->weight / WEIGHT_BIT, SLICE_ARG(r->field), SLICE_ARG(r->level));
        if (r->frequency != 0)
            buf_addf(w->out, " (%+.2f of it because the value is %s)", (double)r->frequency / WEIGHT_BIT,
                r->frequency > 0 ? "rare" : "common");
        if (values && (r->left.len || r->right.len))
            buf_addf(w->out, ": \"%.*s\" and \"%.*s\"", SLICE_ARG(r->left), SLICE_ARG(r->right));
        buf_addc(w->out, '\n');
    }
    if (why->household)
        say_weight(w->out, why->household, "they may be neighbours, of one household, or twins");
    if (why->calibration)
        say_weight(w->out, why->calibration, "calibration");
    if (why->ruled)
        say_weight(w->out, why->ruled, "a hard rule");
    say_weight(w->out, why->odds, "together");
}

static void say_passes(Why *w, const Explanation *why)
{
    const MatchModel *m = w->job.model;
    buf_adds(w->out, why->passes ? "Brought together by" : "No blocking pass brings them together. There are");
    bool first = true;
    for (uint32_t p = 0; p < match_pass_count(m); p++) {
        if (why->passes && !(why->passes >> p & 1))
            continue;
        buf_addf(w->out, "%s %.*s", first ? "" : ",", SLICE_ARG(match_pass_name(m, p)));
        first = false;
    }
    buf_adds(w->out, ".\n");
    if (!why->passes)
        return;
    first = true;
    for (uint32_t p = 0; p < match_pass_count(m); p++) {
        if (why->passes >> p & 1)
            continue;
        buf_addf(w->out, "%s %.*s", first ? "Not by" : ",", SLICE_ARG(match_pass_name(m, p)));
        first = false;
    }
    buf_adds(w->out, first ? "" : ".\n");
}

static Status say_decisions(Why *w, uint32_t a, uint32_t b, Error *err)
{
    ReviewDecisions all = {0};
    TRY(vault_decisions(w->job.vault, &w->job.arena, &all, err));
    const PairVerdict *v = verdict_find(&w->job.verdicts, &w->job.records.tags[a], &w->job.records.tags[b]);
    if (v)
        buf_addf(w->out, "Reviewers have looked at this pair: %s.\n", pair_state_name(v->state));
    for (size_t i = 0; v && i < all.len; i++) {
        const ReviewDecision *d = &all.at[i];
        if (tag_cmp(&d->a, &v->a) != 0 || tag_cmp(&d->b, &v->b) != 0)
            continue;
        char at[21];
        clock_print(d->at, at);
        buf_addf(w->out, "  %s: %.*s said %s%s\n", at, SLICE_ARG(d->reviewer), review_verdict_name(d->verdict),
            d->blind ? " without seeing the odds" : "");
    }
    vec_free(&all);
    return OK;
}

/* --- one person: the chain ------------------------------------------------------------------------------------ */

/* From a record to the founder of its person. */
static size_t path_up(const Resolved *r, uint32_t record, uint32_t path[CHAIN_MAX])
{
    size_t n = 0;
    while (record != MATCH_NONE && n < CHAIN_MAX) {
        for (size_t i = 0; i < n; i++)
            if (path[i] == record)
                return n;
        path[n++] = record;
        record = r->to[record];
    }
    return n;
}

static void say_step(Why *w, uint32_t from)
{
    const Resolved *r = &w->job.resolved;
    char tag[TAG_HEX_SIZE];
    tag_print(&w->job.records.tags[r->to[from]], tag);
    Slice source = w->job.linkage.match.sources[match_record_source(w->job.records.table, r->to[from])].name;
    buf_addf(w->out, "  by %s to record %.8s of %.*s (", link_kind_name(r->kind[from]), tag, SLICE_ARG(source));
    say_odds(w->out, r->odds[from]);
    buf_adds(w->out, ")\n");
}

static void say_chain(Why *w, uint32_t a, uint32_t b)
{
    const Resolved *r = &w->job.resolved;
    uint32_t up_a[CHAIN_MAX], up_b[CHAIN_MAX];
    size_t na = path_up(r, a, up_a), nb = path_up(r, b, up_b), meet_a = na, meet_b = nb;
    for (size_t i = 0; i < na && meet_a == na; i++)
        for (size_t k = 0; k < nb && meet_a == na; k++)
            if (up_a[i] == up_b[k]) {
                meet_a = i;
                meet_b = k;
            }
    buf_adds(w->out, "They are one person.\n");
    if (meet_a > 0)
        buf_adds(w->out, "A is tied\n");
    for (size_t i = 0; i < meet_a && r->to[up_a[i]] != MATCH_NONE; i++)
        say_step(w, up_a[i]);
    if (meet_b > 0)
        buf_adds(w->out, "B is tied\n");
    for (size_t i = 0; i < meet_b && r->to[up_b[i]] != MATCH_NONE; i++)
        say_step(w, up_b[i]);
}

/* --- two persons: what keeps them apart ------------------------------------------------------------------------ */

/* Returns how many there are, CONTRADICTIONS_MAX at most. */
static size_t say_contradictions(Why *w, uint32_t a, uint32_t b)
{
    const Resolved *r = &w->job.resolved;
    const MatchConfig *config = &w->job.linkage.match;
    const MatchTable *t = w->job.records.table;
    size_t found = 0;
    for (uint32_t i = 0; i < r->count && found < CONTRADICTIONS_MAX; i++) {
        if (r->cluster[i] != r->cluster[a])
            continue;
        for (uint32_t k = 0; k < r->count && found < CONTRADICTIONS_MAX; k++) {
            if (r->cluster[k] != r->cluster[b])
                continue;
            Explanation why;
            match_look_explain(w->look, i, k, &why);
            uint32_t s = match_record_source(t, i);
            const PairVerdict *v = verdict_find(&w->job.verdicts, &w->job.records.tags[i], &w->job.records.tags[k]);
            bool unique = s == match_record_source(t, k) && config->sources[s].unique;
            bool decided = v && v->state == PAIR_DIFFERENT;
            bool ruled = why.rule.len > 0 && why.odds < config->match_from;
            if (!unique && !decided && !ruled)
                continue;
            char x[TAG_HEX_SIZE], y[TAG_HEX_SIZE];
            tag_print(&w->job.records.tags[i], x);
            tag_print(&w->job.records.tags[k], y);
            buf_addf(w->out, "  records %.8s and %.8s: ", x, y);
            if (decided)
                buf_adds(w->out, "reviewers told them apart\n");
            else if (ruled)
                buf_addf(w->out, "the rule \"%.*s\" keeps them apart\n", SLICE_ARG(why.rule));
            else
                buf_addf(w->out, "both are of %.*s, which holds nobody twice\n", SLICE_ARG(config->sources[s].name));
            found++;
        }
    }
    return found;
}

typedef struct Rival { /* a third person that may be one with a record's */
    uint32_t record;
    Weight odds;
} Rival;

/* Each third person by its likeliest record, the likeliest persons first. */
static size_t add_rival(const Resolved *r, Rival list[RIVALS_MAX], size_t n, Rival rival)
{
    size_t at = 0, end = n;
    for (size_t i = 0; i < n; i++)
        if (r->cluster[list[i].record] == r->cluster[rival.record]) {
            if (list[i].odds >= rival.odds)
                return n;
            end = i; /* it moves up from there */
            break;
        }
    while (at < end && list[at].odds >= rival.odds)
        at++;
    if (end == RIVALS_MAX) {
        if (at == RIVALS_MAX)
            return n;
        end--;
    }
    memmove(list + at + 1, list + at, (end - at) * sizeof *list);
    list[at] = rival;
    return end == n ? n + 1 : n;
}

/* Who else is likely to be one with this record, and could be found. */
static void say_rivals(Why *w, const char *name, uint32_t record, uint32_t other)
{
    const Resolved *r = &w->job.resolved;
    const MatchConfig *config = &w->job.linkage.match;
    Rival list[RIVALS_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->cluster[i] == r->cluster[record] || r->cluster[i] == r->cluster[other])
            continue;
        Rival rival = {i, match_look_odds(w->look, record, i)};
        bool listed = n < RIVALS_MAX || rival.odds > list[n - 1].odds;
        if (rival.odds >= config->review_from && listed && match_look_score(w->look, record, i).passes != 0)
            n = add_rival(r, list, n, rival);
    }
    for (size_t i = 0; i < n; i++) {
        char tag[TAG_HEX_SIZE];
        tag_print(&w->job.records.tags[list[i].record], tag);
        Slice source = config->sources[match_record_source(w->job.records.table, list[i].record)].name;
        buf_addf(w->out, "  %s may be person %" PRIu64 " as well: record %.8s of %.*s (", name,
            r->person[r->cluster[list[i].record]], tag, SLICE_ARG(source));
        say_odds(w->out, list[i].odds);
        buf_adds(w->out, ")\n");
    }
}

static Status list_person(const Resolved *r, uint32_t first, RecordList *out, Error *err)
{
    TRY(vec_push(out, first, err));
    for (uint32_t i = 0; i < r->count; i++)
        if (i != first && r->cluster[i] == r->cluster[first])
            TRY(vec_push(out, i, err));
    return OK;
}

static uint8_t person_kinds(const Why *w, uint32_t record)
{
    const Resolved *r = &w->job.resolved;
    uint8_t kinds = 0;
    for (uint32_t i = 0; i < r->count; i++)
        if (r->cluster[i] == r->cluster[record])
            kinds |= match_kinds_of(&w->job.linkage.match, match_record_source(w->job.records.table, i));
    return kinds;
}

/* Why more may be asked of the two than of others, and where it can come from. */
static void say_left_over(Why *w, Weight from)
{
    const MatchConfig *config = &w->job.linkage.match;
    if (from > config->match_from)
        buf_addf(w->out,
            "  No kind of source has records of both persons: such are linked by themselves from odds of %+.1f bits "
            "on. Who is left over when nearly all like him have been found elsewhere has higher odds than the records "
            "alone, and is linked from the same odds on; that was not enough here, or others are as likely.\n",
            (double)from / WEIGHT_BIT);
}

/* Nothing contradicts: then it is all of the two persons together, or somebody else. */
static Status say_rest(Why *w, uint32_t a, uint32_t b, Weight from, Error *err)
{
    const Resolved *r = &w->job.resolved;
    RecordList x = {0}, y = {0};
    Weight odds = 0;
    Status st = list_person(r, a, &x, err);
    if (st == OK)
        st = list_person(r, b, &y, err);
    if (st == OK)
        st = match_persons_odds(w->job.records.table, w->job.model, x.at, x.len, y.at, y.len, &odds, err);
    if (st == OK) {
        buf_addf(w->out, "  nothing contradicts; all records of the one (%zu) against all of the other (%zu): ", x.len,
            y.len);
        say_odds(w->out, odds);
        buf_addc(w->out, '\n');
        say_rivals(w, "A", a, b);
        say_rivals(w, "B", b, a);
        buf_adds(w->out, "  Where others are nearly as likely, a link must be twice as likely as they are together; "
                         "otherwise a reviewer is asked.\n");
        say_left_over(w, from);
    }
    vec_free(&x);
    vec_free(&y);
    return st;
}

static Status say_apart(Why *w, uint32_t a, uint32_t b, Weight odds, Error *err)
{
    const MatchConfig *config = &w->job.linkage.match;
    buf_adds(w->out, "They are two persons.\n");
    Weight from = match_link_from(config, person_kinds(w, a), person_kinds(w, b));
    if (odds < config->match_from) {
        buf_addf(w->out, "Records are linked from odds of %+.1f bits on", (double)config->match_from / WEIGHT_BIT);
        buf_adds(w->out, odds >= config->review_from ? "; from these odds on a reviewer is asked.\n" : ".\n");
        say_left_over(w, from);
        return OK;
    }
    buf_adds(w->out, odds >= from
                         ? "By themselves the two would be linked. What keeps the persons apart:\n"
                         : "By themselves the two are likelier one person than not, and yet are not linked:\n");
    return say_contradictions(w, a, b) > 0 ? OK : say_rest(w, a, b, from, err);
}

static Status explain(Why *w, Error *err)
{
    const Resolved *r = &w->job.resolved;
    MatchPair best = best_between(w);
    Explanation why;
    if (best.a == MATCH_NONE)
        return error_set(err, ERR_INVALID, "both sides name the same record");
    uint32_t a = best.a, b = best.b;
    say_record(w, "A", a);
    say_record(w, "B", b);
    if (w->a.len * w->b.len > 1)
        buf_addf(w->out, "(the likeliest of %zu pairs)\n", w->a.len * w->b.len);
    buf_addc(w->out, '\n');
    match_look_explain(w->look, a, b, &why);
    if (r->cluster[a] == r->cluster[b])
        say_chain(w, a, b);
    else
        TRY(say_apart(w, a, b, why.odds, err));
    buf_adds(w->out, "\nThe two records by themselves: ");
    say_odds(w->out, why.odds);
    buf_adds(w->out, "\n");
    say_fields(w, &why);
    if (why.rule.len)
        buf_addf(w->out, "The rule \"%.*s\" decides this pair.\n", SLICE_ARG(why.rule));
    say_passes(w, &why);
    TRY(say_decisions(w, a, b, err));
    buf_addf(w->out, "Model %.16s\n", w->job.model_name.ptr);
    return buf_status(w->out, err);
}

Status identity_why(const LinkContext *ctx, const WhyOptions *options, Buf *out, Error *err)
{
    LinkReport unused;
    Why w = {.job = {.ctx = ctx, .report = &unused}, .options = options, .out = out};
    if (options->values == WHY_VALUES && (!options->purpose || !options->purpose[0]))
        return error_set(err, ERR_DENIED, "values are shown for a stated purpose only");
    arena_init(&w.job.arena, 0);
    Status st;
    TRY_OUT(job_load_present(&w.job, options->purpose ? options->purpose : "explain a link", err));
    TRY_OUT(match_look_new(w.job.records.table, w.job.model, &w.look, err));
    TRY_OUT(settled_decisions(
        w.job.vault, &w.job.records, &w.job.tags, &w.job.arena, &w.job.verdicts, &w.job.decisions, err));
    TRY_OUT(find_side(&w, options->a, &w.a, err));
    TRY_OUT(find_side(&w, options->b, &w.b, err));
    TRY_OUT(explain(&w, err));
out:
    vec_free(&w.a);
    vec_free(&w.b);
    match_look_free(w.look);
    job_free(&w.job);
    return st;
}
