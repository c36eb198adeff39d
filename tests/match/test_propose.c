/*
 * Proposed passes: what they reach and cost on public files with truth (folder
 * CAIRN_SHARED_DATA; skipped without), and on tables made here whose shape those
 * files do not have: sources that share few fields, names only, one value all
 * over, nothing at all.
 */
#include "small_table.h"

enum { FILE_FIELDS_MAX = 11, COLUMNS_A_FIELD = 3 };

typedef struct FileField {
    const char *columns[COLUMNS_A_FIELD]; /* joined: parts of a date */
    FieldKind kind;
    uint32_t swap_with;
} FileField;

/* How many true pairs must be reached, in thousandths, and pairs a record at most. */
typedef struct FileCase {
    const char *files[2];
    FileField fields[FILE_FIELDS_MAX];
    const char *id;
    const char *entity; /* column; NULL: the number in FEBRL's ids */
    uint32_t recall_least;
    double pairs_most;
} FileCase;

#define FEBRL_NAMES \
    {{"given_name"}, FIELD_FIRST_NAME, 1}, \
    { \
        {"surname"}, FIELD_LAST_NAME, MATCH_NONE \
    }
#define FEBRL_PLACE \
    {{"address_1"}, FIELD_ADDRESS, MATCH_NONE}, {{"suburb"}, FIELD_CITY, MATCH_NONE}, \
        {{"postcode"}, FIELD_POSTAL_CODE, MATCH_NONE}, \
    { \
        {"state"}, FIELD_CODE, MATCH_NONE \
    }
#define FEBRL_BIRTH \
    { \
        {"date_of_birth"}, FIELD_DATE, MATCH_NONE \
    }

static const FileCase FILES[] = {
    {{"febrl/dataset1.csv"}, {FEBRL_NAMES, FEBRL_PLACE, FEBRL_BIRTH, {{"soc_sec_id"}, FIELD_IDENTIFIER, MATCH_NONE}},
        "rec_id", NULL, 1000, 300},
    {{"febrl/dataset2.csv"}, {FEBRL_NAMES, FEBRL_PLACE, FEBRL_BIRTH, {{"soc_sec_id"}, FIELD_IDENTIFIER, MATCH_NONE}},
        "rec_id", NULL, 999, 150},
    {{"febrl/dataset3.csv"}, {FEBRL_NAMES, FEBRL_PLACE, FEBRL_BIRTH, {{"soc_sec_id"}, FIELD_IDENTIFIER, MATCH_NONE}},
        "rec_id", NULL, 995, 150},
    {{"febrl/dataset4a.csv", "febrl/dataset4b.csv"},
        {FEBRL_NAMES, FEBRL_PLACE, FEBRL_BIRTH, {{"soc_sec_id"}, FIELD_IDENTIFIER, MATCH_NONE}}, "rec_id", NULL, 999,
        150},
    {{"febrl/dataset4a.csv", "febrl/dataset4b.csv"}, {FEBRL_NAMES, FEBRL_PLACE, FEBRL_BIRTH}, "rec_id", NULL, 998, 150},
    {{"febrl/dataset4a.csv", "febrl/dataset4b.csv"}, {FEBRL_NAMES, FEBRL_BIRTH}, "rec_id", NULL, 980, 150},
    {{"rldata/RLdata500.csv"},
        {{{"fname_c1"}, FIELD_FIRST_NAME, 1}, {{"lname_c1"}, FIELD_LAST_NAME, MATCH_NONE},
            {{"by", "bm", "bd"}, FIELD_DATE, MATCH_NONE}},
        "rec_id", "ent_id", 1000, 600},
    {{"rldata/RLdata10000.csv"},
        {{{"fname_c1"}, FIELD_FIRST_NAME, 1}, {{"lname_c1"}, FIELD_LAST_NAME, MATCH_NONE},
            {{"by", "bm", "bd"}, FIELD_DATE, MATCH_NONE}},
        "rec_id", "ent_id", 999, 150},
    {{"fake_1000/fake_1000.csv"},
        {{{"first_name"}, FIELD_FIRST_NAME, 1}, {{"surname"}, FIELD_LAST_NAME, MATCH_NONE},
            {{"dob"}, FIELD_DATE, MATCH_NONE}, {{"city"}, FIELD_CITY, MATCH_NONE},
            {{"email"}, FIELD_EMAIL, MATCH_NONE}},
        "unique_id", "cluster", 960, 300},
};

static const char *data_dir(void)
{
    const char *dir = env_get("CAIRN_SHARED_DATA");
    return dir ? dir : SHARED_DATA_DIR;
}

typedef struct Entities {
    Map names;
    VEC(uint32_t) of; /* of each record in the order of adding */
} Entities;

typedef struct Fixture {
    MatchConfig config;
    MatchTable *table;
    Arena arena;
    Entities entities;
} Fixture;

/* "rec-223-dup-0" is entity "223". */
static Slice febrl_entity(Slice id)
{
    Slice rest = id;
    slice_cut(&rest, '-');
    return slice_cut(&rest, '-');
}

static void set_fields(MatchConfig *c, const FileField *fields)
{
    match_config_init(c);
    for (uint32_t f = 0; f < FILE_FIELDS_MAX && fields[f].columns[0]; f++) {
        FieldSpec *to = &c->fields[c->field_count++];
        *to = (FieldSpec){
            .name = slice_of(fields[f].columns[0]), .kind = fields[f].kind, .swap_with = fields[f].swap_with};
        for (uint32_t k = 0; k < COLUMNS_A_FIELD && fields[f].columns[k]; k++) {
            to->columns[to->column_count++] = c->column_count;
            c->columns[c->column_count++] = slice_of(fields[f].columns[k]);
        }
        to->combine = to->column_count > 1;
    }
    c->nickname_csv = NICKNAMES;
}

static void add_entity(Fixture *x, Slice name)
{
    uint64_t number;
    assert_ok(map_get_or_put(&x->entities.names, name, x->entities.names.len, &number, NULL));
    assert_ok(vec_push(&x->entities.of, (uint32_t)number, NULL));
}

static void add_file(Fixture *x, const FileCase *c, uint32_t source)
{
    Error err = ERROR_INIT;
    CsvTable csv;
    const char *path;
    assert_ok(arena_printf(&x->arena, &path, &err, "%s/linkage/%s", data_dir(), c->files[source]));
    assert_ok(csv_read(path, &x->arena, &csv, &err));
    size_t columns[MATCH_COLUMNS_MAX], id = csv.columns, entity = csv.columns;
    for (size_t i = 0; i < csv.columns; i++) {
        Slice name = slice_trim(csv.header[i]);
        id = slice_eq_z(name, c->id) ? i : id;
        entity = c->entity && slice_eq_z(name, c->entity) ? i : entity;
        for (uint32_t k = 0; k < x->config.column_count; k++)
            if (slice_eq(name, x->config.columns[k]))
                columns[k] = i;
    }
    for (size_t r = 0; r < csv.rows; r++) {
        const Slice *row = csv.cells + r * csv.columns;
        Slice values[MATCH_COLUMNS_MAX];
        for (uint32_t k = 0; k < x->config.column_count; k++) {
            values[k] = slice_trim(row[columns[k]]);
            if (slice_eq_z(values[k], "NA"))
                values[k].len = 0;
        }
        assert_ok(match_table_add(x->table, source, slice_trim(row[id]), values, &err));
        add_entity(x, c->entity ? row[entity] : febrl_entity(slice_trim(row[id])));
    }
}

static void fixture_free(Fixture *x)
{
    match_table_free(x->table);
    map_free(&x->entities.names);
    vec_free(&x->entities.of);
    arena_free(&x->arena);
}

typedef struct Reach {
    uint64_t truth, found, pairs;
    uint64_t bare; /* true pairs without a field, sex aside, that both records have: nothing can find them */
    uint32_t passes;
} Reach;

static void print_passes(const Fixture *x, const PassSpec *passes, uint32_t count, const Blocks *b)
{
    Buf text;
    PassReport reports[MATCH_PASSES_MAX];
    buf_init(&text, 0);
    blocks_report(b, reports);
    for (uint32_t i = 0; i < count; i++) {
        buf_addf(&text, "    %9" PRIu64 "  ", reports[i].pairs);
        match_pass_describe(&x->config, &passes[i], &text);
        buf_addc(&text, '\n');
    }
    print_message("%s", buf_z(&text));
    buf_free(&text);
}

static bool is_bare(const Fixture *x, uint32_t a, uint32_t b)
{
    for (uint32_t f = 0; f < x->config.field_count; f++) {
        uint32_t c = x->config.fields[f].columns[0];
        if (x->config.fields[f].kind != FIELD_SEX && record_cells(x->table, a)[c] && record_cells(x->table, b)[c])
            return false;
    }
    return true;
}

static void add_true_pair(const Fixture *x, const Blocks *b, uint32_t left, uint32_t right, Reach *r)
{
    if (!table_comparable(&x->config, x->table->source[left], x->table->source[right]))
        return;
    r->truth++;
    r->bare += is_bare(x, left, right);
    r->found += blocks_pair_mask(b, left, right) != 0;
}

/* True pairs by entity, which of them the proposed passes bring together. */
static Reach reach(Fixture *x)
{
    Error err = ERROR_INIT;
    PassSpec passes[MATCH_PASSES_MAX];
    Reach r = {0};
    assert_ok(passes_propose(x->table, passes, &r.passes, &err));
    Blocks *b = NULL;
    assert_ok(blocks_build(x->table, passes, r.passes, 1, &b, &err));
    r.pairs = blocks_pairs(b);
    print_passes(x, passes, r.passes, b);
    /* records of one entity as chains: the last one seen of each, and the one before each */
    uint32_t *last = NULL, *before = NULL, n = x->table->records;
    assert_ok(mem_zalloc(x->entities.names.len + 1, sizeof *last, (void **)&last, &err));
    assert_ok(mem_zalloc((size_t)n + 1, sizeof *before, (void **)&before, &err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t entity = x->entities.of.at[match_record_added(x->table, i)];
        before[i] = last[entity];
        last[entity] = i + 1;
        for (uint32_t k = before[i]; k > 0; k = before[k - 1])
            add_true_pair(x, b, k - 1, i, &r);
    }
    mem_free(last);
    mem_free(before);
    blocks_free(b);
    return r;
}

/* Workers standardise the texts of a partition again (match_partition_read.c): standard texts stay as they are. */
static void check_standard_texts(const Fixture *x)
{
    MatchConfig config = x->config;
    MatchTable *t = NULL;
    Error err = ERROR_INIT;
    for (uint32_t f = 0; f < config.field_count; f++)
        if (config.fields[f].combine) {
            config.fields[f].combine = false;
            config.fields[f].column_count = 1;
        }
    assert_ok(match_table_new(&config, &t, &err));
    assert_ok(match_table_seal(t, 1, &err));
    for (uint32_t r = 0; r < x->table->records; r++) {
        Slice values[MATCH_COLUMNS_MAX];
        uint32_t record;
        for (uint32_t c = 0; c < config.column_count; c++)
            values[c] = match_cell_text(x->table, r, c);
        assert_ok(table_append(t, x->table->source[r], SLICE(""), values, &record, &err));
        for (uint32_t c = 0; c < config.column_count; c++)
            if (!slice_eq(match_cell_text(t, record, c), values[c]))
                fail_msg("'%.*s' becomes another", SLICE_ARG(values[c]));
    }
    match_table_free(t);
}

static void test_public_files(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        const FileCase *c = &FILES[i];
        Fixture x = {.table = NULL};
        Error err = ERROR_INIT;
        arena_init(&x.arena, 0);
        const char *path;
        assert_ok(arena_printf(&x.arena, &path, &err, "%s/linkage/%s", data_dir(), c->files[0]));
        if (!file_exists(path)) {
            print_message("skipped: no public data in %s (set CAIRN_SHARED_DATA)\n", data_dir());
            arena_free(&x.arena);
            skip();
        }
        set_fields(&x.config, c->fields);
        x.config.sources[0] = (SourceSpec){.name = SLICE("a"), .dedupe = !c->files[1], .unique = c->files[1]};
        x.config.sources[1] = (SourceSpec){.name = SLICE("b"), .unique = true};
        x.config.source_count = c->files[1] ? 2 : 1;
        assert_ok(map_init(&x.entities.names, &err));
        assert_ok(match_table_new(&x.config, &x.table, &err));
        add_file(&x, c, 0);
        if (c->files[1])
            add_file(&x, c, 1);
        assert_ok(match_table_seal(x.table, 1, &err));
        check_standard_texts(&x);
        Reach r = reach(&x);
        double a_record = (double)r.pairs / x.table->records;
        print_message("%s, %u fields: %u passes, %.1f pairs a record, %" PRIu64 " of %" PRIu64 " true pairs (%.4f)\n",
            c->files[0], x.config.field_count, r.passes, a_record, r.found, r.truth, (double)r.found / (double)r.truth);
        assert_true(r.found * 1000 >= r.truth * c->recall_least);
        assert_true(a_record <= c->pairs_most);
        fixture_free(&x);
    }
}

/* --- made-up tables -------------------------------------------------------------------------------------------- */

enum { M_SASID, M_SSN, M_FIRST, M_LAST, M_BIRTH, M_SEX, M_ZIP, M_COLUMNS };

static const FileField STATE_FIELDS[FILE_FIELDS_MAX] = {
    {{"sasid"}, FIELD_IDENTIFIER, MATCH_NONE},
    {{"ssn"}, FIELD_SSN, MATCH_NONE},
    {{"first"}, FIELD_FIRST_NAME, M_LAST},
    {{"last"}, FIELD_LAST_NAME, MATCH_NONE},
    {{"birth"}, FIELD_DATE, MATCH_NONE},
    {{"sex"}, FIELD_SEX, MATCH_NONE},
    {{"zip"}, FIELD_POSTAL_CODE, MATCH_NONE},
};

/* A name of four syllables, from a number. */
static void spell(uint32_t n, char out[32])
{
    static const char *const syllables[] = {
        "BA", "CE", "DI", "FO", "GU", "HAN", "JEL", "KIR", "LOM", "MUS", "NA", "PET", "RIL", "SOT", "TUM", "VAN"};
    size_t at = 0;
    for (uint32_t i = 0; i < 3; i++, n /= 16)
        at += (size_t)snprintf(out + at, 32 - at, "%s", syllables[n % 16]);
}

static void misspell(char *text, Rng *r)
{
    size_t n = strlen(text);
    if (n > 1)
        text[rng_below(r, n)] = text[0] >= 'A' ? (char)('A' + rng_below(r, 26)) : (char)('0' + rng_below(r, 10));
}

static void draw_state_person(char text[M_COLUMNS][32], Rng *r)
{
    memset(text, 0, (size_t)M_COLUMNS * 32);
    snprintf(text[M_SASID], 32, "%010u", 1000000000 + (unsigned)rng_below(r, 900000000));
    snprintf(text[M_SSN], 32, "%09u", 200010001 + (unsigned)rng_below(r, 400000000));
    spell((uint32_t)rng_below(r, 300), text[M_FIRST]);
    spell((uint32_t)rng_below(r, 2000), text[M_LAST]);
    snprintf(text[M_BIRTH], 32, "%u-%02u-%02u", 1980 + (unsigned)rng_below(r, 20), 1 + (unsigned)rng_below(r, 12),
        1 + (unsigned)rng_below(r, 28));
    snprintf(text[M_SEX], 32, "%s", rng_below(r, 2) ? "F" : "M");
    snprintf(text[M_ZIP], 32, "80%03u", (unsigned)rng_below(r, 60));
}

/* School knows the SASID, college and wage the SSN; a wage row has the number and perhaps a name. */
static void add_state_record(Fixture *x, const char person[M_COLUMNS][32], uint32_t source, uint32_t entity, Rng *r)
{
    char text[M_COLUMNS][32], id[16];
    Slice values[M_COLUMNS];
    Error err = ERROR_INIT;
    memcpy(text, person, sizeof text);
    for (uint32_t c = 0; c < M_COLUMNS; c++) {
        if (c != M_BIRTH && c != M_SEX && rng_ppm(r, 40000))
            misspell(text[c], r);
        bool missing = rng_ppm(r, 20000) || (source == 0 && c == M_SSN) || (source > 0 && c == M_SASID) ||
                       (source == 2 && c >= M_BIRTH) || (source == 2 && c != M_SSN && rng_ppm(r, 300000));
        values[c] = missing ? SLICE("") : slice_of(text[c]);
    }
    snprintf(id, sizeof id, "%zu", x->entities.of.len);
    assert_ok(match_table_add(x->table, source, slice_of(id), values, &err));
    snprintf(id, sizeof id, "%u", entity);
    add_entity(x, slice_of(id));
}

static void fixture_init(Fixture *x, const FileField *fields, uint32_t sources)
{
    static const char *const names[] = {"school", "college", "wage"};
    Error err = ERROR_INIT;
    *x = (Fixture){.table = NULL};
    arena_init(&x->arena, 0);
    set_fields(&x->config, fields);
    for (uint32_t i = 0; i < sources; i++)
        x->config.sources[i] = (SourceSpec){.name = slice_of(names[i]), .dedupe = true};
    x->config.source_count = sources;
    assert_ok(map_init(&x->entities.names, &err));
    assert_ok(match_table_new(&x->config, &x->table, &err));
}

static void test_state(void **state)
{
    UNUSED(state);
    Fixture x;
    Error err = ERROR_INIT;
    fixture_init(&x, STATE_FIELDS, 3);
    Rng r;
    rng_init(&r, 8, 0);
    for (uint32_t entity = 0; entity < 3000; entity++) {
        char person[M_COLUMNS][32];
        draw_state_person(person, &r);
        for (uint32_t source = 0; source < 3; source++)
            if (rng_ppm(&r, 700000))
                add_state_record(&x, (const char(*)[32])person, source, entity, &r);
    }
    assert_ok(match_table_seal(x.table, 1, &err));
    Reach reached = reach(&x);
    print_message("a state: %" PRIu64 " of %" PRIu64 " true pairs, %" PRIu64 " without common fields\n", reached.found,
        reached.truth, reached.bare);
    assert_true(reached.found * 1000 >= (reached.truth - reached.bare) * 980);
    assert_true(reached.pairs <= 150u * x.table->records);
    fixture_free(&x);
}

static void test_names_only(void **state)
{
    UNUSED(state);
    static const FileField fields[FILE_FIELDS_MAX] = {
        {{"first"}, FIELD_FIRST_NAME, 1}, {{"last"}, FIELD_LAST_NAME, MATCH_NONE}};
    Fixture x;
    Error err = ERROR_INIT;
    fixture_init(&x, fields, 1);
    Rng r;
    rng_init(&r, 9, 0);
    char person[M_COLUMNS][32];
    for (uint32_t i = 0; i < 6000; i++) {
        char id[16], first[32], last[32];
        if (i % 2 == 0)
            draw_state_person(person, &r);
        snprintf(first, sizeof first, "%s", person[M_FIRST]);
        snprintf(last, sizeof last, "%s", person[M_LAST]);
        if (rng_ppm(&r, 100000))
            misspell(rng_below(&r, 2) ? first : last, &r);
        snprintf(id, sizeof id, "%u", i);
        assert_ok(match_table_add(x.table, 0, slice_of(id), (Slice[]){slice_of(first), slice_of(last)}, &err));
        snprintf(id, sizeof id, "%u", i / 2);
        add_entity(&x, slice_of(id));
    }
    assert_ok(match_table_seal(x.table, 1, &err));
    Reach reached = reach(&x);
    assert_true(reached.found * 1000 >= reached.truth * 985);
    fixture_free(&x);
}

/* Half of the birth dates are one default date; every row is in one town. */
static void test_hot_values(void **state)
{
    UNUSED(state);
    Fixture x;
    Error err = ERROR_INIT;
    fixture_init(&x, STATE_FIELDS, 1);
    x.config.block_max = 200;
    Rng r;
    rng_init(&r, 10, 0);
    for (uint32_t entity = 0; entity < 4000; entity++) {
        char person[M_COLUMNS][32];
        draw_state_person(person, &r);
        snprintf(person[M_ZIP], 32, "80202");
        if (rng_below(&r, 2))
            snprintf(person[M_BIRTH], 32, "1900-01-01");
        add_state_record(&x, (const char(*)[32])person, 0, entity, &r);
        add_state_record(&x, (const char(*)[32])person, 0, entity, &r);
    }
    assert_ok(match_table_seal(x.table, 1, &err));
    Reach reached = reach(&x);
    assert_true(reached.found * 1000 >= reached.truth * 990);
    assert_true(reached.pairs <= 160u * x.table->records);
    fixture_free(&x);
}

static void test_little(void **state)
{
    UNUSED(state);
    for (uint32_t records = 0; records < 3; records++)
        for (uint32_t empty = 0; empty < 2; empty++) {
            Fixture x;
            Error err = ERROR_INIT;
            fixture_init(&x, STATE_FIELDS, 1);
            for (uint32_t i = 0; i < records; i++) {
                char person[M_COLUMNS][32], id[16];
                Slice values[M_COLUMNS];
                Rng r;
                rng_init(&r, 11, 0);
                draw_state_person(person, &r);
                for (uint32_t c = 0; c < M_COLUMNS; c++)
                    values[c] = empty ? SLICE("") : slice_of(person[c]);
                snprintf(id, sizeof id, "%u", i);
                assert_ok(match_table_add(x.table, 0, slice_of(id), values, &err));
                add_entity(&x, SLICE("same"));
            }
            assert_ok(match_table_seal(x.table, 1, &err));
            Reach reached = reach(&x);
            assert_int_equal(reached.found, records == 2 && !empty);
            fixture_free(&x);
        }
}

/* Rows that are all alike: no pass is affordable by itself, and still they are brought together. */
static void test_all_alike(void **state)
{
    UNUSED(state);
    enum { N = 3000 };
    Fixture x;
    Error err = ERROR_INIT;
    char person[M_COLUMNS][32], id[16];
    Slice values[M_COLUMNS];
    Rng r;
    rng_init(&r, 12, 0);
    draw_state_person(person, &r);
    for (uint32_t c = 0; c < M_COLUMNS; c++)
        values[c] = slice_of(person[c]);
    fixture_init(&x, STATE_FIELDS, 1);
    for (uint32_t i = 0; i < N; i++) {
        snprintf(id, sizeof id, "%u", i);
        assert_ok(match_table_add(x.table, 0, slice_of(id), values, &err));
        add_entity(&x, slice_of(id));
    }
    assert_ok(match_table_seal(x.table, 1, &err));
    Reach reached = reach(&x);
    assert_true(reached.passes >= 1);
    assert_true(reached.pairs >= N - 1 && reached.pairs <= 10 * N);
    fixture_free(&x);
}

/* The same passes whatever the order of rows. */
static void test_row_order(void **state)
{
    UNUSED(state);
    PassSpec passes[2][MATCH_PASSES_MAX];
    uint32_t count[2];
    Error err = ERROR_INIT;
    for (uint32_t turn = 0; turn < 2; turn++) {
        enum { N = 900 };
        MatchConfig config;
        Person *people = NULL, *turned = NULL;
        people_config(&config, 2);
        assert_ok(mem_zalloc(N, sizeof *people, (void **)&people, &err));
        assert_ok(mem_zalloc(N, sizeof *turned, (void **)&turned, &err));
        Rng r;
        rng_init(&r, 3, 0);
        for (uint32_t i = 0; i < N; i++)
            person_draw(&people[i], &r, 2, i);
        for (uint32_t i = 0; i < N; i++)
            turned[i] = people[turn ? (i * 7 + 5) % N : i];
        MatchTable *t = people_table(&config, turned, N);
        assert_ok(passes_propose(t, passes[turn], &count[turn], &err));
        match_table_free(t);
        mem_free(people);
        mem_free(turned);
    }
    assert_int_equal(count[0], count[1]);
    for (uint32_t i = 0; i < count[0]; i++) {
        assert_int_equal(passes[0][i].part_count, passes[1][i].part_count);
        assert_memory_equal(passes[0][i].parts, passes[1][i].parts, sizeof passes[0][i].parts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_files),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_names_only),
        cmocka_unit_test(test_hot_values),
        cmocka_unit_test(test_little),
        cmocka_unit_test(test_all_alike),
        cmocka_unit_test(test_row_order),
    };
    return cmocka_run_group_tests_name("match/propose", tests, NULL, NULL);
}
