/* Ratings, the list of frameworks, and what a changed framework would move. */
#include "account/account_parts.h"

static const SheetColumn rate_columns[] = {
    {"unit", "unit"},
    {"total", "total %"},
    {"plan", "plan type"},
    {"plan_by_points", "by points"},
    {"weight_held", "weight held"},
    {"tests_below", "tests below"},
    {"lines_rated", "lines rated"},
    {"lines", "of"},
};

static const SheetColumn indicator_columns[] = {
    {"unit", "unit"},
    {"indicator", "indicator"},
    {"part", "part"},
    {"weight", "weight"},
    {"earned", "points"},
    {"possible", "of"},
    {"percent", "%"},
    {"status", "status"},
};

static void decimal_cell(Sheet *s, int64_t v)
{
    if (v < 0)
        sheet_none(s);
    else
        sheet_millionths(s, v);
}

static void plan_cell(Sheet *s, const PlanType *p)
{
    sheet_words(s, p ? p->title : SLICE("insufficient data"));
}

static void rate_row(const Rating *r, Sheet *s)
{
    int64_t rated = 0;
    for (size_t k = 0; k < r->line_count; k++)
        rated += r->lines[k].status == LINE_RATED;
    sheet_words(s, r->unit);
    decimal_cell(s, r->total);
    plan_cell(s, r->plan);
    plan_cell(s, r->by_points);
    decimal_cell(s, r->weight_held);
    sheet_int(s, r->tests_below);
    sheet_int(s, rated);
    sheet_int(s, (int64_t)r->line_count);
}

static void points_row(const Rating *r, const Points *p, const Slice names[2], int64_t weight, bool held, Sheet *s)
{
    sheet_words(s, r->unit);
    sheet_words(s, names[0]);
    sheet_words(s, names[1]);
    decimal_cell(s, weight);
    decimal_cell(s, p->earned);
    decimal_cell(s, p->possible);
    decimal_cell(s, p->percent);
    sheet_words(s, p->from_reference ? SLICE("reference file")
                   : p->percent >= 0 ? SLICE("rated")
                   : held            ? SLICE("insufficient data")
                                     : SLICE("not held"));
}

static void indicator_rows(const Framework *f, const Rating *r, Sheet *s)
{
    for (size_t i = 0, part = 0; i < f->indicator_count; part += f->indicators[i++].part_count) {
        const Indicator *in = &f->indicators[i];
        points_row(r, &r->indicators[i], (const Slice[2]){in->name, SLICE("")}, in->weight, in->held, s);
        for (size_t p = 0; in->part_count > 1 && p < in->part_count; p++)
            points_row(r, &r->parts[part + p], (const Slice[2]){in->name, in->parts[p].name}, in->parts[p].weight,
                in->held, s);
    }
}

void account_rate_sheet(const Framework *f, const Ratings *ratings, Sheet *out)
{
    account_facts(f, ratings->len ? ratings->at[0].year : 0, out);
    sheet_table(out, "ratings", SLICE("Ratings"), rate_columns, COUNT_OF(rate_columns));
    for (size_t i = 0; i < ratings->len; i++)
        rate_row(&ratings->at[i], out);
    sheet_table(out, "indicators", SLICE("Indicators"), indicator_columns, COUNT_OF(indicator_columns));
    for (size_t i = 0; i < ratings->len; i++)
        indicator_rows(f, &ratings->at[i], out);
    for (size_t p = 0; p < f->plan_count; p++) {
        size_t n = 0;
        for (size_t i = 0; i < ratings->len; i++)
            n += ratings->at[i].plan == &f->plans[p];
        sheet_finding(out, "%.*s: %zu of %zu units", SLICE_ARG(f->plans[p].title), n, ratings->len);
    }
    size_t none = 0;
    for (size_t i = 0; i < ratings->len; i++)
        none += ratings->at[i].plan == NULL;
    sheet_finding(out, "insufficient data: %zu of %zu units", none, ratings->len);
    account_held_note(f, ratings, out);
    account_notes(f, out);
}

/* --- list --- */

static const SheetColumn list_columns[] = {
    {"name", "name"},
    {"version", "version"},
    {"title", "title"},
    {"level", "level"},
    {"from", "from"},
    {"to", "to"},
    {"status", "status"},
    {"source", NULL},
};

Status account_list_sheet(Policy *policy, Sheet *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = policy_list(policy, "accountability", &files, err);
    sheet_table(out, "frameworks", SLICE("Frameworks"), list_columns, COUNT_OF(list_columns));
    for (size_t i = 0; st == OK && i < files.len; i++) {
        Framework f;
        char from[11], to[11];
        st = framework_read(files.at[i], &out->arena, &f, err);
        if (st != OK)
            break;
        date_print(files.at[i]->effective_from, from);
        date_print(files.at[i]->effective_to, to);
        sheet_words(out, files.at[i]->name);
        sheet_words(out, files.at[i]->version);
        sheet_words(out, files.at[i]->title);
        sheet_words(out, f.level);
        sheet_words(out, slice_of(from));
        sheet_words(out, slice_of(to));
        sheet_words(out, files.at[i]->status);
        sheet_words(out, files.at[i]->source);
    }
    vec_free(&files);
    return st == OK ? sheet_status(out, err) : st;
}

/* --- what if --- */

static const SheetColumn move_columns[] = {
    {"unit", "unit"},
    {"total_before", "total % now"},
    {"total_after", "then"},
    {"plan_before", "plan type now"},
    {"plan_after", "then"},
    {"moved", "moves"},
};

static size_t rank_of(const Framework *f, const PlanType *p)
{
    return p ? (size_t)(p - f->plans) : f->plan_count;
}

void account_what_if_sheet(const Framework *before_rules, const Ratings *before, const Framework *after_rules,
    const Ratings *after, Sheet *out)
{
    size_t up = 0, down = 0;
    ASSERT(before->len == after->len);
    account_facts(before_rules, before->len ? before->at[0].year : 0, out);
    sheet_table(out, "moves", SLICE("What would change"), move_columns, COUNT_OF(move_columns));
    for (size_t i = 0; i < before->len; i++) {
        const Rating *a = &before->at[i], *b = &after->at[i];
        size_t was = rank_of(before_rules, a->plan), is = rank_of(after_rules, b->plan);
        up += is < was;
        down += is > was;
        if (a->total == b->total && is == was)
            continue;
        sheet_words(out, a->unit);
        decimal_cell(out, a->total);
        decimal_cell(out, b->total);
        plan_cell(out, a->plan);
        plan_cell(out, b->plan);
        sheet_words(out, is < was ? SLICE("up") : is > was ? SLICE("down") : SLICE("same"));
    }
    sheet_finding(
        out, "Of %zu units, %zu would move to a better plan type and %zu to a worse one.", before->len, up, down);
    account_held_note(before_rules, before, out);
    account_notes(before_rules, out);
}
