/* The auditor as the protector's attacker, for bench_protect and the tests of suppress. */
#ifndef CAIRN_BENCH_PROTECT_ATTACK_H
#define CAIRN_BENCH_PROTECT_ATTACK_H

#include "audit/audit.h"
#include "suppress/suppress.h"

/* Audits the pattern as `o` says and pushes each cell that is not protected, with how far it was seen to go. */
MUST_USE Status protect_attack(const SdcProblem *p, const AuditOptions *o, SuppressShorts *shorts, Error *err);

#endif
