/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of text (RFC 4180): commas, semicolons or tabs, whichever the first line has most of;
 * quoted fields; the first line may be a header. The table is split in place. */

#include "config.h"
#include "esp-dataset-file.h"

#include <string.h>
#include <glib/gi18n.h>

#define MAX_COLUMNS 100000
#define MAX_CLASSES 1000
#define FEW_NUMBERS 20 /* whole numbers that look like labels: so many different ones at most */

typedef struct
{
  EspSpec *spec;
  char separator;
  GPtrArray *header; /* of texts; or NULL */
  GPtrArray *cells;  /* of texts, row by row; all point into the text */
  guint columns, target;
  guint64 rows;
} Table;

static gboolean
set_error (Table *self, GError **error, guint64 row, guint column, const char *what)
{
  g_autofree char *name = self->header != NULL && column < self->header->len
                              ? g_strdup (g_ptr_array_index (self->header, column))
                              : g_strdup_printf ("%u", column);
  esp_spec_set_error (self->spec, ESP_NETWORK_ERROR_DATA, error,
                      /* Translators: a place in a table, and what is wrong there */
                      _ ("row %llu, column “%.100s”: %s"), (unsigned long long) row + 1, name,
                      what);
  return FALSE;
}

static char
find_separator (const char *text)
{
  static const char separators[] = ",;\t";
  guint counts[3] = { 0 }, best = 0;
  while (*text == '#' || *text == '\n' || *text == '\r')
    text += strcspn (text, "\n") + (strchr (text, '\n') != NULL);
  for (; *text != '\0' && *text != '\n'; text++)
    for (guint i = 0; i < 3; i++)
      counts[i] += *text == separators[i];
  for (guint i = 1; i < 3; i++)
    if (counts[i] > counts[best])
      best = i;
  return separators[best];
}

/* one field at *at; moves behind it and its separator. *last: of its line */
static char *
take_field (char **at, char separator, gboolean *last)
{
  char *read = *at + strspn (*at, " "), *start = read;
  if (*read == '"')
    {
      char *write = start;
      for (read++; *read != '\0' && !(*read == '"' && read[1] != '"'); read++)
        {
          read += *read == '"';
          *write++ = *read;
        }
      read += *read == '"';
      char *end = write;
      while (*read != '\0' && *read != separator && *read != '\n')
        read++;
      char stop = *read;
      *end = '\0';
      *last = stop != separator;
      *at = stop != '\0' ? read + 1 : read;
      return start;
    }
  while (*read != '\0' && *read != separator && *read != '\n')
    read++;
  char stop = *read;
  *read = '\0';
  *last = stop != separator;
  *at = stop != '\0' ? read + 1 : read;
  return g_strstrip (start);
}

static gboolean
is_number (const char *text, double *value)
{
  char *end = NULL;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

/* Whether the first line names its columns: a word stands above a number, or there are words alone.
 * A first line of numbers and a class is an example as the others are. */
static gboolean
is_header (const Table *self)
{
  gboolean numbers = FALSE;
  double value;
  for (guint i = 0; i < self->columns; i++)
    {
      const char *cell = g_ptr_array_index (self->cells, i);
      const char *below = self->rows > 1 ? g_ptr_array_index (self->cells, self->columns + i) : "";
      gboolean number = is_number (cell, &value);
      if (!number && *cell != '\0' && is_number (below, &value))
        return TRUE;
      numbers = numbers || number;
    }
  return !numbers;
}

static void
take_header (Table *self)
{
  self->header = g_ptr_array_new ();
  for (guint i = 0; i < self->columns; i++)
    g_ptr_array_add (self->header, g_ptr_array_index (self->cells, i));
  g_ptr_array_remove_range (self->cells, 0, self->columns);
  self->rows--;
}

static gboolean
split_lines (Table *self, char *at, GError **error)
{
  gboolean first = TRUE;
  while (*at != '\0')
    {
      gboolean last = FALSE;
      guint n = 0;
      if (*at == '\n' || (*at == '\r' && at[1] == '\n') || *at == '#')
        {
          while (*at != '\0' && *at++ != '\n')
            ;
          continue;
        }
      for (; !last; n++)
        {
          if (n >= MAX_COLUMNS)
            return set_error (self, error, self->rows, n, _ ("there are too many columns"));
          g_ptr_array_add (self->cells, take_field (&at, self->separator, &last));
        }
      if (!first && n != self->columns)
        return set_error (self, error, self->rows, n,
                          _ ("the line has another number of fields than the first"));
      self->columns = n;
      self->rows++;
      first = FALSE;
    }
  if (self->rows > 0 && is_header (self))
    take_header (self);
  if (self->rows > 0 && self->columns >= 2)
    return TRUE;
  esp_spec_set_error (self->spec, ESP_NETWORK_ERROR_DATA, error,
                      _ ("the table wants two columns and one row at least"));
  return FALSE;
}

static const char *
get_cell (const Table *self, guint64 row, guint column)
{
  return g_ptr_array_index (self->cells, row * self->columns + column);
}

static gboolean
find_target (Table *self, GError **error)
{
  JsonNode *node = esp_spec_read_node (self->spec, "target");
  GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                                            : G_TYPE_INVALID;
  self->target = self->columns - 1;
  if (node == NULL)
    return TRUE;
  if (type == G_TYPE_INT64 && json_node_get_int (node) >= 0 &&
      json_node_get_int (node) < self->columns)
    {
      self->target = (guint) json_node_get_int (node);
      return TRUE;
    }
  for (guint i = 0; type == G_TYPE_STRING && self->header != NULL && i < self->header->len; i++)
    if (strcmp (g_ptr_array_index (self->header, i), json_node_get_string (node)) == 0)
      {
        self->target = i;
        return TRUE;
      }
  esp_spec_set_error (self->spec, ESP_NETWORK_ERROR_DATA, error,
                      _ ("“target” must be the name or the number of a column"));
  return FALSE;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  double x, y;
  const char *first = *(const char *const *) a, *second = *(const char *const *) b;
  if (is_number (first, &x) && is_number (second, &y))
    return x < y ? -1 : x > y;
  return strcmp (first, second);
}

/* the different texts of the target column, sorted; NULL when they are values and no labels */
static GPtrArray *
find_classes (Table *self, gboolean forced, gboolean labels)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) classes = g_ptr_array_new ();
  gboolean whole = TRUE;
  for (guint64 row = 0; row < self->rows; row++)
    {
      const char *cell = get_cell (self, row, self->target);
      double value;
      gboolean number = is_number (cell, &value);
      whole = whole && number && value >= 0 && floor (value) >= value;
      if (g_hash_table_add (seen, (gpointer) cell))
        g_ptr_array_add (classes, (gpointer) cell);
      /* numbers with a fraction are values unless somebody said otherwise */
      if (number && !whole && !forced)
        return NULL;
      if (classes->len > MAX_CLASSES)
        return NULL;
    }
  if (forced ? !labels : whole && classes->len > FEW_NUMBERS)
    return NULL;
  g_ptr_array_sort (classes, compare_texts);
  return g_steal_pointer (&classes);
}

static gboolean
fill_targets (Table *self, EspDataset *data, GPtrArray *classes, GError **error)
{
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; classes != NULL && i < classes->len; i++)
    g_hash_table_insert (places, g_ptr_array_index (classes, i), GINT_TO_POINTER ((int) i));
  for (guint64 row = 0; row < self->rows; row++)
    {
      const char *cell = get_cell (self, row, self->target);
      double value = 0;
      if (classes != NULL)
        data->labels[row] = GPOINTER_TO_INT (g_hash_table_lookup (places, cell));
      else if (is_number (cell, &value))
        data->targets[row] = (EspReal) value;
      else
        return set_error (self, error, row, self->target, _ ("this isn't a number"));
    }
  return TRUE;
}

static gboolean
fill_inputs (Table *self, EspDataset *data, GError **error)
{
  EspReal *at = data->inputs;
  for (guint64 row = 0; row < self->rows; row++)
    for (guint column = 0; column < self->columns; column++)
      {
        double value;
        if (column == self->target)
          continue;
        if (!is_number (get_cell (self, row, column), &value))
          return set_error (self, error, row, column, _ ("this isn't a number"));
        *at++ = (EspReal) value;
      }
  return TRUE;
}

static gboolean
fill (Table *self, EspDataset *data, GError **error)
{
  gboolean labels = FALSE, forced = esp_spec_has (self->spec, "classify");
  if (!find_target (self, error) || !esp_spec_read_bool (self->spec, "classify", &labels, error))
    return FALSE;
  g_autoptr (GPtrArray) classes = find_classes (self, forced, labels);
  /* left open it was found out, and holds as if it had been said */
  json_object_set_boolean_member (esp_spec_get_complete (self->spec), "classify", classes != NULL);
  if (classes != NULL && classes->len < 2)
    {
      esp_spec_set_error (self->spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("all rows have the same label"));
      return FALSE;
    }
  data->n = self->rows;
  data->input = (EspShape) { 1, { self->columns - 1 } };
  data->n_classes = classes != NULL ? (gint32) classes->len : 0;
  data->target = (EspShape) { classes != NULL ? 0 : 1, { 1 } };
  if (!esp_dataset_allocate (data, self->spec, error))
    return FALSE;
  data->classes = classes != NULL ? g_new0 (char *, classes->len + 1) : NULL;
  for (guint i = 0; classes != NULL && i < classes->len; i++)
    data->classes[i] = g_utf8_make_valid (g_ptr_array_index (classes, i), -1);
  return fill_inputs (self, data, error) && fill_targets (self, data, classes, error);
}

gboolean
esp_dataset_read_csv (EspDataset *self, EspSpec *spec, char *text, gsize length, GError **error)
{
  if (memchr (text, '\0', length) != NULL)
    {
      esp_spec_set_error (spec, ESP_NETWORK_ERROR_DATA, error,
                          _ ("this is no table of text, nor a format of arrays that is known"));
      return FALSE;
    }
  if (g_str_has_prefix (text, "\xef\xbb\xbf"))
    text += 3;
  Table table = { .spec = spec, .separator = find_separator (text), .cells = g_ptr_array_new () };
  gboolean good = split_lines (&table, text, error) && fill (&table, self, error);
  g_ptr_array_unref (table.cells);
  g_clear_pointer (&table.header, g_ptr_array_unref);
  return good;
}
