/*
 * Levels: what comparing two values of a kind can come to, best first.
 *
 * The bands of Jaro-Winkler are those that the field uses: 0.92 and 0.88 (fastLink:
 * Enamorado, Fifield and Imai 2019; Winkler 1990 for the measure) and 0.7 (Splink's
 * comparators for names). One edit is a distance of one in optimal string
 * alignment (Damerau 1964: four of five typing errors are one edit).
 *
 * The shares beside each level are where estimation starts and what stands where
 * data are silent. P(level | match): exact agreement as commonly reported for
 * administrative files (Winkler and Thibaudeau 1991; Herzog, Scheuren and Winkler
 * 2007, chapters 8 to 10: 0.8 to 0.95), the rest spread over the errors by how often
 * these occur. P(level | stranger): from how many values there are (365.25 days by
 * some fifty years; 10^9 numbers), for names from the US Census Bureau's lists of
 * 1990 and 2010. They are orders of magnitude: every one is replaced by what the
 * data say as soon as they say anything.
 */
#include "match/value_impl.h"

typedef struct Level {
    LevelId id;
    double match, stranger;
} Level;

#define KIND_LEVELS_MAX 14

static const char *const NAMES[LV_COUNT] = {"missing", "exact", "alias", "nickname", "joined", "part", "swapped",
    "one_edit", "truncated", "close", "similar", "loose", "sound", "initial", "partial", "partial_year", "day_month",
    "one_digit", "transposed", "near", "year_part", "month_day", "year", "last_four", "building", "similar_street",
    "number_edit", "street", "five_digits", "area", "local", "local_similar", "words", "off_by_one", "differs"};

/* Of partial dates both shares are those of all pairs, few of which have one. LV_ALIAS and LV_SWAPPED are there for the
 * fields that can have them; LV_MISSING ends a row. */
static const Level LEVELS[FIELD_KIND_COUNT][KIND_LEVELS_MAX] = {
    [FIELD_FIRST_NAME] = {{LV_EXACT, 0.82, 0.006}, {LV_ALIAS, 0.02, 0.006}, {LV_NICKNAME, 0.03, 0.002},
        {LV_PART, 0.015, 0.002}, {LV_SWAPPED, 0.004, 0.00001}, {LV_ONE_EDIT, 0.03, 0.002}, {LV_TRUNCATED, 0.01, 0.001},
        {LV_CLOSE, 0.01, 0.003}, {LV_SIMILAR, 0.006, 0.006}, {LV_SOUND, 0.004, 0.002}, {LV_INITIAL, 0.015, 0.02},
        {LV_LOOSE, 0.006, 0.05}, {LV_DIFFERS, 0.03, 0.9}},
    [FIELD_MIDDLE_NAME] = {{LV_EXACT, 0.6, 0.03}, {LV_ALIAS, 0.02, 0.03}, {LV_NICKNAME, 0.01, 0.002},
        {LV_PART, 0.01, 0.002}, {LV_SWAPPED, 0.002, 0.0001}, {LV_ONE_EDIT, 0.02, 0.002}, {LV_TRUNCATED, 0.01, 0.001},
        {LV_INITIAL, 0.28, 0.06}, {LV_CLOSE, 0.008, 0.003}, {LV_SIMILAR, 0.005, 0.006}, {LV_DIFFERS, 0.035, 0.864}},
    [FIELD_LAST_NAME] = {{LV_EXACT, 0.86, 0.001}, {LV_ALIAS, 0.03, 0.001}, {LV_JOINED, 0.01, 0.00001},
        {LV_PART, 0.015, 0.001}, {LV_SWAPPED, 0.004, 0.00001}, {LV_ONE_EDIT, 0.025, 0.001},
        {LV_TRUNCATED, 0.005, 0.0005}, {LV_CLOSE, 0.008, 0.002}, {LV_SIMILAR, 0.004, 0.005}, {LV_SOUND, 0.003, 0.001},
        {LV_LOOSE, 0.004, 0.05}, {LV_DIFFERS, 0.04, 0.94}},
    [FIELD_SUFFIX] = {{LV_EXACT, 0.9, 0.35}, {LV_ALIAS, 0.02, 0.35}, {LV_DIFFERS, 0.1, 0.65}},
    [FIELD_DATE] = {{LV_EXACT, 0.9, 0.00005}, {LV_ALIAS, 0.02, 0.00005}, {LV_PARTIAL, 0.008, 0.0001},
        {LV_PARTIAL_YEAR, 0.004, 0.001}, {LV_DAY_MONTH, 0.004, 0.00003}, {LV_ONE_DIGIT, 0.02, 0.0008},
        {LV_TRANSPOSED, 0.003, 0.0001}, {LV_NEAR, 0.004, 0.003}, {LV_YEAR_PART, 0.01, 0.002},
        {LV_MONTH_DAY, 0.008, 0.0025}, {LV_YEAR, 0.006, 0.014}, {LV_DIFFERS, 0.03, 0.977}},
    [FIELD_SSN] = {{LV_EXACT, 0.95, 0.000001}, {LV_ALIAS, 0.01, 0.000001}, {LV_TRANSPOSED, 0.008, 0.0000001},
        {LV_ONE_DIGIT, 0.015, 0.0000005}, {LV_LAST_FOUR, 0.005, 0.0001}, {LV_DIFFERS, 0.02, 0.9999}},
    [FIELD_IDENTIFIER] = {{LV_EXACT, 0.95, 0.00001}, {LV_ALIAS, 0.01, 0.00001}, {LV_TRANSPOSED, 0.005, 0.000001},
        {LV_ONE_EDIT, 0.015, 0.00001}, {LV_DIFFERS, 0.03, 0.99997}},
    [FIELD_ADDRESS] = {{LV_EXACT, 0.6, 0.0005}, {LV_ALIAS, 0.1, 0.0005}, {LV_BUILDING, 0.08, 0.0005},
        {LV_SIMILAR_STREET, 0.05, 0.0003}, {LV_NUMBER_EDIT, 0.03, 0.0007}, {LV_STREET, 0.03, 0.003},
        {LV_CLOSE, 0.02, 0.002}, {LV_DIFFERS, 0.19, 0.993}},
    [FIELD_CITY] = {{LV_EXACT, 0.8, 0.05}, {LV_ALIAS, 0.05, 0.05}, {LV_ONE_EDIT, 0.02, 0.001},
        {LV_TRUNCATED, 0.01, 0.001}, {LV_CLOSE, 0.01, 0.003}, {LV_SIMILAR, 0.01, 0.006}, {LV_DIFFERS, 0.15, 0.94}},
    [FIELD_POSTAL_CODE] = {{LV_EXACT, 0.75, 0.003}, {LV_ALIAS, 0.05, 0.003}, {LV_FIVE_DIGITS, 0.03, 0.003},
        {LV_TRANSPOSED, 0.005, 0.001}, {LV_ONE_EDIT, 0.025, 0.008}, {LV_AREA, 0.07, 0.05}, {LV_DIFFERS, 0.12, 0.935}},
    [FIELD_PHONE] = {{LV_EXACT, 0.7, 0.00001}, {LV_ALIAS, 0.05, 0.00001}, {LV_LOCAL, 0.02, 0.00001},
        {LV_TRANSPOSED, 0.01, 0.000001}, {LV_ONE_EDIT, 0.02, 0.00001}, {LV_DIFFERS, 0.25, 0.99997}},
    [FIELD_EMAIL] = {{LV_EXACT, 0.7, 0.00001}, {LV_ALIAS, 0.05, 0.00001}, {LV_ONE_EDIT, 0.03, 0.00001},
        {LV_LOCAL, 0.06, 0.0001}, {LV_LOCAL_SIMILAR, 0.03, 0.001}, {LV_DIFFERS, 0.18, 0.9988}},
    [FIELD_SEX] = {{LV_EXACT, 0.985, 0.5}, {LV_ALIAS, 0.005, 0.5}, {LV_DIFFERS, 0.015, 0.5}},
    [FIELD_CODE] = {{LV_EXACT, 0.9, 0.1}, {LV_ALIAS, 0.03, 0.1}, {LV_DIFFERS, 0.1, 0.9}},
    [FIELD_TEXT] = {{LV_EXACT, 0.7, 0.01}, {LV_ALIAS, 0.03, 0.01}, {LV_WORDS, 0.03, 0.001}, {LV_ONE_EDIT, 0.05, 0.001},
        {LV_CLOSE, 0.05, 0.005}, {LV_SIMILAR, 0.03, 0.01}, {LV_LOOSE, 0.04, 0.05}, {LV_DIFFERS, 0.1, 0.924}},
    [FIELD_NUMBER] = {{LV_EXACT, 0.9, 0.05}, {LV_ALIAS, 0.02, 0.05}, {LV_OFF_BY_ONE, 0.04, 0.08}, {LV_NEAR, 0.03, 0.25},
        {LV_DIFFERS, 0.03, 0.62}},
};

static bool has_level(const FieldSpec *f, LevelId id)
{
    if (id == LV_ALIAS)
        return f->column_count > 1 && !f->combine;
    if (id == LV_SWAPPED)
        return f->swap_with != MATCH_NONE;
    return true;
}

/* The n-th level that the field has, from 1; NULL beyond the last. */
static const Level *level_at(const FieldSpec *f, uint32_t n)
{
    const Level *level = LEVELS[f->kind];
    for (uint32_t i = 0; i < KIND_LEVELS_MAX && level[i].id != LV_MISSING; i++)
        if (has_level(f, level[i].id) && --n == 0)
            return &level[i];
    return NULL;
}

uint32_t field_level_count(const FieldSpec *f)
{
    uint32_t n = 1;
    if (f->levels)
        return f->level_count + 2;
    while (level_at(f, n))
        n++;
    return n;
}

Slice field_level_name(const FieldSpec *f, uint32_t level)
{
    if (level == 0)
        return SLICE("missing");
    if (f->levels)
        return level <= f->level_count ? f->levels[level - 1].name : SLICE("differs");
    const Level *l = level_at(f, level);
    ASSERT(l);
    return slice_of(NAMES[l->id]);
}

bool field_level_exact(const FieldSpec *f, uint32_t level)
{
    if (level == 0)
        return false;
    if (f->levels)
        return level <= f->level_count && slice_eq_z(f->levels[level - 1].name, "exact");
    const Level *l = level_at(f, level);
    return l && (l->id == LV_EXACT || l->id == LV_ALIAS);
}

uint32_t field_level_number(const FieldSpec *f, LevelId id)
{
    const Level *l;
    for (uint32_t n = 1; !f->levels && (l = level_at(f, n)); n++)
        if (l->id == id)
            return n;
    return 0;
}

/* Of an own comparator nothing is known but the order: each level is taken to be four times rarer among matches than
 * the one before, and four times more frequent among strangers. */
static void own_prior(uint32_t levels, double *match, double *stranger)
{
    for (uint32_t i = 0; i < levels; i++) {
        match[i] = i ? match[i - 1] / 4 : 1;
        stranger[levels - 1 - i] = match[i];
    }
}

void field_level_prior(const FieldSpec *f, double *match, double *stranger)
{
    uint32_t levels = field_level_count(f) - 1;
    double match_sum = 0, stranger_sum = 0;
    if (f->levels)
        own_prior(levels, match, stranger);
    for (uint32_t i = 0; i < levels; i++) {
        if (!f->levels) {
            match[i] = level_at(f, i + 1)->match;
            stranger[i] = level_at(f, i + 1)->stranger;
        }
        match_sum += match[i];
        stranger_sum += stranger[i];
    }
    for (uint32_t i = 0; i < levels; i++) {
        match[i] /= match_sum;
        stranger[i] /= stranger_sum;
    }
}

bool kind_is_plain(FieldKind kind)
{
    return kind == FIELD_SEX || kind == FIELD_CODE || kind == FIELD_SUFFIX;
}

LevelId level_of(FieldKind kind, const Dict *d, uint32_t a, uint32_t b)
{
    switch (kind) {
    case FIELD_FIRST_NAME:
    case FIELD_MIDDLE_NAME:
    case FIELD_LAST_NAME:
        return level_name(kind, d, a, b);
    case FIELD_DATE:
        return level_date(d, a, b);
    case FIELD_SSN:
        return level_ssn(dict_text(d, a), dict_text(d, b));
    case FIELD_IDENTIFIER:
        return level_identifier(dict_text(d, a), dict_text(d, b));
    case FIELD_ADDRESS:
        return level_address(dict_text(d, a), dict_text(d, b));
    case FIELD_CITY:
        return level_city(dict_text(d, a), dict_text(d, b));
    case FIELD_POSTAL_CODE:
        return level_postal_code(dict_text(d, a), dict_text(d, b));
    case FIELD_PHONE:
        return level_phone(dict_text(d, a), dict_text(d, b));
    case FIELD_EMAIL:
        return level_email(dict_text(d, a), dict_text(d, b));
    case FIELD_TEXT:
        return level_text(dict_text(d, a), dict_text(d, b));
    case FIELD_NUMBER:
        return level_number(dict_text(d, a), dict_text(d, b));
    default:
        return LV_DIFFERS;
    }
}
