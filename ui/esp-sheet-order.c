/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a sheet. In: places; out: a list model that sorts itself anew, twice a second at
 * most, while figures come in. One scan at a time: each uses all cores. */

#include "config.h"

#include "esp-sheet-order.h"

#include <math.h>

/* ms between two times that tiles may change place */
#define INTERVAL 500

typedef struct
{
  EspTensor *tensor; /* what was scanned: a live network's is another with each snapshot */
  EspStats *stats;   /* NULL if it can't be read */
} Figure;

struct _EspSheetOrder
{
  GObject parent_instance;

  /* owned */
  GListModel *places;
  GtkSortListModel *sorted;
  GtkSorter *sorter;
  GHashTable *figures; /* EspPlace -> Figure */
  GHashTable *indices; /* EspPlace -> its place in the tree's order, plus 1 */
  GCancellable *cancellable;
  EspPlace *scanned_place; /* what the scan that runs reads */
  EspTensor *scanned;

  /* state */
  EspChannel channel;
  EspSheetKey key;
  guint next, done; /* of the places, in the tree's order */
  gboolean stopped;
  guint telling; /* source */
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspSheetOrder, esp_sheet_order, G_TYPE_OBJECT)

static EspTensor *
get_tensor (EspSheetOrder *self, EspPlace *place)
{
  EspParameter *parameter = esp_place_get_parameter (place);

  return parameter != NULL ? esp_parameter_get_channel (parameter, self->channel) : NULL;
}

static gboolean
needs_scan (EspSheetKey key)
{
  return key >= ESP_SHEET_KEY_LARGEST;
}

/* NaN where it isn't known, or there is none */
static double
get_value (EspSheetOrder *self, EspPlace *place)
{
  EspTensor *tensor = get_tensor (self, place);
  const Figure *figure;
  const EspStatsValues *values;

  if (tensor == NULL)
    return NAN;
  if (self->key == ESP_SHEET_KEY_SIZE)
    return (double) esp_tensor_get_count (tensor);
  figure = g_hash_table_lookup (self->figures, place);
  if (figure == NULL || figure->stats == NULL)
    return NAN;

  values = esp_stats_get_values (figure->stats);
  switch (self->key)
    {
    case ESP_SHEET_KEY_LARGEST:
      return fmax (fabs (values->min), fabs (values->max));
    case ESP_SHEET_KEY_STD:
      return values->std;
    case ESP_SHEET_KEY_MEAN:
      return values->mean;
    case ESP_SHEET_KEY_NORM:
      return values->l2;
    case ESP_SHEET_KEY_ZEROS:
      return values->count > 0 ? (double) values->zeros / (double) values->count : NAN;
    case ESP_SHEET_KEY_NONFINITE:
      return (double) (values->nans + values->infs);
    case ESP_SHEET_KEY_TREE:
    case ESP_SHEET_KEY_SIZE:
    case ESP_N_SHEET_KEYS:
    default:
      return NAN;
    }
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  EspSheetOrder *self = user_data;
  double x = get_value (self, (EspPlace *) a), y = get_value (self, (EspPlace *) b);
  guint i, j;

  if (self->key != ESP_SHEET_KEY_TREE && isnan (x) != isnan (y))
    return isnan (x) ? GTK_ORDERING_LARGER : GTK_ORDERING_SMALLER;
  if (self->key != ESP_SHEET_KEY_TREE && x != y && !isnan (x))
    return x > y ? GTK_ORDERING_SMALLER : GTK_ORDERING_LARGER;

  i = GPOINTER_TO_UINT (g_hash_table_lookup (self->indices, a));
  j = GPOINTER_TO_UINT (g_hash_table_lookup (self->indices, b));
  return i < j ? GTK_ORDERING_SMALLER : i > j ? GTK_ORDERING_LARGER : GTK_ORDERING_EQUAL;
}

static gboolean
on_tell (gpointer user_data)
{
  EspSheetOrder *self = user_data;

  self->telling = 0;
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static void
tell_later (EspSheetOrder *self)
{
  if (self->telling == 0)
    self->telling = g_timeout_add (INTERVAL, on_tell, self);
}

static void scan_next (EspSheetOrder *self); /* a scan that ends starts the next */

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (EspSheetOrder) self = user_data;
  g_autoptr (GError) error = NULL;
  EspStats *stats = esp_scan_stats_finish (result, &error);
  Figure *figure;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->cancellable);
  figure = g_new (Figure, 1);
  figure->tensor = g_steal_pointer (&self->scanned);
  figure->stats = stats;
  g_hash_table_insert (self->figures, g_steal_pointer (&self->scanned_place), figure);
  self->done = self->next;
  tell_later (self);
  scan_next (self);
}

static gboolean
is_readable (EspTensor *tensor)
{
  return tensor != NULL && esp_tensor_get_error (tensor) == NULL &&
         esp_tensor_get_count (tensor) > 0;
}

static void
scan_next (EspSheetOrder *self)
{
  guint n = self->places != NULL ? g_list_model_get_n_items (self->places) : 0;

  if (self->cancellable != NULL || self->stopped || !needs_scan (self->key))
    return;
  while (self->next < n)
    {
      g_autoptr (EspPlace) place = g_list_model_get_item (self->places, self->next++);
      EspTensor *tensor = get_tensor (self, place);

      const Figure *figure = g_hash_table_lookup (self->figures, place);

      if (!is_readable (tensor) || (figure != NULL && figure->tensor == tensor))
        continue;
      self->scanned_place = g_object_ref (place);
      self->scanned = esp_tensor_ref (tensor);
      self->cancellable = g_cancellable_new ();
      esp_scan_stats_async (tensor, self->cancellable, on_scanned, g_object_ref (self));
      return;
    }
  self->done = n;
  tell_later (self);
}

static void
cancel (EspSheetOrder *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->scanned, esp_tensor_unref);
  g_clear_object (&self->scanned_place);
}

static void
esp_sheet_order_dispose (GObject *object)
{
  EspSheetOrder *self = ESP_SHEET_ORDER (object);

  cancel (self);
  g_clear_handle_id (&self->telling, g_source_remove);
  g_clear_object (&self->sorted);
  g_clear_object (&self->sorter);
  g_clear_object (&self->places);

  G_OBJECT_CLASS (esp_sheet_order_parent_class)->dispose (object);
}

static void
esp_sheet_order_finalize (GObject *object)
{
  EspSheetOrder *self = ESP_SHEET_ORDER (object);

  g_hash_table_unref (self->figures);
  g_hash_table_unref (self->indices);

  G_OBJECT_CLASS (esp_sheet_order_parent_class)->finalize (object);
}

static void
esp_sheet_order_class_init (EspSheetOrderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_sheet_order_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_sheet_order_finalize;

  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_SHEET_ORDER, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
figure_free (gpointer data)
{
  Figure *figure = data;

  esp_tensor_unref (figure->tensor);
  g_clear_pointer (&figure->stats, esp_stats_unref);
  g_free (figure);
}

static void
esp_sheet_order_init (EspSheetOrder *self)
{
  self->figures = g_hash_table_new_full (NULL, NULL, g_object_unref, figure_free);
  self->indices = g_hash_table_new (NULL, NULL);
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare, self, NULL));
  self->sorted = gtk_sort_list_model_new (NULL, g_object_ref (self->sorter));
}

EspSheetOrder *
esp_sheet_order_new (void)
{
  return g_object_new (ESP_TYPE_SHEET_ORDER, NULL);
}

void
esp_sheet_order_set_places (EspSheetOrder *self, GListModel *places, EspChannel channel)
{
  g_return_if_fail (ESP_IS_SHEET_ORDER (self));

  cancel (self);
  g_hash_table_remove_all (self->figures);
  g_hash_table_remove_all (self->indices);
  g_set_object (&self->places, places);
  self->channel = channel;
  self->next = self->done = 0;
  self->stopped = FALSE;
  for (guint i = 0; places != NULL && i < g_list_model_get_n_items (places); i++)
    {
      g_autoptr (EspPlace) place = g_list_model_get_item (places, i);

      g_hash_table_insert (self->indices, place, GUINT_TO_POINTER (i + 1));
    }
  gtk_sort_list_model_set_model (self->sorted, places);
  scan_next (self);
}

void
esp_sheet_order_renew (EspSheetOrder *self)
{
  g_return_if_fail (ESP_IS_SHEET_ORDER (self));

  if (self->cancellable != NULL || self->stopped)
    return;
  self->next = 0;
  scan_next (self);
}

GListModel *
esp_sheet_order_get_model (EspSheetOrder *self)
{
  g_return_val_if_fail (ESP_IS_SHEET_ORDER (self), NULL);

  return G_LIST_MODEL (self->sorted);
}

void
esp_sheet_order_set_key (EspSheetOrder *self, EspSheetKey key)
{
  g_return_if_fail (ESP_IS_SHEET_ORDER (self));
  g_return_if_fail (key < ESP_N_SHEET_KEYS);

  if (self->key == key)
    return;
  self->key = key;
  self->stopped = FALSE;
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  scan_next (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
esp_sheet_order_stop (EspSheetOrder *self)
{
  g_return_if_fail (ESP_IS_SHEET_ORDER (self));

  if (self->cancellable != NULL) /* the one that is given up comes first next time */
    self->next--;
  cancel (self);
  self->stopped = TRUE;
  g_signal_emit (self, signals[CHANGED], 0);
}

gboolean
esp_sheet_order_get_progress (EspSheetOrder *self, guint *done, guint *all)
{
  g_return_val_if_fail (ESP_IS_SHEET_ORDER (self), FALSE);

  *done = self->done;
  *all = self->places != NULL ? g_list_model_get_n_items (self->places) : 0;
  return self->cancellable != NULL;
}

char *
esp_sheet_order_format (EspSheetOrder *self, EspPlace *place)
{
  double value;

  g_return_val_if_fail (ESP_IS_SHEET_ORDER (self), NULL);

  if (self->key == ESP_SHEET_KEY_TREE)
    return NULL;
  value = get_value (self, place);
  if (isnan (value))
    return NULL;
  switch (self->key)
    {
    case ESP_SHEET_KEY_SIZE:
    case ESP_SHEET_KEY_NONFINITE:
      return esp_number_format_count ((guint64) value);
    case ESP_SHEET_KEY_ZEROS:
      return esp_number_format_percent (value);
    default:
      return esp_number_format_value (value, 3);
    }
}
