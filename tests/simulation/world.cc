#include "simulation/world.h"

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "model/key.h"
#include "pipeline/online_of.h"

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

// As of a definition that names it.
Result<RedisOptions> RedisOptionsOf(const Scenario& scenario, const std::string& root,
                                    const KernelSet& kernels) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto named, DefinitionOf(scenario, root));
  named->online.type = "redis";
  named->online.options["address"] = "simulated:6379";
  return RedisStoreOf(*named, kernels);
}

// By view of the case, where the definition has it.
std::vector<int> NumbersIn(const Definition& definition,
                           const std::vector<property::ViewText>& views) {
  std::vector<int> numbers;
  for (const property::ViewText& view : views) {
    const auto found =
        std::find_if(definition.views.begin(), definition.views.end(),
                     [&](const FeatureViewDefinition& named) { return named.name == view.name; });
    numbers.push_back(
        found == definition.views.end() ? -1 : static_cast<int>(found - definition.views.begin()));
  }
  return numbers;
}

}  // namespace

World::World(const Scenario& scenario, std::string root)
    : scenario_(scenario),
      root_(std::move(root)),
      machine_(StartOf(scenario)),
      owned_server_(MakeServer()),
      server_(*owned_server_),
      kafka_(scenario),
      dice_(scenario.seed ^ 0x0D15EA5E) {
  std::filesystem::remove_all(root_);
  std::filesystem::create_directories(root_);
  files_.SetObserver([this](const std::string& operation) { Observe(operation); });
}

std::unique_ptr<SimulatedServer> World::MakeServer() {
  const DurationUs ahead = ClockAheadOf(scenario_);
  if (!scenario_.redis)
    return std::make_unique<SimulatedServer>(&machine_, ahead, scenario_.values);
  // Its stamps are numbers in its scripts, which hold times from 1970 to the year 2112.
  const Timestamp began =
      std::clamp(machine_.realtime_us() + ahead, Timestamp{kDayUs}, Timestamp{1} << 52);
  auto redis =
      std::make_unique<MirroredRedis>(&machine_, began - machine_.realtime_us(), scenario_.values);
  redis_ = redis.get();
  return redis;
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
  views_ = NumbersIn(*definition_, scenario_.drawn.views);
  if (redis_ != nullptr) {
    SKEWLESS_ASSIGN_OR_RETURN(redis_options_, RedisOptionsOf(scenario_, root_, kernels_));
    redis_->Expect(redis_options_);
  }
  return scenario_.redefined.empty() ? Status() : CompileRedefined();
}

Status World::CompileRedefined() {
  Scenario redefined = scenario_;
  redefined.drawn.views = scenario_.redefined;
  SKEWLESS_ASSIGN_OR_RETURN(other_.definition, DefinitionOf(redefined, root_));
  SKEWLESS_ASSIGN_OR_RETURN(other_.kernels, CompileKernels(*other_.definition));
  other_.views = NumbersIn(*other_.definition, scenario_.drawn.views);
  if (redis_ == nullptr) return {};
  SKEWLESS_ASSIGN_OR_RETURN(other_.redis_options, RedisOptionsOf(redefined, root_, other_.kernels));
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
  if (error_) {
    if (Finding found = Live(last, true)) return found;
  }
  const bool sweeps = redis_ != nullptr && scenario_.values && !scenario_.redefined.empty();
  return sweeps ? Sweep() : std::nullopt;
}

std::string World::DeadLettersPath(size_t source) const {
  return definition_->ResolvePath(definition_->sources[source].dead_letters);
}

property::Label World::LabelIn(int version, int label) const {
  property::Label out = scenario_.drawn.labels[static_cast<size_t>(label)];
  const std::vector<int>& numbers = version == version_ ? views_ : other_.views;
  out.view = numbers[static_cast<size_t>(out.view)];
  return out;
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
