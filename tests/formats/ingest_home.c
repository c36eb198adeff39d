/* Opens and closes the home that these tests take files into. See ingest_home.h. */
#include "ingest_home.h"

#define CHECK(call) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        if ((call) != OK) \
            fail_msg("%s: %s %s %s", #call, e_.file, e_.message, e_.detail); \
    } while (0)

void ingest_home_open(IngestHome *h)
{
    char path[100];
    HomeSettings settings = HOME_SETTINGS_INIT;
    *h = (IngestHome){0};
    snprintf(h->root, sizeof h->root, "/tmp/cairn-formats-XXXXXX");
    assert_non_null(mkdtemp(h->root));
    snprintf(path, sizeof path, "%s/home", h->root);
    settings.policy_dir = COLORADO_POLICY_DIR;
    settings.threads = 2;
    settings.memory_mb = 1024;
    CHECK(home_create(path, &settings, NULL, err));
    CHECK(home_open(path, HOME_WRITE, &h->home, err));
    CHECK(policy_open(COLORADO_POLICY_DIR, &h->policy, err));
    CHECK(ledger_open(h->home, &h->ledger, err));
    CHECK(vault_open(h->home, &h->vault, err));
    h->ctx = (IngestContext){.home = h->home,
        .policy = h->policy,
        .ledger = h->ledger,
        .vault = h->vault,
        .log = NULL,
        .progress = PROGRESS_OFF};
}

void ingest_home_close(IngestHome *h)
{
    vault_close(h->vault);
    ledger_close(h->ledger);
    policy_close(h->policy);
    home_close(h->home);
    CHECK(dir_remove(h->root, err));
}

void ingest_home_take(IngestHome *h, const char *source, const char *path, IngestResult *out)
{
    Error err = ERROR_INIT;
    if (ingest_file(&h->ctx, slice_of(source), path, out, &err) != OK)
        fail_msg("%s: %s %s %s", path, err.file, err.message, err.detail);
}
