/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The example goes in as a probe while the view is on the screen, so what is shown is always of the
 * weights of the same snapshot. */

#include "config.h"

#include "esp-activations.h"

#include "esp-picture-view.h"

#include <glib/gi18n.h>
#include <string.h>

typedef enum
{
  SHOW_EXAMPLE,
  SHOW_BATCH,
  SHOW_GRADIENT,
} Show;

struct _EspActivations
{
  EspLiveView parent_instance;

  /* children */
  EspPictureView pictures;
  GtkDropDown *what;
  GtkWidget *choice; /* of the example */
  GtkDropDown *set;
  GtkAdjustment *index;
  GtkLabel *answer;

  /* state */
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (EspActivations, esp_activations, ESP_TYPE_LIVE_VIEW)

static EspNetwork *
get_network (EspActivations *self)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));

  return document != NULL ? esp_trainer_get_network (esp_document_get_trainer (document)) : NULL;
}

static guint64
get_example (EspActivations *self)
{
  EspNetwork *network = get_network (self);
  guint64 index = (guint64) gtk_adjustment_get_value (self->index);

  return gtk_drop_down_get_selected (self->set) == 1 ? index + esp_network_get_n_examples (network)
                                                     : index;
}

/* --- what goes in --- */

/* the examples there are in the chosen set */
static void
set_bounds (EspActivations *self)
{
  EspNetwork *network = get_network (self);
  gboolean test = gtk_drop_down_get_selected (self->set) == 1;
  guint64 n = test ? esp_network_get_n_tests (network) : esp_network_get_n_examples (network);

  gtk_adjustment_set_upper (self->index, (double) MAX (n, 1) - 1);
}

static void
ask (EspActivations *self)
{
  EspDocument *document = esp_live_view_get_document (ESP_LIVE_VIEW (self));
  EspNetwork *network = get_network (self);
  Show show = (Show) gtk_drop_down_get_selected (self->what);
  gsize size;
  float *inputs;
  g_autoptr (GBytes) bytes = NULL;

  if (document == NULL)
    return;
  gtk_widget_set_sensitive (self->choice, show == SHOW_EXAMPLE);
  esp_document_watch_batch (document, show != SHOW_EXAMPLE);
  if (show != SHOW_EXAMPLE)
    {
      esp_document_watch (document, ESP_PROBE_EXAMPLE, NULL);
      return;
    }
  size = esp_network_get_example_size (network);
  inputs = g_new (float, size);
  esp_network_read_example (network, get_example (self), inputs);
  bytes = g_bytes_new_take (inputs, size * sizeof *inputs);
  esp_document_watch (document, ESP_PROBE_EXAMPLE, bytes);
}

static void
on_set (EspActivations *self)
{
  if (self->syncing || get_network (self) == NULL)
    return;
  set_bounds (self);
  ask (self);
}

static void
on_index (EspActivations *self)
{
  if (!self->syncing)
    ask (self);
}

static void
on_what (EspActivations *self)
{
  if (self->syncing)
    return;
  esp_picture_view_empty (&self->pictures);
  gtk_label_set_text (self->answer, "");
  ask (self);
}

/* --- what came out --- */

static char *
name_class (EspNetwork *network, int label)
{
  const char *name = esp_network_get_class_name (network, label);

  return name != NULL ? g_strdup (name) : g_strdup_printf ("%d", label);
}

static void
add_input (EspActivations *self, EspNetwork *network)
{
  gsize size = esp_network_get_example_size (network), image[3];
  g_autofree float *inputs = g_new (float, size);
  const gint64 *shape;
  gint64 picture[3];
  guint ndim;
  g_autofree char *note = NULL;

  esp_network_read_example (network, get_example (self), inputs);
  shape = esp_network_get_input_shape (network, &ndim);
  note = esp_number_format_shape (shape, ndim);
  if (esp_network_get_image_shape (network, image))
    {
      for (guint i = 0; i < 3; i++)
        picture[i] = (gint64) image[i];
      esp_layer_pictures_add (self->pictures.pictures, "input", _ ("Input"), note, inputs, picture,
                              3)
          ->size = 96;
    }
  else
    esp_layer_pictures_add (self->pictures.pictures, "input", _ ("Input"), note, inputs, shape,
                            ndim);
}

static char *
dup_title (EspDocument *document, const char *path)
{
  EspPlace *place = esp_tree_find (esp_document_get_tree (document), path, NULL);
  EspModule *module = place != NULL ? esp_place_get_module (place) : NULL;

  return module != NULL ? g_strdup_printf ("%s %s", path, esp_module_get_brief_class (module))
                        : g_strdup (path);
}

static float *
read_values (EspTensor *tensor)
{
  gsize count = esp_tensor_get_count (tensor);
  g_autofree float *values = g_new (float, count);

  return esp_tensor_read_f32 (tensor, 0, count, values, NULL, NULL) ? g_steal_pointer (&values)
                                                                    : NULL;
}

/* outputs for one example: without the first dimension; for a batch of vectors one picture, its
 * examples below one another; of other batches the first example */
static void
add_output (EspActivations *self,
            EspDocument *document,
            const EspActivation *own,
            EspTensor *tensor)
{
  g_autofree float *values = read_values (tensor);
  g_autofree char *title = dup_title (document, own->path);
  g_autofree char *note = NULL;
  const gint64 *shape = esp_tensor_get_shape (tensor);
  guint ndim = esp_tensor_get_ndim (tensor);
  gboolean matrix = ndim == 2 && own->probe == ESP_PROBE_BATCH;

  if (values == NULL || ndim == 0)
    return;
  if (matrix)
    {
      g_autofree char *text = esp_number_format_shape (shape, ndim);

      note = g_strdup_printf (_ ("%s (example, unit)"), text);
    }
  else
    {
      g_autofree char *text = esp_number_format_shape (shape + 1, ndim - 1);

      note = own->probe == ESP_PROBE_BATCH
                 ? g_strdup_printf (_ ("%s, first example of the batch"), text)
                 : g_strdup (text);
    }
  esp_layer_pictures_add (self->pictures.pictures, own->path, title, note, values,
                          matrix ? shape : shape + 1, matrix ? 2 : ndim - 1);
}

/* the share of each class, and the sentence above */
static void
add_decision (EspActivations *self, EspNetwork *network, EspSnapshot *snapshot)
{
  const char *path = esp_network_get_output_path (network);
  const EspActivation *output =
      path != NULL ? esp_snapshot_find_activation (snapshot, ESP_PROBE_EXAMPLE, path) : NULL;
  int n = esp_network_get_n_classes (network), label, truth;
  g_autofree float *values = output != NULL ? read_values (output->value) : NULL;
  g_autofree float *shares = g_new0 (float, MAX (n, 1));
  g_autofree char *said = NULL, *is = NULL, *share = NULL, *text = NULL;
  g_auto (GStrv) labels = g_new0 (char *, n + 1);
  gint64 shape = n;

  if (values == NULL)
    return;
  truth = esp_network_get_label (network, get_example (self));
  label = esp_network_predict (network, values, esp_tensor_get_count (output->value), shares);
  if (label < 0 || truth < 0)
    {
      gtk_label_set_text (self->answer, "");
      return;
    }
  said = name_class (network, label);
  is = name_class (network, truth);
  share = esp_number_format_percent ((double) shares[label]);
  text = label == truth
             /* TRANSLATORS: label, predicted label, its probability */
             ? g_strdup_printf (_ ("Label %s, predicted %s (%s)"), is, said, share)
             : g_strdup_printf (_ ("Label %s, predicted %s (%s): wrong"), is, said, share);
  gtk_label_set_text (self->answer, text);
  for (int i = 0; i < n; i++)
    labels[i] = name_class (network, i);
  esp_layer_pictures_add (self->pictures.pictures, "decision", _ ("Decision"),
                          _ ("probability of each class"), shares, &shape, 1);
  esp_layer_pictures_label (self->pictures.pictures, (const char *const *) labels);
}

/* a target of numbers beside the output */
static void
add_target (EspActivations *self, EspNetwork *network)
{
  gint64 size = (gint64) esp_network_get_target_size (network);
  g_autofree float *target = g_new0 (float, MAX (size, 1));

  if (size == 0)
    return;
  esp_network_read_target (network, get_example (self), target);
  if (size == (gint64) esp_network_get_example_size (network))
    {
      gsize image[3];
      gint64 shape[3];

      if (esp_network_get_image_shape (network, image))
        {
          for (guint i = 0; i < 3; i++)
            shape[i] = (gint64) image[i];
          esp_layer_pictures_add (self->pictures.pictures, "target", _ ("Target"), NULL, target,
                                  shape, 3)
              ->size = 96;
          return;
        }
    }
  esp_layer_pictures_add (self->pictures.pictures, "target", _ ("Target"), NULL, target, &size, 1);
}

static void
esp_activations_update (EspLiveView *view, EspDocument *document, EspSnapshot *snapshot)
{
  EspActivations *self = ESP_ACTIVATIONS (view);
  Show show = (Show) gtk_drop_down_get_selected (self->what);
  EspProbeKind probe = show == SHOW_EXAMPLE ? ESP_PROBE_EXAMPLE : ESP_PROBE_BATCH;
  EspNetwork *network = get_network (self);

  esp_picture_view_begin (&self->pictures);
  if (show == SHOW_EXAMPLE)
    add_input (self, network);
  for (guint i = 0; i < esp_snapshot_get_n_activations (snapshot); i++)
    {
      const EspActivation *own = esp_snapshot_get_activation (snapshot, i);
      EspTensor *tensor = show == SHOW_GRADIENT ? own->grad : own->value;

      if (own->probe == probe && tensor != NULL)
        add_output (self, document, own, tensor);
    }
  if (show == SHOW_EXAMPLE)
    {
      add_decision (self, network, snapshot);
      add_target (self, network);
    }
  esp_picture_view_end (&self->pictures);
}

static void
esp_activations_begin (EspLiveView *view, EspDocument *document)
{
  EspActivations *self = ESP_ACTIVATIONS (view);
  gboolean tests = esp_network_get_n_tests (get_network (self)) > 0;

  self->syncing = TRUE;
  if (!tests)
    gtk_drop_down_set_selected (self->set, 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->set), tests);
  set_bounds (self);
  self->syncing = FALSE;
  ask (self);
}

static void
esp_activations_end (EspLiveView *view, EspDocument *document)
{
  EspActivations *self = ESP_ACTIVATIONS (view);

  esp_document_watch (document, ESP_PROBE_EXAMPLE, NULL);
  esp_document_watch_batch (document, FALSE);
  if (self->pictures.pictures != NULL)
    esp_picture_view_empty (&self->pictures);
  gtk_label_set_text (self->answer, "");
}

static gboolean
esp_activations_init_drawing (EspLiveView *view, EspDrawing *drawing)
{
  return esp_picture_view_init_drawing (&ESP_ACTIVATIONS (view)->pictures, drawing);
}

static char *
esp_activations_dup_csv (EspLiveView *view)
{
  return esp_layer_pictures_dup_csv (ESP_ACTIVATIONS (view)->pictures.pictures);
}

static void
esp_activations_finalize (GObject *object)
{
  esp_picture_view_clear (&ESP_ACTIVATIONS (object)->pictures);
  G_OBJECT_CLASS (esp_activations_parent_class)->finalize (object);
}

static void
esp_activations_class_init (EspActivationsClass *klass)
{
  EspLiveViewClass *view_class = ESP_LIVE_VIEW_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_activations_finalize;
  view_class->begin = esp_activations_begin;
  view_class->end = esp_activations_end;
  view_class->update = esp_activations_update;
  view_class->init_drawing = esp_activations_init_drawing;
  view_class->dup_csv = esp_activations_dup_csv;
}

static GtkDropDown *
add_choice (EspActivations *self, const char *const *titles, const char *name, GCallback callback)
{
  GtkWidget *down = gtk_drop_down_new_from_strings (titles);

  gtk_accessible_update_property (GTK_ACCESSIBLE (down), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_tooltip_text (down, name);
  g_signal_connect_object (down, "notify::selected", callback, self, G_CONNECT_SWAPPED);
  return GTK_DROP_DOWN (down);
}

static void
esp_activations_init (EspActivations *self)
{
  const char *whats[] = { _ ("One example"), _ ("Last batch"), _ ("Gradients of the batch"), NULL };
  const char *sets[] = { _ ("Train"), _ ("Test"), NULL };
  GtkWidget *spin;

  self->what = add_choice (self, whats, _ ("What goes through the network"), G_CALLBACK (on_what));
  self->set = add_choice (self, sets, _ ("Examples"), G_CALLBACK (on_set));
  self->index = gtk_adjustment_new (0, 0, 0, 1, 10, 0);
  spin = gtk_spin_button_new (self->index, 1, 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (spin), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Number of the example"), -1);
  g_signal_connect_object (self->index, "value-changed", G_CALLBACK (on_index), self,
                           G_CONNECT_SWAPPED);
  self->choice = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_box_append (GTK_BOX (self->choice), GTK_WIDGET (self->set));
  gtk_box_append (GTK_BOX (self->choice), spin);
  self->answer = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->answer), "numeric");
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), GTK_WIDGET (self->what));
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), self->choice);
  esp_live_view_add_tool (ESP_LIVE_VIEW (self), GTK_WIDGET (self->answer));
  esp_picture_view_init (&self->pictures, ESP_LIVE_VIEW (self), _ ("Activations of all layers"));
  esp_live_view_set_content (ESP_LIVE_VIEW (self), self->pictures.scroller);
}
