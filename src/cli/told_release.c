/*
 * What releases print, with the people of today's records: of those in force, and of one that is about to leave. A
 * figure that both print is one that is out already.
 */
#include "cli/told.h"

typedef struct Crossings {
    VEC(MeasureBy) at;
    Slice level; /* the finest */
} Crossings;

static MeasureBy read_crossing(Slice split)
{
    MeasureBy by = {0};
    while (split.ptr && split.len > 0 && by.count < COUNT_OF(by.names)) {
        Slice name = slice_cut(&split, ',');
        if (!slice_eq_z(name, "all"))
            by.names[by.count++] = name;
    }
    return by;
}

static bool is_same(const MeasureBy *a, const MeasureBy *b)
{
    bool same = a->count == b->count;
    for (size_t n = 0; n < a->count && same; n++)
        same = slice_eq(a->names[n], b->names[n]);
    return same;
}

/* By which splits the figures are divided, each once. */
static Status find_crossings(const ToldSource *s, Crossings *out, Error *err)
{
    Slice last = {0};
    out->level = SLICE("state");
    for (size_t i = 0; i < s->count; i++) {
        const ToldFigure *f = &s->figures[i];
        bool known = slice_eq(f->split, last);
        if (told_level(f->level) > told_level(out->level))
            out->level = f->level;
        if (known)
            continue;
        last = f->split;
        MeasureBy by = read_crossing(f->split);
        for (size_t k = 0; k < out->at.len && !known; k++)
            known = is_same(&out->at.at[k], &by);
        if (!known)
            TRY(vec_push(&out->at, by, err));
    }
    return OK;
}

/* --- figures ----------------------------------------------------------------------------------------------------- */

typedef struct Printing {
    const MeasureInfo *measure;
    Arena *arena; /* of the figures' texts */
    VEC(ToldFigure) figures;
    Map known; /* what is printed where -> number */
    Buf key;
} Printing;

static Status keep_texts(const PublishedCell *c, Arena *arena, ToldFigure *f, Error *err)
{
    TRY(arena_dup(arena, c->cell.level, &f->level, err));
    TRY(arena_dup(arena, c->cell.unit, &f->unit, err));
    TRY(arena_dup(arena, c->cell.split, &f->split, err));
    TRY(arena_dup(arena, c->cell.grp, &f->grp, err));
    TRY(arena_dup(arena, c->members, &f->members, err));
    return arena_dup(arena, c->groups, &f->groups, err);
}

/* Thousands are parted for readers: in a release's files they are not. */
static Status read_people(const PublishedCell *c, int64_t *out)
{
    char digits[24];
    size_t n = 0;
    for (size_t i = 0; i < c->shown_denominator.len && n < sizeof digits; i++)
        if (c->shown_denominator.ptr[i] != ',')
            digits[n++] = c->shown_denominator.ptr[i];
    return parse_i64((Slice){digits, n}, out, NULL);
}

static Status keep_figure(Printing *p, const PublishedCell *c, ToldFigure *f, Error *err)
{
    double rate;
    bool is_rate = p->measure->kind == MEASURE_RATE;
    *f = (ToldFigure){.year = c->cell.year, .people = -1, .hits = -1};
    TRY(keep_texts(c, p->arena, f, err));
    if (c->hiding != PROTECT_HIDDEN && read_people(c, &f->people) == OK)
        f->printed |= OVERLAP_PEOPLE;
    if (is_rate && told_is_coded(c->shown_value))
        f->printed |= TOLD_CODED;
    if (!is_rate || parse_f64(c->shown_value, &rate, NULL) != OK)
        return OK;
    f->printed |= OVERLAP_HITS;
    return arena_dup(p->arena, c->shown_value, &f->value, err);
}

static Slice printed_key(Buf *key, const ToldFigure *f)
{
    const Slice parts[] = {f->level, f->unit, f->members, f->split, f->grp, f->groups, f->value};
    buf_reset(key);
    buf_addf(key, "%d %u %" PRId64, (int)f->year, f->printed, f->people);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_addc(key, '\x1f');
        buf_add(key, parts[i]);
    }
    return buf_slice(key);
}

typedef enum Coming { IS_OUT, IS_COMING } Coming;

/* What is out comes first, and stays out. */
static Status keep_cell(Printing *p, const PublishedCell *c, Coming coming, Error *err)
{
    ToldFigure f;
    bool is_new;
    TRY(keep_figure(p, c, &f, err));
    if (f.printed == 0)
        return OK;
    f.is_coming = coming == IS_COMING;
    Slice key = printed_key(&p->key, &f);
    TRY(buf_status(&p->key, err));
    TRY(map_put(&p->known, key, p->figures.len, &is_new, err));
    return is_new ? vec_push(&p->figures, f, err) : OK;
}

static Status keep_out(Printing *p, const MeasureContext *ctx, Ledger *ledger, const ReleaseComing *coming, Error *err)
{
    ReleasePrinted printed;
    ReleaseReading r = {.home = ctx->home, .ledger = ledger, .measure = p->measure->name};
    if (coming) {
        r.without = coming->replaced;
        r.without_count = coming->replaced_count;
    }
    Status st = release_printed(&r, &printed, err);
    for (size_t i = 0; i < printed.count && st == OK; i++)
        st = keep_cell(p, &printed.cells[i], IS_OUT, err);
    release_printed_free(&printed);
    return st;
}

static Status keep_coming(Printing *p, const ReleaseComing *coming, Error *err)
{
    const Protected *figures = coming->figures;
    for (size_t i = 0; i < figures->count; i++)
        if (slice_eq(figures->cells[i].cell.table, p->measure->name))
            TRY(keep_cell(p, &figures->cells[i], IS_COMING, err));
    return OK;
}

/* --- people ------------------------------------------------------------------------------------------------------ */

static Status read_members(const MeasureContext *ctx, ToldSource *s, Error *err)
{
    Crossings by = {0};
    MeasureQuery q = MEASURE_QUERY_INIT;
    MeasureMembers members = {0};
    Status st = find_crossings(s, &by, err);
    q.name = s->people;
    q.level = by.level;
    q.each = by.at.at;
    q.each_count = by.at.len;
    if (st == OK)
        st = measure_members(ctx, &q, &members, err);
    vec_free(&by.at);
    s->members = members;
    return st;
}

/* The texts of figures move with the source, whose arena is that of its members. */
static Status take_source(const MeasureContext *ctx, Printing *p, ToldSources *out, Error *err)
{
    ToldSource s = {.people = p->measure->name,
        .origin = OVERLAP_PUBLIC,
        .of_release = true,
        .figures = p->figures.at,
        .count = p->figures.len};
    Status st = read_members(ctx, &s, err);
    if (st == OK)
        st = arena_new(&s.members.arena, ToldFigure, p->figures.len, &s.figures, err);
    if (st == OK)
        st = arena_dup(&s.members.arena, p->measure->name, &s.people, err);
    for (size_t i = 0; i < p->figures.len && st == OK; i++) {
        Slice *texts[] = {&s.figures[i].level, &s.figures[i].unit, &s.figures[i].split, &s.figures[i].grp,
            &s.figures[i].members, &s.figures[i].groups, &s.figures[i].value};
        s.figures[i] = p->figures.at[i];
        for (size_t k = 0; k < COUNT_OF(texts) && st == OK; k++)
            st = arena_dup(&s.members.arena, *texts[k], texts[k], err);
    }
    if (st == OK)
        st = vec_push(out, s, err);
    if (st != OK)
        told_source_free(&s);
    return st;
}

Status told_release(const MeasureContext *ctx, Ledger *ledger, const MeasureInfo *measure, const ReleaseComing *coming,
    ToldSources *out, Error *err)
{
    Arena arena;
    Printing p = {.measure = measure, .arena = &arena};
    arena_init(&arena, 0);
    buf_init(&p.key, 1 << 20);
    Status st = map_init(&p.known, err);
    if (st == OK)
        st = keep_out(&p, ctx, ledger, coming, err);
    if (st == OK && coming)
        st = keep_coming(&p, coming, err);
    if (st == OK && p.figures.len > 0)
        st = take_source(ctx, &p, out, err);
    map_free(&p.known);
    vec_free(&p.figures);
    buf_free(&p.key);
    arena_free(&arena);
    return st;
}

Status told_releases(
    const MeasureContext *ctx, Ledger *ledger, const ReleaseComing *coming, ToldSources *out, Error *err)
{
    MeasureInfos measures = {0};
    Arena arena;
    Slice last = {0};
    arena_init(&arena, 0);
    Status st = measure_list(ctx->policy, &arena, &measures, err);
    for (size_t i = 0; i < measures.len && st == OK; i++) {
        bool again = slice_eq(measures.at[i].name, last);
        last = measures.at[i].name;
        if (!again)
            st = told_release(ctx, ledger, &measures.at[i], coming, out, err);
    }
    vec_free(&measures);
    arena_free(&arena);
    return st;
}
