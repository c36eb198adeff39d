/* Why two records are linked or not, told step by step as the score is made. */
#include "matchfile/run.h"
#include "matchfile/truth_file.h"

/* ID or SOURCE:ID; an id that holds a colon itself is taken as an id first. */
static Status find_record(const RecordNames *names, Slice text, uint32_t *out, Error *err)
{
    Status st = record_by_name(names, (Slice){"", 0}, text, out, err);
    size_t colon = slice_find(text, SLICE(":"));
    if (st != OK && colon < text.len) {
        error_clear(err);
        st = record_by_name(names, slice_sub(text, 0, colon), slice_sub(text, colon + 1, text.len), out, err);
    }
    if (st != OK)
        error_hint(err, "A record is named by its id, or by SOURCE:ID.");
    return st;
}

static void line(Buf *out, Slice left, Slice middle, Slice right, const char *weight)
{
    const Slice cells[] = {left, middle, right};
    static const size_t widths[] = {18, 26, 26};
    buf_adds(out, "  ");
    for (size_t i = 0; i < COUNT_OF(cells); i++) {
        size_t shown = 0;
        for (size_t k = 0; k < cells[i].len; k++)
            shown += ((uint8_t)cells[i].ptr[k] & 0xc0) != 0x80;
        buf_add(out, cells[i]);
        buf_pad(out, ' ', shown < widths[i] ? widths[i] - shown : 1);
    }
    buf_adds(out, weight);
    buf_addc(out, '\n');
}

static void weight_line(Buf *out, const char *what, Weight w)
{
    Buf text;
    buf_init(&text, 64);
    add_bits(&text, w);
    buf_addf(out, "  %-60s %9s\n", what, buf_z(&text));
    buf_free(&text);
}

static void field_line(Buf *out, const FieldReason *f)
{
    Buf right;
    buf_init(&right, 0);
    buf_addf(&right, "%-16.*s ", SLICE_ARG(f->level));
    add_bits(&right, f->weight);
    if (f->frequency != 0) {
        buf_adds(&right, " (of it, how common the value is: ");
        add_bits(&right, f->frequency);
        buf_addc(&right, ')');
    }
    line(out, f->field, f->left.len ? f->left : SLICE("-"), f->right.len ? f->right : SLICE("-"), buf_z(&right));
    buf_free(&right);
}

static const MatchPair *kept_pair(const MatchRun *r, uint32_t a, uint32_t b)
{
    size_t low = 0, high = r->pairs.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const MatchPair *p = &r->pairs.at[middle];
        if (p->a < a || (p->a == a && p->b < b))
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->pairs.len && r->pairs.at[low].a == a && r->pairs.at[low].b == b ? &r->pairs.at[low] : NULL;
}

static void passes_line(const MatchRun *r, uint32_t mask, Buf *out)
{
    buf_adds(out, "brought together by: ");
    if (mask)
        add_passes(out, r->model, mask);
    else
        buf_adds(out, "no pass, so that the two are never compared");
    buf_addc(out, '\n');
}

static void verdict(const MatchRun *r, uint32_t a, uint32_t b, const Explanation *x, Buf *out)
{
    const MatchPair *p = kept_pair(r, a, b);
    Weight odds = p ? p->odds : x->odds;
    if (p && p->odds != x->odds)
        weight_line(out, "others compete for the same record", p->odds - x->odds);
    weight_line(out, "odds (log2)", odds);
    buf_addf(out, "probability %.4f: %s\n", weight_probability(odds),
        odds >= r->config.match_from    ? "a match"
        : odds >= r->config.review_from ? "to be reviewed"
                                        : "no match");
    if (x->rule.len > 0)
        buf_addf(out, "decided by the rule \"%.*s\"\n", SLICE_ARG(x->rule));
    passes_line(r, x->passes, out);
    buf_addf(out, "the two are in %s\n",
        r->clusters.cluster[a] == r->clusters.cluster[b] ? "one cluster" : "different clusters");
}

Status matchfile_why(MatchRun *r, Slice left, Slice right, Buf *out, Error *err)
{
    RecordNames names;
    MatchLook *x = NULL;
    Explanation e;
    uint32_t a = 0, b = 0;
    TRY(record_names_new(r->table, &r->config, &names, err));
    Status st;
    TRY_OUT(find_record(&names, left, &a, err));
    TRY_OUT(find_record(&names, right, &b, err));
    if (a == b)
        TRY_OUT(error_set(err, ERR_INVALID, "the two are one record"));
    if (a > b) {
        uint32_t other = a;
        a = b;
        b = other;
    }
    TRY_OUT(match_look_new(r->table, r->model, &x, err));
    match_look_explain(x, a, b, &e);
    line(out, SLICE("field"), match_record_id(r->table, a), match_record_id(r->table, b), "level            bits");
    for (uint32_t f = 0; f < e.field_count; f++)
        field_line(out, &e.fields[f]);
    weight_line(out, "before looking", e.prior);
    weight_line(out, "they may be neighbours, relatives or twins", e.household);
    if (e.calibration != 0)
        weight_line(out, "calibration", e.calibration);
    if (e.ruled != 0)
        weight_line(out, "rule", e.ruled);
    verdict(r, a, b, &e, out);
out:
    match_look_free(x);
    record_names_free(&names);
    return st == OK ? buf_status(out, err) : st;
}
