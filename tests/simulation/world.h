// The engine, its disk, its online store, its readers and the time that they live in, all moved by
// one schedule in one thread. After every step the contract is checked as far as can be seen then;
// what was served is kept, to be judged in the end.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/kernel_set.h"
#include "model/key.h"
#include "pipeline/engine.h"
#include "property/dice.h"
#include "simulation/evidence.h"
#include "simulation/mirrored_redis.h"
#include "simulation/scenario.h"
#include "simulation/simulated_files.h"
#include "simulation/simulated_kafka.h"
#include "simulation/simulated_machine.h"
#include "simulation/simulated_rows.h"
#include "simulation/simulated_source.h"
#include "simulation/simulated_store.h"

namespace skewless::simulation {

using Finding = std::optional<std::string>;

// How a finding begins that tells nothing about the engine: a scenario that was cut too far.
inline constexpr char kRefused[] = "the definition is refused: ";

// A vector that somebody was given.
struct Served {
  int label = 0;  // of the case
  Timestamp read_us = 0;
  RowStatus status = RowStatus::kNotFound;
  Sequence sequence = 0;
  Timestamp newest_event_us = 0;
  std::vector<Value> values;
  Timestamp computed_us = kMinTimestamp;  // of finished values
  int version = 0;                        // of the definition
};

// What happened, for the summary of many seeds.
struct Tally {
  int64_t lives = 0, crashes = 0, steps = 0, operations = 0, records = 0, reads = 0, vectors = 0;
  int64_t rebuilt = 0, reopened = 0, rots = 0, rots_found = 0, dead_letters = 0, table_rows = 0,
          merged_rows = 0, overruns = 0;
  // With a store elsewhere.
  int64_t refused_reads = 0, restarts = 0, lost_rows = 0, late_writes = 0, writes = 0,
          refused_writes = 0, forgiven = 0, timed_writes = 0, behind = 0, plain_vectors = 0,
          quiets = 0, quiet_rows = 0;
  // Which is Redis.
  int64_t additions = 0, apart = 0, removed = 0, earlier_rows = 0;
  // With topics as sources.
  int64_t outages = 0, deals = 0, retired = 0, appeared = 0, forgotten = 0;
};

class World : private StoreWatcher {
 public:
  // `root`: a folder of the machine's own, for the store's mapped files.
  World(const Scenario& scenario, std::string root);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Lives all lives. What broke the contract, if anything did.
  Finding Run();

  // ---- After Run, for the verdict
  const Scenario& scenario() const { return scenario_; }
  const Definition& definition() const { return *definition_; }
  const KernelSet& kernels() const { return kernels_; }
  SimulatedFiles& files() { return files_; }
  const std::deque<Served>& served() const { return served_; }
  const SimulatedServer& server() const { return server_; }
  const MirroredRedis* redis() const { return redis_; }  // where the server is one
  const SimulatedKafka& kafka() const { return kafka_; }
  int version() const { return version_; }  // of the definition above, of the two
  // The other definition and its kernels take the place of those above.
  void SwapDefinitions();
  // A label with its view's number in the definition of that version; -1: that lacks the view.
  property::Label LabelIn(int version, int label) const;
  // By what number the server has the rows of a view of the definition in use.
  int RowsOf(int view) const { return redis_ == nullptr ? view : redis_->RowsOf(view); }
  const BadDeliveries& bad_deliveries() const { return bad_deliveries_; }
  std::string DeadLettersPath(size_t source) const;
  std::optional<Bytes> KeyOf(const property::Label& label) const;
  Tally& tally() { return tally_; }
  std::vector<std::string> trace() const { return files_.trace(); }

 private:
  enum class Actor { kNobody, kEngine, kSource, kOffline };
  struct Reader {
    std::unique_ptr<OnlineReader> handle;
    Timestamp last_us = kMinTimestamp;
  };

  // ---- world_lives.cc: lives, as they begin and go
  std::unique_ptr<SimulatedServer> MakeServer();
  Status Compile();
  Status CompileRedefined();
  Finding Live(const Life& life, bool last);
  void Arm(const Life& life);
  void NoteBeginning();
  void CloseInOrder();
  void Drive(const Life& life);
  void DriveToTheEnd();
  EngineOptions Options();
  CompactionOptions Compaction() const;

  // ---- world_deaths.cc: lives, as they end
  Finding EndLife(const Life& life);
  Finding JudgeError(const Life& life) const;
  Finding CheckLog();
  bool RecoveryFailedToSync() const;
  void LosePages();
  void Overrun();
  void PowerCut();
  void EndOverrun();

  // ---- world_redefinition.cc: lives of engines with another definition
  void Redefine();
  Finding Sweep();
  void AwaitWalk();

  // ---- world_steps.cc: what happens in a life
  void Act();
  void StepEngine(bool stop);
  void StepSource();
  void StepOffline();
  void StepRows();
  void TroubleServer();
  void CheckTablesAreLogged();
  void MoveTime();
  void SetClock();
  void KeepClockAhead();
  // What is made visible is asked about at each commit, also at those of a start: in a quarter of
  // the worlds, in which no bit flips, or the log could not be asked.
  bool AsksAtEachCommit() const { return scenario_.seed % 4 == 0; }
  void Decay();
  void OpenASecond();
  void Observe(const std::string& operation);
  Timestamp NextArrival() const;

  // ---- world_readers.cc: what readers ask and are answered
  void Ask();
  Finding AskReader(Reader* reader);
  SimulatedServer::Key ServerKey(const RowKey& row) const {
    return {RowsOf(row.view), std::string(AsText(row.key))};
  }
  Finding AskServer(Reader* reader, const std::vector<RowKey>& rows,
                    const std::vector<int>& labels);
  Finding AskRedis(Reader* reader, const std::vector<RowKey>& rows, const std::vector<int>& labels);
  Finding Keep(const RowKey& row, int label, Timestamp t, ByteView state);
  Finding AskPlainly(const std::vector<RowKey>& rows, const std::vector<int>& labels);
  Finding KeepValues(const RowKey& own, int label, Timestamp t, const SimulatedServer::Row* row);
  Finding CheckGoesOn(const SimulatedServer::Key& key, const SimulatedServer::Row& row);
  void Keep(int label, Timestamp t);

  // ---- world_quiet.cc: what a store elsewhere holds when nothing comes
  void LookAtQuiet();
  Finding AwaitQuiet();
  Finding FindStale(Timestamp since);
  Finding FindStale(int view, const LogBook& book, Timestamp since);

  // StoreWatcher
  bool Counts(int64_t life) const override { return life == life_; }
  void Announced(Timestamp stamp) override { announced_us_ = stamp; }
  void Folded() override { folded_ = true; }
  void Committing(Sequence last) override;
  void Committed(Sequence last) override;

  bool Over() const { return finding_.has_value() || error_.has_value() || ended_; }
  void Broken(std::string what) {
    if (!finding_) finding_ = std::move(what);
  }

  const Scenario& scenario_;
  const std::string root_;
  SimulatedMachine machine_;
  MirroredRedis* redis_ = nullptr;  // where the server is one
  const std::unique_ptr<SimulatedServer> owned_server_;
  SimulatedServer& server_;
  SimulatedFiles files_;
  SimulatedKafka kafka_;
  std::unique_ptr<Definition> definition_;
  KernelSet kernels_;
  RedisOptions redis_options_;
  std::vector<int> views_;
  // In turns with those above, where definitions change.
  struct Version {
    std::unique_ptr<Definition> definition;
    KernelSet kernels;
    RedisOptions redis_options;
    std::vector<int> views;  // by view of the case: its number there, -1: it lacks the view
  };
  Version other_;
  int version_ = 0;        // that is in use
  bool sweeping_ = false;  // this life is for what is left of the other one
  property::Dice dice_;

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> overrun_;  // that another has taken over from, amid its step
  int64_t life_ = 0;                 // counts the engines opened
  int64_t overrun_at_ = -1;          // the operation in which that happens
  bool open_ = false;                // engine_ is whole: readers must be answered
  bool serving_ = false;             // some engine has been since the machine started
  bool closed_in_order_ = false;     // the engine before this one
  bool ended_ = false;               // nothing more comes in this life
  std::optional<Error> error_;       // the engine ended with it
  bool source_failed_ = false;
  bool reads_fail_ = false;
  int64_t source_batches_ = 0;
  int64_t fail_source_at_ = -1;
  Actor actor_ = Actor::kNobody;
  bool inside_ = false;  // others act amid an operation
  bool watching_ = true;

  Timestamp greatest_read_us_ = kMinTimestamp;  // by the wall clock
  Timestamp granted_us_ = kMinTimestamp;
  Timestamp announced_us_ = kMinTimestamp;
  bool folded_ = false;  // anything that readers will see
  Sequence acknowledged_ = 0;
  Timestamp acknowledged_us_ = kMinTimestamp;
  std::vector<oracle::Record> known_;  // of the log, after the last life
  Reader readers_[3];
  std::deque<Served> served_;
  FeatureVector vector_;
  // Of each row of finished values what was read last, and how often rows had been lost then.
  std::map<SimulatedServer::Key, std::pair<int64_t, Stamp>> seen_;
  // An engine found a log whose rows had not all been in the store yet: it takes the log's times,
  // which are by another clock, for the store's.
  bool by_two_clocks_ = false;
  int64_t openings_ = 0;  // of the server, when the engine began
  BadDeliveries bad_deliveries_;
  Finding finding_;
  Tally tally_;
};

}  // namespace skewless::simulation
