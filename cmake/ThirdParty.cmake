# Libraries from outside. tools/bootstrap puts all of them in place. Their headers are SYSTEM, so
# that our warnings stay about our code.
set(_bootstrap_hint "run 'tools/bootstrap' first")

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Snappy REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(_module IN ITEMS libxxhash libzstd libisal libmicrohttpd hiredis openssl lmdb cairo protobuf
                        libcurl rdkafka)
  pkg_check_modules(${_module} REQUIRED IMPORTED_TARGET GLOBAL ${_module})
endforeach()
if(SKEWLESS_TESTS)
  find_package(GTest REQUIRED)
  pkg_check_modules(lua5.1 REQUIRED IMPORTED_TARGET GLOBAL lua5.1)
endif()
if(SKEWLESS_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# The names that src/CMakeLists.txt uses, whatever the package calls its target.
function(_third_party name)
  add_library(skewless_third_party_${name} INTERFACE)
  target_link_libraries(skewless_third_party_${name} INTERFACE ${ARGN})
  add_library(third_party::${name} ALIAS skewless_third_party_${name})
endfunction()
_third_party(fmt fmt::fmt)
_third_party(spdlog spdlog::spdlog)
_third_party(expected tl::expected)
_third_party(xxhash PkgConfig::libxxhash)
_third_party(crc32c PkgConfig::libisal)  # <isa-l/crc.h>: crc32_iscsi() is CRC-32C
_third_party(yaml-cpp yaml-cpp)
_third_party(nlohmann_json nlohmann_json::nlohmann_json)
_third_party(prometheus-cpp prometheus-cpp::core)
_third_party(libmicrohttpd PkgConfig::libmicrohttpd)
_third_party(hiredis PkgConfig::hiredis)
_third_party(openssl PkgConfig::openssl)
_third_party(CLI11 CLI11::CLI11)
_third_party(cairo PkgConfig::cairo)
_third_party(lmdb PkgConfig::lmdb)
_third_party(zlib ZLIB::ZLIB)
if(SKEWLESS_TESTS)
  _third_party(lua PkgConfig::lua5.1)
endif()
_third_party(zstd PkgConfig::libzstd)
_third_party(snappy Snappy::snappy)

# librdkafka speaks TLS with Debian's OpenSSL. Arrow's libparquet exports an OpenSSL of its own, with
# the same names: where it came first, the first TLS call would crash. So Debian's comes first on the
# link line, before any library, and the loader looks there first.
if(SKEWLESS_SANITIZE STREQUAL "thread")
  add_library(skewless_c11_threads STATIC cmake/c11_threads_for_tsan.c)
  _third_party(rdkafka PkgConfig::rdkafka skewless_c11_threads)
  foreach(_function IN ITEMS thrd_create thrd_join)
    target_link_options(skewless_third_party_rdkafka INTERFACE
      "LINKER:--undefined=${_function},--export-dynamic-symbol=${_function}")
  endforeach()
else()
  _third_party(rdkafka PkgConfig::rdkafka)
endif()
target_link_options(skewless_third_party_rdkafka INTERFACE
  "LINKER:--push-state,--no-as-needed,${OPENSSL_SSL_LIBRARY},${OPENSSL_CRYPTO_LIBRARY},--pop-state")

# simdjson: one header and one source file. Hidden, because another library in the process may
# carry its own simdjson.
set(_simdjson "${SKEWLESS_DEPS_DIR}/simdjson")
if(NOT EXISTS "${_simdjson}/simdjson.cpp")
  message(FATAL_ERROR "${_simdjson}/simdjson.cpp is missing: ${_bootstrap_hint}")
endif()
add_library(skewless_simdjson STATIC "${_simdjson}/simdjson.cpp")
target_include_directories(skewless_simdjson SYSTEM PUBLIC "${_simdjson}")
target_compile_options(skewless_simdjson PRIVATE -fvisibility=hidden -w)
add_library(third_party::simdjson ALIAS skewless_simdjson)

# Arrow C++: the shared libraries and headers inside the pyarrow wheel.
set(SKEWLESS_ARROW_DIR "${SKEWLESS_DEPS_DIR}/arrow/pyarrow")
if(NOT EXISTS "${SKEWLESS_ARROW_DIR}/include/arrow/util/config.h")
  message(FATAL_ERROR "${SKEWLESS_ARROW_DIR} has no Arrow: ${_bootstrap_hint}")
endif()
file(STRINGS "${SKEWLESS_ARROW_DIR}/include/arrow/util/config.h" _so REGEX "define ARROW_SO_VERSION")
string(REGEX MATCH "[0-9]+" SKEWLESS_ARROW_SO "${_so}")
function(_arrow_wheel name file)
  add_library(ArrowWheel::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(ArrowWheel::${name} PROPERTIES
    IMPORTED_LOCATION "${SKEWLESS_ARROW_DIR}/${file}.so.${SKEWLESS_ARROW_SO}"
    IMPORTED_SONAME "${file}.so.${SKEWLESS_ARROW_SO}"
    INTERFACE_INCLUDE_DIRECTORIES "${SKEWLESS_ARROW_DIR}/include"
    INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()
_arrow_wheel(arrow libarrow)
_arrow_wheel(parquet libparquet ArrowWheel::arrow)
_arrow_wheel(compute libarrow_compute ArrowWheel::arrow)
add_library(third_party::arrow ALIAS ArrowWheel::arrow)
add_library(third_party::arrow_compute ALIAS ArrowWheel::compute)
add_library(third_party::parquet ALIAS ArrowWheel::parquet)
# libparquet exports an OpenSSL of its own. Debian's libraries come before it on every link line, so
# that their TLS finds Debian's.
_third_party(protobuf PkgConfig::protobuf ArrowWheel::arrow)
_third_party(curl PkgConfig::libcurl ArrowWheel::parquet)
# What an installed program needs beside it.
set(SKEWLESS_ARROW_LIBRARIES
  "${SKEWLESS_ARROW_DIR}/libarrow.so.${SKEWLESS_ARROW_SO}"
  "${SKEWLESS_ARROW_DIR}/libarrow_compute.so.${SKEWLESS_ARROW_SO}"
  "${SKEWLESS_ARROW_DIR}/libparquet.so.${SKEWLESS_ARROW_SO}")
