#!/bin/sh
# Searches, asks as a stream, drafts a reply to a complaint and saves it as a file,
# with curl and the shell alone:
#
#   BISEO_URL=http://127.0.0.1:8080 BISEO_KEY=biseo_... ./biseo.sh QUESTION COMPLAINT-FILE OUT.docx
#
# BISEO_KEY may be left out in single-user mode.
set -eu
[ $# -eq 3 ] || { echo "usage: $0 QUESTION COMPLAINT-FILE OUT.hwpx|.docx|.md|.txt" >&2; exit 2; }
question=$1 complaint=$2 out=$3
url=${BISEO_URL:-http://127.0.0.1:8080}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The key stands in a file, not on the command line, where other users would see it.
: >"$work/headers" && chmod 600 "$work/headers"
[ -z "${BISEO_KEY:-}" ] || printf 'Authorization: Bearer %s\n' "$BISEO_KEY" >"$work/headers"

# post PATH BODY-FILE OUT-FILE [CURL-OPTION...]: an error prints the problem
# (application/problem+json: code, detail, errors) and ends the script. curl itself
# tries again after 429 and 503, when Retry-After says.
post() {
  path=$1 body=$2 to=$3
  shift 3
  status=$(curl -sS --retry 3 --max-time 300 -H @"$work/headers" -H 'Content-Type: application/json' \
    --data-binary @"$body" -o "$to" -w '%{http_code}' "$@" "$url$path")
  case $status in
  2*) ;;
  *) echo "$path: HTTP $status: $(cat "$to")" >&2; exit 1 ;;
  esac
}

# json FILE: the text of a file as a JSON string. Quotes and backslashes are escaped,
# other control characters dropped.
json() {
  printf '"'
  tr -d '\000-\010\013\014\015\016-\037\177' <"$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
  printf '"'
}

printf '%s' "$question" >"$work/question"

echo "== search"
{ printf '{"limit":3,"query":'; json "$work/question"; printf '}'; } >"$work/search.json"
post /v1/search "$work/search.json" "$work/found.json"
cat "$work/found.json"
echo

echo "== ask"
# Server-sent events: status, sources, block, sentence, warning, and at the end done
# or error. A stream without either was cut: GET /v1/streams/ID with the header
# Last-Event-ID goes on behind that event. Each sentence names its sources in cites.
{ printf '{"question":'; json "$work/question"; printf '}'; } >"$work/ask.json"
post /v1/answers "$work/ask.json" "$work/events" -N -H 'Accept: text/event-stream'
awk '/^event: / { name = $2 } /^data: / && (name == "sentence" || name == "warning") { print substr($0, 7) } /^data: / { last = name }
  END { if (last != "done") { print "the stream ended with " last > "/dev/stderr"; exit 1 } }' "$work/events"

echo "== reply"
# With an Idempotency-Key a request that is sent again within a day, because its
# answer was lost, gets the draft of the first. The key is made once for one intent.
{ printf '{"text":'; json "$complaint"; printf '}'; } >"$work/reply.json"
post /v1/replies "$work/reply.json" "$work/draft.json" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)"
{ printf '{"format":"%s","answer":' "${out##*.}"; cat "$work/draft.json"; printf '}'; } >"$work/export.json"
post /v1/export "$work/export.json" "$work/file"
cp "$work/file" "$out"
echo "$out"
