/*
 * How fast rows become a sealed table, and pairs of records become patterns.
 *
 * People have names drawn by the counts of the policy folder's lists, a birth date,
 * a postal code and a sex; three in ten have a second record, and one value in ten
 * of a second record has a typing error. Pairs are those of three usual passes:
 * last name with birth year, first name with the birthday, postal code with the
 * birth month. Seconds are of the CPU: others may share the machine.
 *
 * Usage: bench_match_compare ROWS POLICY_FOLDER [PAIRS_MAX]
 */
#include <stdio.h>
#include <stdlib.h>

#include "match/match_impl.h"

enum { FIRST, LAST, BIRTH, ZIP, SEX, SSN, COLUMNS };
#define FIELDS_COMPARED 5
#define BLOCK_MAX 400
#define AHEAD 24

typedef struct Names {
    CsvTable table;
    size_t column;
    uint64_t *cumulative;
} Names;

typedef struct Bench {
    Arena arena;
    Names first, last;
    MatchConfig config;
    MatchTable *table;
    uint64_t rows, pairs_max;
    double seconds; /* spent on what is measured, without drawing */
    uint64_t pairs, sum;
} Bench;

static Status load_names(Bench *b, const char *folder, const char *file, const char *column, Names *out, Error *err)
{
    const char *path;
    size_t count;
    TRY(arena_printf(&b->arena, &path, err, "%s/synth/%s", folder, file));
    TRY(csv_read(path, &b->arena, &out->table, err));
    TRY(csv_column(&out->table, column, &out->column, err));
    TRY(csv_column(&out->table, "count", &count, err));
    TRY(arena_new(&b->arena, uint64_t, out->table.rows, &out->cumulative, err));
    uint64_t sum = 0, v;
    for (size_t r = 0; r < out->table.rows; r++) {
        TRY(parse_u64(out->table.cells[r * out->table.columns + count], &v, err));
        out->cumulative[r] = sum += v;
    }
    return OK;
}

static Slice draw_name(const Names *n, Rng *r)
{
    uint32_t row = rng_pick(r, n->cumulative, (uint32_t)n->table.rows);
    return n->table.cells[row * n->table.columns + n->column];
}

typedef struct Person {
    char text[COLUMNS][40];
    Slice at[COLUMNS];
} Person;

static void put(Person *p, int column, Slice s)
{
    s = slice_sub(s, 0, sizeof p->text[column] - 2);
    memcpy(p->text[column], s.ptr, s.len);
    p->at[column] = (Slice){p->text[column], s.len};
}

static void draw_person(const Bench *b, Rng *r, Person *p)
{
    char text[32];
    put(p, FIRST, draw_name(&b->first, r));
    put(p, LAST, draw_name(&b->last, r));
    date_print((Date)rng_between(r, -7000, 14000), text);
    put(p, BIRTH, slice_of(text));
    uint64_t a = rng_below(r, 520), c = rng_below(r, 520);
    snprintf(text, sizeof text, "%05" PRIu64, 80001 + (a < c ? a : c));
    put(p, ZIP, slice_of(text));
    put(p, SEX, rng_below(r, 2) ? SLICE("F") : SLICE("M"));
    snprintf(text, sizeof text, "%03" PRIu64 "%06" PRIu64, 1 + rng_below(r, 664), 10001 + rng_below(r, 989998));
    put(p, SSN, slice_of(text));
}

/* One letter is another, is lost, or changes places with its neighbour. */
static void mistype(Person *p, int column, Rng *r)
{
    Slice *s = &p->at[column];
    char *t = p->text[column];
    if (s->len < 3)
        return;
    size_t at = 1 + rng_below(r, s->len - 2);
    if (t[at] == '-')
        return;
    switch (rng_below(r, 3)) {
    case 0:
        t[at] = t[at] >= '0' && t[at] <= '9' ? (char)('0' + rng_below(r, 10)) : (char)('a' + rng_below(r, 26));
        break;
    case 1:
        if (column == FIRST || column == LAST) {
            memmove(t + at, t + at + 1, s->len - at - 1);
            s->len--;
        }
        break;
    default:
        if (t[at + 1] != '-') {
            char c = t[at];
            t[at] = t[at + 1];
            t[at + 1] = c;
        }
    }
}

static Status add_rows(Bench *b, Error *err)
{
    Rng r;
    Person p = {0};
    rng_init(&r, 2024, 1);
    for (uint64_t i = 0; i < b->rows; i++) {
        char id[24];
        bool again = i && rng_below(&r, 100) < 23;
        if (!again)
            draw_person(b, &r, &p);
        for (int c = 0; again && c < COLUMNS; c++)
            if (rng_below(&r, 10) == 0)
                mistype(&p, c, &r);
        snprintf(id, sizeof id, "%" PRIu64, i);
        TRY(match_table_add(b->table, 0, slice_of(id), p.at, err));
    }
    return OK;
}

static void configure(Bench *b)
{
    MatchConfig *c = &b->config;
    static const char *const names[COLUMNS] = {"first", "last", "birth", "zip", "sex", "ssn"};
    static const FieldKind kinds[COLUMNS] = {
        FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_DATE, FIELD_POSTAL_CODE, FIELD_SEX, FIELD_SSN};
    match_config_init(c);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        c->columns[i] = slice_of(names[i]);
        if (i < FIELDS_COMPARED)
            c->fields[i] = (FieldSpec){.name = slice_of(names[i]),
                .kind = kinds[i],
                .columns = {i},
                .column_count = 1,
                .swap_with = i == FIRST ? LAST : MATCH_NONE};
    }
    c->column_count = COLUMNS;
    c->field_count = FIELDS_COMPARED;
    c->sources[0] = (SourceSpec){.name = SLICE("s"), .dedupe = true};
    c->source_count = 1;
}

/* --- pairs ---------------------------------------------------------------------------------------------------- */

typedef struct Keyed {
    uint64_t key;
    uint32_t record;
} Keyed;

static int by_key(const void *x, const void *y)
{
    const Keyed *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

static uint64_t key_of(const MatchTable *t, uint32_t record, int pass)
{
    const uint32_t *cells = record_cells(t, record);
    int year, month, day;
    dict_date(t->dict[BIRTH], cells[BIRTH], &year, &month, &day);
    switch (pass) {
    case 0:
        return (uint64_t)cells[LAST] << 32 | (uint64_t)year;
    case 1:
        return (uint64_t)cells[FIRST] << 32 | (uint64_t)(month * 32 + day);
    default:
        return (uint64_t)cells[ZIP] << 32 | (uint64_t)(year * 16 + month);
    }
}

/* Blocks of equal keys; a larger block is cut. */
static Status compare_pass(Bench *b, Comparer *cmp, int pass, Error *err)
{
    Keyed *keyed = NULL;
    uint32_t *members = NULL;
    size_t n = b->table->records;
    TRY(mem_alloc(n * sizeof *keyed, (void **)&keyed, err));
    Status st = mem_alloc(n * sizeof *members, (void **)&members, err);
    for (uint32_t r = 0; st == OK && r < n; r++)
        keyed[r] = (Keyed){key_of(b->table, r, pass), r};
    if (st == OK)
        qsort(keyed, n, sizeof *keyed, by_key);
    for (size_t i = 0; st == OK && i < n; i++)
        members[i] = keyed[i].record;
    uint64_t patterns[BLOCK_MAX];
    uint32_t places[BLOCK_MAX];
    for (uint32_t i = 0; i < BLOCK_MAX; i++)
        places[i] = i;
    PairTile tile = {.number = (uint64_t)pass << 32}; /* one comparer for all passes */
    double start = clock_cpu();
    uint64_t before = b->pairs;
    for (size_t from = 0, to; st == OK && from < n && b->pairs - before < b->pairs_max; from = to) {
        for (to = from + 1; to < n && to - from < BLOCK_MAX && keyed[to].key == keyed[from].key;)
            to++;
        for (size_t i = from; i < to && i + AHEAD < n; i++) { /* as block_pairs.c does */
            record_prefetch(b->table, members[i + AHEAD]);
            compare_fetch(b->table, members[i + AHEAD / 2]);
        }
        tile = (PairTile){members + from, to - from, tile.number + 1};
        for (size_t i = from; i + 1 < to && st == OK; i++) {
            PairBatch batch = {.a = members[i], .tile = tile};
            st = compare_batch(cmp, &batch, members + i + 1, places + i + 1 - from, to - i - 1, patterns, err);
            for (size_t k = 0; k < to - i - 1; k++)
                b->sum += patterns[k];
        }
        b->pairs += (to - from) * (to - from - 1) / 2;
    }
    double seconds = clock_cpu() - start;
    printf("match compare pass %d          %9.1f M pairs/s  (%.1f M pairs, %.2f s)\n", pass,
        (double)(b->pairs - before) / seconds / 1e6, (double)(b->pairs - before) / 1e6, seconds);
    b->seconds += seconds;
    mem_free(keyed);
    mem_free(members);
    return st;
}

static Status compare_all(Bench *b, Error *err)
{
    Comparer *cmp = NULL;
    TRY(comparer_new(b->table, &cmp, err));
    Status st = OK;
    for (int pass = 0; st == OK && pass < 3; pass++)
        st = compare_pass(b, cmp, pass, err);
    comparer_free(cmp);
    printf("match compare                 %9.1f M pairs/s  (%.1f M pairs, check %016" PRIx64 ")\n",
        (double)b->pairs / b->seconds / 1e6, (double)b->pairs / 1e6, b->sum);
    return st;
}

static Status run(Bench *b, const char *folder, Error *err)
{
    TRY(load_names(b, folder, "first_names.csv", "name", &b->first, err));
    TRY(load_names(b, folder, "surnames.csv", "surname", &b->last, err));
    configure(b);
    TRY(match_table_new(&b->config, &b->table, err));
    double start = clock_cpu();
    TRY(add_rows(b, err));
    double added = clock_cpu();
    TRY(match_table_seal(b->table, 1, err));
    double sealed = clock_cpu();
    printf("match rows, drawn and added   %9.0f rows/s  (%.2f s)\n", (double)b->rows / (added - start), added - start);
    printf("match rows, sealed            %9.0f rows/s  (%.2f s, peak %" PRIu64 " MiB)\n",
        (double)b->rows / (sealed - added), sealed - added, clock_peak_rss() >> 20);
    return compare_all(b, err);
}

int main(int argc, char **argv)
{
    Bench b = {.pairs_max = 100000000};
    Error err = ERROR_INIT;
    if (argc < 3 || argc > 4 || parse_u64(slice_of(argv[1]), &b.rows, &err) != OK ||
        (argc == 4 && parse_u64(slice_of(argv[3]), &b.pairs_max, &err) != OK)) {
        fprintf(stderr, "usage: bench_match_compare ROWS POLICY_FOLDER [PAIRS_MAX]\n");
        return status_exit_code(ERR_USAGE);
    }
    arena_init(&b.arena, 0);
    Status st = run(&b, argv[2], &err);
    match_table_free(b.table);
    arena_free(&b.arena);
    if (st != OK) {
        char line[1024];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "bench_match_compare: %s\n", line);
    }
    return status_exit_code(st);
}
