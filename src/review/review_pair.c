/* Everything a reviewer sees of a pair, read from the vault with one ledger entry that names all records. */
#include "review/review_impl.h"

#include <stdio.h>

const IdentityRole shown_roles[] = {ID_LAST, ID_FIRST, ID_MIDDLE, ID_SUFFIX, ID_OTHER_LAST, ID_BIRTH_DATE, ID_SEX,
    ID_SSN, ID_SASID, ID_LOCAL, ID_LOCAL_ORG, ID_ADDRESS, ID_CITY, ID_ZIP, ID_PHONE, ID_EMAIL};
const size_t shown_role_count = COUNT_OF(shown_roles);

const char *role_words(IdentityRole role)
{
    static const char *const words[ID_ROLE_COUNT] = {[ID_SASID] = "SASID",
        [ID_SSN] = "Social security number",
        [ID_LOCAL] = "Own id",
        [ID_LOCAL_ORG] = "of organisation",
        [ID_LAST] = "Last name",
        [ID_FIRST] = "First name",
        [ID_MIDDLE] = "Middle name",
        [ID_SUFFIX] = "Suffix",
        [ID_OTHER_LAST] = "Other last name",
        [ID_BIRTH_DATE] = "Birth date",
        [ID_SEX] = "Sex",
        [ID_ADDRESS] = "Address",
        [ID_CITY] = "City",
        [ID_ZIP] = "Postal code",
        [ID_PHONE] = "Phone",
        [ID_EMAIL] = "E-mail"};
    ASSERT(role < ID_ROLE_COUNT);
    return words[role];
}

void number_hide(Slice s, Slice other, HiddenNumber *out)
{
    size_t differ = 0;
    *out = (HiddenNumber){.len = s.len < HIDDEN_MAX ? s.len : HIDDEN_MAX};
    for (size_t i = 0; i < s.len; i++)
        differ += i >= other.len || s.ptr[i] != other.ptr[i];
    bool show = s.len == other.len && differ <= 2;
    for (size_t i = 0; i < out->len; i++) {
        out->differs[i] = other.len > 0 && (i >= other.len || s.ptr[i] != other.ptr[i]);
        out->shown[i] = !out->differs[i] ? '*' : show && s.ptr[i] >= '0' && s.ptr[i] <= '9' ? s.ptr[i] : '#';
    }
}

/* Fields are named as their first column's role in the policy that ships; another name simply has no row of its own. */
const EvidenceField *evidence_of_role(const Evidence *e, IdentityRole role)
{
    for (size_t i = 0; i < e->field_count; i++)
        if (slice_eq_z(e->fields[i].field, identity_role_name(role)))
            return &e->fields[i];
    return NULL;
}

typedef struct Reading { /* tags first, then all of them at once */
    RecordTag tags[2 + 2 * CONTEXT_MAX + EVIDENCE_NEAR_MAX];
    VaultRecord *into[2 + 2 * CONTEXT_MAX + EVIDENCE_NEAR_MAX];
    VaultRecord found[2 + 2 * CONTEXT_MAX + EVIDENCE_NEAR_MAX];
    size_t count;
} Reading;

static void want(Reading *r, const RecordTag *tag, VaultRecord *into)
{
    ASSERT(r->count < COUNT_OF(r->tags));
    r->tags[r->count] = *tag;
    r->into[r->count++] = into;
}

static Status plan_context(Vault *vault, const RecordTag *tag, Arena *arena, Reading *r, PairSide *side, Error *err)
{
    LinkInfo info;
    RecordTags others = {0};
    Status st = vault_link_of(vault, tag, arena, &info, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    TRY(st);
    side->person = info.link.person;
    st = vault_records_of(vault, info.link.person, &others, err);
    for (size_t i = 0; st == OK && i < others.len; i++) {
        if (tag_cmp(&others.at[i], tag) == 0)
            continue;
        if (side->other_count < CONTEXT_MAX)
            want(r, &others.at[i], &side->others[side->other_count++]);
        side->other_total++;
    }
    vec_free(&others);
    return st;
}

static Status read_all(const ReviewContext *ctx, Vault *vault, Reading *r, Arena *arena, Error *err)
{
    ReviewPolicy policy;
    TRY(identity_review_policy(ctx->policy, clock_today(), &policy, err));
    const VaultPurpose purpose = {.purpose = "review", .agreement = policy.authority, .who = ctx->reviewer};
    TRY(vault_get_records(vault, &purpose, r->tags, r->count, arena, r->found, err));
    for (size_t i = 0; i < r->count; i++)
        *r->into[i] = r->found[i];
    return OK;
}

static Status plan_contexts(Vault *vault, Arena *arena, Reading *r, PairView *out, Error *err)
{
    TRY(plan_context(vault, &out->entry.a, arena, r, &out->a, err));
    TRY(plan_context(vault, &out->entry.b, arena, r, &out->b, err));
    for (size_t i = 0; i < out->evidence.near_count; i++)
        want(r, &out->evidence.near[i].tag, &out->near[i]);
    return OK;
}

Status pair_view(
    const ReviewContext *ctx, const ReviewEntry *entry, ReviewSight sight, Arena *arena, PairView *out, Error *err)
{
    Vault *vault = NULL;
    Reading *r;
    *out = (PairView){.entry = *entry};
    TRY(arena_new(arena, Reading, 1, &r, err));
    if (entry->evidence.len > 0) {
        TRY(evidence_read(entry->evidence, arena, &out->evidence, err));
        out->has_evidence = true;
    }
    TRY(vault_open(ctx->home, &vault, err));
    want(r, &entry->a, &out->a.record);
    want(r, &entry->b, &out->b.record);
    Status st = sight == REVIEW_OPEN_EYED ? plan_contexts(vault, arena, r, out, err) : OK;
    if (st == OK)
        st = read_all(ctx, vault, r, arena, err);
    vault_close(vault);
    return st;
}

Status pair_entry(
    const ReviewContext *ctx, const RecordTag *a, const RecordTag *b, Arena *arena, ReviewEntry *out, Error *err)
{
    Vault *vault;
    ReviewBook book;
    TRY(vault_open(ctx->home, &vault, err));
    Status st = review_book_open(ctx, vault, &book, err);
    vault_close(vault);
    TRY(st);
    review_book_find(&book, a, b, out);
    Slice evidence = out->evidence;
    out->evidence = (Slice){0};
    if (evidence.len > 0)
        st = arena_dup(arena, evidence, &out->evidence, err);
    review_book_close(&book);
    return st;
}
