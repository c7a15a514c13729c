/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs a command and writes its seconds and its peak memory in kB into a file: measure FILE
 * COMMAND... A small program does it because the kernel counts the memory of the parent, from
 * before exec, into the child's peak. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
get_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

int
main (int argc, char **argv)
{
  struct rusage usage;
  double start, seconds;
  FILE *out;
  pid_t child;
  int status;

  if (argc < 3)
    return 2;
  start = get_seconds ();
  child = fork ();
  if (child == 0)
    {
      execvp (argv[2], argv + 2);
      _exit (127);
    }
  if (child < 0 || wait4 (child, &status, 0, &usage) != child)
    return 2;
  seconds = get_seconds () - start;
  out = fopen (argv[1], "w");
  if (out == NULL || fprintf (out, "%.6f %ld\n", seconds, usage.ru_maxrss) < 0 || fclose (out) != 0)
    return 2;
  return WIFEXITED (status) ? WEXITSTATUS (status) : 1;
}
