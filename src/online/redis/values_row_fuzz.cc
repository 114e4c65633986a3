// A row of finished values from arbitrary bytes, two ways. As what a server answers: an error, or a
// row. As a text for each of a view's types: those that are values of the type go into a row, which
// must come back to the bit, and no longer once a byte of it is another.
#include "base/check.h"
#include "kernel/vector_encoding.h"
#include "model/value.h"
#include "online/redis/values_row.h"
#include "online/redis/values_text.h"

namespace skewless::redis {
namespace {

constexpr uint64_t kLayout = 7;
constexpr Stamp kStamp{5, 40, 30};

const ValuesView& View() {
  static const ValuesView view = [] {
    ValuesView made;
    for (const bool is_list : {false, true}) {
      for (const TypeKind kind :
           {TypeKind::kBool, TypeKind::kInt32, TypeKind::kInt64, TypeKind::kFloat32,
            TypeKind::kFloat64, TypeKind::kString, TypeKind::kBytes, TypeKind::kTimestamp}) {
        made.outputs.push_back({"f" + std::to_string(made.outputs.size()), Type{kind, is_list}});
        made.index[made.outputs.back().name] = made.outputs.size() - 1;
      }
    }
    return made;
  }();
  return view;
}

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
using Parser = std::unique_ptr<redisReader, FreeReader>;

Reply NextReply(const Parser& parser) {
  void* parsed = nullptr;
  if (redisReaderGetReply(parser.get(), &parsed) != REDIS_OK) parsed = nullptr;
  return Reply(static_cast<redisReply*>(parsed));
}

void CheckAnswer(ByteView answer) {
  const Parser parser(redisReaderCreate());
  if (redisReaderFeed(parser.get(), reinterpret_cast<const char*>(answer.data()), answer.size()) !=
      REDIS_OK)
    return;
  while (const Reply reply = NextReply(parser)) {
    static_cast<void>(DecodeValuesRow(View(), kLayout, *reply));
    static_cast<void>(StoredValuesOf(View(), kLayout, *reply));
  }
}

void CheckStamps(std::string_view text) {
  std::vector<Stamp> stamps, again;
  if (!ParseStampsText(text, &stamps)) return;
  std::string written;
  AppendStampsText(stamps, &written);
  SKEWLESS_CHECK(ParseStampsText(written, &again) && again == stamps);
}

// As the script leaves it, in the order in which Redis may give it.
Bytes AnswerOf(const ValuesRow& row) {
  const std::string available = std::to_string(kStamp.available_us);
  const std::string_view own[] = {":sequence",  row.sequence, ":computed_for", row.computed_us,
                                  ":layout",    row.layout,   ":writer",       row.writer,
                                  ":available", available};
  Bytes out;
  BeginCommand(std::size(own) + row.fields.size(), &out);
  for (const std::string_view word : own) AppendWord(word, &out);
  for (const std::string& word : row.fields) AppendWord(word, &out);
  return out;
}

Result<DecodedValues> Decode(const Bytes& answer) {
  const Parser parser(redisReaderCreate());
  SKEWLESS_CHECK(redisReaderFeed(parser.get(), reinterpret_cast<const char*>(answer.data()),
                                 answer.size()) == REDIS_OK);
  const Reply reply = NextReply(parser);
  SKEWLESS_CHECK(reply != nullptr);
  return DecodeValuesRow(View(), kLayout, *reply);
}

void CheckRow(std::string_view text, size_t changed) {
  std::vector<Value> values;
  for (const ColumnSpec& output : View().outputs) {
    auto value = ParseValueText(text, output.type);
    values.push_back(value ? std::move(*value) : Value::Null(output.type));
  }
  FeatureVector vector;
  vector.status = RowStatus::kPresent;
  vector.sequence = kStamp.sequence;
  vector.read_us = kStamp.computed_us;
  for (const Value& value : values) vector.values.push_back(value.view());
  Bytes encoded;
  EncodeVector(vector, &encoded);
  RowWrite write;
  write.sequence = kStamp.sequence;
  write.computed_us = kStamp.computed_us;
  write.state = encoded;
  write.writer = 3;
  ValuesRow row;
  MakeValuesRow(View(), kLayout, write, &row);
  const auto decoded = Decode(AnswerOf(row));
  SKEWLESS_CHECK(decoded.has_value() && decoded->stamp == kStamp && decoded->vector == encoded);
  std::string& field = row.fields[changed % row.fields.size()];
  if (field.empty()) return;
  field[changed % field.size()] ^= 1;
  SKEWLESS_CHECK(!Decode(AnswerOf(row)).has_value());
}

}  // namespace
}  // namespace skewless::redis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  redis::CheckAnswer(rest);
  redis::CheckStamps(AsText(rest));
  redis::CheckRow(AsText(rest), data[0]);
  return 0;
}
