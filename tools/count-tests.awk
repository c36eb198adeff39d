# Counts the tests of one 'meson test' run from its JSON log, one line a program:
# prints PASSED FAILED SKIPPED NAME for each.
#
# A cmocka program says "[  PASSED  ] 3 test(s)." for each group; a TAP program says "ok 1 - name". The log holds
# their output as JSON strings, in which a line's end is the two characters \n. A program that fails without
# naming a failed test (a crash, a sanitizer's finding, a timeout) counts as one failure.
{
    name = between("\"name\": \"")
    result = between("\"result\": \"")
    passed = cmocka("PASSED  ")
    failed = cmocka("FAILED  ")
    skipped = cmocka("SKIPPED ")
    if (passed + failed + skipped == 0) {
        tap()
    }
    bad = result !~ /^(OK|SKIP|EXPECTEDFAIL)$/
    if (passed + failed + skipped == 0) {
        passed = result == "OK" || result == "EXPECTEDFAIL"
        skipped = result == "SKIP"
    }
    if (bad && failed == 0)
        failed = 1
    print passed + 0, failed + 0, skipped + 0, name
}

function between(opening,    at, text)
{
    at = index($0, opening)
    if (!at)
        return ""
    text = substr($0, at + length(opening))
    sub(/".*/, "", text)
    return text
}

# FAILED is said twice a group, once with "test(s), listed below:" and once as "N FAILED TEST(S)"; only the first
# has the brackets and the number behind them.
function cmocka(word,    text, sum, at, opening)
{
    text = $0
    opening = "[  " word "] "
    while ((at = index(text, opening))) {
        text = substr(text, at + length(opening))
        if (text ~ /^[0-9]+ test\(s\)/)
            sum += text + 0
    }
    return sum + 0
}

function tap(    lines, n, i)
{
    n = split($0, lines, /\\n|"stdout": "/)
    for (i = 1; i <= n; i++) {
        if (lines[i] ~ /^ok [0-9]+.*# [Ss][Kk][Ii][Pp]/)
            skipped++
        else if (lines[i] ~ /^ok [0-9]+/)
            passed++
        else if (lines[i] ~ /^not ok [0-9]+/)
            failed++
    }
}
