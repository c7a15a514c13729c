/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The pickle machine: a stack, marks, a memo, and one loop over the bytes. In: a pickle of up to
 * 512 MB; out: a graph of inert values. What opcodes do is in esp-pickle-opcodes.c, what becomes of
 * calls in esp-pickle-calls.c. The loop, push and pop are hot: a state dict of 20,000 tensors is
 * about half a million opcodes. */

#include "config.h"

#include "esp-pickle-private.h"

#include "esp-hash.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

/* opcodes between two looks at the cancellable */
#define CANCEL_EVERY 4096
/* how far ahead of the count a memo number may be and still go into the array */
#define MEMO_SLACK 1024
/* what may be copied besides twice the input */
#define BUDGET_SLACK (64 * 1024)

gboolean
esp_pickle_machine_fail (EspPickleMachine *self,
                         GError **error,
                         EspFormatError code,
                         const char *format,
                         ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ESP_FORMAT_ERROR, code, "%s, byte %zu, %s: %s", self->cursor.what,
               self->opcode_position,
               self->opcode != NULL && self->opcode->name != NULL ? self->opcode->name : "?", text);
  return FALSE;
}

EspPickleValue *
esp_pickle_machine_new_value (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  EspPickle *pickle = self->pickle;
  EspPickleValue *value;

  if (G_UNLIKELY (pickle->n_values >= ESP_LIMIT_PICKLE_VALUES))
    {
      esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                               _ ("there are more than %d values"), ESP_LIMIT_PICKLE_VALUES);
      return NULL;
    }
  pickle->n_values++;
  value = esp_pickle_arena_alloc (&pickle->arena, sizeof *value);
  *value = (EspPickleValue) { .kind = (guint8) kind };
  if (esp_pickle_value_is_container (value))
    value->index = pickle->n_containers++;
  return value;
}

gboolean
esp_pickle_machine_push (EspPickleMachine *self, EspPickleValue *value, GError **error)
{
  if (G_UNLIKELY (self->n_stack == self->stack_capacity))
    {
      if (self->n_stack >= ESP_LIMIT_PICKLE_VALUES)
        return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                        _ ("the stack holds more than %d values"),
                                        ESP_LIMIT_PICKLE_VALUES);
      self->stack_capacity = CLAMP (self->stack_capacity * 2, 256, ESP_LIMIT_PICKLE_VALUES);
      self->stack = g_renew (EspPickleValue *, self->stack, self->stack_capacity);
    }
  self->stack[self->n_stack++] = value;
  return TRUE;
}

EspPickleValue *
esp_pickle_machine_push_new (EspPickleMachine *self, EspPickleKind kind, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_new_value (self, kind, error);

  if (value == NULL || !esp_pickle_machine_push (self, value, error))
    return NULL;
  return value;
}

EspPickleValue *
esp_pickle_machine_peek (EspPickleMachine *self, GError **error)
{
  gsize floor = self->n_marks > 0 ? self->marks[self->n_marks - 1] : 0;

  if (G_UNLIKELY (self->n_stack <= floor))
    {
      esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                               _ ("it needs a value, but the stack has none"));
      return NULL;
    }
  return self->stack[self->n_stack - 1];
}

EspPickleValue *
esp_pickle_machine_pop (EspPickleMachine *self, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_peek (self, error);

  if (value != NULL)
    self->n_stack--;
  return value;
}

gboolean
esp_pickle_machine_pop_mark (EspPickleMachine *self,
                             EspPickleValue *const **items,
                             guint *n,
                             GError **error)
{
  gsize mark;

  if (self->n_marks == 0)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                    _ ("it needs a mark, but none is set"));
  mark = self->marks[--self->n_marks];
  *items = self->stack != NULL ? self->stack + mark : NULL;
  *n = (guint) (self->n_stack - mark);
  self->n_stack = mark;
  return TRUE;
}

static gboolean
put_near (EspPickleMachine *self, gsize index, EspPickleValue *value)
{
  if (index >= self->memo_capacity)
    {
      gsize capacity = MAX (self->memo_capacity * 2, MAX (index + 1, 256));

      self->memo = g_renew (EspPickleValue *, self->memo, capacity);
      memset (self->memo + self->memo_capacity, 0,
              (capacity - self->memo_capacity) * sizeof *self->memo);
      self->memo_capacity = capacity;
    }
  if (self->memo[index] == NULL)
    self->n_memo++;
  self->memo[index] = value;
  return TRUE;
}

/* The array holds numbers below its capacity, the hash table the others; the array only ever grows
 * over numbers that are not in the table, or takes precedence when it is looked at. */
gboolean
esp_pickle_machine_put (EspPickleMachine *self, guint64 index, GError **error)
{
  EspPickleValue *value = esp_pickle_machine_peek (self, error);

  if (value == NULL)
    return FALSE;
  if (index > G_MAXUINT32)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                    _ ("the memo has no entry %" PRIu64), index);
  if (index < self->memo_capacity || index <= (guint64) self->n_memo + MEMO_SLACK)
    return put_near (self, (gsize) index, value);
  if (self->memo_far == NULL)
    self->memo_far = g_hash_table_new (NULL, NULL);
  if (g_hash_table_insert (self->memo_far, GUINT_TO_POINTER ((guint) index), value))
    self->n_memo++;
  return TRUE;
}

gboolean
esp_pickle_machine_get (EspPickleMachine *self, guint64 index, GError **error)
{
  EspPickleValue *value = NULL;

  if (index < self->memo_capacity)
    value = self->memo[index];
  if (value == NULL && self->memo_far != NULL && index <= G_MAXUINT32)
    value = g_hash_table_lookup (self->memo_far, GUINT_TO_POINTER ((guint) index));
  if (G_UNLIKELY (value == NULL))
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                    _ ("the memo has no entry %" PRIu64), index);
  return esp_pickle_machine_push (self, value, error);
}

gboolean
esp_pickle_machine_spend (EspPickleMachine *self, gsize amount, GError **error)
{
  if (amount > self->budget)
    return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                    _ ("it copies the same values again and again"));
  self->budget -= amount;
  return TRUE;
}

void
esp_pickle_items_append (EspPickle *pickle,
                         EspPickleItems *self,
                         const EspPickleValue *const *values,
                         guint n)
{
  if (n > self->capacity - self->n)
    {
      guint capacity = MAX (self->n + n, self->n * 2); /* both below 2^27 by the limits */
      const EspPickleValue **items;

      items = esp_pickle_arena_alloc (&pickle->arena, capacity * sizeof *items);
      if (self->n > 0)
        memcpy (items, self->items, self->n * sizeof *items);
      self->items = items;
      self->capacity = capacity;
    }
  if (n > 0)
    memcpy (self->items + self->n, values, n * sizeof *values);
  self->n += n;
}

static gboolean
run (EspPickleMachine *self, GCancellable *cancellable, GError **error)
{
  for (guint64 count = 0; !self->stopped; count++)
    {
      guint8 code;

      if (count % CANCEL_EVERY == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      self->opcode_position = self->cursor.position;
      if (G_LIKELY (self->cursor.position < self->cursor.size))
        code = self->cursor.data[self->cursor.position++];
      else if (!esp_cursor_read_u8 (&self->cursor, &code, error))
        return FALSE;
      self->opcode = &esp_pickle_opcodes[code];
      if (count >= ESP_LIMIT_PICKLE_OPCODES)
        return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_LIMIT,
                                        _ ("there are more than %d opcodes"),
                                        ESP_LIMIT_PICKLE_OPCODES);
      if (self->opcode->run == NULL)
        {
          if (self->opcode->name == NULL)
            return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_CORRUPT,
                                            _ ("0x%02x is no opcode"), code);
          return esp_pickle_machine_fail (self, error, ESP_FORMAT_ERROR_UNSUPPORTED,
                                          _ ("no checkpoint needs this opcode"));
        }
      if (!self->opcode->run (self, error))
        return FALSE;
    }
  return TRUE;
}

static guint
name_hash (gconstpointer data)
{
  const EspPickleName *name = data;

  return esp_hash_string (name->module) * 31 + esp_hash_string (name->name);
}

static gboolean
name_equal (gconstpointer a, gconstpointer b)
{
  const EspPickleName *x = a;
  const EspPickleName *y = b;

  return strcmp (x->name, y->name) == 0 && strcmp (x->module, y->module) == 0;
}

static EspPickle *
pickle_alloc (GBytes *bytes)
{
  EspPickle *self = g_new0 (EspPickle, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bytes = g_bytes_ref (bytes);
  esp_pickle_arena_init (&self->arena);
  self->names = g_ptr_array_new ();
  self->persistents = g_ptr_array_new ();
  self->refused = g_ptr_array_new_with_free_func (g_free);
  self->refused_count = g_hash_table_new (NULL, NULL);
  return self;
}

EspPickle *
esp_pickle_new (GBytes *bytes,
                gsize position,
                const char *what,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (EspPickle) self = NULL;
  EspPickleMachine *machine;
  const guint8 *data;
  gsize size;
  gboolean done;

  g_return_val_if_fail (bytes != NULL && what != NULL, NULL);

  data = g_bytes_get_data (bytes, &size);
  g_return_val_if_fail (position <= size, NULL);
  if (size > ESP_LIMIT_PICKLE_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                   _ ("%s has %zu bytes, more than the %d that a pickle may have"), what, size,
                   ESP_LIMIT_PICKLE_BYTES);
      return NULL;
    }
  self = pickle_alloc (bytes);
  machine = g_new0 (EspPickleMachine, 1);
  machine->pickle = self;
  machine->budget = (guint64) 2 * size + BUDGET_SLACK;
  machine->names = g_hash_table_new (name_hash, name_equal);
  esp_cursor_init (&machine->cursor, data, size, what);
  machine->cursor.position = position;
  done = run (machine, cancellable, error);
  self->end = machine->cursor.position;
  g_clear_pointer (&machine->memo_far, g_hash_table_unref);
  g_hash_table_unref (machine->names);
  g_free (machine->memo);
  g_free (machine->stack);
  g_free (machine);
  return done ? g_steal_pointer (&self) : NULL;
}

EspPickle *
esp_pickle_ref (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
esp_pickle_unref (EspPickle *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->refused_count);
  g_ptr_array_unref (self->refused);
  g_ptr_array_unref (self->persistents);
  g_ptr_array_unref (self->names);
  esp_pickle_arena_clear (&self->arena);
  g_bytes_unref (self->bytes);
  g_free (self);
}

const EspPickleValue *
esp_pickle_get_root (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->root;
}

gsize
esp_pickle_get_end (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->end;
}

guint
esp_pickle_get_n_containers (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_containers;
}

guint64
esp_pickle_get_memory (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->arena.total;
}

guint
esp_pickle_get_n_names (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->names->len;
}

const EspPickleName *
esp_pickle_get_name (EspPickle *self, guint index)
{
  const EspPickleValue *value;

  g_return_val_if_fail (self != NULL && index < self->names->len, NULL);

  value = g_ptr_array_index (self->names, index);
  return value->name;
}

guint
esp_pickle_get_n_persistents (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->persistents->len;
}

const EspPickleValue *
esp_pickle_get_persistent (EspPickle *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->persistents->len, NULL);

  return g_ptr_array_index (self->persistents, index);
}

guint
esp_pickle_get_n_refused (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->refused->len;
}

const char *
esp_pickle_get_refused (EspPickle *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->refused->len, NULL);

  return g_ptr_array_index (self->refused, index);
}

guint64
esp_pickle_get_n_unlisted (EspPickle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_unlisted;
}
