/*
 * Fuzzes the reader of model files: whatever the bytes, it refuses them with a reason or makes a model that writes
 * itself the same way again, and that scores every pattern of the config within a Weight's limits.
 */
#include "match/match_impl.h"

static void two_fields(MatchConfig *c)
{
    match_config_init(c);
    c->columns[0] = SLICE("code");
    c->columns[1] = SLICE("sex");
    c->column_count = c->field_count = 2;
    for (uint32_t f = 0; f < 2; f++)
        c->fields[f] = (FieldSpec){.name = c->columns[f],
            .kind = f ? FIELD_SEX : FIELD_CODE,
            .columns = {f},
            .column_count = 1,
            .swap_with = MATCH_NONE};
    c->source_count = 1;
    c->sources[0] = (SourceSpec){.name = SLICE("file"), .dedupe = true};
}

static void check_scores(const MatchConfig *config, const MatchModel *m)
{
    MatchTable *t = NULL;
    Scorer *scorer = NULL;
    Slice values[2] = {SLICE("A"), SLICE("F")};
    ASSERT(match_table_new(config, &t, NULL) == OK);
    for (int i = 0; i < 2; i++)
        ASSERT(match_table_add(t, 0, i ? SLICE("1") : SLICE("2"), values, NULL) == OK);
    ASSERT(match_table_seal(t, 1, NULL) == OK);
    ASSERT(scorer_new(t, m, &scorer, NULL) == OK);
    for (uint64_t code = 0; code < m->level_counts[0]; code++) {
        for (uint64_t sex = 0; sex < m->level_counts[1]; sex++) {
            Weight odds = score_pattern(scorer, 0, 1, code | sex << 4);
            ASSERT(odds >= WEIGHT_MIN && odds <= WEIGHT_MAX);
            ASSERT(score_may_reach(scorer, 0, 1, code | sex << 4, odds));
        }
    }
    scorer_free(scorer);
    match_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MatchConfig config;
    MatchModel *m = NULL, *again = NULL;
    Buf first, second;
    Error err = ERROR_INIT;
    two_fields(&config);
    Status st = match_model_parse((Slice){(const char *)data, size}, "model.json", &config, &m, &err);
    if (st != OK) {
        ASSERT(err.status == st && err.message[0] && !m);
        return 0;
    }
    buf_init(&first, 0);
    buf_init(&second, 0);
    ASSERT(match_model_write(m, &first, &err) == OK);
    ASSERT(match_model_parse(buf_slice(&first), "model.json", &config, &again, &err) == OK);
    ASSERT(match_model_write(again, &second, &err) == OK);
    ASSERT(slice_eq(buf_slice(&first), buf_slice(&second)));
    check_scores(&config, m);
    buf_free(&first);
    buf_free(&second);
    match_model_free(m);
    match_model_free(again);
    return 0;
}
