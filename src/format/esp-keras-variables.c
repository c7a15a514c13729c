/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What Keras' layers call their variables. Files of Keras 3 number them; the order is that in which
 * a layer makes them, the trained ones first. A new layer is one row here. */

#include "config.h"

#include "esp-keras-variables.h"

#include "esp-dtype.h"
#include "esp-tensor.h"

#include <string.h>

/* Words: "~" before a name: a buffer. "?key": only if the setting isn't turned off; "?!key": only
 * if it is; "?+key": only if it is turned on. "?": perhaps, and no setting says it. */
typedef struct
{
  const char *class_name;
  const char *mode; /* of quantisation, how the policy's name begins; NULL: none */
  const char *variables;
} Row;

static const Row rows[] = {
  { "Dense", NULL, "kernel bias?use_bias" },
  { "Dense", "int8", "kernel bias?use_bias ~kernel_scale" },
  { "Dense", "int4", "kernel bias?use_bias ~kernel_scale ~kernel_zero? ~g_idx?" },
  { "Dense", "float8",
    "kernel bias?use_bias ~inputs_scale ~inputs_amax_history ~kernel_scale ~kernel_amax_history "
    "~outputs_grad_scale ~outputs_grad_amax_history" },
  { "Dense", "gptq", "bias?use_bias quantized_kernel ~kernel_scale ~kernel_zero ~g_idx?" },
  { "Dense", "awq",
    "bias?use_bias quantized_kernel ~kernel_scale ~kernel_zero ~awq_scales ~g_idx?" },
  { "EinsumDense", NULL, "kernel bias?bias_axes" },
  { "EinsumDense", "int8", "kernel bias?bias_axes ~kernel_scale" },
  { "EinsumDense", "int4", "kernel bias?bias_axes ~kernel_scale ~kernel_zero? ~g_idx?" },
  { "EinsumDense", "float8",
    "kernel bias?bias_axes ~inputs_scale ~inputs_amax_history ~kernel_scale ~kernel_amax_history "
    "~outputs_grad_scale ~outputs_grad_amax_history" },
  { "EinsumDense", "gptq", "bias?bias_axes quantized_kernel ~kernel_scale ~kernel_zero ~g_idx?" },
  { "EinsumDense", "awq",
    "bias?bias_axes quantized_kernel ~kernel_scale ~kernel_zero ~awq_scales ~g_idx?" },
  { "Embedding", NULL, "embeddings" },
  { "Embedding", "int8", "embeddings ~embeddings_scale" },
  { "Embedding", "int4", "embeddings ~embeddings_scale ~embeddings_zero? ~g_idx?" },
  { "ReversibleEmbedding", NULL, "embeddings reverse_embeddings?!tie_weights" },
  { "ReversibleEmbedding", "int8",
    "embeddings ~embeddings_scale reverse_embeddings?!tie_weights "
    "reverse_embeddings_scale?!tie_weights" },
  { "Conv1D", NULL, "kernel bias?use_bias" },
  { "Conv2D", NULL, "kernel bias?use_bias" },
  { "Conv3D", NULL, "kernel bias?use_bias" },
  { "Conv1DTranspose", NULL, "kernel bias?use_bias" },
  { "Conv2DTranspose", NULL, "kernel bias?use_bias" },
  { "Conv3DTranspose", NULL, "kernel bias?use_bias" },
  { "DepthwiseConv1D", NULL, "kernel bias?use_bias" },
  { "DepthwiseConv2D", NULL, "kernel bias?use_bias" },
  { "SeparableConv1D", NULL, "depthwise_kernel pointwise_kernel bias?use_bias" },
  { "SeparableConv2D", NULL, "depthwise_kernel pointwise_kernel bias?use_bias" },
  { "LocallyConnected1D", NULL, "kernel bias?use_bias" },
  { "LocallyConnected2D", NULL, "kernel bias?use_bias" },
  { "BatchNormalization", NULL,
    "gamma?scale beta?center ~moving_mean ~moving_variance ~moving_stddev?+renorm "
    "~renorm_mean?+renorm ~renorm_stddev?+renorm" },
  { "SyncBatchNormalization", NULL, "gamma?scale beta?center ~moving_mean ~moving_variance" },
  { "LayerNormalization", NULL, "gamma?scale beta?center" },
  { "GroupNormalization", NULL, "gamma?scale beta?center" },
  { "RMSNormalization", NULL, "scale" },
  { "SpectralNormalization", NULL, "kernel ~vector_u" },
  { "Normalization", NULL, "~mean ~variance ~count" },
  { "PReLU", NULL, "alpha" },
  { "SimpleRNNCell", NULL, "kernel recurrent_kernel bias?use_bias" },
  { "GRUCell", NULL, "kernel recurrent_kernel bias?use_bias" },
  { "LSTMCell", NULL, "kernel recurrent_kernel bias?use_bias" },
  { "ConvLSTMCell", NULL, "kernel recurrent_kernel bias?use_bias" },
  { "ConvLSTM1DCell", NULL, "kernel recurrent_kernel bias?use_bias" },
  { "ConvLSTM2DCell", NULL, "kernel recurrent_kernel bias?use_bias" },
  { "CuDNNLSTM", NULL, "kernel recurrent_kernel bias" },
  { "CuDNNGRU", NULL, "kernel recurrent_kernel bias" },
  { "Attention", NULL, "scale?+use_scale concat_score_weight?+concat" },
  { "AdditiveAttention", NULL, "scale?use_scale" },
  { "STFTSpectrogram", NULL, "~real_kernel ~imag_kernel" },
  { "SeedGenerator", NULL, "~seed_generator_state" },
  { "RandomGenerator", NULL, "~seed_generator_state" },
  { "Mean", NULL, "~total ~count" },
};

/* where Keras 2 has another name */
static const Row older[] = {
  { "DepthwiseConv1D", NULL, "depthwise_kernel bias?use_bias" },
  { "DepthwiseConv2D", NULL, "depthwise_kernel bias?use_bias" },
};

static const EspKerasPart parts[] = {
  { "LSTM", "cell", "LSTMCell" },
  { "GRU", "cell", "GRUCell" },
  { "SimpleRNN", "cell", "SimpleRNNCell" },
  { "ConvLSTM1D", "cell", "ConvLSTMCell" },
  { "ConvLSTM2D", "cell", "ConvLSTMCell" },
  { "ConvLSTM3D", "cell", "ConvLSTMCell" },
  { "MultiHeadAttention", "query_dense", "EinsumDense" },
  { "MultiHeadAttention", "_query_dense", "EinsumDense" },
  { "MultiHeadAttention", "key_dense", "EinsumDense" },
  { "MultiHeadAttention", "_key_dense", "EinsumDense" },
  { "MultiHeadAttention", "_gate_dense", "EinsumDense" },
  { "MultiHeadAttention", "value_dense", "EinsumDense" },
  { "MultiHeadAttention", "_value_dense", "EinsumDense" },
  { "MultiHeadAttention", "_softmax", "Softmax" },
  { "MultiHeadAttention", "_dropout_layer", "Dropout" },
  { "MultiHeadAttention", "output_dense", "EinsumDense" },
  { "MultiHeadAttention", "_output_dense", "EinsumDense" },
  { "GroupQueryAttention", "_query_dense", "EinsumDense" },
  { "GroupQueryAttention", "_key_dense", "EinsumDense" },
  { "GroupQueryAttention", "_gate_dense", "EinsumDense" },
  { "GroupQueryAttention", "_value_dense", "EinsumDense" },
  { "GroupQueryAttention", "_softmax", "Softmax" },
  { "GroupQueryAttention", "_dropout_layer", "Dropout" },
  { "GroupQueryAttention", "_output_dense", "EinsumDense" },
};

/* {{{ naming */

typedef struct
{
  const char *name; /* as it stands in the table, not terminated */
  gsize length;
  gboolean is_buffer;
  gboolean is_optional;
  gboolean is_rare;  /* there only if a setting is turned on */
  gboolean is_there; /* if the settings are right */
} Word;

#define MOST_WORDS 12

/* names once for ever, so that they can be pointed to */
static const char *
intern (const Word *word)
{
  char text[64];

  g_assert (word->length < sizeof text);
  memcpy (text, word->name, word->length);
  text[word->length] = '\0';
  return g_intern_string (text);
}

static gboolean
is_word_there (const char *condition, const EspKerasLayer *layer)
{
  if (layer == NULL || *condition == '\0')
    return TRUE;
  if (*condition == '!')
    return !esp_keras_layer_is_set (layer, condition + 1, TRUE);
  if (*condition == '+')
    return esp_keras_layer_is_set (layer, condition + 1, FALSE);
  return esp_keras_layer_is_set (layer, condition, TRUE);
}

static guint
split_words (const char *text, const EspKerasLayer *layer, Word *words)
{
  guint n = 0;

  while (*text != '\0')
    {
      gsize length = strcspn (text, " ");
      Word *word = &words[n++];
      gsize name;

      g_assert (n <= MOST_WORDS);
      *word = (Word) { .is_buffer = *text == '~', .is_there = TRUE };
      text += word->is_buffer;
      length -= word->is_buffer;
      name = strcspn (text, " ?");
      word->name = text;
      word->length = name;
      word->is_optional = name < length;
      if (word->is_optional)
        {
          g_autofree char *condition = g_strndup (text + name + 1, length - name - 1);

          word->is_rare = *condition == '+';
          word->is_there = is_word_there (condition, layer);
        }
      text += length + (text[length] == ' ');
    }
  return n;
}

static void
put_name (EspKerasNaming *out, guint i, const Word *word)
{
  out->names[i] = intern (word);
  out->is_buffer[i] = word->is_buffer;
}

/* what the settings say, if that is so many */
static gboolean
name_by_settings (const Word *words, guint n_words, guint n, EspKerasNaming *out)
{
  guint count = 0;

  for (guint i = 0; i < n_words; i++)
    if (words[i].is_there)
      {
        if (count < n)
          put_name (out, count, &words[i]);
        count++;
      }
  return count == n;
}

/* the words that the bits of @choice pick, if they are @n and that can be */
static gboolean
pick (const Word *words, guint n_words, guint choice, guint n, gboolean rare, EspKerasNaming *out)
{
  guint count = 0;

  for (guint i = 0; i < n_words; i++)
    {
      gboolean picked = (choice >> i & 1) != 0;

      if (picked ? count == n || (words[i].is_rare && !rare) : !words[i].is_optional)
        return FALSE;
      if (picked)
        put_name (out, count++, &words[i]);
    }
  return count == n;
}

/* what all choices of @n among the words agree on */
static gboolean
name_by_count (const Word *words, guint n_words, guint n, gboolean rare, EspKerasNaming *out)
{
  gboolean any = FALSE;

  for (guint choice = 0; choice < 1u << n_words; choice++)
    {
      EspKerasNaming naming = { 0 };

      if (!pick (words, n_words, choice, n, rare, &naming))
        continue;
      if (!any)
        *out = naming;
      any = TRUE;
      for (guint i = 0; i < n; i++)
        if (out->names[i] != naming.names[i])
          {
            out->names[i] = NULL;
            out->is_buffer[i] = FALSE;
          }
    }
  return any;
}

static gboolean
is_whole (EspTensor *tensor)
{
  EspKind kind = esp_dtype_get_info (esp_tensor_get_dtype (tensor))->kind;

  return kind == ESP_KIND_INT || kind == ESP_KIND_UINT;
}

/* whether tensors can be what they are called: 8 and 4 bits are stored as integers, float8 isn't */
static gboolean
fits (const EspKerasNaming *naming, EspTensor *const *tensors, guint n, const char *mode)
{
  gboolean quantised = mode != NULL && strcmp (mode, "float8") != 0;
  gboolean any = FALSE;

  for (guint i = 0; i < n; i++)
    {
      const char *name = naming->names[i];
      gboolean whole = is_whole (tensors[i]);

      any = any || whole;
      if (name != NULL && (g_str_has_suffix (name, "kernel") || strcmp (name, "embeddings") == 0) &&
          (esp_tensor_get_ndim (tensors[i]) < 2 || (whole && !quantised)))
        return FALSE;
    }
  return any || !quantised;
}

static gboolean
try_row (const Row *row,
         const EspKerasLayer *layer,
         EspTensor *const *tensors,
         guint n,
         EspKerasNaming *out)
{
  const char *policy = layer != NULL ? esp_keras_layer_find_attribute (layer, "dtype") : NULL;
  Word words[MOST_WORDS];
  guint n_words;

  if (policy != NULL && row->mode != NULL && !g_str_has_prefix (policy, row->mode))
    return FALSE;
  memset (out, 0, sizeof *out);
  n_words = split_words (row->variables, layer, words);
  if (layer == NULL || !name_by_settings (words, n_words, n, out))
    {
      memset (out, 0, sizeof *out);
      if (!name_by_count (words, n_words, n, FALSE, out) &&
          !name_by_count (words, n_words, n, TRUE, out))
        return FALSE;
    }
  return fits (out, tensors, n, row->mode);
}

static gboolean
try_rows (const Row *table,
          gsize n_rows,
          const char *class_name,
          const EspKerasLayer *layer,
          EspTensor *const *tensors,
          guint n,
          EspKerasNaming *out)
{
  for (gsize i = 0; i < n_rows; i++)
    if (strcmp (table[i].class_name, class_name) == 0 &&
        try_row (&table[i], layer, tensors, n, out))
      return TRUE;
  return FALSE;
}

gboolean
esp_keras_name_variables (const char *class_name,
                          const EspKerasLayer *layer,
                          EspTensor *const *tensors,
                          guint n,
                          gboolean keras2,
                          EspKerasNaming *out)
{
  g_return_val_if_fail (class_name != NULL && out != NULL, FALSE);

  if (n > 0 && n <= ESP_KERAS_MOST_NAMED &&
      ((keras2 && try_rows (older, G_N_ELEMENTS (older), class_name, layer, tensors, n, out)) ||
       try_rows (rows, G_N_ELEMENTS (rows), class_name, layer, tensors, n, out)))
    return TRUE;
  memset (out, 0, sizeof *out);
  return FALSE;
}

gboolean
esp_keras_is_buffer_name (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (const char *at = strchr (rows[i].variables, '~'); at != NULL; at = strchr (at + 1, '~'))
      {
        gsize length = strcspn (at + 1, " ?");

        if (strlen (name) == length && memcmp (at + 1, name, length) == 0)
          return TRUE;
      }
  return FALSE;
}

/* }}} */
/* {{{ classes and groups */

/* as keras.src.utils.naming.to_snake_case() does with two regular expressions: an underscore before
 * each capital with small letters behind it, and between a small letter and a capital */
char *
esp_keras_to_snake_case (const char *class_name)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  guint last = 0; /* where the last match of the first ended: matches don't overlap */

  for (const char *at = class_name; *at != '\0'; at++)
    if (g_ascii_isalnum (*at) || *at == '_' || (*at & 0x80) != 0)
      g_string_append_c (plain, *at);
  for (guint i = 0; i < plain->len; i++)
    {
      gboolean word = i > last && g_ascii_isupper (plain->str[i]) &&
                      g_ascii_islower (plain->str[i + 1]);

      if (word)
        {
          last = i + 2;
          while (g_ascii_islower (plain->str[last]))
            last++;
        }
      if (word || (i > 0 && g_ascii_isupper (plain->str[i]) && g_ascii_islower (plain->str[i - 1])))
        g_string_append_c (out, '_');
      g_string_append_c (out, g_ascii_tolower (plain->str[i]));
    }
  return g_strdup (out->str);
}

static gboolean
is_group_of (const char *class_name, const char *group, gsize length)
{
  g_autofree char *snake = esp_keras_to_snake_case (class_name);

  return strlen (snake) == length && memcmp (snake, group, length) == 0;
}

const char *
esp_keras_class_from_group (const char *group)
{
  gsize length = strlen (group);
  gsize whole = length;

  while (length > 0 && g_ascii_isdigit (group[length - 1]))
    length--;
  if (length == whole || length < 2 || group[length - 1] != '_')
    length = whole;
  else
    length--;
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (is_group_of (rows[i].class_name, group, length))
      return rows[i].class_name;
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (is_group_of (parts[i].class_name, group, length))
      return parts[i].class_name;
  /* what layers make for themselves; all cells call their variables alike */
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strcmp (parts[i].group, group) == 0)
      return parts[i].inner;
  return "";
}

const EspKerasPart *
esp_keras_next_part (const char *class_name, const EspKerasPart *last)
{
  for (gsize i = last != NULL ? (gsize) (last - parts) + 1 : 0; i < G_N_ELEMENTS (parts); i++)
    if (strcmp (parts[i].class_name, class_name) == 0)
      return &parts[i];
  return NULL;
}

/* }}} */
/* {{{ optimizers */

typedef struct
{
  const char *class_name;
  const char *slots;
  const char *older; /* Keras 2 */
} Slots;

static const Slots slots[] = {
  { "SGD", "momentum?momentum", "m?momentum" },
  { "Adam", "momentum velocity|velocity_hat?amsgrad", "m v|vhat?amsgrad" },
  { "AdamW", "momentum velocity|velocity_hat?amsgrad", "m v|vhat?amsgrad" },
  { "Nadam", "momentum velocity", "m v" },
  { "Adamax", "momentum norm", "m u" },
  { "Adadelta", "accumulated_grad accumulated_delta_var",
    "accumulated_grad accumulated_delta_var" },
  { "Adagrad", "accumulator", "accumulator" },
  { "Ftrl", "accumulator linear", "accumulator linear" },
  { "RMSprop", "velocity|momentum?momentum|average_gradient?centered",
    "velocity|momentum?momentum|average_gradient?centered" },
  { "Lamb", "momentum velocity", NULL },
  { "Lion", "momentum", "m" },
};

const char *
esp_keras_get_slots (const char *class_name, gboolean keras2)
{
  for (gsize i = 0; i < G_N_ELEMENTS (slots); i++)
    if (g_ascii_strcasecmp (slots[i].class_name, class_name) == 0)
      return keras2 ? slots[i].older : slots[i].slots;
  return NULL;
}

/* }}} */
