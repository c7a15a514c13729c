/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What Keras' JSON says of a model, in the forms of its versions; how variables and groups are
 * named; the index of shards. No HDF5. */

#include "esp-damage.h"
#include "esp-error.h"
#include "esp-keras-config.h"
#include "esp-keras-shards.h"
#include "esp-keras-variables.h"
#include "esp-limits.h"

#include <string.h>

#define HISTORY(name, call)                                                                        \
  "{\"class_name\":\"__keras_tensor__\",\"config\":{\"shape\":[null,4],\"keras_history\":["        \
  "\"" name "\"," call ",0]}}"

/* a graph of Keras 3: x -> shared -> add -> shared, and a function between */
static const char functional[] =
    "{\"module\":\"keras\",\"class_name\":\"Functional\",\"config\":{\"name\":\"net\","
    "\"trainable\":true,\"layers\":["
    "{\"module\":\"keras.layers\",\"class_name\":\"InputLayer\",\"config\":{\"name\":\"x\"},"
    "\"inbound_nodes\":[]},"
    "{\"module\":\"keras.layers\",\"class_name\":\"Dense\",\"name\":\"shared\",\"config\":{"
    "\"name\":\"shared\",\"trainable\":false,\"dtype\":{\"class_name\":\"DTypePolicy\","
    "\"config\":{\"name\":\"mixed_float16\"}},\"units\":4,\"use_bias\":true,\"activation\":"
    "\"relu\",\"kernel_initializer\":{\"module\":\"keras.initializers\",\"class_name\":"
    "\"GlorotUniform\",\"config\":{\"seed\":null}}},\"build_config\":{\"input_shape\":[null,4]},"
    "\"inbound_nodes\":[{\"args\":[" HISTORY ("x", "0") "],\"kwargs\":{}},{\"args\":[" HISTORY (
        "add",
        "0") "],\"kwargs\":{}}]},"
             "{\"module\":\"keras.src.ops.numpy\",\"class_name\":\"Add\",\"config\":{\"name\":"
             "\"add\"},"
             "\"name\":\"add\",\"inbound_nodes\":[{\"args\":[" HISTORY (
                 "shared",
                 "0") ",1.0]}]},"
                      "{\"module\":\"my.code\",\"registered_name\":\"pack>Mine\",\"class_name\":"
                      "\"pack>Mine\","
                      "\"name\":\"mine\",\"config\":{\"name\":\"mine\",\"inner\":{\"module\":"
                      "\"keras.layers\","
                      "\"class_name\":\"Dense\",\"config\":{\"name\":\"i\",\"trainable\":true,"
                      "\"units\":2}}},"
                      "\"inbound_nodes\":[{\"args\":[" HISTORY (
                          "shared",
                          "1") "]}]}],"
                               "\"input_layers\":[[\"x\",0,0]]},\"compile_config\":{\"optimizer\":{"
                               "\"class_name\":\"Adam\","
                               "\"config\":{\"name\":\"adam\",\"learning_rate\":0.5,\"amsgrad\":"
                               "true}},\"loss\":\"mse\"}}";

static EspKerasConfig *
read_config (const char *text)
{
  EspKerasConfig *config = esp_keras_config_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_keras_config_read_model (config, text, strlen (text), "config", &error));
  g_assert_no_error (error);
  return config;
}

static const EspKerasLayer *
get_layer (const EspKerasLayer *layer, guint index, const char *class_name, const char *name)
{
  const EspKerasLayer *child;

  g_assert_cmpuint (layer->layers->len, >, index);
  child = layer->layers->pdata[index];
  g_assert_cmpstr (child->class_name, ==, class_name);
  g_assert_cmpstr (child->name, ==, name);
  return child;
}

static void
assert_attribute (const EspKerasLayer *layer, const char *key, const char *value)
{
  g_assert_cmpstr (esp_keras_layer_find_attribute (layer, key), ==, value);
}

static void
test_functional (void)
{
  g_autoptr (EspKerasConfig) config = read_config (functional);
  const EspKerasLayer *net = config->model, *shared, *mine;
  const EspKerasInput *input;

  g_assert_cmpstr (net->class_name, ==, "Functional");
  g_assert_cmpstr (net->name, ==, "net");
  g_assert_cmpuint (net->layers->len, ==, 4);
  g_assert_cmpuint (get_layer (net, 0, "InputLayer", "x")->n_calls, ==, 0);
  shared = get_layer (net, 1, "Dense", "shared");
  g_assert_cmpuint (shared->n_calls, ==, 2);
  g_assert_true (shared->is_frozen);
  g_assert_false (shared->is_operation);
  assert_attribute (shared, "dtype", "mixed_float16");
  assert_attribute (shared, "units", "4");
  assert_attribute (shared, "use_bias", "True");
  assert_attribute (shared, "kernel_initializer", "GlorotUniform");
  assert_attribute (shared, "input_shape", "[null,4]");
  assert_attribute (shared, "name", NULL);
  g_assert_cmpuint (shared->inputs->len, ==, 2);
  g_assert_true (get_layer (net, 2, "Add", "add")->is_operation);
  mine = get_layer (net, 3, "Mine", "mine");
  input = &g_array_index (mine->inputs, EspKerasInput, 0);
  g_assert_cmpstr (input->name, ==, "shared");
  g_assert_cmpuint (input->call, ==, 1);
  g_assert_cmpstr (get_layer (mine, 0, "Dense", "i")->key, ==, "inner");
  g_assert_cmpstr (config->optimizer->class_name, ==, "Adam");
  g_assert_true (esp_keras_layer_is_set (config->optimizer, "amsgrad", FALSE));
  g_assert_cmpuint (config->code->len, ==, 0);
}

/* lists instead of objects, and a model's config that is one */
static void
test_older (void)
{
  g_autoptr (EspKerasConfig) two = read_config (
      "{\"class_name\": \"Model\", \"config\": {\"name\": \"m\", \"layers\": [{\"name\": \"d\", "
      "\"class_name\": \"Dense\", \"config\": {\"name\": \"d\", \"trainable\": true}, "
      "\"inbound_nodes\": [[[\"x\", 0, 0, {}]], [[\"d\", 0, 0, {\"training\": false}]]]}]}}");
  g_autoptr (EspKerasConfig) one = read_config (
      "{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Dense\", "
      "\"config\": {\"name\": \"dense_1\"}}, {\"class_name\": \"TimeDistributed\", "
      "\"config\": {\"name\": \"t\", \"layer\": {\"class_name\": \"Dense\", "
      "\"config\": {\"name\": \"in\", \"trainable\": true}}}}]}");
  const EspKerasLayer *dense = get_layer (two->model, 0, "Dense", "d");

  g_assert_cmpuint (dense->n_calls, ==, 2);
  g_assert_cmpuint (dense->inputs->len, ==, 2);
  g_assert_cmpstr (get_layer (one->model, 0, "Dense", "dense_1")->key, ==, "layers");
  get_layer (get_layer (one->model, 1, "TimeDistributed", "t"), 0, "Dense", "in");
}

static void
test_cells (void)
{
  g_autoptr (EspKerasConfig) config = read_config (
      "{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"RNN\",\"config\":{"
      "\"name\":\"r\",\"cell\":{\"class_name\":\"StackedRNNCells\",\"config\":{\"cells\":[{"
      "\"class_name\":\"GRUCell\",\"config\":{\"name\":\"a\",\"trainable\":true}},{"
      "\"class_name\":\"LSTMCell\",\"config\":{\"name\":\"b\",\"trainable\":true}}]}}}}]}}");
  const EspKerasLayer *rnn = get_layer (config->model, 0, "RNN", "r");
  const EspKerasLayer *stack = get_layer (rnn, 0, "StackedRNNCells", "");

  g_assert_cmpstr (stack->key, ==, "cell");
  g_assert_cmpstr (get_layer (stack, 0, "GRUCell", "a")->key, ==, "cells");
  get_layer (stack, 1, "LSTMCell", "b");
}

static void
test_code (void)
{
  g_autoptr (EspKerasConfig) three = read_config (
      "{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"Lambda\","
      "\"config\":{\"name\":\"evil\",\"trainable\":true,\"function\":{\"class_name\":"
      "\"__lambda__\",\"config\":{\"code\":\"4wEAAAAA\",\"defaults\":null}}}},{\"class_name\":"
      "\"Lambda\",\"config\":{\"name\":\"tame\",\"function\":{\"class_name\":\"function\","
      "\"config\":\"relu\"}}}]}}");
  g_autoptr (EspKerasConfig) two = read_config (
      "{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"Lambda\","
      "\"config\":{\"name\":\"old\",\"function\":[\"4wEA\",null,null],\"function_type\":"
      "\"lambda\"}}]}}");

  g_assert_cmpuint (three->code->len, ==, 1);
  g_assert_cmpstr (three->code->pdata[0], ==, "evil");
  assert_attribute (get_layer (three->model, 0, "Lambda", "evil"), "function", "__lambda__");
  assert_attribute (get_layer (three->model, 1, "Lambda", "tame"), "function", "relu");
  g_assert_cmpuint (two->code->len, ==, 1);
  g_assert_cmpstr (two->code->pdata[0], ==, "old");
}

static void
test_training (void)
{
  static const char text[] = "{\"loss\": \"mse\", \"optimizer_config\": {\"class_name\": "
                             "\"Custom>Adam\", \"config\": {\"amsgrad\": false}}}";
  g_autoptr (EspKerasConfig) config = esp_keras_config_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_keras_config_read_training (config, text, strlen (text), "training", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (config->optimizer->class_name, ==, "Adam");
  g_assert_false (esp_keras_layer_is_set (config->optimizer, "amsgrad", TRUE));
  g_assert_true (esp_keras_layer_is_set (config->optimizer, "other", TRUE));
  g_assert_null (config->model);
}

/* {{{ malformed */

static const struct
{
  const char *text;
  EspFormatError code;
  const char *message;
} malformed[] = {
  { "", ESP_FORMAT_ERROR_CORRUPT, "config: *" },
  { "{", ESP_FORMAT_ERROR_CORRUPT, "config: *" },
  { "[]", ESP_FORMAT_ERROR_CORRUPT, "config: this should be an object" },
  { "{}", ESP_FORMAT_ERROR_CORRUPT, "config: a model’s class_name and config should be here" },
  { "{\"class_name\": 3, \"config\": {}}", ESP_FORMAT_ERROR_CORRUPT,
    "config: a model’s class_name and config should be here" },
  { "{\"class_name\": \"A\"}", ESP_FORMAT_ERROR_CORRUPT,
    "config: a model’s class_name and config should be here" },
  { "{\"class_name\": \"A\", \"config\": {}} x", ESP_FORMAT_ERROR_CORRUPT, "config: *" },
  { "{\"class_name\": \"A\", \"class_name\": \"B\", \"config\": {}}", ESP_FORMAT_ERROR_CORRUPT,
    "config: *" },
  { "{\"class_name\": \"A\", \"config\": {\"layers\": [}}", ESP_FORMAT_ERROR_CORRUPT, "config: *" },
  { "{\"class_name\": \"\xff\", \"config\": {}}", ESP_FORMAT_ERROR_CORRUPT, "config: *" },
};

static void
test_malformed (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autoptr (EspKerasConfig) config = esp_keras_config_new ();
      g_autoptr (GError) error = NULL;

      g_assert_false (esp_keras_config_read_model (config, malformed[i].text,
                                                   strlen (malformed[i].text), "config", &error));
      g_assert_error (error, ESP_FORMAT_ERROR, (int) malformed[i].code);
      if (!g_pattern_match_simple (malformed[i].message, error->message))
        g_error ("%s: not like %s", error->message, malformed[i].message);
      g_assert_null (config->model);
    }
}

/* odd, but no reason to have nothing */
static void
test_odd (void)
{
  static const char *const texts[] = {
    "{\"class_name\": \"A\", \"config\": 3}",
    "{\"class_name\": \"A\", \"config\": {\"layers\": 3}}",
    "{\"class_name\": \"A\", \"config\": {\"layers\": [3, null, [], {}, {\"class_name\": []}]}}",
    "{\"class_name\": \"A\", \"config\": {\"name\": [], \"trainable\": {}}}",
    "{\"class_name\": \"A\", \"config\": {}, \"inbound_nodes\": [[[[[[\"a\", -1]]]]], 3, \"x\"]}",
    "{\"class_name\": \"A\", \"config\": {\"dtype\": {\"class_name\": \"XPolicy\"}}}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (EspKerasConfig) config = read_config (texts[i]);

      g_assert_cmpstr (config->model->class_name, ==, "A");
    }
}

static void
test_limits (void)
{
  g_autoptr (GString) text = g_string_new ("{\"class_name\":\"A\",\"config\":[");
  g_autoptr (EspKerasConfig) config = esp_keras_config_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= ESP_LIMIT_KERAS_LAYERS; i++)
    g_string_append_printf (text, "%s{\"class_name\":\"B\"}", i > 0 ? "," : "");
  g_string_append (text, "]}");
  g_assert_false (esp_keras_config_read_model (config, text->str, text->len, "config", &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT);
  g_assert_null (config->model);
}

static gboolean
open_damaged (const guint8 *data, gsize size, gpointer user_data)
{
  g_autoptr (EspKerasConfig) config = esp_keras_config_new ();
  g_autoptr (GError) error = NULL;
  gboolean read = esp_keras_config_read_model (config, (const char *) data, size, "config", &error);

  g_assert_true (read == (error == NULL));
  g_assert_true (read == (config->model != NULL));
  if (error != NULL)
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  return read;
}

static void
test_damage (void)
{
  const EspDamage damage = {
    .data = functional,
    .size = sizeof functional - 1,
    .flips = ESP_DAMAGE_EVERY_BIT,
    .values = "\"{}[],:0",
    .open = open_damaged,
  };
  EspDamageCount count = esp_damage_all (&damage);

  g_assert_cmpuint (count.cut_opened, ==, 0);
  g_assert_cmpuint (count.opened, >, 0);
}

/* }}} */
/* {{{ names */

static void
test_snake_case (void)
{
  static const struct
  {
    const char *class_name, *group;
  } cases[] = {
    { "Dense", "dense" },
    { "Conv2D", "conv2d" },
    { "Conv2DTranspose", "conv2d_transpose" },
    { "InputLayer", "input_layer" },
    { "LSTM", "lstm" },
    { "LSTMCell", "lstm_cell" },
    { "PReLU", "p_re_lu" },
    { "UpSampling2D", "up_sampling2d" },
    { "EinsumDense", "einsum_dense" },
    { "RMSNormalization", "rms_normalization" },
    { "StackedRNNCells", "stacked_rnn_cells" },
    { "My_Layer", "my__layer" },
    { "A", "a" },
    { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *group = esp_keras_to_snake_case (cases[i].class_name);

      g_assert_cmpstr (group, ==, cases[i].group);
    }
  g_assert_cmpstr (esp_keras_class_from_group ("dense"), ==, "Dense");
  g_assert_cmpstr (esp_keras_class_from_group ("dense_12"), ==, "Dense");
  g_assert_cmpstr (esp_keras_class_from_group ("conv2d"), ==, "Conv2D");
  g_assert_cmpstr (esp_keras_class_from_group ("conv2d_3"), ==, "Conv2D");
  g_assert_cmpstr (esp_keras_class_from_group ("multi_head_attention_1"), ==, "MultiHeadAttention");
  g_assert_cmpstr (esp_keras_class_from_group ("mine"), ==, "");
  g_assert_cmpstr (esp_keras_class_from_group ("_1"), ==, "");
}

static EspTensor *
make_tensor (EspDtype dtype, guint ndim)
{
  static const gint64 shape[] = { 2, 2, 2, 2 };

  return esp_tensor_new_unreadable (dtype, "", shape, ndim,
                                    g_error_new_literal (ESP_FORMAT_ERROR, 0, "none"));
}

/* @shapes: a digit a variable, its number of axes; "i" before one of integers */
static void
assert_names (const char *class_name,
              const char *settings,
              const char *shapes,
              gboolean keras2,
              const char *wanted)
{
  g_autofree char *text = g_strdup_printf ("{\"class_name\":\"%s\",\"config\":{%s}}", class_name,
                                           settings != NULL ? settings : "");
  g_autoptr (EspKerasConfig) config = read_config (text);
  g_autoptr (GPtrArray)
      tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_tensor_unref);
  g_autoptr (GString) told = g_string_new (NULL);
  EspKerasNaming naming;

  for (const char *at = shapes; *at != '\0'; at++)
    {
      gboolean whole = *at == 'i';

      at += whole;
      g_ptr_array_add (
          tensors, make_tensor (whole ? ESP_DTYPE_INT8 : ESP_DTYPE_FLOAT32, (guint) (*at - '0')));
    }
  esp_keras_name_variables (class_name, settings != NULL ? config->model : NULL,
                            (EspTensor *const *) tensors->pdata, tensors->len, keras2, &naming);
  for (guint i = 0; i < tensors->len; i++)
    g_string_append_printf (told, "%s%s%s", i > 0 ? " " : "", naming.is_buffer[i] ? "~" : "",
                            naming.names[i] != NULL ? naming.names[i] : "-");
  g_assert_cmpstr (told->str, ==, wanted);
}

static void
test_variables (void)
{
  static const char int8[] =
      "\"dtype\":{\"class_name\":\"QuantizedDTypePolicy\",\"config\":{\"mode\":\"int8\","
      "\"source_name\":\"float32\"}},\"use_bias\":false";

  assert_names ("Dense", "", "21", FALSE, "kernel bias");
  assert_names ("Dense", "\"use_bias\":false", "2", FALSE, "kernel");
  assert_names ("Dense", NULL, "2", FALSE, "kernel");
  assert_names ("Dense", NULL, "21", FALSE, "kernel bias");
  assert_names ("Dense", NULL, "i211", FALSE, "kernel bias ~kernel_scale");
  assert_names ("Dense", int8, "i21", FALSE, "kernel ~kernel_scale");
  assert_names ("Dense", NULL, "12", FALSE, "- -");
  assert_names ("DepthwiseConv2D", NULL, "41", FALSE, "kernel bias");
  assert_names ("DepthwiseConv2D", NULL, "41", TRUE, "depthwise_kernel bias");
  assert_names ("BatchNormalization", "", "1111", FALSE,
                "gamma beta ~moving_mean ~moving_variance");
  assert_names ("BatchNormalization", "\"scale\":false", "111", FALSE,
                "beta ~moving_mean ~moving_variance");
  /* gamma or beta: nothing says which */
  assert_names ("BatchNormalization", NULL, "111", FALSE, "- ~moving_mean ~moving_variance");
  assert_names ("BatchNormalization", NULL, "11", FALSE, "~moving_mean ~moving_variance");
  assert_names ("LayerNormalization", "\"center\":false", "1", FALSE, "gamma");
  assert_names ("LayerNormalization", NULL, "1", FALSE, "-");
  assert_names ("LSTMCell", "", "221", FALSE, "kernel recurrent_kernel bias");
  assert_names ("Embedding", "", "2", FALSE, "embeddings");
  assert_names ("Attention", "\"use_scale\":true", "0", FALSE, "scale");
  assert_names ("SeedGenerator", NULL, "i1", FALSE, "~seed_generator_state");
  assert_names ("Mine", "", "21", FALSE, "- -");
}

/* }}} */
/* {{{ shards */

static void
test_shards (void)
{
  static const char good[] = "{\"metadata\": {\"total_size\": 9.0}, \"weight_map\": {\"/a/vars\": "
                             "[\"m_00010.weights.h5\", \"m_00002.weights.h5\"], \"/b/vars\": "
                             "\"m_00002.weights.h5\"}}";
  static const struct
  {
    const char *text, *message;
  } bad[] = {
    { "", "*" },
    { "[]", "*" },
    { "{\"weight_map\": 3}", "*" },
    { "{\"weight_map\": {\"a\": 3}}", "weight_map: byte 21: the name of a file or a list*" },
    { "{\"weight_map\": {\"a\": [\"b\", 3]}}", "weight_map: byte 27: the name of a file or*" },
    { "{\"weight_map\": {}}", "weight_map: this index names no files" },
    { "{}", "weight_map: this index names no files" },
    { "{\"weight_map\": {\"a\": \"b\"}", "*" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = esp_keras_shards_read (good, strlen (good), "index", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (names->len, ==, 2);
  g_assert_cmpstr (names->pdata[0], ==, "m_00002.weights.h5");
  g_assert_cmpstr (names->pdata[1], ==, "m_00010.weights.h5");
  g_assert_true (esp_keras_shards_is_one (good, strlen (good)));
  g_assert_false (esp_keras_shards_is_one ("{\"weight_map\": {\"a\": \"x.safetensors\"}}", 38));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (esp_keras_shards_read (bad[i].text, strlen (bad[i].text), "index", &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      if (!g_pattern_match_simple (bad[i].message, error->message))
        g_error ("%s: not like %s", error->message, bad[i].message);
      g_clear_error (&error);
    }
}

/* }}} */

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keras-config/functional", test_functional);
  g_test_add_func ("/keras-config/older", test_older);
  g_test_add_func ("/keras-config/cells", test_cells);
  g_test_add_func ("/keras-config/code", test_code);
  g_test_add_func ("/keras-config/training", test_training);
  g_test_add_func ("/keras-config/malformed", test_malformed);
  g_test_add_func ("/keras-config/odd", test_odd);
  g_test_add_func ("/keras-config/limits", test_limits);
  g_test_add_func ("/keras-config/damage", test_damage);
  g_test_add_func ("/keras-config/snake-case", test_snake_case);
  g_test_add_func ("/keras-config/variables", test_variables);
  g_test_add_func ("/keras-config/shards", test_shards);
  return g_test_run ();
}
