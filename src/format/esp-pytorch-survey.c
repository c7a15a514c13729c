/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Depth first, without recursion, each container once. A container gets a number when all below it
 * is done, so an edge to one with a higher number (or none) is one that closes a cycle; without
 * those the graph has no cycle, and rows can be counted from below. Attributes of modules are left
 * out. */

#include "config.h"

#include "esp-pytorch-survey.h"

#include "esp-limits.h"
#include "esp-pytorch-edges.h"
#include "esp-pytorch-tensors.h"

#define OPEN G_MAXUINT32
/* rows per thing that is there; beyond, sharing is shown only once */
#define UNFOLD_FACTOR 16
#define UNFOLD_SLACK 10000

enum
{
  SEEN = 1 << 0,
  SEEN_AGAIN = 1 << 1,
};

struct _EspPytorchSurvey
{
  guint32 *finished; /* (containers) order in which they were done; 0: not yet */
  guint64 *rows;     /* (containers) that it unfolds to, saturated */
  guint8 *flags;     /* (containers) of tensors */
  guint n_finished;
  guint64 n_things; /* distinct tensors and modules */
  guint64 total;
  gboolean has_cycle;
  gboolean is_too_deep;
};

typedef struct
{
  const EspPickleValue *value;
  EspPytorchEdges edges;
  guint64 rows;
  gboolean saw_open; /* an edge to one that isn't done */
} Frame;

static guint64
add_saturated (guint64 a, guint64 b)
{
  guint64 sum;

  return __builtin_add_overflow (a, b, &sum) ? G_MAXUINT64 : sum;
}

static void
enter (EspPytorchSurvey *self, GArray *stack, const EspPickleValue *value)
{
  Frame frame = { .value = value };

  esp_pytorch_edges_init (&frame.edges, value);
  if (esp_pytorch_get_module (value) != NULL)
    {
      frame.rows = 1;
      self->n_things++;
    }
  self->finished[value->index] = OPEN;
  g_array_append_val (stack, frame);
}

static void
leave (EspPytorchSurvey *self, GArray *stack)
{
  Frame frame = g_array_index (stack, Frame, stack->len - 1);

  g_array_set_size (stack, stack->len - 1);
  self->finished[frame.value->index] = ++self->n_finished;
  self->rows[frame.value->index] = frame.rows;
  if (frame.saw_open && frame.rows > 0)
    self->has_cycle = TRUE;
  if (stack->len > 0)
    {
      Frame *above = &g_array_index (stack, Frame, stack->len - 1);

      above->rows = add_saturated (above->rows, frame.rows);
    }
  else
    self->total = frame.rows;
}

static void
see_tensor (EspPytorchSurvey *self, Frame *frame, const EspPickleValue *tensor)
{
  guint8 *flags = &self->flags[tensor->index];

  frame->rows = add_saturated (frame->rows, 1);
  if ((*flags & SEEN) == 0)
    self->n_things++;
  *flags |= (*flags & SEEN) != 0 ? SEEN_AGAIN : SEEN;
}

static void
step (EspPytorchSurvey *self, GArray *stack)
{
  Frame *frame = &g_array_index (stack, Frame, stack->len - 1);
  EspPytorchEdge edge;
  guint32 finished;

  if (!esp_pytorch_edges_next (&frame->edges, &edge))
    {
      leave (self, stack);
      return;
    }
  if (!esp_pickle_value_is_container (edge.value))
    return;
  if (esp_pytorch_value_is_tensor (edge.value))
    {
      see_tensor (self, frame, edge.value);
      return;
    }
  finished = self->finished[edge.value->index];
  if (finished == OPEN)
    frame->saw_open = TRUE;
  else if (finished != 0)
    frame->rows = add_saturated (frame->rows, self->rows[edge.value->index]);
  else if (stack->len >= ESP_LIMIT_MODULE_DEPTH)
    self->is_too_deep = TRUE;
  else
    enter (self, stack, edge.value);
}

EspPytorchSurvey *
esp_pytorch_survey_new (EspPickle *pickle, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspPytorchSurvey) self = g_new0 (EspPytorchSurvey, 1);
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  const EspPickleValue *root = esp_pickle_get_root (pickle);
  guint n = MAX (esp_pickle_get_n_containers (pickle), 1);

  self->finished = g_new0 (guint32, n);
  self->rows = g_new0 (guint64, n);
  self->flags = g_new0 (guint8, n);
  if (esp_pickle_value_is_container (root) && !esp_pytorch_value_is_tensor (root))
    enter (self, stack, root);
  for (guint64 i = 0; stack->len > 0; i++)
    {
      if (i % 4096 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      step (self, stack);
    }
  return g_steal_pointer (&self);
}

void
esp_pytorch_survey_free (EspPytorchSurvey *self)
{
  if (self == NULL)
    return;
  g_free (self->finished);
  g_free (self->rows);
  g_free (self->flags);
  g_free (self);
}

gboolean
esp_pytorch_survey_leads (EspPytorchSurvey *self,
                          const EspPickleValue *container,
                          const EspPickleValue *below)
{
  guint32 finished = self->finished[below->index];

  return finished != 0 && finished < self->finished[container->index] &&
         self->rows[below->index] > 0;
}

gboolean
esp_pytorch_survey_has_cycle (EspPytorchSurvey *self)
{
  return self->has_cycle;
}

gboolean
esp_pytorch_survey_is_too_deep (EspPytorchSurvey *self)
{
  return self->is_too_deep;
}

gboolean
esp_pytorch_survey_is_shared (EspPytorchSurvey *self, const EspPickleValue *tensor)
{
  return (self->flags[tensor->index] & SEEN_AGAIN) != 0;
}

gboolean
esp_pytorch_survey_can_unfold (EspPytorchSurvey *self)
{
  return self->total <= self->n_things * UNFOLD_FACTOR + UNFOLD_SLACK;
}
