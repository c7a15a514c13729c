/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "esp-source.h"
#include "esp-tensor.h"

G_BEGIN_DECLS

/**
 * EspHdf5File:
 *
 * What is in an HDF5 file, for the formats that are stored in one: groups, data sets with their
 * tensors, attributes. The HDF5 library runs in a process of its own (libexec/espalier-hdf5) that
 * is handed the bytes and nothing else; what it says is checked as bytes of a file are, and it
 * crashing is an error here. The listing is read whole when the file is opened; afterwards the
 * process is started again only for values that lie neither in one piece nor in chunks with
 * ordinary filters.
 *
 * Immutable, atomically refcounted, any thread. Nodes and all that they point to live as long as
 * the file; tensors and their storages keep alive what they need.
 */
typedef struct _EspHdf5File EspHdf5File;
typedef struct _EspHdf5Node EspHdf5Node;

/* {{{ attributes */

typedef enum
{
  ESP_HDF5_VALUE_NONE, /* an empty data space, or a value that can't be read: see error */
  ESP_HDF5_VALUE_STRING,
  ESP_HDF5_VALUE_INT, /* bools too */
  ESP_HDF5_VALUE_UINT,
  ESP_HDF5_VALUE_FLOAT,
} EspHdf5ValueType;

typedef struct
{
  const char *name; /* valid UTF-8, as all text here: bytes that aren't are shown replaced */
  EspHdf5ValueType type;
  gboolean is_scalar; /* one value that is no list of one */
  gsize n;            /* values; of more than one axis they come in C order */
  union
  {
    const char *const *strings; /* n, NULL-terminated; fixed and variable length look the same */
    const gint64 *ints;
    const guint64 *uints;
    const double *floats;
  };
  const char *error; /* why there is no value, or NULL */
} EspHdf5Attribute;

/* }}} */
/* {{{ nodes */

typedef enum
{
  ESP_HDF5_GROUP,
  ESP_HDF5_DATASET,
  ESP_HDF5_OTHER, /* a named type, a link that leads nowhere or out of the file: see error */
} EspHdf5Kind;

/* One link. An object with several links (hard ones, or soft ones in this file) has a node each;
 * those after the first have @same. */
struct _EspHdf5Node
{
  const char *path; /* "layers/dense/vars/0"; of the root: "" */
  const char *name; /* its last part */
  EspHdf5Kind kind;
  gboolean is_soft;        /* a soft link; what it leads to counts, if it is there */
  const EspHdf5Node *same; /* the node where the object stands (its first hard link), or NULL for
                            * that one. A group's children and every object's attributes are there
                            * alone. */

  /* in the order in which they were made where the file tells it, else by name as bytes ("10" comes
   * before "2") */
  const EspHdf5Node *parent;
  const EspHdf5Node *first_child;
  const EspHdf5Node *next;

  const EspHdf5Attribute *attributes; /* in the same order */
  guint n_attributes;
  const char *error; /* why ESP_HDF5_OTHER is nothing (NULL for a named type), or why something is
                      * missing below a group */

  EspTensor *tensor; /* of a data set: owned by the file; the same one for all its nodes. One that
                      * can't be shown (text, compound, a filter nobody knows) carries its error. */
};

/* }}} */

/* whether bytes begin like HDF5: at offset 0, or behind a user block of 512, 1024, 2048 ... */
gboolean esp_hdf5_probe (EspSource *source);

/**
 * esp_hdf5_file_open:
 * @source: the bytes of one HDF5 file, whole: of a file, or a member of a zip, stored or deflated
 * @id: what ids of storages begin with ("" for a file of its own)
 *
 * Reads what is there, no values. Blocking: some 10 ms for starting the process.
 *
 * Returns: a new file; or NULL with %ESP_FORMAT_ERROR: UNSUPPORTED also when this build has no HDF5
 * or the process can't be started, LIMIT when it took too long or too much
 */
EspHdf5File *esp_hdf5_file_open (EspSource *source,
                                 const char *id,
                                 EspProgressFunc progress,
                                 gpointer user_data,
                                 GCancellable *cancellable,
                                 GError **error);
EspHdf5File *esp_hdf5_file_ref (EspHdf5File *self);
void esp_hdf5_file_unref (EspHdf5File *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspHdf5File, esp_hdf5_file_unref)

/* all nodes, each group's before those of the next: the root is the first */
guint esp_hdf5_file_get_n_nodes (EspHdf5File *self);
const EspHdf5Node *esp_hdf5_file_get_node (EspHdf5File *self, guint index);
/* @path below @from (NULL: the root), "/" between its parts, also through groups that stand
 * elsewhere; a leading "/" begins at the root. NULL if there is none. */
const EspHdf5Node *esp_hdf5_file_find (EspHdf5File *self,
                                       const EspHdf5Node *from,
                                       const char *path);
/* things that are odd but harmless, for esp_checkpoint_add_warning(); NULL-terminated */
const char *const *esp_hdf5_file_get_warnings (EspHdf5File *self);

/* these look at the object, through @same; NULL if there is no such attribute */
const EspHdf5Attribute *esp_hdf5_node_get_attribute (const EspHdf5Node *self, const char *name);
/* text of an attribute that is one string; NULL otherwise */
const char *esp_hdf5_node_get_string (const EspHdf5Node *self, const char *name);
/* all strings of a list, which Keras splits when it is long: @name, or name0, name1 ... one behind
 * the other. NULL if there is neither; an empty list may be stored as numbers. (transfer full) */
char **esp_hdf5_node_dup_strings (const EspHdf5Node *self, const char *name);
/* an attribute's value for people: "[1, 2]"; text as it is; shortened to @max bytes. New string. */
char *esp_hdf5_attribute_to_text (const EspHdf5Attribute *self, gsize max);

G_END_DECLS
