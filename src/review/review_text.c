/* A pair in words, for a terminal. */
#include "review/review_impl.h"

/* The last four digits are enough to see whether two numbers are alike. */
static Slice hide_ssn(Slice s, char out[32])
{
    size_t n = s.len < 31 ? s.len : 31;
    for (size_t i = 0; i < n; i++)
        out[i] = i + 4 < n ? '*' : s.ptr[i];
    return (Slice){out, n};
}

static void say_field(Buf *out, const PairView *v, IdentityRole role, ReviewSight sight)
{
    Slice a = v->a.record.values.at[role], b = v->b.record.values.at[role];
    char hidden[2][32];
    if (a.len == 0 && b.len == 0)
        return;
    if (role == ID_SSN) {
        a = hide_ssn(a, hidden[0]);
        b = hide_ssn(b, hidden[1]);
    }
    const EvidenceField *e = v->has_evidence ? evidence_of_role(&v->evidence, role) : NULL;
    buf_addf(out, "  %-24s %-28.*s %-28.*s", role_words(role), SLICE_ARG(a), SLICE_ARG(b));
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
        buf_addf(out, "  %-30.*s %.*s, %.*s %.*s  %.*s\n", SLICE_ARG(r->source), SLICE_ARG(r->values.at[ID_LAST]),
            SLICE_ARG(r->values.at[ID_FIRST]), SLICE_ARG(r->values.at[ID_MIDDLE]),
            SLICE_ARG(r->values.at[ID_BIRTH_DATE]));
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
    TRY_OUT(pair_view(ctx, &entry, &arena, v, err));
    review_pair_print(&entry.a, &entry.b, pair);
    buf_addf(out, "pair %s (%s; %s)\n", pair, entry.reason, pair_state_name(entry.verdict.state));
    buf_addf(out, "  %-24s %-28.*s %-28.*s\n", "", SLICE_ARG(v->a.record.source), SLICE_ARG(v->b.record.source));
    for (size_t i = 0; i < shown_role_count; i++)
        say_field(out, v, shown_roles[i], sight);
    if (v->has_evidence && sight == REVIEW_OPEN_EYED)
        buf_addf(out, "odds %+.1f bits, probability %.3f\n", (double)v->evidence.odds / WEIGHT_BIT,
            weight_probability(v->evidence.odds));
    say_others(out, "left", &v->a);
    say_others(out, "right", &v->b);
    st = buf_status(out, err);
out:
    arena_free(&arena);
    return st;
}
