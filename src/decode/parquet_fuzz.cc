// Any bytes as a Parquet file: no crash, and the same records however many are read at a time.
// Behind an odd first byte: values of any of Arrow's types, written as Parquet, so that every
// conversion is reached.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "decode/parquet_reader.h"
#include "decode/record_fuzzing.h"

namespace skewless {
namespace {

// A file without a name.
class AnonymousFile {
 public:
  explicit AnonymousFile(ByteView contents) : fd_(::memfd_create("parquet", MFD_CLOEXEC)) {
    SKEWLESS_CHECK(fd_ >= 0);
    SKEWLESS_CHECK(::write(fd_, contents.data(), contents.size()) ==
                   static_cast<ssize_t>(contents.size()));
  }
  ~AnonymousFile() { ::close(fd_); }
  AnonymousFile(const AnonymousFile&) = delete;
  AnonymousFile& operator=(const AnonymousFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

std::shared_ptr<arrow::DataType> TypeOf(uint8_t choice) {
  static const arrow::DataTypeVector types = {
      arrow::int64(),
      arrow::utf8(),
      arrow::float64(),
      arrow::timestamp(arrow::TimeUnit::MICRO),
      arrow::boolean(),
      arrow::binary(),
      arrow::list(arrow::utf8()),
      arrow::int32(),
      arrow::uint64(),
      arrow::uint8(),
      arrow::int16(),
      arrow::float32(),
      arrow::large_utf8(),
      arrow::timestamp(arrow::TimeUnit::NANO),
      arrow::timestamp(arrow::TimeUnit::SECOND),
      arrow::timestamp(arrow::TimeUnit::MILLI, "Asia/Tokyo"),
      arrow::date32(),
      arrow::date64(),
      arrow::fixed_size_binary(3),
      arrow::list(arrow::int64()),
      arrow::decimal128(20, 2),
      arrow::large_list(arrow::float64())};
  return types[choice % types.size()];
}

// Values as the bytes have them: a byte of null or not, then as many as the type takes.
class ValueMaker {
 public:
  explicit ValueMaker(ByteReader* input) : input_(input) {}

  arrow::Status Append(arrow::ArrayBuilder* builder) {
    if (input_->Get<uint8_t>() % 8 == 0) return builder->AppendNull();
    switch (builder->type()->id()) {
      case arrow::Type::BOOL:
        return As<arrow::BooleanBuilder>(builder).Append(input_->Get<uint8_t>() % 2 != 0);
      case arrow::Type::DOUBLE:
        return As<arrow::DoubleBuilder>(builder).Append(input_->Get<double>());
      case arrow::Type::FLOAT:
        return As<arrow::FloatBuilder>(builder).Append(input_->Get<float>());
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        return As<arrow::BinaryBuilder>(builder).Append(Text());
      case arrow::Type::LARGE_STRING:
        return As<arrow::LargeBinaryBuilder>(builder).Append(Text());
      case arrow::Type::FIXED_SIZE_BINARY:
        return As<arrow::FixedSizeBinaryBuilder>(builder).Append(Bytes(3).data());
      case arrow::Type::LIST:
        ARROW_RETURN_NOT_OK(As<arrow::ListBuilder>(builder).Append());
        return Items(As<arrow::ListBuilder>(builder).value_builder());
      case arrow::Type::LARGE_LIST:
        ARROW_RETURN_NOT_OK(As<arrow::LargeListBuilder>(builder).Append());
        return Items(As<arrow::LargeListBuilder>(builder).value_builder());
      case arrow::Type::DECIMAL128:
        return As<arrow::Decimal128Builder>(builder).Append(arrow::Decimal128(7));
      default:
        return Number(builder);
    }
  }

 private:
  template <typename Builder>
  static Builder& As(arrow::ArrayBuilder* builder) {
    return static_cast<Builder&>(*builder);
  }
  std::string Text() {
    const size_t size = input_->Get<uint8_t>() % 40;
    return std::string(AsText(input_->GetRaw(std::min(size, input_->remaining()))));
  }
  arrow::Status Items(arrow::ArrayBuilder* items) {
    for (size_t left = input_->Get<uint8_t>() % 4; left > 0; --left)
      ARROW_RETURN_NOT_OK(Append(items));
    return arrow::Status::OK();
  }
  arrow::Status Number(arrow::ArrayBuilder* builder) {
    const auto number = input_->Get<int64_t>();
    switch (builder->type()->id()) {
      case arrow::Type::INT16:
        return As<arrow::Int16Builder>(builder).Append(static_cast<int16_t>(number));
      case arrow::Type::INT32:
        return As<arrow::Int32Builder>(builder).Append(static_cast<int32_t>(number));
      case arrow::Type::UINT8:
        return As<arrow::UInt8Builder>(builder).Append(static_cast<uint8_t>(number));
      case arrow::Type::UINT64:
        return As<arrow::UInt64Builder>(builder).Append(static_cast<uint64_t>(number));
      case arrow::Type::TIMESTAMP:
        return As<arrow::TimestampBuilder>(builder).Append(number);
      case arrow::Type::DATE32:
        return As<arrow::Date32Builder>(builder).Append(static_cast<int32_t>(number));
      case arrow::Type::DATE64:
        return As<arrow::Date64Builder>(builder).Append(number / 86'400'000 * 86'400'000);
      default:
        return As<arrow::Int64Builder>(builder).Append(number);
    }
  }

  ByteReader* input_;
};

// u8 rows, a u8 type a column, then the values column by column.
arrow::Result<std::shared_ptr<arrow::Buffer>> WriteValues(ByteReader input, const Schema& schema) {
  const int64_t rows = 1 + input.Get<uint8_t>() % 6;
  arrow::FieldVector fields;
  for (const ColumnSpec& column : schema.columns)
    fields.push_back(arrow::field(column.name, TypeOf(input.Get<uint8_t>())));
  ValueMaker values(&input);
  arrow::ArrayVector arrays;
  for (const auto& field : fields) {
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(field->type()));
    for (int64_t row = 0; row < rows; ++row) ARROW_RETURN_NOT_OK(values.Append(builder.get()));
    ARROW_ASSIGN_OR_RAISE(auto array, builder->Finish());
    arrays.push_back(std::move(array));
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::BufferOutputStream::Create());
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(
      *table, arrow::default_memory_pool(), out, /*chunk_size=*/3,
      parquet::default_writer_properties(),
      parquet::ArrowWriterProperties::Builder().store_schema()->build()));
  return out->Finish();
}

// Rows, bad records and the error that ended it, if any; `records` at a time.
struct Outcome {
  std::string rows, bad;
  bool failed = false;
};

Outcome ReadAllRows(const std::string& path, const DecodeOptions& options, size_t records) {
  Outcome outcome;
  auto reader = OpenParquet(path, options);
  outcome.failed = !reader;
  if (outcome.failed) return outcome;
  Batch batch;
  std::vector<BadRecord> bad;
  for (;;) {
    batch.Reset(options.schema, 0);
    const Result<bool> more = (*reader)->Read(records, &batch, &bad);
    outcome.failed = !more;
    if (!more) break;
    for (const Column& column : batch.columns)
      SKEWLESS_CHECK(column.size() == batch.columns[0].size());
    for (size_t row = 0; row < batch.columns[0].size(); ++row) {
      for (const Column& column : batch.columns)
        outcome.rows += FormatValue(ValueAt(column, row)) + "|";
    }
    if (!*more) break;
  }
  for (const BadRecord& record : bad) {
    SKEWLESS_CHECK(!record.reason.empty() && record.text.size() <= kMaxKeptBytes);
    outcome.bad += std::to_string(record.record) + ":" + record.reason + ":" + record.text + "\n";
  }
  return outcome;
}

void FuzzOne(ByteView input) {
  if (input.empty()) return;
  static const Schema schema = FuzzSchema();
  DecodeOptions options;
  options.schema = &schema;
  if ((input[0] & 2) != 0) options.required.push_back({0, "event_timestamp"});
  ByteView contents = input.subspan(1);
  std::shared_ptr<arrow::Buffer> made;
  if (input[0] % 2 != 0) {
    const auto written = WriteValues(ByteReader(contents), schema);
    if (!written.ok()) return;
    made = *written;
    contents = {made->data(), static_cast<size_t>(made->size())};
  }
  const AnonymousFile file(contents);
  const Outcome whole = ReadAllRows(file.path(), options, 100);
  const Outcome pieces = ReadAllRows(file.path(), options, 1);
  // Of a damaged file, what came before the damage was found may differ.
  SKEWLESS_CHECK(whole.failed == pieces.failed);
  if (!whole.failed) SKEWLESS_CHECK(whole.rows == pieces.rows && whole.bad == pieces.bad);
}

}  // namespace
}  // namespace skewless

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  skewless::FuzzOne({data, size});
  return 0;
}
