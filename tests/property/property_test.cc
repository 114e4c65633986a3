// Every path of the product against the oracle, to the bit, over drawn definitions and histories.
//
//   SKEWLESS_SEEDS=5000 property_test    more of them
//   SKEWLESS_SEED=123 property_test      that one alone
#include <gtest/gtest.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>

#include "property/compiled_case.h"
#include "property/paths.h"
#include "property/shrink.h"

namespace skewless::property {
namespace {

constexpr uint64_t kSeeds = 300;
constexpr int kShrinkTrials = 1500;

struct Seeds {
  uint64_t first = 1;
  uint64_t last = kSeeds;
};

Seeds SeedsToRun() {
  if (const char* one = std::getenv("SKEWLESS_SEED")) {
    const uint64_t seed = std::strtoull(one, nullptr, 10);
    return {seed, seed};
  }
  if (const char* count = std::getenv("SKEWLESS_SEEDS")) {
    return {1, std::strtoull(count, nullptr, 10)};
  }
  return {};
}

// A crash names its seed, too.
volatile uint64_t running_seed = 0;

extern "C" void NameTheSeed(int signal) {
  char text[64] = "\ncrashed: SKEWLESS_SEED=";
  char* end = std::to_chars(text + 24, text + 60, running_seed).ptr;
  *end++ = '\n';
  // Nothing is left to do where even this fails.
  if (write(STDERR_FILENO, text, static_cast<size_t>(end - text)) < 0) _exit(1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// Compiled once for all paths, unless there are too many to keep.
std::shared_ptr<const CompiledCase> CaseOf(uint64_t seed) {
  static std::map<uint64_t, std::shared_ptr<const CompiledCase>> kept;
  const auto found = kept.find(seed);
  if (found != kept.end()) return found->second;
  std::string error;
  std::shared_ptr<const CompiledCase> compiled = CompiledCase::Compile(RandomCase(seed), &error);
  EXPECT_NE(compiled, nullptr) << "seed " << seed << ": " << error;
  if (kept.size() < kSeeds) kept[seed] = compiled;
  return compiled;
}

void Report(uint64_t seed, const Path& path, const std::string& finding) {
  const Case small = Shrink(RandomCase(seed), path, kShrinkTrials);
  std::string error;
  const auto compiled = CompiledCase::Compile(small, &error);
  const Finding of_small = path(*compiled);
  ADD_FAILURE() << "seed " << seed << " (SKEWLESS_SEED=" << seed << " runs it alone): " << finding
                << "\ncut down: " << of_small.value_or("(passes when run again)") << "\n"
                << Describe(small);
}

void ExpectAgreement(const Path& path) {
  const Seeds seeds = SeedsToRun();
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) {
    const auto before = std::signal(signal, NameTheSeed);
    const bool is_other = before != SIG_DFL && before != NameTheSeed;
    if (is_other) std::signal(signal, before);  // a sanitizer's, which tells more
  }
  for (uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    running_seed = seed;
    const auto compiled = CaseOf(seed);
    ASSERT_NE(compiled, nullptr);
    if (const Finding finding = path(*compiled)) {
      Report(seed, path, *finding);
      return;
    }
  }
}

TEST(AgreesWithTheOracle, FoldAndRead) { ExpectAgreement(FoldAndRead); }
TEST(AgreesWithTheOracle, FoldCompacted) { ExpectAgreement(FoldCompacted); }
TEST(AgreesWithTheOracle, JoinAvailable) { ExpectAgreement(JoinAvailable); }
TEST(AgreesWithTheOracle, JoinInHindsight) { ExpectAgreement(JoinInHindsight); }
TEST(AgreesWithTheOracle, JoinDecoded) { ExpectAgreement(JoinDecoded); }
TEST(AgreesWithTheOracle, JoinFromLog) { ExpectAgreement(JoinFromLog); }
TEST(AgreesWithTheOracle, ServeStepped) { ExpectAgreement(ServeStepped); }
TEST(AgreesWithTheOracle, ServeAnytime) { ExpectAgreement(ServeAnytime); }
TEST(AgreesWithTheOracle, ServeLive) { ExpectAgreement(ServeLive); }
TEST(AgreesWithTheOracle, ServeFromRedis) { ExpectAgreement(ServeFromRedis); }

}  // namespace
}  // namespace skewless::property
