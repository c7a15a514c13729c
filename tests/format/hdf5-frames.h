/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Frames of the HDF5 process, written by hand, for tests that play it. Plain C. */

#include "esp-hdf5-protocol.h"

#include <stdint.h>
#include <string.h>

typedef struct
{
  uint8_t bytes[4096];
  size_t length;
} Hdf5Frame;

static inline void
hdf5_frame_put (Hdf5Frame *self, uint64_t value, size_t n)
{
  for (size_t i = 0; i < n; i++)
    self->bytes[self->length++] = (uint8_t) (value >> (8 * i));
}

static inline void
hdf5_frame_put_text (Hdf5Frame *self, const char *text)
{
  size_t n = strlen (text);

  hdf5_frame_put (self, n, 4);
  memcpy (self->bytes + self->length, text, n);
  self->length += n;
}

static inline void
hdf5_frame_begin (Hdf5Frame *self, uint32_t kind)
{
  self->length = 0;
  hdf5_frame_put (self, kind, 4);
  hdf5_frame_put (self, 0, 4);
}

/* fills in the length */
static inline void
hdf5_frame_end (Hdf5Frame *self)
{
  uint32_t length = (uint32_t) (self->length - 8);

  for (size_t i = 0; i < 4; i++)
    self->bytes[4 + i] = (uint8_t) (length >> (8 * i));
}

static inline void
hdf5_frame_node (Hdf5Frame *self,
                 uint32_t parent,
                 uint8_t what,
                 uint8_t is_soft,
                 uint64_t object,
                 const char *name)
{
  hdf5_frame_begin (self, ESP_HDF5_NODE);
  hdf5_frame_put (self, parent, 4);
  hdf5_frame_put (self, what, 1);
  hdf5_frame_put (self, is_soft, 1);
  hdf5_frame_put (self, object, 8);
  hdf5_frame_put (self, ESP_HDF5_FINE, 2);
  hdf5_frame_put_text (self, name);
  hdf5_frame_put_text (self, "");
  hdf5_frame_end (self);
}

static inline void
hdf5_frame_float32 (Hdf5Frame *self)
{
  hdf5_frame_put (self, ESP_HDF5_CLASS_FLOAT, 1);
  hdf5_frame_put (self, 0, 1);
  hdf5_frame_put (self, ESP_HDF5_LITTLE_ENDIAN, 1);
  hdf5_frame_put (self, 0, 1);
  hdf5_frame_put (self, 4, 4);
  hdf5_frame_put_text (self, "");
  hdf5_frame_put (self, 32, 4);
  hdf5_frame_put (self, 0, 4);
  hdf5_frame_put (self, 31, 4);
  hdf5_frame_put (self, 23, 4);
  hdf5_frame_put (self, 8, 4);
  hdf5_frame_put (self, 0, 4);
  hdf5_frame_put (self, 23, 4);
  hdf5_frame_put (self, 127, 8);
  hdf5_frame_put (self, 1, 1);
}

/* one axis of float32 without a filter; @chunk where it has chunks */
static inline void
hdf5_frame_dataset (Hdf5Frame *self, uint64_t n, uint8_t layout, uint64_t address, uint64_t chunk)
{
  hdf5_frame_begin (self, ESP_HDF5_DATASET_INFO);
  hdf5_frame_put (self, ESP_HDF5_FINE, 2);
  hdf5_frame_put_text (self, "");
  hdf5_frame_float32 (self);
  hdf5_frame_put (self, 1, 4);
  hdf5_frame_put (self, 1, 4);
  hdf5_frame_put (self, n, 8);
  hdf5_frame_put (self, layout, 1);
  hdf5_frame_put (self, address, 8);
  hdf5_frame_put (self, 4 * n, 8);
  hdf5_frame_put (self, layout == ESP_HDF5_LAYOUT_CHUNKED, 4);
  if (layout == ESP_HDF5_LAYOUT_CHUNKED)
    hdf5_frame_put (self, chunk, 8);
  hdf5_frame_put (self, 0, 1);
  hdf5_frame_put (self, 0, 4);
  hdf5_frame_put (self, 0, 4);
  hdf5_frame_end (self);
}
