// Any bytes as JSON lines and as messages: no crash, the same records however the bytes come, and
// the same whatever the reader has seen before: the short way through an object reads what the
// library reads.
#include "base/bytes.h"
#include "decode/json_lines.h"
#include "decode/message_fuzzing.h"
#include "decode/record_fuzzing.h"
#include "decode/text_messages.h"

namespace skewless {
namespace {

struct Records {
  std::vector<std::string> rows, bad;
  friend bool operator==(const Records&, const Records&) = default;
};

void Read(const std::string& text, const DecodeOptions& options, Records* records) {
  const auto reader =
      ReadJsonLines(std::make_unique<PieceStream>(AsBytes(text), text.size()), "lines", options);
  Batch batch;
  std::vector<BadRecord> bad;
  batch.Reset(options.schema, 0);
  while (reader->Read(100, &batch, &bad).value()) {
  }
  for (size_t row = 0; row < batch.columns[0].size(); ++row) {
    std::string& values = records->rows.emplace_back();
    for (const Column& column : batch.columns) values += FormatValue(ValueAt(column, row)) + "|";
  }
  for (const BadRecord& record : bad) records->bad.push_back(record.reason + ":" + record.text);
}

// A reader's first line goes to the library; the second time it knows the fields. Blank lines come
// first, so that no byte order mark is one.
void CheckShortWay(std::string_view text, const DecodeOptions& options) {
  std::string all = "\n", doubled = "\n";
  Records alone, alone_twice, together, together_twice;
  while (!text.empty()) {
    const std::string line = std::string(text.substr(0, text.find('\n'))) + "\n";
    text.remove_prefix(std::min(line.size(), text.size()));
    all += line;
    doubled += line + line;
    Read("\n" + line, options, &alone);
    for (int i = 0; i < 2; ++i) Read("\n" + line, options, &alone_twice);
  }
  Read(all, options, &together);
  Read(doubled, options, &together_twice);
  SKEWLESS_CHECK(together == alone);
  SKEWLESS_CHECK(together_twice == alone_twice);
}

// The second time a decoder knows the message's fields.
void CheckMessageTwice(const Message& message, const DecodeOptions& options) {
  const auto decoder = DecodeJsonMessages(options);
  const std::string first = MessagesText(*decoder, *options.schema, {&message, 1});
  SKEWLESS_CHECK(MessagesText(*decoder, *options.schema, {&message, 1}) == first);
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size < 1) return 0;
  static const Schema schema = NestedFuzzSchema("o");
  DecodeOptions options;
  options.schema = &schema;
  const size_t piece = 1 + data[0] % 64u;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  const auto whole =
      ReadJsonLines(std::make_unique<PieceStream>(bytes, bytes.size() + 1), "whole", options);
  const auto pieces = ReadJsonLines(std::make_unique<PieceStream>(bytes, piece), "pieces", options);
  SKEWLESS_CHECK(Transcript(*whole, schema, 100) == Transcript(*pieces, schema, 1));
  CheckShortWay(AsText(bytes), options);
  const std::vector<Message> messages = CutMessages(bytes);
  CheckMessages(*DecodeJsonMessages(options), schema, messages);
  for (const Message& message : messages) CheckMessageTwice(message, options);
  return 0;
}
