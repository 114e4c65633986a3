// The whole engine on a simulated machine: one seed, one world.
//
//   simulation --seeds 1000            so many, from 1 on
//   simulation --seeds 1000 --first 5  from there on
//   simulation --seed 123              that one alone, with what it is made of where it fails
//   simulation --seed 123 --trace      and every operation of its last life
//   simulation --worlds redis          of another kind: world_kinds.cc has their names
//   simulation --all                   count all that fail, cutting none down
//
// Where a seed fails it is printed and cut down to something small that fails in the same way.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "simulation/scenario_shrink.h"
#include "simulation/verdict.h"
#include "simulation/world_kinds.h"

namespace skewless::simulation {
namespace {

struct Arguments {
  uint64_t seed = 0;
  uint64_t seeds = 1000;
  uint64_t first = 1;
  uint64_t stride = 1;
  int shrink = 2000;
  bool trace = false;
  bool all = false;
  std::string worlds = WorldKinds().front().name;
  const WorldKind* kind = nullptr;  // of that name
};

// What repeats a world, without its seed.
std::string CommandOf(const WorldKind& kind) {
  return std::string("simulation --worlds ") + kind.name + " --seed ";
}

// A crash of the program itself names its seed, too.
volatile uint64_t running_seed = 0;
const char* volatile running_command = "";

extern "C" void NameTheSeed(int signal) {
  char text[96] = "\ncrashed: ";
  char* end = text + std::strlen(text);
  for (const char* at = running_command; *at != 0; ++at) *end++ = *at;
  end = std::to_chars(end, text + 90, running_seed).ptr;
  *end++ = '\n';
  if (write(STDERR_FILENO, text, static_cast<size_t>(end - text)) < 0) _exit(1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string Root() {
  // Memory where there is some: the store's files are mapped, and nobody needs them afterwards.
  const std::filesystem::path memory = "/dev/shm";
  const bool usable = ::access(memory.c_str(), W_OK) == 0;
  return ((usable ? memory : std::filesystem::temp_directory_path()) /
          ("skewless_simulation_" + std::to_string(::getpid())))
      .string();
}

struct Outcome {
  Finding finding;
  Tally tally;
  std::vector<std::string> trace;
};

Outcome RunScenario(const Scenario& scenario) {
  World world(scenario, Root());
  Outcome outcome;
  outcome.finding = world.Run();
  if (!outcome.finding) outcome.finding = Judge(&world);
  outcome.tally = world.tally();
  outcome.tally.restarts = world.server().restarts;
  outcome.tally.lost_rows = world.server().lost_rows;
  outcome.tally.late_writes = world.server().late_writes;
  outcome.tally.writes = world.server().writes;
  outcome.tally.refused_writes = world.server().refused;
  outcome.tally.timed_writes = world.server().timed_writes;
  outcome.tally.behind = world.server().behind;
  if (world.redis() != nullptr) {
    outcome.tally.additions = world.redis()->redis().additions();
    outcome.tally.apart = world.redis()->redis().apart();
    outcome.tally.earlier_rows = world.redis()->earlier_rows;
  }
  outcome.tally.outages = world.kafka().outages;
  outcome.tally.deals = world.kafka().deals;
  outcome.tally.retired = world.kafka().retired;
  outcome.tally.appeared = world.kafka().appeared;
  outcome.tally.forgotten = world.kafka().forgotten;
  if (outcome.finding) outcome.trace = world.trace();
  return outcome;
}

void Add(const Tally& one, Tally* all) {
  all->lives += one.lives;
  all->crashes += one.crashes;
  all->steps += one.steps;
  all->operations += one.operations;
  all->records += one.records;
  all->reads += one.reads;
  all->vectors += one.vectors;
  all->rebuilt += one.rebuilt;
  all->reopened += one.reopened;
  all->rots += one.rots;
  all->rots_found += one.rots_found;
  all->dead_letters += one.dead_letters;
  all->table_rows += one.table_rows;
  all->merged_rows += one.merged_rows;
  all->overruns += one.overruns;
  all->refused_reads += one.refused_reads;
  all->restarts += one.restarts;
  all->lost_rows += one.lost_rows;
  all->late_writes += one.late_writes;
  all->writes += one.writes;
  all->refused_writes += one.refused_writes;
  all->forgiven += one.forgiven;
  all->timed_writes += one.timed_writes;
  all->behind += one.behind;
  all->plain_vectors += one.plain_vectors;
  all->quiets += one.quiets;
  all->quiet_rows += one.quiet_rows;
  all->additions += one.additions;
  all->apart += one.apart;
  all->removed += one.removed;
  all->earlier_rows += one.earlier_rows;
  all->outages += one.outages;
  all->deals += one.deals;
  all->retired += one.retired;
  all->appeared += one.appeared;
  all->forgotten += one.forgotten;
}

void Report(uint64_t seed, const Outcome& outcome, const Arguments& arguments) {
  std::printf("seed %llu fails (%s%llu): %s\n", static_cast<unsigned long long>(seed),
              CommandOf(*arguments.kind).c_str(), static_cast<unsigned long long>(seed),
              outcome.finding->c_str());
  std::fflush(stdout);
  if (arguments.trace) {
    for (const std::string& line : outcome.trace) std::printf("  %s\n", line.c_str());
  }
  if (arguments.shrink == 0 || arguments.all) return;
  const Scenario small = ShrinkScenario(
      arguments.kind->draw(seed),
      // In the same way: findings of a kind begin alike.
      [kind = outcome.finding->substr(0, 12)](const Scenario& scenario) {
        const Finding finding = RunScenario(scenario).finding;
        return finding && finding->starts_with(kind) && !finding->starts_with(kRefused);
      },
      arguments.shrink);
  const Outcome again = RunScenario(small);
  std::printf("cut down to %zu records and %zu lives: %s\n%s", small.records(),
              small.lives.size() + 1, again.finding.value_or("(passes when run again)").c_str(),
              Describe(small).c_str());
  if (arguments.trace) {
    std::printf("its last life:\n");
    for (const std::string& line : again.trace) std::printf("  %s\n", line.c_str());
  }
}

int Run(const Arguments& arguments) {
  const bool one = arguments.seed != 0;
  const uint64_t first = one ? arguments.seed : arguments.first;
  const uint64_t end = one ? arguments.seed + 1 : arguments.first + arguments.seeds;
  Tally all;
  const int64_t start = ProcessCpuNanos();
  int64_t count = 0;
  int64_t failed = 0;
  for (uint64_t seed = first; seed < end; seed += one ? 1 : arguments.stride) {
    running_seed = seed;
    const Outcome outcome = RunScenario(arguments.kind->draw(seed));
    if (outcome.finding) {
      Report(seed, outcome, arguments);
      if (!arguments.all) return 1;
      ++failed;
    }
    Add(outcome.tally, &all);
    ++count;
  }
  const double seconds = static_cast<double>(ProcessCpuNanos() - start) / 1e9;
  if (failed > 0) {
    std::printf("%lld of %lld seeds fail; %.1f s of CPU\n", static_cast<long long>(failed),
                static_cast<long long>(count), seconds);
    return 1;
  }
  std::printf(
      "%lld seeds hold: %lld lives, %lld power cuts, %lld overruns, %lld steps, %lld operations, "
      "%lld records,\n"
      "%lld reads of %lld vectors, store built anew %lld and reopened %lld times, %lld bits "
      "flipped\n(%lld met by an engine), %lld dead letters, %lld table rows, %lld merged; "
      "%.1f s of CPU\n",
      static_cast<long long>(count), static_cast<long long>(all.lives),
      static_cast<long long>(all.crashes), static_cast<long long>(all.overruns),
      static_cast<long long>(all.steps), static_cast<long long>(all.operations),
      static_cast<long long>(all.records), static_cast<long long>(all.reads),
      static_cast<long long>(all.vectors), static_cast<long long>(all.rebuilt),
      static_cast<long long>(all.reopened), static_cast<long long>(all.rots),
      static_cast<long long>(all.rots_found), static_cast<long long>(all.dead_letters),
      static_cast<long long>(all.table_rows), static_cast<long long>(all.merged_rows), seconds);
  if (all.writes > 0) {
    std::printf(
        "the server was sent %lld writes, %lld of them late, and refused %lld of older engines or "
        "after a loss;\nit was restarted %lld times and lost %lld rows; readers were refused %lld "
        "times, %lld vectors "
        "rest on what nobody was told\n",
        static_cast<long long>(all.writes), static_cast<long long>(all.late_writes),
        static_cast<long long>(all.refused_writes), static_cast<long long>(all.restarts),
        static_cast<long long>(all.lost_rows), static_cast<long long>(all.refused_reads),
        static_cast<long long>(all.forgiven));
    std::printf(
        "%lld writes were of time alone, %lld came behind; plain clients found %lld vectors; %lld "
        "rows were fresh in %lld quiet moments\n",
        static_cast<long long>(all.timed_writes), static_cast<long long>(all.behind),
        static_cast<long long>(all.plain_vectors), static_cast<long long>(all.quiet_rows),
        static_cast<long long>(all.quiets));
  }
  if (all.additions > 0) {
    std::printf("%lld numbers were added to by steps, %lld steps did not fit their rows\n",
                static_cast<long long>(all.additions), static_cast<long long>(all.apart));
  }
  if (all.removed > 0) {
    std::printf("%lld rows of the other definition were removed\n",
                static_cast<long long>(all.removed));
  }
  if (all.outages > 0) {
    std::printf(
        "the brokers went away %lld times, dealt partitions out %lld times, removed messages of "
        "%lld;\n%lld partitions appeared, and topics were forgotten %lld times\n",
        static_cast<long long>(all.outages), static_cast<long long>(all.deals),
        static_cast<long long>(all.retired), static_cast<long long>(all.appeared),
        static_cast<long long>(all.forgotten));
  }
  if (all.earlier_rows > 0) {
    std::printf("%lld rows of the other definition were looked at for stamps\n",
                static_cast<long long>(all.earlier_rows));
  }
  return 0;
}

}  // namespace
}  // namespace skewless::simulation

int main(int argc, char** argv) {
  using namespace skewless::simulation;
  Arguments arguments;
  CLI::App app("The whole engine on a simulated machine, from seeds.");
  std::string kinds = "which kind of them:";
  for (const WorldKind& kind : WorldKinds())
    kinds += std::string("\n") + kind.name + ": " + kind.what;
  app.add_option("--seed", arguments.seed, "run this one alone");
  app.add_option("--seeds", arguments.seeds, "how many to run");
  app.add_option("--worlds", arguments.worlds, kinds)->check([](const std::string& name) {
    return FindWorldKind(name) != nullptr ? std::string() : "there are no worlds named " + name;
  });
  app.add_option("--first", arguments.first, "the first of them");
  app.add_option("--stride", arguments.stride, "from one to the next, for runs side by side")
      ->check(CLI::PositiveNumber);
  app.add_option("--shrink", arguments.shrink, "trials to cut a failing one down; 0: none");
  app.add_flag("--all", arguments.all, "go on after a failing one, and count them");
  app.add_flag("--trace", arguments.trace, "print the operations of a failing one's last life");
  CLI11_PARSE(app, argc, argv);
  arguments.kind = FindWorldKind(arguments.worlds);
  const std::string command = CommandOf(*arguments.kind);
  running_command = command.c_str();
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) {
    const auto before = std::signal(signal, NameTheSeed);
    if (before != SIG_DFL) std::signal(signal, before);  // a sanitizer's, which tells more
  }
  return Run(arguments);
}
