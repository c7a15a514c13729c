/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Forward types of the whole core, so that a header includes only what it needs. */

#include <gio/gio.h>

G_BEGIN_DECLS

/* base */
typedef struct _EspSource EspSource;
typedef struct _EspZip EspZip;
typedef struct _EspJsonReader EspJsonReader;

/* tensor */
typedef struct _EspStorage EspStorage;
typedef struct _EspTensor EspTensor;
typedef struct _EspSlice EspSlice;
typedef struct _EspStats EspStats;
typedef struct _EspOverview EspOverview;
typedef struct _EspPyramid EspPyramid;

/* model */
typedef struct _EspPlace EspPlace;
typedef struct _EspModule EspModule;
typedef struct _EspParameter EspParameter;
typedef struct _EspTree EspTree;
typedef struct _EspTreeBuilder EspTreeBuilder;
typedef struct _EspTie EspTie;
typedef struct _EspCheckpoint EspCheckpoint;
typedef struct _EspSnapshot EspSnapshot;

/* format */
typedef struct _EspFormat EspFormat;

/* train */
typedef struct _EspNetwork EspNetwork;
typedef struct _EspTrainer EspTrainer;

/* session */
typedef struct _EspSession EspSession;
typedef struct _EspDocument EspDocument;

/**
 * EspProgressFunc:
 * @done: share of the work that is done, 0 to 1
 *
 * Told now and then by long work, in the thread that does it.
 */
typedef void (*EspProgressFunc) (double done, gpointer user_data);

G_END_DECLS
