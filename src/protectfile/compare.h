/*
 * Part of protectfile's public face: before choosing, what would stay visible by which lane. Figures about the tables
 * at hand; nothing is written but the answer, which is for the owner alone.
 */
#ifndef CAIRN_PROTECTFILE_COMPARE_H
#define CAIRN_PROTECTFILE_COMPARE_H

#include "protectfile/protectfile.h"

typedef enum CompareStyle { COMPARE_TEXT, COMPARE_JSON } CompareStyle;

/* The answer is appended to out. Errors as protectfile_protect; where no pattern of suppression protects the tables,
 * that is part of the answer. */
MUST_USE Status compare_files(const ProtectFileOptions *options, CompareStyle style, Buf *out, Error *err);

#endif
