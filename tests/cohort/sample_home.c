/*
 * A data home with a generation of made-up people, for the test of the command: a pipeline over synthetic files would
 * cost half a minute, and the command's answers would be the same.
 *
 * usage: sample_home HOME POLICY_FOLDER
 */
#include "made_up.h"
#include "store/warehouse.h"

#include <stdio.h>

static Status fill(const char *path, const char *policy_dir, Error *err)
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
out:
    generation_abandon(gen);
    policy_close(policy);
    home_close(home);
    return st;
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    if (argc != 3) {
        fputs("usage: sample_home HOME POLICY_FOLDER\n", stderr);
        return 64;
    }
    if (fill(argv[1], argv[2], &err) == OK)
        return 0;
    fprintf(stderr, "sample_home: %s %s\n", err.message, err.detail);
    return 1;
}
