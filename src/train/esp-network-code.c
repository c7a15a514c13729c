/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network as Python that builds it in PyTorch: modules under the names that the saved weights
 * have, the calls in their order with what each takes, and how it is trained. Classes that PyTorch
 * has no module for (Select, Permute, Add, Concat, recurrent layers that give one value) are
 * defined where they are used. */

#include "config.h"
#include "esp-network-code.h"

#include <string.h>

#include "esp-network-code-private.h"
#include "esp-python.h"

static const struct
{
  const char *name, *text;
} helpers[] = {
  { "Add", "class Add(nn.Module):\n    def forward(self, *values):\n"
           "        return sum(values[1:], values[0])\n" },
  { "Concat", "class Concat(nn.Module):\n    def __init__(self, dim=1):\n"
              "        super().__init__()\n        self.dim = dim\n\n"
              "    def forward(self, *values):\n        return torch.cat(values, self.dim)\n" },
  { "Select", "class Select(nn.Module):\n    def __init__(self, dim=1, index=-1):\n"
              "        super().__init__()\n        self.dim, self.index = dim, index\n\n"
              "    def forward(self, x):\n        return x.select(self.dim, self.index)\n" },
  { "Permute", "class Permute(nn.Module):\n    def __init__(self, dims):\n"
               "        super().__init__()\n        self.dims = dims\n\n"
               "    def forward(self, x):\n        return x.permute(self.dims)\n" },
  { "RNN", "class RNN(nn.RNN):\n    def forward(self, x):\n"
           "        return super().forward(x)[0]\n" },
  { "LSTM", "class LSTM(nn.LSTM):\n    def forward(self, x):\n"
            "        return super().forward(x)[0]\n" },
  { "GRU", "class GRU(nn.GRU):\n    def forward(self, x):\n"
           "        return super().forward(x)[0]\n" },
  { "MultiheadAttention",
    "class MultiheadAttention(nn.MultiheadAttention):\n"
    "    def __init__(self, *sizes, is_causal=False, **options):\n"
    "        super().__init__(*sizes, **options)\n        self.is_causal = is_causal\n\n"
    "    def forward(self, query, key=None, value=None):\n"
    "        key = query if key is None else key\n"
    "        value = key if value is None else value\n"
    "        mask = None\n"
    "        if self.is_causal:\n"
    "            mask = torch.ones(query.shape[1], key.shape[1], dtype=torch.bool).triu(1)\n"
    "        return super().forward(query, key, value, attn_mask=mask, need_weights=False)[0]\n" },
};

static int
find_helper (const char *class_name)
{
  for (guint i = 0; i < G_N_ELEMENTS (helpers); i++)
    if (strcmp (helpers[i].name, class_name) == 0)
      return (int) i;
  return -1;
}

typedef struct
{
  EspNetwork *network;
  GString *out;
  GHashTable *made; /* EspNetModule -> its number + 1 */
} Code;

guint
esp_code_count_frozen (EspNetwork *network, const EspNetModule *module, guint *trained)
{
  guint frozen = 0;
  *trained = 0;
  for (guint i = 0; i < module->n_parameters; i++)
    {
      EspNetParameter *parameter = esp_network_peek_parameter (network, module->parameters[i]);
      if (esp_parameter_kind_is_buffer (parameter->info.kind))
        continue;
      if (esp_code_is_frozen (parameter))
        frozen++;
      else
        (*trained)++;
    }
  return frozen;
}

/* the module, or single parameters of it */
static void
append_frozen (Code *code, const EspNetModule *module, guint number)
{
  EspParameterInfo infos[ESP_LAYER_MAX_PARAMETERS];
  guint trained, frozen = esp_code_count_frozen (code->network, module, &trained);
  if (frozen > 0 && trained == 0)
    g_string_append_printf (code->out, "        m%u.requires_grad_(False)\n", number);
  if (frozen == 0 || trained == 0)
    return;
  esp_layer_get_parameters (module->layer, infos);
  for (guint i = 0; i < module->n_parameters; i++)
    if (!esp_parameter_kind_is_buffer (infos[i].kind) &&
        esp_code_is_frozen (esp_network_peek_parameter (code->network, module->parameters[i])))
      g_string_append_printf (code->out, "        m%u.%s.requires_grad_(False)\n", number,
                              infos[i].name);
}

/* one line a module, those within a container before it: "m3 = nn.ReLU()" */
static guint
append_module (Code *code, EspNetModule *module)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (code->made, module));
  if (number > 0)
    return number - 1;
  g_autoptr (GString) line = g_string_new (NULL);
  if (module->layer != NULL)
    esp_python_append_object (line, find_helper (module->layer->klass->name) < 0 ? "nn." : "",
                              module->settings, NULL);
  else
    g_string_append (line, "nn.Sequential()");
  number = g_hash_table_size (code->made);
  g_hash_table_insert (code->made, module, GUINT_TO_POINTER (number + 1));
  g_string_append_printf (code->out, "        m%u = %s\n", number, line->str);
  for (guint i = 0; module->layer == NULL && i < module->children->len; i++)
    {
      EspNetChild *child = g_ptr_array_index (module->children, i);
      guint inner = append_module (code, child->module);
      g_string_append_printf (code->out, "        m%u.add_module(", number);
      esp_python_append_text (code->out, child->name);
      g_string_append_printf (code->out, ", m%u)\n", inner);
    }
  if (module->layer != NULL)
    append_frozen (code, module, number);
  return number;
}

static void
append_ties (EspNetwork *self, GString *out)
{
  for (guint i = 0; i < self->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self, i);
      g_autoptr (GList)
          names = call->module->tie != NULL ? json_object_get_members (call->module->tie) : NULL;
      for (GList *item = names; item != NULL; item = item->next)
        {
          const char *target = json_object_get_string_member (call->module->tie, item->data);
          g_autofree char *owner = g_strndup (target, (gsize) (strrchr (target, '.') - target));
          g_string_append (out, "        self.get_submodule(");
          esp_python_append_text (out, call->path);
          g_string_append_printf (out, ").%s = self.get_submodule(", (const char *) item->data);
          esp_python_append_text (out, owner);
          g_string_append_printf (out, ").%s\n", strrchr (target, '.') + 1);
        }
    }
}

/* the parts of each example, and then every call */
static void
append_forward (EspNetwork *self, GString *out)
{
  guint n = self->inputs->len;
  g_string_append (out, "\n    def forward(self, x):\n");
  for (guint i = 0; i < n; i++)
    {
      EspNetInput *input = esp_network_peek_input (self, i);
      if (!self->cut)
        {
          g_string_append (out, "        v0 = x\n");
          break;
        }
      g_string_append_printf (out, "        v%u = x.flatten(1)[:, %zu:%zu].reshape(-1", i,
                              input->offset,
                              input->offset + (gsize) esp_shape_get_count (&input->shape));
      for (guint k = 0; k < input->shape.ndim; k++)
        g_string_append_printf (out, ", %" G_GINT64_FORMAT, input->shape.sizes[k]);
      g_string_append (out, ")\n");
    }
  for (guint i = 0; i < self->calls->len; i++)
    {
      EspNetCall *call = esp_network_peek_call (self, i);
      gboolean embedding = strcmp (call->module->layer->klass->name, "Embedding") == 0;
      g_string_append_printf (out, "        v%u = self.get_submodule(", n + i);
      esp_python_append_text (out, call->path);
      g_string_append (out, ")(");
      for (guint k = 0; k < call->n_in; k++)
        g_string_append_printf (out, "%sv%u%s", k > 0 ? ", " : "", call->from[k],
                                embedding ? ".long()" : "");
      g_string_append (out, ")\n");
    }
  g_string_append_printf (out, "        return v%u\n", self->output);
}

char *
esp_network_to_pytorch (EspNetwork *self, GError **error)
{
  g_return_val_if_fail (ESP_IS_NETWORK (self), NULL);
  g_autoptr (GHashTable) made = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) used = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) out = g_string_new ("import torch\nfrom torch import nn\n");
  for (guint i = 0; i < self->calls->len; i++)
    {
      const char *name = esp_network_peek_call (self, i)->module->layer->klass->name;
      int helper = find_helper (name);
      if (helper >= 0 && g_hash_table_add (used, (gpointer) name))
        g_string_append_printf (out, "\n\n%s", helpers[helper].text);
    }
  g_string_append (out, "\n\nclass Net(nn.Module):\n    def __init__(self):\n"
                        "        super().__init__()\n");
  Code code = { self, out, made };
  for (guint i = 0; i < self->root->children->len; i++)
    {
      EspNetChild *child = g_ptr_array_index (self->root->children, i);
      guint number = append_module (&code, child->module);
      g_string_append (out, "        self.add_module(");
      esp_python_append_text (out, child->name);
      g_string_append_printf (out, ", m%u)\n", number);
    }
  append_ties (self, out);
  append_forward (self, out);
  g_string_append (out, "\n\nnet = Net()\n");
  esp_code_append_beginnings (out, self);
  g_string_append (out, "# net.load_state_dict(torch.load(\"net.pt\", weights_only=True))\n");
  esp_code_append_training (out, self);
  return g_strdup (out->str);
}
