/* Reads policy/<state>/synth/parameters.toml: one table drives the rates, so that C and file cannot disagree. */
#include "synth/synth_params.h"

typedef struct RateName {
    const char *key;
    size_t offset;
} RateName;

static const RateName RATES[] = {
#define X(name) {#name, offsetof(Params, name)},
    SYNTH_RATES(X)
#undef X
};

static const RateName CODES[] = {
#define X(name) {#name, offsetof(Params, name)},
    SYNTH_CODES(X)
#undef X
};

static const char *const OUTCOMES[OUTCOME_COUNT] = {
    "leaving",
    "college",
    "persistence",
    "concurrent",
    "credential",
    "advanced",
    "wbl",
    "employment",
    "earnings",
};

static const char *const GROUPS[GROUP_COUNT] = {
    "low_income",
    "english_learner",
    "disability",
    "homeless",
    "foster",
    "hispanic",
    "black",
    "american_indian",
    "asian",
    "pacific",
    "two_races",
    "white",
    "male",
    "rural",
};

typedef struct Reader {
    const char *path;
    Arena *arena;
    Error *err;
} Reader;

static int64_t *rate_at(Params *p, size_t i)
{
    return (int64_t *)(void *)((char *)p + RATES[i].offset);
}

static Status read_rates(Reader r, const Toml *root, Params *p)
{
    bool seen[COUNT_OF(RATES)] = {0};
    const Toml *list = NULL;
    TRY(toml_array(root, r.path, "rate", &list, r.err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        static const char *const allowed[] = {"key", "value", "unit", "definition", "source", NULL};
        TRY(toml_only(t, r.path, allowed, r.err));
        Slice key, source;
        int64_t value = 0;
        TRY(toml_str(t, r.path, "key", &key, r.err));
        TRY(toml_str(t, r.path, "source", &source, r.err));
        TRY(toml_int(t, r.path, "value", &value, r.err));
        size_t i = 0;
        while (i < COUNT_OF(RATES) && !slice_eq_z(key, RATES[i].key))
            i++;
        if (i == COUNT_OF(RATES) || seen[i]) {
            error_at(r.err, r.path, 0, "rate");
            return error_set(r.err, ERR_INVALID, "%s:%u: rate \"%.*s\" is %s", r.path, t->line, SLICE_ARG(key),
                i == COUNT_OF(RATES) ? "not known" : "given twice");
        }
        if (value < 0)
            return error_set(r.err, ERR_INVALID, "%s:%u: rate \"%.*s\" is negative", r.path, t->line, SLICE_ARG(key));
        seen[i] = true;
        *rate_at(p, i) = value;
    }
    for (size_t i = 0; i < COUNT_OF(RATES); i++)
        if (!seen[i])
            return error_set(r.err, ERR_INVALID, "%s: rate \"%s\" is missing", r.path, RATES[i].key);
    return OK;
}

static Status read_gaps(Reader r, const Toml *root, Params *p)
{
    const Toml *gaps = NULL;
    TRY(toml_table(root, r.path, "gap", &gaps, r.err));
    for (size_t o = 0; o < OUTCOME_COUNT; o++) {
        const Toml *t = NULL;
        if (gaps)
            TRY(toml_table(gaps, r.path, OUTCOMES[o], &t, r.err));
        for (size_t g = 0; g < GROUP_COUNT; g++) {
            p->gap[o][g] = 1000;
            if (t)
                TRY(toml_int_or(t, r.path, GROUPS[g], 1000, &p->gap[o][g], r.err));
        }
    }
    return OK;
}

static Status copy_text(Reader r, const Toml *t, const char *key, char *out, size_t size)
{
    Slice s;
    TRY(toml_str(t, r.path, key, &s, r.err));
    if (s.len >= size)
        return error_set(r.err, ERR_INVALID, "%s:%u: %s is longer than %zu bytes", r.path, t->line, key, size - 1);
    memcpy(out, s.ptr, s.len);
    out[s.len] = '\0';
    return OK;
}

static Status too_many(Reader r, const char *what)
{
    return error_set(r.err, ERR_LIMIT, "%s: too many %s", r.path, what);
}

static Status read_fields(Reader r, const Toml *root, Params *p)
{
    const Toml *list = NULL;
    TRY(toml_array(root, r.path, "field", &list, r.err));
    uint64_t two = 0, four = 0, cte = 0;
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        if (p->field_count == MAX_STUDY_FIELDS)
            return too_many(r, "fields");
        StudyField *f = &p->fields[p->field_count];
        TRY(copy_text(r, t, "cip", f->cip, sizeof f->cip));
        TRY(toml_int(t, r.path, "weight", &f->weight, r.err));
        TRY(toml_int(t, r.path, "wage_permille", &f->wage_permille, r.err));
        TRY(toml_bool_or(t, r.path, "two_year", false, &f->two_year, r.err));
        TRY(toml_bool_or(t, r.path, "four_year", false, &f->four_year, r.err));
        TRY(toml_bool_or(t, r.path, "cte", false, &f->cte, r.err));
        cte += f->cte ? (uint64_t)f->weight : 0;
        p->cte_cumulative[p->field_count] = cte;
        two += f->two_year ? (uint64_t)f->weight : 0;
        four += f->four_year ? (uint64_t)f->weight : 0;
        p->two_year_cumulative[p->field_count] = two;
        p->four_year_cumulative[p->field_count] = four;
        p->field_count++;
    }
    if (two == 0 || four == 0 || cte == 0)
        return error_set(
            r.err, ERR_INVALID, "%s: no [[field]] for two-year or four-year study or for career education", r.path);
    return OK;
}

static Status read_sectors(Reader r, const Toml *root, Params *p)
{
    const Toml *list = NULL;
    TRY(toml_array(root, r.path, "sector", &list, r.err));
    uint64_t all = 0, young = 0;
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        if (p->sector_count == MAX_SECTORS)
            return too_many(r, "sectors");
        Sector *s = &p->sectors[p->sector_count];
        TRY(copy_text(r, t, "naics", s->naics, sizeof s->naics));
        TRY(toml_int(t, r.path, "weight", &s->weight, r.err));
        TRY(toml_int(t, r.path, "wage_permille", &s->wage_permille, r.err));
        TRY(toml_int(t, r.path, "young_permille", &s->young_permille, r.err));
        TRY(toml_str(t, r.path, "ownership", &s->ownership, r.err));
        all += (uint64_t)s->weight * 1000;
        young += (uint64_t)s->weight * (uint64_t)s->young_permille;
        p->sector_cumulative[p->sector_count] = all;
        p->young_cumulative[p->sector_count] = young;
        p->sector_count++;
    }
    if (all == 0 || young == 0)
        return error_set(r.err, ERR_INVALID, "%s: no [[sector]]", r.path);
    return OK;
}

static Status read_courses(Reader r, const Toml *root, Params *p)
{
    const Toml *list = NULL;
    TRY(toml_array(root, r.path, "course", &list, r.err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        if (p->course_count == MAX_COURSE_KINDS)
            return too_many(r, "courses");
        CourseKind *c = &p->courses[p->course_count++];
        int64_t credits = 0;
        TRY(toml_str(t, r.path, "id", &c->id, r.err));
        TRY(toml_int(t, r.path, "credits", &credits, r.err));
        c->credits = (int)credits;
        TRY(toml_bool_or(t, r.path, "english", false, &c->shows[SUBJECT_ENGLISH], r.err));
        TRY(toml_bool_or(t, r.path, "math", false, &c->shows[SUBJECT_MATH], r.err));
    }
    if (p->course_count == 0)
        return error_set(r.err, ERR_INVALID, "%s: no [[course]]", r.path);
    return OK;
}

static Status read_codes(Reader r, const Toml *root, Params *p)
{
    const Toml *t = NULL;
    TRY(toml_table(root, r.path, "codes", &t, r.err));
    for (size_t i = 0; i < COUNT_OF(CODES); i++) {
        const Toml *list = NULL;
        CodeChoice *c = (CodeChoice *)(void *)((char *)p + CODES[i].offset);
        TRY(toml_array(t, r.path, CODES[i].key, &list, r.err));
        for (const Toml *e = list ? list->first : NULL; e && c->count < MAX_CODES; e = e->next)
            c->at[c->count++] = e->string;
        if (c->count == 0)
            return error_set(r.err, ERR_INVALID, "%s: [codes] %s is missing", r.path, CODES[i].key);
    }
    return OK;
}

/* "2019Q1" */
static Status parse_quarter(Reader r, Slice s, Quarter *out)
{
    int64_t year = 0;
    if (s.len != 6 || s.ptr[4] != 'Q' || s.ptr[5] < '1' || s.ptr[5] > '4' ||
        parse_i64(slice_sub(s, 0, 4), &year, NULL) != OK)
        return error_set(r.err, ERR_INVALID, "%s: \"%.*s\" is not a quarter such as 2019Q1", r.path, SLICE_ARG(s));
    *out = quarter_make((int)year, s.ptr[5] - '0');
    return OK;
}

static Status read_quarters(Reader r, const Toml *t, const char *key, QuarterList *out)
{
    const Toml *list = NULL;
    TRY(toml_array(t, r.path, key, &list, r.err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        if (out->count == MAX_LISTED)
            return too_many(r, key);
        TRY(parse_quarter(r, e->string, &out->at[out->count++]));
    }
    return OK;
}

static Status read_files(Reader r, const Toml *root, Params *p)
{
    const Toml *t = NULL;
    TRY(toml_table(root, r.path, "files", &t, r.err));
    static const char *const allowed[] = {
        "k12_fixed_years", "edfi_year", "edfi_districts", "wage_yyyyqq_from", "wage_efw2", "wage_csv", NULL};
    TRY(toml_only(t, r.path, allowed, r.err));
    const Toml *list = NULL;
    TRY(toml_array(t, r.path, "k12_fixed_years", &list, r.err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        if (p->fixed_year_count == MAX_LISTED)
            return too_many(r, "fixed-width years");
        p->fixed_years[p->fixed_year_count++] = (int)e->integer;
    }
    int64_t year = 0;
    TRY(toml_int_or(t, r.path, "edfi_year", 0, &year, r.err));
    p->edfi_year = (int)year;
    TRY(toml_array(t, r.path, "edfi_districts", &list, r.err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        if (p->edfi_district_count == MAX_LISTED)
            return too_many(r, "Ed-Fi districts");
        p->edfi_districts[p->edfi_district_count++] = e->string;
    }
    Slice from;
    TRY(toml_str(t, r.path, "wage_yyyyqq_from", &from, r.err));
    TRY(parse_quarter(r, from, &p->yyyyqq_from));
    TRY(read_quarters(r, t, "wage_efw2", &p->efw2));
    return read_quarters(r, t, "wage_csv", &p->wage_csv);
}

Status params_read(const char *path, Arena *arena, Params *out, Error *err)
{
    const Toml *root = NULL;
    TRY(toml_read(path, arena, &root, err));
    Slice schema;
    TRY(toml_str(root, path, "schema", &schema, err));
    if (!slice_eq_z(schema, "cairn.synth/1"))
        return error_set(err, ERR_INVALID, "%s: schema is not cairn.synth/1", path);
    memset(out, 0, sizeof *out);
    Reader r = {path, arena, err};
    TRY(copy_text(r, root, "state", out->home_state, sizeof out->home_state));
    TRY(read_rates(r, root, out));
    TRY(read_gaps(r, root, out));
    TRY(read_fields(r, root, out));
    TRY(read_sectors(r, root, out));
    TRY(read_courses(r, root, out));
    TRY(read_codes(r, root, out));
    return read_files(r, root, out);
}
