# Language, warnings, sanitizers.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")

option(NETPROBE_TESTS "Build tests and benchmarks" ON)
option(NETPROBE_FUZZ "Build fuzz targets" OFF)
set(NETPROBE_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")

find_program(NETPROBE_CCACHE ccache)
if(NETPROBE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${NETPROBE_CCACHE})
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wthread-safety -Wimplicit-fallthrough -Wno-missing-field-initializers)
add_link_options(-fuse-ld=lld)

if(NETPROBE_SANITIZE)
  add_compile_options(-fsanitize=${NETPROBE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NETPROBE_SANITIZE})
endif()
if(NETPROBE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
