/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a network specification: an error or a network; what it writes of itself gives the
 * same network again; and if it is small it can be trained a step and looked at. */

#include <string.h>

#include "esp-plan.h"
#include "fuzz.h"

#define SMALL_NUMBERS (1 << 20) /* that a plan takes */
#define SMALL_WORK (1 << 22)    /* multiplications for all examples */

static void
check_text (EspNetwork *network)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *once = esp_network_to_json (network);
  g_autoptr (EspNetwork) again = esp_network_new_from_json (once, -1, &error);

  g_assert_no_error (error);
  g_autofree char *twice = esp_network_to_json (again);
  g_assert_cmpstr (once, ==, twice);
}

static void
check_step (EspNetwork *network)
{
  g_autoptr (EspPlan) plan = esp_plan_new (network);

  if (esp_plan_get_observe_work (plan) > SMALL_WORK)
    return;
  esp_plan_step (plan, TRUE);
  esp_plan_observe (plan);
  g_autoptr (EspSnapshot) snapshot = esp_plan_make_snapshot (plan, network);
  g_assert_cmpuint (esp_snapshot_get_step (snapshot), ==, 1);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (EspNetwork) network = esp_network_new_from_json (text, -1, &error);

  g_assert_true ((network != NULL) == (error == NULL));
  if (network == NULL || esp_network_count_numbers (network) > SMALL_NUMBERS)
    return 0;
  check_text (network);
  check_step (network);
  return 0;
}
