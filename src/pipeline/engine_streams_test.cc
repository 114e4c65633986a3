// A source of several streams, such as a topic's partitions, and the watermark that they hold.
#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

struct EventRun {
  std::string stream;
  std::vector<Timestamp> events;  // after kTestStart
  bool ended = false;
};
using Script = std::vector<std::vector<EventRun>>;  // the runs of each batch

// Says what it is told to. As a topic does: what ended has no position in its last batch.
class ScriptedSource : public Source {
 public:
  ScriptedSource(const Schema& schema, Script script)
      : schema_(schema), script_(std::move(script)) {}

  Result<bool> Next(size_t, DurationUs, Batch* batch) override {
    batch->Reset(&schema_, 0);
    if (next_ == script_.size()) return false;
    for (const EventRun& run : script_[next_++]) {
      for (const Timestamp event : run.events) Add(kTestStart + event, batch);
      batch->runs.push_back({run.stream, run.events.size(), run.ended});
      if (!run.ended) batch->positions.push_back({run.stream, rows_});
    }
    return true;
  }
  SourceProgress progress() const override { return {}; }

 private:
  // As EngineYaml's columns have it: user, n, ts, at.
  void Add(Timestamp event, Batch* batch) {
    const int64_t row[] = {1, ++rows_, event, event};
    for (size_t i = 0; i < std::size(row); ++i) batch->columns[i].AppendInt(row[i]);
    batch->event_us.push_back(event);
  }

  const Schema& schema_;
  const Script script_;
  size_t next_ = 0;
  int64_t rows_ = 0;
};

class EngineStreams : public EngineTest {
 protected:
  EngineStreams() : EngineTest(EngineYaml("    allowed_lateness: 0s\n")) {}

  // Events, after kTestStart, and whether each was applied.
  using Decided = std::vector<std::pair<Timestamp, bool>>;
  Decided Decide(const Script& script) {
    EngineOptions options;
    options.parts.open_source = [&](const Definition& definition, int source, const SourceOptions&,
                                    const DeadLetterSink&) -> Result<std::unique_ptr<Source>> {
      const Schema& schema = definition.sources[static_cast<size_t>(source)].schema;
      return std::make_unique<ScriptedSource>(schema, script);
    };
    Run(std::move(options));
    Decided decided;
    for (const LoggedRecord& record : Log())
      decided.emplace_back(record.event_us - kTestStart, record.applied);
    return decided;
  }
};

TEST_F(EngineStreams, TheSlowestHoldsTheWatermark) {
  EXPECT_EQ(Decide({{{"t/0", {100}}, {"t/1", {10}}}, {{"t/0", {101, 50, 9}}}}),
            (Decided{{100, true}, {10, true}, {101, true}, {50, true}, {9, false}}));
}

// What ended holds it no longer, though nothing but its end came in a batch.
TEST_F(EngineStreams, OneThatEndedDoesNot) {
  const Script script = {
      {{"t/0", {100}}, {"t/1", {10}}}, {{"t/1", {}, /*ended=*/true}}, {{"t/0", {101, 50}}}};
  EXPECT_EQ(Decide(script), (Decided{{100, true}, {10, true}, {101, true}, {50, false}}));
}

}  // namespace
}  // namespace skewless
