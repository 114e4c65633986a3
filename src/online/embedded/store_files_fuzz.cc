// Damaged heads of an embedded store's files, as another process finds them: the reader reads on or
// says what is wrong, and the next writer keeps or rebuilds the store; neither crashes. An input is
// a byte of choices and strikes (u8 file, u16 place, u8 what to flip); checksums are put right
// where the choices say so, so that strikes get past them.
#include <cstdio>
#include <cstdlib>

#include "online/embedded/arena.h"
#include "online/embedded/store_directory.h"
#include "online/embedded/store_fixture.h"

namespace skewless::embedded {
namespace {

enum Choices : uint8_t { kSealHeads = 1, kCutArena = 2, kCutCurrent = 4 };

void WriteFile(const std::string& path, ByteView bytes) {
  FILE* const file = std::fopen(path.c_str(), "wb");
  SKEWLESS_CHECK(file != nullptr);
  SKEWLESS_CHECK(std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  SKEWLESS_CHECK(std::fclose(file) == 0);
}

// A store of a hundred users that was closed in the middle of its life.
class Store {
 public:
  Store() : directory_("store_files_fuzz") {
    auto writer = OpenEmbeddedWriter(views_.Options(path()));
    SKEWLESS_CHECK(writer.has_value() && (*writer)->Reset().has_value() &&
                   (*writer)->OpenForReaders().has_value());
    std::vector<TestEvent> events;
    for (int64_t user = 0; user < 100; ++user) events.push_back({user, user, user * kSecondUs});
    const Timestamp now = (*writer)->Announce(0);
    for (const int view : {kTotals, kWindowed}) {
      SKEWLESS_CHECK(
          (*writer)->Fold(view, views_.kernel(view), views_.Input(view, events, 1, now)));
    }
    SKEWLESS_CHECK((*writer)->Commit(100).has_value());
    current_ = Contents(CurrentPath(path()));
    arena_ = ArenaContents(ArenaPath(path(), 1));
    SKEWLESS_CHECK((*writer)->Close().has_value());
    writer->reset();
    closed_current_ = Contents(CurrentPath(path()));
    closed_arena_ = ArenaContents(ArenaPath(path(), 1));
  }

  const TestViews& views() const { return views_; }
  std::string path() const { return directory_.path(); }

  // Both files, struck.
  void Damage(ByteReader input, bool closed) const {
    const auto choices = input.Get<uint8_t>();
    const size_t cut = input.Get<uint16_t>();
    Bytes current = closed ? closed_current_ : current_;
    Bytes arena = closed ? closed_arena_ : arena_;
    while (input.remaining() >= 4) {
      const bool in_arena = input.Get<uint8_t>() % 2 != 0;
      const auto place = input.Get<uint16_t>();
      const auto flip = input.Get<uint8_t>();
      // What is written once and checked; the rest of the arena is shared memory.
      if (in_arena) {
        arena[place % sizeof(ArenaIdentity)] ^= flip;
      } else {
        current[place % sizeof(CurrentFile)] ^= flip;
      }
    }
    if ((choices & kSealHeads) != 0) Seal(&current, &arena);
    if ((choices & kCutCurrent) != 0) current.resize(cut % kCurrentBytes);
    if ((choices & kCutArena) != 0) arena.resize(cut % ArenaHeaderBytes(2));
    std::filesystem::remove_all(path());
    std::filesystem::create_directories(path());
    WriteFile(CurrentPath(path()), current);
    WriteFile(ArenaPath(path(), 1), arena);
  }

 private:
  static Bytes Contents(const std::string& path) {
    const auto text = ReadWholeFile(SystemFiles(), path);
    SKEWLESS_CHECK(text.has_value());
    return Bytes(text->begin(), text->end());
  }
  // Without the room that nothing is in yet.
  static Bytes ArenaContents(const std::string& path) {
    Bytes arena = Contents(path);
    const auto& header = *reinterpret_cast<const ArenaHeader*>(arena.data());
    arena.resize(header.allocator.used_units * kUnitBytes);
    return arena;
  }
  static void Seal(Bytes* current, Bytes* arena) {
    StoreLe<uint64_t>(current->data() + offsetof(CurrentFile, checksum),
                      Hash64(ByteView(*current).first(offsetof(CurrentFile, checksum))));
    StoreLe<uint64_t>(arena->data() + offsetof(ArenaIdentity, checksum),
                      Hash64(ByteView(*arena).first(offsetof(ArenaIdentity, checksum)), 0));
  }

  TestViews views_;
  TestDirectory directory_;
  Bytes current_, arena_, closed_current_, closed_arena_;
};

void Read(const Store& store) {
  auto reader =
      OpenEmbeddedReader(store.path(), store.views().names(), store.views().fingerprints());
  if (!reader) return;
  const int64_t users[] = {7, 99, 100};
  std::vector<RowKey> keys;
  for (const int64_t& user : users) keys.push_back({kTotals, KeyBytes(user)});
  keys.push_back({kWindowed, KeyBytes(users[0])});
  if (!(*reader)->Read(keys)) return;
  for (size_t i = 0; i < keys.size(); ++i) {
    const ByteView state = (*reader)->state(i);
    if (!state.empty()) SKEWLESS_CHECK(store.views().kernel(keys[i].view).Validate(state));
  }
}

void Write(const Store& store) {
  auto writer = OpenEmbeddedWriter(store.views().Options(store.path()));
  if (!writer) return;
  // A store that can't be used is built anew, whatever its files were.
  if (!(*writer)->usable()) SKEWLESS_CHECK((*writer)->Reset().has_value());
  SKEWLESS_CHECK((*writer)->OpenForReaders().has_value());
  Read(store);
}

}  // namespace
}  // namespace skewless::embedded

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  using namespace skewless::embedded;
  static const Store store;
  const ByteReader input({data, size});
  store.Damage(input, /*closed=*/false);
  Read(store);
  store.Damage(input, /*closed=*/true);
  Write(store);
  return 0;
}
