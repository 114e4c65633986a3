# skewless_fuzzer(<room> <x_fuzz.cc>): the program x_fuzz.
#
# With SKEWLESS_FUZZ it is driven by libFuzzer: `make fuzz` runs it for as long as one likes. Else it
# is the test fuzz_x: the inputs kept in tests/corpus/x, then seconds of mutations of them.
if(SKEWLESS_TESTS AND NOT SKEWLESS_FUZZ)
  add_library(skewless_fuzzing STATIC
    tests/fuzzing/fuzz_driver.cc tests/fuzzing/mutation.cc)
  target_include_directories(skewless_fuzzing PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(skewless_fuzzing PRIVATE skewless::options)
endif()

function(skewless_fuzzer room source)
  if(NOT SKEWLESS_TESTS AND NOT SKEWLESS_FUZZ)
    return()
  endif()
  cmake_path(GET source STEM program)
  string(REGEX REPLACE "_fuzz$" "" name "${program}")
  add_executable(${program} ${source})
  target_link_libraries(${program} PRIVATE skewless::options skewless::${room})
  if(SKEWLESS_FUZZ)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_link_libraries(${program} PRIVATE skewless_fuzzing)
  add_test(NAME fuzz_${name}
           COMMAND ${program} --corpus "${CMAKE_SOURCE_DIR}/tests/corpus/${name}" --seconds 1.5)
  skewless_environment(fuzz_${name})
  skewless_timeout(fuzz_${name} 300)
endfunction()
