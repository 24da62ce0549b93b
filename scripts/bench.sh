#!/bin/bash
# Builds Benchmarks/ for release, and runs it. Arguments are the program's: `scripts/bench.sh issuing` leaves the house out.
. "$(dirname "$0")/common.sh"

cd Benchmarks
swift build -c release --product bench
exec .build/release/bench "$@"
