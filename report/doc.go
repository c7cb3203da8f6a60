// Package report renders what the store holds: each document is made once, of summaries
// and folds, and is JSON by its fields, and for people tables, whose first row has the
// headings, and lines. It prints nothing and starts nothing. Text of models, scripts and
// people is in it as it was stored: whoever prints it cleans it.
package report
