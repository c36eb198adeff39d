/* Every place of a measure in one table, newest year, in the order of the hierarchy: a county, its districts, their
 * schools. */
#include "publish/view.h"

#include "publish/templates.h"

typedef VEC(TmplPagePlacesRows) Rows;

static Status add_place(const Release *r, const PublishedCell *c, unsigned depth, Rows *rows, Error *err)
{
    TmplPagePlacesRows row = {.n = c->shown_denominator, .top = depth == 1, .second = depth == 2, .third = depth > 2};
    TRY(view_unit(r, c, &row.name, err));
    TRY(view_value(r->words.arena, c, &row.value, err));
    TRY(view_members(r, c, &row.members, err));
    return vec_push(rows, row, err);
}

/* Below a cell: the cells that name it as their parent, each followed by its own. The depth is that of the hierarchy.
 */
static Status add_below(
    const Release *r, CellRange t, const PublishedCell *above, unsigned depth, Rows *rows, Error *err)
{
    CellQuery q = {.year = above->cell.year, .split = SLICE("all")};
    const PublishedCell *c;
    for (size_t at = (size_t)(above - t.at) + 1; (c = view_next(t, &q, &at));) {
        if (!slice_eq(c->cell.parent, above->cell.unit) ||
            !slice_eq(view_level_above(r, c->cell.level), above->cell.level))
            continue;
        TRY(add_place(r, c, depth, rows, err));
        TRY(add_below(r, t, c, depth + 1, rows, err));
    }
    return OK;
}

Status page_places_write(Release *r, const MeasureInfo *m, Error *err)
{
    CellRange t = view_table(r, m->name);
    int32_t *years;
    size_t count;
    TRY(view_years(t, r->words.arena, &years, &count, err));
    const PublishedCell *state = count > 0 ? view_state(t, years[count - 1]) : NULL;
    if (!state)
        return OK;
    TmplPagePlaces v = {.title = m->title, .question = m->question, .people = SLICE("People")};
    Rows rows = {0};
    Buf body;
    Slice path, title;
    buf_init(&body, 0);
    Status st;
    TRY_OUT(view_printf(r, &v.year, err, "%d", (int)state->cell.year));
    TRY_OUT(view_href(r, m->name, ".html", &v.back_href, err));
    TRY_OUT(view_href(r, m->name, "-places.html", &path, err));
    TRY_OUT(view_printf(r, &v.csv_href, err, "data/%.*s.csv", SLICE_ARG(m->name)));
    TRY_OUT(view_printf(r, &title, err, "%.*s: every place", SLICE_ARG(m->title)));
    TRY_OUT(add_place(r, state, 1, &rows, err));
    TRY_OUT(add_below(r, t, state, 1, &rows, err));
    v.rows = rows.at;
    v.rows_count = rows.len;
    tmpl_page_places(&body, &v);
    st = page_write(r, path.ptr, title, m->question, &body, err);
out:
    vec_free(&rows);
    buf_free(&body);
    return st;
}
