/*
 * Fuzzes cohort scripts, and files of blocks ('B' first). Beyond memory safety: a refusal has a reason; what a script
 * says reaches the SQL as numbers and quoted words only, so that neither a statement's end nor a comment nor an odd
 * quote can come of it, whatever the words are.
 */
#include "cohort/cohort_parts.h"

static const char head[] = "name = \"t\"\n[parameters.least]\nvalue = 3\nstatus = \"assumed\"\nsource = \"t\"\n"
                           "[[vector]]\n";

static const char blocks[] =
    "[[block]]\nname = \"finished\"\nkind = \"entry\"\nphrase = \"finished [in {years}] [with {types}]\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\nlevel = \"school\"\ngives = [\"district_id\"]\n"
    "anchor = [{ name = \"finish\", text = \"t\", in_year = true }, { name = \"start\", text = \"t\" }]\n"
    "exclusion = [{ reason = \"moved\", text = \"t\" }]\n"
    "param = [{ name = \"years\", type = \"years\", text = \"t\" }, { name = \"types\", type = \"codes\", text = "
    "\"t\", "
    "values = [\"diploma\", \"certificate\"], default = [\"diploma\"] }]\n"
    "sql = \"SELECT * FROM done WHERE y {years} AND t IN ({types}) AND n > {least}\"\n"
    "[[block]]\nname = \"took\"\nkind = \"trait\"\nphrase = \"took {n} courses in {places}\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\n"
    "param = [{ name = \"n\", type = \"integer\", text = \"t\", min = -4, max = 40 }, { name = \"places\", type = "
    "\"texts\", text = \"code\", characters = \"0123456789.-\", min_length = 1, max_length = 8 }]\n"
    "sql = \"SELECT person, year FROM {cohort} WHERE n >= {n} AND p IN ({places})\"\n"
    "[[block]]\nname = \"works\"\nkind = \"outcome\"\nphrase = \"works within {n} quarters\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\ngives = [\"hit\"]\nfigure = [\"rate\"]\n"
    "param = [{ name = \"n\", type = \"integer\", text = \"t\", min = 1, max = 8 }]\n"
    "years = \"SELECT year FROM {cohort}\"\nsql = \"SELECT person, year, TRUE AS hit FROM {cohort} WHERE q = {n}\"\n"
    "[[block]]\nname = \"earns\"\nkind = \"outcome\"\nphrase = \"earnings in quarter {quarters} [by {rule}]\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\nfigure = [\"median\", \"mean\"]\nfamily = \"e\"\n"
    "param = [{ name = \"quarters\", type = \"integer\", text = \"t\", min = 1, max = 8 }, { name = \"rule\", type = "
    "\"code\", text = \"t\", values = [\"wioa\", \"leo\"], default = [\"wioa\"] }]\n";

static const Slice splits[] = {SLICE_INIT("sex"), SLICE_INIT("race"), SLICE_INIT("income")};

static void check_sql(Slice sql)
{
    size_t quotes = 0;
    for (size_t i = 0; i < sql.len; i++)
        quotes += sql.ptr[i] == '\'';
    ASSERT(quotes % 2 == 0);
    ASSERT(slice_find(sql, SLICE(";")) == sql.len);
    ASSERT(slice_find(sql, SLICE("/*")) == sql.len);
    /* "--" may stand in a quoted text only; literals of texts begin with a quote and hold none */
    for (size_t i = 0, open = 0; i + 1 < sql.len; i++) {
        open ^= sql.ptr[i] == '\'';
        ASSERT(open || sql.ptr[i] != '-' || sql.ptr[i + 1] != '-');
    }
}

static Status read_blocks(Slice text, Arena *arena, PolicyFile *file, Block **out, size_t *count, Error *err)
{
    Slice whole;
    *file = (PolicyFile){.path = "t.toml", .schema = SLICE("cairn.cohort_blocks/1")};
    TRY(arena_format(arena, &whole, err, "%s%.*s", head, SLICE_ARG(text)));
    TRY(toml_parse(whole, "t.toml", arena, &file->toml, err));
    return blocks_of_file(file, arena, out, count, err);
}

static void read_script(Slice text, Arena *arena)
{
    PolicyFile file;
    Block *list;
    const Block *at[8];
    BlockSet set = {.at = at, .era = {.path = "cohorts", .effective_to = DATE_NONE}};
    CohortPlan *plan;
    MeasureOwn figures, funnel;
    Error err = ERROR_INIT;
    ASSERT(read_blocks(slice_of(blocks), arena, &file, &list, &set.count, &err) == OK && set.count <= COUNT_OF(at));
    for (size_t i = 0; i < set.count; i++)
        at[i] = &list[i];
    ASSERT(arena_new(arena, CohortPlan, 1, &plan, &err) == OK);
    Status st = script_read(&set, splits, COUNT_OF(splits), text, "fuzz", arena, plan, &err);
    if (st != OK) {
        ASSERT(st == ERR_INVALID || st == ERR_PARSE || st == ERR_LIMIT);
        ASSERT(err.message[0] != '\0');
        return;
    }
    ASSERT(plan->who && plan->reached && plan->from);
    ASSERT(plan_compile(plan, arena, &figures, &funnel, &err) == OK);
    check_sql(figures.sql);
    check_sql(funnel.sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    Slice text = {(const char *)data, size};
    arena_init(&arena, (size_t)16 << 20);
    if (size > 0 && data[0] == 'B') {
        PolicyFile file;
        Block *list;
        size_t count;
        Error err = ERROR_INIT;
        (void)!read_blocks(slice_sub(text, 1, size), &arena, &file, &list, &count, &err);
    } else {
        read_script(text, &arena);
    }
    arena_free(&arena);
    return 0;
}
