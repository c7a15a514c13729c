/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Examples written out in the specification, as nested lists: for XOR and its like, and for tests
 * against other programs. */

#include "config.h"
#include "esp-dataset-values.h"

#include <glib/gi18n.h>

/* sizes of the nested lists, by the first element of each; the first size is the number of examples
 */
static gboolean
measure (JsonNode *node, guint64 *n, EspShape *shape)
{
  gint64 sizes[ESP_SHAPE_MAX_DIMS + 1];
  guint ndim = 0;
  while (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      if (ndim > ESP_SHAPE_MAX_DIMS || json_array_get_length (array) == 0)
        return FALSE;
      sizes[ndim++] = json_array_get_length (array);
      node = json_array_get_element (array, 0);
    }
  if (ndim < 2)
    return FALSE;
  *n = (guint64) sizes[0];
  *shape = (EspShape) { .ndim = ndim - 1 };
  for (guint i = 1; i < ndim; i++)
    shape->sizes[i - 1] = sizes[i];
  return TRUE;
}

/* exactly as many at each level as the first had */
static gboolean
read_level (JsonNode *node, const gint64 *sizes, guint ndim, EspReal **values)
{
  if (ndim == 0)
    {
      GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
      if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return FALSE;
      *(*values)++ = (EspReal) json_node_get_double (node);
      return TRUE;
    }
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) != (guint64) sizes[0])
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!read_level (json_array_get_element (array, i), sizes + 1, ndim - 1, values))
      return FALSE;
  return TRUE;
}

static gboolean
read_all (JsonNode *node, guint64 n, const EspShape *shape, EspReal *values)
{
  gint64 sizes[ESP_SHAPE_MAX_DIMS + 1] = { (gint64) n };
  for (guint i = 0; i < shape->ndim; i++)
    sizes[i + 1] = shape->sizes[i];
  return read_level (node, sizes, shape->ndim + 1, &values);
}

static gboolean
read_labels (EspDataset *self, JsonNode *node)
{
  JsonArray *array = json_node_get_array (node);
  for (guint i = 0; i < self->n; i++)
    {
      JsonNode *item = json_array_get_element (array, i);
      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_INT64 ||
          json_node_get_int (item) < 0 || json_node_get_int (item) >= self->n_classes)
        return FALSE;
      self->labels[i] = (gint32) json_node_get_int (item);
    }
  return TRUE;
}

static gboolean
set_wrong (EspSpec *spec, const char *key, GError **error)
{
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                      _ ("“%s” must be a list with one entry per example, all of the same shape"),
                      key);
  return FALSE;
}

gboolean
esp_dataset_make_values (EspDataset *self, EspSpec *spec, EspRandom *random, GError **error)
{
  guint64 n_targets = 0, classes = 2;
  JsonNode *inputs = esp_spec_read_node (spec, "inputs");
  JsonNode *labels = esp_spec_read_node (spec, "labels");
  JsonNode *targets = labels == NULL ? esp_spec_read_node (spec, "targets") : NULL;
  if (inputs == NULL || !measure (inputs, &self->n, &self->input))
    return set_wrong (spec, "inputs", error);
  if (labels != NULL)
    {
      if (!esp_spec_read_size (spec, "classes", 2, 1000000, &classes, error))
        return FALSE;
      self->n_classes = (gint32) classes;
      if (!JSON_NODE_HOLDS_ARRAY (labels) ||
          json_array_get_length (json_node_get_array (labels)) != self->n)
        return set_wrong (spec, "labels", error);
    }
  else if (targets == NULL || !measure (targets, &n_targets, &self->target) || n_targets != self->n)
    return set_wrong (spec, "targets", error);
  if (!esp_dataset_allocate (self, spec, error))
    return FALSE;
  if (!read_all (inputs, self->n, &self->input, self->inputs))
    return set_wrong (spec, "inputs", error);
  if (targets != NULL && !read_all (targets, self->n, &self->target, self->targets))
    return set_wrong (spec, "targets", error);
  if (labels == NULL || read_labels (self, labels))
    return TRUE;
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                      _ ("“labels” must be whole numbers from 0 to %d"), self->n_classes - 1);
  return FALSE;
}
