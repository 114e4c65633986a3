#include <unistd.h>

#include <filesystem>

#include "base/check.h"
#include "source/file_head.h"
#include "source/file_source.h"
#include "source/followed_source.h"
#include "source/kafka/kafka_source.h"
#include "source/open_reader.h"
#include "source/source.h"

namespace skewless {
namespace {

// A log continues in the mode that it was begun in: positions of the one mean nothing to the other.
tl::unexpected<Error> OtherMode(const SourceDefinition& source, bool replay) {
  return Fail(ErrorCode::kInvalid,
              SourcePlace(source) + "the log was begun " +
                  (replay ? "without a replay clock" : "under the replay clock") +
                  " and cannot go on " + (replay ? "under one" : "without"),
              "Use a new log.");
}

Result<KnownRecords> ReadFilePositions(const SourceDefinition& source,
                                       const SourceOptions& options) {
  KnownRecords known;
  for (const SourcePosition& position : options.resume) {
    if (position.stream == ReplayPosition::SortedStream(source)) return OtherMode(source, false);
    // Where the source followed its files in an earlier life.
    if (!source.follow && IsHeadStream(position.stream)) continue;
    known[position.stream] = position.offset;
  }
  return known;
}

// Positions are by name: files that were moved, or that the definition names otherwise now, would
// be read again from their start, and nobody would see why.
void TellOfMovedFiles(const SourceDefinition& source, const KnownRecords& known,
                      const std::vector<InputFile>& files, const SourceOptions& options) {
  if (!options.notice) return;
  const auto name_of = [](const std::string& path) {
    return std::filesystem::path(path).filename();
  };
  for (const InputFile& file : files) {
    if (known.contains(file.stream)) return;
  }
  for (const InputFile& file : files) {
    for (const auto& [stream, records] : known) {
      if (name_of(stream) != name_of(file.stream)) continue;
      return options.notice(SourcePlace(source) + "'" + file.stream +
                            "' is read from its start, and " + std::to_string(records) +
                            " records of '" + stream +
                            "' were read before: if it is that file, they come twice. A file "
                            "keeps the name that the definition gave it");
    }
  }
}

Result<ReplayPosition> ReadReplayPositions(const SourceDefinition& source,
                                           const SourceOptions& options) {
  ReplayPosition resume;
  const std::string dead = ReplayPosition::DeadStream("");
  for (const SourcePosition& position : options.resume) {
    if (position.stream == ReplayPosition::SortedStream(source)) {
      resume.sorted_rows = position.offset;
    } else if (position.stream == ReplayPosition::GoodStream(source)) {
      resume.good_rows = position.offset;
    } else if (position.stream.starts_with(dead)) {
      resume.known[position.stream.substr(dead.size())] = position.offset;
    } else {
      return OtherMode(source, true);
    }
  }
  return resume;
}

std::string SpillPath(const SourceDefinition& source, const SourceOptions& options) {
  if (!options.spill_directory.empty()) {
    return JoinPath(options.spill_directory, source.name + ".sort");
  }
  const std::string name = "skewless-" + std::to_string(::getpid()) + "-" + source.name + ".sort";
  return std::filesystem::temp_directory_path() / name;
}

}  // namespace

Result<std::unique_ptr<Source>> OpenSource(const Definition& definition, int source,
                                           const SourceOptions& options,
                                           DeadLetterSink dead_letters) {
  const SourceDefinition& named = definition.sources[static_cast<size_t>(source)];
  const auto index = static_cast<uint32_t>(source);
  SKEWLESS_RETURN_IF_ERROR(CheckReadable(named));
  if (options.replay && named.arrival_timestamp < 0 && !named.delay) {
    return Fail(ErrorCode::kInvalid,
                SourcePlace(named) + "a replay needs to know when records arrived",
                "Give it an arrival_timestamp, or a delay after the event.");
  }
  if (named.type == SourceType::kKafka) {
    SKEWLESS_ASSIGN_OR_RETURN(auto decoder, OpenMessageDecoder(definition, named));
    return KafkaSource::Open(definition, index, options, std::move(decoder),
                             std::move(dead_letters));
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto files, FindInputFiles(definition, named));
  if (!options.replay) {
    SKEWLESS_ASSIGN_OR_RETURN(auto known, ReadFilePositions(named, options));
    if (named.follow) {
      SKEWLESS_ASSIGN_OR_RETURN(auto heads, CheckHeads(definition, files, options.notice, &known));
      TellOfMovedFiles(named, known, files, options);
      return std::make_unique<FollowedSource>(definition, index, options.follow, std::move(files),
                                              std::move(known), std::move(heads),
                                              std::move(dead_letters));
    }
    TellOfMovedFiles(named, known, files, options);
    return std::make_unique<FileSource>(
        named, index,
        std::make_unique<RecordFiles>(named, false, std::move(files), std::move(known),
                                      RecordFiles::Known::kSkip, std::move(dead_letters)));
  }
  SKEWLESS_ASSIGN_OR_RETURN(auto resume, ReadReplayPositions(named, options));
  ArrivalSorter::Options sort;
  sort.memory_bytes = options.sort_memory_bytes;
  sort.spill_path = SpillPath(named, options);
  sort.arrival_column = named.arrival_timestamp;
  sort.delay_us = named.delay.value_or(0);
  auto records =
      std::make_unique<RecordFiles>(named, true, std::move(files), resume.known,
                                    RecordFiles::Known::kReread, std::move(dead_letters));
  return std::make_unique<ReplaySource>(named, index, std::move(records), std::move(resume),
                                        std::move(sort));
}

Result<std::unique_ptr<Source>> OpenSortedFiles(const Definition& definition, int source,
                                                std::vector<uint8_t> needed_columns,
                                                DeadLetterSink dead_letters, bool* out_of_order) {
  const SourceDefinition& named = definition.sources[static_cast<size_t>(source)];
  SKEWLESS_RETURN_IF_ERROR(CheckReadable(named));
  SKEWLESS_CHECK(named.tells_arrivals());
  SKEWLESS_ASSIGN_OR_RETURN(auto files, FindInputFiles(definition, named));
  auto records =
      std::make_unique<RecordFiles>(named, true, std::move(files), KnownRecords{},
                                    RecordFiles::Known::kReread, std::move(dead_letters));
  records->set_needed_columns(std::move(needed_columns));
  return std::make_unique<SortedFileSource>(named, static_cast<uint32_t>(source),
                                            std::move(records), out_of_order);
}

}  // namespace skewless
