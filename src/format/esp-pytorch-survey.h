/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle.h"

G_BEGIN_DECLS

/**
 * EspPytorchSurvey:
 *
 * A first look over the whole graph of a pickle, once per container: where tensors are, how many
 * rows it would unfold to, and which edges close a cycle. Then a walk can go where there is
 * something and knows that it will end.
 */
typedef struct _EspPytorchSurvey EspPytorchSurvey;

/* NULL with an error only when cancelled */
EspPytorchSurvey *esp_pytorch_survey_new (EspPickle *pickle,
                                          GCancellable *cancellable,
                                          GError **error);
void esp_pytorch_survey_free (EspPytorchSurvey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPytorchSurvey, esp_pytorch_survey_free)

/* whether a walk goes from @container to @below: there are tensors or modules, and it isn't a step
 * back on a cycle */
gboolean esp_pytorch_survey_leads (EspPytorchSurvey *self,
                                   const EspPickleValue *container,
                                   const EspPickleValue *below);
/* whether some edge that closes a cycle, or lies too deep, was left out though there are tensors
 * or modules behind it */
gboolean esp_pytorch_survey_has_cycle (EspPytorchSurvey *self);
gboolean esp_pytorch_survey_is_too_deep (EspPytorchSurvey *self);
/* whether a tensor is met at more than one place */
gboolean esp_pytorch_survey_is_shared (EspPytorchSurvey *self, const EspPickleValue *tensor);
/* Whether it is reasonable to show what is shared at each of its places: a small file can unfold to
 * any number of rows. */
gboolean esp_pytorch_survey_can_unfold (EspPytorchSurvey *self);

G_END_DECLS
