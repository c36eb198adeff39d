/* See identity_world.h. */
#include "identity_world.h"

#include <stdio.h>
#include <stdlib.h>

static const char model_toml[] =
    "schema = \"cairn.identity/1\"\nname = \"model\"\nversion = \"1\"\ntitle = \"m\"\neffective_from = 2010-07-01\n"
    "status = \"assumed\"\nsource = \"test\"\ntraits = [\"school\", \"wage\"]\n"
    "[[field]]\nname = \"sasid\"\nkind = \"identifier\"\ncolumn = \"sasid\"\n"
    "[[field]]\nname = \"ssn\"\nkind = \"ssn\"\ncolumn = \"ssn\"\n"
    "[[field]]\nname = \"first_name\"\nkind = \"first_name\"\ncolumn = \"first_name\"\n"
    "[[field]]\nname = \"last_name\"\nkind = \"last_name\"\ncolumn = \"last_name\"\n"
    "[[field]]\nname = \"birth_date\"\nkind = \"date\"\ncolumn = \"birth_date\"\n"
    "[[field]]\nname = \"sex\"\nkind = \"sex\"\ncolumn = \"sex\"\n"
    "[[rule]]\nname = \"two SASIDs\"\neffect = \"must_not\"\nwhen = \"sasid = differs\"\n"
    "[[dataset]]\nname = \"school\"\ntrait = \"school\"\n"
    "[[dataset]]\nname = \"college\"\ntrait = \"school\"\n"
    "[[dataset]]\nname = \"wage\"\ntrait = \"wage\"\n"
    "[[dataset]]\nname = \"old wage\"\ntrait = \"wage\"\n";
static const char linking_toml[] =
    "schema = \"cairn.identity/1\"\nname = \"linking\"\nversion = \"1\"\ntitle = \"l\"\neffective_from = 2010-07-01\n"
    "status = \"assumed\"\nsource = \"test\"\nauthority = \"test law\"\nfull_above = 0.2\ndrift_records = 20\n"
    "calibrate_from = 20\n";
static const char review_toml[] =
    "schema = \"cairn.identity/1\"\nname = \"review\"\nversion = \"1\"\ntitle = \"r\"\neffective_from = 2010-07-01\n"
    "status = \"assumed\"\nsource = \"test\"\nauthority = \"test law\"\nqueue_share = 0.5\nsame_needs = 2\n"
    "different_needs = 1\n";

static void put_file(const World *w, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/policy/state/identity/%s", w->dir, name);
    assert_ok(file_write(path, slice_of(text), MODE_PRIVATE, err));
}

int world_setup(void **state)
{
    World *w = calloc(1, sizeof *w);
    char path[200], policy[200];
    snprintf(w->dir, sizeof w->dir, "/tmp/cairn-identity-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(path, sizeof path, "%s/policy/state/identity", w->dir);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    snprintf(path, sizeof path, "%s/policy/core", w->dir);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    put_file(w, "model.toml", model_toml);
    put_file(w, "linking.toml", linking_toml);
    put_file(w, "review.toml", review_toml);
    put_file(w, "nicknames.csv", "nickname,formal\nBILL,WILLIAM\n");
    snprintf(policy, sizeof policy, "%s/policy/state", w->dir);
    snprintf(path, sizeof path, "%s/home", w->dir);
    HomeSettings settings = HOME_SETTINGS_INIT;
    settings.policy_dir = policy;
    settings.threads = 1;
    assert_ok(home_create(path, &settings, NULL, err));
    assert_ok(home_open(path, HOME_WRITE, &w->home, err));
    assert_ok(policy_open(policy, &w->policy, err));
    assert_ok(ledger_open(w->home, &w->ledger, err));
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    World *w = *state;
    ledger_close(w->ledger);
    policy_close(w->policy);
    home_close(w->home);
    assert_ok(dir_remove(w->dir, err));
    free(w);
    return 0;
}

LinkContext world_context(const World *w)
{
    return (LinkContext){.home = w->home, .policy = w->policy, .ledger = w->ledger, .progress = PROGRESS_OFF};
}

void world_add(World *w, const WorldRecord *records, size_t count, RecordTag *tags)
{
    Vault *vault;
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_begin(vault, err));
    for (size_t i = 0; i < count; i++) {
        const WorldRecord *r = &records[i];
        const char *const texts[][2] = {{r->sasid, "sasid"}, {r->ssn, "ssn"}, {r->first, "first_name"},
            {r->last, "last_name"}, {r->birth, "birth_date"}, {r->sex, "sex"}};
        IdentityValues v = {0};
        Tagger *tagger;
        RecordTag tag;
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            IdentityRole role;
            assert_ok(identity_role_parse(slice_of(texts[k][1]), &role, err));
            v.at[role] = texts[k][0] ? slice_of(texts[k][0]) : (Slice){0};
        }
        assert_ok(tagger_new(w->home, slice_of(r->source), &tagger, err));
        assert_ok(tagger_tag(tagger, &v, &tag, err));
        tagger_free(tagger);
        assert_ok(vault_add_record(vault, slice_of(r->source), &tag, &v, err));
        if (tags)
            tags[i] = tag;
    }
    assert_ok(vault_commit(vault, err));
    vault_close(vault);
}

void world_add_people(World *w, unsigned first, unsigned people, RecordTag *tags)
{
    static const char *const givens[] = {"ADA", "BRUNO", "CLARA", "DMITRI", "EVELYN", "FRITZ", "GRETA", "HORST", "INES",
        "JULES", "KARLA", "LEONID", "MIRIAM", "NESTOR", "OLGA", "PERCY", "QUINN", "ROSA", "STEFAN", "TILDA"};
    static const char *const families[] = {"ABEL", "BRANDT", "CORTEZ", "DUBOIS", "EBERHARD", "FISCHER", "GALLAGHER",
        "HOFFMAN", "IVERSON", "JANSEN", "KOWALSKI", "LINDQVIST", "MORETTI", "NAKAMURA", "OKAFOR", "PETROV", "QUINTERO",
        "RASMUSSEN", "SANTIAGO", "TAKAHASHI", "UNDERWOOD", "VALENTINE", "WHITAKER", "XIMENES", "YAMAMOTO", "ZIELINSKI"};
    for (unsigned i = first; i < first + people; i++) {
        char sasid[11], ssn[10], birth[11], typo[32];
        const char *given = givens[i * 7 % COUNT_OF(givens)], *family = families[i * 11 % COUNT_OF(families)];
        snprintf(sasid, sizeof sasid, "%010u", 1000000007u + i * 7919u);
        snprintf(ssn, sizeof ssn, "%03u%02u%04u", 501 + i % 90, 10 + i * 3 % 80, 1001 + i * 37 % 8000);
        date_print((Date)(11000 + (int)(i * 97 % 2500)), birth);
        snprintf(typo, sizeof typo, "%.3s%s", family, family + 4);
        bool college = i % 2;
        const WorldRecord two[] = {
            {"school", sasid, NULL, given, family, birth, i % 3 ? "F" : "M"},
            {college ? "college" : "wage", college ? sasid : NULL, ssn, given, i % 8 == 0 ? typo : family,
                college ? birth
                : i % 4 ? birth
                        : NULL,
                college ? (i % 3 ? "F" : "M") : NULL},
        };
        world_add(w, two, 2, tags ? tags + 2 * (i - first) : NULL);
    }
}

PersonId world_person(World *w, const RecordTag *tag)
{
    Vault *vault;
    LinkInfo info = {0};
    Arena arena;
    arena_init(&arena, 0);
    assert_ok(vault_open(w->home, &vault, err));
    Status st = vault_link_of(vault, tag, &arena, &info, NULL);
    vault_close(vault);
    arena_free(&arena);
    return st == OK ? info.link.person : 0;
}
