/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The central directory of a zip archive, read once and checked, so that what uses a member can
 * trust its place and size. Only what checkpoints need: one disk, methods 0 and 8, no encryption.
 * Sizes: from 3 members to some 100,000, archives of many gigabytes.
 *
 *   [local header, name, extra, data, descriptor]...       one per member
 *   [central entry, name, extra, comment]...               the directory: what is believed
 *   [zip64 end of directory][zip64 locator]                when something needs 64 bits
 *   [end of directory, comment]                            found from the end
 */

#include "config.h"

#include "esp-zip.h"

#include "esp-check.h"
#include "esp-cursor.h"
#include "esp-error.h"
#include "esp-limits.h"
#include "esp-path.h"
#include "esp-source.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_SIGNATURE 0x04034b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define END_SIGNATURE 0x06054b50u
#define END64_SIGNATURE 0x06064b50u
#define LOCATOR_SIGNATURE 0x07064b50u

#define LOCAL_SIZE 30
#define CENTRAL_SIZE 46
#define END_SIZE 22
#define END64_SIZE 56
#define LOCATOR_SIZE 20
#define MAX_COMMENT 65535

#define FLAG_ENCRYPTED (1 << 0)
#define FLAG_MASKED (1 << 13) /* the headers are encrypted too */
#define FLAG_PATCH (1 << 5)

typedef struct
{
  EspZipMember public;
  guint64 end; /* the next member's header or the directory: its data end before that */
} Member;

struct _EspZip
{
  gatomicrefcount refs;
  EspSource *source;
  GArray *members; /* Member, in the order of the directory; names owned by strings */
  GStringChunk *names;
  guint *by_name; /* indices of members, sorted by name */
};

/* where the directory is, as the records at the end say */
typedef struct
{
  guint64 position; /* of the first record behind the directory */
  guint64 n_members;
  guint64 size;
  guint64 offset;
} Directory;

static gboolean G_GNUC_PRINTF (3, 4) fail (GError **error, int code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (ESP_FORMAT_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* the end of the archive */

/* the last place in @tail where an end record may stand: its comment fits into the file. -1 if
 * there is none. */
static gssize
find_end (const guint8 *tail, gsize size)
{
  for (gssize i = (gssize) size - END_SIZE; i >= 0; i--)
    if (tail[i] == 'P' && tail[i + 1] == 'K' && tail[i + 2] == 5 && tail[i + 3] == 6)
      {
        gsize comment = tail[i + 20] | (gsize) tail[i + 21] << 8;
        if (comment <= size - END_SIZE - (gsize) i)
          return i;
      }
  return -1;
}

static gboolean
read_end (EspCursor *cursor, Directory *out, GError **error)
{
  guint16 disk, directory_disk, here, total;
  guint32 size, offset;

  if (!esp_cursor_skip (cursor, 4, error) || !esp_cursor_read_u16 (cursor, &disk, error) ||
      !esp_cursor_read_u16 (cursor, &directory_disk, error) ||
      !esp_cursor_read_u16 (cursor, &here, error) || !esp_cursor_read_u16 (cursor, &total, error) ||
      !esp_cursor_read_u32 (cursor, &size, error) || !esp_cursor_read_u32 (cursor, &offset, error))
    return FALSE;
  if ((disk != 0 && disk != G_MAXUINT16) ||
      (directory_disk != 0 && directory_disk != G_MAXUINT16) || here != total)
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("this zip archive is one of several volumes; join them first"));
  out->n_members = total;
  out->size = size;
  out->offset = offset;
  return TRUE;
}

/* the zip64 end record at @position, which the locator names */
static gboolean
read_end64 (EspSource *source,
            guint64 position,
            guint64 locator,
            Directory *out,
            GCancellable *cancellable,
            GError **error)
{
  guint8 bytes[END64_SIZE];
  EspCursor cursor;
  guint32 signature, disk, directory_disk;
  guint64 here;

  if (position > locator || locator - position < END64_SIZE)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the zip64 end record should be at offset %" PRIu64
                    ", which is not before its locator at %" PRIu64),
                 position, locator);
  if (!esp_source_read (source, position, sizeof bytes, bytes, cancellable, error))
    return FALSE;
  esp_cursor_init (&cursor, bytes, sizeof bytes, _ ("zip64 end record"));
  if (!esp_cursor_read_u32 (&cursor, &signature, error) || !esp_cursor_skip (&cursor, 12, error) ||
      !esp_cursor_read_u32 (&cursor, &disk, error) ||
      !esp_cursor_read_u32 (&cursor, &directory_disk, error) ||
      !esp_cursor_read_u64 (&cursor, &here, error) ||
      !esp_cursor_read_u64 (&cursor, &out->n_members, error) ||
      !esp_cursor_read_u64 (&cursor, &out->size, error) ||
      !esp_cursor_read_u64 (&cursor, &out->offset, error))
    return FALSE;
  if (signature != END64_SIGNATURE)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("there is no zip64 end record at offset %" PRIu64), position);
  if (disk != 0 || directory_disk != 0 || here != out->n_members)
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("this zip archive is one of several volumes; join them first"));
  out->position = position;
  return TRUE;
}

static gboolean
find_directory (EspSource *source, Directory *out, GCancellable *cancellable, GError **error)
{
  guint64 file_size = esp_source_get_size (source);
  gsize size = MIN (file_size, END_SIZE + MAX_COMMENT + LOCATOR_SIZE);
  g_autoptr (GBytes)
      tail = esp_source_read_bytes (source, file_size - size, size, size, cancellable, error);
  const guint8 *bytes;
  EspCursor cursor;
  gssize at;
  guint32 signature = 0, disk;
  guint64 position;

  if (tail == NULL)
    return FALSE;
  bytes = g_bytes_get_data (tail, NULL);
  at = find_end (bytes, size);
  if (at < 0)
    return fail (error, ESP_FORMAT_ERROR_TRUNCATED,
                 _ ("the zip archive has no end record: the file was cut off or is not complete"));
  esp_cursor_init (&cursor, bytes + at, size - at, _ ("end record"));
  if (!read_end (&cursor, out, error))
    return FALSE;
  out->position = file_size - size + at;
  if (at < LOCATOR_SIZE)
    return TRUE;
  esp_cursor_init (&cursor, bytes + at - LOCATOR_SIZE, LOCATOR_SIZE, _ ("zip64 locator"));
  if (!esp_cursor_read_u32 (&cursor, &signature, error) ||
      !esp_cursor_read_u32 (&cursor, &disk, error) ||
      !esp_cursor_read_u64 (&cursor, &position, error))
    return FALSE;
  if (signature != LOCATOR_SIGNATURE)
    return TRUE;
  return read_end64 (source, position, out->position - LOCATOR_SIZE, out, cancellable, error);
}

/* one entry of the directory */

typedef struct
{
  guint16 flags, method, name_length, extra_length, comment_length, disk;
  guint32 crc, compressed_size, size, offset;
} Entry;

static gboolean
read_entry (EspCursor *cursor, Entry *entry, GError **error)
{
  gsize position = cursor->position;
  guint32 signature;

  if (!esp_cursor_read_u32 (cursor, &signature, error))
    return FALSE;
  if (signature != CENTRAL_SIGNATURE)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("there is no entry at byte %zu of the zip directory"), position);
  return esp_cursor_skip (cursor, 4, error) && esp_cursor_read_u16 (cursor, &entry->flags, error) &&
         esp_cursor_read_u16 (cursor, &entry->method, error) &&
         esp_cursor_skip (cursor, 4, error) && esp_cursor_read_u32 (cursor, &entry->crc, error) &&
         esp_cursor_read_u32 (cursor, &entry->compressed_size, error) &&
         esp_cursor_read_u32 (cursor, &entry->size, error) &&
         esp_cursor_read_u16 (cursor, &entry->name_length, error) &&
         esp_cursor_read_u16 (cursor, &entry->extra_length, error) &&
         esp_cursor_read_u16 (cursor, &entry->comment_length, error) &&
         esp_cursor_read_u16 (cursor, &entry->disk, error) && esp_cursor_skip (cursor, 6, error) &&
         esp_cursor_read_u32 (cursor, &entry->offset, error);
}

/* the 64-bit fields that stand in the extra data where the entry's own are all ones */
static gboolean
read_wide_fields (EspCursor *extra, EspZipMember *member, GError **error)
{
  guint16 id, length;

  if (member->size != G_MAXUINT32 && member->compressed_size != G_MAXUINT32 &&
      member->header_offset != G_MAXUINT32)
    return TRUE;
  while (esp_cursor_get_remaining (extra) >= 4)
    {
      const guint8 *bytes;
      EspCursor field;

      if (!esp_cursor_read_u16 (extra, &id, error) ||
          !esp_cursor_read_u16 (extra, &length, error) ||
          !esp_cursor_read_bytes (extra, length, &bytes, error))
        return FALSE;
      if (id != 0x0001)
        continue;
      esp_cursor_init (&field, bytes, length, _ ("zip64 field"));
      return (member->size != G_MAXUINT32 || esp_cursor_read_u64 (&field, &member->size, error)) &&
             (member->compressed_size != G_MAXUINT32 ||
              esp_cursor_read_u64 (&field, &member->compressed_size, error)) &&
             (member->header_offset != G_MAXUINT32 ||
              esp_cursor_read_u64 (&field, &member->header_offset, error));
    }
  return TRUE; /* then the value really is 2^32 - 1 */
}

static gboolean
check_member (const EspZipMember *member, const Entry *entry, GError **error)
{
  g_autofree char *shown = esp_path_escape (member->name);
  guint64 most;

  if ((entry->flags & (FLAG_ENCRYPTED | FLAG_MASKED)) != 0)
    return fail (error, ESP_FORMAT_ERROR_UNSAFE, _ ("member “%s” is encrypted"), shown);
  if ((member->method != 0 && member->method != 8) || (entry->flags & FLAG_PATCH) != 0)
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("member “%s” is compressed by method %u; only stored (0) and deflated (8) "
                    "members can be read"),
                 shown, member->method);
  if (member->method == 0 && member->size != member->compressed_size)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("member “%s” is stored, yet has %" PRIu64 " bytes in the archive and %" PRIu64
                    " outside"),
                 shown, member->compressed_size, member->size);
  if (!esp_mul_u64 (member->compressed_size, ESP_LIMIT_ZIP_RATIO, &most))
    most = G_MAXUINT64;
  if (member->method == 8 && member->size > most)
    return fail (error, ESP_FORMAT_ERROR_LIMIT,
                 _ ("member “%s” has %" PRIu64 " compressed bytes, which can’t hold the %" PRIu64
                    " declared"),
                 shown, member->compressed_size, member->size);
  if (entry->disk != 0 && entry->disk != G_MAXUINT16)
    return fail (error, ESP_FORMAT_ERROR_UNSUPPORTED, _ ("member “%s” is on another volume"),
                 shown);
  return TRUE;
}

static const char *
keep_name (EspZip *self, const guint8 *bytes, gsize length, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *legible = NULL;

  if (length > ESP_LIMIT_NAME_BYTES)
    {
      fail (error, ESP_FORMAT_ERROR_LIMIT,
            _ ("the name of member %u has %zu bytes, more than the limit of %d"),
            self->members->len, length, ESP_LIMIT_NAME_BYTES);
      return NULL;
    }
  if (memchr (bytes, '\0', length) != NULL)
    {
      fail (error, ESP_FORMAT_ERROR_UNSAFE, _ ("the name of member %u holds a NUL byte"),
            self->members->len);
      return NULL;
    }
  name = g_strndup ((const char *) bytes, length);
  if (g_utf8_validate_len (name, length, NULL))
    return g_string_chunk_insert_len (self->names, name, length);
  /* some old code page: no member that we look for */
  legible = esp_path_escape (name);
  return g_string_chunk_insert (self->names, legible);
}

static gboolean
read_member (EspZip *self, EspCursor *cursor, GError **error)
{
  Member member = { 0 };
  const guint8 *name, *extra;
  EspCursor extra_cursor;
  Entry entry;

  if (!read_entry (cursor, &entry, error) ||
      !esp_cursor_read_bytes (cursor, entry.name_length, &name, error) ||
      !esp_cursor_read_bytes (cursor, entry.extra_length, &extra, error) ||
      !esp_cursor_skip (cursor, entry.comment_length, error))
    return FALSE;
  member.public.name = keep_name (self, name, entry.name_length, error);
  if (member.public.name == NULL)
    return FALSE;
  member.public.size = entry.size;
  member.public.compressed_size = entry.compressed_size;
  member.public.header_offset = entry.offset;
  member.public.crc = entry.crc;
  member.public.method = entry.method;
  esp_cursor_init (&extra_cursor, extra, entry.extra_length, _ ("zip extra field"));
  if (!read_wide_fields (&extra_cursor, &member.public, error))
    return FALSE;
  /* a folder has no bytes */
  if (entry.name_length > 0 && name[entry.name_length - 1] == '/' && member.public.size == 0)
    return TRUE;
  if (!check_member (&member.public, &entry, error))
    return FALSE;
  g_array_append_val (self->members, member);
  return TRUE;
}

/* the members together */

static int
compare_offsets (gconstpointer a, gconstpointer b, gpointer members)
{
  guint64 x = g_array_index ((GArray *) members, Member, *(const guint *) a).public.header_offset;
  guint64 y = g_array_index ((GArray *) members, Member, *(const guint *) b).public.header_offset;

  return x < y ? -1 : x > y;
}

static int
compare_names (gconstpointer a, gconstpointer b, gpointer members)
{
  return strcmp (g_array_index ((GArray *) members, Member, *(const guint *) a).public.name,
                 g_array_index ((GArray *) members, Member, *(const guint *) b).public.name);
}

static guint *
sort_members (EspZip *self, GCompareDataFunc compare)
{
  guint *order = g_new (guint, self->members->len + 1);

  for (guint i = 0; i < self->members->len; i++)
    order[i] = i;
  g_qsort_with_data (order, self->members->len, sizeof *order, compare, self->members);
  return order;
}

static gboolean
check_names (EspZip *self, GError **error)
{
  self->by_name = sort_members (self, compare_names);
  for (guint i = 1; i < self->members->len; i++)
    {
      const EspZipMember *member = esp_zip_get_member (self, self->by_name[i]);

      if (strcmp (member->name, esp_zip_get_member (self, self->by_name[i - 1])->name) == 0)
        {
          g_autofree char *shown = esp_path_escape (member->name);
          return fail (error, ESP_FORMAT_ERROR_CORRUPT, _ ("member “%s” is there twice"), shown);
        }
    }
  return TRUE;
}

/* Each member ends before the next begins and the last before the directory. The length of the
 * local header isn't known yet, so this counts the least it can be; esp_zip_open_member() checks
 * the rest against the same end. */
static gboolean
check_places (EspZip *self, guint64 directory, GError **error)
{
  g_autofree guint *order = sort_members (self, compare_offsets);

  for (guint i = 0; i < self->members->len; i++)
    {
      Member *member = &g_array_index (self->members, Member, order[i]);
      gboolean is_last = i + 1 == self->members->len;
      guint64 least = member->public.header_offset;

      member->end = is_last ? directory : esp_zip_get_member (self, order[i + 1])->header_offset;
      if (!esp_add_u64 (least, LOCAL_SIZE, &least) ||
          !esp_add_u64 (least, member->public.compressed_size, &least) || least > member->end)
        {
          g_autofree char *shown = esp_path_escape (member->public.name);
          return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                       is_last ? _ ("member “%s”: %" PRIu64 " bytes at offset %" PRIu64
                                    " reach into the zip directory at %" PRIu64)
                               : _ ("member “%s”: %" PRIu64 " bytes at offset %" PRIu64
                                    " overlap the member at %" PRIu64),
                       shown, member->public.compressed_size, member->public.header_offset,
                       member->end);
        }
    }
  return TRUE;
}

static gboolean
read_directory (EspZip *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  Directory directory = { 0 };
  EspCursor cursor;

  if (!find_directory (self->source, &directory, cancellable, error))
    return FALSE;
  if (!esp_range_fits (directory.offset, directory.size, directory.position))
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the zip directory should have %" PRIu64 " bytes at offset %" PRIu64
                    ", but its end record is at %" PRIu64),
                 directory.size, directory.offset, directory.position);
  if (directory.n_members > ESP_LIMIT_ZIP_MEMBERS)
    return fail (error, ESP_FORMAT_ERROR_LIMIT,
                 _ ("the zip archive has %" PRIu64 " members, more than the limit of %d"),
                 directory.n_members, ESP_LIMIT_ZIP_MEMBERS);
  bytes = esp_source_read_bytes (self->source, directory.offset, directory.size,
                                 ESP_LIMIT_ZIP_DIRECTORY_BYTES, cancellable, error);
  if (bytes == NULL)
    return FALSE;
  esp_cursor_init (&cursor, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   _ ("zip directory"));
  for (guint64 i = 0; i < directory.n_members; i++)
    if (!read_member (self, &cursor, error))
      return FALSE;
  if (esp_cursor_get_remaining (&cursor) > 0)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the zip directory has %zu bytes after its last entry"),
                 esp_cursor_get_remaining (&cursor));
  return check_names (self, error) && check_places (self, directory.offset, error);
}

EspZip *
esp_zip_new (EspSource *source, GCancellable *cancellable, GError **error)
{
  g_autoptr (EspZip) self = NULL;

  g_return_val_if_fail (source != NULL, NULL);

  self = g_new0 (EspZip, 1);
  g_atomic_ref_count_init (&self->refs);
  self->source = esp_source_ref (source);
  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  self->names = g_string_chunk_new (4096);
  if (!read_directory (self, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

EspZip *
esp_zip_ref (EspZip *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
esp_zip_unref (EspZip *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->members);
  g_string_chunk_free (self->names);
  g_free (self->by_name);
  esp_source_unref (self->source);
  g_free (self);
}

guint
esp_zip_get_n_members (EspZip *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->members->len;
}

const EspZipMember *
esp_zip_get_member (EspZip *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->members->len, NULL);

  return &g_array_index (self->members, Member, index).public;
}

const EspZipMember *
esp_zip_find (EspZip *self, const char *name)
{
  guint low = 0;
  guint high;

  g_return_val_if_fail (self != NULL && name != NULL, NULL);

  for (high = self->members->len; low < high;)
    {
      guint middle = low + (high - low) / 2;
      const EspZipMember *member = esp_zip_get_member (self, self->by_name[middle]);
      int order = strcmp (name, member->name);

      if (order == 0)
        return member;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return NULL;
}

/* the name in a local header, as keep_name() would keep it */
static gboolean
is_name_of (const EspZipMember *member, const guint8 *bytes, gsize length)
{
  g_autofree char *name = g_strndup ((const char *) bytes, length);
  g_autofree char *legible = NULL;

  if (strlen (name) != length)
    return FALSE;
  if (g_utf8_validate (name, -1, NULL))
    return strcmp (name, member->name) == 0;
  legible = esp_path_escape (name);
  return strcmp (legible, member->name) == 0;
}

/* what the local header says must be what the directory said; *skip gets its length */
static gboolean
check_local (const EspZipMember *member,
             const guint8 *bytes,
             gsize size,
             guint64 *skip,
             GError **error)
{
  g_autofree char *shown = esp_path_escape (member->name);
  EspCursor cursor;
  guint32 signature;
  guint16 flags, method, name_length, extra_length;
  const guint8 *name;

  esp_cursor_init (&cursor, bytes, size, _ ("local header"));
  if (!esp_cursor_read_u32 (&cursor, &signature, error) || !esp_cursor_skip (&cursor, 2, error) ||
      !esp_cursor_read_u16 (&cursor, &flags, error) ||
      !esp_cursor_read_u16 (&cursor, &method, error) || !esp_cursor_skip (&cursor, 16, error) ||
      !esp_cursor_read_u16 (&cursor, &name_length, error) ||
      !esp_cursor_read_u16 (&cursor, &extra_length, error))
    return FALSE;
  if (signature != LOCAL_SIGNATURE)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("member “%s”: there is no local header at offset %" PRIu64), shown,
                 member->header_offset);
  if (method != member->method || (flags & (FLAG_ENCRYPTED | FLAG_MASKED)) != 0)
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("member “%s”: its local header says method %u and flags 0x%04x, the "
                    "directory method %u"),
                 shown, method, flags, member->method);
  if (!esp_cursor_read_bytes (&cursor, name_length, &name, NULL) ||
      !is_name_of (member, name, name_length))
    return fail (error, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("member “%s”: its local header at offset %" PRIu64 " has another name"), shown,
                 member->header_offset);
  *skip = (guint64) LOCAL_SIZE + name_length + extra_length;
  return TRUE;
}

EspSource *
esp_zip_open_member (EspZip *self,
                     const EspZipMember *member,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autofree guint8 *bytes = NULL;
  const Member *whole = (const Member *) member; /* it is the first field */
  gsize size;
  guint64 skip = 0;
  guint64 start;

  g_return_val_if_fail (self != NULL && member != NULL, NULL);

  size = MIN (whole->end - member->header_offset, LOCAL_SIZE + strlen (member->name));
  bytes = g_malloc (size);
  if (!esp_source_read (self->source, member->header_offset, size, bytes, cancellable, error) ||
      !check_local (member, bytes, size, &skip, error))
    return NULL;
  start = member->header_offset + skip;
  if (!esp_range_fits (start, member->compressed_size, whole->end))
    {
      g_autofree char *shown = esp_path_escape (member->name);
      fail (error, ESP_FORMAT_ERROR_CORRUPT,
            _ ("member “%s”: %" PRIu64 " bytes at offset %" PRIu64
               " end beyond its place, which ends at %" PRIu64),
            shown, member->compressed_size, start, whole->end);
      return NULL;
    }
  if (member->method == 0)
    return esp_source_new_range (self->source, start, member->size, member->name);
  return esp_source_new_inflated (self->source, start, member->compressed_size, member->size,
                                  member->name);
}
