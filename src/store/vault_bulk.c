/*
 * Millions of rows into one table, and the index of persons over as many links.
 *
 * A statement of SQLite's that is run for one row spends half its time on beginning and ending, and looks for the row's
 * place from the root; one that brings many rows in order of the table's key stays at the table's end.
 *
 * An index that is made over a table's rows is sorted by SQLite as a list in memory: 20 million links in order of tag
 * are there in an order that has nothing to do with persons, and each step of the sort waits for memory. So links are
 * put in order here, by digits, and written as a table of (person, tag) without rowid, which is then declared to be the
 * index: in SQLite's file format the two are the same, pages of records (person, tag) in this order, an index of a
 * table without rowid ending in the table's key (sqlite.org/fileformat2.html, 2.4 and 2.5.1).
 */
#include "store/vault_impl.h"

/* --- rows ---------------------------------------------------------------------------------------------------- */

#define BULK_ROWS 64

static Status prepare_rows(BulkRows *b, unsigned rows, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql, "INSERT INTO %s VALUES ", b->into);
    for (unsigned r = 0; r < rows; r++)
        for (unsigned c = 0; c < b->columns; c++)
            buf_adds(&sql, c > 0 ? ", ?" : r > 0 ? "), (?" : "(?");
    buf_addc(&sql, ')');
    sqlite3_finalize(b->stmt);
    b->stmt = NULL;
    b->rows = rows;
    b->filled = 0;
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = lite_prepare(b->lite, buf_z(&sql), &b->stmt, err);
    buf_free(&sql);
    return st;
}

Status bulk_row(BulkRows *b, int *first, Error *err)
{
    ASSERT(b->left > 0);
    unsigned rows = b->left < BULK_ROWS ? (unsigned)b->left : BULK_ROWS;
    if (b->filled == 0 && b->rows != rows)
        TRY(prepare_rows(b, rows, err));
    *first = (int)(b->filled * b->columns) + 1;
    return OK;
}

Status bulk_row_done(BulkRows *b, Error *err)
{
    b->left--;
    if (++b->filled < b->rows)
        return OK;
    b->filled = 0;
    return lite_run(b->lite, b->stmt, err);
}

void bulk_free(BulkRows *b)
{
    sqlite3_finalize(b->stmt);
    b->stmt = NULL;
}

/* --- links by person ----------------------------------------------------------------------------------------- */

#define LINKS_AHEAD 16 /* in order of tag they lie anywhere */
#define DIGIT_BITS 16
#define DIGITS ((size_t)1 << DIGIT_BITS)

/* One digit of the persons' numbers, the links' order under equal ones kept; false: it is the same for all. */
static bool order_by_digit(const Links *links, unsigned shift, const uint32_t *from, uint32_t *to, size_t *start)
{
    memset(start, 0, (DIGITS + 1) * sizeof *start);
    for (size_t i = 0; i < links->len; i++)
        start[(links->at[i].person >> shift & (DIGITS - 1)) + 1]++;
    for (size_t d = 0; d < DIGITS; d++)
        if (start[d + 1] == links->len)
            return false;
    for (size_t d = 0; d < DIGITS; d++)
        start[d + 1] += start[d];
    for (size_t i = 0; i < links->len; i++) {
        if (i + LINKS_AHEAD < links->len)
            __builtin_prefetch(&links->at[from[i + LINKS_AHEAD]].person);
        to[start[links->at[from[i]].person >> shift & (DIGITS - 1)]++] = from[i];
    }
    return true;
}

Status links_by_person(const Links *links, const uint32_t *by_tag, uint32_t **out, Error *err)
{
    uint32_t *order = NULL, *scratch = NULL;
    const uint32_t *from = by_tag;
    size_t *start = NULL, room = (links->len ? links->len : 1) * sizeof *order;
    Status st;
    TRY_OUT(mem_alloc(room, (void **)&order, err));
    TRY_OUT(mem_alloc(room, (void **)&scratch, err));
    TRY_OUT(mem_alloc((DIGITS + 1) * sizeof *start, (void **)&start, err));
    for (unsigned shift = 0; shift < 8 * sizeof(PersonId); shift += DIGIT_BITS) {
        if (!order_by_digit(links, shift, from, scratch, start))
            continue;
        uint32_t *swap = order;
        from = order = scratch;
        scratch = swap;
    }
    if (from == by_tag) /* one person has them all */
        memcpy(order, by_tag, links->len * sizeof *order);
    *out = order;
    order = NULL;
out:
    mem_free(order);
    mem_free(scratch);
    mem_free(start);
    return st;
}

static Status put_by_person(Vault *v, const Links *links, const uint32_t *order, Error *err)
{
    BulkRows rows = {.lite = &v->lite, .into = "link_person", .columns = 2, .left = links->len};
    Status st = OK;
    for (size_t i = 0; i < links->len && st == OK; i++) {
        int at;
        const Link *link = &links->at[order[i]];
        if (i + LINKS_AHEAD < links->len)
            __builtin_prefetch(&links->at[order[i + LINKS_AHEAD]]);
        TRY_OUT(bulk_row(&rows, &at, err));
        sqlite3_bind_int64(rows.stmt, at, (int64_t)link->person);
        lite_bind_blob(rows.stmt, at + 1, tag_bytes(&link->tag));
        st = bulk_row_done(&rows, err);
    }
out:
    bulk_free(&rows);
    return st;
}

/* A transaction that is rolled back takes this with it: in the file, and here because SQLite compares the number of the
 * file's schema with that of what it has read. */
static Status declare_index(Vault *v, Error *err)
{
    int forbidden = 0;
    /* where a distribution forbids all connections to write the schema */
    (void)sqlite3_db_config(v->lite.db, SQLITE_DBCONFIG_DEFENSIVE, -1, &forbidden);
    (void)sqlite3_db_config(v->lite.db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    Status st = lite_exec(&v->lite,
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET type = 'index', tbl_name = 'link',"
        " sql = '" VAULT_LINK_PERSON_SQL "' WHERE name = 'link_person'",
        err);
    /* whatever became of it: has the schema read anew, and closes it */
    Status closed = lite_exec(&v->lite, "PRAGMA writable_schema = RESET", st == OK ? err : NULL);
    (void)sqlite3_db_config(v->lite.db, SQLITE_DBCONFIG_DEFENSIVE, forbidden, NULL);
    return st == OK ? closed : st;
}

Status vault_index_persons(Vault *v, const Links *links, const uint32_t *order, Error *err)
{
    TRY(lite_exec(&v->lite,
        "CREATE TABLE link_person (person INTEGER NOT NULL, tag BLOB NOT NULL, PRIMARY KEY (person, tag))"
        " STRICT, WITHOUT ROWID",
        err));
    TRY(put_by_person(v, links, order, err));
    return declare_index(v, err);
}
