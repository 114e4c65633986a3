// Runs one fuzzer without libFuzzer: its kept corpus, then mutations of it from a seed, for as many
// seconds of CPU as asked. An input that crashes is written beside the program and named.
//
//   csv_fuzz --corpus tests/corpus/csv [--seconds 1.5] [--seed 1]
//   csv_fuzz FILE...                     these inputs only: to repeat a finding
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "fuzzing/mutation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Of a sanitizer, where the program is built with one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace skewless {
namespace {

// An input that takes longer hangs, however busy the machine is. A sanitized program is slow, so
// there it has SKEWLESS_SLOWNESS times as long.
unsigned longest_seconds = 120;

// What a signal handler needs: no allocation once an input runs.
std::string finding_path;
const Input* running = nullptr;

void KeepFinding() {
  if (running == nullptr) return;
  const int fd = ::open(finding_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return;
  const bool written = ::write(fd, running->data(), running->size()) >= 0;
  ::close(fd);
  running = nullptr;
  std::fprintf(stderr, "\nfuzz: the input is %s %s\n", written ? "in" : "not in",
               finding_path.c_str());
}

void OnSignal(int signal) {
  KeepFinding();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void CatchCrashes() {
  std::signal(SIGALRM, OnSignal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(KeepFinding);
    std::signal(SIGABRT, OnSignal);
    return;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, OnSignal);
}

void Run(const Input& input) {
  running = &input;
  ::alarm(longest_seconds);
  // A copy of its very size, so that a read past its end is seen.
  const auto copy = std::make_unique<uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), copy.get());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
  running = nullptr;
}

Input ReadInput(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "fuzz: cannot read %s\n", path.c_str());
    std::exit(1);
  }
  return Input(std::istreambuf_iterator<char>(file), {});
}

double CpuSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// In the order of their names, which are hashes: the same on every machine.
std::vector<Input> ReadCorpus(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Input> corpus;
  for (const auto& path : paths) corpus.push_back(ReadInput(path));
  return corpus;
}

int RunCorpus(const std::string& folder, double seconds, uint64_t seed) {
  const std::vector<Input> corpus = ReadCorpus(folder);
  if (corpus.empty()) {
    std::fprintf(stderr, "fuzz: no corpus in %s\n", folder.c_str());
    return 1;
  }
  for (const Input& input : corpus) Run(input);
  Mutator mutator(corpus, seed);
  int64_t mutations = 0;
  for (const double end = CpuSeconds() + seconds; CpuSeconds() < end; ++mutations)
    Run(mutator.Next());
  std::printf("fuzz: %zu kept inputs, %lld mutations, seed %llu\n", corpus.size(),
              static_cast<long long>(mutations), static_cast<unsigned long long>(seed));
  return 0;
}

int Main(int argc, char** argv) {
  finding_path = std::string(argv[0]) + ".finding";
  CatchCrashes();
  if (const char* const slowness = std::getenv("SKEWLESS_SLOWNESS"))
    longest_seconds *= static_cast<unsigned>(std::max(1, std::atoi(slowness)));
  std::string folder;
  double seconds = 1.5;
  uint64_t seed = 1;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_next = i + 1 < argc;
    if (argument == "--corpus" && has_next) {
      folder = argv[++i];
    } else if (argument == "--seconds" && has_next) {
      seconds = std::atof(argv[++i]);
    } else if (argument == "--seed" && has_next) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      files.push_back(argument);
    }
  }
  for (const std::string& file : files) Run(ReadInput(file));
  if (!folder.empty()) return RunCorpus(folder, seconds, seed);
  if (!files.empty()) return 0;
  std::fprintf(stderr, "usage: %s --corpus FOLDER [--seconds N] [--seed N] | FILE...\n", argv[0]);
  return 2;
}

}  // namespace
}  // namespace skewless

int main(int argc, char** argv) { return skewless::Main(argc, argv); }
