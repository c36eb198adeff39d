/*
 * base: what every other room stands on.
 *
 * This is the room's one public header; the topic headers below are part of
 * it and are never included on their own from another room. base knows
 * nothing of Cairn's subject: no person, no table, no policy.
 *
 * House rules that these headers fix for the whole tree:
 *   - a function that can fail returns Status and nothing else; outputs come
 *     last by pointer, and the very last parameter is an Error the caller owns;
 *   - strings inside are slices (pointer, length); NUL-terminated only at the edge;
 *   - no mutable globals, no function statics, no locale, no wall clock outside
 *     base/clock.c, no allocation outside base/mem.c.
 */
#ifndef CAIRN_BASE_H
#define CAIRN_BASE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/arith.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/arena.h"
#include "base/vec.h"
#include "base/map.h"
#include "base/date.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/forest.h"
#include "base/rng.h"
#include "base/env.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/toml.h"
#include "base/json.h"
#include "base/csv.h"

#endif
