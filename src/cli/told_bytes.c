/*
 * Answers with their people: to bytes and from bytes.
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

#define MAGIC "cairn.told/1\n"

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
        f->printed = (unsigned)n &
                     (OVERLAP_PEOPLE | OVERLAP_HITS | TOLD_CODED | (OVERLAP_PEOPLE | OVERLAP_HITS) << TOLD_WAS_PUBLIC);
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
