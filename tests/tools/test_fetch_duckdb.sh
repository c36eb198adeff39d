#!/usr/bin/env bash
#
# tools/fetch-duckdb: site path, wrong hash, missing files, no npm, second run. Works on small stand-in
# files with a lock of its own, so it needs neither network nor the real library. TAP on stdout.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/tools/tap.sh"
unset CAIRN_DUCKDB_DIR

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/site" "$work/lock"
echo 'stand-in library' >"$work/site/libduckdb.so"
echo 'stand-in header' >"$work/site/duckdb.h"
hash() { sha256sum "$1" | cut -d' ' -f1; }
for arch in x64 arm64; do
    echo "$arch libduckdb.so some-package@1 libduckdb.so $(hash "$work/site/libduckdb.so")"
done >"$work/lock/duckdb.lock"
echo "any duckdb.h other-package@2 include/duckdb.h $(hash "$work/site/duckdb.h")" >>"$work/lock/duckdb.lock"

fetch() { "$root/tools/fetch-duckdb" --lock-dir "$work/lock" --dest "$work/out/duckdb" "$@" >"$work/log" 2>&1; }
nothing_left() { [ -z "$(find "$work/out" -type f 2>/dev/null)" ] && [ -z "$(ls -A "$work/out" 2>/dev/null)" ]; }

mkdir "$work/bad"
cp "$work/site/duckdb.h" "$work/bad/"
echo 'tampered' >"$work/bad/libduckdb.so"
fetch --from "$work/bad"
is $? 2 'wrong hash is refused with exit code 2'
ok 'nothing_left' 'wrong hash leaves nothing behind'
ok 'grep -q "wrong hash for libduckdb.so" "$work/log"' 'the message names the file'

rm "$work/bad/duckdb.h"
fetch --from "$work/bad"
is $? 1 'a site path without the header fails'
ok 'nothing_left' 'a missing file leaves nothing behind'

fetch --from "$work/absent"
is $? 1 'a site path that is no folder fails'

fetch --from "$work/site"
is $? 0 'the site path is used'
ok 'cmp -s "$work/site/libduckdb.so" "$work/out/duckdb/libduckdb.so"' 'the library is in place'
ok 'cmp -s "$work/site/duckdb.h" "$work/out/duckdb/duckdb.h"' 'the header is in place'
is "$(ls -A "$work/out")" duckdb 'no staging folder is left'

before=$(stat -c '%i %y' "$work/out/duckdb/"*)
fetch --from "$work/absent"
is $? 0 'a second run succeeds without looking at its source'
is "$(stat -c '%i %y' "$work/out/duckdb/"*)" "$before" 'a second run touches nothing'

echo 'damaged' >"$work/out/duckdb/libduckdb.so"
fetch --from "$work/site"
ok 'cmp -s "$work/site/libduckdb.so" "$work/out/duckdb/libduckdb.so"' 'a damaged file is replaced'

rm -rf "$work/out"
CAIRN_DUCKDB_DIR=$work/site fetch
is $? 0 'the environment variable names the site path'

rm -rf "$work/out"
sed -i "s/^arm64 .*/arm64 libduckdb.so some-package@1 libduckdb.so $(hash "$work/bad/libduckdb.so")/" "$work/lock/duckdb.lock"
fetch --from "$work/site" --arch arm64
is $? 2 'another architecture has its own hash'
fetch --from "$work/site" --arch x64
is $? 0 'an architecture may be named'
rm -rf "$work/out"
fetch --from "$work/site" --arch mips
is $? 1 'an architecture without a pinned library fails'

# A path that holds every tool but npm.
rm -rf "$work/out"
mkdir "$work/bin"
for tool in bash awk cut sha256sum uname dirname mkdir mktemp rm cp mv chmod cat grep sed head; do
    ln -s "$(command -v $tool)" "$work/bin/$tool"
done
PATH=$work/bin fetch
is $? 1 'without npm and site path it fails'
ok 'grep -q "duckdb.h .*other-package@2" "$work/log" && grep -q "libduckdb.so .*some-package@1" "$work/log"' \
    'and says which files to put where'
ok 'nothing_left' 'and leaves nothing behind'

# An npm that fails as it does without a network.
printf '#!/bin/sh\necho "npm error code ENOTFOUND" >&2\nexit 1\n' >"$work/bin/npm"
chmod +x "$work/bin/npm"
echo '{}' >"$work/lock/package.json"
echo '{}' >"$work/lock/package-lock.json"
PATH=$work/bin fetch
is $? 1 'without network it fails'
ok 'grep -q "tools/fetch-duckdb --from" "$work/log"' 'and says how to go on'
ok 'nothing_left' 'and leaves nothing behind'

fetch --nonsense
is $? 64 'an unknown option is wrong usage'

ok '! grep -q resolved "$root/third_party/package-lock.json"' 'the lockfile names no registry'
plan
