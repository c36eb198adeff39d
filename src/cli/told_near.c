/*
 * What is near a question, part by part. Where everything that hangs together is too much for one attack, the figures
 * that the question would add are taken county by county: beside those of one county stand, of every other source, the
 * figures that count somebody whom these count. What a part leaves out only makes the attacker weaker, so a part proves
 * what it finds, and the caller says that only parts were looked at.
 */
#include "cli/told_system.h"

#include <stdlib.h>

static int compare_names(const void *x, const void *y)
{
    return slice_cmp(*(const Slice *)x, *(const Slice *)y);
}

/* Counties by their codes: the order of parts decides which are attacked before it is enough, and depends on no
 * pseudonym. */
static Status list_parts(const MeasureMembers *m, TellParts *out, Error *err)
{
    for (size_t i = 0; i < m->place_count; i++)
        if (told_index(out->at, out->len, m->places[i].county) == out->len)
            TRY(vec_push(out, m->places[i].county, err));
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, compare_names);
    return OK;
}

/* Whether the figure says something that no release says of the very same people. */
static bool adds(const SourceView *v, uint32_t figure)
{
    return (told_printed(&v->source->figures[figure], v->sys->reading) & ~v->known[figure]) != 0;
}

static int compare_near(const void *x, const void *y)
{
    const NearPerson *a = x, *b = y;
    int c = (a->person > b->person) - (a->person < b->person);
    return c ? c : (a->part > b->part) - (a->part < b->part);
}

static Status add_rows(const SourceView *question, const TellParts *names, Near *out, Error *err)
{
    const MeasureMembers *m = &question->source->members;
    for (size_t row = 0; row < question->place_of.len; row++) {
        const uint32_t *counted = &question->counted.at[question->counted_first.at[question->place_of.at[row]]];
        bool asked = false;
        for (size_t i = 0; counted[i] != UINT32_MAX; i++)
            asked = asked || adds(question, counted[i]);
        if (!asked)
            continue;
        size_t part = told_index(names->at, names->len, m->places[m->place[row]].county);
        TRY(vec_push(&out->persons, ((NearPerson){m->person[row], (uint32_t)part}), err));
    }
    out->parts = names->len;
    if (out->persons.len > 1)
        qsort(out->persons.at, out->persons.len, sizeof *out->persons.at, compare_near);
    return OK;
}

Status told_near_new(const SourceView *question, Near *out, Error *err)
{
    TellParts names = {0};
    *out = (Near){0};
    Status st = list_parts(&question->source->members, &names, err);
    if (st == OK)
        st = add_rows(question, &names, out, err);
    vec_free(&names);
    return st;
}

void told_near_free(Near *n)
{
    vec_free(&n->persons);
}

/* The first entry of a person; the end of the list: none. */
static size_t first_of(const Near *n, uint64_t person)
{
    size_t low = 0, high = n->persons.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (n->persons.at[middle].person < person)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

Status told_near_mark(const Near *n, SourceView *v, Error *err)
{
    const MeasureMembers *m = &v->source->members;
    TRY(arena_new(&v->sys->arena, uint8_t, n->parts * v->source->count + 1, &v->near, err));
    for (size_t row = 0; row < v->place_of.len; row++) {
        const uint32_t *counted = &v->counted.at[v->counted_first.at[v->place_of.at[row]]];
        for (size_t at = first_of(n, m->person[row]); at < n->persons.len && n->persons.at[at].person == m->person[row];
             at++)
            for (size_t i = 0; counted[i] != UINT32_MAX; i++)
                v->near[n->persons.at[at].part * v->source->count + counted[i]] = 1;
    }
    return OK;
}

void told_near_choose(SourceView *v, size_t part)
{
    for (size_t f = 0; f < v->source->count; f++)
        v->far[f] = !v->near[part * v->source->count + f];
}
