/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Place -> Python, for the files of Keras and TensorFlow: rows of the table in esp-code-files.c. A
 * whole model of Keras is reached by its layers, files of weights by h5py, checkpoints by
 * tf.train. */

#include "config.h"

#include "esp-code-private.h"

#include <string.h>

/* --- HDF5 and Keras --- */

void
esp_code_open_hdf5 (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "import h5py\n\nf = h5py.File(%s)\n", context->file);
}

static void
open_keras_zip (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out,
                          "import io\nimport zipfile\nimport h5py\n\n"
                          "with zipfile.ZipFile(%s) as z:\n"
                          "    f = h5py.File(io.BytesIO(z.read(\"model.weights.h5\")))\n",
                          context->file);
}

void
esp_code_reach_hdf5 (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "f[%s][()]", context->name);
}

void
esp_code_loop_hdf5 (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "f.visititems(lambda name, d: print(name, getattr(d, \"shape\", \"\")))");
}

/* "m.weights.json" names m_00000.weights.h5 and so on */
void
esp_code_open_keras_sharded (GString *out, const EspCodeContext *context)
{
  g_autofree char *stem = g_str_has_suffix (context->base, ".weights.json")
                              ? g_strndup (context->base,
                                           strlen (context->base) - strlen (".weights.json"))
                              : g_strdup ("*");
  g_autofree char *pattern = g_strconcat (stem, "_*.weights.h5", NULL);
  g_autofree char *quoted = esp_code_quote (pattern);

  g_string_append_printf (out,
                          "from glob import glob\nimport h5py\n\n"
                          "files = [h5py.File(f) for f in sorted(glob(%s))]\n",
                          quoted);
}

void
esp_code_reach_keras_sharded (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "next(f[%s][()] for f in files if %s in f)", context->name,
                          context->name);
}

void
esp_code_loop_keras_sharded (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "for f in files:\n    f.visititems(lambda name, d: print(name, getattr(d, "
                        "\"shape\", \"\")))");
}

/* `model.get_layer("dense").kernel`; NULL where that doesn't lead to it */
static char *
write_keras_path (const EspCodeContext *context)
{
  static const char *const models[] = { "Sequential", "Functional", "Model", NULL };
  g_autoptr (GString) out = g_string_new ("model");
  EspTree *tree = esp_checkpoint_get_tree (context->checkpoint);
  const char *const *keys = esp_place_get_keys (context->stored);
  EspParameter *parameter = esp_place_get_parameter (context->stored);
  EspPlace *at = esp_tree_get_root (tree);
  EspRole role = parameter != NULL ? esp_parameter_get_role (parameter) : ESP_ROLE_OTHER;

  if ((role != ESP_ROLE_PARAMETER && role != ESP_ROLE_BUFFER) || keys == NULL || keys[0] == NULL)
    return NULL;
  for (guint i = 0; keys[i] != NULL; i++)
    {
      EspModule *module = at != NULL ? esp_place_get_module (at) : NULL;
      const char *class_name = module != NULL ? esp_module_get_brief_class (module) : "";

      if (keys[i + 1] != NULL && g_strv_contains (models, class_name))
        {
          g_autofree char *quoted = esp_code_quote (keys[i]);

          g_string_append_printf (out, ".get_layer(%s)", quoted);
        }
      else if (i > 0 && esp_code_is_identifier (keys[i]))
        g_string_append_printf (out, ".%s", keys[i]);
      else
        return NULL;
      at = at != NULL ? esp_place_find_child (at, keys[i]) : NULL;
    }
  return g_strdup (out->str);
}

void
esp_code_open_keras (GString *out, const EspCodeContext *context)
{
  g_autofree char *path = write_keras_path (context);

  if (path != NULL)
    g_string_append_printf (
        out, "import keras\n\nmodel = keras.models.load_model(%s, compile=False)\n", context->file);
  else if (esp_code_has_format (context->checkpoint, "keras-zip"))
    open_keras_zip (out, context);
  else
    esp_code_open_hdf5 (out, context);
}

void
esp_code_reach_keras (GString *out, const EspCodeContext *context)
{
  g_autofree char *path = write_keras_path (context);

  if (path != NULL)
    g_string_append_printf (out, "%s.numpy()", path);
  else
    esp_code_reach_hdf5 (out, context);
}

/* --- TensorFlow --- */

/* what tf.train takes for the file: a name without its suffix, or the folder */
static char *
get_prefix (const EspCodeContext *context)
{
  const char *data = strstr (context->base, ".data-");
  const char *of = g_strrstr (context->base, "-of-");

  if (esp_code_has_format (context->checkpoint, "tf-savedmodel"))
    {
      if (strcmp (context->base, "saved_model.pb") == 0)
        return g_strdup ("variables/variables");
      return g_strconcat (context->base, "/variables/variables", NULL);
    }
  if (g_str_has_suffix (context->base, ".index"))
    return g_strndup (context->base, strlen (context->base) - strlen (".index"));
  if (strcmp (context->base, "checkpoint") == 0)
    return g_strdup (".");
  /* several files of the first version are named by a pattern */
  if (esp_code_has_format (context->checkpoint, "tf-checkpoint-v1") && of != NULL &&
      of - context->base > 6)
    return g_strdup_printf ("%.*s-\?\?\?\?\?%s", (int) (of - context->base) - 6, context->base, of);
  return data != NULL ? g_strndup (context->base, (gsize) (data - context->base))
                      : g_strdup (context->base);
}

void
esp_code_open_tf (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "import tensorflow as tf\n\n");
}

void
esp_code_reach_tf (GString *out, const EspCodeContext *context)
{
  g_autofree char *prefix = get_prefix (context);
  g_autofree char *quoted = esp_code_quote (prefix);

  g_string_append_printf (out, "tf.train.load_variable(%s, %s)", quoted, context->name);
}

/* the first version keeps slices, which only its own operation puts together */
void
esp_code_reach_tf_v1 (GString *out, const EspCodeContext *context)
{
  g_autofree char *prefix = get_prefix (context);
  g_autofree char *quoted = esp_code_quote (prefix);

  g_string_append_printf (
      out, "tf.raw_ops.Restore(file_pattern=%s, tensor_name=%s, dt=tf.%s).numpy()", quoted,
      context->name,
      esp_dtype_get_info (esp_tensor_get_dtype (esp_code_context_get_tensor (context)))->name);
}

void
esp_code_loop_tf (GString *out, const EspCodeContext *context)
{
  g_autofree char *prefix = get_prefix (context);
  g_autofree char *quoted = esp_code_quote (prefix);

  g_string_append_printf (out,
                          "for name, shape in tf.train.list_variables(%s):\n"
                          "    print(name, shape)",
                          quoted);
}

void
esp_code_open_graph (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out,
                          "import tensorflow as tf\n\n"
                          "with open(%s, \"rb\") as f:\n"
                          "    g = tf.compat.v1.GraphDef.FromString(f.read())\n"
                          "sd = {n.name: n.attr[\"value\"].tensor for n in g.node if n.op == "
                          "\"Const\"}\n",
                          context->file);
}

void
esp_code_reach_graph (GString *out, const EspCodeContext *context)
{
  g_string_append_printf (out, "tf.make_ndarray(sd[%s])", context->name);
}

void
esp_code_loop_graph (GString *out, const EspCodeContext *context)
{
  g_string_append (out, "for name, t in sd.items():\n"
                        "    print(name, [d.size for d in t.tensor_shape.dim])");
}
