# The program `skewless`: src/cli/main.cc over the cli room.
set(_main "${CMAKE_SOURCE_DIR}/src/cli/main.cc")
# Configure again when the file first appears.
file(GLOB _found CONFIGURE_DEPENDS "${_main}")
if(NOT EXISTS "${_main}" OR NOT TARGET skewless_cli)
  return()
endif()
add_executable(skewless "${_main}")
target_link_libraries(skewless PRIVATE skewless::options skewless::cli)
set_target_properties(skewless PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}"
  INSTALL_RPATH "$ORIGIN/../lib/skewless")
target_compile_definitions(skewless PRIVATE SKEWLESS_VERSION="${PROJECT_VERSION}")

install(TARGETS skewless RUNTIME DESTINATION bin)
install(FILES ${SKEWLESS_ARROW_LIBRARIES} DESTINATION lib/skewless)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/NOTICE"
        DESTINATION share/doc/skewless)
file(GLOB _arrow_notices "${SKEWLESS_DEPS_DIR}/arrow/pyarrow-*.dist-info/licenses/*.txt")
install(FILES ${_arrow_notices} DESTINATION share/doc/skewless/arrow)
