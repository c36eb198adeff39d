/*
 * The plan of files. Names follow the contracts' scope patterns: a school year, a programme year or a search date
 * stands at the end of the name; the clearinghouse's and the wages' own fields tell the rest.
 */
#include "synth/synth_files.h"

#include <stdio.h>

static const char *const K12_COLUMNS[] = {"reporting_district", "lasid", "sasid", "last_name", "first_name",
    "middle_name", "name_suffix", "birth_date", "gender", "ethnicity", "american_indian", "asian", "black", "white",
    "pacific_islander", "school_id", "grade_level", "lunch", "language", "special_education", "migrant", "homeless",
    "foster", "gifted", "zip", "entry_date", "entry_type", "exit_date", "exit_type", "completion_type",
    "completion_date", "english_demonstration", "math_demonstration", "military_enlistment_date", "ascent", "trep",
    "ptech", "early_college", "cte", "credential_id", "award_date", "wbl_type", "begin_date", "end_date", "hours",
    "completed", "assessment", "part", "score", "test_date", NULL};
static const char *const SURDS_COLUMNS[] = {"record_type", "reporting_institution", "term", "year", "student_id",
    "gender", "birth_date", "student_level", "tuition_class", "program_code", "program_sequence", "registration_status",
    "home_state", "home_county", "hs_graduation_year", "hours_state", "hours_cash", "hours_other", "hs_code", "sasid",
    "last_name", "first_name", "middle_name", "award_level", "award_date", "award_title", "course_prefix",
    "course_number", "section", "credits_attempted", "credits_earned", "grade", "dual_kind", "hs_district", "hs_school",
    NULL};
static const char *const NSC_COLUMNS[] = {"student_key", "first_name", "middle_name", "last_name", "name_suffix",
    "return_field", "record_found", "search_date", "hs_code", "hs_graduation_date", "college_code", "college_name",
    "college_state", "college_level", "college_control", "enrollment_begin", "enrollment_end", "enrollment_status",
    "class_level", "enrollment_cip_1", "graduated", "graduation_date", "degree_title", "degree_cip_1",
    "college_sequence", NULL};
static const char *const WAGE_COLUMNS[] = {"ssn", "last_name", "first_name", "middle_name", "name_suffix", "state_code",
    "wages", "ui_total_wages", "taxable_wages", "ui_account", "quarter", "naics", NULL};
static const char *const EMPLOYER_COLUMNS[] = {"ui_account", "quarter", "naics", "county_code", "ownership", NULL};
static const char *const PIRL_COLUMNS[] = {"participant_id", "ssn", "last_name", "first_name", "state_of_residence",
    "county_code", "zip", "birth_date", "sex_reported", "disability", "hispanic", "american_indian", "asian", "black",
    "pacific_islander", "white", "low_income", "english_learner", "entry_date", "exit_date", "adult",
    "dislocated_worker", "youth", "wagner_peyser", "apprenticeship", "exit_reason", "training", "credential_type",
    "credential_date", "training_type", "gain_functioning_date", "gain_postsecondary_date", "gain_secondary_date",
    "gain_milestone_date", "gain_skills_date", "education_date", "last_service_date", "service_planned", NULL};
static const char *const CTE_COLUMNS[] = {"reporting_district", "lasid", "sasid", "reporting_institution", "student_id",
    "ssn", "last_name", "first_name", "birth_date", "sex_reported", "school_id", "program_cip", "units", "credits",
    "program_credits", "completed", "left_date", "placement", NULL};

static const struct {
    const char *contract;
    const char *const *columns;
} LAYOUTS[LAYOUT_COUNT] = {
    [LAYOUT_DEMOGRAPHIC] = {"cde_student_demographic", K12_COLUMNS},
    [LAYOUT_DEMOGRAPHIC_FIXED] = {"cde_student_demographic_fixed", K12_COLUMNS},
    [LAYOUT_ASSOCIATION] = {"cde_school_association", K12_COLUMNS},
    [LAYOUT_ASSOCIATION_FIXED] = {"cde_school_association_fixed", K12_COLUMNS},
    [LAYOUT_END_OF_YEAR] = {"cde_end_of_year", K12_COLUMNS},
    [LAYOUT_IRC] = {"cde_irc", K12_COLUMNS},
    [LAYOUT_WBL] = {"cde_wbl", K12_COLUMNS},
    [LAYOUT_ASSESSMENT] = {"cde_assessment", K12_COLUMNS},
    [LAYOUT_SURDS_ENROLLMENT] = {"surds_enrollment", SURDS_COLUMNS},
    [LAYOUT_SURDS_DEGREE] = {"surds_degree", SURDS_COLUMNS},
    [LAYOUT_SURDS_COURSE] = {"surds_course", SURDS_COLUMNS},
    [LAYOUT_NSC] = {"nsc_detail", NSC_COLUMNS},
    [LAYOUT_NSC_HS] = {"nsc_detail_hs", NSC_COLUMNS},
    [LAYOUT_ICESA] = {"cdle_wage_icesa", WAGE_COLUMNS},
    [LAYOUT_EFW2] = {"cdle_wage_efw2", WAGE_COLUMNS},
    [LAYOUT_WAGE_CSV] = {"cdle_wage_csv", WAGE_COLUMNS},
    [LAYOUT_EMPLOYER] = {"cdle_employer", EMPLOYER_COLUMNS},
    [LAYOUT_PIRL] = {"wioa_pirl", PIRL_COLUMNS},
    [LAYOUT_CTE_SCHOOL] = {"cccs_ve135_secondary", CTE_COLUMNS},
    [LAYOUT_CTE_COLLEGE] = {"cccs_ve135_postsecondary", CTE_COLUMNS},
    [LAYOUT_NSC_BLOCK] = {"nsc_block", NSC_COLUMNS},
};

static const char *const EDFI_SOURCES[EDFI_KINDS] = {
    "edfi_student", "edfi_student_edorg", "edfi_enrollment", "edfi_program"};
static const char *const EDFI_INTERCHANGES[EDFI_KINDS] = {
    "InterchangeStudent", "InterchangeStudentEnrollment", "InterchangeStudentEnrollment", "InterchangeStudentProgram"};

typedef struct Planner {
    World *w;
    Plan *p;
    const char *inbox;
    Error *err;
} Planner;

static Status add_file(Planner *b, const char *source, const Layout *l, uint32_t *out, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
static Status add_file(Planner *b, const char *source, const Layout *l, uint32_t *out, const char *fmt, ...)
{
    if (b->p->file_count == MAX_FILES)
        return error_set(b->err, ERR_LIMIT, "more than %d files: fewer school years are needed", MAX_FILES);
    char name[120];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    ASSERT(n > 0 && (size_t)n < sizeof name);
    OutFile *f = &b->p->files[b->p->file_count];
    *f = (OutFile){.source = source, .layout = l, .edfi = EDFI_KINDS};
    TRY(arena_printf(&b->w->arena, &f->name, b->err, "%s", name));
    TRY(path_join(&b->w->arena, b->inbox, source, &f->folder, b->err));
    TRY(path_join(&b->w->arena, f->folder, name, &f->path, b->err));
    *out = b->p->file_count++;
    return OK;
}

static bool listed(const QuarterList *l, Quarter q)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->at[i] == q)
            return true;
    return false;
}

static bool fixed_year(const Params *q, int year)
{
    for (uint32_t i = 0; i < q->fixed_year_count; i++)
        if (q->fixed_years[i] == year)
            return true;
    return false;
}

static Status plan_school_year(Planner *b, int year)
{
    Plan *p = b->p;
    int i = year - p->base_year;
    bool fixed = fixed_year(&b->w->p, year);
    LayoutId d = fixed ? LAYOUT_DEMOGRAPHIC_FIXED : LAYOUT_DEMOGRAPHIC,
             a = fixed ? LAYOUT_ASSOCIATION_FIXED : LAYOUT_ASSOCIATION;
    const char *suffix = fixed ? "txt" : "csv";
    TRY(add_file(
        b, LAYOUTS[d].contract, &p->layouts[d], &p->demographic[i], "student_demographic_%d.%s", year, suffix));
    TRY(add_file(b, LAYOUTS[a].contract, &p->layouts[a], &p->association[i], "school_association_%d.%s", year, suffix));
    TRY(add_file(
        b, "cde_end_of_year", &p->layouts[LAYOUT_END_OF_YEAR], &p->end_of_year[i], "end_of_year_%d.csv", year));
    TRY(add_file(b, "cde_irc", &p->layouts[LAYOUT_IRC], &p->irc[i], "irc_%d.csv", year));
    TRY(add_file(b, "cde_wbl", &p->layouts[LAYOUT_WBL], &p->wbl[i], "wbl_%d.csv", year));
    TRY(add_file(b, "cde_assessment", &p->layouts[LAYOUT_ASSESSMENT], &p->assessment[i], "assessment_%d.csv", year));
    TRY(add_file(b, "nsc_detail_hs", &p->layouts[LAYOUT_NSC_HS], &p->nsc_hs[i], "nsc_hs_%d1115.csv", year));
    TRY(add_file(b, LAYOUTS[LAYOUT_CTE_SCHOOL].contract, &p->layouts[LAYOUT_CTE_SCHOOL], &p->cte_school[i],
        "ve135_secondary_%d.csv", year));
    TRY(add_file(b, "nsc_block", &p->layouts[LAYOUT_NSC_BLOCK], &p->nsc_block[i], "nsc_block_%d1115.csv", year));
    return add_file(b, "wioa_pirl", &p->layouts[LAYOUT_PIRL], &p->pirl[i], "pirl_%d.csv", year);
}

static Status plan_college_year(Planner *b, int year)
{
    static const char *const seasons[SEASON_COUNT] = {"summer", "fall", "spring"};
    Plan *p = b->p;
    int i = year - p->base_year;
    for (int s = 0; s < SEASON_COUNT; s++) {
        TRY(add_file(b, "surds_enrollment", &p->layouts[LAYOUT_SURDS_ENROLLMENT], &p->enrollment[i][s],
            "enrollment_%d_%s.txt", year, seasons[s]));
        TRY(add_file(b, "surds_course", &p->layouts[LAYOUT_SURDS_COURSE], &p->course[i][s], "course_%d_%s.txt", year,
            seasons[s]));
    }
    TRY(add_file(b, LAYOUTS[LAYOUT_CTE_COLLEGE].contract, &p->layouts[LAYOUT_CTE_COLLEGE], &p->cte_college[i],
        "ve135_postsecondary_%d.csv", year));
    return add_file(b, "surds_degree", &p->layouts[LAYOUT_SURDS_DEGREE], &p->degree[i], "degree_fy%d.txt", year);
}

static Status plan_quarters(Planner *b)
{
    Plan *p = b->p;
    for (Quarter q = b->w->first_quarter; q <= b->w->last_quarter; q++) {
        int i = q - b->w->first_quarter;
        ASSERT(i < MAX_QUARTERS);
        LayoutId l = listed(&b->w->p.efw2, q)       ? LAYOUT_EFW2
                     : listed(&b->w->p.wage_csv, q) ? LAYOUT_WAGE_CSV
                                                    : LAYOUT_ICESA;
        char name[8];
        quarter_print(q, name);
        TRY(add_file(b, LAYOUTS[l].contract, &p->layouts[l], &p->wage[i], "wages_%s.%s", name,
            l == LAYOUT_WAGE_CSV ? "csv" : "txt"));
        p->files[p->wage[i]].has_wage_head = l != LAYOUT_WAGE_CSV;
        TRY(add_file(b, "cdle_employer", &p->layouts[LAYOUT_EMPLOYER], &p->employer[i], "employers_%s.csv", name));
    }
    return OK;
}

static Status plan_edfi(Planner *b)
{
    const Params *q = &b->w->p;
    for (uint32_t d = 0; d < q->edfi_district_count; d++)
        for (int k = 0; k < EDFI_KINDS; k++) {
            b->p->edfi[d][k] = NO_FILE;
            if (q->edfi_year < b->w->first_year || q->edfi_year > b->w->last_year)
                continue;
            TRY(add_file(b, EDFI_SOURCES[k], NULL, &b->p->edfi[d][k], "%s_%.*s_%d.xml", EDFI_SOURCES[k] + 5,
                SLICE_ARG(q->edfi_districts[d]), q->edfi_year));
            b->p->files[b->p->edfi[d][k]].edfi = (EdfiKind)k;
        }
    return OK;
}

Status plan_make(World *w, const SynthOptions *o, Plan *p, Error *err)
{
    memset(p, 0, sizeof *p);
    for (int i = 0; i < LAYOUT_COUNT; i++) {
        TRY(layout_read(o->policy_dir, LAYOUTS[i].contract, &w->arena, &p->layouts[i], err));
        TRY(layout_bind(&p->layouts[i], LAYOUTS[i].columns, err));
    }
    Planner b = {w, p, NULL, err};
    TRY(path_join(&w->arena, o->out_dir, "inbox", &b.inbox, err));
    p->base_year = w->first_year - 1;
    uint32_t *lists[] = {p->demographic, p->association, p->end_of_year, p->irc, p->wbl, p->assessment, p->degree,
        p->nsc_hs, p->pirl, p->cte_school, p->cte_college, p->nsc_block};
    for (int i = 0; i < MAX_PLAN_YEARS; i++) {
        for (size_t l = 0; l < COUNT_OF(lists); l++)
            lists[l][i] = NO_FILE;
        for (int s = 0; s < SEASON_COUNT; s++)
            p->enrollment[i][s] = p->course[i][s] = NO_FILE;
    }
    for (int y = w->first_year; y <= w->last_year; y++)
        TRY(plan_school_year(&b, y));
    for (int y = w->first_year - 1; y <= w->last_year + 1; y++)
        TRY(plan_college_year(&b, y));
    p->nsc_date = date_of(w->last_year, 11, 15);
    TRY(add_file(&b, "nsc_detail", &p->layouts[LAYOUT_NSC], &p->nsc, "nsc_detail_%d1115.csv", w->last_year));
    TRY(plan_quarters(&b));
    return plan_edfi(&b);
}

/* The transmitter's record, which wage files begin with; readers pass it over. */
static void wage_head(const Layout *l, Buf *out)
{
    const char *type = l->select.len == 2 ? "RA" : "A";
    buf_adds(out, type);
    buf_pad(out, ' ', l->record_length - strlen(type));
    buf_addc(out, '\n');
}

static void file_head(const OutFile *f, Buf *out)
{
    buf_reset(out);
    if (f->edfi != EDFI_KINDS) {
        buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        buf_adds(out, EDFI_INTERCHANGES[f->edfi]);
        buf_adds(out, " xmlns=\"http://ed-fi.org/5.2.0\">\n");
    } else if (f->has_wage_head) {
        wage_head(f->layout, out);
    } else {
        layout_header(f->layout, out);
    }
}

static void file_tail(const OutFile *f, Buf *out)
{
    buf_reset(out);
    if (f->edfi == EDFI_KINDS)
        return;
    buf_adds(out, "</");
    buf_adds(out, EDFI_INTERCHANGES[f->edfi]);
    buf_adds(out, ">\n");
}

static Status open_files(Plan *p, Buf *head, Error *err)
{
    for (uint32_t i = 0; i < p->file_count; i++) {
        OutFile *f = &p->files[i];
        TRY(dir_make(f->folder, MODE_DIR_PRIVATE, err));
        TRY(writer_open(f->path, MODE_PRIVATE, &f->writer, err));
        file_head(f, head);
        TRY(buf_status(head, err));
        writer_add(f->writer, buf_slice(head));
        f->bytes = head->len;
    }
    return OK;
}

Status plan_open(Plan *p, Error *err)
{
    Buf head;
    buf_init(&head, 0);
    Status st = open_files(p, &head, err);
    buf_free(&head);
    return st;
}

Status plan_close(Plan *p, PlanEnd end, SynthReport *report, Error *err)
{
    Status st = OK;
    Buf tail;
    buf_init(&tail, 0);
    for (uint32_t i = 0; i < p->file_count; i++) {
        OutFile *f = &p->files[i];
        if (!f->writer)
            continue;
        if (end == PLAN_ABANDON || st != OK || f->rows == 0) {
            writer_abandon(f->writer);
        } else {
            file_tail(f, &tail);
            writer_add(f->writer, buf_slice(&tail));
            st = writer_close(f->writer, WRITER_NO_SYNC, err);
            report->files++;
            report->rows += f->rows;
            report->bytes += f->bytes + tail.len;
        }
        f->writer = NULL;
    }
    buf_free(&tail);
    return st;
}

Status sink_init(Sink *s, const World *w, const Plan *plan, Error *err)
{
    memset(s, 0, sizeof *s);
    s->w = w;
    s->plan = plan;
    TRY(mem_zalloc(plan->file_count, sizeof *s->files, (void **)&s->files, err));
    TRY(mem_zalloc(plan->file_count, sizeof *s->rows, (void **)&s->rows, err));
    for (uint32_t i = 0; i < plan->file_count; i++)
        buf_init(&s->files[i], 0);
    buf_init(&s->people, 0);
    buf_init(&s->outcomes, 0);
    buf_init(&s->schooling, 0);
    buf_init(&s->school_years, 0);
    buf_init(&s->college, 0);
    buf_init(&s->training, 0);
    buf_init(&s->work, 0);
    buf_init(&s->records, 0);
    buf_init(&s->planted, 0);
    return OK;
}

void sink_reset(Sink *s)
{
    for (uint32_t i = 0; i < s->plan->file_count; i++) {
        buf_reset(&s->files[i]);
        s->rows[i] = 0;
    }
    s->refs.len = 0;
    s->copies.len = 0;
    buf_reset(&s->people);
    buf_reset(&s->outcomes);
    buf_reset(&s->schooling);
    buf_reset(&s->school_years);
    buf_reset(&s->college);
    buf_reset(&s->training);
    buf_reset(&s->work);
    buf_reset(&s->records);
    buf_reset(&s->planted);
}

void sink_free(Sink *s)
{
    for (uint32_t i = 0; s->files && i < s->plan->file_count; i++)
        buf_free(&s->files[i]);
    mem_free(s->files);
    mem_free(s->rows);
    vec_free(&s->refs);
    vec_free(&s->copies);
    buf_free(&s->people);
    buf_free(&s->outcomes);
    buf_free(&s->schooling);
    buf_free(&s->school_years);
    buf_free(&s->college);
    buf_free(&s->training);
    buf_free(&s->work);
    buf_free(&s->records);
    buf_free(&s->planted);
    memset(s, 0, sizeof *s);
}

static void count_row(Sink *s, uint32_t file, uint64_t person, PlantedKind planted)
{
    RowRef ref = {file, ++s->rows[file], (uint32_t)(person - s->first_person), (uint32_t)planted};
    if (s->status == OK)
        s->status = vec_push(&s->refs, ref, &s->error);
}

void sink_count(Sink *s, uint32_t file, uint64_t person)
{
    count_row(s, file, person, PLANTED_NONE);
}

static bool can_damage(const Row *row, int column)
{
    return column >= 0 && row->layout->field_of[column] >= 0 && row->cell[column].len > 0;
}

static void plant_error(Sink *s, uint32_t file, Row *row, uint64_t person, Weakness weak)
{
    static const char broken[] = "ZZZZZZZZZZ", no_day[] = "99999999";
    PlantedKind kind = (PlantedKind)(1 + rng_below(&s->errors, 3));
    if (kind == PLANTED_DUPLICATE && !weak.duplicate)
        return;
    if (kind == PLANTED_DATE) {
        if (!can_damage(row, weak.date))
            return;
        row_text(row, weak.date, (Slice){no_day, 8});
    }
    if (kind == PLANTED_CODE) {
        if (!can_damage(row, weak.code))
            return;
        size_t n = row->cell[weak.code].len;
        row_text(row, weak.code, (Slice){broken, n < 10 ? n : 10});
    }
    PlantedBytes copy = {.ref = s->refs.len, .at = s->files[file].len};
    layout_write(row, &s->files[file]);
    copy.len = s->files[file].len - copy.at;
    count_row(s, file, person, kind);
    if (s->status == OK)
        s->status = vec_push(&s->copies, copy, &s->error);
}

void sink_row(Sink *s, uint32_t file, Row *row, uint64_t person, Weakness weak)
{
    if (file == NO_FILE)
        return;
    layout_write(row, &s->files[file]);
    count_row(s, file, person, PLANTED_NONE);
    if (chance(&s->errors, s->w->p.planted_error_ppm))
        plant_error(s, file, row, person, weak);
}

Status sink_status(const Sink *s, Error *err)
{
    if (s->status != OK) {
        if (err)
            *err = s->error;
        return s->status;
    }
    for (uint32_t i = 0; i < s->plan->file_count; i++)
        TRY(buf_status(&s->files[i], err));
    TRY(buf_status(&s->people, err));
    TRY(buf_status(&s->outcomes, err));
    TRY(buf_status(&s->schooling, err));
    TRY(buf_status(&s->school_years, err));
    TRY(buf_status(&s->college, err));
    TRY(buf_status(&s->training, err));
    TRY(buf_status(&s->work, err));
    return OK;
}
