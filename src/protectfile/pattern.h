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
    const uint8_t *keep;   /* a flag a cell: not printed whatever follows; NULL: none */
    AuditSumRule sum_rule; /* NULL: none */
    void *sum_ctx;
    const ProtectOptions *options;
    AuditOffered *kept;        /* gets the tables that show the pattern to be safe; NULL: nobody asks */
    uint64_t audited, repairs; /* out */
    uint64_t unprotected;      /* out: cells that the last attack broke or could not clear; 0 with OK */
    bool bounded;              /* out: no safe pattern costs less than lower_bound */
    int64_t lower_bound;
} Pattern;

/* ERR_DENIED names a cell that nothing protects and the published cells that give it away. */
MUST_USE Status pattern_make(Pattern *p, const Rows *rows, Error *err);

#endif
