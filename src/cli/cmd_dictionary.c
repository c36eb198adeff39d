/* Command dictionary: every element with its meaning, purpose and agreement; with a home, how well it is filled. */
#include "cli/commands.h"
#include "dictionary/dictionary.h"

static const Option DICTIONARY_OPTIONS[] = {
    {"format", 'f', "FORMAT", "html (default), csv or json; --json is the same as json"},
    {"out", 'o', "FILE", "write there instead of standard output"},
    {"policy", 0, "DIR",
        "without a home: the state's policy folder (default: CAIRN_POLICY, then the installed Colorado)"},
    {"on", 0, "DATE", "contracts and agreements of that day (YYYY-MM-DD; default: today)"},
};

typedef Status (*DictionaryWriter)(const Dictionary *d, Buf *out, Error *err);

static Status writer_of(const Cli *cli, DictionaryWriter *out, Error *err)
{
    static const struct {
        const char *name;
        DictionaryWriter print;
    } formats[] = {{"html", dictionary_html}, {"csv", dictionary_csv}, {"json", dictionary_json}};
    const char *said = cli_value(cli, "format"), *word = said;
    for (size_t i = 0; !word && i < COUNT_OF(formats); i++) /* what the file's name ends in says the format too */
        if (slice_eq_z(cli_file_end(cli_value(cli, "out")), formats[i].name))
            word = formats[i].name;
    *out = cli->format == CLI_JSON ? dictionary_json : dictionary_html;
    for (size_t i = 0; word && i < COUNT_OF(formats); i++) {
        if (slice_eq_z(slice_of(word), formats[i].name)) {
            if (cli->format == CLI_JSON && formats[i].print != dictionary_json)
                return error_set(err, ERR_USAGE, "--json and %s %s contradict each other", said ? "--format" : "--out",
                    said ? said : cli_value(cli, "out"));
            *out = formats[i].print;
            return OK;
        }
    }
    return word ? error_set(err, ERR_USAGE, "--format takes html, csv or json, not \"%s\"", word) : OK;
}

static Status deliver(Cli *cli, const Dictionary *d, DictionaryWriter print, Error *err)
{
    const char *path = cli_value(cli, "out");
    if (!path)
        return print(d, &cli->out, err);
    Buf text;
    buf_init(&text, 0);
    Status st = print(d, &text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PUBLIC, err);
    buf_free(&text);
    if (st == OK)
        cli_answer(cli, "file", slice_of(path), "%s", path);
    return st;
}

static Status run_dictionary(Cli *cli, Error *err)
{
    DictionaryWriter print;
    Workplace w;
    Dictionary d;
    Date on = clock_today();
    const char *day = cli_value(cli, "on");
    TRY(writer_of(cli, &print, err));
    if (day && date_parse(slice_of(day), DATE_ISO, &on, NULL) != OK)
        return error_set(err, ERR_USAGE, "--on takes a day as YYYY-MM-DD, not \"%s\"", day);
    if (cli_value(cli, "home") && cli_value(cli, "policy"))
        return error_set(err, ERR_USAGE, "a home has its own policy: give --home or --policy");
    TRY(workplace_policy(cli, &w, err));
    Status st = dictionary_build(w.policy, w.home, w.ledger, on, &d, err);
    if (st == OK)
        st = deliver(cli, &d, print, err);
    dictionary_free(&d);
    workplace_close(&w);
    return st;
}

const Command CMD_DICTIONARY = {
    .name = "dictionary",
    .synopsis = "",
    .summary = "every element that is held: meaning, purpose, agreement, sensitivity, fill rates",
    .text =
        "Writes the data dictionary from the source contracts, the agreements and the warehouse's tables. With a home "
        "(--home or CAIRN_HOME) it also says for which years an element is there, how much of it is filled, and in "
        "which years its definition, type, code list or fill rate broke. Rates are whole percents and never of fewer "
        "rows than the policy allows; the result may be published. docs/report.md describes it.",
    .options = DICTIONARY_OPTIONS,
    .option_count = COUNT_OF(DICTIONARY_OPTIONS),
    .run = run_dictionary,
};
