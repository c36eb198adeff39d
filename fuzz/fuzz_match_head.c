/*
 * Fuzzes the reader of a CSV file's header. Beyond memory safety: names lie inside the line, hold no delimiter unless
 * they were quoted, and a failure says what is wrong.
 */
#include "matchfile/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char signs[] = ",;\t|";
    Slice line = {(const char *)data, size}, names[PEOPLE_COLUMNS_MAX];
    char delimiter = 0;
    uint32_t count = 0;
    Error err = ERROR_INIT;
    Status st = csv_head(line, "fuzz.csv", &delimiter, names, &count, &err);
    ASSERT(delimiter && memchr(signs, delimiter, sizeof signs - 1));
    if (st != OK) {
        ASSERT(err.status == st && err.message[0] && err.file[0]);
        return 0;
    }
    ASSERT(count >= 1 && count <= PEOPLE_COLUMNS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(names[i].len == 0 || (names[i].ptr >= line.ptr && names[i].ptr + names[i].len <= line.ptr + line.len));
        ASSERT(!memchr(names[i].ptr ? names[i].ptr : "", '"', names[i].len));
    }
    return 0;
}
