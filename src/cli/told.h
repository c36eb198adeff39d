/*
 * Whom the figures that were told count: for each answer to an asker its people under the warehouse's pseudonyms, with
 * place and groups, and which figures were printed. So an attack on everything one asker was told needs no question to
 * be asked again, and stays about the people as they were counted then.
 *
 *   HOME/answers/USER.told/0001.people    one answer; told.c has its bytes
 *                          ledger.csv     entry,sha256; the home's ledger vouches for it (asker.h)
 */
#ifndef CAIRN_CLI_TOLD_H
#define CAIRN_CLI_TOLD_H

#include "cli/asker.h"
#include "measure/measure.h"
#include "overlap/overlap.h"
#include "policy/policy.h"
#include "publish/publish.h"

/* Of a rate that was printed as a range: "<4", ">96". */
#define TOLD_CODED 4u
/* Of an answer: a release that was in force when it was told printed as much of the very same people, OVERLAP_PEOPLE
 * and OVERLAP_HITS shifted by so many bits. It stays public knowledge when that release is replaced. */
#define TOLD_WAS_PUBLIC 3u

typedef struct ToldFigure {
    int32_t year;
    Slice level, unit, split, grp; /* as in Cell */
    Slice members, groups;         /* of a release's pool: units, groups, with blanks between; empty: unit, grp */
    unsigned printed; /* OVERLAP_PEOPLE | OVERLAP_HITS | TOLD_CODED, and what was public << TOLD_WAS_PUBLIC */
    /* To be held against whom the source counts: of the question as its cells say, of a release as printed. -1: nothing
     * to compare. */
    int64_t people, hits;
    Slice value;    /* a release's rate as printed */
    bool is_coming; /* of a release: of one that is about to leave, and of none in force */
} ToldFigure;

typedef struct ToldSource {
    Slice people;         /* a measure's name, a cohort's word */
    Slice asker;          /* who was told, or asks; empty: everybody */
    OverlapOrigin origin; /* of a release: of figures that are out; those that are coming are asked */
    bool of_release;
    MeasureMembers members;
    ToldFigure *figures; /* texts and list in the members' arena */
    size_t count;
} ToldSource;
typedef VEC(ToldSource) ToldSources;
void told_sources_free(ToldSources *list);

/* Everything this asker was told, appended; user must outlive it. ERR_CORRUPT: a file is not what was noted. */
MUST_USE Status told_answers(Home *home, Ledger *ledger, const char *user, ToldSources *out, Error *err);
/* Adds an answer and notes it in the home's ledger, unless the asker was told the same before. The home must be open
 * for writing. */
MUST_USE Status told_add(Home *home, Ledger *ledger, const char *user, const ToldSource *source, Error *err);

/* What the releases in force print of one measure, and what one that is coming would (NULL: none), with the people of
 * today's records, appended; nothing where they print nothing of it. */
MUST_USE Status told_release(const MeasureContext *ctx, Ledger *ledger, const MeasureInfo *measure,
    const ReleaseComing *coming, ToldSources *out, Error *err);
/* The same of all measures of the policy: what a release prints stays out when its family no longer names it. */
MUST_USE Status told_releases(
    const MeasureContext *ctx, Ledger *ledger, const ReleaseComing *coming, ToldSources *out, Error *err);

/* The same bytes for the same answer. */
MUST_USE Status told_write(const ToldSource *s, Buf *out, Error *err);
/* ERR_CORRUPT: these are not such bytes. Free the source with told_source_free, also after a failure. */
MUST_USE Status told_parse(Slice bytes, ToldSource *out, Error *err);
void told_source_free(ToldSource *s);

enum { TOLD_LEVELS = 4 };
/* 0: the state, 3: a school; TOLD_LEVELS: no such level. */
size_t told_level(Slice level);
/* Whether a value was printed as a range. */
bool told_is_coded(Slice value);

/* --- the attack -------------------------------------------------------------------------------------------------- */

typedef struct ToldCheck {
    const ToldSources *sources; /* those of OVERLAP_ASKED are the question */
    OverlapLeast least;
    unsigned threads;
    /* The question is a measure that releases tell of: what they print of it is part of the attack on its own tables,
     * and beside others, one at a time and all at once, its figures need the room that two measures of one release
     * leave each other. */
    bool released;
    /* TOLD_BESIDE alone: rows of sources that all attacks together may look at; a pattern of an attack counts as
     * TOLD_PATTERN_WORK rows, as it costs. 0: any. */
    uint64_t most_work;
    /* TOLD_BESIDE alone: steps that all attacks together may take (overlap_effort); one that needs more is undecided.
     * 0: TOLD_BESIDE_STEPS. */
    uint64_t most_steps;
    /* Not TOLD_BESIDE: steps that looking at it figure by figure may take in all (overlap_effort). What would need more
     * is hidden. 0: TOLD_ROOM_STEPS. */
    uint64_t most_room;
} ToldCheck;
#define TOLD_ROOM_STEPS OVERLAP_ROOM_EFFORT
#define TOLD_BESIDE_STEPS OVERLAP_BESIDE_EFFORT
/* TOLD_BESIDE: after pairs of its measures a release is attacked all at once, where that is no more patterns than
 * TOLD_JOINT_PATTERNS. */
enum { TOLD_PATTERN_WORK = 1000, TOLD_JOINT_PATTERNS = 20000 };
/* A question is attacked pattern by pattern up to so many patterns, and figure by figure (overlap_room) beyond. */
enum { TOLD_EXACT_PATTERNS = 400 };
typedef enum ToldMode {
    TOLD_HIDE,
    TOLD_BESIDE /* what is asked is a release, safe by itself: overlap_beside */
} ToldMode;
typedef struct ToldReport {
    uint8_t *hide;  /* by figure of the asked source: what must not be told; NULL: nothing. mem_free */
    uint8_t *known; /* by figure of the asked source: what of it releases print of the very same people; mem_free */
    uint64_t room, given_up; /* steps taken there; numbers hidden because there were none left */
    size_t hidden;
    uint64_t patterns, systems, work;
    uint64_t steps;   /* TOLD_BESIDE: taken by attacks */
    uint64_t by_room; /* TOLD_BESIDE: systems where no pattern had to be attacked */
    bool apart;       /* all at once was too much in some system, where pairs of measures alone were looked at */
    bool is_small;    /* ERR_DENIED: because a group of too few people would follow */
    bool undecided;   /* ERR_LIMIT: some group was not shown to stay open, nor that it does not */
    char with[200];   /* whom the sources count that hang together with the question */
    char named[600];  /* is_small, undecided: figures that count such a group, in words, without their numbers */
} ToldReport;
/* Attacks what is asked together with what was told: every source that has people of the question, or people of a
 * source that hangs together with it so; nothing to attack where all these are of the question's own people.
 * ERR_DENIED, ERR_LIMIT as overlap_hide and overlap_beside say; ERR_LIMIT too beyond most_work, and undecided;
 * ERR_DENIED too where a release printed what today's records do not say of people of these answers; ERR_INTERNAL where
 * the question's figures are not those of its members. */
MUST_USE Status told_check(const ToldCheck *c, ToldMode mode, ToldReport *out, Error *err);

/* A rate in percent with at most one decimal, as printed, is hits of people. True of codes such as ">95", which say
 * less and are not compared, and of nobody's rate. */
bool told_same_rate(Slice shown, int64_t people, int64_t hits);

#endif
