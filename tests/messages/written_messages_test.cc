// What fastavro and Python's protobuf write is read to the bit: random schemas, random values.
#include <gtest/gtest.h>

#include "decode/avro_file.h"
#include "decode/avro_messages.h"
#include "decode/protobuf_messages.h"
#include "decode/record_fixture.h"
#include "messages/written_cases.h"

namespace skewless {
namespace {

constexpr int kCases = 150;

std::vector<Message> MessagesOf(const WrittenCase& one) {
  std::vector<Message> messages;
  for (const std::string& payload : one.messages) {
    messages.push_back({payload, static_cast<int64_t>(messages.size())});
  }
  return messages;
}

void ExpectRead(MessageDecoder& decoder, const WrittenCase& one) {
  Batch batch;
  std::vector<BadRecord> bad;
  batch.Reset(&one.columns, 0);
  ASSERT_TRUE(decoder.Decode(MessagesOf(one), &batch, &bad).has_value());
  for (const BadRecord& record : bad) ADD_FAILURE() << record.record << ": " << record.reason;
  EXPECT_EQ(PrintedRows(batch), one.expected) << one.schema;
}

TEST(WrittenMessages, AvroIsReadToTheBit) {
  const TemporaryFolder folder;
  const auto cases = WriteCases("avro", 1000, kCases, folder.path());
  ASSERT_EQ(cases.size(), static_cast<size_t>(kCases));
  size_t messages = 0;
  for (const WrittenCase& one : cases) {
    const SchemaText text{"event.avsc", one.schema};
    auto schema = AvroSchema::Parse({&text, 1});
    ASSERT_TRUE(schema.has_value()) << schema.error().message;
    DecodeOptions options;
    options.schema = &one.columns;
    const auto decoder = OpenAvroMessages(options, *schema, false);
    ASSERT_TRUE(decoder.has_value()) << decoder.error().message << one.schema;
    ExpectRead(**decoder, one);
    messages += one.messages.size();

    // The same records in a container file; from the middle, too.
    Batch batch;
    std::vector<BadRecord> bad;
    for (const size_t skip : {size_t{0}, one.messages.size() / 2}) {
      const auto file = OpenAvroFile(SystemFiles(), one.base + ".avro", options);
      ASSERT_TRUE(file.has_value()) << file.error().message;
      ASSERT_TRUE((*file)->Skip(static_cast<int64_t>(skip)).has_value());
      batch.Reset(&one.columns, 0);
      for (bool more = true; more;) {
        const auto read = (*file)->Read(7, &batch, &bad);
        ASSERT_TRUE(read.has_value()) << read.error().message;
        more = *read;
      }
      EXPECT_TRUE(bad.empty());
      EXPECT_EQ(PrintedRows(batch),
                std::vector<std::string>(one.expected.begin() + static_cast<ptrdiff_t>(skip),
                                         one.expected.end()));
    }
  }
  EXPECT_GT(messages, 2000U);
}

TEST(WrittenMessages, ProtobufIsReadToTheBit) {
  const TemporaryFolder folder;
  const auto cases = WriteCases("protobuf", 1000, kCases, folder.path());
  ASSERT_EQ(cases.size(), static_cast<size_t>(kCases));
  size_t messages = 0;
  for (const WrittenCase& one : cases) {
    const SchemaText text{"event.proto", one.schema};
    auto schema = ProtobufSchema::Parse({&text, 1});
    ASSERT_TRUE(schema.has_value()) << schema.error().message;
    DecodeOptions options;
    options.schema = &one.columns;
    const auto decoder = OpenProtobufMessages(options, *schema, "Event", false);
    ASSERT_TRUE(decoder.has_value()) << decoder.error().message << one.schema;
    ExpectRead(**decoder, one);
    messages += one.messages.size();
  }
  EXPECT_GT(messages, 2000U);
}

}  // namespace
}  // namespace skewless
