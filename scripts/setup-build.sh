#!/bin/bash
# What the build and the main job need beside the Swift toolchain. Quick when everything is there.
. "$(dirname "$0")/common.sh"

command -v swift >/dev/null || fail "No swift on the PATH. Install the toolchain, 6.2 or newer: https://www.swift.org/install/"
packages libsqlite3-dev libgmp-dev openssl
command -v openssl >/dev/null || fail "openssl is needed (it plays the device that makes a request)."
