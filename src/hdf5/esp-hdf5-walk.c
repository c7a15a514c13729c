/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The listing. Depth first with a stack of our own, since a file may nest as deep as it likes, and
 * with a set of the objects that were seen, since hard links may go in a circle. A soft link isn't
 * followed, but what it leads to is told. Links to other files are never followed.
 */

#include "esp-hdf5-walk.h"

#include <stdlib.h>
#include <string.h>

#include "esp-hdf5-attributes.h"
#include "esp-hdf5-describe.h"
#include "esp-hdf5-message.h"
#include "esp-hdf5-protocol.h"
#include "esp-limits.h"

typedef struct
{
  char *name;
  H5L_type_t type;
} Link;

/* a group whose links are being gone through */
typedef struct
{
  hid_t group;
  uint32_t node;
  Link *links;
  size_t n;
  size_t allocated;
  size_t next;
} Level;

typedef struct
{
  Level levels[ESP_LIMIT_MODULE_DEPTH];
  size_t depth;
  uint32_t n_nodes;
  EspHdf5Budget budget;

  /* open addressing; 0 is free, as no object has the address of the signature */
  haddr_t *seen;
  size_t n_seen;
  size_t seen_size; /* a power of two */

  haddr_t skipped[ESP_HDF5_SKIPPED];
  size_t n_skipped;
} Walk;

/* {{{ objects that were seen */

static size_t
find_slot (const haddr_t *seen, size_t size, haddr_t address)
{
  size_t at = (size_t) ((address * UINT64_C (0x9E3779B97F4A7C15)) >> 20) & (size - 1);

  while (seen[at] != 0 && seen[at] != address + 1)
    at = (at + 1) & (size - 1);
  return at;
}

/* 1 if it is a new one */
static int
see (Walk *self, haddr_t address)
{
  size_t at;

  if (2 * (self->n_seen + 1) > self->seen_size)
    {
      size_t size = self->seen_size > 0 ? 2 * self->seen_size : 1024;
      haddr_t *larger = esp_hdf5_allocate (size * sizeof *larger);

      memset (larger, 0, size * sizeof *larger);
      for (size_t i = 0; i < self->seen_size; i++)
        if (self->seen[i] != 0)
          larger[find_slot (larger, size, self->seen[i] - 1)] = self->seen[i];
      free (self->seen);
      self->seen = larger;
      self->seen_size = size;
    }
  at = find_slot (self->seen, self->seen_size, address);
  if (self->seen[at] != 0)
    return 0;
  self->seen[at] = address + 1;
  self->n_seen++;
  return 1;
}

/* }}} */
/* {{{ nodes */

static uint32_t
send_node (Walk *self,
           uint32_t parent,
           uint8_t what,
           int is_soft,
           uint64_t object,
           uint16_t reason,
           const char *name,
           const char *detail)
{
  EspHdf5Message message = { 0 };

  esp_hdf5_message_begin (&message, ESP_HDF5_NODE);
  esp_hdf5_message_u32 (&message, parent);
  esp_hdf5_message_u8 (&message, what);
  esp_hdf5_message_u8 (&message, is_soft != 0);
  esp_hdf5_message_u64 (&message, object);
  esp_hdf5_message_u16 (&message, reason);
  esp_hdf5_message_text (&message, name, strlen (name));
  esp_hdf5_message_text (&message, detail, strnlen (detail, ESP_HDF5_DETAIL_BYTES));
  esp_hdf5_message_send (&message);
  esp_hdf5_message_clear (&message);
  return self->n_nodes++;
}

static void
send_nothing (Walk *self,
              uint32_t parent,
              int is_soft,
              uint16_t reason,
              const char *name,
              const char *detail)
{
  send_node (self, parent, ESP_HDF5_IS_NOTHING, is_soft, ESP_HDF5_NOWHERE, reason, name, detail);
}

static void
send_soft_trouble (Walk *self, const Level *level, const char *name)
{
  char target[ESP_HDF5_DETAIL_BYTES] = "";

  H5Lget_val (level->group, name, target, sizeof target - 1, H5P_DEFAULT);
  target[sizeof target - 1] = '\0';
  send_nothing (self, level->node, 1, ESP_HDF5_DANGLING, name, target);
}

/* }}} */
/* {{{ levels */

static herr_t
keep_link (hid_t group, const char *name, const H5L_info_t *info, void *data)
{
  Level *level = data;

  (void) group;
  if (level->n == level->allocated)
    {
      size_t wanted = 2 * level->allocated + 16;
      Link *larger = realloc (level->links, wanted * sizeof *larger);

      if (larger == NULL)
        return -1;
      level->links = larger;
      level->allocated = wanted;
    }
  level->links[level->n].name = strdup (name);
  if (level->links[level->n].name == NULL)
    return -1;
  level->links[level->n++].type = info->type;
  return level->n > ESP_LIMIT_TENSORS ? 1 : 0;
}

static void
list_links (Level *level)
{
  hid_t list = H5Gget_create_plist (level->group);
  unsigned flags = 0;
  hsize_t at = 0;
  herr_t result;

  if (list >= 0)
    {
      H5Pget_link_creation_order (list, &flags);
      H5Pclose (list);
    }
  result = H5Literate (level->group,
                       (flags & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME,
                       H5_ITER_INC, &at, keep_link, level);
  if (result < 0)
    esp_hdf5_send_trouble (level->node, ESP_HDF5_BROKEN, esp_hdf5_message_get_trouble ());
  else if (result > 0)
    esp_hdf5_send_trouble (level->node, ESP_HDF5_TOO_MANY, "");
}

/* takes @group */
static void
push (Walk *self, hid_t group, uint32_t node)
{
  Level *level = &self->levels[self->depth++];

  memset (level, 0, sizeof *level);
  level->group = group;
  level->node = node;
  list_links (level);
}

static void
pop (Walk *self)
{
  Level *level = &self->levels[--self->depth];

  for (size_t i = 0; i < level->n; i++)
    free (level->links[i].name);
  free (level->links);
  H5Gclose (level->group);
}

/* }}} */
/* {{{ objects */

static void
enter_group (Walk *self, hid_t group, uint32_t node)
{
  if (self->depth < ESP_LIMIT_MODULE_DEPTH)
    {
      push (self, group, node);
      return;
    }
  esp_hdf5_send_trouble (node, ESP_HDF5_TOO_DEEP, "");
  H5Gclose (group);
}

static int
is_skipped (const Walk *self, haddr_t address)
{
  for (size_t i = 0; i < self->n_skipped; i++)
    if (self->skipped[i] == address)
      return 1;
  return 0;
}

/* the first time that an object is met */
static void
send_object (Walk *self,
             const Level *level,
             const char *name,
             const H5O_info_t *info,
             uint32_t node)
{
  hid_t object;

  if (is_skipped (self, info->addr))
    {
      if (info->type == H5O_TYPE_DATASET)
        esp_hdf5_describe_nothing (ESP_HDF5_CRASHES);
      else
        esp_hdf5_send_trouble (node, ESP_HDF5_CRASHES, "");
      return;
    }
  object = H5Oopen (level->group, name, H5P_DEFAULT);
  if (object >= 0 && info->num_attrs > 0)
    esp_hdf5_send_attributes (object, info->num_attrs, node, &self->budget);
  if (info->type == H5O_TYPE_DATASET)
    esp_hdf5_describe (object);
  else if (object < 0)
    esp_hdf5_send_trouble (node, ESP_HDF5_BROKEN, esp_hdf5_message_get_trouble ());
  if (object < 0)
    return;
  if (info->type == H5O_TYPE_GROUP)
    enter_group (self, object, node);
  else
    H5Oclose (object);
}

static uint8_t
get_what (H5O_type_t type)
{
  return type == H5O_TYPE_GROUP     ? ESP_HDF5_IS_GROUP
         : type == H5O_TYPE_DATASET ? ESP_HDF5_IS_DATASET
                                    : ESP_HDF5_IS_TYPE;
}

static void
send_link (Walk *self, const Level *level, const Link *link)
{
  int is_soft = link->type == H5L_TYPE_SOFT;
  H5O_info_t info;
  uint32_t node;

  if (link->type != H5L_TYPE_HARD && !is_soft)
    {
      send_nothing (self, level->node, 0,
                    link->type == H5L_TYPE_EXTERNAL ? ESP_HDF5_EXTERNAL_LINK : ESP_HDF5_USER_LINK,
                    link->name, "");
      return;
    }
  if (H5Oget_info_by_name2 (level->group, link->name, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS,
                            H5P_DEFAULT) < 0)
    {
      if (is_soft)
        send_soft_trouble (self, level, link->name);
      else
        send_nothing (self, level->node, 0, ESP_HDF5_BROKEN, link->name,
                      esp_hdf5_message_get_trouble ());
      return;
    }
  node = send_node (self, level->node, get_what (info.type), is_soft, info.addr, ESP_HDF5_FINE,
                    link->name, "");
  if (!is_soft && see (self, info.addr))
    send_object (self, level, link->name, &info, node);
}

static uint16_t
begin (Walk *self, hid_t file)
{
  hid_t root = H5Gopen2 (file, "/", H5P_DEFAULT);
  H5O_info_t info;

  if (root < 0)
    return ESP_HDF5_BROKEN;
  if (H5Oget_info2 (root, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS) < 0)
    {
      H5Gclose (root);
      return ESP_HDF5_BROKEN;
    }
  see (self, info.addr);
  send_node (self, 0, ESP_HDF5_IS_GROUP, 0, info.addr, ESP_HDF5_FINE, "", "");
  if (info.num_attrs > 0)
    esp_hdf5_send_attributes (root, info.num_attrs, 0, &self->budget);
  push (self, root, 0);
  return ESP_HDF5_FINE;
}

static void
take_request (Walk *self, const uint8_t *payload, size_t length)
{
  esp_hdf5_message_set_careful (length > 0 && payload[0] != 0);
  for (size_t at = 5; at + 8 <= length && self->n_skipped < ESP_HDF5_SKIPPED; at += 8)
    {
      haddr_t address = 0;

      for (size_t i = 0; i < 8; i++)
        address |= (haddr_t) payload[at + i] << (8 * i);
      self->skipped[self->n_skipped++] = address;
    }
}

void
esp_hdf5_walk (hid_t file, const uint8_t *payload, size_t length)
{
  Walk *self = esp_hdf5_allocate (sizeof *self);
  uint16_t reason;

  memset (self, 0, sizeof *self);
  self->budget.bytes = ESP_LIMIT_HDF5_TEXT_BYTES;
  self->budget.n = ESP_LIMIT_HDF5_ALL_ATTRIBUTES;
  take_request (self, payload, length);
  reason = begin (self, file);
  while (self->depth > 0)
    {
      Level *level = &self->levels[self->depth - 1];

      if (reason == ESP_HDF5_FINE && self->n_nodes >= ESP_LIMIT_TENSORS)
        reason = ESP_HDF5_TOO_MANY;
      if (level->next == level->n || reason != ESP_HDF5_FINE)
        pop (self);
      else
        send_link (self, level, &level->links[level->next++]);
    }
  esp_hdf5_message_finish (reason,
                           reason == ESP_HDF5_BROKEN ? esp_hdf5_message_get_trouble () : "");
  free (self->seen);
  free (self);
}

/* }}} */
