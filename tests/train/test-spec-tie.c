/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tying and untying parameters: what the new description says, which values are there, and that the
 * gradient of what is tied is the sum over its uses. (That such networks train as PyTorch's do is
 * golden's matter: tied-sgd, layer-embedding-tied.) */

#include <math.h>
#include <string.h>

#include "esp-plan-private.h"
#include "esp-spec-edit.h"
#include "train-fixture.h"

#define REST                                                                                       \
  "\"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": {\"class\": \"SGD\"}, \"data\": "            \
  "{\"name\": \"random\", \"inputs\": [4], \"targets\": [4]}}"
#define LINEAR "{\"class\": \"Linear\", \"out_features\": 4}"
#define TANH "{\"class\": \"Tanh\"}"

static EspNetwork *
load (const char *modules)
{
  g_autofree char *text = g_strdup_printf ("{\"espalier\": 1, \"modules\": [%s], " REST, modules);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (text, -1, &error);
  g_assert_no_error (error);
  return network;
}

typedef gboolean (*EditFunc) (EspSpecEdit *edit,
                              const char *path,
                              const char *other,
                              GError **error);

static gboolean
untie (EspSpecEdit *edit, const char *path, const char *other, GError **error)
{
  return esp_spec_edit_untie (edit, path, error);
}

static EspNetwork *
edit (EspNetwork *network, EditFunc func, const char *path, const char *other)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSpecEdit) own = esp_spec_edit_new (network, &error);
  g_assert_no_error (error);
  g_assert_true (func (own, path, other, &error));
  EspNetwork *changed = esp_spec_edit_finish (own, NULL, &error);
  g_assert_no_error (error);
  return changed;
}

static void
refused (EspNetwork *network, EditFunc func, const char *path, const char *other, const char *why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSpecEdit) own = esp_spec_edit_new (network, NULL);
  g_autoptr (EspNetwork)
      changed = func (own, path, other, &error) ? esp_spec_edit_finish (own, NULL, &error) : NULL;
  g_assert_null (changed);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, why));
}

static EspNetParameter *
at (EspNetwork *network, const char *path)
{
  gpointer found = g_hash_table_lookup (network->paths, path);
  g_assert_nonnull (found);
  return esp_network_peek_parameter (network, GPOINTER_TO_UINT (found) - 1);
}

static void
same_values (EspNetParameter *a, EspNetParameter *b)
{
  g_assert_cmpmem (a->initial, a->count * sizeof (EspReal), b->initial,
                   b->count * sizeof (EspReal));
}

/* the later one becomes the first, whichever way round; the gradient is the sum over both places */
static void
test_tie (void)
{
  g_autoptr (EspNetwork) network = load (LINEAR "," TANH "," LINEAR "," TANH "," LINEAR);
  g_autoptr (EspNetwork) tied = edit (network, esp_spec_edit_tie, "4.weight", "0.weight");
  g_assert_true (at (tied, "0.weight") == at (tied, "4.weight"));
  g_assert_true (at (tied, "0.bias") != at (tied, "4.bias"));
  g_assert_cmpuint (tied->parameters->len, ==, network->parameters->len - 1);
  same_values (at (tied, "4.weight"), at (network, "0.weight"));
  same_values (at (tied, "4.bias"), at (network, "4.bias"));
  g_autofree char *json = esp_network_to_json (tied);
  g_assert_nonnull (strstr (json, "{\"weight\": \"0.weight\"}"));

  g_autoptr (EspPlan) plan = esp_plan_new (tied);
  esp_plan_step (plan, FALSE);
  const EspReal *sum = esp_plan_get_grad (plan, 0);
  const EspReal *first = esp_plan_get_grad_at (plan, 0, 0),
                *second = esp_plan_get_grad_at (plan, 0, 1);
  EspReal largest = 0;
  for (guint64 i = 0; i < 16; i++)
    {
      g_assert_cmpfloat (sum[i], ==, second[i] + first[i]);
      largest = fmaxf ((float) largest, fabsf ((float) (first[i] * second[i])));
    }
  g_assert_cmpfloat (largest, >, 0);

  /* three together, then one of each kind leaves */
  g_autoptr (EspNetwork) all = edit (tied, esp_spec_edit_tie, "2.weight", "4.weight");
  g_assert_true (at (all, "2.weight") == at (all, "0.weight"));
  g_autoptr (EspNetwork) middle = edit (all, untie, "2.weight", NULL);
  g_assert_true (at (middle, "0.weight") == at (middle, "4.weight"));
  g_assert_true (at (middle, "2.weight") != at (middle, "0.weight"));
  same_values (at (middle, "2.weight"), at (network, "0.weight"));
  g_autoptr (EspNetwork) owner = edit (all, untie, "0.weight", NULL);
  g_assert_true (at (owner, "2.weight") == at (owner, "4.weight"));
  g_assert_true (at (owner, "0.weight") != at (owner, "2.weight"));
  same_values (at (owner, "2.weight"), at (network, "0.weight"));
  g_autoptr (EspNetwork) alone = edit (middle, untie, "4.weight", NULL);
  g_assert_cmpuint (alone->parameters->len, ==, network->parameters->len);
}

/* of a layer that is used twice one parameter leaves, the other stays shared */
static void
test_shared (void)
{
  g_autoptr (EspNetwork)
      network = load ("{\"class\": \"Linear\", \"out_features\": 4, \"id\": \"s\"}," TANH
                      ",{\"use\": \"s\"}," TANH ",{\"use\": \"s\"}");
  static const char *const paths[] = { "0.weight", "2.weight", "4.weight" };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (EspNetwork) changed = edit (network, untie, paths[i], NULL);
      guint apart = 0;
      for (guint k = 0; k < G_N_ELEMENTS (paths); k++)
        {
          same_values (at (changed, paths[k]), at (network, "0.weight"));
          apart += at (changed, paths[k]) == at (changed, paths[i]) ? 1 : 0;
        }
      g_assert_cmpuint (apart, ==, 1);
      g_assert_true (at (changed, "0.bias") == at (changed, "2.bias"));
      g_assert_true (at (changed, "0.bias") == at (changed, "4.bias"));
      g_assert_cmpuint (changed->parameters->len, ==, 3);
    }
}

static void
test_refused (void)
{
  g_autoptr (EspNetwork) network = load (LINEAR ",{\"class\": \"BatchNorm1d\"}," LINEAR);
  refused (network, esp_spec_edit_tie, "0.weight", "2.bias", "shape");
  refused (network, esp_spec_edit_tie, "0.weight", "0.weight", "one parameter already");
  refused (network, esp_spec_edit_tie, "0.weight", "9.weight", "no parameter");
  refused (network, esp_spec_edit_tie, "1.running_mean", "2.bias", "buffers");
  refused (network, untie, "0.weight", NULL, "isn’t tied");
  refused (network, untie, "nothing", NULL, "no parameter");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/spec-tie/tie", test_tie);
  g_test_add_func ("/train/spec-tie/shared", test_shared);
  g_test_add_func ("/train/spec-tie/refused", test_refused);
  return g_test_run ();
}
