// ThreadSanitizer knows threads that pthread_create began. librdkafka begins its own with C11's
// thrd_create, whose threads crash in the sanitizer's first intercepted call. glibc's thrd_t is a
// pthread_t, so here both come down to the calls that the sanitizer sees.
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
