package tomlline

import (
	"strings"
	"testing"
)

func TestLinesAreFoundInAnyDress(t *testing.T) {
	text := "# [a]\r\na.\"b c\" = \"\"\"\n[x]\ny = 1 \\\"\"\"\"\n\n[ t . 'u' ] # [v]\nk = '[' # ]\nl = [ # ]\n  [1, 2],\n  { z = \"}\" },\n]\nm = '''\nn = 1'''\n  o=1"
	found := Of([]byte(text))
	for path, want := range map[string]int{
		"a": 2, "a\x00b c": 2, "t": 6, "t\x00u": 6, "t\x00u\x00k": 7, "t\x00u\x00l": 8, "t\x00u\x00m": 12, "t\x00u\x00o": 14,
	} {
		if found.at[path] != want {
			t.Errorf("%q is on line %d, want %d", path, found.at[path], want)
		}
	}
	if len(found.at) != 8 {
		t.Errorf("found %v", found)
	}
	for path, want := range map[string]int{"t,u,l,z": 8, "t,u,q": 6, "w": 1} {
		if n := found.At(strings.Split(path, ",")...); n != want {
			t.Errorf("%s is looked for on line %d, want %d", path, n, want)
		}
	}
}

func TestLinesAreFoundInDocumentsThatAreHardToRead(t *testing.T) {
	text := `a = """
b = 1
[c]
""" # d = 2
"quoted key" = 'it'
list = [ # [not.a.heading]
  "x = ]",
  '''
]
y = 3''', { z = 1 },
]
e.f = 1
[t]  # comment
g = "\"[[u]]\n"
[[u]]
h = { i = 1, j = [1, 2] }
[u.v]
k = 1
[[u]]
h = 2
[[u.w]]
m = 1
[[u.w]]
m = 2
`
	got := Of([]byte(text))
	for path, want := range map[string]int{
		"a": 1, "quoted key": 5, "list": 6, "e": 12, "e,f": 12, "t": 13, "t,g": 14, "u,0": 15, "u,0,h": 16, "u,0,h,i": 16,
		"u,0,v": 17, "u,0,v,k": 18, "u,1": 19, "u,1,h": 20, "u,1,w,0,m": 22, "u,1,w,1": 23, "u,1,w,1,m": 24, "u,1,w,1,n": 23,
		"b": 1, "y": 1, "nowhere,at,all": 1,
	} {
		if line := got.At(strings.Split(path, ",")...); line != want {
			t.Errorf("%s is in line %d, want %d", path, line, want)
		}
	}
	for _, path := range []string{"b", "c", "d", "y", "not", "list\x00z", "u"} {
		if line, ok := got.at[path]; ok {
			t.Errorf("%s was found in line %d, and is no key", path, line)
		}
	}
}

func TestAHeadingBelowAnotherComesFirst(t *testing.T) {
	found := Of([]byte("[a.b]\nc = 1\n[a]\nd = 2\n"))
	for path, want := range map[string]int{"a": 3, "a,b": 1, "a,b,c": 2, "a,d": 4} {
		if n := found.At(strings.Split(path, ",")...); n != want {
			t.Errorf("%s is on line %d, want %d", path, n, want)
		}
	}
}

func FuzzLinesEndOnAnyText(f *testing.F) {
	f.Add("name = \"x\"\n[[agents]]\nagent = \"tuner\"\n[budget]\ncost = 1\n")
	f.Add("a = \"\\")
	f.Add("[[")
	f.Add("=\n'''")
	f.Fuzz(func(t *testing.T, text string) {
		last := 1 + strings.Count(text, "\n")
		for path, line := range Of([]byte(text)).at {
			if line < 1 || line > last {
				t.Errorf("%q is in line %d of %d", path, line, last)
			}
		}
	})
}
