/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The code of a network, word for word; that it gives the same outputs is tested in tests/peers. */

#include "config.h"

#include "esp-error.h"
#include "esp-network-code.h"

static EspNetwork *
make (const char *modules)
{
  g_autofree char *spec = g_strdup_printf (
      "{\"espalier\": 1, \"modules\": [%s], \"loss\": {\"class\": \"MSELoss\"}, \"optimizer\": "
      "{\"class\": \"Adam\"}, \"data\": {\"name\": \"random\", \"inputs\": [4], \"targets\": [1]}}",
      modules);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_from_json (spec, -1, &error);

  g_assert_no_error (error);
  return network;
}

static void
test_shared (void)
{
  static const char wanted[] = "import torch\n"
                               "from torch import nn\n"
                               "\n"
                               "\n"
                               "class Net(nn.Module):\n"
                               "    def __init__(self):\n"
                               "        super().__init__()\n"
                               "        m0 = nn.Linear(in_features=4, out_features=8, bias=True)\n"
                               "        self.add_module(\"0\", m0)\n"
                               "        m1 = nn.ReLU()\n"
                               "        self.add_module(\"1\", m1)\n"
                               "        m2 = nn.Linear(in_features=8, out_features=8, bias=True)\n"
                               "        self.add_module(\"2\", m2)\n"
                               "        m3 = nn.ReLU()\n"
                               "        self.add_module(\"3\", m3)\n"
                               "        self.add_module(\"4\", m2)\n"
                               "        m4 = nn.ReLU()\n"
                               "        self.add_module(\"5\", m4)\n"
                               "        m5 = nn.Linear(in_features=8, out_features=1, bias=True)\n"
                               "        self.add_module(\"6\", m5)\n"
                               "\n"
                               "    def forward(self, x):\n"
                               "        v0 = x\n"
                               "        v1 = self.get_submodule(\"0\")(v0)\n"
                               "        v2 = self.get_submodule(\"1\")(v1)\n"
                               "        v3 = self.get_submodule(\"2\")(v2)\n"
                               "        v4 = self.get_submodule(\"3\")(v3)\n"
                               "        v5 = self.get_submodule(\"4\")(v4)\n"
                               "        v6 = self.get_submodule(\"5\")(v5)\n"
                               "        v7 = self.get_submodule(\"6\")(v6)\n"
                               "        return v7\n"
                               "\n"
                               "\n"
                               "net = Net()\n"
                               "# net.load_state_dict(torch.load(\"net.pt\", weights_only=True))\n"
                               "criterion = nn.MSELoss(reduction=\"mean\")\n";
  g_autoptr (EspNetwork) network = make (
      "{\"class\": \"Linear\", \"out_features\": 8}, {\"class\": \"ReLU\"}, {\"class\": "
      "\"Linear\", "
      "\"out_features\": 8, \"id\": \"shared\"}, {\"class\": \"ReLU\"}, {\"use\": \"shared\"}, "
      "{\"class\": \"ReLU\"}, {\"class\": \"Linear\", \"out_features\": 1}");
  g_autofree char *code = esp_network_to_pytorch (network, NULL);

  g_assert_cmpstr (code, ==, wanted);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/network-code/shared", test_shared);
  return g_test_run ();
}
