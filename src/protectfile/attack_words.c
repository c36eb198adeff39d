/* What the attack found, as a file and in words. */
#include "protectfile/attack.h"

#define SAYS_MAX 200 /* bytes of a statement that was set aside: a state's total has hundreds of parts */

const char *attack_verdict_name(AttackVerdict v)
{
    static const char *const names[] = {"safe", "printed", "small", "exact", "narrow", "unproven", "contradiction"};
    return names[v];
}

const char *attack_verdict_words(AttackVerdict v)
{
    static const char *const words[] = {"hidden, and stays hidden", "printed", "printed, although it is small",
        "hidden, but only one value is possible", "hidden, but few values are possible",
        "hidden, and not shown to stay so", "what is printed about it contradicts itself"};
    return words[v];
}

static void limit(int64_t v, Buf *out)
{
    if (v != AUDIT_ENDLESS && v != -AUDIT_ENDLESS)
        buf_add_i64(out, v);
}

/* What follows of a cell, and, where that was looked for, from what. */
static Status words_of(const AttackJob *job, uint32_t cell, Buf *words, Error *err)
{
    buf_reset(words);
    if (!job->audit || job->verdict[cell] == ATTACK_SMALL) {
        buf_adds(words, attack_verdict_words(job->verdict[cell]));
        return buf_status(words, err);
    }
    return audit_explain(job->audit, &job->result.unknowns[cell], words, err);
}

static const char *attribute_name(AuditAttribute a)
{
    return a == AUDIT_EVERYBODY ? "everybody" : a == AUDIT_NOBODY ? "nobody" : "unproven";
}

/* By the printed rate that asks; of a group that none does, the words have the name. */
static Slice group_of(const AttackJob *job, const AuditGroup *g)
{
    return g->fact == AUDIT_NONE ? (Slice){"", 0} : audit_fact_says(job->audit, g->fact);
}

static Status group_row(const AttackJob *job, const AuditGroup *g, Buf *words, Buf *out, Error *err)
{
    buf_reset(words);
    TRY(audit_explain_group(job->audit, g, words, err));
    buf_adds(out, ",,");
    csv_cell(out, group_of(job, g));
    buf_addf(out, ",%s,", attribute_name(g->attribute));
    limit(g->people_low, out);
    buf_addc(out, ',');
    limit(g->people_high, out);
    buf_adds(out, ",,");
    csv_cell(out, buf_slice(words));
    buf_addc(out, '\n');
    return OK;
}

static Status row_of(const AttackJob *job, uint32_t cell, Buf *words, Buf *out, Error *err)
{
    const TablesCell *c = &job->system.cells[cell];
    const AuditInference *i = &job->result.unknowns[cell];
    csv_cell(out, c->table == TABLES_NONE ? (Slice){"", 0} : job->set.tables[c->table].name);
    buf_addc(out, ',');
    if (c->table != TABLES_NONE)
        buf_add_u64(out, job->set.tables[c->table].csv_row[c->row] + 2);
    buf_addc(out, ',');
    buf_reset(words);
    tables_cell_words(&job->system, cell, words);
    csv_cell(out, buf_slice(words));
    buf_addf(out, ",%s,", attack_verdict_name(job->verdict[cell]));
    limit(i->low, out);
    buf_addc(out, ',');
    limit(i->high, out);
    buf_addc(out, ',');
    if (i->possible > 0)
        buf_add_u64(out, i->possible);
    buf_addc(out, ',');
    TRY(words_of(job, cell, words, err));
    csv_cell(out, buf_slice(words));
    buf_addc(out, '\n');
    return OK;
}

Status attack_csv(const AttackJob *job, AttackRows rows, Buf *out, Error *err)
{
    Buf words;
    Status st = OK;
    buf_init(&words, 1 << 20);
    buf_adds(out, "table,row,cell,verdict,low,high,possible_values,words\n");
    for (uint32_t i = 0; i < job->system.cell_count && st == OK; i++)
        if (rows == ATTACK_ALL_ROWS || attack_exposed(job->verdict[i]))
            st = row_of(job, i, &words, out, err);
    for (size_t g = 0; g < job->result.group_count && st == OK; g++)
        st = group_row(job, &job->result.groups[g], &words, out, err);
    buf_free(&words);
    return st == OK ? buf_status(out, err) : st;
}

static void finding_json(Json *j, Slice cell, const char *verdict, int64_t low, int64_t high, Slice words)
{
    json_open_object(j);
    if (cell.len > 0)
        json_kstr(j, "cell", cell);
    json_kstr(j, "verdict", slice_of(verdict));
    if (low != -AUDIT_ENDLESS)
        json_kint(j, "low", low);
    if (high != AUDIT_ENDLESS)
        json_kint(j, "high", high);
    json_kstr(j, "words", words);
    json_end(j);
}

Status attack_findings_json(const AttackJob *job, size_t most, Json *j, Error *err)
{
    Buf cell, words;
    size_t told = 0;
    Status st = OK;
    buf_init(&cell, 1 << 16);
    buf_init(&words, 1 << 20);
    json_key(j, "findings");
    json_open_array(j);
    for (uint32_t i = 0; i < job->system.cell_count && told < most && st == OK; i++) {
        if (!attack_exposed(job->verdict[i]))
            continue;
        told++;
        buf_reset(&cell);
        tables_cell_words(&job->system, i, &cell);
        const AuditInference *what = job->audit ? &job->result.unknowns[i] : NULL;
        st = words_of(job, i, &words, err);
        finding_json(j, buf_slice(&cell), attack_verdict_name(job->verdict[i]), what ? what->low : -AUDIT_ENDLESS,
            what ? what->high : AUDIT_ENDLESS, buf_slice(&words));
    }
    for (size_t g = 0; g < job->result.group_count && told < most && st == OK; g++, told++) {
        const AuditGroup *group = &job->result.groups[g];
        buf_reset(&words);
        st = audit_explain_group(job->audit, group, &words, err);
        finding_json(j, group_of(job, group), attribute_name(group->attribute), group->people_low, group->people_high,
            buf_slice(&words));
    }
    json_end(j);
    buf_free(&cell);
    buf_free(&words);
    return st;
}

static void say_share(const char *what, uint64_t n, uint64_t of, Buf *out)
{
    buf_addf(out, "%s %llu of %llu", what, (unsigned long long)n, (unsigned long long)of);
    if (of > 0) {
        uint64_t tenths = (n * 2000 + of) / (2 * of);
        buf_addf(out, " (%llu.%llu %%)", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
    }
}

static void say_marker(const AttackMarker *m, bool attacked, Buf *out)
{
    buf_addf(out, "  \"%.*s\": ", SLICE_ARG(m->text));
    if (attacked) {
        say_share("determined", m->exact, m->cells, out);
        say_share("; few values left", m->narrow, m->cells, out);
        buf_addc(out, '\n');
    } else {
        buf_addf(out, "%llu cells\n", (unsigned long long)m->cells);
    }
    if (m->alone_asked == 0)
        return;
    say_share("    by the rates beside it alone: one size possible in", m->alone_exact, m->alone_asked, out);
    say_share(", at most three in", m->alone_few, m->alone_asked, out);
    buf_adds(out, " that print an exact rate\n");
}

static Status say_findings(const AttackJob *job, size_t most, Buf *out, Error *err)
{
    size_t told = 0;
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        if (!attack_exposed(job->verdict[i]))
            continue;
        if (told++ >= most)
            continue;
        buf_adds(out, "\n- ");
        tables_cell_words(&job->system, i, out);
        buf_addf(out, ": %s. ", attack_verdict_words(job->verdict[i]));
        if (job->verdict[i] != ATTACK_SMALL)
            TRY(audit_explain(job->audit, &job->result.unknowns[i], out, err));
    }
    for (size_t g = 0; g < job->result.group_count; g++) {
        if (told++ >= most)
            continue;
        buf_adds(out, "\n- ");
        TRY(audit_explain_group(job->audit, &job->result.groups[g], out, err));
    }
    if (told > most)
        buf_addf(out, "\n\n%llu findings more; --out writes them all.", (unsigned long long)(told - most));
    return OK;
}

/* What was not believed, and what was not decided. */
static void say_limits(const AttackJob *job, size_t most, Buf *out)
{
    const AuditResult *r = &job->result;
    if (job->tally.unproven + job->tally.groups_unproven > 0)
        buf_adds(out, "What is not shown, either way, counts as exposed: more may follow from it than is said here.\n");
    if (r->aside_count == 0)
        return;
    buf_addf(out,
        "%llu statements contradict what is printed in fewer figures and were set aside; what is said here follows "
        "from the others:\n",
        (unsigned long long)r->aside_count);
    for (size_t i = 0; i < r->aside_count && i < most; i++) {
        Slice says = audit_fact_says(job->audit, r->aside[i]);
        bool cut = says.len > SAYS_MAX;
        buf_addf(out, "  %.*s%s\n", (int)(cut ? SAYS_MAX : says.len), says.ptr, cut ? " ..." : "");
    }
    if (r->aside_count > most)
        buf_addf(out, "  and %llu more\n", (unsigned long long)(r->aside_count - most));
}

Status attack_text(const AttackJob *job, size_t most, Buf *out, Error *err)
{
    const AttackTally *t = &job->tally;
    buf_addf(
        out, "%llu cells, of which %llu are hidden.\n", (unsigned long long)t->cells, (unsigned long long)t->hidden);
    if (!job->audit) { /* rows alone were asked for */
        for (size_t i = 0; i < job->marker_count; i++)
            say_marker(&job->markers[i], false, out);
        return buf_status(out, err);
    }
    say_share("Hidden, but only one value is possible:", t->exact, t->hidden, out);
    say_share(".\nHidden, but few values are possible:", t->narrow, t->hidden, out);
    say_share(".\nNeither shown:", t->unproven, t->hidden, out);
    buf_addf(out,
        ".\nPrinted although small: %llu. Contradictory: %llu. Groups of which an outcome of everybody or "
        "nobody follows: %llu; neither shown: %llu.\n",
        (unsigned long long)t->small, (unsigned long long)t->contradictions, (unsigned long long)t->groups,
        (unsigned long long)t->groups_unproven);
    for (size_t i = 0; i < job->marker_count; i++)
        say_marker(&job->markers[i], true, out);
    say_limits(job, most, out);
    TRY(say_findings(job, most, out, err));
    buf_addc(out, '\n');
    return buf_status(out, err);
}
