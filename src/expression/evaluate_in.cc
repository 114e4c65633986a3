// `x in (literals)`: a search in their sorted values.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

// Few values are found faster by looking at each.
constexpr size_t kLinearLimit = 8;

template <typename T>
struct SetPayload : Payload {
  std::vector<T> values;           // sorted, each once, no NaN
  std::vector<std::string> texts;  // what the values of a set of texts point into
  bool has_null = false;
  bool has_nan = false;

  bool Contains(T value) const {
    if (values.size() > kLinearLimit) {
      return std::binary_search(values.begin(), values.end(), value);
    }
    bool found = false;
    for (const T& candidate : values) found |= candidate == value;
    return found;
  }
};

template <typename T>
void InSet(const Frame& frame, const Instruction& instruction) {
  const auto* set = static_cast<const SetPayload<T>*>(instruction.payload);
  const bool has_null = set->has_null;
  ForRows<int64_t, T>(frame, instruction, [set, has_null](T value, int64_t* out) {
    bool found = false;
    if constexpr (std::is_same_v<T, double>) {
      found = value == value ? set->Contains(value) : set->has_nan;
    } else {
      found = set->Contains(value);
    }
    if (!found && has_null) return Outcome::kNull;
    *out = found ? 1 : 0;
    return Outcome::kValue;
  });
}

template <typename T>
void SortValues(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::unique_ptr<Payload> MakeTextSet(const std::vector<const Value*>& values) {
  auto set = std::make_unique<SetPayload<string_view>>();
  set->texts.reserve(values.size());
  for (const Value* value : values) {
    if (!value->valid) {
      set->has_null = true;
      continue;
    }
    set->texts.push_back(value->bytes);
    set->values.push_back(set->texts.back());
  }
  SortValues(set->values);
  return set;
}

std::unique_ptr<Payload> MakeIntSet(const std::vector<const Value*>& values) {
  auto set = std::make_unique<SetPayload<int64_t>>();
  for (const Value* value : values) {
    if (value->valid) set->values.push_back(value->int_value);
    set->has_null |= !value->valid;
  }
  SortValues(set->values);
  return set;
}

std::unique_ptr<Payload> MakeDoubleSet(const std::vector<const Value*>& values) {
  auto set = std::make_unique<SetPayload<double>>();
  for (const Value* value : values) {
    const bool is_nan = value->double_value != value->double_value;
    if (value->valid && !is_nan) set->values.push_back(value->double_value);
    set->has_nan |= value->valid && is_nan;
    set->has_null |= !value->valid;
  }
  SortValues(set->values);
  return set;
}

}  // namespace

std::unique_ptr<Payload> MakeSet(const std::vector<const Value*>& values, Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return MakeIntSet(values);
    case Physical::kDouble:
      return MakeDoubleSet(values);
    case Physical::kBytes:
      return MakeTextSet(values);
  }
  return nullptr;
}

Operation InSetOperation(Physical physical) {
  switch (physical) {
    case Physical::kInt:
      return InSet<int64_t>;
    case Physical::kDouble:
      return InSet<double>;
    case Physical::kBytes:
      return InSet<string_view>;
  }
  return nullptr;
}

}  // namespace skewless::operations
