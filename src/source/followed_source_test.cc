#include "source/followed_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "decode/record_fixture.h"
#include "decode/text_input.h"
#include "source/file_head.h"

namespace skewless {
namespace {

class FollowedSourceTest : public ::testing::Test {
 protected:
  FollowedSourceTest() {
    definition_.root = folder_.path();
    SourceDefinition source;
    source.name = "clicks";
    source.paths = {"*.jsonl"};
    source.format = SourceFormat::kJson;
    source.schema = {{Spec("name", TypeKind::kString),
                      Spec("ts", TypeKind::kTimestamp, false, TimestampUnit::kMicros)}};
    source.event_timestamp = 1;
    source.follow = true;
    definition_.sources.push_back(std::move(source));
    options_.follow = true;
  }

  void Append(const std::string& file, const std::string& text) {
    FILE* const out = std::fopen(folder_.File(file).c_str(), "ab");
    ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), out), text.size());
    ASSERT_EQ(std::fclose(out), 0);
  }
  static std::string Line(const std::string& name) {
    return R"({"name":")" + name + R"(","ts":1})" + "\n";
  }

  void Rename(const std::string& from, const std::string& to) {
    std::filesystem::rename(folder_.File(from), folder_.File(to));
  }

  void Open() {
    const auto opened = TryOpen();
    ASSERT_EQ(opened, "");
  }
  // The error.
  std::string TryOpen() {
    letters_.clear();
    notices_.clear();
    options_.resume.clear();
    for (const auto& [stream, offset] : positions_) options_.resume.push_back({stream, offset});
    for (const auto& [stream, offset] : heads_) options_.resume.push_back({stream, offset});
    options_.notice = [this](const std::string& what) { notices_.push_back(what); };
    auto opened = OpenSource(definition_, 0, options_, [this](const DeadLetter& letter) -> Status {
      letters_.push_back(letter.stream + ":" + std::to_string(letter.offset) + ":" +
                         std::to_string(letter.line) + ": " + letter.reason);
      return {};
    });
    if (!opened) return opened.error().ToString();
    source_ = std::move(*opened);
    return "";
  }

  // The names in batches until one is empty or the source ends.
  Rows Take(size_t max_rows = 100, size_t max_batches = 1000) {
    Rows rows;
    Batch batch;
    for (size_t i = 0; i < max_batches; ++i) {
      const Result<bool> more = source_->Next(max_rows, 1, &batch);
      error_ = more ? "" : more.error().ToString();
      ended_ = more && !*more;
      if (!more || !*more || batch.positions.empty()) break;
      EXPECT_LE(batch.rows(), max_rows);
      for (size_t row = 0; row < batch.rows(); ++row) {
        rows.emplace_back(batch.columns[0].strings[row]);
        EXPECT_EQ(batch.event_us[row], 1);
      }
      for (const SourcePosition& position : batch.positions)
        (IsHeadStream(position.stream) ? heads_ : positions_)[position.stream] = position.offset;
    }
    return rows;
  }

  using Positions = std::map<std::string, int64_t>;
  TemporaryFolder folder_;
  Definition definition_;
  SourceOptions options_;
  std::unique_ptr<Source> source_;
  Rows letters_;
  Positions positions_, heads_;  // as the log has them
  Rows notices_;
  std::string error_;
  bool ended_ = false;
};

TEST_F(FollowedSourceTest, ReadsWhatIsAppended) {
  Append("a.jsonl", "");
  Open();
  EXPECT_EQ(Take(), Rows{});
  EXPECT_FALSE(ended_);
  Append("a.jsonl", Line("one") + Line("two"));
  EXPECT_EQ(Take(), (Rows{"one", "two"}));
  Append("a.jsonl", Line("three"));
  EXPECT_EQ(Take(), (Rows{"three"}));
  EXPECT_EQ(Take(), Rows{});
  EXPECT_EQ(positions_, (Positions{{"a.jsonl", 3}}));
  EXPECT_EQ(source_->progress().records, 3);
}

TEST_F(FollowedSourceTest, WakesUpWhenSomethingIsAppended) {
  Append("a.jsonl", Line("one"));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  std::thread writer([this] { Append("a.jsonl", Line("two")); });
  Batch batch;
  while (batch.rows() == 0) {  // had it no way of waking up, this would take days
    const Result<bool> more = source_->Next(100, int64_t{200'000} * 1'000'000, &batch);
    ASSERT_TRUE(more && *more);
  }
  writer.join();
  EXPECT_EQ(batch.columns[0].strings[0], "two");
}

TEST_F(FollowedSourceTest, LeavesAnUnfinishedLine) {
  const std::string line = Line("whole");
  Append("a.jsonl", Line("one") + line.substr(0, 7));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  for (size_t i = 7; i + 1 < line.size(); ++i) {
    Append("a.jsonl", line.substr(i, 1));
    EXPECT_EQ(Take(), Rows{});
  }
  Append("a.jsonl", line.substr(line.size() - 1));
  EXPECT_EQ(Take(), Rows{"whole"});
  EXPECT_EQ(letters_, Rows{});
}

TEST_F(FollowedSourceTest, EndsAtTheLastLineEndWhenNotAskedToWait) {
  options_.follow = false;
  Append("a.jsonl", Line("one") + R"({"name":"half)");
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  EXPECT_TRUE(ended_);
  Append("a.jsonl", "\",\"ts\":1}\n");
  Open();
  EXPECT_EQ(Take(), Rows{"half"});
  EXPECT_TRUE(ended_);
}

TEST_F(FollowedSourceTest, TakesOnNewFiles) {
  Append("a.jsonl", Line("a1") + R"({"name":"a2","ts":1})");
  Open();
  EXPECT_EQ(Take(), Rows{"a1"});
  Append("b.jsonl", Line("b1"));
  EXPECT_EQ(Take(), Rows{});  // that is when it looks
  EXPECT_EQ(Take(), (Rows{"a2", "b1"}));
  std::filesystem::remove(folder_.File("a.jsonl"));
  Append("b.jsonl", Line("b2"));
  EXPECT_EQ(Take(), Rows{"b2"});
  EXPECT_EQ(positions_, (Positions{{"a.jsonl", 2}, {"b.jsonl", 2}}));
  Open();
  Append("b.jsonl", Line("b3"));
  EXPECT_EQ(Take(), Rows{"b3"});
}

TEST_F(FollowedSourceTest, ResumesAnywhere) {
  const std::string bad = "{\"name\":5,\"ts\":1}\n";
  Append("a.jsonl", "\xef\xbb\xbf\n" + Line("a0") + " \t\r\n" + bad + Line("a2") + "\n" + bad);
  Append("b.jsonl", Line("b0") + bad + Line("b2") + "\n" + Line("b3"));
  Open();
  const Rows all = Take();
  const Rows letters = letters_;
  const Positions positions = positions_;
  EXPECT_EQ(all, (Rows{"a0", "a2", "b0", "b2", "b3"}));
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0], "a.jsonl:1:4: column 'name': expected string, found 5");
  EXPECT_EQ(letters[1].substr(0, 12), "a.jsonl:3:7:");
  EXPECT_EQ(letters[2].substr(0, 12), "b.jsonl:1:2:");
  EXPECT_EQ(positions, (Positions{{"a.jsonl", 4}, {"b.jsonl", 4}}));
  for (size_t batches = 1; batches <= 8; ++batches) {
    positions_.clear();
    Open();
    Rows rows = Take(1, batches);
    Rows told = letters_;
    Open();
    const Rows rest = Take(3);
    rows.insert(rows.end(), rest.begin(), rest.end());
    told.insert(told.end(), letters_.begin(), letters_.end());
    EXPECT_EQ(rows, all) << "after " << batches;
    EXPECT_EQ(told, letters) << "after " << batches;
    EXPECT_EQ(positions_, positions);
  }
}

TEST_F(FollowedSourceTest, AFileThatWasCutIsAnError) {
  Append("a.jsonl", Line("one") + Line("two"));
  Open();
  EXPECT_EQ(Take().size(), 2u);
  std::filesystem::resize_file(folder_.File("a.jsonl"), 3);
  Take();
  EXPECT_TRUE(Has(error_, "a.jsonl: has 3 bytes, but 44 were read from it")) << error_;
  EXPECT_TRUE(Has(TryOpen(), "a.jsonl: is shorter than what was read from it, 2 records"));
  std::filesystem::remove(folder_.File("a.jsonl"));  // as the remedy says
  Append("b.jsonl", Line("three"));
  Open();
  EXPECT_EQ(Take(), Rows{"three"});
  heads_.clear();  // a log of before there were any
  positions_["b.jsonl"] = 2;
  Open();
  Take();
  EXPECT_TRUE(Has(error_, "b.jsonl: has 1 records, but 2 were read from it before")) << error_;
}

TEST_F(FollowedSourceTest, AFileThatIsReplacedIsReadToItsEndAndIsAnError) {
  definition_.sources[0].paths = {"a.jsonl"};
  Append("a.jsonl", Line("one"));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  std::filesystem::rename(folder_.File("a.jsonl"), folder_.File("a.jsonl.1"));
  EXPECT_EQ(Take(), Rows{});
  EXPECT_EQ(error_, "");  // its writer may still have it open
  Append("a.jsonl.1", Line("two"));
  EXPECT_EQ(Take(), Rows{"two"});
  Append("a.jsonl.1", Line("three"));
  Append("a.jsonl", Line("another"));
  EXPECT_EQ(Take(), Rows{"three"});
  EXPECT_TRUE(Has(error_, "a.jsonl: another file was put in its place, after 3 records of it"))
      << error_;
  EXPECT_TRUE(Has(error_, "Give each a name of its own")) << error_;
  // As the remedy says.
  std::filesystem::rename(folder_.File("a.jsonl"), folder_.File("b.jsonl"));
  std::filesystem::rename(folder_.File("a.jsonl.1"), folder_.File("a.jsonl"));
  definition_.sources[0].paths = {"*.jsonl"};
  Open();
  EXPECT_EQ(Take(), Rows{"another"});
}

TEST_F(FollowedSourceTest, AFileThatIsRenamedIsNotReadAgain) {
  Append("a.jsonl", Line("one"));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  std::filesystem::rename(folder_.File("a.jsonl"), folder_.File("a-1.jsonl"));
  Append("b.jsonl", Line("two"));
  EXPECT_EQ(Take(), Rows{});
  EXPECT_TRUE(Has(error_, "a-1.jsonl: is the file that was followed as '" +
                              folder_.File("a.jsonl") + "', renamed"))
      << error_;
}

TEST_F(FollowedSourceTest, NorIsOneThatIsRenamedOnceItIsFinished) {
  Append("a.jsonl", Line("one"));
  Append("b.jsonl", Line("two"));
  Open();
  EXPECT_EQ(Take(), (Rows{"one", "two"}));
  std::filesystem::rename(folder_.File("a.jsonl"), folder_.File("a-done.jsonl"));
  EXPECT_EQ(Take(), Rows{});
  EXPECT_EQ(Take(), Rows{});
  EXPECT_TRUE(Has(error_, "a-done.jsonl: is the file that was followed as '" +
                              folder_.File("a.jsonl") + "', renamed"))
      << error_;
  // Another file, though it may have got the place of one that is gone.
  std::filesystem::rename(folder_.File("a-done.jsonl"), folder_.File("a.jsonl"));
  Open();
  EXPECT_EQ(Take(), Rows{});
  std::filesystem::remove(folder_.File("a.jsonl"));
  Append("c.jsonl", Line("six"));
  EXPECT_EQ(Take(), Rows{});
  EXPECT_EQ(Take(), Rows{"six"});
  EXPECT_EQ(error_, "");
}

// ---- While no engine ran.

TEST_F(FollowedSourceTest, AFileThatWasReplacedBeforeARestartIsAnError) {
  definition_.sources[0].paths = {"a.jsonl"};
  Append("a.jsonl", Line("one"));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  Append("a.jsonl", Line("two"));
  Rename("a.jsonl", "a.jsonl.1");
  Append("a.jsonl", Line("another"));
  const std::string error = TryOpen();
  EXPECT_TRUE(Has(error, folder_.File("a.jsonl") +
                             ": another file was put in its place, after 1 records of it were "
                             "read; that one is now '" +
                             folder_.File("a.jsonl.1") + "'"))
      << error;
  // As the remedy says.
  Rename("a.jsonl", "b.jsonl");
  Rename("a.jsonl.1", "a.jsonl");
  definition_.sources[0].paths = {"*.jsonl"};
  Open();
  EXPECT_EQ(Take(), (Rows{"two", "another"}));
}

TEST_F(FollowedSourceTest, SoIsOneThatWasRenamedBeforeItWasReadToItsEnd) {
  Append("b.jsonl", Line("one"));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  for (const std::string name : {"a.jsonl", "b.jsonl.1"}) {  // of the source's path, and not
    Rename("b.jsonl", name);
    Append("c.jsonl", "");
    const std::string error = TryOpen();
    EXPECT_TRUE(Has(error, folder_.File(name) + ": is the file that was followed as '" +
                               folder_.File("b.jsonl") + "', renamed after 1 records"))
        << error;
    Rename(name, "b.jsonl");
  }
  Open();
  EXPECT_EQ(notices_, Rows{});
}

TEST_F(FollowedSourceTest, OneThatIsGoneBeforeItWasReadToItsEndIsToldOfOnce) {
  Append("a.jsonl", Line("one"));
  Append("b.jsonl", Line("two"));
  Open();
  EXPECT_EQ(Take(), (Rows{"one", "two"}));
  std::filesystem::remove(folder_.File("a.jsonl"));  // this one was
  std::filesystem::remove(folder_.File("b.jsonl"));
  Append("c.jsonl", Line("three"));
  Open();
  EXPECT_EQ(notices_, Rows{folder_.File("b.jsonl") +
                           " is gone: what was appended to it after the 1 records that were read, "
                           "if anything, was not read"});
  EXPECT_EQ(Take(), Rows{"three"});
  Open();
  EXPECT_EQ(notices_, Rows{});
}

// Its head grows with it, up to a point, and is told only where it changed.
TEST_F(FollowedSourceTest, AFileIsKnownByItsFirstBytes) {
  Append("a.jsonl", "\xef\xbb\xbf" + Line("one"));
  Open();
  EXPECT_EQ(Take(), Rows{"one"});
  const int64_t first = heads_.at("head:a.jsonl");
  Append("a.jsonl", Line(std::string(2000, 'x')));
  EXPECT_EQ(Take().size(), 1u);
  const int64_t whole = heads_.at("head:a.jsonl");
  EXPECT_NE(first, whole);
  heads_.clear();
  Append("a.jsonl", Line("three"));
  EXPECT_EQ(Take(), Rows{"three"});
  EXPECT_EQ(heads_, Positions{});
  for (const int64_t head : {first, whole}) {
    heads_ = {{"head:a.jsonl", head}};
    Open();
    heads_ = {{"head:a.jsonl", head ^ 1}};
    EXPECT_TRUE(Has(TryOpen(), "a.jsonl: another file was put in its place"));
  }
}

TEST_F(FollowedSourceTest, AFileThatIsNamedOtherwiseIsTold) {
  Append("a.jsonl", Line("1") + Line("2"));
  Open();
  EXPECT_EQ(Take().size(), 2u);
  Open();
  EXPECT_EQ(notices_, Rows{});
  definition_.sources[0].paths = {folder_.File("a.jsonl")};
  Open();
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_TRUE(
      Has(notices_[0], "a.jsonl' is read from its start, and 2 records of 'a.jsonl' were read"));
}

// What was kept of a followed file beside its position is no file's position.
TEST_F(FollowedSourceTest, ThatIsToldOfWhereTheSourceFollowsNoMore) {
  std::filesystem::create_directory(folder_.File("in"));
  definition_.sources[0].paths = {"in/*.jsonl"};
  Append("in/a.jsonl", Line("1") + Line("2"));
  Open();
  EXPECT_EQ(Take().size(), 2u);
  EXPECT_TRUE(heads_.contains("head:in/a.jsonl"));
  definition_.sources[0].follow = false;
  Open();
  EXPECT_EQ(notices_, Rows{});
  definition_.sources[0].paths = {folder_.File("in/a.jsonl")};
  Open();
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_TRUE(Has(notices_[0], "read from its start, and 2 records of 'in/a.jsonl' were read"))
      << notices_[0];
}

TEST_F(FollowedSourceTest, LinesOfAnyLength) {
  const std::string long_name(3 << 20, 'n');
  Append("a.jsonl", Line(long_name));
  Append("a.jsonl", Line(std::string(kMaxRecordBytes + (1 << 20), 'x')));
  Append("a.jsonl", Line("after"));
  Open();
  EXPECT_EQ(Take(), (Rows{long_name, "after"}));
  EXPECT_EQ(letters_, (Rows{"a.jsonl:1:2: longer than 16 MiB"}));
  EXPECT_EQ(positions_, (Positions{{"a.jsonl", 3}}));
  Append("a.jsonl", Line("more"));
  Open();
  EXPECT_EQ(Take(), Rows{"more"});
}

}  // namespace
}  // namespace skewless
