/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A history to a file and back, little-endian: branches with their events and key frames, and where
 * the plan is. What is read may come from anywhere, so every number is checked before it is used.
 */

#include "config.h"
#include "esp-history-private.h"

#include <math.h>
#include <glib/gi18n.h>

#include "esp-history-file.h"
#include "esp-plan-private.h"

static void
write_event (GByteArray *out, const EspHistoryEvent *event)
{
  gsize size = 0;
  const EspReal *numbers = event->numbers != NULL ? g_bytes_get_data (event->numbers, &size) : NULL;
  esp_kept_put_u32 (out, event->kind);
  esp_kept_put_u64 (out, event->step);
  esp_kept_put_u32 (out, event->parameter);
  esp_kept_put_u64 (out, event->index);
  esp_kept_put_f64 (out, event->value);
  esp_kept_put_u32 (out, (guint32) (size / sizeof (EspReal)));
  esp_kept_put_floats (out, numbers, size / sizeof (EspReal));
}

static void
write_frame (GByteArray *out, EspPlan *plan, guint64 step, guint n_events, const guint8 *state)
{
  esp_kept_put_u64 (out, step);
  esp_kept_put_u32 (out, n_events);
  esp_kept_put_state (out, plan, state);
}

/* the key frames, and where the plan is as one more of them: it is gone to at once, everywhere */
static void
write_frames (EspHistory *self, EspPlan *plan, guint index, GByteArray *out)
{
  const EspHistoryBranch *branch = esp_history_peek_branch (self, index);
  guint64 now = index == self->current ? esp_plan_get_step (plan) : 0;
  gboolean extra = now > branch->fork;
  for (guint i = 0; i < branch->frames->len; i++)
    extra = extra && ((const EspHistoryFrame *) branch->frames->pdata[i])->step != now;
  esp_kept_put_u32 (out, branch->frames->len + (extra ? 1 : 0));
  for (guint i = 0; i <= branch->frames->len; i++)
    {
      const EspHistoryFrame *frame = i < branch->frames->len ? branch->frames->pdata[i] : NULL;
      if (extra && (frame == NULL || frame->step > now))
        {
          g_autofree guint8 *state = g_malloc (self->state_size);
          esp_plan_save_state (plan, state);
          write_frame (out, plan, now, self->n_done, state);
          extra = FALSE;
        }
      if (frame != NULL)
        write_frame (out, plan, frame->step, frame->n_events, frame->state);
    }
}

/* how each parameter is trained at the beginning */
static void
write_rules (EspPlan *plan, GByteArray *out)
{
  for (guint i = 0; i < plan->network->parameters->len; i++)
    {
      esp_kept_put_u64 (out, plan->first_rules[i].frozen);
      esp_kept_put_f64 (out, plan->first_rules[i].rate);
      esp_kept_put_f64 (out, plan->first_rules[i].weight_decay);
    }
}

static gboolean
read_rules (EspPlan *plan, EspCursor *cursor, GError **error)
{
  for (guint i = 0; i < plan->network->parameters->len; i++)
    {
      EspPlanRule *rule = &plan->first_rules[i];
      if (!esp_cursor_read_u64 (cursor, &rule->frozen, error) ||
          !esp_kept_read_f64 (cursor, &rule->rate, error) ||
          !esp_kept_read_f64 (cursor, &rule->weight_decay, error))
        return FALSE;
      if (esp_plan_check_rule (plan, i, rule))
        continue;
      esp_kept_set_error (cursor, error, _ ("a parameter can’t be trained so"));
      return FALSE;
    }
  return TRUE;
}

void
esp_history_write (EspHistory *self, EspPlan *plan, GByteArray *out)
{
  esp_kept_put_u64 (out, self->state_size);
  esp_kept_put_f64 (out, self->first_rate);
  write_rules (plan, out);
  esp_kept_put_u64 (out, self->distance);
  esp_kept_put_u32 (out, self->branches->len);
  for (guint b = 0; b < self->branches->len; b++)
    {
      const EspHistoryBranch *branch = esp_history_peek_branch (self, b);
      esp_kept_put_u32 (out, branch->parent);
      esp_kept_put_u64 (out, branch->fork);
      esp_kept_put_u64 (out, branch->head);
      esp_kept_put_u32 (out, branch->fork_events);
      esp_kept_put_u32 (out, branch->events->len);
      for (guint i = 0; i < branch->events->len; i++)
        write_event (out, &g_array_index (branch->events, EspHistoryEvent, i));
      write_frames (self, plan, b, out);
    }
  esp_kept_put_u32 (out, self->current);
  esp_kept_put_u64 (out, esp_plan_get_step (plan));
  esp_kept_put_u32 (out, self->n_done);
}

static gboolean
read_event (EspCursor *cursor, EspPlan *plan, EspHistoryEvent *event, GError **error)
{
  guint32 kind, parameter, n;
  *event = (EspHistoryEvent) { 0 };
  if (!esp_cursor_read_u32 (cursor, &kind, error) ||
      !esp_cursor_read_u64 (cursor, &event->step, error) ||
      !esp_cursor_read_u32 (cursor, &parameter, error) ||
      !esp_cursor_read_u64 (cursor, &event->index, error) ||
      !esp_kept_read_f64 (cursor, &event->value, error) ||
      !esp_kept_read_count (cursor, ESP_NETWORK_MAX_COUNT, sizeof (EspReal), &n, error))
    return FALSE;
  event->kind = (EspHistoryKind) kind;
  event->parameter = parameter;
  if (!esp_kept_check_event (plan, event->kind, event->parameter, event->index, event->value, n))
    {
      esp_kept_set_error (cursor, error, _ ("this isn’t a change of this network"));
      return FALSE;
    }
  EspReal *numbers = n > 0 ? esp_kept_read_floats (cursor, n, error) : NULL;
  if (numbers != NULL)
    event->numbers = g_bytes_new_take (numbers, n * sizeof (EspReal));
  return n == 0 || numbers != NULL;
}

static gboolean
read_events (EspHistory *self,
             EspPlan *plan,
             EspHistoryBranch *branch,
             EspCursor *cursor,
             GError **error)
{
  guint32 n;
  guint64 last = 0;
  if (!esp_kept_read_count (cursor, G_MAXUINT32, 36, &n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      EspHistoryEvent event;
      if (!read_event (cursor, plan, &event, error))
        return FALSE;
      g_array_append_val (branch->events, event);
      if (event.step < last || event.step > branch->head)
        {
          esp_kept_set_error (cursor, error, _ ("the changes aren’t in their order"));
          return FALSE;
        }
      last = event.step;
    }
  return TRUE;
}

static gboolean
read_frames (EspHistory *self,
             EspPlan *plan,
             EspHistoryBranch *branch,
             EspCursor *cursor,
             GError **error)
{
  guint32 n;
  guint64 last = branch->fork;
  if (!esp_kept_read_count (cursor, G_MAXUINT32, 12 + self->state_size, &n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      EspHistoryFrame *frame = g_new0 (EspHistoryFrame, 1);
      g_ptr_array_add (branch->frames, frame);
      if (!esp_kept_read_u64 (cursor, last + 1, branch->head, &frame->step, error) ||
          !esp_cursor_read_u32 (cursor, &frame->n_events, error))
        return FALSE;
      if (frame->n_events > branch->events->len)
        {
          esp_kept_set_error (cursor, error, _ ("there aren’t so many changes"));
          return FALSE;
        }
      frame->state = esp_kept_read_state (cursor, plan, frame->step, error);
      if (frame->state == NULL)
        return FALSE;
      last = frame->step;
      self->n_frames++;
    }
  branch->last_frame = last - (last - branch->fork) % self->distance;
  return TRUE;
}

static gboolean
read_branch (EspHistory *self, EspPlan *plan, EspCursor *cursor, GError **error)
{
  guint32 parent, fork_events;
  guint index = self->branches->len;
  EspHistoryBranch *from = index > 0 ? esp_history_peek_branch (self, 0) : NULL, *branch;
  guint64 fork, head;
  if (!esp_cursor_read_u32 (cursor, &parent, error))
    return FALSE;
  if (parent >= MAX (index, 1))
    {
      esp_kept_set_error (cursor, error, _ ("a branch begins on one before it"));
      return FALSE;
    }
  from = index > 0 ? esp_history_peek_branch (self, parent) : NULL;
  if (!esp_kept_read_u64 (cursor, 0, from != NULL ? from->head : 0, &fork, error) ||
      !esp_kept_read_u64 (cursor, fork, G_MAXINT64, &head, error) ||
      !esp_cursor_read_u32 (cursor, &fork_events, error))
    return FALSE;
  branch = esp_history_add_branch (self, parent, fork);
  branch->head = head;
  branch->fork_events = fork_events;
  if (!read_events (self, plan, branch, cursor, error))
    return FALSE;
  if (fork_events > branch->events->len || (from != NULL && fork_events > from->events->len))
    {
      esp_kept_set_error (cursor, error, _ ("there aren’t so many changes"));
      return FALSE;
    }
  return read_frames (self, plan, branch, cursor, error);
}

/* to where it was kept: that is the beginning or a key frame */
static gboolean
read_position (EspHistory *self, EspPlan *plan, EspCursor *cursor, guint64 *kept, GError **error)
{
  guint32 current, n_done;
  guint64 step;
  if (!esp_kept_read_count (cursor, self->branches->len - 1, 0, &current, error))
    return FALSE;
  EspHistoryBranch *branch = esp_history_peek_branch (self, current);
  if (!esp_kept_read_u64 (cursor, 0, branch->head, &step, error) ||
      !esp_kept_read_count (cursor, branch->events->len, 0, &n_done, error))
    return FALSE;
  const EspHistoryFrame *frame = esp_history_find_frame (self, current, step, G_MAXUINT);
  esp_history_go_to_frame (self, plan, current, frame);
  esp_history_catch_up (self, plan);
  *kept = step;
  return TRUE;
}

gboolean
esp_history_read (EspHistory *self,
                  EspPlan *plan,
                  gboolean foreign,
                  EspCursor *cursor,
                  guint64 *step,
                  GError **error)
{
  guint64 size;
  guint32 n;
  if (!esp_kept_read_u64 (cursor, self->state_size, self->state_size, &size, error) ||
      !esp_kept_read_f64 (cursor, &self->first_rate, error) || !read_rules (plan, cursor, error) ||
      !esp_kept_read_u64 (cursor, 1, G_MAXINT64, &self->distance, error) ||
      !esp_kept_read_count (cursor, ESP_HISTORY_MAX_BRANCHES, 32, &n, error))
    return FALSE;
  if (n == 0 || !isfinite (self->first_rate) || self->first_rate < 0)
    {
      esp_kept_set_error (cursor, error, _ ("there is no run"));
      return FALSE;
    }
  g_ptr_array_set_size (self->branches, 0);
  self->n_frames = 0;
  for (guint i = 0; i < n; i++)
    if (!read_branch (self, plan, cursor, error))
      return FALSE;
  self->n_foreign = foreign ? n : 0;
  return read_position (self, plan, cursor, step, error);
}
