/*
 * A question as tables (docs/protect.md): year, place and each split a dimension, so that whatever one asker is told
 * stands in one system. Dimensions are open: their codes are those of the tables.
 */
#include "cli/answer_impl.h"

#include <math.h>

static Status add_split(AnswerSplits *s, Slice name, Error *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (slice_eq(s->names[i], name))
            return OK;
    if (s->count + 2 == COUNT_OF(s->names)) /* year and place */
        return error_set(
            err, ERR_LIMIT, "what one asker is told can be divided by at most %zu splits", COUNT_OF(s->names) - 2);
    s->names[s->count++] = name;
    return OK;
}

/* The splits by which an earlier answer is divided. */
static Status entry_splits(const char *path, Arena *arena, AnswerSplits *out, Error *err)
{
    const Toml *root, *tables, *by;
    TRY(toml_read(path, arena, &root, err));
    TRY(toml_array(root, path, "table", &tables, err));
    for (const Toml *t = tables ? tables->first : NULL; t; t = t->next) {
        TRY(toml_array(t, path, "by", &by, err));
        for (const Toml *b = by ? by->first : NULL; b; b = b->next) {
            Slice name;
            TRY(toml_str(b, path, "dimension", &name, err));
            if (!slice_eq_z(name, "year") && !slice_eq_z(name, "place"))
                TRY(add_split(out, name, err));
        }
    }
    return OK;
}

Status answer_splits(const AnswerAsk *ask, const char *history, Arena *arena, AnswerSplits *out, Error *err)
{
    PathList names = {0};
    *out = (AnswerSplits){0};
    for (size_t i = 0; i < ask->count; i++) {
        Slice rest = ask->cells[i].split;
        while (rest.ptr && rest.len > 0) {
            Slice name = slice_cut(&rest, ',');
            if (!slice_eq_z(name, "all"))
                TRY(add_split(out, name, err));
        }
    }
    if (!dir_exists(history))
        return OK;
    Status st = dir_list(history, arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        const char *path;
        st = arena_printf(arena, &path, err, "%s/%s/released.toml", history, names.at[i]);
        if (st == OK && file_exists(path))
            st = entry_splits(path, arena, out, err);
    }
    vec_free(&names);
    return st;
}

Slice answer_group(const Cell *c, Slice split)
{
    Slice splits = c->split, groups = c->grp;
    while (splits.ptr && splits.len > 0) {
        Slice name = slice_cut(&splits, ','), group = slice_cut(&groups, ',');
        if (slice_eq(name, split))
            return group;
    }
    return SLICE("all");
}

/* --- the header -------------------------------------------------------------------------------------------------- */

bool answer_has_employers(const AnswerAsk *ask)
{
    for (size_t i = 0; i < ask->count; i++)
        if (ask->cells[i].employers > 0)
            return true;
    return false;
}

static void add_dimensions(const AnswerSplits *splits, Buf *out)
{
    buf_adds(out, "schema = \"cairn.tables/1\"\nname = \"answers\"\ntitle = \"Answers\"\n[markers]\n"
                  "suppressed = [\"*\"]\nabsent = [\"N/A\"]\n[[dimension]]\nname = \"year\"\nopen = true\n"
                  "[[dimension]]\nname = \"place\"\ntotal = \"all\"\nopen = true\nseparator = \"/\"\n");
    for (size_t i = 0; i < splits->count; i++) {
        buf_adds(out, "[[dimension]]\nname = ");
        toml_quote(out, splits->names[i]);
        buf_adds(out, "\ntotal = \"all\"\nopen = true\n");
    }
}

static void add_table(
    const AnswerAsk *ask, const AnswerSplits *splits, const char *name, const char *published, Buf *out)
{
    buf_addf(
        out, "[[table]]\nname = \"%s\"\nfile = \"%s.csv\"\nabsent = \"zero\"\nmargins = false\npeople = ", name, name);
    toml_quote(out, ask->people);
    if (published)
        buf_addf(out, "\npublished = \"%s\"", published);
    buf_adds(out, "\n[[table.by]]\ndimension = \"year\"\ncolumn = \"year\"\n"
                  "[[table.by]]\ndimension = \"place\"\ncolumn = \"place\"\n");
    for (size_t i = 0; i < splits->count; i++) {
        buf_adds(out, "[[table.by]]\ndimension = ");
        toml_quote(out, splits->names[i]);
        buf_adds(out, "\ncolumn = ");
        toml_quote(out, splits->names[i]);
        buf_addc(out, '\n');
    }
}

static void add_counts(bool is_rate, bool publish, Buf *out)
{
    buf_adds(out, "[[table.count]]\nname = \"people\"\n");
    if (is_rate)
        buf_addf(out, "[[table.count]]\nname = \"hits\"\npart_of = \"people\"\n%s", publish ? "" : "publish = false\n");
}

static bool kind_is(const AnswerAsk *ask, const char *kind)
{
    return ask->count > 0 && slice_eq_z(ask->cells[0].kind, kind);
}

static void add_header(const AnswerTables *t, Buf *out)
{
    const AnswerAsk *ask = t->ask;
    const AnswerSplits *splits = t->splits;
    bool is_rate = kind_is(ask, "rate");
    add_dimensions(splits, out);
    add_table(ask, splits, "answer", NULL, out);
    add_counts(is_rate, false, out);
    if (is_rate)
        buf_adds(out, "[[table.rate]]\nname = \"value\"\nnumerator = \"hits\"\ndenominator = \"people\"\n");
    if (kind_is(ask, "median")) {
        buf_adds(out, "[[table.median]]\nname = \"value\"\npeople = \"people\"\n");
        if (answer_has_employers(ask))
            buf_adds(out, "employers = \"employers\"\ntop_employer = \"top_employer\"\n");
    }
    if (t->told->len > 0) {
        add_table(ask, splits, "told", "printed.csv", out);
        add_counts(is_rate, true, out);
    }
    if (t->held) {
        add_table(ask, splits, "held", "held_printed.csv", out);
        add_counts(is_rate, true, out);
    }
}

/* --- the rows ---------------------------------------------------------------------------------------------------- */

static Status add_row(
    const Cell *c, const AnswerSplits *splits, const AnswerPlaces *places, Arena *arena, Buf *out, Error *err)
{
    const char *place;
    TRY(answer_place(places, c, arena, &place, err));
    buf_addf(out, "%d,", (int)c->year);
    csv_cell(out, slice_of(place));
    for (size_t i = 0; i < splits->count; i++) {
        buf_addc(out, ',');
        csv_cell(out, answer_group(c, splits->names[i]));
    }
    return OK;
}

static void add_heads(const AnswerSplits *splits, Buf *out)
{
    buf_adds(out, "year,place");
    for (size_t i = 0; i < splits->count; i++) {
        buf_addc(out, ',');
        csv_cell(out, splits->names[i]);
    }
}

static void add_value(const Cell *c, bool is_rate, Buf *out)
{
    double value = is_rate ? c->value : c->fuzzy;
    if (c->denominator == 0 || isnan(value))
        buf_adds(out, ",N/A");
    else
        buf_addf(out, is_rate ? ",%.1f" : ",%.0f", value);
}

static Status answer_rows(
    const AnswerAsk *ask, const AnswerSplits *splits, const AnswerPlaces *places, Arena *arena, Buf *out, Error *err)
{
    bool is_rate = kind_is(ask, "rate"), is_median = kind_is(ask, "median"), employers = answer_has_employers(ask);
    add_heads(splits, out);
    buf_addf(out, ",people%s%s%s\n", is_rate ? ",hits" : "", is_rate || is_median ? ",value" : "",
        is_median && employers ? ",employers,top_employer" : "");
    for (size_t i = 0; i < ask->count; i++) {
        const Cell *c = &ask->cells[i];
        TRY(add_row(c, splits, places, arena, out, err));
        buf_addf(out, ",%lld", (long long)c->denominator);
        if (is_rate)
            buf_addf(out, ",%lld", (long long)c->numerator);
        if (is_rate || is_median)
            add_value(c, is_rate, out);
        if (is_median && employers)
            buf_addf(out, ",%lld,%lld", (long long)c->employers, (long long)c->top_employer);
        buf_addc(out, '\n');
    }
    return buf_status(out, err);
}

/* printed: as the releases have it; what they do not print stands as no cell, so that an answer may print it. */
static Status told_rows(const AnswerAsk *ask, const AnswerSplits *splits, const AnswerPlaces *places,
    const AnswerTolds *told, bool printed, Arena *arena, Buf *out, Error *err)
{
    bool is_rate = kind_is(ask, "rate");
    add_heads(splits, out);
    buf_adds(out, is_rate ? ",people,hits\n" : ",people\n");
    for (size_t i = 0; i < told->len; i++) {
        const Cell *c = told->at[i].cell;
        TRY(add_row(c, splits, places, arena, out, err));
        if (printed && !told->at[i].printed)
            buf_adds(out, is_rate ? ",N/A,N/A\n" : ",N/A\n");
        else if (is_rate)
            buf_addf(out, ",%lld,%lld\n", (long long)c->denominator, (long long)c->numerator);
        else
            buf_addf(out, ",%lld\n", (long long)c->denominator);
    }
    return buf_status(out, err);
}

/* printed: what must be hidden, as something that an earlier release hid; the rest is as if it had no such cell. */
static Status held_rows(const AnswerTables *t, bool printed, Arena *arena, Buf *out, Error *err)
{
    bool is_rate = kind_is(t->ask, "rate");
    add_heads(t->splits, out);
    buf_adds(out, is_rate ? ",people,hits\n" : ",people\n");
    for (size_t i = 0; i < t->ask->count; i++) {
        const Cell *c = &t->ask->cells[i];
        TRY(add_row(c, t->splits, t->places, arena, out, err));
        if (!printed) {
            buf_addf(out, ",%lld", (long long)c->denominator);
            if (is_rate)
                buf_addf(out, ",%lld", (long long)c->numerator);
        } else {
            buf_adds(out, t->held[i] & OVERLAP_PEOPLE ? ",*" : ",N/A");
            if (is_rate)
                buf_adds(out, t->held[i] ? ",*" : ",N/A");
        }
        buf_addc(out, '\n');
    }
    return buf_status(out, err);
}

static Status write_text(const char *dir, const char *name, const Buf *text, Arena *arena, Error *err)
{
    const char *path;
    TRY(path_join(arena, dir, name, &path, err));
    return file_write(path, buf_slice(text), MODE_PRIVATE, err);
}

static Status write_all(const AnswerTables *t, const char *dir, Buf *text, Arena *arena, Error *err)
{
    add_header(t, text);
    TRY(buf_status(text, err));
    TRY(write_text(dir, "tables.toml", text, arena, err));
    buf_reset(text);
    TRY(answer_rows(t->ask, t->splits, t->places, arena, text, err));
    TRY(write_text(dir, "answer.csv", text, arena, err));
    for (int printed = 0; printed < 2 && t->told->len > 0; printed++) {
        buf_reset(text);
        TRY(told_rows(t->ask, t->splits, t->places, t->told, printed, arena, text, err));
        TRY(write_text(dir, printed ? "printed.csv" : "told.csv", text, arena, err));
    }
    for (int printed = 0; printed < 2 && t->held; printed++) {
        buf_reset(text);
        TRY(held_rows(t, printed, arena, text, err));
        TRY(write_text(dir, printed ? "held_printed.csv" : "held.csv", text, arena, err));
    }
    return OK;
}

Status answer_tables(const AnswerTables *t, const char *dir, Arena *arena, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = write_all(t, dir, &text, arena, err);
    buf_free(&text);
    return st;
}
