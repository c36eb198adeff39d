/* Persons from the name lists that the synthetic state uses. */
#include "token_support.h"

#include <stdio.h>

static void read_list(Names *n, const char *file, const char *column, Slice **names, uint64_t **sums, uint32_t *count)
{
    char path[512];
    CsvTable t;
    size_t name_at, count_at;
    snprintf(path, sizeof path, CAIRN_TEST_POLICY "/synth/%s", file);
    assert_ok(csv_read(path, &n->arena, &t, NULL));
    assert_ok(csv_column(&t, column, &name_at, NULL));
    assert_ok(csv_column(&t, "count", &count_at, NULL));
    assert_ok(arena_new(&n->arena, Slice, t.rows, names, NULL));
    assert_ok(arena_new(&n->arena, uint64_t, t.rows, sums, NULL));
    uint64_t sum = 0;
    for (size_t r = 0; r < t.rows; r++) {
        uint64_t c;
        assert_ok(parse_u64(t.cells[r * t.columns + count_at], &c, NULL));
        (*names)[r] = t.cells[r * t.columns + name_at];
        (*sums)[r] = sum += c;
    }
    *count = (uint32_t)t.rows;
}

void names_read(Names *n)
{
    *n = (Names){0};
    arena_init(&n->arena, 0);
    read_list(n, "surnames.csv", "surname", &n->last, &n->last_sums, &n->last_count);
    read_list(n, "first_names.csv", "name", &n->first, &n->first_sums, &n->first_count);
}

void names_free(Names *n)
{
    arena_free(&n->arena);
}

void person_draw(const Names *n, Rng *rng, Person *out)
{
    Date d, first;
    out->last_rank = rng_pick(rng, n->last_sums, n->last_count);
    out->last = n->last[out->last_rank];
    out->first = n->first[rng_pick(rng, n->first_sums, n->first_count)];
    assert_ok(date_make(1950, 1, 1, &first, NULL));
    d = first + (Date)rng_below(rng, 60 * 365);
    date_print(d, out->birth);
    snprintf(out->zip, sizeof out->zip, "80%03u", (unsigned)rng_below(rng, 200));
}

void scheme_of(const char *toml, Arena *arena, TokenScheme *out)
{
    Error err = ERROR_INIT;
    if (token_scheme_parse(slice_of(toml), "scheme", arena, out, &err) != OK)
        fail_msg("%s", err.message);
}

TokenKey *key_of(const char *words)
{
    uint8_t bytes[32];
    TokenKey *key;
    assert_ok(sha256_of(slice_of(words), bytes, NULL));
    assert_ok(token_key_from(bytes, &key, NULL));
    return key;
}

/* One letter of a name becomes another, or two digits of the birth date change places. */
static void add_wrong(Buf *csv, Slice text, Rng *rng, bool is_date)
{
    char copy[64];
    size_t len = text.len < sizeof copy ? text.len : sizeof copy;
    memcpy(copy, text.ptr, len);
    if (is_date) {
        char c = copy[8];
        copy[8] = copy[9];
        copy[9] = c;
    } else {
        copy[rng_below(rng, len)] = (char)('A' + rng_below(rng, 26));
    }
    buf_add(csv, (Slice){copy, len});
}

void person_line(Buf *csv, const char *id, const Person *p, Rng *rng, uint32_t errors_ppm)
{
    const Slice cells[] = {p->first, p->last, slice_of(p->birth), slice_of(p->zip)};
    int wrong = errors_ppm > 0 && rng_ppm(rng, errors_ppm) ? (int)rng_below(rng, 3) : -1;
    buf_adds(csv, id);
    for (int i = 0; i < 4; i++) {
        buf_addc(csv, ',');
        if (i == wrong)
            add_wrong(csv, cells[i], rng, i == 2);
        else
            buf_add(csv, cells[i]);
    }
    buf_addc(csv, '\n');
}
