/*
 * Fuzzes standardisation and the levels of values. The first byte chooses the kind
 * of field, a byte of 0x1F parts two values. Beyond memory safety: a standard text
 * is short and has no control characters, the level of two values does not depend
 * on their order, the shortcuts decide as the levels do, and so do whole stretches
 * of records, four at a time.
 */
#include "match/quick.h"

static const char NICKNAMES[] = "nickname,formal\nBOB,ROBERT\nROB,ROBERT\n";

static uint32_t put(Dict *d, FieldKind kind, Slice raw)
{
    Buf out;
    uint32_t number = 0;
    buf_init(&out, 0);
    Status st = standard_value(kind, raw, &out, NULL);
    ASSERT(st == OK && out.len <= STANDARD_MAX);
    for (size_t i = 0; i < out.len; i++)
        ASSERT((unsigned char)out.ptr[i] >= ' ');
    st = dict_put(d, buf_slice(&out), &number, NULL);
    ASSERT(st == OK && slice_eq(dict_text(d, number), buf_slice(&out)));
    buf_free(&out);
    return number;
}

static bool meet(const Dict *d, uint32_t a, uint32_t b)
{
    uint32_t na, nb;
    const uint32_t *x = dict_roots(d, a, &na), *y = dict_roots(d, b, &nb);
    for (uint32_t i = 0; i < na; i++)
        for (uint32_t k = 0; k < nb; k++)
            if (x[i] == y[k])
                return true;
    return false;
}

static void check_names(const Dict *d, FieldKind kind, uint32_t a, uint32_t b, LevelId level)
{
    const NameInfo *x = &d->names.at[a], *y = &d->names.at[b];
    const NameLetters *mine = &d->letters.at[a], *letters = &d->letters.at[b];
    bool first = kind != FIELD_LAST_NAME;
    uint32_t flags = first ? NAME_LETTER | NAME_ODD : NAME_ODD;
    if ((x->flags | y->flags) & NAME_ODD)
        ASSERT(!quick_double_differs(kind, d, x, y) || level == LV_DIFFERS);
    if (mine->at[0] == NAME_LETTERS_NONE || letters->at[0] == NAME_LETTERS_NONE || ((x->flags | y->flags) & flags) ||
        (first && meet(d, a, b)))
        return;
    QuickJaro jaro;
    quick_jaro_of(&jaro, a, mine, x->length);
    ASSERT(!quick_jaro_differs(&jaro, letters, y->length) || level == LV_SOUND || level == LV_DIFFERS);
    ASSERT(level == quick_name_level(kind, &jaro, mine, letters, y->length, x->sound != 0 && x->sound == y->sound));
}

static void check_shortcuts(const Dict *d, FieldKind kind, uint32_t a, uint32_t b, LevelId level)
{
    if (d->domain == DOMAIN_CODE) {
        LevelId quick = quick_code(kind, d->codes.at[a], d->codes.at[b]);
        ASSERT(quick == LV_MISSING || quick == level);
    } else if (d->domain == DOMAIN_TEXT) {
        ASSERT(!quick_text_differs(kind, &d->texts_known.at[a], &d->texts_known.at[b]) || level == LV_DIFFERS);
    } else if (d->domain == DOMAIN_NAME) {
        check_names(d, kind, a, b, level);
    }
}

/* A table of one field: the first value, the other, none. */
static MatchTable *table_of(const MatchConfig *c, Slice first, Slice other, uint32_t record[3])
{
    const Slice rows[3] = {first, other, {"", 0}}, ids[3] = {SLICE("0"), SLICE("1"), SLICE("2")};
    MatchTable *t = NULL;
    Status st = match_table_new(c, &t, NULL);
    ASSERT(st == OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        st = match_table_add(t, 0, ids[i], &rows[i], NULL);
        ASSERT(st == OK);
    }
    st = match_table_seal(t, 1, NULL);
    ASSERT(st == OK);
    for (uint32_t r = 0; r < COUNT_OF(rows); r++)
        record[match_record_added(t, r)] = r;
    return t;
}

/* Records of the two values and of none, in stretches of every length modulo the lanes and from either side: what the
 * comparer says of each is what level_of says. */
static void check_stretches(FieldKind kind, Slice first, Slice other)
{
    MatchConfig c;
    match_config_init(&c);
    c.columns[0] = SLICE("v");
    c.column_count = 1;
    c.fields[0] = (FieldSpec){.name = SLICE("v"), .kind = kind, .column_count = 1, .swap_with = MATCH_NONE};
    c.field_count = 1;
    c.sources[0] = (SourceSpec){.name = SLICE("s"), .dedupe = true};
    c.source_count = 1;
    c.nickname_csv = NICKNAMES;
    static const uint8_t turns[] = {1, 0, 2, 1, 1, 2, 0, 1, 0, 0, 1};
    uint32_t record[3], others[COUNT_OF(turns)];
    uint64_t patterns[COUNT_OF(turns)];
    Comparer *cmp = NULL;
    MatchTable *t = table_of(&c, first, other, record);
    Status st = comparer_new(t, &cmp, NULL);
    ASSERT(st == OK);
    for (size_t i = 0; i < COUNT_OF(turns); i++)
        others[i] = record[turns[i]];
    for (uint32_t a = 0; a < COUNT_OF(record); a++) {
        size_t n = COUNT_OF(turns) - a;
        compare_many(cmp, a, others, n, patterns);
        for (size_t i = 0; i < n; i++) {
            uint32_t x = record_cells(t, a)[0], y = record_cells(t, others[i])[0];
            LevelId level = x == 0 || y == 0 ? LV_MISSING : x == y ? LV_EXACT : level_of(kind, t->dict[0], x, y);
            ASSERT(patterns[i] == (level == LV_MISSING ? 0 : field_level_number(&c.fields[0], level)));
        }
    }
    comparer_free(cmp);
    match_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    FieldKind kind = (FieldKind)(data[0] % FIELD_KIND_COUNT);
    Slice rest = {(const char *)data + 1, size - 1};
    Slice first = slice_cut(&rest, '\x1f');
    Nicknames nicknames;
    Dict *d = NULL;
    Status st = nicknames_init(&nicknames, slice_of(NICKNAMES), "nicknames", NULL);
    ASSERT(st == OK);
    st = dict_new(kind, &nicknames, &d, NULL);
    ASSERT(st == OK);
    uint32_t a = put(d, kind, first), b = put(d, kind, rest);
    if (a && b && a != b) {
        LevelId level = level_of(kind, d, a, b);
        ASSERT(level == level_of(kind, d, b, a));
        check_shortcuts(d, kind, a, b, level);
        check_shortcuts(d, kind, b, a, level);
    }
    dict_free(d);
    nicknames_free(&nicknames);
    check_stretches(kind, first, rest);
    return 0;
}
