# How every target of this project is compiled. Third-party code is not touched by the warnings.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
if(SKEWLESS_SANITIZE OR SKEWLESS_FUZZ)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()

# One compiler cache serves every build directory: neither its path nor the debug paths count.
find_program(SKEWLESS_CCACHE ccache)
if(SKEWLESS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(_launcher "${CMAKE_COMMAND}" -E env CCACHE_NOHASHDIR=1
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "${SKEWLESS_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${_launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${_launcher})
endif()

# Two compilers at once can each hold a gigabyte; linking sanitized programs more.
set_property(GLOBAL PROPERTY JOB_POOLS link=1)
set(CMAKE_JOB_POOL_LINK link)

# Feature values must be the same bits in every build: no fused multiply-add, no -march=native,
# no -ffast-math.
add_compile_options(-ffp-contract=off)

if(CMAKE_BUILD_TYPE STREQUAL "Debug" OR SKEWLESS_SANITIZE)
  add_compile_options(-fno-omit-frame-pointer)
endif()
if(SKEWLESS_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(SKEWLESS_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(SKEWLESS_SANITIZE)
  message(FATAL_ERROR "SKEWLESS_SANITIZE is '${SKEWLESS_SANITIZE}': use address or thread")
endif()

add_library(skewless_options INTERFACE)
add_library(skewless::options ALIAS skewless_options)
target_compile_options(skewless_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast
  -Wimplicit-fallthrough -Wundef -Wunused)
if(SKEWLESS_WERROR)
  target_compile_options(skewless_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 sees these where they are not, in its own std::string and std::vector (bug 105651 and
  # its kin).
  target_compile_options(skewless_options INTERFACE
    -Wno-restrict -Wno-error=maybe-uninitialized -Wno-error=array-bounds
    -Wno-error=stringop-overflow -Wno-error=stringop-overread -Wno-error=free-nonheap-object)
endif()
if(SKEWLESS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "SKEWLESS_FUZZ needs clang: configure with the 'fuzz' preset")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
