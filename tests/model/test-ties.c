/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ties against a naive twin: views of one storage as sets of their elements, all pairs compared. */

#include "config.h"

#include "esp-tree-builder.h"

#define STORAGE_ELEMENTS 64
#define MOST_VIEWS 12

typedef struct
{
  EspTensor *tensor;
  guint64 elements; /* bit i: element i of the storage */
} View;

static EspStorage *
make_storage (gsize bytes)
{
  g_autoptr (GBytes) content = g_bytes_new_take (g_malloc0 (bytes), bytes);

  return esp_storage_new_for_bytes (content, "0");
}

/* for storages larger than any memory: ties never read */
static gboolean
refuse_to_read (gpointer data,
                guint64 offset,
                gsize length,
                void *buffer,
                GCancellable *cancellable,
                GError **error)
{
  g_assert_not_reached ();
}

static guint64
list_elements (EspTensor *tensor)
{
  const gint64 *shape = esp_tensor_get_shape (tensor), *strides = esp_tensor_get_strides (tensor);
  guint64 set = 0;

  for (guint64 i = 0; i < esp_tensor_get_count (tensor); i++)
    {
      gint64 at = esp_tensor_get_offset (tensor);
      guint64 rest = i;

      for (guint k = esp_tensor_get_ndim (tensor); k > 0; k--)
        {
          at += (gint64) (rest % shape[k - 1]) * strides[k - 1];
          rest /= shape[k - 1];
        }
      set |= G_GUINT64_CONSTANT (1) << at;
    }
  return set;
}

/* any view of up to three dimensions that lies within the storage */
static EspTensor *
make_random_view (EspStorage *storage)
{
  for (;;)
    {
      gint64 shape[3], strides[3];
      guint ndim = g_test_rand_int_range (0, 4);
      gint64 offset = g_test_rand_int_range (0, STORAGE_ELEMENTS);
      EspTensor *tensor;

      for (guint i = 0; i < ndim; i++)
        {
          static const gint64 likely[] = { 0, 1, 1, 1, 2, 3, 4, 6, 8, 12, 16, -1, -4, -8 };

          shape[i] = g_test_rand_int_range (0, 20) == 0 ? 0 : g_test_rand_int_range (1, 7);
          strides[i] = likely[g_test_rand_int_range (0, G_N_ELEMENTS (likely))];
        }
      tensor = esp_tensor_new (ESP_DTYPE_FLOAT32, "F32", shape, ndim, strides, offset, 0, storage,
                               NULL);
      if (tensor != NULL)
        return tensor;
    }
}

static guint
count_bits (guint64 set)
{
  return __builtin_popcountll (set);
}

/* names that stand for their groups: the first alias of each */
static guint
get_group (const View *views, guint i)
{
  for (guint k = 0; k < i; k++)
    if (views[k].elements != 0 && esp_tensor_is_alias (views[k].tensor, views[i].tensor))
      return k;
  return i;
}

static gboolean
is_told (EspTree *tree, EspTieKind kind, guint a, guint b)
{
  for (guint i = 0; i < esp_tree_get_n_ties (tree); i++)
    {
      EspTie *tie = esp_tree_get_tie (tree, i);
      gboolean has_a = FALSE, has_b = FALSE;

      g_assert_cmpuint (esp_tie_get_index (tie), ==, i);
      for (guint k = 0; esp_tie_get_kind (tie) == kind && k < esp_tie_get_n_places (tie); k++)
        {
          gint64 row = esp_place_get_index (esp_tie_get_place (tie, k));

          has_a = has_a || row == a;
          has_b = has_b || row == b;
        }
      if (has_a && has_b)
        return TRUE;
    }
  return FALSE;
}

static void
check_against_sets (EspTree *tree, const View *views, guint n)
{
  guint n_groups = 0, n_overlaps = 0;
  guint64 all = 0;

  for (guint i = 0; i < n; i++)
    {
      gboolean first_of_group = FALSE;

      all |= views[i].elements;
      for (guint k = i + 1; k < n; k++)
        {
          gboolean alias = views[i].elements != 0 &&
                           esp_tensor_is_alias (views[i].tensor, views[k].tensor);
          gboolean heads = get_group (views, i) == i && get_group (views, k) == k;
          gboolean overlap = !alias && heads && (views[i].elements & views[k].elements) != 0;

          g_assert_cmpint (is_told (tree, ESP_TIE_ALIAS, i, k), ==, alias);
          g_assert_cmpint (is_told (tree, ESP_TIE_OVERLAP, i, k), ==, overlap);
          first_of_group = first_of_group || (alias && get_group (views, i) == i);
          n_overlaps += overlap;
        }
      n_groups += first_of_group;
      g_assert_cmpuint (esp_place_get_totals (esp_tree_get_tensor (tree, i))->unique_elements, ==,
                        count_bits (views[i].elements));
    }
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, n_groups + n_overlaps);
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, count_bits (all));
  g_assert_true (esp_tree_get_ties_complete (tree));
}

static void
test_random_views (void)
{
  for (guint round = 0; round < 3000; round++)
    {
      g_autoptr (EspStorage) storage = make_storage (STORAGE_ELEMENTS * 4);
      g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
      g_autoptr (EspTree) tree = NULL;
      View views[MOST_VIEWS];
      guint n = g_test_rand_int_range (1, MOST_VIEWS + 1);

      for (guint i = 0; i < n; i++)
        {
          g_autofree char *name = g_strdup_printf ("t%u", i);

          if (i > 0 && g_test_rand_int_range (0, 5) == 0)
            views[i].tensor = esp_tensor_ref (views[i - 1].tensor);
          else
            views[i].tensor = make_random_view (storage);
          views[i].elements = list_elements (views[i].tensor);
          g_assert_true (esp_tree_builder_put_tensor (
              builder, (const char *[]) { name, NULL }, NULL, ESP_ROLE_PARAMETER,
              ESP_REQUIRES_GRAD_UNKNOWN, views[i].tensor, NULL));
        }
      tree = esp_tree_builder_finish (builder, NULL);
      check_against_sets (tree, views, n);
      for (guint i = 0; i < n; i++)
        esp_tensor_unref (views[i].tensor);
    }
}

static void
put (EspTreeBuilder *builder,
     const char *name,
     EspDtype dtype,
     EspStorage *storage,
     gint64 offset,
     guint ndim,
     const gint64 *shape,
     const gint64 *strides)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTensor)
      tensor = esp_tensor_new (dtype, "", shape, ndim, strides, offset, 0, storage, &error);

  g_assert_no_error (error);
  g_assert_true (esp_tree_builder_put_tensor (builder, (const char *[]) { name, NULL }, NULL,
                                              ESP_ROLE_PARAMETER, ESP_REQUIRES_GRAD_UNKNOWN, tensor,
                                              &error));
}

/* columns of a matrix too large to mark element by element: decided by common divisors */
static void
test_large_columns (void)
{
  static const EspStorageFuncs funcs = { refuse_to_read, NULL };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, "0", (guint64) 4 << 36);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  const gint64 shape[] = { 1 << 20, 1 << 14 }, strides[] = { 1 << 16, 1 };

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("quarter%u", i);

      put (builder, name, ESP_DTYPE_FLOAT32, storage, i << 14, 2, shape, strides);
    }
  put (builder, "across", ESP_DTYPE_FLOAT32, storage, 5, 1, (const gint64[]) { 100 },
       (const gint64[]) { 1 << 14 });
  tree = esp_tree_builder_finish (builder, NULL);
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_true (is_told (tree, ESP_TIE_OVERLAP, i, 4));
  g_assert_true (esp_tree_get_ties_complete (tree));
}

/* the same bytes as another type are an overlap, elements count as the larger */
static void
test_types_mix (void)
{
  g_autoptr (EspStorage) storage = make_storage (64);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;

  put (builder, "floats", ESP_DTYPE_FLOAT32, storage, 0, 1, (const gint64[]) { 8 }, NULL);
  put (builder, "bytes", ESP_DTYPE_UINT8, storage, 0, 1, (const gint64[]) { 32 }, NULL);
  put (builder, "beyond", ESP_DTYPE_UINT8, storage, 32, 1, (const gint64[]) { 32 }, NULL);
  put (builder, "nibbles", ESP_DTYPE_UINT4, storage, 63, 1, (const gint64[]) { 2 }, NULL);
  tree = esp_tree_builder_finish (builder, NULL);
  /* half a byte of the 32nd, half of the 33rd */
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 4);
  g_assert_true (is_told (tree, ESP_TIE_OVERLAP, 0, 1));
  for (guint i = 0; i < 3; i++)
    g_assert_true (is_told (tree, ESP_TIE_OVERLAP, i, 3));
}

/* thousands of views that all cross: bounded, and says that it is */
static void
test_bounds (void)
{
  g_autoptr (EspStorage) storage = make_storage (40000);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *name = g_strdup_printf ("t%u", i);

      put (builder, name, ESP_DTYPE_FLOAT32, storage, i, 1, (const gint64[]) { 5000 }, NULL);
    }
  tree = esp_tree_builder_finish (builder, NULL);
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 10000);
  g_assert_false (esp_tree_get_ties_complete (tree));
  g_assert_cmpuint (esp_tree_get_totals (tree)->unique_elements, ==, 9999);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

/* Twenty thousand names on one storage, which have 200,000,000 pairs: no more of them are compared
 * than need be, as the bound of a million would make the list incomplete. */
static void
test_many_names (void)
{
  const guint n = 20000;
  g_autoptr (EspStorage) storage = make_storage (4 * n);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;

  /* a third are the upper half; the others are an element each, which two neighbours share */
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("layers.%u.t%u", i / 10, i);
      gint64 size = i % 3 == 0 ? (gint64) n / 2 : 1;
      gint64 offset = i % 3 == 0 ? (gint64) n / 2 : (gint64) (i - 1) / 3 + (i % 3 == 1 ? 0 : 1);

      put (builder, name, ESP_DTYPE_FLOAT32, storage, offset, 1, &size, NULL);
    }
  tree = esp_tree_builder_finish (builder, NULL);
  g_assert_true (esp_tree_get_ties_complete (tree));
  g_assert_cmpuint (esp_tree_get_totals (tree)->tensors, ==, n);
  /* one group of all wholes, and one of every two neighbours */
  g_assert_cmpuint (esp_tie_get_n_places (esp_tree_get_tie (tree, 0)), ==, (n + 2) / 3);
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1 + n / 3);
  for (guint i = 0; i < esp_tree_get_n_ties (tree); i++)
    g_assert_cmpint (esp_tie_get_kind (esp_tree_get_tie (tree, i)), ==, ESP_TIE_ALIAS);
}

/* coprime strides that never meet, though their intervals cross all along */
static void
test_coprime (void)
{
  static const EspStorageFuncs funcs = { refuse_to_read, NULL };
  g_autoptr (EspStorage) storage = esp_storage_new (&funcs, NULL, "0", (guint64) 4 << 40);
  g_autoptr (EspTreeBuilder) builder = esp_tree_builder_new (".");
  g_autoptr (EspTree) tree = NULL;

  put (builder, "a", ESP_DTYPE_FLOAT32, storage, 0, 2, (const gint64[]) { 1000000, 2 },
       (const gint64[]) { 1000003, 3 });
  put (builder, "b", ESP_DTYPE_FLOAT32, storage, 1, 2, (const gint64[]) { 1000000, 2 },
       (const gint64[]) { 1000033, 7 });
  tree = esp_tree_builder_finish (builder, NULL);
  /* i * 1000003 + {0, 3} = 1 + k * 1000033 + {0, 7} has its first solution within the million */
  g_assert_cmpuint (esp_tree_get_n_ties (tree), ==, 1);
  g_assert_cmpint (esp_tie_get_kind (esp_tree_get_tie (tree, 0)), !=, ESP_TIE_ALIAS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ties/random-views", test_random_views);
  g_test_add_func ("/ties/large-columns", test_large_columns);
  g_test_add_func ("/ties/types-mix", test_types_mix);
  g_test_add_func ("/ties/bounds", test_bounds);
  g_test_add_func ("/ties/many-names", test_many_names);
  g_test_add_func ("/ties/coprime", test_coprime);
  return g_test_run ();
}
