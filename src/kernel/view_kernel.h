// The kernel of one feature view: how an event changes an entity's state, and what vector a state
// holds at an instant. Pure: no I/O, no clock, no thread, no memory of its own between calls. The
// engine, the server, the training join, the offline tables and the C ABI call the same two
// functions, Apply and Read; parity between them is by construction.
//
// Usage:
//   kernel.Prepare(batch, scratch, &input);             // once a batch: columns in, columns out
//   for each selected row: kernel.Apply(state, capacity, input, row);
//   kernel.Read(state_bytes, t, &vector);
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"
#include "kernel/state.h"
#include "model/batch.h"
#include "model/key.h"

namespace skewless {

struct KernelPlan;

// A batch as one view sees it. Pointers are into the batch or into `owned`; the batch outlives it.
// Rows can also come from elsewhere (the join's partitions): fill the same arrays.
struct ViewInput {
  size_t rows = 0;
  KeyColumn keys;
  std::vector<uint8_t> selected;         // 1: `where` holds, the key is not null, applied
  std::vector<const Column*> arguments;  // by ViewKernel::argument_types()
  std::vector<const uint8_t*> filters;   // by ViewKernel::filter_count(); 1 where true
  const Sequence* sequence = nullptr;
  const Timestamp* event_us = nullptr;
  const Timestamp* available_us = nullptr;

  std::vector<Column> owned_arguments;
  std::vector<std::vector<uint8_t>> owned_filters;
  StringArena owned_strings;

  // Scratch of Prepare.
  std::vector<const Column*> columns;
  std::vector<const Column*> key_columns;
};

enum class RowStatus : uint8_t {
  kPresent = 0,
  // No record available at T, or the row has expired: every feature is null, count included.
  kNotFound = 1,
  kOutsideMaxAge = 2,  // the newest event is older than T - ttl: every feature is null
};

// What a read gives. Reused between reads; values stay valid until the next one.
struct FeatureVector {
  Timestamp read_us = 0;  // T
  RowStatus status = RowStatus::kNotFound;
  Sequence sequence = 0;          // what it rests on; 0 where not found
  Timestamp newest_event_us = 0;  // 0 where not found
  std::vector<ValueView> values;  // features, then derived: FeatureViewDefinition's outputs

  // Scratch, not for callers.
  StringArena arena;
  std::vector<Column> columns;
  std::vector<const Column*> scope;
  // Its counts are for callers: sums outside int64 and what derived expressions met, summed over
  // all reads.
  EvaluationScratch evaluation;
};

class ViewKernel {
 public:
  // `definition` outlives the kernel.
  static Result<std::unique_ptr<ViewKernel>> Compile(const Definition& definition, int view);
  ~ViewKernel();

  const FeatureViewDefinition& view() const;
  // Of everything that the encoding of a state depends on. States of another are refused.
  uint64_t fingerprint() const;
  // True where the bits of a result may depend on the order of folding (float sums).
  bool depends_on_order() const;

  // Distinct arguments and filters, shared among features.
  const std::vector<Type>& argument_types() const;
  size_t filter_count() const;
  void Prepare(const Batch& batch, EvaluationScratch& scratch, ViewInput* input) const;

  size_t empty_state_size() const;
  void InitState(uint8_t* state) const;  // empty_state_size() bytes

  // Folds a selected row into the state in place, and drops tiles that no read at or after the
  // row's available time can reach. Returns 0 when done; otherwise the state holds what it held and
  // the capacity it needs is returned: copy its bytes to where there is so much, and call again.
  // (More than kMaxStateBytes can't be given: that is an error that names the entity.) Capacities
  // grow by at least a quarter at a time, so the cost of copying is amortised. Rows must come in
  // ascending sequence.
  size_t Apply(uint8_t* state, size_t capacity, const ViewInput& input, size_t row) const;

  // Asks for the cache lines that an event of the newest tiles touches, some rows ahead of Apply.
  void Prefetch(const uint8_t* state) const;

  // The vector at `t`, never before the state's available_us. Empty `state`: NOT_FOUND.
  // The bytes must be a state of this kernel (see Validate).
  void Read(ByteView state, Timestamp t, FeatureVector* out) const;

  // The first time after `t` at which Read may give other values for the same state: a tile enters
  // or leaves a window, or the time to live ends. kMaxTimestamp: never again. `t` as in Read; not
  // for a view with a feature that ChangesAtEveryInstant.
  Timestamp NextChange(ByteView state, Timestamp t) const;

  // Bounds, magic, fingerprint and every offset: for bytes that come from a disk or a wire.
  Status Validate(ByteView state) const;
  // The same state without slack or garbage, for reads at or after `least_us` only: what is sent to
  // another store.
  void Compact(ByteView state, Bytes* out, Timestamp least_us = kMinTimestamp) const;

  // For `check`: tiles a window has at most, bytes of a state with one event and with all tiles.
  struct Footprint {
    size_t empty_bytes, one_event_bytes, dense_bytes;
    struct Tier {
      DurationUs hop_us;
      DurationUs longest_window_us;
      int64_t tiles;
      size_t tile_bytes;
    };
    std::vector<Tier> tiers;
  };
  Footprint footprint() const;

  // Whether `outputs` (and what derived ones among them look at) are last values over all time of a
  // fixed size, and nothing else: then which, by feature. Null is not a value for any of them.
  struct LastValue {
    uint32_t output;
    int32_t argument;
    int32_t filter;  // -1: none
  };
  bool IsLastValuesOnly(std::span<const int> outputs, std::vector<LastValue>* values) const;
  // The vector of such values: `raw[i]` is what argument `values[i]` held (a double's bits), where
  // `present[i]`.
  void SetLastValues(Timestamp t, std::span<const LastValue> values, const uint64_t* raw,
                     const uint8_t* present, FeatureVector* out) const;

  // For this room's other ways of computing the same.
  const KernelPlan& plan() const { return *plan_; }

 private:
  explicit ViewKernel(std::unique_ptr<const KernelPlan> plan);
  void Select(const Batch& batch, EvaluationScratch& scratch, ViewInput* input) const;
  std::unique_ptr<const KernelPlan> plan_;
};

}  // namespace skewless
