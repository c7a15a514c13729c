/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A checkpoint's forward pass, data and a loss -> a specification -> a network that begins with the
 * checkpoint's values. Where examples lie in memory as the network takes them but in another shape,
 * a layer in front reshapes them. The specification is what Save network would write, so nothing of
 * it is hidden. */

#include "config.h"

#include "esp-architecture-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "esp-dataset.h"
#include "esp-error.h"
#include "esp-loader.h"

static const char *const built_in[] = {
  "digits", "iris",  "spirals",     "moons",  "circle", "xor",
  "gauss",  "plane", "multi-gauss", "parity", "sine",   NULL
};

/* what becomes a network */
typedef struct
{
  EspArchitecture *architecture;
  const EspTrainingChoice *choice;
  EspDatasetAccess access;
  JsonObject *data;     /* owned */
  EspDataset *examples; /* owned */
  EspArchitectureValue out;
  JsonArray *front;       /* layers that reshape the examples; owned */
  const char *front_path; /* of the last of them; NULL without */
  const char *loss;
} Work;

static void
work_clear (Work *work)
{
  g_clear_pointer (&work->data, json_object_unref);
  g_clear_pointer (&work->examples, esp_dataset_unref);
  g_clear_pointer (&work->front, json_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

/* --- data --- */

static JsonArray *
write_shape (const EspShape *shape)
{
  JsonArray *array = json_array_sized_new (shape->ndim);

  for (guint i = 0; i < shape->ndim; i++)
    json_array_add_int_element (array, shape->sizes[i]);
  return array;
}

/* the shape that the network takes: of its only input, or of all one behind the other */
static EspShape
get_wanted (EspArchitecture *self)
{
  EspShape all = { .ndim = 1 };

  if (self->inputs->len == 1)
    return g_array_index (self->inputs, EspArchitectureInput, 0).shape;
  for (guint i = 0; i < self->inputs->len; i++)
    all.sizes[0] +=
        (gint64) esp_shape_get_count (&g_array_index (self->inputs, EspArchitectureInput, i).shape);
  return all;
}

static gboolean
is_complete (const EspShape *shape)
{
  return shape->ndim > 0 && esp_shape_is_valid (shape);
}

/* a size below 1 is any */
static gboolean
shape_fits (const EspShape *wanted, const EspShape *found)
{
  if (wanted->ndim != found->ndim)
    return FALSE;
  for (guint i = 0; i < wanted->ndim; i++)
    if (wanted->sizes[i] > 0 && wanted->sizes[i] != found->sizes[i])
      return FALSE;
  return TRUE;
}

static gboolean
has_embedding (EspArchitecture *self)
{
  for (guint i = 0; i < self->modules->len; i++)
    {
      const EspArchitectureModule *module = self->modules->pdata[i];

      if (strcmp (json_object_get_string_member (module->settings, "class"), "Embedding") == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
describe_data (Work *work, GError **error)
{
  const char *name = work->choice->data;
  EspShape wanted = get_wanted (work->architecture);

  work->data = json_object_new ();
  if (name == NULL)
    {
      if (has_embedding (work->architecture))
        {
          esp_architecture_set_error (error, _ ("The network takes whole numbers; choose data to "
                                                "train with"));
          return FALSE;
        }
      if (!is_complete (&wanted) || !is_complete (&work->out.shape))
        {
          esp_architecture_set_error (error, _ ("The file doesn’t say which shape its inputs and "
                                                "outputs have; choose data to train with"));
          return FALSE;
        }
      json_object_set_string_member (work->data, "name", "random");
      json_object_set_array_member (work->data, "inputs", write_shape (&wanted));
      json_object_set_array_member (work->data, "targets", write_shape (&work->out.shape));
      return TRUE;
    }
  if (g_strv_contains (built_in, name))
    {
      json_object_set_string_member (work->data, "name", name);
      if (strcmp (name, "digits") == 0 && wanted.ndim > 1)
        json_object_set_boolean_member (work->data, "images", TRUE);
      return TRUE;
    }
  work->access.chosen = name;
  json_object_set_string_member (work->data, "name", "file");
  json_object_set_string_member (work->data, "path", name);
  return TRUE;
}

static gboolean
read_data (Work *work, GError **error)
{
  g_autoptr (JsonNode) node = NULL;

  if (!describe_data (work, error))
    return FALSE;
  work->access.read_array = esp_loader_read_array;
  work->examples = esp_dataset_new (work->data, work->choice->seed, &work->access, error);
  return work->examples != NULL;
}

/* --- examples into the network's shape --- */

static JsonObject *
add_front (Work *work, const char *path, const char *class_name)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "class", class_name);
  json_object_set_string_member (object, "name", path);
  json_array_add_object_element (work->front, object);
  work->front_path = path;
  return object;
}

static void
add_reshape (Work *work, const EspShape *from, const EspShape *to)
{
  if (from->ndim > 1)
    add_front (work, "flatten_examples", "Flatten");
  if (to->ndim > 1)
    {
      JsonObject *object = add_front (work, "shape_examples", "Unflatten");

      json_object_set_array_member (object, "unflattened_size", write_shape (to));
    }
}

static void
set_data_error (const EspShape *wanted, const Work *work, GError **error)
{
  g_autofree char *want = esp_shape_to_string (wanted);
  g_autofree char *found = esp_shape_to_string (&work->examples->input);

  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
               /* Translators: a shape, a data set or file, a shape; -1 in a shape is any size */
               _ ("The network takes examples of shape %s, but those of “%s” have shape %s"), want,
               work->choice->data != NULL ? work->choice->data : "random", found);
}

/* (C, H, W) where (H, W, C) is wanted, or the other way round */
static gboolean
is_moved (const EspShape *wanted, const EspShape *found, gboolean to_front)
{
  EspShape moved = *found;

  if (found->ndim != 3)
    return FALSE;
  for (guint i = 0; i < 3; i++)
    moved.sizes[i] = found->sizes[(i + (to_front ? 2 : 1)) % 3];
  return shape_fits (wanted, &moved);
}

/* sets the shape of the only input to what it will be, and adds layers in front */
static gboolean
fit_examples (Work *work, GError **error)
{
  EspArchitecture *self = work->architecture;
  EspArchitectureInput *input = &g_array_index (self->inputs, EspArchitectureInput, 0);
  const EspShape *found = &work->examples->input;
  EspShape wanted = get_wanted (self);
  gboolean keras = g_str_has_prefix (esp_checkpoint_get_format (self->checkpoint), "keras");

  self->data_first = FALSE;
  if (wanted.ndim == 0 || shape_fits (&wanted, found))
    {
      if (self->inputs->len == 1)
        input->shape = *found;
      return TRUE;
    }
  if (is_moved (&wanted, found, !keras) && self->inputs->len == 1)
    {
      for (guint i = 0; i < 3; i++)
        wanted.sizes[i] = found->sizes[(i + (keras ? 1 : 2)) % 3];
      input->shape = wanted;
      self->data_first = keras;
      if (!keras)
        {
          static const gint64 dims[] = { 0, 3, 1, 2 };
          JsonObject *object = add_front (work, "channels_first", "Permute");

          esp_architecture_set_sizes (object, "dims", dims, 4);
        }
      return TRUE;
    }
  /* an image without its one channel */
  if (self->inputs->len == 1 && wanted.ndim == 3 && found->ndim == 2)
    {
      EspShape one = { 3, { 1, found->sizes[0], found->sizes[1] } };

      if (keras)
        one = (EspShape) { 3, { found->sizes[0], found->sizes[1], 1 } };
      wanted = shape_fits (&wanted, &one) ? one : wanted;
    }
  if (!is_complete (&wanted) || esp_shape_get_count (&wanted) != esp_shape_get_count (found))
    {
      set_data_error (&wanted, work, error);
      return FALSE;
    }
  if (self->inputs->len == 1)
    {
      input->shape = wanted;
      add_reshape (work, found, &wanted);
    }
  return TRUE;
}

/* --- the specification --- */

/* the loss that fits, and what stands at the end only to make probabilities */
static void
choose_loss (Work *work)
{
  static const struct
  {
    const char *last, *loss;
  } ends[] = { { "Softmax", "CrossEntropyLoss" }, { "Sigmoid", "BCEWithLogitsLoss" } };
  EspArchitecture *self = work->architecture;
  EspArchitectureModule *last = self->modules->pdata[self->modules->len - 1];
  const char *class_name = json_object_get_string_member_with_default (last->settings, "class", "");
  guint64 count = is_complete (&work->out.shape) ? esp_shape_get_count (&work->out.shape) : 0;

  work->loss = work->choice->loss;
  if (work->loss == NULL && work->examples->n_classes == 0)
    work->loss = "MSELoss";
  else if (work->loss == NULL && strcmp (class_name, "LogSoftmax") == 0)
    work->loss = "NLLLoss";
  else if (work->loss == NULL && count == 1)
    work->loss = "BCEWithLogitsLoss";
  else if (work->loss == NULL && count > 1 && count != (guint64) work->examples->n_classes &&
           count == esp_shape_get_count (&work->examples->input))
    {
      work->loss = "MSELoss";
      json_object_set_boolean_member (work->data, "autoencode", TRUE);
    }
  else if (work->loss == NULL)
    work->loss = "CrossEntropyLoss";
  for (guint i = 0; i < G_N_ELEMENTS (ends) && self->modules->len > 1 && !last->used; i++)
    if (strcmp (class_name, ends[i].last) == 0 && strcmp (work->loss, ends[i].loss) == 0 &&
        last->inputs == NULL)
      {
        /* Translators: two classes, "Softmax" and "CrossEntropyLoss" */
        esp_architecture_add_note (self, _ ("The %s at the end is part of %s, so it was left out"),
                                   ends[i].last, ends[i].loss);
        g_hash_table_remove (self->paths, last->path);
        g_ptr_array_set_size (self->modules, (int) self->modules->len - 1);
        return;
      }
}

static JsonObject *
write_module (Work *work, const EspArchitectureModule *module, const char *name)
{
  JsonObject *object;

  if (module->use != NULL)
    {
      object = json_object_new ();
      json_object_set_string_member (object, "use", module->use);
    }
  else
    {
      object = json_object_ref (module->settings);
      if (module->used)
        json_object_set_string_member (object, "id", module->path);
      if (module->tie != NULL)
        json_object_set_object_member (object, "tie", json_object_ref (module->tie));
    }
  json_object_set_string_member (object, "name", name);
  if (module->inputs != NULL)
    {
      JsonArray *array = json_array_new ();

      for (char **input = module->inputs; *input != NULL; input++)
        {
          gboolean front = work->front_path != NULL && strcmp (*input, "input") == 0;

          json_array_add_string_element (array, front ? work->front_path : *input);
        }
      json_object_set_array_member (object, "inputs", array);
    }
  return object;
}

/* modules from @at on whose paths begin with @prefix, which has @depth levels */
static JsonArray *
write_modules (Work *work, const char *prefix, guint *at)
{
  GPtrArray *modules = work->architecture->modules;
  JsonArray *array = json_array_new ();
  gsize length = strlen (prefix);

  while (*at < modules->len)
    {
      const EspArchitectureModule *module = modules->pdata[*at];
      const char *name, *dot;

      if (!g_str_has_prefix (module->path, prefix))
        return array;
      name = module->path + length;
      dot = strchr (name, '.');
      if (dot == NULL)
        {
          json_array_add_object_element (array, write_module (work, module, name));
          (*at)++;
        }
      else
        {
          g_autofree char *inner = g_strndup (name, (gsize) (dot - name));
          g_autofree char *below = g_strndup (module->path, (gsize) (dot + 1 - module->path));
          JsonObject *object = json_object_new ();

          json_object_set_string_member (object, "class", "Sequential");
          json_object_set_string_member (object, "name", inner);
          json_object_set_array_member (object, "modules", write_modules (work, below, at));
          json_array_add_object_element (array, object);
        }
    }
  return array;
}

static JsonArray *
write_all_modules (Work *work)
{
  guint at = 0;
  JsonArray *modules = write_modules (work, "", &at), *all = json_array_new ();

  for (guint i = 0; i < json_array_get_length (work->front); i++)
    json_array_add_object_element (
        all, json_object_ref (json_array_get_object_element (work->front, i)));
  for (guint i = 0; i < json_array_get_length (modules); i++)
    json_array_add_object_element (all,
                                   json_object_ref (json_array_get_object_element (modules, i)));
  json_array_unref (modules);
  return all;
}

static JsonArray *
write_inputs (EspArchitecture *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->inputs->len; i++)
    {
      EspArchitectureInput *input = &g_array_index (self->inputs, EspArchitectureInput, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", input->name);
      json_object_set_array_member (object, "shape", write_shape (&input->shape));
      json_array_add_object_element (array, object);
    }
  return array;
}

static char *
write_spec (Work *work)
{
  const EspTrainingChoice *choice = work->choice;
  g_autoptr (JsonObject) object = json_object_new ();
  JsonObject *loss = json_object_new (), *optimizer = json_object_new ();

  json_object_set_int_member (object, "espalier", 1);
  json_object_set_string_member (object, "name", work->architecture->name);
  if (work->architecture->inputs->len > 1)
    json_object_set_array_member (object, "inputs", write_inputs (work->architecture));
  json_object_set_array_member (object, "modules", write_all_modules (work));
  json_object_set_string_member (loss, "class", work->loss);
  json_object_set_object_member (object, "loss", loss);
  json_object_set_string_member (optimizer, "class",
                                 choice->optimizer != NULL ? choice->optimizer : "Adam");
  if (!isnan (choice->rate))
    json_object_set_double_member (optimizer, "lr", choice->rate);
  json_object_set_object_member (object, "optimizer", optimizer);
  json_object_set_object_member (object, "data", json_object_ref (work->data));
  json_object_set_int_member (object, "batch_size",
                              choice->batch_size > 0 ? (gint64) choice->batch_size : 32);
  json_object_set_int_member (object, "seed", (gint64) (choice->seed & G_MAXINT64));
  return esp_spec_to_text (object);
}

/* --- all together --- */

static gboolean
prepare (Work *work, GError **error)
{
  EspArchitecture *self = work->architecture;

  work->front = json_array_new ();
  self->data.ndim = 0;
  self->data_first = FALSE;
  if (work->choice->data == NULL && !esp_architecture_convert (self, &work->out, error))
    return FALSE;
  if (!read_data (work, error) || !fit_examples (work, error))
    return FALSE;
  self->data = work->examples->input;
  if (!esp_architecture_convert (self, &work->out, error))
    return FALSE;
  choose_loss (work);
  return TRUE;
}

/* the shapes of the inputs as the file says them: what data complete is open again for other data
 */
static GArray *
copy_inputs (EspArchitecture *self)
{
  GArray *copy = g_array_copy (self->inputs);

  g_array_set_clear_func (copy, esp_architecture_clear_input); /* isn't copied */
  for (guint i = 0; i < copy->len; i++)
    {
      EspArchitectureInput *input = &g_array_index (copy, EspArchitectureInput, i);

      input->name = g_strdup (input->name);
    }
  return copy;
}

static void
take_inputs (EspArchitecture *self, GArray *inputs)
{
  g_array_unref (self->inputs);
  self->inputs = inputs;
}

EspNetwork *
esp_architecture_make_network (EspArchitecture *self,
                               const EspTrainingChoice *choice,
                               GPtrArray **notes,
                               GCancellable *cancellable,
                               GError **error)
{
  g_auto (Work) work = { .architecture = self, .choice = choice };
  g_autoptr (EspNetwork) network = NULL;
  GArray *before;

  g_return_val_if_fail (self != NULL && choice != NULL, NULL);

  before = copy_inputs (self);
  if (prepare (&work, error))
    {
      EspNetworkOptions options = { .access = work.access };
      g_autofree char *text = write_spec (&work);

      network = esp_network_new_from_json_with_options (text, -1, &options, error);
    }
  for (guint i = 0; network != NULL && i < self->carries->len; i++)
    if (!esp_architecture_carry_over (network, self->carries->pdata[i], cancellable, error))
      g_clear_object (&network);
  if (notes != NULL)
    {
      *notes = g_ptr_array_new_with_free_func (g_free);
      for (guint i = 0; i < self->notes->len; i++)
        g_ptr_array_add (*notes, g_strdup (self->notes->pdata[i]));
    }
  take_inputs (self, before);
  return g_steal_pointer (&network);
}

/* --- in a worker --- */

typedef struct
{
  EspArchitecture *architecture;
  EspTrainingChoice choice; /* its strings are owned */
  GPtrArray *notes;
} Making;

static void
making_free (gpointer data)
{
  Making *making = data;

  esp_architecture_unref (making->architecture);
  g_free ((char *) making->choice.data);
  g_free ((char *) making->choice.loss);
  g_free ((char *) making->choice.optimizer);
  g_clear_pointer (&making->notes, g_ptr_array_unref);
  g_free (making);
}

static void
make_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Making *making = data;
  GError *error = NULL;
  EspNetwork *network = esp_architecture_make_network (making->architecture, &making->choice,
                                                       &making->notes, cancellable, &error);

  if (network != NULL)
    g_task_return_pointer (task, network, g_object_unref);
  else
    g_task_return_error (task, error);
}

void
esp_architecture_make_network_async (EspArchitecture *self,
                                     const EspTrainingChoice *choice,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Making *making = g_new0 (Making, 1);

  making->architecture = esp_architecture_ref (self);
  making->choice = *choice;
  making->choice.data = g_strdup (choice->data);
  making->choice.loss = g_strdup (choice->loss);
  making->choice.optimizer = g_strdup (choice->optimizer);
  g_task_set_task_data (task, making, making_free);
  g_task_run_in_thread (task, make_in_thread);
}

EspNetwork *
esp_architecture_make_network_finish (GAsyncResult *result, GPtrArray **notes, GError **error)
{
  Making *making = g_task_get_task_data (G_TASK (result));
  EspNetwork *network = g_task_propagate_pointer (G_TASK (result), error);

  if (notes != NULL)
    *notes = network != NULL ? g_steal_pointer (&making->notes) : NULL;
  return network;
}

/* --- what fits --- */

/* whether the output is what the data want, as far as it is known */
static gboolean
fits_targets (const Work *work)
{
  guint64 count = is_complete (&work->out.shape) ? esp_shape_get_count (&work->out.shape) : 0;
  const EspDataset *data = work->examples;

  if (count == 0 || json_object_has_member (work->data, "autoencode"))
    return TRUE;
  if (data->n_classes > 0)
    return count == (guint64) data->n_classes || (count == 1 && data->n_classes == 2);
  return count == esp_shape_get_count (&data->target);
}

GStrv
esp_architecture_list_data (EspArchitecture *self)
{
  g_autoptr (GPtrArray) fitting = g_ptr_array_new ();

  for (guint i = 0; built_in[i] != NULL; i++)
    {
      EspTrainingChoice choice = { .data = built_in[i], .rate = NAN };
      g_auto (Work) work = { .architecture = self, .choice = &choice };
      GArray *before = copy_inputs (self);

      if (prepare (&work, NULL) && fits_targets (&work))
        g_ptr_array_add (fitting, g_strdup (built_in[i]));
      take_inputs (self, before);
    }
  g_ptr_array_add (fitting, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&fitting), FALSE);
}

gboolean
esp_architecture_wants_data (EspArchitecture *self)
{
  EspArchitectureValue out = { 0 };
  EspShape wanted = get_wanted (self);

  return !is_complete (&wanted) || !esp_architecture_convert (self, &out, NULL) ||
         !is_complete (&out.shape) || has_embedding (self);
}
