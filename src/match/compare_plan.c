/* What a comparer is: how each field of a table is compared, planned once. */
#include "match/compare_impl.h"

static Status compile_levels(Comparer *c, FieldPlan *p, Error *err)
{
    for (uint32_t i = 0; p->spec->levels && i < p->spec->level_count; i++)
        TRY(expr_compile(p->spec->levels[i].when, "level", NULL, &c->arena, &p->when[i], err));
    return p->spec->neutral.len ? expr_compile(p->spec->neutral, "neutral", NULL, &c->arena, &p->neutral, err) : OK;
}

static PlanWay way_of(const FieldSpec *f, const Dict *d)
{
    bool aliases = f->column_count > 1 && !f->combine;
    if (aliases && !f->levels && kind_is_plain(f->kind))
        return WAY_PLAINS;
    if (aliases && (f->levels || d->domain != DOMAIN_NAME))
        return WAY_ALIASES;
    if (aliases)
        return WAY_NAMES;
    if (f->levels)
        return WAY_OWN;
    if (kind_is_plain(f->kind))
        return WAY_PLAIN;
    switch (d->domain) {
    case DOMAIN_NAME:
        return WAY_NAME;
    case DOMAIN_CODE:
        return f->kind == FIELD_DATE ? WAY_DATE : f->kind == FIELD_POSTAL_CODE ? WAY_POSTAL : WAY_DIGITS;
    case DOMAIN_TEXT:
        return WAY_TEXT;
    default:
        return WAY_MEMO;
    }
}

static uint32_t columns_of(const FieldPlan *p)
{
    return p->way == WAY_NAME                             ? NAME_COLUMNS
           : p->way == WAY_NAMES                          ? NAME_COLUMNS + 1
           : p->way == WAY_DATE                           ? DATE_COLUMNS
           : p->way == WAY_POSTAL || p->way == WAY_DIGITS ? CODE_COLUMNS
           : p->way == WAY_PLAINS                         ? p->column_count
                                                          : 1;
}

static Status plan_memo(FieldPlan *p, Error *err)
{
    uint32_t values = dict_count(p->dict);
    if (p->plain)
        return OK;
    TRY(mem_zalloc(MEMO_MASK + 1, sizeof *p->memo, (void **)&p->memo, err));
    if (!p->spec->levels || values > FEW_VALUES)
        return OK;
    TRY(mem_zalloc((size_t)values * values, 1, (void **)&p->few, err));
    p->few_count = values;
    return OK;
}

static Status plan_field(Comparer *c, uint32_t field, Error *err)
{
    FieldPlan *p = &c->plans[field];
    const FieldSpec *f = &c->t->config->fields[field];
    const Dict *d = c->t->dict[f->columns[0]];
    *p = (FieldPlan){.spec = f,
        .dict = d,
        .way = way_of(f, d),
        .first = c->column_count,
        .column = f->columns[0],
        .column_count = f->combine ? 1 : f->column_count,
        .shift = 4 * field,
        .plain = !f->levels && kind_is_plain(f->kind),
        .other_column = MATCH_NONE};
    c->column_count += columns_of(p);
    p->name = c->name_count;
    c->name_count += p->way == WAY_NAME || p->way == WAY_NAMES;
    for (int id = 0; id < LV_COUNT; id++)
        p->number[id] = (uint8_t)field_level_number(f, (LevelId)id);
    TRY(compile_levels(c, p, err));
    return plan_memo(p, err);
}

/* After all fields have their columns. */
static void plan_swap(Comparer *c, uint32_t field)
{
    FieldPlan *p = &c->plans[field];
    uint32_t other = p->spec->swap_with;
    if (other == MATCH_NONE)
        return;
    p->other_column = c->plans[other].column;
    p->other_first = c->plans[other].first;
    p->other_shift = 4 * other;
}

/* After all fields have their places. */
static void plan_beside(Comparer *c, uint32_t field)
{
    for (uint32_t beside = c->plans[field].spec->neutral_beside; beside != 0; beside &= beside - 1) {
        const FieldPlan *other = &c->plans[__builtin_ctz(beside)];
        c->beside[c->beside_count++] = (Beside){.field = UINT64_C(15) << c->plans[field].shift,
            .shift = other->shift,
            .alias = other->number[LV_ALIAS] ? other->number[LV_ALIAS] : NO_LEVEL};
    }
}

/* Of own comparators nobody knows which levels say what the name explains. */
static void plan_derived(Comparer *c)
{
    for (uint32_t f = 0; f < c->field_count; f++) {
        const FieldSpec *spec = c->plans[f].spec;
        bool name = spec->kind == FIELD_FIRST_NAME || spec->kind == FIELD_LAST_NAME;
        c->names |= (uint32_t)(name && !spec->levels) << f;
        c->addresses |= (uint32_t)(spec->kind == FIELD_EMAIL && !spec->levels) << f;
    }
    if (c->names == 0)
        c->addresses = 0;
}

Status comparer_new(const MatchTable *t, Comparer **out, Error *err)
{
    Comparer *c = NULL;
    const KernelTable *kernels = NULL;
    TRY(kernel_choose(&kernels, err));
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    c->t = t;
    c->lanes = compare_lanes(kernels->path);
    arena_init(&c->arena, 0);
    c->field_count = t->config->field_count;
    for (uint32_t f = 0; f < c->field_count; f++) {
        Status st = plan_field(c, f, err);
        if (st != OK) {
            comparer_free(c);
            return st;
        }
    }
    for (uint32_t f = 0; f < c->field_count; f++) {
        plan_swap(c, f);
        plan_beside(c, f);
    }
    plan_derived(c);
    Status st = compare_tile_reserve(c, &c->stretch, STRETCH, err);
    if (st != OK) {
        comparer_free(c);
        return st;
    }
    *out = c;
    return OK;
}

void comparer_free(Comparer *c)
{
    if (!c)
        return;
    for (uint32_t f = 0; f < c->field_count; f++) {
        mem_free(c->plans[f].memo);
        mem_free(c->plans[f].few);
    }
    compare_tile_free(&c->tile);
    compare_tile_free(&c->stretch);
    arena_free(&c->arena);
    mem_free(c);
}
