/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the history of a small network: an error, or a run that can be gone through. The
 * steps are those of the plan alone: a thread would make the fuzzer slow. */

#include <string.h>

#include "esp-kept.h"
#include "fuzz.h"

static const char spec[] =
    "{\"espalier\": 1, \"modules\": [{\"class\": \"Linear\", \"out_features\": 2}, {\"class\": "
    "\"BatchNorm1d\"}], \"loss\": {\"class\": \"CrossEntropyLoss\"}, \"optimizer\": {\"class\": "
    "\"Adam\"}, \"data\": {\"name\": \"parity\"}, \"batch_size\": 3}";

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (EspNetwork) network = esp_network_new_from_json (spec, -1, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  EspLossCurve *curves[ESP_HISTORY_MAX_BRANCHES] = { NULL };
  EspLossCurve *tests[ESP_HISTORY_MAX_BRANCHES] = { NULL };
  guint64 tested[ESP_HISTORY_MAX_BRANCHES] = { 0 }, step;
  guint branch;
  gboolean new;

  if (!esp_kept_read_initial (network, bytes, NULL))
    return 0;
  g_autoptr (EspPlan) plan = esp_plan_new (network);
  EspHistory *history = esp_history_new (plan, 1 << 20);
  EspKept kept = { plan, history, curves, tests, tested, 0 };
  gboolean good = esp_kept_read (network, &kept, bytes, size % 2 == 0, &branch, &step, &error);
  g_assert_true (good == (error == NULL));
  for (guint i = 0; good && i < 20; i++)
    esp_history_step (history, plan, FALSE, &new);
  if (good)
    {
      guint64 to = esp_history_get_reachable (history, branch, MIN (step, 10));
      g_autoptr (GBytes) again = NULL;

      esp_history_rewind (history, plan, branch, to);
      again = esp_kept_write (network, &kept);
      g_assert_cmpuint (g_bytes_get_size (again), >, 0);
    }
  esp_history_free (history);
  for (guint i = 0; i < ESP_HISTORY_MAX_BRANCHES; i++)
    {
      g_free (curves[i]);
      g_free (tests[i]);
    }
  return 0;
}
