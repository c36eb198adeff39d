/*
 * Records on their way into the vault.
 *
 * They come in the order of a file and are written in the order of their tags,
 * which are as good as random: over millions of records every step of sorting
 * and gathering would wait for memory. So they are dealt out by the first bits
 * of their tags as they come, and what is sorted and gathered at one time fits
 * a core's own cache.
 */
#include "store/vault_impl.h"

/* Records of a part, when as many come as were expected: with their values about 400 KiB. */
#define PART_RECORDS ((uint64_t)8192)
#define PART_BITS_MAX 8
/* Values are laid down in blocks of a part's own. */
#define BLOCK_BYTES ((size_t)8 << 10)

typedef struct NewPart {
    VEC(PackedRecord) records;
    char *room; /* for the next values */
    size_t left;
} NewPart;

struct NewRecords {
    NewPart *parts;
    unsigned bits; /* of a tag, that tell its part */
    size_t count;
    size_t bytes;
    Arena values; /* wiped at the end */
};

Status new_records_new(uint64_t expected, NewRecords **out, Error *err)
{
    NewRecords *n = NULL;
    TRY(mem_zalloc(1, sizeof *n, (void **)&n, err));
    arena_init(&n->values, 0);
    while (n->bits < PART_BITS_MAX && PART_RECORDS << n->bits < expected)
        n->bits++;
    Status st = mem_zalloc(new_records_parts(n), sizeof *n->parts, (void **)&n->parts, err);
    if (st != OK) {
        new_records_free(n);
        return st;
    }
    *out = n;
    return OK;
}

void new_records_free(NewRecords *n)
{
    if (!n)
        return;
    for (size_t i = 0; n->parts && i < new_records_parts(n); i++)
        vec_free(&n->parts[i].records);
    arena_wipe(&n->values);
    mem_free(n->parts);
    mem_free(n);
}

void new_records_reset(NewRecords *n)
{
    for (size_t i = 0; i < new_records_parts(n); i++) {
        n->parts[i].records.len = 0;
        n->parts[i].left = 0;
    }
    n->count = 0;
    n->bytes = 0;
    arena_wipe(&n->values);
}

size_t new_records_bytes(const NewRecords *n)
{
    return n->bytes;
}

size_t new_records_parts(const NewRecords *n)
{
    return (size_t)1 << n->bits;
}

const PackedRecord *new_records_part(const NewRecords *n, size_t part, size_t *count)
{
    *count = n->parts[part].records.len;
    return n->parts[part].records.at;
}

static Status keep_values(NewRecords *n, NewPart *p, Slice packed, const char **out, Error *err)
{
    if (packed.len > p->left) {
        size_t size = packed.len > BLOCK_BYTES || n->bits == 0 ? packed.len : BLOCK_BYTES;
        p->left = 0;
        TRY(arena_alloc(&n->values, size, (void **)&p->room, err));
        p->left = size;
    }
    *out = p->room;
    if (packed.len > 0)
        memcpy(p->room, packed.ptr, packed.len);
    p->room += packed.len;
    p->left -= packed.len;
    return OK;
}

Status new_records_add(NewRecords *n, const RecordTag *tag, Slice packed, Error *err)
{
    NewPart *p = &n->parts[tag->bytes[0] >> (8 - n->bits)];
    PackedRecord record = {.tag = *tag, .len = (uint32_t)packed.len};
    TRY(keep_values(n, p, packed, &record.packed, err));
    TRY(vec_push(&p->records, record, err));
    n->count++;
    n->bytes += packed.len;
    return OK;
}

void new_records_leave_out(NewRecords *n, bool (*leave_out)(const RecordTag *tag, void *ctx), void *ctx)
{
    for (size_t i = 0; i < new_records_parts(n); i++) {
        NewPart *p = &n->parts[i];
        size_t kept = 0;
        for (size_t k = 0; k < p->records.len; k++)
            if (!leave_out(&p->records.at[k].tag, ctx))
                p->records.at[kept++] = p->records.at[k];
        n->count -= p->records.len - kept;
        p->records.len = kept;
    }
}

bool new_records_any(const NewRecords *n)
{
    return n->count > 0;
}
