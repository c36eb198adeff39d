/* Fuzzes the reader of budget ledgers, which are published files: what it takes adds up. */
#include "perturb/perturb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Budget b;
    Error err = ERROR_INIT;
    if (budget_parse((Slice){(const char *)data, size}, "fuzz.jsonl", &b, &err) != OK) {
        ASSERT(err.message[0]);
        return 0;
    }
    int64_t sum = 0;
    for (size_t i = 0; i < b.entries.len; i++)
        sum += b.entries.at[i].rho;
    ASSERT(sum == b.spent && budget_left(&b) >= 0);
    ASSERT(budget_holds(&b, slice_of(b.head)));
    budget_free(&b);
    return 0;
}
