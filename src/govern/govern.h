/*
 * Govern: agreements as code. (Votes, requests, roles and retention join later.)
 *
 * policy/<state>/agreements/NAME.toml (schema "cairn.agreement/1") names parties,
 * legal basis, purposes, the sources it covers and, per clause, the elements.
 * A file is taken in only when one agreement in force on the day covers its
 * source and every field of its contract (34 CFR 99.35(a)(3), 20 CFR 603.10).
 */
#ifndef CAIRN_GOVERN_GOVERN_H
#define CAIRN_GOVERN_GOVERN_H

#include "base/base.h"
#include "policy/policy.h"

typedef struct AgreementClause {
    Slice id;        /* "A.2" */
    Slice source;    /* contract name it opens */
    Slice *elements; /* field names; one element "*" covers all */
    size_t element_count;
    Slice purpose;
} AgreementClause;

typedef struct Agreement {
    const PolicyFile *file;
    Slice id; /* the file's name and version: "cde-slds@2024" */
    Slice parties;
    Slice authority; /* legal basis */
    Date destroy_by; /* DATE_NONE: none */
    AgreementClause *clauses;
    size_t clause_count;
} Agreement;

typedef struct ElementUse {
    Slice field;
    Slice clause; /* the clause the contract claims */
} ElementUse;

/* Agreement in force on `on` that covers the source and all uses. ERR_DENIED says which is missing: no agreement,
 * expired, or the first element (field) not covered. Lives in arena and policy. */
MUST_USE Status govern_allow_source(Policy *policy, Slice source, const ElementUse *uses, size_t use_count, Date on,
                                    Arena *arena, const Agreement **out, Error *err);
MUST_USE Status govern_agreements(Policy *policy, Arena *arena, const Agreement **out, size_t *count, Error *err);

/* A look at figures before protection ("cells") or at persons under pseudonyms ("persons"). */
typedef struct InsideRequest {
    Slice user;      /* account of the operating system */
    bool owns_home;  /* it owns the data home: "@owner" in a role's users */
    Slice role;      /* empty: the first that allows it */
    Slice act;       /* "cells" or "persons" */
    Slice purpose;   /* why, in words */
    Slice agreement; /* name or id */
    Date on;
} InsideRequest;
typedef struct InsideGrant {
    Slice role, agreement; /* id; borrowed from the policy and arena */
} InsideGrant;
/* ERR_DENIED says what is missing: a role of this account that may, an agreement in force, a purpose. The caller writes
 * the ledger entry before it shows anything. */
MUST_USE Status govern_allow_inside(
    Policy *policy, const InsideRequest *request, Arena *arena, InsideGrant *out, Error *err);

#endif
