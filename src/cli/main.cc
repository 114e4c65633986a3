// skewless: events in, features served, training rows that match to the bit.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <span>

#include "base/source_text.h"
#include "cli/commands.h"
#include "cli/version.h"

namespace skewless {
namespace {

// The first word that is neither an option nor an option's value. Empty where there is none.
std::string AskedCommand(std::span<char*> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-C" || word == "--repository") {
      ++i;
    } else if (!word.starts_with("-")) {
      return std::string(word);
    }
  }
  return {};
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

Error UnknownCommand(const std::vector<std::string>& names, const std::string& asked) {
  const std::string near = NearestName(asked, names);
  const std::string otherwise = fmt::format(
      "The commands are: {}. `skewless --help` says what they do.", fmt::join(names, ", "));
  return {ErrorCode::kInvalid, "there is no command '" + asked + "'",
          near.empty() ? otherwise : "Did you mean '" + near + "'?"};
}

}  // namespace
}  // namespace skewless

int main(int argc, char** argv) {
  CLI::App app{
      "Skewless, a streaming feature store whose training sets match what was served, to the bit."};
  skewless::Session session;
  app.set_version_flag("--version", std::string("skewless ") + skewless::kVersion);
  app.fallthrough();
  app.add_option("-C,--repository", session.repository, "The feature repository's folder")
      ->capture_default_str();
  skewless::AddInitCommand(app, session);
  skewless::AddCheckCommand(app, session);
  skewless::AddRunCommand(app, session);
  skewless::AddServeCommand(app, session);
  skewless::AddGetCommand(app, session);
  skewless::AddJoinCommand(app, session);
  skewless::AddAuditCommand(app, session);
  skewless::AddFreshnessCommand(app, session);
  skewless::AddLogCommand(app, session);
  skewless::AddOfflineCommand(app, session);
  if (argc <= 1) {
    fmt::print(stderr, "{}", app.help());
    return 2;
  }
  const std::string asked = skewless::AskedCommand({argv + 1, argv + argc});
  const std::vector<std::string> names = skewless::CommandNames(app);
  if (!asked.empty() && std::find(names.begin(), names.end(), asked) == names.end()) {
    session.Misused(skewless::UnknownCommand(names, asked));
    return session.exit_code;
  }
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are no errors; anything else is wrong usage.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return session.exit_code;
}
