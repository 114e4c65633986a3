// The kernel by itself: Apply and Read, as the engine calls them.
#include <algorithm>
#include <map>
#include <numeric>

#include "property/dice.h"
#include "property/paths.h"

namespace skewless::property {
namespace {

std::vector<size_t> LabelsByTime(const Case& c) {
  std::vector<size_t> order(c.labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return c.labels[a].time_us < c.labels[b].time_us; });
  return order;
}

class Folder {
 public:
  Folder(const CompiledCase& c, bool compact) : case_(c), compact_(compact), dice_(c.parts().seed) {
    states_.resize(c.views());
  }

  Finding Run() {
    const std::vector<size_t> order = LabelsByTime(case_.parts());
    size_t next = 0;
    for (size_t i = 0; i < case_.batch_count(); ++i) {
      const Batch& batch = case_.batch(i);
      std::vector<ViewInput> inputs(case_.views());
      for (size_t view = 0; view < case_.views(); ++view) {
        if (!Takes(view, batch)) continue;
        case_.kernels()[view]->Prepare(batch, scratch_, &inputs[view]);
      }
      for (size_t row = 0; row < batch.rows(); ++row) {
        for (; next < order.size(); ++next) {
          const Label& label = case_.parts().labels[order[next]];
          if (label.time_us >= batch.available_us[row]) break;
          if (auto found = Check(label)) return found;
        }
        for (size_t view = 0; view < case_.views(); ++view) {
          if (!Takes(view, batch) || inputs[view].selected[row] == 0) continue;
          if (auto found = Fold(view, inputs[view], row)) return found;
        }
      }
    }
    for (; next < order.size(); ++next) {
      if (auto found = Check(case_.parts().labels[order[next]])) return found;
    }
    return std::nullopt;
  }

 private:
  bool Takes(size_t view, const Batch& batch) const {
    return case_.view(static_cast<int>(view)).source == static_cast<int>(batch.source);
  }

  Finding Fold(size_t view, const ViewInput& input, size_t row) {
    const ViewKernel& kernel = *case_.kernels()[view];
    const ByteView key = input.keys.key(row);
    Bytes& state = states_[view][std::string(AsText(key))];
    if (state.empty()) {
      state.resize(kernel.empty_state_size() + static_cast<size_t>(dice_.Pick({0, 0, 8, 4096})));
      kernel.InitState(state.data());
    }
    while (const size_t needed = kernel.Apply(state.data(), state.size(), input, row)) {
      if (needed <= state.size()) return "Apply asks for a capacity that it has";
      if (LoadStateHeader(state.data()).sequence >= input.sequence[row]) {
        return "Apply asks for more room and has folded already";
      }
      state.resize(needed);
    }
    if (!compact_ || !dice_.Chance(30)) return std::nullopt;
    return Compact(kernel, &state);
  }

  // From here on the state is the compact one.
  Finding Compact(const ViewKernel& kernel, Bytes* state) {
    const ByteView used(state->data(), LoadStateHeader(state->data()).size);
    if (const Status valid = kernel.Validate(used); !valid) {
      return "a state is refused: " + valid.error().ToString();
    }
    Bytes compact;
    kernel.Compact(used, &compact);
    if (const Status valid = kernel.Validate(compact); !valid) {
      return "a compact state is refused: " + valid.error().ToString();
    }
    if (compact.size() > used.size()) return "a compact state is larger than the state";
    *state = std::move(compact);
    return std::nullopt;
  }

  Finding Check(const Label& label) {
    const auto view = static_cast<size_t>(label.view);
    const ViewKernel& kernel = *case_.kernels()[view];
    const std::optional<Bytes> key = case_.KeyBytes(label);
    const auto found = key ? states_[view].find(std::string(AsText(*key))) : states_[view].end();
    ByteView state;
    if (found != states_[view].end()) {
      if (compact_) {
        if (auto refused = Compact(kernel, &found->second)) return refused;
      }
      state = ByteView(found->second.data(), LoadStateHeader(found->second.data()).size);
    }
    kernel.Read(state, label.time_us, &vector_);
    return case_.Difference(label, label.time_us, AnswerOf(vector_));
  }

  const CompiledCase& case_;
  const bool compact_;
  Dice dice_;
  std::vector<std::map<std::string, Bytes>> states_;  // by view: key -> state
  EvaluationScratch scratch_;
  FeatureVector vector_;  // one for all views, as a server has
};

}  // namespace

Finding FoldAndRead(const CompiledCase& c) { return Folder(c, false).Run(); }
Finding FoldCompacted(const CompiledCase& c) { return Folder(c, true).Run(); }

}  // namespace skewless::property
