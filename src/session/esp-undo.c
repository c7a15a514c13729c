/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two stacks of entries. A change of values is taken back by the document's own history; a change
 * of structure by showing the other document. Whatever is on a stack was done in this order, so
 * that undoing goes from one moment to the one before. Another document, opened or made, empties
 * both. */

#include "config.h"

#include "esp-undo.h"

#include "esp-session.h"

/* one thing that was done */
typedef struct
{
  char *label;
  EspDocument *document; /* owned; in which, or the one before */
  EspDocument *after;    /* owned; the one that came in its place, or NULL for a change of values */
  guint64 ticket;        /* of a change of values */
} Entry;

struct _EspUndo
{
  GObject parent_instance;

  EspSession *session;   /* borrowed: it owns this */
  EspDocument *document; /* owned; the session's */
  GPtrArray *done;       /* Entry, oldest first */
  GPtrArray *undone;     /* likewise, the next to do again last */
  gboolean replacing;    /* the session's document changes by our doing */
};

enum
{
  PROP_0,
  PROP_UNDO_NAME,
  PROP_REDO_NAME,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (EspUndo, esp_undo, G_TYPE_OBJECT)

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_free (entry->label);
  g_object_unref (entry->document);
  g_clear_object (&entry->after);
  g_free (entry);
}

static void
notify_names (EspUndo *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_UNDO_NAME]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REDO_NAME]);
}

static void
clear (EspUndo *self)
{
  g_ptr_array_set_size (self->done, 0);
  g_ptr_array_set_size (self->undone, 0);
  notify_names (self);
}

static guint
count_documents (EspUndo *self)
{
  guint n = 0;

  for (guint i = 0; i < self->done->len; i++)
    n += ((Entry *) g_ptr_array_index (self->done, i))->after != NULL;
  return n;
}

static void
add (EspUndo *self, EspDocument *document, EspDocument *after, guint64 ticket, const char *label)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->label = g_strdup (label);
  entry->document = g_object_ref (document);
  entry->after = after != NULL ? g_object_ref (after) : NULL;
  entry->ticket = ticket;
  g_ptr_array_set_size (self->undone, 0);
  g_ptr_array_add (self->done, entry);
  while (self->done->len > ESP_UNDO_MAX_ENTRIES || count_documents (self) > ESP_UNDO_MAX_DOCUMENTS)
    g_ptr_array_remove_index (self->done, 0);
  notify_names (self);
}

/* --- what the document says --- */

static void
on_changed (EspUndo *self, guint64 ticket, const char *label)
{
  add (self, self->document, NULL, ticket, label);
}

static void
remove_entries (GPtrArray *entries, EspDocument *document, guint64 ticket)
{
  for (guint i = entries->len; i-- > 0;)
    {
      Entry *entry = g_ptr_array_index (entries, i);

      if (entry->document == document && entry->after == NULL &&
          (ticket == 0 || entry->ticket == ticket))
        g_ptr_array_remove_index (entries, i);
    }
}

static void
on_refused (EspUndo *self, guint64 ticket)
{
  remove_entries (self->done, self->document, ticket);
  remove_entries (self->undone, self->document, ticket);
  notify_names (self);
}

/* what comes after it could only be done on what is forgotten */
static void
on_forgot (EspUndo *self)
{
  remove_entries (self->done, self->document, 0);
  g_ptr_array_set_size (self->undone, 0);
  notify_names (self);
}

static void
follow (EspUndo *self, EspDocument *document)
{
  if (self->document != NULL)
    g_signal_handlers_disconnect_by_data (self->document, self);
  g_set_object (&self->document, document);
  if (document == NULL)
    return;
  g_signal_connect_object (document, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "refused", G_CALLBACK (on_refused), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "forgot", G_CALLBACK (on_forgot), self, G_CONNECT_SWAPPED);
}

static void
on_document (EspUndo *self)
{
  EspDocument *document = esp_session_get_document (self->session);

  if (document == self->document)
    return;
  follow (self, document);
  if (!self->replacing)
    clear (self);
}

/* --- the object --- */

static void
esp_undo_dispose (GObject *object)
{
  EspUndo *self = ESP_UNDO (object);

  follow (self, NULL);
  g_ptr_array_set_size (self->done, 0);
  g_ptr_array_set_size (self->undone, 0);
  G_OBJECT_CLASS (esp_undo_parent_class)->dispose (object);
}

static void
esp_undo_finalize (GObject *object)
{
  EspUndo *self = ESP_UNDO (object);

  g_ptr_array_unref (self->done);
  g_ptr_array_unref (self->undone);
  G_OBJECT_CLASS (esp_undo_parent_class)->finalize (object);
}

static void
esp_undo_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspUndo *self = ESP_UNDO (object);

  switch (id)
    {
    case PROP_UNDO_NAME:
      g_value_set_string (value, esp_undo_get_undo_name (self));
      break;
    case PROP_REDO_NAME:
      g_value_set_string (value, esp_undo_get_redo_name (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_undo_class_init (EspUndoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = esp_undo_dispose;
  object_class->finalize = esp_undo_finalize;
  object_class->get_property = esp_undo_get_property;

  props[PROP_UNDO_NAME] = g_param_spec_string ("undo-name", NULL, NULL, NULL, flags);
  props[PROP_REDO_NAME] = g_param_spec_string ("redo-name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
esp_undo_init (EspUndo *self)
{
  self->done = g_ptr_array_new_with_free_func (free_entry);
  self->undone = g_ptr_array_new_with_free_func (free_entry);
}

EspUndo *
esp_undo_new (EspSession *session)
{
  EspUndo *self = g_object_new (ESP_TYPE_UNDO, NULL);

  self->session = session;
  g_signal_connect_object (session, "notify::document", G_CALLBACK (on_document), self,
                           G_CONNECT_SWAPPED);
  return self;
}

/* --- what a person does --- */

static const char *
get_name (GPtrArray *entries)
{
  return entries->len > 0 ? ((Entry *) g_ptr_array_index (entries, entries->len - 1))->label : NULL;
}

const char *
esp_undo_get_undo_name (EspUndo *self)
{
  g_return_val_if_fail (ESP_IS_UNDO (self), NULL);

  return get_name (self->done);
}

const char *
esp_undo_get_redo_name (EspUndo *self)
{
  g_return_val_if_fail (ESP_IS_UNDO (self), NULL);

  return get_name (self->undone);
}

static void
show (EspUndo *self, EspDocument *document)
{
  if (self->document != NULL && esp_document_get_trainer (self->document) != NULL)
    esp_document_pause (self->document);
  self->replacing = TRUE;
  esp_session_replace_document (self->session, document);
  self->replacing = FALSE;
}

void
esp_undo_change_document (EspUndo *self, EspDocument *document, const char *label)
{
  g_autoptr (EspDocument) before = NULL;

  g_return_if_fail (ESP_IS_UNDO (self) && ESP_IS_DOCUMENT (document) && label != NULL);
  g_return_if_fail (self->document != NULL && self->document != document);

  before = g_object_ref (self->document);
  show (self, document);
  add (self, before, document, 0, label);
}

static void
move (EspUndo *self, GPtrArray *from, GPtrArray *to, gboolean undo)
{
  Entry *entry;

  if (from->len == 0)
    return;
  entry = g_ptr_array_steal_index (from, from->len - 1);
  g_ptr_array_add (to, entry);
  if (entry->after != NULL)
    show (self, undo ? entry->document : entry->after);
  else if (undo)
    esp_document_undo (entry->document, entry->ticket);
  else
    esp_document_redo (entry->document, entry->ticket);
  notify_names (self);
}

void
esp_undo_undo (EspUndo *self)
{
  g_return_if_fail (ESP_IS_UNDO (self));

  move (self, self->done, self->undone, TRUE);
}

void
esp_undo_redo (EspUndo *self)
{
  g_return_if_fail (ESP_IS_UNDO (self));

  move (self, self->undone, self->done, FALSE);
}
