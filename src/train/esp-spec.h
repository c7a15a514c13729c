/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "esp-error.h"
#include "esp-setting.h"
#include "esp-shape.h"

G_BEGIN_DECLS

/**
 * EspSpec:
 *
 * One JSON object of a network specification while it is read. Each reader takes a member by name,
 * checks it and keeps what is valid from then on, given or default, in a second object: the
 * complete specification, which is written again by Save network. What is left unread is a spelling
 * mistake and an error. All errors are %ESP_NETWORK_ERROR_SPEC and begin with the place.
 */
typedef struct _EspSpec EspSpec;

/* parses @text after checking size and nesting; @place is for messages about the outermost object
 */
EspSpec *esp_spec_new_from_text (const char *text,
                                 gssize length,
                                 const char *place,
                                 GError **error);
/* keeps a reference on @object */
EspSpec *esp_spec_new (JsonObject *object, const char *place);
void esp_spec_free (EspSpec *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSpec, esp_spec_free)

/* Asks instead of reading: a reader that is given this goes through all that it could read, takes
 * its own defaults (or the least that is allowed), and what it would have accepted is kept. */
EspSpec *esp_spec_new_for_questions (void);
/* (element-type EspSetting), new */
GPtrArray *esp_spec_get_answers (EspSpec *self);

/* what messages begin with from now on, once the class is known */
void esp_spec_set_place (EspSpec *self, const char *place);
/* the complete object so far; borrowed, alive as long as somebody references it */
JsonObject *esp_spec_get_complete (EspSpec *self);

gboolean esp_spec_has (EspSpec *self, const char *key);
/* fails when the member is absent */
gboolean esp_spec_require (EspSpec *self, const char *key, GError **error);
/* Readers: *value holds the default before and stays when the member is absent. */
gboolean esp_spec_read_size (EspSpec *self,
                             const char *key,
                             guint64 min,
                             guint64 max,
                             guint64 *value,
                             GError **error);
gboolean esp_spec_read_int (EspSpec *self,
                            const char *key,
                            gint64 min,
                            gint64 max,
                            gint64 *value,
                            GError **error);
gboolean esp_spec_read_double (EspSpec *self,
                               const char *key,
                               double min,
                               double max,
                               double *value,
                               GError **error);
/* one size for all @n, or a list of exactly @n; kept as it is given */
gboolean esp_spec_read_sizes (EspSpec *self,
                              const char *key,
                              guint64 min,
                              guint64 max,
                              guint64 *values,
                              guint n,
                              GError **error);
/* whether the member is there and a text, which is one of @words if that is all it may be, or a
 * list; it doesn't count as read */
gboolean esp_spec_is_text (EspSpec *self, const char *key, const char *const *words);
gboolean esp_spec_is_list (EspSpec *self, const char *key);
/* whether the member is there and null; it counts as read then, and stays null */
gboolean esp_spec_read_null (EspSpec *self, const char *key);
/* a list of exactly @n numbers */
gboolean esp_spec_read_doubles (EspSpec *self,
                                const char *key,
                                double min,
                                double max,
                                double *values,
                                guint n,
                                GError **error);
gboolean esp_spec_read_bool (EspSpec *self, const char *key, gboolean *value, GError **error);
/* new string; @fallback may be NULL and then an absent member is an error */
char *esp_spec_read_string (EspSpec *self, const char *key, const char *fallback, GError **error);
/* one of @words (NULL-terminated, static), which may be left out when *@index is one of them; any
 * text that isn't one is an error that lists them */
gboolean esp_spec_read_word (EspSpec *self,
                             const char *key,
                             const char *const *words,
                             guint *index,
                             GError **error);
/* a list of sizes; an error when absent */
gboolean esp_spec_read_shape (EspSpec *self, const char *key, EspShape *shape, GError **error);
/* NULL when absent, with @error when it is something else; borrowed. Not kept in the complete
 * object: whoever reads the inner one puts its complete form there. */
JsonObject *esp_spec_read_object (EspSpec *self, const char *key, GError **error);
JsonArray *esp_spec_read_array (EspSpec *self, const char *key, GError **error);
/* any value; NULL when absent; borrowed; kept in the complete object as it is */
JsonNode *esp_spec_read_node (EspSpec *self, const char *key);

/* fails when a member was never read */
gboolean esp_spec_finish (EspSpec *self, GError **error);

/* sets an error that begins with the place */
void esp_spec_set_error (EspSpec *self,
                         EspNetworkError code,
                         GError **error,
                         const char *format,
                         ...) G_GNUC_PRINTF (4, 5);

/* all of it once more, which json_node_copy() doesn't give. Owned. */
JsonObject *esp_spec_copy (JsonObject *object);
/* JSON as this program writes it: numbers shortest-exact, two spaces a level, objects without
 * nested containers on one line. New string. */
char *esp_spec_to_text (JsonObject *object);

G_END_DECLS
