/*
 * Answers with their people: to bytes, from bytes, in an asker's folder, and out of releases.
 *
 *   "cairn.told/1\n"
 *   text people
 *   u32 splits, each: text name, u32 groups, each text
 *   u32 places, each: text county, district, school
 *   u64 rows; then column by column: u64 person, u32 year, u32 place, u8 hit, u8 code of each split
 *   u32 figures, each: u32 year, text level, unit, split, grp, u32 printed
 *
 * Numbers are little-endian, a text is its u32 length and its bytes.
 */
#include "cli/told.h"

#include "publish/publish.h"

#include <stdio.h>

#define MAGIC "cairn.told/1\n"
#define MAX_ENTRIES 9999

void told_source_free(ToldSource *s)
{
    measure_members_free(&s->members);
    *s = (ToldSource){0};
}

void told_sources_free(ToldSources *list)
{
    for (size_t i = 0; i < list->len; i++)
        told_source_free(&list->at[i]);
    vec_free(list);
}

size_t told_level(Slice level)
{
    static const char *const levels[TOLD_LEVELS] = {"state", "county", "district", "school"};
    size_t n = 0;
    while (n < TOLD_LEVELS && !slice_eq_z(level, levels[n]))
        n++;
    return n;
}

bool told_is_coded(Slice value)
{
    return slice_starts(value, SLICE("<")) || slice_starts(value, SLICE(">"));
}

/* --- to bytes ---------------------------------------------------------------------------------------------------- */

static void put_number(Buf *out, uint64_t value, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(value >> (8 * i) & 0xff);
    buf_add(out, (Slice){bytes, size});
}

static void put_text(Buf *out, Slice text)
{
    put_number(out, text.len, 4);
    buf_add(out, text);
}

static void put_rows(const MeasureMembers *m, Buf *out)
{
    put_number(out, m->count, 8);
    for (size_t i = 0; i < m->count; i++)
        put_number(out, m->person[i], 8);
    for (size_t i = 0; i < m->count; i++)
        put_number(out, (uint32_t)m->year[i], 4);
    for (size_t i = 0; i < m->count; i++)
        put_number(out, m->place[i], 4);
    if (m->count > 0)
        buf_add(out, (Slice){(const char *)m->hit, m->count});
    for (size_t s = 0; s < m->split_count && m->count > 0; s++)
        buf_add(out, (Slice){(const char *)m->code[s], m->count});
}

static size_t group_count(const MeasureMembers *m, size_t split)
{
    size_t most = 0;
    for (size_t i = 0; i < m->count; i++)
        most = m->code[split][i] >= most ? (size_t)m->code[split][i] + 1 : most;
    return most;
}

Status told_write(const ToldSource *s, Buf *out, Error *err)
{
    const MeasureMembers *m = &s->members;
    buf_adds(out, MAGIC);
    put_text(out, s->people);
    put_number(out, m->split_count, 4);
    for (size_t i = 0; i < m->split_count; i++) {
        size_t groups = group_count(m, i);
        put_text(out, m->splits[i]);
        put_number(out, groups, 4);
        for (size_t g = 0; g < groups; g++)
            put_text(out, m->groups[i][g]);
    }
    put_number(out, m->place_count, 4);
    for (size_t i = 0; i < m->place_count; i++) {
        put_text(out, m->places[i].county);
        put_text(out, m->places[i].district);
        put_text(out, m->places[i].school);
    }
    put_rows(m, out);
    put_number(out, s->count, 4);
    for (size_t i = 0; i < s->count; i++) {
        const ToldFigure *f = &s->figures[i];
        put_number(out, (uint32_t)f->year, 4);
        put_text(out, f->level);
        put_text(out, f->unit);
        put_text(out, f->split);
        put_text(out, f->grp);
        put_number(out, f->printed, 4);
    }
    return buf_status(out, err);
}

/* --- from bytes -------------------------------------------------------------------------------------------------- */

typedef struct Reading {
    Slice left;
    Arena *arena;
} Reading;

static Status broken(Error *err)
{
    return error_set(err, ERR_CORRUPT, "a file of told people is cut short or is none");
}

static Status take(Reading *r, size_t size, const char **out, Error *err)
{
    *out = r->left.ptr;
    if (r->left.len < size)
        return broken(err);
    r->left = slice_sub(r->left, size, r->left.len);
    return OK;
}

static Status take_number(Reading *r, size_t size, uint64_t *out, Error *err)
{
    const char *at;
    TRY(take(r, size, &at, err));
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return OK;
}

static Status take_text(Reading *r, Slice *out, Error *err)
{
    uint64_t size;
    const char *at;
    TRY(take_number(r, 4, &size, err));
    TRY(take(r, (size_t)size, &at, err));
    return arena_dup(r->arena, (Slice){at, (size_t)size}, out, err);
}

/* A list of so many things of at least so many bytes each. */
static Status take_count(Reading *r, size_t width, size_t least, size_t *out, Error *err)
{
    uint64_t count;
    *out = 0;
    TRY(take_number(r, width, &count, err));
    if (count > r->left.len / least)
        return broken(err);
    *out = (size_t)count;
    return OK;
}

static Status take_splits(Reading *r, MeasureMembers *m, size_t **groups, Error *err)
{
    TRY(take_count(r, 4, 8, &m->split_count, err));
    TRY(arena_new(r->arena, Slice, m->split_count + 1, &m->splits, err));
    TRY(arena_new(r->arena, Slice *, m->split_count + 1, &m->groups, err));
    TRY(arena_new(r->arena, size_t, m->split_count + 1, groups, err));
    for (size_t i = 0; i < m->split_count; i++) {
        TRY(take_text(r, &m->splits[i], err));
        TRY(take_count(r, 4, 4, &(*groups)[i], err));
        TRY(arena_new(r->arena, Slice, (*groups)[i] + 1, &m->groups[i], err));
        for (size_t g = 0; g < (*groups)[i]; g++)
            TRY(take_text(r, &m->groups[i][g], err));
    }
    return OK;
}

static Status take_places(Reading *r, MeasureMembers *m, Error *err)
{
    TRY(take_count(r, 4, 12, &m->place_count, err));
    TRY(arena_new(r->arena, MeasurePlace, m->place_count + 1, &m->places, err));
    for (size_t i = 0; i < m->place_count; i++) {
        TRY(take_text(r, &m->places[i].county, err));
        TRY(take_text(r, &m->places[i].district, err));
        TRY(take_text(r, &m->places[i].school, err));
    }
    return OK;
}

static Status take_rows(Reading *r, MeasureMembers *m, const size_t *groups, Error *err)
{
    const char *at;
    uint64_t n;
    TRY(take_count(r, 8, 17 + m->split_count, &m->count, err));
    TRY(arena_new(r->arena, uint64_t, m->count + 1, &m->person, err));
    TRY(arena_new(r->arena, int32_t, m->count + 1, &m->year, err));
    TRY(arena_new(r->arena, uint32_t, m->count + 1, &m->place, err));
    TRY(arena_new(r->arena, uint8_t, m->count + 1, &m->hit, err));
    TRY(arena_new(r->arena, uint8_t *, m->split_count + 1, &m->code, err));
    for (size_t i = 0; i < m->count; i++)
        TRY(take_number(r, 8, &m->person[i], err));
    for (size_t i = 0; i < m->count; i++) {
        TRY(take_number(r, 4, &n, err));
        m->year[i] = (int32_t)(uint32_t)n;
    }
    for (size_t i = 0; i < m->count; i++) {
        TRY(take_number(r, 4, &n, err));
        if (n >= m->place_count)
            return broken(err);
        m->place[i] = (uint32_t)n;
    }
    TRY(take(r, m->count, &at, err));
    memcpy(m->hit, at, m->count);
    for (size_t s = 0; s < m->split_count; s++) {
        TRY(arena_new(r->arena, uint8_t, m->count + 1, &m->code[s], err));
        TRY(take(r, m->count, &at, err));
        memcpy(m->code[s], at, m->count);
        for (size_t i = 0; i < m->count; i++)
            if (m->code[s][i] >= groups[s])
                return broken(err);
    }
    return OK;
}

static Status take_figures(Reading *r, ToldSource *s, Error *err)
{
    TRY(take_count(r, 4, 24, &s->count, err));
    TRY(arena_new(r->arena, ToldFigure, s->count + 1, &s->figures, err));
    for (size_t i = 0; i < s->count; i++) {
        ToldFigure *f = &s->figures[i];
        uint64_t n;
        TRY(take_number(r, 4, &n, err));
        *f = (ToldFigure){.year = (int32_t)(uint32_t)n, .people = -1, .hits = -1};
        TRY(take_text(r, &f->level, err));
        TRY(take_text(r, &f->unit, err));
        TRY(take_text(r, &f->split, err));
        TRY(take_text(r, &f->grp, err));
        TRY(take_number(r, 4, &n, err));
        f->printed = (unsigned)n & (OVERLAP_PEOPLE | OVERLAP_HITS | TOLD_CODED);
    }
    return r->left.len == 0 ? OK : broken(err);
}

Status told_parse(Slice bytes, ToldSource *out, Error *err)
{
    size_t *groups;
    *out = (ToldSource){.origin = OVERLAP_TOLD};
    arena_init(&out->members.arena, 0);
    Reading r = {.left = bytes, .arena = &out->members.arena};
    if (!slice_starts(bytes, SLICE(MAGIC)))
        return broken(err);
    r.left = slice_sub(bytes, sizeof MAGIC - 1, bytes.len);
    TRY(take_text(&r, &out->people, err));
    TRY(take_splits(&r, &out->members, &groups, err));
    TRY(take_places(&r, &out->members, err));
    TRY(take_rows(&r, &out->members, groups, err));
    return take_figures(&r, out, err);
}

/* --- an asker's folder ------------------------------------------------------------------------------------------- */

static Status read_list(const Asker *a, Arena *arena, CsvTable *out, Error *err)
{
    *out = (CsvTable){0};
    if (!file_exists(a->list))
        return OK;
    TRY(csv_read(a->list, arena, out, err));
    return out->columns == 2 && out->rows <= MAX_ENTRIES ? OK : error_set(err, ERR_CORRUPT, "%s is no list", a->list);
}

static Status entry_path(const Asker *a, size_t number, Arena *arena, const char **out, Error *err)
{
    return arena_printf(arena, out, err, "%s/%04zu.people", a->history, number);
}

static Status read_entry(const Asker *a, size_t number, Slice sha256, Arena *arena, ToldSources *out, Error *err)
{
    const char *path;
    char hex[SHA256_HEX_SIZE];
    Buf bytes;
    ToldSource s = {0};
    TRY(entry_path(a, number, arena, &path, err));
    buf_init(&bytes, 0);
    Status st = file_read(path, 0, &bytes, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&bytes), hex, err);
    if (st == OK && !slice_eq_z(sha256, hex))
        st = error_set(err, ERR_CORRUPT, "%s is not what was told", path);
    if (st == OK)
        st = told_parse(buf_slice(&bytes), &s, err);
    buf_free(&bytes);
    if (st == OK)
        st = vec_push(out, s, err);
    if (st != OK)
        told_source_free(&s);
    return st;
}

static Status read_answers(Home *home, Ledger *ledger, const char *user, Arena *arena, ToldSources *out, Error *err)
{
    Asker a;
    CsvTable t;
    TRY(asker_open_told(home, ledger, user, arena, &a, err));
    TRY(read_list(&a, arena, &t, err));
    for (size_t i = 0; i < t.rows; i++)
        TRY(read_entry(&a, i + 1, t.cells[i * 2 + 1], arena, out, err));
    return OK;
}

Status told_answers(Home *home, Ledger *ledger, const char *user, ToldSources *out, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    Status st = read_answers(home, ledger, user, &arena, out, err);
    arena_free(&arena);
    return st;
}

static Status write_entry(Asker *a, const CsvTable *t, const char *sha256, Slice bytes, Arena *arena, Error *err)
{
    const char *path;
    Buf list;
    if (t->rows == MAX_ENTRIES)
        return error_set(err, ERR_LIMIT, "one asker is told at most %d times", MAX_ENTRIES);
    TRY(dir_make(a->history, MODE_DIR_PRIVATE, err));
    TRY(entry_path(a, t->rows + 1, arena, &path, err));
    TRY(file_write(path, bytes, MODE_PRIVATE, err));
    buf_init(&list, 0);
    buf_adds(&list, "entry,sha256\n");
    for (size_t i = 0; i < t->rows; i++)
        buf_addf(&list, "%.*s,%.*s\n", SLICE_ARG(t->cells[i * 2]), SLICE_ARG(t->cells[i * 2 + 1]));
    buf_addf(&list, "%04zu,%s\n", t->rows + 1, sha256);
    Status st = buf_status(&list, err);
    if (st == OK)
        st = file_write(a->list, buf_slice(&list), MODE_PRIVATE, err);
    buf_free(&list);
    return st;
}

static Status add_bytes(Asker *a, Slice bytes, Arena *arena, Error *err)
{
    CsvTable t;
    char hex[SHA256_HEX_SIZE];
    bool known = false;
    TRY(read_list(a, arena, &t, err));
    TRY(sha256_hex(bytes, hex, err));
    for (size_t i = 0; i < t.rows; i++)
        known = known || slice_eq_z(t.cells[i * 2 + 1], hex);
    if (!known)
        TRY(write_entry(a, &t, hex, bytes, arena, err));
    return asker_note(a, err);
}

Status told_add(Home *home, Ledger *ledger, const char *user, const ToldSource *source, Error *err)
{
    Asker a;
    Arena arena;
    Buf bytes;
    arena_init(&arena, 0);
    buf_init(&bytes, 0);
    Status st = asker_open_told(home, ledger, user, &arena, &a, err);
    if (st == OK)
        st = told_write(source, &bytes, err);
    if (st == OK)
        st = add_bytes(&a, buf_slice(&bytes), &arena, err);
    buf_free(&bytes);
    arena_free(&arena);
    return st;
}

/* --- releases ---------------------------------------------------------------------------------------------------- */

typedef struct Crossings {
    VEC(MeasureBy) at;
    Slice level; /* the finest */
} Crossings;

/* By which splits the releases print, each once. */
static Status find_crossings(const ReleasePrinted *printed, Crossings *out, Error *err)
{
    Slice last = {0};
    out->level = SLICE("state");
    for (size_t i = 0; i < printed->count; i++) {
        const ProtectCell *c = &printed->cells[i].cell;
        MeasureBy by = {0};
        bool known = slice_eq(c->split, last);
        if (told_level(c->level) > told_level(out->level))
            out->level = c->level;
        last = c->split;
        for (Slice rest = c->split; rest.ptr && rest.len > 0 && by.count < COUNT_OF(by.names);) {
            Slice name = slice_cut(&rest, ',');
            if (!slice_eq_z(name, "all"))
                by.names[by.count++] = name;
        }
        for (size_t k = 0; k < out->at.len && !known; k++) {
            known = out->at.at[k].count == by.count;
            for (size_t n = 0; n < by.count && known; n++)
                known = slice_eq(out->at.at[k].names[n], by.names[n]);
        }
        if (!known)
            TRY(vec_push(&out->at, by, err));
    }
    return OK;
}

static Status keep_figure(const PublishedCell *c, MeasureKind kind, Arena *arena, ToldFigure *f, Error *err)
{
    double rate;
    *f = (ToldFigure){.year = c->cell.year, .people = -1, .hits = -1};
    TRY(arena_dup(arena, c->cell.level, &f->level, err));
    TRY(arena_dup(arena, c->cell.unit, &f->unit, err));
    TRY(arena_dup(arena, c->cell.split, &f->split, err));
    TRY(arena_dup(arena, c->cell.grp, &f->grp, err));
    TRY(arena_dup(arena, c->members, &f->members, err));
    TRY(arena_dup(arena, c->groups, &f->groups, err));
    if (parse_i64(c->shown_denominator, &f->people, NULL) == OK)
        f->printed |= OVERLAP_PEOPLE;
    if (kind == MEASURE_RATE && told_is_coded(c->shown_value))
        f->printed |= TOLD_CODED;
    if (kind != MEASURE_RATE || parse_f64(c->shown_value, &rate, NULL) != OK)
        return OK;
    f->printed |= OVERLAP_HITS;
    return arena_dup(arena, c->shown_value, &f->value, err);
}

static Status keep_printed(const ReleasePrinted *printed, MeasureKind kind, ToldSource *s, Error *err)
{
    Arena *arena = &s->members.arena;
    TRY(arena_new(arena, ToldFigure, printed->count + 1, &s->figures, err));
    for (size_t i = 0; i < printed->count; i++)
        TRY(keep_figure(&printed->cells[i], kind, arena, &s->figures[s->count++], err));
    return OK;
}

static Status read_release(
    const MeasureContext *ctx, const MeasureInfo *measure, const ReleasePrinted *printed, ToldSources *out, Error *err)
{
    Crossings by = {0};
    ToldSource s = {.origin = OVERLAP_TOLD, .of_release = true};
    MeasureQuery q = MEASURE_QUERY_INIT;
    Status st = find_crossings(printed, &by, err);
    q.name = measure->name;
    q.level = by.level;
    q.each = by.at.at;
    q.each_count = by.at.len;
    if (st == OK) {
        st = measure_members(ctx, &q, &s.members, err);
        if (st == OK)
            st = arena_dup(&s.members.arena, measure->name, &s.people, err);
        if (st == OK)
            st = keep_printed(printed, measure->kind, &s, err);
        if (st == OK)
            st = vec_push(out, s, err);
        if (st != OK)
            told_source_free(&s);
    }
    vec_free(&by.at);
    return st;
}

Status told_release(const MeasureContext *ctx, Ledger *ledger, const MeasureInfo *measure, ToldSources *out, Error *err)
{
    ReleasePrinted printed;
    Status st = release_printed(ctx->home, ledger, measure->name, &printed, err);
    if (st == OK && printed.count > 0)
        st = read_release(ctx, measure, &printed, out, err);
    release_printed_free(&printed);
    return st;
}
