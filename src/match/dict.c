/*
 * Distinct standard values of one domain, by number, with what comparing and
 * blocking ask of a value again and again.
 *
 * The parts of a double name and the formal names behind a nickname are values of
 * the same dictionary, also where no record holds them, so that they too are
 * compared as numbers. They come after the values of the records.
 */
#include "match/value_impl.h"

#define PARTS_MAX 4
#define PART_LETTERS_LEAST 3

DictDomain kind_domain(FieldKind kind)
{
    switch (kind) {
    case FIELD_FIRST_NAME:
    case FIELD_MIDDLE_NAME:
    case FIELD_LAST_NAME:
        return DOMAIN_NAME;
    case FIELD_DATE:
    case FIELD_POSTAL_CODE:
    case FIELD_SSN:
    case FIELD_PHONE:
    case FIELD_IDENTIFIER:
        return DOMAIN_CODE;
    case FIELD_ADDRESS:
    case FIELD_CITY:
    case FIELD_EMAIL:
    case FIELD_TEXT:
        return DOMAIN_TEXT;
    default:
        return DOMAIN_OTHER;
    }
}

Status dict_new(FieldKind kind, const Nicknames *nicknames, Dict **out, Error *err)
{
    Dict *d = NULL;
    TRY(mem_zalloc(1, sizeof *d, (void **)&d, err));
    d->kind = kind;
    d->domain = kind_domain(kind);
    d->nicknames = nicknames;
    Status st = texts_init(&d->texts, err);
    if (st == OK && d->domain == DOMAIN_NAME)
        st = vec_push(&d->names, (NameInfo){0}, err);
    if (st == OK && d->domain == DOMAIN_NAME)
        st = vec_push(&d->letters, (NameLetters){.at = {NAME_LETTERS_NONE}}, err);
    if (st == OK && d->domain == DOMAIN_CODE)
        st = vec_push(&d->codes, 0, err);
    if (st == OK && d->domain == DOMAIN_TEXT)
        st = vec_push(&d->texts_known, (TextInfo){.odd = 1}, err);
    if (st != OK) {
        dict_free(d);
        return st;
    }
    *out = d;
    return OK;
}

void dict_free(Dict *d)
{
    if (!d)
        return;
    texts_free(&d->texts);
    vec_free(&d->names);
    vec_free(&d->letters);
    vec_free(&d->roots);
    vec_free(&d->parts);
    vec_free(&d->codes);
    vec_free(&d->texts_known);
    mem_free(d);
}

uint32_t dict_count(const Dict *d)
{
    return d->texts.count;
}

Slice dict_text(const Dict *d, uint32_t value)
{
    return texts_at(&d->texts, value);
}

uint32_t dict_phonetic(const Dict *d, uint32_t value)
{
    return d->domain == DOMAIN_NAME ? d->names.at[value].sound : 0;
}

const uint32_t *dict_roots(const Dict *d, uint32_t value, uint32_t *count)
{
    if (d->domain != DOMAIN_NAME) {
        *count = 0;
        return NULL;
    }
    const NameInfo *n = &d->names.at[value];
    *count = n->root_count;
    return d->roots.at + n->roots;
}

const uint32_t *dict_parts(const Dict *d, uint32_t value, uint32_t *count)
{
    if (d->domain != DOMAIN_NAME) {
        *count = 0;
        return NULL;
    }
    const NameInfo *n = &d->names.at[value];
    *count = n->part_count;
    return d->parts.at + n->parts;
}

static int part_of(uint32_t digits, unsigned shift)
{
    return (int)((digits >> shift >> 4 & 15) * 10 + (digits >> shift & 15));
}

void dict_date(const Dict *d, uint32_t value, int *year, int *month, int *day)
{
    uint32_t digits = d->kind == FIELD_DATE ? (uint32_t)(d->codes.at[value] >> 32) : 0;
    *year = part_of(digits, 24) * 100 + part_of(digits, 16);
    *month = part_of(digits, 8);
    *day = part_of(digits, 0);
    if (*month > 12)
        *month = 0;
    if (*day > 31)
        *day = 0;
}

/* Standard text is always YYYY-MM-DD. */
static uint64_t pack_date(Slice text)
{
    static const uint8_t place[] = {0, 1, 2, 3, 5, 6, 8, 9};
    uint32_t digits = 0;
    for (size_t i = 0; i < COUNT_OF(place); i++)
        digits = digits << 4 | (uint32_t)(text.ptr[place[i]] - '0');
    Date day;
    int year = part_of(digits, 24) * 100 + part_of(digits, 16);
    bool known = date_make(year, part_of(digits, 8), part_of(digits, 0), &day, NULL) == OK;
    return (uint64_t)digits << 32 | (known ? (uint32_t)day : CODE_NO_DAY);
}

static uint64_t pack_postal_code(Slice text)
{
    uint64_t packed = 0;
    text = slice_sub(text, 0, slice_find(text, SLICE("-")));
    if (text.len > 7)
        return 0;
    for (size_t i = 0; i < text.len; i++)
        packed |= (uint64_t)(unsigned char)text.ptr[i] << (8 * i);
    return (uint64_t)text.len << 56 | packed;
}

static uint64_t pack_digits(Slice text)
{
    uint64_t packed = 0;
    if (text.len > 15)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return 0;
        packed = packed << 4 | (uint64_t)(text.ptr[i] - '0');
    }
    return (uint64_t)text.len << 60 | packed;
}

static unsigned class_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a');
    return c >= '0' && c <= '9' ? 26 + (unsigned)(c - '0') / 2 : 31;
}

static uint32_t hash_of(Slice s)
{
    static const uint64_t key[2] = {1, 2}; /* of what is only ever compared inside one dictionary */
    return s.len ? (uint32_t)siphash13(key, s.ptr, s.len) | 1 : 0;
}

static TextInfo text_info(FieldKind kind, Slice text)
{
    TextInfo info = {0};
    uint8_t counts[32] = {0};
    if (kind == FIELD_ADDRESS) {
        Address a = address_cut(text);
        info.number = hash_of(a.number);
        info.street = hash_of(a.street);
    }
    if (kind == FIELD_EMAIL) {
        size_t at = slice_find(text, SLICE("@"));
        info.odd = at == text.len; /* it got lost: what stands before it is not known */
        text = slice_sub(text, 0, at);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned c = class_of(text.ptr[i]);
        info.odd |= counts[c] == 15;
        counts[c] = (uint8_t)(counts[c] + (counts[c] < 15));
    }
    for (size_t i = 0; i < 16; i++)
        info.counts[i] = (uint8_t)(counts[2 * i] | counts[2 * i + 1] << 4);
    info.length = (uint8_t)text.len;
    info.odd |= text.len < TEXT_QUICK_MIN;
    if (text.len >= TEXT_QUICK_MIN)
        memcpy(&info.head, text.ptr, TEXT_QUICK_MIN);
    return info;
}

static Status learn_text(Dict *d, uint32_t value, Error *err)
{
    TextInfo info = text_info(d->kind, dict_text(d, value));
    return vec_push(&d->texts_known, info, err);
}

static Status learn_code(Dict *d, uint32_t value, Error *err)
{
    Slice text = dict_text(d, value);
    uint64_t packed = d->kind == FIELD_DATE          ? pack_date(text)
                      : d->kind == FIELD_POSTAL_CODE ? pack_postal_code(text)
                                                     : pack_digits(text);
    return vec_push(&d->codes, packed, err);
}

static Status add_number(Dict *d, Slice text, uint32_t *number, Error *err)
{
    char copy[STANDARD_MAX]; /* text may lie in the dictionary, which moves as it grows */
    text = slice_sub(text, 0, sizeof copy);
    memcpy(copy, text.ptr, text.len);
    return texts_put(&d->texts, (Slice){copy, text.len}, number, err);
}

/* Words of three letters or more that are no particle; a name without one, or with one word, is its own part. */
static Status learn_parts(Dict *d, uint32_t value, NameInfo *n, Error *err)
{
    n->parts = (uint32_t)d->parts.len;
    for (size_t from = 0; n->words > 1 && n->part_count < PARTS_MAX;) {
        Slice rest = slice_sub(dict_text(d, value), from, STANDARD_MAX);
        if (rest.len == 0)
            break;
        Slice word = slice_cut(&rest, ' ');
        from += word.len + 1;
        if (word.len < PART_LETTERS_LEAST || name_is_particle(word))
            continue;
        uint32_t number;
        TRY(add_number(d, word, &number, err));
        TRY(vec_push(&d->parts, number, err));
        n->part_count++;
    }
    if (n->part_count)
        return OK;
    n->part_count = 1;
    return vec_push(&d->parts, value, err);
}

static Status add_root(Dict *d, NameInfo *n, uint32_t number, Error *err)
{
    for (uint32_t i = 0; i < n->root_count; i++)
        if (d->roots.at[n->roots + i] == number)
            return OK;
    if (n->root_count == UINT8_MAX)
        return OK;
    n->root_count++;
    n->root_mask |= UINT32_C(1) << (number * UINT32_C(0x9E3779B1) >> 27);
    return vec_push(&d->roots, number, err);
}

/* Itself; of several words also the first, by which people are called; and the formal names of that. */
static Status learn_roots(Dict *d, uint32_t value, NameInfo *n, Error *err)
{
    n->roots = (uint32_t)d->roots.len;
    TRY(add_root(d, n, value, err));
    Slice rest = dict_text(d, value);
    Slice word = slice_cut(&rest, ' ');
    uint32_t count, number;
    const Slice *formals = nicknames_find(d->nicknames, word, &count);
    if (n->words > 1 && word.len >= PART_LETTERS_LEAST && !name_is_particle(word)) {
        TRY(add_number(d, word, &number, err));
        TRY(add_root(d, n, number, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(add_number(d, formals[i], &number, err));
        TRY(add_root(d, n, number, err));
    }
    return OK;
}

static void learn_letters(Slice text, NameInfo *n)
{
    n->words = 1;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ') {
            n->words++;
            continue;
        }
        n->letters |= UINT32_C(1) << (c >= 'A' && c <= 'Z' ? c - 'A' : 26);
        n->length++;
    }
    n->repeats = (uint8_t)(n->length - __builtin_popcount(n->letters));
    Slice rest = text;
    bool led = n->words > 1 && name_is_particle(slice_cut(&rest, ' '));
    n->flags = (uint8_t)((n->length == 1 ? NAME_LETTER : 0) |
                         (n->words > 1 || n->length > NAME_QUICK_MAX ? NAME_ODD : 0) | (led ? NAME_LED : 0));
}

static NameLetters plain_letters(Slice text)
{
    NameLetters letters = {.at = {NAME_LETTERS_NONE}};
    if (text.len > sizeof letters.at)
        return letters;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 'A' || text.ptr[i] > 'Z')
            return letters;
    for (size_t i = 0; i < text.len; i++)
        letters.at[i] = (uint8_t)(text.ptr[i] - 'A');
    return letters;
}

static Status learn_name(Dict *d, uint32_t value, Error *err)
{
    NameInfo n = {0};
    learn_letters(dict_text(d, value), &n);
    n.sound = name_sound(dict_text(d, value));
    TRY(learn_parts(d, value, &n, err));
    TRY(learn_roots(d, value, &n, err));
    TRY(vec_push(&d->letters, plain_letters(dict_text(d, value)), err));
    return vec_push(&d->names, n, err);
}

Status dict_learn(Dict *d, Error *err)
{
    while (d->domain == DOMAIN_NAME && d->names.len < d->texts.count)
        TRY(learn_name(d, (uint32_t)d->names.len, err));
    while (d->domain == DOMAIN_CODE && d->codes.len < d->texts.count)
        TRY(learn_code(d, (uint32_t)d->codes.len, err));
    while (d->domain == DOMAIN_TEXT && d->texts_known.len < d->texts.count)
        TRY(learn_text(d, (uint32_t)d->texts_known.len, err));
    return OK;
}

Status dict_put(Dict *d, Slice text, uint32_t *number, Error *err)
{
    TRY(texts_put(&d->texts, text, number, err));
    return dict_learn(d, err);
}
