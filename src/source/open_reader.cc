#include "source/open_reader.h"

#include "decode/avro_file.h"
#include "decode/csv_reader.h"
#include "decode/json_lines.h"
#include "decode/parquet_reader.h"
#include "decode/text_messages.h"
#include "source/decode_options.h"
#include "source/input_files.h"
#include "source/schema_decoder.h"

namespace skewless {
namespace {

std::string Option(const SourceDefinition& source, const std::string& name, std::string otherwise) {
  const auto found = source.options.find(name);
  return found == source.options.end() ? otherwise : found->second;
}

bool IsFramed(const SourceDefinition& source) {
  return Option(source, "framing", "none") == "confluent";
}

Result<CsvOptions> ReadCsvOptions(const SourceDefinition& source) {
  CsvOptions csv;
  const std::string delimiter = Option(source, "delimiter", ",");
  if (delimiter.size() != 1 || delimiter.find_first_of("\"\r\n") != std::string::npos) {
    return Fail(ErrorCode::kInvalid, SourcePlace(source) + "delimiter '" + delimiter + "'",
                "Use one byte that is no quote and no line end.");
  }
  csv.delimiter = delimiter[0];
  csv.null_text = Option(source, "null_text", "");
  const std::string header = Option(source, "header", "true");
  if (header != "true" && header != "false") {
    return Fail(ErrorCode::kInvalid, SourcePlace(source) + "header '" + header + "'",
                "Use true or false.");
  }
  csv.header = header == "true";
  return csv;
}

Result<Compression> ReadCompression(const SourceDefinition& source) {
  const std::string word = Option(source, "compression", "");
  if (word.empty()) return Compression::kByContents;
  if (word == "none") return Compression::kNone;
  if (word == "gzip") return Compression::kGzip;
  if (word == "zstd") return Compression::kZstd;
  return Fail(ErrorCode::kInvalid, SourcePlace(source) + "compression '" + word + "'",
              "Use none, gzip or zstd.");
}

tl::unexpected<Error> Unsupported(const SourceDefinition& source, std::string what) {
  return Fail(ErrorCode::kUnsupported,
              SourcePlace(source) + std::move(what) + " not available in this version",
              "Use format json, csv, avro, of files also parquet, of topics protobuf.");
}

}  // namespace

Status CheckReadable(const SourceDefinition& source) {
  if (source.type == SourceType::kFile && source.format == SourceFormat::kProtobuf) {
    return Unsupported(source, "files of format protobuf are");
  }
  if (source.format == SourceFormat::kCsv) SKEWLESS_RETURN_IF_ERROR(ReadCsvOptions(source));
  SKEWLESS_RETURN_IF_ERROR(ReadCompression(source));
  if (source.event_timestamp < 0) {
    return Fail(ErrorCode::kInvalid, SourcePlace(source) + "it has no event_timestamp");
  }
  return {};
}

Result<std::unique_ptr<RecordReader>> OpenReader(const SourceDefinition& source, bool replay,
                                                 const std::string& path,
                                                 std::vector<uint8_t> needed) {
  DecodeOptions options = DecodeOptionsOf(source);
  SKEWLESS_ASSIGN_OR_RETURN(options.compression, ReadCompression(source));
  if (replay && source.arrival_timestamp >= 0) {
    options.required.push_back({source.arrival_timestamp, "arrival_timestamp"});
  }
  options.needed = std::move(needed);
  switch (source.format) {
    case SourceFormat::kJson:
      return OpenJsonLines(SystemFiles(), path, options);
    case SourceFormat::kParquet:
      return OpenParquet(path, options);
    case SourceFormat::kCsv: {
      SKEWLESS_ASSIGN_OR_RETURN(const CsvOptions csv, ReadCsvOptions(source));
      return OpenCsv(SystemFiles(), path, options, csv);
    }
    case SourceFormat::kAvro:
      return OpenAvroFile(SystemFiles(), path, options);
    case SourceFormat::kProtobuf:
      break;
  }
  return Unsupported(source, "this format is");
}

Result<std::unique_ptr<MessageDecoder>> OpenMessageDecoder(const Definition& definition,
                                                           const SourceDefinition& source) {
  const DecodeOptions options = DecodeOptionsOf(source);
  switch (source.format) {
    case SourceFormat::kJson:
      return DecodeJsonMessages(options, IsFramed(source));
    case SourceFormat::kCsv: {
      SKEWLESS_ASSIGN_OR_RETURN(const CsvOptions csv, ReadCsvOptions(source));
      return DecodeCsvMessages(options, csv);
    }
    case SourceFormat::kAvro:
    case SourceFormat::kProtobuf:
      return OpenSchemaDecoder(definition, source);
    case SourceFormat::kParquet:
      break;
  }
  return Unsupported(source, "this format is");
}

std::unique_ptr<RecordReader> ReadJsonLinesOf(const SourceDefinition& source,
                                              std::unique_ptr<ByteStream> lines,
                                              const std::string& name) {
  return ReadJsonLines(std::move(lines), name, DecodeOptionsOf(source));
}

}  // namespace skewless
