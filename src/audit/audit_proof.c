/*
 * Proofs as bytes: tables that an attack has verified, for another process to verify.
 *
 * They are claims like any other tables that are offered, so nothing here is signed or summed up: what does not hold is
 * left out by who reads them. A number is a varint (7 bits a byte, low ones first, at most 10 bytes); a signed one is
 * folded before (0, -1, 1, -2, ...).
 */
#include "audit/audit_model.h"

#include <stdlib.h>

#define MAGIC "cairn.proof/1 "
#define HEX_LENGTH (SHA256_HEX_SIZE - 1)
#define HEAD_LENGTH (sizeof MAGIC - 1 + HEX_LENGTH + 1)
#define VARINT_MOST 10

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void add_number(Buf *out, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        buf_addc(out, (char)(uint8_t)(n | 0x80));
    buf_addc(out, (char)(uint8_t)n);
}

static uint64_t fold(int64_t n)
{
    return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

static int64_t unfold(uint64_t n)
{
    return (int64_t)((n >> 1) ^ (n & 1 ? UINT64_MAX : 0));
}

static int by_cell(const void *a, const void *b)
{
    const AuditMove *x = a, *y = b;
    return (x->cell > y->cell) - (x->cell < y->cell);
}

/* The base comes first, if only to say that there is none. A table that moves nothing, or a cell twice, shows nothing
 * and is left out. */
typedef enum TableKind { BASE, MOVES } TableKind;

static Status add_table(TableKind kind, const AuditMove *moves, size_t count, Buf *out, Error *err)
{
    AuditMove *sorted;
    bool twice = false;
    TRY(mem_alloc((count + 1) * sizeof *sorted, (void **)&sorted, err));
    if (count > 0)
        memcpy(sorted, moves, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_cell);
    for (size_t i = 1; i < count; i++)
        twice = twice || sorted[i].cell == sorted[i - 1].cell;
    if (kind == BASE || (count > 0 && !twice))
        add_number(out, twice ? 0 : count);
    for (size_t i = 0; i < count && !twice; i++) {
        add_number(out, i == 0 ? sorted[0].cell : sorted[i].cell - sorted[i - 1].cell - 1);
        add_number(out, fold(sorted[i].by));
    }
    mem_free(sorted);
    return OK;
}

Status audit_proof_write(const AuditOffered *tables, const char *problem, Buf *out, Error *err)
{
    ASSERT(strlen(problem) == HEX_LENGTH);
    buf_adds(out, MAGIC);
    buf_adds(out, problem);
    buf_addc(out, '\n');
    TRY(add_table(BASE, tables->base.at, tables->base.len, out, err));
    for (size_t t = 0; t < tables->start.len; t++) {
        const AuditMove *moves;
        size_t count = offered_table(tables, t, &moves);
        TRY(add_table(MOVES, moves, count, out, err));
    }
    add_number(out, 0);
    return buf_status(out, err);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

typedef struct Reader {
    Slice bytes;
    const char *name;
    size_t at;
    VEC(AuditMove) moves;
} Reader;

static Status broken(const Reader *r, const char *what, Error *err)
{
    error_set(err, ERR_INVALID, "proof: byte %zu: %s", r->at, what);
    error_at(err, r->name, 0, NULL);
    return ERR_INVALID;
}

static Status number(Reader *r, uint64_t *out, Error *err)
{
    *out = 0;
    for (unsigned i = 0; i < VARINT_MOST; i++) {
        if (r->at + i >= r->bytes.len)
            return broken(r, "the file ends within a number", err);
        uint8_t byte = (uint8_t)r->bytes.ptr[r->at + i];
        if (i == VARINT_MOST - 1 && byte > 1)
            break;
        *out |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            r->at += i + 1;
            return OK;
        }
    }
    return broken(r, "a number of more than 64 bits", err);
}

static Status head(Reader *r, char problem[SHA256_HEX_SIZE], Error *err)
{
    const char *p = r->bytes.ptr;
    if (r->bytes.len < HEAD_LENGTH || memcmp(p, MAGIC, sizeof MAGIC - 1) != 0)
        return broken(r, "it does not begin with " MAGIC "and the problem's SHA-256", err);
    for (r->at = sizeof MAGIC - 1; r->at < HEAD_LENGTH - 1; r->at++)
        if (hex_digit(p[r->at]) < 0)
            return broken(r, "no hexadecimal digit", err);
    if (p[r->at] != '\n')
        return broken(r, "the first line does not end here", err);
    memcpy(problem, p + sizeof MAGIC - 1, HEX_LENGTH);
    problem[HEX_LENGTH] = '\0';
    r->at++;
    return OK;
}

/* Into r->moves. */
static Status table(Reader *r, uint64_t count, Error *err)
{
    uint64_t cell = 0, gap, by;
    r->moves.len = 0;
    if (count > (r->bytes.len - r->at) / 2)
        return broken(r, "a table of more numbers than the file has", err);
    for (uint64_t i = 0; i < count; i++) {
        TRY(number(r, &gap, err));
        if (gap >= AUDIT_NONE || cell + gap + (i > 0) >= AUDIT_NONE)
            return broken(r, "no number is so large as this cell's", err);
        cell += gap + (i > 0);
        TRY(number(r, &by, err));
        if (by == 0 || unfold(by) == INT64_MIN)
            return broken(r, "a cell that does not move", err);
        TRY(vec_push(&r->moves, ((AuditMove){(uint32_t)cell, unfold(by)}), err));
    }
    return OK;
}

static Status tables(Reader *r, AuditOffered *out, Error *err)
{
    uint64_t count;
    TRY(number(r, &count, err));
    TRY(table(r, count, err));
    TRY(audit_offer_base(out, r->moves.at, r->moves.len, err));
    TRY(number(r, &count, err));
    while (count > 0) {
        TRY(table(r, count, err));
        TRY(audit_offer(out, r->moves.at, r->moves.len, err));
        TRY(number(r, &count, err));
    }
    return r->at == r->bytes.len ? OK : broken(r, "more bytes after the last table", err);
}

Status audit_proof_read(Slice bytes, const char *name, AuditOffered *out, char problem[SHA256_HEX_SIZE], Error *err)
{
    Reader r = {.bytes = bytes, .name = name};
    problem[0] = '\0';
    Status st = head(&r, problem, err);
    if (st == OK)
        st = tables(&r, out, err);
    vec_free(&r.moves);
    return st;
}

/* --- what it is about --------------------------------------------------------------------------------------------- */

typedef struct Digest {
    Sha256 *sha;
    Status status;
    Error *err;
} Digest;

static void tell(Digest *d, int64_t n)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)n >> (8 * i));
    if (d->status == OK)
        d->status = sha256_update(d->sha, bytes, sizeof bytes, d->err);
}

static Status digest_end(Digest *d, char out[SHA256_HEX_SIZE])
{
    uint8_t hash[SHA256_SIZE];
    if (d->status == OK)
        d->status = sha256_final(d->sha, hash, d->err);
    if (d->status == OK)
        hex_encode(hash, sizeof hash, out);
    sha256_free(d->sha);
    return d->status;
}

Status audit_problem_id(const SdcProblem *p, char out[SHA256_HEX_SIZE], Error *err)
{
    Digest d = {.err = err};
    TRY(sha256_new(&d.sha, err));
    tell(&d, p->cell_count);
    tell(&d, p->row_count);
    for (uint32_t i = 0; i < p->cell_count; i++) {
        const SdcCell *c = &p->cells[i];
        const int64_t all[] = {c->value, c->lower, c->upper, c->lpl, c->upl, c->spl};
        tell(&d, c->status == SDC_SENSITIVE ? 2 : c->status == SDC_SECONDARY);
        for (size_t k = 0; k < COUNT_OF(all); k++)
            tell(&d, all[k]);
    }
    for (uint32_t r = 0; r < p->row_count; r++) {
        tell(&d, p->start[r + 1] - p->start[r]);
        tell(&d, p->rhs[r]);
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
            tell(&d, p->cell[k]);
            tell(&d, p->coef[k]);
        }
    }
    return digest_end(&d, out);
}

static void tell_piece(Digest *d, const Piece *p)
{
    tell(d, p->vars);
    tell(d, p->rows);
    for (uint32_t v = 0; v < p->vars; v++) {
        tell(d, p->low[v]);
        tell(d, p->high[v]);
    }
    for (uint32_t r = 0; r < p->rows; r++) {
        tell(d, p->start[r + 1] - p->start[r]);
        tell(d, p->row_low[r]);
        tell(d, p->row_high[r]);
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
            tell(d, p->var[k]);
            tell(d, p->coef[k]);
        }
    }
    for (uint32_t q = 0; q < p->quotients; q++) {
        const Quotient *t = &p->quotient[q];
        const int64_t all[] = {
            t->kind, t->a, t->b, t->c, t->d, t->low_num, t->high_num, t->den, t->low_open, t->high_open};
        for (size_t k = 0; k < COUNT_OF(all); k++)
            tell(d, all[k]);
    }
}

Status audit_system_id(const AuditSystem *s, char out[SHA256_HEX_SIZE], Error *err)
{
    Digest d = {.err = err};
    Arena a;
    Piece whole = {0};
    arena_init(&a, 0);
    Status st = model_whole(s, &a, &whole, err);
    if (st == OK)
        st = sha256_new(&d.sha, err);
    if (st == OK) {
        tell_piece(&d, &whole);
        st = digest_end(&d, out);
    }
    arena_free(&a);
    return st;
}
