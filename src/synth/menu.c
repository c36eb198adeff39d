/* The graduation guidelines' menu, from the reference table that the measures read too: a score the state raises is
 * raised here with it. Districts' own menus are not drawn: the synthetic districts keep the state's. */
#include "synth/world.h"

const char *const test_names[TEST_COUNT] = {
    "sat", "act", "ap", "ib", "asvab", "accuplacer_classic", "accuplacer_next", "workkeys"};
const char *const part_names[PART_COUNT] = {"ebrw", "math", "english", "reading", "writing", "science",
    "computer_science", "other", "afqt", "sentence_skills", "elementary_algebra", "arithmetic",
    "quantitative_reasoning", "certificate"};
/* As end-of-year files report them. */
const char *const option_names[OPTION_COUNT] = {"accuplacer", "act", "sat", "asvab", "ap", "ib",
    "concurrent_enrollment", "district_capstone", "industry_credential", "collaborative_assessment", "act_workkeys"};
static const char *const subject_names[SUBJECT_COUNT] = {"english", "math"};

typedef struct Names {
    const char *column;
    const char *const *at;
    int count;
} Names;

static Status name_index(const PolicyTable *t, size_t row, const Names *n, int *out, Error *err)
{
    size_t column = 0;
    TRY(policy_column(t, n->column, &column, err));
    Slice name = policy_cell(t, row, column);
    for (*out = 0; *out < n->count; ++*out)
        if (slice_eq_z(name, n->at[*out]))
            return OK;
    return error_set(
        err, ERR_INVALID, "%s: row %zu: %s \"%.*s\" is not known", t->path, row + 1, n->column, SLICE_ARG(name));
}

static Status read_date(const PolicyTable *t, size_t row, const char *name, Date *out, Error *err)
{
    size_t column = 0;
    TRY(policy_column(t, name, &column, err));
    Slice cell = policy_cell(t, row, column);
    *out = DATE_NONE;
    return cell.len > 0 ? date_parse(cell, DATE_ISO, out, err) : OK;
}

static Status read_minimum(const PolicyTable *t, size_t row, Minimum *m, Error *err)
{
    static const Names columns[] = {{"option", option_names, OPTION_COUNT}, {"assessment", test_names, TEST_COUNT},
        {"part", part_names, PART_COUNT}, {"subject", subject_names, SUBJECT_COUNT}};
    int found[COUNT_OF(columns)];
    size_t score = 0;
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        TRY(name_index(t, row, &columns[i], &found[i], err));
    *m = (Minimum){
        .option = (Option)found[0], .test = (Test)found[1], .part = (TestPart)found[2], .subject = (Subject)found[3]};
    TRY(policy_column(t, "min_score", &score, err));
    TRY(policy_number(t, row, score, &m->score, err));
    TRY(read_date(t, row, "valid_from", &m->from, err));
    return read_date(t, row, "valid_to", &m->to, err);
}

Status menu_read(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    TRY(policy_table(w, dir, "guideline_menu.csv", &t, err));
    TRY(arena_new(&w->arena, Minimum, t.csv.rows, &w->menu, err));
    for (size_t i = 0; i < t.csv.rows; i++)
        TRY(read_minimum(&t, i, &w->menu[w->menu_count++], err));
    return OK;
}
