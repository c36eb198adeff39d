/*
 * Fuzzes the contract reader, which reads what people write by hand. Beyond
 * memory safety: an accepted contract keeps its promises (names are unique and
 * plain, no mapping is without SQL, identity never feeds a mapping by name).
 */
#include "contract/contract.h"

static void check_contract(const Contract *c)
{
    ASSERT(c->field_count > 0);
    for (size_t i = 0; i < c->field_count; i++) {
        const Field *f = &c->fields[i];
        ASSERT(contract_field(c, f->name) == f && f->definition.len > 0 && f->clause.len > 0);
        ASSERT((f->type == TYPE_CODE) == (f->codes != NULL));
        ASSERT(f->derive.len == 0 || f->identity.len == 0);
    }
    for (size_t i = 0; i < c->rule_count; i++)
        ASSERT(c->rules[i].message.len > 0 && (c->rules[i].level == RULE_KEY) == (c->rules[i].sql.len == 0));
    for (size_t i = 0; i < c->fact_count; i++) {
        ASSERT(c->facts[i].column_count > 0);
        for (size_t k = 0; k < c->facts[i].column_count; k++) {
            const Field *f = contract_field(c, c->facts[i].columns[k].sql);
            ASSERT(!f || f->identity.len == 0 || slice_eq_z(f->identity, "employer"));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    const Contract *c = NULL;
    Error err = ERROR_INIT;
    arena_init(&arena, (size_t)64 << 20);
    Status st = contract_parse_text((Slice){(const char *)data, size}, "fuzz.toml", &arena, &c, &err);
    if (st == OK)
        check_contract(c);
    else
        ASSERT(err.status == st && err.message[0]);
    arena_free(&arena);
    return 0;
}
