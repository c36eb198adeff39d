/* clang-format off */
/*
 * A share of a run as bytes, inside: what match_partition.c writes and
 * match_partition_read.c reads. All numbers are little-endian.
 *
 *   bytes  what
 *   8      "CAIRNMP1"
 *   32     SHA-256 of all that follows
 *   text   config, as match_config_write makes it
 *   text   table of nicknames
 *   u32    records of the whole table
 *   u8     passes; of each: u32 window (0: equal keys)
 *   fields, in the config's order:
 *     u32    entries; of each: u32 count, u32 values of the whole table that have it (term frequency)
 *   u32    texts; of each: u8 length, bytes. The first is number 1; 0 is the missing value
 *   u32    records, ascending; of each:
 *     u32    number in the whole table
 *     u16    source
 *     u32    of each column: number of its text
 *     u32    of each field: records of the whole table that hold what column k of the field holds, k = first .. last
 *     u16    blocks it is in, all of the whole run's, ascending; of each: u8 pass, u32 number or place
 *   u32    blocks of this share, ascending; of each:
 *     u8     pass
 *     u32    number
 *     u32    members, in order of (source, record); of each: u32 which of the records above
 *   u32    places of window passes, ascending; of each:
 *     u8     pass
 *     u32    place
 *     u32    record
 *     u8     1 if the share compares it with those behind it
 *
 * A text is u32 length and bytes. The end of the last part is the end of the bytes.
 */
/* clang-format on */
#ifndef CAIRN_MATCH_MATCH_PARTITION_H
#define CAIRN_MATCH_MATCH_PARTITION_H

#include "match/blocks.h"

#define PARTITION_MAGIC "CAIRNMP1"
#define PARTITION_MAGIC_SIZE 8
#define PARTITION_HEAD (PARTITION_MAGIC_SIZE + SHA256_SIZE)

/* A share read back: a table of its records, and blocks whose numbers are the whole run's. */
typedef struct Partition {
    Arena arena;
    MatchConfig config;
    MatchTable *table;
    Blocks *blocks;
    uint32_t *numbers; /* in the whole table, of each record */
} Partition;
/* ERR_PARSE for bytes that are not such a file, ERR_CORRUPT when they do not match their digest. Free in every case. */
MUST_USE Status partition_read(Slice bytes, Partition *out, Error *err);
/* Before its blocks are walked over: the model must be for these, and masks are its passes, of which a file names the
 * windows only. */
MUST_USE Status partition_take_passes(Partition *p, const MatchModel *m, Error *err);
void partition_free(Partition *p);

#endif
