// What a stop leaves, and whether a start goes on with the online store that it finds.
#include <filesystem>

#include "pipeline/engine_fixture.h"

namespace skewless {
namespace {

class EngineRestart : public EngineTest {
 protected:
  void Write(const std::string& name, int64_t first, int64_t last) {
    std::string text = kEventsHeader;
    for (int64_t n = first; n <= last; ++n) text += EventLine(1, n, n, n);
    repository_.Write(name, text);
  }
  // Opens an engine and lets it die.
  bool IsRebuilt() {
    auto engine = Open();
    return engine == nullptr || engine->rebuilt();
  }
};

TEST_F(EngineRestart, AStoreThatWasClosedIsUsedAsItIs) {
  Write("events-1.csv", 1, 10);
  Run();
  EXPECT_FALSE(IsRebuilt());
  EXPECT_EQ(Read(1).values, "10, 55");
  // It was opened and not closed.
  EXPECT_TRUE(IsRebuilt());
  EXPECT_EQ(Read(1).values, "10, 55");
}

// From a copy, say: closed well, and yet it lacks what the log took in since.
TEST_F(EngineRestart, AStoreOfAnEarlierTimeIsBuiltAnew) {
  const std::filesystem::path online = repository_.Path("var/online");
  const std::filesystem::path copy = repository_.Path("copy");
  Write("events-1.csv", 1, 10);
  Run();
  std::filesystem::copy(online, copy);
  Write("events-2.csv", 11, 20);
  Run();
  std::filesystem::remove_all(online);
  std::filesystem::copy(copy, online);
  EXPECT_TRUE(IsRebuilt());
  EXPECT_EQ(Read(1).values, "20, 210");
}

class LiveStop : public EngineTest {
 protected:
  LiveStop() : EngineTest(EngineYaml("")) {}
};

// What was decoded before the stop is made durable and readable, be it more than a group.
TEST_F(LiveStop, DrainsAllThatWasDecoded) {
  std::string text = kEventsHeader;
  for (int64_t n = 1; n <= 100; ++n) text += EventLine(1, n, n, n);
  repository_.Write("events.csv", text);
  EngineOptions options;
  options.batch_rows = 5;
  options.group_rows = 5;
  auto engine = Open(std::move(options));
  ASSERT_NE(engine, nullptr);
  for (int batch = 0; batch < 4; ++batch) engine->StepSource(0);
  for (;;) {
    const auto turn = engine->Step(true);
    ASSERT_TRUE(turn.has_value()) << turn.error().ToString();
    if (*turn == Engine::Turn::kEnded) break;
  }
  ASSERT_TRUE(engine->Close().has_value());
  EXPECT_EQ(LoggedNumbers().size(), 20u);
  EXPECT_EQ(Read(1).values, "20, 210");
}

}  // namespace
}  // namespace skewless
