#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "definition/definition.h"
#include "definition/describe.h"
#include "definition/error_fixture.h"

namespace skewless {
namespace {

using Field = std::vector<std::string>;

// A source whose lines from the seventh on are given.
std::string Repository(const std::string& lines) {
  return R"yaml(project: shop
log: {path: var/log}
online: {type: embedded, path: var/online}
sources:
  clicks:
    columns: {user_id: int64, country: string, ts: timestamp}
)yaml" + lines +
         R"yaml(    event_timestamp: ts
entities: {user: {keys: {user_id: int64}}}
feature_views: {seen: {source: clicks, entity: user, features: {visits: count(*)}}}
)yaml";
}

std::string Lines(const std::string& fields, const std::string& format = "json") {
  return "    fields: " + fields + "\n    type: file\n    path: a\n    format: " + format + "\n";
}

Result<std::unique_ptr<Definition>> Parse(const std::string& lines) {
  return ParseDefinition(Repository(lines), "skewless.yaml", ".");
}

SourceDefinition Read(const std::string& lines) {
  auto parsed = Parse(lines);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().ToString();
  return parsed ? (*parsed)->sources[0] : SourceDefinition{};
}

std::string ErrorOf(const std::string& lines) {
  const auto parsed = Parse(lines);
  return parsed ? "none" : PlaceAndRemedy(parsed.error());
}

TEST(FieldsSection, ColumnsLieElsewhere) {
  const SourceDefinition source =
      Read(Lines("{country: user.geo.country, ts: [\"@meta\", \"sent.at\"]}"));
  EXPECT_EQ(source.schema.columns[0].field, Field{});
  EXPECT_EQ(source.schema.columns[1].field, (Field{"user", "geo", "country"}));
  EXPECT_EQ(source.schema.columns[2].field, (Field{"@meta", "sent.at"}));
  EXPECT_EQ(FieldText(source.schema.columns[1]), "user.geo.country");
}

TEST(FieldsSection, AHeadersNamesAreWhole) {
  EXPECT_EQ(Read(Lines("{country: Country of.birth}", "csv")).schema.columns[1].field,
            (Field{"Country of.birth"}));
  EXPECT_EQ(ErrorOf(Lines("{country: [a, b]}", "csv")),
            "7:23: source 'clicks', fields, country: expected a text, found a list\n"
            "Write, as an example, 'country: user.geo.country'.");
  EXPECT_EQ(ErrorOf(Lines("{country: a}", "csv") + "    csv: {header: false}\n"),
            "7:13: source 'clicks', fields: there is no header that names them\n"
            "Remove 'fields': the fields are the declared columns in their order.");
}

TEST(FieldsSection, SaysWhatIsNoField) {
  EXPECT_EQ(ErrorOf(Lines("{contry: a}")),
            "7:14: there is no column 'contry'\nDid you mean 'country'?");
  const std::string remedy =
      "\nWrite the names that lead to it, as 'country: user.geo.country', or as a list where a dot "
      "is part of a name.";
  const std::string missing = "source 'clicks', fields, country: a name is missing beside the '.'";
  EXPECT_EQ(ErrorOf(Lines("{country: a..b}")), "7:25: " + missing + remedy);
  EXPECT_EQ(ErrorOf(Lines("{country: .a}")), "7:23: " + missing + remedy);
  EXPECT_EQ(ErrorOf(Lines("{country: a.}")), "7:24: " + missing + remedy);
  EXPECT_EQ(ErrorOf(Lines("{country: []}")),
            "7:23: source 'clicks', fields, country: an empty list\nName at least one field.");
  EXPECT_EQ(ErrorOf(Lines("{country: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q}")),
            "7:23: source 'clicks', fields, country: deeper than 16 records\n"
            "Flatten the records before.");
  EXPECT_EQ(ErrorOf(Lines("a.b")),
            "7:13: source 'clicks', fields: expected a map of names, found 'a.b'\n"
            "Write, as an example, 'country: user.geo.country'.");
}

TEST(FieldsSection, AFieldIsOneColumnOrHoldsSome) {
  EXPECT_EQ(ErrorOf(Lines("{country: user_id}")),
            "7:23: source 'clicks', fields: column 'user_id' is field 'user_id', which is column "
            "'country', too\nDeclare it once.");
  EXPECT_EQ(ErrorOf(Lines("{country: user_id.country}")),
            "7:23: source 'clicks', fields: column 'country' is field 'user_id.country', and what "
            "it lies in is column 'user_id'\nLeave one of the two out.");
  EXPECT_EQ(ErrorOf(Lines("{country: a.b, ts: a}")),
            "7:23: source 'clicks', fields: column 'country' is field 'a.b', and what it lies in "
            "is column 'ts'\nLeave one of the two out.");
  // Names that begin alike, and a name that its column has left.
  EXPECT_EQ(ErrorOf(Lines("{country: user_i.d, ts: user_ix, user_id: a.user_id}")), "none");
}

TEST(FieldsSection, MetadataIsBesideTheFields) {
  const std::string kafka =
      "    type: kafka\n    brokers: a:9092\n    topic: t\n    format: json\n"
      "    metadata: {country: key}\n    fields: ";
  const SourceDefinition source = Read(kafka + "{user_id: country.id}\n");
  EXPECT_EQ(ValueSchemaOf(source).columns[0].field, (Field{"country", "id"}));
  EXPECT_EQ(ErrorOf(kafka + "{country: a}\n"),
            "12:14: source 'clicks', fields: column 'country' is named in 'metadata', too\n"
            "Remove it here, or there.");
}

TEST(FieldsSection, IsShown) {
  const auto parsed = Parse(Lines("{country: user.geo.country}"));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_NE(DescribeDefinition(**parsed).find("country string (field user.geo.country)"),
            std::string::npos);
  EXPECT_NE(DescribeDefinitionJson(**parsed).dump().find(R"("field":["user","geo","country"])"),
            std::string::npos);
}

}  // namespace
}  // namespace skewless
