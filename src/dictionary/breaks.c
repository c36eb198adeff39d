/* Years: which one a load's scope names, and what differs between the contracts of two of them. */
#include "dictionary/dictionary_parts.h"

/* "school_year=2024,file=x": the value of one part; empty when the scope has no such part. */
static Slice scope_part(Slice scope, Slice name)
{
    while (scope.ptr && scope.len > 0) {
        Slice value = slice_cut(&scope, ',');
        Slice key = slice_cut(&value, '=');
        if (slice_eq(key, name) && value.ptr)
            return value;
    }
    return (Slice){"", 0};
}

static Status year_of_value(const PolicyFile *rule, const Toml *period, Slice value, int32_t *year, Error *err)
{
    Slice kind;
    Date day;
    int64_t n;
    TRY(toml_str(period, rule->path, "kind", &kind, err));
    if (slice_eq_z(kind, "date")) {
        if (date_parse(value, DATE_ISO, &day, NULL) != OK)
            TRY(date_parse(value, DATE_YYYYMMDD, &day, err));
        *year = date_year(day);
        return OK;
    }
    TRY(parse_i64(value, &n, err));
    if (slice_eq_z(kind, "quarter"))
        n /= 4; /* year * 4 + quarter - 1 */
    else if (!slice_eq_z(kind, "year"))
        return error_set(err, ERR_INVALID, "%s:%u: a period's kind is year, quarter or date, not \"%.*s\"", rule->path,
            period->line, SLICE_ARG(kind));
    if (n < 1 || n > 9999)
        return error_set(
            err, ERR_INVALID, "%s:%u: a load's scope gives no year between 1 and 9999", rule->path, period->line);
    *year = (int32_t)n;
    return OK;
}

Status period_of_scope(const PolicyFile *rule, Slice scope, int32_t *year, Error *err)
{
    const Toml *list = toml_get(rule->toml, "period");
    *year = DICTIONARY_NO_YEAR;
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        Slice name;
        TRY(toml_str(p, rule->path, "scope", &name, err));
        Slice value = scope_part(scope, name);
        if (value.len > 0)
            return year_of_value(rule, p, value, year, err);
    }
    return OK;
}

static bool same_codes(const CodeList *a, const CodeList *b)
{
    if (!a || !b || a->count != b->count)
        return a == b;
    for (size_t i = 0; i < a->count; i++)
        if (!slice_eq(a->entries[i].code, b->entries[i].code) || !slice_eq(a->entries[i].value, b->entries[i].value))
            return false;
    return true;
}

static void add_change(Buf *out, bool changed, const char *what)
{
    if (changed)
        buf_addf(out, "%s%s", out->len ? ", " : "", what);
}

Status field_changes(const Field *a, const Field *b, Arena *arena, Slice *out, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    add_change(&text, !a && b, "first asked for");
    add_change(&text, a && !b, "no longer asked for");
    if (a && b) {
        add_change(&text, !slice_eq(a->definition, b->definition), "definition");
        add_change(&text, a->type != b->type || a->scale != b->scale, "type");
        add_change(&text, !same_codes(a->codes, b->codes), "code list");
    }
    Status st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}
