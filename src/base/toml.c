/*
 * The structure of TOML 1.0: headers, dotted keys, arrays, inline tables.
 *
 * Most of the specification's prose is about who may add to which table. Each
 * table therefore remembers how it came to be:
 *
 *     made by                     [it] later   [it.sub] later   it.key = later
 *     ROOT    the document        -            yes              yes
 *     IMPLIED [it.sub]            yes, once    yes              no
 *     HEADER  [it], [[it]]        no           yes              no
 *     DOTTED  it.key =            no           yes              yes
 *     CLOSED  it = { }            no           no               no
 *
 * "Later" for the last column means within the section where it was made;
 * from elsewhere the table cannot be reached, since its section cannot be
 * opened again.
 */
#include "base/toml.h"

#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/toml_parser.h"

#define TOML_MAX_BYTES ((size_t)16 << 20)
#define TOML_MAX_DEPTH 64

typedef enum Origin { ORIGIN_HEADER, ORIGIN_IMPLIED, ORIGIN_DOTTED, ORIGIN_CLOSED } Origin;

/* What a reader sees first, then what only the parser needs. */
typedef struct Node {
    Toml v;
    Toml *last;
    Origin origin; /* of a table; an array is CLOSED, or HEADER when made by [[it]] */
    unsigned depth;
} Node;

static Node *node_of(Toml *v)
{
    return (Node *)(void *)v;
}

static Status fail_as(const TomlParser *p, Status status, uint32_t line, Error *err, const char *message)
{
    (void)error_set(err, status, "%s", message);
    error_at(err, p->name, 0, NULL);
    if (err)
        err->line = line;
    return status;
}

Status toml_fail(const TomlParser *p, uint32_t line, Error *err, const char *fmt, ...)
{
    char message[300];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    return fail_as(p, ERR_PARSE, line, err, message);
}

/* ---- the tree ---- */

static Status node_new(TomlParser *p, const Node *parent, TomlType type, Origin origin, Node **out, Error *err)
{
    unsigned depth = parent ? parent->depth + 1 : 0;
    if (depth > TOML_MAX_DEPTH)
        return fail_as(p, ERR_LIMIT, p->line, err, "nested deeper than 64");
    Node *n = NULL;
    TRY(arena_new(p->arena, Node, 1, &n, err));
    n->v.type = type;
    n->v.line = p->line;
    n->origin = origin;
    n->depth = depth;
    *out = n;
    return OK;
}

static void append(Node *parent, Node *child)
{
    if (parent->last)
        parent->last->next = &child->v;
    else
        parent->v.first = &child->v;
    parent->last = &child->v;
    parent->v.count++;
}

/* The name of a member in the document-wide index. */
static Status index_key(TomlParser *p, const Node *table, Slice key, Slice *out, Error *err)
{
    buf_reset(&p->scratch);
    buf_add(&p->scratch, (Slice){(const char *)&table, sizeof table});
    buf_add(&p->scratch, key);
    *out = buf_slice(&p->scratch);
    return buf_status(&p->scratch, err);
}

/* *out is NULL when the table has no such member. */
static Status find_member(TomlParser *p, const Node *table, Slice key, Node **out, Error *err)
{
    Slice name;
    uint64_t found = 0;
    TRY(index_key(p, table, key, &name, err));
    *out = map_get(&p->members, name, &found) ? (Node *)(uintptr_t)found : NULL;
    return OK;
}

static Status add_member(TomlParser *p, Node *table, Slice key, Node *child, Error *err)
{
    Slice name;
    TRY(index_key(p, table, key, &name, err));
    TRY(map_put(&p->members, name, (uint64_t)(uintptr_t)child, NULL, err));
    child->v.key = key;
    append(table, child);
    return OK;
}

static Status add_table(TomlParser *p, Node *parent, Slice key, Origin origin, Node **out, Error *err)
{
    TRY(node_new(p, parent, TOML_TABLE, origin, out, err));
    return add_member(p, parent, key, *out, err);
}

static Status add_element(TomlParser *p, Node *array, Node **out, Error *err)
{
    TRY(node_new(p, array, TOML_TABLE, ORIGIN_HEADER, out, err));
    append(array, *out);
    return OK;
}

static Status fail_taken(const TomlParser *p, Slice key, const Node *before, Error *err)
{
    return toml_fail(p, p->line, err, "%.100s is defined already, in line %u", key.ptr, (unsigned)before->v.line);
}

/* ---- blanks, comments, line ends ---- */

static void skip_blanks(TomlParser *p)
{
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

static Status skip_comment(TomlParser *p, Error *err)
{
    if (*p->at != '#')
        return OK;
    for (; p->at != p->end && *p->at != '\n'; p->at++) {
        unsigned char c = (unsigned char)*p->at;
        bool carriage_return = c == '\r' && p->at[1] == '\n';
        if ((c < 0x20 && c != '\t' && !carriage_return) || c == 0x7F)
            return toml_fail(p, p->line, err, "control character in a comment");
    }
    return OK;
}

/* Steps over one LF or CRLF. */
static bool skip_line_end(TomlParser *p)
{
    if (*p->at == '\r' && p->at[1] == '\n')
        p->at++;
    if (*p->at != '\n')
        return false;
    p->at++;
    p->line++;
    return true;
}

static Status end_of_statement(TomlParser *p, Error *err)
{
    skip_blanks(p);
    TRY(skip_comment(p, err));
    if (p->at != p->end && !skip_line_end(p))
        return toml_fail(p, p->line, err, "only a comment may follow on this line");
    return OK;
}

/* Inside an array blanks, comments and line ends may stand anywhere. */
static Status skip_array_space(TomlParser *p, Error *err)
{
    do {
        skip_blanks(p);
        TRY(skip_comment(p, err));
    } while (skip_line_end(p));
    return OK;
}

/* ---- keys and values ---- */

static Status parse_value(TomlParser *p, Node *parent, Node **out, Error *err);

/* Where a dotted key leads next: the table `key` under `table`, made when absent. */
static Status dotted_step(TomlParser *p, Node *table, Slice key, Node **out, Error *err)
{
    Node *found = NULL;
    TRY(find_member(p, table, key, &found, err));
    if (!found)
        return add_table(p, table, key, ORIGIN_DOTTED, out, err);
    if (found->v.type != TOML_TABLE || found->origin != ORIGIN_DOTTED)
        return fail_taken(p, key, found, err);
    *out = found;
    return OK;
}

/* True, and past the dot, when another part of the key follows. */
static bool skip_dot(TomlParser *p)
{
    skip_blanks(p);
    if (*p->at != '.')
        return false;
    p->at++;
    skip_blanks(p);
    return true;
}

static Status parse_pair(TomlParser *p, Node *table, Error *err)
{
    Slice key;
    TRY(toml_key_part(p, &key, err));
    while (skip_dot(p)) {
        TRY(dotted_step(p, table, key, &table, err));
        TRY(toml_key_part(p, &key, err));
    }
    if (*p->at != '=')
        return toml_fail(p, p->line, err, "'=' must follow the key");
    p->at++;
    skip_blanks(p);
    Node *before = NULL;
    TRY(find_member(p, table, key, &before, err));
    if (before)
        return fail_taken(p, key, before, err);
    Node *value = NULL;
    TRY(parse_value(p, table, &value, err));
    return add_member(p, table, key, value, err);
}

static Status parse_array(TomlParser *p, Node *array, Error *err)
{
    uint32_t opened = p->line;
    p->at++;
    for (;;) {
        TRY(skip_array_space(p, err));
        if (*p->at == ']')
            break;
        if (p->at == p->end)
            return toml_fail(p, opened, err, "array is not closed");
        Node *element = NULL;
        TRY(parse_value(p, array, &element, err));
        append(array, element);
        TRY(skip_array_space(p, err));
        if (*p->at == ',')
            p->at++;
        else if (*p->at != ']' && p->at != p->end)
            return toml_fail(p, p->line, err, "',' or ']' must follow an element of an array");
    }
    p->at++;
    return OK;
}

/* One line, no comma before the brace: both are TOML 1.0. */
static Status parse_inline_table(TomlParser *p, Node *table, Error *err)
{
    p->at++;
    skip_blanks(p);
    if (*p->at == '}') {
        p->at++;
        return OK;
    }
    for (;;) {
        TRY(parse_pair(p, table, err));
        skip_blanks(p);
        if (*p->at == '}')
            break;
        if (*p->at != ',')
            return toml_fail(p, p->line, err, "',' or '}' must follow a member of an inline table");
        p->at++;
        skip_blanks(p);
    }
    p->at++;
    return OK;
}

static Status parse_value(TomlParser *p, Node *parent, Node **out, Error *err)
{
    switch (*p->at) {
    case '[':
        TRY(node_new(p, parent, TOML_ARRAY, ORIGIN_CLOSED, out, err));
        return parse_array(p, *out, err);
    case '{':
        TRY(node_new(p, parent, TOML_TABLE, ORIGIN_CLOSED, out, err));
        return parse_inline_table(p, *out, err);
    default:
        TRY(node_new(p, parent, TOML_STRING, ORIGIN_CLOSED, out, err));
        return toml_scalar(p, &(*out)->v, err);
    }
}

/* ---- headers ---- */

/* Where the parts of a header before its last lead. */
static Status header_step(TomlParser *p, Node *table, Slice key, Node **out, Error *err)
{
    Node *found = NULL;
    TRY(find_member(p, table, key, &found, err));
    if (!found)
        return add_table(p, table, key, ORIGIN_IMPLIED, out, err);
    bool open = found->origin != ORIGIN_CLOSED;
    if (open && found->v.type == TOML_ARRAY)
        *out = node_of(found->last);
    else if (open && found->v.type == TOML_TABLE)
        *out = found;
    else
        return fail_taken(p, key, found, err);
    return OK;
}

static Status open_table(TomlParser *p, Node *parent, Slice key, Node **out, Error *err)
{
    Node *found = NULL;
    TRY(find_member(p, parent, key, &found, err));
    if (!found)
        return add_table(p, parent, key, ORIGIN_HEADER, out, err);
    if (found->v.type != TOML_TABLE || found->origin != ORIGIN_IMPLIED)
        return fail_taken(p, key, found, err);
    found->origin = ORIGIN_HEADER;
    found->v.line = p->line;
    *out = found;
    return OK;
}

static Status open_element(TomlParser *p, Node *parent, Slice key, Node **out, Error *err)
{
    Node *array = NULL;
    TRY(find_member(p, parent, key, &array, err));
    if (!array) {
        TRY(node_new(p, parent, TOML_ARRAY, ORIGIN_HEADER, &array, err));
        TRY(add_member(p, parent, key, array, err));
    } else if (array->v.type != TOML_ARRAY || array->origin != ORIGIN_HEADER) {
        return fail_taken(p, key, array, err);
    }
    return add_element(p, array, out, err);
}

/* [a.b] or [[a.b]]; *section becomes the table that the following pairs go to. */
static Status parse_header(TomlParser *p, Node *root, Node **section, Error *err)
{
    bool element = p->at[1] == '[';
    p->at += element ? 2 : 1;
    skip_blanks(p);
    Node *table = root;
    Slice key;
    TRY(toml_key_part(p, &key, err));
    while (skip_dot(p)) {
        TRY(header_step(p, table, key, &table, err));
        TRY(toml_key_part(p, &key, err));
    }
    if (*p->at != ']' || (element && p->at[1] != ']'))
        return toml_fail(p, p->line, err, "header is not closed");
    p->at += element ? 2 : 1;
    return element ? open_element(p, table, key, section, err) : open_table(p, table, key, section, err);
}

/* ---- the document ---- */

static Status parse_document(TomlParser *p, Node **root, Error *err)
{
    TRY(node_new(p, NULL, TOML_TABLE, ORIGIN_HEADER, root, err));
    Node *section = *root;
    while (p->at != p->end) {
        skip_blanks(p);
        if (*p->at == '[')
            TRY(parse_header(p, *root, &section, err));
        else if (p->at != p->end && *p->at != '#' && *p->at != '\n' && *p->at != '\r')
            TRY(parse_pair(p, section, err));
        TRY(end_of_statement(p, err));
    }
    return OK;
}

static Status check_bytes(TomlParser *p, Slice text, Error *err)
{
    size_t bad = 0;
    if (text.len > TOML_MAX_BYTES)
        return fail_as(p, ERR_LIMIT, 0, err, "larger than 16 MiB");
    if (slice_is_utf8(text, &bad))
        return OK;
    uint32_t line = 1;
    for (size_t i = 0; i < bad; i++)
        line += text.ptr[i] == '\n';
    return toml_fail(p, line, err, "bytes are not UTF-8");
}

Status toml_parse(Slice text, const char *name, Arena *arena, const Toml **out, Error *err)
{
    TomlParser p = {.name = name, .line = 1, .arena = arena};
    TRY(check_bytes(&p, text, err));
    if (slice_starts(text, SLICE("\xEF\xBB\xBF")))
        text = slice_sub(text, 3, text.len);
    char *copy = NULL; /* for the NUL at the end */
    Status st = mem_strndup(text.ptr, text.len, &copy, err);
    if (st != OK)
        return st;
    p.at = copy;
    p.end = copy + text.len;
    buf_init(&p.scratch, 0);
    Node *root = NULL;
    st = map_init(&p.members, err);
    if (st == OK)
        st = parse_document(&p, &root, err);
    if (st == OK)
        *out = &root->v;
    map_free(&p.members);
    buf_free(&p.scratch);
    mem_free(copy);
    return st;
}

Status toml_read(const char *path, Arena *arena, const Toml **out, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = file_read(path, TOML_MAX_BYTES, &text, err);
    if (st == OK)
        st = toml_parse(buf_slice(&text), path, arena, out, err);
    buf_free(&text);
    return st;
}
