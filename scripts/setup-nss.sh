#!/bin/bash
# NSS's softoken, a PKCS#11 module that knows ML-DSA, from Debian's newest suite: unpacked into .oracles/nss, never installed. What it needs
# of the system is Debian 12's. Quick when it is there.
. "$(dirname "$0")/common.sh"

folder=.oracles/nss
packages libnspr4 libsqlite3-0 libnss3-tools
[ ! -e "$folder/done" ] || exit 0
echo "Fetching NSS from Debian's newest suite"
rm -rf "$folder"
from_newest "$folder/unpacked" libnss3=2:3.132-1
for name in libsoftokn3 libfreeblpriv3 libnssutil3; do cp "$folder"/unpacked/usr/lib/*/"$name".so "$folder/"; done
cp "$folder"/unpacked/usr/lib/*/libsoftokn3.chk "$folder"/unpacked/usr/lib/*/libfreeblpriv3.chk "$folder/" 2>/dev/null || true
rm -rf "$folder/unpacked"
# Last: a run that was interrupted before begins again.
touch "$folder/done"
