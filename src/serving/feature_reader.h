// From a request (features or a service, entities, request columns) to vectors, all of a row read
// at one T. What HTTP, `get` and tests call.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/kernel_set.h"
#include "online/online_store.h"

namespace skewless {

// What is asked, resolved once and then used for many rows. Outputs in the asked order.
struct ReadPlan {
  int service = -1;                        // -1: features were listed
  std::vector<FeatureReference> features;  // of views
  std::vector<int> views;                  // distinct, ascending
  struct Output {
    std::string name, full_name;
    Type type;
    FeatureReference feature;
    int derived = -1;
  };
  std::vector<Output> outputs;      // features, then the service's derived
  std::vector<ColumnSpec> keys;     // distinct entity key columns
  std::vector<ColumnSpec> request;  // the service's request columns
  // A reply's "feature_names", keys first, as JSON; with full feature names, too.
  std::string names_json, full_names_json;
  std::string name_given_twice;  // one that several columns have, unless with full feature names
};
Result<ReadPlan> PlanService(const Definition& definition, const std::string& service);
Result<ReadPlan> PlanFeatures(const Definition& definition,
                              const std::vector<std::string>& features);

// One row's answer.
struct ReadRow {
  Timestamp read_us = 0;                   // T, one for all views
  std::vector<ValueView> values;           // by plan.outputs
  std::vector<RowStatus> statuses;         // of each output's view; a service's derived: kPresent
  std::vector<Timestamp> newest_event_us;  // by output; 0 where none
  struct ViewRead {
    int view;
    RowStatus status;
    Sequence sequence;
    Timestamp newest_event_us;
  };
  std::vector<ViewRead> views;  // by plan.views
};

// One thread's reader.
class FeatureReader {
 public:
  // What the rows of one request may take in the store, but for a request of one.
  static constexpr size_t kMostBytes = size_t{512} << 20;
  // `online` may be null where only Finish is used.
  FeatureReader(const Definition& definition, const KernelSet& kernels,
                std::unique_ptr<OnlineReader> online, size_t most_bytes = kMostBytes);
  ~FeatureReader();

  // Rows of a request, all read at one T. `inputs` has a column for each of plan.keys, then for
  // each of plan.request, of their types, all with `rows` rows. A null key is NOT_FOUND. The rows
  // are valid until the next call.
  Result<std::span<const ReadRow>> ReadMany(const ReadPlan& plan, const std::vector<Column>& inputs,
                                            size_t rows);
  // Whether the last ReadMany failed as its rows take more than that.
  bool gave_up() const;
  // What the last ReadMany's rows took in the store.
  size_t read_bytes() const;
  // Whether a read can be answered now, and of which views none can, though of others (by number).
  Result<std::vector<int>> ClosedViews();
  // One row by names; a missing key or request column is an error.
  Result<const ReadRow*> Read(const ReadPlan& plan, const std::map<std::string, Value>& inputs);
  // Finishes a row whose states come from elsewhere (get --at): the same code after the store.
  // `states` by plan.views; empty: none. `state_read_us`, where it is given: when each is read.
  Result<const ReadRow*> Finish(const ReadPlan& plan, const std::map<std::string, Value>& inputs,
                                Timestamp read_us, const std::vector<ByteView>& states,
                                std::span<const Timestamp> state_read_us = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skewless
