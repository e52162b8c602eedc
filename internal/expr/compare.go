package expr

import (
	"cmp"
	"strconv"
	"strings"
)

// comparisonOf returns what an operator asks of two strings.
func comparisonOf(operator string, ssl bool) (func(left, right string) bool, bool) {
	compare := strings.Compare
	switch operator {
	case "-eq", "-ne", "-lt", "-le", "-gt", "-ge":
		compare = compareInt
	}
	if ssl {
		compare = compareSSL
	}
	var want func(order int) bool
	switch operator {
	case "==", "-eq":
		want = func(order int) bool { return order == 0 }
	case "!=", "-ne":
		want = func(order int) bool { return order != 0 }
	case "<", "-lt":
		want = func(order int) bool { return order < 0 }
	case "<=", "-le":
		want = func(order int) bool { return order <= 0 }
	case ">", "-gt":
		want = func(order int) bool { return order > 0 }
	case ">=", "-ge":
		want = func(order int) bool { return order >= 0 }
	default:
		return nil, false
	}
	return func(left, right string) bool { return want(compare(left, right)) }, true
}

func compareInt(left, right string) int {
	return cmp.Compare(leadingInt(left), leadingInt(right))
}

// leadingInt reads what strtol would: white space, a sign, digits, and none
// of the rest. Out of range is the nearest bound.
func leadingInt(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	to := 0
	if s != "" && (s[0] == '+' || s[0] == '-') {
		to = 1
	}
	v, _ := strconv.ParseInt(s[:digitsFrom(s, to)], 10, 64)
	return v
}

// compareSSL orders by length first, as SSLRequire does.
func compareSSL(left, right string) int {
	if c := cmp.Compare(len(left), len(right)); c != 0 {
		return c
	}
	return strings.Compare(left, right)
}
