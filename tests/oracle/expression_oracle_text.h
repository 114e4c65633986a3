// Texts, as the expression oracle sees them: lists of characters.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace skewless::oracle {

using Characters = std::vector<std::string>;

// A byte 10xxxxxx belongs to the character before it, if there is one.
inline Characters Split(std::string_view text) {
  Characters characters;
  for (const char c : text) {
    const bool continues = (c & '\xC0') == '\x80';
    if (!continues || characters.empty()) characters.emplace_back();
    characters.back() += c;
  }
  return characters;
}

inline std::string Join(const Characters& characters) {
  std::string text;
  for (const std::string& character : characters) text += character;
  return text;
}

// Upper-case and lower-case letters in turn, from Unicode's character database.
inline const Characters& CasePairs() {
  static const Characters pairs = [] {
    Characters letters = Split(
        "ÀàÁáÂâÃãÄäÅåÆæÇçÈèÉéÊêËëÌìÍíÎîÏïÐðÑñÒòÓóÔôÕõ"
        "ÖöØøÙùÚúÛûÜüÝýÞþĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚě"
        "ĜĝĞğĠġĢģĤĥĦħĨĩĪīĬĭĮįĲĳĴĵĶķĹĺĻļĽľĿŀŁłŃńŅņŇňŊŋ"
        "ŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶŷ"
        "ŸÿŹźŻżŽžƠơƢƣƤƥƯưǍǎǏǐǑǒǓǔǕǖǗǘǙǚǛǜǞǟǠǡǢǣǤǥǦǧǨǩ"
        "ǪǫǬǭǮǯǸǹǺǻǼǽǾǿȀȁȂȃȄȅȆȇȈȉȊȋȌȍȎȏȐȑȒȓȔȕȖȗȘșȚțȜȝ"
        "ȞȟȢȣȤȥȦȧȨȩȪȫȬȭȮȯȰȱȲȳΆάΈέΉήΊίΌόΎύΏώΑαΒβΓγΔδΕε"
        "ΖζΗηΘθΙιΚκΛλΜμΝνΞξΟοΠπΡρΣσΤτΥυΦφΧχΨψΩωΪϊΫϋЀѐ"
        "ЁёЂђЃѓЄєЅѕІіЇїЈјЉљЊњЋћЌќЍѝЎўЏџАаБбВвГгДдЕеЖж"
        "ЗзИиЙйКкЛлМмНнОоПпРрСсТтУуФфХхЦцЧчШшЩщЪъЫыЬь"
        "ЭэЮюЯяѠѡѢѣѤѥѦѧѨѩѪѫѬѭѮѯѰѱѲѳѴѵѶѷѸѹѺѻѼѽѾѿҀҁҊҋҌҍ"
        "ҎҏҐґҒғҔҕҖҗҘҙҚқҜҝҞҟҠҡҢңҤҥҦҧҨҩҪҫҬҭҮүҰұҲҳҴҵҶҷҸҹ"
        "ҺһҼҽҾҿӀӏӁӂӃӄӅӆӇӈӉӊӋӌӍӎӐӑӒӓӔӕӖӗӘәӚӛӜӝӞӟӠӡӢӣӤӥ"
        "ӦӧӨөӪӫӬӭӮӯӰӱӲӳӴӵӶӷӸӹӺӻӼӽӾӿԀԁԂԃԄԅԆԇԈԉԊԋԌԍԎԏԐԑ"
        "ԒԓԔԕԖԗԘԙԚԛԜԝԞԟԠԡԢԣԤԥԦԧԨԩԪԫԬԭԮԯԱաԲբԳգԴդԵեԶզԷէ"
        "ԸըԹթԺժԻիԼլԽխԾծԿկՀհՁձՂղՃճՄմՅյՆնՇշՈոՉչՊպՋջՌռՍս"
        "ՎվՏտՐրՑցՒւՓփՔքՕօՖֆḀḁḂḃḄḅḆḇḈḉḊḋḌḍḎḏḐḑḒḓḔḕḖḗḘḙ"
        "ḚḛḜḝḞḟḠḡḢḣḤḥḦḧḨḩḪḫḬḭḮḯḰḱḲḳḴḵḶḷḸḹḺḻḼḽḾḿṀṁṂṃṄṅ"
        "ṆṇṈṉṊṋṌṍṎṏṐṑṒṓṔṕṖṗṘṙṚṛṜṝṞṟṠṡṢṣṤṥṦṧṨṩṪṫṬṭṮṯṰṱ"
        "ṲṳṴṵṶṷṸṹṺṻṼṽṾṿẀẁẂẃẄẅẆẇẈẉẊẋẌẍẎẏẐẑẒẓẔẕẠạẢảẤấẦầ"
        "ẨẩẪẫẬậẮắẰằẲẳẴẵẶặẸẹẺẻẼẽẾếỀềỂểỄễỆệỈỉỊịỌọỎỏỐốỒồ"
        "ỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹỺỻỼỽỾỿ");
    for (char c = 'A'; c <= 'Z'; ++c) {
      letters.emplace_back(1, c);
      letters.emplace_back(1, static_cast<char>(c + 32));
    }
    return letters;
  }();
  return pairs;
}

inline std::string MapCase(std::string_view text, bool upper) {
  const Characters& pairs = CasePairs();
  Characters characters = Split(text);
  for (std::string& character : characters) {
    // What follows a whole letter (in texts that are no UTF-8) stays behind it.
    for (size_t i = 0; i < pairs.size(); ++i) {
      const bool is_upper = i % 2 == 0;
      if (is_upper == upper || !character.starts_with(pairs[i])) continue;
      character = pairs[is_upper ? i + 1 : i - 1] + character.substr(pairs[i].size());
      break;
    }
    if (upper && character.starts_with("ς")) character = "Σ" + character.substr(2);
  }
  return Join(characters);
}

// Both from `t` and `p` on, byte by byte.
inline bool MatchesPattern(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t skip = 0; skip <= text.size(); ++skip) {
      if (MatchesPattern(text.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (pattern[0] == '_') {
    return MatchesPattern(text.substr(Split(text)[0].size()), pattern.substr(1));
  }
  if (pattern[0] == '\\') pattern.remove_prefix(1);
  return text[0] == pattern[0] && MatchesPattern(text.substr(1), pattern.substr(1));
}

inline bool EndsInsideEscape(std::string_view pattern) {
  bool escaped = false;
  for (const char c : pattern) escaped = !escaped && c == '\\';
  return escaped;
}

}  // namespace skewless::oracle
