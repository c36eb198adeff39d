/*
 * What two records can be to each other, in terms of fields: which shares a class has of its own, and which it sees
 * as strangers, as a match or as a household do.
 */
#include <math.h>

#include "match/em_impl.h"

/* Twins are some 3 in 100 births (Martin and Osterman 2019), so pairs of them at most 1.5 in 100 persons; some have no
 * twin in the file or have moved. Without a bound, matches whose first name was replaced pass for twins. */
#define TWINS_MOST 0.01
#define TWINS_AMONG_HOUSEMATES 0.25
#define ONE_AGE 0.9 /* strangers of whom fewer have unlike birth dates are of one age */

/* --- classes -------------------------------------------------------------------------------------------------- */

static bool is_place(const FieldSpec *f)
{
    return f->shared && (f->kind == FIELD_ADDRESS || f->kind == FIELD_CITY || f->kind == FIELD_POSTAL_CODE ||
                            f->kind == FIELD_CODE || f->kind == FIELD_TEXT);
}

FieldView class_view(const FieldSpec *field, PairClass class)
{
    bool surname = field->shared && field->kind == FIELD_LAST_NAME;
    switch (class) {
    case CLASS_NEIGHBOUR:
        return is_place(field) ? VIEW_OWN : VIEW_STRANGER;
    case CLASS_HOUSEHOLD:
        return surname ? VIEW_MATCH : field->shared ? VIEW_OWN : VIEW_STRANGER;
    case CLASS_TWIN:
        if (surname || field->kind == FIELD_DATE)
            return VIEW_MATCH;
        return field->shared ? VIEW_HOUSEHOLD : VIEW_STRANGER;
    default:
        return VIEW_OWN;
    }
}

bool em_class_possible(const MatchConfig *config, PairClass class)
{
    uint32_t views[VIEW_HOUSEHOLD + 1] = {0};
    for (uint32_t f = 0; f < config->field_count; f++)
        views[class_view(&config->fields[f], class)]++;
    switch (class) {
    case CLASS_NEIGHBOUR: /* two fields that agree together, and one to tell it from a match */
        return views[VIEW_OWN] >= 2 && views[VIEW_STRANGER] > 0;
    case CLASS_HOUSEHOLD: /* a surname and a home */
        return views[VIEW_MATCH] > 0 && views[VIEW_OWN] > 0 && views[VIEW_STRANGER] > 0;
    default: /* the same and a birth date */
        return views[VIEW_MATCH] > 1 && views[VIEW_HOUSEHOLD] > 0 && views[VIEW_STRANGER] > 0;
    }
}

/* Do strangers' birth dates lie far apart? Not in the file of one school year. */
static bool ages_differ(const Em *e, uint32_t s)
{
    double differs = 0;
    for (uint32_t f = 0; f < e->m->field_count; f++)
        if (class_view(&e->config->fields[f], CLASS_TWIN) == VIEW_MATCH)
            differs = fmax(differs, em_parameter(e, s, f, e->m->level_counts[f] - 1)->share[CLASS_STRANGER]);
    return differs > ONE_AGE;
}

/* Share of twins among a segment's pairs where a source shows them by itself, or 0. */
double em_twins_shown(const Em *e, uint32_t s)
{
    double pairs = e->in->totals->comparable[s], records = e->in->totals->records[s];
    double a_person = records > 0 ? 1 + e->m->class_share[s][CLASS_MATCH] * pairs / records : 1;
    return pairs > 0 ? e->in->totals->twins * records * a_person / pairs : 0;
}

/* Largest share of twins among a segment's pairs: each of a person's records is paired with each of the twin's; and
 * other housemates are many more, unless all are of one age. Where there are few families, what a
 * source shows by itself counts. */
double em_twins_most(const Em *e, uint32_t s)
{
    double pairs = e->in->totals->comparable[s], records = e->in->totals->records[s];
    double a_person = 1 + e->class_count[s][CLASS_MATCH] / records;
    double births = TWINS_MOST * records * a_person / pairs;
    double homes = TWINS_AMONG_HOUSEMATES * e->m->class_share[s][CLASS_HOUSEHOLD];
    return ages_differ(e, s) && homes < births ? fmax(homes, em_twins_shown(e, s)) : births;
}
