/* The dictionary as CSV and JSON. */
#include "dictionary/dictionary_parts.h"

/* Runs of years: "2016-2019, 2021". */
void dictionary_years(const DictionaryElement *e, Buf *out)
{
    bool any = false;
    for (size_t i = 0; i < e->year_count; i++) {
        size_t last = i;
        if (e->years[i].year == DICTIONARY_NO_YEAR)
            continue;
        while (last + 1 < e->year_count && e->years[last + 1].year == e->years[last].year + 1)
            last++;
        buf_addf(out, "%s%d", any ? ", " : "", (int)e->years[i].year);
        if (last > i)
            buf_addf(out, "-%d", (int)e->years[last].year);
        any = true;
        i = last;
    }
}

static void year_key(Buf *out, int32_t year)
{
    if (year == DICTIONARY_NO_YEAR)
        buf_adds(out, "undated");
    else
        buf_addf(out, "%d", (int)year);
}

static void fill_text(const DictionaryElement *e, Buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < e->year_count; i++) {
        if (e->years[i].percent < 0)
            continue;
        buf_adds(out, shown++ ? ";" : "");
        year_key(out, e->years[i].year);
        buf_addf(out, ":%d", e->years[i].percent);
    }
}

static void breaks_text(const DictionaryElement *e, Buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < e->year_count; i++) {
        if (e->years[i].breaks.len == 0)
            continue;
        buf_adds(out, shown++ ? ";" : "");
        year_key(out, e->years[i].year);
        buf_addf(out, ":%.*s", SLICE_ARG(e->years[i].breaks));
    }
}

static const char *kind_name(DictionaryKind kind)
{
    return kind == DICTIONARY_SOURCE ? "source" : "warehouse";
}

static void csv_row(const DictionaryTable *t, const DictionaryElement *e, bool is_computed, Buf *scratch, Buf *out)
{
    const Slice texts[] = {t->name, e->name, e->element, e->definition,
        t->kind == DICTIONARY_SOURCE ? t->agency : e->origin, e->agreement, e->clause, e->purpose, e->sensitivity,
        e->type, e->codes, e->status, e->is_identity ? SLICE("yes") : SLICE("no"),
        e->is_retired ? SLICE("yes") : SLICE("no")};
    buf_adds(out, kind_name(t->kind));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_addc(out, ',');
        csv_cell(out, texts[i]);
    }
    void (*const columns[])(const DictionaryElement *, Buf *) = {dictionary_years, fill_text, breaks_text};
    for (size_t i = 0; is_computed && i < COUNT_OF(columns); i++) {
        buf_reset(scratch);
        columns[i](e, scratch);
        buf_addc(out, ',');
        csv_cell(out, buf_slice(scratch));
    }
    buf_addc(out, '\n');
}

Status dictionary_csv(const Dictionary *d, Buf *out, Error *err)
{
    Buf scratch;
    buf_init(&scratch, 0);
    buf_addf(out,
        "kind,table,name,element,definition,source,agreement,clause,purpose,sensitivity,type,codes,status,"
        "identity,retired%s\n",
        d->is_computed ? ",years,fill_percent,breaks" : "");
    for (size_t i = 0; i < d->table_count; i++)
        for (size_t k = 0; k < d->tables[i].element_count; k++)
            csv_row(&d->tables[i], &d->tables[i].elements[k], d->is_computed, &scratch, out);
    Status st = buf_status(&scratch, err);
    buf_free(&scratch);
    return st == OK ? buf_status(out, err) : st;
}

static void json_years(Json *j, const DictionaryElement *e)
{
    json_key(j, "years");
    json_open_array(j);
    for (size_t i = 0; i < e->year_count; i++) {
        const DictionaryYear *y = &e->years[i];
        json_open_object(j);
        json_key(j, "year");
        if (y->year == DICTIONARY_NO_YEAR)
            json_add_null(j);
        else
            json_int(j, y->year);
        json_key(j, "fill_percent");
        if (y->percent < 0)
            json_add_null(j);
        else
            json_int(j, y->percent);
        json_kstr(j, "fill",
            y->percent >= 0              ? SLICE("given")
            : y->percent == FILL_TOO_FEW ? SLICE("too few rows")
                                         : SLICE("not held with the content"));
        json_kstr(j, "breaks", y->breaks);
        json_end(j);
    }
    json_end(j);
}

static void json_element(Json *j, const DictionaryElement *e, bool is_computed)
{
    const struct {
        const char *key;
        Slice text;
    } texts[] = {{"name", e->name}, {"element", e->element}, {"definition", e->definition}, {"origin", e->origin},
        {"agreement", e->agreement}, {"clause", e->clause}, {"purpose", e->purpose}, {"sensitivity", e->sensitivity},
        {"type", e->type}, {"codes", e->codes}, {"status", e->status}, {"note", e->note}};
    json_open_object(j);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        json_kstr(j, texts[i].key, texts[i].text);
    json_kbool(j, "identity", e->is_identity);
    json_kbool(j, "retired", e->is_retired);
    if (is_computed)
        json_years(j, e);
    json_end(j);
}

Status dictionary_json(const Dictionary *d, Buf *out, Error *err)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "schema", SLICE("cairn.dictionary-file/1"));
    json_kint(&j, "minimum_rows", d->minimum_rows);
    json_kint(&j, "jump_points", d->jump_points);
    json_key(&j, "tables");
    json_open_array(&j);
    for (size_t i = 0; i < d->table_count; i++) {
        const DictionaryTable *t = &d->tables[i];
        json_open_object(&j);
        json_kstr(&j, "kind", slice_of(kind_name(t->kind)));
        json_kstr(&j, "name", t->name);
        json_kstr(&j, "title", t->title);
        json_kstr(&j, "agency", t->agency);
        json_kstr(&j, "definition", t->definition);
        json_kstr(&j, "source", t->source);
        json_kstr(&j, "shared", t->shared);
        json_key(&j, "elements");
        json_open_array(&j);
        for (size_t k = 0; k < t->element_count; k++)
            json_element(&j, &t->elements[k], d->is_computed);
        json_end(&j);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}
