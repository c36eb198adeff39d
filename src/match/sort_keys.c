/*
 * Radix sort of hashes with a number each: least significant digit first, which is stable and has no bad inputs.
 */
#include "match/sort_keys.h"

enum {
    DIGIT_BITS = 11,
    DIGITS = 6, /* of DIGIT_BITS in 64 bits */
    SMALL = 48  /* insertion sort up to here */
};

static void insertion_sort(uint64_t *keys, uint32_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        uint32_t value = values[i];
        size_t k = i;
        for (; k > 0 && keys[k - 1] > key; k--) {
            keys[k] = keys[k - 1];
            values[k] = values[k - 1];
        }
        keys[k] = key;
        values[k] = value;
    }
}

/* Stable, by the digits from `digit` on. */
static void sort_digits(
    uint64_t *keys, uint32_t *values, size_t count, uint32_t digit, uint64_t *key_scratch, uint32_t *value_scratch)
{
    uint32_t counts[DIGITS][1 << DIGIT_BITS];
    memset(counts, 0, sizeof counts);
    const uint64_t digit_mask = (1 << DIGIT_BITS) - 1;
    for (size_t i = 0; i < count; i++)
        for (uint32_t d = digit; d < DIGITS; d++)
            counts[d][keys[i] >> (d * DIGIT_BITS) & digit_mask]++;
    uint64_t *from = keys, *to = key_scratch;
    uint32_t *values_from = values, *values_to = value_scratch;
    for (uint32_t d = digit; d < DIGITS; d++) {
        uint32_t *c = counts[d], sum = 0;
        if (c[from[0] >> (d * DIGIT_BITS) & digit_mask] == count)
            continue; /* all the same digit */
        for (size_t i = 0; i <= digit_mask; i++) {
            uint32_t n = c[i];
            c[i] = sum;
            sum += n;
        }
        for (size_t i = 0; i < count; i++) {
            uint32_t place = c[from[i] >> (d * DIGIT_BITS) & digit_mask]++;
            to[place] = from[i];
            values_to[place] = values_from[i];
        }
        uint64_t *keys_swap = from;
        from = to;
        to = keys_swap;
        uint32_t *values_swap = values_from;
        values_from = values_to;
        values_to = values_swap;
    }
    if (from != keys) {
        memcpy(keys, from, count * sizeof keys[0]);
        memcpy(values, values_from, count * sizeof values[0]);
    }
}

/* The upper half of the digits tells hashes apart; where it does not, the few (or, from somebody's bad will, the many)
 * keys that agree in it are sorted by all digits. */
void sort_keys(uint64_t *keys, uint32_t *values, size_t count, uint64_t *key_scratch, uint32_t *value_scratch)
{
    enum { UPPER = DIGITS / 2 };
    if (count <= SMALL) {
        insertion_sort(keys, values, count);
        return;
    }
    sort_digits(keys, values, count, UPPER, key_scratch, value_scratch);
    for (size_t begin = 0, end; begin < count; begin = end) {
        bool sorted = true;
        for (end = begin + 1; end < count && (keys[end] ^ keys[begin]) >> (UPPER * DIGIT_BITS) == 0; end++)
            sorted = sorted && keys[end - 1] <= keys[end];
        if (sorted)
            continue;
        if (end - begin <= SMALL)
            insertion_sort(keys + begin, values + begin, end - begin);
        else
            sort_digits(keys + begin, values + begin, end - begin, 0, key_scratch, value_scratch);
    }
}
