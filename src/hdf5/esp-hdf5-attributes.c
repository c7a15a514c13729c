/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attributes: texts of fixed and variable length and numbers of any size become lists of texts,
 * 64-bit integers or doubles; anything else is named with the reason why it has no value. Keras
 * puts a whole model's description into one, so they may be large; all together have a budget.
 */

#include "esp-hdf5-attributes.h"

#include <stdlib.h>
#include <string.h>

#include "esp-hdf5-message.h"
#include "esp-hdf5-protocol.h"
#include "esp-limits.h"

#define VALUE_BYTES 8 /* of a number as it is sent */

typedef struct
{
  uint32_t node;
  EspHdf5Budget *budget;
  uint64_t left; /* attributes of this object */
} Sending;

static void
begin (EspHdf5Message *message,
       const char *name,
       uint8_t type,
       uint8_t is_scalar,
       uint64_t n,
       uint16_t reason,
       const char *detail)
{
  esp_hdf5_message_begin (message, ESP_HDF5_ATTRIBUTE);
  esp_hdf5_message_u8 (message, type);
  esp_hdf5_message_u8 (message, is_scalar);
  esp_hdf5_message_u16 (message, reason);
  esp_hdf5_message_u64 (message, n);
  esp_hdf5_message_text (message, name, strlen (name));
  esp_hdf5_message_text (message, detail, strlen (detail));
}

static uint16_t
send_variable_texts (hid_t attribute,
                     hid_t type,
                     hid_t space,
                     const char *name,
                     uint8_t scalar,
                     uint64_t n,
                     EspHdf5Budget *budget)
{
  char **texts = calloc (n > 0 ? n : 1, sizeof *texts);
  EspHdf5Message message = { 0 };
  uint64_t total = 0;
  int fits;

  if (texts == NULL || (n > 0 && H5Aread (attribute, type, texts) < 0))
    {
      free (texts);
      return ESP_HDF5_BROKEN;
    }
  for (uint64_t i = 0; i < n; i++)
    total += 4 + (texts[i] != NULL ? strlen (texts[i]) : 0);
  fits = total <= ESP_LIMIT_HDF5_ATTRIBUTE_BYTES && total <= budget->bytes;
  if (fits)
    {
      budget->bytes -= total;
      begin (&message, name, ESP_HDF5_STRINGS, scalar, n, ESP_HDF5_FINE, "");
      for (uint64_t i = 0; i < n; i++)
        esp_hdf5_message_text (&message, texts[i] != NULL ? texts[i] : "",
                               texts[i] != NULL ? strlen (texts[i]) : 0);
      esp_hdf5_message_send (&message);
      esp_hdf5_message_clear (&message);
    }
  if (n > 0)
    H5Dvlen_reclaim (type, space, H5P_DEFAULT, texts);
  free (texts);
  return fits ? ESP_HDF5_FINE : ESP_HDF5_TOO_LARGE;
}

static size_t
get_text_length (const char *text, size_t size, H5T_str_t padding)
{
  size_t n = padding == H5T_STR_SPACEPAD ? size : strnlen (text, size);

  while (padding == H5T_STR_SPACEPAD && n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\0'))
    n--;
  while (padding == H5T_STR_NULLPAD && n > 0 && text[n - 1] == '\0')
    n--;
  return n;
}

static uint16_t
send_fixed_texts (hid_t attribute, hid_t type, const char *name, uint8_t scalar, uint64_t n)
{
  size_t size = H5Tget_size (type);
  H5T_str_t padding = H5Tget_strpad (type);
  EspHdf5Message message = { 0 };
  char *texts;

  if (size == 0 || n > ESP_LIMIT_HDF5_ATTRIBUTE_BYTES / (size + 4))
    return ESP_HDF5_TOO_LARGE;
  texts = esp_hdf5_allocate (n * size);
  if (n > 0 && H5Aread (attribute, type, texts) < 0)
    {
      free (texts);
      return ESP_HDF5_BROKEN;
    }
  begin (&message, name, ESP_HDF5_STRINGS, scalar, n, ESP_HDF5_FINE, "");
  for (uint64_t i = 0; i < n; i++)
    esp_hdf5_message_text (&message, texts + i * size,
                           get_text_length (texts + i * size, size, padding));
  esp_hdf5_message_send (&message);
  esp_hdf5_message_clear (&message);
  free (texts);
  return ESP_HDF5_FINE;
}

/* @per numbers of type @base in each of @n elements of @type, which may be an array or an enum */
static uint16_t
send_numbers (hid_t attribute,
              hid_t type,
              hid_t base,
              const char *name,
              uint8_t scalar,
              uint64_t n,
              uint64_t per)
{
  H5T_class_t class = H5Tget_class (base);
  int is_signed = class == H5T_INTEGER && H5Tget_sign (base) == H5T_SGN_2;
  hid_t wanted = class == H5T_FLOAT ? H5T_IEEE_F64LE : is_signed ? H5T_STD_I64LE : H5T_STD_U64LE;
  size_t size = H5Tget_size (base), largest = size > VALUE_BYTES ? size : VALUE_BYTES;
  EspHdf5Message message = { 0 };
  uint8_t *values;

  if (size == 0 || per == 0 || n > ESP_LIMIT_HDF5_ATTRIBUTE_BYTES / largest / per)
    return ESP_HDF5_TOO_LARGE;
  values = esp_hdf5_allocate (n * per * largest);
  if (n > 0 && (H5Aread (attribute, type, values) < 0 ||
                (class != H5T_BITFIELD &&
                 H5Tconvert (base, wanted, n * per, values, NULL, H5P_DEFAULT) < 0)))
    {
      free (values);
      return ESP_HDF5_BROKEN;
    }
  begin (&message, name,
         class == H5T_FLOAT ? ESP_HDF5_FLOATS
         : is_signed        ? ESP_HDF5_INTS
                            : ESP_HDF5_UINTS,
         scalar, n * per, ESP_HDF5_FINE, "");
  esp_hdf5_message_bytes (&message, values, n * per * VALUE_BYTES);
  esp_hdf5_message_send (&message);
  esp_hdf5_message_clear (&message);
  free (values);
  return ESP_HDF5_FINE;
}

/* what the numbers of a type are: of an array its elements, of an enumeration its integers */
static uint16_t
send_values (hid_t attribute, hid_t type, const char *name, uint8_t scalar, uint64_t n)
{
  hsize_t dims[H5S_MAX_RANK];
  uint64_t per = 1;
  hid_t base = H5Tcopy (type);
  uint16_t reason = ESP_HDF5_TYPE;

  if (H5Tget_class (base) == H5T_ARRAY)
    {
      int axes = H5Tget_array_ndims (base);

      if (axes < 0 || axes > H5S_MAX_RANK || H5Tget_array_dims2 (base, dims) < 0)
        axes = 0;
      for (int i = 0; i < axes; i++)
        if (__builtin_mul_overflow (per, dims[i], &per))
          per = ESP_LIMIT_HDF5_ATTRIBUTE_BYTES + 1;
      H5Tclose (base);
      base = H5Tget_super (type);
      scalar = 0;
    }
  if (H5Tget_class (base) == H5T_ENUM)
    {
      hid_t integer = H5Tget_super (base);

      H5Tclose (base);
      base = integer;
    }
  if (H5Tget_class (base) == H5T_INTEGER || H5Tget_class (base) == H5T_FLOAT)
    reason = send_numbers (attribute, type, base, name, scalar, n, per);
  H5Tclose (base);
  return reason;
}

static uint16_t
send_attribute (hid_t attribute, hid_t type, hid_t space, const char *name, EspHdf5Budget *budget)
{
  uint8_t scalar = H5Sget_simple_extent_type (space) == H5S_SCALAR;
  hssize_t n = H5Sget_simple_extent_npoints (space);

  if (H5Sget_simple_extent_type (space) == H5S_NULL)
    return ESP_HDF5_EMPTY;
  if (n < 0)
    return ESP_HDF5_BROKEN;
  if (H5Tget_class (type) != H5T_STRING)
    return send_values (attribute, type, name, scalar, (uint64_t) n);
  if (H5Tis_variable_str (type) <= 0)
    return send_fixed_texts (attribute, type, name, scalar, (uint64_t) n);
  if ((uint64_t) n > ESP_LIMIT_HDF5_ATTRIBUTE_BYTES / 16)
    return ESP_HDF5_TOO_LARGE;
  return send_variable_texts (attribute, type, space, name, scalar, (uint64_t) n, budget);
}

static void
send_without_value (const char *name, uint16_t reason)
{
  EspHdf5Message message = { 0 };

  begin (&message, name, ESP_HDF5_NO_VALUES, 0, 0, reason,
         reason == ESP_HDF5_BROKEN ? esp_hdf5_message_get_trouble () : "");
  esp_hdf5_message_send (&message);
  esp_hdf5_message_clear (&message);
}

static herr_t
send_one (hid_t object, const char *name, const H5A_info_t *info, void *data)
{
  Sending *sending = data;
  uint64_t bytes = strlen (name) + info->data_size;
  hid_t attribute, type, space;
  uint16_t reason = ESP_HDF5_BROKEN;

  if (sending->left == 0 || sending->budget->n == 0 || bytes > sending->budget->bytes)
    return 1;
  sending->left--;
  sending->budget->n--;
  sending->budget->bytes -= bytes;
  if (info->data_size > ESP_LIMIT_HDF5_ATTRIBUTE_BYTES)
    {
      send_without_value (name, ESP_HDF5_TOO_LARGE);
      return 0;
    }
  attribute = H5Aopen (object, name, H5P_DEFAULT);
  type = attribute >= 0 ? H5Aget_type (attribute) : -1;
  space = type >= 0 ? H5Aget_space (attribute) : -1;
  if (space >= 0)
    reason = send_attribute (attribute, type, space, name, sending->budget);
  if (reason != ESP_HDF5_FINE)
    send_without_value (name, reason);
  if (space >= 0)
    H5Sclose (space);
  if (type >= 0)
    H5Tclose (type);
  if (attribute >= 0)
    H5Aclose (attribute);
  return 0;
}

/* in the order in which they were made where the file tells it */
static H5_index_t
get_order (hid_t object)
{
  hid_t list = -1;
  unsigned flags = 0;

  if (H5Iget_type (object) == H5I_GROUP)
    list = H5Gget_create_plist (object);
  else if (H5Iget_type (object) == H5I_DATASET)
    list = H5Dget_create_plist (object);
  if (list >= 0)
    {
      H5Pget_attr_creation_order (list, &flags);
      H5Pclose (list);
    }
  return (flags & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

void
esp_hdf5_send_attributes (hid_t object, uint64_t n, uint32_t node, EspHdf5Budget *budget)
{
  int many = n > ESP_LIMIT_HDF5_ATTRIBUTES;
  Sending sending = { node, budget, ESP_LIMIT_HDF5_ATTRIBUTES };
  hsize_t at = 0;
  /* sorting takes all of them into memory first */
  herr_t result = H5Aiterate2 (object, many ? H5_INDEX_NAME : get_order (object),
                               many ? H5_ITER_NATIVE : H5_ITER_INC, &at, send_one, &sending);

  if (result < 0)
    esp_hdf5_send_trouble (node, ESP_HDF5_BROKEN, esp_hdf5_message_get_trouble ());
  else if (result > 0)
    esp_hdf5_send_trouble (node, ESP_HDF5_TOO_MANY, "");
}

void
esp_hdf5_send_trouble (uint32_t node, uint16_t reason, const char *detail)
{
  EspHdf5Message message = { 0 };

  esp_hdf5_message_begin (&message, ESP_HDF5_TROUBLE);
  esp_hdf5_message_u32 (&message, node);
  esp_hdf5_message_u16 (&message, reason);
  esp_hdf5_message_text (&message, detail, strlen (detail));
  esp_hdf5_message_send (&message);
  esp_hdf5_message_clear (&message);
}
