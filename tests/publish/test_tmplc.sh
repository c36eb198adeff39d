#!/usr/bin/env bash
# The template compiler: what it escapes and what it refuses. usage: test_tmplc.sh TMPLC
set -euo pipefail
tmplc=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

head='<!--page
title: text
raw: html
on: flag
rows: list
  label: text
end
-->
'

# refuses NAME BODY
refuses()
{
    n=$((n + 1))
    printf '%s%s\n' "$head" "$2" >"$dir/page.html"
    if "$tmplc" "$dir/o.h" "$dir/o.c" "$dir/page.html" 2>"$dir/err"; then
        echo "not ok $n - refuses $1"
    else
        echo "ok $n - refuses $1"
    fi
}

# accepts NAME BODY LINE-OF-C
accepts()
{
    n=$((n + 1))
    printf '%s%s\n' "$head" "$2" >"$dir/page.html"
    if "$tmplc" "$dir/o.h" "$dir/o.c" "$dir/page.html" 2>"$dir/err" && grep -qF "$3" "$dir/o.c"; then
        echo "ok $n - accepts $1"
    else
        echo "not ok $n - accepts $1"
        sed 's/^/# /' "$dir/err"
    fi
}

accepts 'a value in text' '<p>{{title}}</p>' 'html_text(out, v->title);'
accepts 'a value in an attribute' '<p title="{{title}}">x</p>' 'html_attribute(out, v->title);'
accepts 'a value in a URL' '<a href="{{title}}">x</a>' 'html_url(out, v->title);'
accepts 'a URL after other attributes' '<a class="x" href="a/{{title}}">x</a>' 'html_url(out, v->title);'
accepts 'html in text' '<p>{{raw}}</p>' 'html_raw(out, v->raw);'
accepts 'a list and an outer field' '{{#rows}}<b>{{label}} {{title}}</b>{{/rows}}' 'html_text(out, v->title);'
accepts 'an inner field first' '{{#rows}}{{label}}{{/rows}}' 'html_text(out, item1->label);'
accepts 'a condition' '{{?on}}x{{/on}}{{^rows}}none{{/rows}}' 'if (v->on) {'
accepts 'a class by condition' '<p class="a{{?on}} b{{/on}}">x</p>' 'if (v->on) {'
refuses 'html in an attribute' '<p title="{{raw}}">x</p>'
refuses 'a value without quotes' '<p title={{title}}>x</p>'
refuses 'a value in a tag' '<p {{title}}>x</p>'
refuses 'a value as a tag name' '<{{title}}>x'
refuses 'a value in a script' '<script>var a = "{{title}}";</script>'
refuses 'a value in a style element' '<style>{{title}}</style>'
refuses 'a value in an event handler' '<p onclick="{{title}}">x</p>'
refuses 'a value in a style attribute' '<p style="{{title}}">x</p>'
refuses 'a value in a comment' '<!-- {{title}} -->'
refuses 'single quotes' "<p title='{{title}}'>x</p>"
refuses 'an unknown field' '<p>{{titel}}</p>'
refuses 'a field of a list outside it' '<p>{{label}}</p>'
refuses 'a list as a value' '<p>{{rows}}</p>'
refuses 'a text as a list' '{{#title}}x{{/title}}'
refuses 'an open block' '{{?on}}x'
refuses 'crossed blocks' '{{?on}}{{#rows}}{{/on}}{{/rows}}'
refuses 'a block that ends in another place' '<p {{?on}}class="x">{{/on}}'
refuses 'an open tag' '<p title="x"'
refuses 'a bare less-than sign' '<p>1 < 2</p>'
refuses 'a malformed mark' '{{Title}}'
echo "1..$n"
