/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formulas: values, precedence, draws, and mistakes with their places. */

#include <math.h>
#include <string.h>

#include "esp-error.h"
#include "esp-expression.h"

static const char *const names[] = { "i", "fan_in", NULL };

static double
evaluate (const char *text)
{
  static const double values[] = { 3, 300 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspExpression) expression = esp_expression_new (text, names, &error);
  g_assert_no_error (error);
  EspRandom random;
  esp_random_init (&random, 1, ESP_STREAM_INIT, 0);
  return esp_expression_evaluate (expression, values, &random);
}

static void
test_values (void)
{
  static const struct
  {
    const char *text;
    double value;
  } cases[] = {
    { "1", 1 },
    { " 1.5e2 ", 150 },
    { "i + 2 * fan_in", 603 },
    { "(i + 2) * fan_in", 1500 },
    { "10 - 4 - 3", 3 },
    { "2 ^ 3 ^ 2", 512 },
    { "-2 ^ 2", -4 },
    { "2 ^ -1", 0.5 },
    { "--2", 2 },
    { "!0 + !5", 1 },
    { "7 % 4 / 2", 1.5 },
    { "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 == 1 && 1 != 2", 1 },
    { "1 > 2 || 0", 0 },
    { "1 + 1 == 2", 1 },
    { "where(i > 2, 10, 20)", 10 },
    { "where(i > 3, 10, 20)", 20 },
    { "min(1, 2) + max(1, 2) + abs(-4) + sign(-9) + floor(2.7) + round(2.7)", 11 },
    { "sin(pi / 2) + cos(0) + tan(0) + tanh(0) + exp(0) + log(1) + sqrt(16)", 7 },
    { "a = 2; b = a * i; a = b + 1; a * b", 42 },
    { "i=5; i", 5 },
    { "1/0", INFINITY },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].text);
      double found = evaluate (cases[i].text);
      g_assert_true (found == cases[i].value || fabs (found - cases[i].value) < 1e-12);
    }
  g_assert_true (isnan (evaluate ("sqrt(-1)")));
}

/* each call draws anew, a name keeps what was drawn */
static void
test_draws (void)
{
  g_assert_true (fabs (evaluate ("uniform(0, 1) - uniform(0, 1)")) > 0);
  g_assert_true (fabs (evaluate ("w = uniform(0, 1); w - w")) <= 0);
  double value = evaluate ("uniform(10, 11)");
  g_assert_true (value >= 10 && value < 11);
  value = evaluate ("normal(100, 0.1)");
  g_assert_true (value > 99 && value < 101);
}

static void
test_mistakes (void)
{
  static const struct
  {
    const char *text, *wanted;
  } cases[] = {
    { "", "character 1" },
    { "1 +", "character 4" },
    { "(1", "“)”" },
    { "1)", "character 2" },
    { "1 2", "character 3" },
    { "nothing", "no name “nothing”" },
    { "system(1)", "no function “system”" },
    { "min(1)", "“,”" },
    { "min(1, 2, 3)", "“)”" },
    { "a = 1", "“;”" },
    { "a = ; 1", "character 5" },
    { "a = 1;", "character 7" },
    { "abs", "no name “abs”" },
    { "$", "character 1" },
    { "1 = 2", "character 3" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", cases[i].text);
      g_assert_null (esp_expression_new (cases[i].text, names, &error));
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].wanted));
    }
}

/* deep, long, many: an error, and no crash */
static void
test_limits (void)
{
  static const struct
  {
    const char *piece, *end;
    guint times;
  } cases[] = {
    { "(", "1", 4000 },  { "-", "1", 4000 },    { "1+(", "1", 1000 },
    { "2^", "1", 1000 }, { "abs(", "1", 1000 }, { "1 + ", "1", 2000 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint n = 0; n < cases[i].times; n++)
        g_string_append (text, cases[i].piece);
      g_string_append (text, cases[i].end);
      g_assert_null (esp_expression_new (text->str, names, &error));
      g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
    }
  g_autoptr (GString) many = g_string_new (NULL);
  for (guint n = 0; n < 31; n++)
    g_string_append_printf (many, "a%u = 1; ", n);
  g_string_append (many, "a0");
  g_autoptr (GError) error = NULL;
  g_assert_null (esp_expression_new (many->str, names, &error));
  g_assert_error (error, ESP_NETWORK_ERROR, ESP_NETWORK_ERROR_SPEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/expression/values", test_values);
  g_test_add_func ("/train/expression/draws", test_draws);
  g_test_add_func ("/train/expression/mistakes", test_mistakes);
  g_test_add_func ("/train/expression/limits", test_limits);
  return g_test_run ();
}
