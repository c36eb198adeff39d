/*
 * Why nothing protects a cell. The auditor is asked about that cell alone, with everything suppressed that may be. Then
 * what is known beforehand is taken back: published cells, zeros among them, and where that does not help the ranges
 * that everybody knows. What can be taken back with the leak remaining is not to blame (deletion filter by halves,
 * Chinneck and Dravnieks 1991), the farthest first, so that the blame stays near. A few questions more in a run that
 * fails anyway, and limited in number: then the list is longer than it need be, never empty.
 */
#include "protectfile/blame.h"

#define MAX_SUSPECTS 4000
#define MAX_QUESTIONS 80
#define TOLD_BYTES 380
#define PUBLISHED "it follows from what is published: "

typedef struct Blame {
    const SdcProblem *given;
    const AuditOptions *ask;
    SdcProblem widest; /* the given one with cells of its own */
    uint32_t cell;
    int64_t room;     /* nothing is larger */
    uint32_t *known;  /* published cells, near ones first */
    uint32_t *hidden; /* suppressed cells likewise, the cell itself before them; room for the known ones, too */
    uint32_t knowns, hiddens, questions, most;
    const SdcCell *plain; /* what is taken back is the code of a rate alone; NULL: everything known */
} Blame;

/* Of this nobody can be kept in doubt: it is published, or can be nothing else. */
static bool is_known(const SdcCell *c)
{
    return c->status == SDC_FROZEN || c->lower == c->upper;
}

static Status widest_make(Blame *b, Error *err)
{
    const SdcProblem *p = b->given;
    b->widest = *p;
    b->widest.cells = NULL;
    TRY(mem_alloc(((size_t)p->cell_count + 1) * sizeof *p->cells, (void **)&b->widest.cells, err));
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcCell c = p->cells[i];
        if (i != b->cell && c.status != SDC_FROZEN) {
            c.status = SDC_SECONDARY;
            c.lpl = c.upl = c.spl = 0;
        }
        b->widest.cells[i] = c;
        b->room = c.upper > b->room ? c.upper : b->room;
    }
    const SdcCell *mine = &p->cells[b->cell];
    b->room += mine->upl + mine->lpl + mine->spl + 1;
    b->room = b->room < SDC_VALUE_MAX ? b->room : SDC_VALUE_MAX;
    return OK;
}

/* Breadth first from the cell through the equations; a zero that is taken back has equations of its own. */
static Status find_suspects(Blame *b, const Rows *rows, Error *err)
{
    const SdcProblem *p = b->given;
    uint8_t *seen = NULL;
    uint32_t *queue = NULL, tail = 0;
    Status st = mem_zalloc((size_t)p->cell_count + 1, 1, (void **)&seen, err);
    if (st == OK)
        st = mem_zalloc((size_t)p->cell_count + 1, sizeof *queue, (void **)&queue, err);
    if (st == OK) {
        queue[tail++] = b->hidden[b->hiddens++] = b->cell;
        seen[b->cell] = 1;
    }
    for (uint32_t head = 0; head < tail && b->knowns < MAX_SUSPECTS; head++)
        for (uint32_t i = rows->from[queue[head]]; i < rows->from[queue[head] + 1]; i++)
            for (uint32_t k = p->start[rows->row[i]]; k < p->start[rows->row[i] + 1]; k++) {
                uint32_t other = p->cell[k];
                if (seen[other])
                    continue;
                seen[other] = 1;
                queue[tail++] = other;
                if (is_known(&p->cells[other]))
                    b->known[b->knowns++] = other;
                else
                    b->hidden[b->hiddens++] = other;
            }
    mem_free(seen);
    mem_free(queue);
    return st;
}

static void take_back(Blame *b, uint32_t cell)
{
    SdcCell *c = &b->widest.cells[cell];
    if (b->plain) {
        c->upper = b->plain[cell].upper > c->upper ? b->plain[cell].upper : c->upper;
        return;
    }
    if (c->status == SDC_FROZEN)
        c->status = SDC_SECONDARY;
    c->lower = c->lower < 0 ? c->lower : 0;
    c->upper = b->room;
}

static void put_back(Blame *b, uint32_t cell)
{
    const SdcCell *c = &b->given->cells[cell];
    SdcStatus status = c->status == SDC_OPEN || c->status == SDC_SENSITIVE ? SDC_SECONDARY : c->status;
    b->widest.cells[cell].status = cell == b->cell ? c->status : status;
    b->widest.cells[cell].lower = c->lower;
    b->widest.cells[cell].upper = c->upper;
}

static Status is_safe(Blame *b, bool *safe, Error *err)
{
    AuditReport report = {0};
    b->questions++;
    Status st = audit_problem(&b->widest, b->ask, &report, err);
    *safe = st == OK && report.exposed + report.unproven == 0;
    audit_report_free(&report);
    return st;
}

/* Leaves those in list without any of which the cell would be safe; all of them are taken back now. */
static Status filter(Blame *b, uint32_t *list, uint32_t *count, Error *err)
{
    uint32_t end = *count, step = *count, kept = *count;
    for (uint32_t i = 0; i < *count; i++)
        put_back(b, list[i]);
    while (end > 0 && b->questions < b->most) {
        uint32_t from = step < end ? end - step : 0;
        bool safe;
        for (uint32_t i = from; i < end; i++)
            take_back(b, list[i]);
        TRY(is_safe(b, &safe, err));
        if (!safe) {
            end = from;
            step *= 2;
            continue;
        }
        for (uint32_t i = from; i < end; i++)
            put_back(b, list[i]);
        if (end - from == 1)
            list[--kept] = list[--end];
        else
            step = (end - from) / 2;
    }
    for (uint32_t i = kept; i < *count; i++)
        list[end++] = list[i];
    *count = end;
    return OK;
}

/* --- in words ----------------------------------------------------------------------------------------------------- */

static void say_cell(const SdcProblem *p, uint32_t cell, Buf *out)
{
    char name[200];
    sdc_cell_name(p, cell, name, sizeof name);
    buf_addf(out, "[%s]", name);
    const SdcCell *c = &p->cells[cell];
    if (c->status != SDC_FROZEN)
        buf_addf(out, " (%lld to %lld)", (long long)c->lower, (long long)c->upper);
    else if (c->upper == 0)
        buf_adds(out, " (nobody can be there)");
    else if (c->value == 0)
        buf_adds(out, " (nobody is there)");
}

/* As many as fit, then how many more. */
static void say_cells(const SdcProblem *p, const uint32_t *list, uint32_t count, Buf *out)
{
    uint32_t told = 0;
    for (; told < count && out->len < TOLD_BYTES; told++) {
        buf_adds(out, told > 0 ? "; " : "");
        say_cell(p, list[told], out);
    }
    if (told < count)
        buf_addf(out, "; and %u more", count - told);
}

static Status refuse(const Blame *b, const char *why, const uint32_t *list, uint32_t count, Error *err)
{
    Buf text;
    char name[200];
    buf_init(&text, 1 << 16);
    sdc_cell_name(b->given, b->cell, name, sizeof name);
    buf_addf(&text, "nothing protects [%s]: %s", name, why);
    say_cells(b->given, list, count, &text);
    error_set(err, ERR_DENIED, "%.590s", buf_z(&text));
    error_hint(err, "Leave out a table or a level, join groups or places, or withdraw the earlier release.");
    buf_free(&text);
    return ERR_DENIED;
}

/* Not even with everything unknown: what stands in one equation with it is the same number, or somebody who is alone in
 * one of those cells knows it. */
static Status refuse_neighbours(Blame *b, const Rows *rows, Error *err)
{
    const SdcProblem *p = b->given;
    uint32_t *list = b->known, count = 0;
    for (uint32_t i = rows->from[b->cell]; i < rows->from[b->cell + 1]; i++)
        for (uint32_t k = p->start[rows->row[i]]; k < p->start[rows->row[i] + 1]; k++)
            if (p->cell[k] != b->cell && count < MAX_SUSPECTS)
                list[count++] = p->cell[k];
    return refuse(b, "it follows, for who is alone in one of them, from ", list, count, err);
}

static Status find_cause(Blame *b, const Rows *rows, Error *err)
{
    bool safe;
    for (uint32_t i = 0; i < b->knowns; i++)
        take_back(b, b->known[i]);
    TRY(is_safe(b, &safe, err));
    if (safe) {
        TRY(filter(b, b->known, &b->knowns, err));
        return refuse(b, PUBLISHED, b->known, b->knowns, err);
    }
    for (uint32_t i = 0; i < b->hiddens; i++)
        take_back(b, b->hidden[i]);
    TRY(is_safe(b, &safe, err));
    if (!safe)
        return refuse_neighbours(b, rows, err);
    for (uint32_t i = 0; i < b->knowns; i++)
        b->hidden[b->hiddens++] = b->known[i];
    TRY(filter(b, b->hidden, &b->hiddens, err));
    return refuse(b, "it follows from what everybody knows of ", b->hidden, b->hiddens, err);
}

/* Questions about one cell. Whatever comes of it, blame_end. */
static Status blame_begin(
    Blame *b, AuditOptions *own, const SdcProblem *p, const AuditOptions *ask, uint32_t cell, Error *err)
{
    *own = *ask;
    own->kept = NULL;
    own->memory = NULL; /* patterns of its own, none of which grows from the last */
    own->cells = AUDIT_SENSITIVE_CELLS;
    *b = (Blame){.given = p, .ask = own, .cell = cell, .most = MAX_QUESTIONS};
    TRY(widest_make(b, err));
    TRY(mem_zalloc((size_t)p->cell_count + MAX_SUSPECTS + 1, sizeof *b->known, (void **)&b->known, err));
    return mem_zalloc((size_t)p->cell_count + 1, sizeof *b->hidden, (void **)&b->hidden, err);
}

static void blame_end(Blame *b)
{
    mem_free(b->widest.cells);
    mem_free(b->known);
    mem_free(b->hidden);
}

Status blame(
    const SdcProblem *p, const Rows *rows, const AuditOptions *ask, const BlameCell *what, bool *forced, Error *err)
{
    AuditOptions own;
    Blame b;
    bool safe = true;
    Status st = blame_begin(&b, &own, p, ask, what->cell, err);
    if (st == OK)
        st = is_safe(&b, &safe, err);
    *forced = st == OK && !safe;
    if (*forced && what->frozen_count > 0) {
        st = refuse(&b, PUBLISHED, what->frozen, (uint32_t)what->frozen_count, err);
    } else if (*forced) {
        st = find_suspects(&b, rows, err);
        st = st == OK ? find_cause(&b, rows, err) : st;
    }
    blame_end(&b);
    return st;
}

/* --- codes -------------------------------------------------------------------------------------------------------- */

static bool has_code(const SdcProblem *p, const BlameCodes *codes, uint32_t cell)
{
    return codes->plain[cell].upper > p->cells[cell].upper && !codes->blamed[cell];
}

/* Codes that hang together with the cell, near ones first; those blamed before are gone. *near: of its own sums. */
static Status find_codes(Blame *b, const Rows *rows, const BlameCodes *codes, uint32_t *near, bool *before, Error *err)
{
    uint32_t kept = 0;
    *before = false;
    TRY(find_suspects(b, rows, err));
    *near = 0;
    for (uint32_t i = 0; i < b->hiddens; i++) {
        uint32_t c = b->hidden[i];
        if (codes->blamed[c]) {
            take_back(b, c);
            *before = true;
        } else if (has_code(b->given, codes, c))
            b->hidden[kept++] = c;
    }
    b->hiddens = kept;
    for (uint32_t i = rows->from[b->cell]; i < rows->from[b->cell + 1]; i++)
        for (uint32_t k = b->given->start[rows->row[i]]; k < b->given->start[rows->row[i] + 1]; k++)
            *near += b->given->cell[k] != b->cell && has_code(b->given, codes, b->given->cell[k]);
    *near += has_code(b->given, codes, b->cell);
    *near = *near > 0 && *near < kept ? *near : kept;
    return OK;
}

static Status blame_nearest(Blame *b, const Rows *rows, BlameCodes *codes, bool *any, Error *err)
{
    bool safe, before;
    uint32_t near;
    *any = false;
    TRY(find_codes(b, rows, codes, &near, &before, err));
    TRY(is_safe(b, &safe, err));
    *any = safe && before;
    if (safe || b->hiddens == 0)
        return OK;
    for (uint32_t i = 0; i < b->hiddens; i++)
        take_back(b, b->hidden[i]);
    TRY(is_safe(b, &safe, err));
    if (!safe)
        return OK;
    *any = true;
    if (b->questions < b->most)
        TRY(filter(b, b->hidden, &b->hiddens, err));
    else
        b->hiddens = near;
    for (uint32_t i = 0; i < b->hiddens; i++) {
        codes->blamed[b->hidden[i]] = 1;
        codes->for_cell[b->hidden[i]] = b->cell;
    }
    return OK;
}

Status blame_codes(const SdcProblem *p, const Rows *rows, const AuditOptions *ask, uint32_t cell, BlameCodes *codes,
    bool *any, Error *err)
{
    AuditOptions own;
    Blame b;
    Status st = blame_begin(&b, &own, p, ask, cell, err);
    b.plain = codes->plain;
    b.most = codes->questions < b.most ? codes->questions : b.most;
    if (st == OK)
        st = blame_nearest(&b, rows, codes, any, err);
    codes->questions -= b.questions < codes->questions ? b.questions : codes->questions;
    blame_end(&b);
    return st;
}
