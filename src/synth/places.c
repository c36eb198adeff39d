/*
 * Places from the reference tables: counties, districts, high schools. A district's size is the sum of its schools'
 * real cohorts, its make-up comes from the graduation workbook; both tables are policy/<state>/synth/.
 *
 * The public list has high schools only: a pupil of a lower grade is counted at the high school she will attend.
 */
#include "synth/world.h"

Status policy_table(World *w, const char *dir, const char *file, PolicyTable *out, Error *err)
{
    TRY(path_join(&w->arena, dir, file, &out->path, err));
    return csv_read(out->path, &w->arena, &out->csv, err);
}

Status policy_column(const PolicyTable *t, const char *name, size_t *out, Error *err)
{
    Status st = csv_column(&t->csv, name, out, err);
    if (st != OK)
        error_at(err, t->path, 0, name);
    return st;
}

Status policy_number(const PolicyTable *t, size_t row, size_t column, int64_t *out, Error *err)
{
    Status st = parse_i64(policy_cell(t, row, column), out, err);
    if (st != OK)
        error_at(err, t->path, row + 1, NULL);
    return st;
}

static Status read_counties(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t fips;
    TRY(policy_table(w, dir, "counties.csv", &t, err));
    TRY(policy_column(&t, "county_fips", &fips, err));
    TRY(arena_new(&w->arena, County, t.csv.rows, &w->counties, err));
    for (size_t i = 0; i < t.csv.rows; i++)
        w->counties[w->county_count++] = (County){.fips = policy_cell(&t, i, fips)};
    if (w->county_count == 0)
        return error_set(err, ERR_INVALID, "%s: no counties", t.path);
    return OK;
}

static uint32_t find_county(const World *w, Slice fips)
{
    for (uint32_t i = 0; i < w->county_count; i++)
        if (slice_eq(w->counties[i].fips, fips))
            return i;
    return NO_COUNTY;
}

static uint32_t find_district(const World *w, Slice code)
{
    for (uint32_t i = 0; i < w->district_count; i++)
        if (slice_eq(w->districts[i].code, code))
            return i;
    return UINT32_MAX;
}

static Status read_districts(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t code, fips, rurality;
    TRY(policy_table(w, dir, "districts.csv", &t, err));
    TRY(policy_column(&t, "district_id", &code, err));
    TRY(policy_column(&t, "county_fips", &fips, err));
    TRY(policy_column(&t, "rurality", &rurality, err));
    TRY(arena_new(&w->arena, District, t.csv.rows, &w->districts, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        Slice r = policy_cell(&t, i, rurality);
        District *d = &w->districts[w->district_count++];
        *d = (District){
            .code = policy_cell(&t, i, code),
            .county = find_county(w, policy_cell(&t, i, fips)),
            .rural = slice_eq_z(r, "rural") || slice_eq_z(r, "small_rural"),
            .hispanic_ppm = 350000,
            .low_income_ppm = 480000,
        };
        for (uint32_t e = 0; e < w->p.edfi_district_count; e++)
            d->edfi |= slice_eq(d->code, w->p.edfi_districts[e]);
    }
    return OK;
}

static Status read_mix(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t code, hispanic, low;
    TRY(policy_table(w, dir, "district_mix.csv", &t, err));
    TRY(policy_column(&t, "district_code", &code, err));
    TRY(policy_column(&t, "hispanic_ppm", &hispanic, err));
    TRY(policy_column(&t, "low_income_ppm", &low, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        uint32_t d = find_district(w, policy_cell(&t, i, code));
        if (d == UINT32_MAX)
            continue;
        TRY(policy_number(&t, i, hispanic, &w->districts[d].hispanic_ppm, err));
        TRY(policy_number(&t, i, low, &w->districts[d].low_income_ppm, err));
    }
    return OK;
}

/* Schools come sorted by district in the table; a district's schools must stand together. */
static Status read_schools(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t district, code, cohort, leaving;
    TRY(policy_table(w, dir, "high_schools.csv", &t, err));
    TRY(policy_column(&t, "district_code", &district, err));
    TRY(policy_column(&t, "school_code", &code, err));
    TRY(policy_column(&t, "cohort", &cohort, err));
    TRY(policy_column(&t, "leaving_permille", &leaving, err));
    TRY(arena_new(&w->arena, School, t.csv.rows, &w->schools, err));
    TRY(arena_new(&w->arena, uint64_t, t.csv.rows, &w->school_cumulative, err));
    uint64_t sum = 0, placed = 0;
    for (size_t i = 0; i < t.csv.rows; i++) {
        uint32_t d = find_district(w, policy_cell(&t, i, district));
        if (d == UINT32_MAX)
            continue;
        int64_t size = 0;
        School *s = &w->schools[w->school_count];
        *s = (School){.code = policy_cell(&t, i, code), .district = d};
        TRY(policy_number(&t, i, cohort, &size, err));
        TRY(policy_number(&t, i, leaving, &s->leaving_permille, err));
        District *in = &w->districts[d];
        if (in->school_count == 0)
            in->first_school = w->school_count;
        else if (in->first_school + in->school_count != w->school_count)
            return error_set(err, ERR_INVALID, "%s: the schools of a district do not stand together", t.path);
        in->school_count++;
        if (in->county != NO_COUNTY) {
            w->counties[in->county].weight += (uint64_t)size;
            placed += (uint64_t)size;
        }
        w->school_cumulative[w->school_count++] = sum += (uint64_t)size;
    }
    if (placed == 0)
        return error_set(err, ERR_INVALID, "%s: no school of a county has a cohort", t.path);
    return OK;
}

static Status read_credentials(World *w, const char *dir, Error *err)
{
    PolicyTable t;
    size_t id, from, to;
    TRY(policy_table(w, dir, "credentials.csv", &t, err));
    TRY(policy_column(&t, "credential_id", &id, err));
    TRY(policy_column(&t, "listed_from", &from, err));
    TRY(policy_column(&t, "listed_to", &to, err));
    TRY(arena_new(&w->arena, Credential, t.csv.rows, &w->credentials, err));
    for (size_t i = 0; i < t.csv.rows; i++) {
        Credential *c = &w->credentials[w->credential_count++];
        *c = (Credential){.id = policy_cell(&t, i, id), .from = DATE_NONE, .to = DATE_NONE};
        if (policy_cell(&t, i, from).len > 0)
            TRY(date_parse(policy_cell(&t, i, from), DATE_ISO, &c->from, err));
        if (policy_cell(&t, i, to).len > 0)
            TRY(date_parse(policy_cell(&t, i, to), DATE_ISO, &c->to, err));
    }
    if (w->credential_count == 0)
        return error_set(err, ERR_INVALID, "%s: no credentials", t.path);
    return OK;
}

Status places_read(World *w, const char *policy_dir, Error *err)
{
    const char *reference = NULL, *synth = NULL;
    TRY(path_join(&w->arena, policy_dir, "reference", &reference, err));
    TRY(path_join(&w->arena, policy_dir, "synth", &synth, err));
    TRY(read_counties(w, reference, err));
    TRY(read_districts(w, reference, err));
    TRY(read_mix(w, synth, err));
    TRY(read_schools(w, synth, err));
    TRY(read_credentials(w, reference, err));
    return menu_read(w, reference, err);
}
