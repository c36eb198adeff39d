/*
 * The odds as a waterfall: where the model began, what each field added or took,
 * and where it ended. Drawn as SVG with a table's order, so that it needs no
 * script and reads aloud; colours come from the style sheet by class.
 */
#include "publish/html.h"
#include "review/review_impl.h"

#define WIDTH 640
#define ROW 26
#define LABEL 250 /* room for words at the left, at the larger letters of a narrow page too */
#define NUMBER 84 /* room for numbers at the right */
#define STEPS_MAX (MATCH_FIELDS_MAX + 5)

typedef struct Step {
    Slice name, level;
    int64_t weight;
    bool total;
} Step;

static size_t list_steps(const Evidence *e, Step steps[STEPS_MAX])
{
    size_t n = 0;
    steps[n++] = (Step){SLICE("before looking"), SLICE(""), e->prior, false};
    for (size_t i = 0; i < e->field_count; i++)
        if (e->fields[i].weight != 0)
            steps[n++] = (Step){e->fields[i].field, e->fields[i].level, e->fields[i].weight, false};
    if (e->household != 0)
        steps[n++] = (Step){SLICE("household or twin?"), SLICE(""), e->household, false};
    if (e->calibration != 0)
        steps[n++] = (Step){SLICE("calibration, rounding"), SLICE(""), e->calibration, false};
    if (e->ruled != 0)
        steps[n++] = (Step){SLICE("hard rule"), e->rule, e->ruled, false};
    steps[n++] = (Step){SLICE("together"), SLICE(""), e->odds, true};
    return n;
}

static void range_of(const Step *steps, size_t n, int64_t *low, int64_t *high)
{
    int64_t sum = 0;
    *low = *high = 0;
    for (size_t i = 0; i < n; i++) {
        sum = steps[i].total ? steps[i].weight : sum + steps[i].weight;
        *low = sum < *low ? sum : *low;
        *high = sum > *high ? sum : *high;
    }
    if (*high == *low)
        *high = *low + 1;
}

static int64_t place(int64_t v, int64_t low, int64_t high)
{
    return LABEL + (v - low) * (WIDTH - LABEL - NUMBER) / (high - low);
}

/* Words with blanks for the underscores of names. */
static void words(Buf *out, Slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i] == '_' ? ' ' : name.ptr[i];
        html_text(out, (Slice){&c, 1});
    }
}

static void draw_step(const Step *s, size_t row, int64_t from, int64_t to, int64_t low, int64_t high, Buf *out)
{
    int64_t y = (int64_t)row * ROW, x1 = place(from, low, high), x2 = place(to, low, high);
    int64_t left = x1 < x2 ? x1 : x2, width = x1 < x2 ? x2 - x1 : x1 - x2;
    const char *kind = s->total ? "sum" : s->weight >= 0 ? "plus" : "minus";
    buf_addf(out, "<text class=\"label\" x=\"%d\" y=\"%" PRId64 "\" text-anchor=\"end\">", LABEL - 10, y + 17);
    words(out, s->name);
    if (s->level.len) {
        buf_adds(out, " <tspan class=\"level\">");
        words(out, s->level);
        buf_adds(out, "</tspan>");
    }
    buf_addf(out,
        "</text><rect class=\"%s\" x=\"%" PRId64 "\" y=\"%" PRId64 "\" width=\"%" PRId64 "\" height=\"%d\" rx=\"2\"/>",
        kind, left, y + 5, width > 1 ? width : 2, ROW - 10);
    if (!s->total)
        buf_addf(out, "<path class=\"step\" d=\"M%" PRId64 " %" PRId64 "v%d\"/>", x2, y + ROW - 5, 10);
    buf_addf(out, "<text class=\"number\" x=\"%d\" y=\"%" PRId64 "\" text-anchor=\"end\">%+.1f</text>", WIDTH - 6,
        y + 17, (double)s->weight / WEIGHT_BIT);
}

void waterfall_svg(const Evidence *e, Buf *out)
{
    Step steps[STEPS_MAX];
    size_t n = list_steps(e, steps);
    int64_t low, high, sum = 0;
    range_of(steps, n, &low, &high);
    buf_addf(out,
        "<svg class=\"waterfall\" viewBox=\"0 0 %d %zu\" role=\"img\" aria-labelledby=\"wt wd\"><title id=\"wt\">How "
        "the "
        "odds add up, in bits</title><desc id=\"wd\">From %.1f before looking to %.1f together; 0 is as likely as not."
        "</desc>",
        WIDTH, n * ROW, (double)e->prior / WEIGHT_BIT, (double)e->odds / WEIGHT_BIT);
    int64_t zero = place(0, low, high);
    buf_addf(out, "<path class=\"zero\" d=\"M%" PRId64 " 0v%zu\"/>", zero, n * ROW);
    for (size_t i = 0; i < n; i++) {
        int64_t from = steps[i].total ? 0 : sum, to = steps[i].total ? steps[i].weight : sum + steps[i].weight;
        draw_step(&steps[i], i, from, to, low, high, out);
        sum = to;
    }
    buf_adds(out, "</svg>\n");
}
