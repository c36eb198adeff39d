/*
 * json_get [MEMBER...]: one JSON document from standard input, read by jansson, which is no part of Cairn's own writer.
 * Prints the value of each MEMBER (a path such as file.name; a number names an array's item; "path#" counts the
 * members or items there), one a line; without a MEMBER it only checks. Exit code 1 when the input is not exactly one
 * JSON document or a member is absent.
 */
#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *step(const json_t *at, const char *name, size_t len)
{
    char key[128];
    if (len >= sizeof key)
        return NULL;
    memcpy(key, name, len);
    key[len] = '\0';
    if (json_is_array(at))
        return json_array_get(at, (size_t)strtoul(key, NULL, 10));
    return json_object_get(at, key);
}

static void print(const json_t *v)
{
    if (json_is_string(v)) {
        puts(json_string_value(v));
        return;
    }
    char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
    puts(text ? text : "");
    free(text);
}

static int get(const json_t *root, const char *path)
{
    const json_t *at = root;
    const char *p = path;
    while (at && *p && *p != '#') {
        size_t len = strcspn(p, ".#");
        at = step(at, p, len);
        p += len;
        p += *p == '.';
    }
    if (!at) {
        fprintf(stderr, "json_get: no member %s\n", path);
        return 1;
    }
    if (*p == '#')
        printf("%zu\n", json_is_array(at) ? json_array_size(at) : json_object_size(at));
    else
        print(at);
    return 0;
}

int main(int argc, char **argv)
{
    json_error_t why;
    json_t *root = json_loadf(stdin, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    int code = 0;
    if (!root) {
        fprintf(stderr, "json_get: line %d: %s\n", why.line, why.text);
        return 1;
    }
    for (int i = 1; i < argc && code == 0; i++)
        code = get(root, argv[i]);
    json_decref(root);
    return code;
}
