package negotiation

import (
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
)

// item is an element of an Accept header: a name in lower case and its quality.
type item struct {
	name    string
	quality float64
}

// accept reads an Accept header; nil if the client sent none.
func accept(h http.Header, name string) []item {
	lines, ok := h[name]
	if !ok {
		return nil
	}
	items, weighed := []item{}, false
	for _, text := range strings.Split(strings.Join(lines, ","), ",") {
		name, params, _ := strings.Cut(text, ";")
		it := item{strings.ToLower(strings.TrimSpace(name)), 1}
		if it.name == "" {
			continue
		}
		for _, p := range strings.Split(params, ";") {
			if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
				weighed = true
				if f, err := strconv.ParseFloat(q, 64); err == nil && f >= 0 { // not NaN
					it.quality = min(f, 1)
				}
			}
		}
		items = append(items, it)
	}
	if !weighed && name == "Accept" {
		// Browsers that give no qualities mean "*/*" as a last resort (mod_negotiation's manual).
		for i := range items {
			switch {
			case items[i].name == "*/*":
				items[i].quality = 0.01
			case strings.HasSuffix(items[i].name, "/*"):
				items[i].quality = 0.02
			}
		}
	}
	return items
}

// typeQuality is how welcome a media type is: the most specific element counts.
func typeQuality(items []item, mediaType string) float64 {
	if items == nil {
		return 1
	}
	half, _, _ := strings.Cut(mediaType, "/")
	quality, best := 0.0, -1
	for _, it := range items {
		rank := -1
		switch it.name {
		case mediaType:
			rank = 2
		case half + "/*":
			rank = 1
		case "*/*", "*":
			rank = 0
		}
		if rank > best {
			quality, best = it.quality, rank
		}
	}
	return quality
}

// languageQuality is how welcome a language is, and where in the header it stands.
func languageQuality(items []item, language string) (float64, int) {
	if items == nil {
		return 1, 0
	}
	language = strings.ToLower(language)
	quality, longest, at := 0.0, -1, len(items)
	for i, it := range items {
		length := -1
		switch {
		case it.name == "*":
			length = 0
		case it.name == language || strings.HasPrefix(language, it.name+"-"):
			length = len(it.name)
		}
		if length > longest {
			quality, longest, at = it.quality, length, i
		}
	}
	if longest < 0 {
		// Who asks for en-GB takes en rather than nothing.
		for i, it := range items {
			if strings.HasPrefix(it.name, language+"-") && it.quality > 0 {
				return almostNothing, i
			}
		}
	}
	return quality, at
}

// almostNothing is the quality of what nobody asked for, where something was asked for.
const almostNothing = 0.001

func encodingQuality(items []item, encoding string) float64 {
	encoding = strings.TrimPrefix(strings.ToLower(encoding), "x-")
	switch {
	case items == nil && encoding == "":
		return 1
	case items == nil:
		return 0.5
	}
	quality := 0.0
	if encoding == "" {
		encoding, quality = "identity", almostNothing/10
	}
	for _, it := range items {
		if strings.TrimPrefix(it.name, "x-") == encoding {
			return it.quality
		}
		if it.name == "*" {
			quality = it.quality
		}
	}
	return quality
}

func charsetQuality(items []item, charset string) float64 {
	if items == nil || charset == "" {
		return 1
	}
	quality := 0.0
	for _, it := range items {
		if it.name == charset {
			return it.quality
		}
		if it.name == "*" {
			quality = it.quality
		}
	}
	return quality
}

// spellEncoding names an encoding as the client does: gzip and x-gzip are the same (RFC 9110 8.4.1.3).
func spellEncoding(r *module.Request) module.Result {
	if r.ContentEncoding == "" {
		return module.Declined
	}
	other, old := strings.CutPrefix(r.ContentEncoding, "x-")
	if !old {
		other = "x-" + other
	}
	for _, it := range accept(r.Header(), "Accept-Encoding") {
		switch it.name {
		case r.ContentEncoding:
			return module.Declined
		case other:
			r.ContentEncoding = other
			return module.Declined
		}
	}
	return module.Declined
}
