// Stands between a process and its disk (LD_PRELOAD), for the file that TAPEDECK_DISK_FILE names.
// TAPEDECK_DISK_JOURNAL: writes down, in order, every write, sync and acknowledgement (a write to
// stdout), so that a power cut can be played back afterwards.
// TAPEDECK_DISK_FAIL=CALL:N:ERRNO: the Nth write or sync fails once with that error.
//
// journal: repeated: u8 kind (W write, D write that is synced, S sync, A acknowledgement, T truncate)
//   | u64 position | u32 length | bytes

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FDS 4096
enum { OTHER = 0, PLAIN = 1, SYNCED = 2 };

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static unsigned char kind_of[MAX_FDS];
static int journal = -2;
static const char *fail_call;
static long fail_after;
static int fail_errno;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void set_up(void) {
  if (journal != -2) return;
  const char *path = getenv("TAPEDECK_DISK_JOURNAL");
  journal = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_APPEND, 0644) : -1;
  char *fail = getenv("TAPEDECK_DISK_FAIL");
  if (!fail) return;
  static char call[16];
  char *colon = strchr(fail, ':');
  if (!colon || colon - fail >= (long)sizeof call) return;
  memcpy(call, fail, (size_t)(colon - fail));
  fail_call = call;
  char *end;
  fail_after = strtol(colon + 1, &end, 10);
  fail_errno = atoi(end + 1);
}

static void note(char kind, uint64_t at, const void *bytes, uint32_t length) {
  if (journal < 0) return;
  unsigned char head[13];
  head[0] = (unsigned char)kind;
  memcpy(head + 1, &at, 8);
  memcpy(head + 9, &length, 4);
  syscall(SYS_write, journal, head, sizeof head);
  if (length) syscall(SYS_write, journal, bytes, (size_t)length);
}

static int is(int fd, int kind) { return fd >= 0 && fd < MAX_FDS && kind_of[fd] == kind; }
static int ours(int fd) { return fd >= 0 && fd < MAX_FDS && kind_of[fd] != OTHER; }

static int fails(const char *call) {
  if (!fail_call || strcmp(call, fail_call) != 0 || --fail_after != 0) return 0;
  errno = fail_errno;
  return 1;
}

static int opened(int fd, const char *path, int flags) {
  set_up();
  const char *name = getenv("TAPEDECK_DISK_FILE");
  if (fd >= 0 && fd < MAX_FDS) {
    size_t length = strlen(path), wanted = name ? strlen(name) : 0;
    int same = name && length >= wanted && strcmp(path + length - wanted, name) == 0;
    kind_of[fd] = !same ? OTHER : (flags & O_DSYNC) ? SYNCED : PLAIN;
  }
  return fd;
}

static mode_t mode_in(int flags, va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; }

#define OPEN(NAME)                                              \
  int NAME(const char *path, int flags, ...) {                  \
    va_list rest;                                               \
    va_start(rest, flags);                                      \
    mode_t mode = mode_in(flags, rest);                         \
    va_end(rest);                                               \
    return opened(((int (*)(const char *, int, mode_t))real(#NAME))(path, flags, mode), path, flags); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < MAX_FDS) kind_of[fd] = OTHER;
  return ((int (*)(int))real("close"))(fd);
}

static ssize_t put(int fd, const struct iovec *parts, int count, off_t at) {
  ssize_t done = 0;
  pthread_mutex_lock(&one_at_a_time);
  if (fails("write")) {
    pthread_mutex_unlock(&one_at_a_time);
    return -1;
  }
  for (int i = 0; i < count; i++) {
    ssize_t part = syscall(SYS_pwrite64, fd, parts[i].iov_base, parts[i].iov_len, at + done);
    if (part < 0) {
      pthread_mutex_unlock(&one_at_a_time);
      return done ? done : -1;
    }
    note(is(fd, SYNCED) ? 'D' : 'W', (uint64_t)(at + done), parts[i].iov_base, (uint32_t)part);
    done += part;
  }
  pthread_mutex_unlock(&one_at_a_time);
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
  if (!ours(fd)) return syscall(SYS_pwrite64, fd, bytes, length, at);
  struct iovec part = {(void *)bytes, length};
  return put(fd, &part, 1, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
  if (!ours(fd)) return ((ssize_t(*)(int, const struct iovec *, int, off_t))real("pwritev64"))(fd, parts, count, at);
  return put(fd, parts, count, at);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }

// LMDB writes runs of pages with lseek and writev where it can.
ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!ours(fd)) return ((ssize_t(*)(int, const struct iovec *, int))real("writev"))(fd, parts, count);
  off_t at = lseek(fd, 0, SEEK_CUR);
  ssize_t done = put(fd, parts, count, at);
  if (done > 0) lseek(fd, at + done, SEEK_SET);
  return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (ours(fd)) {
    struct iovec part = {(void *)bytes, length};
    return writev(fd, &part, 1);
  }
  if (fd == 1 && journal >= 0) {
    pthread_mutex_lock(&one_at_a_time);
    note('A', 0, bytes, (uint32_t)length);
    pthread_mutex_unlock(&one_at_a_time);
  }
  return syscall(SYS_write, fd, bytes, length);
}

static int synced(int fd, const char *name) {
  if (!ours(fd)) return ((int (*)(int))real(name))(fd);
  pthread_mutex_lock(&one_at_a_time);
  int status = fails("sync") ? -1 : ((int (*)(int))real(name))(fd);
  if (status == 0) note('S', 0, NULL, 0);
  pthread_mutex_unlock(&one_at_a_time);
  return status;
}
int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }

int ftruncate64(int fd, off_t length) {
  int status = ((int (*)(int, off_t))real("ftruncate64"))(fd, length);
  if (status == 0 && ours(fd)) note('T', (uint64_t)length, NULL, 0);
  return status;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
