package conf

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// ifVersion decides <IfVersion [[!]operator] version>.
func (l *loader) ifVersion(n *Node) (holds, ok bool) {
	operator, version := "=", ""
	switch words := n.Words(); len(words) {
	case 1:
		version = words[0]
	case 2:
		operator, version = words[0], words[1]
	default:
		l.fail(n.Pos, "<%s> takes an operator, if any, and a version", n.Name)
		return false, false
	}
	bare, not := strings.CutPrefix(operator, "!")
	var problem string
	switch bare {
	case "~":
		holds, problem = versionMatches(version)
	case "=", "==":
		pattern, isPattern := strings.CutPrefix(version, "/")
		if !isPattern {
			holds, problem = versionIs(version, func(c int) bool { return c == 0 })
		} else if pattern, closed := strings.CutSuffix(pattern, "/"); closed {
			holds, problem = versionMatches(pattern)
		} else {
			problem = "Missing delimiting / of regular expression."
		}
	case "<":
		holds, problem = versionIs(version, func(c int) bool { return c < 0 })
	case "<=":
		holds, problem = versionIs(version, func(c int) bool { return c <= 0 })
	case ">":
		holds, problem = versionIs(version, func(c int) bool { return c > 0 })
	case ">=":
		holds, problem = versionIs(version, func(c int) bool { return c >= 0 })
	default:
		problem = "unrecognized operator '" + operator + "'"
	}
	if problem != "" {
		l.fail(n.Pos, "%s", problem)
		return false, false
	}
	return holds != not, true
}

func versionMatches(pattern string) (bool, string) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false, "Unable to compile regular expression"
	}
	return re.MatchString(Version), ""
}

// versionIs compares our version with the one asked for; parts that are left
// out count as 0.
func versionIs(version string, want func(int) bool) (bool, string) {
	asked, ok := versionParts(version)
	if !ok {
		return false, "The version '" + version + "' is not of the form major[.minor[.patch]] in numbers."
	}
	own, _ := versionParts(Version)
	for i := range own {
		if c := cmp.Compare(own[i], asked[i]); c != 0 {
			return want(c), ""
		}
	}
	return want(0), ""
}

func versionParts(s string) (parts [3]int, ok bool) {
	texts := strings.Split(strings.TrimSuffix(s, "."), ".")
	if len(texts) > len(parts) {
		return parts, false
	}
	for i, t := range texts {
		v, err := strconv.ParseUint(t, 10, 31)
		if err != nil {
			return parts, false
		}
		parts[i] = int(v)
	}
	return parts, true
}
