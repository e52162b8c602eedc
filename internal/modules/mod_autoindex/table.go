package autoindex

import (
	"fmt"
	"html"
	"strings"
)

// class is an attribute for the style sheet; httpd writes none where IndexStyleSheet names none.
func (p *page) class(attribute, value string) string {
	if p.v.styleSheet == "" {
		return ""
	}
	return fmt.Sprintf(` %s="%s"`, attribute, value)
}

// table writes the listing of IndexOptions HTMLTable.
func (p *page) table(list []entry) {
	fmt.Fprintf(p, "<table%s>\n<tr%s>", p.class("id", "indexlist"), p.class("class", "indexhead"))
	columns := 0
	head := func(hidden option, class, text string) {
		if !p.has(hidden) {
			columns++
			fmt.Fprintf(p, "<th%s>%s</th>", p.class("class", "indexcol"+class), text)
		}
	}
	head(suppressIcon, "icon", "&nbsp;")
	head(0, "name", p.column('N', "Name"))
	head(suppressLastModified, "lastmod", p.column('M', "Last modified"))
	head(suppressSize, "size", p.column('S', "Size"))
	head(suppressDescription, "desc", p.column('D', "Description"))
	p.WriteString("</tr>\n")
	rule := fmt.Sprintf("<tr%s><th colspan=\"%d\"><hr></th></tr>\n", p.class("class", "indexbreakrow"), columns)
	if p.has(suppressRules) {
		rule = ""
	}
	p.WriteString(rule)
	for i := range list {
		p.row(i, &list[i])
	}
	p.WriteString(rule + "</table>\n")
}

func (p *page) row(i int, e *entry) {
	fmt.Fprintf(p, "<tr%s>", p.class("class", p.rowClass(i, e)))
	cell := func(hidden option, class, style, text string) {
		if p.has(hidden) {
			return
		}
		if text == "" {
			text = "&nbsp;"
		}
		if p.v.styleSheet != "" {
			style = p.class("class", "indexcol"+class)
		}
		fmt.Fprintf(p, "<td%s>%s</td>", style, text)
	}
	cell(suppressIcon, "icon", ` valign="top"`, p.icon(e))
	cell(0, "name", "", fmt.Sprintf(`<a href="%s">%s</a>`, p.href(e), html.EscapeString(p.shorten(e.name))))
	cell(suppressLastModified, "lastmod", ` align="right"`, p.time(e.modified))
	cell(suppressSize, "size", ` align="right"`, size(e.size))
	cell(suppressDescription, "desc", "", e.description)
	p.WriteString("</tr>\n")
}

// rowClass is even or odd, with AddAltClass also what stands for the icon.
func (p *page) rowClass(i int, e *entry) string {
	class := [2]string{"even", "odd"}[i%2]
	if alt := strings.TrimSpace(e.alt); p.has(addAltClass) && alt != "" {
		class += "-" + html.EscapeString(strings.ToLower(alt))
	}
	return class
}
