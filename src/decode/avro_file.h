// Avro object container files, uncompressed or with the codecs deflate, snappy or zstandard.
#pragma once

#include <memory>
#include <string>

#include "decode/byte_stream.h"
#include "decode/record_reader.h"

namespace skewless {

// A declared column that the file's schema lacks, or has as a type that cannot be read as the
// declared one, is an error; so is damage, after which nothing tells where a record begins. The
// text of a bad record is its bytes.
Result<std::unique_ptr<RecordReader>> OpenAvroFile(FileSystem& files, const std::string& path,
                                                   const DecodeOptions& options);
Result<std::unique_ptr<RecordReader>> ReadAvroFile(std::unique_ptr<ByteStream> stream,
                                                   const std::string& name,
                                                   const DecodeOptions& options);

}  // namespace skewless
