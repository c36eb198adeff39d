/*
 * measure: the whole catalogue into results (the pipeline's step), or one question at a time. What a question shows is
 * unprotected: a role must allow it, the ledger says who asked what, why and under which agreement before anything is
 * shown, and files are readable by nobody else.
 */
#include "cli/answer.h"
#include "cli/cells_out.h"
#include "cli/pipeline.h"
#include "protect/protect.h"

#include <math.h>

static const Option MEASURE_OPTIONS[] = {
    {"force", 'f', NULL, "all measures: do it even when nothing has changed"},
    {"policy", 0, "DIR",
        "list, explain, test: the state's policy folder (default: the home's, then CAIRN_POLICY, then the installed "
        "Colorado)"},
    {"by", 'b', "SPLITS", "up to three splits, crossed, with commas between: race_ethnicity,sex"},
    {"level", 'l', "LEVEL", "state (default), county, district or school"},
    {"definition", 'd', "NAME", "which rule of the measure's family (default: the measure's own)"},
    {"minimum", 0, "N", "persons below which a figure is small, in place of the definition's"},
    CELLS_OPTIONS,
    {"answer-to", 0, "USER",
        "protect the figures for this asker, who is outside: suppressed, audited together with all releases in force "
        "and all he was told before; comes as CSV, or JSON with --json"},
};

/* NAME or NAME@DEFINITION; *definition is left as it is where the text names none. */
static void cut_name(const char *text, Slice *name, Slice *definition)
{
    Slice rest = slice_of(text);
    *name = slice_cut(&rest, '@');
    *definition = rest.ptr ? rest : *definition;
}

static Status name_of(const Cli *cli, size_t word, Slice *name, Slice *definition, Error *err)
{
    *definition = slice_of(cli_value(cli, "definition"));
    if (definition->len > 0 && strchr(cli->positional[word], '@'))
        return error_set(err, ERR_USAGE, "NAME@DEFINITION and --definition both say which rule");
    cut_name(cli->positional[word], name, definition);
    return OK;
}

/* --- list, explain, test ---------------------------------------------------------------------------------------- */

static void list_json(Cli *cli, const MeasureInfos *infos)
{
    Json j;
    cli_json(cli, &j);
    json_key(&j, "measures");
    json_open_array(&j);
    for (size_t i = 0; i < infos->len; i++) {
        const MeasureInfo *m = &infos->at[i];
        json_open_object(&j);
        json_kstr(&j, "name", m->name);
        json_kstr(&j, "title", m->title);
        json_kstr(&j, "question", m->question);
        json_kstr(&j, "unit", m->unit);
        json_kstr(&j, "family", m->family);
        json_kstr(&j, "definition", m->definition);
        json_kint(&j, "minimum_n", m->minimum_n);
        json_kstr(&j, "status", m->file->status);
        json_kstr(&j, "source", m->file->source);
        json_end(&j);
    }
    json_end(&j);
    cli_json_end(cli, &j);
}

static Status do_list(Cli *cli, Policy *policy, Error *err)
{
    MeasureInfos infos = {0};
    DefinitionInfos definitions = {0};
    Status st = measure_list(policy, &cli->arena, &infos, err);
    if (st == OK)
        st = definition_list(policy, &cli->arena, &definitions, err);
    if (st == OK && cli->format == CLI_JSON) {
        list_json(cli, &infos);
    } else if (st == OK) {
        for (size_t i = 0; i < infos.len; i++)
            cli_say(cli, "%-32.*s %.*s\n", SLICE_ARG(infos.at[i].name), SLICE_ARG(infos.at[i].title));
        for (size_t i = 0; i < definitions.len; i++)
            cli_say(cli, "%-32.*s %.*s\n", SLICE_ARG(definitions.at[i].name), SLICE_ARG(definitions.at[i].employed));
    }
    vec_free(&infos);
    vec_free(&definitions);
    return st;
}

static Status do_explain(Cli *cli, Policy *policy, Error *err)
{
    Buf text;
    Slice name, definition;
    TRY(name_of(cli, 1, &name, &definition, err));
    buf_init(&text, 0);
    Status st = measure_explain(policy, name, definition, &text, err);
    if (st == OK && cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "measure", name);
        json_kstr(&j, "text", buf_slice(&text));
        cli_json_end(cli, &j);
    } else if (st == OK) {
        buf_add(&cli->out, buf_slice(&text));
    }
    buf_free(&text);
    return st;
}

typedef struct TestTally {
    uint64_t measures, definitions, vectors;
} TestTally;

typedef struct TestTelling {
    Cli *cli;
    TestTally *tally;
} TestTelling;

static void tell_measure(void *ctx, Slice name, uint64_t vectors)
{
    const TestTelling *t = ctx;
    if (t->cli->format == CLI_TEXT)
        cli_say(t->cli, "ok  %-32.*s %" PRIu64 " vectors\n", SLICE_ARG(name), vectors);
    t->tally->measures++;
    t->tally->vectors += vectors;
}

static Status test_definitions(Cli *cli, Policy *policy, Slice only, TestTally *out, Error *err)
{
    DefinitionInfos infos = {0};
    Status st = definition_list(policy, &cli->arena, &infos, err);
    for (size_t i = 0; st == OK && i < infos.len; i++) {
        if (only.len && !slice_eq(infos.at[i].name, only))
            continue;
        uint64_t vectors = 0;
        st = definition_test(policy, infos.at[i].name, &vectors, err);
        if (st == OK && cli->format == CLI_TEXT)
            cli_say(cli, "ok  %-32.*s %" PRIu64 " vectors\n", SLICE_ARG(infos.at[i].name), vectors);
        out->definitions++;
        out->vectors += vectors;
    }
    vec_free(&infos);
    return st;
}

static Status do_test(Cli *cli, Policy *policy, Error *err)
{
    TestTally tally = {0};
    Slice only = slice_of(cli->positional_count > 1 ? cli->positional[1] : NULL);
    TRY(measure_test(policy, only, tell_measure, &(TestTelling){cli, &tally}, err));
    TRY(test_definitions(cli, policy, only, &tally, err));
    if (only.len && tally.measures + tally.definitions == 0) {
        error_set(err, ERR_NOT_FOUND, "there is no measure or definition %.*s", SLICE_ARG(only));
        measure_hint_names(policy, only, err);
        return ERR_NOT_FOUND;
    }
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "measures", (int64_t)tally.measures);
        json_kint(&j, "definitions", (int64_t)tally.definitions);
        json_kint(&j, "vectors", (int64_t)tally.vectors);
        cli_json_end(cli, &j);
    }
    return OK;
}

/* Words that need a policy and no home. */
typedef struct Verb {
    const char *name, *what, *takes;
    size_t words_min, words_max; /* after the verb */
    const char *options[4];      /* that it reads */
    Status (*run)(Cli *cli, Policy *policy, Error *err);
} Verb;

static const Verb verbs[] = {
    {"list", "measure list", "no further word", 0, 0, {"policy", NULL}, do_list},
    {"explain", "measure explain", "the name of a measure", 1, 1, {"policy", "definition", NULL}, do_explain},
    {"test", "measure test", "the name of one measure or definition, or none", 0, 1, {"policy", NULL}, do_test},
};

static Status run_verb(Cli *cli, const Verb *v, Error *err)
{
    Workplace w;
    if (cli->positional_count - 1 < v->words_min || cli->positional_count - 1 > v->words_max)
        return error_set(err, ERR_USAGE, "%s takes %s", v->what, v->takes);
    TRY(cli_only_options(cli, v->what, v->options, err));
    TRY(workplace_policy(cli, &w, err));
    Status st = v->run(cli, w.policy, err);
    workplace_close(&w);
    return st;
}

/* --- the question ----------------------------------------------------------------------------------------------- */

static Status parse_by(Slice text, MeasureQuery *q, Error *err)
{
    while (text.len > 0 && text.ptr) {
        Slice part = slice_trim(slice_cut(&text, ','));
        if (slice_eq_z(part, "county") || slice_eq_z(part, "district") || slice_eq_z(part, "school")) {
            /* places are levels: asked for as a split they are the level of the answer */
            if (q->level.len > 0)
                return error_set(err, ERR_USAGE, "there can be one level only: %.*s", SLICE_ARG(part));
            q->level = part;
            continue;
        }
        if (q->by_count == COUNT_OF(q->by))
            return error_set(err, ERR_USAGE, "at most %zu splits can be crossed", COUNT_OF(q->by));
        q->by[q->by_count++] = part;
    }
    return OK;
}

static Status parse_query(const Cli *cli, MeasureQuery *q, Error *err)
{
    uint64_t minimum;
    *q = (MeasureQuery)MEASURE_QUERY_INIT;
    TRY(name_of(cli, 0, &q->name, &q->definition, err));
    q->level = slice_of(cli_value(cli, "level"));
    TRY(parse_by(slice_of(cli_value(cli, "by")), q, err));
    TRY(cells_query_options(cli, q, err));
    TRY(cli_number(cli, "minimum", 0, 1, 1000000, &minimum, err));
    q->pool.minimum = (int64_t)minimum;
    return OK;
}

/* --- who may ask ------------------------------------------------------------------------------------------------ */

static Status allow(Cli *cli, const Workplace *w, const char *act, Error *err)
{
    return inside_allow(cli, w, act, "measure.asked", slice_of(cli->positional[0]), err);
}

/* Figures of one rule and of another are told apart in a file, too. */
static Status name_rule(Cli *cli, const MeasureQuery *q, CellSet *cells, Error *err)
{
    const char *name;
    if (q->definition.len == 0)
        return OK;
    TRY(arena_printf(&cli->arena, &name, err, "%.*s@%.*s", SLICE_ARG(q->name), SLICE_ARG(q->definition)));
    for (size_t i = 0; i < cells->count; i++)
        cells->cells[i].measure = slice_of(name);
    return OK;
}

static Status ask_cells(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    CellSet cells;
    CellsOut out;
    MeasureInfo info = {0};
    uint32_t generation;
    TRY(cells_out(cli, &out, err));
    TRY(allow(cli, w, "cells", err));
    TRY(measure_query(ctx, q, &cells, &generation, err));
    Status st = name_rule(cli, q, &cells, err);
    if (st == OK && out.chart)
        st = measure_info(ctx->policy, q->name, &cli->arena, &info, err);
    if (st == OK)
        st = cells_show(cli, &cells, &out, &(CellsHead){.policy = ctx->policy, .title = info.title}, err);
    cells_free(&cells);
    return st;
}

/* --- answers that leave ------------------------------------------------------------------------------------------ */

static Status ask_answer(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    static const char *const unread[] = {
        "definition", "pool", "minimum", "as-known-on", "who", "format", "chart", NULL};
    CellSet cells;
    Answer answer = {0};
    uint32_t generation;
    bool named;
    TRY(cells_refuse_options(cli, "--answer-to", unread, err));
    if (q->definition.len > 0)
        return error_set(err, ERR_USAGE, "--answer-to takes no other definition than the measure's own");
    TRY(protect_publishes(w->policy, clock_today(), q->name, &named, err));
    if (!named)
        return error_set(
            err, ERR_DENIED, "no family of the release policy names %.*s: its figures stay inside", SLICE_ARG(q->name));
    TRY(allow(cli, w, "cells", err));
    TRY(measure_query(ctx, q, &cells, &generation, err));
    AnswerAsk ask = {.user = cli_value(cli, "answer-to"),
        .people = q->name,
        .cells = cells.cells,
        .count = cells.count,
        .released = true,
        .ctx = ctx,
        .query = q,
        .threads = home_settings(w->home)->threads};
    Status st = inside_agreement(cli, w, "cells", &ask.agreement, err);
    if (st == OK)
        st = answer_give(cli, w, &ask, &answer, err);
    if (st == OK)
        st = answer_tell(cli, &answer, &(AnswerHead){.key = "measure", .name = q->name}, err);
    answer_free(&answer);
    cells_free(&cells);
    return st;
}

static Status ask_who(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    static const char *const unread[] = {"by", "level", "pool", "minimum", "chart", NULL};
    TRY(cells_persons_format(cli, err));
    TRY(cells_refuse_options(cli, "--who", unread, err));
    TRY(allow(cli, w, "persons", err));
    return cells_ask_persons(cli, ctx, q, err);
}

/* --- compare ---------------------------------------------------------------------------------------------------- */

static void compare_side(Buf *out, const Cell *c)
{
    if (!c)
        buf_addf(out, "  %9s %12s", "-", "-");
    else if (isnan(c->value))
        buf_addf(out, "  %9" PRId64 " %12s", c->denominator, "-");
    else
        buf_addf(out, "  %9" PRId64 " %12.2f", c->denominator, c->value);
}

/* Years of either side, both in order. */
static void compare_years(const MeasureComparison *c, Buf *out)
{
    for (size_t a = 0, b = 0; a < c->a_count || b < c->b_count;) {
        bool has_a = a < c->a_count && (b == c->b_count || c->a[a].year <= c->b[b].year);
        bool has_b = b < c->b_count && (a == c->a_count || c->b[b].year <= c->a[a].year);
        buf_addf(out, "%" PRId32, has_a ? c->a[a].year : c->b[b].year);
        compare_side(out, has_a ? &c->a[a] : NULL);
        compare_side(out, has_b ? &c->b[b] : NULL);
        buf_addc(out, '\n');
        a += has_a;
        b += has_b;
    }
}

static void compare_text(const Cli *cli, const MeasureComparison *c, Buf *out)
{
    buf_addf(out, "%s\na: %s\nb: %s\n\nyear  persons a      value a  persons b      value b\n", cells_banner,
        cli->positional[1], cli->positional[2]);
    compare_years(c, out);
    buf_adds(out,
        "\njudged differently, by the clause that made the difference:\nyear   persons  a                     "
        "         b\n");
    for (size_t i = 0; i < c->row_count; i++) {
        const CompareRow *r = &c->rows[i];
        bool same = slice_eq(r->status_a, r->status_b);
        int64_t n = same ? r->other_value : r->persons;
        if (n == 0)
            continue;
        buf_addf(out, "%" PRId32 " %9" PRId64 "  %-10.*s%-20.*s  %.*s%s%.*s%s\n", r->year, n, SLICE_ARG(r->status_a),
            SLICE_ARG(r->clause_a), SLICE_ARG(r->status_b), r->clause_b.len ? " " : "", SLICE_ARG(r->clause_b),
            same ? " (another value)" : "");
    }
}

static void side_json(Json *j, const char *key, const Cell *cells, size_t count)
{
    json_key(j, key);
    json_open_array(j);
    for (size_t i = 0; i < count; i++) {
        json_open_object(j);
        json_kint(j, "year", cells[i].year);
        json_kint(j, "denominator", cells[i].denominator);
        json_kint(j, "numerator", cells[i].numerator);
        json_key(j, "value");
        json_num(j, cells[i].value);
        json_kint(j, "excluded", cells[i].excluded);
        json_end(j);
    }
    json_end(j);
}

static void compare_json(const MeasureComparison *c, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "note", slice_of(cells_banner));
    side_json(&j, "a", c->a, c->a_count);
    side_json(&j, "b", c->b, c->b_count);
    json_key(&j, "persons");
    json_open_array(&j);
    for (size_t i = 0; i < c->row_count; i++) {
        const CompareRow *r = &c->rows[i];
        json_open_object(&j);
        json_kint(&j, "year", r->year);
        json_kstr(&j, "status_a", r->status_a);
        json_kstr(&j, "status_b", r->status_b);
        json_kstr(&j, "clause_a", r->clause_a);
        json_kstr(&j, "clause_b", r->clause_b);
        json_kint(&j, "persons", r->persons);
        json_kint(&j, "other_value", r->other_value);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
}

static Status ask_compare(Cli *cli, const Workplace *w, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    MeasureQuery a = *q, b = *q;
    MeasureComparison c;
    Buf text;
    TRY(allow(cli, w, "cells", err));
    cut_name(cli->positional[1], &a.name, &a.definition);
    cut_name(cli->positional[2], &b.name, &b.definition);
    TRY(measure_compare(ctx, &a, &b, &c, err));
    buf_init(&text, 0);
    if (cli->format == CLI_JSON)
        compare_json(&c, &text);
    else
        compare_text(cli, &c, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = cells_deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    measure_comparison_free(&c);
    return st;
}

/* --- the state's own figures ------------------------------------------------------------------------------------- */

static void beside_text(Buf *out, int64_t persons, double value)
{
    if (persons < 0)
        buf_adds(out, "          -");
    else
        buf_addf(out, " %10" PRId64, persons);
    if (isnan(value))
        buf_adds(out, "        -");
    else
        buf_addf(out, " %8.1f", value);
}

static void published_text(const MeasurePublished *p, Buf *out)
{
    Slice source = {0};
    for (size_t i = 0; i < p->count; i++) {
        const PublishedRow *r = &p->rows[i];
        if (!slice_eq(source, r->source))
            buf_addf(out, "%.*s\n%-4s %-8s %-10s %-42s %10s %8s %10s %8s\n", SLICE_ARG(r->source), "year", "level",
                "unit", "group", "published", "value", "ours", "value");
        source = r->source;
        buf_addf(out, "%4" PRId32 " %-8.*s %-10.*s %-26.*s %-15.*s", r->year, SLICE_ARG(r->level), SLICE_ARG(r->unit),
            SLICE_ARG(r->split), SLICE_ARG(r->grp));
        beside_text(out, r->persons, r->value);
        beside_text(out, r->ours_persons, r->ours_value);
        buf_addc(out, '\n');
    }
}

/* What is not known has no key. */
static void beside_json(Json *j, const char *persons_key, int64_t persons, const char *value_key, double value)
{
    if (persons >= 0)
        json_kint(j, persons_key, persons);
    if (isnan(value))
        return;
    json_key(j, value_key);
    json_num(j, value);
}

static void published_json(const MeasurePublished *p, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "note", slice_of(cells_banner));
    json_key(&j, "figures");
    json_open_array(&j);
    for (size_t i = 0; i < p->count; i++) {
        const PublishedRow *r = &p->rows[i];
        json_open_object(&j);
        json_kstr(&j, "source", r->source);
        json_kint(&j, "year", r->year);
        json_kstr(&j, "level", r->level);
        json_kstr(&j, "unit", r->unit);
        json_kstr(&j, "split", r->split);
        json_kstr(&j, "group", r->grp);
        beside_json(&j, "published_persons", r->persons, "published_value", r->value);
        beside_json(&j, "persons", r->ours_persons, "value", r->ours_value);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
}

static Status ask_published(Cli *cli, const Workplace *w, const MeasureContext *ctx, Error *err)
{
    MeasurePublished p;
    Buf text;
    TRY(allow(cli, w, "cells", err));
    TRY(measure_published(ctx, slice_of(cli->positional[1]), &p, err));
    buf_init(&text, 0);
    if (cli->format == CLI_JSON)
        published_json(&p, &text);
    else
        published_text(&p, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = cells_deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    measure_published_free(&p);
    return st;
}

static Status run_published(Cli *cli, Error *err)
{
    static const char *const unread[] = {"by", "level", "years", "definition", "pool", "minimum", "as-known-on", "who",
        "format", "chart", "answer-to", NULL};
    Workplace w;
    if (cli->positional_count != 2)
        return error_set(err, ERR_USAGE, "measure published takes the name of a measure");
    TRY(cells_refuse_options(cli, "measure published", unread, err));
    TRY(workplace_open(cli, HOME_READ, &w, err));
    const MeasureContext ctx = {.home = w.home, .policy = w.policy, .log = &cli->log, .progress = cli->progress};
    Status st = ask_published(cli, &w, &ctx, err);
    workplace_close(&w);
    return st;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static Status run_question(Cli *cli, bool compare, Error *err)
{
    static const char *const unread[] = {
        "by", "level", "definition", "pool", "minimum", "who", "format", "chart", "answer-to", NULL};
    Workplace w;
    MeasureQuery q;
    if (compare ? cli->positional_count != 3 : cli->positional_count != 1)
        return error_set(err, ERR_USAGE, "measure %s", compare ? "compare takes two definitions" : "takes one name");
    if (compare)
        TRY(cells_refuse_options(cli, "measure compare", unread, err));
    TRY(parse_query(cli, &q, err));
    TRY(workplace_open(cli, cli_flag(cli, "answer-to") ? HOME_WRITE : HOME_READ, &w, err));
    const MeasureContext ctx = {.home = w.home, .policy = w.policy, .log = &cli->log, .progress = cli->progress};
    Status st = compare                      ? ask_compare(cli, &w, &ctx, &q, err)
                : cli_flag(cli, "answer-to") ? ask_answer(cli, &w, &ctx, &q, err)
                : cli_flag(cli, "who")       ? ask_who(cli, &w, &ctx, &q, err)
                                             : ask_cells(cli, &w, &ctx, &q, err);
    workplace_close(&w);
    return st;
}

static Status run_measure(Cli *cli, Error *err)
{
    static const char *const whole[] = {"force", NULL};
    if (cli->positional_count == 0) {
        TRY(cli_only_options(cli, "measure without a name", whole, err));
        return pipeline_run_one(cli, pipeline_measure, err);
    }
    Slice word = slice_of(cli->positional[0]);
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (slice_eq_z(word, verbs[i].name))
            return run_verb(cli, &verbs[i], err);
    if (cli_flag(cli, "force") || cli_flag(cli, "policy"))
        return error_set(err, ERR_USAGE, "a question takes no --%s", cli_flag(cli, "force") ? "force" : "policy");
    if (slice_eq_z(word, "published"))
        return run_published(cli, err);
    return run_question(cli, slice_eq_z(word, "compare"), err);
}

const Command CMD_MEASURE = {
    .name = "measure",
    .synopsis = "[list|explain NAME|test [NAME]|compare A B|published NAME|NAME]",
    .summary = "compute all measures, or ask one",
    .text =
        "Without a word, computes every measure of the policy over the current generation, each under its own "
        "definition; the results stay in the home.\n\n"
        "\"list\" names measures and outcome definitions, \"explain\" tells what one says, \"test\" runs their test "
        "vectors.\n\n"
        "NAME computes one measure, for any level and up to three splits crossed; NAME@DEFINITION under another rule "
        "of its family. \"compare A B\" puts two of them side by side: both numbers, and how many persons they judge "
        "differently by which clause. --who lists the persons behind a figure under their pseudonyms.\n\n"
        "\"published NAME\" puts the state's own published figures of a measure beside ours, where the public files "
        "are "
        "in the home.\n\n"
        "--pool years=3 joins whole windows of three years, counted back from the latest; small=3 joins only figures "
        "below the minimum, over as few years as it takes; units joins places below the minimum with their smallest "
        "siblings. The output says what was pooled.\n\n"
        "--answer-to USER is for an answer that leaves the house: the cells pass the release rule's minimums by "
        "suppression, and the audit together with all releases in force and with everything USER was told before, of "
        "measures and of cohorts. The "
        "answer becomes an entry of USER's history and of the ledger (query.answered). Exit code 7, and nothing "
        "written, "
        "when no pattern protects every cell.\n\n"
        "All other figures are unprotected and stay inside: a role of the policy's access folder must allow the "
        "question, "
        "--purpose and --agreement are needed, and each question is an entry of the ledger. Exit code 7 when it is "
        "denied, 5 for a name that is none (near ones are told), 3 for a split, level or pooling that the measure does "
        "not "
        "have, 2 for an option that the question does not read.",
    .options = MEASURE_OPTIONS,
    .option_count = COUNT_OF(MEASURE_OPTIONS),
    .positional_max = 3,
    .run = run_measure,
};
