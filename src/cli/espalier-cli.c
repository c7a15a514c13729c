/* SPDX-License-Identifier: GPL-3.0-or-later */

/* espalier-cli: the core without a display. One verb, one file; this finds the verb. */

#include "config.h"

#include "esp-cli.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

static const EspVerb verbs[] = {
  { "tree", N_ ("the module tree: classes, shapes, types, subtotals, ties"), esp_verb_tree },
  { "list", N_ ("every tensor, one a line, or all facts as JSON"), esp_verb_list },
  { "stats", N_ ("statistics and fingerprints of the values"), esp_verb_stats },
  { "dump", N_ ("the values of one tensor as bytes, text or a NumPy file"), esp_verb_dump },
  { "render", N_ ("a heatmap of one tensor as a picture"), esp_verb_render },
  { "code", N_ ("write Python that builds a network in PyTorch"), esp_verb_code },
  { "train", N_ ("train a network from its specification"), esp_verb_train },
};

/* words that will be verbs, so that nothing else takes them */
static const char *const reserved[] = { "ties", "check", "diff", "convert", NULL };

static void
print_help (void)
{
  esp_cli_print ("%s\n  espalier-cli %s\n\n%s\n", _ ("Usage:"), _ ("VERB FILE… [OPTION…]"),
                 _ ("Verbs:"));
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    esp_cli_print ("  %-8s %s\n", verbs[i].name, _ (verbs[i].summary));
  esp_cli_print ("\n%s\n", _ ("espalier-cli VERB --help tells more, the manual page all."));
}

static int
run (int argc, char *argv[])
{
  if (argc < 2)
    {
      esp_cli_message (_ ("a verb is wanted; espalier-cli --help lists them"));
      return ESP_CLI_COULD_NOT;
    }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 ||
      strcmp (argv[1], "help") == 0)
    {
      print_help ();
      return esp_cli_finish ();
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      esp_cli_print ("espalier-cli %s\n", ESP_VERSION);
      return esp_cli_finish ();
    }
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (argv[1], verbs[i].name) == 0)
      return verbs[i].run (argc - 1, argv + 1);
  if (g_strv_contains (reserved, argv[1]))
    esp_cli_message (_ ("%s comes with a later version"), argv[1]);
  else
    esp_cli_message (_ ("there is no verb “%s”; espalier-cli --help lists them"), argv[1]);
  return ESP_CLI_COULD_NOT;
}

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, "");
  /* numbers are read by other programs */
  setlocale (LC_NUMERIC, "C");
  bindtextdomain (GETTEXT_PACKAGE, ESP_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("espalier-cli");
  /* a reader that goes away is seen as a failed write, so that files half written are removed */
  signal (SIGPIPE, SIG_IGN);
  return run (argc, argv);
}
