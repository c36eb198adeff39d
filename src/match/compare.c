/*
 * Two records to a pattern: four bits a field.
 *
 * Values are numbers, so most of a comparison is one integer comparison: equal, missing, or a pair of different values
 * (compare_value.c). Few records are compared pair by pair (compare_pair.c), more of them as stretches of a tile
 * (compare_tile.c, compare_stretch.c), which may be picked from a larger one.
 */
#include "match/compare_impl.h"

#define FEW_PAIRS 4 /* up to so many of one record are compared pair by pair */

void compare_many(Comparer *c, uint32_t a, const uint32_t *others, size_t n, uint64_t *patterns)
{
    StretchView v = compare_tile_view(&c->stretch, 0, 0);
    if (n <= FEW_PAIRS) {
        for (size_t i = 0; i < n; i++)
            patterns[i] = compare_pair_pattern(c, record_cells(c->t, a), record_cells(c->t, others[i]));
        return;
    }
    for (size_t from = 0; from < n; from += STRETCH) {
        v.n = n - from < STRETCH ? n - from : STRETCH;
        compare_tile_load(c, &c->stretch, others + from, v.n);
        compare_stretch(c, record_cells(c->t, a), &v, patterns + from);
    }
}

/* The next places that lie within one stretch of the tile. */
static size_t places_together(const uint32_t *places, size_t n)
{
    size_t count = n < STRETCH ? n : STRETCH;
    while (places[count - 1] - places[0] >= STRETCH)
        count--;
    return count;
}

/* Places of the tile in ascending order. Where few are left out, the gaps are compared, too. */
static void compare_places(Comparer *c, const uint32_t *a, const uint32_t *places, size_t n, uint64_t *patterns)
{
    for (size_t from = 0, count; from < n; from += count, places += count, patterns += count) {
        count = places_together(places, n - from);
        size_t first = places[0], span = places[count - 1] - first + 1;
        StretchView v = compare_tile_view(&c->tile, first, span);
        if (span == count) {
            compare_stretch(c, a, &v, patterns);
        } else if (span <= count + count / 4) {
            compare_stretch(c, a, &v, c->patterns);
            for (size_t i = 0; i < count; i++)
                patterns[i] = c->patterns[places[i] - first];
        } else {
            count = n - from < STRETCH ? n - from : STRETCH;
            compare_tile_pick(c, places, count);
            v = compare_tile_view(&c->stretch, 0, count);
            compare_stretch(c, a, &v, patterns);
        }
    }
}

/* Loading pays when several records are compared with the tile. */
#define TILE_LEAST 6

Status compare_batch(Comparer *c, const PairBatch *batch, const uint32_t *others, const uint32_t *places, size_t n,
    uint64_t *patterns, Error *err)
{
    if (!places || batch->tile.count < TILE_LEAST) {
        compare_many(c, batch->a, others, n, patterns);
        return OK;
    }
    if (batch->tile.number != c->tile_number) {
        TRY(compare_tile_reserve(c, &c->tile, batch->tile.count, err));
        compare_tile_load(c, &c->tile, batch->tile.members, batch->tile.count);
        c->tile_number = batch->tile.number;
    }
    compare_places(c, record_cells(c->t, batch->a), places, n, patterns);
    return OK;
}

uint64_t compare_pair(Comparer *c, uint32_t a, uint32_t b)
{
    uint64_t pattern;
    compare_many(c, a, &b, 1, &pattern);
    return pattern;
}
