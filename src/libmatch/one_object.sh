#!/usr/bin/env bash
#
# Makes a static library in which only the names cairn_match_* are seen: everything it is made of becomes one object, and
# all other names in it become its own. Archives come after the object that needs them.
#
# usage: one_object.sh CC OBJCOPY AR OUT.a FILE...
set -euo pipefail
cc=$1 objcopy=$2 ar=$3 out=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086 # the compiler may be a command with options
$cc -fno-lto -r -nostdlib -o "$work/all.o" "$1" -Wl,--start-group "${@:2}" -Wl,--end-group
# What a compiler keeps beside the code, to optimise across files, would bring every name back.
$objcopy --wildcard --keep-global-symbol='cairn_match_*' --remove-section='.gnu.lto_*' --remove-section='.gnu.debuglto_*' \
    --strip-symbol=__gnu_lto_slim "$work/all.o" "$work/cairn_match.o"
rm -f "$out"
$ar rcsD "$out" "$work/cairn_match.o"
