# netprobe_bpf_skeleton(<name> SOURCE file.bpf.c [DEFINES …])
#
# Compiles a BPF program and makes its skeleton header <name>.skel.h; the
# interface target <name>_skel carries the include path. The vmlinux-free
# sources need the architecture's uapi headers only.
find_program(NETPROBE_BPFTOOL bpftool REQUIRED PATHS /usr/sbin /sbin)
find_program(NETPROBE_BPF_CLANG NAMES clang-19 clang REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64)$")
  set(NETPROBE_BPF_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(NETPROBE_BPF_ARCH arm64)
else()
  message(FATAL_ERROR "NetProbe's BPF programs are built for x86_64 and arm64, not for "
                      "${CMAKE_SYSTEM_PROCESSOR}; see docs/kernel-support.md")
endif()

set(NETPROBE_BPF_DIR ${CMAKE_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${NETPROBE_BPF_DIR})

function(netprobe_bpf_skeleton name)
  cmake_parse_arguments(ARG "" "SOURCE" "DEFINES" ${ARGN})
  get_filename_component(source ${ARG_SOURCE} ABSOLUTE)
  set(object ${NETPROBE_BPF_DIR}/${name}.bpf.o)
  set(skeleton ${NETPROBE_BPF_DIR}/${name}.skel.h)
  list(TRANSFORM ARG_DEFINES PREPEND -D)
  add_custom_command(
    OUTPUT ${object}
    COMMAND
      ${NETPROBE_BPF_CLANG} -std=gnu17 -g -O2 -target bpf -mcpu=v3
      -D__TARGET_ARCH_${NETPROBE_BPF_ARCH} ${ARG_DEFINES} -I${CMAKE_SOURCE_DIR}/bpf
      -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -Wall -Wextra -Werror
      -Wno-unused-parameter -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "BPF ${name}" VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${NETPROBE_BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}
    DEPENDS ${object} VERBATIM)
  add_custom_target(${name}_skel_gen DEPENDS ${skeleton})
  add_library(${name}_skel INTERFACE)
  add_dependencies(${name}_skel ${name}_skel_gen)
  target_include_directories(${name}_skel SYSTEM INTERFACE ${NETPROBE_BPF_DIR})
  set_property(GLOBAL APPEND PROPERTY NETPROBE_BPF_TARGETS ${name}_skel_gen)
endfunction()
