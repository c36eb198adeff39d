/* Fuzzes the reader of protection policies: refused with a reason, or every rule lies in its range. */
#include "protectfile/protectfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ProtectionPolicy p;
    ProtectionRules rules;
    Error err = ERROR_INIT;
    if (protection_parse((Slice){(const char *)data, size}, "fuzz.toml", &p, &err) != OK) {
        ASSERT(err.message[0]);
    } else {
        ASSERT(protection_rules(&p, SLICE("t"), &rules, &err) == OK);
        ASSERT(rules.min_n > 0 && rules.rate_decimals >= 0 && rules.rate_decimals <= 3);
        for (size_t i = 0; i < p.band_count; i++)
            ASSERT(p.bands[i].percent > 0 && p.bands[i].percent < 50);
    }
    protection_free(&p);
    return 0;
}
