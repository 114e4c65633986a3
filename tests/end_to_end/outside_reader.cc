// outside_reader <repository> <history> <served> <seed>
//
// Reads the embedded store of an engine in another process, as fast as it can, while that engine
// writes, is killed, stands still and comes again; checks every row (outside_check.h), and writes
// rows as a server would to the folder <served>, for `skewless audit --served`.
//
// On standard input: a line asks for the number of reads so far, which is printed; its end ends the
// program with a summary in JSON. Exit code 1 where anything was wrong.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <random>
#include <thread>

#include "end_to_end/outside_check.h"
#include "log/served_log.h"
#include "pipeline/online_of.h"
#include "serving/served_rows.h"

namespace skewless::outside {
namespace {

constexpr int64_t kReadsAHandle = 20'000;  // then a reader is opened anew, as by a new process
constexpr int64_t kLogEvery = 64;
constexpr int64_t kMostLogged = 300'000;
constexpr size_t kMostUsers = 4;  // asked for at once

// One handle of the store. T never runs backwards for it.
class Handle {
 public:
  Handle(const Definition& definition, const KernelSet& kernels)
      : definition_(definition), kernels_(kernels) {}

  Status Open() {
    SKEWLESS_ASSIGN_OR_RETURN(auto online, OpenOnlineReader(definition_, kernels_));
    reader_ = std::make_unique<FeatureReader>(definition_, kernels_, std::move(online));
    last_ = {};
    return {};
  }
  FeatureReader& reader() { return *reader_; }
  Moment& last() { return last_; }

 private:
  const Definition& definition_;
  const KernelSet& kernels_;
  std::unique_ptr<FeatureReader> reader_;
  Moment last_;
};

class OutsideReader {
 public:
  OutsideReader(const Definition& definition, const KernelSet& kernels, const History& history,
                ReadPlan plan, std::unique_ptr<ServedLogWriter> served, uint64_t seed)
      : definition_(definition),
        history_(history),
        plan_(std::move(plan)),
        check_(history, plan_),
        served_(std::move(served)),
        random_(seed),
        handles_{Handle(definition, kernels), Handle(definition, kernels)} {
    request_.plan = &plan_;
    request_.inputs.resize(plan_.keys.size());
    for (size_t i = 0; i < plan_.keys.size(); ++i) request_.inputs[i].type = plan_.keys[i].type;
  }

  Status Run(const std::atomic<bool>& stop) {
    for (Handle& handle : handles_) SKEWLESS_RETURN_IF_ERROR(handle.Open());
    for (int64_t turn = 0; !stop.load(std::memory_order_relaxed); ++turn) {
      // The second handle comes and goes; the first one lives through everything.
      if (turn % kReadsAHandle == 0) SKEWLESS_RETURN_IF_ERROR(handles_[1].Open());
      SKEWLESS_RETURN_IF_ERROR(ReadOnce(handles_[random_() % 8 == 0 ? 1 : 0]));
    }
    return served_->Flush();
  }

  int64_t rows() const { return rows_.load(std::memory_order_relaxed); }
  int64_t wrong() const { return wrong_; }
  void PrintSummary() const {
    std::printf(
        "{\"rows\": %lld, \"reads\": %lld, \"wrong\": %lld, \"logged\": %lld, \"moments\": %lld, "
        "\"moved\": %lld, \"waited\": %lld, \"last_read_us\": %lld, \"last_events\": %lld}\n",
        static_cast<long long>(rows()), static_cast<long long>(reads_),
        static_cast<long long>(wrong_), static_cast<long long>(logged_),
        static_cast<long long>(moments_), static_cast<long long>(moved_),
        static_cast<long long>(waited_), static_cast<long long>(last_.read_us),
        static_cast<long long>(last_.events));
  }

 private:
  void DrawUsers() {
    request_.rows = 1 + random_() % kMostUsers;
    for (size_t key = 0; key < plan_.keys.size(); ++key) {
      request_.inputs[key].Clear();
      for (size_t row = 0; row < request_.rows; ++row) {
        // Few users are asked for often, as few have most of the events.
        const auto any = static_cast<int64_t>(random_() % static_cast<uint64_t>(history_.users()));
        const int64_t user = random_() % 2 == 0 ? any : any % 16;
        request_.inputs[key].AppendInt(plan_.keys[key].name == "user_id" ? user : 0);
      }
    }
  }

  size_t UserColumn() const { return plan_.keys[0].name == "user_id" ? 0 : 1; }

  Status ReadOnce(Handle& handle) {
    DrawUsers();
    const auto rows = handle.reader().ReadMany(plan_, request_.inputs, request_.rows);
    if (!rows) {
      // There is nothing to read until the first engine has begun; from then on always.
      if (rows.error().code != ErrorCode::kUnavailable || moments_ > 0) {
        Wrong("no answer: " + rows.error().ToString());
      }
      ++waited_;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return {};
    }
    ++reads_;
    const bool news = CheckRows(handle, *rows);
    if (logged_ >= kMostLogged || (!news && reads_ % kLogEvery != 0)) return {};
    logged_ += static_cast<int64_t>(rows->size());
    return AppendServedRows(definition_, request_, *rows, *served_, &scratch_);
  }

  // True where the read tells of another prefix of the history than the one before it did.
  bool CheckRows(Handle& handle, std::span<const ReadRow> rows) {
    Moment moment;
    for (size_t i = 0; i < rows.size(); ++i) {
      Moment of_row;
      const std::string problem =
          check_.Check(request_.inputs[UserColumn()].ints[i], rows[i], &of_row);
      if (!problem.empty()) Wrong(problem);
      if (i > 0 && (of_row.read_us != moment.read_us || of_row.events != moment.events)) {
        Wrong("rows of one request were read at different moments");
      }
      moment = of_row;
    }
    rows_.fetch_add(static_cast<int64_t>(rows.size()), std::memory_order_relaxed);
    if (moment.read_us < handle.last().read_us) {
      Wrong("T ran backwards: " + std::to_string(handle.last().read_us) + " then " +
            std::to_string(moment.read_us));
    }
    for (const Moment& before : {handle.last(), last_}) {
      if (before.read_us == kMinTimestamp) continue;
      const std::string problem = CheckOrder(before, moment);
      if (!problem.empty()) Wrong(problem);
    }
    const bool news = moments_ == 0 || moment.events != last_.events;
    moments_ += news || moment.read_us != last_.read_us ? 1 : 0;
    moved_ += news ? 1 : 0;
    handle.last() = last_ = moment;
    return news;
  }

  void Wrong(const std::string& what) {
    if (++wrong_ <= 10) std::fprintf(stderr, "wrong: %s\n", what.c_str());
  }

  const Definition& definition_;
  const History& history_;
  const ReadPlan plan_;
  RowCheck check_;
  std::unique_ptr<ServedLogWriter> served_;
  std::mt19937_64 random_;
  Handle handles_[2];
  OnlineRequest request_;
  ServedRow scratch_;
  Moment last_;
  std::atomic<int64_t> rows_ = 0;
  int64_t reads_ = 0, wrong_ = 0, logged_ = 0, waited_ = 0;
  int64_t moments_ = 0;  // reads whose T differs from the one before
  int64_t moved_ = 0;    // reads that found more of the history
};

Status Main(const std::string& repository, const std::string& history_path,
            const std::string& served_path, uint64_t seed) {
  SKEWLESS_ASSIGN_OR_RETURN(const auto definition, LoadDefinition(repository));
  SKEWLESS_ASSIGN_OR_RETURN(const KernelSet kernels, CompileKernels(*definition));
  SKEWLESS_ASSIGN_OR_RETURN(const History history, History::Load(history_path));
  SKEWLESS_ASSIGN_OR_RETURN(ReadPlan plan, PlanService(*definition, "all"));
  SKEWLESS_ASSIGN_OR_RETURN(auto served, ServedLogWriter::Open(SystemFiles(), served_path));
  OutsideReader reader(*definition, kernels, history, std::move(plan), std::move(served), seed);
  std::atomic<bool> stop = false;
  std::thread control([&] {
    for (std::string line; std::getline(std::cin, line);) {
      std::printf("%lld\n", static_cast<long long>(reader.rows()));
      std::fflush(stdout);
    }
    stop.store(true);
  });
  Status ran = reader.Run(stop);
  if (!ran) std::fprintf(stderr, "%s\n", ran.error().ToString().c_str());
  control.join();
  reader.PrintSummary();
  if (!ran) return ran;
  if (reader.wrong() == 0) return {};
  return Fail(ErrorCode::kInternal, std::to_string(reader.wrong()) + " things were wrong");
}

}  // namespace
}  // namespace skewless::outside

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: outside_reader <repository> <history> <served> <seed>\n");
    return 2;
  }
  const auto done = skewless::outside::Main(arguments[1], arguments[2], arguments[3],
                                            std::strtoull(arguments[4], nullptr, 10));
  if (!done) std::fprintf(stderr, "%s\n", done.error().ToString().c_str());
  return done ? 0 : 1;
}
