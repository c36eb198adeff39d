/*
 * The table: records as rows of value numbers.
 *
 * Adding only interns the raw spellings; sealing standardises each distinct
 * spelling once, orders the records by a hash of their contents, and numbers the
 * values in the order in which the records, so ordered, show them. So no number
 * depends on the order of rows or on threads: a table is a function of the set of
 * its records. Four bytes a cell; frequent values get low numbers and lie together.
 */
#include "match/table_impl.h"

/* A fixed key on purpose: the order must be the same on every run. */
static const uint64_t CONTENT_KEY[2] = {UINT64_C(0x636169726e2d6d61), UINT64_C(0x7463682d7461626c)};

/* --- columns ------------------------------------------------------------------------------------------------- */

static void join_groups(TableParts *p, uint32_t columns, uint32_t a, uint32_t b)
{
    uint32_t from = p->group[a] > p->group[b] ? p->group[a] : p->group[b];
    uint32_t to = p->group[a] > p->group[b] ? p->group[b] : p->group[a];
    for (uint32_t c = 0; c < columns; c++)
        if (p->group[c] == from)
            p->group[c] = to;
}

/* Columns whose values are compared with each other get one dictionary: aliases, swapped fields, all names. */
static void group_columns(TableParts *p, const MatchConfig *config)
{
    uint32_t name_column = MATCH_NONE;
    for (uint32_t c = 0; c < config->column_count; c++) {
        p->group[c] = c;
        p->kind[c] = FIELD_TEXT;
        p->parts_of[c] = NULL;
        p->is_part[c] = false;
        p->name_of[c] = MATCH_NONE;
    }
    for (uint32_t i = 0; i < config->field_count; i++) {
        const FieldSpec *f = &config->fields[i];
        for (uint32_t k = 0; k < f->column_count; k++) {
            uint32_t c = f->columns[k];
            p->kind[c] = f->kind;
            p->is_part[c] = f->combine && k > 0;
            if (f->combine && k == 0)
                p->parts_of[c] = f;
            if (!f->combine)
                join_groups(p, config->column_count, f->columns[0], c);
            if (kind_domain(f->kind) == DOMAIN_NAME && name_column == MATCH_NONE)
                name_column = c;
            if (kind_domain(f->kind) == DOMAIN_NAME)
                join_groups(p, config->column_count, name_column, c);
        }
        if (f->swap_with != MATCH_NONE)
            join_groups(p, config->column_count, f->columns[0], config->fields[f->swap_with].columns[0]);
    }
}

/* A suffix cut off a last name is not lost when there is a column for suffixes. */
static void find_suffixes(TableParts *p, const MatchConfig *config)
{
    uint32_t last_name = MATCH_NONE;
    for (uint32_t i = config->field_count; i-- > 0;)
        if (config->fields[i].kind == FIELD_LAST_NAME)
            last_name = config->fields[i].columns[0];
    for (uint32_t i = 0; i < config->field_count; i++)
        if (config->fields[i].kind == FIELD_SUFFIX)
            p->name_of[config->fields[i].columns[0]] = last_name;
}

static Status make_dictionaries(MatchTable *t, Error *err)
{
    TableParts *p = t->parts;
    for (uint32_t c = 0; c < t->columns; c++) {
        uint32_t g = p->group[c];
        if (g == c) {
            TRY(dict_new(p->kind[c], &p->nicknames, &t->dict[c], err));
            TRY(texts_init(&p->raw[c], err));
        }
        t->dict[c] = t->dict[g];
    }
    return OK;
}

/* One thread has a few rows wait, which its nearest cache holds; several, enough to be worth a start of them. */
#define ROWS_OF_SEVERAL 8192

Status match_table_threads(MatchTable *t, unsigned threads, Error *err)
{
    TableParts *p = t->parts;
    ASSERT(t->records == 0);
    p->threads = threads ? threads : thread_cores();
    p->waiting_room = p->threads > 1 ? ROWS_OF_SEVERAL : TEXTS_AT_ONCE;
    mem_free(p->waiting_ends);
    p->waiting_ends = NULL;
    return mem_alloc(
        ((size_t)t->columns * p->waiting_room * 2 + 1) * sizeof *p->waiting_ends, (void **)&p->waiting_ends, err);
}

Status match_table_new(const MatchConfig *config, MatchTable **out, Error *err)
{
    MatchTable *t = NULL;
    TRY(match_config_check(config, err));
    TRY(mem_zalloc(1, sizeof *t, (void **)&t, err));
    t->config = config;
    t->columns = config->column_count;
    Status st;
    TRY_OUT(mem_zalloc(1, sizeof *t->parts, (void **)&t->parts, err));
    buf_init(&t->parts->joined, 0);
    buf_init(&t->parts->standard, 0);
    buf_init(&t->parts->waiting, 0);
    TRY_OUT(match_table_threads(t, 1, err));
    TRY_OUT(nicknames_init(&t->parts->nicknames, slice_of(config->nickname_csv), "nicknames", err));
    group_columns(t->parts, config);
    find_suffixes(t->parts, config);
    TRY_OUT(make_dictionaries(t, err));
    TRY_OUT(vec_push(&t->parts->id_ends, 0, err));
    *out = t;
    return OK;
out:
    match_table_free(t);
    return st;
}

void match_table_free(MatchTable *t)
{
    if (!t)
        return;
    TableParts *p = t->parts;
    for (uint32_t c = 0; p && c < t->columns; c++) {
        if (p->group[c] == c)
            dict_free(t->dict[c]);
        texts_free(&p->raw[c]);
    }
    for (uint32_t f = 0; f < MATCH_FIELDS_MAX; f++) {
        mem_free(t->frequency[f]);
        vec_free(&t->whole[f]);
    }
    mem_free(t->cells);
    mem_free(t->source);
    mem_free(t->content);
    mem_free(t->lead);
    mem_free(t->times);
    if (p) {
        nicknames_free(&p->nicknames);
        mem_free(p->id_bytes);
        vec_free(&p->id_ends);
        mem_free(p->added);
        buf_free(&p->joined);
        buf_free(&p->standard);
        buf_free(&p->waiting);
        mem_free(p->waiting_ends);
    }
    mem_free(p);
    mem_free(t);
}

/* --- adding --------------------------------------------------------------------------------------------------- */

/* Parts of a date are filled up with zeros: year 4, month 2, day 2. */
static void join_date(const FieldSpec *f, const Slice *values, Buf *out)
{
    bool any = false;
    for (uint32_t k = 0; k < f->column_count; k++) {
        Slice part = slice_trim(values[f->columns[k]]);
        any |= part.len > 0;
        if (k)
            buf_addc(out, '-');
        size_t width = k ? 2 : 4;
        buf_pad(out, '0', part.len < width ? width - part.len : 0);
        buf_add(out, part);
    }
    if (!any)
        buf_reset(out);
}

static void join_words(const FieldSpec *f, const Slice *values, Buf *out)
{
    for (uint32_t k = 0; k < f->column_count; k++) {
        Slice part = slice_trim(values[f->columns[k]]);
        if (out->len && part.len)
            buf_addc(out, ' ');
        buf_add(out, slice_sub(part, 0, RAW_MAX));
    }
}

/* The last word of a name of several, where a suffix may stand; whether it is one, standard_name knows. */
static void suffix_of_name(TableParts *p, Slice name, Slice *out)
{
    *out = (Slice){0};
    name = standard_cut(name);
    if (name.len && memchr(name.ptr, ' ', name.len) && standard_name(name, &p->joined, &p->standard, NULL) == OK)
        *out = buf_slice(&p->standard);
}

/* The raw text that column c's cell stands for. */
static Slice raw_cell(TableParts *p, uint32_t c, const Slice *values)
{
    if (p->is_part[c])
        return (Slice){0};
    const FieldSpec *f = p->parts_of[c];
    Slice raw = standard_cut(values[c]);
    if (!f && raw.len == 0 && p->name_of[c] != MATCH_NONE)
        suffix_of_name(p, values[p->name_of[c]], &raw);
    if (!f)
        return raw;
    buf_reset(&p->joined);
    if (f->kind == FIELD_DATE)
        join_date(f, values, &p->joined);
    else
        join_words(f, values, &p->joined);
    return standard_cut(buf_slice(&p->joined));
}

static Status add_id(TableParts *p, Slice id, Error *err)
{
    size_t used;
    if (CKD_ADD(&used, p->id_used, id.len))
        return error_nomem(err);
    TRY(vec_reserve_((void **)&p->id_bytes, &p->id_cap, used ? used : 1, 1, err));
    TRY(vec_push(&p->id_ends, used, err));
    if (id.len)
        memcpy(p->id_bytes + p->id_used, id.ptr, id.len);
    p->id_used = used;
    return OK;
}

/* Room for one more record in every array. */
static Status reserve_record(MatchTable *t, Error *err)
{
    TableParts *p = t->parts;
    ASSERT(!p->sealed || t->content); /* match_table_forget */
    size_t need = (size_t)record_total(t) + 1;
    if (need >= MATCH_NONE)
        return error_set(err, ERR_LIMIT, "more than %" PRIu32 " records", MATCH_NONE - 1);
    if (need <= p->record_cap)
        return OK;
    size_t cap = p->record_cap;
    TRY(vec_reserve_((void **)&t->source, &cap, need, sizeof *t->source, err));
    size_t cells;
    if (CKD_MUL(&cells, cap, (size_t)t->columns))
        return error_nomem(err);
    TRY(mem_resize((void **)&t->cells, cells ? cells : 1, sizeof *t->cells, err));
    if (p->sealed) {
        TRY(mem_resize((void **)&t->content, cap, sizeof *t->content, err));
        TRY(mem_resize((void **)&p->added, cap, sizeof *p->added, err));
    }
    p->record_cap = cap;
    return OK;
}

Status match_table_add(MatchTable *t, uint32_t source, Slice id, const Slice *values, Error *err)
{
    TableParts *p = t->parts;
    ASSERT(!p->sealed);
    if (source >= t->config->source_count)
        return error_set(err, ERR_INVALID, "a record of a source that the config does not name");
    /* before anything changes: what could not be settled waits on, and no row more is taken */
    if (p->waiting_rows == p->waiting_room)
        TRY(table_settle(t, err));
    TRY(reserve_record(t, err));
    for (uint32_t c = 0; c < t->columns; c++) {
        Slice raw = raw_cell(p, c, values);
        TRY(buf_status(&p->joined, err));
        uint32_t *ends = &p->waiting_ends[2 * ((size_t)c * p->waiting_room + p->waiting_rows)];
        ends[0] = (uint32_t)p->waiting.len;
        buf_add(&p->waiting, raw);
        ends[1] = (uint32_t)p->waiting.len;
    }
    TRY(buf_status(&p->waiting, err));
    TRY(add_id(p, id, err));
    t->source[t->records++] = (uint16_t)source;
    p->waiting_rows++;
    return OK;
}

Status match_table_fill(MatchTable *t, uint32_t added, uint32_t column, Slice value, Error *err)
{
    TableParts *p = t->parts;
    ASSERT(!p->sealed && added < t->records && column < t->columns && !p->is_part[column] && !p->parts_of[column]);
    TRY(table_settle(t, err));
    return texts_put(
        &p->raw[p->group[column]], standard_cut(value), &t->cells[(size_t)added * t->columns + column], err);
}

/* `rows` waiting rows of one column, at least one, from number `first` on. */
static Status settle_stretch(MatchTable *t, uint32_t c, uint32_t first, uint32_t rows, Error *err)
{
    TableParts *p = t->parts;
    Slice texts[TEXTS_AT_ONCE];
    uint32_t numbers[TEXTS_AT_ONCE];
    uint32_t *cells = t->cells + (size_t)(t->records - p->waiting_rows + first) * t->columns;
    ASSERT(rows > 0 && rows <= TEXTS_AT_ONCE);
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t *ends = &p->waiting_ends[2 * ((size_t)c * p->waiting_room + first + i)];
        texts[i] = slice_sub(buf_slice(&p->waiting), ends[0], ends[1]);
    }
    TRY(texts_put_many(&p->raw[p->group[c]], texts, rows, numbers, err));
    for (uint32_t i = 0; i < rows; i++)
        cells[(size_t)i * t->columns + c] = numbers[i];
    return OK;
}

/* Columns of one dictionary are one item. */
static Status settle_item(size_t group, void *ctx, Error *err)
{
    MatchTable *t = ctx;
    const TableParts *p = t->parts;
    for (uint32_t c = (uint32_t)group; c < t->columns; c++)
        for (uint32_t first = 0; p->group[c] == group && first < p->waiting_rows; first += TEXTS_AT_ONCE) {
            uint32_t left = p->waiting_rows - first;
            TRY(settle_stretch(t, c, first, left < TEXTS_AT_ONCE ? left : TEXTS_AT_ONCE, err));
        }
    return OK;
}

Status table_settle(MatchTable *t, Error *err)
{
    TableParts *p = t->parts;
    if (p->waiting_rows == 0) /* and of a table without a row there are no cells to point to */
        return OK;
    TRY(parallel_for(t->columns, p->threads, settle_item, t, err));
    p->waiting_rows = 0;
    buf_reset(&p->waiting);
    return OK;
}

/* --- content -------------------------------------------------------------------------------------------------- */

uint64_t content_of_text(Slice text)
{
    return text.len ? siphash13(CONTENT_KEY, text.ptr, text.len) : 0;
}

uint64_t content_of_row(const uint64_t *hashes, size_t n)
{
    return siphash13(CONTENT_KEY, hashes, n * sizeof *hashes);
}

/* --- after sealing -------------------------------------------------------------------------------------------- */

/* New values have frequency 0 in the arrays; nobody reads beyond the dictionary's end. */
static Status grow_frequencies(MatchTable *t, Error *err)
{
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        size_t count = dict_count(t->dict[t->config->fields[f].columns[0]]);
        TRY(vec_reserve_((void **)&t->frequency[f], &t->parts->frequency_cap[f], count, sizeof *t->frequency[f], err));
        for (; t->parts->frequency_len[f] < count; t->parts->frequency_len[f]++)
            t->frequency[f][t->parts->frequency_len[f]] = 0;
    }
    return OK;
}

Status table_append(MatchTable *t, uint32_t source, Slice id, const Slice *values, uint32_t *record, Error *err)
{
    TableParts *p = t->parts;
    ASSERT(p->sealed);
    if (source >= t->config->source_count)
        return error_set(err, ERR_INVALID, "a record of a source that the config does not name");
    TRY(reserve_record(t, err));
    uint32_t at = record_total(t);
    uint32_t *cells = t->cells + (size_t)at * t->columns;
    uint64_t hashes[MATCH_COLUMNS_MAX + 1];
    hashes[0] = content_of_text(t->config->sources[source].name);
    for (uint32_t c = 0; c < t->columns; c++) {
        Slice raw = raw_cell(p, c, values);
        TRY(buf_status(&p->joined, err));
        TRY(standard_value(p->kind[c], raw, &p->standard, err));
        TRY(dict_put(t->dict[c], buf_slice(&p->standard), &cells[c], err));
        hashes[c + 1] = content_of_text(buf_slice(&p->standard));
    }
    TRY(grow_frequencies(t, err));
    TRY(add_id(p, id, err));
    t->source[at] = (uint16_t)source;
    t->content[at] = content_of_row(hashes, t->columns + 1);
    p->added[at] = at;
    t->appended++;
    *record = at;
    return OK;
}

uint32_t match_record_count(const MatchTable *t)
{
    return t->records;
}

Slice added_id(const TableParts *p, uint32_t added)
{
    return (Slice){p->id_bytes + p->id_ends.at[added], p->id_ends.at[added + 1] - p->id_ends.at[added]};
}

void match_table_forget(MatchTable *t)
{
    TableParts *p = t->parts;
    ASSERT(p->sealed);
    mem_free(t->content);
    mem_free(p->id_bytes);
    mem_free(p->added);
    vec_free(&p->id_ends);
    t->content = NULL;
    p->id_bytes = NULL;
    p->added = NULL;
    p->id_used = p->id_cap = 0;
}

Slice match_record_id(const MatchTable *t, uint32_t record)
{
    return added_id(t->parts, t->parts->added[record]);
}

void match_record_fetch(const MatchTable *t, uint32_t record)
{
    record_prefetch(t, record);
}

Slice match_added_id(const MatchTable *t, uint32_t added)
{
    return added_id(t->parts, added);
}

uint32_t match_record_source(const MatchTable *t, uint32_t record)
{
    return t->source[record];
}

uint32_t match_record_added(const MatchTable *t, uint32_t record)
{
    return t->parts->added[record];
}

Slice match_cell_text(const MatchTable *t, uint32_t record, uint32_t column)
{
    return dict_text(t->dict[column], record_cells(t, record)[column]);
}
