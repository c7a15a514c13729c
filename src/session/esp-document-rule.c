/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How the parameters of a document's network are trained: what is frozen, and rates of their own.
 * All below a module changes together, as one change. */

#include "config.h"

#include "esp-document-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "esp-module.h"

/* parameters that can be trained, at @place or below it, each once */
static void
collect (EspDocument *self, EspPlace *place, GHashTable *seen, GArray *ids)
{
  EspParameter *parameter = esp_place_get_parameter (place);

  if (parameter != NULL)
    {
      int id = esp_network_find_parameter (self->network, parameter);

      if (id >= 0 && esp_parameter_get_rule (parameter) != NULL &&
          g_hash_table_add (seen, parameter))
        g_array_append_val (ids, id);
      return;
    }
  for (guint i = 0; i < esp_place_get_n_children (place); i++)
    collect (self, esp_place_get_child (place, i), seen, ids);
}

static GArray *
list_parameters (EspDocument *self, EspPlace *place)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (int));

  if (self->network != NULL)
    collect (self, place, seen, ids);
  return ids;
}

static gboolean
is_same (double a, double b)
{
  return a == b || (isnan (a) && isnan (b));
}

gboolean
esp_document_get_rule (EspDocument *self, EspPlace *place, EspDocumentRule *rule)
{
  g_autoptr (GArray) ids = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place) && rule != NULL, FALSE);

  *rule = (EspDocumentRule) { .same_rate = TRUE, .same_decay = TRUE };
  ids = list_parameters (self, place);
  for (guint i = 0; i < ids->len; i++)
    {
      const EspUpdateRule *own = esp_parameter_get_rule (
          esp_network_get_parameter (self->network, g_array_index (ids, int, i)));

      if (i == 0)
        rule->first = *own;
      rule->n_parameters++;
      rule->n_frozen += own->frozen ? 1 : 0;
      rule->same_rate = rule->same_rate && is_same (own->own_rate, rule->first.own_rate) &&
                        own->group_rate == rule->first.group_rate;
      rule->same_decay = rule->same_decay && is_same (own->own_decay, rule->first.own_decay) &&
                         own->group_decay == rule->first.group_decay;
    }
  return rule->n_parameters > 0;
}

/* those whose rule says something else already; TRUE if there are any */
static gboolean
put (EspDocument *self, EspPlace *place, EspHistoryKind kind, double value, const char *label)
{
  g_autoptr (GArray) ids = list_parameters (self, place);
  g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (EspHistoryEvent));

  for (guint i = 0; i < ids->len; i++)
    {
      int id = g_array_index (ids, int, i);
      const EspUpdateRule *own =
          esp_parameter_get_rule (esp_network_get_parameter (self->network, (guint) id));
      EspHistoryEvent event = { .kind = kind, .parameter = (guint) id };
      gboolean done;

      if (kind == ESP_HISTORY_FREEZE)
        {
          event.index = value != 0 ? 1 : 0;
          done = own->frozen == (value != 0);
        }
      else
        {
          event.value = value;
          done = is_same (kind == ESP_HISTORY_OWN_RATE ? own->own_rate : own->own_decay, value);
        }
      if (!done)
        g_array_append_val (events, event);
    }
  if (events->len > 0)
    esp_document_put_events (self, (const EspHistoryEvent *) (gpointer) events->data, events->len,
                             label);
  return events->len > 0;
}

/* "encoder", "0.weight", or the network's name */
static const char *
name_place (EspDocument *self, EspPlace *place)
{
  const char *path = esp_place_get_path (place);

  return *path != '\0' ? path : esp_document_get_title (self);
}

gboolean
esp_document_set_frozen (EspDocument *self, EspPlace *place, gboolean frozen)
{
  g_autofree char *label = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), FALSE);

  /* Translators: what can be undone; %s is the path of a layer or parameter */
  label = g_strdup_printf (frozen ? _ ("Freeze %s") : _ ("Unfreeze %s"), name_place (self, place));
  return put (self, place, ESP_HISTORY_FREEZE, frozen ? 1 : 0, label);
}

gboolean
esp_document_set_own_rate (EspDocument *self, EspPlace *place, double rate)
{
  g_autofree char *label = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), FALSE);
  g_return_val_if_fail (isnan (rate) || (isfinite (rate) && rate >= 0), FALSE);

  /* Translators: what can be undone; %s is the path of a layer or parameter */
  label = g_strdup_printf (_ ("Set Learning Rate of %s"), name_place (self, place));
  return put (self, place, ESP_HISTORY_OWN_RATE, rate, label);
}

gboolean
esp_document_set_own_decay (EspDocument *self, EspPlace *place, double decay)
{
  g_autofree char *label = NULL;

  g_return_val_if_fail (ESP_IS_DOCUMENT (self) && ESP_IS_PLACE (place), FALSE);
  g_return_val_if_fail (isnan (decay) || (isfinite (decay) && decay >= 0), FALSE);

  /* Translators: what can be undone; %s is the path of a layer or parameter */
  label = g_strdup_printf (_ ("Set Weight Decay of %s"), name_place (self, place));
  return put (self, place, ESP_HISTORY_OWN_DECAY, decay, label);
}
