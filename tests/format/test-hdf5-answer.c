/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Answers of the HDF5 process, frame by frame: a table of ones that make no sense, each with the
 * error that it must get; every good frame cut at every byte; the filters. */

#include "config.h"

#include "esp-error.h"
#include "esp-hdf5-filters.h"
#include "esp-hdf5-listing.h"
#include "hdf5-frames.h"

#include <string.h>
#include <zlib.h>

/* {{{ listings */

static EspHdf5Listing *
new_listing (void)
{
  static const guint8 nothing[256];
  g_autoptr (GBytes) bytes = g_bytes_new_static (nothing, sizeof nothing);
  g_autoptr (EspSource) source = esp_source_new_for_bytes (bytes, "memory");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspHdf5Process) process = esp_hdf5_process_new (source, NULL, &error);

  g_assert_no_error (error);
  return esp_hdf5_listing_new (process, "");
}

static gboolean
add_bytes (EspHdf5Listing *listing, guint32 kind, const guint8 *bytes, gsize n, GError **error)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, n); /* so that a sanitizer sees its end */
  EspCursor payload;

  esp_cursor_init (&payload, copy, n, "answer");
  return esp_hdf5_listing_add (kind, &payload, listing, error);
}

static gboolean
add (EspHdf5Listing *listing, const Hdf5Frame *frame, GError **error)
{
  return add_bytes (listing, frame->bytes[0], frame->bytes + 8, frame->length - 8, error);
}

static void
add_good (EspHdf5Listing *listing, const Hdf5Frame *frame)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (add (listing, frame, &error));
  g_assert_no_error (error);
}

static void
add_root (EspHdf5Listing *listing)
{
  Hdf5Frame frame;

  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_GROUP, 0, 1, "");
  add_good (listing, &frame);
}

static void
make_attribute (Hdf5Frame *frame, guint8 type, guint8 is_scalar, guint64 n)
{
  hdf5_frame_begin (frame, ESP_HDF5_ATTRIBUTE);
  hdf5_frame_put (frame, type, 1);
  hdf5_frame_put (frame, is_scalar, 1);
  hdf5_frame_put (frame, ESP_HDF5_FINE, 2);
  hdf5_frame_put (frame, n, 8);
  hdf5_frame_put_text (frame, "name");
  hdf5_frame_put_text (frame, "");
}

/* each makes a last frame that is wrong */

static void
unknown_frame (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_begin (frame, 99);
}

static void
no_such_parent (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 7, ESP_HDF5_IS_GROUP, 0, 2, "x");
}

static void
own_parent (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 1, ESP_HDF5_IS_GROUP, 0, 2, "x");
}

static void
below_dataset (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  add_good (listing, frame);
  hdf5_frame_node (frame, 1, ESP_HDF5_IS_GROUP, 0, 3, "y");
}

static void
below_soft_link (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_IS_GROUP, 1, 2, "x");
  add_good (listing, frame);
  hdf5_frame_node (frame, 1, ESP_HDF5_IS_GROUP, 0, 3, "y");
}

static void
unknown_kind (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_N_WHATS, 0, 2, "x");
}

static void
dataset_of_group (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_dataset (frame, 4, ESP_HDF5_LAYOUT_CONTIGUOUS, 0, 0);
}

static void
second_dataset (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  add_good (listing, frame);
  hdf5_frame_dataset (frame, 4, ESP_HDF5_LAYOUT_CONTIGUOUS, 0, 0);
  add_good (listing, frame);
}

static void
negative_shape (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  add_good (listing, frame);
  hdf5_frame_dataset (frame, G_MAXUINT64, ESP_HDF5_LAYOUT_CONTIGUOUS, 0, 0);
}

static void
no_chunk (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  add_good (listing, frame);
  hdf5_frame_dataset (frame, 4, ESP_HDF5_LAYOUT_CHUNKED, 0, 0);
}

static void
unknown_layout (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_node (frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  add_good (listing, frame);
  hdf5_frame_dataset (frame, 4, ESP_HDF5_N_LAYOUTS, 0, 0);
}

static void
too_few_texts (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  make_attribute (frame, ESP_HDF5_STRINGS, 0, G_MAXUINT64 / 8);
}

static void
too_few_numbers (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  make_attribute (frame, ESP_HDF5_INTS, 0, G_MAXUINT64 / 2);
}

static void
scalar_of_two (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  make_attribute (frame, ESP_HDF5_INTS, 1, 2);
  hdf5_frame_put (frame, 0, 8);
  hdf5_frame_put (frame, 0, 8);
}

static void
values_of_none (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  make_attribute (frame, ESP_HDF5_NO_VALUES, 0, 2);
}

static void
unknown_value_type (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  make_attribute (frame, ESP_HDF5_N_VALUE_TYPES, 0, 0);
}

static void
trouble_of_nobody (EspHdf5Listing *listing, Hdf5Frame *frame)
{
  hdf5_frame_begin (frame, ESP_HDF5_TROUBLE);
  hdf5_frame_put (frame, 5, 4);
  hdf5_frame_put (frame, ESP_HDF5_BROKEN, 2);
  hdf5_frame_put_text (frame, "");
}

static void
test_bad_frames (void)
{
  static const struct
  {
    void (*make) (EspHdf5Listing *listing, Hdf5Frame *frame);
    const char *message;
  } rows[] = {
    { unknown_frame, "frame" },       { no_such_parent, "parent" },
    { own_parent, "parent" },         { below_dataset, "parent" },
    { below_soft_link, "parent" },    { unknown_kind, "kind" },
    { dataset_of_group, "data set" }, { second_dataset, "data set" },
    { negative_shape, "shape" },      { no_chunk, "shape" },
    { unknown_layout, "layout" },     { too_few_texts, "texts" },
    { too_few_numbers, "numbers" },   { scalar_of_two, "attribute" },
    { values_of_none, "values" },     { unknown_value_type, "attribute" },
    { trouble_of_nobody, "node" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspHdf5Listing) listing = new_listing ();
      g_autofree char *wanted =
          g_strconcat ("the HDF5 library’s answer makes no sense: ", rows[i].message, NULL);
      g_autoptr (GError) error = NULL;
      Hdf5Frame frame;

      add_root (listing);
      rows[i].make (listing, &frame);
      g_assert_false (add (listing, &frame, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_assert_cmpstr (error->message, ==, wanted);
    }
}

static void
test_order (void)
{
  g_autoptr (EspHdf5Listing) listing = new_listing ();
  g_autoptr (GError) error = NULL;
  Hdf5Frame frame;

  g_assert_false (esp_hdf5_listing_finish (listing, &error)); /* no root */
  g_clear_error (&error);
  make_attribute (&frame, ESP_HDF5_NO_VALUES, 0, 0);
  g_assert_false (add (listing, &frame, &error)); /* of nothing */
  g_clear_error (&error);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 1, "");
  g_assert_false (add (listing, &frame, &error)); /* a root that is no group */
}

/* a data set that was never described, and a link to an object that stands nowhere */
static void
test_loose_ends (void)
{
  g_autoptr (EspHdf5Listing) listing = new_listing (), other = new_listing ();
  g_autoptr (GError) error = NULL;
  Hdf5Frame frame;

  add_root (listing);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  add_good (listing, &frame);
  g_assert_false (esp_hdf5_listing_finish (listing, &error));
  g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
  g_clear_error (&error);

  add_root (other);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_GROUP, 1, 77, "soft");
  add_good (other, &frame);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 1, 1, "lies"); /* the root, a group */
  add_good (other, &frame);
  g_assert_true (esp_hdf5_listing_finish (other, &error));
  g_assert_cmpint (esp_hdf5_listing_get_node (other, 1)->kind, ==, ESP_HDF5_OTHER);
  g_assert_cmpint (esp_hdf5_listing_get_node (other, 2)->kind, ==, ESP_HDF5_OTHER);
}

static void
test_places_outside (void)
{
  static const struct
  {
    guint64 n, address, chunk;
    guint8 layout;
    EspFormatError code;
  } rows[] = {
    { 64, 1, 0, ESP_HDF5_LAYOUT_CONTIGUOUS, ESP_FORMAT_ERROR_TRUNCATED },
    { 4, G_MAXUINT64 - 8, 0, ESP_HDF5_LAYOUT_CONTIGUOUS, ESP_FORMAT_ERROR_TRUNCATED },
    { G_MAXINT64, 0, 0, ESP_HDF5_LAYOUT_CONTIGUOUS, ESP_FORMAT_ERROR_CORRUPT },
    { G_MAXINT64 / 4, 0, 16, ESP_HDF5_LAYOUT_COMPACT, ESP_FORMAT_ERROR_CORRUPT },
    { 8, 0, G_MAXINT64, ESP_HDF5_LAYOUT_CHUNKED, ESP_FORMAT_ERROR_LIMIT },
    { 8, 0, 1 << 28, ESP_HDF5_LAYOUT_CHUNKED, ESP_FORMAT_ERROR_LIMIT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EspHdf5Listing) listing = new_listing ();
      const GError *reason;
      Hdf5Frame frame;

      add_root (listing);
      hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
      add_good (listing, &frame);
      hdf5_frame_dataset (&frame, rows[i].n, rows[i].layout, rows[i].address, rows[i].chunk);
      add_good (listing, &frame);
      reason = esp_tensor_get_error (esp_hdf5_listing_get_node (listing, 1)->tensor);
      if (rows[i].layout == ESP_HDF5_LAYOUT_COMPACT && reason == NULL)
        continue; /* it is only asked for */
      g_assert_error (reason, ESP_FORMAT_ERROR, (int) rows[i].code);
    }
}

/* good frames that end too early */
static void
test_cuts (void)
{
  Hdf5Frame frames[4];

  hdf5_frame_node (&frames[0], 0, ESP_HDF5_IS_DATASET, 0, 2, "x");
  make_attribute (&frames[1], ESP_HDF5_STRINGS, 0, 2);
  hdf5_frame_put_text (&frames[1], "one");
  hdf5_frame_put_text (&frames[1], "two");
  make_attribute (&frames[2], ESP_HDF5_FLOATS, 0, 2);
  hdf5_frame_put (&frames[2], 0, 8);
  hdf5_frame_put (&frames[2], 0, 8);
  hdf5_frame_dataset (&frames[3], 8, ESP_HDF5_LAYOUT_CHUNKED, ESP_HDF5_NOWHERE, 4);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    for (gsize n = 0; n < frames[i].length - 8; n++)
      {
        g_autoptr (EspHdf5Listing) listing = new_listing ();
        g_autoptr (GError) error = NULL;

        add_root (listing);
        for (guint j = 0; j < i; j++)
          add_good (listing, &frames[j]);
        g_assert_false (add_bytes (listing, frames[i].bytes[0], frames[i].bytes + 8, n, &error));
        g_assert_nonnull (error);
      }
}

/* }}} */
/* {{{ filters */

static guint8 *
undo (const EspHdf5Filter *filters,
      guint n,
      const void *bytes,
      gsize length,
      gsize wanted,
      GError **error)
{
  return esp_hdf5_filters_undo (filters, n, 0, g_memdup2 (bytes, length), length, wanted, error);
}

static void
test_filters (void)
{
  static const EspHdf5Filter shuffle = { ESP_HDF5_FILTER_SHUFFLE, 1, { 3 } };
  static const EspHdf5Filter lzf = { ESP_HDF5_FILTER_LZF, 0, { 0 } };
  static const EspHdf5Filter deflate = { ESP_HDF5_FILTER_DEFLATE, 1, { 6 } };
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *apart = undo (&shuffle, 1, "adgbehcfi!", 10, 10, &error), *copied = NULL;
  guint8 packed[100];
  uLongf n = sizeof packed;

  g_assert_cmpmem (apart, 10, "abcdefghi!", 10);
  /* "ab" as it is, then 7 more from 2 back */
  copied = undo (&lzf, 1,
                 "\x01"
                 "ab\xa0\x01",
                 5, 9, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (copied, 9, "ababababa", 9);
  g_assert_null (undo (&lzf, 1, "\x05xy", 3, 6, &error)); /* six are promised, two come */
  g_clear_error (&error);
  g_assert_null (undo (&lzf, 1, "\x20\x00", 2, 3, &error)); /* from before the beginning */
  g_clear_error (&error);
  g_assert_cmpint (compress (packed, &n, (const Bytef *) "hello hello", 11), ==, Z_OK);
  for (uLongf cut = 0; cut < n; cut++)
    {
      g_assert_null (undo (&deflate, 1, packed, cut, 11, &error));
      g_assert_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT);
      g_clear_error (&error);
    }
  g_assert_null (undo (&deflate, 1, packed, n, 12, &error)); /* one more is wanted than comes */
  g_clear_error (&error);
  g_assert_null (undo (&deflate, 1, packed, n, 1 << 27, &error)); /* more than so few can be */
  g_assert_nonnull (strstr (error->message, "far fewer bytes"));
}

/* }}} */

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hdf5-answer/bad-frames", test_bad_frames);
  g_test_add_func ("/hdf5-answer/order", test_order);
  g_test_add_func ("/hdf5-answer/loose-ends", test_loose_ends);
  g_test_add_func ("/hdf5-answer/places-outside", test_places_outside);
  g_test_add_func ("/hdf5-answer/cuts", test_cuts);
  g_test_add_func ("/hdf5-answer/filters", test_filters);
  return g_test_run ();
}
