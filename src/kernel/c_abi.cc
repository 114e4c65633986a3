#include "kernel/c_abi.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "kernel/vector_encoding.h"
#include "kernel/view_kernel.h"
#include "model/batch_encoding.h"

struct skewless_view {
  std::unique_ptr<skewless::Definition> definition;
  std::unique_ptr<skewless::ViewKernel> kernel;
};

struct skewless_session {
  std::string error;
  const skewless_view* loaded = nullptr;  // the view that `input` was prepared for
  skewless::Batch batch;
  skewless::ViewInput input;
  skewless::EvaluationScratch scratch;
  skewless::FeatureVector vector;
  skewless::Bytes work;
};

namespace {

using skewless::Bytes;
using skewless::ByteView;
using skewless::Error;
using skewless::ErrorCode;
using skewless::Fail;
using skewless::Status;

int CodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kUnsupported:
      return SKEWLESS_INVALID;
    case ErrorCode::kNotFound:
      return SKEWLESS_NOT_FOUND;
    case ErrorCode::kCorrupt:
      return SKEWLESS_CORRUPT;
    case ErrorCode::kVersion:
      return SKEWLESS_VERSION;
    default:
      return SKEWLESS_INTERNAL;
  }
}

// Runs `body`, keeps its error's text and lets no exception out.
template <typename Body>
int Guarded(skewless_session* session, const Body& body) {
  try {
    session->error.clear();
    const Status status = body();
    if (status) return SKEWLESS_OK;
    session->error = status.error().ToString();
    return CodeOf(status.error().code);
  } catch (const std::exception& exception) {
    // Assigning may throw again where memory is out; the code still tells.
    try {
      session->error = exception.what();
    } catch (...) {
    }
    return SKEWLESS_INTERNAL;
  } catch (...) {
    return SKEWLESS_INTERNAL;
  }
}

int Give(int code, const Bytes& result, uint8_t* out, size_t capacity, size_t* size) {
  if (code != SKEWLESS_OK) {
    *size = 0;
    return code;
  }
  *size = result.size();
  if (result.size() > capacity) return SKEWLESS_TOO_SMALL;
  std::copy(result.begin(), result.end(), out);
  return SKEWLESS_OK;
}

Status CheckState(const skewless_view* view, ByteView state) {
  return state.empty() ? Status() : view->kernel->Validate(state);
}

Status Open(const std::string& yaml, const std::string& name, skewless_view* view) {
  SKEWLESS_ASSIGN_OR_RETURN(view->definition,
                            skewless::ParseDefinition(yaml, "skewless.yaml", "."));
  const int index = view->definition->FindView(name);
  if (index < 0) {
    return Fail(ErrorCode::kNotFound, "the definition has no feature view '" + name + "'",
                "name one of its feature_views");
  }
  SKEWLESS_ASSIGN_OR_RETURN(view->kernel, skewless::ViewKernel::Compile(*view->definition, index));
  return {};
}

Status Load(skewless_session* session, const skewless_view* view, ByteView bytes) {
  const skewless::FeatureViewDefinition& definition = view->kernel->view();
  const skewless::Schema& schema =
      view->definition->sources[static_cast<size_t>(definition.source)].schema;
  SKEWLESS_RETURN_IF_ERROR(skewless::DecodeBatch(bytes, schema, schema, &session->batch));
  if (session->batch.source != static_cast<uint32_t>(definition.source)) {
    return Fail(ErrorCode::kInvalid,
                "the batch is of source " + std::to_string(session->batch.source) + ", and view '" +
                    definition.name + "' reads source " + std::to_string(definition.source),
                "give each view the batches of its own source");
  }
  if (session->batch.rows() > 0 && session->batch.sequence.empty()) {
    return Fail(ErrorCode::kInvalid, "the batch has no sequences or available times",
                "encode it after it was stamped");
  }
  view->kernel->Prepare(session->batch, session->scratch, &session->input);
  session->loaded = view;
  return {};
}

// Rows one by one into session->work, which grows as they ask.
class Folding {
 public:
  Folding(skewless_session* session, const skewless_view* view)
      : session_(session), kernel_(*view->kernel) {}

  Status Begin(ByteView state) {
    session_->work.assign(state.begin(), state.end());
    if (!state.empty()) session_->work.resize(skewless::LoadStateHeader(state.data()).size);
    return {};
  }

  Status Fold(size_t row) {
    const skewless::ViewInput& input = session_->input;
    if (row >= input.rows || (previous_ >= 0 && row <= static_cast<size_t>(previous_))) {
      return Fail(ErrorCode::kInvalid, "row " + std::to_string(row) + " is out of range or order",
                  "give the rows of a batch in ascending order");
    }
    previous_ = static_cast<int64_t>(row);
    if (input.selected[row] == 0) return {};
    const ByteView key = input.keys.key(row);
    if (first_ < 0) first_ = static_cast<int64_t>(row);
    const ByteView first_key = input.keys.key(static_cast<size_t>(first_));
    if (!std::equal(key.begin(), key.end(), first_key.begin(), first_key.end())) {
      return Fail(ErrorCode::kInvalid,
                  "rows " + std::to_string(first_) + " and " + std::to_string(row) +
                      " are of different entities",
                  "fold the rows of each entity into its own state");
    }
    return FoldRecord(row);
  }

  void End() {
    Bytes& state = session_->work;
    if (!state.empty()) state.resize(skewless::LoadStateHeader(state.data()).size);
  }

 private:
  Status FoldRecord(size_t row) {
    Bytes& state = session_->work;
    if (state.empty()) {
      state.resize(kernel_.empty_state_size());
      kernel_.InitState(state.data());
    }
    while (const size_t needed = kernel_.Apply(state.data(), state.size(), session_->input, row)) {
      if (needed > skewless::kMaxStateBytes) {
        return Fail(ErrorCode::kInvalid,
                    "the state of an entity would take " + std::to_string(needed) + " bytes",
                    "choose shorter windows or a longer hop");
      }
      state.resize(needed);
    }
    return {};
  }

  skewless_session* session_;
  const skewless::ViewKernel& kernel_;
  int64_t previous_ = -1;
  int64_t first_ = -1;
};

Status Apply(skewless_session* session, const skewless_view* view, ByteView state,
             const uint32_t* rows, size_t row_count) {
  if (session->loaded != view) {
    return Fail(ErrorCode::kInvalid, "no batch is loaded for this view",
                "call skewless_batch_load first");
  }
  SKEWLESS_RETURN_IF_ERROR(CheckState(view, state));
  Folding folding(session, view);
  SKEWLESS_RETURN_IF_ERROR(folding.Begin(state));
  const size_t count = rows == nullptr ? session->input.rows : row_count;
  for (size_t i = 0; i < count; ++i) {
    SKEWLESS_RETURN_IF_ERROR(folding.Fold(rows == nullptr ? i : rows[i]));
  }
  folding.End();
  return {};
}

}  // namespace

uint32_t skewless_abi_version(void) { return SKEWLESS_ABI_VERSION; }

skewless_session* skewless_session_new(void) {
  try {
    return new skewless_session();
  } catch (...) {
    return nullptr;
  }
}

void skewless_session_free(skewless_session* session) { delete session; }

const char* skewless_last_error(const skewless_session* session) { return session->error.c_str(); }

skewless_view* skewless_view_open(skewless_session* session, const char* yaml, size_t yaml_size,
                                  const char* name, size_t name_size) {
  std::unique_ptr<skewless_view> view;
  const int code = Guarded(session, [&] {
    view = std::make_unique<skewless_view>();
    return Open(std::string(yaml, yaml_size), std::string(name, name_size), view.get());
  });
  return code == SKEWLESS_OK ? view.release() : nullptr;
}

void skewless_view_free(skewless_view* view) { delete view; }

uint64_t skewless_view_fingerprint(const skewless_view* view) {
  return view->kernel->fingerprint();
}

size_t skewless_view_outputs(const skewless_view* view) {
  return view->kernel->view().output_count();
}

const char* skewless_view_output_name(const skewless_view* view, size_t i) {
  const skewless::FeatureViewDefinition& definition = view->kernel->view();
  return i < definition.output_count() ? definition.output_name(i).c_str() : nullptr;
}

int skewless_batch_load(skewless_session* session, const skewless_view* view, const uint8_t* batch,
                        size_t batch_size) {
  session->loaded = nullptr;
  session->input.rows = 0;
  return Guarded(session, [&] { return Load(session, view, ByteView(batch, batch_size)); });
}

size_t skewless_batch_rows(const skewless_session* session) { return session->input.rows; }

int skewless_batch_selected(const skewless_session* session, size_t row) {
  return row < session->input.rows && session->input.selected[row] != 0 ? 1 : 0;
}

const uint8_t* skewless_batch_key(const skewless_session* session, size_t row, size_t* size) {
  *size = 0;
  if (row >= session->input.rows || session->input.keys.valid[row] == 0) return nullptr;
  const ByteView key = session->input.keys.key(row);
  *size = key.size();
  return key.data();
}

int skewless_apply(skewless_session* session, const skewless_view* view, const uint8_t* state,
                   size_t state_size, const uint32_t* rows, size_t row_count, uint8_t* out,
                   size_t capacity, size_t* size) {
  const int code = Guarded(
      session, [&] { return Apply(session, view, ByteView(state, state_size), rows, row_count); });
  return Give(code, session->work, out, capacity, size);
}

int skewless_compact(skewless_session* session, const skewless_view* view, const uint8_t* state,
                     size_t state_size, uint8_t* out, size_t capacity, size_t* size) {
  const int code = Guarded(session, [&]() -> Status {
    const ByteView bytes(state, state_size);
    SKEWLESS_RETURN_IF_ERROR(view->kernel->Validate(bytes));
    view->kernel->Compact(bytes, &session->work);
    return {};
  });
  return Give(code, session->work, out, capacity, size);
}

int skewless_read(skewless_session* session, const skewless_view* view, const uint8_t* state,
                  size_t state_size, int64_t read_us, uint8_t* out, size_t capacity, size_t* size) {
  const int code = Guarded(session, [&]() -> Status {
    const ByteView bytes(state, state_size);
    SKEWLESS_RETURN_IF_ERROR(CheckState(view, bytes));
    view->kernel->Read(bytes, read_us, &session->vector);
    skewless::EncodeVector(session->vector, &session->work);
    return {};
  });
  return Give(code, session->work, out, capacity, size);
}
