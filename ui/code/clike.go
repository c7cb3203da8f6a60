package code

import "strings"

// clike cuts C, C++ and CUDA.
type clike struct {
	*scanner
	directive bool // in a line of the preprocessor
	defining  bool // after #define
	including bool // after #include
	depth     int  // of brackets and braces
	launches  int  // <<< without >>>
}

func (p *clike) step() {
	c := p.look(0)
	switch {
	case c == '\n':
		p.directive, p.defining, p.including = false, false, false
		p.gap()
	case p.gap():
	case c == '\\' && (p.look(1) == '\n' || p.look(1) == '\r' && p.look(2) == '\n'):
		p.skip(strings.IndexByte(p.text[p.at:], '\n') + 1) // the line goes on
		p.emit(Plain)
	case c == '/' && p.look(1) == '/':
		p.line()
		p.emit(Comment)
	case c == '/' && p.look(1) == '*':
		p.skip(2)
		for p.more() && !p.is("*/") {
			p.skip(1)
		}
		p.skip(2)
		p.emit(Comment)
	case c == '#' && p.first:
		p.preprocessor()
	case c == '"' || c == '\'' || c == '<' && p.including:
		if c == '<' {
			c = '>'
		}
		p.quoted(c, 1, true)
		p.emit(String)
	case digit(c) || c == '.' && digit(p.look(1)):
		p.number('\'')
		p.emit(Number)
	case wordStart(c):
		p.name()
	default:
		p.sign(c)
	}
}

func (p *clike) preprocessor() {
	p.skip(1)
	p.while(func(c byte) bool { return c == ' ' || c == '\t' })
	w := p.word()
	p.directive, p.defining, p.including = true, w == "define", w == "include"
	p.emit(Keyword)
}

func (p *clike) sign(c byte) {
	switch {
	case p.is("<<<"):
		p.launches++
		p.skip(3)
		p.emit(Keyword)
		return
	case p.launches > 0 && p.is(">>>"): // without a launch they end templates
		p.launches--
		p.skip(3)
		p.emit(Keyword)
		return
	case p.directive:
	case c == '(' || c == '{' || c == '[':
		p.depth++
	case c == ')' || c == '}' || c == ']':
		p.depth = max(p.depth-1, 0)
	}
	p.skip(1)
	p.emit(Plain)
}

func (p *clike) name() {
	defining := p.defining
	p.defining = false
	w := p.word()
	if c := p.look(0); (c == '"' || c == '\'') && p.literal(w, c) {
		p.emit(String)
		return
	}
	kind := cWord(w)
	if kind == Plain && (defining || p.depth == 0 && !p.directive && p.look(0) == '(') {
		kind = Name
	}
	p.emit(kind)
}

// literal goes over a string that has a prefix, and reports whether w is one.
func (p *clike) literal(w string, quote byte) bool {
	switch w {
	case "L", "u", "U", "u8":
		p.quoted(quote, 1, true)
		return true
	case "R", "LR", "uR", "UR", "u8R":
		if quote == '"' {
			p.raw()
			return true
		}
	}
	return false
}

// raw goes over a raw string, which ends with the same up to 16 bytes between
// bracket and quote with which it began.
func (p *clike) raw() {
	p.skip(1)
	n := 0
	for n < 16 && p.look(n) != '(' && p.look(n) != 0 && p.look(n) != '\n' {
		n++
	}
	if p.look(n) != '(' {
		return
	}
	end := ")" + p.text[p.at:p.at+n] + `"`
	p.skip(n + 1)
	for p.more() {
		if p.look(0) == ')' && p.is(end) {
			p.skip(len(end))
			return
		}
		p.skip(1)
	}
}

func cWord(w string) Kind {
	switch w {
	case "alignas", "alignof", "asm", "auto", "break", "case", "catch", "class", "concept", "const",
		"const_cast", "consteval", "constexpr", "constinit", "continue", "co_await", "co_return",
		"co_yield", "decltype", "default", "delete", "do", "dynamic_cast", "else", "enum", "explicit",
		"export", "extern", "false", "final", "for", "friend", "goto", "if", "inline", "mutable",
		"namespace", "new", "noexcept", "nullptr", "operator", "override", "private", "protected",
		"public", "register", "reinterpret_cast", "requires", "restrict", "return", "sizeof", "static",
		"static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local", "throw",
		"true", "try", "typedef", "typeid", "typename", "union", "using", "virtual", "volatile", "while",
		"NULL", "bool", "char", "char8_t", "char16_t", "char32_t", "double", "float", "int", "long",
		"short", "signed", "unsigned", "void", "wchar_t", "size_t", "ssize_t", "ptrdiff_t", "int8_t",
		"int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "intptr_t",
		"uintptr_t", "__global__", "__device__", "__host__", "__shared__", "__constant__", "__managed__",
		"__grid_constant__", "__cluster_dims__", "__launch_bounds__", "__restrict__", "__forceinline__",
		"__noinline__", "__align__", "__asm__", "__volatile__", "__inline__", "__attribute__":
		return Keyword
	case "threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize", "__syncthreads", "__syncwarp",
		"__threadfence", "__threadfence_block", "__shfl_sync", "__shfl_up_sync", "__shfl_down_sync",
		"__shfl_xor_sync", "__ballot_sync", "__all_sync", "__any_sync", "__activemask", "__ldg",
		"__float2half", "__half2float", "__float2bfloat16", "__bfloat162float", "__fmaf_rn", "__expf",
		"__logf", "__cvta_generic_to_shared", "atomicAdd", "atomicMax", "atomicMin", "atomicExch",
		"atomicCAS", "half", "half2", "__half", "__half2", "__nv_bfloat16", "__nv_bfloat162",
		"__nv_fp8_e4m3", "__nv_fp8_e5m2", "float2", "float3", "float4", "int2", "int3", "int4", "uint2",
		"uint3", "uint4", "double2", "dim3", "cudaStream_t", "cudaError_t", "cudaEvent_t":
		return Builtin
	}
	return Plain
}
