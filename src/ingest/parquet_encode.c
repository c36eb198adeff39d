/* See parquet_encode.h. */
#include "ingest/parquet_encode.h"

/* Shorter runs cost more as a run of their own than as packed bits beside their neighbours. */
#define RUN_LEAST 8
#define DELTA_BLOCK 128
#define DELTA_MINIS 4
#define DELTA_MINI (DELTA_BLOCK / DELTA_MINIS)

void parquet_varint(Buf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_addc(out, (char)(0x80 | (v & 0x7F)));
    buf_addc(out, (char)v);
}

void parquet_zigzag(Buf *out, int64_t v)
{
    parquet_varint(out, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

unsigned parquet_bits(uint64_t max)
{
    return max == 0 ? 0 : 64 - (unsigned)__builtin_clzll(max);
}

/* --- bits, lowest first --------------------------------------------------------------------------------------- */

/* At most 31 bits wait in `bits` between calls. */
typedef struct BitPacker {
    char *to;
    uint64_t bits;
    unsigned waiting;
} BitPacker;

/* width 0 to 32 */
static inline void pack(BitPacker *p, uint32_t v, unsigned width)
{
    p->bits |= (uint64_t)v << p->waiting;
    p->waiting += width;
    if (p->waiting >= 32) {
        uint32_t word = (uint32_t)p->bits;
        memcpy(p->to, &word, sizeof word);
        p->to += sizeof word;
        p->bits >>= 32;
        p->waiting -= 32;
    }
}

static inline void pack_wide(BitPacker *p, uint64_t v, unsigned width)
{
    if (width > 32) {
        pack(p, (uint32_t)v, 32);
        pack(p, (uint32_t)(v >> 32), width - 32);
    } else {
        pack(p, (uint32_t)v, width);
    }
}

static void pack_end(BitPacker *p)
{
    for (unsigned done = 0; done < p->waiting; done += 8)
        *p->to++ = (char)(p->bits >> done);
    p->waiting = 0;
}

/* count values and as many zeros as make them groups of eight */
static void pack_groups(const uint32_t *values, size_t count, unsigned width, Buf *out)
{
    size_t groups = (count + 7) / 8;
    size_t bytes = groups * width;
    char *room = buf_reserve(out, bytes + 8);
    if (!room)
        return;
    BitPacker p = {.to = room};
    for (size_t i = 0; i < count; i++)
        pack(&p, values[i], width);
    for (size_t i = count; i < groups * 8; i++)
        pack(&p, 0, width);
    pack_end(&p);
    buf_advance(out, bytes);
}

/* --- runs and packed groups ----------------------------------------------------------------------------------- */

static void add_literals(const uint32_t *values, size_t count, unsigned width, Buf *out)
{
    if (count == 0)
        return;
    parquet_varint(out, (uint64_t)((count + 7) / 8) << 1 | 1);
    pack_groups(values, count, width, out);
}

static void add_run(uint32_t value, size_t count, unsigned width, Buf *out)
{
    parquet_varint(out, (uint64_t)count << 1);
    for (unsigned done = 0; done < width; done += 8)
        buf_addc(out, (char)(value >> done));
}

void parquet_hybrid(const uint32_t *values, size_t count, unsigned width, Buf *out)
{
    ASSERT(width >= 1 && width <= 32);
    size_t waiting = 0; /* first value that is not written yet */
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && values[end] == values[i])
            end++;
        /* packed values come in groups of eight: the run fills up the last of them */
        size_t fill = (8 - (i - waiting) % 8) % 8;
        if (end - i >= fill + RUN_LEAST) {
            add_literals(values + waiting, i + fill - waiting, width, out);
            add_run(values[i], end - i - fill, width, out);
            waiting = end;
        }
        i = end;
    }
    add_literals(values + waiting, count - waiting, width, out);
}

void parquet_hybrid_ones(size_t count, Buf *out)
{
    static const uint32_t ones[RUN_LEAST] = {1, 1, 1, 1, 1, 1, 1, 1};
    if (count >= RUN_LEAST)
        add_run(1, count, 1, out);
    else
        add_literals(ones, count, 1, out);
}

void parquet_booleans(const uint32_t *values, size_t count, Buf *out)
{
    pack_groups(values, count, 1, out);
}

/* --- differences ---------------------------------------------------------------------------------------------- */

/* n differences, at most a block of them */
static void add_block(const int64_t *deltas, size_t n, Buf *out)
{
    unsigned widths[DELTA_MINIS] = {0};
    int64_t least = deltas[0];
    for (size_t i = 1; i < n; i++)
        if (deltas[i] < least)
            least = deltas[i];
    uint64_t above[DELTA_BLOCK] = {0};
    for (size_t i = 0; i < n; i++)
        above[i] = (uint64_t)deltas[i] - (uint64_t)least;
    parquet_zigzag(out, least);
    for (size_t m = 0; m < DELTA_MINIS; m++) {
        uint64_t any = 0;
        for (size_t i = 0; i < DELTA_MINI; i++)
            any |= above[m * DELTA_MINI + i];
        widths[m] = parquet_bits(any);
        buf_addc(out, (char)widths[m]);
    }
    for (size_t m = 0; m * DELTA_MINI < n; m++) {
        size_t bytes = (size_t)widths[m] * DELTA_MINI / 8;
        char *room = buf_reserve(out, bytes + 8);
        if (!room)
            return;
        BitPacker p = {.to = room};
        for (size_t i = 0; i < DELTA_MINI; i++)
            pack_wide(&p, above[m * DELTA_MINI + i], widths[m]);
        pack_end(&p);
        buf_advance(out, bytes);
    }
}

void parquet_delta(const int64_t *values, size_t count, Buf *out)
{
    int64_t deltas[DELTA_BLOCK];
    parquet_varint(out, DELTA_BLOCK);
    parquet_varint(out, DELTA_MINIS);
    parquet_varint(out, count);
    parquet_zigzag(out, values[0]);
    for (size_t at = 1; at < count; at += DELTA_BLOCK) {
        size_t n = count - at < DELTA_BLOCK ? count - at : DELTA_BLOCK;
        for (size_t i = 0; i < n; i++)
            deltas[i] = (int64_t)((uint64_t)values[at + i] - (uint64_t)values[at + i - 1]);
        add_block(deltas, n, out);
    }
}
