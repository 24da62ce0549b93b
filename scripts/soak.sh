#!/bin/bash
# The power cut test at length: as many images as ASSAY_POWER_CUTS says. ASSAY_POWER_CUT_SEED repeats the choices of an earlier run.
. "$(dirname "$0")/common.sh"

scripts/build.sh --build-tests
export ASSAY_POWER_CUTS=${ASSAY_POWER_CUTS:-1000}
exec swift test --skip-build -Xcc -O2 --filter PowerCutTests
