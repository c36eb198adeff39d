/*
 * Parameters of a policy file, put into its SQL.
 *
 * A law's number is a dated value with its source, never a constant inside a
 * query: the query says {name}, the file says what that is and who says so.
 */
#include "policy/model.h"

static bool is_name_byte(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || c == '_')
        return true;
    return !first && c >= '0' && c <= '9';
}

/* Length of "{name}" at the beginning of s, or 0. */
static size_t placeholder(Slice s)
{
    size_t i = 1;
    if (s.len < 3 || s.ptr[0] != '{')
        return 0;
    while (i < s.len && is_name_byte(s.ptr[i], i == 1))
        i++;
    return i > 1 && i < s.len && s.ptr[i] == '}' ? i + 1 : 0;
}

static Status literal(const PolicyFile *file, const Toml *v, Buf *out, Error *err)
{
    char day[11];
    switch (v->type) {
    case TOML_STRING:
        buf_add_quoted(out, v->string, '\'');
        return OK;
    case TOML_INTEGER:
        buf_add_i64(out, v->integer);
        return OK;
    case TOML_FLOAT:
        buf_addf(out, "%.17g", v->number);
        return OK;
    case TOML_BOOLEAN:
        buf_adds(out, v->boolean ? "TRUE" : "FALSE");
        return OK;
    case TOML_DATE:
        date_print(v->date, day);
        buf_addf(out, "DATE '%s'", day);
        return OK;
    case TOML_ARRAY:
        if (v->count == 0)
            buf_adds(out, "NULL");
        for (const Toml *e = v->first; e; e = e->next) {
            TRY(literal(file, e, out, err));
            if (e->next)
                buf_adds(out, ", ");
        }
        return OK;
    case TOML_DATETIME:
    case TOML_TABLE:
        break;
    }
    return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a parameter's value must be a number, text, date or list",
        file->path, v->line);
}

static Status parameter(const PolicyFile *file, Slice name, Buf *out, Error *err)
{
    char key[80];
    if (name.len >= sizeof key)
        return error_set(err, ERR_INVALID, "%s: a placeholder's name is longer than %zu", file->path, sizeof key - 1);
    memcpy(key, name.ptr, name.len);
    key[name.len] = '\0';
    const Toml *p = toml_get(toml_get(file->toml, "parameters"), key);
    if (!p)
        return error_set(
            err, ERR_INVALID, "%s: the SQL asks for {%s}, but there is no [parameters.%s]", file->path, key, key);
    const Toml *value = toml_get(p, "value");
    if (!value)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": parameter %s has no value", file->path, p->line, key);
    Slice status, source;
    TRY(toml_str(p, file->path, "status", &status, err));
    TRY(toml_str(p, file->path, "source", &source, err));
    if (!slice_eq_z(status, "verified") && !slice_eq_z(status, "assumed"))
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": status of parameter %s must be verified or assumed",
            file->path, p->line, key);
    return literal(file, value, out, err);
}

Status model_fill(const PolicyFile *file, Slice sql, Buf *out, Error *err)
{
    for (size_t i = 0; i < sql.len;) {
        size_t n = placeholder(slice_sub(sql, i, sql.len));
        Slice name = slice_sub(sql, i + 1, i + n - (n > 0));
        if (n > 0 && !slice_eq_z(name, "partition")) {
            TRY(parameter(file, name, out, err));
            i += n;
        } else {
            buf_addc(out, sql.ptr[i++]);
        }
    }
    return buf_status(out, err);
}
