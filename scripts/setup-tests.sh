#!/bin/bash
# The independent programs that the tests measure Assay against. Quick when everything is there.
. "$(dirname "$0")/common.sh"

packages openssl gnutls-bin mandoc python3 python3-venv
scripts/setup-hsm.sh

# Debian's own Python: another one that stands first on the PATH may lack venv.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3) || fail "python3 is needed for the independent verifier."

wanted=Tests/InteropTests/Python/requirements.txt
if ! cmp -s "$wanted" .oracles/requirements.txt; then
    echo "Making .oracles with $(grep -c == "$wanted") Python packages"
    rm -rf .oracles
    "$python" -m venv .oracles
    .oracles/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --requirement "$wanted"
    # Last: a run that was interrupted before begins again.
    cp "$wanted" .oracles/requirements.txt
fi

# Last: .oracles is made anew above when its Python packages change.
scripts/setup-nss.sh
scripts/setup-bouncycastle.sh
