/*
 * What earlier attacks on the same problem have shown.
 *
 * A table that was possible stays possible when more cells are hidden: the attacker lost facts and won none. So what a
 * table in hand showed about a cell holds for every later pattern that hides what the earlier one hid, and a round of
 * repair, which hides a few cells more, need not attack the thousands of cells that held before. The same is true of
 * the insider: a singleton that is hidden only now was published before, when the cell held. What is not monotone (sums
 * of suppressed cells that an equation prints, standard PS2) is asked again each time, as is every cell that did not
 * hold.
 *
 * Nobody is taken at his word for "the same problem" and "hides more": both are compared here.
 */
#include "audit/attack.h"

struct AuditMemory {
    uint8_t problem[SHA256_SIZE];
    uint32_t cell_count;
    uint8_t *hidden, *shown;
    AuditCell *cells; /* of those shown */
};

Status audit_memory_new(AuditMemory **out, Error *err)
{
    return mem_zalloc(1, sizeof **out, (void **)out, err);
}

static void forget(AuditMemory *m)
{
    mem_free(m->hidden);
    mem_free(m->shown);
    mem_free(m->cells);
    *m = (AuditMemory){0};
}

void audit_memory_free(AuditMemory *m)
{
    if (!m)
        return;
    forget(m);
    mem_free(m);
}

/* Everything an attack depends on but the pattern itself. Statuses are in it as far as they say what is asked. */
static Status digest(const SdcProblem *p, const AuditOptions *o, Sha256 *h, Error *err)
{
    const int64_t head[] = {p->cell_count, p->row_count, o->cells, o->singleton != NULL, o->same != NULL};
    TRY(sha256_update(h, head, sizeof head, err));
    for (uint32_t c = 0; c < p->cell_count; c++) {
        const SdcCell *cell = &p->cells[c];
        const int64_t fields[] = {
            cell->value, cell->lower, cell->upper, cell->lpl, cell->upl, cell->spl, cell->status == SDC_SENSITIVE};
        TRY(sha256_update(h, fields, sizeof fields, err));
    }
    if (o->singleton)
        TRY(sha256_update(h, o->singleton, p->cell_count, err));
    if (o->same)
        TRY(sha256_update(h, o->same, p->cell_count * sizeof *o->same, err));
    size_t terms = p->start[p->row_count];
    TRY(sha256_update(h, p->start, ((size_t)p->row_count + 1) * sizeof *p->start, err));
    if (p->row_count > 0)
        TRY(sha256_update(h, p->rhs, p->row_count * sizeof *p->rhs, err));
    if (terms == 0)
        return OK;
    TRY(sha256_update(h, p->cell, terms * sizeof *p->cell, err));
    return sha256_update(h, p->coef, terms * sizeof *p->coef, err);
}

static Status fingerprint(const SdcProblem *p, const AuditOptions *o, uint8_t out[SHA256_SIZE], Error *err)
{
    Sha256 *h;
    TRY(sha256_new(&h, err));
    Status st = digest(p, o, h, err);
    if (st == OK)
        st = sha256_final(h, out, err);
    sha256_free(h);
    return st;
}

static Status begin_anew(AuditMemory *m, uint32_t cell_count, Error *err)
{
    size_t n = (size_t)cell_count + 1;
    forget(m);
    TRY(mem_zalloc(n, 1, (void **)&m->hidden, err));
    TRY(mem_zalloc(n, 1, (void **)&m->shown, err));
    TRY(mem_zalloc(n, sizeof *m->cells, (void **)&m->cells, err));
    m->cell_count = cell_count;
    return OK;
}

Status memory_open(AuditMemory *m, const SdcProblem *p, const AuditOptions *o, const uint8_t *hidden, Error *err)
{
    uint8_t now[SHA256_SIZE];
    TRY(fingerprint(p, o, now, err));
    bool same = m->hidden && m->cell_count == p->cell_count && memcmp(now, m->problem, sizeof now) == 0;
    for (uint32_t c = 0; c < p->cell_count && same; c++)
        same = hidden[c] || !m->hidden[c];
    if (!same)
        TRY(begin_anew(m, p->cell_count, err));
    memcpy(m->problem, now, sizeof now);
    memcpy(m->hidden, hidden, p->cell_count);
    return OK;
}

const AuditCell *memory_of(const AuditMemory *m, uint32_t cell)
{
    return m->shown[cell] ? &m->cells[cell] : NULL;
}

void memory_keep(AuditMemory *m, const AuditCell *c)
{
    m->shown[c->cell] = 1;
    m->cells[c->cell] = *c;
}
