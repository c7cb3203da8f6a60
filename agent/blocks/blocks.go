// Package blocks reads a language model's answer as it comes and tells what it
// changes: search/replace blocks, whole files and unified diffs, with free text
// around them. It also finds the passage that a block means in a file.
//
// The form that a model is asked for is the block:
//
//	train.py
//	<<<<<<< SEARCH
//	lines as they stand in the file
//	=======
//	lines to put in their place
//	>>>>>>> REPLACE
//
// Markers have five to nine characters, may be followed by blanks and may be
// indented, as in a list; what they hold is then taken to be indented with them.
// A block may stand in a fence of any length. Its file is the one named after
// SEARCH, on the last line before the block, in the fence's info string or on its
// first line, in the heading above, by the block before, or else the script. An
// empty SEARCH part makes a new file or replaces a whole one.
//
// A fence that is named by its info string or by a line before it and does not
// begin with a marker is the whole text of that file, and passes on as it comes.
// An unnamed one is held back until it has more than half as many lines as the
// script: then it is the script's whole text, else it is prose. A file of which
// plainly only a part was given, or with places left out, is aborted.
//
// A fence with the hunks of a unified diff gives an edit for each of them.
package blocks

// Sink is told what a parser finds, in the order of the text.
type Sink interface {
	// Begin opens an edit of the file at path, which is as the model wrote it.
	// The edit ends with End or Abort before the next one begins.
	Begin(path string)
	// Reason is a piece of why the edit is made. The text before a block comes
	// right after Begin; a tool's reason may come after its other parts.
	Reason(text string)
	// Old is a piece of the passage to replace. There is none for a whole file.
	Old(text string)
	// New is a piece of what takes the passage's place.
	New(text string)
	// End closes the edit, which is whole.
	End()
	// Abort closes the edit, which will not be whole. Why is for the model.
	Abort(why string)
	// Prose is text outside of edits, as it comes.
	Prose(text string)
}
