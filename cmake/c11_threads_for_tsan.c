// ThreadSanitizer knows threads that pthread_create began, and the locks of POSIX. librdkafka
// begins its own threads with C11's thrd_create, which crash in the sanitizer's first intercepted
// call, and hands messages over under C11's mutexes. glibc's thrd_t, mtx_t and cnd_t are a
// pthread_t, a pthread_mutex_t and a pthread_cond_t, so here all come down to the calls that the
// sanitizer sees.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

struct Start {
  thrd_start_t function;
  void* argument;
};

static void* Run(void* given) {
  const struct Start start = *(struct Start*)given;
  free(given);
  return (void*)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  struct Start* const start = malloc(sizeof *start);
  if (start == NULL) return thrd_nomem;
  start->function = function;
  start->argument = argument;
  if (pthread_create(thread, NULL, Run, start) == 0) return thrd_success;
  free(start);
  return thrd_error;
}

int thrd_join(thrd_t thread, int* result) {
  void* returned = NULL;
  if (pthread_join(thread, &returned) != 0) return thrd_error;
  if (result != NULL) *result = (int)(intptr_t)returned;
  return thrd_success;
}

int thrd_detach(thrd_t thread) { return pthread_detach(thread) == 0 ? thrd_success : thrd_error; }

static int ResultOf(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case EBUSY:
      return thrd_busy;
    case ETIMEDOUT:
      return thrd_timedout;
    case ENOMEM:
      return thrd_nomem;
    default:
      return thrd_error;
  }
}

static pthread_mutex_t* MutexOf(mtx_t* mutex) { return (pthread_mutex_t*)mutex; }
static pthread_cond_t* ConditionOf(cnd_t* condition) { return (pthread_cond_t*)condition; }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(MutexOf(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return ResultOf(error);
}

void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(MutexOf(mutex)); }
int mtx_lock(mtx_t* mutex) { return ResultOf(pthread_mutex_lock(MutexOf(mutex))); }
int mtx_trylock(mtx_t* mutex) { return ResultOf(pthread_mutex_trylock(MutexOf(mutex))); }
int mtx_timedlock(mtx_t* mutex, const struct timespec* until) {
  return ResultOf(pthread_mutex_timedlock(MutexOf(mutex), until));
}
int mtx_unlock(mtx_t* mutex) { return ResultOf(pthread_mutex_unlock(MutexOf(mutex))); }

int cnd_init(cnd_t* condition) { return ResultOf(pthread_cond_init(ConditionOf(condition), NULL)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(ConditionOf(condition)); }
int cnd_signal(cnd_t* condition) { return ResultOf(pthread_cond_signal(ConditionOf(condition))); }
int cnd_broadcast(cnd_t* condition) {
  return ResultOf(pthread_cond_broadcast(ConditionOf(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return ResultOf(pthread_cond_wait(ConditionOf(condition), MutexOf(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  return ResultOf(pthread_cond_timedwait(ConditionOf(condition), MutexOf(mutex), until));
}
