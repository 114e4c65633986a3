// The join of a view of which only last values are asked: no record is kept. Records come in the
// order of availability, so those between two labels of an entity come down to the newest of them;
// each label keeps that one, and in the end an entity's labels pass it on from one to the next.
#pragma once

#include <vector>

#include "kernel/view_kernel.h"
#include "training/label_index.h"

namespace skewless {

class LastValues {
 public:
  // `values`: see ViewKernel::IsLastValuesOnly. All outlive it.
  LastValues(const ViewKernel& kernel, std::vector<ViewKernel::LastValue> values,
             LabelIndex* labels);

  // Records of the view's input, at their places in the order of availability.
  void Add(const ViewInput& input);
  int64_t added() const { return added_; }

  // What an entity's labels know, from its first to its last.
  class Reader {
   public:
    explicit Reader(const LastValues& all);
    // Of positions of one entity, in order from its first.
    void Read(uint32_t position, Timestamp t, FeatureVector* out);

   private:
    const LastValues& all_;
    bool found_ = false;
    std::vector<Timestamp> event_us_;
    std::vector<uint64_t> raw_;
    std::vector<uint8_t> present_;
  };

 private:
  // The newest record with a value, of those that became available since the label before.
  struct Newest {
    Timestamp event_us;
    uint64_t raw;
  };
  // Where a record goes: kNowhere if no label can see it.
  static constexpr uint32_t kNowhere = UINT32_MAX;
  uint32_t Place(const LabelIndex::Entity& entity, Timestamp available_us) const;
  void Keep(const ViewInput& input, size_t row, uint32_t position);

  const ViewKernel& kernel_;
  const std::vector<ViewKernel::LastValue> values_;
  LabelIndex* labels_;
  HugeVector<Newest> newest_;  // by position, then by value
  // By position: bit 0 is set when any record came, bit i + 1 when value i did.
  HugeVector<uint32_t> seen_;
  int64_t added_ = 0;
};

// As many as seen_ has bits for.
inline constexpr size_t kMaxLastValues = 31;

}  // namespace skewless
