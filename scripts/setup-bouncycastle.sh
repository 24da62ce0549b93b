#!/bin/bash
# Bouncy Castle, which knows alternative signatures (X.509:2019 §9.8), from Debian's newest suite: unpacked into .oracles/bouncycastle, never
# installed. Quick when it is there.
. "$(dirname "$0")/common.sh"

folder=.oracles/bouncycastle
packages openjdk-17-jdk-headless
[ ! -e "$folder/done" ] || exit 0
echo "Fetching Bouncy Castle from Debian's newest suite"
rm -rf "$folder"
from_newest "$folder/unpacked" libbcprov-java=1.86.2-1 libbcpkix-java=1.86.2-1 libbcutil-java=1.86.2-1
for name in bcprov bcpkix bcutil; do cp -L "$folder/unpacked/usr/share/java/$name.jar" "$folder/"; done
rm -rf "$folder/unpacked"
# Last: a run that was interrupted before begins again.
touch "$folder/done"
