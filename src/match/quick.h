/*
 * Shortcuts: the level of most pairs of values from what the dictionary knows of
 * them, without a look at the text. Inline, because they are what comparing
 * consists of; field_*.c says the same slowly and is their oracle in the tests.
 * LV_MISSING: not decided here.
 */
#ifndef CAIRN_MATCH_QUICK_H
#define CAIRN_MATCH_QUICK_H

#include "match/value_impl.h"

/* The compiler takes these for too large; a call would cost as much as what they do. */
#define INLINE_ALWAYS static inline __attribute__((always_inline))

/* --- names ---------------------------------------------------------------------------------------------------- */

/* Baseline machines have no instruction for it. */
static inline uint32_t count_bits(uint32_t v)
{
    v -= v >> 1 & 0x55555555;
    v = (v & 0x33333333) + (v >> 2 & 0x33333333);
    return ((v + (v >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

/* [la][lb]: common letters from which on two names of these lengths can be loosely similar. With m matched letters J is
 * at most (m / la + m / lb + 1) / 3, and up to 0.7 nothing is added for the beginning. */
typedef struct QuickLengths {
    uint8_t least[NAME_QUICK_MAX + 1][NAME_QUICK_MAX + 1];
} QuickLengths;

/* *q is zeroed. */
static inline void quick_lengths_init(QuickLengths *q)
{
    for (uint32_t la = 1; la <= NAME_QUICK_MAX; la++)
        for (uint32_t lb = 1; lb <= NAME_QUICK_MAX; lb++) {
            uint32_t least = (11 * la * lb + 10 * (la + lb) - 1) / (10 * (la + lb));
            q->least[la][lb] = (uint8_t)least;
        }
}

/* One name against many: what stays the same. */
typedef struct QuickName {
    uint32_t letters, sound, root_mask;
    uint32_t repeats, flags;
    uint32_t flag_mask;   /* flags of either side that leave a pair open */
    const uint8_t *least; /* by the other's length */
} QuickName;

static inline QuickName quick_name_of(const QuickLengths *lengths, FieldKind kind, const NameInfo *x)
{
    bool first = kind != FIELD_LAST_NAME;
    return (QuickName){.letters = x->letters,
        .sound = x->sound,
        .root_mask = first ? x->root_mask : 0,
        .repeats = x->repeats,
        .flags = x->flags,
        .flag_mask = first ? NAME_LETTER | NAME_ODD : NAME_ODD,
        .least = lengths->least[x->length > NAME_QUICK_MAX ? 0 : x->length]};
}

/* Is nothing but the last level left? One edit in names of four letters or more and truncation imply a Jaro-Winkler of
 * 0.7, so only that, the sound and the nicknames are asked. At most so many letters match as the two have in common,
 * and repeats. No branches: of strangers' names two in three are decided here, in an order that no processor foresees.
 */
INLINE_ALWAYS bool quick_name_differs(const QuickName *x, const NameInfo *y)
{
    uint32_t repeats = x->repeats < y->repeats ? x->repeats : y->repeats;
    uint32_t most = count_bits(x->letters & y->letters) + repeats;
    uint32_t length = y->length > NAME_QUICK_MAX ? 0 : y->length;
    return (most < x->least[length]) & (x->sound != y->sound) & !(x->root_mask & y->root_mask) &
           !((x->flags | y->flags) & x->flag_mask);
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
 * The same for one date against many, four at a time. All that one digit pair exchanged, or day and month, can make of
 * the one date is made once, so that each is a comparison.
 */
typedef uint32_t Lanes32 __attribute__((vector_size(16)));

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

INLINE_ALWAYS Lanes32 lanes_of(uint32_t v)
{
    return (Lanes32){v, v, v, v};
}

INLINE_ALWAYS Lanes32 choose_lanes(Lanes32 where, Lanes32 then, Lanes32 otherwise)
{
    return (then & where) | (otherwise & ~where);
}

/* Level numbers of four dates, none of them equal to x and all days known, x's too; otherwise the lane means nothing.
 */
INLINE_ALWAYS Lanes32 quick_dates(const QuickDate *x, Lanes32 written, Lanes32 days, const uint8_t *number)
{
    Lanes32 differing = written ^ x->written, transposed = written == x->exchanged[0];
    Lanes32 year = (differing >> 16) == 0, month = (differing & 0xFF00) == 0, day = (differing & 0xFF) == 0;
    Lanes32 marks = differing | differing >> 1;
    marks = (marks | marks >> 2) & 0x11111111;
    Lanes32 one_digit = (marks & (marks - 1)) == 0;
    Lanes32 near = (x->day - days + NEAR_DAYS) <= 2 * NEAR_DAYS;
    for (size_t i = 1; i + 1 < DATE_EXCHANGES; i++)
        transposed |= written == x->exchanged[i];
    Lanes32 level = choose_lanes(year, lanes_of(number[LV_YEAR]), lanes_of(number[LV_DIFFERS]));
    level = choose_lanes(month & day, lanes_of(number[LV_MONTH_DAY]), level);
    level = choose_lanes(year & (month | day), lanes_of(number[LV_YEAR_PART]), level);
    level = choose_lanes(near, lanes_of(number[LV_NEAR]), level);
    level = choose_lanes(transposed, lanes_of(number[LV_TRANSPOSED]), level);
    level = choose_lanes(one_digit, lanes_of(number[LV_ONE_DIGIT]), level);
    return choose_lanes((Lanes32)(written == x->exchanged[DATE_EXCHANGES - 1]), lanes_of(number[LV_DAY_MONTH]), level);
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
