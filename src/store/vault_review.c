/*
 * Models, reviewers' decisions, the queue they work on, and clerical samples.
 *
 * Decisions are append-only (triggers refuse anything else) and each one is a
 * ledger entry as well; who may overrule whom is not for the store to say, but
 * nothing is ever lost.
 */
#include "store/vault_impl.h"

#include <stdio.h>

const char *review_reason_name(ReviewReason reason)
{
    static const char *const names[REVIEW_REASON_COUNT] = {"uncertain", "ambiguous", "refused", "weak"};
    ASSERT(reason < REVIEW_REASON_COUNT);
    return names[reason];
}

static const char *const verdict_names[] = {"", "same", "different", "unsure"};

const char *review_verdict_name(ReviewVerdict verdict)
{
    ASSERT(verdict >= REVIEW_SAME && verdict <= REVIEW_UNSURE);
    return verdict_names[verdict];
}

Status review_verdict_parse(Slice text, ReviewVerdict *out, Error *err)
{
    for (size_t i = REVIEW_SAME; i <= REVIEW_UNSURE; i++)
        if (slice_eq_z(text, verdict_names[i])) {
            *out = (ReviewVerdict)i;
            return OK;
        }
    return error_set(err, ERR_INVALID, "a decision is \"same\", \"different\" or \"unsure\"");
}

/* Runs fn over the rows of a statement that is finalised afterwards. */
typedef Status (*RowFn)(sqlite3_stmt *stmt, void *ctx, Error *err);
static Status each_row(Vault *v, sqlite3_stmt *stmt, RowFn fn, void *ctx, Error *err)
{
    Status st = OK;
    for (bool more = true; st == OK;) {
        st = lite_next(&v->lite, stmt, &more, err);
        if (st != OK || !more)
            break;
        st = fn(stmt, ctx, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

/* --- models -------------------------------------------------------------------------------------------------- */

Status vault_put_model(Vault *v, const StoredModel *m, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(home_must_write(v->home, err));
    TRY(lite_prepare(&v->lite,
        "INSERT INTO model (name, at, json, config, baseline) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "at = excluded.at, json = excluded.json, config = excluded.config, baseline = excluded.baseline",
        &stmt, err));
    lite_bind_text(stmt, 1, m->name);
    sqlite3_bind_int64(stmt, 2, clock_now());
    lite_bind_text(stmt, 3, m->json);
    lite_bind_text(stmt, 4, m->config);
    lite_bind_text(stmt, 5, m->baseline);
    Status st = lite_run(&v->lite, stmt, err);
    sqlite3_finalize(stmt);
    return st;
}

Status vault_model_in_force(Vault *v, Arena *arena, StoredModel *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    TRY(lite_prepare(&v->lite,
        "SELECT m.name, m.at, m.json, m.config, m.baseline FROM run r JOIN model m ON m.id = r.model "
        "WHERE r.run = (SELECT max(run) FROM run) AND m.json IS NOT NULL",
        &stmt, err));
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK && !more)
        st = error_set(err, ERR_NOT_FOUND, "no model is in force: nothing has been linked by one yet");
    if (st == OK) {
        out->at = sqlite3_column_int64(stmt, 1);
        Slice *const texts[] = {&out->name, NULL, &out->json, &out->config, &out->baseline};
        for (int i = 0; i < (int)COUNT_OF(texts) && st == OK; i++)
            if (texts[i])
                st = arena_dup(arena, lite_text(stmt, i), texts[i], err);
    }
    sqlite3_finalize(stmt);
    return st;
}

/* --- decisions ----------------------------------------------------------------------------------------------- */

static Status ledger_decision(Vault *v, const ReviewDecision *d, Error *err)
{
    char a[TAG_HEX_SIZE], b[TAG_HEX_SIZE];
    Buf body;
    Json j;
    TRY(vault_need_ledger(v, err));
    tag_print(&d->a, a);
    tag_print(&d->b, b);
    buf_init(&body, 0);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "a", slice_of(a));
    json_kstr(&j, "b", slice_of(b));
    json_kstr(&j, "verdict", slice_of(review_verdict_name(d->verdict)));
    json_kbool(&j, "blind", d->blind);
    json_end(&j);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(v->ledger, "decision.made", d->reviewer, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

Status reviewer_check(Slice reviewer, Error *err)
{
    if (slice_trim(reviewer).len == 0 || reviewer.len > 100 || !slice_is_utf8(reviewer, NULL))
        return error_set(err, ERR_INVALID, "a decision names its reviewer, in at most 100 bytes");
    return OK;
}

/* About two records, a before b; and a reviewer. */
static Status fit_decision(const ReviewDecision *given, ReviewDecision *d, Error *err)
{
    int order = tag_cmp(&given->a, &given->b);
    if (order == 0)
        return error_set(err, ERR_INVALID, "a decision is about two records");
    *d = *given;
    if (order > 0) {
        d->a = given->b;
        d->b = given->a;
    }
    return reviewer_check(d->reviewer, err);
}

static Status insert_decision(Vault *v, sqlite3_stmt *stmt, const ReviewDecision *d, Error *err)
{
    sqlite3_bind_int64(stmt, 1, clock_now());
    lite_bind_blob(stmt, 2, tag_bytes(&d->a));
    lite_bind_blob(stmt, 3, tag_bytes(&d->b));
    sqlite3_bind_int64(stmt, 4, d->verdict);
    lite_bind_text(stmt, 5, d->reviewer);
    sqlite3_bind_int64(stmt, 6, d->blind);
    if (d->odds == INT32_MIN)
        sqlite3_bind_null(stmt, 7);
    else
        sqlite3_bind_int64(stmt, 7, d->odds);
    return lite_run(&v->lite, stmt, err);
}

static Status insert_decisions(Vault *v, const ReviewDecision *decisions, size_t count, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    Status st = lite_exec(&v->lite, "BEGIN IMMEDIATE", err);
    if (st == OK)
        st = lite_prepare(&v->lite,
            "INSERT INTO decision (at, a, b, verdict, reviewer, blind, odds) VALUES (?, ?, ?, ?, ?, ?, ?)", &stmt, err);
    for (size_t i = 0; i < count && st == OK; i++)
        st = insert_decision(v, stmt, &decisions[i], err);
    sqlite3_finalize(stmt);
    if (st == OK)
        st = lite_exec(&v->lite, "COMMIT", err);
    lite_rollback(&v->lite);
    return st;
}

Status vault_add_decisions(Vault *v, const ReviewDecision *given, size_t count, size_t *bad, Error *err)
{
    ReviewDecision *fit = NULL;
    Status st;
    TRY(home_must_write(v->home, err));
    ASSERT(!v->in_load);
    TRY_OUT(mem_zalloc(count, sizeof *fit, (void **)&fit, err));
    for (size_t i = 0; i < count; i++) {
        if (bad)
            *bad = i;
        TRY_OUT(fit_decision(&given[i], &fit[i], err));
    }
    if (bad)
        *bad = count;
    /* The ledger first: a decision that counts has been written down. */
    for (size_t i = 0; i < count; i++)
        TRY_OUT(ledger_decision(v, &fit[i], err));
    st = insert_decisions(v, fit, count, err);
out:
    mem_free(fit);
    return st;
}

typedef struct DecisionArg {
    Arena *arena;
    ReviewDecisions *out;
} DecisionArg;

static Status take_decision(sqlite3_stmt *stmt, void *ctx, Error *err)
{
    DecisionArg *arg = ctx;
    ReviewDecision d = {.seq = sqlite3_column_int64(stmt, 0),
        .at = sqlite3_column_int64(stmt, 1),
        .blind = sqlite3_column_int64(stmt, 6) != 0,
        .odds = INT32_MIN};
    int64_t verdict = sqlite3_column_int64(stmt, 4);
    if (verdict < REVIEW_SAME || verdict > REVIEW_UNSURE)
        return error_set(err, ERR_CORRUPT, "vault: a decision of unknown kind");
    d.verdict = (ReviewVerdict)verdict;
    if (sqlite3_column_type(stmt, 7) != SQLITE_NULL)
        d.odds = (int32_t)sqlite3_column_int64(stmt, 7);
    TRY(vault_column_tag(stmt, 2, &d.a, err));
    TRY(vault_column_tag(stmt, 3, &d.b, err));
    TRY(arena_dup(arg->arena, lite_text(stmt, 5), &d.reviewer, err));
    return vec_push(arg->out, d, err);
}

Status vault_decisions(Vault *v, Arena *arena, ReviewDecisions *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    DecisionArg arg = {arena, out};
    TRY(lite_prepare(
        &v->lite, "SELECT seq, at, a, b, verdict, reviewer, blind, odds FROM decision ORDER BY seq", &stmt, err));
    return each_row(v, stmt, take_decision, &arg, err);
}

Status vault_last_decision(Vault *v, int64_t *out, Error *err)
{
    return lite_i64(&v->lite, "SELECT coalesce(max(seq), 0) FROM decision", out, err);
}

/* --- the queue ----------------------------------------------------------------------------------------------- */

/* Inside the caller's transaction. */
Status vault_put_queue(Vault *v, const ReviewItems *items, QueueMode mode, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (mode == QUEUE_REPLACE)
        TRY(lite_exec(&v->lite, "DELETE FROM review", err));
    TRY(lite_prepare(&v->lite,
        "INSERT OR REPLACE INTO review (a, b, odds, reason, value, evidence) VALUES (?, ?, ?, ?, ?, ?)", &stmt, err));
    Status st = OK;
    for (size_t i = 0; items && i < items->len && st == OK; i++) {
        const ReviewItem *item = &items->at[i];
        ASSERT(tag_cmp(&item->a, &item->b) < 0);
        lite_bind_blob(stmt, 1, tag_bytes(&item->a));
        lite_bind_blob(stmt, 2, tag_bytes(&item->b));
        sqlite3_bind_int64(stmt, 3, item->odds);
        sqlite3_bind_int64(stmt, 4, item->reason);
        sqlite3_bind_int64(stmt, 5, item->value);
        lite_bind_text(stmt, 6, item->evidence);
        st = lite_run(&v->lite, stmt, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

typedef struct QueueArg {
    Arena *arena;
    ReviewItems *out;
} QueueArg;

static Status take_item(sqlite3_stmt *stmt, void *ctx, Error *err)
{
    QueueArg *arg = ctx;
    int64_t reason = sqlite3_column_int64(stmt, 3);
    if (reason < 0 || reason >= REVIEW_REASON_COUNT)
        return error_set(err, ERR_CORRUPT, "vault: a pair for review with an unknown reason");
    ReviewItem item = {.odds = (int32_t)sqlite3_column_int64(stmt, 2),
        .reason = (ReviewReason)reason,
        .value = sqlite3_column_int64(stmt, 4)};
    TRY(vault_column_tag(stmt, 0, &item.a, err));
    TRY(vault_column_tag(stmt, 1, &item.b, err));
    TRY(arena_dup(arg->arena, lite_text(stmt, 5), &item.evidence, err));
    return vec_push(arg->out, item, err);
}

Status vault_queue(Vault *v, Arena *arena, ReviewItems *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    QueueArg arg = {arena, out};
    TRY(lite_prepare(
        &v->lite, "SELECT a, b, odds, reason, value, evidence FROM review ORDER BY value DESC, a, b", &stmt, err));
    return each_row(v, stmt, take_item, &arg, err);
}

/* --- clerical samples ---------------------------------------------------------------------------------------- */

static Status put_strata(Vault *v, const ClericalSample *sample, int64_t number, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "INSERT INTO clerical_stratum (sample, stratum, population, from_odds, linked) VALUES (?, ?, ?, ?, ?)", &stmt,
        err));
    Status st = OK;
    for (uint32_t i = 0; i < sample->strata && st == OK; i++) {
        sqlite3_bind_int64(stmt, 1, number);
        sqlite3_bind_int64(stmt, 2, i);
        sqlite3_bind_int64(stmt, 3, (int64_t)sample->population[i]);
        sqlite3_bind_int64(stmt, 4, sample->from[i]);
        sqlite3_bind_int64(stmt, 5, sample->linked[i]);
        st = lite_run(&v->lite, stmt, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status put_pairs(Vault *v, const ClericalPairs *pairs, int64_t number, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    TRY(lite_prepare(&v->lite,
        "INSERT INTO clerical (sample, stratum, a, b, odds, linked, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)", &stmt,
        err));
    Status st = OK;
    for (size_t i = 0; i < pairs->len && st == OK; i++) {
        const ClericalPair *p = &pairs->at[i];
        sqlite3_bind_int64(stmt, 1, number);
        sqlite3_bind_int64(stmt, 2, p->stratum);
        lite_bind_blob(stmt, 3, tag_bytes(&p->a));
        lite_bind_blob(stmt, 4, tag_bytes(&p->b));
        sqlite3_bind_int64(stmt, 5, p->odds);
        sqlite3_bind_int64(stmt, 6, p->linked);
        lite_bind_text(stmt, 7, p->evidence);
        st = lite_run(&v->lite, stmt, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static Status put_sample(
    Vault *v, const ClericalSample *sample, const ClericalPairs *pairs, int64_t *number, Error *err)
{
    int64_t model = 0;
    sqlite3_stmt *stmt = NULL;
    TRY(vault_model_id(v, sample->model, &model, err));
    TRY(lite_i64(&v->lite, "SELECT coalesce(max(sample), 0) + 1 FROM clerical_sample", number, err));
    TRY(lite_prepare(&v->lite, "INSERT INTO clerical_sample (sample, at, model) VALUES (?, ?, ?)", &stmt, err));
    sqlite3_bind_int64(stmt, 1, *number);
    sqlite3_bind_int64(stmt, 2, clock_now());
    sqlite3_bind_int64(stmt, 3, model);
    Status st = lite_run(&v->lite, stmt, err);
    sqlite3_finalize(stmt);
    TRY(st);
    TRY(put_strata(v, sample, *number, err));
    return put_pairs(v, pairs, *number, err);
}

Status vault_put_sample(Vault *v, const ClericalSample *sample, const ClericalPairs *pairs, int64_t *number, Error *err)
{
    ASSERT(sample->strata <= CLERICAL_STRATA_MAX);
    TRY(home_must_write(v->home, err));
    TRY(lite_exec(&v->lite, "BEGIN IMMEDIATE", err));
    Status st = put_sample(v, sample, pairs, number, err);
    if (st == OK)
        st = lite_exec(&v->lite, "COMMIT", err);
    lite_rollback(&v->lite);
    return st;
}

static Status take_stratum(sqlite3_stmt *stmt, void *ctx, Error *err)
{
    ClericalSample *out = ctx;
    int64_t i = sqlite3_column_int64(stmt, 0);
    if (i != out->strata || i >= CLERICAL_STRATA_MAX)
        return error_set(err, ERR_CORRUPT, "vault: a clerical sample's strata are not in order");
    out->population[i] = (uint64_t)sqlite3_column_int64(stmt, 1);
    out->from[i] = (int32_t)sqlite3_column_int64(stmt, 2);
    out->linked[i] = sqlite3_column_int64(stmt, 3) != 0;
    out->strata++;
    return OK;
}

typedef struct PairArg {
    Arena *arena;
    ClericalPairs *out;
} PairArg;

static Status take_pair(sqlite3_stmt *stmt, void *ctx, Error *err)
{
    PairArg *arg = ctx;
    ClericalPair p = {.stratum = (uint32_t)sqlite3_column_int64(stmt, 0),
        .odds = (int32_t)sqlite3_column_int64(stmt, 3),
        .linked = sqlite3_column_int64(stmt, 4) != 0};
    TRY(vault_column_tag(stmt, 1, &p.a, err));
    TRY(vault_column_tag(stmt, 2, &p.b, err));
    TRY(arena_dup(arg->arena, lite_text(stmt, 5), &p.evidence, err));
    return vec_push(arg->out, p, err);
}

static Status find_sample(Vault *v, int64_t number, Arena *arena, ClericalSample *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    TRY(lite_prepare(&v->lite,
        "SELECT s.sample, s.at, m.name FROM clerical_sample s JOIN model m ON m.id = s.model "
        "WHERE ?1 IN (0, s.sample) ORDER BY s.sample DESC LIMIT 1",
        &stmt, err));
    sqlite3_bind_int64(stmt, 1, number);
    Status st = lite_next(&v->lite, stmt, &more, err);
    if (st == OK && !more)
        st = error_set(err, ERR_NOT_FOUND, "there is no such clerical sample");
    if (st == OK) {
        *out = (ClericalSample){.sample = sqlite3_column_int64(stmt, 0), .at = sqlite3_column_int64(stmt, 1)};
        st = arena_dup(arena, lite_text(stmt, 2), &out->model, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

Status vault_get_sample(Vault *v, int64_t number, Arena *arena, ClericalSample *out, ClericalPairs *pairs, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    PairArg arg = {arena, pairs};
    TRY(find_sample(v, number, arena, out, err));
    TRY(lite_prepare(&v->lite,
        "SELECT stratum, population, from_odds, linked FROM clerical_stratum WHERE sample = ? ORDER BY stratum", &stmt,
        err));
    sqlite3_bind_int64(stmt, 1, out->sample);
    TRY(each_row(v, stmt, take_stratum, out, err));
    TRY(lite_prepare(&v->lite,
        "SELECT stratum, a, b, odds, linked, evidence FROM clerical WHERE sample = ? ORDER BY stratum, a, b", &stmt,
        err));
    sqlite3_bind_int64(stmt, 1, out->sample);
    return each_row(v, stmt, take_pair, &arg, err);
}
