/* Lanes as policy: the example of each lane, and each mistake in one. */
#include "perturb_support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD(lane) \
    "schema = \"cairn.lane/1\"\nlane = \"" lane \
    "\"\nname = \"n\"\ntitle = \"t\"\nstatus = \"assumed\"\nsource = \"s\"\n"
#define PRIVACY \
    "[privacy]\nmechanism = \"discrete_gaussian\"\nrho = \"0.1\"\nneighbours = \"replace\"\ncells_per_person = 2\n"

/* Every example in the documentation is a lane, and between them they show all. */
static void examples(void **state)
{
    UNUSED(state);
    bool shown[LANE_DP_QUANTILES + 1] = {false};
    Arena arena;
    PathList names = {0};
    arena_init(&arena, 0);
    assert_ok(dir_list(LANE_EXAMPLES, &arena, &names, NULL));
    for (size_t i = 0; i < names.len; i++) {
        const char *path;
        Lane lane;
        Buf text;
        Json json;
        Error err = ERROR_INIT;
        assert_ok(path_join(&arena, LANE_EXAMPLES, names.at[i], &path, NULL));
        if (lane_read(path, &arena, &lane, &err) != OK)
            fail_msg("%s", err.message);
        shown[lane.kind] = true;
        buf_init(&text, 0);
        json_begin(&json, &text, JSON_COMPACT);
        lane_json(&lane, &json);
        json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        assert_string_equal(json_string_value(json_object_get(root, "lane")), lane_name(lane.kind));
        assert_int_equal(json_is_true(json_object_get(root, "differential_privacy")), lane.kind >= LANE_DP_COUNTS);
        if (lane.kind == LANE_CELL_KEY) /* what an attacker should not know */
            assert_null(strstr(buf_z(&text), "deviation"));
        json_decref(root);
        buf_free(&text);
    }
    for (size_t k = 0; k < COUNT_OF(shown); k++)
        assert_true(shown[k]);
    vec_free(&names);
    arena_free(&arena);
}

static void values_arrive(void **state)
{
    UNUSED(state);
    Arena arena;
    Lane l;
    arena_init(&arena, 0);
    assert_ok(lane_parse(SLICE(HEAD("dp_tree") PRIVACY "per_cell = 3\n[tree]\nshares = [\"0\", \"1/4\", \"0.75\"]\n"),
        "x", &arena, &l, NULL));
    assert_true(l.kind == LANE_DP_TREE && l.share_count == 3 && l.shares[2].num == 3 && l.shares[2].den == 4);
    assert_true(l.privacy.mechanism == DP_GAUSSIAN && l.privacy.neighbours == DP_REPLACE && l.privacy.per_cell == 3);
    assert_true(l.privacy.amount.num == 1 && l.privacy.amount.den == 10 && l.privacy.cells_per_person == 2);
    assert_ok(lane_parse(SLICE(HEAD("dp_counts") PRIVACY "[counts]\n"), "x", &arena, &l, NULL));
    assert_true(l.counts.min_noisy_n == INT64_MIN && l.privacy.per_cell == 1);
    assert_ok(lane_parse(SLICE(HEAD("rounding") "[rounding]\nbase = 5\n"), "x", &arena, &l, NULL));
    assert_true(l.rounding.base == 5 && l.rounding.max_steps == 0);
    arena_free(&arena);
}

static void mistakes(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "schema"},
        {"schema = \"cairn.lane/2\"\n", "schema is not"},
        {HEAD("noise"), "lane is \"noise\""},
        {HEAD("rounding"), "needs a table [rounding]"},
        {HEAD("rounding") "[rounding]\nbase = 5\nstep = 1\n", "step"},
        {HEAD("rounding") "[rounding]\nbase = 1\n", "base must lie"},
        {HEAD("rounding") "[rounding]\n", "base"},
        {HEAD("rounding") "[rounding]\nbase = 5\n[fuzzy]\nmin_n = 3\n", "fuzzy"},
        {HEAD("cell_key") "[cell_key]\ndeviation = 5\nvariance = \"2\"\nforbidden = 2\n", "count of 1"},
        {HEAD("cell_key") "[cell_key]\ndeviation = 5\nvariance = 3\n", "variance"},
        {HEAD("fuzzy") "[fuzzy]\nmin_n = 10\npercent = 3\n", "between 1 and 99"},
        {HEAD("fuzzy") "[fuzzy]\nmin_n = 10\nmin_band = 1\n", "min_band"},
        {HEAD("dp_counts") PRIVACY, "needs a table [counts]"},
        {HEAD("dp_counts") "[privacy]\nmechanism = \"discrete_laplace\"\nrho = \"1\"\nneighbours = \"replace\"\n",
            "takes epsilon"},
        {HEAD("dp_counts") "[privacy]\nmechanism = \"laplace\"\n", "mechanism is \"laplace\""},
        {HEAD("dp_counts") "[privacy]\nmechanism = \"discrete_laplace\"\nepsilon = 1\nneighbours = \"replace\"\n",
            "epsilon"},
        {HEAD("dp_counts") "[privacy]\nmechanism = \"discrete_laplace\"\nepsilon = \"0\"\nneighbours = "
                           "\"replace\"\ncells_per_person = 1\n[counts]\n",
            "greater than 0"},
        {HEAD("dp_counts") "[privacy]\nmechanism = \"discrete_laplace\"\nepsilon = \"1\"\nneighbours = \"replace\"\n",
            "cells_per_person"},
        {HEAD("dp_counts") PRIVACY "per_cell = 2000000\n[counts]\n", "per_cell"},
        {HEAD("dp_tree") PRIVACY "[tree]\nshares = [\"1\", \"0\"]\n", "finest level"},
        {HEAD("dp_tree") PRIVACY "[tree]\nshares = [\"3/2\"]\n", "between"},
        {HEAD("dp_tree") PRIVACY "[tree]\nshares = [1]\n", "wrong type"},
        {HEAD("dp_quantiles") PRIVACY "[quantiles]\nedges = [0, 100]\npercents = [50]\n", "two bins"},
        {HEAD("dp_quantiles") PRIVACY "[quantiles]\nedges = [0, 200, 100]\npercents = [50]\n", "ascend"},
        {HEAD("dp_quantiles") PRIVACY "[quantiles]\nedges = [0, 100, 200]\npercents = [50, 100]\n", "ascend"},
        {HEAD("dp_quantiles") PRIVACY "[quantiles]\nedges = [0, 100, 200]\npercents = [50]\n", "min_noisy_n"},
        {HEAD("dp_quantiles") PRIVACY "per_cell = 2\n[quantiles]\nedges = [0, 100, 200]\npercents = [50]\n"
                                      "min_noisy_n = 1\nmax_rank_error = 1000\n",
            "per_cell = 1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        Lane lane;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        assert_int_not_equal(lane_parse(slice_of(cases[i].text), "policy.toml", &arena, &lane, &err), OK);
        char line[1200];
        error_print(&err, line, sizeof line);
        if (!strstr(line, cases[i].says))
            fail_msg("case %zu: %s", i, line);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(values_arrive),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
