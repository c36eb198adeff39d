/*
 * An SQL aggregate of our own: of amounts under keys, the key with the most.
 *
 *     main_part(key UUID, amount DECIMAL(18,2), place BIGINT) -> STRUCT(keys BIGINT, main UUID, amount DECIMAL(18,2))
 *
 * keys is how many keys there are (NULL is one), main the one whose amounts add up to most, of two that do the one with
 * the smaller place in any of its rows, and amount their sum. A key that is NULL is never the main one, but its sum
 * may be the amount, so that the result is that of
 *
 *     SELECT count(*), arg_max(key, (amount, -place)), max(amount)
 *     FROM (SELECT key, sum(coalesce(amount, 0)) AS amount, min(place) AS place FROM ... GROUP BY key)
 *
 * A row without amount counts as nothing, one without place as the last. That SQL groups a state's wages twice and
 * compares pairs through sort keys; here a person's employers of a quarter, mostly one, are a short list beside the
 * group (src/facts/README.md). Lists are short, so they are searched from end to end; a long one
 * is put in order and summed up when it is full, so that many keys cost n log n.
 */
#include "store/db_impl.h"

#include <stdlib.h>

#define SCALE 2
#define WIDTH 18
#define AMOUNT_MAX INT64_C(999999999999999999) /* DECIMAL(18,2) */
#define SEARCH_MAX 16                          /* longer lists are sorted instead */

typedef struct Part {
    duckdb_hugeint key; /* of equal keys one is enough to tell: bits of a UUID */
    int64_t amount;
    int64_t place;
    bool known; /* key is not NULL */
} Part;

/* Starts as zeros. The first part lives in the state: most have no other. */
typedef struct State {
    Part first;
    Part *more; /* of `room`; NULL while there are none */
    uint32_t count, room;
} State;

static Part *part_at(State *s, uint32_t i)
{
    return i == 0 ? &s->first : &s->more[i - 1];
}

static bool same_key(const Part *a, const Part *b)
{
    return a->known == b->known && a->key.lower == b->key.lower && a->key.upper == b->key.upper;
}

static int by_key(const void *x, const void *y)
{
    const Part *a = x, *b = y;
    if (a->known != b->known)
        return a->known ? 1 : -1;
    if (a->key.upper != b->key.upper)
        return a->key.upper < b->key.upper ? -1 : 1;
    return (a->key.lower > b->key.lower) - (a->key.lower < b->key.lower);
}

static bool add_up(Part *to, const Part *from)
{
    if (from->place < to->place)
        to->place = from->place;
    return !CKD_ADD(&to->amount, to->amount, from->amount);
}

/* Equal keys of the list become one; in order of key then, but for the first. */
static bool sum_up(State *s)
{
    uint32_t kept = 0, n = s->count - 1;
    qsort(s->more, n, sizeof *s->more, by_key);
    for (uint32_t i = 0; i < n; i++) {
        Part *part = &s->more[i];
        if (same_key(&s->first, part)) {
            if (!add_up(&s->first, part))
                return false;
        } else if (kept > 0 && same_key(&s->more[kept - 1], part)) {
            if (!add_up(&s->more[kept - 1], part))
                return false;
        } else {
            s->more[kept++] = *part;
        }
    }
    s->count = kept + 1;
    return true;
}

/* Twice the room; NULL without memory. */
static bool make_room(State *s)
{
    size_t room = s->room ? (size_t)s->room * 2 : 3;
    Part *more;
    if (room > UINT32_MAX || mem_alloc(room * sizeof *more, (void **)&more, NULL) != OK)
        return false;
    if (s->more)
        memcpy(more, s->more, s->room * sizeof *more);
    mem_free(s->more);
    s->more = more;
    s->room = (uint32_t)room;
    return true;
}

static bool add(State *s, const Part *part)
{
    if (s->count == 0) {
        s->first = *part;
        s->count = 1;
        return true;
    }
    for (uint32_t i = 0; i < s->count && i < SEARCH_MAX; i++)
        if (same_key(part_at(s, i), part))
            return add_up(part_at(s, i), part);
    if (s->count - 1 == s->room) {
        if (s->count > SEARCH_MAX && !sum_up(s))
            return false;
        if (s->count - 1 >= s->room / 2 && !make_room(s))
            return false;
    }
    s->more[s->count++ - 1] = *part;
    return true;
}

static void failed(duckdb_function_info info)
{
    duckdb_aggregate_function_set_error(info, "main_part: out of memory, or a sum is too large");
}

static idx_t state_size(duckdb_function_info info)
{
    (void)info;
    return sizeof(State);
}

static void state_init(duckdb_function_info info, duckdb_aggregate_state state)
{
    (void)info;
    memset((void *)state, 0, sizeof(State));
}

static void state_destroy(duckdb_aggregate_state *states, idx_t count)
{
    for (idx_t i = 0; i < count; i++) {
        State *s = (State *)(void *)states[i];
        mem_free(s->more);
        s->more = NULL;
    }
}

static bool valid_at(const uint64_t *valid, idx_t row)
{
    return !valid || (valid[row / 64] >> (row % 64) & 1);
}

static void update(duckdb_function_info info, duckdb_data_chunk input, duckdb_aggregate_state *states)
{
    enum { KEY, AMOUNT, PLACE, ARGUMENTS };
    const void *data[ARGUMENTS];
    const uint64_t *valid[ARGUMENTS];
    for (idx_t a = 0; a < ARGUMENTS; a++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(input, a);
        data[a] = duckdb_vector_get_data(v);
        valid[a] = duckdb_vector_get_validity(v);
    }
    idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t k = 0; k < rows; k++) {
        Part part = {.place = INT64_MAX, .known = valid_at(valid[KEY], k)};
        if (part.known)
            part.key = ((const duckdb_hugeint *)data[KEY])[k];
        if (valid_at(valid[AMOUNT], k))
            part.amount = ((const int64_t *)data[AMOUNT])[k];
        if (valid_at(valid[PLACE], k))
            part.place = ((const int64_t *)data[PLACE])[k];
        if (!add((State *)(void *)states[k], &part)) {
            failed(info);
            return;
        }
    }
}

static void combine(
    duckdb_function_info info, duckdb_aggregate_state *sources, duckdb_aggregate_state *targets, idx_t count)
{
    for (idx_t k = 0; k < count; k++) {
        State *from = (State *)(void *)sources[k], *to = (State *)(void *)targets[k];
        for (uint32_t i = 0; i < from->count; i++)
            if (!add(to, part_at(from, i))) {
                failed(info);
                return;
            }
    }
}

static void set_null(duckdb_vector v, idx_t row)
{
    duckdb_vector_ensure_validity_writable(v);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(v), row);
}

/* More, or as much from an earlier place; of two without a place the lower key. */
static bool is_before(const Part *a, const Part *b)
{
    if (a->amount != b->amount)
        return a->amount > b->amount;
    return a->place != b->place ? a->place < b->place : by_key(a, b) < 0;
}

static void finalize(
    duckdb_function_info info, duckdb_aggregate_state *sources, duckdb_vector result, idx_t count, idx_t offset)
{
    duckdb_vector keys = duckdb_struct_vector_get_child(result, 0), mains = duckdb_struct_vector_get_child(result, 1),
                  amounts = duckdb_struct_vector_get_child(result, 2);
    for (idx_t k = 0; k < count; k++) {
        State *s = (State *)(void *)sources[k];
        const Part *main = NULL;
        int64_t most = INT64_MIN;
        if (s->count > SEARCH_MAX && !sum_up(s)) {
            failed(info);
            return;
        }
        for (uint32_t i = 0; i < s->count; i++) {
            const Part *p = part_at(s, i);
            most = p->amount > most ? p->amount : most;
            if (p->known && (!main || is_before(p, main)))
                main = p;
        }
        ((int64_t *)duckdb_vector_get_data(keys))[offset + k] = s->count;
        ((int64_t *)duckdb_vector_get_data(amounts))[offset + k] = most;
        if (s->count == 0)
            set_null(amounts, offset + k);
        else if (most > AMOUNT_MAX || most < -AMOUNT_MAX)
            failed(info);
        if (main)
            ((duckdb_hugeint *)duckdb_vector_get_data(mains))[offset + k] = main->key;
        else
            set_null(mains, offset + k);
    }
}

Status db_register_main_part(Db *db, Error *err)
{
    const char *names[] = {"keys", "main", "amount"};
    duckdb_logical_type uuid = duckdb_create_logical_type(DUCKDB_TYPE_UUID),
                        number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT),
                        money = duckdb_create_decimal_type(WIDTH, SCALE);
    duckdb_logical_type members[] = {number, uuid, money};
    duckdb_logical_type result = duckdb_create_struct_type(members, names, COUNT_OF(members));
    duckdb_aggregate_function f = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(f, "main_part");
    duckdb_aggregate_function_add_parameter(f, uuid);
    duckdb_aggregate_function_add_parameter(f, money);
    duckdb_aggregate_function_add_parameter(f, number);
    duckdb_aggregate_function_set_return_type(f, result);
    duckdb_aggregate_function_set_functions(f, state_size, state_init, update, combine, finalize);
    duckdb_aggregate_function_set_destructor(f, state_destroy);
    duckdb_aggregate_function_set_special_handling(f);
    duckdb_state state = duckdb_register_aggregate_function(db->connection, f);
    duckdb_destroy_aggregate_function(&f);
    duckdb_destroy_logical_type(&result);
    duckdb_destroy_logical_type(&money);
    duckdb_destroy_logical_type(&number);
    duckdb_destroy_logical_type(&uuid);
    return state == DuckDBSuccess ? OK : error_set(err, ERR_INTERNAL, "main_part could not be registered");
}
