/* A policy folder made for one test under the system's temporary folder. */
#ifndef CAIRN_TESTS_POLICY_FOLDER_H
#define CAIRN_TESTS_POLICY_FOLDER_H

#include "base/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD(schema, name, version, from, rest) \
    "schema = \"" schema "\"\nname = \"" name "\"\nversion = \"" version "\"\ntitle = \"T\"\neffective_from = " from \
    "\nstatus = \"assumed\"\nsource = \"test\"\n" rest

typedef struct Folder {
    char root[64];
    char state[80];
} Folder;

static inline void folder_make(Folder *f)
{
    Error err = ERROR_INIT;
    snprintf(f->root, sizeof f->root, "/tmp/cairn-policy-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->state, sizeof f->state, "%s/state", f->root);
    assert_int_equal(dir_make(f->state, MODE_DIR_PRIVATE, &err), OK);
}

/* relative to the root: "state/measures/a.toml" */
static inline void folder_put(const Folder *f, const char *relative, const char *text)
{
    Error err = ERROR_INIT;
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->root, relative);
    *strrchr(path, '/') = '\0';
    assert_int_equal(dir_make(path, MODE_DIR_PRIVATE, &err), OK);
    snprintf(path, sizeof path, "%s/%s", f->root, relative);
    assert_int_equal(file_write(path, slice_of(text), MODE_PRIVATE, &err), OK);
}

static inline void folder_remove(const Folder *f)
{
    Error err = ERROR_INIT;
    assert_int_equal(dir_remove(f->root, &err), OK);
}

#endif
