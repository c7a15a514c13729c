/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the writers of Python lines share. */

#include "esp-code.h"

G_BEGIN_DECLS

typedef struct
{
  GString *expression; /* as far as whole keys lead */
  char *prefix;        /* of the next key, where @place lies inside it; or NULL */
  gboolean object;     /* the expression gives a module */
  gboolean any_object; /* or goes through one */
} EspReach;

/* goes to @place from a variable named @whole, along the keys of the first tensor below it;
 * @texts: all keys are texts there */
void esp_reach_init (EspReach *self,
                     EspTree *tree,
                     EspPlace *place,
                     const char *whole,
                     gboolean texts);
void esp_reach_clear (EspReach *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspReach, esp_reach_clear)

gboolean esp_code_has_format (EspCheckpoint *checkpoint, const char *name);
gboolean esp_code_is_identifier (const char *text);
/* a module: a loop over what is below it */
void esp_code_append_loop (GString *out, const EspReach *at);
void esp_code_append_not_stored (GString *out, EspPlace *place);
void esp_code_append_keras_assignment (GString *out, EspPlace *place);

/* what a row may refer to */
typedef struct
{
  EspCheckpoint *checkpoint;
  EspPlace *place;  /* that is asked for */
  EspPlace *stored; /* itself, or what it is tied to */
  char *file;       /* the file or folder as a Python literal */
  char *base;       /* the same as plain text */
  char *name;       /* the tensor's name as a literal */
} EspCodeContext;

/* NULL for a module; borrowed */
EspTensor *esp_code_context_get_tensor (const EspCodeContext *context);

/* Keras and TensorFlow: what opens a file, reaches a tensor in it, prints all */
void esp_code_loop_graph (GString *out, const EspCodeContext *context);
void esp_code_loop_hdf5 (GString *out, const EspCodeContext *context);
void esp_code_loop_keras_sharded (GString *out, const EspCodeContext *context);
void esp_code_loop_tf (GString *out, const EspCodeContext *context);
void esp_code_open_graph (GString *out, const EspCodeContext *context);
void esp_code_open_hdf5 (GString *out, const EspCodeContext *context);
void esp_code_open_keras (GString *out, const EspCodeContext *context);
void esp_code_open_keras_sharded (GString *out, const EspCodeContext *context);
void esp_code_open_tf (GString *out, const EspCodeContext *context);
void esp_code_reach_graph (GString *out, const EspCodeContext *context);
void esp_code_reach_hdf5 (GString *out, const EspCodeContext *context);
void esp_code_reach_keras (GString *out, const EspCodeContext *context);
void esp_code_reach_keras_sharded (GString *out, const EspCodeContext *context);
void esp_code_reach_tf (GString *out, const EspCodeContext *context);
void esp_code_reach_tf_v1 (GString *out, const EspCodeContext *context);

/* the lines for what neither torch.load() nor safetensors reads; NULL for what they do read */
char *esp_code_for_file (EspCheckpoint *checkpoint, EspPlace *place, EspDialect dialect);

G_END_DECLS
