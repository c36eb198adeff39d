/*
 * Warehouse generations: built under a temporary name in warehouse/, synced,
 * renamed, then named in CURRENT, which is replaced atomically. A crash leaves
 * either the old CURRENT with the old file, or the new one with the new file; a
 * half-built file keeps its temporary name and is removed by the next builder.
 */
#include "store/warehouse.h"

#include "store/home_impl.h"

#include <sys/stat.h>

#define BUILDING_SUFFIX ".building"

struct Generation {
    Home *home;
    Db *db;
    uint32_t number;
    Arena arena;
    const char *building; /* path while it is built */
    const char *final;
    const char *spill;
};

static Status generation_name(Arena *arena, uint32_t number, const char **out, Error *err)
{
    return arena_printf(arena, out, err, "gen-%06" PRIu32 ".duckdb", number);
}

/* Number in "gen-NNNNNN.duckdb"; false for any other name. */
static bool parse_name(Slice name, uint32_t *number)
{
    uint64_t n;
    if (!slice_starts(name, SLICE("gen-")) || !slice_ends(name, SLICE(".duckdb")) || name.len < 17)
        return false;
    if (parse_u64(slice_sub(name, 4, name.len - 7), &n, NULL) != OK || n == 0 || n > UINT32_MAX)
        return false;
    *number = (uint32_t)n;
    return true;
}

Status warehouse_current(Home *home, uint32_t *number, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    Buf text;
    buf_init(&text, 0);
    const char *path = NULL;
    Status st;
    TRY_OUT(home_join(home, &arena, "warehouse", "CURRENT", &path, err));
    if (!file_exists(path)) {
        st = error_set(err, ERR_NOT_FOUND, "no warehouse generation was built yet");
        error_hint(err, "\"cairn build\" makes one.");
        goto out;
    }
    TRY_OUT(file_read(path, 256, &text, err));
    if (!parse_name(slice_trim(buf_slice(&text)), number))
        st = error_set(err, ERR_CORRUPT, "warehouse/CURRENT does not name a generation");
out:
    buf_free(&text);
    arena_free(&arena);
    return st;
}

/* The highest number that any file has, finished or not; numbers are never used twice. */
static Status next_number(Home *home, Arena *arena, uint32_t *out, Error *err)
{
    const char *dir;
    PathList names = {0};
    *out = 1;
    TRY(home_join(home, arena, "warehouse", NULL, &dir, err));
    Status st = dir_list(dir, arena, &names, err);
    for (size_t i = 0; st == OK && i < names.len; i++) {
        uint32_t n;
        if (parse_name(slice_of(names.at[i]), &n) && n >= *out)
            *out = n + 1;
    }
    uint32_t current;
    if (st == OK && warehouse_current(home, &current, NULL) == OK && current >= *out)
        *out = current + 1;
    vec_free(&names);
    return st;
}

/* Left by a builder that died; the home's lock says that no other one lives. */
static Status remove_unfinished(Home *home, Arena *arena, Error *err)
{
    const char *dir, *path;
    PathList names = {0};
    TRY(home_join(home, arena, "warehouse", NULL, &dir, err));
    Status st = dir_list(dir, arena, &names, err);
    for (size_t i = 0; st == OK && i < names.len; i++) {
        Slice name = slice_of(names.at[i]);
        if (slice_find(name, SLICE(BUILDING_SUFFIX)) == name.len)
            continue;
        st = path_join(arena, dir, names.at[i], &path, err);
        if (st == OK)
            st = file_remove(path, err);
    }
    vec_free(&names);
    return st;
}

Status generation_begin(Home *home, Generation **out, Error *err)
{
    Generation *g;
    *out = NULL;
    TRY(home_must_write(home, err));
    TRY(mem_zalloc(1, sizeof *g, (void **)&g, err));
    g->home = home;
    arena_init(&g->arena, 0);
    const char *name, *building;
    Status st;
    TRY_OUT(remove_unfinished(home, &g->arena, err));
    TRY_OUT(next_number(home, &g->arena, &g->number, err));
    TRY_OUT(generation_name(&g->arena, g->number, &name, err));
    TRY_OUT(arena_printf(&g->arena, &building, err, "%s%s", name, BUILDING_SUFFIX));
    TRY_OUT(home_join(home, &g->arena, "warehouse", name, &g->final, err));
    TRY_OUT(home_join(home, &g->arena, "warehouse", building, &g->building, err));
    TRY_OUT(home_spill_dir(home, &g->arena, &g->spill, err));
    DbOptions options = {.path = g->building,
        .temp_dir = g->spill,
        .access = DB_READ_WRITE,
        .threads = home_settings(home)->threads,
        .memory_mb = home_settings(home)->memory_mb};
    TRY_OUT(db_open(&options, &g->db, err));
    if (chmod(g->building, MODE_PRIVATE) != 0) /* DuckDB makes it readable for others */
        TRY_OUT(error_errno(err, "could not set the mode of %s", building));
    *out = g;
    return OK;
out:
    generation_abandon(g);
    return st;
}

Db *generation_db(Generation *g)
{
    return g->db;
}

uint32_t generation_number(const Generation *g)
{
    return g->number;
}

void generation_abandon(Generation *g)
{
    if (!g)
        return;
    db_close(g->db);
    /* What cannot be removed now is removed by the next builder. */
    if (g->building && file_remove(g->building, NULL) != OK)
        g->building = NULL;
    arena_free(&g->arena);
    mem_free(g);
}

static Status write_current(Home *home, Arena *arena, uint32_t number, Error *err)
{
    const char *path, *name, *line;
    TRY(home_join(home, arena, "warehouse", "CURRENT", &path, err));
    TRY(generation_name(arena, number, &name, err));
    TRY(arena_printf(arena, &line, err, "%s\n", name));
    return file_write(path, slice_of(line), MODE_PRIVATE, err);
}

Status generation_publish(Generation *g, Error *err)
{
    Status st;
    TRY_OUT(db_exec(g->db, "CHECKPOINT", err));
    db_close(g->db);
    g->db = NULL;
    TRY_OUT(file_sync(g->building, err));
    TRY_OUT(file_rename(g->building, g->final, err));
    g->building = NULL;
    TRY_OUT(write_current(g->home, &g->arena, g->number, err));
out:
    generation_abandon(g);
    return st;
}

Status warehouse_open(Home *home, uint32_t *number, Db **out, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    const char *name, *path, *spill;
    Status st;
    TRY_OUT(warehouse_current(home, number, err));
    TRY_OUT(generation_name(&arena, *number, &name, err));
    TRY_OUT(home_join(home, &arena, "warehouse", name, &path, err));
    TRY_OUT(home_spill_dir(home, &arena, &spill, err));
    DbOptions options = {.path = path,
        .temp_dir = spill,
        .access = DB_READ_ONLY,
        .threads = home_settings(home)->threads,
        .memory_mb = home_settings(home)->memory_mb};
    st = db_open(&options, out, err);
out:
    arena_free(&arena);
    return st;
}

Status warehouse_prune(Home *home, unsigned keep, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    PathList names = {0};
    uint32_t current, number;
    const char *dir, *path;
    Status st;
    TRY_OUT(home_must_write(home, err));
    TRY_OUT(warehouse_current(home, &current, err));
    TRY_OUT(home_join(home, &arena, "warehouse", NULL, &dir, err));
    TRY_OUT(dir_list(dir, &arena, &names, err));
    unsigned kept = 0;
    for (size_t i = names.len; i-- > 0;) { /* names sort by number */
        if (!parse_name(slice_of(names.at[i]), &number) || number == current || kept++ < keep)
            continue;
        TRY_OUT(path_join(&arena, dir, names.at[i], &path, err));
        TRY_OUT(file_remove(path, err));
    }
out:
    vec_free(&names);
    arena_free(&arena);
    return st;
}
