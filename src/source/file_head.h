// What a followed file begins with, kept beside its position: names change, and after a restart
// nothing else tells which file a position is of.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "definition/definition.h"
#include "source/input_files.h"
#include "source/record_files.h"

namespace skewless {

// Of a file whose records were read: its first bytes, a byte order mark aside. They are those of
// whole lines, which a file that only grows keeps.
class FileHead {
 public:
  static constexpr size_t kMostBytes = 1024;

  FileHead() = default;
  explicit FileHead(std::string_view bytes);
  // As a position's offset, which is what the log keeps: bit 62 where the file has been read to its
  // end, then the number of bytes, then their checksum in the low 32.
  static FileHead FromOffset(int64_t offset);
  int64_t ToOffset(bool is_finished) const;
  static bool IsFinished(int64_t offset) { return (offset >> 62 & 1) != 0; }

  size_t size() const { return size_; }
  // The file there begins so. Not where nothing is known, or nothing can be read.
  bool IsOf(const std::string& path) const;

 private:
  size_t size_ = 0;
  uint32_t checksum_ = 0;
};

// The position's name: such positions lie among those of the files themselves.
std::string HeadStream(const std::string& stream);
bool IsHeadStream(std::string_view stream);

struct KnownHeads {
  KnownRecords by_stream;               // as offsets
  std::vector<SourcePosition> to_tell;  // to the log: of files that are nowhere, as finished
};
// Takes the heads out of what the log knows, and looks whether each file of them still stands under
// its name. An error where another does, or where one is found under another name: records would be
// missed or come twice. One that wasn't read to its end and is nowhere is told to `notice`.
Result<KnownHeads> CheckHeads(const Definition& definition, const std::vector<InputFile>& files,
                              const std::function<void(const std::string&)>& notice,
                              KnownRecords* known);

}  // namespace skewless
