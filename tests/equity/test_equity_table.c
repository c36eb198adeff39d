/*
 * Cells to tables and sheets: every column of a row against the formula room, references, the false discovery rate over
 * all rows, findings in words, refusals of what cannot be answered, and the four formats of a sheet.
 */
#include "equity/equity_parts.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(call) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        Status got_ = (call); \
        if (got_ != OK) \
            print_error("%s: %s (%s) %s\n", #call, e_.message, e_.hint, e_.detail); \
        assert_int_equal(got_, OK); \
    } while (0)

#define RATE SLICE_INIT("graduation_rate_4yr")
#define MEDIAN SLICE_INIT("wioa_median_earnings_q2")

/* Sorted as cells are. Links: the group of no has perfect ones, that of yes misses 2 pairs and has 1 wrong. */
static Cell rate_cells[] = {
    {.additive = 1,
        .measure = RATE,
        .year = 2023,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("all"),
        .grp = SLICE_INIT("all"),
        .denominator = 1000,
        .numerator = 790,
        .base = 1000,
        .covered = 1000},
    {.additive = 1,
        .measure = RATE,
        .year = 2023,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("no"),
        .denominator = 800,
        .numerator = 680,
        .base = 800,
        .covered = 800},
    {.additive = 1,
        .measure = RATE,
        .year = 2023,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("yes"),
        .denominator = 200,
        .numerator = 110,
        .base = 200,
        .covered = 200},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("all"),
        .grp = SLICE_INIT("all"),
        .denominator = 1000,
        .numerator = 800,
        .base = 1000,
        .covered = 1000,
        .link_pairs = 3000,
        .link_correct = 2999000000,
        .link_missed = 2000000},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("no"),
        .denominator = 700,
        .numerator = 630,
        .base = 700,
        .covered = 700,
        .link_pairs = 2100,
        .link_correct = 2100000000},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("unknown"),
        .denominator = 100,
        .numerator = 50,
        .base = 100,
        .covered = 100},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("yes"),
        .denominator = 200,
        .numerator = 120,
        .base = 200,
        .covered = 200,
        .link_pairs = 600,
        .link_correct = 599000000,
        .link_missed = 2000000},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("district"),
        .unit = SLICE_INIT("0010"),
        .parent = SLICE_INIT("08001"),
        .split = SLICE_INIT("all"),
        .grp = SLICE_INIT("all"),
        .denominator = 45,
        .numerator = 30,
        .base = 45,
        .covered = 45},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("district"),
        .unit = SLICE_INIT("0880"),
        .parent = SLICE_INIT("08031"),
        .split = SLICE_INIT("all"),
        .grp = SLICE_INIT("all"),
        .denominator = 955,
        .numerator = 770,
        .base = 955,
        .covered = 955},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("district"),
        .unit = SLICE_INIT("0010"),
        .parent = SLICE_INIT("08001"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("no"),
        .denominator = 40,
        .numerator = 27,
        .base = 40,
        .covered = 40},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("district"),
        .unit = SLICE_INIT("0010"),
        .parent = SLICE_INIT("08001"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("yes"),
        .denominator = 5,
        .numerator = 3,
        .base = 5,
        .covered = 5},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("district"),
        .unit = SLICE_INIT("0880"),
        .parent = SLICE_INIT("08031"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("no"),
        .denominator = 760,
        .numerator = 653,
        .base = 760,
        .covered = 760},
    {.additive = 1,
        .measure = RATE,
        .year = 2024,
        .level = SLICE_INIT("district"),
        .unit = SLICE_INIT("0880"),
        .parent = SLICE_INIT("08031"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("yes"),
        .denominator = 195,
        .numerator = 117,
        .base = 195,
        .covered = 195},
    {.additive = 1,
        .measure = MEDIAN,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("all"),
        .grp = SLICE_INIT("all"),
        .denominator = 90,
        .value = 5200.5,
        .base = 100,
        .covered = 95},
    {.additive = 1,
        .measure = MEDIAN,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("no"),
        .denominator = 60,
        .value = 6000,
        .base = 60,
        .covered = 60},
    {.additive = 1,
        .measure = MEDIAN,
        .year = 2024,
        .level = SLICE_INIT("state"),
        .unit = SLICE_INIT("CO"),
        .split = SLICE_INIT("disability"),
        .grp = SLICE_INIT("yes"),
        .denominator = 30,
        .value = 4000,
        .base = 40,
        .covered = 35},
};

static CellSet the_cells(void)
{
    return (CellSet){.cells = rate_cells, .count = COUNT_OF(rate_cells)};
}

static EquityQuery query_of(const char *reference)
{
    return (EquityQuery){.as_known_on = DATE_NONE, .measure = SLICE("graduation_rate_4yr"),
        .split = SLICE("disability"),
        .level = SLICE("state"),
        .reference = slice_of(reference)};
}

static const EquityRow *row_of(const EquityTable *t, const char *grp)
{
    for (size_t i = 0; i < t->rows.len; i++)
        if (slice_eq_z(t->rows.at[i].grp, grp))
            return &t->rows.at[i];
    fail_msg("no row %s", grp);
    return NULL;
}

static void near(double have, double want)
{
    if (!(fabs(have - want) < 1e-9))
        fail_msg("%.15g, wanted %.15g", have, want);
}

static int open_policy(void **state)
{
    Policy *p = NULL;
    assert_ok(policy_open(CAIRN_TEST_POLICY, &p, err));
    *state = p;
    return 0;
}

static int close_policy(void **state)
{
    policy_close(*state);
    return 0;
}

static void test_row(void **state)
{
    const CellSet cells = the_cells();
    const EquityQuery q = query_of("");
    EquityTable t;
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    assert_int_equal(t.query.year, 2024); /* the latest */
    assert_int_equal(t.units.len, 1);
    assert_int_equal(t.rows.len, 3);
    assert_string_equal(t.split_title.ptr, "Disability");
    const EquityRow *r = row_of(&t, "yes");
    const Count mine = {120, 200}, others = {680, 800};
    assert_string_equal(r->title.ptr, "With a disability");
    near(r->value, 60);
    near(r->reference, 85);
    near(r->gap, -25);
    near(r->ppg, -25);
    Interval n = interval_newcombe(mine, others, t.rules.z);
    near(r->gap_interval.low, 100 * n.low);
    near(r->gap_interval.high, 100 * n.high);
    assert_int_equal(r->ppg_flag, FLAG_RAISED);
    near(r->eighty, 0.6 / 0.9); /* "unknown" would not be best, "no" is */
    assert_int_equal(r->eighty_flag, FLAG_RAISED);
    near(r->representation, 0.75);
    assert_int_equal(r->representation_flag, FLAG_RAISED);
    assert_int_equal(r->risk_basis, RISK_OTHERS);
    near(r->risk, 0.6 / 0.85);
    assert_int_equal(r->risk_flag, FLAG_CLEAR);
    assert_int_equal(r->need_parity, 50);
    assert_int_equal(r->need_unflag, gap_students_unflag(mine, others, &t.rules.ppg));
    near(r->precision, 599.0 / 600);
    near(r->recall, 599.0 / 601);
    /* One of 600 links wrong, two of 601 missed here; none among the others. */
    near(r->gap_linkage.low, 100 * (0.6 * 599 / 600 - 0.85));
    near(r->gap_linkage.high, 100 * (0.6 + 2.0 / 601 - 0.85));
    assert_false(r->linkage_explains);
    const EquityRow *u = row_of(&t, "unknown");
    assert_false(u->compared);
    assert_true(isnan(u->p) && isnan(u->p_adjusted));
    /* Two tests only: the smaller p is doubled. */
    const EquityRow *other = row_of(&t, "no");
    double p = stats_two_rates(mine, others), p2 = stats_two_rates((Count){630, 700}, (Count){170, 300});
    near(r->p, p);
    near(r->p_adjusted, fmin(fmax(p, p2), p < p2 ? 2 * p : p));
    near(other->p_adjusted, fmin(fmax(p, p2), p2 < p ? 2 * p2 : p2));
    /* Indices without "unknown". */
    const Count groups[] = {{630, 700}, {120, 200}};
    near(t.units.at[0].disparity[DISPARITY_VARIANCE].value,
        disparity_estimate(DISPARITY_VARIANCE, groups, 2, t.rules.z).value);
    assert_true(isnan(t.units.at[0].disparity[DISPARITY_SLOPE].value)); /* no order */
    equity_table_free(&t);
}

static void test_references(void **state)
{
    static const struct {
        const char *word;
        double reference;
    } rows[] = {{"overall", 80}, {"highest", 90}, {"no", 90}, {"others", 85}, {"yes", 60}};
    const CellSet cells = the_cells();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const EquityQuery q = query_of(rows[i].word);
        EquityTable t;
        assert_ok(equity_table(&cells, *state, &q, &t, err));
        const EquityRow *r = row_of(&t, "yes");
        near(r->reference, rows[i].reference);
        near(r->gap, 60 - rows[i].reference);
        assert_true(r->gap_interval.low <= r->gap + 1e-9 && r->gap <= r->gap_interval.high + 1e-9);
        near(r->ppg, -25); /* whatever the reference */
        equity_table_free(&t);
    }
}

static bool says(Slice text, const char *words)
{
    Slice w = slice_of(words);
    return slice_find(text, w) < text.len;
}

static const SheetCell *cell_of(const Sheet *s, const char *table, size_t row, const char *key)
{
    for (size_t t = 0; t < s->tables.len; t++)
        for (size_t c = 0; slice_eq_z(slice_of(table), s->tables.at[t].key) && c < s->tables.at[t].column_count; c++)
            if (slice_eq_z(slice_of(key), s->tables.at[t].columns[c].key))
                return &s->tables.at[t].cells.at[row * s->tables.at[t].column_count + c];
    fail_msg("no column %s", key);
    return NULL;
}

static const char *fact_of(const Sheet *s, const char *key)
{
    for (size_t i = 0; i < s->facts.len; i++)
        if (strcmp(s->facts.at[i].key, key) == 0)
            return s->facts.at[i].value.ptr;
    return NULL;
}

/* Of 1,000 persons 900 named one group and 300 another: 200 named both. */
static CellSet overlapping_cells(Cell made[3])
{
    for (size_t i = 0; i < 3; i++)
        made[i] = rate_cells[3];
    made[1].additive = made[2].additive = 0;
    made[1].split = made[2].split = SLICE("race_any_part");
    made[1].grp = SLICE("asian");
    made[1].denominator = 300;
    made[1].numerator = 210;
    made[2].grp = SLICE("white");
    made[2].denominator = 900;
    made[2].numerator = 730;
    return (CellSet){.cells = made, .count = 3};
}

static void test_groups_that_overlap(void **state)
{
    Cell made[3];
    const CellSet cells = overlapping_cells(made);
    EquityQuery q = query_of("others");
    EquityTable t;
    Sheet s;
    q.split = SLICE("race_any_part");
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    assert_true(t.units.at[0].overlapping);
    /* All others are those who did not name the group, whatever else they named. */
    const EquityRow *r = row_of(&t, "asian");
    const Count mine = {210, 300}, others = {590, 700}, best = {730, 900};
    near(r->gap, 100 * (210.0 / 300 - 590.0 / 700));
    Interval n = interval_newcombe(mine, others, t.rules.z);
    near(r->gap_interval.low, 100 * n.low);
    near(r->risk, (210.0 / 300) / (590.0 / 700));
    near(r->eighty, gap_ratio(mine, best));
    assert_int_equal(r->ppg_flag, FLAG_RAISED);
    for (Disparity d = 0; d < DISPARITY_COUNT; d++)
        assert_int_equal(isnan(t.units.at[0].disparity[d].value), disparity_needs_shares(d));
    near(t.units.at[0].disparity[DISPARITY_RANGE].value, 730.0 / 900 - 210.0 / 300);
    sheet_init(&s, "x");
    equity_table_sheet(&t, &s);
    assert_ok(sheet_status(&s, err));
    for (size_t i = 0; i < DISPARITY_COUNT; i++) {
        bool given = cell_of(&s, "disparity", i, "value")->kind == SHEET_CELL_NUMBER;
        assert_int_equal(says(cell_of(&s, "disparity", i, "refused")->text, "groups overlap"), !given);
    }
    assert_true(says(s.notes.at[0], "overlap"));
    sheet_free(&s);
    equity_table_free(&t);
}

/* Groups of splits that are crossed: titles of each part, and nothing is made of those of whom a part is not known. */
static void test_crossed(void **state)
{
    static const char *const groups[] = {"no,female", "no,male", "yes,female", "unknown,male", "yes,unknown"};
    Cell made[1 + COUNT_OF(groups)];
    const CellSet cells = {.cells = made, .count = COUNT_OF(made)};
    EquityQuery q = query_of("");
    EquityTable t;
    Sheet s;
    made[0] = rate_cells[3];
    for (size_t i = 1; i < COUNT_OF(made); i++) {
        made[i] = rate_cells[3];
        made[i].split = SLICE("disability,sex");
        made[i].grp = slice_of(groups[i - 1]);
        made[i].pooled = SLICE("2023-2024");
        made[i].denominator = 200;
        made[i].numerator = 100 + 10 * (int64_t)i;
    }
    q.split = SLICE("disability,sex");
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    assert_string_equal(t.split_title.ptr, "Disability, Sex");
    assert_string_equal(row_of(&t, "yes,female")->title.ptr, "With a disability, Female");
    assert_true(row_of(&t, "no,male")->compared);
    assert_false(row_of(&t, "unknown,male")->compared);
    assert_false(row_of(&t, "yes,unknown")->compared);
    near(t.units.at[0].disparity[DISPARITY_RANGE].value, 0.1); /* of the three whose parts are known */
    sheet_init(&s, "x");
    equity_table_sheet(&t, &s);
    assert_ok(sheet_status(&s, err));
    assert_string_equal(fact_of(&s, "pooled"), "2023-2024");
    sheet_free(&s);
    equity_table_free(&t);
}

/* Each column of the gaps that is worked out says by which formula and whose. */
static void test_formulas(void **state)
{
    static const char *const plain[] = {"unit", "unit_title", "group", "group_title", "n", "hits", "value", "reference",
        "ppg1_margin", "risk_basis", "coverage", "precision", "recall", "linkage_explains"};
    const CellSet cells = the_cells();
    const EquityQuery q = query_of("");
    EquityTable t;
    Sheet s;
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    sheet_init(&s, "x");
    equity_table_sheet(&t, &s);
    assert_ok(sheet_status(&s, err));
    const SheetTable *gaps = &s.tables.at[0], *formulas = &s.tables.at[2];
    assert_string_equal(formulas->key, "formulas");
    for (size_t c = 0; c < gaps->column_count; c++) {
        bool named = false;
        for (size_t i = 0; i < COUNT_OF(plain); i++)
            named |= strcmp(plain[i], gaps->columns[c].key) == 0;
        for (size_t r = 0; r < formulas->cells.len / 3; r++)
            for (Slice rest = formulas->cells.at[3 * r].text; rest.ptr;)
                named |= slice_eq_z(slice_trim(slice_cut(&rest, ',')), gaps->columns[c].key);
        if (!named)
            fail_msg("no formula names column %s", gaps->columns[c].key);
    }
    for (size_t i = 0; i < formulas->cells.len; i++)
        assert_true(formulas->cells.at[i].text.len > 0);
    sheet_free(&s);
    equity_table_free(&t);
}

static void test_overlap_is_not_taken_apart(void **state)
{
    Cell made[6];
    overlapping_cells(made);
    overlapping_cells(made + 3);
    for (size_t i = 0; i < 3; i++)
        made[i].year = 2023;
    const CellSet cells = {.cells = made, .count = COUNT_OF(made)};
    const EquityAgainst year = {.year = 2023};
    EquityQuery q = query_of("");
    Sheet s;
    q.split = SLICE("race_any_part");
    q.year = 2024;
    sheet_init(&s, "x");
    assert_ok(equity_against(&cells, *state, &q, &year, &s, err));
    assert_string_equal(cell_of(&s, "parts", 0, "n")->text.ptr, "300");
    assert_int_equal(cell_of(&s, "parts", 0, "rate_part")->kind, SHEET_CELL_NONE);
    assert_int_equal(cell_of(&s, "parts", 1, "composition_part")->kind, SHEET_CELL_NONE);
    assert_true(says(cell_of(&s, "parts", 1, "refused")->text, "groups overlap"));
    assert_int_equal(s.findings.len, 0);
    sheet_free(&s);
}

static void test_units_and_small_groups(void **state)
{
    const CellSet cells = the_cells();
    EquityQuery q = query_of("others");
    EquityTable t;
    q.level = SLICE("district");
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    assert_int_equal(t.units.len, 2);
    assert_string_equal(t.units.at[0].unit.ptr, "0010");
    assert_true(t.units.at[0].title.len > 4); /* its name */
    const EquityRow *r = &t.rows.at[t.units.at[0].first + 1];
    assert_int_equal(r->ppg_flag, FLAG_INSUFFICIENT); /* five persons */
    assert_int_equal(r->reliability, UNRELIABLE);
    assert_int_equal(r->risk_basis, RISK_NONE);
    equity_table_free(&t);
    q.unit = SLICE("0880");
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    assert_int_equal(t.units.len, 1);
    assert_int_equal(t.rows.len, 2);
    equity_table_free(&t);
}

static void test_medians(void **state)
{
    const CellSet cells = the_cells();
    EquityQuery q = query_of("overall");
    EquityTable t;
    q.measure = SLICE("wioa_median_earnings_q2");
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    const EquityRow *r = row_of(&t, "yes");
    near(r->value, 4000);
    near(r->gap, -1200.5);
    assert_true(isnan(r->gap_interval.low) && isnan(r->ppg) && isnan(r->p));
    near(r->coverage, 35.0 / 40);
    equity_table_free(&t);
    q.reference = SLICE("highest");
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    near(row_of(&t, "yes")->gap, -2000);
    near(row_of(&t, "no")->gap, 0);
    equity_table_free(&t);
}

static void test_refusals(void **state)
{
    const CellSet cells = the_cells();
    static const struct {
        EquityQuery q;
        const char *told, *hint;
    } rows[] = {
        {{.measure = SLICE_INIT("no_such"), .split = SLICE_INIT("disability"), .level = SLICE_INIT("state")},
            "there is no measure no_such", "cairn measure list"},
        {{.measure = RATE, .split = SLICE_INIT("sex"), .level = SLICE_INIT("state")}, "by sex", "There are figures of"},
        {{.measure = RATE, .split = SLICE_INIT("gender"), .level = SLICE_INIT("state")}, "by gender",
            "There is no split gender; there are race_ethnicity, sex,"},
        {{.measure = RATE, .split = SLICE_INIT("sex,county"), .level = SLICE_INIT("state")}, "by sex,county",
            "--level county"},
        {{.measure = RATE, .split = SLICE_INIT("disability"), .level = SLICE_INIT("school")}, "level school",
            "cairn measure explain"},
        {{.measure = RATE, .split = SLICE_INIT("disability"), .level = SLICE_INIT("state"), .year = 2020}, "that year",
            "There are figures of 2024, 2023."},
        {{.measure = RATE,
             .split = SLICE_INIT("disability"),
             .level = SLICE_INIT("district"),
             .unit = SLICE_INIT("9999")},
            "unit 9999", "There is no district 9999"},
        {{.measure = RATE,
             .split = SLICE_INIT("disability"),
             .level = SLICE_INIT("state"),
             .reference = SLICE_INIT("lowest")},
            "no group \"lowest\"", "overall, others, highest"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        EquityTable t;
        Error said = ERROR_INIT;
        assert_int_equal(equity_table(&cells, *state, &rows[i].q, &t, &said), ERR_NOT_FOUND);
        if (!strstr(said.message, rows[i].told) || !strstr(said.hint, rows[i].hint))
            fail_msg("\"%s\" (%s) does not say %s", said.message, said.hint, rows[i].told);
        equity_table_free(&t);
    }
}

/* --- sheets --- */

static void test_findings(void **state)
{
    const CellSet cells = the_cells();
    const EquityQuery q = query_of("others");
    EquityTable t;
    Sheet s;
    Buf text, again;
    buf_init(&text, 0);
    buf_init(&again, 0);
    assert_ok(equity_table(&cells, *state, &q, &t, err));
    sheet_init(&s, "Equity");
    equity_table_sheet(&t, &s);
    assert_ok(sheet_status(&s, err));
    assert_int_equal(s.findings.len, 1);
    assert_true(says(s.findings.at[0], "With a disability, 60.0 % against 85.0 % of all others, 25.0 points lower"));
    assert_true(says(s.findings.at[0], "50 persons more would make the rates equal"));
    assert_true(says(s.findings.at[0], "cannot explain it"));
    assert_true(says(s.notes.at[0], "Unprotected"));
    assert_true(says(s.chart, "<svg xmlns=") && says(s.chart, "class=\"dot flagged\""));
    for (SheetFormat f = SHEET_TEXT; f <= SHEET_HTML; f++) {
        buf_reset(&text);
        buf_reset(&again);
        assert_ok(sheet_write(&s, f, NULL, &text, err));
        assert_ok(sheet_write(&s, f, NULL, &again, err));
        assert_true(text.len > 200 && slice_eq(buf_slice(&text), buf_slice(&again)));
    }
    buf_reset(&text);
    assert_int_equal(sheet_write(&s, SHEET_CSV, "no_such", &text, NULL), ERR_NOT_FOUND);
    sheet_free(&s);
    equity_table_free(&t);
    buf_free(&text);
    buf_free(&again);
}

static const SheetColumn two_columns[] = {{"a", "A"}, {"hidden", NULL}, {"n", "N"}};

static void test_sheet_formats(void **state)
{
    static const char *const want[] = {
        "T <1>\n  year: 2024\n\nthe table\nA       N\nx<y   1.5\nlong  \n\nFindings\n- found & said\n\nNotes\n- note\n",
        "a,hidden,n\nx<y,\"h,1\",1.5\nlong,,\n", "\"found & said\"",
        "<td>x&lt;y</td><td>h,1</td><td class=\"n\">1.5</td>"};
    Sheet s;
    Buf out;
    UNUSED(state);
    sheet_init(&s, "T <1>");
    sheet_fact(&s, "year", "%d", 2024);
    sheet_table(&s, "t", SLICE("the table"), two_columns, COUNT_OF(two_columns));
    sheet_words(&s, SLICE("x<y"));
    sheet_words(&s, SLICE("h,1"));
    sheet_num(&s, 1.5, 1);
    sheet_words(&s, SLICE("long"));
    sheet_none(&s);
    sheet_num(&s, NAN, 1);
    sheet_finding(&s, "found & said");
    sheet_note(&s, "note");
    assert_ok(sheet_status(&s, err));
    buf_init(&out, 0);
    for (SheetFormat f = SHEET_TEXT; f <= SHEET_HTML; f++) {
        buf_reset(&out);
        assert_ok(sheet_write(&s, f, NULL, &out, err));
        bool good = f <= SHEET_CSV ? slice_eq_z(buf_slice(&out), want[f]) : says(buf_slice(&out), want[f]);
        if (!good)
            fail_msg("format %d:\n%s", (int)f, buf_z(&out));
    }
    buf_free(&out);
    sheet_free(&s);
    sheet_init(&s, "x");
    sheet_table(&s, "t", SLICE(""), two_columns, COUNT_OF(two_columns));
    sheet_num(&s, -0.04, 1);
    assert_string_equal(s.tables.at[0].cells.at[0].text.ptr, "0.0");
    sheet_free(&s);
    /* a terminal's cell is cut at 60 characters, and says so; at 60 it is whole */
    static const char sixty[] = "123456789 123456789 123456789 123456789 123456789 123456789 ";
    for (int more = 0; more < 2; more++) {
        Buf cell;
        buf_init(&cell, 0);
        buf_init(&out, 0);
        buf_addf(&cell, "%s%s", sixty, more ? "x" : "");
        sheet_init(&s, "x");
        sheet_table(&s, "t", SLICE(""), two_columns, COUNT_OF(two_columns));
        sheet_words(&s, buf_slice(&cell));
        sheet_none(&s);
        sheet_num(&s, 1, 0);
        assert_ok(sheet_write(&s, SHEET_TEXT, NULL, &out, err));
        assert_int_equal(says(buf_slice(&out), "123456789 ..."), more);
        assert_false(says(buf_slice(&out), "x..."));
        sheet_free(&s);
        buf_free(&out);
        buf_free(&cell);
    }
    Error said = ERROR_INIT;
    sheet_init(&s, "x");
    sheet_table(&s, "gaps", SLICE(""), two_columns, COUNT_OF(two_columns));
    sheet_table(&s, "parts", SLICE(""), two_columns, COUNT_OF(two_columns));
    buf_init(&out, 0);
    assert_int_equal(sheet_write(&s, SHEET_CSV, "gapz", &out, &said), ERR_NOT_FOUND);
    assert_non_null(strstr(said.hint, "gaps, parts"));
    buf_free(&out);
    sheet_free(&s);
    SheetFormat f;
    assert_int_equal(sheet_format_parse(SLICE("html"), &f, NULL), OK);
    assert_int_equal(f, SHEET_HTML);
    assert_int_equal(sheet_format_parse(SLICE("pdf"), &f, NULL), ERR_USAGE);
}

static void test_against(void **state)
{
    const CellSet cells = the_cells();
    EquityQuery q = query_of("");
    const EquityAgainst year = {.year = 2023}, nobody = {.unit = SLICE("9999")};
    Sheet s;
    q.year = 2024;
    sheet_init(&s, "x");
    assert_ok(equity_against(&cells, *state, &q, &year, &s, err));
    /* no: (0.9 - 0.85)(0.7 + 0.8) / 2; unknown is only here: no rate part. */
    assert_string_equal(cell_of(&s, "parts", 0, "rate_part")->text.ptr, "3.750");
    assert_string_equal(cell_of(&s, "parts", 1, "group")->text.ptr, "unknown");
    assert_string_equal(cell_of(&s, "parts", 1, "rate_part")->text.ptr, "0.000");
    assert_true(says(s.findings.at[0], "difference of 1.00 points"));
    sheet_free(&s);
    sheet_init(&s, "x");
    assert_int_equal(equity_against(&cells, *state, &q, &nobody, &s, NULL), ERR_NOT_FOUND);
    q.measure = SLICE("wioa_median_earnings_q2");
    assert_int_equal(equity_against(&cells, *state, &q, &year, &s, NULL), ERR_USAGE);
    q.level = SLICE("district");
    assert_int_equal(equity_against(&cells, *state, &q, &year, &s, NULL), ERR_USAGE);
    sheet_free(&s);
}

static void test_trend(void **state)
{
    const CellSet cells = the_cells();
    const EquityQuery q = query_of("");
    Sheet s;
    sheet_init(&s, "x");
    assert_ok(equity_trend(&cells, *state, &q, 0, &s, err));
    assert_string_equal(cell_of(&s, "trends", 2, "group")->text.ptr, "yes");
    assert_string_equal(cell_of(&s, "trends", 2, "years")->text.ptr, "2");
    assert_string_equal(cell_of(&s, "trends", 2, "slope")->text.ptr, "5.000");     /* 55 to 60 */
    assert_string_equal(cell_of(&s, "trends", 2, "gap_slope")->text.ptr, "5.000"); /* -30 to -25 */
    assert_int_equal(cell_of(&s, "trends", 1, "slope")->kind, SHEET_CELL_NONE);    /* one year only */
    sheet_free(&s);
    sheet_init(&s, "x");
    assert_ok(equity_trend(&cells, *state, &q, 2024, &s, err));
    assert_int_equal(cell_of(&s, "trends", 2, "slope")->kind, SHEET_CELL_NONE);
    assert_null(fact_of(&s, "pooled"));
    sheet_free(&s);
}

/* Years that are together are told in the head of each question, and each side of a comparison has its own. */
static void test_pooled_is_told(void **state)
{
    const CellSet plain = the_cells();
    Cell *made = NULL;
    EquityQuery q = query_of("");
    const EquityAgainst year = {.year = 2023};
    Sheet s;
    assert_ok(mem_zalloc(plain.count, sizeof *made, (void **)&made, err));
    memcpy(made, plain.cells, plain.count * sizeof *made);
    for (size_t i = 0; i < plain.count; i++)
        made[i].pooled = made[i].year == 2024 ? SLICE("2024-2024") : SLICE("2022-2023");
    const CellSet cells = {.cells = made, .count = plain.count};
    q.pool_years = 2;
    q.year = 2024;
    sheet_init(&s, "x");
    assert_ok(equity_trend(&cells, *state, &q, 0, &s, err));
    assert_string_equal(fact_of(&s, "pooled"), "2024-2024");
    assert_true(says(s.notes.at[0], "Each point is 2 years together"));
    sheet_free(&s);
    sheet_init(&s, "x");
    assert_ok(equity_against(&cells, *state, &q, &year, &s, err));
    assert_string_equal(fact_of(&s, "pooled_here"), "2024-2024");
    assert_string_equal(fact_of(&s, "pooled_there"), "2022-2023");
    sheet_free(&s);
    mem_free(made);
}

static void test_participation(void **state)
{
    Cell made[] = {rate_cells[3], rate_cells[4], rate_cells[5], rate_cells[6]};
    EquityQuery q = query_of("");
    Sheet s;
    for (size_t i = 0; i < COUNT_OF(made); i++)
        made[i].measure = SLICE("big_three_wbl_rate");
    const CellSet cells = {.cells = made, .count = COUNT_OF(made)};
    q.measure = SLICE("work_based_learning");
    sheet_init(&s, "x");
    assert_ok(equity_participation(NULL, &cells, *state, &q, &s, err));
    assert_string_equal(cell_of(&s, "participation", 2, "group")->text.ptr, "yes");
    assert_string_equal(cell_of(&s, "participation", 2, "eligible")->text.ptr, "200");
    assert_string_equal(cell_of(&s, "participation", 2, "not_participated")->text.ptr, "80");
    assert_true(says(s.findings.at[s.findings.len - 1], "80 of 200 who could take part did not"));
    sheet_free(&s);
    /* All programmes: those without figures are named, not an error; a programme that is asked for is. */
    sheet_init(&s, "x");
    q.measure = SLICE("");
    assert_ok(equity_participation(NULL, &cells, *state, &q, &s, err));
    assert_true(says(s.notes.at[0], "no figures of"));
    q.measure = SLICE("credential");
    assert_int_equal(equity_participation(NULL, &cells, *state, &q, &s, NULL), ERR_NOT_FOUND);
    q.measure = SLICE("no_such");
    assert_int_equal(equity_participation(NULL, &cells, *state, &q, &s, NULL), ERR_NOT_FOUND);
    sheet_free(&s);
}

/* --- the policy's thresholds --- */

typedef struct Change {
    const char *from, *to, *told;
} Change;

static void check_change(const Change *c)
{
    char dir[] = "/tmp/cairn-equity-XXXXXX", path[128];
    Policy *policy = NULL;
    Buf text, changed;
    EquityRules rules;
    Error said = ERROR_INIT;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/state/equity", dir);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    snprintf(path, sizeof path, "%s/state/equity/gaps.toml", dir);
    buf_init(&text, 0);
    buf_init(&changed, 0);
    assert_ok(file_read(CAIRN_TEST_POLICY "/equity/gaps.toml", 0, &text, err));
    size_t at = slice_find(buf_slice(&text), slice_of(c->from));
    assert_true(at < text.len);
    buf_add(&changed, slice_sub(buf_slice(&text), 0, at));
    buf_adds(&changed, c->to);
    buf_add(&changed, slice_sub(buf_slice(&text), at + strlen(c->from), text.len));
    assert_ok(file_write(path, buf_slice(&changed), MODE_PRIVATE, err));
    snprintf(path, sizeof path, "%s/state", dir);
    assert_ok(policy_open(path, &policy, err));
    Status st = equity_rules(policy, 2024, &rules, &said);
    if (st != (c->told ? ERR_INVALID : OK) || (c->told && !strstr(said.message, c->told)))
        fail_msg("%s: %s", c->to, said.message);
    policy_close(policy);
    buf_free(&text);
    buf_free(&changed);
    assert_ok(dir_remove(dir, err));
}

static void test_rules(void **state)
{
    static const Change changes[] = {
        {"\"1.96\"", "\"1.96\"", NULL},
        {"\"1.96\"", "\"1,96\"", "ppg_z must be a decimal"},
        {"\"1.96\"", "1.96", "ppg_z must be a decimal"},
        {"\"1.96\"", "\"-1.96\"", "ppg_z must be a decimal"},
        {"\"1.96\"", "\"1.9600001\"", "ppg_z must be a decimal"},
        {"[parameters.ppg_floor]", "[parameters.ppg_flor]", "ppg_floor is missing"},
        {"value = 10\nstatus = \"verified\"", "value = 10\nstatus = \"sure\"", "needs a value, a source, and a status"},
        {"value = 10\n", "value = -1\n", "whole number"},
        {"\"0.95\"", "\"1\"", "between 0 and 1"},
        {"cairn.equity/1", "cairn.equity/2", "schema"},

    };
    EquityRules rules;
    uint64_t files;
    assert_ok(equity_rules(*state, 2024, &rules, err));
    assert_int_equal(rules.ppg.z, 1960000);
    assert_int_equal(rules.eighty.share, 20000);
    near(rules.z, 1.9599639845400542);
    assert_ok(equity_check(*state, &files, err));
    assert_int_equal(files, 2);
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        check_change(&changes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_groups_that_overlap),
        cmocka_unit_test(test_crossed),
        cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_overlap_is_not_taken_apart),
        cmocka_unit_test(test_units_and_small_groups),
        cmocka_unit_test(test_medians),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_sheet_formats),
        cmocka_unit_test(test_against),
        cmocka_unit_test(test_trend),
        cmocka_unit_test(test_pooled_is_told),
        cmocka_unit_test(test_participation),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests_name("equity/table", tests, open_policy, close_policy);
}
