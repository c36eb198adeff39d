# TAP helpers for the shell tests of the tools; sourced. Each test ends with 'plan'.
tap_count=0
tap_failed=0

tap_result()
{
    tap_count=$((tap_count + 1))
    if [ "$1" = pass ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
}

# is ACTUAL EXPECTED NAME
is()
{
    if [ "$1" = "$2" ]; then
        tap_result pass "$3"
    else
        tap_result fail "$3"
        printf '#   got:      %s\n#   expected: %s\n' "$1" "$2"
    fi
}

# ok 'COMMAND' NAME
ok()
{
    if eval "$1"; then tap_result pass "$2"; else tap_result fail "$2"; fi
}

plan()
{
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
