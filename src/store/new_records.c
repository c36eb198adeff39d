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
/* Records are laid down in blocks of a part's own, and these cut from ever larger pieces: those have large pages, and
 * what is not used of them is never touched. */
#define BLOCK_BYTES ((size_t)8 << 10)
#define PIECE_FIRST ((size_t)64 << 10)
#define PIECE_LARGEST ((size_t)8 << 20)

/* Stands before the values of each record in its block. */
typedef struct RecordHead {
    RecordTag tag;
    uint32_t len;
    uint32_t left_out; /* 1: forgotten */
} RecordHead;

typedef struct Block {
    struct Block *next; /* that was begun later */
    size_t used;        /* of data */
    char data[];        /* heads and values, of any alignment */
} Block;

typedef struct NewPart {
    Block *first;
    Block *last;
    size_t left;  /* in the last */
    size_t count; /* of records */
} NewPart;

typedef struct Piece {
    char *at;
    size_t used;
    size_t size;
} Piece;

struct NewRecords {
    NewPart *parts;
    unsigned bits; /* of a tag, that tell its part */
    size_t count;
    size_t bytes;
    VEC(Piece) pieces; /* wiped at the end */
};

Status new_records_new(uint64_t expected, NewRecords **out, Error *err)
{
    NewRecords *n = NULL;
    TRY(mem_zalloc(1, sizeof *n, (void **)&n, err));
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

static void free_pieces(NewRecords *n)
{
    for (size_t i = 0; i < n->pieces.len; i++) {
        mem_wipe(n->pieces.at[i].at, n->pieces.at[i].used);
        mem_free(n->pieces.at[i].at);
    }
    n->pieces.len = 0;
}

void new_records_free(NewRecords *n)
{
    if (!n)
        return;
    free_pieces(n);
    vec_free(&n->pieces);
    mem_free(n->parts);
    mem_free(n);
}

void new_records_reset(NewRecords *n)
{
    for (size_t i = 0; i < new_records_parts(n); i++)
        n->parts[i] = (NewPart){0};
    n->count = 0;
    n->bytes = 0;
    free_pieces(n);
}

size_t new_records_bytes(const NewRecords *n)
{
    return n->bytes;
}

size_t new_records_parts(const NewRecords *n)
{
    return (size_t)1 << n->bits;
}

/* --- adding -------------------------------------------------------------------------------------------------- */

static Status add_piece(NewRecords *n, size_t least, Error *err)
{
    Piece piece = {.size = n->pieces.len > 0 ? vec_last(&n->pieces).size * 2 : PIECE_FIRST};
    if (piece.size > PIECE_LARGEST)
        piece.size = PIECE_LARGEST;
    if (piece.size < least)
        piece.size = least;
    TRY(vec_reserve(&n->pieces, n->pieces.len + 1, err));
    TRY(mem_alloc(piece.size, (void **)&piece.at, err));
    n->pieces.at[n->pieces.len++] = piece;
    return OK;
}

/* A block with room for `size` bytes becomes the part's last. */
static Status begin_block(NewRecords *n, NewPart *p, size_t size, Error *err)
{
    size_t bytes = sizeof(Block) + size > BLOCK_BYTES ? sizeof(Block) + size : BLOCK_BYTES;
    bytes = (bytes + _Alignof(Block) - 1) / _Alignof(Block) * _Alignof(Block);
    if (n->pieces.len == 0 || vec_last(&n->pieces).size - vec_last(&n->pieces).used < bytes)
        TRY(add_piece(n, bytes, err));
    Piece *piece = &vec_last(&n->pieces);
    Block *block = (Block *)(void *)(piece->at + piece->used);
    piece->used += bytes;
    block->next = NULL;
    block->used = 0;
    if (p->last)
        p->last->next = block;
    else
        p->first = block;
    p->last = block;
    p->left = bytes - sizeof(Block);
    return OK;
}

Status new_records_add(NewRecords *n, const RecordTag *tag, Slice packed, Error *err)
{
    NewPart *p = &n->parts[tag->bytes[0] >> (8 - n->bits)];
    RecordHead head = {.tag = *tag, .len = (uint32_t)packed.len};
    size_t size = sizeof head + packed.len;
    if (size > p->left)
        TRY(begin_block(n, p, size, err));
    char *to = p->last->data + p->last->used;
    memcpy(to, &head, sizeof head);
    if (packed.len > 0)
        memcpy(to + sizeof head, packed.ptr, packed.len);
    p->last->used += size;
    p->left -= size;
    p->count++;
    n->count++;
    n->bytes += packed.len;
    return OK;
}

/* --- going over them ----------------------------------------------------------------------------------------- */

/* The head at *at of the block, and where its values are; *at goes on to the next. False at the end. */
static bool next_record(Block *b, size_t *at, RecordHead *head, char **values)
{
    if (*at >= b->used)
        return false;
    memcpy(head, b->data + *at, sizeof *head);
    *values = b->data + *at + sizeof *head;
    *at += sizeof *head + head->len;
    return true;
}

void new_records_leave_out(NewRecords *n, bool (*leave_out)(const RecordTag *tag, void *ctx), void *ctx)
{
    RecordHead head;
    char *values;
    for (size_t i = 0; i < new_records_parts(n); i++) {
        NewPart *p = &n->parts[i];
        for (Block *b = p->first; b; b = b->next) {
            for (size_t at = 0; next_record(b, &at, &head, &values);) {
                if (head.left_out || !leave_out(&head.tag, ctx))
                    continue;
                head.left_out = 1;
                memcpy(values - sizeof head, &head, sizeof head);
                p->count--;
                n->count--;
            }
        }
    }
}

Status new_records_part(const NewRecords *n, size_t part, PackedRecords *out, Error *err)
{
    const NewPart *p = &n->parts[part];
    RecordHead head;
    char *values;
    out->len = 0;
    TRY(vec_reserve(out, p->count, err));
    for (Block *b = p->first; b; b = b->next)
        for (size_t at = 0; next_record(b, &at, &head, &values);)
            if (!head.left_out)
                out->at[out->len++] = (PackedRecord){.tag = head.tag, .len = head.len, .packed = values};
    return OK;
}

bool new_records_any(const NewRecords *n)
{
    return n->count > 0;
}
