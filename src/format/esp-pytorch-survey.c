/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Depth first, without recursion, each container once. A container gets a number when all below it
 * is done, so an edge to one with a higher number (or none) is one that closes a cycle; without
 * those the graph has no cycle, and the work of a walk that goes through everything at each of its
 * places can be counted from below. Attributes of modules are left out. */

#include "config.h"

#include "esp-pytorch-survey.h"

#include "esp-limits.h"
#include "esp-pytorch-edges.h"
#include "esp-pytorch-tensors.h"

#define OPEN G_MAXUINT32
/* how much more work than going through everything once is reasonable; beyond, what is shared is
 * shown only once */
#define UNFOLD_FACTOR 16
#define UNFOLD_SLACK 100000
/* work of a row, in edges */
#define ROW_WORK 10

enum
{
  SEEN = 1 << 0, /* a tensor */
  SEEN_AGAIN = 1 << 1,
  LEADS = 1 << 2, /* a container with tensors or modules */
};

struct _EspPytorchSurvey
{
  guint32 *finished; /* (containers) order in which they were done; 0: not yet */
  guint64 *work;     /* (containers) of a walk from there, saturated */
  guint8 *flags;     /* (containers) */
  guint n_finished;
  guint64 once;  /* work of going through everything once */
  guint64 total; /* and of doing so at each place */
  gboolean has_cycle;
  gboolean is_too_deep;
};

typedef struct
{
  const EspPickleValue *value;
  EspPytorchEdges edges;
  guint64 work;
  gboolean leads;
  gboolean saw_open; /* an edge to one that isn't done */
} Frame;

static guint64
add_saturated (guint64 a, guint64 b)
{
  guint64 sum;

  return __builtin_add_overflow (a, b, &sum) ? G_MAXUINT64 : sum;
}

static void
spend (EspPytorchSurvey *self, Frame *frame, guint64 work)
{
  self->once = add_saturated (self->once, work);
  frame->work = add_saturated (frame->work, work);
}

static void
enter (EspPytorchSurvey *self, GArray *stack, const EspPickleValue *value)
{
  Frame frame = { .value = value };

  esp_pytorch_edges_init (&frame.edges, value);
  spend (self, &frame, 1 + esp_pytorch_count_versions (value));
  if (esp_pytorch_get_module (value) != NULL)
    {
      frame.leads = TRUE;
      spend (self, &frame, ROW_WORK);
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
  self->work[frame.value->index] = frame.work;
  if (frame.leads)
    self->flags[frame.value->index] |= LEADS;
  if (frame.saw_open && frame.leads)
    self->has_cycle = TRUE;
  if (stack->len == 0)
    self->total = frame.work;
  else if (frame.leads)
    {
      Frame *above = &g_array_index (stack, Frame, stack->len - 1);

      above->work = add_saturated (above->work, frame.work);
      above->leads = TRUE;
    }
}

static void
see_tensor (EspPytorchSurvey *self, Frame *frame, const EspPickleValue *tensor)
{
  guint8 *flags = &self->flags[tensor->index];

  frame->leads = TRUE;
  if ((*flags & SEEN) == 0)
    spend (self, frame, ROW_WORK);
  else
    frame->work = add_saturated (frame->work, ROW_WORK);
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
  spend (self, frame, 1);
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
  else if (finished != 0 && (self->flags[edge.value->index] & LEADS) != 0)
    {
      frame->work = add_saturated (frame->work, self->work[edge.value->index]);
      frame->leads = TRUE;
    }
  else if (finished == 0 && stack->len >= ESP_LIMIT_MODULE_DEPTH)
    self->is_too_deep = TRUE;
  else if (finished == 0)
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
  self->work = g_new0 (guint64, n);
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
  g_free (self->work);
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
         (self->flags[below->index] & LEADS) != 0;
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
  return self->total <= add_saturated (self->once * UNFOLD_FACTOR, UNFOLD_SLACK);
}
