// Any bytes as served vectors: an audit against a log, and against a training set, reports or says
// what is wrong.
#include <cstdlib>
#include <filesystem>

#include "base/memory_files_fixture.h"
#include "log/served_fuzzing.h"
#include "training/audit.h"
#include "training/training_fixture.h"

namespace skewless {
namespace {

// The log of a few clicks, and a training set of them.
class Shop {
 public:
  Shop() {
    clicks_.Append({{1, "a", "2.5", 0, 0},
                    {1, "b", "", 1 * kSecondUs, 2 * kSecondUs},
                    {2, "a", "-1", 5 * kSecondUs, 5 * kSecondUs},
                    {1, "", "1e300", 4 * kSecondUs, 6 * kSecondUs, false}});
    for (const auto& entry : std::filesystem::directory_iterator(clicks_.Path("var/log"))) {
      if (!entry.is_regular_file()) continue;
      const auto contents = ReadWholeFile(SystemFiles(), entry.path());
      SKEWLESS_CHECK(contents.has_value());
      log_[entry.path()] = Bytes(contents->begin(), contents->end());
    }
    clicks_.repository().Write("training.csv",
                               "user,item,cart,event_timestamp,spend,views,share,items\n"
                               "1,a,2.5,2020-01-01T00:00:03Z,2.5,1,1,\"[\"\"a\"\",\"\"b\"\"]\"\n"
                               "2,,nan,1577836805000000,-1,,-0,\n");
  }

  const Definition& definition() const { return clicks_.definition(); }
  std::string training_set() const { return clicks_.Path("training.csv"); }
  MemoryFiles Files() const {
    MemoryFiles files;
    for (const auto& [path, contents] : log_) files.Put(path, contents);
    return files;
  }

 private:
  LoggedClicks clicks_;
  std::map<std::string, Bytes> log_;
};

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  static const Shop shop;
  MemoryFiles files = shop.Files();
  files.Put("served/1-1.skserved", ServedFileOf({data, size}));
  JoinOptions options;
  options.threads = 1;
  const auto report = Audit(files, shop.definition(), "served", options);
  if (report) {
    SKEWLESS_CHECK(report->different_rows <= report->rows);
    SKEWLESS_CHECK(report->passed() == report->examples.empty());
  }
  const auto training = AuditTrainingSet(files, "served", shop.training_set(), "event_timestamp");
  if (training) SKEWLESS_CHECK(training->rows + training->unmatched_rows == 2);
  return 0;
}
