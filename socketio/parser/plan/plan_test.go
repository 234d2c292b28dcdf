package plan

import (
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type inner struct {
	X    int
	Same string
}

type outer struct {
	inner
	*Pointed
	Same    bool
	Renamed int `json:"r,omitempty"`
	skipped int
	Left    int       `json:"-"`
	At      time.Time `json:"at,omitzero"`
	Text    *int      `json:",string"`
}

type Pointed struct{ Y int8 }

type recursive struct {
	Next *recursive
	Any  []map[string]recursive
}

func TestKinds(t *testing.T) {
	for kind, values := range map[Kind][]any{
		Unsupported: {make(chan int), func() {}, complex64(0)},
		Bool:        {true},
		Int:         {1, int8(1), time.Second},
		Uint:        {uint(1), uint8(1), uintptr(1)},
		Float:       {1.5, float32(1)},
		String:      {"", reflect.Kind(0).String()},
		Number:      {json.Number("")},
		Raw:         {json.RawMessage{}},
		Bytes:       {[]byte{}},
		Slice:       {[]int{}, []any{}},
		Array:       {[2]byte{}},
		Map:         {map[string]int{}},
		Struct:      {struct{}{}, time.Time{}},
		Pointer:     {new(int)},
	} {
		for _, v := range values {
			require.Equal(t, kind, Of(reflect.TypeOf(v)).Kind, "%T", v)
		}
	}
	require.Equal(t, Interface, Of(reflect.TypeFor[error]()).Kind)
}

func TestFields(t *testing.T) {
	p := Of(reflect.TypeFor[outer]())
	var names []string
	for _, f := range p.Fields {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"X", "Y", "Same", "r", "at", "Text"}, names)
	require.Zero(t, outer{}.skipped)
	require.Equal(t, Bool, p.Fields[2].Type.Kind, "the one that is embedded less deep")
	require.Equal(t, 3, p.Field([]byte("r")))
	require.Equal(t, 3, p.Field([]byte("R")))
	require.Equal(t, 4, p.Field([]byte("AT")))
	require.Equal(t, -1, p.Field([]byte("Left")))
	require.True(t, p.Fields[3].OmitEmpty)
	require.True(t, p.Fields[4].OmitZero)
	require.True(t, p.Fields[5].Quoted)
	require.Equal(t, `"at":`, string(p.Fields[4].JSON))
}

func TestRefOfAField(t *testing.T) {
	p := Of(reflect.TypeFor[outer]())
	field := func(name string) *Field {
		return &p.Fields[slices.IndexFunc(p.Fields, func(f Field) bool { return f.Name == name })]
	}
	o := &outer{inner: inner{X: 5}}
	r := RefOf(reflect.ValueOf(o).Elem())
	x, ok := r.Field(p, field("X"))
	require.True(t, ok)
	require.EqualValues(t, 5, x.Int(field("X").Type))
	require.True(t, x.SetInt(field("X").Type, 6))
	require.Equal(t, 6, o.X)
	_, ok = r.Field(p, field("Y"))
	require.False(t, ok, "the pointer is nil")
	y, ok := r.MakeField(p, field("Y"))
	require.True(t, ok)
	require.False(t, y.SetInt(field("Y").Type, 128), "it does not fit")
	require.True(t, y.SetInt(field("Y").Type, -128))
	require.Equal(t, int8(-128), o.Y)
	r2, _ := r.Field(p, field("r"))
	require.True(t, field("r").Omitted(r2))
	o.Renamed = 1
	require.False(t, field("r").Omitted(r2))
	at, _ := r.Field(p, field("at"))
	require.True(t, field("at").Omitted(at))
}

func TestRefInAnInterface(t *testing.T) {
	n := 5
	for _, v := range []any{
		5, int8(-3), "text", 1.5, true, []int{1}, [3]int{1, 2, 3}, [1]*int{&n}, [0]int{}, [1]int{7}, &n, map[string]int{"a": 1}, struct{}{}, struct{ p *int }{&n}, struct{ a, b string }{"x", "y"},
		struct {
			m map[int]int
			_ struct{}
		}{map[int]int{1: 2}, struct{}{}}, struct {
			_ struct{}
			m map[int]int
		}{struct{}{}, map[int]int{1: 2}}, struct{ a [1]struct{ p *int } }{[1]struct{ p *int }{{&n}}}, time.Unix(1, 2), func() {}, make(chan int),
	} {
		p := Of(reflect.TypeOf(v))
		got := RefIn(p, v).Value(p.Go)
		if got.Comparable() {
			require.True(t, got.Equal(reflect.ValueOf(v)), "%T", v)
		} else if got.Kind() == reflect.Func {
			require.Equal(t, reflect.ValueOf(v).Pointer(), got.Pointer())
		} else {
			require.Equal(t, v, got.Interface(), "%T", v)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, v := range []any{new(int), new(int8), new(int16), new(int32), new(int64), new(uint), new(uint8), new(uint16), new(uint32), new(uint64), new(float32), new(float64)} {
		e := reflect.ValueOf(v).Elem()
		p, r := Of(e.Type()), RefOf(e)
		switch p.Kind {
		case Int:
			require.True(t, r.SetInt(p, -7))
			require.EqualValues(t, -7, e.Int())
			require.EqualValues(t, -7, r.Int(p))
			require.Equal(t, p.Size == 8, r.SetInt(p, -1<<62), "%T", v)
		case Uint:
			require.True(t, r.SetUint(p, 200))
			require.EqualValues(t, 200, e.Uint())
			require.EqualValues(t, 200, r.Uint(p))
			require.Equal(t, p.Size == 8, r.SetUint(p, 1<<63), "%T", v)
		case Float:
			r.SetFloat(p, 1.5)
			require.Equal(t, 1.5, e.Float())
			require.Equal(t, 1.5, r.Float(p))
		}
	}
}

// Types that are made of each other are worked out at the same time by many.
func TestConcurrently(t *testing.T) {
	var of sync.WaitGroup
	plans := make([]*Type, 20)
	for i := range plans {
		of.Go(func() { plans[i] = Of(reflect.TypeFor[recursive]()) })
	}
	of.Wait()
	for _, p := range plans {
		require.Same(t, plans[0], p)
		require.Same(t, p, p.Fields[0].Type.Elem)
		require.Same(t, p, p.Fields[1].Type.Elem.Elem)
	}
}
