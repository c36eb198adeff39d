/*
 * Part of protectfile's public face: attacking tables that anybody published (room audit does the work; this part says
 * to it what is printed where, and to people what follows).
 */
#ifndef CAIRN_PROTECTFILE_ATTACK_H
#define CAIRN_PROTECTFILE_ATTACK_H

#include "audit/audit.h"
#include "protectfile/protectfile.h"

/* Counts that nobody printed or hid (the numerator of a rate, those who are not in a part) are asked for, too, unless
 * nothing is said of them. */
typedef enum AttackCells { ATTACK_ALL_CELLS, ATTACK_PRINTED_CELLS } AttackCells;

typedef struct AttackOptions {
    const ProtectionPolicy *policy; /* its minimums say which printed or derived counts are small; NULL: none */
    uint32_t min_possible;          /* a hidden cell with fewer possible values is exposed; at least 2 */
    uint32_t explain_limit;         /* as AuditAsk */
    bool rows_alone;                /* only the question of each row by itself (AttackMarker): takes a second */
    AuditDepth depth;               /* AUDIT_INTERVALS: the intervals as near as the effort allows, of every cell */
    AttackCells cells;              /* the printed ones alone only without a policy */
    uint32_t explain_most;          /* as AuditAsk */
    AuditConflicts conflicts;       /* set aside: for tables that somebody else printed */
    AuditEffort effort;
    Slice given_proof;      /* to verify (proof.h); ptr NULL: none */
    const char *given_name; /* of it, in messages */
    Buf *proof;             /* gets one; NULL: none is asked for */
} AttackOptions;
#define ATTACK_OPTIONS_INIT \
    { \
        .min_possible = 4, .explain_limit = 100, .effort = AUDIT_EFFORT_INIT \
    }
/* As `cairn audit` asks, and a proof is made for: so that the audit of a state's workbook ends. */
#define ATTACK_OUTSIDER_INIT \
    { \
        .min_possible = 4, .explain_limit = 100, .cells = ATTACK_PRINTED_CELLS, .explain_most = 20, \
        .conflicts = AUDIT_CONFLICTS_SET_ASIDE, .effort = { \
            .threads = 1, \
            .node_limit = 20000, \
            .whole_limit = 250000 \
        } \
    }

/* What an outsider has of one cell. */
typedef enum AttackVerdict {
    ATTACK_SAFE,         /* hidden, and enough values remain possible */
    ATTACK_PRINTED,      /* the publisher prints it, or it follows for counts that are not small */
    ATTACK_SMALL,        /* printed, although smaller than the policy's minimum */
    ATTACK_EXACT,        /* hidden, and only one value is possible */
    ATTACK_NARROW,       /* hidden, and fewer than min_possible values are possible */
    ATTACK_UNPROVEN,     /* hidden, and neither shown; counts as exposed */
    ATTACK_CONTRADICTION /* what is printed about it cannot all be true */
} AttackVerdict;

typedef struct AttackTally {
    uint64_t cells;  /* that the tables print or hide */
    uint64_t hidden; /* of them */
    uint64_t exact, narrow, unproven, small, contradictions;
    uint64_t groups;          /* of which it follows that everybody or nobody has an outcome */
    uint64_t groups_unproven; /* of which it was not shown that it does not follow; count as given away */
} AttackTally;

/* By the marker a cell is printed with: how many there are, and how many of them are determined. */
typedef struct AttackMarker {
    Slice text;
    uint64_t cells, exact, narrow;
    uint64_t alone_asked, alone_exact,
        alone_few; /* by the rates printed in the same row alone: one size, at most three */
} AttackMarker;

typedef struct AttackJob {
    TablesSet set;
    TablesSystem system;
    AuditSystem *audit;
    AuditResult result;
    AttackVerdict *verdict; /* one a cell */
    AttackTally tally;
    ProofReport proof; /* of the one that was given */
    AttackMarker *markers;
    size_t marker_count;
    Arena arena;
} AttackJob;

/* Free with attack_free, also after a failure. */
MUST_USE Status attack_run(Slice header, const char *name, TablesLoad load, void *ctx, const AttackOptions *options,
    AttackJob *out, Error *err);
void attack_free(AttackJob *job);
static inline bool attack_exposed(AttackVerdict v)
{
    return v != ATTACK_SAFE && v != ATTACK_PRINTED;
}
/* attack_markers.c: fills job->markers. */
MUST_USE Status attack_markers(AttackJob *job, Error *err);
const char *attack_verdict_words(AttackVerdict v);
/* "exact", "narrow", ...: for files and programs. */
const char *attack_verdict_name(AttackVerdict v);
/* One line a cell: table, row, cell, verdict, low, high, possible values, and the same in words; then one a group of
 * which everybody or nobody has an outcome ("everybody", "nobody", "unproven"; low and high are its size). */
typedef enum AttackRows { ATTACK_EXPOSED_ROWS, ATTACK_ALL_ROWS } AttackRows;
MUST_USE Status attack_csv(const AttackJob *job, AttackRows rows, Buf *out, Error *err);
/* The key "findings" of an open object: the first `most`, as attack_csv has them. */
MUST_USE Status attack_findings_json(const AttackJob *job, size_t most, Json *j, Error *err);
/* For people; at most `most` findings are told one by one. */
MUST_USE Status attack_text(const AttackJob *job, size_t most, Buf *out, Error *err);

#endif
