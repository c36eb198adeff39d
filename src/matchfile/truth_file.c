/*
 * Truth and labels from a file. Pairs are closed transitively (union by smaller number, paths halved: Tarjan and van
 * Leeuwen 1984), so that a list of links and a list of all pairs mean the same.
 */
#include "matchfile/truth_file.h"

#define SEVERAL UINT64_MAX
#define WEIGHT_OF_LABEL_MAX 1e12

/* --- records by name ---------------------------------------------------------------------------------------------- */

static Status put_name(RecordNames *n, Slice key, uint32_t record, Error *err)
{
    uint64_t old = 0;
    TRY(map_get_or_put(&n->names, key, record, &old, err));
    return old == record ? OK : map_put(&n->names, key, SEVERAL, NULL, err);
}

static void full_name(const MatchConfig *c, uint32_t source, Slice id, Buf *out)
{
    buf_reset(out);
    buf_add(out, c->sources[source].name);
    buf_addc(out, '\t');
    buf_add(out, id);
}

Status record_names_new(const MatchTable *t, const MatchConfig *config, RecordNames *out, Error *err)
{
    Buf key;
    *out = (RecordNames){.table = t, .config = config};
    buf_init(&key, 0);
    Status st = map_init(&out->names, err);
    for (uint32_t r = 0; st == OK && r < match_record_count(t); r++) {
        Slice id = match_record_id(t, r);
        full_name(config, match_record_source(t, r), id, &key);
        st = buf_status(&key, err);
        if (st == OK)
            st = put_name(out, buf_slice(&key), r, err);
        if (st == OK)
            st = put_name(out, id, r, err);
    }
    buf_free(&key);
    if (st != OK)
        record_names_free(out);
    return st;
}

void record_names_free(RecordNames *n)
{
    map_free(&n->names);
    memset(n, 0, sizeof *n);
}

Status record_by_name(const RecordNames *n, Slice source, Slice id, uint32_t *out, Error *err)
{
    uint64_t found = 0;
    bool have = false;
    if (source.len == 0)
        have = map_get(&n->names, id, &found);
    for (uint32_t s = 0; source.len > 0 && !have && s < n->config->source_count; s++) {
        Buf key;
        if (!slice_eq(n->config->sources[s].name, source))
            continue;
        buf_init(&key, 0);
        full_name(n->config, s, id, &key);
        Status st = buf_status(&key, err);
        have = st == OK && map_get(&n->names, buf_slice(&key), &found);
        buf_free(&key);
        TRY(st);
    }
    if (!have)
        return error_set(err, ERR_NOT_FOUND, "no record has this id");
    if (found == SEVERAL)
        return error_set(err, ERR_INVALID, "several sources have a record of this id: the source must be named");
    *out = (uint32_t)found;
    return OK;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

typedef struct Shape {
    bool is_pairs;
    size_t id[2], source[2]; /* column numbers; CSV_NONE: none */
    size_t value;            /* cluster, or match */
    size_t weight;           /* of pairs; CSV_NONE */
} Shape;
#define CSV_NONE SIZE_MAX

static size_t column_of(const CsvTable *t, const char *const *stems, const char *ending)
{
    for (; *stems; stems++)
        for (size_t c = 0; c < t->columns; c++) {
            Slice name = slice_trim(t->header[c]);
            size_t n = strlen(*stems);
            if (name.len == n + strlen(ending) && slice_eq_nocase(slice_sub(name, 0, n), slice_of(*stems)) &&
                slice_eq_nocase(slice_sub(name, n, name.len), slice_of(ending)))
                return c;
        }
    return CSV_NONE;
}

static Status shape_of(const CsvTable *t, Shape *out, Error *err)
{
    static const char *const endings[][2] = {{"_a", "_b"}, {"_l", "_r"}, {"_1", "_2"}, {"1", "2"}};
    static const char *const ids[] = {"id", "unique_id", "rec_id", "record_id", NULL};
    static const char *const sources[] = {"source", "source_dataset", "dataset", NULL};
    static const char *const persons[] = {
        "cluster", "person", "entity", "truth", "label", "ent_id", "cluster_id", NULL};
    static const char *const matches[] = {"match", "is_match", "label", "clerical_match_score", NULL};
    static const char *const weights[] = {"weight", NULL};
    for (size_t e = 0; e < COUNT_OF(endings); e++) {
        *out = (Shape){.is_pairs = true, .value = column_of(t, matches, ""), .weight = column_of(t, weights, "")};
        for (size_t k = 0; k < 2; k++) {
            out->id[k] = column_of(t, ids, endings[e][k]);
            out->source[k] = column_of(t, sources, endings[e][k]);
        }
        if (out->id[0] != CSV_NONE && out->id[1] != CSV_NONE)
            return OK;
    }
    *out = (Shape){.value = column_of(t, persons, ""), .weight = CSV_NONE};
    out->id[0] = column_of(t, ids, "");
    out->source[0] = column_of(t, sources, "");
    if (out->id[0] != CSV_NONE && out->value != CSV_NONE)
        return OK;
    Status st = error_set(err, ERR_INVALID, "has neither columns id and cluster nor columns id_a and id_b");
    error_hint(err, "docs/match.md says how truth and labels are written.");
    return st;
}

static Status read_row(
    const Shape *s, const Slice *row, const RecordNames *names, Map *persons, TruthFile *out, Error *err)
{
    uint32_t records[2] = {0, 0};
    double match = 1, weight = 1;
    for (size_t k = 0; k < (s->is_pairs ? 2u : 1u); k++) {
        Slice source = s->source[k] == CSV_NONE ? (Slice){"", 0} : slice_trim(row[s->source[k]]);
        TRY(record_by_name(names, source, slice_trim(row[s->id[k]]), &records[k], err));
    }
    if (!s->is_pairs) {
        Slice person = slice_trim(row[s->value]);
        uint64_t number = 0;
        if (person.len == 0)
            return OK;
        TRY(map_get_or_put(persons, person, persons->len, &number, err));
        out->person[records[0]] = (uint32_t)number;
        return OK;
    }
    if (s->value != CSV_NONE && parse_f64(slice_trim(row[s->value]), &match, NULL) != OK)
        return error_set(err, ERR_INVALID, "match must be a number: 1 for the same person, 0 for two");
    if (records[0] == records[1])
        return error_set(err, ERR_INVALID, "a pair of a record with itself");
    if (s->weight != CSV_NONE &&
        (parse_f64(slice_trim(row[s->weight]), &weight, NULL) != OK || !(weight > 0 && weight <= WEIGHT_OF_LABEL_MAX)))
        return error_set(err, ERR_INVALID, "weight must be a number above 0: how many pairs this one stands for");
    MatchLabel label = {.a = records[0], .b = records[1], .match = match >= 0.5, .weight = weight};
    TRY(vec_push(&out->labels, label, err));
    if (label.match)
        forest_unite(out->person, label.a, label.b);
    return OK;
}

static Status read_table(const CsvTable *t, const char *path, const RecordNames *names, TruthFile *out, Error *err)
{
    Shape shape;
    Map persons = {0};
    uint32_t records = match_record_count(names->table);
    Status st = shape_of(t, &shape, err);
    if (st == OK)
        st = map_init(&persons, err);
    if (st == OK)
        st = mem_zalloc(records ? records : 1, sizeof *out->person, (void **)&out->person, err);
    out->weighted = st == OK && shape.weight != CSV_NONE;
    for (uint32_t r = 0; st == OK && r < records; r++)
        out->person[r] = shape.is_pairs ? r : MATCH_NONE;
    for (size_t i = 0; st == OK && i < t->rows; i++) {
        st = read_row(&shape, t->cells + i * t->columns, names, &persons, out, err);
        if (st != OK)
            error_at(err, path_base(path), i + 1, NULL);
    }
    for (uint32_t r = 0; st == OK && shape.is_pairs && r < records; r++)
        out->person[r] = forest_root(out->person, r);
    map_free(&persons);
    if (st != OK)
        error_at(err, path_base(path), 0, NULL);
    return st;
}

Status truth_file_read(const char *path, const RecordNames *names, TruthFile *out, Error *err)
{
    Arena arena;
    CsvTable t;
    memset(out, 0, sizeof *out);
    arena_init(&arena, 0);
    Status st = csv_read(path, &arena, &t, err);
    if (st == OK)
        st = read_table(&t, path, names, out, err);
    arena_free(&arena);
    if (st != OK)
        truth_file_free(out);
    return st;
}

void truth_file_free(TruthFile *t)
{
    mem_free(t->person);
    vec_free(&t->labels);
    memset(t, 0, sizeof *t);
}
