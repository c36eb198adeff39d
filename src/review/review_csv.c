/*
 * Pairs out, decisions in, as CSV: for reviewers who work in a spreadsheet, and
 * for committees that decide on paper. What goes out holds identities, and each
 * pair in it is a ledgered reading; what comes in is checked whole before any of it
 * counts.
 */
#include "review/review_impl.h"

#define PAIRS_AT_ONCE 256

static void header(Buf *out, ReviewSight sight)
{
    buf_adds(out, "pair,reason,state");
    if (sight == REVIEW_OPEN_EYED)
        buf_adds(out, ",odds_bits,probability");
    buf_adds(out, ",a_source,b_source");
    for (size_t i = 0; i < shown_role_count; i++)
        buf_addf(out, ",a_%s,b_%s", identity_role_name(shown_roles[i]), identity_role_name(shown_roles[i]));
    buf_adds(out, ",verdict,reviewer\n");
}

/* A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection). */
static void safe_cell(Buf *out, Slice s)
{
    char text[256];
    if (s.len > 0 && s.len < sizeof text - 1 && strchr("=+-@\t\r", s.ptr[0])) {
        text[0] = '\'';
        memcpy(text + 1, s.ptr, s.len);
        s = (Slice){text, s.len + 1};
    }
    csv_cell(out, s);
}

static void pair_row(const ReviewEntry *e, const VaultRecord *a, const VaultRecord *b, ReviewSight sight, Buf *out)
{
    char pair[PAIR_TEXT_SIZE];
    review_pair_print(&e->a, &e->b, pair);
    buf_addf(out, "%s,%s,%s", pair, e->reason, pair_state_name(e->verdict.state));
    if (sight == REVIEW_OPEN_EYED)
        buf_addf(out, ",%.2f,%.4f", (double)e->odds / WEIGHT_BIT, weight_probability(e->odds));
    buf_addf(out, ",%.*s,%.*s", SLICE_ARG(a->source), SLICE_ARG(b->source));
    for (size_t i = 0; i < shown_role_count; i++) {
        buf_addc(out, ',');
        safe_cell(out, a->values.at[shown_roles[i]]);
        buf_addc(out, ',');
        safe_cell(out, b->values.at[shown_roles[i]]);
    }
    buf_adds(out, ",,\n");
}

static Status export_some(Vault *vault, const VaultPurpose *purpose, const ReviewEntry *at, size_t count,
    ReviewSight sight, Buf *out, Error *err)
{
    RecordTag tags[2 * PAIRS_AT_ONCE];
    VaultRecord *records;
    Arena arena;

    arena_init(&arena, 0);
    for (size_t i = 0; i < count; i++) {
        tags[2 * i] = at[i].a;
        tags[2 * i + 1] = at[i].b;
    }
    Status st = arena_new(&arena, VaultRecord, 2 * count, &records, err);
    if (st == OK)
        st = vault_get_records(vault, purpose, tags, 2 * count, &arena, records, err);
    for (size_t i = 0; i < count && st == OK; i++)
        pair_row(&at[i], &records[2 * i], &records[2 * i + 1], sight, out);
    arena_free(&arena);
    return st;
}

Status review_export(const ReviewContext *ctx, ReviewSight sight, uint64_t *pairs, Buf *out, Error *err)
{
    ReviewPolicy policy;
    ReviewList list = {0};
    Vault *vault = NULL;
    Status st;
    TRY(identity_review_policy(ctx->policy, clock_today(), &policy, err));
    TRY(review_list(ctx, &list, err));
    const VaultPurpose purpose = {.purpose = "review", .agreement = policy.authority, .who = ctx->reviewer};
    header(out, sight);
    TRY_OUT(vault_open(ctx->home, &vault, err));
    for (size_t i = 0; i < list.at.len; i += PAIRS_AT_ONCE) {
        size_t n = list.at.len - i < PAIRS_AT_ONCE ? list.at.len - i : PAIRS_AT_ONCE;
        TRY_OUT(export_some(vault, &purpose, &list.at.at[i], n, sight, out, err));
        TRY_OUT(cancel_check(err));
    }
    *pairs = list.at.len;
    st = buf_status(out, err);
out:
    vault_close(vault);
    review_list_free(&list);
    return st;
}

/* --- in ------------------------------------------------------------------------------------------------------- */

typedef VEC(ReviewWord) Words;

static Status read_row(const ReviewContext *ctx, const CsvTable *t, const Slice *row, size_t verdict, size_t pair,
    size_t reviewer, Words *words, ReviewImport *out, Error *err)
{
    ReviewWord w = {.reviewer = ctx->reviewer};
    Slice word = slice_trim(row[verdict]);
    out->rows++;
    if (word.len == 0) {
        out->empty++;
        return OK;
    }
    TRY(review_verdict_parse(word, &w.verdict, err));
    TRY(review_pair_parse(slice_trim(row[pair]), &w.a, &w.b, err));
    if (w.reviewer.len == 0 && reviewer < t->columns)
        w.reviewer = slice_trim(row[reviewer]);
    if (w.reviewer.len == 0)
        return error_set(err, ERR_INVALID, "a decision without a reviewer");
    out->decided++;
    return vec_push(words, w, err);
}

static Status read_words(
    const ReviewContext *ctx, const CsvTable *t, const char *path, Words *words, ReviewImport *out, Error *err)
{
    size_t pair, verdict, reviewer = t->columns;
    TRY(csv_column(t, "pair", &pair, err));
    TRY(csv_column(t, "verdict", &verdict, err));
    if (csv_column(t, "reviewer", &reviewer, NULL) != OK)
        reviewer = t->columns;
    for (size_t i = 0; i < t->rows; i++) {
        Status st = read_row(ctx, t, t->cells + i * t->columns, verdict, pair, reviewer, words, out, err);
        if (st != OK) {
            error_at(err, path, i + 1, NULL);
            return st;
        }
    }
    return OK;
}

Status review_import(const ReviewContext *ctx, const char *path, ReviewImport *out, Error *err)
{
    Arena arena;
    CsvTable t;
    Words words = {0};
    *out = (ReviewImport){0};
    arena_init(&arena, 0);
    Status st = csv_read(path, &arena, &t, err);
    if (st == OK)
        st = read_words(ctx, &t, path_base(path), &words, out, err);
    if (st == OK && words.len > 0)
        st = review_write(ctx, words.at, words.len, NULL, err);
    vec_free(&words);
    arena_free(&arena);
    return st;
}
