#!/bin/bash
# scripts/test.sh [--quick]: builds once, then runs the tests; --quick leaves out what needs independent programs.
. "$(dirname "$0")/common.sh"

scripts/build.sh --build-tests
case "${1:-}" in
    --quick)
        swift test --skip-build -Xcc -O2 --skip InteropTests
        ;;
    "")
        status=0
        swift test --skip-build -Xcc -O2 || status=$?
        .oracles/bin/python -B -m unittest discover -s Tests/InteropTests/Python -p 'test_*.py' || status=$?
        exit "$status"
        ;;
    *) fail "usage: scripts/test.sh [--quick]" ;;
esac
