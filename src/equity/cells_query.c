/* Finding cells, and the few things all sheets say of a measure. */
#include "equity/equity_parts.h"

#include <math.h>

bool cell_matches(const Cell *c, const CellQuery *q)
{
    return (q->year == 0 || c->year == q->year) && slice_eq(c->measure, q->measure) && slice_eq(c->level, q->level) &&
           slice_eq(c->split, q->split) && (q->unit.len == 0 || slice_eq(c->unit, q->unit));
}

int32_t cells_latest(const CellSet *cells, const CellQuery *q)
{
    int32_t latest = 0;
    for (size_t i = 0; i < cells->count; i++)
        if (cells->cells[i].year > latest && cell_matches(&cells->cells[i], q))
            latest = cells->cells[i].year;
    return latest;
}

const Cell *cells_find(const CellSet *cells, const CellQuery *q, Slice grp)
{
    for (size_t i = 0; i < cells->count; i++)
        if (cell_matches(&cells->cells[i], q) && slice_eq(cells->cells[i].grp, grp))
            return &cells->cells[i];
    return NULL;
}

Count cell_count(const Cell *c)
{
    return (Count){c->numerator, c->denominator};
}

Slice cells_pooled(const CellSet *cells, const CellQuery *q)
{
    for (size_t i = 0; i < cells->count; i++)
        if (cell_matches(&cells->cells[i], q))
            return cells->cells[i].pooled;
    return (Slice){0};
}

/* "2023-2025; 0020 0040", "2023-2025", or of a pooled unit "0020 0040". */
void cell_pooled(const Cell *c, Slice *years, Slice *units)
{
    Slice rest = c->pooled;
    *years = *units = (Slice){0};
    if (!slice_ends(c->unit, SLICE("-POOLED"))) {
        *years = rest;
        return;
    }
    Slice first = slice_cut(&rest, ';');
    if (rest.ptr) {
        *years = first;
        *units = slice_trim(rest);
    } else {
        *units = first;
    }
}

bool is_unknown_group(Slice grp)
{
    while (grp.ptr)
        if (slice_eq_z(slice_cut(&grp, ','), EQUITY_UNKNOWN))
            return true;
    return false;
}

const char overlap_reason[] = "groups overlap: their persons add up to more than there are";

void overlap_note(Sheet *out)
{
    sheet_note(out,
        "The groups of this split overlap: a person is in each that she named. A gap to all others is one to who did "
        "not name the group, and its interval and flags hold as ever. Between two groups those in both count on both "
        "sides; that can only make such an interval wider than it need be.");
}

void equity_asked_facts(const EquityQuery *query, Sheet *out)
{
    char day[11];
    if (query->definition.len > 0)
        sheet_fact(out, "definition", "%.*s", SLICE_ARG(query->definition));
    if (query->as_known_on != DATE_NONE) {
        date_print(query->as_known_on, day);
        sheet_fact(out, "as_known_on", "%s", day);
    }
}

void equity_notes(const EquityRules *rules, const MeasureInfo *info, Sheet *out)
{
    const Toml *all = toml_get(rules->file->toml, "parameters");
    sheet_note(out,
        "Unprotected: figures of small groups stand here in full. They stay inside; what leaves goes through "
        "release.");
    if (info && slice_eq_z(info->file->status, "assumed"))
        sheet_note(out, "The measure's rule is assumed: %.*s", SLICE_ARG(info->file->source));
    Buf names;
    buf_init(&names, 0);
    for (const Toml *p = all ? all->first : NULL; p; p = p->next) {
        const Toml *status = toml_get(p, "status");
        if (status && slice_eq_z(status->string, "assumed"))
            buf_addf(&names, "%s%.*s", names.len ? ", " : "", SLICE_ARG(p->key));
    }
    if (names.len > 0)
        sheet_note(out, "Assumed thresholds (%s): %s", rules->file->path, buf_z(&names));
    buf_free(&names);
}

const char *flag_word(Flag f)
{
    return f == FLAG_RAISED ? "yes" : f == FLAG_CLEAR ? "no" : "insufficient";
}

const char *number_text(double v, int decimals, char out[32])
{
    Buf b;
    buf_init(&b, 32);
    if (isfinite(v) && fabs(v) < 1e15)
        buf_addf(&b, "%.*f", decimals, v);
    else
        buf_adds(&b, "unknown");
    size_t n = b.len < 31 ? b.len : 31;
    memcpy(out, buf_z(&b), n);
    out[n] = '\0';
    buf_free(&b);
    return out;
}
