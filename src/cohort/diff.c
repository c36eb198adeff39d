/* Two scripts line by line: the longest common sequence of lines stays, the others are marked. */
#include "cohort/cohort_parts.h"

enum { DIFF_LINES_MAX = 4096 };

typedef VEC(Slice) LineList;

static Status cut_lines(Slice text, LineList *out, Error *err)
{
    for (Slice rest = text; rest.ptr;) {
        Slice line = slice_cut(&rest, '\n');
        if (!rest.ptr && line.len == 0)
            break;
        if (out->len == DIFF_LINES_MAX)
            return error_set(err, ERR_LIMIT, "more than %d lines to compare", DIFF_LINES_MAX);
        TRY(vec_push(out, line, err));
    }
    return OK;
}

/* common[i][k]: how many lines the ends from a[i] and b[k] have in common. */
static void fill_common(const LineList *a, const LineList *b, uint16_t *common)
{
    size_t width = b->len + 1;
    for (size_t i = a->len; i-- > 0;)
        for (size_t k = b->len; k-- > 0;) {
            uint16_t down = common[(i + 1) * width + k], right = common[i * width + k + 1];
            common[i * width + k] = slice_eq(a->at[i], b->at[k]) ? (uint16_t)(common[(i + 1) * width + k + 1] + 1)
                                    : down > right               ? down
                                                                 : right;
        }
}

static void print(const LineList *a, const LineList *b, const uint16_t *common, Buf *out)
{
    size_t width = b->len + 1, i = 0, k = 0;
    while (i < a->len || k < b->len) {
        if (i < a->len && k < b->len && slice_eq(a->at[i], b->at[k])) {
            buf_addf(out, "  %.*s\n", SLICE_ARG(a->at[i]));
            i++;
            k++;
        } else if (i < a->len && (k == b->len || common[(i + 1) * width + k] >= common[i * width + k + 1])) {
            buf_addf(out, "- %.*s\n", SLICE_ARG(a->at[i]));
            i++;
        } else {
            buf_addf(out, "+ %.*s\n", SLICE_ARG(b->at[k]));
            k++;
        }
    }
}

Status cohort_diff(Slice a, Slice b, Buf *out, Error *err)
{
    LineList x = {0}, y = {0};
    uint16_t *common = NULL;
    Status st = OK;
    TRY_OUT(cut_lines(a, &x, err));
    TRY_OUT(cut_lines(b, &y, err));
    TRY_OUT(mem_zalloc((x.len + 1) * (y.len + 1), sizeof *common, (void **)&common, err));
    fill_common(&x, &y, common);
    print(&x, &y, common, out);
    st = buf_status(out, err);
out:
    mem_free(common);
    vec_free(&x);
    vec_free(&y);
    return st;
}
