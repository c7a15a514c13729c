/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-cursor.h"
#include "esp-hdf5-dataset.h"
#include "esp-hdf5.h"

G_BEGIN_DECLS

/**
 * EspHdf5Listing:
 *
 * The frames that answer LIST, checked and put together: nodes with their attributes and tensors.
 * Not thread safe while it grows.
 */
typedef struct _EspHdf5Listing EspHdf5Listing;

/* @process gives the tensors' values; @id is what ids of storages begin with */
EspHdf5Listing *esp_hdf5_listing_new (EspHdf5Process *process, const char *id);
void esp_hdf5_listing_free (EspHdf5Listing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHdf5Listing, esp_hdf5_listing_free)

/* the object that the process was busy with when the frames ended too early; FALSE where that
 * can't be told */
gboolean esp_hdf5_listing_get_unfinished (EspHdf5Listing *self, guint64 *object);
/* an EspHdf5FrameFunc */
gboolean esp_hdf5_listing_add (guint32 kind, EspCursor *payload, gpointer self, GError **error);
/* after the last frame: finds what stands in several places */
gboolean esp_hdf5_listing_finish (EspHdf5Listing *self, GError **error);

guint esp_hdf5_listing_get_n_nodes (EspHdf5Listing *self);
EspHdf5Node *esp_hdf5_listing_get_node (EspHdf5Listing *self, guint index);
/* the child of that name of a group that stands at @parent itself; or NULL */
const EspHdf5Node *esp_hdf5_listing_get_child (EspHdf5Listing *self,
                                               const EspHdf5Node *parent,
                                               const char *name,
                                               gsize length);
GPtrArray *esp_hdf5_listing_get_warnings (EspHdf5Listing *self); /* of char*; borrowed */

G_END_DECLS
