/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts need no scan: they come from headers and tables, so they are there as soon as a row of the
 * tree is selected. Text that a file gave is escaped. */

#include "config.h"

#include "esp-facts-section.h"
#include "esp-axes.h"
#include "esp-fact-row.h"

#include <glib/gi18n.h>

#define MAX_ATTRIBUTES 40
/* places looked at for the types below a module; more than this and the row is left out */
#define MAX_TYPE_PLACES 100000

struct _EspFactsSection
{
  EspSection parent_instance;

  EspFactRows rows;
};

G_DEFINE_FINAL_TYPE (EspFactsSection, esp_facts_section, ESP_TYPE_SECTION)

static void
add_escaped (EspFactsSection *self, const char *name, const char *value)
{
  if (value && *value)
    esp_fact_rows_take (&self->rows, name, esp_path_escape (value));
}

static void
add_path (EspFactsSection *self, EspPlace *place)
{
  const char *path = esp_place_get_path (place);
  g_autofree char *escaped = esp_path_escape (path);

  if (*path)
    esp_fact_row_set_ellipsize (esp_fact_rows_add (&self->rows, _ ("Path"), escaped),
                                PANGO_ELLIPSIZE_START);
}

/* the class as frameworks print it, "Linear 4 → 8", or the guess, marked as one; NULL if neither is
 * known */
static char *
describe_class (EspModule *module)
{
  g_autofree char *name = esp_path_escape (esp_module_get_brief_class (module));
  g_autofree char *said = esp_module_describe (module);
  g_autofree char *details = esp_path_escape (said);

  if (*name && *details)
    return g_strdup_printf ("%s %s", name, details);
  if (*name)
    return g_steal_pointer (&name);
  if (*esp_module_get_guess (module))
    /* TRANSLATORS: a layer's class that is guessed from names and shapes */
    return g_strdup_printf (_ ("%s? (guessed)"), esp_module_get_guess (module));
  return NULL;
}

static void
add_class (EspFactsSection *self, const char *name, EspModule *module)
{
  g_autofree char *said = describe_class (module);

  if (said)
    esp_fact_rows_add (&self->rows, name, said);
}

static void
add_shape (EspFactsSection *self, EspPlace *place, EspTensor *tensor)
{
  g_autofree char *shape = esp_tensor_dup_shape (tensor);
  g_autofree char *axes = esp_axes_describe (place);

  if (axes)
    esp_fact_rows_take (&self->rows, _ ("Shape"), g_strdup_printf ("%s %s", shape, axes));
  else
    esp_fact_rows_add (&self->rows, _ ("Shape"), shape);
}

static void
add_type (EspFactsSection *self, EspTensor *tensor)
{
  const char *name = esp_tensor_get_dtype_name (tensor);
  const char *native = esp_tensor_get_native_dtype (tensor);
  const EspAffine *affine = esp_tensor_get_affine (tensor);
  GtkWidget *row = GTK_WIDGET (esp_fact_rows_add (&self->rows, _ ("Type"), name));

  gtk_widget_set_tooltip_text (row, native && *native ? native : NULL);
  if (!affine)
    return;
  if (affine->axis >= 0)
    esp_fact_rows_take (&self->rows, _ ("Quantised"),
                        g_strdup_printf (_ ("per index of axis %d"), affine->axis));
  else if (affine->n > 0)
    {
      g_autofree char *scale = esp_number_format_value (affine->scales[0], 6);
      g_autofree char *zero = esp_number_format_value (affine->zero_points[0], 6);

      /* TRANSLATORS: value = (stored − zero point) × scale */
      esp_fact_rows_take (&self->rows, _ ("Quantised"),
                          g_strdup_printf (_ ("scale %s, zero point %s"), scale, zero));
    }
}

static void
add_bytes (EspFactsSection *self, EspPlace *place, EspTensor *tensor)
{
  g_autofree char *size = esp_number_format_bytes (esp_tensor_get_bytes (tensor));
  gint64 offset = esp_tensor_get_file_offset (tensor);

  if (!esp_place_is_stored (place) || !esp_tensor_get_storage (tensor))
    esp_fact_rows_add (&self->rows, _ ("Bytes"), _ ("not stored"));
  else if (offset < 0)
    esp_fact_rows_add (&self->rows, _ ("Bytes"), size);
  else
    {
      g_autofree char *at = esp_number_format_count ((guint64) offset);

      /* TRANSLATORS: size of a tensor and the byte of the file at which it begins */
      esp_fact_rows_take (&self->rows, _ ("Bytes"), g_strdup_printf (_ ("%s at %s"), size, at));
    }
}

static char *
describe_strides (EspTensor *tensor)
{
  const gint64 *strides = esp_tensor_get_strides (tensor);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < esp_tensor_get_ndim (tensor); i++)
    g_string_append_printf (text, "%s%s%" G_GUINT64_FORMAT, i ? ", " : "",
                            strides[i] < 0 ? "\u2212" : "",
                            strides[i] < 0 ? -(guint64) strides[i] : (guint64) strides[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_layout (EspFactsSection *self, EspTensor *tensor)
{
  EspTensorFlags flags = esp_tensor_get_flags (tensor);

  if (flags & ESP_TENSOR_BIG_ENDIAN)
    esp_fact_rows_add (&self->rows, _ ("Byte order"), _ ("big endian"));
  if (flags & ESP_TENSOR_CONJUGATE)
    esp_fact_rows_add (&self->rows, _ ("Conjugate"), _ ("on reading"));
  if (flags & ESP_TENSOR_NEGATE)
    esp_fact_rows_add (&self->rows, _ ("Negated"), _ ("on reading"));
}

static void
add_storage (EspFactsSection *self, EspTensor *tensor)
{
  EspStorage *storage = esp_tensor_get_storage (tensor);
  g_autofree char *size = NULL;
  g_autofree char *id = NULL;

  if (!storage)
    return;
  storage = esp_storage_get_stored (storage);
  size = esp_number_format_bytes (esp_storage_get_size (storage));
  id = esp_path_escape (esp_storage_get_id (storage));
  if (esp_storage_get_size (storage) != esp_tensor_get_bytes (tensor))
    /* TRANSLATORS: size and key of the storage that a tensor is a view of */
    esp_fact_rows_take (&self->rows, _ ("View of storage"),
                        g_strdup_printf (_ ("%s, key %s"), size, id));
  esp_fact_rows_take (&self->rows, _ ("Storage offset"),
                      esp_number_format_count ((guint64) esp_tensor_get_offset (tensor)));
  if (esp_tensor_get_ndim (tensor) > 0)
    esp_fact_rows_take (&self->rows,
                        esp_tensor_is_contiguous (tensor) ? _ ("Strides")
                                                          : _ ("Strides, not contiguous"),
                        describe_strides (tensor));
  add_layout (self, tensor);
}

static const char *
describe_requires_grad (EspRequiresGrad requires_grad)
{
  switch (requires_grad)
    {
    case ESP_REQUIRES_GRAD_YES:
      return _ ("yes");
    case ESP_REQUIRES_GRAD_NO:
      return _ ("no");
    case ESP_REQUIRES_GRAD_UNKNOWN:
    default:
      return _ ("not stored");
    }
}

static const char *
describe_role (EspRole role)
{
  switch (role)
    {
    case ESP_ROLE_PARAMETER:
      return _ ("parameter");
    case ESP_ROLE_BUFFER:
      return _ ("buffer");
    case ESP_ROLE_GRADIENT:
      return _ ("gradient");
    case ESP_ROLE_OPTIMIZER:
      return _ ("optimizer state");
    case ESP_ROLE_CONSTANT:
      return _ ("constant");
    case ESP_ROLE_OTHER:
    default:
      return _ ("other");
    }
}

static void
add_tensor (EspFactsSection *self, EspPlace *place, EspParameter *parameter)
{
  EspTensor *tensor = esp_parameter_get_data (parameter);
  EspPlace *parent = esp_place_get_parent (place);

  add_path (self, place);
  if (parent && esp_place_get_module (parent))
    add_class (self, _ ("Owner"), esp_place_get_module (parent));
  esp_fact_rows_add (&self->rows, _ ("Role"), describe_role (esp_parameter_get_role (parameter)));
  add_shape (self, place, tensor);
  add_type (self, tensor);
  esp_fact_rows_take (&self->rows, _ ("Elements"),
                      esp_number_format_count (esp_tensor_get_count (tensor)));
  add_bytes (self, place, tensor);
  if (esp_place_is_stored (place))
    add_storage (self, tensor);
  esp_fact_rows_add (&self->rows, _ ("Requires grad"),
                     describe_requires_grad (esp_parameter_get_requires_grad (parameter)));
}

static void
add_attributes (EspFactsSection *self, EspModule *module)
{
  guint n = esp_module_get_n_attributes (module);

  for (guint i = 0; i < MIN (n, MAX_ATTRIBUTES); i++)
    {
      g_autofree char *name = esp_path_escape (esp_module_get_attribute_name (module, i));
      g_autofree char *value = esp_path_escape (esp_module_get_attribute_value (module, i));

      esp_fact_rows_add (&self->rows, name, value);
    }
  if (n > MAX_ATTRIBUTES)
    esp_fact_rows_take (&self->rows, _ ("More attributes"),
                        esp_number_format_count (n - MAX_ATTRIBUTES));
}

/* the types of all tensors below @place: "float32, int64"; NULL if there are none or too many */
static char *
describe_types (EspPlace *place)
{
  g_autoptr (GPtrArray) stack = g_ptr_array_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean seen[ESP_N_DTYPES] = { FALSE };
  g_autoptr (GPtrArray) blocks = g_ptr_array_new (); /* names, borrowed */
  guint n = 0;

  g_ptr_array_add (stack, place);
  while (stack->len > 0)
    {
      EspPlace *top = g_ptr_array_steal_index_fast (stack, stack->len - 1);
      EspParameter *parameter = esp_place_get_parameter (top);

      if (++n > MAX_TYPE_PLACES)
        return NULL;
      if (parameter)
        {
          EspTensor *tensor = esp_parameter_get_data (parameter);

          if (esp_tensor_get_block_type (tensor) == NULL)
            seen[esp_tensor_get_dtype (tensor)] = TRUE;
          else if (!g_ptr_array_find (blocks, esp_tensor_get_dtype_name (tensor), NULL))
            g_ptr_array_add (blocks, (gpointer) esp_tensor_get_dtype_name (tensor));
        }
      for (guint i = 0; i < esp_place_get_n_children (top); i++)
        g_ptr_array_add (stack, esp_place_get_child (top, i));
    }
  for (guint i = 0; i < ESP_N_DTYPES; i++)
    {
      if (seen[i])
        g_string_append_printf (text, "%s%s", text->len ? ", " : "", esp_dtype_get_info (i)->name);
    }
  for (guint i = 0; i < blocks->len; i++)
    g_string_append_printf (text, "%s%s", text->len ? ", " : "",
                            (const char *) g_ptr_array_index (blocks, i));
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static void
add_totals (EspFactsSection *self, EspPlace *place)
{
  const EspTotals *totals = esp_place_get_totals (place);
  g_autofree char *elements = esp_number_format_count (totals->elements);
  g_autofree char *unique = esp_number_format_count (totals->unique_elements);
  g_autofree char *types = NULL;

  esp_fact_rows_take (&self->rows, _ ("Tensors"), esp_number_format_count (totals->tensors));
  if (totals->tensors == 0)
    return;
  esp_fact_rows_take (&self->rows, _ ("Parameters"), esp_number_format_count (totals->parameters));
  if (totals->elements == totals->unique_elements)
    esp_fact_rows_add (&self->rows, _ ("Elements"), elements);
  else
    /* TRANSLATORS: all elements, and how many there are when each tie is counted once */
    esp_fact_rows_take (&self->rows, _ ("Elements"),
                        g_strdup_printf (_ ("%s, %s unique"), elements, unique));
  esp_fact_rows_take (&self->rows, _ ("Size"), esp_number_format_bytes (totals->bytes));
  types = describe_types (place);
  if (types)
    esp_fact_rows_add (&self->rows, _ ("Type"), types);
}

static void
add_file (EspFactsSection *self, EspCheckpoint *checkpoint)
{
  const char *path = esp_checkpoint_get_path (checkpoint);

  if (path && *path)
    {
      g_autofree char *shown = g_filename_display_name (path);
      g_autofree char *escaped = esp_path_escape (shown);

      esp_fact_row_set_ellipsize (esp_fact_rows_add (&self->rows, _ ("File"), escaped),
                                  PANGO_ELLIPSIZE_START);
    }
  esp_fact_rows_add (&self->rows, _ ("Format"), esp_checkpoint_get_format (checkpoint));
  add_escaped (self, _ ("Producer"), esp_checkpoint_get_producer (checkpoint));
  esp_fact_rows_take (&self->rows, _ ("File size"),
                      esp_number_format_bytes (esp_checkpoint_get_file_size (checkpoint)));
}

static void
add_network (EspFactsSection *self, EspNetwork *network)
{
  esp_fact_rows_add (&self->rows, _ ("Loss"), esp_network_get_loss_name (network));
  esp_fact_rows_add (&self->rows, _ ("Optimizer"), esp_network_get_optimizer_name (network));
  add_escaped (self, _ ("Data"), esp_network_get_data_name (network));
  esp_fact_rows_take (&self->rows, _ ("Examples"),
                      esp_number_format_count (esp_network_get_n_examples (network)));
  esp_fact_rows_take (&self->rows, _ ("Batch size"),
                      esp_number_format_count (esp_network_get_batch_size (network)));
}

static void
add_module (EspFactsSection *self, EspDocument *document, EspPlace *place, EspModule *module)
{
  const char *wrapper = esp_wrapper_get_title (place);

  add_path (self, place);
  add_class (self, _ ("Class"), module);
  if (wrapper)
    /* TRANSLATORS: what training put round a model, such as DataParallel */
    esp_fact_rows_add (&self->rows, _ ("Wrapper"), wrapper);
  if (g_strcmp0 (esp_module_get_class (module), esp_module_get_brief_class (module)) != 0)
    {
      g_autofree char *name = esp_path_escape (esp_module_get_class (module));

      esp_fact_row_set_ellipsize (esp_fact_rows_add (&self->rows, _ ("Full name"), name),
                                  PANGO_ELLIPSIZE_START);
    }
  if (esp_module_get_n_places (module) > 1)
    esp_fact_rows_take (&self->rows, _ ("Places"),
                        esp_number_format_count (esp_module_get_n_places (module)));
  if (!esp_place_get_parent (place))
    {
      EspTrainer *trainer = esp_document_get_trainer (document);
      EspCheckpoint *checkpoint = esp_document_get_checkpoint (document);

      if (checkpoint)
        add_file (self, checkpoint);
      if (trainer)
        add_network (self, esp_trainer_get_network (trainer));
    }
  add_attributes (self, module);
  add_totals (self, place);
}

static void
esp_facts_section_show (EspSection *section, EspSession *session)
{
  EspFactsSection *self = ESP_FACTS_SECTION (section);
  EspDocument *document = esp_session_get_document (session);
  EspPlace *place = esp_session_get_selection (session);

  esp_fact_rows_begin (&self->rows);
  if (document && place && esp_place_get_parameter (place))
    add_tensor (self, place, esp_place_get_parameter (place));
  else if (document && place && esp_place_get_module (place))
    add_module (self, document, place, esp_place_get_module (place));
  esp_fact_rows_end (&self->rows);
}

static void
esp_facts_section_finalize (GObject *object)
{
  EspFactsSection *self = ESP_FACTS_SECTION (object);

  esp_fact_rows_clear (&self->rows);
  G_OBJECT_CLASS (esp_facts_section_parent_class)->finalize (object);
}

static void
esp_facts_section_class_init (EspFactsSectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = esp_facts_section_finalize;
  ESP_SECTION_CLASS (klass)->show = esp_facts_section_show;
}

static void
esp_facts_section_init (EspFactsSection *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Facts"));
  esp_fact_rows_init (&self->rows, ADW_PREFERENCES_GROUP (self));
}
