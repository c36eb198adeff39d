/*
 * Counties, districts and schools of the reference lists, with numbers, and how a row finds its own.
 *
 * state > county > district > school, each unit in exactly one unit above. Looking a code up here costs a fraction of
 * four joins over texts, which every row of every measure used to go through.
 */
#include "measure/units.h"

enum { SHORT_TEXT = 7, COMBINATIONS_MAX = 1 << 20 };
#define DOUBLED UINT32_MAX

/* --- codes as numbers --- */

/* A code of up to seven bytes is its own key, with its length in the eighth; longer ones are numbered in a map. */
static bool text_key(const UnitNames *u, Slice text, uint64_t *out)
{
    uint64_t key = 0;
    if (text.len > SHORT_TEXT) {
        if (!map_get(&u->long_texts, text, &key))
            return false;
        *out = key | UINT64_C(1) << 63;
        return true;
    }
    memcpy(&key, text.ptr, text.len);
    *out = key | (uint64_t)text.len << 56;
    return true;
}

static bool text_find(const UnitNames *u, Slice text, uint32_t *out)
{
    uint64_t key;
    return text_key(u, text, &key) && keys_find(&u->texts, key, out);
}

/* *out: the text's number; a new one has no district and no county yet. */
static Status text_add(UnitNames *u, Slice text, uint32_t *out, Error *err)
{
    uint64_t key;
    if (text.len > SHORT_TEXT)
        TRY(map_get_or_put(&u->long_texts, text, u->long_texts.len, &key, err));
    ASSERT(text_key(u, text, &key));
    TRY(keys_number(&u->texts, key, out, err));
    if (*out == u->by_text.len)
        TRY(vec_push(&u->by_text, (UnitsOfText){0}, err));
    return OK;
}

static void take_number(uint32_t *to, uint32_t number)
{
    *to = *to ? DOUBLED : number;
}

/* --- the lists --- */

typedef Status (*TakeUnit)(UnitNames *u, const DbRows *rows, uint32_t number, Error *err);

static Status take_county(UnitNames *u, const DbRows *rows, uint32_t number, Error *err)
{
    uint32_t text;
    int64_t listed = db_i64(rows, 1);
    TRY(text_add(u, db_str(rows, 0), &text, err));
    u->by_text.at[text].county = number;
    u->by_text.at[text].listed = listed > 1 ? DOUBLED : (uint32_t)listed;
    return OK;
}

static Status take_district(UnitNames *u, const DbRows *rows, uint32_t number, Error *err)
{
    uint32_t text, county = 0;
    if (!db_is_null(rows, 1) && text_find(u, db_str(rows, 1), &text))
        county = u->by_text.at[text].county;
    TRY(vec_push(&u->county_of_district, county, err));
    TRY(text_add(u, db_str(rows, 0), &text, err));
    take_number(&u->by_text.at[text].district, number);
    return OK;
}

static Status take_school(UnitNames *u, const DbRows *rows, uint32_t number, Error *err)
{
    uint32_t district, school, pair;
    TRY(text_add(u, db_str(rows, 1), &district, err));
    TRY(text_add(u, db_str(rows, 0), &school, err));
    TRY(keys_number(&u->pairs, (uint64_t)district << 32 | school, &pair, err));
    if (pair == u->school_of_pair.len)
        TRY(vec_push(&u->school_of_pair, 0, err));
    take_number(&u->school_of_pair.at[pair], number);
    return OK;
}

/* The first column is the unit's code. */
static Status read_list(UnitNames *u, Db *db, const char *sql, TakeUnit take, Slice **out, size_t *count, Error *err)
{
    DbRows *rows = NULL;
    VEC(Slice) list = {0};
    bool more = true;
    Status st = OK;
    TRY_OUT(vec_push(&list, SLICE("OTHER"), err));
    TRY_OUT(db_query(db, sql, &rows, err));
    for (;;) {
        Slice name;
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(take(u, rows, (uint32_t)list.len, err));
        TRY_OUT(arena_dup(&u->arena, db_str(rows, 0), &name, err));
        TRY_OUT(vec_push(&list, name, err));
    }
    TRY_OUT(arena_new(&u->arena, Slice, list.len, out, err));
    memcpy(*out, list.at, list.len * sizeof *list.at);
    *count = list.len;
out:
    db_rows_free(rows);
    vec_free(&list);
    return st;
}

#define COUNTIES_SQL \
    "SELECT county_fips, sum(listed)::BIGINT AS listed, row_number() OVER (ORDER BY county_fips) AS cairn_n FROM " \
    "(SELECT county_fips, 1 AS listed FROM county UNION ALL SELECT county_fips, 0 FROM district) WHERE county_fips " \
    "IS NOT NULL GROUP BY county_fips"
#define DISTRICTS_SQL \
    "SELECT *, row_number() OVER (ORDER BY district_id) AS cairn_n FROM district WHERE district_id IS NOT NULL"

/* --- groups of places --- */

static Status groups_sql(const UnitNames *u, const SplitDef *const *splits, size_t count, Buf *sql, Error *err)
{
    buf_adds(sql, "SELECT i.n, k.n");
    for (size_t i = 0; i < count; i++) {
        buf_adds(sql, ", ");
        split_code_sql(splits[i], sql);
    }
    buf_addf(sql,
        " FROM (SELECT unnest(range(0, %zu)) AS n) i CROSS JOIN (SELECT unnest(range(0, %zu)) AS n) k\n"
        "LEFT JOIN (" DISTRICTS_SQL ") d ON d.cairn_n = i.n\n"
        "LEFT JOIN (SELECT c.*, m.cairn_n FROM county c JOIN (" COUNTIES_SQL ") m ON m.county_fips = c.county_fips) c "
        "ON c.cairn_n = k.n\n",
        u->district_count, u->county_count);
    for (size_t i = 0; i < count; i++)
        if (split_reads(splits[i], "a.")) {
            buf_adds(sql, "LEFT JOIN workforce_area a ON a.county_fips = coalesce(d.county_fips, c.county_fips)\n");
            break;
        }
    return buf_status(sql, err);
}

/* A place in two rows that say different things is one that the reference lists have twice: its rows are refused when
 * they come. */
static void take_groups(UnitNames *u, const DbRows *rows, const SplitDef *const *splits, size_t count)
{
    size_t at = (size_t)db_i64(rows, 0) * u->county_count + (size_t)db_i64(rows, 1);
    for (size_t i = 0; i < count; i++) {
        uint64_t code = (uint64_t)db_i64(rows, 2 + i);
        uint64_t *to = &u->place_groups[splits[i]->number][at];
        code = splits[i]->overlapping && code == 0 ? 1 : code;
        *to = *to == NO_GROUP || *to == code ? code : DOUBLED_GROUP;
    }
}

static Status read_groups(UnitNames *u, Db *db, const SplitDef *const *splits, size_t count, Error *err)
{
    DbRows *rows = NULL;
    Buf sql;
    bool more = true;
    size_t places = u->district_count * u->county_count;
    Status st = OK;
    buf_init(&sql, 0);
    for (size_t i = 0; i < count; i++) {
        uint64_t **to = &u->place_groups[splits[i]->number];
        TRY_OUT(arena_array_(&u->arena, places, sizeof **to, (void **)to, err));
        for (size_t k = 0; k < places; k++)
            (*to)[k] = NO_GROUP;
    }
    TRY_OUT(groups_sql(u, splits, count, &sql, err));
    TRY_OUT(db_query(db, buf_z(&sql), &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        take_groups(u, rows, splits, count);
    }
out:
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

static Status read_all_groups(
    UnitNames *u, Db *db, const MeasureFrame *frame, const SplitDef *const *splits, size_t count, Error *err)
{
    const SplitDef **of_place;
    size_t found = 0;
    TRY(arena_array_(&u->arena, frame->split_count + 1, sizeof *u->place_groups, (void **)&u->place_groups, err));
    memset(u->place_groups, 0, (frame->split_count + 1) * sizeof *u->place_groups);
    if (u->district_count * u->county_count > COMBINATIONS_MAX)
        return OK; /* too many to list: the rows' own statement says it (rows_sql.c) */
    TRY(arena_array_(&u->arena, count + 1, sizeof *of_place, (void **)&of_place, err));
    for (size_t i = 0; i < count; i++)
        if (splits[i]->of_place)
            of_place[found++] = splits[i];
    return found > 0 ? read_groups(u, db, of_place, found, err) : OK;
}

/* --- all --- */

Status measure_units_read(Db *db, const MeasureFrame *frame, const SplitDef *const *splits, size_t split_count,
    MeasureLevel finest, UnitNames *out, Error *err)
{
    *out = (UnitNames){0};
    arena_init(&out->arena, 0);
    TRY(map_init(&out->long_texts, err));
    TRY(read_list(out, db, "SELECT county_fips, listed FROM (" COUNTIES_SQL ") ORDER BY county_fips", take_county,
        &out->counties, &out->county_count, err));
    TRY(vec_push(&out->county_of_district, 0, err));
    TRY(read_list(out, db, "SELECT district_id, county_fips FROM district WHERE district_id IS NOT NULL ORDER BY 1",
        take_district, &out->districts, &out->district_count, err));
    TRY(read_list(out, db,
        finest < LEVEL_SCHOOL ? "SELECT NULL::VARCHAR, NULL::VARCHAR WHERE FALSE"
                              : "SELECT school_id, district_id FROM school WHERE district_id IS NOT NULL AND school_id "
                                "IS NOT NULL ORDER BY district_id, school_id",
        take_school, &out->schools, &out->school_count, err));
    if (out->county_count > UINT16_MAX || out->district_count >= (1u << 20) || out->school_count >= (1u << 20))
        return error_set(err, ERR_LIMIT, "more counties, districts or schools than the engine numbers");
    return read_all_groups(out, db, frame, splits, split_count, err);
}

void measure_units_free(UnitNames *u)
{
    map_free(&u->long_texts);
    keys_free(&u->texts);
    keys_free(&u->pairs);
    vec_free(&u->by_text);
    vec_free(&u->county_of_district);
    vec_free(&u->school_of_pair);
    arena_free(&u->arena);
    *u = (UnitNames){0};
}

/* --- a row's place --- */

bool units_have_schools(const UnitNames *u)
{
    return u->pairs.len > 0;
}

Status units_place(
    const UnitNames *u, const Slice *district, const Slice *school, const Slice *county, UnitPlace *out, Error *err)
{
    uint32_t district_text, school_text, county_text, pair, d = 0, s = 0, c = 0;
    if (district && text_find(u, *district, &district_text)) {
        d = u->by_text.at[district_text].district;
        if (school && text_find(u, *school, &school_text) &&
            keys_find(&u->pairs, (uint64_t)district_text << 32 | school_text, &pair))
            s = u->school_of_pair.at[pair];
    }
    if (county && text_find(u, *county, &county_text) && u->by_text.at[county_text].listed)
        c = u->by_text.at[county_text].listed == DOUBLED ? DOUBLED : u->by_text.at[county_text].county;
    if (d == DOUBLED || s == DOUBLED || c == DOUBLED)
        return error_set(err, ERR_INVALID, "a %s of the measure's rows is in the reference list more than once",
            d == DOUBLED   ? "district"
            : s == DOUBLED ? "school"
                           : "county");
    uint32_t home = d ? u->county_of_district.at[d] : 0;
    out->path = (uint64_t)(home ? home : c) << 40 | (uint64_t)d << 20 | s;
    out->combination = (size_t)d * u->county_count + c;
    return OK;
}
