/*
 * Compiles HTML templates to C at build time: usage: tmplc OUT.h OUT.c TEMPLATE.html ...
 *
 * A template begins with a declaration of what it shows, in a comment:
 *
 *     <!--page
 *     title: text
 *     chart: html
 *     printed: flag
 *     rows: list
 *       label: text
 *       more: text
 *     end
 *     -->
 *
 * and becomes a struct and a function that appends to a Buf. In the body
 *
 *     {{title}}                    the value, escaped for where it stands
 *     {{#rows}} ... {{/rows}}      once an item; its fields are seen first, then those outside
 *     {{?more}} ... {{/more}}      when the flag is set, the text not empty, the list not empty
 *     {{^more}} ... {{/more}}      when not
 *
 * The compiler follows the HTML, so it knows whether a value stands in text, in an attribute or in a URL, and writes
 * the escape for it; anywhere else (unquoted attribute, tag, script, style, comment) it refuses. Only a field of type
 * html goes out as it is, only in text, and in C that is a type of its own. Nothing is parsed at run time, and a
 * template that names a field that does not exist does not build.
 *
 * Build-time tooling, not product: talks to libc directly, runs on the building machine and does not stand on base.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 64
#define MAX_DEPTH 8

typedef enum FieldType { FIELD_TEXT, FIELD_HTML, FIELD_FLAG, FIELD_LIST } FieldType;

typedef struct Field Field;
typedef struct Scope {
    Field *fields[MAX_FIELDS];
    size_t count;
    char type_name[128];
} Scope;
struct Field {
    char name[64];
    FieldType type;
    Scope items; /* FIELD_LIST */
};

typedef enum Place { IN_TEXT, IN_TAG, IN_VALUE, IN_COMMENT, IN_RAW } Place;

typedef struct Html {
    Place place;
    char tag[32];
    char attribute[32];
    size_t tag_len, attribute_len;
    bool naming_tag, closing, after_equals;
} Html;

typedef struct Block {
    const Field *field;
    char kind; /* '#', '?' or '^' */
    Place place;
} Block;

typedef struct Compiler {
    const char *path;
    int line;
    FILE *out;
    Scope root;
    Html html;
    Block blocks[MAX_DEPTH];
    size_t depth;
    const Scope *scopes[MAX_DEPTH + 1]; /* innermost last */
    char variables[MAX_DEPTH + 1][32];
    size_t scope_count;
} Compiler;

static void refuse(const Compiler *c, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
static void refuse(const Compiler *c, const char *fmt, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", c->path, c->line);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static char *read_all(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    long size = ftell(in);
    rewind(in);
    char *text = malloc((size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, in) != (size_t)size) {
        perror(path);
        exit(1);
    }
    text[size] = '\0';
    fclose(in);
    return text;
}

/* --- the declaration ------------------------------------------------------------------------------------------- */

static void camel(char *out, size_t size, const char *prefix, const char *name)
{
    size_t n = (size_t)snprintf(out, size, "%s", prefix);
    bool upper = true;
    for (; *name && n + 1 < size; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        out[n++] = (char)(upper ? toupper((unsigned char)*name) : *name);
        upper = false;
    }
    out[n] = '\0';
}

static Field *add_field(const Compiler *c, Scope *scope, const char *name, FieldType type)
{
    if (scope->count == MAX_FIELDS)
        refuse(c, "more than %d fields", MAX_FIELDS);
    for (size_t i = 0; i < scope->count; i++)
        if (strcmp(scope->fields[i]->name, name) == 0)
            refuse(c, "field %s is declared twice", name);
    Field *f = calloc(1, sizeof *f);
    if (!f)
        exit(1);
    snprintf(f->name, sizeof f->name, "%s", name);
    f->type = type;
    scope->fields[scope->count++] = f;
    return f;
}

/* Returns the text after the declaration. */
static char *declare(Compiler *c, char *text, const char *name)
{
    static const char open[] = "<!--page\n";
    if (strncmp(text, open, sizeof open - 1) != 0)
        refuse(c, "the template does not begin with <!--page");
    char *end = strstr(text, "\n-->\n");
    if (!end)
        refuse(c, "the declaration is not closed");
    *end = '\0';
    camel(c->root.type_name, sizeof c->root.type_name, "Tmpl", name);
    Scope *stack[MAX_DEPTH] = {&c->root};
    size_t depth = 0;
    for (char *line = strtok(text + sizeof open - 1, "\n"); line; line = strtok(NULL, "\n")) {
        c->line++;
        char field[64], type[16];
        if (sscanf(line, " %63[a-z0-9_]: %15[a-z]", field, type) != 2) {
            if (strstr(line, "end") && depth > 0) {
                depth--;
                continue;
            }
            refuse(c, "expected \"name: type\" or \"end\"");
        }
        if (strcmp(type, "text") == 0)
            add_field(c, stack[depth], field, FIELD_TEXT);
        else if (strcmp(type, "html") == 0)
            add_field(c, stack[depth], field, FIELD_HTML);
        else if (strcmp(type, "flag") == 0)
            add_field(c, stack[depth], field, FIELD_FLAG);
        else if (strcmp(type, "list") == 0 && depth + 1 < MAX_DEPTH) {
            Field *f = add_field(c, stack[depth], field, FIELD_LIST);
            camel(f->items.type_name, sizeof f->items.type_name, stack[depth]->type_name, field);
            stack[++depth] = &f->items;
        } else
            refuse(c, "unknown type %s", type);
    }
    if (depth != 0)
        refuse(c, "a list is not ended");
    c->line += 2;
    return end + 5;
}

/* Lists first: a struct must be known before the one that holds it. */
static void write_structs(FILE *out, const Scope *scope)
{
    for (size_t i = 0; i < scope->count; i++)
        if (scope->fields[i]->type == FIELD_LIST)
            write_structs(out, &scope->fields[i]->items);
    fprintf(out, "typedef struct %s {\n", scope->type_name);
    for (size_t i = 0; i < scope->count; i++) {
        const Field *f = scope->fields[i];
        switch (f->type) {
        case FIELD_TEXT:
            fprintf(out, "    Slice %s;\n", f->name);
            break;
        case FIELD_HTML:
            fprintf(out, "    Html %s;\n", f->name);
            break;
        case FIELD_FLAG:
            fprintf(out, "    bool %s;\n", f->name);
            break;
        case FIELD_LIST:
            fprintf(out, "    const %s *%s;\n    size_t %s_count;\n", f->items.type_name, f->name, f->name);
            break;
        }
    }
    fprintf(out, "} %s;\n\n", scope->type_name);
}

/* --- following the HTML ---------------------------------------------------------------------------------------- */

static bool is_raw_element(const char *tag)
{
    return strcmp(tag, "script") == 0 || strcmp(tag, "style") == 0;
}

static void html_name(char *name, size_t size, size_t *len, char ch)
{
    if (*len + 1 < size)
        name[(*len)++] = (char)tolower((unsigned char)ch);
    name[*len] = '\0';
}

static void tag_char(Compiler *c, char ch)
{
    Html *h = &c->html;
    if (ch == '>') {
        h->place = !h->closing && is_raw_element(h->tag) ? IN_RAW : IN_TEXT;
        return;
    }
    if (h->naming_tag) {
        if (ch == '/' && h->tag_len == 0)
            h->closing = true;
        else if (isspace((unsigned char)ch))
            h->naming_tag = false;
        else
            html_name(h->tag, sizeof h->tag, &h->tag_len, ch);
        return;
    }
    if (ch == '"') {
        if (!h->after_equals)
            refuse(c, "a quote without an attribute");
        h->place = IN_VALUE;
        h->after_equals = false;
    } else if (ch == '\'') {
        refuse(c, "attributes are quoted with \"");
    } else if (ch == '=') {
        h->after_equals = true;
    } else if (isspace((unsigned char)ch) || ch == '/') {
        h->attribute_len = 0;
    } else if (h->after_equals) {
        refuse(c, "an attribute without quotes");
    } else {
        html_name(h->attribute, sizeof h->attribute, &h->attribute_len, ch);
    }
}

/* Follows literal text; returns how many characters it took in one step. */
static size_t html_step(Compiler *c, const char *at)
{
    Html *h = &c->html;
    switch (h->place) {
    case IN_TEXT:
        if (strncmp(at, "<!--", 4) == 0) {
            h->place = IN_COMMENT;
            return 4;
        }
        if (*at == '<') {
            bool opens = isalpha((unsigned char)at[1]) || at[1] == '/' || at[1] == '!';
            if (!opens)
                refuse(c, "a bare <");
            h->place = IN_TAG;
            h->tag_len = h->attribute_len = 0;
            h->tag[0] = h->attribute[0] = '\0';
            h->naming_tag = true;
            h->closing = h->after_equals = false;
        }
        return 1;
    case IN_TAG:
        tag_char(c, *at);
        return 1;
    case IN_VALUE:
        if (*at == '"') {
            h->place = IN_TAG;
            h->attribute_len = 0;
        }
        return 1;
    case IN_COMMENT:
        if (strncmp(at, "-->", 3) == 0) {
            h->place = IN_TEXT;
            return 3;
        }
        return 1;
    case IN_RAW:
        if (strncmp(at, "</", 2) == 0) {
            h->place = IN_TAG;
            h->tag_len = 0;
            h->naming_tag = true;
            h->closing = false;
        }
        return 1;
    }
    return 1;
}

static bool is_url_attribute(const char *name)
{
    static const char *const url[] = {"href", "src", "action", "formaction", "cite", "poster", "xlink:href"};
    for (size_t i = 0; i < sizeof url / sizeof *url; i++)
        if (strcmp(name, url[i]) == 0)
            return true;
    return false;
}

/* --- the body -------------------------------------------------------------------------------------------------- */

static void indent(const Compiler *c)
{
    for (size_t i = 0; i <= c->depth; i++)
        fputs("    ", c->out);
}

/* One C string a line of the template, so that the result can be read. */
static void write_literal(const Compiler *c, const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        indent(c);
        fputs("buf_adds(out, \"", c->out);
        while (i < len) {
            unsigned char ch = (unsigned char)text[i++];
            if (ch == '\n') {
                fputs("\\n", c->out);
                break;
            }
            if (ch == '"' || ch == '\\')
                fprintf(c->out, "\\%c", ch);
            else if (ch < 32 || ch > 126)
                fprintf(c->out, "\\%03o", ch);
            else
                fputc(ch, c->out);
        }
        fputs("\");\n", c->out);
    }
}

static const Field *look_up(const Compiler *c, const char *name, const char **variable)
{
    for (size_t s = c->scope_count; s-- > 0;)
        for (size_t i = 0; i < c->scopes[s]->count; i++)
            if (strcmp(c->scopes[s]->fields[i]->name, name) == 0) {
                *variable = c->variables[s];
                return c->scopes[s]->fields[i];
            }
    refuse(c, "there is no field %s", name);
}

static void write_value(const Compiler *c, const char *name)
{
    const char *v;
    const Field *f = look_up(c, name, &v);
    const Html *h = &c->html;
    indent(c);
    if (f->type == FIELD_HTML) {
        if (h->place != IN_TEXT)
            refuse(c, "html field %s may stand in text only", name);
        fprintf(c->out, "html_raw(out, %s->%s);\n", v, name);
        return;
    }
    if (f->type != FIELD_TEXT)
        refuse(c, "field %s is not a text", name);
    if (h->place == IN_TEXT)
        fprintf(c->out, "html_text(out, %s->%s);\n", v, name);
    else if (h->place == IN_VALUE && (strncmp(h->attribute, "on", 2) == 0 || strcmp(h->attribute, "style") == 0))
        refuse(c, "field %s stands in attribute %s, which is code", name, h->attribute);
    else if (h->place == IN_VALUE && is_url_attribute(h->attribute))
        fprintf(c->out, "html_url(out, %s->%s);\n", v, name);
    else if (h->place == IN_VALUE)
        fprintf(c->out, "html_attribute(out, %s->%s);\n", v, name);
    else
        refuse(c, "field %s stands where no escape is safe", name);
}

static void open_block(Compiler *c, char kind, const char *name)
{
    const char *v;
    const Field *f = look_up(c, name, &v);
    if (c->depth == MAX_DEPTH)
        refuse(c, "blocks are nested too deeply");
    if (c->html.place != IN_TEXT && c->html.place != IN_TAG && c->html.place != IN_VALUE)
        refuse(c, "a block in a comment or script");
    indent(c);
    if (kind == '#') {
        if (f->type != FIELD_LIST)
            refuse(c, "field %s is not a list", name);
        char *item = c->variables[c->scope_count];
        snprintf(item, sizeof c->variables[0], "item%zu", c->scope_count);
        fprintf(c->out, "for (const %s *%s = %s->%s; %s < %s->%s + %s->%s_count; %s++) {\n", f->items.type_name, item,
            v, name, item, v, name, v, name, item);
        c->scopes[c->scope_count++] = &f->items;
    } else {
        const char *no = kind == '^' ? "!" : "";
        switch (f->type) {
        case FIELD_FLAG:
            fprintf(c->out, "if (%s%s->%s) {\n", no, v, name);
            break;
        case FIELD_LIST:
            fprintf(c->out, "if (%s(%s->%s_count > 0)) {\n", no, v, name);
            break;
        case FIELD_TEXT:
            fprintf(c->out, "if (%s(%s->%s.len > 0)) {\n", no, v, name);
            break;
        case FIELD_HTML:
            fprintf(c->out, "if (%s(%s->%s.s.len > 0)) {\n", no, v, name);
            break;
        }
    }
    c->blocks[c->depth++] = (Block){f, kind, c->html.place};
}

static void close_block(Compiler *c, const char *name)
{
    if (c->depth == 0 || strcmp(c->blocks[c->depth - 1].field->name, name) != 0)
        refuse(c, "{{/%s}} closes nothing", name);
    Block b = c->blocks[--c->depth];
    if (b.place != c->html.place)
        refuse(c, "block %s ends in another part of the HTML than it began", name);
    if (b.kind == '#')
        c->scope_count--;
    indent(c);
    fputs("}\n", c->out);
}

static void compile_body(Compiler *c, const char *at)
{
    const char *from = at;
    while (*at) {
        if (strncmp(at, "{{", 2) != 0) {
            if (*at == '\n')
                c->line++;
            at += html_step(c, at);
            continue;
        }
        write_literal(c, from, (size_t)(at - from));
        char kind = at[2];
        bool block = strchr("#?^/", kind) != NULL;
        char name[64];
        int used = 0;
        if (sscanf(at + (block ? 3 : 2), "%63[a-z0-9_]}}%n", name, &used) != 1 || used == 0)
            refuse(c, "malformed {{ }}");
        at += (block ? 3 : 2) + used;
        if (kind == '/')
            close_block(c, name);
        else if (block)
            open_block(c, kind, name);
        else
            write_value(c, name);
        /* The mark of a block leaves no line break of its own. */
        if (block && *at == '\n' && c->html.place == IN_TEXT) {
            at++;
            c->line++;
        }
        from = at;
    }
    write_literal(c, from, (size_t)(at - from));
    if (c->depth != 0)
        refuse(c, "block %s is not closed", c->blocks[c->depth - 1].field->name);
    if (c->html.place != IN_TEXT)
        refuse(c, "the template ends inside a tag or comment");
}

static void scope_free(Scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        scope_free(&scope->fields[i]->items);
        free(scope->fields[i]);
    }
}

/* web/templates/page_index.html is named page_index. */
static void name_of(const char *path, char *out, size_t size)
{
    const char *base = strrchr(path, '/');
    snprintf(out, size, "%s", base ? base + 1 : path);
    char *dot = strrchr(out, '.');
    if (dot)
        *dot = '\0';
    for (char *p = out; *p; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
            *p = '_';
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: tmplc OUT.h OUT.c TEMPLATE.html ...\n");
        return 64;
    }
    FILE *header = fopen(argv[1], "w");
    FILE *source = fopen(argv[2], "w");
    if (!header || !source) {
        perror("tmplc");
        return 1;
    }
    const char *header_name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
    fputs("/* Made by tools/tmplc from web/templates. */\n#ifndef CAIRN_TEMPLATES_H\n#define CAIRN_TEMPLATES_H\n\n"
          "#include \"publish/html.h\"\n\n",
        header);
    fprintf(source, "/* Made by tools/tmplc from web/templates. */\n#include \"%s\"\n\n", header_name);
    for (int i = 3; i < argc; i++) {
        Compiler c = {.path = argv[i], .line = 1, .out = source, .html = {.place = IN_TEXT}};
        char name[64];
        name_of(argv[i], name, sizeof name);
        char *text = read_all(argv[i]);
        char *body = declare(&c, text, name);
        write_structs(header, &c.root);
        fprintf(header, "void tmpl_%s(Buf *out, const %s *v);\n\n", name, c.root.type_name);
        c.scopes[0] = &c.root;
        c.scope_count = 1;
        snprintf(c.variables[0], sizeof c.variables[0], "v");
        fprintf(source, "void tmpl_%s(Buf *out, const %s *v)\n{\n", name, c.root.type_name);
        compile_body(&c, body);
        fputs("}\n\n", source);
        scope_free(&c.root);
        free(text);
    }
    fputs("#endif\n", header);
    return fclose(header) != 0 || fclose(source) != 0;
}
