# DuckDB's shared library, for history. scripts/duckdb.sh fetches it; without it the
# agent is built all the same and runs with history off. Nothing links it: the agent
# loads it at run time, so here it is only put where the agent looks.
#
# NETPROBE_DUCKDB_LIBRARY: its path; empty: there is none.
execute_process(
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/duckdb.sh ${CMAKE_SYSTEM_PROCESSOR}
  OUTPUT_VARIABLE NETPROBE_DUCKDB_LIBRARY ERROR_VARIABLE duckdb_why
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE duckdb_failed)
if(duckdb_failed)
  set(NETPROBE_DUCKDB_LIBRARY "")
  message(WARNING "history will be off: ${duckdb_why}")
else()
  install(FILES ${NETPROBE_DUCKDB_LIBRARY} DESTINATION lib/netprobe
          PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  get_filename_component(duckdb_folder ${NETPROBE_DUCKDB_LIBRARY} DIRECTORY)
  if(EXISTS ${duckdb_folder}/LICENSE)
    install(FILES ${duckdb_folder}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
            RENAME LICENSE.duckdb)
  endif()
endif()

# netprobe_beside_duckdb(<program> [COPY]): the program finds the library in the build
# tree. COPY: the file itself and its licence, for who takes the program from there.
function(netprobe_beside_duckdb program)
  if(NOT NETPROBE_DUCKDB_LIBRARY)
    return()
  endif()
  cmake_parse_arguments(ARG "COPY" "" "" ${ARGN})
  set(how create_symlink)
  if(ARG_COPY)
    set(how copy_if_different)
  endif()
  add_custom_command(TARGET ${program} POST_BUILD COMMAND ${CMAKE_COMMAND} -E ${how}
    ${NETPROBE_DUCKDB_LIBRARY} $<TARGET_FILE_DIR:${program}>/libduckdb.so)
  get_filename_component(folder ${NETPROBE_DUCKDB_LIBRARY} DIRECTORY)
  if(ARG_COPY AND EXISTS ${folder}/LICENSE)
    add_custom_command(TARGET ${program} POST_BUILD COMMAND ${CMAKE_COMMAND} -E copy_if_different
      ${folder}/LICENSE $<TARGET_FILE_DIR:${program}>/libduckdb.LICENSE)
  endif()
endfunction()
