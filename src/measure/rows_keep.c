/*
 * The columns of a definition's rows: 17 bytes a row and what the definition says more: reasons, gaps and clauses 1
 * each, values and weights 8, employers and categories 4, links 24 (a number of 4 where one question looks up its
 * persons), a split 1 or 8 where groups overlap. So a cohort of a million is read once and folded as often as there are
 * splits and levels without asking DuckDB again.
 */
#include "measure/measure_parts.h"

typedef struct Column {
    void **at;
    size_t size;
} Column;

enum { FIXED_COLUMNS = 13 };

static void columns_of(MeasureRows *r, Column out[FIXED_COLUMNS])
{
    const Column all[FIXED_COLUMNS] = {{(void **)&r->person, sizeof *r->person}, {(void **)&r->year, sizeof *r->year},
        {(void **)&r->place, sizeof *r->place}, {(void **)&r->flags, sizeof *r->flags},
        {(void **)&r->reason, sizeof *r->reason}, {(void **)&r->gap, sizeof *r->gap},
        {(void **)&r->clause, sizeof *r->clause}, {(void **)&r->value, sizeof *r->value},
        {(void **)&r->weight, sizeof *r->weight}, {(void **)&r->employer, sizeof *r->employer},
        {(void **)&r->category, sizeof *r->category}, {(void **)&r->links, sizeof *r->links},
        {(void **)&r->link_of, sizeof *r->link_of}};
    memcpy(out, all, sizeof all);
}

/* Room grows by large steps: what is not yet written costs nothing, and each step copies what is. */
enum { ROWS_FIRST = 4096, ROWS_STEP = 16, ROWS_LARGE = 1 << 24 };

static size_t next_cap(size_t cap, size_t needed)
{
    cap = cap ? cap : ROWS_FIRST;
    while (cap < needed)
        cap *= cap < ROWS_LARGE ? ROWS_STEP : 2;
    return cap;
}

Status rows_reserve(MeasureRows *r, const RowKeep *keep, size_t count, Error *err)
{
    Column columns[FIXED_COLUMNS];
    const bool kept[FIXED_COLUMNS] = {true, true, true, true, keep->reason, keep->gap, keep->clause, keep->value,
        keep->weight, keep->employer, keep->category, keep->links, false};
    if (count <= r->cap && r->cap > 0)
        return OK;
    size_t cap = next_cap(r->cap, count);
    if (cap > UINT32_MAX / 2)
        return error_set(err, ERR_LIMIT, "%s: more rows than the engine numbers", r->def->file->path);
    columns_of(r, columns);
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        if (kept[i])
            TRY(mem_resize(columns[i].at, cap, columns[i].size, err));
    for (size_t i = 0; i < r->split_count; i++)
        TRY(r->splits[i]->overlapping ? mem_resize((void **)&r->groups[i].bits, cap, sizeof *r->groups[i].bits, err)
                                      : mem_resize((void **)&r->groups[i].code, cap, sizeof *r->groups[i].code, err));
    r->cap = cap;
    return OK;
}

void measure_rows_free(MeasureRows *r)
{
    Column columns[FIXED_COLUMNS];
    columns_of(r, columns);
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        mem_free(*columns[i].at);
    for (size_t i = 0; r->groups && i < r->split_count; i++) {
        mem_free(r->groups[i].code);
        mem_free(r->groups[i].bits);
    }
    mem_free(r->groups);
    mem_free(r->by_value);
    mem_free(r->by_employer);
    keys_free(&r->places);
    map_free(&r->employers);
    map_free(&r->categories);
    *r = (MeasureRows){0};
}

/* --- what holds of them --- */

/* Tables are kept in the order of persons, and so most rows come. */
static bool is_ascending(const MeasureRows *r)
{
    for (size_t i = 1; i < r->count; i++)
        if (r->person[i - 1] > r->person[i] || (r->person[i - 1] == r->person[i] && r->year[i - 1] >= r->year[i]))
            return false;
    return true;
}

Status rows_check_unique(const MeasureRows *r, Error *err)
{
    KeyTable seen = {0};
    uint64_t doubled = 0;
    if (is_ascending(r))
        return OK;
    Status st = keys_reserve(&seen, r->count, err);
    for (size_t i = 0; i < r->count && st == OK; i++) {
        uint32_t number;
        /* Pseudonyms are keyed hashes: a year's offset makes no two of them meet but by the chance of 2^-64 a pair. */
        uint64_t key = r->person[i] + (uint64_t)(uint32_t)r->year[i] * UINT64_C(0x9e3779b97f4a7c15);
        size_t before = seen.len;
        st = keys_number(&seen, key, &number, err);
        doubled += st == OK && seen.len == before;
    }
    keys_free(&seen);
    if (st == OK && doubled > 0)
        st = error_set(err, ERR_INVALID, "%s: the SQL gave more than one row for a person and year, %" PRIu64 " times",
            r->def->file->path, doubled);
    return st;
}

static void move_row(MeasureRows *r, size_t from, size_t to)
{
    Column columns[FIXED_COLUMNS];
    columns_of(r, columns);
    for (size_t c = 0; c < FIXED_COLUMNS; c++)
        if (*columns[c].at)
            memcpy((char *)*columns[c].at + to * columns[c].size, (char *)*columns[c].at + from * columns[c].size,
                columns[c].size);
    for (size_t s = 0; s < r->split_count; s++) {
        if (r->groups[s].code)
            r->groups[s].code[to] = r->groups[s].code[from];
        else
            r->groups[s].bits[to] = r->groups[s].bits[from];
    }
}

void rows_keep_latest(MeasureRows *r)
{
    int32_t latest = INT32_MIN;
    size_t kept = 0;
    if (r->def->years <= 0)
        return;
    for (size_t i = 0; i < r->count; i++)
        latest = r->year[i] > latest ? r->year[i] : latest;
    for (size_t i = 0; i < r->count; i++) {
        if (r->year[i] <= latest - r->def->years)
            continue;
        if (kept != i)
            move_row(r, i, kept);
        kept++;
    }
    r->count = kept;
}

/* --- in the order of years and places --- */

static Status gather(void **column, size_t size, const uint32_t *order, size_t count, Error *err)
{
    char *to;
    const char *from = *column;
    if (!from)
        return OK;
    TRY(mem_zalloc(count + 1, size, (void **)&to, err));
    for (size_t i = 0; i < count; i++)
        switch (size) {
        case 1:
            to[i] = from[order[i]];
            break;
        case 4:
            ((uint32_t *)(void *)to)[i] = ((const uint32_t *)(const void *)from)[order[i]];
            break;
        case sizeof(LinkSums):
            ((LinkSums *)(void *)to)[i] = ((const LinkSums *)(const void *)from)[order[i]];
            break;
        default:
            ((uint64_t *)(void *)to)[i] = ((const uint64_t *)(const void *)from)[order[i]];
        }
    mem_free(*column);
    *column = to;
    return OK;
}

Status rows_by_place(MeasureRows *r, Error *err)
{
    Column columns[FIXED_COLUMNS];
    uint64_t *key = NULL;
    uint32_t *order = NULL;
    Status st = OK;
    TRY_OUT(mem_zalloc(r->count + 1, sizeof *key, (void **)&key, err));
    TRY_OUT(mem_zalloc(r->count + 1, sizeof *order, (void **)&order, err));
    int32_t first = INT32_MAX;
    for (size_t i = 0; i < r->count; i++)
        first = r->year[i] < first ? r->year[i] : first;
    for (size_t i = 0; i < r->count; i++) {
        key[i] = (uint64_t)((int64_t)r->year[i] - first) * r->places.len + r->place[i];
        order[i] = (uint32_t)i;
    }
    TRY_OUT(order_by_key(key, order, r->count, err));
    columns_of(r, columns);
    for (size_t c = 0; c < FIXED_COLUMNS; c++)
        TRY_OUT(gather(columns[c].at, columns[c].size, order, r->count, err));
    for (size_t s = 0; s < r->split_count; s++)
        TRY_OUT(!r->splits[s]->overlapping
                    ? gather((void **)&r->groups[s].code, sizeof *r->groups[s].code, order, r->count, err)
                    : gather((void **)&r->groups[s].bits, sizeof *r->groups[s].bits, order, r->count, err));
    r->cap = r->count;
out:
    mem_free(key);
    mem_free(order);
    return st;
}
