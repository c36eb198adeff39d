/*
 * One asker's answers in a data home. The folder chains its entries; the home's ledger holds, after each answer, length
 * and SHA-256 of the list of entries. So none can be taken out or changed, not even the last. An entry beyond what the
 * ledger knows is one of a run that was killed: it stays part of the attack, which can only make that stricter.
 */
#include "cli/asker.h"

#define KIND "query.answered"
#define NAME_MAX_LEN 64
#define TOLD ".told"

static Status check_name(const char *user, Error *err)
{
    size_t n = strlen(user);
    bool good = n > 0 && n <= NAME_MAX_LEN;
    for (size_t i = 0; i < n && good; i++)
        good = (user[i] >= 'a' && user[i] <= 'z') || (user[i] >= '0' && user[i] <= '9') || user[i] == '-' ||
               user[i] == '_';
    return good ? OK : error_set(err, ERR_USAGE, "an asker's name is 1 to 64 small letters, digits, - and _");
}

static void body_of(size_t size, const char *sha256, Buf *out)
{
    buf_addf(out, "{\"bytes\":%zu,\"sha256\":\"%s\"}", size, sha256);
}

/* The list begins with what the ledger's last entry says; some length of it does. */
static Status check_list(const Asker *a, Slice body, Slice list, Error *err)
{
    for (size_t n = 0; n <= list.len; n++) {
        char sha256[SHA256_HEX_SIZE];
        Buf same;
        if (n > 0 && list.ptr[n - 1] != '\n')
            continue;
        TRY(sha256_hex(slice_sub(list, 0, n), sha256, err));
        buf_init(&same, 0);
        body_of(n, sha256, &same);
        bool is_same = slice_eq(buf_slice(&same), body);
        buf_free(&same);
        if (is_same)
            return OK;
    }
    return error_set(err, ERR_CORRUPT, "%s is not what the home's ledger says was answered", a->list);
}

static Status check_history(const Asker *a, Arena *arena, Error *err)
{
    LedgerEntry last;
    Error none = ERROR_INIT;
    Buf list;
    Status st = ledger_last(a->ledger, KIND, a->user, arena, &last, &none);
    if (st == ERR_NOT_FOUND)
        return OK;
    if (st != OK) {
        if (err)
            *err = none;
        return st;
    }
    buf_init(&list, 0);
    st = file_exists(a->list) ? file_read(a->list, 0, &list, err) : OK;
    if (st == OK)
        st = check_list(a, last.body, buf_slice(&list), err);
    buf_free(&list);
    return st;
}

static Status open_folder(Home *home, Ledger *ledger, const char *name, Arena *arena, Asker *out, Error *err)
{
    const char *answers;
    *out = (Asker){.ledger = ledger, .user = slice_of(name)};
    TRY(path_join(arena, home_path(home), "answers", &answers, err));
    TRY(dir_make(answers, MODE_DIR_PRIVATE, err));
    TRY(path_join(arena, answers, name, &out->history, err));
    TRY(path_join(arena, out->history, "ledger.csv", &out->list, err));
    return check_history(out, arena, err);
}

Status asker_open(
    Home *home, Ledger *ledger, const char *user, const char *people, Arena *arena, Asker *out, Error *err)
{
    const char *name = user;
    TRY(check_name(user, err));
    if (people)
        TRY(arena_printf(arena, &name, err, "%s@%s", user, people));
    return open_folder(home, ledger, name, arena, out, err);
}

Status asker_open_told(Home *home, Ledger *ledger, const char *user, Arena *arena, Asker *out, Error *err)
{
    const char *name;
    TRY(check_name(user, err));
    TRY(arena_printf(arena, &name, err, "%s" TOLD, user));
    return open_folder(home, ledger, name, arena, out, err);
}

Status asker_people(Ledger *ledger, const char *user, Arena *arena, PathList *out, Error *err)
{
    LedgerEntries entries = {0};
    size_t n = strlen(user);
    Status st = ledger_list(ledger, KIND, arena, &entries, err);
    for (size_t i = 0; i < entries.len && st == OK; i++) {
        Slice subject = entries.at[i].subject, people;
        bool known = false;
        if (subject.len <= n || memcmp(subject.ptr, user, n) != 0 || subject.ptr[n] != '@')
            continue;
        for (size_t k = 0; k < out->len && !known; k++)
            known = slice_eq_z(slice_sub(subject, n + 1, subject.len), out->at[k]);
        if (known)
            continue;
        st = arena_dup(arena, slice_sub(subject, n + 1, subject.len), &people, err);
        if (st == OK)
            st = vec_push(out, people.ptr, err);
    }
    vec_free(&entries);
    return st;
}

static Status note_body(Asker *a, Slice body, Error *err)
{
    LedgerEntry last;
    Arena arena;
    arena_init(&arena, 0);
    Status st = ledger_last(a->ledger, KIND, a->user, &arena, &last, err);
    bool noted = st == OK && slice_eq(last.body, body);
    arena_free(&arena);
    if (noted)
        return OK;
    if (st == ERR_NOT_FOUND)
        error_clear(err);
    else
        TRY(st);
    return ledger_append(a->ledger, KIND, a->user, body, err);
}

Status asker_note(void *asker, Error *err)
{
    Asker *a = asker;
    Buf list, body;
    char sha256[SHA256_HEX_SIZE];
    buf_init(&list, 0);
    buf_init(&body, 0);
    Status st = file_read(a->list, 0, &list, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&list), sha256, err);
    if (st == OK) {
        body_of(list.len, sha256, &body);
        st = buf_status(&body, err);
    }
    if (st == OK)
        st = note_body(a, buf_slice(&body), err);
    buf_free(&list);
    buf_free(&body);
    return st;
}
