/* The front page: the questions, their figures, and who is left out. */
#include "publish/svg.h"
#include "publish/view.h"

#include "publish/templates.h"

#include <math.h>

typedef VEC(TmplPageIndexThemesCards) Cards;
typedef VEC(TmplPageIndexThemes) Themes;
typedef VEC(TmplPageIndexGaps) Gaps;
typedef VEC(TmplPageIndexGapsRows) GapRows;

static Status change_sentence(
    const Release *r, const PublishedCell *now, const PublishedCell *then, Slice *out, Error *err)
{
    Slice gap;
    *out = (Slice){"", 0};
    TRY(view_gap(r->words.arena, now, then, &gap, err));
    if (gap.len == 0 || now == then)
        return OK;
    Slice size = gap.ptr[0] == '+'                          ? slice_sub(gap, 1, gap.len)
                 : slice_starts(gap, SLICE("\xe2\x88\x92")) ? slice_sub(gap, 3, gap.len)
                                                            : gap;
    if (slice_eq_z(size, "0") || slice_eq_z(size, "0.0") || slice_eq_z(size, "$0"))
        return view_printf(r, out, err, "the same as in %d", (int)then->cell.year);
    return view_printf(r, out, err, "%.*s%s %s than in %d", SLICE_ARG(size), now->cell.is_median ? "" : " points",
        gap.ptr[0] == '+' ? "more" : "less", (int)then->cell.year);
}

static Status spark(const Release *r, CellRange t, const int32_t *years, size_t count, Html *out, Error *err)
{
    SvgPoint *points;
    TRY(arena_new(r->words.arena, SvgPoint, count, &points, err));
    for (size_t i = 0; i < count; i++) {
        points[i].value = view_number(view_state(t, years[i]));
        points[i].missing = isnan(points[i].value);
    }
    Buf b;
    Slice text;
    buf_init(&b, 0);
    svg_spark(&b, points, count);
    Status st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(r->words.arena, buf_slice(&b), &text, err);
    buf_free(&b);
    if (st == OK)
        out->s = text;
    return st;
}

static Status add_card(const Release *r, const MeasureInfo *m, Cards *cards, Error *err)
{
    CellRange t = view_table(r, m->name);
    int32_t *years;
    size_t count;
    TRY(view_years(t, r->words.arena, &years, &count, err));
    if (count == 0)
        return OK;
    const PublishedCell *now = view_state(t, years[count - 1]);
    if (!now)
        return OK;
    TmplPageIndexThemesCards card = {.title = m->title, .question = m->question, .main = cards->len == 0};
    card.assumed = slice_eq_z(m->file->status, "assumed");
    TRY(view_href(r, m->name, ".html", &card.href, err));
    TRY(view_value(r->words.arena, now, &card.value, err));
    TRY(view_printf(r, &card.what, err, "of %.*s people, %d", SLICE_ARG(now->shown_denominator), (int)now->cell.year));
    if (m->kind == MEASURE_MEDIAN)
        TRY(view_printf(r, &card.what, err, "%.*s, in the middle of %.*s people, %d", SLICE_ARG(m->unit),
            SLICE_ARG(now->shown_denominator), (int)now->cell.year));
    if (now->hiding == PROTECT_HIDDEN)
        TRY(view_printf(r, &card.what, err, "%d: few people stand behind it, or behind another it would tell of",
            (int)now->cell.year));
    const PublishedCell *then = view_state(t, years[0]);
    if (then)
        TRY(change_sentence(r, now, then, &card.change, err));
    TRY(spark(r, t, years, count, &card.spark, err));
    return vec_push(cards, card, err);
}

static Status push_theme(const Release *r, Slice title, Slice lead, const Cards *cards, Themes *themes, Error *err)
{
    if (cards->len == 0)
        return OK;
    TmplPageIndexThemesCards *copy;
    TRY(arena_new(r->words.arena, TmplPageIndexThemesCards, cards->len, &copy, err));
    memcpy(copy, cards->at, cards->len * sizeof *copy);
    TmplPageIndexThemes t = {.title = title, .lead = lead, .cards = copy, .cards_count = cards->len};
    return vec_push(themes, t, err);
}

static Status add_theme(const Release *r, const Toml *theme, Themes *themes, Cards *cards, Error *err)
{
    const Toml *list = toml_get(theme, "measures");
    for (const Toml *m = list ? list->first : NULL; m; m = m->next) {
        const MeasureInfo *info = m->type == TOML_STRING ? view_measure(r, m->string) : NULL;
        if (info)
            TRY(add_card(r, info, cards, err));
    }
    return push_theme(r, words_in(theme, "title"), words_in(theme, "lead"), cards, themes, err);
}

/* Measures no theme names get a theme of their own: nothing published is hidden. */
static bool in_a_theme(const Release *r, Slice measure)
{
    const Toml *list = toml_get(r->words.file->toml, "theme");
    for (const Toml *t = list ? list->first : NULL; t; t = t->next)
        if (words_list_has(toml_get(t, "measures"), measure))
            return true;
    return false;
}

static Status add_themes(const Release *r, Themes *themes, Error *err)
{
    Cards cards = {0};
    Status st = OK;
    const Toml *list = toml_get(r->words.file->toml, "theme");
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        cards.len = 0;
        TRY_OUT(add_theme(r, t, themes, &cards, err));
    }
    cards.len = 0;
    for (size_t i = 0; i < r->plan->measures->len; i++)
        if (!in_a_theme(r, r->plan->measures->at[i].name))
            TRY_OUT(add_card(r, &r->plan->measures->at[i], &cards, err));
    TRY_OUT(push_theme(r, SLICE("More"), SLICE(""), &cards, themes, err));
out:
    vec_free(&cards);
    return st;
}

static Status add_gap(const Release *r, CellRange t, int32_t year, Slice split, Gaps *gaps, GapRows *rows, Error *err)
{
    const PublishedCell *all = view_state(t, year), **groups;
    size_t count;
    TRY(view_groups(r, t, year, split, &groups, &count, err));
    rows->len = 0;
    for (size_t i = 0; i < count; i++) {
        const PublishedCell *c = groups[i];
        TmplPageIndexGapsRows row = {0};
        TRY(words_group(&r->words, split, c->cell.grp, c->groups, &row.label, err));
        TRY(view_value(r->words.arena, c, &row.value, err));
        TRY(view_gap(r->words.arena, c, all, &row.gap, err));
        row.behind = slice_starts(row.gap, SLICE("\xe2\x88\x92"));
        TRY(vec_push(rows, row, err));
    }
    if (rows->len == 0)
        return OK;
    TmplPageIndexGapsRows *copy;
    TRY(arena_new(r->words.arena, TmplPageIndexGapsRows, rows->len, &copy, err));
    memcpy(copy, rows->at, rows->len * sizeof *copy);
    TmplPageIndexGaps g = {.title = words_split(&r->words, split), .rows = copy, .rows_count = rows->len};
    return vec_push(gaps, g, err);
}

static Status add_gaps(const Release *r, TmplPageIndex *v, Gaps *gaps, Error *err)
{
    const Toml *table = toml_get(r->words.file->toml, "gaps");
    const MeasureInfo *m = view_measure(r, words_in(table, "measure"));
    if (!table || !m)
        return OK;
    v->gaps_title = words_in(table, "title");
    v->gaps_lead = words_in(table, "lead");
    v->gaps_question = m->question;
    TRY(view_href(r, m->name, ".html", &v->gaps_href, err));
    CellRange t = view_table(r, m->name);
    int32_t *years;
    size_t count;
    TRY(view_years(t, r->words.arena, &years, &count, err));
    const Toml *splits = toml_get(table, "splits");
    GapRows rows = {0};
    Status st = OK;
    for (const Toml *s = splits ? splits->first : NULL; s && count > 0 && st == OK; s = s->next)
        st = add_gap(r, t, years[count - 1], s->string, gaps, &rows, err);
    vec_free(&rows);
    return st;
}

Status page_index_write(Release *r, Error *err)
{
    TmplPageIndex v = {.site = words_text(&r->words, "site"), .lead = words_text(&r->words, "lead")};
    Themes themes = {0};
    Gaps gaps = {0};
    Buf body;
    buf_init(&body, 0);
    Status st;
    TRY_OUT(add_themes(r, &themes, err));
    TRY_OUT(add_gaps(r, &v, &gaps, err));
    v.themes = themes.at;
    v.themes_count = themes.len;
    v.gaps = gaps.at;
    v.gaps_count = gaps.len;
    tmpl_page_index(&body, &v);
    st = page_write(r, "index.html", SLICE("Answers"), v.lead, &body, err);
out:
    vec_free(&themes);
    vec_free(&gaps);
    buf_free(&body);
    return st;
}
