package autoindex

import (
	"fmt"
	"strconv"
	"strings"

	"transom/internal/module"
)

// option is a bit of IndexOptions.
type option uint32

const (
	fancyIndexing option = 1 << iota
	foldersFirst
	htmlTable
	iconsAreLinks
	ignoreCase
	ignoreClient
	scanHTMLTitles
	showForbidden
	suppressColumnSorting
	suppressDescription
	suppressHTMLPreamble
	suppressIcon
	suppressLastModified
	suppressRules
	suppressSize
	trackModified
	versionSort
	xhtml
	addAltClass
	useOldDateFormat
)

var optionNames = map[string]option{
	"fancyindexing": fancyIndexing, "foldersfirst": foldersFirst, "htmltable": htmlTable, "iconsarelinks": iconsAreLinks, "ignorecase": ignoreCase,
	"ignoreclient": ignoreClient, "scanhtmltitles": scanHTMLTitles, "showforbidden": showForbidden, "suppresscolumnsorting": suppressColumnSorting,
	"suppressdescription": suppressDescription, "suppresshtmlpreamble": suppressHTMLPreamble, "suppressicon": suppressIcon,
	"suppresslastmodified": suppressLastModified, "suppressrules": suppressRules, "suppresssize": suppressSize, "trackmodified": trackModified,
	"versionsort": versionSort, "xhtml": xhtml, "addaltclass": addAltClass, "useolddateformat": useOldDateFormat,
}

// options are IndexOptions; widths of 0 are unset, -1 is "as wide as needed".
type options struct {
	set, add, remove      option
	isSet                 bool
	nameWidth, descWidth  int
	iconWidth, iconHeight int
	charset, contentType  string
}

func (o options) bits() option      { return (o.set | o.add) &^ o.remove }
func (o options) has(b option) bool { return o.bits()&b != 0 }

// then is what applies when inner's words follow o's; words with a sign change what is there, others replace it.
func (o options) then(inner options) options {
	m := inner
	if !inner.isSet {
		m.set, m.isSet = o.set, o.isSet
		m.add, m.remove = o.add&^inner.remove|inner.add, o.remove&^inner.add|inner.remove
	}
	m.nameWidth, m.descWidth = module.Inherit(o.nameWidth, inner.nameWidth), module.Inherit(o.descWidth, inner.descWidth)
	m.iconWidth, m.iconHeight = module.Inherit(o.iconWidth, inner.iconWidth), module.Inherit(o.iconHeight, inner.iconHeight)
	m.charset, m.contentType = module.Inherit(o.charset, inner.charset), module.Inherit(o.contentType, inner.contentType)
	return m
}

func setOptions(c *module.Command, v *values) error {
	var o options
	for _, arg := range c.Args {
		sign := byte(0)
		if arg[0] == '+' || arg[0] == '-' {
			sign, arg = arg[0], arg[1:]
		}
		name, value, valued := strings.Cut(arg, "=")
		name = strings.ToLower(name)
		if bit, ok := optionNames[name]; ok && !valued {
			switch sign {
			case '+':
				o.add, o.remove = o.add|bit, o.remove&^bit
			case '-':
				o.remove, o.add = o.remove|bit, o.add&^bit
			default:
				o.set, o.isSet = o.set|bit, true
			}
			continue
		}
		if name == "none" && !valued && sign == 0 {
			o.isSet = true
			continue
		}
		if err := o.value(c, name, value, valued, sign); err != nil {
			return err
		}
	}
	v.options = v.options.then(o)
	return nil
}

// least are the smallest widths of text that httpd takes, other than 0.
var least = map[string]int{"namewidth": 5, "descriptionwidth": 12}

// value reads an option that has one; with a minus sign the default is back.
func (o *options) value(c *module.Command, name, value string, valued bool, sign byte) error {
	widths := map[string]*int{"namewidth": &o.nameWidth, "descriptionwidth": &o.descWidth, "iconwidth": &o.iconWidth, "iconheight": &o.iconHeight}
	defaults := map[string]int{"namewidth": defaultNameWidth, "descriptionwidth": defaultDescWidth, "iconwidth": 20, "iconheight": 22}
	if to, ok := widths[name]; ok {
		switch {
		case !valued:
			*to = defaults[name]
		case value == "*" && !strings.HasPrefix(name, "icon"):
			*to = -1
		default:
			n, err := strconv.Atoi(value)
			switch {
			case sign == '-':
				return fmt.Errorf("Cannot combine '-' with %s=n", name)
			case err != nil || n < 0 && least[name] == 0:
				c.Warnf("IndexOptions %s=%s is ignored: a width is a number, that of a text may be *", name, value)
				return nil
			case n != 0 && n < least[name]:
				return fmt.Errorf("IndexOptions %s value must be at least %d, not %d", name, least[name], n)
			}
			*to = n
		}
		return nil
	}
	switch {
	case name == "charset" && valued:
		o.charset = value
	case name == "type" && valued:
		o.contentType = value
	default:
		return fmt.Errorf("Invalid directory indexing option %q", name)
	}
	return nil
}

const (
	defaultNameWidth = 23
	defaultDescWidth = 23
)
