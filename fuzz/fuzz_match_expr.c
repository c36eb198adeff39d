/*
 * Fuzzes the expressions of match.toml. The first byte chooses a comparator or a
 * rule. Beyond memory safety: a failure names its position, and what is accepted
 * can be evaluated on any values and patterns, and has an answer that stays.
 */
#include "match/value_impl.h"

static void config_of(MatchConfig *c)
{
    match_config_init(c);
    c->fields[0] = (FieldSpec){.name = SLICE("ssn"), .kind = FIELD_SSN, .column_count = 1, .swap_with = MATCH_NONE};
    c->fields[1] =
        (FieldSpec){.name = SLICE("birth"), .kind = FIELD_DATE, .column_count = 1, .swap_with = MATCH_NONE};
    c->field_count = 2;
}

static void evaluate(const Expr *e)
{
    static const char *const values[] = {"", "A", "MARTHA", "1998-03-07", "1998-13-00", "-12.5", "999999999999999999",
        "\xc3\x96\xff", "GARCIA LOPEZ"};
    for (size_t i = 0; i < COUNT_OF(values); i++)
        for (size_t k = 0; k < COUNT_OF(values); k++) {
            bool answer = expr_holds(e, slice_of(values[i]), slice_of(values[k]));
            ASSERT(answer == expr_holds(e, slice_of(values[i]), slice_of(values[k])));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    Expr *e = NULL;
    Error err = ERROR_INIT;
    MatchConfig c;
    if (size == 0)
        return 0;
    bool is_rule = data[0] & 1;
    config_of(&c);
    arena_init(&arena, (size_t)4 << 20);
    Slice text = {(const char *)data + 1, size - 1};
    Status st = expr_compile(text, "fuzz", is_rule ? &c : NULL, &arena, &e, &err);
    if (st != OK)
        ASSERT(st == ERR_INVALID && strstr(err.message, "fuzz: position "));
    else if (is_rule)
        for (uint64_t pattern = 0; pattern < 256; pattern++)
            (void)expr_holds_pattern(e, pattern);
    else
        evaluate(e);
    arena_free(&arena);
    return 0;
}
