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

/* Settled pairs leave the queue. A sample is judged by one person a pair, whatever the policy asks of the queue. */
static bool is_done(const ReviewContext *ctx, const ReviewEntry *e)
{
    PairState s = e->verdict.state;
    if (ctx->set == REVIEW_SET_SAMPLE)
        return s != PAIR_OPEN;
    return s == PAIR_SAME || s == PAIR_DIFFERENT || s == PAIR_UNSURE;
}

static Status read_verdicts(const ReviewContext *ctx, Vault *vault, ReviewBook *out, Error *err)
{
    ReviewPolicy policy;
    ReviewDecisions all = {0}, mine = {0};
    Status st;
    TRY_OUT(identity_review_policy(ctx->policy, clock_today(), &policy, err));
    TRY_OUT(vault_decisions(vault, &out->list.arena, &all, err));
    for (size_t i = 0; i < all.len && ctx->reviewer.len > 0; i++)
        if (slice_eq(all.at[i].reviewer, ctx->reviewer))
            TRY_OUT(vec_push(&mine, all.at[i], err));
    TRY_OUT(verdicts_of(&all, &policy, &out->verdicts, err));
    TRY_OUT(verdicts_of(&mine, &policy, &out->mine, err));
out:
    vec_free(&all);
    vec_free(&mine);
    return st;
}

static void mark(const ReviewBook *book, ReviewEntry *e)
{
    const PairVerdict *v = verdict_find(&book->verdicts, &e->a, &e->b);
    e->verdict = v ? *v : (PairVerdict){.a = e->a, .b = e->b};
    e->mine = verdict_find(&book->mine, &e->a, &e->b) != NULL;
}

/* In the order in which pairs should be looked at. */
static Status read_book(const ReviewContext *ctx, Vault *vault, ReviewBook *out, Error *err)
{
    *out = (ReviewBook){0};
    arena_init(&out->list.arena, 0);
    Status st =
        ctx->set == REVIEW_SET_SAMPLE ? load_sample(vault, &out->list, err) : load_queue(vault, &out->list, err);
    if (st == OK)
        st = read_verdicts(ctx, vault, out, err);
    for (size_t i = 0; st == OK && i < out->list.at.len; i++)
        mark(out, &out->list.at.at[i]);
    if (st != OK)
        review_book_close(out);
    return st;
}

Status review_book_open(const ReviewContext *ctx, Vault *vault, ReviewBook *out, Error *err)
{
    TRY(read_book(ctx, vault, out, err));
    if (out->list.at.len > 1)
        qsort(out->list.at.at, out->list.at.len, sizeof *out->list.at.at, by_pair);
    return OK;
}

void review_book_find(const ReviewBook *book, const RecordTag *a, const RecordTag *b, ReviewEntry *out)
{
    bool swap = tag_cmp(a, b) > 0;
    *out = (ReviewEntry){.a = swap ? *b : *a, .b = swap ? *a : *b, .odds = INT32_MIN, .reason = "chosen"};
    const ReviewEntry *found = NULL;
    if (book->list.at.len > 0)
        found = bsearch(out, book->list.at.at, book->list.at.len, sizeof *found, by_pair);
    if (found)
        *out = *found;
    else
        mark(book, out);
}

void review_book_close(ReviewBook *book)
{
    review_list_free(&book->list);
    vec_free(&book->verdicts);
    vec_free(&book->mine);
}

Status review_list(const ReviewContext *ctx, ReviewList *out, Error *err)
{
    Vault *vault;
    ReviewBook book;
    size_t n = 0;
    *out = (ReviewList){0};
    TRY(vault_open(ctx->home, &vault, err));
    Status st = read_book(ctx, vault, &book, err);
    vault_close(vault);
    TRY(st);
    *out = book.list;
    book.list = (ReviewList){0};
    review_book_close(&book);
    for (size_t i = 0; i < out->at.len; i++) {
        if (is_done(ctx, &out->at.at[i]))
            out->settled++;
        else
            out->at.at[n++] = out->at.at[i];
    }
    out->at.len = n;
    return OK;
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

static Slice whose(const ReviewContext *ctx, const ReviewWord *word)
{
    return word->reviewer.len ? word->reviewer : ctx->reviewer;
}

/* All that the vault would refuse is refused before anything is written. Both records must be there: a slip in a file
 * of decisions would otherwise wait for ever for records to come. */
static Status check_word(const ReviewContext *ctx, Vault *vault, const ReviewWord *word, Error *err)
{
    bool a, b;
    TRY(reviewer_check(whose(ctx, word), err));
    TRY(vault_has_record(vault, &word->a, &a, err));
    TRY(vault_has_record(vault, &word->b, &b, err));
    return a && b ? OK : error_set(err, ERR_NOT_FOUND, "the vault has no such pair of records");
}

static Status check_words(const ReviewContext *ctx, Vault *vault, const ReviewWord *words, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        Status st = check_word(ctx, vault, &words[i], err);
        if (st == OK)
            continue;
        error_at(err, NULL, words[i].row, NULL);
        return st;
    }
    return OK;
}

static Status add_words(
    const ReviewContext *ctx, Vault *vault, const ReviewBook *book, const ReviewWord *words, size_t count, Error *err)
{
    ReviewDecision *decisions;
    size_t bad = count;
    TRY(mem_zalloc(count, sizeof *decisions, (void **)&decisions, err));
    for (size_t i = 0; i < count; i++) {
        ReviewEntry entry;
        review_book_find(book, &words[i].a, &words[i].b, &entry);
        decisions[i] = (ReviewDecision){.a = words[i].a,
            .b = words[i].b,
            .verdict = words[i].verdict,
            .reviewer = whose(ctx, &words[i]),
            .blind = words[i].blind,
            .odds = entry.evidence.len ? entry.odds : INT32_MIN};
    }
    Status st = vault_add_decisions(vault, decisions, count, &bad, err);
    if (st != OK && bad < count)
        error_at(err, NULL, words[bad].row, NULL);
    mem_free(decisions);
    return st;
}

Status review_write(const ReviewContext *ctx, const ReviewWord *words, size_t count, PairState *state, Error *err)
{
    Home *home = NULL;
    Vault *vault = NULL;
    ReviewBook book = {0};
    Status st;
    bool own = home_access(ctx->home) != HOME_WRITE;
    if (own)
        TRY(home_open(home_path(ctx->home), HOME_WRITE, &home, err));
    TRY_OUT(vault_open(own ? home : ctx->home, &vault, err));
    TRY_OUT(check_words(ctx, vault, words, count, err));
    TRY_OUT(review_book_open(ctx, vault, &book, err));
    TRY_OUT(add_words(ctx, vault, &book, words, count, err));
    if (state)
        st = state_after(vault, ctx->policy, &words[count - 1], state, err);
out:
    review_book_close(&book);
    vault_close(vault);
    home_close(home);
    return st;
}

Status review_decide(const ReviewContext *ctx, const ReviewWord *word, PairState *state, Error *err)
{
    return review_write(ctx, word, 1, state, err);
}
