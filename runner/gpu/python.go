package gpu

import (
	"path"
	"strings"
)

const (
	dataMend  = "fetch the shards that the record needs (`pitwall doctor` says which), and look at the data path"
	torchMend = "install the torch version that the record asks for"
)

// pythonError reads the last line of a traceback: the exception's name, with its
// module, and its message.
func pythonError(t string) (name, said string, ok bool) {
	name, said, _ = strings.Cut(t, ":")
	if said != "" && said[0] != ' ' || len(name) > 120 {
		return "", "", false
	}
	said = strings.TrimSpace(said)
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" || last[0] < 'A' || last[0] > 'Z' {
		return "", "", false
	}
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && name[i] != '.' && name[i] != '_' && (name[i] < '0' || name[i] > '9') {
			return "", "", false
		}
	}
	if last != name {
		return name, said, true
	}
	for _, end := range []string{"Error", "Exception", "Failed", "Unsupported", "Interrupt", "Exit", "Iteration", "Exceeded", "Resources", "Timeout", "Fault"} {
		if strings.HasSuffix(last, end) {
			return name, said, true
		}
	}
	return "", "", false
}

// raise makes a finding of an exception that no other sign knows, by the traceback
// that led to it.
func raise(name, said string, tr *trace) (finding, bool) {
	source := ""
	if tr != nil {
		source = tr.source
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case last == "KeyboardInterrupt", last == "SystemExit", last == "SignalException", last == "ChildFailedError":
		return none() // ended from outside, or torchrun's own
	case last == "StopIteration", has(said, "generator raised StopIteration"):
		return all(DataMissing, cause, "the training data ran out: there are too few shards", dataMend)
	case last == "AssertionError" && strings.HasPrefix(source, "assert ") && has(source, "world_size"):
		return all(TooFewGPUs, cause, "the script is made for another number of GPUs: "+source,
			"run it on as many GPUs as it asks for")
	}
	what := "stopped with " + quote(name)
	switch {
	case said != "":
		what += ": " + quote(said)
	case source != "":
		what += " at `" + source + "`"
	}
	return about(Raised, exception, what, "the traceback in the log shows the place in the script")
}

// module knows what is not installed.
func module(t string) (finding, bool) {
	if has(t, "torchrun") && has(t, "command not found", ": not found", "No such file or directory") {
		return all(NoTorch, cause, "torchrun is not installed", torchMend+", or put its environment's bin on PATH")
	}
	before, name, ok := strings.Cut(t, ": No module named ")
	python := strings.HasPrefix(path.Base(before), "python") && !has(before, " ") // said by itself, of a module to run
	if !ok || before != "ModuleNotFoundError" && !python && !has(t, "finding module specification") {
		return none()
	}
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "'"), "'")
	name = quote(name)
	switch {
	case name == "":
		return none()
	case name == "torch", strings.HasPrefix(name, "torch.distributed"):
		return all(NoTorch, cause, "torch is not installed for this Python", torchMend+", or name the Python that has it")
	case strings.HasPrefix(name, "torch."):
		return all(WrongTorch, cause, "this torch has no "+name, torchMend)
	}
	return all(NoTorch, cause, "the Python module "+name+" is not installed", "install it beside torch")
}

// asked are functions of torch whose parameters changed between the versions that
// records ask for.
var asked = [...]string{
	"flex_attention()", "create_block_mask()", "scaled_dot_product_attention()", "_scaled_mm()",
	"compile()", "init_process_group()", "custom_op()", "rms_norm()", "Adam.__init__()", "AdamW.__init__()",
}

// torchVersion knows another torch than the script asks for.
func torchVersion(t string) (finding, bool) {
	name, said, ok := pythonError(t)
	if !ok {
		return none()
	}
	wrong := false
	switch name {
	case "ImportError":
		wrong = has(said, "from 'torch", "cannot open shared object file", "undefined symbol", "'flex_attention'")
	case "AttributeError":
		wrong = strings.HasPrefix(said, "module 'torch") || strings.HasPrefix(said, "'_OpNamespace'")
	case "TypeError":
		wrong = has(said, "unexpected keyword argument") && has(said, asked[:]...)
	}
	if !wrong {
		return none()
	}
	return all(WrongTorch, cause, "this torch does not fit the script: "+quote(said), torchMend)
}

// data knows files that are missing or damaged.
func data(t string) (finding, bool) {
	name, said, ok := pythonError(t)
	if !ok {
		if strings.HasPrefix(t, "ERROR: magic number mismatch") {
			return all(DataMissing, cause, "a data shard is damaged: its first bytes are not a shard's", dataMend)
		}
		return none()
	}
	switch {
	case name == "FileNotFoundError":
		file := quoted(said)
		switch path.Base(file) {
		case "gcc", "cc", "clang", "g++", "nvcc", "ptxas", "ld", "ldconfig", "/sbin/ldconfig":
			return all(Compile, cause, "a program that compiling needs is missing: "+file, "install it (with the system's C compiler)")
		}
		if file == "" {
			file = quote(said)
		}
		if strings.HasSuffix(file, ".bin") || has(file, "fineweb", "data/") {
			return all(DataMissing, cause, "the training data is missing: "+file, dataMend)
		}
		return all(DataMissing, cause, "a file is missing: "+file, "look at the path, or put the file there")
	case name != "AssertionError":
		return none()
	case has(said, "did not find any files that match"):
		what := "the training data is missing"
		if _, glob, ok := strings.Cut(said, "pattern "); ok {
			what += ": no file matches " + quote(glob)
		}
		return all(DataMissing, cause, what, dataMend)
	case has(said, "magic number mismatch", "number of tokens read does not match", "unsupported version"):
		return all(DataMissing, cause, "a data shard is damaged: "+quote(said), dataMend)
	}
	return none()
}

// compilation knows failures of torch.compile and of Triton.
func compilation(t string) (finding, bool) {
	name, said, ok := pythonError(t)
	switch {
	case has(t, "Failed to find C compiler"):
		return all(Compile, cause, "torch.compile finds no C compiler", "install gcc, or name one in CC")
	case has(t, "fatal error: Python.h"):
		return all(Compile, cause, "torch.compile misses Python's C headers", "install them (python3-dev)")
	case !ok:
		return none()
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case strings.HasPrefix(name, "torch._inductor."), strings.HasPrefix(name, "torch._dynamo."), strings.HasPrefix(name, "triton."):
	case last == "InductorError", last == "BackendCompilerFailed", last == "CompilationError", last == "OutOfResources", last == "LoweringException", last == "PTXASError":
	default:
		return none()
	}
	f, ok := about(Compile, wrapper, "could not compile the model: "+quote(last+": "+said),
		"see whether the unchanged record compiles here; TORCH_LOGS=+dynamo tells more")
	f.follow = strings.HasSuffix(said, "raised:") || said == ""
	return f, ok
}
