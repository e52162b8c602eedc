package module

import (
	"slices"
	"sync/atomic"
)

// Settings are the values that the slots of all modules have in one scope: a server, or a section. They are written while
// the configuration is read and merged, and only read afterwards.
type Settings struct {
	at     []uint8 // by a slot's number: where its value stands, counted from 1; 0: nowhere
	values []setting
}

type setting struct {
	slot  slot
	value any
}

// slot is what Settings knows of a Slot[T].
type slot interface {
	place() int
	mergeAny(base, add any) any
}

// Slot is a module's own typed settings. Declare one per kind of scope as a package variable: one for what belongs to a
// server, one for what belongs to a section (and, by inheritance, to the server around it). "Unset" must be a value of T.
type Slot[T any] struct {
	// Merge makes the settings of an inner scope from an outer one's and its own; it must leave both as they are.
	Merge func(outer, inner *T) *T

	number atomic.Int32 // among all slots that were ever written to, from 1
	unset  T            // what Of returns where nothing was set; never written to
}

var slots atomic.Int32 // how many have a number

func (s *Slot[T]) place() int {
	if s.number.Load() == 0 {
		s.number.CompareAndSwap(0, slots.Add(1))
	}
	return int(s.number.Load())
}

func (s *Slot[T]) mergeAny(outer, inner any) any { return s.Merge(outer.(*T), inner.(*T)) }

// Edit returns the scope's settings to be written to; only while the configuration is read.
func (s *Slot[T]) Edit(in *Settings) *T {
	if v := in.get(s.place()); v != nil {
		return v.(*T)
	}
	v := new(T)
	in.add(setting{s, v})
	return v
}

// Of returns the scope's settings, never nil. They are shared: read them only.
func (s *Slot[T]) Of(in *Settings) *T {
	if v := in.get(int(s.number.Load())); v != nil {
		return v.(*T)
	}
	return &s.unset
}

// Has says whether anything was set in the scope or around it.
func (s *Slot[T]) Has(in *Settings) bool { return in.get(int(s.number.Load())) != nil }

// InServer and InSections are for Hook.Applies: something was set, there.
func (s *Slot[T]) InServer(server, _ *Settings) bool     { return s.Has(server) }
func (s *Slot[T]) InSections(_, sections *Settings) bool { return s.Has(sections) }

// get is the value of the slot with a number, nil if it was not set.
func (in *Settings) get(number int) any {
	if in != nil && number < len(in.at) {
		if i := in.at[number]; i > 0 {
			return in.values[i-1].value
		}
	}
	return nil
}

func (in *Settings) add(v setting) {
	in.values = append(in.values, v)
	if missing := v.slot.place() + 1 - len(in.at); missing > 0 {
		in.at = append(in.at, make([]uint8, missing)...)
	}
	in.at[v.slot.place()] = uint8(len(in.values))
}

// Merge makes the settings of an inner scope; both arguments stay as they are.
func Merge(outer, inner *Settings) *Settings {
	if inner == nil || len(inner.values) == 0 {
		return outer
	}
	if outer == nil || len(outer.values) == 0 {
		return inner
	}
	merged := &Settings{at: slices.Clone(outer.at), values: slices.Clone(outer.values)}
	for _, v := range inner.values {
		if base := outer.get(v.slot.place()); base != nil {
			merged.values[merged.at[v.slot.place()]-1].value = v.slot.mergeAny(base, v.value)
		} else {
			merged.add(v)
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
