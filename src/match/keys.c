/*
 * The keys of a record under a blocking pass.
 *
 * Each part of a pass turns a value into texts: one for a prefix, several for a
 * double name, a nickname's roots, deletion neighbourhoods or bands of q-grams.
 * A field may have several columns (present and former surname), each of which
 * adds its texts. A key is the hash of one text of each part, so the keys of a
 * record are the product of its parts' texts. Records are compared when they
 * share any key.
 *
 *   WHOLE, PREFIX, SUFFIX, INITIAL   letters and digits of the standardised text
 *   PHONETIC    of the name and of each of its parts: MC DONALD and MCDONALD, GARCIA LOPEZ and LOPEZ
 *   ROOT, PART  formal names of a nickname; parts of a double name
 *   YEAR ...    of a date, none when that part of the date is not known; MONTH_DAY with the smaller number first, so
 *               that 03-04 and 04-03 meet
 *   QGRAM       locality-sensitive hashing by min-hash of padded bigrams (Broder 1997; Indyk and Motwani 1998): a key
 *               is a band of two minima, so values of Jaccard similarity s share one of n keys with 1 - (1 - s^2)^n
 *   DELETION    the text and the text without each one character (the symmetric deletion neighbourhood of Mor and
 *               Fraenkel 1982): shared by all texts one insertion, deletion, substitution or transposition apart
 *
 * Of an SSN of which only the last four digits are known, SUFFIX alone gives keys: four digits are not a number.
 *
 * When two parts of a pass have the same transform and their fields may stand in each other's place
 * (FieldSpec.swap_with), their texts are hashed without regard to order: first and last name entered the wrong way
 * round still meet.
 *
 * More than RECORD_KEYS_MAX keys: the smallest hashes stay, after each part. That is min-hash again: two records that
 * share many of their keys keep the same ones.
 */
#include "match/keys.h"

enum { BAND_ROWS = 2, TEXT_MAX = 256, SSN_DIGITS = 9 };

/* Fixed, so that keys are the same in every run and in every worker. */
static const uint64_t KEY_SEED[2] = {UINT64_C(0x6d617463682e6b65), UINT64_C(0x79732e636169726e)};

typedef void (*KeyTextFn)(void *ctx, Slice text);

void key_list_add(KeyList *list, uint64_t key)
{
    size_t i = list->count;
    while (i > 0 && list->at[i - 1] > key)
        i--;
    if ((i > 0 && list->at[i - 1] == key) || i == RECORD_KEYS_MAX)
        return;
    size_t moved = list->count - i;
    if (list->count == RECORD_KEYS_MAX)
        moved--;
    else
        list->count++;
    memmove(list->at + i + 1, list->at + i, moved * sizeof list->at[0]);
    list->at[i] = key;
}

/* --- texts of a value ----------------------------------------------------------------------------------------- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool begins_letter(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* Letters and digits only, at most TEXT_MAX bytes. */
static size_t letters_of(Slice s, char out[TEXT_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < TEXT_MAX; i++)
        if (is_letter_or_digit(s.ptr[i]))
            out[n++] = s.ptr[i];
    return n;
}

static void emit_prefix(Slice s, uint32_t length, KeyTextFn fn, void *ctx)
{
    char text[TEXT_MAX];
    size_t n = letters_of(s, text), end = 0;
    uint32_t letters = 0;
    while (end < n && (!begins_letter(text[end]) || letters++ < length))
        end++;
    if (end > 0)
        fn(ctx, (Slice){text, end});
}

static void emit_suffix(Slice s, uint32_t length, KeyTextFn fn, void *ctx)
{
    char text[TEXT_MAX];
    size_t n = letters_of(s, text), begin = n;
    uint32_t letters = 0;
    while (begin > 0 && letters < length)
        letters += begins_letter(text[--begin]);
    if (begin < n)
        fn(ctx, (Slice){text + begin, n - begin});
}

static void emit_number(uint32_t number, KeyTextFn fn, void *ctx)
{
    static const char digits[] = "0123456789abcdef";
    char text[8];
    for (int i = 7; i >= 0; i--, number >>= 4)
        text[i] = digits[number & 15];
    fn(ctx, (Slice){text, sizeof text});
}

static void emit_phonetic(const Dict *d, uint32_t value, KeyTextFn fn, void *ctx)
{
    uint32_t code = dict_phonetic(d, value);
    if (code != 0)
        emit_number(code, fn, ctx);
    uint32_t count;
    const uint32_t *parts = dict_parts(d, value, &count);
    for (uint32_t i = 0; count > 1 && i < count; i++) {
        uint32_t part = dict_phonetic(d, parts[i]);
        if (part != 0 && part != code)
            emit_number(part, fn, ctx);
    }
}

static void emit_values(const Dict *d, const uint32_t *values, uint32_t count, KeyTextFn fn, void *ctx)
{
    for (uint32_t i = 0; i < count; i++)
        fn(ctx, dict_text(d, values[i]));
}

static void emit_date(const Dict *d, uint32_t value, KeyTransform transform, KeyTextFn fn, void *ctx)
{
    int year, month, day;
    dict_date(d, value, &year, &month, &day);
    int low = month < day ? month : day, high = month < day ? day : month;
    bool has_year = year > 0, has_day = month > 0 && day > 0;
    switch (transform) {
    case KEY_YEAR:
        if (has_year)
            emit_number((uint32_t)year, fn, ctx);
        return;
    case KEY_YEAR_MONTH:
        if (has_year && month > 0)
            emit_number((uint32_t)(year * 100 + month), fn, ctx);
        return;
    case KEY_MONTH_DAY:
        if (has_day)
            emit_number((uint32_t)(low * 100 + high), fn, ctx);
        return;
    default: /* the whole date */
        if (has_year && has_day)
            emit_number((uint32_t)((year * 100 + month) * 100 + day), fn, ctx);
    }
}

/* The text without its i-th letter, for every i, and whole. */
static void emit_deletions(Slice s, KeyTextFn fn, void *ctx)
{
    char text[TEXT_MAX], less[TEXT_MAX];
    size_t n = letters_of(s, text);
    if (n == 0)
        return;
    fn(ctx, (Slice){text, n});
    for (size_t i = 0; i < n && n > 1; i++) {
        if (i > 0 && text[i] == text[i - 1])
            continue;
        memcpy(less, text, i);
        memcpy(less + i, text + i + 1, n - i - 1);
        fn(ctx, (Slice){less, n - 1});
    }
}

static uint64_t bigram_minimum(const char *text, size_t n, uint64_t seed)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i <= n; i++) {
        uint64_t left = i > 0 ? (unsigned char)text[i - 1] : 1, right = i < n ? (unsigned char)text[i] : 2;
        uint64_t h = key_mix((left << 8 | right) + seed * UINT64_C(0x9e3779b97f4a7c15));
        least = h < least ? h : least;
    }
    return least;
}

static void emit_qgrams(Slice s, uint32_t bands, KeyTextFn fn, void *ctx)
{
    char text[TEXT_MAX];
    size_t n = letters_of(s, text);
    if (n == 0)
        return;
    for (uint32_t band = 0; band < bands && band < RECORD_KEYS_MAX; band++) {
        uint64_t minima[1 + BAND_ROWS] = {band};
        for (uint32_t row = 0; row < BAND_ROWS; row++)
            minima[1 + row] = bigram_minimum(text, n, 1 + (uint64_t)band * BAND_ROWS + row);
        fn(ctx, (Slice){(const char *)minima, sizeof minima});
    }
}

/* Texts of a value under a part. A transform that the kind does not know: none for parts of a date and sounds, the
 * value itself for roots and parts. */
static void value_texts(FieldKind kind, const Dict *d, uint32_t value, const KeyPart *part, KeyTextFn fn, void *ctx)
{
    Slice text = dict_text(d, value);
    const uint32_t *values = &value;
    uint32_t count = 1;
    if (kind == FIELD_SSN && text.len < SSN_DIGITS && part->transform != KEY_SUFFIX)
        return;
    switch (part->transform) {
    case KEY_PREFIX:
        emit_prefix(text, part->length, fn, ctx);
        return;
    case KEY_SUFFIX:
        emit_suffix(text, part->length, fn, ctx);
        return;
    case KEY_INITIAL:
        emit_prefix(text, 1, fn, ctx);
        return;
    case KEY_PHONETIC:
        if (kind_is_name(kind))
            emit_phonetic(d, value, fn, ctx);
        return;
    case KEY_ROOT:
        if (kind_is_name(kind))
            values = dict_roots(d, value, &count);
        emit_values(d, values, count, fn, ctx);
        return;
    case KEY_PART:
        if (kind_is_name(kind))
            values = dict_parts(d, value, &count);
        emit_values(d, values, count, fn, ctx);
        return;
    case KEY_QGRAM:
        emit_qgrams(text, part->length, fn, ctx);
        return;
    case KEY_DELETION:
        emit_deletions(text, fn, ctx);
        return;
    case KEY_YEAR:
    case KEY_YEAR_MONTH:
    case KEY_MONTH_DAY:
        if (kind == FIELD_DATE)
            emit_date(d, value, part->transform, fn, ctx);
        return;
    default:
        if (kind == FIELD_DATE)
            emit_date(d, value, KEY_WHOLE, fn, ctx);
        else
            fn(ctx, text);
    }
}

/* --- hashes --------------------------------------------------------------------------------------------------- */

static void add_hash(void *ctx, Slice text)
{
    key_list_add(ctx, siphash13(KEY_SEED, text.ptr, text.len));
}

void key_value_hashes(FieldKind kind, const Dict *d, uint32_t value, const KeyPart *part, KeyList *list)
{
    value_texts(kind, d, value, part, add_hash, list);
}

/* Every key so far with every hash of one more part. */
static void multiply(KeyList *keys, const KeyList *part)
{
    if (keys->count == 1 && part->count == 1) {
        keys->at[0] = key_fold(keys->at[0], part->at[0]);
        return;
    }
    KeyList product = {.count = 0};
    for (size_t i = 0; i < keys->count; i++)
        for (size_t k = 0; k < part->count; k++)
            key_list_add(&product, key_fold(keys->at[i], part->at[k]));
    *keys = product;
}

/* The products of two parts without regard to which is which. */
static void multiply_unordered(KeyList *keys, const KeyList *left, const KeyList *right)
{
    KeyList both = {.count = 0};
    for (size_t i = 0; i < left->count; i++)
        for (size_t k = 0; k < right->count; k++) {
            uint64_t x = left->at[i], y = right->at[k];
            key_list_add(&both, x < y ? key_fold(x, y) : key_fold(y, x));
        }
    multiply(keys, &both);
}

uint32_t pass_swap_partner(const MatchConfig *config, const PassSpec *pass, uint32_t part)
{
    const KeyPart *p = &pass->parts[part];
    for (uint32_t i = part + 1; i < pass->part_count; i++) {
        const KeyPart *q = &pass->parts[i];
        bool swap = config->fields[p->field].swap_with == q->field || config->fields[q->field].swap_with == p->field;
        if (swap && q->transform == p->transform && q->length == p->length)
            return i;
    }
    return pass->part_count;
}

/* The field that the pass takes alone, under this transform; MATCH_NONE. */
static uint32_t only_field(const PassSpec *p, KeyTransform transform)
{
    const KeyPart *part = &p->parts[0];
    return p->window == 0 && p->part_count == 1 && part->transform == transform ? part->field : MATCH_NONE;
}

/* Parts of a date are no key as a whole, but have typing errors. */
uint32_t pass_of_values(const MatchConfig *config, const PassSpec *passes, uint32_t pass_count, uint32_t pass)
{
    uint32_t f = only_field(&passes[pass], KEY_DELETION);
    if (f == MATCH_NONE || config->fields[f].column_count != 1 || config->fields[f].kind == FIELD_DATE)
        return MATCH_NONE;
    uint32_t whole = 0;
    while (whole < pass_count && only_field(&passes[whole], KEY_WHOLE) != f)
        whole++;
    return whole < pass_count ? whole : MATCH_NONE;
}

size_t record_keys_by(const MatchTable *t, const PassSpec *pass, uint32_t record, KeyPartFn part_hashes,
    const void *ctx, uint64_t out[RECORD_KEYS_MAX])
{
    KeyList keys = {.at = {pass->part_count}, .count = 1};
    uint32_t done = 0; /* set of parts */
    for (uint32_t i = 0; i < pass->part_count; i++) {
        if (done >> i & 1)
            continue;
        KeyList list = {.count = 0};
        part_hashes(ctx, t, pass, i, record, &list);
        if (list.count == 0)
            return 0;
        uint32_t partner = pass_swap_partner(t->config, pass, i);
        if (partner == pass->part_count) {
            multiply(&keys, &list);
            continue;
        }
        KeyList other = {.count = 0};
        part_hashes(ctx, t, pass, partner, record, &other);
        if (other.count == 0)
            return 0;
        multiply_unordered(&keys, &list, &other);
        done |= (uint32_t)1 << partner;
    }
    /* 0 is kept free to mean none */
    if (keys.count > 0 && keys.at[0] == 0)
        keys.at[0] = 1;
    memcpy(out, keys.at, keys.count * sizeof out[0]);
    return keys.count;
}

static void part_hashes_direct(
    const void *ctx, const MatchTable *t, const PassSpec *pass, uint32_t part, uint32_t record, KeyList *list)
{
    UNUSED(ctx);
    const KeyPart *p = &pass->parts[part];
    const FieldSpec *f = &t->config->fields[p->field];
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t i = 0; i < f->column_count; i++) {
        uint32_t column = f->columns[i], value = cells[column];
        if (value != 0)
            key_value_hashes(f->kind, t->dict[column], value, p, list);
    }
}

size_t record_keys(const MatchTable *t, const PassSpec *pass, uint32_t record, uint64_t keys[RECORD_KEYS_MAX])
{
    return record_keys_by(t, pass, record, part_hashes_direct, NULL, keys);
}

/* --- texts for sorted neighbourhood --------------------------------------------------------------------------- */

typedef struct TextList {
    Buf *bytes;
    uint32_t ends[RECORD_KEYS_MAX];
    size_t count;
} TextList;

static void add_text(void *ctx, Slice text)
{
    TextList *list = ctx;
    if (list->count == RECORD_KEYS_MAX)
        return;
    buf_add(list->bytes, text);
    list->ends[list->count++] = (uint32_t)list->bytes->len;
}

/* Min-hash bands and deletions have no order worth sorting by: the value itself stands for them. */
static void part_texts(const MatchTable *t, const KeyPart *part, uint32_t record, TextList *list)
{
    const FieldSpec *f = &t->config->fields[part->field];
    KeyPart p = *part;
    if (p.transform == KEY_QGRAM || p.transform == KEY_DELETION)
        p.transform = KEY_WHOLE;
    for (uint32_t i = 0; i < f->column_count; i++) {
        uint32_t value = record_cells(t, record)[f->columns[i]];
        if (value != 0)
            value_texts(f->kind, t->dict[f->columns[i]], value, &p, add_text, list);
    }
}

static Slice text_at(const TextList *list, size_t i)
{
    uint32_t begin = i > 0 ? list->ends[i - 1] : 0;
    return slice_sub(buf_slice(list->bytes), begin, list->ends[i]);
}

void key_texts_init(KeyTexts *k)
{
    buf_init(&k->bytes, 0);
    for (uint32_t i = 0; i < MATCH_KEY_PARTS_MAX; i++)
        buf_init(&k->parts[i], 0);
    k->count = 0;
}

void key_texts_free(KeyTexts *k)
{
    buf_free(&k->bytes);
    for (uint32_t i = 0; i < MATCH_KEY_PARTS_MAX; i++)
        buf_free(&k->parts[i]);
}

Status record_key_texts(const MatchTable *t, const PassSpec *pass, uint32_t record, KeyTexts *out, Error *err)
{
    TextList lists[MATCH_KEY_PARTS_MAX];
    size_t total = 1;
    for (uint32_t i = 0; i < pass->part_count; i++) {
        buf_reset(&out->parts[i]);
        lists[i] = (TextList){.bytes = &out->parts[i], .count = 0};
        part_texts(t, &pass->parts[i], record, &lists[i]);
        TRY(buf_status(&out->parts[i], err));
        total *= lists[i].count;
    }
    buf_reset(&out->bytes);
    out->count = total < RECORD_KEYS_MAX ? total : RECORD_KEYS_MAX;
    for (size_t k = 0; k < out->count; k++) {
        size_t rest = k;
        for (uint32_t i = 0; i < pass->part_count; i++) {
            if (i > 0)
                buf_addc(&out->bytes, '\x01');
            buf_add(&out->bytes, text_at(&lists[i], rest % lists[i].count));
            rest /= lists[i].count;
        }
        out->ends[k] = (uint32_t)out->bytes.len;
    }
    return buf_status(&out->bytes, err);
}
