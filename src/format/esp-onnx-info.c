/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a model says of itself besides its tensors: who made it, for which version of which
 * operators, what goes in and comes out. Each becomes a line of metadata. */

#include "config.h"

#include "esp-onnx-info.h"

#include "esp-limits.h"
#include "esp-onnx-tensor.h"
#include "esp-path.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define VALUES_SHOWN 100 /* inputs, and outputs */
#define LINES 10000      /* of metadata */
#define TEXT_BUDGET (64 * 1024 * 1024)

typedef struct
{
  EspCheckpoint *checkpoint; /* borrowed */
  char *producer, *version;
  GString *inputs, *outputs;
  guint n_inputs, n_outputs;
  guint n_lines;
  guint n_functions;
  gsize budget; /* of texts */
  gboolean cut;
} Info;

/* a text that is cut where it is too long to be kept */
static char *
dup_text (Info *self, EspWire *wire, EspWireField field, GError **error)
{
  gsize limit = MIN (ESP_LIMIT_METADATA_BYTES, self->budget);
  gsize length;
  g_autofree char *bytes = NULL;

  if (field.length > limit)
    {
      field.length = limit;
      self->cut = TRUE;
    }
  bytes = esp_wire_dup_bytes (wire, &field, limit, &length, error);
  self->budget -= (gsize) field.length;
  return bytes != NULL ? esp_path_from_text (bytes, length) : NULL;
}

static void
add_line (Info *self, const char *key, const char *value)
{
  g_autofree char *shown_key = _esp_onnx_dup_shown (key, ESP_LIMIT_NAME_BYTES);
  g_autofree char *shown = _esp_onnx_dup_shown (value, ESP_LIMIT_METADATA_BYTES);

  if (self->n_lines++ < LINES)
    esp_checkpoint_add_metadata (self->checkpoint, shown_key, shown);
  else
    self->cut = TRUE;
}

static void
add_number (Info *self, const char *key, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" PRId64, (gint64) value);

  add_line (self, key, text);
}

/* {{{ inputs and outputs */

typedef struct
{
  char *name;
  gint32 type;
  GString *shape; /* "1, batch" */
  gboolean has_shape;
  guint n_dims;
} Value;

static gboolean
read_dim (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Value *self = data;
  g_autofree char *name = NULL;

  if (field->number == 1 && field->kind == ESP_WIRE_VARINT)
    g_string_append_printf (self->shape, "%" PRId64, (gint64) field->value);
  if (field->number != 2 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  name = esp_wire_dup_name (wire, field, error);
  if (name != NULL)
    g_string_append_printf (self->shape, "%.100s", name);
  return name != NULL;
}

static gboolean
read_shape (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Value *self = data;
  gsize before;

  if (field->number != 1 || field->kind != ESP_WIRE_BYTES || self->n_dims++ >= ESP_LIMIT_DIMS)
    return TRUE;
  if (self->n_dims > 1)
    g_string_append (self->shape, ", ");
  before = self->shape->len;
  if (!esp_wire_foreach (wire, field, read_dim, self, error))
    return FALSE;
  if (self->shape->len == before)
    g_string_append_c (self->shape, '?');
  return TRUE;
}

static gboolean
read_tensor_type (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Value *self = data;

  if (field->number == 1 && field->kind == ESP_WIRE_VARINT)
    self->type = esp_wire_to_i32 (field->value);
  if (field->number != 2 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  self->has_shape = TRUE;
  return esp_wire_foreach (wire, field, read_shape, self, error);
}

static gboolean
read_type (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  if (field->number != 1 || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  return esp_wire_foreach (wire, field, read_tensor_type, data, error);
}

static gboolean
read_value (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Value *self = data;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 2)
    return esp_wire_foreach (wire, field, read_type, self, error);
  if (field->number != 1)
    return TRUE;
  g_free (self->name);
  self->name = esp_wire_dup_name (wire, field, error);
  return self->name != NULL;
}

/* "x FLOAT [1, 4]" */
static gboolean
add_value (GString *list, guint *n, EspWire *wire, const EspWireField *field, GError **error)
{
  Value value = { .shape = g_string_new (NULL) };
  gboolean read;
  const char *type;

  if ((*n)++ >= VALUES_SHOWN)
    {
      g_string_free (value.shape, TRUE);
      return TRUE;
    }
  read = esp_wire_foreach (wire, field, read_value, &value, error);
  type = _esp_onnx_type_get_name (value.type);
  g_string_append_printf (list, "%s%s", list->len > 0 ? "; " : "",
                          value.name != NULL ? value.name : "");
  if (type != NULL)
    g_string_append_printf (list, " %s", type);
  if (value.has_shape)
    g_string_append_printf (list, " [%s]", value.shape->str);
  g_free (value.name);
  g_string_free (value.shape, TRUE);
  return read;
}

static gboolean
read_graph_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Info *self = data;
  g_autofree char *text = NULL;

  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  if (field->number == 11)
    return add_value (self->inputs, &self->n_inputs, wire, field, error);
  if (field->number == 12)
    return add_value (self->outputs, &self->n_outputs, wire, field, error);
  if (field->number != 2 && field->number != 10)
    return TRUE;
  text = dup_text (self, wire, *field, error);
  if (text != NULL && *text != '\0')
    add_line (self, field->number == 2 ? "graph" : "graph.doc_string", text);
  return text != NULL;
}

/* }}} */
/* {{{ the model */

typedef struct
{
  Info *info;
  char *key, *value;
  guint64 number;
} Pair;

/* StringStringEntryProto, and OperatorSetIdProto whose second field is a number */
static gboolean
read_pair_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Pair *self = data;
  char **text = field->number == 1 ? &self->key : field->number == 2 ? &self->value : NULL;

  if (field->number == 2 && field->kind == ESP_WIRE_VARINT)
    self->number = field->value;
  if (text == NULL || field->kind != ESP_WIRE_BYTES)
    return TRUE;
  g_free (*text);
  *text = dup_text (self->info, wire, *field, error);
  return *text != NULL;
}

static gboolean
read_pair (Info *self, EspWire *wire, const EspWireField *field, GError **error)
{
  Pair pair = { .info = self };
  gboolean read = esp_wire_foreach (wire, field, read_pair_field, &pair, error);

  if (read && field->number == 8)
    {
      g_autofree char *key = g_strdup_printf (
          "opset.%s", pair.key != NULL && *pair.key != '\0' ? pair.key : "ai.onnx");

      add_number (self, key, pair.number);
    }
  else if (read && pair.key != NULL)
    add_line (self, pair.key, pair.value != NULL ? pair.value : "");
  g_free (pair.key);
  g_free (pair.value);
  return read;
}

static gboolean
read_model_text (Info *self, EspWire *wire, const EspWireField *field, GError **error)
{
  static const char *const keys[] = { [4] = "domain", [6] = "doc_string" };
  g_autofree char *text = dup_text (self, wire, *field, error);
  char **slot = field->number == 2 ? &self->producer : field->number == 3 ? &self->version : NULL;

  if (text == NULL)
    return FALSE;
  if (slot != NULL)
    {
      g_free (*slot);
      *slot = g_steal_pointer (&text);
    }
  else if (*text != '\0')
    add_line (self, keys[field->number], text);
  return TRUE;
}

static gboolean
read_model_field (gpointer data, EspWire *wire, const EspWireField *field, GError **error)
{
  Info *self = data;

  if (field->kind == ESP_WIRE_VARINT && field->number == 1)
    add_number (self, "ir_version", field->value);
  if (field->kind == ESP_WIRE_VARINT && field->number == 5)
    add_number (self, "model_version", field->value);
  if (field->kind != ESP_WIRE_BYTES)
    return TRUE;
  switch (field->number)
    {
    case 2:
    case 3:
    case 4:
    case 6:
      return read_model_text (self, wire, field, error);
    case 7:
      return esp_wire_foreach (wire, field, read_graph_field, self, error);
    case 8:
    case 14:
      return read_pair (self, wire, field, error);
    case 25:
      self->n_functions++;
      return TRUE;
    default:
      return TRUE;
    }
}

static void
finish (Info *self)
{
  g_autofree char *producer = g_strdup_printf ("%s %s",
                                               self->producer != NULL ? self->producer : "",
                                               self->version != NULL ? self->version : "");
  g_autofree char *shown = _esp_onnx_dup_shown (g_strstrip (producer), ESP_LIMIT_NAME_BYTES);

  esp_checkpoint_set_producer (self->checkpoint, shown);
  if (self->inputs->len > 0)
    add_line (self, "inputs", self->inputs->str);
  if (self->outputs->len > 0)
    add_line (self, "outputs", self->outputs->str);
  if (self->n_functions > 0)
    add_number (self, "functions", self->n_functions);
  if (self->cut || self->n_inputs > VALUES_SHOWN || self->n_outputs > VALUES_SHOWN)
    esp_checkpoint_add_warning (self->checkpoint, "%s", _ ("the metadata are long and were cut"));
}

gboolean
_esp_onnx_info_read (EspWire *wire, EspCheckpoint *checkpoint, GError **error)
{
  Info info = { .checkpoint = checkpoint,
                .inputs = g_string_new (NULL),
                .outputs = g_string_new (NULL),
                .budget = TEXT_BUDGET };
  gboolean read = esp_wire_foreach (wire, NULL, read_model_field, &info, error);

  if (read)
    finish (&info);
  g_free (info.producer);
  g_free (info.version);
  g_string_free (info.inputs, TRUE);
  g_string_free (info.outputs, TRUE);
  return read;
}

/* }}} */
