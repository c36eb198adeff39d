# Common code of the benchmarks: the pipeline's steps one by one, each in a process of its own, measured.
# Environment: CAIRN and MEASURED (programs), CAIRN_SOURCE; THREADS (2).
set -euo pipefail
export LC_ALL=C
: "${CAIRN:?}" "${MEASURED:?}" "${CAIRN_SOURCE:?}"
export CAIRN_POLICY=$CAIRN_SOURCE/policy/colorado CAIRN_WEB=$CAIRN_SOURCE/web/static
threads=${THREADS:-2}

# measured NAME COMMAND...: output goes to $work/NAME.out; a line in $work/steps.
measured()
{
    local name=$1
    shift
    printf '  %s ...\n' "$name" >&2
    local code=0
    "$MEASURED" "$work/steps" "$name" "$@" >"$work/$name.out" 2>"$work/$name.err" || code=$?
    # 3: some file was refused, which is a planted error too many in a small file and no failure of the program.
    if [ $code -ne 0 ] && [ $code -ne 3 ]; then
        echo "bench: $name failed: $*" >&2
        tail -n 5 "$work/$name.err" >&2
        exit 1
    fi
}

# pipeline STATE HOME [INIT_OPTION...]: from the files in STATE/inbox to a release in HOME, a new home.
pipeline()
{
    local state=$1 home=$2 step
    shift 2
    "$CAIRN" init "$home" --threads "$threads" "$@" >/dev/null
    measured ingest "$CAIRN" ingest --home "$home" --inbox "$state/inbox" --quiet
    for step in link build measure release; do
        measured $step "$CAIRN" $step --home "$home" --quiet
    done
    measured nothing-to-do "$CAIRN" run --home "$home" --inbox "$state/inbox" --quiet
}

# pipeline_table HOME: seconds and memory a step, the whole, and what it came to.
pipeline_table()
{
    local home=$1
    printf '%-28s %10s %10s %12s\n' step seconds 'CPU s' 'peak MiB'
    awk '{ printf "%-28s %10.1f %10.1f %12.0f\n", $1, $2, $3, $4 }
        $1 != "synth" && $1 != "nothing-to-do" { wall += $2; cpu += $3; if ($4 > peak) peak = $4 }
        END { printf "%-28s %10.1f %10.1f %12.0f\n", "files to release", wall, cpu, peak }' "$work/steps"
    sed -n 's/^build *generation [0-9]*: /facts: /p' "$work/build.out"
    sed -n 's/^link  */links: /p' "$work/link.out"
    "$CAIRN" status --home "$home" | sed -n '/^rows/p'
    printf 'home: %s MiB, of it loads %s, warehouse %s, vault %s, results %s, releases %s\n' "$(mib "$home")" "$(mib "$home/loads")" \
        "$(mib "$home/warehouse")" "$(mib "$home/vault.db")" "$(mib "$home/results")" "$(mib "$home/releases")"
}

mib() { du -sm --apparent-size "$1" | cut -f 1; }
