/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Prefixes that training leaves: found where they are, and nowhere else. */

#include "config.h"

#include "esp-tree-builder.h"
#include "esp-wrapper.h"

/* @place_path, in a tree of these tensors, is titled @title, or nothing (NULL) */
static void
check (const char *const *names, const char *place_path, const char *title)
{
  static const float one = 1;
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTensor) tensor = esp_tensor_new_for_floats (&one, NULL, 0);
  g_autoptr (EspTree) tree = NULL;
  GError *error = NULL;
  EspPlace *place;

  for (; *names != NULL; names++)
    {
      const char *keys[] = { *names, NULL };

      g_assert_true (esp_tree_builder_put_tensor (builder, keys, NULL, ESP_ROLE_PARAMETER,
                                                  ESP_REQUIRES_GRAD_UNKNOWN, tensor, &error));
    }
  tree = esp_tree_builder_finish (builder, &error);
  g_assert_no_error (error);
  place = esp_tree_find (tree, place_path, NULL);
  g_assert_nonnull (place);
  g_assert_cmpstr (esp_wrapper_get_title (place), ==, title);
}

#define NAMES(...)                                                                                 \
  (const char *const[])                                                                            \
  {                                                                                                \
    __VA_ARGS__, NULL                                                                              \
  }

static void
test_found (void)
{
  check (NAMES ("module.0.weight", "module.0.bias"), "module", "DataParallel");
  check (NAMES ("model.module.0.weight", "epoch"), "model.module", "DataParallel");
  check (NAMES ("_orig_mod.0.weight", "_orig_mod.1.weight"), "_orig_mod", "torch.compile");
  check (NAMES ("module._orig_mod.0.weight"), "module._orig_mod", "torch.compile");
  check (NAMES ("_orig_mod.module.0.weight"), "_orig_mod.module", "DataParallel");
  check (NAMES ("a._orig_mod.b.module.c"), "a._orig_mod", "torch.compile");
  check (NAMES ("layers.0._fsdp_wrapped_module.weight", "layers.1._fsdp_wrapped_module.weight"),
         "layers.0._fsdp_wrapped_module", "FSDP");
  check (NAMES ("_forward_module.fc.weight"), "_forward_module", "Fabric");
  check (NAMES ("state_dict.model.fc.weight", "optimizer_states.0.state.0.exp_avg"), "state_dict",
         "Lightning");
}

static void
test_not_found (void)
{
  /* something stands beside it */
  check (NAMES ("module.0.weight", "head.weight"), "module", NULL);
  check (NAMES ("_orig_mod.0.weight", "head.weight"), "_orig_mod", NULL);
  /* a part of a network that is called so */
  check (NAMES ("encoder.block.module.weight", "decoder.weight"), "encoder.block.module", NULL);
  check (NAMES ("net.a.b.module.weight"), "net.a.b.module", NULL);
  /* a tensor, another name, a plain checkpoint */
  check (NAMES ("module"), "module", NULL);
  check (NAMES ("modules.0.weight"), "modules", NULL);
  check (NAMES ("state_dict.fc.weight"), "state_dict", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wrapper/found", test_found);
  g_test_add_func ("/wrapper/not-found", test_not_found);
  return g_test_run ();
}
