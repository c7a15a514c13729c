/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-dataset.h"
#include "esp-tree.h"
#include "esp-unit-reader.h"

G_BEGIN_DECLS

/**
 * EspNetwork:
 *
 * A tree with a forward pass: made from a specification (JSON, documented in
 * data/networks/README.md), with its data set, loss and optimiser. The tree is the same EspTree
 * that a file has; a shared layer is one module at two places. The tree's parameters (main thread)
 * hold the initial values until a snapshot replaces them; the trainer owns the working copy.
 */
#define ESP_TYPE_NETWORK (esp_network_get_type ())
G_DECLARE_FINAL_TYPE (EspNetwork, esp_network, ESP, NETWORK, GObject)

/* @text is JSON; %ESP_NETWORK_ERROR names the module and what is wrong */
EspNetwork *esp_network_new_from_json (const char *text, gssize length, GError **error);

/* what a caller may set instead of the specification */
typedef struct
{
  const char *data; /* name of a data set, or access.chosen, or NULL; the specification's settings
                       are kept if it is the same set */
  EspDatasetAccess access;
  gboolean has_seed;
  guint64 seed;
  EspDataset *ready; /* a data set that was made before, or NULL: the specification's own, if it
                        says just that, isn't made again */
} EspNetworkOptions;

/* @options may be NULL */
EspNetwork *esp_network_new_from_json_with_options (const char *text,
                                                    gssize length,
                                                    const EspNetworkOptions *options,
                                                    GError **error);

const char *esp_network_get_name (EspNetwork *self);
EspTree *esp_network_get_tree (EspNetwork *self);
guint esp_network_get_n_parameters (EspNetwork *self); /* each once, in named_parameters() order */
EspParameter *esp_network_get_parameter (EspNetwork *self, guint index);
/* calls that it takes part in: 2 for a layer used twice; a recurrent layer's many moments are one
 */
guint esp_network_get_n_uses (EspNetwork *self, guint index);
/* its name at the place of use @use: "4.weight"; esp_snapshot_get_grad_at() counts them likewise.
 * New string. */
char *esp_network_dup_use_path (EspNetwork *self, guint index, guint use);
/* index of @parameter, -1 if it isn't this network's */
int esp_network_find_parameter (EspNetwork *self, EspParameter *parameter);
const char *esp_network_get_loss_name (EspNetwork *self);      /* "MSELoss" */
const char *esp_network_get_optimizer_name (EspNetwork *self); /* "Adam" */
/* what its description says for parameters in no group of their own, or the schedule where that has
 * a rate of its own */
double esp_network_get_learning_rate (EspNetwork *self);
/* what the optimiser keeps per parameter, by PyTorch's name ("exp_avg"); channel
 * %ESP_CHANNEL_MOMENT1 +
 * @index has it. NULL beyond the last. */
const char *esp_network_get_moment_name (EspNetwork *self, guint index);
const char *esp_network_get_data_name (EspNetwork *self); /* "spirals" */
guint64 esp_network_get_n_examples (EspNetwork *self);
guint64 esp_network_get_n_tests (EspNetwork *self); /* examples that are only tested with */
/* numbers of an example, and one of them: @inputs takes that many floats. Examples to test with
 * follow those to train with. */
gsize esp_network_get_example_size (EspNetwork *self);
void esp_network_read_example (EspNetwork *self, guint64 index, float *inputs);
int esp_network_get_label (EspNetwork *self, guint64 index); /* -1 without labels */
guint64 esp_network_get_batch_size (EspNetwork *self);
gboolean esp_network_is_classifier (EspNetwork *self); /* whether there is an accuracy */
/**
 * esp_network_set_initial:
 * @parameter: its index
 * @values: of the parameter's own shape; floats of any dtype, integers for a counter
 *
 * Replaces the initial values of one parameter or buffer: what training begins with and what a
 * reset goes back to. The others keep theirs, the random ones too. Only before the network has a
 * trainer. They are not part of the specification.
 *
 * Returns: %FALSE with %ESP_NETWORK_ERROR_SHAPE when shape or kind of numbers don't fit, and with
 * the tensor's error when it can't be read; nothing is changed then.
 */
gboolean esp_network_set_initial (EspNetwork *self,
                                  guint parameter,
                                  EspTensor *values,
                                  GError **error);
/**
 * esp_network_set_initial_moments:
 * @parameter: its index
 * @moments: (array length=3): tensors of the parameter's shape, of what the optimiser keeps; NULL
 * for one that begins as it does
 * @rule: with the steps that it has counted
 *
 * What the optimiser of another network has kept for it, which this one goes on with: both must
 * have the same class. Only before the network has a trainer; not part of the specification.
 *
 * Returns: %FALSE when it doesn't fit, nothing is changed then
 */
gboolean esp_network_set_initial_moments (EspNetwork *self,
                                          guint parameter,
                                          EspTensor *const *moments,
                                          const EspUpdateRule *rule,
                                          GError **error);
/* esp-network-data.c: what views draw of the data */
/* sizes of an example's input, without a batch: borrowed, (ndim) */
const gint64 *esp_network_get_input_shape (EspNetwork *self, guint *ndim);
int esp_network_get_n_classes (EspNetwork *self); /* 0 without labels */
/* name of a label, NULL if it has none but its number */
const char *esp_network_get_class_name (EspNetwork *self, int label);
/* numbers of a target and those of one example; 0 with labels */
gsize esp_network_get_target_size (EspNetwork *self);
void esp_network_read_target (EspNetwork *self, guint64 index, float *target);
/* whether an example is a picture, (channels, rows, columns); numbers in a row are one if they fill
 * a square of at least 36 */
gboolean esp_network_get_image_shape (EspNetwork *self, gsize shape[3]);
/* whether an example is two numbers, so that what the network answers can be drawn over the plane
 * of them; numbers that stand for rows of an embedding span none */
gboolean esp_network_has_plane (EspNetwork *self);
/* path of the module whose output the loss takes; NULL for a network without modules */
const char *esp_network_get_output_path (EspNetwork *self);
/**
 * esp_network_predict:
 * @output: (array length=count): of one example
 * @shares: (array) (out) (optional): n_classes probabilities
 *
 * Returns: the label that an output stands for, as the loss reads it (softmax of logits, exp of
 * log-probabilities, sigmoid of one logit); -1 where there are no labels or several a example
 */
int esp_network_predict (EspNetwork *self, const float *output, gsize count, float *shares);
/**
 * esp_network_initialize:
 * @parameter: its index
 * @word: name of an initialiser, or an object of one as JSON, as in a specification; NULL: as this
 * network's begins
 * @values: (out caller-allocates): as many floats as the parameter has
 *
 * New initial values, with random numbers that follow from @seed. Changes nothing. %FALSE with
 * %ESP_NETWORK_ERROR when there is no such initialiser or it doesn't fit; any thread.
 */
gboolean esp_network_initialize (EspNetwork *self,
                                 guint parameter,
                                 const char *word,
                                 guint64 seed,
                                 float *values,
                                 GError **error);
/* esp-unit-readers.c: which layers take which observed units, by the weights that they have for
 * each. (element-type EspUnitReader), new */
GPtrArray *esp_network_find_readers (EspNetwork *self);
/* the specification again, complete, as Save network writes it. New string. */
char *esp_network_to_json (EspNetwork *self);
/* the same as it is trained now: what was frozen and which rates were set since. Main thread. */
char *esp_network_to_json_now (EspNetwork *self);

G_END_DECLS
