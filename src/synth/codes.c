/* Codes the writers use, found in the contracts' code lists by what they mean. */
#include "synth/writers.h"

typedef struct Finder {
    const Layout *l;
    Error *err;
} Finder;

static Status find(Finder f, const char *list, const char *value, Slice *out)
{
    return layout_code(f.l, list, value, 0, out, f.err);
}

/* All codes of a list whose value is `value`. */
static uint32_t collect(const Layout *l, const char *list, const char *value, Slice out[MAX_NTH])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->code_count && n < MAX_NTH; i++) {
        const LayoutCode *c = &l->codes[i];
        if (slice_eq_z(c->list, list) && slice_eq_z(c->value, value))
            out[n++] = c->code;
    }
    return n;
}

static Status read_k12(const Plan *p, Codes *c, Error *err)
{
    static const char *const grades[13] = {
        "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"};
    Finder d = {&p->layouts[LAYOUT_DEMOGRAPHIC], err}, e = {&p->layouts[LAYOUT_END_OF_YEAR], err};
    TRY(find(d, "sex", "F", &c->k12_sex[0]));
    TRY(find(d, "sex", "M", &c->k12_sex[1]));
    TRY(find(d, "sex", "X", &c->k12_sex[2]));
    TRY(find(d, "ethnicity", "no", &c->ethnicity[0]));
    TRY(find(d, "ethnicity", "yes", &c->ethnicity[1]));
    TRY(find(d, "lunch", "no", &c->lunch[0]));
    TRY(find(d, "lunch", "free", &c->lunch[1]));
    TRY(find(d, "lunch", "reduced", &c->lunch[2]));
    TRY(find(d, "language", "not_applicable", &c->language[0]));
    TRY(find(d, "language", "lep", &c->language[1]));
    for (int g = 0; g < 13; g++)
        TRY(layout_code(d.l, "grade", grades[g], 1, &c->grade[g], err));
    TRY(find(e, "completion", "diploma", &c->completion[1]));
    TRY(find(e, "completion", "certificate", &c->completion[2]));
    TRY(find(e, "completion", "equivalency", &c->completion[3]));
    for (int i = 0; i < OPTION_COUNT; i++)
        TRY(find(e, "demonstration", option_names[i], &c->demonstration[i]));
    Finder a = {&p->layouts[LAYOUT_ASSESSMENT], err};
    for (int i = 0; i < TEST_COUNT; i++)
        TRY(find(a, "assessment", test_names[i], &c->test[i]));
    for (int i = 0; i < PART_COUNT; i++)
        TRY(find(a, "part", part_names[i], &c->part[i]));
    static const char *const classes[3] = {"about", "through", "at"};
    for (int k = 0; k < 3; k++) {
        c->wbl_count[k] = collect(&p->layouts[LAYOUT_WBL], "wbl_class", classes[k], c->wbl[k]);
        if (c->wbl_count[k] == 0)
            return error_set(err, ERR_NOT_FOUND, "contract cde_wbl has no kind of class \"%s\"", classes[k]);
    }
    return OK;
}

static Status read_colleges(const Plan *p, Codes *c, Error *err)
{
    Finder e = {&p->layouts[LAYOUT_SURDS_ENROLLMENT], err}, k = {&p->layouts[LAYOUT_SURDS_COURSE], err},
           n = {&p->layouts[LAYOUT_NSC], err};
    static const char *const sexes[3] = {"F", "M", "X"}, *const seasons[SEASON_COUNT] = {"summer", "fall", "spring"};
    static const char *const duals[DUAL_KIND_COUNT] = {NULL, "concurrent", "ascent", "trep", "ptech", "early_college"};
    for (int i = 0; i < 3; i++) {
        TRY(find(e, "sex", sexes[i], &c->surds_sex[i]));
        TRY(find(e, "term", seasons[i], &c->term[i]));
    }
    TRY(find(e, "term", "year", &c->whole_year));
    for (int i = 1; i < DUAL_KIND_COUNT; i++)
        TRY(find(k, "dual_kind", duals[i], &c->dual[i]));
    TRY(find(n, "status", "full", &c->nsc_status[0]));
    TRY(find(n, "status", "half", &c->nsc_status[1]));
    return find(n, "status", "less", &c->nsc_status[2]);
}

static Status read_cte(const Plan *p, Codes *c, Error *err)
{
    static const char *const placements[PLACEMENT_COUNT] = {
        NULL, "postsecondary", "military", "service", "employed", "none", "not_reached"};
    static const char *const sexes[3] = {"F", "M", "X"};
    static const LayoutId layouts[2] = {LAYOUT_CTE_SCHOOL, LAYOUT_CTE_COLLEGE};
    for (int i = 0; i < 2; i++) {
        Finder f = {&p->layouts[layouts[i]], err};
        for (int k = 0; k < 3; k++)
            TRY(find(f, "sex", sexes[k], &c->cte_sex[i][k]));
        for (int k = 1; k < PLACEMENT_COUNT; k++)
            TRY(find(f, "placement", placements[k], &c->placement[i][k]));
    }
    return OK;
}

Status codes_read(const Plan *p, const World *w, Codes *c, Error *err)
{
    memset(c, 0, sizeof *c);
    TRY(read_k12(p, c, err));
    TRY(read_colleges(p, c, err));
    TRY(read_cte(p, c, err));
    Finder pirl = {&p->layouts[LAYOUT_PIRL], err};
    TRY(find(pirl, "sex", "F", &c->pirl_sex[0]));
    TRY(find(pirl, "sex", "M", &c->pirl_sex[1]));
    TRY(find(pirl, "yes_no", "yes", &c->pirl_yes));
    TRY(find(pirl, "yes_no", "no", &c->pirl_no));
    /* texts of a TOML file end with a NUL */
    for (uint32_t i = 0; i < w->p.sector_count; i++)
        TRY(layout_code(
            &p->layouts[LAYOUT_EMPLOYER], "ownership", w->p.sectors[i].ownership.ptr, 0, &c->ownership[i], err));
    return OK;
}
