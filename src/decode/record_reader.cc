#include "decode/record_reader.h"

#include "decode/text_input.h"

namespace skewless {

tl::unexpected<Error> TooFewRecords(const std::string& path, int64_t has, int64_t missing) {
  return Fail(ErrorCode::kInvalid,
              path + ": has " + std::to_string(has) + " records, but " +
                  std::to_string(has + missing) + " were read from it before",
              "Put the file back as it was: it was cut or replaced since.");
}

std::string TooLongReason() {
  return "longer than " + std::to_string(kMaxRecordBytes >> 20) + " MiB";
}

}  // namespace skewless
