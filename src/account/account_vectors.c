/*
 * A framework's own test vectors: small tables of counts in, lines, totals and plan types out (docs/accountability.md).
 *
 *   given.cells      measure | year | unit | split | grp | denominator | numerator
 *   given.reference  unit | kind | name | value | possible
 *   expect           year | unit | line | any of: status, n, hits, rate, level, earned, possible, percent, plan
 */
#include "account/account_parts.h"
#include "policy/model.h"

static Status bad(const PolicyFile *f, const TestVector *v, Error *err, const char *why, Slice what)
{
    return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": vector \"%.*s\": %s %.*s", f->path, v->line, SLICE_ARG(v->name),
        why, SLICE_ARG(what));
}

static bool column_of(const VectorTable *t, const char *name, size_t *out)
{
    for (size_t i = 0; i < t->columns; i++)
        if (slice_eq_z(t->header[i], name)) {
            *out = i;
            return true;
        }
    return false;
}

/* The cell, or the fallback where the column is missing or empty. */
static Slice value_of(const VectorTable *t, size_t row, const char *name, const char *fallback)
{
    size_t c;
    if (column_of(t, name, &c) && t->cells[row * t->columns + c].len > 0)
        return t->cells[row * t->columns + c];
    return slice_of(fallback);
}

static Status only_columns(
    const PolicyFile *f, const TestVector *v, const VectorTable *t, const char *const *names, Error *err)
{
    for (size_t c = 0; c < t->columns; c++) {
        bool known = false;
        for (size_t i = 0; names[i]; i++)
            known = known || slice_eq_z(t->header[c], names[i]);
        if (!known)
            return bad(f, v, err, "there is no column", t->header[c]);
    }
    return OK;
}

static Status fill_cells(
    const Framework *f, const TestVector *v, const VectorTable *t, Arena *arena, CellSet *out, Error *err)
{
    static const char *const names[] = {"measure", "year", "unit", "split", "grp", "denominator", "numerator", NULL};
    TRY(only_columns(f->file, v, t, names, err));
    TRY(arena_new(arena, Cell, t->rows, &out->cells, err));
    for (size_t r = 0; r < t->rows; r++) {
        Cell *c = &out->cells[out->count++];
        int64_t year;
        *c = (Cell){.measure = value_of(t, r, "measure", ""),
            .level = f->level,
            .unit = value_of(t, r, "unit", ""),
            .split = value_of(t, r, "split", "all"),
            .grp = value_of(t, r, "grp", "all"),
            .additive = 1};
        if (parse_i64(value_of(t, r, "year", ""), &year, NULL) != OK ||
            parse_i64(value_of(t, r, "denominator", ""), &c->denominator, NULL) != OK ||
            parse_i64(value_of(t, r, "numerator", ""), &c->numerator, NULL) != OK || c->numerator < 0 ||
            c->numerator > c->denominator || year < 1900 || year > 9999)
            return bad(f->file, v, err, "year, denominator or numerator is malformed in cells of", c->measure);
        c->year = (int32_t)year;
    }
    return OK;
}

static Status fill_reference(const Framework *f, const TestVector *v, const VectorTable *t, Reference *out, Error *err)
{
    static const char *const names[] = {"unit", "kind", "name", "value", "possible", NULL};
    TRY(only_columns(f->file, v, t, names, err));
    for (size_t r = 0; r < t->rows; r++) {
        ReferenceRow row = {
            .unit = value_of(t, r, "unit", ""), .kind = value_of(t, r, "kind", ""), .name = value_of(t, r, "name", "")};
        if (parse_fixed(value_of(t, r, "value", ""), 6, &row.value, NULL) != OK ||
            parse_fixed(value_of(t, r, "possible", "0"), 6, &row.possible, NULL) != OK)
            return bad(f->file, v, err, "value or possible is malformed in reference of", row.unit);
        TRY(vec_push(out, row, err));
    }
    return OK;
}

/* What a rating says of a line, by the names of expect's columns; empty text: it has none. */
typedef struct Said {
    Slice status, level, plan;
    int64_t n, hits, rate, earned, possible, percent; /* -1: none */
} Said;

static bool say_points(const Rating *r, const Framework *f, Slice line, Said *out)
{
    Slice rest = line;
    Slice head = slice_cut(&rest, '.');
    for (size_t i = 0, part = 0; i < f->indicator_count; part += f->indicators[i++].part_count) {
        const Points *p = slice_eq(head, f->indicators[i].name) && !rest.ptr ? &r->indicators[i] : NULL;
        for (size_t k = 0; rest.ptr && slice_eq(head, f->indicators[i].name) && k < f->indicators[i].part_count; k++)
            if (slice_eq(f->indicators[i].parts[k].name, rest))
                p = &r->parts[part + k];
        if (!p)
            continue;
        out->earned = p->earned;
        out->possible = p->possible;
        out->percent = p->percent;
        return true;
    }
    return false;
}

static bool say_line(const Rating *r, Slice line, Said *out)
{
    Buf path;
    bool found = false;
    buf_init(&path, 0);
    for (size_t k = 0; k < r->line_count && !found; k++) {
        const RatingLine *l = &r->lines[k];
        if (line_path(l, &path, NULL) != OK || !slice_eq(buf_slice(&path), line))
            continue;
        found = true;
        out->status = slice_of(line_status_word(l->status));
        out->n = l->candidates[l->chosen].count.n;
        out->hits = l->candidates[l->chosen].count.hits;
        out->rate = l->candidates[l->chosen].rate;
        out->earned = l->earned;
        out->possible = l->possible;
        out->level = l->cut ? l->cut->level : SLICE("");
    }
    buf_free(&path);
    return found;
}

static bool say(const Framework *f, const Rating *r, Slice line, Said *out)
{
    *out = (Said){.n = -1, .hits = -1, .rate = -1, .earned = -1, .possible = -1, .percent = -1};
    if (slice_eq_z(line, "total")) {
        out->percent = r->total;
        out->plan = r->plan ? r->plan->name : SLICE("");
        return true;
    }
    return say_points(r, f, line, out) || say_line(r, line, out);
}

static bool number_agrees(Slice want, int64_t have, bool whole)
{
    int64_t v;
    if (want.len == 0)
        return have < 0;
    Status st = whole ? parse_i64(want, &v, NULL) : parse_fixed(want, 6, &v, NULL);
    return st == OK && v == have;
}

static bool column_agrees(Slice column, Slice want, const Said *have)
{
    const struct {
        const char *name;
        int64_t value;
        bool whole;
    } numbers[] = {{"n", have->n, true}, {"hits", have->hits, true}, {"rate", have->rate, false},
        {"earned", have->earned, false}, {"possible", have->possible, false}, {"percent", have->percent, false}};
    const struct {
        const char *name;
        Slice value;
    } words[] = {{"status", have->status}, {"level", have->level}, {"plan", have->plan}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (slice_eq_z(column, numbers[i].name))
            return number_agrees(want, numbers[i].value, numbers[i].whole);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (slice_eq_z(column, words[i].name))
            return slice_eq(want, words[i].value);
    return true; /* year, unit, line */
}

static Status check_row(const Framework *f, const TestVector *v, const Rating *r, size_t row, Error *err)
{
    const VectorTable *t = &v->expect;
    Said have;
    Slice line = value_of(t, row, "line", "");
    if (!say(f, r, line, &have))
        return bad(f->file, v, err, "the framework has no line", line);
    for (size_t c = 0; c < t->columns; c++) {
        Slice want = t->cells[row * t->columns + c];
        /* An empty cell is not asked about: tables hold lines of different kinds. */
        if (want.len > 0 && !column_agrees(t->header[c], want, &have))
            return error_set(err, ERR_INVALID,
                "%s:%" PRIu32 ": vector \"%.*s\": line %.*s: %.*s is not %.*s (total %" PRId64 ", rate %" PRId64
                ", points %" PRId64 " of %" PRId64 ", percent %" PRId64 " millionths)",
                f->file->path, v->line, SLICE_ARG(v->name), SLICE_ARG(line), SLICE_ARG(t->header[c]), SLICE_ARG(want),
                r->total, have.rate, have.earned, have.possible, have.percent);
    }
    return OK;
}

static Status check_expect(
    const Framework *f, const TestVector *v, const CellSet *cells, const Reference *reference, Arena *arena, Error *err)
{
    static const char *const names[] = {
        "year", "unit", "line", "status", "n", "hits", "rate", "level", "earned", "possible", "percent", "plan", NULL};
    TRY(only_columns(f->file, v, &v->expect, names, err));
    if (v->expect.rows == 0)
        return bad(f->file, v, err, "it expects nothing", SLICE(""));
    for (size_t row = 0; row < v->expect.rows; row++) {
        Ratings ratings = {0};
        int64_t year;
        Slice unit = value_of(&v->expect, row, "unit", "");
        if (parse_i64(value_of(&v->expect, row, "year", ""), &year, NULL) != OK || year < 1900 || year > 9999)
            return bad(f->file, v, err, "a row of expect has no year for", unit);
        Status st = ratings_compute(f, cells, reference, (int32_t)year, unit, arena, &ratings, err);
        if (st == OK)
            st = check_row(f, v, &ratings.at[0], row, err);
        vec_free(&ratings);
        if (st == ERR_NOT_FOUND)
            return bad(f->file, v, err, "no figures of unit", unit);
        TRY(st);
    }
    return OK;
}

static Status run_vector(const Framework *f, const TestVector *v, Error *err)
{
    Arena arena;
    CellSet cells = {0};
    Reference reference = {0};
    Status st = OK;
    arena_init(&arena, 0);
    for (size_t i = 0; i < v->given_count; i++) {
        if (slice_eq_z(v->given[i].name, "cells"))
            TRY_OUT(fill_cells(f, v, &v->given[i], &arena, &cells, err));
        else if (slice_eq_z(v->given[i].name, "reference"))
            TRY_OUT(fill_reference(f, v, &v->given[i], &reference, err));
        else
            TRY_OUT(bad(f->file, v, err, "a vector gives cells and reference, not", v->given[i].name));
    }
    TRY_OUT(check_expect(f, v, &cells, &reference, &arena, err));
out:
    vec_free(&reference);
    arena_free(&arena);
    return st;
}

Status account_test(Policy *policy, uint64_t *frameworks, uint64_t *vectors, Error *err)
{
    PolicyFiles files = {0};
    TestVectors list = {0};
    Arena arena;
    Status st = OK;
    *frameworks = *vectors = 0;
    arena_init(&arena, 0);
    TRY_OUT(policy_list(policy, "accountability", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        Framework f;
        list.len = 0;
        TRY_OUT(framework_read(files.at[i], &arena, &f, err));
        TRY_OUT(model_vectors(files.at[i], &arena, &list, err));
        if (list.len == 0) {
            st = error_set(err, ERR_INVALID, "%s: a framework needs a [[vector]]", files.at[i]->path);
            goto out;
        }
        for (size_t v = 0; v < list.len; v++)
            TRY_OUT(run_vector(&f, &list.at[v], err));
        ++*frameworks;
        *vectors += list.len;
    }
out:
    vec_free(&list);
    vec_free(&files);
    arena_free(&arena);
    return st;
}
