/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-cursor.h"
#include "esp-history-event.h"
#include "esp-loss-curve.h"
#include "esp-plan.h"

G_BEGIN_DECLS

/**
 * EspHistory:
 *
 * All moments of a run that can be returned to, byte for byte, in bounded memory: key frames (whole
 * states) at even distances, and the events between steps (edits, settings). Any step is the key
 * frame before it and the steps and events since, done again; a plan's numbers depend on nothing
 * else. When key frames would take more than their share of memory, every second one goes and their
 * distance doubles.
 *
 * Changing something in the past begins a branch: it shares what came before and leaves what came
 * after as it was. Not thread safe: the trainer's thread has it.
 */
typedef struct _EspHistory EspHistory;

#define ESP_HISTORY_MAX_BRANCHES 64
#define ESP_HISTORY_MAX_CHANGES 100 /* the last ones, which can be taken back */
#define ESP_HISTORY_BYTES (G_GUINT64_CONSTANT (64) << 20) /* for key frames, by default */

EspHistory *esp_history_new (EspPlan *plan, guint64 bytes);
void esp_history_free (EspHistory *self);
/* forgets everything; @plan is at its beginning, and its learning rates and what is frozen are
 * those of the beginning from now on */
void esp_history_clear (EspHistory *self, EspPlan *plan);

/**
 * esp_history_do:
 * @events: (n) that belong together
 * @id: their name, if they shall be taken back one day, or 0; that of an earlier change, which they
 * are taken back with from now on
 *
 * Does what @events say to @plan, at its step, and remembers it. In the past of the branch it
 * begins a new one; FALSE, and nothing is done, when there are too many.
 */
gboolean esp_history_do (EspHistory *self,
                         EspPlan *plan,
                         const EspHistoryEvent *events,
                         guint n,
                         guint64 id);
/**
 * esp_history_undo:
 * @branch: (out): with @step, where to go to then: the moment before the change
 *
 * Takes back what was done as @id. If no step was done since, the events are gone; else what came
 * after them stays as it is, and a branch begins before them. FALSE, and nothing is done, when
 * there is no such change (any more) or there are too many branches.
 */
gboolean esp_history_undo (EspHistory *self,
                           EspPlan *plan,
                           guint64 id,
                           guint *branch,
                           guint64 *step);
/**
 * esp_history_redo:
 * @branch: (out): with @step, where to go to then
 * @events: (out): (n), what to do there again, as @id. Borrowed until that is done.
 *
 * The way back from where esp_history_undo() led to. FALSE as there.
 */
gboolean esp_history_redo (EspHistory *self,
                           EspPlan *plan,
                           guint64 id,
                           guint *branch,
                           guint64 *step,
                           const EspHistoryEvent **events,
                           guint *n);
/* one step of @plan with the events that are due before it; remembers it. *new: it is the first
 * time that this branch gets here. Returns the loss. Hot. */
double esp_history_step (EspHistory *self, EspPlan *plan, gboolean watched, gboolean *new);

/* A branch on which nothing happened, the last of them, is gone when @plan leaves it.
 *
 * Takes @plan back to the key frame from which @step of @branch is reached, at least one step
 * before it, unless that is 0. The steps up to there are esp_history_step()'s. */
void esp_history_rewind (EspHistory *self, EspPlan *plan, guint branch, guint64 step);
/* events that are due now, without a step: at the end of the way to a step */
void esp_history_catch_up (EspHistory *self, EspPlan *plan);

/* All of it, little-endian, and where the plan is, which is between steps. */
void esp_history_write (EspHistory *self, EspPlan *plan, GByteArray *out);
/**
 * esp_history_read:
 * @foreign: other kernels made it: only its key frames can be gone to, and what is done from there
 * is a new branch
 *
 * @step: (out): where the plan was on its branch; it is at the key frame before it now
 *
 * What esp_history_write() wrote, of a plan of the same network. All of it is checked. After an
 * error neither can be used any more.
 */
gboolean esp_history_read (EspHistory *self,
                           EspPlan *plan,
                           gboolean foreign,
                           EspCursor *cursor,
                           guint64 *step,
                           GError **error);
/* Whether the steps between two key frames, the nearest to one another, give the same bytes here
 * once more; TRUE if that isn't known at @until, a monotonic time in us. If not, all branches are
 * of other kernels from now on. The plan is somewhere on the way afterwards. */
gboolean esp_history_try_repeating (EspHistory *self, EspPlan *plan, gint64 until);
/* @step, or on a branch that other kernels made the last key frame up to there */
guint64 esp_history_get_reachable (EspHistory *self, guint branch, guint64 step);
guint esp_history_get_n_foreign (EspHistory *self); /* branches */

guint esp_history_get_branch (EspHistory *self); /* the one that the plan is on */
guint esp_history_get_n_branches (EspHistory *self);
/* the last step that the branch ever reached */
guint64 esp_history_get_head (EspHistory *self, guint branch);
/* where it left @parent; 0 for the first */
guint64 esp_history_get_fork (EspHistory *self, guint branch, guint *parent);
/* key frames are at most so many steps apart on the current branch */
guint64 esp_history_get_distance (EspHistory *self);
gsize esp_history_get_size (EspHistory *self); /* bytes of key frames and events */

G_END_DECLS
