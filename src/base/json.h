/*
 * A streaming JSON writer onto a Buf (RFC 8259). Commas and nesting are its
 * job; asserts on misuse (a value where a key must stand). Reading JSON is
 * done with jansson by the rooms that need it.
 */
#ifndef CAIRN_BASE_JSON_H
#define CAIRN_BASE_JSON_H

#include "base/slice.h"

#define JSON_MAX_DEPTH 64

typedef enum JsonStyle { JSON_COMPACT, JSON_PRETTY } JsonStyle;

typedef struct Json {
    Buf *out;
    JsonStyle style;
    unsigned depth;
    bool has_member[JSON_MAX_DEPTH];
    bool is_object[JSON_MAX_DEPTH];
    bool after_key;
} Json;

void json_begin(Json *j, Buf *out, JsonStyle style);
void json_open_object(Json *j);
void json_open_array(Json *j);
void json_end(Json *j); /* closes the innermost object or array */
void json_key(Json *j, const char *key);
void json_str(Json *j, Slice s); /* invalid UTF-8 becomes U+FFFD */
void json_int(Json *j, int64_t v);
void json_uint(Json *j, uint64_t v);
/* Shortest form that reads back equal; NaN and infinities become null. */
void json_num(Json *j, double v);
/* Fixed decimals, for rates: json_fixed(j, 84.2, 1). */
void json_fixed(Json *j, double v, int decimals);
void json_bool(Json *j, bool v);
void json_add_null(Json *j);

/* key and value in one call */
void json_kstr(Json *j, const char *key, Slice s);
void json_kint(Json *j, const char *key, int64_t v);
void json_kbool(Json *j, const char *key, bool v);

#endif
