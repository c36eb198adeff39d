/*
 * A problem's memory, and what must hold for it before anybody rests safety on it.
 */
#include "sdc/sdc.h"

#include <stdio.h>

#define MILLION 1000000

/* A sum of 2^32 products of 32 and 62 bits. */
__extension__ typedef __int128 Wide;

Status sdc_new(uint32_t cells, uint32_t rows, uint32_t nonzeros, SdcProblem *out, Error *err)
{
    SdcProblem p = {.cell_count = cells, .row_count = rows, .scale = 1};
    arena_init(&p.arena, 0);
    Status st;
    TRY_OUT(arena_new(&p.arena, SdcCell, cells, &p.cells, err));
    TRY_OUT(arena_new(&p.arena, uint32_t, (size_t)rows + 1, &p.start, err));
    TRY_OUT(arena_new(&p.arena, uint32_t, nonzeros, &p.cell, err));
    TRY_OUT(arena_new(&p.arena, int32_t, nonzeros, &p.coef, err));
    TRY_OUT(arena_new(&p.arena, int64_t, rows, &p.rhs, err));
    *out = p;
    return OK;
out:
    arena_free(&p.arena);
    return st;
}

void sdc_free(SdcProblem *p)
{
    arena_free(&p->arena);
    *p = (SdcProblem){0};
}

void sdc_cell_name(const SdcProblem *p, uint32_t cell, char *out, size_t size)
{
    if (p->names && p->names[cell].len > 0)
        (void)snprintf(out, size, "%.*s", SLICE_ARG(p->names[cell]));
    else
        (void)snprintf(out, size, "cell %" PRIu32, cell);
}

/* Left side minus right side. */
static Wide row_off(const SdcProblem *p, uint32_t row, Wide *largest)
{
    Wide sum = -(Wide)p->rhs[row], most = sum < 0 ? -sum : sum;
    for (uint32_t k = p->start[row]; k < p->start[row + 1]; k++) {
        Wide term = (Wide)p->coef[k] * p->cells[p->cell[k]].value;
        sum += term;
        term = term < 0 ? -term : term;
        most = term > most ? term : most;
    }
    *largest = most;
    return sum;
}

/* "12 (a - b + c = 0)", the first cells only. */
static void describe_row(const SdcProblem *p, uint32_t row, char *out, size_t size)
{
    size_t used = 0;
    uint32_t shown = 0;
    for (uint32_t k = p->start[row]; k < p->start[row + 1] && used < size; k++, shown++) {
        char name[100];
        int32_t c = p->coef[k];
        int n;
        if (shown == 6) {
            (void)snprintf(out + used, size - used, " and %" PRIu32 " more", p->start[row + 1] - k);
            return;
        }
        sdc_cell_name(p, p->cell[k], name, sizeof name);
        const char *sign = c < 0 ? (shown ? " - " : "-") : (shown ? " + " : "");
        if (c == 1 || c == -1)
            n = snprintf(out + used, size - used, "%s%s", sign, name);
        else
            n = snprintf(out + used, size - used, "%s%" PRId64 " * %s", sign, c < 0 ? -(int64_t)c : (int64_t)c, name);
        used += n > 0 ? (size_t)n : 0;
    }
}

static Status off_error(const SdcProblem *p, uint32_t row, Wide off, Error *err)
{
    char cells[400];
    cells[0] = '\0';
    describe_row(p, row, cells, sizeof cells);
    double shown = (double)off * (p->scale > 0 ? p->scale : 1);
    return error_set(
        err, ERR_INVALID, "equation %" PRIu32 " does not add up: it is off by %.10g (%s)", row + 1, shown, cells);
}

/* Cuts a level that leaves less than `slack` of the room; by at most a millionth. */
static bool cut_level(int64_t *level, int64_t room, int64_t slack)
{
    int64_t most = *level / MILLION;
    slack = slack < most ? slack : most;
    if (slack == 0 || *level > room || *level <= room - slack)
        return false;
    *level = room - slack;
    return true;
}

static void cut_levels(SdcProblem *p, Wide total_off, SdcRounding *seen)
{
    int64_t slack = total_off > SDC_VALUE_MAX ? SDC_VALUE_MAX : (int64_t)total_off;
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcCell *c = &p->cells[i];
        bool down = cut_level(&c->lpl, c->value - c->lower, slack);
        bool up = cut_level(&c->upl, c->upper - c->value, slack);
        seen->levels += down || up;
    }
}

Status sdc_absorb_rounding(SdcProblem *p, uint32_t ppm, SdcRounding *out, Error *err)
{
    SdcRounding seen = {0};
    Wide worst_off = 0, worst_of = 1, total = 0;
    for (uint32_t r = 0; r < p->row_count; r++) {
        Wide largest, off = row_off(p, r, &largest), size = off < 0 ? -off : off;
        if (off == 0)
            continue;
        if (size > largest / MILLION * ppm + largest % MILLION * ppm / MILLION)
            return off_error(p, r, off, err);
        seen.rows++;
        total += size;
        if ((double)size * (double)worst_of > (double)worst_off * (double)largest) {
            worst_off = size;
            worst_of = largest;
            seen.worst = r;
            seen.worst_off = (int64_t)off;
        }
        Wide rhs = p->rhs[r] + off;
        if (rhs > INT64_MAX || rhs < INT64_MIN)
            return off_error(p, r, off, err);
        p->rhs[r] = (int64_t)rhs;
    }
    cut_levels(p, total, &seen);
    *out = seen;
    return OK;
}

static Status cell_error(const SdcProblem *p, uint32_t cell, const char *reason, Error *err)
{
    char name[100];
    sdc_cell_name(p, cell, name, sizeof name);
    return error_set(err, ERR_INVALID, "%s: %s", name, reason);
}

static Status check_cell(const SdcProblem *p, uint32_t i, Error *err)
{
    const SdcCell *c = &p->cells[i];
    if (c->status < SDC_OPEN || c->status > SDC_FROZEN)
        return cell_error(p, i, "unknown status", err);
    if (c->lower < -SDC_VALUE_MAX || c->upper > SDC_VALUE_MAX || c->lpl > SDC_VALUE_MAX || c->upl > SDC_VALUE_MAX ||
        c->spl > SDC_VALUE_MAX)
        return cell_error(p, i, "a bound or level is too large", err);
    if (c->value < c->lower || c->value > c->upper)
        return cell_error(p, i, "value is not between its bounds", err);
    if (c->cost < 0)
        return cell_error(p, i, "negative cost", err);
    if (c->lpl < 0 || c->upl < 0 || c->spl < 0)
        return cell_error(p, i, "negative protection level", err);
    if (c->status != SDC_SENSITIVE && (c->lpl > 0 || c->upl > 0 || c->spl > 0))
        return cell_error(p, i, "has a protection level but is not sensitive", err);
    return OK;
}

/* seen[cell]: the last row that held it, plus one. */
static Status check_row(const SdcProblem *p, uint32_t r, uint32_t *seen, Error *err)
{
    if (p->start[r] > p->start[r + 1])
        return error_set(err, ERR_INVALID, "equation %" PRIu32 " has no proper place in the matrix", r + 1);
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
        if (p->cell[k] >= p->cell_count)
            return error_set(err, ERR_INVALID, "equation %" PRIu32 " names a cell that does not exist", r + 1);
        if (seen[p->cell[k]] == r + 1)
            return cell_error(p, p->cell[k], "stands twice in one equation", err);
        seen[p->cell[k]] = r + 1;
        if (p->coef[k] == 0)
            return cell_error(p, p->cell[k], "has coefficient 0 in an equation", err);
    }
    Wide largest, off = row_off(p, r, &largest);
    return off == 0 ? OK : off_error(p, r, off, err);
}

Status sdc_check(const SdcProblem *p, Error *err)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < p->cell_count; i++) {
        TRY(check_cell(p, i, err));
        if (CKD_ADD(&total, total, p->cells[i].cost))
            return error_set(err, ERR_INVALID, "the costs of all cells do not add up within 64 bits");
    }
    uint32_t *seen = NULL;
    TRY(mem_zalloc((size_t)p->cell_count, sizeof *seen, (void **)&seen, err));
    Status st = OK;
    for (uint32_t r = 0; r < p->row_count && st == OK; r++)
        st = check_row(p, r, seen, err);
    mem_free(seen);
    return st;
}
