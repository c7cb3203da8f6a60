package blocks

import (
	"fmt"
	"strings"
	"testing"
)

// longScript has so many lines that a piece of it is plainly one.
func longScript() string {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "x%d = %d\n", i, i)
	}
	return b.String()
}

const (
	shortScript = "import math\n\nlr = 0.1\nsteps = 10\n\nfor step in range(steps):\n    print(step, lr)\n"
	dataScript  = "names = []\n"
)

func standing() map[string]string {
	return map[string]string{"train.py": shortScript, "data.py": dataScript, "long.py": longScript()}
}

func TestAnswersAsModelsWriteThem(t *testing.T) {
	most := longScript()[:600]
	most = most[:strings.LastIndexByte(most, '\n')+1]
	for _, tt := range []struct {
		name   string
		answer string
		cut    bool
		want   []edit // an abort's Why is a part of what is said
	}{
		{
			name:   "a bare block",
			answer: "train.py\n<<<<<<< SEARCH\nlr = 0.1\n=======\nlr = 0.2\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "lr = 0.1\n", New: "lr = 0.2\n"}},
		},
		{
			name:   "without a last newline",
			answer: "train.py\n<<<<<<< SEARCH\nlr = 0.1\n=======\nlr = 0.2\n>>>>>>> REPLACE",
			want:   []edit{{Path: "train.py", Old: "lr = 0.1\n", New: "lr = 0.2\n"}},
		},
		{
			name:   "text before is the reason",
			answer: "A larger rate learns faster.\n\ntrain.py\n<<<<<<< SEARCH\nlr = 0.1\n=======\nlr = 0.2\n>>>>>>> REPLACE\n\nThat is all.",
			want:   []edit{{Path: "train.py", Reason: "A larger rate learns faster.", Old: "lr = 0.1\n", New: "lr = 0.2\n"}},
		},
		{
			name:   "in a fence, named above it",
			answer: "train.py\n'''python\n<<<<<<< SEARCH\nlr = 0.1\n=======\nlr = 0.2\n>>>>>>> REPLACE\n'''\nDone.\n",
			want:   []edit{{Path: "train.py", Old: "lr = 0.1\n", New: "lr = 0.2\n"}},
		},
		{
			name:   "named on the fence's first line",
			answer: "Change:\n'''\ndata.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Reason: "Change:", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named by a comment in the fence",
			answer: "'''python\n# data.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named by the info string",
			answer: "'''python data.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named by an attribute of the info string",
			answer: "'''py title=\"data.py\"\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named after SEARCH",
			answer: "<<<<<<< SEARCH data.py\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named in backticks and bold",
			answer: "**`data.py`**\n\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named after File:",
			answer: "**File:** `data.py`\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named after File: without a blank",
			answer: "File:data.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named by a heading right above",
			answer: "### 2. `data.py`\n\n'''python\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named by a heading with text in between",
			answer: "## data.py\n\nLoad fewer names.\n\n'''python\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Reason: "## data.py\n\nLoad fewer names.", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "named in the sentence that leads to it",
			answer: "Now the loader in `data.py`:\n\n'''python\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want:   []edit{{Path: "data.py", Reason: "Now the loader in `data.py`:", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "no name means the script",
			answer: "Do this:\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Reason: "Do this:", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "no name means the block before",
			answer: "data.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n\nand\n\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n",
			want: []edit{
				{Path: "data.py", Old: "a\n", New: "b\n"},
				{Path: "data.py", Reason: "and", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "several files",
			answer: "data.py\n'''\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n\ntrain.py\n'''\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n'''\n",
			want: []edit{
				{Path: "data.py", Old: "a\n", New: "b\n"},
				{Path: "train.py", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "several blocks in one fence",
			answer: "train.py\n'''\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n'''\nEnd.",
			want: []edit{
				{Path: "train.py", Old: "a\n", New: "b\n"},
				{Path: "train.py", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "markers of other lengths, with blanks after them",
			answer: "train.py\n<<<<< SEARCH  \na\n=====\t\nb\n>>>>>>>>> REPLACE \n",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "markers in lower case and without a blank",
			answer: "train.py\n<<<<<<<search\na\n=======\nb\n>>>>>>>replace\n",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "an end marker without its word",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>>\n",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "carriage returns",
			answer: "Why.\r\n\r\ntrain.py\r\n<<<<<<< SEARCH\r\na\r\nb\r\n=======\r\nc\r\n>>>>>>> REPLACE\r\n",
			want:   []edit{{Path: "train.py", Reason: "Why.", Old: "a\r\nb\r\n", New: "c\r\n"}},
		},
		{
			name:   "a byte order mark",
			answer: "\ufefftrain.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "all lines deleted",
			answer: "train.py\n<<<<<<< SEARCH\na\nb\n=======\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "a\nb\n"}},
		},
		{
			name:   "a new file",
			answer: "util/muon.py\n<<<<<<< SEARCH\n=======\nimport math\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "util/muon.py", New: "import math\n"}},
		},
		{
			name:   "a new file after a blank line",
			answer: "muon.py\n<<<<<<< SEARCH\n\n=======\nimport math\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "muon.py", New: "import math\n"}},
		},
		{
			name:   "a blank line in a file that stands is looked for",
			answer: "train.py\n<<<<<<< SEARCH\n\n=======\nx\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "\n", New: "x\n"}},
		},
		{
			name:   "a whole file by an empty SEARCH part, however short",
			answer: "long.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "long.py", New: "x = 1\n"}},
		},
		{
			name:   "a divider within a line is text",
			answer: "train.py\n<<<<<<< SEARCH\ns = '======='\n# =======\n=======\ns = 1 # =======\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "s = '======='\n# =======\n", New: "s = 1 # =======\n"}},
		},
		{
			name:   "an underline in a docstring is text",
			answer: "train.py\n<<<<<<< SEARCH\n    Notes\n    =====\n=======\n    Notes\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "    Notes\n    =====\n", New: "    Notes\n"}},
		},
		{
			name:   "a second divider is text",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n=======\nc\n"}},
		},
		{
			name:   "a second divider before the end is none",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb\n=======\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "a longer rule is text",
			answer: "train.py\n<<<<<<< SEARCH\n==========\n=======\n==========\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "==========\n", New: "==========\n"}},
		},
		{
			name:   "fences in the text of a block",
			answer: "train.py\n''''\n<<<<<<< SEARCH\n'''\nx\n'''\n=======\n'''\ny\n'''\n>>>>>>> REPLACE\n''''\n",
			want:   []edit{{Path: "train.py", Old: "```\nx\n```\n", New: "```\ny\n```\n"}},
		},
		{
			name: "a list item that everything is indented with",
			answer: "1. Raise the rate:\n\n   train.py\n   '''python\n   <<<<<<< SEARCH\n   for x in y:\n       z\n   =======\n   for x in y:\n\n       w\n" +
				"   >>>>>>> REPLACE\n   '''\n2. Done.\n",
			want: []edit{{Path: "train.py", Reason: "1. Raise the rate:", Old: "for x in y:\n    z\n", New: "for x in y:\n\n    w\n"}},
		},
		{
			name:   "markers alone indented",
			answer: "- train.py\n  <<<<<<< SEARCH\nfor x in y:\n    z\n  =======\nfor x in y:\n    w\n  >>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Old: "for x in y:\n    z\n", New: "for x in y:\n    w\n"}},
		},
		{
			name:   "tildes for a fence",
			answer: "data.py\n~~~python\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n~~~\n",
			want:   []edit{{Path: "data.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "a path that leads out is passed on",
			answer: "../../etc/passwd\n<<<<<<< SEARCH\n=======\nroot\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "../../etc/passwd", New: "root\n"}},
		},
		{
			name:   "an absolute path is passed on",
			answer: "`/etc/passwd`\n<<<<<<< SEARCH\n=======\nroot\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "/etc/passwd", New: "root\n"}},
		},
		{
			name:   "a function's name is no file",
			answer: "### optimizer.step()\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
			want:   []edit{{Path: "train.py", Reason: "### optimizer.step()", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "prose about markers",
			answer: "I write a `<<<<<<< SEARCH` marker.\n<<<<<<< SEARCH is the marker that opens a block.\n<<<<<<< HEAD\n=======\n>>>>>>> REPLACE\nNothing else.",
		},
		{
			name:   "cut off in the passage",
			answer: "train.py\n<<<<<<< SEARCH\nlr = ",
			cut:    true,
			want:   []edit{{Path: "train.py", Old: "lr = ", Why: "cut off"}},
		},
		{
			name:   "cut off in the new text",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb",
			cut:    true,
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b", Why: "cut off"}},
		},
		{
			name:   "cut off in the end marker",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPL",
			cut:    true,
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n"}},
		},
		{
			name:   "no end marker",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb\n'''\nThat's it.",
			want:   []edit{{Path: "train.py", Old: "a\n", New: "b\n```\nThat's it.", Why: "REPLACE line"}},
		},
		{
			name:   "no divider",
			answer: "train.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n\ndata.py\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n",
			want: []edit{
				{Path: "train.py", Old: "a\n", Why: "no ======= line"},
				{Path: "data.py", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "a block within a block",
			answer: "train.py\n<<<<<<< SEARCH\na\n=======\nb\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n",
			want: []edit{
				{Path: "train.py", Old: "a\n", New: "b\n", Why: "a new SEARCH marker"},
				{Path: "train.py", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "the end marker and the fence on a line",
			answer: "train.py\n'''\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE '''\n\ndata.py\n'''\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n'''\n",
			want: []edit{
				{Path: "train.py", Old: "a\n", New: "b\n"},
				{Path: "data.py", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "a whole file under its name",
			answer: "All of it:\n\n`train.py`\n\n'''python\nlr = 0.3\n\nprint(lr)\n'''\n",
			want:   []edit{{Path: "train.py", Reason: "All of it:", New: "lr = 0.3\n\nprint(lr)\n"}},
		},
		{
			name:   "a new file in a fence",
			answer: "'''python muon.py\n\nimport math\n'''\n",
			want:   []edit{{Path: "muon.py", New: "\nimport math\n"}},
		},
		{
			name:   "a whole file with fences in it",
			answer: "NOTES.md\n'''markdown\n# Notes\n'''python\nx = 1\n'''\n    '''\nend\n'''\nBye.",
			want:   []edit{{Path: "NOTES.md", New: "# Notes\n```python\nx = 1\n```\n    ```\nend\n"}},
		},
		{
			name:   "a whole file in a list item",
			answer: "- data.py\n  '''python\n  if x:\n      y\n  '''\n",
			want:   []edit{{Path: "data.py", New: "if x:\n    y\n"}},
		},
		{
			name:   "a whole script without a name",
			answer: "Here it is.\n'''python\n" + shortScript + "'''\n",
			want:   []edit{{Path: "train.py", Reason: "Here it is.", New: shortScript}},
		},
		{
			name:   "a whole script that a comment names",
			answer: "'''python\n# train.py\n" + shortScript + "'''\n",
			want:   []edit{{Path: "train.py", New: "# train.py\n" + shortScript}},
		},
		{
			name:   "a snippet without a name is prose",
			answer: "The loop is slow:\n'''python\nfor step in range(steps):\n    print(step, lr)\n'''\nI would change it.",
		},
		{
			name:   "a snippet under a sentence that names the file is prose",
			answer: "In `train.py`:\n'''python\nlr = 0.1\n'''\n",
		},
		{
			name:   "a command is prose",
			answer: "train.py\n'''bash\npython train.py\n'''\n",
		},
		{
			name:   "a whole file that is plainly a piece of it",
			answer: "long.py\n'''python\nx3 = 4\n'''\n",
			want:   []edit{{Path: "long.py", New: "x3 = 4\n", Why: "holds 1 lines of the file's 100"}},
		},
		{
			name:   "a whole file with parts left out",
			answer: "long.py\n'''python\n" + most + "# ... rest of the code unchanged ...\n'''\n",
			want:   []edit{{Path: "long.py", New: most + "# ... rest of the code unchanged ...\n", Why: "a part left out"}},
		},
		{
			name:   "a whole file that turns into blocks",
			answer: "train.py\n'''python\n# Raise the rate.\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n'''\n",
			want: []edit{
				{Path: "train.py", New: "# Raise the rate.\n", Why: "what began as the whole of train.py"},
				{Path: "train.py", Old: "a\n", New: "b\n"},
			},
		},
		{
			name:   "a whole file that is cut off",
			answer: "train.py\n'''python\nlr = 0.3\nprint(",
			cut:    true,
			want:   []edit{{Path: "train.py", New: "lr = 0.3\nprint(", Why: "cut off"}},
		},
		{
			name:   "a whole file whose fence is not closed",
			answer: "train.py\n'''python\nlr = 0.3\n",
			want:   []edit{{Path: "train.py", New: "lr = 0.3\n", Why: "the fence around train.py"}},
		},
		{
			name:   "an empty fence under a name",
			answer: "train.py\n'''python\n'''\n",
		},
		{
			name: "a diff",
			answer: "Raise it.\n'''diff\n--- a/train.py\n+++ b/train.py\n@@ -1,4 +1,5 @@\n import math\n\n-lr = 0.1\n+lr = 0.2\n+wd = 0\n steps = 10\n" +
				"@@ -6,2 +7,1 @@ for step in range(steps):\n-    print(step, lr)\n'''\n",
			want: []edit{
				{Path: "train.py", Reason: "Raise it.", Old: "import math\n\nlr = 0.1\nsteps = 10\n", New: "import math\n\nlr = 0.2\nwd = 0\nsteps = 10\n"},
				{Path: "train.py", Old: "    print(step, lr)\n"},
			},
		},
		{
			name:   "a diff without headers",
			answer: "data.py\n'''diff\n@@ ... @@\n-names = []\n+names = [1]\n'''\n",
			want:   []edit{{Path: "data.py", Old: "names = []\n", New: "names = [1]\n"}},
		},
		{
			name:   "a diff in a fence of another language",
			answer: "'''\ndiff --git a/data.py b/data.py\nindex 12..34 100644\n--- a/data.py\n+++ b/data.py\n@@ -1 +1 @@\n-names = []\n+names = [1]\n'''\n",
			want:   []edit{{Path: "data.py", Old: "names = []\n", New: "names = [1]\n"}},
		},
		{
			name:   "a diff that removes a line of dashes",
			answer: "'''diff\n--- a/data.py\n+++ b/data.py\n@@ -1,2 +1,1 @@\n--- old\n names = []\n'''\n",
			want:   []edit{{Path: "data.py", Old: "-- old\nnames = []\n", New: "names = []\n"}},
		},
		{
			name: "a diff of several files",
			answer: "'''diff\n--- a/data.py\n+++ b/data.py\n@@ -1 +1 @@\n-names = []\n+names = [1]\n--- a/train.py\n+++ b/train.py\n@@ -3 +3 @@\n-lr = 0.1\n+lr = 0.2\n" +
				"\\ No newline at end of file\n'''\n",
			want: []edit{
				{Path: "data.py", Old: "names = []\n", New: "names = [1]\n"},
				{Path: "train.py", Old: "lr = 0.1\n", New: "lr = 0.2\n"},
			},
		},
		{
			name:   "a diff that makes a file",
			answer: "'''diff\n--- /dev/null\n+++ b/muon.py\n@@ -0,0 +1,2 @@\n+import math\n+x = 1\n'''\n",
			want:   []edit{{Path: "muon.py", New: "import math\nx = 1\n"}},
		},
		{
			name:   "a diff that removes a file",
			answer: "'''diff\n--- a/data.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-names = []\n'''\n",
			want:   []edit{{Path: "data.py", Why: "cannot be removed"}},
		},
		{
			name:   "a diff that only inserts finds its place by number",
			answer: "'''diff\n--- a/train.py\n+++ b/train.py\n@@ -3,0 +4,1 @@\n+wd = 0\n'''\n",
			want:   []edit{{Path: "train.py", Old: "lr = 0.1\n", New: "lr = 0.1\nwd = 0\n"}},
		},
		{
			name:   "a diff that only inserts, at the head",
			answer: "'''diff\n--- a/train.py\n+++ b/train.py\n@@ -0,0 +1,1 @@\n+wd = 0\n'''\n",
			want:   []edit{{Path: "train.py", Old: "import math\n", New: "wd = 0\nimport math\n"}},
		},
		{
			name:   "a diff that only inserts, nowhere",
			answer: "'''diff\n--- a/train.py\n+++ b/train.py\n@@ ... @@\n+wd = 0\n'''\n",
			want:   []edit{{Path: "train.py", New: "wd = 0\n", Why: "no line of the file in it"}},
		},
		{
			name:   "a diff that is cut off",
			answer: "'''diff\n@@ -3 +3 @@\n-lr = 0.1\n+lr = 0.",
			cut:    true,
			want:   []edit{{Path: "train.py", Old: "lr = 0.1\n", New: "lr = 0.", Why: "cut off"}},
		},
		{
			name:   "a diff without hunks is prose",
			answer: "'''diff\n- lr = 0.1\n+ lr = 0.2\n'''\n",
		},
		{
			name:   "a diff and then a block in a fence",
			answer: "'''diff\n@@ -3 +3 @@\n-a\n+b\n<<<<<<< SEARCH\nc\n=======\nd\n>>>>>>> REPLACE\n'''\nend\n",
			want: []edit{
				{Path: "train.py", Old: "a\n", New: "b\n"},
				{Path: "train.py", Old: "c\n", New: "d\n"},
			},
		},
		{
			name:   "nothing",
			answer: "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer := fenced(tt.answer)
			r := parse(t, "train.py", standing(), tt.cut, answer)
			for i, got := range r.edits {
				if i >= len(tt.want) {
					t.Fatalf("an edit too many: %+v", got)
				}
				want := tt.want[i]
				want.whole = want.Why == ""
				if want.Why != "" && strings.Contains(got.Why, want.Why) {
					want.Why = got.Why
				}
				if got != want {
					t.Errorf("edit %d:\n got %+v\nwant %+v", i+1, got, want)
				}
			}
			if len(r.edits) < len(tt.want) {
				t.Errorf("edit %d is missing; prose: %q", len(r.edits)+1, r.prose)
			}
			if len(tt.want) == 0 && r.prose != answer {
				t.Errorf("prose is %q, not the answer", r.prose)
			}
			if bytewise := parse(t, "train.py", standing(), tt.cut, strings.Split(answer, "")...); bytewise.log.String() != r.log.String() {
				t.Errorf("rune by rune:\n%s\nat once:\n%s", bytewise.log.String(), r.log.String())
			}
		})
	}
}
