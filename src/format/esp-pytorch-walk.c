/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the values of a pickle to the rows of a tree: one walk without recursion, along what the
 * survey says leads somewhere. A container that is shared is gone through at each of its places, a
 * module only at the first (the tree's builder repeats it). Attributes of modules come last: they
 * may hold tensors that aren't parameters, besides many that are. Hot: add_tensor(). */

#include "config.h"

#include "esp-pytorch-walk.h"

#include "esp-limits.h"
#include "esp-path.h"
#include "esp-pytorch-edges.h"
#include "esp-pytorch-modules.h"
#include "esp-pytorch-numpy.h"
#include "esp-pytorch-optimizer.h"
#include "esp-pytorch-roles.h"
#include "esp-pytorch-survey.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#define METADATA_MAX 2000   /* texts */
#define METADATA_BYTES 4096 /* of one of them */
#define METADATA_DEPTH 1    /* keys between the root and an entry that still is metadata */
#define WARNINGS_MAX 1000
#define SHOWN_BYTES 200 /* of a name in a warning */

enum
{
  PLACED = 1 << 0,  /* a tensor or module that has a row */
  VISITED = 1 << 1, /* a container that was gone through */
  WORTH = 1 << 2,   /* a container that is worth a look as an attribute, */
  BORING = 1 << 3,  /* or not; neither while nobody asked */
};

typedef struct
{
  const EspPickleValue *value;
  EspPytorchEdges edges;
  guint n_keys;
  EspPytorchContext context;
  guint8 *shadowed; /* owned, or NULL */
  gboolean is_module;
} Frame;

/* a module whose attributes are still to be looked at */
typedef struct
{
  const EspPickleValue *value;
  GStrv keys; /* owned */
} Pending;

typedef struct
{
  EspPytorchTensors *tensors;
  EspTreeBuilder *builder;
  EspTorchscriptCode *code; /* or NULL */
  GPtrArray *metadata;
  GPtrArray *warnings;
  GCancellable *cancellable;
  EspPytorchSurvey *survey;

  GArray *stack;       /* Frame */
  GPtrArray *keys;     /* of the path; owned texts */
  guint n_above;       /* keys of the root */
  guint8 *flags;       /* (containers) */
  GHashTable *modules; /* EspPickleValue -> EspModule */
  GHashTable *shared;  /* EspPickleValue of a tensor -> EspParameter */
  GArray *pending;     /* Pending */
  gboolean in_attributes;
  gboolean unfold;
  gboolean left_out;
} Walk;

static void
frame_clear (gpointer data)
{
  g_free (((Frame *) data)->shadowed);
}

static void
pending_clear (gpointer data)
{
  g_strfreev (((Pending *) data)->keys);
}

static void
warn (Walk *self, char *warning)
{
  if (self->warnings->len < WARNINGS_MAX)
    g_ptr_array_add (self->warnings, warning);
  else
    g_free (warning);
}

/* the path */

/* NULL-terminated until the next change; borrowed */
static const char *const *
get_keys (Walk *self)
{
  g_ptr_array_add (self->keys, NULL);
  g_ptr_array_set_size (self->keys, (int) self->keys->len - 1);
  return (const char *const *) self->keys->pdata;
}

static void
push_key (Walk *self, const EspPytorchEdge *edge)
{
  char *key;

  if (edge->key == NULL)
    key = g_strdup_printf ("%u", edge->number);
  else if (esp_pytorch_value_is_tensor (edge->key)) /* an optimizer's state is by parameter */
    key = g_strdup_printf ("%u", edge->position / 2);
  else
    key = esp_pickle_value_to_name (edge->key, ESP_LIMIT_NAME_BYTES);
  g_ptr_array_add (self->keys, key);
}

static const char *
get_last_key (Walk *self)
{
  return self->keys->len > 0 ? self->keys->pdata[self->keys->len - 1] : "";
}

/* for messages: legible, and not a page long */
static char *
show_path (Walk *self)
{
  g_autofree char *path = esp_path_join (get_keys (self), ".");
  g_autofree char *shown = esp_path_escape (path);
  gsize end = SHOWN_BYTES;

  if (strlen (shown) <= SHOWN_BYTES)
    return g_steal_pointer (&shown);
  while (end > 0 && ((guint8) shown[end] & 0xc0) == 0x80)
    end--;
  shown[end] = '\0';
  return g_strconcat (shown, "…", NULL);
}

/* rows */

static void
describe_tensor (Walk *self, const EspPytorchTensor *tensor)
{
  const GError *error = esp_tensor_get_error (tensor->tensor);

  if (error != NULL)
    {
      g_autofree char *path = show_path (self);

      warn (self, g_strdup_printf (_ ("“%s” can’t be read: %s"), path, error->message));
    }
  else if (tensor->layout != NULL && self->metadata->len < 2 * METADATA_MAX)
    {
      g_ptr_array_add (self->metadata, esp_path_join (get_keys (self), "."));
      g_ptr_array_add (self->metadata,
                       g_strdup_printf ("%s, nnz=%" PRIu64, tensor->layout, tensor->n_stored));
    }
}

static gboolean
add_tensor (Walk *self,
            const EspPickleValue *value,
            const EspPytorchEdge *edge,
            EspPytorchContext context,
            GError **error)
{
  const EspPytorchTensor *tensor = esp_pytorch_tensors_get (self->tensors, value);
  EspParameter *parameter = g_hash_table_lookup (self->shared, value);
  EspRequiresGrad requires_grad = esp_pytorch_get_requires_grad (edge, tensor);
  EspRole role;

  if (parameter != NULL)
    return esp_tree_builder_add_shared_parameter (self->builder, get_keys (self), parameter, error);
  self->flags[value->index] |= PLACED;
  role = esp_pytorch_get_role (edge, context, tensor, get_last_key (self));
  describe_tensor (self, tensor);
  if (self->in_attributes || !esp_pytorch_survey_is_shared (self->survey, value))
    return esp_tree_builder_put_tensor (self->builder, get_keys (self), NULL, role, requires_grad,
                                        tensor->tensor, error);
  parameter = esp_tree_builder_add_tensor (self->builder, get_keys (self), NULL, role,
                                           requires_grad, tensor->tensor, error);
  if (parameter == NULL)
    return FALSE;
  g_hash_table_insert (self->shared, (gpointer) value, parameter);
  return TRUE;
}

static void
push_frame (Walk *self, const EspPickleValue *value, EspPytorchContext context, gboolean is_module)
{
  Frame frame = { .value = value,
                  .n_keys = self->keys->len,
                  .context = context,
                  .shadowed = esp_pytorch_find_shadowed (value),
                  .is_module = is_module };

  esp_pytorch_edges_init (&frame.edges, value);
  self->flags[value->index] |= VISITED;
  g_array_append_val (self->stack, frame);
}

/* whether an attribute can lead to a tensor; most are numbers, and hooks that are empty */
static gboolean
is_worth_a_look (Walk *self, const EspPickleValue *value)
{
  EspPytorchEdges edges;
  EspPytorchEdge edge;
  guint8 *flags;

  if (!esp_pickle_value_is_container (value))
    return FALSE;
  flags = &self->flags[value->index];
  if ((*flags & (WORTH | BORING)) == 0)
    {
      guint8 found = BORING;

      esp_pytorch_edges_init (&edges, value);
      while (found == BORING && esp_pytorch_edges_next (&edges, &edge))
        if (esp_pickle_value_is_container (edge.value))
          found = WORTH;
      if (esp_pytorch_value_is_tensor (value) || esp_pytorch_get_module (value) != NULL)
        found = WORTH;
      *flags |= found;
    }
  return (*flags & WORTH) != 0;
}

static void
remember_attributes (Walk *self, const EspPickleValue *module)
{
  EspPytorchEdges edges;
  EspPytorchEdge edge;

  esp_pytorch_edges_init_attributes (&edges, module);
  while (esp_pytorch_edges_next (&edges, &edge))
    if (is_worth_a_look (self, edge.value))
      {
        Pending pending = { module, g_strdupv ((GStrv) get_keys (self)) };

        g_array_append_val (self->pending, pending);
        return;
      }
}

static gboolean
add_module (Walk *self, const EspPickleValue *value, EspPytorchContext context, GError **error)
{
  EspModule *module = g_hash_table_lookup (self->modules, value);

  if (module != NULL)
    return esp_tree_builder_add_shared_module (self->builder, get_keys (self), module, error);
  module = esp_tree_builder_add_module (self->builder, get_keys (self),
                                        esp_pytorch_get_class (value), error);
  if (module == NULL)
    return FALSE;
  g_hash_table_insert (self->modules, (gpointer) value, module);
  esp_pytorch_add_attributes (self->builder, module, value);
  remember_attributes (self, value);
  push_frame (self, value, context, TRUE);
  return TRUE;
}

static gboolean
add_container (Walk *self, const EspPickleValue *value, EspPytorchContext context, GError **error)
{
  if (!self->in_attributes &&
      !esp_pytorch_add_state_dict_modules (self->builder, self->keys, value, error))
    return FALSE;
  if (esp_pytorch_is_optimizer (value))
    esp_pytorch_add_state_order (self->builder, get_keys (self), value);
  push_frame (self, value, context, FALSE);
  return TRUE;
}

/* what stands beside the tensors, near the root */
static void
add_metadata (Walk *self, const EspPickleValue *value)
{
  char *text;

  if (self->metadata->len >= 2 * METADATA_MAX)
    return;
  text = esp_pytorch_numpy_scalar_to_text (value);
  if (text == NULL && value->kind == ESP_PICKLE_STRING)
    text = esp_pickle_value_to_name (value, METADATA_BYTES);
  if (text == NULL)
    text = esp_pickle_value_to_text (value, METADATA_BYTES);
  g_ptr_array_add (self->metadata, esp_path_join (get_keys (self), "."));
  g_ptr_array_add (self->metadata, text);
}

/* whether the walk goes from the top frame to @value */
static gboolean
leads (Walk *self, const Frame *frame, const EspPickleValue *value)
{
  if (!esp_pickle_value_is_container (value))
    return FALSE;
  if (self->in_attributes)
    return self->stack->len < ESP_LIMIT_MODULE_DEPTH;
  return esp_pytorch_value_is_tensor (value) ||
         esp_pytorch_survey_leads (self->survey, frame->value, value);
}

static gboolean
add_value (Walk *self,
           const EspPickleValue *value,
           const EspPytorchEdge *edge,
           EspPytorchContext context,
           GError **error)
{
  if (esp_pytorch_value_is_tensor (value))
    {
      if (self->in_attributes && (self->flags[value->index] & PLACED) != 0)
        return TRUE;
      return add_tensor (self, value, edge, context, error);
    }
  if ((self->flags[value->index] & VISITED) != 0 && (self->in_attributes || !self->unfold))
    {
      self->left_out = self->left_out || !self->in_attributes;
      return TRUE;
    }
  if (esp_pytorch_get_module (value) != NULL)
    return add_module (self, value, context, error);
  return add_container (self, value, context, error);
}

static EspPytorchEdgeKind
get_field_kind (Walk *self, const EspPickleValue *module, const EspPickleValue *key)
{
  const char *class = module->record->callee->name->full;
  g_autofree char *name = esp_pickle_value_to_name (key, ESP_LIMIT_NAME_BYTES);

  return self->code != NULL ? esp_torchscript_code_get_kind (self->code, class, name)
                            : ESP_EDGE_ITEM;
}

static gboolean
step (Walk *self, GError **error)
{
  Frame *frame = &g_array_index (self->stack, Frame, self->stack->len - 1);
  EspPytorchContext context;
  EspPytorchEdge edge;
  gboolean is_module = frame->is_module;

  g_ptr_array_set_size (self->keys, (int) frame->n_keys);
  if (!esp_pytorch_edges_next (&frame->edges, &edge))
    {
      g_array_set_size (self->stack, self->stack->len - 1);
      return TRUE;
    }
  if (frame->shadowed != NULL && edge.kind == ESP_EDGE_ITEM && frame->shadowed[edge.position])
    return TRUE;
  if (edge.kind == ESP_EDGE_FIELD)
    edge.kind = get_field_kind (self, frame->value, edge.key);
  context = esp_pytorch_context_below (frame->context, &edge);
  if (self->in_attributes && edge.kind == ESP_EDGE_ITEM)
    edge.kind = ESP_EDGE_ATTRIBUTE;
  if (leads (self, frame, edge.value))
    {
      push_key (self, &edge);
      return add_value (self, edge.value, &edge, context, error);
    }
  if (!is_module && !self->in_attributes && frame->n_keys <= self->n_above + METADATA_DEPTH)
    {
      push_key (self, &edge);
      add_metadata (self, edge.value);
    }
  return TRUE;
}

static gboolean
run (Walk *self, GError **error)
{
  for (guint64 i = 0; self->stack->len > 0; i++)
    {
      if (i % 1024 == 0 && g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (!step (self, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
walk_root (Walk *self, const EspPickleValue *root, GError **error)
{
  EspPytorchEdge edge = { .kind = ESP_EDGE_ITEM, .value = root };

  if (!esp_pickle_value_is_container (root))
    {
      add_metadata (self, root);
      return TRUE;
    }
  return add_value (self, root, &edge, esp_pytorch_context_below (ESP_CONTEXT_MODEL, &edge),
                    error) &&
         run (self, error);
}

static gboolean
walk_attributes (Walk *self, const EspPickleValue *module, const char *const *keys, GError **error)
{
  EspPytorchEdges edges;
  EspPytorchEdge edge;

  esp_pytorch_edges_init_attributes (&edges, module);
  while (esp_pytorch_edges_next (&edges, &edge))
    {
      if (!is_worth_a_look (self, edge.value))
        continue;
      g_ptr_array_set_size (self->keys, 0);
      for (guint i = 0; keys[i] != NULL; i++)
        g_ptr_array_add (self->keys, g_strdup (keys[i]));
      push_key (self, &edge);
      if (!add_value (self, edge.value, &edge, ESP_CONTEXT_MODEL, error) || !run (self, error))
        return FALSE;
    }
  return TRUE;
}

/* modules found on the way bring further attributes */
static gboolean
walk_pending (Walk *self, GError **error)
{
  self->in_attributes = TRUE;
  for (guint i = 0; i < self->pending->len; i++)
    {
      /* the array may move */
      const EspPickleValue *module = g_array_index (self->pending, Pending, i).value;
      g_auto (GStrv) keys = g_steal_pointer (&g_array_index (self->pending, Pending, i).keys);

      if (!walk_attributes (self, module, (const char *const *) keys, error))
        return FALSE;
    }
  return TRUE;
}

static void
warn_of_limits (Walk *self)
{
  if (esp_pytorch_survey_has_cycle (self->survey))
    warn (self, g_strdup (_ ("Something in the file contains itself; it is shown once")));
  if (esp_pytorch_survey_is_too_deep (self->survey))
    warn (self, g_strdup_printf (_ ("What is nested deeper than %d levels is left out"),
                                 ESP_LIMIT_MODULE_DEPTH));
  if (self->left_out)
    warn (self, g_strdup (_ ("The same parts occur at too many places; each is shown once")));
  if (self->metadata->len >= 2 * METADATA_MAX)
    warn (self, g_strdup_printf (_ ("Only the first %d values beside the tensors are listed"),
                                 METADATA_MAX));
}

static void
walk_clear (Walk *self)
{
  g_clear_pointer (&self->survey, esp_pytorch_survey_free);
  g_array_unref (self->stack);
  g_ptr_array_unref (self->keys);
  g_array_unref (self->pending);
  g_hash_table_unref (self->modules);
  g_hash_table_unref (self->shared);
  g_free (self->flags);
}

gboolean
esp_pytorch_walk (EspPickle *pickle,
                  const char *const *above,
                  EspPytorchTensors *tensors,
                  EspTreeBuilder *builder,
                  EspTorchscriptCode *code,
                  GPtrArray *metadata,
                  GPtrArray *warnings,
                  GCancellable *cancellable,
                  GError **error)
{
  Walk self = { .tensors = tensors,
                .builder = builder,
                .code = code,
                .metadata = metadata,
                .warnings = warnings,
                .cancellable = cancellable };
  gboolean good;

  self.survey = esp_pytorch_survey_new (pickle, cancellable, error);
  if (self.survey == NULL)
    return FALSE;
  self.unfold = esp_pytorch_survey_can_unfold (self.survey);
  self.stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  g_array_set_clear_func (self.stack, frame_clear);
  self.keys = g_ptr_array_new_with_free_func (g_free);
  for (; above[self.n_above] != NULL; self.n_above++)
    g_ptr_array_add (self.keys, g_strdup (above[self.n_above]));
  self.pending = g_array_new (FALSE, FALSE, sizeof (Pending));
  g_array_set_clear_func (self.pending, pending_clear);
  self.modules = g_hash_table_new (NULL, NULL);
  self.shared = g_hash_table_new (NULL, NULL);
  self.flags = g_new0 (guint8, MAX (esp_pickle_get_n_containers (pickle), 1));
  good = walk_root (&self, esp_pickle_get_root (pickle), error) && walk_pending (&self, error);
  if (good)
    warn_of_limits (&self);
  walk_clear (&self);
  return good;
}
