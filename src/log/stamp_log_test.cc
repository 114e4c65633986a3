#include "log/stamp_log.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "base/memory_files_fixture.h"
#include "log/log_format.h"
#include "log/stamp_format.h"

namespace skewless {
namespace {

constexpr char kFolder[] = "log/stamps";

struct Told {
  int64_t epoch;
  uint32_t view;
  std::string key;
  Stamp stamp;
  friend bool operator==(const Told&, const Told&) = default;
};

// Where somebody else is at work between two looks at a folder.
class BusyFiles : public MemoryFiles {
 public:
  std::function<void()> before_listing;
  int listings = 0;
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    ++listings;
    if (const auto now = std::exchange(before_listing, nullptr)) now();
    return MemoryFiles::List(directory);
  }
};

class StampLogTest : public testing::Test {
 protected:
  StampLogTest() {
    options_.directory = kFolder;
    options_.identity = 77;
    options_.epoch = 1;
    options_.views = {{"clicks", 11, false, 21, 31}, {"items", 12, false, 22, 32}};
  }
  std::unique_ptr<StampLogWriter> Open() {
    auto writer = StampLogWriter::Open(files_, options_);
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return writer ? std::move(*writer) : nullptr;
  }
  Error OpenError() {
    auto writer = StampLogWriter::Open(files_, options_);
    EXPECT_FALSE(writer.has_value());
    return writer ? Error{} : writer.error();
  }
  // A frame of so many stamps.
  void Write(StampLogWriter* writer, int stamps) {
    for (int i = 0; i < stamps; ++i) {
      const std::string key = "key " + std::to_string(next_ % 5);
      const Told told{options_.epoch,
                      static_cast<uint32_t>(next_ % 2),
                      key,
                      {next_, 1'700'000'000'000'000 + next_ * 3}};
      writer->Add({told.view, AsBytes(key), told.stamp});
      written_.push_back(told);
      ++next_;
    }
    known_.known_sequence = next_ - 1;
    known_.complete_us = next_;
    ASSERT_TRUE(writer->Write(known_));
  }
  // What a reader is told, up to where it ends; an error is kept in error_.
  std::vector<Told> Read(StampLogReader* reader) {
    std::vector<Told> told;
    StampLogReader::Frame frame;
    error_ = {};
    for (;;) {
      const Result<bool> more = reader->Next(&frame);
      if (!more) error_ = more.error();
      if (!more || !*more) return told;
      for (const LoggedStamp& stamp : frame.stamps) {
        told.push_back({frame.epoch, stamp.view, std::string(AsText(stamp.key)), stamp.stamp});
      }
      last_ = frame.known;
    }
  }
  std::vector<Told> ReadAll() {
    auto reader = StampLogReader::Open(files_, kFolder);
    EXPECT_TRUE(reader.has_value());
    return Read(reader->get());
  }
  // Of who asks for the writers, and so reads up to where each let readers in: none here did.
  Error WritersError() {
    const auto writers = (*StampLogReader::Open(files_, kFolder))->Writers();
    return writers ? Error{} : writers.error();
  }
  std::string Path(int64_t epoch, uint32_t part) const {
    return std::string(kFolder) + "/" + StampFileName(epoch, part);
  }
  Bytes Contents(const std::string& path) {
    auto text = ReadWholeFile(files_, path);
    EXPECT_TRUE(text.has_value());
    return {text->begin(), text->end()};
  }

  // A header of an earlier version, and behind it a frame of one stamp and no more, as those had
  // it.
  void ExpectOneStampAfter(Bytes file) {
    const uint64_t seed = StampFrameSeed(file);
    Bytes payload;
    PutVarint(payload, 1);
    PutVarint(payload, 0);
    PutLengthPrefixed(payload, "a");
    PutVarint(payload, ZigZag(4));
    PutVarint(payload, ZigZag(80));
    StampFrameHead head;
    head.payload_bytes = static_cast<uint32_t>(payload.size());
    head.payload_checksum = Hash64(payload, seed);
    file.resize(file.size() + kStampFrameHeadBytes);
    PutStampFrameHead(head, seed, file.data() + file.size() - kStampFrameHeadBytes);
    PutRaw(file, payload);
    files_.Put(Path(1, 0), file);
    EXPECT_EQ(ReadAll(), (std::vector<Told>{{1, 0, "a", {4, 80}}}));
    EXPECT_EQ(error_.message, "");
  }

  BusyFiles files_;
  StampLogOptions options_;
  Sequence next_ = 1;
  StampKnowledge known_;
  std::vector<Told> written_;
  StampKnowledge last_;
  Error error_;
};

TEST_F(StampLogTest, GivesBackWhatWasWrittenWhileItIsWritten) {
  auto reader = StampLogReader::Open(files_, kFolder);
  ASSERT_TRUE(reader.has_value());
  EXPECT_TRUE(Read(reader->get()).empty());
  options_.file_bytes = 600;  // some frames a file
  auto writer = Open();
  std::vector<Told> told;
  for (int i = 0; i < 40; ++i) {
    Write(writer.get(), i % 7);
    if (i % 3 == 0) {
      ASSERT_TRUE(writer->Sync());
    }
    for (Told& one : Read(reader->get())) told.push_back(one);
    ASSERT_EQ(error_.message, "");
    ASSERT_EQ(told, written_);
    EXPECT_EQ(last_, known_);
  }
  EXPECT_GT((*files_.List(kFolder)).size(), 3u);
  EXPECT_EQ(ReadAll(), written_);
}

// A file is full and the next one begun, after the reader came to the end of what was there.
TEST_F(StampLogTest, AReaderMissesNothingThatWasWrittenWhileItLookedForTheNextFile) {
  options_.file_bytes = 600;
  auto writer = Open();
  Write(writer.get(), 3);
  auto reader = StampLogReader::Open(files_, kFolder);
  std::vector<Told> told = Read(reader->get());
  files_.before_listing = [&] {
    for (int i = 0; i < 12; ++i) Write(writer.get(), 3);
  };
  for (Told& one : Read(reader->get())) told.push_back(one);
  EXPECT_EQ(error_.message, "");
  EXPECT_EQ(told, written_);
}

// A writer that is thought dead may still be given stamps when the next one has begun: what was
// complete when it began is all that the one after that can rely on.
TEST_F(StampLogTest, AWriterTellsWhatWasCompleteBeforeTheLastOne) {
  {
    auto writer = Open();
    Write(writer.get(), 3);
  }
  const Timestamp complete = known_.complete_us;
  options_.epoch = 2;
  options_.file_bytes = 600;
  {
    auto writer = Open();
    EXPECT_EQ(writer->complete_before_us(), kMinTimestamp);
    for (int i = 0; i < 12; ++i) Write(writer.get(), 3);
  }
  EXPECT_TRUE(files_.Exists(Path(2, 1)));
  options_.epoch = 3;
  EXPECT_EQ(Open()->complete_before_us(), complete);
}

TEST_F(StampLogTest, TheNextWriterKnowsWhatTheLastOneKnew) {
  {
    auto writer = Open();
    Write(writer.get(), 5);
    known_.opened_us = 4;
    known_.closed = true;
    ASSERT_TRUE(writer->Write(known_));
  }
  options_.epoch = 2;
  options_.views.push_back({"users", 13});
  auto writer = Open();
  EXPECT_EQ(writer->recovered(), known_);
  known_.opened_us = kMaxTimestamp;
  known_.closed = false;
  Write(writer.get(), 5);
  EXPECT_EQ(ReadAll(), written_);

  auto reader = StampLogReader::Open(files_, kFolder);
  const auto writers = (*reader)->Writers();
  ASSERT_TRUE(writers.has_value());
  ASSERT_EQ(writers->size(), 2u);
  EXPECT_EQ((*writers)[0].opened_us, 4);
  EXPECT_EQ((*writers)[1].opened_us, kMaxTimestamp);
  EXPECT_EQ((*writers)[1].views, options_.views);
}

// Of a writer that did not end in order, and of those before it as long as nobody has compared.
TEST_F(StampLogTest, AWriterIsToldWhichViewsItsRowsMayCarryStampsOf) {
  const auto next = [&](std::vector<StampedView> views) {
    ++options_.epoch;
    options_.views = std::move(views);
    return Open();
  };
  const auto earlier = [](StampedView view) {
    view.earlier = true;
    return view;
  };
  using Views = std::vector<StampedView>;
  const StampedView clicks = options_.views[0], items = options_.views[1];
  const StampedView carts{"carts", 13, /*values=*/true, 23, 33};
  const StampedView wider{"clicks", 14, false, 21, 34}, widest{"clicks", 15, false, 21, 35};
  auto writer = next({clicks, items, carts});
  EXPECT_EQ(writer->earlier_views(), Views());
  Write(writer.get(), 2);
  // Its own views' rows it looks at anyway, and finished values lie under the same keys.
  writer = next({items, wider});
  EXPECT_EQ(writer->earlier_views(), (Views{earlier(clicks)}));
  writer->Add({2, AsBytes("a"), {50, 60}});
  ASSERT_TRUE(writer->Write(known_));
  // That one found stamps, and did not come to the end of all rows.
  writer = next({widest});
  EXPECT_EQ(writer->recovered_views(), (Views{items, wider}));
  EXPECT_EQ(writer->earlier_views(), (Views{earlier(items), earlier(wider), earlier(clicks)}));
  Write(writer.get(), 1);
  writer = next({items});
  EXPECT_EQ(writer->earlier_views(), (Views{earlier(widest)}));
  // One without rows elsewhere has compared nothing, whatever it says.
  known_.closed = true;
  ASSERT_TRUE(next({})->Write(known_));
  writer = next({clicks});
  EXPECT_EQ(writer->earlier_views(), (Views{earlier(items), earlier(widest)}));
  ASSERT_TRUE(writer->Write(known_));  // closed
  EXPECT_EQ(next({wider})->earlier_views(), Views());

  auto reader = StampLogReader::Open(files_, kFolder);
  EXPECT_EQ((*(*reader)->Writers())[1].views, (Views{items, wider}));
  StampLogReader::Frame frame;
  while ((*reader)->Next(&frame).value()) {
    if (frame.epoch == 3) break;
  }
  EXPECT_EQ(*frame.views, (Views{items, wider, earlier(clicks)}));
  ASSERT_EQ(frame.stamps.size(), 1u);
  EXPECT_EQ(frame.stamps[0].view, 2u);
  EXPECT_EQ(frame.stamps[0].stamp, (Stamp{50, 60}));
}

// Earlier versions logged it so where a start had nothing to write, and on every cluster.
TEST_F(StampLogTest, WhereTheOpeningIsNotKnownTheFirstStampTellsIt) {
  known_.opened_us = kMinTimestamp;
  ASSERT_TRUE(Open()->Write(known_));
  options_.epoch = 2;
  {
    auto writer = Open();
    Write(writer.get(), 2);
    Write(writer.get(), 2);
  }
  auto reader = StampLogReader::Open(files_, kFolder);
  const auto writers = (*reader)->Writers();
  ASSERT_TRUE(writers.has_value());
  ASSERT_EQ(writers->size(), 2u);
  EXPECT_EQ((*writers)[0].opened_us, kMaxTimestamp);
  EXPECT_EQ((*writers)[1].opened_us, written_[0].stamp.available_us);
}

// Finished values have a second time, which the next writer goes on above.
TEST_F(StampLogTest, KeepsTheTimesThatValuesWereComputedFor) {
  options_.views = {{"clicks", 11, /*values=*/true}, {"items", 12}};
  options_.file_bytes = 1;  // a file a frame
  {
    auto writer = Open();
    EXPECT_EQ(writer->computed_us(), kMinTimestamp);
    const Told told[] = {{1, 0, "a", {5, 1000, 990}},
                         {1, 1, "a", {5, 1001}},
                         {1, 0, "b", {6, 1002, 1010}},
                         {1, 0, "a", {5, 1003, 1000}}};
    for (const Told& one : told) {
      writer->Add({one.view, AsBytes(one.key), one.stamp});
      written_.push_back(one);
      ASSERT_TRUE(writer->Write({one.stamp.sequence}));
    }
    EXPECT_EQ(writer->computed_us(), 1010);
  }
  EXPECT_EQ(ReadAll(), written_);
  options_.epoch = 2;
  EXPECT_EQ(Open()->computed_us(), 1010);
  auto reader = StampLogReader::Open(files_, kFolder);
  EXPECT_EQ((*(*reader)->Writers())[1].views, options_.views);
}

// A file as the version before finished values wrote it.
TEST_F(StampLogTest, FilesOfTheFirstVersionAreRead) {
  Bytes file;
  PutLe<uint64_t>(file, 0x504D415453574B53);
  PutLe<uint32_t>(file, 1);
  PutLe<uint32_t>(file, 0);  // its length
  PutLe<uint64_t>(file, options_.identity);
  PutLe<int64_t>(file, 1);
  PutLe<uint32_t>(file, 0);
  PutLe<uint64_t>(file, 0);
  PutLe<int64_t>(file, 3);  // known
  PutLe<int64_t>(file, 70);
  PutLe<int64_t>(file, kMaxTimestamp);
  PutLe<uint8_t>(file, 0);
  PutVarint(file, 1);
  PutLengthPrefixed(file, "clicks");
  PutLe<uint64_t>(file, 11);
  StoreLe(file.data() + 12, static_cast<uint32_t>(file.size() + 8));
  PutLe<uint64_t>(file, Hash64(file));
  ExpectOneStampAfter(std::move(file));
  options_.epoch = 2;
  EXPECT_EQ(Open()->computed_us(), kMinTimestamp);
}

// As the version wrote it that didn't tell what views' rows are made of.
TEST_F(StampLogTest, FilesOfTheSecondVersionAreRead) {
  Bytes file;
  PutLe<uint64_t>(file, 0x504D415453574B53);
  PutLe<uint32_t>(file, 2);
  PutLe<uint32_t>(file, 0);  // its length
  PutLe<uint64_t>(file, options_.identity);
  PutLe<int64_t>(file, 1);
  PutLe<uint32_t>(file, 0);
  PutLe<uint64_t>(file, 0);
  for (const int64_t known : {int64_t{3}, int64_t{70}, kMaxTimestamp}) PutLe<int64_t>(file, known);
  PutLe<uint8_t>(file, 0);
  PutLe<int64_t>(file, 60);  // computed
  PutVarint(file, 2);
  for (const uint8_t values : {0, 1}) {
    PutLengthPrefixed(file, "clicks");
    PutLe<uint64_t>(file, 11);
    PutLe<uint8_t>(file, values);
  }
  StoreLe(file.data() + 12, static_cast<uint32_t>(file.size() + 8));
  PutLe<uint64_t>(file, Hash64(file));
  files_.Put(Path(1, 0), file);
  auto reader = StampLogReader::Open(files_, kFolder);
  const auto writers = (*reader)->Writers();
  ASSERT_TRUE(writers.has_value()) << writers.error().ToString();
  const std::vector<StampedView> views = {{"clicks", 11}, {"clicks", 11, /*values=*/true}};
  EXPECT_EQ((*writers)[0].views, views);
  options_.epoch = 2;
  EXPECT_EQ(Open()->computed_us(), 60);
}

// As the version wrote it whose frames end with their stamps.
TEST_F(StampLogTest, FilesOfTheFourthVersionAreRead) {
  Bytes file;
  PutStampFileHeader({.identity = options_.identity, .epoch = 1, .views = options_.views}, &file);
  StoreLe(file.data() + 8, uint32_t{4});
  StoreLe(file.data() + file.size() - 8, Hash64(ByteView(file).first(file.size() - 8)));
  ExpectOneStampAfter(std::move(file));
}

// Beside stamps and alone, and no frame keeps those of the one before it.
TEST_F(StampLogTest, LostWritesComeWithTheFrameTheyWereWrittenIn) {
  const Bytes key = {1, 0, 255};
  auto writer = Open();
  writer->AddLost({1, key, 5, kMinTimestamp, kMaxTimestamp});
  writer->AddLost({0, ByteView(), INT64_MAX, -7, -9});
  Write(writer.get(), 2);
  Write(writer.get(), 1);
  writer->AddLost({0, key, 6, 10, 20});
  ASSERT_TRUE(writer->Write(known_));
  auto reader = StampLogReader::Open(files_, kFolder);
  StampLogReader::Frame frame;
  std::vector<size_t> stamps;
  std::vector<LostWrite> lost;
  std::vector<size_t> lost_by_frame;
  std::vector<Bytes> keys;
  while (*(*reader)->Next(&frame)) {
    stamps.push_back(frame.stamps.size());
    lost_by_frame.push_back(frame.lost.size());
    for (const LostWrite& write : frame.lost) {
      lost.push_back(write);
      keys.emplace_back(write.key.begin(), write.key.end());
    }
  }
  EXPECT_EQ(stamps, (std::vector<size_t>{2, 1, 0}));
  EXPECT_EQ(lost_by_frame, (std::vector<size_t>{2, 0, 1}));
  EXPECT_EQ(keys, (std::vector<Bytes>{key, {}, key}));
  EXPECT_EQ((std::vector<uint32_t>{lost[0].view, lost[1].view, lost[2].view}),
            (std::vector<uint32_t>{1, 0, 0}));
  EXPECT_EQ((std::vector<Sequence>{lost[0].sequence, lost[1].sequence, lost[2].sequence}),
            (std::vector<Sequence>{5, INT64_MAX, 6}));
  EXPECT_EQ((std::vector<Timestamp>{lost[0].from_us, lost[1].from_us, lost[2].from_us}),
            (std::vector<Timestamp>{kMinTimestamp, -7, 10}));
  EXPECT_EQ((std::vector<Timestamp>{lost[0].until_us, lost[1].until_us, lost[2].until_us}),
            (std::vector<Timestamp>{kMaxTimestamp, -9, 20}));
}

TEST_F(StampLogTest, RefusesTheStampsOfAnotherLogAndOfALaterWriter) {
  options_.epoch = 5;
  Open();
  EXPECT_EQ(OpenError().code, ErrorCode::kCorrupt);
  options_.epoch = 6;
  options_.identity = 78;
  EXPECT_NE(OpenError().message.find("another log"), std::string::npos);
}

// Wherever a crash cuts the last file, what was whole before is kept, and nothing else.
TEST_F(StampLogTest, EveryTornTailIsCut) {
  std::vector<size_t> ends, stamps;
  {
    auto writer = Open();
    for (int i = 0; i < 4; ++i) {
      ends.push_back(Contents(Path(1, 0)).size());
      stamps.push_back(written_.size());
      Write(writer.get(), 3);
    }
  }
  const Bytes whole = Contents(Path(1, 0));
  const std::vector<Told> all = written_;
  options_.epoch = 2;
  for (size_t size = ends[0]; size < whole.size(); ++size) {
    files_ = BusyFiles();
    files_.Put(Path(1, 0), Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
    size_t frames = 0;
    while (frames + 1 < ends.size() && ends[frames + 1] <= size) ++frames;
    const std::vector<Told> kept(all.begin(), all.begin() + static_cast<ptrdiff_t>(stamps[frames]));
    ASSERT_EQ(ReadAll(), kept) << size;
    ASSERT_EQ(error_.message, "");
    auto writer = Open();
    ASSERT_EQ(writer->torn_bytes(), static_cast<int64_t>(size - ends[frames]));
    written_ = kept;
    Write(writer.get(), 2);
    ASSERT_EQ(ReadAll(), written_);
  }
}

// A flipped bit of what was durable is told by file and offset, by readers and by the next writer.
TEST_F(StampLogTest, NoDamageIsTakenForATornTail) {
  {
    auto writer = Open();
    Write(writer.get(), 3);
    ASSERT_TRUE(writer->Sync());
    Write(writer.get(), 3);  // says so
  }
  const Bytes whole = Contents(Path(1, 0));
  options_.epoch = 2;
  Bytes header;
  StampFileHeader read = *GetStampFileHeader(whole, "");
  PutStampFileHeader(read, &header);
  const size_t frame = kStampFrameHeadBytes + LoadLe<uint32_t>(whole.data() + header.size() + 4);
  for (size_t at = 0; at < header.size() + frame; ++at) {
    for (const uint8_t flip : {1, 128}) {
      files_ = BusyFiles();
      Bytes damaged = whole;
      damaged[at] ^= flip;
      files_.Put(Path(1, 0), damaged);
      ReadAll();
      const bool told = error_.code == ErrorCode::kCorrupt || error_.code == ErrorCode::kVersion;
      ASSERT_TRUE(told && error_.message.find(Path(1, 0)) != std::string::npos) << at;
      ASSERT_EQ(OpenError().message, error_.message) << at;
      ASSERT_EQ(WritersError().message, error_.message) << at;
    }
  }
}

// The reader saw its first bytes; before it looked on the writer had written it, synced it, and
// told of that in the next frame.
TEST_F(StampLogTest, AWriteThatIsUnderWayIsNotTakenForDamage) {
  const auto writer = Open();
  Write(writer.get(), 3);
  ASSERT_TRUE(writer->Sync());
  const size_t torn_at = Contents(Path(1, 0)).size() + 10;
  Write(writer.get(), 3);
  ASSERT_TRUE(writer->Sync());
  Write(writer.get(), 3);
  const Bytes whole = Contents(Path(1, 0));
  ASSERT_TRUE(files_.Truncate(Path(1, 0), torn_at));
  const auto reader = StampLogReader::Open(files_, kFolder);
  StampLogReader::Frame frame;
  ASSERT_TRUE(*(*reader)->Next(&frame));
  files_.before_listing = [&] {
    ASSERT_TRUE((*files_.OpenAppend(Path(1, 0)))->Append(ByteView(whole).subspan(torn_at)));
  };
  EXPECT_EQ(Read(reader->get()).size(), 6u);
  EXPECT_EQ(error_.message, "");
}

// Who asks for the writers came to the end of a file; then a frame was added there, and the next
// file begun.
TEST_F(StampLogTest, AFileThatGrewBeforeItsSuccessorIsNotTakenForDamage) {
  auto writer = Open();
  Write(writer.get(), 3);
  const auto then = [&] {
    known_.opened_us = 5;
    Write(writer.get(), 3);
    ASSERT_TRUE(writer->Sync());
    options_.epoch = 2;
    Open();
  };
  files_.before_listing = [&] { files_.before_listing = then; };
  const auto writers = (*StampLogReader::Open(files_, kFolder))->Writers();
  ASSERT_TRUE(writers.has_value()) << writers.error().ToString();
  EXPECT_EQ(files_.before_listing, nullptr);
  ASSERT_EQ(writers->size(), 2u);
  EXPECT_EQ(writers->front().opened_us, 5);
}

// Behind a later file, the whole of the one before counts, synced or not.
TEST_F(StampLogTest, AFileWithASuccessorMustBeWhole) {
  {
    auto writer = Open();
    Write(writer.get(), 3);
  }
  options_.epoch = 2;
  Open();
  Bytes bytes = Contents(Path(1, 0));
  const std::vector<Told> kept = written_;
  bytes.back() ^= 4;
  files_.Put(Path(1, 0), bytes);
  ReadAll();
  EXPECT_EQ(error_.code, ErrorCode::kCorrupt);
  EXPECT_EQ(WritersError().message, error_.message);
  // What a writer that was thought dead still added is read, and may be torn.
  bytes.back() ^= 4;
  bytes.insert(bytes.end(), 30, 9);
  files_.Put(Path(1, 0), bytes);
  EXPECT_EQ(ReadAll(), kept);
  EXPECT_EQ(error_.message, "");
  EXPECT_EQ(WritersError().message, "");
}

TEST(StampFormat, NamesSortAsTheyAreBegun) {
  EXPECT_EQ(StampFileName(3, 12), "00003-00012.skstamps");
  EXPECT_LT(StampFileName(9, 99), StampFileName(10, 0));
  EXPECT_EQ(ParseStampFileName("00003-00012.skstamps"), (std::pair<int64_t, uint32_t>{3, 12}));
  for (const char* name : {"3-12.skstamps", "00003-00012.skstamps.new", "00003 00012.skstamps",
                           "0000x-00012.skstamps", "+0003-00012.skstamps"}) {
    EXPECT_FALSE(ParseStampFileName(name)) << name;
  }
}

// A folder of thousands, each look at which takes a look at each of them.
TEST_F(StampLogTest, ListsItsFolderOnceForManyFiles) {
  for (options_.epoch = 1; options_.epoch <= 20; ++options_.epoch) Write(Open().get(), 3);
  const auto reader = StampLogReader::Open(files_, kFolder);
  files_.listings = 0;
  EXPECT_EQ((*reader)->Writers().value().size(), 20U);
  EXPECT_EQ(Read(reader->get()), written_);
  EXPECT_LE(files_.listings, 3);
  // One that comes later is found.
  Write(Open().get(), 3);
  EXPECT_EQ((*reader)->Writers().value().size(), 21U);
  EXPECT_EQ(Read(reader->get()).size(), 3U);
}

}  // namespace
}  // namespace skewless
