#!/bin/bash
# Format of Swift, syntax of shell and Python.
. "$(dirname "$0")/common.sh"

swift format lint --strict -r Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift
for script in scripts/*.sh .ci/run; do bash -n "$script"; done
if command -v python3 >/dev/null; then
    python3 -c 'import ast, sys
for path in sys.argv[1:]: ast.parse(open(path, encoding="utf-8").read(), path)' Tests/InteropTests/Python/*.py
fi
