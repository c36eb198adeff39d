/* Writers: from one household's lives to rows of every agency's files. Each takes what that agency would know, and no
 * more. */
#ifndef CAIRN_SYNTH_WRITERS_H
#define CAIRN_SYNTH_WRITERS_H

#include "synth/noise.h"
#include "synth/synth_files.h"

#define MAX_NTH 12

/* Codes looked up once in the contracts' lists. */
typedef struct Codes {
    Slice k12_sex[3]; /* F, M, X */
    Slice ethnicity[2];
    Slice grade[13]; /* KG, 1 to 12 */
    Slice lunch[3];
    Slice language[2];   /* not applicable, limited */
    Slice completion[4]; /* none, diploma, certificate, equivalency; none is a missing value */
    Slice demonstration[OPTION_COUNT];
    Slice test[TEST_COUNT], part[PART_COUNT];
    Slice wbl[3][MAX_NTH];
    uint32_t wbl_count[3];
    Slice surds_sex[3];
    Slice term[SEASON_COUNT];
    Slice whole_year;
    Slice dual[DUAL_KIND_COUNT];
    Slice nsc_status[3]; /* full, half, less */
    Slice ownership[MAX_SECTORS];
    Slice pirl_sex[2];
    Slice pirl_yes, pirl_no;
    Slice cte_sex[2][3]; /* school and college; F, M, X */
    Slice placement[2][PLACEMENT_COUNT];
} Codes;

MUST_USE Status codes_read(const Plan *plan, const World *w, Codes *out, Error *err);

typedef struct Scribe {
    const World *w;
    const Plan *plan;
    const Codes *codes;
    Sink *sink;
    Rng *r; /* noise: never the stream that lives are drawn from */
    const Household *house;
} Scribe;

void write_school(Scribe *s, const Person *p, const Life *l);
/* edfi.c: one school year at one Ed-Fi district; e is the last spell there. */
void write_edfi_year(Scribe *s, const Person *p, const SchoolYear *y, const Spell *e, const Known *k);
void write_edfi_spell(Scribe *s, const Person *p, const SchoolYear *y, const Spell *e);
void write_unit_records(Scribe *s, const Person *p, const Life *l);
void write_clearinghouse(Scribe *s, const Person *p, const Life *l);
void write_wages(Scribe *s, const Person *p, const Life *l);
void write_workforce(Scribe *s, const Person *p, const Life *l);
/* write_training.c: career and technical education; noise and planted errors from streams of its own. */
void write_training(Scribe *s, const Person *p, const Life *l);
/* The employer register, which is of no person: once, outside the partitions. */
MUST_USE Status write_employers(const World *w, Plan *plan, const Codes *codes, Error *err);

void truth_person(const World *w, const Person *p, uint64_t household, Buf *out);
void truth_outcome(const World *w, const Person *p, const Life *l, Buf *out);
/* truth_school.c */
void truth_school_heads(Buf *schooling, Buf *school_years);
void truth_schooling(const World *w, const Life *l, uint64_t person, Buf *out);
void truth_school_years(const World *w, const Life *l, uint64_t person, Buf *out);
/* truth_work.c: college, training and work afterwards; to each file the rows the person has. */
void truth_work(const World *w, const Person *p, const Life *l, Buf *college, Buf *training, Buf *work);
void truth_work_heads(Buf *college, Buf *training, Buf *work);
void truth_heads(Buf *people, Buf *outcomes, Buf *records, Buf *planted);

static inline Slice draw_code(Rng *r, const CodeChoice *c)
{
    return c->at[c->count > 1 ? rng_below(r, c->count) : 0];
}
static inline Slice span(const char *z)
{
    return (Slice){z, strlen(z)};
}
static inline int sex_index(char sex)
{
    return sex == 'F' ? 0 : sex == 'M' ? 1 : 2;
}
/* The number by which a district or a college knows a person, where it has no other: never the same for two persons. */
static inline uint64_t local_number(uint64_t person, uint32_t place, uint64_t modulus)
{
    return (person * UINT64_C(6180339887) + place * UINT64_C(7919)) % modulus;
}

#endif
