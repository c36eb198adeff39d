/* A pattern with its witnesses, put aside while another is built, so that the cheaper of the two can be kept. */
#include "suppress/engine.h"

void engine_kept_free(EngineKept *k)
{
    for (size_t i = 0; i < k->needs.len; i++) {
        mem_free(k->needs.at[i].use);
        whole_drop(k->needs.at[i].move);
    }
    vec_free(&k->needs);
    mem_free(k->in);
    *k = (EngineKept){0};
}

static Status keep_need(const Need *from, NeedList *list, Error *err)
{
    Need need = *from;
    need.use = NULL;
    need.move = NULL;
    TRY(vec_push(list, need, err));
    Need *own = &vec_last(list);
    if (from->use_count > 0) {
        TRY(mem_alloc(from->use_count * sizeof *own->use, (void **)&own->use, err));
        memcpy(own->use, from->use, from->use_count * sizeof *own->use);
    }
    own->move = whole_share(from->move);
    return OK;
}

Status engine_keep(const Engine *e, EngineKept *out, Error *err)
{
    *out = (EngineKept){.price = engine_price(e)};
    Status st = mem_alloc((size_t)e->net->cell_count + 1, (void **)&out->in, err);
    if (st == OK)
        memcpy(out->in, e->in, e->net->cell_count);
    for (size_t i = 0; i < e->needs.len && st == OK; i++)
        st = keep_need(&e->needs.at[i], &out->needs, err);
    if (st != OK)
        engine_kept_free(out);
    return st;
}

Status engine_back(Engine *e, EngineKept *k, Error *err)
{
    /* Needs that came up since are those of singletons who know a cell of other witnesses. */
    while (e->needs.len > k->needs.len) {
        Need *need = &vec_last(&e->needs);
        e->needs_of[need->cell].len--;
        mem_free(need->use);
        whole_drop(need->move);
        e->needs.len--;
    }
    for (uint32_t j = 0; j < e->net->cell_count; j++) {
        engine_set_in(e, j, k->in[j]);
        e->users[j].len = 0;
    }
    for (size_t i = 0; i < e->needs.len; i++) {
        const Need other = e->needs.at[i];
        e->needs.at[i] = k->needs.at[i];
        k->needs.at[i] = other;
        for (uint32_t u = 0; u < e->needs.at[i].use_count; u++)
            TRY(vec_push(&e->users[e->needs.at[i].use[u]], (uint32_t)i, err));
    }
    return OK;
}
