// Cases that write_messages.py has written, and rows printed as it prints them.
#pragma once

#include <string>
#include <vector>

#include "model/batch.h"

namespace skewless {

struct WrittenCase {
  std::string schema;  // its text
  std::string base;    // its files' names without what tells them apart
  Schema columns;
  std::vector<std::string> messages;  // their bytes
  std::vector<std::string> expected;  // a row each
};

// Runs SKEWLESS_PYTHON write_messages.py; an empty list where it fails.
std::vector<WrittenCase> WriteCases(const std::string& kind, int seed, int count,
                                    const std::string& folder);

// A file of messages: u32 length, bytes.
std::vector<std::string> ReadFramed(const std::string& path);

std::vector<std::string> PrintedRows(const Batch& batch);

}  // namespace skewless
