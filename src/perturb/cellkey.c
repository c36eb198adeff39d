/*
 * Cell keys: noise that belongs to a group of people and not to a table.
 *
 * Each person has one random number, a cell's number is the sum of its people's, and the noise is looked up under it.
 * The same people get the same noise in whatever table they stand, so publishing a cell twice tells nothing new and
 * averaging over tables does not thin the noise (Fraser and Wooton 2005; Thompson, Broadfoot and Elazar 2013). Numbers
 * are a keyed hash, not a seeded generator: without the secret nobody can work out the noise of a group she knows.
 */
#include "perturb/perturb.h"

#define SECRET_MIN 16
#define TEXT_MAX 512

struct CellKeys {
    Hmac *hmac;
    char domain[64];
};

Status cellkeys_new(Slice secret, const char *domain, CellKeys **out, Error *err)
{
    CellKeys *k = NULL;
    if (secret.len < SECRET_MIN)
        return error_set(err, ERR_INVALID, "the secret of the cell keys has fewer than %d bytes", SECRET_MIN);
    if (strlen(domain) == 0 || strlen(domain) >= sizeof k->domain)
        return error_set(err, ERR_INVALID, "the domain of the cell keys must have 1 to 63 characters");
    TRY(mem_zalloc(1, sizeof *k, (void **)&k, err));
    memcpy(k->domain, domain, strlen(domain) + 1);
    Status st = hmac_new((const uint8_t *)secret.ptr, secret.len, &k->hmac, err);
    if (st != OK) {
        cellkeys_free(k);
        return st;
    }
    *out = k;
    return OK;
}

void cellkeys_free(CellKeys *k)
{
    if (!k)
        return;
    hmac_free(k->hmac);
    mem_wipe(k, sizeof *k);
    mem_free(k);
}

Status cellkeys_record(CellKeys *k, Slice pseudonym, uint64_t *out, Error *err)
{
    char text[TEXT_MAX];
    uint8_t digest[SHA256_SIZE];
    size_t domain = strlen(k->domain) + 1; /* its NUL parts it from the pseudonym */
    if (pseudonym.len == 0 || pseudonym.len > sizeof text - domain)
        return error_set(err, ERR_INVALID, "a pseudonym is empty or longer than %zu bytes", sizeof text - domain);
    memcpy(text, k->domain, domain);
    memcpy(text + domain, pseudonym.ptr, pseudonym.len);
    Status st = hmac_of(k->hmac, (Slice){text, domain + pseudonym.len}, digest, err);
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out = *out << 8 | digest[i];
    mem_wipe(text, sizeof text);
    return st;
}

Status cellkeys_sum(
    CellKeys *k, const Slice *persons, const uint32_t *cells, size_t n, uint64_t *sums, size_t cell_count, Error *err)
{
    memset(sums, 0, cell_count * sizeof *sums);
    for (size_t i = 0; i < n; i++) {
        uint64_t key;
        if (cells[i] >= cell_count)
            return error_set(err, ERR_INVALID, "row %zu is of cell %" PRIu32 " of %zu", i + 1, cells[i], cell_count);
        TRY(cellkeys_record(k, persons[i], &key, err));
        sums[cells[i]] += key;
    }
    return OK;
}

/* --- look-up ------------------------------------------------------------------------------------------------- */

static int noise_of(const PTable *t, int64_t count, uint64_t cell_key)
{
    uint32_t rows = ptable_rows(t), row = count < (int64_t)rows ? (uint32_t)count : rows - 1;
    uint64_t draw = cell_key >> 32, sum = 0;
    int v = -(int)ptable_deviation(t);
    for (;; v++) {
        sum += ptable_weight(t, row, v);
        if (draw < sum)
            return v;
        ASSERT(v < (int)ptable_deviation(t));
    }
}

int64_t cellkey_count(const PTable *t, int64_t count, uint64_t cell_key)
{
    return count <= 0 ? 0 : count + noise_of(t, count, cell_key);
}

Status cellkey_counts(
    const PTable *t, const int64_t *counts, const uint64_t *cell_keys, size_t n, int64_t *out, Error *err)
{
    for (size_t i = 0; i < n; i++)
        if (counts[i] < 0 || counts[i] > INT64_MAX / 2)
            return error_set(err, ERR_INVALID, "count %zu is negative or too large", i + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = cellkey_count(t, counts[i], cell_keys[i]);
    return OK;
}

Status cellkey_magnitude(
    const PTable *t, int64_t total, int64_t largest, uint32_t per_mille, uint64_t cell_key, int64_t *out, Error *err)
{
    if (total < 0 || largest < 0 || largest > total)
        return error_set(err, ERR_INVALID, "a total is negative or less than its largest contribution");
    if (per_mille < 1 || per_mille > 1000)
        return error_set(err, ERR_INVALID, "the step must be 1 to 1000 thousandths of the largest contribution");
    *out = 0;
    if (largest == 0)
        return OK;
    __extension__ typedef __int128 Wide;
    Wide step = (Wide)largest * per_mille; /* in thousandths */
    Wide row = (Wide)total * 1000 / step;
    Wide change = noise_of(t, row < 1000 ? (int64_t)row : 1000, cell_key) * step;
    change = change < 0 ? -((-change + 500) / 1000) : (change + 500) / 1000;
    Wide sum = (Wide)total + change;
    if (sum > INT64_MAX)
        return error_set(err, ERR_LIMIT, "a perturbed total does not fit into 64 bits");
    ASSERT(sum >= 0);
    *out = (int64_t)sum;
    return OK;
}
