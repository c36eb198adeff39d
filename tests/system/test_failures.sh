#!/usr/bin/env bash
#
# What can go wrong around a run: no space, no permission, no home, somebody else at work, a damaged byte. Each is told
# with its documented exit code, and what was published before stays as it was.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" 1000 --first-year 2023 --last-year 2024
inbox=$work/state/inbox

# The first half is published; the rest is what then fails to come in.
mkdir -p "$work/half"
for source in "$inbox"/cde_* "$inbox"/ref_* "$inbox"/cdle_employer; do
    [ -d "$source" ] && ln -s "$source" "$work/half/"
done
home "$work/home"
must_run "$work/home" "$work/half" --quiet
before=$(release_of "$work/home")
[ -n "$before" ] || give_up "a run publishes" "$work/run.log"
cp -a "$before" "$work/release-before"
cp -a "$work/home" "$work/whole"

# intact NAME HOME: the old generation and the old release are in force and unharmed.
intact()
{
    local name=$1 dir=$2
    check_equal "$name: the old release is in force" "$(basename "$(release_of "$dir")")" "$(basename "$before")"
    check_same "$name: and unchanged" "$work/release-before" "$(release_of "$dir")"
    check "$name: it verifies" "$CAIRN" verify "$(release_of "$dir")"
    check_equal "$name: the old generation is in force" "$(cat "$dir/warehouse/CURRENT")" "$(cat "$work/whole/warehouse/CURRENT")"
    # Scratch files of the cut-off run and the little space are what they are; everything else must be well.
    "$CAIRN" doctor --home "$dir" >"$work/doctor" 2>&1
    check_equal "$name: doctor finds nothing damaged" "$(grep '^BAD' "$work/doctor" | grep -Ev '^BAD +(leftovers|disk space)')" ""
    check_text "$name: and has looked" "$work/doctor" '^ok +ledger chain'
}

# recovers NAME HOME: with the cause gone, the same command does everything.
recovers()
{
    if run "$2" "$inbox" --quiet --replace "the other half"; then
        check_code "$1: the next run publishes the new release" 1 diff -rq "$work/release-before" "$(release_of "$2")"
    else
        fail "$1: the next run ends well" "$work/run.log"
    fi
}

# --- nobody's home ---------------------------------------------------------------------------------------------

check_code "a home that is not there" $EXIT_NOT_FOUND "$CAIRN" status --home "$work/nowhere"
check_text "is named" "$work/check.err" "$work/nowhere"
mkdir "$work/empty"
check_code "a folder that is no home" $EXIT_NOT_FOUND "$CAIRN" run --home "$work/empty"
check_equal "stays empty" "$(ls -A "$work/empty")" ""
check_code "no home named at all" $EXIT_USAGE "$CAIRN" status
check_code "a home that is there already" $EXIT_EXISTS "$CAIRN" init "$work/home"
check_code "an inbox that is not there" $EXIT_NOT_FOUND "$CAIRN" run --home "$work/home" --inbox "$work/nowhere" --quiet
check_code "a policy that is not there" $EXIT_NOT_FOUND "$CAIRN" init "$work/new" --policy "$work/nowhere"
check "leaves nothing behind" test ! -e "$work/new"

# --- somebody else at work -------------------------------------------------------------------------------------

cp -a "$work/whole" "$work/busy"
"$CAIRN" run --home "$work/busy" --inbox "$inbox" --quiet --replace "the other half" >"$work/first.log" 2>&1 &
first=$!
undo+=("kill -KILL $first")
loads=$(ls "$work/whole/loads" | wc -l)
for _ in $(seq 600); do
    [ "$(ls "$work/busy/loads" | wc -l)" -gt "$loads" ] && break
    sleep 0.05
done
kill -STOP "$first"
check_code "a second writer" $EXIT_BUSY "$CAIRN" run --home "$work/busy" --inbox "$inbox" --quiet --replace "the other half"
check_code "is told to wait by every writing command" $EXIT_BUSY "$CAIRN" keys rotate --home "$work/busy"
check_code "a reader is not" 0 "$CAIRN" status --home "$work/busy"
kill -CONT "$first"
wait "$first"
check_equal "the first one ends well" "$?" 0
check "and its home is healthy" "$CAIRN" doctor --home "$work/busy"

# A polite end: SIGTERM is answered between steps.
cp -a "$work/whole" "$work/stopped"
"$CAIRN" run --home "$work/stopped" --inbox "$inbox" --quiet --replace "the other half" >"$work/first.log" 2>&1 &
first=$!
for _ in $(seq 600); do
    [ "$(ls "$work/stopped/loads" | wc -l)" -gt "$loads" ] && break
    sleep 0.05
done
kill -TERM "$first"
wait "$first"
check_equal "SIGTERM ends a run" "$?" $EXIT_SIGNAL
intact "after SIGTERM" "$work/stopped"
recovers "after SIGTERM" "$work/stopped"
rm -rf "$work/busy" "$work/stopped"

# --- no space --------------------------------------------------------------------------------------------------

# no_space NAME HOME CODE: how a run into a full disk must have ended.
no_space()
{
    check_equal "$1: exit code" "$3" $EXIT_IO
    check_text "$1: says why" "$work/run.log" 'space|full|too large|File too large|file too large'
    intact "$1" "$2"
}

# A limit on the size of a file stands for a full disk where nothing can be mounted. SIGXFSZ must be ignored, or it
# kills before anything can be said.
for kib in 24 600; do
    cp -a "$work/whole" "$work/limited"
    (
        trap '' XFSZ
        ulimit -f "$kib"
        exec "$CAIRN" run --home "$work/limited" --inbox "$inbox" --quiet --replace "the other half"
    ) >"$work/run.log" 2>&1
    no_space "no file over $kib KiB" "$work/limited" $?
    recovers "no file over $kib KiB" "$work/limited"
    rm -rf "$work/limited"
done

disk=$work/disk
mkdir "$disk"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=256m cairn-system-test "$disk" 2>"$work/mount.log"; then
    undo+=("umount -l '$disk'")
    for left in 40 2000; do
        cp -a "$work/whole" "$disk/home"
        room=$(df --output=avail -k "$disk" | tail -n 1)
        head -c $(((room - left) * 1024)) /dev/zero >"$disk/ballast"
        run "$disk/home" "$inbox" --quiet --replace "the other half"
        code=$?
        rm "$disk/ballast"
        no_space "a disk with $left KiB left" "$disk/home" $code
        recovers "a disk with $left KiB left" "$disk/home"
        rm -rf "$disk/home"
    done
    umount "$disk"
else
    skip "a full disk" "nothing can be mounted here; the limits above stand for it"
fi

# --- no permission ---------------------------------------------------------------------------------------------

# Root may write anywhere, so that root tries it as nobody, where nobody can get at the binary at all.
as_nobody=()
if [ "$(id -u)" -eq 0 ]; then
    as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi
cp -a "$work/whole" "$work/readonly"
[ "$(id -u)" -ne 0 ] || { chown -R 65534:65534 "$work/readonly" && chmod 755 "$work"; }
chmod -R a-w "$work/readonly"
if ${as_nobody[@]+"${as_nobody[@]}"} "$CAIRN" version >"$work/nobody.log" 2>&1; then
    check_code "a home that may only be read" $EXIT_IO \
        ${as_nobody[@]+"${as_nobody[@]}"} "$CAIRN" run --home "$work/readonly" --inbox "$inbox" --quiet --replace "the other half"
    check_text "says why" "$work/check.err" 'permission denied|read-only'
else
    skip "a home that may only be read" "nobody cannot run the binary here"
fi
chmod -R u+w "$work/readonly"
check_same "it is as it was" "$work/whole" "$work/readonly" -x '*-shm' -x '*-wal' -x lock
rm -rf "$work/readonly"

# --- damaged bytes ---------------------------------------------------------------------------------------------

# damaged NAME FILE OFFSET
damaged()
{
    local name=$1 file=$2 offset=$3
    cp -a "$work/whole" "$work/hurt"
    flip "$work/hurt/$file" "$offset"
    check_code "doctor finds a changed byte in $name" $EXIT_CORRUPT "$CAIRN" doctor --home "$work/hurt" --json
    check "and reports it as JSON" "$CAIRN_JSON_GET" healthy findings.0.check <"$work/check.out"
    check_equal "as an unhealthy home" "$("$CAIRN_JSON_GET" healthy <"$work/check.out" 2>/dev/null)" false
    rm -rf "$work/hurt"
}

offset_of() { grep -abo -m 1 -- "$2" "$work/whole/$1" | head -n 1 | cut -d : -f 1; }

load=$(ls "$work/whole/loads" | head -n 1)
id=$(basename "$before")
damaged "the ledger" ledger.db "$(offset_of ledger.db '"rows_accepted')"
# A byte that surely belongs to something: pages have room that nothing stands in.
damaged "the vault" vault.db "$(offset_of vault.db cde_student_demographic)"
damaged "a load's rows" "loads/$load/rows.parquet" 100
damaged "a receipt" "loads/$load/receipt.json" 30
damaged "a published table" "releases/$id/data/$(ls "$before/data" | head -n 1)" 50
damaged "a signature" "releases/$id/manifest.sig" 10
damaged "a key" keys/keyring.json "$(($(stat -c %s "$work/whole/keys/keyring.json") / 2))"

cp -a "$before" "$work/forged"
flip "$work/forged/index.html" 200
check_code "verify refuses a changed page" $EXIT_CORRUPT "$CAIRN" verify "$work/forged"
cp -a "$before/." "$work/forged/"
echo extra >"$work/forged/extra.csv"
check_code "verify refuses a file that was put in" $EXIT_CORRUPT "$CAIRN" verify "$work/forged"
rm "$work/forged/extra.csv" "$work/forged/index.html"
check_code "verify refuses a release with a page taken out" $EXIT_CORRUPT "$CAIRN" verify "$work/forged"
check_code "verify says when there is no release" $EXIT_NOT_FOUND "$CAIRN" verify "$work/nowhere"

# --- keys and copies -------------------------------------------------------------------------------------------

cp -a "$work/whole" "$work/rotated"
check "keys rotate" "$CAIRN" keys rotate --home "$work/rotated"
check "the rotated home is healthy" "$CAIRN" doctor --home "$work/rotated"
check_code "its keys are others" 1 cmp -s "$work/whole/keys/master.key" "$work/rotated/keys/master.key"
must_run "$work/whole" "$inbox" --quiet --replace "the other half"
must_run "$work/rotated" "$inbox" --quiet --replace "the other half"
check_same "and it publishes the same" "$(release_of "$work/whole")" "$(release_of "$work/rotated")" -x manifest.sig

check "backup with keys" "$CAIRN" backup --with-keys --home "$work/rotated" "$work/backup"
check "restore" "$CAIRN" restore "$work/backup" "$work/restored"
check "the restored home is healthy" "$CAIRN" doctor --home "$work/restored"
check_equal "it holds as many rows" "$(status_of "$work/restored" rows_accepted)" "$(status_of "$work/rotated" rows_accepted)"
check_code "restore does not overwrite" $EXIT_EXISTS "$CAIRN" restore "$work/backup" "$work/restored"
victim=$(find "$work/backup" -name 'rows.parquet' | head -n 1)
chmod u+w "$victim"
flip "$victim" 64
check_code "restore refuses a damaged copy" $EXIT_CORRUPT "$CAIRN" restore "$work/backup" "$work/restored-2"
check "backup without keys" "$CAIRN" backup --home "$work/rotated" "$work/backup-2"
check_equal "holds no key" "$(find "$work/backup-2" -name 'master.key' -o -name keyring.json | wc -l)" 0
finish
