/*
 * The budget ledger: writing.
 *
 * What a release may cost is decided here and nowhere else. The order of things is the point: the line that pays is
 * durable before the permit exists, and the permit exists before noise is drawn. A process that dies in between has
 * paid for nothing, which is the safe side. The file is rewritten whole under a lock and renamed into place: it has at
 * most some thousand lines, and a torn last line would make all of it worthless.
 */
#include "perturb/budget_impl.h"

#include "perturb/dp_impl.h"

const char *budget_mechanism(DpMechanism m)
{
    return m == DP_LAPLACE ? "discrete_laplace" : "discrete_gaussian";
}

const char *budget_neighbours(DpNeighbours n)
{
    return n == DP_ADD_REMOVE ? "add_remove" : "replace";
}

/* --- lines --------------------------------------------------------------------------------------------------- */

static void begin(Json *j, Buf *rest, const char *prev, uint64_t seq, int64_t at, const char *kind)
{
    json_begin(j, rest, JSON_COMPACT);
    json_open_object(j);
    json_kstr(j, "prev", slice_of(prev));
    json_kint(j, "seq", (int64_t)seq);
    json_kint(j, "at", at);
    json_kstr(j, "kind", slice_of(kind));
}

void budget_open_body(const BudgetTerms *t, int64_t at, Buf *rest)
{
    Json j;
    begin(&j, rest, BUDGET_NO_HASH, 0, at, "open");
    json_kstr(&j, "schema", slice_of(BUDGET_SCHEMA));
    json_kstr(&j, "name", t->name);
    json_kstr(&j, "unit", t->unit);
    json_kint(&j, "total_rho_e9", t->total);
    json_kint(&j, "delta_exponent", t->delta_exponent);
    json_kstr(&j, "policy_sha256", t->policy_sha256);
    json_end(&j);
}

void budget_spend_body(const BudgetEntry *e, const char *prev, int64_t spent, Buf *rest)
{
    Json j;
    begin(&j, rest, prev, e->seq, e->at, "spend");
    json_kstr(&j, "query", e->query);
    json_kstr(&j, "mechanism", e->mechanism);
    json_kstr(&j, "neighbours", e->neighbours);
    json_kstr(&j, "amount", e->amount);
    json_kint(&j, "cells_per_person", (int64_t)e->cells_per_person);
    json_kint(&j, "per_cell", (int64_t)e->per_cell);
    json_kint(&j, "rho_e9", e->rho);
    json_kint(&j, "spent_rho_e9", spent);
    json_kstr(&j, "policy_sha256", e->policy_sha256);
    json_kstr(&j, "code_sha256", e->code_sha256);
    json_end(&j);
}

/* {"hash":"...","prev":... : the hash is of what follows its comma. */
static Status add_line(Buf *file, const Buf *body, char hash[SHA256_HEX_SIZE], Error *err)
{
    TRY(buf_status(body, err));
    TRY(sha256_hex(slice_sub(buf_slice(body), 1, body->len), hash, err));
    buf_adds(file, "{\"hash\":\"");
    buf_adds(file, hash);
    buf_adds(file, "\",");
    buf_add(file, slice_sub(buf_slice(body), 1, body->len));
    buf_addc(file, '\n');
    return buf_status(file, err);
}

/* --- what may stand in a line -------------------------------------------------------------------------------- */

Status budget_check_text(Slice s, const char *what, Error *err)
{
    size_t bad;
    if (s.len == 0 || s.len > BUDGET_TEXT_MAX || !slice_is_utf8(s, &bad))
        return error_set(err, ERR_INVALID, "%s must be UTF-8 text of 1 to %d bytes", what, BUDGET_TEXT_MAX);
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20)
            return error_set(err, ERR_INVALID, "%s holds a control character", what);
    return OK;
}

Status budget_check_sha(Slice s, const char *what, Error *err)
{
    bool good = s.len == 64;
    for (size_t i = 0; i < s.len && good; i++)
        good = (s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f');
    return good ? OK : error_set(err, ERR_INVALID, "%s is no SHA-256 in lower-case hex", what);
}

Status budget_check_terms(const BudgetTerms *t, Error *err)
{
    TRY(budget_check_text(t->name, "the account's name", err));
    TRY(budget_check_text(t->unit, "the account's unit", err));
    TRY(budget_check_sha(t->policy_sha256, "policy_sha256", err));
    if (t->total < 1 || t->total > BUDGET_TOTAL_MAX)
        return error_set(err, ERR_INVALID, "the budget must lie between a billionth and a million of rho");
    if (t->delta_exponent < 1 || t->delta_exponent > 30)
        return error_set(err, ERR_INVALID, "delta_exponent must lie between 1 and 30");
    return OK;
}

/* --- opening and spending ------------------------------------------------------------------------------------ */

Status budget_create(const char *path, const BudgetTerms *terms, int64_t at, Error *err)
{
    Buf body, file;
    char hash[SHA256_HEX_SIZE];
    TRY(budget_check_terms(terms, err));
    if (at < 0)
        return error_set(err, ERR_INVALID, "a time before 1970");
    buf_init(&body, 0);
    buf_init(&file, 0);
    budget_open_body(terms, at, &body);
    Status st = add_line(&file, &body, hash, err);
    if (st == OK)
        st = file_create(path, buf_slice(&file), MODE_PUBLIC, err);
    buf_free(&body);
    buf_free(&file);
    return st;
}

/* cost: of this request and of those that are to be granted before it. */
static Status check_request(const Budget *b, const BudgetRequest *r, int64_t cost, Error *err)
{
    TRY(budget_check_text(r->query, "the query's name", err));
    TRY(budget_check_sha(r->policy_sha256, "policy_sha256", err));
    TRY(budget_check_sha(r->code_sha256, "code_sha256", err));
    if (r->at < 0)
        return error_set(err, ERR_INVALID, "a time before 1970");
    for (size_t i = 0; i < b->entries.len; i++)
        if (slice_eq(b->entries.at[i].query, r->query)) {
            error_set(err, ERR_EXISTS, "the budget paid for %.*s before", SLICE_ARG(r->query));
            error_hint(err, "New noise for the same figures would let readers average it away: publish what came out "
                            "then.");
            return ERR_EXISTS;
        }
    int64_t left = budget_left(b);
    if (cost > left)
        return error_set(err, ERR_DENIED,
            "the budget is short: rho %" PRId64 ".%09" PRId64 " is asked for, %" PRId64 ".%09" PRId64 " is left",
            cost / RHO_ONE, cost % RHO_ONE, left / RHO_ONE, left % RHO_ONE);
    return OK;
}

static Status pay(const char *path, Buf *file, const Budget *b, const BudgetRequest *r, int64_t cost,
    BudgetPermit *permit, Error *err)
{
    Buf amount, body;
    buf_init(&amount, 0);
    buf_init(&body, 0);
    ratio_print(r->privacy.amount, &amount);
    BudgetEntry e = {.seq = b->entries.len + 1,
        .at = r->at,
        .query = r->query,
        .mechanism = slice_of(budget_mechanism(r->privacy.mechanism)),
        .neighbours = slice_of(budget_neighbours(r->privacy.neighbours)),
        .amount = buf_slice(&amount),
        .policy_sha256 = r->policy_sha256,
        .code_sha256 = r->code_sha256,
        .cells_per_person = r->privacy.cells_per_person,
        .per_cell = r->privacy.per_cell,
        .rho = cost};
    budget_spend_body(&e, b->head, b->spent + cost, &body);
    *permit = (BudgetPermit){.privacy = r->privacy, .rho = cost, .seq = e.seq};
    Status st = buf_status(&amount, err);
    if (st == OK)
        st = add_line(file, &body, permit->hash, err);
    if (st == OK)
        st = file_write(path, buf_slice(file), MODE_PUBLIC, err);
    buf_free(&amount);
    buf_free(&body);
    return st;
}

static Status spend_locked(
    const char *path, const BudgetRequest *r, BudgetWitness witness, void *ctx, BudgetPermit *out, Error *err)
{
    Budget b = {0};
    Buf file;
    BudgetPermit permit;
    int64_t cost;
    buf_init(&file, BUDGET_FILE_MAX);
    Status st = file_read(path, BUDGET_FILE_MAX, &file, err);
    if (st == OK)
        st = budget_parse(buf_slice(&file), path, &b, err);
    if (st == OK)
        st = dp_cost(&r->privacy, &cost, err);
    if (st == OK)
        st = check_request(&b, r, cost, err);
    if (st == OK)
        st = pay(path, &file, &b, r, cost, &permit, err);
    if (st == OK && witness)
        st = witness(ctx, &permit, r->query, err);
    if (st == OK)
        *out = permit;
    budget_free(&b);
    buf_free(&file);
    return st;
}

Status budget_spend(
    const char *path, const BudgetRequest *request, BudgetWitness witness, void *ctx, BudgetPermit *out, Error *err)
{
    Arena arena;
    const char *lock_path;
    FileLock *lock = NULL;
    *out = (BudgetPermit){.used = true};
    arena_init(&arena, 0);
    Status st = arena_printf(&arena, &lock_path, err, "%s.lock", path);
    if (st == OK)
        st = file_lock(lock_path, &lock, err);
    if (st == OK) {
        st = spend_locked(path, request, witness, ctx, out, err);
        file_unlock(lock);
    }
    arena_free(&arena);
    return st;
}

Status budget_suffices(const char *path, const BudgetRequest *requests, size_t count, Error *err)
{
    Budget b = {0};
    int64_t sum = 0, cost;
    TRY(budget_read(path, &b, err));
    Status st = OK;
    for (size_t i = 0; i < count && st == OK; i++) {
        st = dp_cost(&requests[i].privacy, &cost, err);
        if (st == OK && CKD_ADD(&sum, sum, cost))
            st = error_set(err, ERR_LIMIT, "the sum of what is asked for does not fit into 64 bits");
        if (st == OK)
            st = check_request(&b, &requests[i], sum, err);
    }
    budget_free(&b);
    return st;
}
