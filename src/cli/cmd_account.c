/* Command account: ratings under a dated framework, explained, and asked what would change them. */
#include "account/account.h"
#include "cli/inside.h"

static const Option ACCOUNT_OPTIONS[] = {
    {"framework", 0, "NAME", "which framework (default: school_high)"},
    {"year", 'y', "YEAR", "school year by the year it ends in; its rules are those in force on 30 June"},
    {"unit", 'u', "CODE", "one district, or school as DISTRICT-SCHOOL (default: all; explain needs it)"},
    {"reference", 'r', "FILE", "CSV of published points and participation (unit, kind, name, value, possible)"},
    {"changes", 'c', "FILE", "what-if: TOML with a list changes = [\"PATH=VALUE\", ...]"},
    {"most", 'm', "N", "incentives: moves of at most N persons (default 3)"},
    {"students", 0, NULL, "explain: pseudonyms of those counted and left out, for a role that may see persons"},
    {"policy", 0, "DIR",
        "list: the state's policy folder (default: the home's, then CAIRN_POLICY, then the installed Colorado)"},
    INSIDE_OPTIONS,
};

typedef struct Account {
    Inside in;
    Framework rules;
    Reference reference;
    Ratings ratings;
    int32_t year;
} Account;

static Slice framework_name(const Cli *cli)
{
    const char *name = cli_value(cli, "framework");
    return name ? slice_of(name) : SLICE("school_high");
}

static void account_close(Account *a)
{
    vec_free(&a->reference);
    vec_free(&a->ratings);
    inside_close(&a->in);
}

static Status account_open(Cli *cli, Account *a, Error *err)
{
    uint64_t year;
    const char *file = cli_value(cli, "reference");
    *a = (Account){0};
    TRY(cli_number(cli, "year", 0, 1900, 9999, &year, err));
    if (year == 0)
        return error_set(err, ERR_USAGE, "account %s needs --year", cli->positional[0]);
    a->year = (int32_t)year;
    TRY(inside_open(cli, cli_flag(cli, "students") ? "persons" : "cells", &a->in, err));
    Status st;
    TRY_OUT(framework_for(a->in.place.policy, framework_name(cli), a->year, &cli->arena, &a->rules, err));
    if (file) {
        TRY_OUT(reference_read(file, &cli->arena, &a->reference, err));
        TRY_OUT(reference_check(file, &a->rules, &a->reference, err));
    }
    TRY_OUT(ratings_compute(&a->rules, &a->in.cells, &a->reference, a->year, slice_of(cli_value(cli, "unit")),
        &cli->arena, &a->ratings, err));
out:
    if (st != OK)
        account_close(a);
    return st;
}

static Status do_rate(Cli *cli, Account *a, Sheet *s, Error *err)
{
    UNUSED(cli);
    account_rate_sheet(&a->rules, &a->ratings, s);
    return sheet_status(s, err);
}

static Status do_explain(Cli *cli, Account *a, Sheet *s, Error *err)
{
    ExclusionSet exclusions;
    const MeasureContext ctx = inside_context(cli, &a->in);
    if (!cli_value(cli, "unit"))
        return error_set(err, ERR_USAGE, "account explain needs --unit CODE");
    TRY(exclusions_read(a->in.place.home, a->in.generation, &exclusions, err));
    Status st = account_explain_sheet(&a->rules, &a->ratings.at[0], a->in.place.policy, &exclusions, s, err);
    exclusions_free(&exclusions);
    if (st == OK && cli_flag(cli, "students"))
        st = account_explain_persons(&a->rules, &a->ratings.at[0], &ctx, s, err);
    return st;
}

static Status change_by_file(Cli *cli, Framework *f, const char *path, Sheet *s, Error *err)
{
    const char *const allowed[] = {"changes", NULL};
    const Toml *t, *list;
    TRY(toml_read(path, &cli->arena, &t, err));
    TRY(toml_only(t, path, allowed, err));
    TRY(toml_array(t, path, "changes", &list, err));
    for (const Toml *c = list ? list->first : NULL; c; c = c->next) {
        if (c->type != TOML_STRING)
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": changes must be texts PATH=VALUE", path, c->line);
        if (framework_change(f, c->string, err) != OK) {
            error_at(err, path, c->line, NULL);
            return ERR_USAGE;
        }
        sheet_note(s, "Changed: %.*s", SLICE_ARG(c->string));
    }
    return OK;
}

static Status do_what_if(Cli *cli, Account *a, Sheet *s, Error *err)
{
    const char *file = cli_value(cli, "changes");
    Framework changed;
    Ratings then = {0};
    if (cli->positional_count < 2 && !file)
        return error_set(err, ERR_USAGE, "account what-if needs a change: PATH=VALUE or --changes FILE");
    TRY(framework_for(a->in.place.policy, framework_name(cli), a->year, &cli->arena, &changed, err));
    if (file)
        TRY(change_by_file(cli, &changed, file, s, err));
    for (size_t i = 1; i < cli->positional_count; i++)
        TRY(framework_change(&changed, slice_of(cli->positional[i]), err));
    Status st = ratings_compute(
        &changed, &a->in.cells, &a->reference, a->year, slice_of(cli_value(cli, "unit")), &cli->arena, &then, err);
    if (st == OK) {
        account_what_if_sheet(&a->rules, &a->ratings, &changed, &then, s);
        for (size_t i = 1; i < cli->positional_count; i++)
            sheet_note(s, "Changed: %s", cli->positional[i]);
        st = sheet_status(s, err);
    }
    vec_free(&then);
    return st;
}

static Status do_incentives(Cli *cli, Account *a, Sheet *s, Error *err)
{
    uint64_t most;
    TRY(cli_number(cli, "most", 3, 1, 100, &most, err));
    return account_incentives_sheet(&a->rules, &a->ratings, a->in.place.policy, (int64_t)most, s, err);
}

static Status run_list(Cli *cli, SheetFormat format, Error *err)
{
    Workplace w;
    Sheet sheet;
    TRY(workplace_policy(cli, &w, err));
    sheet_init(&sheet, "Accountability frameworks");
    Status st = account_list_sheet(w.policy, &sheet, err);
    if (st == OK)
        st = sheet_write(&sheet, format, cli_value(cli, "table"), &cli->out, err);
    sheet_free(&sheet);
    workplace_close(&w);
    return st;
}

static Status run_account(Cli *cli, Error *err)
{
    static const struct {
        const char *word, *title;
        Status (*run)(Cli *, Account *, Sheet *, Error *);
    } verbs[] = {{"rate", "Ratings", do_rate}, {"explain", "A rating explained", do_explain},
        {"what-if", "What would change", do_what_if}, {"incentives", "Incentives", do_incentives}};
    Account a;
    Sheet sheet;
    SheetFormat format;
    size_t verb = 0;
    TRY(inside_format(cli, &format, err));
    if (slice_eq_z(slice_of(cli->positional[0]), "list"))
        return run_list(cli, format, err);
    while (verb < COUNT_OF(verbs) && !slice_eq_z(slice_of(cli->positional[0]), verbs[verb].word))
        verb++;
    if (verb == COUNT_OF(verbs))
        return error_set(
            err, ERR_USAGE, "account: \"%s\" is none of list, rate, explain, what-if, incentives", cli->positional[0]);
    if (cli->positional_count > 1 && verbs[verb].run != do_what_if)
        return error_set(err, ERR_USAGE, "account %s takes no further word", cli->positional[0]);
    TRY(account_open(cli, &a, err));
    sheet_init(&sheet, verbs[verb].title);
    Status st = verbs[verb].run(cli, &a, &sheet, err);
    if (st == OK)
        st = inside_write(cli, &sheet, format, err);
    sheet_free(&sheet);
    account_close(&a);
    return st;
}

const Command CMD_ACCOUNT = {
    .name = "account",
    .synopsis = "list|rate|explain|what-if|incentives [PATH=VALUE ...]",
    .summary = "rate schools or districts under a dated accountability framework, and ask what moves them",
    .text =
        "\"list\" names the frameworks of the policy. \"rate\" rates every unit of a framework's level for a year, "
        "with "
        "the rules in force on 30 June of it; \"explain\" shows one unit's rating line by line, with how many persons "
        "were left out for which reason, and with --students who (pseudonyms). \"what-if\" changes weights, cut "
        "points, "
        "points, minimum n or plan limits (weight.pwr=40, cut.graduation.meets=90) and shows which units move. "
        "\"incentives\" tries moves that help no learner and shows those that would raise a rating.\n\n"
        "Indicators that need test scores are not held: their points come from --reference FILE, or the total is "
        "computed over the other indicators and says so. What the law or the department leaves unknown is assumed in "
        "the framework's file and listed under each result. docs/accountability.md describes the files.\n\n"
        "The results are unprotected and stay inside: a role of the policy's access folder must allow the look (cells, "
        "or persons with --students), --purpose and --agreement are needed, and each call is an entry of the ledger. "
        "Exit code 7 when it is denied, 5 when a unit has no figures.",
    .options = ACCOUNT_OPTIONS,
    .option_count = COUNT_OF(ACCOUNT_OPTIONS),
    .positional_min = 1,
    .positional_max = 100,
    .run = run_account,
};
