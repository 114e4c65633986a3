// The served rows that are audited, and what a replay of the log answers to each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "log/availability.h"
#include "log/served_log.h"
#include "training/join.h"

namespace skewless {

class AuditReplay {
 public:
  // Both outlive this.
  AuditReplay(const Definition& definition, const KernelSet& kernels)
      : definition_(definition), kernels_(kernels) {}

  struct Question {
    ServedRow row;
    std::vector<int> view;        // by row.views; -1: the definition lacks it
    std::vector<uint32_t> label;  // by row.views: where in the view's labels
  };
  Status Ask(ServedRow row);
  const std::vector<Question>& questions() const { return questions_; }

  // Answers all that was asked.
  Status Replay(FileSystem& files, const JoinOptions& options, JoinCounts* counts);
  // Of the history, as it was replayed.
  Sequence last_sequence() const { return last_sequence_; }
  // What a read of row.views rests on, where the definition has its view.
  Sequence SequenceOf(const Question& question, size_t read) const {
    return AnswersOf(question.view[read]).sequence[question.label[read]];
  }
  uint8_t StatusOf(const Question& question, size_t read) const {
    return AnswersOf(question.view[read]).status[question.label[read]];
  }
  // It may rest on a write that the store lost before anybody was told of it: on records up to that
  // one's, of which the replay has fewer then, or, of finished values, as many.
  bool MayBeOfLostWrite(const Question& question, size_t read) const;
  // The value of a row's output; nothing where the definition no longer has it.
  std::optional<Value> ValueOf(const Question& question, const std::string& output);

  // Forgets questions and answers.
  void Clear();

 private:
  Result<Bytes> KeyOf(const ServedRow& row, int view) const;
  void AddLabel(int view, ByteView key, Timestamp t, uint32_t* label);
  std::optional<Value> DerivedOf(const Question& question, int service, const std::string& name);
  const ViewAnswers& AnswersOf(int view) const {
    return answers_[static_cast<size_t>(labels_of_view_[static_cast<size_t>(view)])];
  }
  int LabelOf(const Question& question, int view) const;

  const Definition& definition_;
  const KernelSet& kernels_;
  std::vector<Question> questions_;
  std::vector<int> labels_of_view_;  // by view: index in labels_, -1: none
  std::vector<ViewLabels> labels_;
  std::vector<ViewAnswers> answers_;
  Sequence last_sequence_ = 0;
  std::map<std::pair<uint32_t, Bytes>, std::vector<Availability::Lost>> lost_;  // by view and key
  EvaluationScratch scratch_;
};

}  // namespace skewless
