/*
 * Fuzzes standardisation and the levels of values. The first byte chooses the kind
 * of field, a byte of 0x1F parts two values. Beyond memory safety: a standard text
 * is short and has no control characters, the level of two values does not depend
 * on their order, and the shortcuts decide as the levels do.
 */
#include "match/quick.h"

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

static void check_shortcuts(const Dict *d, FieldKind kind, uint32_t a, uint32_t b, LevelId level)
{
    if (d->domain == DOMAIN_CODE) {
        LevelId quick = quick_code(kind, d->codes.at[a], d->codes.at[b]);
        ASSERT(quick == LV_MISSING || quick == level);
    } else if (d->domain == DOMAIN_TEXT) {
        ASSERT(!quick_text_differs(kind, &d->texts_known.at[a], &d->texts_known.at[b]) || level == LV_DIFFERS);
    } else if (d->domain == DOMAIN_NAME) {
        QuickLengths lengths = {0};
        quick_lengths_init(&lengths);
        QuickName mine = quick_name_of(&lengths, kind, &d->names.at[a]);
        ASSERT(!quick_name_differs(&mine, &d->names.at[b]) || level == LV_DIFFERS);
    }
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
    Status st = nicknames_init(&nicknames, SLICE("nickname,formal\nBOB,ROBERT\nROB,ROBERT\n"), "nicknames", NULL);
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
    return 0;
}
