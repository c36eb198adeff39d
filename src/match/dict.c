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
        return DOMAIN_DATE;
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
    if (st == OK && d->domain == DOMAIN_DATE)
        st = vec_push(&d->dates, 0, err);
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
    vec_free(&d->roots);
    vec_free(&d->parts);
    vec_free(&d->dates);
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

void dict_date(const Dict *d, uint32_t value, int *year, int *month, int *day)
{
    uint32_t packed = d->domain == DOMAIN_DATE ? d->dates.at[value] : 0;
    *year = (int)(packed >> 9);
    *month = (int)(packed >> 5 & 15);
    *day = (int)(packed & 31);
}

static uint32_t two_digits(const char *p)
{
    return (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
}

/* Standard text is always YYYY-MM-DD. */
static uint32_t pack_date(Slice text)
{
    const char *p = text.ptr;
    uint32_t year = two_digits(p) * 100 + two_digits(p + 2), month = two_digits(p + 5), day = two_digits(p + 8);
    return year << 9 | (month <= 12 ? month : 0) << 5 | (day <= 31 ? day : 0);
}

static Status learn_date(Dict *d, uint32_t value, Error *err)
{
    uint32_t packed = pack_date(dict_text(d, value));
    return vec_push(&d->dates, packed, err);
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
        if (n->length < sizeof n->joined)
            n->joined[n->length] = c;
        n->length++;
    }
}

static Status learn_name(Dict *d, uint32_t value, Error *err)
{
    NameInfo n = {0};
    learn_letters(dict_text(d, value), &n);
    n.sound = name_sound(dict_text(d, value));
    TRY(learn_parts(d, value, &n, err));
    TRY(learn_roots(d, value, &n, err));
    return vec_push(&d->names, n, err);
}

Status dict_learn(Dict *d, Error *err)
{
    while (d->domain == DOMAIN_NAME && d->names.len < d->texts.count)
        TRY(learn_name(d, (uint32_t)d->names.len, err));
    while (d->domain == DOMAIN_DATE && d->dates.len < d->texts.count)
        TRY(learn_date(d, (uint32_t)d->dates.len, err));
    return OK;
}

Status dict_put(Dict *d, Slice text, uint32_t *number, Error *err)
{
    TRY(texts_put(&d->texts, text, number, err));
    return dict_learn(d, err);
}
