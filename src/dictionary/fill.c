/*
 * Fill rates and break years of one source, from its loads in force.
 *
 * Loads are taken in order of year, so that one pass sees each contract after the one it replaced. A contract's text is
 * parsed once however many loads came under it. Identity fields have no column in rows.parquet and get no rate.
 */
#include "dictionary/dictionary_parts.h"

#include <stdlib.h>

typedef struct YearLoad {
    const Load *load;
    int32_t year;
    const Contract *contract;
} YearLoad;
typedef VEC(YearLoad) YearLoads;

typedef struct Texts { /* contracts by their text */
    Map map;
    VEC(const Contract *) at;
} Texts;

static Status load_contract(const FillJob *job, Slice id, Texts *texts, Arena *arena, const Contract **out, Error *err)
{
    const char *relative, *path;
    Buf text;
    uint64_t at;
    Slice kept;
    Status st;
    buf_init(&text, 0);
    TRY(arena_printf(arena, &relative, err, "loads/%.*s/contract.toml", SLICE_ARG(id)));
    TRY(home_file(job->home, arena, relative, &path, err));
    TRY_OUT(file_read(path, 0, &text, err));
    if (map_get(&texts->map, buf_slice(&text), &at)) {
        *out = texts->at.at[at];
        goto out;
    }
    TRY_OUT(arena_dup(arena, buf_slice(&text), &kept, err));
    TRY_OUT(contract_parse_text(kept, path, arena, out, err));
    TRY_OUT(map_put(&texts->map, kept, texts->at.len, NULL, err));
    TRY_OUT(vec_push(&texts->at, *out, err));
out:
    buf_free(&text);
    return st;
}

/* Years are few and loads come sorted by scope: insertion keeps the order of equal years. */
static Status insert(YearLoads *list, YearLoad item, Error *err)
{
    TRY(vec_push(list, item, err));
    for (size_t i = list->len - 1; i > 0 && list->at[i - 1].year > item.year; i--) {
        list->at[i] = list->at[i - 1];
        list->at[i - 1] = item;
    }
    return OK;
}

static Status loads_of(const FillJob *job, Slice source, Texts *texts, Arena *arena, YearLoads *out, Error *err)
{
    for (size_t i = 0; i < job->loads->len; i++) {
        YearLoad item = {.load = &job->loads->at[i]};
        if (!slice_eq(item.load->source, source) || item.load->superseded_by.len > 0)
            continue;
        TRY(period_of_scope(job->rule, item.load->scope, &item.year, err));
        TRY(load_contract(job, item.load->id, texts, arena, &item.contract, err));
        TRY(insert(out, item, err));
    }
    return OK;
}

static DictionaryElement *element_find(DictionaryElements *all, Slice name)
{
    for (size_t i = 0; i < all->len; i++)
        if (slice_eq(all->at[i].name, name))
            return &all->at[i];
    return NULL;
}

static Status add_retired(const Contract *c, Arena *arena, DictionaryElements *all, Error *err)
{
    for (size_t i = 0; i < c->field_count; i++) {
        DictionaryElement e;
        if (element_find(all, c->fields[i].name))
            continue;
        TRY(element_of_field(&c->fields[i], arena, &e, err));
        e.is_retired = true;
        TRY(vec_push(all, e, err));
    }
    return OK;
}

/* --- counting --------------------------------------------------------------------------------------------------- */

typedef struct Counts { /* of one load; filled[i] belongs to the i-th element */
    uint64_t rows;
    uint64_t *filled;
} Counts;

static Status count_load(
    const FillJob *job, const YearLoad *l, const DictionaryElements *all, Arena *arena, Counts *out, Error *err)
{
    const char *relative, *path;
    DbRows *rows = NULL;
    Buf sql;
    bool more;
    size_t column = 1;
    Status st;
    buf_init(&sql, 0);
    TRY(arena_new(arena, uint64_t, all->len, &out->filled, err));
    TRY(arena_printf(arena, &relative, err, "loads/%.*s/rows.parquet", SLICE_ARG(l->load->id)));
    TRY(home_file(job->home, arena, relative, &path, err));
    buf_adds(&sql, "SELECT count(*)");
    for (size_t i = 0; i < all->len; i++) {
        if (all->at[i].is_identity || !contract_field(l->contract, all->at[i].name))
            continue;
        buf_adds(&sql, ", count(");
        sql_ident(&sql, all->at[i].name);
        buf_addc(&sql, ')');
    }
    buf_adds(&sql, " FROM read_parquet(");
    sql_literal(&sql, slice_of(path));
    buf_addc(&sql, ')');
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_query(job->db, buf_z(&sql), &rows, err));
    TRY_OUT(db_next(rows, &more, err));
    out->rows = db_u64(rows, 0);
    for (size_t i = 0; i < all->len; i++)
        if (!all->at[i].is_identity && contract_field(l->contract, all->at[i].name))
            out->filled[i] = db_u64(rows, column++);
out:
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

/* --- years ------------------------------------------------------------------------------------------------------ */

static Status add_text(Arena *arena, Slice *to, Slice what, Error *err)
{
    const char *text;
    if (what.len == 0 || slice_find(*to, what) < to->len)
        return OK;
    TRY(arena_printf(arena, &text, err, "%.*s%s%.*s", SLICE_ARG(*to), to->len ? ", " : "", SLICE_ARG(what)));
    *to = slice_of(text);
    return OK;
}

static Status add_to_year(const YearLoad *l, const YearLoad *before, const DictionaryElement *e, const Counts *counts,
    uint64_t filled, Arena *arena, DictionaryYears *years, Error *err)
{
    const Field *now = contract_field(l->contract, e->name);
    const Field *then = before ? contract_field(before->contract, e->name) : NULL;
    Slice changes = {"", 0};
    if (before && before->contract != l->contract && before->year != DICTIONARY_NO_YEAR)
        TRY(field_changes(then, now, arena, &changes, err));
    if (!now && changes.len == 0)
        return OK;
    if (years->len == 0 || vec_last(years).year != l->year) {
        DictionaryYear y = {.year = l->year, .percent = FILL_NOT_HELD, .breaks = {"", 0}};
        TRY(vec_push(years, y, err));
    }
    DictionaryYear *y = &vec_last(years);
    if (now && !e->is_identity) {
        y->rows += counts->rows;
        y->filled += filled;
        y->percent = FILL_TOO_FEW; /* settled by settle_years */
    }
    return add_text(arena, &y->breaks, changes, err);
}

/* Percents once all rows of a year are counted, and jumps between them. */
static Status settle_years(const FillJob *job, Arena *arena, DictionaryYears *years, Error *err)
{
    const DictionaryYear *before = NULL;
    for (size_t i = 0; i < years->len; i++) {
        DictionaryYear *y = &years->at[i];
        if (y->percent == FILL_NOT_HELD || y->rows < (uint64_t)job->minimum_rows)
            continue;
        y->percent = (int)((200 * y->filled + y->rows) / (2 * y->rows));
        if (before && llabs((long long)y->percent - before->percent) > job->jump_points)
            TRY(add_text(arena, &y->breaks, SLICE("fill rate"), err));
        before = y->year == DICTIONARY_NO_YEAR ? NULL : y;
    }
    return OK;
}

static Status years_of(const FillJob *job, const YearLoads *loads, const Counts *counts, size_t at, Arena *arena,
    DictionaryElement *e, Error *err)
{
    DictionaryYears years = {0};
    Status st = OK;
    for (size_t i = 0; i < loads->len; i++)
        TRY_OUT(add_to_year(
            &loads->at[i], i > 0 ? &loads->at[i - 1] : NULL, e, &counts[i], counts[i].filled[at], arena, &years, err));
    TRY_OUT(settle_years(job, arena, &years, err));
    TRY_OUT(arena_new(arena, DictionaryYear, years.len, &e->years, err));
    if (years.len > 0)
        memcpy(e->years, years.at, years.len * sizeof *years.at);
    e->year_count = years.len;
out:
    vec_free(&years);
    return st;
}

static Status fill_elements(
    const FillJob *job, const YearLoads *loads, DictionaryElements *all, Arena *arena, Error *err)
{
    Counts *counts;
    for (size_t i = 0; i < loads->len; i++)
        TRY(add_retired(loads->at[i].contract, arena, all, err));
    TRY(arena_new(arena, Counts, loads->len, &counts, err));
    for (size_t i = 0; i < loads->len; i++)
        TRY(count_load(job, &loads->at[i], all, arena, &counts[i], err));
    for (size_t i = 0; i < all->len; i++)
        TRY(years_of(job, loads, counts, i, arena, &all->at[i], err));
    return OK;
}

Status fill_table(const FillJob *job, Arena *arena, DictionaryTable *t, Error *err)
{
    YearLoads loads = {0};
    DictionaryElements all = {0};
    Texts texts = {0};
    Status st;
    TRY_OUT(map_init(&texts.map, err));
    for (size_t i = 0; i < t->element_count; i++)
        TRY_OUT(vec_push(&all, t->elements[i], err));
    TRY_OUT(loads_of(job, t->name, &texts, arena, &loads, err));
    TRY_OUT(fill_elements(job, &loads, &all, arena, err));
    TRY_OUT(arena_new(arena, DictionaryElement, all.len, &t->elements, err));
    if (all.len > 0)
        memcpy(t->elements, all.at, all.len * sizeof *all.at);
    t->element_count = all.len;
out:
    map_free(&texts.map);
    vec_free(&texts.at);
    vec_free(&all);
    vec_free(&loads);
    return st;
}
