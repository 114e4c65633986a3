#include "decode/protobuf_schema.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/timestamp.pb.h>

#include <map>
#include <utility>
#include <vector>

#include "base/source_text.h"

namespace skewless {
namespace {

namespace pb = google::protobuf;

// The files of one schema, by the names that they import each other by.
class Texts final : public pb::compiler::SourceTree {
 public:
  Texts(const SchemaText& file, ProtobufSchema::Imports imports) : imports_(std::move(imports)) {
    texts_[file.name] = file.text;
  }

  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    auto found = texts_.find(name);
    if (found == texts_.end()) {
      std::optional<std::string> text = imports_(name);
      if (!text) return nullptr;
      found = texts_.emplace(name, std::move(*text)).first;
    }
    return new pb::io::ArrayInputStream(found->second.data(),
                                        static_cast<int>(found->second.size()));
  }

  const std::string* Find(const std::string& name) const {
    const auto found = texts_.find(name);
    return found == texts_.end() ? nullptr : &found->second;
  }

 private:
  ProtobufSchema::Imports imports_;
  std::map<std::string, std::string> texts_;
};

// Keeps the first error: later ones mostly follow from it.
class FirstError final : public pb::compiler::MultiFileErrorCollector {
 public:
  explicit FirstError(const Texts& texts) : texts_(texts) {}

  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    if (error_) return;
    const std::string* const text = texts_.Find(file);
    if (text == nullptr || line < 0) {
      error_ = Error{ErrorCode::kInvalid, file + ": " + message, {}};
      return;
    }
    error_ = ErrorAt({file, line + 1, column + 1}, *text, 1, message);
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const Texts& texts_;
  std::optional<Error> error_;
};

}  // namespace

// The pool asks the database, and that the texts, for as long as there is the pool.
struct ProtobufSchema::Impl {
  Impl(const SchemaText& text, Imports imports)
      : texts(text, std::move(imports)),
        errors(texts),
        // The well-known types, which libprotobuf carries in itself.
        known(*pb::Timestamp::descriptor()->file()->pool()),
        database(&texts, &known),
        pool(&database, database.GetValidationErrorCollector()) {
    database.RecordErrorsTo(&errors);
  }

  Texts texts;
  FirstError errors;
  pb::DescriptorPoolDatabase known;
  pb::compiler::SourceTreeDescriptorDatabase database;
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = nullptr;
};

ProtobufSchema::ProtobufSchema(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProtobufSchema::~ProtobufSchema() = default;

Result<std::shared_ptr<const ProtobufSchema>> ProtobufSchema::Parse(const SchemaText& file,
                                                                    Imports imports) {
  auto impl = std::make_unique<Impl>(file, std::move(imports));
  impl->file = impl->pool.FindFileByName(file.name);
  if (impl->file == nullptr) {
    if (impl->errors.error()) return tl::unexpected<Error>(*impl->errors.error());
    return Fail(ErrorCode::kInvalid, file.name + ": is no .proto file");
  }
  return std::shared_ptr<const ProtobufSchema>(new ProtobufSchema(std::move(impl)));
}

Result<std::shared_ptr<const ProtobufSchema>> ProtobufSchema::Parse(
    std::span<const SchemaText> texts) {
  if (texts.empty()) return Fail(ErrorCode::kInvalid, "there is no schema");
  std::map<std::string, std::string> others;
  for (const SchemaText& text : texts.first(texts.size() - 1)) others[text.name] = text.text;
  return Parse(texts.back(), [others](const std::string& name) -> std::optional<std::string> {
    const auto found = others.find(name);
    if (found == others.end()) return std::nullopt;
    return found->second;
  });
}

Result<const pb::Descriptor*> ProtobufSchema::Message(const std::string& name) const {
  const pb::FileDescriptor& file = *impl_->file;
  std::vector<std::string> names;
  std::string listed;
  for (int i = 0; i < file.message_type_count(); ++i) {
    names.push_back(file.message_type(i)->full_name());
    listed += (i == 0 ? "'" : ", '") + names.back() + "'";
  }
  if (name.empty() && file.message_type_count() == 1) return file.message_type(0);
  if (name.empty()) {
    return Fail(ErrorCode::kInvalid,
                names.empty() ? file.name() + ": has no message"
                              : file.name() + ": has several messages: " + listed,
                names.empty() ? "" : "Say which one, as in 'message: " + names[0] + "'.");
  }
  const std::string within = file.package().empty() ? name : file.package() + "." + name;
  for (const std::string& full : {name, within}) {
    const pb::Descriptor* const message = impl_->pool.FindMessageTypeByName(full);
    if (message != nullptr) return message;
  }
  const std::string near = NearestName(name, names);
  return Fail(ErrorCode::kInvalid, file.name() + ": has no message '" + name + "'",
              near.empty() ? "It has " + (listed.empty() ? "none" : listed) + "."
                           : "Did you mean '" + near + "'?");
}

const pb::Descriptor* ProtobufSchema::MessageAt(std::span<const int> path) const {
  const pb::Descriptor* at = nullptr;
  for (const int index : path) {
    const int count = at == nullptr ? impl_->file->message_type_count() : at->nested_type_count();
    if (index < 0 || index >= count) return nullptr;
    at = at == nullptr ? impl_->file->message_type(index) : at->nested_type(index);
  }
  return at;
}

}  // namespace skewless
