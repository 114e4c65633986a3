// The tree of a document from yaml-cpp's events.
#pragma once

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "definition/yaml_document.h"

namespace skewless {

// The first error stops the building; later events are ignored, so that nothing is thrown through
// the library.
class YamlTreeBuilder : public YAML::EventHandler {
 public:
  explicit YamlTreeBuilder(const YamlDocument& document) : document_(document) {}

  std::optional<Error>& error() { return error_; }
  std::shared_ptr<const YamlNode> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override;
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override;
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    std::shared_ptr<const YamlNode> key;  // of a map: read, its value not yet
  };

  std::shared_ptr<YamlNode> NewNode(YamlNode::Kind kind, const YAML::Mark& mark,
                                    const std::string& tag);
  std::string_view RestOfText(const YamlNode& node) const;
  void StandAfterColon(const YamlNode& key, YamlNode& node) const;
  void SkipAnchor(YamlNode& node) const;
  void CheckClosed(const YamlNode& node);
  void CheckKey(const YamlNode& map, const YamlNode& key);
  void Add(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor);
  void Open(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor);
  void Close();
  void Attach(std::shared_ptr<const YamlNode> node);

  const YamlDocument& document_;
  std::map<YAML::anchor_t, std::shared_ptr<const YamlNode>> anchors_;
  std::vector<OpenNode> open_;
  std::shared_ptr<const YamlNode> root_;
  std::optional<Error> error_;
};

}  // namespace skewless
