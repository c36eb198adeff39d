/* Scope, rules, totals and mappings: what is done with the fields once they are read. */
#include "contract/contract_parts.h"

/* --- scope --- */

/* Groups that capture: "(" without "?" behind it, outside brackets and escapes. */
static unsigned count_groups(Slice pattern)
{
    unsigned groups = 0;
    bool in_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '\\')
            i++;
        else if (in_class)
            in_class = c != ']';
        else if (c == '[')
            in_class = true;
        else if (c == '(' && !(i + 1 < pattern.len && pattern.ptr[i + 1] == '?'))
            groups++;
    }
    return groups;
}

static Status read_scope_part(Parse *p, const Toml *t, ScopePart *s, Error *err)
{
    static const char *const keys[] = {"name", "field", "pattern", NULL};
    TRY(toml_only(t, p->file, keys, err));
    TRY(toml_str(t, p->file, "name", &s->name, err));
    TRY(toml_str_or(t, p->file, "field", SLICE(""), &s->field, err));
    TRY(toml_str_or(t, p->file, "pattern", SLICE(""), &s->pattern, err));
    if (!contract_is_name(s->name))
        return contract_fail(p, t, "name", err, "%.*s cannot be the name of a scope", SLICE_ARG(s->name));
    if ((s->field.len > 0) == (s->pattern.len > 0))
        return contract_fail(p, t, "field", err, "scope %.*s needs either a field or a pattern", SLICE_ARG(s->name));
    if (s->pattern.len > 0 && count_groups(s->pattern) != 1)
        return contract_fail(p, t, "pattern", err, "scope %.*s needs a pattern with one group", SLICE_ARG(s->name));
    if (s->field.len > 0) {
        const Field *f = contract_field(p->c, s->field);
        if (!f || f->identity.len > 0)
            return contract_fail(p, t, "field", err, "scope %.*s is not a content field", SLICE_ARG(s->field));
    }
    return OK;
}

Status contract_read_scope(Parse *p, const Toml *root, Error *err)
{
    const Toml *first;
    size_t count;
    TRY(contract_tables(p, root, "scope", &first, &count, err));
    TRY(arena_new(p->arena, ScopePart, count, &p->c->scope, err));
    for (const Toml *t = first; t; t = t->next) {
        ScopePart *part = &p->c->scope[p->c->scope_count];
        TRY(read_scope_part(p, t, part, err));
        for (size_t i = 0; i < p->c->scope_count; i++)
            if (slice_eq(p->c->scope[i].name, part->name))
                return contract_fail(p, t, "name", err, "scope %.*s is there twice", SLICE_ARG(part->name));
        p->c->scope_count++;
    }
    return OK;
}

/* --- rules --- */

static Status read_level(const Parse *p, const Toml *t, Rule *r, Error *err)
{
    static const char *const levels[] = {
        [RULE_ROW] = "row", [RULE_KEY] = "key", [RULE_FILE] = "file", [RULE_CROSS] = "cross"};
    Slice level, severity;
    bool found = false;
    TRY(toml_str(t, p->file, "level", &level, err));
    TRY(toml_str(t, p->file, "severity", &severity, err));
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (slice_eq_z(level, levels[i])) {
            r->level = (RuleLevel)i;
            found = true;
        }
    }
    if (!found)
        return contract_fail(p, t, "level", err, "must be row, key, file or cross");
    if (slice_eq_z(severity, "error"))
        r->severity = SEVERITY_ERROR;
    else if (slice_eq_z(severity, "warning"))
        r->severity = SEVERITY_WARNING;
    else
        return contract_fail(p, t, "severity", err, "must be error or warning");
    return OK;
}

static Status read_key(Parse *p, const Toml *t, Rule *r, Error *err)
{
    TRY(contract_strings(p, t, "columns", &r->columns, &r->column_count, err));
    if (r->column_count == 0 || toml_get(t, "sql"))
        return contract_fail(p, t, "columns", err, "a key rule has columns and no SQL");
    for (size_t i = 0; i < r->column_count; i++)
        if (!contract_field(p->c, r->columns[i]))
            return contract_fail(p, t, "columns", err, "the key names column %.*s, which the contract does not have",
                SLICE_ARG(r->columns[i]));
    return OK;
}

static Status read_condition(Parse *p, const Toml *t, Rule *r, Error *err)
{
    Slice sql;
    if (toml_get(t, "columns"))
        return contract_fail(p, t, "columns", err, "only a key rule has columns");
    TRY(toml_str(t, p->file, "sql", &sql, err));
    if (slice_trim(sql).len == 0)
        return contract_fail(p, t, "sql", err, "must not be empty");
    return contract_sql(p, t, sql, r->level == RULE_CROSS ? SQL_CROSS : SQL_RULE, &r->sql, err);
}

static Status check_needs(Parse *p, const Toml *t, const Rule *r, Error *err)
{
    const char *table;
    if ((r->level == RULE_CROSS) != (r->needs.len > 0))
        return contract_fail(p, t, "needs", err, "a cross rule, and no other, needs another source");
    if (r->level != RULE_CROSS)
        return OK;
    if (!contract_is_name(r->needs) || slice_eq(r->needs, p->c->name))
        return contract_fail(p, t, "needs", err, "must be another source's name");
    TRY(arena_printf(p->arena, &table, err, "source_%.*s", SLICE_ARG(r->needs)));
    if (slice_find(r->sql, slice_of(table)) == r->sql.len)
        return contract_fail(p, t, "sql", err, "the rule does not read %s", table);
    return OK;
}

static Status read_rule(Parse *p, const Toml *t, Rule *r, Error *err)
{
    static const char *const keys[] = {"id", "level", "severity", "sql", "columns", "field", "message", "needs", NULL};
    TRY(toml_only(t, p->file, keys, err));
    TRY(toml_str(t, p->file, "id", &r->id, err));
    TRY(toml_str(t, p->file, "message", &r->message, err));
    TRY(toml_str_or(t, p->file, "field", SLICE(""), &r->field, err));
    TRY(toml_str_or(t, p->file, "needs", SLICE(""), &r->needs, err));
    TRY(read_level(p, t, r, err));
    if (r->id.len == 0 || r->message.len == 0)
        return contract_fail(p, t, "id", err, "a rule needs an id and a message");
    if (r->field.len > 0 && !contract_field(p->c, r->field))
        return contract_fail(p, t, "field", err, "rule %.*s blames field %.*s, which the contract does not have",
            SLICE_ARG(r->id), SLICE_ARG(r->field));
    TRY(r->level == RULE_KEY ? read_key(p, t, r, err) : read_condition(p, t, r, err));
    return check_needs(p, t, r, err);
}

static Status read_rules(Parse *p, const Toml *root, Error *err)
{
    Contract *c = p->c;
    const Toml *first;
    size_t count;
    TRY(contract_tables(p, root, "rule", &first, &count, err));
    TRY(arena_new(p->arena, Rule, count, &c->rules, err));
    for (const Toml *t = first; t; t = t->next) {
        Rule *r = &c->rules[c->rule_count];
        TRY(read_rule(p, t, r, err));
        for (size_t i = 0; i < c->rule_count; i++)
            if (slice_eq(c->rules[i].id, r->id))
                return contract_fail(p, t, "id", err, "rule %.*s is there twice", SLICE_ARG(r->id));
        c->rule_count++;
    }
    return OK;
}

/* --- totals and facts --- */

static Status read_totals(Parse *p, const Toml *root, Error *err)
{
    static const char *const keys[] = {"name", "sql", NULL};
    const Toml *first;
    size_t count;
    TRY(contract_tables(p, root, "total", &first, &count, err));
    TRY(arena_new(p->arena, Total, count, &p->c->totals, err));
    for (const Toml *t = first; t; t = t->next) {
        Total *total = &p->c->totals[p->c->total_count++];
        Slice sql;
        TRY(toml_only(t, p->file, keys, err));
        TRY(toml_str(t, p->file, "name", &total->name, err));
        TRY(toml_str(t, p->file, "sql", &sql, err));
        if (!contract_is_name(total->name))
            return contract_fail(p, t, "name", err, "%.*s cannot be the name of a total", SLICE_ARG(total->name));
        /* Totals are printed on the receipt: they are held to what a mapping may see. */
        TRY(contract_sql(p, t, sql, SQL_MAPPING, &total->sql, err));
    }
    return OK;
}

static Status read_fact_columns(Parse *p, const Toml *t, FactMapping *m, Error *err)
{
    const Toml *columns;
    TRY(toml_table(t, p->file, "columns", &columns, err));
    if (!columns || columns->count == 0)
        return contract_fail(p, t, "columns", err, "the mapping to %.*s has no columns", SLICE_ARG(m->table));
    TRY(arena_new(p->arena, FactColumn, columns->count, &m->columns, err));
    for (const Toml *column = columns->first; column; column = column->next) {
        FactColumn *out = &m->columns[m->column_count++];
        if (column->type != TOML_STRING || !contract_is_name(column->key))
            return contract_fail(p, column, NULL, err, "a mapped column has a lower-case name and SQL text");
        out->column = column->key;
        TRY(contract_sql(p, column, column->string, SQL_MAPPING, &out->sql, err));
    }
    return OK;
}

static Status read_fact(Parse *p, const Toml *t, FactMapping *m, Error *err)
{
    static const char *const keys[] = {"table", "where", "columns", NULL};
    Slice where;
    TRY(toml_only(t, p->file, keys, err));
    TRY(toml_str(t, p->file, "table", &m->table, err));
    TRY(toml_str_or(t, p->file, "where", SLICE(""), &where, err));
    if (!contract_is_name(m->table))
        return contract_fail(p, t, "table", err, "%.*s cannot be a table's name", SLICE_ARG(m->table));
    TRY(contract_sql(p, t, where, SQL_MAPPING, &m->where, err));
    return read_fact_columns(p, t, m, err);
}

static Status read_facts(Parse *p, const Toml *root, Error *err)
{
    const Toml *first;
    size_t count;
    TRY(contract_tables(p, root, "fact", &first, &count, err));
    if (count > 0 && p->c->kind == KIND_REFERENCE)
        return contract_fail(p, first, "fact", err, "a reference table makes no facts");
    TRY(arena_new(p->arena, FactMapping, count, &p->c->facts, err));
    for (const Toml *t = first; t; t = t->next)
        TRY(read_fact(p, t, &p->c->facts[p->c->fact_count++], err));
    return OK;
}

Status contract_read_use(Parse *p, const Toml *root, Error *err)
{
    TRY(read_rules(p, root, err));
    TRY(read_totals(p, root, err));
    return read_facts(p, root, err);
}
