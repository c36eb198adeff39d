/*
 * The pages of the review server: the list of what waits, and one pair. Plain
 * HTML forms; the script only adds keys. In blind mode nothing on the page tells
 * what the model thinks: no odds, no weights, no reason, nor whose records are linked.
 */
#include "publish/html.h"
#include "review/differences.h"
#include "review/review_impl.h"

static void begin(const PageFrame *f, const char *title, Buf *out)
{
    buf_addf(out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n"
        "<link rel=\"stylesheet\" href=\"%s/review.css\">\n<script src=\"%s/review.js\" "
        "defer></script>\n</head>\n<body>\n"
        "<header><a class=\"home\" href=\"%s/\">Review</a><span class=\"who\">",
        title, f->root, f->root, f->base);
    html_text(out, f->reviewer);
    buf_addf(out, "</span><a class=\"switch\" id=\"blind\" href=\"%s%s/\">%s</a></header>\n<main>\n", f->root,
        f->sight == REVIEW_BLIND ? "" : "/blind", f->sight == REVIEW_BLIND ? "Show the model" : "Blind mode");
}

static void end(Buf *out)
{
    buf_adds(out, "</main>\n</body>\n</html>\n");
}

/* --- the list ------------------------------------------------------------------------------------------------- */

static void list_row(const PageFrame *f, const ReviewEntry *e, size_t number, Buf *out)
{
    char pair[PAIR_TEXT_SIZE];
    review_pair_print(&e->a, &e->b, pair);
    buf_addf(out, "<tr><td>%zu</td><td><a href=\"%s/pair/%s\">%.8s and %.8s</a></td><td>%s</td>", number, f->base, pair,
        pair, pair + TAG_HEX_SIZE, e->mine ? "decided by you" : pair_state_name(e->verdict.state));
    if (f->sight == REVIEW_OPEN_EYED)
        buf_addf(out, "<td>%s</td><td class=\"n\">%.2f</td><td class=\"n\">%.1f</td>", e->reason,
            weight_probability(e->odds), (double)e->value / 1000);
    buf_adds(out, "</tr>\n");
}

#define LISTED_MAX 500

void page_list(const PageFrame *f, const ReviewList *list, Buf *out)
{
    size_t mine = 0;
    for (size_t i = 0; i < list->at.len; i++)
        mine += list->at.at[i].mine;
    begin(f, "Pairs for review", out);
    buf_addf(out,
        "<h1>%s</h1>\n<p>%zu pairs wait%s; you have decided %zu of them, and %" PRIu64
        " are settled. What matters most "
        "comes first.</p>\n",
        f->set == REVIEW_SET_SAMPLE ? "Clerical sample" : "Pairs for review", list->at.len,
        list->at.len > LISTED_MAX ? " (the first are shown)" : "", mine, list->settled);
    const ReviewEntry *first = NULL;
    for (size_t i = 0; i < list->at.len && !first; i++)
        if (!list->at.at[i].mine)
            first = &list->at.at[i];
    if (first) {
        char pair[PAIR_TEXT_SIZE];
        review_pair_print(&first->a, &first->b, pair);
        buf_addf(out, "<p><a class=\"go\" id=\"next\" href=\"%s/pair/%s\">Begin</a></p>\n", f->base, pair);
    }
    buf_adds(out, "<div class=\"scroll\"><table><thead><tr><th>#</th><th>Pair</th><th>State</th>");
    if (f->sight == REVIEW_OPEN_EYED)
        buf_adds(out, "<th>Why</th><th class=\"n\">Probability</th><th class=\"n\">Worth</th>");
    buf_adds(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < list->at.len && i < LISTED_MAX; i++)
        list_row(f, &list->at.at[i], i + 1, out);
    buf_adds(out, "</tbody></table></div>\n");
    end(out);
}

/* --- values side by side -------------------------------------------------------------------------------------- */

static void marked(Buf *out, Slice s, const bool *differs)
{
    for (size_t i = 0, stop; i < s.len; i = stop) {
        for (stop = i + 1; stop < s.len && differs[stop] == differs[i]; stop++)
            ;
        buf_adds(out, differs[i] ? "<mark>" : "");
        html_text(out, slice_sub(s, i, stop));
        buf_adds(out, differs[i] ? "</mark>" : "");
    }
}

static void hidden_number(Buf *out, Slice s, Slice other)
{
    HiddenNumber n;
    number_hide(s, other, &n);
    for (size_t i = 0; i < n.len; i++) {
        bool digit = n.shown[i] >= '0' && n.shown[i] <= '9';
        buf_adds(out, n.differs[i] ? "<mark>" : "");
        buf_add(out, digit ? (Slice){&n.shown[i], 1} : SLICE("\xe2\x80\xa2"));
        buf_adds(out, n.differs[i] ? "</mark>" : "");
    }
}

/* side: "a" or "b", as the style sheet calls them. */
static void value_cell(Buf *out, const char *side, IdentityRole role, Slice s, Slice other, const bool *differs)
{
    buf_addf(out, "<td class=\"%s\">", side);
    if (s.len == 0)
        buf_adds(out, "<span class=\"none\">none</span>");
    else if (role == ID_SSN)
        hidden_number(out, s, other);
    else if (other.len == 0)
        html_text(out, s);
    else
        marked(out, s, differs);
    buf_adds(out, "</td>");
}

static void level_cell(Buf *out, const EvidenceField *e)
{
    if (!e) {
        buf_adds(out, "<td></td>");
        return;
    }
    buf_adds(out, "<td class=\"lv\">");
    for (size_t i = 0; i < e->level.len; i++) {
        char c = e->level.ptr[i] == '_' ? ' ' : e->level.ptr[i];
        html_text(out, (Slice){&c, 1});
    }
    if (e->weight != 0) /* a missing value says nothing, for or against */
        buf_addf(
            out, " <span class=\"w %s\">%+.1f</span>", e->weight > 0 ? "up" : "down", (double)e->weight / WEIGHT_BIT);
    buf_adds(out, "</td>");
}

static void value_row(const PageFrame *f, const PairView *v, IdentityRole role, Buf *out)
{
    Slice a = v->a.record.values.at[role], b = v->b.record.values.at[role];
    bool a_differs[1024], b_differs[1024];
    if (a.len == 0 && b.len == 0)
        return;
    a = slice_sub(a, 0, sizeof a_differs);
    b = slice_sub(b, 0, sizeof b_differs);
    mark_differences(a, b, a_differs, b_differs);
    bool equal = slice_eq_nocase(a, b), missing = a.len == 0 || b.len == 0;
    buf_addf(out, "<tr class=\"%s\"><th scope=\"row\">%s</th>",
        missing ? "missing"
        : equal ? "equal"
                : "differs",
        role_words(role));
    value_cell(out, "a", role, a, b, a_differs);
    value_cell(out, "b", role, b, a, b_differs);
    if (f->sight == REVIEW_OPEN_EYED)
        level_cell(out, v->has_evidence ? evidence_of_role(&v->evidence, role) : NULL);
    buf_adds(out, "</tr>\n");
}

static void values_table(const PageFrame *f, const PairView *v, Buf *out)
{
    buf_adds(out, "<div class=\"scroll\"><table class=\"pair\"><thead><tr><td></td><th scope=\"col\">");
    html_text(out, v->a.record.source);
    buf_adds(out, "</th><th scope=\"col\">");
    html_text(out, v->b.record.source);
    buf_addf(
        out, "</th>%s</tr></thead><tbody>\n", f->sight == REVIEW_OPEN_EYED ? "<th scope=\"col\">Agreement</th>" : "");
    for (size_t i = 0; i < shown_role_count; i++)
        value_row(f, v, shown_roles[i], out);
    buf_adds(out, "</tbody></table></div>\n");
}

/* --- the rest of both persons, and others ---------------------------------------------------------------------- */

/* near: whom of the two somebody else is like, and how much; NULL for a record of theirs. */
static void context_line(const VaultRecord *r, const EvidenceNear *near, Buf *out)
{
    static const IdentityRole roles[] = {ID_FIRST, ID_MIDDLE, ID_OTHER_LAST, ID_BIRTH_DATE, ID_SEX, ID_SASID, ID_ZIP};
    bool nameless = r->values.at[ID_LAST].len == 0 && r->values.at[ID_FIRST].len == 0;
    buf_adds(out, "<li><b>");
    html_text(out, r->values.at[ID_LAST]);
    buf_addf(out, "</b>%s", nameless ? "<span class=\"none\">no name</span>" : "");
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        if (r->values.at[roles[i]].len == 0)
            continue;
        buf_adds(out, " \xc2\xb7 ");
        html_text(out, r->values.at[roles[i]]);
    }
    buf_adds(out, " <span class=\"src\">");
    html_text(out, r->source);
    if (near)
        buf_addf(out, " \xc2\xb7 like the %s one: probability %.3f", near->of_a ? "left" : "right",
            weight_probability(near->odds));
    buf_adds(out, "</span></li>\n");
}

static void context_side(const char *title, const PairSide *side, Buf *out)
{
    buf_addf(out, "<section><h3>%s</h3>\n", title);
    if (side->other_total == 0)
        buf_adds(out, "<p class=\"none\">No other record is linked to it.</p>\n");
    else
        buf_adds(out, "<ul>\n");
    for (size_t i = 0; i < side->other_count; i++)
        context_line(&side->others[i], NULL, out);
    if (side->other_total > 0)
        buf_adds(out, "</ul>\n");
    if (side->other_total > side->other_count)
        buf_addf(out, "<p class=\"none\">and %zu more.</p>\n", side->other_total - side->other_count);
    buf_adds(out, "</section>\n");
}

static void context_near(const PairView *v, Buf *out)
{
    if (v->evidence.near_count == 0)
        return;
    buf_adds(out, "<section class=\"wide\"><h3>Others who are like one of them: relatives, or rivals</h3>\n<ul>\n");
    for (size_t i = 0; i < v->evidence.near_count; i++)
        context_line(&v->near[i], &v->evidence.near[i], out);
    buf_adds(out, "</ul></section>\n");
}

/* --- deciding ------------------------------------------------------------------------------------------------- */

static void pair_url(const PageFrame *f, const ReviewEntry *e, Buf *out)
{
    char pair[PAIR_TEXT_SIZE];
    review_pair_print(&e->a, &e->b, pair);
    buf_addf(out, "%s/pair/%s", f->base, pair);
}

static void move_link(const PageFrame *f, const ReviewEntry *to, const char *id, const char *text, Buf *out)
{
    if (!to) {
        buf_addf(out, "<span class=\"off\">%s</span>", text);
        return;
    }
    buf_addf(out, "<a id=\"%s\" href=\"", id);
    pair_url(f, to, out);
    buf_addf(out, "\">%s</a>", text);
}

static void decide_bar(
    const PageFrame *f, const PairView *v, const ReviewEntry *before, const ReviewEntry *after, Buf *out)
{
    static const struct {
        const char *value, *key, *words;
    } buttons[] = {
        {"same", "y", "Same person"}, {"different", "n", "Different people"}, {"unsure", "u", "Cannot tell"}};
    buf_adds(out, "<form class=\"bar\" method=\"post\" action=\"");
    pair_url(f, &v->entry, out);
    buf_addf(out, "\"><input type=\"hidden\" name=\"csrf\" value=\"%s\">", f->csrf);
    for (size_t i = 0; i < COUNT_OF(buttons); i++)
        buf_addf(out, "<button class=\"%s\" name=\"verdict\" value=\"%s\" data-key=\"%s\">%s <kbd>%s</kbd></button>",
            buttons[i].value, buttons[i].value, buttons[i].key, buttons[i].words, buttons[i].key);
    buf_adds(out, "<nav>");
    move_link(f, before, "previous", "Back <kbd>k</kbd>", out);
    move_link(f, after, "next", "Next <kbd>j</kbd>", out);
    buf_adds(out, "</nav></form>\n");
}

static void verdict_words(const ReviewEntry *e, Buf *out)
{
    /* what others said must not lead a second reviewer */
    if (e->verdict.state == PAIR_OPEN)
        return;
    if (e->mine)
        buf_adds(out, "<p class=\"note\">You have decided this pair. Your latest word counts.</p>\n");
    else
        buf_addf(out, "<p class=\"note\">Somebody has decided this pair; what is not shown. %s</p>\n",
            e->verdict.state == PAIR_DISPUTED ? "Reviewers disagree, so that a third is asked." : "");
}

static void neighbours(
    const ReviewList *list, const ReviewEntry *e, const ReviewEntry **before, const ReviewEntry **after, size_t *number)
{
    size_t at = list->at.len;
    *before = *after = NULL;
    *number = 0;
    for (size_t i = 0; i < list->at.len; i++)
        if (tag_cmp(&list->at.at[i].a, &e->a) == 0 && tag_cmp(&list->at.at[i].b, &e->b) == 0)
            at = i;
    if (at < list->at.len) {
        *number = at + 1;
        *before = at > 0 ? &list->at.at[at - 1] : NULL;
        *after = at + 1 < list->at.len ? &list->at.at[at + 1] : NULL;
    } else if (list->at.len > 0) {
        *after = &list->at.at[0];
    }
}

void page_pair(const PageFrame *f, const ReviewList *list, const PairView *v, Slice message, Buf *out)
{
    const ReviewEntry *before, *after;
    size_t number;
    bool open = f->sight == REVIEW_OPEN_EYED;
    neighbours(list, &v->entry, &before, &after, &number);
    begin(f, "Are these one person?", out);
    buf_adds(out, "<h1>Are these one person?</h1>\n<p class=\"where\">");
    if (number)
        buf_addf(out, "Pair %zu of %zu", number, list->at.len);
    const char *words = reason_words(v->entry.reason);
    if (open)
        buf_addf(out, "%s%s%s%s", number ? " \xc2\xb7 " : "", v->entry.reason, words[0] ? ": " : "", words);
    buf_adds(out, "</p>\n");
    if (message.len) {
        buf_adds(out, "<p class=\"message\" role=\"status\">");
        html_text(out, message);
        buf_adds(out, "</p>\n");
    }
    verdict_words(&v->entry, out);
    values_table(f, v, out);
    decide_bar(f, v, before, after, out);
    if (open && v->has_evidence) {
        buf_addf(out, "<h2>What the model makes of it <small>probability %.3f</small></h2>\n",
            weight_probability(v->evidence.odds));
        waterfall_svg(&v->evidence, out);
        if (v->evidence.pass_count > 0) {
            buf_adds(out, "<p class=\"none\">Brought together by ");
            for (size_t i = 0; i < v->evidence.pass_count; i++) {
                buf_adds(out, i ? ", " : "");
                html_text(out, v->evidence.passes[i]);
            }
            buf_adds(out, ".</p>\n");
        }
    }
    if (open) {
        buf_adds(out, "<h2>Around them</h2>\n<div class=\"context\">\n");
        context_side("The left one's other records", &v->a, out);
        context_side("The right one's other records", &v->b, out);
        context_near(v, out);
        buf_adds(out, "</div>\n");
    }
    end(out);
}
