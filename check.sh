#!/usr/bin/env bash
# The checks that people and CI run: format, vet, staticcheck, and the tests with
# the race detector (the detector alone needs a C compiler; without one the tests
# run plain). Arguments go to go test, such as ./check.sh -run TestSplit ./ingest.
set -euo pipefail
cd "$(dirname "$0")"

unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
  echo "run gofmt -w on:" $unformatted >&2
  exit 1
fi
go vet ./...
go tool staticcheck ./...

race=-race
command -v cc >/dev/null || race=
[ $# -gt 0 ] || set -- ./...
go test $race "$@"
