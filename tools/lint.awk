# The C rules of tools/lint. Input: every .c and .h of the tree, paths relative to its root.
#
# A line is first freed of comments and of what stands between quotes; rules that speak of code see only that.
# Declarations are told apart by brace depth and the text of the statement, which is enough for C as it is written
# here (no K&R, no macros that open a brace they do not close).
#
# Plain POSIX awk, and mawk's speed: no interval expressions, no gensub.

BEGIN {
    list("banned_everywhere", "sprintf vsprintf strcpy stpcpy strcat strncat strtok atoi atol atoll atof gets rand srand " \
        "localtime gmtime asctime ctime")
    list("banned_outside_base", "malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf " \
        "aligned_alloc posix_memalign fopen freopen fdopen open openat creat printf fprintf vprintf vfprintf dprintf " \
        "puts fputs putchar putc fputc fwrite perror write strtol strtoul strtoll strtoull strtod strtof strtold " \
        "strtoimax strtoumax sscanf fscanf scanf time clock_gettime gettimeofday gmtime_r localtime_r mktime timegm " \
        "random srandom drand48 getrandom getenv secure_getenv setenv putenv setlocale system popen")
    # The one file that talks to the terminal and to pipes.
    list("allowed_in_output", "printf fprintf vprintf vfprintf puts fputs putchar fputc fwrite write")
    output_file = "src/cli/output.c"

    # Room: the rooms or single headers it may include. base belongs to everybody.
    may("kernel", "base")
    may("token", "base kernel")
    may("policy", "base")
    may("contract", "base policy")
    may("store", "base")
    may("govern", "base policy store/ledger.h store/home.h")
    may("ingest", "base policy contract store govern")
    may("match", "base kernel")
    may("matchfile", "base match store/db.h publish/html.h publish/svg.h")
    may("libmatch", "base match")
    may("identity", "base policy store match")
    may("facts", "base policy contract identity store/db.h store/home.h store/ledger.h store/warehouse.h")
    may("measure", "base policy store/db.h store/home.h store/warehouse.h")
    may("cohort", "base kernel policy measure store/ledger.h")
    may("protect", "base policy sdc suppress audit")
    may("sdc", "base")
    may("suppress", "base sdc lp")
    may("lp", "base")
    may("audit", "base sdc lp")
    may("overlap", "base sdc suppress audit")
    may("perturb", "base sdc lp")
    may("tables", "base sdc")
    may("protectfile", "base sdc suppress audit perturb tables publish/html.h")
    may("libprotect", "base sdc suppress audit tables protectfile")
    may("publish", "base policy store/home.h store/ledger.h store/db.h store/warehouse.h measure protect")
    may("equity", "base policy measure publish/html.h publish/svg.h")
    may("account", "base policy measure equity")
    may("dictionary", "base policy contract govern store/db.h store/home.h store/ledger.h publish/html.h publish/paper.h")
    may("report", "base policy store/home.h store/ledger.h publish/publish.h publish/html.h publish/svg.h publish/paper.h")
    may("serve", "base store/home.h publish")
    may("review", "base policy store match identity serve/http.h publish/html.h")
    may("synth", "base")
    may("cli", "base kernel token policy contract store govern ingest match matchfile identity facts measure cohort protect publish serve " \
        "equity account dictionary report review synth sdc audit overlap suppress perturb tables protectfile")
    list("room", "base kernel token policy contract store govern ingest match libmatch matchfile identity facts measure cohort protect " \
        "publish equity account dictionary report serve review synth cli sdc lp audit overlap suppress perturb tables protectfile libprotect")
    # What a room shows to the others, where that is not just ROOM/ROOM.h.
    list("public_header", "equity/sheet.h measure/values.h identity/verdicts.h match/standard.h policy/model.h publish/html.h publish/paper.h publish/svg.h publish/words.h " \
        "protectfile/attack.h protectfile/compare.h serve/http.h store/db.h store/home.h store/ledger.h " \
        "store/linkage.h store/load_view.h store/vault.h store/warehouse.h")
    # Rooms that must not reach the vault by any detour either.
    list("vaultless", "facts measure cohort protect publish equity account dictionary report serve sdc lp audit overlap suppress perturb tables protectfile libprotect")

    list("rule", "banned-functions no-mutable-global no-function-static room-includes file-head line-length")
}

function list(name, words,    parts, i, n)
{
    n = split(words, parts, " ")
    for (i = 1; i <= n; i++)
        in_list[name, parts[i]] = 1
}

function may(room, words,    parts, i, n)
{
    n = split(words, parts, " ")
    for (i = 1; i <= n; i++)
        may_include[room, parts[i]] = 1
}

# Kept back until the file's end, because an allowance may stand on the line before or after in the same comment.
function finding(line, rule, reason)
{
    found++
    found_line[found] = line
    found_rule[found] = rule
    found_reason[found] = reason
}

function flush_file(    i, l)
{
    for (i = 1; i <= found; i++) {
        l = found_line[i]
        if ((l, found_rule[i]) in allowed)
            used[l, found_rule[i]] = 1
        else if ((l - 1, found_rule[i]) in allowed)
            used[l - 1, found_rule[i]] = 1
        else
            printf "%s:%d: %s: %s\n", file, l, found_rule[i], found_reason[i]
    }
    for (i = 1; i <= allowances; i++)
        if (!((allow_line[i], allow_rule[i]) in used))
            printf "%s:%d: unused-allow: nothing here breaks %s\n", file, allow_line[i], allow_rule[i]
    found = 0
    allowances = 0
    split("", allowed)
    split("", used)
}

function begin_file()
{
    file = FILENAME
    split(file, path_part, "/")
    in_src = path_part[1] == "src"
    room = in_src ? path_part[2] : ""
    in_comment = 0
    in_directive = 0
    depth = 0
    statement = ""
    body = ""
}

FNR == 1 {
    if (file != "")
        flush_file()
    begin_file()
    if ($0 !~ /^(\/\*|\/\/)/)
        finding(1, "file-head", "does not begin with a comment that says what the file does and why")
}

# Statements only; in comments and strings the word is not what it says.
{
    raw = $0
    visible = raw
    gsub(/[\200-\277]/, "", visible)
    if (length(visible) > 120)
        finding(FNR, "line-length", "longer than 120 characters")
    if (index(raw, "lint: allow"))
        take_allowance(raw)
    if (in_src && raw ~ /^[ \t]*#[ \t]*include[ \t]*"/ && !in_comment)
        check_include(raw)
    code = strip(raw)
    if (in_directive || code ~ /^[ \t]*#/) {
        in_directive = code ~ /\\$/
        if (code !~ /^[ \t]*#[ \t]*(include|error|warning|pragma)/)
            check_calls(code)
        next
    }
    check_calls(code)
    if (in_src)
        check_declarations(code)
}

END {
    if (file != "")
        flush_file()
    check_vault_reach()
}

function take_allowance(text,    rule)
{
    sub(/.*lint: allow[ \t]*/, "", text)
    rule = text
    sub(/[ \t].*/, "", rule)
    sub(/^[^ \t]*[ \t]*/, "", text)
    sub(/[ \t]*\*\/.*/, "", text)
    if (!(("rule", rule) in in_list)) {
        finding(FNR, "unused-allow", "no rule is named '" rule "'")
        return
    }
    if (text == "") {
        finding(FNR, "unused-allow", "an allowance needs a reason after the rule")
        return
    }
    allowed[FNR, rule] = 1
    allowances++
    allow_line[allowances] = FNR
    allow_rule[allowances] = rule
}

# The line without comments, and with "" and ' ' for literals.
function strip(text,    out, at, c, rest)
{
    out = ""
    while (text != "") {
        if (in_comment) {
            at = index(text, "*/")
            if (!at)
                return out
            text = substr(text, at + 2)
            in_comment = 0
            out = out " "
            continue
        }
        if (!match(text, /["'\/]/))
            return out text
        c = substr(text, RSTART, 1)
        out = out substr(text, 1, RSTART - 1)
        rest = substr(text, RSTART + 1)
        if (c == "/") {
            if (substr(rest, 1, 1) == "/")
                return out
            if (substr(rest, 1, 1) == "*") {
                in_comment = 1
                text = substr(rest, 2)
            } else {
                out = out "/"
                text = rest
            }
        } else {
            if (c == "\"" ? match(rest, /^([^"\\]|\\.)*"/) : match(rest, /^([^'\\]|\\.)*'/))
                text = substr(rest, RLENGTH + 1)
            else
                text = ""
            out = out c c
        }
    }
    return out
}

function check_calls(code,    name, before)
{
    while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
        name = substr(code, RSTART, RLENGTH - 1)
        sub(/[ \t]+$/, "", name)
        before = substr(code, 1, RSTART - 1)
        code = substr(code, RSTART + RLENGTH)
        # A member function of the same name is somebody else's.
        if (before ~ /(\.|->)$/)
            continue
        if (("banned_everywhere", name) in in_list)
            finding(FNR, "banned-functions", name " is not used in this tree")
        else if (in_src && room != "base" && ("banned_outside_base", name) in in_list \
                && !(file == output_file && ("allowed_in_output", name) in in_list))
            finding(FNR, "banned-functions", name " outside base; base has what replaces it")
    }
}

function check_include(text,    target, other, n, parts)
{
    sub(/^[^"]*"/, "", text)
    target = text
    sub(/".*/, "", target)
    n = split(target, parts, "/")
    if (n < 2) {
        finding(FNR, "room-includes", "\"" target "\" is written without its room")
        return
    }
    other = parts[1]
    includes[file] = includes[file] " src/" target
    if (other == room)
        return
    if (!(("room", other) in in_list)) {
        finding(FNR, "room-includes", "no room is named " other)
        return
    }
    if (!(("room", room) in in_list)) {
        finding(FNR, "room-includes", "room " room " is not in the include table")
        return
    }
    if (!((room, other) in may_include) && !((room, target) in may_include))
        finding(FNR, "room-includes", room " may not include " target)
    else if (target != other "/" other ".h" && !(("public_header", target) in in_list))
        finding(FNR, "room-includes", target " is private to " other)
}

# Walks from every file of a vaultless room through all headers it gets to see.
function check_vault_reach(    f, parts, queue, head, tail, seen, i, n, next_files)
{
    for (f in includes) {
        split(f, parts, "/")
        if (!(("vaultless", parts[2]) in in_list))
            continue
        split("", seen)
        split("", queue)
        head = 1
        tail = 1
        queue[1] = f
        while (head <= tail) {
            n = split(includes[queue[head++]], next_files, " ")
            for (i = 1; i <= n; i++)
                if (!(next_files[i] in seen)) {
                    seen[next_files[i]] = 1
                    queue[++tail] = next_files[i]
                }
        }
        if ("src/store/vault.h" in seen)
            printf "%s:1: room-includes: %s reaches the vault through its includes\n", f, parts[2]
    }
}

function is_constant(declaration,    before)
{
    before = declaration
    sub(/=.*/, "", before)
    if (before ~ /\*/) {
        sub(/.*\*/, "", before)
        return before ~ /(^|[^A-Za-z0-9_])const([^A-Za-z0-9_]|$)/
    }
    return before ~ /(^|[^A-Za-z0-9_])const([^A-Za-z0-9_]|$)/
}

# A complete statement at file scope, with {} for what stood between braces.
function check_global(text,    head)
{
    gsub(/[ \t]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    sub(/^__extension__ /, "", text)
    if (text == "" || text ~ /^(typedef|_Static_assert|static_assert)([^A-Za-z0-9_]|$)/)
        return
    if (text ~ /^(struct|union|enum)( [A-Za-z0-9_]+)? ?(\{\})?$/)
        return
    head = text
    sub(/=.*/, "", head)
    # A prototype, or a macro that makes declarations; but a pointer to a function is a variable.
    if (head ~ /\(/ && head !~ /^[^(]*[^A-Za-z0-9_(][ ]?\([ ]?\*/)
        return
    if (head ~ /\(/) {
        if (head ~ /\([ ]?\*[ ]?const[ ]/)
            return
        finding(FNR, "no-mutable-global", "state lives in structs that are passed, not in file scope")
        return
    }
    if (!is_constant(head))
        finding(FNR, "no-mutable-global", "state lives in structs that are passed, not in file scope")
}

function check_declarations(code,    at, c, chunk, inner)
{
    if (depth > 0 && code ~ /(^|[ \t;{])static[ \t]/) {
        inner = code
        sub(/.*static[ \t]/, "", inner)
        if (!is_constant(inner))
            finding(FNR, "no-function-static", "a function keeps no state between calls")
    }
    while (match(code, /[{};]/)) {
        c = substr(code, RSTART, 1)
        chunk = substr(code, 1, RSTART - 1)
        code = substr(code, RSTART + 1)
        if (depth == 0)
            statement = statement " " chunk
        if (c == "{") {
            if (depth == 0) {
                if (statement ~ /=/)
                    body = "initializer"
                else if (statement ~ /(^|[^A-Za-z0-9_])(struct|union|enum)([ \t]+[A-Za-z0-9_]+)?[ \t]*$/)
                    body = "type"
                else
                    body = "function"
            }
            depth++
        } else if (c == "}") {
            if (depth > 0)
                depth--
            if (depth == 0)
                statement = body == "function" ? "" : statement " {}"
        } else if (depth == 0) {
            check_global(statement)
            statement = ""
        }
    }
    if (depth == 0)
        statement = statement " " code
}
