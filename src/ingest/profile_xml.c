/*
 * An unknown XML file as rows: the row element is the child of the root that
 * occurs most often, its columns are the paths of all elements below it that
 * hold text. Two passes, the first to choose the element.
 */
#include "ingest/profile.h"

#include <libxml/xmlreader.h>

#define DEPTH_MAX 32
#define COLUMNS_MAX 500

typedef struct Walk {
    Profile *p;
    xmlTextReaderPtr xml;
    Map names;   /* first pass: child of the root -> count */
    Map columns; /* second: path -> column */
    Buf path;
    size_t marks[DEPTH_MAX + 1];
    int depth;   /* open elements below the row; -1 outside rows */
    Buf text;
} Walk;

static Slice name_of(Walk *w)
{
    return slice_of((const char *)xmlTextReaderConstLocalName(w->xml));
}

static void ignore_message(void *ctx, xmlErrorPtr error)
{
    UNUSED(ctx);
    UNUSED(error);
}

static Status each_node(Walk *w, Status (*fn)(Walk *w, int type, Error *err), Error *err)
{
    w->xml = xmlReaderForFile(w->p->path, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    if (!w->xml)
        return error_set(err, ERR_IO, "could not open %s", path_base(w->p->path));
    xmlTextReaderSetStructuredErrorHandler(w->xml, ignore_message, NULL);
    Status st = OK;
    int got = 1;
    while (st == OK && (got = xmlTextReaderRead(w->xml)) == 1) {
        int type = xmlTextReaderNodeType(w->xml);
        if (type == XML_READER_TYPE_DOCUMENT_TYPE)
            st = error_set(err, ERR_PARSE, "the document has a type declaration (DOCTYPE), which is not accepted");
        else
            st = fn(w, type, err);
    }
    if (st == OK && got < 0)
        st = error_set(err, ERR_PARSE, "the document is not well-formed XML");
    xmlFreeTextReader(w->xml);
    w->xml = NULL;
    return st;
}

static Status count_names(Walk *w, int type, Error *err)
{
    uint64_t count = 0;
    if (type != XML_READER_TYPE_ELEMENT || xmlTextReaderDepth(w->xml) != 1)
        return OK;
    map_get(&w->names, name_of(w), &count);
    return map_put(&w->names, name_of(w), count + 1, NULL, err);
}

static Status choose_row(Walk *w, Error *err)
{
    const MapEntry *best = NULL;
    for (size_t i = 0; i < w->names.len; i++)
        if (!best || w->names.entries[i].value > best->value)
            best = &w->names.entries[i];
    if (!best)
        return error_set(err, ERR_INVALID, "the document's root has no elements");
    return arena_dup(&w->p->arena, best->key, &w->p->row_element, err);
}

static Status see_text(Walk *w, Error *err)
{
    Slice text = slice_trim(buf_slice(&w->text));
    uint64_t index = w->p->columns.len;
    if (text.len == 0)
        return OK;
    if (!map_get(&w->columns, buf_slice(&w->path), &index)) {
        Column c = {0};
        if (w->p->columns.len == COLUMNS_MAX)
            return OK;
        TRY(arena_dup(&w->p->arena, buf_slice(&w->path), &c.header, err));
        TRY(vec_push(&w->p->columns, c, err));
        TRY(map_put(&w->columns, c.header, index, NULL, err));
    }
    return column_see(w->p, &w->p->columns.at[index], text, err);
}

static Status open_element(Walk *w, Error *err)
{
    if (w->depth >= DEPTH_MAX)
        return error_set(err, ERR_LIMIT, "elements are nested too deep");
    w->marks[w->depth++] = w->path.len;
    buf_reset(&w->text);
    if (slice_eq_z(name_of(w), "CodeValue"))
        return OK;
    if (w->path.len > 0)
        buf_addc(&w->path, '/');
    buf_add(&w->path, name_of(w));
    return OK;
}

static Status close_element(Walk *w, Error *err)
{
    TRY(see_text(w, err));
    buf_reset(&w->text);
    w->path.len = w->marks[--w->depth];
    return OK;
}

static Status see_node(Walk *w, int type, Error *err)
{
    bool is_empty = type == XML_READER_TYPE_ELEMENT && xmlTextReaderIsEmptyElement(w->xml) == 1;
    if (w->depth < 0) {
        if (type != XML_READER_TYPE_ELEMENT || xmlTextReaderDepth(w->xml) != 1 || !slice_eq(name_of(w),
            w->p->row_element))
            return OK;
        w->p->rows++;
        w->depth = is_empty ? -1 : 0;
        buf_reset(&w->path);
        return OK;
    }
    if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA) {
        buf_adds(&w->text, (const char *)xmlTextReaderConstValue(w->xml));
    } else if (type == XML_READER_TYPE_ELEMENT) {
        TRY(open_element(w, err));
        return is_empty ? close_element(w, err) : OK;
    } else if (type == XML_READER_TYPE_END_ELEMENT) {
        if (w->depth > 0)
            return close_element(w, err);
        w->depth = -1;
    }
    return OK;
}

Status profile_xml(Profile *p, Error *err)
{
    Walk w = {.p = p, .depth = -1};
    buf_init(&w.path, 0);
    buf_init(&w.text, 0);
    Status st;
    TRY_OUT(map_init(&w.names, err));
    TRY_OUT(map_init(&w.columns, err));
    TRY_OUT(each_node(&w, count_names, err));
    TRY_OUT(choose_row(&w, err));
    TRY_OUT(each_node(&w, see_node, err));
out:
    map_free(&w.names);
    map_free(&w.columns);
    buf_free(&w.path);
    buf_free(&w.text);
    return st;
}
