#include "definition/starter_repository.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "definition/definition.h"

namespace skewless {
namespace {

const std::string& Contents(const std::vector<StarterFile>& files, std::string_view name) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const StarterFile& file) { return file.name == name; });
  EXPECT_NE(found, files.end()) << name;
  return found->contents;
}

std::vector<std::vector<std::string>> Rows(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(StarterRepository, IsWellDefined) {
  const auto files = StarterRepository();
  const auto definition = ParseDefinition(Contents(files, "skewless.yaml"), "skewless.yaml", ".");
  ASSERT_TRUE(definition.has_value()) << definition.error().ToString();
  EXPECT_EQ((*definition)->sources[0].path, "clicks.csv");
  EXPECT_GE((*definition)->sources[0].arrival_timestamp, 0);
  EXPECT_EQ((*definition)->services.size(), 1U);
  EXPECT_FALSE((*definition)->serving->served_log.empty());
}

TEST(StarterRepository, HasEventsOfTheDeclaredColumnsInOrderOfArrival) {
  const auto files = StarterRepository();
  const auto definition =
      ParseDefinition(Contents(files, "skewless.yaml"), "skewless.yaml", ".").value();
  const Schema& schema = definition->sources[0].schema;
  const auto rows = Rows(Contents(files, "clicks.csv"));
  ASSERT_EQ(rows.size(), 241U);
  ASSERT_EQ(rows[0].size(), schema.columns.size());
  for (size_t i = 0; i < rows[0].size(); ++i) EXPECT_EQ(rows[0][i], schema.columns[i].name);
  Timestamp last = kMinTimestamp;
  int late = 0;
  int disordered = 0;
  Timestamp newest_event = kMinTimestamp;
  for (size_t i = 1; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 6U) << i;
    const auto event = ParseTimestamp(rows[i][4]);
    const auto arrival = ParseTimestamp(rows[i][5]);
    ASSERT_TRUE(event && arrival) << i;
    EXPECT_GE(*arrival, *event);
    EXPECT_GE(*arrival, last);
    EXPECT_TRUE(rows[i][2] == "view" || rows[i][2] == "click" || rows[i][2] == "buy");
    EXPECT_GT(std::stod(rows[i][3]), 0);
    last = *arrival;
    late += *arrival - *event > 10 * kSecondUs ? 1 : 0;
    disordered += *event < newest_event ? 1 : 0;
    newest_event = std::max(newest_event, *event);
  }
  EXPECT_GT(late, 5);
  EXPECT_GT(disordered, 5);
}

TEST(StarterRepository, HasLabelsWithTheKeyAndATime) {
  const auto files = StarterRepository();
  const auto rows = Rows(Contents(files, "labels.csv"));
  ASSERT_EQ(rows.size(), 41U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"user_id", "event_timestamp", "bought"}));
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_TRUE(ParseTimestamp(rows[i][1]).has_value());
}

TEST(StarterRepository, IsTheSameAtEveryCall) {
  const auto a = StarterRepository();
  const auto b = StarterRepository();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].contents, b[i].contents);
}

}  // namespace
}  // namespace skewless
