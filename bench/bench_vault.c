/*
 * How fast the vault takes records and gives them back: N distinct identities
 * of usual size (about 110 bytes packed) into an empty vault in one load, their
 * tags listed, and all of them decrypted.
 *
 * Usage: bench_vault N FOLDER; FOLDER must not exist and is removed at the end.
 */
#include <stdio.h>

#include "base/base.h"
#include "store/vault.h"

typedef struct Run {
    Home *home;
    Vault *vault;
    uint64_t count;
    uint64_t seen;
} Run;

/* Roles, with text as long as real files have it. */
static void fill(IdentityValues *v, uint64_t i, char number[24], char name[32])
{
    snprintf(number, 24, "%010" PRIu64, i);
    snprintf(name, 32, "Surname%" PRIu64, i * 7919 % 100003);
    *v = (IdentityValues){0};
    v->at[ID_SASID] = slice_of(number);
    v->at[ID_LOCAL] = slice_of(number);
    v->at[ID_LOCAL_ORG] = SLICE("0880");
    v->at[ID_LAST] = slice_of(name);
    v->at[ID_FIRST] = SLICE("Alexandra");
    v->at[ID_MIDDLE] = SLICE("Maria");
    v->at[ID_BIRTH_DATE] = SLICE("2007-05-14");
    v->at[ID_SEX] = SLICE("F");
    v->at[ID_ADDRESS] = SLICE("1234 West Colfax Ave");
    v->at[ID_ZIP] = SLICE("80204");
}

static Status add_all(Run *run, Error *err)
{
    Tagger *tagger = NULL;
    char number[24];
    char name[32];
    IdentityValues v;
    RecordTag tag;
    TRY(tagger_new(run->home, SLICE("k12"), &tagger, err));
    Status st = vault_begin(run->vault, err);
    for (uint64_t i = 0; i < run->count && st == OK; i++) {
        fill(&v, i, number, name);
        st = tagger_tag(tagger, &v, &tag, err);
        if (st == OK)
            st = vault_add_record(run->vault, SLICE("k12"), &tag, &v, err);
    }
    if (st == OK)
        st = vault_commit(run->vault, err);
    tagger_free(tagger);
    return st;
}

static Status see_tag(const RecordTag *tag, void *ctx, Error *err)
{
    Run *run = ctx;
    UNUSED(err);
    run->seen += tag->bytes[0] < 255;
    return OK;
}

static Status see_record(const VaultRecord *record, void *ctx, Error *err)
{
    Run *run = ctx;
    UNUSED(err);
    run->seen += record->values.at[ID_LAST].len > 0;
    return OK;
}

static Status list_all(Run *run, Error *err)
{
    return vault_each_tag(run->vault, SLICE("k12"), see_tag, run, err);
}

static Status read_all(Run *run, Error *err)
{
    static const VaultPurpose purpose = {.purpose = "benchmark", .agreement = "none: generated data"};
    return vault_each_record(run->vault, &purpose, see_record, run, err);
}

static Status timed(const char *what, Status (*fn)(Run *, Error *), Run *run, Error *err)
{
    double start = clock_monotonic();
    TRY(fn(run, err));
    double seconds = clock_monotonic() - start;
    printf("vault %-22s %9.0f records/s  (%.2f s)\n", what, (double)run->count / seconds, seconds);
    return OK;
}

static Status measure(Run *run, const char *folder, Error *err)
{
    HomeSettings settings = HOME_SETTINGS_INIT;
    TRY(home_create(folder, &settings, NULL, err));
    TRY(home_open(folder, HOME_WRITE, &run->home, err));
    TRY(vault_open(run->home, &run->vault, err));
    TRY(timed("tag, box and insert", add_all, run, err));
    TRY(timed("list tags", list_all, run, err));
    return timed("read and decrypt", read_all, run, err);
}

int main(int argc, char **argv)
{
    Run run = {0};
    Error err = ERROR_INIT;
    if (argc != 3 || parse_u64(slice_of(argv[1]), &run.count, &err) != OK) {
        fprintf(stderr, "usage: bench_vault N FOLDER\n");
        return status_exit_code(ERR_USAGE);
    }
    Status st = measure(&run, argv[2], &err);
    vault_close(run.vault);
    home_close(run.home);
    if (st == OK)
        st = dir_remove(argv[2], &err);
    if (st != OK) {
        char line[1024];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "bench_vault: %s\n", line);
    }
    return status_exit_code(st);
}
