/* Private to protectfile: the steps of protecting. */
#ifndef CAIRN_PROTECTFILE_IMPL_H
#define CAIRN_PROTECTFILE_IMPL_H

#include "protectfile/compare.h"

/* Products of a count, a percent and a weight; compared, never stored. */
__extension__ typedef __int128 Wide;

/* primary.c: marks sensitive cells with their levels. */
MUST_USE Status primary_mark(ProtectJob *job, Error *err);
/* The rules of the table in which a cell stands first; of a complement, its part's. */
const ProtectionRules *primary_rules(const ProtectJob *job, uint32_t cell);
/* The cell of those in the whole who are not in the part; TABLES_NONE. */
uint32_t protect_rest(const ProtectJob *job, uint32_t part, uint32_t whole);
/* Whether a cell is a part of a group of one that is hidden itself. */
bool primary_same_person(const ProtectJob *job, uint32_t cell);
/* known.c: of what is out already no more is asked than it leaves open, and codes go that leave too little. */
MUST_USE Status known_allow(ProtectJob *job, const ProtectOptions *options, Error *err);
/* Of a cell known to be from low to high no more is asked than that leaves open; to the last person: nothing. */
void known_lower(SdcCell *c, int64_t low, int64_t high);
/* figures.c: ERR_INVALID with file, row and column where a rate, mean, gap or number needed is not what the figures it
 * is made of say. Earlier releases are not looked at. */
#define RATE_DIGITS 6 /* decimals of a figure that is looked at */
MUST_USE Status figures_check(const ProtectJob *job, Error *err);
/* protect_print.c: the row of a gap's reference, everything else equal; TABLES_NONE. */
uint32_t protect_reference_row(const ProtectJob *job, const TablesTable *table, uint32_t row, const TablesColumn *gap);
/* cost.c: what suppressing a cell costs. */
MUST_USE Status cost_set(ProtectJob *job, Error *err);
/* suppressing.c: complementary suppression, audit, repair, until nothing is found. */
MUST_USE Status suppressing(ProtectJob *job, const ProtectOptions *options, Error *err);
/* What is printed and what is not, anew. */
void suppressing_count(ProtectJob *job);

/* Codes of which less than half of the cells are shown, least visible first; free with mem_free. */
typedef struct CodeSeen {
    uint32_t dimension, code;
    uint64_t cells, shown;
    int64_t people_hidden;
} CodeSeen;
MUST_USE Status protect_invisible(const ProtectJob *job, CodeSeen **out, size_t *count, Error *err);

/* compare.c: why is the error of the job, OK when suppression worked. */
MUST_USE Status compare_jobs(
    const ProtectJob *job, const ProtectOptions *options, const Error *why, CompareStyle style, Buf *out, Error *err);

/* protect_print.c: a TablesPrint; ctx is a PrintContext. */
typedef struct PrintContext {
    const ProtectJob *job;
    Buf text;
} PrintContext;
MUST_USE Status protect_print(void *ctx, uint32_t table, uint32_t row, uint32_t column, Slice *text, Error *err);
/* protect_header with the tables of earlier releases, which protect_csv writes as they were printed. */
MUST_USE Status protect_header_of_all(const ProtectJob *job, Buf *out, Error *err);

#endif
