/*
 * Matching pairs that might be: which keys would survive their errors.
 *
 * Nobody knows the true matches when passes are chosen, so matches are drawn from
 * what is known beforehand: field_level_prior says how often a field of two
 * records of one person agrees exactly, nearly or not at all, and the table says
 * which fields its records have. A simulated pair takes the missing fields of two
 * real records of comparable sources (so that wage rows that hold a number only
 * are matched by that number or not at all), and each field's state by itself:
 *
 *   exact       every transform agrees
 *   different   none does
 *   similar     one edit at a place in the word or date, sometimes two; a nickname; one part of a double name; a
 *               middle name given as its initial. Prefixes survive an edit behind them, suffixes one before them, the
 *               year an error in the day, and so on.
 *
 * Errors come in clumps (CARE): most pairs have few, some have many in every field. Fields are independent otherwise.
 * The constants are common sense, not taken from any file: their use is to compare passes, not to state recall.
 */
#include "match/propose.h"

#define WRONG_MOST 0.8      /* a field of a pair, however careless */
#define SWAPPED_PAIRS 5000  /* a million: first and last name exchanged */
#define NICKNAME_SHARE 0.25 /* of similar first names */
#define DOUBLE_SHARE 0.15   /* of similar last names */
#define INITIAL_SHARE 0.6   /* of similar middle names */
#define SECOND_EDIT 0.25    /* of similar values */
#define SOUND_SURVIVES 0.5  /* an edit */
#define BANDS_SURVIVE 0.85  /* min-hash of four bands: an edit in a word of seven letters */

/* Share of the pairs, in millionths, and how many times the errors that the prior says. */
typedef struct Care {
    uint32_t share;
    double errors;
} Care;
static const Care CARE[] = {{600000, 1}, {250000, 3}, {150000, 6}};

typedef enum StateKind {
    STATE_EXACT,
    STATE_EDITED,
    STATE_NICKNAME,
    STATE_PART,
    STATE_INITIAL,
    STATE_DIFFERENT
} StateKind;

/* One field of one pair. */
typedef struct FieldState {
    StateKind kind;
    uint32_t edits;
    double place[2]; /* of the edits, 0 .. 1 */
    bool sound, bands;
} FieldState;

typedef struct FieldPrior {
    double exact, similar;
} FieldPrior;

static FieldPrior field_prior(const FieldSpec *f)
{
    double match[MATCH_LEVELS_MAX] = {0}, stranger[MATCH_LEVELS_MAX] = {0};
    field_level_prior(f, match, stranger);
    uint32_t n = field_level_count(f);
    FieldPrior p = {0};
    for (uint32_t level = 1; level < n; level++) {
        if (field_level_exact(f, level))
            p.exact += match[level];
        else if (level + 1 < n)
            p.similar += match[level];
    }
    return p;
}

static double draw_care(Rng *r)
{
    uint64_t draw = rng_below(r, 1000000);
    for (size_t i = 0; i + 1 < COUNT_OF(CARE); i++) {
        if (draw < CARE[i].share)
            return CARE[i].errors;
        draw -= CARE[i].share;
    }
    return CARE[COUNT_OF(CARE) - 1].errors;
}

static StateKind similar_kind(FieldKind kind, double draw)
{
    if (kind == FIELD_FIRST_NAME && draw < NICKNAME_SHARE)
        return STATE_NICKNAME;
    if (kind == FIELD_LAST_NAME && draw < DOUBLE_SHARE)
        return STATE_PART;
    if (kind == FIELD_MIDDLE_NAME && draw < INITIAL_SHARE)
        return STATE_INITIAL;
    return STATE_EDITED;
}

static FieldState draw_state(FieldKind kind, FieldPrior p, double errors, Rng *r)
{
    double wrong = (1 - p.exact) * errors;
    if (wrong > WRONG_MOST)
        wrong = WRONG_MOST;
    double similar_share = p.exact < 1 ? p.similar / (1 - p.exact) : 0;
    double draw = rng_unit(r), second = rng_unit(r), which = rng_unit(r);
    FieldState s = {.kind = STATE_EXACT, .edits = second < SECOND_EDIT ? 2 : 1};
    s.place[0] = rng_unit(r);
    s.place[1] = rng_unit(r);
    s.sound = rng_unit(r) < SOUND_SURVIVES && s.edits == 1;
    s.bands = rng_unit(r) < (s.edits == 1 ? BANDS_SURVIVE : BANDS_SURVIVE / 2);
    if (draw < wrong * similar_share)
        s.kind = similar_kind(kind, which);
    else if (draw < wrong)
        s.kind = STATE_DIFFERENT;
    return s;
}

/* Does what lies between two places of the value, 0 .. 1, stay as it is? */
static bool untouched(const FieldState *s, double from, double to)
{
    for (uint32_t i = 0; i < s->edits; i++)
        if (s->place[i] >= from && s->place[i] < to)
            return false;
    return true;
}

static double typical_length(FieldKind kind)
{
    switch (kind) {
    case FIELD_FIRST_NAME:
    case FIELD_MIDDLE_NAME:
    case FIELD_LAST_NAME:
        return 6.5;
    case FIELD_POSTAL_CODE:
        return 5;
    case FIELD_ADDRESS:
    case FIELD_EMAIL:
    case FIELD_TEXT:
        return 16;
    default:
        return 9;
    }
}

/* A date as year, month and day, a third of the errors each; exchanged month and day are the last tenth of the months'.
 */
static bool date_survives(const FieldState *s, KeyTransform transform)
{
    const double year = 1.0 / 3, month = 2.0 / 3, exchange = month - 0.1 / 3;
    switch (transform) {
    case KEY_YEAR:
        return untouched(s, 0, year);
    case KEY_YEAR_MONTH:
        return untouched(s, 0, month);
    case KEY_MONTH_DAY:
        return untouched(s, year, exchange) && untouched(s, month, 1);
    default:
        return false;
    }
}

static bool edit_survives(const FieldState *s, FieldKind kind, const KeyPart *p)
{
    if (kind == FIELD_DATE)
        return date_survives(s, p->transform);
    double share = p->length / typical_length(kind);
    switch (p->transform) {
    case KEY_PREFIX:
        return untouched(s, 0, share);
    case KEY_SUFFIX:
        return untouched(s, 1 - share, 1.1);
    case KEY_INITIAL:
        return untouched(s, 0, 1 / typical_length(kind));
    case KEY_PHONETIC:
        return s->sound;
    case KEY_QGRAM:
        return s->bands;
    case KEY_DELETION:
        return s->edits == 1;
    default:
        return false;
    }
}

static bool state_agrees(const FieldState *s, FieldKind kind, const KeyPart *p)
{
    switch (s->kind) {
    case STATE_EXACT:
        return true;
    case STATE_EDITED:
        return edit_survives(s, kind, p);
    case STATE_NICKNAME:
        return p->transform == KEY_ROOT || (p->transform == KEY_INITIAL && s->sound);
    case STATE_PART: /* the other part in front, or behind */
        return p->transform == KEY_PART || p->transform == KEY_PHONETIC ||
               (s->place[0] < 0.5 ? p->transform == KEY_PREFIX || p->transform == KEY_INITIAL
                                  : p->transform == KEY_SUFFIX);
    case STATE_INITIAL:
        return p->transform == KEY_INITIAL;
    default:
        return false;
    }
}

/* --- pairs of sources -------------------------------------------------------------------------------------------- */

typedef struct SourceRun {
    uint32_t begin, count; /* in the sample */
    uint32_t source;
} SourceRun;

typedef struct SourceDraw {
    SourceRun runs[MATCH_SOURCES_MAX];
    uint32_t run_count;
    VEC(uint64_t) weights; /* cumulative */
    VEC(uint32_t) pairs;   /* run << 16 | run */
} SourceDraw;

/* As many matches between two sources as the smaller has records. */
static Status prepare_draw(const Sample *s, SourceDraw *d, Error *err)
{
    const MatchTable *t = s->table;
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t source = t->source[s->records[i]];
        if (d->run_count == 0 || d->runs[d->run_count - 1].source != source)
            d->runs[d->run_count++] = (SourceRun){i, 0, source};
        d->runs[d->run_count - 1].count++;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < d->run_count; i++)
        for (uint32_t k = i; k < d->run_count; k++) {
            const SourceRun *a = &d->runs[i], *b = &d->runs[k];
            if (!table_comparable(t->config, a->source, b->source))
                continue;
            sum += a->count < b->count ? a->count : b->count;
            TRY(vec_push(&d->weights, sum, err));
            TRY(vec_push(&d->pairs, i << 16 | k, err));
        }
    return OK;
}

static bool has_atom(const Atom *a, uint32_t place)
{
    return a->start[place + 1] > a->start[place];
}

static void simulate_pair(Sample *s, const FieldPrior *priors, uint32_t left, uint32_t right, uint32_t pair, Rng *r)
{
    const MatchConfig *config = s->table->config;
    FieldState states[MATCH_FIELDS_MAX];
    double errors = draw_care(r);
    uint64_t bit = (uint64_t)1 << (pair & 63);
    if (rng_ppm(r, SWAPPED_PAIRS))
        s->swapped[pair / 64] |= bit;
    for (uint32_t f = 0; f < config->field_count; f++)
        states[f] = draw_state(config->fields[f].kind, priors[f], errors, r);
    for (uint32_t i = 0; i < s->atom_count; i++) {
        Atom *a = &s->atoms[i];
        uint32_t f = a->part.field;
        if (has_atom(a, left) && has_atom(a, right) && state_agrees(&states[f], config->fields[f].kind, &a->part))
            a->agrees[pair / 64] |= bit;
    }
}

Status sample_simulate(Sample *s, Error *err)
{
    const MatchConfig *config = s->table->config;
    SourceDraw d = {.run_count = 0};
    FieldPrior priors[MATCH_FIELDS_MAX];
    Status st = OK;
    Rng r;
    rng_init(&r, config->seed, 0x70726f706f7365); /* "propose" */
    for (uint32_t f = 0; f < config->field_count; f++)
        priors[f] = field_prior(&config->fields[f]);
    TRY_OUT(prepare_draw(s, &d, err));
    for (uint32_t pair = 0; d.pairs.len > 0 && pair < SIMULATED; pair++) {
        uint32_t runs = d.pairs.at[rng_pick(&r, d.weights.at, (uint32_t)d.weights.len)];
        const SourceRun *a = &d.runs[runs >> 16], *b = &d.runs[runs & 0xFFFF];
        uint32_t left = a->begin + (uint32_t)rng_below(&r, a->count);
        uint32_t right = b->begin + (uint32_t)rng_below(&r, b->count);
        simulate_pair(s, priors, left, right, pair, &r);
    }
out:
    vec_free(&d.weights);
    vec_free(&d.pairs);
    return st;
}
