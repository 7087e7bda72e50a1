// Put before a program, it fails what that asks of its disk below a folder: the nth time, or from then on.
// With FAULTY_LINKLESS it has no hard links there, as exFAT and SMB.
// FAULTY_FOLDER, FAULTY_AT (from 1), FAULTY_ERROR (its number), FAULTY_ONCE; FAULTY_MARK is a file that is made when it fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long asked;

static int fails(const char *path) {
  const char *folder = getenv("FAULTY_FOLDER"), *at = getenv("FAULTY_AT"), *error = getenv("FAULTY_ERROR");
  if (!folder || !at || !error || !path || strncmp(path, folder, strlen(folder))) return 0;
  long now = atomic_fetch_add(&asked, 1) + 1, wanted = atol(at);
  if (getenv("FAULTY_ONCE") ? now != wanted : now < wanted) return 0;
  const char *mark = getenv("FAULTY_MARK");
  if (mark) {
    int fd = syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY, 0600);
    if (fd >= 0) syscall(SYS_close, fd);
  }
  errno = atoi(error);
  return 1;
}

static int linkless(const char *path) {
  const char *folder = getenv("FAULTY_LINKLESS");
  if (!folder || !path || strncmp(path, folder, strlen(folder))) return 0;
  /* A taken name is told first, as Linux does. */
  errno = access(path, F_OK) ? EPERM : EEXIST;
  return 1;
}

static int fails_at(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return fails(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t length) { return fails_at(fd) ? -1 : REAL(write)(fd, bytes, length); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  return fails_at(fd) ? -1 : REAL(pwrite64)(fd, bytes, length, at);
}
int fsync(int fd) { return fails_at(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails_at(fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate64(int fd, off64_t length) { return fails_at(fd) ? -1 : REAL(ftruncate64)(fd, length); }
int rename(const char *from, const char *to) { return fails(to) ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return linkless(to) || fails(to) ? -1 : REAL(link)(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
  return linkless(to) || fails(to) ? -1 : REAL(linkat)(a, from, b, to, flags);
}
int mkdir(const char *path, mode_t mode) { return fails(path) ? -1 : REAL(mkdir)(path, mode); }
int chmod(const char *path, mode_t mode) { return fails(path) ? -1 : REAL(chmod)(path, mode); }
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return (flags & O_CREAT) && fails(path) ? -1 : REAL(open64)(path, flags, mode);
}
