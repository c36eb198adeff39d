#!/usr/bin/env bash
#
# cairn match from files to results: what is found, that neither order, threads nor shares show in the bytes, what is said
# of files and configs that are wrong, and FEBRL 4 where the public data are.
#
# Environment beside the usual: GEN_PEOPLE (bench/gen_people): persons with known truth.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
: "${GEN_PEOPLE:?set GEN_PEOPLE to the program bench/gen_people}"
readonly EXIT_PARSE=4

results="pairs.csv clusters.csv model.json match.toml report.html"
people=$work/people.csv
"$GEN_PEOPLE" 3000 "$SEED" "$CAIRN_SOURCE/policy/colorado" "$people" || give_up "persons"

# member FILE NAME: a number of the answer in JSON.
member() { "$CAIRN_JSON_GET" "$2" <"$1"; }
# at_least NAME VALUE BOUND
at_least()
{
    if awk -v a="$2" -v b="$3" 'BEGIN { exit !(a >= b) }'; then pass "$1 ($2)"; else fail "$1: $2 is below $3"; fi
}

# --- what is found ----------------------------------------------------------------------------------------------

check_code "a config is proposed" 0 "$CAIRN" match "$people" --suggest
cp "$work/check.out" "$work/proposed.toml"
for kind in first_name last_name date postal_code city sex; do
    check_text "it has a $kind" "$work/proposed.toml" "^kind = \"$kind\"$"
done
check_code "the truth column is not among the fields" 1 grep -q '^column = "cluster"' "$work/proposed.toml"
check_code "persons are found" 0 "$CAIRN" match "$people" --truth cluster --out "$work/whole" --json
cp "$work/check.out" "$work/whole.json"
check_equal "no record is lost" "$(member "$work/whole.json" records)" 3000
at_least "precision of clusters" "$(member "$work/whole.json" truth.clusters.precision)" 0.97
at_least "recall of clusters" "$(member "$work/whole.json" truth.clusters.recall)" 0.9
check_equal "recall counts all true pairs" "$(member "$work/whole.json" truth.clusters.truth)" \
    "$(awk -F, 'NR > 1 { n[$8]++ } END { for (c in n) s += n[c] * (n[c] - 1) / 2; print s }' "$people")"
check_equal "clusters.csv has a line a record" "$(wc -l <"$work/whole/clusters.csv")" 3001
check_same "clusters.csv is sorted" <(tail -n +2 "$work/whole/clusters.csv") <(tail -n +2 "$work/whole/clusters.csv" | sort -t, -k1,1 -k2,2)
check_same "pairs.csv is sorted" <(tail -n +2 "$work/whole/pairs.csv" | cut -d, -f 1-4) \
    <(tail -n +2 "$work/whole/pairs.csv" | cut -d, -f 1-4 | sort -t, -k1,1 -k2,2 -k3,3 -k4,4)
check_equal "pairs.csv holds the links" "$(cut -d, -f 7 "$work/whole/pairs.csv" | grep -c '^match$')" "$(member "$work/whole.json" links)"
check "the model is JSON" "$CAIRN_JSON_GET" <"$work/whole/model.json"
check_text "the report has the truth" "$work/whole/report.html" 'id="truth"'
check_code "the report needs no script and nothing from elsewhere" 1 grep -Eiq '<script|src=|url\(|@import|<link' "$work/whole/report.html"

# --- twins ---------------------------------------------------------------------------------------------------------------

# twins DIR EVERY SEED: 1,500 persons in school.csv, seven in ten of them in college.csv with errors, truth.csv. Each
# EVERY-th has the surname, birth date and home of the one before. A generator of its own: awks differ in rand().
twins()
{
    mkdir -p "$1"
    awk -v dir="$1" -v every="$2" -v state="$3" '
        function below(n) { state = (state * 16807) % 2147483647; return int(state / 2147483647 * n) }
        function name(k,  out) { out = ""; do { out = out part[k % 20]; k = int(k / 20) } while (k > 0); return out }
        function typo(text,  at) { at = 2 + below(length(text) - 1); return substr(text, 1, at - 1) substr(text, at + 1) }
        function person(i) {
            first[i] = name(20 + (below(3) ? below(60) : below(380))); last[i] = name(20 + (below(3) ? below(380) : below(7600)))
            born[i] = sprintf("%d-%02d-%02d", 2000 + below(4), 1 + below(12), 1 + below(28))
            zip[i] = 80001 + below(60); address[i] = (1 + below(900)) " " name(400 + below(200)) " ST"
        }
        BEGIN {
            split("AN BER CO DAL EM FOR GUS HAN IS JOR KEL LU MAR NEL OS PET RIN SAL TOM VI", word, " ")
            for (k = 1; k <= 20; k++) part[k - 1] = word[k]
            head = "id,first_name,last_name,birth_date,postal_code,address"
            print head > (dir "/school.csv"); print head > (dir "/college.csv"); print "id_a,id_b" > (dir "/truth.csv")
            for (i = 0; i < 1500; i++) {
                person(i)
                if (i % every == every - 1) {
                    last[i] = last[i - 1]; born[i] = born[i - 1]; zip[i] = zip[i - 1]; address[i] = address[i - 1]
                    while (first[i] == first[i - 1]) first[i] = name(20 + below(380))
                }
            }
            for (i = 0; i < 1500; i++) {
                print "s" i "," first[i] "," last[i] "," born[i] "," zip[i] "," address[i] > (dir "/school.csv")
                if (below(10) >= 7) continue
                if (below(25) == 0) first[i] = typo(first[i])
                if (below(25) == 0) last[i] = typo(last[i])
                if (below(40) == 0) born[i] = substr(born[i], 1, 8) sprintf("%02d", 1 + below(28))
                if (below(8) == 0) { zip[i] = 80001 + below(60); address[i] = (1 + below(900)) " " name(400 + below(200)) " ST" }
                print "c" i "," first[i] "," last[i] "," born[i] "," zip[i] "," address[i] > (dir "/college.csv")
                print "s" i ",c" i > (dir "/truth.csv")
            }
        }'
}
for every in 10 60; do
    twins "$work/twins$every" $every 21
    check_code "twins, one in $every, in sources that hold nobody twice" 0 "$CAIRN" match "$work/twins$every/school.csv" \
        "$work/twins$every/college.csv" --unique all --truth "$work/twins$every/truth.csv" --out "$work/told$every" --json
    at_least "one in $every, unique: recall of pairs" "$(member "$work/check.out" truth.pairs.recall)" 0.99
    at_least "one in $every, unique: precision of pairs" "$(member "$work/check.out" truth.pairs.precision)" 0.99
    check_code "the same, not said to be so" 0 "$CAIRN" match "$work/twins$every/school.csv" \
        "$work/twins$every/college.csv" --truth "$work/twins$every/truth.csv" --json
    at_least "one in $every: recall of pairs" "$(member "$work/check.out" truth.pairs.recall)" 0.98
    at_least "one in $every: precision of pairs" "$(member "$work/check.out" truth.pairs.precision)" 0.97
done
mkdir "$work/turned"
for side in school college; do
    { head -n 1 "$work/twins10/$side.csv"; tail -n +2 "$work/twins10/$side.csv" | sort -t, -k4,4r -k2,2; } >"$work/turned/$side.csv"
done
check "twins in another order, one thread" "$CAIRN" match "$work/turned/college.csv" "$work/turned/school.csv" --unique all \
    --threads 1 --out "$work/turned/out" --quiet
for file in pairs.csv clusters.csv; do check_same "twins in another order: $file" "$work/told10/$file" "$work/turned/out/$file"; done

# --- the same bytes -----------------------------------------------------------------------------------------------

again() # NAME DIR OPTIONS...: a run whose results must be those of $work/whole
{
    local name=$1 dir=$2 file
    shift 2
    check "$name" "$CAIRN" match "$@" --truth cluster --out "$dir" --quiet || return
    for file in $results; do check_same "$name: $file" "$work/whole/$file" "$dir/$file"; done
}
again "one thread" "$work/one" "$people" --threads 1
mkdir "$work/permuted"
{ head -n 1 "$people"; tail -n +2 "$people" | sort -t, -k4,4 -k2,2r; } >"$work/permuted/people.csv"
again "other order of rows, two threads" "$work/other" "$work/permuted/people.csv" --threads 2

head -n 1 "$people" | tee "$work/a.csv" >"$work/b.csv"
tail -n +2 "$people" | awk -v a="$work/a.csv" -v b="$work/b.csv" '{ print >>(NR % 3 ? a : b) }'
check "two sources" "$CAIRN" match "$work/a.csv" "$work/b.csv" --out "$work/ab" --quiet
check "two sources the other way round" "$CAIRN" match "$work/b.csv" "$work/a.csv" --out "$work/ba" --quiet
check_same "the order of files does not show" "$work/ab" "$work/ba"

check_code "shares" 0 "$CAIRN" match "$people" --partitions 4 --out "$work/cut"
check_same "the model of the shares" "$work/whole/model.json" "$work/cut/model.json"
for share in "$work"/cut/parts/share-????; do
    check "worker for ${share##*/}" "$CAIRN" match-worker "$share" --model "$work/cut/model.json" --out "$share.pairs"
done
check "the answers are joined" "$CAIRN" match "$people" --config "$work/cut/match.toml" --model "$work/cut/model.json" \
    --scored "$work/cut/parts" --out "$work/joined" --quiet
check_same "pairs of the shares" "$work/whole/pairs.csv" "$work/joined/pairs.csv"
check_same "clusters of the shares" "$work/whole/clusters.csv" "$work/joined/clusters.csv"
cp "$work/cut/parts/share-0001.pairs" "$work/answer"
# refused_answer NAME WORDS AWK: the first row of an answer changed; the run is refused and names file and row
refused_answer()
{
    awk -F, -v OFS=, "NR == 3 { $3 } { print }" "$work/answer" >"$work/cut/parts/share-0001.pairs"
    check_code "$1 is refused" $EXIT_INVALID "$CAIRN" match "$people" --config "$work/cut/match.toml" \
        --model "$work/cut/model.json" --scored "$work/cut/parts" --out "$work/joined"
    check_text "$1: which row of which file" "$work/check.err" "share-0001.pairs.*1.*$2"
}
refused_answer "a level that no field has" "names a level" '$5 = "f" substr($5, 2)'
refused_answer "a level of a field that is not there" "names a level" '$5 = "1" sprintf("%015s", $5); gsub(/ /, "0", $5)'
refused_answer "a pass that the model does not have" "names a pass" '$4 = "ffffffff"'
refused_answer "a record that is not there" "no pair of these records" '$2 = 3000'
cp "$work/answer" "$work/cut/parts/share-0001.pairs"
cp "$work/cut/parts/share-0001.pairs" "$work/cut/parts/share-0002.pairs"
check_code "an answer to another share is refused" $EXIT_INVALID "$CAIRN" match "$people" --config "$work/cut/match.toml" \
    --model "$work/cut/model.json" --scored "$work/cut/parts" --out "$work/joined"
rm "$work/cut/parts/share-0002.pairs"
check_code "a missing answer is told" $EXIT_NOT_FOUND "$CAIRN" match "$people" --config "$work/cut/match.toml" \
    --model "$work/cut/model.json" --scored "$work/cut/parts" --out "$work/joined"
check_code "a broken share is refused" $EXIT_PARSE "$CAIRN" match-worker "$people" --model "$work/cut/model.json"

# --- other ways in and out --------------------------------------------------------------------------------------------

check "frozen parameters" "$CAIRN" match "$people" --config "$work/whole/match.toml" --model "$work/whole/model.json" --out "$work/frozen" --quiet
check_same "frozen parameters: pairs" "$work/whole/pairs.csv" "$work/frozen/pairs.csv"
check "Parquet out" "$CAIRN" match "$people" --format parquet --out "$work/parquet" --quiet
cat >"$work/reread.toml" <<'END'
[input]
id = "id"
source = "source"
[[field]]
kind = "identifier"
column = "cluster"
[[field]]
kind = "code"
column = "records"
END
check_code "Parquet in, with a source column" 0 "$CAIRN" match "$work/parquet/clusters.parquet" --config "$work/reread.toml" --out "$work/reread" --json
check_equal "every row of it" "$(member "$work/check.out" records)" 3000
check_code "why" 0 "$CAIRN" match "$people" --why "$(awk -F, 'NR == 2 { print $2 }' "$work/whole/pairs.csv")" --with "$(awk -F, 'NR == 2 { print $4 }' "$work/whole/pairs.csv")"
check_text "in words" "$work/check.out" '^brought together by: '
check_code "why somebody who is not there" $EXIT_NOT_FOUND "$CAIRN" match "$people" --why nobody --with 1
{ echo id,cluster; awk -F, 'NR > 1 { print $1 "," $8 }' "$people"; } >"$work/truth.csv"
check_code "truth from a file" 0 "$CAIRN" match "$people" --truth "$work/truth.csv" --json
check_equal "says the same" "$(member "$work/check.out" truth.clusters)" "$(member "$work/whole.json" truth.clusters)"
{ echo id_a,id_b; awk -F, 'NR > 1 { if ($8 in first) print first[$8] "," $1; else first[$8] = $1 }' "$people"; } >"$work/links.csv"
check_code "truth as links" 0 "$CAIRN" match "$people" --truth "$work/links.csv" --json
check_equal "says the same" "$(member "$work/check.out" truth.clusters)" "$(member "$work/whole.json" truth.clusters)"
{
    echo id_a,id_b,match
    awk -F, 'NR == FNR { if (FNR > 1) c[$1] = $8; next } FNR > 1 && FNR % 2 { print $2 "," $4 "," (c[$2] == c[$4]) }' "$people" "$work/whole/pairs.csv"
} >"$work/labels.csv"
check_code "labels" 0 "$CAIRN" match "$people" --labels "$work/labels.csv" --truth cluster --json
at_least "labelled: precision of pairs" "$(member "$work/check.out" truth.pairs.precision)" 0.97
# All that match and one in eight of the others: with weights they say what a fair sample says, without them they are refused.
awk -F, 'NR == 1 { print $0 ",weight"; next } $3 { print $0 ",1" } !$3 && ++n % 8 == 0 { print $0 ",8" }' "$work/labels.csv" >"$work/weighted.csv"
check_code "labels with weights" 0 "$CAIRN" match "$people" --labels "$work/weighted.csv" --truth cluster --json
at_least "weighted: precision of pairs" "$(member "$work/check.out" truth.pairs.precision)" 0.97
{
    echo id_a,id_b,match
    awk -F, 'NR > 1 { if ($8 in first) print first[$8] "," $1 ",1"; else { first[$8] = $1; if (last && NR % 60 == 0) print last "," $1 ",0"; last = $1 } }' "$people"
} >"$work/chosen.csv"
check_code "labels chosen by their answer" $EXIT_INVALID "$CAIRN" match "$people" --labels "$work/chosen.csv" --truth cluster
check_text "are told so" "$work/check.err" 'chosen.csv: .*drawn by their answer'
check_code "labels that look chosen, and were not" 0 "$CAIRN" match "$people" --labels "$work/chosen.csv" --labels-sampled --truth cluster
check_code "labels that were drawn fairly, in shares" 0 "$CAIRN" match "$people" --labels "$work/labels.csv" --labels-sampled --partitions 2 --out "$work/labelled"
check "a threshold" "$CAIRN" match "$people" --threshold 0.999 --out "$work/strict" --quiet
check_text "stands in the config" "$work/strict/match.toml" '^match_from = 0.999'

# --- what is wrong ------------------------------------------------------------------------------------------------

head='id,first_name,last_name,birth_date'
file() # NAME LINES...: $work/NAME.csv
{
    local name=$1
    shift
    printf '%s\n' "$@" >"$work/$name.csv"
}
refused() # NAME CODE PATTERN COMMAND...
{
    local name=$1 code=$2 pattern=$3
    shift 3
    check_code "$name" "$code" "$@" && check_text "$name: says so" "$work/check.err" "$pattern"
}
: >"$work/empty.csv"
file heads "$head"
file one "$head" 1,ANN,LEE,2000-01-01
file ragged "$head" 1,ANN,LEE,2000-01-01 2,BOB
file quote "$head" 1,ANN,LEE,2000-01-01 '2,"BOB,LEE,2000-01-01'
printf '%s\n1,B\xff,LEE,2000-01-01\n' "$head" >"$work/bytes.csv"
file twice "$head" 1,ANN,LEE,2000-01-01 1,BOB,LEE,2001-01-01
file names a,b,a 1,2,3
file blank a,,b 1,2,3
file unknown x,y 1,2 3,4
file missing "$head" 1,,, 2,,, 3,,,
echo nothing >"$work/no.parquet"
match() { "$CAIRN" match "$@" --out "$work/out" --quiet; }
refused "an empty file" $EXIT_INVALID 'empty\.csv: has no header row' match "$work/empty.csv"
refused "a header alone" $EXIT_INVALID 'no rows' match "$work/heads.csv"
refused "one record" $EXIT_INVALID 'no two records' match "$work/one.csv"
refused "a ragged row" $EXIT_PARSE 'ragged\.csv:3: a row has 2 cells where the header has 4' match "$work/ragged.csv"
refused "an open quote" $EXIT_PARSE 'quote\.csv:3: a quote' match "$work/quote.csv"
refused "bytes that are no text" $EXIT_PARSE 'bytes\.csv.* not text in UTF-8' match "$work/bytes.csv"
printf 'id,first_name\n1,\xff\xfe\n' >"$work/x.csv"
(cd "$work" && "$CAIRN" match x.csv --out out --quiet) 2>"$work/check.err"
check_text "bytes that are no text, in a file of few words" "$work/check.err" 'x\.csv:2: is not text in UTF-8'
refused "an id twice" $EXIT_INVALID 'record 2 has the id of record 1' match "$work/twice.csv" --id id
refused "a column name twice" $EXIT_INVALID 'names\.csv: a: two columns' match "$work/names.csv"
refused "a column without name" $EXIT_INVALID 'blank\.csv: a column has no name' match "$work/blank.csv"
refused "columns nobody knows" $EXIT_INVALID 'no column looks like' match "$work/unknown.csv"
refused "nothing but missing values" $EXIT_INVALID 'no column looks like' match "$work/missing.csv"
refused "no Parquet" $EXIT_PARSE 'no\.parquet: is not a Parquet file' match "$work/no.parquet"
refused "no file" $EXIT_NOT_FOUND 'gone\.csv: there is no such file' match "$work/gone.csv"
refused "a source twice" $EXIT_INVALID 'two files give sources of the same name' match "$people" "$people"
refused "a source that is not there" $EXIT_INVALID 'no source is called "other"' match "$people" --unique other
refused "truth that is not there" $EXIT_NOT_FOUND 'neither a column nor a file' match "$people" --truth other
refused "a threshold beyond 1" $EXIT_USAGE 'from 0 to 1' match "$people" --threshold 2
refused "--why alone" $EXIT_USAGE 'go together' match "$people" --why 1
printf '[[field]]\nkind = "date"\ncolumn = "when"\n' >"$work/column.toml"
refused "a config of another file" $EXIT_INVALID 'when: a field names a column that no file has' match "$people" --config "$work/column.toml"
printf '[[field]]\nkind = "date"\ncolum = "birth_date"\n' >"$work/key.toml"
refused "a misspelt key" $EXIT_INVALID 'key\.toml:3: colum: is not a known key' match "$people" --config "$work/key.toml"
printf '[[field]]\nkind = "sex"\ncolumn = "sex"\n[[rule]]\nname = "r"\neffect = "must"\nwhen = "sex = purple"\n' >"$work/rule.toml"
refused "a rule with an unknown level" $EXIT_INVALID 'rule\.toml: .*purple' match "$people" --config "$work/rule.toml"
printf '[[field]]\nkind = "sex"\ncolumn = "sex"\n' >"$work/other.toml"
printf '[[field]]\nkind = "sex"\ncolumn = "sex"\n[[dataset]]\nname = "scools"\nunique = true\n' >"$work/dataset.toml"
check_code "a dataset that no file gives" 0 "$CAIRN" match "$people" --config "$work/dataset.toml" --why 1 --with 2
check_text "is told" "$work/check.err" 'match_dataset_absent dataset="scools"'
refused "a model of another config" $EXIT_INVALID 'model\.json' match "$people" --config "$work/other.toml" --model "$work/whole/model.json"
file labels id_a,id_b,match 1,nobody,1
file heavy id_a,id_b,match,weight 1,2,1,0
refused "a label without weight" $EXIT_INVALID 'heavy\.csv:1: weight must be a number above 0' match "$people" --labels "$work/heavy.csv"
refused "labels for a model that is there" $EXIT_USAGE 'model has one already' match "$people" --labels "$work/labels.csv" --model "$work/whole/model.json" --truth cluster
file fair id_a,id_b,match 1,2,1
file even id_a,id_b,match,weight 1,2,1,1
refused "labels and shares, nothing said of the drawing" $EXIT_USAGE 'fair\.csv: does not say how its labels were drawn' match "$people" --labels "$work/fair.csv" --partitions 2
refused "weights, and the word that there are none" $EXIT_USAGE 'even\.csv: has a column weight' match "$people" --labels "$work/even.csv" --labels-sampled --truth cluster
refused "a drawing of no labels" $EXIT_USAGE 'there are none' match "$people" --labels-sampled --truth cluster
refused "a label of nobody" $EXIT_NOT_FOUND 'labels\.csv:1: no record has this id' match "$people" --labels "$work/labels.csv"
printf 'id;first_name;last_name;birth_date\r\n1;ANN;"LEE; A";2000-01-01\r\n2;ANN;"LEE; A";2000-01-01\r\n' >"$work/semicolons.csv"
check_code "semicolons and CRLF" 0 "$CAIRN" match "$work/semicolons.csv" --truth id
{ echo "$head"; for i in $(seq 2000); do echo "$i,ANN,LEE,2000-01-01"; done; } >"$work/same.csv"
check "two thousand identical rows" match "$work/same.csv"
awk 'BEGIN { print "first_name,last_name,birth_date,zip"; for (i = 0; i < 200000; i++) print "ann,lee,2000-01-01,80204" }' >"$work/many.csv"
check_code "rows of which none is in the sample are proposed for all the same" 0 "$CAIRN" match "$work/many.csv" --suggest
check_text "and named" "$work/check.out" '^column = "last_name"'
rm "$work/many.csv"

# --- the config that the documentation shows ------------------------------------------------------------------------

awk '/^```toml/ { on = 1; next } /^```/ { on = 0 } on' "$CAIRN_SOURCE/docs/match.md" >"$work/shown.toml"
file nick nickname,formal BOB,ROBERT
file shown rec_id,agency,cluster,given,surname,maiden,by,bm,bd,sasid,shoe_size 1,schools,1,ANN,LEE,,2000,1,2,12345678,38 \
    2,wages,1,ANN,LEE,,2000,1,2,12345678,38 3,wages,2,BOB,MOE,,1990,10,12,87654321,44
check_code "docs/match.md shows a config that can be used" 0 "$CAIRN" match "$work/shown.csv" --config "$work/shown.toml" --truth cluster

# --- public data --------------------------------------------------------------------------------------------------

data=${CAIRN_SHARED_DATA:-$CAIRN_SOURCE/../shared/data}/linkage/febrl
if [ -f "$data/dataset4a.csv" ] && [ -f "$data/dataset4b.csv" ]; then
    { echo id,cluster; awk -F, 'FNR > 1 { split($1, part, "-"); print $1 "," part[2] }' "$data/dataset4a.csv" "$data/dataset4b.csv"; } >"$work/febrl4.csv"
    check_code "FEBRL 4" 0 "$CAIRN" match "$data/dataset4a.csv" "$data/dataset4b.csv" --unique all --truth "$work/febrl4.csv" --json
    at_least "FEBRL 4: F1 of clusters" "$(member "$work/check.out" truth.clusters.f1)" 0.998
else
    skip "FEBRL 4" "no public data in $data (set CAIRN_SHARED_DATA)"
fi
finish
