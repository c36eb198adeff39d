/*
 * A partition of a match run from any bytes. The digest is put on afterwards, so
 * that the parser behind it is reached; what it takes is walked over once, pair by
 * pair, as scoring would.
 */
#include "match/match_partition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Status new_worker(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(thread);
    UNUSED(err);
    *worker = ctx;
    return OK;
}

static Status look_at(const PairBatch *batch, void *worker, Error *err)
{
    UNUSED(err);
    const Partition *p = worker;
    for (size_t i = 0; i < batch->count; i++) {
        ASSERT(batch->masks[i] != 0);
        ASSERT(batch->a != batch->others[i]);
        ASSERT(batch->others[i] < record_total(p->table));
    }
    return OK;
}

static Status end_worker(void *ctx, void *worker, Error *err)
{
    UNUSED(ctx);
    UNUSED(worker);
    UNUSED(err);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Buf file;
    uint8_t digest[SHA256_SIZE];
    Slice body = {(const char *)data, size};
    buf_init(&file, 0);
    if (sha256_of(body, digest, NULL) != OK)
        return 0;
    buf_adds(&file, PARTITION_MAGIC);
    buf_add(&file, (Slice){(const char *)digest, sizeof digest});
    buf_add(&file, body);
    Partition p;
    if (file.status == OK) {
        if (partition_read(buf_slice(&file), &p, NULL) == OK) {
            BatchWork work = {new_worker, look_at, end_worker, &p, NULL};
            RunOptions options = {.threads = 1, .progress = PROGRESS_OFF};
            ASSERT(blocks_each(p.blocks, &work, &options, NULL) == OK);
        }
        partition_free(&p);
    }
    buf_free(&file);
    return 0;
}
