/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A child, its socket, and a thread that waits for its end. The thread first learns of the end and
 * only then, under the lock, lets go of the process's number: so whoever kills under the lock never
 * hits a stranger that got the number. */

#include "config.h"

#include "esp-hdf5-child.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esp-hdf5-protocol.h"

#define PATIENCE_US (2 * G_USEC_PER_SEC) /* for one that closed its socket to end */

/* what the thread and the owner share */
typedef struct
{
  gatomicrefcount ref_count;
  GMutex lock;
  GCond ended;
  gboolean is_over;
  int status;
  GPid pid;
} Life;

struct _EspHdf5Child
{
  int socket;
  Life *life;
};

static void
life_unref (Life *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->ended);
  g_free (self);
}

static gpointer
wait_for_end (gpointer data)
{
  Life *self = data;
  siginfo_t info;
  int status = 0;

  while (waitid (P_PID, (id_t) self->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
    ;
  g_mutex_lock (&self->lock);
  while (waitpid (self->pid, &status, 0) < 0 && errno == EINTR)
    ;
  self->status = status;
  self->is_over = TRUE;
  g_cond_broadcast (&self->ended);
  g_mutex_unlock (&self->lock);
  life_unref (self);
  return NULL;
}

static void
life_kill (Life *self)
{
  g_mutex_lock (&self->lock);
  if (!self->is_over)
    kill (self->pid, SIGKILL);
  g_mutex_unlock (&self->lock);
}

/* NULL where no thread can be started; the child is gone then */
static Life *
life_new (GPid pid, GError **error)
{
  Life *self = g_new0 (Life, 1);
  GThread *thread;

  g_atomic_ref_count_init (&self->ref_count);
  g_atomic_ref_count_inc (&self->ref_count); /* the thread's */
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended);
  self->pid = pid;
  thread = g_thread_try_new ("hdf5-child", wait_for_end, self, error);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return self;
    }
  kill (pid, SIGKILL);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
  life_unref (self);
  life_unref (self);
  return NULL;
}

static gboolean
make_sockets (int *sockets, GError **error)
{
  int saved;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0)
    return TRUE;
  saved = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
               _ ("no socket to the HDF5 process can be made: %s"), g_strerror (saved));
  return FALSE;
}

EspHdf5Child *
esp_hdf5_child_spawn (const char *const *argv, int fd, GError **error)
{
  const char *const environment[] = { NULL };
  const int theirs = ESP_HDF5_FILE;
  EspHdf5Child *self;
  Life *life;
  int sockets[2];
  GPid pid;

  if (!make_sockets (sockets, error))
    return NULL;
  if (!g_spawn_async_with_pipes_and_fds (
          "/", argv, environment,
          G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
          NULL, sockets[1], -1, -1, &fd, &theirs, 1, &pid, NULL, NULL, NULL, error))
    {
      close (sockets[0]);
      close (sockets[1]);
      return NULL;
    }
  close (sockets[1]);
  fcntl (sockets[0], F_SETFL, fcntl (sockets[0], F_GETFL) | O_NONBLOCK);
  life = life_new (pid, error);
  if (life == NULL)
    {
      close (sockets[0]);
      return NULL;
    }
  self = g_new (EspHdf5Child, 1);
  self->socket = sockets[0];
  self->life = life;
  return self;
}

void
esp_hdf5_child_free (EspHdf5Child *self)
{
  life_kill (self->life);
  close (self->socket);
  life_unref (self->life);
  g_free (self);
}

void
esp_hdf5_child_kill (EspHdf5Child *self)
{
  life_kill (self->life);
}

int
esp_hdf5_child_get_socket (EspHdf5Child *self)
{
  return self->socket;
}

int
esp_hdf5_child_wait (EspHdf5Child *self)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  Life *life = self->life;
  int status;

  g_mutex_lock (&life->lock);
  while (!life->is_over && g_cond_wait_until (&life->ended, &life->lock, end))
    ;
  if (!life->is_over)
    kill (life->pid, SIGKILL);
  while (!life->is_over)
    g_cond_wait (&life->ended, &life->lock);
  status = life->status;
  g_mutex_unlock (&life->lock);
  return status;
}
