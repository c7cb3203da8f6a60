package blocks

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func call(t testing.TB, cut bool, pieces ...string) *recorder {
	t.Helper()
	r := &recorder{t: t}
	p := NewToolParser("train.py", r)
	for _, piece := range pieces {
		p.Write(piece)
	}
	p.Close(cut)
	if r.open || len(r.edits) != 1 {
		t.Fatalf("%d edits, open %v: %s", len(r.edits), r.open, r.log.String())
	}
	return r
}

func TestToolCallsAsModelsMakeThem(t *testing.T) {
	for _, tt := range []struct {
		name, args string
		cut        bool
		want       edit
	}{
		{name: "in order", args: `{"path":"data.py","old":"a\n","new":"b\n","reason":"why"}`, want: edit{Path: "data.py", Reason: "why", Old: "a\n", New: "b\n"}},
		{name: "path last", args: ` { "new" : "b" , "reason" : "why" , "old" : "a" , "path" : "data.py" } `, want: edit{Path: "data.py", Reason: "why", Old: "a", New: "b"}},
		{name: "no path", args: `{"old":"a","new":"b"}`, want: edit{Path: "train.py", Old: "a", New: "b"}},
		{name: "path null", args: `{"path":null,"old":"a","new":"b"}`, want: edit{Path: "train.py", Old: "a", New: "b"}},
		{name: "a whole file", args: `{"path":"muon.py","old":"","new":"x"}`, want: edit{Path: "muon.py", New: "x"}},
		{name: "a deletion", args: `{"path":"data.py","old":"a","new":""}`, want: edit{Path: "data.py", Old: "a"}},
		{
			name: "escapes", args: `{"path":"data.py","old":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude42","new":"\ud83d \ud83dx\ude42\ud83d"}`,
			want: edit{Path: "data.py", Old: "\"\\/\b\f\n\r\tä🙂", New: "� �x��"},
		},
		{name: "escapes that JSON lacks", args: `{"path":"data.py","old":"\d\ä","new":"\u12x"}`, want: edit{Path: "data.py", Old: `\d\ä`, New: `\u12x`}},
		{name: "newlines as they are", args: "{\"path\":\"data.py\",\"old\":\"a\nb\",\"new\":\"\"}", want: edit{Path: "data.py", Old: "a\nb"}},
		{
			name: "other keys", args: `{"n":-1.5e3,"deep":{"a":["}",{"old":"no"}],"b":"\"}"},"t":true,"path":"data.py","s":"x","old":"a","new":"b"}`,
			want: edit{Path: "data.py", Old: "a", New: "b"},
		},
		{name: "an escaped key", args: `{"p\u0061th":"data.py","old":"a","new":"b"}`, want: edit{Path: "data.py", Old: "a", New: "b"}},
		{name: "text after the object", args: `{"path":"data.py","old":"a","new":"b"}}"`, want: edit{Path: "data.py", Old: "a", New: "b"}},
		{name: "no new", args: `{"path":"data.py","old":"a"}`, want: edit{Path: "data.py", Old: "a", Why: `no "new"`}},
		{name: "new null", args: `{"path":"data.py","old":"a","new":null}`, want: edit{Path: "data.py", Old: "a", Why: `"new" is not a string`}},
		{name: "no old", args: `{"path":"data.py","new":"b"}`, want: edit{Path: "data.py", New: "b", Why: `no "old"`}},
		{name: "a path that is no string", args: `{"path":["data.py"],"old":"a","new":"b"}`, want: edit{Path: "train.py", Old: "a", New: "b", Why: `"path" is not a string`}},
		{name: "a key twice", args: `{"path":"data.py","old":"a","old":"b"}`, want: edit{Path: "data.py", Old: "a", Why: `"old" twice`}},
		{name: "nothing", args: "", want: edit{Path: "train.py", Why: "no arguments"}},
		{name: "no object", args: "null", want: edit{Path: "train.py", Why: "not a JSON object"}},
		{name: "a comma missing", args: `{"path":"data.py" "old":"a"}`, want: edit{Path: "data.py", Why: "not a JSON object"}},
		{name: "cut off", args: `{"path":"data.py","old":"a","new":"b\u00`, cut: true, want: edit{Path: "data.py", Old: "a", New: "b", Why: "cut off"}},
		{name: "cut off in the path", args: `{"old":"a","path":"da`, cut: true, want: edit{Path: "da", Old: "a", Why: "cut off"}},
		{name: "ended too early", args: `{"path":"data.py","old":"a","new":"b"`, want: edit{Path: "data.py", Old: "a", New: "b", Why: "closing brace"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			want.whole = want.Why == ""
			for _, pieces := range [][]string{{tt.args}, strings.Split(tt.args, "")} {
				got := call(t, tt.cut, pieces...).edits[0]
				if want.Why != "" && strings.Contains(got.Why, want.Why) {
					got.Why = want.Why
				}
				if got != want {
					t.Errorf("in %d pieces:\n got %+v\nwant %+v", len(pieces), got, want)
				}
			}
		})
	}
}

func TestAToolsTextIsPassedOnAsItComes(t *testing.T) {
	r := &recorder{t: t}
	p := NewToolParser("train.py", r)
	p.Write(`{"reason":"why","path":"data.py`)
	if len(r.edits) != 0 {
		t.Fatal("an edit begins before its path is known")
	}
	p.Write(`","old":"a\`)
	p.Write(`n b`)
	if got := r.edits[0]; got.Path != "data.py" || got.Reason != "why" || got.Old != "a\n b" {
		t.Fatalf("so far: %+v", got)
	}
}

func TestAToolCallIsDecodedAsJSONIs(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\\"/a🙂\n\t]{0,20}`))
	rapid.Check(t, func(rt *rapid.T) {
		want := edit{Path: "x" + text.Draw(rt, "path"), Reason: text.Draw(rt, "reason"), Old: text.Draw(rt, "old"), New: text.Draw(rt, "new"), whole: true}
		var args strings.Builder
		for i, key := range rapid.Permutation([]string{"path", "old", "new", "reason"}).Draw(rt, "order") {
			value, err := json.Marshal(map[string]string{"path": want.Path, "old": want.Old, "new": want.New, "reason": want.Reason}[key])
			if err != nil {
				rt.Fatal(err)
			}
			args.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + `"` + key + `":` + string(value))
		}
		args.WriteString("}")
		if !utf8.ValidString(args.String()) {
			rt.Fatalf("not a test: %q", args.String())
		}
		var pieces []string
		for rest := args.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "piece")
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		sink := &lenient{}
		p := NewToolParser("train.py", sink)
		for _, piece := range pieces {
			p.Write(piece)
		}
		p.Close(false)
		if sink.edit != want {
			rt.Fatalf("%s:\n got %+v\nwant %+v", args.String(), sink.edit, want)
		}
	})
}

// lenient puts together what it is told.
type lenient struct{ edit }

func (l *lenient) Begin(path string) { l.Path += path }
func (l *lenient) Reason(s string)   { l.edit.Reason += s }
func (l *lenient) Old(s string)      { l.edit.Old += s }
func (l *lenient) New(s string)      { l.edit.New += s }
func (l *lenient) End()              { l.whole = true }
func (l *lenient) Abort(why string)  { l.Why += why }
func (l *lenient) Prose(string)      {}

func FuzzToolParser(f *testing.F) {
	f.Add(`{"path":"data.py","old":"a\n","new":"\ud83d\ude42"}`, 3, true)
	f.Add(`{"x":[{"}":"\""}],"path":1}`, 1, false)
	f.Fuzz(func(t *testing.T, args string, size int, cut bool) {
		size = max(1, min(size, len(args)))
		var pieces []string
		for i := 0; i < len(args); i += size {
			pieces = append(pieces, args[i:min(len(args), i+size)])
		}
		inPieces, whole := &lenient{}, &lenient{}
		p, q := NewToolParser("train.py", inPieces), NewToolParser("train.py", whole)
		for _, piece := range pieces {
			p.Write(piece)
		}
		p.Close(cut)
		q.Write(args)
		q.Close(cut)
		if (whole.Why == "") == !whole.whole {
			t.Fatalf("neither whole nor aborted: %+v", whole.edit)
		}
		// The words of an abort quote what was at hand.
		inPieces.Why, whole.Why = "", ""
		if inPieces.edit != whole.edit {
			t.Fatalf("in pieces: %+v\nat once: %+v", inPieces.edit, whole.edit)
		}
	})
}
