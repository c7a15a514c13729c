/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of cells, in blocks of 32 rows and 8 columns: a page of a table is about twenty blocks, a
 * few milliseconds of reading. What a frame asked for replaces what older frames asked for, so that
 * flying over a large matrix reads only where one stops. */

#include "config.h"

#include "esp-value-blocks.h"

#include "esp-plane.h"

#define BLOCK_ROWS 32
#define BLOCK_COLUMNS 8
#define MAX_KEPT 512

typedef struct
{
  gint64 row, column; /* in blocks */
  char *texts[BLOCK_ROWS][BLOCK_COLUMNS];
  guint64 generation; /* of the matrix that it was read from */
  guint64 used;       /* turn in which it was last asked for */
} Block;

struct _EspValueBlocks
{
  GObject parent_instance;

  /* owned */
  EspTensor *matrix;
  GHashTable *blocks;        /* Block -> itself */
  GHashTable *wanted;        /* Block without texts -> itself: what this turn asked for */
  GCancellable *cancellable; /* of the worker, or NULL */
  GError *error;

  /* state */
  guint64 generation, turn;
};

/* what a worker reads */
typedef struct
{
  EspTensor *matrix;
  GPtrArray *blocks;
  guint64 generation;
} Job;

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspValueBlocks, esp_value_blocks, G_TYPE_OBJECT)

static guint
block_hash (gconstpointer key)
{
  const Block *block = key;

  return (guint) (block->row * 92821 + block->column);
}

static gboolean
block_equal (gconstpointer a, gconstpointer b)
{
  const Block *one = a, *other = b;

  return one->row == other->row && one->column == other->column;
}

static void
block_free (gpointer data)
{
  Block *block = data;

  for (guint i = 0; i < BLOCK_ROWS; i++)
    for (guint j = 0; j < BLOCK_COLUMNS; j++)
      g_free (block->texts[i][j]);
  g_free (block);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  esp_tensor_unref (job->matrix);
  g_ptr_array_unref (job->blocks);
  g_free (job);
}

static gboolean
block_read (Block *block, EspTensor *matrix, GCancellable *cancellable, GError **error)
{
  const gint64 *shape = esp_tensor_get_shape (matrix);
  gint64 row = block->row * BLOCK_ROWS, column = block->column * BLOCK_COLUMNS;
  guint rows = (guint) MIN (BLOCK_ROWS, shape[0] - row);
  guint columns = (guint) MIN (BLOCK_COLUMNS, shape[1] - column);

  for (guint i = 0; i < rows; i++)
    {
      g_autofree char **texts = esp_plane_read_row (matrix, row + i, column, columns, FALSE,
                                                    cancellable, error);

      if (texts == NULL)
        return FALSE;
      for (guint j = 0; j < columns; j++)
        {
          g_free (block->texts[i][j]);
          block->texts[i][j] = texts[j];
        }
    }
  return TRUE;
}

static void
read_in_worker (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  for (guint i = 0; i < job->blocks->len; i++)
    if (!block_read (g_ptr_array_index (job->blocks, i), job->matrix, cancellable, &error))
      {
        g_task_return_error (task, error);
        return;
      }
  g_task_return_boolean (task, TRUE);
}

static gboolean
is_old (gpointer key, gpointer value, gpointer user_data)
{
  EspValueBlocks *self = user_data;

  return ((Block *) value)->used + 1 < self->turn;
}

static void
keep (EspValueBlocks *self, Block *block)
{
  if (g_hash_table_size (self->blocks) >= MAX_KEPT)
    g_hash_table_foreach_remove (self->blocks, is_old, self);
  block->used = self->turn;
  g_hash_table_replace (self->blocks, block, block);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  EspValueBlocks *self = ESP_VALUE_BLOCKS (source);
  Job *job = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error) &&
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return;
    }

  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  self->error = error;
  while (error == NULL && job->blocks->len > 0)
    {
      Block *block = g_ptr_array_steal_index (job->blocks, job->blocks->len - 1);

      block->generation = job->generation;
      keep (self, block);
    }
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
esp_value_blocks_dispose (GObject *object)
{
  esp_value_blocks_set_matrix (ESP_VALUE_BLOCKS (object), NULL, FALSE);

  G_OBJECT_CLASS (esp_value_blocks_parent_class)->dispose (object);
}

static void
esp_value_blocks_finalize (GObject *object)
{
  EspValueBlocks *self = ESP_VALUE_BLOCKS (object);

  g_hash_table_unref (self->blocks);
  g_hash_table_unref (self->wanted);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (esp_value_blocks_parent_class)->finalize (object);
}

static void
esp_value_blocks_class_init (EspValueBlocksClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = esp_value_blocks_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_value_blocks_finalize;

  signals[CHANGED] = g_signal_new ("changed", ESP_TYPE_VALUE_BLOCKS, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_value_blocks_init (EspValueBlocks *self)
{
  self->blocks = g_hash_table_new_full (block_hash, block_equal, NULL, block_free);
  self->wanted = g_hash_table_new_full (block_hash, block_equal, NULL, block_free);
}

EspValueBlocks *
esp_value_blocks_new (void)
{
  return g_object_new (ESP_TYPE_VALUE_BLOCKS, NULL);
}

void
esp_value_blocks_set_matrix (EspValueBlocks *self, EspTensor *matrix, gboolean newer)
{
  g_return_if_fail (ESP_IS_VALUE_BLOCKS (self));
  g_return_if_fail (matrix == NULL || esp_tensor_get_ndim (matrix) == 2);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  if (!newer || matrix == NULL)
    g_hash_table_remove_all (self->blocks);
  g_hash_table_remove_all (self->wanted);
  if (matrix != NULL)
    esp_tensor_ref (matrix);
  g_clear_pointer (&self->matrix, esp_tensor_unref);
  self->matrix = matrix;
  self->generation++;
}

static void
want (EspValueBlocks *self, const Block *place)
{
  Block *wish;

  if (g_hash_table_contains (self->wanted, place))
    return;
  wish = g_new0 (Block, 1);
  wish->row = place->row;
  wish->column = place->column;
  g_hash_table_add (self->wanted, wish);
}

/* what is in memory is there at once */
static Block *
read_now (EspValueBlocks *self, const Block *place)
{
  EspStorage *storage = esp_tensor_get_storage (self->matrix);
  Block *block;

  if (storage == NULL || esp_storage_peek (storage) == NULL)
    return NULL;

  block = g_new0 (Block, 1);
  block->row = place->row;
  block->column = place->column;
  block->generation = self->generation;
  if (!block_read (block, self->matrix, NULL, self->error == NULL ? &self->error : NULL))
    {
      block_free (block);
      return NULL;
    }
  keep (self, block);
  return block;
}

const char *
esp_value_blocks_get (EspValueBlocks *self, gint64 row, gint64 column)
{
  Block place = { .row = row / BLOCK_ROWS, .column = column / BLOCK_COLUMNS };
  Block *block, *now;

  g_return_val_if_fail (ESP_IS_VALUE_BLOCKS (self), NULL);

  if (self->matrix == NULL || self->error != NULL)
    return NULL;

  block = g_hash_table_lookup (self->blocks, &place);
  if (block == NULL || block->generation != self->generation)
    {
      now = read_now (self, &place);
      if (now != NULL)
        block = now;
      else
        want (self, &place);
    }
  if (block == NULL)
    return NULL;

  block->used = self->turn;
  return block->texts[row % BLOCK_ROWS][column % BLOCK_COLUMNS];
}

static void
start (EspValueBlocks *self)
{
  g_autoptr (GTask) task = NULL;
  Job *job = g_new0 (Job, 1);
  GHashTableIter iter;
  gpointer block;

  job->matrix = esp_tensor_ref (self->matrix);
  job->generation = self->generation;
  job->blocks = g_ptr_array_new_with_free_func (block_free);
  g_hash_table_iter_init (&iter, self->wanted);
  while (g_hash_table_iter_next (&iter, &block, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_ptr_array_add (job->blocks, block);
    }
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self, self->cancellable, on_read, NULL);
  g_task_set_source_tag (task, start);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, read_in_worker);
}

void
esp_value_blocks_fetch (EspValueBlocks *self)
{
  g_return_if_fail (ESP_IS_VALUE_BLOCKS (self));

  self->turn++;
  /* one worker at a time; when it is done, the frame that follows asks anew */
  if (g_hash_table_size (self->wanted) > 0 && self->cancellable == NULL && self->error == NULL)
    start (self);
  g_hash_table_remove_all (self->wanted);
}
