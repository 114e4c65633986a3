// What the benchmark programs share: a repository's vectors, read as a model in the same process
// would read them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "definition/definition.h"
#include "kernel/kernel_set.h"
#include "serving/feature_reader.h"

namespace skewless::bench {

// Ends the program with the error where there is one.
template <typename T>
T Must(Result<T> result);
void Must(Status status);

// The vectors of a service whose one entity key is an int64.
class OnlineVectors {
 public:
  OnlineVectors(const std::string& repository, const std::string& service);
  // Waits until the store can be read.
  void AwaitOpen();
  const ReadRow& Read(int64_t key);
  // The bytes of the entity's state in the service's first view; empty where it has none.
  ByteView ReadState(int64_t key);
  const ReadPlan& plan() const { return plan_; }

 private:
  std::unique_ptr<Definition> definition_;
  KernelSet kernels_;
  ReadPlan plan_;
  std::unique_ptr<FeatureReader> reader_;
  std::unique_ptr<OnlineReader> states_;
  std::vector<Column> inputs_;
};

[[noreturn]] void EndWith(const Error& error);

template <typename T>
T Must(Result<T> result) {
  if (!result.has_value()) EndWith(result.error());
  return std::move(*result);
}
inline void Must(Status status) {
  if (!status.has_value()) EndWith(status.error());
}

}  // namespace skewless::bench
