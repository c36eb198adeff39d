/*
 * The SQL inside a contract, as far as a contract can be held to it without an
 * engine: which columns it names.
 *
 * The house style makes that decidable with a scanner: keywords and types are
 * written in upper case, so that a lower-case word which is no function call
 * and no member of another table is a column. What may be named depends on the
 * place; a mapping that could see an identity field would break the separation
 * of identity and content that the whole system rests on.
 */
#include "contract/contract_parts.h"

typedef struct Scan {
    const Parse *p;
    const Toml *at;
    SqlPlace place;
    Slice sql;
    size_t pos;
} Scan;

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_lower_start(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

/* Past a quoted piece that begins at pos; s.len when it never ends. */
static size_t skip_quoted(Slice s, size_t pos)
{
    char quote = s.ptr[pos++];
    while (pos < s.len) {
        if (s.ptr[pos++] != quote)
            continue;
        if (pos >= s.len || s.ptr[pos] != quote)
            return pos;
        pos++;
    }
    return s.len + 1;
}

/* --- columns --- */

static bool cut_suffix(Slice *s, const char *suffix)
{
    size_t len = strlen(suffix);
    if (s->len <= len || !slice_ends(*s, slice_of(suffix)))
        return false;
    s->len -= len;
    return true;
}

static bool is_token(const Contract *c, Slice name)
{
    if (!cut_suffix(&name, "_token"))
        return false;
    const Field *f = contract_field(c, name);
    return f && f->token;
}

static bool is_scope(const Contract *c, Slice name)
{
    if (!slice_starts(name, SLICE("scope_")))
        return false;
    name = slice_sub(name, 6, name.len);
    for (size_t i = 0; i < c->scope_count; i++)
        if (slice_eq(c->scope[i].name, name))
            return true;
    return false;
}

static bool is_coarse_role(Slice role)
{
    static const char *const roles[] = {"birth_date", "sex", "local_id_org", "postal_code", "city"};
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        if (slice_eq_z(role, roles[i]))
            return true;
    return false;
}

static Status check_field(const Scan *s, const Field *f, Error *err)
{
    bool secret = f->identity.len > 0 && !slice_eq_z(f->identity, "employer");
    if (secret && s->place == SQL_MAPPING)
        return contract_fail(
            s->p, s->at, NULL, err, "a mapping may not read %.*s, which is an identity field", SLICE_ARG(f->name));
    if (s->place != SQL_DERIVE)
        return OK;
    if (f->derive.len > 0)
        return contract_fail(
            s->p, s->at, NULL, err, "a derived field may not read %.*s, which is derived itself", SLICE_ARG(f->name));
    if (f->identity.len > 0 && !is_coarse_role(f->identity))
        return contract_fail(s->p, s->at, NULL, err,
            "a derived field may not read %.*s: it would carry identity into the content", SLICE_ARG(f->name));
    return OK;
}

static Status check_column(const Scan *s, Slice name, Error *err)
{
    const Contract *c = s->p->c;
    const Field *f = contract_field(c, name);
    if (f)
        return check_field(s, f, err);
    if (slice_eq_z(name, "row_no") || is_scope(c, name) || (s->place != SQL_DERIVE && is_token(c, name)))
        return OK;
    return contract_fail(
        s->p, s->at, NULL, err, "the SQL names column %.*s, which the contract does not have", SLICE_ARG(name));
}

/* --- scanning --- */

static char next_visible(Slice s, size_t pos)
{
    while (pos < s.len && (s.ptr[pos] == ' ' || s.ptr[pos] == '\n' || s.ptr[pos] == '\t'))
        pos++;
    return pos < s.len ? s.ptr[pos] : '\0';
}

static Slice take_word(Scan *s)
{
    size_t from = s->pos;
    while (s->pos < s->sql.len && is_word(s->sql.ptr[s->pos]))
        s->pos++;
    return slice_sub(s->sql, from, s->pos);
}

static Status scan_word(Scan *s, Error *err)
{
    Slice word = take_word(s);
    char next = next_visible(s->sql, s->pos);
    if (next == '.') {
        while (s->sql.ptr[s->pos] != '.')
            s->pos++;
        s->pos++;
        Slice member = take_word(s);
        return slice_eq_z(word, "r") ? check_column(s, member, err) : OK;
    }
    if (next == '(' || s->place == SQL_CROSS || !is_lower_start(word.ptr[0]))
        return OK;
    if (slice_eq_z(word, "true") || slice_eq_z(word, "false"))
        return OK;
    return check_column(s, word, err);
}

static Status scan_columns(Scan *s, Error *err)
{
    while (s->pos < s->sql.len) {
        char c = s->sql.ptr[s->pos];
        if (c == '\'') {
            s->pos = skip_quoted(s->sql, s->pos);
            if (s->pos > s->sql.len)
                return contract_fail(s->p, s->at, NULL, err, "the SQL has a quote that never ends");
        } else if (c == '"' || c == ';') {
            return contract_fail(s->p, s->at, NULL, err, "the SQL may not contain '%c'", c);
        } else if (c == '-' && s->pos + 1 < s->sql.len && s->sql.ptr[s->pos + 1] == '-') {
            return contract_fail(s->p, s->at, NULL, err, "the SQL may not contain a comment");
        } else if (is_word(c)) {
            TRY(scan_word(s, err));
        } else {
            s->pos++;
        }
    }
    return OK;
}

/* --- @codes --- */

static const CodeList *find_codes(const Contract *c, Slice name)
{
    for (size_t i = 0; i < c->code_list_count; i++)
        if (slice_eq(c->code_lists[i].name, name))
            return &c->code_lists[i];
    return NULL;
}

/* Index of the bracket that closes the one open at `from`, or s.len. */
static size_t closing_bracket(Slice s, size_t from)
{
    unsigned depth = 1;
    while (from < s.len) {
        char c = s.ptr[from];
        if (c == '\'') {
            from = skip_quoted(s, from);
            continue;
        }
        depth += c == '(';
        depth -= c == ')';
        if (depth == 0)
            return from;
        from++;
    }
    return s.len;
}

static Status add_case(const Parse *p, const Toml *at, Slice arguments, Buf *out, Error *err)
{
    Slice rest = arguments;
    Slice name = slice_trim(slice_cut(&rest, ','));
    const CodeList *list = find_codes(p->c, name);
    if (!rest.ptr || slice_trim(rest).len == 0)
        return contract_fail(p, at, NULL, err, "@codes needs a list and an expression");
    if (!list)
        return contract_fail(
            p, at, NULL, err, "@codes names the list %.*s, which the contract does not have", SLICE_ARG(name));
    rest = slice_trim(rest);
    buf_addf(out, "(CASE (%.*s)", SLICE_ARG(rest));
    for (size_t i = 0; i < list->count; i++) {
        buf_adds(out, " WHEN ");
        buf_add_quoted(out, list->entries[i].code, '\'');
        buf_adds(out, " THEN ");
        buf_add_quoted(out, list->entries[i].value, '\'');
    }
    buf_adds(out, " END)");
    return OK;
}

static Status expand_codes(const Parse *p, const Toml *at, Slice text, Buf *out, Error *err)
{
    const Slice mark = SLICE("@codes(");
    for (;;) {
        size_t here = slice_find(text, mark);
        buf_add(out, slice_sub(text, 0, here));
        if (here == text.len)
            return OK;
        text = slice_sub(text, here + mark.len, text.len);
        size_t end = closing_bracket(text, 0);
        if (end >= text.len)
            return contract_fail(p, at, NULL, err, "@codes has no closing bracket");
        TRY(add_case(p, at, slice_sub(text, 0, end), out, err));
        text = slice_sub(text, end + 1, text.len);
    }
}

Status contract_sql(const Parse *p, const Toml *at, Slice text, SqlPlace place, Slice *out, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, (size_t)1 << 20);
    TRY_OUT(expand_codes(p, at, text, &sql, err));
    TRY_OUT(buf_status(&sql, err));
    Scan scan = {.p = p, .at = at, .place = place, .sql = buf_slice(&sql)};
    TRY_OUT(scan_columns(&scan, err));
    st = arena_dup(p->arena, buf_slice(&sql), out, err);
out:
    buf_free(&sql);
    return st;
}
