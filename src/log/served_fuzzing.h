// A file of served vectors from any bytes, for the fuzzers of those who read it.
#pragma once

#include <algorithm>

#include "log/served_format.h"

namespace skewless {

// Behind an odd first byte: records of u8 kind, u16 length and content, sealed with valid checksums
// behind a valid header, so that what lies behind those is reached. Behind an even one: the file
// itself.
inline Bytes ServedFileOf(ByteView input) {
  if (input.empty()) return {};
  const ByteView rest = input.subspan(1);
  if (input[0] % 2 == 0) return Bytes(rest.begin(), rest.end());
  Bytes file;
  PutServedHeader(&file);
  ByteReader reader(rest);
  while (reader.remaining() >= 3) {
    const auto kind = reader.Get<uint8_t>();
    const size_t wanted = reader.Get<uint16_t>();
    const size_t begin = file.size();
    BeginServedRecord(static_cast<ServedRecordKind>(kind), &file);
    PutRaw(file, reader.GetRaw(std::min(wanted, reader.remaining())));
    FinishServedRecord(begin, &file);
  }
  return file;
}

}  // namespace skewless
