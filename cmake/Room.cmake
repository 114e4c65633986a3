# skewless_room(<room> [DEPS <room>...] [LIBS <library>...] [FIXTURES <room>...])
#
# A room is a folder of src/. Its sources become the static library skewless::<room>, its *_test.cc
# the program <room>_test, its *_benchmark.cc the program <room>_benchmark, and each *_fuzz.cc a
# program of its own: with libFuzzer under SKEWLESS_FUZZ, else a test over its kept corpus
# (cmake/Fuzzing.cmake). A room without sources is a header-only library. New files
# are found by themselves at the next build.
#
# Its *_fixture.cc, where tests share more than a header, become skewless::<room>_fixture: its tests
# and benchmarks are linked with it, and the tests of rooms that name it in FIXTURES.
#
# DEPS must be what tools/layers.txt allows the room; leave it out to take exactly that. LIBS are
# names from cmake/ThirdParty.cmake without their third_party:: (or any other target).

set(SKEWLESS_LAYERS "${CMAKE_SOURCE_DIR}/tools/layers.txt")
set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${SKEWLESS_LAYERS}")

# The rooms that <room> may include, as tools/layers.txt says.
function(skewless_allowed_rooms room out)
  file(STRINGS "${SKEWLESS_LAYERS}" lines REGEX "^[a-z_]+:")
  foreach(line IN LISTS lines)
    if(line MATCHES "^${room}:(.*)$")
      string(REGEX REPLACE "#.*" "" allowed "${CMAKE_MATCH_1}")
      string(REGEX MATCHALL "[a-z_]+" allowed "${allowed}")
      set(${out} "${allowed}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "room '${room}' has no line in ${SKEWLESS_LAYERS}")
endfunction()

function(skewless_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LIBS;FIXTURES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "skewless_room(${room}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(dir "${CMAKE_SOURCE_DIR}/src/${room}")
  skewless_allowed_rooms(${room} allowed)
  if(NOT DEFINED arg_DEPS)
    set(arg_DEPS ${allowed})
  endif()
  foreach(dep IN LISTS arg_DEPS)
    if(NOT dep IN_LIST allowed)
      message(FATAL_ERROR "room '${room}' may not depend on '${dep}': see ${SKEWLESS_LAYERS}")
    endif()
  endforeach()
  list(TRANSFORM arg_DEPS PREPEND skewless::)

  set(libs)
  foreach(lib IN LISTS arg_LIBS)
    if(TARGET third_party::${lib})
      list(APPEND libs third_party::${lib})
    elseif(TARGET ${lib})
      list(APPEND libs ${lib})
    else()
      message(FATAL_ERROR "room '${room}': no library '${lib}' in cmake/ThirdParty.cmake")
    endif()
  endforeach()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(benchmarks ${sources})
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(fixtures ${sources})
  list(FILTER fixtures INCLUDE REGEX "_fixture\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_benchmark|_fuzz|_fixture)\\.cc$")
  list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/src/cli/main.cc")

  if(sources)
    add_library(skewless_${room} STATIC ${sources})
    target_include_directories(skewless_${room} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(skewless_${room} PRIVATE skewless::options)
    target_link_libraries(skewless_${room} PUBLIC ${arg_DEPS} ${libs} Threads::Threads)
  else()
    add_library(skewless_${room} INTERFACE)
    target_include_directories(skewless_${room} INTERFACE "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(skewless_${room} INTERFACE ${arg_DEPS} ${libs} Threads::Threads)
  endif()
  add_library(skewless::${room} ALIAS skewless_${room})

  set(fixture)
  if(fixtures AND (SKEWLESS_TESTS OR SKEWLESS_BENCHMARKS))
    add_library(skewless_${room}_fixture STATIC ${fixtures})
    target_link_libraries(skewless_${room}_fixture PRIVATE skewless::options)
    target_link_libraries(skewless_${room}_fixture PUBLIC skewless::${room})
    add_library(skewless::${room}_fixture ALIAS skewless_${room}_fixture)
    set(fixture skewless::${room}_fixture)
  endif()
  if(tests AND SKEWLESS_TESTS)
    list(TRANSFORM arg_FIXTURES REPLACE "(.+)" "skewless::\\1_fixture")
    add_executable(${room}_test ${tests})
    target_link_libraries(${room}_test PRIVATE
      skewless::options ${fixture} ${arg_FIXTURES} skewless::${room} GTest::gtest_main)
    add_test(NAME ${room} COMMAND ${room}_test)
    skewless_environment(${room})
    skewless_timeout(${room} 1500)
  endif()
  if(benchmarks AND SKEWLESS_BENCHMARKS)
    add_executable(${room}_benchmark ${benchmarks})
    target_link_libraries(${room}_benchmark PRIVATE
      skewless::options ${fixture} skewless::${room} benchmark::benchmark_main)
  endif()
  foreach(fuzzer IN LISTS fuzzers)
    skewless_fuzzer(${room} ${fuzzer})
  endforeach()
endfunction()
