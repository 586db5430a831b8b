package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

var pathInBraces = regexp.MustCompile(`\{[^/]+\}`)

// mcpCalls and chatCalls are requests in the protocols that the description leaves out.
var mcpCalls = []any{
	`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`,
	`{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
	`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search","arguments":{"query":"주차요금","limit":3}}}`,
	`{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"ask","arguments":{"question":"주차요금은 얼마입니까?"},"_meta":{"progressToken":1}}}`,
	`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"read_passage","arguments":{"id":"c1","around":2}}}`,
	`{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"check","arguments":{"text":"제5조에 따라 2026.1.1 시행"}}}`,
	`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"draft_reply","arguments":{"text":"주차요금이 비쌉니다."}}}`,
}

var chatCalls = []any{
	`{"model":"biseo-ask","messages":[{"role":"user","content":"주차요금은 얼마입니까?"}]}`,
	`{"model":"biseo-summary","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":[{"type":"text","text":"가\n나"}]}],"biseo":{"docs":["gaon/parking@2026-01-01"],"length":"line"}}`,
	`{"model":"biseo-reply","messages":[{"role":"system","content":null},{"role":"user","content":"정기권 요금을 알려 주세요"}],"biseo":{"received":"2026-11-20 10:30","handler":{"name":"가"}}}`,
	`{"model":"biseo-report","stream":true,"n":1,"temperature":0.5,"messages":[{"role":"user","content":"주차"}],"biseo":{"on":"2026-01-01","template":"검토보고"}}`,
}

// value is a value that fits a schema more often than not.
func (f *fuzzer) value(r *rand.Rand, schema map[string]any, depth int) any {
	if ref, ok := schema["$ref"].(string); ok {
		schema, _ = f.schemas[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
	}
	if list, ok := schema["enum"].([]any); ok {
		return one(r, list...)
	}
	bound := func(name string, otherwise float64) int {
		if n, ok := schema[name].(float64); ok {
			otherwise = n
		}
		return int(otherwise)
	}
	if list, ok := schema["examples"].([]any); ok && r.IntN(3) > 0 {
		return one(r, list...)
	}
	kind, ok := schema["type"].(string)
	if list, many := schema["type"].([]any); !ok && many {
		kind, _ = list[0].(string)
	}
	switch kind {
	case "object":
		properties, _ := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if slices.Contains(required, any(name)) || depth < 6 && r.IntN(3) == 0 {
				sub, _ := properties[name].(map[string]any)
				switch name {
				case "conversation":
					out[name] = one(r, f.id(r, "conversations"), "new")
				case "docs":
					out[name] = []any{"gaon/parking@2026-01-01"}
				case "save":
					out[name] = true
				case "received":
					out[name] = one(r, "2026-11-19", "2026-11-20 10:30")
				case "period": // empty, or one that is known
				default:
					out[name] = f.value(r, sub, depth+1)
				}
			}
		}
		return out
	case "array":
		items, _ := schema["items"].(map[string]any)
		out := []any{}
		for range max(bound("minItems", 0), r.IntN(1+min(3, bound("maxItems", 3)))) {
			out = append(out, f.value(r, items, depth+1))
		}
		return out
	case "integer", "number":
		low := bound("minimum", 0)
		return low + r.IntN(1+max(0, bound("maximum", 20)-low))
	case "boolean":
		return r.IntN(2) == 0
	}
	switch schema["format"] {
	case "date":
		return one(r, "2026-11-20", "2026-02-28", "2027-01-01", "0001-01-01", "9999-12-31")
	case "date-time":
		return one(r, "2026-11-20T10:30:00+09:00", "2026-11-20T01:30:00Z")
	}
	s := one(r, "주차요금은 얼마입니까?", "정기권", "「가온시 주차장 조례」 제5조", "요금을 알려 주세요. 연락처는 010-1234-5678입니다.", "2026-11-20 10:30", "open", "검토보고", "a")
	return s[:min(len(s), 4*bound("maxLength", 1e6))]
}

// spoil changes some of the parts of a JSON value.
func spoil(r *rand.Rand, v any) any {
	if r.IntN(12) == 0 {
		return one[any](r, nil, true, -1, 0, math.MaxInt64, 1e300, 0.5, "", []any{}, map[string]any{}, wildString(r), wildString(r), nested(r.IntN(300)), []any{[]any{nil}})
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if r.IntN(30) > 0 {
				out[name] = spoil(r, v[name])
			}
		}
		if r.IntN(20) == 0 {
			out[wildString(r)] = wildString(r)
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, spoil(r, e))
		}
		if r.IntN(20) == 0 && len(out) > 0 {
			out = slices.Repeat(out, 1+r.IntN(80))
		}
		return out
	}
	return v
}

func nested(depth int) any {
	var v any
	for range depth {
		v = []any{v}
	}
	return v
}

func wildString(r *rand.Rand) string {
	return one(r, "", " ", "\x00", "\u202e", "가", strings.Repeat("가", r.IntN(3_000)), strings.Repeat("a ", r.IntN(70_000)), "한", "👨‍👩‍👧", "\xff\xfe", "'; DROP TABLE drafts; --", "../../etc/passwd",
		"제99999999999999999999조", "「「「「", strings.Repeat("「", 500), "2026-02-30", "1,200원", "900101-1234567", "%s%n", "{{.}}", "<script>alert(1)</script>", "\r\nX: y", "\ufeff", strings.Repeat("ㄱ", 200), "NaN", "1e999", "null")
}

// spoilBytes changes a body as no encoder would.
func spoilBytes(r *rand.Rand, b []byte) []byte {
	at := r.IntN(len(b) + 1)
	switch r.IntN(9) {
	case 0:
		return b[:at]
	case 1:
		return slices.Concat(b[:at], []byte{0xff, 0xc0}, b[at:])
	case 2:
		return slices.Concat(b[:at], []byte{0}, b[at:])
	case 3:
		return slices.Concat(b, b)
	case 4:
		return bytes.Repeat([]byte("["), r.IntN(30_000))
	case 5:
		return slices.Concat(b, bytes.Repeat([]byte(" "), r.IntN(200_000)))
	case 6:
		return bytes.ReplaceAll(b, []byte("요금"), []byte(`\ud800\u0000`))
	case 7:
		return []byte(strings.Repeat(`{"a":`, r.IntN(10_000)))
	}
	out := slices.Clone(b)
	for range 1 + len(b)/50 {
		if len(out) > 0 {
			out[r.IntN(len(out))] = byte(r.Uint32())
		}
	}
	return json.RawMessage(out)
}
