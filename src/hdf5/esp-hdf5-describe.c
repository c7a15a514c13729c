/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a data set is, without its values. A DATASET frame:
 *
 *   u16 reason | text detail                                   and where the reason is none:
 *   type    u8 class | u8 is signed | u8 byte order | u8 bit order is odd | u32 bytes | text tag
 *           u32 precision (of a text: 0 for variable length) | u32 first bit | u32 sign bit | u32
 * exponent's first bit, its bits u32 mantissa's first bit, its bits | u64 exponent bias | u8 has a
 * hidden bit shape   u32 axes of the data set | u32 axes in all, with those of an array type | u64
 * each layout  u8 kind | u64 address | u64 bytes stored | chunk: u32 axes | u64 each u8 chunks at
 * the edge have no filters u32 filters | each: u32 number, u32 values, up to 4 of them as u32 u32
 * length | fill value
 */

#include "esp-hdf5-describe.h"

#include <stdlib.h>
#include <string.h>

#include "esp-hdf5-protocol.h"

#define FILTER_VALUES 4

typedef struct
{
  uint8_t class, is_signed, order, odd, hidden;
  uint32_t size, precision, offset;
  uint32_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  uint64_t bias;
  char tag[ESP_HDF5_DETAIL_BYTES];
} Type;

/* {{{ types */

static uint8_t
get_order (hid_t type)
{
  switch (H5Tget_order (type))
    {
    case H5T_ORDER_LE:
      return ESP_HDF5_LITTLE_ENDIAN;
    case H5T_ORDER_BE:
      return ESP_HDF5_BIG_ENDIAN;
    default:
      return H5Tget_size (type) == 1 ? ESP_HDF5_LITTLE_ENDIAN : ESP_HDF5_OTHER_ENDIAN;
    }
}

static void
describe_number (hid_t type, Type *out)
{
  H5T_pad_t low = H5T_PAD_ZERO, high = H5T_PAD_ZERO;

  out->order = get_order (type);
  out->precision = (uint32_t) H5Tget_precision (type);
  out->offset = (uint32_t) H5Tget_offset (type);
  H5Tget_pad (type, &low, &high);
  out->odd = low > H5T_PAD_BACKGROUND || high > H5T_PAD_BACKGROUND;
}

static void
describe_float (hid_t type, Type *out)
{
  size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0;

  describe_number (type, out);
  out->class = ESP_HDF5_CLASS_FLOAT;
  H5Tget_fields (type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits);
  out->sign = (uint32_t) sign;
  out->exponent = (uint32_t) exponent;
  out->exponent_bits = (uint32_t) exponent_bits;
  out->mantissa = (uint32_t) mantissa;
  out->mantissa_bits = (uint32_t) mantissa_bits;
  out->bias = H5Tget_ebias (type);
  out->hidden = H5Tget_norm (type) == H5T_NORM_IMPLIED;
}

static int
has_member (hid_t type, unsigned index, const char *name)
{
  char *member = H5Tget_member_name (type, index);
  int is = member != NULL && strcmp (member, name) == 0;

  H5free_memory (member);
  return is;
}

/* h5py's bool: FALSE is 0 and TRUE is 1 */
static int
is_bool (hid_t type)
{
  int8_t first = -1, second = -1;

  return H5Tget_size (type) == 1 && H5Tget_nmembers (type) == 2 && has_member (type, 0, "FALSE") &&
         has_member (type, 1, "TRUE") && H5Tget_member_value (type, 0, &first) >= 0 &&
         H5Tget_member_value (type, 1, &second) >= 0 && first == 0 && second == 1;
}

static void
describe_enum (hid_t type, Type *out)
{
  hid_t base = H5Tget_super (type);

  describe_number (base, out);
  out->class = is_bool (type) ? ESP_HDF5_CLASS_BOOL : ESP_HDF5_CLASS_INT;
  out->is_signed = H5Tget_sign (base) == H5T_SGN_2;
  H5Tclose (base);
}

/* two floats, as h5py ("r", "i") and others name them, with nothing between */
static void
describe_compound (hid_t type, Type *out)
{
  static const char *const names[][2] = { { "r", "i" },
                                          { "re", "im" },
                                          { "real", "imag" },
                                          { "real", "imaginary" } };
  size_t half = H5Tget_size (type) / 2;
  hid_t first, second;
  int known = 0;

  out->class = ESP_HDF5_CLASS_COMPOUND;
  if (H5Tget_nmembers (type) != 2)
    return;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    known |= has_member (type, 0, names[i][0]) && has_member (type, 1, names[i][1]);
  first = H5Tget_member_type (type, 0);
  second = H5Tget_member_type (type, 1);
  if (known && H5Tget_class (first) == H5T_FLOAT && H5Tequal (first, second) > 0 &&
      H5Tget_size (first) == half && H5Tget_member_offset (type, 0) == 0 &&
      H5Tget_member_offset (type, 1) == half)
    {
      describe_float (first, out);
      out->class = ESP_HDF5_CLASS_COMPLEX;
    }
  H5Tclose (first);
  H5Tclose (second);
}

#if H5_VERSION_GE(2, 0, 0)
/* a class of its own since then */
static void
describe_complex (hid_t type, Type *out)
{
  hid_t part = H5Tget_super (type);

  describe_float (part, out);
  out->class = ESP_HDF5_CLASS_COMPLEX;
  H5Tclose (part);
}
#endif

static void
describe_opaque (hid_t type, Type *out)
{
  char *tag = H5Tget_tag (type);

  out->class = ESP_HDF5_CLASS_OPAQUE;
  if (tag != NULL)
    strncpy (out->tag, tag, sizeof out->tag - 1);
  H5free_memory (tag);
}

static void
describe_type (hid_t type, Type *out)
{
  memset (out, 0, sizeof *out);
  switch (H5Tget_class (type))
    {
    case H5T_INTEGER:
      describe_number (type, out);
      out->class = ESP_HDF5_CLASS_INT;
      out->is_signed = H5Tget_sign (type) == H5T_SGN_2;
      break;
    case H5T_BITFIELD:
      describe_number (type, out);
      out->class = ESP_HDF5_CLASS_INT;
      break;
    case H5T_FLOAT:
      describe_float (type, out);
      break;
    case H5T_ENUM:
      describe_enum (type, out);
      break;
    case H5T_COMPOUND:
      describe_compound (type, out);
      break;
#if H5_VERSION_GE(2, 0, 0)
    case H5T_COMPLEX:
      describe_complex (type, out);
      break;
#endif
    case H5T_OPAQUE:
      describe_opaque (type, out);
      break;
    case H5T_STRING:
      out->class = ESP_HDF5_CLASS_STRING;
      if (H5Tis_variable_str (type) == 0)
        out->precision = (uint32_t) (8 * H5Tget_size (type));
      break;
    case H5T_VLEN:
      out->class = ESP_HDF5_CLASS_VLEN;
      break;
    case H5T_REFERENCE:
      out->class = ESP_HDF5_CLASS_REFERENCE;
      break;
    default:
      out->class = ESP_HDF5_CLASS_OTHER;
    }
  out->size = (uint32_t) H5Tget_size (type);
}

static void
put_type (EspHdf5Message *message, const Type *type)
{
  esp_hdf5_message_u8 (message, type->class);
  esp_hdf5_message_u8 (message, type->is_signed);
  esp_hdf5_message_u8 (message, type->order);
  esp_hdf5_message_u8 (message, type->odd);
  esp_hdf5_message_u32 (message, type->size);
  esp_hdf5_message_text (message, type->tag, strlen (type->tag));
  esp_hdf5_message_u32 (message, type->precision);
  esp_hdf5_message_u32 (message, type->offset);
  esp_hdf5_message_u32 (message, type->sign);
  esp_hdf5_message_u32 (message, type->exponent);
  esp_hdf5_message_u32 (message, type->exponent_bits);
  esp_hdf5_message_u32 (message, type->mantissa);
  esp_hdf5_message_u32 (message, type->mantissa_bits);
  esp_hdf5_message_u64 (message, type->bias);
  esp_hdf5_message_u8 (message, type->hidden);
}

int
esp_hdf5_get_array_dims (hid_t type, hsize_t *dims)
{
  int n;

  if (H5Tget_class (type) != H5T_ARRAY)
    return 0;
  n = H5Tget_array_ndims (type);
  if (n < 0 || n > H5S_MAX_RANK || H5Tget_array_dims2 (type, dims) < 0)
    return -1;
  return n;
}

/* }}} */
/* {{{ layout */

uint16_t
esp_hdf5_check_dataset (hid_t dataset)
{
  hid_t list = H5Dget_create_plist (dataset);
  uint16_t reason = ESP_HDF5_FINE;
  H5D_layout_t layout;
  int external;

  if (list < 0)
    return ESP_HDF5_BROKEN;
  layout = H5Pget_layout (list);
  external = layout == H5D_CONTIGUOUS ? H5Pget_external_count (list) : 0;
  if (layout == H5D_VIRTUAL)
    reason = ESP_HDF5_VIRTUAL;
  else if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT)
    reason = ESP_HDF5_BROKEN;
  else if (external != 0)
    reason = external > 0 ? ESP_HDF5_EXTERNAL_DATA : ESP_HDF5_BROKEN;
  H5Pclose (list);
  return reason;
}

static void
put_filters (EspHdf5Message *message, hid_t list)
{
  int n = H5Pget_nfilters (list);

  if (n < 0 || n > ESP_HDF5_FILTERS)
    n = 0;
  esp_hdf5_message_u32 (message, (uint32_t) n);
  for (int i = 0; i < n; i++)
    {
      unsigned values[FILTER_VALUES] = { 0 }, flags = 0, config = 0;
      size_t n_values = FILTER_VALUES;
      H5Z_filter_t id = H5Pget_filter2 (list, (unsigned) i, &flags, &n_values, values, 0, NULL,
                                        &config);

      if (n_values > FILTER_VALUES)
        n_values = FILTER_VALUES;
      esp_hdf5_message_u32 (message, (uint32_t) id);
      esp_hdf5_message_u32 (message, (uint32_t) n_values);
      for (size_t j = 0; j < n_values; j++)
        esp_hdf5_message_u32 (message, values[j]);
    }
}

/* as it is stored; nothing where it is zero, has never been set, or is larger than a number */
static void
put_fill_value (EspHdf5Message *message, hid_t list, hid_t type)
{
  uint8_t value[ESP_HDF5_FILL_BYTES] = { 0 };
  size_t size = H5Tget_size (type);
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  int has = size <= sizeof value && H5Pfill_value_defined (list, &defined) >= 0 &&
            defined == H5D_FILL_VALUE_USER_DEFINED && H5Pget_fill_value (list, type, value) >= 0;

  esp_hdf5_message_u32 (message, has ? (uint32_t) size : 0);
  esp_hdf5_message_bytes (message, value, has ? size : 0);
}

static uint16_t
put_layout (EspHdf5Message *message, hid_t dataset, hid_t list, hid_t type, int n_axes)
{
  H5D_layout_t layout = H5Pget_layout (list);
  hsize_t chunk[H5S_MAX_RANK + 1] = { 0 };
  haddr_t address = layout == H5D_CONTIGUOUS ? H5Dget_offset (dataset) : HADDR_UNDEF;
  int n = layout == H5D_CHUNKED ? H5Pget_chunk (list, H5S_MAX_RANK, chunk) : 0;
  unsigned options = 0;

  if (layout == H5D_CHUNKED)
    H5Pget_chunk_opts (list, &options);
  if (layout == H5D_CHUNKED && (n != n_axes || n == 0))
    return ESP_HDF5_BROKEN;
  for (int i = 0; i < n; i++)
    if (chunk[i] == 0 || chunk[i] > INT64_MAX)
      return ESP_HDF5_BROKEN;
  esp_hdf5_message_u8 (message, layout == H5D_CHUNKED   ? ESP_HDF5_LAYOUT_CHUNKED
                                : layout == H5D_COMPACT ? ESP_HDF5_LAYOUT_COMPACT
                                                        : ESP_HDF5_LAYOUT_CONTIGUOUS);
  esp_hdf5_message_u64 (message, address == HADDR_UNDEF ? ESP_HDF5_NOWHERE : address);
  esp_hdf5_message_u64 (message, H5Dget_storage_size (dataset));
  esp_hdf5_message_u32 (message, (uint32_t) n);
  for (int i = 0; i < n; i++)
    esp_hdf5_message_u64 (message, chunk[i]);
  esp_hdf5_message_u8 (message, (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0);
  put_filters (message, list);
  put_fill_value (message, list, type);
  return ESP_HDF5_FINE;
}

/* }}} */
/* {{{ the whole */

/* the data set's axes, and behind them those of an array type */
static uint16_t
put_shape (EspHdf5Message *message, hid_t space, hid_t type)
{
  hsize_t dims[2 * H5S_MAX_RANK];
  int n = H5Sget_simple_extent_ndims (space), more;

  if (H5Sget_simple_extent_type (space) == H5S_NULL)
    return ESP_HDF5_EMPTY;
  if (n < 0 || n > H5S_MAX_RANK || H5Sget_simple_extent_dims (space, dims, NULL) != n)
    return ESP_HDF5_BROKEN;
  more = esp_hdf5_get_array_dims (type, dims + n);
  if (more < 0 || n + more > ESP_HDF5_DIMS)
    return ESP_HDF5_BROKEN;
  for (int i = 0; i < n + more; i++)
    if (dims[i] > INT64_MAX)
      return ESP_HDF5_TOO_LARGE;
  esp_hdf5_message_u32 (message, (uint32_t) n);
  esp_hdf5_message_u32 (message, (uint32_t) (n + more));
  for (int i = 0; i < n + more; i++)
    esp_hdf5_message_u64 (message, dims[i]);
  return ESP_HDF5_FINE;
}

static uint16_t
put_dataset (EspHdf5Message *message, hid_t dataset, hid_t type)
{
  uint16_t reason = esp_hdf5_check_dataset (dataset);
  hid_t space, list, element;
  Type described;
  int n_axes;

  if (reason != ESP_HDF5_FINE)
    return reason;
  element = H5Tget_class (type) == H5T_ARRAY ? H5Tget_super (type) : H5Tcopy (type);
  describe_type (element, &described);
  H5Tclose (element);
  if (described.size == 0)
    return ESP_HDF5_BROKEN;
  put_type (message, &described);
  space = H5Dget_space (dataset);
  if (space < 0)
    return ESP_HDF5_BROKEN;
  reason = put_shape (message, space, type);
  n_axes = H5Sget_simple_extent_ndims (space);
  H5Sclose (space);
  if (reason != ESP_HDF5_FINE)
    return reason;
  list = H5Dget_create_plist (dataset);
  if (list < 0)
    return ESP_HDF5_BROKEN;
  reason = put_layout (message, dataset, list, type, n_axes);
  H5Pclose (list);
  return reason;
}

static void
send_reason (EspHdf5Message *message, uint16_t reason)
{
  const char *detail = reason == ESP_HDF5_BROKEN ? esp_hdf5_message_get_trouble () : "";

  esp_hdf5_message_begin (message, ESP_HDF5_DATASET_INFO);
  esp_hdf5_message_u16 (message, reason);
  esp_hdf5_message_text (message, detail, strlen (detail));
  esp_hdf5_message_send (message);
}

void
esp_hdf5_describe_nothing (uint16_t reason)
{
  EspHdf5Message message = { 0 };

  send_reason (&message, reason);
  esp_hdf5_message_clear (&message);
}

void
esp_hdf5_describe (hid_t dataset)
{
  hid_t type = dataset >= 0 ? H5Dget_type (dataset) : -1;
  EspHdf5Message message = { 0 };
  uint16_t reason = ESP_HDF5_BROKEN;

  esp_hdf5_message_begin (&message, ESP_HDF5_DATASET_INFO);
  esp_hdf5_message_u16 (&message, ESP_HDF5_FINE);
  esp_hdf5_message_text (&message, "", 0);
  if (type >= 0)
    reason = put_dataset (&message, dataset, type);
  if (reason == ESP_HDF5_FINE)
    esp_hdf5_message_send (&message);
  else
    send_reason (&message, reason);
  esp_hdf5_message_clear (&message);
  if (type >= 0)
    H5Tclose (type);
}

/* }}} */
