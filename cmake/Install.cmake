# What `cmake --install BUILD --prefix PREFIX` puts where: programs, the library
# with its headers, and what find_package(netprobe) and pkg-config ask for.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/netprobe)
install(TARGETS netprobe-agent netprobe-server netprobe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS libnetprobe EXPORT netprobeTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/netprobe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/generated/include/netprobe/version.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/netprobe)
install(EXPORT netprobeTargets NAMESPACE netprobe:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/netprobeConfig.cmake.in
  ${CMAKE_BINARY_DIR}/generated/netprobeConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change what programs were compiled against.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/netprobeConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/netprobeConfig.cmake
              ${CMAKE_BINARY_DIR}/generated/netprobeConfigVersion.cmake
        DESTINATION ${package_dir})

file(RELATIVE_PATH NETPROBE_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" NETPROBE_PC_TO_PREFIX "${NETPROBE_PC_TO_PREFIX}")
configure_file(${CMAKE_SOURCE_DIR}/cmake/netprobe.pc.in
               ${CMAKE_BINARY_DIR}/generated/netprobe.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/netprobe.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
