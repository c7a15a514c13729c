/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-pickle-private.h"

G_BEGIN_DECLS

/* What the files of opcodes give each other. */

gboolean esp_pickle_push_bool (EspPickleMachine *self, gboolean value, GError **error);
gboolean esp_pickle_push_int (EspPickleMachine *self, gint64 integer, GError **error);
gboolean esp_pickle_push_double (EspPickleMachine *self, double real, GError **error);
/* borrows @bytes, which must live as long as the pickle */
EspPickleValue *esp_pickle_push_text (EspPickleMachine *self,
                                      EspPickleKind kind,
                                      const guint8 *bytes,
                                      gsize length,
                                      GError **error);
/* not pushed */
EspPickleValue *esp_pickle_new_tuple (EspPickleMachine *self,
                                      EspPickleValue *const *items,
                                      guint n,
                                      GError **error);
gboolean esp_pickle_push_persistent (EspPickleMachine *self,
                                     const EspPickleValue *id,
                                     GError **error);
/* an error about the kind of @value; FALSE */
gboolean esp_pickle_fail_kind (EspPickleMachine *self, const EspPickleValue *value, GError **error);

/* plain values */
gboolean esp_pickle_run_none (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_newtrue (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_newfalse (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_binint (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_binint1 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_binint2 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_long1 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_long4 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_binfloat (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_short_text (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_text (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_text8 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_short_bytes (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_bytes (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_bytes8 (EspPickleMachine *self, GError **error);

/* containers */
gboolean esp_pickle_run_empty_list (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_empty_tuple (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_empty_dict (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_empty_set (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_list (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_tuple (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_dict (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_frozenset (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_tuple1 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_tuple2 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_tuple3 (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_append (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_appends (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_setitem (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_setitems (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_additems (EspPickleMachine *self, GError **error);

/* protocol 0 */
gboolean esp_pickle_run_int (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_long (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_float (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_string (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_unicode (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_get (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_put (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_persid (EspPickleMachine *self, GError **error);
gboolean esp_pickle_run_inst (EspPickleMachine *self, GError **error);

G_END_DECLS
