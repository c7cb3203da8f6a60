package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"pitwall/agent/adopt"
	"pitwall/agent/rig"
	"pitwall/internal/clean"
	"pitwall/report"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/taskdata"
	"pitwall/taskdata/importer"
)

func (a *app) importCmd() *cobra.Command {
	var ref string
	cmd := &cobra.Command{
		Use:   "import PATH",
		Short: "Take in records and hints from a clone, or an attempt that was exported",
		Long: "Takes the records' scripts, logs and times out of a clone of modded-nanogpt, or the templates, hints, documents and finished " +
			"workspaces out of a clone of llm-speedrunner, and says record by record what was taken and what was not. The clone is read " +
			"through git: it may be bare, sparse or changed. What is taken stays under PITWALL_HOME.\n\n" +
			"Of a file that pitwall export wrote it takes the attempt.",
		Example: "git clone --bare https://github.com/KellerJordan/modded-nanogpt\npitwall import modded-nanogpt.git\npitwall import attempt.pitwall",
		Args:    args(1, 1),
		RunE: a.onStore(func(ctx context.Context, s *store.Store, args []string) error {
			info, err := os.Stat(args[0])
			switch {
			case err != nil:
				return fmt.Errorf("import: %w", err)
			case info.IsDir():
				return a.importClone(ctx, s, args[0], ref)
			case ref != "":
				return usagef("--ref is for a clone, and %s is a file", args[0])
			}
			return a.importFile(ctx, s, args[0])
		}),
	}
	cmd.Flags().StringVar(&ref, "ref", "", "the commit, tag or branch of the clone (default: its HEAD)")
	return cmd
}

// itemJSON is an importer.Item in the contract's words.
type itemJSON struct {
	Kind             string      `json:"kind"`
	Track            string      `json:"track"`
	Number           int         `json:"number"`
	Name             string      `json:"name"`
	State            string      `json:"state"`
	Why              string      `json:"why"`
	Script           bool        `json:"script"`
	CurvePoints      int         `json:"curve_points"`
	Runs             int         `json:"runs"`
	Seconds          event.Float `json:"seconds"`
	ValLoss          event.Float `json:"val_loss"`
	PublishedSeconds event.Float `json:"published_seconds"`
	Torch            string      `json:"torch"`
	Hardware         string      `json:"hardware"`
}

func (a *app) importClone(ctx context.Context, s *store.Store, path, ref string) error {
	took, err := a.takeIn(ctx, s, path, ref, a.importProgress())
	if a.json {
		items := []itemJSON{}
		for _, i := range took.Items {
			items = append(items, itemJSON{
				string(i.Kind), i.Track, i.Number, i.Name, string(i.State), i.Why, i.Script, i.CurvePoints, i.Runs,
				report.Known(i.Seconds), report.Known(i.ValLoss), report.Known(i.PublishedSeconds), i.Torch, i.Hardware,
			})
		}
		return errors.Join(err, a.print(struct {
			Path   string     `json:"path"`
			Source string     `json:"source"`
			Commit string     `json:"commit"`
			Items  []itemJSON `json:"items"`
		}{took.Path, took.Source, took.Commit, items}))
	}
	if len(took.Items) == 0 {
		return err
	}
	rows := [][]string{{"KIND", "OF", "STATE", "SCRIPT", "POINTS", "RUNS", "LOG TIME", "PUBLISHED", "LOSS", "TORCH", ""}}
	for _, i := range took.Items {
		of := i.Name
		if i.Number > 0 {
			of = i.Track + "/" + strconv.Itoa(i.Number)
		}
		if i.Kind == importer.KindHint || i.Kind == importer.KindDocument {
			of += " " + i.Name[strings.LastIndex(i.Name, "/")+1:]
		}
		script := ""
		if i.Script {
			script = "yes"
		}
		rows = append(rows, []string{
			string(i.Kind), of, string(i.State), script, count(i.CurvePoints), count(i.Runs), figure("%.2f s", i.Seconds),
			figure("%.2f s", i.PublishedSeconds), figure("%.4f", i.ValLoss), i.Torch, i.Why,
		})
	}
	if tableErr := a.table(rows); tableErr != nil {
		return errors.Join(err, tableErr)
	}
	fmt.Fprintln(a.err, importSummary(took))
	return err
}

// importSummary says in a line what an import did.
func importSummary(r importer.Report) string {
	c := r.Counts()
	source := r.Source
	if source == "" {
		source = "workspaces"
	}
	if len(r.Commit) > 12 {
		source += " at " + r.Commit[:12]
	}
	return fmt.Sprintf("%s: %d scripts here; %d new, %d changed, %d as before, %d not taken, %d damaged", source, c.Scripts, c.Taken, c.Changed, c.Unchanged, c.Skipped, c.Damaged)
}

// takeIn imports what a directory holds, and keeps the workspaces in it as attempts.
func (a *app) takeIn(ctx context.Context, s *store.Store, path, ref string, progress func(importer.Progress)) (importer.Report, error) {
	report, err := importer.Import(ctx, path, ref, a.imports(), progress)
	tasks := a.reload()
	if err != nil || len(report.Workspaces) == 0 {
		return report, err
	}
	check := a.ruleCheck(ctx)
	for i, w := range report.Workspaces {
		if progress != nil {
			progress(importer.Progress{Done: i, Total: len(report.Workspaces), What: w.Name})
		}
		item := slices.IndexFunc(report.Items, func(it importer.Item) bool { return it.Kind == importer.KindWorkspace && it.Name == w.Path })
		if err := adoptOne(ctx, s, tasks, w, check, &report.Items[item]); err != nil {
			return report, err
		}
		report.Workspaces[i].Versions = nil // their logs are in the store now, and can be large
	}
	if progress != nil {
		progress(importer.Progress{Done: len(report.Workspaces), Total: len(report.Workspaces)})
	}
	return report, nil
}

// adoptOne keeps a workspace as an attempt, and says in its item what became of it. The error is not nil
// where the import was stopped.
func adoptOne(ctx context.Context, s *store.Store, tasks *taskdata.Catalog, w importer.Workspace, check adopt.RuleCheck, item *importer.Item) error {
	if w.Task == "" {
		if item.State == importer.Taken {
			item.State = importer.Skipped
		}
		return nil
	}
	id, added, err := adopt.Adopt(ctx, s, tasks, w, check)
	if ctx.Err() != nil {
		return fmt.Errorf("import stopped: %w", ctx.Err())
	}
	said := ""
	if m, found := s.Attempt(ctx, id); err == nil && found == nil {
		said = fmt.Sprintf("attempt %d", m.Number)
	}
	switch {
	case err != nil:
		item.State, said = importer.Damaged, err.Error()
	case !added:
		item.State = importer.Unchanged
	}
	item.Why = strings.TrimSuffix(said+"; "+item.Why, "; ")
	return nil
}

// ruleCheck checks scripts against their track's rules with the Python that is here.
func (a *app) ruleCheck(ctx context.Context) adopt.RuleCheck {
	m := a.machine()
	py, missing := m.Interpreter(ctx)
	return func(ctx context.Context, task taskdata.Task, script string) ([]taskdata.Violation, error) {
		if missing != nil {
			return nil, missing
		}
		return taskdata.CheckText(ctx, rig.Interpreter(m, py), task, script)
	}
}

// importProgress shows how far an import is on a terminal.
func (a *app) importProgress() func(importer.Progress) {
	if !a.err.draws {
		return nil
	}
	return func(p importer.Progress) {
		a.err.draw(fmt.Sprintf("\r\x1b[K%d of %d  %s", p.Done, p.Total, clean.Line(p.What)))
		if p.Done == p.Total {
			a.err.draw("\r\x1b[K")
		}
	}
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func figure(format string, v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(format, v)
}

func (a *app) importFile(ctx context.Context, s *store.Store, file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("import %s: it is a directory", file)
	}
	in, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer in.Close()
	id, err := s.Import(ctx, in)
	if err != nil {
		return err
	}
	return a.report(ctx, s, id)
}
