package code

import (
	"strings"
	"testing"
)

// kinds gives the tokens of a text that are not plain, each as a letter for its
// kind and its text.
func kinds(l Language, text string) string {
	var out []string
	at := 0
	for _, tok := range Tokens(l, text) {
		if tok.Kind != Plain {
			out = append(out, string(" KBNS#C"[tok.Kind])+" "+strings.ReplaceAll(text[at:at+tok.Bytes], "\n", "⏎"))
		}
		at += tok.Bytes
	}
	return strings.Join(out, " | ")
}

type example struct{ name, text, want string }

func checkExamples(t *testing.T, l Language, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			if got := kinds(l, e.text); got != e.want {
				t.Errorf("%s\n  is %s\nwant %s", e.text, got, e.want)
			}
		})
	}
}

func TestPython(t *testing.T) {
	checkExamples(t, Python, []example{
		{"definition", "async def f(x): return x", "K async | K def | N f | K return"},
		{"class", "class Muon(torch.optim.Optimizer):", "K class | N Muon"},
		{"decorator", "  @torch.compile(x)\na @ b", "N @torch.compile"},
		{"attribute is no builtin", "x.max = max(y.sum())", "B max"},
		{"ellipsis", "x[..., 0] = ... if a else ...", "# 0 | K if | K else"},
		{"import from here", "from . import f\nfrom .map import max", "K from | K import | K from | K import | B max"},
		{"operators in words", "a not in b or c is None", "K not | K in | K or | K is | K None"},
		{"soft keywords", "match x:\n    case 'a':\ntype X = int\nmatch = 1\ncase.y\ntype(x)", "K match | K case | S 'a' | K type | B int | # 1 | B type"},
		{"soft keyword as a name", "match in x\nmatch is y", "K in | K is"},
		{"numbers", "1 1_000 .5 1. 1.5e-3 2E+4 3j 0xFF_ff 0b10 0o7 1e", "# 1 | # 1_000 | # .5 | # 1. | # 1.5e-3 | # 2E+4 | # 3j | # 0xFF_ff | # 0b10 | # 0o7 | # 1e"},
		{"a step of a range", "x[1:-1]", "# 1 | # 1"},
		{"comment", "x = 1 # it's \"so\"\ny", "# 1 | C # it's \"so\""},
		{"string ends with its line", "x = 'abc\ny = 'd'", "S 'abc | S 'd'"},
		{"line of a string goes on", "'a\\\nb' c", "S 'a\\⏎b'"},
		{"escaped quotes", `'it\'s' "a\\" b`, `S 'it\'s' | S "a\\"`},
		{"docstring", "\"\"\"A \"word\"\nand 'more'.\n\"\"\"\nx", "S \"\"\"A \"word\"⏎and 'more'.⏎\"\"\""},
		{"empty strings", `'' "" x f"" y`, `S '' | S "" | S f""`},
		{"docstring that is open", "'''a\nb", "S '''a⏎b"},
		{"prefixes", `b"a" R'\d' rb'x' Br"y" u'z' bu'q' x'r'`, `S b"a" | S R'\d' | S rb'x' | S Br"y" | S u'z' | S 'q' | S 'r'`},
		{"raw string keeps its quote", `r'\'' x`, `S r'\''`},
		{"f-string", `f"step:{step}/{len(x)} {{no}} {a['b']}"`, `S f"step: | S / | B len | S  {{no}}  | S 'b' | S "`},
		{"f-string's format", `f"{x:.{n}f} {y!r:>10} {d[1:2]} {z=}"`, `S f" | S . | S f | S   | S >10 | S   | # 1 | # 2 | S   | S "`},
		{"f-strings nest", `f"a{f'b{c}d'}e"`, `S f"a | S f'b | S d' | S e"`},
		{"f-string over lines", "f'''{\n  x # why\n}'''", "S f''' | C # why | S '''"},
		{"f-string that is open ends with its line", "f'{x:\nif y", "S f' | K if"},
		{"f-string that is raw", `rf"\{x}"`, `S rf"\ | S "`},
		{"name of a character", `f"\N{DASH}{x}"`, `S f"\N{DASH} | S "`},
		{"template string", `t"{x}"`, `S t" | S "`},
		{"names outside ASCII", "損失 = 値.max + π", ""},
		{"triton", "@triton.jit\ndef kernel(x_ptr, BLOCK: tl.constexpr):\n    pid = tl.program_id(0)", "N @triton.jit | K def | N kernel | # 0"},
		{"windows", "if x:\r\n    pass\r\n", "K if | K pass"},
	})
}

func TestShell(t *testing.T) {
	checkExamples(t, Shell, []example{
		{"comment", "#!/bin/sh\necho a#b # c", "C #!/bin/sh | B echo | C # c"},
		{"keywords where a command begins", "if true; then echo if; fi", "K if | B true | K then | B echo | K fi"},
		{"loop", "for f in *.py; do wc \"$f\"; done", `K for | K in | K do | S " | N $f | S " | K done`},
		{"in is a word elsewhere", "echo in the loop", "B echo"},
		{"case", "case $x in\n  a|b) echo 1;;\n  *) exit 2;;\nesac", "K case | N $x | K in | B echo | # 1 | B exit | # 2 | K esac"},
		{"function", "run() { torchrun train.py; }", "N run"},
		{"assignment", "OMP_NUM_THREADS=1 python3 x\nA+=b", "N OMP_NUM_THREADS | # 1 | N A"},
		{"expansions", "echo $a ${b:-c} $1 $? $@ \"x$d\"", `B echo | N $a | N ${b:-c} | N $1 | N $? | N $@ | S "x | N $d | S "`},
		{"command in a string", `x="a $(cd "$y" && pwd) b"; echo`, `N x | S "a  | B cd | S " | N $y | S " | B pwd | S  b" | B echo`},
		{"brackets in a command", "x=$( (cd a) ) y", "N x | B cd"},
		{"backticks", "x=`pwd` \"`cd a`\"", "N x | B pwd | S \" | B cd | S \""},
		{"arithmetic", "i=$((i + 1))", "N i | # 1"},
		{"quotes", `echo 'a $b "c"' "d 'e'" $'f\'g' \"h`, `B echo | S 'a $b "c"' | S "d 'e'" | S $'f\'g'`},
		{"heredoc", "cat <<EOF >x\nit's $a \"b\nEOF\necho", "S EOF | S it's $a \"b⏎EOF | B echo"},
		{"heredoc with tabs and quotes", "cat <<-'END' | wc\n\ta\n\tEND\nfi", "S 'END' | S \ta⏎\tEND | K fi"},
		{"two heredocs", "paste <<A <<B\n1\nA\n2\nB\necho", "S A | S B | S 1⏎A⏎2⏎B | B echo"},
		{"heredoc that is open", "cat <<EOF\na\nEOFS", "S EOF | S a⏎EOFS"},
		{"here string", "read x <<< 'a'", "B read | S 'a'"},
	})
}

func TestTOML(t *testing.T) {
	checkExamples(t, TOML, []example{
		{"tables", "[a.\"b#c\"] # d\n  [[e]]\nx = 1", `K [a."b#c"]  | C # d | K [[e]] | N x | # 1`},
		{"keys", "a-b.\"c\".1 = \"d\"", `N a-b | N "c" | N 1 | S "d"`},
		{"strings", `x = 'a\' # b` + "\ny = \"a\\\"b\"", `N x | S 'a\' | C # b | N y | S "a\"b"`},
		{"strings over lines", "x = \"\"\"\na = \"b\"\n\"\"\"\ny = '''\n# c'''", "N x | S \"\"\"⏎a = \"b\"⏎\"\"\" | N y | S '''⏎# c'''"},
		{"numbers", "x = [+1, -2.5e-3, 0xff, 1_000, inf, -nan]", "N x | # +1 | # -2.5e-3 | # 0xff | # 1_000 | # inf | # -nan"},
		{"moments", "x = 1979-05-27T07:32:00.5-07:00\ny = 07:32:00\nz = 1979-05-27", "N x | # 1979-05-27T07:32:00.5-07:00 | N y | # 07:32:00 | N z | # 1979-05-27"},
		{"truths", "x = true\ny = false", "N x | K true | N y | K false"},
		{"array over lines", "x = [ # a\n  [\"b\"],\n  {c = 1, d = [2]},\n]\ny = 3", `N x | C # a | S "b" | N c | # 1 | N d | # 2 | N y | # 3`},
	})
}

func TestJSON(t *testing.T) {
	checkExamples(t, JSON, []example{
		{"object", `{"a": "b", "c" : {"d": [1, "e"]}, "f": null}`, `N "a" | S "b" | N "c" | N "d" | # 1 | S "e" | N "f" | K null`},
		{"array of objects", `[{"a": 1}, {"b": true}]`, `N "a" | # 1 | N "b" | K true`},
		{"numbers", `[-1.5e+3, NaN, -Infinity, 0]`, `# -1.5e+3 | # NaN | # -Infinity | # 0`},
		{"escapes", `["a\"b\\", "\u00e9"]`, `S "a\"b\\" | S "\u00e9"`},
		{"lines", "{\"a\": 1}\n{\"b\": 2}", `N "a" | # 1 | N "b" | # 2`},
	})
}

func TestC(t *testing.T) {
	checkExamples(t, C, []example{
		{"include", "#include <cuda_runtime.h>\n#  include \"a.h\"\nif (a < b) c;", "K #include | S <cuda_runtime.h> | K #  include | S \"a.h\" | K if"},
		{"define", "#define N(x) \\\n  f(x, 1)\nint g(int y);", "K #define | N N | # 1 | K int | N g | K int"},
		{"comments", "a; // b's\n/* \"c\n*/ d;", "C // b's | C /* \"c⏎*/"},
		{"comment that is open", "/* a\nb", "C /* a⏎b"},
		{"strings", `L"a\"b" u8"c" 'd' '\'' "e`, `S L"a\"b" | S u8"c" | S 'd' | S '\'' | S "e`},
		{"raw string", `R"x(a)" "b)x" + c`, `S R"x(a)" "b)x"`},
		{"numbers", "1'000 0xFFull 1.5e-3f .5", "# 1'000 | # 0xFFull | # 1.5e-3f | # .5"},
		{"kernel", "__global__ void add(float *x) {\n  int i = threadIdx.x;\n  f(i);\n}", "K __global__ | K void | N add | K float | K int | B threadIdx"},
		{"launch", "add<<<dim3(n), 256>>>(x);", "K <<< | B dim3 | # 256 | K >>>"},
		{"templates end without a launch", "a<b<c<d>>> x;", ""},
	})
}

func TestNamesOfLanguages(t *testing.T) {
	for name, want := range map[string]Language{
		"train.py": Python, "a/b/run.sh": Shell, "pyproject.toml": TOML, "x.json": JSON, "k.cu": C, "k.cuh": C,
		"notes.txt": None, "py": None, "": None, "Makefile": None,
	} {
		if got := ByFile(name); got != want {
			t.Errorf("file %q is %d, want %d", name, got, want)
		}
	}
	for word, want := range map[string]Language{
		"python": Python, "PY": Python, "bash": Shell, "toml": TOML, "json": JSON, "cuda": C, "C++": C, "cpp": C,
		"latex": None, "": None,
	} {
		if got := ByWord(word); got != want {
			t.Errorf("word %q is %d, want %d", word, got, want)
		}
	}
}
