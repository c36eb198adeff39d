/* What an asker gets: figures that passed the gate, as CSV or JSON. */
#include "cli/answer.h"
#include "cli/cells_out.h"

static void tell_figure(const AnswerFigure *f, Json *j)
{
    const Cell *c = f->cell;
    json_open_object(j);
    json_kint(j, "year", c->year);
    json_kstr(j, "level", c->level);
    json_kstr(j, "unit", c->unit);
    json_kstr(j, "parent", c->parent);
    json_kstr(j, "split", c->split);
    json_kstr(j, "group", c->grp);
    json_kstr(j, "people", f->people);
    json_kstr(j, "value", f->value);
    json_end(j);
}

static void tell_json(const Answer *a, const AnswerHead *head, Json *j)
{
    json_open_object(j);
    json_kstr(j, head->key, head->name);
    if (head->title.len > 0)
        json_kstr(j, "title", head->title);
    json_kint(j, "earlier", (int64_t)a->report.earlier);
    json_kbool(j, "known", a->report.known);
    json_kint(j, "suppressed", (int64_t)a->report.stats.suppressed);
    json_kint(j, "held_back", (int64_t)a->held);
    json_key(j, "figures");
    json_open_array(j);
    for (size_t i = 0; i < a->count; i++)
        tell_figure(&a->figures[i], j);
    json_end(j);
    json_end(j);
}

static void tell_csv(const Answer *a, Buf *out)
{
    buf_adds(out, "year,level,unit,parent,split,group,people,value\n");
    for (size_t i = 0; i < a->count; i++) {
        const AnswerFigure *f = &a->figures[i];
        const Slice texts[] = {
            f->cell->level, f->cell->unit, f->cell->parent, f->cell->split, f->cell->grp, f->people, f->value};
        buf_addf(out, "%d", (int)f->cell->year);
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            buf_addc(out, ',');
            csv_cell(out, texts[k]);
        }
        buf_addc(out, '\n');
    }
}

Status answer_tell(Cli *cli, const Answer *a, const AnswerHead *head, Error *err)
{
    Buf text;
    Json j;
    buf_init(&text, 0);
    if (cli->format == CLI_JSON) {
        json_begin(&j, &text, JSON_PRETTY);
        tell_json(a, head, &j);
        buf_addc(&text, '\n');
    } else {
        tell_csv(a, &text);
    }
    Status st = buf_status(&text, err);
    if (st == OK)
        st = cells_deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    return st;
}
