/* Fuzzes the reader of token files, which come from other offices: what it takes is whole, and links with itself. */
#include "token/token.h"

static void check_set(const TokenSet *set)
{
    TokenLinkOptions o = {.blocking = BLOCKING_KEYS, .threads = 1, .progress = PROGRESS_OFF};
    TokenLinks links;
    for (size_t i = 0; i < token_set_count(set); i++) {
        ASSERT(token_set_id(set, i).len > 0);
        ASSERT(token_score(set, i, set, i) == KERNEL_ONE || token_score(set, i, set, i) == 0);
    }
    if (token_set_count(set) > 100)
        return;
    for (int blocking = BLOCKING_ALL; blocking <= BLOCKING_KEYS; blocking++)
        for (int sources = SOURCES_DUPLICATE_FREE; sources <= SOURCES_WITH_DUPLICATES; sources++) {
            o.blocking = (TokenBlocking)blocking;
            o.sources = (TokenSources)sources;
            ASSERT(token_link(set, set, &o, &links, NULL) == OK);
            ASSERT(links.threshold <= KERNEL_ONE);
            token_links_free(&links);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TokenSet *set;
    Error err = ERROR_INIT;
    Status st = token_set_parse((Slice){(const char *)data, size}, "fuzz.csv", &set, &err);
    if (st != OK) {
        ASSERT(err.status == st && err.message[0]);
        return 0;
    }
    check_set(set);
    token_set_free(set);
    return 0;
}
