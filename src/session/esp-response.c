/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plane of a network with two inputs. The grid spans all examples and a bit more; both axes
 * have the same unit where the data are about as wide as high, so that a circle is round. Outputs
 * of modules are read from a snapshot when somebody asks for them, and kept until the next. */

#include "config.h"

#include "esp-response.h"

#include <glib/gi18n.h>
#include <math.h>

#include "esp-number.h"

#define MARGIN 0.08     /* of the range, beyond the examples */
#define MOST_UNEVEN 2.5 /* ranges of the two inputs that still share a unit */

typedef struct
{
  const char *path; /* of the activation */
  EspTensor *value; /* (rows, ...) owned */
  guint n_units;
  float *values; /* (rows, n_units) or NULL: not read yet */
  double largest;
} Layer;

struct _EspResponse
{
  EspNetwork *network;
  EspGrid grid;
  GBytes *inputs;
  guint n_points;
  EspFieldPoint *points; /* (n_points) */
  const char **classes;  /* names, or NULL */

  /* of the last update */
  EspSnapshot *snapshot;
  GArray *layers; /* Layer */
  int output;     /* index of the one that decides, -1 */
  float *shares;  /* (side, side, n_classes), or of two classes the difference; or NULL */
  double held;    /* range of values, see esp_norm_hold() */
};

static void
clear_layer (gpointer data)
{
  Layer *layer = data;

  esp_tensor_unref (layer->value);
  g_free (layer->values);
}

/* --- what goes in --- */

static void
get_range (EspNetwork *network, guint axis, double *lo, double *hi)
{
  guint64 n = esp_network_get_n_examples (network) + esp_network_get_n_tests (network);
  float example[2];

  *lo = INFINITY;
  *hi = -INFINITY;
  for (guint64 i = 0; i < n; i++)
    {
      esp_network_read_example (network, i, example);
      if (!isfinite (example[axis]))
        continue;
      *lo = fmin (*lo, (double) example[axis]);
      *hi = fmax (*hi, (double) example[axis]);
    }
  if (!(*lo < *hi))
    {
      *lo = isfinite (*lo) ? *lo - 1 : -1;
      *hi = *lo + 2;
    }
}

static void
init_grid (EspNetwork *network, guint side, EspGrid *grid)
{
  double width, height;

  get_range (network, 0, &grid->x0, &grid->x1);
  get_range (network, 1, &grid->y0, &grid->y1);
  width = grid->x1 - grid->x0;
  height = grid->y1 - grid->y0;
  if (fmax (width, height) < MOST_UNEVEN * fmin (width, height))
    width = height = fmax (width, height);
  width *= 0.5 + MARGIN;
  height *= 0.5 + MARGIN;
  *grid = (EspGrid) { .x0 = (grid->x0 + grid->x1) / 2 - width,
                      .x1 = (grid->x0 + grid->x1) / 2 + width,
                      .y0 = (grid->y0 + grid->y1) / 2 - height,
                      .y1 = (grid->y0 + grid->y1) / 2 + height,
                      .side = side };
}

static void
take_points (EspResponse *self)
{
  guint64 n_train = esp_network_get_n_examples (self->network);
  guint64 n = n_train + esp_network_get_n_tests (self->network);
  guint64 every = (n + ESP_RESPONSE_POINTS - 1) / ESP_RESPONSE_POINTS;
  gboolean has_target = esp_network_get_target_size (self->network) > 0;
  g_autofree float *target = g_new0 (float, MAX (esp_network_get_target_size (self->network), 1));

  self->n_points = (guint) ((n + every - 1) / every);
  self->points = g_new0 (EspFieldPoint, self->n_points);
  for (guint i = 0; i < self->n_points; i++)
    {
      EspFieldPoint *point = &self->points[i];
      float example[2];

      esp_network_read_example (self->network, i * every, example);
      point->x = example[0];
      point->y = example[1];
      point->label = esp_network_get_label (self->network, i * every);
      point->test = i * every >= n_train;
      if (!has_target)
        continue;
      esp_network_read_target (self->network, i * every, target);
      point->value = target[0];
    }
}

static void
make_inputs (EspResponse *self)
{
  guint side = self->grid.side;
  gsize rows = (gsize) side * side + self->n_points;
  float *inputs = g_new (float, 2 * rows), *at = inputs;

  for (guint row = 0; row < side; row++)
    for (guint column = 0; column < side; column++)
      {
        *at++ = (float) esp_grid_get_x (&self->grid, column);
        *at++ = (float) esp_grid_get_y (&self->grid, row);
      }
  for (guint i = 0; i < self->n_points; i++)
    {
      *at++ = self->points[i].x;
      *at++ = self->points[i].y;
    }
  self->inputs = g_bytes_new_take (inputs, 2 * rows * sizeof *inputs);
}

EspResponse *
esp_response_new (EspNetwork *network, guint side)
{
  EspResponse *self;
  int n_classes;

  g_return_val_if_fail (ESP_IS_NETWORK (network) && side >= 2, NULL);

  if (!esp_network_has_plane (network))
    return NULL;
  self = g_new0 (EspResponse, 1);
  self->network = g_object_ref (network);
  self->layers = g_array_new (FALSE, FALSE, sizeof (Layer));
  g_array_set_clear_func (self->layers, clear_layer);
  self->output = -1;
  init_grid (network, side, &self->grid);
  take_points (self);
  make_inputs (self);
  n_classes = esp_network_get_n_classes (network);
  if (n_classes > 0 && esp_network_get_class_name (network, 0) != NULL)
    {
      self->classes = g_new0 (const char *, n_classes);
      for (int i = 0; i < n_classes; i++)
        self->classes[i] = esp_network_get_class_name (network, i);
    }
  return self;
}

void
esp_response_free (EspResponse *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->layers);
  g_clear_pointer (&self->snapshot, esp_snapshot_unref);
  g_bytes_unref (self->inputs);
  g_free (self->points);
  g_free (self->classes);
  g_free (self->shares);
  g_object_unref (self->network);
  g_free (self);
}

const EspGrid *
esp_response_get_grid (EspResponse *self)
{
  return &self->grid;
}

GBytes *
esp_response_get_inputs (EspResponse *self)
{
  return self->inputs;
}

/* --- what came out --- */

static gsize
get_n_rows (EspResponse *self)
{
  return (gsize) self->grid.side * self->grid.side + self->n_points;
}

static void
find_largest (EspResponse *self, Layer *layer)
{
  gsize count = (gsize) self->grid.side * self->grid.side * layer->n_units;
  float largest = 0;

  for (gsize i = 0; i < count; i++)
    if (fabsf (layer->values[i]) > largest && isfinite (layer->values[i]))
      largest = fabsf (layer->values[i]);
  layer->largest = largest > 0 ? (double) largest : 1;
}

/* the outputs of a layer, read when they are first asked for */
static Layer *
read_layer (EspResponse *self, guint index)
{
  Layer *layer = &g_array_index (self->layers, Layer, index);
  gsize count = get_n_rows (self) * layer->n_units;

  if (layer->values != NULL)
    return layer;
  layer->values = g_new (float, count);
  if (!esp_tensor_read_f32 (layer->value, 0, count, layer->values, NULL, NULL))
    for (gsize i = 0; i < count; i++)
      layer->values[i] = NAN;
  find_largest (self, layer);
  return layer;
}

static void
decide (EspResponse *self)
{
  guint n = (guint) esp_network_get_n_classes (self->network);
  gsize cells = (gsize) self->grid.side * self->grid.side;
  g_autofree float *own = g_new0 (float, MAX (n, 1));
  Layer *layer;

  g_clear_pointer (&self->shares, g_free);
  if (self->output < 0 || n < 2)
    return;
  layer = read_layer (self, (guint) self->output);
  if (esp_network_predict (self->network, layer->values, layer->n_units, own) < 0)
    return;
  self->shares = g_new (float, cells *(n == 2 ? 1 : n));
  for (gsize i = 0; i < cells; i++)
    {
      float *shares = n == 2 ? own : self->shares + i * n;

      esp_network_predict (self->network, layer->values + i * layer->n_units, layer->n_units,
                           shares);
      if (n == 2)
        self->shares[i] = own[1] - own[0];
    }
  for (guint i = 0; i < self->n_points; i++)
    self->points[i].wrong = esp_network_predict (self->network,
                                                 layer->values + (cells + i) * layer->n_units,
                                                 layer->n_units, NULL) != self->points[i].label;
}

gboolean
esp_response_update (EspResponse *self, EspSnapshot *snapshot)
{
  const char *output = esp_network_get_output_path (self->network);
  gsize rows = get_n_rows (self);
  g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (Layer));

  g_return_val_if_fail (snapshot != NULL, FALSE);

  g_array_set_clear_func (layers, clear_layer);
  for (guint i = 0; i < esp_snapshot_get_n_activations (snapshot); i++)
    {
      const EspActivation *own = esp_snapshot_get_activation (snapshot, i);
      Layer layer = { .path = own->path };

      if (own->probe != ESP_PROBE_GRID)
        continue;
      if (esp_tensor_get_shape (own->value)[0] != (gint64) rows)
        return FALSE; /* of another grid */
      layer.n_units = (guint) (esp_tensor_get_count (own->value) / rows);
      layer.value = esp_tensor_ref (own->value);
      g_array_append_val (layers, layer);
    }
  if (layers->len == 0)
    return FALSE;
  g_array_unref (self->layers);
  self->layers = g_steal_pointer (&layers);
  esp_snapshot_ref (snapshot);
  g_clear_pointer (&self->snapshot, esp_snapshot_unref);
  self->snapshot = snapshot;
  self->output = output != NULL ? esp_response_find_layer (self, output) : -1;
  decide (self);
  return TRUE;
}

guint
esp_response_get_n_layers (EspResponse *self)
{
  return self->layers->len;
}

void
esp_response_get_layer (EspResponse *self, guint index, EspResponseLayer *layer)
{
  Layer *own;

  g_return_if_fail (index < self->layers->len);

  own = read_layer (self, index);
  *layer = (EspResponseLayer) { own->path, own->n_units, own->values, own->largest };
}

int
esp_response_find_layer (EspResponse *self, const char *path)
{
  for (guint i = 0; i < self->layers->len; i++)
    if (g_str_equal (g_array_index (self->layers, Layer, i).path, path))
      return (int) i;
  return -1;
}

/* --- for the eye --- */

static void
set_values (EspResponse *self, Layer *layer, guint unit, EspFieldScene *scene)
{
  scene->values = layer->values + MIN (unit, layer->n_units - 1);
  scene->stride = layer->n_units;
  scene->n_channels = 1;
  esp_norm_init_for_range (&scene->norm, -layer->largest, layer->largest, scene->palette->dark);
  esp_norm_hold (&scene->norm, &self->held);
}

void
esp_response_init_scene (EspResponse *self, int layer, guint unit, EspFieldScene *scene)
{
  guint n = (guint) esp_network_get_n_classes (self->network);

  g_return_if_fail (scene->palette != NULL);

  scene->grid = self->grid;
  scene->points = self->points;
  scene->n_points = self->n_points;
  scene->n_classes = n;
  scene->classes = (const char *const *) self->classes;
  scene->values = NULL;
  scene->n_channels = 1;
  scene->is_share = FALSE;
  esp_norm_init_for_range (&scene->norm, -1, 1, scene->palette->dark);
  if (layer >= 0 && (guint) layer < self->layers->len)
    set_values (self, read_layer (self, (guint) layer), unit, scene);
  else if (self->shares != NULL)
    {
      scene->values = self->shares;
      scene->n_channels = n == 2 ? 1 : n;
      scene->stride = scene->n_channels;
      scene->is_share = n == 2;
    }
  else if (self->output >= 0)
    set_values (self, read_layer (self, (guint) self->output), unit, scene);
}

static char *
describe_decision (EspResponse *self, const Layer *layer, gsize cell)
{
  guint n = (guint) esp_network_get_n_classes (self->network);
  g_autofree float *shares = g_new0 (float, MAX (n, 1));
  int label = esp_network_predict (self->network, layer->values + cell * layer->n_units,
                                   layer->n_units, shares);
  g_autofree char *name = NULL;
  g_autofree char *share = NULL;

  if (label < 0)
    return esp_number_format_value ((double) layer->values[cell * layer->n_units], 5);
  name = esp_network_get_class_name (self->network, label) != NULL
             ? g_strdup (esp_network_get_class_name (self->network, label))
             : g_strdup_printf (_ ("class %d"), label);
  share = esp_number_format_percent ((double) shares[label]);
  /* TRANSLATORS: what a network decides, and how probable it says that is */
  return g_strdup_printf (_ ("%s, %s"), name, share);
}

char *
esp_response_describe (EspResponse *self, int layer, guint unit, double x, double y)
{
  guint row, column;
  gboolean decision = layer < 0;
  Layer *own;
  gsize cell;
  g_autofree char *x_text = NULL, *y_text = NULL, *answer = NULL;

  if (decision)
    layer = self->output;
  if (layer < 0 || (guint) layer >= self->layers->len ||
      !esp_grid_find (&self->grid, x, y, &row, &column))
    return NULL;
  own = read_layer (self, (guint) layer);
  cell = (gsize) row * self->grid.side + column;
  x_text = esp_number_format_value (esp_grid_get_x (&self->grid, column), 5);
  y_text = esp_number_format_value (esp_grid_get_y (&self->grid, row), 5);
  answer = decision
               ? describe_decision (self, own, cell)
               : esp_number_format_value (
                     (double) own->values[cell * own->n_units + MIN (unit, own->n_units - 1)], 5);
  /* TRANSLATORS: a point of the plane and what the network answers there */
  return g_strdup_printf (_ ("(%s, %s): %s"), x_text, y_text, answer);
}

void
esp_response_count_wrong (EspResponse *self, gboolean test, guint *wrong, guint *all)
{
  *wrong = *all = 0;
  if (self->shares == NULL)
    return;
  for (guint i = 0; i < self->n_points; i++)
    if ((self->points[i].test != FALSE) == (test != FALSE))
      {
        *all += 1;
        *wrong += self->points[i].wrong != FALSE;
      }
}
