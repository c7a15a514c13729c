/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is in an HDF5 file: the listing that the HDF5 process gave, to be looked at. */

#include "config.h"

#include "esp-hdf5.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-error.h"
#include "esp-hdf5-listing.h"
#include "esp-hdf5-process.h"
#include "esp-number.h"

#define SIGNATURE "\x89HDF\r\n\x1a\n"
#define SIGNATURE_BYTES 8
#define FIRST_USER_BLOCK 512

struct _EspHdf5File
{
  gatomicrefcount ref_count;
  EspHdf5Listing *listing; /* owned */
  GPtrArray *warnings;     /* of char*, NULL-terminated */
};

/* {{{ opening */

gboolean
esp_hdf5_probe (EspSource *source)
{
  guint64 size;

  g_return_val_if_fail (source != NULL, FALSE);

  size = esp_source_get_size (source);
  for (guint64 at = 0; size >= SIGNATURE_BYTES && at <= size - SIGNATURE_BYTES;
       at = at == 0 ? FIRST_USER_BLOCK : 2 * at)
    {
      char bytes[SIGNATURE_BYTES];

      if (!esp_source_read (source, at, sizeof bytes, bytes, NULL, NULL))
        return FALSE;
      if (memcmp (bytes, SIGNATURE, sizeof bytes) == 0)
        return TRUE;
    }
  return FALSE;
}

typedef struct
{
  EspHdf5Listing *listing;
  EspProgressFunc progress;
  gpointer user_data;
} Opening;

/* how many objects will come isn't known: halfway after 1000, three quarters after 3000 */
static gboolean
take_frame (guint32 kind, EspCursor *payload, gpointer data, GError **error)
{
  Opening *opening = data;
  guint n = esp_hdf5_listing_get_n_nodes (opening->listing);

  if (opening->progress != NULL && n % 256 == 255)
    opening->progress (1 - 1000.0 / (1000.0 + n), opening->user_data);
  return esp_hdf5_listing_add (kind, payload, opening->listing, error);
}

static EspHdf5File *
file_new (EspHdf5Listing *listing)
{
  EspHdf5File *self = g_new0 (EspHdf5File, 1);
  GPtrArray *warnings = esp_hdf5_listing_get_warnings (listing);

  g_atomic_ref_count_init (&self->ref_count);
  self->listing = listing;
  self->warnings = g_ptr_array_new ();
  for (guint i = 0; i < warnings->len; i++)
    g_ptr_array_add (self->warnings, warnings->pdata[i]);
  g_ptr_array_add (self->warnings, NULL);
  return self;
}

/* careful: told of each object before it is opened; the request's payload */
static GByteArray *
make_request (gboolean careful, const guint64 *skipped, guint n)
{
  GByteArray *request = g_byte_array_new ();
  guint8 flag = careful != FALSE;
  guint32 count = GUINT32_TO_LE (n);

  g_byte_array_append (request, &flag, 1);
  g_byte_array_append (request, (const guint8 *) &count, sizeof count);
  for (guint i = 0; i < n; i++)
    {
      guint64 object = GUINT64_TO_LE (skipped[i]);

      g_byte_array_append (request, (const guint8 *) &object, sizeof object);
    }
  return request;
}

/* One broken object doesn't take the file: where the library crashes, all is listed once more to
 * see on which, and then without that one, as long as there are few of them. */
static EspHdf5Listing *
list_around_crashes (Opening *opening,
                     EspHdf5Process *process,
                     const char *id,
                     GCancellable *cancellable,
                     GError **error)
{
  guint64 skipped[ESP_HDF5_SKIPPED];
  gboolean careful = FALSE;
  guint n = 0;

  for (;;)
    {
      g_autoptr (GByteArray) request = make_request (careful, skipped, n);
      g_autoptr (EspHdf5Listing) listing = esp_hdf5_listing_new (process, id);
      g_autoptr (GError) reason = NULL;

      opening->listing = listing;
      if (esp_hdf5_process_ask (process, ESP_HDF5_LIST, request, take_frame, opening, cancellable,
                                &reason))
        return esp_hdf5_listing_finish (listing, error) ? g_steal_pointer (&listing) : NULL;
      if (!esp_hdf5_process_has_crashed (process) || n == ESP_HDF5_SKIPPED ||
          (careful && !esp_hdf5_listing_get_unfinished (listing, &skipped[n++])))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return NULL;
        }
      careful = TRUE;
    }
}

EspHdf5File *
esp_hdf5_file_open (EspSource *source,
                    const char *id,
                    EspProgressFunc progress,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (EspHdf5Process) process = NULL;
  g_autoptr (EspHdf5Listing) listing = NULL;
  Opening opening = { NULL, progress, user_data };

  g_return_val_if_fail (source != NULL && id != NULL, NULL);

  if (!ESP_HAVE_HDF5)
    {
      g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                           _ ("this is an HDF5 file, which this build of the program can’t read: "
                              "it was made without the HDF5 library"));
      return NULL;
    }
  process = esp_hdf5_process_new (source, cancellable, error);
  if (process == NULL)
    return NULL;
  listing = list_around_crashes (&opening, process, id, cancellable, error);
  if (listing == NULL)
    return NULL;
  esp_hdf5_process_retire (process);
  return file_new (g_steal_pointer (&listing));
}

EspHdf5File *
esp_hdf5_file_ref (EspHdf5File *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_hdf5_file_unref (EspHdf5File *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->warnings);
  esp_hdf5_listing_free (self->listing);
  g_free (self);
}

/* }}} */
/* {{{ nodes */

guint
esp_hdf5_file_get_n_nodes (EspHdf5File *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return esp_hdf5_listing_get_n_nodes (self->listing);
}

const EspHdf5Node *
esp_hdf5_file_get_node (EspHdf5File *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);

  return esp_hdf5_listing_get_node (self->listing, index);
}

const char *const *
esp_hdf5_file_get_warnings (EspHdf5File *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->warnings->pdata;
}

static const EspHdf5Node *
get_home (const EspHdf5Node *node)
{
  return node->same != NULL ? node->same : node;
}

const EspHdf5Node *
esp_hdf5_file_find (EspHdf5File *self, const EspHdf5Node *from, const char *path)
{
  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  if (from == NULL || *path == '/')
    from = esp_hdf5_file_get_node (self, 0);
  while (from != NULL && *path != '\0')
    {
      gsize n = strcspn (path, "/");

      if (n > 0)
        from = esp_hdf5_listing_get_child (self->listing, get_home (from), path, n);
      path += n + (path[n] == '/');
    }
  return from;
}

/* }}} */
/* {{{ attributes */

const EspHdf5Attribute *
esp_hdf5_node_get_attribute (const EspHdf5Node *self, const char *name)
{
  const EspHdf5Node *home;

  g_return_val_if_fail (self != NULL && name != NULL, NULL);

  home = get_home (self);
  for (guint i = 0; i < home->n_attributes; i++)
    if (strcmp (home->attributes[i].name, name) == 0)
      return &home->attributes[i];
  return NULL;
}

const char *
esp_hdf5_node_get_string (const EspHdf5Node *self, const char *name)
{
  const EspHdf5Attribute *attribute = esp_hdf5_node_get_attribute (self, name);

  return attribute != NULL && attribute->type == ESP_HDF5_VALUE_STRING && attribute->n == 1
             ? attribute->strings[0]
             : NULL;
}

/* FALSE where it is no list of texts; one without an element may be stored as anything */
static gboolean
append_strings (GPtrArray *strings, const EspHdf5Attribute *attribute)
{
  if (attribute->type != ESP_HDF5_VALUE_STRING)
    return attribute->n == 0 && attribute->error == NULL;
  for (gsize i = 0; i < attribute->n; i++)
    g_ptr_array_add (strings, g_strdup (attribute->strings[i]));
  return TRUE;
}

char **
esp_hdf5_node_dup_strings (const EspHdf5Node *self, const char *name)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  const EspHdf5Attribute *attribute = esp_hdf5_node_get_attribute (self, name);
  guint n = 0;

  if (attribute != NULL && !append_strings (strings, attribute))
    return NULL;
  while (attribute == NULL)
    {
      g_autofree char *part_name = g_strdup_printf ("%s%u", name, n);
      const EspHdf5Attribute *part = esp_hdf5_node_get_attribute (self, part_name);

      if (part == NULL || !append_strings (strings, part))
        break;
      n++;
    }
  if (attribute == NULL && n == 0)
    return NULL;
  g_ptr_array_add (strings, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&strings), FALSE);
}

static void
append_value (GString *text, const EspHdf5Attribute *self, gsize i)
{

  switch (self->type)
    {
    case ESP_HDF5_VALUE_STRING:
      g_string_append_printf (text, self->is_scalar ? "%s" : "\"%s\"", self->strings[i]);
      break;
    case ESP_HDF5_VALUE_INT:
      g_string_append_printf (text, "%" G_GINT64_FORMAT, self->ints[i]);
      break;
    case ESP_HDF5_VALUE_UINT:
      g_string_append_printf (text, "%" G_GUINT64_FORMAT, self->uints[i]);
      break;
    case ESP_HDF5_VALUE_FLOAT:
      {
        g_autofree char *number = esp_number_format_exact (self->floats[i], FALSE);
        g_string_append (text, number);
      }
      break;
    case ESP_HDF5_VALUE_NONE:
    default:
      break;
    }
}

/* at most @max bytes, of whole characters */
static void
shorten (GString *text, gsize max)
{
  const char *end;

  if (text->len <= max)
    return;
  end = g_utf8_find_prev_char (text->str, text->str + max + 1);
  g_string_truncate (text, end != NULL ? (gsize) (end - text->str) : 0);
  g_string_append (text, "…");
}

char *
esp_hdf5_attribute_to_text (const EspHdf5Attribute *self, gsize max)
{
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (self != NULL, NULL);

  if (self->error != NULL)
    g_string_append (text, self->error);
  else if (self->is_scalar && self->n == 1)
    append_value (text, self, 0);
  else
    {
      g_string_append_c (text, '[');
      for (gsize i = 0; i < self->n && text->len <= max; i++)
        {
          g_string_append (text, i > 0 ? ", " : "");
          append_value (text, self, i);
        }
      g_string_append_c (text, ']');
    }
  shorten (text, max);
  return g_string_free (text, FALSE);
}

/* }}} */
