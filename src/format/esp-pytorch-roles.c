/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which role a tensor has. A pickled module says it; a state dict doesn't, so names and types must
 * do, and a training checkpoint gives away its parts by the keys that everybody uses. */

#include "config.h"

#include "esp-pytorch-roles.h"

#include "esp-role-guess.h"

#include <string.h>

#define OPTIMIZER_KEYS_MAX 16

static gboolean
key_begins (const EspPickleValue *key, const char *prefix)
{
  gsize length = strlen (prefix);

  return key->text.length >= length && memcmp (key->text.bytes, prefix, length) == 0;
}

static gboolean
key_ends (const EspPickleValue *key, const char *suffix)
{
  gsize length = strlen (suffix);

  return key->text.length >= length &&
         memcmp (key->text.bytes + key->text.length - length, suffix, length) == 0;
}

static gboolean
key_is_any (const EspPickleValue *key, const char *const *names)
{
  for (; *names != NULL; names++)
    if (esp_pickle_value_is_string (key, *names))
      return TRUE;
  return FALSE;
}

static EspPytorchContext
context_of_key (const EspPickleValue *key)
{
  static const char *const gradients[] = { "grad", "grads", "gradient", "gradients", NULL };
  static const char *const others[] = { "rng",          "generator",     "scheduler",
                                        "lr_scheduler", "lr_schedulers", "callbacks",
                                        "loops",        "random_state",  NULL };

  if (key_begins (key, "optim"))
    return ESP_CONTEXT_OPTIMIZER;
  if (key_is_any (key, gradients) || key_ends (key, ".grad"))
    return ESP_CONTEXT_GRADIENT;
  if (key_is_any (key, others) || key_ends (key, "rng_state") || key_ends (key, "rng_states") ||
      key_ends (key, "scheduler_state_dict"))
    return ESP_CONTEXT_OTHER;
  return ESP_CONTEXT_MODEL;
}

gboolean
esp_pytorch_is_optimizer (const EspPickleValue *value)
{
  /* its state_dict(), or the object itself */
  if (value->kind == ESP_PICKLE_OBJECT)
    value = value->state;
  return value != NULL && value->kind == ESP_PICKLE_DICT &&
         value->items.n <= 2 * OPTIMIZER_KEYS_MAX &&
         esp_pickle_value_find (value, "param_groups") != NULL &&
         esp_pickle_value_find (value, "state") != NULL;
}

EspPytorchContext
esp_pytorch_context_below (EspPytorchContext above, const EspPytorchEdge *edge)
{
  if (above != ESP_CONTEXT_MODEL || edge->kind != ESP_EDGE_ITEM)
    return above;
  if (esp_pytorch_is_optimizer (edge->value))
    return ESP_CONTEXT_OPTIMIZER;
  return edge->key != NULL && edge->key->kind == ESP_PICKLE_STRING ? context_of_key (edge->key)
                                                                   : above;
}

EspRole
esp_pytorch_get_role (const EspPytorchEdge *edge,
                      EspPytorchContext context,
                      const EspPytorchTensor *tensor,
                      const char *name)
{
  if (edge->kind == ESP_EDGE_PARAMETER)
    return ESP_ROLE_PARAMETER;
  if (edge->kind == ESP_EDGE_BUFFER)
    return ESP_ROLE_BUFFER;
  if (edge->kind == ESP_EDGE_ATTRIBUTE)
    return ESP_ROLE_OTHER;
  switch (context)
    {
    case ESP_CONTEXT_OPTIMIZER:
      return ESP_ROLE_OPTIMIZER;
    case ESP_CONTEXT_GRADIENT:
      return ESP_ROLE_GRADIENT;
    case ESP_CONTEXT_OTHER:
      return ESP_ROLE_OTHER;
    case ESP_CONTEXT_MODEL:
    default:
      break;
    }
  if (tensor->is_buffer)
    return ESP_ROLE_BUFFER;
  if (tensor->is_parameter || esp_tensor_get_affine (tensor->tensor) != NULL)
    return ESP_ROLE_PARAMETER;
  return esp_role_guess (name, esp_tensor_get_dtype (tensor->tensor));
}

EspRequiresGrad
esp_pytorch_get_requires_grad (const EspPytorchEdge *edge, const EspPytorchTensor *tensor)
{
  if (edge->kind == ESP_EDGE_BUFFER && tensor->requires_grad == ESP_REQUIRES_GRAD_UNKNOWN)
    return ESP_REQUIRES_GRAD_NO;
  return tensor->requires_grad;
}
