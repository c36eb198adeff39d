/*
 * Fuzzes the config of the match room, which people write by hand. Beyond memory safety: an accepted config keeps
 * within its arrays, refers only to fields that are there, and its text reads back as the same text.
 */
#include "match/match.h"

static void check_config(const MatchConfig *c, const MatchInput *in)
{
    ASSERT(c->field_count >= 1 && c->field_count <= MATCH_FIELDS_MAX && c->column_count <= MATCH_COLUMNS_MAX);
    for (uint32_t f = 0; f < c->field_count; f++) {
        ASSERT(c->fields[f].column_count >= 1 && c->fields[f].column_count <= MATCH_ALIASES_MAX);
        for (uint32_t i = 0; i < c->fields[f].column_count; i++)
            ASSERT(c->fields[f].columns[i] < c->column_count);
        ASSERT(c->fields[f].swap_with == MATCH_NONE || c->fields[f].swap_with < c->field_count);
        ASSERT(c->fields[f].level_count <= MATCH_LEVELS_MAX - 2);
    }
    for (uint32_t p = 0; p < c->pass_count; p++) {
        ASSERT(c->passes[p].part_count >= 1 && c->passes[p].part_count <= MATCH_KEY_PARTS_MAX);
        for (uint32_t i = 0; i < c->passes[p].part_count; i++)
            ASSERT(c->passes[p].parts[i].field < c->field_count);
    }
    ASSERT(c->match_from >= c->review_from && c->review_from >= c->keep_from);
    ASSERT(in->missing_count <= MATCH_MISSING_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    MatchConfig c, back;
    MatchInput in, back_in;
    Buf once, twice;
    Error err = ERROR_INIT;
    arena_init(&arena, (size_t)64 << 20);
    buf_init(&once, 0);
    buf_init(&twice, 0);
    Status st = match_config_parse((Slice){(const char *)data, size}, "fuzz.toml", &arena, &c, &in, &err);
    if (st == OK) {
        check_config(&c, &in);
        match_config_write(&c, &in, &once);
        ASSERT(match_config_parse(buf_slice(&once), "once.toml", &arena, &back, &back_in, &err) == OK);
        match_config_write(&back, &back_in, &twice);
        ASSERT(slice_eq(buf_slice(&once), buf_slice(&twice)));
    } else
        ASSERT(err.status == st && err.message[0]);
    buf_free(&once);
    buf_free(&twice);
    arena_free(&arena);
    return 0;
}
