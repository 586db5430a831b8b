#!/usr/bin/env python3
"""A client of Biseo on Python's standard library alone (3.9 or newer).

    python3 biseo.py search 주차요금 감면
    python3 biseo.py ask "다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?"
    python3 biseo.py reply complaint.txt 답변.hwpx

BISEO_URL is the address of the service (http://127.0.0.1:8080 if not set), BISEO_KEY
an API key (not needed in single-user mode).
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("BISEO_URL", "http://127.0.0.1:8080").rstrip("/")
KEY = os.environ.get("BISEO_KEY", "")
ATTEMPTS = 4
SILENCE = 60  # seconds; the service sends a comment every 15


class Problem(Exception):
    """An error of the service (RFC 9457): code is stable, detail is for people."""

    def __init__(self, status, body):
        self.status = status
        self.code = body.get("code", "unknown")
        self.errors = body.get("errors", [])
        super().__init__(f"{self.code}: {body.get('detail', f'HTTP {status}')}")


def call(method, path, body=None, **headers):
    """Send a request and return the open response. Busy answers are tried again."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if KEY:
        headers["Authorization"] = "Bearer " + KEY
    data = None
    if body is not None:
        data = json.dumps(body, ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json"
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(URL + path, data=data, headers=headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=SILENCE)
        except urllib.error.HTTPError as e:
            busy = e.code in (429, 503) or e.code == 409 and "Idempotency-Key" in headers
            if not busy or attempt == ATTEMPTS:
                raise problem(e) from None
            time.sleep(min(30, int(e.headers.get("Retry-After") or 1)))
        except urllib.error.URLError:
            # The answer may be lost after the work was done: only what does not store,
            # or has an Idempotency-Key, may be sent again. That is everything here.
            if attempt == ATTEMPTS:
                raise
            time.sleep(attempt)
    raise AssertionError("not reached")


def problem(e):
    try:
        return Problem(e.code, json.load(e))
    except ValueError:
        return Problem(e.code, {})


def post(path, body, **headers):
    with call("POST", path, body, Accept="application/json", **headers) as response:
        return json.load(response)


def events(response):
    """Yield (id, name, data) of each server-sent event."""
    ident, name, data = "", "message", []
    for raw in response:
        line = raw.decode("utf-8").rstrip("\r\n")
        if line == "":
            if data:
                yield ident, name, json.loads("\n".join(data))
            name, data = "message", []
        elif line.startswith(":"):
            pass  # a comment that keeps the connection open
        else:
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "id":
                ident = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)


def stream(path, body):
    """Yield (name, data) until done. A connection that is cut is taken up again."""
    response = call("POST", path, body, Accept="text/event-stream")
    last, ident = "", ""
    for _ in range(ATTEMPTS):
        try:
            with response:
                for last, name, data in events(response):
                    if name == "error":
                        raise Problem(data.get("status", 500), data)
                    if name == "status" and "stream" in data:
                        ident = data["stream"]
                    yield name, data
                    if name == "done":
                        return
        except (OSError, ValueError):
            pass
        if not ident:
            break
        response = call("GET", "/v1/streams/" + ident, Accept="text/event-stream", Last_Event_ID=last)
    raise Problem(502, {"code": "cut", "detail": "the stream ended before the answer was whole"})


def numbers(sentence):
    return "".join(f" [{n}]" for n in dict.fromkeys(c["source"] for c in sentence["cites"]))


def sources(answer):
    for s in answer["sources"]:
        if s["used"]:
            print(f"[{s['n']}] {s['cite'] or s['title']}")


def search(words):
    for hit in post("/v1/search", {"query": words, "limit": 5})["hits"]:
        print(f"{hit['rank']}. {hit['cite'] or hit['title']}\n   {hit['text'][:120]}")


def ask(question):
    """Print each sentence as it comes: it was checked before it was sent."""
    for name, data in stream("/v1/answers", {"question": question}):
        if name == "sentence":
            print(data["text"] + numbers(data), flush=True)
        elif name == "warning":
            print("※ " + data["text"])
        elif name == "done":
            print(f"\n{data['outcome']}, {data['on']}")
            sources(data)


def reply(file, out):
    """Draft the reply to a complaint and save it in the format of out's ending."""
    with open(file, encoding="utf-8") as f:
        text = f.read()
    # One key for one intent: sent again, it gets the first draft instead of a second.
    draft = post("/v1/replies", {"text": text}, Idempotency_Key=str(uuid.uuid4()))
    print(f"{draft['outcome']}, 처리기한 {draft['reply']['due'] or '미정'}")
    for warning in draft["warnings"]:
        print("※ " + warning["text"])
    sources(draft)
    with call("POST", "/v1/export", {"answer": draft, "format": out.rsplit(".", 1)[-1]}) as response:
        content = response.read()
    with open(out, "wb") as f:
        f.write(content)
    print(out)


def main(args):
    if len(args) >= 2 and args[0] == "search":
        search(" ".join(args[1:]))
    elif len(args) >= 2 and args[0] == "ask":
        ask(" ".join(args[1:]))
    elif len(args) == 3 and args[0] == "reply":
        reply(args[1], args[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Problem, OSError) as e:
        print(f"biseo: {e}", file=sys.stderr)
        for field in getattr(e, "errors", []):
            print(f"  {field['field']}: {field['detail']}", file=sys.stderr)
        sys.exit(1)
