/*
 * A data home with a generation of made-up people, for the test of the command: a pipeline over synthetic files would
 * cost half a minute, and the command's answers would be the same. Its ledger has an answer to one asker, olga, from a
 * time when it was not kept whom answers count; with a third word it has none.
 *
 * usage: sample_home HOME POLICY_FOLDER [nobody-asked]
 */
#include "made_up.h"
#include "store/ledger.h"
#include "store/warehouse.h"

#include <stdio.h>

/* As cli/asker.c notes a folder that has no list any more. */
static Status answer_of_old(Home *home, Error *err)
{
    Ledger *ledger;
    Buf body;
    char sha256[SHA256_HEX_SIZE];
    TRY(ledger_open(home, &ledger, err));
    buf_init(&body, 0);
    Status st = sha256_hex(SLICE(""), sha256, err);
    buf_addf(&body, "{\"bytes\":0,\"sha256\":\"%s\"}", sha256);
    if (st == OK)
        st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(ledger, "query.answered", SLICE("olga@graduation_rate_4yr"), buf_slice(&body), err);
    buf_free(&body);
    ledger_close(ledger);
    return st;
}

typedef enum Asked { SOMEBODY_ASKED, NOBODY_ASKED } Asked;

static Status fill(const char *path, const char *policy_dir, Asked asked, Error *err)
{
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    Policy *policy = NULL;
    Generation *gen = NULL;
    Status st = OK;
    settings.policy_dir = policy_dir;
    settings.threads = 2;
    settings.memory_mb = 1024;
    TRY_OUT(home_create(path, &settings, NULL, err));
    TRY_OUT(home_open(path, HOME_WRITE, &home, err));
    TRY_OUT(policy_open(policy_dir, &policy, err));
    TRY_OUT(generation_begin(home, &gen, err));
    TRY_OUT(made_up_fill(policy, generation_db(gen), err));
    st = generation_publish(gen, err);
    gen = NULL;
    if (st == OK && asked == SOMEBODY_ASKED)
        st = answer_of_old(home, err);
out:
    generation_abandon(gen);
    policy_close(policy);
    home_close(home);
    return st;
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    if (argc < 3 || argc > 4) {
        fputs("usage: sample_home HOME POLICY_FOLDER [nobody-asked]\n", stderr);
        return 64;
    }
    if (fill(argv[1], argv[2], argc == 4 ? NOBODY_ASKED : SOMEBODY_ASKED, &err) == OK)
        return 0;
    fprintf(stderr, "sample_home: %s %s\n", err.message, err.detail);
    return 1;
}
