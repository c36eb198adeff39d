/*
 * A block's SQL with what a script says. Numbers were read as numbers within their range, codes are words of the
 * policy, texts hold nothing but the characters that their parameter allows; all but numbers are quoted besides. What
 * is in braces and none of the block's is the file's own parameter, with its status and source.
 */
#include "cohort/cohort_parts.h"
#include "policy/model.h"

/* Length of "{name}" at the beginning of s, or 0. */
static size_t placeholder(Slice s)
{
    size_t end = slice_find(s, SLICE("}"));
    return s.ptr[0] == '{' && end < s.len ? end + 1 : 0;
}

static void add_value(const Param *p, const ParamValue *v, Buf *out)
{
    if (p->type == PARAM_INTEGER) {
        buf_addf(out, v->from < 0 ? "(%" PRId64 ")" : "%" PRId64, v->from); /* "x -{n}" is no comment */
        return;
    }
    if (p->type == PARAM_YEARS) {
        buf_addf(out, "BETWEEN %" PRId64 " AND %" PRId64, v->from, v->to);
        return;
    }
    for (size_t i = 0; i < v->count; i++) {
        buf_adds(out, i ? ", " : "");
        buf_add_quoted(out, v->items[i], '\'');
    }
}

static bool add_placeholder(const Said *said, Slice name, const char *cohort, Buf *out)
{
    const Block *b = said->block;
    if (slice_eq_z(name, "cohort")) {
        buf_adds(out, cohort);
        return true;
    }
    for (size_t i = 0; i < b->param_count; i++) {
        if (slice_eq(b->params[i].name, name)) {
            add_value(&b->params[i], &said->values[i], out);
            return true;
        }
    }
    return false;
}

Status block_fill(const Said *said, Slice sql, const char *cohort, Buf *out, Error *err)
{
    Buf filled;
    Status st = OK;
    buf_init(&filled, 0);
    for (size_t i = 0; i < sql.len;) {
        size_t n = placeholder(slice_sub(sql, i, sql.len));
        if (n > 0 && add_placeholder(said, slice_sub(sql, i + 1, i + n - 1), cohort, &filled))
            i += n;
        else
            buf_addc(&filled, sql.ptr[i++]);
    }
    TRY_OUT(buf_status(&filled, err));
    st = model_fill(said->block->file, buf_slice(&filled), out, err);
out:
    buf_free(&filled);
    return st;
}
