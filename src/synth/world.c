/* The world in order: parameters, names, places, colleges, and the employers made from them. */
#include "synth/world.h"

static void grow_wages(World *w)
{
    for (int i = 0; i < (int)COUNT_OF(w->growth); i++) {
        int year = w->first_year + i;
        int64_t level = 1000000;
        for (int y = (int)w->p.wage_base_year; y < year; y++)
            level = level * w->p.wage_growth_permille / 1000;
        for (int y = (int)w->p.wage_base_year; y > year; y--)
            level = level * 1000 / w->p.wage_growth_permille;
        w->growth[i] = level / 1000;
    }
}

static Status set_window(World *w, const SynthOptions *o, Error *err)
{
    w->first_year = o->first_year ? o->first_year : (int)w->p.first_year;
    w->last_year = o->last_year ? o->last_year : (int)w->p.last_year;
    w->first_grade = o->first_grade >= 0 ? o->first_grade : (int)w->p.first_grade;
    if (w->first_year < 1990 || w->last_year > 2100 || w->last_year < w->first_year ||
        w->last_year - w->first_year > 30)
        return error_set(err, ERR_USAGE, "school years must be 1990 to 2100, in order, and at most 31");
    if (w->first_grade > 12)
        return error_set(err, ERR_USAGE, "the first grade must be 0 (kindergarten) to 12");
    w->first_quarter = quarter_make(w->first_year, 1);
    w->last_quarter = quarter_make(w->last_year, 4);
    return OK;
}

Status world_make(const SynthOptions *o, World *w, Error *err)
{
    const char *synth = NULL, *parameters = NULL;
    TRY(path_join(&w->arena, o->policy_dir, "synth", &synth, err));
    TRY(path_join(&w->arena, synth, "parameters.toml", &parameters, err));
    TRY(params_read(parameters, &w->arena, &w->p, err));
    w->seed = o->seed;
    TRY(set_window(w, o, err));
    grow_wages(w);
    TRY(names_read(w, synth, err));
    TRY(places_read(w, o->policy_dir, err));
    TRY(institutions_read(w, o->policy_dir, err));
    return employers_make(w, o->people, err);
}

void world_free(World *w)
{
    arena_free(&w->arena);
}
