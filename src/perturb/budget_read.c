/*
 * The budget ledger: reading. Nothing in the file is believed. Each line must hash to what it says, follow the line
 * before, cost what its terms cost, and be written as this program writes it, byte for byte; so no line can hold
 * anything that a reader of the parsed form would not see.
 */
#include "perturb/budget_impl.h"

#include "perturb/dp_impl.h"

#include <jansson.h>

#define HASH_AT 9  /* after {"hash":" */
#define REST_AT 75 /* after the hash, its quote and the comma */

typedef struct Reader {
    Budget *b;
    const char *path;
    uint64_t line;
    Map queries;
    Buf again;
} Reader;

static Status corrupt(Reader *r, Error *err, const char *why)
{
    error_set(err, ERR_CORRUPT, "the budget ledger is damaged: %s", why);
    error_at(err, r->path, 0, NULL);
    if (err)
        err->line = r->line;
    return ERR_CORRUPT;
}

static Status unreadable(Reader *r, Error *err, const char *why)
{
    error_set(err, ERR_PARSE, "not a line of a budget ledger: %s", why);
    error_at(err, r->path, 0, NULL);
    if (err)
        err->line = r->line;
    return ERR_PARSE;
}

static Status text_of(Reader *r, const json_t *root, const char *key, Slice *out, Error *err)
{
    const json_t *v = json_object_get(root, key);
    if (!json_is_string(v))
        return unreadable(r, err, "a text is missing");
    return arena_dup(&r->b->arena, (Slice){json_string_value(v), json_string_length(v)}, out, err);
}

static Status number_of(
    Reader *r, const json_t *root, const char *key, int64_t min, int64_t max, int64_t *out, Error *err)
{
    const json_t *v = json_object_get(root, key);
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
        return unreadable(r, err, "a number is missing or out of range");
    *out = json_integer_value(v);
    return OK;
}

/* --- lines --------------------------------------------------------------------------------------------------- */

static Status read_open(Reader *r, const json_t *root, Error *err)
{
    BudgetTerms *t = &r->b->terms;
    Slice schema;
    int64_t exponent;
    TRY(text_of(r, root, "schema", &schema, err));
    if (!slice_eq_z(schema, BUDGET_SCHEMA))
        return unreadable(r, err, "the schema is not " BUDGET_SCHEMA);
    TRY(text_of(r, root, "name", &t->name, err));
    TRY(text_of(r, root, "unit", &t->unit, err));
    TRY(text_of(r, root, "policy_sha256", &t->policy_sha256, err));
    TRY(number_of(r, root, "total_rho_e9", 1, BUDGET_TOTAL_MAX, &t->total, err));
    TRY(number_of(r, root, "delta_exponent", 1, 30, &exponent, err));
    TRY(number_of(r, root, "at", 0, INT64_MAX, &r->b->opened_at, err));
    t->delta_exponent = (uint32_t)exponent;
    if (budget_check_terms(t, NULL) != OK)
        return unreadable(r, err, "a text is empty, too long or no hash");
    budget_open_body(t, r->b->opened_at, &r->again);
    return OK;
}

static Status read_privacy(Reader *r, const BudgetEntry *e, DpPrivacy *p, Error *err)
{
    p->mechanism = slice_eq_z(e->mechanism, budget_mechanism(DP_LAPLACE)) ? DP_LAPLACE : DP_GAUSSIAN;
    p->neighbours = slice_eq_z(e->neighbours, budget_neighbours(DP_REPLACE)) ? DP_REPLACE : DP_ADD_REMOVE;
    p->cells_per_person = (uint32_t)e->cells_per_person;
    p->per_cell = (uint32_t)e->per_cell;
    if (!slice_eq_z(e->mechanism, budget_mechanism(p->mechanism)) ||
        !slice_eq_z(e->neighbours, budget_neighbours(p->neighbours)) || ratio_parse(e->amount, &p->amount, NULL) != OK)
        return unreadable(r, err, "mechanism, neighbours or amount is unknown");
    return OK;
}

/* Sum of epsilons; 0 when it no longer fits. */
static void add_epsilon(Budget *b, Ratio add)
{
    uint64_t x, y, den;
    Ratio sum = b->epsilon;
    if (sum.den == 0 || CKD_MUL(&x, sum.num, add.den) || CKD_MUL(&y, add.num, sum.den) || CKD_ADD(&x, x, y) ||
        CKD_MUL(&den, sum.den, add.den)) {
        b->epsilon = (Ratio){0, 0};
        return;
    }
    b->epsilon = ratio_of(x, den);
}

static Status account(Reader *r, const BudgetEntry *e, int64_t spent, Error *err)
{
    DpPrivacy p;
    int64_t cost;
    bool was_new;
    TRY(read_privacy(r, e, &p, err));
    if (dp_cost(&p, &cost, NULL) != OK || cost != e->rho)
        return corrupt(r, err, "a line does not cost what its terms cost");
    if (e->rho > budget_left(r->b) || r->b->spent + e->rho != spent)
        return corrupt(r, err, "what was spent does not add up, or is more than there was");
    TRY(map_put(&r->queries, e->query, e->seq, &was_new, err));
    if (!was_new)
        return corrupt(r, err, "one query was paid for twice");
    r->b->spent = spent;
    r->b->pure &= p.mechanism == DP_LAPLACE;
    add_epsilon(r->b, p.amount);
    return OK;
}

static Status read_spend(Reader *r, const json_t *root, Error *err)
{
    BudgetEntry e = {.seq = r->b->entries.len + 1};
    int64_t cells, per_cell, spent;
    TRY(text_of(r, root, "query", &e.query, err));
    TRY(text_of(r, root, "mechanism", &e.mechanism, err));
    TRY(text_of(r, root, "neighbours", &e.neighbours, err));
    TRY(text_of(r, root, "amount", &e.amount, err));
    TRY(text_of(r, root, "policy_sha256", &e.policy_sha256, err));
    TRY(text_of(r, root, "code_sha256", &e.code_sha256, err));
    TRY(number_of(r, root, "at", 0, INT64_MAX, &e.at, err));
    TRY(number_of(r, root, "cells_per_person", 1, UINT32_MAX, &cells, err));
    TRY(number_of(r, root, "per_cell", 1, UINT32_MAX, &per_cell, err));
    TRY(number_of(r, root, "rho_e9", 1, BUDGET_TOTAL_MAX, &e.rho, err));
    TRY(number_of(r, root, "spent_rho_e9", 1, BUDGET_TOTAL_MAX, &spent, err));
    e.cells_per_person = (uint64_t)cells;
    e.per_cell = (uint64_t)per_cell;
    if (budget_check_text(e.query, "query", NULL) != OK || budget_check_sha(e.policy_sha256, "", NULL) != OK ||
        budget_check_sha(e.code_sha256, "", NULL) != OK)
        return unreadable(r, err, "a text is empty, too long or no hash");
    budget_spend_body(&e, r->b->head, spent, &r->again);
    TRY(account(r, &e, spent, err));
    return vec_push(&r->b->entries, e, err);
}

static Status read_line(Reader *r, Slice line, Error *err)
{
    json_error_t why;
    char hash[SHA256_HEX_SIZE];
    if (line.len <= REST_AT || !slice_starts(line, SLICE("{\"hash\":\"")))
        return unreadable(r, err, "it does not begin with its hash");
    Slice rest = slice_sub(line, REST_AT, line.len);
    TRY(sha256_hex(rest, hash, err));
    if (!slice_eq_z(slice_sub(line, HASH_AT, HASH_AT + 64), hash))
        return corrupt(r, err, "a line does not match its hash");
    json_t *root = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(root)) {
        json_decref(root);
        return unreadable(r, err, "it is no JSON object");
    }
    buf_reset(&r->again);
    Status st = r->line == 1 ? read_open(r, root, err) : read_spend(r, root, err);
    json_decref(root);
    TRY(st);
    TRY(buf_status(&r->again, err));
    if (!slice_eq(rest, slice_sub(buf_slice(&r->again), 1, r->again.len)))
        return corrupt(r, err, "a line does not follow the one before, or holds something else than its figures");
    memcpy(r->b->head, hash, sizeof hash);
    if (r->b->entries.len > 0)
        memcpy(vec_last(&r->b->entries).hash, hash, sizeof hash);
    else
        memcpy(r->b->opening, hash, sizeof hash);
    return OK;
}

Status budget_parse(Slice text, const char *path, Budget *out, Error *err)
{
    *out = (Budget){.pure = true, .epsilon = {0, 1}};
    arena_init(&out->arena, 0);
    memcpy(out->head, BUDGET_NO_HASH, sizeof out->head);
    Reader r = {.b = out, .path = path};
    buf_init(&r.again, 0);
    Status st = map_init(&r.queries, err);
    if (st == OK && (text.len == 0 || text.ptr[text.len - 1] != '\n')) {
        r.line = 1;
        st = unreadable(&r, err, "the file is empty or does not end with a line");
    }
    while (st == OK && text.len > 0) {
        r.line++;
        Slice line = slice_cut(&text, '\n');
        st = read_line(&r, line, err);
    }
    map_free(&r.queries);
    buf_free(&r.again);
    if (st != OK)
        budget_free(out);
    return st;
}

Status budget_read(const char *path, Budget *out, Error *err)
{
    Buf text;
    buf_init(&text, BUDGET_FILE_MAX);
    Status st = file_read(path, BUDGET_FILE_MAX, &text, err);
    if (st == OK)
        st = budget_parse(buf_slice(&text), path, out, err);
    buf_free(&text);
    return st;
}

void budget_free(Budget *b)
{
    vec_free(&b->entries);
    arena_free(&b->arena);
    *b = (Budget){0};
}

int64_t budget_left(const Budget *b)
{
    return b->terms.total - b->spent;
}

bool budget_holds(const Budget *b, Slice hash)
{
    if (slice_eq_z(hash, b->opening))
        return true;
    for (size_t i = 0; i < b->entries.len; i++)
        if (slice_eq_z(hash, b->entries.at[i].hash))
            return true;
    return false;
}
