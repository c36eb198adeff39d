/*
 * A config from the columns. The name of a column says what it is meant to be, its values whether it is that: a column
 * called soc_sec_id with seven digits is an identifier, not an American social security number. What neither says
 * clearly is left out and named in a comment, because a field that is none costs more than one that is missing.
 *
 * Thresholds are of the kind "nearly all" and "hardly any"; they were set on made-up files and are the same for all.
 */
#include "matchfile/suggest.h"

#define MOSTLY 0.8
#define HARDLY 0.01

/* What a name can say. */
typedef enum Meaning {
    MEANS_NOTHING,
    MEANS_FIRST,
    MEANS_MIDDLE,
    MEANS_LAST,
    MEANS_FORMER_LAST,
    MEANS_FULL_NAME,
    MEANS_SUFFIX,
    MEANS_BIRTH,
    MEANS_BIRTH_YEAR,
    MEANS_BIRTH_MONTH,
    MEANS_BIRTH_DAY,
    MEANS_SSN,
    MEANS_SEX,
    MEANS_POSTAL,
    MEANS_CITY,
    MEANS_STATE,
    MEANS_HOUSE,
    MEANS_STREET,
    MEANS_PHONE,
    MEANS_EMAIL,
    MEANS_RECORD,
    MEANS_TRUTH,
    MEANS_NUMBER,
} Meaning;

/* English, Spanish, German and French; where a word means two things (nombre is a number in French) the values tell. In
 * this order, the first that holds: words are whole words of the name, pieces stand anywhere in it once everything but
 * letters and digits is left out. Both lists are parted by blanks. */
static const struct {
    Meaning meaning;
    const char *words, *pieces;
} names[] = {
    {MEANS_TRUTH, "cluster entity ent truth", "clusterid entityid trueid"},
    {MEANS_NUMBER, "sasid mrn", "studentid stateid memberid patientid personid personnumber"},
    {MEANS_SSN, "ssn", "socialsec socsec"},
    {MEANS_RECORD, "id recid rowid uid", "recordid uniqueid recid rowid recordnumber"},
    {MEANS_BIRTH_YEAR, "by yob", "birthyear yearofbirth dobyear byear dobyyyy geburtsjahr"},
    {MEANS_BIRTH_MONTH, "bm mob", "birthmonth monthofbirth dobmonth bmonth dobmm"},
    {MEANS_BIRTH_DAY, "bd", "birthday dayofbirth dobday bday dobdd"},
    {MEANS_BIRTH, "dob born birth birthdate ddn",
        "dateofbirth birthdate dob birthdt nacimiento geburtsdatum geburtstag naissance"},
    {MEANS_FORMER_LAST, "maiden former previous",
        "maiden geburtsname formername formerlast formersurname birthname previousname"},
    {MEANS_MIDDLE, "middle mname mi", "middlename secondname middleinit segundonombre zweitername"},
    {MEANS_FIRST, "first fname given forename christian nombre nombres",
        "firstname givenname forename vorname prenom primernombre"},
    {MEANS_LAST, "last lname surname sname family apellido apellidos",
        "lastname surname familyname nachname familienname primerapellido"},
    {MEANS_SUFFIX, "suffix generation", "namesuffix"},
    {MEANS_SEX, "sex gender sexo genero geschlecht sexe", ""},
    {MEANS_EMAIL, "email mail correo courriel", "email"},
    {MEANS_PHONE, "phone telephone mobile tel cell", "phone telefon"},
    {MEANS_POSTAL, "zip zip5 postcode plz cp", "postal postcode zipcode postleitzahl"},
    {MEANS_CITY, "city suburb town locality municipality ciudad ort stadt wohnort ville municipio", ""},
    {MEANS_HOUSE, "", "streetnumber housenumber streetno houseno streetnum hausnummer"},
    {MEANS_STREET, "address street addr road direccion domicilio calle strasse strase adresse", "address street"},
    {MEANS_STATE, "state province", ""},
    {MEANS_FULL_NAME, "name nom", "fullname personname"},
    {MEANS_NUMBER, "number num nr no code", ""},
};

#define NAME_MAX_LEN 64

/* U+00C0 to U+00FF without their marks: in UTF-8 the byte C3 and one more. */
#define LATIN_1_LEAD '\xC3'
static char without_mark(char second)
{
    static const char plain[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty";
    _Static_assert(sizeof plain == 64 + 1, "one a letter");
    return plain[(unsigned char)second & 63];
}

/* The name's words, lower-case, between blanks: " first name "; camelCase is parted too. */
static void words_of(Slice name, char out[2 * NAME_MAX_LEN + 3])
{
    size_t n = 0;
    bool after_lower = false;
    out[n++] = ' ';
    for (size_t i = 0; i < name.len && i < NAME_MAX_LEN; i++) {
        char c = name.ptr[i];
        if (c == LATIN_1_LEAD && i + 1 < name.len)
            c = without_mark(name.ptr[++i]);
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
        if (upper && after_lower)
            out[n++] = ' ';
        after_lower = lower;
        if (upper || lower || digit)
            out[n++] = upper ? (char)(c + 32) : c;
        else if (out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = '\0';
}

/* Does one of the blank-parted list stand in text? whole: between blanks. */
typedef enum Stands { STANDS_ANYWHERE, STANDS_WHOLE } Stands;
static bool stands_in(const char *list, const char *text, Stands how)
{
    Slice rest = slice_of(list);
    if (rest.len == 0)
        return false;
    while (rest.ptr) {
        char word[NAME_MAX_LEN + 3];
        Slice one = slice_cut(&rest, ' ');
        size_t n = 0;
        if (how == STANDS_WHOLE)
            word[n++] = ' ';
        memcpy(word + n, one.ptr, one.len);
        n += one.len;
        if (how == STANDS_WHOLE)
            word[n++] = ' ';
        word[n] = '\0';
        if (strstr(text, word))
            return true;
    }
    return false;
}

static Meaning meaning_of(Slice name)
{
    char words[2 * NAME_MAX_LEN + 3], joined[2 * NAME_MAX_LEN + 3];
    size_t n = 0;
    words_of(name, words);
    for (const char *p = words; *p; p++)
        if (*p != ' ')
            joined[n++] = *p;
    joined[n] = '\0';
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (stands_in(names[i].words, words, STANDS_WHOLE) || stands_in(names[i].pieces, joined, STANDS_ANYWHERE))
            return names[i].meaning;
    return MEANS_NOTHING;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

typedef struct Draft {
    People *people;
    Profile *profile;
    MatchConfig *config;
    MatchInput *input;
    Meaning *meanings;
} Draft;

static bool is_named(const MatchInput *in, Slice column)
{
    return slice_eq(in->id, column) || slice_eq(in->source, column) || slice_eq(in->truth, column);
}

static bool holds_little(const ColumnProfile *c)
{
    return c->filled == 0 || (double)c->filled < HARDLY * (double)c->rows;
}

/* A plain word from a column's name, not yet taken by a field. */
static Status field_name(Draft *d, Slice column, const char *wanted, Slice *out, Error *err)
{
    char word[41];
    size_t n = 0;
    if (wanted)
        *out = slice_of(wanted);
    else {
        for (size_t i = 0; i < column.len && n < 30; i++) {
            char c = column.ptr[i];
            if (c >= 'A' && c <= 'Z')
                c = (char)(c + 32);
            bool plain = (c >= 'a' && c <= 'z') || (n > 0 && c >= '0' && c <= '9');
            if (plain)
                word[n++] = c;
            else if (n > 0 && word[n - 1] != '_')
                word[n++] = '_';
        }
        if (n == 0)
            word[n++] = 'f';
        TRY(arena_dup(&d->people->arena, (Slice){word, n}, out, err));
    }
    Slice base = *out;
    for (uint32_t number = 2;; number++) {
        bool taken = false;
        for (uint32_t f = 0; f < d->config->field_count; f++)
            taken = taken || slice_eq(d->config->fields[f].name, *out);
        if (!taken)
            return OK;
        const char *next = NULL;
        TRY(arena_printf(&d->people->arena, &next, err, "%.*s_%" PRIu32, SLICE_ARG(base), number));
        *out = slice_of(next);
    }
}

/* Adds the column to the field; false when there is no room left. */
static bool add_column(Draft *d, FieldSpec *f, uint32_t column)
{
    MatchConfig *c = d->config;
    if (c->column_count == MATCH_COLUMNS_MAX || f->column_count == MATCH_ALIASES_MAX)
        return false;
    c->columns[c->column_count] = d->profile->columns[column].name;
    f->columns[f->column_count++] = c->column_count++;
    return true;
}

static Status add_field(Draft *d, uint32_t column, FieldKind kind, const char *name, Error *err)
{
    MatchConfig *c = d->config;
    ColumnProfile *p = &d->profile->columns[column];
    if (c->field_count == MATCH_FIELDS_MAX) {
        p->use = "no: there are 16 fields already";
        return OK;
    }
    FieldSpec *f = &c->fields[c->field_count];
    memset(f, 0, sizeof *f);
    f->kind = kind;
    f->swap_with = MATCH_NONE;
    f->term_frequency = field_kind_term_frequency(kind);
    f->shared = field_kind_shared(kind);
    TRY(field_name(d, p->name, name, &f->name, err));
    if (!add_column(d, f, column)) {
        p->use = "no: there are 32 columns already";
        return OK;
    }
    p->use = field_kind_name(kind);
    c->field_count++;
    return OK;
}

static FieldSpec *field_of_kind(MatchConfig *c, FieldKind kind)
{
    for (uint32_t f = 0; f < c->field_count; f++)
        if (c->fields[f].kind == kind && !c->fields[f].combine)
            return &c->fields[f];
    return NULL;
}

/* The next column of a meaning that is not decided yet, or profile->count. */
static uint32_t next_of(const Draft *d, Meaning meaning)
{
    for (uint32_t k = 0; k < d->profile->count; k++)
        if (d->meanings[k] == meaning && !d->profile->columns[k].use)
            return k;
    return d->profile->count;
}

/* Columns of one kind: the first makes the field, further ones are the same in another file or an earlier value. */
static Status take_same(Draft *d, Meaning meaning, FieldKind kind, const char *name, Error *err)
{
    for (uint32_t k; (k = next_of(d, meaning)) < d->profile->count;) {
        FieldSpec *f = field_of_kind(d->config, kind);
        if (f && add_column(d, f, k))
            d->profile->columns[k].use = field_kind_name(kind);
        else
            TRY(add_field(d, k, kind, f ? NULL : name, err));
    }
    return OK;
}

/* The first file that has the column. */
static const InputFile *home_of(const Draft *d, uint32_t column)
{
    size_t i = 0;
    while (people_column(&d->people->files[i], d->profile->columns[column].name) == PEOPLE_COLUMNS_MAX)
        i++;
    return &d->people->files[i];
}

/* What is called "Name" or "nom" and nothing more is the last name, if the first stands beside it and no other column
 * is the last. */
static void read_plain_name(Draft *d, const InputFile *home)
{
    if (next_of(d, MEANS_LAST) < d->profile->count)
        return;
    for (uint32_t k = 0; k < d->profile->count; k++) {
        Slice name = d->profile->columns[k].name;
        bool plain = slice_eq_nocase(name, SLICE("name")) || slice_eq_nocase(name, SLICE("nom"));
        if (plain && d->meanings[k] == MEANS_FULL_NAME && people_column(home, name) < PEOPLE_COLUMNS_MAX)
            d->meanings[k] = MEANS_LAST;
    }
}

/* A second given name in a column of its own is a middle name. */
static Status take_first(Draft *d, Error *err)
{
    uint32_t k = next_of(d, MEANS_FIRST);
    if (k == d->profile->count)
        return OK;
    TRY(add_field(d, k, FIELD_FIRST_NAME, "first_name", err));
    const InputFile *home = home_of(d, k);
    read_plain_name(d, home);
    while ((k = next_of(d, MEANS_FIRST)) < d->profile->count) {
        if (people_column(home, d->profile->columns[k].name) < PEOPLE_COLUMNS_MAX)
            TRY(add_field(d, k, FIELD_MIDDLE_NAME, "middle_name", err));
        else if (add_column(d, &d->config->fields[0], k))
            d->profile->columns[k].use = field_kind_name(FIELD_FIRST_NAME);
        else
            d->profile->columns[k].use = "no: a fifth column of first names";
    }
    return OK;
}

static bool is_count(const ColumnProfile *c, int64_t low, int64_t high)
{
    return c->digits >= MOSTLY && c->low >= low && c->high <= high;
}

/* A day of birth in one column, or in two or three. */
static Status take_birth(Draft *d, Error *err)
{
    for (uint32_t k; (k = next_of(d, MEANS_BIRTH)) < d->profile->count;) {
        if (d->profile->columns[k].dates < 0.5) {
            if (is_count(&d->profile->columns[k], 1850, 2100)) {
                d->meanings[k] = MEANS_BIRTH_YEAR;
                continue;
            }
            d->profile->columns[k].use = "no: hardly any date in it";
            continue;
        }
        FieldSpec *f = field_of_kind(d->config, FIELD_DATE);
        if (f && add_column(d, f, k))
            d->profile->columns[k].use = field_kind_name(FIELD_DATE);
        else
            TRY(add_field(d, k, FIELD_DATE, f ? NULL : "birth_date", err));
    }
    uint32_t year = next_of(d, MEANS_BIRTH_YEAR), month = next_of(d, MEANS_BIRTH_MONTH),
             day = next_of(d, MEANS_BIRTH_DAY);
    const ColumnProfile *all = d->profile->columns;
    if (year == d->profile->count || !is_count(&all[year], 0, 9999))
        return OK;
    bool whole = month < d->profile->count && day < d->profile->count && is_count(&all[month], 0, 99) &&
                 is_count(&all[day], 0, 99);
    TRY(add_field(d, year, whole ? FIELD_DATE : FIELD_NUMBER, whole ? "birth_date" : "birth_year", err));
    if (!whole)
        return OK;
    FieldSpec *f = &d->config->fields[d->config->field_count - 1];
    const uint32_t parts[] = {month, day};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (add_column(d, f, parts[i]))
            d->profile->columns[parts[i]].use = field_kind_name(FIELD_DATE);
    f->combine = true;
    return OK;
}

static Status take_address(Draft *d, Error *err)
{
    uint32_t house = next_of(d, MEANS_HOUSE), street = next_of(d, MEANS_STREET);
    if (street < d->profile->count) {
        TRY(add_field(d, house < d->profile->count ? house : street, FIELD_ADDRESS, "address", err));
        FieldSpec *f = &d->config->fields[d->config->field_count - 1];
        if (house < d->profile->count && add_column(d, f, street)) {
            f->combine = true;
            d->profile->columns[street].use = field_kind_name(FIELD_ADDRESS);
        }
    }
    /* a second line is a building, a part of town, an estate: often left out or written differently */
    for (uint32_t k; (k = next_of(d, MEANS_STREET)) < d->profile->count;) {
        TRY(add_field(d, k, FIELD_TEXT, NULL, err));
        d->config->fields[d->config->field_count - 1].shared = true;
    }
    return OK;
}

static Status take_numbers(Draft *d, Error *err)
{
    for (uint32_t k; (k = next_of(d, MEANS_SSN)) < d->profile->count;)
        TRY(add_field(d, k, d->profile->columns[k].nine >= MOSTLY ? FIELD_SSN : FIELD_IDENTIFIER, "ssn", err));
    for (uint32_t k; (k = next_of(d, MEANS_NUMBER)) < d->profile->count;) {
        const ColumnProfile *c = &d->profile->columns[k];
        if (c->length >= 5 && c->digits + c->letters > 0 && (double)c->distinct > 0.4 * (double)c->filled)
            TRY(add_field(d, k, FIELD_IDENTIFIER, NULL, err));
        else
            d->profile->columns[k].use = "no: too few different values for a person's number";
    }
    return OK;
}

static Status take_rest(Draft *d, Error *err)
{
    for (uint32_t k; (k = next_of(d, MEANS_STATE)) < d->profile->count;) {
        TRY(add_field(d, k, FIELD_CODE, NULL, err));
        d->config->fields[d->config->field_count - 1].shared = true;
    }
    for (uint32_t k = 0; k < d->profile->count; k++) {
        ColumnProfile *c = &d->profile->columns[k];
        if (c->use)
            continue;
        if (c->mails >= 0.5)
            TRY(add_field(d, k, FIELD_EMAIL, "email", err));
        else if (c->dates >= MOSTLY && !field_of_kind(d->config, FIELD_DATE))
            TRY(add_field(d, k, FIELD_DATE, NULL, err));
        else if (d->meanings[k] == MEANS_FULL_NAME && !field_of_kind(d->config, FIELD_LAST_NAME))
            TRY(add_field(d, k, FIELD_TEXT, "name", err));
        else
            c->use = "no: neither name nor values say what it is";
    }
    return OK;
}

/* --- record ids --------------------------------------------------------------------------------------------------- */

/* Is every value of the column there once, in each file that has it? */
static Status is_key(People *p, Slice column, bool *out, Error *err)
{
    *out = true;
    for (size_t i = 0; *out && i < p->file_count; i++) {
        const InputFile *f = &p->files[i];
        uint32_t c = people_column(f, column);
        int64_t wrong = 1;
        if (c == PEOPLE_COLUMNS_MAX) {
            *out = false;
            return OK;
        }
        Status st = db_value_i64(p->db, &wrong, err,
            "SELECT count(*) - count(DISTINCT nullif(trim(c%" PRIu32 "), '')) FROM %s", c, f->relation);
        if (st != OK)
            return people_failed(f, st, err);
        *out = wrong == 0;
    }
    return OK;
}

static Status take_records(Draft *d, Error *err)
{
    for (uint32_t k = 0; k < d->profile->count; k++) {
        ColumnProfile *c = &d->profile->columns[k];
        bool key = false;
        if (d->meanings[k] == MEANS_TRUTH)
            c->use = "no: it looks like an answer, not a question";
        if (d->meanings[k] != MEANS_RECORD)
            continue;
        if (d->input->id.len == 0)
            TRY(is_key(d->people, c->name, &key, err));
        if (key)
            d->input->id = c->name;
        c->use = key ? "id of the record" : "no: an id of something";
    }
    return OK;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static bool means_name(Meaning m)
{
    return m == MEANS_FIRST || m == MEANS_MIDDLE || m == MEANS_LAST || m == MEANS_FORMER_LAST;
}

static void look_over(Draft *d)
{
    for (uint32_t k = 0; k < d->profile->count; k++) {
        ColumnProfile *c = &d->profile->columns[k];
        d->meanings[k] = meaning_of(c->name);
        if (d->meanings[k] == MEANS_BIRTH_DAY && c->dates >= 0.5)
            d->meanings[k] = MEANS_BIRTH; /* "birthday" */
        if (is_named(d->input, c->name))
            c->use = slice_eq(d->input->id, c->name)       ? "id of the record"
                     : slice_eq(d->input->source, c->name) ? "name of the source"
                                                           : "truth";
        else if (holds_little(c))
            c->use = "no: nearly empty";
        else if (means_name(d->meanings[k]) && c->digits >= MOSTLY)
            c->use = "no: numbers, not names";
    }
}

Status suggest_config(People *p, Profile *profile, MatchConfig *config, MatchInput *input, Error *err)
{
    Draft d = {.people = p, .profile = profile, .config = config, .input = input};
    TRY(arena_new(&p->arena, Meaning, profile->count + 1, &d.meanings, err));
    if (profile->rows == 0)
        return error_set(err, ERR_INVALID, "the files hold no rows");
    look_over(&d);
    TRY(take_records(&d, err));
    TRY(take_first(&d, err));
    TRY(take_same(&d, MEANS_MIDDLE, FIELD_MIDDLE_NAME, "middle_name", err));
    TRY(take_same(&d, MEANS_LAST, FIELD_LAST_NAME, "last_name", err));
    TRY(take_same(&d, MEANS_FORMER_LAST, FIELD_LAST_NAME, "last_name", err));
    TRY(take_same(&d, MEANS_SUFFIX, FIELD_SUFFIX, "suffix", err));
    TRY(take_birth(&d, err));
    TRY(take_numbers(&d, err));
    TRY(take_same(&d, MEANS_SEX, FIELD_SEX, "sex", err));
    TRY(take_address(&d, err));
    TRY(take_same(&d, MEANS_CITY, FIELD_CITY, "city", err));
    TRY(take_same(&d, MEANS_POSTAL, FIELD_POSTAL_CODE, "postal_code", err));
    TRY(take_same(&d, MEANS_PHONE, FIELD_PHONE, "phone", err));
    TRY(take_same(&d, MEANS_EMAIL, FIELD_EMAIL, "email", err));
    TRY(take_rest(&d, err));
    if (config->field_count == 0) {
        Status st = error_set(err, ERR_INVALID, "no column looks like a person's name, date or number");
        error_hint(err, "Write a config that says what the columns are: docs/match.md.");
        return st;
    }
    FieldSpec *first = field_of_kind(config, FIELD_FIRST_NAME), *last = field_of_kind(config, FIELD_LAST_NAME);
    if (first && last)
        first->swap_with = (uint32_t)(last - config->fields);
    memcpy(input->missing, profile->missing, sizeof input->missing);
    input->missing_count = profile->missing_count;
    return OK;
}

void suggest_write(const Profile *profile, const MatchConfig *config, const MatchInput *input, Buf *out)
{
    buf_addf(out,
        "# Proposed from %" PRIu64 " rows. Columns, how full they are, how many different values a sample of\n"
        "# %" PRIu64 " rows has, and what they are used for:\n#\n",
        profile->rows, profile->count ? profile->columns[0].rows : 0);
    for (uint32_t k = 0; k < profile->count; k++) {
        const ColumnProfile *c = &profile->columns[k];
        size_t from = out->len;
        buf_adds(out, "#   ");
        for (size_t i = 0; i < c->name.len; i++)
            buf_addc(out, (unsigned char)c->name.ptr[i] < 0x20 ? ' ' : c->name.ptr[i]);
        buf_pad(out, ' ', out->len - from < 28 ? 28 - (out->len - from) : 0);
        buf_addf(out, " %5.1f %% %8" PRIu64 "  %s\n", c->rows ? 100.0 * (double)c->filled / (double)c->rows : 0,
            c->distinct, c->use ? c->use : "no");
    }
    match_config_write(config, input, out);
}
