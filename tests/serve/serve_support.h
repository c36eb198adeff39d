/* What the tests of serve share: a folder of releases made by hand, and a client that sends the bytes it is told. */
#ifndef CAIRN_TESTS_SERVE_SUPPORT_H
#define CAIRN_TESTS_SERVE_SUPPORT_H

#include "base/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(expr) assert_int_equal((expr), OK)

#define RELEASE_A "0123456789ab"
#define RELEASE_B "ba9876543210"
#define BIG_SIZE ((size_t)8 << 20)

typedef struct Fixture {
    char root[64];     /* outside the releases: holds secret.txt */
    char releases[96]; /* root/releases */
} Fixture;

/* Two releases; A is current. A has a manifest that lists its files, except unlisted.txt; B has none. */
void fixture_make(Fixture *f);
void fixture_drop(const Fixture *f);
/* Writes releases/relative, making its folders. */
void fixture_put(const Fixture *f, const char *relative, Slice content);

/* Sends the bytes, reads until the other side closes or is silent for silence_ms. The answer is the caller's to
 * buf_free. *closed (may be NULL): the server ended the connection. */
void client_exchange(uint16_t port, Slice request, int silence_ms, Buf *answer, bool *closed);
int client_connect(uint16_t port);
void client_send(int fd, Slice bytes);
/* false when the server closed or was silent for silence_ms. */
bool client_receive(int fd, int silence_ms, Buf *answer, bool *closed);
/* Status of the first response; 0 when there is none. */
int answer_status(const Buf *answer);
/* How many responses the bytes hold. */
size_t answer_count(const Buf *answer);
bool answer_has(const Buf *answer, const char *text);

#endif
