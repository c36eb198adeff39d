/*
 * See edfi_reader.h. Every complete element below a row asks a map with its
 * path; the element's text goes to the cells that want it. Text is gathered per
 * element, because the parser may hand it over in several nodes.
 */
#include "ingest/edfi_reader.h"

#include <libxml/xmlreader.h>

#define NO_TARGET UINT64_MAX
#define RANK_NONE UINT32_MAX

/* One alternative of one field's path. Targets of the same path form a chain. */
typedef struct Target {
    size_t cell;
    uint32_t rank; /* position among the field's alternatives: lower wins */
    uint64_t next;
} Target;

typedef struct Cell {
    Buf text;
    uint32_t rank;
} Cell;

struct EdfiReader {
    xmlTextReaderPtr xml;
    EdfiReadFn read;
    void *read_ctx;
    Error read_error;
    bool want_raw;
    Arena arena;
    Slice *row_elements;
    size_t row_element_count;
    Map paths; /* path -> index of its first target */
    VEC(Target) targets;
    Cell *cells;
    Slice *values;
    size_t cell_count;
    Buf path;
    size_t path_marks[EDFI_DEPTH_MAX + 1]; /* path length above each open element */
    unsigned depth;                        /* open elements below the row */
    Buf text;
    Buf raw;
    uint64_t rows;
    uint64_t line;
    Defect defect;
    size_t defect_cell;
    Refusal refusal;
};

/* --- opening ------------------------------------------------------------------------------------------------- */

static int read_bytes(void *ctx, char *out, int size)
{
    EdfiReader *r = ctx;
    size_t got = 0;
    if (size <= 0)
        return 0;
    if (r->read(r->read_ctx, out, (size_t)size, &got, &r->read_error) != OK)
        return -1;
    return (int)got;
}

static int close_nothing(void *ctx)
{
    UNUSED(ctx);
    return 0;
}

/* The parser's own words quote the document, so they go nowhere. */
static void ignore_message(void *ctx, xmlErrorPtr error)
{
    UNUSED(ctx);
    UNUSED(error);
}

static Status add_target(EdfiReader *r, Slice path, size_t cell, uint32_t rank, Error *err)
{
    uint64_t index = r->targets.len;
    uint64_t first = index;
    TRY(vec_push(&r->targets, ((Target){.cell = cell, .rank = rank, .next = NO_TARGET}), err));
    TRY(map_get_or_put(&r->paths, path, index, &first, err));
    if (first == index)
        return OK;
    while (r->targets.at[first].next != NO_TARGET)
        first = r->targets.at[first].next;
    r->targets.at[first].next = index;
    return OK;
}

static Status add_paths(EdfiReader *r, const EdfiOptions *options, Error *err)
{
    for (size_t i = 0; i < options->path_count; i++) {
        Slice rest = options->paths[i];
        for (uint32_t rank = 0; rest.ptr && rest.len > 0; rank++)
            TRY(add_target(r, slice_trim(slice_cut(&rest, '|')), i, rank, err));
    }
    return OK;
}

static Status add_row_elements(EdfiReader *r, Slice names, Error *err)
{
    size_t count = 1;
    for (size_t i = 0; i < names.len; i++)
        count += names.ptr[i] == '|';
    TRY(arena_new(&r->arena, Slice, count, &r->row_elements, err));
    Slice rest = names;
    while (rest.ptr)
        TRY(arena_dup(&r->arena, slice_trim(slice_cut(&rest, '|')), &r->row_elements[r->row_element_count++], err));
    return OK;
}

static Status open_parts(EdfiReader *r, const EdfiOptions *options, Error *err)
{
    TRY(map_init(&r->paths, err));
    TRY(add_row_elements(r, options->row_element, err));
    TRY(add_paths(r, options, err));
    TRY(arena_new(&r->arena, Cell, options->path_count, &r->cells, err));
    TRY(arena_new(&r->arena, Slice, options->path_count, &r->values, err));
    r->cell_count = options->path_count;
    for (size_t i = 0; i < r->cell_count; i++)
        buf_init(&r->cells[i].text, RECORD_MAX_BYTES);
    int flags = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_COMPACT;
    r->xml = xmlReaderForIO(read_bytes, close_nothing, r, NULL, NULL, flags);
    if (!r->xml)
        return error_nomem(err);
    xmlTextReaderSetStructuredErrorHandler(r->xml, ignore_message, NULL);
    return OK;
}

Status edfi_open(const EdfiOptions *options, EdfiReader **out, Error *err)
{
    EdfiReader *r = NULL;
    TRY(mem_zalloc(1, sizeof *r, (void **)&r, err));
    arena_init(&r->arena, 0);
    buf_init(&r->path, 4096);
    buf_init(&r->text, RECORD_MAX_BYTES);
    buf_init(&r->raw, 0);
    r->read = options->read;
    r->read_ctx = options->read_ctx;
    r->want_raw = options->want_raw;
    Status st = open_parts(r, options, err);
    if (st != OK) {
        edfi_close(r);
        return st;
    }
    *out = r;
    return OK;
}

void edfi_close(EdfiReader *r)
{
    if (!r)
        return;
    if (r->xml)
        xmlFreeTextReader(r->xml);
    for (size_t i = 0; i < r->cell_count; i++)
        buf_free(&r->cells[i].text);
    buf_free(&r->path);
    buf_free(&r->text);
    buf_free(&r->raw);
    vec_free(&r->targets);
    map_free(&r->paths);
    arena_free(&r->arena);
    mem_free(r);
}

const Refusal *edfi_refusal(const EdfiReader *r)
{
    return &r->refusal;
}

Slice edfi_raw(const EdfiReader *r)
{
    return buf_slice(&r->raw);
}

/* --- one row ------------------------------------------------------------------------------------------------- */

static Slice local_name(EdfiReader *r)
{
    return slice_of((const char *)xmlTextReaderConstLocalName(r->xml));
}

static bool is_row_element(const EdfiReader *r, Slice name)
{
    for (size_t i = 0; i < r->row_element_count; i++)
        if (slice_eq(r->row_elements[i], name))
            return true;
    return false;
}

static void begin_row(EdfiReader *r)
{
    for (size_t i = 0; i < r->cell_count; i++) {
        buf_reset(&r->cells[i].text);
        r->cells[i].rank = RANK_NONE;
    }
    buf_reset(&r->path);
    buf_reset(&r->text);
    buf_reset(&r->raw);
    r->defect = DEFECT_NONE;
    r->depth = 0;
    r->rows++;
    r->line = (uint64_t)xmlGetLineNo(xmlTextReaderCurrentNode(r->xml));
    if (!r->want_raw)
        return;
    xmlChar *raw = xmlTextReaderReadOuterXml(r->xml);
    if (raw)
        buf_adds(&r->raw, (const char *)raw);
    xmlFree(raw);
}

static Slice cut_descriptor(Slice s)
{
    if (!slice_starts(s, SLICE("uri://")))
        return s;
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == '#')
            return slice_sub(s, i, s.len);
    return s;
}

static void deliver(EdfiReader *r, const Target *target, Slice text)
{
    Cell *cell = &r->cells[target->cell];
    if (target->rank > cell->rank)
        return;
    if (target->rank < cell->rank) {
        buf_reset(&cell->text);
        cell->rank = target->rank;
    } else {
        buf_addc(&cell->text, ';');
    }
    buf_add(&cell->text, text);
    if ((cell->text.status != OK || cell->text.len > FIELD_MAX_BYTES) && r->defect == DEFECT_NONE) {
        r->defect = DEFECT_CELL_LONG;
        r->defect_cell = target->cell;
    }
}

static void end_element(EdfiReader *r)
{
    Slice text = cut_descriptor(slice_trim(buf_slice(&r->text)));
    uint64_t index;
    if (text.len > 0 && map_get(&r->paths, buf_slice(&r->path), &index))
        for (; index != NO_TARGET; index = r->targets.at[index].next)
            deliver(r, &r->targets.at[index], text);
    buf_reset(&r->text);
    r->path.len = r->path_marks[--r->depth];
}

static void begin_element(EdfiReader *r, Slice name)
{
    buf_reset(&r->text);
    if (r->depth == EDFI_DEPTH_MAX) {
        refuse(&r->refusal, (uint64_t)xmlTextReaderGetParserLineNumber(r->xml), "elements are nested too deep");
        return;
    }
    r->path_marks[r->depth++] = r->path.len;
    if (slice_eq_z(name, "CodeValue") && r->path.len > 0)
        return;
    if (r->path.len > 0)
        buf_addc(&r->path, '/');
    buf_add(&r->path, name);
    if (r->path.status != OK)
        refuse(&r->refusal, (uint64_t)xmlTextReaderGetParserLineNumber(r->xml),
        "the names of nested elements are too long");
}

static void hand_over(EdfiReader *r, Record *record)
{
    for (size_t i = 0; i < r->cell_count; i++)
        r->values[i] = r->cells[i].rank == RANK_NONE ? (Slice){0} : buf_slice(&r->cells[i].text);
    *record = (Record){
        .number = r->rows,
        .line = r->line,
        .cells = r->values,
        .cell_count = r->cell_count,
        .defect = r->defect,
        .defect_cell = r->defect_cell,
    };
}

/* --- the stream of nodes ------------------------------------------------------------------------------------- */

typedef struct Walk {
    bool in_row;
    bool row_done;
} Walk;

static void meet_start(EdfiReader *r, Walk *walk)
{
    bool is_empty = xmlTextReaderIsEmptyElement(r->xml) == 1;
    Slice name = local_name(r);
    if (!walk->in_row) {
        if (xmlTextReaderDepth(r->xml) < 1 || !is_row_element(r, name))
            return;
        begin_row(r);
        walk->in_row = true;
        walk->row_done = is_empty;
        return;
    }
    begin_element(r, name);
    if (is_empty && !r->refusal.refused)
        end_element(r);
}

static void meet_end(EdfiReader *r, Walk *walk)
{
    if (!walk->in_row)
        return;
    if (r->depth > 0)
        end_element(r);
    else
        walk->row_done = true;
}

static void meet_node(EdfiReader *r, Walk *walk)
{
    uint64_t line = (uint64_t)xmlTextReaderGetParserLineNumber(r->xml);
    switch (xmlTextReaderNodeType(r->xml)) {
    case XML_READER_TYPE_ELEMENT:
        meet_start(r, walk);
        break;
    case XML_READER_TYPE_END_ELEMENT:
        meet_end(r, walk);
        break;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        if (walk->in_row)
            buf_adds(&r->text, (const char *)xmlTextReaderConstValue(r->xml));
        break;
    case XML_READER_TYPE_DOCUMENT_TYPE:
        refuse(&r->refusal, line, "the document has a type declaration (DOCTYPE), which is not accepted");
        break;
    case XML_READER_TYPE_ENTITY_REFERENCE:
        refuse(&r->refusal, line, "the document uses an entity, which is not accepted");
        break;
    default:
        break;
    }
}

Status edfi_next(EdfiReader *r, Record *record, bool *more, Error *err)
{
    *more = false;
    Walk walk = {0};
    int got = 1;
    while (!walk.row_done && !r->refusal.refused && (got = xmlTextReaderRead(r->xml)) == 1)
        meet_node(r, &walk);
    if (r->read_error.status != OK) {
        if (err)
            *err = r->read_error;
        return r->read_error.status;
    }
    if (got < 0 || (got == 0 && walk.in_row))
        refuse(&r->refusal, (uint64_t)xmlTextReaderGetParserLineNumber(r->xml), "the document is not well-formed XML");
    if (r->refusal.refused || !walk.row_done)
        return OK;
    hand_over(r, record);
    *more = true;
    return OK;
}
