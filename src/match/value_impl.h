/*
 * Inside the lower half of the match room: standardisation, dictionaries, levels
 * and expressions. The upper half (blocking, model, clusters) sees match_impl.h
 * only.
 */
#ifndef CAIRN_MATCH_VALUE_IMPL_H
#define CAIRN_MATCH_VALUE_IMPL_H

#include "match/match_impl.h"
#include "match/standard.h"

/* --- standardisation (standard.c, standard_name.c, standard_date.c, standard_place.c) ---------------------------- */

/* Longer raw values are cut at the last whole character before. A kilobyte is more than any name or address needs; what
 * is longer is a defect of the file, and two such values that differ later only are taken for one. */
#define RAW_MAX ((size_t)1024)
/* Longest standardised value, likewise. */
#define STANDARD_MAX ((size_t)255)

/* Standard text of a value; empty: missing. out is overwritten. NUL and other control characters part words. */
MUST_USE Status standard_value(FieldKind kind, Slice raw, Buf *out, Error *err);
/* raw, cut to RAW_MAX bytes at a character's end, blanks at both ends off. */
Slice standard_cut(Slice raw);

/* Parts of standard_value: raw has no blanks around it and is not longer than RAW_MAX. */
void standard_date(Slice raw, Buf *out);
MUST_USE Status standard_address(Slice raw, Buf *out, Error *err);
MUST_USE Status standard_postal_code(Slice raw, Buf *out, Error *err);
/* Upper-case letters and digits, marks off, words parted by one blank; keep: further characters that stay. Empty when
 * raw is not UTF-8. */
MUST_USE Status standard_words(Slice raw, const char *keep, Buf *out, Error *err);
/* "YYYY-MM-DD" of numbers as written, 0 for not known; nothing when they cannot be a date at all or are a program's
 * default (1900-01-01, year 9999). */
void standard_date_parts(uint32_t year, uint32_t month, uint32_t day, Buf *out);

/* --- texts (texts.c) --------------------------------------------------------------------------------------------- */

/* Distinct texts, numbered from 1 in the order in which they came; 0 is the empty text. A tenth of Map's memory: a
 * table of ten million records has some thirty million of them. */
typedef struct Texts {
    char *bytes;
    size_t used, bytes_cap;
    uint64_t *offset; /* count + 1: text i is bytes[offset[i] .. offset[i + 1]) */
    size_t offset_cap;
    uint32_t count;
    uint64_t *slots; /* upper half: of the hash; lower half: the number, 0 free. NULL: not there, made when needed */
    size_t slot_count;
    uint64_t seed[2];
} Texts;

MUST_USE Status texts_init(Texts *t, Error *err);
void texts_free(Texts *t); /* a zeroed one is fine */
static inline Slice texts_at(const Texts *t, uint32_t i)
{
    return (Slice){t->bytes + t->offset[i], (size_t)(t->offset[i + 1] - t->offset[i])};
}
MUST_USE Status texts_put(Texts *t, Slice s, uint32_t *number, Error *err);
/* The same for n texts, which costs half as much where the table is larger than the caches. */
#define TEXTS_AT_ONCE 64
MUST_USE Status texts_put_many(Texts *t, const Slice *texts, size_t n, uint32_t *numbers, Error *err);
/* Frees what only texts_put needs; it makes it anew. */
void texts_drop_index(Texts *t);
/* The same texts in another order: text i of t becomes text order[i] of *out; order[0] is 0. */
MUST_USE Status texts_reorder(const Texts *t, const uint32_t *order, Texts *out, Error *err);

/* --- dictionary (dict.c) ----------------------------------------------------------------------------------------- */

typedef enum DictDomain {
    DOMAIN_NAME,
    DOMAIN_CODE, /* dates and numbers: known as packed digits */
    DOMAIN_TEXT, /* addresses, cities, e-mail, text: known by their letters */
    DOMAIN_OTHER
} DictDomain;

/* What comparing two names needs at once, in half a cache line. */
typedef struct NameInfo {
    uint32_t letters;      /* bit c: the letter 'A' + c occurs; bit 26: something else does */
    uint32_t sound;        /* NYSIIS code, packed; 0 none */
    uint32_t root_mask;    /* a bit for each root: two names without a common bit have no common root */
    uint32_t roots, parts; /* first place in Dict.roots, Dict.parts */
    uint8_t root_count, part_count;
    uint8_t length; /* bytes of the joined text, the words without blanks */
    uint8_t words;
    uint8_t repeats; /* length without the letters that occur for the first time */
    uint8_t flags;   /* NAME_ODD, NAME_LETTER, NAME_LED */
} NameInfo;

#define NAME_LETTER 1u /* one letter */
#define NAME_ODD 2u    /* of several words, or longer than NAME_QUICK_MAX */
#define NAME_LED 4u    /* of several words, the first of which is a particle: compared without it */
/* Up to this length a name cut off is loosely similar, too: m / la = 1, m / lb >= 0.1. */
#define NAME_QUICK_MAX 30

/* The letters of a name of one word, up to 16 and only A to Z, as 0 to 25; of any other name the first one is
 * NAME_LETTERS_NONE. */
typedef struct NameLetters {
    uint8_t at[16];
} NameLetters;
#define NAME_LETTERS_NONE 255

/*
 * Packed values (Dict.codes), so that two can be compared by their exclusive or:
 *
 *   date           YYYYMMDD, 4 bits a digit      | day number, 32 bits; CODE_NO_DAY when parts are not known
 *   postal code    length, 8 bits                | 7 bytes, the first in the lowest; a code without its extension
 *   SSN, phone, identifier
 *                  length, 4 bits                | 15 digits of 4 bits, the last in the lowest
 *
 * 0: does not fit, or holds letters where digits are packed.
 */
#define CODE_NO_DAY UINT32_C(0x80000000)

/* What tells that two texts are not alike. Of an e-mail, of what stands before the @. */
typedef struct TextInfo {
    uint8_t
        counts[16];  /* how often each of 32 classes of bytes occurs, four bits each: A to Z, pairs of digits, others */
    uint32_t head;   /* the first four bytes */
    uint32_t number; /* of an address: hashes of the number and the street; 0: none */
    uint32_t street;
    uint8_t length; /* bytes */
    uint8_t odd;    /* short, or a class occurs more than 15 times: not to be judged by its letters */
} TextInfo;

#define TEXT_QUICK_MIN 4

/* Have the two lists a number in common? */
static inline bool have_common(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    for (uint32_t i = 0; i < a_count; i++)
        for (uint32_t k = 0; k < b_count; k++)
            if (a[i] == b[k])
                return true;
    return false;
}

struct Dict {
    FieldKind kind;
    DictDomain domain;
    const Nicknames *nicknames;
    Texts texts;
    VEC(NameInfo) names;
    VEC(NameLetters) letters;
    VEC(uint32_t) roots; /* value numbers */
    VEC(uint32_t) parts;
    VEC(uint64_t) codes;
    VEC(TextInfo) texts_known;
};

MUST_USE Status dict_new(FieldKind kind, const Nicknames *nicknames, Dict **out, Error *err);
void dict_free(Dict *d); /* NULL is fine */
/* Number of a standard text, and all that is known of it; new at the end. */
MUST_USE Status dict_put(Dict *d, Slice text, uint32_t *number, Error *err);
/* Learns what is known of the values from d->names, d->codes or d->texts_known on; a name's parts and roots become
 * values at the end.
 */
MUST_USE Status dict_learn(Dict *d, Error *err);
DictDomain kind_domain(FieldKind kind);
/* NYSIIS (Taft 1970), six letters of five bits; 0 when there is no letter A to Z. */
uint32_t name_sound(Slice name);
/* Letters of a packed code, at most 6 and a NUL. */
void name_sound_print(uint32_t sound, char out[7]);

/* --- levels (field.c, field_name.c, field_date.c, field_place.c, field_code.c) ------------------------------------ */

/* Every level of every built-in comparator. A field's levels are those of its kind in the kind's order. */
typedef enum LevelId {
    LV_MISSING,
    LV_EXACT,
    LV_ALIAS,
    LV_NICKNAME,
    LV_JOINED,
    LV_PART,
    LV_SWAPPED,
    LV_ONE_EDIT,
    LV_TRUNCATED,
    LV_CLOSE,
    LV_SIMILAR,
    LV_LOOSE,
    LV_SOUND,
    LV_INITIAL,
    LV_PARTIAL,
    LV_PARTIAL_YEAR,
    LV_DAY_MONTH,
    LV_ONE_DIGIT,
    LV_TRANSPOSED,
    LV_NEAR,
    LV_YEAR_PART,
    LV_MONTH_DAY,
    LV_YEAR,
    LV_LAST_FOUR,
    LV_BUILDING,
    LV_SIMILAR_STREET,
    LV_NUMBER_EDIT,
    LV_STREET,
    LV_FIVE_DIGITS,
    LV_AREA,
    LV_LOCAL,
    LV_LOCAL_SIMILAR,
    LV_WORDS,
    LV_OFF_BY_ONE,
    LV_DIFFERS,
    LV_COUNT
} LevelId;

/* Level of two different values, none missing; of a field without own comparator. Symmetric. LV_MISSING when they say
 * nothing of each other: dates that have no part in common. */
LevelId level_of(FieldKind kind, const Dict *d, uint32_t a, uint32_t b);
LevelId level_name(FieldKind kind, const Dict *d, uint32_t a, uint32_t b);
LevelId level_date(const Dict *d, uint32_t a, uint32_t b);
LevelId level_address(Slice a, Slice b);
typedef struct Address {
    Slice number, street, unit;
} Address;
/* Parts of a standard address; any may be empty. */
Address address_cut(Slice s);
LevelId level_city(Slice a, Slice b);
LevelId level_postal_code(Slice a, Slice b);
LevelId level_ssn(Slice a, Slice b);
LevelId level_identifier(Slice a, Slice b);
LevelId level_phone(Slice a, Slice b);
LevelId level_email(Slice a, Slice b);
LevelId level_text(Slice a, Slice b);
LevelId level_number(Slice a, Slice b);
/* Number of the level in the field; 0: the field does not have it. */
uint32_t field_level_number(const FieldSpec *f, LevelId id);
/* Only equal or not: nothing in between. */
bool kind_is_plain(FieldKind kind);

/* One of the two begins with the other, which has at least `least` bytes. */
bool is_truncated(Slice a, Slice b, size_t least);
/* Of equal length, and the exchange of two neighbours makes one of the other. */
bool is_transposed(Slice a, Slice b);
/* Bands of Jaro-Winkler, scaled by 10,000; sources in field.c. */
#define BAND_CLOSE 9200u
#define BAND_SIMILAR 8800u
#define BAND_LOOSE 7000u
#define NEAR_DAYS 31
/* Shorter names are other names too often when a letter differs: LEE and LEA, KIM and TIM. */
#define EDIT_LETTERS_LEAST 4
#define TRUNCATED_FIRST_LEAST 3
#define TRUNCATED_LAST_LEAST 4
#define EMAIL_EDITS 2 /* of what stands before the @, where it is similar */

/* --- expressions (expr.c, expr_lex.c) ----------------------------------------------------------------------------- */

typedef struct Expr Expr;
/* Comparators speak of `left` and `right`; rules (config given) of fields and levels. what: whose the expression is,
 * for messages ("level 'close' of field 'city'"). ERR_INVALID names the position. config must outlive the call only. */
MUST_USE Status expr_compile(
    Slice text, const char *what, const MatchConfig *config, Arena *arena, Expr **out, Error *err);
/* Of a comparator. Allocates nothing. */
bool expr_holds(const Expr *e, Slice left, Slice right);
/* Of a rule. */
bool expr_holds_pattern(const Expr *e, uint64_t pattern);

#endif
