#!/bin/bash
# What `make demo-hsm` and the tests of tokens need: SoftHSM2 and OpenSC's pkcs11-tool. Quick when both are there.
. "$(dirname "$0")/common.sh"

# A module that behaves otherwise in another version.
packages softhsm2=2.6.1-2.1 libsofthsm2=2.6.1-2.1 opensc=0.23.0-0.3+deb12u2
