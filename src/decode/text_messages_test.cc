#include "decode/text_messages.h"

#include <gtest/gtest.h>

#include <memory>

#include "decode/record_fixture.h"
#include "decode/text_input.h"

namespace skewless {
namespace {

class TextMessagesTest : public ::testing::Test {
 protected:
  TextMessagesTest() {
    options_.schema = &schema_;
    options_.required.push_back({1, "event_timestamp"});
    batch_.Reset(&schema_, 0);
  }
  // Decodes messages at offsets 10, 20, ... Each lies in memory of just its size, so that a
  // sanitizer sees who looks behind it.
  void Decode(MessageDecoder& decoder, const std::vector<std::string>& payloads) {
    std::vector<std::unique_ptr<char[]>> kept;
    std::vector<Message> messages;
    for (const std::string& payload : payloads) {
      kept.push_back(std::make_unique<char[]>(payload.size()));
      payload.copy(kept.back().get(), payload.size());
      messages.push_back(
          {{kept.back().get(), payload.size()}, static_cast<int64_t>(10 * (messages.size() + 1))});
    }
    const Status decoded = decoder.Decode(messages, &batch_, &bad_);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    kept.clear();  // strings live in the batch
  }
  Rows GoodRows() const {
    Rows rows;
    for (size_t row = 0; row < batch_.columns[0].size(); ++row)
      rows.push_back(RowText(batch_, row));
    return rows;
  }
  // "20: not valid UTF-8"
  Rows Bad() const {
    Rows rows;
    for (const BadRecord& bad : bad_)
      rows.push_back(std::to_string(bad.record) + ": " + bad.reason + ": " + bad.text);
    return rows;
  }

  Schema schema_{{Spec("name", TypeKind::kString), Spec("n", TypeKind::kInt64)}};
  DecodeOptions options_;
  Batch batch_;
  std::vector<BadRecord> bad_;
};

TEST_F(TextMessagesTest, JsonObjects) {
  const auto decoder = DecodeJsonMessages(options_);
  Decode(*decoder, {R"({"name":"a","n":1})", R"({"n":"x"})", "", R"({"name":"b"})", "[1]",
                    R"( {"n": 2, "name": "c\n"} )", R"({"n":1}{"n":2})"});
  EXPECT_EQ(GoodRows(), (Rows{"'a', 1", "'c\\x0a', 2"}));
  ASSERT_EQ(bad_.size(), 5u);
  EXPECT_EQ(Bad()[0], R"(20: column 'n': expected int64, found "x": {"n":"x"})");
  EXPECT_TRUE(Begins(Bad()[1], "30: not valid JSON: ")) << Bad()[1];
  EXPECT_EQ(Bad()[2], R"(40: no event_timestamp (column 'n' is null): {"name":"b"})");
  EXPECT_EQ(
      Bad()[3],
      "50: expected a JSON object, found an array's '[': each record is one object (`jq -c '.[]'` "
      "takes an array apart): [1]");
  EXPECT_EQ(Bad()[4], R"(70: not valid JSON: something follows the object: {"n":1}{"n":2})");
}

TEST_F(TextMessagesTest, JsonInARegistrysFrame) {
  const auto decoder = DecodeJsonMessages(options_, /*framed=*/true);
  const std::string frame("\0\0\0\0\7", 5), other("\0\xff\0{}", 5);
  Decode(*decoder, {frame + R"({"name":"a","n":1})", other + R"({"name":"b","n":2})",
                    frame + R"( {"n":3} )", R"({"name":"c","n":4})", frame.substr(0, 4), "", frame,
                    frame + R"({"n":"x"})", frame + frame + R"({"n":5})"});
  EXPECT_EQ(GoodRows(), (Rows{"'a', 1", "'b', 2", "null, 3"}));
  const Rows bad = Bad();
  ASSERT_EQ(bad.size(), 6u);
  EXPECT_EQ(bad[0],
            "40: not framed by a schema registry: the first byte is 123, not 0: "
            R"({"name":"c","n":4})");
  EXPECT_TRUE(Begins(bad[1], "50: not framed by a schema registry: ends inside the schema's id"));
  EXPECT_TRUE(Begins(bad[2], "60: not framed by a schema registry: the message is empty"));
  EXPECT_TRUE(Begins(bad[3], "70: not valid JSON: ")) << bad[3];
  EXPECT_TRUE(Begins(bad[4], R"(80: column 'n': expected int64, found "x")")) << bad[4];
  EXPECT_TRUE(Begins(bad[5], "90: expected a JSON object, found a zero byte")) << bad[5];
}

TEST_F(TextMessagesTest, JsonInAFrameThatNobodyExpects) {
  const auto decoder = DecodeJsonMessages(options_);
  const std::string frame("\0\0\0\0\7", 5);
  Decode(*decoder, {frame + R"({"name":"a","n":1})", frame + "\x0e"});
  EXPECT_EQ(GoodRows(), Rows{});
  ASSERT_EQ(bad_.size(), 2u);
  for (const std::string& bad : Bad())
    EXPECT_NE(bad.find("found a zero byte: a schema registry's frame"), std::string::npos) << bad;
}

// The same row, or the same reason, as without the message before, whose fields it has and whose
// bytes lay where it lies now.
TEST_F(TextMessagesTest, JsonBehindAnObjectThatHasItsFields) {
  for (const std::string& json :
       {std::string(R"({"name":"b","n":2})"), std::string(R"({"name": "b", "n": -2})"),
        std::string(R"({"name":"b","n":2)"), std::string(R"({"name":"b")"), std::string("{"),
        std::string(R"({"name":"b","n":2} )"), std::string("{\"name\":\"b\",\"n\":2}\r\n"),
        std::string(R"({"name":"b","n":2}})"), std::string(R"({"name":"b","n":"2"})"),
        std::string(R"({"name":null,"n":2})"), std::string(R"({"name":"b","n":null})"),
        std::string(R"({"n":2,"name":"b"})"), std::string(R"({"name":"\u0062","n":2})"),
        std::string("{\"name\":\"b\0\",\"n\":2}", 19),
        std::string("{\"name\":\"b\",\"n\":2}\0", 19), std::string("{\"name\":\"\xff\",\"n\":2}"),
        std::string(R"({"n":2})"), std::string()}) {
    batch_.Reset(&schema_, 0);
    bad_.clear();
    Decode(*DecodeJsonMessages(options_), {json});
    const Rows row = GoodRows(), reasons = Bad();
    batch_.Reset(&schema_, 0);
    bad_.clear();
    Decode(*DecodeJsonMessages(options_), {R"({"name":"and longer","n":123})", json});
    Rows behind = GoodRows();
    ASSERT_FALSE(behind.empty());
    behind.erase(behind.begin());
    EXPECT_EQ(behind, row) << json;
    ASSERT_EQ(Bad().size(), reasons.size()) << json;
    if (reasons.empty()) continue;
    EXPECT_EQ(Bad()[0].substr(3), reasons[0].substr(3));
  }
}

TEST_F(TextMessagesTest, CommaSeparatedValues) {
  CsvOptions csv;
  csv.delimiter = ';';
  csv.null_text = "NA";
  const auto decoder = DecodeCsvMessages(options_, csv);
  Decode(*decoder, {"a;1", "\"b;c\"; 2\r\n", "NA;3\n", "x;y", "x", "\"x;1", "x;1\ny;2", "", "a;NA",
                    "\"a\"b;1"});
  EXPECT_EQ(GoodRows(), (Rows{"'a', 1", "'b;c', 2", "null, 3"}));
  EXPECT_EQ(
      Bad(),
      (Rows{"40: column 'n': expected int64, found \"y\": x;y", "50: expected 2 fields, found 1: x",
            "60: a quote is never closed: \"x;1", "70: something follows the record: x;1\ny;2",
            "80: an empty message: ", "90: no event_timestamp (column 'n' is null): a;NA",
            "100: text follows a closing quote: \"a\"b;1"}));
}

TEST_F(TextMessagesTest, AppendsToWhatTheBatchHas) {
  const auto decoder = DecodeJsonMessages(options_);
  Decode(*decoder, {R"({"name":"a","n":1})", "?"});
  Decode(*decoder, {"?", R"({"name":"b","n":2})"});
  EXPECT_EQ(GoodRows(), (Rows{"'a', 1", "'b', 2"}));
  EXPECT_EQ(bad_.size(), 2u);
}

TEST_F(TextMessagesTest, LongMessages) {
  const auto decoder = DecodeJsonMessages(options_);
  const std::string name(100'000, 'x');
  Decode(*decoder, {R"({"n":1,"name":")" + name + "\"}", R"({"n":2})" + std::string(200'000, ' '),
                    std::string(kMaxRecordBytes + 1, ' ')});
  EXPECT_EQ(GoodRows(), (Rows{"'" + name + "', 1", "null, 2"}));
  ASSERT_EQ(bad_.size(), 1u);
  EXPECT_EQ(bad_[0].reason, "longer than 16 MiB");
  EXPECT_EQ(bad_[0].text.size(), kMaxKeptBytes);
}

}  // namespace
}  // namespace skewless
