/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reasons of the HDF5 process as sentences. What the library itself says stands in English, as it
 * comes. */

#include "config.h"

#include "esp-hdf5-reason.h"

#include <glib/gi18n.h>

#include "esp-error.h"
#include "esp-hdf5-protocol.h"

typedef struct
{
  EspFormatError code;
  const char *sentence;
} Reason;

static const Reason reasons[ESP_HDF5_N_REASONS] = {
  [ESP_HDF5_BROKEN] = { ESP_FORMAT_ERROR_CORRUPT, N_ ("the HDF5 library can’t read it") },
  [ESP_HDF5_EXTERNAL_LINK] = { ESP_FORMAT_ERROR_UNSAFE,
                               N_ ("this is a link to another file, which isn’t followed") },
  [ESP_HDF5_USER_LINK] = { ESP_FORMAT_ERROR_UNSUPPORTED,
                           N_ ("this is a link of a kind that only a plugin knows") },
  [ESP_HDF5_DANGLING] = { ESP_FORMAT_ERROR_CORRUPT, N_ ("this link leads nowhere") },
  [ESP_HDF5_VIRTUAL] = { ESP_FORMAT_ERROR_UNSAFE,
                         N_ ("this is a virtual data set, whose values lie in other data sets or "
                             "files; they aren’t read") },
  [ESP_HDF5_EXTERNAL_DATA] = { ESP_FORMAT_ERROR_UNSAFE,
                               N_ ("the values lie in another file, which isn’t read") },
  [ESP_HDF5_EMPTY] = { ESP_FORMAT_ERROR_UNSUPPORTED,
                       N_ ("this has a type, but no shape and no values") },
  [ESP_HDF5_TYPE] = { ESP_FORMAT_ERROR_UNSUPPORTED,
                      N_ ("these values are no numbers and no text") },
  [ESP_HDF5_TOO_LARGE] = { ESP_FORMAT_ERROR_LIMIT, N_ ("this is larger than can be read") },
  [ESP_HDF5_TOO_MANY] = { ESP_FORMAT_ERROR_LIMIT, N_ ("there are more than can be read") },
  [ESP_HDF5_TOO_DEEP] = { ESP_FORMAT_ERROR_LIMIT,
                          N_ ("groups are nested deeper than can be read") },
  [ESP_HDF5_NO_MEMORY] = { ESP_FORMAT_ERROR_LIMIT,
                           N_ ("the HDF5 library would need more memory for it than it may have") },
  [ESP_HDF5_CRASHES] = { ESP_FORMAT_ERROR_CORRUPT, N_ ("the HDF5 library crashes on it") },
  [ESP_HDF5_NONSENSE] = { ESP_FORMAT_ERROR_CORRUPT,
                          N_ ("the HDF5 library knows nothing of the kind there") },
};

char *
esp_hdf5_reason_to_text (guint reason, const char *detail)
{
  const Reason *row =
      &reasons[reason < ESP_HDF5_N_REASONS && reasons[reason].sentence != NULL ? reason
                                                                               : ESP_HDF5_BROKEN];

  if (detail == NULL || *detail == '\0')
    return g_strdup (_ (row->sentence));
  return g_strdup_printf ("%s (%s)", _ (row->sentence), detail);
}

GError *
esp_hdf5_reason_to_error (guint reason, const char *detail)
{
  g_autofree char *text = esp_hdf5_reason_to_text (reason, detail);
  EspFormatError code = reason < ESP_HDF5_N_REASONS && reasons[reason].sentence != NULL
                            ? reasons[reason].code
                            : ESP_FORMAT_ERROR_CORRUPT;

  return g_error_new_literal (ESP_FORMAT_ERROR, code, text);
}
