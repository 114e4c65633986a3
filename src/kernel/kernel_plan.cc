#include "kernel/kernel_plan.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "kernel/state_access.h"
#include "kernel/tile_layout.h"

namespace skewless {
namespace {

constexpr uint32_t kPlanVersion = 1;  // of how a definition becomes a layout; in the fingerprint

// Which accumulator of which tile an output comes from, before offsets are known.
struct OutputSource {
  int32_t tier = -1;
  int64_t tiles = 0;  // of its window
  size_t accumulator = 0;
};

class PlanBuilder {
 public:
  PlanBuilder(const Definition& definition, const FeatureViewDefinition& view)
      : definition_(definition), view_(view), plan_(std::make_unique<KernelPlan>()) {}

  Result<std::unique_ptr<KernelPlan>> Build() {
    plan_->view = &view_;
    plan_->schema_columns = source().schema.columns.size();
    for (const FeatureDefinition& feature : view_.features) {
      SKEWLESS_RETURN_IF_ERROR(AddFeature(feature));
    }
    LayOutState();
    LayOutReads();
    FindDerivedInputs();
    plan_->fingerprint = Fingerprint();
    return std::move(plan_);
  }

 private:
  const SourceDefinition& source() const {
    return definition_.sources[static_cast<size_t>(view_.source)];
  }

  tl::unexpected<Error> FailAt(const FeatureDefinition& feature, ErrorCode code,
                               const std::string& what, std::string remedy) const {
    return Fail(code, "feature '" + feature.name + "' of view '" + view_.name + "': " + what,
                std::move(remedy));
  }

  Status AddFeature(const FeatureDefinition& feature) {
    OutputSource from;
    if (feature.window) {
      const WindowSpec window = *feature.window;
      if (window.hop_us <= 0 || window.window_us <= 0 || window.window_us % window.hop_us != 0) {
        return FailAt(feature, ErrorCode::kInvalid, "the window is not a multiple of its hop",
                      "choose a hop that divides " + FormatDuration(window.window_us));
      }
      from.tiles = window.window_us / window.hop_us;
      from.tier = FindTier(window.hop_us);
      Tier& tier = plan_->tiers[static_cast<size_t>(from.tier)];
      tier.tiles = std::max(tier.tiles, from.tiles);
    }
    SKEWLESS_ASSIGN_OR_RETURN(const Accumulator wanted, AccumulatorOf(feature));
    from.accumulator = FindAccumulator(LayoutOf(from.tier), wanted);
    sources_.push_back(from);
    return {};
  }

  TileLayout& LayoutOf(int32_t tier) {
    return tier < 0 ? plan_->all_time : plan_->tiers[static_cast<size_t>(tier)];
  }

  int32_t FindTier(DurationUs hop_us) {
    auto& tiers = plan_->tiers;
    for (size_t i = 0; i < tiers.size(); ++i) {
      if (tiers[i].clock.hop_us() == hop_us) return static_cast<int32_t>(i);
    }
    tiers.emplace_back().clock = TileClock(hop_us);
    return static_cast<int32_t>(tiers.size() - 1);
  }

  // An expression's index among the distinct ones.
  int32_t FindProgram(const Ast& ast, const Program& program, std::vector<std::string>* texts,
                      std::vector<const Program*>* programs) {
    std::string text = TypeName(program.type()) + " " + CanonicalText(ast);
    const auto found = std::find(texts->begin(), texts->end(), text);
    if (found != texts->end()) return static_cast<int32_t>(found - texts->begin());
    texts->push_back(std::move(text));
    programs->push_back(&program);
    return static_cast<int32_t>(texts->size() - 1);
  }

  int32_t FindArgument(const Ast& ast, const Program& program) {
    const int32_t index = FindProgram(ast, program, &argument_texts_, &plan_->arguments);
    if (static_cast<size_t>(index) == plan_->argument_types.size()) {
      plan_->argument_types.push_back(program.type());
    }
    return index;
  }

  Result<Accumulator> AccumulatorOf(const FeatureDefinition& feature) {
    Accumulator a;
    if (feature.filter_program != nullptr) {
      a.filter =
          FindProgram(*feature.filter, *feature.filter_program, &filter_texts_, &plan_->filters);
    }
    if (feature.argument_program != nullptr) {
      a.argument = FindArgument(*feature.argument, *feature.argument_program);
      a.argument_type = feature.argument_program->type();
      a.physical = PhysicalOf(a.argument_type);
    }
    if (feature.order_program != nullptr) {
      a.order = FindArgument(*feature.order_argument, *feature.order_program);
      a.order_physical = PhysicalOf(feature.order_program->type());
    }
    const bool is_bytes = a.physical == Physical::kBytes;
    a.kind = a.argument < 0 || is_bytes        ? AccumulatorKind::kCount
             : a.physical == Physical::kDouble ? AccumulatorKind::kNumericDouble
                                               : AccumulatorKind::kNumericInt;
    switch (feature.aggregate) {
      case AggregateKind::kCount:
        return a;
      case AggregateKind::kSum:
      case AggregateKind::kAvg:
        a.parts = kSumPart;
        break;
      case AggregateKind::kBoolAnd:
        a.parts = kMinPart;
        break;
      case AggregateKind::kBoolOr:
        a.parts = kMaxPart;
        break;
      case AggregateKind::kMin:
        a.parts = kMinPart;
        if (is_bytes) a.kind = AccumulatorKind::kMinBytes;
        break;
      case AggregateKind::kMax:
        a.parts = kMaxPart;
        if (is_bytes) a.kind = AccumulatorKind::kMaxBytes;
        break;
      case AggregateKind::kVarPop:
      case AggregateKind::kVarSamp:
      case AggregateKind::kStddevPop:
      case AggregateKind::kStddevSamp:
        a.parts = kMomentsPart;
        break;
      case AggregateKind::kFirst:
        a.kind = AccumulatorKind::kFirst;
        break;
      case AggregateKind::kLast:
        a.kind = AccumulatorKind::kLast;
        break;
      case AggregateKind::kMinBy:
        a.kind = AccumulatorKind::kMinBy;
        break;
      case AggregateKind::kMaxBy:
        a.kind = AccumulatorKind::kMaxBy;
        break;
      case AggregateKind::kSumDecayed:
        a.kind = AccumulatorKind::kDecayed;
        a.half_life_us = feature.half_life_us;
        break;
      case AggregateKind::kCountBy:
        a.kind = AccumulatorKind::kCountBy;
        break;
      case AggregateKind::kTimeSinceLast:  // of the event's time
        a.parts = kMaxPart;
        break;
      case AggregateKind::kFirstN:
        a.kind = AccumulatorKind::kFirstList;
        break;
      case AggregateKind::kLastN:
        a.kind = AccumulatorKind::kLastList;
        break;
      default:
        return FailAt(feature, ErrorCode::kUnsupported,
                      "the aggregate " + std::string(AggregateName(feature.aggregate)) +
                          " is not one of those that fold exactly",
                      "use another aggregate");
    }
    SKEWLESS_RETURN_IF_ERROR(CheckAccumulator(feature, a));
    return a;
  }

  Status CheckAccumulator(const FeatureDefinition& feature, Accumulator& a) const {
    const bool misfits = (a.kind == AccumulatorKind::kDecayed && a.physical != Physical::kDouble) ||
                         (a.kind == AccumulatorKind::kCountBy && a.physical != Physical::kBytes);
    if (a.argument < 0 || (a.is_by() && a.order < 0) || a.kind == AccumulatorKind::kCount ||
        misfits) {
      return FailAt(feature, ErrorCode::kInvalid, "the argument does not suit the aggregate",
                    "give it a column of a type that it takes");
    }
    if (a.kind != AccumulatorKind::kNumericDouble && a.kind != AccumulatorKind::kNumericInt) {
      a.parts = 0;
      a.respect_nulls = feature.respect_nulls && !a.is_by() &&
                        a.kind != AccumulatorKind::kMinBytes &&
                        a.kind != AccumulatorKind::kMaxBytes;
    }
    if (!a.is_list()) return {};
    constexpr int64_t kMaxListSize = 100'000;
    if (feature.list_size <= 0 || feature.list_size > kMaxListSize || a.argument_type.is_list) {
      return FailAt(feature, ErrorCode::kInvalid,
                    "a list of " + std::to_string(feature.list_size) + " values can't be kept",
                    "ask for 1 to " + std::to_string(kMaxListSize) + " single values");
    }
    a.list_size = static_cast<uint32_t>(feature.list_size);
    return {};
  }

  // Numeric accumulators over the same argument and filter take each other's parts.
  static size_t FindAccumulator(TileLayout& layout, const Accumulator& wanted) {
    auto& all = layout.accumulators;
    for (size_t i = 0; i < all.size(); ++i) {
      Accumulator& a = all[i];
      if (a.kind == wanted.kind && a.argument == wanted.argument && a.order == wanted.order &&
          a.filter == wanted.filter && a.list_size == wanted.list_size &&
          a.half_life_us == wanted.half_life_us && a.respect_nulls == wanted.respect_nulls) {
        a.parts |= wanted.parts;
        return i;
      }
    }
    all.push_back(wanted);
    return all.size() - 1;
  }

  void LayOut(TileLayout& layout, int32_t tier) {
    const std::vector<size_t> place = LayOutTile(&layout);
    for (OutputSource& from : sources_) {
      if (from.tier == tier) from.accumulator = place[from.accumulator];
    }
  }

  // Header, heap head, the all-time tile, then each tier's head and newest tile: one event touches
  // adjacent cache lines only. Arrays of older tiles and the heap follow.
  void LayOutState() {
    LayOut(plan_->all_time, -1);
    plan_->has_heap = plan_->all_time.uses_heap();
    for (size_t i = 0; i < plan_->tiers.size(); ++i) {
      Tier& tier = plan_->tiers[i];
      LayOut(tier, static_cast<int32_t>(i));
      plan_->has_heap = plan_->has_heap || tier.uses_heap();
      // An eighth more than a full window, so that expired tiles leave many at a time.
      tier.steady_capacity = static_cast<uint32_t>(
          std::min<int64_t>(tier.tiles + tier.tiles / 8, std::numeric_limits<int32_t>::max()));
    }
    uint32_t at = sizeof(StateHeader);
    if (plan_->has_heap) {
      plan_->heap_head_at = at;
      at += static_cast<uint32_t>(sizeof(HeapHead));
    }
    plan_->all_time.payload_at = at;
    at += plan_->all_time.payload_size();
    for (Tier& tier : plan_->tiers) {
      tier.head_at = at;
      tier.payload_at = at + static_cast<uint32_t>(sizeof(TierHead));
      at = tier.payload_at + tier.payload_size();
    }
    plan_->layouts.push_back(&plan_->all_time);
    for (const Tier& tier : plan_->tiers) plan_->layouts.push_back(&tier);
    FillEmptyState(at);
  }

  void FillEmptyState(uint32_t size) {
    Bytes& state = plan_->empty_state;
    state.assign(size, 0);
    std::copy(plan_->all_time.fresh.begin(), plan_->all_time.fresh.end(),
              state.begin() + plan_->all_time.payload_at);
    for (const Tier& tier : plan_->tiers) {
      StoreTierHead(state.data(), tier, TierHead{0, size, 0, 0, 0});
      std::copy(tier.fresh.begin(), tier.fresh.end(), state.begin() + tier.payload_at);
    }
    if (plan_->has_heap) StoreLe(state.data() + plan_->heap_head_at, HeapHead{size, 0});
  }

  // Outputs by window, then by accumulator: each window's tiles are walked once an accumulator.
  void LayOutReads() {
    using Window = std::pair<int32_t, int64_t>;
    std::map<Window, std::map<size_t, std::vector<uint32_t>>> order;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const OutputSource& from = sources_[i];
      order[{from.tier, from.tiles}][from.accumulator].push_back(static_cast<uint32_t>(i));
    }
    for (const auto& [window, accumulators] : order) {
      WindowRead window_read{window.first, window.second, Count(plan_->accumulator_reads), 0};
      for (const auto& [accumulator, outputs] : accumulators) {
        AccumulatorRead read{static_cast<uint32_t>(accumulator), Count(plan_->output_reads), 0};
        for (const uint32_t output : outputs) {
          const FeatureDefinition& feature = view_.features[output];
          plan_->output_reads.push_back({output, feature.aggregate, feature.type});
          plan_->depends_on_order =
              plan_->depends_on_order || DependsOnFoldingOrder(window.first, accumulator);
        }
        read.end = Count(plan_->output_reads);
        plan_->accumulator_reads.push_back(read);
      }
      window_read.end = Count(plan_->accumulator_reads);
      plan_->windows.push_back(window_read);
    }
  }

  template <typename T>
  static uint32_t Count(const std::vector<T>& items) {
    return static_cast<uint32_t>(items.size());
  }

  // Sums round, moments divide, and of 0.0 and -0.0 the first one seen is the least and greatest.
  bool DependsOnFoldingOrder(int32_t tier, size_t accumulator) {
    const Accumulator& a = LayoutOf(tier).accumulators[accumulator];
    return a.kind == AccumulatorKind::kDecayed ||
           (a.kind == AccumulatorKind::kNumericDouble && a.parts != 0) ||
           (a.parts & kMomentsPart) != 0;
  }

  void FindDerivedInputs() {
    std::set<uint32_t> inputs;
    for (const DerivedDefinition& derived : view_.derived) {
      for (const int input : derived.program->inputs()) inputs.insert(static_cast<uint32_t>(input));
    }
    plan_->derived_inputs.assign(inputs.begin(), inputs.end());
  }

  static void PutLayout(Bytes& out, const TileLayout& layout) {
    PutLe<uint32_t>(out, Count(layout.accumulators));
    for (const Accumulator& a : layout.accumulators) {
      PutLe(out, static_cast<uint8_t>(a.kind));
      PutLe(out, a.parts);
      PutLe<uint8_t>(out, a.respect_nulls ? 1 : 0);
      for (const int32_t index : {a.argument, a.order, a.filter}) PutLe(out, index);
      PutLe(out, a.list_size);
      PutLe(out, a.half_life_us);
    }
  }

  // Of what a state's bytes mean: names of features and what is derived from them can change.
  uint64_t Fingerprint() const {
    Bytes text;
    PutLe(text, kStateMagic);
    PutLe(text, kPlanVersion);
    PutLengthPrefixed(text, source().name);
    for (const int column : view_.key_columns) {
      const ColumnSpec& key = source().schema.columns[static_cast<size_t>(column)];
      PutLengthPrefixed(text, key.name);
      PutLengthPrefixed(text, TypeName(key.type));
    }
    PutLengthPrefixed(text, view_.where == nullptr ? "" : CanonicalText(*view_.where));
    for (const auto* texts : {&argument_texts_, &filter_texts_}) {
      PutLe<uint32_t>(text, Count(*texts));
      for (const std::string& one : *texts) PutLengthPrefixed(text, one);
    }
    PutLayout(text, plan_->all_time);
    for (const Tier& tier : plan_->tiers) {
      PutLe(text, tier.clock.hop_us());
      PutLe(text, tier.tiles);
      PutLayout(text, tier);
    }
    return Hash64(text);
  }

  const Definition& definition_;
  const FeatureViewDefinition& view_;
  std::unique_ptr<KernelPlan> plan_;
  std::vector<std::string> argument_texts_;
  std::vector<std::string> filter_texts_;
  std::vector<OutputSource> sources_;  // by feature
};

}  // namespace

Result<std::unique_ptr<KernelPlan>> BuildKernelPlan(const Definition& definition, int view) {
  SKEWLESS_CHECK(view >= 0 && static_cast<size_t>(view) < definition.views.size());
  auto plan = PlanBuilder(definition, definition.views[static_cast<size_t>(view)]).Build();
  if (!plan) return tl::unexpected<Error>(plan.error());
  StateHeader header{};
  header.magic = kStateMagic;
  header.size = static_cast<uint32_t>((*plan)->empty_state.size());
  header.fingerprint = (*plan)->fingerprint;
  header.available_us = kMinTimestamp;
  header.newest_event_us = kMinTimestamp;
  StoreLe((*plan)->empty_state.data(), header);
  return plan;
}

}  // namespace skewless
