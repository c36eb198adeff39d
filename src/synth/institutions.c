/*
 * Colleges: those of the state from the reference table, drawn by the awards they confer, and those elsewhere that
 * graduates go to. Four pools: unit-record two-year and four-year, other colleges of the state (seen by the
 * clearinghouse only), and away.
 */
#include "synth/world.h"

enum { POOL_TWO_YEAR, POOL_FOUR_YEAR, POOL_OTHER, POOL_AWAY };

static Status read_sizes(World *w, const char *synth, Map *sizes, Error *err)
{
    PolicyTable t;
    size_t unit, awards;
    TRY(policy_table(w, synth, "college_sizes.csv", &t, err));
    TRY(policy_column(&t, "unitid", &unit, err));
    TRY(policy_column(&t, "awards", &awards, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        int64_t n = 0;
        TRY(policy_number(&t, i, awards, &n, err));
        TRY(map_put(sizes, policy_cell(&t, i, unit), (uint64_t)n, NULL, err));
    }
    return OK;
}

/* Room for the state's colleges and for those away. */
static Status read_home(World *w, const char *reference, const char *state, const Map *sizes, size_t away, Error *err)
{
    PolicyTable t;
    size_t unit, code, branch, name, level, control, records;
    TRY(policy_table(w, reference, "institutions.csv", &t, err));
    TRY(policy_column(&t, "unitid", &unit, err));
    TRY(policy_column(&t, "state_code", &code, err));
    TRY(policy_column(&t, "opeid_branch", &branch, err));
    TRY(policy_column(&t, "name", &name, err));
    TRY(policy_column(&t, "level", &level, err));
    TRY(policy_column(&t, "control", &control, err));
    TRY(policy_column(&t, "unit_records", &records, err));
    TRY(arena_new(&w->arena, College, t.csv.rows + away, &w->colleges, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        uint64_t size = 0;
        if (!map_get(sizes, policy_cell(&t, i, unit), &size))
            continue;
        College *c = &w->colleges[w->college_count++];
        *c = (College){
            .branch = policy_cell(&t, i, branch),
            .name = policy_cell(&t, i, name),
            .state = slice_of(state),
            .level = policy_cell(&t, i, level),
            .control = policy_cell(&t, i, control),
            .weight = size,
        };
        c->two_year = !slice_eq_z(c->level, "4-year");
        if (slice_eq_z(policy_cell(&t, i, records), "true"))
            c->state_code = policy_cell(&t, i, code);
    }
    return OK;
}

static Status read_away(World *w, const PolicyTable *t, Error *err)
{
    size_t opeid, name, state, level, control, weight;
    TRY(policy_column(t, "opeid", &opeid, err));
    TRY(policy_column(t, "name", &name, err));
    TRY(policy_column(t, "state", &state, err));
    TRY(policy_column(t, "level", &level, err));
    TRY(policy_column(t, "control", &control, err));
    TRY(policy_column(t, "weight", &weight, err));
    for (size_t i = 0; i < t->csv.rows; i++) {
        int64_t n = 0;
        Slice id = policy_cell(t, i, opeid);
        const char *branch = NULL;
        TRY(policy_number(t, i, weight, &n, err));
        TRY(arena_printf(
            &w->arena, &branch, err, "%.*s-%.*s", SLICE_ARG(slice_sub(id, 0, 6)), SLICE_ARG(slice_sub(id, 6, 8))));
        College *c = &w->colleges[w->college_count++];
        *c = (College){
            .branch = slice_of(branch),
            .name = policy_cell(t, i, name),
            .state = policy_cell(t, i, state),
            .level = policy_cell(t, i, level),
            .control = policy_cell(t, i, control),
            .weight = (uint64_t)n,
        };
        c->two_year = !slice_eq_z(c->level, "4-year");
    }
    return OK;
}

static int pool_of(const College *c, bool home)
{
    if (!home)
        return POOL_AWAY;
    return c->state_code.len == 0 ? POOL_OTHER : c->two_year ? POOL_TWO_YEAR : POOL_FOUR_YEAR;
}

static Status index_pools(World *w, uint32_t home_count, Error *err)
{
    for (int pool = 0; pool < 4; pool++) {
        TRY(arena_new(&w->arena, uint32_t, w->college_count, &w->college_index[pool], err));
        TRY(arena_new(&w->arena, uint64_t, w->college_count, &w->college_cumulative[pool], err));
        uint64_t sum = 0;
        for (uint32_t i = 0; i < w->college_count; i++) {
            if (pool_of(&w->colleges[i], i < home_count) != pool)
                continue;
            uint32_t n = w->college_pool[pool]++;
            w->college_index[pool][n] = i;
            w->college_cumulative[pool][n] = sum += w->colleges[i].weight;
        }
        if (sum == 0)
            return error_set(
                err, ERR_INVALID, "no colleges to draw from in pool %d (institutions.csv, away_colleges.csv)", pool);
    }
    return OK;
}

Status institutions_read(World *w, const char *policy_dir, Error *err)
{
    const char *reference = NULL, *synth = NULL;
    TRY(path_join(&w->arena, policy_dir, "reference", &reference, err));
    TRY(path_join(&w->arena, policy_dir, "synth", &synth, err));
    PolicyTable away;
    TRY(policy_table(w, synth, "away_colleges.csv", &away, err));
    Map sizes;
    TRY(map_init(&sizes, err));
    Status st = read_sizes(w, synth, &sizes, err);
    if (st == OK)
        st = read_home(w, reference, w->p.home_state, &sizes, away.csv.rows, err);
    map_free(&sizes);
    TRY(st);
    uint32_t home = w->college_count;
    TRY(read_away(w, &away, err));
    return index_pools(w, home, err);
}
