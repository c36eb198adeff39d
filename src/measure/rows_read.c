/*
 * A definition's rows from DuckDB's vectors into columns in memory, checked.
 *
 * What is the same for all rows of a chunk is asked once a chunk and column, not once a row.
 */
#include "measure/asked_persons.h"
#include "measure/persons.h"
#include "measure/units.h"

/* --- a chunk of rows --- */

typedef struct Chunk {
    const RowSource *source;
    MeasureRows *rows;
    RowKeep keep;
    size_t count;               /* rows r->count .. r->count + count - 1 are being made */
    DbVector column[COL_COUNT]; /* data NULL: the statement has none */
    DbVector split[SPLITS_MAX];
    size_t near;     /* persons_find */
    UnitPlace place; /* of the last row */
    uint32_t place_number;
} Chunk;

static bool has(const Chunk *c, RowColumn column, size_t k)
{
    return c->column[column].data && db_vector_has(&c->column[column], k);
}

static Slice text_at(const Chunk *c, RowColumn column, size_t k)
{
    return has(c, column, k) ? db_vector_str(&c->column[column], k) : (Slice){0};
}

/* --- who and when --- */

static Status take_who(const Chunk *c, Error *err)
{
    MeasureRows *r = c->rows;
    const DbVector *person = &c->column[COL_PERSON], *year = &c->column[COL_YEAR];
    for (size_t k = 0; k < c->count; k++)
        if (!db_vector_has(person, k) || !db_vector_has(year, k))
            return error_set(err, ERR_INVALID, "%s: the SQL gave rows without a person or a year", r->def->file->path);
    memcpy(r->person + r->count, person->data, c->count * sizeof *r->person);
    memcpy(r->year + r->count, year->data, c->count * sizeof *r->year);
    return OK;
}

/* --- codes and numbers --- */

/* refused: the code that stands for what nothing declares. */
static bool take_codes(const Chunk *c, RowColumn column, uint8_t otherwise, uint8_t refused, uint8_t *to)
{
    const DbVector *v = &c->column[column];
    const uint8_t *from = v->data;
    bool fine = true;
    for (size_t k = 0; k < c->count; k++) {
        to[k] = db_vector_has(v, k) ? from[k] : otherwise;
        fine = fine && to[k] != refused;
    }
    return fine;
}

static Status take_all_codes(const Chunk *c, Error *err)
{
    MeasureRows *r = c->rows;
    if (r->reason && !take_codes(c, COL_REASON, 0, UINT8_MAX, r->reason + r->count))
        return error_set(
            err, ERR_INVALID, "%s: the SQL gave a reason that no [[exclusion]] declares", r->def->file->path);
    if (r->gap && !take_codes(c, COL_GAP, NO_GAP, GAP_COUNT, r->gap + r->count))
        return error_set(err, ERR_INVALID, "%s: the SQL gave a gap that is none of not_found, out_of_coverage, blocked",
            r->def->file->path);
    if (r->clause && !take_codes(c, COL_CLAUSE, 0, UINT8_MAX, r->clause + r->count))
        return error_set(
            err, ERR_INVALID, "%s: the SQL gave a clause that no [[clause]] declares", r->outcome->file->path);
    return OK;
}

static void take_numbers(const Chunk *c, RowColumn column, int64_t *to)
{
    const DbVector *v = &c->column[column];
    const int64_t *from = v->data;
    for (size_t k = 0; to && k < c->count; k++)
        to[k] = from && db_vector_has(v, k) ? from[k] : 0;
}

/* --- flags --- */

static void add_flag(const Chunk *c, RowColumn column, uint8_t flag, uint8_t *flags)
{
    const DbVector *v = &c->column[column];
    const uint8_t *from = v->data;
    for (size_t k = 0; from && k < c->count; k++)
        flags[k] |= db_vector_has(v, k) && from[k] ? flag : 0;
}

static bool needs_value(MeasureKind kind)
{
    return kind == MEASURE_MEDIAN || kind == MEASURE_MEAN || kind == MEASURE_RATIO;
}

/* Whoever is left out has no other flag; who is not counted is no hit. */
static void take_flags(const Chunk *c)
{
    MeasureRows *r = c->rows;
    uint8_t *flags = r->flags + r->count;
    uint8_t needed = needs_value(r->def->kind) ? ROW_COUNTED | ROW_HAS_VALUE : ROW_COUNTED;
    memset(flags, 0, c->count);
    add_flag(c, COL_COUNTED, ROW_COUNTED, flags);
    add_flag(c, COL_HIT, ROW_HIT, flags);
    add_flag(c, COL_COVERED, ROW_COVERED, flags);
    add_flag(c, COL_STRONG, ROW_STRONG, flags);
    for (size_t k = 0; c->column[COL_VALUE].data && k < c->count; k++)
        flags[k] |= db_vector_has(&c->column[COL_VALUE], k) ? ROW_HAS_VALUE : 0;
    for (size_t k = 0; k < c->count; k++)
        if ((flags[k] & needed) != needed)
            flags[k] &= (uint8_t) ~(ROW_COUNTED | ROW_HIT);
    for (size_t k = 0; r->reason && k < c->count; k++)
        flags[k] = r->reason[r->count + k] ? ROW_EXCLUDED : flags[k];
}

/* --- places, persons and groups --- */

static bool same_text(const Chunk *c, RowColumn column, size_t k)
{
    return !c->column[column].data || db_vector_same_str(&c->column[column], k, k - 1);
}

/* Neighbours are often of one person, and so of one school. */
static Status take_place(Chunk *c, size_t k, Error *err)
{
    if (k == 0 || !same_text(c, COL_DISTRICT, k) || !same_text(c, COL_SCHOOL, k) || !same_text(c, COL_COUNTY, k)) {
        Slice district = text_at(c, COL_DISTRICT, k), school = text_at(c, COL_SCHOOL, k),
              county = text_at(c, COL_COUNTY, k);
        TRY(units_place(c->source->units, district.ptr ? &district : NULL, school.ptr ? &school : NULL,
            county.ptr ? &county : NULL, &c->place, err));
        TRY(keys_number(&c->rows->places, c->place.path, &c->place_number, err));
    }
    c->rows->place[c->rows->count + k] = c->place_number;
    return OK;
}

/* Nothing but the person decides the group, and she is looked up when all rows are there. */
static bool is_left(const Chunk *c, size_t s)
{
    return c->source->asked && c->rows->splits[s]->of_person && !c->split[s].data;
}

static void leave_group(const Chunk *c, size_t s)
{
    const RowGroups *to = &c->rows->groups[s];
    if (to->code)
        memset(to->code + c->rows->count, CODE_OF_PERSON, c->count);
    for (size_t k = 0; to->bits && k < c->count; k++)
        to->bits[c->rows->count + k] = BITS_OF_PERSON;
}

/* What the row itself says of the split goes before what is known of the person or the place. */
static Status take_group(const Chunk *c, size_t s, const void *person, size_t k, Error *err)
{
    const SplitDef *split = c->rows->splits[s];
    const DbVector *given = &c->split[s];
    const RowGroups *to = &c->rows->groups[s];
    size_t i = c->rows->count + k;
    uint64_t group = split->overlapping ? 1 : 0;
    if (given->data && db_vector_has(given, k))
        group = split->overlapping ? ((const uint64_t *)given->data)[k] : ((const uint8_t *)given->data)[k];
    else if (split->of_person && c->source->asked)
        group = CODE_OF_PERSON; /* a partition: others give no column of their own */
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

/* The quality of a row's links, where the statement or a table in memory tells it. */
static void take_links(const Chunk *c, const PersonLink *person, size_t k)
{
    MeasureRows *r = c->rows;
    size_t i = r->count + k;
    LinkSums *to = &r->links[i];
    if (person) {
        *to = person->links;
        if (person->strong && !(r->flags[i] & ROW_EXCLUDED))
            r->flags[i] |= ROW_STRONG;
        return;
    }
    for (size_t l = 0; l < LINK_COUNT; l++)
        to->of[l] = has(c, (RowColumn)(COL_LINK + l), k) ? ((const int64_t *)c->column[COL_LINK + l].data)[k] : 0;
}

static Status take_rest(Chunk *c, Error *err)
{
    MeasureRows *r = c->rows;
    size_t by_row[SPLITS_MAX], by_row_count = 0;
    for (size_t s = 0; s < r->split_count; s++) {
        if (is_left(c, s))
            leave_group(c, s);
        else
            by_row[by_row_count++] = s;
    }
    for (size_t k = 0; k < c->count; k++) {
        TRY(take_place(c, k, err));
        const void *person =
            c->source->persons ? persons_find(c->source->persons, r->person[r->count + k], &c->near) : NULL;
        if (r->links)
            take_links(c, person, k);
        for (size_t s = 0; s < by_row_count; s++)
            TRY(take_group(c, by_row[s], person, k, err));
    }
    return OK;
}

/* --- categories and employers --- */

/* They get numbers from 1; the rows of an accounting state have few of them. */
static Status number_bytes(Map *map, Slice bytes, uint32_t *out, Error *err)
{
    uint64_t number;
    TRY(map_get_or_put(map, bytes, map->len + 1, &number, err));
    *out = (uint32_t)number;
    return OK;
}

static Status take_category(const Chunk *c, size_t k, Error *err)
{
    MeasureRows *r = c->rows;
    size_t i = r->count + k;
    r->category[i] = 0;
    if (!(r->flags[i] & ROW_COUNTED))
        return OK;
    return number_bytes(&r->categories, has(c, COL_CATEGORY, k) ? text_at(c, COL_CATEGORY, k) : SLICE("unknown"),
        &r->category[i], err);
}

static Status take_employer(const Chunk *c, size_t k, Error *err)
{
    MeasureRows *r = c->rows;
    size_t i = r->count + k;
    uint8_t id[16];
    r->employer[i] = 0;
    if (!(r->flags[i] & ROW_COUNTED) || !has(c, COL_EMPLOYER, k))
        return OK;
    db_vector_uuid(&c->column[COL_EMPLOYER], k, id);
    r->has_employer = true;
    return number_bytes(&r->employers, (Slice){(const char *)id, sizeof id}, &r->employer[i], err);
}

static Status take_texts(const Chunk *c, Error *err)
{
    for (size_t k = 0; c->rows->category && k < c->count; k++)
        TRY(take_category(c, k, err));
    for (size_t k = 0; c->rows->employer && k < c->count; k++)
        TRY(take_employer(c, k, err));
    return OK;
}

/* --- all chunks --- */

static RowKeep keep_of(const RowSource *source, const MeasureDef *def, const RowLayout *layout)
{
    return (RowKeep){.reason = layout->column[COL_REASON] >= 0,
        .gap = layout->column[COL_GAP] >= 0,
        .clause = layout->column[COL_CLAUSE] >= 0,
        .value = layout->column[COL_VALUE] >= 0 || needs_value(def->kind),
        .weight = layout->column[COL_WEIGHT] >= 0,
        .employer = layout->column[COL_EMPLOYER] >= 0,
        .category = def->kind == MEASURE_DISTRIBUTION,
        .links = !source->asked};
}

static void begin_chunk(Chunk *c, const DbRows *rows, const RowLayout *layout, size_t count)
{
    c->count = count;
    for (size_t i = 0; i < COL_COUNT; i++)
        if (layout->column[i] >= 0)
            c->column[i] = db_vector(rows, (size_t)layout->column[i]);
    for (size_t i = 0; i < c->rows->split_count; i++)
        if (layout->split[i] >= 0)
            c->split[i] = db_vector(rows, (size_t)layout->split[i]);
}

static Status take_chunk(Chunk *c, Error *err)
{
    MeasureRows *r = c->rows;
    TRY(rows_reserve(r, &c->keep, r->count + c->count, err));
    TRY(take_who(c, err));
    TRY(take_all_codes(c, err));
    take_numbers(c, COL_VALUE, r->value ? r->value + r->count : NULL);
    take_numbers(c, COL_WEIGHT, r->weight ? r->weight + r->count : NULL);
    take_flags(c);
    TRY(take_rest(c, err));
    TRY(take_texts(c, err));
    r->count += c->count;
    return OK;
}

static Status read_all(const RowSource *source, const char *sql, const RowLayout *layout, MeasureRows *r, Error *err)
{
    DbRows *rows = NULL;
    Chunk c = {.source = source, .rows = r, .keep = keep_of(source, r->def, layout)};
    size_t count;
    Status st = OK;
    TRY(db_query(source->db, sql, &rows, err));
    for (;;) {
        TRY_OUT(db_next_chunk(rows, &count, err));
        if (count == 0)
            break;
        begin_chunk(&c, rows, layout, count);
        TRY_OUT(take_chunk(&c, err));
    }
    if (cancel_asked())
        st = cancel_check(err);
out:
    db_rows_free(rows);
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
    TRY_OUT(rows_check_unique(out, err));
    rows_keep_latest(out);
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
