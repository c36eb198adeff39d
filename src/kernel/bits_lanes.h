/*
 * Common bits of four queries and many targets: the loops shared by the vector
 * paths. The including file defines PATH_NAME(x), BITS_TARGET, and
 *
 *     Tile                                   four queries in the form the path wants
 *     tile_load(tile, queries, q, some)      sets it; queries beyond `some` are empty
 *     tile_count(tile, group, words, out)    out[k][i]: common bits of query k and vector i of the group
 *     reaching(common, ones_a, ones_b, threshold)   a bit for each of the eight with
 *                                            2 * 10,000 * common >= threshold * (ones_a + ones_b)
 *
 * A target is loaded once for four queries, and a tile of targets stays in the
 * nearest cache while all queries pass: untiled, memory is the limit.
 */

BITS_TARGET void PATH_NAME(common_many)(BitTile queries, BitTile targets, uint16_t *out)
{
    uint64_t common[QUERY_TILE][KERNEL_BIT_GROUP];
    UNSET Tile tile;
    bit_tiles_check(queries, targets);
    for (size_t q = 0; q < queries.n; q += QUERY_TILE) {
        size_t some = queries.n - q < QUERY_TILE ? queries.n - q : QUERY_TILE;
        tile_load(&tile, queries, q, some);
        for (size_t t = 0; t < targets.n; t += KERNEL_BIT_GROUP) {
            size_t end = targets.n - t < KERNEL_BIT_GROUP ? targets.n - t : KERNEL_BIT_GROUP;
            const uint64_t *group = bit_group(targets.pack, (targets.first + t) / KERNEL_BIT_GROUP);
            tile_count(&tile, group, targets.pack->words, common);
            for (size_t k = 0; k < some; k++)
                for (size_t i = 0; i < end; i++)
                    out[(q + k) * targets.n + t + i] = (uint16_t)common[k][i];
        }
    }
}

/* The hits of query `at` among a group, of which `end` vectors count. */
static size_t add_hits(DiceHit *hits, unsigned flags, const uint64_t *common, size_t at, BitTile queries,
    BitTile targets, size_t t)
{
    size_t found = 0;
    for (; flags != 0; flags &= flags - 1) {
        size_t i = (size_t)__builtin_ctz(flags);
        if (t + i >= targets.n || common[i] == 0)
            continue;
        uint32_t score = dice_score(
            queries.pack->counts[at], targets.pack->counts[targets.first + t + i], (uint32_t)common[i]);
        if (score > 0)
            hits[found++] = (DiceHit){(uint32_t)at, (uint32_t)(targets.first + t + i), score};
    }
    return found;
}

BITS_TARGET size_t PATH_NAME(dice_above)(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits)
{
    uint64_t common[QUERY_TILE][KERNEL_BIT_GROUP];
    UNSET Tile tile;
    size_t found = 0;
    bit_tiles_check(queries, targets);
    if (threshold > KERNEL_ONE)
        return 0;
    for (size_t q = 0; q < queries.n; q += QUERY_TILE) {
        size_t some = queries.n - q < QUERY_TILE ? queries.n - q : QUERY_TILE;
        tile_load(&tile, queries, q, some);
        for (size_t t = 0; t < targets.n; t += KERNEL_BIT_GROUP) {
            const uint64_t *group = bit_group(targets.pack, (targets.first + t) / KERNEL_BIT_GROUP);
            const uint16_t *ones_b = targets.pack->counts + targets.first + t;
            tile_count(&tile, group, targets.pack->words, common);
            for (size_t k = 0; k < some; k++) {
                size_t at = queries.first + q + k;
                unsigned flags = reaching(common[k], queries.pack->counts[at], ones_b, threshold);
                if (flags != 0)
                    found += add_hits(hits + found, flags, common[k], at, queries, targets, t);
            }
        }
    }
    return found;
}
