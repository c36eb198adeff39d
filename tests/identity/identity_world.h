/* A small home with identities in it, for tests of linking: a policy folder and a vault filled record by record. */
#ifndef CAIRN_TESTS_IDENTITY_WORLD_H
#define CAIRN_TESTS_IDENTITY_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "identity/identity_impl.h"

#define assert_ok(call) \
    do { \
        Error e_ = ERROR_INIT, *err = &e_; \
        Status st_ = (call); \
        if (st_ != OK) \
            fail_msg("%s: %s (%s)", #call, e_.message, e_.detail); \
    } while (0)

typedef struct World {
    char dir[64];
    Home *home;
    Policy *policy;
    Ledger *ledger;
} World;

typedef struct WorldRecord {
    const char *source, *sasid, *ssn, *first, *last, *birth, *sex;
} WorldRecord;

/* cmocka's setup and teardown; *state is a World. */
int world_setup(void **state);
int world_teardown(void **state);
LinkContext world_context(const World *w);
/* One load of records; the tags, in order, go to `tags` (may be NULL). */
void world_add(World *w, const WorldRecord *records, size_t count, RecordTag *tags);
/* `people` persons, each known to a school (SASID) and a college (SASID and SSN) or a wage file (SSN), spelt slightly
 * differently now and then; enough to train on. `first` numbers them. tags: school, then the other, for each. */
void world_add_people(World *w, unsigned first, unsigned people, RecordTag *tags);
PersonId world_person(World *w, const RecordTag *tag);

#endif
