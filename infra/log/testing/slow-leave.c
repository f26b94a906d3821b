// Holds a process (LD_PRELOAD) between the moment it destroys locks that it shared with other
// processes and the moment it closes their file. Makes TAPEDECK_LEAVE.at when it is there, and goes
// on when TAPEDECK_LEAVE.go exists.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void hold(const char *leave) {
  char path[4096];
  snprintf(path, sizeof path, "%s.at", leave);
  int fd = open(path, O_WRONLY | O_CREAT, 0644);
  if (fd >= 0) close(fd);
  snprintf(path, sizeof path, "%s.go", leave);
  while (access(path, F_OK) != 0) usleep(1000);
}

int pthread_mutex_destroy(pthread_mutex_t *mutex) {
  static int (*real)(pthread_mutex_t *);
  if (!real) real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_destroy");
  // glibc's own mark of a mutex that processes share.
  int shared = mutex->__data.__kind & 128;
  int answer = real(mutex);
  const char *leave = getenv("TAPEDECK_LEAVE");
  if (shared && leave) hold(leave);
  return answer;
}
