/*
 * Policy: the dated files under policy/ that a state edits without touching C.
 *
 * A policy folder (policy/colorado) holds one folder a kind: sources, agreements,
 * measures, derived, release, identity, reference, maps, i18n. policy/core beside
 * it holds what every state shares (the warehouse's tables). Each TOML file has
 *   schema, name, version, title, effective_from, [effective_to], status, source
 * where status is "verified" or "assumed" and source names the law section or
 * document. Whoever uses a file asks through this room, which remembers it with
 * its SHA-256, so that each published figure can print which files made it.
 */
#ifndef CAIRN_POLICY_POLICY_H
#define CAIRN_POLICY_POLICY_H

#include "base/base.h"

typedef struct Policy Policy;

typedef struct PolicyFile {
    const char *path; /* relative to the policy folder's parent: "colorado/measures/graduation_4yr.toml" */
    const char *full_path;
    Slice schema; /* "cairn.contract/1" */
    Slice name;
    Slice version;
    Slice title;
    Slice status; /* "verified" or "assumed" */
    Slice source;
    Date effective_from;
    Date effective_to; /* DATE_NONE: open */
    char sha256[SHA256_HEX_SIZE];
    const Toml *toml; /* the whole document */
    Slice text;       /* the file's bytes */
} PolicyFile;
typedef VEC(const PolicyFile *) PolicyFiles;

/* dir is the state's folder. Reads and checks the head of every TOML file in it and in ../core.
 * ERR_INVALID names file and line of a missing or malformed head, or two versions of one name whose dates overlap.
 * Free with policy_close; all slices live as long as the Policy. */
MUST_USE Status policy_open(const char *dir, Policy **out, Error *err);
void policy_close(Policy *p);
const char *policy_dir(const Policy *p);
/* Files of a kind, sorted by name then effective_from. */
MUST_USE Status policy_list(Policy *p, const char *kind, PolicyFiles *out, Error *err);
/* The version of kind/name in force on a day; marks it used. ERR_NOT_FOUND names what was looked for. */
MUST_USE Status policy_get(Policy *p, const char *kind, Slice name, Date on, const PolicyFile **out, Error *err);
/* A non-TOML file (CSV, SVG paths) of the folder, whole, marked used; e.g. "reference/districts.csv". */
MUST_USE Status policy_data(Policy *p, const char *relative, Slice *out, const char **full_path, Error *err);
/* What was used so far, for a manifest: sorted by path. */
MUST_USE Status policy_used(Policy *p, PolicyFiles *out, Error *err);
/* A copy of every file under `dir` (made; must not exist), the state's folder and core side by side: policy_open of
 * policy_saved gives the same policy, fingerprint included. The folder appears whole or not at all. */
MUST_USE Status policy_save(Policy *p, const char *dir, Error *err);
/* The state's folder in what policy_save wrote. ERR_NOT_FOUND. */
MUST_USE Status policy_saved(const char *dir, Arena *arena, const char **out, Error *err);
/* SHA-256 over all files' paths and hashes: the pipeline's "did policy change". */
MUST_USE Status policy_fingerprint(Policy *p, char out[SHA256_HEX_SIZE], Error *err);

#endif
