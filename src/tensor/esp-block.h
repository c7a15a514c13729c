/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspBlockType:
 *
 * A block-quantised element type of ggml: a fixed number of neighbours in a row share scales.
 * Decoded to float32 in the order of operations that ggml's own C code has, so that results are the
 * same bit for bit.
 */
typedef struct _EspBlockType EspBlockType;

/* numbers of a block that have more than one byte, which a big-endian file turns round */
typedef struct
{
  guint16 offset; /* in bytes */
  guint8 size;    /* of one: 2 or 4 */
  guint8 n;       /* that follow one another */
} EspBlockField;

struct _EspBlockType
{
  const char *name;   /* our word: "q4_k" */
  const char *native; /* ggml's: "Q4_K" */
  guint elements;     /* of a block */
  guint bytes;        /* of a block */
  EspBlockField fields[3];
  guint8 flags;                                     /* EspBlockFlags */
  void (*decode) (const guint8 *block, float *out); /* one block -> @elements floats */
};

enum
{
  /* ggml's own code has no order of bytes for it on big-endian machines */
  ESP_BLOCK_LITTLE_ONLY = 1 << 0,
  /* no other reader decodes it, so that there is none to agree with on values */
  ESP_BLOCK_NO_REFERENCE = 1 << 1,
};

#define ESP_BLOCK_MAX_ELEMENTS 256
#define ESP_BLOCK_MAX_BYTES 292

/* by ggml's number of the type; NULL where there is no block type of that number (plain types,
 * removed ones) */
const EspBlockType *esp_block_type_from_ggml (guint32 type);
/* by our word, NULL where there is none */
const EspBlockType *esp_block_type_from_name (const char *name);
/* brings the fields of @n blocks of a big-endian file into little-endian order, in place */
void esp_block_type_swap (const EspBlockType *self, guint8 *blocks, gsize n);

G_END_DECLS
