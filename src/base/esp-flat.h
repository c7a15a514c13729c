/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-types.h"

G_BEGIN_DECLS

/**
 * EspFlat:
 *
 * A bounded reader of FlatBuffers in a source: tables whose fields are found by their slots, and
 * vectors. Every offset is checked against the file. The first error sticks: what is asked for
 * afterwards is absent, so that a reader looks at esp_flat_check() once per table. Pages of the
 * file are kept, 256 KB in all. Not for use from two threads at once.
 */
typedef struct _EspFlat EspFlat;

typedef struct
{
  guint64 position; /* of the table; 0: there is none */
  guint64 slots;    /* where the vtable's entries begin */
  guint n_slots;
  guint size; /* bytes of the table itself */
} EspFlatTable;

typedef struct
{
  guint64 position; /* of the first element */
  guint32 n;        /* 0 as well where there is no vector */
} EspFlatVector;

/* refs @source; @what is for messages, borrowed */
EspFlat *esp_flat_new (EspSource *source, const char *what, GCancellable *cancellable);
void esp_flat_free (EspFlat *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFlat, esp_flat_free)

/* whether all was well so far */
gboolean esp_flat_check (const EspFlat *self, GError **error);
EspFlatTable esp_flat_get_root (EspFlat *self);

/* @slot: number of the field in the schema, from 0 on. An absent field is @otherwise. */
guint64 esp_flat_get_uint (EspFlat *self,
                           const EspFlatTable *table,
                           guint slot,
                           guint bytes,
                           guint64 otherwise);
EspFlatTable esp_flat_get_table (EspFlat *self, const EspFlatTable *table, guint slot);
/* @element: bytes of one, so that all of them lie in the file */
EspFlatVector esp_flat_get_vector (EspFlat *self,
                                   const EspFlatTable *table,
                                   guint slot,
                                   guint element);
/* of a vector of tables */
EspFlatTable esp_flat_get_element (EspFlat *self, const EspFlatVector *vector, guint32 index);
/* of a vector of numbers */
guint64 esp_flat_get_number (EspFlat *self,
                             const EspFlatVector *vector,
                             guint32 index,
                             guint bytes);
/* (transfer full): a text as esp_path_from_text() has it, "" where there is none. All texts
 * together may not be longer than the file, or the same one would be read again and again. */
char *esp_flat_dup_text (EspFlat *self, const EspFlatTable *table, guint slot);

G_END_DECLS
