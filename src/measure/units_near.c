/* Names that are near a mistyped one: an answer to "no figures of unit 0808", "there is no measure graduation_rate_5y"
 * that helps. */
#include "measure/measure_parts.h"

enum { NAME_MAX = 64, EDITS_MAX = 2 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions and substitutions (Levenshtein 1966), by rows; both of at most NAME_MAX bytes. */
static size_t distance(Slice a, Slice b)
{
    size_t row[NAME_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t before = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t step = before + (a.ptr[i - 1] != b.ptr[j - 1]);
            before = row[j];
            row[j] = least(step, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}

void near_offer(NearNames *near, Slice asked, Slice name)
{
    size_t at = near->count;
    if (name.len > NAME_MAX || asked.len > NAME_MAX)
        return;
    size_t d = distance(name, asked);
    if (d > EDITS_MAX)
        return;
    for (size_t i = 0; i < near->count; i++)
        if (slice_eq(near->name[i], name))
            return;
    while (at > 0 &&
           (near->distance[at - 1] > d || (near->distance[at - 1] == d && slice_cmp(near->name[at - 1], name) > 0)))
        at--;
    if (at == NEAR_NAMES)
        return;
    near->count += near->count < NEAR_NAMES;
    for (size_t i = near->count - 1; i > at; i--) {
        near->name[i] = near->name[i - 1];
        near->distance[i] = near->distance[i - 1];
    }
    near->name[at] = name;
    near->distance[at] = d;
}

void near_list(const NearNames *near, Buf *out)
{
    for (size_t i = 0; i < near->count; i++)
        buf_addf(out, "%s%.*s", i ? ", " : "", SLICE_ARG(near->name[i]));
}

void cells_hint_units(const CellSet *set, Slice level, Slice code, Error *err)
{
    NearNames near = {0};
    Slice last = {0};
    Buf text;
    for (size_t i = 0; i < set->count; i++) {
        const Cell *c = &set->cells[i];
        if (!slice_eq(c->level, level) || slice_eq(c->unit, last))
            continue;
        last = c->unit;
        if (slice_eq(c->unit, code)) { /* no mistake: it has other figures */
            error_hint(err, "%.*s is a %.*s of these results, with other figures than those asked for.",
                SLICE_ARG(code), SLICE_ARG(level));
            return;
        }
        near_offer(&near, code, c->unit);
    }
    buf_init(&text, 0);
    near_list(&near, &text);
    if (near.count > 0 && text.status == OK)
        error_hint(err, "There is no %.*s %.*s in the results; near it are %s.", SLICE_ARG(level), SLICE_ARG(code),
            buf_z(&text));
    else
        error_hint(err, "There is no %.*s %.*s in the results, nor one with a code like it.%s", SLICE_ARG(level),
            SLICE_ARG(code), slice_eq_z(level, "school") ? " A school's code is DISTRICT-SCHOOL." : "");
    buf_free(&text);
}

void measure_hint_names(Policy *policy, Slice asked, Error *err)
{
    MeasureInfos measures = {0};
    DefinitionInfos definitions = {0};
    NearNames near = {0};
    Arena arena;
    Buf text;
    arena_init(&arena, 0);
    buf_init(&text, 0);
    if (measure_list(policy, &arena, &measures, NULL) == OK &&
        definition_list(policy, &arena, &definitions, NULL) == OK) {
        for (size_t i = 0; i < measures.len; i++)
            near_offer(&near, asked, measures.at[i].name);
        for (size_t i = 0; i < definitions.len; i++)
            near_offer(&near, asked, definitions.at[i].name);
    }
    near_list(&near, &text);
    if (near.count > 0 && text.status == OK)
        error_hint(err, "near it are %s", buf_z(&text));
    else
        error_hint(err, "\"cairn measure list\" names them.");
    vec_free(&measures);
    vec_free(&definitions);
    buf_free(&text);
    arena_free(&arena);
}

void outcome_hint_names(const OutcomeDefs *outcomes, Slice family, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < outcomes->len; i++) {
        const OutcomeDef *o = &outcomes->at[i];
        bool again = i > 0 && slice_eq(o->name, outcomes->at[i - 1].name); /* another version */
        if ((family.len == 0 || slice_eq(o->family, family)) && !again)
            buf_addf(&text, "%s%.*s", text.len > 0 ? ", " : "", SLICE_ARG(o->name));
    }
    if (text.len > 0 && text.status == OK)
        error_hint(err, "the definitions are %s", buf_z(&text));
    buf_free(&text);
}
