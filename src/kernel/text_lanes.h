/*
 * One text against many, a pair a lane: the body shared by the vector paths,
 * included once for each width of register and of slot by a file that defines
 *
 *     LANES_NAME(x)      the name of a function here
 *     LANES_TARGET       the function attribute
 *     LANES_BYTES        bytes of a register: 32, 64
 *     LANES_SLOT         bytes of a slot, and bits of a lane: 16, 32
 *     V_SHUFFLE, V_LOW8, V_HIGH8, V_LOW16, V_HIGH16   byte shuffle and the unpackings, on Bytes
 *     V_ROWS(p, stride)  a register of 16-byte rows: p, p + 16 * stride, ...
 *     V_MASK(x)          a bit for each byte of x, which is all ones or zero
 *
 * A group is LANES_BYTES texts. Their slots are transposed in registers, so
 * that chars[j] holds byte j of each. For each j a lane then gets the positions
 * in the query of its byte. No table is gathered for that: bit i of
 *
 *     shuffle(low, byte & 15) & shuffle(high, byte >> 4)
 *
 * is set when the query's byte i has the same low nibble and the same high
 * nibble, which is to say, is that byte. Eight positions a pair of shuffles,
 * for all texts of the group at once.
 *
 * Zero bytes pad the slots and must match nothing: a query with a zero byte
 * goes the portable way, as does one that fills more than a slot.
 *
 * Lane order: the unpackings work within 16 bytes, so register v of a column
 * has the texts v * LANE_RUN .. of each 16.
 */

typedef uint8_t LANES_NAME(Bytes) __attribute__((vector_size(LANES_BYTES)));
#define Bytes LANES_NAME(Bytes)
#if LANES_SLOT == 16
typedef uint16_t LANES_NAME(Lane) __attribute__((vector_size(LANES_BYTES)));
typedef int16_t LANES_NAME(Signed) __attribute__((vector_size(LANES_BYTES)));
#else
typedef uint32_t LANES_NAME(Lane) __attribute__((vector_size(LANES_BYTES)));
typedef int32_t LANES_NAME(Signed) __attribute__((vector_size(LANES_BYTES)));
#endif
#define Lane LANES_NAME(Lane)
#define Signed LANES_NAME(Signed)
typedef uint32_t LANES_NAME(Word) __attribute__((vector_size(LANES_BYTES)));
typedef int32_t LANES_NAME(Int) __attribute__((vector_size(LANES_BYTES)));
typedef float LANES_NAME(Real) __attribute__((vector_size(LANES_BYTES)));
#define Word LANES_NAME(Word)
#define Int LANES_NAME(Int)
#define Real LANES_NAME(Real)

#define PLANES (LANES_SLOT / 8)             /* bytes a lane */
#define COLUMNS (LANES_SLOT / 8)            /* registers a group of lanes */
#define LANE_RUN (128 / LANES_SLOT)         /* lanes in 16 bytes */
#define LANE_COUNT (LANES_BYTES / PLANES)   /* lanes a register */
#define WORDS_A_LANE_REGISTER (32 / LANES_SLOT) /* registers of 32-bit lanes that a register of lanes widens to */

/* What stays the same for all groups of a query, and the scratch that would be zeroed anew in each call. */
typedef struct LANES_NAME(Job) {
    Slice query;
    const TextPack *targets;
    Bytes low[PLANES];
    Bytes high[PLANES];
    Bytes chars[LANES_SLOT];
    Bytes lens; /* 0 for texts that do not fit */
    size_t longest;
    uint64_t longs; /* a bit for each text that does not fit */
    Lane prefix[COLUMNS];
    Lane len[COLUMNS];
    Lane window[COLUMNS];
    Lane at[COLUMNS][LANES_SLOT]; /* positions in the query of byte j */
    Lane hit[LANES_SLOT];         /* all ones in the lanes whose byte j is matched */
    OneByOne others;              /* for texts that do not fit */
} LANES_NAME(Job);
#define Job LANES_NAME(Job)

/* --- reading a group ----------------------------------------------------------------------------------------- */

/* 16 bytes of each row, from `rows` on: four rounds of a perfect shuffle transpose 16 x 16 bytes. */
LANES_TARGET static void LANES_NAME(transpose)(const uint8_t *rows, Bytes out[16])
{
    Bytes a[16], b[16];
    for (size_t r = 0; r < 16; r++)
        a[r] = V_ROWS(rows + r * LANES_SLOT, LANES_SLOT);
    for (int round = 0; round < 2; round++) {
        for (size_t r = 0; r < 8; r++) {
            b[2 * r] = V_LOW8(a[r], a[r + 8]);
            b[2 * r + 1] = V_HIGH8(a[r], a[r + 8]);
        }
        for (size_t r = 0; r < 8; r++) {
            a[2 * r] = V_LOW8(b[r], b[r + 8]);
            a[2 * r + 1] = V_HIGH8(b[r], b[r + 8]);
        }
    }
    memcpy(out, a, sizeof a);
}

LANES_TARGET static void LANES_NAME(load)(Job *job, const uint8_t *rows, const uint8_t *lens)
{
    Bytes len;
    memcpy(&len, lens, sizeof len);
    Bytes too_long = (Bytes)(len == SLOT_LONG);
    job->longs = V_MASK(too_long);
    job->lens = len & ~too_long;
    job->longest = LANES_SLOT;
    while (job->longest > 0 && V_MASK((Bytes)(job->lens >= (uint8_t)job->longest)) == 0)
        job->longest--;
    for (size_t part = 0; part * 16 < LANES_SLOT; part++)
        if (part * 16 < job->longest || part == 0)
            LANES_NAME(transpose)(rows + part * 16, job->chars + part * 16);
}

/* Copies what ids name into a block of its own, the rest of which is empty texts. */
LANES_TARGET static void LANES_NAME(gather)(Job *job, const uint32_t *ids, size_t n)
{
    uint8_t rows[LANES_BYTES * LANES_SLOT];
    uint8_t lens[LANES_BYTES];
    const TextPack *t = job->targets;
    for (size_t k = 0; k < n; k++) {
        ASSERT(ids[k] < t->n);
        memcpy(rows + k * LANES_SLOT, t->slots + (size_t)ids[k] * LANES_SLOT, LANES_SLOT);
        lens[k] = t->lens[ids[k]];
    }
    memset(rows + n * LANES_SLOT, 0, (LANES_BYTES - n) * LANES_SLOT);
    memset(lens + n, 0, LANES_BYTES - n);
    LANES_NAME(load)(job, rows, lens);
}

/* Byte planes, least first, to registers of lanes. */
LANES_TARGET static inline void LANES_NAME(widen)(const Bytes *plane, Lane *out, size_t stride)
{
#if LANES_SLOT == 16
    out[0] = (Lane)V_LOW8(plane[0], plane[1]);
    out[stride] = (Lane)V_HIGH8(plane[0], plane[1]);
#else
    Bytes a = V_LOW8(plane[0], plane[1]), b = V_HIGH8(plane[0], plane[1]);
    Bytes c = V_LOW8(plane[2], plane[3]), d = V_HIGH8(plane[2], plane[3]);
    out[0] = (Lane)V_LOW16(a, c);
    out[stride] = (Lane)V_HIGH16(a, c);
    out[2 * stride] = (Lane)V_LOW16(b, d);
    out[3 * stride] = (Lane)V_HIGH16(b, d);
#endif
}

/* Fills at, len: what all three comparisons need. */
LANES_TARGET static void LANES_NAME(look_up)(Job *job)
{
    Bytes plane[PLANES] = {0};
    plane[0] = job->lens;
    LANES_NAME(widen)(plane, job->len, 1);
    for (size_t j = 0; j < job->longest; j++) {
        Bytes low = job->chars[j] & 15, high = job->chars[j] >> 4;
        for (size_t k = 0; k < PLANES; k++)
            plane[k] = V_SHUFFLE(job->low[k], low) & V_SHUFFLE(job->high[k], high);
        LANES_NAME(widen)(plane, &job->at[0][j], LANES_SLOT);
    }
}

/* Lanes of register v to the places of their texts. */
LANES_TARGET static inline void LANES_NAME(put)(const uint32_t lanes[LANE_COUNT], size_t v, uint32_t *out)
{
    for (size_t part = 0; part < LANES_BYTES / 16; part++)
        memcpy(out + part * 16 + v * LANE_RUN, lanes + part * LANE_RUN, LANE_RUN * sizeof *out);
}

LANES_TARGET static inline void LANES_NAME(to_words)(Lane x, Word out[WORDS_A_LANE_REGISTER])
{
#if LANES_SLOT == 16
    typedef uint16_t Half __attribute__((vector_size(LANES_BYTES / 2)));
    Half half[2];
    memcpy(half, &x, sizeof half);
    out[0] = __builtin_convertvector(half[0], Word);
    out[1] = __builtin_convertvector(half[1], Word);
#else
    out[0] = x;
#endif
}

/* --- Jaro-Winkler -------------------------------------------------------------------------------------------- */

/* Fills prefix and window, in bytes, where twice or four times as many texts are handled a step. */
LANES_TARGET static void LANES_NAME(prepare)(Job *job)
{
    Bytes plane[PLANES] = {0};
    Bytes live = ~(Bytes){0};
    for (size_t j = 0; j < 4 && j < job->query.len; j++) {
        live &= (Bytes)(job->chars[j] == (uint8_t)job->query.ptr[j]);
        plane[0] -= live;
    }
    LANES_NAME(widen)(plane, job->prefix, 1);

    /* 2^(w + 1) - 1 by table, w = max(la, lb) / 2 - 1 being at most 15 */
    static const uint8_t ones[2][16] = {
        {1, 3, 7, 15, 31, 63, 127, 255, 255, 255, 255, 255, 255, 255, 255, 255},
        {0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 7, 15, 31, 63, 127, 255},
    };
    Bytes query_len = (Bytes){0} + (uint8_t)job->query.len;
    Bytes longer = (Bytes)(job->lens > query_len);
    Bytes half = ((job->lens & longer) | (query_len & ~longer)) >> 1;
    Bytes w = half + (Bytes)(half > 0);
    for (size_t k = 0; k < 2; k++) {
        Bytes table;
        for (size_t part = 0; part < LANES_BYTES / 16; part++)
            memcpy((uint8_t *)&table + part * 16, ones[k], 16);
        plane[k] = V_SHUFFLE(table, w);
    }
    LANES_NAME(widen)(plane, job->window, 1);
}

/* The score from whole counts, as jaro_winkler_score has it: the quotient is guessed in single precision, which is
 * off by one at most, and put right in integers. Numerators reach 10,000 * 3 * 32^3 < 2^31. */
LANES_TARGET static inline Word LANES_NAME(score)(Word part, Word whole, Word prefix)
{
    Word tenths = part * 10;
    Word boosted = (Word)((Int)tenths > (Int)(whole * 7));
    Word n = (tenths + (boosted & (prefix * (whole - part)))) * (KERNEL_ONE / 10);
    Real guess = __builtin_convertvector((Int)n, Real) / __builtin_convertvector((Int)whole, Real);
    Word q = (Word)__builtin_convertvector(guess, Int);
    Int rest = (Int)(n - q * whole);
    return q + (Word)(rest < 0) - (Word)(rest >= (Int)whole);
}

LANES_TARGET static void LANES_NAME(jaro_winkler_lanes)(Job *job, size_t v, uint32_t *out)
{
    const Lane *at = job->at[v];
    const Lane zero = {0};
    size_t end = job->longest;
    Lane lb = job->len[v], window = job->window[v];
    /* the window at the beginning has w + 1 ones, so that its bit j + 1 says whether j < w */
    Lane first_window = window;
    Lane in_a = zero, m = zero;
    for (size_t j = 0; j < end; j++) {
        Lane x = at[j] & window & ~in_a;
        Lane hit = (Lane)(x != zero);
        in_a |= x & (zero - x);
        job->hit[j] = hit;
        m -= hit;
        first_window >>= 1;
        window = (window + window) | (first_window & 1);
    }
    Lane left = in_a, moved = zero;
    for (size_t j = 0; j < end; j++) {
        Lane lowest = left & (zero - left);
        moved -= (Lane)((at[j] & lowest) == zero) & job->hit[j];
        left &= left + job->hit[j]; /* where hit is -1 this takes the lowest bit away */
    }
    Lane la = zero + (uint8_t)job->query.len;
    Lane product = la * lb;
    Lane part = m * m * (la + lb) + (m - (moved >> 1)) * product;
    Lane whole = m * product * 3;
    whole -= (Lane)(whole == zero); /* nothing matched: 0 / 1 */
    Word parts[WORDS_A_LANE_REGISTER], wholes[WORDS_A_LANE_REGISTER], prefixes[WORDS_A_LANE_REGISTER];
    LANES_NAME(to_words)(part, parts);
    LANES_NAME(to_words)(whole, wholes);
    LANES_NAME(to_words)(job->prefix[v], prefixes);
    for (size_t k = 0; k < WORDS_A_LANE_REGISTER; k++)
        parts[k] = LANES_NAME(score)(parts[k], wholes[k], prefixes[k]);
    LANES_NAME(put)((const uint32_t *)parts, v, out);
}

LANES_TARGET static void LANES_NAME(jaro_winkler_group)(Job *job, uint32_t *out)
{
    LANES_NAME(look_up)(job);
    LANES_NAME(prepare)(job);
    for (size_t v = 0; v < COLUMNS; v++)
        LANES_NAME(jaro_winkler_lanes)(job, v, out);
}

/* --- edit distances ------------------------------------------------------------------------------------------ */

LANES_TARGET static inline void LANES_NAME(put_distance)(Lane distance, size_t v, uint32_t *out)
{
    Word words[WORDS_A_LANE_REGISTER];
    LANES_NAME(to_words)(distance, words);
    LANES_NAME(put)((const uint32_t *)words, v, out);
}

/* The same steps as pattern_levenshtein and pattern_osa, a pair a lane; a lane stops counting at its text's end. */
LANES_TARGET static inline void LANES_NAME(edit_lanes)(Job *job, size_t v, EditKind kind, uint32_t *out)
{
    const Lane *at = job->at[v];
    const Lane zero = {0};
    size_t la = job->query.len;
    Signed left = (Signed)job->len[v];
    Lane more = ~zero, less = zero, diagonal = zero, eq_before = zero;
    Lane distance = zero + (uint8_t)la;
    for (size_t j = 0; j < job->longest; j++) {
        Lane eq = at[j];
        Lane next = (((eq & more) + more) ^ more) | eq | less;
        if (kind == EDIT_OSA)
            next |= ((~diagonal & eq) << 1) & eq_before;
        diagonal = next;
        Lane right_more = less | ~(more | diagonal), right_less = more & diagonal;
        Lane counts = (Lane)(left > 0);
        distance += ((right_more >> (la - 1)) & 1) & counts;
        distance -= ((right_less >> (la - 1)) & 1) & counts;
        left -= 1;
        right_more = (right_more << 1) | 1;
        right_less <<= 1;
        less = right_more & diagonal;
        more = right_less | ~(right_more | diagonal);
        eq_before = eq;
    }
    LANES_NAME(put_distance)(distance, v, out);
}

LANES_TARGET static void LANES_NAME(levenshtein_group)(Job *job, uint32_t *out)
{
    LANES_NAME(look_up)(job);
    for (size_t v = 0; v < COLUMNS; v++)
        LANES_NAME(edit_lanes)(job, v, EDIT_LEVENSHTEIN, out);
}

LANES_TARGET static void LANES_NAME(osa_group)(Job *job, uint32_t *out)
{
    LANES_NAME(look_up)(job);
    for (size_t v = 0; v < COLUMNS; v++)
        LANES_NAME(edit_lanes)(job, v, EDIT_OSA, out);
}

/* --- all groups ---------------------------------------------------------------------------------------------- */

LANES_TARGET static void LANES_NAME(job_init)(
    Job *job, const TextMetric *metric, Slice query, const TextPack *targets)
{
    uint8_t low[PLANES][16] = {{0}}, high[PLANES][16] = {{0}};
    for (size_t i = 0; i < query.len; i++) {
        uint8_t c = (uint8_t)query.ptr[i], bit = (uint8_t)(1u << i % 8);
        low[i / 8][c & 15] |= bit;
        high[i / 8][c >> 4] |= bit;
    }
    for (size_t k = 0; k < PLANES; k++)
        for (size_t part = 0; part < LANES_BYTES / 16; part++) {
            memcpy((uint8_t *)&job->low[k] + part * 16, low[k], 16);
            memcpy((uint8_t *)&job->high[k] + part * 16, high[k], 16);
        }
    job->query = query;
    job->targets = targets;
    one_by_one_init(&job->others, metric, query);
}

/* Texts that do not fit their slots, one by one. */
static void LANES_NAME(repair)(Job *job, TextPick pick, uint32_t *out)
{
    for (uint64_t left = job->longs; left != 0; left &= left - 1) {
        size_t k = (size_t)__builtin_ctzll(left);
        if (k < pick.n)
            out[k] = one_by_one(&job->others, text_pack_at(job->targets, pick_at(pick, k)));
    }
}

typedef void (*LANES_NAME(GroupFn))(Job *job, uint32_t *out);

LANES_TARGET static void LANES_NAME(run)(Job *job, TextPick pick, LANES_NAME(GroupFn) group, uint32_t *out)
{
    const TextPack *t = job->targets;
    ASSERT(pick.ids || (pick.first <= t->n && pick.n <= t->n - pick.first));
    for (size_t at = 0; at < pick.n; at += LANES_BYTES) {
        size_t n = pick.n - at < LANES_BYTES ? pick.n - at : LANES_BYTES;
        TextPick some = {pick.ids ? pick.ids + at : NULL, pick.first + at, n};
        if (pick.ids)
            LANES_NAME(gather)(job, some.ids, n);
        else
            LANES_NAME(load)(job, t->slots + some.first * LANES_SLOT, t->lens + some.first);
        uint32_t last[LANES_BYTES];
        group(job, n < LANES_BYTES ? last : out + at);
        if (n < LANES_BYTES)
            memcpy(out + at, last, n * sizeof *last);
        LANES_NAME(repair)(job, some, out + at);
    }
}

#undef Bytes
#undef Lane
#undef Signed
#undef Word
#undef Int
#undef Real
#undef Job
#undef PLANES
#undef COLUMNS
#undef LANE_RUN
#undef LANE_COUNT
#undef WORDS_A_LANE_REGISTER
#undef LANES_NAME
#undef LANES_SLOT
