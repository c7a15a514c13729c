/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Modules out of names: which module a node or a value of an exported graph belongs to. A scope is
 * the module's path with dots, "" for the root. */

/* "/layers.0/mlp/mlp.2/MatMul" (TorchScript's exporter), "model/dense/MatMul" (tf2onnx): scope
 * "layers.0.mlp.2", leaf "MatMul". Either out may be NULL; both are (transfer full). */
void _esp_onnx_scope_split (const char *name, char **scope, char **leaf);
/* the texts of a list as Python prints it, "['', 'layers.0', 'linear']"; NULL if it is none */
GStrv _esp_onnx_scope_parse_list (const char *text);
/* what the dynamo exporter's "namespace" holds, ": Net/layers.0: Linear/linear: aten.linear", as
 * two lists of the same length: scopes and classes */
void _esp_onnx_scope_parse_namespace (const char *text, GStrv *scopes, GStrv *classes);

G_END_DECLS
