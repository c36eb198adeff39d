/* Private to protectfile: complementary suppression of any problem, attacked until it holds. */
#ifndef CAIRN_PROTECTFILE_PATTERN_H
#define CAIRN_PROTECTFILE_PATTERN_H

#include "audit/audit.h"
#include "protectfile/protectfile.h"

#define PATTERN_NONE UINT32_MAX

/* Which equations a cell is in: row[from[cell]] .. row[from[cell + 1]]. */
typedef struct Rows {
    uint32_t *from, *row;
} Rows;
MUST_USE Status rows_make(const SdcProblem *p, Rows *out, Error *err);
void rows_free(Rows *rows); /* also after a failure */

typedef struct Pattern {
    SdcProblem *problem; /* sensitive cells marked; gets SDC_SECONDARY */
    const uint8_t *singleton;
    const uint32_t *same;  /* cells of one number have the same contributors; NULL: no two have */
    const uint8_t *keep;   /* a flag a cell: not printed whatever follows; NULL: none */
    AuditSumRule sum_rule; /* NULL: none */
    void *sum_ctx;
    const ProtectOptions *options;
    struct BlameCodes *codes; /* those that stand in the way are blamed, and ERR_LIMIT asks for another go without them;
                               * NULL: none is looked for */
    AuditOffered *kept;       /* gets the tables that show the pattern to be safe; NULL: nobody asks */
    uint64_t audited, repairs; /* out */
    uint64_t unprotected;      /* out: cells that the last attack broke or could not clear; 0 with OK */
    bool bounded;              /* out: no safe pattern costs less than lower_bound */
    int64_t lower_bound;
} Pattern;

/* known.c: takes the codes of the blamed cells, or all there are; how many there were. */
size_t known_uncode(ProtectJob *job, const struct BlameCodes *codes, bool all);

/* same_people.c: a number a cell, equal where equations and true values show the same people. mem_free, also after a
 * failure. ERR_NOMEM. */
MUST_USE Status same_people(const SdcProblem *p, uint32_t **out, Error *err);

/* ERR_DENIED names a cell that nothing protects and the published cells that give it away. */
MUST_USE Status pattern_make(Pattern *p, const Rows *rows, Error *err);

#endif
