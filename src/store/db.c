/*
 * Opening DuckDB and running statements.
 *
 * Only the v1 C API, without what it marks as deprecated, because the 2.x
 * library keeps exactly that. A published generation is opened read-only with
 * external access off and the configuration locked: then a SELECT that came
 * from elsewhere can neither read a file nor raise its own limits (all of
 * these were tried and refused, see tests/store/test_db.c).
 */
#include "store/db_impl.h"

#include <stdio.h>
#include <unistd.h>

/* --- errors ------------------------------------------------------------------------------------------------- */

typedef struct TextRule {
    const char *text;
    Status status;
    const char *message;
    const char *hint;
} TextRule;

/* DuckDB has one class for all that the file system refuses; the words tell the rest. First match wins. */
static const TextRule io_rules[] = {
    {"Could not set lock", ERR_BUSY, "another process has the database file open",
        "Wait until it is done, or stop it, then run the command again."},
    {"No space left", ERR_IO, "the disk is full", "Free some space on the disk, then run the command again."},
    {"max_temp_directory_size", ERR_IO, "the disk has no room for temporary data",
        "Free some space on the disk, then run the command again."},
    {"Read-only file system", ERR_IO, "the file system is read-only",
        "Choose another place for the data home or mount it writable."},
    {"Permission denied", ERR_IO, "permission denied",
        "Check who owns the file and its folder, and run as a user who may use them."},
    {"not a valid DuckDB database", ERR_CORRUPT, "the file is not a database", ""},
    {"orrupt", ERR_CORRUPT, "the database file is damaged", "Restore it from a backup or build it again."},
    {"checksum", ERR_CORRUPT, "the database file is damaged", "Restore it from a backup or build it again."},
    {"database does not exist", ERR_NOT_FOUND, "the database file does not exist", ""},
    {"No files found", ERR_NOT_FOUND, "no file matches the name", ""},
    {"No such file", ERR_NOT_FOUND, "the file does not exist", ""},
};

static Status failed_by_text(const char *text, Error *err)
{
    for (size_t i = 0; i < COUNT_OF(io_rules); i++) {
        const TextRule *rule = &io_rules[i];
        if (strstr(text, rule->text)) {
            Status status = error_set(err, rule->status, "%s", rule->message);
            if (rule->hint[0])
                error_hint(err, "%s", rule->hint);
            return status;
        }
    }
    return error_set(err, ERR_IO, "the database could not read or write a file");
}

/* "Binder Error: no column x\n\nLINE 3: SELECT ...\n  ^" -> "no column x (line 3 of the SQL)", on one line. */
static Status failed_by_author(const char *text, Error *err)
{
    const char *colon = strstr(text, "Error: ");
    const char *from = colon ? colon + strlen("Error: ") : text;
    const char *excerpt = strstr(from, "\nLINE ");
    size_t len = excerpt ? (size_t)(excerpt - from) : strlen(from);
    char line[512];
    size_t n = 0;
    for (size_t i = 0; i < len && n + 1 < sizeof line; i++) {
        char c = from[i] == '\n' || from[i] == '\t' ? ' ' : from[i];
        if (c == ' ' && (n == 0 || line[n - 1] == ' '))
            continue;
        line[n++] = c;
    }
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    int digits = excerpt ? (int)strspn(excerpt + strlen("\nLINE "), "0123456789") : 0;
    if (digits > 0)
        return error_set(err, ERR_INVALID, "the SQL is wrong: %s (line %.*s of the statement)", line, digits,
            excerpt + strlen("\nLINE "));
    return error_set(err, ERR_INVALID, "the SQL is wrong: %s", line);
}

static Status failed_by_type(duckdb_error_type type, const char *text, Error *err)
{
    switch (type) {
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_PARAMETER_NOT_RESOLVED:
    case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED:
        return failed_by_author(text, err);
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
        return error_set(err, ERR_INVALID, "a value does not fit the type it must have");
    case DUCKDB_ERROR_CONSTRAINT:
        return error_set(err, ERR_INVALID, "a row breaks a constraint of its table");
    case DUCKDB_ERROR_INTERRUPT:
        return error_set(err, ERR_CANCELLED, "the statement was stopped");
    case DUCKDB_ERROR_PERMISSION:
        return error_set(err, ERR_DENIED, "the database is locked against this statement");
    case DUCKDB_ERROR_OUT_OF_MEMORY:
        if (strstr(text, "No space left"))
            return failed_by_text(text, err);
        error_set(err, ERR_NOMEM, "the statement needs more memory than the limit allows");
        error_hint(err, "Raise memory_mb in cairn.toml or with --memory.");
        return ERR_NOMEM;
    case DUCKDB_ERROR_IO:
        return failed_by_text(text, err);
    case DUCKDB_ERROR_SERIALIZATION:
        return error_set(err, ERR_CORRUPT, "the database file is damaged");
    case DUCKDB_ERROR_INVALID_INPUT:
        return error_set(err, ERR_INVALID, "the statement was given input it cannot use");
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
        return error_set(err, ERR_INVALID, "the SQL asks for something the database cannot do");
    case DUCKDB_ERROR_FATAL:
        if (strstr(text, "No space left"))
            return failed_by_text(text, err);
        return error_set(err, ERR_INTERNAL, "the database failed");
    default:
        return error_set(err, ERR_INTERNAL, "the database failed (error class %d)", (int)type);
    }
}

Status db_failed(duckdb_error_type type, const char *text, Error *err)
{
    if (!text)
        text = "";
    Status status = failed_by_type(type, text, err);
    error_detail(err, "%s", text);
    return status;
}

/* --- opening ------------------------------------------------------------------------------------------------- */

typedef struct Setting {
    const char *name;
    const char *value;
} Setting;

static Status apply_settings(duckdb_config config, const Setting *settings, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++)
        if (duckdb_set_config(config, settings[i].name, settings[i].value) != DuckDBSuccess)
            return error_set(err, ERR_INTERNAL, "DuckDB does not know the setting %s", settings[i].name);
    return OK;
}

static Status configure(duckdb_config config, const DbOptions *options, Error *err)
{
    const Setting always[] = {
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"temp_directory", options->temp_dir ? options->temp_dir : ""},
    };
    const Setting locked[] = {
        {"enable_external_access", "false"},
        {"lock_configuration", "true"},
    };
    unsigned threads = options->threads ? options->threads : thread_cores();
    uint64_t memory_mb = options->memory_mb;
    if (memory_mb == 0) {
        long pages = sysconf(_SC_PHYS_PAGES);
        long page_size = sysconf(_SC_PAGESIZE);
        ASSERT(pages > 0 && page_size > 0);
        memory_mb = (uint64_t)pages / 10 * 6 * (uint64_t)page_size / (1024 * 1024);
    }
    char threads_text[24];
    char memory_text[32];
    snprintf(threads_text, sizeof threads_text, "%u", threads);
    snprintf(memory_text, sizeof memory_text, "%" PRIu64 "MiB", memory_mb);
    /* What a generation is written with. The newest format that the pinned library writes has the better dictionaries;
     * trying the methods that are left out on each column costs more than they save: a tenth of the state one to one
     * is 44.6 bytes a fact with this and 44.8 without, and its tables are written in two thirds of the time. */
    const Setting written[] = {
        {"storage_compatibility_version", "v1.5.0"},
        {"disabled_compression_methods", "fsst,dict_fsst,zstd,roaring,alp,alprd,chimp,patas"},
    };
    const Setting sizes[] = {{"threads", threads_text}, {"memory_limit", memory_text}};
    TRY(apply_settings(config, always, COUNT_OF(always), err));
    TRY(apply_settings(config, sizes, COUNT_OF(sizes), err));
    if (options->access == DB_READ_WRITE)
        return apply_settings(config, written, COUNT_OF(written), err);
    /* a database in memory has nothing to read yet, so that it cannot be read-only */
    const Setting read_only = {"access_mode", "READ_ONLY"};
    if (options->path)
        TRY(apply_settings(config, &read_only, 1, err));
    return apply_settings(config, locked, COUNT_OF(locked), err);
}

Status db_open(const DbOptions *options, Db **out, Error *err)
{
    Status st = OK;
    duckdb_config config = NULL;
    char *text = NULL;
    Db *db = NULL;
    TRY(mem_zalloc(1, sizeof *db, (void **)&db, err));
    if (duckdb_create_config(&config) != DuckDBSuccess)
        TRY_OUT(error_nomem(err));
    TRY_OUT(configure(config, options, err));
    if (duckdb_open_ext(options->path, &db->database, config, &text) != DuckDBSuccess) {
        st = failed_by_text(text ? text : "", err);
        error_detail(err, "%s", text ? text : "");
        if (options->path)
            error_at(err, path_base(options->path), 0, NULL);
        goto out;
    }
    if (duckdb_connect(db->database, &db->connection) != DuckDBSuccess)
        TRY_OUT(error_set(err, ERR_INTERNAL, "DuckDB refused a connection"));
    TRY_OUT(db_register_main_part(db, err));
    *out = db;
    db = NULL;
out:
    if (text)
        duckdb_free(text);
    if (config)
        duckdb_destroy_config(&config);
    db_close(db);
    return st;
}

void db_close(Db *db)
{
    if (!db)
        return;
    if (db->connection)
        duckdb_disconnect(&db->connection);
    if (db->database && !db->beside)
        duckdb_close(&db->database);
    mem_free(db);
}

Status db_beside(Db *db, Db **out, Error *err)
{
    Db *other = NULL;
    TRY(mem_zalloc(1, sizeof *other, (void **)&other, err));
    if (duckdb_connect(db->database, &other->connection) != DuckDBSuccess) {
        mem_free(other);
        return error_set(err, ERR_INTERNAL, "DuckDB refused a connection");
    }
    other->database = db->database;
    other->beside = true;
    *out = other;
    return OK;
}

void *db_raw_connection(Db *db)
{
    return db->connection;
}

void *db_raw_database(Db *db)
{
    return db->database;
}

void db_interrupt(Db *db)
{
    duckdb_interrupt(db->connection);
}

/* --- statements ---------------------------------------------------------------------------------------------- */

Status db_format(Buf *out, const char *fmt, va_list args, Error *err)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *room = n < 0 ? NULL : buf_reserve(out, (size_t)n + 1);
    if (room) {
        (void)vsnprintf(room, (size_t)n + 1, fmt, again);
        buf_advance(out, (size_t)n);
    }
    va_end(again);
    if (n < 0)
        return error_set(err, ERR_INTERNAL, "SQL text could not be formatted");
    return buf_status(out, err);
}

Status db_exec(Db *db, const char *sql, Error *err)
{
    duckdb_result result;
    Status st = OK;
    if (duckdb_query(db->connection, sql, &result) != DuckDBSuccess)
        st = db_failed(duckdb_result_error_type(&result), duckdb_result_error(&result), err);
    duckdb_destroy_result(&result);
    return st;
}

Status db_execf(Db *db, Error *err, const char *fmt, ...)
{
    Buf sql;
    buf_init(&sql, 0);
    va_list args;
    va_start(args, fmt);
    Status st = db_format(&sql, fmt, args, err);
    va_end(args);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

void sql_literal(Buf *out, Slice s)
{
    buf_add_quoted(out, s, '\'');
}

void sql_ident(Buf *out, Slice s)
{
    buf_add_quoted(out, s, '"');
}
