/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The property that every reader must have: a file that is cut at any byte, or has any byte
 * changed, gives an answer or an error that can be shown, and whatever opens can be read. A test
 * says what to damage and how; what it means to open it is a function, so that this serves files,
 * pickles, indices and folders alike. */

#include "esp-format.h"
#include "esp-path.h"
#include "esp-source.h"

#include <glib/gstdio.h>
#include <string.h>

#define ESP_DAMAGE_PIECE 1024
#define ESP_DAMAGE_MOST_ELEMENTS (16 * ESP_DAMAGE_PIECE) /* a few bytes can stand for many */
#define ESP_DAMAGE_MOST_TENSORS 500
#define ESP_DAMAGE_EVERY_BIT "\x01\x02\x04\x08\x10\x20\x40\x80"

/* reads the first values of a tensor, or is told why not */
static inline void
esp_damage_read_tensor (EspTensor *tensor)
{
  guint64 count = MIN (esp_tensor_get_count (tensor), ESP_DAMAGE_MOST_ELEMENTS);
  double values[2 * ESP_DAMAGE_PIECE]; /* complex ones are pairs */
  const GError *reason = esp_tensor_get_error (tensor);

  g_assert_nonnull (esp_tensor_get_native_dtype (tensor));
  g_assert_nonnull (esp_tensor_get_dtype_name (tensor));
  g_assert_true (reason == NULL || g_utf8_validate (reason->message, -1, NULL));
  for (guint64 start = 0; start == 0 || start < count; start += ESP_DAMAGE_PIECE)
    {
      g_autoptr (GError) error = NULL;
      gsize n = (gsize) MIN (ESP_DAMAGE_PIECE, count - start);
      gboolean read = esp_tensor_read_f64 (tensor, start, n, values, NULL, &error);

      g_assert_true (read == (error == NULL));
      g_assert_true (!read || reason == NULL);
      if (!read)
        {
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
          return;
        }
    }
}

/* a name or text of a file, which needn't be UTF-8, becomes something that is */
static inline void
esp_damage_show (const char *text)
{
  g_autofree char *shown = esp_path_escape (text);

  g_assert_true (g_utf8_validate (shown, -1, NULL));
}

/* all that a person could be shown of a checkpoint */
static inline void
esp_damage_look_at (EspCheckpoint *checkpoint)
{
  EspTree *tree = esp_checkpoint_get_tree (checkpoint);
  const char *const *globals = esp_checkpoint_get_pickle_globals (checkpoint);
  const char *const *refused = esp_checkpoint_get_pickle_refused (checkpoint);

  for (guint i = 0; i < esp_checkpoint_get_n_metadata (checkpoint); i++)
    {
      esp_damage_show (esp_checkpoint_get_metadata_key (checkpoint, i));
      esp_damage_show (esp_checkpoint_get_metadata_value (checkpoint, i));
    }
  for (guint i = 0; i < esp_checkpoint_get_n_warnings (checkpoint); i++)
    g_assert_true (g_utf8_validate (esp_checkpoint_get_warning (checkpoint, i), -1, NULL));
  for (guint i = 0; globals != NULL && globals[i] != NULL; i++)
    esp_damage_show (globals[i]);
  for (guint i = 0; refused != NULL && refused[i] != NULL; i++)
    g_assert_true (g_utf8_validate (refused[i], -1, NULL));
  for (guint i = 0; i < MIN (esp_tree_get_n_tensors (tree), ESP_DAMAGE_MOST_TENSORS); i++)
    {
      EspPlace *place = esp_tree_get_tensor (tree, i);

      esp_damage_show (esp_place_get_path (place));
      esp_damage_read_tensor (esp_parameter_get_data (esp_place_get_parameter (place)));
    }
}

/* what opening gave: a checkpoint, which is taken and looked at, or an error, never both */
static inline gboolean
esp_damage_judge (EspCheckpoint *checkpoint, const GError *error)
{
  g_assert_true ((checkpoint == NULL) == (error != NULL));
  if (checkpoint == NULL)
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return FALSE;
    }
  esp_damage_look_at (checkpoint);
  g_object_unref (checkpoint);
  return TRUE;
}

/* opens @bytes as if they were the file @path, and looks at all that is there */
static inline gboolean
esp_damage_open (GBytes *bytes, const char *path)
{
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "damaged");
  g_autoptr (GError) error = NULL;
  EspCheckpoint *checkpoint = esp_format_open_source (source, path, NULL, NULL, NULL, &error);

  return esp_damage_judge (checkpoint, error);
}

/* a file with just these bytes, in place of what was there. (g_file_set_contents() waits for the
 * disk, and without that it doesn't cut what was longer.) */
static inline void
esp_damage_write (const char *path, const void *data, gsize size)
{
  g_unlink (path);
  g_assert_true (
      g_file_set_contents_full (path, data, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* whether @data opened; asserts whatever must hold of it */
typedef gboolean (*EspDamageFunc) (const guint8 *data, gsize size, gpointer user_data);

typedef struct
{
  const void *data; /* what is good */
  gsize size;
  const char *flips;  /* each byte is changed by each of these masks in turn */
  const char *values; /* and replaced by each of these; or NULL */
  guint n_random;     /* and so many random bytes by random values */
  gsize header;       /* of more, no byte is changed and every 13th cut: values; 0: all is header */
  EspDamageFunc open; /* NULL: as a checkpoint of the name @user_data */
  gpointer user_data;
} EspDamage;

typedef struct
{
  guint opened;     /* of those with a changed byte */
  guint refused;    /* of all */
  guint cut_opened; /* of those that were cut */
} EspDamageCount;

static inline gboolean
esp_damage_try (const EspDamage *self, const guint8 *data, gsize size)
{
  /* a copy of just that size, so that the sanitizers see what lies beyond it */
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autoptr (GBytes) bytes = NULL;

  if (self->open != NULL)
    return self->open (copy, size, self->user_data);
  bytes = g_bytes_new_take (g_steal_pointer (&copy), size);
  return esp_damage_open (bytes, self->user_data);
}

static inline void
esp_damage_change (const EspDamage *self,
                   guint8 *data,
                   gsize at,
                   guint8 value,
                   EspDamageCount *count)
{
  guint8 kept = data[at];
  gboolean opened;

  data[at] = value;
  opened = esp_damage_try (self, data, self->size);
  data[at] = kept;
  count->opened += opened;
  count->refused += !opened;
}

static inline EspDamageCount
esp_damage_all (const EspDamage *self)
{
  gsize header = self->header > 0 ? MIN (self->header, self->size) : self->size;
  g_autofree guint8 *data = g_memdup2 (self->data, self->size);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  EspDamageCount count = { 0 };

  for (gsize at = 0; at < self->size; at += at < header ? 1 : 13)
    {
      gboolean opened = esp_damage_try (self, data, at);

      count.cut_opened += opened;
      count.refused += !opened;
    }
  for (gsize at = 0; at < header; at++)
    {
      for (const char *flip = self->flips; *flip != '\0'; flip++)
        esp_damage_change (self, data, at, data[at] ^ (guint8) *flip, &count);
      for (const char *value = self->values; value != NULL && *value != '\0'; value++)
        esp_damage_change (self, data, at, (guint8) *value, &count);
    }
  for (guint i = 0; i < self->n_random; i++)
    esp_damage_change (self, data, (gsize) g_rand_int_range (random, 0, (gint32) self->size),
                       (guint8) g_rand_int_range (random, 0, 256), &count);
  return count;
}

/* the same of a fixture, which @path names below the folder of fixtures */
static inline EspDamageCount
esp_damage_fixture (const char *path, EspDamage damage)
{
  g_autofree char *file = g_test_build_filename (G_TEST_DIST, "fixtures", path, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (file, &contents, &damage.size, &error);
  g_assert_no_error (error);
  damage.data = contents;
  if (damage.open == NULL && damage.user_data == NULL)
    damage.user_data = file;
  return esp_damage_all (&damage);
}
