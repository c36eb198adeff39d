#!/usr/bin/env bash
#
# The server as a browser and as an attacker meet it, over bash's own sockets: pages and tables of the release byte for
# byte, the security headers on every answer, nothing from outside the releases, a clean end on SIGTERM.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state "$work/state" 1000 --first-year 2023 --last-year 2024
home "$work/home"
must_run "$work/home" "$work/state/inbox" --quiet
release=$(release_of "$work/home")
[ -n "$release" ] || give_up "a run publishes" "$work/run.log"
id=$(basename "$release")

"$CAIRN" serve --home "$work/home" --port 0 --json >"$work/ready.json" 2>"$work/serve.log" &
server=$!
undo+=("kill -KILL $server")
for _ in $(seq 100); do
    [ -s "$work/ready.json" ] && "$CAIRN_JSON_GET" port <"$work/ready.json" >/dev/null 2>&1 && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
port=$("$CAIRN_JSON_GET" port <"$work/ready.json" 2>/dev/null) || give_up "the server says its port" "$work/serve.log"
pass "the server says its port"

# request TARGET [METHOD [HEADER...]]: head in $work/head (without carriage returns), body in $work/body.
request()
{
    local target=$1 method=${2:-GET} header
    [ $# -lt 2 ] && shift 1 || shift 2
    : >"$work/head"
    : >"$work/body"
    exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
    {
        printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n' "$method" "$target" "$port"
        for header in "$@"; do
            printf '%s\r\n' "$header"
        done
        printf '\r\n'
    } >&9 2>/dev/null
    timeout 20 cat <&9 >"$work/answer"
    exec 9>&-
    awk -v head="$work/head" '{ line = $0; sub(/\r$/, "", line); print line >head; size += length($0) + 1 }
        line == "" { print size; exit }' "$work/answer" >"$work/size"
    tail -c +$(($(cat "$work/size") + 1)) "$work/answer" >"$work/body"
}

code() { awk 'NR == 1 { print $2 }' "$work/head"; }
header() { awk -v name="$1" -F': ' 'tolower($1) == tolower(name) { print substr($0, length(name) + 3) }' "$work/head"; }

request /
check_equal "/ leads to the current release" "$(code) $(header location)" "302 /releases/$id/"
request "/releases/$id/"
check_equal "the release's page is there" "$(code)" 200
check_same "byte for byte" "$release/index.html" "$work/body"
check_equal "as HTML" "$(header content-type)" "text/html; charset=utf-8"
check_text "with a content policy that forbids scripts" "$work/head" "^Content-Security-Policy: default-src 'none'"
check_text "nosniff" "$work/head" '^X-Content-Type-Options: nosniff$'
check_text "no referrer" "$work/head" '^Referrer-Policy: no-referrer$'
check_text "and leave to keep what cannot change" "$work/head" '^Cache-Control: public, max-age=31536000, immutable$'
tag=$(header etag)
request "/releases/$id/" GET "If-None-Match: $tag"
check_equal "known content is not sent again" "$(code) $(stat -c %s "$work/body")" "304 0"
request "/releases/$id/" HEAD
check_equal "HEAD has no body" "$(code) $(stat -c %s "$work/body")" "200 0"

# broken_links PAGE: how many of the things that it refers to are not there.
broken_links()
{
    local link broken=0
    for link in $(grep -oE '(href|src)="[^"#:]+' "$1" | sed 's/.*"//' | sort -u); do
        case $link in
        /*) request "$link" ;;
        *) request "/releases/$id/$link" ;;
        esac
        [ "$(code)" = 200 ] || { note "$link: $(code)" >&2; broken=$((broken + 1)); }
    done
    echo "$broken"
}

check_equal "every link of the front page leads somewhere" "$(broken_links "$release/index.html")" 0
request /releases/
cp "$work/body" "$work/list.html"
check_equal "every link of the list of releases, too" "$(broken_links "$work/list.html")" 0

table=$(ls "$release"/data/*.csv | head -n 1)
name=$(basename "$table" .csv)
request "/api/v1/releases/$id/tables/$name.csv"
check_equal "a table as CSV" "$(code) $(header content-type)" "200 text/csv; charset=utf-8"
check_same "byte for byte" "$table" "$work/body"
request "/api/v1/releases/$id/tables/$name.json"
check_equal "a table as JSON" "$(code) $(header content-type)" "200 application/json"
check "which parses" "$CAIRN_JSON_GET" <"$work/body"
request /api/v1/releases
check_equal "the list of releases names the current one" \
    "$("$CAIRN_JSON_GET" releases.0.id releases.0.current <"$work/body" | tr '\n' ' ')" "$id true "
request /healthz
check_equal "health" "$(code) $(cat "$work/body")" "200 ok"
check_text "is never cached" "$work/head" '^Cache-Control: no-store$'

for target in /releases/../vault.db "/releases/$id/../../vault.db" "/releases/$id/..%2f..%2fvault.db" /..%2fledger.db \
    "/releases/$id/%2e%2e/%2e%2e/keys/master.key" "/releases/$id/....//vault.db" "//etc/passwd" /releases/CURRENT \
    "/releases/$id/data/../../../cairn.toml" "/releases/$id/index.html%00.csv" "/api/v1/releases/$id/tables/..%2fmanifest.json" \
    "/releases/$id/data/" /loads/ /vault.db /.git/config; do
    request "$target"
    case $(code) in
    400 | 404) pass "refused: $target" ;;
    *) fail "refused: $target (answered $(code))" "$work/body" ;;
    esac
done
check_text "an error has the security headers too" "$work/head" "^Content-Security-Policy: default-src 'none'"
check_code "and names no path of this machine" 1 grep -qF "$work" "$work/body"
request /api/v1/nothing
check_equal "an error of the API is JSON" "$(code) $("$CAIRN_JSON_GET" error.status <"$work/body" 2>&1)" "404 404"
for method in POST PUT DELETE OPTIONS TRACE; do
    request "/releases/$id/" "$method"
    case $(code) in
    400 | 405 | 501) pass "$method is not answered" ;;
    *) fail "$method is not answered ($(code))" "$work/head" ;;
    esac
done
request "/$(head -c 9000 /dev/zero | tr '\0' a)"
case $(code) in
400 | 404 | 414 | 431) pass "an address of 9,000 characters is refused" ;;
*) fail "an address of 9,000 characters is refused ($(code))" "$work/head" ;;
esac

# A second release appears while the server runs.
cp -a "$work/state/inbox" "$work/inbox"
rm -r "$work/inbox/cde_irc"
home "$work/second" --keys-from "$work/home/keys"
must_run "$work/second" "$work/inbox" --quiet
second=$(release_of "$work/second")
cp -a "$second" "$work/home/releases/"
cp "$work/second/releases/CURRENT" "$work/home/releases/CURRENT.new" && mv "$work/home/releases/CURRENT.new" "$work/home/releases/CURRENT"
request /
check_equal "a new release is served without a restart" "$(header location)" "/releases/$(basename "$second")/"
request "/releases/$id/"
check_equal "and the old one stays" "$(code)" 200

check_code "a port that is taken" $EXIT_BUSY "$CAIRN" serve --home "$work/home" --port "$port"
kill -TERM "$server"
began=$(now)
wait "$server"
code=$?
check "SIGTERM ends it within five seconds" test "$(calc "($(now) - $began) < 5")" = 1.000
case $code in
0 | "$EXIT_SIGNAL") pass "with a documented exit code ($code)" ;;
*) fail "with a documented exit code ($code)" "$work/serve.log" ;;
esac
check_code "the access log holds no error" 1 grep -q 'level=error' "$work/serve.log"
finish
