/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-random.h"

G_BEGIN_DECLS

#define ESP_EXPRESSION_MAX_LENGTH 4096 /* bytes of text */
#define ESP_EXPRESSION_MAX_DEPTH 64    /* brackets and signs inside one another; numbers at once */
#define ESP_EXPRESSION_MAX_NAMES 32    /* given and assigned */

/**
 * EspExpression:
 *
 * A formula for one number, "w = uniform(-10, 10); w * (abs(w) >= 5)": statements separated by
 * semicolons, assignments and last a value. Operators of C without bits, and ^ for powers;
 * comparisons give 1 or 0; where(c, a, b) is a where c isn't 0. There are abs, sqrt, exp, log, sin,
 * cos, tan, tanh, floor, round, sign, min, max, where, uniform(low, high) and normal(mean, std),
 * each of which draws a new number, and the constant pi. There are no loops: it ends. Immutable.
 */
typedef struct _EspExpression EspExpression;

/* @names: what evaluate() is given, NULL-terminated. A mistake is an %ESP_NETWORK_ERROR_SPEC that
 * says where it is. */
EspExpression *esp_expression_new (const char *text, const char *const *names, GError **error);
void esp_expression_free (EspExpression *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspExpression, esp_expression_free)

/* @values: of the names, in their order */
double esp_expression_evaluate (const EspExpression *self, const double *values, EspRandom *random);

G_END_DECLS
