/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the HDF5 process can't do any more once it has taken its rights away: each row tries one
 * thing in a child that did so, and must end as told. */

#include "config.h"

#include "esp-hdf5-sandbox.h"
#include "esp-limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FINE 42 /* status of a child in which the thing failed without harm */
#define DONE 43 /* in which it was done */

static int
answer (gboolean done)
{
  return done ? DONE : FINE;
}

static int
do_nothing (void)
{
  return FINE;
}

static int
do_open (void)
{
  return answer (open ("/etc/hostname", O_RDONLY) >= 0);
}

static int
do_proc (void)
{
  return answer (open ("/proc/self/fd/3", O_RDWR) >= 0);
}

static int
do_socket (void)
{
  return answer (socket (AF_INET, SOCK_STREAM, 0) >= 0);
}

static int
do_execute (void)
{
  char *const argv[] = { (char *) "/bin/true", NULL };

  execv (argv[0], argv);
  return FINE;
}

static int
do_fork (void)
{
  return answer (fork () >= 0);
}

static int
do_code (void)
{
  return answer (mmap (NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                 MAP_FAILED);
}

static int
do_unlink (void)
{
  return answer (unlink ("/tmp/espalier-no-such-file") == 0 || errno != EPERM);
}

static int
do_trace (void)
{
  return answer (syscall (SYS_ptrace, 0, 0, 0, 0) == 0);
}

static int
do_memory (void)
{
  return answer (mmap (NULL, ESP_LIMIT_HDF5_PROCESS_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0) != MAP_FAILED);
}

static int
do_dup (void)
{
  return answer (dup (0) >= 0);
}

/* descriptor 4 was there before */
static int
do_use_other (void)
{
  char byte;

  return answer (read (4, &byte, 1) >= 0);
}

static int
do_write_file (void)
{
  signal (SIGXFSZ, SIG_IGN); /* refused too, so the signal comes */
  return answer (write (3, "x", 1) == 1);
}

/* the child's own descriptors: 3 is a file that could be written to, 4 one too many */
static int
run (int (*func) (void))
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      char name[] = "/tmp/espalier-sandbox-XXXXXX";
      int fd = mkstemp (name);

      unlink (name);
      dup2 (fd, 100);
      dup2 (100, 3);
      dup2 (100, 4);
      esp_hdf5_sandbox_enter ();
      _exit (func ());
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  return status;
}

static gboolean
has_filter (void)
{
#if defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
  return prctl (PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
#else
  return FALSE;
#endif
}

static void
test_fences (void)
{
  static const struct
  {
    const char *name;
    int (*func) (void);
    int signal; /* 0: it just fails */
  } rows[] = {
    { "nothing", do_nothing, 0 },
    { "open", do_open, SIGSYS },
    { "open by /proc", do_proc, SIGSYS },
    { "socket", do_socket, SIGSYS },
    { "execute", do_execute, SIGSYS },
    { "fork", do_fork, SIGSYS },
    { "code", do_code, SIGSYS },
    { "unlink", do_unlink, 0 },
    { "trace", do_trace, SIGSYS },
    { "memory", do_memory, 0 },
    { "dup", do_dup, 0 },
    { "other descriptors", do_use_other, 0 },
    { "write to the file", do_write_file, SIGXFSZ },
  };

  if (!has_filter ())
    {
      g_test_skip ("this system has no filter of system calls");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int status = run (rows[i].func);

      g_test_message ("%s: status %x", rows[i].name, (guint) status);
      if (rows[i].signal != 0)
        g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == rows[i].signal);
      else
        g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == FINE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (esp_hdf5_sandbox_is_whole ())
    g_test_add_func ("/hdf5-sandbox/fences", test_fences);
  else
    g_test_message ("a build with sanitizers has no fences");
  return g_test_run ();
}
