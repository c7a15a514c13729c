/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-document.h"

G_BEGIN_DECLS

/**
 * EspEditPlan:
 *
 * An edit of many cells of a live network: planned, worked out in a worker, so that a person sees
 * how many numbers it would change, and then done as one change.
 */

typedef enum
{
  ESP_EDIT_VALUE,   /* a number */
  ESP_EDIT_FORMULA, /* an EspExpression of w, the value there, and i, j, its first two indices */
  ESP_EDIT_INITIALIZER, /* the name of one or an object as in a specification; empty: as it began,
                           with other random numbers */
  ESP_EDIT_PRUNE,       /* 0 where |w| is below a number, or "20%": the smallest so many */
} EspEditKind;

typedef struct
{
  EspPlace *place;
  int axis; /* -1: all cells; 0, 1: those with @index along the first or second axis */
  guint64 index;
  EspEditKind kind;
  const char *text;
  guint64 seed; /* of random numbers */
} EspEdit;

typedef struct _EspEditPlan EspEditPlan;

/* with the values shown now; cheap. NULL with an error when the place has no such cells or can't be
 * edited. Main thread. */
EspEditPlan *esp_edit_plan_new (EspDocument *document, const EspEdit *edit, GError **error);
/* all parameters of the module at @place, or that one, begin anew */
EspEditPlan *esp_edit_plan_new_initialize (EspDocument *document,
                                           EspPlace *place,
                                           guint64 seed,
                                           GError **error);
void esp_edit_plan_free (EspEditPlan *self); /* main thread */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspEditPlan, esp_edit_plan_free)

/* Works it out, once; any thread. FALSE with an error when the text is no such thing. */
gboolean esp_edit_plan_run (EspEditPlan *self, GCancellable *cancellable, GError **error);
/* the same in a worker; @self is taken, and given back with what came of it */
void esp_edit_plan_run_async (EspEditPlan *take_self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
EspEditPlan *esp_edit_plan_run_finish (GAsyncResult *result, GError **error);

/* after that: cells that it is about, and those that would have another value */
guint64 esp_edit_plan_get_n_cells (EspEditPlan *self);
guint64 esp_edit_plan_get_n_changed (EspEditPlan *self);
/* Does it: one by one where few cells change, whatever the others are by then. Main thread, takes
 * no time. */
gboolean esp_edit_plan_apply (EspEditPlan *self, GError **error);

G_END_DECLS
