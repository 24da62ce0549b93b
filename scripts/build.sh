#!/bin/bash
# The one build configuration: debug, with C (BoringSSL) optimized. A call without -Xcc -O2 would compile everything anew.
. "$(dirname "$0")/common.sh"

exec swift build -Xcc -O2 "$@"
