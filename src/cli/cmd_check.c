/*
 * check: does a policy folder hold together? What would otherwise be found at
 * the first file, at the build, or on the night of the release, is found here.
 */
#include "account/account.h"
#include "cli/commands.h"
#include "cohort/cohort.h"
#include "contract/contract.h"
#include "equity/equity.h"
#include "identity/identity.h"
#include "measure/measure.h"

static const Option CHECK_OPTIONS[] = {
    {"policy", 0, "DIR", "the state's policy folder (default: CAIRN_POLICY, then the installed Colorado)"},
};

typedef struct CheckTally {
    uint64_t contracts, uncovered, measures, vectors, equity, frameworks, framework_vectors, blocks, block_vectors;
    bool linking;
} CheckTally;

/* Uncovered is told and counted, not fatal: a contract may be drafted before its agreement is signed. */
static Status check_agreement(Cli *cli, Policy *policy, const Contract *c, CheckTally *tally, Error *err)
{
    ElementUse *uses;
    const Agreement *agreement;
    TRY(arena_new(&cli->arena, ElementUse, c->field_count ? c->field_count : 1, &uses, err));
    for (size_t i = 0; i < c->field_count; i++)
        uses[i] = (ElementUse){.field = c->fields[i].name, .clause = c->fields[i].clause};
    Error denial = ERROR_INIT;
    Status st =
        govern_allow_source(policy, c->name, uses, c->field_count, clock_today(), &cli->arena, &agreement, &denial);
    if (st == ERR_DENIED) {
        tally->uncovered++;
        cli_say(cli, "no   %-34.*s %s\n", SLICE_ARG(c->name), denial.message);
        return OK;
    }
    if (st != OK && err)
        *err = denial;
    return st;
}

static Status check_contracts(Cli *cli, Policy *policy, CheckTally *tally, Error *err)
{
    const PolicyFile *warehouse;
    TRY(policy_get(policy, "core", SLICE("warehouse"), clock_today(), &warehouse, err));
    PolicyFiles files = {0};
    Status st = policy_list(policy, "sources", &files, err);
    for (size_t i = 0; st == OK && i < files.len; i++) {
        const Contract *c;
        TRY_OUT(contract_parse(files.at[i], &cli->arena, &c, err));
        TRY_OUT(contract_check_tables(c, warehouse, err));
        TRY_OUT(check_agreement(cli, policy, c, tally, err));
        tally->contracts++;
    }
out:
    vec_free(&files);
    return st;
}

static void count_measure(void *ctx, Slice name, uint64_t vectors)
{
    CheckTally *tally = ctx;
    UNUSED(name);
    tally->measures++;
    tally->vectors += vectors;
}

static Status check_measures(Policy *policy, CheckTally *tally, Error *err)
{
    uint64_t vectors = 0;
    TRY(measure_test(policy, SLICE(""), count_measure, tally, err));
    Status st = definition_test(policy, SLICE(""), &vectors, err);
    tally->vectors += vectors;
    return st;
}

static void count_blocks(void *ctx, Slice name, uint64_t blocks, uint64_t vectors)
{
    CheckTally *tally = ctx;
    UNUSED(name);
    tally->blocks += blocks;
    tally->block_vectors += vectors;
}

/* A state may do without cohorts. */
static Status check_cohorts(Policy *policy, CheckTally *tally, Error *err)
{
    PolicyFiles files = {0};
    Status st = policy_list(policy, "cohorts", &files, err);
    bool any = files.len > 0;
    vec_free(&files);
    return st == OK && any ? cohort_test(policy, count_blocks, tally, err) : st;
}

static Status run_check(Cli *cli, Error *err)
{
    const char *dir;
    Policy *policy;
    CheckTally tally = {0};
    TRY(cli_policy_dir(cli, &dir, err));
    TRY(policy_open(dir, &policy, err));
    Status st = check_contracts(cli, policy, &tally, err);
    if (st == OK)
        st = identity_check(policy, clock_today(), &tally.linking, err);
    if (st == OK)
        st = check_measures(policy, &tally, err);
    if (st == OK)
        st = check_cohorts(policy, &tally, err);
    if (st == OK)
        st = equity_check(policy, &tally.equity, err);
    if (st == OK)
        st = account_test(policy, &tally.frameworks, &tally.framework_vectors, err);
    if (st == OK)
        st = account_check(policy, err);
    policy_close(policy);
    if (st != OK)
        return st;
    if (cli->format == CLI_JSON) {
        buf_reset(&cli->out); /* the lines above are for people */
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "contracts", (int64_t)tally.contracts);
        json_kint(&j, "contracts_without_agreement", (int64_t)tally.uncovered);
        json_kbool(&j, "linking", tally.linking);
        json_kint(&j, "measures", (int64_t)tally.measures);
        json_kint(&j, "vectors", (int64_t)tally.vectors);
        json_kint(&j, "cohort_blocks", (int64_t)tally.blocks);
        json_kint(&j, "cohort_vectors", (int64_t)tally.block_vectors);
        json_kint(&j, "equity_files", (int64_t)tally.equity);
        json_kint(&j, "frameworks", (int64_t)tally.frameworks);
        json_kint(&j, "framework_vectors", (int64_t)tally.framework_vectors);
        cli_json_end(cli, &j);
    } else {
        cli_say(cli,
            "%" PRIu64 " contracts fit the warehouse, %" PRIu64 " of them without an agreement in force; %s; %" PRIu64
            " measures agree with their %" PRIu64 " vectors; %" PRIu64 " blocks of cohorts agree with their %" PRIu64
            " vectors; %" PRIu64 " equity files can be read; %" PRIu64
            " accountability frameworks agree with their %" PRIu64 " vectors\n",
            tally.contracts, tally.uncovered,
            tally.linking ? "the linking model holds together" : "there is no linking model", tally.measures,
            tally.vectors, tally.blocks, tally.block_vectors, tally.equity, tally.frameworks, tally.framework_vectors);
    }
    if (tally.uncovered)
        return error_set(err, ERR_DENIED, "contracts without an agreement in force: %" PRIu64, tally.uncovered);
    return OK;
}

const Command CMD_CHECK = {
    .name = "check",
    .synopsis = "",
    .summary = "check a policy folder: contracts, agreements, linking, measures, cohorts, frameworks",
    .text =
        "Reads every file of the policy; checks that each contract maps onto tables that exist and is covered by an "
        "agreement in force, that linking's model can be read and something fills its columns, that each measure, each "
        "block of cohorts and each accountability framework gives what its "
        "test vectors say, and that the equity files can be read. Run it after editing policy.\n\n"
        "Exit code 7 when a contract is covered by no agreement.",
    .options = CHECK_OPTIONS,
    .option_count = COUNT_OF(CHECK_OPTIONS),
    .run = run_check,
};
