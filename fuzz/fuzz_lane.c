/* Fuzzes the reader of lane policies: what it takes can be carried out and printed. */
#include "perturb/perturb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    Lane lane;
    Error err = ERROR_INIT;
    arena_init(&arena, (size_t)64 << 20);
    if (lane_parse((Slice){(const char *)data, size}, "fuzz.toml", &arena, &lane, &err) != OK) {
        ASSERT(err.message[0]);
        arena_free(&arena);
        return 0;
    }
    Buf text;
    Json json;
    int64_t number;
    buf_init(&text, 0);
    json_begin(&json, &text, JSON_COMPACT);
    lane_json(&lane, &json);
    ASSERT(text.len > 0);
    buf_free(&text);
    if (lane.kind >= LANE_DP_COUNTS) {
        ASSERT(dp_cost(&lane.privacy, &number, &err) == OK && number > 0);
        ASSERT(dp_expected_error(&lane.privacy, &number, &err) == OK && number >= 0);
    }
    arena_free(&arena);
    return 0;
}
