/*
 * Private to suppress: the parts of a large table, each asked by itself.
 */
#ifndef CAIRN_SUPPRESS_APART_H
#define CAIRN_SUPPRESS_APART_H

#include "suppress/engine.h"

/* Meets what needs can be met within parts of the table (parts.h), cut after cut. ERR_NOMEM. */
MUST_USE Status apart_meet(Engine *e, EngineOrder order, Error *err);

#endif
