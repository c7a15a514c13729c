/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  ESP_SETTING_WHOLE,  /* a whole number */
  ESP_SETTING_WHOLES, /* one for all axes, or a list of n; a word where words isn't NULL */
  ESP_SETTING_NUMBER,
  ESP_SETTING_NUMBERS, /* a list of n */
  ESP_SETTING_SWITCH,
  ESP_SETTING_CHOICE, /* one of words */
  ESP_SETTING_SHAPE,  /* a list of sizes */
  ESP_SETTING_LIST,   /* any list */
} EspSettingKind;

/**
 * EspSetting:
 *
 * One setting of a layer, loss, optimiser or schedule as its reader takes it. Nobody writes these
 * down: the reader itself is asked (EspSpec), so that what a form offers is what is accepted.
 */
typedef struct
{
  const char *key; /* interned: "out_features" */
  EspSettingKind kind;
  guint n;                  /* of lists */
  double min, max;          /* of numbers */
  JsonNode *fallback;       /* what holds when it is left out; NULL: there is none of it */
  const char *const *words; /* NULL-terminated, static; or NULL */
  gboolean required;        /* must be there */
  gboolean nullable;        /* may be null, which is its default */
  gboolean follows;         /* left out, it is what the input wants: in_features */
} EspSetting;

void esp_setting_free (EspSetting *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSetting, esp_setting_free)
/* the one of this name in a list of them, or NULL */
const EspSetting *esp_setting_find (GPtrArray *settings, const char *key);
/* a value as a person types it into a form: JSON in one line, words without quotes. New string. */
char *esp_setting_to_text (JsonNode *value);

/* Classes by name, in menu order; NULL-terminated. */
const char *const *esp_setting_get_layers (void); /* without Sequential */
const char *const *esp_setting_get_losses (void);
const char *const *esp_setting_get_optimizers (void);
const char *const *esp_setting_get_schedules (void);
/* Settings of a class, in the order in which it reads them; NULL when there is none of this name.
 * (element-type EspSetting) */
GPtrArray *esp_setting_list_for_layer (const char *class_name);
GPtrArray *esp_setting_list_for_loss (const char *class_name);
GPtrArray *esp_setting_list_for_optimizer (const char *class_name);
GPtrArray *esp_setting_list_for_schedule (const char *class_name);
/* members of the network itself: batch size, clipping */
GPtrArray *esp_setting_list_for_step (void);

G_END_DECLS
