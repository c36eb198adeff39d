/* A pair in words, for a terminal. */
#include "review/review_impl.h"

/* A control character as the terminal would take it: C0, DEL, or C1 (U+0080 to U+009F) in UTF-8. *len: its bytes. */
static bool is_control(Slice s, size_t at, size_t *len)
{
    unsigned char c = (unsigned char)s.ptr[at];
    bool c1 =
        c == 0xc2 && at + 1 < s.len && (unsigned char)s.ptr[at + 1] >= 0x80 && (unsigned char)s.ptr[at + 1] < 0xa0;
    *len = c1 ? 2 : 1;
    return c < 0x20 || c == 0x7f || c1;
}

/* A value from a file, with a question mark for what would steer the terminal; padded with blanks to so many bytes. */
static void say_value(Buf *out, Slice s, size_t width)
{
    size_t said = 0;
    for (size_t i = 0, len; i < s.len; i += len, said++)
        buf_addc(out, is_control(s, i, &len) ? '?' : s.ptr[i]);
    for (; said < width; said++)
        buf_addc(out, ' ');
}

static void say_field(Buf *out, const PairView *v, IdentityRole role, ReviewSight sight)
{
    Slice a = v->a.record.values.at[role], b = v->b.record.values.at[role];
    HiddenNumber hidden[2];
    if (a.len == 0 && b.len == 0)
        return;
    if (role == ID_SSN) {
        number_hide(a, b, &hidden[0]);
        number_hide(b, a, &hidden[1]);
        a = (Slice){hidden[0].shown, hidden[0].len};
        b = (Slice){hidden[1].shown, hidden[1].len};
    }
    const EvidenceField *e = v->has_evidence ? evidence_of_role(&v->evidence, role) : NULL;
    buf_addf(out, "  %-24s ", role_words(role));
    say_value(out, a, 28);
    buf_addc(out, ' ');
    say_value(out, b, 28);
    if (e && sight == REVIEW_OPEN_EYED)
        buf_addf(out, " %-14.*s %+6.1f", SLICE_ARG(e->level), (double)e->weight / WEIGHT_BIT);
    buf_addc(out, '\n');
}

static void say_others(Buf *out, const char *name, const PairSide *side)
{
    if (side->other_total == 0) {
        buf_addf(out, "%s has no other record.\n", name);
        return;
    }
    buf_addf(out, "%s is person %" PRIu64 " with %zu more records:\n", name, side->person, side->other_total);
    for (size_t i = 0; i < side->other_count; i++) {
        const VaultRecord *r = &side->others[i];
        buf_adds(out, "  ");
        say_value(out, r->source, 30);
        buf_addc(out, ' ');
        bool nameless = r->values.at[ID_LAST].len == 0 && r->values.at[ID_FIRST].len == 0;
        say_value(out, r->values.at[ID_LAST], 0);
        buf_adds(out, nameless ? "no name" : ", ");
        say_value(out, r->values.at[ID_FIRST], 0);
        buf_addc(out, ' ');
        say_value(out, r->values.at[ID_MIDDLE], 0);
        buf_adds(out, "  ");
        say_value(out, r->values.at[ID_BIRTH_DATE], 0);
        buf_addc(out, '\n');
    }
}

Status review_show(
    const ReviewContext *ctx, const RecordTag *a, const RecordTag *b, ReviewSight sight, Buf *out, Error *err)
{
    Arena arena;
    ReviewEntry entry;
    PairView *v;
    char pair[PAIR_TEXT_SIZE];
    arena_init(&arena, 0);
    Status st;
    TRY_OUT(pair_entry(ctx, a, b, &arena, &entry, err));
    TRY_OUT(arena_new(&arena, PairView, 1, &v, err));
    TRY_OUT(pair_view(ctx, &entry, sight, &arena, v, err));
    review_pair_print(&entry.a, &entry.b, pair);
    if (sight == REVIEW_OPEN_EYED)
        buf_addf(out, "pair %s (%s; %s)\n", pair, entry.reason, pair_state_name(entry.verdict.state));
    else
        buf_addf(out, "pair %s\n", pair);
    buf_addf(out, "  %-24s ", "");
    say_value(out, v->a.record.source, 28);
    buf_addc(out, ' ');
    say_value(out, v->b.record.source, 28);
    buf_addc(out, '\n');
    for (size_t i = 0; i < shown_role_count; i++)
        say_field(out, v, shown_roles[i], sight);
    if (v->has_evidence && sight == REVIEW_OPEN_EYED)
        buf_addf(out, "odds %+.1f bits, probability %.3f\n", (double)v->evidence.odds / WEIGHT_BIT,
            weight_probability(v->evidence.odds));
    if (v->has_evidence && sight == REVIEW_OPEN_EYED && v->evidence.rule.len > 0)
        buf_addf(out, "the rule \"%.*s\" decides this pair\n", SLICE_ARG(v->evidence.rule));
    if (sight == REVIEW_OPEN_EYED) {
        say_others(out, "left", &v->a);
        say_others(out, "right", &v->b);
    }
    st = buf_status(out, err);
out:
    arena_free(&arena);
    return st;
}
