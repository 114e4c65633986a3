#include "simulation/world.h"

#include <filesystem>

#include "base/check.h"
#include "model/key.h"

namespace skewless::simulation {
namespace {

Timestamp StartOf(const Scenario& scenario) {
  const auto& events = scenario.drawn.events;
  return events.empty() ? 1'700'000'000 * kSecondUs : events.front().record.available_us;
}

// Whatever the engine's clock says, the store's says something else.
DurationUs ClockAheadOf(const Scenario& scenario) {
  property::Dice dice(scenario.seed ^ 0xC10C);
  const DurationUs hop = scenario.drawn.hop_us;
  return dice.Pick({DurationUs{0}, DurationUs{1}, -hop, hop, 50 * hop, -50 * hop, -kHourUs});
}

}  // namespace

World::World(const Scenario& scenario, std::string root)
    : scenario_(scenario),
      root_(std::move(root)),
      machine_(StartOf(scenario)),
      server_(&machine_, ClockAheadOf(scenario), scenario.values),
      dice_(scenario.seed ^ 0x0D15EA5E) {
  std::filesystem::remove_all(root_);
  std::filesystem::create_directories(root_);
  files_.SetObserver([this](const std::string& operation) { Observe(operation); });
}

World::~World() {
  watching_ = false;
  for (Reader& reader : readers_) reader.handle.reset();
  files_.Kill();
  engine_.reset();
  overrun_.reset();
  std::filesystem::remove_all(root_);
}

Status World::Compile() {
  SKEWLESS_ASSIGN_OR_RETURN(definition_, DefinitionOf(scenario_, root_));
  SKEWLESS_ASSIGN_OR_RETURN(kernels_, CompileKernels(*definition_));
  return {};
}

Finding World::Run() {
  if (const Status compiled = Compile(); !compiled) {
    return kRefused + compiled.error().ToString();
  }
  for (const Life& life : scenario_.lives) {
    if (Finding found = Live(life, false)) return found;
  }
  Life last;
  last.seed = scenario_.seed + 99;
  if (Finding found = Live(last, true)) return found;
  // It may have met a damaged file, which was restored then.
  return error_ ? Live(last, true) : std::nullopt;
}

std::string World::DeadLettersPath(size_t source) const {
  return definition_->ResolvePath(definition_->sources[source].dead_letters);
}

std::optional<Bytes> World::KeyOf(const property::Label& label) const {
  for (const Value& value : label.key) {
    if (!value.valid) return std::nullopt;
  }
  auto key = EncodeKey(label.key);
  SKEWLESS_CHECK(key.has_value());
  return std::move(*key);
}

}  // namespace skewless::simulation
