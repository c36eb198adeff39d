/* The public budget of differential privacy: open an account, show it, verify it. Spending is what releases do. */
#include "cli/commands.h"
#include "perturb/perturb.h"

static const Option BUDGET_OPTIONS[] = {
    {"name", 0, "TEXT", "open: what the account is for, as readers will see it"},
    {"unit", 0, "TEXT", "open: whose privacy is counted (default person)"},
    {"rho", 0, "AMOUNT", "open: the whole budget, such as 2.5 or 1/8; it is never raised"},
    {"delta-exponent", 0, "N", "open: epsilon is stated at delta = 10^-N (default 10)"},
    {"policy-file", 0, "FILE", "open: the decision that set the budget; its hash goes into the first line"},
    {"holds", 0, "HASH", "verify: a line with this hash must still be there, as some release named it"},
};

#define RHO_DIGITS "%" PRId64 ".%09" PRId64
#define RHO_ARG(v) (v) / RHO_ONE, (v) % RHO_ONE

static Status rho_of(const char *text, int64_t *out, Error *err)
{
    DpPrivacy p = {DP_GAUSSIAN, DP_ADD_REMOVE, {0, 1}, 1, 1};
    if (!text)
        return error_set(err, ERR_USAGE, "budget open needs --rho");
    if (ratio_parse(slice_of(text), &p.amount, NULL) != OK || p.amount.num == 0)
        return error_set(err, ERR_USAGE, "--rho is a number greater than 0 such as 2.5 or 1/8");
    return dp_cost(&p, out, err);
}

static Status open_account(Cli *cli, const char *path, Error *err)
{
    uint64_t exponent;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    const char *name = cli_value(cli, "name"), *unit = cli_value(cli, "unit"), *policy = cli_value(cli, "policy-file");
    BudgetTerms terms = {.unit = unit ? slice_of(unit) : SLICE("person")};
    if (!name || !policy)
        return error_set(err, ERR_USAGE, "budget open needs --name and --policy-file");
    terms.name = slice_of(name);
    TRY(rho_of(cli_value(cli, "rho"), &terms.total, err));
    TRY(cli_number(cli, "delta-exponent", 10, 1, 30, &exponent, err));
    terms.delta_exponent = (uint32_t)exponent;
    TRY(file_sha256(policy, digest, err));
    hex_encode(digest, sizeof digest, hex);
    terms.policy_sha256 = slice_of(hex);
    TRY(budget_create(path, &terms, clock_now(), err));
    cli_answer(cli, "budget", slice_of(path), "opened %s: rho " RHO_DIGITS ", which is epsilon %.3f at delta 1e-%u",
        path, RHO_ARG(terms.total), rho_to_epsilon_tight(terms.total, terms.delta_exponent), terms.delta_exponent);
    return OK;
}

/* --- showing ------------------------------------------------------------------------------------------------- */

static void entry_members(Json *j, const BudgetEntry *e)
{
    json_open_object(j);
    json_kint(j, "seq", (int64_t)e->seq);
    json_kint(j, "at", e->at);
    json_kstr(j, "query", e->query);
    json_kstr(j, "mechanism", e->mechanism);
    json_kstr(j, "neighbours", e->neighbours);
    json_kstr(j, "amount", e->amount);
    json_kint(j, "cells_per_person", (int64_t)e->cells_per_person);
    json_kint(j, "per_cell", (int64_t)e->per_cell);
    json_kint(j, "rho_e9", e->rho);
    json_kstr(j, "policy_sha256", e->policy_sha256);
    json_kstr(j, "code_sha256", e->code_sha256);
    json_kstr(j, "hash", slice_of(e->hash));
    json_end(j);
}

static void epsilons(Json *j, const char *key, int64_t rho, uint32_t exponent)
{
    json_key(j, key);
    json_open_object(j);
    json_kint(j, "rho_e9", rho);
    json_key(j, "epsilon");
    json_fixed(j, rho_to_epsilon_tight(rho, exponent), 3);
    json_key(j, "epsilon_quick");
    json_fixed(j, rho_to_epsilon_quick(rho, exponent), 3);
    json_end(j);
}

static void show_json(Cli *cli, const Budget *b)
{
    Json j;
    uint32_t exponent = b->terms.delta_exponent;
    cli_json(cli, &j);
    json_kstr(&j, "name", b->terms.name);
    json_kstr(&j, "unit", b->terms.unit);
    json_kint(&j, "delta_exponent", exponent);
    json_kint(&j, "opened_at", b->opened_at);
    json_kstr(&j, "policy_sha256", b->terms.policy_sha256);
    epsilons(&j, "total", b->terms.total, exponent);
    epsilons(&j, "spent", b->spent, exponent);
    epsilons(&j, "left", budget_left(b), exponent);
    if (b->pure && b->epsilon.num > 0) {
        Buf text;
        buf_init(&text, 0);
        ratio_print(b->epsilon, &text);
        json_kstr(&j, "pure_epsilon_spent", buf_slice(&text));
        buf_free(&text);
    }
    json_kstr(&j, "head", slice_of(b->head));
    json_key(&j, "entries");
    json_open_array(&j);
    for (size_t i = 0; i < b->entries.len; i++)
        entry_members(&j, &b->entries.at[i]);
    json_end(&j);
    cli_json_end(cli, &j);
}

static void show_text(Cli *cli, const Budget *b)
{
    char at[21];
    uint32_t exponent = b->terms.delta_exponent;
    const int64_t amounts[] = {b->terms.total, b->spent, budget_left(b)};
    static const char *const words[] = {"budget", "spent", "left"};
    cli_say(cli, "%.*s, a %.*s as unit\n", SLICE_ARG(b->terms.name), SLICE_ARG(b->terms.unit));
    for (int i = 0; i < 3; i++)
        cli_say(cli, "  %-7s rho " RHO_DIGITS "  epsilon %.3f at delta 1e-%u\n", words[i], RHO_ARG(amounts[i]),
            rho_to_epsilon_tight(amounts[i], exponent), exponent);
    if (b->pure && b->epsilon.num > 0) {
        Buf text;
        buf_init(&text, 0);
        ratio_print(b->epsilon, &text);
        cli_say(cli, "  all of it pure: epsilon %s without any delta\n", buf_z(&text));
        buf_free(&text);
    }
    for (size_t i = 0; i < b->entries.len; i++) {
        const BudgetEntry *e = &b->entries.at[i];
        clock_print(e->at, at);
        cli_say(cli, "%4" PRIu64 "  %s  rho " RHO_DIGITS "  %.*s (%.*s %.*s)\n", e->seq, at, RHO_ARG(e->rho),
            SLICE_ARG(e->query), SLICE_ARG(e->mechanism), SLICE_ARG(e->amount));
    }
    cli_say(cli, "last line %s\n", b->head);
}

static Status verify(Cli *cli, const Budget *b, Error *err)
{
    const char *hash = cli_value(cli, "holds");
    if (hash && !budget_holds(b, slice_of(hash))) {
        error_set(err, ERR_CORRUPT, "the ledger has no line %s", hash);
        error_hint(err, "Lines were cut off at its end, or this is another ledger.");
        return ERR_CORRUPT;
    }
    cli_answer(cli, "head", slice_of(b->head), "every line holds (%zu), the last is %s", b->entries.len + 1, b->head);
    return OK;
}

static Status run_budget(Cli *cli, Error *err)
{
    const char *verb = cli->positional[0], *path = cli->positional[1];
    Budget b = {0};
    if (strcmp(verb, "open") == 0)
        return open_account(cli, path, err);
    if (strcmp(verb, "show") != 0 && strcmp(verb, "verify") != 0)
        return error_set(err, ERR_USAGE, "budget: \"%s\" is neither open, show nor verify", verb);
    TRY(budget_read(path, &b, err));
    Status st = OK;
    if (strcmp(verb, "verify") == 0)
        st = verify(cli, &b, err);
    else if (cli->format == CLI_JSON)
        show_json(cli, &b);
    else
        show_text(cli, &b);
    budget_free(&b);
    return st;
}

const Command CMD_BUDGET = {
    .name = "budget",
    .synopsis = "open|show|verify FILE",
    .summary = "open, show or verify the public budget of differential privacy",
    .text = "FILE is a ledger of JSON lines, chained by SHA-256 and meant to be published. \"open\" makes it, with a "
            "budget that is never raised; releases in a lane of differential privacy spend from it; \"show\" prints "
            "what was spent and what it means; \"verify\" checks every line. show and verify end with the exit code of "
            "corrupt data when any line is not what the chain says. Needs no data home. docs/lanes.md says what the "
            "numbers promise.",
    .options = BUDGET_OPTIONS,
    .option_count = COUNT_OF(BUDGET_OPTIONS),
    .positional_min = 2,
    .positional_max = 2,
    .run = run_budget,
};
