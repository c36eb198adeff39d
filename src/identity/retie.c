/*
 * Trees made whole after a part of the journal was undone.
 *
 * Every person is one tree of links towards one founding record (link_tree.c).
 * A record that is taken out may have been what others hang on, and one that comes
 * back may find its old partner elsewhere, or another founder. Such a record is
 * tied to the founder with the odds it had to its old partner: the evidence was of
 * somebody who is no longer there, so that this is a stand-in until the next full
 * run, and its kind is the model's, whatever the old link's was. Nothing about who is
 * with whom changes here.
 */
#include "identity/undo.h"

#include <stdlib.h>

typedef struct Member {
    Link link;
    size_t back; /* place in `back`; SIZE_MAX: it stays where it is */
    uint32_t up; /* place of its partner among the members; MATCH_NONE */
    bool changed;
} Member;
typedef VEC(Member) Members;

static int by_tag(const void *x, const void *y)
{
    const Member *a = x, *b = y;
    return tag_cmp(&a->link.tag, &b->link.tag);
}

/* --- who will be in a person ------------------------------------------------------------------------------------ */

/* A person and a record that comes back to it; or, without one, a person that loses some. */
typedef struct Touched {
    PersonId person;
    size_t back; /* place in `back`; SIZE_MAX */
} Touched;
typedef VEC(Touched) Touches;

static int by_person(const void *x, const void *y)
{
    const Touched *a = x, *b = y;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    return (a->back > b->back) - (a->back < b->back);
}

static int link_by_tag(const void *tag, const void *link)
{
    return tag_cmp(tag, &((const Link *)link)->tag);
}

static int tag_by_tag(const void *a, const void *b)
{
    return tag_cmp(a, b);
}

/* `restored` links of `back` and all of `gone` are in order of tag. */
static bool leaves(const Undo *u, size_t restored, const RecordTag *tag)
{
    return (restored > 0 && bsearch(tag, u->back.at, restored, sizeof *u->back.at, link_by_tag)) ||
           (u->gone.len > 0 && bsearch(tag, u->gone.at, u->gone.len, sizeof *u->gone.at, tag_by_tag));
}

static Status list_stayers(Undo *u, PersonId person, size_t restored, Members *out, Error *err)
{
    RecordTags tags = {0};
    Status st = vault_records_of(u->vault, person, &tags, err);
    for (size_t i = 0; i < tags.len && st == OK; i++) {
        LinkInfo now;
        if (leaves(u, restored, &tags.at[i]))
            continue;
        st = vault_link_of(u->vault, &tags.at[i], &u->arena, &now, err);
        if (st == OK)
            st = vec_push(out, ((Member){.link = now.link, .back = SIZE_MAX}), err);
    }
    vec_free(&tags);
    return st;
}

/* touched: all of one person. */
static Status list_members(Undo *u, const Touched *touched, size_t count, size_t restored, Members *out, Error *err)
{
    Status st = list_stayers(u, touched->person, restored, out, err);
    for (size_t i = 0; i < count && st == OK; i++)
        if (touched[i].back != SIZE_MAX)
            st = vec_push(out, ((Member){.link = u->back.at[touched[i].back], .back = touched[i].back}), err);
    if (st == OK && out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_tag);
    return st;
}

/* --- one tree --------------------------------------------------------------------------------------------------- */

static void find_partners(Members *m)
{
    for (size_t i = 0; i < m->len; i++) {
        const Member key = {.link.tag = m->at[i].link.partner};
        const Member *up = tag_is_zero(&key.link.tag) ? NULL : bsearch(&key, m->at, m->len, sizeof key, by_tag);
        m->at[i].up = up ? (uint32_t)(up - m->at) : MATCH_NONE;
    }
    /* links restored from different runs may run in a circle; it is cut at its first record */
    for (size_t i = 0; i < m->len; i++) {
        size_t steps = 0;
        for (uint32_t at = (uint32_t)i; at != MATCH_NONE && steps <= m->len; at = m->at[at].up)
            steps++;
        if (steps > m->len)
            m->at[i].up = MATCH_NONE;
    }
}

/* The first founding record, or else the first without a partner; a tree has one. */
static size_t founder_of(const Members *m)
{
    size_t first = m->len;
    for (size_t i = 0; i < m->len; i++) {
        if (m->at[i].up != MATCH_NONE)
            continue;
        if (m->at[i].link.kind == LINK_FOUNDING)
            return i;
        if (first == m->len)
            first = i;
    }
    return first;
}

static void make_whole(Members *m)
{
    find_partners(m);
    size_t founder = founder_of(m);
    ASSERT(founder < m->len);
    for (size_t i = 0; i < m->len; i++) {
        Link *l = &m->at[i].link;
        if (m->at[i].up != MATCH_NONE)
            continue;
        if (i == founder && l->kind == LINK_FOUNDING)
            continue;
        m->at[i].changed = true;
        if (i == founder) {
            l->kind = LINK_FOUNDING;
            l->odds = 0;
            l->partner = (RecordTag){{0}};
        } else {
            l->kind = LINK_MODEL;
            l->partner = m->at[founder].link.tag;
        }
    }
}

static Status retie_person(Undo *u, const Touched *touched, size_t count, size_t restored, Error *err)
{
    Members m = {0};
    Status st = list_members(u, touched, count, restored, &m, err);
    if (st == OK && m.len > 0)
        make_whole(&m);
    for (size_t i = 0; i < m.len && st == OK; i++) {
        if (!m.at[i].changed)
            continue;
        if (m.at[i].back != SIZE_MAX)
            u->back.at[m.at[i].back] = m.at[i].link;
        else
            st = vec_push(&u->back, m.at[i].link, err);
    }
    vec_free(&m);
    return st;
}

static Status list_touched(const Undo *u, Touches *out, Error *err)
{
    for (size_t i = 0; i < u->back.len; i++)
        TRY(vec_push(out, ((Touched){u->back.at[i].person, i}), err));
    for (size_t i = 0; i < u->journal.len; i++)
        if (u->journal.at[i].from != 0)
            TRY(vec_push(out, ((Touched){u->journal.at[i].from, SIZE_MAX}), err));
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_person);
    return OK;
}

Status undo_retie(Undo *u, Error *err)
{
    Touches touched = {0};
    const size_t restored = u->back.len;
    Status st = list_touched(u, &touched, err);
    for (size_t i = 0, end; i < touched.len && st == OK; i = end) {
        for (end = i + 1; end < touched.len && touched.at[end].person == touched.at[i].person; end++)
            ;
        st = retie_person(u, &touched.at[i], end - i, restored, err);
    }
    vec_free(&touched);
    return st;
}
