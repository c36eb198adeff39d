/* Typed access to a TOML tree: a wrong or missing member is told with file, line and key. */
#include "base/toml.h"

const Toml *toml_get(const Toml *table, const char *key)
{
    if (!table || table->type != TOML_TABLE)
        return NULL;
    for (const Toml *m = table->first; m; m = m->next)
        if (slice_eq_z(m->key, key))
            return m;
    return NULL;
}

static Status fail_at(const Toml *where, const char *file, const char *key, const char *why, Error *err)
{
    Status st = error_set(err, ERR_INVALID, "%s", why);
    error_at(err, file, 0, key);
    if (err && where)
        err->line = where->line;
    return st;
}

/* *out is NULL when absent. */
static Status member(const Toml *t, const char *file, const char *key, TomlType type, const Toml **out, Error *err)
{
    static const char *const wanted[] = {
        [TOML_STRING] = "must be a string",
        [TOML_INTEGER] = "must be a whole number",
        [TOML_FLOAT] = "must be a number",
        [TOML_BOOLEAN] = "must be true or false",
        [TOML_DATE] = "must be a date",
        [TOML_DATETIME] = "must be a date-time",
        [TOML_ARRAY] = "must be an array",
        [TOML_TABLE] = "must be a table",
    };
    const Toml *m = toml_get(t, key);
    *out = m;
    if (!m || m->type == type || (type == TOML_FLOAT && m->type == TOML_INTEGER))
        return OK;
    return fail_at(m, file, key, wanted[type], err);
}

static Status required(const Toml *t, const char *file, const char *key, TomlType type, const Toml **out, Error *err)
{
    TRY(member(t, file, key, type, out, err));
    return *out ? OK : fail_at(t, file, key, "is missing", err);
}

Status toml_str(const Toml *t, const char *file, const char *key, Slice *out, Error *err)
{
    const Toml *m = NULL;
    TRY(required(t, file, key, TOML_STRING, &m, err));
    *out = m->string;
    return OK;
}

Status toml_str_or(const Toml *t, const char *file, const char *key, Slice fallback, Slice *out, Error *err)
{
    const Toml *m = NULL;
    TRY(member(t, file, key, TOML_STRING, &m, err));
    *out = m ? m->string : fallback;
    return OK;
}

Status toml_int(const Toml *t, const char *file, const char *key, int64_t *out, Error *err)
{
    const Toml *m = NULL;
    TRY(required(t, file, key, TOML_INTEGER, &m, err));
    *out = m->integer;
    return OK;
}

Status toml_int_or(const Toml *t, const char *file, const char *key, int64_t fallback, int64_t *out, Error *err)
{
    const Toml *m = NULL;
    TRY(member(t, file, key, TOML_INTEGER, &m, err));
    *out = m ? m->integer : fallback;
    return OK;
}

Status toml_bool_or(const Toml *t, const char *file, const char *key, bool fallback, bool *out, Error *err)
{
    const Toml *m = NULL;
    TRY(member(t, file, key, TOML_BOOLEAN, &m, err));
    *out = m ? m->boolean : fallback;
    return OK;
}

Status toml_num_or(const Toml *t, const char *file, const char *key, double fallback, double *out, Error *err)
{
    const Toml *m = NULL;
    TRY(member(t, file, key, TOML_FLOAT, &m, err));
    *out = !m ? fallback : m->type == TOML_INTEGER ? (double)m->integer : m->number;
    return OK;
}

Status toml_date(const Toml *t, const char *file, const char *key, Date *out, Error *err)
{
    const Toml *m = NULL;
    TRY(required(t, file, key, TOML_DATE, &m, err));
    *out = m->date;
    return OK;
}

Status toml_date_or(const Toml *t, const char *file, const char *key, Date fallback, Date *out, Error *err)
{
    const Toml *m = NULL;
    TRY(member(t, file, key, TOML_DATE, &m, err));
    *out = m ? m->date : fallback;
    return OK;
}

Status toml_table(const Toml *t, const char *file, const char *key, const Toml **out, Error *err)
{
    return member(t, file, key, TOML_TABLE, out, err);
}

Status toml_array(const Toml *t, const char *file, const char *key, const Toml **out, Error *err)
{
    return member(t, file, key, TOML_ARRAY, out, err);
}

static bool is_allowed(Slice key, const char *const *allowed)
{
    for (; *allowed; allowed++)
        if (slice_eq_z(key, *allowed))
            return true;
    return false;
}

Status toml_only(const Toml *t, const char *file, const char *const *allowed, Error *err)
{
    if (!t || t->type != TOML_TABLE)
        return OK;
    for (const Toml *m = t->first; m; m = m->next)
        if (!is_allowed(m->key, allowed))
            return fail_at(m, file, m->key.ptr, "is not a known key here", err);
    return OK;
}

void toml_quote(Buf *out, Slice text)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            buf_addf(out, "\\u%04X", c);
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}
