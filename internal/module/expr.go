package module

import "errors"

// CompileBool parses a condition; what it returns may be used by any number of requests at once.
func CompileBool(text string) (func(*Request) (bool, error), error) {
	return nil, errors.New("expressions are not available")
}

// CompileString parses a text with %{...} in it.
func CompileString(text string) (func(*Request) (string, error), error) {
	return nil, errors.New("expressions are not available")
}
