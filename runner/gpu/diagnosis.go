package gpu

// Kind is what went wrong with a run, in a word for machines.
type Kind string

// The kinds of failures.
const (
	OutOfMemory  Kind = "gpu-memory"    // a GPU's memory did not do
	NCCLTimeout  Kind = "nccl-timeout"  // ranks waited in vain for others
	NCCLError    Kind = "nccl"          // ranks could not talk to others
	DriverFailed Kind = "driver"        // none, too old for torch, or not ready
	NoGPU        Kind = "no-gpu"        // torch sees no GPU, or may not use it
	TooFewGPUs   Kind = "too-few-gpus"  // for what the script or the launch asks
	GPULost      Kind = "gpu-lost"      // the GPU itself failed
	GPUFault     Kind = "gpu-fault"     // a kernel failed on it
	DataMissing  Kind = "data"          // shards or another file are missing, too few or damaged
	NoTorch      Kind = "no-torch"      // torch or another module is not installed
	WrongTorch   Kind = "wrong-torch"   // another torch than the script asks for
	Compile      Kind = "compile"       // dynamo, inductor or Triton failed
	PortInUse    Kind = "port"          // the ranks' meeting port is taken
	DiskFull     Kind = "disk"          // or over the quota
	SharedMemory Kind = "shared-memory" // /dev/shm is too small
	HostMemory   Kind = "host-memory"   // the host's memory did not do
	Raised       Kind = "raised"        // a Python exception of another kind
	WorkerFailed Kind = "worker"        // torchrun told only which rank ended, and how
)

// Diagnosis is why a run failed, as its log tells.
type Diagnosis struct {
	Kind  Kind
	Rank  int    // that failed first; -1 where the log does not tell
	GPU   int    // as the failing process counts (after CUDA_VISIBLE_DEVICES); -1 where the log does not tell
	Words string // what happened, in one line for people, safe to draw
	Mend  string // what to do about it
	Line  string // the line that told, cleaned and cut like Words
}

// How surely a line tells the cause. When one rank fails the others complain of
// it, often earlier and louder, so the surest finding wins and among equals the
// first.
const (
	exitOnly    = iota + 1 // torchrun's summary: which rank, and its exit code
	consequence            // what ranks say when another one is gone
	exception              // a Python exception that says nothing more
	signal                 // torchrun's summary: the first rank was killed
	wrapper                // an error that often only carries another one
	cause
)

// finding is what one line told.
type finding struct {
	kind   Kind
	sure   int
	rank   int // -1 unknown
	gpu    int // -1 unknown
	what   string
	alone  bool // what is a sentence of its own, not one about a rank
	mend   string
	line   string
	follow bool // the line that comes next holds the error itself
}

// about makes a finding about a rank: what goes on after "rank 5 ".
func about(kind Kind, sure int, what, mend string) (finding, bool) {
	return finding{kind: kind, sure: sure, rank: -1, gpu: -1, what: what, mend: mend}, true
}

// all makes a finding in which no rank matters: what is the sentence.
func all(kind Kind, sure int, what, mend string) (finding, bool) {
	f, ok := about(kind, sure, what, mend)
	f.alone = true
	return f, ok
}

func none() (finding, bool) { return finding{}, false }
