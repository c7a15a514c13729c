/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The listing as it comes from the HDF5 process, frame by frame. Nothing of it is believed: counts
 * and lengths are checked against the bytes that are there, a parent must be a group that came
 * before, texts are made valid UTF-8, and all texts together have a limit, since paths repeat the
 * names above them. */

#include "config.h"

#include "esp-hdf5-listing.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-hdf5-protocol.h"
#include "esp-hdf5-reason.h"
#include "esp-limits.h"

#define WARNINGS 100 /* that are told one by one */
#define NUMBER_BYTES 8

typedef struct
{
  EspHdf5Node base; /* first, so that a node is an entry */
  guint64 object;
  EspHdf5Node *last_child;
  GArray *attributes; /* of EspHdf5Attribute, or NULL */
} Entry;

struct _EspHdf5Listing
{
  EspHdf5Process *process; /* owned */
  char *id;
  GPtrArray *entries; /* of Entry, owned */
  GStringChunk *texts;
  guint64 text_bytes;
  GHashTable *children; /* set of Entry by parent and name */
  GHashTable *objects;  /* guint64 -> the Entry where it stands */
  GPtrArray *warnings;
  guint n_more_warnings;
};

/* {{{ life */

static void
entry_free (gpointer data)
{
  Entry *self = data;

  if (self->attributes != NULL)
    {
      for (guint i = 0; i < self->attributes->len; i++)
        {
          EspHdf5Attribute *each = &g_array_index (self->attributes, EspHdf5Attribute, i);
          /* texts themselves lie in the chunk; the list of any type is one allocation */
          g_free ((gpointer) each->ints);
        }
      g_array_unref (self->attributes);
    }
  g_clear_pointer (&self->base.tensor, esp_tensor_unref);
  g_free (self);
}

static guint
hash_child (gconstpointer data)
{
  const Entry *entry = data;

  return esp_hash_string (entry->base.name) ^ g_direct_hash (entry->base.parent);
}

static gboolean
equal_children (gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;

  return x->base.parent == y->base.parent && strcmp (x->base.name, y->base.name) == 0;
}

EspHdf5Listing *
esp_hdf5_listing_new (EspHdf5Process *process, const char *id)
{
  EspHdf5Listing *self;

  g_return_val_if_fail (process != NULL && id != NULL, NULL);

  self = g_new0 (EspHdf5Listing, 1);
  self->process = esp_hdf5_process_ref (process);
  self->id = g_strdup (id);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->texts = g_string_chunk_new (4096);
  self->children = g_hash_table_new (hash_child, equal_children);
  self->objects = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
esp_hdf5_listing_free (EspHdf5Listing *self)
{
  g_hash_table_unref (self->children);
  g_hash_table_unref (self->objects);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->warnings);
  g_string_chunk_free (self->texts);
  esp_hdf5_process_unref (self->process);
  g_free (self->id);
  g_free (self);
}

/* }}} */
/* {{{ texts */

static gboolean
set_nonsense (const char *what, GError **error)
{
  g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
               _ ("the HDF5 library’s answer makes no sense: %s"), what);
  return FALSE;
}

/* @n bytes more of the budget */
static gboolean
spend (EspHdf5Listing *self, guint64 n, GError **error)
{
  if (n > ESP_LIMIT_HDF5_TEXT_BYTES - self->text_bytes)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("all names and attributes together have more than the %d bytes that can be "
                      "read"),
                   ESP_LIMIT_HDF5_TEXT_BYTES);
      return FALSE;
    }
  self->text_bytes += n;
  return TRUE;
}

static const char *
keep_text (EspHdf5Listing *self, const char *text, gsize n, GError **error)
{
  if (!spend (self, n, error))
    return NULL;
  return g_string_chunk_insert_len (self->texts, text, (gssize) n);
}

/* a text of the frame, valid UTF-8, that lives as long as the listing */
static const char *
read_text (EspHdf5Listing *self, EspCursor *payload, GError **error)
{
  g_autofree char *valid = NULL;
  const guint8 *bytes;
  guint32 n;

  if (!esp_cursor_read_u32 (payload, &n, error) ||
      !esp_cursor_read_bytes (payload, n, &bytes, error))
    return NULL;
  if (memchr (bytes, '\0', n) == NULL && g_utf8_validate ((const char *) bytes, n, NULL))
    return keep_text (self, (const char *) bytes, n, error);
  valid = g_utf8_make_valid ((const char *) bytes, n);
  return keep_text (self, valid, strlen (valid), error);
}

static void G_GNUC_PRINTF (2, 3) warn (EspHdf5Listing *self, const char *format, ...)
{
  va_list args;

  if (self->warnings->len >= WARNINGS)
    {
      self->n_more_warnings++;
      return;
    }
  va_start (args, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

/* }}} */
/* {{{ nodes */

/* the name behind the path of the group above */
static gboolean
set_path (EspHdf5Listing *self, EspHdf5Node *node, GError **error)
{
  const char *above = node->parent->path;
  gsize above_length = strlen (above), length = strlen (node->name);
  g_autofree char *joined = NULL;

  if (above_length == 0)
    {
      node->path = node->name;
      return TRUE;
    }
  if (above_length + 1 + length > ESP_LIMIT_NAME_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("a path has %zu bytes; at most %d can be read"), above_length + 1 + length,
                   ESP_LIMIT_NAME_BYTES);
      return FALSE;
    }
  joined = g_strconcat (above, "/", node->name, NULL);
  node->path = keep_text (self, joined, above_length + 1 + length, error);
  return node->path != NULL;
}

static void
append_child (Entry *parent, Entry *child)
{
  if (parent->last_child != NULL)
    parent->last_child->next = &child->base;
  else
    parent->base.first_child = &child->base;
  parent->last_child = &child->base;
}

static gboolean
place_node (EspHdf5Listing *self, Entry *entry, guint32 parent, GError **error)
{
  guint n = self->entries->len; /* it is the last of them */
  Entry *above;

  if (n == 1)
    {
      entry->base.path = "";
      return entry->base.kind == ESP_HDF5_GROUP || set_nonsense ("root", error);
    }
  if (parent >= n - 1)
    return set_nonsense ("parent", error);
  above = g_ptr_array_index (self->entries, parent);
  if (above->base.kind != ESP_HDF5_GROUP || above->base.is_soft)
    return set_nonsense ("parent", error);
  entry->base.parent = &above->base;
  if (!set_path (self, &entry->base, error))
    return FALSE;
  append_child (above, entry);
  g_hash_table_add (self->children, entry);
  return TRUE;
}

static const char *
read_node_error (EspHdf5Listing *self, guint reason, EspCursor *payload, GError **error)
{
  g_autofree char *detail = NULL, *text = NULL;

  if (!esp_hdf5_read_text (payload, &detail, error))
    return NULL;
  text = esp_hdf5_reason_to_text (reason, detail);
  return keep_text (self, text, strlen (text), error);
}

static gboolean
add_node (EspHdf5Listing *self, EspCursor *payload, GError **error)
{
  static const EspHdf5Kind kinds[] = { ESP_HDF5_GROUP, ESP_HDF5_DATASET, ESP_HDF5_OTHER,
                                       ESP_HDF5_OTHER };
  guint32 parent;
  guint8 what, is_soft;
  guint16 reason;
  const char *text;
  Entry *entry;

  if (self->entries->len >= ESP_LIMIT_TENSORS)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("there are more than the %d objects that can be read"), ESP_LIMIT_TENSORS);
      return FALSE;
    }
  entry = g_new0 (Entry, 1);
  g_ptr_array_add (self->entries, entry);
  if (!esp_cursor_read_u32 (payload, &parent, error) ||
      !esp_cursor_read_u8 (payload, &what, error) ||
      !esp_cursor_read_u8 (payload, &is_soft, error) ||
      !esp_cursor_read_u64 (payload, &entry->object, error) ||
      !esp_cursor_read_u16 (payload, &reason, error))
    return FALSE;
  if (what >= ESP_HDF5_N_WHATS)
    return set_nonsense ("kind", error);
  entry->base.kind = kinds[what];
  entry->base.is_soft = is_soft != 0;
  entry->base.name = read_text (self, payload, error);
  if (entry->base.name == NULL)
    return FALSE;
  text = read_node_error (self, reason, payload, error);
  if (text == NULL || !place_node (self, entry, parent, error))
    return FALSE;
  if (what == ESP_HDF5_IS_NOTHING)
    {
      entry->base.error = text;
      warn (self, "%s: %s", entry->base.path, text);
    }
  else if (!entry->base.is_soft && !g_hash_table_contains (self->objects, &entry->object))
    g_hash_table_insert (self->objects, &entry->object, entry);
  return TRUE;
}

/* }}} */
/* {{{ what belongs to the last node */

static Entry *
get_last (EspHdf5Listing *self, GError **error)
{
  if (self->entries->len > 0)
    return g_ptr_array_index (self->entries, self->entries->len - 1);
  set_nonsense ("order", error);
  return NULL;
}

static gboolean
read_strings (EspHdf5Listing *self,
              EspCursor *payload,
              EspHdf5Attribute *attribute,
              guint64 n,
              GError **error)
{
  g_autofree const char **strings = NULL;

  if (n > esp_cursor_get_remaining (payload) / sizeof (guint32))
    return set_nonsense ("texts", error);
  if (!spend (self, n * sizeof *strings, error))
    return FALSE;
  strings = g_new0 (const char *, n + 1);
  for (guint64 i = 0; i < n; i++)
    {
      strings[i] = read_text (self, payload, error);
      if (strings[i] == NULL)
        return FALSE;
    }
  attribute->strings = g_steal_pointer (&strings);
  return TRUE;
}

static gboolean
read_numbers (EspHdf5Listing *self,
              EspCursor *payload,
              EspHdf5Attribute *attribute,
              guint64 n,
              GError **error)
{
  g_autofree guint64 *numbers = NULL;

  if (n > esp_cursor_get_remaining (payload) / NUMBER_BYTES)
    return set_nonsense ("numbers", error);
  if (!spend (self, n * NUMBER_BYTES, error))
    return FALSE;
  numbers = g_new (guint64, MAX (n, 1));
  for (guint64 i = 0; i < n; i++)
    if (!esp_cursor_read_u64 (payload, &numbers[i], error))
      return FALSE;
  attribute->uints = g_steal_pointer (&numbers); /* the bits of any of the three */
  return TRUE;
}

static gboolean
read_values (EspHdf5Listing *self,
             EspCursor *payload,
             EspHdf5Attribute *attribute,
             guint64 n,
             GError **error)
{
  if (attribute->type == ESP_HDF5_VALUE_NONE)
    return n == 0 || set_nonsense ("values", error);
  if (attribute->type == ESP_HDF5_VALUE_STRING)
    return read_strings (self, payload, attribute, n, error);
  return read_numbers (self, payload, attribute, n, error);
}

static gboolean
add_attribute (EspHdf5Listing *self, EspCursor *payload, GError **error)
{
  static const EspHdf5ValueType types[] = { ESP_HDF5_VALUE_NONE, ESP_HDF5_VALUE_STRING,
                                            ESP_HDF5_VALUE_INT, ESP_HDF5_VALUE_UINT,
                                            ESP_HDF5_VALUE_FLOAT };
  EspHdf5Attribute attribute = { 0 };
  Entry *entry = get_last (self, error);
  guint8 type, is_scalar;
  guint16 reason;
  guint64 n;
  const char *text;

  if (entry == NULL || !esp_cursor_read_u8 (payload, &type, error) ||
      !esp_cursor_read_u8 (payload, &is_scalar, error) ||
      !esp_cursor_read_u16 (payload, &reason, error) || !esp_cursor_read_u64 (payload, &n, error))
    return FALSE;
  if (type >= ESP_HDF5_N_VALUE_TYPES || (is_scalar && n != 1 && type != ESP_HDF5_NO_VALUES) ||
      (entry->attributes != NULL && entry->attributes->len >= ESP_LIMIT_HDF5_ATTRIBUTES))
    return set_nonsense ("attribute", error);
  if (!spend (self, sizeof attribute, error))
    return FALSE;
  attribute.type = types[type];
  attribute.is_scalar = is_scalar != 0;
  attribute.n = (gsize) n;
  attribute.name = read_text (self, payload, error);
  if (attribute.name == NULL)
    return FALSE;
  text = read_node_error (self, reason, payload, error);
  if (text == NULL || !read_values (self, payload, &attribute, n, error))
    return FALSE;
  if (reason != ESP_HDF5_FINE && reason != ESP_HDF5_EMPTY)
    attribute.error = text;
  if (entry->attributes == NULL)
    entry->attributes = g_array_new (FALSE, FALSE, sizeof (EspHdf5Attribute));
  g_array_append_val (entry->attributes, attribute);
  return TRUE;
}

/* what an attribute of the last node says, if it is one text */
static const char *
get_told_dtype (const Entry *entry)
{
  for (guint i = 0; entry->attributes != NULL && i < entry->attributes->len; i++)
    {
      const EspHdf5Attribute *each = &g_array_index (entry->attributes, EspHdf5Attribute, i);

      if (each->type == ESP_HDF5_VALUE_STRING && each->n == 1 && strcmp (each->name, "dtype") == 0)
        return each->strings[0];
    }
  return NULL;
}

/* its attributes came before */
static gboolean
add_dataset (EspHdf5Listing *self, EspCursor *payload, GError **error)
{
  Entry *entry = get_last (self, error);
  g_autoptr (EspHdf5Dataset) dataset = NULL;
  g_autofree char *id = NULL;

  if (entry == NULL)
    return FALSE;
  if (entry->base.kind != ESP_HDF5_DATASET || entry->base.tensor != NULL)
    return set_nonsense ("data set", error);
  dataset = esp_hdf5_dataset_parse (payload, entry->object, error);
  if (dataset == NULL)
    return FALSE;
  id = g_strdup_printf ("%s0x%" PRIx64, self->id, entry->object);
  entry->base.tensor = esp_hdf5_dataset_make_tensor (dataset, self->process, get_told_dtype (entry),
                                                     id);
  return TRUE;
}

static gboolean
add_trouble (EspHdf5Listing *self, EspCursor *payload, GError **error)
{
  guint32 index;
  guint16 reason;
  const char *text;
  Entry *entry;

  if (!esp_cursor_read_u32 (payload, &index, error) ||
      !esp_cursor_read_u16 (payload, &reason, error))
    return FALSE;
  if (index >= self->entries->len)
    return set_nonsense ("node", error);
  text = read_node_error (self, reason, payload, error);
  if (text == NULL)
    return FALSE;
  entry = g_ptr_array_index (self->entries, index);
  entry->base.error = text;
  if (*entry->base.path != '\0')
    warn (self, "%s: %s", entry->base.path, text);
  else
    warn (self, "%s", text);
  return TRUE;
}

/* }}} */
/* {{{ public */

gboolean
esp_hdf5_listing_add (guint32 kind, EspCursor *payload, gpointer self, GError **error)
{
  switch (kind)
    {
    case ESP_HDF5_NODE:
      return add_node (self, payload, error);
    case ESP_HDF5_ATTRIBUTE:
      return add_attribute (self, payload, error);
    case ESP_HDF5_DATASET_INFO:
      return add_dataset (self, payload, error);
    case ESP_HDF5_TROUBLE:
      return add_trouble (self, payload, error);
    default:
      return set_nonsense ("frame", error);
    }
}

/* a node that isn't where its object stands points there; one whose object stands nowhere leads
 * nowhere */
static void
finish_node (EspHdf5Listing *self, Entry *entry)
{
  Entry *home = g_hash_table_lookup (self->objects, &entry->object);

  if (entry->attributes != NULL)
    {
      entry->base.attributes = (const EspHdf5Attribute *) (gpointer) entry->attributes->data;
      entry->base.n_attributes = entry->attributes->len;
    }
  if (entry->base.kind == ESP_HDF5_OTHER || home == entry)
    return;
  if (home == NULL || home->base.kind != entry->base.kind)
    {
      entry->base.kind = ESP_HDF5_OTHER;
      entry->base.error = _ ("this link leads nowhere");
      return;
    }
  entry->base.same = &home->base;
  if (home->base.tensor != NULL && entry->base.tensor == NULL)
    entry->base.tensor = esp_tensor_ref (home->base.tensor);
}

gboolean
esp_hdf5_listing_finish (EspHdf5Listing *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->entries->len == 0)
    return set_nonsense ("nothing", error);
  for (guint i = 0; i < self->entries->len; i++)
    finish_node (self, g_ptr_array_index (self->entries, i));
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->base.kind == ESP_HDF5_DATASET && entry->base.tensor == NULL)
        return set_nonsense ("data set", error);
    }
  if (self->n_more_warnings > 0)
    g_ptr_array_add (
        self->warnings,
        g_strdup_printf (ngettext ("and %u more place with such trouble",
                                   "and %u more places with such trouble", self->n_more_warnings),
                         self->n_more_warnings));
  return TRUE;
}

gboolean
esp_hdf5_listing_get_unfinished (EspHdf5Listing *self, guint64 *object)
{
  const Entry *last;

  g_return_val_if_fail (self != NULL && object != NULL, FALSE);

  if (self->entries->len < 2) /* the root can't be passed over */
    return FALSE;
  last = g_ptr_array_index (self->entries, self->entries->len - 1);
  *object = last->object;
  return last->base.kind != ESP_HDF5_DATASET || last->base.tensor == NULL;
}

guint
esp_hdf5_listing_get_n_nodes (EspHdf5Listing *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->entries->len;
}

EspHdf5Node *
esp_hdf5_listing_get_node (EspHdf5Listing *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->entries->len, NULL);

  return g_ptr_array_index (self->entries, index);
}

const EspHdf5Node *
esp_hdf5_listing_get_child (EspHdf5Listing *self,
                            const EspHdf5Node *parent,
                            const char *name,
                            gsize length)
{
  g_autofree char *text = NULL;
  Entry wanted = { 0 };

  g_return_val_if_fail (self != NULL && parent != NULL && name != NULL, NULL);

  text = g_strndup (name, length);
  wanted.base.parent = parent;
  wanted.base.name = text;
  return g_hash_table_lookup (self->children, &wanted);
}

GPtrArray *
esp_hdf5_listing_get_warnings (EspHdf5Listing *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->warnings;
}

/* }}} */
