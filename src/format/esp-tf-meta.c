/* SPDX-License-Identifier: GPL-3.0-or-later */

/* MetaGraphDef, of some KB to GB: the graph in it is passed over.
 *
 *   MetaGraphDef    1 MetaInfoDef, 2 GraphDef, 4 collections, 5 signatures, 7 SavedObjectGraph
 *   MetaInfoDef     4 tags, 5 version of TensorFlow
 *   collection      1 name, 2 CollectionDef { 2 list of bytes { 1 values } }
 *   VariableDef     (a value of "variables", "trainable_variables") 1 name with ":0",
 *                   4 slice of { 1 full name }
 *   signature       1 name, 2 SignatureDef { 1 inputs, 2 outputs: { 1 name, 2 TensorInfo } }
 *   TensorInfo      2 type, 3 shape */

#include "config.h"

#include "esp-tf-meta.h"

#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-tf-dtype.h"
#include "esp-tf-slice.h"

#include <string.h>

#define SIGNATURES_MAX 1000
#define SIGNATURE_BYTES 16384

EspTfMeta *
esp_tf_meta_new (void)
{
  EspTfMeta *self = g_new0 (EspTfMeta, 1);

  self->tags = g_string_new (NULL);
  self->trainable = g_hash_table_new_full (esp_hash_string, g_str_equal, g_free, NULL);
  self->signatures = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
esp_tf_meta_free (EspTfMeta *self)
{
  if (self == NULL)
    return;
  g_free (self->version);
  g_string_free (self->tags, TRUE);
  g_hash_table_unref (self->trainable);
  g_ptr_array_unref (self->signatures);
  g_clear_pointer (&self->objects, esp_tf_objects_free);
  g_free (self);
}

/* {{{ version and tags */

static gboolean
read_info_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfMeta *self = data;
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;

  if (field->kind != ESP_WIRE_BYTES || (field->number != 4 && field->number != 5))
    return TRUE;
  text = esp_wire_dup_name (wire, field, error);
  if (text == NULL)
    return FALSE;
  shown = esp_path_escape (text);
  if (field->number == 5)
    {
      g_free (self->version);
      self->version = g_steal_pointer (&shown);
    }
  else if (self->tags->len < SIGNATURE_BYTES)
    g_string_append_printf (self->tags, "%s%s", self->tags->len > 0 ? ", " : "", shown);
  return TRUE;
}

/* }}} */
/* {{{ collections */

typedef struct
{
  EspTfMeta *meta;
  char *name;
  EspWireField list;
  gboolean trainable;
} Collection;

typedef struct
{
  char *name;      /* of the variable */
  char *full_name; /* of the one it is a slice of */
} Variable;

static gboolean
read_slice_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Variable *self = data;

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  g_free (self->full_name);
  self->full_name = esp_wire_dup_name (wire, field, error);
  return self->full_name != NULL;
}

static gboolean
read_variable_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Variable *self = data;

  if (field->kind == ESP_WIRE_BYTES && field->number == 4)
    return esp_wire_foreach (wire, field, read_slice_field, self, error);
  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

static gboolean
read_value (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Collection *self = data;
  Variable variable = { 0 };
  gboolean read;
  char *name, *colon;

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  read = esp_wire_foreach (wire, field, read_variable_field, &variable, error);
  name = variable.full_name != NULL && *variable.full_name != '\0' ? variable.full_name
                                                                   : variable.name;
  if (read && name != NULL)
    {
      colon = strrchr (name, ':');
      if (colon != NULL)
        *colon = '\0';
      if (self->trainable || !g_hash_table_contains (self->meta->trainable, name))
        g_hash_table_replace (self->meta->trainable, g_strdup (name),
                              GUINT_TO_POINTER (self->trainable ? 2 : 1));
    }
  g_free (variable.name);
  g_free (variable.full_name);
  return read;
}

static gboolean
read_list (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->kind != ESP_WIRE_BYTES || field->number != 2)
    return TRUE;
  return esp_wire_foreach (wire, field, read_value, data, error);
}

static gboolean
read_collection_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Collection *self = data;

  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    self->list = *field;
  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

/* other collections hold other things */
static gboolean
read_collection (EspTfMeta *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Collection collection = { .meta = self };
  gboolean read = esp_wire_foreach (wire, field, read_collection_field, &collection, error);

  collection.trainable = g_strcmp0 (collection.name, "trainable_variables") == 0;
  if (read && collection.list.number != 0 &&
      (collection.trainable || g_strcmp0 (collection.name, "variables") == 0))
    {
      self->has_lists = TRUE;
      read = esp_wire_foreach (wire, &collection.list, read_list, &collection, error);
    }
  g_free (collection.name);
  return read;
}

/* }}} */
/* {{{ signatures */

typedef struct
{
  GString *text;
  char *name;
  gint32 type;
  gint64 shape[ESP_LIMIT_DIMS];
  guint ndim;
  gboolean has_shape;
} Argument;

static gboolean
read_info (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Argument *self = data;

  if (field->kind == ESP_WIRE_VARINT && field->number == 2)
    self->type = esp_wire_to_i32 (field->value);
  if (field->kind == ESP_WIRE_BYTES && field->number == 3)
    {
      guint depth = wire->depth;

      self->has_shape = esp_tf_shape_read (self->shape, &self->ndim, wire, field, NULL);
      while (wire->depth > depth)
        esp_wire_leave (wire);
    }
  return TRUE;
}

static gboolean
read_argument (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Argument *self = data;

  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    return esp_wire_foreach (wire, field, read_info, self, error);
  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

static void
tell_argument (GString *text, const Argument *argument)
{
  const EspTfType *type = esp_tf_type_get (argument->type);
  g_autofree char *name = esp_path_escape (argument->name != NULL ? argument->name : "");

  g_string_append_printf (text, "%s %s", name, type != NULL ? type->name : "?");
  if (!argument->has_shape)
    return;
  g_string_append (text, " [");
  for (guint i = 0; i < argument->ndim; i++)
    if (argument->shape[i] < 0)
      g_string_append (text, i > 0 ? ", ?" : "?");
    else
      g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", argument->shape[i]);
  g_string_append_c (text, ']');
}

typedef struct
{
  GString *inputs, *outputs;
} Signature;

static gboolean
read_signature_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Signature *self = data;
  g_autofree Argument *argument = NULL;
  GString *text = field->number == 1 ? self->inputs : self->outputs;
  gboolean read;

  if (field->kind != ESP_WIRE_BYTES || (field->number != 1 && field->number != 2) ||
      text->len > SIGNATURE_BYTES)
    return TRUE;
  argument = g_new0 (Argument, 1);
  read = esp_wire_foreach (wire, field, read_argument, argument, error);
  if (read)
    {
      if (text->len > 0)
        g_string_append (text, ", ");
      tell_argument (text, argument);
    }
  g_free (argument->name);
  return read;
}

typedef struct
{
  char *name;
  EspWireField signature;
} Named;

static gboolean
read_named_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Named *self = data;

  if (field->kind == ESP_WIRE_BYTES && field->number == 2)
    self->signature = *field;
  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

static gboolean
read_signature (EspTfMeta *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Named named = { 0 };
  Signature signature = { g_string_new (NULL), g_string_new (NULL) };
  gboolean read = esp_wire_foreach (wire, field, read_named_field, &named, error);

  if (read && named.signature.number != 0)
    read = esp_wire_foreach (wire, &named.signature, read_signature_field, &signature, error);
  if (read && named.name != NULL && self->signatures->len < 2 * SIGNATURES_MAX)
    {
      g_ptr_array_add (self->signatures, esp_path_escape (named.name));
      g_ptr_array_add (self->signatures, g_strdup_printf ("(%s) → (%s)", signature.inputs->str,
                                                          signature.outputs->str));
    }
  g_free (named.name);
  g_string_free (signature.inputs, TRUE);
  g_string_free (signature.outputs, TRUE);
  return read;
}

/* }}} */

static gboolean
read_objects (EspTfMeta *self, EspWire *wire, const EspWireField *field, GError **error)
{
  if (self->objects != NULL)
    return TRUE;
  if (!esp_wire_enter (wire, field, error))
    return FALSE;
  self->objects = esp_tf_objects_new_saved (wire, error);
  if (self->objects == NULL)
    return FALSE;
  esp_wire_leave (wire);
  return TRUE;
}

static gboolean
read_meta_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfMeta *self = data;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  switch (field->number)
    {
    case 1:
      return esp_wire_foreach (wire, field, read_info_field, self, error);
    case 2:
      self->graph = *field;
      return TRUE;
    case 4:
      return read_collection (self, wire, field, error);
    case 5:
      return read_signature (self, wire, field, error);
    case 7:
      return read_objects (self, wire, field, error);
    default:
      return TRUE;
    }
}

gboolean
esp_tf_meta_read (EspTfMeta *self, EspWire *wire, const EspWireField *field, GError **error)
{
  return esp_wire_foreach (wire, field, read_meta_field, self, error);
}
