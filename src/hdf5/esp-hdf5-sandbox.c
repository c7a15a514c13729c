/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Limits that the process puts on itself before it touches the file, since the library has had many
 * faults that a hostile file can use. Two fences, either of which is enough against most: resource
 * limits, and a filter of system calls (seccomp), by which all but reading, answering and memory is
 * refused, and what only an attacker would do ends the process. Sanitizers need calls and address
 * space of their own, so a build with them goes without both.
 */

#include "esp-hdf5-sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "esp-hdf5-protocol.h"
#include "esp-limits.h"

#if defined(__SANITIZE_ADDRESS__) || defined(ESP_SANITIZED)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_CALLS 0x40000000U /* those of x32 */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

static void
set_limit (__rlimit_resource_t resource, rlim_t value)
{
  struct rlimit limit = { value, value };

  setrlimit (resource, &limit);
}

static void
close_others (void)
{
#ifdef SYS_close_range
  if (syscall (SYS_close_range, ESP_HDF5_FILE + 1, ~0U, 0) == 0)
    return;
#endif
  for (int fd = ESP_HDF5_FILE + 1; fd < 1024; fd++)
    close (fd);
}

#ifdef ARCHITECTURE

/* each rule is two instructions: is it this call? then that */
#define RULE(call, action)                                                                         \
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT (BPF_RET | BPF_K, action)
#define ALLOW(call) RULE (call, SECCOMP_RET_ALLOW)
#define KILL(call) RULE (call, SECCOMP_RET_KILL_PROCESS)
/* allowed unless the third argument, the protection, has the bit for code */
#define ALLOW_NO_CODE(call)                                                                        \
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4),                                                \
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, args[2])),                \
      BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),                                      \
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),                                               \
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static const struct sock_filter filter[] = {
  BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, arch)),
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
#ifdef FOREIGN_CALLS
  BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS, 0, 1),
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
  ALLOW (SYS_pread64),
  ALLOW (SYS_read),
  ALLOW (SYS_write),
  ALLOW (SYS_ppoll),
#ifdef SYS_poll
  ALLOW (SYS_poll),
#endif
  ALLOW (SYS_brk),
  ALLOW (SYS_munmap),
  ALLOW (SYS_mremap),
  ALLOW (SYS_madvise),
  ALLOW_NO_CODE (SYS_mmap),
  ALLOW_NO_CODE (SYS_mprotect),
  ALLOW (SYS_futex),
  ALLOW (SYS_getrandom),
  ALLOW (SYS_clock_gettime),
  ALLOW (SYS_gettimeofday),
  ALLOW (SYS_restart_syscall),
  ALLOW (SYS_rt_sigreturn),
  ALLOW (SYS_rt_sigprocmask),
  ALLOW (SYS_exit),
  ALLOW (SYS_exit_group),
#ifdef SYS_open
  KILL (SYS_open),
  KILL (SYS_creat),
  KILL (SYS_fork),
  KILL (SYS_vfork),
#endif
  KILL (SYS_openat),
#ifdef SYS_openat2
  KILL (SYS_openat2),
#endif
  KILL (SYS_socket),
  KILL (SYS_connect),
  KILL (SYS_execve),
  KILL (SYS_execveat),
  KILL (SYS_clone),
#ifdef SYS_clone3
  KILL (SYS_clone3),
#endif
  KILL (SYS_ptrace),
  KILL (SYS_kill),
  /* anything else fails, and the library copes */
  BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
};

static void
filter_calls (void)
{
  const struct sock_fprog program = { sizeof filter / sizeof *filter,
                                      (struct sock_filter *) filter };

  prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

static void
filter_calls (void)
{
}

#endif

int
esp_hdf5_sandbox_is_whole (void)
{
  return !SANITIZED;
}

void
esp_hdf5_sandbox_enter (void)
{
  close_others ();
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_limit (RLIMIT_CORE, 0);
  set_limit (RLIMIT_FSIZE, 0);
  set_limit (RLIMIT_NOFILE, ESP_HDF5_FILE + 1);
  set_limit (RLIMIT_NPROC, 0);
  set_limit (RLIMIT_CPU, ESP_LIMIT_HDF5_SECONDS);
  if (!SANITIZED)
    {
      set_limit (RLIMIT_AS, ESP_LIMIT_HDF5_PROCESS_BYTES);
      filter_calls ();
    }
}
