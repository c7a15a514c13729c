/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rest of a network's code for Keras: loss, optimizer, schedule and train(). Keras's own
 * classes stand where they compute the same; otherwise PyTorch's rule is written out. What is left
 * out says so in a comment. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "esp-network-keras-private.h"
#include "esp-python.h"

/* --- loss --- */

/* the mean or sum over what a function of y and p gives for each number or example */
static const struct
{
  const char *name, *own, *formula; /* own: Keras's, for the mean and PyTorch's defaults */
} losses[] = {
  { "MSELoss", "keras.losses.MeanSquaredError()", "ops.square(p - y)" },
  { "L1Loss", "keras.losses.MeanAbsoluteError()", "ops.abs(p - y)" },
  { "HuberLoss", NULL,
    "ops.where(ops.abs(p - y) < width, ops.square(p - y) / 2, width * (ops.abs(p - y) - width / "
    "2))" },
  { "SmoothL1Loss", NULL,
    "ops.where(ops.abs(p - y) < width, ops.square(p - y) / 2 / width, ops.abs(p - y) - width / "
    "2)" },
  { "BCEWithLogitsLoss", "keras.losses.BinaryCrossentropy(from_logits=True)",
    "ops.softplus(p) - ops.reshape(ops.cast(y, p.dtype), ops.shape(p)) * p" },
  { "CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "-ops.sum(target(y, p) * ops.log_softmax(p), axis=-1)" },
  { "NLLLoss", NULL, "-ops.sum(target(y, p) * p, axis=-1)" },
};

static void
append_criterion (GString *out, const EspLoss *loss, const char *formula)
{
  const char *name = loss->klass->name;
  if (strstr (formula, "width") != NULL)
    {
      g_string_append (out, "width = ");
      esp_python_append_number (out, loss->width);
      g_string_append_c (out, '\n');
    }
  if (strstr (formula, "target(") != NULL)
    {
      g_string_append (out, "\n\ndef target(y, p):\n    n = p.shape[-1]\n    return ");
      esp_python_append_number (out, 1 - loss->smoothing);
      g_string_append (out, " * ops.one_hot(ops.reshape(ops.cast(y, \"int32\"), (-1,)), n) + ");
      esp_python_append_number (out, loss->smoothing);
      g_string_append (out, " / n\n");
    }
  g_string_append_printf (out,
                          "\n\ndef criterion(y, p):\n    # PyTorch's %s\n    return ops.%s(%s)\n",
                          name, loss->mean ? "mean" : "sum", formula);
}

/* the definition, if there is one, and the name of it */
static const char *
append_loss (GString *out, const EspLoss *loss)
{
  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    {
      if (strcmp (losses[i].name, loss->klass->name) != 0)
        continue;
      if (losses[i].own != NULL && loss->mean && loss->smoothing <= 0)
        return losses[i].own;
      append_criterion (out, loss, losses[i].formula);
    }
  return "criterion";
}

/* --- optimizer --- */

static const struct
{
  const char *name, *settings, *step;
} rules[] = {
  { "SGD", "lr, momentum, dampening, weight_decay, nesterov",
    "        g = g + self.decay * p\n"
    "        if self.momentum:\n"
    "            moved = self.momentum * a + (1 - self.dampening) * g\n"
    "            a.assign(ops.where(ops.equal(self.iterations, 0), g, moved))\n"
    "            g = g + self.momentum * a if self.nesterov else a\n"
    "        p.assign_sub(rate * g)\n" },
  { "RMSprop", "lr, alpha, eps, weight_decay, momentum, centered",
    "        g = g + self.decay * p\n"
    "        a.assign(self.alpha * a + (1 - self.alpha) * ops.square(g))\n"
    "        square = a\n"
    "        if self.centered:\n"
    "            c.assign(self.alpha * c + (1 - self.alpha) * g)\n"
    "            square = a - ops.square(c)\n"
    "        g = g / (ops.sqrt(square) + self.eps)\n"
    "        if self.momentum:\n"
    "            b.assign(self.momentum * b + g)\n"
    "            g = b\n"
    "        p.assign_sub(rate * g)\n" },
  { "Adagrad", "lr, lr_decay, weight_decay, initial_accumulator_value, eps",
    "        g = g + self.decay * p\n"
    "        a.assign_add(ops.square(g))\n"
    "        rate = rate / (1 + ops.cast(self.iterations, p.dtype) * self.lr_decay)\n"
    "        p.assign_sub(rate * g / (ops.sqrt(a + self.initial_accumulator_value) + "
    "self.eps))\n" },
  { "Adam", "lr, betas, eps, weight_decay, amsgrad",
    "        g = g + self.decay * p\n"
    "        self.move(g, p, rate, a, b, c)\n" },
  { "AdamW", "lr, betas, eps, weight_decay, amsgrad",
    "        p.assign_sub(rate * self.decay * p)\n"
    "        self.move(g, p, rate, a, b, c)\n" },
};

static const char adam_move[] =
    "\n    def move(self, g, p, rate, a, b, c):\n"
    "        t = ops.cast(self.iterations + 1, p.dtype)\n"
    "        a.assign(self.betas[0] * a + (1 - self.betas[0]) * g)\n"
    "        b.assign(self.betas[1] * b + (1 - self.betas[1]) * ops.square(g))\n"
    "        if self.amsgrad:\n"
    "            c.assign(ops.maximum(c, b))\n"
    "        square = c if self.amsgrad else b\n"
    "        # 1 - beta ** t, without the digits that float32 would lose\n"
    "        one, two = (-ops.expm1(t * math.log(max(beta, 1e-300))) for beta in self.betas)\n"
    "        p.assign_sub(rate / one * a / (ops.sqrt(square) / ops.sqrt(two) + self.eps))\n";

/* PyTorch's rule as an optimizer of Keras; its moments are a, b and c */
static void
append_rule (GString *out, EspNetwork *network)
{
  JsonObject *settings = network->optimizer->settings;
  const char *name = network->optimizer->klass->name;
  guint i = 0;
  while (strcmp (rules[i].name, name) != 0)
    i++;
  g_auto (GStrv) keys = g_strsplit (rules[i].settings, ", ", -1);
  g_string_append_printf (out,
                          "\n\nclass %s(keras.optimizers.Optimizer):\n"
                          "    # the rule of torch.optim.%s; Keras's is a little different\n",
                          name, name);
  for (guint k = 0; keys[k] != NULL; k++)
    {
      if (strcmp (keys[k], "lr") == 0)
        continue;
      /* the base class has a weight_decay of its own */
      g_string_append_printf (
          out, "    %s = ", strcmp (keys[k], "weight_decay") == 0 ? "decay" : keys[k]);
      esp_python_append_value (out, json_object_get_member (settings, keys[k]));
      g_string_append_c (out, '\n');
    }
  g_string_append (out, "\n    def build(self, variables):\n"
                        "        if not self.built:\n"
                        "            super().build(variables)\n"
                        "            self.moments = [[self.add_variable_from_reference(v, name) "
                        "for v in variables] for name in \"abc\"]\n"
                        "\n    def update_step(self, g, p, rate):\n"
                        "        rate = ops.cast(rate, p.dtype)\n"
                        "        a, b, c = (m[self._get_variable_index(p)] for m in "
                        "self.moments)\n");
  g_string_append_printf (out, "%s%s", rules[i].step,
                          g_str_has_prefix (name, "Adam") ? adam_move : "");
}

/* Whether Keras's own optimizer computes the same. Its Adam rounds the corrections of the bias to
 * float32, which is off by 3e-4 after ten steps, and has eps elsewhere. */
static gboolean
is_own (EspNetwork *network)
{
  const EspOptimizerSettings *s = &network->optimizer->groups[0];
  return strcmp (network->optimizer->klass->name, "SGD") == 0 && s->weight_decay <= 0 &&
         s->dampening <= 0 && (s->momentum <= 0 || network->schedule == NULL);
}

static void
append_pair (GString *out, const char *key, double value)
{
  g_string_append_printf (out, ", %s=", key);
  esp_python_append_number (out, value);
}

/* the call that makes it, and before it the class if that is ours */
static void
append_optimizer (GString *out, EspNetwork *network)
{
  const EspOptimizerSettings *s = &network->optimizer->groups[0];
  const char *name = network->optimizer->klass->name;
  gboolean own = is_own (network);
  if (!own)
    append_rule (out, network);
  g_string_append_printf (out, "%soptimizer = %s%s(learning_rate=", own ? "" : "\n\n",
                          own ? "keras.optimizers." : "", name);
  esp_python_append_number (out, s->rate);
  if (own && s->momentum > 0)
    {
      append_pair (out, "momentum", s->momentum);
      g_string_append_printf (out, ", nesterov=%s", s->nesterov ? "True" : "False");
    }
  if (isfinite (network->clip_grad_value))
    append_pair (out, "clipvalue", network->clip_grad_value);
  else if (isfinite (network->clip_grad_norm))
    append_pair (out, "global_clipnorm", network->clip_grad_norm);
  g_string_append (out, ")\n");
}

/* --- schedule --- */

/* a setting as Python writes it, or 1 less it: interned */
static const char *
get (JsonObject *settings, const char *key)
{
  g_autoptr (GString) out = g_string_new (NULL);
  esp_python_append_value (out, json_object_get_member (settings, key));
  return g_intern_string (out->str);
}

/* Python for the rate at time @t out of the rate `lr`; FALSE for a class that is left out */
static gboolean
append_rate (GString *out, JsonObject *s, const char *t)
{
  const char *name = json_object_get_string_member (s, "class");
  if (strcmp (name, "ConstantLR") == 0)
    g_string_append_printf (out, "(lr * %s if %s < %s else lr)", get (s, "factor"), t,
                            get (s, "total_iters"));
  else if (strcmp (name, "LinearLR") == 0)
    g_string_append_printf (out, "lr * (%s + (%s - %s) * min(%s / %s, 1))", get (s, "start_factor"),
                            get (s, "end_factor"), get (s, "start_factor"), t,
                            get (s, "total_iters"));
  else if (strcmp (name, "ExponentialLR") == 0)
    g_string_append_printf (out, "lr * %s ** %s", get (s, "gamma"), t);
  else if (strcmp (name, "StepLR") == 0)
    g_string_append_printf (out, "lr * %s ** (%s // %s)", get (s, "gamma"), t,
                            get (s, "step_size"));
  else if (strcmp (name, "MultiStepLR") == 0)
    {
      g_string_append_printf (out, "lr * %s ** sum(%s >= m for m in ", get (s, "gamma"), t);
      esp_python_append_value (out, json_object_get_member (s, "milestones"));
      g_string_append_c (out, ')');
    }
  else if (strcmp (name, "PolynomialLR") == 0)
    g_string_append_printf (out, "lr * (1 - min(%s / %s, 1)) ** %s", t, get (s, "total_iters"),
                            get (s, "power"));
  else if (strcmp (name, "CosineAnnealingLR") == 0)
    g_string_append_printf (out, "%s + (lr - %s) * (1 + math.cos(math.pi * %s / %s)) / 2",
                            get (s, "eta_min"), get (s, "eta_min"), t, get (s, "T_max"));
  else
    return FALSE;
  return TRUE;
}

static gboolean
append_rates (GString *out, JsonObject *s)
{
  if (!json_object_has_member (s, "schedulers"))
    return append_rate (out, s, "t");
  JsonArray *parts = json_object_get_array_member (s, "schedulers");
  JsonArray *ends = json_object_get_array_member (s, "milestones");
  guint n = json_array_get_length (parts);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *t = i == 0 ? g_strdup ("t")
                                  : g_strdup_printf ("(t - %" G_GINT64_FORMAT ")",
                                                     json_array_get_int_element (ends, i - 1));
      if (i + 1 < n)
        g_string_append_printf (out, "(");
      if (!append_rate (out, json_array_get_object_element (parts, i), t))
        return FALSE;
      if (i + 1 < n)
        g_string_append_printf (out, ") if t < %" G_GINT64_FORMAT " else ",
                                json_array_get_int_element (ends, i));
    }
  return TRUE;
}

static gboolean
append_schedule (GString *out, EspNetwork *network)
{
  JsonObject *settings = esp_schedule_get_settings (network->schedule);
  g_autoptr (GString) rate = g_string_new (NULL), lr = g_string_new (NULL);
  if (!append_rates (rate, settings))
    {
      g_string_append_printf (out, "# the schedule %s isn't in this code\n",
                              json_object_get_string_member (settings, "class"));
      return FALSE;
    }
  esp_python_append_number (lr, network->optimizer->groups[0].rate);
  g_string_append_printf (out,
                          "\n\nclass Rate(keras.callbacks.Callback):\n"
                          "    t = 0\n\n"
                          "    def on_%s_begin(self, number, logs=None):\n"
                          "        t, lr = self.t, %s\n"
                          "        self.model.optimizer.learning_rate = %s\n"
                          "        self.t += 1\n",
                          esp_schedule_is_per_epoch (network->schedule) ? "epoch" : "train_batch",
                          lr->str, rate->str);
  return TRUE;
}

/* --- all of it --- */

void
esp_keras_append_training (GString *out, EspNetwork *network)
{
  g_autoptr (GString) optimizer = g_string_new (NULL);
  const char *loss = append_loss (out, network->loss);
  gboolean scheduled = FALSE;
  if (strcmp (loss, "criterion") == 0)
    g_string_append (out, "\n\n");
  if (network->optimizer->n_groups > 1)
    g_string_append (out,
                     "# groups of parameters with settings of their own aren't in this code\n");
  if (isfinite (network->clip_grad_value) && isfinite (network->clip_grad_norm))
    g_string_append (out,
                     "# gradients are clipped by value and by norm; Keras takes one of both\n");
  append_optimizer (optimizer, network);
  g_string_append_printf (out, "%s", optimizer->str);
  g_string_append_printf (out, "net.compile(optimizer=optimizer, loss=%s)\n", loss);
  if (network->schedule != NULL)
    scheduled = append_schedule (out, network);
  g_string_append_printf (
      out,
      "\n\ndef train(x, y, epochs):\n"
      "    # y: %s\n"
      "    return net.fit(x, y, batch_size=%" G_GUINT64_FORMAT ", epochs=epochs, shuffle=%s%s)\n",
      network->data->n_classes > 0 ? "labels from 0, (N)" : "target values, of the output's shape",
      network->batch_size, network->shuffle ? "True" : "False",
      scheduled ? ", callbacks=[Rate()]" : "");
}
