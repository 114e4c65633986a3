// docs/reference/expressions.md: every example gives its result, and every function has one.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/time.h"
#include "expression/evaluation_fixture.h"
#include "expression/functions.h"
#include "model/list.h"

namespace skewless {
namespace {

constexpr const char* kPage = "docs/reference/expressions.md";

struct Example {
  int line = 0;
  std::string expression;
  std::string result;
};

std::string Trimmed(std::string text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The cells of a table's line; "\|" is a bar inside of one.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += line[++i];
    } else if (line[i] == '|') {
      cells.push_back(Trimmed(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return cells;
}

// The last two columns of every table whose header ends with "expression | result".
std::vector<Example> ReadExamples() {
  std::ifstream file(kPage);
  EXPECT_TRUE(file.good()) << "run the tests in the project's folder: " << kPage;
  std::vector<Example> examples;
  bool in_table = false;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (!line.starts_with("|")) {
      in_table = false;
      continue;
    }
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() < 2 || cells[0].starts_with("---")) continue;
    const std::string& expression = cells[cells.size() - 2];
    if (expression == "expression" && cells.back() == "result") {
      in_table = true;
    } else if (in_table) {
      EXPECT_TRUE(expression.size() > 2 && expression.front() == '`' && expression.back() == '`')
          << "line " << number << ": " << expression;
      examples.push_back({number, expression.substr(1, expression.size() - 2), cells.back()});
    }
  }
  return examples;
}

Evaluation ColumnsOfThePage() {
  ListBuilder items(TypeKind::kInt64);
  items.Add(Value::Int(7).view());
  items.Add(Value::Null({TypeKind::kInt64, false}).view());
  items.Add(Value::Int(9).view());
  return Evaluation({
      {"price", Value::Double(12.5)},
      {"discount", Value::Double(0.25, {TypeKind::kFloat32, false})},
      {"quantity", Value::Int(4)},
      {"kind", Value::String("click")},
      {"raw", Value::String("abc", {TypeKind::kBytes, false})},
      {"paid", Value::Int(1, {TypeKind::kBool, false})},
      {"at", Value::Int(*ParseTimestamp("2013-01-01T05:00:00.25Z"), {TypeKind::kTimestamp, false})},
      {"items", Value::String(std::string(items.Finish()), {TypeKind::kInt64, true})},
      {"nothing", Value::Null({TypeKind::kFloat64, false})},
      {"user_activity:spend_1h", Value::Double(100)},
  });
}

TEST(ReferencePage, ExamplesGiveTheirResults) {
  Evaluation columns = ColumnsOfThePage();
  const std::vector<Example> examples = ReadExamples();
  EXPECT_GT(examples.size(), 120U);
  for (const Example& example : examples) {
    EXPECT_EQ(columns.Show(example.expression), example.result)
        << kPage << ":" << example.line << ": " << example.expression;
  }
}

// Names of all calls in a tree, as they were written.
void CollectCalls(const std::string& text, std::set<std::string>* names) {
  std::string word;
  for (const char c : text) {
    if (c == '(') names->insert(word);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    word = letter ? word + c : "";
  }
}

TEST(ReferencePage, EveryFunctionHasAnExample) {
  std::set<std::string> shown;
  for (const Example& example : ReadExamples()) CollectCalls(example.expression, &shown);
  std::set<std::string> main_names;
  for (const std::string& name : shown) main_names.insert(std::string(MainFunctionName(name)));
  for (const std::string& name : FunctionNames()) {
    EXPECT_TRUE(main_names.contains(std::string(MainFunctionName(name)))) << name;
  }
  std::ifstream file(kPage);
  std::stringstream page;
  page << file.rdbuf();
  for (const std::string& name : FunctionNames()) {
    EXPECT_NE(page.str().find("`" + name), std::string::npos) << name << " is not on the page";
  }
}

}  // namespace
}  // namespace skewless
