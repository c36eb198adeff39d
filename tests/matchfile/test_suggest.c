/* What is proposed for columns of many names and contents, and that rows in another order give the same proposal. */
#include "matchfile/matchfile.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Folder {
    char path[64];
    char file[80];
} Folder;

static void folder_make(Folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/cairn-suggest-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->file, sizeof f->file, "%s/people.csv", f->path);
}

static void folder_remove(Folder *f)
{
    assert_int_equal(dir_remove(f->path, NULL), OK);
}

/* The proposal for a file of this header and rows; backwards: the rows in reverse order. */
typedef enum RowOrder { FORWARD, BACKWARD } RowOrder;
static void propose(const char *header, const char *const *rows, size_t count, RowOrder order, Buf *out)
{
    Folder folder;
    Buf text;
    Error err = ERROR_INIT;
    folder_make(&folder);
    buf_init(&text, 0);
    buf_addf(&text, "%s\n", header);
    for (size_t i = 0; i < count; i++)
        buf_addf(&text, "%s\n", rows[order == FORWARD ? i : count - 1 - i]);
    assert_int_equal(file_write(folder.file, buf_slice(&text), MODE_PRIVATE, &err), OK);
    const char *const paths[] = {folder.file};
    MatchFileOptions o = MATCH_FILE_OPTIONS_INIT;
    o.paths = paths;
    o.path_count = 1;
    o.threads = 1;
    o.progress = PROGRESS_OFF;
    buf_reset(out);
    Status st = matchfile_suggest(&o, out, &err);
    if (st != OK)
        fail_msg("%s: %s", header, err.message);
    buf_free(&text);
    folder_remove(&folder);
}

static void columns_become_fields(void **state)
{
    UNUSED(state);
    static const struct {
        const char *header;
        const char *rows[3];
        const char *expect[6]; /* texts that must stand in the proposal; "!": must not */
    } cases[] = {
        {"rec_id, given_name, surname", {"1,ann,lee", "2,bob,ray", "3,eve,moe"},
            {"id = \"rec_id\"", "kind = \"first_name\"", "column = \"given_name\"", "kind = \"last_name\"",
                "swap_with = \"last_name\""}},
        {"firstName,lastName,dateOfBirth", {"ann,lee,2000-01-02", "bob,ray,1999-12-31", "eve,moe,1970-05-06"},
            {"column = \"firstName\"", "column = \"lastName\"", "name = \"birth_date\"", "!id ="}},
        {"fname,lname,by,bm,bd", {"ann,lee,2000,1,2", "bob,ray,1999,12,31", "eve,moe,1970,5,6"},
            {"columns = [\"by\", \"bm\", \"bd\"]", "combine = true"}},
        {"name,birth_year", {"ann lee,2000", "bob ray,1999", "eve moe,1970"},
            {"kind = \"text\"", "kind = \"number\"", "name = \"birth_year\""}},
        {"surname,soc_sec_id", {"lee,1234567", "ray,2345678", "moe,3456789"},
            {"kind = \"identifier\"", "!kind = \"ssn\""}},
        {"surname,ssn", {"lee,123-45-6780", "ray,234-56-7891", "moe,345-67-8902"}, {"kind = \"ssn\""}},
        {"surname,street_number,address_1,postcode,city,email",
            {"lee,4,main street,80204,denver,a@b.org", "ray,15,elm road,80111,aurora,b@b.org",
                "moe,9,oak,80003,arvada,c@b.org"},
            {"columns = [\"street_number\", \"address_1\"]", "kind = \"address\"", "kind = \"postal_code\"",
                "kind = \"city\"", "kind = \"email\""}},
        {"apellido,nombre,fecha_nacimiento,dirección,código_postal,género",
            {"lee,ann,2000-01-02,4 calle mayor,80204,F", "ray,bob,1999-12-31,15 calle real,80111,M",
                "moe,eve,1970-05-06,9 calle sol,80003,F"},
            {"kind = \"last_name\"\ncolumn = \"apellido\"", "column = \"nombre\"", "kind = \"date\"",
                "kind = \"address\"", "kind = \"postal_code\"", "kind = \"sex\""}},
        {"Vorname;Nachname;Straße;Ort;Telefon;E-Mail",
            {"ann;lee;weg 4;bonn;303-555-0123;a@b.org", "bob;ray;gasse 5;ulm;303-555-0199;b@b.org",
                "eve;moe;ring 6;köln;303-555-0155;c@b.org"},
            {"kind = \"first_name\"", "kind = \"last_name\"", "kind = \"address\"", "kind = \"city\"",
                "kind = \"phone\"", "kind = \"email\""}},
        {"PRÉNOM,NOM,DDN", {"ann,lee,2000-01-02", "bob,ray,1999-12-31", "eve,moe,1970-05-06"},
            {"kind = \"first_name\"\ncolumn = \"PRÉNOM\"", "kind = \"last_name\"\ncolumn = \"NOM\"",
                "kind = \"date\""}},
        {"Prénom,nom,nombre_enfants,annéeNaissance", {"ann,lee,2,1970", "bob,ray,0,1999", "eve,moe,1,2000"},
            {"column = \"nom\"", "!column = \"nombre_enfants\"", "no: numbers, not names", "name = \"birth_year\""}},
        {"Name,Vorname,Geburtsjahr", {"lee,ann,1970", "ray,bob,1999", "moe,eve,2000"},
            {"kind = \"last_name\"\ncolumn = \"Name\"", "column = \"Vorname\"", "name = \"birth_year\""}},
        {"first_name,name,surname", {"ann,ann lee,lee", "bob,bob ray,ray", "eve,eve moe,moe"},
            {"kind = \"last_name\"\ncolumn = \"surname\"", "!column = \"name\""}},
        {"surname,maiden_name,cluster", {"lee,ray,1", "ray,,1", "moe,,2"},
            {"columns = [\"surname\", \"maiden_name\"]", "!column = \"cluster\""}},
        {"surname,middle,note", {"lee,NA,x", "ray,NA,y", "moe,J,z"}, {"missing = [\"NA\"]", "!column = \"note\""}},
        {"student_id,sex,last_name", {"123456,F,lee", "234567,M,ray", "345678,F,moe"},
            {"kind = \"identifier\"", "kind = \"sex\"", "!id ="}},
    };
    Buf out, again;
    buf_init(&out, 0);
    buf_init(&again, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        propose(cases[i].header, cases[i].rows, COUNT_OF(cases[i].rows), FORWARD, &out);
        for (size_t k = 0; k < COUNT_OF(cases[i].expect) && cases[i].expect[k]; k++) {
            const char *text = cases[i].expect[k];
            bool absent = text[0] == '!';
            if ((strstr(buf_z(&out), text + absent) == NULL) != absent)
                fail_msg("%s: \"%s\" in\n%s", cases[i].header, text, buf_z(&out));
        }
        propose(cases[i].header, cases[i].rows, COUNT_OF(cases[i].rows), BACKWARD, &again);
        assert_string_equal(buf_z(&out), buf_z(&again));
    }
    buf_free(&out);
    buf_free(&again);
}

/* What is proposed is a config that can be read. */
static void proposal_is_a_config(void **state)
{
    UNUSED(state);
    static const char *const rows[] = {
        "1,ann,lee,2000-01-02,NA", "2,bob,ray,1999-12-31,\"a \"\"b\"\"\"", "3,eve,moe,1970-05-06,c"};
    Arena arena;
    Buf out;
    MatchConfig config;
    MatchInput input;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    buf_init(&out, 0);
    propose("id,first name,last_name,dob,\"city, or so\"", rows, COUNT_OF(rows), FORWARD, &out);
    assert_int_equal(match_config_parse(buf_slice(&out), "proposed", &arena, &config, &input, &err), OK);
    config.sources[config.source_count++] = (SourceSpec){.name = SLICE("people"), .dedupe = true};
    assert_int_equal(match_config_check(&config, &err), OK);
    assert_true(config.field_count >= 3);
    buf_free(&out);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_become_fields),
        cmocka_unit_test(proposal_is_a_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
