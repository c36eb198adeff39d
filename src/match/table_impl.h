/* What table.c and seal.c share: the parts of a table that nobody else sees. */
#ifndef CAIRN_MATCH_TABLE_IMPL_H
#define CAIRN_MATCH_TABLE_IMPL_H

#include "match/value_impl.h"

typedef struct TableParts {
    bool sealed;
    Nicknames nicknames;
    /* Of each column: the lowest column of its dictionary; its kind; whose parts it begins (NULL: none); is it a later
     * part? */
    uint32_t group[MATCH_COLUMNS_MAX];
    FieldKind kind[MATCH_COLUMNS_MAX];
    const FieldSpec *parts_of[MATCH_COLUMNS_MAX];
    bool is_part[MATCH_COLUMNS_MAX];
    uint32_t
        name_of[MATCH_COLUMNS_MAX]; /* of a suffix: the column of the last name, which may end in one; MATCH_NONE */
    Texts raw[MATCH_COLUMNS_MAX];   /* of a dictionary's lowest column: raw spellings, until sealed */
    size_t record_cap;              /* of cells, source; after sealing also content and added */
    uint32_t *added;                /* of each record: its place in the order of adding */
    char *id_bytes;                 /* ids in order of adding */
    size_t id_used, id_cap;
    VEC(size_t) id_ends;
    size_t frequency_cap[MATCH_FIELDS_MAX], frequency_len[MATCH_FIELDS_MAX];
    /* Rows that were added last and are not in cells yet: their cells' bytes, and where each ends, column by column. */
    Buf waiting;
    uint32_t *waiting_ends; /* [column * waiting_room + row], begin and end in turns */
    uint32_t waiting_rows, waiting_room;
    unsigned threads;     /* that number them */
    Buf joined, standard; /* scratch */
} TableParts;

/* Numbers the texts of waiting rows. After a failure they still wait, and it may be called again. */
MUST_USE Status table_settle(MatchTable *t, Error *err);
uint64_t content_of_text(Slice text);
/* Of the source's hash and those of the cells. */
uint64_t content_of_row(const uint64_t *hashes, size_t n);
Slice added_id(const TableParts *p, uint32_t added);

#endif
