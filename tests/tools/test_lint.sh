#!/usr/bin/env bash
#
# tools/lint: each rule finds its planted violation, at the right line, and lets the lawful neighbour pass.
# Works on a tree of its own in a temporary folder. TAP on stdout.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/tools/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# plant PATH: the text from stdin becomes the only file of a fresh tree (plus what 'also' adds).
plant()
{
    rm -rf "$work/tree"
    also "$1"
}

also()
{
    mkdir -p "$work/tree/$(dirname "$1")"
    cat >"$work/tree/$1"
}

lint() { "$root/tools/lint" --root "$work/tree" >"$work/log" 2>&1; }

# finds 'FILE:LINE: RULE' NAME
finds()
{
    lint
    local code=$?
    if [ $code -eq 1 ] && grep -qF "$1:" "$work/log"; then
        tap_result pass "$2"
    else
        tap_result fail "$2"
        echo "#   exit code $code, expected a finding: $1"
        sed 's/^/#   /' "$work/log"
    fi
}

passes()
{
    if lint; then
        tap_result pass "$1"
    else
        tap_result fail "$1"
        sed 's/^/#   /' "$work/log"
    fi
}

# --- banned-functions

for call in 'sprintf(s, "x")' 'strcpy(s, t)' 'atoi(s)' 'strtol(s, 0, 10)' 'malloc(4)' 'free(s)' 'fopen(s, "r")' \
    'printf("x")' 'fprintf(stderr, "x")' 'time(0)' 'getenv("HOME")' 'rand()' 'localtime(0)' 'sscanf(s, "x")' \
    'open(s, 0)' 'write(1, s, 2)' 'strtok (s, t)'; do
    plant src/store/x.c <<<"/* head */
void f(void)
{
    $call;
}"
    finds 'src/store/x.c:4: banned-functions' "banned-functions: ${call%%(*} outside base"
done
plant src/base/x.c <<<'/* head */
void f(void)
{
    free(malloc(4));
    sprintf(s, "x");
}'
finds 'src/base/x.c:5: banned-functions' 'banned-functions: sprintf in base too'
ok '! grep -q ":4:" "$work/log"' 'banned-functions: base may allocate'
plant src/store/x.c <<<'/* head: malloc(1) in a comment
 * over lines, free(2) */
// strcpy(a, b)
void f(void)
{
    say("call malloc(1) \" free(2)", '"'\"'"', other->free(p), vfs.open(q));
    snprintf(s, n, "x");
    db_free(x);
}'
passes 'banned-functions: words in comments, strings, members and longer names pass'
plant src/cli/output.c <<<'/* head */
void f(void)
{
    printf("x");
}'
passes 'banned-functions: the output file prints'
plant src/store/x.h <<<'/* head */
#define DROP(p) free(p)'
finds 'src/store/x.h:2: banned-functions' 'banned-functions: in a macro'

# --- no-mutable-global

for variable in 'int counter;' 'static int counter = 3;' 'static const char *names[] = {"a", "b"};' 'extern int shared;' \
    'static int (*hook)(void);' 'static struct State state = {0};' 'static _Thread_local long left;'; do
    plant src/store/x.c <<<"/* head */
$variable"
    finds 'src/store/x.c:2: no-mutable-global' "no-mutable-global: $variable"
done
plant src/store/x.c <<<'/* head */
static const int limit = 3;
static const char *const names[] = {
    "a",
    "b",
};
extern const char version[];
typedef struct Thing {
    int member;
} Thing;
typedef int (*Callback)(void *ctx);
enum { ONE, TWO };
struct Later;
struct Now {
    int member;
};
_Static_assert(ONE == 0, "x");
static int (*const hook)(void) = 0;
static int helper(int (*cb)(void *), void *ctx);
int helper(int (*cb)(void *), void *ctx)
{
    int local = 0;
    Thing t = {.member = 1};
    return local + t.member;
}
static const struct {
    int a;
} table[] = {{1}, {2}};'
passes 'no-mutable-global: constants, types, prototypes and locals pass'

# --- no-function-static

plant src/store/x.c <<<'/* head */
int next(void)
{
    static int n;
    return n++;
}'
finds 'src/store/x.c:4: no-function-static' 'no-function-static: a counter'
plant src/store/x.c <<<'/* head */
int f(int i)
{
    static const int table[] = {1, 2};
    return table[i];
}'
passes 'no-function-static: a constant table passes'

# --- room-includes

for pair in 'measure store/vault.h' 'facts store/vault.h' 'base store/db.h' 'serve measure/measure.h' \
    'protect store/db.h' 'publish store/vault.h' 'govern store/db.h' 'synth policy/policy.h' 'store policy/policy.h' \
    'identity contract/contract.h' 'newroom base/base.h' 'cli nowhere/x.h' 'ingest ingest.h' \
    'identity base/arena.h' 'facts identity/resolve.h'; do
    set -- $pair
    plant "src/$1/x.c" <<<"/* head */
#include \"$2\""
    finds "src/$1/x.c:2: room-includes" "room-includes: $1 with $2"
done
plant src/measure/x.c <<<'/* head */
#include <stdio.h>
#include "base/base.h"
#include "store/warehouse.h"
#include "measure/private.h"
/* #include "store/vault.h" */'
passes 'room-includes: what the table allows passes'
plant src/measure/x.c <<<'/* head */
#include "store/warehouse.h"'
also src/store/warehouse.h <<<'/* head */
#include "store/vault.h"'
finds 'src/measure/x.c:1: room-includes' 'room-includes: the vault by a detour'

# --- file-head, line-length

plant src/store/x.c <<<'#include <stdio.h>'
finds 'src/store/x.c:1: file-head' 'file-head: code on the first line'
plant src/store/x.c <<<"/* head */
/* $(printf '%0120d' 0) */"
finds 'src/store/x.c:2: line-length' 'line-length: more than 120 characters'
plant src/store/x.c <<<"/* head */
/* $(printf 'é%.0s' $(seq 110)) */"
passes 'line-length: counts characters, not bytes'

# --- no-personal-paths, shell-syntax

for text in "see /wor""k/shared" "/tmp/duc""k/x" "registry.np""mjs.org" "deb.debia""n.org"; do
    plant docs/x.md <<<"first
$text"
    finds 'docs/x.md:2: no-personal-paths' "no-personal-paths: ${text:0:8}..."
done
plant docs/x.md <<<'rework/ and network/ and homework/ are words'
passes 'no-personal-paths: words that only end alike pass'
plant tools/x <<<'#!/usr/bin/env bash
if true; then'
finds 'tools/x' 'shell-syntax: an unclosed if'

# --- allowances

plant src/store/x.c <<<'/* head */
static int counter; /* lint: allow no-mutable-global a signal handler reaches nothing else */
/* lint: allow banned-functions the library demands it */
#define DROP(p) free(p)'
passes 'allowance: on the same line and on the line before'
plant src/store/x.c <<<'/* head */
static const int limit = 1; /* lint: allow no-mutable-global it was once mutable */'
finds 'src/store/x.c:2: unused-allow' 'unused-allow: nothing to allow'
plant src/store/x.c <<<'/* head */
static int counter; /* lint: allow no-mutable-global */'
finds 'src/store/x.c:2: unused-allow' 'unused-allow: no reason given'
plant src/store/x.c <<<'/* head */
static int counter; /* lint: allow everything because */'
finds 'src/store/x.c:2: unused-allow' 'unused-allow: no such rule'
plant src/store/x.c <<<'/* head */
static int counter; /* lint: allow line-length because */'
finds 'src/store/x.c:2: no-mutable-global' 'allowance: covers only its own rule'

plan
