/*
 * What one question asks about the persons of its rows: how well their records are linked, and their groups.
 *
 * A question knows its persons when its rows are read. They are sorted, and `person` and `person_link`, which are kept
 * in the same order, are read once each: a function of our own, called by DuckDB's scan with whole vectors, merges a
 * vector with the sorted list, so that only persons who are asked about are handed on. A join would make a hash table
 * of all persons of the state, or of all rows with all their columns: DuckDB guesses how many rows a definition gives,
 * and mostly far too many. The merge is a step or two a person where both are sorted and a binary search where they
 * are not, so that no order is taken for granted.
 */
#include "measure/asked_persons.h"

#include <duckdb.h>

#define ASKED_FUNCTION "cairn_asked"

struct AskedPersons {
    uint64_t *persons; /* ascending, each once; read by DuckDB's threads while a statement runs */
    uint32_t *starts;  /* person i has the rows order[starts[i]] .. order[starts[i + 1] - 1] */
    uint32_t *order;   /* NULL: the rows lie in the order of persons */
    bool *found;
    size_t count;
};

/* Place of the person, or count. *at: where the last search ended, 0 at first. */
static size_t find_from(const AskedPersons *a, uint64_t person, size_t *at)
{
    size_t low = *at, high, step = 1;
    if (low == a->count || a->persons[low] > person) { /* mostly in the gap that the last search ended in */
        if (low == 0 || a->persons[low - 1] < person)
            return a->count;
        high = low;
        low = 0;
    } else {
        for (high = low; high < a->count && a->persons[high] < person; step *= 2) {
            low = high + 1;
            high += step;
        }
        high = high < a->count ? high : a->count;
    }
    while (low < high) { /* the first that is not before the person */
        size_t middle = low + (high - low) / 2;
        if (a->persons[middle] < person)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return low < a->count && a->persons[low] == person ? low : a->count;
}

/* cairn_asked(UBIGINT) -> BOOLEAN. Of a NULL it may say either: statements ask for persons that are not NULL. */
static void call_asked(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const AskedPersons *a = duckdb_scalar_function_get_extra_info(info);
    const uint64_t *person = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0));
    bool *asked = duckdb_vector_get_data(output);
    size_t rows = duckdb_data_chunk_get_size(input), at = 0;
    for (size_t k = 0; k < rows; k++)
        asked[k] = find_from(a, person[k], &at) < a->count;
}

static bool register_function(Db *db, AskedPersons *a)
{
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_logical_type person = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
    duckdb_logical_type answer = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    duckdb_scalar_function_set_name(f, ASKED_FUNCTION);
    duckdb_scalar_function_add_parameter(f, person);
    duckdb_scalar_function_set_return_type(f, answer);
    duckdb_scalar_function_set_extra_info(f, a, NULL);
    duckdb_scalar_function_set_function(f, call_asked);
    duckdb_state state = duckdb_register_scalar_function(db_raw_connection(db), f);
    duckdb_destroy_logical_type(&answer);
    duckdb_destroy_logical_type(&person);
    duckdb_destroy_scalar_function(&f);
    return state == DuckDBSuccess;
}

Status asked_persons_new(Db *db, AskedPersons **out, Error *err)
{
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    if (!register_function(db, *out))
        return error_set(err, ERR_INTERNAL, "the list of persons could not be registered with the database");
    return OK;
}

static void forget(AskedPersons *a)
{
    mem_free(a->persons);
    mem_free(a->starts);
    mem_free(a->order);
    mem_free(a->found);
    *a = (AskedPersons){0};
}

void asked_persons_free(AskedPersons *a)
{
    if (a)
        forget(a);
    mem_free(a);
}

/* --- who is asked about --- */

static bool is_sorted(const MeasureRows *r)
{
    for (size_t i = 1; i < r->count; i++)
        if (r->person[i - 1] > r->person[i])
            return false;
    return true;
}

static size_t row_at(const AskedPersons *a, size_t n)
{
    return a->order ? a->order[n] : n;
}

static Status sort_rows(AskedPersons *a, const MeasureRows *r, Error *err)
{
    TRY(mem_zalloc(r->count + 1, sizeof *a->order, (void **)&a->order, err));
    for (size_t i = 0; i < r->count; i++)
        a->order[i] = (uint32_t)i;
    return order_by_key(r->person, a->order, r->count, err);
}

static Status list_persons(AskedPersons *a, MeasureRows *r, Error *err)
{
    TRY(mem_zalloc(r->count + 1, sizeof *a->persons, (void **)&a->persons, err));
    TRY(mem_zalloc(r->count + 1, sizeof *a->starts, (void **)&a->starts, err));
    TRY(mem_zalloc(r->count + 1, sizeof *r->link_of, (void **)&r->link_of, err));
    if (!is_sorted(r))
        TRY(sort_rows(a, r, err));
    for (size_t i = 0; i < r->count; i++) {
        size_t row = row_at(a, i);
        uint64_t person = r->person[row];
        if (a->count == 0 || a->persons[a->count - 1] != person) {
            a->starts[a->count] = (uint32_t)i;
            a->persons[a->count++] = person;
        }
        r->link_of[row] = (uint32_t)a->count - 1;
    }
    a->starts[a->count] = (uint32_t)r->count;
    TRY(mem_zalloc(a->count + 1, sizeof *r->links, (void **)&r->links, err));
    return mem_zalloc(a->count + 1, sizeof *a->found, (void **)&a->found, err);
}

/* --- what is known of them --- */

typedef struct Fill {
    AskedPersons *asked;
    MeasureRows *rows;
    size_t splits[SPLITS_MAX]; /* of the rows: those that are of the person alone, in the order of the columns */
    size_t split_count;
} Fill;

/* Row `k` of the answer is what is known of person `p`. */
typedef void (*TakeFn)(const Fill *f, const DbVector *columns, size_t k, size_t p);

enum { LINK_STRONG = 1, LINK_FIRST };

static void take_link(const Fill *f, const DbVector *columns, size_t k, size_t p)
{
    const AskedPersons *a = f->asked;
    MeasureRows *r = f->rows;
    for (size_t l = 0; l < LINK_COUNT; l++)
        r->links[p].of[l] = ((const int64_t *)columns[LINK_FIRST + l].data)[k];
    if (!((const bool *)columns[LINK_STRONG].data)[k])
        return;
    for (size_t n = a->starts[p]; n < a->starts[p + 1]; n++) {
        uint8_t *flags = &r->flags[row_at(a, n)];
        *flags |= *flags & ROW_EXCLUDED ? 0 : ROW_STRONG;
    }
}

static void take_groups(const Fill *f, const DbVector *columns, size_t k, size_t p)
{
    const AskedPersons *a = f->asked;
    for (size_t s = 0; s < f->split_count; s++) {
        RowGroups *to = &f->rows->groups[f->splits[s]];
        const void *group = columns[1 + s].data;
        for (size_t n = a->starts[p]; n < a->starts[p + 1]; n++) {
            size_t i = row_at(a, n);
            if (to->bits && to->bits[i] == BITS_OF_PERSON)
                to->bits[i] = ((const uint64_t *)group)[k] ? ((const uint64_t *)group)[k] : 1;
            else if (to->code && to->code[i] == CODE_OF_PERSON)
                to->code[i] = ((const uint8_t *)group)[k];
        }
    }
}

static Status take_chunk(const Fill *f, const DbVector *columns, size_t count, TakeFn take, Error *err)
{
    AskedPersons *a = f->asked;
    const uint64_t *person = columns[0].data;
    size_t at = 0;
    for (size_t k = 0; k < count; k++) {
        size_t p = find_from(a, person[k], &at);
        ASSERT(p < a->count);
        if (a->found[p])
            return error_set(err, ERR_CORRUPT, "a person is in person or person_link more than once");
        a->found[p] = true;
        take(f, columns, k, p);
    }
    return OK;
}

static Status ask(const RowSource *source, const Fill *f, const Buf *sql, TakeFn take, Error *err)
{
    DbRows *rows = NULL;
    DbVector columns[1 + LINK_FIRST + LINK_COUNT + SPLITS_MAX];
    size_t count;
    Status st = buf_status(sql, err);
    memset(f->asked->found, 0, f->asked->count * sizeof *f->asked->found);
    if (st == OK)
        st = db_query(source->db, sql->ptr, &rows, err);
    while (st == OK) {
        TRY_OUT(db_next_chunk(rows, &count, err));
        if (count == 0)
            break;
        for (size_t i = 0; i < db_columns(rows); i++)
            columns[i] = db_vector(rows, i);
        st = take_chunk(f, columns, count, take, err);
    }
out:
    db_rows_free(rows);
    return st;
}

static Status fill_links(const RowSource *source, const Fill *f, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql, "SELECT person, coalesce(link_score >= %.*s, FALSE)", SLICE_ARG(source->frame->strong));
    for (size_t i = 0; i < LINK_COUNT; i++)
        buf_addf(&sql, ", coalesce(%s, 0)::BIGINT", link_names[i]);
    buf_adds(&sql, " FROM person_link WHERE " ASKED_FUNCTION "(person) AND person IS NOT NULL");
    Status st = ask(source, f, &sql, take_link, err);
    buf_free(&sql);
    return st;
}

static void add_groups(const Fill *f, Buf *sql)
{
    for (size_t s = 0; s < f->split_count; s++) {
        const SplitDef *split = f->rows->splits[f->splits[s]];
        buf_adds(sql, ",\n  (");
        split_code_sql(split, sql);
        buf_addf(sql, ")::%s", split->overlapping ? "BIGINT" : "UTINYINT");
    }
}

/* Whoever is in no row of `person` is in the groups of somebody of whom nothing is known. */
static Status fill_unknown(const RowSource *source, const Fill *f, Error *err)
{
    const AskedPersons *a = f->asked;
    DbRows *rows = NULL;
    DbVector columns[1 + SPLITS_MAX];
    Buf sql;
    size_t count, known = 0;
    Status st = OK;
    for (size_t p = 0; p < a->count; p++)
        known += a->found[p];
    if (known == a->count)
        return OK;
    buf_init(&sql, 0);
    buf_adds(&sql, "SELECT NULL::UBIGINT");
    add_groups(f, &sql);
    buf_adds(&sql, "\nFROM (SELECT 1) LEFT JOIN person p ON FALSE");
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_query(source->db, sql.ptr, &rows, err));
    TRY_OUT(db_next_chunk(rows, &count, err));
    ASSERT(count == 1);
    for (size_t i = 0; i < db_columns(rows); i++)
        columns[i] = db_vector(rows, i);
    for (size_t p = 0; p < a->count; p++)
        if (!a->found[p])
            take_groups(f, columns, 0, p);
out:
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

static Status fill_groups(const RowSource *source, const Fill *f, Error *err)
{
    Buf sql;
    if (f->split_count == 0)
        return OK;
    buf_init(&sql, 0);
    buf_adds(&sql, "SELECT p.person");
    add_groups(f, &sql);
    buf_adds(&sql, "\nFROM person p WHERE " ASKED_FUNCTION "(p.person) AND p.person IS NOT NULL");
    Status st = ask(source, f, &sql, take_groups, err);
    buf_free(&sql);
    return st == OK ? fill_unknown(source, f, err) : st;
}

Status asked_persons_fill(AskedPersons *a, const RowSource *source, MeasureRows *rows, Error *err)
{
    Fill fill = {.asked = a, .rows = rows};
    Status st = OK;
    forget(a);
    for (size_t s = 0; s < rows->split_count; s++)
        if (rows->splits[s]->of_person)
            fill.splits[fill.split_count++] = s;
    TRY_OUT(list_persons(a, rows, err));
    TRY_OUT(fill_links(source, &fill, err));
    st = fill_groups(source, &fill, err);
out:
    forget(a);
    return st;
}
