/* The kernel for other languages: open a view, fold encoded batches into states, read states.
 *
 * Nothing is global and no exception gets out. A view is immutable and may be shared by threads; a
 * session belongs to one thread at a time and holds that thread's scratch memory, the batch it
 * works on and the text of its last error. Pointers that are given in are not kept.
 *
 *   skewless_session* session = skewless_session_new();
 *   skewless_view* view = skewless_view_open(session, yaml, yaml_size, "clicks", 6);
 *   skewless_batch_load(session, view, batch, batch_size);
 *   skewless_apply(session, view, state, state_size, rows, row_count, out, capacity, &size);
 *   skewless_read(session, view, state, state_size, now_us, out, capacity, &size);
 *
 * Formats: docs/formats/batch.md, state.md, vector.md. */
#ifndef SKEWLESS_KERNEL_C_ABI_H_
#define SKEWLESS_KERNEL_C_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SKEWLESS_ABI_VERSION 1

#if defined(__GNUC__)
#define SKEWLESS_EXPORT __attribute__((visibility("default")))
#else
#define SKEWLESS_EXPORT
#endif

typedef struct skewless_session skewless_session;
typedef struct skewless_view skewless_view;

/* What a call returns. The text of an error is skewless_last_error. */
enum {
  SKEWLESS_OK = 0,
  SKEWLESS_INVALID = 1,   /* the definition, a row or another argument is wrong */
  SKEWLESS_NOT_FOUND = 2, /* no such view */
  SKEWLESS_CORRUPT = 3,   /* bytes of a batch or a state are damaged */
  SKEWLESS_VERSION = 4,   /* bytes are of a newer format */
  SKEWLESS_TOO_SMALL = 5, /* *size tells how much room the result needs; nothing was written */
  SKEWLESS_INTERNAL = 6
};

SKEWLESS_EXPORT uint32_t skewless_abi_version(void);

/* NULL where there is no memory. Freeing NULL does nothing, as for views. */
SKEWLESS_EXPORT skewless_session* skewless_session_new(void);
SKEWLESS_EXPORT void skewless_session_free(skewless_session* session);

/* The text of the session's last error, ended by a zero byte; "" where no call has failed. Valid
 * until the session's next call. */
SKEWLESS_EXPORT const char* skewless_last_error(const skewless_session* session);

/* `yaml` is a whole definition (skewless.yaml with its features). NULL on an error. */
SKEWLESS_EXPORT skewless_view* skewless_view_open(skewless_session* session, const char* yaml,
                                                  size_t yaml_size, const char* name,
                                                  size_t name_size);
SKEWLESS_EXPORT void skewless_view_free(skewless_view* view);

/* States of a view with another fingerprint are refused. */
SKEWLESS_EXPORT uint64_t skewless_view_fingerprint(const skewless_view* view);
/* Features, then derived ones: the values of a vector. NULL beyond the last. */
SKEWLESS_EXPORT size_t skewless_view_outputs(const skewless_view* view);
SKEWLESS_EXPORT const char* skewless_view_output_name(const skewless_view* view, size_t i);

/* Decodes a stamped batch of the view's source, written with the definition's schema of it, and
 * evaluates the view's expressions over it. The session works on it until the next one. */
SKEWLESS_EXPORT int skewless_batch_load(skewless_session* session, const skewless_view* view,
                                        const uint8_t* batch, size_t batch_size);
SKEWLESS_EXPORT size_t skewless_batch_rows(const skewless_session* session);
/* 1 where the row is a record of the view: `where` holds, its key is not null, it was applied. */
SKEWLESS_EXPORT int skewless_batch_selected(const skewless_session* session, size_t row);
/* The row's key and its size (0 where it is null), valid until the next batch. */
SKEWLESS_EXPORT const uint8_t* skewless_batch_key(const skewless_session* session, size_t row,
                                                  size_t* size);

/* Folds rows of the loaded batch into a state; `state_size` 0 is an entity not seen before. `rows`
 * are indices, ascending, of one entity; NULL takes all of the batch's. Rows that are not records
 * of the view are passed over. The new state goes to `out` and its size to *size: 0 where there
 * still is none. `out` may be `state` itself. */
SKEWLESS_EXPORT int skewless_apply(skewless_session* session, const skewless_view* view,
                                   const uint8_t* state, size_t state_size, const uint32_t* rows,
                                   size_t row_count, uint8_t* out, size_t capacity, size_t* size);

/* The same state in its shortest form. */
SKEWLESS_EXPORT int skewless_compact(skewless_session* session, const skewless_view* view,
                                     const uint8_t* state, size_t state_size, uint8_t* out,
                                     size_t capacity, size_t* size);

/* The vector at `read_us`, encoded. `state_size` 0: an entity not seen. */
SKEWLESS_EXPORT int skewless_read(skewless_session* session, const skewless_view* view,
                                  const uint8_t* state, size_t state_size, int64_t read_us,
                                  uint8_t* out, size_t capacity, size_t* size);

#ifdef __cplusplus
}
#endif

#endif /* SKEWLESS_KERNEL_C_ABI_H_ */
