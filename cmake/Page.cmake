# The page (web/), built by npm and packed into the programs that serve it. Where npm or
# a package cannot be had, they are built all the same, and "/" is the list of endpoints.
#
# NETPROBE_PAGE=OFF leaves it out.
option(NETPROBE_PAGE "build the page (web/) into the agent and the server" ON)

# netprobe_page_library(<name>): the table of src/api/page_assets.h.
function(netprobe_page_library name)
  set(none ${CMAKE_SOURCE_DIR}/src/api/page_assets_none.c)
  set(tool ${CMAKE_SOURCE_DIR}/scripts/page.sh)
  if(NETPROBE_PAGE)
    # The packages, once: a build without them would fail each time.
    execute_process(COMMAND ${tool} --packages RESULT_VARIABLE failed
                    OUTPUT_QUIET ERROR_VARIABLE why ERROR_STRIP_TRAILING_WHITESPACE)
    if(failed)
      message(WARNING "the page will be left out: ${why}")
    endif()
  endif()
  if(NETPROBE_PAGE AND NOT failed)
    set(folder ${CMAKE_BINARY_DIR}/page)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/*)
    set(around index.html package.json package-lock.json vite.config.ts svelte.config.js
        tsconfig.json embed.mjs)
    list(TRANSFORM around PREPEND ${CMAKE_SOURCE_DIR}/web/)
    add_custom_command(OUTPUT ${folder}/page_assets.c
      COMMAND ${tool} ${folder} DEPENDS ${tool} ${sources} ${around}
      COMMENT "Building the page" VERBATIM)
    add_library(${name} STATIC ${folder}/page_assets.c)
    # #embed
    set_source_files_properties(${folder}/page_assets.c PROPERTIES COMPILE_OPTIONS -std=gnu23)
    # ccache of Debian 12 does not look into embedded files.
    set_target_properties(${name} PROPERTIES C_COMPILER_LAUNCHER "" C_CLANG_TIDY "")
  else()
    add_library(${name} STATIC ${none})
  endif()
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
endfunction()
