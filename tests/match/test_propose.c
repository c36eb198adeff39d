/*
 * Proposed passes: what they reach and cost on public files with truth (folder
 * CAIRN_SHARED_DATA; skipped without), and on tables made here whose shape those
 * files do not have: sources that share few fields, names only, one value all
 * over, nothing at all.
 */
#include "people.h"

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
    uint32_t n = x->table->records;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = i + 1; k < n; k++) {
            if (x->entities.of.at[match_record_added(x->table, i)] !=
                    x->entities.of.at[match_record_added(x->table, k)] ||
                !table_comparable(&x->config, x->table->source[i], x->table->source[k]))
                continue;
            r.truth++;
            r.found += blocks_pair_mask(b, i, k) != 0;
        }
    blocks_free(b);
    return r;
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
        Reach r = reach(&x);
        double a_record = (double)r.pairs / x.table->records;
        print_message("%s, %u fields: %u passes, %.1f pairs a record, %" PRIu64 " of %" PRIu64 " true pairs (%.4f)\n",
            c->files[0], x.config.field_count, r.passes, a_record, r.found, r.truth, (double)r.found / (double)r.truth);
        assert_true(r.found * 1000 >= r.truth * c->recall_least);
        assert_true(a_record <= c->pairs_most);
        fixture_free(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_files),
    };
    return cmocka_run_group_tests_name("match/propose", tests, NULL, NULL);
}
