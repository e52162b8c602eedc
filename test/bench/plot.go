package main

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

const (
	panelWidth, panelGap = 300, 24
	barHeight, barGap    = 14, 5
	nameWidth            = 84
	valueWidth           = 60
	columns              = 3
)

// SVG is the headline figures as small panels of bars: medians, with a tick at the minimum.
func (r *Report) SVG() string {
	rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row *Row) bool { return !row.Headline || len(row.Samples) == 0 })
	height := 46 + len(r.Peers)*(barHeight+barGap)
	lines := (len(rows) + columns - 1) / columns
	width, top := columns*(panelWidth+panelGap)+panelGap, 56
	total := top + lines*(height+panelGap) + 10
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#222">`+"\n", width, total)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, total)
	text(&b, panelGap, 24, `font-size="16" font-weight="bold"`, "What a proxy costs: processor time and memory; shorter is better")
	text(&b, panelGap, 42, `fill="#666"`, fmt.Sprintf("%s, %d cores, %s; medians of %d repetitions, the line marks the minimum", r.Machine, r.Cores, r.Date, r.Repetitions))
	for i, row := range rows {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", panelGap+i%columns*(panelWidth+panelGap), top+i/columns*(height+panelGap))
		r.panel(&b, row)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (r *Report) panel(b *strings.Builder, row *Row) {
	text(b, 0, 14, `font-weight="bold"`, row.Name)
	text(b, 0, 30, `fill="#666"`, row.Unit)
	longest := 0.0
	for _, samples := range row.Samples {
		longest = max(longest, median(samples))
	}
	scale := 0.0
	if longest > 0 {
		scale = (panelWidth - nameWidth - valueWidth) / longest
	}
	for i, peer := range r.Peers {
		y := 40 + i*(barHeight+barGap)
		color, weight := "#9aa5b1", `font-weight="normal"`
		if peer == "transom" {
			color, weight = "#c2410c", `font-weight="bold"`
		}
		text(b, 0, y+11, weight, peer)
		samples := row.Samples[peer]
		if len(samples) == 0 {
			text(b, nameWidth, y+11, `fill="#999"`, "-")
			continue
		}
		bar := max(median(samples)*scale, 1)
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", nameWidth, y, bar, barHeight, color)
		if least := nameWidth + max(slices.Min(samples)*scale, 0); len(samples) > 1 {
			fmt.Fprintf(b, `<path d="M%.1f %dv%d" stroke="#222"/>`+"\n", least, y, barHeight)
		}
		text(b, nameWidth+int(bar)+6, y+11, weight, row.number(median(samples)))
	}
}

func text(b *strings.Builder, x, y int, attributes, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, attributes, html.EscapeString(s))
}
