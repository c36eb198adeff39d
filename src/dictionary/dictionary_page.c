/* The dictionary as one page that stands alone. */
#include "dictionary/dictionary_parts.h"
#include "publish/paper.h"

#include "dictionary/dictionary_templates.h"

#define CODES_SHOWN 30 /* longer lists make a page of their own; the CSV has them whole */

typedef struct Page {
    const Dictionary *d;
    Arena arena;
} Page;

static Status kept(Page *p, Buf *text, Slice *out, Error *err)
{
    Status st = buf_status(text, err);
    if (st == OK)
        st = arena_dup(&p->arena, buf_slice(text), out, err);
    buf_free(text);
    return st;
}

static Status codes_shown(Page *p, const DictionaryElement *e, Slice *out, Error *err)
{
    const char *text;
    Slice rest = e->codes;
    *out = e->codes;
    if (e->code_count <= CODES_SHOWN)
        return OK;
    for (size_t i = 0; i < CODES_SHOWN; i++)
        (void)slice_cut(&rest, ';');
    size_t shown = rest.ptr ? (size_t)(rest.ptr - e->codes.ptr) - 1 : e->codes.len;
    TRY(arena_printf(
        &p->arena, &text, err, "%.*s; and %zu more", (int)shown, e->codes.ptr, e->code_count - CODES_SHOWN));
    *out = slice_of(text);
    return OK;
}

static void year_name(Buf *out, int32_t year)
{
    if (year == DICTIONARY_NO_YEAR)
        buf_adds(out, "undated");
    else
        buf_addf(out, "%d", (int)year);
}

/* Runs of years with one rate together: "2016-2019: 100; 2020: 87". */
static Status fill_shown(Page *p, const DictionaryElement *e, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (size_t i = 0, to; i < e->year_count; i = to) {
        const DictionaryYear *y = &e->years[i];
        for (to = i + 1; to < e->year_count && e->years[to].percent == y->percent; to++)
            ;
        buf_adds(&b, i ? "; " : "");
        year_name(&b, y->year);
        if (to > i + 1) {
            buf_adds(&b, "\xe2\x80\x93");
            year_name(&b, e->years[to - 1].year);
        }
        if (y->percent >= 0)
            buf_addf(&b, ": %d", y->percent);
        else
            buf_adds(&b, y->percent == FILL_TOO_FEW ? ": too few rows" : ": in the vault");
    }
    return kept(p, &b, out, err);
}

static Status breaks_shown(Page *p, const DictionaryElement *e, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < e->year_count; i++) {
        if (e->years[i].breaks.len == 0)
            continue;
        buf_adds(&b, b.len ? "; " : "");
        year_name(&b, e->years[i].year);
        buf_addf(&b, ": %.*s", SLICE_ARG(e->years[i].breaks));
    }
    return kept(p, &b, out, err);
}

static Status element_row(Page *p, const DictionaryElement *e, TmplDictionaryTablesElements *out, Error *err)
{
    const char *text;
    Buf years;
    *out = (TmplDictionaryTablesElements){.name = e->name,
        .element = e->element,
        .definition = e->definition,
        .note = e->note,
        .type = e->type,
        .purpose = e->purpose,
        .origin = e->origin,
        .sensitivity = e->sensitivity,
        .assumed = slice_eq_z(e->status, "assumed"),
        .retired = e->is_retired};
    if (e->agreement.len > 0) {
        TRY(arena_printf(&p->arena, &text, err, "%.*s, clause %.*s", SLICE_ARG(e->agreement), SLICE_ARG(e->clause)));
        out->agreement = slice_of(text);
    }
    buf_init(&years, 0);
    dictionary_years(e, &years);
    TRY(kept(p, &years, &out->years, err));
    TRY(codes_shown(p, e, &out->codes, err));
    TRY(fill_shown(p, e, &out->fill, err));
    return breaks_shown(p, e, &out->breaks, err);
}

static Status table_part(Page *p, size_t number, TmplDictionaryTables *out, PaperSection *section, Error *err)
{
    const DictionaryTable *t = &p->d->tables[number];
    TmplDictionaryTablesElements *rows;
    const char *anchor;
    TRY(arena_printf(&p->arena, &anchor, err, "table-%.*s", SLICE_ARG(t->name)));
    *out = (TmplDictionaryTables){.anchor = slice_of(anchor),
        .title = t->title,
        .code = t->name,
        .definition = t->definition,
        .source = t->source,
        .shared = t->shared,
        .unshared = t->kind == DICTIONARY_SOURCE && t->shared.len == 0,
        .is_source = t->kind == DICTIONARY_SOURCE};
    TRY(arena_new(&p->arena, TmplDictionaryTablesElements, t->element_count, &rows, err));
    for (size_t i = 0; i < t->element_count; i++)
        TRY(element_row(p, &t->elements[i], &rows[i], err));
    out->elements = rows;
    out->elements_count = t->element_count;
    *section = (PaperSection){.anchor = out->anchor, .title = t->title};
    return OK;
}

static Status lines(Page *p, TmplDictionary *v, Error *err)
{
    size_t sources = 0, elements = 0;
    const char *text;
    for (size_t i = 0; i < p->d->table_count; i++) {
        sources += p->d->tables[i].kind == DICTIONARY_SOURCE;
        elements += p->d->tables[i].element_count;
    }
    TRY(arena_printf(&p->arena, &text, err,
        "%zu elements: of %zu kinds of files that agencies send, and of %zu tables kept under pseudonyms.", elements,
        sources, p->d->table_count - sources));
    v->counts = slice_of(text);
    TRY(arena_printf(&p->arena, &text, err,
        "A fill rate is the share of rows with a value, in whole percents, shown for a year with at least %" PRId64
        " rows. A year is a break when definition, type or code list differ from the year before, or when the fill "
        "rate moved by more than %" PRId64 " points.",
        p->d->minimum_rows, p->d->jump_points));
    v->thresholds = slice_of(text);
    return OK;
}

static Status page(Page *p, Buf *body, Buf *out, Error *err)
{
    const size_t n = p->d->table_count;
    TmplDictionaryTables *tables;
    PaperSection *sections;
    TmplDictionary v = {.is_computed = p->d->is_computed};
    TRY(lines(p, &v, err));
    TRY(arena_new(&p->arena, TmplDictionaryTables, n, &tables, err));
    TRY(arena_new(&p->arena, PaperSection, n, &sections, err));
    for (size_t i = 0; i < n; i++)
        TRY(table_part(p, i, &tables[i], &sections[i], err));
    v.tables = tables;
    v.tables_count = n;
    tmpl_dictionary(body, &v);
    TRY(buf_status(body, err));
    const Paper paper = {.language = p->d->language,
        .site = p->d->site,
        .kicker = SLICE("Data dictionary"),
        .title = SLICE("What is held, and why"),
        .lead = SLICE("Every element that agencies send and every table made from them: what it means, under which "
                      "agreement and for what purpose it is held, how sensitive it is."),
        .sections = sections,
        .section_count = n,
        .body = html_of(body),
        .foot = SLICE("Made from the rules that the system itself works by: an element that is not here is not taken "
                      "in.")};
    return paper_write(&paper, out, err);
}

Status dictionary_html(const Dictionary *d, Buf *out, Error *err)
{
    Page p = {.d = d};
    Buf body;
    arena_init(&p.arena, 0);
    buf_init(&body, 0);
    Status st = page(&p, &body, out, err);
    buf_free(&body);
    arena_free(&p.arena);
    return st;
}
