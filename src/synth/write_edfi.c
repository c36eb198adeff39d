/*
 * Ed-Fi Data Standard 5.2 bulk XML as a small district's student information system exports it: descriptors as URIs,
 * ids without leading zeros, the school's number behind the district's.
 */
#include "synth/writers.h"

static Buf *file_of(Scribe *s, uint32_t school, EdfiKind kind, uint32_t *file)
{
    const Params *q = &s->w->p;
    Slice code = s->w->districts[s->w->schools[school].district].code;
    for (uint32_t d = 0; d < q->edfi_district_count; d++)
        if (slice_eq(q->edfi_districts[d], code)) {
            *file = s->plan->edfi[d][kind];
            return *file == NO_FILE ? NULL : &s->sink->files[*file];
        }
    return NULL;
}

static void text_element(Buf *b, const char *tag, Slice s)
{
    buf_addc(b, '<');
    buf_adds(b, tag);
    buf_addc(b, '>');
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '&')
            buf_adds(b, "&amp;");
        else if (s.ptr[i] == '<')
            buf_adds(b, "&lt;");
        else
            buf_addc(b, s.ptr[i]);
    buf_adds(b, "</");
    buf_adds(b, tag);
    buf_adds(b, ">\n");
}

static void date_element(Buf *b, const char *tag, Date d)
{
    char text[11];
    date_print(d, text);
    text_element(b, tag, (Slice){text, 10});
}

static void descriptor_element(Buf *b, const char *tag, const char *descriptor, const char *value)
{
    buf_addc(b, '<');
    buf_adds(b, tag);
    buf_adds(b, ">uri://ed-fi.org/");
    buf_adds(b, descriptor);
    buf_addc(b, '#');
    buf_adds(b, value);
    buf_adds(b, "</");
    buf_adds(b, tag);
    buf_adds(b, ">\n");
}

static void student_reference(Buf *b, uint64_t sasid)
{
    char id[10];
    put_digits(id, sasid, 10);
    buf_adds(b, "<StudentReference><StudentIdentity>\n");
    text_element(b, "StudentUniqueId", (Slice){id, 10});
    buf_adds(b, "</StudentIdentity></StudentReference>\n");
}

static Slice without_zeros(Slice s)
{
    while (s.len > 1 && s.ptr[0] == '0')
        s = slice_sub(s, 1, s.len);
    return s;
}

static void district_reference(Scribe *s, Buf *b, uint32_t school)
{
    buf_adds(b, "<EducationOrganizationReference><EducationOrganizationIdentity>\n");
    text_element(b, "EducationOrganizationId", without_zeros(s->w->districts[s->w->schools[school].district].code));
    buf_adds(b, "</EducationOrganizationIdentity></EducationOrganizationReference>\n");
}

static void school_reference(Scribe *s, Buf *b, uint32_t school)
{
    char id[16];
    Slice district = without_zeros(s->w->districts[s->w->schools[school].district].code),
          code = s->w->schools[school].code;
    ASSERT(district.len + code.len <= sizeof id);
    memcpy(id, district.ptr, district.len);
    memcpy(id + district.len, code.ptr, code.len);
    buf_adds(b, "<SchoolReference><SchoolIdentity>\n");
    text_element(b, "SchoolId", (Slice){id, district.len + code.len});
    buf_adds(b, "</SchoolIdentity></SchoolReference>\n");
}

static const char *sex_value(char sex)
{
    return sex == 'F' ? "Female" : sex == 'M' ? "Male" : "Not Selected";
}

static void write_student(Buf *b, const SchoolYear *y, const Known *k)
{
    char id[10];
    put_digits(id, y->sasid, 10);
    buf_adds(b, "<Student>\n");
    text_element(b, "StudentUniqueId", (Slice){id, 10});
    buf_adds(b, "<Name>\n");
    text_element(b, "FirstName", span(k->first));
    if (k->middle[0])
        text_element(b, "MiddleName", span(k->middle));
    text_element(b, "LastSurname", span(k->last));
    if (k->suffix.len)
        text_element(b, "GenerationCodeSuffix", k->suffix);
    buf_adds(b, "</Name>\n<BirthData>\n");
    date_element(b, "BirthDate", k->birth);
    descriptor_element(b, "BirthSex", "SexDescriptor", sex_value(k->sex));
    buf_adds(b, "</BirthData>\n</Student>\n");
}

static void characteristic(Buf *b, bool on, const char *value)
{
    if (!on)
        return;
    buf_adds(b, "<StudentCharacteristic>\n");
    descriptor_element(b, "StudentCharacteristic", "StudentCharacteristicDescriptor", value);
    buf_adds(b, "</StudentCharacteristic>\n");
}

static void write_edorg(Scribe *s, Buf *b, const Person *p, const SchoolYear *y, uint32_t school)
{
    static const struct {
        Race bit;
        const char *value;
    } races[] = {{RACE_AMERICAN_INDIAN, "American Indian - Alaska Native"}, {RACE_ASIAN, "Asian"},
        {RACE_BLACK, "Black - African American"}, {RACE_PACIFIC, "Native Hawaiian - Pacific Islander"},
        {RACE_WHITE, "White"}};
    buf_adds(b, "<StudentEducationOrganizationAssociation>\n");
    student_reference(b, y->sasid);
    district_reference(s, b, school);
    descriptor_element(b, "Sex", "SexDescriptor", sex_value(p->sex));
    text_element(b, "HispanicLatinoEthnicity", p->hispanic ? SLICE("true") : SLICE("false"));
    for (size_t i = 0; i < COUNT_OF(races); i++)
        if (p->race & races[i].bit)
            descriptor_element(b, "Race", "RaceDescriptor", races[i].value);
    characteristic(b, y->flags & FLAG_LOW_INCOME, "Economic Disadvantaged");
    characteristic(b, y->flags & FLAG_MIGRANT, "Migrant");
    characteristic(b, y->flags & FLAG_HOMELESS, "Homeless");
    characteristic(b, y->flags & FLAG_FOSTER, "Foster Care");
    characteristic(b, y->flags & FLAG_GIFTED, "Gifted and Talented");
    descriptor_element(b, "LimitedEnglishProficiency", "LimitedEnglishProficiencyDescriptor",
        y->flags & FLAG_ENGLISH_LEARNER ? "Limited" : "NotLimited");
    if (y->flags & FLAG_DISABILITY) {
        buf_adds(b, "<Disability>\n");
        descriptor_element(b, "Disability", "DisabilityDescriptor", "Specific Learning Disability");
        buf_adds(b, "</Disability>\n");
    }
    buf_adds(b, "</StudentEducationOrganizationAssociation>\n");
}

static void write_program(
    Scribe *s, const Person *p, const SchoolYear *y, uint32_t school, const char *element, const char *type)
{
    uint32_t file = NO_FILE;
    Buf *b = file_of(s, school, EDFI_PROGRAM, &file);
    if (!b)
        return;
    buf_addc(b, '<');
    buf_adds(b, element);
    buf_adds(b, ">\n");
    student_reference(b, y->sasid);
    district_reference(s, b, school);
    buf_adds(b, "<ProgramReference><ProgramIdentity>\n");
    text_element(b, "ProgramName", span(type));
    descriptor_element(b, "ProgramType", "ProgramTypeDescriptor", type);
    buf_adds(b, "</ProgramIdentity></ProgramReference>\n");
    date_element(b, "BeginDate", date_of(y->year - 1, 8, 25));
    date_element(b, "EndDate", date_of(y->year, 5, 15));
    buf_adds(b, "</");
    buf_adds(b, element);
    buf_adds(b, ">\n");
    sink_count(s->sink, file, p->id);
}

void write_edfi_year(Scribe *s, const Person *p, const SchoolYear *y, const Spell *e, const Known *k)
{
    uint32_t file = NO_FILE;
    Buf *b = file_of(s, e->school, EDFI_STUDENT, &file);
    if (!b)
        return;
    write_student(b, y, k);
    sink_count(s->sink, file, p->id);
    b = file_of(s, e->school, EDFI_EDORG, &file);
    if (!b)
        return;
    write_edorg(s, b, p, y, e->school);
    sink_count(s->sink, file, p->id);
    if (y->programs & PROGRAM_CTE)
        write_program(s, p, y, e->school, "StudentCTEProgramAssociation", "Career and Technical Education");
    if (y->programs & PROGRAM_EARLY_COLLEGE)
        write_program(s, p, y, e->school, "StudentProgramAssociation", "Early College");
}

static const char *exit_value(ExitKind kind)
{
    switch (kind) {
    case EXIT_YEAR_END:
        return "End of school year";
    case EXIT_SAME_DISTRICT:
    case EXIT_OTHER_DISTRICT:
    case EXIT_LEFT_VERIFIED:
        return "Transferred";
    case EXIT_LEFT_UNVERIFIED:
        return "Withdrawn";
    case EXIT_DROPOUT:
    case EXIT_SUMMER_DROPOUT:
        return "Dropout";
    case EXIT_GRADUATED:
        return "Graduated";
    case EXIT_CERTIFICATE:
    case EXIT_EQUIVALENCY:
        return "Completed";
    case EXIT_DIED:
        return "Died or is permanently incapacitated";
    case EXIT_KIND_COUNT:
        break;
    }
    return "Other";
}

void write_edfi_spell(Scribe *s, const Person *p, const SchoolYear *y, const Spell *e)
{
    static const char *const grades[13] = {"Kindergarten", "First grade", "Second grade", "Third grade", "Fourth grade",
        "Fifth grade", "Sixth grade", "Seventh grade", "Eighth grade", "Ninth grade", "Tenth grade", "Eleventh grade",
        "Twelfth grade"};
    uint32_t file = NO_FILE;
    Buf *b = e->entry == DATE_NONE ? NULL : file_of(s, e->school, EDFI_ENROLLMENT, &file);
    if (!b)
        return;
    char years[9];
    put_digits(years, (uint64_t)(y->year - 1), 4);
    years[4] = '-';
    put_digits(years + 5, (uint64_t)y->year, 4);
    buf_adds(b, "<StudentSchoolAssociation>\n");
    student_reference(b, y->sasid);
    school_reference(s, b, e->school);
    text_element(b, "SchoolYear", (Slice){years, 9});
    date_element(b, "EntryDate", e->entry);
    descriptor_element(b, "EntryGradeLevel", "GradeLevelDescriptor", grades[e->grade]);
    if (e->exit != DATE_NONE) {
        date_element(b, "ExitWithdrawDate", e->exit);
        descriptor_element(b, "ExitWithdrawType", "ExitWithdrawTypeDescriptor", exit_value(e->kind));
    }
    buf_adds(b, "</StudentSchoolAssociation>\n");
    sink_count(s->sink, file, p->id);
}
