/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which module comes before and after another. Only nested Sequentials of known class tell: their
 * children are called in the order in which they stand, each with what the last one gave. Any other
 * container may do with its children what it likes, so there the answer is that nobody knows.
 *
 *   Sequential
 *     0 Linear
 *     1 Sequential: 0 ReLU, 1 Dropout      before (2) = ReLU, after (0) = ReLU
 *     2 Linear
 */

#include "config.h"

#include "esp-neighbours.h"

#include <string.h>

#include "esp-module.h"

/* element by element or a choice or mean of elements: no sign comes in */
static const char *const passing[] = {
  "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d",
  "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "AvgPool1d",         "AvgPool2d",
  "AvgPool3d",         "Dropout",           "Dropout1d",         "Dropout2d",
  "Dropout3d",         "Flatten",           "Identity",          "MaxPool1d",
  "MaxPool2d",         "MaxPool3d",         "Unflatten",         NULL,
};

static const char *const positive[] = {
  "Hardsigmoid", "ReLU", "ReLU6", "Sigmoid", "Softmax", "Softplus", NULL,
};

/* real networks have far fewer; a hostile file must not make anyone count */
#define MOST_CHILDREN 10000
#define MOST_STEPS 50

static const char *const rectifiers[] = { "ReLU", "ReLU6", NULL };

const char *
esp_neighbours_get_class (EspPlace *place)
{
  EspModule *module = esp_place_get_module (place);

  return module != NULL ? esp_module_get_brief_class (module) : "";
}

static gboolean
is_sequential (EspPlace *place)
{
  return place != NULL && g_str_equal (esp_neighbours_get_class (place), "Sequential");
}

/* where @place stands among the children of @parent, -1 if it doesn't */
static int
find_position (EspPlace *parent, EspPlace *place)
{
  guint n = esp_place_get_n_children (parent);

  for (guint i = 0; i < n && n <= MOST_CHILDREN; i++)
    if (esp_place_get_child (parent, i) == place)
      return (int) i;
  return -1;
}

/* the next place in the order of calls, out of Sequentials that end and into those that begin */
static EspPlace *
step (EspPlace *place, int direction)
{
  for (EspPlace *parent = esp_place_get_parent (place); is_sequential (parent);
       place = parent, parent = esp_place_get_parent (place))
    {
      int at = find_position (parent, place);
      int next = at + direction;

      if (at < 0)
        return NULL;
      if (next < 0 || next >= (int) esp_place_get_n_children (parent))
        continue;
      place = esp_place_get_child (parent, (guint) next);
      while (place != NULL && is_sequential (place) && esp_place_get_n_children (place) > 0)
        place = esp_place_get_child (place,
                                     direction > 0 ? 0 : esp_place_get_n_children (place) - 1);
      return place;
    }
  return NULL;
}

static const char *
find_neighbour (EspPlace *place, int direction)
{
  for (guint i = 0; i < MOST_STEPS; i++)
    {
      const char *class_name;

      place = step (place, direction);
      if (place == NULL)
        return NULL;
      class_name = esp_neighbours_get_class (place);
      /* a Sequential here is an empty one, and passes on what it gets */
      if (!is_sequential (place) && !g_strv_contains (passing, class_name))
        return class_name;
    }
  return NULL;
}

const char *
esp_neighbours_get_before (EspPlace *place)
{
  return find_neighbour (place, -1);
}

const char *
esp_neighbours_get_after (EspPlace *place)
{
  return find_neighbour (place, 1);
}

gboolean
esp_neighbours_is_positive (const char *class_name)
{
  return class_name != NULL && g_strv_contains (positive, class_name);
}

gboolean
esp_neighbours_is_rectifier (const char *class_name)
{
  return class_name != NULL && g_strv_contains (rectifiers, class_name);
}
