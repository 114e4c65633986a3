#include "messages/written_cases.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/bytes.h"
#include "base/file.h"
#include "model/list.h"
#include "model/value.h"

namespace skewless {
namespace {

std::string Contents(const std::string& path) {
  const Result<std::string> contents = ReadWholeFile(SystemFiles(), path);
  EXPECT_TRUE(contents.has_value()) << path;
  return contents ? *contents : "";
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// "price float64 price", "ts timestamp[ms] user/seen", "tags string[] tags".
ColumnSpec ParseColumn(const std::string& line) {
  ColumnSpec spec;
  std::string type, field;
  std::istringstream words(line);
  words >> spec.name >> type >> field;
  std::istringstream names(field);
  for (std::string name; std::getline(names, name, '/');) spec.field.push_back(name);
  const std::pair<const char*, TimestampUnit> units[] = {{"[s]", TimestampUnit::kSeconds},
                                                         {"[ms]", TimestampUnit::kMillis},
                                                         {"[us]", TimestampUnit::kMicros},
                                                         {"[ns]", TimestampUnit::kNanos}};
  for (const auto& [text, unit] : units) {
    const size_t at = type.find(text);
    if (at == std::string::npos) continue;
    type.erase(at, std::string(text).size());
    spec.unit = unit;
  }
  const auto parsed = ParseTypeName(type);
  EXPECT_TRUE(parsed.has_value()) << line;
  spec.type = parsed.value_or(Type{});
  return spec;
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "x";
  for (const char c : bytes) {
    text += kHex[static_cast<unsigned char>(c) >> 4];
    text += kHex[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string Printed(const ValueView& value) {
  if (!value.valid) return "null";
  if (value.type.is_list) {
    std::vector<ValueView> elements;
    EXPECT_TRUE(DecodeList(value.type.kind, value.bytes, &elements));
    std::string text = "[";
    for (const ValueView& element : elements) {
      if (text.size() > 1) text += ",";
      text += Printed(element);
    }
    return text + "]";
  }
  if (PhysicalOf(value.type) == Physical::kInt) return std::to_string(value.int_value);
  if (PhysicalOf(value.type) == Physical::kBytes) return Hex(value.bytes);
  char bits[17];
  std::snprintf(bits, sizeof bits, "%016llx",
                static_cast<unsigned long long>(std::bit_cast<uint64_t>(value.double_value)));
  return bits;
}

}  // namespace

std::vector<WrittenCase> WriteCases(const std::string& kind, int seed, int count,
                                    const std::string& folder) {
  const char* const python = std::getenv("SKEWLESS_PYTHON");
  EXPECT_NE(python, nullptr) << "run through ctest";
  if (python == nullptr) return {};
  const std::string command = "'" + std::string(python) + "' tests/messages/write_messages.py " +
                              kind + " " + std::to_string(seed) + " " + std::to_string(count) +
                              " '" + folder + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::vector<WrittenCase> cases;
  for (int i = 0; i < count; ++i) {
    WrittenCase& one = cases.emplace_back();
    one.base = JoinPath(folder, std::to_string(i));
    one.schema = Contents(one.base + ".schema");
    for (const std::string& line : Lines(Contents(one.base + ".columns"))) {
      one.columns.columns.push_back(ParseColumn(line));
    }
    one.expected = Lines(Contents(one.base + ".expected"));
    one.messages = ReadFramed(one.base + ".messages");
  }
  return cases;
}

std::vector<std::string> ReadFramed(const std::string& path) {
  const std::string contents = Contents(path);
  std::vector<std::string> messages;
  for (size_t at = 0; at + sizeof(uint32_t) <= contents.size();) {
    uint32_t size = 0;
    std::memcpy(&size, contents.data() + at, sizeof size);
    messages.push_back(contents.substr(at + sizeof size, size));
    at += sizeof size + size;
  }
  return messages;
}

std::vector<std::string> PrintedRows(const Batch& batch) {
  std::vector<std::string> rows;
  for (size_t row = 0; row < batch.columns[0].size(); ++row) {
    std::string& text = rows.emplace_back();
    for (const Column& column : batch.columns) {
      if (!text.empty()) text += " ";
      text += Printed(ValueAt(column, row));
    }
  }
  return rows;
}

}  // namespace skewless
