/* Which groups of a split are shown by themselves: decided once for the whole state, so that every place agrees. */
#include "protect/partition.h"

static int64_t group_people(const Panel *p, const PanelSplit *s, size_t group)
{
    int64_t most = 0;
    for (size_t t = 0; t < p->table_count; t++) {
        const ProtectCell *c = panel_cell(p, s, 0, t, 0, group);
        if (c && !p->tables[t].withheld && c->denominator > most)
            most = c->denominator;
    }
    return most;
}

static Status grouping_new(const PanelSplit *s, Arena *arena, Grouping *out, Error *err)
{
    *out = (Grouping){0};
    TRY(arena_new(arena, uint32_t, s->group_count, &out->of, err));
    TRY(arena_new(arena, uint32_t, s->group_count, &out->size, err));
    return OK;
}

/* Numbers the shown groups: own ones in order of the groups, the joint one last. */
static void number_groups(const PanelSplit *s, const bool *present, const bool *joint, Grouping *out)
{
    out->count = 0;
    for (size_t g = 0; g < s->group_count; g++) {
        out->of[g] = PANEL_NONE;
        if (present[g] && !joint[g]) {
            out->of[g] = (uint32_t)out->count;
            out->size[out->count++] = 1;
        }
    }
    uint32_t members = 0;
    for (size_t g = 0; g < s->group_count; g++)
        if (present[g] && joint[g]) {
            out->of[g] = (uint32_t)out->count;
            members++;
        }
    if (members > 0)
        out->size[out->count++] = members;
}

/* Groups an earlier tier shows together stay together. */
static void keep_joint(const PanelSplit *s, const Grouping *earlier, const bool *present, bool *joint)
{
    for (size_t g = 0; earlier && g < s->group_count; g++)
        if (present[g] && earlier->of[g] != PANEL_NONE && earlier->size[earlier->of[g]] > 1)
            joint[g] = true;
}

/* Whether the groups marked, taken together, pass for the whole state in every table. */
static bool joint_passes(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const bool *joint)
{
    Counts counts[PANEL_MAX_TABLES] = {{0, 0}};
    size_t members = 0;
    for (size_t g = 0; g < s->group_count; g++)
        members += joint[g];
    for (size_t t = 0; t < p->table_count; t++)
        for (size_t g = 0; g < s->group_count; g++) {
            const ProtectCell *c = joint[g] ? panel_cell(p, s, 0, t, 0, g) : NULL;
            if (c && members == 1 && panel_active(p, t) && !rule_employers_pass(rule, c))
                return false;
            counts_add(&counts[t], c);
        }
    return panel_counts_pass(rule, p, s, 0, counts);
}

static size_t smallest_left(const Panel *p, const PanelSplit *s, const bool *present, const bool *joint)
{
    size_t best = s->group_count;
    for (size_t g = 0; g < s->group_count; g++)
        if (present[g] && !joint[g] && (best == s->group_count || group_people(p, s, g) < group_people(p, s, best)))
            best = g;
    return best;
}

Status grouping_make(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const Grouping *earlier,
    Arena *arena, Grouping *out, bool *possible, Error *err)
{
    bool *present, *joint, *alone;
    TRY(arena_new(arena, bool, s->group_count, &present, err));
    TRY(arena_new(arena, bool, s->group_count, &joint, err));
    TRY(arena_new(arena, bool, s->group_count, &alone, err));
    TRY(grouping_new(s, arena, out, err));
    size_t members = 0;
    for (size_t g = 0; g < s->group_count; g++) {
        present[g] = group_people(p, s, g) > 0;
        alone[g] = true;
        joint[g] = present[g] && !joint_passes(rule, p, s, alone);
        alone[g] = false;
    }
    keep_joint(s, earlier, present, joint);
    for (size_t g = 0; g < s->group_count; g++)
        members += joint[g];
    bool any = members > 0;
    while (any && (members < 2 || !joint_passes(rule, p, s, joint))) {
        size_t next = smallest_left(p, s, present, joint);
        if (next == s->group_count)
            break;
        joint[next] = true;
        members++;
    }
    number_groups(s, present, joint, out);
    *possible = !any || out->count >= 2;
    return OK;
}

Status grouping_localise(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const Grouping *top,
    const Grouping *earlier, Arena *arena, Grouping *out, Error *err)
{
    bool *present, *joint;
    TRY(arena_new(arena, bool, s->group_count, &present, err));
    TRY(arena_new(arena, bool, s->group_count, &joint, err));
    TRY(grouping_new(s, arena, out, err));
    int64_t everybody = 0;
    for (size_t g = 0; g < s->group_count; g++)
        everybody += group_people(p, s, g);
    size_t small = 0, large = 0;
    for (size_t g = 0; g < s->group_count; g++) {
        present[g] = top->of[g] != PANEL_NONE;
        if (!present[g] || top->size[top->of[g]] > 1)
            continue;
        joint[g] = group_people(p, s, g) * 100 < rule->local_group_min_percent * everybody;
        small += joint[g];
        large += !joint[g];
    }
    bool has_joint = top->count > 0 && top->size[top->count - 1] > 1;
    if (small + (has_joint ? 1 : 0) < 2 || large == 0)
        memset(joint, 0, s->group_count * sizeof *joint);
    for (size_t g = 0; g < s->group_count; g++)
        if (present[g] && top->size[top->of[g]] > 1)
            joint[g] = true;
    keep_joint(s, earlier, present, joint);
    number_groups(s, present, joint, out);
    return OK;
}
