// Lists, read in place from their encoding (model/list.h). Bytes that are no list are a null.
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "expression/operations.h"
#include "expression/rows.h"

namespace skewless::operations {
namespace {

using std::string_view;

// Walks the elements of one list.
template <typename T>
class ListReader {
 public:
  explicit ListReader(string_view encoded)
      : reader_(AsBytes(encoded)), left_(reader_.Get<uint32_t>()) {}
  uint32_t left() const { return left_; }

  // The next element; false at the end.
  bool Next(bool* valid, T* value) {
    if (left_ == 0 || !reader_.ok()) return false;
    --left_;
    *valid = reader_.Get<uint8_t>() != 0;
    if (*valid) Read(value);
    return reader_.ok();
  }

 private:
  void Read(T* value) {
    if constexpr (std::is_same_v<T, string_view>) {
      *value = AsText(reader_.GetRaw(reader_.Get<uint32_t>()));
    } else {
      *value = reader_.Get<T>();
    }
  }

  ByteReader reader_;
  uint32_t left_;
};

// Counts from 1, or from the end with -1; null outside of the list.
template <typename T>
void ElementAt(const Frame& frame, const Instruction& instruction) {
  ForRows<T, string_view, int64_t>(frame, instruction,
                                   [](string_view encoded, int64_t index, T* out) {
                                     ListReader<T> reader(encoded);
                                     if (index < 0) index += int64_t{reader.left()} + 1;
                                     if (index < 1 || index > int64_t{reader.left()})
                                       return Outcome::kNull;
                                     bool valid = false;
                                     for (int64_t i = 0; i < index; ++i) {
                                       if (!reader.Next(&valid, out)) return Outcome::kNull;
                                     }
                                     return valid ? Outcome::kValue : Outcome::kNull;
                                   });
}

bool Same(int64_t a, int64_t b) { return a == b; }
bool Same(double a, double b) { return a == b || (a != a && b != b); }
bool Same(string_view a, string_view b) { return a == b; }

template <typename Element, typename Needle>
void ListContains(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view, Needle>(frame, instruction,
                                        [](string_view encoded, Needle needle, int64_t* out) {
                                          ListReader<Element> reader(encoded);
                                          bool valid = false;
                                          Element element{};
                                          *out = 0;
                                          while (*out == 0 && reader.Next(&valid, &element)) {
                                            if (valid && Same(static_cast<Needle>(element), needle))
                                              *out = 1;
                                          }
                                          return Outcome::kValue;
                                        });
}

}  // namespace

void ListLengthOf(const Frame& frame, const Instruction& instruction) {
  ForRows<int64_t, string_view>(frame, instruction, [](string_view encoded, int64_t* out) {
    if (encoded.size() < sizeof(uint32_t)) return Outcome::kNull;
    *out = LoadLe<uint32_t>(AsBytes(encoded).data());
    return Outcome::kValue;
  });
}

Operation ElementAtOperation(Physical element) {
  switch (element) {
    case Physical::kInt:
      return ElementAt<int64_t>;
    case Physical::kDouble:
      return ElementAt<double>;
    case Physical::kBytes:
      return ElementAt<string_view>;
  }
  return nullptr;
}

Operation ListContainsOperation(Physical element, Physical needle) {
  if (element == Physical::kBytes) return ListContains<string_view, string_view>;
  if (element == Physical::kDouble) return ListContains<double, double>;
  return needle == Physical::kDouble ? ListContains<int64_t, double>
                                     : ListContains<int64_t, int64_t>;
}

}  // namespace skewless::operations
