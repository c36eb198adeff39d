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
    buf_adds(out, sight == REVIEW_OPEN_EYED ? "pair,state,reason,odds_bits,probability" : "pair,state");
    buf_adds(out, ",a_source,b_source");
    for (size_t i = 0; i < shown_role_count; i++)
        buf_addf(out, ",a_%s,b_%s", identity_role_name(shown_roles[i]), identity_role_name(shown_roles[i]));
    buf_adds(out, ",verdict,reviewer\n");
}

/* A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection). */
static void safe_cell(Buf *out, Slice s)
{
    if (s.len == 0 || !memchr("=+-@\t\r\n", s.ptr[0], 7)) {
        csv_cell(out, s);
        return;
    }
    Buf text;
    buf_init(&text, 0);
    buf_addc(&text, '\'');
    buf_add(&text, s);
    csv_cell(out, buf_slice(&text));
    if (buf_status(&text, NULL) != OK)
        out->status = ERR_NOMEM;
    if (text.ptr)
        mem_wipe(text.ptr, text.cap);
    buf_free(&text);
}

static void pair_cells(Buf *out, IdentityRole role, Slice a, Slice b)
{
    HiddenNumber hidden[2];
    if (role == ID_SSN) {
        number_hide(a, b, &hidden[0]);
        number_hide(b, a, &hidden[1]);
        a = (Slice){hidden[0].shown, hidden[0].len};
        b = (Slice){hidden[1].shown, hidden[1].len};
    }
    buf_addc(out, ',');
    safe_cell(out, a);
    buf_addc(out, ',');
    safe_cell(out, b);
}

static void pair_row(const ReviewEntry *e, const VaultRecord *a, const VaultRecord *b, ReviewSight sight, Buf *out)
{
    char pair[PAIR_TEXT_SIZE];
    review_pair_print(&e->a, &e->b, pair);
    buf_addf(out, "%s,%s", pair, pair_state_name(e->verdict.state));
    if (sight == REVIEW_OPEN_EYED)
        buf_addf(out, ",%s,%.2f,%.4f", e->reason, (double)e->odds / WEIGHT_BIT, weight_probability(e->odds));
    buf_addc(out, ',');
    safe_cell(out, a->source);
    buf_addc(out, ',');
    safe_cell(out, b->source);
    for (size_t i = 0; i < shown_role_count; i++)
        pair_cells(out, shown_roles[i], a->values.at[shown_roles[i]], b->values.at[shown_roles[i]]);
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

typedef struct Columns {
    size_t pair, verdict, reviewer; /* reviewer: the table's width when it has none */
} Columns;

static Status read_row(const ReviewContext *ctx, const CsvTable *t, size_t i, const Columns *c, ReviewSight sight,
    Words *words, ReviewImport *out, Error *err)
{
    const Slice *row = t->cells + i * t->columns;
    ReviewWord w = {.reviewer = ctx->reviewer, .blind = sight == REVIEW_BLIND, .row = i + 1};
    Slice word = slice_trim(row[c->verdict]);
    out->rows++;
    if (word.len == 0) {
        out->empty++;
        return OK;
    }
    TRY(review_verdict_parse(word, &w.verdict, err));
    TRY(review_pair_parse(slice_trim(row[c->pair]), &w.a, &w.b, err));
    if (w.reviewer.len == 0 && c->reviewer < t->columns)
        w.reviewer = slice_trim(row[c->reviewer]);
    if (w.reviewer.len == 0)
        return error_set(err, ERR_INVALID, "a decision without a reviewer");
    out->decided++;
    return vec_push(words, w, err);
}

static Status read_words(
    const ReviewContext *ctx, const CsvTable *t, ReviewSight sight, Words *words, ReviewImport *out, Error *err)
{
    Columns c;
    Status st = OK;
    TRY(csv_column(t, "pair", &c.pair, err));
    TRY(csv_column(t, "verdict", &c.verdict, err));
    if (csv_column(t, "reviewer", &c.reviewer, NULL) != OK)
        c.reviewer = t->columns;
    for (size_t i = 0; i < t->rows && st == OK; i++) {
        st = read_row(ctx, t, i, &c, sight, words, out, err);
        if (st != OK)
            error_at(err, NULL, i + 1, NULL);
    }
    return st;
}

Status review_import(const ReviewContext *ctx, const char *path, ReviewSight sight, ReviewImport *out, Error *err)
{
    Arena arena;
    CsvTable t;
    Words words = {0};
    *out = (ReviewImport){0};
    arena_init(&arena, 0);
    Status st = csv_read(path, &arena, &t, err);
    if (st == OK)
        st = read_words(ctx, &t, sight, &words, out, err);
    if (st == OK && words.len > 0)
        st = review_write(ctx, words.at, words.len, NULL, err);
    if (st != OK)
        error_at(err, path_base(path), 0, NULL);
    vec_free(&words);
    arena_free(&arena);
    return st;
}
