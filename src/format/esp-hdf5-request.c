/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Questions for values to the HDF5 process, and what counts as an answer: as much as was asked for,
 * no more and no less. */

#include "config.h"

#include "esp-hdf5-request.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"

static gboolean
set_nonsense (const char *what, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the HDF5 library’s answer makes no sense: %s"), what);
  return FALSE;
}

static void
append_u64 (GByteArray *bytes, guint64 value)
{
  value = GUINT64_TO_LE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, sizeof value);
}

static void
append_u32 (GByteArray *bytes, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, sizeof value);
}

/* {{{ where chunks lie */

typedef struct
{
  EspHdf5Place *places;
  guint64 first;
  guint32 wanted;
  gboolean done;
} PlacesAnswer;

static gboolean
take_places (guint32 kind, EspCursor *payload, gpointer data, GError **error)
{
  PlacesAnswer *answer = data;
  guint64 first;
  guint32 n;

  if (kind != ESP_HDF5_PLACES || answer->done)
    return set_nonsense ("chunks", error);
  if (!esp_cursor_read_u64 (payload, &first, error) || !esp_cursor_read_u32 (payload, &n, error))
    return FALSE;
  if (first != answer->first || n != answer->wanted)
    return set_nonsense ("chunks", error);
  for (guint32 i = 0; i < n; i++)
    if (!esp_cursor_read_u64 (payload, &answer->places[i].address, error) ||
        !esp_cursor_read_u64 (payload, &answer->places[i].size, error) ||
        !esp_cursor_read_u32 (payload, &answer->places[i].skipped, error))
      return FALSE;
  answer->done = TRUE;
  return TRUE;
}

gboolean
esp_hdf5_request_places (EspHdf5Process *process,
                         guint64 object,
                         guint64 first,
                         guint32 n,
                         EspHdf5Place *out,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  PlacesAnswer answer = { out, first, n, FALSE };

  g_return_val_if_fail (process != NULL && out != NULL, FALSE);

  append_u64 (request, object);
  append_u64 (request, first);
  append_u32 (request, n);
  if (!esp_hdf5_process_ask (process, ESP_HDF5_CHUNKS_AT, request, take_places, &answer,
                             cancellable, error))
    return FALSE;
  return answer.done || set_nonsense ("chunks", error);
}

/* }}} */
/* {{{ boxes */

typedef struct
{
  guint8 *bytes;
  gsize wanted;
  gsize got;
} BoxAnswer;

static gboolean
take_data (guint32 kind, EspCursor *payload, gpointer data, GError **error)
{
  BoxAnswer *answer = data;
  gsize n = esp_cursor_get_remaining (payload);
  const guint8 *bytes;

  if (kind != ESP_HDF5_DATA || n > answer->wanted - answer->got)
    return set_nonsense ("values", error);
  if (!esp_cursor_read_bytes (payload, n, &bytes, error))
    return FALSE;
  if (n > 0)
    memcpy (answer->bytes + answer->got, bytes, n);
  answer->got += n;
  return TRUE;
}

gboolean
esp_hdf5_request_box (EspHdf5Process *process,
                      const EspHdf5Box *box,
                      guint8 *out,
                      gsize length,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  BoxAnswer answer = { out, length, 0 };
  guint8 convert = box->convert != FALSE;

  g_return_val_if_fail (process != NULL && out != NULL, FALSE);

  append_u64 (request, box->object);
  g_byte_array_append (request, &convert, 1);
  append_u32 (request, box->n_axes);
  for (guint i = 0; i < box->n_axes; i++)
    {
      append_u64 (request, (guint64) box->start[i]);
      append_u64 (request, (guint64) box->count[i]);
    }
  if (!esp_hdf5_process_ask (process, ESP_HDF5_READ, request, take_data, &answer, cancellable,
                             error))
    return FALSE;
  return answer.got == length || set_nonsense ("values", error);
}

/* }}} */
