#!/usr/bin/env bash
#
# cairn budget: open, show, verify, as a person and a program use them.
source "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"

example=$CAIRN_SOURCE/docs/lanes/dp_quantiles.toml
ledger=$work/budget.jsonl
check "open" "$CAIRN" budget open "$ledger" --name "Earnings 2026" --rho 2.56 --policy-file "$example"
check_text "it says what the budget means" "$work/check.log" 'epsilon 17.159 at delta 1e-10'
check_code "open never replaces" $EXIT_EXISTS "$CAIRN" budget open "$ledger" --name x --rho 1 --policy-file "$example"
check "show" "$CAIRN" budget show "$ledger"
check_text "the account by name" "$work/check.log" 'Earnings 2026'
"$CAIRN" budget show "$ledger" --json >"$work/show.json"
check_equal "show --json: nothing spent" "$("$CAIRN_JSON_GET" spent.rho_e9 <"$work/show.json")" 0
check_equal "show --json: the policy's hash" "$("$CAIRN_JSON_GET" policy_sha256 <"$work/show.json")" \
    "$(sha256sum "$example" | cut -d' ' -f1)"
head=$("$CAIRN_JSON_GET" head <"$work/show.json")
check_equal "anybody can check the chain with common tools" \
    "$(head -n 1 "$ledger" | cut -c 76- | tr -d '\n' | sha256sum | cut -d' ' -f1)" "$head"
check "verify" "$CAIRN" budget verify "$ledger"
check "verify that a line is there" "$CAIRN" budget verify "$ledger" --holds "$head"
check_code "a line that is not there" $EXIT_CORRUPT "$CAIRN" budget verify "$ledger" --holds "${head%?}x"
sed 's/2560000000/9560000000/' "$ledger" >"$work/forged.jsonl"
check_code "a raised budget is found" $EXIT_CORRUPT "$CAIRN" budget verify "$work/forged.jsonl"
check_text "with its line" "$work/check.err" 'forged.jsonl:1'
check_code "show of a damaged ledger" $EXIT_CORRUPT "$CAIRN" budget show "$work/forged.jsonl"
check_code "no such file" $EXIT_NOT_FOUND "$CAIRN" budget show "$work/none"
check_code "another word" $EXIT_USAGE "$CAIRN" budget spend "$ledger"
check_code "no amount" $EXIT_USAGE "$CAIRN" budget open "$work/x" --name x --policy-file "$example"
check_code "no number" $EXIT_USAGE "$CAIRN" budget open "$work/x" --name x --rho much --policy-file "$example"
check_code "no decision" $EXIT_USAGE "$CAIRN" budget open "$work/x" --name x --rho 1
check "nothing was written" test ! -e "$work/x"
finish
