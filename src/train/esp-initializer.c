/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Initial values of parameters. Ranges follow the frameworks; the numbers are our own (EspRandom),
 * so a seed means the same everywhere. */

#include "config.h"
#include "esp-initializer.h"

#include <string.h>
#include <glib/gi18n.h>

/* a weight's (rows, columns) for which orthogonal vectors are still found in about a second */
#define MAX_ORTHOGONAL_WORK (G_GUINT64_CONSTANT (1) << 30)

static const double untruncated_share = 0.87962566103423978; /* std of a normal cut at +-2 std */

static void
draw_uniform (EspRandom *random, EspReal *values, guint64 count, double low, double high)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) (low + (high - low) * esp_random_uniform (random));
}

static void
draw_normal (EspRandom *random, EspReal *values, guint64 count, double mean, double deviation)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) (mean + deviation * esp_random_normal (random));
}

static void
draw_truncated (EspRandom *random, EspReal *values, guint64 count, double deviation)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) (deviation * esp_random_truncated_normal (random, -2, 2));
}

static void
set_all (EspReal *values, guint64 count, double value)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) value;
}

/* symmetric about 0: bound * (2u - 1) */
static void
draw_within (EspRandom *random, EspReal *values, guint64 count, double bound)
{
  for (guint64 i = 0; i < count; i++)
    values[i] = (EspReal) (bound * (2 * esp_random_uniform (random) - 1));
}

void
esp_initializer_fill_natural (const EspParameterInfo *info, EspRandom *random, EspReal *values)
{
  guint64 count = esp_shape_get_count (&info->shape);
  switch (info->begin)
    {
    case ESP_BEGIN_NORMAL:
      draw_normal (random, values, count, 0, info->begin_value);
      break;
    case ESP_BEGIN_CONSTANT:
      set_all (values, count, info->begin_value);
      break;
    case ESP_BEGIN_UNIFORM:
    default:
      draw_within (random, values, count, info->begin_value);
    }
}

#define FILL(name)                                                                                 \
  static void fill_##name (const EspInitializer *self, const EspParameterInfo *info,               \
                           EspRandom *random, EspReal *values)

FILL (pytorch)
{
  esp_initializer_fill_natural (info, random, values);
}

/* glorot_uniform; biases begin at zero, normalisations as everywhere */
FILL (keras)
{
  guint64 count = esp_shape_get_count (&info->shape);
  if (info->kind == ESP_PARAMETER_BIAS)
    memset (values, 0, count * sizeof *values);
  else if (info->kind != ESP_PARAMETER_WEIGHT)
    esp_initializer_fill_natural (info, random, values);
  else
    draw_within (random, values, count, sqrt (6 / (double) (info->fan_in + info->fan_out)));
}

FILL (constant)
{
  set_all (values, esp_shape_get_count (&info->shape), self->settings[0]);
}

FILL (uniform)
{
  draw_uniform (random, values, esp_shape_get_count (&info->shape), self->settings[0],
                self->settings[1]);
}

FILL (normal)
{
  draw_normal (random, values, esp_shape_get_count (&info->shape), self->settings[0],
               self->settings[1]);
}

/* mean, std and the bounds themselves */
FILL (trunc_normal)
{
  double mean = self->settings[0], deviation = fmax (self->settings[1], 1e-300);
  double low = (self->settings[2] - mean) / deviation,
         high = (self->settings[3] - mean) / deviation;
  for (guint64 i = 0; i < esp_shape_get_count (&info->shape); i++)
    values[i] = (EspReal) (mean + deviation * esp_random_truncated_normal (random, low, high));
}

/* Keras cuts at two standard deviations */
FILL (truncated_normal)
{
  guint64 count = esp_shape_get_count (&info->shape);
  draw_truncated (random, values, count, self->settings[1]);
  for (guint64 i = 0; i < count; i++)
    values[i] += (EspReal) self->settings[0];
}

/* torch.nn.init counts both by the shape alone: (out, in, kernel...) */
static void
count_fans (const EspParameterInfo *info, double *in, double *out)
{
  double kernel = 1;
  for (guint d = 2; d < info->shape.ndim; d++)
    kernel *= (double) info->shape.sizes[d];
  *in = (double) info->shape.sizes[1] * kernel;
  *out = (double) info->shape.sizes[0] * kernel;
}

static double
get_xavier_deviation (const EspInitializer *self, const EspParameterInfo *info)
{
  double in, out;
  count_fans (info, &in, &out);
  return self->settings[0] * sqrt (2 / (in + out));
}

FILL (xavier_uniform)
{
  draw_within (random, values, esp_shape_get_count (&info->shape),
               sqrt (3) * get_xavier_deviation (self, info));
}

FILL (xavier_normal)
{
  draw_normal (random, values, esp_shape_get_count (&info->shape), 0,
               get_xavier_deviation (self, info));
}

static double
get_kaiming_deviation (const EspInitializer *self, const EspParameterInfo *info)
{
  double in, out;
  count_fans (info, &in, &out);
  return self->gain / sqrt (self->fan == ESP_FAN_IN ? in : out);
}

FILL (kaiming_uniform)
{
  draw_within (random, values, esp_shape_get_count (&info->shape),
               sqrt (3) * get_kaiming_deviation (self, info));
}

FILL (kaiming_normal)
{
  draw_normal (random, values, esp_shape_get_count (&info->shape), 0,
               get_kaiming_deviation (self, info));
}

/* keras.initializers.VarianceScaling */
static void
scale_variance (const EspParameterInfo *info,
                EspRandom *random,
                EspReal *values,
                double scale,
                EspFan fan,
                const char *shape)
{
  guint64 count = esp_shape_get_count (&info->shape);
  double in = (double) info->fan_in, out = (double) info->fan_out;
  double n = fan == ESP_FAN_IN ? in : fan == ESP_FAN_OUT ? out : (in + out) / 2;
  double variance = scale / fmax (1, n);
  if (strcmp (shape, "uniform") == 0)
    draw_within (random, values, count, sqrt (3 * variance));
  else if (strcmp (shape, "untruncated_normal") == 0)
    draw_normal (random, values, count, 0, sqrt (variance));
  else
    draw_truncated (random, values, count, sqrt (variance) / untruncated_share);
}

FILL (variance_scaling)
{
  scale_variance (info, random, values, self->settings[0], self->fan, self->shape);
}

FILL (glorot_normal)
{
  scale_variance (info, random, values, 1, ESP_FAN_AVG, "truncated_normal");
}

FILL (glorot_uniform)
{
  scale_variance (info, random, values, 1, ESP_FAN_AVG, "uniform");
}

FILL (he_normal)
{
  scale_variance (info, random, values, 2, ESP_FAN_IN, "truncated_normal");
}

FILL (he_uniform)
{
  scale_variance (info, random, values, 2, ESP_FAN_IN, "uniform");
}

FILL (lecun_normal)
{
  scale_variance (info, random, values, 1, ESP_FAN_IN, "truncated_normal");
}

FILL (lecun_uniform)
{
  scale_variance (info, random, values, 1, ESP_FAN_IN, "uniform");
}

/* what a formula is given: indices along the first four axes, the index in C order, sizes */
static const char *const formula_names[] = { "i",    "j",       "k",      "l",       "n",
                                             "rows", "columns", "fan_in", "fan_out", NULL };

FILL (formula)
{
  const EspShape *shape = &info->shape;
  guint64 count = esp_shape_get_count (shape);
  double given[G_N_ELEMENTS (formula_names)] = {
    [5] = shape->ndim > 0 ? (double) shape->sizes[0] : 1,
    [6] = shape->ndim > 0 ? (double) count / (double) shape->sizes[0] : 1,
    [7] = (double) info->fan_in,
    [8] = (double) info->fan_out,
  };
  for (guint64 n = 0; n < count; n++)
    {
      guint64 rest = n;
      for (guint d = shape->ndim; d-- > 0; rest /= (guint64) shape->sizes[d])
        if (d < 4)
          given[d] = (double) (rest % (guint64) shape->sizes[d]);
      given[4] = (double) n;
      values[n] = (EspReal) esp_expression_evaluate (self->formula, given, random);
    }
}

#undef FILL

#define MATRIX .flags = ESP_INITIALIZER_MATRIX, .min_dims = 2
#define PLANE .flags = ESP_INITIALIZER_MATRIX, .min_dims = 2, .max_dims = 2
static const EspInitializerClass classes[] = {
  { "constant", fill_constant, { { "value", 0 } } },
  { "constant_", fill_constant, { { "val", 0 } } },
  { "dirac_", esp_initializer_fill_dirac, .flags = ESP_INITIALIZER_MATRIX, .min_dims = 3 },
  { "eye_", esp_initializer_fill_eye, { { NULL, 1 } }, PLANE },
  { "formula", fill_formula, .flags = ESP_INITIALIZER_FORMULA },
  { "glorot_normal", fill_glorot_normal, MATRIX },
  { "glorot_uniform", fill_glorot_uniform, MATRIX },
  { "he_normal", fill_he_normal, MATRIX },
  { "he_uniform", fill_he_uniform, MATRIX },
  { "identity", esp_initializer_fill_eye, { { "gain", 1 } }, PLANE },
  { "kaiming_normal_",
    fill_kaiming_normal,
    { { "a", 0 } },
    .flags = ESP_INITIALIZER_MATRIX | ESP_INITIALIZER_FAN | ESP_INITIALIZER_GAIN,
    .min_dims = 2 },
  { "kaiming_uniform_",
    fill_kaiming_uniform,
    { { "a", 0 } },
    .flags = ESP_INITIALIZER_MATRIX | ESP_INITIALIZER_FAN | ESP_INITIALIZER_GAIN,
    .min_dims = 2 },
  { "keras", fill_keras },
  { "lecun_normal", fill_lecun_normal, MATRIX },
  { "lecun_uniform", fill_lecun_uniform, MATRIX },
  { "normal_", fill_normal, { { "mean", 0 }, { "std", 1 } } },
  { "ones", fill_constant, { { NULL, 1 } } },
  { "ones_", fill_constant, { { NULL, 1 } } },
  { "orthogonal", esp_initializer_fill_orthogonal, { { "gain", 1 } }, MATRIX },
  { "orthogonal_", esp_initializer_fill_orthogonal, { { "gain", 1 } }, MATRIX },
  { "pytorch", fill_pytorch },
  { "random_normal", fill_normal, { { "mean", 0 }, { "stddev", 0.05 } } },
  { "random_uniform", fill_uniform, { { "minval", -0.05 }, { "maxval", 0.05 } } },
  { "sparse_", esp_initializer_fill_sparse, { { "sparsity", 0.1 }, { "std", 0.01 } }, PLANE },
  { "trunc_normal_", fill_trunc_normal, { { "mean", 0 }, { "std", 1 }, { "a", -2 }, { "b", 2 } } },
  { "truncated_normal", fill_truncated_normal, { { "mean", 0 }, { "stddev", 0.05 } } },
  { "uniform_", fill_uniform, { { "a", 0 }, { "b", 1 } } },
  { "variance_scaling",
    fill_variance_scaling,
    { { "scale", 1 } },
    .flags = ESP_INITIALIZER_MATRIX | ESP_INITIALIZER_FAN | ESP_INITIALIZER_SHAPE,
    .min_dims = 2 },
  { "xavier_normal_", fill_xavier_normal, { { "gain", 1 } }, MATRIX },
  { "xavier_uniform_", fill_xavier_uniform, { { "gain", 1 } }, MATRIX },
  { "zeros", fill_constant, { { NULL, 0 } } },
  { "zeros_", fill_constant, { { NULL, 0 } } },
};
#undef MATRIX
#undef PLANE

static const EspInitializerClass *
find_class (EspSpec *spec, const char *name, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      if (strcmp (classes[i].name, name) == 0)
        return &classes[i];
      g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", classes[i].name);
    }
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("there is no initialiser “%s”; there are %s"), name, known->str);
  return NULL;
}

/* one word out of a list; the first is the default */
static int
read_word (EspSpec *spec, const char *key, const char *const *words, GError **error)
{
  g_autofree char *word = esp_spec_read_string (spec, key, words[0], error);
  if (word == NULL)
    return -1;
  for (int i = 0; words[i] != NULL; i++)
    if (strcmp (words[i], word) == 0)
      return i;
  g_autofree char *known = g_strjoinv (", ", (char **) words);
  esp_spec_set_error (spec, ESP_NETWORK_ERROR_SPEC, error,
                      _ ("“%s” must be one of %s, but it is “%s”"), key, known, word);
  return -1;
}

/* torch.nn.init.calculate_gain; leaky_relu, the default, takes its slope from "a" */
static gboolean
read_gain (EspInitializer *self, EspSpec *spec, GError **error)
{
  static const char *const words[] = { "leaky_relu", "relu", "tanh", "sigmoid",
                                       "linear",     "selu", NULL };
  int word = read_word (spec, "nonlinearity", words, error);
  double a = self->settings[0];
  const double gains[] = { sqrt (2 / (1 + a * a)), sqrt (2), 5.0 / 3, 1, 1, 0.75 };
  if (word >= 0)
    self->gain = gains[word];
  return word >= 0;
}

static gboolean
read_settings (EspInitializer *self, EspSpec *spec, GError **error)
{
  static const char *const fans[] = { "fan_in", "fan_out", "fan_avg", NULL };
  static const char *const torch_fans[] = { "fan_in", "fan_out", NULL };
  static const char *const shapes[] = { "truncated_normal", "untruncated_normal", "uniform", NULL };
  const EspInitializerClass *klass = self->klass;
  for (guint i = 0; i < ESP_INITIALIZER_MAX_SETTINGS; i++)
    {
      self->settings[i] = klass->settings[i].value;
      if (klass->settings[i].name != NULL &&
          !esp_spec_read_double (spec, klass->settings[i].name, -1e30, 1e30, &self->settings[i],
                                 error))
        return FALSE;
    }
  if (klass->flags & ESP_INITIALIZER_FAN)
    {
      gboolean torch = klass->flags & ESP_INITIALIZER_GAIN;
      int fan = read_word (spec, "mode", torch ? torch_fans : fans, error);
      if (fan < 0)
        return FALSE;
      self->fan = (EspFan) fan;
    }
  if ((klass->flags & ESP_INITIALIZER_GAIN) && !read_gain (self, spec, error))
    return FALSE;
  if (klass->flags & ESP_INITIALIZER_SHAPE)
    {
      int shape = read_word (spec, "distribution", shapes, error);
      if (shape < 0)
        return FALSE;
      self->shape = shapes[shape];
    }
  if (!(klass->flags & ESP_INITIALIZER_FORMULA))
    return TRUE;
  g_autofree char *text = esp_spec_read_string (spec, "value", NULL, error);
  if (text == NULL)
    return FALSE;
  self->formula = esp_expression_new (text, formula_names, error);
  if (self->formula == NULL)
    g_prefix_error (error, "%s: ", "init");
  return self->formula != NULL;
}

static gboolean
check_shape (const EspInitializer *self,
             const EspParameterInfo *info,
             const char *place,
             GError **error)
{
  const EspInitializerClass *klass = self->klass;
  guint ndim = info->shape.ndim;
  g_autofree char *shape = esp_shape_to_string (&info->shape);
  if (ndim < klass->min_dims || (klass->max_dims > 0 && ndim > klass->max_dims))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   klass->max_dims > 0
                       ? _ ("%s: “%s” wants a parameter with %u dimensions, but “%s” has shape %s")
                       : _ ("%s: “%s” wants a parameter with %u dimensions or more, but “%s” has "
                            "shape %s"),
                   place, klass->name, klass->min_dims, info->name, shape);
      return FALSE;
    }
  guint64 count = esp_shape_get_count (&info->shape),
          rows = ndim > 0 ? (guint64) info->shape.sizes[0] : 1;
  if (klass->fill == esp_initializer_fill_orthogonal &&
      count * MIN (rows, count / rows) > MAX_ORTHOGONAL_WORK)
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   _ ("%s: “%s” of shape %s is too large for “%s”"), place, info->name, shape,
                   klass->name);
      return FALSE;
    }
  return TRUE;
}

/* what a word for a whole module leaves alone: normalisations, and biases where matrices are wanted
 */
static gboolean
fill_rest (const EspInitializer *self,
           const EspParameterInfo *info,
           EspRandom *random,
           EspReal *values)
{
  gboolean norm = info->kind != ESP_PARAMETER_WEIGHT && info->kind != ESP_PARAMETER_BIAS;
  gboolean matrix = self != NULL && (self->klass->flags & ESP_INITIALIZER_MATRIX);
  if (norm)
    esp_initializer_fill_natural (info, random, values);
  else if (matrix && info->kind == ESP_PARAMETER_BIAS)
    memset (values, 0, esp_shape_get_count (&info->shape) * sizeof *values);
  else
    return FALSE;
  return TRUE;
}

/* @object: {"class": ..., settings} */
static gboolean
fill_from_object (JsonObject *object,
                  gboolean whole,
                  const EspParameterInfo *info,
                  EspRandom *random,
                  EspReal *values,
                  const char *place,
                  GError **error)
{
  /* Translators: a module's place, then a parameter's name */
  g_autofree char *where = g_strdup_printf (_ ("%s: “%s”"), place, info->name);
  g_autoptr (EspSpec) spec = esp_spec_new (object, where);
  g_autofree char *name = esp_spec_read_string (spec, "class", NULL, error);
  EspInitializer self = { .klass = name != NULL ? find_class (spec, name, error) : NULL };
  if (self.klass == NULL)
    return FALSE;
  gboolean good = read_settings (&self, spec, error) && esp_spec_finish (spec, error);
  if (good && !(whole && fill_rest (&self, info, random, values)))
    {
      good = check_shape (&self, info, place, error);
      if (good)
        self.klass->fill (&self, info, random, values);
    }
  esp_expression_free (self.formula);
  return good;
}

/* Nested lists in C order; depth was bounded when the text was parsed. Goes on counting behind the
 * end, so that the message can say how many there are. */
static gboolean
read_values (JsonNode *node, EspReal *values, guint64 count, guint64 *n)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      for (guint i = 0; i < json_array_get_length (array); i++)
        if (!read_values (json_array_get_element (array, i), values, count, n))
          return FALSE;
      return TRUE;
    }
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  if (*n < count)
    values[*n] = (EspReal) json_node_get_double (node);
  (*n)++;
  return TRUE;
}

static gboolean
fill_from_list (JsonNode *node,
                const EspParameterInfo *info,
                EspReal *values,
                const char *place,
                GError **error)
{
  guint64 count = esp_shape_get_count (&info->shape), n = 0;
  if (!read_values (node, values, count, &n))
    {
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
                   _ ("%s: initial values of “%s” must be numbers"), place, info->name);
      return FALSE;
    }
  if (n != count)
    {
      g_autofree char *shape = esp_shape_to_string (&info->shape);
      g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SHAPE,
                   _ ("%s: “%s” of shape %s takes %llu initial values, but there are %llu"), place,
                   info->name, shape, (unsigned long long) count, (unsigned long long) n);
      return FALSE;
    }
  return TRUE;
}

gboolean
esp_initializer_fill_from_json (JsonNode *node,
                                gboolean whole,
                                const EspParameterInfo *info,
                                EspRandom *random,
                                EspReal *values,
                                const char *place,
                                GError **error)
{
  if (JSON_NODE_HOLDS_ARRAY (node))
    return fill_from_list (node, info, values, place, error);
  if (JSON_NODE_HOLDS_OBJECT (node))
    return fill_from_object (json_node_get_object (node), whole, info, random, values, place,
                             error);
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  if (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE)
    {
      if (!(whole && fill_rest (NULL, info, random, values)))
        set_all (values, esp_shape_get_count (&info->shape), json_node_get_double (node));
      return TRUE;
    }
  if (type == G_TYPE_STRING)
    {
      g_autoptr (JsonObject) object = json_object_new ();
      json_object_set_string_member (object, "class", json_node_get_string (node));
      return fill_from_object (object, whole, info, random, values, place, error);
    }
  g_set_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC,
               _ ("%s: initial values of “%s” must be an initialiser, a number, or all values as "
                  "lists"),
               place, info->name);
  return FALSE;
}
