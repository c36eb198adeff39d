/*
 * Files end to end: taken in, refused, denied, sent twice, corrected. The kill
 * test ends a process between any two steps and takes the file in again.
 */
#include "ingest_support.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER "State ID,Last Name,First Name,Birth Date,Sex,District,Grade,Amount,Employer,Entry,Exit\n"
#define GOOD1 "1000000001,Adams,Ann,01022005,2,0010,9,12.50,E-1,20230815,\n"
#define GOOD2 "1000000002,\"Baker, Jr\",Bo,12312004,1,0010,10,,E-1,20230815,20240101\n"
#define GOOD3 "1000000003,Cruz,,,2,0020,,7,,20230815,00000000\n"
#define DISTRICTS "Districts of the test\nCode,Name\n0010,Ten\n0020,Twenty\n"

static void assert_text(const char *got, const char *want)
{
    assert_string_equal(got, want);
}

/* --- a file that loads ----------------------------------------------------------------------------------------- */

static void test_good(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people", "people_2024.csv", HEADER GOOD1 GOOD2 GOOD3 "TRAILER,3\n");
    assert_int_equal(r.outcome, INGEST_LOADED);
    assert_int_equal(r.rows_read, 3);
    assert_int_equal(r.rows_accepted, 3);
    assert_int_equal(r.rows_rejected, 0);
    assert_int_equal(site_records(s), 3);
    assert_text(r.supersedes, "");
    assert_text(site_ask(s, r.load, "SELECT string_agg(column_name, ',') FROM (DESCRIBE FROM %s)"),
        "row_no,record_tag,sasid_token,district,grade,amount,employer,entry,exit,birth_year,scope_year");
    assert_text(site_ask(s, r.load, "SELECT string_agg(row_no, ',') FROM %s"), "1,2,3");
    assert_text(
        site_ask(s, r.load,
            "SELECT list([district, grade::VARCHAR, amount::VARCHAR, exit::VARCHAR, birth_year::VARCHAR]) FROM %s"),
        "[[0010, 9, 12.50, NULL, 2005], [0010, 10, NULL, 2024-01-01, 2004], [0020, NULL, 7.00, NULL, NULL]]");
    assert_text(
        site_ask(s, r.load,
            "SELECT count(DISTINCT record_tag) || '/' || count(DISTINCT employer) || '/' || count(employer) FROM %s"),
        "3/1/2");
    assert_text(site_ask(s, r.load, "SELECT DISTINCT scope_year FROM %s"), "2024");
    const char *receipt = site_file(s, "loads", r.load, "receipt.json");
    assert_non_null(strstr(receipt, "\"amount\": \"19.50\""));
    assert_non_null(strstr(receipt, "\"trailer_rows\": 1"));
    assert_non_null(strstr(receipt, "\"scope\": \"year=2024\""));
    /* the other source was never loaded, and one grade is missing: told, not refused */
    assert_text(site_file(s, "loads", r.load, "report.csv"),
        "row,line,field,rule,severity,message\n"
        ",,,district.known,warning,not checked: nothing of the other source was ever accepted\n"
        "3,4,grade,grade.known,warning,the grade is not given\n");
    assert_int_equal(r.warnings, 2);
}

static void test_derived_without_source_value(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people", "people_2024.csv", HEADER GOOD3);
    assert_text(site_ask(s, r.load, "SELECT birth_year FROM %s"), "NULL");
}

/* --- rows that do not ------------------------------------------------------------------------------------------ */

static void test_bad_rows(void **state)
{
    Site *s = *state;
    assert_int_equal(site_ingest_z(s, "ref_district", "d.csv", DISTRICTS).outcome, INGEST_LOADED);
    IngestResult r = site_ingest_z(s, "people", "people_2024.csv",
        HEADER GOOD1 GOOD2                                         /* 1, 2 */
        "0000000000,Dunn,,,1,0010,9,,,20230815,\n"                 /* 3 missing */
        "12345,Evans,,13012005,3,10,x,1.234,,20230815,2023\n"      /* 4 many */
        "1000000005,Flores,,,,0010,13,2000,,20230815,20230814\n"   /* 5 range; rules wait for fields */
        "1000000006,Flores,,,,0010,12,,,20230815,20230814\n"       /* 6 row rule */
        "1000000007,Green\n"                                       /* 7 cells missing */
        "1000000008,Hall,,,,0010,9,,,20230815,,extra\n"            /* 8 cells extra */
        "1000000001,Adams,Ann,01022005,2,0010,9,1,,20230815,\n"    /* 9 key */
        "1000000010,Ibarra,,,,0030,9,,,20230815,\n"                /* 10 cross */
        "1000000011,\"Jo\"x,,,,0010,9,,,20230815,\n"               /* 11 after quote */
        "1000000012,Kelly\xFF,,,,0010,9,,,20230815,\n"             /* 12 encoding */
        "1000000013,Abcdefghijklmnopqrstu,,,,0010,9,,,20230815,\n" /* 13 length */
        GOOD3                                                      /* 14, warning */
        "1000000015,Lee,,,,0010,9,,,20230815,\n"
        "1000000016,Moe,,,,0010,9,,,20230815,\n1000000017,Nye,,,,0010,9,,,20230815,\n"
        "1000000018,Oak,,,,0010,9,,,20230815,\n"
        "1000000019,Poe,,,,0010,9,,,20230815,\n1000000020,Quo,,,,0010,9,,,20230815,\n"
        "1000000021,Ray,,,,0010,9,,,20230815,\n1000000022,Sun,,,,0010,9,,,20230815,\n");
    assert_text(r.reason, "");
    assert_int_equal(r.outcome, INGEST_LOADED);
    assert_int_equal(r.rows_read, 22);
    assert_int_equal(r.rows_rejected, 11);
    assert_text(site_file(s, "loads", r.load, "report.csv"),
        "row,line,field,rule,severity,message\n"
        "3,4,sasid,required,error,the value is missing\n"
        "4,5,sasid,pattern,error,the value does not have the form required\n"
        "4,5,birth_date,type,error,the value is not a date of the form required\n"
        "4,5,sex_sent,code,error,the code is not on the list\n"
        "4,5,district,pattern,error,the value does not have the form required\n"
        "4,5,grade,type,error,the value is not a whole number\n"
        "4,5,amount,type,error,the value is not a number of the form required\n"
        "4,5,exit,type,error,the value is not a date of the form required\n"
        "5,6,grade,range,error,the value is outside the range allowed\n"
        "5,6,amount,range,error,the value is outside the range allowed\n"
        "6,7,exit,exit.after_entry,error,the exit is before the entry\n"
        "7,8,,cells-missing,error,the row has fewer fields than the layout\n"
        "8,9,,cells-extra,error,the row has more fields than the layout\n"
        "9,10,sasid,key.person,error,the person is in the file already\n"
        "10,11,district,district.known,error,there is no such district\n"
        "11,12,last_name,text-after-quote,error,there is text between a closing quote and the next field\n"
        "12,13,last_name,encoding,error,the field has bytes that do not belong to the file's encoding\n"
        "13,14,last_name,length,error,the value is longer than the field\n"
        "14,15,grade,grade.known,warning,the grade is not given\n");
    assert_int_equal(site_quarantined(s), 11);
    /* 11 accepted persons; the one of row 10 was rejected later and is not in the vault */
    assert_int_equal(site_records(s), 11);
    VaultPurpose purpose = {.purpose = "review", .agreement = "test"};
    Buf raw;
    buf_init(&raw, 0);
    assert_int_equal(vault_get_quarantine(s->vault, &purpose, slice_of(r.load), 11, &raw, NULL), OK);
    assert_text(buf_z(&raw), "1000000011,\"Jo\"x,,,,0010,9,,,20230815,");
    buf_free(&raw);
}

/* The reader does not look at regular expressions: a row that breaks nothing else has no raw text for SQL to judge, and
 * a value that has no type is not told again by its form. */
static const struct {
    const char *row;
    const char *findings;
} forms[] = {
    {"1000000002,Baker,,,,0010,9,,e1,20230815,\n",
        "2,3,employer,pattern,error,the value does not have the form required\n"},
    {"1000000002,Baker,,,,0010,9,,,20230815,\n", ""},
    {"1000000002,Baker,,,,0010,13,,e1,20230815,\n",
        "2,3,grade,range,error,the value is outside the range allowed\n"
        "2,3,employer,pattern,error,the value does not have the form required\n"},
    {"1000000002,,,,,0010,9,,e1,20230815,\n", "2,3,last_name,required,error,the value is missing\n"
                                              "2,3,employer,pattern,error,the value does not have the form required\n"},
    {"10000x0002,Baker,,,,0010,9,,E1,20230815,\n", "2,3,sasid,type,error,the value is not made of digits only\n"},
};

static void test_forms(void **state)
{
    Site *s = *state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const char *content;
        assert_int_equal(arena_printf(&s->arena, &content, NULL, HEADER GOOD1 "%s", forms[i].row), OK);
        IngestResult r = site_ingest_z(s, "people", "people_2024.csv", content);
        assert_int_equal(r.outcome, INGEST_LOADED);
        assert_int_equal(r.rows_rejected, forms[i].findings[0] ? 1 : 0);
        /* the whole-file findings come first */
        const char *found = strstr(site_file(s, "loads", r.load, "report.csv"), "2,3,");
        assert_text(found ? found : "", forms[i].findings);
    }
}

/* --- files that do not ----------------------------------------------------------------------------------------- */

typedef struct Refused {
    const char *source;
    const char *name;
    const char *content;
    const char *reason;
} Refused;

static const Refused refused[] = {
    {"people", "people_2024.csv", "", "the file is empty"},
    {"people", "people_2024.csv", HEADER, "the file has no rows"},
    {"people", "people.csv", HEADER GOOD1, "the file's name does not say which year it is about"},
    {"people", "people_2024.csv", "Last Name,District,Entry\nA,0010,20230815\n",
        "the header has no column \"State ID\", which the contract requires (line 1)"},
    {"people", "people_2024.csv", HEADER GOOD1 "1000000002,\"Baker\n", "the file ends inside a quoted field (line 3)"},
    {"people", "people_2024.csv", HEADER GOOD1 GOOD2 "1000000003,Ba",
        "the file is cut off: its last row has too few fields and no line end (line 4)"},
    {"people", "people_2024.csv", HEADER GOOD1 "x,y,,,,0010,,,,,\nz,y,,,,0010,,,,,\n",
        "2 of 3 rows are in error, the limit is 50 %: nothing was loaded"},
    {"people", "people_2024.csv", "SASID,State ID,Last Name,District,Entry\n1,2,A,0010,20230815\n",
        "the header has two columns for sasid (line 1)"},
    {"people", "people_2024.csv", "PK\x03\x04zip", "the file is a zip archive or a spreadsheet, not text"},
    {"people_fixed", "w.txt", "S123456789ADAMS100201904\nS1234567",
        "the file is cut off: its last record has 8 of 24 bytes (line 2)"},
    {"people_fixed", "w.txt", "S123456789ADAMS100201904\nS123456780BAKER100202001\n",
        "the file is about more than one quarter"},
    {"people_fixed", "w.txt", "A0000\nT0000\nX", "the file is cut off: its last record has 1 of 24 bytes (line 3)"},
    {"people_xml", "s.xml", "<I><Student><StudentUniqueId>1</StudentUniqueId></Student>",
        "the document is not well-formed XML (line 1)"},
    {"latin", "l.csv", "SSN;Name;Town;Color\n123456789;A;B;C\n",
        "the header has 1 column(s) that the contract does not know (line 1)"},
};

static void test_refused(void **state)
{
    Site *s = *state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        const Refused *k = &refused[i];
        IngestResult r = site_ingest_z(s, k->source, k->name, k->content);
        assert_text(r.reason, k->reason);
        assert_int_equal(r.outcome, INGEST_REFUSED);
        assert_non_null(strstr(site_file(s, "inbox-reports", r.load, "receipt.json"), "\"refused\""));
        assert_non_null(strstr(site_file(s, "inbox-reports", r.load, "report.csv"), ",file,error,"));
    }
    Loads loads = {0};
    assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
    assert_int_equal(loads.len, 0);
    assert_int_equal(site_records(s), 0);
    assert_int_equal(site_quarantined(s), 0);
    vec_free(&loads);
}

/* A header that is missing may be a row of data: nothing of it may reach report, receipt or ledger. */
static void test_no_values_told(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people", "people_2024.csv", "9999999999,Secret,Person\n" GOOD1);
    assert_int_equal(r.outcome, INGEST_REFUSED);
    assert_null(strstr(site_file(s, "inbox-reports", r.load, "report.csv"), "Secret"));
    assert_null(strstr(site_file(s, "inbox-reports", r.load, "receipt.json"), "Secret"));
}

static void test_refused_again(void **state)
{
    Site *s = *state;
    LedgerEntries entries = {0};
    site_ingest_z(s, "people", "people_2024.csv", HEADER);
    IngestResult r = site_ingest_z(s, "people", "people_2024.csv", HEADER);
    assert_int_equal(r.outcome, INGEST_REFUSED);
    assert_int_equal(ledger_list(s->ledger, "load.refused", &s->arena, &entries, NULL), OK);
    assert_int_equal(entries.len, 1);
    vec_free(&entries);
}

static void test_denied(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "unagreed", "u.csv", "ID,Extra\n123456789,x\n");
    assert_int_equal(r.outcome, INGEST_DENIED);
    assert_true(r.reason[0] != '\0');
    r = site_ingest_z(s, "uncovered", "u.csv", "ID,Extra\n123456789,x\n");
    assert_int_equal(r.outcome, INGEST_DENIED);
    assert_non_null(strstr(r.reason, "extra"));
    assert_int_equal(site_records(s), 0);
    LedgerEntry last;
    assert_int_equal(ledger_last(s->ledger, "load.refused", SLICE("uncovered"), &s->arena, &last, NULL), OK);
    /* nobody needs to have read the file: it may not even exist */
    Error err = ERROR_INIT;
    assert_int_equal(ingest_file(&s->ctx, SLICE("unagreed"), site_path(s, "missing.csv"), &r, &err), OK);
    assert_int_equal(r.outcome, INGEST_DENIED);
}

static void test_not_the_files_fault(void **state)
{
    Site *s = *state;
    IngestResult r;
    Error err = ERROR_INIT;
    assert_int_equal(ingest_file(&s->ctx, SLICE("people"), site_path(s, "missing.csv"), &r, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(ingest_file(&s->ctx, SLICE("nobody"), site_path(s, "missing.csv"), &r, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(ingest_file(&s->ctx, SLICE("people"), s->root, &r, &err), ERR_IO);
}

/* --- sent again ------------------------------------------------------------------------------------------------ */

static void test_sent_twice(void **state)
{
    Site *s = *state;
    IngestResult a = site_ingest_z(s, "people", "people_2024.csv", HEADER GOOD1 GOOD2);
    IngestResult b = site_ingest_z(s, "people", "people_again_2024.csv", HEADER GOOD1 GOOD2);
    assert_int_equal(b.outcome, INGEST_ALREADY);
    assert_text(a.load, b.load);
    assert_int_equal(b.rows_accepted, 2);
}

static void test_resubmission(void **state)
{
    Site *s = *state;
    IngestResult a = site_ingest_z(s, "people", "people_2024.csv", HEADER GOOD1 GOOD2);
    IngestResult other = site_ingest_z(s, "people", "people_2025.csv", HEADER GOOD1);
    IngestResult b = site_ingest_z(s, "people", "people_v2_2024.csv", HEADER GOOD1 GOOD3);
    assert_int_equal(b.outcome, INGEST_LOADED);
    assert_text(b.supersedes, a.load);
    assert_text(other.supersedes, "");
    assert_int_equal(site_records(s), 3);
    Loads loads = {0};
    assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
    assert_int_equal(loads.len, 3);
    for (size_t i = 0; i < loads.len; i++)
        assert_int_equal(loads.at[i].superseded_by.len > 0, slice_eq_z(loads.at[i].id, a.load));
    vec_free(&loads);
    /* the same identity has the same tag in both */
    assert_text(site_ask(s, a.load, "SELECT record_tag FROM %s WHERE row_no = 1"),
        site_ask(s, b.load, "SELECT record_tag FROM %s WHERE row_no = 1"));
}

/* --- formats --------------------------------------------------------------------------------------------------- */

/* An old file that comes again stays superseded, until somebody says otherwise; then it is a load of its own. */
static void test_reinstated(void **state)
{
    Site *s = *state;
    Loads loads = {0};
    LedgerEntry entry;
    const char *first = HEADER GOOD1 GOOD2 "bad,row,,,,0010,,,,,\n";
    IngestResult a = site_ingest_z(s, "people", "people_2023.csv", first);
    IngestResult b = site_ingest_z(s, "people", "people_2023.csv", HEADER GOOD1);
    assert_text(b.supersedes, a.load);
    IngestResult again = site_ingest_z(s, "people", "people_2023.csv", first);
    assert_int_equal(again.outcome, INGEST_ALREADY);
    assert_text(again.superseded_by, b.load);

    const char *path = site_path(s, "people_2023.csv");
    IngestResult back;
    assert_int_equal(ingest_reinstate(&s->ctx, SLICE("people"), path, &back, NULL), OK);
    assert_int_equal(back.outcome, INGEST_LOADED);
    assert_text(back.supersedes, b.load);
    assert_text(back.reinstates, a.load);
    assert_true(strcmp(back.load, a.load) != 0);
    assert_int_equal(back.rows_accepted, 2);
    assert_text(site_ask(s, back.load, "SELECT count(*) FROM %s"), "2");
    assert_int_equal(site_quarantined(s), 2); /* one a load */
    assert_non_null(strstr(site_file(s, "loads", back.load, "receipt.json"), "\"reinstates\": \""));
    assert_int_equal(ledger_last(s->ledger, "load.accepted", slice_of(back.load), &s->arena, &entry, NULL), OK);
    assert_true(slice_find(entry.body, SLICE("\"reinstates\":\"")) < entry.body.len);

    assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
    assert_int_equal(loads.len, 3);
    for (size_t i = 0; i < loads.len; i++)
        assert_int_equal(loads.at[i].superseded_by.len == 0, slice_eq_z(loads.at[i].id, back.load));
    vec_free(&loads);

    /* it is in force now: nothing to do, with and without the option */
    assert_int_equal(ingest_reinstate(&s->ctx, SLICE("people"), path, &again, NULL), OK);
    assert_int_equal(again.outcome, INGEST_ALREADY);
    assert_text(again.superseded_by, "");
    assert_text(again.load, back.load);

    /* and back and forth: b, then a for the third time */
    IngestResult other;
    const char *path_b = site_write(s, "people_2023.csv", slice_of(HEADER GOOD1));
    assert_int_equal(ingest_reinstate(&s->ctx, SLICE("people"), path_b, &other, NULL), OK);
    assert_text(other.reinstates, b.load);
    assert_text(other.supersedes, back.load);
    assert_int_equal(site_ingest_z(s, "people", "people_2023.csv", first).outcome, INGEST_ALREADY);
    assert_int_equal(ingest_reinstate(&s->ctx, SLICE("people"), path, &again, NULL), OK);
    assert_text(again.reinstates, a.load);
    assert_text(again.supersedes, other.load);
    assert_true(strcmp(again.load, back.load) != 0);

    /* one that was never taken loads as any */
    path = site_write(s, "people_2022.csv", slice_of(HEADER GOOD2));
    assert_int_equal(ingest_reinstate(&s->ctx, SLICE("people"), path, &again, NULL), OK);
    assert_int_equal(again.outcome, INGEST_LOADED);
    assert_text(again.reinstates, "");
}

static void test_columns(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people", "people_2024.csv",
        "\xEF\xBB\xBF"
        "color,ENTRY,district,LAST_NAME,sasid\r\nred,20230815,0010,Adams,1000000001\r\n");
    assert_int_equal(r.outcome, INGEST_LOADED);
    assert_text(site_ask(s, r.load, "SELECT entry FROM %s"), "2023-08-15");
    const char *report = site_file(s, "loads", r.load, "report.csv");
    assert_non_null(strstr(report, ",,color,column,warning,the contract does not know this column"));
    assert_non_null(strstr(report, ",,grade,column,warning,the file does not have this column"));
}

static void test_fixed(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people_fixed", "w.txt",
        "A000000000HEAD 000201904\r\n"
        "S123456789ADAMS100201904\r\n"
        "S123456780B\xF1KER250122019\r\n"
        "S12345678xCOOPE250201904\r\n"
        "S123456781DUNN\r\n");
    assert_text(r.reason, "");
    assert_int_equal(r.outcome, INGEST_LOADED);
    assert_int_equal(r.rows_read, 4);
    assert_int_equal(r.rows_accepted, 2);
    assert_text(
        site_ask(s, r.load, "SELECT sum(wages) || ' ' || min(quarter) || ' ' || max(row_no) FROM %s"), "3.50 8079 2");
    assert_text(site_file(s, "loads", r.load, "report.csv"),
        "row,line,field,rule,severity,message\n"
        "3,4,ssn,type,error,the value is not made of digits only\n"
        "4,5,,record-length,error,the record does not have the length of the layout\n");
    assert_non_null(strstr(site_file(s, "loads", r.load, "receipt.json"), "\"quarter=8079\""));
}

/* Scopes that are numbers, of any length and sometimes not told, are kept as the text of them; the same whether a rule
 * over rows reads them as text or the sink writes them. */
static void test_number_scopes(void **state)
{
    static const char *const sources[] = {"batches", "batches_named"};
    Site *s = *state;
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        IngestResult r = site_ingest_z(s, sources[i], "b.csv",
            "Batch,Step,Id\n"
            "1234567890123456,-7,1\n"
            "1234567890123456,-7,2\n"
            ",-7,3\n"
            "1234567890123456,,4\n"
            "1234567890123456,-7,1\n");
        assert_text(r.reason, "");
        assert_int_equal(r.outcome, INGEST_LOADED);
        assert_int_equal(r.rows_accepted, 4);
        assert_text(site_ask(s, r.load,
                        "SELECT string_agg(coalesce(scope_batch, '-') || ' ' || coalesce(scope_step, '-'), ',' "
                        "ORDER BY row_no) FROM %s"),
            "1234567890123456 -7,1234567890123456 -7,- -7,1234567890123456 -");
        assert_text(site_ask(s, r.load, "SELECT typeof(max(scope_step)) FROM %s"), "VARCHAR");
        assert_non_null(strstr(site_file(s, "loads", r.load, "receipt.json"), "\"batch=1234567890123456,step=-7\""));
    }
}

static void test_fixed_unbroken(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people_fixed", "w.txt", "S123456789ADAMS100201904S123456780BAKER250201904");
    assert_text(r.reason, "");
    assert_int_equal(r.rows_accepted, 2);
}

static void test_xml(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "people_xml", "s.xml",
        "<?xml version=\"1.0\"?>\n<I xmlns=\"http://ed-fi.org/5.2.0\">\n"
        "<Student><StudentUniqueId>1</StudentUniqueId><Name><LastSurname>Adams</LastSurname></Name>"
        "<Race>uri://ed-fi.org/RaceDescriptor#White</Race><Race>Asian</Race>"
        "<EntryGradeLevel><CodeValue>Ninth grade</CodeValue></EntryGradeLevel></Student>\n"
        "<Student><StudentUniqueId>2</StudentUniqueId>"
        "<EntryGradeLevel>uri://x#Eleventh grade</EntryGradeLevel></Student>\n"
        "<Student><StudentUniqueId>3</StudentUniqueId>"
        "<EntryGradeLevel>uri://x#Tenth grade</EntryGradeLevel></Student>\n"
        "</I>\n");
    assert_text(r.reason, "");
    assert_int_equal(r.rows_read, 3);
    assert_int_equal(r.rows_accepted, 2);
    assert_text(site_ask(s, r.load, "SELECT list([race, grade]) FROM %s"), "[[White;Asian, 09], [NULL, 10]]");
    assert_text(site_file(s, "loads", r.load, "report.csv"),
        "row,line,field,rule,severity,message\n2,4,grade,code,error,the code is not on the list\n");
    VaultPurpose purpose = {.purpose = "review", .agreement = "test"};
    Buf raw;
    buf_init(&raw, 0);
    assert_int_equal(vault_get_quarantine(s->vault, &purpose, slice_of(r.load), 2, &raw, NULL), OK);
    assert_non_null(strstr(buf_z(&raw), "Eleventh grade"));
    buf_free(&raw);
}

static void test_windows_1252(void **state)
{
    Site *s = *state;
    IngestResult r = site_ingest_z(s, "latin", "l.csv",
        "SSN;Name;Town\n123456789;Mu\xF1oz;Ca\xF1on City\n123456780;O\x92"
        "Brien;D\x81nver\n123456781;;\n");
    assert_text(r.reason, "");
    assert_int_equal(r.rows_accepted, 2);
    assert_text(site_ask(s, r.load, "SELECT town FROM %s WHERE row_no = 1"), "Ca\xC3\xB1on City");
    assert_non_null(strstr(site_file(s, "loads", r.load, "report.csv"), "2,3,town,encoding,error,"));
}

/* --- independence of threads ----------------------------------------------------------------------------------- */

static const char *big_file(Site *s, size_t rows, Slice *out)
{
    Buf text;
    Rng rng;
    buf_init(&text, 0);
    rng_init(&rng, 7, 0);
    buf_adds(&text, HEADER);
    for (size_t i = 0; i < rows; i++)
        buf_addf(&text, "%010u,\"Name %u\nx\",F%u,%02u%02u%04u,%u,%04u,%u,%u.%02u,E%u,20230815,\n",
            1000000000u + (unsigned)(i / 3), (unsigned)rng_below(&rng, 5000), (unsigned)i,
            (unsigned)rng_below(&rng, 13), 1 + (unsigned)rng_below(&rng, 28), 1990 + (unsigned)rng_below(&rng, 20),
            1 + (unsigned)rng_below(&rng, 2), (unsigned)(i % 4), (unsigned)rng_below(&rng, 13),
            (unsigned)rng_below(&rng, 10) / 9, (unsigned)rng_below(&rng, 30), (unsigned)rng_below(&rng, 50));
    assert_int_equal(arena_dup(&s->arena, buf_slice(&text), out, NULL), OK);
    buf_free(&text);
    return out->ptr;
}

static void test_threads(void **state)
{
    Site *s = *state;
    Slice content;
    const char *names[] = {"rows.parquet", "report.csv", "receipt.json"};
    Slice first[COUNT_OF(names)];
    big_file(s, 150000, &content); /* two parts, two row groups: one of them has rows of both */
    for (unsigned threads = 1; threads <= 4; threads++) {
        home_override(s->home, threads, 0);
        IngestResult r = site_ingest(s, "people", "people_2024.csv", content);
        assert_text(r.reason, "");
        assert_int_equal(r.outcome, INGEST_LOADED);
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            Buf bytes;
            Slice kept;
            const char *path;
            buf_init(&bytes, 0);
            assert_int_equal(
                arena_printf(&s->arena, &path, NULL, "%s/home/loads/%s/%s", s->root, r.load, names[i]), OK);
            assert_int_equal(file_read(path, 0, &bytes, NULL), OK);
            assert_int_equal(arena_dup(&s->arena, buf_slice(&bytes), &kept, NULL), OK);
            buf_free(&bytes);
            if (threads == 1)
                first[i] = kept;
            else
                assert_true(slice_eq(first[i], kept));
        }
        /* a fresh ledger and vault under the same keys */
        site_close(s);
        assert_int_equal(rename(site_path(s, "home"), site_path(s, "old")), 0);
        HomeSettings settings = HOME_SETTINGS_INIT;
        settings.policy_dir = "/nowhere";
        assert_int_equal(home_create(site_path(s, "home"), &settings, site_path(s, "old/keys"), NULL), OK);
        assert_int_equal(dir_remove(site_path(s, "old"), NULL), OK);
        site_open(s);
    }
}

/* --- killed between steps -------------------------------------------------------------------------------------- */

#define FAULT(n) \
    static Status die_at_##n(IngestStep step, Error *err) \
    { \
        UNUSED(err); \
        if (step == (IngestStep)(n)) \
            raise(SIGKILL); \
        return OK; \
    }
FAULT(0)
FAULT(1)
FAULT(2)
FAULT(3)
FAULT(4)
FAULT(5)
FAULT(6)
FAULT(7)

static Status (*const faults[STEP_COUNT])(IngestStep step, Error *err) = {
    die_at_0, die_at_1, die_at_2, die_at_3, die_at_4, die_at_5, die_at_6, die_at_7};

static const char killed_file[] = HEADER GOOD1 GOOD2 GOOD3 "bad,row,,,,0010,,,,,\n";

static void die_in_child(Site *s, size_t step, const char *path)
{
    site_close(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        IngestResult r;
        site_open(s);
        IngestOptions options = {.fault = faults[step]};
        Status st = ingest_file_with(&s->ctx, SLICE("people"), path, &options, &r, NULL);
        _exit(st == OK ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    site_open(s);
}

static void test_killed(void **state)
{
    Site *s = *state;
    for (size_t step = 0; step < STEP_COUNT; step++) {
        char name[40];
        snprintf(name, sizeof name, "people_%04zu.csv", 2000 + step);
        /* distinct content a step, so that each is a load of its own */
        Buf text;
        buf_init(&text, 0);
        buf_adds(&text, killed_file);
        buf_addf(&text, "10000001%02zu,Extra,,,,0010,9,,,20230815,\n", step);
        const char *path = site_write(s, name, buf_slice(&text));
        buf_free(&text);
        uint64_t records = site_records(s);
        uint64_t quarantined = site_quarantined(s);
        die_in_child(s, step, path);
        IngestResult r;
        Error err = ERROR_INIT;
        assert_int_equal(ingest_file(&s->ctx, SLICE("people"), path, &r, &err), OK);
        assert_int_equal(r.outcome, step == STEP_RECORDED ? INGEST_ALREADY : INGEST_LOADED);
        assert_int_equal(r.rows_accepted, 4);
        assert_int_equal(r.rows_rejected, 1);
        assert_text(site_ask(s, r.load, "SELECT count(*) FROM %s"), "4");
        assert_int_equal(site_records(s), records + (step == 0 ? 4 : 1));
        assert_int_equal(site_quarantined(s), quarantined + 1);
        Loads loads = {0};
        assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
        assert_int_equal(loads.len, step + 1);
        vec_free(&loads);
    }
    uint64_t entries;
    assert_int_equal(ledger_verify(s->ledger, &entries, NULL), OK);
}

/* A step that fails without killing leaves nothing that counts. */
static Status fail_in_vault(IngestStep step, Error *err)
{
    return step == STEP_VAULT_OPEN ? error_set(err, ERR_IO, "made to fail") : OK;
}

static void test_failed_step(void **state)
{
    Site *s = *state;
    IngestResult r;
    Error err = ERROR_INIT;
    IngestOptions options = {.fault = fail_in_vault};
    const char *path = site_write(s, "people_2024.csv", slice_of(killed_file));
    assert_int_equal(ingest_file_with(&s->ctx, SLICE("people"), path, &options, &r, &err), ERR_IO);
    assert_int_equal(site_records(s), 0);
    assert_int_equal(site_quarantined(s), 0);
    assert_int_equal(ingest_file(&s->ctx, SLICE("people"), path, &r, &err), OK);
    assert_int_equal(r.outcome, INGEST_LOADED);
}

/* --- the inbox ------------------------------------------------------------------------------------------------- */

typedef struct Tally {
    int outcomes[4];
    char order[200];
} Tally;

static Status tally(const IngestResult *result, const char *path, void *arg, Error *err)
{
    UNUSED(path);
    UNUSED(err);
    Tally *t = arg;
    t->outcomes[result->outcome]++;
    size_t used = strlen(t->order);
    snprintf(t->order + used, sizeof t->order - used, "%s ", result->source);
    return OK;
}

static void test_inbox(void **state)
{
    Site *s = *state;
    static const char *const folders[] = {
        "inbox/people", "inbox/ref_district", "inbox/people_fixed", "inbox/strangers"};
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        assert_int_equal(dir_make(site_path(s, folders[i]), MODE_DIR_PRIVATE, NULL), OK);
    site_write(s, "inbox/people/people_2024.csv", SLICE(HEADER GOOD1));
    site_write(s, "inbox/people/people_2025.csv", SLICE(HEADER));
    site_write(s, "inbox/people/people_2026.csv.part", SLICE("half"));
    site_write(s, "inbox/people/.hidden", SLICE("x"));
    site_write(s, "inbox/people_fixed/w.txt", SLICE("S123456789ADAMS100201904\n"));
    site_write(s, "inbox/ref_district/d.csv", SLICE(DISTRICTS));
    site_write(s, "inbox/strangers/x.csv", SLICE("x"));
    Tally t = {0};
    assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), tally, &t, NULL), OK);
    assert_text(t.order, "ref_district people_fixed people people ");
    assert_int_equal(t.outcomes[INGEST_LOADED], 3);
    assert_int_equal(t.outcomes[INGEST_REFUSED], 1);
    t = (Tally){0};
    assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), tally, &t, NULL), OK);
    assert_int_equal(t.outcomes[INGEST_ALREADY], 4);
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(test_good),
        SITE_TEST(test_derived_without_source_value),
        SITE_TEST(test_bad_rows),
        SITE_TEST(test_forms),
        SITE_TEST(test_refused),
        SITE_TEST(test_no_values_told),
        SITE_TEST(test_refused_again),
        SITE_TEST(test_denied),
        SITE_TEST(test_not_the_files_fault),
        SITE_TEST(test_sent_twice),
        SITE_TEST(test_resubmission),
        SITE_TEST(test_reinstated),
        SITE_TEST(test_columns),
        SITE_TEST(test_fixed),
        SITE_TEST(test_number_scopes),
        SITE_TEST(test_fixed_unbroken),
        SITE_TEST(test_xml),
        SITE_TEST(test_windows_1252),
        SITE_TEST(test_threads),
        SITE_TEST(test_killed),
        SITE_TEST(test_failed_step),
        SITE_TEST(test_inbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
