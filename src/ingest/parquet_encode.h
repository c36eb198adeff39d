/*
 * Encodings of Apache Parquet (Encodings.md of the apache/parquet-format
 * repository, version 2): numbers into as few bits as they need.
 *
 * All append to a Buf, whose status tells whether there was room.
 */
#ifndef CAIRN_INGEST_PARQUET_ENCODE_H
#define CAIRN_INGEST_PARQUET_ENCODE_H

#include "base/base.h"

/* Unsigned LEB128, and the same of a signed number folded by zigzag. */
void parquet_varint(Buf *out, uint64_t v);
void parquet_zigzag(Buf *out, int64_t v);
/* Bits that hold every number up to max: 0 for 0. */
unsigned parquet_bits(uint64_t max);

/* RLE (3), the hybrid of runs and bit packing, without a length in front: values below 2^width, width 1 to 32. */
void parquet_hybrid(const uint32_t *values, size_t count, unsigned width, Buf *out);
/* The same of `count` ones, 1 bit wide. count > 0. */
void parquet_hybrid_ones(size_t count, Buf *out);
/* DELTA_BINARY_PACKED (5): blocks of 128 in miniblocks of 32; differences are taken modulo 2^64. count > 0. */
void parquet_delta(const int64_t *values, size_t count, Buf *out);
/* PLAIN (0) of booleans: a bit each, lowest first. */
void parquet_booleans(const uint32_t *values, size_t count, Buf *out);

#endif
