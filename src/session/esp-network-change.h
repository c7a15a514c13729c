/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-session.h"
#include "esp-setting.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * EspNetworkChange:
 *
 * One change of a live network's structure or of its settings that need a new network. @path is a
 * module's place, "" for the network.
 */
typedef enum
{
  ESP_NETWORK_CHANGE_ADD, /* @word, a class, to the container @path before @index */
  ESP_NETWORK_CHANGE_REMOVE,
  ESP_NETWORK_CHANGE_MOVE, /* to @index */
  ESP_NETWORK_CHANGE_DUPLICATE,
  ESP_NETWORK_CHANGE_SHARE, /* with @word, a path */
  ESP_NETWORK_CHANGE_UNSHARE,
  ESP_NETWORK_CHANGE_RENAME,  /* @word */
  ESP_NETWORK_CHANGE_CLASS,   /* @word */
  ESP_NETWORK_CHANGE_SETTING, /* @word is @value */
  ESP_NETWORK_CHANGE_MEMBER,  /* of the outermost object: @word is @value */
  ESP_NETWORK_CHANGE_PART,    /* of its object @path ("optimizer", "loss"): @word is @value */
  ESP_NETWORK_CHANGE_DATA,    /* another data set, @word: its name, or a file's path */
  ESP_NETWORK_CHANGE_SEED,    /* @word, a number: all begins anew */
  ESP_NETWORK_CHANGE_TIE,     /* the parameter @path with the parameter @word */
  ESP_NETWORK_CHANGE_UNTIE,   /* the parameter @path is one of its own */
} EspNetworkChangeKind;

typedef struct
{
  EspNetworkChangeKind kind;
  const char *path;
  const char *word;
  guint index;
  JsonNode *value; /* NULL: the default */
} EspNetworkChange;

/* Makes the network that the session's would be with @change, in a worker, with its values; then
 * shows it in its place, an entry of the session's EspUndo. Training that was under way goes on
 * with it. The learning rate alone changes within the run. Nothing is changed when it fails:
 * %ESP_NETWORK_ERROR says which module and why. One at a time: %G_IO_ERROR_BUSY while another is
 * being made. */
void esp_session_change_network_async (EspSession *self,
                                       const EspNetworkChange *change,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
gboolean esp_session_change_network_finish (EspSession *self, GAsyncResult *result, GError **error);

/* Modules of a network as its description has them, in forward order: what an editor lists. */
typedef struct
{
  char *path;
  char *class_name;
  JsonObject *settings;  /* complete */
  guint depth;           /* 0: outermost */
  guint index, n_beside; /* in its container */
  char *container;       /* its path */
  char *shared;          /* path of the first place of the module, where this is another; or NULL */
  gboolean ties;         /* shares a parameter by name, or the module with another place */
} EspNetworkModule;
void esp_network_module_free (EspNetworkModule *self);
/* (element-type EspNetworkModule), new */
GPtrArray *esp_session_list_modules (EspSession *self);
/* the description of the network without its modules: "optimizer" with the learning rate that holds
 * now, "data", "batch_size"; NULL for a checkpoint. New. */
JsonObject *esp_session_describe_network (EspSession *self);
/* names of data sets that need no file, NULL-terminated */
const char *const *esp_session_get_data_sets (void);

G_END_DECLS
