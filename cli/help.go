package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Help is read in lines of at most so many cells, and so wide where there is no terminal.
const helpWidth = 120

// leastHelp is the narrowest column that a description is set in.
const leastHelp = 30

// help prints how a command is used.
func (a *app) help(cmd *cobra.Command) {
	width, _ := a.out.size(helpWidth, 0)
	width = min(width, helpWidth)
	fmt.Fprintln(a.out)
	a.indented(ansi.Wordwrap(cmp.Or(cmd.Long, cmd.Short), max(width-2, leastHelp), ""))
	a.heading("usage")
	a.indented(usageOf(cmd))
	if cmd.Example != "" {
		a.heading("examples")
		a.indented(cmd.Example)
	}
	var commands, flags [][2]string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			commands = append(commands, [2]string{strings.TrimPrefix(usageOf(c), cmd.CommandPath()+" "), c.Short})
		}
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { flags = appendFlag(flags, f) })
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { flags = appendFlag(flags, f) })
	a.columns("commands", commands, width)
	a.columns("flags", flags, width)
	fmt.Fprintln(a.out)
}

// usageOf is a command's line of use.
func usageOf(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " [command] [flags]"
	}
	return cmd.UseLine()
}

func appendFlag(rows [][2]string, f *pflag.Flag) [][2]string {
	if f.Hidden {
		return rows
	}
	value, text := pflag.UnquoteUsage(f)
	name := strings.TrimRight("--"+f.Name+" "+value, " ")
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + " " + name
	}
	none := f.DefValue == "" || f.DefValue == "[]" || f.DefValue == "false" || f.Value.Type() != "string" && (f.DefValue == "0" || f.DefValue == "0s")
	if !none {
		text += " (" + f.DefValue + ")"
	}
	return append(rows, [2]string{name, text})
}

// heading begins a part of the help, in bold where that can be drawn.
func (a *app) heading(name string) {
	fmt.Fprint(a.out, "\n  ")
	if a.out.draws && a.getenv("NO_COLOR") == "" {
		a.out.draw("\x1b[1m" + strings.ToUpper(name) + "\x1b[m")
	} else {
		fmt.Fprint(a.out, strings.ToUpper(name))
	}
	fmt.Fprint(a.out, "\n\n")
}

func (a *app) indented(text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintln(a.out, strings.TrimRight("  "+line, " \n"))
	}
}

// columns prints names with what they mean beside them, or below where that would be narrow.
func (a *app) columns(heading string, rows [][2]string, width int) {
	if len(rows) == 0 {
		return
	}
	a.heading(heading)
	wide := 0
	for _, r := range rows {
		wide = max(wide, ansi.StringWidth(r[0]))
	}
	at := 2 + wide + 2
	below := width-at < leastHelp
	if below {
		at = 6
	}
	for _, r := range rows {
		text := strings.Split(ansi.Wordwrap(r[1], max(width-at, leastHelp), ""), "\n")
		if below {
			fmt.Fprintln(a.out, "  "+r[0])
		} else {
			fmt.Fprintf(a.out, "  %-*s  %s\n", wide, r[0], text[0])
			text = text[1:]
		}
		for _, line := range text {
			fmt.Fprintln(a.out, strings.Repeat(" ", at)+line)
		}
	}
}
