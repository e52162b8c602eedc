package module

import "slices"

// Settings are the values that the slots of all modules have in one scope: a server, or a section. They are written while
// the configuration is read and merged, and only read afterwards.
//
// There are few, and most are asked about in vain: looking through them is quicker than a map.
type Settings struct{ values []setting }

type setting struct {
	slot  slot
	of    *identity
	value any
}

// slot is what Settings knows of a Slot[T].
type slot interface{ mergeAny(base, add any) any }

// identity tells slots apart by its address.
type identity struct{ _ byte }

// Slot is a module's own typed settings. Declare one per kind of scope as a package variable: one for what belongs to a
// server, one for what belongs to a section (and, by inheritance, to the server around it). "Unset" must be a value of T.
type Slot[T any] struct {
	// Merge makes the settings of an inner scope from an outer one's and its own; it must leave both as they are.
	Merge func(outer, inner *T) *T

	unset T // what Of returns where nothing was set; never written to
	id    identity
}

func (s *Slot[T]) mergeAny(outer, inner any) any { return s.Merge(outer.(*T), inner.(*T)) }

// Edit returns the scope's settings to be written to; only while the configuration is read.
func (s *Slot[T]) Edit(in *Settings) *T {
	if v := in.get(&s.id); v != nil {
		return v.(*T)
	}
	v := new(T)
	in.values = append(in.values, setting{s, &s.id, v})
	return v
}

// Of returns the scope's settings, never nil. They are shared: read them only.
func (s *Slot[T]) Of(in *Settings) *T {
	if v := in.get(&s.id); v != nil {
		return v.(*T)
	}
	return &s.unset
}

// Has says whether anything was set in the scope or around it.
func (s *Slot[T]) Has(in *Settings) bool { return in.get(&s.id) != nil }

// InServer and InSections are for Hook.Applies: something was set, there.
func (s *Slot[T]) InServer(server, _ *Settings) bool     { return s.Has(server) }
func (s *Slot[T]) InSections(_, sections *Settings) bool { return s.Has(sections) }

// get is a slot's value, nil if it was not set.
func (in *Settings) get(of *identity) any {
	if in != nil {
		for i := range in.values {
			if in.values[i].of == of {
				return in.values[i].value
			}
		}
	}
	return nil
}

// Merge makes the settings of an inner scope; both arguments stay as they are.
func Merge(outer, inner *Settings) *Settings {
	if inner == nil || len(inner.values) == 0 {
		return outer
	}
	if outer == nil || len(outer.values) == 0 {
		return inner
	}
	merged := &Settings{values: slices.Clone(outer.values)}
	for i, v := range merged.values {
		if add := inner.get(v.of); add != nil {
			merged.values[i].value = v.slot.mergeAny(v.value, add)
		}
	}
	for _, v := range inner.values {
		if outer.get(v.of) == nil {
			merged.values = append(merged.values, v)
		}
	}
	return merged
}

// Flag is an On/Off setting that knows "unset".
type Flag int8

const (
	Unset Flag = iota
	Off
	On
)

// Or is the flag, or what applies if it is unset.
func (f Flag) Or(otherwise bool) bool {
	if f == Unset {
		return otherwise
	}
	return f == On
}

// Inherit is the merge of a flag: the inner one if it is set.
func (f Flag) Inherit(outer Flag) Flag {
	if f == Unset {
		return outer
	}
	return f
}

// Inherit is the merge of a setting whose zero value means "unset".
func Inherit[T comparable](outer, inner T) T {
	var unset T
	if inner == unset {
		return outer
	}
	return inner
}
