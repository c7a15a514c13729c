/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rest of a network's code for PyTorch: how its parameters begin, the loss, the optimizer with
 * its groups, the schedule, and a generator that trains and gives the loss of every step. */

#include "config.h"
#include "esp-network-code-private.h"

#include <math.h>
#include <string.h>

#include "esp-python.h"

/* --- how parameters begin --- */

/* what a specification says of one parameter, as esp-network-build.c finds it; NULL: PyTorch's own
 * way. @alone: it is said of this parameter and no other */
static JsonNode *
find_word (EspNetwork *network, EspNetModule *module, const char *name, gboolean *alone)
{
  JsonNode *init = module->init != NULL ? module->init : network->init;
  *alone = FALSE;
  if (module->init != NULL && JSON_NODE_HOLDS_OBJECT (init) &&
      !json_object_has_member (json_node_get_object (init), "class"))
    {
      JsonObject *words = json_node_get_object (init);
      *alone = json_object_has_member (words, name);
      return *alone ? json_object_get_member (words, name) : network->init;
    }
  return init;
}

/* "nn.init.uniform_(net.get_parameter("0.weight"), a=0, b=1)" for an initialiser of torch.nn.init,
 * and for what is the same as one of them; FALSE for another */
static gboolean
append_call (GString *out, JsonNode *word, const char *target)
{
  static const struct
  {
    const char *name, *torch;
  } same[] = { { "keras", "xavier_uniform_" },  { "glorot_uniform", "xavier_uniform_" },
               { "zeros", "zeros_" },           { "ones", "ones_" },
               { "orthogonal", "orthogonal_" }, { "identity", "eye_" } };
  g_autoptr (JsonObject) empty = json_object_new ();
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (word) ? json_node_get_object (word) : empty;
  gboolean text = JSON_NODE_HOLDS_VALUE (word) && json_node_get_value_type (word) == G_TYPE_STRING;
  const char *name = text ? json_node_get_string (word)
                     : json_object_has_member (object, "class")
                         ? json_object_get_string_member (object, "class")
                         : "";
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    if (strcmp (same[i].name, name) == 0 && text)
      name = same[i].torch;
  if (!g_str_has_suffix (name, "_"))
    return FALSE;
  g_string_append_printf (out, "nn.init.%s(%s", name, target);
  g_autoptr (GList) keys = json_object_get_members (object);
  for (GList *item = keys; item != NULL; item = item->next)
    if (strcmp (item->data, "class") != 0)
      {
        g_string_append_printf (out, ", %s=", (const char *) item->data);
        esp_python_append_value (out, json_object_get_member (object, item->data));
      }
  g_string_append_c (out, ')');
  return TRUE;
}

static gboolean
is_for_matrices (JsonNode *word)
{
  static const char *const others[] = { "uniform_",  "normal_", "trunc_normal_",
                                        "constant_", "ones_",   "zeros_",
                                        "ones",      "zeros",   NULL };
  const char *name = "";
  if (JSON_NODE_HOLDS_OBJECT (word) &&
      json_object_has_member (json_node_get_object (word), "class"))
    name = json_object_get_string_member (json_node_get_object (word), "class");
  else if (JSON_NODE_HOLDS_VALUE (word) && json_node_get_value_type (word) == G_TYPE_STRING)
    name = json_node_get_string (word);
  return *name != '\0' && !g_strv_contains (others, name);
}

static void
append_beginning (GString *out, JsonNode *word, gboolean alone, const EspNetParameter *parameter)
{
  gboolean text = JSON_NODE_HOLDS_VALUE (word) && json_node_get_value_type (word) == G_TYPE_STRING;
  EspParameterKind kind = parameter->info.kind;
  g_autoptr (GString) target = g_string_new ("net.get_parameter(");
  if ((text && strcmp (json_node_get_string (word), "pytorch") == 0) ||
      (!alone && (kind == ESP_PARAMETER_SCALE || kind == ESP_PARAMETER_SHIFT)))
    return;
  esp_python_append_text (target, parameter->path);
  g_string_append_c (target, ')');
  g_string_append (out, "    ");
  if (!alone && kind == ESP_PARAMETER_BIAS && is_for_matrices (word))
    g_string_append_printf (out, "nn.init.zeros_(%s)", target->str);
  else if (JSON_NODE_HOLDS_VALUE (word) && !text)
    {
      g_string_append_printf (out, "nn.init.constant_(%s, ", target->str);
      esp_python_append_value (out, word);
      g_string_append_c (out, ')');
    }
  else if (!append_call (out, word, target->str))
    g_string_append_printf (out, "pass  # %s begins with numbers that nn.init hasn't: load them",
                            target->str);
  g_string_append_c (out, '\n');
}

void
esp_code_append_beginnings (GString *out, EspNetwork *network)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GString) lines = g_string_new (NULL);
  for (guint i = 0; i < network->calls->len; i++)
    {
      EspNetModule *module = esp_network_peek_call (network, i)->module;
      for (guint k = 0; k < module->n_parameters; k++)
        {
          EspNetParameter *parameter = esp_network_peek_parameter (network, module->parameters[k]);
          gboolean alone;
          JsonNode *word = find_word (network, module, parameter->info.name, &alone);
          if (g_hash_table_add (seen, parameter) && word != NULL &&
              !esp_parameter_kind_is_buffer (parameter->info.kind))
            append_beginning (lines, word, alone, parameter);
        }
    }
  if (lines->len > 0)
    g_string_append_printf (out, "with torch.no_grad():\n%s", lines->str);
}

/* --- optimizer and schedule --- */

/* the parameters of one group, by name */
static gboolean
append_members (GString *out, EspNetwork *network, guint group)
{
  gsize start = out->len;
  for (guint i = 0; i < network->parameters->len; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, i);
      if (parameter->group != group || esp_code_is_frozen (parameter) ||
          esp_parameter_kind_is_buffer (parameter->info.kind))
        continue;
      g_string_append (out, out->len > start ? ", named[" : "named[");
      esp_python_append_text (out, parameter->path);
      g_string_append_c (out, ']');
    }
  return out->len > start;
}

static void
append_groups (GString *out, EspNetwork *network, JsonArray *groups)
{
  g_string_append (out, "named = dict(net.named_parameters())\ngroups = [\n");
  for (guint group = 0; group < network->optimizer->n_groups; group++)
    {
      g_autoptr (GString) line = g_string_new ("    {\"params\": [");
      gboolean any = append_members (line, network, group);
      JsonObject *settings = group > 0 ? json_array_get_object_element (groups, group - 1) : NULL;
      g_autoptr (GList) keys = settings != NULL ? json_object_get_members (settings) : NULL;
      g_string_append_c (line, ']');
      for (GList *item = keys; item != NULL; item = item->next)
        if (strcmp (item->data, "params") != 0)
          {
            g_string_append (line, ", ");
            esp_python_append_text (line, item->data);
            g_string_append (line, ": ");
            esp_python_append_value (line, json_object_get_member (settings, item->data));
          }
      if (any)
        g_string_append_printf (out, "%s},\n", line->str);
    }
  g_string_append (out, "]\n");
}

static void
append_optimizer (GString *out, EspNetwork *network)
{
  static const char *const left_out[] = { "groups", NULL };
  JsonObject *settings = network->optimizer->settings;
  gboolean groups = json_object_has_member (settings, "groups");
  g_autofree char *prefix = g_strdup_printf ("torch.optim.");
  g_autoptr (GString) made = g_string_new (NULL);
  if (groups)
    append_groups (out, network, json_object_get_array_member (settings, "groups"));
  esp_python_append_object (made, prefix, settings, left_out);
  char *open = strchr (made->str, '(') + 1;
  g_string_append (out, "optimizer = ");
  g_string_append_len (out, made->str, open - made->str);
  g_string_append_printf (out, "%s%s%s\n", groups ? "groups" : "net.parameters()",
                          *open == ')' ? "" : ", ", open);
}

/* "torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)", and those within a SequentialLR */
static void
append_schedule (GString *out, JsonObject *settings)
{
  static const char *const left_out[] = { "every", "schedulers", NULL };
  g_autoptr (GString) made = g_string_new (NULL);
  esp_python_append_object (made, "torch.optim.lr_scheduler.", settings, left_out);
  char *open = strchr (made->str, '(') + 1;
  g_string_append_len (out, made->str, open - made->str);
  g_string_append (out, "optimizer, ");
  if (json_object_has_member (settings, "schedulers"))
    {
      JsonArray *parts = json_object_get_array_member (settings, "schedulers");
      g_string_append_c (out, '[');
      for (guint i = 0; i < json_array_get_length (parts); i++)
        {
          if (i > 0)
            g_string_append (out, ", ");
          append_schedule (out, json_array_get_object_element (parts, i));
        }
      g_string_append (out, "], ");
    }
  g_string_append (out, open);
}

/* --- training --- */

static void
append_clips (GString *out, EspNetwork *network)
{
  const struct
  {
    const char *name;
    double limit;
  } clips[] = { { "value", network->clip_grad_value }, { "norm", network->clip_grad_norm } };
  for (guint i = 0; i < G_N_ELEMENTS (clips); i++)
    if (isfinite (clips[i].limit))
      {
        g_string_append_printf (out, "            nn.utils.clip_grad_%s_(net.parameters(), ",
                                clips[i].name);
        esp_python_append_number (out, clips[i].limit);
        g_string_append (out, ")\n");
      }
}

static void
append_loop (GString *out, EspNetwork *network)
{
  EspSchedule *schedule = network->schedule;
  gboolean labels = network->data->n_classes > 0;
  gboolean bits = labels && strcmp (network->loss->klass->name, "BCEWithLogitsLoss") == 0;
  gboolean ends = schedule != NULL && strcmp (json_object_get_string_member (
                                                  esp_schedule_get_settings (schedule), "class"),
                                              "OneCycleLR") == 0;
  const char *follow = ends ? "if scheduler.last_epoch + 1 < scheduler.total_steps:\n"
                              "                scheduler.step()\n"
                            : "scheduler.step()\n";
  g_string_append_printf (out,
                          "\n\ndef train(x, y, epochs):\n"
                          "    # y: %s; gives the loss of every step\n"
                          "    net.train()\n"
                          "    for epoch in range(epochs):\n"
                          "        order = torch.%s(len(x))\n"
                          "        for rows in order.split(%" G_GUINT64_FORMAT "):\n"
                          "            optimizer.zero_grad()\n"
                          "            loss = criterion(net(x[rows]), y[rows]%s)\n"
                          "            loss.backward()\n",
                          labels ? "labels from 0, (N)" : "target values, of the output's shape",
                          network->shuffle ? "randperm" : "arange", network->batch_size,
                          bits ? ".float().unsqueeze(1)" : "");
  append_clips (out, network);
  g_string_append (out, "            optimizer.step()\n");
  if (schedule != NULL && !esp_schedule_is_per_epoch (schedule))
    g_string_append_printf (out, "            %s", follow);
  g_string_append (out, "            yield loss.item()\n");
  if (schedule != NULL && esp_schedule_is_per_epoch (schedule))
    g_string_append_printf (out, "        %s",
                            ends ? "if scheduler.last_epoch + 1 < "
                                   "scheduler.total_steps:\n"
                                   "            scheduler.step()\n"
                                 : follow);
}

void
esp_code_append_training (GString *out, EspNetwork *network)
{
  g_string_append (out, "criterion = ");
  esp_python_append_object (out, "nn.", network->loss->settings, NULL);
  g_string_append_c (out, '\n');
  append_optimizer (out, network);
  if (network->schedule != NULL)
    {
      g_string_append (out, "scheduler = ");
      append_schedule (out, esp_schedule_get_settings (network->schedule));
      g_string_append_c (out, '\n');
    }
  append_loop (out, network);
}
