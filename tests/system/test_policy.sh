#!/usr/bin/env bash
#
# The whole policy folder, by the commands that its owner has: every contract, vector and framework. The rooms' own tests
# look at each of them under the sanitizers.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check_code "the policy holds together" 0 "$CAIRN" check --policy "$CAIRN_POLICY" --json
contracts=$("$CAIRN_JSON_GET" contracts <"$work/check.out")
check_equal "every contract was looked at" "$contracts" "$(find "$CAIRN_POLICY/sources" -name '*.toml' | wc -l)"
check_code "every vector agrees" 0 "$CAIRN" measure test --policy "$CAIRN_POLICY" --json
measures=$("$CAIRN_JSON_GET" measures <"$work/check.out")
vectors=$("$CAIRN_JSON_GET" vectors <"$work/check.out")
check_equal "every measure was tested" "$measures" "$("$CAIRN" measure list --policy "$CAIRN_POLICY" --json | grep -c '"question"')"
check "each has one at least" test "$vectors" -ge "$measures"

finish
