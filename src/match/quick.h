/*
 * Shortcuts: the level of most pairs of values from what the dictionary knows of
 * them, without a look at the text. Inline, because they are what comparing
 * consists of; field_*.c says the same slowly and is their oracle in the tests.
 * LV_MISSING: not decided here.
 */
#ifndef CAIRN_MATCH_QUICK_H
#define CAIRN_MATCH_QUICK_H

#include "match/lanes.h"
#include "match/value_impl.h"

/* --- names ---------------------------------------------------------------------------------------------------- */

/* Baseline machines have no instruction for it. */
static inline uint32_t count_bits(uint32_t v)
{
    v -= v >> 1 & 0x55555555;
    v = (v & 0x33333333) + (v >> 2 & 0x33333333);
    return ((v + (v >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

/*
 * What the set of letters leaves open (compare_lanes.c), of names of one word of up to 16 letters A to Z: Jaro's
 * similarity itself, the positions of each letter of the one made once for all the others. Equal to the room kernel's
 * (text_pair.c), which says why the direction plays no part.
 */
#define JARO_WINDOW_MAX 7 /* of 16 letters */

typedef struct QuickJaro {
    uint32_t value;  /* whose positions are in `at`; 0: nobody's */
    uint32_t length; /* 0: not such a name */
    uint32_t at[26];
    uint8_t wide[16 + 2 * JARO_WINDOW_MAX]; /* the letters, between what is none */
} QuickJaro;

static inline void quick_jaro_of(QuickJaro *q, uint32_t value, const NameLetters *x, uint32_t length)
{
    *q = (QuickJaro){.value = value};
    if (x->at[0] == NAME_LETTERS_NONE)
        return;
    q->length = length;
    memset(q->wide, NAME_LETTERS_NONE, sizeof q->wide);
    for (uint32_t i = 0; i < length; i++) {
        q->at[x->at[i]] |= UINT32_C(1) << i;
        q->wide[JARO_WINDOW_MAX + i] = x->at[i];
    }
}

/* w: letters match that are at most so many places apart. */
INLINE_ALWAYS uint32_t jaro_window(uint32_t la, uint32_t lb)
{
    uint32_t half = (la > lb ? la : lb) / 2;
    return half > 0 ? half - 1 : 0;
}

/* Letters of y that x has within the window, so at least as many as are matched: is it clear from their number that the
 * two are not similar from BAND_LOOSE on? Two in three names that only their sets of letters leave open. */
INLINE_ALWAYS bool quick_jaro_differs(const QuickJaro *x, const NameLetters *y, uint32_t lb)
{
    typedef uint8_t Letters __attribute__((vector_size(16)));
    static const uint8_t ones[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    Letters his, mine, near = {0};
    uint64_t halves[2], inside[2];
    uint32_t la = x->length, w = jaro_window(la, lb);
    const uint8_t *from = x->wide + JARO_WINDOW_MAX - w;
    memcpy(&his, y->at, sizeof his);
    memcpy(inside, ones + 16 - lb, sizeof inside);
    for (uint32_t k = 0; k <= 2 * w; k++) {
        memcpy(&mine, from + k, sizeof mine);
        near |= (Letters)(mine == his);
    }
    memcpy(halves, &near, sizeof halves);
    uint64_t both = (halves[0] & inside[0]) + (halves[1] & inside[1]);
    uint32_t most = (uint32_t)(both * UINT64_C(0x0101010101010101) >> 56);
    return 10 * most * (la + lb) < 11 * la * lb;
}

/* Jaro-Winkler as a fraction, tenths / (10 * whole): jaro_winkler_score, without the division. */
typedef struct QuickScore {
    uint32_t tenths, whole;
} QuickScore;

/* Equal leading letters; names of this form hold nothing but zeros behind their letters. */
static inline uint32_t equal_letters(const NameLetters *x, const NameLetters *y)
{
    uint64_t a[2], b[2];
    memcpy(a, x->at, sizeof a);
    memcpy(b, y->at, sizeof b);
    if (a[0] != b[0])
        return (uint32_t)__builtin_ctzll(a[0] ^ b[0]) / 8;
    return a[1] != b[1] ? 8 + (uint32_t)__builtin_ctzll(a[1] ^ b[1]) / 8 : 16;
}

/* whole is 0 where so few letters match that the score is surely under BAND_LOOSE. */
static inline QuickScore quick_jaro(const QuickJaro *x, const NameLetters *y, uint32_t lb, uint32_t equal_leading)
{
    uint32_t la = x->length, w = jaro_window(la, lb);
    uint32_t window = (UINT32_C(2) << w) - 1, in_x = 0, in_y = 0, moved = 0;
    for (uint32_t j = 0; j < lb; j++) {
        uint32_t free = x->at[y->at[j]] & window & ~in_x, found = free & (0 - free);
        in_x |= found;
        in_y |= (uint32_t)(found != 0) << j;
        window = window << 1 | (j < w);
    }
    uint32_t m = count_bits(in_x), sizes = la + lb, area = la * lb;
    if (10 * m * sizes < 11 * area)
        return (QuickScore){0};
    for (; in_x != 0; in_x &= in_x - 1, in_y &= in_y - 1)
        moved += (x->at[y->at[__builtin_ctz(in_y)]] & in_x & (0 - in_x)) == 0;
    uint32_t part = m * m * sizes + (m - moved / 2) * area, whole = 3 * m * area, tenths = 10 * part;
    if (tenths > 7 * whole)
        tenths += (equal_leading < 4 ? equal_leading : 4) * (whole - part);
    return (QuickScore){tenths, whole};
}

static inline bool score_from(QuickScore s, uint32_t band)
{
    return 1000 * s.tenths >= band * s.whole;
}

/* Optimal string alignment distance 1; `equal` leading letters, at most the shorter one's. */
static inline bool is_one_edit(const NameLetters *x, uint32_t la, const NameLetters *y, uint32_t lb, uint32_t equal)
{
    const uint8_t *a = x->at + equal, *b = y->at + equal;
    if (la > lb)
        return memcmp(a + 1, b, lb - equal) == 0;
    if (la < lb)
        return memcmp(a, b + 1, la - equal) == 0;
    uint32_t rest = la - equal;
    if (rest < 2 || memcmp(a + 1, b + 1, rest - 1) == 0)
        return true;
    return a[0] == b[1] && a[1] == b[0] && memcmp(a + 2, b + 2, rest - 2) == 0;
}

/* The level of two names of one word without a common root, whose letters are known; neither is a single letter, but
 * surnames. sound: they have a sound, and it is the same. */
static inline LevelId quick_name_level(
    FieldKind kind, const QuickJaro *x, const NameLetters *mine, const NameLetters *y, uint32_t lb, bool sound)
{
    uint32_t la = x->length, shorter = la < lb ? la : lb, longer = la < lb ? lb : la;
    uint32_t equal = equal_letters(mine, y);
    equal = equal < shorter ? equal : shorter;
    QuickScore score = quick_jaro(x, y, lb, equal);
    LevelId alike = kind == FIELD_MIDDLE_NAME ? LV_DIFFERS : sound ? LV_SOUND : LV_LOOSE;
    if (score.whole == 0 || !score_from(score, BAND_LOOSE)) /* what is one edit away, or cut off, scores more */
        return alike == LV_SOUND ? LV_SOUND : LV_DIFFERS;
    if (shorter >= EDIT_LETTERS_LEAST && longer - shorter <= 1 && is_one_edit(mine, la, y, lb, equal))
        return LV_ONE_EDIT;
    if (equal == shorter && shorter >= (kind == FIELD_LAST_NAME ? TRUNCATED_LAST_LEAST : TRUNCATED_FIRST_LEAST))
        return LV_TRUNCATED;
    return score_from(score, BAND_CLOSE) ? LV_CLOSE : score_from(score, BAND_SIMILAR) ? LV_SIMILAR : alike;
}

/*
 * Names of which one or both have several words, neither a single letter: is nothing but the last level left? What
 * compare_lanes.h asks of one word, of the whole texts: blanks are a further letter. Besides, that no part of a double
 * name is the other's. Equal but for blanks, two have all letters in common. A particle in front is left out of the
 * comparison, and in a text of more than NAME_QUICK_MAX bytes a name cut off need not be similar: the text tells.
 */
INLINE_ALWAYS bool quick_double_differs(FieldKind kind, const Dict *d, const NameInfo *x, const NameInfo *y)
{
    const bool first = kind != FIELD_LAST_NAME;
    uint32_t blanks_x = x->words - 1u, blanks_y = y->words - 1u, la = x->length + blanks_x, lb = y->length + blanks_y;
    uint32_t repeats = x->repeats < y->repeats ? x->repeats : y->repeats;
    uint32_t most = count_bits(x->letters & y->letters) + repeats + (blanks_x < blanks_y ? blanks_x : blanks_y);
    if (((x->flags | y->flags) & (NAME_LED | NAME_LETTER)) || la > NAME_QUICK_MAX || lb > NAME_QUICK_MAX ||
        (first && (x->root_mask & y->root_mask)) || x->sound == y->sound || 10 * most * (la + lb) >= 11 * la * lb)
        return false;
    return !have_common(d->parts.at + x->parts, x->part_count, d->parts.at + y->parts, y->part_count);
}

/* --- packed values ---------------------------------------------------------------------------------------------- */

/* The lowest bit of each group of four that is not 0. */
static inline uint64_t differing_digits(uint64_t x)
{
    x |= x >> 1;
    x |= x >> 2;
    return x & UINT64_C(0x1111111111111111);
}

/* The upper bit of each byte that is not 0. */
static inline uint64_t differing_bytes(uint64_t x)
{
    return (((x & UINT64_C(0x7F7F7F7F7F7F7F7F)) + UINT64_C(0x7F7F7F7F7F7F7F7F)) | x) & UINT64_C(0x8080808080808080);
}

/* Two neighbours of `width` bits at the two marks, and each side has what the other has there. */
INLINE_ALWAYS bool are_exchanged(uint64_t x, uint64_t y, uint64_t marks, unsigned width)
{
    uint64_t lowest = marks & (0 - marks), mask = (UINT64_C(1) << width) - 1;
    unsigned shift = (unsigned)__builtin_ctzll(lowest | UINT64_C(1) << 63) & ~(width - 1);
    bool neighbours = (marks != 0) & (marks == (lowest | lowest << width));
    x >>= shift;
    y >>= shift;
    return neighbours & ((x & mask) == (y >> width & mask)) & ((x >> width & mask) == (y & mask));
}

INLINE_ALWAYS LevelId quick_date(uint64_t x, uint64_t y)
{
    uint32_t day_x = (uint32_t)x, day_y = (uint32_t)y, written_x = (uint32_t)(x >> 32), written_y = (uint32_t)(y >> 32);
    uint32_t differing = written_x ^ written_y;
    uint64_t marks = differing_digits(differing), more = marks & (marks - 1);
    bool year = !(differing >> 16), month = !(differing & 0xFF00), day = !(differing & 0xFF);
    uint64_t lowest = marks & (0 - marks);
    uint32_t apart = day_x - day_y + NEAR_DAYS;
    LevelId level = year ? LV_YEAR : LV_DIFFERS;
    level = (month & day) ? LV_MONTH_DAY : level;
    level = (year & (month | day)) ? LV_YEAR_PART : level;
    level = apart <= 2 * NEAR_DAYS ? LV_NEAR : level;
    bool inside = (lowest != 0x10) & (lowest != 0x1000); /* both digits belong to one number */
    level = (inside & are_exchanged(written_x, written_y, marks, 4)) ? LV_TRANSPOSED : level;
    level = more ? level : LV_ONE_DIGIT;
    uint32_t turned = (written_y & 0xFFFF0000) | (written_y >> 8 & 0xFF) | (written_y & 0xFF) << 8;
    level = written_x == turned ? LV_DAY_MONTH : level;
    return ((day_x == CODE_NO_DAY) | (day_y == CODE_NO_DAY)) ? LV_MISSING : level;
}

/*
 * The same for one date against many, several at a time. All that one digit pair exchanged, or day and month, can make
 * of the one date is made once, so that each is a comparison.
 */
#define DATE_EXCHANGES 6

typedef struct QuickDate {
    uint32_t written, day;
    uint32_t exchanged[DATE_EXCHANGES]; /* the last one: day and month */
} QuickDate;

static inline uint32_t exchange_digits(uint32_t written, unsigned shift)
{
    uint32_t differing = (written >> shift ^ written >> shift >> 4) & 15;
    return written ^ differing << shift ^ differing << shift << 4;
}

static inline QuickDate quick_date_of(uint64_t code)
{
    static const unsigned shifts[DATE_EXCHANGES - 1] = {0, 8, 16, 20, 24}; /* both digits of one number */
    QuickDate q = {.written = (uint32_t)(code >> 32), .day = (uint32_t)code};
    for (size_t i = 0; i < COUNT_OF(shifts); i++)
        q.exchanged[i] = exchange_digits(q.written, shifts[i]);
    q.exchanged[DATE_EXCHANGES - 1] = (q.written & 0xFFFF0000) | (q.written >> 8 & 0xFF) | (q.written & 0xFF) << 8;
    return q;
}

INLINE_ALWAYS LevelId quick_postal_code(uint64_t x, uint64_t y)
{
    uint64_t differing = x ^ y, marks = differing_bytes(differing) >> 7;
    LevelId level = ((x >> 56 >= 3) & !(differing & 0xFFFFFF)) ? LV_AREA : LV_DIFFERS;
    level = are_exchanged(x, y, marks, 8) ? LV_TRANSPOSED : level;
    level = (marks & (marks - 1)) ? level : LV_ONE_EDIT;
    level = differing >> 56 ? LV_MISSING : level;
    return differing ? level : LV_FIVE_DIGITS;
}

/* Level of two numbers of the same length when one digit or two neighbours differ. */
INLINE_ALWAYS LevelId quick_digits(FieldKind kind, uint64_t x, uint64_t y)
{
    uint64_t differing = x ^ y, marks = differing_digits(differing);
    bool same_length = !(differing >> 60);
    if (kind == FIELD_PHONE && !(differing & 0xFFFFFFF))
        return LV_LOCAL;
    if (same_length && x >> 60 < 4 && kind == FIELD_IDENTIFIER)
        return LV_DIFFERS;
    if (same_length && are_exchanged(x, y, marks, 4))
        return LV_TRANSPOSED;
    if (kind == FIELD_SSN) {
        if (same_length && x >> 60 == 9 && !(marks & (marks - 1)))
            return LV_ONE_DIGIT;
        return (differing & 0xFFFF) ? LV_DIFFERS : LV_LAST_FOUR;
    }
    if (!same_length)
        return LV_MISSING;
    return (marks & (marks - 1)) ? LV_DIFFERS : LV_ONE_EDIT;
}

INLINE_ALWAYS LevelId quick_code(FieldKind kind, uint64_t x, uint64_t y)
{
    LevelId level = kind == FIELD_DATE          ? quick_date(x, y)
                    : kind == FIELD_POSTAL_CODE ? quick_postal_code(x, y)
                                                : quick_digits(kind, x, y);
    return x && y ? level : LV_MISSING;
}

/* --- texts ----------------------------------------------------------------------------------------------------------
 */

/* Sums of the smaller of both counts, class by class: at least as many as bytes can be matched. */
INLINE_ALWAYS uint32_t common_bytes(const TextInfo *x, const TextInfo *y)
{
    typedef uint8_t Lanes __attribute__((vector_size(16)));
    typedef uint64_t Halves __attribute__((vector_size(16)));
    const Lanes low = {15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15};
    Lanes a, b;
    memcpy(&a, x->counts, sizeof a);
    memcpy(&b, y->counts, sizeof b);
    Lanes a_low = a & low, b_low = b & low, a_high = a >> 4, b_high = b >> 4;
    Lanes less_low = (Lanes)(a_low < b_low), less_high = (Lanes)(a_high < b_high);
    Lanes sum = ((a_low & less_low) | (b_low & ~less_low)) + ((a_high & less_high) | (b_high & ~less_high));
    Halves halves;
    memcpy(&halves, &sum, sizeof halves);
    uint64_t both = halves[0] + halves[1]; /* at most 60 a byte */
    both = (both & UINT64_C(0x00FF00FF00FF00FF)) + (both >> 8 & UINT64_C(0x00FF00FF00FF00FF));
    return (uint32_t)(both * UINT64_C(0x0001000100010001) >> 48);
}

/* What share of the bytes must be matched for a Jaro-Winkler of 0.92, 0.88 or 0.7, by equal leading bytes p:
 * J + p / 10 * (1 - J) >= B gives J >= (B - p / 10) / (1 - p / 10), and J <= (m / la + m / lb + 1) / 3 then
 * m / la + m / lb >= 3 J - 1, here in 10,000ths and rounded down. Up to 0.7 nothing is added for the beginning. */
INLINE_ALWAYS uint32_t least_share(FieldKind kind, uint32_t equal_leading)
{
    static const uint16_t close[5] = {17600, 17333, 17000, 16571, 15999};
    static const uint16_t similar[5] = {16400, 15999, 15500, 14857, 13999};
    return kind == FIELD_ADDRESS ? close[equal_leading] : kind == FIELD_TEXT ? 10999 : similar[equal_leading];
}

/* Is nothing but the last level left? Asked are the lowest band of Jaro-Winkler that the kind has, one edit, which
 * leaves all bytes but one in common, truncation, which leaves the first four, and the parts of an address. */
INLINE_ALWAYS bool quick_text_differs(FieldKind kind, const TextInfo *x, const TextInfo *y)
{
    uint32_t m = common_bytes(x, y), la = x->length, lb = y->length, heads = x->head ^ y->head;
    uint32_t equal_leading = heads ? (uint32_t)__builtin_ctz(heads) / 8 : 4;
    bool similar = kind != FIELD_EMAIL && m * (la + lb) * 10000 >= least_share(kind, equal_leading) * la * lb;
    uint32_t edits = kind == FIELD_EMAIL ? EMAIL_EDITS : 1;
    bool few_edits = m + edits >= (la > lb ? la : lb);
    bool truncated = kind == FIELD_CITY && !heads;
    bool place = kind == FIELD_ADDRESS && (x->number == y->number || x->street == y->street);
    return !(similar | few_edits | truncated | place | x->odd | y->odd);
}

#endif
