/* The script of coins_script.c. */
#ifndef CAIRN_TESTS_COINS_SCRIPT_H
#define CAIRN_TESTS_COINS_SCRIPT_H

#include "perturb/coins.h"

#include <setjmp.h>

#define SCRIPT_MAX 400

typedef struct Script {
    uint64_t choice[SCRIPT_MAX], ways[SCRIPT_MAX];
    size_t length, at;
    long double p, smallest; /* of this path; paths below smallest are cut by longjmp */
    jmp_buf cut;
} Script;
extern Script script;

void script_begin(long double smallest);
/* Sets the next path; false when all were walked. */
bool script_next(void);

#endif
