/* Private to libprotect: an object of the library, and what its two files share. */
#ifndef CAIRN_LIBPROTECT_IMPL_H
#define CAIRN_LIBPROTECT_IMPL_H

#include "libprotect/cairn_protect.h"

#include "protectfile/attack.h"
#include "protectfile/protectfile.h"

typedef struct File {
    Slice name, text;
} File;

struct cairn_protect {
    Arena arena; /* files and policy text */
    VEC(File) files;
    ProtectionPolicy policy;
    bool has_policy, has_job, has_attack;
    ProtectJob job;
    AttackJob attack;
    Buf key;                /* of rounding and cell keys */
    const char *budget;     /* in arena; NULL */
    VEC(uint32_t) findings; /* cells of the attack */
    Slice jj, words;        /* of a JJ problem, in texts; ptr NULL: there was none */
    bool wants_proof;
    Slice made_proof;  /* in texts; ptr NULL: none */
    Buf given_proof;   /* for audits */
    ProofReport proof; /* of the last audit */
    Arena texts;       /* handed out */
};

/* Fills `to`, which may be NULL, and says the code. */
cairn_protect_code library_tell(Status st, const Error *from, cairn_protect_error *to);
cairn_protect_code library_refuse_null(const char *what, cairn_protect_error *err);
Slice library_text(const char *text, size_t len);
/* A copy in p->texts, which is handed out. */
Status library_keep(cairn_protect *p, Buf *b, Slice *out, Error *err);
void library_forget(cairn_protect *p);       /* what the last run or audit made */
Slice library_proof(const cairn_protect *p); /* that audits are given; ptr NULL: none */

#endif
