/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * EspFormatError:
 * @ESP_FORMAT_ERROR_UNKNOWN: no format claims these bytes
 * @ESP_FORMAT_ERROR_TRUNCATED: the file ends before what it promises
 * @ESP_FORMAT_ERROR_CORRUPT: the bytes contradict the format or one another
 * @ESP_FORMAT_ERROR_LIMIT: well formed, but over a limit of esp-limits.h
 * @ESP_FORMAT_ERROR_UNSAFE: it asks for something no checkpoint needs (a path outside, an encrypted
 * member)
 * @ESP_FORMAT_ERROR_UNSUPPORTED: recognised, but this program can't read it
 *
 * A message names the place (tensor, member or byte offset), what was wanted and what was found.
 * The file's name is put in front by whoever opened it.
 */
typedef enum
{
  ESP_FORMAT_ERROR_UNKNOWN,
  ESP_FORMAT_ERROR_TRUNCATED,
  ESP_FORMAT_ERROR_CORRUPT,
  ESP_FORMAT_ERROR_LIMIT,
  ESP_FORMAT_ERROR_UNSAFE,
  ESP_FORMAT_ERROR_UNSUPPORTED,
} EspFormatError;

/**
 * EspTensorError:
 * @ESP_TENSOR_ERROR_BOUNDS: shape, strides and offset reach beyond the storage, or a slice beyond
 * the tensor
 * @ESP_TENSOR_ERROR_DTYPE: these values can't be decoded or converted so
 * @ESP_TENSOR_ERROR_NO_DATA: the tensor has no bytes (meta device, implied tie)
 * @ESP_TENSOR_ERROR_SLICE: text that is no slice of this tensor
 */
typedef enum
{
  ESP_TENSOR_ERROR_BOUNDS,
  ESP_TENSOR_ERROR_DTYPE,
  ESP_TENSOR_ERROR_NO_DATA,
  ESP_TENSOR_ERROR_SLICE,
} EspTensorError;

/**
 * EspNetworkError:
 * @ESP_NETWORK_ERROR_SPEC: the specification is no valid description of a network
 * @ESP_NETWORK_ERROR_SHAPE: two shapes don't fit; the message names the module and both
 * @ESP_NETWORK_ERROR_DATA: the data set can't be had or doesn't fit the network
 */
typedef enum
{
  ESP_NETWORK_ERROR_SPEC,
  ESP_NETWORK_ERROR_SHAPE,
  ESP_NETWORK_ERROR_DATA,
} EspNetworkError;

#define ESP_FORMAT_ERROR (esp_format_error_quark ())
#define ESP_TENSOR_ERROR (esp_tensor_error_quark ())
#define ESP_NETWORK_ERROR (esp_network_error_quark ())

GQuark esp_format_error_quark (void);
GQuark esp_tensor_error_quark (void);
GQuark esp_network_error_quark (void);

G_END_DECLS
