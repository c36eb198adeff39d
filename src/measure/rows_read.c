/*
 * A definition's rows as columns in memory, checked: 68 bytes a row, and one a split, eight where groups overlap, so
 * that a cohort of a million is read once and folded as often as there are splits and levels without asking DuckDB
 * again.
 */
#include "measure/asked_persons.h"
#include "measure/persons.h"
#include "measure/units.h"

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

static Status grow(MeasureRows *r, size_t needed, Error *err)
{
    Column columns[FIXED_COLUMNS];
    size_t cap = r->cap ? r->cap : 4096;
    while (cap < needed)
        cap *= 2;
    if (cap > UINT32_MAX / 2)
        return error_set(err, ERR_LIMIT, "%s: more rows than the engine numbers", r->def->file->path);
    columns_of(r, columns);
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
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

/* --- a chunk of rows --- */

typedef struct Chunk {
    const RowSource *source;
    MeasureRows *rows;
    DbVector column[COL_COUNT]; /* data NULL: the statement has none */
    DbVector split[SPLITS_MAX];
    size_t near;                    /* persons_find */
    Slice district, school, county; /* of the last row; ptr NULL: none */
    UnitPlace place;
} Chunk;

static bool has(const Chunk *c, RowColumn column, size_t k)
{
    return c->column[column].data && db_vector_has(&c->column[column], k);
}

static bool bool_at(const Chunk *c, RowColumn column, size_t k)
{
    return has(c, column, k) && ((const bool *)c->column[column].data)[k];
}

static uint8_t code_at(const Chunk *c, RowColumn column, size_t k, uint8_t otherwise)
{
    return has(c, column, k) ? ((const uint8_t *)c->column[column].data)[k] : otherwise;
}

static int64_t number_at(const Chunk *c, RowColumn column, size_t k)
{
    return has(c, column, k) ? ((const int64_t *)c->column[column].data)[k] : 0;
}

static Slice text_at(const Chunk *c, RowColumn column, size_t k)
{
    return has(c, column, k) ? db_vector_str(&c->column[column], k) : (Slice){0};
}

static bool same_text(Slice a, Slice b)
{
    return a.len == b.len && (a.len == 0 ? !a.ptr == !b.ptr : memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Neighbours are often of one person, and so of one school. */
static Status read_place(Chunk *c, size_t k, size_t i, Error *err)
{
    Slice district = text_at(c, COL_DISTRICT, k), school = text_at(c, COL_SCHOOL, k),
          county = text_at(c, COL_COUNTY, k);
    if (k == 0 || !same_text(district, c->district) || !same_text(school, c->school) || !same_text(county, c->county)) {
        TRY(units_place(c->source->units, district.ptr ? &district : NULL, school.ptr ? &school : NULL,
            county.ptr ? &county : NULL, &c->place, err));
        c->district = district;
        c->school = school;
        c->county = county;
    }
    return keys_number(&c->rows->places, c->place.path, &c->rows->place[i], err);
}

/* Texts and employers get numbers from 1; the rows of an accounting state have few of them. */
static Status number_bytes(Map *map, Slice bytes, uint32_t *out, Error *err)
{
    uint64_t number;
    TRY(map_get_or_put(map, bytes, map->len + 1, &number, err));
    *out = (uint32_t)number;
    return OK;
}

static Status read_texts(const Chunk *c, size_t k, size_t i, Error *err)
{
    MeasureRows *r = c->rows;
    r->employer[i] = 0;
    r->category[i] = 0;
    if (!(r->flags[i] & ROW_COUNTED))
        return OK;
    if (r->def->kind == MEASURE_DISTRIBUTION)
        TRY(number_bytes(&r->categories, has(c, COL_CATEGORY, k) ? text_at(c, COL_CATEGORY, k) : SLICE("unknown"),
            &r->category[i], err));
    if (has(c, COL_EMPLOYER, k)) {
        uint8_t id[16];
        db_vector_uuid(&c->column[COL_EMPLOYER], k, id);
        TRY(number_bytes(&r->employers, (Slice){(const char *)id, sizeof id}, &r->employer[i], err));
        r->has_employer = true;
    }
    return OK;
}

static bool needs_value(MeasureKind kind)
{
    return kind == MEASURE_MEDIAN || kind == MEASURE_MEAN || kind == MEASURE_RATIO;
}

static uint8_t read_flags(const Chunk *c, size_t k, bool strong)
{
    bool has_value = has(c, COL_VALUE, k);
    bool counted = bool_at(c, COL_COUNTED, k) && (has_value || !needs_value(c->rows->def->kind));
    uint8_t flags = 0;
    flags |= counted ? ROW_COUNTED : 0;
    flags |= counted && bool_at(c, COL_HIT, k) ? ROW_HIT : 0;
    flags |= bool_at(c, COL_COVERED, k) ? ROW_COVERED : 0;
    flags |= strong ? ROW_STRONG : 0;
    flags |= has_value ? ROW_HAS_VALUE : 0;
    return flags;
}

static Status leave_group(RowGroups *to, size_t i)
{
    if (to->bits)
        to->bits[i] = BITS_OF_PERSON;
    else
        to->code[i] = CODE_OF_PERSON;
    return OK;
}

/* What the row itself says of the split goes before what is known of the person or the place. */
static Status read_group(const Chunk *c, size_t s, const void *person, size_t k, size_t i, Error *err)
{
    const SplitDef *split = c->rows->splits[s];
    const DbVector *given = &c->split[s];
    RowGroups *to = &c->rows->groups[s];
    uint64_t group = split->overlapping ? 1 : 0;
    if (given->data && db_vector_has(given, k))
        group = split->overlapping ? ((const uint64_t *)given->data)[k] : ((const uint8_t *)given->data)[k];
    else if (split->of_person && c->source->asked)
        return leave_group(to, i);
    else if (split->of_person && person)
        group = persons_group(c->source->persons, person, split);
    else if (split->of_place && c->source->units->place_groups[split->number])
        group = c->source->units->place_groups[split->number][c->place.combination];
    if (group == DOUBLED_GROUP)
        return error_set(err, ERR_INVALID, "split %.*s: the reference lists have a place of the measure's rows twice",
            SLICE_ARG(split->name));
    if (split->overlapping)
        to->bits[i] = group ? group : 1;
    else
        to->code[i] = (uint8_t)group;
    return OK;
}

static void read_link(const Chunk *c, const PersonLink *person, size_t k, int64_t out[LINK_COUNT], bool *strong)
{
    *strong = person ? person->strong : bool_at(c, COL_STRONG, k);
    for (size_t l = 0; l < LINK_COUNT; l++)
        out[l] = person ? person->link[l] : number_at(c, (RowColumn)(COL_LINK + l), k);
}

static Status read_row(Chunk *c, size_t k, Error *err)
{
    MeasureRows *r = c->rows;
    size_t i = r->count;
    int64_t link[LINK_COUNT];
    bool strong;
    if (!has(c, COL_PERSON, k) || !has(c, COL_YEAR, k))
        return error_set(err, ERR_INVALID, "%s: the SQL gave rows without a person or a year", r->def->file->path);
    r->person[i] = ((const uint64_t *)c->column[COL_PERSON].data)[k];
    r->year[i] = ((const int32_t *)c->column[COL_YEAR].data)[k];
    r->reason[i] = code_at(c, COL_REASON, k, 0);
    r->gap[i] = code_at(c, COL_GAP, k, NO_GAP);
    r->clause[i] = code_at(c, COL_CLAUSE, k, 0);
    TRY(refuse_code(r, r->reason[i], r->gap[i], r->clause[i], err));
    TRY(read_place(c, k, i, err));
    const void *person = c->source->persons ? persons_find(c->source->persons, r->person[i], &c->near) : NULL;
    read_link(c, person, k, link, &strong);
    r->link_pairs[i] = link[0];
    r->link_correct[i] = link[1];
    r->link_missed[i] = link[2];
    r->flags[i] = r->reason[i] ? ROW_EXCLUDED : read_flags(c, k, strong);
    r->value[i] = number_at(c, COL_VALUE, k);
    r->weight[i] = number_at(c, COL_WEIGHT, k);
    for (size_t s = 0; s < r->split_count; s++)
        TRY(read_group(c, s, person, k, i, err));
    TRY(read_texts(c, k, i, err));
    r->count++;
    return OK;
}

/* Tables are kept in the order of persons, and so most rows come. */
static bool is_ascending(const MeasureRows *r)
{
    for (size_t i = 1; i < r->count; i++)
        if (r->person[i - 1] > r->person[i] || (r->person[i - 1] == r->person[i] && r->year[i - 1] >= r->year[i]))
            return false;
    return true;
}

static Status check_unique(const MeasureRows *r, Error *err)
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
        memcpy((char *)*columns[c].at + to * columns[c].size, (char *)*columns[c].at + from * columns[c].size,
            columns[c].size);
    for (size_t s = 0; s < r->split_count; s++) {
        if (r->groups[s].code)
            r->groups[s].code[to] = r->groups[s].code[from];
        else
            r->groups[s].bits[to] = r->groups[s].bits[from];
    }
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

static void take_chunk(Chunk *c, const DbRows *rows, const RowLayout *layout)
{
    for (size_t i = 0; i < COL_COUNT; i++)
        if (layout->column[i] >= 0)
            c->column[i] = db_vector(rows, (size_t)layout->column[i]);
    for (size_t i = 0; i < c->rows->split_count; i++)
        if (layout->split[i] >= 0)
            c->split[i] = db_vector(rows, (size_t)layout->split[i]);
}

static Status read_all(const RowSource *source, const char *sql, const RowLayout *layout, MeasureRows *r, Error *err)
{
    DbRows *rows = NULL;
    Chunk c = {.source = source, .rows = r};
    size_t count;
    Status st = OK;
    TRY(db_query(source->db, sql, &rows, err));
    for (;;) {
        TRY_OUT(db_next_chunk(rows, &count, err));
        if (count == 0)
            break;
        if (r->count + count > r->cap)
            TRY_OUT(grow(r, r->count + count, err));
        take_chunk(&c, rows, layout);
        for (size_t k = 0; k < count; k++)
            TRY_OUT(read_row(&c, k, err));
    }
    if (cancel_asked())
        st = cancel_check(err);
out:
    db_rows_free(rows);
    return st;
}

/* --- in the order of years and places --- */

static Status gather(void **column, size_t size, const uint32_t *order, size_t count, Error *err)
{
    char *to;
    const char *from = *column;
    TRY(mem_zalloc(count + 1, size, (void **)&to, err));
    for (size_t i = 0; i < count; i++)
        switch (size) {
        case 1:
            to[i] = from[order[i]];
            break;
        case 4:
            ((uint32_t *)(void *)to)[i] = ((const uint32_t *)(const void *)from)[order[i]];
            break;
        default:
            ((uint64_t *)(void *)to)[i] = ((const uint64_t *)(const void *)from)[order[i]];
        }
    mem_free(*column);
    *column = to;
    return OK;
}

/* A fold adds up figures by year and place: in this order they stay in the cache while it does. */
static Status rows_by_place(MeasureRows *r, Error *err)
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

Status measure_rows_read(const RowSource *source, const RowWish *wish, MeasureRows *out, Error *err)
{
    RowLayout layout;
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
    TRY_OUT(measure_rows_sql(source, wish, &sql, &layout, err));
    TRY_OUT(read_all(source, buf_z(&sql), &layout, out, err));
    TRY_OUT(check_unique(out, err));
    keep_latest(out);
    if (source->asked)
        TRY_OUT(asked_persons_fill(source->asked, source, out, err));
    if (source->by_place)
        TRY_OUT(rows_by_place(out, err));
    st = fold_order_rows(out, err);
out:
    if (st != OK)
        error_at(err, wish->def->file->path, 0, NULL);
    buf_free(&sql);
    return st;
}
