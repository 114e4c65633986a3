#include "kernel/scan_at_once.h"

#include <algorithm>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace skewless {

#if defined(__x86_64__)

namespace {

// By read; those that there are not hold no record.
struct Lanes {
  alignas(64) int64_t begin[kReadsAtOnce] = {}, end[kReadsAtOnce] = {}, t[kReadsAtOnce] = {};
  size_t first = SIZE_MAX, last = 0;  // of all stretches

  explicit Lanes(const ReadsAtOnce& reads) {
    for (size_t i = 0; i < reads.count; ++i) {
      const Stretch& stretch = reads.stretch[i];
      begin[i] = static_cast<int64_t>(stretch.begin);
      end[i] = static_cast<int64_t>(stretch.end);
      t[i] = reads.t[i];
      first = std::min(first, stretch.begin);
      last = std::max(last, stretch.end);
    }
  }
};

struct Sums {
  alignas(64) int64_t count[kReadsAtOnce];
  alignas(64) double sum[kReadsAtOnce], least[kReadsAtOnce], greatest[kReadsAtOnce];

  void Set(size_t reads, MergedNumeric* merged) const {
    for (size_t i = 0; i < reads; ++i) {
      merged[i].count = static_cast<uint64_t>(count[i]);
      merged[i].double_sum = sum[i];
      merged[i].double_min = least[i];
      merged[i].double_max = greatest[i];
    }
  }
};

// Added to a sum it changes no bit.
constexpr double kNothing = -0.0;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <unsigned kParts>
__attribute__((target("avx512f,avx512dq"))) void ScanAvx512(const RecordOrder& order,
                                                            const ReadsAtOnce& reads,
                                                            MergedNumeric* merged) {
  const Lanes lanes(reads);
  const __m512i begin = _mm512_load_si512(lanes.begin), end = _mm512_load_si512(lanes.end),
                t = _mm512_load_si512(lanes.t), one = _mm512_set1_epi64(1);
  __m512i count = _mm512_setzero_si512();
  __m512d sum = _mm512_set1_pd(kNothing), least = _mm512_set1_pd(kNaN),
          greatest = _mm512_set1_pd(-kInfinity);
  for (size_t i = lanes.first; i < lanes.last; ++i) {
    const __m512i at = _mm512_set1_epi64(static_cast<int64_t>(i));
    __mmask8 holds = _mm512_cmpge_epi64_mask(at, begin);
    holds = _mm512_mask_cmplt_epi64_mask(holds, at, end);
    holds = _mm512_mask_cmple_epi64_mask(holds, _mm512_set1_epi64(order.available_us[i]), t);
    count = _mm512_mask_add_epi64(count, holds, count, one);
    if constexpr (kParts != 0) {
      const __m512d x = _mm512_set1_pd(order.doubles[i]);
      sum = _mm512_mask_add_pd(sum, holds, sum, x);
      if constexpr ((kParts & kMinPart) != 0) {  // ReplacesMin
        const __mmask8 replaces = _mm512_mask_cmp_pd_mask(holds, x, least, _CMP_LT_OQ) |
                                  _mm512_mask_cmp_pd_mask(holds, least, least, _CMP_UNORD_Q);
        least = _mm512_mask_mov_pd(least, replaces, x);
      }
      if constexpr ((kParts & kMaxPart) != 0) {  // ReplacesMax
        const __mmask8 replaces = _mm512_mask_cmp_pd_mask(holds, x, greatest, _CMP_GT_OQ) |
                                  _mm512_mask_cmp_pd_mask(holds, x, x, _CMP_UNORD_Q);
        greatest = _mm512_mask_mov_pd(greatest, replaces, x);
      }
    }
  }
  Sums sums;
  _mm512_store_si512(sums.count, count);
  _mm512_store_pd(sums.sum, sum);
  _mm512_store_pd(sums.least, least);
  _mm512_store_pd(sums.greatest, greatest);
  sums.Set(reads.count, merged);
}

template <unsigned kParts>
__attribute__((target("avx2"))) void ScanAvx2(const RecordOrder& order, const ReadsAtOnce& reads,
                                              MergedNumeric* merged) {
  constexpr size_t kHalf = kReadsAtOnce / 2;
  const Lanes lanes(reads);
  __m256i begin[2], end[2], t[2], count[2];
  __m256d sum[2], least[2], greatest[2];
  for (size_t half = 0; half < 2; ++half) {
    begin[half] = _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes.begin + half * kHalf));
    end[half] = _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes.end + half * kHalf));
    t[half] = _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes.t + half * kHalf));
    count[half] = _mm256_setzero_si256();
    sum[half] = _mm256_set1_pd(kNothing);
    least[half] = _mm256_set1_pd(kNaN);
    greatest[half] = _mm256_set1_pd(-kInfinity);
  }
  const __m256d nothing = _mm256_set1_pd(kNothing);
  for (size_t i = lanes.first; i < lanes.last; ++i) {
    const __m256i at = _mm256_set1_epi64x(static_cast<int64_t>(i));
    const __m256i available = _mm256_set1_epi64x(order.available_us[i]);
    for (size_t half = 0; half < 2; ++half) {
      const __m256i misses = _mm256_or_si256(_mm256_cmpgt_epi64(begin[half], at),
                                             _mm256_cmpgt_epi64(available, t[half]));
      const __m256i holds = _mm256_andnot_si256(misses, _mm256_cmpgt_epi64(end[half], at));
      count[half] = _mm256_sub_epi64(count[half], holds);
      if constexpr (kParts != 0) {
        const __m256d mask = _mm256_castsi256_pd(holds);
        const __m256d x = _mm256_set1_pd(order.doubles[i]);
        sum[half] = _mm256_add_pd(sum[half], _mm256_blendv_pd(nothing, x, mask));
        if constexpr ((kParts & kMinPart) != 0) {  // ReplacesMin
          const __m256d replaces =
              _mm256_or_pd(_mm256_cmp_pd(x, least[half], _CMP_LT_OQ),
                           _mm256_cmp_pd(least[half], least[half], _CMP_UNORD_Q));
          least[half] = _mm256_blendv_pd(least[half], x, _mm256_and_pd(mask, replaces));
        }
        if constexpr ((kParts & kMaxPart) != 0) {  // ReplacesMax
          const __m256d replaces = _mm256_or_pd(_mm256_cmp_pd(x, greatest[half], _CMP_GT_OQ),
                                                _mm256_cmp_pd(x, x, _CMP_UNORD_Q));
          greatest[half] = _mm256_blendv_pd(greatest[half], x, _mm256_and_pd(mask, replaces));
        }
      }
    }
  }
  Sums sums;
  for (size_t half = 0; half < 2; ++half) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(sums.count + half * kHalf), count[half]);
    _mm256_store_pd(sums.sum + half * kHalf, sum[half]);
    _mm256_store_pd(sums.least + half * kHalf, least[half]);
    _mm256_store_pd(sums.greatest + half * kHalf, greatest[half]);
  }
  sums.Set(reads.count, merged);
}

// One of the four ways to compile a scan, and that which only counts.
#define SKEWLESS_SCAN_PARTS(Scan)                                                                 \
  [](const RecordOrder& order, const ReadsAtOnce& reads, unsigned parts, MergedNumeric* merged) { \
    if (parts == 0) return Scan<0>(order, reads, merged);                                         \
    const bool least = (parts & kMinPart) != 0, greatest = (parts & kMaxPart) != 0;               \
    if (least && greatest) return Scan<kSumPart | kMinPart | kMaxPart>(order, reads, merged);     \
    if (least) return Scan<kSumPart | kMinPart>(order, reads, merged);                            \
    if (greatest) return Scan<kSumPart | kMaxPart>(order, reads, merged);                         \
    return Scan<kSumPart>(order, reads, merged);                                                  \
  }

}  // namespace

std::vector<ScanAtOnce> AllScansAtOnce() {
  std::vector<ScanAtOnce> all;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    all.push_back(SKEWLESS_SCAN_PARTS(ScanAvx512));
  if (__builtin_cpu_supports("avx2")) all.push_back(SKEWLESS_SCAN_PARTS(ScanAvx2));
  return all;
}

#else

std::vector<ScanAtOnce> AllScansAtOnce() { return {}; }

#endif

ScanAtOnce FindScanAtOnce() {
  static const ScanAtOnce found = [] {
    const std::vector<ScanAtOnce> all = AllScansAtOnce();
    return all.empty() ? nullptr : all.front();
  }();
  return found;
}

}  // namespace skewless
