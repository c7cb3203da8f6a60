package event

import (
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Exact gives the body that comes back when b is stored and read, so that the
// engine folds in what every later reader will see. Bodies kept as JSON lose
// bytes that are not UTF-8 (each run becomes U+FFFD), and a NaN or an infinity in a
// plain float64 becomes 0 (behind a pointer: nil); a slice or map keeps being shared where nothing had
// to change. Log, Point, Sample, GPUs, Draft and Speech come back as they are; a pointer to a
// body becomes its value.
func Exact(b Body) Body {
	switch b.(type) {
	case Log, Point, Sample, GPUs, Draft, Speech, Unknown:
		return b
	}
	v := reflect.ValueOf(b)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		if e, ok := v.Elem().Interface().(Body); ok {
			return Exact(e)
		}
	}
	if !inexact(v) {
		return b
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	mend(c)
	return c.Interface().(Body)
}

var floatType = reflect.TypeFor[Float]()

func inexact(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return !utf8.ValidString(v.String())
	case reflect.Float64:
		f := v.Float()
		if v.Type() == floatType {
			return math.IsInf(f, 0)
		}
		return math.IsNaN(f) || math.IsInf(f, 0)
	case reflect.Pointer:
		return !v.IsNil() && inexact(v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if inexact(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if inexact(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

// mend changes v, which is addressable, into its exact form, copying whatever
// it shares with the original before it changes it.
func mend(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.ToValidUTF8(v.String(), "\uFFFD"))
	case reflect.Float64:
		if !inexact(v) {
			return
		}
		if v.Type() == floatType {
			v.SetFloat(math.NaN())
		} else {
			v.SetFloat(0)
		}
	case reflect.Pointer:
		if !v.IsNil() && inexact(v.Elem()) {
			if v.Elem().Kind() == reflect.Float64 {
				v.SetZero() // an unknown figure is null, as the pointer means it
				return
			}
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			mend(c.Elem())
			v.Set(c)
		}
	case reflect.Slice:
		if inexact(v) {
			c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(c, v)
			for i := range c.Len() {
				mend(c.Index(i))
			}
			v.Set(c)
		}
	case reflect.Array:
		for i := range v.Len() {
			mend(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			mend(v.Field(i))
		}
	}
}
