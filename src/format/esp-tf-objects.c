/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The two graphs of objects. In: a message of some KB to some MB. Out: arrays, of memory in
 * proportion to the message.
 *
 *   TrackableObjectGraph   1 objects
 *     object               1 children { 1 number, 2 name }
 *                          2 attributes { 1 name, 2 full name, 3 key }
 *                          3 slots { 1 variable, 2 name, 3 the slot's variable }
 *   SavedObjectGraph       1 objects
 *     object               1 children, 3 slots: as above
 *                          4 user's object { 1 identifier, 3 metadata }
 *                          7 variable { 3 trainable, 6 name }
 *   SavedMetadata          1 objects { 2 number, 4 identifier, 5 metadata } */

#include "config.h"

#include "esp-tf-objects.h"

#include "esp-error.h"
#include "esp-hash.h"
#include "esp-limits.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <string.h>

struct _EspTfObjects
{
  GArray *objects;     /* EspTfObject */
  GArray *edges;       /* EspTfEdge */
  GArray *slots;       /* guint32: numbers of variables that are slots */
  GHashTable *by_name; /* Link -> itself */
  GStringChunk *texts;
  gboolean saved; /* which of the two it is */
};

/* a name that an object has for another */
typedef struct
{
  guint32 from, to;
  const char *name;
  gsize length;
} Link;

static guint
link_hash (gconstpointer data)
{
  const Link *self = data;

  return (guint) esp_hash_bytes (self->name, self->length) ^ self->from * 2654435761u;
}

static gboolean
link_equal (gconstpointer a, gconstpointer b)
{
  const Link *x = a, *y = b;

  return x->from == y->from && x->length == y->length && memcmp (x->name, y->name, x->length) == 0;
}

void
esp_tf_objects_free (EspTfObjects *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->objects);
  g_array_unref (self->edges);
  g_array_unref (self->slots);
  g_hash_table_unref (self->by_name);
  g_string_chunk_free (self->texts);
  g_free (self);
}

/* {{{ messages */

typedef struct
{
  EspTfObjects *graph;
  EspTfObject object;
} Reading;

/* two numbers and two texts, as all messages inside an object have */
typedef struct
{
  EspTfObjects *graph;
  guint64 numbers[8];
  const char *texts[8];
} Fields;

static gboolean
read_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Fields *self = data;
  g_autofree char *bytes = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (field->number >= G_N_ELEMENTS (self->numbers))
    return TRUE;
  if (field->kind == ESP_WIRE_VARINT)
    self->numbers[field->number] = field->value;
  if (field->kind != ESP_WIRE_BYTES || field->length > ESP_LIMIT_METADATA_BYTES)
    return TRUE;
  bytes = esp_wire_dup_bytes (wire, field, ESP_LIMIT_METADATA_BYTES, &length, error);
  if (bytes == NULL)
    return FALSE;
  text = esp_path_from_text (bytes, length);
  self->texts[field->number] = g_string_chunk_insert (self->graph->texts, text);
  return TRUE;
}

static gboolean
read_fields (EspTfObjects *graph,
             EspWire *wire,
             const EspWireField *field,
             Fields *out,
             GError **error)
{
  memset (out, 0, sizeof *out);
  out->graph = graph;
  return esp_wire_foreach (wire, field, read_field, out, error);
}

/* as keys have them: a dot is doubled, a slash is ".S" */
static const char *
escape_name (EspTfObjects *self, const char *name)
{
  g_autoptr (GString) out = NULL;

  if (strpbrk (name, "./") == NULL)
    return name;
  out = g_string_new (NULL);
  for (; *name != '\0'; name++)
    if (*name == '.')
      g_string_append (out, "..");
    else if (*name == '/')
      g_string_append (out, ".S");
    else
      g_string_append_c (out, *name);
  return g_string_chunk_insert (self->texts, out->str);
}

static gboolean
read_child (Reading *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Fields child;
  EspTfEdge edge;

  if (!read_fields (self->graph, wire, field, &child, error))
    return FALSE;
  edge.object = (guint32) MIN (child.numbers[1], ESP_TF_NO_OBJECT);
  edge.name = escape_name (self->graph, child.texts[2] != NULL ? child.texts[2] : "");
  g_array_append_val (self->graph->edges, edge);
  self->object.n_edges++;
  return TRUE;
}

static gboolean
read_attribute (Reading *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Fields attribute;

  if (!read_fields (self->graph, wire, field, &attribute, error))
    return FALSE;
  if (g_strcmp0 (attribute.texts[1], "VARIABLE_VALUE") == 0)
    {
      self->object.full_name = attribute.texts[2];
      self->object.key = attribute.texts[3];
    }
  return TRUE;
}

static gboolean
read_slot (Reading *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Fields slot;
  guint32 number;

  if (!read_fields (self->graph, wire, field, &slot, error))
    return FALSE;
  number = (guint32) MIN (slot.numbers[3], ESP_TF_NO_OBJECT);
  g_array_append_val (self->graph->slots, number);
  self->object.is_optimizer = TRUE;
  return TRUE;
}

static gboolean
read_user_object (Reading *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Fields object;

  if (!read_fields (self->graph, wire, field, &object, error))
    return FALSE;
  self->object.identifier = object.texts[1];
  self->object.metadata = object.texts[3];
  return TRUE;
}

static gboolean
read_variable (Reading *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Fields variable;

  if (!read_fields (self->graph, wire, field, &variable, error))
    return FALSE;
  self->object.is_variable = TRUE;
  self->object.trainable = variable.numbers[3] != 0;
  self->object.full_name = variable.texts[6];
  return TRUE;
}

static gboolean
read_object_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Reading *self = data;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 1)
    return read_child (self, wire, field, error);
  if (field->number == 2 && !self->graph->saved)
    return read_attribute (self, wire, field, error);
  if (field->number == 3)
    return read_slot (self, wire, field, error);
  if (field->number == 4 && self->graph->saved)
    return read_user_object (self, wire, field, error);
  if (field->number == 7 && self->graph->saved)
    return read_variable (self, wire, field, error);
  return TRUE;
}

static gboolean
read_graph_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfObjects *self = data;
  Reading reading = { .graph = self };

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  if (self->objects->len == ESP_LIMIT_PLACES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("the graph of objects has more than %d"), ESP_LIMIT_PLACES);
      return FALSE;
    }
  reading.object.first_edge = self->edges->len;
  if (!esp_wire_foreach (wire, field, read_object_field, &reading, error))
    return FALSE;
  g_array_append_val (self->objects, reading.object);
  return TRUE;
}

/* }}} */
/* {{{ what follows from them */

static gboolean
holds (const EspTfObjects *self, guint32 object, const char *name)
{
  return esp_tf_objects_find (self, object, name, strlen (name)) != ESP_TF_NO_OBJECT;
}

/* Optimizers of Keras 2 have slots. Those since hold lists of their state, each its own kinds. */
static gboolean
looks_like_optimizer (const EspTfObjects *self, guint32 i)
{
  const char *identifier = esp_tf_objects_get (self, i)->identifier;

  if (identifier != NULL &&
      (strcmp (identifier, "optimizer") == 0 || strcmp (identifier, "experimentalOptimizer") == 0))
    return TRUE;
  return (holds (self, i, "_iterations") && holds (self, i, "_learning_rate")) ||
         (holds (self, i, "iterations") && holds (self, i, "_learning_rate")) ||
         (holds (self, i, "iter") && holds (self, i, "learning_rate"));
}

static void
link_all (EspTfObjects *self)
{
  for (guint32 i = 0; i < self->objects->len; i++)
    {
      const EspTfObject *object = esp_tf_objects_get (self, i);

      for (guint32 k = object->first_edge; k < object->first_edge + object->n_edges; k++)
        {
          const EspTfEdge *edge = esp_tf_objects_get_edge (self, k);
          Link *link = g_new (Link, 1);

          *link = (Link) { i, edge->object, edge->name, strlen (edge->name) };
          g_hash_table_add (self->by_name, link);
        }
    }
  for (guint32 i = 0; i < self->objects->len; i++)
    if (looks_like_optimizer (self, i))
      g_array_index (self->objects, EspTfObject, i).is_optimizer = TRUE;
  for (guint i = 0; i < self->slots->len; i++)
    {
      guint32 slot = g_array_index (self->slots, guint32, i);

      if (slot < self->objects->len)
        g_array_index (self->objects, EspTfObject, slot).is_slot = TRUE;
    }
}

/* }}} */

static EspTfObjects *
read_graph (gboolean saved, EspWire *wire, GError **error)
{
  g_autoptr (EspTfObjects) self = g_new0 (EspTfObjects, 1);

  self->saved = saved;
  self->objects = g_array_new (FALSE, TRUE, sizeof (EspTfObject));
  self->edges = g_array_new (FALSE, FALSE, sizeof (EspTfEdge));
  self->slots = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->by_name = g_hash_table_new_full (link_hash, link_equal, g_free, NULL);
  self->texts = g_string_chunk_new (4096);
  if (!esp_wire_foreach (wire, NULL, read_graph_field, self, error))
    return NULL;
  link_all (self);
  return g_steal_pointer (&self);
}

EspTfObjects *
esp_tf_objects_new_tracked (EspWire *wire, GError **error)
{
  return read_graph (FALSE, wire, error);
}

EspTfObjects *
esp_tf_objects_new_saved (EspWire *wire, GError **error)
{
  return read_graph (TRUE, wire, error);
}

static gboolean
read_metadata_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  EspTfObjects *self = data;
  Fields node;

  if (field->kind != ESP_WIRE_BYTES || field->number != 1)
    return TRUE;
  if (!read_fields (self, wire, field, &node, error))
    return FALSE;
  if (node.numbers[2] < self->objects->len)
    {
      EspTfObject *object = &g_array_index (self->objects, EspTfObject, node.numbers[2]);

      object->identifier = node.texts[4];
      object->metadata = node.texts[5];
    }
  return TRUE;
}

gboolean
esp_tf_objects_add_metadata (EspTfObjects *self, EspWire *wire, GError **error)
{
  return esp_wire_foreach (wire, NULL, read_metadata_field, self, error);
}

const EspTfObject *
esp_tf_objects_get (const EspTfObjects *self, guint32 object)
{
  return object < self->objects->len ? &g_array_index (self->objects, EspTfObject, object) : NULL;
}

const EspTfEdge *
esp_tf_objects_get_edge (const EspTfObjects *self, guint32 edge)
{
  return &g_array_index (self->edges, EspTfEdge, edge);
}

guint32
esp_tf_objects_find (const EspTfObjects *self, guint32 object, const char *name, gsize length)
{
  const Link wanted = { object, 0, name, length };
  const Link *link = g_hash_table_lookup (self->by_name, &wanted);

  return link != NULL && link->to < self->objects->len ? link->to : ESP_TF_NO_OBJECT;
}
