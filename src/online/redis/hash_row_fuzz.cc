// A hash of Redis from arbitrary bytes: an error or numbers of which the view makes a valid state,
// or refuses them. An input is words of one byte length each, fields and values by turns; with a
// first byte of 1 the checksum and the stamp's check are put right, so that what follows is looked
// at, too.
#include <algorithm>

#include "base/check.h"
#include "kernel/kernel_fixture.h"
#include "online/redis/hash_row.h"

namespace skewless::redis {
namespace {

const TestView& View() {
  static const TestView view({{"visits", "count(*)"},
                              {"total", "sum(n) over 1m hop 1s"},
                              {"least", "min(n) over 5m hop 10s"},
                              {"most", "max(n)"}});
  return view;
}

std::vector<std::string> WordsOf(ByteView input) {
  std::vector<std::string> words;
  for (size_t at = 0; at < input.size();) {
    const size_t size = std::min<size_t>(input[at], input.size() - at - 1);
    words.emplace_back(AsText(input.subspan(at + 1, size)));
    at += 1 + size;
  }
  return words;
}

// The head as a writer would have sealed it over the numbers that are there.
void Seal(std::vector<std::string>* words) {
  std::vector<StateNumber> numbers;
  std::string* head = nullptr;
  for (size_t i = 0; i + 1 < words->size(); i += 2) {
    StateNumber number;
    if ((*words)[i] == kRowField) head = &(*words)[i + 1];
    if (ParseField((*words)[i], &number) && ParseNumber((*words)[i + 1], &number.value))
      numbers.push_back(number);
  }
  if (head == nullptr || head->size() < kRowHeadBytes) return;
  std::sort(numbers.begin(), numbers.end(),
            [](const StateNumber& a, const StateNumber& b) { return a.place() < b.place(); });
  const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(head->data()), head->size());
  StoreLe(bytes.data(), kHashRowMagic);
  StoreLe(bytes.data() + 12,
          static_cast<uint32_t>(LoadLe<uint64_t>(bytes.data() + 4) % kStampModulus));
  SealHashHead(numbers, bytes);
}

void CheckWords(const HashRow& row) {
  std::string text;
  for (const StateNumber& number : row.numbers) {
    StateNumber again;
    FormatField(number, &text);
    SKEWLESS_CHECK(ParseField(text, &again) && again.place() == number.place());
    FormatNumber(number.value, &text);
    SKEWLESS_CHECK(ParseNumber(text, &again.value) && again.value == number.value);
  }
}

void Check(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  HashRow row;
  if (!DecodeHashRow(views, &row)) return;
  CheckWords(row);
  Bytes state;
  const ViewKernel& kernel = View().kernel();
  if (!StateOfNumbers(kernel, row.header, row.numbers, &state)) return;
  SKEWLESS_CHECK(kernel.Validate(state).has_value());
  FeatureVector vector;
  kernel.Read(state, row.header.available_us, &vector);
}

}  // namespace
}  // namespace skewless::redis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skewless;
  if (size == 0) return 0;
  std::vector<std::string> words = redis::WordsOf({data + 1, size - 1});
  if (data[0] == 1) redis::Seal(&words);
  redis::Check(words);
  return 0;
}
