/* Command review: people decide what the model cannot. */
#include "cli/commands.h"
#include "review/review.h"

static const Option REVIEW_OPTIONS[] = {
    {"reviewer", 'r', "NAME", "who looks or decides; import takes it from the file otherwise"},
    {"sample", 0, NULL, "the last clerical sample instead of the queue"},
    {"blind", 0, NULL, "without what the model thinks; import: so the file was exported"},
    {"out", 'o', "FILE", "export: write there (mode 0600)"},
    {"port", 'p', "N", "serve: port on 127.0.0.1 (default: any free one)"},
    {"limit", 'n', "N", "list: so many pairs (default 20)"},
};

static ReviewContext context_of(Cli *cli, const Workplace *w)
{
    return (ReviewContext){.home = w->home,
        .policy = w->policy,
        .log = &cli->log,
        .set = cli_flag(cli, "sample") ? REVIEW_SET_SAMPLE : REVIEW_SET_QUEUE,
        .reviewer = slice_of(cli_value(cli, "reviewer"))};
}

static ReviewSight sight_of(const Cli *cli)
{
    return cli_flag(cli, "blind") ? REVIEW_BLIND : REVIEW_OPEN_EYED;
}

/* --- list ----------------------------------------------------------------------------------------------------- */

static void list_text(Cli *cli, const ReviewList *list, uint64_t limit)
{
    for (size_t i = 0; i < list->at.len && i < limit; i++) {
        const ReviewEntry *e = &list->at.at[i];
        char pair[PAIR_TEXT_SIZE];
        review_pair_print(&e->a, &e->b, pair);
        if (sight_of(cli) == REVIEW_BLIND)
            cli_say(cli, "%s  %s\n", pair, pair_state_name(e->verdict.state));
        else
            cli_say(cli, "%s  %-9s %+7.1f bits  worth %.1f  %s\n", pair, e->reason, (double)e->odds / 1000,
                (double)e->value / 1000, pair_state_name(e->verdict.state));
    }
    cli_say(cli, "%zu pairs wait, %" PRIu64 " are settled\n", list->at.len, list->settled);
}

static void list_json(Cli *cli, const ReviewList *list, uint64_t limit)
{
    Json j;
    cli_json(cli, &j);
    json_kint(&j, "waiting", (int64_t)list->at.len);
    json_kint(&j, "settled", (int64_t)list->settled);
    json_key(&j, "pairs");
    json_open_array(&j);
    for (size_t i = 0; i < list->at.len && i < limit; i++) {
        const ReviewEntry *e = &list->at.at[i];
        char pair[PAIR_TEXT_SIZE];
        review_pair_print(&e->a, &e->b, pair);
        json_open_object(&j);
        json_kstr(&j, "pair", slice_of(pair));
        json_kstr(&j, "state", slice_of(pair_state_name(e->verdict.state)));
        if (sight_of(cli) != REVIEW_BLIND) {
            json_kstr(&j, "reason", slice_of(e->reason));
            json_kint(&j, "odds_millibits", e->odds);
        }
        json_end(&j);
    }
    json_end(&j);
    cli_json_end(cli, &j);
}

static Status do_list(Cli *cli, const ReviewContext *ctx, Error *err)
{
    ReviewList list;
    uint64_t limit;
    TRY(cli_number(cli, "limit", 20, 1, 1000000, &limit, err));
    TRY(review_list(ctx, &list, err));
    if (cli->format == CLI_JSON)
        list_json(cli, &list, limit);
    else
        list_text(cli, &list, limit);
    review_list_free(&list);
    return OK;
}

/* --- the others ------------------------------------------------------------------------------------------------ */

static Status need(const Cli *cli, size_t words, const char *what, Error *err)
{
    if (cli->positional_count == words)
        return OK;
    return error_set(err, ERR_USAGE, "review %s takes %s", cli->positional[0], what);
}

/* The ledger names who saw an identity. */
static Status need_reviewer(const Cli *cli, const ReviewContext *ctx, Error *err)
{
    if (ctx->reviewer.len > 0)
        return OK;
    return error_set(err, ERR_USAGE, "review %s needs --reviewer NAME", cli->positional[0]);
}

static Status do_show(Cli *cli, const ReviewContext *ctx, Error *err)
{
    RecordTag a, b;
    TRY(need(cli, 2, "a pair", err));
    TRY(need_reviewer(cli, ctx, err));
    TRY(review_pair_parse(slice_of(cli->positional[1]), &a, &b, err));
    return review_show(ctx, &a, &b, sight_of(cli), &cli->out, err);
}

static Status do_decide(Cli *cli, const ReviewContext *ctx, Error *err)
{
    ReviewWord word = {.blind = cli_flag(cli, "blind")};
    PairState state;
    TRY(need(cli, 3, "a pair and same, different or unsure", err));
    TRY(need_reviewer(cli, ctx, err));
    TRY(review_pair_parse(slice_of(cli->positional[1]), &word.a, &word.b, err));
    TRY(review_verdict_parse(slice_of(cli->positional[2]), &word.verdict, err));
    TRY(review_decide(ctx, &word, &state, err));
    cli_answer(cli, "state", slice_of(pair_state_name(state)), "the pair is now: %s", pair_state_name(state));
    return OK;
}

static Status do_export(Cli *cli, const ReviewContext *ctx, Error *err)
{
    Buf csv;
    uint64_t pairs;
    const char *out = cli_value(cli, "out");
    TRY(need(cli, 1, "no further word", err));
    TRY(need_reviewer(cli, ctx, err));
    buf_init(&csv, 0);
    Status st = review_export(ctx, sight_of(cli), &pairs, &csv, err);
    if (st == OK && out) {
        st = file_write(out, buf_slice(&csv), MODE_PRIVATE, err);
        if (st == OK)
            cli_answer(cli, "file", slice_of(out), "%" PRIu64 " pairs in %s", pairs, out);
    } else if (st == OK) {
        buf_add(&cli->out, buf_slice(&csv));
    }
    if (csv.ptr)
        mem_wipe(csv.ptr, csv.cap);
    buf_free(&csv);
    return st;
}

static Status do_import(Cli *cli, const ReviewContext *ctx, Error *err)
{
    ReviewImport r;
    TRY(need(cli, 2, "a CSV file", err));
    TRY(review_import(ctx, cli->positional[1], sight_of(cli), &r, err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "rows", (int64_t)r.rows);
        json_kint(&j, "decided", (int64_t)r.decided);
        cli_json_end(cli, &j);
    } else {
        cli_say(cli, "%" PRIu64 " decisions taken from %" PRIu64 " rows\n", r.decided, r.rows);
    }
    return OK;
}

static Status say_url(const char *url, void *arg, Error *err)
{
    Cli *cli = arg;
    cli_answer(cli, "url", slice_of(url),
        "review on %s\nThe address is secret: whoever has it can see identities (stop with Ctrl-C)", url);
    return cli_flush(cli, err);
}

static Status do_serve(Cli *cli, const ReviewContext *ctx, Error *err)
{
    uint64_t port;
    TRY(need(cli, 1, "no further word", err));
    TRY(cli_number(cli, "port", 0, 0, 65535, &port, err));
    TRY(need_reviewer(cli, ctx, err));
    const ReviewServe options = {.port = (uint16_t)port, .ready = say_url, .arg = cli};
    return review_serve(ctx, &options, err);
}

static Status run_review(Cli *cli, Error *err)
{
    static const struct {
        const char *verb;
        Status (*run)(Cli *cli, const ReviewContext *ctx, Error *err);
    } verbs[] = {{"list", do_list}, {"show", do_show}, {"decide", do_decide}, {"export", do_export},
        {"import", do_import}, {"serve", do_serve}};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (!slice_eq_z(slice_of(cli->positional[0]), verbs[i].verb))
            continue;
        Workplace w;
        /* for reading: a decision opens the home for writing by itself, for as long as it takes */
        TRY(workplace_open(cli, HOME_READ, &w, err));
        ReviewContext ctx = context_of(cli, &w);
        Status st = verbs[i].run(cli, &ctx, err);
        workplace_close(&w);
        return st;
    }
    return error_set(
        err, ERR_USAGE, "review: \"%s\" is none of list, show, decide, export, import, serve", cli->positional[0]);
}

const Command CMD_REVIEW = {
    .name = "review",
    .synopsis = "list|show|decide|export|import|serve [PAIR|FILE] [same|different|unsure]",
    .summary = "let people decide the pairs that the model cannot",
    .text = "Linking leaves uncertain pairs in a queue, most valuable first. \"list\" names them, \"show PAIR\" puts "
            "the two records side by side, \"decide PAIR same|different|unsure\" takes a decision. \"export\" writes "
            "all waiting pairs as CSV with empty columns verdict and reviewer, \"import FILE\" takes it back. "
            "\"serve\" shows the pairs on a page on this machine, under a secret address: j and k move, y, n and u "
            "decide, b hides the model.\n\n"
            "Decisions are kept for ever; the policy says how many people must agree. The next \"cairn link\" obeys "
            "what is settled. Each identity shown is an entry of the ledger with the reviewer's name, so that "
            "show, export, decide and serve need --reviewer.\n\n"
            "With --sample the pairs are those of the last \"cairn identity sample\", which measures how good the "
            "links are; use --blind for it, and for the import of what was exported so.",
    .options = REVIEW_OPTIONS,
    .option_count = COUNT_OF(REVIEW_OPTIONS),
    .positional_min = 1,
    .positional_max = 3,
    .run = run_review,
};
