/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Questions to the HDF5 process and their answers. It may have been taken over by the file that it
 * reads: so it has no more than that file, each frame is bounded before it is taken in, each wait
 * has an end, and what frames say is checked by whoever asked. */

#include "config.h"

#include "esp-hdf5-process.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esp-error.h"
#include "esp-hdf5-child.h"
#include "esp-hdf5-copy.h"
#include "esp-hdf5-protocol.h"
#include "esp-hdf5-reason.h"
#include "esp-limits.h"

#define HEADER_BYTES 8
#define PIECE_BYTES ((gsize) 64 * 1024)
/* an attribute's value with its name and what stands before them */
#define FRAME_BYTES (ESP_LIMIT_HDF5_ATTRIBUTE_BYTES + 2 * PIECE_BYTES)
#define EXIT_NO_MEMORY 3

static gint silence_ms = 1000 * ESP_LIMIT_HDF5_SILENCE_SECONDS;

struct _EspHdf5Process
{
  gatomicrefcount ref_count;
  EspSource *source; /* owned */

  GMutex lock; /* of what follows */
  GCond idle;
  gboolean is_busy;
  EspHdf5Child *child; /* owned; NULL while none runs */
  gboolean has_crashed;
};

/* {{{ starting it */

char *
esp_hdf5_process_find_program (void)
{
  const char *named = g_getenv ("ESPALIER_LIBEXECDIR");
  g_autofree char *self = NULL;

  if (named != NULL && *named != '\0')
    return g_build_filename (named, "espalier-hdf5", NULL);
  self = g_file_read_link ("/proc/self/exe", NULL);
  if (self != NULL && g_str_has_prefix (self, ESP_BUILDDIR G_DIR_SEPARATOR_S))
    return g_build_filename (ESP_BUILDDIR, "src", "hdf5", "espalier-hdf5", NULL);
  return g_build_filename (ESP_LIBEXECDIR, "espalier-hdf5", NULL);
}

static EspHdf5Child *
spawn (EspHdf5Process *self, GError **error)
{
  g_autofree char *program = esp_hdf5_process_find_program ();
  g_autofree char *offset_text = NULL, *length_text = NULL;
  g_autoptr (GError) reason = NULL;
  EspHdf5Child *child;
  guint64 offset;
  int fd = esp_source_dup_descriptor (self->source, &offset, error);

  if (fd < 0)
    return NULL;
  offset_text = g_strdup_printf ("%" PRIu64, offset);
  length_text = g_strdup_printf ("%" PRIu64, esp_source_get_size (self->source));
  child = esp_hdf5_child_spawn ((const char *const[]) { program, offset_text, length_text, NULL },
                                fd, &reason);
  close (fd);
  if (child == NULL)
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSUPPORTED,
                 _ ("the program that reads HDF5 files can’t be started: %s"), reason->message);
  return child;
}

/* }}} */
/* {{{ words */

typedef struct
{
  EspHdf5Child *child;
  GCancellable *cancellable;
  GPollFD polled[2];
  guint n_polled;
  gint64 end;          /* of all patience */
  gboolean has_spoken; /* something of an answer came */
  gboolean has_crashed;
} Talk;

static void
talk_init (Talk *self, EspHdf5Child *child, GCancellable *cancellable)
{
  memset (self, 0, sizeof *self);
  self->child = child;
  self->cancellable = cancellable;
  self->end = g_get_monotonic_time () + ESP_LIMIT_HDF5_ANSWER_SECONDS * G_TIME_SPAN_SECOND;
  self->polled[0].fd = esp_hdf5_child_get_socket (child);
  self->n_polled = 1;
  if (cancellable != NULL && g_cancellable_make_pollfd (cancellable, &self->polled[1]))
    self->n_polled = 2;
}

static void
talk_clear (Talk *self)
{
  if (self->n_polled == 2)
    g_cancellable_release_fd (self->cancellable);
}

/* until the socket can be read or written; FALSE when time is up or the caller gave up */
static gboolean
talk_wait (Talk *self, gushort events, GError **error)
{
  gboolean in_time = g_get_monotonic_time () < self->end;
  int ready;

  self->polled[0].events = events;
  do
    ready = g_poll (self->polled, self->n_polled, g_atomic_int_get (&silence_ms));
  while (ready < 0 && errno == EINTR);
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (ready > 0 && in_time)
    return TRUE;
  if (!in_time)
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                         _ ("the HDF5 library took too long and was stopped"));
  else
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                 ngettext ("the HDF5 library gave no answer for %d second and was stopped",
                           "the HDF5 library gave no answer for %d seconds and was stopped",
                           ESP_LIMIT_HDF5_SILENCE_SECONDS),
                 ESP_LIMIT_HDF5_SILENCE_SECONDS);
  return FALSE;
}

static void
set_ended (Talk *self, GError **error)
{
  int status = esp_hdf5_child_wait (self->child);

  if (WIFEXITED (status) && WEXITSTATUS (status) == EXIT_NO_MEMORY)
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                         _ ("the HDF5 library would need more memory for it than it may have"));
  else if (WIFSIGNALED (status) && WTERMSIG (status) == SIGXCPU)
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_LIMIT,
                         _ ("the HDF5 library took too long and was stopped"));
  else if (WIFSIGNALED (status) && WTERMSIG (status) == SIGSYS)
    g_set_error_literal (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_UNSAFE,
                         _ ("reading it led the HDF5 library to other files or programs; it was "
                            "stopped"));
  else if (WIFSIGNALED (status))
    {
      self->has_crashed = TRUE;
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the HDF5 library crashed on it (signal %d)"), WTERMSIG (status));
    }
  else
    g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                 _ ("the HDF5 library gave up on it (status %d)"), WEXITSTATUS (status));
}

static gboolean
talk_write (Talk *self, const guint8 *bytes, gsize n, GError **error)
{
  while (n > 0)
    {
      /* no SIGPIPE when it is gone */
      gssize sent = send (self->polled[0].fd, bytes, n, MSG_NOSIGNAL);

      if (sent > 0)
        {
          bytes += sent;
          n -= (gsize) sent;
        }
      else if (sent < 0 && errno == EAGAIN)
        {
          if (!talk_wait (self, G_IO_OUT, error))
            return FALSE;
        }
      else if (sent == 0 || errno != EINTR)
        {
          set_ended (self, error);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
talk_read (Talk *self, guint8 *bytes, gsize n, GError **error)
{
  while (n > 0)
    {
      gssize got = recv (self->polled[0].fd, bytes, n, 0);

      if (got > 0)
        {
          self->has_spoken = TRUE;
          bytes += got;
          n -= (gsize) got;
        }
      else if (got < 0 && errno == EAGAIN)
        {
          if (!talk_wait (self, G_IO_IN, error))
            return FALSE;
        }
      else if (got == 0 || errno != EINTR)
        {
          set_ended (self, error);
          return FALSE;
        }
    }
  return TRUE;
}

static void
put_u32 (guint8 *bytes, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (bytes, &value, sizeof value);
}

static guint32
get_u32 (const guint8 *bytes)
{
  guint32 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT32_FROM_LE (value);
}

/* the buffer grows as bytes come, not as they are announced */
static gboolean
read_frame (Talk *self, guint32 *kind, GByteArray *payload, GError **error)
{
  guint8 header[HEADER_BYTES];
  gsize length;

  if (!talk_read (self, header, sizeof header, error))
    return FALSE;
  *kind = get_u32 (header);
  length = get_u32 (header + 4);
  if (length > FRAME_BYTES)
    {
      g_set_error (error, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT,
                   _ ("the HDF5 library’s answer makes no sense: a frame of %zu bytes"), length);
      return FALSE;
    }
  g_byte_array_set_size (payload, 0);
  while (payload->len < length)
    {
      gsize done = payload->len, n = MIN (length - done, MAX (done, PIECE_BYTES));

      g_byte_array_set_size (payload, (guint) (done + n));
      if (!talk_read (self, payload->data + done, n, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
send_request (Talk *self, guint32 kind, const GByteArray *request, GError **error)
{
  guint8 header[HEADER_BYTES];
  guint length = request != NULL ? request->len : 0;

  put_u32 (header, kind);
  put_u32 (header + 4, length);
  return talk_write (self, header, sizeof header, error) &&
         (length == 0 || talk_write (self, request->data, length, error));
}

/* what it says of its failure; the process is still good */
static gboolean
read_failure (EspCursor *payload, GError **failure, GError **error)
{
  g_autofree char *detail = NULL;
  const guint8 *bytes;
  guint16 reason;
  guint32 n;

  if (!esp_cursor_read_u16 (payload, &reason, error) || !esp_cursor_read_u32 (payload, &n, error) ||
      !esp_cursor_read_bytes (payload, n, &bytes, error))
    return FALSE;
  detail = g_utf8_make_valid ((const char *) bytes, MIN (n, ESP_HDF5_DETAIL_BYTES));
  *failure = esp_hdf5_reason_to_error (reason, detail);
  return TRUE;
}

/* FALSE where the process can't be used any more */
static gboolean
read_answer (Talk *self, EspHdf5FrameFunc func, gpointer data, GError **failure, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (;;)
    {
      EspCursor payload;
      guint32 kind;

      if (!read_frame (self, &kind, bytes, error))
        return FALSE;
      esp_cursor_init (&payload, bytes->data, bytes->len, _ ("the HDF5 library’s answer"));
      if (kind == ESP_HDF5_DONE)
        return TRUE;
      if (kind == ESP_HDF5_FAILED)
        return read_failure (&payload, failure, error);
      if (!func (kind, &payload, data, error))
        return FALSE;
    }
}

/* }}} */
/* {{{ questions */

/* one at a time */
static gboolean
acquire (EspHdf5Process *self, GCancellable *cancellable, GError **error)
{
  g_mutex_lock (&self->lock);
  while (self->is_busy && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait_until (&self->idle, &self->lock,
                       g_get_monotonic_time () + 100 * G_TIME_SPAN_MILLISECOND);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      g_mutex_unlock (&self->lock);
      return FALSE;
    }
  self->is_busy = TRUE;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static void
release (EspHdf5Process *self)
{
  g_mutex_lock (&self->lock);
  self->is_busy = FALSE;
  g_cond_signal (&self->idle);
  g_mutex_unlock (&self->lock);
}

/* TRUE with a failure when it answered that it can't. @silent: it had ended before it was asked */
static gboolean
ask_once (EspHdf5Process *self,
          guint32 kind,
          const GByteArray *request,
          EspHdf5FrameFunc func,
          gpointer data,
          GError **failure,
          gboolean *silent,
          GCancellable *cancellable,
          GError **error)
{
  gboolean good;
  Talk talk;

  talk_init (&talk, self->child, cancellable);
  good = send_request (&talk, kind, request, error) &&
         read_answer (&talk, func, data, failure, error);
  *silent = !talk.has_spoken;
  self->has_crashed = talk.has_crashed;
  talk_clear (&talk);
  if (!good)
    g_clear_pointer (&self->child, esp_hdf5_child_free);
  return good;
}

/* one that was idle may just have ended: it is then started once more */
static gboolean
ask_child (EspHdf5Process *self,
           guint32 kind,
           const GByteArray *request,
           EspHdf5FrameFunc func,
           gpointer data,
           GError **failure,
           GCancellable *cancellable,
           GError **error)
{
  gboolean was_idle = self->child != NULL, silent;
  g_autoptr (GError) first = NULL;

  if (was_idle)
    {
      if (ask_once (self, kind, request, func, data, failure, &silent, cancellable, &first))
        return TRUE;
      if (!silent || !g_error_matches (first, ESP_FORMAT_ERROR, ESP_FORMAT_ERROR_CORRUPT))
        {
          g_propagate_error (error, g_steal_pointer (&first));
          return FALSE;
        }
    }
  self->child = spawn (self, error);
  return self->child != NULL &&
         ask_once (self, kind, request, func, data, failure, &silent, cancellable, error);
}

/* the process reads by itself, so it may have read what was written into the file since */
static gboolean
check_unchanged (EspHdf5Process *self, GCancellable *cancellable, GError **error)
{
  guint8 byte;

  return esp_source_read (self->source, 0, 1, &byte, cancellable, error);
}

gboolean
esp_hdf5_process_ask (EspHdf5Process *self,
                      guint32 kind,
                      const GByteArray *request,
                      EspHdf5FrameFunc func,
                      gpointer data,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (!acquire (self, cancellable, error))
    return FALSE;
  ask_child (self, kind, request, func, data, &failure, cancellable, &reason);
  release (self);
  if (!g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
      !check_unchanged (self, cancellable, error))
    return FALSE;
  if (reason == NULL && failure == NULL)
    return TRUE;
  if (reason == NULL)
    reason = g_steal_pointer (&failure);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
esp_hdf5_process_has_crashed (EspHdf5Process *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->has_crashed;
}

void
esp_hdf5_process_retire (EspHdf5Process *self)
{
  g_return_if_fail (self != NULL);

  if (!acquire (self, NULL, NULL))
    return;
  g_clear_pointer (&self->child, esp_hdf5_child_free);
  release (self);
}

void
esp_hdf5_process_kill (EspHdf5Process *self)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  if (self->child != NULL)
    esp_hdf5_child_kill (self->child);
  g_mutex_unlock (&self->lock);
}

void
esp_hdf5_process_set_silence (guint milliseconds)
{
  g_atomic_int_set (&silence_ms, (gint) milliseconds);
}

/* }}} */
/* {{{ the object */

EspHdf5Process *
esp_hdf5_process_new (EspSource *source, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) reason = NULL;
  EspHdf5Process *self;
  EspSource *bytes = NULL;
  guint64 offset;
  int fd;

  g_return_val_if_fail (source != NULL, NULL);

  fd = esp_source_dup_descriptor (source, &offset, &reason);
  if (fd >= 0)
    {
      close (fd);
      bytes = esp_source_ref (source);
    }
  else if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    bytes = esp_hdf5_copy_new (source, cancellable, error);
  if (bytes == NULL)
    return NULL;
  self = g_new0 (EspHdf5Process, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->source = bytes;
  g_mutex_init (&self->lock);
  g_cond_init (&self->idle);
  return self;
}

EspHdf5Process *
esp_hdf5_process_ref (EspHdf5Process *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
esp_hdf5_process_unref (EspHdf5Process *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->child, esp_hdf5_child_free);
  esp_source_unref (self->source);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->idle);
  g_free (self);
}

EspSource *
esp_hdf5_process_get_source (EspHdf5Process *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->source;
}

/* }}} */
