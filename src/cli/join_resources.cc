#include "cli/join_resources.h"

#include <cstdlib>

namespace skewless {

void AddJoinResources(CLI::App* command, JoinOptions* options) {
  constexpr int kMostThreads = 1024;
  constexpr uint64_t kLeastMemory = 1 << 20;
  command->add_option("--threads", options->threads, "Threads (default: the machine's)")
      ->check(CLI::Range(1, kMostThreads));
  command
      ->add_option("--memory", options->memory_bytes, "Bytes in memory before spilling, as in 4GiB")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Validator(
          [](const std::string& bytes) {
            return std::strtoull(bytes.c_str(), nullptr, 10) < kLeastMemory
                       ? "at least 1MiB, not " + bytes + " bytes"
                       : "";
          },
          ""));
}

}  // namespace skewless
