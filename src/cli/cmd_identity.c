/* Commands identity and why: the history of who is who, its quality, and words for single pairs. */
#include "cli/commands.h"
#include "identity/identity.h"
#include "measure/measure.h"

static const Option IDENTITY_OPTIONS[] = {
    {"run", 0, "N", "undo: this run and all later ones (default: the last); map: since before this run"},
    {"from", 0, "SEQ", "undo, journal: first line of the journal"},
    {"to", 0, "SEQ", "undo, journal: last line of the journal (undo: default that of --from)"},
    {"all", 0, NULL, "map: persons that did not change too"},
    {"out", 'o', "FILE", "runs, journal, map: write the CSV there"},
    {"size", 0, "N", "sample: pairs to draw (default 400)"},
    {"seed", 0, "S", "sample: same seed, same pairs (default 1)"},
    {"sample", 0, "N", "quality: of this sample (default: the last)"},
};

static LinkContext context_of(Cli *cli, const Workplace *w)
{
    return (LinkContext){
        .home = w->home, .policy = w->policy, .ledger = w->ledger, .log = &cli->log, .progress = cli->progress};
}

/* --- undo ------------------------------------------------------------------------------------------------------ */

static Status do_undo(Cli *cli, const Workplace *w, Error *err)
{
    uint64_t run, from, to;
    UndoReport r;
    LinkContext ctx = context_of(cli, w);
    TRY(cli_number(cli, "run", 0, 1, INT64_MAX, &run, err));
    TRY(cli_number(cli, "from", 0, 1, INT64_MAX, &from, err));
    TRY(cli_number(cli, "to", from, 1, INT64_MAX, &to, err));
    if (run && to)
        return error_set(err, ERR_USAGE, "undo takes either --run or lines of the journal");
    if ((to && !from) || to < from)
        return error_set(err, ERR_USAGE, "undo takes lines --from SEQ --to SEQ, the first not after the last");
    const UndoOptions options = {.run = (int64_t)run, .seq_from = (int64_t)from, .seq_to = (int64_t)to};
    TRY(identity_undo(&ctx, &options, &r, err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "run", r.run);
        json_kint(&j, "restored", (int64_t)r.restored);
        json_kint(&j, "released", (int64_t)r.released);
        cli_json_end(cli, &j);
    } else if (r.run == 0) {
        cli_say(cli, "there was nothing to undo\n");
    } else {
        cli_say(cli,
            "run %" PRId64 ": %" PRIu64 " records are back where they were, %" PRIu64
            " wait to be linked again; \"cairn run\" rebuilds what rests on them\n",
            r.run, r.restored, r.released);
    }
    return OK;
}

/* --- tables ---------------------------------------------------------------------------------------------------- */

static Status give_csv(Cli *cli, Buf *csv, Error *err)
{
    const char *out = cli_value(cli, "out");
    if (!out) {
        buf_add(&cli->out, buf_slice(csv));
        return OK;
    }
    TRY(file_write(out, buf_slice(csv), MODE_PRIVATE, err));
    cli_answer(cli, "file", slice_of(out), "written: %s", out);
    return OK;
}

static Status do_runs(Cli *cli, const Workplace *w, Error *err)
{
    Buf csv;
    buf_init(&csv, 0);
    Status st = identity_runs_csv(w->home, &csv, err);
    if (st == OK)
        st = give_csv(cli, &csv, err);
    buf_free(&csv);
    return st;
}

static Status do_journal(Cli *cli, const Workplace *w, Error *err)
{
    Buf csv;
    uint64_t from, to;
    TRY(cli_number(cli, "from", 1, 1, INT64_MAX, &from, err));
    TRY(cli_number(cli, "to", 0, 1, INT64_MAX, &to, err));
    buf_init(&csv, 0);
    Status st = identity_journal_csv(w->home, (int64_t)from, (int64_t)to, &csv, err);
    if (st == OK)
        st = give_csv(cli, &csv, err);
    buf_free(&csv);
    return st;
}

static Status do_map(Cli *cli, const Workplace *w, Error *err)
{
    Buf csv;
    uint64_t run;
    TRY(cli_number(cli, "run", 0, 1, INT64_MAX, &run, err));
    buf_init(&csv, 0);
    Status st = identity_map_csv(w->home, (int64_t)run, cli_flag(cli, "all") ? MAP_ALL : MAP_CHANGED, &csv, err);
    if (st == OK)
        st = give_csv(cli, &csv, err);
    buf_free(&csv);
    return st;
}

/* --- quality --------------------------------------------------------------------------------------------------- */

static Status do_sample(Cli *cli, const Workplace *w, Error *err)
{
    uint64_t size, seed, drawn;
    int64_t number;
    LinkContext ctx = context_of(cli, w);
    TRY(cli_number(cli, "size", 400, 20, 100000, &size, err));
    TRY(cli_number(cli, "seed", 1, 0, UINT64_MAX, &seed, err));
    const SampleOptions options = {.size = (uint32_t)size, .seed = seed};
    TRY(identity_sample(&ctx, &options, &number, &drawn, err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "sample", number);
        json_kint(&j, "pairs", (int64_t)drawn);
        cli_json_end(cli, &j);
    } else {
        cli_say(cli,
            "sample %" PRId64 ": %" PRIu64
            " pairs; judge them with \"cairn review serve --sample --blind --reviewer NAME\", then \"cairn identity "
            "quality\"\n",
            number, drawn);
    }
    return OK;
}

static void say_estimate(Cli *cli, const char *name, const LinkEstimate *e)
{
    cli_say(cli, "  %-10s %.4f  (95 %%: %.4f to %.4f)\n", name, e->value, e->low, e->high);
}

static void say_sample(Cli *cli, const SampleQuality *q)
{
    cli_say(cli, "by reviewers: sample %" PRId64 ", %" PRIu64 " of %" PRIu64 " pairs judged, %" PRIu64 " unclear\n",
        q->sample, q->judged, q->pairs, q->unsure);
    if (!q->complete) {
        cli_say(cli, "  precision and recall are not known yet: some stratum has fewer than two judged pairs\n");
        return;
    }
    say_estimate(cli, "precision", &q->precision);
    say_estimate(cli, "recall", &q->recall);
}

static void say_groups(Cli *cli, const LinkGroups *groups)
{
    const char *split = "";
    const LinkGroup *all = groups->len ? &groups->at[0] : NULL;
    for (size_t i = 0; i < groups->len; i++) {
        const LinkGroup *g = &groups->at[i];
        if (!slice_eq_z(g->split, split))
            cli_say(cli, "by %.*s, as the model sees it\n", SLICE_ARG(g->split));
        split = g->split.ptr;
        cli_say(cli, "  %-32.*s %9" PRId64 " persons  precision %.4f  recall %.4f%s\n", SLICE_ARG(g->group), g->persons,
            g->precision, g->recall, all && g->recall < all->recall - 0.01 ? "  more than a point below all" : "");
    }
}

static void groups_json(Json *j, const LinkGroups *groups)
{
    json_key(j, "groups");
    json_open_array(j);
    for (size_t i = 0; i < groups->len; i++) {
        const LinkGroup *g = &groups->at[i];
        json_open_object(j);
        json_kstr(j, "split", g->split);
        json_kstr(j, "group", g->group);
        json_kint(j, "persons", g->persons);
        json_key(j, "precision");
        json_fixed(j, g->precision, 6);
        json_key(j, "recall");
        json_fixed(j, g->recall, 6);
        json_end(j);
    }
    json_end(j);
}

static Status do_quality(Cli *cli, const Workplace *w, Error *err)
{
    SampleQuality sample = {0};
    LinkGroups groups = {0};
    uint64_t number;
    TRY(cli_number(cli, "sample", 0, 1, INT64_MAX, &number, err));
    Status st = identity_sample_quality(w->home, (int64_t)number, &sample, err);
    bool has_sample = st == OK;
    if (st == ERR_NOT_FOUND && number == 0)
        error_clear(err);
    else
        TRY(st);
    st = measure_link_quality(w->home, w->policy, &cli->arena, &groups, err);
    if (st == ERR_NOT_FOUND && has_sample)
        error_clear(err); /* what reviewers said needs no warehouse */
    else
        TRY(st);
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        if (has_sample) {
            json_kint(&j, "sample", sample.sample);
            json_kint(&j, "judged", (int64_t)sample.judged);
            json_kbool(&j, "complete", sample.complete);
            if (sample.complete) {
                identity_estimate_json(&sample.precision, "precision", &j);
                identity_estimate_json(&sample.recall, "recall", &j);
            }
        }
        groups_json(&j, &groups);
        cli_json_end(cli, &j);
    } else {
        if (has_sample)
            say_sample(cli, &sample);
        say_groups(cli, &groups);
    }
    vec_free(&groups);
    return OK;
}

static Status run_identity(Cli *cli, Error *err)
{
    static const struct {
        const char *verb;
        HomeAccess access;
        Status (*run)(Cli *cli, const Workplace *w, Error *err);
    } verbs[] = {{"undo", HOME_WRITE, do_undo}, {"runs", HOME_READ, do_runs}, {"journal", HOME_READ, do_journal},
        {"map", HOME_READ, do_map}, {"sample", HOME_WRITE, do_sample}, {"quality", HOME_READ, do_quality}};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (!slice_eq_z(slice_of(cli->positional[0]), verbs[i].verb))
            continue;
        Workplace w;
        TRY(workplace_open(cli, verbs[i].access, &w, err));
        Status st = verbs[i].run(cli, &w, err);
        workplace_close(&w);
        return st;
    }
    return error_set(
        err, ERR_USAGE, "identity: \"%s\" is none of undo, runs, journal, map, sample, quality", cli->positional[0]);
}

const Command CMD_IDENTITY = {
    .name = "identity",
    .synopsis = "undo|runs|journal|map|sample|quality",
    .summary = "the history of who is who, taking it back, and how good it is",
    .text =
        "Every linking is a numbered run, and every merge, split and move a numbered line of the journal. \"runs\" "
        "and \"journal\" list them as CSV. \"undo\" takes back the last run, all runs from --run on, or what the "
        "lines --from to --to moved: records go back to the persons they had, with the evidence they had. An undo "
        "is a run too. What kept two records together is not changed by it: to keep them apart, decide so in "
        "review. \"map\" tells which person ids became which, for instance after a full relink.\n\n"
        "\"sample\" draws pairs for reviewers, by stratum; \"quality\" tells what their verdicts say of precision "
        "and recall, with intervals, and what the model expects, by group of persons (needs a built warehouse). "
        "The next \"cairn link --full\" calibrates the model on judged samples, where the policy says from how many "
        "pairs on.",
    .options = IDENTITY_OPTIONS,
    .option_count = COUNT_OF(IDENTITY_OPTIONS),
    .positional_min = 1,
    .positional_max = 1,
    .run = run_identity,
};

/* --- why ------------------------------------------------------------------------------------------------------- */

static const Option WHY_OPTIONS[] = {
    {"show-values", 0, NULL, "print the values that were compared; needs --purpose"},
    {"purpose", 0, "TEXT", "why: written into the ledger"},
};

static Status run_why(Cli *cli, Error *err)
{
    Workplace w;
    const WhyOptions options = {.a = slice_of(cli->positional[0]),
        .b = slice_of(cli->positional[1]),
        .values = cli_flag(cli, "show-values") ? WHY_VALUES : WHY_MASKED,
        .purpose = cli_value(cli, "purpose")};
    TRY(workplace_open(cli, HOME_READ, &w, err));
    LinkContext ctx = context_of(cli, &w);
    Buf text;
    buf_init(&text, 0);
    Status st = identity_why(&ctx, &options, &text, err);
    if (st == OK && cli->format == CLI_JSON)
        cli_answer(cli, "why", buf_slice(&text), "%s", "");
    else if (st == OK)
        buf_add(&cli->out, buf_slice(&text));
    buf_free(&text);
    workplace_close(&w);
    return st;
}

const Command CMD_WHY = {
    .name = "why",
    .synopsis = "A B",
    .summary = "why two records are one person, or are not",
    .text = "A and B are record tags (32 hex digits), persons' numbers, or SOURCE:ID with a SASID or an organisation's "
            "own id; of persons the likeliest pair is told. Says field by field what the model makes of the two, which "
            "blocking passes bring them together and which do not, what rules and reviewers say, by which chain of "
            "links they are one person, or what keeps them apart.\n\nValues are left out unless --show-values is given "
            "with a purpose. Reads all identities, to know how common a value is; that is one entry of the ledger.",
    .options = WHY_OPTIONS,
    .option_count = COUNT_OF(WHY_OPTIONS),
    .positional_min = 2,
    .positional_max = 2,
    .run = run_why,
};
