// skewless init DIR: a new repository that runs at once.
#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"
#include "cli/commands.h"
#include "definition/starter_repository.h"

namespace skewless {
namespace {

Status Init(const std::string& directory) {
  FileSystem& files = SystemFiles();
  if (files.Exists(JoinPath(directory, "skewless.yaml"))) {
    return Fail(ErrorCode::kInvalid, directory + " holds a feature repository already",
                "Name another folder, or edit its skewless.yaml.");
  }
  SKEWLESS_RETURN_IF_ERROR(files.CreateDirectories(directory));
  for (const StarterFile& file : StarterRepository()) {
    const std::string path = JoinPath(directory, file.name);
    if (files.Exists(path)) {
      return Fail(ErrorCode::kInvalid, path + " exists", "Move it away, or name another folder.");
    }
    SKEWLESS_RETURN_IF_ERROR(WriteFileAtomically(files, path, file.contents));
    fmt::print("wrote {}\n", path);
  }
  fmt::print(
      "\nNext:\n  cd {0}\n  skewless check      # the plan\n  skewless run --once # events in\n"
      "  cat README.md       # the rest\n",
      directory);
  return {};
}

}  // namespace

void AddInitCommand(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("init", "Write a new feature repository that runs at once");
  auto directory = std::make_shared<std::string>();
  command->add_option("directory", *directory, "The new repository's folder")->required();
  command->callback([&session, directory] {
    if (Status made = Init(*directory); !made) session.Failed(made.error());
  });
}

}  // namespace skewless
