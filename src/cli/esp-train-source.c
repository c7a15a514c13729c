/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The network that `espalier-cli train` is told to train: out of a specification, or out of a
 * checkpoint, whose layers are known or guessed. */

#include "config.h"

#include "esp-train-source.h"

#include <glib/gi18n.h>
#include <string.h>

#include "esp-architecture.h"
#include "esp-cli.h"
#include "esp-path.h"

/* a path, or the name of a network that ships with the program */
static char *
find_spec (const char *name)
{
  g_autofree char *relative = NULL;

  if (g_file_test (name, G_FILE_TEST_EXISTS) || strchr (name, '/') != NULL)
    return g_strdup (name);
  relative = g_strdup_printf ("networks/%s.json", name);
  return esp_session_find_data (relative);
}

/* as their names have it: JSON that isn't an index of shards */
static gboolean
looks_like_spec (const char *path)
{
  return g_str_has_suffix (path, ".json") && !g_str_has_suffix (path, ".index.json") &&
         !g_str_has_suffix (path, ".weights.json");
}

static gboolean
read_seed (const EspTrainSource *self, guint64 *seed)
{
  g_autoptr (GError) error = NULL;

  if (self->seed_text == NULL ||
      g_ascii_string_to_unsigned (self->seed_text, 10, 0, G_MAXUINT64, seed, &error))
    return TRUE;
  esp_cli_message ("--seed: %s", error->message);
  return FALSE;
}

/* --- checkpoints --- */

/* NULL with a message */
static EspDocument *
open_document (const char *path)
{
  g_autoptr (EspSession) session = esp_session_new ();
  GError *error = NULL;
  EspDocument *document = esp_session_load (session, path, NULL, &error);

  if (document == NULL)
    esp_cli_fail (path, error);
  return document != NULL ? g_object_ref (document) : NULL;
}

/* what the guess was, so that it can be judged */
static void
tell_guess (EspArchitecture *architecture)
{
  guint n = esp_architecture_get_n_lines (architecture);

  esp_cli_message (_ ("these layers are a guess:"));
  for (guint i = 0; i < n; i++)
    {
      EspArchitectureLine line;

      esp_architecture_get_line (architecture, i, &line);
      if (line.choices == NULL)
        esp_cli_message ("  %s  %s", line.path, line.title);
      else
        esp_cli_message ("    %s: %s", line.title, _ (line.choices[line.chosen]));
    }
}

static EspArchitecture *
find_architecture (const EspTrainSource *self, EspCheckpoint *checkpoint, GError **error)
{
  EspArchitecture *architecture;

  if (self->guess == NULL)
    return esp_architecture_read (checkpoint, error);
  architecture = esp_architecture_guess (checkpoint, error);
  if (architecture == NULL)
    return NULL;
  if (esp_architecture_choose_activation (architecture, self->guess))
    return architecture;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("--guess: there is no activation “%s”"), self->guess);
  esp_architecture_unref (architecture);
  return NULL;
}

static EspNetwork *
train_checkpoint (const EspTrainSource *self,
                  EspCheckpoint *checkpoint,
                  guint64 seed,
                  const char *name)
{
  EspTrainingChoice choice = { .data = self->data,
                               .loss = self->loss,
                               .optimizer = self->optimizer,
                               .rate = self->rate,
                               .batch_size = (guint64) self->batch_size,
                               .seed = seed };
  g_autoptr (EspArchitecture) architecture = NULL;
  g_autoptr (GPtrArray) notes = NULL;
  GError *error = NULL;
  EspNetwork *network = NULL;

  architecture = find_architecture (self, checkpoint, &error);
  if (architecture != NULL)
    network = esp_architecture_make_network (architecture, &choice, &notes, NULL, &error);
  if (network == NULL)
    {
      gboolean hint = architecture == NULL && self->guess == NULL;

      esp_cli_fail (name, error);
      if (hint)
        esp_cli_message (_ ("--guess relu guesses the layers of a state dict from its names and "
                            "shapes"));
      return NULL;
    }
  if (esp_architecture_is_guess (architecture))
    tell_guess (architecture);
  for (guint i = 0; i < notes->len; i++)
    esp_cli_message ("%s", (const char *) notes->pdata[i]);
  return network;
}

/* --- both --- */

static EspNetwork *
read_spec (const EspTrainSource *self, const char *path, const char *name, guint64 seed)
{
  EspNetworkOptions given = { .data = self->data,
                              .has_seed = self->seed_text != NULL,
                              .seed = seed };
  GError *error = NULL;
  EspNetwork *network;

  if (self->data != NULL && g_file_test (self->data, G_FILE_TEST_EXISTS))
    given.access.chosen = self->data;
  network = esp_session_read_network (path, &given, &error);
  if (network == NULL)
    esp_cli_fail (name, error);
  return network;
}

EspDocument *
esp_train_source_read (const EspTrainSource *self, const char *name)
{
  g_autofree char *path = find_spec (name);
  g_autoptr (EspDocument) document = NULL;
  g_autoptr (EspNetwork) network = NULL;
  EspCheckpoint *checkpoint;
  guint64 seed = 0;

  if (!read_seed (self, &seed))
    return NULL;
  if (path == NULL)
    {
      g_autofree char *shown = esp_cli_show_name (name);

      esp_cli_message (_ ("%s: there is no such file, and no network of this name ships with the "
                          "program"),
                       shown);
      return NULL;
    }
  document = looks_like_spec (path) ? NULL : open_document (path);
  if (document == NULL && !looks_like_spec (path))
    return NULL;
  checkpoint = document != NULL ? esp_document_get_checkpoint (document) : NULL;
  if (document != NULL && checkpoint == NULL && g_str_has_suffix (path, ".espalier"))
    {
      if (self->data == NULL && self->seed_text == NULL)
        return g_steal_pointer (&document);
      esp_cli_message (_ ("A network with its history goes on with its own data and seed"));
      return NULL;
    }
  network = checkpoint != NULL ? train_checkpoint (self, checkpoint, seed, name)
                               : read_spec (self, path, name, seed);
  return network != NULL ? esp_document_new_for_network (network) : NULL;
}

void
esp_train_source_clear (EspTrainSource *self)
{
  g_free (self->data);
  g_free (self->seed_text);
  g_free (self->guess);
  g_free (self->loss);
  g_free (self->optimizer);
}
