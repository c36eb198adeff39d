/*
 * Finding cells and wording them.
 *
 * Whatever a page works out (a gap, a place on a chart) is worked out from printed values, so that a page never shows
 * more than the published table.
 */
#include "publish/view.h"

#include "publish/templates.h"

#include <math.h>
#include <stdio.h>

CellRange view_table(const Release *r, Slice measure)
{
    const Protected *p = r->plan->figures;
    size_t from = 0;
    while (from < p->count && !slice_eq(p->cells[from].cell.table, measure))
        from++;
    size_t to = from;
    while (to < p->count && slice_eq(p->cells[to].cell.table, measure))
        to++;
    return (CellRange){p->cells + from, to - from};
}

Status view_years(CellRange t, Arena *arena, int32_t **years, size_t *count, Error *err)
{
    *count = 0;
    size_t distinct = 0;
    for (size_t i = 0; i < t.count; i++)
        distinct += i == 0 || t.at[i].cell.year != t.at[i - 1].cell.year;
    TRY(arena_new(arena, int32_t, distinct, years, err));
    for (size_t i = 0; i < t.count; i++)
        if (i == 0 || t.at[i].cell.year != t.at[i - 1].cell.year)
            (*years)[(*count)++] = t.at[i].cell.year;
    return OK;
}

const PublishedCell *view_next(CellRange t, const CellQuery *q, size_t *at)
{
    for (; *at < t.count; ++*at) {
        const ProtectCell *c = &t.at[*at].cell;
        if (c->year == q->year && (!q->level.ptr || slice_eq(c->level, q->level)) &&
            (!q->unit.ptr || slice_eq(c->unit, q->unit)) && (!q->split.ptr || slice_eq(c->split, q->split)) &&
            (!q->grp.ptr || slice_eq(c->grp, q->grp)))
            return &t.at[(*at)++];
    }
    return NULL;
}

const PublishedCell *view_state(CellRange t, int32_t year)
{
    CellQuery q = {.year = year, .level = SLICE("state"), .split = SLICE("all")};
    size_t at = 0;
    return view_next(t, &q, &at);
}

Status view_groups(
    const Release *r, CellRange t, int32_t year, Slice split, const PublishedCell ***out, size_t *count, Error *err)
{
    CellQuery q = {.year = year, .level = SLICE("state"), .split = split};
    const PublishedCell *c;
    size_t n = 0;
    for (size_t at = 0; view_next(t, &q, &at);)
        n++;
    TRY(arena_array_(r->words.arena, n, sizeof **out, (void **)out, err));
    *count = 0;
    for (size_t at = 0; (c = view_next(t, &q, &at));) {
        size_t rank = words_group_rank(&r->words, split, c->cell.grp), i = (*count)++;
        for (; i > 0 && words_group_rank(&r->words, split, (*out)[i - 1]->cell.grp) > rank; i--)
            (*out)[i] = (*out)[i - 1];
        (*out)[i] = c;
    }
    return OK;
}

const MeasureInfo *view_measure(const Release *r, Slice name)
{
    for (size_t i = 0; i < r->plan->measures->len; i++)
        if (slice_eq(r->plan->measures->at[i].name, name))
            return &r->plan->measures->at[i];
    return NULL;
}

Status view_printf(const Release *r, Slice *out, Error *err, const char *fmt, ...)
{
    char text[4096];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text)
        return error_set(err, ERR_LIMIT, "a sentence of a page is longer than %zu bytes", sizeof text);
    Arena *arena = r->words.arena;
    return arena_dup(arena, slice_of(text), out, err);
}

Status view_value(Arena *arena, const PublishedCell *c, Slice *out, Error *err)
{
    *out = c && c->hiding != PROTECT_SHOWN ? SLICE("hidden") : SLICE("not given");
    if (!c || c->shown_value.len == 0)
        return OK;
    const char *text;
    TRY(arena_printf(arena, &text, err, "%.*s%s", SLICE_ARG(c->shown_value), c->cell.is_median ? "" : "%"));
    *out = slice_of(text);
    return OK;
}

Slice view_people(const PublishedCell *c)
{
    return c->hiding == PROTECT_HIDDEN ? SLICE("hidden") : c->shown_denominator;
}

/* Value in tenths and whether it has a decimal. */
static bool printed_tenths(const PublishedCell *c, int64_t *tenths, bool *decimal)
{
    bool digit = false, point = false;
    *tenths = 0;
    *decimal = false;
    for (size_t i = 0; c && i < c->shown_value.len; i++) {
        char ch = c->shown_value.ptr[i];
        if (ch >= '0' && ch <= '9') {
            *tenths = *tenths * 10 + (ch - '0');
            digit = true;
            *decimal = *decimal || point;
        } else if (ch == '.') {
            point = true;
        } else if (ch != '$' && ch != ',' && ch != '<' && ch != '>') {
            return false;
        }
    }
    if (!*decimal)
        *tenths *= 10;
    return digit;
}

double view_number(const PublishedCell *c)
{
    int64_t tenths;
    bool decimal;
    return printed_tenths(c, &tenths, &decimal) ? (double)tenths / 10 : NAN;
}

Status view_dollars(Arena *arena, int64_t dollars, Slice *out, Error *err)
{
    const char *text;
    if (dollars < 1000)
        TRY(arena_printf(arena, &text, err, "$%lld", (long long)dollars));
    else
        TRY(arena_printf(arena, &text, err, "$%lld,%03lld", (long long)(dollars / 1000), (long long)(dollars % 1000)));
    *out = slice_of(text);
    return OK;
}

Status view_gap(Arena *arena, const PublishedCell *c, const PublishedCell *all, Slice *out, Error *err)
{
    int64_t a, b;
    bool fine_a, fine_b;
    *out = (Slice){"", 0};
    if (!printed_tenths(c, &a, &fine_a) || !printed_tenths(all, &b, &fine_b))
        return OK;
    int64_t gap = a - b, size = gap < 0 ? -gap : gap;
    const char *text, *sign = gap > 0 ? "+" : "\xe2\x88\x92";
    if (c->cell.is_median) {
        Slice dollars;
        TRY(view_dollars(arena, size / 10, &dollars, err));
        TRY(arena_printf(arena, &text, err, "%s%.*s", size == 0 ? "" : sign, SLICE_ARG(dollars)));
    } else if (fine_a && fine_b) {
        TRY(arena_printf(
            arena, &text, err, "%s%lld.%lld", size == 0 ? "" : sign, (long long)(size / 10), (long long)(size % 10)));
    } else {
        int64_t whole = (size + 5) / 10;
        TRY(arena_printf(arena, &text, err, "%s%lld", whole == 0 ? "" : sign, (long long)whole));
    }
    *out = slice_of(text);
    return OK;
}

Status view_link_quality(Arena *arena, const PublishedCell *p, Slice *right, Slice *found, Error *err)
{
    const ProtectCell *c = &p->cell;
    const struct {
        int64_t part, whole;
        Slice *out;
    } shares[] = {
        {c->link_correct, c->link_pairs * 1000000, right}, {c->link_correct, c->link_correct + c->link_missed, found}};
    const int64_t tenth = c->base < 200 ? 50 : 1;
    for (size_t i = 0; i < COUNT_OF(shares); i++) {
        *shares[i].out = (Slice){"", 0};
        if (shares[i].whole <= 0 || c->link_pairs == 0 || p->shown_linked.len == 0)
            continue;
        int64_t part = shares[i].part, whole = shares[i].whole;
        for (; part > INT64_MAX / 4000 || whole > INT64_MAX / 4000; part /= 10)
            whole /= 10;
        int64_t share = (part * 2000 / tenth + whole) / (2 * whole) * tenth;
        const char *text;
        TRY(arena_printf(arena, &text, err, "%" PRId64 ".%" PRId64, share / 10, share % 10));
        *shares[i].out = slice_of(text);
    }
    return OK;
}

Status view_count(const Release *r, uint64_t n, Slice *out, Error *err)
{
    if (n < 1000)
        return view_printf(r, out, err, "%" PRIu64, n);
    Slice head;
    TRY(view_count(r, n / 1000, &head, err));
    return view_printf(r, out, err, "%.*s,%03" PRIu64, SLICE_ARG(head), n % 1000);
}

Slice view_level_above(const Release *r, Slice level)
{
    Slice above = {"", 0};
    const Toml *list = toml_get(r->plan->figures->policy->toml, "hierarchy");
    for (const Toml *l = list ? list->first : NULL; l && !slice_eq(l->string, level); l = l->next)
        above = l->string;
    return above;
}

Status view_unit(const Release *r, const PublishedCell *c, Slice *out, Error *err)
{
    return words_unit(
        &r->words, c->cell.level, c->cell.unit, view_level_above(r, c->cell.level), c->unit_count, out, err);
}

Status view_members(const Release *r, const PublishedCell *c, Slice *out, Error *err)
{
    *out = (Slice){"", 0};
    if (c->members.len == 0)
        return OK;
    Buf b;
    buf_init(&b, 0);
    Status st = OK;
    for (Slice list = c->members; list.ptr && st == OK;) {
        Slice name;
        st = words_unit(&r->words, c->cell.level, slice_cut(&list, ' '), (Slice){"", 0}, 1, &name, err);
        if (st == OK) {
            buf_add(&b, name);
            if (list.ptr)
                buf_adds(&b, "; ");
        }
    }
    if (st == OK)
        st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(r->words.arena, buf_slice(&b), out, err);
    buf_free(&b);
    return st;
}

const Toml *view_seen(const Release *r, Slice measure)
{
    const Toml *list = toml_get(r->words.file->toml, "seen");
    for (const Toml *s = list ? list->first : NULL; s; s = s->next)
        if (words_list_has(toml_get(s, "measures"), measure))
            return s;
    return NULL;
}

Status view_href(const Release *r, Slice measure, const char *suffix, Slice *out, Error *err)
{
    return view_printf(r, out, err, "measure-%.*s%s", SLICE_ARG(measure), suffix);
}

Status page_write(Release *r, const char *path, Slice title, Slice description, const Buf *body, Error *err)
{
    TRY(buf_status(body, err));
    Buf *out;
    TRY(release_add(r, path, &out, err));
    TmplFrame v = {.language = words_text(&r->words, "language"),
        .site = words_text(&r->words, "site"),
        .title = title,
        .description = description,
        .body = html_of(body),
        .version = SLICE(CAIRN_VERSION)};
    tmpl_frame(out, &v);
    return buf_status(out, err);
}

Status view_lane(const Release *r, Slice measure, ProtectLane *out, Error *err)
{
    Date day;
    TRY(release_day(r->plan->policy, &day, err));
    return protect_lane_of(r->plan->policy, day, measure, out, err);
}
