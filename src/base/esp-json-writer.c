/* SPDX-License-Identifier: GPL-3.0-or-later */

/* JSON as a stream: what the command line prints for 20,000 tensors is some megabytes and must not
 * take longer than reading the file did. One flag says whether a comma is due; there is no stack,
 * since after any end a comma is due. */

#include "config.h"

#include "esp-json-writer.h"

#include "esp-number-private.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE 65536

struct _EspJsonWriter
{
  GString *out; /* owned when it goes to fd */
  int fd;       /* or -1 */
  int failure;  /* errno of the first failed write */
  gboolean need_comma;
  gboolean need_newline;
};

static EspJsonWriter *
writer_new (int fd, GString *out)
{
  EspJsonWriter *self = g_new0 (EspJsonWriter, 1);

  self->fd = fd;
  self->out = out;
  return self;
}

EspJsonWriter *
esp_json_writer_new_for_fd (int fd)
{
  g_return_val_if_fail (fd >= 0, NULL);

  return writer_new (fd, g_string_sized_new (BUFFER_SIZE + 1024));
}

EspJsonWriter *
esp_json_writer_new_for_string (GString *out)
{
  g_return_val_if_fail (out != NULL, NULL);

  return writer_new (-1, out);
}

void
esp_json_writer_free (EspJsonWriter *self)
{
  g_return_if_fail (self != NULL);

  if (self->fd >= 0)
    g_string_free (self->out, TRUE);
  g_free (self);
}

static void
send_out (EspJsonWriter *self)
{
  const char *at = self->out->str;
  gsize left = self->out->len;

  while (left > 0 && self->failure == 0)
    {
      gssize n = write (self->fd, at, left);

      if (n >= 0)
        {
          at += n;
          left -= n;
        }
      else if (errno == EAGAIN)
        {
          struct pollfd wait = { self->fd, POLLOUT, 0 };
          poll (&wait, 1, -1);
        }
      else if (errno != EINTR)
        self->failure = errno;
    }
  g_string_truncate (self->out, 0);
}

gboolean
esp_json_writer_flush (EspJsonWriter *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->need_newline)
    g_string_append_c (self->out, '\n');
  self->need_newline = FALSE;
  if (self->fd >= 0)
    send_out (self);
  if (self->failure == 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (self->failure),
                       g_strerror (self->failure));
  return FALSE;
}

/* what stands between the last thing and the next */
static void
separate (EspJsonWriter *self, gboolean need_comma_after)
{
  if (self->need_comma)
    g_string_append_c (self->out, ',');
  if (self->need_newline)
    g_string_append_c (self->out, '\n');
  self->need_comma = need_comma_after;
  self->need_newline = FALSE;
}

static void
pass_on (EspJsonWriter *self)
{
  if (self->fd >= 0 && self->out->len >= BUFFER_SIZE)
    send_out (self);
}

static void
end_container (EspJsonWriter *self, char c)
{
  if (self->need_newline)
    g_string_append_c (self->out, '\n');
  self->need_newline = FALSE;
  self->need_comma = TRUE;
  g_string_append_c (self->out, c);
  pass_on (self);
}

void
esp_json_writer_begin_object (EspJsonWriter *self)
{
  separate (self, FALSE);
  g_string_append_c (self->out, '{');
}

void
esp_json_writer_end_object (EspJsonWriter *self)
{
  end_container (self, '}');
}

void
esp_json_writer_begin_array (EspJsonWriter *self)
{
  separate (self, FALSE);
  g_string_append_c (self->out, '[');
}

void
esp_json_writer_end_array (EspJsonWriter *self)
{
  end_container (self, ']');
}

/* strings */

static void
append_control (GString *out, gunichar c)
{
  static const char short_forms[] = "\b\f\n\r\t";
  static const char letters[] = "bfnrt";
  const char *found = c != 0 && c < 0x20 ? strchr (short_forms, (int) c) : NULL;

  if (found != NULL)
    {
      g_string_append_c (out, '\\');
      g_string_append_c (out, letters[found - short_forms]);
    }
  else
    g_string_append_printf (out, "\\u%04x", c);
}

/* one character beyond ASCII or what is none; returns the bytes it took */
static gsize
append_wide (GString *out, const char *at)
{
  const guchar *bytes = (const guchar *) at;
  gunichar c = g_utf8_get_char_validated (at, -1);
  gsize n;

  if (c != (gunichar) -1 && c != (gunichar) -2)
    {
      n = g_utf8_skip[bytes[0]];
      g_string_append_len (out, at, n);
      return n;
    }
  if (bytes[0] == 0xc0 && bytes[1] == 0x80)
    {
      append_control (out, 0);
      return 2;
    }
  if (bytes[0] == 0xed && bytes[1] >= 0xa0 && bytes[1] < 0xc0 && (bytes[2] & 0xc0) == 0x80)
    {
      append_control (out, 0xd000 | (gunichar) (bytes[1] & 0x3f) << 6 | (bytes[2] & 0x3f));
      return 3;
    }
  g_string_append (out, "\xef\xbf\xbd");
  return 1;
}

static void
append_string (EspJsonWriter *self, const char *text)
{
  GString *out = self->out;

  g_string_append_c (out, '"');
  for (;;)
    {
      const char *start = text;

      while ((guchar) *text >= 0x20 && (guchar) *text < 0x80 && *text != '"' && *text != '\\')
        text++;
      g_string_append_len (out, start, text - start);
      if (*text == '\0')
        break;
      if ((guchar) *text >= 0x80)
        {
          text += append_wide (out, text);
          continue;
        }
      if ((guchar) *text < 0x20)
        append_control (out, (guchar) *text);
      else
        {
          g_string_append_c (out, '\\');
          g_string_append_c (out, *text);
        }
      text++;
    }
  g_string_append_c (out, '"');
}

void
esp_json_writer_key (EspJsonWriter *self, const char *key)
{
  g_return_if_fail (key != NULL);

  separate (self, FALSE);
  append_string (self, key);
  g_string_append_c (self->out, ':');
}

void
esp_json_writer_string (EspJsonWriter *self, const char *text)
{
  if (text == NULL)
    {
      esp_json_writer_null (self);
      return;
    }
  separate (self, TRUE);
  append_string (self, text);
  pass_on (self);
}

/* other values */

void
esp_json_writer_u64 (EspJsonWriter *self, guint64 value)
{
  char buffer[20];
  char *at = buffer + sizeof buffer;

  separate (self, TRUE);
  do
    {
      *--at = (char) ('0' + value % 10);
      value /= 10;
    }
  while (value > 0);
  g_string_append_len (self->out, at, buffer + sizeof buffer - at);
  pass_on (self);
}

void
esp_json_writer_i64 (EspJsonWriter *self, gint64 value)
{
  if (value >= 0)
    {
      esp_json_writer_u64 (self, (guint64) value);
      return;
    }
  separate (self, FALSE);
  g_string_append_c (self->out, '-');
  esp_json_writer_u64 (self, -(guint64) value);
}

void
esp_json_writer_double (EspJsonWriter *self, double value)
{
  char buffer[ESP_NUMBER_BUFFER];

  _esp_number_print_exact (value, FALSE, buffer);
  if (!isfinite (value))
    {
      esp_json_writer_string (self, buffer);
      return;
    }
  separate (self, TRUE);
  g_string_append (self->out, buffer);
  /* so that readers which tell integers from others see what it is, and -0 keeps its sign */
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (self->out, ".0");
  pass_on (self);
}

void
esp_json_writer_bool (EspJsonWriter *self, gboolean value)
{
  separate (self, TRUE);
  g_string_append (self->out, value ? "true" : "false");
}

void
esp_json_writer_null (EspJsonWriter *self)
{
  separate (self, TRUE);
  g_string_append (self->out, "null");
}

void
esp_json_writer_newline (EspJsonWriter *self)
{
  self->need_newline = TRUE;
}
