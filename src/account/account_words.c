/* Words and numbers that all sheets of a framework share; what is assumed or not held is said on each. */
#include "account/account_parts.h"

const char *decimal_text(int64_t v, char out[32])
{
    Buf b;
    buf_init(&b, 64);
    if (v < 0)
        buf_addc(&b, '-');
    uint64_t size = v < 0 ? (uint64_t)-v : (uint64_t)v;
    buf_addf(&b, "%" PRIu64 ".%06" PRIu64, size / 1000000, size % 1000000);
    size_t n = b.len < 31 ? b.len : 31;
    memcpy(out, buf_z(&b), n);
    while (n > 0 && out[n - 1] == '0')
        n--;
    if (n > 0 && out[n - 1] == '.')
        n--;
    out[n] = '\0';
    buf_free(&b);
    return out;
}

const char *line_status_word(LineStatus s)
{
    static const char *const words[] = {"rated", "too few", "no data", "not held"};
    return words[s];
}

Status line_path(const RatingLine *line, Buf *out, Error *err)
{
    buf_reset(out);
    buf_add(out, line->measure->name);
    if (line->group) {
        buf_addc(out, '.');
        buf_add(out, line->group->name);
    }
    return buf_status(out, err);
}

void account_facts(const Framework *f, int32_t year, Sheet *out)
{
    sheet_fact(out, "framework", "%.*s", SLICE_ARG(f->file->name));
    sheet_fact(out, "framework_title", "%.*s", SLICE_ARG(f->file->title));
    sheet_fact(out, "version", "%.*s", SLICE_ARG(f->file->version));
    sheet_fact(out, "status", "%.*s", SLICE_ARG(f->file->status));
    sheet_fact(out, "policy", "%s", f->file->path);
    if (year > 0)
        sheet_fact(out, "year", "%" PRId32, year);
    sheet_fact(out, "level", "%.*s", SLICE_ARG(f->level));
}

static void note_assumed(Slice status, const char *what, Slice name, Slice source, Sheet *out)
{
    if (slice_eq_z(status, "assumed"))
        sheet_note(out, "Assumed, %s%s%.*s: %.*s", what, name.len ? " " : "", SLICE_ARG(name), SLICE_ARG(source));
}

void account_notes(const Framework *f, Sheet *out)
{
    sheet_note(out, "Unprotected: this result stays inside. It is no official rating.");
    note_assumed(f->plan_status, "limits of the plan types", SLICE(""), f->plan_source, out);
    note_assumed(f->decimals_status, "rounding of percentages", SLICE(""), f->decimals_source, out);
    if (f->participation.tests > 0)
        note_assumed(f->participation.status, "participation rule", SLICE(""), f->participation.source, out);
    for (size_t i = 0; i < f->indicator_count; i++) {
        const Indicator *in = &f->indicators[i];
        note_assumed(in->status, "weight of indicator", in->name, in->source, out);
        for (size_t p = 0; p < in->part_count; p++)
            for (size_t m = 0; m < in->parts[p].measure_count; m++) {
                const FrameworkMeasure *one = &in->parts[p].measures[m];
                note_assumed(one->status, "measure", one->name, one->source, out);
            }
    }
    for (size_t i = 0; i < f->open_count; i++)
        sheet_note(
            out, "Not known: %.*s Treated so: %.*s", SLICE_ARG(f->open[i].what), SLICE_ARG(f->open[i].treatment));
}

void account_held_note(const Framework *f, const Ratings *ratings, Sheet *out)
{
    char share[32];
    for (size_t i = 0; i < f->indicator_count; i++) {
        size_t with = 0;
        for (size_t k = 0; k < ratings->len; k++)
            with += ratings->at[k].indicators[i].percent >= 0;
        if (!f->indicators[i].held && with == 0)
            sheet_note(out,
                "Not held: %.*s (weight %s). Totals are computed over the other indicators, their weights taken as the "
                "whole.",
                SLICE_ARG(f->indicators[i].title), decimal_text(f->indicators[i].weight, share));
        else if (!f->indicators[i].held)
            sheet_note(out, "%.*s: points from the reference file, for %zu of %zu units.",
                SLICE_ARG(f->indicators[i].title), with, ratings->len);
    }
    if (f->participation.tests > 0) {
        size_t known = 0;
        for (size_t k = 0; k < ratings->len; k++)
            known += ratings->at[k].tests_below > 0;
        if (known == 0)
            sheet_note(out, "Participation in tests is not held and no reference file shows a test below the limit: no "
                            "plan type is lowered.");
    }
}
