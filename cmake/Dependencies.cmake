# Distribution packages only; scripts/setup.sh installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(LIBMNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(LIBPSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(LIBCURL REQUIRED IMPORTED_TARGET libcurl)
# gzip, for a quarter of the time that zlib takes.
pkg_check_modules(LIBISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka>=1.9)
# Patterns of queries: no backtracking, and a bound on memory.
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
# Between agents and the server.
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
pkg_check_modules(LIBBPF REQUIRED libbpf>=1.3)
if(NETPROBE_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()

# libbpf goes in statically: the agent then runs where the distribution's own
# is older than what TCX links need.
add_library(netprobe_libbpf INTERFACE)
find_library(NETPROBE_LIBBPF_A libbpf.a REQUIRED)
target_include_directories(netprobe_libbpf SYSTEM INTERFACE ${LIBBPF_INCLUDE_DIRS})
target_link_libraries(netprobe_libbpf INTERFACE ${NETPROBE_LIBBPF_A} elf z)
# LIBBPF_OPTS is a GNU statement expression around a C99 literal.
target_compile_options(netprobe_libbpf INTERFACE
  -Wno-gnu-statement-expression-from-macro-expansion -Wno-c99-extensions)
