package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Report is a run's outcome, as docs/bench.json holds it.
type Report struct {
	Date        string
	Took        string
	Machine     string
	Kernel      string
	Cores       int
	Descriptors int
	Repetitions int
	Seconds     float64   // of each sample
	Load        string    // the machine's load average at the start
	CoreRounds  []float64 // before each sample, see coreRound
	Versions    map[string]string
	Peers       []string
	Rows        []*Row
	Notes       []string
}

// Row is one figure of all peers.
type Row struct {
	Scenario string
	Title    string
	Figure
	Samples map[string][]float64
}

func newReport(o Options, all []*Peer, descriptors int) *Report {
	r := &Report{Date: time.Now().UTC().Format("2006-01-02 15:04 MST"), Cores: runtime.NumCPU(), Descriptors: descriptors,
		Repetitions: o.Repetitions, Seconds: o.Seconds, Versions: map[string]string{}}
	r.Machine = firstLine(grep("/proc/cpuinfo", "model name"))
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	r.Kernel, r.Load = firstLine(string(kernel)), strings.Join(strings.Fields(string(load))[:3], " ")
	for _, p := range all {
		r.Peers = append(r.Peers, p.Name)
		if p.version != nil {
			out, _ := exec.Command(p.version[0], p.version[1:]...).CombinedOutput()
			r.Versions[p.Name] = firstLine(string(out))
		}
	}
	return r
}

func grep(path, word string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == word {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

// add returns rows for a scenario's figures, to be filled.
func (r *Report) add(s *Scenario) []*Row {
	var rows []*Row
	for _, f := range s.figure {
		rows = append(rows, &Row{Scenario: s.Name, Title: s.Title, Figure: f, Samples: map[string][]float64{}})
	}
	r.Rows = append(r.Rows, rows...)
	return rows
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

func (f *Figure) number(v float64) string { return fmt.Sprintf("%.*f", f.Digits, v) }

// ratio is the median of Transom's samples over that of a peer's, 0 if one has none.
func (row *Row) ratio(peer string) float64 {
	ours, theirs := row.Samples["transom"], row.Samples[peer]
	if len(ours) == 0 || len(theirs) == 0 || median(theirs) == 0 {
		return 0
	}
	return median(ours) / median(theirs)
}

// goal says what is to be reached and whether it was.
func (row *Row) goal() string {
	ours := row.Samples["transom"]
	if len(ours) == 0 {
		return ""
	}
	var parts []string
	say := func(text string, limit, value float64, met bool) {
		if limit == 0 || value == 0 {
			return
		}
		word := "missed"
		if met {
			word = "met"
		}
		parts = append(parts, text+" "+word)
	}
	n, s, v := row.ratio("nginx"), row.ratio("splice"), median(ours)
	say(fmt.Sprintf("≤ %g nginx:", row.Nginx), row.Nginx, n, n <= row.Nginx)
	say(fmt.Sprintf("≤ %g splice:", row.Splice), row.Splice, s, s <= row.Splice)
	say(fmt.Sprintf("≤ %g:", row.AtMost), row.AtMost, cmp.Or(v, 1), v <= row.AtMost)
	say(fmt.Sprintf("= %g:", row.Exactly), row.Exactly, cmp.Or(v, -1), v == row.Exactly)
	return strings.Join(parts, ", ")
}

// distance tells of coreRound.
func (r *Report) distance() string {
	if len(r.CoreRounds) == 0 || slices.Min(r.CoreRounds) == 0 {
		return ""
	}
	least, far := slices.Min(r.CoreRounds), 0
	for _, ns := range r.CoreRounds {
		if ns > 2*least {
			far++
		}
	}
	return fmt.Sprintf("A cache line went from one core to another and back in %.0f ns; before %d of %d samples it took more than twice as long (up to %.0f ns).\n\n",
		least, far, len(r.CoreRounds), slices.Max(r.CoreRounds))
}

// Markdown is the tables: ratios first, then every figure.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d cores, Linux %s, %s; %d repetitions, %s in all; load average at the start %s.\n\n",
		r.Machine, r.Cores, r.Kernel, r.Date, r.Repetitions, r.Took, r.Load)
	b.WriteString(r.distance())
	for _, p := range r.Peers {
		if v := r.Versions[p]; v != "" {
			fmt.Fprintf(&b, "- %s: %s\n", p, v)
		}
	}
	b.WriteString("\n### Transom as a multiple of its peers\n\nMedian over median; less than 1 is less than the peer's.\n\n| figure | of nginx's | of HAProxy's | of httpd's | of the splice's | to reach |\n|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		if row.Headline {
			fmt.Fprintf(&b, "| %s |", row.Name)
			for _, p := range []string{"nginx", "haproxy", "httpd", "splice"} {
				fmt.Fprintf(&b, " %s |", times(row.ratio(p)))
			}
			fmt.Fprintf(&b, " %s |\n", row.goal())
		}
	}
	b.WriteString("\n### All figures\n\nMedian of the repetitions, minimum in brackets.\n\n| figure | unit |" + strings.Join(r.Peers, " | ") + " |\n|---|---" + strings.Repeat("|---", len(r.Peers)) + "|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s |", row.Name, row.Unit)
		for _, p := range r.Peers {
			fmt.Fprintf(&b, " %s |", row.cell(p))
		}
		b.WriteString("\n")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "\nNote: %s\n", n)
	}
	return b.String()
}

// Summary is README's table: medians of the figures in the plot. What only sets the floor isn't in it.
func (r *Report) Summary() string {
	known := slices.DeleteFunc(slices.Clone(r.Peers), func(p string) bool { return p == "splice" })
	var b strings.Builder
	b.WriteString("| | | " + strings.Join(known, " | ") + " |\n|---|---" + strings.Repeat("|---:", len(known)) + "|\n")
	for _, row := range r.Rows {
		if !row.Headline {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s |", row.Name, row.Unit)
		for _, p := range known {
			text := "-"
			if samples := row.Samples[p]; len(samples) > 0 {
				text = row.number(median(samples))
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func times(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", ratio)
}

func (row *Row) cell(peer string) string {
	samples := row.Samples[peer]
	switch len(samples) {
	case 0:
		return "-"
	case 1:
		return row.number(samples[0])
	}
	return fmt.Sprintf("%s (%s)", row.number(median(samples)), row.number(slices.Min(samples)))
}

// Marks between which the tables stand.
const beginMark, endMark = "<!-- measured -->\n", "<!-- end -->\n"

// Write puts bench.json and bench.svg into a folder, the tables between the marks of its bench.md, and the short one between those
// of the README beside the folder, if there is one.
func (r *Report) Write(folder string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	page, err := os.ReadFile(filepath.Join(folder, "bench.md"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	readme := filepath.Join(folder, "..", "README.md")
	if front, err := os.ReadFile(readme); err == nil && strings.Contains(string(front), beginMark) {
		if err := os.WriteFile(readme, []byte(insert(string(front), r.Summary())), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "bench.json"), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(folder, "bench.svg"), []byte(r.SVG()), 0o644),
		os.WriteFile(filepath.Join(folder, "bench.md"), []byte(insert(string(page), r.Markdown())), 0o644))
}

// insert replaces what stands between the marks, or appends it with them.
func insert(page, tables string) string {
	before, rest, ok := strings.Cut(page, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !ok || !ends {
		return page + beginMark + tables + endMark
	}
	return before + beginMark + tables + endMark + after
}
