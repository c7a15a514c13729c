/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Plays libexec/espalier-hdf5 as it would be if a file had taken it over: the folder that it is
 * started from says how it behaves. */

#include "hdf5-frames.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void
send_bytes (const uint8_t *bytes, size_t n)
{
  while (n > 0)
    {
      ssize_t written = write (ESP_HDF5_SOCKET, bytes, n);

      if (written <= 0)
        _exit (0);
      bytes += written;
      n -= (size_t) written;
    }
}

static void
send_frame (Hdf5Frame *frame)
{
  hdf5_frame_end (frame);
  send_bytes (frame->bytes, frame->length);
}

static void
send_done (void)
{
  Hdf5Frame frame;

  hdf5_frame_begin (&frame, ESP_HDF5_DONE);
  send_frame (&frame);
}

static uint8_t request[4096];

static uint32_t
receive (void)
{
  uint32_t length;

  memset (request, 0, sizeof request);
  if (read (ESP_HDF5_SOCKET, request, 8) != 8)
    _exit (0);
  memcpy (&length, request + 4, 4);
  if (length > 0 && read (ESP_HDF5_SOCKET, request + 8, length) != (ssize_t) length)
    _exit (0);
  return request[0];
}

/* the root, a data set that only the library reads ("compact") and one in chunks ("chunked") */
static void
send_listing (void)
{
  Hdf5Frame frame;

  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_GROUP, 0, 1, "");
  send_frame (&frame);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "compact");
  send_frame (&frame);
  hdf5_frame_dataset (&frame, 8, ESP_HDF5_LAYOUT_COMPACT, ESP_HDF5_NOWHERE, 0);
  send_frame (&frame);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 3, "chunked");
  send_frame (&frame);
  hdf5_frame_dataset (&frame, 8, ESP_HDF5_LAYOUT_CHUNKED, ESP_HDF5_NOWHERE, 4);
  send_frame (&frame);
  send_done ();
}

static void
send_places (uint64_t first, uint32_t n, uint64_t address, uint64_t size)
{
  Hdf5Frame frame;

  hdf5_frame_begin (&frame, ESP_HDF5_PLACES);
  hdf5_frame_put (&frame, first, 8);
  hdf5_frame_put (&frame, n, 4);
  for (uint32_t i = 0; i < n; i++)
    {
      hdf5_frame_put (&frame, address, 8);
      hdf5_frame_put (&frame, size, 8);
      hdf5_frame_put (&frame, 0, 4);
    }
  send_frame (&frame);
  send_done ();
}

static void
send_data (size_t n)
{
  Hdf5Frame frame;

  hdf5_frame_begin (&frame, ESP_HDF5_DATA);
  for (size_t i = 0; i < n; i++)
    hdf5_frame_put (&frame, i, 1);
  send_frame (&frame);
}

/* dies of object 3, unless it is told to pass it over; tells of it only when it is careful */
static void
send_fragile (void)
{
  int careful = request[8] != 0, passes = request[9] == 1 && request[13] == 3;
  Hdf5Frame frame;

  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_GROUP, 0, 1, "");
  send_frame (&frame);
  hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 2, "good");
  send_frame (&frame);
  hdf5_frame_dataset (&frame, 8, ESP_HDF5_LAYOUT_CONTIGUOUS, 0, 0);
  send_frame (&frame);
  if (careful)
    {
      hdf5_frame_node (&frame, 0, ESP_HDF5_IS_DATASET, 0, 3, "bad");
      send_frame (&frame);
    }
  if (!passes)
    kill (getpid (), SIGSEGV);
  hdf5_frame_begin (&frame, ESP_HDF5_DATASET_INFO);
  hdf5_frame_put (&frame, ESP_HDF5_CRASHES, 2);
  hdf5_frame_put_text (&frame, "");
  send_frame (&frame);
  send_done ();
}

static void
answer_list (const char *way)
{
  static const uint8_t noise[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html></html>";
  static const uint8_t huge[] = { ESP_HDF5_NODE, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
  Hdf5Frame frame;

  if (strcmp (way, "silent") == 0)
    poll (NULL, 0, -1);
  else if (strcmp (way, "status") == 0)
    _exit (7);
  else if (strcmp (way, "memory") == 0)
    _exit (3);
  else if (strcmp (way, "fragile") == 0) /* one of its objects kills it */
    send_fragile ();
  else if (strcmp (way, "signal") == 0)
    kill (getpid (), SIGSEGV);
  else if (strcmp (way, "forbidden") == 0)
    kill (getpid (), SIGSYS);
  else if (strcmp (way, "noise") == 0)
    send_bytes (noise, sizeof noise);
  else if (strcmp (way, "huge") == 0)
    send_bytes (huge, sizeof huge);
  else if (strcmp (way, "nothing") == 0)
    send_done ();
  else if (strcmp (way, "half") == 0)
    {
      hdf5_frame_node (&frame, 0, ESP_HDF5_IS_GROUP, 0, 1, "");
      send_bytes (frame.bytes, frame.length / 2);
      _exit (0);
    }
  else if (strcmp (way, "drip") == 0) /* a word now and then, for ever */
    for (;;)
      {
        send_bytes ((const uint8_t *) "x", 1);
        poll (NULL, 0, 20);
      }
  else if (strcmp (way, "flood") == 0) /* objects without end */
    {
      hdf5_frame_node (&frame, 0, ESP_HDF5_IS_GROUP, 0, 1, "");
      send_frame (&frame);
      for (uint64_t i = 2;; i++)
        {
          hdf5_frame_node (&frame, 0, ESP_HDF5_IS_NOTHING, 0, i, "x");
          send_frame (&frame);
        }
    }
  else
    send_listing ();
}

/* a good listing, and then this for values */
static void
answer_values (const char *way, uint32_t kind)
{
  if (strcmp (way, "value-signal") == 0)
    {
      send_data (3);
      kill (getpid (), SIGSEGV);
    }
  else if (strcmp (way, "value-silent") == 0)
    poll (NULL, 0, -1);
  else if (strcmp (way, "value-short") == 0 && kind == ESP_HDF5_READ)
    {
      send_data (31);
      send_done ();
    }
  else if (strcmp (way, "value-long") == 0 && kind == ESP_HDF5_READ)
    {
      send_data (33);
      send_done ();
    }
  else if (strcmp (way, "value-short") == 0)
    send_places (0, 1, 0, 16);
  else if (strcmp (way, "value-long") == 0)
    send_places (0, 3, 0, 16);
  else if (strcmp (way, "value-outside") == 0)
    send_places (0, 2, UINT64_C (0x7fffffffffffffff), 16);
  else if (strcmp (way, "value-large") == 0)
    send_places (0, 2, 0, UINT64_C (1) << 62);
  else if (kind == ESP_HDF5_READ)
    {
      send_data (32);
      send_done ();
    }
  else
    send_places (0, 2, 0, 16);
}

int
main (int argc, char **argv)
{
  char *end = strrchr (argv[0], '/');
  const char *way;

  if (argc != 3 || end == NULL)
    return 2;
  signal (SIGSEGV, SIG_DFL); /* a sanitizer would make an exit status of it */
  *end = '\0';
  way = strrchr (argv[0], '/') + 1;
  for (;;)
    {
      uint32_t kind = receive ();

      if (kind == ESP_HDF5_LIST)
        answer_list (way);
      else
        answer_values (way, kind);
      if (strcmp (way, "once") == 0) /* goes while nobody asks */
        _exit (0);
    }
}
