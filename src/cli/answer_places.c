/* Places of an answer: each one's way down from the state, as the results know it. */
#include "cli/answer_impl.h"

static Slice place_key(Buf *b, size_t level, Slice code)
{
    buf_reset(b);
    buf_addf(b, "%zu ", level);
    buf_add(b, code);
    return buf_slice(b);
}

Status answer_places_new(const CellSet *all, AnswerPlaces *out, Error *err)
{
    Buf key;
    *out = (AnswerPlaces){0};
    buf_init(&key, 1 << 16);
    Status st = map_init(&out->parent, err);
    for (size_t i = 0; i < all->count && st == OK; i++) {
        const Cell *c = &all->cells[i];
        size_t level = told_level(c->level);
        uint64_t known;
        if (level == 0 || map_get(&out->parent, place_key(&key, level, c->unit), &known))
            continue;
        st = buf_status(&key, err);
        if (st == OK)
            st = map_put(&out->parent, buf_slice(&key), out->parents.len, NULL, err);
        if (st == OK)
            st = vec_push(&out->parents, c->parent, err);
    }
    buf_free(&key);
    return st;
}

void answer_places_free(AnswerPlaces *p)
{
    map_free(&p->parent);
    vec_free(&p->parents);
}

/* The nearest coarser level that has the code, and that place's own parent. */
static bool step_up(const AnswerPlaces *p, Buf *key, size_t *level, Slice code, Slice *parent)
{
    while (--*level > 0) {
        uint64_t at;
        if (!map_get(&p->parent, place_key(key, *level, code), &at))
            continue;
        *parent = p->parents.at[at];
        return true;
    }
    return false;
}

Status answer_place(const AnswerPlaces *p, const Cell *c, Arena *arena, const char **out, Error *err)
{
    size_t level = told_level(c->level);
    Slice code = c->parent, up;
    Buf key;
    if (level == TOLD_LEVELS)
        return error_set(err, ERR_INVALID, "an answer has no level %.*s", SLICE_ARG(c->level));
    if (level == 0)
        return arena_printf(arena, out, err, "all");
    buf_init(&key, 1 << 16);
    Status st = arena_printf(arena, out, err, "%.*s", SLICE_ARG(c->unit));
    while (st == OK && step_up(p, &key, &level, code, &up)) {
        st = arena_printf(arena, out, err, "%.*s/%s", SLICE_ARG(code), *out);
        code = up;
    }
    buf_free(&key);
    return st;
}
