#!/usr/bin/env bash
#
# Linking without identifiers, by the finished binary: a key, two senders, a linker, and what is refused.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cat >"$work/scheme.toml" <<'END'
schema = "cairn.tokens/1"
id = "id"
[[field]]
name = "first"
hashes = 12
[[field]]
name = "last"
hashes = 12
[[field]]
name = "birth"
kind = "date"
hashes = 12
[[block]]
name = "born"
parts = ["birth/whole"]
END
sed 's/name = "last"/name = "last"\ncolumn = "surname"/' "$work/scheme.toml" >"$work/scheme_b.toml"

# Sixty persons in both files; b has every tenth surname misspelt. Thirty more stand in one of them only.
awk 'BEGIN {
    split("SMITH GARCIA JOHNSON LOPEZ NGUYEN MILLER WILSON ANDERSON THOMAS JACKSON", last, " ")
    split("MARY JOSE LINH ROBERT PATRICIA DAVID MARIA JAMES SUSAN", first, " ")
    print "id,first,last,birth"
    for (i = 0; i < 90; i++)
        printf "a%02d,%s,%s,19%02d-%02d-%02d\n", i, first[i % 9 + 1], last[i % 10 + 1], 40 + i % 59, 1 + i % 12, 1 + i % 28
}' >"$work/a.csv"
awk -F, 'BEGIN { print "id,first,surname,birth" } NR > 31 {
    sub(/^a/, "b", $1); if (NR % 10 == 0) $3 = $3 "X"; print $1 "," $2 "," $3 "," $4
}' "$work/a.csv" >"$work/b.csv"
awk 'BEGIN { for (i = 0; i < 30; i++) printf "b9%02d,ANN%d,O%dHARA,18%02d-05-05\n", i, i * 7, i * 13, 60 + i }' >>"$work/b.csv"
awk 'BEGIN { print "x,y"; for (i = 30; i < 90; i++) printf "a%02d,b%02d\n", i, i }' >"$work/truth.csv"

check_code "a new key" 0 "$CAIRN" encode --new-key "$work/key"
check_equal "only its owner reads it" "$(stat -c %a "$work/key")" 600
check_code "a key is never overwritten" $EXIT_EXISTS "$CAIRN" encode --new-key "$work/key"
secret=$(cut -d ' ' -f 2 "$work/key")

encode() { "$CAIRN" encode "$1" --config "$2" --key "$work/key" --out "$3" "${@:4}"; }
check_code "one sender encodes" 0 encode "$work/a.csv" "$work/scheme.toml" "$work/a.tok" --threads 1
check_code "the other, with a column of another name" 0 encode "$work/b.csv" "$work/scheme_b.toml" "$work/b.tok"
check_code "again on two threads" 0 encode "$work/a.csv" "$work/scheme.toml" "$work/a2.tok" --threads 2
check_same "the same bytes" "$work/a.tok" "$work/a2.tok"
check_equal "no name in the tokens" "$(grep -c SMITH "$work/a.tok")" 0
check_equal "nor the key" "$(grep -c "$secret" "$work/a.tok")" 0

match() { "$CAIRN" match-tokens "$@"; }
for pairs in all blocked; do
    check_code "linked, $pairs" 0 match "$work/a.tok" "$work/b.tok" --out "$work/out_$pairs" --pairs $pairs --truth "$work/truth.csv" --json
    f1=$("$CAIRN_JSON_GET" f1 <"$work/check.out")
    check "F1 is at least 0.98 ($f1)" awk -v f="$f1" 'BEGIN { exit !(f >= 0.98) }'
    for kernels in portable avx2 avx512; do
        if CAIRN_KERNELS=$kernels match "$work/a.tok" "$work/b.tok" --out "$work/out_$kernels" --pairs $pairs >"$work/check.out" 2>"$work/check.err"; then
            check_same "the same links on $kernels" "$work/out_$pairs/pairs.csv" "$work/out_$kernels/pairs.csv"
        else
            skip "the same links on $kernels" "not of this machine"
        fi
    done
done
check_equal "pairs are named" "$(head -1 "$work/out_all/pairs.csv")" "file_a,id_a,file_b,id_b,score"

check_code "another key" 0 "$CAIRN" encode --new-key "$work/key2"
check_code "encodes" 0 "$CAIRN" encode "$work/b.csv" --config "$work/scheme_b.toml" --key "$work/key2" --out "$work/b2.tok"
check_code "and is refused beside the first" $EXIT_INVALID match "$work/a.tok" "$work/b2.tok" --out "$work/x"
check_text "with the reason" "$work/check.err" 'different keys'
head -c 3000 "$work/b.tok" >"$work/cut.tok"
check "a file cut off is refused" bash -c '! "$0" match-tokens "$1" "$2" --out "$3" 2>/dev/null' "$CAIRN" "$work/a.tok" "$work/cut.tok" "$work/x"
check_code "two files of one name" $EXIT_USAGE match "$work/a.tok" "$work/a.tok" --out "$work/x"
chmod 644 "$work/key2"
check_code "a key that others may read" $EXIT_DENIED encode "$work/a.csv" "$work/scheme.toml" "$work/x" --key "$work/key2"
check_code "its own input as output" $EXIT_USAGE encode "$work/a.csv" "$work/scheme.toml" "$work/a.csv"
check_code "encode without a key" $EXIT_USAGE "$CAIRN" encode "$work/a.csv" --config "$work/scheme.toml" --out "$work/x"
check_code "a column that is missing" $EXIT_INVALID encode "$work/b.csv" "$work/scheme.toml" "$work/x"
check_code "paths nobody knows" $EXIT_INVALID env CAIRN_KERNELS=fastest "$CAIRN" match-tokens "$work/a.tok" "$work/b.tok" --out "$work/x"
check "nothing was written" test ! -e "$work/x"
finish
