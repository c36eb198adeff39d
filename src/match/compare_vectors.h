/*
 * LANES_COUNT numbers of 32 bits in the compiler's generic vectors, a truth being all ones or 0: what compare_lanes.h
 * works with where there are no registers of truths. LANES_BITS, if defined, counts set bits better than below.
 */
#define LANE_FUNCTION LANES_TARGET static inline __attribute__((always_inline))

typedef uint32_t Lanes __attribute__((vector_size(4 * LANES_COUNT)));
typedef Lanes Mask;
typedef int32_t Signed __attribute__((vector_size(4 * LANES_COUNT)));
typedef float Real __attribute__((vector_size(4 * LANES_COUNT)));

LANE_FUNCTION Lanes lane_set(uint32_t v)
{
    return v - (Lanes){0};
}

LANE_FUNCTION Lanes lane_load(const uint32_t *at)
{
    Lanes v;
    memcpy(&v, at, sizeof v);
    return v;
}

LANE_FUNCTION Real lane_load_real(const uint32_t *at)
{
    Real v;
    memcpy(&v, at, sizeof v);
    return v;
}

LANE_FUNCTION Mask lane_all(bool holds)
{
    return lane_set(holds ? UINT32_MAX : 0);
}

LANE_FUNCTION Mask lane_equal(Lanes a, Lanes b)
{
    return (Mask)(a == b);
}

LANE_FUNCTION Mask lane_at_most(Lanes a, uint32_t b)
{
    return (Mask)(a <= lane_set(b));
}

LANE_FUNCTION Lanes lane_choose(Mask where, Lanes then, Lanes otherwise)
{
    return (then & where) | (otherwise & ~where);
}

LANE_FUNCTION Lanes lane_keep(Mask where, Lanes v)
{
    return v & where;
}

/* Of numbers below 2^31. */
LANE_FUNCTION Lanes lane_min(Lanes a, Lanes b)
{
    return lane_choose((Mask)((Signed)a < (Signed)b), a, b);
}

LANE_FUNCTION Lanes lane_count_bits(Lanes v)
{
#ifdef LANES_BITS
    return LANES_BITS(v);
#else
    v -= v >> 1 & 0x55555555;
    v = (v & 0x33333333) + (v >> 2 & 0x33333333);
    v = (v + (v >> 4)) & 0x0F0F0F0F;
    v += v >> 8;
    return (v + (v >> 16)) & 0x3F;
#endif
}

/* 10 m (la + lb) < 11 la lb. */
LANE_FUNCTION Mask lane_few(Lanes matched, Real lb, uint32_t length)
{
    const float la = (float)length;
    Real m = __builtin_convertvector((Signed)matched, Real);
    return (Mask)(m * (10 * (lb + la)) < lb * (11 * la));
}

LANE_FUNCTION void lane_add(uint32_t *at, Lanes v)
{
    v |= lane_load(at);
    memcpy(at, &v, sizeof v);
}

LANE_FUNCTION bool lane_any(Mask v)
{
    typedef uint64_t Pairs __attribute__((vector_size(4 * LANES_COUNT)));
    Pairs pairs = (Pairs)v;
    uint64_t all = 0;
    for (size_t i = 0; i < LANES_COUNT / 2; i++)
        all |= pairs[i];
    return all != 0;
}

/* Places i .. whose lane is set, behind those that are there. */
LANE_FUNCTION size_t lane_push(uint32_t *places, size_t count, Mask set, size_t i)
{
    if (!lane_any(set))
        return count;
    for (uint32_t k = 0; k < LANES_COUNT; k++) {
        places[count] = (uint32_t)(i + k);
        count += set[k] & 1;
    }
    return count;
}

/* Lanes at i that are part of a stretch of n. */
LANE_FUNCTION Mask lane_inside(size_t i, size_t n)
{
    Signed at;
    for (int32_t k = 0; k < LANES_COUNT; k++)
        at[k] = k;
    return (Mask)(at < (int32_t)(n - i) - (Signed){0});
}
