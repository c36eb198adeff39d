#!/usr/bin/env bash
#
# Each trap of docs/traps.md has a vector whose name holds the words that the page gives.
#
# usage: test_traps.sh PAGE POLICY_FOLDER
set -euo pipefail

page=$1
policy=$2
rows=0
failed=0
while IFS='|' read -r _ trap measure words _; do
    measure=$(tr -d ' `' <<<"$measure")
    words=$(sed 's/^ *//; s/ *$//' <<<"$words")
    file=$policy/measures/$measure.toml
    [ -e "$file" ] || file=$policy/definitions/$measure.toml
    rows=$((rows + 1))
    if [ -z "$words" ] || ! grep -A1 '^\[\[vector\]\]' "$file" | grep '^name = ' | grep -F -- "$words" >/dev/null; then
        echo "not ok: no vector of $measure says \"$words\":$trap" >&2
        failed=1
    fi
done < <(grep '^| .* | `' "$page")
[ "$rows" -ge 30 ] || { echo "not ok: only $rows traps in $page" >&2; exit 1; }
[ "$failed" -eq 0 ]
echo "ok: $rows traps"
