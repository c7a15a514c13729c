/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspNetworkEditor:
 *
 * What the sections of the inspector that change a network share: changes are made one after the
 * other, and one that can't be is told below the rows, where it stays until the next.
 */
typedef struct _EspNetworkEditor EspNetworkEditor;

typedef void (*EspNetworkEditorFunc) (gpointer user_data);

/* @again is called when a change was refused: controls go back to what is. The editor lives as long
 * as @group and is freed with it. */
EspNetworkEditor *esp_network_editor_new (AdwPreferencesGroup *group,
                                          EspNetworkEditorFunc again,
                                          gpointer user_data);
/* The same for a widget without rows: the window tells what is refused. It lives as long as
 * @owner. */
EspNetworkEditor *esp_network_editor_new_for_widget (GtkWidget *owner);
void esp_network_editor_set_session (EspNetworkEditor *self, EspSession *session);
EspSession *esp_network_editor_get_session (EspNetworkEditor *self);
/* takes copies */
void esp_network_editor_change (EspNetworkEditor *self, const EspNetworkChange *change);
/* one setting of the module at @path; @value is taken, NULL: its default */
void esp_network_editor_set (EspNetworkEditor *self,
                             const char *path,
                             const char *key,
                             JsonNode *value);
void esp_network_editor_forget_trouble (EspNetworkEditor *self);

/* A menu of all that can be done with a layer, for an action group "layer" whose actions take what
 * the items say: "add-before" and "add-after" (s, a class), "move" (i, by how much), "duplicate",
 * "share" (s, a path), "unshare", "remove". */
GMenuModel *esp_network_editor_make_menu (GPtrArray *modules, const EspNetworkModule *module);
/* makes @button open that menu; it is made anew each time. @target outlives the button. */
typedef struct _EspLayerTarget EspLayerTarget;
void esp_network_editor_give_menu (GtkMenuButton *button, EspLayerTarget *target);
/* classes for @action, which takes one */
GMenuModel *esp_network_editor_make_class_menu (const char *action);
/* the actions of that menu; @path is read when one is activated: owned by the caller, alive as long
 * as the group */
struct _EspLayerTarget
{
  EspNetworkEditor *editor;
  char *path, *container;
  guint index;
};
GSimpleActionGroup *esp_network_editor_make_actions (EspLayerTarget *target);
void esp_layer_target_set (EspLayerTarget *self, const EspNetworkModule *module);
void esp_layer_target_clear (EspLayerTarget *self);

G_END_DECLS
