/*
 * A definition's rows as columns in memory, checked: 68 bytes a row and 8 a split, so that a cohort of a million is
 * read once and folded as often as there are splits and levels without asking DuckDB again.
 */
#include "measure/measure_parts.h"

typedef struct Column {
    void **at;
    size_t size;
} Column;

enum { FIXED_COLUMNS = 14 };

static void columns_of(MeasureRows *r, Column out[FIXED_COLUMNS])
{
    const Column all[FIXED_COLUMNS] = {{(void **)&r->person, sizeof *r->person}, {(void **)&r->year, sizeof *r->year},
        {(void **)&r->place, sizeof *r->place}, {(void **)&r->flags, sizeof *r->flags},
        {(void **)&r->reason, sizeof *r->reason}, {(void **)&r->gap, sizeof *r->gap},
        {(void **)&r->clause, sizeof *r->clause}, {(void **)&r->value, sizeof *r->value},
        {(void **)&r->weight, sizeof *r->weight}, {(void **)&r->link_pairs, sizeof *r->link_pairs},
        {(void **)&r->link_correct, sizeof *r->link_correct}, {(void **)&r->link_missed, sizeof *r->link_missed},
        {(void **)&r->employer, sizeof *r->employer}, {(void **)&r->category, sizeof *r->category}};
    memcpy(out, all, sizeof all);
}

static Status grow(MeasureRows *r, Error *err)
{
    Column columns[FIXED_COLUMNS];
    size_t cap = r->cap ? r->cap * 2 : 4096;
    if (cap > UINT32_MAX / 2)
        return error_set(err, ERR_LIMIT, "%s: more rows than the engine numbers", r->def->file->path);
    columns_of(r, columns);
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        TRY(mem_resize(columns[i].at, cap, columns[i].size, err));
    for (size_t i = 0; i < r->split_count; i++)
        TRY(mem_resize((void **)&r->groups[i], cap, sizeof **r->groups, err));
    r->cap = cap;
    return OK;
}

void measure_rows_free(MeasureRows *r)
{
    Column columns[FIXED_COLUMNS];
    columns_of(r, columns);
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        mem_free(*columns[i].at);
    for (size_t i = 0; r->groups && i < r->split_count; i++)
        mem_free(r->groups[i]);
    mem_free(r->groups);
    mem_free(r->by_value);
    mem_free(r->by_employer);
    keys_free(&r->places);
    map_free(&r->employers);
    map_free(&r->categories);
    *r = (MeasureRows){0};
}

static Status refuse_code(const MeasureRows *r, uint8_t reason, uint8_t gap, uint8_t clause, Error *err)
{
    if (reason == UINT8_MAX)
        return error_set(
            err, ERR_INVALID, "%s: the SQL gave a reason that no [[exclusion]] declares", r->def->file->path);
    if (gap == GAP_COUNT)
        return error_set(err, ERR_INVALID, "%s: the SQL gave a gap that is none of not_found, out_of_coverage, blocked",
            r->def->file->path);
    if (clause == UINT8_MAX)
        return error_set(
            err, ERR_INVALID, "%s: the SQL gave a clause that no [[clause]] declares", r->outcome->file->path);
    return OK;
}

/* Texts and employers get numbers from 1; the rows of an accounting state have few of them. */
static Status number_bytes(Map *map, Slice bytes, uint32_t *out, Error *err)
{
    uint64_t number;
    TRY(map_get_or_put(map, bytes, map->len + 1, &number, err));
    *out = (uint32_t)number;
    return OK;
}

static Status read_texts(const DbRows *rows, MeasureRows *r, size_t i, Error *err)
{
    r->employer[i] = 0;
    r->category[i] = 0;
    if (!(r->flags[i] & ROW_COUNTED))
        return OK;
    if (r->def->kind == MEASURE_DISTRIBUTION) {
        Slice text = db_is_null(rows, COL_CATEGORY) ? SLICE("unknown") : db_str(rows, COL_CATEGORY);
        TRY(number_bytes(&r->categories, text, &r->category[i], err));
    }
    if (r->def->kind != MEASURE_RATE && !db_is_null(rows, COL_EMPLOYER)) {
        uint8_t id[16];
        db_uuid(rows, COL_EMPLOYER, id);
        TRY(number_bytes(&r->employers, (Slice){(const char *)id, sizeof id}, &r->employer[i], err));
        r->has_employer = true;
    }
    return OK;
}

static bool needs_value(MeasureKind kind)
{
    return kind == MEASURE_MEDIAN || kind == MEASURE_MEAN || kind == MEASURE_RATIO;
}

static uint8_t read_flags(const DbRows *rows, const MeasureRows *r)
{
    bool has_value = !db_is_null(rows, COL_VALUE);
    bool counted = db_i64(rows, COL_COUNTED) != 0 && (has_value || !needs_value(r->def->kind));
    uint8_t flags = 0;
    flags |= counted ? ROW_COUNTED : 0;
    flags |= counted && db_i64(rows, COL_HIT) ? ROW_HIT : 0;
    flags |= db_i64(rows, COL_COVERED) ? ROW_COVERED : 0;
    flags |= db_i64(rows, COL_STRONG) ? ROW_STRONG : 0;
    flags |= has_value ? ROW_HAS_VALUE : 0;
    return flags;
}

static Status read_row(const DbRows *rows, MeasureRows *r, Error *err)
{
    size_t i = r->count;
    if (db_is_null(rows, COL_PERSON) || db_is_null(rows, COL_YEAR))
        return error_set(err, ERR_INVALID, "%s: the SQL gave rows without a person or a year", r->def->file->path);
    r->person[i] = db_u64(rows, COL_PERSON);
    r->year[i] = (int32_t)db_i64(rows, COL_YEAR);
    uint64_t path = (uint64_t)db_i64(rows, COL_COUNTY) << 40 | (uint64_t)db_i64(rows, COL_DISTRICT) << 20 |
                    (uint64_t)db_i64(rows, COL_SCHOOL);
    TRY(keys_number(&r->places, path, &r->place[i], err));
    r->reason[i] = (uint8_t)db_i64(rows, COL_REASON);
    r->gap[i] = (uint8_t)db_i64(rows, COL_GAP);
    r->clause[i] = (uint8_t)db_i64(rows, COL_CLAUSE);
    TRY(refuse_code(r, r->reason[i], r->gap[i], r->clause[i], err));
    r->flags[i] = r->reason[i] ? ROW_EXCLUDED : read_flags(rows, r);
    r->value[i] = db_i64(rows, COL_VALUE);
    r->weight[i] = db_i64(rows, COL_WEIGHT);
    r->link_pairs[i] = db_i64(rows, COL_LINK_PAIRS);
    r->link_correct[i] = db_i64(rows, COL_LINK_CORRECT);
    r->link_missed[i] = db_i64(rows, COL_LINK_MISSED);
    for (size_t s = 0; s < r->split_count; s++) {
        uint64_t code = (uint64_t)db_i64(rows, COL_SPLITS + s);
        r->groups[s][i] = r->splits[s]->overlapping && code == 0 ? 1 : code;
    }
    TRY(read_texts(rows, r, i, err));
    r->count++;
    return OK;
}

static Status check_unique(const MeasureRows *r, Error *err)
{
    KeyTable seen = {0};
    uint64_t doubled = 0;
    Status st = OK;
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
        memcpy((char *)*columns[c].at + to * columns[c].size, (char *)*columns[c].at + from * columns[c].size,
            columns[c].size);
    for (size_t s = 0; s < r->split_count; s++)
        r->groups[s][to] = r->groups[s][from];
}

static void keep_latest(MeasureRows *r)
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

static Status read_all(Db *db, const char *sql, MeasureRows *r, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_query(db, sql, &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        if (r->count == r->cap)
            TRY_OUT(grow(r, err));
        TRY_OUT(read_row(rows, r, err));
    }
    if (cancel_asked())
        st = cancel_check(err);
out:
    db_rows_free(rows);
    return st;
}

Status measure_rows_read(const RowSource *source, const RowWish *wish, MeasureRows *out, Error *err)
{
    Buf sql;
    Status st = OK;
    *out = (MeasureRows){.frame = source->frame,
        .def = wish->def,
        .outcome = wish->outcome,
        .splits = wish->splits,
        .split_count = wish->split_count};
    buf_init(&sql, 0);
    TRY_OUT(map_init(&out->employers, err));
    TRY_OUT(map_init(&out->categories, err));
    TRY_OUT(mem_zalloc(wish->split_count + 1, sizeof *out->groups, (void **)&out->groups, err));
    TRY_OUT(measure_rows_sql(source, wish, &sql, err));
    TRY_OUT(read_all(source->db, buf_z(&sql), out, err));
    TRY_OUT(check_unique(out, err));
    keep_latest(out);
    st = fold_order_rows(out, err);
out:
    if (st != OK)
        error_at(err, wish->def->file->path, 0, NULL);
    buf_free(&sql);
    return st;
}
