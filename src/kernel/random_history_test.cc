// Random histories against a reading of the definition as plain as can be: all records are kept,
// and each read cuts them into tiles and folds them anew. It shares no code with the kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "kernel/kernel_fixture.h"
#include "model/list.h"

namespace skewless {
namespace {

struct Record {
  TestEvent event;
  Sequence sequence;
};

struct Spec {
  std::string aggregate;  // "sum(n)"
  std::string filter;     // "" or "n > 0"
  int64_t window_s = 0;   // 0: all time
  int64_t hop_us = 0;     // 1: exact
};

using Cell = Value;

Cell CellOf(const TestEvent& e, char column) {
  switch (column) {
    case 'n':
      return e.n ? Value::Int(*e.n) : Value::Null({TypeKind::kInt64, false});
    case 'x':
      return e.x ? Value::Double(*e.x) : Value::Null({TypeKind::kFloat64, false});
    case 's':
      return e.s ? Value::String(*e.s) : Value::Null({TypeKind::kString, false});
    default:
      return e.b ? Value::Int(*e.b ? 1 : 0, {TypeKind::kBool, false})
                 : Value::Null({TypeKind::kBool, false});
  }
}

// -1, 0, 1; NaN above all numbers.
int Order(const Cell& a, const Cell& b) {
  switch (PhysicalOf(a.type)) {
    case Physical::kInt:
      return a.int_value < b.int_value ? -1 : a.int_value > b.int_value;
    case Physical::kBytes:
      return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
    case Physical::kDouble:
      break;
  }
  const bool a_nan = std::isnan(a.double_value), b_nan = std::isnan(b.double_value);
  if (a_nan || b_nan) return static_cast<int>(a_nan) - static_cast<int>(b_nan);
  return a.double_value < b.double_value ? -1 : a.double_value > b.double_value;
}

double AsDouble(const Cell& cell) {
  return cell.type.kind == TypeKind::kFloat64 ? cell.double_value
                                              : static_cast<double>(cell.int_value);
}

// Tiles in ascending order, each with the column's non-null cells in sequence order.
using Tiles = std::vector<std::vector<Cell>>;

Value SumOrAvg(const Tiles& tiles, bool avg) {
  int64_t count = 0;
  bool is_int = false;
  __extension__ __int128 int_sum = 0;
  std::optional<double> sum;
  for (const auto& tile : tiles) {
    std::optional<double> tile_sum;
    for (const Cell& cell : tile) {
      ++count;
      is_int = cell.type.kind == TypeKind::kInt64;
      int_sum += cell.int_value;
      tile_sum = tile_sum ? *tile_sum + cell.double_value : cell.double_value;
    }
    if (tile_sum) sum = sum ? *sum + *tile_sum : *tile_sum;
  }
  if (avg) {
    if (count == 0) return Value::Null({TypeKind::kFloat64, false});
    return Value::Double((is_int ? static_cast<double>(int_sum) : *sum) /
                         static_cast<double>(count));
  }
  if (count == 0) return Value::Null({});
  if (!is_int) return Value::Double(*sum);
  const bool fits = int_sum >= std::numeric_limits<int64_t>::min() &&
                    int_sum <= std::numeric_limits<int64_t>::max();
  return fits ? Value::Int(static_cast<int64_t>(int_sum)) : Value::Null({});
}

Value Variance(const Tiles& tiles, bool sample, bool root) {
  double n = 0, mean = 0, m2 = 0;
  for (const auto& tile : tiles) {
    double tn = 0, tmean = 0, tm2 = 0;
    for (const Cell& cell : tile) {
      tn += 1;
      const double d = AsDouble(cell) - tmean;
      tmean += d / tn;
      tm2 += d * (AsDouble(cell) - tmean);
    }
    if (tn == 0) continue;
    if (n == 0) {
      n = tn, mean = tmean, m2 = tm2;
      continue;
    }
    const double total = n + tn, d = tmean - mean;
    mean = mean + d * tn / total;
    m2 = m2 + tm2 + d * d * n * tn / total;
    n = total;
  }
  if (n == 0 || (sample && n < 2)) return Value::Null({});
  const double variance = m2 / (sample ? n - 1 : n);
  return Value::Double(root ? std::sqrt(variance) : variance);
}

Value Extreme(const Tiles& tiles, bool least) {
  std::optional<Cell> best;
  for (const auto& tile : tiles) {
    std::optional<Cell> tile_best;
    for (const Cell& cell : tile) {
      if (!tile_best || (least ? Order(cell, *tile_best) < 0 : Order(cell, *tile_best) > 0))
        tile_best = cell;
    }
    if (tile_best &&
        (!best || (least ? Order(*tile_best, *best) < 0 : Order(*tile_best, *best) > 0)))
      best = tile_best;
  }
  return best ? *best : Value::Null({});
}

class Reference {
 public:
  Reference(std::vector<Record> records, Timestamp t) : t_(t), records_(std::move(records)) {}

  Value Read(const Spec& spec) {
    const size_t open = spec.aggregate.find('(');
    const std::string name = spec.aggregate.substr(0, open);
    const std::string inside = spec.aggregate.substr(open + 1, spec.aggregate.find(')') - open - 1);
    const bool respects = spec.aggregate.find("respect") != std::string::npos;
    std::map<int64_t, std::vector<Record>> tiles = CutTiles(spec);
    const char column = inside[0];
    if (name == "count") return Count(tiles, column);
    if (name == "first" || name == "last")
      return FirstOrLast(tiles, column, inside, name == "first", respects);
    if (name == "min_by" || name == "max_by")
      return By(tiles, column, inside.back(), name == "min_by");
    Tiles cells;
    for (const auto& [k, records] : tiles) {
      auto& tile = cells.emplace_back();
      for (const Record& record : records) {
        Cell cell = CellOf(record.event, column);
        if (cell.valid) tile.push_back(cell);
      }
    }
    if (name == "sum" || name == "avg") return SumOrAvg(cells, name == "avg");
    if (name == "min" || name == "bool_and") return Extreme(cells, true);
    if (name == "max" || name == "bool_or") return Extreme(cells, false);
    return Variance(cells, name.find("samp") != std::string::npos,
                    name.find("stddev") != std::string::npos);
  }

 private:
  std::map<int64_t, std::vector<Record>> CutTiles(const Spec& spec) const {
    std::map<int64_t, std::vector<Record>> tiles;
    for (const Record& record : records_) {
      if (!spec.filter.empty() && !(record.event.n && *record.event.n > 0)) continue;
      if (spec.window_s == 0) {
        tiles[0].push_back(record);
        continue;
      }
      const int64_t k = FloorDiv(record.event.event_us, spec.hop_us);
      if (k > FloorDiv(t_ - spec.window_s * kSecondUs, spec.hop_us) &&
          k <= FloorDiv(t_, spec.hop_us)) {
        tiles[k].push_back(record);
      }
    }
    return tiles;
  }

  static Value Count(const std::map<int64_t, std::vector<Record>>& tiles, char column) {
    int64_t count = 0;
    for (const auto& [k, records] : tiles) {
      for (const Record& r : records)
        count += column == '*' || CellOf(r.event, column).valid ? 1 : 0;
    }
    return Value::Int(count);
  }

  static std::vector<Record> All(const std::map<int64_t, std::vector<Record>>& tiles) {
    std::vector<Record> all;
    for (const auto& [k, records] : tiles) all.insert(all.end(), records.begin(), records.end());
    std::sort(all.begin(), all.end(), [](const Record& a, const Record& b) {
      return std::pair(a.event.event_us, a.sequence) < std::pair(b.event.event_us, b.sequence);
    });
    return all;
  }

  static Value FirstOrLast(const std::map<int64_t, std::vector<Record>>& tiles, char column,
                           const std::string& inside, bool first, bool respects) {
    std::vector<Cell> cells;
    for (const Record& r : All(tiles)) {
      Cell cell = CellOf(r.event, column);
      if (cell.valid || respects) cells.push_back(cell);
    }
    if (cells.empty()) return Value::Null({});
    const size_t comma = inside.find(',');
    if (comma == std::string::npos) return first ? cells.front() : cells.back();
    const auto n = std::min(cells.size(), static_cast<size_t>(std::stoi(inside.substr(comma + 1))));
    const size_t begin = first ? 0 : cells.size() - n;
    ListBuilder builder(cells[0].type.kind);
    for (size_t i = begin; i < begin + n; ++i) builder.Add(cells[i].view());
    return Value::String(std::string(builder.Finish()), {cells[0].type.kind, true});
  }

  static Value By(const std::map<int64_t, std::vector<Record>>& tiles, char column, char order,
                  bool least) {
    const Record* best = nullptr;
    const std::vector<Record> all = All(tiles);
    for (const Record& r : all) {
      if (!CellOf(r.event, order).valid) continue;
      if (best == nullptr) {
        best = &r;
        continue;
      }
      const int o = Order(CellOf(r.event, order), CellOf(best->event, order));
      if (least ? o < 0 : o > 0) best = &r;
    }
    return best == nullptr ? Value::Null({}) : CellOf(best->event, column);
  }

  Timestamp t_;
  std::vector<Record> records_;
};

const std::vector<std::string> kAggregates = {"count(*)",
                                              "count(n)",
                                              "count(s)",
                                              "sum(n)",
                                              "sum(x)",
                                              "avg(n)",
                                              "avg(x)",
                                              "min(n)",
                                              "max(n)",
                                              "min(x)",
                                              "max(x)",
                                              "min(s)",
                                              "max(s)",
                                              "var_pop(x)",
                                              "var_samp(n)",
                                              "stddev_samp(x)",
                                              "stddev_pop(n)",
                                              "first(n)",
                                              "last(x)",
                                              "first(s)",
                                              "last(s)",
                                              "last(n) respect nulls",
                                              "first(s) respect nulls",
                                              "bool_and(b)",
                                              "bool_or(b)",
                                              "min_by(n, x)",
                                              "max_by(s, n)",
                                              "max_by(x, s)",
                                              "min_by(s, s)",
                                              "last(n, 3)",
                                              "first(n, 4)",
                                              "last(s, 3)",
                                              "first(s, 2)",
                                              "last(x, 20)",
                                              "last(s, 17)",
                                              "first(b, 5)"};

std::vector<Spec> RandomSpecs(std::mt19937& random) {
  const std::vector<std::pair<int64_t, int64_t>> windows = {
      {0, 0}, {10, kSecondUs},      {20, kSecondUs}, {60, 5 * kSecondUs},
      {5, 1}, {30, 30 * kSecondUs}, {120, 7500000}};
  std::vector<Spec> specs;
  const size_t count = 1 + random() % 14;
  for (size_t i = 0; i < count; ++i) {
    const auto [window, hop] = windows[random() % windows.size()];
    specs.push_back({kAggregates[random() % kAggregates.size()], random() % 4 == 0 ? "n > 0" : "",
                     window, hop});
  }
  return specs;
}

std::vector<TestFeature> TextsOf(const std::vector<Spec>& specs) {
  std::vector<TestFeature> texts;
  for (const Spec& spec : specs) {
    std::string text = spec.aggregate;
    if (!spec.filter.empty()) text += " filter (where " + spec.filter + ")";
    if (spec.window_s > 0) text += " over " + FormatDuration(spec.window_s * kSecondUs);
    if (spec.hop_us == 1) text += " exact";
    if (spec.hop_us > 1) text += " hop " + FormatDuration(spec.hop_us);
    texts.push_back({"f" + std::to_string(texts.size()), text});
  }
  return texts;
}

template <typename T>
std::optional<T> Pick(std::mt19937& random, const std::vector<T>& values) {
  const size_t i = random() % (values.size() + 1);
  return i == values.size() ? std::nullopt : std::optional<T>(values[i]);
}

TestEvent RandomEvent(std::mt19937& random, Timestamp now) {
  static const std::vector<int64_t> ints = {0,
                                            1,
                                            -1,
                                            7,
                                            7,
                                            100,
                                            std::numeric_limits<int64_t>::max(),
                                            std::numeric_limits<int64_t>::min()};
  static const std::vector<double> doubles = {
      0.0, -0.0, 0.1, 1e16, -1e16, 1.0, 3.3, std::nan(""), std::numeric_limits<double>::infinity()};
  static const std::vector<std::string> texts = {
      "", "a", "b", "ab", "a longer text than others", std::string(60, 'q')};
  Timestamp t = now;
  switch (random() % 8) {
    case 0:
      t -= static_cast<Timestamp>(random() % (30 * kSecondUs));
      break;  // late
    case 1:
      t += static_cast<Timestamp>(random() % (15 * kSecondUs));
      break;  // of the future
    case 2:
      t = FloorDiv(t, kSecondUs) * kSecondUs;
      break;  // on an edge
    default:
      t -= static_cast<Timestamp>(random() % 3);
  }
  return {t, Pick(random, ints), Pick(random, doubles), Pick(random, texts),
          Pick<bool>(random, {false, true})};
}

std::string Difference(const TestView& view, FeatureVector& got, Reference& reference,
                       const std::vector<Spec>& specs) {
  for (size_t i = 0; i < specs.size(); ++i) {
    Value want = reference.Read(specs[i]);
    want.type = got.values[i].type;
    if (!SameBits(want.view(), got.values[i])) {
      return view.kernel().view().features[i].text + ": " + FormatValue(got.values[i]) +
             ", expected " + FormatValue(want.view());
    }
  }
  return "";
}

// What a state reads as stays until its next change.
std::string Unsteady(const TestView& view, TestEntity* entity, Timestamp t, std::mt19937& random) {
  const Timestamp next = view.kernel().NextChange(entity->state(), t);
  if (next <= t) return "the next change is not later";
  std::vector<Value> before;
  for (const ValueView& value : entity->Read(t).values) before.push_back(Value::Of(value));
  const Timestamp last = next == kMaxTimestamp ? t + 1000 * kSecondUs : next - 1;
  const Timestamp amid = t + static_cast<Timestamp>(random()) % (last - t + 1);
  for (const Timestamp then : {amid, last}) {
    const FeatureVector& after = entity->Read(then);
    for (size_t i = 0; i < before.size(); ++i) {
      if (SameBits(before[i].view(), after.values[i])) continue;
      return view.kernel().view().features[i].text + " changed at or before " +
             std::to_string(then) + ", expected not before " + std::to_string(next);
    }
  }
  return "";
}

void RunHistory(uint32_t seed) {
  std::mt19937 random(seed);
  const std::vector<Spec> specs = RandomSpecs(random);
  const std::vector<TestFeature> texts = TextsOf(specs);
  const TestView view(texts);
  TestEntity entity(view);
  std::vector<Record> records;
  Timestamp now = (static_cast<Timestamp>(random() % 3) - 1) * 100 * kSecondUs;
  const auto pace = static_cast<Timestamp>(1) << (random() % 25);
  for (int i = 0; i < 120; ++i) {
    now += static_cast<Timestamp>(random()) % pace;
    const TestEvent event = RandomEvent(random, now);
    entity.Apply(event, now);
    records.push_back({event, static_cast<Sequence>(records.size() + 1)});
    if (random() % 4 != 0) continue;
    const auto status = view.kernel().Validate(entity.state());
    ASSERT_TRUE(status.has_value()) << status.error().ToString() << " seed " << seed;
    if (random() % 4 == 0) {
      Bytes compact;
      view.kernel().Compact(entity.state(), &compact);
      ASSERT_TRUE(view.kernel().Validate(compact).has_value()) << "seed " << seed;
      ASSERT_LE(compact.size(), entity.state().size());
      entity.set_state(compact);
    }
    const Timestamp t =
        now + static_cast<Timestamp>(random() % 4 == 0 ? random() % (90 * kSecondUs) : 0);
    Reference reference(records, t);
    const std::string difference = Difference(view, entity.Read(t), reference, specs);
    ASSERT_EQ(difference, "") << "seed " << seed << ", after " << records.size() << " events, at "
                              << t;
    ASSERT_EQ(Unsteady(view, &entity, t, random), "") << "seed " << seed << ", at " << t;
  }
}

TEST(RandomHistory, ReadsWhatTheDefinitionSays) {
  for (uint32_t seed = 1; seed <= 250; ++seed) {
    RunHistory(seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace skewless
