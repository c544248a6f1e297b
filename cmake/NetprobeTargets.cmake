# netprobe_library(<name> SOURCES … [DEPS …]): a module of src/.
function(netprobe_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/bpf)
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
endfunction()

# netprobe_test(<name> LABEL unit SOURCES … [DEPS …] [TIMEOUT s] [SERIAL] [TSAN]):
# a GoogleTest program. Labels say what it needs: docs/testing.md. SERIAL: runs
# alone. TSAN: has threads, and runs under ThreadSanitizer as well.
# A test of which some cases were skipped counts as skipped only where none
# failed: the list of those that did stands behind that of the skipped.
function(netprobe_test name)
  if(NOT NETPROBE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "SERIAL;TSAN" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  if(ARG_TSAN)
    list(APPEND ARG_LABEL tsan)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT}
                                          SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\] [^[]*$")
  if(ARG_TSAN AND NETPROBE_SANITIZE MATCHES thread)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT_MODIFICATION
      "TSAN_OPTIONS=path_list_append:suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
  endif()
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# netprobe_fuzz(<name> SOURCES … [DEPS …]): a libFuzzer target whose corpus is
# tests/fuzz/corpus/<name>. In every build with tests the corpus is replayed.
function(netprobe_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(NETPROBE_FUZZ)
    add_executable(fuzz_${name} ${ARG_SOURCES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPS})
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} -max_total_time=30 -timeout=10 ${corpus})
    set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  elseif(NETPROBE_TESTS)
    add_executable(fuzz_${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPS})
    add_test(NAME fuzz_${name}_corpus COMMAND fuzz_${name} ${corpus})
    set_tests_properties(fuzz_${name}_corpus PROPERTIES LABELS unit TIMEOUT 120)
  endif()
  if(TARGET fuzz_${name})
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)  # headers alone
  endif()
endfunction()
