/* The list of releases: ids are hashes and sort by nothing a reader knows, so the current one is marked. */
#include "serve/site.h"

/* Current id, or an empty string while there is none: a broken CURRENT must not hide the releases. */
static void current_or_none(Site *site, char id[RELEASE_ID_LEN + 1])
{
    Error err = ERROR_INIT;
    id[0] = '\0';
    Status st = shelf_current(site->shelf, id, &err);
    if (st != OK && st != ERR_NOT_FOUND)
        log_line(site->log, LOG_ERROR, "event=current reason=%s", err.message);
}

static Status add_release(Site *site, Json *j, const char *id, const char *current, Arena *arena, Error *err)
{
    PathList tables = {0};
    TRY(shelf_tables(site->shelf, id, arena, &tables, err));
    json_open_object(j);
    json_kstr(j, "id", slice_of(id));
    json_kbool(j, "current", strcmp(id, current) == 0);
    json_key(j, "tables");
    json_open_array(j);
    for (size_t i = 0; i < tables.len; i++)
        json_str(j, slice_of(tables.at[i]));
    json_end(j);
    json_end(j);
    vec_free(&tables);
    return OK;
}

Status site_list_json(Site *site, Buf *out, Error *err)
{
    Arena arena;
    PathList ids = {0};
    char current[RELEASE_ID_LEN + 1];
    Json j;
    arena_init(&arena, 0);
    current_or_none(site, current);
    Status st = shelf_releases(site->shelf, &arena, &ids, err);
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_key(&j, "releases");
    json_open_array(&j);
    for (size_t i = 0; i < ids.len && st == OK; i++)
        st = add_release(site, &j, ids.at[i], current, &arena, err);
    json_end(&j);
    json_end(&j);
    buf_addc(out, '\n');
    vec_free(&ids);
    arena_free(&arena);
    return st;
}

Status site_list_page(Site *site, Buf *out, Error *err)
{
    Arena arena;
    PathList ids = {0};
    char current[RELEASE_ID_LEN + 1];
    arena_init(&arena, 0);
    current_or_none(site, current);
    Status st = shelf_releases(site->shelf, &arena, &ids, err);
    buf_adds(out, "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\"><title>Releases</title>");
    if (current[0])
        buf_addf(out, "<link rel=\"stylesheet\" href=\"/releases/%s/cairn.css\">", current);
    buf_adds(out, "</head>\n<body><main><h1>Releases</h1>\n");
    if (ids.len == 0)
        buf_adds(out, "<p>Nothing has been released yet.</p>\n");
    buf_adds(out, "<ul>\n");
    for (size_t i = 0; i < ids.len; i++)
        buf_addf(out, "<li><a href=\"/releases/%s/\">%s</a>%s</li>\n", ids.at[i], ids.at[i],
            strcmp(ids.at[i], current) == 0 ? " (current)" : "");
    buf_adds(out, "</ul></main></body>\n</html>\n");
    vec_free(&ids);
    arena_free(&arena);
    return st;
}
