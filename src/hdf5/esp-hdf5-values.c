/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values: where the chunks of a data set lie, which the core then reads and unpacks itself, and the
 * values of a box for all that only the library can read. A chunk's number counts the chunks in C
 * order of the whole grid.
 */

#include "esp-hdf5-values.h"

#include <stdlib.h>
#include <string.h>

#include "esp-hdf5-describe.h"
#include "esp-hdf5-driver.h"
#include "esp-hdf5-message.h"
#include "esp-hdf5-protocol.h"
#include "esp-limits.h"

/* {{{ requests */

typedef struct
{
  const uint8_t *bytes;
  size_t left;
  int short_of; /* there was less than was read */
} Request;

static uint64_t
take (Request *self, size_t n)
{
  uint64_t value = 0;

  if (n > self->left)
    {
      self->short_of = 1;
      self->left = 0;
      return 0;
    }
  for (size_t i = 0; i < n; i++)
    value |= (uint64_t) self->bytes[i] << (8 * i);
  self->bytes += n;
  self->left -= n;
  return value;
}

/* negative, with a reason, unless it is a data set whose values may be asked for */
static hid_t
open_dataset (hid_t file, uint64_t object, uint16_t *reason)
{
  hid_t dataset = H5Oopen_by_addr (file, object);

  *reason = ESP_HDF5_BROKEN;
  if (dataset < 0)
    return -1;
  if (H5Iget_type (dataset) == H5I_DATASET)
    *reason = esp_hdf5_check_dataset (dataset);
  if (*reason == ESP_HDF5_FINE)
    return dataset;
  H5Oclose (dataset);
  return -1;
}

static void
fail (uint16_t reason)
{
  esp_hdf5_message_finish (reason,
                           reason == ESP_HDF5_BROKEN ? esp_hdf5_message_get_trouble () : "");
}

/* }}} */
/* {{{ where chunks lie */

typedef struct
{
  int n;
  hsize_t dims[H5S_MAX_RANK];
  hsize_t chunk[H5S_MAX_RANK];
  hsize_t grid[H5S_MAX_RANK]; /* chunks an axis */
  uint64_t n_chunks;
} Grid;

static uint16_t
get_grid (hid_t dataset, Grid *out)
{
  hid_t list = H5Dget_create_plist (dataset), space = H5Dget_space (dataset);
  int n = list >= 0 && H5Pget_layout (list) == H5D_CHUNKED
              ? H5Pget_chunk (list, H5S_MAX_RANK, out->chunk)
              : -1;
  uint16_t reason = ESP_HDF5_BROKEN;

  out->n = n;
  out->n_chunks = 1;
  if (n > 0 && n <= H5S_MAX_RANK && space >= 0 && H5Sget_simple_extent_ndims (space) == n &&
      H5Sget_simple_extent_dims (space, out->dims, NULL) == n)
    reason = ESP_HDF5_FINE;
  for (int i = 0; i < n && reason == ESP_HDF5_FINE; i++)
    {
      if (out->chunk[i] == 0)
        reason = ESP_HDF5_BROKEN;
      else
        {
          out->grid[i] = out->dims[i] / out->chunk[i] + (out->dims[i] % out->chunk[i] != 0);
          if (__builtin_mul_overflow (out->n_chunks, out->grid[i], &out->n_chunks))
            reason = ESP_HDF5_TOO_LARGE;
        }
    }
  if (list >= 0)
    H5Pclose (list);
  if (space >= 0)
    H5Sclose (space);
  return reason;
}

/* FALSE where the library fails; a chunk that was never written is nowhere */
static int
find_chunk (hid_t dataset, const Grid *grid, uint64_t index, EspHdf5Trace *trace, uint32_t *skipped)
{
  uint8_t none[8]; /* the driver fills in nothing while it notes */
  hsize_t at[H5S_MAX_RANK], size = 0;

  memset (trace, 0, sizeof *trace);
  *skipped = 0;
  for (int i = grid->n; i-- > 0;)
    {
      at[i] = index % grid->grid[i] * grid->chunk[i];
      index /= grid->grid[i];
    }
  /* of a chunk that was never written the size is 0, in some versions it fails */
  if (H5Dget_chunk_storage_size (dataset, at, &size) < 0 || size == 0)
    return 1;
  esp_hdf5_driver_trace (trace);
  if (H5Dread_chunk (dataset, H5P_DEFAULT, at, skipped, none) < 0)
    trace->n = 0;
  esp_hdf5_driver_trace (NULL);
  return trace->n == 1 && trace->size == size;
}

void
esp_hdf5_send_places (hid_t file, const uint8_t *payload, size_t length)
{
  Request request = { payload, length, 0 };
  uint64_t object = take (&request, 8), first = take (&request, 8);
  uint32_t n = (uint32_t) take (&request, 4);
  EspHdf5Message message = { 0 };
  uint16_t reason;
  hid_t dataset = open_dataset (file, object, &reason);
  Grid grid;

  if (dataset >= 0)
    reason = get_grid (dataset, &grid);
  if (reason == ESP_HDF5_FINE && (request.short_of || n > ESP_HDF5_CHUNKS ||
                                  first > grid.n_chunks || n > grid.n_chunks - first))
    reason = ESP_HDF5_NONSENSE;
  esp_hdf5_message_begin (&message, ESP_HDF5_PLACES);
  esp_hdf5_message_u64 (&message, first);
  esp_hdf5_message_u32 (&message, n);
  for (uint32_t i = 0; i < n && reason == ESP_HDF5_FINE; i++)
    {
      EspHdf5Trace trace;
      uint32_t skipped;

      if (!find_chunk (dataset, &grid, first + i, &trace, &skipped))
        reason = ESP_HDF5_BROKEN;
      esp_hdf5_message_u64 (&message, trace.n == 1 ? trace.address : ESP_HDF5_NOWHERE);
      esp_hdf5_message_u64 (&message, trace.size);
      esp_hdf5_message_u32 (&message, skipped);
    }
  if (reason == ESP_HDF5_FINE)
    esp_hdf5_message_send (&message);
  fail (reason);
  esp_hdf5_message_clear (&message);
  if (dataset >= 0)
    H5Dclose (dataset);
}

/* }}} */
/* {{{ boxes */

typedef struct
{
  hid_t dataset, type, space, memory;
  hid_t wanted; /* what values come as; borrowed, or equal to type */
  uint64_t bytes;
} Box;

/* the box and what it takes */
static uint16_t
select_box (Box *self, Request *request)
{
  hsize_t start[H5S_MAX_RANK], count[H5S_MAX_RANK];
  uint32_t n = (uint32_t) take (request, 4);

  self->bytes = H5Tget_size (self->wanted);
  if (n > H5S_MAX_RANK || H5Sget_simple_extent_ndims (self->space) != (int) n)
    return ESP_HDF5_NONSENSE;
  for (uint32_t i = 0; i < n; i++)
    {
      start[i] = take (request, 8);
      count[i] = take (request, 8);
      if (__builtin_mul_overflow (self->bytes, count[i], &self->bytes))
        return ESP_HDF5_TOO_LARGE;
    }
  if (request->short_of)
    return ESP_HDF5_NONSENSE;
  if (self->bytes > ESP_LIMIT_HDF5_CHUNK_BYTES)
    return ESP_HDF5_TOO_LARGE;
  if (n == 0)
    self->memory = H5Screate (H5S_SCALAR);
  else if (H5Sselect_hyperslab (self->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
    self->memory = H5Screate_simple ((int) n, count, NULL);
  return self->memory >= 0 ? ESP_HDF5_FINE : ESP_HDF5_BROKEN;
}

static hid_t
choose_type (hid_t type, int convert)
{
  if (!convert)
    return type;
  if (H5Tget_class (type) == H5T_FLOAT)
    return H5T_IEEE_F64LE;
  return H5Tget_sign (type) == H5T_SGN_2 ? H5T_STD_I64LE : H5T_STD_U64LE;
}

static uint16_t
read_box (Box *self, Request *request, int convert, uint8_t **out)
{
  uint16_t reason;

  self->type = H5Dget_type (self->dataset);
  self->space = H5Dget_space (self->dataset);
  if (self->type < 0 || self->space < 0)
    return ESP_HDF5_BROKEN;
  if (H5Tdetect_class (self->type, H5T_VLEN) != 0 || H5Tis_variable_str (self->type) != 0 ||
      H5Tdetect_class (self->type, H5T_REFERENCE) != 0)
    return ESP_HDF5_TYPE;
  self->wanted = choose_type (self->type, convert);
  reason = select_box (self, request);
  if (reason != ESP_HDF5_FINE)
    return reason;
  *out = calloc (1, self->bytes > 0 ? self->bytes : 1);
  if (*out == NULL)
    return ESP_HDF5_NO_MEMORY;
  if (H5Dread (self->dataset, self->wanted, self->memory, self->space, H5P_DEFAULT, *out) < 0)
    return ESP_HDF5_BROKEN;
  return ESP_HDF5_FINE;
}

static void
send_bytes (const uint8_t *bytes, uint64_t n)
{
  EspHdf5Message message = { 0 };

  for (uint64_t done = 0; done < n;)
    {
      size_t part = n - done < ESP_HDF5_DATA_BYTES ? (size_t) (n - done) : ESP_HDF5_DATA_BYTES;

      esp_hdf5_message_begin (&message, ESP_HDF5_DATA);
      esp_hdf5_message_bytes (&message, bytes + done, part);
      esp_hdf5_message_send (&message);
      done += part;
    }
  esp_hdf5_message_clear (&message);
}

void
esp_hdf5_send_data (hid_t file, const uint8_t *payload, size_t length)
{
  Request request = { payload, length, 0 };
  uint64_t object = take (&request, 8);
  int convert = take (&request, 1) != 0;
  Box box = { -1, -1, -1, -1, -1, 0 };
  uint8_t *bytes = NULL;
  uint16_t reason;

  box.dataset = open_dataset (file, object, &reason);
  if (reason == ESP_HDF5_FINE)
    reason = read_box (&box, &request, convert, &bytes);
  if (reason == ESP_HDF5_FINE)
    send_bytes (bytes, box.bytes);
  fail (reason);
  free (bytes);
  if (box.memory >= 0)
    H5Sclose (box.memory);
  if (box.space >= 0)
    H5Sclose (box.space);
  if (box.type >= 0)
    H5Tclose (box.type);
  if (box.dataset >= 0)
    H5Dclose (box.dataset);
}

/* }}} */
