#include "source/schema_decoder.h"

#include <gtest/gtest.h>

#include "decode/record_fixture.h"

namespace skewless {
namespace {

class SchemaDecoderTest : public testing::Test {
 protected:
  // What `skewless check` says of a repository with these lines in its source.
  std::string Check(const std::string& lines, const std::string& columns) {
    folder_.Write(
        "skewless.yaml",
        "project: p\nlog: {path: log}\nonline: {type: embedded, path: o}\n"
        "sources:\n  clicks:\n    type: kafka\n    brokers: b:1\n    topic: t\n" +
            lines + "    columns:\n      user_id: int64\n" + columns +
            "    event_timestamp: ts\n"
            "entities: {user: {keys: {user_id: int64}}}\n"
            "feature_views:\n  v: {source: clicks, entity: user, features: {n: count(*)}}\n");
    auto definition = LoadDefinition(folder_.path());
    if (!definition) return definition.error().ToString();
    const Status checked = CheckSchemas(**definition);
    std::string text = checked ? "" : checked.error().ToString();
    // The decoder says the same.
    const auto decoder = OpenSchemaDecoder(**definition, (*definition)->sources[0]);
    EXPECT_EQ(decoder ? "" : decoder.error().ToString(), text);
    for (size_t at = 0; (at = text.find(folder_.path() + "/")) != std::string::npos;) {
      text.erase(at, folder_.path().size() + 1);
    }
    return text;
  }

  TemporaryFolder folder_;
  const std::string ts_ = "      ts: timestamp[ms]\n";
  const std::string avro_ = "    format: avro\n    schema: schemas/click.avsc\n";
  const std::string protobuf_ = "    format: protobuf\n    schema: schemas/click.proto\n";
};

TEST_F(SchemaDecoderTest, AvroIsCheckedAgainstTheColumns) {
  EXPECT_EQ(
      Check(avro_, ts_),
      "skewless.yaml:10:13: error: source 'clicks': cannot open 'schemas/click.avsc': No such "
      "file or directory (errno 2)\n  10 |     schema: schemas/click.avsc\n"
      "     |             ^~~~~~~~~~~~~~~~~~\n"
      "  Relative paths are relative to the repository's folder.");
  folder_.Write("schemas/click.avsc",
                R"({"type": "record", "name": "Click", "fields": [
  {"name": "user_id", "type": "int"}, {"name": "ts", "type": "long"},
  {"name": "price", "type": ["null", "double"]}]})");
  EXPECT_EQ(Check(avro_, ts_ + "      price: float64\n"), "");
  EXPECT_EQ(Check(avro_, ts_ + "      prize: float64\n"),
            "skewless.yaml:14:7: error: source 'clicks': in schemas/click.avsc there is no field "
            "'prize'; there are 'user_id', 'ts', 'price'\n  14 |       prize: float64\n"
            "     |       ^~~~~\n  Did you mean 'price'?");
  EXPECT_EQ(Check(avro_, ts_ + "      price: string\n"),
            "skewless.yaml:14:7: error: source 'clicks': in schemas/click.avsc field 'price' is a "
            "union of a null and a double and cannot be read as string\n"
            "  14 |       price: string\n     |       ^~~~~\n"
            "  Declare a type that holds its values.");
  EXPECT_EQ(Check(avro_ + "    fields: {price: offer.price}\n", ts_ + "      price: float64\n"),
            "skewless.yaml:11:21: error: source 'clicks': in schemas/click.avsc there is no field "
            "'offer'; there are 'user_id', 'ts', 'price'\n"
            "  11 |     fields: {price: offer.price}\n     |                     ^~~~~~~~~~~\n"
            "  Declare the columns by the names that the schema gives its fields, or say under "
            "'fields' where they lie.");
  EXPECT_TRUE(
      Has(Check(avro_, "      ts: timestamp\n"), "field 'ts' is a long and cannot be read"));
  folder_.Write("schemas/click.avsc", "{\"type\": \"record\"");
  EXPECT_TRUE(Begins(Check(avro_, ts_), "schemas/click.avsc:1:18: error: the schema is not valid"));
}

TEST_F(SchemaDecoderTest, ProtobufIsReadWithItsImports) {
  folder_.Write("schemas/click.proto",
                "syntax = \"proto3\";\npackage shop;\nimport \"kinds/kind.proto\";\n"
                "message Click { int64 user_id = 1; int64 ts = 2; Kind kind = 3; }\n"
                "message View { int64 user_id = 1; }\n");
  EXPECT_TRUE(
      Has(Check(protobuf_ + "    message: Click\n", ts_), "kinds/kind.proto: File not fou"));
  folder_.Write("schemas/kinds/kind.proto",
                "syntax = \"proto3\";\npackage shop;\nenum Kind { NONE = 0; CLICK = 1; }\n");
  EXPECT_EQ(Check(protobuf_ + "    message: Click\n", ts_ + "      kind: string\n"), "");
  EXPECT_EQ(Check(protobuf_ + "    message: Clik\n", ts_),
            "skewless.yaml:11:14: error: source 'clicks': schemas/click.proto: has no message "
            "'Clik'\n  11 |     message: Clik\n     |              ^~~~\n"
            "  It has 'shop.Click', 'shop.View'.");
  EXPECT_TRUE(Begins(Check(protobuf_, ts_),
                     "skewless.yaml:10:13: error: source 'clicks': schemas/"
                     "click.proto: has several messages"));
  EXPECT_TRUE(Has(Check(protobuf_ + "    message: View\n", ts_), "there is no field 'ts'"));
  folder_.Write("schemas/kinds/kind.proto", "syntax = \"proto3\";\npackage shop;\nenum Kind {}\n");
  EXPECT_TRUE(Has(Check(protobuf_ + "    message: Click\n", ts_), "kinds/kind.proto:3:"));
}

TEST_F(SchemaDecoderTest, OneSchemaMayBeFramedOrNot) {
  folder_.Write("schemas/click.avsc", R"({"type": "record", "name": "Click", "fields": [
      {"name": "user_id", "type": "int"}, {"name": "ts", "type": "long"}]})");
  for (const bool framed : {false, true}) {
    const std::string framing = framed ? "    framing: confluent\n" : "";
    ASSERT_EQ(Check(avro_ + framing, ts_), "");
    const auto definition = LoadDefinition(folder_.path());
    const auto decoder = OpenSchemaDecoder(**definition, (*definition)->sources[0]);
    const std::string payload =
        std::string(framed ? "\0\0\0\1\2" : "", framed ? 5 : 0) + "\x02\x04";
    const Message message{payload, 3};
    Batch batch;
    std::vector<BadRecord> bad;
    batch.Reset(&(*definition)->sources[0].schema, 0);
    ASSERT_TRUE((*decoder)->Decode({&message, 1}, &batch, &bad).has_value());
    ASSERT_EQ(bad.size(), 0U);
    EXPECT_EQ(RowText(batch, 0), "1, 1970-01-01T00:00:00.002Z");
  }
}

}  // namespace
}  // namespace skewless
