package expr

import (
	"io/fs"
	"net/netip"
	"os"
	"strings"
)

// unaryTest reads an operator such as -f and its operand.
func (p *parser) unaryTest() (condition, error) {
	t := p.tok
	op := t.text[1]
	if err := p.advance(); err != nil {
		return nil, err
	}
	arg, err := p.word()
	if err != nil {
		return nil, err
	}
	if p.opt.Restricted && strings.IndexByte("defsLhx", op) >= 0 {
		return nil, p.fail(t.at, "%s is not available in this context", t.text)
	}
	if op == 'R' {
		return p.clientTest(t, arg)
	}
	holds := unaryOperator(op)
	if holds == nil {
		return nil, p.fail(t.at, "unary operator %s does not exist", t.text)
	}
	return test{arg, holds}, nil
}

func unaryOperator(op byte) func(*evaluation, string) (bool, error) {
	onString := func(f func(string) bool) func(*evaluation, string) (bool, error) {
		return func(_ *evaluation, s string) (bool, error) { return f(s), nil }
	}
	switch op {
	case 'n':
		return onString(func(s string) bool { return s != "" })
	case 'z':
		return onString(func(s string) bool { return s == "" })
	case 'T':
		return onString(isTrue)
	case 'd':
		return onString(fileTest(os.Stat, fs.FileInfo.IsDir))
	case 'e':
		return onString(fileTest(os.Stat, func(fs.FileInfo) bool { return true }))
	case 'f':
		return onString(fileTest(os.Stat, isRegular))
	case 's':
		return onString(fileTest(os.Stat, func(i fs.FileInfo) bool { return isRegular(i) && i.Size() > 0 }))
	case 'L', 'h':
		return onString(fileTest(os.Lstat, func(i fs.FileInfo) bool { return i.Mode()&fs.ModeSymlink != 0 }))
	case 'x':
		return onString(fileTest(os.Lstat, func(i fs.FileInfo) bool { return i.Mode()&0o111 != 0 }))
	case 'F':
		return func(e *evaluation, s string) (bool, error) { return e.env.Subrequest('F', s) }
	case 'U', 'A':
		return func(e *evaluation, s string) (bool, error) { return e.env.Subrequest('U', s) }
	}
	return nil
}

func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "", "0", "off", "false", "no":
		return false
	}
	return true
}

func isRegular(i fs.FileInfo) bool { return i.Mode().IsRegular() }

func fileTest(stat func(string) (fs.FileInfo, error), ok func(fs.FileInfo) bool) func(string) bool {
	return func(path string) bool {
		info, err := stat(path)
		return err == nil && ok(info)
	}
}

func (p *parser) clientTest(op token, arg word) (condition, error) {
	subnet, err := p.subnet(op, arg)
	if err != nil {
		return nil, err
	}
	return test{arg, func(e *evaluation, _ string) (bool, error) {
		return subnet.Contains(e.env.ClientAddr()), nil
	}}, nil
}

// subnet is parsed once, hence httpd asks for a constant.
func (p *parser) subnet(op token, arg word) (Subnet, error) {
	text, ok := arg.(literal)
	if !ok {
		return Subnet{}, p.fail(op.at, "%s needs an address or subnet as a constant string", op.text)
	}
	subnet, err := ParseSubnet(string(text))
	if err != nil {
		return Subnet{}, p.fail(op.at, "%s: %v,", op.text, err)
	}
	return subnet, nil
}

// binaryTest reads an operator such as -strmatch and its right operand.
func (p *parser) binaryTest(left word) (condition, error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.word()
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(t.text) {
	case "-strmatch":
		return comparison{left, right, globTest(0)}, nil
	case "-strcmatch":
		return comparison{left, right, globTest(FoldCase)}, nil
	case "-fnmatch":
		return comparison{left, right, globTest(PathName)}, nil
	case "-ipmatch":
		subnet, err := p.subnet(t, right)
		return comparison{left, right, func(s, _ string) bool {
			addr, err := netip.ParseAddr(s)
			return err == nil && subnet.Contains(addr)
		}}, err
	}
	return nil, p.fail(t.at, "binary operator %s does not exist", t.text)
}

func globTest(flags GlobFlags) func(s, pattern string) bool {
	return func(s, pattern string) bool { return Glob(pattern, s, flags) }
}
