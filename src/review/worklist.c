/* What waits for a reviewer: the queue or a clerical sample, less what is settled and what she has decided herself. */
#include "review/review_impl.h"

#include <stdlib.h>

void review_pair_print(const RecordTag *a, const RecordTag *b, char out[PAIR_TEXT_SIZE])
{
    tag_print(a, out);
    out[TAG_HEX_SIZE - 1] = '-';
    tag_print(b, out + TAG_HEX_SIZE);
}

Status review_pair_parse(Slice text, RecordTag *a, RecordTag *b, Error *err)
{
    Slice rest = text, first = slice_cut(&rest, '-');
    if (!rest.ptr || tag_parse(first, a, NULL) != OK || tag_parse(rest, b, NULL) != OK || tag_cmp(a, b) == 0)
        return error_set(err, ERR_PARSE, "a pair is two different record tags with a hyphen between");
    return OK;
}

static Status load_queue(Vault *vault, ReviewList *out, Error *err)
{
    ReviewItems items = {0};
    Status st = vault_queue(vault, &out->arena, &items, err);
    for (size_t i = 0; st == OK && i < items.len; i++)
        st = vec_push(&out->at,
            ((ReviewEntry){.a = items.at[i].a,
                .b = items.at[i].b,
                .odds = items.at[i].odds,
                .value = items.at[i].value,
                .reason = review_reason_name(items.at[i].reason),
                .evidence = items.at[i].evidence}),
            err);
    vec_free(&items);
    return st;
}

static int by_pair(const void *x, const void *y)
{
    const ReviewEntry *a = x, *b = y;
    int order = tag_cmp(&a->a, &b->a);
    return order != 0 ? order : tag_cmp(&a->b, &b->b);
}

/* In order of tag, which is random: a reviewer of a sample must not guess a pair's stratum from its place. */
static Status load_sample(Vault *vault, ReviewList *out, Error *err)
{
    ClericalSample sample;
    ClericalPairs pairs = {0};
    Status st = vault_get_sample(vault, 0, &out->arena, &sample, &pairs, err);
    for (size_t i = 0; st == OK && i < pairs.len; i++)
        st = vec_push(&out->at,
            ((ReviewEntry){.a = pairs.at[i].a,
                .b = pairs.at[i].b,
                .odds = pairs.at[i].odds,
                .reason = "sample",
                .evidence = pairs.at[i].evidence}),
            err);
    vec_free(&pairs);
    if (out->at.len > 1)
        qsort(out->at.at, out->at.len, sizeof *out->at.at, by_pair);
    return st;
}

static bool decided_by(const ReviewDecisions *all, const ReviewEntry *e, Slice reviewer)
{
    for (size_t i = all->len; i-- > 0;)
        if (slice_eq(all->at[i].reviewer, reviewer) && tag_cmp(&all->at[i].a, &e->a) == 0 &&
            tag_cmp(&all->at[i].b, &e->b) == 0)
            return true;
    return false;
}

/* Settled pairs leave the queue. A sample is judged by one person a pair, whatever the policy asks of the queue. */
static bool is_done(const ReviewContext *ctx, const ReviewEntry *e)
{
    PairState s = e->verdict.state;
    if (ctx->set == REVIEW_SET_SAMPLE)
        return s != PAIR_OPEN;
    return s == PAIR_SAME || s == PAIR_DIFFERENT || s == PAIR_UNSURE;
}

static Status mark_verdicts(const ReviewContext *ctx, Vault *vault, ReviewList *list, Error *err)
{
    ReviewPolicy policy;
    ReviewDecisions decisions = {0};
    PairVerdicts verdicts = {0};
    size_t n = 0;
    Status st;
    TRY_OUT(identity_review_policy(ctx->policy, clock_today(), &policy, err));
    TRY_OUT(vault_decisions(vault, &list->arena, &decisions, err));
    TRY_OUT(verdicts_of(&decisions, &policy, &verdicts, err));
    for (size_t i = 0; i < list->at.len; i++) {
        ReviewEntry *e = &list->at.at[i];
        const PairVerdict *v = verdict_find(&verdicts, &e->a, &e->b);
        e->verdict = v ? *v : (PairVerdict){.a = e->a, .b = e->b};
        e->mine = v && ctx->reviewer.len > 0 && decided_by(&decisions, e, ctx->reviewer);
        if (is_done(ctx, e))
            list->settled++;
        else
            list->at.at[n++] = *e;
    }
    list->at.len = n;
out:
    vec_free(&decisions);
    vec_free(&verdicts);
    return st;
}

Status review_list(const ReviewContext *ctx, ReviewList *out, Error *err)
{
    Vault *vault;
    *out = (ReviewList){0};
    arena_init(&out->arena, 0);
    TRY(vault_open(ctx->home, &vault, err));
    Status st = ctx->set == REVIEW_SET_SAMPLE ? load_sample(vault, out, err) : load_queue(vault, out, err);
    if (st == OK)
        st = mark_verdicts(ctx, vault, out, err);
    vault_close(vault);
    if (st != OK)
        review_list_free(out);
    return st;
}

void review_list_free(ReviewList *list)
{
    vec_free(&list->at);
    arena_free(&list->arena);
    *list = (ReviewList){0};
}

/* --- deciding ------------------------------------------------------------------------------------------------- */

static Status state_after(Vault *vault, Policy *policy, const ReviewWord *word, PairState *state, Error *err)
{
    ReviewPolicy rules;
    ReviewDecisions decisions = {0};
    PairVerdicts verdicts = {0};
    Arena arena;
    arena_init(&arena, 0);
    Status st = identity_review_policy(policy, clock_today(), &rules, err);
    if (st == OK)
        st = vault_decisions(vault, &arena, &decisions, err);
    if (st == OK)
        st = verdicts_of(&decisions, &rules, &verdicts, err);
    const PairVerdict *v = st == OK ? verdict_find(&verdicts, &word->a, &word->b) : NULL;
    *state = v ? v->state : PAIR_OPEN;
    vec_free(&decisions);
    vec_free(&verdicts);
    arena_free(&arena);
    return st;
}

/* Both records must be there: a slip in a file of decisions would otherwise wait for ever for records to come. */
static Status must_exist(Vault *vault, const ReviewWord *word, Error *err)
{
    bool a, b;
    TRY(vault_has_record(vault, &word->a, &a, err));
    TRY(vault_has_record(vault, &word->b, &b, err));
    return a && b ? OK : error_set(err, ERR_NOT_FOUND, "the vault has no such pair of records");
}

Status review_write(const ReviewContext *ctx, const ReviewWord *words, size_t count, PairState *state, Error *err)
{
    Home *home = NULL;
    Vault *vault = NULL;
    Status st;
    bool own = home_access(ctx->home) != HOME_WRITE;
    if (own)
        TRY(home_open(home_path(ctx->home), HOME_WRITE, &home, err));
    TRY_OUT(vault_open(own ? home : ctx->home, &vault, err));
    for (size_t i = 0; i < count; i++)
        TRY_OUT(must_exist(vault, &words[i], err));
    for (size_t i = 0; i < count; i++) {
        ReviewEntry entry;
        Arena arena;
        arena_init(&arena, 0);
        st = pair_entry(ctx, &words[i].a, &words[i].b, &arena, &entry, err);
        if (st == OK)
            st = vault_add_decision(vault,
                &(ReviewDecision){.a = words[i].a,
                    .b = words[i].b,
                    .verdict = words[i].verdict,
                    .reviewer = words[i].reviewer.len ? words[i].reviewer : ctx->reviewer,
                    .blind = words[i].blind,
                    .odds = entry.evidence.len ? entry.odds : INT32_MIN},
                err);
        arena_free(&arena);
        if (st != OK)
            goto out;
    }
    if (state)
        st = state_after(vault, ctx->policy, &words[count - 1], state, err);
out:
    vault_close(vault);
    home_close(home);
    return st;
}

Status review_decide(const ReviewContext *ctx, const ReviewWord *word, PairState *state, Error *err)
{
    return review_write(ctx, word, 1, state, err);
}
