/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the names of variables tell. Keys of object-based checkpoints are paths of attributes, those
 * of older ones are scopes. Called once per name of up to some 100,000. */

#include "config.h"

#include "esp-tf-names.h"

#include "esp-json.h"

#include <string.h>

#define ATTRIBUTES "/.ATTRIBUTES/"
#define VALUE "/.ATTRIBUTES/VARIABLE_VALUE"
#define SLOT "/.OPTIMIZER_SLOT/"

/* without what says the attribute of the object; another one than the value stays as a name */
static char *
strip_attribute (const char *key)
{
  const char *attribute = strstr (key, ATTRIBUTES);
  g_autofree char *object = NULL;

  if (g_str_has_suffix (key, VALUE) && strlen (key) > strlen (VALUE))
    return g_strndup (key, strlen (key) - strlen (VALUE));
  if (attribute == NULL || attribute == key)
    return g_strdup (key);
  object = g_strndup (key, (gsize) (attribute - key));
  return g_strconcat (object, "/", attribute + strlen (ATTRIBUTES), NULL);
}

gboolean
esp_tf_name_is_slot (const char *key)
{
  return strstr (key, SLOT) != NULL;
}

char *
esp_tf_name_to_path (const char *key)
{
  g_autofree char *path = strip_attribute (key);
  char *slot = strstr (path, SLOT);

  if (slot == NULL || slot == path || slot[strlen (SLOT)] == '\0')
    return g_steal_pointer (&path);
  *slot = '\0';
  return g_strconcat (slot + strlen (SLOT), "/", path, NULL);
}

/* {{{ roles */

/* the last names of what optimizers keep, without the _1 of the next of a kind */
static const char *const slots[] = {
  "Adadelta", "Adagrad", "AdagradDA",  "Adam",      "Adamax",
  "Ftrl",     "LAMB",    "Lars",       "Lion",      "Momentum",
  "Nadam",    "RMSProp", "accum_grad", "accum_var", "accumulator",
  "acc",      "adam_m",  "adam_v",     "average",   "gradient_accumulator",
  "linear",   "m",       "mg",         "momentum",  "rms",
  "slow",     "v",       "vc",         "velocity",  "vhat",
  "vr",
};

/* what optimizers keep beside that */
static const char *const states[] = {
  "beta1_power", "beta2_power", "beta_1", "beta_2", "decay", "iter", "learning_rate", "iteration",
};

/* statistics of normalising layers and the like */
static const char *const buffers[] = {
  "ExponentialMovingAverage",
  "moving_average",
  "moving_mean",
  "moving_stddev",
  "moving_variance",
  "population_mean",
  "population_variance",
  "running_mean",
  "running_var",
  "seed_generator_state",
};

static const char *const counters[] = {
  "epoch",
  "global_step",
  "save_counter",
  "step",
};

static const char *const metrics[] = {
  "keras_api",
  "_metrics",
  "compiled_metrics",
  "metrics",
};

static gboolean
is_among (const char *const *names, gsize n, const char *name, gsize length)
{
  for (gsize i = 0; i < n; i++)
    if (strlen (names[i]) == length && strncmp (names[i], name, length) == 0)
      return TRUE;
  return FALSE;
}

#define IS_AMONG(names, name, length) is_among (names, G_N_ELEMENTS (names), name, length)

/* how much of a name is left without a _1 at its end */
static gsize
count_stem (const char *name)
{
  gsize n = strlen (name);

  while (n > 0 && g_ascii_isdigit (name[n - 1]))
    n--;
  return n > 1 && name[n] != '\0' && name[n - 1] == '_' ? n - 1 : strlen (name);
}

/* whether any level above the last is one of these */
static gboolean
is_below (const char *path, const char *const *names, gsize n)
{
  const char *slash;

  for (; (slash = strchr (path, '/')) != NULL; path = slash + 1)
    if (is_among (names, n, path, (gsize) (slash - path)))
      return TRUE;
  return FALSE;
}

/* "w/Adam" where there is a "w", and "training/Adam/w/m" where there is a "w" */
static gboolean
is_slot (const char *path,
         const char *last,
         gboolean (*has) (gpointer user_data, const char *name),
         gpointer user_data)
{
  g_autofree char *above = NULL;

  if (last == path || !IS_AMONG (slots, last, count_stem (last)))
    return FALSE;
  above = g_strndup (path, (gsize) (last - path) - 1);
  if (has (user_data, above))
    return TRUE;
  for (const char *rest = strchr (above, '/'); rest != NULL; rest = strchr (rest + 1, '/'))
    if (has (user_data, rest + 1))
      return TRUE;
  return FALSE;
}

EspRole
esp_tf_name_guess_role (const char *path,
                        EspDtype dtype,
                        gboolean (*has) (gpointer user_data, const char *name),
                        gpointer user_data)
{
  EspKind kind = esp_dtype_get_info (dtype)->kind;
  const char *slash = strrchr (path, '/');
  const char *last = slash != NULL ? slash + 1 : path;
  gsize n = count_stem (last);

  if (kind == ESP_KIND_OPAQUE || IS_AMONG (counters, last, n) ||
      is_below (path, metrics, G_N_ELEMENTS (metrics)))
    return ESP_ROLE_OTHER;
  if (is_slot (path, last, has, user_data) || IS_AMONG (states, last, n))
    return ESP_ROLE_OPTIMIZER;
  if ((kind != ESP_KIND_FLOAT && kind != ESP_KIND_COMPLEX) || IS_AMONG (buffers, last, n))
    return ESP_ROLE_BUFFER;
  return ESP_ROLE_PARAMETER;
}

/* }}} */

static char *
dup_text (EspJsonReader *reader)
{
  gsize length;
  const char *text;

  if (esp_json_reader_next (reader, NULL) != ESP_JSON_STRING)
    return NULL;
  text = esp_json_reader_get_text (reader, &length);
  return strlen (text) == length ? g_strdup (text) : NULL;
}

void
esp_tf_name_read_config (const char *json, gsize length, char **class_name, char **name)
{
  g_autoptr (EspJsonReader) reader = esp_json_reader_new (json, length, "config");

  *class_name = *name = NULL;
  if (esp_json_reader_next (reader, NULL) != ESP_JSON_OBJECT)
    return;
  while (esp_json_reader_next (reader, NULL) == ESP_JSON_KEY)
    {
      char **slot = esp_json_reader_is_text (reader, "class_name") ? class_name
                    : esp_json_reader_is_text (reader, "name")     ? name
                                                                   : NULL;

      if (slot == NULL)
        {
          if (!esp_json_reader_skip (reader, NULL))
            return;
          continue;
        }
      g_free (*slot);
      *slot = dup_text (reader);
      if (*slot == NULL)
        return;
    }
}
