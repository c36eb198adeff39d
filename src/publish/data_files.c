/* data/NAME.csv and data/NAME.json: what the pages show, for programs. Only printed forms leave; see view.c. */
#include "publish/view.h"

/* Thousands and currency signs are for people. */
static void plain(Buf *out, Slice shown)
{
    for (size_t i = 0; i < shown.len; i++)
        if (shown.ptr[i] != ',' && shown.ptr[i] != '$')
            buf_addc(out, shown.ptr[i]);
}

/* Why a figure is not there. One word for few people and for what protects them: which of the two it is would tell. */
static Slice why_hidden(const PublishedCell *c)
{
    return c->hiding == PROTECT_HIDDEN         ? SLICE("few_people")
           : c->hiding == PROTECT_HIDDEN_VALUE ? SLICE("employers")
                                               : (Slice){"", 0};
}

static Status csv_row(const Release *r, const PublishedCell *c, Buf *out, Error *err)
{
    Slice name, group, right, found;
    TRY(view_link_quality(r->words.arena, c, &right, &found, err));
    TRY(view_unit(r, c, &name, err));
    TRY(words_group(&r->words, c->cell.split, c->cell.grp, c->groups, &group, err));
    const Slice texts[] = {
        c->cell.level, c->cell.unit, c->cell.parent, name, c->members, c->cell.split, c->cell.grp, group, c->groups};
    csv_cell(out, c->cell.table);
    buf_addf(out, ",%d", (int)c->cell.year);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_addc(out, ',');
        csv_cell(out, texts[i]);
    }
    buf_addc(out, ',');
    plain(out, c->hiding == PROTECT_SHOWN ? c->shown_value : SLICE("*"));
    buf_addc(out, ',');
    plain(out, c->hiding == PROTECT_HIDDEN ? SLICE("*") : c->shown_denominator);
    buf_addf(out, ",%.*s,%.*s,%.*s,%.*s,%.*s\n", SLICE_ARG(c->shown_seen), SLICE_ARG(c->shown_linked), SLICE_ARG(right),
        SLICE_ARG(found), SLICE_ARG(why_hidden(c)));
    return OK;
}

static Status write_csv(Release *r, const MeasureInfo *m, CellRange t, Error *err)
{
    Buf *out;
    Slice path;
    TRY(view_printf(r, &path, err, "data/%.*s.csv", SLICE_ARG(m->name)));
    TRY(release_add(r, path.ptr, &out, err));
    buf_adds(out, "measure,year,level,unit,parent,name,members,split,group,group_name,groups,value,people,seen_of_100,"
                  "linked_of_100,link_precision,link_recall,hidden\n");
    for (size_t i = 0; i < t.count; i++)
        TRY(csv_row(r, &t.at[i], out, err));
    return buf_status(out, err);
}

static void json_number_text(Json *j, const char *key, Slice shown)
{
    Buf digits;
    int64_t whole;
    double value;
    buf_init(&digits, 64);
    plain(&digits, shown);
    json_key(j, key);
    if (parse_i64(buf_slice(&digits), &whole, NULL) == OK)
        json_int(j, whole);
    else if (parse_f64(buf_slice(&digits), &value, NULL) == OK)
        json_fixed(j, value, 1);
    else if (shown.len > 0)
        json_str(j, shown);
    else
        json_add_null(j);
    buf_free(&digits);
}

static Status json_cell(const Release *r, const PublishedCell *c, Json *j, Error *err)
{
    Slice name, group, right, found;
    TRY(view_link_quality(r->words.arena, c, &right, &found, err));
    TRY(view_unit(r, c, &name, err));
    TRY(words_group(&r->words, c->cell.split, c->cell.grp, c->groups, &group, err));
    json_open_object(j);
    json_kint(j, "year", c->cell.year);
    json_kstr(j, "level", c->cell.level);
    json_kstr(j, "unit", c->cell.unit);
    json_kstr(j, "parent", c->cell.parent);
    json_kstr(j, "name", name);
    if (c->members.len > 0)
        json_kstr(j, "members", c->members);
    json_kstr(j, "split", c->cell.split);
    json_kstr(j, "group", c->cell.grp);
    json_kstr(j, "group_name", group);
    if (c->groups.len > 0)
        json_kstr(j, "groups", c->groups);
    json_number_text(j, "value", c->shown_value);
    json_number_text(j, "people", c->shown_denominator);
    json_number_text(j, "seen_of_100", c->shown_seen);
    json_number_text(j, "linked_of_100", c->shown_linked);
    json_number_text(j, "link_precision", right);
    json_number_text(j, "link_recall", found);
    if (c->hiding != PROTECT_SHOWN)
        json_kstr(j, "hidden", why_hidden(c));
    json_end(j);
    return OK;
}

static Status write_json(Release *r, const MeasureInfo *m, CellRange t, Error *err)
{
    Buf *out;
    Slice path;
    Json j;
    TRY(view_printf(r, &path, err, "data/%.*s.json", SLICE_ARG(m->name)));
    TRY(release_add(r, path.ptr, &out, err));
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "measure", m->name);
    json_kstr(&j, "title", m->title);
    json_kstr(&j, "question", m->question);
    json_kstr(&j, "population", m->population);
    json_kstr(&j, "numerator", m->numerator);
    json_kstr(&j, "denominator", m->denominator);
    json_kstr(&j, "unit", m->unit);
    json_kstr(&j, "kind", m->kind == MEASURE_RATE ? SLICE("rate") : SLICE("median"));
    json_kstr(&j, "note", m->note);
    json_kstr(&j, "rule", slice_of(m->file->path));
    json_kstr(&j, "rule_version", m->file->version);
    json_kstr(&j, "rule_status", m->file->status);
    json_kstr(&j, "protection", r->plan->figures->rule);
    json_key(&j, "cells");
    json_open_array(&j);
    for (size_t i = 0; i < t.count; i++)
        TRY(json_cell(r, &t.at[i], &j, err));
    json_end(&j);
    json_key(&j, "withheld");
    json_open_array(&j);
    const Protected *f = r->plan->figures;
    for (size_t i = 0; i < f->withheld_count; i++) {
        if (!slice_eq(f->withheld[i].table, m->name))
            continue;
        json_open_object(&j);
        json_kint(&j, "year", f->withheld[i].year);
        json_kstr(&j, "split", f->withheld[i].split);
        json_kstr(&j, "level", f->withheld[i].level);
        json_kstr(&j, "reason", f->withheld[i].reason);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}

Status data_files_write(Release *r, Error *err)
{
    for (size_t i = 0; i < r->plan->measures->len; i++) {
        const MeasureInfo *m = &r->plan->measures->at[i];
        CellRange t = view_table(r, m->name);
        TRY(write_csv(r, m, t, err));
        TRY(write_json(r, m, t, err));
    }
    return OK;
}
